# The fuse beside the background worker, over crashes, prepared transactions and dumps; and the names of what processes wait for.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('fuse');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
sessionize.idle_timeout = '60s'
max_prepared_transactions = 5
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');

sub sql { return $node->safe_psql('shop', $_[0]); }

sub waits { ok($node->poll_query_until('shop', $_[0]), $_[1]); }

my $state = q{SELECT state FROM sessionize.fuses};
my $names = q{SELECT string_agg(event_name || ' ' || n, ', ' ORDER BY event_name) FROM (SELECT event_name, count(*) AS n FROM web.events GROUP BY 1) AS e};

# The star is what the raw rows are now, by plain SQL and by its own account.
sub is_exact
{
	my ($test) = @_;

	waits('SELECT pending_rows = 0 AND needs_rebuild IS NULL FROM sessionize.pipeline_status', "$test: nothing is pending");
	is(sql(q{
		SELECT count(*) FROM (
			(SELECT raw_id, visitor, name FROM raw EXCEPT ALL SELECT raw_id, session_key, event_name FROM web.events)
			UNION ALL (SELECT raw_id, session_key, event_name FROM web.events EXCEPT ALL SELECT raw_id, visitor, name FROM raw)) AS x}),
		'0', "$test: the events are those of the raw rows");
	is(sql(q{SELECT count(*) FROM sessionize.verify('web')}), '0', "$test: verified");
	is(sql(q{SELECT pending, difference FROM sessionize.reconcile('web')}), '0|0', "$test: all is accounted for");
}

sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, name text);
	CREATE INDEX ON raw (visitor, at);
	INSERT INTO raw (visitor, at, name)
	SELECT 'v' || n % 50, '2026-01-01Z'::timestamptz + n * interval '7 minutes', 'view' FROM generate_series(1, 1000) AS n;
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at', event_name => 'name');
	SELECT sessionize.set_fuse('web', changed_rows => 200, share => 0.01);
	SELECT sessionize.schedule('web', every => '100 ms');
});
is_exact('built');

# What the worker waits for.
my $extension = sql('SHOW server_version_num') >= 170000 ? '' : 'Extension';
waits("SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'sessionize worker' AND wait_event_type = 'Extension' AND wait_event = '"
		. ($extension || 'SessionizeWorkerMain') . "'",
	'a worker that has nothing to do waits for that');
