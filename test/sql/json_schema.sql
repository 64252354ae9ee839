-- JSON Schema: validate, violations, check_schema. The official test suite is run by 080_json_schema.pl.
CREATE SCHEMA json_schema;
SET search_path = json_schema;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset null '(null)'

-- The examples of the reference.
CREATE TABLE events (id bigint, properties jsonb);
INSERT INTO events VALUES
  (1, '{"sku": "A-17", "price": 9.50, "currency": "EUR"}'),
  (2, '{"sku": "A-18", "price": -1, "currency": "eur"}'),
  (3, '{"price": "9.50", "coupon": "SPRING"}');
CREATE TABLE schemas (name text, schema jsonb);
INSERT INTO schemas VALUES ('product_viewed', '{
  "type": "object",
  "required": ["sku", "price"],
  "properties": {
    "sku": {"type": "string", "pattern": "^[A-Z]-[0-9]+$"},
    "price": {"type": "number", "minimum": 0},
    "currency": {"enum": ["EUR", "USD"]}
  },
  "additionalProperties": false
}');
SELECT id, sessionize.validate(schema, properties) FROM events, schemas ORDER BY id;
SELECT id, v.* FROM events, schemas, sessionize.violations(schema, properties) AS v ORDER BY id, instance_path;
SELECT sessionize.validate('{"format": "date"}', '"2026-02-30"'), sessionize.validate('{"format": "date"}', '"2026-02-30"', assert_format => true);
SELECT sessionize.validate('{"items": {"$ref": "https://shop.example/sku.json"}}', '["A-17", "b"]',
    documents => '{"https://shop.example/sku.json": {"type": "string", "pattern": "^[A-Z]"}}');
SELECT sessionize.check_schema('{"properties": {"name": {"type": "string", "minLenght": 1}}}');

