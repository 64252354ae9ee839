-- Pairs of a JSON Schema and a document that are made to do harm, each with its outcome: valid, invalid, or the SQLSTATE of an error.
-- Both are texts, as some are no jsonb at all.  The table is made in the current schema.
CREATE TABLE poison (name text PRIMARY KEY, schema text NOT NULL, doc text NOT NULL, outcome text NOT NULL);

-- Documents: deep, wide, long, and what is no jsonb.
INSERT INTO poison
SELECT 'a document of 100,000 levels of ' || what, 'true', repeat(opening, 100000) || '1' || repeat(closing, 100000), '54001' FROM (VALUES ('arrays', '[', ']'), ('objects', '{"a":', '}')) AS v (what, opening, closing)
UNION ALL SELECT 'a document of 1,000 levels, each by the root: ' || what, schema, repeat(opening, 1000) || doc || repeat(closing, 1000), outcome
FROM (VALUES ('arrays', '{"items": {"$ref": "#"}, "minItems": 1}', '[', ']', '1', 'valid'), ('an empty array inside', '{"items": {"$ref": "#"}, "minItems": 1}', '[', ']', '[]', 'invalid'),
  ('objects', '{"additionalProperties": {"$ref": "#"}, "maxProperties": 1}', '{"a":', '}', '1', 'valid'), ('a second property inside', '{"additionalProperties": {"$ref": "#"}, "maxProperties": 1}', '{"a":', '}', '{"a": 1, "b": 2}', 'invalid'),
  ('unique items', '{"items": {"$ref": "#"}, "uniqueItems": true}', '[', ']', '[1, 1.0]', 'invalid'), ('unevaluated items', '{"unevaluatedItems": {"$ref": "#"}, "type": "array"}', '[', ']', '[]', 'valid'),
  ('a dynamic reference', '{"$dynamicAnchor": "a", "items": {"$dynamicRef": "#a"}, "type": "array"}', '[', ']', '[]', 'valid'), ('two ways', '{"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}', '[', ']', '1', 'valid')) AS v (what, schema, opening, closing, doc, outcome)
UNION ALL VALUES
  ('a document of 40 levels, two ways that both fail', '{"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, "type": "array"}', repeat('[', 40) || '1' || repeat(']', 40), '54000'),
  ('a document of 200,000 items', '{"items": {"type": "integer"}, "uniqueItems": true}', '[' || (SELECT string_agg(n::text, ',') FROM generate_series(1, 200000) AS n) || ']', 'valid'),
  ('a document of 200,000 items, two of them equal', '{"items": {"type": "integer"}, "uniqueItems": true}', '[1e0,' || (SELECT string_agg(n::text, ',') FROM generate_series(1, 200000) AS n) || ']', 'invalid'),
  ('a document of 100,000 properties', '{"patternProperties": {"^k[0-9]+$": {"type": "integer"}}, "additionalProperties": false}', '{' || (SELECT string_agg(format('"k%s": %s', n, n), ',') FROM generate_series(1, 100000) AS n) || '}', 'valid'),
  ('a document of 100,000 properties, one of them wrong', '{"patternProperties": {"^k[0-9]+$": {"type": "integer"}}, "additionalProperties": false}', '{"x": 1,' || (SELECT string_agg(format('"k%s": %s', n, n), ',') FROM generate_series(1, 100000) AS n) || '}', 'invalid'),
  ('a key of a million bytes', '{"additionalProperties": {"type": "string"}}', '{"' || repeat('k', 1000000) || '": 1}', 'invalid'),
  ('a key of a million bytes, by patterns', '{"patternProperties": {"^(k|l)*$": false}}', '{"' || repeat('k', 1000000) || '": 1}', 'invalid'),
  ('a string of 10 MB', '{"maxLength": 10000000, "pattern": "a$"}', '"' || repeat('a', 10000000) || '"', 'valid'), ('a string of 10 MB, one more', '{"maxLength": 9999999}', '"' || repeat('a', 10000000) || '"', 'invalid'),
  ('a string of 5 million characters of two bytes', '{"maxLength": 5000000, "minLength": 5000000}', '"' || repeat('ä', 5000000) || '"', 'valid'),
  ('a zero byte', 'true', '"\u0000"', '22P05'), ('half of a surrogate pair', 'true', '"\ud800"', '22P02'), ('no JSON', 'true', '{"a": }', '22P02'), ('nothing', 'true', '', '22P02'), ('NaN', 'true', 'NaN', '22P02'), ('a number out of range', 'true', '1e132000', '22003'),
  ('a schema that is no JSON', '{"type":', '1', '22P02'), ('a schema with a zero byte', '{"pattern": "\u0000"}', '"a"', '22P05'),
  -- keys that are equal once they are decoded: the last one counts
  ('equal keys', '{"properties": {"a": {"const": 2}}}', '{"a": 1, "\u0061": 2}', 'valid'), ('equal keys, the other way', '{"properties": {"a": {"const": 1}}}', '{"a": 1, "\u0061": 2}', 'invalid'), ('equal keys are one property', '{"maxProperties": 1}', '{"a": 1, "\u0061": 2, "a": 3}', 'valid'),
  ('equal keywords', '{"type": "string", "\u0074ype": "number"}', '1', 'valid'), ('equal items after decoding', '{"uniqueItems": true}', '["a", "\u0061"]', 'invalid'), ('keys that look alike', '{"maxProperties": 1}', '{"\u00e9": 1, "e\u0301": 2}', 'invalid'), ('the name of a prototype', '{"required": ["__proto__", "constructor"]}', '{}', 'invalid');

