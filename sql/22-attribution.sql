CREATE TYPE sessionize.channel_share AS (
	channel text,
	share numeric,
	touches bigint
);

COMMENT ON TYPE sessionize.channel_share IS 'What a channel gets of a conversion, and how many touches it had';

CREATE FUNCTION sessionize.attribution_transition(internal, text, timestamptz, text) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_attribution_transition';

COMMENT ON FUNCTION sessionize.attribution_transition(internal, text, timestamptz, text) IS
'Internal: transition of attribution';

CREATE FUNCTION sessionize.attribution_transition(internal, text, timestamptz, text, interval) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_attribution_transition';

COMMENT ON FUNCTION sessionize.attribution_transition(internal, text, timestamptz, text, interval) IS
'Internal: transition of attribution';

CREATE FUNCTION sessionize.attribution_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_attribution_combine';

COMMENT ON FUNCTION sessionize.attribution_combine(internal, internal) IS
'Internal: combination of two states of attribution';

CREATE FUNCTION sessionize.attribution_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_attribution_serialize';

COMMENT ON FUNCTION sessionize.attribution_serialize(internal) IS 'Internal: serialization of a state of attribution';

CREATE FUNCTION sessionize.attribution_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_attribution_deserialize';

COMMENT ON FUNCTION sessionize.attribution_deserialize(bytea, internal) IS
'Internal: deserialization of a state of attribution';

CREATE FUNCTION sessionize.attribution_final(internal) RETURNS sessionize.channel_share[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_attribution_final';

COMMENT ON FUNCTION sessionize.attribution_final(internal) IS 'Internal: result of attribution';

CREATE AGGREGATE sessionize.attribution(channel text, ts timestamptz, model text) (
	SFUNC = sessionize.attribution_transition,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = sessionize.attribution_final,
	COMBINEFUNC = sessionize.attribution_combine,
	SERIALFUNC = sessionize.attribution_serialize,
	DESERIALFUNC = sessionize.attribution_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.attribution(text, timestamptz, text) IS
'How a conversion is shared out among the channels touched before it, by the model first, last, linear, position or time_decay; shares add up to 1';

CREATE AGGREGATE sessionize.attribution(channel text, ts timestamptz, model text, half_life interval) (
	SFUNC = sessionize.attribution_transition,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = sessionize.attribution_final,
	COMBINEFUNC = sessionize.attribution_combine,
	SERIALFUNC = sessionize.attribution_serialize,
	DESERIALFUNC = sessionize.attribution_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.attribution(text, timestamptz, text, interval) IS
'How a conversion is shared out among the channels touched before it; under time_decay a touch counts half as much as one half_life later';