-- Every keyword, with values that it accepts and values that it does not.
CREATE TABLE cases (schema jsonb, good jsonb, bad jsonb);
INSERT INTO cases VALUES
  ('true', '[1, null]', '[]'), ('false', '[]', '[1, null]'), ('{}', '[1, "a"]', '[]'),
  ('{"type": "integer"}', '[1, 1.0, 1e3, -0.0, 1e131000]', '[1.5, "1", null, true, [], {}, 1e-10]'),
  ('{"type": "number"}', '[1, 1.5]', '["1", null]'),
  ('{"type": ["string", "null"]}', '["", null]', '[0, false, [], {}]'),
  ('{"type": "boolean"}', '[true, false]', '[0, "true"]'),
  ('{"type": "array"}', '[[], [1]]', '[{}, ""]'), ('{"type": "object"}', '[{}]', '[[], ""]'),
  ('{"enum": [1, "a", null, [1, {"b": 2}], true]}', '[1, 1.0, "a", null, [1.00, {"b": 2}], true]', '[2, "b", [1], {}, false]'),
  ('{"enum": ["b", "a", "ccc", ""]}', '["a", "b", "ccc", ""]', '["c", "cc", 1, null]'), ('{"enum": []}', '[]', '[1, null]'),
  ('{"const": {"a": [1, 2]}}', '[{"a": [1.0, 2]}]', '[{"a": [2, 1]}, {}, null]'), ('{"const": null}', '[null]', '[0, ""]'),
  ('{"multipleOf": 3}', '[0, 3, -9, 3e20, "a"]', '[1, 3.3, 1e20]'), ('{"multipleOf": 0.01}', '[0.07, 4.35, 1e300, 19.99]', '[0.001, 4.355]'),
  ('{"multipleOf": 0.3}', '[0.3, 0.9, 3, 1.2e10]', '[0.1, 1, 1e10]'), ('{"multipleOf": 1e-20}', '[1e-20, 3, 0]', '[1e-21]'),
  ('{"multipleOf": 123456789012345678901234567890}', '[0, 246913578024691357802469135780]', '[1, 123456789012345678901234567891, 1e131000]'),
  ('{"minimum": 1.5}', '[1.5, 2, 1e131000, "a"]', '[1.49, 0, -1e131000]'), ('{"exclusiveMinimum": 1}', '[1.0000001]', '[1, 1.0, 0]'),
  ('{"maximum": -1}', '[-1, -1.0, -1e20]', '[0, -0.99]'), ('{"exclusiveMaximum": 12345678901234567890}', '[12345678901234567889]', '[12345678901234567890, 1e20]'),
  ('{"minLength": 2, "maxLength": 3}', '["ab", "äöü", "日本語", "😀😀", 1]', '["a", "ä", "abcd", "😀"]'), ('{"maxLength": 9}', '["äöüäöüäöü"]', '["äöüäöüäöüä", "aaaaaaaaaa"]'),
  ('{"pattern": "b+"}', '["abc", "b", 1]', '["", "ac"]'), ('{"pattern": "^\\d{2}$"}', '["12"]', '["1", "٣٤", "12\n"]'),
  ('{"pattern": "^[^\\s]{1,600}$"}', '["a"]', '["", "a b", "a\u00a0b"]'), ('{"pattern": "^\\p{Lu}\\p{L}*$"}', '["Ärger", "Ñ日"]', '["ärger", "A1", "日"]'),
  ('{"pattern": "^(?:a|b)(?!c)"}', '["ad", "b"]', '["ac", "c"]'), ('{"pattern": "^\\u00e9\\x41\\cJ.$"}', '["éA\nx"]', '["eA\nx", "éA\n\n"]'),
  ('{"minItems": 1, "maxItems": 2}', '[[1], [1, 2], {}]', '[[], [1, 2, 3]]'),
  ('{"uniqueItems": true}', '[[], [1, "1", true, null, [1], {"a": 1}], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]]',
   '[[1, 1.0], [{"a": 1, "b": 2}, {"b": 2, "a": 1.0}], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 1.0]]'),
  ('{"prefixItems": [{"type": "string"}, {"type": "number"}], "items": {"type": "null"}}', '[[], ["a"], ["a", 1], ["a", 1, null, null]]', '[[1], ["a", "b"], ["a", 1, 2]]'),
  ('{"contains": {"const": 1}}', '[[1], [0, 1]]', '[[], [0]]'), ('{"contains": {"const": 1}, "minContains": 0}', '[[], [0]]', '[]'),
  ('{"contains": {"const": 1}, "minContains": 2, "maxContains": 3}', '[[1, 1], [1, 0, 1, 1]]', '[[1], [1, 1, 1, 1]]'),
  ('{"minProperties": 1, "maxProperties": 2}', '[{"a": 1}, {"a": 1, "b": 2}, []]', '[{}, {"a": 1, "b": 2, "c": 3}]'),
  ('{"required": ["b", "aa", "a"]}', '[{"a": 1, "b": 2, "aa": null, "z": 0}, []]', '[{}, {"a": 1, "b": 2}, {"aa": 1, "b": 2}]'),
  ('{"properties": {"a": {"type": "string"}, "bb": false}, "additionalProperties": {"type": "number"}}', '[{}, {"a": "x", "c": 1}]', '[{"a": 1}, {"bb": 1}, {"c": "x"}]'),
  ('{"patternProperties": {"^x": {"type": "number"}, "y$": {"minimum": 3}}, "additionalProperties": false}', '[{"x": 1}, {"xy": 3}, {"y": "a"}]', '[{"x": "a"}, {"xy": 2}, {"z": 1}]'),
  ('{"propertyNames": {"maxLength": 2}}', '[{"ab": 1}, {}]', '[{"abc": 1}]'),
  ('{"dependentRequired": {"a": ["b", "c"]}}', '[{"b": 1}, {"a": 1, "b": 1, "c": 1}]', '[{"a": 1}, {"a": 1, "b": 1}]'),
  ('{"dependentSchemas": {"a": {"minProperties": 2}}}', '[{"b": 1}, {"a": 1, "b": 1}]', '[{"a": 1}]'),
  ('{"allOf": [{"minimum": 1}, {"maximum": 3}]}', '[1, 3, "a"]', '[0, 4]'), ('{"anyOf": [{"type": "string"}, {"minimum": 2}]}', '["a", 2, null]', '[1]'),
  ('{"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}]}', '[2, 3]', '[6, 1]'), ('{"not": {"type": "string"}}', '[1]', '["a"]'),
  ('{"if": {"type": "string"}, "then": {"minLength": 1}, "else": {"minimum": 0}}', '["a", 0, null]', '["", -1]'), ('{"then": false, "else": false}', '[1]', '[]'),
  ('{"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": {"type": "string"}}, "maxLength": 1}', '["a"]', '[1, "aa"]'),
  ('{"$ref": "#it", "$defs": {"x": {"$anchor": "it", "type": "string"}}}', '["a"]', '[1]'),
  ('{"$id": "https://a.example/x/y", "$ref": "../z", "$defs": {"z": {"$id": "/z", "$ref": "#/$defs/s", "$defs": {"s": {"type": "string"}}}}}', '["a"]', '[1]'),
  ('{"type": "object", "properties": {"next": {"$ref": "#"}, "v": {"type": "number"}}, "additionalProperties": false}', '[{"v": 1, "next": {"next": {"v": 2}}}]', '[{"next": {"next": {"v": "x"}}}, {"next": {"w": 1}}]'),
  ('{"$id": "https://a.example/strict", "$dynamicAnchor": "node", "$ref": "tree", "unevaluatedProperties": false, "$defs": {"tree": {"$id": "tree", "$dynamicAnchor": "node",
     "type": "object", "properties": {"data": true, "children": {"type": "array", "items": {"$dynamicRef": "#node"}}}}}}', '[{"children": [{"data": 1}]}]', '[{"children": [{"daat": 1}]}]'),
  ('{"allOf": [{"properties": {"a": true}}, {"if": {"required": ["b"]}, "then": {"properties": {"c": true}}}], "properties": {"b": true}, "unevaluatedProperties": false}',
   '[{"a": 1, "b": 2, "c": 3}, {}]', '[{"a": 1, "c": 3}, {"d": 1}]'),
  ('{"anyOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"properties": {"b": true}, "required": ["b"]}], "unevaluatedProperties": {"type": "string"}}',
   '[{"a": 1, "b": 2, "z": "s"}, {"b": 1, "a": "s"}]', '[{"b": 1, "a": 2}, {"a": 1, "z": 1}]'),
  ('{"prefixItems": [true], "contains": {"type": "string"}, "unevaluatedItems": false}', '[[1, "a"], ["a"], ["a", "b"]]', '[[1, "a", 2], [1, 2]]'),
  ('{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "string"}], "additionalItems": false}', '[["a"], []]', '[[1], ["a", 1]]'),
  ('{"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"], "c": {"maxProperties": 1}}}', '[{"a": 1, "b": 1}, {"c": 1}]', '[{"a": 1}, {"c": 1, "d": 1}]'),
  ('{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"s": {"$id": "#s", "type": "string"}}, "properties": {"a": {"$ref": "#s", "maxLength": 0}}}', '[{"a": "xx"}]', '[{"a": 1}]'),
  ('{"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [false], "unevaluatedItems": false, "minContains": 7, "contains": true}', '[[1]]', '[[]]'),
  ('{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "http://json-schema.org/draft-07/schema#"}', '[{"type": "string"}, true]', '[{"type": "text"}, 1]'),
  ('{"$ref": "https://json-schema.org/draft/2020-12/schema"}', '[{"type": "string"}, true]', '[{"type": "text"}, {"properties": {"a": {"minLength": -1}}}]');
