CREATE TABLE sessionize.export (
	pipeline_id    int NOT NULL,
	export_name    text COLLATE "C" NOT NULL,
	location       text NOT NULL UNIQUE,
	tables         text[] NOT NULL,
	decimals       int NOT NULL,
	created_at     timestamptz NOT NULL DEFAULT now(),
	token          uuid,
	snapshot_at    timestamptz,
	exported_at    timestamptz,
	summary        jsonb NOT NULL DEFAULT '{}',
	intended       uuid,
	intended_at    timestamptz,
	intended_notes int8multirange,
	failures       bigint NOT NULL DEFAULT 0,
	failed_at      timestamptz,
	error          text,
	PRIMARY KEY (pipeline_id, export_name)
);
COMMENT ON TABLE sessionize.export IS 'the places to which pipelines are exported; written by create_export, drop_export and the functions that the exporting program calls, read through the view export_status';
COMMENT ON COLUMN sessionize.export.pipeline_id IS 'no foreign key: pg_restore fills the tables of an extension in any order';
COMMENT ON COLUMN sessionize.export.location IS 'a directory, or s3://bucket/prefix; credentials are the program''s alone';
COMMENT ON COLUMN sessionize.export.tables IS 'sessions, events, and other tables or views of the pipeline''s schema';
COMMENT ON COLUMN sessionize.export.decimals IS 'how many digits after the point a numeric without a scale of its own keeps';
COMMENT ON COLUMN sessionize.export.token IS 'names the last export that has finished; the logs of its tables have it too';
COMMENT ON COLUMN sessionize.export.snapshot_at IS 'when the snapshot was taken that the last finished export has written';
COMMENT ON COLUMN sessionize.export.summary IS 'what the last finished export has written of each table';
COMMENT ON COLUMN sessionize.export.intended IS 'names the last export that has read its snapshot, and may have written a log; the same as token if it has finished';
COMMENT ON COLUMN sessionize.export.intended_at IS 'when that snapshot was taken';
COMMENT ON COLUMN sessionize.export.intended_notes IS 'the notes that this snapshot shows';

-- Each refresh only appends to it, so that refreshes never wait for each other.
CREATE TABLE sessionize.export_note (
	note_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline_id  int NOT NULL,
	export_name  text COLLATE "C" NOT NULL,
	date_key     int,
	user_key     int,
	erased       boolean NOT NULL DEFAULT false,
	changed_rows bigint NOT NULL,
	noted_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sessionize.export_note IS 'the days on which the star has changed since an export last finished; written by the transactions that write the star, read through the view export_status';
COMMENT ON COLUMN sessionize.export_note.date_key IS 'the day, as yyyymmdd; 0: a day before year 1 or after 9999; NULL: the note is of something else';
COMMENT ON COLUMN sessionize.export_note.erased IS 'a session key was erased, whose days have notes of their own: files that no longer count have to go as well';
COMMENT ON COLUMN sessionize.export_note.user_key IS 'of a row of dim_user that has changed: the days of the facts that refer to it are meant';
COMMENT ON COLUMN sessionize.export_note.changed_rows IS 'how many sessions of the day have come, gone or changed, or have events that have';

CREATE TABLE sessionize.export_erasure (
	erasure_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline_id int NOT NULL,
	export_name text COLLATE "C" NOT NULL,
	erased_at   timestamptz NOT NULL,
	removed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
	token       uuid NOT NULL
);
COMMENT ON TABLE sessionize.export_erasure IS 'the erasures that exports have carried out, read through the view export_erasures; whose they were is not kept';
COMMENT ON COLUMN sessionize.export_erasure.removed_at IS 'when the last file was gone that may have had something of the session key';
COMMENT ON COLUMN sessionize.export_erasure.token IS 'of the export that has done so';

REVOKE ALL ON sessionize.export, sessionize.export_note, sessionize.export_erasure FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.export', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.export_note', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.export_note_note_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.export_erasure', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.export_erasure_erasure_id_seq', '');

CREATE VIEW sessionize.export_status WITH (security_barrier) AS
SELECT p.pipeline_name, e.export_name, e.location, e.tables, e.snapshot_at, e.exported_at,
       CASE WHEN e.token IS NOT NULL THEN n.pending_days END AS pending_days,
       CASE WHEN e.token IS NOT NULL THEN n.pending_rows END AS pending_rows,
       CASE WHEN e.token IS NULL THEN e.created_at ELSE n.pending_since END AS pending_since,
       e.intended IS DISTINCT FROM e.token AS unfinished,
       e.summary, e.failures, e.failed_at, e.error
