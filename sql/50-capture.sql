CREATE TABLE sessionize.rebuild_need (
	need_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline_id int NOT NULL,
	need        text NOT NULL CHECK (need IN ('rows added', 'rows removed', 'rows changed', 'not captured')),
	detail      text NOT NULL,
	noted_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE sessionize.rebuild_need IS 'what has happened to a pipeline''s raw rows that its dirty log does not tell: only a rebuild makes the star right, and takes its rows out of here';
COMMENT ON COLUMN sessionize.rebuild_need.pipeline_id IS 'no foreign key: a collector must not fail over a pipeline that is being dropped';

REVOKE ALL ON sessionize.rebuild_need FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.rebuild_need', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.rebuild_need_need_id_seq', '');

CREATE FUNCTION sessionize.capture() RETURNS trigger
AS 'MODULE_PATHNAME', 'sessionize_capture'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.capture() IS 'trigger on a raw table and its partitions: logs the keys of inserted, updated and deleted rows; made by create_pipeline';

-- evaluated with the rights of whoever inserts into a raw table
CREATE FUNCTION sessionize.not_captured(pipeline_id int, VARIADIC columns "any") RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_not_captured'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
GRANT EXECUTE ON FUNCTION sessionize.not_captured TO PUBLIC;
COMMENT ON FUNCTION sessionize.not_captured IS 'condition of the trigger for rows inserted into a raw table: logs the row''s key and returns false, or leaves the row to the trigger and returns true; made by create_pipeline';

CREATE FUNCTION sessionize.capture_truncate() RETURNS trigger
AS 'MODULE_PATHNAME', 'sessionize_capture_truncate'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.capture_truncate() IS 'trigger on a raw table or partition: what TRUNCATE takes away; made by create_pipeline';

CREATE FUNCTION sessionize.capture_ddl() RETURNS event_trigger
AS 'MODULE_PATHNAME', 'sessionize_capture_ddl'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.capture_ddl() IS 'event trigger: partitions attached to and detached from a raw table, its triggers disabled, its columns changed';

CREATE FUNCTION sessionize.capture_drop() RETURNS event_trigger
AS 'MODULE_PATHNAME', 'sessionize_capture_drop'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.capture_drop() IS 'event trigger: partitions of a raw table dropped';

CREATE EVENT TRIGGER sessionize_capture_ddl ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE')
EXECUTE FUNCTION sessionize.capture_ddl();
ALTER EVENT TRIGGER sessionize_capture_ddl ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER sessionize_capture_ddl IS 'what DDL on raw tables means for their pipelines';

CREATE EVENT TRIGGER sessionize_capture_drop ON sql_drop
WHEN TAG IN ('DROP TABLE', 'DROP FOREIGN TABLE', 'DROP TRIGGER', 'DROP SCHEMA', 'DROP OWNED', 'DROP SERVER', 'DROP TYPE', 'DROP EXTENSION')
EXECUTE FUNCTION sessionize.capture_drop();
ALTER EVENT TRIGGER sessionize_capture_drop ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER sessionize_capture_drop IS 'what dropping partitions of raw tables means for their pipelines';

CREATE FUNCTION sessionize.mark_dirty(
	name  text,
	key   text DEFAULT NULL,
	since timestamptz DEFAULT '-infinity',
	until timestamptz DEFAULT 'infinity'
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_mark_dirty'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.mark_dirty IS 'have the next refresh derive a key again, or with key NULL all keys with events in the range';

CREATE FUNCTION sessionize.enable_capture(name text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_enable_capture'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.enable_capture IS 'make the triggers anew that log what changes in the raw table, where they are missing or do not always fire';
