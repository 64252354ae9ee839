-- path_agg against array_agg() and against loops cut out step by step; path_edges, path_before, path_after.
SET timezone = 'UTC';
CREATE SCHEMA path_test;
SET search_path = path_test;
\set SHOW_CONTEXT never

-- The examples of the reference.
CREATE TABLE visit (ts timestamptz, page text);
INSERT INTO visit VALUES
  ('2026-03-02 10:00', 'home'), ('2026-03-02 10:01', 'search'), ('2026-03-02 10:02', 'search'), ('2026-03-02 10:03', 'product'),
  ('2026-03-02 10:04', 'search'), ('2026-03-02 10:05', NULL), ('2026-03-02 10:06', 'cart'), ('2026-03-02 10:07', 'checkout');
SELECT sessionize.path_agg(page, ts) FROM visit;
SELECT sessionize.path_agg(page, ts, NULL, 'repeats') AS repeats, sessionize.path_agg(page, ts, 3, 'cycles') AS cycles FROM visit;
SELECT e.* FROM sessionize.path_edges(ARRAY['home', 'search', 'cart']) AS e;
SELECT sessionize.path_before(path, 'cart', 2), sessionize.path_after(path, 'product')
FROM (SELECT sessionize.path_agg(page, ts, NULL, 'repeats') AS path FROM visit) AS p;

-- 8000 events of 500 keys: equal times, NULL times, NULL nodes, nodes that are beginnings of each other, no ASCII.
CREATE TABLE events AS
SELECT abs(hashint8extended(i, 1) % 500) AS key,
       CASE WHEN i % 97 = 0 THEN NULL
            ELSE timestamptz '2026-03-02' + abs(hashint8extended(i, 2) % 60) * interval '10 seconds' END AS ts,
       (ARRAY['a', '', 'ab', 'b', 'ä', 'B', repeat('long', 1000), NULL])[1 + abs(hashint8extended(i, 3) % 8)] AS node
FROM generate_series(1, 8000) AS i;
ANALYZE events;

CREATE FUNCTION no_cycles(walk text[]) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  path text[] := '{}';
  node text;
BEGIN
  FOREACH node IN ARRAY walk LOOP
    IF node = ANY (path) THEN
      path := path[1:array_position(path, node)];
    ELSE
      path := path || node;
    END IF;
  END LOOP;
  RETURN path;
END $$;
CREATE FUNCTION no_repeats(walk text[]) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(node ORDER BY n)
  FROM (SELECT node, n, lag(node) OVER (ORDER BY n) AS before
    FROM unnest(walk) WITH ORDINALITY AS u(node, n)) AS x
  WHERE before IS DISTINCT FROM node
$$;
CREATE TABLE expected AS
SELECT key, walk, walk[1:3] AS three, no_repeats(walk) AS repeats,
       no_cycles(walk) AS cycles, (no_cycles(walk))[1:2] AS two
FROM (SELECT key, array_agg(node ORDER BY ts, node COLLATE "C") AS walk FROM events WHERE ts IS NOT NULL AND node IS NOT NULL GROUP BY key) AS x;

-- The query gives what expected has.
CREATE FUNCTION differences(query text) RETURNS TABLE (paths bigint, missing bigint, surplus bigint)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'CREATE TEMP TABLE actual AS ' || query;
  paths := (SELECT count(*) FROM actual);
  missing := (SELECT count(*) FROM (TABLE path_test.expected EXCEPT ALL TABLE actual) AS x);
  surplus := (SELECT count(*) FROM (TABLE actual EXCEPT ALL TABLE path_test.expected) AS x);
  DROP TABLE actual;
  RETURN NEXT;
