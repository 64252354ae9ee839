-- funnel, funnel_times and retention by the node SessionGroup against the server's own aggregation.  What they
-- should give is tested elsewhere; here both ways must agree.
SET timezone = 'UTC';
CREATE SCHEMA group_aggregates_test;
SET search_path = group_aggregates_test, sessionize, public;
\set SHOW_CONTEXT never

-- 6000 events of 150 keys in no order, many at the same time; some without a key, a time or a name.
CREATE TABLE events AS
SELECT i AS id,
       CASE WHEN i % 97 <> 0 THEN (hashint8extended(i, 1) & 1023) % 150 END AS k,
       CASE WHEN i % 89 <> 0 AND (hashint8extended(i, 1) & 1023) % 150 NOT IN (7, 8)
            THEN timestamptz '2026-03-01' + ((hashint8extended(i, 2) & 65535) % 60) * interval '1 minute' END AS ts,
       CASE WHEN i % 83 <> 0 THEN (ARRAY['view', 'cart', 'pay', 'help'])[1 + (hashint8extended(i, 3) & 3)] END AS name,
       (hashint8extended(i, 4) & 7)::int AS mask
FROM generate_series(1, 6000) AS i;
ANALYZE events;

CREATE FUNCTION uses_node(query text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
  RETURN jsonb_path_exists(plan, '$.**."Custom Plan Provider" ? (@ == "SessionGroup")');
END $$;

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

-- The error of a query, with the node and without it.
CREATE FUNCTION compare_errors(query text) RETURNS TABLE (node boolean, same boolean, message text)
LANGUAGE plpgsql AS $$
DECLARE
  theirs text;
BEGIN
  node := uses_node(query);
  BEGIN
    EXECUTE format('SELECT count(q::text) FROM (%s) AS q', query);
  EXCEPTION WHEN OTHERS THEN
    message := SQLSTATE || ' ' || SQLERRM;
  END;
  SET LOCAL sessionize.enable_group_scan = off;
  BEGIN
    EXECUTE format('SELECT count(q::text) FROM (%s) AS q', query);
  EXCEPTION WHEN OTHERS THEN
    theirs := SQLSTATE || ' ' || SQLERRM;
  END;
  SET LOCAL sessionize.enable_group_scan = on;
  same := message IS NOT DISTINCT FROM theirs;
  RETURN NEXT;
END $$;

-- In a new session it is found too: the library need not be loaded before.
\c -
SET timezone = 'UTC';
SET search_path = group_aggregates_test, sessionize, public;
\set SHOW_CONTEXT never
EXPLAIN (COSTS OFF) SELECT k, funnel(ts, '5 minutes', name = 'view', name = 'cart', name = 'pay') FROM events GROUP BY k;
EXPLAIN (COSTS OFF) SELECT k % 10, funnel_times(ts, interval '1 minute' * 5, 'strict_' || 'order', name = 'view', mask & 1 = 1) FILTER (WHERE id > 5) FROM events GROUP BY 1;
EXPLAIN (COSTS OFF, VERBOSE) SELECT k, retention(name = 'view', e.mask = 3, NULL) FROM events AS e GROUP BY k HAVING (retention(name = 'view', e.mask = 3, NULL))[2];

-- All modes, for steps of one event each and of several; one key for all modes, so that ties and neighbours matter.
CREATE TABLE modes AS
SELECT concat_ws(', ', i, o, d) AS mode
FROM unnest(ARRAY[NULL, 'strict_increase', 'strict_once', 'strict_increase, strict_once']) AS i,
     unnest(ARRAY[NULL, 'strict_order', 'strict_order, allow_reentry']) AS o, unnest(ARRAY[NULL, 'strict_deduplication']) AS d;
SELECT count(*) AS modes, bool_and(c.node) AS node, bool_and(c.off) AS off, bool_and(c.same) AS same
FROM modes, LATERAL compare(format('SELECT k, funnel(ts, ''4 minutes'', %1$L, name = ''view'', name = ''cart'', name = ''pay''), funnel_times(ts, ''4 minutes'', %1$L, name = ''view'', name = ''cart'', name = ''pay'') FROM events GROUP BY k', mode)) AS c;
SELECT count(*) AS modes, bool_and(c.node) AS node, bool_and(c.off) AS off, bool_and(c.same) AS same
FROM modes, LATERAL compare(format('SELECT k, funnel_times(ts, ''9 minutes'', %1$L, mask & 1 = 1, mask & 2 = 2, mask & 4 = 4, mask & 5 > 0) FROM events GROUP BY k', mode)) AS c;
SELECT within, c.* FROM unnest('{0,1 minute,3 minutes,1 hour,1000 days}'::interval[]) AS within,
       compare(format('SELECT k, funnel(ts, %L, name = ''view'', name = ''cart'', name = ''pay'', name = ''view'') FROM events GROUP BY k', within)) AS c;

-- Conditions over a column of other kinds, or over several; on long values, stored out of line, compressed or neither.
CREATE TABLE kinds AS
SELECT *, name::char(9) AS padded, name::name AS fixed, mask / 2.0 AS number, repeat(coalesce(name, '?'), 20 + mask) AS long, repeat(md5(mask::text), 100) AS "out", repeat(name, 2000) AS compressed
FROM events WHERE id <= 2000;
ALTER TABLE kinds ALTER "out" SET STORAGE EXTERNAL;
UPDATE kinds SET "out" = "out" || '';
ANALYZE kinds;
SELECT steps, c.* FROM unnest(ARRAY[
  'mask = 1, mask IS NULL, mask IN (2, 3)', 'padded = ''view'', padded = ''cart''', 'fixed = ''view'', fixed LIKE ''c%''', 'number > 1, number < 1',
  'left(long, 1) = ''v'', long ~ ''cart''', 'left("out", 1) < ''8'', "out" = repeat(md5(''3''), 100)', 'compressed = repeat(''view'', 2000), compressed IS NULL',
  'name = ''view'' AND mask > 3, name = ''cart'' OR mask = 1, NULL', 'true, name = ''cart''', 'ts > ''2026-03-01 00:10'', name = ''cart''', 'k % 2 = 0, k % 3 = 0', 'kinds IS NULL, kinds.name = ''cart''',
  'name COLLATE "C" < ''n'', name COLLATE "C" > ''n''']) AS steps, compare('SELECT k, funnel_times(ts, ''5 minutes'', ' || steps || '), k FROM kinds GROUP BY k') AS c;

-- What the query makes of it.
SELECT q.n, c.* FROM (VALUES
  (1, 'SELECT k, funnel(ts, ''5 minutes'', name = ''view'', name = ''cart'') FROM events GROUP BY k HAVING funnel(ts, ''5 minutes'', name = ''view'', name = ''cart'') = 2'),
  (2, 'SELECT funnel(ts, ''5 minutes'', name = ''view'', name = ''cart'') * 2 + k, (funnel_times(ts, ''5 minutes'', name = ''view'', name = ''cart''))[2] FROM events GROUP BY k'),
  (3, 'SELECT k FROM events GROUP BY k HAVING cardinality(funnel_times(ts, ''5 minutes'', name = ''view'', name = ''cart'', name = ''pay'')) % 2 = 1 ORDER BY k LIMIT 5'),
  (4, 'SELECT k, funnel(ts, ''5 minutes'', name = ''view'', name = ''cart'') FILTER (WHERE id % 3 = 0) FROM events GROUP BY k'),
  (5, 'SELECT k, funnel(ts, ''5 minutes'', ''strict_order'', name = ''view'', name = ''cart'') FILTER (WHERE k < 5 OR NULL) FROM events GROUP BY k'),
  (6, 'SELECT k, funnel_times(ts, ''5 minutes'', name = ''view'', name = ''cart'') FILTER (WHERE false) FROM events GROUP BY k'),
  (7, 'SELECT k, retention(name = ''view'', mask = 3, mask = 5) FROM events GROUP BY k'),
  (8, 'SELECT k, retention(name = ''view'', mask = 3, mask = 5) FILTER (WHERE id % 50 = 0) FROM events GROUP BY k'),
  (9, 'SELECT k, retention(name = ''view'', mask = 3) FILTER (WHERE k < 5 OR NULL) FROM events GROUP BY k'),
  (10, 'SELECT k, retention(name = ''view'', mask = 3) FILTER (WHERE 12 / (mask - 3) > 0 AND name <> ''pay'') FROM events WHERE mask <> 3 GROUP BY k'),
  (11, 'SELECT k, funnel(ts, ''5 minutes'', 12 / mask > 5, name = ''cart'') FILTER (WHERE mask > 0) FROM events GROUP BY k'),
  (12, 'SELECT depth, count(*) FROM (SELECT funnel(ts + id % 2 * interval ''1 day'', ''5 minutes'', name = ''view'', name = ''cart'') AS depth FROM events GROUP BY k) AS x GROUP BY depth'),
  (13, 'SELECT k % 20, funnel(ts, ''5 minutes'', k > 100, name = ''cart'', k % 20 = 3) FROM events GROUP BY 1'),
  (14, 'SELECT name, funnel(ts, ''5 minutes'', VARIADIC ARRAY[mask = 1, mask = 2]) FROM events GROUP BY name'),
  (15, 'SELECT k, funnel(ts, current_setting(''timezone'')::text::interval + ''5 minutes'', name = ''view'') FROM events WHERE false GROUP BY k'),
  (16, 'SELECT f.name, funnel(e.ts, ''5 minutes'', e.name = ''view'', coalesce(f.mask, 9) = 9, f.name IS NULL) FROM events AS e LEFT JOIN (SELECT id, name, mask FROM kinds WHERE id % 3 = 0) AS f USING (id) GROUP BY f.name'),
  (17, 'SELECT u, retention(m = 1, n = 2) FROM (SELECT coalesce(mask, 0) AS m, name AS u, id FROM events) AS a LEFT JOIN (SELECT coalesce(mask, 7) AS n, id FROM kinds) AS b USING (id) GROUP BY u'),
  (18, 'SELECT k, funnel(ts, ''5 minutes'', a, b) FROM (SELECT k, ts, name = ''view'' AS a, name = ''cart'' AS b FROM events ORDER BY id LIMIT 4000) AS x GROUP BY k'),
  (19, 'SELECT k, funnel(ts, ''5 minutes'', name = ''view'', tableoid = ''events''::regclass, ctid IS NULL) FROM events GROUP BY k')
) AS q (n, query), compare(query) AS c ORDER BY n;

-- Several tables with other columns behind one another: each has a slot of its own.
CREATE TABLE parted (id bigint, k bigint, ts timestamptz, name text, mask int) PARTITION BY RANGE (k);
CREATE TABLE part_a PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (50);
CREATE TABLE part_b (extra text, mask int, name text, gone int, ts timestamptz, id bigint, k bigint);
ALTER TABLE part_b DROP gone, DROP extra;
ALTER TABLE parted ATTACH PARTITION part_b FOR VALUES FROM (50) TO (100);
CREATE TABLE part_c PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT id, k, ts, name, mask FROM events;
ANALYZE parted;
SELECT q.n, c.* FROM (VALUES
  (1, 'SELECT k % 20, funnel_times(ts, ''5 minutes'', name = ''view'', name = ''cart'', name = ''pay'') FROM parted GROUP BY 1'),
  (2, 'SELECT k % 20, funnel(ts, ''5 minutes'', name = ''view'', mask = 1) FILTER (WHERE id % 2 = 0) FROM parted GROUP BY 1'),
  (3, 'SELECT k % 20, retention(name = ''view'', name = ''cart'') FROM (SELECT k, name FROM parted UNION ALL SELECT id, ''cart'' FROM events) AS x GROUP BY 1')
) AS q (n, query), compare(query) AS c ORDER BY n;
SET enable_partitionwise_aggregate = on;
SELECT * FROM compare('SELECT k, funnel(ts, ''5 minutes'', name = ''view'', mask = 1) FROM parted GROUP BY k HAVING funnel(ts, ''5 minutes'', name = ''view'', mask = 1) > 0');
RESET enable_partitionwise_aggregate;

-- In a worker, which gets the plan as text.
SELECT name AS parallel_setting FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \gset
SET :parallel_setting = on;
SELECT * FROM compare('SELECT k, funnel_times(ts, ''5 minutes'', ''strict_once'', name = ''view'', name = ''cart'') FILTER (WHERE id > 10) FROM events GROUP BY k');
RESET :parallel_setting;

-- Where it isn't the node.
SELECT q.n, NOT c.node AS falls_back, c.same FROM (VALUES
  (1, 'SELECT k, count(*), funnel(ts, ''5 minutes'', name = ''view'') FROM events GROUP BY k'),
  (2, 'SELECT k, funnel(ts, ''5 minutes'', name = ''view''), funnel(ts, ''6 minutes'', name = ''view'') FROM events GROUP BY k'),
  (3, 'SELECT k, funnel(ts, ''5 minutes'', name = ''view''), session_count(ts, ''5 minutes'') FROM events GROUP BY k'),
  (4, 'SELECT k, funnel(DISTINCT ts, ''5 minutes'', name = ''view'') FROM events GROUP BY k'),
  (5, 'SELECT k, funnel(ts, ''5 minutes'', name = ''view'' ORDER BY id) FROM events GROUP BY k'),
  (6, 'SELECT k, name, funnel(ts, ''5 minutes'', mask = 1) FROM events GROUP BY k, name'),
  (7, 'SELECT k, funnel(ts, ''5 minutes'', name = ''view'') FROM events GROUP BY GROUPING SETS ((k), ())'),
  (8, 'SELECT funnel(ts, ''5 minutes'', name = ''view'') FROM events'),
  (9, 'SELECT k, funnel(ts, k * interval ''1 minute'', name = ''view'') FROM events WHERE k IS NOT NULL GROUP BY k'),
  (10, 'SELECT k, funnel(ts, ''5 minutes'', CASE WHEN k IS NULL THEN ''strict_order'' ELSE '''' END, name = ''view'') FROM events GROUP BY k'),
  (11, 'SELECT k, funnel(ts, ''5 minutes'', name = ''view'', random() < 2) FROM events GROUP BY k'),
  (12, 'SELECT k, funnel(ts, ''5 minutes'', VARIADIC string_to_array(''t,f'', '','')::boolean[]) FROM events GROUP BY k'),
  (13, 'SELECT k, funnel(ts, ''5 minutes'', VARIADIC CASE WHEN id > 0 THEN ARRAY[name = ''view''] END) FROM events GROUP BY k'),
  (14, 'SELECT k, funnel(ts, ''5 minutes'', name IN (SELECT name FROM kinds WHERE id < 9)) FROM events GROUP BY k'),
  (15, 'SELECT k, retention(name = ''view'' ORDER BY id) FROM events GROUP BY k'),
  (16, 'SELECT k, retention(true, true) FROM events GROUP BY k'),
  (17, 'SELECT k, retention(name = ''view''), retention(name = ''cart'') FROM events GROUP BY k')
) AS q (n, query), compare(query) AS c ORDER BY n;

-- Parameters, and subqueries that begin again with others: what conditions gave before is forgotten.
SET plan_cache_mode = force_generic_plan;
PREPARE depths (interval, text, text) AS SELECT sum(d) FROM (SELECT funnel(ts, $1, $2, name = 'view', name = $3) AS d FROM events GROUP BY k) AS x;
EXPLAIN (COSTS OFF) EXECUTE depths ('1 hour', '', 'cart');
EXECUTE depths ('5 minutes', 'strict_order', 'cart');
SELECT sum(d) FROM (SELECT funnel(ts, '5 minutes', 'strict_order', name = 'view', name = 'cart') AS d FROM events GROUP BY k, () HAVING count(*) >= 0) AS x;
EXECUTE depths ('1 minute', '', 'pay');
SELECT sum(d) FROM (SELECT funnel(ts, '1 minute', name = 'view', name = 'pay') AS d FROM events GROUP BY k, () HAVING count(*) >= 0) AS x;
EXECUTE depths (NULL, '', 'pay');
EXECUTE depths ('1 minute', NULL, 'pay');
EXECUTE depths ('1 minute', 'loose', 'pay');
DEALLOCATE depths;
RESET plan_cache_mode;
SELECT q.n, c.* FROM (VALUES
  (1, 'SELECT n, (SELECT sum(d) FROM (SELECT funnel(ts, ''5 minutes'', name = ''view'', name = n) AS d FROM events GROUP BY k) AS x) FROM unnest(''{view,cart,pay,none,view}''::text[]) AS n'),
  (2, 'SELECT w, (SELECT sum(d) FROM (SELECT funnel(ts, w, name = ''view'', name = ''cart'') AS d FROM events GROUP BY k) AS x) FROM unnest(''{0,1 minute,1 hour}''::interval[]) AS w'),
  (3, 'SELECT m, (SELECT sum(d) FROM (SELECT funnel(ts, ''1 hour'', m, name = ''view'', name = ''cart'') AS d FROM events GROUP BY k) AS x) FROM unnest(''{"",strict_order,strict_increase}''::text[]) AS m'),
  (4, 'SELECT i, (SELECT sum(d) FROM (SELECT funnel(ts, ''1 hour'', name = ''view'', name = ''cart'') FILTER (WHERE mask = i) AS d FROM events GROUP BY k) AS x) FROM generate_series(0, 3) AS i'),
  (5, 'SELECT i, (SELECT sum(d) FROM (SELECT funnel(ts, ''1 hour'', name = ''view'', name = ''cart'') AS d FROM events WHERE mask = i GROUP BY k) AS x) FROM generate_series(0, 3) AS i'),
  (6, 'SELECT i, (SELECT count(*) FROM (SELECT FROM events GROUP BY k HAVING funnel(ts, ''5 minutes'', name = ''view'', name = ''cart'', name = ''pay'') >= i) AS x) FROM generate_series(0, 3) AS i'),
  (7, 'SELECT i, (SELECT count(*) FROM (SELECT FROM events GROUP BY k HAVING (retention(mask = i, mask = 2))[2]) AS x) FROM generate_series(0, 3) AS i'),
  (8, 'SELECT i, (SELECT count(*) FROM (SELECT FROM events GROUP BY k HAVING (retention(mask = 1, mask = 2))[1 + i]) AS x) FROM generate_series(0, 1) AS i')
) AS q (n, query), compare(query) AS c ORDER BY n;

-- Beyond memory: also keys without any event go to the files and come back.
CREATE TABLE many AS SELECT (hashint8extended(id, 5) & 65535) % 9000 AS k, 'user ' || (hashint8extended(id, 5) & 65535) % 9000 AS t, ts, name, mask
FROM generate_series(1, 4) AS r, LATERAL (SELECT id + r * 10000 AS id, ts, name, mask FROM events) AS e;
ANALYZE many;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SET enable_sort = off;
SELECT p AS property, node_property('SELECT k, funnel(ts, ''5 minutes'', name = ''view'', name = ''cart'') FROM many GROUP BY k', p) BETWEEN low AND high AS as_expected
FROM (VALUES ('Keys', (SELECT count(DISTINCT k) FROM many), (SELECT count(DISTINCT k) FROM many)), ('Batches', 10, 1000000),
             ('Memory Usage', 1, 64), ('Disk Usage', 300, 1000000)) AS v (p, low, high);
SELECT q.n, c.* FROM (VALUES
  (1, 'SELECT k, funnel_times(ts, ''5 minutes'', name = ''view'', name = ''cart'') FROM many GROUP BY k'),
  (2, 'SELECT t, funnel(ts, ''5 minutes'', ''strict_order'', name = ''view'', name = ''cart'', mask = 1) FROM many GROUP BY t'),
  (3, 'SELECT k, retention(name = ''view'', mask = 3) FROM many GROUP BY k'),
  (4, 'SELECT t, retention(name = ''view'', mask = 3) FILTER (WHERE mask < 4) FROM many GROUP BY t'),
  (5, 'SELECT i, (SELECT count(*) FROM (SELECT FROM many GROUP BY k HAVING funnel(ts, ''5 minutes'', name = ''view'', name = ''cart'') >= i) AS x) FROM generate_series(0, 2) AS i'),
  (6, 'SELECT i, (SELECT count(*) FROM (SELECT FROM many GROUP BY k HAVING (retention(name = ''view'', mask = 3))[1 + i]) AS x) FROM generate_series(0, 1) AS i')
) AS q (n, query), compare(query) AS c ORDER BY n;
SELECT node_property('SELECT k, retention(name = ''view'', mask = 3) FROM many GROUP BY k', 'Batches') > 1 AS retention_too;
RESET enable_sort;
RESET work_mem;
RESET hash_mem_multiplier;

-- Errors are those of the aggregates, and come when they do.
SELECT q.n, c.* FROM (VALUES
  (1, 'SELECT funnel(ts, NULL, name = ''view'') FROM events GROUP BY k'),
  (2, 'SELECT funnel(ts, ''1 month'', name = ''view'') FROM events GROUP BY k'),
  (3, 'SELECT funnel(ts, ''-1 second'', name = ''view'') FROM events GROUP BY k'),
  (4, 'SELECT funnel(ts, ''1 hour'', NULL, name = ''view'') FROM events GROUP BY k'),
  (5, 'SELECT funnel(ts, ''1 hour'', ''allow_reentry'', name = ''view'') FROM events GROUP BY k'),
  (6, 'SELECT funnel(CASE WHEN id = 3000 THEN ''infinity'' ELSE ts END, ''1 hour'', name = ''none'') FROM events GROUP BY k'),
  (7, 'SELECT funnel_times(CASE WHEN id = 3000 THEN ''-infinity'' ELSE ts END, ''1 hour'', name = ''view'') FROM events GROUP BY k'),
  (8, 'SELECT funnel(ts, ''1 hour'', 1 / (id - 3000) > 0) FROM events GROUP BY k'),
  (9, 'SELECT funnel(NULL, ''1 month'', name = ''view'') FROM events GROUP BY k'),
  (10, 'SELECT funnel(ts, ''1 month'', name = ''view'') FILTER (WHERE id < 0) FROM events GROUP BY k'),
  (11, 'SELECT funnel(ts, ''1 month'', name = ''view'') FROM events WHERE id < 0 GROUP BY k'),
  (12, 'SELECT retention(1 / (id - 3000) > 0) FROM events GROUP BY k'),
  (13, 'SELECT retention(' || repeat('name = ''view'', ', 32) || 'true) FROM events GROUP BY k')
) AS q (n, query), compare_errors(query) AS c ORDER BY n;
SET sessionize.max_group_events = 100;
SELECT * FROM compare_errors('SELECT k % 2, funnel(ts, ''1 hour'', name = ''view'') FROM events GROUP BY 1');
SELECT * FROM compare('SELECT k, funnel(ts, ''1 hour'', name = ''view'') FROM events GROUP BY k');
SELECT * FROM compare('SELECT k, funnel(ts, ''1 hour'', name = ''view'') FROM (SELECT 1 AS k, ts, name FROM events WHERE name = ''view'' AND ts IS NOT NULL LIMIT 100) AS x GROUP BY k');
RESET sessionize.max_group_events;

-- The aggregates' own privileges are checked.
CREATE ROLE regress_group_aggregates;
GRANT USAGE ON SCHEMA group_aggregates_test TO regress_group_aggregates;
GRANT SELECT ON events TO regress_group_aggregates;
REVOKE EXECUTE ON FUNCTION sessionize.funnel(timestamptz, interval, boolean[]) FROM PUBLIC;
SET ROLE regress_group_aggregates;
SELECT funnel(ts, '1 hour', name = 'view') FROM events GROUP BY k;
RESET ROLE;
GRANT EXECUTE ON FUNCTION sessionize.funnel(timestamptz, interval, boolean[]) TO PUBLIC;

SET client_min_messages = warning;
DROP SCHEMA group_aggregates_test CASCADE;
DROP ROLE regress_group_aggregates;
