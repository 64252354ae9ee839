CREATE FUNCTION sessionize.first_by_transition(internal, anyelement, anycompatible) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_first_by_transition';

COMMENT ON FUNCTION sessionize.first_by_transition(internal, anyelement, anycompatible) IS
'Internal: transition of first_by';

CREATE FUNCTION sessionize.last_by_transition(internal, anyelement, anycompatible) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_last_by_transition';

COMMENT ON FUNCTION sessionize.last_by_transition(internal, anyelement, anycompatible) IS
'Internal: transition of last_by';

CREATE FUNCTION sessionize.first_by_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_first_by_combine';

COMMENT ON FUNCTION sessionize.first_by_combine(internal, internal) IS
'Internal: combination of two states of first_by';

CREATE FUNCTION sessionize.last_by_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_last_by_combine';

COMMENT ON FUNCTION sessionize.last_by_combine(internal, internal) IS
'Internal: combination of two states of last_by';

CREATE FUNCTION sessionize.by_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_by_serialize';

COMMENT ON FUNCTION sessionize.by_serialize(internal) IS
'Internal: serialization of a state of first_by and last_by';

CREATE FUNCTION sessionize.by_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_by_deserialize';

COMMENT ON FUNCTION sessionize.by_deserialize(bytea, internal) IS
'Internal: deserialization of a state of first_by and last_by';

CREATE FUNCTION sessionize.by_final(internal, anyelement, anycompatible) RETURNS anyelement
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_by_final';

COMMENT ON FUNCTION sessionize.by_final(internal, anyelement, anycompatible) IS
'Internal: result of first_by and last_by';

CREATE AGGREGATE sessionize.first_by(value anyelement, order_by anycompatible) (
	SFUNC = sessionize.first_by_transition,
	STYPE = internal,
	SSPACE = 192,
	FINALFUNC = sessionize.by_final,
	FINALFUNC_EXTRA,
	COMBINEFUNC = sessionize.first_by_combine,
	SERIALFUNC = sessionize.by_serialize,
	DESERIALFUNC = sessionize.by_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.first_by(anyelement, anycompatible) IS
'The value of the row with the least order_by; of several such rows, the smallest value';

CREATE AGGREGATE sessionize.last_by(value anyelement, order_by anycompatible) (
	SFUNC = sessionize.last_by_transition,
	STYPE = internal,
	SSPACE = 192,
	FINALFUNC = sessionize.by_final,
	FINALFUNC_EXTRA,
	COMBINEFUNC = sessionize.last_by_combine,
	SERIALFUNC = sessionize.by_serialize,
	DESERIALFUNC = sessionize.by_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.last_by(anyelement, anycompatible) IS
'The value of the row with the greatest order_by; of several such rows, the greatest value';