-- Schemas: large, deep, circular.
INSERT INTO poison VALUES
  ('a schema of 10 MB', '{"description": "' || repeat('x', 10000000) || '"}', '1', '54000'), ('a schema of 10 MB of properties', '{"properties": {' || (SELECT string_agg(format('"property_%s": {"type": "string"}', n), ',') FROM generate_series(1, 300000) AS n) || '}}', '{}', '54000'),
  ('a schema of 100,000 levels', repeat('{"not":', 100000) || 'true' || repeat('}', 100000), '1', '54001'), ('a schema of 1,001 levels', repeat('{"not":', 1001) || 'true' || repeat('}', 1001), '1', '54000'), ('a schema of 1,000 levels', repeat('{"not":', 1000) || 'true' || repeat('}', 1000), '1', 'valid'),
  ('600,000 subschemas', '{"prefixItems": [true' || repeat(',true', 600000) || ']}', '[]', '54000'), ('100,000 properties', '{"properties": {' || (SELECT string_agg(format('"p%s": {}', n), ',') FROM generate_series(1, 100000) AS n) || '}, "additionalProperties": false}', '{"p1": 1, "p100000": 1, "q": 1}', 'invalid'),
  ('20,001 references', '{"$defs": {"a": {}}, "allOf": [{"$ref": "#/$defs/a"}' || repeat(',{"$ref": "#/$defs/a"}', 20000) || ']}', '1', '54000'), ('4,001 URIs', '{"$defs": {' || (SELECT string_agg(format('"d%s": {"$id": "x%s"}', n, n), ',') FROM generate_series(1, 4001) AS n) || '}}', '1', '54000'),
  ('10,001 anchors', '{"$defs": {' || (SELECT string_agg(format('"d%s": {"$anchor": "x%s"}', n, n), ',') FROM generate_series(1, 10001) AS n) || '}}', '1', '54000'), ('a URI of 3,000,000 bytes', '{"$id": "http://a.example/' || repeat('x', 3000000) || '", "$ref": "#/$defs/a", "$defs": {"a": true}}', '1', '54000'),
  ('a reference of 3,000,000 bytes', '{"$ref": "#/' || repeat('x', 3000000) || '"}', '1', '22023'), ('a reference of 2,000,000 steps', '{"$ref": "#' || repeat('/', 2000000) || '", "":' || repeat('{"":', 900) || '1' || repeat('}', 900) || '}', '1', '22023'),
  ('a dynamic reference for each schema with a URI', '{"$dynamicAnchor": "a", "$defs": {' || (SELECT string_agg(format('"d%s": {"$id": "x%s", "$dynamicAnchor": "a"}', n, n), ',') FROM generate_series(1, 3000) AS n) || '}, "prefixItems": [{"$dynamicRef": "#a"}' || repeat(',{"$dynamicRef": "#a"}', 1000) || ']}', '[]', '54000'),
  ('itself', '{"$ref": "#"}', '1', '22023'), ('itself by allOf', '{"allOf": [{"$ref": "#"}]}', '1', '22023'), ('itself by not', '{"not": {"$ref": "#"}}', '1', '22023'), ('itself by if', '{"if": {"$ref": "#"}}', '1', '22023'), ('itself by a dependency', '{"dependentSchemas": {"a": {"$ref": "#"}}}', '1', '22023'),
  ('itself by two', '{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}', '1', '22023'), ('itself by 5,000', '{"$ref": "#/$defs/d1", "$defs": {' || (SELECT string_agg(format('"d%s": {"$ref": "#/$defs/d%s"}', n, n % 5000 + 1), ',') FROM generate_series(1, 5000) AS n) || '}}', '1', '22023'),
  ('itself by a dynamic reference', '{"$dynamicAnchor": "a", "$dynamicRef": "#a"}', '1', '22023'), ('itself by a dynamic reference of another schema', '{"$id": "http://a.example/a", "$dynamicAnchor": "a", "$ref": "b", "$defs": {"b": {"$id": "b", "$dynamicAnchor": "a", "anyOf": [{"$dynamicRef": "#a"}]}}}', '1', '22023'),
  ('a meta-schema that is itself', '{"$id": "http://a.example/a", "$schema": "http://a.example/a"}', '1', 'valid'), ('a meta-schema that nobody knows', '{"$schema": "http://a.example/b"}', '1', '22023'), ('a file', '{"$ref": "file:///etc/passwd"}', '1', '22023'), ('a URI that is none', '{"$ref": "http://[::1"}', '1', '22023'),
  ('a chain of 5,000 references', '{"$ref": "#/$defs/d1", "$defs": {"d5001": {"type": "string"},' || (SELECT string_agg(format('"d%s": {"$ref": "#/$defs/d%s"}', n, n + 1), ',') FROM generate_series(1, 5000) AS n) || '}}', '1', 'invalid'),
  ('2^40 ways', '{"$ref": "#/$defs/d1", "$defs": {"d41": false,' || (SELECT string_agg(format('"d%s": {"anyOf": [{"$ref": "#/$defs/d%s"}, {"$ref": "#/$defs/d%s"}]}', n, n + 1, n + 1), ',') FROM generate_series(1, 40) AS n) || '}}', '1', '54000'),
  ('2^40 ways, all of them right', '{"$ref": "#/$defs/d1", "$defs": {"d41": true,' || (SELECT string_agg(format('"d%s": {"allOf": [{"$ref": "#/$defs/d%s"}, {"$ref": "#/$defs/d%s"}]}', n, n + 1, n + 1), ',') FROM generate_series(1, 40) AS n) || '}}', '1', '54000'),
  ('no schema', '1', '1', '22023'), ('an array for a schema', '[]', '1', '22023'), ('null for a schema', 'null', '1', '22023'), ('a string for a schema', '"string"', '1', '22023'), ('a wrong schema where nothing comes', '{"properties": {"a": {"items": 1}}}', '1', '22023');

