-- infer_schema and property_statistics: what documents look like, as a JSON Schema.
CREATE SCHEMA infer_schema;
SET search_path = infer_schema;
SET client_min_messages = warning;
\pset null '(null)'

-- The example of the reference.
CREATE TABLE orders (id bigint, properties jsonb);
INSERT INTO orders
SELECT n, jsonb_build_object('sku', 'A-' || n, 'price', n * 1.5, 'currency', (ARRAY['EUR', 'USD'])[1 + n % 2],
    'ordered_at', '2026-01-01'::timestamp + n * interval '1 hour', 'coupon', NULLIF(n % 3, 1), 'lines', n % 4)
FROM generate_series(1, 30) AS n;
UPDATE orders SET properties = properties || jsonb_build_object('ordered_at', (properties ->> 'ordered_at') || 'Z');
UPDATE orders SET properties = properties - 'lines' WHERE id % 10 = 0;
SELECT jsonb_pretty(sessionize.infer_schema(properties)) AS schema FROM orders;
SELECT s.schema_path, s.count, s.of, s.types
FROM (SELECT sessionize.property_statistics(properties) AS list FROM orders) AS o,
     jsonb_to_recordset(o.list) AS s (schema_path text, count bigint, of bigint, types jsonb);

-- What a few documents say, a row each: the documents, and the schema without "$schema".
CREATE FUNCTION inferred(VARIADIC docs jsonb[]) RETURNS jsonb LANGUAGE sql AS
$$SELECT sessionize.infer_schema(d) - '$schema' FROM unnest(docs) AS d$$;
SELECT inferred(VARIADIC '{}') AS none, inferred(NULL::jsonb) AS only_null;
SELECT inferred('1', '2.0'), inferred('1', '2.5'), inferred('null', '3'), inferred('true');
SELECT inferred('0'), inferred('-12345678.9'), inferred('0.00010', '100000'), inferred('1e35', '-1e-32');
SELECT inferred('1', '1e131000'), inferred('1e-16000'), inferred('1.2345678901234567890123456789012345678901234567890');
SELECT inferred('[]', '{}'), inferred('[1, "a"]', '[null]'), inferred('{"a": {"b": [[{"c": 1}]]}}');
SELECT inferred('""', '"a"'), inferred('"a"', '"é"');
-- keys that all objects have are required, in whatever order they come, and a key that is null is there
SELECT inferred('{"a": 1, "bb": 2}', '{"bb": null, "c": 3}', '{"bb": 4}');
SELECT inferred('{"": 1, "a/b": {"~": 2}, "\"": 3, "$ref": 4, "é": 5}');
-- formats, each only if all strings have it
SELECT v, inferred(to_jsonb(v)) ->> 'format' AS format, inferred(to_jsonb(v), '"?"') ->> 'format' AS with_another
FROM unnest(ARRAY['2026-02-28T23:59:59.5+02:00', '2026-02-28', '2026-02-30', '23:59:59Z', 'P1DT2H', 'c44bcf33-6ab0-4b0e-a54a-4b3f6b9f5a2e',
  '192.168.0.1', '192.168.0.256', '::1', 'ann@shop.example', 'https://shop.example/?q=1', 'note:hello', 'word']) AS v;
-- enumerations: enough strings, and each often enough
SELECT n, k, sessionize.infer_schema(to_jsonb('v' || i % k)) - '$schema' AS schema
FROM (VALUES (19, 2), (20, 2), (20, 4), (20, 5), (160, 32), (159, 32), (1000, 33)) AS v (n, k), generate_series(1, n) AS i GROUP BY n, k ORDER BY n, k;
SELECT sessionize.infer_schema(d) - '$schema' AS with_null FROM (SELECT CASE WHEN i % 5 > 0 THEN to_jsonb('v' || i % 2) ELSE 'null' END AS d FROM generate_series(1, 50) AS i) AS x;
SELECT sessionize.infer_schema(d) - '$schema' AS with_numbers FROM (SELECT CASE WHEN i % 5 > 0 THEN to_jsonb('v' || i % 2) ELSE '7' END AS d FROM generate_series(1, 50) AS i) AS x;
-- 256 bytes of different strings are kept, and no more
SELECT len, (sessionize.infer_schema(to_jsonb(i % 2 || repeat('x', len - 1))) -> 'enum') IS NOT NULL AS is_enum
FROM unnest(ARRAY[128, 129]) AS len, generate_series(1, 100) AS i GROUP BY len ORDER BY len;
-- texts of one length
SELECT sessionize.infer_schema(to_jsonb(md5(i::text))) - '$schema' AS digests FROM generate_series(1, 100) AS i;

