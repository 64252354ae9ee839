-- JSON Schemas and documents that are made to do harm: each has a verdict, or an error with code and hint, in bounded time and memory.
CREATE SCHEMA contract_poison;
SET search_path = contract_poison;
SET client_min_messages = warning;
SET statement_timeout = '600s';
\set ECHO none
\i test/poison/contract.sql
\set ECHO all
SELECT count(*) >= 200 AS many, count(*) FILTER (WHERE outcome = 'valid') > 30 AS some_valid, count(*) FILTER (WHERE outcome = 'invalid') > 50 AS some_invalid, count(DISTINCT outcome) FROM poison;
-- what becomes of a pair, and whether an error says what to do, where the functions themselves raise it
CREATE FUNCTION judge(schema text, doc text, OUT outcome text, OUT hint text, OUT message text) LANGUAGE plpgsql AS $$
BEGIN
    outcome := CASE WHEN sessionize.validate(schema::jsonb, doc::jsonb) THEN 'valid' ELSE 'invalid' END;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS outcome = RETURNED_SQLSTATE, hint = PG_EXCEPTION_HINT, message = MESSAGE_TEXT;
END $$;
CREATE TABLE judged AS SELECT p.name, p.outcome AS expected, j.* FROM poison AS p, judge(schema, doc) AS j;
SELECT name, expected, outcome, message FROM judged WHERE outcome <> expected ORDER BY name;
SELECT name, message FROM judged WHERE outcome IN ('54000', '22023') AND coalesce(hint, '') = '' ORDER BY name;
-- violations() says the same as validate()
SELECT name FROM poison AS p WHERE outcome IN ('valid', 'invalid') AND (SELECT count(*) = 0 FROM sessionize.violations(schema::jsonb, doc::jsonb, 3)) <> (outcome = 'valid') ORDER BY name;