CREATE TABLE verdicts AS
SELECT schema, doc, valid, sessionize.validate(schema, doc) AS validate, NOT EXISTS (SELECT FROM sessionize.violations(schema, doc)) AS no_violations
FROM (SELECT schema, doc, true AS valid FROM cases, jsonb_array_elements(good) AS doc UNION ALL SELECT schema, doc, false FROM cases, jsonb_array_elements(bad) AS doc) AS c;
SELECT count(*) > 200 AS many FROM verdicts;
SELECT * FROM verdicts WHERE valid <> validate OR valid <> no_violations;

-- Formats.
CREATE TABLE formats (format text, good text[], bad text[]);
INSERT INTO formats VALUES
  ('date', '{2026-12-01,2024-02-29,0001-01-01}', '{2026-02-29,2026-13-01,2026-1-1,20261201,""}'),
  ('time', '{12:00:00Z,23:59:60Z,01:29:60+01:30,12:00:00.123456+02:00}', '{12:00:00,24:00:00Z,12:00:60Z,12:00Z,12:00:00.Z}'),
  ('date-time', '{2026-12-01T12:00:00Z,2026-12-01t12:00:00.5-08:00}', '{2026-12-01,2026-12-01 12:00:00Z,2026-12-01T12:00:00}'),
  ('duration', '{P1D,PT1H30M,P1Y2M3DT4H5M6S,P4W}', '{P,PT,1D,P1H,P1Y2D,P1W1D,P1DT}'),
  ('email', '{ann@shop.example,"a.b+c@x.y","\"a b\"@x.y","a@[127.0.0.1]","a@[IPv6:::1]"}', '{ann,@x.y,a@,.a@x.y,a..b@x.y,"a b@x.y","a@[300.0.0.1]"}'),
  ('hostname', '{shop.example,a-b.c,xn--bcher-kva.example}', '{"",-a.b,a-.b,a..b,shop.example.,a_b,aa--b.c}'),
  ('ipv4', '{127.0.0.1,255.255.255.255}', '{256.0.0.1,1.2.3,01.2.3.4,1.2.3.4.5,"1.2.3.4 "}'),
  ('ipv6', '{::1,::,1:2:3:4:5:6:7:8,::ffff:1.2.3.4,1::8}', '{":::",1:2,1:2:3:4:5:6:7:8:9,::12345,"1::2::3",fe80::1%eth0,:1:2:3:4:5:6:7}'),
  ('uri', '{https://ann@shop.example:8443/a?b=c#d,urn:isbn:1,http://[::1]/,"mailto:a@b"}', '{/a,shop.example,"http://a b/",http://[::1/,http://a:b/,http://a/%zz}'),
  ('uri-reference', '{/a,"",#x,https://shop.example}', '{"\\a","a b",1:x/y}'),
  ('uuid', '{2eb8aa08-aa98-11ea-b4aa-73b441d16380}', '{2eb8aa08aa9811eab4aa73b441d16380,2eb8aa08-aa98-11ea-b4aa-73b441d1638g}'),
  ('json-pointer', '{"",/a~0b/~1,/}', '{a,/~,/~2}'), ('relative-json-pointer', '{0,1/a,2#}', '{-1,01,/a,1##}'),
  ('regex', '{"^a(b|c)*$","(?<x>a)\\k<x>"}', '{"(","a**","[z-a]","\\a"}'), ('uri-template', '{"/a/{b}{?c*,d:3}"}', '{"/a/{b","{}"}'), ('colour', '{blue}', '{}');
