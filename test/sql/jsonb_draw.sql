-- jsonb_draw against the operator #>> for each path.
SET timezone = 'UTC';
CREATE SCHEMA draw_test;
SET search_path = draw_test;
SET client_min_messages = warning;
\set SHOW_CONTEXT never

-- The examples of the reference.
SELECT sessionize.jsonb_draw('{"userId": "ann", "context": {"page": {"url": "https://shop.example/"}, "screen": {"width": 1280}}, "tags": ["a", null]}',
                             '{userId,context.page.url,context.screen,tags.0,tags.1,anonymousId}');
SELECT sessionize.jsonb_draw('{"a.b": 1, "a": {"b": 2}, "c\\d": 3}', ARRAY['a\.b', 'a.b', 'c\\d']);
SELECT (drawn)[1] AS event, (drawn)[2]::numeric AS total
FROM (SELECT sessionize.jsonb_draw(doc, '{event,properties.total}') AS drawn
      FROM (VALUES (jsonb '{"event": "Order Completed", "properties": {"total": 9.5}}')) AS v (doc)) AS d;

-- Random documents: objects, arrays and all kinds of values, down to five levels; keys that need an escape, look like numbers, or are empty.
SELECT extract(epoch FROM current_date)::int AS seed \gset
SELECT setseed((:seed % 1000003) / 1000003.0);
CREATE FUNCTION a_key() RETURNS text LANGUAGE sql VOLATILE RETURN
    (ARRAY['a', 'b', 'c', 'ab', 'url', 'page', 'context', '', '.', 'a.b', '\', 'a\', '\.', '0', '1', '-1', '00', '+1', ' 1', '2x', 'é', '😀', '2147483648', 'null'])[1 + floor(random() * 24)::int];
CREATE FUNCTION a_document(depth int) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  kind float := random();
BEGIN
  IF depth = 0 OR kind < 0.2 THEN
    RETURN (ARRAY['null', 'true', 'false', '0', '-1.50', '1e40', '""', '"a"', '"é😀\"\\\n"', '{}', '[]', '"null"'])[1 + floor(random() * 12)::int]::jsonb;
  ELSIF kind < 0.75 THEN
    RETURN (SELECT coalesce(jsonb_object_agg(a_key(), a_document(depth - 1)), '{}') FROM generate_series(1, floor(random() * 9)::int) AS n WHERE n > 0);
  END IF;
  RETURN (SELECT coalesce(jsonb_agg(a_document(depth - 1)), '[]') FROM generate_series(1, floor(random() * 5)::int) AS n);
END $$;
CREATE TABLE documents AS SELECT i, a_document(5) AS doc FROM generate_series(1, 600) AS i;
CREATE TABLE path_parts AS
SELECT p, ARRAY(SELECT a_key() FROM generate_series(1, 1 + floor(random() * (1 + p % 5))::int) AS n WHERE n > 0 AND p > 0) AS parts FROM generate_series(1, 400) AS p;
INSERT INTO path_parts SELECT p + 400, parts FROM path_parts WHERE p <= 20;
-- and the paths that there are in some documents
INSERT INTO path_parts
WITH RECURSIVE there AS (
  SELECT i, '{}'::text[] AS parts, doc AS value FROM documents WHERE i <= 60
  UNION ALL
  SELECT i, parts || x.key, x.value FROM there,
    LATERAL (SELECT key, e.value FROM jsonb_each(CASE jsonb_typeof(there.value) WHEN 'object' THEN there.value ELSE '{}' END) AS e
             UNION ALL SELECT (n - 1)::text, e.value FROM jsonb_array_elements(CASE jsonb_typeof(there.value) WHEN 'array' THEN there.value ELSE '[]' END) WITH ORDINALITY AS e (value, n)
             UNION ALL SELECT (n - 1 - jsonb_array_length(there.value))::text, e.value FROM jsonb_array_elements(CASE jsonb_typeof(there.value) WHEN 'array' THEN there.value ELSE '[]' END) WITH ORDINALITY AS e (value, n)) AS x)
SELECT 500 + row_number() OVER (ORDER BY i, parts), parts FROM (SELECT DISTINCT ON (parts) i, parts FROM there WHERE parts <> '{}' ORDER BY parts, i LIMIT 1500) AS x;
CREATE TABLE paths AS
SELECT row_number() OVER (ORDER BY p) AS n, parts,
       (SELECT string_agg(replace(replace(part, '\', '\\'), '.', '\.'), '.' ORDER BY o) FROM unnest(parts) WITH ORDINALITY AS u (part, o)) AS path
FROM path_parts;
SELECT count(*) > 1500 AS many_paths FROM paths;
CREATE TABLE expected AS SELECT i, n, doc #>> parts AS value FROM documents, paths WHERE i <= 60 OR n % 50 = 0;
CREATE TABLE drawn AS
SELECT i, n, value FROM (SELECT i, sessionize.jsonb_draw(doc, all_paths) AS v FROM documents, (SELECT array_agg(path ORDER BY n) AS all_paths FROM paths) AS p) AS d, unnest(v) WITH ORDINALITY AS u (value, n)
WHERE i <= 60 OR n % 50 = 0;
SELECT DISTINCT :seed AS seed_of_failure FROM ((TABLE expected EXCEPT ALL TABLE drawn) UNION ALL (TABLE drawn EXCEPT ALL TABLE expected)) AS x;
SELECT count(value) > 2000 AS many_values FROM expected;
-- a few paths at a time, another set for each row: the call site compiles anew
SELECT DISTINCT :seed AS seed_of_failure FROM documents AS d,
  LATERAL (SELECT array_agg(path ORDER BY n) AS few, array_agg(doc #>> parts ORDER BY n) AS wanted FROM paths WHERE n % 300 = d.i % 300 OFFSET 0) AS p
WHERE sessionize.jsonb_draw(doc, few) IS DISTINCT FROM wanted;
-- documents that are compressed and stored out of line, with thousands of keys: few of many are found by halves
CREATE TABLE wide AS
SELECT i, jsonb_object_agg('key' || (k * 7919 % 20011), CASE WHEN k % 3 = 0 THEN to_jsonb(repeat(md5(k::text), 1 + k % 4)) WHEN k % 3 = 1 THEN to_jsonb(k) ELSE jsonb_build_object('x', k, 'yy', 'z') END) AS doc
FROM generate_series(1, 3) AS i, generate_series(1, 4000 * i) AS k GROUP BY i;
SELECT count(*) AS differ FROM wide, LATERAL (SELECT ARRAY(SELECT 'key' || (k * 31 % 20011) FROM generate_series(1, 5) AS k) || ARRAY['key7919.x', 'key15838.yy', 'key7919', 'kez', '']) AS p (paths)
WHERE sessionize.jsonb_draw(doc, paths) IS DISTINCT FROM (SELECT array_agg(doc #>> string_to_array(path, '.') ORDER BY n) FROM unnest(paths) WITH ORDINALITY AS u (path, n) WHERE path <> '') || NULL::text;
SELECT count(*) AS differ FROM wide, LATERAL (SELECT ARRAY(SELECT 'key' || k FROM generate_series(1, 20011, 67) AS k)) AS p (paths)
WHERE sessionize.jsonb_draw(doc, paths) IS DISTINCT FROM (SELECT array_agg(doc ->> path ORDER BY n) FROM unnest(paths) WITH ORDINALITY AS u (path, n));

-- Scalars and arrays as documents, empty arrays of paths, NULL paths.
SELECT doc, sessionize.jsonb_draw(doc, '{"",a,0,-1,1}') FROM unnest(ARRAY['1', '"a"', 'null', '[]', '["a", {"a": 1}]', '{}', '{"": 1, "0": 2}']::jsonb[]) AS doc;
SELECT sessionize.jsonb_draw('{"a": 1}', '{}'), sessionize.jsonb_draw('{"a": 1}', ARRAY[NULL, 'a', NULL]), sessionize.jsonb_draw('{"a": 1}', '[5:6]={a,a}');
SELECT sessionize.jsonb_draw(NULL, '{a}'), sessionize.jsonb_draw('{}', NULL);
-- in PL/pgSQL, where a variable's value changes and the call site stays
DO $$
DECLARE
  paths text[];
BEGIN
  FOREACH paths SLICE 1 IN ARRAY ARRAY[['a', 'b'], ['b', 'a'], ['b', 'c']] LOOP
    ASSERT sessionize.jsonb_draw('{"a": "1", "b": "2"}', paths) = (SELECT array_agg((jsonb '{"a": "1", "b": "2"}') ->> p ORDER BY n) FROM unnest(paths) WITH ORDINALITY AS u (p, n));
  END LOOP;
END $$;

-- Mistakes.
\set VERBOSITY default
SELECT sessionize.jsonb_draw('{}', ARRAY['a\']);
SELECT sessionize.jsonb_draw('{}', ARRAY['ok', 'a\b']);
SELECT sessionize.jsonb_draw('{}', ARRAY[['a', 'b'], ['c', 'd']]);
SELECT sessionize.jsonb_draw('{}', ARRAY[repeat('.', 1000000)]);
SELECT sessionize.jsonb_draw('{}', array_fill('a.b.c.d.e.f'::text, ARRAY[200000]));
\set VERBOSITY terse

-- Deep: 3,000 levels, and a path down all of them; 10,000 paths, all the same and all different; a large value a hundred times.
SELECT sessionize.jsonb_draw((repeat('{"a":', 3000) || '"deep"' || repeat('}', 3000))::jsonb, ARRAY[repeat('a.', 2999) || 'a']);
SELECT sessionize.jsonb_draw((repeat('[', 3000) || '"deep"' || repeat(']', 3000))::jsonb, ARRAY[repeat('0.', 2999) || '-1']);
-- a path deeper than the stack allows is an error
SELECT cardinality(sessionize.jsonb_draw('{"a": 1}', ARRAY[repeat('a.', 900000) || 'a', 'a']));
SELECT count(*), count(v), min(v), max(v) FROM unnest(sessionize.jsonb_draw('{"a": {"b": 7}}', array_fill('a.b'::text, ARRAY[10000]))) AS v;
SELECT count(*), count(v) FROM unnest(sessionize.jsonb_draw('{"k500": 1, "k": {"9999": 2}}', ARRAY(SELECT CASE i % 2 WHEN 0 THEN 'k' || i ELSE 'k.' || i END FROM generate_series(1, 10000) AS i))) AS v;
SELECT sessionize.jsonb_draw(jsonb_build_object('a', repeat('x', 20000000)), array_fill('a'::text, ARRAY[100]));
DROP SCHEMA draw_test CASCADE;