-- Two versions of a schema that are made to do harm: an answer or an error, in bounded memory.
CREATE FUNCTION compare(old jsonb, new jsonb, OUT outcome text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    outcome := (SELECT CASE WHEN compatible THEN 'compatible' ELSE 'incompatible' END FROM sessionize.contract_compatible(old, new, 'full'));
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS outcome = RETURNED_SQLSTATE, hint = PG_EXCEPTION_HINT;
END $$;
CREATE TABLE versions (name text, old jsonb, new jsonb);
INSERT INTO versions VALUES
  ('enum of 20,000', (SELECT jsonb_build_object('enum', jsonb_agg(n)) FROM generate_series(1, 20000) AS n), (SELECT jsonb_build_object('enum', jsonb_agg(n || '.0')) FROM generate_series(1, 20000) AS n)),
  ('enum of 200,000, in another order', (SELECT jsonb_build_object('enum', jsonb_agg(n)) FROM generate_series(1, 200000) AS n), (SELECT jsonb_build_object('enum', jsonb_agg(200001 - n)) FROM generate_series(1, 200000) AS n)),
  ('enum of 20,000 arrays', (SELECT jsonb_build_object('enum', jsonb_agg(jsonb_build_array(n))) FROM generate_series(1, 20000) AS n), '{"type": "array"}'),
  ('const of 20,000', (SELECT jsonb_build_object('const', jsonb_agg(n)) FROM generate_series(1, 20000) AS n), '{"items": {"type": "integer"}, "type": "array", "uniqueItems": true}'),
  ('const of 100 by 100 by 100', (SELECT jsonb_build_object('const', jsonb_agg(b)) FROM (SELECT jsonb_agg(a) AS b FROM (SELECT jsonb_agg(n) AS a FROM generate_series(1, 100) AS n) AS x, generate_series(1, 100)) AS y, generate_series(1, 100)), '{"items": {"items": {"items": {"type": "integer"}}}}'),
  ('const of 3,000 levels', ('{"const": ' || repeat('[', 3000) || repeat(']', 3000) || '}')::jsonb, (repeat('{"items":', 900) || '{"type": "array"}' || repeat('}', 900))::jsonb),
  ('20,000 schemas that all hold', (SELECT jsonb_build_object('allOf', jsonb_agg(jsonb_build_object('minimum', n))) FROM generate_series(1, 20000) AS n), '{"minimum": 20000}'),
  ('100,000 schemas that all hold', (SELECT jsonb_build_object('allOf', jsonb_agg(jsonb_build_object('minimum', n))) FROM generate_series(1, 100000) AS n), '{"minimum": 100000}'),
  ('20,000 alternatives', (SELECT jsonb_build_object('anyOf', jsonb_agg(jsonb_build_object('const', n))) FROM generate_series(1, 20000) AS n), (SELECT jsonb_build_object('anyOf', jsonb_agg(jsonb_build_object('const', n))) FROM generate_series(2, 20001) AS n)),
  ('100 alternatives, of which one holds', (SELECT jsonb_build_object('oneOf', jsonb_agg(jsonb_build_object('const', n))) FROM generate_series(1, 100) AS n), (SELECT jsonb_build_object('oneOf', jsonb_agg(jsonb_build_object('const', n))) FROM generate_series(1, 101) AS n)),
  ('5,000 names that require the next one', (SELECT jsonb_build_object('type', 'object', 'required', '["k1"]'::jsonb, 'dependentRequired', jsonb_object_agg('k' || n, jsonb_build_array('k' || n + 1))) FROM generate_series(1, 5000) AS n), '{"required": ["k5001"]}'),
  ('3,000 anchors', (SELECT jsonb_build_object('properties', jsonb_object_agg('p' || n, jsonb_build_object('$ref', '#a' || n)), '$defs', jsonb_object_agg('d' || n, jsonb_build_object('$anchor', 'a' || n, 'type', 'string'))) FROM generate_series(1, 3000) AS n), '{"properties": {"p1": {"type": "number"}}}'),
  ('numbers at both ends', '{"minimum": 1e131000, "multipleOf": 1e-16000, "minLength": 1e131000}', '{"maximum": -1e131000, "maxLength": 1e50, "minItems": 99999999999}'),
  ('itself', '{"$ref": "#"}', '{"allOf": [{"$ref": "#"}]}'), ('no schema', '1', '[]'),
  ('regular expressions', '{"pattern": "(((a{250}){250}){250}){250}", "enum": ["aaa"]}', '{"pattern": "(x+x+)+y", "const": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}');
SELECT name, outcome, CASE WHEN outcome ~ '^[0-9]' THEN hint <> '' END AS has_hint FROM versions, compare(old, new) ORDER BY name;
-- memory: what this session has ever used, all of the above included
SELECT coalesce((regexp_match(pg_read_file('/proc/self/status', 0, 100000, true), 'VmHWM:\s*(\d+)'))[1]::bigint < 1500000, true) AS bounded;

-- Each of these takes long enough to be cancelled, and can be.
CREATE FUNCTION cancelled(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN false;
EXCEPTION WHEN query_canceled THEN RETURN true;
END $$;
CREATE TABLE statements AS
SELECT name, format('SELECT sessionize.validate(%L, %L)', schema, doc) AS statement FROM poison WHERE name IN ('200 regular expressions that are large', '2^40 ways', '3,000 schemas that evaluate 100,000 items')
UNION ALL SELECT name, format('SELECT sessionize.contract_compatible(%L, %L, ''full'')', old, new) FROM versions WHERE name = '100,000 schemas that all hold';
SET statement_timeout = '60ms';
SELECT cancelled(statement) FROM statements WHERE name = '200 regular expressions that are large';
SELECT cancelled(statement) FROM statements WHERE name = '2^40 ways';
SELECT cancelled(statement) FROM statements WHERE name = '3,000 schemas that evaluate 100,000 items';
SET statement_timeout = '300ms';
SELECT cancelled(statement) FROM statements WHERE name = '100,000 schemas that all hold';
RESET statement_timeout;
DROP SCHEMA contract_poison CASCADE;
