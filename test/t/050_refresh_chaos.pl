# Refreshes and rebuilds are killed, cancelled and timed out at random moments, while collectors go on and others refresh beside them.
# During it the accounts close and every key that nothing is pending of verifies; after it the star is what plain SQL says.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SessionServer qw(wait_for_server);
use Test::More;
use Time::HiRes qw(usleep);

my $seed = $ENV{SEED} // time();
my $cycles = $ENV{CYCLES} // 100;
srand($seed);
diag("SEED=$seed CYCLES=$cycles");

my $node = PostgreSQL::Test::Cluster->new('chaos');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_sessionize'\nsessionize.large_key_rows = 60\nfsync = off\nautovacuum = off\nrestart_after_crash = on\ndeadlock_timeout = '20ms'\nmax_parallel_workers = 0\nlog_min_messages = fatal\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, event_name text, visitor text, page text, at timestamptz);
	CREATE INDEX ON raw (visitor, at, event_id);
	CREATE PROCEDURE add_rows(n int) LANGUAGE sql AS $$
		INSERT INTO raw (event_id, event_name, visitor, page, at)
		SELECT 'e' || (random() * 30000)::int, CASE WHEN random() < 0.7 THEN 'page_view' ELSE 'click' END,
		       CASE WHEN random() < 0.98 THEN 'v' || (random() ^ 2 * 3000)::int END, '/' || (random() ^ 3 * 3000)::int,
		       CASE WHEN random() < 0.99 THEN '2026-01-01Z'::timestamptz + random() * interval '3 days' ELSE 'infinity' END
		FROM generate_series(1, n)
	$$;
	-- a collector: small transactions, some of them rolled back, rows that change and go
	CREATE PROCEDURE collect(times int) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. times LOOP
			CALL add_rows(1 + (random() * 8)::int);
			UPDATE raw SET at = at + (random() - 0.5) * interval '2 hours' WHERE raw_id = (SELECT max(raw_id) - (random() * 2000)::int FROM raw) AND isfinite(at);
			UPDATE raw SET visitor = 'v' || (random() * 3000)::int WHERE raw_id = (SELECT max(raw_id) - (random() * 2000)::int FROM raw);
			DELETE FROM raw WHERE raw_id = (SELECT max(raw_id) - (random() * 2000)::int FROM raw);
			IF random() < 0.1 THEN ROLLBACK; ELSE COMMIT; END IF;
		END LOOP;
	END $$;
	CALL add_rows(5000);
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at', max_duration => NULL, user_id => $u$CASE WHEN raw_id % 3 = 0 THEN 'u' || (raw_id % 900)::text END$u$);
	SELECT sessionize.enable_identity('web', 4, 6);
});

sub background
{
	my @statements = @_;
	my $run = { in => '', out => '', err => '' };

	$run->{handle} = IPC::Run::start([ 'psql', '-X', '-A', '-t', '-d', $node->connstr('postgres'), map { ('-c', $_) } @statements ],
		'<', \$run->{in}, '>', \$run->{out}, '2>', \$run->{err});
	return $run;
}

sub finish { my ($run) = @_; eval { IPC::Run::finish($run->{handle}); }; return $run->{err}; }

# Rebuilds one after the other, in several pieces each, in either order; like the refreshes they end, should they have come too late to be
# stopped.
sub rebuilds
{
	my ($times, @before) = @_;

	return background(@before, "SET maintenance_work_mem = '1MB'", 'SET sessionize.rebuild_piece_rows = 500',
		"DO \$\$ DECLARE began timestamptz := clock_timestamp(); BEGIN FOR i IN 1 .. $times LOOP CALL sessionize.rebuild('web', newest_first => random() < 0.6); EXIT WHEN clock_timestamp() > began + interval '20 seconds'; END LOOP; END \$\$");
}

# The star is one that has to be built, by the rules it had before.
sub unbuild { $node->safe_psql('postgres', q{BEGIN; SELECT sessionize.alter_pipeline('web', gap => '1 hour'); SELECT sessionize.alter_pipeline('web', gap => '30 minutes'); COMMIT}); }

