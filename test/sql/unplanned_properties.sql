-- Properties that events have and their contracts do not name: the report agrees with plain SQL.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szup;
SET search_path = szup, public;
-- what a schema names
CREATE FUNCTION unnamed(schema jsonb, doc jsonb, documents jsonb DEFAULT '{}') RETURNS text LANGUAGE sql RETURN
	(SELECT string_agg(path || '=' || value::text, ' ' ORDER BY path COLLATE "C", value) FROM sessionize.unnamed_properties(jsonb_build_array(schema), doc, jsonb_build_array(documents)));
SELECT n, unnamed(schema, doc) FROM (VALUES
	(1, '{"properties": {"a": true}}'::jsonb, '{"a": 1, "b": {"c": 2}, "d/e~f": 3}'::jsonb),
	(2, '{"properties": {"a": {"properties": {"b": {}}}}, "required": ["r"]}', '{"a": {"b": 1, "c": 2}, "r": {"x": 1}}'),
	(3, '{"properties": {"l": {"items": {"properties": {"a": {}}}, "prefixItems": [{"properties": {"p": {}}}]}}}', '{"l": [{"p": 1, "a": 2}, {"p": 3, "a": 4}, 5]}'),
	(4, '{"patternProperties": {"^x": {"properties": {"a": {}}}}, "additionalProperties": false}', '{"x1": {"a": 1, "b": 2}, "x2": {"b": 3}, "y": 4}'),
	(5, '{"additionalProperties": {"properties": {"a": {}}}}', '{"k": {"a": 1, "b": 2}}'),
	(6, '{"additionalProperties": true, "properties": {"a": {"properties": {"b": {}}}}}', '{"k": 1, "a": {"c": 3}}'),
	(7, '{"allOf": [{"properties": {"a": {}}}], "anyOf": [{"properties": {"b": {}}}], "oneOf": [{"properties": {"c": {}}}], "if": {"properties": {"d": {}}}, "then": {"properties": {"e": {}}}, "else": {"properties": {"f": {}}}, "not": {"properties": {"g": {}}}, "dependentSchemas": {"z": {"properties": {"h": {}}}}}', '{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8, "i": 9}'),
	(8, '{"$ref": "#/$defs/t", "$defs": {"t": {"properties": {"v": {}, "next": {"$ref": "#/$defs/t"}}}}}', '{"v": 1, "next": {"v": 2, "next": {"v": 3, "w": 4}}}'),
	(9, '{"unevaluatedProperties": {"properties": {"a": {}}}, "properties": {"l": {"contains": {"properties": {"q": {}}}, "unevaluatedItems": {"properties": {"u": {}}}}}}', '{"o": {"a": 1, "b": 2}, "l": [{"q": 1, "u": 2, "v": 3}]}'),
	(10, 'true', '{"a": 1}'), (11, 'false', '[[{"a": 1}], "s"]'), (12, '{}', '5')) AS t (n, schema, doc);
SELECT unnamed('{"$ref": "https://x.example/a"}', '{"a": 1, "b": 2}', '{"https://x.example/a": {"properties": {"a": {}}}}');
SELECT * FROM sessionize.unnamed_properties('[{"properties": {"a": {}}}, {"properties": {"b": {}, "a": {"properties": {"c": {}}}}}]', '{"a": {"c": 1, "d": 2}, "b": 3, "e": 4}', '[{}, {}]');
SELECT * FROM sessionize.unnamed_properties('[]', '{"a": 1}', '[]');
SELECT * FROM sessionize.unnamed_properties('{}', '{"a": 1}', '[]');
SELECT * FROM sessionize.unnamed_properties('[{}]', '{"a": 1}', '[]');
SELECT count(*) FROM sessionize.unnamed_properties('[{}]', NULL, '[{}]');

-- of a pipeline: other names than those of the contract, an expression, a contract for all events, filtered rows, rows without a document
CREATE TABLE raw (id bigint, visitor text, at timestamptz, event_name text, properties jsonb, context jsonb, is_bot boolean);
CREATE INDEX ON raw (visitor, at, id);
INSERT INTO raw SELECT n, 'v' || n % 11, '2026-01-01Z'::timestamptz + n * interval '1 minute', (ARRAY['order', 'view', 'click', NULL])[n % 4 + 1],
	CASE WHEN n % 13 > 0 THEN jsonb_strip_nulls(jsonb_build_object('total', n, 'coupon', CASE WHEN n % 3 = 0 THEN 'c' || n END, 'extra', CASE WHEN n % 5 = 0 THEN n END, 'lines',
		CASE WHEN n % 2 = 0 THEN jsonb_build_array(jsonb_build_object('sku', 1, 'size', n % 7), jsonb_build_object('size', 3, 'weight', n)) END)) END,
	jsonb_build_object('app', '1.' || n % 3, 'os', 'x', 'locale', 'de'), n % 17 = 0 FROM generate_series(1, 900) AS n;
