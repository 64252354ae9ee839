# Filter, measures and dimensions over public data, each row against plain SQL: a day of Wikipedia's edits, and
# four weeks of a shop.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('own_columns');
$node->init;
$node->append_conf('postgresql.conf', "max_parallel_workers = 0\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_sessionize');

sub ask { my ($sql) = @_; return $node->safe_psql('postgres', $sql); }

# The lines of a file as documents in a table.
sub load
{
	my ($table, $lines) = @_;

	ask("CREATE TABLE $table (doc jsonb)");
	IPC::Run::run([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c',
			qq{COPY $table FROM STDIN (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')} ], '<', \$lines) or die "can't load $table";
}

# Two queries give the same rows.
sub same
{
	my ($one, $other, $what) = @_;

	is(ask("SELECT count(*) > 0, (SELECT count(*) FROM ($one EXCEPT ALL $other) AS lost), (SELECT count(*) FROM ($other EXCEPT ALL $one) AS added) FROM ($one) AS one"),
		't|0|0', $what);
}

sub file
{
	my ($name) = @_;
	my $path = ($ENV{SESSIONIZE_SHARED} // '') . "/$name";

	return -f $path ? $path : undef;
}

SKIP:
{
	my $file = file('wikiticker-2015-09-12-sampled.json.gz');
	skip 'no wikiticker-2015-09-12-sampled.json.gz in SESSIONIZE_SHARED', 7 unless $file;
	load('line', scalar `gzip -dc '$file'`);
	ask(q{
		CREATE FUNCTION at(doc jsonb) RETURNS timestamptz IMMUTABLE LANGUAGE sql RETURN (doc ->> 'time')::timestamptz;
		CREATE TABLE edit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, doc jsonb);
		CREATE INDEX ON edit ((doc ->> 'user'), at(doc));
		SELECT sessionize.create_pipeline('wiki', 'edit', definition => $${
			"key": "doc ->> 'user'", "event_time": "at(doc)", "raw_id": "id", "page": "doc ->> 'page'", "event_name": "doc ->> 'namespace'", "page_view": "true",
			"filter": "NOT (doc ->> 'isRobot')::boolean",
			"measures": [
				{"name": "added", "kind": "sum", "expression": "(doc ->> 'added')::bigint"},
				{"name": "deleted", "kind": "sum", "expression": "(doc ->> 'deleted')::bigint"},
				{"name": "delta", "kind": "sum", "expression": "(doc ->> 'delta')::bigint"},
				{"name": "largest", "kind": "max", "expression": "(doc ->> 'delta')::bigint", "filter": "(doc ->> 'isMinor')::boolean"},
				{"name": "channels", "kind": "count_distinct", "expression": "doc ->> 'channel'"},
				{"name": "new pages", "kind": "count", "filter": "(doc ->> 'isNew')::boolean"},
				{"name": "size", "kind": "sum", "expression": "(doc ->> 'delta')::bigint", "grain": "event"}],
			"dimensions": [
				{"name": "channel", "attributes": {"channel": "doc ->> 'channel'"}},
				{"name": "country", "attributes": {"code": "doc ->> 'countryIsoCode'", "name": "doc ->> 'countryName'", "region": "doc ->> 'regionName'"}, "pick": "first_not_null"},
				{"name": "last", "attributes": {"namespace": "doc ->> 'namespace'", "comment": "doc ->> 'comment'"}, "pick": "exit"},
				{"name": "wiki", "attributes": {"channel": "doc ->> 'channel'", "anonymous": "(doc ->> 'isAnonymous')::boolean"}, "grain": "event"}]}$$);
		CREATE VIEW numbered AS
		SELECT *, count(*) FILTER (WHERE starts) OVER (PARTITION BY u ORDER BY t, id) AS session,
		       row_number() OVER (PARTITION BY u ORDER BY t, id) AS n
		FROM (SELECT id, doc, doc ->> 'user' AS u, at(doc) AS t,
		             at(doc) - lag(at(doc)) OVER (PARTITION BY doc ->> 'user' ORDER BY at(doc), id) > interval '30 minutes' IS NOT FALSE AS starts
		      FROM edit WHERE NOT (doc ->> 'isRobot')::boolean) AS e;
		CREATE VIEW expected AS
		SELECT s.*, f.doc ->> 'channel' AS channel, c.doc ->> 'countryIsoCode' AS code, c.doc ->> 'countryName' AS country, c.doc ->> 'regionName' AS region,
		       l.doc ->> 'namespace' AS namespace, l.doc ->> 'comment' AS comment
		FROM (SELECT u, session, min(t) AS started_at, max(t) AS ended_at, count(*) AS events, count(DISTINCT doc ->> 'page') AS pages,
		             sum((doc ->> 'added')::bigint)::bigint AS added, sum((doc ->> 'deleted')::bigint)::bigint AS deleted, sum((doc ->> 'delta')::bigint)::bigint AS delta,
		             max((doc ->> 'delta')::bigint) FILTER (WHERE (doc ->> 'isMinor')::boolean) AS largest, count(DISTINCT doc ->> 'channel') AS channels,
		             count(*) FILTER (WHERE (doc ->> 'isNew')::boolean) AS "new pages", min(n) AS first, max(n) AS last,
		             min(n) FILTER (WHERE coalesce(doc ->> 'countryIsoCode', doc ->> 'countryName', doc ->> 'regionName') IS NOT NULL) AS country
		      FROM numbered GROUP BY u, session) AS s (u, session, started_at, ended_at, events, pages, added, deleted, delta, largest, channels, "new pages", first_n, last_n, country_n)
		JOIN numbered AS f ON (f.u, f.n) = (s.u, first_n) JOIN numbered AS l ON (l.u, l.n) = (s.u, last_n) LEFT JOIN numbered AS c ON (c.u, c.n) = (s.u, country_n)});
	my $sessions = 'SELECT session_key, started_at, ended_at, events, distinct_pages, added, deleted, delta, largest, channels, "new pages", channel, country_code, country_name, country_region, last_namespace, last_comment FROM wiki.sessions';
	my $expected = 'SELECT u, started_at, ended_at, events, pages, added, deleted, delta, largest, channels, "new pages", channel, code, country, region, namespace, comment FROM expected';
	my $events = 'SELECT raw_id, size, wiki_channel, wiki_anonymous FROM wiki.events';
	my $expected_events = q{SELECT id, (doc ->> 'delta')::bigint, doc ->> 'channel', (doc ->> 'isAnonymous')::boolean FROM numbered};

	ask('INSERT INTO edit (doc) SELECT doc FROM line WHERE hashtext(doc::text) % 3 = 0');
	ask(q{CALL sessionize.rebuild('wiki')});
	same($sessions, $expected, "wikiticker: a third of the rows, rebuilt: sessions are plain SQL's");
	ask('INSERT INTO edit (doc) SELECT doc FROM line WHERE hashtext(doc::text) % 3 <> 0');
	ask(q{CALL sessionize.refresh('wiki')});
	same($sessions, $expected, "wikiticker: all rows, refreshed: sessions are plain SQL's");
	same($events, $expected_events, "wikiticker: events are plain SQL's");
	ask(q{DELETE FROM edit WHERE id % 7 = 0;
		UPDATE edit SET doc = doc || '{"isRobot": true}' WHERE id % 11 = 0;
		UPDATE edit SET doc = doc || '{"countryIsoCode": "XX", "delta": 5}' WHERE id % 13 = 0});
	ask(q{CALL sessionize.refresh('wiki')});
	same($sessions, $expected, "wikiticker: deleted, filtered and changed rows, refreshed: sessions are plain SQL's");
	same($events, $expected_events, "wikiticker: and events");
	is(ask(q{SELECT count(*) FROM sessionize.verify('wiki')}), '0', 'wikiticker: the star verifies');
	is(ask(q{SELECT difference, filtered = (SELECT count(*) FROM edit WHERE (doc ->> 'isRobot')::boolean) FROM sessionize.reconcile('wiki')}), '0|t', 'wikiticker: the account balances');
}

SKIP:
{
	my $file = file('otto_20_shoppers.jsonl');
	skip 'no otto_20_shoppers.jsonl in SESSIONIZE_SHARED', 3 unless $file;
	load('shopper', slurp_file($file));
	ask(q{
		CREATE TABLE shop (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, shopper int, at timestamptz, aid int, type text);
		INSERT INTO shop (shopper, at, aid, type)
		SELECT (doc->>'session')::int, timestamptz 'epoch' + (e->>'ts')::bigint * interval '1 ms', (e->>'aid')::int, e->>'type'
		FROM shopper, jsonb_array_elements(doc->'events') AS e;
		CREATE INDEX ON shop (shopper, at);
		SELECT sessionize.create_pipeline('otto', 'shop', key => 'shopper', event_time => 'at', event_name => 'type', raw_id => 'id', page => 'aid', page_view => $$type = 'clicks'$$);
		CALL sessionize.rebuild('otto');
		SELECT sessionize.add_measure('otto', 'carts', 'count', filter => $$type = 'carts'$$);
		SELECT sessionize.add_measure('otto', 'ordered', 'any', filter => $$type = 'orders'$$);
		SELECT sessionize.add_measure('otto', 'products', 'count_distinct', 'aid');
		SELECT sessionize.add_measure('otto', 'engaged', 'active_time', cap => '2 minutes');
		SELECT sessionize.add_dimension('otto', 'landing', '{"product": "aid"}', pick => 'entry');
		SELECT sessionize.add_dimension('otto', 'bought', $${"product": "CASE WHEN type = 'orders' THEN aid END"}$$, pick => 'last_known');
		CALL sessionize.refresh('otto')});
	is(ask(q{SELECT count(*) FROM sessionize.verify('otto')}), '0', 'otto: the star verifies');
	same('SELECT session_key, started_at, events, carts, ordered, products, engaged, landing_product, bought_product FROM otto.sessions', q{
		SELECT shopper, min(at), count(*), count(*) FILTER (WHERE type = 'carts'), bool_or(type = 'orders'), count(DISTINCT aid),
		       coalesce(sum(least(pause, interval '2 minutes')) FILTER (WHERE pause IS NOT NULL), '0'), (array_agg(aid ORDER BY at, id) FILTER (WHERE type = 'clicks'))[1],
		       (array_agg(bought ORDER BY at DESC, id DESC))[1]
		FROM (SELECT *, at - lag(at) OVER (PARTITION BY shopper, session ORDER BY at, id) AS pause,
		             (SELECT b.aid FROM shop AS b WHERE b.shopper = n.shopper AND b.type = 'orders' AND (b.at, b.id) <= (n.at, n.id) ORDER BY b.at DESC, b.id DESC LIMIT 1) AS bought
		      FROM (SELECT *, count(*) FILTER (WHERE starts) OVER (PARTITION BY shopper ORDER BY at, id) AS session
		            FROM (SELECT *, at - lag(at) OVER (PARTITION BY shopper ORDER BY at, id) > interval '30 minutes' IS NOT FALSE AS starts FROM shop) AS e) AS n) AS p
		GROUP BY shopper, session}, "otto: sessions are plain SQL's");
	is(ask(q{SELECT sum(events), sum(carts) FROM otto.sessions}), ask(q{SELECT count(*), count(*) FILTER (WHERE type = 'carts') FROM shop}), 'otto: no event is lost');
}

$node->stop;
done_testing();
