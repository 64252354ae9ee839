# The whole server is killed again and again at random moments, and with it, beside it, or instead of it the backends of
# collectors, refreshes and rebuilds, and the worker; some are terminated, some run into a timeout or a deadlock. At every moment, before and
# after each crash, the accounts close in one snapshot and every key that nothing is pending of verifies, rollups included; in the end the star is what brute force says.
#
#   SEED=N     the random choices of this seed; what the server makes of them is not repeatable
#   CYCLES=N   how many times something is killed
#
# A cycle takes little more than the server's recovery: few rows, little WAL, and nobody waits for an orphan to notice that its
# postmaster is gone. What the processes wrote is the kernel's when they die, so fsync would change nothing but the time.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SessionOracle qw(columns expected_sessions lacks stored_sessions);
use SessionServer qw(kill_server server_comes_back);
use Test::More;
use Time::HiRes qw(usleep);

my $seed = $ENV{SEED} // time();
my $cycles = $ENV{CYCLES} // 100;
my %count;
my %seen = (half_built => 0, moments => 0, verified => 0, pending => 0);

srand($seed);
diag("SEED=$seed CYCLES=$cycles");

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init(extra => ['--wal-segsize=1']);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
restart_after_crash = on
sessionize.large_key_rows = 60
deadlock_timeout = '20ms'
max_parallel_workers = 0
max_prepared_transactions = 10
max_wal_size = 8MB
min_wal_size = 4MB
shared_buffers = 16MB
log_min_messages = fatal
log_statement = none
CONF
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, event_name text, visitor text, page text, at timestamptz);
	CREATE INDEX ON raw (visitor, at, event_id);
	CREATE PROCEDURE add_rows(n int) LANGUAGE sql AS $$
		INSERT INTO raw (event_id, event_name, visitor, page, at)
		SELECT 'e' || (random() * 1500)::int, CASE WHEN random() < 0.7 THEN 'page_view' ELSE 'click' END,
		       CASE WHEN random() < 0.98 THEN 'v' || (random() ^ 3 * 100)::int END, '/' || (random() ^ 3 * 1000)::int,
		       CASE WHEN random() < 0.99 THEN '2026-01-01Z'::timestamptz + random() * interval '3 days' ELSE 'infinity' END
		FROM generate_series(1, n)
	$$;
	-- small transactions, of which some fail, meet in a deadlock, or are rolled back; as many rows go as come
	CREATE PROCEDURE collect(times int) LANGUAGE plpgsql AS $$
	DECLARE
		least bigint;
	BEGIN
		FOR i IN 1 .. times LOOP
			CALL add_rows(1 + (random() * 12)::int);
			SELECT min(raw_id) INTO least FROM raw;
			FOR j IN 1 .. 3 LOOP
				UPDATE raw SET at = at + (random() - 0.5) * interval '2 hours' WHERE raw_id = least + (random() ^ 2 * 1500)::int AND isfinite(at);
				UPDATE raw SET visitor = 'v' || (random() * 100)::int WHERE raw_id = least + (random() ^ 2 * 1500)::int;
				DELETE FROM raw WHERE raw_id = least + (random() ^ 2 * 500)::int;
			END LOOP;
			IF random() < 0.1 THEN ROLLBACK; ELSE COMMIT; END IF;
		END LOOP;
	END $$;
	-- the star is one that has to be built, by the rules it had before, as soon as nobody is at work on it
	CREATE PROCEDURE unbuild() LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. 100 LOOP
			BEGIN
				PERFORM sessionize.alter_pipeline('web', gap => '1 hour');
				PERFORM sessionize.alter_pipeline('web', gap => '30 minutes');
				RETURN;
			EXCEPTION WHEN lock_not_available THEN
				PERFORM pg_sleep(0.002);
			END;
		END LOOP;
	END $$;
	CALL add_rows(1500);
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at', max_duration => '3 hours', user_id => $u$CASE WHEN raw_id % 5 = 0 THEN 'u' || (raw_id % 210)::text END$u$);
	SELECT sessionize.enable_identity('web', 4, 6);
	SELECT sessionize.create_rollup('web', 'days', '{day,entry_page}', '{events,page_views,duration}');
	SELECT sessionize.create_rollup('web', 'hours', '{hour,event_name}', '{page_view}', 'event', concurrently => true);
	CALL sessionize.refresh('web');
	SELECT sessionize.schedule('web', every => '50 milliseconds');
});

