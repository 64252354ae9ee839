-- Capture: rows that come and go without a row trigger, and triggers that are switched off.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szkd;
CREATE TABLE szkd.raw (id bigint, visitor text, at timestamptz, note text, day int NOT NULL) PARTITION BY LIST (day);
CREATE INDEX ON szkd.raw (visitor);
CREATE TABLE szkd.day0 PARTITION OF szkd.raw FOR VALUES IN (0);
SELECT sessionize.create_pipeline('szkd_web', 'szkd.raw', 'visitor', 'at', raw_id => 'id');
CREATE VIEW szkd.triggers AS
SELECT tgrelid::regclass::text AS on_table, regexp_replace(tgname, '\d+$', 'N') AS name, tgenabled, (tgtype & 1)::boolean AS for_row
FROM pg_trigger WHERE tgfoid IN ('sessionize.capture'::regproc, 'sessionize.capture_truncate'::regproc);
SELECT * FROM szkd.triggers ORDER BY 1, 2;

-- what there is to do: keys in the log, and notes; both are taken away
CREATE FUNCTION szkd.todo(OUT dirty text, OUT needs text) LANGUAGE plpgsql AS $$
BEGIN
  dirty := (SELECT string_agg(k, ' ' ORDER BY k) FROM (SELECT DISTINCT session_key AS k FROM szkd_web.dirty) AS s);
  needs := (SELECT string_agg(need || ': ' || detail, ' | ' ORDER BY need_id) FROM sessionize.rebuild_need);
  DELETE FROM szkd_web.dirty;
  DELETE FROM sessionize.rebuild_need;
END $$;

-- a new partition, one attached empty, one attached with rows, one that is partitioned itself
CREATE TABLE szkd.day1 PARTITION OF szkd.raw FOR VALUES IN (1);
CREATE TABLE szkd.day2 (LIKE szkd.raw);
ALTER TABLE szkd.raw ATTACH PARTITION szkd.day2 FOR VALUES IN (2);
SELECT * FROM szkd.todo();
CREATE TABLE szkd.day3 (day int NOT NULL, at timestamptz, note text, visitor text, id bigint);
INSERT INTO szkd.day3 VALUES (3, '2026-01-03 10:00', '', 'three', 3), (3, '2026-01-03 12:00', '', 'three', 4), (3, NULL, '', 'thrice', 5);
ALTER TABLE szkd.raw ATTACH PARTITION szkd.day3 FOR VALUES IN (3);
SELECT session_key, lo, hi FROM szkd_web.dirty ORDER BY 1;
SELECT * FROM szkd.todo();
CREATE TABLE szkd.days (LIKE szkd.raw) PARTITION BY LIST (day);
CREATE TABLE szkd.day4 PARTITION OF szkd.days FOR VALUES IN (4);
INSERT INTO szkd.days VALUES (6, 'four', '2026-01-04', '', 4);
ALTER TABLE szkd.raw ATTACH PARTITION szkd.days FOR VALUES IN (4, 5);
SELECT * FROM szkd.todo();
CREATE TABLE szkd.day5 PARTITION OF szkd.days FOR VALUES IN (5);
SELECT * FROM szkd.triggers ORDER BY 1, 2;
INSERT INTO szkd.raw SELECT 10 + i, 'k' || i, '2026-01-01', '', i FROM generate_series(0, 5) AS i;
SELECT * FROM szkd.todo();

-- TRUNCATE of a partition, of a partitioned one, of all; and one that is undone
TRUNCATE szkd.day3;
SELECT * FROM szkd.todo();
TRUNCATE szkd.days;
SELECT * FROM szkd.todo();
BEGIN;
TRUNCATE szkd.raw;
ROLLBACK;
SELECT * FROM szkd.todo();
SET session_replication_role = replica;
TRUNCATE szkd.raw;
RESET session_replication_role;
SELECT * FROM szkd.todo();
TRUNCATE szkd.raw;
SELECT * FROM szkd.todo();