# What must hold at every moment: the accounts close, and what nothing is pending of is right. How many keys that is, and whether
# anything was pending, is counted.
my %seen = (moments => 0, verified => 0, pending => 0);
sub holds
{
	my ($name) = @_;
	my ($clean, $dirty) = split /\|/, $node->safe_psql('postgres', q{
		SELECT count(*) FILTER (WHERE NOT dirty), count(*) FILTER (WHERE dirty)
		FROM (SELECT DISTINCT session_key, EXISTS (SELECT FROM web.dirty AS d WHERE d.session_key = s.session_key) FROM web.fact_session AS s) AS k (session_key, dirty)});

	$seen{moments}++;
	$seen{verified}++ if $clean > 0;
	$seen{pending}++ if $dirty > 0;
	is($node->safe_psql('postgres', q{SELECT difference, event_difference, raw_rows = events + duplicates + quarantined + late + pending FROM sessionize.reconcile('web')}),
		'0|0|t', "$name: the accounts close");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM sessionize.verify('web') WHERE (SELECT built FROM sessionize.ledger) OR EXISTS (SELECT FROM web.backfill WHERE stale)}),
		'0', "$name: what nothing is pending of is right, $clean keys; $dirty pending");
}

# The star against plain SQL, but for large keys that wait for the end of a rebuild.
my $oracle = q{
	WITH waiting AS (SELECT d.session_key FROM web.dirty AS d JOIN sessionize.large_key AS l USING (session_key)),
	raw AS (SELECT * FROM raw WHERE visitor IS NULL OR visitor NOT IN (TABLE waiting)),
	copies AS (
		SELECT *, event_id IS NULL OR coalesce(at - lag(at) OVER (PARTITION BY visitor, event_id ORDER BY at, raw_id) > interval '7 days', true) AS first
		FROM raw WHERE visitor IS NOT NULL AND isfinite(at)),
	starts AS (
		SELECT *, coalesce(at - lag(at) OVER w > interval '30 minutes', true) AS starts FROM copies WHERE first
		WINDOW w AS (PARTITION BY visitor ORDER BY at, event_id COLLATE "C", raw_id)),
	numbered AS (SELECT *, sum(starts::int) OVER (PARTITION BY visitor ORDER BY at, event_id COLLATE "C", raw_id) AS n FROM starts),
	expected AS (SELECT visitor COLLATE "C" AS session_key, min(at) AS started_at, max(at) AS ended_at, count(*) AS events,
	                    count(*) FILTER (WHERE event_name = 'page_view') AS page_views FROM numbered GROUP BY visitor, n),
	stored AS (SELECT session_key, started_at, ended_at, events, page_views FROM web.sessions WHERE session_key NOT IN (TABLE waiting))
	SELECT (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE stored) AS x) + (SELECT count(*) FROM (TABLE stored EXCEPT ALL TABLE expected) AS x),
	       (SELECT count(*) FROM raw WHERE visitor IS NULL OR NOT isfinite(at)) - (SELECT count(*) FROM web.quarantine WHERE session_key IS NULL OR session_key NOT IN (TABLE waiting))};

sub settles
{
	my ($name) = @_;

	$node->safe_psql('postgres', "CALL sessionize.refresh('web')");
	is($node->safe_psql('postgres', $oracle), '0|0', "$name: the star is what plain SQL says");
	is($node->safe_psql('postgres', q{SELECT pending FROM sessionize.reconcile('web')}), '0', "$name: nothing is pending");
	holds($name);
}

$node->safe_psql('postgres', "CALL sessionize.refresh('web')");
settles('at first');

# Nothing but concurrency: three refreshers, a rebuilder and two collectors.
my @all = map { background("CALL collect(150)") } 1 .. 2;
push @all, map { background("CALL sessionize.refresh('web', every => '2 milliseconds', max_runtime => '4 seconds')") } 1 .. 3;
push @all, rebuilds(5);
for my $i (1 .. 5) { usleep(300_000); holds("beside each other $i"); }
unlike(join('', map { finish($_) } @all), qr/ERROR/, 'beside each other: no errors, no deadlock');
settles('beside each other');

# Refreshes go on during a rebuild: it is made slow.
my $slow = background("SET maintenance_work_mem = '1MB'", "CALL sessionize.rebuild('web', throttle => 0.005)");
ok($node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM sessionize.rebuild_progress WHERE phase = 'deriving and writing' AND pieces_done > 0}), 'a rebuild is under way');
for my $i (1 .. 5)
{
	$node->safe_psql('postgres', 'CALL collect(20)');
	$node->safe_psql('postgres', "CALL sessionize.refresh('web')");
	is($node->safe_psql('postgres', $oracle), '0|0', "beside a slow rebuild $i: the star is what plain SQL says");
	holds("beside a slow rebuild $i");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM sessionize.rebuild_progress'), '1', 'it is still under way');
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid) FROM sessionize.rebuild_progress');
like(finish($slow), qr/canceling/, 'it was cancelled');
settles('after a slow rebuild');
$node->safe_psql('postgres', "CALL sessionize.rebuild('web')");
settles('after its end');

