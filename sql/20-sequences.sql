CREATE FUNCTION sessionize.sequence_transition(internal, text, timestamptz, boolean[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_sequence_transition';

COMMENT ON FUNCTION sessionize.sequence_transition(internal, text, timestamptz, boolean[]) IS
'Internal: transition of sequence_match, sequence_count and sequence_match_events';

CREATE FUNCTION sessionize.sequence_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_sequence_combine';

COMMENT ON FUNCTION sessionize.sequence_combine(internal, internal) IS
'Internal: combination of two states of sequence_match, sequence_count and sequence_match_events';

CREATE FUNCTION sessionize.sequence_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_sequence_serialize';

COMMENT ON FUNCTION sessionize.sequence_serialize(internal) IS
'Internal: serialization of a state of sequence_match, sequence_count and sequence_match_events';

CREATE FUNCTION sessionize.sequence_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_sequence_deserialize';

COMMENT ON FUNCTION sessionize.sequence_deserialize(bytea, internal) IS
'Internal: deserialization of a state of sequence_match, sequence_count and sequence_match_events';

CREATE FUNCTION sessionize.sequence_match_final(internal) RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_sequence_match_final';

COMMENT ON FUNCTION sessionize.sequence_match_final(internal) IS 'Internal: result of sequence_match';

CREATE FUNCTION sessionize.sequence_count_final(internal) RETURNS bigint
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_sequence_count_final';

COMMENT ON FUNCTION sessionize.sequence_count_final(internal) IS 'Internal: result of sequence_count';

CREATE FUNCTION sessionize.sequence_events_final(internal) RETURNS timestamptz[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_sequence_events_final';

COMMENT ON FUNCTION sessionize.sequence_events_final(internal) IS 'Internal: result of sequence_match_events';

CREATE AGGREGATE sessionize.sequence_match(pattern text, ts timestamptz, VARIADIC steps boolean[]) (
	SFUNC = sessionize.sequence_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = sessionize.sequence_match_final,
	COMBINEFUNC = sessionize.sequence_combine,
	SERIALFUNC = sessionize.sequence_serialize,
	DESERIALFUNC = sessionize.sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.sequence_match(text, timestamptz, VARIADIC boolean[]) IS
'Whether the pattern matches a chain of the group''s events, such as (?1).*(?2)(?t<=3600)(?3)';

CREATE AGGREGATE sessionize.sequence_count(pattern text, ts timestamptz, VARIADIC steps boolean[]) (
	SFUNC = sessionize.sequence_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = sessionize.sequence_count_final,
	COMBINEFUNC = sessionize.sequence_combine,
	SERIALFUNC = sessionize.sequence_serialize,
	DESERIALFUNC = sessionize.sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.sequence_count(text, timestamptz, VARIADIC boolean[]) IS
'How many chains of the group''s events the pattern matches, one after the other without overlap';

CREATE AGGREGATE sessionize.sequence_match_events(pattern text, ts timestamptz, VARIADIC steps boolean[]) (
	SFUNC = sessionize.sequence_transition,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = sessionize.sequence_events_final,
	COMBINEFUNC = sessionize.sequence_combine,
	SERIALFUNC = sessionize.sequence_serialize,
	DESERIALFUNC = sessionize.sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.sequence_match_events(text, timestamptz, VARIADIC boolean[]) IS
'The times of the events of the first chain that the pattern matches';

CREATE FUNCTION sessionize.sequence_next_transition(internal, text, text, timestamptz, boolean[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_sequence_next_transition';

COMMENT ON FUNCTION sessionize.sequence_next_transition(internal, text, text, timestamptz, boolean[]) IS
'Internal: transition of sequence_next and sequence_previous';

CREATE FUNCTION sessionize.sequence_next_combine(internal, internal) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_sequence_next_combine';

COMMENT ON FUNCTION sessionize.sequence_next_combine(internal, internal) IS
'Internal: combination of two states of sequence_next, sequence_previous and sequence_match_rows';

CREATE FUNCTION sessionize.sequence_next_serialize(internal) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_sequence_next_serialize';

COMMENT ON FUNCTION sessionize.sequence_next_serialize(internal) IS
'Internal: serialization of a state of sequence_next, sequence_previous and sequence_match_rows';

CREATE FUNCTION sessionize.sequence_next_deserialize(bytea, internal) RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'sz_sequence_next_deserialize';

COMMENT ON FUNCTION sessionize.sequence_next_deserialize(bytea, internal) IS
'Internal: deserialization of a state of sequence_next, sequence_previous and sequence_match_rows';

CREATE FUNCTION sessionize.sequence_next_final(internal) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_sequence_next_final';

COMMENT ON FUNCTION sessionize.sequence_next_final(internal) IS 'Internal: result of sequence_next';

CREATE FUNCTION sessionize.sequence_previous_final(internal) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_sequence_previous_final';

COMMENT ON FUNCTION sessionize.sequence_previous_final(internal) IS 'Internal: result of sequence_previous';

CREATE AGGREGATE sessionize.sequence_next(pattern text, value text, ts timestamptz, VARIADIC steps boolean[]) (
	SFUNC = sessionize.sequence_next_transition,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = sessionize.sequence_next_final,
	COMBINEFUNC = sessionize.sequence_next_combine,
	SERIALFUNC = sessionize.sequence_next_serialize,
	DESERIALFUNC = sessionize.sequence_next_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.sequence_next(text, text, timestamptz, VARIADIC boolean[]) IS
'The value of the event right after the first chain that the pattern matches';

CREATE AGGREGATE sessionize.sequence_previous(pattern text, value text, ts timestamptz, VARIADIC steps boolean[]) (
	SFUNC = sessionize.sequence_next_transition,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = sessionize.sequence_previous_final,
	COMBINEFUNC = sessionize.sequence_next_combine,
	SERIALFUNC = sessionize.sequence_next_serialize,
	DESERIALFUNC = sessionize.sequence_next_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.sequence_previous(text, text, timestamptz, VARIADIC boolean[]) IS
'The value of the event right before the first chain that the pattern matches';

CREATE TYPE sessionize.sequence_event AS (
	match integer,
	element integer,
	step integer,
	ts timestamptz,
	value text
);

COMMENT ON TYPE sessionize.sequence_event IS 'An event of a chain that a pattern matches, as sequence_match_rows gives it';
COMMENT ON COLUMN sessionize.sequence_event.match IS 'Number of the chain in its group, from 1';
COMMENT ON COLUMN sessionize.sequence_event.element IS 'Which of the pattern''s events it is, from 1';
COMMENT ON COLUMN sessionize.sequence_event.step IS 'The step that the pattern asks for there; NULL for a dot';
COMMENT ON COLUMN sessionize.sequence_event.ts IS 'Time of the event';
COMMENT ON COLUMN sessionize.sequence_event.value IS 'Value of the event';

CREATE FUNCTION sessionize.sequence_rows_transition(internal, text, text, timestamptz, integer, boolean[]) RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_sequence_rows_transition';

COMMENT ON FUNCTION sessionize.sequence_rows_transition(internal, text, text, timestamptz, integer, boolean[]) IS
'Internal: transition of sequence_match_rows';

CREATE FUNCTION sessionize.sequence_rows_final(internal) RETURNS sessionize.sequence_event[]
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_sequence_rows_final';

COMMENT ON FUNCTION sessionize.sequence_rows_final(internal) IS 'Internal: result of sequence_match_rows';

CREATE AGGREGATE sessionize.sequence_match_rows(pattern text, value text, ts timestamptz, max_matches integer, VARIADIC steps boolean[]) (
	SFUNC = sessionize.sequence_rows_transition,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = sessionize.sequence_rows_final,
	COMBINEFUNC = sessionize.sequence_next_combine,
	SERIALFUNC = sessionize.sequence_next_serialize,
	DESERIALFUNC = sessionize.sequence_next_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sessionize.sequence_match_rows(text, text, timestamptz, integer, VARIADIC boolean[]) IS
'The events of each chain that the pattern matches, with the number of the chain, the element of the pattern, and a value';
