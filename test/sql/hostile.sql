-- What a pipeline's owner, or whoever else, can do to it: wrong results are not always to be had, but an error that says what
-- is wrong is, and never a crash, a hang or somebody else's privileges.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE ROLE regress_sz_owner;
CREATE ROLE regress_sz_other;
GRANT CREATE ON DATABASE :DBNAME TO regress_sz_owner;
CREATE SCHEMA szh AUTHORIZATION regress_sz_owner;
SET ROLE regress_sz_owner;
CREATE TABLE szh.raw (raw_id int PRIMARY KEY, visitor text, login text, page text, at timestamptz, amount int);
CREATE INDEX ON szh.raw (visitor, at);
INSERT INTO szh.raw SELECT n, 'v' || n % 5, CASE WHEN n % 9 = 0 THEN 'u' || n % 4 END, '/' || n % 7,
	'2026-01-01Z'::timestamptz + n * interval '11 minutes', n % 50 FROM generate_series(1, 200) AS n;
SELECT sessionize.create_pipeline('szh_web', 'szh.raw', key => 'visitor', event_time => 'at', user_id => 'login');
CALL sessionize.rebuild('szh_web');
SELECT count(*) AS wrong FROM sessionize.verify('szh_web');

-- the view "source" altered and replaced: each is found, whatever the way it is read
CREATE TABLE szh.kept AS SELECT $$SELECT t.visitor COLLATE "C" AS session_key, NULL::text COLLATE "C" AS event_id, t.raw_id AS raw_id, NULL::text COLLATE "C" AS event_name,
	t.login COLLATE "C" AS user_id, t.page COLLATE "C" AS page, t.at AS occurred_at, NULL::timestamptz AS sent_at, NULL::timestamptz AS received_at, NULL::boolean AS restart,
	t.page IS NOT NULL AS page_view, true AS filter, NULL::text COLLATE "C" AS restart_on_change, NULL::text COLLATE "C" AS midnight, NULL::text COLLATE "C" AS time_zone, t.tableoid AS raw_table, t.ctid AS raw_ctid FROM szh.raw AS t$$ AS source;
CREATE TABLE szh.many (a int, b int, c int, d int, e int, f int, g int, h int, i int, j text, k text, l text, m text, n text, o text, p timestamptz);
INSERT INTO szh.many (j, p) VALUES ('x', '2026-01-01Z');
CREATE PROCEDURE szh.with_source(query text) LANGUAGE plpgsql AS $$
BEGIN
	ASSERT query <> (SELECT source FROM szh.kept), 'this changes nothing';
	EXECUTE 'CREATE OR REPLACE VIEW szh_web.source AS ' || query;
	BEGIN
		PERFORM count(*) FROM sessionize.verify('szh_web');
		RAISE WARNING 'verified';
	EXCEPTION WHEN OTHERS THEN
		RAISE WARNING '% %', SQLSTATE, SQLERRM;
	END;
END $$;
\set SHOW_CONTEXT never
\set VERBOSITY terse
-- columns of a relation that has more of them than the raw table
CALL szh.with_source($$SELECT m.j::text COLLATE "C" AS session_key, NULL::text COLLATE "C" AS event_id, m.a AS raw_id, NULL::text COLLATE "C" AS event_name,
	m.o COLLATE "C" AS user_id, (m.n::json ->> 'x') COLLATE "C" AS page, m.p AS occurred_at, NULL::timestamptz AS sent_at, NULL::timestamptz AS received_at, NULL::boolean AS restart,
	(1 / m.i) > 0 AS page_view, true AS filter, NULL::text COLLATE "C" AS restart_on_change, NULL::text COLLATE "C" AS midnight, NULL::text COLLATE "C" AS time_zone, m.tableoid AS raw_table, m.ctid AS raw_ctid FROM szh.many AS m$$);
-- a join, a condition, an aggregate, a set-returning function, a subquery, a limit, a sample, another order of nesting
DO $$
DECLARE
	original text := (SELECT source FROM szh.kept);
	change text;
