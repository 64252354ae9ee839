CREATE FUNCTION sessionize.alter_pipeline(
	name           text,
	gap            interval DEFAULT NULL,
	max_duration   interval DEFAULT NULL,
	max_events     bigint DEFAULT NULL,
	midnight       text DEFAULT NULL,
	time_zone      text DEFAULT NULL,
	dedup_window   interval DEFAULT NULL,
	skew_threshold interval DEFAULT NULL,
	max_lead       interval DEFAULT NULL,
	oldest         interval DEFAULT NULL,
	too_old        text DEFAULT NULL,
	filter         text DEFAULT NULL,
	unset          text[] DEFAULT NULL,
	bounce         text DEFAULT NULL
) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_alter_pipeline'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.alter_pipeline IS 'change rules of a pipeline, the others stay; true if that makes another star, which the next refresh or rebuild builds';

CREATE FUNCTION sessionize.preview_pipeline(
	name           text,
	gap            interval DEFAULT NULL,
	max_duration   interval DEFAULT NULL,
	max_events     bigint DEFAULT NULL,
	midnight       text DEFAULT NULL,
	time_zone      text DEFAULT NULL,
	dedup_window   interval DEFAULT NULL,
	skew_threshold interval DEFAULT NULL,
	max_lead       interval DEFAULT NULL,
	oldest         interval DEFAULT NULL,
	too_old        text DEFAULT NULL,
	filter         text DEFAULT NULL,
	unset          text[] DEFAULT NULL,
	bounce         text DEFAULT NULL
) RETURNS TABLE (
	rules text, keys bigint, events bigint, duplicates bigint, quarantined bigint, filtered bigint, sessions bigint, bounces bigint,
	longest interval
)
AS 'MODULE_PATHNAME', 'sessionize_preview_pipeline'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 2;
COMMENT ON FUNCTION sessionize.preview_pipeline IS 'count what the rules of a pipeline make of its raw rows now, and what they would with the changes of alter_pipeline; nothing is written';
