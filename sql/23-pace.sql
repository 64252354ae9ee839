CREATE TYPE sessionize.pace AS (
	events bigint,
	duration interval,
	shortest_gap interval,
	p10_gap interval,
	median_gap interval,
	p90_gap interval,
	longest_gap interval
);

COMMENT ON TYPE sessionize.pace IS 'How fast and how evenly events follow each other: their number, and percentiles of the time between neighbours';

CREATE FUNCTION sessionize.pace_transition(internal, timestamptz) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_pace_transition';

COMMENT ON FUNCTION sessionize.pace_transition(internal, timestamptz) IS 'Internal: transition of session_pace';

CREATE FUNCTION sessionize.pace_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_pace_combine';

COMMENT ON FUNCTION sessionize.pace_combine(internal, internal) IS 'Internal: combination of two states of session_pace';

CREATE FUNCTION sessionize.pace_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_pace_serialize';

COMMENT ON FUNCTION sessionize.pace_serialize(internal) IS 'Internal: serialization of a state of session_pace';

CREATE FUNCTION sessionize.pace_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_pace_deserialize';

COMMENT ON FUNCTION sessionize.pace_deserialize(bytea, internal) IS 'Internal: deserialization of a state of session_pace';

CREATE FUNCTION sessionize.pace_final(internal) RETURNS sessionize.pace
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_pace_final';

COMMENT ON FUNCTION sessionize.pace_final(internal) IS 'Internal: result of session_pace';

CREATE AGGREGATE sessionize.session_pace(ts timestamptz) (
	SFUNC = sessionize.pace_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = sessionize.pace_final,
	COMBINEFUNC = sessionize.pace_combine,
	SERIALFUNC = sessionize.pace_serialize,
	DESERIALFUNC = sessionize.pace_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.session_pace(timestamptz) IS 'How fast and how evenly the group''s events follow each other';

CREATE FUNCTION sessionize.bot_signs(
	pace sessionize.pace,
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

COMMENT ON FUNCTION sessionize.bot_signs(sessionize.pace, numeric, numeric, interval, bigint) IS
'What about a session''s pace looks like a machine: fast, regular, long; empty where nothing does';