-- Much work for one value.
INSERT INTO poison VALUES
  ('100,000 schemas for a string of 2 MB', '{"allOf": [{"minLength": 1, "maxLength": 9999999}' || repeat(',{"minLength": 1, "maxLength": 9999999}', 100000) || ']}', '"' || repeat('ä', 1000000) || '"', '54000'),
  ('10,000 schemas for an array of 100,000 items', '{"allOf": [{"items": {"type": "integer"}}' || repeat(',{"items": {"type": "integer"}}', 10000) || ']}', '[1' || repeat(',1', 100000) || ']', '54000'),
  ('3,000 schemas that evaluate 100,000 items', '{"unevaluatedItems": false, "allOf": [{"contains": true}' || repeat(',{"contains": true}', 3000) || ']}', '[1' || repeat(',1', 100000) || ']', '54000'),
  ('1,000 patterns for 50,000 keys', '{"patternProperties": {' || (SELECT string_agg(format('"(a|b)x%s": true', n), ',') FROM generate_series(1, 1000) AS n) || '}}', '{' || (SELECT string_agg(format('"k%s": 1', n), ',') FROM generate_series(1, 50000) AS n) || '}', '54000'),
  ('100,000 objects for 1,000 properties', '{"items": {"properties": {' || (SELECT string_agg(format('"p%s": true', n), ',') FROM generate_series(1, 1000) AS n) || '}, "required": ["p1000"]}}', '[{"p1000": 1}' || repeat(',{"p1000": 1}', 99999) || ']', 'valid'),
  ('50 divisors of 60,000 digits', '{"allOf": [{"multipleOf": 1' || repeat('7', 60000) || '}' || repeat(',{"multipleOf": 1' || repeat('7', 60000) || '}', 49) || ']}', '1e131000', '54000'),
  ('an enumeration of 200,000 numbers, for 100,000', '{"items": {"enum": [' || (SELECT string_agg(n::text, ',') FROM generate_series(1, 200000) AS n) || ']}}', '[' || (SELECT string_agg((n * 2)::text, ',') FROM generate_series(1, 100000) AS n) || ']', 'valid'),
  ('an enumeration of 200,000 strings', '{"items": {"enum": [' || (SELECT string_agg('"s' || n || '"', ',') FROM generate_series(1, 200000) AS n) || ']}}', '["s1", "s200000", "s200001"]', 'invalid'),
  ('an enumeration of 100,000 arrays, for 1,000', '{"items": {"enum": [' || (SELECT string_agg(format('[%s, 0]', n), ',') FROM generate_series(1, 100000) AS n) || ']}}', '[' || (SELECT string_agg(format('[%s, 0]', 100000 - n), ',') FROM generate_series(1, 1000) AS n) || ']', '54000'),
  ('arrays that are made to share a hash', '{"uniqueItems": true}', (SELECT '[' || string_agg(a, ',') || ']' FROM (SELECT '[' || string_agg(CASE WHEN (i >> b) & 1 = 1 THEN '0' ELSE 'false' END, ',' ORDER BY b) || ']' AS a FROM generate_series(0, 16383) AS i, generate_series(0, 13) AS b GROUP BY i) AS x), 'valid'),
  ('the same, two of them equal', '{"uniqueItems": true}', (SELECT '[' || string_agg(a, ',') || ']' FROM (SELECT '[' || string_agg(CASE WHEN (i % 16383 >> b) & 1 = 1 THEN '0' ELSE 'false' END, ',' ORDER BY b) || ']' AS a FROM generate_series(0, 16383) AS i, generate_series(0, 13) AS b GROUP BY i) AS x), 'invalid'),
  ('a constant of 20,000 items', '{"const": [' || (SELECT string_agg(n::text, ',') FROM generate_series(1, 20000) AS n) || ']}', '[' || (SELECT string_agg(n || '.0', ',') FROM generate_series(1, 20000) AS n) || ']', 'valid'),
  ('a constant of 20,000 items, the last one wrong', '{"const": [' || (SELECT string_agg(n::text, ',') FROM generate_series(1, 20000) AS n) || ', 1]}', '[' || (SELECT string_agg(n || '.0', ',') FROM generate_series(1, 20000) AS n) || ', 2]', 'invalid'),
  ('a constant of 1,000 levels', '{"const": ' || repeat('[', 1000) || repeat(']', 1000) || '}', repeat('[', 1000) || repeat(']', 1000), 'valid'), ('20,000 required properties', '{"required": [' || (SELECT string_agg(format('"k%s"', n), ',') FROM generate_series(1, 20000) AS n) || ']}', '{"k1": 1}', 'invalid'),
  ('a name that is required twice', '{"required": ["a", "\u0061"]}', '{}', '22023'), ('20,000 dependencies', '{"dependentRequired": {' || (SELECT string_agg(format('"k%s": ["k%s"]', n, n + 1), ',') FROM generate_series(1, 20000) AS n) || '}}', '{"k1": 1, "k2": 1, "k3": 1}', 'invalid');

