-- Measures: the user's own columns of sessions, against aggregates of SQL.
SET client_min_messages = warning;
CREATE SCHEMA raw;
CREATE TABLE raw.events (
	raw_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id   text,
	visitor    text NOT NULL,
	at         timestamptz NOT NULL,
	name       text,
	price      numeric,
	quantity   int,
	properties jsonb,
	ok         boolean,
	seen       timestamptz
);
CREATE INDEX ON raw.events (visitor, at);
CREATE FUNCTION raw.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO raw.events (event_id, visitor, at, name, price, quantity, properties, ok, seen)
SELECT 'e' || n, 'v' || n % 13, '2026-01-01Z'::timestamptz + (hashint4(n) & 4095) * interval '1 minute',
       (ARRAY['view', 'buy', 'search', NULL])[(hashint4(n * 3) & 3) + 1],
       CASE WHEN hashint4(n * 5) & 3 > 0 THEN round((hashint4(n * 7) & 1023) / 8.0, (n % 3) + 1) END,
       CASE WHEN n % 4 > 0 THEN hashint4(n * 11) & 31 END,
       jsonb_build_object('s', n % 6, 'empty', ''),
       (ARRAY[true, false, NULL])[n % 3 + 1], CASE WHEN n % 5 > 0 THEN '2026-02-01Z'::timestamptz + n * interval '1 hour' END
FROM generate_series(first, last) AS n
$$;
SELECT raw.add(1, 1500);
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'visitor', event_time => 'at', event_name => 'name', max_duration => NULL);
CALL sessionize.rebuild('web');

-- a measure of each kind
SELECT sessionize.add_measure('web', 'revenue', 'sum', 'price', 'name = ''buy''');
SELECT sessionize.add_measure('web', 'items', 'sum', 'quantity');
SELECT sessionize.add_measure('web', 'purchases', 'count', filter => 'name = ''buy''');
SELECT sessionize.add_measure('web', 'all events', 'count');
SELECT sessionize.add_measure('web', 'converted', 'any', filter => 'name = ''buy''');
SELECT sessionize.add_measure('web', 'kinds', 'count_distinct', 'properties ->> ''s''');
SELECT sessionize.add_measure('web', 'prices', 'count_distinct', 'price');
SELECT sessionize.add_measure('web', 'empty', 'count_distinct', 'properties ->> ''empty''');
SELECT sessionize.add_measure('web', 'lowest', 'min', 'price', 'quantity > 3');
SELECT sessionize.add_measure('web', 'highest', 'max', 'name');
SELECT sessionize.add_measure('web', 'first_ok', 'first', 'ok');
SELECT sessionize.add_measure('web', 'last_seen', 'last', 'seen', 'ok');
SELECT sessionize.add_measure('web', 'engaged', 'active_time', cap => '10 minutes');
SELECT sessionize.add_measure('web', 'shopping', 'active_time', filter => 'name = ''buy''');
SELECT * FROM sessionize.measures;

-- the same by SQL alone: duplicates, sessions and aggregates
CREATE VIEW raw.oracle AS
WITH e AS (SELECT DISTINCT ON (visitor, event_id) * FROM raw.events ORDER BY visitor, event_id, at, raw_id),
starts AS (
	SELECT e.*, at - lag(at) OVER w > interval '30 minutes' IS NOT FALSE AS starts
	FROM e WINDOW w AS (PARTITION BY visitor ORDER BY at, event_id, raw_id)
),
numbered AS (SELECT *, count(*) FILTER (WHERE starts) OVER (PARTITION BY visitor ORDER BY at, event_id, raw_id) AS session FROM starts),
pauses AS (
	SELECT *, at - lag(at) OVER (PARTITION BY visitor, session ORDER BY at, event_id, raw_id) AS pause,
	       at - lag(at) OVER (PARTITION BY visitor, session, name IS NOT DISTINCT FROM 'buy' ORDER BY at, event_id, raw_id) AS like_pause
	FROM numbered
)
SELECT visitor, min(at) AS started_at,
       sum(price) FILTER (WHERE name = 'buy') AS revenue, sum(quantity) AS items,
       count(*) FILTER (WHERE name = 'buy') AS purchases, count(*) AS "all events",
       coalesce(bool_or(name = 'buy'), false) AS converted,
       count(DISTINCT properties ->> 's') AS kinds, count(DISTINCT price) AS prices, count(DISTINCT properties ->> 'empty') AS empty,
       min(price) FILTER (WHERE quantity > 3) AS lowest, max(name COLLATE "C") AS highest,
       (array_agg(ok ORDER BY at, event_id, raw_id) FILTER (WHERE ok IS NOT NULL))[1] AS first_ok,
       (array_agg(seen ORDER BY at DESC, event_id DESC, raw_id DESC) FILTER (WHERE ok AND seen IS NOT NULL))[1] AS last_seen,
       coalesce(sum(least(pause, interval '10 minutes')) FILTER (WHERE pause IS NOT NULL), '0') AS engaged,
       coalesce(sum(least(like_pause, interval '1 minute')) FILTER (WHERE name = 'buy' AND like_pause IS NOT NULL), '0') AS shopping
