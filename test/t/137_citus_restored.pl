# A worker that was lost and restored: to the newest moment, to that of an older backup, or out of a dump of its raw rows alone. What the star then is not
# any more is said wherever one asks, attach_shards mends it, and the star is, to the last column, that of one node with the same raw rows.
use strict;
use warnings;
use CitusCluster qw(no_citus single_node);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use StarComparison qw(psql_script same_star);
use Test::More;

plan skip_all => no_citus() if no_citus();

my $conf = "fsync = off\nautovacuum = off\n";
my $cluster = CitusCluster->start(workers => 2, conf => $conf);
my $single = single_node($conf);
my @relations = qw(sessions events quarantine late sealed session_alias sessions_live events_live);

sub on_both { my ($sql) = @_; $cluster->sql($sql); return $single->safe_psql('postgres', $sql); }

# The message of the error that SQL on the coordinator ends in.
sub refused
{
	my ($sql, $like, $name) = @_;
	my ($out, $err) = ('', '');

	$cluster->coordinator->psql('postgres', $sql, stdout => \$out, stderr => \$err);
	return like($err, $like, $name);
}

sub attach { return $cluster->sql("SELECT * FROM sessionize.attach_shards('web')"); }

# Have Citus tell a worker what tables there are.
sub activate { my ($worker) = @_; return $cluster->sql(sprintf "SELECT citus_activate_node('%s', %d)", CitusCluster::address($cluster->worker($worker))); }

