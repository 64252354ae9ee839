-- A definition as a document: from a pipeline, and to another one.
SET client_min_messages = warning;
CREATE SCHEMA raw;
CREATE TABLE raw.events (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, visitor text, at timestamptz,
	event_name text, page text, price numeric, "odd ""name" boolean);
CREATE INDEX ON raw.events (visitor, at, event_id);
CREATE INDEX ON raw.events (lower(visitor), at, event_id);
INSERT INTO raw.events (event_id, visitor, at, event_name, page, price, "odd ""name")
SELECT 'e' || n % 280, (ARRAY['a', 'A', 'b', 'c'])[n % 4 + 1], '2026-01-01Z'::timestamptz + (hashint4(n) & 1023) * interval '3 minutes',
       (ARRAY['page_view', 'buy'])[n % 2 + 1], '/' || n % 7, n / 8.0, n % 11 = 0 FROM generate_series(1, 300) AS n;
SELECT sessionize.create_pipeline('one', 'raw.events', key => 'lower(visitor)', event_time => 'at', page => '', restart => '"odd ""name"',
	gap => '20 minutes', max_duration => NULL, max_events => 9, midnight => 'Asia/Tokyo', time_zone => 'Europe/Berlin', dedup_window => NULL,
	store_events => false);
SELECT sessionize.add_measure('one', 'it''s', 'sum', 'price', 'event_name = ''buy''');
SELECT sessionize.add_measure('one', 'engaged', 'active_time', cap => '90 seconds');
SELECT jsonb_pretty(sessionize.definition('one'));
SELECT sessionize.create_pipeline('two', 'raw.events', definition => sessionize.definition('one'));
SELECT sessionize.definition('one') = sessionize.definition('two') AS equal;
CALL sessionize.refresh('one');
CALL sessionize.refresh('two');
-- the same star; only the ids differ, since they depend on the pipeline's name
CREATE FUNCTION raw.sessions(pipeline text) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN RETURN QUERY EXECUTE format('SELECT to_jsonb(s) - ''session_id'' FROM %I.sessions AS s', pipeline); END $$;
SELECT count(*) > 50 AS some FROM raw.sessions('one');
SELECT count(*) FROM (SELECT * FROM raw.sessions('one') EXCEPT ALL SELECT * FROM raw.sessions('two')) AS lost;
SELECT count(*) FROM (SELECT * FROM raw.sessions('two') EXCEPT ALL SELECT * FROM raw.sessions('one')) AS added;
SELECT * FROM sessionize.verify('two');
-- in place of the first one, under its name: the same ids as well
CREATE TABLE raw.before AS TABLE one.sessions;
CREATE TABLE raw.definition AS SELECT sessionize.definition('one') AS document;
SELECT sessionize.drop_pipeline('one');
SELECT sessionize.create_pipeline('one', 'raw.events', document) FROM raw.definition;
CALL sessionize.refresh('one');
SELECT count(*) FROM (TABLE raw.before EXCEPT ALL TABLE one.sessions) AS lost;
SELECT count(*) FROM (TABLE one.sessions EXCEPT ALL TABLE raw.before) AS added;
-- defaults: what is not said is as for create_pipeline without a definition; page views are told by the event name
SELECT sessionize.create_pipeline('three', 'raw.events', definition => '{"key": "visitor", "event_time": "at"}');
SELECT jsonb_pretty(sessionize.definition('three'));
SELECT sessionize.create_pipeline('four', 'raw.events', sessionize.definition('three'));
SELECT sessionize.definition('three') = sessionize.definition('four') AS equal, pg_get_viewdef('three.source') = pg_get_viewdef('four.source') AS equal_view;
-- the third argument is still the key
SELECT sessionize.create_pipeline('five', 'raw.events', 'visitor', 'at');
SELECT key FROM sessionize.pipelines WHERE pipeline_name = 'five';
-- mistakes
SELECT sessionize.definition('nothing');
SELECT sessionize.definition(NULL);
SELECT sessionize.create_pipeline('six', 'raw.events', definition => NULL);
SELECT sessionize.create_pipeline('six', 'raw.events', definition => '[]');
SELECT sessionize.create_pipeline('six', 'raw.events', definition => '"key"');
SELECT sessionize.create_pipeline('six', 'raw.events', definition => '{}');
SELECT sessionize.create_pipeline('six', 'raw.events', definition => '{"kee": "visitor"}');
SELECT sessionize.create_pipeline('six', 'raw.events', definition => '{"source": "other"}');
SELECT sessionize.create_pipeline('six', 'raw.events', definition => '{"key": ["visitor"]}');
SELECT sessionize.create_pipeline('six', 'raw.events', definition => '{"key": "visitor", "event_time": "at", "measures": 1}');
SELECT sessionize.create_pipeline('six', 'raw.events', definition => '{"key": "visitor", "event_time": "at", "measures": [1]}');
SELECT sessionize.create_pipeline('six', 'raw.events', definition => '{"key": "visitor", "event_time": "at", "measures": [{"name": "m", "kind": "count", "of": 1}]}');
SELECT sessionize.create_pipeline('six', 'raw.events', definition => '{"key": "visitor", "event_time": "at", "gap": "soon"}');
SELECT count(*) FROM sessionize.pipelines WHERE pipeline_name = 'six';
SELECT sessionize.drop_pipeline(pipeline_name) FROM sessionize.pipelines WHERE source = 'raw.events'::regclass;
DROP SCHEMA raw CASCADE;
