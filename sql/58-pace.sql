CREATE TYPE pace AS (
	events bigint,
	duration interval,
	shortest_gap interval,
	p10_gap interval,
	median_gap interval,
	p90_gap interval,
	longest_gap interval
);

COMMENT ON TYPE pace IS 'How fast and how evenly events follow each other: their number, and percentiles of the time between neighbours';

CREATE FUNCTION pace_transition(internal, timestamptz) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_pace_transition';

COMMENT ON FUNCTION pace_transition(internal, timestamptz) IS 'Internal: transition of session_pace';

CREATE FUNCTION pace_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_pace_combine';

COMMENT ON FUNCTION pace_combine(internal, internal) IS 'Internal: combination of two states of session_pace';

CREATE FUNCTION pace_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_pace_serialize';

COMMENT ON FUNCTION pace_serialize(internal) IS 'Internal: serialization of a state of session_pace';

CREATE FUNCTION pace_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_pace_deserialize';

COMMENT ON FUNCTION pace_deserialize(bytea, internal) IS 'Internal: deserialization of a state of session_pace';

CREATE FUNCTION pace_final(internal) RETURNS pace
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_pace_final';

COMMENT ON FUNCTION pace_final(internal) IS 'Internal: result of session_pace';

CREATE AGGREGATE session_pace(ts timestamptz) (
	SFUNC = pace_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = pace_final,
	COMBINEFUNC = pace_combine,
	SERIALFUNC = pace_serialize,
	DESERIALFUNC = pace_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE session_pace(timestamptz) IS 'How fast and how evenly the group''s events follow each other';

CREATE FUNCTION bot_signs(
	pace pace,
	max_per_minute numeric DEFAULT 60,
	max_spread numeric DEFAULT 0.5,
	max_duration interval DEFAULT '12 hours',
	min_events bigint DEFAULT 20
) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN (pace).events IS NULL THEN NULL
	WHEN (pace).events < min_events OR (pace).events < 2 THEN '{}'::text[]
	ELSE array_remove(ARRAY[
		CASE WHEN ((pace).events - 1) * 60 > max_per_minute * extract(epoch FROM (pace).duration) THEN 'fast' END,
		CASE WHEN extract(epoch FROM (pace).p90_gap) - extract(epoch FROM (pace).p10_gap)
		          <= max_spread * extract(epoch FROM (pace).median_gap) THEN 'regular' END,
		CASE WHEN (pace).duration > max_duration THEN 'long' END], NULL)
END;

COMMENT ON FUNCTION bot_signs(pace, numeric, numeric, interval, bigint) IS
'What about a session''s pace looks like a machine: fast, regular, long; empty where nothing does';
