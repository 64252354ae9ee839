# A changed definition and the background worker: the star is rebuilt by a process of its own, and
# events come into it meanwhile.  The process can be killed, fail and be without room.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('rebuild');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
sessionize.idle_timeout = '60s'
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');

sub sql { return $node->safe_psql('shop', $_[0]); }

sub waits { ok($node->poll_query_until('shop', $_[0]), $_[1]); }

sub add
{
	sql("INSERT INTO raw (visitor, at, page) SELECT v, '2026-02-01Z', '/new'
		FROM unnest(string_to_array('$_[0]', ' ')) AS v");
}

sub arrives
{
	waits("SELECT count(*) = 1 FROM web.sessions WHERE session_key = '$_[0]'", $_[1]);
}

sub processes
{
	return "SELECT count(*) = $_[0] FROM pg_stat_activity WHERE backend_type = 'sessionize rebuild'";
}

# Add a measure that counts the events of a page, and compare it with the raw rows.
sub add_measure
{
	sql("SELECT sessionize.add_measure('web', '$_[0]', 'count', filter => 'page = ''$_[1]''')");
}

sub is_built
{
	my ($measure, $page, $test) = @_;

	waits('SELECT needs_rebuild IS NULL AND pending_rows = 0 FROM sessionize.pipeline_status',
		"$test: the star is built");
	is( sql(qq{
		SELECT count(*) FROM (
			SELECT session_key, sum($measure) FROM web.sessions GROUP BY 1
			EXCEPT ALL SELECT visitor, count(*) FILTER (WHERE page = '$page') FROM raw GROUP BY 1) AS x}),
		'0', "$test: the measure is right");
	is(sql(q{SELECT pending, difference FROM sessionize.reconcile('web')}),
		'0|0', "$test: all is accounted for");
	is(sql(q{SELECT count(*) FROM sessionize.verify('web')}), '0', "$test: verified");
}

# Holds whoever comes to a pause point.
my $holder;

sub hold
{
	$holder = $node->background_psql('shop');
	$holder->query_safe(qq{SELECT pg_advisory_lock(hashtext('$_[0]'))});
}

sub let_go { $holder->query_safe('SELECT pg_advisory_unlock_all()'); $holder->quit; }

my $held = q{SELECT count(*) = 1 FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
	WHERE l.locktype = 'advisory' AND NOT l.granted AND a.backend_type = 'sessionize rebuild'};

sql(q{
	CREATE EXTENSION pg_sessionize;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz, page text);
	CREATE INDEX ON raw (visitor, at);
	INSERT INTO raw (visitor, at, page)
	SELECT 'v' || n % 50, '2026-01-01Z'::timestamptz + n * interval '7 minutes', '/' || n % 3
	FROM generate_series(1, 1000) AS n;
	SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at');
	SELECT sessionize.schedule('web');
});
waits(q{SELECT needs_rebuild IS NULL FROM sessionize.pipeline_status}, 'the worker builds the star');

hold('rebuild-piece-0');
add_measure('ones', '/1');
waits($held, 'a measure is added: a process rebuilds the star, and is held');
foreach my $name (qw(ann bob cid))
{
	add($name);
	arrives($name, "$name arrives meanwhile");
}
add('v7');
waits(q{SELECT pending_rows = 0 OR needs_rebuild IS NOT NULL FROM sessionize.pipeline_status},
	'so do events of old keys');
is(sql(q{SELECT count(*) FROM sessionize.runs WHERE kind = 'refresh' AND state = 'done' AND sessions > 5}),
	'0', 'session by session');
is(sql(q{SELECT needs_rebuild FROM sessionize.pipeline_status}), 'not built', 'the status says so');
is(sql('SELECT failures FROM sessionize.pipeline_status'), '', 'nothing has failed');
is(sql(processes(1)), 't', 'there is one process');
let_go();
is_built('ones', '/1', 'let go');
waits(processes(0), 'the process leaves');

# Killed in the middle: it comes back, and goes on.
hold('rebuild-finish');
add_measure('twos', '/2');
waits($held, 'held before the end');
sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'sessionize rebuild'});
add('eve');
arrives('eve', 'events arrive after it was killed');
waits($held, 'it is back');
let_go();
is_built('twos', '/2', 'killed');

# An error is the pipeline's: it is shown, and tried again later and later. The rows that are made wrong
# have to be updated by the rebuild, which goes by hash after a change of rules.
sql(q{
	UPDATE web.fact_session SET page_views = page_views + 1 WHERE session_key IN ('v1', 'v2');
	CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not today'; END$$;
	CREATE TRIGGER refuse BEFORE UPDATE ON web.fact_session FOR EACH ROW EXECUTE FUNCTION refuse();
	ALTER TABLE web.fact_session ENABLE ALWAYS TRIGGER refuse;
});
sql(q{SELECT sessionize.alter_pipeline('web', gap => '40 minutes')});
waits(q{SELECT failures > 1 AND last_error = 'not today' FROM sessionize.pipeline_status},
	'an error is counted and shown');
waits(q{SELECT backoff_until > now() FROM sessionize.pipeline_status}, 'the next try waits');
sql('DROP TRIGGER refuse ON web.fact_session');
is_built('twos', '/2', 'after an error');
waits(q{SELECT failures IS NULL FROM sessionize.pipeline_status}, 'the failures are forgotten');

# Without room for a process the worker does it.
$node->append_conf('postgresql.conf', "max_worker_processes = 3\n");
$node->restart;
add_measure('news', '/new');
is_built('news', '/new', 'without room');
$node->append_conf('postgresql.conf', "max_worker_processes = 8\n");
$node->restart;

# Who pauses the pipeline ends the process.
hold('rebuild-piece-0');
add_measure('ones_again', '/1');
waits($held, 'held once more');
sql(q{SELECT sessionize.pause('web')});
waits(processes(0), 'a pause ends it');
sql(q{SELECT sessionize.resume('web')});
waits($held, 'resumed');
sql('SET client_min_messages = warning; DROP EXTENSION pg_sessionize CASCADE');
waits(processes(0), 'it leaves when the extension is dropped');
let_go();

$node->stop;
done_testing();