END $$;
\set query 'SELECT key, sessionize.path_agg(node, ts) AS walk, sessionize.path_agg(node, ts, 3) AS three, sessionize.path_agg(node, ts, NULL, ''repeats'') AS repeats, sessionize.path_agg(node, ts, NULL, ''cycles'') AS cycles, sessionize.path_agg(node, ts, 2, ''cycles'') AS two FROM path_test.events GROUP BY key'
SELECT * FROM differences(:'query');
-- in other orders
SELECT * FROM differences(replace(:'query', 'path_test.events', '(SELECT * FROM path_test.events ORDER BY ts DESC) AS e'));
SELECT * FROM differences(replace(:'query', 'path_test.events', '(SELECT * FROM path_test.events ORDER BY ts, node COLLATE "C") AS e'));
-- A tie-breaker says which node of one instant comes first: values of several types, NULL and equal
-- ones among them.
CREATE TYPE pair AS (a text, b int);
CREATE TABLE ties AS
SELECT key, ts, node, i AS id, nullif(i % 5, 4)::int AS n,
  (ARRAY['b', 'B', 'ä', NULL])[1 + i % 4] AS u,
       chr(97 + abs(hashint8extended(i, 4) % 26)::int) || repeat('x', (i % 3)::int * 1000) AS t,
       i % 3 / 10.0 AS d, md5(i::text)::uuid AS uuid, ROW(i % 7, i % 4)::pair AS p,
       ARRAY[i % 3, i % 2] AS a
