-- Each column of a pipeline's schema has a comment, and the comments of views are those of what they show.
SET client_min_messages = warning;
CREATE SCHEMA szm_raw;
CREATE TABLE szm_raw.events (id bigint PRIMARY KEY, visitor text, at timestamptz, name text, price numeric, url text);
CREATE INDEX ON szm_raw.events (visitor, at);
INSERT INTO szm_raw.events VALUES (1, 'v', '2026-01-01Z', 'buy', 2.5, '/');
SELECT sessionize.create_pipeline('szm', 'szm_raw.events', key => 'visitor', event_time => 'at', event_name => 'name',
	page => 'split_part(url, ''?'', 1)');
SELECT sessionize.create_pipeline('szm_less', 'szm_raw.events', key => 'visitor', event_time => 'at', raw_id => '', store_events => false);

CREATE VIEW szm_raw.comments AS
SELECT n.nspname AS schema, c.relname, a.attname, col_description(c.oid, a.attnum) AS comment
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE n.nspname IN ('szm', 'szm_less') AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped;
-- relations without a comment, columns without one
CREATE FUNCTION szm_raw.missing() RETURNS TABLE (missing text) LANGUAGE sql AS $$
SELECT c.oid::regclass::text FROM pg_class AS c
WHERE c.relnamespace IN ('szm'::regnamespace, 'szm_less'::regnamespace) AND c.relkind IN ('r', 'v') AND obj_description(c.oid, 'pg_class') IS NULL
UNION ALL
SELECT format('%s.%s.%s', schema, relname, attname) FROM szm_raw.comments WHERE coalesce(comment, '') = '' ORDER BY 1;
$$;
SELECT schema, count(*) > 100 AS many FROM szm_raw.comments GROUP BY schema ORDER BY schema;
SELECT * FROM szm_raw.missing();

-- the view source says what each column is taken from
SELECT schema, attname, comment FROM szm_raw.comments WHERE relname = 'source' ORDER BY schema, attname;
-- the wide views
SELECT relname, attname, comment FROM szm_raw.comments WHERE schema = 'szm' AND relname IN ('sessions', 'events') ORDER BY relname, attname;
-- a live view has the comments of the view whose live form it is
SELECT count(*) FROM (
	SELECT attname, comment FROM szm_raw.comments WHERE schema = 'szm' AND relname = 'sessions'
	EXCEPT ALL SELECT attname, comment FROM szm_raw.comments WHERE schema = 'szm' AND relname = 'sessions_live') AS d;
SELECT count(*) FROM (
	SELECT attname, comment FROM szm_raw.comments WHERE schema = 'szm' AND relname = 'events'
	EXCEPT ALL SELECT attname, comment FROM szm_raw.comments WHERE schema = 'szm' AND relname = 'events_live') AS d;

-- measures
SET intervalstyle = 'iso_8601';
COMMENT ON COLUMN szm.sessions.events IS 'my own words';
SELECT sessionize.add_measure('szm', 'revenue', 'sum', 'price', 'name = ''buy''');
SELECT sessionize.add_measure('szm', 'items', 'count');
SELECT sessionize.add_measure('szm', 'buys', 'count', filter => 'name = ''buy''');
SELECT sessionize.add_measure('szm', 'least', 'min', 'price');
SELECT sessionize.add_measure('szm', 'greatest', 'max', 'price');
SELECT sessionize.add_measure('szm', 'campaign', 'first', 'url', 'url <> ''''');
SELECT sessionize.add_measure('szm', 'last url', 'last', 'url');
SELECT sessionize.add_measure('szm', 'urls', 'count_distinct', 'url');
SELECT sessionize.add_measure('szm', 'converted', 'any', filter => 'name = ''buy''');
SELECT sessionize.add_measure('szm', 'engaged', 'active_time');
SELECT sessionize.add_measure('szm', 'buying', 'active_time', filter => 'name = ''buy''', cap => '90 seconds');
RESET intervalstyle;
SELECT * FROM szm_raw.missing();
SELECT attname, comment, count(*) AS relations FROM szm_raw.comments
WHERE schema = 'szm' AND attname IN (SELECT measure FROM sessionize.measures) AND relname IN ('fact_session', 'sessions', 'sessions_live')
GROUP BY attname, comment ORDER BY attname COLLATE "C";
SELECT relname, attname, comment FROM szm_raw.comments
WHERE schema = 'szm' AND relname IN ('source', 'sealed') AND (attname LIKE 'revenue%' OR attname LIKE 'campaign%') ORDER BY relname, attname;
SELECT comment FROM szm_raw.comments WHERE schema = 'szm' AND relname = 'sessions' AND attname = 'events';
-- views made anew have their comments
SELECT sessionize.drop_measure('szm', 'revenue');
SELECT sessionize.drop_measure('szm', 'items');
SELECT * FROM szm_raw.missing();
SELECT relname, attname, comment FROM szm_raw.comments WHERE schema = 'szm' AND relname IN ('source', 'sealed') AND attname LIKE 'revenue%' ORDER BY relname, attname;
-- other rules, and a rebuild
SELECT sessionize.alter_pipeline('szm', gap => '1 minute');
CALL sessionize.rebuild('szm');
SELECT * FROM szm_raw.missing();
SELECT sessionize.drop_pipeline('szm');
SELECT sessionize.drop_pipeline('szm_less');
DROP SCHEMA szm_raw CASCADE;