-- Regular expressions that explode, in one engine or another.
INSERT INTO poison
SELECT 'the regular expression ' || left(regex, 60) || ' for ' || left(t, 20), jsonb_build_object('pattern', regex)::text, to_jsonb(t)::text, outcome FROM (VALUES
  ('(x+x+)+y', repeat('x', 100000), 'invalid'), ('^(a+)+$', repeat('a', 50000) || 'b', 'invalid'), ('^(a|a)*$', repeat('a', 50000) || 'b', 'invalid'), ('^(a|aa)+$', repeat('a', 50000) || 'b', 'invalid'), ('^(.*a){12}$', repeat('a', 5000), 'valid'), ('(.*)*$', repeat('a', 20000), 'valid'),
  ('^(([a-z])+.)+[A-Z]([a-z])+$', repeat('a', 20000), 'invalid'), ('(?=(x+x+)+y)z', repeat('x', 2000), 'invalid'), ('(?<=a*)b', repeat('a', 2000) || 'b', 'valid'), ('^(?!(a+)+$)', repeat('a', 2000), 'invalid'), ('(a?){100}a{100}', repeat('a', 100), 'valid'), ('(a*)*(b*)*c', repeat('ab', 20000), 'invalid'),
  ('(((a{250}){250}){250}){250}', 'a', '22023'), ('a{100001}', 'a', '22023'), ('a{99999}', 'a', '22023'), ('(([ab]?){250}){250}', 'a', '22023'), ('(a)\1', 'aa', '22023'), ('(?<n>a)\k<n>', 'aa', '22023'), ('(?<n>a)(?<n>b)', 'ab', '22023'), ('[', 'a', '22023'), ('(', 'a', '22023'), (')', 'a', '22023'), ('a**', 'a', '22023'), ('{2}', 'a', '22023'),
  ('[z-a]', 'a', '22023'), ('\', 'a', '22023'), ('\p{Nothing}', 'a', '22023'), ('\p{', 'a', '22023'), ('\u{110000}', 'a', '22023'), ('(?<', 'a', '22023'), ('a{2,1}', 'a', '22023'), ('***:a', 'a', '22023'), ('(?i)a', 'A', '22023'), ('[[:alpha:]]', 'a', 'invalid'), ('[[:alpha:]]', 'a]', 'valid'), ('\m', 'a', '22023'), ('^\w{1,600}$', repeat('a', 600), 'valid'),
  (repeat('(', 4000) || 'a' || repeat(')', 4000), 'a', 'valid'), (repeat('a?', 400) || repeat('a', 400), repeat('a', 400), 'valid'), (repeat('a', 8193), 'a', '22023'), ('[' || repeat('\p{L}', 1600) || ']', 'a', '22023'), (repeat('(?=a)', 500), 'a', 'valid'), ('((?=a)|(?=b)){100}', 'a', 'valid'), ('', '', 'valid'), ('^$', E'\n', 'invalid'), ('a|*', 'a', '22023')) AS v (regex, t, outcome)
UNION ALL VALUES
  ('200 regular expressions that are large', '{"allOf": [' || (SELECT string_agg(format('{"pattern": "%s(([ab]?){250}){2}"}', n), ',') FROM generate_series(1, 200) AS n) || ']}', '"a"', '54000'),
  ('200 conditions that are large', '{"allOf": [' || (SELECT string_agg(format('{"pattern": "%s(?=([ab]?[cd]?){200})"}', n), ',') FROM generate_series(1, 200) AS n) || ']}', '"a"', '54000'),
  ('2,001 regular expressions', '{"patternProperties": {' || (SELECT string_agg(format('"^x%s": true', n), ',') FROM generate_series(1, 2001) AS n) || '}}', '{}', '54000'),
  ('a regular expression of 1 MB', '{"pattern": "' || repeat('(a|b)', 200000) || '"}', '"a"', '22023');

-- Numbers at both ends, against what numeric says.
INSERT INTO poison
SELECT format('%s %s for the number %s', keyword, left(k, 20), left(n, 20)), format('{"%s": %s}', keyword, k), n,
  CASE WHEN CASE keyword WHEN 'multipleOf' THEN mod(n::numeric, k::numeric) = 0 WHEN 'minimum' THEN n::numeric >= k::numeric WHEN 'exclusiveMaximum' THEN n::numeric < k::numeric ELSE n::numeric = k::numeric END THEN 'valid' ELSE 'invalid' END
FROM (VALUES ('0'), ('-0.0'), ('1e131000'), ('-1e131000'), ('1e-16000'), ('9999999999999999'), ('1e16'), ('12345678901234567890.5'), ('0.30'), (repeat('9', 400))) AS v (n),
     (VALUES ('multipleOf', '3'), ('multipleOf', '1e-16000'), ('multipleOf', '0.1'), ('multipleOf', repeat('7', 300)), ('minimum', '1e131000'), ('minimum', '1e-16000'), ('exclusiveMaximum', '10000000000000000'), ('const', '1e16'), ('const', '0.3')) AS w (keyword, k)
UNION ALL SELECT format('%s %s for %s', keyword, left(k, 20), left(doc, 20)), format('{"%s": %s}', keyword, k), doc, outcome FROM (VALUES
  ('minLength', '1e131000', '"a"', 'invalid'), ('maxLength', '1e131000', '"a"', 'valid'), ('minLength', '4294967296', '"a"', 'invalid'), ('maxItems', '4294967295', '[1]', 'valid'), ('minItems', '2.0', '[1]', 'invalid'), ('minItems', '-1', '[1]', '22023'), ('minItems', '1.5', '[1]', '22023'), ('maxItems', '-0', '[1]', 'invalid'),
  ('minProperties', '1e20', '{}', 'invalid'), ('multipleOf', '0', '1', '22023'), ('multipleOf', '-1', '1', '22023'), ('multipleOf', '"1"', '1', '22023'), ('type', '"integer"', '1e131000', 'valid'), ('type', '"integer"', '1e-16000', 'invalid'), ('type', '"integer"', '1.00000000000000000000000000000', 'valid'), ('type', '[]', '1', '22023'),
  ('type', '"any"', '1', '22023'), ('enum', '1', '1', '22023'), ('maxLength', '"1"', '1', '22023'), ('uniqueItems', '1', '1', '22023'), ('properties', '[]', '1', '22023'), ('required', '[1]', '1', '22023'), ('items', '[]', '1', '22023'), ('allOf', '[]', '1', '22023'), ('pattern', '1', '1', '22023'), ('$ref', '1', '1', '22023'), ('$anchor', '"1 2"', '1', '22023'),
  ('$id', '"#a"', '1', 'valid'), ('dependentRequired', '{"a": "b"}', '1', '22023'), ('if', 'null', '1', '22023'), ('format', '1', '1', '22023')) AS v (keyword, k, doc, outcome);
