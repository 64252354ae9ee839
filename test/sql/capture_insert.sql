-- Inserted rows are captured in the condition of their trigger, which then does not fire; where that can't be, it fires.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA szci;
CREATE TABLE szci.raw (gone int, at timestamptz, note text, visitor text, day int) PARTITION BY LIST (day);
ALTER TABLE szci.raw DROP COLUMN gone;
CREATE TABLE szci.day0 PARTITION OF szci.raw FOR VALUES IN (0);
-- other columns in another order
CREATE TABLE szci.day1 (visitor text, off int, day int, note text, at timestamptz);
ALTER TABLE szci.day1 DROP COLUMN off;
ALTER TABLE szci.raw ATTACH PARTITION szci.day1 FOR VALUES IN (1);
CREATE INDEX ON szci.raw (visitor, at);
SELECT sessionize.create_pipeline('szci_web', 'szci.raw', key => 'visitor', event_time => 'at');
ALTER TABLE szci.raw ADD COLUMN late_column text;
CREATE TABLE szci.day2 (note text, late_column text, day int, at timestamptz, visitor text);
ALTER TABLE szci.raw ATTACH PARTITION szci.day2 FOR VALUES IN (2);
SELECT tgrelid::regclass, tgtype, regexp_replace(pg_get_triggerdef(oid), '(_insert_|capture_|\(|'')\d+', '\1N', 'g') AS trigger
FROM pg_trigger WHERE tgfoid = 'sessionize.capture'::regproc ORDER BY 1, 2;

-- what was logged, which is taken away; and how often triggers of ours fired for a statement
CREATE FUNCTION szci.logged() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  logged text := (SELECT string_agg(concat_ws(' ', coalesce(session_key, 'NULL'), lo, nullif(hi, lo)), ', ' ORDER BY session_key, lo) FROM szci_web.dirty);
BEGIN
  DELETE FROM szci_web.dirty;
  RETURN logged;
