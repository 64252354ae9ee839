-- Capture: which tables it watches, and what it finds that no event trigger has told it.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szw;
CREATE TABLE szw.raw (id bigint, visitor text, at timestamptz, day int NOT NULL) PARTITION BY LIST (day);
CREATE INDEX ON szw.raw (visitor, at);
CREATE TABLE szw.day0 PARTITION OF szw.raw FOR VALUES IN (0);
CREATE TABLE szw.day1 PARTITION OF szw.raw FOR VALUES IN (1);
CREATE TABLE szw.days PARTITION OF szw.raw FOR VALUES IN (2, 3) PARTITION BY LIST (day);
CREATE TABLE szw.day2 PARTITION OF szw.days FOR VALUES IN (2);
SELECT sessionize.create_pipeline('szw_web', 'szw.raw', 'visitor', 'at', raw_id => 'id');
CREATE VIEW szw.watched AS SELECT relid::regclass::text AS on_table FROM sessionize.captured_table ORDER BY 1;
SELECT string_agg(on_table, ' ') FROM szw.watched;
SELECT pipeline_id AS id FROM sessionize.pipeline WHERE pipeline_name = 'szw_web' \gset
CREATE FUNCTION szw.needs() RETURNS text LANGUAGE sql AS $$
	WITH gone AS (DELETE FROM sessionize.rebuild_need RETURNING need_id, need, detail)
	SELECT string_agg(need || ': ' || regexp_replace(detail, '\d{4,}', 'N'), ' | ' ORDER BY need_id) FROM gone $$;
-- the star against plain SQL, and the accounts
CREATE FUNCTION szw.wrong(OUT wrong bigint, OUT pending bigint, OUT difference bigint, OUT unproven bigint) LANGUAGE sql AS $$
	WITH raw AS (SELECT visitor COLLATE "C" AS k, count(*) AS n FROM szw.raw GROUP BY 1),
	star AS (SELECT session_key AS k, sum(events)::bigint AS n FROM szw_web.sessions GROUP BY 1)
	SELECT (SELECT count(*) FROM (TABLE raw EXCEPT ALL TABLE star) AS a) + (SELECT count(*) FROM (TABLE star EXCEPT ALL TABLE raw) AS b),
	       r.pending, r.difference, (SELECT count(*) FROM sessionize.verify('szw_web')) FROM sessionize.reconcile('szw_web') AS r $$;
CREATE VIEW szw.capture AS SELECT capture FROM sessionize.pipeline_status WHERE pipeline_name = 'szw_web';
CALL sessionize.rebuild('szw_web');
INSERT INTO szw.raw SELECT n, 'v' || n % 5, '2026-01-01Z'::timestamptz + n * interval '1 minute', n % 3 FROM generate_series(1, 30) AS n;
CALL sessionize.refresh('szw_web');
SELECT * FROM szw.wrong();

-- it follows what comes and goes
CREATE TABLE szw.day3 PARTITION OF szw.days FOR VALUES IN (3);
CREATE TABLE szw.day4 (LIKE szw.raw);
ALTER TABLE szw.raw ATTACH PARTITION szw.day4 FOR VALUES IN (4);
SELECT string_agg(on_table, ' ') FROM szw.watched;
ALTER TABLE szw.raw DETACH PARTITION szw.days;
DROP TABLE szw.day4;
SELECT string_agg(on_table, ' ') FROM szw.watched;
ALTER TABLE szw.raw ATTACH PARTITION szw.days FOR VALUES IN (2, 3);
SELECT string_agg(on_table, ' ') FROM szw.watched;
SELECT szw.needs();
BEGIN;
DROP TABLE szw.day1;
ROLLBACK;
SELECT string_agg(on_table, ' ') FROM szw.watched;
-- also where CREATE SCHEMA makes the partition
CREATE SCHEMA szw_more CREATE TABLE day5 PARTITION OF szw.raw FOR VALUES IN (5) CREATE TABLE other (a int);
SELECT string_agg(on_table, ' ') FROM szw.watched;
SELECT capture FROM szw.capture;
INSERT INTO szw.raw VALUES (100, 'schema', '2026-01-01Z', 5);
CALL sessionize.refresh('szw_web');
SELECT * FROM szw.wrong();
TRUNCATE szw_more.day5;
SELECT * FROM szw.wrong();
CALL sessionize.refresh('szw_web');
SELECT * FROM szw.wrong();
SELECT szw.needs();