FROM pauses GROUP BY visitor, session;
CREATE FUNCTION raw.check(relation regclass) RETURNS TABLE (sessions bigint, missing bigint, unexpected bigint) LANGUAGE plpgsql AS $$
DECLARE
	stored text := format('SELECT session_key, started_at, revenue, items, purchases, "all events", converted, kinds, prices, '
		'empty, lowest, highest, first_ok, last_seen, engaged, shopping FROM %s', relation);
BEGIN
	RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM (%1$s) AS s), '
		'(SELECT count(*) FROM (TABLE raw.oracle EXCEPT ALL %1$s) AS s), '
		'(SELECT count(*) FROM (%1$s EXCEPT ALL TABLE raw.oracle) AS s)', stored);
END $$;

-- until the star is rebuilt the sessions have no values, and the views don't show the columns; a name is taken nevertheless
SELECT count(*) > 0 AS some, count(revenue) FROM web.fact_session;
SELECT revenue FROM web.sessions;
SELECT revenue FROM web.sessions_live;
SELECT sessionize.add_measure('web', 'revenue', 'count');
CALL sessionize.refresh('web');
SELECT attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum) IS NOT NULL AS has_comment FROM pg_attribute
WHERE attrelid = 'web.sessions'::regclass AND attnum > 16 ORDER BY attnum;
SELECT * FROM raw.check('web.sessions');
SELECT * FROM sessionize.verify('web');
SELECT difference FROM sessionize.reconcile('web');

-- new, late, repeated, changed and deleted rows
SELECT raw.add(1501, 1600);
INSERT INTO raw.events (event_id, visitor, at, name, price, ok) SELECT event_id, visitor, at + interval '1 minute', 'buy', 1e6, true FROM raw.events WHERE raw_id % 29 = 0;
UPDATE raw.events SET price = price + 0.125, name = 'buy' WHERE raw_id % 17 = 0;
DELETE FROM raw.events WHERE raw_id % 23 = 0;
SELECT * FROM raw.check('web.sessions_live');
CALL sessionize.refresh('web');
SELECT * FROM raw.check('web.sessions');
SELECT * FROM sessionize.verify('web');

-- values whose bytes include zeros, beyond the memory for a sort
SET maintenance_work_mem = '1MB';
INSERT INTO raw.events (event_id, visitor, at, name, price, quantity, properties, seen)
SELECT 'big' || n, 'big', '2026-03-01Z'::timestamptz + n * interval '1 second', 'buy', n, n % 300, '{"s": "1"}', '2026-01-01Z'::timestamptz + n * interval '1 second'
FROM generate_series(1, 20000) AS n;
CALL sessionize.rebuild('web');
RESET maintenance_work_mem;
SELECT * FROM raw.check('web.sessions');
SELECT * FROM sessionize.verify('web');
DELETE FROM raw.events WHERE visitor = 'big';
CALL sessionize.refresh('web');

