-- first_by and last_by against DISTINCT ON, for all kinds of types, in every order and plan.
SET timezone = 'UTC';
CREATE SCHEMA first_last_test;
SET search_path = first_last_test;
\set SHOW_CONTEXT never

CREATE TYPE pair AS (a int, b text);
CREATE TYPE grants AS (what aclitem, note text);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN code AS text CHECK (length(VALUE) < 100000);
CREATE DOMAIN codes AS int[];

-- 30 groups of 50 rows; many ties in the order, among them equal values and NULLs.
CREATE TABLE rows AS
SELECT i, abs(hashint4(i) % 30) AS g,
       CASE WHEN i % 31 = 0 THEN NULL ELSE abs(hashint4(i + 7) % 12) END AS o,
       CASE WHEN i % 5 = 0 THEN NULL ELSE abs(hashint4(i + 13) % 40) END AS v
FROM generate_series(1, 1500) AS i;
-- long, incompressible texts lie out of line
CREATE TABLE wide AS
SELECT i, g, o, v, (SELECT string_agg(md5(v::text || k), '') FROM generate_series(1, 100) AS k) AS long FROM rows;
ALTER TABLE wide SET (parallel_workers = 2);
ANALYZE wide;
SELECT pg_relation_size(reltoastrelid) > 0 AS toasted FROM pg_class WHERE oid = 'wide'::regclass;

