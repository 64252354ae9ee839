# On distributed tables the aggregates are computed on the workers and combined on the coordinator, with the results of one node.
# Needs Citus.
use strict;
use warnings;
use CitusCluster qw(no_citus single_node);
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => no_citus() if no_citus();

my $cluster = CitusCluster->start(workers => 2);
my $single = single_node();
my @servers = ($cluster->coordinator, $cluster->worker(1), $single);

# Events that come in random order, with copies, NULLs, and times that are exactly a gap apart.
my $table = q{CREATE TABLE events (key text, ts timestamptz, name text, country text, properties jsonb)};
my $rows = q{INSERT INTO events SELECT 'u' || abs(hashint8extended(i, 1) % 300),
	CASE WHEN i % 97 <> 0 THEN timestamptz '2026-01-01 00:00+00' + (hashint8extended(i, 2) % 20000) * interval '10 minutes' END,
	'e' || abs(hashint8extended(i, 3) % 4), 'c' || abs(hashint8extended(i, 4) % 5),
	CASE WHEN i % 5 <> 0 THEN jsonb_build_object('price', i % 50, 'n', 'x' || i % 7) END
	FROM generate_series(1, 20000) AS i};
$cluster->sql("$table; SELECT create_distributed_table('events', 'key'); $rows");
$single->safe_psql('postgres', "$table; $rows");

my %aggregate = (
	session_count => q{sessionize.session_count(ts, '10 minutes')},
	session_agg => q{sessionize.session_agg(ts, '10 minutes')},
	'session_count with FILTER' => q{sessionize.session_count(ts, '1 hour') FILTER (WHERE name <> 'e1')},
	session_concurrency => q{sessionize.session_concurrency(ts, ts + interval '25 minutes', '1 day')},
	'session_concurrency from an origin' => q{sessionize.session_concurrency(ts, ts + interval '25 minutes', '1 week', '2026-01-01 07:00+00')},
	'session_concurrency of instants' => q{sessionize.session_concurrency(ts, ts + interval '25 minutes')},
	funnel => q{sessionize.funnel(ts, '1 hour', name = 'e1', name = 'e2', name = 'e3')},
	'funnel with a mode' => q{sessionize.funnel(ts, '1 hour', 'strict_order', name = 'e1', name = 'e2')},
	funnel_times => q{sessionize.funnel_times(ts, '1 hour', name = 'e1', name = 'e2')},
	'funnel_times with a mode' => q{sessionize.funnel_times(ts, '1 hour', 'strict_increase', name = 'e1', name = 'e2')},
	retention => q{sessionize.retention(name = 'e1', name = 'e9', country = 'c2')},
	session_pace => q{sessionize.session_pace(ts)},
	infer_schema => q{sessionize.infer_schema(properties)},
	property_statistics => q{sessionize.property_statistics(properties)},
);

# The same query on each server: the same rows.
sub same
{
	my ($query, $name) = @_;
	my ($coordinator, $worker, $one) = map { $_->safe_psql('postgres', "SET timezone = 'UTC'; $query") } @servers;

	is($coordinator, $one, "$name: through the coordinator");
	is($worker, $one, "$name: through a worker");
	return;
}

sub plan_of
{
	my ($query) = @_;

	return $cluster->sql("SET citus.explain_all_tasks = on; EXPLAIN (VERBOSE, COSTS OFF) $query");
}

foreach my $name (sort keys %aggregate)
{
	my $query = "SELECT $aggregate{$name} FROM events";

	same("SELECT $aggregate{$name} FROM events", $name);
	like(plan_of($query), qr/Query: SELECT (?:pg_catalog\.)?worker_partial_agg\(/, "$name: the workers send states");
	same("SELECT country, $aggregate{$name} FROM events GROUP BY country ORDER BY country", "$name by another column");
	same("SELECT $aggregate{$name} FROM events WHERE ts IS NULL", "$name of no event");
	same("SELECT key, $aggregate{$name} FROM events GROUP BY key ORDER BY key", "$name by the key");
}

# A query that is pushed down as a whole has the plan on the workers that it has on one node.
foreach my $name (qw(session_count session_agg funnel funnel_times retention))
{
	my $plan = plan_of("SELECT key, $aggregate{$name} FROM events GROUP BY key");

	like($plan, qr/Custom Scan \(SessionGroup\)/, "$name by the key: SessionGroup on the workers");
	unlike($plan, qr/worker_partial_agg/, "$name by the key: no states are sent");
}

# Queries within queries, views, prepared statements, joins.
$_->safe_psql('postgres', q{CREATE VIEW busy AS SELECT country, sessionize.session_count(ts, '1 hour') AS sessions FROM events GROUP BY country})
  for $cluster->coordinator, $single;
same(q{SELECT * FROM busy ORDER BY sessions DESC, country LIMIT 3}, 'a view');
same(q{WITH b AS (SELECT name, sessionize.session_count(ts, '1 hour') AS n FROM events GROUP BY name) SELECT sum(n), max(n) FROM b}, 'a CTE');
same(q{SELECT sum(n) FROM (SELECT key, sessionize.session_count(ts, '1 hour') AS n FROM events GROUP BY key) AS x}, 'a sum of keys');
same(q{PREPARE p(interval) AS SELECT sessionize.session_count(ts, $1) FROM events; EXECUTE p('1 hour'); EXECUTE p('10 minutes')}, 'a prepared statement');
same(q{SELECT e.country, sessionize.session_count(e.ts, '1 hour') FROM events AS e JOIN (SELECT key FROM events WHERE name = 'e2' GROUP BY key HAVING count(*) > 18) AS k
	USING (key) GROUP BY e.country ORDER BY 1}, 'a join');
same(q{SELECT country FROM events GROUP BY country HAVING sessionize.session_count(ts, '1 hour') > 1 ORDER BY 1}, 'HAVING');
same(q{SELECT sessionize.session_count(ts, '1 hour' ORDER BY ts), sessionize.session_count(DISTINCT ts, '1 hour') FROM events}, 'ordered and distinct rows');
like($cluster->sql(q{SELECT pg_get_viewdef('busy'::regclass)}), qr/session_count\(/, 'the view calls what was written');

# Results that are errors are the same errors.
foreach my $query (q{SELECT sessionize.session_count(ts, NULL) FROM events}, q{SELECT sessionize.session_concurrency(ts, ts - interval '1 hour', '1 day') FROM events})
{
	my @messages = map { my (undef, undef, $error) = $_->psql('postgres', $query); $error =~ /ERROR:  (.*)/ ? $1 : '' } @servers;

	ok($messages[0] ne '' && $messages[0] eq $messages[2], "the error of one node: $messages[2]");
}

$cluster->stop;
$single->stop('immediate');
done_testing;
