-- erase_user: nothing of a session key is left, in any table of the pipeline's or the extension's
SET client_min_messages = warning;
CREATE SCHEMA sze;
CREATE TABLE sze.raw (raw_id bigint PRIMARY KEY, event_id text, event_name text, visitor text, user_id text, page text, ts timestamptz, received_at timestamptz) PARTITION BY RANGE (raw_id);
CREATE TABLE sze.raw_1 PARTITION OF sze.raw FOR VALUES FROM (0) TO (500);
CREATE TABLE sze.raw_2 PARTITION OF sze.raw DEFAULT;
CREATE INDEX ON sze.raw (visitor, ts, event_id);
INSERT INTO sze.raw SELECT n, 'e' || n % 400, 'page_view', CASE n % 10 WHEN 3 THEN 'secret-4711' ELSE 'v' || n % 20 END, CASE WHEN n % 10 = 3 THEN 'mallory-' || n % 3 END,
	'/' || n % 5, CASE WHEN n % 50 = 3 THEN 'infinity' ELSE '2026-01-01 00:00Z'::timestamptz + n * interval '7 minutes' END, '2026-01-09 00:00Z'::timestamptz + n * interval '7 minutes'
FROM generate_series(1, 1000) AS n;
SELECT sessionize.create_pipeline('sze_web', 'sze.raw', key => 'visitor', event_time => 'ts', received_at => '');
SELECT sessionize.create_pipeline('sze_again', 'sze.raw', key => 'visitor', event_time => 'ts', received_at => '', capture => false);
CALL sessionize.rebuild('sze_web');
-- tables of the pipeline, of the raw data and of the extension that have a text anywhere
CREATE FUNCTION sze.tables_with(what text) RETURNS TABLE (table_name regclass) LANGUAGE plpgsql AS $$
DECLARE
	r regclass;
	n bigint;
BEGIN
	FOR r IN SELECT c.oid::regclass FROM pg_class AS c JOIN pg_namespace AS s ON s.oid = c.relnamespace
	         WHERE s.nspname IN ('sze', 'sze_web', 'sessionize') AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relname NOT LIKE '%\_live' ORDER BY c.oid::regclass::text LOOP
		EXECUTE format('SELECT count(*) FROM ONLY %s AS t WHERE t::text LIKE %L', r, '%' || what || '%') INTO n;
		IF n > 0 THEN table_name := r; RETURN NEXT; END IF;
	END LOOP;
END $$;
-- work of all kinds is under way for the key: dirty rows, errors in the log, a key set aside
INSERT INTO sze.raw VALUES (1001, 'late', 'page_view', 'secret-4711', NULL, '/', '2026-01-02 00:01Z', '2026-01-02 00:01Z');
INSERT INTO sessionize.run_error (pipeline_id, session_key, tries, error) SELECT pipeline_id, 'secret-4711', 3, 'a check failed on secret-4711' FROM sessionize.pipeline WHERE pipeline_name = 'sze_web';
INSERT INTO sessionize.large_key (pipeline_id, session_key, raw_rows) SELECT pipeline_id, 'secret-4711', 200000 FROM sessionize.pipeline WHERE pipeline_name = 'sze_web';
INSERT INTO sessionize.run (pipeline_id, kind, state, pid, progress_handle, definition, error) SELECT pipeline_id, 'refresh', 'failed', 1, 0, '', 'not good: "secret-4711"' FROM sessionize.pipeline WHERE pipeline_name = 'sze_web';
INSERT INTO sze_web.session_alias SELECT session_id, session_id, session_key, now(), 'moved' FROM sze_web.fact_session WHERE session_key = 'secret-4711' LIMIT 1;
SELECT * FROM sze.tables_with('secret-4711');
SELECT (SELECT count(*) FROM sze.raw WHERE visitor = 'secret-4711') AS raw_rows, count(*) AS events, count(DISTINCT session_id) AS sessions,
       (SELECT count(*) FROM sze_web.dim_user WHERE session_key = 'secret-4711') AS users, (SELECT count(*) FROM sze_web.quarantine WHERE session_key = 'secret-4711') AS quarantined