-- Does the plan aggregate in parts that are sent and combined?
CREATE FUNCTION in_parts(query text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF line ~ 'Partial .*Aggregate' THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$;

-- The functions of two column expressions, with each ORDER BY for the aggregates, compared with DISTINCT ON.
CREATE FUNCTION differences(value text, order_by text, value_order text, VARIADIC arranges text[]) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
  wrong bigint[] := array_fill(0::bigint, ARRAY[cardinality(arranges)]);
  aggregate text;
  direction text;
BEGIN
  FOR aggregate, direction IN VALUES ('first_by', 'ASC'), ('last_by', 'DESC') LOOP
    EXECUTE format('CREATE TEMP TABLE expected AS SELECT DISTINCT ON (g) g, (%1$s)::text AS result FROM first_last_test.wide
                    WHERE (%2$s) IS DISTINCT FROM NULL ORDER BY g, %2$s %3$s, (%1$s) IS NOT DISTINCT FROM NULL, %4$s %3$s',
                   value, order_by, direction, value_order);
    FOR i IN 1 .. cardinality(arranges) LOOP
      EXECUTE format('CREATE TEMP TABLE actual AS SELECT g, (sessionize.%s(%s, %s %s))::text AS result FROM first_last_test.wide GROUP BY g',
                     aggregate, value, order_by, arranges[i]);
      wrong[i] := wrong[i] + (SELECT count(*) FROM ((TABLE actual EXCEPT ALL TABLE expected) UNION ALL (TABLE expected EXCEPT ALL TABLE actual)) AS x);
      DROP TABLE actual;
    END LOOP;
    IF (SELECT count(*) <> 30 FROM expected) THEN
      RAISE 'not one result for each group';
    END IF;
    DROP TABLE expected;
  END LOOP;
  RETURN wrong;
END $$;

CREATE TABLE cases (n serial, value text, order_by text, value_order text);
INSERT INTO cases (value, order_by, value_order) VALUES
  ('v', 'o', 'v'),
  ('v::bigint', 'o::text COLLATE "C"', 'v::bigint'),
  ('v::text', '-o', 'v::text COLLATE "C"'),
  ('chr(96 + v % 13)::"char"', 'o', 'v % 13'),
  ('v::smallint', 'o::numeric / 3', 'v'),
  ('v / 7.0', 'timestamptz ''2024-01-01'' + o * interval ''1 day''', 'v'),
  ('v::float8', 'o::float8', 'v'),
  ('md5(v::text)::uuid', 'o', 'md5(v::text)::uuid'),
  ('long', 'o', 'long COLLATE "C"'),
  ('long', 'substr(long, 2)', 'long COLLATE "C"'),
  ('nullif(row(v, v::text)::pair, row(NULL, NULL)::pair)', 'o', 'row(v, v::text COLLATE "C")'),
  ('CASE WHEN v IS NOT NULL THEN ARRAY[v % 3, NULL, v] END', 'ARRAY[o, 1]', 'ARRAY[v % 3, NULL, v]'),
  ('nullif(ARRAY[v % 3, v], ARRAY[NULL, NULL]::int[])::codes', 'o', 'ARRAY[v % 3, v]'),
  ('v::text::code', 'o::text::code COLLATE "C"', 'v::text COLLATE "C"'),
  ('(ARRAY[''sad'', ''ok'', ''happy'']::mood[])[1 + v % 3]', 'o', 'v % 3'),
  ('int4range(v, v + 5)', 'int4range(o, o + 1)', 'int4range(v, v + 5)'),
  ('CASE WHEN v IS NOT NULL THEN jsonb_build_object(''v'', v) END', 'o', 'v'),
  ('v % 2 = 0', 'o', '(v % 2 = 0)'),
  ('v * interval ''1 day''', 'o', 'v'),
  ('i', 'row(o, i)', 'i'),
  ('v', 'row(o, v::text COLLATE "C")', 'v');
-- in the table's order, forwards, backwards, shuffled
SELECT value, order_by,
       differences(value, order_by, value_order, '', format('ORDER BY %s, i', order_by), format('ORDER BY %s DESC, i', order_by),
                   'ORDER BY hashint4(i + 99)') AS wrong
FROM cases ORDER BY n;

-- in parallel
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT in_parts($q$SELECT g, sessionize.first_by(long, o), sessionize.last_by(row(v, i), row(o, i)) FROM wide GROUP BY g$q$);
SELECT value, order_by, differences(value, order_by, value_order, '') AS wrong FROM cases ORDER BY n;

-- a domain's values may be older than its constraint
CREATE DOMAIN positive AS int;
CREATE TABLE old_values AS SELECT (-i)::positive AS v FROM generate_series(1, 100) AS i;
ALTER DOMAIN positive ADD CHECK (VALUE > 0) NOT VALID;
ALTER TABLE old_values SET (parallel_workers = 2);
SELECT in_parts($q$SELECT sessionize.first_by(v, v), sessionize.last_by(v, v) FROM old_values$q$);
SELECT sessionize.first_by(v, v), sessionize.last_by(v, v) FROM old_values;

-- Types that have no order of their own, or no functions to send them: any choice among ties will do, but it
-- must be the same always.
CREATE FUNCTION choices(value text) RETURNS TABLE (results bigint, among_ties boolean)
LANGUAGE plpgsql AS $$
DECLARE
  arrange text;
  aggregate text;
BEGIN
  CREATE TEMP TABLE seen (aggregate text, g int, v text);
  FOREACH aggregate IN ARRAY ARRAY['first_by', 'last_by'] LOOP
    FOREACH arrange IN ARRAY ARRAY['', '', 'ORDER BY i', 'ORDER BY i DESC', 'ORDER BY o, i', 'ORDER BY hashint4(i + 5)'] LOOP
      EXECUTE format('CREATE TEMP TABLE one AS SELECT g, (sessionize.%s(%s, o %s))::text AS v FROM first_last_test.wide GROUP BY g',
                     aggregate, value, arrange);
      INSERT INTO seen SELECT aggregate, one.g, one.v FROM one;
      DROP TABLE one;
    END LOOP;
  END LOOP;
  EXECUTE format($q$ SELECT count(DISTINCT (aggregate, g, s.v)), bool_and(CASE WHEN s.v IS NULL THEN ties = '{}' ELSE s.v = ANY (ties) END)
                     FROM (SELECT DISTINCT * FROM seen) AS s, LATERAL (
                       SELECT ARRAY(SELECT (%s)::text FROM first_last_test.wide AS w WHERE w.g = s.g AND w.v IS NOT NULL AND w.o =
                         (SELECT CASE aggregate WHEN 'first_by' THEN min(o) ELSE max(o) END FROM first_last_test.wide AS x WHERE x.g = s.g)) AS ties) AS y
                     $q$, value) INTO results, among_ties;
  DROP TABLE seen;
  RETURN NEXT;
END $$;
SELECT value, c.*
FROM unnest(ARRAY[
  'CASE WHEN v IS NOT NULL THEN json_build_object(''v'', v, ''long'', long) END',
  'CASE WHEN v IS NOT NULL THEN point(v, 1) END',
  'CASE WHEN v IS NOT NULL THEN ARRAY[point(v, 1), point(1, v)] END',
  'CASE WHEN v IS NOT NULL THEN row(v, long) END',
  'CASE WHEN v IS NOT NULL THEN row(v, point(1, v), NULL) END',
  'CASE WHEN v IS NOT NULL THEN ARRAY[row(v, 1), row(1, v)] END',
  'CASE WHEN v IS NOT NULL THEN makeaclitem(''pg_monitor''::regrole, ''pg_monitor''::regrole, ''SELECT'', v % 2 = 0) END',
  'CASE WHEN v IS NOT NULL THEN ARRAY[makeaclitem(''pg_monitor''::regrole, ''pg_monitor''::regrole, ''SELECT'', v % 2 = 0)] END',
  'CASE WHEN v IS NOT NULL THEN row(makeaclitem(''pg_monitor''::regrole, ''pg_monitor''::regrole, ''SELECT'', v % 2 = 0), v::text)::grants END'
]) AS value, choices(value) AS c;
-- equal in the type's order, but not the same: numerics of different scale
SELECT DISTINCT first, last
FROM (SELECT sessionize.first_by(n, 1) AS first, sessionize.last_by(n, 1) AS last
      FROM (VALUES (1, 1.0), (1, 1.00), (2, 1.00), (2, 1.0)) AS t(g, n) GROUP BY g) AS x;

-- rows and values that are NULL
SELECT sessionize.first_by(v, o) AS first, sessionize.last_by(v, o) AS last FROM (VALUES (1, NULL::int), (2, NULL)) AS t(v, o);
SELECT sessionize.first_by(v, o) AS first, sessionize.last_by(v, o) AS last FROM rows WHERE false;
SELECT sessionize.first_by(v, o) AS first, sessionize.last_by(v, o) AS last FROM (VALUES (NULL, 1), ('b', 2), (NULL, 3)) AS t(v, o);
SELECT sessionize.first_by(v, o) AS first, sessionize.last_by(v, o) AS last FROM (VALUES (NULL, 1), ('b', 1), ('a', 1), (NULL, 1)) AS t(v, o);

-- the order is that of the call's collation; ties are in the C collation whatever that is
SELECT sessionize.first_by(v, v COLLATE "C") AS c, sessionize.first_by(v, v COLLATE "und-x-icu") AS icu
FROM (VALUES ('a'), ('B')) AS t(v);
SELECT sessionize.first_by(v COLLATE "und-x-icu", 1) AS first, sessionize.last_by(v COLLATE "und-x-icu", 1) AS last
FROM (VALUES ('a'), ('B'), ('c')) AS t(v);

-- as a window aggregate the state is used on after a result
SELECT count(*) AS rows, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS wrong
FROM (SELECT sessionize.last_by(md5(i::text), o) OVER w AS a, md5((max(ARRAY[o, i]) FILTER (WHERE o IS NOT NULL) OVER w)[2]::text) AS b
      FROM (SELECT g, i, CASE WHEN o IS NOT NULL THEN o * 10000 + i END AS o FROM rows) AS unique_rows
      WINDOW w AS (PARTITION BY g ORDER BY i)) AS x;

-- errors
SELECT sessionize.first_by(v, point(1, 2)) FROM rows;
SELECT sessionize.last_by(v, '{}'::json) FROM rows;
SELECT sessionize.first_by(1, row(point(1, 2))) FROM generate_series(1, 2);
-- called directly, the support functions refuse, or the server does, in its version's words
CREATE FUNCTION refused(query text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  RETURN false;
EXCEPTION WHEN others THEN
  RETURN true;
END $$;
SELECT query FROM (VALUES
  ($q$SELECT sessionize.first_by_transition(NULL, 1, 1)$q$),
  ($q$SELECT sessionize.first_by_combine(NULL, NULL)$q$),
  ($q$SELECT sessionize.by_serialize(NULL)$q$),
  ($q$SELECT sessionize.by_deserialize('\x00', NULL)$q$),
  ($q$SELECT sessionize.by_final(NULL, 1, 1)$q$)) AS v(query) WHERE NOT refused(query);

-- A state that no worker of ours wrote: an aggregate that passes any bytes off as one.
CREATE FUNCTION forge(internal, bytea, int) RETURNS internal LANGUAGE internal AS 'xmlconcat2';
CREATE FUNCTION forge(internal, bytea, record) RETURNS internal LANGUAGE internal AS 'xmlconcat2';
CREATE FUNCTION forge(internal, bytea) RETURNS internal LANGUAGE internal AS 'xmlconcat2';
CREATE FUNCTION pass_off(internal) RETURNS bytea LANGUAGE internal STRICT AS 'byteasend';
CREATE FUNCTION no_final(internal) RETURNS bytea LANGUAGE internal STRICT AS 'byteasend';
CREATE AGGREGATE forged(bytea, int) (SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.by_deserialize, COMBINEFUNC = sessionize.first_by_combine, FINALFUNC = sessionize.by_final, FINALFUNC_EXTRA);
CREATE AGGREGATE forged(bytea, record) (SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.by_deserialize, COMBINEFUNC = sessionize.first_by_combine, FINALFUNC = sessionize.by_final, FINALFUNC_EXTRA);
CREATE AGGREGATE forged(bytea) (SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.by_deserialize, COMBINEFUNC = sessionize.first_by_combine, FINALFUNC = no_final);
CREATE TABLE one_row AS SELECT 1 AS one;
ALTER TABLE one_row SET (parallel_workers = 1);
SELECT in_parts($q$SELECT forged('\x'::bytea, 1) FROM one_row$q$);
-- genuine: at 5 the value 'ab'; at 5 NULL
SELECT forged('\x0000000000000004000000050000000000000000026162'::bytea, 1) FROM one_row;
SELECT forged('\x00000000000000040000000501'::bytea, 1) FROM one_row;
-- nothing; half a length; a length beyond the end; a negative one; five bytes of an integer; three
SELECT forged('\x'::bytea, 1) FROM one_row;
SELECT forged('\x00000000'::bytea, 1) FROM one_row;
SELECT forged('\x00000000000000400000000501'::bytea, 1) FROM one_row;
SELECT forged('\xffffffffffffffff0000000501'::bytea, 1) FROM one_row;
SELECT forged('\x0000000000000005000000050001'::bytea, 1) FROM one_row;
SELECT forged('\x000000000000000300000501'::bytea, 1) FROM one_row;
-- no value; more than a value
SELECT forged('\x00000000000000040000000500'::bytea, 1) FROM one_row;
SELECT forged('\x0000000000000004000000050101'::bytea, 1) FROM one_row;
-- an anonymous record: too short; of another length than it says; out of line; compressed
SELECT forged('\x000000000000000460000000'::bytea, row(1)) FROM one_row;
SELECT forged(('\x0000000000000018' || '60010000' || repeat('00', 20))::bytea, row(1)) FROM one_row;
SELECT forged(('\x0000000000000018' || '01120000' || repeat('00', 20))::bytea, row(1)) FROM one_row;
SELECT forged(('\x0000000000000018' || '62000000' || repeat('00', 20))::bytea, row(1)) FROM one_row;
-- another number of columns than first_by has
SELECT forged('\x00000000000000040000000501'::bytea) FROM one_row;

SET client_min_messages = warning;
DROP SCHEMA first_last_test CASCADE;