-- sealed sessions keep their measures when their raw rows are gone
CREATE TABLE raw.before AS SELECT * FROM web.sessions WHERE started_at < '2026-01-02Z';
SELECT sessionize.seal('web', '2026-01-02Z') IS NOT NULL AS sealed;
DELETE FROM raw.events WHERE at < '2026-01-01 20:00Z';
CALL sessionize.refresh('web');
CALL sessionize.rebuild('web');
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE s IS NULL) AS lost FROM raw.before AS b LEFT JOIN web.sessions AS s USING (session_id)
WHERE b.ended_at < '2026-01-01 19:00Z';
SELECT count(*) FROM (SELECT b.* FROM raw.before AS b WHERE b.ended_at < '2026-01-01 19:00Z' EXCEPT ALL TABLE web.sessions) AS lost;
SELECT * FROM sessionize.verify('web');

-- dropped, and added again with the same name
CREATE ROLE measures_reader;
GRANT USAGE ON SCHEMA web TO measures_reader;
GRANT SELECT ON web.sessions TO measures_reader WITH GRANT OPTION;
GRANT SELECT ON web.sessions_live TO PUBLIC;
SELECT sessionize.drop_measure('web', 'empty');
SELECT sessionize.drop_measure('web', 'lowest');
SELECT relname, relacl::text LIKE '%measures_reader=r*/%' AS reader, relacl::text ~ '[{,]=r/' AS public FROM pg_class
WHERE oid IN ('web.sessions'::regclass, 'web.sessions_live'::regclass) ORDER BY relname;
SELECT count(*) AS columns FROM pg_attribute WHERE attrelid = 'web.source'::regclass;
SELECT sessionize.add_measure('web', 'lowest', 'min', 'price', 'quantity > 3');
SELECT sessionize.add_measure('web', 'empty', 'count_distinct', 'properties ->> ''empty''');
SELECT count(*) AS columns FROM pg_attribute WHERE attrelid = 'web.source'::regclass;
CALL sessionize.rebuild('web');
SELECT * FROM sessionize.verify('web');
SELECT count(lowest) > 0 AS lowest, min(empty) FROM web.sessions WHERE started_at > '2026-01-02Z';
CREATE VIEW raw.dependent AS SELECT kinds FROM web.sessions;
SELECT sessionize.drop_measure('web', 'kinds');
DROP VIEW raw.dependent;

-- an expression that fails sets its row aside, with the attribute's name
SELECT sessionize.add_measure('web', 'ratio', 'max', '100 / quantity');
CALL sessionize.rebuild('web');
SELECT DISTINCT reason, detail FROM web.quarantine;
SELECT * FROM sessionize.verify('web');
SELECT difference FROM sessionize.reconcile('web');
SELECT sessionize.drop_measure('web', 'ratio');
CALL sessionize.rebuild('web');
SELECT count(*) FROM web.quarantine;

-- measures of events: what the aggregate gives for the event alone; the active times of a session's events are that of the session
SELECT sessionize.add_measure('web', 'price', 'first', 'price', grain => 'event');
SELECT sessionize.add_measure('web', 'revenue', 'sum', 'price', 'name = ''buy''', grain => 'event');
SELECT sessionize.add_measure('web', 'paid', 'sum', 'price', 'name = ''buy''', grain => 'event');
SELECT sessionize.add_measure('web', 'bought', 'any', filter => 'name = ''buy''', grain => 'event');
SELECT sessionize.add_measure('web', 'counts', 'count', filter => 'ok', grain => 'event');
SELECT sessionize.add_measure('web', 'kinds of it', 'count_distinct', 'quantity', grain => 'event');
SELECT sessionize.add_measure('web', 'named', 'max', 'name', 'ok', grain => 'event');
SELECT sessionize.add_measure('web', 'pause', 'active_time', filter => 'name = ''buy''', grain => 'event');
SELECT measure, kind, grain FROM sessionize.measures WHERE grain = 'event' OR measure = 'revenue';
CREATE VIEW raw.event_oracle AS
SELECT raw_id, price, CASE WHEN name = 'buy' THEN price END AS paid, coalesce(name = 'buy', false) AS bought, (ok IS TRUE)::int::bigint AS counts,
       (quantity IS NOT NULL)::int::bigint AS "kinds of it", CASE WHEN ok THEN name END AS named
