CREATE TABLE sessionize.changed_rows (
	pipeline_id  int NOT NULL,
	note_id      bigint GENERATED ALWAYS AS IDENTITY,
	noted_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
	transactions bigint NOT NULL DEFAULT 1,
	updated      bigint NOT NULL,
	deleted      bigint NOT NULL,
	newest       timestamptz NOT NULL,
	PRIMARY KEY (pipeline_id, note_id)
);
COMMENT ON TABLE sessionize.changed_rows IS 'how many existing raw rows of a pipeline each transaction of the last hour has changed, for the fuse; if they are many, those of a minute are one row; read through the view fuses';
COMMENT ON COLUMN sessionize.changed_rows.pipeline_id IS 'no foreign key: a collector must not fail over a pipeline that is being dropped';
COMMENT ON COLUMN sessionize.changed_rows.newest IS 'the latest event time of these rows: if it is sealed, they change nothing';

REVOKE ALL ON sessionize.changed_rows FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.changed_rows', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.changed_rows_note_id_seq', '');