is( $node->safe_psql('postgres',
		"SELECT wait_event_type, wait_event FROM pg_stat_activity WHERE backend_type = 'sessionize launcher'"),
	'Extension|' . ($extension || 'SessionizeLauncherMain'), 'the launcher as well');
{
	my $every = $node->background_psql('shop', on_error_stop => 0);
	$every->query_until(qr/begun/, "\\echo begun\nCALL sessionize.refresh('web', max_runtime => '60 s', every => '30 s');\n");
	waits("SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'CALL sessionize.refresh%' AND wait_event_type = 'Extension' AND wait_event = '"
			. ($extension || 'SessionizeRefreshEvery') . "'",
		'so does a refresh that waits for its next pass');
	sql(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL sessionize.refresh%'});
	$every->quit;
}

# A burst: the worker holds the pipeline, tells who listens, and does not spin.
my $listener = $node->background_psql('shop', on_error_stop => 0);
$listener->query('LISTEN sessionize_incident');
my $log = -s $node->logfile;
sql(q{UPDATE raw SET name = 'wrong'});
waits(q{SELECT state = 'held' FROM sessionize.fuses}, 'the worker holds the pipeline');
is(sql($names), 'view 1000', 'nothing of the star has changed');
like($listener->query('SELECT 1'), qr/sessionize_incident.*"event": "opened"/s, 'who listens is told');
is(sql(q{SELECT state FROM sessionize.pipeline_status}), 'held', 'the status says so');
my $passes = sql('SELECT passes FROM sessionize.pipeline_workers');
sleep 2;
cmp_ok(sql('SELECT passes FROM sessionize.pipeline_workers') - $passes, '<', 40, 'the worker does not spin');
is(sql('SELECT failures FROM sessionize.pipeline_status'), '', 'and has not failed');
my @said = grep { /LOG: .*is held by its fuse/ } split /\n/, substr(slurp_file($node->logfile), $log);
is(scalar(@said), 1, "the server's log says so once");

# Held over a crash; new events wait.
$node->stop('immediate');
$node->start;
sql(q{INSERT INTO raw (visitor, at, name) VALUES ('new', '2026-01-20Z', 'view')});
sleep 1;
is(sql($state), 'held', 'held after a crash');
is(sql($names), 'view 1000', 'and the star as it was');
is(sql(q{SELECT count(*) FROM sessionize.incidents WHERE state = 'open'}), '1', 'with one incident');

# A dump of it holds as well, with the limits, and tells of it; applied there, it is exact.
my $dump = $node->basedir . '/shop.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('shop') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('copy'), $dump ], 'restored');
is($node->safe_psql('copy', 'SELECT state, changed_rows, share FROM sessionize.fuses'), 'held|200|0.01', 'the copy is held, with the limits');
is($node->safe_psql('copy', q{SELECT state, affected FROM sessionize.incidents}), 'open|1000', 'and has an incident');
$node->safe_psql('copy', q{SELECT sessionize.unschedule('web'); CALL sessionize.refresh('web')});
is($node->safe_psql('copy', $names), 'view 1000', 'a refresh does not change the star');
$node->safe_psql('copy', q{SELECT sessionize.release_fuse('web')});
$node->safe_psql('copy', q{CALL sessionize.refresh('web')});
is($node->safe_psql('copy', $names), 'view 1, wrong 1000', 'until it is released');
is($node->safe_psql('copy', q{SELECT count(*) FROM sessionize.verify('web')}), '0', 'then it is exact');
$node->safe_psql('postgres', 'DROP DATABASE copy');

# Undone and skipped: the worker goes on by itself.
my ($code, $out, $error) = $node->psql('shop', q{SELECT sessionize.release_fuse('web', 'skip')});
like($error, qr/have not been undone\nDETAIL:  1000 events/, 'what has not been undone is not skipped');
sql(q{UPDATE raw SET name = 'view' WHERE name = 'wrong'});
sql(q{SELECT sessionize.release_fuse('web', 'skip')});
is_exact('skipped');
is(sql($names), 'view 1001', 'the new event is there');
is(sql(q{SELECT count(*) FROM sessionize.incidents WHERE state = 'open'}), '0', 'the incident is closed');

# A prepared transaction counts when it is committed, however late.
sql(q{BEGIN; UPDATE raw SET name = 'prepared'; PREPARE TRANSACTION 'burst'});
sql(q{INSERT INTO raw (visitor, at, name) VALUES ('new', '2026-01-21Z', 'view')});
is_exact('prepared');
sql(q{COMMIT PREPARED 'burst'});
sql(q{SELECT pg_sleep(0.2)});
waits(q{SELECT state = 'held' FROM sessionize.fuses}, 'held when it is committed');
is(sql($names), 'view 1002', 'nothing of the star has changed');
sql(q{SELECT sessionize.release_fuse('web')});
is_exact('applied');

# An announced change goes through; a rebuild releases.
sql(q{BEGIN; SET LOCAL sessionize.fuse = off; UPDATE raw SET name = 'announced'; COMMIT});
is_exact('announced');
sql(q{DELETE FROM raw WHERE raw_id % 2 = 0});
waits(q{SELECT state = 'held' FROM sessionize.fuses}, 'a mass delete holds it');
sql(q{CALL sessionize.rebuild('web')});
is_exact('rebuilt');
is(sql($state), 'whole', 'a rebuild releases');

# A rebuild that rests.
{
	my $rests = $node->background_psql('shop', on_error_stop => 0);
	sql(q{INSERT INTO raw (visitor, at, name) SELECT 'w' || n % 2000, '2026-01-01Z'::timestamptz + n * interval '1 second', 'view' FROM generate_series(1, 50000) AS n});
	$rests->query_until(qr/begun/, "\\echo begun\nCALL sessionize.rebuild('web', throttle => 0.01);\n");
	waits("SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'CALL sessionize.rebuild%' AND wait_event_type = 'Extension' AND wait_event = '"
			. ($extension || 'SessionizeThrottle') . "'",
		'a rebuild that rests waits for that');
	is(sql(q{SELECT count(*) > 0 FROM sessionize.pipeline_locks WHERE lock = 'pipeline' AND granted}), 't', 'its locks are seen');
	sql(q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL sessionize.rebuild%'});
	$rests->quit;
}

# Each name is explained.
my $names_c = slurp_file('src/wait_event.h');
my $page = slurp_file('docs/monitoring.md');
my @listed = $names_c =~ /"(Sessionize\w+)"/g;
cmp_ok(scalar(@listed), '>', 7, 'there are names');
is(join(' ', grep { $page !~ /`\Q$_\E`/ } @listed), '', 'docs/monitoring.md explains each');

done_testing();
