-- alter_pipeline by a whole definition: afterwards the pipeline is what create_pipeline makes of the document.
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA szd;
CREATE TABLE szd.raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, visitor text, account text, occurred_at timestamptz,
	event_name text, page text, title text, price numeric, pieces int);
CREATE INDEX ON szd.raw (visitor, occurred_at, event_id);
CREATE INDEX ON szd.raw (account, occurred_at, event_id);
CREATE FUNCTION szd.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO szd.raw (event_id, visitor, account, occurred_at, event_name, page, title, price, pieces)
SELECT 'e' || n % 380, 'v' || n % 11, 'a' || n % 7, '2026-01-01Z'::timestamptz + (hashint4(n) & 1023) * interval '3 minutes', (ARRAY['page_view', 'buy'])[n % 2 + 1], '/' || n % 7, 'T' || n % 3,
	n / 8.0, n % 5 FROM generate_series(first, last) AS n
$$;
SELECT szd.add(1, 400);
CREATE FUNCTION szd.rows(pipeline text) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT to_jsonb(s) - ''session_id'' FROM %1$I.sessions AS s UNION ALL SELECT to_jsonb(s) - ''session_id'' FROM %1$I.sessions_live AS s UNION ALL SELECT to_jsonb(e) - ''session_id'' FROM %1$I.events AS e', pipeline);
END $$;
-- the document with its measures and dimensions in the order of their names
CREATE FUNCTION szd.sorted(document jsonb) RETURNS jsonb LANGUAGE sql AS $$
SELECT document || jsonb_build_object('measures', (SELECT coalesce(jsonb_agg(m ORDER BY m ->> 'name'), '[]') FROM jsonb_array_elements(document -> 'measures') AS m),
	'dimensions', (SELECT coalesce(jsonb_agg(d ORDER BY d ->> 'name'), '[]') FROM jsonb_array_elements(document -> 'dimensions') AS d)) $$;
CREATE PROCEDURE szd.apply(document jsonb) LANGUAGE plpgsql AS $$
DECLARE
	changed boolean;
BEGIN
	SET client_min_messages = notice;
	changed := sessionize.alter_pipeline('szd_web', definition => document);
	SET client_min_messages = warning;
	PERFORM szd.add(401 + nextval('szd.more')::int * 10, 410 + currval('szd.more')::int * 10);
	COMMIT;
	CALL sessionize.refresh('szd_web');
	PERFORM sessionize.create_pipeline('szd_new', 'szd.raw', definition => document);
	CALL sessionize.rebuild('szd_new');
	RAISE WARNING 'changes the star: %; definitions are equal: %; missing: %; too many: %; wrong: %', changed, szd.sorted(sessionize.definition('szd_web')) = szd.sorted(sessionize.definition('szd_new')),
		(SELECT count(*) FROM (SELECT szd.rows('szd_new') EXCEPT ALL SELECT szd.rows('szd_web')) AS x), (SELECT count(*) FROM (SELECT szd.rows('szd_web') EXCEPT ALL SELECT szd.rows('szd_new')) AS x),
		(SELECT count(*) FROM sessionize.verify('szd_web'));
	IF sessionize.alter_pipeline('szd_web', definition => document) OR sessionize.alter_pipeline('szd_web', definition => sessionize.definition('szd_web')) THEN
		RAISE WARNING 'the same document changes something';
	END IF;
	PERFORM sessionize.drop_pipeline('szd_new');
END $$;
CREATE SEQUENCE szd.more START 1;
-- what is left out is as for create_pipeline
SELECT sessionize.create_pipeline('szd_web', 'szd.raw', key => 'visitor');
CALL szd.apply('{"key": "visitor"}');
CALL szd.apply('{"key": "visitor", "gap": "20 minutes", "max_events": 7, "page": "title", "restart": "event_name = ''buy''"}');
CALL szd.apply('{"key": "visitor", "max_events": null, "midnight": "Asia/Tokyo", "oldest": "1 day", "too_old": "quarantine", "filter": "pieces <> 3"}');
-- measures: added, the same in other words, computed otherwise in their place, of another type, dropped
CALL szd.apply('{"key": "visitor", "measures": [{"name": "revenue", "kind": "sum", "expression": "price", "filter": "event_name = ''buy''"}, {"name": "buys", "kind": "count", "filter": "event_name = ''buy''"},
	{"name": "first title", "kind": "first", "expression": "title"}, {"name": "engaged", "kind": "active_time"}]}');