BEGIN
	FOREACH change IN ARRAY ARRAY['JOIN szh.many ON true', ', szh.many', 'WHERE raw_id > 5', 'LIMIT 3', 'OFFSET 1', 'ORDER BY raw_id LIMIT ALL OFFSET 0',
		'TABLESAMPLE SYSTEM (50)', 'UNION ALL ' || (SELECT source FROM szh.kept), 'WHERE EXISTS (SELECT 1)'] LOOP
		RAISE WARNING '-- %', left(change, 16);
		CALL szh.with_source(original || ' ' || change);
	END LOOP;
	RAISE WARNING '-- others';
	CALL szh.with_source(regexp_replace(original, '^SELECT', 'SELECT DISTINCT ON (t.raw_id)'));
	CALL szh.with_source('WITH w AS (SELECT 1) ' || original);
	CALL szh.with_source(replace(original, 't.login', '(SELECT t.login)'));
	CALL szh.with_source(replace(original, 't.login', 'upper(t.ctid::text)'));
	CALL szh.with_source(replace(original, 't.tableoid AS', '0::oid AS'));
	CALL szh.with_source(replace(original, 'FROM szh.raw', 'FROM ONLY szh.raw'));
	CALL szh.with_source('SELECT s.* FROM (' || original || ') AS s');
END $$;
DO $$ BEGIN EXECUTE 'CREATE OR REPLACE VIEW szh_web.source AS ' || (SELECT source FROM szh.kept); END $$;
CALL sessionize.rebuild('szh_web');
-- two columns of different types change names
ALTER VIEW szh_web.source RENAME page TO x;
ALTER VIEW szh_web.source RENAME occurred_at TO page;
ALTER VIEW szh_web.source RENAME x TO occurred_at;
SELECT count(*) FROM sessionize.verify('szh_web');
CALL sessionize.rebuild('szh_web');
ALTER VIEW szh_web.source RENAME occurred_at TO x;
ALTER VIEW szh_web.source RENAME page TO occurred_at;
ALTER VIEW szh_web.source RENAME x TO page;
CALL sessionize.rebuild('szh_web');
-- made anew with columns of other types
DO $$
DECLARE
	original text := (SELECT source FROM szh.kept);
	change text[];
