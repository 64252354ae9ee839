# Workers are shared between owners: an owner whose passes take long, or have no end, does not keep others from theirs; a pass that makes
# no progress is cancelled, and a key that takes too long is set aside; what takes long goes on.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
max_worker_processes = 12
sessionize.max_workers = 2
sessionize.pass_timeout = '3s'
sessionize.idle_timeout = '1s'
CONF
$node->start;

sub sql { return $node->safe_psql('postgres', $_[0]); }
sub waits { ok($node->poll_query_until('postgres', $_[0]), $_[1]); }
sub status { return sql("SELECT $_[0] FROM sessionize.pipeline_status WHERE pipeline_name = '$_[1]'"); }

sub set
{
	my ($name, $value) = @_;

	sql("ALTER SYSTEM SET $name = '$value'");
	$node->reload;
	waits("SELECT current_setting('$name') = '$value'", "$name is $value");
}

# A pipeline of a role: each row takes as long as its page says, in seconds; "ever" has no end, and "deaf" catches a cancel.
sub make_pipeline
{
	my ($role, $name) = @_;

	sql(qq{SET ROLE $role;
		CREATE TABLE $role.raw_$name (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz DEFAULT clock_timestamp(), p text);
		CREATE INDEX ON $role.raw_$name (visitor, at);
		SELECT sessionize.create_pipeline('$name', '$role.raw_$name', key => 'visitor', event_time => 'at', page => 'public.slow(p)')});
}

sub add
{
	my ($role, $name, $page, $visitor, $rows) = @_;

	$visitor //= $page;
	$rows //= 1;
	sql("INSERT INTO $role.raw_$name (visitor, p) SELECT '$visitor', '$page' FROM generate_series(1, $rows)");
}

sub arrives
{
	my ($name, $visitor, $test) = @_;

	waits("SELECT count(*) > 0 FROM $name.fact_session WHERE session_key = '$visitor'", $test);
}

sub workers
{
	return "SELECT count(*) FROM sessionize.pipelines AS p JOIN sessionize.pipeline AS c USING (pipeline_name), sessionize.worker_state(c.pipeline_id) AS w
		WHERE w.pid IS NOT NULL AND p.owner = '$_[0]'::regrole";
}

my $processes = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type IN ('sessionize worker', 'sessionize large keys')};

