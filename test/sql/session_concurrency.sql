-- session_concurrency against a join of all buckets with all sessions.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA concurrency_test;
SET search_path = concurrency_test;
\set SHOW_CONTEXT never

-- The example of the reference.
CREATE TABLE visits (started_at timestamptz, ended_at timestamptz);
INSERT INTO visits VALUES
  ('2026-03-02 10:05', '2026-03-02 10:20'), ('2026-03-02 10:20', '2026-03-02 10:45'), ('2026-03-02 10:40', '2026-03-02 11:00'),
  ('2026-03-02 12:10', '2026-03-02 12:10');
SELECT c.* FROM (SELECT sessionize.session_concurrency(started_at, ended_at, '1 hour') AS buckets FROM visits) AS v, unnest(buckets) AS c;
SELECT c.bucket, c.peak FROM (SELECT sessionize.session_concurrency(started_at, ended_at, '1 day', '2026-03-02 06:00') AS buckets FROM visits) AS v, unnest(buckets) AS c;

-- 500 sessions of two days: many of a single event, some that begin or end with a minute, some of hours; others without an end.
CREATE TABLE sessions AS
SELECT i, started_at,
       started_at + CASE WHEN i % 3 = 0 THEN interval '0' WHEN i % 50 = 0 THEN interval '9 hours' WHEN i % 5 = 0 THEN (i % 7) * interval '1 minute'
                         ELSE (hashint8extended(i, 2) & 4095) * interval '0.437 seconds' END AS ended_at
FROM (SELECT i, timestamptz '2026-03-02' + CASE WHEN i % 4 = 0 THEN (hashint8extended(i, 1) & 2047) * interval '1 minute'
                                                ELSE (hashint8extended(i, 1) & 131071) * interval '1.03 seconds' END AS started_at
      FROM generate_series(1, 500) AS i) AS x;
INSERT INTO sessions SELECT 1000 + i, started_at, NULL FROM sessions WHERE i < 20;
INSERT INTO sessions SELECT 2000 + i, NULL, ended_at FROM sessions WHERE i < 20;
ANALYZE sessions;

-- As many sessions as at any time are open when one starts, or else when the bucket does.
CREATE FUNCTION expected(length interval, origin timestamptz) RETURNS SETOF sessionize.concurrency LANGUAGE sql AS $$
  WITH s AS (SELECT started_at, ended_at FROM concurrency_test.sessions WHERE started_at IS NOT NULL AND ended_at IS NOT NULL),
       bounds AS (SELECT date_bin(length, min(started_at), origin) AS first, max(ended_at) AS last FROM s),
       buckets AS (SELECT b FROM bounds, generate_series(first, last, length) AS b)
  SELECT b, (SELECT count(*) FROM s WHERE started_at >= b AND started_at < b + length),
            (SELECT count(*) FROM s WHERE started_at < b + length AND ended_at >= b),
            (SELECT max(n) FROM (SELECT (SELECT count(*) FROM s WHERE started_at <= at AND ended_at >= at) AS n
                                 FROM (SELECT b AS at UNION SELECT started_at FROM s WHERE started_at >= b AND started_at < b + length) AS instants) AS x)
  FROM buckets
$$;
CREATE FUNCTION differences(length interval, origin timestamptz DEFAULT NULL, rows text DEFAULT 'concurrency_test.sessions')
RETURNS TABLE (buckets bigint, missing bigint, surplus bigint) LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE e AS SELECT * FROM expected(length, coalesce(origin, '2000-01-01 00:00+00'));
  EXECUTE format('CREATE TEMP TABLE a AS SELECT c.* FROM (SELECT sessionize.session_concurrency(started_at, ended_at, %s) AS cs FROM %s) AS x, unnest(cs) AS c',
                 concat_ws(', ', quote_literal(length), quote_literal(origin)), rows);
  RETURN QUERY SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM (TABLE e EXCEPT ALL TABLE a) AS x), (SELECT count(*) FROM (TABLE a EXCEPT ALL TABLE e) AS x);
  DROP TABLE e, a;