FROM sze_web.fact_event WHERE session_key = 'secret-4711';
SELECT * FROM sessionize.erase_user('sze_web', 'secret-4711');
SELECT * FROM sze.tables_with('secret-4711');
SELECT * FROM sze.tables_with('mallory');
-- others are as they were, and every raw row is accounted for
SELECT raw_rows = events + duplicates + quarantined + late + pending AS closes, difference, pending FROM sessionize.reconcile('sze_web');
SELECT count(*) AS wrong FROM sessionize.verify('sze_web');
SELECT count(*) AS raw_rows, count(DISTINCT visitor) AS keys FROM sze.raw;
CALL sessionize.rebuild('sze_again');
SELECT count(*) AS different FROM (
	(SELECT session_key, started_at, ended_at, events, page_views, entry_page, duplicates FROM sze_web.sessions EXCEPT ALL
	 SELECT session_key, started_at, ended_at, events, page_views, entry_page, duplicates FROM sze_again.sessions) UNION ALL
	(SELECT session_key, started_at, ended_at, events, page_views, entry_page, duplicates FROM sze_again.sessions EXCEPT ALL
	 SELECT session_key, started_at, ended_at, events, page_views, entry_page, duplicates FROM sze_web.sessions)) AS d;
CALL sessionize.rebuild('sze_web');
SELECT rows_inserted + rows_updated + rows_deleted AS written FROM sessionize.runs WHERE pipeline_name = 'sze_web' ORDER BY run_id DESC LIMIT 1;

-- in the transaction that brought the rows in: nothing is logged; not so where the erasure, or that alone, is rolled back
BEGIN;
INSERT INTO sze.raw VALUES (1002, 'x', 'page_view', 'v1', NULL, '/', '2026-01-02', '2026-01-02'), (1003, 'x', 'page_view', 'new-one', NULL, '/', '2026-01-02', '2026-01-02');
SELECT raw_rows, events FROM sessionize.erase_user('sze_web', 'new-one');
COMMIT;
SELECT session_key FROM sze_web.dirty;
BEGIN;
INSERT INTO sze.raw VALUES (1004, 'x', 'page_view', 'new-two', NULL, '/', '2026-01-02', '2026-01-02');
SAVEPOINT s;
SELECT raw_rows FROM sessionize.erase_user('sze_web', 'new-two');
SAVEPOINT t;
SELECT raw_rows > 0 AS erased FROM sessionize.erase_user('sze_web', 'v2');
RELEASE t;
ROLLBACK TO s;
SELECT raw_rows > 0 AS erased FROM sessionize.erase_user('sze_web', 'v4');
INSERT INTO sze.raw VALUES (1005, 'x', 'page_view', 'new-three', NULL, '/', '2026-01-02', '2026-01-02');
SELECT raw_rows FROM sessionize.erase_user('sze_web', 'new-three');
INSERT INTO sze.raw VALUES (1006, 'x', 'page_view', 'new-three', 'u-4711', '/', '2026-01-02', '2026-01-02');
COMMIT;
SELECT session_key FROM sze_web.dirty ORDER BY 1;
CALL sessionize.refresh('sze_web');
SELECT session_key, events FROM sze_web.sessions WHERE session_key LIKE 'new-%' ORDER BY 1;
SELECT count(*) AS v2, (SELECT count(*) FROM sze_web.sessions WHERE session_key = 'v4') AS v4 FROM sze_web.sessions WHERE session_key = 'v2' HAVING count(*) > 0;
SELECT count(*) AS wrong FROM sessionize.verify('sze_web');

-- with so many entries that they lie in a file
SET work_mem = '64kB';
BEGIN;
INSERT INTO sze.raw SELECT n, 'y', 'page_view', 'many-' || n, NULL, '/', '2026-01-02', '2026-01-02' FROM generate_series(2001, 6000) AS n;
SELECT raw_rows FROM sessionize.erase_user('sze_web', 'many-2001');
SELECT raw_rows FROM sessionize.erase_user('sze_web', 'many-6000');
INSERT INTO sze.raw SELECT n, 'z', 'page_view', 'many-' || n, NULL, '/', '2026-01-02', '2026-01-02' FROM generate_series(6001, 9000) AS n;
COMMIT;
RESET work_mem;
SELECT count(DISTINCT session_key) AS logged, count(*) FILTER (WHERE session_key IN ('many-2001', 'many-6000')) AS erased FROM sze_web.dirty;
DELETE FROM sze.raw WHERE visitor LIKE 'many-%';
CALL sessionize.refresh('sze_web');

