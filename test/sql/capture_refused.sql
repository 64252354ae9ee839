-- Capture: raw tables and partitions of whose changes nobody would tell are refused, when the pipeline is made and later, and found
-- where they got there while event triggers were disabled. Distributed tables: refused, or read by a query.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szx;
CREATE PROCEDURE szx.event_triggers(mode text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'ALTER EVENT TRIGGER sessionize_capture_ddl ' || mode;
	EXECUTE 'ALTER EVENT TRIGGER sessionize_capture_drop ' || mode;
END $$;
CREATE VIEW szx.capture AS SELECT pipeline_name, capture, needs_rebuild FROM sessionize.pipeline_status ORDER BY 1;
CREATE FOREIGN DATA WRAPPER szx_wrapper;
CREATE SERVER szx_server FOREIGN DATA WRAPPER szx_wrapper;

-- an unlogged table: a crash empties it
CREATE UNLOGGED TABLE szx.plain (id bigint PRIMARY KEY, visitor text, at timestamptz);
CREATE INDEX ON szx.plain (visitor, at);
SELECT sessionize.create_pipeline('szx_plain', 'szx.plain', 'visitor', 'at');
SELECT count(*) AS left_behind FROM pg_namespace WHERE nspname = 'szx_plain';
-- a pipeline that is only rebuilt says what is there, whatever has become of the rest
SELECT sessionize.create_pipeline('szx_plain', 'szx.plain', 'visitor', 'at', capture => false);
INSERT INTO szx.plain VALUES (1, 'ann', '2026-01-01Z');
CALL sessionize.rebuild('szx_plain');
SELECT raw_rows, events, pending, difference FROM sessionize.reconcile('szx_plain');
SELECT sessionize.enable_capture('szx_plain');
ALTER TABLE szx.plain SET LOGGED;
ALTER TABLE szx.plain SET UNLOGGED;
ALTER TABLE szx.plain SET LOGGED;
SELECT sessionize.enable_capture('szx_plain');
CALL sessionize.rebuild('szx_plain');
ALTER TABLE szx.plain SET UNLOGGED;
SELECT relpersistence FROM pg_class WHERE oid = 'szx.plain'::regclass;
SELECT * FROM szx.capture;
CALL szx.event_triggers('DISABLE');
ALTER TABLE szx.plain SET UNLOGGED;
CALL szx.event_triggers('ENABLE ALWAYS');
SELECT * FROM szx.capture;
CALL sessionize.refresh('szx_plain');
SELECT sessionize.seal('szx_plain', '2026-01-02Z');
SELECT sessionize.enable_capture('szx_plain');
ALTER TABLE szx.plain SET LOGGED;
CALL sessionize.refresh('szx_plain');
SELECT * FROM szx.capture;

-- a table that inherits: its rows are read, but no trigger sees them
CREATE TABLE szx.child () INHERITS (szx.plain);
CREATE TEMP TABLE child () INHERITS (szx.plain);
CREATE TABLE szx.child (LIKE szx.plain INCLUDING ALL);
ALTER TABLE szx.child INHERIT szx.plain;
CREATE FOREIGN TABLE szx.far () INHERITS (szx.plain) SERVER szx_server;
CREATE FOREIGN TABLE szx.far (id bigint NOT NULL, visitor text, at timestamptz) SERVER szx_server;
ALTER FOREIGN TABLE szx.far INHERIT szx.plain;
SELECT count(*) AS children FROM pg_inherits WHERE inhparent = 'szx.plain'::regclass;
CALL szx.event_triggers('DISABLE');
ALTER TABLE szx.child INHERIT szx.plain;
CALL szx.event_triggers('ENABLE ALWAYS');
SELECT * FROM szx.capture;
CALL sessionize.refresh('szx_plain');
SELECT sessionize.enable_capture('szx_plain');
ALTER TABLE szx.child NO INHERIT szx.plain;
CALL sessionize.refresh('szx_plain');
-- what the raw table inherits from has no rows that are read
CREATE TABLE szx.parent (visitor text);
ALTER TABLE szx.plain INHERIT szx.parent;
INSERT INTO szx.parent VALUES ('nobody');
INSERT INTO szx.plain VALUES (2, 'bob', '2026-01-01Z');
CALL sessionize.refresh('szx_plain');
SELECT raw_rows, events, pending, difference FROM sessionize.reconcile('szx_plain');
SELECT * FROM szx.capture;

-- rules: what they make of a statement is captured, row by row
CREATE RULE never AS ON INSERT TO szx.plain WHERE new.visitor = 'never' DO INSTEAD NOTHING;
CREATE RULE keep AS ON DELETE TO szx.plain DO INSTEAD UPDATE szx.plain SET visitor = 'deleted ' || old.visitor WHERE id = old.id;
CREATE RULE twice AS ON UPDATE TO szx.plain WHERE new.visitor = 'twice' DO ALSO INSERT INTO szx.plain VALUES (old.id + 1000, 'other', old.at);
INSERT INTO szx.plain VALUES (3, 'never', '2026-01-01Z'), (4, 'cid', '2026-01-01Z');
DELETE FROM szx.plain WHERE visitor = 'bob';
UPDATE szx.plain SET visitor = 'twice' WHERE visitor = 'cid';
CALL sessionize.refresh('szx_plain');
SELECT session_key, events FROM szx_plain.sessions ORDER BY 1;
SELECT raw_rows, events, pending, difference, (SELECT count(*) FROM sessionize.verify('szx_plain')) AS unproven FROM sessionize.reconcile('szx_plain');
-- one on SELECT would make a view of it: no server does that to a table with triggers
DO $$
BEGIN
	CREATE TABLE szx.empty (id bigint, visitor text, at timestamptz);
	CREATE TRIGGER t AFTER INSERT ON szx.empty FOR EACH ROW EXECUTE FUNCTION sessionize.capture(1);
	CREATE RULE "_RETURN" AS ON SELECT TO szx.empty DO INSTEAD SELECT 1::bigint AS id, ''::text AS visitor, now() AS at;
	RAISE WARNING 'it is a view now';
EXCEPTION WHEN object_not_in_prerequisite_state OR wrong_object_type THEN
END $$;

-- partitions
CREATE TABLE szx.raw (id bigint, visitor text, at timestamptz, day int NOT NULL) PARTITION BY LIST (day);
CREATE INDEX ON szx.raw (visitor, at);
CREATE UNLOGGED TABLE szx.day0 PARTITION OF szx.raw FOR VALUES IN (0);
SELECT sessionize.create_pipeline('szx_web', 'szx.raw', 'visitor', 'at', raw_id => 'id');
ALTER TABLE szx.day0 SET LOGGED;
CREATE FOREIGN TABLE szx.day1 PARTITION OF szx.raw FOR VALUES IN (1) SERVER szx_server;
SELECT sessionize.create_pipeline('szx_web', 'szx.raw', 'visitor', 'at', raw_id => 'id');
DROP FOREIGN TABLE szx.day1;
SELECT sessionize.create_pipeline('szx_web', 'szx.raw', 'visitor', 'at', raw_id => 'id');
CALL sessionize.rebuild('szx_web');
ALTER TABLE szx.day0 SET UNLOGGED;
CREATE UNLOGGED TABLE szx.day1 PARTITION OF szx.raw FOR VALUES IN (1);
CREATE SCHEMA szx_more CREATE UNLOGGED TABLE day1 PARTITION OF szx.raw FOR VALUES IN (1);
CREATE UNLOGGED TABLE szx.day1 (LIKE szx.raw);
ALTER TABLE szx.raw ATTACH PARTITION szx.day1 FOR VALUES IN (1);
CREATE TABLE szx.days (LIKE szx.raw) PARTITION BY LIST (day);
ALTER TABLE szx.days ATTACH PARTITION szx.day1 FOR VALUES IN (1);
ALTER TABLE szx.raw ATTACH PARTITION szx.days FOR VALUES IN (1, 2);
CREATE FOREIGN TABLE szx.day3 PARTITION OF szx.raw FOR VALUES IN (3) SERVER szx_server;
CREATE FOREIGN TABLE szx.day3 (id bigint, visitor text, at timestamptz, day int NOT NULL) SERVER szx_server;
ALTER TABLE szx.raw ATTACH PARTITION szx.day3 FOR VALUES IN (3);
SELECT inhrelid::regclass AS partition FROM pg_inherits WHERE inhparent = 'szx.raw'::regclass;
SELECT relid::regclass FROM sessionize.captured_table WHERE relid::regclass::text LIKE 'szx.%' ORDER BY 1;
CALL szx.event_triggers('DISABLE');
ALTER TABLE szx.raw ATTACH PARTITION szx.days FOR VALUES IN (1, 2);
CALL szx.event_triggers('ENABLE ALWAYS');
SELECT * FROM szx.capture;
CALL sessionize.refresh('szx_web');
ALTER TABLE szx.day1 SET LOGGED;
CALL szx.event_triggers('DISABLE');
ALTER TABLE szx.raw ATTACH PARTITION szx.day3 FOR VALUES IN (3);
CALL szx.event_triggers('ENABLE ALWAYS');
CALL sessionize.refresh('szx_web');
SELECT sessionize.enable_capture('szx_web');
ALTER TABLE szx.raw DETACH PARTITION szx.day3;
SELECT sessionize.enable_capture('szx_web');
CALL sessionize.refresh('szx_web');
SELECT * FROM szx.capture;
-- tables of others may be what they like
CREATE TABLE szx.other (a int) PARTITION BY LIST (a);
CREATE UNLOGGED TABLE szx.other1 PARTITION OF szx.other FOR VALUES IN (1);
ALTER TABLE szx.child SET UNLOGGED;

-- Distributed by Citus: a stand-in for its catalog. Their rows are elsewhere, here they are empty.
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
RESET allow_system_table_mods;
CREATE TABLE szx.far_away (id bigint PRIMARY KEY, visitor text, at timestamptz);
CREATE INDEX ON szx.far_away (visitor, at);
INSERT INTO pg_catalog.pg_dist_partition VALUES ('szx.far_away'), ('szx.other');
SELECT sessionize.create_pipeline('szx_far', 'szx.far_away', 'visitor', 'at');
SELECT sessionize.create_pipeline('szx_far', 'szx.far_away', 'visitor', 'at', capture => false);
-- or a partition is
INSERT INTO pg_catalog.pg_dist_partition VALUES ('szx.day0');
SELECT sessionize.create_pipeline('szx_far', 'szx.raw', 'visitor', 'at', raw_id => 'id');
-- or it was distributed when the pipeline was there
SELECT * FROM szx.capture;
INSERT INTO szx.raw VALUES (1, 'gets in', '2026-01-01Z', 0);
CALL sessionize.refresh('szx_web');
CALL sessionize.rebuild('szx_web');
SELECT * FROM sessionize.reconcile('szx_web');
SELECT * FROM sessionize.verify('szx_web');
DELETE FROM pg_catalog.pg_dist_partition WHERE logicalrelid = 'szx.day0'::regclass;
CALL sessionize.refresh('szx_web');
SELECT session_key, events FROM szx_web.sessions;
-- or a table of its star is
INSERT INTO pg_catalog.pg_dist_partition VALUES ('szx_web.fact_session');
CALL sessionize.refresh('szx_web');
CALL sessionize.rebuild('szx_web');
SELECT * FROM sessionize.reconcile('szx_web');
SELECT * FROM sessionize.verify('szx_web');
DELETE FROM pg_catalog.pg_dist_partition WHERE logicalrelid = 'szx_web.fact_session'::regclass;
SELECT difference FROM sessionize.reconcile('szx_web');
-- The functions that need no pipeline ask a query, which Citus answers.
INSERT INTO szx.far_away VALUES (1, 'ann', '2026-01-01Z'), (2, 'ann', '2026-01-01 00:05Z'), (3, 'bob', '2026-01-01Z');
SELECT key, events FROM sessionize.session_table('szx.far_away', 'visitor', 'at') ORDER BY 1;
-- That one was asked, an error tells: it has a context.
INSERT INTO szx.far_away VALUES (4, 'never', 'infinity');
SELECT key, events FROM sessionize.session_table('szx.far_away', 'visitor', 'at') ORDER BY 1;
SELECT * FROM sessionize.funnel_table('szx.far_away', 'visitor', 'at', '1 day', ARRAY['true', 'id > 1']) ORDER BY 1;
SELECT * FROM sessionize.retention_table('szx.far_away', 'visitor', 'at') ORDER BY 1, 2 LIMIT 3;
-- so it is where only a partition, or a child, is distributed
CREATE TABLE szx.local (LIKE szx.far_away);
ALTER TABLE szx.far_away INHERIT szx.local;
SELECT key, events FROM sessionize.session_table('szx.local', 'visitor', 'at') ORDER BY 1;
ALTER TABLE szx.far_away NO INHERIT szx.local;
-- a catalog of that name that is not Citus' is not asked
SET allow_system_table_mods = on;
ALTER TABLE pg_catalog.pg_dist_partition ALTER COLUMN logicalrelid TYPE text;
RESET allow_system_table_mods;
SELECT sessionize.create_pipeline('szx_far', 'szx.far_away', 'visitor', 'at');
SELECT key, events FROM sessionize.session_table('szx.far_away', 'visitor', 'at') ORDER BY 1;
SET allow_system_table_mods = on;
DROP TABLE pg_catalog.pg_dist_partition;
RESET allow_system_table_mods;

SELECT sessionize.drop_pipeline(p) FROM unnest('{szx_far,szx_plain,szx_web}'::text[]) AS p;
DROP FOREIGN DATA WRAPPER szx_wrapper CASCADE;
DROP SCHEMA szx CASCADE;