-- Maps: keys that are values themselves.
SELECT sessionize.infer_schema(jsonb_build_object('scores', jsonb_build_object('u' || i, i, 'u' || i + 1, i + 0.5))) - '$schema' AS few_keys_of_one_type
FROM generate_series(1, 70) AS i;
SELECT sessionize.infer_schema(jsonb_build_object('by_user', jsonb_build_object(md5(i::text), jsonb_build_object('n', i, 'plan', CASE i % 2 WHEN 0 THEN 'free' END)))) - '$schema' AS many_keys
FROM generate_series(1, 5000) AS i;
-- many properties of different types are none
SELECT sessionize.infer_schema(jsonb_build_object('p' || i % 80, CASE WHEN i % 2 = 0 THEN '1' ELSE '"a"' END::jsonb)) ? 'properties' AS properties
FROM generate_series(1, 800) AS i;

-- Hostile documents: too deep, too many keys, too long ones. The schema has a bound, and all are valid by it.
CREATE TABLE hostile (kind text, d jsonb);
INSERT INTO hostile SELECT 'deep', (repeat('[', n) || repeat(']', n))::jsonb FROM unnest(ARRAY[1, 7, 8, 9, 10, 1000, 3000]) AS n;
INSERT INTO hostile SELECT 'deep', (repeat('{"a":', n) || n || repeat('}', n))::jsonb FROM unnest(ARRAY[1, 7, 8, 9, 10, 1000, 3000]) AS n;
INSERT INTO hostile SELECT 'keys', jsonb_object_agg('k' || n, n) FROM generate_series(1, 30000) AS n;
INSERT INTO hostile SELECT 'keys', jsonb_build_object('k' || n, n) FROM generate_series(30001, 30100) AS n;
INSERT INTO hostile SELECT 'long keys', jsonb_build_object(repeat('k', n), n, repeat('é', n), n) FROM unnest(ARRAY[49, 50, 51, 99, 100, 101, 102, 10000, 1000000]) AS n;
INSERT INTO hostile SELECT 'long strings', to_jsonb(repeat('é', n)) FROM unnest(ARRAY[0, 1, 128, 129, 1000000]) AS n;
INSERT INTO hostile SELECT 'numbers', d::jsonb FROM unnest(ARRAY['1e131000', '-1e131000', '1e-16000', '0', '0.000', '1e36', '1e40', '1e-36', '1e-40', '9999999999999999999999999999999999999999', '123456789012345678.90123456789012345678901']) AS d;
INSERT INTO hostile SELECT 'numbers one by one', d FROM hostile WHERE kind = 'numbers';
INSERT INTO hostile SELECT 'wide', (SELECT jsonb_object_agg('a' || a, (SELECT jsonb_object_agg('b' || a * b, (SELECT jsonb_object_agg('c' || a * b * c, repeat('x', 20)) FROM generate_series(1, 20) AS c)) FROM generate_series(1, 20) AS b)) FROM generate_series(1, n) AS a)
FROM generate_series(1, 40, 3) AS n;
INSERT INTO hostile SELECT 'wide and deep', (WITH RECURSIVE t AS (SELECT 0 AS level, to_jsonb(n) AS d UNION ALL
  SELECT level + 1, (SELECT jsonb_object_agg('k' || n || i, t.d) FROM generate_series(1, 3) AS i) FROM t WHERE level < 9) SELECT d FROM t ORDER BY level DESC LIMIT 1)