END $$;
SELECT length, origin, d.*
FROM (VALUES (interval '5 minutes', NULL::timestamptz), ('17 minutes 0.3 seconds', NULL), ('1 hour', NULL), ('1 day', NULL), ('9 days', NULL),
             ('1 hour', '2026-03-02 10:20'), ('7 hours', '1990-01-01'), ('7 hours', '2040-05-05 05:05:05.000001'), ('100 days', '2026-03-02 12:00')) AS v (length, origin),
     differences(length, origin) AS d;
-- ascending, descending, in no order; without the time zone's help
SELECT d.* FROM differences('1 hour', NULL, '(SELECT * FROM concurrency_test.sessions ORDER BY started_at OFFSET 0) AS x') AS d;
SELECT d.* FROM differences('1 hour', NULL, '(SELECT * FROM concurrency_test.sessions ORDER BY ended_at DESC OFFSET 0) AS x') AS d;
SELECT d.* FROM differences('1 hour', NULL, '(SELECT * FROM concurrency_test.sessions ORDER BY hashint4(i) OFFSET 0) AS x') AS d;
SET timezone = 'Asia/Kathmandu';
SELECT d.* FROM differences('1 hour') AS d;
SET timezone = 'UTC';
-- buckets are ascending, each of them there once
SELECT count(*) > 100 AS many, bool_and(next IS NULL OR next - bucket = '15 minutes') AS no_gaps
FROM (SELECT c.bucket, lead(c.bucket) OVER (ORDER BY n) AS next
      FROM (SELECT sessionize.session_concurrency(started_at, ended_at, '15 minutes') AS cs FROM sessions) AS x, unnest(cs) WITH ORDINALITY AS c (bucket, started, active, peak, n)) AS y;
-- a running aggregate, whose state is used on after a result
SELECT count(*) AS rows, count(*) FILTER (WHERE running <> again) AS wrong
FROM (SELECT sessionize.session_concurrency(started_at, ended_at, '1 day') OVER (ORDER BY i) AS running,
             (SELECT sessionize.session_concurrency(f.started_at, f.ended_at, '1 day') FROM sessions AS f WHERE f.i <= s.i) AS again
      FROM sessions AS s WHERE i <= 100) AS x;

-- At each instant, against a count of what is open then and right before.
SELECT c.* FROM (SELECT sessionize.session_concurrency(started_at, ended_at) AS changes FROM visits) AS v, unnest(changes) AS c;
SELECT (sessionize.session_concurrency(started_at, ended_at))[2] = ROW('2026-03-02 10:20', 2)::sessionize.open_sessions AS second FROM visits;
CREATE VIEW expected_changes AS
SELECT since, open
FROM (SELECT since, count(*) FILTER (WHERE since BETWEEN started_at AND ended_at) AS open,
             count(*) FILTER (WHERE since - interval '0.000001 seconds' BETWEEN started_at AND ended_at) AS before
      FROM sessions, (SELECT started_at AS since FROM sessions WHERE ended_at >= started_at
                      UNION SELECT ended_at + interval '0.000001 seconds' FROM sessions WHERE ended_at >= started_at) AS x GROUP BY since) AS y
WHERE open <> before;
CREATE VIEW actual_changes AS SELECT c.* FROM (SELECT sessionize.session_concurrency(started_at, ended_at) AS changes FROM sessions) AS x, unnest(changes) AS c;
CREATE VIEW differing_changes AS
SELECT (SELECT count(*) > 500 FROM actual_changes) AS many,
       (SELECT count(*) FROM (TABLE expected_changes EXCEPT ALL TABLE actual_changes) AS x) AS missing,
       (SELECT count(*) FROM (TABLE actual_changes EXCEPT ALL TABLE expected_changes) AS x) AS surplus,
       (SELECT count(*) FROM (SELECT since <= lag(since) OVER () AS wrong FROM actual_changes) AS x WHERE wrong) AS out_of_order;