sub background
{
	my @statements = @_;
	my $run = { in => '', out => '', err => '' };

	$run->{handle} = IPC::Run::start([ 'psql', '-X', '-A', '-t', '-d', $node->connstr('postgres'), map { ('-c', $_) } @statements ], '<', \$run->{in}, '>', \$run->{out}, '2>', \$run->{err});
	return $run;
}

sub finish { my ($run) = @_; eval { IPC::Run::finish($run->{handle}); }; return $run->{err}; }

# What must hold at every moment. How many keys it is said of, and whether anything was pending, is counted.
sub holds
{
	my ($name) = @_;
	my ($keys, @wrong) = split /\n/, $node->safe_psql('postgres', q{
		SELECT count(*) FILTER (WHERE NOT dirty), count(*) FILTER (WHERE dirty), (SELECT count(*) FROM (SELECT FROM web.backfill WHERE stale LIMIT 1) AS b)
		FROM (SELECT DISTINCT session_key, EXISTS (SELECT FROM web.dirty AS d WHERE d.session_key = s.session_key) FROM web.fact_session AS s) AS k (session_key, dirty);
		SELECT 'accounts', r::text FROM sessionize.reconcile('web') AS r WHERE difference <> 0 OR event_difference <> 0 OR raw_rows <> events + duplicates + quarantined + late + pending
		UNION ALL SELECT * FROM (SELECT relation, v::text FROM sessionize.verify('web') AS v
			WHERE (SELECT built FROM sessionize.ledger) OR EXISTS (SELECT FROM web.backfill WHERE stale) LIMIT 5) AS v
		UNION ALL SELECT 'live rollup', n::text FROM (SELECT CASE WHEN (SELECT built FROM sessionize.ledger) OR EXISTS (SELECT FROM web.backfill WHERE stale)
			THEN (SELECT coalesce(sum(events), 0) FROM web.hours_live) - (SELECT count(*) FROM web.events_live) END) AS l (n) WHERE n <> 0});
	my ($clean, $dirty, $half) = split /\|/, $keys;

	$seen{moments}++;
	$seen{half_built} += $half;
	$seen{verified}++ if $clean > 0;
	$seen{pending}++ if $dirty > 0;
	is(join("\n", @wrong), '', "$name: $clean keys verified, $dirty pending");
}

# With everybody at rest: the star is what the rows say.
sub settles
{
	my ($name) = @_;
	my $row = sub { [ map { $_ eq '\N' ? undef : $_ } split /\|/, $_[0], -1 ] };

	$node->safe_psql('postgres', "SELECT sessionize.pause('web')");
	$node->poll_query_until('postgres', "SELECT pg_sleep(0.1) IS NOT NULL AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 21338 AND pid <> pg_backend_pid())
		AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type LIKE 'sessionize%' AND backend_type <> 'sessionize launcher')");
	$node->safe_psql('postgres', "CALL sessionize.refresh('web')");
	holds("$name: nothing is open");
	is($node->safe_psql('postgres', q{SELECT pending FROM sessionize.reconcile('web')}), '0', "$name: nothing is pending");
	my $rows = $node->safe_psql('postgres', "\\pset null '\\\\N'\nSELECT " . columns() . ' FROM web.source');
	my ($quarantined, @expected) = expected_sessions([ map { $row->($_) } split /\n/, $rows ],
		{ gap => 30 * 60_000_000, max_duration => 180 * 60_000_000, dedup_window => 7 * 86_400_000_000 });
	my @stored = split /\n/, $node->safe_psql('postgres', stored_sessions('web'));
	is(join("\n", lacks(\@expected, \@stored), '-', lacks(\@stored, \@expected)), '-', "$name: " . @expected . ' sessions are what brute force says');
	is($node->safe_psql('postgres', q{SELECT count(*) FROM (SELECT date, entry_page, count(*), sum(events), sum(page_views), sum(duration) FROM web.sessions GROUP BY 1, 2 EXCEPT ALL TABLE web.days) AS d}),
		'0', "$name: so is a rollup");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM web.quarantine'), $quarantined, "$name: so is the quarantine");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM sessionize.run_errors'), '0', "$name: no key was set aside");
	$node->safe_psql('postgres', "SELECT sessionize.resume('web')");
}

