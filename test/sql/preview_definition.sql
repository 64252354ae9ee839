-- preview_pipeline and preview_definition of whole definitions: against the star as it is, and as it is after alter_pipeline.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szp;
CREATE TABLE szp.raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, visitor text, account int, occurred_at timestamptz, event_name text, page text, price numeric, pieces int, ok boolean);
CREATE INDEX ON szp.raw (visitor, occurred_at, event_id);
CREATE INDEX ON szp.raw (account, occurred_at, event_id);
INSERT INTO szp.raw (event_id, visitor, account, occurred_at, event_name, page, price, pieces, ok)
SELECT 'e' || n % 1900, CASE WHEN n % 90 > 0 THEN 'v' || n * 17 % 83 END, n * 7 % 41, '2026-01-01Z'::timestamptz + (hashint4(n) & 4095) * interval '1 minute', (ARRAY['page_view', 'buy', 'page_view'])[n % 3 + 1],
	CASE WHEN n % 8 > 0 THEN '/' || n % 7 END, n / 8.0, nullif(n % 5, 4), n % 4 > 1 FROM generate_series(1, 2000) AS n;
SELECT sessionize.create_pipeline('szp_web', 'szp.raw', key => 'visitor', filter => 'account <> 3');
SELECT sessionize.add_measure('szp_web', 'revenue', 'sum', 'price', 'event_name = ''buy''');
SELECT sessionize.add_measure('szp_web', 'pieces', 'max', 'pieces');
SELECT sessionize.add_measure('szp_web', 'good', 'any', filter => 'ok');
SELECT sessionize.add_measure('szp_web', 'engaged', 'active_time', cap => '10 minutes');
SELECT sessionize.add_measure('szp_web', 'first page', 'first', 'page');
SELECT sessionize.add_measure('szp_web', 'gone', 'count', filter => 'pieces > 1');
SELECT sessionize.drop_measure('szp_web', 'gone');
CALL sessionize.rebuild('szp_web');
-- what the star has, in the form of preview_definition
CREATE FUNCTION szp.star() RETURNS TABLE (part text, value text) LANGUAGE plpgsql AS $$
DECLARE
	m record;
BEGIN
	RETURN QUERY SELECT p.key, p.value FROM (SELECT count(DISTINCT session_key) AS keys, sum(events) AS events, sum(duplicates) AS duplicates, (SELECT count(*) FROM szp_web.quarantine) AS quarantined,
		(SELECT filtered FROM sessionize.reconcile('szp_web')) AS filtered, count(*) AS sessions, count(*) FILTER (WHERE is_bounce) AS bounces, round(avg(is_bounce::int), 4) AS bounce_rate,
		sum(extract(epoch FROM duration) * 1000000)::bigint / count(*) * interval '1 microsecond' AS mean_duration, max(duration) AS longest FROM szp_web.sessions) AS s, jsonb_each_text(to_jsonb(s)) AS p;
	FOR m IN SELECT * FROM sessionize.measures WHERE pipeline_name = 'szp_web' LOOP
		RETURN QUERY EXECUTE format('SELECT %L, %s FROM szp_web.sessions', 'measure ' || m.measure, CASE
			WHEN m.kind IN ('count', 'sum', 'count_distinct') OR m.measure = 'pieces' AND m.kind = 'max' THEN format('sum(%I)::text', m.measure)
			WHEN m.kind = 'any' THEN format('(count(*) FILTER (WHERE %I))::text', m.measure)
			WHEN m.kind = 'active_time' THEN format('(sum(extract(epoch FROM %I) * 1000000)::bigint * interval ''1 microsecond'')::text', m.measure) ELSE format('count(%I)::text', m.measure) END);
	END LOOP;
END $$;
CREATE PROCEDURE szp.try(document jsonb) LANGUAGE plpgsql AS $$
DECLARE
	wrong_now bigint;
BEGIN
	CREATE TEMP TABLE preview AS SELECT * FROM sessionize.preview_definition('szp_web', document);
	wrong_now := (SELECT count(*) FROM ((SELECT * FROM szp.star() EXCEPT SELECT p.part, p.now FROM preview AS p WHERE p.now IS NOT NULL) UNION ALL (SELECT p.part, p.now FROM preview AS p WHERE p.now IS NOT NULL EXCEPT SELECT * FROM szp.star())) AS x);
	PERFORM sessionize.alter_pipeline('szp_web', definition => document);
	COMMIT;
	CALL sessionize.refresh('szp_web');
	RAISE WARNING 'wrong now: %, wrong then: %, parts: %, different: %', wrong_now,
		(SELECT count(*) FROM ((SELECT * FROM szp.star() EXCEPT SELECT p.part, p.changed FROM preview AS p WHERE p.changed IS NOT NULL) UNION ALL (SELECT p.part, p.changed FROM preview AS p WHERE p.changed IS NOT NULL EXCEPT SELECT * FROM szp.star())) AS x),
		(SELECT count(*) FROM preview), (SELECT count(*) FROM preview AS p WHERE p.now IS DISTINCT FROM p.changed);
	DROP TABLE preview;
END $$;
CALL szp.try(sessionize.definition('szp_web'));
CALL szp.try('{"key": "visitor", "gap": "10 minutes", "measures": [{"name": "revenue", "kind": "sum", "expression": "price * 2"}, {"name": "engaged", "kind": "active_time", "cap": "5 minutes"}, {"name": "new", "kind": "count", "filter": "ok"},
	{"name": "pieces", "kind": "count_distinct", "expression": "page"}]}');
