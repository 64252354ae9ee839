-- retention against bool_or().
SET timezone = 'UTC';
CREATE SCHEMA retention_test;
SET search_path = retention_test;
\set SHOW_CONTEXT never

-- The examples of the reference.
CREATE TABLE visits (visitor int, day date);
INSERT INTO visits VALUES (1, '2026-03-02'), (1, '2026-03-03'), (1, '2026-03-09'), (2, '2026-03-02'), (2, '2026-03-09'), (3, '2026-03-03'), (3, '2026-03-09');
SELECT visitor, sessionize.retention(day = '2026-03-02', day = '2026-03-03', day = '2026-03-09') AS came
FROM visits GROUP BY visitor ORDER BY visitor;
SELECT count(*) FILTER (WHERE came[1]) AS "on the first day", count(*) FILTER (WHERE came[2]) AS "and the next", count(*) FILTER (WHERE came[3]) AS "and a week later"
FROM (SELECT sessionize.retention(day = '2026-03-02', day = '2026-03-03', day = '2026-03-09') AS came FROM visits GROUP BY visitor) AS v;

-- 3000 rows of 200 keys; conditions are NULL at times.
CREATE TABLE events AS
SELECT (hashint8extended(i, 1) & 65535) % 200 AS u,
       CASE WHEN i % 13 > 0 THEN (hashint8extended(i, 2) & 15) = 3 END AS a,
       CASE WHEN i % 11 > 0 THEN (hashint8extended(i, 3) & 15) = 3 END AS b,
       (hashint8extended(i, 4) & 15) = 3 AS c
FROM generate_series(1, 3000) AS i;
ANALYZE events;
CREATE TABLE expected AS
SELECT u, ARRAY[x, x AND y, x AND z] AS came
FROM (SELECT u, coalesce(bool_or(a), false) AS x, coalesce(bool_or(b), false) AS y, bool_or(c) AS z FROM events GROUP BY u) AS q;
CREATE VIEW actual AS SELECT u, sessionize.retention(a, b, c) AS came FROM events GROUP BY u;
CREATE VIEW differences AS
SELECT (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE actual) AS x) AS missing,
       (SELECT count(*) FROM (TABLE actual EXCEPT ALL TABLE expected) AS x) AS surplus;
SELECT came, count(*) > 0 AS some FROM expected GROUP BY came ORDER BY came;
TABLE differences;
-- the conditions as one array; a running aggregate
SELECT count(*) AS wrong FROM (SELECT u, sessionize.retention(VARIADIC ARRAY[a, b, c]) AS came FROM events GROUP BY u) AS x NATURAL FULL JOIN expected WHERE x.u IS NULL OR expected.u IS NULL;
SELECT count(*) FILTER (WHERE running[3] <> again) AS wrong
FROM (SELECT sessionize.retention(a, b, c) OVER w AS running, coalesce(bool_or(a) OVER w, false) AND bool_or(c) OVER w AS again
      FROM events WINDOW w AS (PARTITION BY u ORDER BY ctid)) AS x;

-- 100,000 random groups of up to 9 rows, by the node and by the server's aggregation
CREATE TABLE random_rows AS
SELECT c, nullif(abs(hashint8extended(c * 16 + n, 1)) % 3, 2) = 1 AS a, nullif(abs(hashint8extended(c * 16 + n, 2)) % 4, 3) = 1 AS b,
       abs(hashint8extended(c * 16 + n, 3)) % 6 = 1 AS c1, abs(hashint8extended(c * 16 + n, 4)) % 9 = 1 AS d
FROM generate_series(1, 100000) AS c, generate_series(1, 1 + abs(hashint8extended(c, 5)) % 9) AS n;
ANALYZE random_rows;
CREATE VIEW wrong_groups AS
SELECT count(*) AS groups, count(*) FILTER (WHERE came <> ARRAY[x, x AND y, x AND z, x AND w]) AS wrong
FROM (SELECT c, sessionize.retention(a, b, c1, d) AS came FROM random_rows GROUP BY c) AS r
JOIN (SELECT c, coalesce(bool_or(a), false) AS x, coalesce(bool_or(b), false) AS y, bool_or(c1) AS z, bool_or(d) AS w FROM random_rows GROUP BY c) AS q USING (c);
TABLE wrong_groups;
SET sessionize.enable_group_scan = off;
TABLE wrong_groups;
RESET sessionize.enable_group_scan;

-- in parallel
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE events SET (parallel_workers = 2);
SET max_parallel_workers_per_gather = 2;
SET sessionize.enable_group_scan = off;
EXPLAIN (COSTS OFF) SELECT sessionize.retention(a, b, c) FROM events GROUP BY u;
TABLE differences;
SELECT sessionize.retention(VARIADIC array_fill(true, ARRAY[(1 + u % 2)::int])) FROM events;
RESET max_parallel_workers_per_gather;
RESET sessionize.enable_group_scan;

-- nothing, and nothing but NULL
SELECT sessionize.retention(a, b) FROM events WHERE false;
SELECT sessionize.retention(NULL, true, NULL), sessionize.retention(true, NULL), sessionize.retention(false, true);
-- 32 conditions; the 32nd alone
SELECT sessionize.retention(VARIADIC array_fill(true, ARRAY[32])) = array_fill(true, ARRAY[32]) AS all_true,
       sessionize.retention(VARIADIC array_fill(false, ARRAY[31]) || true) = array_fill(false, ARRAY[32]) AS without_the_first;

-- errors, and what they say to do
SELECT sessionize.retention(VARIADIC NULL::boolean[]);
SELECT sessionize.retention(VARIADIC '{}');
SELECT sessionize.retention(VARIADIC '{{t},{f}}');
SELECT sessionize.retention(VARIADIC array_fill(true, ARRAY[33]));
SELECT sessionize.retention(VARIADIC array_fill(true, ARRAY[(1 + u % 2)::int])) FROM events;

-- The state is a number, which anyone can make up.
SELECT sessionize.retention_final(2::bigint << 32 | 3) AS both, sessionize.retention_final(2::bigint << 32 | 2) AS without_the_first;
SELECT sessionize.retention_final(sessionize.retention_combine(2::bigint << 32 | 1, 2::bigint << 32 | 2)) AS combined;
SELECT sessionize.retention_final(sessionize.retention_transition(sessionize.retention_transition(NULL, '{t,f}'), '{f,t}')) AS added;
SELECT sessionize.retention_final(NULL) IS NULL AS nothing, sessionize.retention_combine(NULL, 2::bigint << 32) IS NULL AS nothing_either;
SELECT sessionize.retention_final(0);
SELECT sessionize.retention_final(-1);
SELECT sessionize.retention_final(3);
SELECT sessionize.retention_final(33::bigint << 32);
SELECT sessionize.retention_final(2::bigint << 32 | 4);
SELECT sessionize.retention_final((-9223372036854775808)::bigint);
SELECT sessionize.retention_combine(2::bigint << 32, 3::bigint << 32);
SELECT sessionize.retention_combine(7, 3::bigint << 32);
SELECT sessionize.retention_transition(7, '{t}');
SELECT sessionize.retention_transition(2::bigint << 32, '{t}');
SELECT sessionize.retention_transition(2::bigint << 32, NULL);

SET client_min_messages = warning;
DROP SCHEMA retention_test CASCADE;