-- while event triggers are disabled: a partition made, and written to
CREATE PROCEDURE szw.event_triggers(mode text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'ALTER EVENT TRIGGER sessionize_capture_ddl ' || mode;
	EXECUTE 'ALTER EVENT TRIGGER sessionize_capture_drop ' || mode;
END $$;
CALL szw.event_triggers('DISABLE');
CREATE TABLE szw.day6 PARTITION OF szw.raw FOR VALUES IN (6);
CALL szw.event_triggers('ENABLE ALWAYS');
INSERT INTO szw.raw VALUES (101, 'made', '2026-01-01Z', 6);
SELECT capture FROM szw.capture;
CALL sessionize.refresh('szw_web');
SELECT sessionize.enable_capture('szw_web');
SELECT capture FROM szw.capture;
SELECT szw.needs();
CALL sessionize.refresh('szw_web');
SELECT * FROM szw.wrong();
TRUNCATE szw.day6;
CALL sessionize.refresh('szw_web');
SELECT * FROM szw.wrong();
-- one attached that has rows
CREATE TABLE szw.day7 (LIKE szw.raw);
INSERT INTO szw.day7 VALUES (102, 'attached', '2026-01-01Z', 7);
CALL szw.event_triggers('DISABLE');
ALTER TABLE szw.raw ATTACH PARTITION szw.day7 FOR VALUES IN (7);
CALL szw.event_triggers('ENABLE ALWAYS');
SELECT capture FROM szw.capture;
CALL sessionize.refresh('szw_web');
SELECT sessionize.enable_capture('szw_web');
SELECT szw.needs(), (SELECT string_agg(session_key, ' ') FROM szw_web.dirty) AS dirty;
CALL sessionize.refresh('szw_web');
SELECT * FROM szw.wrong();
-- one detached, one dropped
CALL szw.event_triggers('DISABLE');
ALTER TABLE szw.raw DETACH PARTITION szw.day0;
DROP TABLE szw.day7;
CALL szw.event_triggers('ENABLE ALWAYS');
SELECT capture FROM szw.capture;
CALL sessionize.refresh('szw_web');
SELECT sessionize.enable_capture('szw_web');
SELECT capture FROM szw.capture;
SELECT need, regexp_replace(detail, '\d{4,}', 'N') AS detail FROM sessionize.rebuild_need ORDER BY need_id;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'szw.day0'::regclass;
CALL sessionize.rebuild('szw_web');
SELECT szw.needs();
SELECT * FROM szw.wrong();
-- one detached, changed, and attached again: nothing of that can be seen but that its triggers are others
CALL szw.event_triggers('DISABLE');
ALTER TABLE szw.raw DETACH PARTITION szw.day1;
DELETE FROM szw.day1 WHERE visitor = 'v1';
ALTER TABLE szw.raw ATTACH PARTITION szw.day1 FOR VALUES IN (1);
CALL szw.event_triggers('ENABLE ALWAYS');
SELECT capture FROM szw.capture;
CALL sessionize.refresh('szw_web');
SELECT sessionize.enable_capture('szw_web');
SELECT capture FROM szw.capture;
SELECT need, detail FROM sessionize.rebuild_need;
CALL sessionize.rebuild('szw_web');
SELECT * FROM szw.wrong();
-- the same with the triggers themselves
SELECT tgname AS capture, pg_get_triggerdef(oid) AS definition FROM pg_trigger
WHERE tgrelid = 'szw.raw'::regclass AND tgfoid = 'sessionize.capture'::regproc AND tgqual IS NULL \gset
CALL szw.event_triggers('DISABLE');
DROP TRIGGER :capture ON szw.raw;
DELETE FROM szw.raw WHERE visitor = 'v2';
:definition;
ALTER TABLE szw.raw ENABLE ALWAYS TRIGGER :capture;
CALL szw.event_triggers('ENABLE ALWAYS');
SELECT capture FROM szw.capture;
SELECT sessionize.enable_capture('szw_web');
SELECT need, detail FROM sessionize.rebuild_need;
CALL sessionize.rebuild('szw_web');
SELECT capture FROM szw.capture;
SELECT * FROM szw.wrong();
-- seen, it is noted, and what is made by hand then is as good
DROP TRIGGER :capture ON szw.raw;
:definition;
ALTER TABLE szw.raw ENABLE ALWAYS TRIGGER :capture;
SELECT capture FROM szw.capture;
CALL sessionize.rebuild('szw_web');
CALL sessionize.refresh('szw_web');
SELECT szw.needs();
-- in one transaction, and rolled back
BEGIN;
CALL szw.event_triggers('DISABLE');
DROP TABLE szw.day1;
ROLLBACK;
SELECT capture FROM szw.capture;

-- the trigger for TRUNCATE is watched as those for rows are
SELECT tgname AS truncate, pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE tgrelid = 'szw.day1'::regclass AND tgfoid = 'sessionize.capture_truncate'::regproc \gset
ALTER TABLE szw.day1 DISABLE TRIGGER :truncate;
SELECT capture, szw.needs() FROM szw.capture;
SELECT sessionize.enable_capture('szw_web');
SELECT capture, szw.needs() FROM szw.capture;
ALTER TABLE szw.day1 ENABLE TRIGGER :truncate;
SELECT capture, szw.needs() FROM szw.capture;
ALTER TABLE szw.day1 ENABLE REPLICA TRIGGER :truncate;
SELECT capture, szw.needs() FROM szw.capture;
ALTER TABLE szw.day1 ENABLE ALWAYS TRIGGER :truncate;
SELECT capture, szw.needs() FROM szw.capture;
DROP TRIGGER :truncate ON szw.day1;
SELECT capture, szw.needs() FROM szw.capture;
CALL sessionize.refresh('szw_web');
SELECT sessionize.enable_capture('szw_web');
SELECT capture, szw.needs() FROM szw.capture;
CREATE FUNCTION szw.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER :truncate BEFORE TRUNCATE ON szw.day1 EXECUTE FUNCTION szw.nothing();
SELECT capture, szw.needs() FROM szw.capture;
DROP TRIGGER :truncate ON szw.day1;
SELECT szw.needs();
CREATE TRIGGER :truncate BEFORE TRUNCATE ON szw.day1 WHEN (false) EXECUTE FUNCTION sessionize.capture_truncate(:id);
ALTER TABLE szw.day1 ENABLE ALWAYS TRIGGER :truncate;
SELECT capture FROM szw.capture;
DROP TRIGGER :truncate ON szw.day1;
:definition;
SELECT capture FROM szw.capture;
ALTER TABLE szw.day1 ENABLE ALWAYS TRIGGER :truncate;
SELECT capture FROM szw.capture;
-- renamed it is the same one
ALTER TRIGGER :truncate ON szw.day1 RENAME TO t;
CALL sessionize.rebuild('szw_web');
SELECT capture, szw.needs() FROM szw.capture;
-- one that is replaced and one of somebody else's on the same table
CREATE TRIGGER mine AFTER INSERT ON szw.raw FOR EACH ROW EXECUTE FUNCTION szw.nothing();
DROP TRIGGER mine ON szw.raw;
SELECT capture, szw.needs() FROM szw.capture;

-- notes are not kept for ever, one that says the same gives way
DO $$
BEGIN
	FOR i IN 1 .. 250 LOOP
		EXECUTE format('CREATE TABLE szw.many%s PARTITION OF szw.raw FOR VALUES IN (%s)', i, 1000 + i);
		EXECUTE format('DROP TABLE szw.many%s', i);
	END LOOP;
END $$;
SELECT need, count(*), min(detail), max(detail) FROM sessionize.rebuild_need GROUP BY need;
SELECT max(need_id) AS last FROM sessionize.rebuild_need \gset
CREATE TABLE szw.many250 PARTITION OF szw.raw FOR VALUES IN (250);
DROP TABLE szw.many250;
SELECT count(*), count(*) FILTER (WHERE detail = 'Table szw.many250 was dropped.'), max(need_id) > :last AS anew FROM sessionize.rebuild_need;
DELETE FROM sessionize.rebuild_need;

-- nobody puts a note on a pipeline, or learns its name, whose table is not its raw table: names that are ours, functions that are ours,
-- a table of the same name, temporary or not
CREATE ROLE regress_szw_stranger;
CREATE SCHEMA szw_strange AUTHORIZATION regress_szw_stranger;
SET ROLE regress_szw_stranger;
SET client_min_messages = notice;
CREATE TEMP TABLE raw (id int) PARTITION BY LIST (id);
CREATE TEMP TABLE day1 PARTITION OF raw FOR VALUES IN (1);
CREATE TRIGGER sessionize_capture_:id BEFORE UPDATE ON raw FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TRIGGER sessionize_capture_truncate_:id BEFORE TRUNCATE ON day1 EXECUTE FUNCTION sessionize.capture_truncate(:id);
ALTER TABLE raw DISABLE TRIGGER ALL;
DROP TRIGGER sessionize_capture_truncate_:id ON day1;
DROP TRIGGER sessionize_capture_:id ON raw;
CREATE TRIGGER sessionize_capture_:id BEFORE UPDATE ON raw FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
TRUNCATE raw;
ALTER TABLE raw DETACH PARTITION day1;
DROP TABLE raw, day1;
CREATE TABLE szw_strange.raw (id int);
CREATE TRIGGER sessionize_capture_:id AFTER INSERT OR UPDATE OR DELETE ON szw_strange.raw FOR EACH ROW EXECUTE FUNCTION sessionize.capture(:id);
DROP TRIGGER sessionize_capture_:id ON szw_strange.raw;
CREATE TRIGGER sessionize_capture_:id AFTER INSERT OR UPDATE OR DELETE ON szw_strange.raw FOR EACH ROW EXECUTE FUNCTION sessionize.capture(:id);
ALTER TABLE szw_strange.raw RENAME TO raw2;
DROP TABLE szw_strange.raw2;
SELECT sessionize.capture_state(:id) IS NULL AS hidden, sessionize.source_renamed(:id) IS NULL AS hidden;
RESET ROLE;
SET client_min_messages = warning;
SELECT szw.needs();
SELECT capture FROM szw.capture;
DROP SCHEMA szw_strange;
DROP ROLE regress_szw_stranger;

-- what goes with other objects
CREATE TYPE szw.kind AS ENUM ('a');
CREATE TABLE szw.plain (id bigint PRIMARY KEY, visitor text, at timestamptz, kind szw.kind);
CREATE INDEX ON szw.plain (visitor, at);
SELECT sessionize.create_pipeline('szw_plain', 'szw.plain', 'visitor', 'at');
CREATE TRIGGER kind AFTER INSERT ON szw.plain FOR EACH ROW WHEN (new.kind = 'a') EXECUTE FUNCTION szw.nothing();
DROP TYPE szw.kind CASCADE;
SELECT szw.needs();
ALTER TABLE szw.plain DROP COLUMN visitor CASCADE;
SELECT szw.needs();
INSERT INTO szw.plain VALUES (1, '2026-01-01Z');
DROP TABLE szw.plain CASCADE;
SELECT szw.needs();
SELECT sessionize.drop_pipeline('szw_plain');
-- the schema with the raw table: one note for all of it
DROP SCHEMA szw_more CASCADE;
SELECT szw.needs();
DROP TABLE szw.raw CASCADE;
SELECT szw.needs();
SELECT string_agg(on_table, ' ') FROM szw.watched;
SELECT capture, source_renamed FROM sessionize.pipeline_status WHERE pipeline_name = 'szw_web';
SELECT sessionize.drop_pipeline('szw_web');
SELECT count(*) FROM sessionize.captured_table;

-- a loader that swaps tables by their names: the pipeline stays with its table, and says so
CREATE TABLE szw.hits (id bigint PRIMARY KEY, visitor text, at timestamptz);
CREATE INDEX ON szw.hits (visitor, at);
SELECT sessionize.create_pipeline('szw_swap', 'szw.hits', 'visitor', 'at');
CREATE VIEW szw.source AS SELECT source, source_renamed FROM sessionize.pipelines JOIN sessionize.pipeline_status USING (pipeline_name);
SELECT * FROM szw.source;
CREATE TABLE szw.hits_new (LIKE szw.hits INCLUDING ALL);
INSERT INTO szw.hits_new VALUES (1, 'ann', '2026-01-01Z');
SET client_min_messages = notice;
BEGIN;
ALTER TABLE szw.hits RENAME TO hits_old;
SELECT * FROM szw.source;
ALTER TABLE szw.hits_new RENAME TO hits;
COMMIT;
SELECT * FROM szw.source;
ALTER TABLE szw.hits RENAME COLUMN visitor TO who;
ALTER TABLE szw.hits RENAME TO hits_new;
ALTER TABLE szw.hits_old RENAME TO hits;
SELECT * FROM szw.source;
ALTER TABLE szw.hits SET SCHEMA public;
SELECT * FROM szw.source;
SELECT sessionize.enable_capture('szw_swap');
SELECT * FROM szw.source;
ALTER TABLE public.hits RENAME TO "Hits & more";
SELECT * FROM szw.source;
SET client_min_messages = warning;
SELECT sessionize.drop_pipeline('szw_swap');
DROP TABLE "Hits & more";
DROP SCHEMA szw CASCADE;
