CREATE FUNCTION sessionize.validate(schema jsonb, doc jsonb, assert_format boolean DEFAULT false, documents jsonb DEFAULT '{}',
	limit_is_violation boolean DEFAULT false)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_validate';

COMMENT ON FUNCTION sessionize.validate(jsonb, jsonb, boolean, jsonb, boolean) IS
'Whether a document is valid by a JSON Schema of draft 2020-12 or draft-07';

CREATE FUNCTION sessionize.violations(schema jsonb, doc jsonb, "limit" integer DEFAULT 100, assert_format boolean DEFAULT false,
	documents jsonb DEFAULT '{}', limit_is_violation boolean DEFAULT false)
RETURNS TABLE (instance_path text, schema_path text, keyword text, message text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 5
AS 'MODULE_PATHNAME', 'sz_violations';

COMMENT ON FUNCTION sessionize.violations(jsonb, jsonb, integer, boolean, jsonb, boolean) IS
'What is wrong with a document by a JSON Schema: where, by which keyword, and why';

CREATE FUNCTION sessionize.check_schema(schema jsonb, documents jsonb DEFAULT '{}') RETURNS void
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_check_schema';

COMMENT ON FUNCTION sessionize.check_schema(jsonb, jsonb) IS
'Raises an error for a JSON Schema with a keyword that is misspelt or has a wrong value, or with a reference that leads nowhere';

CREATE FUNCTION sessionize.unnamed_properties(schemas jsonb, doc jsonb, documents jsonb)
RETURNS TABLE (path text, value jsonb)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 5
AS 'MODULE_PATHNAME', 'sz_unnamed_properties';

COMMENT ON FUNCTION sessionize.unnamed_properties(jsonb, jsonb, jsonb) IS
'The properties of a document that none of some JSON Schemas names';