CREATE VIEW szd.report AS SELECT sum(revenue) AS revenue, sum(buys) AS buys, max(engaged) AS engaged FROM szd_web.sessions;
CALL szd.apply('{"key": "(visitor)", "measures": [{"name": "engaged", "kind": "active_time", "cap": "60 seconds"}, {"name": "first title", "kind": "first", "expression": "title"},
	{"name": "revenue", "kind": "sum", "expression": "(price)", "filter": "(event_name) = ''buy''::text"}, {"name": "buys", "kind": "count", "filter": "event_name = ''buy''"}]}');
CALL szd.apply('{"key": "visitor", "measures": [{"name": "revenue", "kind": "sum", "expression": "price * pieces"}, {"name": "buys", "kind": "count_distinct", "expression": "title"},
	{"name": "first title", "kind": "last", "expression": "title", "filter": "pieces > 1"}, {"name": "engaged", "kind": "active_time", "cap": "30 seconds", "filter": "pieces > 1"}]}');
SELECT col_description('szd_web.sessions'::regclass, attnum) AS comment FROM pg_attribute WHERE attrelid = 'szd_web.sessions'::regclass AND attname IN ('revenue', 'buys', 'first title', 'engaged') ORDER BY attnum;
-- another type takes another column, which a view may keep from coming
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "measures": [{"name": "revenue", "kind": "sum", "expression": "pieces"}]}');
DROP VIEW szd.report;
CALL szd.apply('{"key": "visitor", "measures": [{"name": "revenue", "kind": "sum", "expression": "pieces"}, {"name": "buys", "kind": "any", "filter": "event_name = ''buy''"}]}');
-- everything at once, also the key's type
CREATE INDEX ON szd.raw ((substr(visitor, 2)::int), occurred_at);
CALL szd.apply('{"key": "account", "event_id": "", "page": "page || title", "gap": "10 minutes", "measures": [{"name": "seen", "kind": "count_distinct", "expression": "page"}, {"name": "revenue", "kind": "sum", "expression": "price"}]}');
CALL szd.apply('{"key": "account", "raw_id": "raw_id::text", "measures": []}');
CALL szd.apply('{"key": "account"}');
-- dimensions, and measures of events: added, in other words, of other expressions in their place, of another form, of another type, dropped
CALL szd.apply('{"key": "account", "dimensions": [{"name": "offer", "attributes": {"title": "title", "lot": "pieces"}}, {"name": "kind", "grain": "event", "attributes": {"name": "event_name"}}],
	"measures": [{"name": "worth", "kind": "sum", "expression": "price", "grain": "event"}]}');
CREATE TABLE szd.keys AS SELECT kind_key, kind_name FROM szd_web.dim_kind AS d (kind_key, member, kind_name);
CALL szd.apply('{"key": "account", "dimensions": [{"name": "kind", "grain": "event", "attributes": {"name": "(event_name)"}}, {"name": "offer", "attributes": {"lot": "(pieces)", "title": "title"}}],
	"measures": [{"name": "worth", "kind": "sum", "expression": "(price)", "grain": "event"}]}');
CREATE VIEW szd.kinds AS SELECT kind_name, count(*) FROM szd_web.events GROUP BY 1;
CALL szd.apply('{"key": "account", "dimensions": [{"name": "kind", "grain": "event", "attributes": {"name": "event_name || page"}}, {"name": "offer", "attributes": {"title": "title", "lot": "pieces / 2"}}],
	"measures": [{"name": "worth", "kind": "sum", "expression": "price * 2", "filter": "pieces > 1", "grain": "event"}]}');
SELECT count(*) FROM szd.keys EXCEPT SELECT count(*) FROM szd.keys AS k JOIN szd_web.dim_kind AS d ON d.kind_key = k.kind_key AND d.name IS NOT DISTINCT FROM k.kind_name;
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "account"}');
DROP VIEW szd.kinds;
CALL szd.apply('{"key": "account", "dimensions": [{"name": "kind", "attributes": {"name": "event_name"}}, {"name": "offer", "attributes": {"title": "title", "lot": "pieces / 2.5"}, "pick": "last", "max_members": 3}],
	"measures": [{"name": "worth", "kind": "sum", "expression": "price"}]}');
