CREATE FUNCTION sessionize.path_transition(internal, text, timestamptz) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_path_transition';

COMMENT ON FUNCTION sessionize.path_transition(internal, text, timestamptz) IS 'Internal: transition of path_agg';

CREATE FUNCTION sessionize.path_transition(internal, text, timestamptz, int) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_path_transition';

COMMENT ON FUNCTION sessionize.path_transition(internal, text, timestamptz, int) IS 'Internal: transition of path_agg';

CREATE FUNCTION sessionize.path_transition(internal, text, timestamptz, int, text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_path_transition';

COMMENT ON FUNCTION sessionize.path_transition(internal, text, timestamptz, int, text) IS
'Internal: transition of path_agg';

CREATE FUNCTION sessionize.path_transition(internal, text, timestamptz, int, text, anyelement) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_path_transition';

COMMENT ON FUNCTION sessionize.path_transition(internal, text, timestamptz, int, text, anyelement) IS
'Internal: transition of path_agg';

CREATE FUNCTION sessionize.path_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_path_combine';

COMMENT ON FUNCTION sessionize.path_combine(internal, internal) IS 'Internal: combination of two states of path_agg';

CREATE FUNCTION sessionize.path_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_path_serialize';

COMMENT ON FUNCTION sessionize.path_serialize(internal) IS 'Internal: serialization of a state of path_agg';

CREATE FUNCTION sessionize.path_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_path_deserialize';

COMMENT ON FUNCTION sessionize.path_deserialize(bytea, internal) IS 'Internal: deserialization of a state of path_agg';

CREATE FUNCTION sessionize.path_final(internal) RETURNS text[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_path_final';

COMMENT ON FUNCTION sessionize.path_final(internal) IS 'Internal: result of path_agg';

CREATE AGGREGATE sessionize.path_agg(node text, ts timestamptz) (
	SFUNC = sessionize.path_transition,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = sessionize.path_final,
	COMBINEFUNC = sessionize.path_combine,
	SERIALFUNC = sessionize.path_serialize,
	DESERIALFUNC = sessionize.path_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.path_agg(text, timestamptz) IS 'The nodes of the group''s events, in order of time';

CREATE AGGREGATE sessionize.path_agg(node text, ts timestamptz, max_steps int) (
	SFUNC = sessionize.path_transition,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = sessionize.path_final,
	COMBINEFUNC = sessionize.path_combine,
	SERIALFUNC = sessionize.path_serialize,
	DESERIALFUNC = sessionize.path_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.path_agg(text, timestamptz, int) IS
'The first max_steps nodes of the group''s events, in order of time';

CREATE AGGREGATE sessionize.path_agg(node text, ts timestamptz, max_steps int, loops text) (
	SFUNC = sessionize.path_transition,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = sessionize.path_final,
	COMBINEFUNC = sessionize.path_combine,
	SERIALFUNC = sessionize.path_serialize,
	DESERIALFUNC = sessionize.path_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.path_agg(text, timestamptz, int, text) IS
'The first max_steps nodes of the group''s events, in order of time, once loops are treated: keep, repeats (A A B is A B) or cycles (A B C B D is A B D)';

CREATE AGGREGATE sessionize.path_agg(node text, ts timestamptz, max_steps int, loops text, tie_breaker anyelement) (
	SFUNC = sessionize.path_transition,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = sessionize.path_final,
	COMBINEFUNC = sessionize.path_combine,
	SERIALFUNC = sessionize.path_serialize,
	DESERIALFUNC = sessionize.path_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.path_agg(text, timestamptz, int, text, anyelement) IS
'The first max_steps nodes of the group''s events, in order of time, those of one time in the order of the tie_breaker, once loops are treated';

CREATE FUNCTION sessionize.path_edges(path text[]) RETURNS TABLE (step int, source text, target text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 10
AS 'MODULE_PATHNAME', 'sz_path_edges';

COMMENT ON FUNCTION sessionize.path_edges(text[]) IS
'The pairs of neighbours on a path, numbered from 1: the links of a Sankey diagram';

CREATE FUNCTION sessionize.path_before(path text[], node text, steps int DEFAULT NULL) RETURNS text[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_path_before';

COMMENT ON FUNCTION sessionize.path_before(text[], text, int) IS
'The part of a path that ends where the node is first, with up to so many steps before it; NULL where the node is not on the path';

CREATE FUNCTION sessionize.path_after(path text[], node text, steps int DEFAULT NULL) RETURNS text[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_path_after';

COMMENT ON FUNCTION sessionize.path_after(text[], text, int) IS
'The part of a path that begins where the node is first, with up to so many steps after it; NULL where the node is not on the path';