FROM generate_series(1, 9) AS n;
INSERT INTO hostile SELECT 'mixed', d FROM hostile WHERE kind NOT IN ('mixed', 'wide and deep');
SELECT kind, count(*) AS documents, count(*) FILTER (WHERE NOT sessionize.validate(schema, d, true)) AS invalid, bool_and(pg_column_size(schema) < 2000000) AS is_bounded,
  max(schema ->> 'type') AS type
FROM hostile JOIN (SELECT kind, sessionize.infer_schema(d) AS schema FROM hostile GROUP BY kind) AS s USING (kind) GROUP BY kind ORDER BY kind;
SELECT count(sessionize.check_schema(schema)) AS in_order, max(length(list::text)) < 3000000 AS is_bounded
FROM (SELECT sessionize.infer_schema(d) AS schema, sessionize.property_statistics(d) AS list FROM hostile GROUP BY kind) AS s;
SELECT sessionize.infer_schema(d) #> '{properties,a,properties,a,properties,a,properties,a,properties,a}' AS from_the_sixth_level FROM hostile WHERE kind = 'deep' AND d::text LIKE '{%';
-- in whatever order they come
SELECT kind, count(DISTINCT schema) AS schemas FROM (
  SELECT kind, sessionize.infer_schema(d ORDER BY md5(seed || d::text)) AS schema FROM hostile, generate_series(1, 5) AS seed
  WHERE kind LIKE 'wide%' OR kind = 'numbers' OR kind = 'deep' GROUP BY kind, seed) AS x GROUP BY kind ORDER BY kind;

-- Random documents with more keys than fit, on all levels: which objects become maps depends on no order.
SELECT setseed(0.7);
CREATE TABLE wide_documents AS
SELECT g, n, (SELECT (string_agg(CASE WHEN random() < 0.1 THEN '[' ELSE '{"k' || floor(random() ^ 2 * (ARRAY[2, 3, 6, 12, 40, 3000])[g])::int || '":' END, '' ORDER BY level) || CASE n % 3 WHEN 0 THEN 'null' WHEN 1 THEN '"s"' ELSE n::text END)
  FROM generate_series(1, (1 + random() * 8)::int + 0 * n) AS level) AS d FROM generate_series(1, 6) AS g, generate_series(1, 3000) AS n;
UPDATE wide_documents SET d = d || (SELECT string_agg(CASE c WHEN '[' THEN ']' WHEN '{' THEN '}' ELSE '' END, '' ORDER BY o DESC) FROM regexp_split_to_table(d, '') WITH ORDINALITY AS x (c, o));
ALTER TABLE wide_documents ALTER d TYPE jsonb USING d::jsonb;
ANALYZE wide_documents;
SELECT count(DISTINCT g) AS groups, count(DISTINCT (g, schema)) AS schemas, count(DISTINCT g) FILTER (WHERE schema::text LIKE '%additionalProperties%') AS have_maps FROM (
  SELECT g, sessionize.infer_schema(d ORDER BY md5(seed || n::text)) AS schema FROM wide_documents, generate_series(1, 5) AS seed GROUP BY g, seed) AS s;
SELECT count(*) AS documents, count(*) FILTER (WHERE NOT sessionize.validate(schema, d, true)) AS invalid
FROM wide_documents JOIN (SELECT g, sessionize.infer_schema(d) AS schema FROM wide_documents GROUP BY g) AS s USING (g);

-- Random documents. Each that went in is valid by the schema, with formats asserted; the schema is in
-- order; it is the same in any order and in any parts; and the counts are those of plain SQL.
CREATE FUNCTION random_value(depth int, wide int) RETURNS jsonb LANGUAGE plpgsql AS $f$
DECLARE
  dice float := random() * (CASE WHEN depth = 0 THEN 10 ELSE 16 END);
