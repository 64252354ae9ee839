# The background worker: what is committed comes into the star by itself; one pipeline's failures are not another's; nothing
# of ours stands in the way of others.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SessionServer qw(wait_for_server);
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
restart_after_crash = on
max_prepared_transactions = 5
sessionize.idle_timeout = '1s'
CONF
$node->start;

sub sql
{
	my ($sql, $db) = @_;

	return $node->safe_psql($db // 'postgres', $sql);
}

sub refused
{
	my ($sql, $like, $name) = @_;
	my ($status, $out, $err) = $node->psql('postgres', $sql);

	like($err, $like, $name);
}

# A raw table and a pipeline of one name.
sub make_pipeline
{
	my ($name, $db) = @_;

	sql(qq{CREATE TABLE raw_$name (raw_id bigint GENERATED ALWAYS AS IDENTITY, event_id text, visitor text,
			occurred_at timestamptz DEFAULT clock_timestamp(), received_at timestamptz DEFAULT clock_timestamp());
		CREATE INDEX ON raw_$name (visitor, occurred_at, event_id);
		SELECT sessionize.create_pipeline('$name', 'raw_$name', key => 'visitor')}, $db);
}

sub add
{
	my ($name, $visitor, $db) = @_;

	sql("INSERT INTO raw_$name (event_id, visitor) SELECT '$visitor ' || n, '$visitor' FROM generate_series(1, 3) AS n", $db);
}

# The visitor's events come into the star without anybody's doing.
sub arrives
{
	my ($name, $visitor, $test, $db) = @_;

	ok($node->poll_query_until($db // 'postgres', "SELECT count(*) = 1 AND sum(events) = 3 FROM $name.fact_session WHERE session_key = '$visitor'"),
		$test);
}

sub waits
{
	my ($query, $test, $db) = @_;

	ok($node->poll_query_until($db // 'postgres', $query), $test);
}

sub status
{
	my ($columns, $name) = @_;

	return sql("SELECT $columns FROM sessionize.pipeline_status WHERE pipeline_name = '$name'");
}

sub right
{
	my ($name, $test) = @_;

	is(sql("SELECT pending, difference, event_difference FROM sessionize.reconcile('$name')"), '0|0|0', "$test: all is accounted for");
	is(sql("SELECT count(*) FROM sessionize.verify('$name')"), '0', "$test: verified");
}

# What would be found out by the survey that comes by once a minute has to happen without it.
sub without_survey
{
	my ($began, $test) = @_;

	cmp_ok(time - $began, '<', 50, "$test: at once");
}

my $worker_of = q{SELECT pid FROM sessionize.worker_state((SELECT pipeline_id FROM sessionize.pipeline WHERE pipeline_name = '%s'))};

sql(q{CREATE EXTENSION pg_sessionize; CREATE ROLE regress_owner; GRANT CREATE ON SCHEMA public TO regress_owner;
	GRANT CREATE ON DATABASE postgres TO regress_owner});

# By itself, from the first build on.
make_pipeline('web');
add('web', 'early');
is(status('state, needs_rebuild', 'web'), 'not scheduled|not built', 'a new pipeline is not scheduled');
is(sql(q{SELECT sessionize.schedule('web', every => '500 milliseconds')}), 'worker', 'the worker does it');
arrives('web', 'early', 'what was there before is there');
add('web', 'late');
arrives('web', 'late', 'and what is committed later');
right('web', 'after two commits');
is(status('scheduled_by, every, on_commit, failures, last_error, needs_rebuild, lag', 'web'), 'worker|00:00:00.5|t||||', 'and the status says so');
is(status("watermark > now() - interval '1 minute', last_success > now() - interval '1 minute'", 'web'), 't|t', 'how far, and when');

# Nothing happens: nobody stays, nothing is done.
waits(sprintf("SELECT pid IS NULL FROM ($worker_of) AS w", 'web'), 'the worker leaves when there is nothing to do');
my $passes = status(q{(SELECT passes FROM sessionize.worker_state(1))}, 'web');
my $connected = 0;
for (1 .. 20)
{
	$connected += sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'sessionize%' AND datname IS NOT NULL});
	select(undef, undef, undef, 0.1);
}
cmp_ok(status(q{(SELECT passes FROM sessionize.worker_state(1))}, 'web') - $passes, '<=', 1, 'and no pass is made');
cmp_ok($connected, '<=', 3, 'nor is any process connected, but for a survey in passing');

# What brings it back is the commit, of whatever kind: two of a kind would have to wait for two surveys.
my $began = time;
foreach my $n (1, 2)
{
	foreach my $kind ('commit', 'prepared')
	{
		my $visitor = "$kind $n";

		waits(sprintf("SELECT pid IS NULL FROM ($worker_of) AS w", 'web'), "nobody is there before $visitor");
		sql("BEGIN; INSERT INTO raw_web (event_id, visitor) SELECT '$visitor' || n, '$visitor' FROM generate_series(1, 3) AS n; "
			  . ($kind eq 'commit' ? 'COMMIT' : q{PREPARE TRANSACTION 'p'}));
		sql(q{COMMIT PREPARED 'p'}) if $kind eq 'prepared';
		arrives('web', $visitor, "$visitor brings a worker");
	}
}
without_survey($began, 'a commit brings a worker');

# By the clock, not by commits.
make_pipeline('slow');
$began = time;
sql(q{SELECT sessionize.schedule('slow', every => '1 hour', on_commit => false)});
waits(q{SELECT needs_rebuild IS NULL FROM sessionize.pipeline_status WHERE pipeline_name = 'slow'}, 'the first build does not wait');
add('slow', 'patient');
add('web', 'impatient');
arrives('web', 'impatient', 'one by commits');
is(status("pending_keys, next_pass > now() + interval '50 minutes'", 'slow'), '1|t', 'another by the clock');
is(status("lag > interval '0', pending_since < now(), watermark = pending_since", 'slow'), 't|t|t', 'which the status shows');
sql(q{SELECT sessionize.schedule('slow', every => '1 hour')});
arrives('slow', 'patient', 'a changed schedule counts at once');
sql(q{SELECT sessionize.unschedule('slow')});
waits(q{SELECT state IS NULL FROM sessionize.worker_state((SELECT pipeline_id FROM sessionize.pipeline WHERE pipeline_name = 'slow'))}, 'and so does none');
without_survey($began, 'a changed schedule counts');

# A writer who is not ready holds the watermark; a prepared one as well, and nobody misses its commit.
sql(q{BEGIN; INSERT INTO raw_web (event_id, visitor) SELECT 'p' || n, 'prepared' FROM generate_series(1, 3) AS n; PREPARE TRANSACTION 'p'});
is(status('oldest_writer_pid IS NULL, watermark = oldest_writer_since, oldest_writer_since < now()', 'web'), 't|t|t', 'the watermark waits for a prepared transaction');
sql(q{COMMIT PREPARED 'p'});
arrives('web', 'prepared', 'which arrives when it commits');
is(status('oldest_writer_since', 'web'), '', 'and no longer holds anything');

# Pause, resume.
sql(q{SELECT sessionize.pause('web')});
waits(sprintf("SELECT pid IS NULL FROM ($worker_of) AS w", 'web'), 'a paused pipeline has no worker');
add('web', 'paused');
sleep 1;
is(status('state, pending_keys', 'web'), 'paused|1', 'and what is committed waits');
sql(q{SELECT sessionize.resume('web')});
arrives('web', 'paused', 'for resume');

# One fails, for its owner may not read the raw table any more; the other goes on.
sql(q{SET SESSION AUTHORIZATION regress_owner;
	CREATE TABLE raw_poor (raw_id bigint GENERATED ALWAYS AS IDENTITY, event_id text, visitor text,
		occurred_at timestamptz DEFAULT clock_timestamp(), received_at timestamptz DEFAULT clock_timestamp());
	CREATE INDEX ON raw_poor (visitor, occurred_at, event_id);
	SELECT sessionize.create_pipeline('poor', 'raw_poor', key => 'visitor');
	SELECT sessionize.schedule('poor');
	CREATE TABLE witness (who name);
	CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO public.witness VALUES (current_user); RETURN NULL; END$$});
add('poor', 'first');
arrives('poor', 'first', q{a user's own pipeline});
sql(q{SET SESSION AUTHORIZATION regress_owner;
	CREATE TRIGGER witness AFTER INSERT ON poor.fact_session FOR EACH ROW EXECUTE FUNCTION witness()});
add('poor', 'second');
arrives('poor', 'second', 'is refreshed');
is(sql('SELECT DISTINCT who FROM witness'), 'regress_owner', 'as that user');
sql('ALTER TABLE raw_poor OWNER TO postgres; REVOKE ALL ON raw_poor FROM regress_owner');
add('poor', 'third');
waits(q{SELECT failures > 0 FROM sessionize.pipeline_status WHERE pipeline_name = 'poor'}, 'one that fails is counted');
is(status("last_error, backoff_until > now() - interval '1 minute'", 'poor'), 'permission denied for table raw_poor|t', 'with its error, and rests');
add('web', 'undisturbed');
arrives('web', 'undisturbed', 'the other does not notice');
waits(q{SELECT failures > 1 FROM sessionize.pipeline_status WHERE pipeline_name = 'poor'}, 'it is tried again');
is(sql(q{SELECT retry_at - failed_at > interval '1.5 seconds' FROM sessionize.schedule_failure}), 't', 'after a longer time each time');

# Over a restart it rests on.
sql(q{SELECT sessionize.pause('poor')});
waits(sprintf("SELECT pid IS NULL FROM ($worker_of) AS w", 'poor'), 'its worker has left');
sql(q{UPDATE sessionize.schedule_failure SET failures = 9, retry_at = now() + interval '1 hour';
	UPDATE sessionize.schedule SET paused = false});
$node->restart;
add('web', 'restarted');
arrives('web', 'restarted', 'after a restart the worker is there');
add('poor', 'fourth');
is(status("failures, backoff_until > now() + interval '50 minutes', state, next_pass = backoff_until", 'poor'), '9|t|backing off|t', 'and the other still rests');
is(sql(q{SELECT starts FROM sessionize.worker_state((SELECT pipeline_id FROM sessionize.pipeline WHERE pipeline_name = 'poor'))}), '0', 'without a try');
sql(q{GRANT SELECT ON raw_poor TO regress_owner; SELECT sessionize.resume('poor')});
arrives('poor', 'fourth', 'until it is mended and resumed');
waits('SELECT count(*) = 0 FROM sessionize.schedule_failure', 'which is the end of it');
right('poor', 'mended');

# Others' pipelines.
sql('CREATE ROLE regress_other');
foreach my $call (q{schedule('web')}, q{unschedule('web')}, q{pause('web')}, q{resume('web')})
{
	refused("SET SESSION AUTHORIZATION regress_other; SELECT sessionize.$call", qr/must be owner of pipeline "web"/, "$call needs the owner");
}
is(sql('SET SESSION AUTHORIZATION regress_other; SELECT state FROM sessionize.worker_state(1); SELECT count(*) FROM sessionize.pipeline_status'), "\n0",
	q{others' state is not shown});
is(sql('SET SESSION AUTHORIZATION regress_owner; SELECT pipeline_name FROM sessionize.pipeline_status'), 'poor', 'to an owner their own');

# A worker that ends, one that is killed, a launcher that ends.
sub worker_pid
{
	add('web', $_[0]);
	arrives('web', $_[0], "a worker for $_[0]");
	$node->poll_query_until('postgres', sprintf("SELECT pid IS NOT NULL FROM ($worker_of) AS w", 'web'));
	return sql(sprintf($worker_of, 'web'));
}
$node->append_conf('postgresql.conf', "sessionize.idle_timeout = '1min'");
$node->reload;
my $pid = worker_pid('terminate');
sql("SELECT pg_terminate_backend($pid)");
add('web', 'terminated');
arrives('web', 'terminated', 'after pg_terminate_backend another comes');
$pid = worker_pid('kill');
kill 'KILL', $pid;
sleep 1;
wait_for_server($node);
add('web', 'killed');
arrives('web', 'killed', 'after kill -9 and the recovery another comes');
$pid = worker_pid('launcher');
my $launcher = sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'sessionize launcher'});
sql("SELECT pg_terminate_backend($launcher)");
add('web', 'orphan');
arrives('web', 'orphan', 'without a launcher a worker goes on');
waits(qq{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'sessionize launcher' AND pid <> $launcher}, 'and another launcher comes');
is(sql(sprintf($worker_of, 'web')), $pid, 'which takes it over');
right('web', 'after all that');

# How many.
$node->append_conf('postgresql.conf', 'sessionize.max_workers = 0');
$node->reload;
waits(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'sessionize worker'}, 'no workers when there may be none');
add('web', 'one');
add('poor', 'one');
sleep 1;
is(sql('SELECT sum(pending_keys) FROM sessionize.pipeline_status'), '2', 'and nothing is refreshed');
$node->append_conf('postgresql.conf', 'sessionize.max_workers = 1');
$node->reload;
$began = time;
arrives('web', 'one', 'one worker for two pipelines: this one');
arrives('poor', 'one', 'and that one');
without_survey($began, 'a worker makes room');

# DROP DATABASE, CREATE DATABASE ... TEMPLATE, ALTER DATABASE ... RENAME while a worker is connected.
$node->append_conf('postgresql.conf', 'sessionize.max_workers = 4');
$node->reload;
my $workers_in = q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'sessionize worker' AND datname = '%s'};
$began = time;
sql('CREATE DATABASE town');
sql('CREATE EXTENSION pg_sessionize', 'town');
make_pipeline('web', 'town');
add('web', 'citizen', 'town');
sql(q{SELECT sessionize.schedule('web')}, 'town');
arrives('web', 'citizen', 'in another database, without any configuration', 'town');
waits(sprintf($workers_in, 'town'), 'a worker is connected to it');
sql('CREATE DATABASE twin TEMPLATE town');
add('web', 'twin', 'twin');
arrives('web', 'twin', 'a copied database is refreshed as well', 'twin');
waits(sprintf($workers_in, 'twin'), 'by a worker of its own');
sql('ALTER DATABASE twin RENAME TO double');
add('web', 'double', 'double');
arrives('web', 'double', 'under another name too', 'double');
waits(sprintf($workers_in, 'double'), 'again by a worker');
sql('DROP DATABASE double');
is(sql(q{SELECT count(*) FROM pg_database WHERE datname = 'double'}), '0', 'it can be dropped while that is connected');
add('web', 'town', 'town');
arrives('web', 'town', 'the first one goes on', 'town');

# DROP EXTENSION while a worker is there, undone and done.
waits(sprintf($workers_in, 'town'), 'a worker is there');
sql('SET client_min_messages = warning; BEGIN; DROP EXTENSION pg_sessionize CASCADE; ROLLBACK', 'town');
add('web', 'back', 'town');
arrives('web', 'back', 'an undone DROP EXTENSION leaves all as it was', 'town');
waits(sprintf($workers_in, 'town'), 'with a worker');
sql('SET client_min_messages = warning; DROP EXTENSION pg_sessionize CASCADE', 'town');
is(sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'sessionize worker' AND datname = 'town'}), '0', 'after DROP EXTENSION there is none');
sql('CREATE EXTENSION pg_sessionize', 'town');
is(sql('SELECT count(*) FROM sessionize.schedule', 'town'), '0', 'nor a schedule');
without_survey($began, 'databases that come, change their name and go');

