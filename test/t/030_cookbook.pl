# The cookbook's queries, on the data of make demo: each gives what the page prints, and what another query in
# plain SQL gives.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('cookbook');
$node->init;
$node->append_conf('postgresql.conf', "work_mem = '64MB'\nfsync = off\nautovacuum = off\njit = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_sessionize');
$node->safe_psql('postgres', "SELECT sessionize.create_events_table('raw.events', 'month')");
IPC::Run::run([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-v', 'ON_ERROR_STOP=1', '-f', 'examples/demo/generator.sql' ])
  or die 'the generator failed';
$node->safe_psql('postgres', "ANALYZE raw.events; SELECT sessionize.create_pipeline('web', 'raw.events')");
$node->safe_psql('postgres', "CALL sessionize.rebuild('web')");

# What the page has: for each numbered question a query and what is printed for it, and before them the settings.
my $page = slurp_file('docs/cookbook.md');
my ($settings) = $page =~ /```sql\n(.*?)```/s;
my %query;
my %printed;
while ($page =~ /^## (\d+)\. .*?\n```sql\n(.*?);\n```\n\n```\n(.*?)```/msg)
{
	($query{$1}, $printed{$1}) = ($2, $3);
}

# Common to some of the oracles: when each session first did a step after the one before; and the page views of a
# session in order, without those of the page before.
$node->safe_psql('postgres', q{
	CREATE TABLE way AS
	WITH product AS (SELECT session_id, min(event_time) AS at FROM web.events WHERE page LIKE '/product/%' GROUP BY 1),
	     cart AS (SELECT session_id, min(event_time) AS at FROM web.events JOIN product AS p USING (session_id) WHERE event_name = 'add_to_cart' AND event_time >= p.at GROUP BY 1),
	     checkout AS (SELECT session_id, min(event_time) AS at FROM web.events JOIN cart AS p USING (session_id) WHERE page = '/checkout' AND event_time >= p.at GROUP BY 1),
	     purchase AS (SELECT session_id, min(event_time) AS at FROM web.events JOIN checkout AS p USING (session_id) WHERE event_name = 'purchase' AND event_time >= p.at GROUP BY 1)
	SELECT session_id, product.at AS product, cart.at AS cart, checkout.at AS checkout, purchase.at AS purchase
	FROM product LEFT JOIN cart USING (session_id) LEFT JOIN checkout USING (session_id) LEFT JOIN purchase USING (session_id);

	CREATE TABLE hit AS
	SELECT session_id, node, row_number() OVER w AS n, lead(node) OVER w AS next
	FROM (SELECT session_id, event_time, node, lag(node) OVER (PARTITION BY session_id ORDER BY event_time, node COLLATE "C") AS before
	      FROM (SELECT session_id, event_time, CASE WHEN page = '/' THEN 'home' ELSE split_part(page, '/', 2) END AS node FROM web.events WHERE page_view) AS x) AS y
	WHERE before IS DISTINCT FROM node
	WINDOW w AS (PARTITION BY session_id ORDER BY event_time, node COLLATE "C");

	CREATE TABLE span AS SELECT tstzrange(started_at, ended_at, '[]') AS span, started_at FROM web.sessions;
	CREATE INDEX ON span USING gist (span);
	ANALYZE way, hit, span;
});

my %oracle = (
	1 => q{
		SELECT step, what, sessions, round(100.0 * sessions / lag(sessions) OVER (ORDER BY step), 1)
		FROM (SELECT 1 AS step, 'saw a product' AS what, count(product) AS sessions FROM way
		      UNION ALL SELECT 2, 'put one into the cart', count(cart) FROM way
		      UNION ALL SELECT 3, 'went to the checkout', count(checkout) FROM way
		      UNION ALL SELECT 4, 'bought', count(purchase) FROM way) AS x},
	2 => q{
		SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY cart - product), percentile_disc(0.5) WITHIN GROUP (ORDER BY purchase - cart),
		       percentile_disc(0.5) WITHIN GROUP (ORDER BY purchase - product), percentile_disc(0.9) WITHIN GROUP (ORDER BY purchase - product)
		FROM way WHERE purchase IS NOT NULL},
	3 => q{
		SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM web.sessions AS s WHERE s.session_key = v.session_key AND s.date BETWEEN '2026-03-09' AND '2026-03-15')),
		       count(*) FILTER (WHERE EXISTS (SELECT FROM web.sessions AS s WHERE s.session_key = v.session_key AND s.date BETWEEN '2026-03-16' AND '2026-03-22')),
		       count(*) FILTER (WHERE EXISTS (SELECT FROM web.sessions AS s WHERE s.session_key = v.session_key AND s.date >= '2026-03-23'))
		FROM (SELECT DISTINCT session_key FROM web.sessions WHERE date <= '2026-03-08') AS v},
	# the number of open sessions is greatest where one begins, or where the hour does
	4 => q{
		SELECT bucket, (SELECT count(*) FROM span WHERE span && tstzrange(bucket, bucket + interval '1 hour')) AS active, peak
		FROM (SELECT bucket, max((SELECT count(*) FROM span WHERE span @> at)) AS peak
		      FROM (SELECT date_trunc('hour', started_at) AS bucket, started_at AS at FROM span
		            UNION SELECT hour, hour FROM generate_series(timestamptz '2026-03-01', '2026-04-01', '1 hour') AS hour) AS x GROUP BY bucket) AS y
		ORDER BY peak DESC, active DESC, bucket LIMIT 5},
	5 => q{
		SELECT CASE WHEN next IS NULL THEN '(they left)' WHEN next = '/' THEN 'home' ELSE split_part(next, '/', 2) END, count(*)
		FROM (SELECT DISTINCT ON (session_id) session_id, next
		      FROM (SELECT session_id, page, row_number() OVER w AS n, lead(page) OVER w AS next FROM web.events WHERE page_view
		            WINDOW w AS (PARTITION BY session_id ORDER BY event_time, page = '/search', page COLLATE "C")) AS x
		      WHERE page = '/search' ORDER BY session_id, n) AS y
		GROUP BY 1},
	6 => q{
		SELECT count(*), count(*) FILTER (WHERE soonest <= '1 hour'), count(*) FILTER (WHERE soonest > '1 hour'), count(*) FILTER (WHERE soonest IS NULL)
		FROM (SELECT session_key, min(p.event_time - c.event_time) FILTER (WHERE p.event_time >= c.event_time) AS soonest
		      FROM web.events AS c LEFT JOIN (SELECT session_key, event_time FROM web.events WHERE event_name = 'purchase') AS p USING (session_key)
		      WHERE c.event_name = 'add_to_cart' GROUP BY session_key) AS x},
	7 => q{
		SELECT path, count(*)
		FROM (SELECT h.session_id, array_agg(h.node ORDER BY h.n) AS path
		      FROM (SELECT session_id, min(n) AS at FROM hit WHERE node = 'cart' GROUP BY 1) AS c JOIN hit AS h ON h.session_id = c.session_id AND h.n BETWEEN at - 3 AND at
		      GROUP BY 1) AS x
		GROUP BY path ORDER BY count(*) DESC, path LIMIT 6},
	8 => q{SELECT n::int, node, next, count(*) FROM hit WHERE n <= 3 AND next IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) >= 1000},
	# weights: of n touches, the first and the last 40 % each, half each of two; 7 days halve a touch
	9 => q{
		SELECT channel, round(sum((i = 1)::int), 1),
		       round(sum(CASE WHEN n <= 2 THEN 1.0 / n WHEN i IN (1, n) THEN 0.4 ELSE 0.2 / (n - 2) END), 1),
		       round(sum(decay / total), 1), round(sum((i = n)::int), 1)
		FROM (SELECT purchase.session_id, t.channel, row_number() OVER w AS i, count(*) OVER p AS n,
		             power(2.0, extract(epoch FROM t.began - purchase.began) / 604800) AS decay,
		             sum(power(2.0, extract(epoch FROM t.began - purchase.began) / 604800)) OVER p AS total
		      FROM touch AS purchase JOIN touch AS t USING (session_key)
		      WHERE purchase.bought AND t.began BETWEEN purchase.began - interval '14 days' AND purchase.began
		      WINDOW p AS (PARTITION BY purchase.session_id), w AS (PARTITION BY purchase.session_id ORDER BY t.began, t.channel COLLATE "C")) AS x
		GROUP BY channel},
	10 => q{
		SELECT session_key, array_remove(ARRAY[CASE WHEN n > 60 * extract(epoch FROM ended - began) / 60 THEN 'fast' END,
		                                       CASE WHEN p90 - p10 <= 0.5 * median THEN 'regular' END, CASE WHEN ended - began > '12 hours' THEN 'long' END], NULL) AS signs,
		       n + 1, median, p90 - p10
		FROM (SELECT session_key, session_id, count(gap) AS n, min(event_time) AS began, max(event_time) AS ended, percentile_disc(0.1) WITHIN GROUP (ORDER BY gap) AS p10,
		             percentile_disc(0.5) WITHIN GROUP (ORDER BY gap) AS median, percentile_disc(0.9) WITHIN GROUP (ORDER BY gap) AS p90
		      FROM (SELECT *, event_time - lag(event_time) OVER (PARTITION BY session_id ORDER BY event_time) AS gap FROM web.events) AS x
		      GROUP BY 1, 2 HAVING count(*) >= 20) AS y
		WHERE p90 - p10 <= 0.5 * median OR ended - began > '12 hours' OR n > extract(epoch FROM ended - began)},
	11 => q{
		SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY b - a), percentile_disc(0.5) WITHIN GROUP (ORDER BY c - b), percentile_disc(0.9) WITHIN GROUP (ORDER BY c - a)
		FROM (SELECT DISTINCT ON (session_id) a.event_time AS a, b.event_time AS b, c.event_time AS c
		      FROM numbered AS a JOIN numbered AS b USING (session_id) JOIN numbered AS c USING (session_id)
		      WHERE a.mask & 1 <> 0 AND b.mask & 2 <> 0 AND b.n = a.n + 1 AND c.mask & 4 <> 0 AND c.n > b.n ORDER BY session_id, a.n, b.n, c.n) AS x},
	12 => q{
		SELECT next, count(*), count(DISTINCT session_id)
		FROM (SELECT session_id, page, lead(page) OVER (PARTITION BY session_id ORDER BY event_time, coalesce(page LIKE '/product/%', false), coalesce(page = '/search', false), page COLLATE "C") AS next
		      FROM web.events WHERE page_view) AS x
		WHERE page = '/search' AND next LIKE '/product/%' GROUP BY next ORDER BY 2 DESC, 1 LIMIT 5},
	# between the last product that was put into the cart before a checkout and the checkout, there was no look at one
	13 => q{
		WITH e AS (SELECT session_id, event_time, event_name, page, count(*) FILTER (WHERE page_view AND page LIKE '/product/%') OVER w AS looks,
		                  max(event_time) FILTER (WHERE event_name = 'add_to_cart') OVER w AS cart
		           FROM web.events WINDOW w AS (PARTITION BY session_id ORDER BY event_time)),
		     straight AS (SELECT c.session_id, min(c.event_time) AS at FROM e AS c JOIN e AS a ON a.session_id = c.session_id AND a.event_time = c.cart AND a.event_name = 'add_to_cart'
		                  WHERE c.page = '/checkout' AND c.looks = a.looks GROUP BY 1),
		     any_way AS (SELECT session_id, min(event_time) AS at FROM e WHERE page = '/checkout' AND cart IS NOT NULL GROUP BY 1),
		     carts AS (SELECT count(DISTINCT session_id) AS n FROM e WHERE event_name = 'add_to_cart')
		SELECT 1, 'put a product into the cart', n, n FROM carts
		UNION ALL SELECT 2, 'went to the checkout', (SELECT count(*) FROM any_way), (SELECT count(*) FROM straight)
		UNION ALL SELECT 3, 'bought', (SELECT count(DISTINCT session_id) FROM any_way JOIN e USING (session_id) WHERE event_name = 'purchase' AND event_time >= at),
		                              (SELECT count(DISTINCT session_id) FROM straight JOIN e USING (session_id) WHERE event_name = 'purchase' AND event_time >= at)},
	# NULL for weeks that had not begun for the first visitor of the cohort when the last event was
	14 => q{
		WITH visitor AS (SELECT session_key, min(event_time) AS began, date_trunc('week', min(event_time) + interval '1 day')::date - 1 AS week
		                 FROM web.events WHERE event_name = 'add_to_cart' GROUP BY 1),
		     back AS (SELECT DISTINCT session_key, week, floor(extract(epoch FROM event_time - began) / 604800)::int AS period
		              FROM visitor JOIN web.events USING (session_key) WHERE event_name = 'purchase' AND event_time >= began),
		     cohort AS (SELECT week, count(*) AS visitors, (SELECT max(event_time) FROM web.events) - min(began) AS age FROM visitor GROUP BY week)
		SELECT week, visitors, (SELECT count(*) FROM back AS b WHERE b.week = c.week AND period = 0),
		       CASE WHEN age >= '7 days' THEN (SELECT count(*) FROM back AS b WHERE b.week = c.week AND period = 1) END,
		       CASE WHEN age >= '14 days' THEN (SELECT count(*) FROM back AS b WHERE b.week = c.week AND period = 2) END
		FROM cohort AS c});