SELECT format, good, bad FROM formats
WHERE NOT (SELECT bool_and(sessionize.validate(jsonb_build_object('format', format), to_jsonb(t), true)) FROM unnest(good) AS t)
   OR (SELECT bool_or(sessionize.validate(jsonb_build_object('format', format), to_jsonb(t), true)) FROM unnest(bad) AS t);
SELECT bool_and(sessionize.validate(jsonb_build_object('format', format), to_jsonb(t))) AS only_annotations FROM formats, unnest(bad) AS t;

-- Violations: paths, keywords, messages; up to a limit.
SELECT * FROM sessionize.violations('{"type": "object", "required": ["name", "a/b"], "minProperties": 9, "properties": {"n": {"type": ["integer", "null"]}, "m": {"minimum": 0.50, "multipleOf": 0.1},
    "s": {"maxLength": 1, "pattern": "^x", "format": "date"}, "e": {"enum": [1, "a", null, [2]]}, "c": {"const": "only"}, "l": {"items": {"type": "string"}, "maxItems": 1, "uniqueItems": true},
    "x": {"contains": {"type": "string"}}, "never": false}, "propertyNames": {"maxLength": 5}, "dependentRequired": {"n": ["o"]}, "additionalProperties": false}',
  '{"n": 1.5, "m": 0.25, "s": "yy", "e": 2, "c": 1, "l": [1, 1.0], "x": [1], "never": 0, "extra~/": 1}', assert_format => true);
