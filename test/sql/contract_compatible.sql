-- contract_compatible against a table of pairs that was written by hand: whether the new version
-- accepts all that the old one accepts (backward), and the other way round (forward).
\set SHOW_CONTEXT never
CREATE SCHEMA contract_compatible_test;
SET search_path = contract_compatible_test;
-- The example of the reference.
SELECT mode, c.*
FROM unnest(ARRAY['backward', 'forward']) AS mode,
     sessionize.contract_compatible(
       '{"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "price": {"type": "integer"}}}',
       '{"type": "object", "required": ["sku", "currency"], "properties": {"sku": {"type": "string"}, "price": {"type": "number"}, "currency": {"enum": ["EUR", "USD"]}}}',
       mode) AS c;

CREATE TABLE pair (n serial, about text, old jsonb, new jsonb, backward boolean, forward boolean);
INSERT INTO pair (about, old, new, backward, forward) VALUES
-- whole schemas
('true and an empty schema', 'true', '{}', true, true),
('nothing is allowed', 'true', 'false', false, true),
('what allows nothing', 'false', '{"type": "string"}', true, false),
('annotations', '{"type": "string"}', '{"type": "string", "title": "t", "description": "d", "default": 1, "examples": [2], "$comment": "c", "x-owner": {"a": 1}, "deprecated": true}', true, true),
('annotations below', '{"properties": {"a": {"type": "string"}}}', '{"properties": {"a": {"type": "string", "title": "t"}}}', true, true),
('a property that is called like an annotation', '{"properties": {"title": {"type": "string"}}}', '{"properties": {"title": {"type": "integer"}}}', false, false),
('a draft is named', '{"type": "string"}', '{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string"}', true, true),
('two drafts', '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["a"]}', '{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["a"]}', true, true),
-- type
('a type is wanted', '{}', '{"type": "string"}', false, true),
('integers are numbers', '{"type": "integer"}', '{"type": "number"}', true, false),
('other types', '{"type": "string"}', '{"type": "integer"}', false, false),
('one type more', '{"type": "string"}', '{"type": ["string", "null"]}', true, false),
('types in another order', '{"type": ["null", "string"]}', '{"type": ["string", "null"]}', true, true),
('integer and number', '{"type": ["integer", "number"]}', '{"type": "number"}', true, true),
('all types', '{}', '{"type": ["null", "boolean", "number", "string", "array", "object"]}', true, true),
-- enum, const
('a value more', '{"enum": ["a", "b"]}', '{"enum": ["a", "b", "c"]}', true, false),
('values in another order', '{"enum": ["a", "b"]}', '{"enum": ["b", "a"]}', true, true),
('const of an enum', '{"const": "a"}', '{"enum": ["a", "b"]}', true, false),
('const and enum of one', '{"const": {"a": [1]}}', '{"enum": [{"a": [1.0]}]}', true, true),
('another const', '{"const": 1}', '{"const": 2}', false, false),
('values have a type', '{"enum": ["a", "b"]}', '{"type": "string"}', true, false),
('values of two types', '{"enum": ["a", 1]}', '{"type": "string"}', false, false),
('values within bounds', '{"enum": [1, 2, 3]}', '{"minimum": 1, "maximum": 3}', true, false),
('a value beyond bounds', '{"enum": [1, 2, 3]}', '{"maximum": 2}', false, false),
('values that a type leaves', '{"type": "string", "enum": ["a", 1]}', '{"enum": ["a"]}', true, true),
('values that a bound leaves', '{"enum": [1, 2, 3], "maximum": 2}', '{"enum": [1, 2]}', true, true),
('booleans are an enum', '{"type": "boolean"}', '{"enum": [true, false]}', true, true),
('null is a const', '{"type": ["null"]}', '{"const": null}', true, true),
('booleans and null', '{"type": ["boolean", "null"]}', '{"enum": [null, false, true]}', true, true),
('a value matches a pattern', '{"enum": ["ab", "ac"]}', '{"pattern": "^a"}', true, false),
('a value does not match', '{"enum": ["ab", "b"]}', '{"pattern": "^a"}', false, false),
('a value has a length', '{"enum": ["ab", "äö"]}', '{"minLength": 2, "maxLength": 2}', true, false),
('objects as values', '{"enum": [{"a": 1}, {"a": 2, "b": "x"}]}', '{"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"], "additionalProperties": false}', true, false),
('an object as value that lacks a property', '{"enum": [{"a": 1}, {"b": "x"}]}', '{"required": ["a"]}', false, false),
('a property of a value counts as declared', '{"const": {"a": 1}}', '{"properties": {"a": {"type": "string"}}}', false, false),
('arrays as values', '{"enum": [[1, 2], [3]]}', '{"items": {"type": "integer"}, "minItems": 1, "maxItems": 2, "uniqueItems": true}', true, false),
('an array as value with equal items', '{"const": [1, 1.0]}', '{"uniqueItems": true}', false, false),
('a value and a number it must divide by', '{"enum": [4, 6]}', '{"multipleOf": 2}', true, false),
-- numbers
('a lower minimum', '{"type": "number", "minimum": 1}', '{"type": "number", "minimum": 0}', true, false),
('a higher maximum', '{"type": "number", "maximum": 1}', '{"type": "number", "maximum": 2}', true, false),
('exclusive or not', '{"exclusiveMinimum": 1}', '{"minimum": 1}', true, false),
('exclusive above', '{"maximum": 1}', '{"exclusiveMaximum": 1.5}', true, false),
('a bound is new', '{"type": "number"}', '{"type": "number", "maximum": 5}', false, true),
('a bound for numbers, and no numbers', '{"type": "string"}', '{"type": "string", "minimum": 5}', true, true),
('bounds twice', '{"minimum": 3, "exclusiveMinimum": 2}', '{"minimum": 3}', true, true),
('numbers of many digits', '{"minimum": 12345678901234567890.2}', '{"minimum": 12345678901234567890.1}', true, false),
('multiples', '{"multipleOf": 6}', '{"multipleOf": 3}', true, false),
('multiples of fractions', '{"multipleOf": 0.02}', '{"multipleOf": 0.01}', true, false),
('no multiples', '{"multipleOf": 4}', '{"multipleOf": 6}', false, false),
('integers are multiples of one', '{"type": "integer"}', '{"type": "integer", "multipleOf": 1}', true, true),
('integers are multiples of a half', '{"type": "integer"}', '{"type": "number", "multipleOf": 0.5}', true, false),
-- texts
('shorter', '{"minLength": 2}', '{"minLength": 1}', true, false),
('longer', '{"maxLength": 2}', '{"maxLength": 3}', true, false),
('a length is new', '{"type": "string"}', '{"type": "string", "maxLength": 5}', false, true),
('a length of zero', '{"type": "string"}', '{"type": "string", "minLength": 0}', true, true),
('a pattern goes', '{"type": "string", "pattern": "^a"}', '{"type": "string"}', true, false),
('another pattern', '{"pattern": "^a"}', '{"pattern": "^b"}', false, false),
('a wider pattern cannot be shown', '{"pattern": "^ab"}', '{"pattern": "^a"}', false, false),
('a format goes', '{"format": "date"}', '{}', true, false),
('another format', '{"format": "date"}', '{"format": "date-time"}', false, false),
-- required
('a property is required', '{"properties": {"a": {}}}', '{"properties": {"a": {}}, "required": ["a"]}', false, true),
('required in another order', '{"required": ["a", "b"]}', '{"required": ["b", "a"]}', true, true),
('one of two is required', '{"required": ["a", "b"]}', '{"required": ["b"]}', true, false),
('required of what is no object', '{"type": "string"}', '{"type": "string", "required": ["a"]}', true, true),
-- properties, open
('an optional property is new', '{"type": "object"}', '{"type": "object", "properties": {"a": {"type": "string"}}}', true, true),
('a required property is new', '{"type": "object"}', '{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}', false, true),
('a property that was required, not described', '{"type": "object", "required": ["a"]}', '{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}', false, true),
('a property is widened', '{"properties": {"a": {"type": "integer"}}}', '{"properties": {"a": {"type": "number"}}}', true, false),
('a property is allowed to be anything', '{"properties": {"a": {"type": "integer"}}}', '{"properties": {"a": true}}', true, false),
('a property within a property', '{"properties": {"a": {"properties": {"b": {"maximum": 1}}}}}', '{"properties": {"a": {"properties": {"b": {"maximum": 2}}}}}', true, false),
('an optional property within a property', '{"properties": {"a": {"type": "object"}}}', '{"properties": {"a": {"type": "object", "properties": {"b": {"type": "integer"}}}}}', true, true),
('a property is forbidden', '{"properties": {"a": {"type": "integer"}}}', '{"properties": {"a": false}}', false, true),
('a property that some alternative describes is not new', '{"anyOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["b"]}]}', '{"properties": {"a": {"type": "string"}}}', false, true),
('a property that a pattern describes is not new', '{"patternProperties": {"^x-": {"type": "integer"}}}', '{"patternProperties": {"^x-": {"type": "integer"}}, "properties": {"x-a": {"type": "string"}}}', false, true),
-- closed
('an optional property is new', '{"properties": {"a": {}}, "additionalProperties": false}', '{"properties": {"a": {}, "b": {}}, "additionalProperties": false}', true, false),
('a property goes', '{"properties": {"a": {}, "b": {}}, "additionalProperties": false}', '{"properties": {"a": {}}, "additionalProperties": false}', false, true),
('closed', '{"properties": {"a": {}}}', '{"properties": {"a": {}}, "additionalProperties": false}', false, true),
('closed, without properties', '{"type": "object", "additionalProperties": false}', '{"type": "object", "maxProperties": 0}', true, false),
('a property that cannot be is no obstacle', '{"properties": {"a": {}, "b": false}, "additionalProperties": false}', '{"properties": {"a": {}}, "additionalProperties": false}', true, true),
('other properties are described', '{"additionalProperties": {"type": "integer"}}', '{"additionalProperties": {"type": "number"}}', true, false),
('a described one of the others', '{"additionalProperties": {"type": "integer"}}', '{"properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "integer"}}', false, false),
('others are described', '{}', '{"additionalProperties": {"type": "integer"}}', false, true),
('properties by pattern', '{"patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": false}', '{"patternProperties": {"^x-": {"type": "number"}}, "additionalProperties": false}', true, false),
('a property matches a pattern', '{"properties": {"x-a": {"type": "integer"}}, "additionalProperties": false}', '{"patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": false}', true, false),
('a property does not match a pattern', '{"properties": {"y-a": {"type": "integer"}}, "additionalProperties": false}', '{"patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": false}', false, false),
('a pattern is new', '{"type": "object"}', '{"type": "object", "patternProperties": {"^x-": {"type": "integer"}}}', false, true),
('by patterns and others', '{"patternProperties": {"^a": {"type": "integer"}}, "additionalProperties": {"type": "integer"}}', '{"additionalProperties": {"type": "number"}}', true, false),
('a pattern with a condition', '{"properties": {"ab": {"type": "integer"}}, "additionalProperties": false}', '{"patternProperties": {"^(?=a)": {"type": "integer"}}, "additionalProperties": false}', true, false),
('a pattern that can''t be used', '{"properties": {"aa": {"type": "integer"}}, "additionalProperties": false}', '{"patternProperties": {"^(a)\\1": {"type": "integer"}}, "additionalProperties": false}', false, false),
('a pattern of Unicode', '{"enum": ["Ärger", "日本"]}', '{"pattern": "^\\p{L}+$"}', true, false),
('names', '{"propertyNames": {"maxLength": 3}}', '{"propertyNames": {"maxLength": 4}}', true, false),
('names of a closed object', '{"properties": {"ab": {}, "cd": {}}, "additionalProperties": false}', '{"propertyNames": {"maxLength": 2}}', true, false),
('more properties', '{"maxProperties": 2}', '{"maxProperties": 3}', true, false),
('required ones are counted', '{"type": "object", "required": ["a", "b"]}', '{"type": "object", "minProperties": 2}', true, false),
('named ones are counted', '{"properties": {"a": {}, "b": {}}, "additionalProperties": false}', '{"maxProperties": 2}', true, false),
('required with another one', '{"properties": {"a": {}, "b": {}}}', '{"properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["b"]}}', false, true),
('required anyhow', '{"required": ["b"]}', '{"required": ["b"], "dependentRequired": {"a": ["b"]}}', true, true),
('required with one that there is', '{"type": "object", "required": ["a"], "dependentRequired": {"a": ["b"]}}', '{"type": "object", "required": ["a", "b"]}', true, true),
('a schema with a property', '{"properties": {"a": {}}, "dependentSchemas": {"a": {"minProperties": 3}}}', '{"properties": {"a": {}}, "dependentSchemas": {"a": {"minProperties": 2}}}', true, false),
('draft-07 dependencies', '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {}, "b": {}}, "dependencies": {"a": ["b"], "b": {"minProperties": 2}}}', '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {}, "b": {}}, "dependencies": {"a": ["b"]}}', true, false),
('required with one, of what may be no object', '{"required": ["a"], "dependentSchemas": {"a": {"type": "object"}}}', '{"type": "object"}', false, false),
-- arrays
('items', '{"items": {"type": "integer"}}', '{"items": {"type": "number"}}', true, false),
('items are described', '{"type": "array"}', '{"type": "array", "items": {"type": "integer"}}', false, true),
('first items', '{"prefixItems": [{"type": "integer"}, {"type": "string"}]}', '{"prefixItems": [{"type": "number"}]}', true, false),
('first items and others', '{"prefixItems": [{"type": "integer"}], "items": {"type": "integer"}}', '{"items": {"type": "integer"}}', true, true),
('no more items', '{"prefixItems": [{}, {}], "items": false}', '{"maxItems": 2}', true, true),
('items that cannot be', '{"maxItems": 1, "items": {"type": "integer"}}', '{"prefixItems": [{"type": "integer"}, {"type": "string"}]}', true, false),
('draft-07 items', '{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "integer"}], "additionalItems": false}', '{"prefixItems": [{"type": "integer"}], "items": false}', true, true),
('more items', '{"maxItems": 2}', '{"maxItems": 3}', true, false),
('unique', '{"uniqueItems": true}', '{"uniqueItems": false}', true, false),
('one item is unique', '{"maxItems": 1}', '{"maxItems": 1, "uniqueItems": true}', true, true),
('contains', '{"contains": {"const": 1}}', '{"contains": {"type": "integer"}}', true, false),
('contains more', '{"contains": {"const": 1}, "minContains": 2}', '{"contains": {"const": 1}, "minContains": 1}', true, false),
('contains fewer', '{"contains": {"type": "integer"}, "maxContains": 2}', '{"contains": {"type": "integer"}, "maxContains": 3}', true, false),
('all items are what it contains', '{"type": "array", "items": {"type": "integer"}, "minItems": 1}', '{"contains": {"type": "integer"}}', true, false),
('contains nothing', '{"type": "array"}', '{"type": "array", "contains": {"type": "integer"}, "minContains": 0}', true, true),
-- references
('a reference', '{"type": "integer"}', '{"$ref": "#/$defs/a", "$defs": {"a": {"type": "number"}}}', true, false),
('the same reference, another definition', '{"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}', '{"$ref": "#/$defs/a", "$defs": {"a": {"type": "number"}}}', true, false),
('a reference by an anchor', '{"$ref": "#a", "$defs": {"x": {"$anchor": "a", "type": "integer"}}}', '{"type": "integer"}', true, true),
('a reference by the URI of the schema', '{"$id": "https://shop.example/a", "$ref": "https://shop.example/a#/$defs/a~1b", "$defs": {"a/b": {"type": "integer"}}}', '{"type": "integer"}', true, true),
('beside a reference', '{"$ref": "#/$defs/a", "minimum": 3, "$defs": {"a": {"type": "integer"}}}', '{"type": "integer", "minimum": 3}', true, true),
('beside a reference of draft-07', '{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a", "minimum": 3, "definitions": {"a": {"type": "integer"}}}', '{"type": "integer", "minimum": 3}', false, true),
('a list that refers to itself', '{"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties": {"next": {"$ref": "#/$defs/a"}, "v": {"type": "integer"}}}}}', '{"$ref": "#/$defs/b", "$defs": {"b": {"type": "object", "properties": {"next": {"$ref": "#/$defs/b"}, "v": {"type": "number"}}}}}', true, false),
('a tree that refers to its root', '{"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}', '{"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}, "maxItems": 9}}}', false, true),
('two turns of a circle', '{"properties": {"a": {"$ref": "#"}}, "required": ["b"]}', '{"properties": {"a": {"properties": {"a": {"$ref": "#"}}, "required": ["b"]}}, "required": ["b"]}', true, true),
('a circle in one place', '{"type": "string"}', '{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}', false, false),
('a circle in one place, by way of a property', '{"properties": {"a": {"$ref": "#"}}}', '{"$ref": "#/$defs/h", "$defs": {"h": {"properties": {"a": {"$ref": "#/$defs/x"}}, "allOf": [{"$ref": "#/$defs/x"}]}, "x": {"allOf": [{"$ref": "#/$defs/h"}]}}}', false, true),
('a reference that leads outside', '{"type": "string"}', '{"$ref": "https://shop.example/b"}', false, false),
('the same outside', '{"title": "a", "properties": {"a": {"$ref": "https://shop.example/b"}}}', '{"properties": {"a": {"$ref": "https://shop.example/b"}}}', true, true),
('a reference that leads nowhere', '{"$ref": "#/$defs/a"}', '{"$ref": "#/$defs/a", "title": "t"}', false, false),
('a reference to what is no schema', '{"properties": {"a": {"$ref": "#/required"}}, "required": []}', '{"properties": {"a": {"$ref": "#/required"}}, "required": [], "title": "t"}', false, false),
-- other schemas in one place
('allOf', '{"allOf": [{"type": "integer"}, {"minimum": 3}]}', '{"type": "integer", "minimum": 3}', true, true),
('allOf of objects', '{"allOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"minimum": 3}}, "required": ["a"]}]}', '{"properties": {"a": {"type": "integer", "minimum": 3}}, "required": ["a"]}', true, true),
('an alternative more', '{"anyOf": [{"type": "string"}, {"type": "integer"}]}', '{"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}', true, false),
('types and alternatives', '{"type": ["string", "null"]}', '{"anyOf": [{"type": "string"}, {"type": "null"}]}', true, true),
('alternatives of one kind', '{"anyOf": [{"minimum": 3}, {"minimum": 5}], "type": "integer"}', '{"type": "number", "minimum": 3}', true, false),
('oneOf and anyOf', '{"oneOf": [{"type": "string"}, {"type": "integer"}]}', '{"anyOf": [{"type": "string"}, {"type": "integer"}]}', true, true),
('one of more', '{"oneOf": [{"type": "string"}, {"type": "integer"}]}', '{"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}', true, false),
('oneOf that may overlap', '{"type": "integer"}', '{"oneOf": [{"type": "integer"}, {"minimum": 3}]}', false, false),
('oneOf told apart by a property', '{"oneOf": [{"type": "object", "properties": {"k": {"const": "a"}, "n": {"type": "integer"}}, "required": ["k"]}, {"type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"]}]}', '{"oneOf": [{"type": "object", "properties": {"k": {"const": "a"}, "n": {"type": "number"}}, "required": ["k"]}, {"type": "object", "properties": {"k": {"const": "b"}}, "required": ["k"]}, {"type": "object", "properties": {"k": {"const": "c"}}, "required": ["k"]}]}', true, false),
('oneOf in another order', '{"oneOf": [{"minimum": 3}, {"multipleOf": 2}]}', '{"oneOf": [{"multipleOf": 2}, {"minimum": 3}]}', true, true),
('not', '{"type": "integer"}', '{"not": {"type": "string"}}', true, false),
('not less', '{"not": {"type": ["string", "null"]}}', '{"not": {"type": "string"}}', true, false),
('not not', '{"not": {"not": {"type": "string"}}}', '{"type": "string"}', true, true),
('not a value', '{"enum": ["a", "b"], "not": {"const": "a"}}', '{"const": "b"}', true, true),
('not required', '{"not": {"required": ["a", "b"]}}', '{"not": {"required": ["a", "b", "c"]}}', true, false),
('if', '{"if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"minProperties": 3}}', '{"if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"minProperties": 2}}', true, false),
('if is new', '{"type": "number"}', '{"type": "number", "if": {"minimum": 3}, "then": {"maximum": 5}}', false, true),
('if, and both sides', '{"if": {"type": "string"}, "then": {"maxLength": 3}, "else": {"type": "integer"}}', '{"anyOf": [{"type": "string"}, {"type": "integer"}]}', true, false),
('if that never holds', '{"type": "integer"}', '{"type": "integer", "if": {"type": "string"}, "then": {"maxLength": 3}}', true, true),
-- unevaluated
('unevaluated is gone', '{"properties": {"a": {}}, "unevaluatedProperties": false}', '{"properties": {"a": {}}}', true, false),
('unevaluated and additional', '{"properties": {"a": {}}, "unevaluatedProperties": false}', '{"properties": {"a": {}}, "additionalProperties": false}', true, true),
('unevaluated beside a reference', '{"$ref": "#/$defs/a", "properties": {"b": {}}, "unevaluatedProperties": false, "$defs": {"a": {"properties": {"a": {}}}}}', '{"properties": {"a": {}, "b": {}}, "additionalProperties": false}', true, true),
('one more beside a reference', '{"$ref": "#/$defs/a", "unevaluatedProperties": false, "$defs": {"a": {"properties": {"a": {}}}}}', '{"$ref": "#/$defs/a", "properties": {"b": {}}, "unevaluatedProperties": false, "$defs": {"a": {"properties": {"a": {}}}}}', true, false),
('unevaluated beside alternatives', '{"anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}], "unevaluatedProperties": false}', '{"properties": {"a": {}, "b": {}}, "additionalProperties": false}', true, false),
('unevaluated items', '{"prefixItems": [{}], "unevaluatedItems": false}', '{"maxItems": 1}', true, true),
('unevaluated items beside others', '{"anyOf": [{"prefixItems": [{}]}], "unevaluatedItems": false}', '{"anyOf": [{"prefixItems": [{}]}], "unevaluatedItems": false, "minItems": 0}', true, true),
-- what can't be shown
('a dynamic reference', '{"$dynamicRef": "#a"}', '{"$dynamicRef": "#a", "title": "t"}', false, false),
('a value of a wrong type', '{"minimum": "a"}', '{"minimum": "a", "maximum": 3}', false, false);