$node->safe_psql('postgres', q{
	CREATE TABLE touch AS
	SELECT DISTINCT ON (session_key, session_id) session_key, session_id, event_time AS began,
	       CASE WHEN context ? 'campaign' THEN context -> 'campaign' ->> 'medium' WHEN context ->> 'referrer' LIKE 'https://search.%' THEN 'search'
	            WHEN context ->> 'referrer' LIKE 'https://social.%' THEN 'social' WHEN context ->> 'referrer' LIKE 'https://reviews.%' THEN 'reviews' ELSE 'direct' END AS channel,
	       bool_or(r.event_name = 'purchase') OVER (PARTITION BY session_id) AS bought
	FROM web.events JOIN raw.events AS r USING (raw_id) ORDER BY session_key, session_id, event_time, 4;
	CREATE TABLE numbered AS
	SELECT session_id, event_time, mask, row_number() OVER (PARTITION BY session_id ORDER BY event_time, mask) AS n
	FROM (SELECT session_id, event_time, coalesce(page = '/search', false)::int + 2 * coalesce(page LIKE '/product/%', false)::int + 4 * (event_name = 'add_to_cart')::int AS mask
	      FROM web.events) AS x
	WHERE mask > 0;
	ANALYZE touch, numbered;
});

is(join(' ', sort { $a <=> $b } keys %query), join(' ', 1 .. 14), 'the page has fourteen questions');
foreach my $number (sort { $a <=> $b } keys %query)
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'psql', '-X', '-q', '-P', 'footer=off', '-d', $node->connstr('postgres') ], '<', \"$settings;$query{$number};", '>', \$out, '2>', \$err);
	$out =~ s/ +$//mg;
	$out =~ s/\n\n$/\n/;
	is($err . $out, $printed{$number}, "$number: as the page has it");
	is($node->safe_psql('postgres', "$settings;
		WITH answer AS MATERIALIZED ($query{$number}), oracle AS MATERIALIZED ($oracle{$number})
		SELECT (SELECT count(*) FROM (TABLE answer EXCEPT ALL TABLE oracle) AS x), (SELECT count(*) FROM (TABLE oracle EXCEPT ALL TABLE answer) AS x)"),
		'0|0', "$number: as plain SQL has it");
}

