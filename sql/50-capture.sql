CREATE TABLE rebuild_need (
	need_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline_id int NOT NULL,
	need        text NOT NULL CHECK (need IN ('rows added', 'rows removed', 'not captured')),
	detail      text NOT NULL,
	noted_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE rebuild_need IS 'what has happened to a pipeline''s raw rows that its dirty log does not tell: only a rebuild makes the star right, and takes its rows out of here';
COMMENT ON COLUMN rebuild_need.pipeline_id IS 'no foreign key: a collector must not fail over a pipeline that is being dropped';

REVOKE ALL ON rebuild_need FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.rebuild_need', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.rebuild_need_need_id_seq', '');

CREATE FUNCTION capture() RETURNS trigger
AS 'MODULE_PATHNAME', 'sessionize_capture'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION capture() IS 'trigger on a raw table and its partitions: logs the keys of inserted, updated and deleted rows; made by create_pipeline';
