CREATE FUNCTION sessionize.session_transition_support(internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_session_transition_support';

COMMENT ON FUNCTION sessionize.session_transition_support(internal) IS
'Internal: tells the extension that the planner is about to plan an aggregate that SessionGroup computes';

CREATE FUNCTION sessionize.session_transition(internal, timestamptz, interval) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE SUPPORT sessionize.session_transition_support
AS 'MODULE_PATHNAME', 'sz_session_transition';

COMMENT ON FUNCTION sessionize.session_transition(internal, timestamptz, interval) IS
'Internal: transition of session_agg and session_count';

-- The costs tell the planner what a partial state costs that is sent to another process and merged there, so
-- that it aggregates in parallel where the groups are few and large, and not where most rows are a group.
CREATE FUNCTION sessionize.session_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_session_combine';

COMMENT ON FUNCTION sessionize.session_combine(internal, internal) IS
'Internal: combination of two states of session_agg and session_count';

CREATE FUNCTION sessionize.session_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_session_serialize';

COMMENT ON FUNCTION sessionize.session_serialize(internal) IS
'Internal: serialization of a state of session_agg and session_count';

CREATE FUNCTION sessionize.session_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_session_deserialize';

COMMENT ON FUNCTION sessionize.session_deserialize(bytea, internal) IS
'Internal: deserialization of a state of session_agg and session_count';

CREATE FUNCTION sessionize.session_agg_final(internal) RETURNS sessionize.session[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_session_agg_final';

COMMENT ON FUNCTION sessionize.session_agg_final(internal) IS 'Internal: result of session_agg';

CREATE FUNCTION sessionize.session_count_final(internal) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_session_count_final';

COMMENT ON FUNCTION sessionize.session_count_final(internal) IS 'Internal: result of session_count';

CREATE AGGREGATE sessionize.session_agg(ts timestamptz, gap interval) (
	SFUNC = sessionize.session_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = sessionize.session_agg_final,
	COMBINEFUNC = sessionize.session_combine,
	SERIALFUNC = sessionize.session_serialize,
	DESERIALFUNC = sessionize.session_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_agg(timestamptz, interval) IS
'The sessions of events at ts, ascending: a new one starts where the next event is more than gap away';

CREATE AGGREGATE sessionize.session_count(ts timestamptz, gap interval) (
	SFUNC = sessionize.session_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = sessionize.session_count_final,
	COMBINEFUNC = sessionize.session_combine,
	SERIALFUNC = sessionize.session_serialize,
	DESERIALFUNC = sessionize.session_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_count(timestamptz, interval) IS
'The number of sessions of events at ts: a new one starts where the next event is more than gap away';