SELECT count(*) >= 120 AS enough FROM pair;
-- the answers
CREATE TABLE answer AS
SELECT p.*, b.compatible AS b, b.path AS b_path, b.reason AS b_reason, f.compatible AS f, f.path AS f_path, f.reason AS f_reason
FROM pair AS p, sessionize.contract_compatible(old, new, 'backward') AS b, sessionize.contract_compatible(old, new, 'forward') AS f;
SELECT about, b, b_path, b_reason FROM answer WHERE b IS DISTINCT FROM backward;
SELECT about, f, f_path, f_reason FROM answer WHERE f IS DISTINCT FROM forward;
-- a mirror image, but for the words
SELECT about FROM answer, sessionize.contract_compatible(new, old, 'forward') AS m
WHERE (b, b_path, replace(replace(replace(b_reason, 'old version', 'x version'), 'new version', 'old version'), 'x version', 'new version'))
      IS DISTINCT FROM (m.compatible, m.path, m.reason);
-- both ways, and neither
SELECT about FROM answer, sessionize.contract_compatible(old, new, 'full') AS m
WHERE (m.compatible, m.path, m.reason) IS DISTINCT FROM
      (b AND f, CASE WHEN b THEN f_path ELSE b_path END, CASE WHEN b THEN f_reason ELSE b_reason END);