FROM (SELECT *, row_number() OVER () AS i FROM events) AS e;
CREATE FUNCTION tied(tie text, sorts text, source text DEFAULT 'path_test.ties')
RETURNS TABLE (paths bigint, wrong bigint, unlike_without bigint) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TEMP TABLE actual AS
    SELECT key, sessionize.path_agg(node, ts, NULL, ''keep'', %1$s) AS walk,
           sessionize.path_agg(node, ts, 3, ''keep'', %1$s) AS three,
           sessionize.path_agg(node, ts, NULL, ''repeats'', %1$s) AS repeats,
           sessionize.path_agg(node, ts, NULL, ''cycles'', %1$s) AS cycles,
           sessionize.path_agg(node, ts) AS without
    FROM %2$s GROUP BY key', tie, source);
  RETURN QUERY EXECUTE format('
    SELECT count(*), count(*) FILTER (WHERE ROW(walk, three, repeats, cycles) IS DISTINCT FROM
             ROW(sorted, sorted[1:3], path_test.no_repeats(sorted), path_test.no_cycles(sorted))),
           count(*) FILTER (WHERE walk <> without)
    FROM actual
    FULL JOIN (SELECT key, array_agg(node ORDER BY ts, %s NULLS LAST, node COLLATE "C") AS sorted
               FROM path_test.ties WHERE ts IS NOT NULL AND node IS NOT NULL
                 GROUP BY key) AS x USING (key)', sorts);
  DROP TABLE actual;
END $$;
CREATE TABLE breakers (tie text, sorts text);
INSERT INTO breakers VALUES ('id', 'id'), ('-id', '-id'), ('n', 'n'), ('t', 't COLLATE "C"'),
  ('u', 'u COLLATE "C"'), ('d', 'd'), ('uuid', 'uuid'), ('p', 'p'), ('a', 'a'), ('ts', 'ts'),
  ('ROW(u COLLATE "C", id)', 'u COLLATE "C" NULLS LAST, id'), ('NULL::text', 'NULL::text'),
    ($$'same'::text$$, 'NULL::text'), ('id % 2 = 0', 'id % 2 = 0');
SELECT b.tie, t.* FROM breakers AS b, tied(b.tie, b.sorts) AS t;
-- whatever order the rows come in
SELECT b.tie, t.* FROM breakers AS b,
       tied(b.tie, b.sorts, '(SELECT * FROM path_test.ties ORDER BY ts, id DESC) AS e') AS t
         WHERE t.wrong > 0;
SELECT b.tie, t.* FROM breakers AS b,
       tied(b.tie, b.sorts, '(SELECT * FROM path_test.ties ORDER BY ts, id) AS e') AS t
         WHERE t.wrong > 0;

-- in parallel: states are sent, received and combined
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
ALTER TABLE events SET (parallel_workers = 3);
CREATE TABLE costs AS SELECT oid, procost FROM pg_proc WHERE pronamespace = 'sessionize'::regnamespace AND proname ~ '^path_(combine|serialize|deserialize)$';
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT key, sessionize.path_agg(node, ts) FROM events GROUP BY key;
SELECT * FROM differences(:'query');
ALTER TABLE ties SET (parallel_workers = 3);
EXPLAIN (COSTS OFF) SELECT key, sessionize.path_agg(node, ts, NULL, 'keep', id) FROM ties
  GROUP BY key;
SELECT b.tie, t.* FROM breakers AS b, tied(b.tie, b.sorts) AS t WHERE t.wrong > 0;
-- options that differ between partial states
SELECT sessionize.path_agg(node, ts, 1 + key::int % 2) FROM events;
SELECT sessionize.path_agg(node, ts, 1 + key::int % 2, 'keep', id) FROM ties;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- as a window aggregate, the state is used on after a result
SELECT ts, sessionize.path_agg(page, ts, NULL, 'cycles') OVER (ORDER BY ts) FROM visit ORDER BY ts;
SELECT count(*) AS rows, count(*) FILTER (WHERE walk IS DISTINCT FROM expected) AS wrong
FROM (SELECT sessionize.path_agg(node, minute, NULL, 'keep', ROW(n, -id))
  OVER (PARTITION BY key ORDER BY id) AS walk,
             (SELECT array_agg(e.node ORDER BY date_trunc('minute', e.ts), e.n, -e.id)
               FROM ties AS e
              WHERE e.key = o.key AND e.id <= o.id AND e.node IS NOT NULL
                AND e.ts IS NOT NULL) AS expected
      FROM (SELECT *, date_trunc('minute', ts) AS minute FROM ties WHERE key < 50) AS o) AS x;

-- many distinct nodes, and one node many times
SELECT cardinality(sessionize.path_agg(i::text, timestamptz '2026-01-01' + i * interval '1 second', NULL, 'cycles')) AS all_distinct,
       cardinality(sessionize.path_agg((i % 1000)::text, timestamptz '2026-01-01' + i * interval '1 second', NULL, 'cycles')) AS thousand,
       sessionize.path_agg('x', timestamptz '2026-01-01' + i * interval '1 second', NULL, 'repeats') AS one
FROM generate_series(1, 20000) AS i;
-- a million nodes of one instant, which the tie-breaker alone orders
SELECT cardinality(path) AS steps, path[1:3] AS first, (SELECT bool_and(n::int = i) FROM unnest(path) WITH ORDINALITY AS u(n, i)) AS ordered
FROM (SELECT sessionize.path_agg(i::text, '2026-01-01', NULL, 'keep', i) AS path
      FROM (SELECT i FROM generate_series(1, 1000000) AS i ORDER BY hashint4(i)) AS shuffled) AS x;

-- nothing, and nothing but NULL
SELECT sessionize.path_agg(page, ts), sessionize.path_agg(page, ts, 3), sessionize.path_agg(page, ts, 3, 'keep') FROM visit WHERE false;
SELECT sessionize.path_agg(NULL, ts), sessionize.path_agg(page, NULL) FROM visit;

-- path_edges against lead()
CREATE TABLE oracle AS
SELECT key, n::int AS step, node AS source, next AS target
FROM (SELECT key, n, node, lead(node) OVER w AS next, lead(n) OVER w AS follows
      FROM expected, unnest(walk) WITH ORDINALITY AS u(node, n) WINDOW w AS (PARTITION BY key ORDER BY n)) AS x
WHERE follows IS NOT NULL;
CREATE TABLE edges AS SELECT key, e.* FROM expected, sessionize.path_edges(walk) AS e;
SELECT (SELECT count(*) FROM edges) AS edges,
       (SELECT count(*) FROM (TABLE edges EXCEPT ALL TABLE oracle) AS x) AS surplus,
       (SELECT count(*) FROM (TABLE oracle EXCEPT ALL TABLE edges) AS x) AS missing;
-- 100,000 random paths of up to 9 nodes: edges, and what lies before and after a node, against slices and array_position()
CREATE TABLE random_paths AS
SELECT c, (SELECT coalesce(array_agg((ARRAY['a', 'b', 'ab', '', NULL])[1 + abs(hashint8extended(c * 16 + n, 5)) % 5] ORDER BY n), '{}') FROM generate_series(1, abs(hashint8extended(c, 6)) % 10) AS n) AS path,
       (ARRAY['a', 'b', 'ab', '', 'none'])[1 + c % 5] AS node, nullif(c % 7, 6) AS steps
FROM generate_series(1, 100000) AS c;
SELECT count(*) AS paths, count(*) FILTER (WHERE edges IS DISTINCT FROM expected) AS wrong
FROM (SELECT (SELECT array_agg(ROW(step, source, target) ORDER BY step) FROM sessionize.path_edges(path)) AS edges,
             (SELECT array_agg(ROW(i, path[i], path[i + 1]) ORDER BY i) FROM generate_series(1, cardinality(path) - 1) AS i) AS expected FROM random_paths) AS x;
SELECT count(*) AS paths, count(at) AS found,
       count(*) FILTER (WHERE sessionize.path_before(path, node, steps) IS DISTINCT FROM CASE WHEN at IS NOT NULL THEN path[greatest(1, at - coalesce(steps, 99)):at] END) AS wrong_before,
       count(*) FILTER (WHERE sessionize.path_after(path, node, steps) IS DISTINCT FROM CASE WHEN at IS NOT NULL THEN path[at:at + coalesce(steps, 99)] END) AS wrong_after
FROM (SELECT *, array_position(path, node) AS at FROM random_paths) AS x;
SELECT * FROM sessionize.path_edges(ARRAY['a', NULL, 'b']);
SELECT * FROM sessionize.path_edges('[5:6]={a,b}');
SELECT count(*) FROM sessionize.path_edges('{a}');
SELECT count(*) FROM sessionize.path_edges('{}');
SELECT count(*) FROM sessionize.path_edges(NULL);
-- the target list works too, and a query that stops early
SELECT sessionize.path_edges(ARRAY['a', 'b', 'c']);
SELECT step FROM sessionize.path_edges(ARRAY['a', 'b', 'c']) LIMIT 1;

-- path_before and path_after against slices
SELECT count(*) AS calls, count(*) FILTER (WHERE at IS NULL) AS without,
       count(*) FILTER (WHERE sessionize.path_before(walk, node, steps) IS DISTINCT FROM walk[greatest(at - steps, 1):at]) AS wrong_before,
       count(*) FILTER (WHERE sessionize.path_after(walk, node, steps) IS DISTINCT FROM walk[at:at + steps]) AS wrong_after
FROM (SELECT walk, node, steps, array_position(walk, node) AS at
      FROM expected, unnest(ARRAY['a', '', 'ab', 'b', 'ä', 'B', 'c']) AS node, generate_series(0, 5) AS steps) AS x;
SELECT sessionize.path_before('{a,b,c}', 'c') AS all_before, sessionize.path_after('{a,b,c}', 'a', NULL) AS all_after, sessionize.path_after('{a,b,c}', 'a', 2147483647) AS most,
       sessionize.path_before('{a,NULL,b}', 'b') AS with_null, sessionize.path_before('{}', 'a') AS nowhere, sessionize.path_before('{a}', NULL) AS no_node,
       sessionize.path_before(NULL, 'a') AS no_path, sessionize.path_after('{a}', NULL) AS no_node_after, sessionize.path_after(NULL, 'a') AS no_path_after;

-- errors, and what they say to do
SELECT sessionize.path_agg(page, ts, 0) FROM visit;
SELECT sessionize.path_agg(page, ts, 3, 'repeat') FROM visit;
SELECT sessionize.path_agg(page, ts, 3, NULL) FROM visit;
SELECT sessionize.path_agg(page, ts, length(page)) FROM visit;
SELECT sessionize.path_agg(page, ts, 3, CASE WHEN page = 'home' THEN 'keep' ELSE 'cycles' END) FROM visit;
SELECT sessionize.path_agg('a', 'infinity');
SELECT sessionize.path_agg(page, ts, NULL, 'keep', to_json(page)) FROM visit;
SELECT sessionize.path_agg(page, ts, NULL, 'keep', point(1, 2)) FROM visit;
SELECT sessionize.path_agg(page, ts, NULL, 'keep', ROW(ts, to_json(page)))
  FROM visit, generate_series(1, 2);
SELECT sessionize.path_agg(page, ts, NULL, 'keep', 'of no type') FROM visit;
SELECT sessionize.path_before('{a}', 'a', -1);
SELECT sessionize.path_after('{a}', 'a', -1);
BEGIN;
SET LOCAL sessionize.max_group_events = 100;
SELECT sessionize.path_agg('a', ts) FROM generate_series(timestamptz '2026-01-01', '2026-01-01 01:40', '1 minute') AS ts;
ROLLBACK;

-- called directly, the support functions refuse, or the server does, in its version's words
CREATE FUNCTION refused(query text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  RETURN false;
EXCEPTION WHEN others THEN
  RETURN true;
END $$;
SELECT query FROM (VALUES
  ($q$SELECT sessionize.path_transition(NULL::internal, 'a', now())$q$),
  ($q$SELECT sessionize.path_transition(NULL::internal, 'a', now(), NULL, 'keep', 1)$q$),
  ($q$SELECT sessionize.path_final(NULL)$q$)) AS v(query) WHERE NOT refused(query);

-- States that no worker of ours wrote: an aggregate that passes any bytes off as one.
CREATE FUNCTION forge(internal, bytea) RETURNS internal LANGUAGE internal AS 'xmlconcat2';
CREATE FUNCTION pass_off(internal) RETURNS bytea LANGUAGE internal STRICT AS 'byteasend';
CREATE AGGREGATE forged_path(bytea) (
  SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.path_deserialize, COMBINEFUNC = sessionize.path_combine, FINALFUNC = sessionize.path_final);
CREATE TABLE one_row AS SELECT 1 AS one;
ALTER TABLE one_row SET (parallel_workers = 1);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT forged_path('\x'::bytea) FROM one_row;
-- genuine: up to 9 steps, cycles, (1, a) and (2, b)
SELECT forged_path('\x000000090200000000000000010000000000000001610000000000000002000000000000000162'::bytea) FROM one_row;
-- nothing; no events; no steps; an unknown treatment; no name; a step; a time out of range; not in order; a name cut short
SELECT forged_path('\x'::bytea) FROM one_row;
SELECT forged_path('\x0000000902'::bytea) FROM one_row;
SELECT forged_path('\x00000000020000000000000001000000000000000161'::bytea) FROM one_row;
SELECT forged_path('\x00000009030000000000000001000000000000000161'::bytea) FROM one_row;
SELECT forged_path('\x0000000902000000000000000100000000ffffffff'::bytea) FROM one_row;
SELECT forged_path('\x00000009020000000000000001000000010000000161'::bytea) FROM one_row;
SELECT forged_path('\x00000009027fffffffffffffff000000000000000161'::bytea) FROM one_row;
SELECT forged_path('\x000000090200000000000000020000000000000001620000000000000001000000000000000161'::bytea) FROM one_row;
SELECT forged_path('\x00000009020000000000000001000000000000000261'::bytea) FROM one_row;
-- with tie-breakers, in an aggregate that has none; with fewer bytes of them than it says; with
-- fewer than none
SELECT forged_path('\x0000000982000000000000000000000001000000000000000161'::bytea) FROM one_row;
SELECT forged_path('\x00000009820000ffff'::bytea) FROM one_row;
SELECT forged_path('\x0000000982ffffffff'::bytea) FROM one_row;
-- in an aggregate that has some: genuine, b before a; one too few; one too many; one cut short;
-- NULL that is none; a number for which there is none
CREATE FUNCTION forge(internal, bytea, text, timestamptz, int, bigint) RETURNS internal
LANGUAGE internal AS 'xmlconcat2';
CREATE AGGREGATE forged_path(bytea, text, timestamptz, int, bigint) (
  SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.path_deserialize, COMBINEFUNC = sessionize.path_combine,
  FINALFUNC = sessionize.path_final);
\set head '\\x0000000982'
\set seven '00' '0000000000000008' '0000000000000007'
\set eight '00' '0000000000000008' '0000000000000008'
\set a '0000000000000001' '00000000' '00000001' '61'
\set b '0000000000000001' '00000001' '00000001' '62'
\set forged 'SELECT forged_path(:''bytes''::bytea, NULL, NULL, NULL, 1::bigint) FROM one_row;'
\set bytes :head '00000022' :eight :seven :a :b
EXPLAIN (COSTS OFF) :forged
:forged
\set bytes :head '00000011' :eight :a :b
:forged
\set bytes :head '00000033' :eight :seven :eight :a :b
:forged
\set bytes :head '00000021' :eight '00' '0000000000000008' '00000000000000' :a :b
:forged
\set bytes :head '00000022' '01' :eight :seven :a :b
:forged
\set bytes :head '00000011' :eight :b
:forged
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;

SET client_min_messages = warning;
DROP SCHEMA path_test CASCADE;
