CREATE TYPE sessionize.concurrency AS (
	bucket timestamptz,
	started bigint,
	active bigint,
	peak bigint
);

COMMENT ON TYPE sessionize.concurrency IS
'A bucket of time: when it begins, how many sessions started in it, were open at any time in it, and at one time at most';

CREATE FUNCTION sessionize.concurrency_transition(internal, timestamptz, timestamptz, interval) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_transition';

COMMENT ON FUNCTION sessionize.concurrency_transition(internal, timestamptz, timestamptz, interval) IS
'Internal: transition of session_concurrency';

CREATE FUNCTION sessionize.concurrency_transition(internal, timestamptz, timestamptz, interval, timestamptz) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_transition';

COMMENT ON FUNCTION sessionize.concurrency_transition(internal, timestamptz, timestamptz, interval, timestamptz) IS
'Internal: transition of session_concurrency with an origin';

-- The costs tell the planner what a partial state costs that is sent to another process and merged there, as
-- those of session_agg do.
CREATE FUNCTION sessionize.concurrency_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_concurrency_combine';

COMMENT ON FUNCTION sessionize.concurrency_combine(internal, internal) IS
'Internal: combination of two states of session_concurrency';

CREATE FUNCTION sessionize.concurrency_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_concurrency_serialize';

COMMENT ON FUNCTION sessionize.concurrency_serialize(internal) IS
'Internal: serialization of a state of session_concurrency';

CREATE FUNCTION sessionize.concurrency_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_concurrency_deserialize';

COMMENT ON FUNCTION sessionize.concurrency_deserialize(bytea, internal) IS
'Internal: deserialization of a state of session_concurrency';

CREATE FUNCTION sessionize.concurrency_final(internal) RETURNS sessionize.concurrency[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_final';

COMMENT ON FUNCTION sessionize.concurrency_final(internal) IS 'Internal: result of session_concurrency';

CREATE AGGREGATE sessionize.session_concurrency(started_at timestamptz, ended_at timestamptz, bucket interval) (
	SFUNC = sessionize.concurrency_transition,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = sessionize.concurrency_final,
	COMBINEFUNC = sessionize.concurrency_combine,
	SERIALFUNC = sessionize.concurrency_serialize,
	DESERIALFUNC = sessionize.concurrency_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_concurrency(timestamptz, timestamptz, interval) IS
'How many sessions were open in each bucket of time, from the first start to the last end; buckets begin at multiples of their length from 2000-01-01 00:00 UTC';

CREATE AGGREGATE sessionize.session_concurrency(started_at timestamptz, ended_at timestamptz, bucket interval, origin timestamptz) (
	SFUNC = sessionize.concurrency_transition,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = sessionize.concurrency_final,
	COMBINEFUNC = sessionize.concurrency_combine,
	SERIALFUNC = sessionize.concurrency_serialize,
	DESERIALFUNC = sessionize.concurrency_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_concurrency(timestamptz, timestamptz, interval, timestamptz) IS
'How many sessions were open in each bucket of time, from the first start to the last end; buckets begin at multiples of their length from origin';

CREATE TYPE sessionize.open_sessions AS (
	since timestamptz,
	open bigint
);

COMMENT ON TYPE sessionize.open_sessions IS 'How many sessions are open from an instant on, until the next';

CREATE FUNCTION sessionize.concurrency_transition(internal, timestamptz, timestamptz) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_transition';

COMMENT ON FUNCTION sessionize.concurrency_transition(internal, timestamptz, timestamptz) IS
'Internal: transition of session_concurrency without buckets';

CREATE FUNCTION sessionize.concurrency_changes_final(internal) RETURNS sessionize.open_sessions[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_changes_final';

COMMENT ON FUNCTION sessionize.concurrency_changes_final(internal) IS
'Internal: result of session_concurrency without buckets';

CREATE AGGREGATE sessionize.session_concurrency(started_at timestamptz, ended_at timestamptz) (
	SFUNC = sessionize.concurrency_transition,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = sessionize.concurrency_changes_final,
	COMBINEFUNC = sessionize.concurrency_combine,
	SERIALFUNC = sessionize.concurrency_serialize,
	DESERIALFUNC = sessionize.concurrency_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_concurrency(timestamptz, timestamptz) IS
'How many sessions were open at each instant: a row for each at which their number changes';
