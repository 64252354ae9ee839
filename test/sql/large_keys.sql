-- Session keys whose refresh reads many raw rows: noted, left alone by the others' transactions, refreshed in one of their own, forgotten.
CREATE TABLE szlk_raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, visitor text, at timestamptz);
CREATE INDEX ON szlk_raw (visitor, at, event_id);
-- the time is an expression, so that a refresh has to read all of a key
SELECT sessionize.create_pipeline('szlk', 'szlk_raw', key => 'visitor', event_time => 'coalesce(at, at)');
INSERT INTO szlk_raw (event_id, visitor, at) SELECT n, 'bot', '2026-01-01Z'::timestamptz + n * interval '10 minutes' FROM generate_series(1, 200) AS n;
INSERT INTO szlk_raw (event_id, visitor, at) SELECT n, 'v' || n % 20, '2026-01-01Z'::timestamptz + n * interval '10 minutes' FROM generate_series(1, 200) AS n;
CALL sessionize.rebuild('szlk');
CREATE FUNCTION szlk_large() RETURNS TABLE (session_key text, raw_rows bigint) LANGUAGE sql AS
$$ SELECT l.session_key, l.raw_rows FROM sessionize.large_key AS l JOIN sessionize.pipeline AS p USING (pipeline_id) WHERE p.pipeline_name = 'szlk' ORDER BY 1 $$;
CREATE FUNCTION szlk_right() RETURNS TABLE (wrong bigint, pending bigint, difference bigint, not_as_plain_sql bigint) LANGUAGE sql AS
$$ SELECT (SELECT count(*) FROM sessionize.verify('szlk')), r.pending, r.difference,
          (SELECT count(*) FROM ((SELECT visitor COLLATE "C", count(*) FROM szlk_raw WHERE visitor IS NOT NULL GROUP BY 1 EXCEPT ALL SELECT session_key, sum(events)::bigint FROM szlk.sessions GROUP BY 1)
           UNION ALL (SELECT session_key, sum(events)::bigint FROM szlk.sessions GROUP BY 1 EXCEPT ALL SELECT visitor COLLATE "C", count(*) FROM szlk_raw WHERE visitor IS NOT NULL GROUP BY 1)) AS x)
   FROM sessionize.reconcile('szlk') AS r $$;
SET sessionize.large_key_rows = 100;

-- nobody knows it yet: it is refreshed with the others, and noted
INSERT INTO szlk_raw (event_id, visitor, at) VALUES ('a1', 'bot', '2026-02-01Z'), ('a2', 'v1', '2026-02-01Z'), ('a3', NULL, '2026-02-01Z');
CALL sessionize.refresh('szlk');
SELECT * FROM szlk_large();
SELECT * FROM szlk_right();
-- from then on apart from them
INSERT INTO szlk_raw (event_id, visitor, at) VALUES ('b1', 'bot', '2026-02-02Z'), ('b2', 'v2', '2026-02-02Z'), ('b3', NULL, '2026-02-01Z');
SELECT pending_keys, pending_large_keys FROM sessionize.pipeline_status WHERE pipeline_name = 'szlk';
CALL sessionize.refresh('szlk');
SELECT r.keys, r.raw_rows FROM sessionize.runs AS r WHERE r.pipeline_name = 'szlk' AND r.kind = 'refresh' ORDER BY r.run_id DESC LIMIT 2;
SELECT * FROM szlk_large();
SELECT * FROM szlk_right();
SELECT pending_keys, pending_large_keys FROM sessionize.pipeline_status WHERE pipeline_name = 'szlk';
-- several of them: each in a transaction of its own
INSERT INTO szlk_raw (event_id, visitor, at) SELECT n, 'b2', '2026-01-01Z'::timestamptz + n * interval '10 minutes' FROM generate_series(1, 150) AS n;
INSERT INTO szlk_raw (event_id, visitor, at) SELECT n, 'b3', '2026-01-01Z'::timestamptz + n * interval '1 hour' FROM generate_series(1, 101) AS n;
CALL sessionize.refresh('szlk');
INSERT INTO szlk_raw (event_id, visitor, at) VALUES ('c1', 'bot', '2026-02-03Z'), ('c2', 'b3', '2026-02-03Z'), ('c3', 'b2', '2026-02-03Z'), ('c4', 'v3', '2026-02-03Z'), ('c5', 'bot', '2026-02-04Z');
UPDATE szlk_raw SET visitor = 'v4' WHERE event_id = 'c5';
CALL sessionize.refresh('szlk');
SELECT r.keys, r.raw_rows FROM sessionize.runs AS r WHERE r.pipeline_name = 'szlk' AND r.kind = 'refresh' ORDER BY r.run_id DESC LIMIT 4;
SELECT * FROM szlk_large();
SELECT * FROM szlk_right();
-- one that is not large any more is forgotten
DELETE FROM szlk_raw WHERE visitor = 'b2' AND raw_id % 2 = 0;
CALL sessionize.refresh('szlk');
SELECT * FROM szlk_large();
DELETE FROM szlk_raw WHERE visitor = 'b3';
CALL sessionize.refresh('szlk');
SELECT * FROM szlk_large();
INSERT INTO szlk_raw (event_id, visitor, at) VALUES ('d1', 'b2', '2026-02-05Z'), ('d2', 'v1', '2026-02-05Z');
CALL sessionize.refresh('szlk');
SELECT r.keys FROM sessionize.runs AS r WHERE r.pipeline_name = 'szlk' AND r.kind = 'refresh' ORDER BY r.run_id DESC LIMIT 1;
SELECT * FROM szlk_right();
-- one of which few rows are read, but to choose the window many entries of the index are looked at, ten of which count as a row
CREATE TABLE szlk_near (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, visitor text, at timestamptz);
CREATE INDEX ON szlk_near (visitor, at, event_id);
INSERT INTO szlk_near (event_id, visitor, at) SELECT v || n, v, '2026-01-01Z'::timestamptz + n * interval '4 minutes' + n / 10 * interval '31 minutes'
  FROM unnest(ARRAY['bot', 'v1']) AS v, generate_series(1, 1100) AS n WHERE v = 'bot' OR n % 3 = 0;