# A template may be copied by whoever may create databases; others don't get the worker out of it.
my $worker_of_town = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'sessionize worker' AND datname = 'town'};
$node->append_conf('postgresql.conf', "sessionize.idle_timeout = '60s'");
$node->reload;
sql('DROP TABLE raw_web CASCADE; DROP SCHEMA web CASCADE', 'town');
make_pipeline('web', 'town');
add('web', 'citizen', 'town');
sql(q{SELECT sessionize.schedule('web')}, 'town');
arrives('web', 'citizen', 'made anew', 'town');
waits(sprintf($workers_in, 'town'), 'a worker is connected');
sql('ALTER DATABASE town IS_TEMPLATE true; CREATE ROLE clerk; CREATE ROLE builder CREATEDB');
my $worker = sql($worker_of_town);
refused('SET ROLE clerk; CREATE DATABASE third TEMPLATE town', qr/permission denied to create database/, 'not everybody may copy a template');
is(sql($worker_of_town), $worker, 'who may not has not sent its worker away');
sql('SET ROLE builder; CREATE DATABASE third TEMPLATE town');
isnt(sql($worker_of_town), $worker, 'who may create databases has');
sql('DROP DATABASE third; ALTER DATABASE town IS_TEMPLATE false; DROP ROLE clerk; DROP ROLE builder');
add('web', 'again', 'town');
arrives('web', 'again', 'there is one again', 'town');
$node->append_conf('postgresql.conf', "sessionize.idle_timeout = '1s'");
$node->reload;

# A pipeline that is dropped while it is scheduled, and one whose raw table was.
sql(q{SELECT sessionize.schedule('slow')});
sql(q{SELECT sessionize.drop_pipeline('slow')});
is(sql('SELECT count(*) FROM sessionize.schedule'), '2', 'drop_pipeline ends the schedule');
sql('SET client_min_messages = warning; DROP TABLE raw_poor CASCADE');
sql('UPDATE sessionize.schedule SET every = every');
add('web', 'last');
arrives('web', 'last', 'a pipeline that lost its raw table does not hurt another');
right('web', 'at the end');
$node->stop;
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|segmentation|signal 11/i, 'nothing worse than that in the log');
done_testing();
