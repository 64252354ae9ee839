CREATE TABLE sessionize.rebuild_need (
	need_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline_id int NOT NULL,
	need        text NOT NULL CHECK (need IN ('rows added', 'rows removed', 'rows changed', 'not captured')),
	detail      text NOT NULL,
	noted_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE sessionize.rebuild_need IS 'what has happened to a pipeline''s raw rows that its dirty log does not tell: only a rebuild makes the star right, and takes its rows out of here';
COMMENT ON COLUMN sessionize.rebuild_need.noted_at IS 'when it happened last: a note that says the same gives way, as do the oldest of a need that has a hundred';
COMMENT ON COLUMN sessionize.rebuild_need.pipeline_id IS 'no foreign key: a collector must not fail over a pipeline that is being dropped';

REVOKE ALL ON sessionize.rebuild_need FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.rebuild_need', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.rebuild_need_need_id_seq', '');

CREATE TABLE sessionize.run_error (
	pipeline_id     int NOT NULL,
	session_key     text COLLATE "C",
	tries           int NOT NULL DEFAULT 1,
	error           text NOT NULL,
	first_failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	last_failed_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX run_error_key ON sessionize.run_error (pipeline_id, md5(session_key)) NULLS NOT DISTINCT;
-- an index over an expression identifies no row to a publication
ALTER TABLE sessionize.run_error REPLICA IDENTITY FULL;
COMMENT ON COLUMN sessionize.run_error.pipeline_id IS 'no foreign key: pg_restore fills the tables of an extension in any order';
COMMENT ON TABLE sessionize.run_error IS 'session keys that could not be refreshed because of their data; read through the view run_errors';
COMMENT ON COLUMN sessionize.run_error.session_key IS 'NULL: the raw rows without a session key';

REVOKE ALL ON sessionize.run_error FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.run_error', '');

CREATE VIEW sessionize.run_errors WITH (security_barrier) AS
SELECT p.pipeline_name, e.session_key, e.tries, e.tries >= 3 AS set_aside, e.error, e.first_failed_at, e.last_failed_at
FROM sessionize.run_error AS e
JOIN sessionize.pipeline AS c ON c.pipeline_id = e.pipeline_id
JOIN sessionize.pipelines AS p ON p.pipeline_name = c.pipeline_name;
COMMENT ON VIEW sessionize.run_errors IS 'session keys that could not be refreshed because of their data, of the pipelines you see in pipelines; set_aside: not tried again until their raw rows change or retry_errors is called';
GRANT SELECT ON sessionize.run_errors TO PUBLIC;

CREATE TABLE sessionize.large_key (
	pipeline_id  int NOT NULL REFERENCES sessionize.pipeline ON DELETE CASCADE,
	session_key  text COLLATE "C" NOT NULL,
	raw_rows     bigint NOT NULL,
	noted_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
	refreshed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX large_key_key ON sessionize.large_key (pipeline_id, md5(session_key));
ALTER TABLE sessionize.large_key REPLICA IDENTITY FULL;
COMMENT ON TABLE sessionize.large_key IS 'session keys of which the last refresh or rebuild has read more than sessionize.large_key_rows raw rows: they are refreshed apart from the others; not dumped';
COMMENT ON COLUMN sessionize.large_key.raw_rows IS 'how many that were';

REVOKE ALL ON sessionize.large_key FROM PUBLIC;

CREATE FUNCTION sessionize.retry_errors(name text) RETURNS bigint
AS 'MODULE_PATHNAME', 'sessionize_retry_errors'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.retry_errors(text) IS 'have the keys of run_errors tried again by the next refresh; returns how many they are';