SELECT about FROM answer, sessionize.contract_compatible(old, new, 'none') AS m WHERE (m.compatible, m.path, m.reason) IS DISTINCT FROM (true, NULL, NULL);
-- path and reason are there where it is incompatible, and only there
SELECT about FROM answer WHERE (b_path IS NULL, b_reason IS NULL, f_path IS NULL, f_reason IS NULL) IS DISTINCT FROM (b, b, f, f);
-- every schema is compatible with itself
SELECT s, mode FROM (SELECT old AS s FROM pair UNION SELECT new FROM pair) AS v, unnest(ARRAY['none', 'backward', 'forward', 'full']) AS mode
WHERE NOT (sessionize.contract_compatible(s, s, mode)).compatible;
-- paths lead to a keyword of the version that refuses
SELECT about, b_path FROM answer WHERE NOT b AND b_path <> '' AND new #> regexp_split_to_array(substr(replace(replace(b_path, '~1', '/'), '~0', '~'), 2), '/') IS NULL AND about <> 'a reference by the URI of the schema';

-- What is said of some.
SELECT path, reason FROM (VALUES
  ('{"type": "number"}', '{"type": ["integer", "string"]}'),
  ('{"enum": ["red", "green"]}', '{"enum": ["red"]}'),
  ('{"properties": {"a/b": {"minimum": 1}}}', '{"properties": {"a/b": {"minimum": 2}}}'),
  ('{"type": "number"}', '{"exclusiveMaximum": 7}'),
  ('{"exclusiveMinimum": 2}', '{"minimum": 3}'),
  ('{"type": "string", "maxLength": 20}', '{"type": "string", "maxLength": 10}'),
  ('{"pattern": "^a+$"}', '{"pattern": "^a*$"}'),
  ('{"format": "date"}', '{"format": "time"}'),
  ('{"type": "object"}', '{"type": "object", "required": ["id"]}'),
  ('{"properties": {"a": {}, "b": {}}, "additionalProperties": false}', '{"properties": {"a": {}}, "additionalProperties": false}'),
  ('{"type": "object"}', '{"type": "object", "additionalProperties": false}'),
  ('{"properties": {"a": {}, "b": {}}}', '{"dependentRequired": {"a": ["b"]}}'),
  ('{"properties": {"a": {"type": "array"}}}', '{"properties": {"a": {"$ref": "#/$defs/list"}}, "$defs": {"list": {"type": "array", "maxItems": 3}}}'),
  ('{"type": "array"}', '{"type": "array", "contains": {"type": "string"}, "minContains": 2}'),
  ('{"type": "string"}', '{"anyOf": [{"maxLength": 3}, {"minLength": 4}]}'),
  ('{"type": "integer"}', '{"oneOf": [{"type": "integer"}, {"minimum": 0}]}'),
  ('{"type": "string"}', '{"not": {"maxLength": 3}}'),
  ('{"type": "string"}', '{"properties": {}, "minLength": "a"}'),
  ('{"enum": [1, 20]}', '{"maximum": 10}'),
  ('{}', 'false'),
  ('{"const": "' || repeat('ä', 100) || '"}', '{"const": 1}')
) AS v (old, new), sessionize.contract_compatible(old::jsonb, new::jsonb, 'backward');
SELECT * FROM sessionize.contract_compatible('{"type": "integer"}', '{"type": "number"}', 'full');