BEGIN
  RETURN CASE
    WHEN dice < 1 THEN 'null'
    WHEN dice < 2 THEN to_jsonb(random() < 0.5)
    WHEN dice < 3 THEN to_jsonb((random() * 100)::int)
    WHEN dice < 4 THEN to_jsonb((random() * 100 - 50)::numeric(20, 3) * 10 ^ (random() * 30 - 15)::int)
    WHEN dice < 4.1 THEN to_jsonb(('1e' || (random() * 1000)::int)::numeric)
    WHEN dice < 6 THEN to_jsonb((ARRAY['red', 'green', '', 'é', 'blue', '2026-01-01', '2026-02-29', '23:59:60Z', 'a@b.c', '::1', '10.0.0.1', 'http://x', 'P1D', 'x:y'])[1 + floor(random() * 14)])
    WHEN dice < 7 THEN to_jsonb('2026-01-01T00:00:00Z'::timestamptz + random() * interval '1 year')
    WHEN dice < 8 THEN to_jsonb(gen_random_uuid())
    WHEN dice < 10 THEN to_jsonb(repeat(chr(97 + floor(random() * 3)::int), floor(random() * 5)::int))
    WHEN dice < 14 THEN coalesce((SELECT jsonb_object_agg(chr(97 + floor(random() * wide)::int) || repeat('k', floor(random() * 3)::int), random_value(depth - 1, wide)) FROM generate_series(1, floor(random() * 6)::int + 0 * depth)), '{}')
    ELSE coalesce((SELECT jsonb_agg(random_value(depth - 1, wide)) FROM generate_series(1, floor(random() * 4)::int + 0 * depth)), '[]')
  END;
END $f$;
SELECT setseed(0.4);
CREATE TABLE random_documents (g int, n int, d jsonb, part int GENERATED ALWAYS AS (g % 10) STORED);
-- groups of one shape (a template whose leaves change) and of none
INSERT INTO random_documents SELECT g, n, random_value(g % 7, CASE WHEN g % 3 = 0 THEN 26 ELSE 4 END)
FROM generate_series(1, 150) AS g, generate_series(1, 1 + (g * 7) % 40) AS n;
INSERT INTO random_documents SELECT 1000 + g, n, jsonb_build_object('at', now(), 'kind', 'k' || n % (1 + g), 'value', random_value(0, 4), 'inner', jsonb_build_object('list', jsonb_build_array(random_value(0, 4), random_value(1, 4)), 'id', gen_random_uuid()))
FROM generate_series(1, 60) AS g, generate_series(1, 60) AS n;
ANALYZE random_documents;
CREATE TABLE schemas AS SELECT g, sessionize.infer_schema(d ORDER BY n) AS schema, sessionize.property_statistics(d ORDER BY n) AS list FROM random_documents GROUP BY g;
SELECT count(*) AS documents, count(DISTINCT g) AS groups, count(*) FILTER (WHERE sessionize.validate(schema, d, true) IS NOT TRUE) AS invalid FROM random_documents JOIN schemas USING (g);
SELECT count(sessionize.check_schema(schema)) AS in_order FROM schemas;
-- formats and enumerations did occur
SELECT count(DISTINCT f) AS formats FROM schemas, jsonb_path_query(schema, 'strict $.**.format') AS f;
SELECT count(*) > 10 AS enumerations FROM schemas, jsonb_path_query(schema, 'strict $.**.enum') AS e;
-- the reverse order; parts of parallel workers
SELECT count(*) AS differ FROM (SELECT g, sessionize.infer_schema(d ORDER BY n DESC) AS schema, sessionize.property_statistics(d ORDER BY n DESC) AS list FROM random_documents GROUP BY g) AS x
JOIN schemas AS s USING (g) WHERE (s.schema, s.list) IS DISTINCT FROM (x.schema, x.list);
CREATE VIEW in_parts AS SELECT part, sessionize.infer_schema(d) AS schema, sessionize.property_statistics(d) AS list FROM random_documents GROUP BY part;
CREATE VIEW as_a_whole AS SELECT part, sessionize.infer_schema(d ORDER BY n, g) AS schema, sessionize.property_statistics(d ORDER BY n, g) AS list FROM random_documents GROUP BY part;
CREATE FUNCTION plan_has(query text, pattern text) RETURNS boolean LANGUAGE plpgsql AS $f$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
    IF line ~ pattern THEN RETURN true; END IF;
  END LOOP;
  RETURN false;
