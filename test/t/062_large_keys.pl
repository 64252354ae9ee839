# A large key and the background worker: others come into the star while the large key is at work in a process of its own, which leaves
# afterwards, stands in nobody's way, and is done without where there is no room for it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('large');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_sessionize'
sessionize.large_key_rows = 100
sessionize.idle_timeout = '60s'
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');

sub sql { return $node->safe_psql('shop', $_[0]); }

sub setup
{
	sql(q{
		CREATE EXTENSION pg_sessionize;
		CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz);
		CREATE INDEX ON raw (visitor, at);
		INSERT INTO raw (visitor, at) SELECT 'bot', '2026-01-01Z'::timestamptz + n * interval '1 minute' FROM generate_series(1, 200) AS n;
		-- the time is an expression, so that a refresh has to read all of a key
		SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'coalesce(at, at)');
		CALL sessionize.rebuild('web');
		SELECT sessionize.schedule('web');
	});
}

sub add { sql("INSERT INTO raw (visitor, at) SELECT v, '2026-02-01Z' FROM unnest(string_to_array('$_[0]', ' ')) AS v"); }
sub waits { ok($node->poll_query_until('shop', $_[0]), $_[1]); }
sub arrives { waits("SELECT count(*) = 1 FROM web.sessions WHERE session_key = '$_[0]'", $_[1]); }
my $processes = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'sessionize large keys'};

sub right
{
	my ($test) = @_;

	is(sql(q{SELECT pending, difference, event_difference FROM sessionize.reconcile('web')}), '0|0|0', "$test: all is accounted for");
	is(sql(q{SELECT count(*) FROM sessionize.verify('web')}), '0', "$test: verified");
}

# Holds whoever comes to a pause point; in the database where that is.
my $holder;
sub hold { $holder = $node->background_psql('shop'); $holder->query_safe(qq{SELECT pg_advisory_lock(hashtext('$_[0]'))}); }
sub let_go { $holder->query_safe('SELECT pg_advisory_unlock_all()'); $holder->quit; }

setup();
add('bot');
waits(q{SELECT sum(events) = 201 FROM web.sessions WHERE session_key = 'bot'}, 'its first new event arrives');
is(sql('SELECT session_key, raw_rows FROM sessionize.large_key'), 'bot|201', 'and it is noted as large');

hold('large-claimed');
add('bot ann');
arrives('ann', 'others arrive');
waits("$processes" =~ s/count\(\*\)/count(*) = 1/r, 'the large key has a process');
foreach my $name (qw(bob cid dan))
{
	add("$name bot");
	arrives($name, "$name arrives while it is held");
}
is(sql(q{SELECT sum(events) FROM web.sessions WHERE session_key = 'bot'}), '201', 'the large key does not');
is(sql(q{SELECT pending_large_keys FROM sessionize.pipeline_status}), '1', 'the status says that it is pending');
is(sql(q{SELECT pending > 0, difference, event_difference FROM sessionize.reconcile('web')}), 't|0|0', 'the accounts close');
is(sql(q{SELECT count(*) FROM sessionize.verify('web')}), '0', 'nothing is wrong');
is(sql($processes), '1', 'and there is one process');
let_go();
waits(q{SELECT sum(events) = 205 FROM web.sessions WHERE session_key = 'bot'}, 'when it is let go all of its events arrive, the later ones after a rest');
waits("$processes" =~ s/count\(\*\)/count(*) = 0/r, 'the process leaves');
waits(q{SELECT pending_rows = 0 FROM sessionize.pipeline_status}, 'nothing is left');
right('after it');

# Killed in the middle: nothing is lost, others don't notice.
hold('large-written');
add('bot');
waits("$processes" =~ s/count\(\*\)/count(*) = 1/r, 'it is at work');
waits(q{SELECT count(*) = 1 FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) WHERE l.locktype = 'advisory' AND NOT l.granted AND a.backend_type = 'sessionize large keys'}, 'and held');
sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'sessionize large keys'});
add('eve');
arrives('eve', 'others arrive after it was killed');
let_go();
is(sql(q{SELECT pending_large_keys FROM sessionize.pipeline_status}), '1', 'the large key is still pending');
sql(q{CALL sessionize.refresh('web')});
right('after a refresh by hand');

# Without room for a process the worker does it.
$node->append_conf('postgresql.conf', "max_worker_processes = 3\n");
$node->restart;
add('bot fay');
arrives('fay', 'without room: others arrive');
waits(q{SELECT sum(events) = 207 FROM web.sessions WHERE session_key = 'bot'}, 'without room: so does the large key');
right('without room');
$node->append_conf('postgresql.conf', "max_worker_processes = 8\n");
$node->restart;

# It leaves for a statement that needs us gone.
hold('large-claimed');
add('bot');
waits("$processes" =~ s/count\(\*\)/count(*) = 1/r, 'it is at work again');
sql('SET client_min_messages = warning; DROP EXTENSION pg_sessionize CASCADE');
waits("$processes" =~ s/count\(\*\)/count(*) = 0/r, 'and leaves when the extension is dropped');
let_go();

$node->stop;
done_testing();