BEGIN
	FOREACH change SLICE 1 IN ARRAY ARRAY[['t.page COLLATE "C"', '42'], ['t.at AS', 't.raw_id AS'], ['NULL::boolean', 't.raw_id'], ['t.visitor COLLATE "C"', '1.5'],
		['t.visitor COLLATE "C"', 't.at'], ['t.raw_id', 't.page'], ['t.ctid AS', '''(1,1)''::tid AS'], ['t.ctid AS raw_ctid', 't.ctid']] LOOP
		DROP VIEW szh_web.source;
		RAISE WARNING '-- % becomes %', change[1], change[2];
		CALL szh.with_source(replace(original, change[1], change[2]));
	END LOOP;
	DROP VIEW szh_web.source;
	EXECUTE 'CREATE VIEW szh_web.source AS ' || original;
END $$;
CALL sessionize.rebuild('szh_web');
SELECT count(*) AS wrong FROM sessionize.verify('szh_web');

-- triggers that make another row, or none, of what is written
CREATE FUNCTION szh.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_TABLE_NAME = 'dim_page' THEN
		NEW.page := NULLIF(TG_ARGV[0], 'NULL');
	ELSIF TG_TABLE_NAME = 'dim_user' THEN
		NEW.user_key := 1;
	ELSE
		NEW.session_key := 'mine';
	END IF;
	RETURN NEW;
END $$;
INSERT INTO szh.raw VALUES (1001, 'new', 'somebody', '/new', '2026-02-01Z', 0);
CREATE TRIGGER meddle BEFORE INSERT ON szh_web.dim_page FOR EACH ROW EXECUTE FUNCTION szh.meddle('NULL');
CALL sessionize.rebuild('szh_web');
DROP TRIGGER meddle ON szh_web.dim_page;
CREATE TRIGGER meddle BEFORE INSERT ON szh_web.dim_page FOR EACH ROW EXECUTE FUNCTION szh.meddle('/other');
CALL sessionize.rebuild('szh_web');
DROP TRIGGER meddle ON szh_web.dim_page;
CREATE TRIGGER meddle BEFORE INSERT ON szh_web.dim_user FOR EACH ROW EXECUTE FUNCTION szh.meddle();
CALL sessionize.rebuild('szh_web');
DROP TRIGGER meddle ON szh_web.dim_user;
CREATE TRIGGER meddle BEFORE INSERT ON szh_web.fact_session FOR EACH ROW EXECUTE FUNCTION szh.meddle();
CALL sessionize.rebuild('szh_web');
SELECT relation, difference, session_key FROM sessionize.verify('szh_web') ORDER BY 1, 2, 3;
DROP TRIGGER meddle ON szh_web.fact_session;
CALL sessionize.rebuild('szh_web');
SELECT count(*) AS wrong FROM sessionize.verify('szh_web');

-- identity taken away, indexes and keys dropped, columns that may be NULL
ALTER TABLE szh_web.dim_user ALTER user_key DROP IDENTITY;
INSERT INTO szh.raw VALUES (1002, 'new 2', 'somebody', '/new', '2026-02-01Z', 0);
CALL sessionize.rebuild('szh_web');
ALTER TABLE szh_web.dim_user ALTER user_key ADD GENERATED BY DEFAULT AS IDENTITY (RESTART 5000);
ALTER TABLE szh_web.fact_session DROP CONSTRAINT fact_session_pkey;
ALTER TABLE szh_web.dim_user DROP CONSTRAINT dim_user_pkey;
ALTER TABLE szh_web.fact_session ALTER user_key DROP NOT NULL, ALTER started_at DROP NOT NULL, ALTER session_id DROP NOT NULL;
UPDATE szh_web.fact_session SET user_key = NULL, started_at = NULL, session_id = NULL WHERE session_key = 'v1';
SELECT count(*) > 0 AS found FROM sessionize.verify('szh_web');
CALL sessionize.rebuild('szh_web');
SELECT count(*) AS wrong FROM sessionize.verify('szh_web');

-- somebody else's tables in the pipeline's schema
RESET ROLE;
ALTER TABLE szh_web.fact_session OWNER TO regress_sz_other;
SET ROLE regress_sz_owner;
CALL sessionize.rebuild('szh_web');
SELECT count(*) FROM sessionize.verify('szh_web');
SELECT difference FROM sessionize.reconcile('szh_web');
RESET ROLE;
GRANT SELECT, TRUNCATE ON szh_web.fact_session TO regress_sz_owner;
SET ROLE regress_sz_owner;
TRUNCATE szh_web.fact_session, szh_web.fact_event, szh_web.dim_user;
CALL sessionize.rebuild('szh_web');
RESET ROLE;
ALTER TABLE szh_web.fact_session DROP CONSTRAINT fact_session_pkey;
DROP INDEX szh_web.fact_session_key;
SET ROLE regress_sz_owner;
CALL sessionize.rebuild('szh_web');
SELECT count(*) AS written FROM szh_web.fact_session;
RESET ROLE;
ALTER TABLE szh_web.fact_session OWNER TO regress_sz_owner;
CALL sessionize.rebuild('szh_web');
SELECT count(*) AS wrong FROM sessionize.verify('szh_web');
-- all of it handed over to one who may not read the raw table
REASSIGN OWNED BY regress_sz_owner TO regress_sz_other;
ALTER SCHEMA szh OWNER TO regress_sz_owner;
ALTER TABLE szh.raw OWNER TO regress_sz_owner;
SET ROLE regress_sz_owner;
CALL sessionize.rebuild('szh_web');
SET ROLE regress_sz_other;
CALL sessionize.rebuild('szh_web');
RESET ROLE;
REASSIGN OWNED BY regress_sz_other TO regress_sz_owner;

-- row-level security, on the raw table and on the star, under which the owner would see less
SET ROLE regress_sz_owner;
ALTER TABLE szh.raw ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY few ON szh.raw USING (raw_id < 10);
CALL sessionize.rebuild('szh_web');
SELECT count(*) FROM sessionize.verify('szh_web');
SELECT * FROM sessionize.reconcile('szh_web');
SELECT sessionize.create_pipeline('szh_few', 'szh.raw', key => 'visitor', event_time => 'at');
ALTER TABLE szh.raw DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY few ON szh.raw;
ALTER TABLE szh_web.fact_session ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY few ON szh_web.fact_session USING (events < 2);
CALL sessionize.rebuild('szh_web');
SELECT count(*) FROM sessionize.verify('szh_web');
SELECT difference FROM sessionize.reconcile('szh_web');
ALTER TABLE szh_web.fact_session DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP POLICY few ON szh_web.fact_session;
CALL sessionize.rebuild('szh_web');
SELECT count(*) AS wrong FROM sessionize.verify('szh_web');

-- expressions with a mind of their own, run by a superuser
CREATE TABLE szh.canary (who text);
CREATE FUNCTION szh.write() RETURNS void LANGUAGE sql VOLATILE AS $$ INSERT INTO szh.canary VALUES (current_user) $$;
CREATE FUNCTION szh.sly(what text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	CASE (SELECT how FROM szh.mood)
		WHEN 'role' THEN PERFORM set_config('role', 'none', false);
		WHEN 'session' THEN EXECUTE 'SET SESSION AUTHORIZATION DEFAULT';
		WHEN 'drop' THEN PERFORM sessionize.drop_pipeline('szh_sly', true);
		WHEN 'create' THEN PERFORM sessionize.create_pipeline('szh_inner', 'szh.raw', key => 'visitor', event_time => 'at');
		WHEN 'rebuild' THEN EXECUTE 'CALL sessionize.rebuild(''szh_web'')';
		WHEN 'commit' THEN EXECUTE 'COMMIT';
		WHEN 'path' THEN PERFORM set_config('search_path', 'szh_evil', false), set_config('row_security', 'on', false), set_config('timezone', 'Asia/Tokyo', false);
		WHEN 'write' THEN PERFORM szh.write();
		WHEN 'lock' THEN EXECUTE 'ALTER TABLE szh_sly.fact_session ADD COLUMN IF NOT EXISTS more text';
		WHEN 'index' THEN EXECUTE 'DROP INDEX szh_sly.fact_session_key';
		WHEN 'sleep' THEN RAISE EXCEPTION 'query_canceled' USING ERRCODE = '57014';
		WHEN 'cancel' THEN PERFORM pg_cancel_backend(pg_backend_pid());
		ELSE NULL;
	END CASE;
	RETURN what;
END $$;
CREATE TABLE szh.mood (how text);
INSERT INTO szh.mood VALUES ('good');
SELECT sessionize.create_pipeline('szh_sly', 'szh.raw', key => 'visitor', event_time => 'at', page => 'szh.sly(page)');
CREATE SCHEMA szh_evil;
CREATE FUNCTION szh_evil.equal(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO szh.canary VALUES ('text ='); RETURN true; END $$;
CREATE OPERATOR szh_evil.= (FUNCTION = szh_evil.equal, LEFTARG = text, RIGHTARG = text);
CREATE TABLE szh_evil.pg_constraint (conname text);
RESET ROLE;
CREATE PROCEDURE szh.in_each_mood(statement text) LANGUAGE plpgsql AS $$
DECLARE
	it text;
BEGIN
	FOREACH it IN ARRAY ARRAY['role', 'session', 'drop', 'create', 'rebuild', 'commit', 'path', 'write', 'lock', 'index', 'sleep', 'cancel'] LOOP
		UPDATE szh.mood SET how = it;
		BEGIN
			EXECUTE statement;
			RAISE WARNING '%: done', it;
		EXCEPTION WHEN OTHERS OR query_canceled THEN
			RAISE WARNING '%: %', it, SQLSTATE;
		END;
	END LOOP;
	UPDATE szh.mood SET how = 'good';
END $$;
CALL szh.in_each_mood('SELECT count(*) FROM sessionize.verify(''szh_sly'')');
SELECT current_user = session_user AS still_me, current_setting('search_path') AS path, current_setting('row_security') AS row_security, current_setting('timezone') AS zone;
SELECT DISTINCT who FROM szh.canary;
TRUNCATE szh.canary;
-- and by rebuild, which may commit
UPDATE szh.mood SET how = 'role';
CALL sessionize.rebuild('szh_sly');
UPDATE szh.mood SET how = 'session';
CALL sessionize.rebuild('szh_sly');
UPDATE szh.mood SET how = 'drop';
CALL sessionize.rebuild('szh_sly');
UPDATE szh.mood SET how = 'create';
CALL sessionize.rebuild('szh_sly');
UPDATE szh.mood SET how = 'commit';
CALL sessionize.rebuild('szh_sly');
UPDATE szh.mood SET how = 'lock';
CALL sessionize.rebuild('szh_sly');
UPDATE szh.mood SET how = 'path';
CALL sessionize.rebuild('szh_sly');
UPDATE szh.mood SET how = 'write';
CALL sessionize.rebuild('szh_sly');
UPDATE szh.mood SET how = 'good';
CALL sessionize.rebuild('szh_sly');
SELECT count(*) AS wrong FROM sessionize.verify('szh_sly');
SELECT DISTINCT who FROM szh.canary;
SELECT current_user = session_user AS still_me, current_setting('search_path') AS path, current_setting('row_security') AS row_security, current_setting('timezone') AS zone;

-- settings of the caller's that change what SQL means, and temporary tables with names we use
SET ROLE regress_sz_owner;
SELECT sessionize.drop_pipeline('szh_sly');
CREATE TABLE szh.odd ("Vis'it\or" text, "a""b" timestamptz, f float8, b bytea, e interval);
CREATE INDEX ON szh.odd ("Vis'it\or", "a""b");
INSERT INTO szh.odd SELECT E'back\\slash \' quote ' || n % 4, '2026-01-01Z'::timestamptz + n * interval '11 minutes', n / 3.0, ('\x0' || n % 10)::bytea, n * interval '1 day 1 second'
FROM generate_series(1, 60) AS n;
RESET ROLE;
CREATE TEMP TABLE missing_rows (a int);
CREATE TEMP TABLE different_rows (a int);
CREATE TEMP TABLE unexpected_rows (a int);
CREATE TEMP TABLE quarantined_rows (a int);
CREATE TEMP TABLE pg_constraint (conname text);
SET ROLE regress_sz_owner;
-- PostgreSQL 19 has no other strings any more
SELECT count(set_config(name, 'off', false)) >= 0 AS set FROM pg_settings
WHERE name IN ('standard_conforming_strings', 'escape_string_warning') AND current_setting('server_version_num')::int < 190000;
SET quote_all_identifiers = on;
SET transform_null_equals = on;
SET array_nulls = off;
SET datestyle = 'German';
SET intervalstyle = 'sql_standard';
SET bytea_output = 'escape';
SET extra_float_digits = -15;
SELECT sessionize.create_pipeline(E'$$''\\%s%d "x"; -- ü', 'szh.odd', key => E'"Vis''it\\or"', event_time => '"a""b"', event_id => 'f', raw_id => '', page => 'encode(b, ''hex'')',
	restart => E'"Vis''it\\or" = ''back\\slash'' AND e IS NULL') = E'$$''\\%s%d "x"; -- ü' AS created;
CALL sessionize.rebuild(E'$$''\\%s%d "x"; -- ü');
SELECT count(*) AS wrong FROM sessionize.verify(E'$$''\\%s%d "x"; -- ü');
SELECT count(set_config(name, 'on', false)) >= 0 AS set FROM pg_settings
WHERE name IN ('standard_conforming_strings', 'escape_string_warning');
RESET quote_all_identifiers;
RESET transform_null_equals;
RESET array_nulls;
RESET datestyle;
RESET intervalstyle;
RESET bytea_output;
RESET extra_float_digits;
SELECT count(*) AS wrong FROM sessionize.verify('$$''\%s%d "x"; -- ü');
UPDATE szh.odd SET b = '\xff', "a""b" = "a""b" + interval '5 minutes' WHERE f > 5;
CALL sessionize.rebuild('$$''\%s%d "x"; -- ü');
SELECT count(*) AS wrong FROM sessionize.verify('$$''\%s%d "x"; -- ü');
SELECT difference, pending FROM sessionize.reconcile('$$''\%s%d "x"; -- ü');
SELECT rows_inserted > 0 AS inserted, rows_deleted > 0 AS deleted FROM sessionize.runs WHERE pipeline_name = '$$''\%s%d "x"; -- ü' ORDER BY run_id DESC LIMIT 1;
SELECT sessionize.drop_pipeline('$$''\%s%d "x"; -- ü');
RESET ROLE;
DROP TABLE missing_rows, different_rows, unexpected_rows, quarantined_rows, pg_temp.pg_constraint;
SET ROLE regress_sz_owner;

-- a very long expression, and one that is too long
SELECT sessionize.create_pipeline('szh_long', 'szh.raw', key => 'visitor', event_time => 'at', page => 'page' || repeat(' || ''x''', 3000), restart => repeat('NOT ', 2000) || 'false');
CALL sessionize.rebuild('szh_long');
SELECT length(max(page)) FROM szh_long.dim_page;
SELECT count(*) AS wrong FROM sessionize.verify('szh_long');
SELECT sessionize.drop_pipeline('szh_long');
DO $$
BEGIN
	PERFORM sessionize.create_pipeline('szh_long', 'szh.raw', key => 'visitor', event_time => 'at', page => 'page' || repeat(' || ''x''', 1000000));
