# Distributed pipelines where things are not as usual: names that need quotes, keys that are no texts, an owner who is no superuser, tables that
# can't have such a pipeline, somebody without rights, somebody else's functions in the search_path, and workers that are down.
use strict;
use warnings;
use CitusCluster qw(no_citus single_node);
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use StarComparison qw(same_star);
use Test::More;

plan skip_all => no_citus() if no_citus();

my $conf = "fsync = off\nautovacuum = off\n";
my $cluster = CitusCluster->start(workers => 2, conf => $conf);
my $single = single_node($conf);

sub on_both { my ($sql) = @_; $cluster->sql($sql); return $single->safe_psql('postgres', $sql); }

sub refused
{
	my ($sql, $like, $name) = @_;
	my ($out, $err) = ('', '');

	$cluster->coordinator->psql('postgres', $sql, stdout => \$out, stderr => \$err);
	like($err, $like, $name);
	return $err;
}

# Nothing of a pipeline is left on any server.
sub nothing_left
{
	my ($name, $pipeline) = @_;

	is(join(' ', map { $_->safe_psql('postgres', "SELECT (SELECT count(*) FROM sessionize.pipelines WHERE id_name = '$pipeline'), (SELECT count(*) FROM sessionize.distributed_pipelines WHERE pipeline_name = '$pipeline'),
		(SELECT count(*) FROM pg_namespace WHERE starts_with(nspname, '$pipeline'))") } $cluster->nodes), '0|0|0 0|0|0 0|0|0', "$name: nothing is left on any server");
}

sub proven
{
	my ($name, $star) = @_;

	is($cluster->sql("SELECT count(*) FROM sessionize.verify('$star')"), '0', "$name: verify() is empty");
	is($cluster->sql("SELECT pending, difference, event_difference FROM sessionize.reconcile('$star')"), '0|0|0', "$name: the accounts close");
}

my $columns = 'event_id text, event_name text, page text, occurred_at timestamptz, raw_id bigint, amount numeric';
my $rows = q{i::text, (ARRAY['page_view', 'click'])[1 + i % 2], '/p' || i % 7, '2026-01-01Z'::timestamptz + i * interval '7 min', i, i % 10 FROM generate_series(1, 1500) AS i};

# ----- tables that can't have one -----
$cluster->sql(qq{CREATE SCHEMA raw;
	CREATE TABLE raw.plain (who text, $columns); CREATE INDEX ON raw.plain (who, occurred_at);
	CREATE TABLE raw.reference (LIKE raw.plain INCLUDING ALL); SELECT create_reference_table('raw.reference');
	CREATE TABLE raw.twice (LIKE raw.plain INCLUDING ALL); SET citus.shard_replication_factor = 2; SELECT create_distributed_table('raw.twice', 'who'); RESET citus.shard_replication_factor;
	CREATE TABLE raw.appended (LIKE raw.plain INCLUDING ALL); SELECT create_distributed_table('raw.appended', 'who', 'append');
	CREATE TABLE raw.whole (LIKE raw.plain INCLUDING ALL); SELECT create_distributed_table('raw.whole', NULL);
	CREATE TABLE raw.events (who text, other text, LIKE raw.plain INCLUDING ALL) } =~ s/who text, other text, LIKE raw.plain INCLUDING ALL/LIKE raw.plain INCLUDING ALL, other text/r . q{; CREATE INDEX ON raw.events (other, occurred_at); CREATE INDEX ON raw.events (coalesce(who, other), occurred_at);
	SELECT create_distributed_table('raw.events', 'who');});
refused("SELECT sessionize.create_pipeline('no', 'raw.$_', key => 'who')", qr/ERROR:.*HINT:/s, "a table that is $_ is refused") for qw(reference twice appended whole);
nothing_left('refused tables', 'no');
refused("SELECT sessionize.create_pipeline('no', 'raw.events', key => 'other')", qr/must be the column that it is distributed by.*key => 'who'/s, 'another key is refused');
refused("SELECT sessionize.create_pipeline('no', 'raw.events', key => 'coalesce(who, other)')", qr/must be the column that it is distributed by.*key => 'who'/s, 'an expression as key is refused');
nothing_left('refused keys', 'no');
refused('SELECT sessionize.create_pipeline(' . "'" . 'n' x 60 . "', 'raw.events', key => 'who')", qr/too long/, 'a name that is too long for shards is refused');
refused("SELECT sessionize.create_pipeline('no', 'raw.events', key => 'who', gap => '-1 hour')", qr/ERROR:.*(gap|negative)/s, 'what is wrong with an argument is said');
nothing_left('refused arguments', 'no');
$cluster->sql("SELECT sessionize.create_pipeline('local', 'raw.plain', key => 'who'); INSERT INTO raw.plain SELECT 'a' || i % 9, $rows");
$cluster->sql("CALL sessionize.rebuild('local')");
is($cluster->sql('SELECT count(*) > 0, sum(events) FROM local.sessions'), 't|1500', 'a local table on the coordinator has an ordinary pipeline');
proven('local', 'local');
refused("SELECT create_distributed_table('raw.plain', 'who')", qr/ERROR/, 'and can not be distributed afterwards');
my ($worker_out, $worker_err);
$cluster->worker(1)->psql('postgres', "SELECT sessionize.create_pipeline('no', 'raw.events', key => 'who')", stdout => \$worker_out, stderr => \$worker_err);
like($worker_err, qr/is created on the coordinator/, 'a worker refuses to create one');
refused("SELECT sessionize.create_pipeline('local', 'raw.events', key => 'who')", qr/already exists/, 'a name that is taken is refused');
is($cluster->sql('SELECT sum(events) FROM local.sessions'), '1500', 'and what has it is as it was');

# ----- names and keys; functions of somebody else come first in the search_path of every connection -----
my %named = (
	'We"b %s %1$L' => { table => 'Raw %s"x"', column => 'Who %I', type => 'bigint', value => 'i % 13 * 100003' },
	"it's" => { table => 'of uuid', column => 'ID', type => 'uuid', value => q{md5((i % 13)::text)::uuid} },
	'plain_text' => { table => 'of_text', column => 'who', type => 'text', value => q{'k%' || i % 13} });
for my $node ($cluster->nodes)
{
	$node->safe_psql('postgres', q{SET citus.enable_ddl_propagation = off; CREATE SCHEMA evil; CREATE TABLE evil.caught (who text);
		CREATE FUNCTION evil.caught(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO evil.caught VALUES (current_user); RETURN NULL; END $$;
		CREATE FUNCTION evil.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT evil.caught($1)';
		CREATE FUNCTION evil.jsonb_build_object(text, text) RETURNS jsonb LANGUAGE sql AS 'SELECT evil.caught($1)::jsonb';
		CREATE FUNCTION evil.quote_ident(name) RETURNS text LANGUAGE sql AS 'SELECT evil.caught($1)';
		CREATE FUNCTION evil.shard_name(regclass, bigint) RETURNS text LANGUAGE sql AS 'SELECT evil.caught($1::text)';
		CREATE FUNCTION evil.eq(name, text) RETURNS boolean LANGUAGE sql AS 'SELECT evil.caught($2) IS NULL';
		CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.eq);
		ALTER DATABASE postgres SET search_path = evil, pg_catalog, public});
}
for my $pipeline (sort keys %named)
{
	my $n = $named{$pipeline};
	my ($schema, $literal) = map { my $x = $_; $x =~ s/'/''/g; $x } $pipeline, $pipeline;
	my ($star, $table, $column) = map { '"' . s/"/""/gr . '"' } $pipeline, $n->{table}, $n->{column};
	my $make = qq{CREATE TABLE public.$table ($column $n->{type} NOT NULL, $columns); CREATE INDEX ON public.$table ($column, occurred_at)};
	my $fill = qq{INSERT INTO public.$table SELECT $n->{value}, $rows};
	my $create = sprintf(q{SELECT sessionize.create_pipeline('%s', '%s', key => '%s')}, $literal, "public.$table" =~ s/'/''/gr, $n->{column} =~ s/'/''/gr);

	on_both($make);
	$cluster->sql(sprintf(q{SELECT create_distributed_table('%s', '%s')}, "public.$table" =~ s/'/''/gr, $n->{column}));
	on_both($fill);
	on_both($create);
	on_both("CALL sessionize.rebuild('$literal')");
	on_both(qq{SELECT sessionize.add_measure('$literal', 'a%b "c"', 'sum', 'amount')});
	on_both(qq{SELECT sessionize.create_rollup('$literal', 'by "day" %s', '{day}', '{}')});
	on_both("CALL sessionize.refresh('$literal')");
	proven($pipeline, $literal);
	same_star($cluster, $single, $pipeline, star => $star, relations => [ qw(sessions events), '"by ""day"" %s"' ]);
	my $value = $single->safe_psql('postgres', "SELECT $column FROM public.$table WHERE raw_id = 5");
	is($cluster->sql("SELECT * FROM sessionize.erase_user('$literal', '$value')"), $single->safe_psql('postgres', "SELECT * FROM sessionize.erase_user('$literal', '$value')"), "$pipeline: erase_user");
	my ($shard) = grep { $_->{worker} == 1 } $cluster->shards("public.$table" =~ s/'/''/gr);
	$cluster->move_shard($shard, 2, 'block_writes');
	refused("SELECT * FROM sessionize.verify('$literal')", qr/does not follow all shards/, "$pipeline: a move is noticed");
	$cluster->sql("SELECT * FROM sessionize.attach_shards('$literal')");
	proven("$pipeline, moved", $literal);
	same_star($cluster, $single, "$pipeline, moved", star => $star, relations => [ qw(sessions events), '"by ""day"" %s"' ]);
}
is(join(' ', map { $_->safe_psql('postgres', 'SELECT count(*) FROM evil.caught') } $cluster->nodes), '0 0 0', "nobody's functions were called");
$_->safe_psql('postgres', 'SET citus.enable_ddl_propagation = off; ALTER DATABASE postgres RESET search_path') for $cluster->nodes;
$cluster->sql(sprintf("SELECT sessionize.drop_pipeline('%s')", s/'/''/gr)) for sort keys %named;
is(join(' ', map { $_->safe_psql('postgres', "SELECT count(*) FROM sessionize.pipelines WHERE pipeline_name <> 'local'") } $cluster->nodes), '0 0 0', 'all are dropped');

# ----- an owner who is no superuser, and somebody without rights -----
$cluster->sql(qq{CREATE ROLE shop LOGIN; CREATE ROLE stranger LOGIN; CREATE SCHEMA shop AUTHORIZATION shop});
$_->safe_psql('postgres', 'SET citus.enable_ddl_propagation = off; GRANT CREATE ON DATABASE postgres TO shop, stranger') for $cluster->nodes;
$cluster->sql(qq{SET ROLE shop; CREATE TABLE shop.events (who text, $columns); CREATE INDEX ON shop.events (who, occurred_at); SELECT create_distributed_table('shop.events', 'who');
	INSERT INTO shop.events SELECT 'a' || i % 9, $rows});
my $as_shop = $cluster->coordinator->connstr('postgres') . ' user=shop';
my $as_stranger = $cluster->coordinator->connstr('postgres') . ' user=stranger';
sub as { my ($connstr, $sql) = @_; my ($out, $err); $cluster->coordinator->psql('postgres', $sql, stdout => \$out, stderr => \$err, connstr => $connstr, on_error_stop => 1); return $out . $err; }
like(as($as_stranger, "SELECT sessionize.create_pipeline('mine', 'shop.events', key => 'who')"), qr/ERROR:.*permission denied/s, 'a stranger creates no pipeline on it');
nothing_left('a stranger', 'mine');
is(as($as_shop, "SELECT sessionize.create_pipeline('shopstar', 'shop.events', key => 'who')"), 'shopstar', 'its owner does, who is no superuser');
is(as($as_shop, "CALL sessionize.rebuild('shopstar')"), '', 'and builds it');
is(as($as_shop, "SELECT sum(events) FROM shopstar.sessions"), '1500', 'and reads it');
is(as($as_shop, "SELECT count(*) FROM sessionize.verify('shopstar')"), '0', 'and verifies it');
is(as($as_shop, "SELECT sessionize.alter_pipeline('shopstar', gap => '1 hour') IS NOT NULL"), 't', 'and alters it');
is(as($as_shop, "CALL sessionize.refresh('shopstar')"), '', 'and refreshes it');
is(as($as_shop, "SELECT sessionize.schedule('shopstar') IS NOT NULL"), 't', 'and schedules it');
is(join(' ', map { $_->safe_psql('postgres', "SELECT string_agg(DISTINCT nspowner::regrole::text, ',') FROM pg_namespace WHERE nspname ~ '^shopstar'") } $cluster->nodes), 'shop shop shop', 'all of it is hers');
like(as($as_stranger, $_), qr/ERROR:/, "a stranger is refused: $_")
  for "SELECT sessionize.alter_pipeline('shopstar', gap => '2 hours')", "CALL sessionize.refresh('shopstar')", "CALL sessionize.rebuild('shopstar')", "SELECT sessionize.drop_pipeline('shopstar')",
  "SELECT * FROM sessionize.attach_shards('shopstar')", 'SELECT count(*) FROM shopstar.sessions', "SELECT * FROM sessionize.verify('shopstar')", "SELECT sessionize.erase_user('shopstar', 'a1')",
  "SELECT sessionize.note_distributed('shopstar', 'shop.events'::regclass, '{}', '{}')", "SELECT sessionize.forget_distributed('shopstar')", 'SELECT * FROM sessionize.distributed_pipeline',
  "SELECT sessionize.drop_orphan('shopstar_102008', 'shopstar')", "SELECT sessionize.grant_reader('shopstar', 'stranger')", "SELECT sessionize.follow_shards('shopstar')";
is(as($as_stranger, "SELECT count(*) FROM sessionize.distributed_pipelines"), '0', 'and sees nothing of it');
is(as($as_stranger, "SELECT count(*) FROM sessionize.pipeline_status") . as($as_stranger, 'SELECT count(*) FROM sessionize.shard_status'), '00', 'nor its state');
is(as($as_stranger, "SELECT count(*) FROM sessionize.runs"), '0', 'nor its runs');
my ($moved) = grep { $_->{worker} == 1 } $cluster->shards('shop.events');
$cluster->move_shard($moved, 2, 'block_writes');
like(as($as_shop, "SELECT string_agg(done, ',') FROM sessionize.attach_shards('shopstar')"), qr/created/, 'its owner attaches a shard that was moved');
is(as($as_shop, "SELECT count(*) FROM sessionize.verify('shopstar')") . '|' . as($as_shop, "SELECT sum(events) FROM shopstar.sessions"), '0|1500', 'and all is right');
is($cluster->worker(2)->safe_psql('postgres', "SELECT string_agg(DISTINCT nspowner::regrole::text, ',') FROM pg_namespace WHERE nspname ~ '^shopstar'"), 'shop', 'and hers');
# What she has recorded runs as herself if a superuser attaches, and what a superuser makes anew is hers as well: here a shard that moves to a server
# which has lost its record.
$_->safe_psql('postgres', q{SET citus.enable_ddl_propagation = off; CREATE TABLE shop.caught (who text); GRANT ALL ON shop.caught TO PUBLIC;
	CREATE FUNCTION shop.caught() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.caught VALUES (current_user); RETURN NULL; END $$}) for $cluster->nodes;
as($as_shop, "SELECT sessionize.note_shard_call('shopstar', 'set_fuse', 'SELECT shop.caught()')");
$moved->{worker} = 2;
$cluster->move_shard($moved, 1, 'block_writes');
$cluster->worker(1)->safe_psql('postgres', "SELECT sessionize.forget_distributed('shopstar')");
like($cluster->sql("SELECT string_agg(done, ',') FROM sessionize.attach_shards('shopstar')"), qr/created/, 'a superuser attaches a shard');
is(join(' ', map { $_->safe_psql('postgres', "SELECT string_agg(DISTINCT nspowner::regrole::text, ',') FROM pg_namespace WHERE nspname ~ '^shopstar'") } $cluster->nodes), 'shop shop shop', 'and all of it stays hers');
is(join(' ', map { $_->safe_psql('postgres', "SELECT string_agg(DISTINCT c.relowner::regrole::text, ',') FROM pg_class AS c WHERE c.relnamespace::regnamespace::text ~ '^shopstar'") } $cluster->nodes), 'shop shop shop', 'each table and view');
is(join(' ', map { $_->safe_psql('postgres', 'SELECT owner FROM sessionize.distributed_pipelines') } $cluster->nodes), 'shop shop shop', 'and each record');
like(join(',', map { $_->safe_psql('postgres', 'SELECT DISTINCT who FROM shop.caught') } $cluster->nodes), qr/^,*shop(,+(shop)?)*$/, 'and what she has recorded was run as herself');
is(as($as_shop, "SELECT count(*) FROM sessionize.verify('shopstar')"), '0', 'and she can go on');
is($cluster->sql("SELECT count(*) FROM sessionize.alter_pipeline('shopstar', gap => '50 minutes')"), '1', 'a superuser alters it');
is(join(' ', map { $_->safe_psql('postgres', "SELECT string_agg(DISTINCT c.relowner::regrole::text, ',') FROM pg_class AS c WHERE c.relnamespace::regnamespace::text ~ '^shopstar'") } $cluster->nodes), 'shop shop shop', 'which makes nothing the superuser\'s');
is(as($as_shop, "SELECT sessionize.grant_reader('shopstar', 'stranger')") . as($as_stranger, 'SELECT sum(events) FROM shopstar.sessions'), '1500', 'a reader reads');
like(as($as_shop, "SELECT sessionize.revoke_reader('shopstar', 'stranger')") . as($as_stranger, 'SELECT sum(events) FROM shopstar.sessions'), qr/permission denied/, 'and does not any more');
is(as($as_shop, "SELECT sessionize.drop_pipeline('shopstar')"), '', 'and drops it');
nothing_left('dropped', 'shopstar');

# ----- create_pipeline that is interrupted -----
my $first_shard = $cluster->sql("SELECT min(shard_id) FROM sessionize.shards('cut', 'raw.events')");
my ($where) = grep { $_->{id} == $first_shard } $cluster->shards('raw.events');
my $locker = IPC::Run::start(['psql', '-XAtq', '-d', $cluster->worker($where->{worker})->connstr('postgres'), '-c', "SET citus.enable_manual_changes_to_shards = on; BEGIN; LOCK TABLE raw.events_$first_shard; SELECT pg_sleep(8); COMMIT"], '>', \my $locker_out, '2>', \my $locker_err);
$cluster->worker($where->{worker})->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND locktype = 'relation'");
refused("SET statement_timeout = '2s'; SELECT sessionize.create_pipeline('cut', 'raw.events', key => 'who')", qr/statement timeout/, 'create_pipeline is interrupted at the first shard');
IPC::Run::finish($locker);
refused("SELECT * FROM sessionize.$_", qr/"cut" is not complete.*drop_pipeline\('cut'\)/s, "then $_ says so") for "verify('cut')", "attach_shards('cut')", "seal('cut', '2026-01-01Z')";
refused("SELECT sessionize.create_pipeline('cut', 'raw.events', key => 'who')", qr/already exists.*drop_pipeline\('cut'\)/s, 'and create_pipeline how it is removed');
$cluster->sql("SELECT sessionize.drop_pipeline('cut')");
nothing_left('interrupted and dropped', 'cut');
$cluster->sql("SELECT sessionize.create_pipeline('cut', 'raw.events', key => 'who')");
# a shard's hint says what can be typed here
$cluster->sql(q{SELECT sessionize.add_measure('cut', 'total', 'sum', 'amount')});
$cluster->sql(q{SELECT sessionize.create_rollup('cut', 'by_day', '{day}', '{total}')});
refused("SELECT sessionize.drop_measure('cut', 'total')", qr/HINT: .*drop_rollup\('cut', 'by_day'\)/, 'hints of shards are for the coordinator');
# one change at a time
my $changer = IPC::Run::start(['psql', '-XAtq', '-d', $cluster->coordinator->connstr('postgres'), '-c', "BEGIN; SELECT count(*) FROM sessionize.attach_shards('cut'); SELECT pg_sleep(6); COMMIT"], '>', \my $changer_out, '2>', \my $changer_err);
$cluster->coordinator->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
refused("SELECT * FROM sessionize.attach_shards('cut')", qr/"cut" is busy/, 'one attach_shards at a time');
refused("SELECT sessionize.alter_pipeline('cut', gap => '1 hour')", qr/"cut" is busy/, 'and no alter_pipeline beside it');
IPC::Run::finish($changer);
$worker_err = '';
$cluster->worker(1)->psql('postgres', "SELECT * FROM sessionize.$_", stdout => \$worker_out, stderr => \$worker_err) || like($worker_err, qr/is called on the coordinator/, "a worker refuses $_") for "attach_shards('cut')", "alter_pipeline('cut', gap => '1 hour')";
# an ordinary pipeline whose name and ids look like a shard's
$cluster->sql("SELECT sessionize.create_pipeline('cut_7', 'raw.plain', key => 'who', id_name => 'cut')");
unlike($cluster->sql("SELECT * FROM sessionize.attach_shards('cut')"), qr/orphan/, 'a pipeline on a local table is no orphan');
$cluster->sql("SELECT sessionize.drop_pipeline('cut')");
is($cluster->sql("SELECT count(*) FROM sessionize.pipelines WHERE pipeline_name = 'cut_7'"), '1', 'and is not dropped with the others');
$cluster->sql("SELECT sessionize.drop_pipeline('cut_7')");
nothing_left('all dropped', 'cut');
# a pipeline on a shard that somebody has made by hand
$cluster->worker($where->{worker})->safe_psql('postgres', "SET citus.enable_ddl_propagation = off; SELECT sessionize.create_pipeline('cut_$first_shard', 'raw.events_$first_shard', key => 'who', id_name => 'cut')");
refused("SELECT sessionize.create_pipeline('cut', 'raw.events', key => 'who')", qr/They are cut_$first_shard\..*HINT:.*run_command_on_all_nodes/s, 'create_pipeline takes no pipeline for its own that was there before');
$cluster->sql("SELECT * FROM run_command_on_all_nodes('SELECT sessionize.drop_shard_pipelines(''cut'', true)')");
nothing_left('dropped as the hint says', 'cut');

# ----- a worker is down -----
$cluster->sql("INSERT INTO raw.events SELECT 'a' || i % 9, $rows");
$cluster->worker(2)->stop('immediate');
my $port = $cluster->worker(2)->port;
refused("SELECT sessionize.create_pipeline('web', 'raw.events', key => 'who')", qr/ERROR:.*$port/s, 'create_pipeline while a worker is down is an error that names it');
$cluster->worker(2)->start;
$cluster->recover;
my ($again_out, $again_err) = ('', '');
$cluster->coordinator->psql('postgres', "SELECT * FROM sessionize.attach_shards('web')", stdout => \$again_out, stderr => \$again_err);
$cluster->coordinator->psql('postgres', "SELECT sessionize.drop_pipeline('web', cascade => true)", stdout => \$again_out, stderr => \$again_err);
nothing_left('after create_pipeline failed', 'web');
$cluster->sql("SELECT sessionize.create_pipeline('web', 'raw.events', key => 'who', max_duration => NULL)");
$cluster->worker(2)->stop('immediate');
refused("CALL sessionize.rebuild('web')", qr/ERROR:.*$port/s, 'rebuild while a worker is down is an error that names it');
like($cluster->sql("SELECT problem FROM sessionize.pipeline_status WHERE pipeline_name = 'web'"), qr/./, 'pipeline_status says that something is wrong');
$cluster->worker(2)->start;
$cluster->recover;
$cluster->sql("SELECT * FROM sessionize.attach_shards('web')");
$cluster->sql("CALL sessionize.rebuild('web')");
is($cluster->sql("SELECT needs_rebuild IS NULL FROM sessionize.pipeline_status WHERE pipeline_name = 'web'") . '|' . $cluster->sql('SELECT sum(events) FROM web.sessions'), 't|1500', 'when it is back, rebuild builds all');
proven('built after all', 'web');
$cluster->worker(2)->stop('immediate');
refused("SELECT sessionize.alter_pipeline('web', gap => '2 hours')", qr/ERROR:.*$port/s, 'alter_pipeline while a worker is down is an error that names it');
refused("SELECT count(*) FROM web.sessions", qr/ERROR/, 'and a query is one');
$cluster->worker(2)->start;
$cluster->recover;
$cluster->sql("SELECT * FROM sessionize.attach_shards('web')");
$cluster->sql("CALL sessionize.refresh('web')");
proven('attached', 'web');
is($cluster->sql("SELECT count(DISTINCT r.result) FROM run_command_on_shards('raw.events', \$\$SELECT sessionize.definition('web_' || split_part('%s', '_', 2))\$\$) AS r"), '1', 'all shards have one definition');
is($cluster->sql("SELECT bool_and(r.result::jsonb = d.definition) FROM run_command_on_shards('raw.events', \$\$SELECT sessionize.definition('web_' || split_part('%s', '_', 2))\$\$) AS r, sessionize.distributed_pipelines AS d"), 't', 'which is the recorded one');
$cluster->sql("SELECT sessionize.alter_pipeline('web', gap => '2 hours')");
$cluster->sql("CALL sessionize.refresh('web')");
proven('altered after all', 'web');
# A shard whose definition differs, as an alter_pipeline leaves it that did not reach all servers.
my ($other) = grep { $_->{worker} == 1 } $cluster->shards('raw.events');
$cluster->worker(1)->safe_psql('postgres', "SELECT sessionize.alter_pipeline('web_$other->{id}', gap => '3 hours')");
like($cluster->sql("SELECT problem FROM sessionize.pipeline_status WHERE pipeline_name = 'web'"), qr/another definition/, 'pipeline_status says that the definition of a shard differs');
refused("SELECT * FROM sessionize.verify('web')", qr/web_$other->{id} has another definition.*attach_shards\('web'\)/s, 'and calls are errors');
$cluster->sql("SELECT * FROM sessionize.attach_shards('web')");
is($cluster->sql("SELECT coalesce(problem, '') FROM sessionize.pipeline_status WHERE pipeline_name = 'web'"), '', 'attach_shards gives it that of the others');
# A seal that reaches only some shards. attach_shards makes the others follow.
$cluster->worker(2)->stop('immediate');
refused("SELECT * FROM sessionize.seal('web', '2026-01-03Z')", qr/ERROR:.*$port/s, 'seal while a worker is down is an error that names it');
$cluster->worker(2)->start;
$cluster->recover;
# whatever it has reached, one shard is sealed then
my ($reachable) = grep { $_->{worker} == 1 } $cluster->shards('raw.events');
$cluster->worker(1)->safe_psql('postgres', "SELECT sessionize.seal('web_$reachable->{id}', '2026-01-03Z')");
$cluster->sql("SELECT * FROM sessionize.attach_shards('web')");
is($cluster->sql("SELECT count(*), count(DISTINCT sealed_before), min(sealed_before) = '2026-01-03Z' FROM sessionize.shard_status WHERE sealed_before IS NOT NULL"), '4|1|t', 'attach_shards seals the others too');
proven('sealed after all', 'web');
is($cluster->sql("SELECT count(*) FROM web.sessions") , $cluster->sql(q{SELECT sum((new)::int) FROM (SELECT coalesce(occurred_at - lag(occurred_at) OVER w > '2 hours', true) OR false AS new FROM raw.events WINDOW w AS (PARTITION BY who ORDER BY occurred_at)) AS x}), 'by the new rule');
# ----- the raw table is dropped -----
$cluster->sql('DROP TABLE raw.events');
refused("SELECT * FROM sessionize.$_", qr/raw table of distributed pipeline "web" was dropped.*drop_pipeline\('web'\)/s, "without the raw table, $_ is an error") for "verify('web')", "reconcile('web')", "erase_user('web', 'a1')", "attach_shards('web')";
refused("CALL sessionize.refresh('web')", qr/raw table of distributed pipeline "web" was dropped/, 'refresh too');
like($cluster->sql("SELECT problem FROM sessionize.pipeline_status WHERE pipeline_name = 'web'"), qr/raw table was dropped/, 'and pipeline_status says so');
$cluster->sql("SELECT sessionize.drop_pipeline('web')");
nothing_left('without the raw table', 'web');
$cluster->stop;
$single->stop('immediate');
done_testing();