FROM (SELECT DISTINCT ON (visitor, event_id) * FROM raw.events ORDER BY visitor, event_id, at, raw_id) AS e WHERE at >= '2026-01-02Z';
CREATE FUNCTION raw.check_events(relation regclass) RETURNS TABLE (events bigint, missing bigint, unexpected bigint) LANGUAGE plpgsql AS $$
DECLARE
	stored text := format('SELECT v.raw_id, v.price, v.paid, bought, counts, "kinds of it", named FROM %s AS v WHERE event_time >= ''2026-01-02Z''', relation);
BEGIN
	RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM (%1$s) AS s), '
		'(SELECT count(*) FROM (TABLE raw.event_oracle EXCEPT ALL %1$s) AS s), '
		'(SELECT count(*) FROM (%1$s EXCEPT ALL TABLE raw.event_oracle) AS s)', stored);
END $$;
CALL sessionize.refresh('web');
SELECT * FROM raw.check_events('web.events');
SELECT * FROM sessionize.verify('web');
SELECT count(*) > 0 AS some, count(*) FILTER (WHERE shopping IS DISTINCT FROM pause) AS different
FROM web.sessions JOIN (SELECT session_id, sum(pause) AS pause FROM web.events GROUP BY session_id) AS e USING (session_id)
WHERE started_at > '2026-01-02 01:00Z';
SELECT raw.add(1701, 1760);
UPDATE raw.events SET price = price * 2, ok = NOT ok WHERE raw_id % 19 = 0;
SELECT * FROM raw.check_events('web.events_live');
CALL sessionize.refresh('web');
SELECT * FROM raw.check_events('web.events');
SELECT * FROM sessionize.verify('web');
SELECT sessionize.drop_measure('web', 'bought');
SELECT sessionize.drop_measure('web', 'price');
CALL sessionize.refresh('web');
SELECT * FROM sessionize.verify('web');

-- mistakes
SELECT sessionize.add_measure('web', 'a', 'count', grain => 'user');
SELECT sessionize.add_measure('web', 'a', 'count', grain => NULL);
SELECT sessionize.add_measure('web', 'event_name', 'first', 'name', grain => 'event');
SELECT sessionize.add_measure('nothing', 'a', 'count');
SELECT sessionize.add_measure('web', NULL, 'count');
SELECT sessionize.add_measure('web', repeat('x', 64), 'count');
SELECT sessionize.add_measure('web', 'a', NULL);
SELECT sessionize.add_measure('web', 'a', 'average', 'price');
SELECT sessionize.add_measure('web', 'events', 'count');
SELECT sessionize.add_measure('web', 'duration', 'count');
SELECT sessionize.add_measure('web', 'revenue', 'count');
SELECT sessionize.add_measure('web', 'ctid', 'count');
SELECT sessionize.add_measure('web', 'a', 'sum');
SELECT sessionize.add_measure('web', 'a', 'count', 'price');
SELECT sessionize.add_measure('web', 'a', 'any');
SELECT sessionize.add_measure('web', 'a', 'count', cap => '1 minute');
SELECT sessionize.add_measure('web', 'a', 'active_time', cap => '1 month');
SELECT sessionize.add_measure('web', 'a', 'sum', 'name');
SELECT sessionize.add_measure('web', 'a', 'sum', 'price::float8');
SELECT sessionize.add_measure('web', 'a', 'first', 'properties');
SELECT sessionize.add_measure('web', 'a', 'max', 'ok');
SELECT sessionize.add_measure('web', 'a', 'count', filter => 'name');
SELECT sessionize.add_measure('web', 'a', 'max', 'now()');
SELECT sessionize.add_measure('web', 'a', 'max', 'cost');
SELECT sessionize.add_measure('web', 'a', 'max', '(SELECT 1)');
SELECT sessionize.drop_measure('web', 'nothing');
SELECT sessionize.drop_measure('web', NULL);
CREATE ROLE measures_other;
SET ROLE measures_other;
SELECT sessionize.add_measure('web', 'a', 'count');
SELECT * FROM sessionize.measures;
RESET ROLE;

SELECT sessionize.drop_pipeline('web');
SELECT count(*) FROM sessionize.attribute;
SELECT count(*) FROM sessionize.measure;
DROP OWNED BY measures_reader;
DROP ROLE measures_reader, measures_other;
DROP SCHEMA raw CASCADE;