-- detached, dropped
INSERT INTO szkd.raw SELECT 20 + i, 'd' || i, '2026-01-01', '', i FROM generate_series(0, 5) AS i;
SELECT * FROM szkd.todo();
ALTER TABLE szkd.raw DETACH PARTITION szkd.day1;
SELECT * FROM szkd.todo();
ALTER TABLE szkd.days DETACH PARTITION szkd.day4 CONCURRENTLY;
SELECT * FROM szkd.todo();
SELECT * FROM szkd.triggers ORDER BY 1, 2;
INSERT INTO szkd.day1 VALUES (30, 'outside', now(), '', 1);
TRUNCATE szkd.day1;
SELECT * FROM szkd.todo();
SET client_min_messages = notice;
DROP TABLE szkd.day2;
SET client_min_messages = warning;
SELECT * FROM szkd.todo();
DROP TABLE szkd.days;
SELECT * FROM szkd.todo();
DROP TABLE szkd.day1, szkd.day4;
SELECT * FROM szkd.todo();
-- more rows than anybody wants to read in a DDL
CREATE TABLE szkd.day6 (LIKE szkd.raw);
ALTER TABLE szkd.day6 ALTER COLUMN note SET STORAGE PLAIN;
INSERT INTO szkd.day6 SELECT i, 'many' || i % 10, '2026-01-06', repeat('x', 8000), 6 FROM generate_series(1, 8300) AS i;
ALTER TABLE szkd.raw ATTACH PARTITION szkd.day6 FOR VALUES IN (6);
SELECT * FROM szkd.todo();
TRUNCATE szkd.day6, szkd.day0;
SELECT * FROM szkd.todo();

-- triggers that do not fire any more, or not always
ALTER TABLE szkd.raw DISABLE TRIGGER ALL;
SELECT * FROM szkd.todo();
ALTER TABLE szkd.raw ENABLE TRIGGER ALL;
SELECT * FROM szkd.todo();
INSERT INTO szkd.raw VALUES (40, 'ordinary', '2026-01-01', '', 0);
SET session_replication_role = replica;
INSERT INTO szkd.raw VALUES (41, 'missed', '2026-01-01', '', 0);
RESET session_replication_role;
SELECT * FROM szkd.todo();
SET client_min_messages = notice;
SELECT sessionize.enable_capture('szkd_web');
SELECT sessionize.enable_capture('szkd_web');
SET client_min_messages = warning;
SELECT * FROM szkd.todo();
SELECT * FROM szkd.triggers ORDER BY 1, 2;
ALTER TABLE szkd.day0 DISABLE TRIGGER USER;
SELECT * FROM szkd.todo();
SELECT sessionize.enable_capture('szkd_web');
SELECT * FROM szkd.todo();
-- either of the two for rows
SELECT tgname AS capture FROM pg_trigger WHERE tgrelid = 'szkd.raw'::regclass AND tgqual IS NOT NULL \gset
ALTER TABLE szkd.raw ENABLE REPLICA TRIGGER :capture;
SELECT * FROM szkd.todo();
ALTER TABLE szkd.raw ENABLE ALWAYS TRIGGER :capture;
SELECT * FROM szkd.todo();
DROP TRIGGER :capture ON szkd.raw;
SELECT need, detail FROM sessionize.rebuild_need ORDER BY 2;
SELECT * FROM szkd.triggers WHERE for_row ORDER BY 1, 2;
SELECT sessionize.enable_capture('szkd_web');
SELECT count(*) FROM szkd.triggers WHERE for_row;
SELECT count(*) > 0 AS noted FROM szkd.todo();
SELECT tgname AS capture FROM pg_trigger WHERE tgrelid = 'szkd.raw'::regclass AND tgqual IS NULL AND tgfoid = 'sessionize.capture'::regproc \gset
ALTER TABLE szkd.raw ENABLE REPLICA TRIGGER :capture;
SELECT * FROM szkd.todo();
-- back by hand: the note that it was off is what counts
ALTER TABLE szkd.raw ENABLE ALWAYS TRIGGER :capture;
SELECT * FROM szkd.todo();
DROP TRIGGER :capture ON szkd.raw;
SELECT need, detail FROM sessionize.rebuild_need ORDER BY 2;
SELECT * FROM szkd.triggers WHERE for_row ORDER BY 1, 2;
SELECT sessionize.enable_capture('szkd_web');
SELECT count(*) FROM szkd.triggers WHERE for_row;
SELECT count(*) > 0 AS noted FROM szkd.todo();

-- columns that change without their rows' changing: what is kept of whole rows does
ALTER TABLE szkd.raw ADD COLUMN extra int, DROP COLUMN note;
ALTER TABLE szkd.raw ALTER COLUMN extra TYPE bigint;
SELECT * FROM szkd.todo();
SELECT sessionize.create_pipeline('szkd_digest', 'szkd.raw', 'visitor', 'at');
ALTER TABLE szkd.raw DROP COLUMN extra;
SELECT needs FROM szkd.todo();
SELECT sessionize.drop_pipeline('szkd_digest');
INSERT INTO szkd.raw VALUES (50, NULL, NULL, 0);
CALL sessionize.rebuild('szkd_web');
ALTER TABLE szkd.raw ADD COLUMN extra int;
SELECT needs FROM szkd.todo();
-- and what does not concern rows
ALTER TABLE szkd.day0 SET (autovacuum_enabled = off);
ALTER TABLE szkd.raw ALTER COLUMN extra SET DEFAULT 1;
ALTER TABLE szkd.raw RENAME COLUMN extra TO more;
ALTER TABLE szkd.raw RENAME TO events;
ALTER TABLE szkd.events RENAME TO raw;
ALTER TABLE szkd.day0 SET LOGGED;
INSERT INTO szkd.raw (id, visitor, at, day) VALUES (51, 'renamed', '2026-01-01', 0);
SELECT * FROM szkd.todo();

