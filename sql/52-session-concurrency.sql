CREATE TYPE concurrency AS (
	bucket timestamptz,
	started bigint,
	active bigint,
	peak bigint
);

COMMENT ON TYPE concurrency IS
'A bucket of time: when it begins, how many sessions started in it, were open at any time in it, and at one time at most';

CREATE FUNCTION concurrency_transition(internal, timestamptz, timestamptz, interval) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_transition';

COMMENT ON FUNCTION concurrency_transition(internal, timestamptz, timestamptz, interval) IS
'Internal: transition of session_concurrency';

CREATE FUNCTION concurrency_transition(internal, timestamptz, timestamptz, interval, timestamptz) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_transition';

COMMENT ON FUNCTION concurrency_transition(internal, timestamptz, timestamptz, interval, timestamptz) IS
'Internal: transition of session_concurrency with an origin';

-- The costs tell the planner what a partial state costs that is sent to another process and merged there, as
-- those of session_agg do.
CREATE FUNCTION concurrency_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_concurrency_combine';

COMMENT ON FUNCTION concurrency_combine(internal, internal) IS
'Internal: combination of two states of session_concurrency';

CREATE FUNCTION concurrency_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_concurrency_serialize';

COMMENT ON FUNCTION concurrency_serialize(internal) IS
'Internal: serialization of a state of session_concurrency';

CREATE FUNCTION concurrency_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_concurrency_deserialize';

COMMENT ON FUNCTION concurrency_deserialize(bytea, internal) IS
'Internal: deserialization of a state of session_concurrency';

CREATE FUNCTION concurrency_final(internal) RETURNS concurrency[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_final';

COMMENT ON FUNCTION concurrency_final(internal) IS 'Internal: result of session_concurrency';

CREATE AGGREGATE session_concurrency(started_at timestamptz, ended_at timestamptz, bucket interval) (
	SFUNC = concurrency_transition,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = concurrency_final,
	COMBINEFUNC = concurrency_combine,
	SERIALFUNC = concurrency_serialize,
	DESERIALFUNC = concurrency_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE session_concurrency(timestamptz, timestamptz, interval) IS
'How many sessions were open in each bucket of time, from the first start to the last end; buckets begin at multiples of their length from 2000-01-01 00:00 UTC';

CREATE AGGREGATE session_concurrency(started_at timestamptz, ended_at timestamptz, bucket interval, origin timestamptz) (
	SFUNC = concurrency_transition,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = concurrency_final,
	COMBINEFUNC = concurrency_combine,
	SERIALFUNC = concurrency_serialize,
	DESERIALFUNC = concurrency_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE session_concurrency(timestamptz, timestamptz, interval, timestamptz) IS
'How many sessions were open in each bucket of time, from the first start to the last end; buckets begin at multiples of their length from origin';

CREATE TYPE open_sessions AS (
	since timestamptz,
	open bigint
);

COMMENT ON TYPE open_sessions IS 'How many sessions are open from an instant on, until the next';

CREATE FUNCTION concurrency_transition(internal, timestamptz, timestamptz) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_transition';

COMMENT ON FUNCTION concurrency_transition(internal, timestamptz, timestamptz) IS
'Internal: transition of session_concurrency without buckets';

CREATE FUNCTION concurrency_changes_final(internal) RETURNS open_sessions[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_concurrency_changes_final';

COMMENT ON FUNCTION concurrency_changes_final(internal) IS
'Internal: result of session_concurrency without buckets';

CREATE AGGREGATE session_concurrency(started_at timestamptz, ended_at timestamptz) (
	SFUNC = concurrency_transition,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = concurrency_changes_final,
	COMBINEFUNC = concurrency_combine,
	SERIALFUNC = concurrency_serialize,
	DESERIALFUNC = concurrency_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE session_concurrency(timestamptz, timestamptz) IS
'How many sessions were open at each instant: a row for each at which their number changes';