TABLE differing_changes;
-- one that begins right after another ends changes nothing; the ends of time; nothing, and nothing but NULL
SELECT sessionize.session_concurrency(ts, ts) FROM (VALUES (timestamptz '2026-01-01'), ('2026-01-01 00:00:00.000001'), ('2026-01-01 00:00:00.000002')) AS v (ts);
SELECT sessionize.session_concurrency('4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999');
SELECT sessionize.session_concurrency(started_at, ended_at) FROM sessions WHERE i > 1000;
SELECT sessionize.session_concurrency(started_at, ended_at) FROM sessions WHERE false;
SELECT sessionize.session_concurrency(ended_at, started_at) FROM sessions WHERE i % 3 > 0;
SELECT sessionize.session_concurrency(started_at, 'infinity') FROM sessions;

-- in parallel: states are sent, received and combined
CREATE TABLE costs AS SELECT oid, procost FROM pg_proc WHERE pronamespace = 'sessionize'::regnamespace AND proname ~ '^concurrency_(combine|serialize|deserialize)$';
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE sessions SET (parallel_workers = 3);
SET max_parallel_workers_per_gather = 3;
EXPLAIN (COSTS OFF) SELECT sessionize.session_concurrency(started_at, ended_at, '1 hour') FROM sessions;
SELECT d.* FROM differences('1 hour') AS d;
EXPLAIN (COSTS OFF) SELECT sessionize.session_concurrency(started_at, ended_at) FROM sessions;
TABLE differing_changes;
SELECT d.* FROM differences('1 day', '2026-03-02 12:00') AS d;
SELECT sessionize.session_concurrency(started_at, ended_at, (1 + i % 2) * interval '1 hour') FROM sessions;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;
SET max_parallel_workers_per_gather = 0;

-- nothing, and nothing but NULL
SELECT sessionize.session_concurrency(started_at, ended_at, '1 hour') FROM sessions WHERE false;
SELECT sessionize.session_concurrency(NULL, '2026-01-01', '1 hour'), sessionize.session_concurrency('2026-01-01', NULL, '1 hour', '2026-01-01');
-- the ends of time; a bucket of a microsecond; one that is longer than all time from its origin
SELECT c.* FROM (SELECT sessionize.session_concurrency(ts, ts, '106000000 days', '2000-01-01') AS cs FROM (VALUES ('294276-12-31 23:59:59.999999'::timestamptz)) AS v (ts)) AS x, unnest(cs) AS c;
SELECT c.* FROM (SELECT sessionize.session_concurrency('2026-01-01', '2026-01-01 00:00:00.000002', '0.000001 seconds') AS cs) AS x, unnest(cs) AS c;
SELECT c.* FROM (SELECT sessionize.session_concurrency('4713-01-01 00:00:00 BC', '4713-01-01 00:00:00 BC', '1 hour') AS cs) AS x, unnest(cs) AS c;

-- errors, and what they say to do
SELECT sessionize.session_concurrency(started_at, ended_at, NULL) FROM sessions;
SELECT sessionize.session_concurrency(started_at, ended_at, '0') FROM sessions;
SELECT sessionize.session_concurrency(started_at, ended_at, '-1 hour') FROM sessions;
SELECT sessionize.session_concurrency(started_at, ended_at, '1 month') FROM sessions;
SELECT sessionize.session_concurrency(started_at, ended_at, '1 hour', NULL) FROM sessions;
SELECT sessionize.session_concurrency(started_at, ended_at, '1 hour', 'infinity') FROM sessions;
SELECT sessionize.session_concurrency(ended_at, started_at, '1 hour') FROM sessions WHERE i % 3 > 0;
SELECT sessionize.session_concurrency(started_at, 'infinity', '1 hour') FROM sessions;
SELECT sessionize.session_concurrency('-infinity', ended_at, '1 hour') FROM sessions;
SELECT sessionize.session_concurrency(started_at, ended_at, '1 hour', started_at) FROM sessions;
SELECT sessionize.session_concurrency(started_at, ended_at, '0.000001 seconds') FROM sessions;
-- one row of the year 1970 among them: it says which, and what to write
CREATE TEMP TABLE with_1970 AS SELECT started_at, ended_at FROM sessions
UNION ALL SELECT '1970-01-01', '1970-01-01 00:20';
SELECT sessionize.session_concurrency(started_at, ended_at, '1 minute') FROM with_1970;
SELECT (SELECT sessionize.session_concurrency(started_at, ended_at, '1 minute') FROM with_1970
        WHERE started_at >= '2026-01-01' AND ended_at < '2027-01-01')
     = (SELECT sessionize.session_concurrency(started_at, ended_at, '1 minute')
       FROM sessions) AS as_without;