SELECT * FROM sessionize.violations('{"anyOf": [{"type": "null"}, {"type": "object", "properties": {"a": {"type": "string"}}}]}', '{"a": 1}');
SELECT * FROM sessionize.violations('{"oneOf": [{"type": "number"}, {"minimum": 2}], "not": {"const": 3}, "if": true, "then": {"maximum": 2}}', '3');
SELECT * FROM sessionize.violations('{"$defs": {"p": {"$id": "https://a.example/p", "properties": {"a": {"type": "string"}}}}, "allOf": [{"$ref": "https://a.example/p"}], "unevaluatedProperties": false}', '{"a": 1, "b": 2}');
SELECT * FROM sessionize.violations('{"$ref": "https://a.example/p#/$defs/q"}', '1', documents => '{"https://a.example/p": {"$defs": {"q": {"type": "string"}}}}');
SELECT count(*), min(instance_path), max(instance_path) FROM sessionize.violations('{"items": false}', (SELECT jsonb_agg(n) FROM generate_series(1, 1000) AS n));
SELECT count(*) FROM sessionize.violations('{"items": false}', (SELECT jsonb_agg(n) FROM generate_series(1, 1000) AS n), 3);
SELECT * FROM sessionize.violations('false', '1', 0);

-- NULL.
SELECT sessionize.validate(NULL, '1'), sessionize.validate('true', NULL), sessionize.validate('true', '1', NULL), sessionize.validate('true', '1', documents => NULL);
SELECT count(*) FROM sessionize.violations('false', NULL);

-- Schemas that are refused, by all three functions or by check_schema alone.
SELECT sessionize.validate('3', '1');
SELECT sessionize.validate('{"properties": {"a/b": {"items": {"minLength": -1}}}}', '1');
SELECT sessionize.validate('{"allOf": []}', '1');
SELECT sessionize.validate('{"type": "strin"}', '1');
SELECT sessionize.validate('{"required": ["a", "a"]}', '1');
SELECT sessionize.validate('{"multipleOf": 0}', '1');
SELECT sessionize.validate('{"$defs": {"a": {"$anchor": "1"}}}', '1');
SELECT sessionize.violations('{"properties": {"a": 1}}', '1');
SELECT sessionize.validate('{"$ref": "#/$defs/none"}', '1');
SELECT sessionize.validate('{"$ref": "https://a.example/none"}', '1');
SELECT sessionize.validate('{"$schema": "https://a.example/none"}', '1');
SELECT sessionize.validate('{"$defs": {"a": {"$id": "x"}, "b": {"$id": "x"}}}', '1');
SELECT sessionize.validate('{"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}}', '1');
SELECT sessionize.validate('{"pattern": "("}', '1');
SELECT sessionize.validate('{"pattern": "(a)\\1"}', '1');
SELECT sessionize.validate('{"pattern": "\\p{Script=Greek}"}', '1');
SELECT sessionize.validate('{"pattern": "((a{200}){200}){200}"}', '1');
SELECT sessionize.validate(jsonb_build_object('pattern', repeat('a', 9000)), '1');
SELECT sessionize.validate('true', '1', documents => '[]');
SELECT sessionize.validate('{"minLenght": 1, "x-unit": "EUR"}', '1');
SELECT sessionize.check_schema('{"x-unit": "EUR", "$defs": {"a": {"minLenght": 1}}}');
SELECT sessionize.check_schema('{"whatever": 1}');
SELECT sessionize.check_schema('{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"unevaluatedProperties": false}}}');
SELECT sessionize.check_schema('{"$defs": {"nobody refers to it": {"pattern": "["}}}');
SELECT sessionize.check_schema('{"x-unit": "EUR", "$defs": {"a": {"minLength": 1}}, "$ref": "https://a.example/p"}', '{"https://a.example/p": {"unknown": 1}}');
SELECT sessionize.check_schema(NULL);