EXCEPTION WHEN statement_too_complex THEN
	RAISE WARNING 'too long';
END $$;

-- a star as the raw table of another, and dropped below it
SELECT sessionize.create_pipeline('szh_star', 'szh_web.fact_event', key => 'session_key', event_time => 'event_time', gap => '2 hours');
CALL sessionize.rebuild('szh_star');
SELECT count(*) AS wrong FROM sessionize.verify('szh_star');
SELECT (SELECT sum(events) FROM szh_star.sessions) = (SELECT sum(events) FROM szh_web.sessions) AS same_events;
DELETE FROM szh.raw WHERE raw_id % 3 = 0;
CALL sessionize.rebuild('szh_web');
CALL sessionize.rebuild('szh_star');
SELECT count(*) AS wrong FROM sessionize.verify('szh_star');
\set VERBOSITY default
SELECT sessionize.drop_pipeline('szh_web');
\set VERBOSITY terse
SELECT sessionize.drop_pipeline('szh_web', cascade => true);
CALL sessionize.rebuild('szh_star');
SELECT * FROM sessionize.reconcile('szh_star');
SELECT sessionize.drop_pipeline('szh_star');
RESET ROLE;

-- event triggers: they see what is done, and one that objects leaves nothing half made
CREATE TABLE szh.seen (who text, tag text);
GRANT INSERT ON szh.seen TO regress_sz_owner;
CREATE FUNCTION szh.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO szh.seen VALUES (current_user, tg_tag); END $$;
CREATE FUNCTION szh.object() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no % here', tg_tag; END $$;
CREATE EVENT TRIGGER sz_watch ON ddl_command_end EXECUTE FUNCTION szh.watch();
SET ROLE regress_sz_owner;
SELECT sessionize.create_pipeline('szh_seen', 'szh.raw', key => 'visitor', event_time => 'at');
CALL sessionize.rebuild('szh_seen');
SELECT count(*) AS wrong FROM sessionize.verify('szh_seen');
SELECT sessionize.drop_pipeline('szh_seen');
RESET ROLE;
SELECT DISTINCT who FROM szh.seen;
SELECT tag FROM szh.seen WHERE tag NOT IN ('COMMENT', 'CREATE VIEW', 'CREATE TABLE', 'CREATE INDEX', 'ALTER TABLE') GROUP BY tag ORDER BY tag;
DROP EVENT TRIGGER sz_watch;
CREATE EVENT TRIGGER sz_object ON ddl_command_end WHEN TAG IN ('CREATE INDEX', 'DROP SCHEMA') EXECUTE FUNCTION szh.object();
SET ROLE regress_sz_owner;
SELECT sessionize.create_pipeline('szh_seen', 'szh.raw', key => 'visitor', event_time => 'at');
RESET ROLE;
SELECT count(*) AS left_behind FROM pg_namespace WHERE nspname = 'szh_seen';
ALTER EVENT TRIGGER sz_object DISABLE;
SELECT sessionize.create_pipeline('szh_seen', 'szh.raw', key => 'visitor', event_time => 'at');
ALTER EVENT TRIGGER sz_object ENABLE;
CALL sessionize.rebuild('szh_seen');
SELECT count(*) AS wrong, (SELECT difference FROM sessionize.reconcile('szh_seen')) AS difference FROM sessionize.verify('szh_seen');
SELECT sessionize.drop_pipeline('szh_seen');
SELECT count(*) AS still_there FROM sessionize.pipelines WHERE pipeline_name = 'szh_seen';
DROP EVENT TRIGGER sz_object;
CALL sessionize.rebuild('szh_seen');
SELECT count(*) AS indexes FROM pg_indexes WHERE schemaname = 'szh_seen' AND tablename LIKE 'fact%';
SELECT sessionize.drop_pipeline('szh_seen');

