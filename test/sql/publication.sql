-- A publication of all tables: updates and deletes of what is in it need to know their rows by something.
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE TABLE szp_raw (raw_id bigint PRIMARY KEY, event_id text, visitor text, user_id text, page text, occurred_at timestamptz, received_at timestamptz);
CREATE INDEX ON szp_raw (visitor, occurred_at);
INSERT INTO szp_raw SELECT n, 'e' || n, 'v' || n % 5, 'u' || n / 400, '/' || n % 7, at, at
FROM (SELECT n, '2024-03-01'::timestamptz + n * interval '11 minutes' AS at FROM generate_series(1, 600) AS n) AS r;
SELECT sessionize.create_pipeline('szp', 'szp_raw', key => 'visitor');
CALL sessionize.rebuild('szp');
CREATE PUBLICATION szp_everything FOR ALL TABLES;
-- tables whose rows it would keep us from changing
SELECT c.oid::regclass FROM pg_class AS c
WHERE relnamespace IN ('sessionize'::regnamespace, 'szp'::regnamespace) AND relkind = 'r' AND relpersistence = 'p' AND relreplident = 'd'
AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary);
CREATE FUNCTION szp_check(OUT unproven bigint, OUT pending bigint, OUT difference bigint, OUT failed bigint) LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM sessionize.verify('szp')), r.pending, r.difference, (SELECT count(*) FROM sessionize.run_errors) FROM sessionize.reconcile('szp') AS r $$;
-- what is different, what goes, and what becomes large and ceases to be
SET sessionize.large_key_rows = 20;
UPDATE szp_raw SET page = '/new', occurred_at = occurred_at - interval '3 minutes' WHERE raw_id % 50 = 3;
DELETE FROM szp_raw WHERE raw_id % 60 = 7;
CALL sessionize.refresh('szp');
SELECT * FROM szp_check();
SELECT count(*) FROM sessionize.large_key JOIN sessionize.pipeline USING (pipeline_id) WHERE pipeline_name = 'szp';
UPDATE szp_raw SET page = '/newer' WHERE raw_id % 50 = 3;
CALL sessionize.refresh('szp');
SET sessionize.large_key_rows = 0;
UPDATE szp_raw SET page = '/newest' WHERE raw_id % 50 = 3;
CALL sessionize.refresh('szp');
SELECT * FROM szp_check();
SELECT count(*) FROM sessionize.large_key JOIN sessionize.pipeline USING (pipeline_id) WHERE pipeline_name = 'szp';
-- a key that can't be written, again and again, and then can
ALTER TABLE szp.fact_session ADD CHECK (session_key <> 'v2' OR ended_at < '2024-03-05 18:00Z') NOT VALID;
UPDATE szp_raw SET occurred_at = '2024-03-06', received_at = '2024-03-06' WHERE raw_id = 2;
CALL sessionize.refresh('szp');
CALL sessionize.refresh('szp');
SELECT session_key, tries FROM sessionize.run_errors;
ALTER TABLE szp.fact_session DROP CONSTRAINT fact_session_check;
CALL sessionize.refresh('szp');
SELECT * FROM szp_check();
-- sealed rows and late ones come and go
SELECT unsealed FROM sessionize.seal('szp', '2024-03-03');
SELECT unsealed > 0 AS unsealed FROM sessionize.seal('szp', '2024-03-02');
INSERT INTO szp_raw VALUES (1001, 'late', 'v1', NULL, '/late', '2024-03-01', '2024-03-01');
CALL sessionize.refresh('szp');
SELECT count(*) FROM szp.late;
DELETE FROM szp_raw WHERE raw_id = 1001;
CALL sessionize.refresh('szp');
SELECT count(*) FROM szp.late;
SELECT * FROM szp_check();
-- a key is erased, other rules, a rebuild, a drop
SELECT raw_rows > 0 AS erased FROM sessionize.erase_user('szp', 'v3');
SELECT sessionize.alter_pipeline('szp', gap => '10 minutes');
CALL sessionize.refresh('szp');
UPDATE szp_raw SET page = '/rebuilt' WHERE raw_id % 40 = 3;
CALL sessionize.rebuild('szp');
SELECT * FROM szp_check();
SELECT count(*) FROM szp.dirty;
SELECT sessionize.drop_pipeline('szp');
DROP PUBLICATION szp_everything;
DROP FUNCTION szp_check();
DROP TABLE szp_raw;