# The README's taste of it runs as it stands there, and what it says of funnels is what the aggregate says.
my ($taste) = slurp_file('README.md') =~ /^## Behavioural analytics.*?```sql\n(.*?)```/ms;
my @queries = map { s/^--.*\n//mgr } grep { /SELECT/ } split(/;\n/, $taste);
is(scalar @queries, 4, 'the README has four queries');
foreach my $query (@queries)
{
	isnt($node->safe_psql('postgres', $query), '', 'it gives rows: ' . (split(/\n/, $query =~ s/^\s+//r))[0]);
}
is($node->safe_psql('postgres', "
	WITH answer AS MATERIALIZED ($queries[0]),
	     oracle AS MATERIALIZED (SELECT depth, count(*) FROM (SELECT sessionize.funnel(event_time, '1 hour', page LIKE '/product/%', event_name = 'add_to_cart', event_name = 'purchase') AS depth
	                                                          FROM web.events GROUP BY session_id) AS x WHERE depth > 0 GROUP BY depth)
	SELECT (SELECT count(*) FROM (TABLE answer EXCEPT ALL TABLE oracle) AS x), (SELECT count(*) FROM (TABLE oracle EXCEPT ALL TABLE answer) AS x)"),
	'0|0', 'funnel_table over the view of events gives what funnel gives');

done_testing();