-- a pipeline that does without, until it does not
CREATE ROLE regress_szkd_owner;
GRANT CREATE ON DATABASE :DBNAME TO regress_szkd_owner;
GRANT USAGE ON SCHEMA szkd TO regress_szkd_owner;
GRANT SELECT ON szkd.raw TO regress_szkd_owner;
SET ROLE regress_szkd_owner;
SELECT sessionize.create_pipeline('szkd_plain', 'szkd.raw', 'visitor', 'at', raw_id => 'id');
SELECT sessionize.create_pipeline('szkd_plain', 'szkd.raw', 'visitor', 'at', raw_id => 'id', capture => false);
SELECT capture FROM sessionize.pipelines;
SELECT sessionize.enable_capture('szkd_plain');
SELECT sessionize.enable_capture('szkd_web');
RESET ROLE;
SELECT count(*) FROM szkd.triggers;
-- who may put triggers on the table need not own it or its partitions
GRANT TRIGGER ON szkd.raw TO regress_szkd_owner;
SET ROLE regress_szkd_owner;
SELECT sessionize.enable_capture('szkd_plain');
SELECT capture FROM sessionize.pipelines;
RESET ROLE;
SELECT count(*) FROM szkd.triggers;
SELECT * FROM szkd.todo();
CREATE TABLE szkd.day7 PARTITION OF szkd.raw FOR VALUES IN (7);
INSERT INTO szkd.raw (id, visitor, at, day) VALUES (52, 'both', '2026-01-01', 7);
SELECT w.session_key, p.session_key FROM szkd_web.dirty AS w, szkd_plain.dirty AS p;
SET ROLE regress_szkd_owner;
SELECT sessionize.drop_pipeline('szkd_plain');
RESET ROLE;
SELECT count(*) FROM szkd.triggers;
REVOKE ALL ON szkd.raw FROM regress_szkd_owner;
REVOKE ALL ON SCHEMA szkd FROM regress_szkd_owner;
REVOKE CREATE ON DATABASE :DBNAME FROM regress_szkd_owner;
DROP ROLE regress_szkd_owner;

-- functions that only we call
SELECT sessionize.capture();
SELECT sessionize.capture_ddl();
SELECT sessionize.capture_drop();
SELECT sessionize.capture_truncate();
CREATE TABLE szkd.other (visitor text, at timestamptz, id bigint);
CREATE TRIGGER wrong BEFORE INSERT ON szkd.other FOR EACH ROW EXECUTE FUNCTION sessionize.capture('1');
INSERT INTO szkd.other VALUES ('x');
DROP TRIGGER wrong ON szkd.other;
CREATE TRIGGER wrong AFTER INSERT ON szkd.other EXECUTE FUNCTION sessionize.capture('1');
INSERT INTO szkd.other VALUES ('x');
DROP TRIGGER wrong ON szkd.other;
CREATE TRIGGER wrong AFTER TRUNCATE ON szkd.other EXECUTE FUNCTION sessionize.capture_truncate('1');
TRUNCATE szkd.other;
DROP TRIGGER wrong ON szkd.other;
SELECT * FROM szkd.todo();
-- a trigger on another table, or with an argument of fancy, logs nothing
SELECT pipeline_id AS id FROM sessionize.pipeline WHERE pipeline_name = 'szkd_web' \gset
CREATE TRIGGER a AFTER INSERT OR UPDATE OR DELETE ON szkd.other FOR EACH ROW EXECUTE FUNCTION sessionize.capture(:id);
CREATE TRIGGER b AFTER INSERT ON szkd.other FOR EACH ROW EXECUTE FUNCTION sessionize.capture();
CREATE TRIGGER c AFTER INSERT ON szkd.other FOR EACH ROW EXECUTE FUNCTION sessionize.capture('nonsense');
CREATE TRIGGER d AFTER INSERT ON szkd.other FOR EACH ROW EXECUTE FUNCTION sessionize.capture('-1');
CREATE TRIGGER e AFTER INSERT ON szkd.other FOR EACH ROW EXECUTE FUNCTION sessionize.capture('99999999999999999999');
CREATE TRIGGER f AFTER INSERT ON szkd.other FOR EACH ROW EXECUTE FUNCTION sessionize.capture(:id, :id);
CREATE TRIGGER g BEFORE TRUNCATE ON szkd.other EXECUTE FUNCTION sessionize.capture_truncate(:id);
INSERT INTO szkd.other VALUES ('x', now(), 1);
UPDATE szkd.other SET id = 2;
DELETE FROM szkd.other;
INSERT INTO szkd.other VALUES ('y', now(), 1);
TRUNCATE szkd.other;
SELECT * FROM szkd.todo();

