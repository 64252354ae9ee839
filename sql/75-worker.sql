CREATE TABLE sessionize.schedule (
	pipeline_id  int PRIMARY KEY,
	every        interval NOT NULL,
	on_commit    boolean NOT NULL DEFAULT true,
	paused       boolean NOT NULL DEFAULT false,
	via          text NOT NULL CHECK (via IN ('worker', 'pg_cron')),
	cron_job     bigint,
	scheduled_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE sessionize.schedule IS 'the pipelines that are refreshed on a schedule; written by schedule, unschedule, pause and resume, read through the view pipeline_status';
COMMENT ON COLUMN sessionize.schedule.pipeline_id IS 'no foreign key: pg_restore fills the tables of an extension in any order';
COMMENT ON COLUMN sessionize.schedule.on_commit IS 'a commit that changes raw rows is answered at once, not by the clock; for the worker only';
COMMENT ON COLUMN sessionize.schedule.cron_job IS 'the jobid in cron.job, where pg_cron does it';

CREATE TABLE sessionize.schedule_failure (
	pipeline_id int PRIMARY KEY REFERENCES sessionize.schedule ON DELETE CASCADE,
	failures    int NOT NULL,
	failed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
	retry_at    timestamptz NOT NULL,
	sqlstate    text NOT NULL,
	error       text NOT NULL
);
COMMENT ON TABLE sessionize.schedule_failure IS 'the pipelines whose last passes by the worker have failed, how often in a row, and until when they rest; a success removes the row';

REVOKE ALL ON sessionize.schedule, sessionize.schedule_failure FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.schedule', '');

CREATE FUNCTION sessionize.schedule_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'sessionize_schedule_changed'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.schedule_changed() IS 'trigger on the table schedule: the launcher reads it anew';
REVOKE ALL ON FUNCTION sessionize.schedule_changed() FROM PUBLIC;

CREATE TRIGGER schedule_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sessionize.schedule
FOR EACH STATEMENT EXECUTE FUNCTION sessionize.schedule_changed();
ALTER TABLE sessionize.schedule ENABLE ALWAYS TRIGGER schedule_changed;

CREATE FUNCTION sessionize.schedule(name text, every interval DEFAULT '1 second', on_commit boolean DEFAULT true) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_schedule'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.schedule(text, interval, boolean) IS 'have a pipeline refreshed from now on, by the background worker where the library is preloaded, else by pg_cron; returns which of them it is';

CREATE FUNCTION sessionize.unschedule(name text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_unschedule'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.unschedule(text) IS 'no longer refresh a pipeline on a schedule';

CREATE FUNCTION sessionize.pause(name text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_pause'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.pause(text) IS 'begin no scheduled refresh of a pipeline until resume; what is captured meanwhile is kept';

CREATE FUNCTION sessionize.resume(name text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_resume'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.resume(text) IS 'end a pause, and the wait after failures';

CREATE FUNCTION sessionize.worker_state(
	pipeline_id int,
	OUT preloaded boolean, OUT state text, OUT pid int, OUT next_pass timestamptz, OUT last_success timestamptz,
	OUT passes bigint, OUT starts bigint
)
AS 'MODULE_PATHNAME', 'sessionize_worker_state'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION sessionize.worker_state(int) IS 'what the background worker of a pipeline does, since the server''s start; read it through pipeline_status';

CREATE FUNCTION sessionize.pipeline_backlog(
	pipeline_id int,
	OUT pending_rows bigint, OUT pending_keys bigint, OUT pending_since timestamptz, OUT pending_large_keys bigint,
	OUT writer_pid int, OUT writer_since timestamptz, OUT as_of timestamptz, OUT problem text
)
AS 'MODULE_PATHNAME', 'sessionize_pipeline_backlog'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000;
COMMENT ON FUNCTION sessionize.pipeline_backlog(int) IS 'what is in a pipeline''s dirty log, and its raw table''s oldest open writer; read it through pipeline_status';

CREATE VIEW sessionize.pipeline_workers WITH (security_barrier) AS
SELECT p.pipeline_name,
       s.via AS scheduled_by, s.every, s.on_commit,
       CASE
           WHEN c.source::oid OPERATOR(pg_catalog.=) 0::oid THEN 'detached'
           WHEN EXISTS (SELECT FROM sessionize.fuse_hold AS h WHERE h.pipeline_id = c.pipeline_id AND h.released_at IS NULL) THEN 'held'
           WHEN s.pipeline_id IS NULL THEN 'not scheduled'
           WHEN s.paused THEN 'paused'
           WHEN s.via = 'pg_cron' THEN 'scheduled'
           WHEN NOT w.preloaded THEN 'worker not preloaded'
           WHEN f.retry_at > pg_catalog.clock_timestamp() THEN 'backing off'
           ELSE coalesce(w.state, 'not read yet')
       END AS state,
       w.pid AS worker_pid, w.next_pass, w.last_success, w.passes, w.starts,
       f.failures, f.error AS last_error, f.failed_at AS last_error_at, f.retry_at AS backoff_until
FROM sessionize.pipelines AS p
JOIN sessionize.pipeline AS c ON c.pipeline_name = p.pipeline_name
LEFT JOIN sessionize.schedule AS s ON s.pipeline_id = c.pipeline_id
LEFT JOIN sessionize.schedule_failure AS f ON f.pipeline_id = c.pipeline_id
CROSS JOIN LATERAL sessionize.worker_state(c.pipeline_id) AS w;
COMMENT ON VIEW sessionize.pipeline_workers IS 'for each pipeline you see in pipelines: who refreshes it and when, and what its worker does; the part of pipeline_status that costs nothing to read';
COMMENT ON COLUMN sessionize.pipeline_workers.state IS 'what the schedule does now; held: by the fuse; waiting for a worker: it is due, and all workers have something else to do';
COMMENT ON COLUMN sessionize.pipeline_workers.passes IS 'passes since the start of the server';
COMMENT ON COLUMN sessionize.pipeline_workers.starts IS 'processes that were started for the pipeline since the start of the server';
GRANT SELECT ON sessionize.pipeline_workers TO PUBLIC;

CREATE VIEW sessionize.pipeline_status_here WITH (security_barrier) AS
SELECT w.pipeline_name,
       w.scheduled_by, w.every, w.on_commit, w.state, w.worker_pid, w.next_pass,
       greatest(w.last_success, d.ended_at) AS last_success,
       w.failures, coalesce(w.last_error, e.error) AS last_error, coalesce(w.last_error_at, e.ended_at) AS last_error_at,
       w.backoff_until,
       CASE WHEN l.built THEN b.pending_rows END AS pending_rows,
       CASE WHEN l.built THEN b.pending_keys END AS pending_keys,
       q.pending_since, pg_catalog.clock_timestamp() - q.pending_since AS lag,
       b.writer_pid AS oldest_writer_pid, b.writer_since AS oldest_writer_since,
       CASE WHEN l.built AND n.need IS NULL AND t.capture = 'on' AND b.as_of IS NOT NULL
            THEN least(b.pending_since, b.writer_since, b.as_of) END AS watermark,
       t.capture, b.problem,
       CASE WHEN l.built IS NOT TRUE THEN 'not built' ELSE n.need END AS needs_rebuild,
       (SELECT pg_catalog.count(*) FROM sessionize.run_error AS r WHERE r.pipeline_id = c.pipeline_id) AS failed_keys,
       b.pending_large_keys,
       c.sealed_before, coalesce(l.late_rows, 0) AS late_rows,
       sessionize.source_renamed(c.pipeline_id) AS source_renamed,
       (SELECT pg_catalog.array_agg(m.dimension ORDER BY m.number) FROM sessionize.dimension AS m
        WHERE m.pipeline_id = c.pipeline_id AND m.full_since IS NOT NULL) AS full_dimensions
FROM sessionize.pipeline_workers AS w
JOIN sessionize.pipeline AS c ON c.pipeline_name = w.pipeline_name
LEFT JOIN sessionize.ledger AS l ON l.pipeline_id = c.pipeline_id
LEFT JOIN LATERAL (
	SELECT pg_catalog.string_agg(DISTINCT i.need, ', ' ORDER BY i.need) AS need, pg_catalog.min(i.noted_at) AS since
	FROM sessionize.rebuild_need AS i WHERE i.pipeline_id = c.pipeline_id
) AS n ON true
LEFT JOIN LATERAL (
	SELECT r.ended_at FROM sessionize.run AS r
	WHERE r.pipeline_id = c.pipeline_id AND r.state = 'done' ORDER BY r.run_id DESC LIMIT 1
) AS d ON true
LEFT JOIN LATERAL (
	SELECT r.error, r.ended_at FROM sessionize.run AS r
	WHERE r.pipeline_id = c.pipeline_id AND r.error IS NOT NULL ORDER BY r.run_id DESC LIMIT 1
) AS e ON true
CROSS JOIN LATERAL (SELECT sessionize.capture_state(c.pipeline_id) AS capture) AS t
CROSS JOIN LATERAL sessionize.pipeline_backlog(c.pipeline_id) AS b
CROSS JOIN LATERAL (
	SELECT least(b.pending_since, n.since,
	             CASE WHEN l.built IS NOT TRUE THEN coalesce(l.unbuilt_since, c.created_at) END) AS pending_since
) AS q;
COMMENT ON VIEW sessionize.pipeline_status_here IS 'the rows of the view pipeline_status that are about pipelines on this server: all but those of distributed pipelines';
GRANT SELECT ON sessionize.pipeline_status_here TO PUBLIC;

CREATE VIEW sessionize.pipeline_status WITH (security_barrier) AS
TABLE sessionize.pipeline_status_here
UNION ALL
SELECT s.* FROM sessionize.distributed_status() AS d (status), pg_catalog.jsonb_populate_record(NULL::sessionize.pipeline_status_here, d.status) AS s;
COMMENT ON VIEW sessionize.pipeline_status IS 'for each pipeline you see in pipelines: who refreshes it and when, what failed, what is pending, and up to which instant of arrival the star is complete';
COMMENT ON COLUMN sessionize.pipeline_status.state IS 'as in pipeline_workers';
COMMENT ON COLUMN sessionize.pipeline_status.pending_rows IS 'entries of the dirty log; NULL where that can''t be read, or the star is not built, so that all raw rows are pending';
COMMENT ON COLUMN sessionize.pipeline_status.lag IS 'the age of the oldest change that the star does not have yet, or how long it has needed a rebuild; NULL: it has all';
COMMENT ON COLUMN sessionize.pipeline_status.problem IS 'why it is not known what is pending: dirty log locked, by another session; dirty log lost: the table dirty is gone, or not as create_pipeline made it; what else became of the pipeline''s schema and view; an error. NULL: it is known';
COMMENT ON COLUMN sessionize.pipeline_status.watermark IS 'what was written to the raw table before then, and committed, is in the star; NULL where that is not known';
COMMENT ON COLUMN sessionize.pipeline_status.oldest_writer_since IS 'when the oldest open transaction that has written to the raw table began; the watermark waits for it';
COMMENT ON COLUMN sessionize.pipeline_status.failed_keys IS 'session keys in run_errors; the raw rows without one count as one';
COMMENT ON COLUMN sessionize.pipeline_status.pending_large_keys IS 'those of pending_keys that are large (sessionize.large_key_rows), which are refreshed apart from the others, less often';
COMMENT ON COLUMN sessionize.pipeline_status.late_rows IS 'raw rows that came too late for the seal, in the table late: they don''t count';
COMMENT ON COLUMN sessionize.pipeline_status.source_renamed IS 'what has become of the name that the raw table had when the pipeline was made: the pipeline reads the table, not the name; NULL where it still has it';
COMMENT ON COLUMN sessionize.pipeline_status.full_dimensions IS 'dimensions that have as many members as max_members says, so that further ones became the member "other"';
COMMENT ON COLUMN sessionize.pipeline_status.last_error IS 'of the last scheduled pass, or of the last run in the log that had one';
GRANT SELECT ON sessionize.pipeline_status TO PUBLIC;

CREATE VIEW sessionize.shard_status WITH (security_barrier) AS
SELECT d.pipeline AS distributed_pipeline, d.shard_id, d.node, coalesce(d.error, s.problem) AS problem, d.shard_pipeline,
       s.scheduled_by, s.state, s.last_success, s.last_error, s.pending_rows, s.pending_keys, s.lag, s.watermark, s.capture, s.needs_rebuild,
       s.failed_keys, s.sealed_before, s.late_rows
FROM sessionize.shard_statuses() AS d, pg_catalog.jsonb_populate_record(NULL::sessionize.pipeline_status_here, coalesce(d.status, '{}')) AS s;
COMMENT ON VIEW sessionize.shard_status IS 'on the coordinator: the pipelines of the shards of each distributed pipeline, the servers that have them, and what pipeline_status says there';
COMMENT ON COLUMN sessionize.shard_status.problem IS 'as in pipeline_status, or why nothing is known: the server does not answer, or has no pipeline for the shard';
GRANT SELECT ON sessionize.shard_status TO PUBLIC;
