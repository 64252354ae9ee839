CREATE FUNCTION sessionize.create_rollup(
	pipeline     text,
	name         text,
	by           text[],
	measures     text[] DEFAULT '{}',
	grain        text DEFAULT 'session',
	concurrently boolean DEFAULT false
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_create_rollup'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.create_rollup IS 'keep counts and sums of the sessions, or events, of a pipeline by a grain of time and dimensions, as a view of the pipeline''s schema that each refresh keeps exact';

CREATE FUNCTION sessionize.drop_rollup(pipeline text, name text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_rollup'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.drop_rollup IS 'drop a rollup of a pipeline';

CREATE FUNCTION sessionize.enable_event_counts(pipeline text, source text DEFAULT NULL, version text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_enable_event_counts'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.enable_event_counts IS 'have the refreshes of a pipeline count its events by hour, name, source and version, for event_counts()';

CREATE FUNCTION sessionize.event_counts(pipeline name, since timestamptz, until timestamptz, "by" text DEFAULT 'source,event_name,version')
RETURNS TABLE (
	hour timestamptz, source text, event_name text, version text,
	events bigint, duplicates bigint, conflicts bigint, corrected bigint, clamped bigint, late bigint, quarantined bigint
)
AS 'MODULE_PATHNAME', 'sessionize_event_counts'
LANGUAGE C STABLE PARALLEL UNSAFE COST 10000 ROWS 1000;
COMMENT ON FUNCTION sessionize.event_counts IS 'the events of a pipeline by hour, source, name and version, with what became of their raw rows, from the rollup that enable_event_counts() makes';

CREATE FUNCTION sessionize.live_rollup(pipeline_id int, number int) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_live_rollup'
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 100000 ROWS 1000;
COMMENT ON FUNCTION sessionize.live_rollup(int, int) IS 'what a rollup lacks of changes that no refresh has seen yet; what its view NAME_live is made of';