-- Without end.
SELECT sessionize.validate('{"$ref": "#"}', '1');
SELECT sessionize.validate('{"anyOf": [{"type": "string"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"not": {"$ref": "#"}}}}', '1');
SELECT sessionize.validate('{"$dynamicAnchor": "a", "allOf": [{"$dynamicRef": "#a"}]}', '1');

-- Limits.
SELECT sessionize.validate(jsonb_build_object('enum', (SELECT jsonb_agg(repeat('x', 1000) || n) FROM generate_series(1, 10000) AS n)), '1');
SELECT sessionize.validate((repeat('{"not":', 1100) || 'true' || repeat('}', 1100))::jsonb, '1');
SELECT sessionize.validate(jsonb_build_object('$defs', '{"a": true}'::jsonb, 'allOf', (SELECT jsonb_agg('{"$ref": "#/$defs/a"}'::jsonb) FROM generate_series(1, 21000))), '1');
SELECT sessionize.validate(jsonb_build_object('prefixItems', (SELECT jsonb_agg(true) FROM generate_series(1, 600000))), '1');
SELECT sessionize.validate(jsonb_build_object('$defs', (SELECT jsonb_object_agg(n, jsonb_build_object('$id', 'x' || n)) FROM generate_series(1, 5000) AS n)), '1');
SELECT sessionize.validate(jsonb_build_object('$defs', (SELECT jsonb_object_agg(n, jsonb_build_object('$anchor', 'x' || n)) FROM generate_series(1, 11000) AS n)), '1');
SELECT sessionize.validate(jsonb_build_object('patternProperties', (SELECT jsonb_object_agg('^x' || n, true) FROM generate_series(1, 2001) AS n)), '1');
SELECT sessionize.validate((SELECT jsonb_build_object('$ref', '#/$defs/1', '$defs', jsonb_object_agg(n, CASE n WHEN 40 THEN 'false' ELSE
    jsonb_build_object('anyOf', jsonb_build_array(jsonb_build_object('$ref', '#/$defs/' || n + 1), jsonb_build_object('$ref', '#/$defs/' || n + 1))) END)) FROM generate_series(1, 40) AS n), '1');
SELECT sessionize.validate('{"properties": {"a": {"$ref": "#"}}, "additionalProperties": false}', (repeat('{"a":', 1500) || '{"b": 1}' || repeat('}', 1500))::jsonb);

-- Rules against plain SQL, over random values.
SELECT extract(epoch FROM current_date)::int AS seed \gset
SELECT setseed((:seed % 1000003) / 1000003.0);
CREATE TABLE numbers AS
SELECT (CASE n % 4 WHEN 0 THEN (random() * 20 - 10)::int::numeric WHEN 1 THEN round((random() * 100 - 50)::numeric, n % 6) WHEN 2 THEN ((random() * 1e9)::numeric(40, 3)) * power(10::numeric, (n % 25)::numeric) ELSE round((random() * 1e6)::numeric, 8) / power(10::numeric, (n % 13)::numeric) END) AS a,
       (CASE n % 3 WHEN 0 THEN 1 + (random() * 9)::int::numeric WHEN 1 THEN round((random() * 3 + 0.01)::numeric, 1 + n % 4) ELSE round((1 + (random() * 1e5)::int)::numeric * power(10::numeric, (n % 17 - 8)::numeric), 10) END) AS b
