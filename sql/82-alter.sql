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
	bounce         text DEFAULT NULL,
	key            text DEFAULT NULL,
	event_time     text DEFAULT NULL,
	event_id       text DEFAULT NULL,
	event_name     text DEFAULT NULL,
	user_id        text DEFAULT NULL,
	page           text DEFAULT NULL,
	sent_at        text DEFAULT NULL,
	received_at    text DEFAULT NULL,
	raw_id         text DEFAULT NULL,
	page_view      text DEFAULT NULL,
	restart        text DEFAULT NULL,
	restart_on_change text DEFAULT NULL,
	definition     jsonb DEFAULT NULL,
	loaded_at      boolean DEFAULT NULL
) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_alter_pipeline'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.alter_pipeline IS 'change the rules of a pipeline, or what its columns are taken from, the others stay; true if that makes another star, which the next refresh or rebuild builds';

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
	bounce         text DEFAULT NULL,
	key            text DEFAULT NULL,
	event_time     text DEFAULT NULL,
	event_id       text DEFAULT NULL,
	event_name     text DEFAULT NULL,
	user_id        text DEFAULT NULL,
	page           text DEFAULT NULL,
	sent_at        text DEFAULT NULL,
	received_at    text DEFAULT NULL,
	raw_id         text DEFAULT NULL,
	page_view      text DEFAULT NULL,
	restart        text DEFAULT NULL,
	restart_on_change text DEFAULT NULL,
	definition     jsonb DEFAULT NULL,
	sample         double precision DEFAULT NULL
) RETURNS TABLE (
	rules text, keys bigint, events bigint, duplicates bigint, quarantined bigint, filtered bigint, sessions bigint, bounces bigint,
	longest interval, bounce_rate numeric, mean_duration interval, measures jsonb
)
AS 'MODULE_PATHNAME', 'sessionize_preview_pipeline'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 2;
COMMENT ON FUNCTION sessionize.preview_pipeline IS 'count what the definition of a pipeline makes of its raw rows now, and what it would with the changes of alter_pipeline; nothing is written';

CREATE FUNCTION sessionize.preview_definition(name text, definition jsonb, sample double precision DEFAULT NULL)
RETURNS TABLE (part text, now text, changed text)
LANGUAGE sql STABLE PARALLEL UNSAFE COST 1000000 ROWS 20
BEGIN ATOMIC
	WITH previews AS MATERIALIZED (
		SELECT p.rules, p.measures, pg_catalog.to_jsonb(p) AS parts
		FROM sessionize.preview_pipeline(preview_definition.name, definition => preview_definition.definition, sample => preview_definition.sample) AS p
	), all_parts AS (
		SELECT p.rules, a.n, a.part, p.parts OPERATOR(pg_catalog.->>) a.part AS value
		FROM previews AS p, pg_catalog.unnest('{keys,events,duplicates,quarantined,filtered,sessions,bounces,bounce_rate,mean_duration,longest}'::text[])
		     WITH ORDINALITY AS a (part, n)
		UNION ALL
		SELECT p.rules, 100, 'measure ' OPERATOR(pg_catalog.||) m.key, m.value FROM previews AS p, pg_catalog.jsonb_each_text(p.measures) AS m
	)
	SELECT a.part, pg_catalog.max(a.value) FILTER (WHERE a.rules OPERATOR(pg_catalog.=) 'now'),
	       pg_catalog.max(a.value) FILTER (WHERE a.rules OPERATOR(pg_catalog.=) 'changed')
	FROM all_parts AS a GROUP BY a.n, a.part ORDER BY a.n, a.part;
END;
COMMENT ON FUNCTION sessionize.preview_definition IS 'what preview_pipeline counts by another definition, side by side with what it counts now; nothing is written';