-- A deep chain of references, each of which is used twice, is compared once for each.
SELECT (sessionize.contract_compatible(s, jsonb_set(s, '{$defs,d40,maximum}', '9'), mode)).* FROM (
  SELECT jsonb_build_object('$ref', '#/$defs/d1', '$defs', jsonb_object_agg('d' || n, CASE WHEN n = 40 THEN '{"type": "integer"}'
    ELSE jsonb_build_object('type', 'object', 'properties', jsonb_build_object('a', jsonb_build_object('$ref', '#/$defs/d' || n + 1), 'b', jsonb_build_object('$ref', '#/$defs/d' || n + 1))) END)) AS s
  FROM generate_series(1, 40) AS n) AS v, unnest(ARRAY['backward', 'forward']) AS mode;
-- Many properties.
SELECT (sessionize.contract_compatible(s, jsonb_set(s, '{properties,p999,type}', '"number"'), mode)).* FROM (
  SELECT jsonb_build_object('type', 'object', 'additionalProperties', false, 'required', jsonb_agg('p' || n), 'properties', jsonb_object_agg('p' || n, '{"type": "integer"}'::jsonb)) AS s
  FROM generate_series(1, 1000) AS n) AS v, unnest(ARRAY['backward', 'forward']) AS mode;

-- Errors
SELECT sessionize.contract_compatible('{}', '{}', 'Backward');
SELECT sessionize.contract_compatible('{}', '{}', 'backward_transitive');
SELECT sessionize.contract_compatible('[]', '{}', 'full');
SELECT sessionize.contract_compatible('{}', '"string"', 'none');
SELECT sessionize.contract_compatible('{}', '{"$schema": "http://json-schema.org/draft-04/schema#"}', 'full');
SELECT sessionize.contract_compatible(NULL, '{}', 'full') IS NULL AS no_old, sessionize.contract_compatible('{}', NULL, 'full') IS NULL AS no_new, sessionize.contract_compatible('{}', '{}', NULL) IS NULL AS no_mode;
-- 8 to the power of 11 alternatives: too many, or too much memory
\set VERBOSITY terse
SELECT sessionize.contract_compatible(jsonb_build_object('type', 'object', 'allOf', a), '{"minProperties": 11}', 'backward') FROM (
  SELECT jsonb_agg(jsonb_build_object('anyOf', (SELECT jsonb_agg(jsonb_build_object('required', ARRAY['a' || n || '_' || m])) FROM generate_series(1, 8) AS m))) AS a FROM generate_series(1, 11) AS n) AS v;