END $$;
CREATE FUNCTION szci.fired(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || statement LOOP
    IF line ~ 'Trigger' THEN RETURN NEXT regexp_replace(line, '_\d+', '_N'); END IF;
  END LOOP;
END $$;
GRANT USAGE ON SCHEMA szci TO PUBLIC;

INSERT INTO szci.raw (visitor, at, day) VALUES ('a', '2026-01-01', 0), ('b', '2026-01-02', 1), ('c', '2026-01-03', 2), (NULL, '2026-01-04', 1), ('d', NULL, 2), ('e', 'infinity', 0), ('a', '2026-01-05', 1);
SELECT szci.logged();
COPY szci.raw (day, visitor, at) FROM STDIN;
0	a	2026-01-01
1	b	2026-01-02
2	c	2026-01-03
2	\N	2026-01-04
1	a	2026-01-05
\.
SELECT szci.logged();
INSERT INTO szci.day1 (visitor, at, day) VALUES ('direct', '2026-01-01', 1);
INSERT INTO szci.day2 (visitor, at, day) VALUES ('direct', '2026-01-02', 2);
SELECT szci.logged();
SELECT szci.fired($$INSERT INTO szci.raw (visitor, at, day) SELECT 'v', '2026-01-01'::timestamptz, i % 3 FROM generate_series(1, 10) AS i$$);
SELECT szci.logged();
-- changed and deleted ones by the other trigger
SELECT * FROM szci.fired($$UPDATE szci.raw SET at = '2026-01-06', day = CASE WHEN day = 0 THEN 1 ELSE day END WHERE visitor = 'a'$$) AS f ORDER BY f;
SELECT szci.logged();
SELECT * FROM szci.fired($$DELETE FROM szci.raw WHERE visitor = 'c'$$);
SELECT szci.logged();

-- one statement, prepared, while the table changes
PREPARE one (text, int) AS INSERT INTO szci.raw (visitor, at, day) VALUES ($1, '2026-02-01', $2);
EXECUTE one ('p0', 0);
ALTER TABLE szci.raw DROP COLUMN note;
EXECUTE one ('p1', 1);
ALTER TABLE szci.raw RENAME COLUMN at TO happened_at;
INSERT INTO szci.raw (visitor, happened_at, day) VALUES ('p2', '2026-02-01', 2);
ALTER TABLE szci.raw RENAME COLUMN happened_at TO at;
ALTER TABLE szci.raw ADD COLUMN more int DEFAULT 1;
EXECUTE one ('p3', 0);
SELECT szci.logged();
-- with other rules for the clock
SELECT sessionize.alter_pipeline('szci_web', max_lead => '1 day');
INSERT INTO szci.raw (visitor, at, day) VALUES ('led', '2226-01-01', 0);
SELECT szci.logged();
SELECT sessionize.alter_pipeline('szci_web', unset => '{max_lead}');
-- a row of a savepoint that is rolled back; one of a transaction that is
BEGIN;
INSERT INTO szci.raw (visitor, at, day) VALUES ('kept', '2026-01-01', 0);
SAVEPOINT s;
INSERT INTO szci.raw (visitor, at, day) VALUES ('undone', '2026-01-01', 0);
ROLLBACK TO s;
COMMIT;
BEGIN;
INSERT INTO szci.raw (visitor, at, day) VALUES ('lost', '2026-01-01', 0);
ROLLBACK;
SELECT szci.logged();
-- of rows that conflict, what becomes of them
CREATE UNIQUE INDEX ON szci.day0 (visitor) WHERE visitor LIKE 'unique%';
INSERT INTO szci.day0 (visitor, at, day) VALUES ('unique', '2026-01-01', 0);
SELECT szci.logged();
SELECT * FROM szci.fired($$INSERT INTO szci.day0 (visitor, at, day) VALUES ('unique', '2026-01-02', 0) ON CONFLICT DO NOTHING$$);
SELECT szci.logged();
SELECT * FROM szci.fired($$INSERT INTO szci.day0 (visitor, at, day) VALUES ('unique', '2026-01-02', 0), ('unique2', '2026-01-02', 0) ON CONFLICT (visitor) WHERE visitor LIKE 'unique%' DO UPDATE SET at = excluded.at$$);
SELECT szci.logged();

-- whoever may insert into the raw table, all of it, is not called back; others are, and anybody's rows are captured
CREATE ROLE regress_szci_all;
CREATE ROLE regress_szci_part;
CREATE ROLE regress_szci_columns;
CREATE ROLE regress_szci_view;
GRANT INSERT ON szci.raw TO regress_szci_all;
GRANT INSERT ON szci.day1 TO regress_szci_part;
GRANT INSERT (visitor, at, day) ON szci.raw TO regress_szci_columns;
CREATE VIEW szci.door AS SELECT visitor, at, day FROM szci.raw;
GRANT INSERT ON szci.door TO regress_szci_view;
CREATE FUNCTION szci.accept(text) RETURNS SETOF text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
SELECT szci.fired(format('INSERT INTO szci.raw (visitor, at, day) VALUES (%L, ''2026-01-01'', 0)', $1)) $$;
SET ROLE regress_szci_all;
SELECT szci.fired($$INSERT INTO szci.raw (visitor, at, day) VALUES ('all', '2026-01-01', 0)$$);
SET ROLE regress_szci_part;
SELECT szci.fired($$INSERT INTO szci.day1 (visitor, at, day) VALUES ('part', '2026-01-01', 1)$$);
SET ROLE regress_szci_columns;
SELECT szci.fired($$INSERT INTO szci.raw (visitor, at, day) VALUES ('columns', '2026-01-01', 2)$$);
SET ROLE regress_szci_view;
SELECT szci.fired($$INSERT INTO szci.door (visitor, at, day) VALUES ('view', '2026-01-01', 2)$$);
SELECT szci.accept('definer');
RESET ROLE;
SELECT szci.logged();
SELECT has_function_privilege('public', 'sessionize.not_captured(int, "any")', 'EXECUTE') AS anybody_evaluates;
-- called by hand it marks what an INSERT could, and nothing for others, whatever they say
SELECT pipeline_id AS id FROM sessionize.pipeline WHERE pipeline_name = 'szci_web' \gset
SET ROLE regress_szci_part;
SELECT sessionize.not_captured(:id, '2026-01-01'::timestamptz, 'stranger'::text);
SELECT sessionize.not_captured(:id, t.at, t.visitor) FROM (VALUES ('2026-01-01'::timestamptz, 'stranger'::text), ('2026-01-02', 'b')) AS t (at, visitor);
SET ROLE regress_szci_all;
SELECT sessionize.not_captured(NULL, '2026-01-01'::timestamptz, 'x'::text) AS none,
       sessionize.not_captured(:id, '2026-01-01'::timestamptz) AS too_few, sessionize.not_captured(:id, '2026-01-01'::timestamptz, 'x'::text, 1) AS too_many,
       sessionize.not_captured(:id, 'x'::text, '2026-01-01'::timestamptz) AS turned, sessionize.not_captured(:id, '2026-01-01'::timestamptz, 7) AS other_type,
       sessionize.not_captured(:id, VARIADIC ARRAY['x', 'y']) AS list, sessionize.not_captured(-1, '2026-01-01'::timestamptz, 'x'::text) AS nobody,
       sessionize.not_captured(2147483647, '2026-01-01'::timestamptz, 'x'::text) AS unknown;
-- who may not insert takes no lock, and leaves nothing behind
RESET ROLE;
SELECT 'szci_web.source'::regclass::oid AS view, 'szci.raw'::regclass::oid AS raw, count(*) AS contexts
FROM pg_backend_memory_contexts WHERE name = 'sessionize capture source' \gset
SET ROLE regress_szci_part;
BEGIN;
SELECT sessionize.not_captured(:id, '2026-01-01'::timestamptz, 'x'::text);
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation IN (:view, :raw);
COMMIT;
SELECT count(*) FROM generate_series(:id + 1, :id + 100) AS i WHERE sessionize.not_captured(i, 1);
RESET ROLE;
SELECT count(*) - :contexts AS more_contexts FROM pg_backend_memory_contexts WHERE name = 'sessionize capture source';
-- nor who may not use the schema, or not insert all rows
REVOKE USAGE ON SCHEMA szci FROM PUBLIC;
SET ROLE regress_szci_all;
SELECT sessionize.not_captured(:id, '2026-01-01'::timestamptz, 'no schema'::text);
RESET ROLE;
GRANT USAGE ON SCHEMA szci TO PUBLIC;
ALTER TABLE szci.raw ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON szci.raw FOR INSERT WITH CHECK (visitor LIKE 'mine%');
SET ROLE regress_szci_all;
SELECT sessionize.not_captured(:id, '2026-01-01'::timestamptz, 'not mine'::text);
SELECT szci.fired($$INSERT INTO szci.raw (visitor, at, day) VALUES ('mine', '2026-01-01', 0)$$);
RESET ROLE;
DROP POLICY mine ON szci.raw;
ALTER TABLE szci.raw DISABLE ROW LEVEL SECURITY;
SELECT szci.logged();
SET ROLE regress_szci_all;
BEGIN READ ONLY;
SELECT sessionize.not_captured(:id, '2026-01-01'::timestamptz, 'reader'::text);
COMMIT;
RESET ROLE;
SELECT szci.logged();
SET ROLE regress_szci_all;
SELECT sessionize.not_captured(:id, '2026-01-01'::timestamptz, 'by hand'::text);
RESET ROLE;
SELECT szci.logged();
REVOKE ALL ON szci.raw, szci.day1, szci.door FROM regress_szci_all, regress_szci_part, regress_szci_columns, regress_szci_view;
DROP VIEW szci.door;
DROP ROLE regress_szci_all, regress_szci_part, regress_szci_columns, regress_szci_view;

-- triggers of other conditions, of single columns, or that do not always fire are not what captures; one without conditions is
CREATE VIEW szci.state AS SELECT capture FROM sessionize.pipeline_status WHERE pipeline_name = 'szci_web';
CALL sessionize.refresh('szci_web');
SELECT format('DROP TRIGGER %I ON szci.raw', tgname) AS drop_insert FROM pg_trigger WHERE tgrelid = 'szci.raw'::regclass AND tgfoid = 'sessionize.capture'::regproc AND tgqual IS NOT NULL \gset
:drop_insert;
SELECT capture FROM szci.state;
SELECT detail FROM sessionize.rebuild_need ORDER BY 1;
CALL sessionize.refresh('szci_web');
CREATE TRIGGER by_hand AFTER INSERT ON szci.raw FOR EACH ROW WHEN (new.day > 0) EXECUTE FUNCTION sessionize.capture(:id);
ALTER TABLE szci.raw ENABLE ALWAYS TRIGGER by_hand;
SELECT capture FROM szci.state;
CALL sessionize.refresh('szci_web');
DROP TRIGGER by_hand ON szci.raw;
CREATE TRIGGER by_hand AFTER INSERT ON szci.raw FOR EACH ROW WHEN (sessionize.not_captured(-1, new.at, new.visitor)) EXECUTE FUNCTION sessionize.capture(:id);
ALTER TABLE szci.raw ENABLE ALWAYS TRIGGER by_hand;
SELECT capture FROM szci.state;
CALL sessionize.refresh('szci_web');
DROP TRIGGER by_hand ON szci.raw;
CREATE TRIGGER by_hand AFTER INSERT ON szci.raw FOR EACH ROW EXECUTE FUNCTION sessionize.capture(:id);
CALL sessionize.refresh('szci_web');
ALTER TABLE szci.raw ENABLE ALWAYS TRIGGER by_hand;
SELECT capture FROM szci.state;
CALL sessionize.refresh('szci_web');
SELECT szci.fired($$INSERT INTO szci.raw (visitor, at, day) VALUES ('by hand', '2026-01-01', 0)$$);
SELECT szci.logged();
DROP TRIGGER by_hand ON szci.raw;
SELECT sessionize.enable_capture('szci_web');
SELECT szci.fired($$INSERT INTO szci.raw (visitor, at, day) VALUES ('enabled', '2026-01-01', 0)$$);
SELECT szci.logged();
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'sessionize.capture'::regproc;

-- a column that a trigger's condition has stays; with the pipeline it may go
\set VERBOSITY terse
ALTER TABLE szci.raw DROP COLUMN visitor;
\set VERBOSITY default
SELECT sessionize.drop_pipeline('szci_web');
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'sessionize.capture'::regproc;
ALTER TABLE szci.raw DROP COLUMN visitor;
SELECT sessionize.not_captured(:id, '2026-01-01'::timestamptz, 'x'::text);

-- several columns, one of them twice; and more than columns: the trigger fires for all rows
CREATE TABLE szci.clocks (seen timestamptz, "The Key" text, sent timestamptz, at timestamptz, other text);
CREATE INDEX ON szci.clocks ("The Key", at);
CREATE INDEX ON szci.clocks (lower(other));
SELECT sessionize.create_pipeline('szci_web', 'szci.clocks', key => '"The Key"', event_time => 'coalesce(at, sent)', sent_at => 'sent', received_at => 'seen', skew_threshold => '1 hour');
SELECT sessionize.create_pipeline('szci_other', 'szci.clocks', key => 'lower(other)', event_time => 'at');
SELECT regexp_replace(pg_get_triggerdef(oid), '(_insert_|capture_|\(|'')\d+', '\1N', 'g') AS trigger FROM pg_trigger WHERE tgfoid = 'sessionize.capture'::regproc ORDER BY 1;
SELECT * FROM szci.fired($$INSERT INTO szci.clocks VALUES ('2026-01-01 12:00', 'a', '2026-01-01 10:00', '2026-01-01 09:00', 'A'), ('2026-01-01 12:00', 'b', '2026-01-01 11:59', '2026-01-01 09:00', 'B'), ('2026-01-01', 'c', '2026-01-01', NULL, 'C')$$);
SELECT szci.logged();
SELECT session_key, lo, hi FROM szci_other.dirty ORDER BY 1;
SELECT sessionize.drop_pipeline(p) FROM unnest('{szci_web,szci_other}'::text[]) AS p;


-- what the trigger was made for is compared with what the key and the times are made of: where they differ it fires
CREATE TABLE szci.turned (id int PRIMARY KEY, a text, b text, at timestamptz);
CREATE INDEX ON szci.turned (a, at);
CREATE INDEX ON szci.turned (b, at);
SELECT sessionize.create_pipeline('szci_web', 'szci.turned', key => 'a', event_time => 'at');
SELECT 'CREATE OR REPLACE VIEW szci_web.source AS ' || replace(pg_get_viewdef('szci_web.source'::regclass), 'a COLLATE "C"', 'b COLLATE "C"') AS turn \gset
:turn
CALL sessionize.rebuild('szci_web');
SELECT szci.fired($$INSERT INTO szci.turned VALUES (1, 'A', 'B', '2026-01-01')$$);
SELECT szci.logged();
SELECT sessionize.drop_pipeline('szci_web');
CREATE FUNCTION szci.pick(x text, y text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT x';
CREATE INDEX ON szci.turned (szci.pick(a, b), at);
SELECT sessionize.create_pipeline('szci_web', 'szci.turned', key => 'szci.pick(a, b)', event_time => 'at');
CREATE OR REPLACE FUNCTION szci.pick(x text, y text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT y';
REINDEX TABLE szci.turned;
CALL sessionize.rebuild('szci_web');
\c
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO szci.turned VALUES (2, 'A2', 'B2', '2026-01-02');
SELECT szci.logged();
SELECT sessionize.drop_pipeline('szci_web');
-- more columns than a function takes
SELECT format('CREATE TABLE szci.many (id int, at timestamptz, %s)', string_agg('c' || i || ' text', ', ')) AS make_table,
       format('CREATE INDEX ON szci.many ((coalesce(%s)), at)', string_agg('c' || i, ', ')) AS make_index, string_agg('c' || i, ', ') AS columns FROM generate_series(1, 120) AS i \gset
:make_table;
:make_index;
SELECT sessionize.create_pipeline('szci_web', 'szci.many', key => 'coalesce(' || :'columns' || ')', event_time => 'at');
INSERT INTO szci.many (id, at, c119) VALUES (1, '2026-01-01', 'last but one');
SELECT szci.logged();
SELECT sessionize.drop_pipeline('szci_web');
-- to simplify an expression may call its functions: as the pipeline's owner, whoever inserts
CREATE ROLE regress_szci_owner;
CREATE ROLE regress_szci_writer;
GRANT CREATE ON DATABASE :DBNAME TO regress_szci_owner;
CREATE FUNCTION szci.unknown(int) RETURNS timestamptz IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'called as %', current_user; RETURN '2026-01-01Z'; END $$;
REVOKE EXECUTE ON FUNCTION szci.unknown FROM PUBLIC;
GRANT EXECUTE ON FUNCTION szci.unknown TO regress_szci_owner;
GRANT SELECT, TRIGGER ON szci.turned TO regress_szci_owner;
GRANT INSERT ON szci.turned TO regress_szci_writer;
SET ROLE regress_szci_owner;
SET client_min_messages = error;
SELECT sessionize.create_pipeline('szci_web', 'szci.turned', key => 'a', event_time => 'coalesce(at, szci.unknown(1))');
\c
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET ROLE regress_szci_writer;
INSERT INTO szci.turned VALUES (3, 'A3', 'B3', NULL);
\c
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT szci.logged();
SELECT sessionize.drop_pipeline('szci_web');
DROP OWNED BY regress_szci_owner, regress_szci_writer;
DROP ROLE regress_szci_owner, regress_szci_writer;

DROP SCHEMA szci CASCADE;
