CREATE FUNCTION sessionize.funnel_transition(internal, timestamptz, interval, boolean[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE SUPPORT sessionize.session_transition_support
AS 'MODULE_PATHNAME', 'sz_funnel_transition';

COMMENT ON FUNCTION sessionize.funnel_transition(internal, timestamptz, interval, boolean[]) IS
'Internal: transition of funnel and funnel_times';

CREATE FUNCTION sessionize.funnel_transition(internal, timestamptz, interval, text, boolean[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE SUPPORT sessionize.session_transition_support
AS 'MODULE_PATHNAME', 'sz_funnel_mode_transition';

COMMENT ON FUNCTION sessionize.funnel_transition(internal, timestamptz, interval, text, boolean[]) IS
'Internal: transition of funnel and funnel_times with a mode';

-- The costs tell the planner what a partial state costs that is sent to another process and merged there, as
-- those of session_agg do.
CREATE FUNCTION sessionize.funnel_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_funnel_combine';

COMMENT ON FUNCTION sessionize.funnel_combine(internal, internal) IS
'Internal: combination of two states of funnel and funnel_times';

CREATE FUNCTION sessionize.funnel_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_funnel_serialize';

COMMENT ON FUNCTION sessionize.funnel_serialize(internal) IS
'Internal: serialization of a state of funnel and funnel_times';

CREATE FUNCTION sessionize.funnel_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_funnel_deserialize';

COMMENT ON FUNCTION sessionize.funnel_deserialize(bytea, internal) IS
'Internal: deserialization of a state of funnel and funnel_times';

CREATE FUNCTION sessionize.funnel_final(internal) RETURNS integer
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_funnel_final';

COMMENT ON FUNCTION sessionize.funnel_final(internal) IS 'Internal: result of funnel';

CREATE FUNCTION sessionize.funnel_times_final(internal) RETURNS timestamptz[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_funnel_times_final';

COMMENT ON FUNCTION sessionize.funnel_times_final(internal) IS 'Internal: result of funnel_times';

CREATE AGGREGATE sessionize.funnel(ts timestamptz, within interval, VARIADIC steps boolean[]) (
	SFUNC = sessionize.funnel_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = sessionize.funnel_final,
	COMBINEFUNC = sessionize.funnel_combine,
	SERIALFUNC = sessionize.funnel_serialize,
	DESERIALFUNC = sessionize.funnel_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.funnel(timestamptz, interval, boolean[]) IS
'How many of the steps were reached one after the other, the last no later than within after the first';

CREATE AGGREGATE sessionize.funnel(ts timestamptz, within interval, mode text, VARIADIC steps boolean[]) (
	SFUNC = sessionize.funnel_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = sessionize.funnel_final,
	COMBINEFUNC = sessionize.funnel_combine,
	SERIALFUNC = sessionize.funnel_serialize,
	DESERIALFUNC = sessionize.funnel_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.funnel(timestamptz, interval, text, boolean[]) IS
'How many of the steps were reached one after the other, in the sense of the mode, the last no later than within after the first';

CREATE AGGREGATE sessionize.funnel_times(ts timestamptz, within interval, VARIADIC steps boolean[]) (
	SFUNC = sessionize.funnel_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = sessionize.funnel_times_final,
	COMBINEFUNC = sessionize.funnel_combine,
	SERIALFUNC = sessionize.funnel_serialize,
	DESERIALFUNC = sessionize.funnel_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.funnel_times(timestamptz, interval, boolean[]) IS
'When each of the steps was reached that were reached one after the other, the last no later than within after the first';

CREATE AGGREGATE sessionize.funnel_times(ts timestamptz, within interval, mode text, VARIADIC steps boolean[]) (
	SFUNC = sessionize.funnel_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = sessionize.funnel_times_final,
	COMBINEFUNC = sessionize.funnel_combine,
	SERIALFUNC = sessionize.funnel_serialize,
	DESERIALFUNC = sessionize.funnel_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.funnel_times(timestamptz, interval, text, boolean[]) IS
'When each of the steps was reached that were reached one after the other, in the sense of the mode, the last no later than within after the first';
