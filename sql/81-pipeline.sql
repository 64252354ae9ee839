CREATE FUNCTION sessionize.create_pipeline(
	name           text,
	source         text,
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
	gap            interval DEFAULT '30 minutes',
	max_duration   interval DEFAULT '24 hours',
	max_events     bigint DEFAULT NULL,
	midnight       text DEFAULT NULL,
	time_zone      text DEFAULT 'UTC',
	dedup_window   interval DEFAULT '7 days',
	skew_threshold interval DEFAULT '5 minutes',
	max_lead       interval DEFAULT '5 minutes',
	store_events   boolean DEFAULT true,
	capture        boolean DEFAULT true,
	filter         text DEFAULT NULL,
	oldest         interval DEFAULT NULL,
	too_old        text DEFAULT 'clamp',
	restart_on_change text DEFAULT NULL,
	bounce         text DEFAULT NULL,
	loaded_at      boolean DEFAULT false,
	id_name        text DEFAULT NULL
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_create_pipeline'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.create_pipeline IS 'define a pipeline on a raw events table: makes the schema "name" with its tables and views, all empty';

CREATE FUNCTION sessionize.drop_pipeline(name text, cascade boolean DEFAULT false) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_pipeline'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.drop_pipeline IS 'drop a pipeline with all it has derived; the raw events table stays';

CREATE FUNCTION sessionize.alter_pipeline_owner(name text, new_owner regrole) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_alter_pipeline_owner'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.alter_pipeline_owner IS 'give a pipeline to another role: its schema with all tables and views, and its schedule';

CREATE FUNCTION sessionize.pipeline_ddl() RETURNS event_trigger
AS 'MODULE_PATHNAME', 'sessionize_pipeline_ddl'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.pipeline_ddl() IS 'event trigger: warns when what belongs to a pipeline gets another name, schema or owner';

CREATE FUNCTION sessionize.pipeline_drop() RETURNS event_trigger
AS 'MODULE_PATHNAME', 'sessionize_pipeline_drop'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.pipeline_drop() IS 'event trigger: warns when the view or the dirty log of a pipeline is dropped';

CREATE EVENT TRIGGER sessionize_pipeline_ddl ON ddl_command_end WHEN TAG IN ('ALTER SCHEMA', 'ALTER TABLE', 'ALTER VIEW')
EXECUTE FUNCTION sessionize.pipeline_ddl();
ALTER EVENT TRIGGER sessionize_pipeline_ddl ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER sessionize_pipeline_ddl IS 'what belongs to a pipeline is renamed, moved or given away';

CREATE EVENT TRIGGER sessionize_pipeline_drop ON sql_drop EXECUTE FUNCTION sessionize.pipeline_drop();
ALTER EVENT TRIGGER sessionize_pipeline_drop ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER sessionize_pipeline_drop IS 'what belongs to a pipeline is dropped';
