CREATE FUNCTION sessionize.profile_transition(internal, jsonb) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'sz_profile_transition';

COMMENT ON FUNCTION sessionize.profile_transition(internal, jsonb) IS 'Internal: transition of infer_schema and property_statistics';

CREATE FUNCTION sessionize.profile_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_profile_combine';

COMMENT ON FUNCTION sessionize.profile_combine(internal, internal) IS 'Internal: combination of two states of infer_schema and property_statistics';

CREATE FUNCTION sessionize.profile_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_profile_serialize';

COMMENT ON FUNCTION sessionize.profile_serialize(internal) IS 'Internal: serialization of a state of infer_schema and property_statistics';

CREATE FUNCTION sessionize.profile_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_profile_deserialize';

COMMENT ON FUNCTION sessionize.profile_deserialize(bytea, internal) IS 'Internal: deserialization of a state of infer_schema and property_statistics';

CREATE FUNCTION sessionize.infer_schema_final(internal) RETURNS jsonb
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'sz_infer_schema_final';

COMMENT ON FUNCTION sessionize.infer_schema_final(internal) IS 'Internal: result of infer_schema';

CREATE FUNCTION sessionize.property_statistics_final(internal) RETURNS jsonb
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'sz_property_statistics_final';

COMMENT ON FUNCTION sessionize.property_statistics_final(internal) IS 'Internal: result of property_statistics';

CREATE AGGREGATE sessionize.infer_schema(doc jsonb) (
	SFUNC = sessionize.profile_transition,
	STYPE = internal,
	SSPACE = 8192,
	FINALFUNC = sessionize.infer_schema_final,
	COMBINEFUNC = sessionize.profile_combine,
	SERIALFUNC = sessionize.profile_serialize,
	DESERIALFUNC = sessionize.profile_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.infer_schema(jsonb) IS
'A JSON Schema of draft 2020-12 by which all documents are valid: types, required properties, enumerations, ranges, formats';

CREATE AGGREGATE sessionize.property_statistics(doc jsonb) (
	SFUNC = sessionize.profile_transition,
	STYPE = internal,
	SSPACE = 8192,
	FINALFUNC = sessionize.property_statistics_final,
	COMBINEFUNC = sessionize.profile_combine,
	SERIALFUNC = sessionize.profile_serialize,
	DESERIALFUNC = sessionize.profile_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.property_statistics(jsonb) IS
'How often each part of the schema that infer_schema proposes occurred, with the types, ranges and lengths of its values';
