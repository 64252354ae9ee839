-- draw and draw_json against the operators #>> and #>, in queries, alone, and in derivations.
SET timezone = 'UTC';
CREATE SCHEMA draw_one;
SET search_path = draw_one;
SET client_min_messages = warning;
\set SHOW_CONTEXT never

-- The examples of the reference.
SELECT sessionize.draw(doc, 'context.page.url') AS url, sessionize.draw(doc, 'properties.total')::numeric AS total, sessionize.draw_json(doc, 'context.page') AS page
FROM (VALUES (jsonb '{"event": "Order Completed", "properties": {"total": 9.5}, "context": {"page": {"url": "https://shop.example/"}}}')) AS v (doc);

-- Random documents: objects, arrays and all kinds of values, down to five levels; keys that need an escape, look like numbers, or are empty.
SELECT extract(epoch FROM current_date)::int AS seed \gset
SELECT setseed((:seed % 1000003) / 1000003.0);
CREATE FUNCTION a_key() RETURNS text LANGUAGE sql VOLATILE RETURN
    (ARRAY['a', 'b', 'c', 'ab', 'url', 'page', 'context', '', '.', 'a.b', '\', '0', '1', '-1', '00', ' 1', '2x', 'é', '2147483648', 'null'])[1 + floor(random() * 20)::int];
CREATE FUNCTION a_document(depth int) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  kind float := random();
BEGIN
  IF depth = 0 OR kind < 0.1 THEN
    RETURN (ARRAY['null', 'true', 'false', '0', '-1.50', '1e40', '""', '"a"', '"é😀\"\\\n"', '{}', '[]', '"null"'])[1 + floor(random() * 12)::int]::jsonb;
  ELSIF kind < 0.8 THEN
    RETURN (SELECT coalesce(jsonb_object_agg(a_key(), a_document(depth - 1)), '{}') FROM generate_series(1, floor(random() * 9)::int) AS n WHERE n > 0);
  END IF;
  RETURN (SELECT coalesce(jsonb_agg(a_document(depth - 1)), '[]') FROM generate_series(1, floor(random() * 5)::int) AS n);
END $$;
CREATE TABLE documents (i int PRIMARY KEY, doc jsonb, other jsonb);
INSERT INTO documents SELECT i, a_document(5), a_document(4) FROM generate_series(1, 400) AS i;
-- documents in runs of one shape, whose values differ; equal documents one after the other; compressed, out of line, NULL, single values
INSERT INTO documents SELECT n, jsonb_build_object('a', n, 'b', jsonb_build_object('c', n::text, 'url', repeat('u', n % 50)), 'page', CASE n % 7 WHEN 0 THEN NULL ELSE n % 3 END), d.doc
FROM generate_series(401, 600) AS n JOIN documents AS d ON d.i = n % 5 + 1;
INSERT INTO documents SELECT i, jsonb_build_object('a', repeat('x', 3000) || i, 'b', jsonb_build_object('c', i)), NULL FROM generate_series(601, 620) AS i;
INSERT INTO documents SELECT i, jsonb_build_object('b', jsonb_build_object('c', i), 'a', (SELECT string_agg(md5((i * 1000 + n)::text), '') FROM generate_series(1, 1000) AS n)), '{"a": 1}' FROM generate_series(621, 640) AS i;
INSERT INTO documents VALUES (641, NULL, '{"b": {"c": 2}}'), (642, '1', '"a"'), (643, 'null', '[1, {"a": 2}]'), (644, '{}', '[]');
SELECT bool_or(pg_column_size(doc) < length(doc::text) / 2) AS compressed, bool_or(pg_column_size(doc) > 20000) AS out_of_line FROM documents;
CREATE TABLE paths AS
SELECT row_number() OVER (ORDER BY parts) AS n, parts,
       (SELECT string_agg(replace(replace(part, '\', '\\'), '.', '\.'), '.' ORDER BY o) FROM unnest(parts) WITH ORDINALITY AS u (part, o)) AS path
FROM (SELECT DISTINCT ARRAY(SELECT a_key() FROM generate_series(1, 1 + p % 4) AS n WHERE n > 0 AND p > 0) AS parts FROM generate_series(1, 400) AS p
      UNION SELECT v::text[] FROM (VALUES ('{a}'), ('{b}'), ('{b,c}'), ('{b,url}'), ('{page}'), ('{0}'), ('{1,a}'), ('{-1}')) AS v (v)) AS x;
SELECT count(*) > 250 AS many_paths FROM paths;

-- All paths of both columns in one query: more than share one document.
CREATE TABLE drawn (i int, n bigint, of_other boolean, value text, json jsonb);
CREATE TABLE expected AS
SELECT i, n, of_other, (CASE WHEN of_other THEN other ELSE doc END) #>> parts AS value, (CASE WHEN of_other THEN other ELSE doc END) #> parts AS json
FROM documents, paths, (VALUES (false), (true)) AS v (of_other);
DO $$
DECLARE
  columns text := (SELECT string_agg(format('sessionize.draw(%I, %L)', c, path), ', ' ORDER BY n, c) FROM paths, (VALUES ('doc'), ('other')) AS v (c));
BEGIN
  EXECUTE format('INSERT INTO drawn SELECT i, p.n, p.c = ''other'', u.value, u.json
                  FROM (SELECT i, ARRAY[%s] AS values, ARRAY[%s] AS jsons FROM documents OFFSET 0) AS d,
                  LATERAL unnest(values, jsons) WITH ORDINALITY AS u (value, json, k)
                  JOIN (SELECT n, c, row_number() OVER (ORDER BY n, c) AS k FROM paths, (VALUES (''doc''), (''other'')) AS v (c)) AS p USING (k)',
                 columns, replace(columns, 'sessionize.draw(', 'sessionize.draw_json('));
END $$;
SELECT DISTINCT :seed AS seed_of_failure FROM ((TABLE expected EXCEPT ALL TABLE drawn) UNION ALL (TABLE drawn EXCEPT ALL TABLE expected)) AS x;
SELECT count(value) > 5000 AS many_values FROM expected;
-- The path is not constant: each call draws alone.
SELECT DISTINCT :seed AS seed_of_failure FROM documents, paths WHERE (i % 10 = 0 OR i > 630) AND (sessionize.draw(doc, path) IS DISTINCT FROM doc #>> parts OR sessionize.draw_json(other, path) IS DISTINCT FROM other #> parts);
-- The document is no column, and is large.
SELECT count(*) AS differ FROM documents, LATERAL (SELECT jsonb_build_array(doc, other, repeat('x', 9000)) AS doc_and_other) AS b
WHERE sessionize.draw(doc_and_other, '0.b.c') IS DISTINCT FROM doc #>> '{b,c}' OR sessionize.draw(jsonb_build_object('x', doc), 'x.a') IS DISTINCT FROM doc ->> 'a';
-- Two tables that share a column's name and place, in joins of all kinds.
SELECT count(*) AS differ FROM documents AS x JOIN documents AS y ON sessionize.draw(x.doc, 'b.c') = sessionize.draw(y.doc, 'b.c')
WHERE sessionize.draw(x.doc, 'a') IS DISTINCT FROM x.doc ->> 'a' OR sessionize.draw(y.doc, 'a') IS DISTINCT FROM y.doc ->> 'a' OR x.doc #>> '{b,c}' IS DISTINCT FROM y.doc #>> '{b,c}';
BEGIN;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SELECT count(*) AS joined, count(*) FILTER (WHERE x.doc #>> '{b,c}' IS DISTINCT FROM y.doc #>> '{b,c}' OR sessionize.draw(x.doc, 'a') IS DISTINCT FROM x.doc ->> 'a' OR sessionize.draw(y.doc, 'a') IS DISTINCT FROM y.doc ->> 'a') AS differ
FROM (SELECT * FROM documents WHERE i BETWEEN 401 AND 600) AS x JOIN (SELECT * FROM documents WHERE i BETWEEN 401 AND 600) AS y ON sessionize.draw(x.doc, 'b.c') = sessionize.draw(y.doc, 'b.c');
SELECT count(*) AS joined, count(DISTINCT sessionize.draw(x.doc, 'b.c')) AS values FROM documents AS x LEFT JOIN documents AS y ON sessionize.draw(x.doc, 'b.c') = (y.doc #>> '{b,c}') AND sessionize.draw(y.doc, 'b.c') = (x.doc #>> '{b,c}') WHERE x.i > 400 AND x.i <= 420;
COMMIT;
-- In PL/pgSQL, where the call site stays and the variable's value changes; a call that fails is followed by one that doesn't.
DO $$
DECLARE
  doc jsonb;
  path text;
BEGIN
  FOR i IN 1..50 LOOP
    doc := jsonb_build_object('a', i % 7, 'b', i);
    path := CASE i % 3 WHEN 0 THEN 'a' ELSE 'b' END;
    ASSERT sessionize.draw(doc, 'a') = doc ->> 'a' AND sessionize.draw(doc, path) = doc ->> path;
    BEGIN
      PERFORM sessionize.draw(d.doc, 'a\') FROM (SELECT doc OFFSET 0) AS d;
      ASSERT false;
    EXCEPTION WHEN invalid_parameter_value THEN
      ASSERT (SELECT sessionize.draw(d.doc, 'b') FROM (SELECT doc OFFSET 0) AS d) = doc ->> 'b';
    END;
  END LOOP;
END $$;
-- A generated column, an index, a CHECK constraint and an UPDATE.
CREATE TABLE with_b (doc jsonb CHECK (sessionize.draw(doc, 'a') IS DISTINCT FROM 'no'), b text GENERATED ALWAYS AS (sessionize.draw(doc, 'b.c')) STORED);
CREATE UNIQUE INDEX ON with_b (coalesce(sessionize.draw(doc, 'a'), sessionize.draw(doc, 'b.c')), b);
INSERT INTO with_b SELECT doc FROM documents WHERE i BETWEEN 401 AND 600;
UPDATE with_b SET doc = doc || '{"a": "yes"}' WHERE length(b) = 3 AND b LIKE '5%';
SELECT count(*), count(*) FILTER (WHERE b IS DISTINCT FROM doc #>> '{b,c}') AS differ, count(*) FILTER (WHERE doc ->> 'a' = 'yes') AS updated FROM with_b;
INSERT INTO with_b VALUES ('{"a": "no"}');

-- In a derivation, where documents are told by their place: attributes of every row against the operators.
CREATE INDEX ON documents (i);
SELECT sessionize.create_pipeline('draw_p', 'documents', key => 'i', event_time => $$timestamptz '2026-01-01 00:00+00'$$, raw_id => 'i',
    page => $$sessionize.draw(doc, 'b.c')$$, event_name => $$coalesce(sessionize.draw(other, 'a'), 'none')$$, filter => $$sessionize.draw(doc, 'a') IS DISTINCT FROM 'never'$$);
SELECT sessionize.add_measure('draw_p', 'a', 'first', expression => $$sessionize.draw(doc, 'a')$$),
       sessionize.add_measure('draw_p', 'url', 'first', expression => $$sessionize.draw(doc, 'b.url') || sessionize.draw(doc, 'a')$$),
       sessionize.add_measure('draw_p', 'a_again', 'first', expression => $$upper(sessionize.draw(doc, 'a'))$$),
       sessionize.add_measure('draw_p', 'b', 'first', expression => $$sessionize.draw_json(doc, 'b')::text || sessionize.draw(other, 'b.c')$$),
       -- a call that is made for later rows only, after others of its row
       sessionize.add_measure('draw_p', 'late', 'first', expression => $$sessionize.draw(doc, 'a') || CASE WHEN i = 499 THEN sessionize.draw(doc, 'page') WHEN i = 598 THEN sessionize.draw(doc, 'b.url') ELSE '' END$$),
       sessionize.add_measure('draw_p', 'zero', 'first', expression => $$sessionize.draw(other, '0')$$);
SET max_parallel_maintenance_workers = 0;
CALL sessionize.rebuild('draw_p');
CREATE VIEW wanted AS
SELECT i, coalesce(other ->> 'a', 'none') AS event_name, doc ->> 'a' AS a, (doc #>> '{b,url}') || (doc ->> 'a') AS url, upper(doc ->> 'a') AS a_again, (doc -> 'b')::text || (other #>> '{b,c}') AS b, (doc ->> 'a') || CASE WHEN i = 499 THEN doc ->> 'page' WHEN i = 598 THEN doc #>> '{b,url}' ELSE '' END AS late, other #>> '{0}' AS zero
FROM documents;
CREATE VIEW got AS SELECT session_key, e.event_name, a, url, a_again, b, late, zero FROM draw_p.sessions AS s JOIN draw_p.events AS e USING (session_id, session_key);
SELECT count(*) AS differ FROM ((TABLE wanted EXCEPT ALL TABLE got) UNION ALL (TABLE got EXCEPT ALL TABLE wanted)) AS x;
SELECT count(*) > 600 AS many FROM got;
-- refreshes read by query
UPDATE documents SET doc = jsonb_set(doc, '{a}', to_jsonb(i)) WHERE i % 3 = 0 AND jsonb_typeof(doc) = 'object';
INSERT INTO documents SELECT i + 1000, other, doc FROM documents;
CALL sessionize.refresh('draw_p');
SELECT count(*) AS differ FROM ((TABLE wanted EXCEPT ALL TABLE got) UNION ALL (TABLE got EXCEPT ALL TABLE wanted)) AS x;
SELECT count(*) FROM sessionize.verify('draw_p');
SELECT sessionize.drop_pipeline('draw_p', cascade => true);

-- NULL, mistakes, depth.
SELECT sessionize.draw(NULL, 'a'), sessionize.draw('{"a": 1}', NULL), sessionize.draw_json('{"a": null}', 'a'), sessionize.draw('{"a": null}', 'a'), sessionize.draw_json('{}', 'a');
\set VERBOSITY default
SELECT sessionize.draw('{}', 'a\b');
SELECT sessionize.draw('{}', repeat('.', 1000001));
\set VERBOSITY terse
SELECT sessionize.draw((repeat('{"a":', 3000) || '"deep"' || repeat('}', 3000))::jsonb, repeat('a.', 2999) || 'a');
DROP SCHEMA draw_one CASCADE;