# Results that would be wrong are errors, and the status says what to do.
sub noticed
{
	my ($name, $problem, $status) = @_;

	refused("SELECT * FROM sessionize.$_('web')", qr/ERROR: .*does not follow all shards.*DETAIL: .*$problem.*attach_shards/s, "$name: $_() is an error") for qw(verify reconcile);
	refused("CALL sessionize.refresh('web')", qr/ERROR: .*does not follow all shards/s, "$name: refresh is an error");
	said($name, $status // $problem);
	return;
}

sub said
{
	my ($name, $problem) = @_;

	like($cluster->sql("SELECT problem FROM sessionize.pipeline_status WHERE pipeline_name = 'web'"), qr/$problem/, "$name: pipeline_status says so");
	like($cluster->sql("SELECT string_agg(problem, '; ') FROM sessionize.shard_status"), qr/$problem/, "$name: so does shard_status");
	like($cluster->sql("SELECT string_agg(found, '; ') FROM sessionize.health_check('web') WHERE status = 'error' AND statement ~ 'attach_shards'"), qr/$problem/, "$name: and health_check(), with what to type");
	return;
}

sub proven
{
	my ($name, %options) = @_;

	on_both("CALL sessionize.refresh('web')");
	is($cluster->sql("SELECT count(*) FROM sessionize.verify('web')"), '0', "$name: verify() is empty");
	is($cluster->sql("SELECT pending, difference, event_difference FROM sessionize.reconcile('web')"), '0|0|0', "$name: the accounts close");
	is($cluster->sql("SELECT to_jsonb(r) FROM sessionize.reconcile('web') AS r"), $single->safe_psql('postgres', "SELECT to_jsonb(r) FROM sessionize.reconcile('web') AS r"), "$name: the accounts are those of one node");
	is($cluster->sql("SELECT count(*) FROM sessionize.health_check('web') WHERE topic = 'shards' AND status = 'error'"), '0', "$name: health_check() has nothing to say");
	is($cluster->sql("SELECT count(*) FROM sessionize.shard_status WHERE problem IS NOT NULL") . join('', $cluster->on_workers('SELECT count(*) FROM sessionize.shard_problems()')), '000', "$name: no problem is left");
	same_star($cluster, $single, $name, relations => [ @relations, @{ $options{also} // [] } ]);
	unlike(attach(), qr/created|orphan/, "$name: attach_shards once more does nothing");
	return;
}

# The keys whose shards a worker has, as a list for IN.
sub keys_of
{
	my ($worker) = @_;
	my $ids = join(',', map { $_->{id} } grep { $_->{worker} == $worker } $cluster->shards('raw.events'));

	return $cluster->sql("SELECT string_agg(quote_literal('a' || i), ',') FROM generate_series(0, 96) AS i WHERE get_shard_id_for_distribution_column('raw.events', 'a' || i) IN ($ids)");
}

# Rows first to last, only those of some keys. On one node they come when they come on the cluster, but for those that are going to be lost.
sub rows
{
	my ($first, $last, $keys) = @_;

	return "INSERT INTO raw.events SELECT * FROM (SELECT 'a' || i / 9 % 97 AS key, CASE WHEN i % 29 = 0 THEN (i - 1)::text ELSE i::text END, (ARRAY['page_view', 'click', 'buy'])[1 + i % 3], nullif('u' || i % 31, 'u7'), '/p' || i % 11,
		CASE WHEN i % 401 = 0 THEN 'infinity' ELSE '2026-01-01Z'::timestamptz + i * interval '3 min' + CASE WHEN i % 9 > 4 THEN interval '22 min' ELSE interval '0' END END,
		'2026-01-01Z'::timestamptz + (i + 8 + i % 4) * interval '3 min', i % 50, i, jsonb_build_object('plan', (ARRAY['free', 'paid'])[1 + i % 2], 'n', CASE WHEN i % 61 = 0 THEN '\"x\"'::jsonb ELSE to_jsonb(i) END)
		FROM generate_series($first, $last) AS i) AS r" . (defined $keys ? " WHERE key IN ($keys)" : '');
}

on_both(q{
	CREATE SCHEMA raw;
	CREATE TABLE raw.events (anonymous_id text, event_id text, event_name text, user_id text, page text, occurred_at timestamptz, received_at timestamptz,
		amount numeric, raw_id bigint, properties jsonb);
	CREATE INDEX ON raw.events (anonymous_id, occurred_at, event_id)});
$cluster->sql("SELECT create_distributed_table('raw.events', 'anonymous_id')");
my ($lost_keys, $kept_keys) = map { keys_of($_) } 1, 2;
on_both(rows(1, 3000));
on_both("SELECT sessionize.create_pipeline('web', 'raw.events', key => 'anonymous_id')");
on_both("SELECT sessionize.set_fuse('web', enabled => false)");
on_both("CALL sessionize.rebuild('web')");
on_both("SELECT sessionize.add_measure('web', 'revenue', 'sum', 'amount')");
on_both("CALL sessionize.refresh('web')");
on_both("SELECT * FROM sessionize.seal('web', '2026-01-03Z')");
proven('before');

# ----- an empty server, into which the raw rows were loaded -----
my $dump = $single->basedir . '/raw.sql';
my $own_shards = '-c citus.override_table_visibility=off -c citus.enable_manual_changes_to_shards=on';
{
	local $ENV{PGOPTIONS} = $own_shards;
	system_or_bail('pg_dump', '-d', $cluster->worker(1)->connstr('postgres'), '-f', $dump, map { "--table=$_->{name}" } grep { $_->{worker} == 1 } $cluster->shards('raw.events'));
}
$cluster->replace_worker(1);
activate(1);
{
	local $ENV{PGOPTIONS} = "$own_shards -c citus.enable_ddl_propagation=off";
	psql_script($cluster->worker(1), slurp_file($dump));
}
is($cluster->sql('SELECT count(*) FROM raw.events'), '3000', 'the raw rows are there again');
noticed('reloaded', 'no pipeline');
refused('SELECT count(*) FROM web.sessions', qr/ERROR: .*does not exist/, 'reloaded: a query is an error');
attach();
on_both(rows(3001, 3100));
proven('reloaded');

# ----- a backup that is brought up to the newest moment -----
my $copy = $cluster->copy_worker(2);
on_both(rows(3101, 3300));
on_both(q{SELECT sessionize.add_measure('web', 'paid', 'sum', 'amount', filter => 'page = ''/p1''')});
on_both("CALL sessionize.refresh('web')");
on_both(rows(3301, 3400));
$cluster->restore_worker(2, $copy, newest => 1);
$cluster->recover;
proven('restored to the newest moment');

# ----- an older backup: what was written since is lost, and the star has nothing of it -----
on_both("DELETE FROM raw.events WHERE received_at < '2026-01-02Z'");
proven('rows of the sealed past have gone');
$copy = $cluster->copy_worker(1);
my ($lost_user, $kept_user) = map { (sort split /,/, $_)[3] } $lost_keys, $kept_keys;
my $late = "UPDATE raw.events SET page = '/late', raw_id = raw_id + 100000 WHERE raw_id % 97 = 0 AND received_at < '2026-01-04Z'";

# On the single node there never was what is going to be lost.
sub partly_lost { my ($sql, $kept) = @_; $cluster->sql($sql); $single->safe_psql('postgres', $kept) if defined $kept; return; }

partly_lost(rows(3401, 4200), rows(3401, 4200, $kept_keys));
on_both("CALL sessionize.refresh('web')");
on_both($_) for q{SELECT sessionize.add_measure('web', 'buys', 'count', filter => 'event_name = ''buy''')},
  q{SELECT sessionize.create_rollup('web', 'daily', '{day,entry_page}', '{revenue}')},
  q{SELECT sessionize.drop_measure('web', 'paid')},
  q{SELECT sessionize.add_dimension('web', 'plan', '{"plan": "properties ->> ''plan''"}')},
  q{SELECT sessionize.alter_pipeline('web', gap => '20 minutes')},
  q{CALL sessionize.refresh('web')},
  q{SELECT * FROM sessionize.seal('web', '2026-01-05Z')};
partly_lost($late, "$late AND anonymous_id IN ($kept_keys)");
partly_lost("SELECT sessionize.erase_user('web', $lost_user)");
on_both($_) for "SELECT sessionize.erase_user('web', $kept_user)",
  q{SELECT sessionize.create_contract('web', 'buy', '1-0-0', '{"type": "object", "properties": {"n": {"type": "number"}}, "required": ["plan"]}')},
  q{SELECT sessionize.set_quarantine_rules('web', producer => '$.user_id')},
  q{SELECT sessionize.set_fuse('web', changed_rows => 123456)},
  q{CALL sessionize.refresh('web')};
my $kept_late = $single->safe_psql('postgres', 'SELECT count(*) FROM web.late');
cmp_ok($kept_late, '>', 0, 'there are late rows');
cmp_ok($cluster->sql('SELECT count(*) FROM web.late'), '>', $kept_late, 'and some that are going to be lost');
is($cluster->sql("SELECT count(*) FROM web.sessions WHERE session_key = $lost_user"), '0', 'a user was erased');
$cluster->restore_worker(1, $copy);
noticed('restored', 'another definition', 'does not know web.daily_live_shards, web.daily_shards');
refused('SELECT sum(buys) FROM web.sessions', qr/ERROR: .*does not exist/, 'restored: a query of what it does not know is an error');
refused("SELECT * FROM sessionize.attach_shards('web')", qr/ERROR: .*does not know all tables.*daily_shards.*citus_activate_node/s, 'restored: attach_shards says that it does not know all tables');
activate(1);
noticed('activated', 'another definition', 'web.daily_shards_\d+ is missing');
attach();
proven('restored', also => ['daily']);
is(join(',', sort(map { $_->safe_psql('postgres', q{SELECT string_agg(DISTINCT changed_rows::text, ',') FROM sessionize.fuses}) } $cluster->workers)), '123456,123456', 'the fuse is set as it was');
is($cluster->sql("SELECT count(*) > 0 FROM web.sessions WHERE session_key = $lost_user"), 't', 'the user who was erased after the backup is there again');
on_both("SELECT sessionize.erase_user('web', $lost_user)");
proven('erased once more', also => ['daily']);

# ----- a worker whose raw rows are lost for good -----
my @lost = grep { $_->{worker} == 2 } $cluster->shards('raw.events');
my $left = $cluster->sql("SELECT count(*), sum(events) FROM web.sessions WHERE session_key IN ($lost_keys)");
$cluster->replace_worker(2);
activate(2);
$cluster->worker(2)->safe_psql('postgres', "SET citus.enable_ddl_propagation = off; CREATE TABLE $_->{name} (LIKE raw.events INCLUDING ALL)") for @lost;
noticed('lost for good', 'no pipeline');
attach();
$cluster->sql("CALL sessionize.refresh('web')");
is($cluster->sql('SELECT count(*), sum(events) FROM web.sessions'), $left, 'lost for good: the star has what is left');
is($cluster->sql("SELECT count(*) FROM sessionize.verify('web')") . $cluster->sql("SELECT pending, difference, event_difference FROM sessionize.reconcile('web')"), '00|0|0', 'lost for good: verify() is empty, and the accounts close');
$cluster->sql($_) for rows(5001, 5100), "CALL sessionize.refresh('web')";
is($cluster->sql('SELECT count(*) FROM web.events WHERE raw_id BETWEEN 5001 AND 5100') > 80 ? 1 : 0, 1, 'and it goes on');

# The same without raw shards: the pipeline can be dropped.
$cluster->replace_worker(2);
activate(2);
$cluster->sql("SELECT sessionize.drop_pipeline('web')");
is(join(' ', map { $_->safe_psql('postgres', "SELECT (SELECT count(*) FROM sessionize.pipelines), (SELECT count(*) FROM sessionize.distributed_pipelines), (SELECT count(*) FROM pg_namespace WHERE nspname ~ '^web')") } $cluster->nodes),
	'0|0|0 0|0|0 0|0|0', 'drop_pipeline leaves nothing on any server');

# ----- the raw table is dropped -----
$cluster->sql(q{CREATE TABLE raw.other (LIKE raw.events); CREATE INDEX ON raw.other (anonymous_id, occurred_at, event_id); SELECT create_distributed_table('raw.other', 'anonymous_id');
	INSERT INTO raw.other (anonymous_id, event_name, occurred_at, raw_id, amount) SELECT 'a' || i, 'click', '2026-01-01Z', i, 2 FROM generate_series(1, 50) AS i});
$cluster->sql("SELECT sessionize.create_pipeline('web', 'raw.other', key => 'anonymous_id')");
$cluster->sql("CALL sessionize.rebuild('web')");
is($cluster->sql('SELECT count(*) FROM web.sessions'), '50', 'another star');
$cluster->worker(1)->safe_psql('postgres', 'SET citus.enable_ddl_propagation = off; ' . join('; ', map { "SELECT sessionize.add_measure('web_$_->{id}', 'm', 'sum', 'amount')" } grep { $_->{worker} == 1 } $cluster->shards('raw.other')));
said('altered on a worker', 'another definition');
attach();
$cluster->sql("SELECT sessionize.add_measure('web', 'm', 'sum', 'amount')");
# as the background worker would
$cluster->worker($_->{worker})->safe_psql('postgres', "CALL sessionize.refresh('web_$_->{id}')") for $cluster->shards('raw.other');
said('refreshed on the workers', 'does not have these columns yet: m');
attach();
is($cluster->sql('SELECT sum(m) FROM web.sessions') . '|' . $cluster->sql('SELECT count(*) FROM sessionize.shard_status WHERE problem IS NOT NULL'), '100|0', 'attach_shards lets the star follow');
$cluster->sql('DROP TABLE raw.other');
like($cluster->sql("SELECT problem FROM sessionize.pipeline_status WHERE pipeline_name = 'web'"), qr/^the raw table was dropped$/, 'pipeline_status says that the raw table was dropped');
like($cluster->sql("SELECT found || ' ' || statement FROM sessionize.health_check('web') WHERE topic = 'shards' AND status = 'error' AND found ~ 'raw'"), qr/^the raw table was dropped SELECT sessionize.drop_pipeline\('web'\)/, 'so does health_check()');
refused($_, qr/ERROR: .*the raw table of distributed pipeline "web" was dropped.*HINT: .*drop_pipeline/s, "$_ as well") for "SELECT * FROM sessionize.verify('web')", "CALL sessionize.refresh('web')", "SELECT * FROM sessionize.attach_shards('web')";
$cluster->sql("SELECT sessionize.drop_pipeline('web')");
is(join(' ', map { $_->safe_psql('postgres', "SELECT (SELECT count(*) FROM sessionize.pipelines), (SELECT count(*) FROM pg_namespace WHERE nspname ~ '^web')") } $cluster->nodes), '0|0 0|0 0|0', 'and it can be dropped');
$cluster->stop;
$single->stop('immediate');
done_testing();