FROM generate_series(1, 3000) AS n;
WITH ours AS (
  SELECT a, b, sessionize.validate(jsonb_build_object('multipleOf', b), to_jsonb(a)) AS multiple, sessionize.validate(jsonb_build_object('minimum', b), to_jsonb(a)) AS at_least,
         sessionize.validate(jsonb_build_object('exclusiveMaximum', b), to_jsonb(a)) AS less, sessionize.validate(jsonb_build_object('const', b), to_jsonb(a)) AS same, sessionize.validate('{"type": "integer"}', to_jsonb(a)) AS whole FROM numbers WHERE b > 0),
theirs AS (SELECT a, b, mod(a, b) = 0, a >= b, a < b, a = b, a = trunc(a) FROM numbers WHERE b > 0)
SELECT 'ours alone', * FROM (SELECT * FROM ours EXCEPT ALL SELECT * FROM theirs) AS x UNION ALL SELECT 'theirs alone', * FROM (SELECT * FROM theirs EXCEPT ALL SELECT * FROM ours) AS y;
CREATE FUNCTION an_element(wide boolean) RETURNS jsonb LANGUAGE sql VOLATILE RETURN
    (ARRAY['1', '1.0', '2', '"a"', '"b"', 'null', '[1]', '[1.00]', '{"a": 1}', '{"a": 2}', '"ä"', '[]', '{}', 'true'])[1 + floor(random() * 14)::int]::jsonb || CASE WHEN wide THEN to_jsonb((random() * 60)::int) ELSE '[]' END;
CREATE TABLE lists AS SELECT i, (SELECT jsonb_agg(an_element(l.i % 3 > 0 AND n > 0)) FROM generate_series(1, 1 + l.i % 17) AS n) AS list FROM generate_series(1, 800) AS l (i);
SELECT count(*) FILTER (WHERE u) > 50 AS some_unique, count(*) FILTER (WHERE NOT u) > 50 AS some_not, count(*) FILTER (WHERE u <> d) AS differences
FROM (SELECT sessionize.validate('{"uniqueItems": true}', list) AS u, (SELECT count(DISTINCT e) = count(*) FROM jsonb_array_elements(list) AS e) AS d FROM lists) AS x;
SELECT count(*) FROM (SELECT repeat('aä日😀'::text, n % 9) || left('xyzü', n % 5) AS t, n % 40 AS m FROM generate_series(1, 500) AS n) AS s
WHERE sessionize.validate(jsonb_build_object('minLength', m), to_jsonb(t)) <> (char_length(t) >= m) OR sessionize.validate(jsonb_build_object('maxLength', m), to_jsonb(t)) <> (char_length(t) <= m);
-- regular expressions that are matched as chains of characters, and others, against PostgreSQL's own; escapes that mean the same to both
CREATE TABLE patterns AS SELECT n, CASE WHEN n % 10 > 0 THEN '^' ELSE '' END ||
    (SELECT string_agg((ARRAY['a', 'b', '[ab]', '[^a]', '[a-c]', '[^b-c]', '-', 'ä', '[ä-ü]', 'c|a', '(ab)'])[1 + floor(random() * CASE WHEN n % 5 > 0 AND m > 0 THEN 8 ELSE 11 END)::int] ||
        (ARRAY['', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '{1,3}?'])[1 + floor(random() * 9)::int], '') FROM generate_series(1, 1 + n % 4) AS m) || CASE WHEN n % 3 > 0 THEN '$' ELSE '' END AS p