SELECT sessionize.create_pipeline('szup_web', 'szup.raw', key => 'visitor', event_time => 'at', raw_id => 'id', filter => 'NOT is_bot');
SELECT sessionize.create_contract('szup_web', 'order', '1-0-0', '{"properties": {"total": {"type": "number"}, "lines": {"items": {"properties": {"sku": {}}}}}}');
SELECT sessionize.create_contract('szup_web', 'order', '1-0-1', '{"properties": {"total": {"type": "number"}, "coupon": {}, "extra": {}, "lines": {}}}', activate => false, compatibility => 'NONE');
SELECT sessionize.create_contract('szup_web', 'view', '1-0-0', '{"properties": {"total": {"type": "string"}}}');
SELECT sessionize.create_contract('szup_web', NULL, '1-0-0', '{"properties": {"app": {}}}', about => 'context');
SELECT sessionize.create_contract('szup_web', 'view', '1-0-0', '{"properties": {"os": {}}}', about => 'context');
CREATE TABLE report AS SELECT * FROM sessionize.unplanned_properties('szup_web');
SELECT event_name, about, path, events, first_seen, last_seen, raw_id, sample FROM report ORDER BY about, event_name, path;
CREATE FUNCTION expected(since timestamptz) RETURNS TABLE (event_name text, about text, path text, events bigint, first_seen timestamptz, last_seen timestamptz) LANGUAGE sql
BEGIN ATOMIC
	WITH r AS (SELECT * FROM raw WHERE NOT is_bot AND (since IS NULL OR at >= since)),
	parts AS (
		SELECT r.id, r.at, r.event_name, 'properties' AS about, '/' || k AS path FROM r, jsonb_object_keys(r.properties) AS k
		WHERE r.event_name = 'order' AND k NOT IN ('total', 'lines') OR r.event_name = 'view' AND k <> 'total'
		UNION SELECT r.id, r.at, r.event_name, 'properties', '/lines/*/' || k FROM r, jsonb_array_elements(r.properties -> 'lines') AS l, jsonb_object_keys(l) AS k WHERE r.event_name = 'order' AND k <> 'sku'
		UNION SELECT r.id, r.at, r.event_name, 'context', '/' || k FROM r, jsonb_object_keys(r.context) AS k WHERE k <> 'app' AND NOT (r.event_name IS NOT DISTINCT FROM 'view' AND k = 'os'))
	SELECT event_name, about, path, count(*), min(at), max(at) FROM parts GROUP BY 1, 2, 3;
END;
SELECT count(*) FROM ((SELECT event_name, about, path, events, first_seen, last_seen FROM report EXCEPT ALL SELECT * FROM expected(NULL))
	UNION ALL (SELECT * FROM expected(NULL) EXCEPT ALL SELECT event_name, about, path, events, first_seen, last_seen FROM report)) AS d;
CREATE TABLE recent AS SELECT * FROM sessionize.unplanned_properties('szup_web', '2026-01-01 09:00Z');
SELECT count(*), (SELECT sum(events) FROM recent) < (SELECT sum(events) FROM report) AS fewer FROM ((SELECT event_name, about, path, events, first_seen, last_seen FROM recent EXCEPT ALL SELECT * FROM expected('2026-01-01 09:00Z'))
	UNION ALL (SELECT * FROM expected('2026-01-01 09:00Z') EXCEPT ALL SELECT event_name, about, path, events, first_seen, last_seen FROM recent)) AS d;
SELECT sessionize.deactivate_contract('szup_web', 'order'), sessionize.deactivate_contract('szup_web', 'view'), sessionize.deactivate_contract('szup_web', 'view', 'context'), sessionize.deactivate_contract('szup_web', NULL, 'context');
SELECT count(*) FROM sessionize.unplanned_properties('szup_web');
SELECT * FROM sessionize.unplanned_properties('nosuch');
CREATE ROLE regress_szup;
SET ROLE regress_szup;
SELECT * FROM sessionize.unplanned_properties('szup_web');
RESET ROLE;
DROP ROLE regress_szup;
SELECT sessionize.drop_pipeline('szup_web');
DROP SCHEMA szup CASCADE;