-- the log is lost: collectors go on, and it is noted, once
ALTER TABLE szkd_web.dirty RENAME TO dirt;
INSERT INTO szkd.raw (id, visitor, at, day) VALUES (60, 'lost', '2026-01-01', 0);
UPDATE szkd.raw SET at = '2026-01-02' WHERE id = 60;
ALTER TABLE szkd_web.dirt RENAME TO dirty;
INSERT INTO szkd.raw (id, visitor, at, day) VALUES (61, 'found', '2026-01-01', 0);
SELECT * FROM szkd.todo();
ALTER TABLE szkd_web.dirty RENAME COLUMN lo TO low;
INSERT INTO szkd.raw (id, visitor, at, day) VALUES (62, 'lost', '2026-01-01', 0);
ALTER TABLE szkd_web.dirty RENAME COLUMN low TO lo;
SELECT * FROM szkd.todo();
BEGIN;
DROP SCHEMA szkd_web CASCADE;
INSERT INTO szkd.raw (id, visitor, at, day) VALUES (63, 'lost', '2026-01-01', 0);
ROLLBACK;
SELECT * FROM szkd.todo();
-- what its owner adds to the log is respected
ALTER TABLE szkd_web.dirty ADD COLUMN remark text DEFAULT 'x';
ALTER TABLE szkd_web.dirty DROP COLUMN remark, ADD COLUMN note text;
CREATE INDEX ON szkd_web.dirty (session_key);
INSERT INTO szkd.raw SELECT 1000 + i, 'i' || i % 1500, '2026-01-01', 0 FROM generate_series(1, 3000) AS i;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM szkd_web.dirty WHERE session_key = 'i7';
SELECT (SELECT count(*) FROM szkd_web.dirty WHERE session_key = 'i7') AS one, (SELECT count(DISTINCT session_key) FROM szkd_web.dirty WHERE session_key >= 'i') AS all;
RESET enable_seqscan;
SELECT count(*), count(DISTINCT lane), min(lane), max(lane) FROM szkd_web.dirty;
-- whose functions run as their owner even so
CREATE ROLE regress_szkd_collector;
GRANT USAGE ON SCHEMA szkd, szkd_web TO regress_szkd_collector;
GRANT INSERT ON szkd.raw TO regress_szkd_collector;
CREATE FUNCTION szkd.whose(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN current_user; END $$;
CREATE INDEX dirty_whose ON szkd_web.dirty (szkd.whose(session_key)) WHERE session_key LIKE 'owner%';
SET ROLE regress_szkd_collector;
INSERT INTO szkd.raw (id, visitor, at, day) VALUES (70, 'owner of the index', '2026-01-01', 0);
RESET ROLE;
SET enable_seqscan = off;
SELECT count(*) FROM szkd_web.dirty WHERE session_key LIKE 'owner%' AND szkd.whose(session_key) = current_user;
RESET enable_seqscan;
DROP INDEX szkd_web.dirty_whose;
DROP OWNED BY regress_szkd_collector;
DROP ROLE regress_szkd_collector;

-- rows that create_events_partitions moves out of the default partition
SELECT sessionize.create_events_table('szkd.events');
SELECT sessionize.create_pipeline('szkd_events', 'szkd.events');
INSERT INTO szkd.events (event_id, anonymous_id, occurred_at, received_at) VALUES ('e', 'ahead', now(), now() + interval '20 days');
DELETE FROM szkd_events.dirty;
SELECT sessionize.create_events_partitions('szkd.events', 21);
SELECT session_key FROM szkd_events.dirty;
SELECT count(*) FROM sessionize.rebuild_need;
SELECT count(*) FILTER (WHERE tgfoid = 'sessionize.capture'::regproc) AS rows, count(*) FILTER (WHERE tgfoid = 'sessionize.capture_truncate'::regproc) AS truncate
FROM pg_trigger WHERE tgenabled = 'A' AND tgrelid IN (SELECT relid FROM pg_partition_tree('szkd.events'));

-- everything goes with the raw table, and with the pipeline
SELECT sessionize.drop_pipeline('szkd_events');
SELECT count(*) FROM pg_trigger WHERE tgrelid IN (SELECT relid FROM pg_partition_tree('szkd.events'));
DROP TABLE szkd.raw CASCADE;
INSERT INTO szkd.other VALUES ('z', now(), 1);
SELECT sessionize.drop_pipeline('szkd_web');
SELECT count(*) FROM sessionize.rebuild_need;
DROP SCHEMA szkd CASCADE;