-- a partition that has no rows of its own: a foreign table
CREATE EXTENSION file_fdw;
CREATE SERVER szh_files FOREIGN DATA WRAPPER file_fdw;
CREATE TABLE szh.parted (visitor text, at timestamptz, doc text) PARTITION BY RANGE (at);
CREATE TABLE szh.parted_here PARTITION OF szh.parted FOR VALUES FROM ('2026-01-01Z') TO ('2026-02-01Z');
CREATE INDEX ON szh.parted (visitor);
CREATE FOREIGN TABLE szh.parted_there PARTITION OF szh.parted DEFAULT SERVER szh_files
	OPTIONS (program 'printf ''bob,2025-01-01 00:00Z,{}\nbob,2025-01-01 00:01Z,{"page": "/far"}\nbob,2025-01-01 00:02Z,no JSON\n''', format 'csv', quote '^');
INSERT INTO szh.parted VALUES ('ann', '2026-01-05Z', '{"page": "/near"}'), ('ann', '2026-01-05Z', '{'), (NULL, '2026-01-05Z', '{}');
SELECT sessionize.create_pipeline('szh_far', 'szh.parted', key => 'visitor', event_time => 'at', page => 'doc', capture => false);
CALL sessionize.rebuild('szh_far');
SELECT sessionize.drop_pipeline('szh_far');
SELECT sessionize.create_pipeline('szh_far', 'szh.parted', key => 'visitor', event_time => 'at', page => 'doc::json ->> ''page''', capture => false);
CALL sessionize.rebuild('szh_far');
SELECT count(*) AS wrong FROM sessionize.verify('szh_far');
SELECT session_key, reason, raw_row FROM szh_far.quarantine ORDER BY 1, 2;
SELECT session_key, page FROM szh_far.events ORDER BY 1, 2;
SELECT raw_rows, events, quarantined, pending, difference FROM sessionize.reconcile('szh_far');
SELECT sessionize.drop_pipeline(pipeline_name) FROM sessionize.pipelines WHERE pipeline_name LIKE 'szh%';
DROP EXTENSION file_fdw CASCADE;

DROP SCHEMA szh, szh_evil CASCADE;
DROP OWNED BY regress_sz_owner, regress_sz_other;
DROP ROLE regress_sz_owner, regress_sz_other;
