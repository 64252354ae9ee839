# A pipeline on a table that Citus distributes: every call on the coordinator gives what it gives on one node, and the stars are the same to the
# last column; shards may move, split and come back, and servers be added, without that anything is lost or wrong unnoticed.
use strict;
use warnings;
use CitusCluster qw(no_citus single_node);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use StarComparison qw(same_star star_differences);
use Test::More;

plan skip_all => no_citus() if no_citus();

my $conf = "fsync = off\nautovacuum = off\n";
my $cluster = CitusCluster->start(workers => 2, conf => $conf);
my $single = single_node($conf);
diag($cluster->sql('SELECT citus_version()') =~ s/ on .*//r);

# The same SQL on both sides: its results must be equal, line by line if it has several.
sub same
{
	my ($sql, $name) = @_;
	my $theirs = eval { $cluster->sql($sql) } // "error: $@";
	my $ours = eval { $single->safe_psql('postgres', $sql) } // "error: $@";

	return is($theirs, $ours, $name // $sql) ? $theirs : undef;
}

# The message of the error that SQL on the coordinator ends in, with its detail and hint.
sub refused
{
	my ($sql, $like, $name, $node) = @_;
	my ($out, $err) = ('', '');

	($node // $cluster->coordinator)->psql('postgres', $sql, stdout => \$out, stderr => \$err);
	return like($err, $like, $name // $sql);
}

sub attach { return $cluster->sql("SELECT * FROM sessionize.attach_shards('web')"); }

# Call refresh on both; all is as on one node.
sub refreshed
{
	my ($name, %options) = @_;

	same("CALL sessionize.refresh('web')", "$name: refresh");
	return proven($name, %options);
}

sub proven
{
	my ($name, %options) = @_;

	is($cluster->sql("SELECT count(*) FROM sessionize.verify('web')"), '0', "$name: verify() is empty");
	is($cluster->sql("SELECT pending, difference, event_difference FROM sessionize.reconcile('web')"), '0|0|0', "$name: the accounts close");
	same("SELECT to_jsonb(r) FROM sessionize.reconcile('web') AS r", "$name: the accounts");
	return same_star($cluster, $single, $name, relations => [qw(sessions events quarantine late sealed session_alias sessions_live events_live)], %options);
}

my $add_rows = q{
	INSERT INTO raw.events
	SELECT 'a' || i / 9 % 97, CASE WHEN i % 29 = 0 THEN (i - 1)::text ELSE i::text END, (ARRAY['page_view', 'click', 'buy'])[1 + i % 3], nullif('u' || i % 31, 'u7'), '/p' || i % 11,
	       CASE WHEN i % 401 = 0 THEN 'infinity' ELSE '2026-01-01Z'::timestamptz + i * interval '3 min' + CASE WHEN i % 9 > 4 THEN interval '22 min' ELSE interval '0' END END, NULL, '2026-01-01Z'::timestamptz + (i + 8 + i % 4) * interval '3 min',
	       i % 50, i, jsonb_build_object('plan', (ARRAY['free', 'paid'])[1 + i % 2], 'n', CASE WHEN i % 61 = 0 THEN '"x"'::jsonb ELSE to_jsonb(i) END)
	FROM generate_series(%d, %d) AS i};

for my $node ($cluster->coordinator, $single)
{
	$node->safe_psql('postgres', q{
		CREATE ROLE reader LOGIN;
		CREATE SCHEMA raw;
		CREATE TABLE raw.events (anonymous_id text, event_id text, event_name text, user_id text, page text, occurred_at timestamptz, sent_at timestamptz, received_at timestamptz,
			amount numeric, raw_id bigint, properties jsonb);
		CREATE INDEX ON raw.events (anonymous_id, occurred_at, event_id)});
}
$cluster->sql("SELECT create_distributed_table('raw.events', 'anonymous_id')");
same(sprintf($add_rows, 1, 6000), 'raw rows');

# ----- calls -----
same("SELECT sessionize.create_pipeline('web', 'raw.events', key => 'anonymous_id')", 'create_pipeline');
is($cluster->sql('SELECT pipeline_name, source FROM sessionize.distributed_pipelines'), 'web|raw.events', 'distributed_pipelines has it');
is($cluster->sql('SELECT count(*) FROM web.sessions'), '0', 'nothing is built before the first rebuild');
like($cluster->sql("SELECT needs_rebuild FROM sessionize.pipeline_status WHERE pipeline_name = 'web'"), qr/not built/, 'and pipeline_status says so');
same("CALL sessionize.rebuild('web')");
proven('built');
same("SELECT sessionize.add_measure('web', 'revenue', 'sum', 'amount')");
same(q{SELECT sessionize.add_measure('web', 'paid', 'sum', 'amount', filter => $$event_name = 'buy' AND page <> '100%s %1$L'$$)}, 'a measure with percent signs');
same(q{SELECT sessionize.add_dimension('web', 'plan', '{"plan": "properties ->> ''plan''"}')});
refreshed('measures and a dimension');
same(q{SELECT sessionize.create_rollup('web', 'daily', '{day,entry_page}', '{revenue}')});
refreshed('rollup', relations => [qw(sessions daily)]);
same('SELECT * FROM web.daily ORDER BY 1, 2', 'the rollup read on the coordinator');
same("SELECT sessionize.alter_pipeline('web', gap => '20 minutes')");
refreshed('another gap');
same("SELECT sessionize.alter_pipeline('web', gap => '40 minutes')");
refreshed('a longer gap');
cmp_ok($cluster->sql('SELECT count(*) FROM web.session_alias'), '>', 0, 'sessions have changed their ids');
same(q{SELECT sessionize.create_contract('web', 'buy', '1-0-0', '{"type": "object", "properties": {"n": {"type": "number"}}, "required": ["plan"]}')});
same("SELECT sessionize.set_quarantine_rules('web', producer => '\$.user_id')");
refreshed('a contract');
cmp_ok($cluster->sql("SELECT count(*) FROM web.quarantine WHERE contract_version = '1-0-0'"), '>', 0, 'some rows are in the quarantine by it');
same("SELECT sessionize.replay_quarantine('web')");
refreshed('quarantine replayed');
same("SELECT sessionize.mark_dirty('web')", 'mark_dirty of all keys');
refreshed('all keys marked');
same("SELECT sessionize.mark_dirty('web', 'a7')", 'mark_dirty of a key');
is($cluster->sql("SELECT pending_keys FROM sessionize.pipeline_status WHERE pipeline_name = 'web'") > 0 ? 1 : 0, 1, 'which waits then');
refreshed('a key marked');
same("SELECT * FROM sessionize.seal('web', '2026-01-06Z')", 'seal');
proven('sealed');
same("DELETE FROM raw.events WHERE received_at < '2026-01-04Z'", 'rows of the sealed past go');
refreshed('they have gone');
same(q{INSERT INTO raw.events (anonymous_id, event_id, event_name, occurred_at, received_at, raw_id, properties) VALUES ('a3', 'late', 'click', '2026-01-02Z', '2026-01-10Z', 900001, '{"plan": "free"}'),
	('a4', 'late', 'click', '2026-01-02Z', '2026-01-10Z', 900002, '{"plan": "free"}')}, 'late rows come');
refreshed('late rows');
same('SELECT count(*) FROM web.late', 'they are late');
same("SELECT * FROM sessionize.erase_user('web', 'a5')", 'erase_user');
same("SELECT count(*) FROM web.sessions WHERE session_key = 'a5'");
proven('a user erased');
refused("SELECT sessionize.erase_user('web', 'nobody')", qr/nobody/, 'erase_user of a key of which nothing is known');
same("SELECT sessionize.schedule('web', '1 second')");
same("SELECT scheduled_by, every, on_commit, capture, failed_keys, sealed_before, late_rows, needs_rebuild FROM sessionize.pipeline_status WHERE pipeline_name = 'web'", 'pipeline_status');
same(sprintf($add_rows, 6001, 6200), 'more raw rows');
for my $node ($cluster->coordinator, $single)
{
	ok($node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM web.events WHERE raw_id = 6199'),
	  'the workers of ' . $node->name . ' refresh by themselves');
}
refreshed('scheduled', relations => [qw(sessions events quarantine late sealed daily)]);
same("SELECT sessionize.pause('web')");
is($cluster->sql("SELECT state FROM sessionize.pipeline_status WHERE pipeline_name = 'web'"), 'paused', 'paused');
same("SELECT sessionize.resume('web')");
same("SELECT sessionize.unschedule('web')");
cmp_ok($cluster->sql("SELECT count(*) FROM sessionize.runs WHERE kind = 'rebuild'"), '>=', 4, 'runs has the runs of all shards');
same("SELECT sessionize.grant_reader('web', 'reader')");
same('SET ROLE reader; SELECT count(*), sum(events) FROM web.sessions; SELECT sum(sessions) FROM web.daily; SELECT count(*) FROM web.events', 'a reader reads');
same(q{SELECT sessionize.create_rollup('web', 'by_day', '{day}', '{}')}, 'a rollup that is made afterwards');
same("CALL sessionize.refresh('web')");
same('SET ROLE reader; SELECT sum(sessions) FROM web.by_day', 'can be read by readers, too');
same("SELECT sessionize.drop_rollup('web', 'by_day')");
refused('SET ROLE reader; SELECT count(*) FROM raw.events', qr/permission denied/, 'but no raw rows');
refused("SET ROLE reader; CALL sessionize.refresh('web')", qr/must be owner|permission denied/, 'and calls nothing');
refused("SET ROLE reader; SELECT sessionize.drop_pipeline('web')", qr/must be owner|permission denied/, 'and drops nothing');
refused("SET ROLE reader; SELECT sessionize.seal('web', '2026-01-07Z')", qr/must be owner|permission denied/, 'and seals nothing');
refused("SET ROLE reader; SELECT * FROM sessionize.attach_shards('web')", qr/does not exist|must be owner|permission denied/, 'and attaches nothing');
refused("BEGIN; SELECT sessionize.alter_pipeline('web', gap => '1 hour'); ROLLBACK", qr/can't run inside a transaction block/, 'a call in a transaction block is refused');
refused("SELECT sessionize.enable_identity('web')", qr/can't be called for distributed pipeline/, 'so are persons');
same("SELECT sessionize.drop_measure('web', 'paid')");
same("SELECT sessionize.drop_dimension('web', 'plan')");
refreshed('a measure and a dimension dropped');
same("SELECT sessionize.definition('web') - 'id_name'", 'definition');

# ----- moves -----
my @shards = $cluster->shards('raw.events');
my ($first) = grep { $_->{worker} == 1 } @shards;
my $aliases = $cluster->sql('SELECT count(*) FROM web.session_alias');
my $sealed = $cluster->sql('SELECT count(*) FROM web.sealed WHERE NOT EXISTS (SELECT FROM raw.events AS r WHERE r.anonymous_id = session_key AND r.raw_id = sealed.raw_id)');

# A star whose shard was moved says so wherever it is asked.
sub noticed
{
	my ($name, $worker) = @_;

	refused("SELECT * FROM sessionize.$_('web')", qr/ERROR: .*does not follow all shards.*attach_shards/s, "$name: $_() is an error") for qw(verify reconcile);
	refused("CALL sessionize.refresh('web')", qr/ERROR: .*does not follow all shards/s, "$name: refresh is an error");
	isnt($cluster->sql("SELECT coalesce(problem, '') FROM sessionize.pipeline_status WHERE pipeline_name = 'web'"), '', "$name: pipeline_status has a problem");
	cmp_ok($cluster->sql('SELECT count(*) FROM sessionize.shard_status WHERE problem IS NOT NULL'), '>', 0, "$name: so has shard_status");
	cmp_ok($cluster->worker($worker)->safe_psql('postgres', 'SELECT count(*) FROM sessionize.shard_problems() WHERE misleads'), '>', 0, "$name: the worker notices it itself");
	cmp_ok($cluster->worker($worker)->safe_psql('postgres', "SELECT count(*) FROM sessionize.health_check() WHERE to_jsonb(health_check)::text ~ 'shard'"), '>', 0, "$name: and its health_check() says so");
	cmp_ok($cluster->sql("SELECT count(*) FROM sessionize.health_check() WHERE to_jsonb(health_check)::text ~ 'shard'"), '>', 0, "$name: the coordinator's as well");
}

# After attach_shards all is as it was, and to do it again does nothing.
sub healed
{
	my ($name) = @_;

	attach();
	my $rebuilds = $cluster->sql("SELECT count(*) FROM sessionize.runs WHERE kind = 'rebuild'");
	unlike(attach(), qr/created|orphan/, "$name: attach_shards once more does nothing");
	is($cluster->sql("SELECT count(*) FROM sessionize.runs WHERE kind = 'rebuild'"), $rebuilds, "$name: and builds nothing again");
	is($cluster->sql('SELECT count(*) FROM sessionize.shard_problems()') + $_, '0', "$name: no problem is left") for map { $_->safe_psql('postgres', 'SELECT count(*) FROM sessionize.shard_problems()') } $cluster->workers;
	same("CALL sessionize.refresh('web')", "$name: refresh");
	is($cluster->sql('SELECT count(*) FROM web.session_alias'), $aliases, "$name: the former ids are all there");
	is($cluster->sql('SELECT count(*) FROM web.sealed WHERE NOT EXISTS (SELECT FROM raw.events AS r WHERE r.anonymous_id = session_key AND r.raw_id = sealed.raw_id)'), $sealed, "$name: sealed rows without raw rows are all there");
	proven($name, relations => [qw(sessions events quarantine late sealed session_alias daily)]);
}

cmp_ok($sealed, '>', 100, 'there are sealed rows whose raw rows are gone');
refused(sprintf(q{SELECT citus_move_shard_placement(%d, '%s', %d, '%s', %d, 'force_logical')}, $first->{id}, map { ($_->host, $_->port) } $cluster->worker(1), $cluster->worker(2)), qr/ERROR/, 'a logical move is refused');
proven('after a refused move');
$cluster->move_shard($first, 2, 'block_writes');
noticed('moved', 2);
same(sprintf($add_rows, 6201, 6400), 'raw rows that come meanwhile');
$single->safe_psql('postgres', "CALL sessionize.refresh('web')");
healed('moved and attached');
$aliases = $cluster->sql('SELECT count(*) FROM web.session_alias');

$first->{worker} = 2;
$cluster->move_shard($first, 1, 'block_writes');
healed('moved back');
# There and back without that anybody attached it in between is refused by Citus, for the old server still has views.
sub back_refused { my ($shard, $name) = @_; ok(!eval { $cluster->move_shard($shard, 3 - $shard->{worker}, 'block_writes'); 1 }, $name); return; }
$first->{worker} = 1;
$cluster->move_shard($first, 2, 'block_writes');
$first->{worker} = 2;
back_refused($first, 'there and back: refused until it is attached');
noticed('there', 2);
healed('there, attached');
$cluster->move_shard($first, 1, 'block_writes');
healed('and back, attached');

# An attach_shards that a crash has ended before the new pipeline was built.
same("SELECT sessionize.schedule('web', '1 second')");
$first->{worker} = 1;
$cluster->move_shard($first, 2, 'block_writes');
$cluster->worker(2)->safe_psql('postgres', "SELECT sessionize.ensure_shard('web_$first->{id}', 'raw.events_$first->{id}', 'web', definition, (SELECT sessionize.star_horizon('web'))) FROM sessionize.distributed_pipelines");
attach();
is($cluster->sql("SELECT count(*) FROM sessionize.shard_status WHERE scheduled_by IS NULL OR needs_rebuild IS NOT NULL"), '0', 'one that was interrupted is done to the end: the shard is built and scheduled');
healed('attached after an interrupted attach_shards');
same("SELECT sessionize.unschedule('web')");

my ($second) = grep { $_->{worker} == 2 } $cluster->shards('raw.events');
$cluster->split_shard($second, 1, 2, 'block_writes');
noticed('split', 2);
healed('split and attached');
same("SELECT * FROM sessionize.seal('web', '2026-01-07Z')", 'seal after a split');
$sealed = $cluster->sql('SELECT count(*) FROM web.sealed WHERE NOT EXISTS (SELECT FROM raw.events AS r WHERE r.anonymous_id = session_key AND r.raw_id = sealed.raw_id)');

# A worker more. Citus makes the extension there; roles are its own business.
$cluster->add_worker;
$cluster->sql("SELECT rebalance_table_shards(shard_transfer_mode => 'block_writes')");
cmp_ok(scalar(grep { $_->{worker} == 3 } $cluster->shards('raw.events')), '>', 0, 'the new worker has shards');
noticed('rebalanced', 3);
healed('rebalanced and attached');

# An orphan with rows that only it has is not dropped.
my ($third) = grep { $_->{worker} == 3 } $cluster->shards('raw.events');
$cluster->move_shard($third, 1, 'block_writes');
my $orphan = "web_$third->{id}";
$cluster->worker(3)->safe_psql('postgres', "SET citus.enable_ddl_propagation = off; INSERT INTO $orphan.session_alias (old_session_id, session_key, reason) VALUES ('00000000-0000-0000-0000-000000000001', 'only here', 'merged')");
like(attach(), qr/^$third->{id}\|[^|]*\|orphan kept: 1 /m, 'an orphan with a row that only it has is kept, and named');
proven('beside an orphan', relations => [qw(sessions events sealed session_alias)]);
same("SELECT * FROM sessionize.seal('web', '2026-01-08Z')", 'the seal moves on');
$sealed = $cluster->sql('SELECT count(*) FROM web.sealed WHERE NOT EXISTS (SELECT FROM raw.events AS r WHERE r.anonymous_id = session_key AND r.raw_id = sealed.raw_id)');
like(attach(), qr/orphan kept/, 'to the orphan nothing happens');
is($cluster->worker(3)->safe_psql('postgres', "SELECT count(*) FROM $orphan.session_alias WHERE session_key = 'only here'"), '1', 'with its row');
like($cluster->worker(3)->safe_psql('postgres', 'SELECT problem, misleads FROM sessionize.shard_problems()'), qr/^pipeline $orphan has no shard on this server any more\|f$/, 'its server says so');
refused("SELECT * FROM sessionize.erase_user('web', 'a9')", qr/$orphan.*attach_shards\('web'\)/s, 'and nobody is erased while it may have rows of the user');
$third->{worker} = 1;
ok(!eval { $cluster->move_shard($third, 3, 'block_writes'); 1 }, 'its shard can not come back to its server before it is gone');
$cluster->worker(3)->safe_psql('postgres', "DELETE FROM $orphan.session_alias WHERE session_key = 'only here'");
healed('without the row');

# A former id that an orphan notes after its tables were copied, because a refresh came late, is carried over.
my ($fourth) = grep { $_->{worker} == 1 } $cluster->shards('raw.events');
my $key = $cluster->sql("SELECT min(session_key) FROM web.sessions WHERE get_shard_id_for_distribution_column('raw.events', session_key) = $fourth->{id}");
$cluster->move_shard($fourth, 2, 'block_writes');
$cluster->worker(1)->safe_psql('postgres', "SET citus.enable_ddl_propagation = off; INSERT INTO web_$fourth->{id}.session_alias (old_session_id, session_key, reason) VALUES ('00000000-0000-0000-0000-000000000002', '$key', 'merged')");
like(attach(), qr/^$fourth->{id}\|[^|]*\|orphan dropped$/m, 'an orphan with a late former id is dropped');
is($cluster->sql("SELECT session_key FROM web.session_alias WHERE old_session_id = '00000000-0000-0000-0000-000000000002'"), $key, 'and the star has the id');
$fourth->{worker} = 2;
$cluster->move_shard($fourth, 1, 'block_writes');
$cluster->worker(2)->safe_psql('postgres', "SET citus.enable_ddl_propagation = off; INSERT INTO web_$fourth->{id}.session_alias (old_session_id, session_key, reason) VALUES ('00000000-0000-0000-0000-000000000003', '$key', 'merged')");
attach();
is($cluster->sql("SELECT count(*) FROM web.session_alias WHERE session_key = '$key' AND old_session_id::text ~ '-00000000000[23]\$'"), '2', 'also if the shard has come back');
proven('late former ids', relations => [qw(sessions events sealed)]);

# ----- the end -----
same("SELECT sessionize.drop_rollup('web', 'daily')");
# What users have built on the star is not dropped unless they say so, and nothing is dropped before that is known.
$cluster->sql('CREATE SCHEMA reports; CREATE VIEW reports.pages AS SELECT entry_page, count(*) AS sessions FROM web.sessions GROUP BY 1');
refused("SELECT sessionize.drop_pipeline('web')", qr/other objects depend on it.*view reports\.pages.*cascade => true/s, 'drop_pipeline names what depends on the star');
proven('not dropped', relations => [qw(sessions events)]);
$cluster->sql('DROP VIEW reports.pages; CREATE TABLE web.notes (note text)');
refused("SELECT sessionize.drop_pipeline('web')", qr/other objects depend on it.*table web\.notes/s, 'and what else lies in its schema');
$cluster->sql('DROP TABLE web.notes; SET citus.enable_ddl_propagation = off; CREATE FUNCTION reports.sessions() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM web.sessions; END');
refused("SELECT sessionize.drop_pipeline('web')", qr/other objects depend on it.*function reports\.sessions/s, 'and a function');
$cluster->sql('SET citus.enable_ddl_propagation = off; DROP FUNCTION reports.sessions()');
# A distributed table of a user's in the star's schema is none of the star's.
$cluster->sql(q{CREATE TABLE web.notes (session_key text, note text); SELECT create_distributed_table('web.notes', 'session_key', colocate_with => 'raw.events'); INSERT INTO web.notes VALUES ('a1', 'kept')});
is($cluster->sql("SELECT count(*) FROM sessionize.shard_problems() WHERE misleads"), '0', 'a distributed table beside the star is no problem');
attach();
same("SELECT sessionize.alter_pipeline('web', gap => '25 minutes')", 'the star changes');
refreshed('beside a table of a user', relations => [qw(sessions events)]);
is($cluster->sql('SELECT note FROM web.notes'), 'kept', 'the table stays');
refused("SELECT sessionize.drop_pipeline('web')", qr/other objects depend on it.*table web\.notes/s, 'and drop_pipeline names it');
$cluster->sql('DROP TABLE web.notes');
same("SELECT sessionize.drop_pipeline('web')");
is($cluster->sql(q{SELECT to_regnamespace('web') IS NULL, (SELECT count(*) FROM sessionize.distributed_pipelines), (SELECT count(*) FROM sessionize.pipelines)}), 't|0|0', 'nothing is left on the coordinator');
is($_, 't|0|0|0', 'nor on a worker') for $cluster->on_workers(q{SELECT to_regnamespace('web') IS NULL, (SELECT count(*) FROM sessionize.distributed_pipelines), (SELECT count(*) FROM sessionize.pipelines), (SELECT count(*) FROM pg_namespace WHERE nspname ~ '^web')});
same("SELECT sessionize.create_pipeline('web', 'raw.events', key => 'anonymous_id')", 'and it can be made again');
same("CALL sessionize.rebuild('web')");
proven('made again');
$cluster->stop;
$single->stop('immediate');
done_testing();