CREATE INDEX ON szp.raw ((account::text), occurred_at);
CALL szp.try('{"key": "account::text", "page": "upper(page)", "event_name": "", "restart": "event_name = ''buy''", "filter": "pieces IS NOT NULL", "measures": [{"name": "first page", "kind": "last", "expression": "page"}, {"name": "revenue", "kind": "sum", "expression": "pieces"}]}');
CALL szp.try('{"key": "visitor", "bounce": "events = 1 OR sold < 20", "restart_on_change": "page", "measures": [{"name": "sold", "kind": "sum", "expression": "price"}]}');
CALL szp.try('{"key": "visitor", "bounce": "events = 1 OR seen < 2", "restart_on_change": "pieces", "measures": [{"name": "seen", "kind": "count_distinct", "expression": "page"}]}');
SELECT * FROM sessionize.preview_definition('szp_web', '{"key": "visitor", "bounce": "events = 1 OR seen < 2"}');
CALL szp.try('{"key": "account::text", "page": "upper(page)", "event_name": "", "restart": "event_name = ''buy''", "filter": "pieces IS NOT NULL", "measures": [{"name": "first page", "kind": "last", "expression": "page"}, {"name": "revenue", "kind": "sum", "expression": "pieces"}]}');
-- side by side
SELECT * FROM sessionize.preview_definition('szp_web', '{"key": "account", "gap": "1 hour", "measures": [{"name": "revenue", "kind": "sum", "expression": "pieces"}, {"name": "good", "kind": "any", "filter": "ok"}]}');
SELECT rules, sessions, bounce_rate, mean_duration, measures FROM sessionize.preview_pipeline('szp_web', gap => '2 hours');
-- a sample of the keys, always the same ones
CREATE TEMP TABLE part AS SELECT * FROM sessionize.preview_definition('szp_web', sessionize.definition('szp_web'), sample => 0.3);
SELECT count(*) FROM part WHERE now IS DISTINCT FROM changed;
SELECT * FROM part EXCEPT SELECT * FROM sessionize.preview_definition('szp_web', sessionize.definition('szp_web'), sample => 0.3);
SELECT (SELECT now::int FROM part WHERE part = 'keys') BETWEEN 1 AND 30 AS some_keys, (SELECT now::int FROM part WHERE part = 'events') BETWEEN 1 AND 1800 AS some_events;
SELECT * FROM sessionize.preview_definition('szp_web', sessionize.definition('szp_web'), sample => 1) EXCEPT SELECT * FROM sessionize.preview_definition('szp_web', sessionize.definition('szp_web'));
SELECT rules, keys > 0 AND keys < 35 AS some, events < 1600 AS part FROM sessionize.preview_pipeline('szp_web', gap => '2 hours', sample => 0.5);
-- in a transaction that can't write
BEGIN READ ONLY;
SELECT count(*) FROM sessionize.preview_definition('szp_web', '{"key": "visitor", "measures": [{"name": "m", "kind": "count"}]}');
COMMIT;
-- under a seal: sealed rows have the values that they would have
SELECT sessionize.alter_pipeline('szp_web', definition => '{"key": "visitor", "measures": [{"name": "revenue", "kind": "sum", "expression": "price"}, {"name": "good", "kind": "any", "filter": "ok"}]}');
SELECT sealed > 100 AS sealed FROM sessionize.seal('szp_web', '2026-01-02 12:00');
CALL sessionize.refresh('szp_web');
CALL szp.try('{"key": "visitor", "page": "upper(page)", "gap": "15 minutes", "measures": [{"name": "revenue", "kind": "sum", "expression": "price * 3"}, {"name": "good", "kind": "any", "filter": "NOT ok"}, {"name": "later", "kind": "sum", "expression": "pieces"}]}');
CALL szp.try('{"key": "visitor", "raw_id": "raw_id::text", "gap": "25 minutes", "measures": [{"name": "revenue", "kind": "sum", "expression": "pieces"}, {"name": "later", "kind": "sum", "expression": "pieces", "filter": "ok"}]}');
DELETE FROM szp.raw WHERE occurred_at < '2026-01-02 12:00';
CALL sessionize.refresh('szp_web');
CALL szp.try('{"key": "visitor", "gap": "35 minutes", "measures": [{"name": "revenue", "kind": "max", "expression": "page"}, {"name": "good", "kind": "any", "filter": "ok"}]}');
-- nothing is left of the rows
SELECT rules, sessions, bounce_rate, mean_duration, longest, measures FROM sessionize.preview_pipeline('szp_web', filter => 'false') WHERE rules = 'changed';

-- mistakes
SELECT * FROM sessionize.preview_pipeline('szp_web', gap => '1 hour', definition => '{}');
SELECT * FROM sessionize.preview_pipeline('szp_web', sample => 0);
SELECT * FROM sessionize.preview_definition('szp_web', '{"key": "visitor", "measures": [{"name": "m", "kind": "sum", "expression": "page"}]}');
SELECT * FROM sessionize.preview_definition('szp_web', '{"key": "visitor", "store_events": false}');
SELECT * FROM sessionize.preview_definition('szp_web', '{"kee": "visitor"}');
SELECT * FROM sessionize.preview_definition(NULL, '{}');
SELECT count(*) FROM sessionize.preview_definition('szp_web', NULL);
CREATE ROLE regress_szp_other;
SET ROLE regress_szp_other;
SELECT * FROM sessionize.preview_definition('szp_web', '{"key": "visitor"}');
RESET ROLE;
DROP ROLE regress_szp_other;
SELECT sessionize.drop_pipeline('szp_web');
DROP SCHEMA szp CASCADE;
