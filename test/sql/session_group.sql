-- The node SessionGroup against the server's own aggregation and against lag() and sum() OVER.
SET timezone = 'UTC';
CREATE SCHEMA session_group_test;
SET search_path = session_group_test, sessionize, public;
\set SHOW_CONTEXT never

-- 6000 events of 150 keys in no order; some without a key or a time, two keys without any time.
CREATE TABLE events AS
SELECT i AS id,
       CASE WHEN i % 97 <> 0 THEN (hashint8extended(i, 1) & 1023) % 150 END AS k,
       CASE WHEN i % 89 <> 0 AND (hashint8extended(i, 1) & 1023) % 150 NOT IN (7, 8)
            THEN timestamptz '2026-03-01' + ((hashint8extended(i, 2) & 65535) % 20000) * interval '23 seconds' END AS ts
FROM generate_series(1, 6000) AS i;
ANALYZE events;

-- Is the node in the plan?
CREATE FUNCTION uses_node(query text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
  RETURN jsonb_path_exists(plan, '$.**."Custom Plan Provider" ? (@ == "SessionGroup")');
END $$;

-- What a node shows in EXPLAIN ANALYZE.
CREATE FUNCTION node_property(query text, property text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT json) ' || query INTO plan;
  RETURN jsonb_path_query_first(plan, format('$.** ? (@."Custom Plan Provider" == "SessionGroup").%I', property)::jsonpath);
END $$;

-- A query with the node and without it.
CREATE FUNCTION compare(query text) RETURNS TABLE (node boolean, off boolean, some_rows boolean, same boolean)
LANGUAGE plpgsql AS $$
BEGIN
  node := uses_node(query);
  EXECUTE format('CREATE TEMP TABLE ours AS SELECT q::text FROM (%s) AS q', query);
  SET LOCAL sessionize.enable_group_scan = off;
  off := NOT uses_node(query);
  EXECUTE format('CREATE TEMP TABLE theirs AS SELECT q::text FROM (%s) AS q', query);
  SET LOCAL sessionize.enable_group_scan = on;
  some_rows := EXISTS (TABLE ours);
  same := NOT EXISTS ((TABLE ours EXCEPT ALL TABLE theirs) UNION ALL (TABLE theirs EXCEPT ALL TABLE ours));
  DROP TABLE ours, theirs;
  RETURN NEXT;
END $$;

-- Both aggregates by key, against plain SQL.
CREATE FUNCTION matches(source text, key text, gap interval DEFAULT '30 minutes')
RETURNS TABLE (node boolean, sessions_same boolean, counts_same boolean)
LANGUAGE plpgsql AS $$
DECLARE
  query text := format('SELECT %s AS k, session_agg(ts, %L) AS sessions, session_count(ts, %L) AS n FROM %s GROUP BY 1', key, gap, gap, source);
BEGIN
  node := uses_node(query);
  EXECUTE 'CREATE TEMP TABLE actual AS ' || query;
  EXECUTE format(
    'CREATE TEMP TABLE expected AS
     SELECT k, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS events
     FROM (SELECT k, ts, sum(starts) OVER (PARTITION BY k ORDER BY ts) AS n
           FROM (SELECT %1$s AS k, ts, CASE WHEN ts - lag(ts) OVER (PARTITION BY %1$s ORDER BY ts) <= %2$L THEN 0 ELSE 1 END AS starts
                 FROM %3$s WHERE ts IS NOT NULL) AS a) AS b
     GROUP BY k, n', key, gap, source);
  sessions_same := NOT EXISTS (
    (SELECT k, s.* FROM actual, unnest(sessions) AS s EXCEPT ALL TABLE expected)
    UNION ALL (TABLE expected EXCEPT ALL SELECT k, s.* FROM actual, unnest(sessions) AS s));
  EXECUTE format(
    'CREATE TEMP TABLE counts AS
     SELECT k, count(started_at) AS n FROM (SELECT k, started_at FROM expected UNION ALL SELECT %s, NULL FROM %s) AS x GROUP BY k', key, source);
  counts_same := NOT EXISTS ((SELECT k, n FROM actual EXCEPT ALL TABLE counts) UNION ALL (TABLE counts EXCEPT ALL SELECT k, n FROM actual))
    AND NOT EXISTS (SELECT FROM actual WHERE (sessions IS NULL) <> (n = 0));
  DROP TABLE actual, expected, counts;
  RETURN NEXT;
END $$;

CREATE FUNCTION expected_sessions(gap interval) RETURNS bigint LANGUAGE sql AS $$
  SELECT count(*) FROM (SELECT ts - lag(ts) OVER (PARTITION BY k ORDER BY ts) AS since FROM session_group_test.events WHERE ts IS NOT NULL) AS x
  WHERE since IS NULL OR since > gap $$;

-- In a new session it is found too: the library need not be loaded before.
\c -
SET timezone = 'UTC';
SET search_path = session_group_test, sessionize, public;
\set SHOW_CONTEXT never
EXPLAIN (COSTS OFF) SELECT k, session_count(ts, '30 minutes') FROM events GROUP BY k;
EXPLAIN (COSTS OFF, VERBOSE)
SELECT session_count(ts, '30 minutes') * 2 AS twice, k + 1 AS next, session_agg(ts, '30 minutes')
FROM events WHERE id > 10 GROUP BY k HAVING session_count(ts, '30 minutes') > 3;
EXPLAIN (COSTS OFF) SELECT session_count(e.ts, interval '1 minute' * 30) FILTER (WHERE e.id % 2 = 0) FROM events AS e JOIN events AS f USING (id) GROUP BY e.k % 10;

SELECT gap, m.* FROM unnest('{0,1 second,23 seconds,5 minutes,1 hour,1 day,1000 days}'::interval[]) AS gap, matches('events', 'k', gap) AS m;

-- Kinds of keys.
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE TYPE place AS (country text, city int);
CREATE DOMAIN user_id AS bigint CHECK (value >= 0);
CREATE DOMAIN user_name AS text;
CREATE TABLE kinds AS
SELECT id, ts,
       k::int2 AS "int2", k::int4 AS "int4", k::oid AS "oid", k % 2 = 0 AS "bool", ('a' || k % 9)::"char" AS "char",
       date '2026-01-01' + k::int AS "date", timestamptz '2026-01-01' + k * interval '1 day' AS "timestamptz",
       ('{red,green,blue}'::colour[])[1 + k % 3] AS "enum", (k % 128)::int::bit(8) AS "bit", k::money AS "money",
       k::user_id AS "domain of bigint", ('user ' || k)::user_name AS "domain of text",
       md5(k::text)::uuid AS "uuid", ('user-' || k)::name AS "name", '10:00+01'::timetz + k * interval '1 minute' AS "timetz",
       'user ' || k AS "text", ('user ' || k)::varchar(20) AS "varchar", ('user ' || k)::char(12) AS "char(n)",
       decode(md5(k::text), 'hex') AS "bytea", ('10.0.0.' || k)::inet AS "inet",
       CASE id % 3 WHEN 0 THEN k::numeric WHEN 1 THEN k::numeric(10, 2) ELSE k::numeric(20, 10) END AS "numeric",
       CASE WHEN k < 20 THEN CASE WHEN id % 2 = 0 THEN -0.0 ELSE 0.0 END WHEN k < 40 THEN 'NaN' ELSE k / 7.0 END::float8 AS "float8",
       CASE id % 2 WHEN 0 THEN k * interval '1 day' ELSE k * interval '24 hours' END AS "interval",
       jsonb_build_object('user', k) AS "jsonb", ARRAY[k, k % 7] AS "array",
       CASE WHEN k IS NOT NULL THEN ROW(CASE WHEN k % 5 > 0 THEN 'c' || k % 5 END, k)::place END AS "composite",
       int8range(k, k + 5) AS "range"
FROM events WHERE id <= 1500;
ANALYZE kinds;
SELECT attname AS kind, m.* FROM pg_attribute, matches('kinds', quote_ident(attname)) AS m WHERE attrelid = 'kinds'::regclass AND attnum > 2 ORDER BY attnum;
-- of keys that are equal and look different, the server's aggregation shows the first row's, and so does the node
SELECT * FROM compare('SELECT "numeric"::text, "numeric" IS NULL, session_count(ts, ''30 minutes'') FROM kinds GROUP BY "numeric"');
SELECT * FROM compare('SELECT "interval"::text, session_agg(ts, ''30 minutes'') FROM kinds GROUP BY "interval"');
-- expressions; a computed oid may have other bits than a stored one
SELECT e AS key, m.* FROM unnest(ARRAY['k % 10', '(k + id) % 50', 'coalesce(k, -1)', 'upper(''x'' || k)', 'k IS NULL', 'row(k % 3)::text', 'ARRAY[k % 3]']) AS e, matches('events', e) AS m;
CREATE TABLE big_oids AS SELECT 4000000000::oid AS k, ts FROM events;
CREATE VIEW mixed_oids AS TABLE big_oids UNION ALL SELECT oidin('4000000000'), ts FROM events;
SELECT * FROM matches('mixed_oids', 'k');
-- keys of kilobytes, stored out of line, compressed or neither
CREATE TABLE long_keys (k text, c text, ts timestamptz);
ALTER TABLE long_keys ALTER k SET STORAGE EXTERNAL;
INSERT INTO long_keys SELECT repeat(md5((k % 30)::text), 100), repeat('x' || k % 30, 5000), ts FROM events WHERE k IS NOT NULL AND id <= 600;
ANALYZE long_keys;
SELECT * FROM matches('long_keys', 'k');
SELECT * FROM matches('long_keys', 'c');
-- a collation that takes different bytes to be equal: the type's own functions decide
SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') AS has_icu \gset
\if :has_icu
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE names AS SELECT (CASE WHEN id % 2 = 0 THEN upper('user ' || k) ELSE 'User ' || k END) COLLATE ignore_case AS k, ts FROM events;
ANALYZE names;
SELECT count(DISTINCT k COLLATE "C") AS spellings, count(DISTINCT k) AS names FROM names;
SELECT * FROM matches('names', 'k');
SELECT * FROM compare('SELECT k COLLATE "C", session_count(ts, ''30 minutes'') FROM names GROUP BY k');
\else
\echo 'skipped: this server has no ICU'
\endif
-- equal by an operator that is not the type's default (that of ORDER BY is taken), or of a type that can't be hashed: not the node
CREATE TYPE amount AS (n numeric);
CREATE TABLE amounts AS SELECT row(CASE WHEN id % 2 = 0 THEN (k % 9)::numeric(10, 1) ELSE (k % 9)::numeric(10, 2) END)::amount AS k, ts FROM events WHERE k IS NOT NULL;
ANALYZE amounts;
SELECT node, some_rows, same, count AS keys FROM compare('SELECT k, session_count(ts, ''1 hour'') FROM amounts GROUP BY k ORDER BY k USING OPERATOR(pg_catalog.*<)'),
       LATERAL (SELECT count(*) FROM (SELECT k, session_count(ts, '1 hour') FROM amounts GROUP BY k ORDER BY k USING OPERATOR(pg_catalog.*<)) AS x) AS y;
SELECT count(*) AS keys FROM (SELECT k, session_count(ts, '1 hour') FROM amounts GROUP BY k ORDER BY k) AS x;
SELECT uses_node('SELECT t, session_count(ts, ''1 hour'') FROM (SELECT row(k, id) AS t, ts FROM events) AS x GROUP BY t') AS anonymous_record;

-- What the query makes of it: conditions, expressions, order, limits, unused keys.
SELECT q.n, c.* FROM (VALUES
  (1, 'SELECT k, session_count(ts, ''30 minutes'') FROM events GROUP BY k HAVING session_count(ts, ''30 minutes'') > 20'),
  (2, 'SELECT k, session_count(ts, ''30 minutes'') FROM events GROUP BY k HAVING cardinality(session_agg(ts, ''30 minutes'')) % 2 = 0 AND k > 10'),
  (3, 'SELECT session_count(ts, ''30 minutes'') * 2 + k, -k, (session_agg(ts, ''30 minutes''))[1] FROM events GROUP BY k'),
  (4, 'SELECT k, session_count(ts, ''30 minutes'') AS n FROM events GROUP BY k ORDER BY n DESC, k LIMIT 10'),
  (5, 'SELECT k, session_count(ts, ''30 minutes'') AS n FROM events GROUP BY k ORDER BY k OFFSET 20 LIMIT 30'),
  (6, 'SELECT session_count(ts, ''30 minutes'') FROM events GROUP BY k'),
  (7, 'SELECT 1 FROM events GROUP BY k HAVING session_count(ts, ''30 minutes'') = 0'),
  (8, 'SELECT k, k, session_count(ts, ''30 minutes''), session_count(ts, ''30 minutes'') FROM events GROUP BY k'),
  (9, 'SELECT DISTINCT session_count(ts, ''30 minutes'') FROM events GROUP BY k'),
  (10, 'SELECT session_count(ts, ''30 minutes''), sum(session_count(ts, ''30 minutes'')) OVER (ORDER BY k) FROM events GROUP BY k'),
  (11, 'SELECT k, unnest(session_agg(ts, ''30 minutes'')) FROM events GROUP BY k'),
  (12, 'SELECT k, session_count(ts, ''30 minutes'') FROM events GROUP BY k UNION ALL SELECT k + 1000, session_count(ts, ''1 hour'') FROM events GROUP BY k + 1000, k'),
  (13, 'WITH per_key AS MATERIALIZED (SELECT k, session_count(ts, ''30 minutes'') AS n FROM events GROUP BY k) SELECT a.k, a.n + b.n FROM per_key AS a JOIN per_key AS b USING (k)'),
  (14, 'SELECT n, count(*) FROM (SELECT session_count(ts, ''30 minutes'') AS n FROM events GROUP BY k) AS x GROUP BY n'),
  (15, 'SELECT k, session_count(ts, ''30 minutes'') FILTER (WHERE id % 3 = 0) FROM events GROUP BY k'),
  (16, 'SELECT k, session_agg(ts, ''30 minutes'') FILTER (WHERE k < 5 OR NULL) FROM events GROUP BY k'),
  (17, 'SELECT k, session_count(ts + id / nullif(id % 4, 0) * interval ''1 hour'', ''30 minutes'') FROM events GROUP BY k'),
  (18, 'SELECT k, session_count(ts + 12 / (id % 4) * interval ''1 hour'', ''30 minutes'') FILTER (WHERE id % 4 > 0) FROM events GROUP BY k'),
  (19, 'SELECT k, session_count(ts, ''30 minutes''), (SELECT max(id) FROM kinds WHERE kinds."int4" = events.k) FROM events GROUP BY k'),
  (20, 'SELECT k FROM events GROUP BY k HAVING session_count(ts, ''30 minutes'') > (SELECT count(*) % 10 FROM kinds WHERE "int4" = k)')
) AS q (n, query), compare(query) AS c ORDER BY n;
SELECT count(*) AS wrong FROM (SELECT *, lag(k) OVER () AS previous FROM (SELECT k, session_count(ts, '30 minutes') FROM events WHERE k IS NOT NULL GROUP BY k ORDER BY k) AS x) AS y WHERE k <= previous;

-- Kinds of input. PostgreSQL 19 may aggregate below a join; what it does not, the node does.
SELECT count(set_config(name, 'off', false)) >= 0 AS set FROM pg_settings WHERE name = 'enable_eager_aggregate';
CREATE TABLE parted (id int, k bigint, ts timestamptz) PARTITION BY RANGE (k);
CREATE TABLE part_a PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (50);
CREATE TABLE part_b (extra text, ts timestamptz, gone int, id int, k bigint);
ALTER TABLE part_b DROP gone, DROP extra;
ALTER TABLE parted ATTACH PARTITION part_b FOR VALUES FROM (50) TO (100);
CREATE TABLE part_c PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT id, k, ts FROM events;
ANALYZE parted;
CREATE TABLE users AS SELECT k, 'user ' || k AS name FROM generate_series(0, 140) AS k;
ANALYZE users;
CREATE INDEX ON events (id);
SELECT q.n, c.* FROM (VALUES
  (1, 'SELECT k, session_agg(ts, ''30 minutes'') FROM parted GROUP BY k'),
  (2, 'SELECT k % 20, session_count(ts, ''30 minutes'') FROM parted GROUP BY 1'),
  (3, 'SELECT name, session_count(ts, ''30 minutes'') FROM events JOIN users USING (k) GROUP BY name'),
  (4, 'SELECT name, session_count(ts, ''30 minutes'') FROM events LEFT JOIN users USING (k) GROUP BY name'),
  (5, 'SELECT u, session_agg(ts, ''30 minutes'') FROM (SELECT coalesce(name, ''nobody'') AS u, k FROM users) AS x RIGHT JOIN events USING (k) GROUP BY u'),
  (6, 'SELECT k, session_count(ts, ''30 minutes'') FROM (SELECT k, ts FROM events ORDER BY id LIMIT 3000) AS x GROUP BY k'),
  (7, 'SELECT k, session_count(ts, ''30 minutes'') FROM (TABLE part_a UNION ALL SELECT id, k, ts FROM part_b) AS x GROUP BY k'),
  (8, 'SELECT k, session_count(ts, ''30 minutes'') FROM generate_series(1, 2000) AS i, LATERAL (SELECT i % 30 AS k, now() + i * interval ''7 minutes'' AS ts) AS x GROUP BY k'),
  (9, 'SELECT k, session_count(ts, ''30 minutes'') FROM events WHERE id BETWEEN 100 AND 2000 GROUP BY k'),
  (10, 'SELECT k % 5, session_count(n, ''1 day'') FROM (SELECT k, session_count(ts, ''30 minutes'') * interval ''1 hour'' + timestamptz ''2026-01-01'' AS n FROM events GROUP BY k) AS x GROUP BY 1'),
  (11, 'SELECT k, session_count(ts, ''30 minutes'') FROM events WHERE false GROUP BY k'),
  (12, 'SELECT k, session_count(ts, ''30 minutes'') FROM (VALUES (1, NULL::timestamptz), (NULL, NULL), (NULL, ''2026-01-01'')) AS v(k, ts) GROUP BY k')
) AS q (n, query), compare(query) AS c ORDER BY n;
-- each partition by itself
SET enable_partitionwise_aggregate = on;
EXPLAIN (COSTS OFF) SELECT k, session_count(ts, '30 minutes') FROM parted GROUP BY k;
SELECT * FROM compare('SELECT k, session_agg(ts, ''30 minutes'') FROM parted GROUP BY k HAVING session_count(ts, ''30 minutes'') > 2');
SELECT * FROM matches('parted', 'k');
RESET enable_partitionwise_aggregate;
-- beside others in a parallel plan, the node runs where its input does
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE events SET (parallel_workers = 2);
SELECT * FROM matches('events', 'k');
SELECT * FROM compare('SELECT k, session_count(ts, ''30 minutes'') FROM events GROUP BY k UNION ALL SELECT id, session_count(ts, ''30 minutes'') FROM part_a GROUP BY id');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
-- all of it in a worker, which loads the library by itself
SELECT name AS parallel_setting FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \gset
SET :parallel_setting = on;
EXPLAIN (COSTS OFF) SELECT k, session_count(ts, '30 minutes') FROM events GROUP BY k;
SELECT count(*) AS keys, sum(n) = expected_sessions('30 minutes') AS same FROM (SELECT k, session_count(ts, '30 minutes') AS n FROM events GROUP BY k OFFSET 0) AS x;
RESET :parallel_setting;

-- Where it isn't the node.
SELECT q.n, NOT c.node AS falls_back, c.same FROM (VALUES
  (1, 'SELECT k, count(*), session_count(ts, ''30 minutes'') FROM events GROUP BY k'),
  (2, 'SELECT k, session_count(ts, ''30 minutes''), session_count(ts, ''1 hour'') FROM events GROUP BY k'),
  (3, 'SELECT k, session_count(ts, ''30 minutes''), session_count(ts, ''30 minutes'') FILTER (WHERE id > 5) FROM events GROUP BY k'),
  (4, 'SELECT k, session_count(DISTINCT ts, ''30 minutes'') FROM events GROUP BY k'),
  (5, 'SELECT k, session_count(ts, ''30 minutes'' ORDER BY ts) FROM events GROUP BY k'),
  (6, 'SELECT k, id % 2, session_count(ts, ''30 minutes'') FROM events GROUP BY k, id % 2'),
  (7, 'SELECT k, session_count(ts, ''30 minutes'') FROM events GROUP BY GROUPING SETS ((k), ())'),
  (8, 'SELECT k, grouping(k), session_count(ts, ''30 minutes'') FROM events GROUP BY k'),
  (9, 'SELECT k, grouping(k), session_count(ts, ''30 minutes'') FROM events GROUP BY ROLLUP (k)'),
  (10, 'SELECT session_count(ts, ''30 minutes'') FROM events'),
  (11, 'SELECT k, session_count(ts, k * interval ''1 minute'') FROM events WHERE k IS NOT NULL GROUP BY k'),
  (12, 'SELECT k, session_count(ts, (random() * 0 + 30) * interval ''1 minute'') FROM events GROUP BY k'),
  (13, 'SELECT k, session_count(ts + random() * interval ''0'', ''30 minutes'') FROM events GROUP BY k'),
  (14, 'SELECT session_count(ts, ''30 minutes'') FROM events GROUP BY k + (random() * 0)::int'),
  (15, 'SELECT unnest(ARRAY[k, k + 1]) AS u, session_count(ts, ''30 minutes'') FROM events GROUP BY u'),
  (16, 'SELECT k, session_count(ts, (SELECT interval ''30 minutes'' WHERE k = k OR k IS NULL)) FROM events GROUP BY k'),
  (17, 'SELECT k, session_count(ts, ''30 minutes'') FILTER (WHERE id IN (SELECT id FROM kinds WHERE "bool")) FROM events GROUP BY k'),
  (18, 'SELECT k, session_count(ts, CASE WHEN 5 IN (SELECT "int4" FROM kinds) THEN interval ''30 minutes'' ELSE ''1 hour'' END) FROM events GROUP BY k')
) AS q (n, query), compare(query) AS c ORDER BY n;
-- a column that the key determines is not the key
CREATE TABLE keyed (id int PRIMARY KEY, ts timestamptz, other int);
INSERT INTO keyed SELECT id, ts, id % 7 FROM events;
ANALYZE keyed;
SELECT NOT node AS falls_back, same FROM compare('SELECT id, other, session_count(ts, ''1 hour'') FROM keyed GROUP BY id');
-- an order that the input has is worth more than a hash: left to the planner
CREATE INDEX ON parted (k, ts);
VACUUM ANALYZE parted;
SELECT NOT uses_node('SELECT k, session_count(ts, ''1 hour'') FROM parted GROUP BY k ORDER BY k LIMIT 1') AS ordered;
-- a few rows are not worth the preparation
SELECT NOT uses_node('SELECT v, session_count(now(), ''1 hour'') FROM (VALUES (1), (2)) AS v(v) GROUP BY v') AS few;
-- other aggregates made of our functions, as far as they are the same
CREATE AGGREGATE mine(timestamptz, interval) (SFUNC = session_transition, STYPE = internal, FINALFUNC = session_count_final);
SELECT * FROM compare('SELECT k, mine(ts, ''30 minutes'') FROM events GROUP BY k');
CREATE FUNCTION other_final(internal) RETURNS numeric LANGUAGE internal AS 'numeric_poly_sum';
CREATE AGGREGATE other(timestamptz, interval) (SFUNC = session_transition, STYPE = internal, FINALFUNC = other_final);
SELECT uses_node('SELECT k, other(ts, ''30 minutes'') FROM events GROUP BY k') AS other;

-- Gaps: parameters, settings, subqueries; evaluated anew each time.
SET plan_cache_mode = force_generic_plan;
PREPARE counts (interval) AS SELECT sum(n) FROM (SELECT session_count(ts, $1) AS n FROM events GROUP BY k) AS x;
EXPLAIN (COSTS OFF) EXECUTE counts ('1 hour');
CREATE FUNCTION counted(gap interval) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  result bigint;
BEGIN
  EXECUTE format('EXECUTE counts (%L)', gap) INTO result;
  RETURN result;
END $$;
SELECT gap, counted(gap) = expected_sessions(gap) AS same FROM unnest('{0,5 minutes,30 minutes,1 day}'::interval[]) AS gap;
EXECUTE counts (NULL);
EXECUTE counts ('-1 second');
DEALLOCATE counts;
RESET plan_cache_mode;
SET session_group_test.gap = '5 minutes';
SELECT * FROM compare($$SELECT k, session_count(ts, current_setting('session_group_test.gap')::interval) FROM events GROUP BY k$$);
SELECT * FROM compare($$SELECT k, session_count(ts, (SELECT max(g) FROM unnest('{1 minute,20 minutes}'::interval[]) AS g)) FROM events GROUP BY k$$);
CREATE FUNCTION per_gap(gap interval) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT sum(n) FROM (SELECT sessionize.session_count(ts, gap) AS n FROM session_group_test.events GROUP BY k) AS x);
END $$;
SELECT gap, per_gap(gap) = expected_sessions(gap) AS same FROM unnest('{0,5 minutes,30 minutes,1 day}'::interval[]) AS gap, generate_series(1, 3);

-- Correlated subqueries: started again with another gap, another input, other conditions on the groups.
SELECT uses_node('SELECT (SELECT sum(n) FROM (SELECT session_count(ts, gap) AS n FROM events GROUP BY k) AS x) FROM unnest(''{0,1 day}''::interval[]) AS gap') AS node;
SELECT gap, (SELECT sum(n) FROM (SELECT session_count(ts, gap) AS n FROM events GROUP BY k) AS x) = expected_sessions(gap) AS same
FROM unnest('{0,5 minutes,30 minutes,1 day}'::interval[]) AS gap;
SELECT * FROM compare('SELECT u.k, (SELECT max(n) FROM (SELECT session_count(ts, ''30 minutes'') AS n FROM events WHERE id % 141 >= u.k GROUP BY k) AS x) FROM users AS u WHERE u.k % 10 = 0');
SELECT * FROM compare('SELECT u.k, (SELECT count(*) FROM (SELECT 1 FROM events GROUP BY k HAVING session_count(ts, ''30 minutes'') > u.k) AS x) FROM users AS u WHERE u.k < 40');
SELECT * FROM compare('SELECT u.k, (SELECT max(n) FROM (SELECT session_count(ts, u.k * interval ''1 minute'') AS n FROM events GROUP BY (k + u.k) % 20) AS x) FROM users AS u WHERE u.k % 20 = 0');
SET enable_material = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT * FROM compare('SELECT u.k, x.n FROM users AS u LEFT JOIN (SELECT k, session_count(ts, ''30 minutes'') AS n FROM events GROUP BY k OFFSET 0) AS x ON x.k = u.k + 1 WHERE u.k < 20');
RESET enable_material;
RESET enable_hashjoin;
RESET enable_mergejoin;
-- conditions alone don't read the input again
BEGIN;
CREATE TABLE read_once AS TABLE events;
ANALYZE read_once;
SELECT pg_stat_get_xact_numscans('read_once'::regclass) AS scans;
SELECT count(DISTINCT n) > 10 AS many FROM (SELECT (SELECT count(*) FROM (SELECT 1 FROM read_once GROUP BY k HAVING session_count(ts, '30 minutes') > u.k) AS x) AS n FROM users AS u WHERE u.k < 40) AS y;
SELECT pg_stat_get_xact_numscans('read_once'::regclass) AS scans;
ROLLBACK;

-- Beyond memory.
CREATE TABLE many AS SELECT (hashint8extended(id, 3) & 65535) % 9000 AS k, ts FROM generate_series(1, 3) AS r, LATERAL (SELECT id + r * 10000 AS id, ts FROM events) AS e;
CREATE TABLE many_texts AS SELECT 'some user with a name ' || k AS k, ts FROM many;
INSERT INTO many_texts SELECT NULL, ts FROM events;
ANALYZE many, many_texts;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SET enable_sort = off;
SELECT p AS property, node_property('SELECT k, session_agg(ts, ''30 minutes'') FROM many GROUP BY k', p) BETWEEN low AND high AS as_expected
FROM (VALUES ('Keys', (SELECT count(DISTINCT k) FROM many), (SELECT count(DISTINCT k) FROM many)), ('Batches', 30, 1000000),
             ('Memory Usage', 1, 64), ('Disk Usage', 300, 1000000)) AS v (p, low, high);
SELECT * FROM matches('many', 'k');
SELECT * FROM matches('many_texts', 'k');
SELECT * FROM compare('SELECT k, session_count(ts, ''30 minutes'') FROM long_keys GROUP BY k');
SELECT * FROM compare('SELECT "numeric"::text, session_count(ts, ''30 minutes'') FROM kinds GROUP BY "numeric"');
-- keys without any event go to the files and come back
SELECT count(*) = (SELECT count(DISTINCT k) FROM many) AS all_keys, sum(n), count(s) FROM (
    SELECT k, session_count(ts, '1 hour') FILTER (WHERE ts IS NULL) AS n, session_agg(ts, '1 hour') FILTER (WHERE ts IS NULL) AS s FROM many GROUP BY k) AS x;
-- again from the files, not from the table
BEGIN;
CREATE TABLE read_once AS TABLE many;
ANALYZE read_once;
SELECT pg_stat_get_xact_numscans('read_once'::regclass) AS scans;
SELECT n, count(*) FROM (
    SELECT u.k, (SELECT count(*) FROM (SELECT 1 FROM read_once GROUP BY k HAVING session_count(ts, '30 minutes') >= u.k) AS x)
              = (SELECT count(*) FROM (SELECT count(*) FILTER (WHERE starts) AS n FROM (
                   SELECT k, ts IS NOT NULL AND (ts - lag(ts) OVER (PARTITION BY k ORDER BY ts) <= '30 minutes') IS NOT TRUE AS starts FROM many) AS a GROUP BY k) AS b WHERE b.n >= u.k) AS n
    FROM users AS u WHERE u.k < 4) AS y GROUP BY n;
SELECT pg_stat_get_xact_numscans('read_once'::regclass) AS scans;
ROLLBACK;
-- and not read to the end, before it begins again
SELECT count(*), bool_and(EXISTS (SELECT FROM many AS m WHERE m.k IS NOT DISTINCT FROM x.n)) AS keys FROM (SELECT (SELECT k FROM many GROUP BY k HAVING session_count(ts, '30 minutes') >= least(u.k, 1) LIMIT 1) AS n FROM users AS u WHERE u.k < 4) AS x;
SET temp_file_limit = '64kB';
-- the message has changed with PostgreSQL 18, its code hasn't
\set VERBOSITY sqlstate
SELECT count(*) FROM (SELECT session_count(ts, '30 minutes') FROM many GROUP BY k) AS x;
\set VERBOSITY default
RESET temp_file_limit;
RESET enable_sort;
RESET work_mem;
RESET hash_mem_multiplier;

-- Cursors, INSERT, what a transaction has written itself.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT k, session_count(ts, '30 minutes') FROM events WHERE k < 3 GROUP BY k ORDER BY k;
FETCH ALL FROM c;
FETCH BACKWARD 2 FROM c;
CLOSE c;
DECLARE c CURSOR FOR SELECT session_count(ts, '30 minutes') > 0 AS some FROM events WHERE k > 20 GROUP BY k;
FETCH 2 FROM c;
CLOSE c;
INSERT INTO events SELECT 7000, k, timestamptz '2030-01-01' + session_count(ts, '30 minutes') * interval '1 day' FROM events GROUP BY k;
SELECT * FROM matches('events', 'k');
UPDATE users SET name = x.n::text FROM (SELECT k, session_count(ts, '30 minutes') AS n FROM events GROUP BY k) AS x WHERE x.k = users.k;
SELECT count(*) AS wrong FROM users JOIN (SELECT k, cardinality(session_agg(ts, '30 minutes')) AS n FROM events GROUP BY k) AS x USING (k) WHERE name <> coalesce(n, 0)::text;
ROLLBACK;

-- Errors are those of the aggregates, and come when they do.
SELECT session_count(ts, NULL) FROM events GROUP BY k;
SELECT session_count(ts, '1 month') FROM events GROUP BY k;
SELECT session_count(ts, '-1 second') FROM events GROUP BY k;
SELECT session_count(CASE WHEN id = 3000 THEN 'infinity' ELSE ts END, '1 hour') FROM events GROUP BY k;
SELECT session_count(CASE WHEN id = 3000 THEN '-infinity' ELSE ts END, '1 hour') FROM events GROUP BY k;
-- no event, nobody looks at the gap
SELECT count(*) > 100 AS some, sum(n) FROM (SELECT session_count(ts, NULL) AS n FROM events WHERE ts IS NULL OR k IN (7, 8) GROUP BY id) AS x;
SELECT count(*) FROM (SELECT session_count(ts, '1 month') AS n FROM events WHERE id < 0 GROUP BY k) AS x;

-- Privileges, policies and barriers are those of the input; the aggregates' own are checked.
CREATE ROLE regress_session_group;
GRANT USAGE ON SCHEMA session_group_test TO regress_session_group;
CREATE TABLE guarded AS TABLE events;
ANALYZE guarded;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY some_keys ON guarded USING (k >= 75);
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM guarded WHERE k < 100;
SET ROLE regress_session_group;
SELECT session_count(ts, '1 hour') FROM guarded GROUP BY k;
RESET ROLE;
GRANT SELECT ON guarded, barrier, events TO regress_session_group;
SET ROLE regress_session_group;
SELECT uses_node('SELECT k, session_count(ts, ''1 hour'') FROM guarded GROUP BY k') AS node, bool_and(k >= 75) AS policy, count(*) AS keys
FROM (SELECT k, session_count(ts, '1 hour') FROM guarded GROUP BY k) AS x;
SELECT uses_node('SELECT k, session_count(ts, ''1 hour'') FROM barrier GROUP BY k') AS node, bool_and(k < 100) AS barrier, count(*) AS keys
FROM (SELECT k, session_count(ts, '1 hour') FROM barrier GROUP BY k) AS x;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION sessionize.session_count(timestamptz, interval) FROM PUBLIC;
SET ROLE regress_session_group;
SELECT session_count(ts, '1 hour') FROM events GROUP BY k;
RESET ROLE;
GRANT EXECUTE ON FUNCTION sessionize.session_count(timestamptz, interval) TO PUBLIC;
REVOKE EXECUTE ON FUNCTION sessionize.session_count_final(internal) FROM PUBLIC;
ALTER AGGREGATE mine(timestamptz, interval) OWNER TO regress_session_group;
SELECT mine(ts, '1 hour') FROM events GROUP BY k;
GRANT EXECUTE ON FUNCTION sessionize.session_count_final(internal) TO PUBLIC;

SET client_min_messages = warning;
DROP SCHEMA session_group_test CASCADE;
DROP ROLE regress_session_group;
