CREATE FUNCTION sessionize.infer_contract(pipeline text, event_name text, since timestamptz DEFAULT NULL, about text DEFAULT 'properties')
RETURNS TABLE (schema jsonb, events bigint, without_document bigint, all_events bigint, coverage numeric, properties jsonb)
AS 'MODULE_PATHNAME', 'sessionize_infer_contract'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION sessionize.infer_contract IS 'propose a JSON Schema for the events of a name from the raw rows of a pipeline, which are all valid by it, with how often each property occurs';

CREATE FUNCTION sessionize.dry_run_contract(
	pipeline   text,
	event_name text,
	schema     jsonb,
	since      timestamptz DEFAULT NULL,
	about      text DEFAULT 'properties',
	mode       text DEFAULT 'quarantine'
) RETURNS TABLE (
	events bigint, without_document bigint, passed bigint, failed bigint, kept_out bigint, pass_rate numeric, violations jsonb
)
AS 'MODULE_PATHNAME', 'sessionize_dry_run_contract'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION sessionize.dry_run_contract IS 'count which raw rows of a pipeline are valid by a JSON Schema, and what is wrong with the others; nothing is written';

CREATE FUNCTION sessionize.preview_contract(
	pipeline   text,
	event_name text,
	schema     jsonb,
	about      text DEFAULT 'properties',
	sample     double precision DEFAULT NULL
) RETURNS TABLE (part text, now text, changed text)
AS 'MODULE_PATHNAME', 'sessionize_preview_contract'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 20;
COMMENT ON FUNCTION sessionize.preview_contract IS 'what a pipeline would derive if events that are not valid by a JSON Schema were kept out, side by side with what it derives now; nothing is written';