END $f$;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SET cpu_operator_cost = 1;
SELECT plan_has('TABLE in_parts', 'Gather') AND plan_has('TABLE in_parts', 'Partial') AS in_parallel;
SELECT count(*) AS parts, count(*) FILTER (WHERE (s.schema, s.list) IS DISTINCT FROM (x.schema, x.list)) AS differ FROM in_parts AS x JOIN as_a_whole AS s USING (part);
CREATE VIEW wide_in_parts AS SELECT g, sessionize.infer_schema(d) AS schema FROM wide_documents GROUP BY g;
SELECT plan_has('TABLE wide_in_parts', 'Gather') AND plan_has('TABLE wide_in_parts', 'Partial') AS in_parallel;
SELECT count(*) AS parts, count(*) FILTER (WHERE w.schema IS DISTINCT FROM p.schema) AS differ
FROM wide_in_parts AS p JOIN (SELECT g, sessionize.infer_schema(d ORDER BY n) AS schema FROM wide_documents GROUP BY g) AS w USING (g);
CREATE VIEW hostile_in_parallel AS SELECT sessionize.infer_schema(d) AS schema, sessionize.property_statistics(d) AS list FROM hostile;
SELECT plan_has('TABLE hostile_in_parallel', 'Gather') AND plan_has('TABLE hostile_in_parallel', 'Partial') AS in_parallel;
SELECT (SELECT h FROM hostile_in_parallel AS h) = (sessionize.infer_schema(d ORDER BY d), sessionize.property_statistics(d ORDER BY d)) AS is_equal FROM hostile;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET parallel_leader_participation;
RESET cpu_operator_cost;
-- one that is independent: the types and counts of the properties of documents, by jsonb_each
CREATE VIEW by_hand AS
SELECT g, key, jsonb_object_agg(type, n) AS types, sum(n) AS total FROM (
  SELECT g, key, CASE jsonb_typeof(value) WHEN 'number' THEN CASE WHEN value::numeric = trunc(value::numeric) THEN 'integer' ELSE 'number' END ELSE jsonb_typeof(value) END AS type, count(*) AS n
  FROM random_documents, jsonb_each(CASE jsonb_typeof(d) WHEN 'object' THEN d END) GROUP BY 1, 2, 3) AS x GROUP BY g, key;
CREATE VIEW by_statistics AS
SELECT g, s.path[3] AS key, s.count AS total, s.types FROM schemas, jsonb_to_recordset(list) AS r (schema_path text, count bigint, types jsonb),
  LATERAL (SELECT string_to_array(r.schema_path, '/') AS path, r.count, r.types) AS s WHERE s.path[2] = 'properties' AND cardinality(s.path) = 3;
SELECT count(*) > 300 AS some FROM by_hand;
(SELECT g, key, total, types FROM by_hand EXCEPT ALL SELECT g, key, total, types FROM by_statistics)
UNION ALL
(SELECT g, key, total, types FROM by_statistics EXCEPT ALL SELECT g, key, total, types FROM by_hand);
-- required is what all objects have
SELECT count(*) AS differ FROM schemas JOIN (
  SELECT g, jsonb_agg(key ORDER BY length(key), key COLLATE "C") FILTER (WHERE total = objects) AS required
  FROM by_hand JOIN (SELECT g, count(*) AS objects FROM random_documents WHERE jsonb_typeof(d) = 'object' GROUP BY g) AS o USING (g) GROUP BY g) AS r USING (g)
WHERE schema -> 'required' IS DISTINCT FROM required;