\set VERBOSITY default
-- thousands of levels, and little room for them
CREATE TABLE deep AS SELECT (repeat('{"required": ["a"], "properties": {"a": ', 1000) || '{"type": "string"}' || repeat('}}', 1000))::jsonb AS s;
SELECT c.* FROM deep, sessionize.contract_compatible(s, s || '{"title": "t"}', 'full') AS c;
SELECT c.compatible, length(c.path), c.reason FROM deep, sessionize.contract_compatible(s, replace(s::text, 'string', 'integer')::jsonb, 'full') AS c;
SET max_stack_depth = '100kB';
DO $$
BEGIN
	PERFORM sessionize.contract_compatible(s, s || '{"title": "t"}', 'full') FROM contract_compatible_test.deep;
EXCEPTION WHEN statement_too_complex THEN
	RAISE NOTICE '%', SQLERRM;
END
$$;
RESET max_stack_depth;

SET client_min_messages = warning;
DROP SCHEMA contract_compatible_test CASCADE;

-- what the versions refer to
SELECT sessionize.contract_compatible('{"$ref": "https://x.example/a"}', '{"type": "number"}', 'backward', '{"https://x.example/a": {"type": "integer"}}');
SELECT sessionize.contract_compatible('{"$ref": "https://x.example/a"}', '{"type": "string"}', 'backward', '{"https://x.example/a": {"type": "integer"}}');
SELECT sessionize.contract_compatible('{"type": "integer"}', '{"$ref": "https://x.example/a"}', 'backward', documents => '{"https://x.example/a": {"type": "string"}}');
SELECT sessionize.contract_compatible('{"type": "integer"}', '{"$ref": "https://x.example/a"}', 'backward');
SELECT sessionize.contract_compatible('true', 'true', 'backward', '[]');