SELECT sessionize.session_concurrency('4713-01-01 00:00:00 BC', '2026-01-01', '90000000 days') FROM sessions;
-- a group may have so many sessions
SET sessionize.max_group_events = 100;
SELECT cardinality(sessionize.session_concurrency(started_at, ended_at, '9 days')) FROM sessions WHERE i <= 100;
SELECT sessionize.session_concurrency(started_at, ended_at, '9 days') FROM sessions WHERE i <= 101;
RESET sessionize.max_group_events;

-- A state that no worker of ours wrote: an aggregate that passes any bytes off as one.
CREATE FUNCTION forge(internal, bytea) RETURNS internal LANGUAGE internal AS 'xmlconcat2';
CREATE FUNCTION pass_off(internal) RETURNS bytea LANGUAGE internal STRICT AS 'byteasend';
CREATE AGGREGATE forged_concurrency(bytea) (
  SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.concurrency_deserialize, COMBINEFUNC = sessionize.concurrency_combine, FINALFUNC = sessionize.concurrency_final);
CREATE TABLE one_row AS SELECT 1 AS one;
ALTER TABLE one_row SET (parallel_workers = 1);
SET max_parallel_workers_per_gather = 1;
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT forged_concurrency('\x'::bytea) FROM one_row;
-- genuine: buckets of 16 from 0; sessions from 1 to 17 and from 2 to 2, whose starts and whose ends ascend
SELECT forged_concurrency('\x000000000000001000000000000000000000000000000001000000000000000200000000000000020000000000000011'::bytea) FROM one_row;
-- nothing; half a length; no sessions; no length; a negative one; an infinite origin
SELECT forged_concurrency('\x'::bytea) FROM one_row;
SELECT forged_concurrency('\x00000000'::bytea) FROM one_row;
SELECT forged_concurrency('\x00000000000000100000000000000000'::bytea) FROM one_row;
SELECT forged_concurrency('\x0000000000000000000000000000000000000000000000010000000000000002'::bytea) FROM one_row;
SELECT forged_concurrency('\x8000000000000010000000000000000000000000000000010000000000000002'::bytea) FROM one_row;
SELECT forged_concurrency('\x00000000000000107fffffffffffffff00000000000000010000000000000002'::bytea) FROM one_row;
-- an end before its start; starts, and ends, not in order; a byte too few, and one too many; minus infinity; infinity
SELECT forged_concurrency('\x0000000000000010000000000000000000000000000000020000000000000001'::bytea) FROM one_row;
SELECT forged_concurrency('\x000000000000001000000000000000000000000000000002000000000000000200000000000000010000000000000003'::bytea) FROM one_row;
SELECT forged_concurrency('\x000000000000001000000000000000000000000000000001000000000000000900000000000000020000000000000008'::bytea) FROM one_row;
SELECT forged_concurrency('\x00000000000000100000000000000000000000000000000100000000000002'::bytea) FROM one_row;
SELECT forged_concurrency('\x000000000000001000000000000000000000000000000001000000000000000200'::bytea) FROM one_row;
SELECT forged_concurrency('\x0000000000000010000000000000000080000000000000000000000000000002'::bytea) FROM one_row;
SELECT forged_concurrency('\x0000000000000010000000000000000000000000000000017fffffffffffffff'::bytea) FROM one_row;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;

SET client_min_messages = warning;
DROP SCHEMA concurrency_test CASCADE;
