# detach_source and attach_source with a schedule, and over a dump: the worker leaves a detached pipeline alone and takes it up again
# by itself; a pipeline that is dumped while it is detached is attached where it is restored, to a table whose key has become wider.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('attach');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nlog_statement = none\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id int, event_id text, visitor int, occurred_at timestamptz, price int);
	CREATE INDEX ON raw (visitor, occurred_at, event_id);
	INSERT INTO raw SELECT n, 'e' || n, n % 20, '2026-01-01Z'::timestamptz + n * interval '7 minutes', n FROM generate_series(1, 500) AS n;
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor');
	SELECT sessionize.add_measure('web', 'revenue', 'sum', 'price', 'price > 3');
	SELECT sessionize.grant_reader('web', 'pg_monitor');
	SELECT sessionize.schedule('web');
});
# Both ways: a star that is right for every visitor of the raw table can still have one who is no longer there.
my $of_raw = 'SELECT visitor, count(*), sum(price) FILTER (WHERE price > 3) FROM raw GROUP BY 1';
my $of_star = 'SELECT session_key, sum(events)::bigint, sum(revenue) FROM web.sessions GROUP BY 1';
my $up_to_date = "SELECT count(*) = 0 FROM (($of_raw EXCEPT ALL $of_star) UNION ALL ($of_star EXCEPT ALL $of_raw)) AS x";
ok($node->poll_query_until('postgres', $up_to_date), 'the worker has built the star');

# detached: passes are not even begun, however much there is to do
$node->safe_psql('postgres', q{
	INSERT INTO raw VALUES (1001, 'x', 3, '2026-01-09Z', 5);
	SELECT sessionize.detach_source('web');
});
my $passes = "SELECT count(*) FROM sessionize.runs";
my $before = $node->safe_psql('postgres', $passes);
$node->safe_psql('postgres', 'SELECT sessionize.pause(\'web\'); SELECT sessionize.resume(\'web\'); INSERT INTO web.dirty SELECT 0, 3, \'-infinity\', \'infinity\', now()');
sleep 3;
is($node->safe_psql('postgres', "SELECT state, problem, failures IS NULL, last_error IS NULL FROM sessionize.pipeline_status"), 'detached|detach_source() has taken public.raw away from it.|t|t', 'the status says so, and nothing has failed');
is($node->safe_psql('postgres', $passes), $before, 'nothing was tried');
$node->safe_psql('postgres', q{
	DELETE FROM raw WHERE visitor = 4;
	ALTER TABLE raw ALTER COLUMN visitor TYPE bigint;
	SELECT sessionize.attach_source('web', 'raw');
});
ok($node->poll_query_until('postgres', $up_to_date), 'the worker has built the star anew, once it is attached');
is($node->safe_psql('postgres', "SELECT count(*) FROM sessionize.verify('web')"), 0, '... and right');
$node->safe_psql('postgres', "INSERT INTO raw VALUES (1002, 'y', 5, '2026-01-10Z', 6)");
ok($node->poll_query_until('postgres', $up_to_date), '... and goes on');

# dumped while it is detached
$node->safe_psql('postgres', "SELECT sessionize.detach_source('web')");
my $sessions = 'SELECT md5(string_agg(s::text, \',\' ORDER BY session_id)) FROM web.sessions AS s';
my $stored = $node->safe_psql('postgres', $sessions);
my $dump = $node->backup_dir . '.dump';
my $restored = PostgreSQL::Test::Cluster->new('restored');
command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'a dump');
$restored->init;
$restored->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nlog_statement = none\n");
$restored->start;
command_ok([ 'pg_restore', '-d', $restored->connstr('postgres'), $dump ], 'is restored');
is($restored->safe_psql('postgres', $sessions), $stored, '... with the star');
is($restored->safe_psql('postgres', 'SELECT state, capture FROM sessionize.pipeline_status'), 'detached|detached', '... detached');
is($restored->psql('postgres', "CALL sessionize.refresh('web')"), 3, '... so nothing is refreshed');
$restored->safe_psql('postgres', q{
	ALTER TABLE raw ALTER COLUMN price TYPE numeric;
	UPDATE raw SET price = price + 0.5, occurred_at = occurred_at + interval '1 hour' WHERE visitor = 6;
	ALTER TABLE raw RENAME TO raw_old;
	CREATE TABLE raw (LIKE raw_old INCLUDING ALL);
	INSERT INTO raw TABLE raw_old;
	SELECT sessionize.attach_source('web', 'raw');
});
ok($restored->poll_query_until('postgres', $up_to_date), 'attached to another table, it is scheduled as before');
is($restored->safe_psql('postgres', "SELECT count(*) FROM sessionize.verify('web')"), 0, '... and right');
is($restored->safe_psql('postgres', "SELECT has_table_privilege('pg_monitor', 'web.sessions', 'SELECT')"), 't', '... with its privileges');
$node->stop;
$restored->stop;
done_testing();
