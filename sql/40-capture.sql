CREATE TABLE sessionize.captured_table (
	relid           oid NOT NULL,
	pipeline_id     int NOT NULL,
	row_trigger     oid,
	made_in         bigint,
	restored_blocks bigint,
	restored_at     timestamptz,
	PRIMARY KEY (relid, pipeline_id)
);
CREATE INDEX captured_table_pipeline ON sessionize.captured_table (pipeline_id);
COMMENT ON TABLE sessionize.captured_table IS 'the tables that capture watches for each pipeline, its raw table and every partition: what the catalogs say besides has come or gone without an event trigger; not dumped, since OIDs mean nothing in another database';
COMMENT ON COLUMN sessionize.captured_table.row_trigger IS 'its trigger for deleted rows: another one would mean that it had none for a while; NULL where it is not known, as between a trigger that was dropped and the next';
COMMENT ON COLUMN sessionize.captured_table.made_in IS 'the system identifier of the cluster that the trigger''s OID is of: pg_upgrade keeps the OIDs of tables, not those of triggers';
COMMENT ON COLUMN sessionize.captured_table.restored_blocks IS 'of a table that came out of a dump with its trigger: how many blocks of rows it had then; NULL once it is known that the star stands for no other rows, or the trigger was made here';
COMMENT ON COLUMN sessionize.captured_table.restored_at IS 'and when that was';
REVOKE ALL ON sessionize.captured_table FROM PUBLIC;

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

CREATE FUNCTION sessionize.reject() RETURNS trigger
AS 'MODULE_PATHNAME', 'sessionize_reject'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.reject() IS 'trigger on a raw table and its partitions: an inserted or updated row that violates a contract of mode reject is an error; made by create_contract';

-- evaluated with the rights of whoever inserts into a raw table
CREATE FUNCTION sessionize.not_accepted(pipeline_id int, raw_row record) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_not_accepted'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
GRANT EXECUTE ON FUNCTION sessionize.not_accepted TO PUBLIC;
COMMENT ON FUNCTION sessionize.not_accepted IS 'condition of the trigger for contracts of mode reject: an error for a row that violates one, else false, or true to leave the row to the trigger; made by create_contract';

CREATE FUNCTION sessionize.capture_truncate() RETURNS trigger
AS 'MODULE_PATHNAME', 'sessionize_capture_truncate'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.capture_truncate() IS 'trigger on a raw table or partition: what TRUNCATE takes away; made by create_pipeline';

CREATE FUNCTION sessionize.capture_ddl() RETURNS event_trigger
AS 'MODULE_PATHNAME', 'sessionize_capture_ddl'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.capture_ddl() IS 'event trigger: partitions made, attached and detached, triggers disabled or replaced, columns changed, tables renamed; refuses tables whose changes can''t be captured';

CREATE FUNCTION sessionize.capture_drop() RETURNS event_trigger
AS 'MODULE_PATHNAME', 'sessionize_capture_drop'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.capture_drop() IS 'event trigger: raw tables, partitions and capture triggers dropped';

CREATE EVENT TRIGGER sessionize_capture_ddl ON ddl_command_end
WHEN TAG IN ('ALTER TABLE', 'ALTER FOREIGN TABLE', 'CREATE TABLE', 'CREATE FOREIGN TABLE', 'CREATE SCHEMA', 'CREATE TRIGGER')
EXECUTE FUNCTION sessionize.capture_ddl();
ALTER EVENT TRIGGER sessionize_capture_ddl ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER sessionize_capture_ddl IS 'what DDL on raw tables means for their pipelines';

-- whatever the command: a table or a trigger may go with a column, a function, a type, a role's other objects
CREATE EVENT TRIGGER sessionize_capture_drop ON sql_drop
EXECUTE FUNCTION sessionize.capture_drop();
ALTER EVENT TRIGGER sessionize_capture_drop ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER sessionize_capture_drop IS 'what dropping raw tables, partitions and capture triggers means for their pipelines';

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
COMMENT ON FUNCTION sessionize.enable_capture IS 'put right what is wrong with a pipeline''s capture: triggers that are missing or do not always fire, partitions that came or went unnoticed';

CREATE FUNCTION sessionize.capture_state(pipeline_id int) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_capture_state'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000;
COMMENT ON FUNCTION sessionize.capture_state(int) IS 'whether every change of a pipeline''s raw rows is logged: on, off, or broken; read it through pipeline_status';

CREATE FUNCTION sessionize.source_renamed(pipeline_id int) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_source_renamed'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100;
COMMENT ON FUNCTION sessionize.source_renamed(int) IS 'what has become of the name that a pipeline''s raw table had when the pipeline was made, NULL where it still has it; read it through pipeline_status';