# The same, newest first, of a star that has to be built: what is not done is pending meanwhile, and seen in the live views.
unbuild();
$slow = background('SET sessionize.rebuild_piece_rows = 200', "CALL sessionize.rebuild('web', newest_first => true, throttle => 0.01)");
ok($node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM sessionize.rebuild_progress WHERE phase = 'deriving and writing' AND pieces_done > 0 AND state = 'resting'}), 'one, newest first, is under way, and rests');
for my $i (1 .. 5)
{
	$node->safe_psql('postgres', 'CALL collect(20)');
	$node->safe_psql('postgres', "CALL sessionize.refresh('web')") if $i > 2;
	is($node->safe_psql('postgres', $oracle =~ s/web\.sessions\b/web.sessions_live/r =~ s/,\s*\(SELECT count\(\*\) FROM raw WHERE.*//sr), '0', "beside one, newest first $i: the live view is what plain SQL says");
	holds("beside one, newest first $i");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM web.backfill WHERE stale') > 0, 1, 'some keys are left');
$node->safe_psql('postgres', 'SELECT pg_cancel_backend(pid) FROM sessionize.rebuild_progress');
like(finish($slow), qr/canceling/, 'it was cancelled');
holds('in the middle of it');
settles('after a refresh that has gone on with it');
is($node->safe_psql('postgres', q{SELECT (SELECT built FROM sessionize.ledger), count(*) FROM web.backfill}), 't|0', 'and has ended it');

# kill -9, cancel and timeouts
my %count = (kill => 0, cancel => 0, timeout => 0, half => 0);
for my $cycle (1 .. $cycles)
{
	my $how = (qw(kill kill cancel timeout))[ rand 4 ];
	my $timeout = $how eq 'timeout' ? "SET statement_timeout = '" . (20 + int rand 200) . "ms'" : 'SELECT';
	my @collectors = map { background("CALL collect(60)") } 1 .. 2;
	# only what a rebuild, newest first, has left is known to be pending
	if (rand() < 0.3)
	{
		unbuild();
		# it rests between the pieces, so that it is cancelled in the middle however slow the machine is
		my $building = background('SET sessionize.rebuild_piece_rows = 500', "CALL sessionize.rebuild('web', newest_first => true, throttle => 0.02)");
		$node->poll_query_until('postgres', 'SELECT EXISTS (SELECT FROM web.backfill WHERE stale)');
		usleep(rand 100_000);
		$node->safe_psql('postgres', "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE query ~ 'sessionize.rebuild' AND pid <> pg_backend_pid()");
		finish($building);
		$count{half}++ if $node->safe_psql('postgres', 'SELECT EXISTS (SELECT FROM web.backfill WHERE stale)') eq 't';
	}
	my @refreshers = map { background($timeout, "CALL sessionize.refresh('web', every => '1 millisecond', max_runtime => '20 seconds')") } 1 .. 2;
	push @refreshers, rebuilds(1000, $timeout) if rand() < 0.6;

	usleep(20_000 + rand 250_000);
	if ($how ne 'timeout')
	{
		my $pids = $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE query ~ 'sessionize.re(fresh|build)' AND pid <> pg_backend_pid()");
		my @pids = split /\n/, $pids;
		usleep(rand 20_000);
		if ($how eq 'kill') { kill('KILL', $pids[ rand @pids ]) if @pids; }
		else { $node->safe_psql('postgres', "SELECT pg_cancel_backend($_)") foreach @pids; }
	}
	else { usleep(250_000); }
	$count{$how}++;
	holds("cycle $cycle, in the middle") if $how eq 'cancel' && $cycle % 5 == 0;
	if ($how ne 'kill')
	{
		# whoever is left, which began after the others were asked to stop
		usleep(5_000);
		$node->safe_psql('postgres', "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE query ~ 'sessionize.re(fresh|build)' AND pid <> pg_backend_pid()");
	}
	finish($_) foreach @refreshers, @collectors;
	wait_for_server($node);
	holds("cycle $cycle, $how") if $cycle % 5 == 0;
	settles("cycle $cycle") if $cycle % 25 == 0;
}
cmp_ok($count{half}, '>', $cycles / 20, "$count{half} times the star was half built");
ok($count{kill} >= $cycles / 4, "$count{kill} kills, $count{cancel} cancels, $count{timeout} timeouts");
settles('in the end');
cmp_ok($seen{verified}, '>', $seen{moments} / 2, "$seen{verified} of $seen{moments} times some keys were verified");
cmp_ok($seen{pending}, '>', 0, "$seen{pending} times something was pending");
is($node->safe_psql('postgres', q{SELECT count(*) FROM sessionize.run_errors}), '0', 'no key was set aside');

$node->stop;
done_testing();