sql(q{CREATE EXTENSION pg_sessionize;
	CREATE FUNCTION slow(p text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
	BEGIN
		IF p = 'deaf' THEN
			LOOP
				BEGIN
					PERFORM pg_sleep(60);
				EXCEPTION WHEN query_canceled THEN
					NULL;
				END;
			END LOOP;
		END IF;
		IF p = 'ever' THEN
			PERFORM pg_sleep(100000);
		END IF;
		IF p ~ '^[0-9.]+$' THEN
			PERFORM pg_sleep(p::float8);
		END IF;
		RETURN p;
	END$$});
foreach my $role (qw(ann bob cid))
{
	sql(qq{CREATE ROLE $role; CREATE SCHEMA $role AUTHORIZATION $role; GRANT CREATE ON DATABASE postgres TO $role});
}

# An owner with a worker too many gives it up: the one that came last.
make_pipeline('ann', "a$_") foreach 1 .. 3;
make_pipeline('bob', $_) foreach qw(b1 b2);
sql("SELECT sessionize.schedule('$_', on_commit => true)") foreach qw(a1 a2 a3 b1 b2);
waits("SELECT bool_and(needs_rebuild IS NULL) FROM sessionize.pipeline_status", 'all are built');
waits("SELECT bool_and(state = 'idle') FROM sessionize.pipeline_status", 'and rest');
# 100 seconds of work, a row each half second
add('ann', 'a1', '0.5', 'long', 200);
waits("SELECT state = 'running' FROM sessionize.pipeline_status WHERE pipeline_name = 'a1'", 'one is at work');
my $oldest = status('worker_pid', 'a1');
sleep 1;
add('ann', 'a2', '0.5', 'long', 200);
waits("SELECT state = 'running' FROM sessionize.pipeline_status WHERE pipeline_name = 'a2'", 'another of the same owner');
add('ann', 'a3', 'short');
add('bob', 'b1', 'short');
waits("SELECT state = 'waiting for a worker' AND lag > interval '0' FROM sessionize.pipeline_status WHERE pipeline_name = 'b1'", 'others wait, and the status says so');
arrives('b1', 'short', q{one of another owner's comes in});
is(status('worker_pid', 'a1'), $oldest, 'while what was there for the longest time goes on');
like(slurp_file($node->logfile), qr/ended a pass of pipeline "a2" so that others get a worker/, 'the one that came last was ended');
add('bob', 'b2', 'short');
arrives('b2', 'short', 'his others too');
is(status('failures, last_error', 'a2'), '|', 'which is no failure');

# More owners than workers: each gets his time, and what takes longer gets more of it.
sql(q{SELECT sessionize.pause(p) FROM unnest(ARRAY['a1', 'a2', 'a3', 'b1', 'b2']) AS p});
waits("SELECT ($processes) = 0", 'pause ends what runs, and all leave');
make_pipeline('cid', 'c1');
sql(q{SELECT sessionize.schedule('c1')});
waits("SELECT needs_rebuild IS NULL FROM sessionize.pipeline_status WHERE pipeline_name = 'c1'", 'a third owner');
waits("SELECT ($processes) = 0", 'has nobody at work');
add('bob', 'b1', '0.5', 'six seconds', 12);
sql(q{SELECT sessionize.resume('a1'); SELECT sessionize.resume('b1')});
waits(q{SELECT bool_and(state = 'running') FROM sessionize.pipeline_status WHERE pipeline_name IN ('a1', 'b1')}, 'two are at work');
foreach my $n (1 .. 4)
{
	add('cid', 'c1', "visitor $n");
	arrives('c1', "visitor $n", "the third gets a worker, $n");
}
arrives('b1', 'six seconds', 'and a pass of more than a slice is done in the end');
sql(q{SELECT sessionize.unschedule(p) FROM unnest(ARRAY['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) AS p});
waits("SELECT ($processes) = 0", 'unschedule ends what runs');

# No progress: the pass is cancelled, others of the same owner get their turn.
add('ann', 'a2', 'ever');
add('ann', 'a3', 'ever');
sql(q{DELETE FROM ann.raw_a1 WHERE visitor = 'long'; DELETE FROM ann.raw_a2 WHERE visitor = 'long'});
sql(q{SELECT sessionize.schedule(p) FROM unnest(ARRAY['a2', 'a3', 'a1']) AS p});
add('ann', 'a1', 'other');
arrives('a1', 'other', 'after passes without an end');
waits(q{SELECT bool_and(failed_keys = 1) FROM sessionize.pipeline_status WHERE pipeline_name IN ('a2', 'a3')}, 'keys that take too long, alone, are noted as failed');
is(sql(q{SELECT DISTINCT error FROM sessionize.run_errors WHERE pipeline_name IN ('a2', 'a3')}),
	'cancelled after 3 s without progress (sessionize.pass_timeout): look for an expression, a trigger or a lock that does not end', 'with what to look for');
is(sql(q{SELECT session_key, raw_rows FROM sessionize.large_key}), "ever|0\never|0", 'and others do not wait for them any more');
foreach my $name (qw(a2 a3))
{
	add('ann', $name, 'beside');
	arrives($name, 'beside', "$name: others come in");
}
sql(q{SELECT sessionize.unschedule(p) FROM unnest(ARRAY['a1', 'a2', 'a3']) AS p});
waits("SELECT ($processes) = 0", 'unschedule ends the process for large keys as well');
foreach my $name (qw(a1 a2 a3))
{
	sql("DELETE FROM ann.raw_$name WHERE p = 'ever'");
	sql("CALL sessionize.refresh('$name')");
	is(sql("SELECT pending, difference, event_difference FROM sessionize.reconcile('$name')"), '0|0|0', "$name: all is accounted for");
	is(sql("SELECT count(*) FROM sessionize.verify('$name')"), '0', "$name: verified");
}

# One key among many: the passes take fewer at a time until it is alone, and what is done stays done.
set('sessionize.pass_timeout', '1s');
sql(q{INSERT INTO bob.raw_b2 (visitor, p) SELECT 'v' || n, CASE WHEN n = 77 THEN 'ever' ELSE 'x' END FROM generate_series(1, 100) AS n});
sql(q{SELECT sessionize.schedule('b2')});
waits(q{SELECT failures > 0 AND last_error LIKE 'cancelled after 1 s without progress%' FROM sessionize.pipeline_status WHERE pipeline_name = 'b2'}, 'a pass that makes no progress is a failure');
waits(q{SELECT count(*) = 99 FROM b2.fact_session WHERE session_key LIKE 'v%'}, 'all but one of a hundred keys come in');
is(sql(q{SELECT session_key FROM sessionize.run_errors WHERE pipeline_name = 'b2'}), 'v77', 'which is noted');
waits(q{SELECT failures IS NULL FROM sessionize.pipeline_status WHERE pipeline_name = 'b2'}, 'then passes succeed');
sql(q{DELETE FROM bob.raw_b2 WHERE p = 'ever'});
sql(q{CALL sessionize.refresh('b2')});
waits(q{SELECT failed_keys = 0 AND pending_keys = 0 FROM sessionize.pipeline_status WHERE pipeline_name = 'b2'}, 'when it is mended it is forgotten');
is(sql(q{SELECT count(*) FROM sessionize.large_key}), '0', 'and like all others again');

# What goes on is let be, however long it takes: here a first build, and a refresh of a single key.
make_pipeline('cid', 'c2');
add('cid', 'c2', '0.4', 'slow', 8);
sql(q{SELECT sessionize.schedule('c2')});
arrives('c2', 'slow', 'a first build that takes longer than the limit, row by row');
add('cid', 'c2', '0.4', 'slow', 4);
waits(q{SELECT sum(events) = 12 FROM c2.fact_session WHERE session_key = 'slow'}, 'a refresh of a key that does');
is(status('failures, failed_keys', 'c2'), '|0', 'without a failure');

# Code that catches the cancel: the process is ended, which counts, and is written down.
my $pid = sql(q{SELECT max(run_id) FROM sessionize.run});
add('cid', 'c2', 'deaf');
waits(q{SELECT failures > 0 AND last_error LIKE 'cancelled after 1 s without progress%' AND backoff_until IS NOT NULL FROM sessionize.pipeline_status WHERE pipeline_name = 'c2'},
	'one that catches the cancel is ended nevertheless, which is a failure');
waits(q{SELECT failures > 1 FROM sessionize.pipeline_status WHERE pipeline_name = 'c2'}, 'and another the next time');

# Somebody holds a lock.
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN');
$holder->query_safe('LOCK TABLE b2.fact_session');
add('bob', 'b2', 'locked');
waits(q{SELECT failures > 0 AND last_error LIKE 'cancelled after 1 s%' FROM sessionize.pipeline_status WHERE pipeline_name = 'b2'}, 'a lock that somebody holds is not waited for for ever');
$holder->query_safe('COMMIT');
arrives('b2', 'locked', 'and when it is gone the work is done');
$holder->quit;

# drop_pipeline does not wait for a pass without an end, nor a first build; nor does one that is rolled back do any harm.
set('sessionize.pass_timeout', '0');
add('bob', 'b2', 'ever');
waits(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%"b2"' AND state = 'active'}, 'a pass without an end');
sql(q{BEGIN; SELECT sessionize.drop_pipeline('b2'); ROLLBACK});
waits(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%"b2"' AND state = 'active'}, 'is done again where the drop is rolled back');
sql(q{BEGIN; SAVEPOINT s; SELECT sessionize.drop_pipeline('b2'); ROLLBACK TO s; SELECT pg_sleep(3); COMMIT});
waits(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%"b2"' AND state = 'active'}, 'and to a savepoint as well');
my ($code, $out, $err) = $node->psql('postgres', q{SET statement_timeout = '30s'; SELECT sessionize.drop_pipeline('b2')});
is($err, '', 'drop_pipeline ends it');
make_pipeline('bob', 'b3');
add('bob', 'b3', 'ever');
sql(q{SELECT sessionize.schedule('b3')});
waits(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%"b3"' AND state = 'active'}, 'a first build without an end');
($code, $out, $err) = $node->psql('postgres', q{SET statement_timeout = '30s'; SELECT sessionize.drop_pipeline('b3')});
is($err, '', 'drop_pipeline ends that too');
waits(q{SELECT count(*) = 0 FROM sessionize.pipeline_status WHERE state IS NULL OR pipeline_name = 'b3'}, 'and nothing is left of it');

# pause and unschedule that are rolled back.
make_pipeline('bob', 'b4');
sql(q{SELECT sessionize.schedule('b4')});
waits(q{SELECT needs_rebuild IS NULL FROM sessionize.pipeline_status WHERE pipeline_name = 'b4'}, 'another');
add('bob', 'b4', 'ever');
my $at_work = q{SELECT pid FROM pg_stat_activity WHERE query LIKE '%"b4"' AND state = 'active'};
waits("SELECT count(*) = 1 FROM ($at_work) AS w", 'is at work');
$pid = sql($at_work);
sql(q{BEGIN; SELECT sessionize.pause('b4'); ROLLBACK; BEGIN; SELECT sessionize.unschedule('b4'); ROLLBACK; BEGIN; SAVEPOINT s; SELECT sessionize.unschedule('b4'); ROLLBACK TO s; COMMIT});
sleep 2;
is(sql($at_work), $pid, 'what is rolled back ends nothing');
sql(q{SELECT sessionize.pause('b4')});
waits("SELECT count(*) = 0 FROM ($at_work) AS w", 'pause does');
is(status('state, pending_keys', 'b4'), 'paused|1', 'and its work is still there');

# Processes for large keys don't take the places of workers: with two workers there is one of them.
set('sessionize.pass_timeout', '1s');
sql(q{SELECT sessionize.unschedule('b4')});
foreach my $name (qw(a1 a2 a3))
{
	sql("INSERT INTO sessionize.large_key (pipeline_id, session_key, raw_rows) SELECT pipeline_id, 'big', 1 FROM sessionize.pipeline WHERE pipeline_name = '$name'");
	add('ann', $name, 'ever', 'big');
	sql("SELECT sessionize.schedule('$name')");
}
my $most = 0;
for (1 .. 60)
{
	my $now = sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'sessionize large keys'});

	$most = $now if $now > $most;
	select(undef, undef, undef, 0.1);
}
is($most, 1, 'one process for large keys at a time, with two workers');

$node->stop;
done_testing();