-- a user's keys, one after the other; a key of another type; a table without the text of the key
SELECT sum(e.raw_rows) > 0 AS erased FROM (SELECT DISTINCT session_key FROM sze_web.dim_user WHERE session_key IN ('v5', 'v6')) AS k, sessionize.erase_user('sze_web', k.session_key) AS e;
CREATE INDEX ON sze.raw ((raw_id % 7), ts);
SELECT sessionize.create_pipeline('sze_int', 'sze.raw', key => 'raw_id % 7', event_time => 'ts', received_at => '', store_events => false);
CALL sessionize.rebuild('sze_int');
SELECT raw_rows > 50 AS raw_rows, events, sessions > 5 AS sessions FROM sessionize.erase_user('sze_int', '3');
SELECT count(*) AS left FROM sze.raw WHERE raw_id % 7 = 3;
SELECT count(*) AS wrong FROM sessionize.verify('sze_int');
-- the other pipeline on the table has seen it too
CALL sessionize.refresh('sze_web');
SELECT count(*) AS wrong FROM sessionize.verify('sze_web');

-- the example of docs/reference/erase_user.md
SELECT e.* FROM (SELECT DISTINCT session_key FROM sze_web.dim_user WHERE user_id = 'u-4711') AS k, sessionize.erase_user('sze_web', k.session_key) AS e;

-- mistakes
SELECT sessionize.erase_user(NULL, 'v1');
SELECT sessionize.erase_user('sze_web', NULL);
SELECT sessionize.erase_user('sze_none', 'v1');
SELECT sessionize.erase_user('sze_web', 'nobody');
SELECT sessionize.erase_user('sze_int', 'x');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sessionize.erase_user('sze_web', 'v1');
ROLLBACK;
CREATE FUNCTION sze.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER keep BEFORE DELETE ON sze.raw_1 FOR EACH ROW EXECUTE FUNCTION sze.keep();
SELECT sessionize.erase_user('sze_web', 'v1');
DROP TRIGGER keep ON sze.raw_1;
SELECT count(*) > 0 AS still_there FROM sze_web.sessions WHERE session_key = 'v1';

-- the raw rows are deleted with the owner's privileges, for the owner alone
CREATE ROLE regress_sze_owner;
CREATE ROLE regress_sze_other;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_sze_owner', current_database()); END $$;
GRANT USAGE ON SCHEMA sze TO regress_sze_owner;
GRANT SELECT, TRIGGER ON sze.raw, sze.raw_1, sze.raw_2 TO regress_sze_owner;
SET ROLE regress_sze_owner;
SELECT sessionize.create_pipeline('sze_owned', 'sze.raw', key => 'visitor', event_time => 'ts', received_at => '');
CALL sessionize.rebuild('sze_owned');
SELECT sessionize.erase_user('sze_owned', 'v1');
RESET ROLE;
GRANT DELETE ON sze.raw TO regress_sze_owner;
SET ROLE regress_sze_other;
SELECT sessionize.erase_user('sze_owned', 'v1');
SET ROLE regress_sze_owner;
SELECT raw_rows > 0 AS raw_rows, events > 0 AS events FROM sessionize.erase_user('sze_owned', 'v1');
RESET ROLE;
SELECT count(*) AS wrong FROM sessionize.verify('sze_owned');

SELECT sessionize.drop_pipeline(p) FROM unnest(ARRAY['sze_web', 'sze_again', 'sze_int', 'sze_owned']) AS p;
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_sze_owner', current_database()); END $$;
DROP SCHEMA sze CASCADE;
DROP ROLE regress_sze_owner, regress_sze_other;