SELECT sessionize.create_pipeline('szlk_near', 'szlk_near', key => 'visitor', event_time => 'at', dedup_window => '30 days');
SET sessionize.large_key_rows = 0;
CALL sessionize.rebuild('szlk_near');
SET sessionize.large_key_rows = 100;
INSERT INTO szlk_near (event_id, visitor, at) SELECT 'new' || v, v, '2026-01-06Z' FROM unnest(ARRAY['bot', 'v1']) AS v;
CALL sessionize.refresh('szlk_near');
SELECT keys, raw_rows < 100 AS few FROM sessionize.runs WHERE pipeline_name = 'szlk_near' AND kind = 'refresh' ORDER BY run_id DESC LIMIT 1;
SELECT l.session_key, l.raw_rows > 100 AS over FROM sessionize.large_key AS l JOIN sessionize.pipeline AS p USING (pipeline_id) WHERE p.pipeline_name = 'szlk_near';
-- and stays one
INSERT INTO szlk_near (event_id, visitor, at) SELECT 'newer' || v, v, '2026-01-06Z' FROM unnest(ARRAY['bot', 'v1']) AS v;
CALL sessionize.refresh('szlk_near');
SELECT keys, raw_rows < 100 AS few FROM sessionize.runs WHERE pipeline_name = 'szlk_near' AND kind = 'refresh' ORDER BY run_id DESC LIMIT 2;
SELECT l.session_key FROM sessionize.large_key AS l JOIN sessionize.pipeline AS p USING (pipeline_id) WHERE p.pipeline_name = 'szlk_near';
SELECT count(*) AS wrong FROM sessionize.verify('szlk_near');
SELECT sessionize.drop_pipeline('szlk_near');
DROP TABLE szlk_near;
-- one that fails is set aside as any other, and is still large
ALTER TABLE szlk.fact_session ADD CONSTRAINT szlk_few CHECK (session_key <> 'bot' OR started_at < '2026-03-01Z');
INSERT INTO szlk_raw (event_id, visitor, at) VALUES ('e1', 'bot', '2026-03-02Z'), ('e2', 'v1', '2026-03-02Z');
CALL sessionize.refresh('szlk');
CALL sessionize.refresh('szlk');
CALL sessionize.refresh('szlk');
SELECT session_key, tries, set_aside FROM sessionize.run_errors WHERE pipeline_name = 'szlk';
SELECT * FROM szlk_large();
SELECT wrong, pending, difference FROM szlk_right();
ALTER TABLE szlk.fact_session DROP CONSTRAINT szlk_few;
SELECT sessionize.retry_errors('szlk');
CALL sessionize.refresh('szlk');
SELECT count(*) AS failed FROM sessionize.run_errors WHERE pipeline_name = 'szlk';
SELECT * FROM szlk_right();
-- 0 treats all alike, but for those that are noted
SET sessionize.large_key_rows = 0;
INSERT INTO szlk_raw (event_id, visitor, at) VALUES ('f1', 'bot', '2026-03-03Z'), ('f2', 'v1', '2026-03-03Z');
CALL sessionize.refresh('szlk');
SELECT * FROM szlk_large();
SELECT * FROM szlk_right();
-- an erased one leaves nothing
SET sessionize.large_key_rows = 100;
INSERT INTO szlk_raw (event_id, visitor, at) VALUES ('g1', 'bot', '2026-03-04Z');
CALL sessionize.refresh('szlk');
SELECT * FROM szlk_large();
INSERT INTO szlk_raw (event_id, visitor, at) VALUES ('g2', 'bot', '2026-03-05Z');
SELECT raw_rows, events FROM sessionize.erase_user('szlk', 'bot');
SELECT * FROM szlk_large();
CALL sessionize.refresh('szlk');
SELECT * FROM szlk_right();
SELECT sessionize.drop_pipeline('szlk');
SELECT count(*) AS left FROM sessionize.large_key;
-- keys of another type
CREATE TABLE szlk_double (raw_id int PRIMARY KEY, who double precision, at timestamptz);
CREATE INDEX ON szlk_double (who, at);
SELECT sessionize.create_pipeline('szlk', 'szlk_double', key => 'who', event_time => 'coalesce(at, at)');
INSERT INTO szlk_double SELECT n, 0.1::float8 + 0.2::float8, '2026-01-01Z'::timestamptz + n * interval '1 hour' FROM generate_series(1, 150) AS n;
SET extra_float_digits = 0;
CALL sessionize.refresh('szlk');
-- the first build notes what is large
SELECT * FROM szlk_large();
INSERT INTO szlk_double VALUES (1001, 0.1::float8 + 0.2::float8, '2026-02-01Z'), (1002, 0.3, '2026-02-01Z');
CALL sessionize.refresh('szlk');
SELECT * FROM szlk_large();
INSERT INTO szlk_double VALUES (2001, 0.1::float8 + 0.2::float8, '2026-02-02Z'), (2002, 0.3, '2026-02-02Z');
CALL sessionize.refresh('szlk');
SELECT r.keys, r.raw_rows FROM sessionize.runs AS r WHERE r.pipeline_name = 'szlk' AND r.kind = 'refresh' ORDER BY r.run_id DESC LIMIT 2;
SELECT count(*) AS wrong FROM sessionize.verify('szlk');
RESET extra_float_digits;
RESET sessionize.large_key_rows;
-- a key of an enum type that is renamed
SET client_min_messages = warning;
CREATE TYPE szlk_enum AS ENUM ('a', 'b');
CREATE TABLE szlk_named (raw_id bigint PRIMARY KEY, event_id text, visitor szlk_enum, at timestamptz);
CREATE INDEX ON szlk_named (visitor, at, event_id);
SELECT sessionize.create_pipeline('szlk_renamed', 'szlk_named', key => 'visitor', event_time => 'at');
INSERT INTO szlk_named SELECT n, 'e' || n, CASE WHEN n % 2 = 0 THEN 'a' ELSE 'b' END::szlk_enum, '2026-01-01Z'::timestamptz + n * interval '10 minutes' FROM generate_series(1, 100) AS n;
SET sessionize.large_key_rows = 20;
CALL sessionize.refresh('szlk_renamed');
ALTER TYPE szlk_enum RENAME VALUE 'a' TO 'c';
INSERT INTO szlk_named VALUES (101, 'e101', 'b', '2026-01-03Z'), (102, 'e102', 'c', '2026-01-03Z');
CALL sessionize.refresh('szlk_renamed');
SELECT pending, difference, (SELECT count(*) FROM sessionize.verify('szlk_renamed')) AS unproven FROM sessionize.reconcile('szlk_renamed');
-- one that has failed before
ALTER TABLE szlk_renamed.fact_session ADD CONSTRAINT guard CHECK (session_key <> 'c') NOT VALID;
INSERT INTO szlk_named VALUES (103, 'e103', 'c', '2026-01-04Z');
CALL sessionize.refresh('szlk_renamed');
SELECT session_key, tries FROM sessionize.run_errors WHERE pipeline_name = 'szlk_renamed';
ALTER TYPE szlk_enum RENAME VALUE 'c' TO 'd';
ALTER TABLE szlk_renamed.fact_session DROP CONSTRAINT guard;
CALL sessionize.refresh('szlk_renamed');
SELECT pending, difference, (SELECT count(*) FROM sessionize.verify('szlk_renamed')) AS unproven FROM sessionize.reconcile('szlk_renamed');
RESET sessionize.large_key_rows;
SELECT sessionize.drop_pipeline('szlk_renamed');
DROP TABLE szlk_named;
DROP TYPE szlk_enum;
SELECT sessionize.drop_pipeline('szlk');
DROP FUNCTION szlk_large, szlk_right;
DROP TABLE szlk_raw, szlk_double;