-- States that no worker has sent: a byte changed, left out or put in at each place of a few states. The
-- bytes are passed off as a worker's in a plan of parts, which the leader runs by itself.
BEGIN;
CREATE TABLE one_row WITH (parallel_workers = 1) AS SELECT 1 AS one;
CREATE FUNCTION pass_off(internal) RETURNS bytea LANGUAGE internal STRICT PARALLEL SAFE AS 'byteasend';
CREATE FUNCTION forge(internal, bytea) RETURNS internal LANGUAGE internal PARALLEL SAFE COST 100 AS 'xmlconcat2';
CREATE AGGREGATE state(jsonb) (SFUNC = sessionize.profile_transition, STYPE = internal, FINALFUNC = sessionize.profile_serialize);
CREATE AGGREGATE forged(bytea) (SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE, DESERIALFUNC = sessionize.profile_deserialize,
  COMBINEFUNC = sessionize.profile_combine, FINALFUNC = sessionize.infer_schema_final);
CREATE AGGREGATE forged_list(bytea) (SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE, DESERIALFUNC = sessionize.profile_deserialize,
  COMBINEFUNC = sessionize.profile_combine, FINALFUNC = sessionize.property_statistics_final);
UPDATE pg_proc SET procost = 0.0001 WHERE pronamespace = 'sessionize'::regnamespace AND proname IN ('profile_combine', 'profile_deserialize', 'infer_schema_final', 'property_statistics_final');
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers = 0;
SELECT plan_has($$SELECT forged('\x00') FROM one_row$$, 'Finalize Aggregate') AS in_parts;
CREATE TABLE states AS
SELECT 1 AS n, state(d) AS s, sessionize.infer_schema(d) AS schema FROM (VALUES ('{"a": 1.5, "bb": ["x", "yy", null, {"z": true}], "c": {"d": "2026-01-01", "e": -3}}'::jsonb), ('{"a": 100000, "bb": [], "c": null}')) AS v (d)
UNION ALL SELECT 2, state(d), sessionize.infer_schema(d) FROM (SELECT jsonb_build_object('m', jsonb_build_object('k' || i, i, repeat('l', 120), 's')) FROM generate_series(1, 1200) AS i) AS v (d)
UNION ALL SELECT 3, state(d), sessionize.infer_schema(d) FROM (SELECT to_jsonb('v' || i % 3) FROM generate_series(1, 30) AS i) AS v (d);
CREATE TABLE outcomes (state text, is_error boolean);
CREATE FUNCTION try_state(s bytea) RETURNS jsonb LANGUAGE plpgsql AS $f$
DECLARE
  schema jsonb;
BEGIN
  EXECUTE format('SELECT forged(%L), forged_list(%1$L) FROM one_row', s) INTO schema;
  INSERT INTO outcomes VALUES ('', false);
  RETURN schema;
EXCEPTION WHEN OTHERS THEN
  INSERT INTO outcomes VALUES (SQLSTATE, true);
  RETURN NULL;
END $f$;
SELECT n, try_state(s) = schema AS is_read FROM states ORDER BY n;
TRUNCATE outcomes;
SELECT count(try_state(CASE v WHEN 0 THEN set_byte(s, i, 0) WHEN 1 THEN set_byte(s, i, 255) WHEN 2 THEN set_byte(s, i, (get_byte(s, i) + 1) % 256) WHEN 3 THEN set_byte(s, i, 127)
  WHEN 4 THEN substring(s, 1, i) WHEN 5 THEN substring(s, 1, i) || substring(s, i + 2) WHEN 6 THEN substring(s, 1, i) || s
  ELSE substring(s, 1, i) || '\xffffffffffffffff' || substring(s, i + 9) END)) > 100 AS some_are_read
FROM states, generate_series(0, length(s) - 1) AS i, generate_series(0, 7) AS v;
-- those that are rejected: too short, or invalid
SELECT state, count(*) > 100 AS some FROM outcomes WHERE is_error GROUP BY state ORDER BY state;
ROLLBACK;

DROP SCHEMA infer_schema CASCADE;