# The processes of a kind that there are.
my %kinds = (
	refresh => "query LIKE 'CALL sessionize.refresh%'", rebuild => "query LIKE 'CALL sessionize.rebuild%'", collector => "query LIKE '%collect(%'",
	worker => "backend_type LIKE '%sessionize%'", any => "backend_type = 'client backend'");

sub pids
{
	my ($kind) = @_;

	return split /\n/, $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE $kinds{$kind} AND pid <> pg_backend_pid()");
}

sub one_of { return $_[ rand @_ ]; }

sub kill_something
{
	my $how = one_of(qw(postmaster postmaster postmaster refresh refresh rebuild collector worker worker worker any terminate cancel stop));
	my @pids = grep { $_ } $kinds{$how} ? pids($how) : $how =~ /terminate|cancel/ ? (pids('any'), pids('worker')) : ();

	($how, @pids) = ('any', grep { $_ } pids('any')) if $kinds{$how} && !@pids;
	usleep(rand 20_000);
	$count{$how}++;
	if ($how eq 'postmaster') { kill_server($node); }
	elsif ($how eq 'stop') { $node->stop('immediate'); }
	elsif ($how =~ /terminate|cancel/) { $node->safe_psql('postgres', "SELECT pg_${how}_backend($_)") foreach @pids; }
	elsif (@pids) { kill('KILL', one_of(@pids)); }
	return $how =~ /postmaster|stop/;
}

settles('at first');
for my $cycle (1 .. $cycles)
{
	my $timeout = int(rand 2) ? 'SELECT' : 'SET statement_timeout = ' . (50 + int rand 500);
	my @running = map { background($timeout, ('CALL collect(1000)') x 5) } 1 .. 2;

	push @running, background("CALL sessionize.refresh('web', every => '1 millisecond', max_runtime => '60 seconds')") if rand() < 0.7;
	push @running, background("SET maintenance_work_mem = '1MB'", ("CALL sessionize.rebuild('web')") x 50) if rand() < 0.3;
	# newest first, some with rests between the pieces, and now and then of a star that has to be built
	push @running, background('SET sessionize.rebuild_piece_rows = 100', (sprintf("CALL sessionize.rebuild('web', newest_first => true, throttle => %s)", one_of(1, 0.05)),
		rand() < 0.5 ? 'CALL unbuild()' : ()) x 50) if rand() < 0.6;
	usleep(50_000 + rand 200_000);
	holds("cycle $cycle, before") if $cycle % 2;
	my $killed = kill_something();
	# who is still there ends now, too; where the server is recovering nobody is
	system('psql', '-X', '-q', '-d', $node->connstr('postgres'), '-o', '/dev/null', '-c',
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $kinds{any} AND pid <> pg_backend_pid()") if !$killed;
	finish($_) foreach @running;
	server_comes_back($node, $killed);
	holds("cycle $cycle, after");
	settles("cycle $cycle") if $cycle % 25 == 0;
}
# A crash in the middle of a first build, newest first: chance alone brings it too rarely on a busy machine.
$node->safe_psql('postgres', "SELECT sessionize.pause('web')");
my $building = background('SET sessionize.rebuild_piece_rows = 100', 'CALL unbuild()', "CALL sessionize.rebuild('web', newest_first => true, throttle => 0.01)");
$node->poll_query_until('postgres', 'SELECT EXISTS (SELECT FROM web.backfill WHERE stale)');
kill_server($node);
finish($building);
server_comes_back($node, 1);
holds('half built');
diag(join(' ', map { "$_ $count{$_}" } sort keys %count));
settles('in the end');
cmp_ok($seen{verified}, '>', $seen{moments} / 2, "$seen{verified} of $seen{moments} times some keys were verified");
cmp_ok($seen{pending}, '>', $seen{moments} / 4, "$seen{pending} times something was pending");
cmp_ok($seen{half_built}, '>', 0, "$seen{half_built} times the star was half built");
cmp_ok($count{$_} // 0, '>', 0, "killed: $_") foreach $cycles >= 100 ? qw(postmaster refresh rebuild collector worker) : ();
$node->stop;
done_testing();