FROM sessionize.export AS e
JOIN sessionize.pipeline AS c USING (pipeline_id)
JOIN sessionize.pipelines AS p ON p.pipeline_name = c.pipeline_name
CROSS JOIN LATERAL (
	SELECT count(DISTINCT o.date_key) AS pending_days, coalesce(pg_catalog.sum(o.changed_rows), 0)::bigint AS pending_rows,
	       min(o.noted_at) AS pending_since
	FROM sessionize.export_note AS o WHERE o.pipeline_id = e.pipeline_id AND o.export_name = e.export_name
) AS n;
COMMENT ON VIEW sessionize.export_status IS 'the exports of the pipelines that the view pipelines shows, and what they lack';
COMMENT ON COLUMN sessionize.export_status.snapshot_at IS 'the export has what was committed before then; NULL: nothing was exported yet';
COMMENT ON COLUMN sessionize.export_status.pending_days IS 'days that have changed since; NULL: nothing was exported yet, so all days are pending';
COMMENT ON COLUMN sessionize.export_status.pending_rows IS 'sessions that have come, gone or changed since, or whose events have; one that changes twice counts twice';
COMMENT ON COLUMN sessionize.export_status.pending_since IS 'when the first of these changes was made; NULL: there are none';
COMMENT ON COLUMN sessionize.export_status.unfinished IS 'an export is at work, or was cut off: the next one finishes it';
COMMENT ON COLUMN sessionize.export_status.summary IS 'of each table, what the last finished export has written';
COMMENT ON COLUMN sessionize.export_status.error IS 'of the export that failed last';
GRANT SELECT ON sessionize.export_status TO PUBLIC;

CREATE VIEW sessionize.export_erasures WITH (security_barrier) AS
SELECT p.pipeline_name, d.export_name, d.erased_at, d.removed_at, d.token
FROM (SELECT n.pipeline_id, n.export_name, n.noted_at AS erased_at, NULL::timestamptz AS removed_at, NULL::uuid AS token
      FROM sessionize.export_note AS n WHERE n.erased
      UNION ALL
      SELECT e.pipeline_id, e.export_name, e.erased_at, e.removed_at, e.token FROM sessionize.export_erasure AS e) AS d
JOIN sessionize.pipeline AS c USING (pipeline_id)
JOIN sessionize.pipelines AS p ON p.pipeline_name = c.pipeline_name;
COMMENT ON VIEW sessionize.export_erasures IS 'the erasures of session keys since there are exports of the pipelines that the view pipelines shows, and when they have reached each export';
COMMENT ON COLUMN sessionize.export_erasures.erased_at IS 'when the key was erased from the database';
COMMENT ON COLUMN sessionize.export_erasures.removed_at IS 'when the last file was gone that may have had something of the key; NULL: the next export removes them';
COMMENT ON COLUMN sessionize.export_erasures.token IS 'of the export that has removed them, as the logs of its tables have it';
GRANT SELECT ON sessionize.export_erasures TO PUBLIC;

CREATE FUNCTION sessionize.create_export(
	pipeline text,
	name     text,
	location text,
	tables   text[] DEFAULT '{sessions,events}',
	decimals int DEFAULT 9
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_create_export'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.create_export IS 'have the days noted on which a pipeline''s star changes, so that a program can keep a copy of it up to date in files';

CREATE FUNCTION sessionize.drop_export(pipeline text, name text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_export'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.drop_export IS 'forget an export of a pipeline; its files stay as they are';

CREATE FUNCTION sessionize.export_begin(pipeline text, name text, OUT location text, OUT token uuid, OUT intended uuid, OUT erasures bigint, OUT summary jsonb)
AS 'MODULE_PATHNAME', 'sessionize_export_begin'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.export_begin IS 'begin an export, which keeps others of the same name away until the session ends';

CREATE FUNCTION sessionize.export_tables(pipeline text, name text)
RETURNS TABLE (table_name text, partition_column text, columns jsonb)
AS 'MODULE_PATHNAME', 'sessionize_export_tables'
LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION sessionize.export_tables IS 'the tables of an export, with the columns that export_query returns';

CREATE FUNCTION sessionize.export_changes(pipeline text, name text, whole boolean DEFAULT false)
RETURNS TABLE (table_name text, day date, row_count bigint, fingerprint text)
AS 'MODULE_PATHNAME', 'sessionize_export_changes'
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 100;
COMMENT ON FUNCTION sessionize.export_changes IS 'the days, and the tables without days, that differ from what was exported last, or all';

CREATE FUNCTION sessionize.export_notes(pipeline text, name text, OUT note_ids int8multirange, OUT erasures bigint, OUT snapshot_at timestamptz)
AS 'MODULE_PATHNAME', 'sessionize_export_notes'
LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.export_notes IS 'the notes that the changes of an export are made of, and how many session keys were erased';

CREATE FUNCTION sessionize.export_query(pipeline text, name text, table_name text, days date[] DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_export_query'
LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.export_query IS 'the query that returns the rows of a table of an export, on some days or on all';

CREATE FUNCTION sessionize.export_intend(pipeline text, name text, token uuid, note_ids int8multirange, snapshot_at timestamptz) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_export_intend'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.export_intend IS 'note that an export with this token has read its snapshot, and is about to write';

CREATE FUNCTION sessionize.export_finish(pipeline text, name text, token uuid, summary jsonb) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_export_finish'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.export_finish IS 'note that the export that was intended last has written all, and forget the notes that it took';

CREATE FUNCTION sessionize.export_fail(pipeline text, name text, error text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_export_fail'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.export_fail IS 'note that an export has failed';

CREATE FUNCTION sessionize.export_decimal(value numeric, decimals int, "column" text) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_export_decimal'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION sessionize.export_decimal IS 'Internal: a number as text for a decimal of 38 digits; an error if it does not fit';