SELECT * FROM sessionize.preview_definition('szd_web', sessionize.definition('szd_web') || '{"measures": [{"name": "worth", "kind": "sum", "expression": "price", "grain": "event"}], "dimensions": []}') WHERE now IS DISTINCT FROM changed;
SELECT (SELECT sum(worth)::text FROM szd_web.sessions) = now AS same FROM sessionize.preview_definition('szd_web', sessionize.definition('szd_web')) WHERE part = 'measure worth';
CALL szd.apply('{"key": "account"}');
-- bounces that are told by a measure, which the document adds, gives another type, replaces by another one, drops; sessions that start where a value changes, also one of another type
CALL szd.apply('{"key": "account", "bounce": "sold < 50 AND events < 4", "restart_on_change": "title", "measures": [{"name": "sold", "kind": "sum", "expression": "price"}]}');
CALL szd.apply('{"key": "account", "bounce": "sold < 5", "restart_on_change": "pieces", "measures": [{"name": "sold", "kind": "sum", "expression": "pieces"}]}');
SELECT format_type(atttypid, atttypmod), attrelid::regclass FROM pg_attribute WHERE attrelid IN ('szd_web.source'::regclass, 'szd_web.sealed'::regclass) AND attname = 'restart_on_change' ORDER BY 2;
CALL szd.apply('{"key": "account", "bounce": "best = ''/3'' AND events < 3", "measures": [{"name": "best", "kind": "last", "expression": "page"}]}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "account", "bounce": "best = ''/3''"}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "account", "bounce": "best = ''/3''", "measures": [{"name": "best", "kind": "last", "expression": "pieces"}]}');
CALL szd.apply('{"key": "account", "bounce": ""}');
-- a renamed column is still the same one
ALTER TABLE szd.raw RENAME COLUMN account TO customer;
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "customer"}');
SELECT key FROM sessionize.pipelines WHERE pipeline_name = 'szd_web';
ALTER TABLE szd.raw RENAME COLUMN customer TO account;
CALL szd.apply('{"key": "account"}');
-- a definition that was made elsewhere
CREATE TABLE szd.document AS SELECT sessionize.definition('szd_web') AS d;
CALL szd.apply('{"key": "visitor", "gap": "1 hour", "page": ""}');
SELECT sessionize.alter_pipeline('szd_web', definition => d) FROM szd.document;
SELECT sessionize.definition('szd_web') = d AS same FROM szd.document;

-- mistakes
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor"}', gap => '1 hour');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor"}', unset => '{page}');
SELECT sessionize.alter_pipeline('szd_web', definition => '[]');
SELECT sessionize.alter_pipeline('szd_web', definition => '{}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "name": "other"}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "gap": "soon"}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "gap": null}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "store_events": false}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "capture": false}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "measures": [{"name": "m", "kind": "count"}, {"name": "m", "kind": "active_time"}]}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "measures": [{"kind": "count"}]}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "measures": [{"name": "events", "kind": "count"}]}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "measures": [{"name": "m", "kind": "sum"}]}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "measures": [{"name": "m", "kind": "sum", "of": 1}]}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "title"}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "dimensions": [{"name": "d", "attributes": {"t": "title"}}, {"name": "d", "attributes": {"t": "page"}}]}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "dimensions": [{"name": "d", "attributes": "title"}]}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"key": "visitor", "dimensions": [1]}');
SELECT sessionize.definition('szd_web') = d AS same FROM szd.document;
SELECT sessionize.drop_pipeline('szd_web');
DROP SCHEMA szd CASCADE;
-- all defaults: those of the document are those of the function
CREATE SCHEMA szd;
SELECT sessionize.create_events_table('szd.events');
SELECT sessionize.create_pipeline('szd_web', 'szd.events');
SET client_min_messages = notice;
SELECT sessionize.alter_pipeline('szd_web', definition => '{}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"gap": "20 minutes", "measures": [{"name": "buys", "kind": "count", "filter": "event_name = ''purchase''"}]}');
SELECT sessionize.alter_pipeline('szd_web', definition => '{"gap": "20 minutes", "measures": [{"name": "buys", "kind": "count", "filter": "event_name = ''purchase''"}]}');
RESET client_min_messages;
SELECT sessionize.drop_pipeline('szd_web');
DROP SCHEMA szd CASCADE;