FROM generate_series(1, 600) AS n;
CREATE TABLE texts AS SELECT (SELECT coalesce(string_agg((ARRAY['a', 'a', 'b', 'c', '-', 'ä', 'ü', '日'])[1 + floor(random() * 8)::int], ''), '') FROM generate_series(1, n % 8) AS m WHERE n + m > 0) AS t FROM generate_series(1, 150) AS n;
SELECT p, t, t ~ (p COLLATE "C") AS theirs FROM patterns, texts WHERE sessionize.validate(jsonb_build_object('pattern', p), to_jsonb(t)) <> (t ~ (p COLLATE "C")) LIMIT 5;
SELECT count(*) FILTER (WHERE t ~ (p COLLATE "C")) > 5000 AS many_match, count(*) FILTER (WHERE t !~ (p COLLATE "C")) > 5000 AS many_do_not FROM patterns, texts;
-- objects of many keys, with and without those that a schema names
CREATE TABLE objects AS SELECT i, (SELECT jsonb_object_agg(left(md5((random() * 40)::int::text), 1 + n % 12), n) FROM generate_series(1, i % 60) AS n WHERE n + i > 0) AS o FROM generate_series(1, 300) AS i;
SELECT count(*) FROM objects AS a, objects AS b, LATERAL (SELECT jsonb_agg(k) AS keys, array_agg(k) AS names FROM jsonb_object_keys(b.o) AS k) AS k
WHERE a.i % 10 = 0 AND b.o IS NOT NULL AND a.o IS NOT NULL AND b.i % 7 = 0 AND
      (sessionize.validate(jsonb_build_object('required', keys), a.o) <> (a.o ?& names) OR
       sessionize.validate(jsonb_build_object('properties', (SELECT jsonb_object_agg(n, true) FROM unnest(names) AS n), 'additionalProperties', false), a.o) <> (NOT EXISTS (SELECT FROM jsonb_object_keys(a.o) AS x WHERE x <> ALL (names))));

-- Compiled once: a schema from a column, from a variable, as a constant; more schemas than a session keeps.
SELECT n, sessionize.validate(schema, doc) FROM (VALUES (1, '{"minimum": 2}'::jsonb, '1'::jsonb), (2, '{"minimum": 2}', '2'), (3, '{"maximum": 2}', '3'), (4, '{"minimum": 2}', '3')) AS v (n, schema, doc) ORDER BY n;
CREATE FUNCTION valid_in(schema jsonb, doc jsonb) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN sessionize.validate(schema, doc); END $$;
SELECT count(*) FILTER (WHERE valid_in(jsonb_build_object('minimum', n % 150), to_jsonb(n / 2)) <> (n / 2 >= n % 150)) AS wrong FROM generate_series(1, 1000) AS n;
SELECT count(*) BETWEEN 1 AND 64 AS bounded FROM pg_backend_memory_contexts WHERE name = 'sessionize JSON schema';
PREPARE prepared (jsonb, jsonb) AS SELECT sessionize.validate($1, $2);
EXECUTE prepared ('{"type": "string"}', '"a"');
EXECUTE prepared ('{"type": "number"}', '"a"');
-- an error in the middle leaves nothing behind
SELECT valid_in('{"pattern": "["}', '"a"');
SELECT valid_in('{"pattern": "^a"}', '"a"');

-- Documents that are compressed, out of line, or large; parallel workers.
CREATE TABLE large AS SELECT n, jsonb_build_object('text', repeat('x', 5000) || n, 'list', (SELECT jsonb_agg(md5((n * 1000 + m)::text)) FROM generate_series(1, 300) AS m)) AS doc FROM generate_series(1, 50) AS n;
SELECT count(*) FILTER (WHERE sessionize.validate('{"properties": {"text": {"minLength": 5001}, "list": {"items": {"pattern": "^[0-9a-f]{32}$"}, "uniqueItems": true}}}', doc)) FROM large;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*) FILTER (WHERE sessionize.validate('{"properties": {"text": {"pattern": "1$"}}}', doc)) FROM large;
DROP SCHEMA json_schema CASCADE;
