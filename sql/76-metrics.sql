CREATE VIEW sessionize.pipeline_accounts WITH (security_barrier) AS
SELECT p.pipeline_name, l.built, l.outdated, l.filling, l.kept_rows, l.quarantined_rows, l.late_rows, l.updated_at
FROM sessionize.pipelines AS p
JOIN sessionize.pipeline AS c ON c.pipeline_name = p.pipeline_name
JOIN sessionize.ledger AS l ON l.pipeline_id = c.pipeline_id;
COMMENT ON VIEW sessionize.pipeline_accounts IS 'how many rows the star of each pipeline you see in pipelines accounts for, as the refreshes and rebuilds have counted; reads no table of the star';
COMMENT ON COLUMN sessionize.pipeline_accounts.kept_rows IS 'events and their duplicates';
COMMENT ON COLUMN sessionize.pipeline_accounts.late_rows IS 'raw rows that came too late for the seal: they don''t count';
GRANT SELECT ON sessionize.pipeline_accounts TO PUBLIC;

CREATE VIEW sessionize.pipeline_tables WITH (security_barrier) AS
SELECT p.pipeline_name, k.relname AS table_name,
       -- asking for the size waits for whoever has the table exclusively
       CASE WHEN k.oid OPERATOR(pg_catalog.<>) ALL (x.tables) THEN pg_catalog.pg_total_relation_size(k.oid) END AS bytes,
       pg_catalog.pg_stat_get_live_tuples(k.oid) AS live_rows,
       pg_catalog.pg_stat_get_dead_tuples(k.oid) AS dead_rows,
       greatest(pg_catalog.pg_stat_get_last_vacuum_time(k.oid), pg_catalog.pg_stat_get_last_autovacuum_time(k.oid)) AS last_vacuum,
       greatest(pg_catalog.pg_stat_get_last_analyze_time(k.oid), pg_catalog.pg_stat_get_last_autoanalyze_time(k.oid)) AS last_analyze
FROM sessionize.pipelines AS p
JOIN sessionize.pipeline AS c ON c.pipeline_name = p.pipeline_name
JOIN pg_catalog.pg_class AS d ON d.oid = c.dirty_log::oid
JOIN pg_catalog.pg_class AS k ON k.relnamespace = d.relnamespace AND k.relkind = 'r'
CROSS JOIN (
	SELECT ARRAY(SELECT l.relation FROM pg_catalog.pg_locks AS l
	             WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock') AS tables
) AS x;
COMMENT ON VIEW sessionize.pipeline_tables IS 'the tables in the schema of each pipeline you see in pipelines: their size, and what the server''s statistics say of them';
COMMENT ON COLUMN sessionize.pipeline_tables.bytes IS 'with indexes; NULL while a session has the table, or waits for it, exclusively';
COMMENT ON COLUMN sessionize.pipeline_tables.live_rows IS 'an estimate, as is dead_rows';
GRANT SELECT ON sessionize.pipeline_tables TO PUBLIC;

CREATE VIEW sessionize.check_latest WITH (security_barrier) AS
SELECT p.pipeline_name, d.check_name, d.kind, d.severity,
       CASE WHEN d.muted_until > pg_catalog.clock_timestamp() OR r.quiet AND r.status IN ('failed', 'error') THEN 'muted'
            ELSE coalesce(r.status, 'not run') END AS state,
       r.at, r.took, r.value, r.lower, r.upper, k.unit, r.affected, r.error, coalesce(s.failures, 0) AS failures, w.due_for,
       w.due_for > greatest(d.every, interval '5 minutes') AS overdue
FROM sessionize.data_check AS d
JOIN sessionize.check_kind AS k USING (kind)
JOIN sessionize.pipeline AS c USING (pipeline_id)
JOIN sessionize.pipelines AS p ON p.pipeline_name = c.pipeline_name
LEFT JOIN sessionize.check_state AS s USING (pipeline_id, check_name)
LEFT JOIN LATERAL (SELECT t.* FROM sessionize.check_result AS t
                   WHERE t.pipeline_id = d.pipeline_id AND t.check_name = d.check_name
                   ORDER BY t.result_id DESC LIMIT 1) AS r ON true
CROSS JOIN LATERAL (SELECT greatest(pg_catalog.clock_timestamp() - coalesce(s.next_at, d.created_at), interval '0') AS due_for) AS w;
COMMENT ON VIEW sessionize.check_latest IS 'each check of the pipelines that you see in pipelines, with what its last run has found, and whether the next one is overdue';
COMMENT ON COLUMN sessionize.check_latest.state IS 'ok, failed, learning or error, as the last run ended; muted: a failure counts for nothing now, or counted for nothing then; not run';
COMMENT ON COLUMN sessionize.check_latest.due_for IS 'how long the next run has been due; 0: it is not';
COMMENT ON COLUMN sessionize.check_latest.overdue IS 'it has been due for longer than its schedule''s interval, and than five minutes';
GRANT SELECT ON sessionize.check_latest TO PUBLIC;

CREATE VIEW sessionize.incident_totals WITH (security_barrier) AS
SELECT p.pipeline_name, coalesce(f.incidents, 0) + n.kept AS opened, n.open, n.open_since
FROM sessionize.pipelines AS p
JOIN sessionize.pipeline AS c ON c.pipeline_name = p.pipeline_name
LEFT JOIN sessionize.incident_forgotten AS f ON f.pipeline_id = c.pipeline_id
CROSS JOIN LATERAL (
	SELECT count(*) AS kept, count(*) FILTER (WHERE i.closed_at IS NULL) AS open,
	       min(i.opened_at) FILTER (WHERE i.closed_at IS NULL) AS open_since
	FROM sessionize.incident AS i WHERE i.pipeline_id = c.pipeline_id
) AS n;
COMMENT ON VIEW sessionize.incident_totals IS 'how many incidents the pipelines that you see in pipelines have had, and have';
COMMENT ON COLUMN sessionize.incident_totals.opened IS 'those that are no longer kept count as well';
COMMENT ON COLUMN sessionize.incident_totals.open_since IS 'when the oldest of those that are open was opened';
GRANT SELECT ON sessionize.incident_totals TO PUBLIC;

CREATE FUNCTION sessionize.quarantine_counts(pipeline text, OUT reason text, OUT rows bigint, OUT estimated boolean)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_quarantine_counts'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION sessionize.quarantine_counts IS 'how many rows of a pipeline''s quarantine have which reason: counted or, if it has more than 100,000 rows, estimated from a sample of its pages';

CREATE FUNCTION sessionize.pipeline_counters(
	pipeline_id int,
	OUT since timestamptz, OUT captured_transactions bigint, OUT captured_entries bigint, OUT captured_seconds double precision,
	OUT raw_rows bigint, OUT events bigint, OUT duplicates bigint, OUT conflicts bigint, OUT quarantined bigint, OUT filtered bigint,
	OUT warned bigint, OUT corrected bigint, OUT clamped bigint, OUT sessions bigint, OUT keys bigint,
	OUT rows_inserted bigint, OUT rows_updated bigint, OUT rows_deleted bigint
)
AS 'MODULE_PATHNAME', 'sessionize_pipeline_counters'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION sessionize.pipeline_counters IS 'Internal. What captures and refreshes of a pipeline have counted in shared memory; read it through refresh_counters';

CREATE FUNCTION sessionize.run_counts(pipeline_id int, OUT kind text, OUT result text, OUT runs bigint) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_run_counts'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 6;
COMMENT ON FUNCTION sessionize.run_counts IS 'Internal. How many runs of a pipeline have ended how; read it through run_totals';

CREATE FUNCTION sessionize.refresh_phases(
	pipeline_id int,
	OUT phase text, OUT bounds double precision[], OUT buckets bigint[], OUT seconds double precision, OUT refreshes bigint
) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'sessionize_refresh_phases'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED ROWS 5;
COMMENT ON FUNCTION sessionize.refresh_phases IS 'Internal. The histograms of a pipeline''s phases; read it through refresh_seconds';

CREATE VIEW sessionize.refresh_counters WITH (security_barrier) AS
SELECT p.pipeline_name, n.*
FROM sessionize.pipelines AS p
JOIN sessionize.pipeline AS c ON c.pipeline_name = p.pipeline_name
CROSS JOIN LATERAL sessionize.pipeline_counters(c.pipeline_id) AS n
WHERE n.since IS NOT NULL;
COMMENT ON VIEW sessionize.refresh_counters IS 'what captures and refreshes of the pipelines you see in pipelines have done since the server''s start; only where the library is preloaded';
COMMENT ON COLUMN sessionize.refresh_counters.captured_entries IS 'entries of the dirty log: session keys that a transaction has changed';
COMMENT ON COLUMN sessionize.refresh_counters.captured_seconds IS 'the part of the transactions'' commits that writes the dirty log';
COMMENT ON COLUMN sessionize.refresh_counters.events IS 'of the windows and keys that refreshes have derived; an event that is derived again counts again, and so do the others';
GRANT SELECT ON sessionize.refresh_counters TO PUBLIC;

CREATE VIEW sessionize.run_totals WITH (security_barrier) AS
SELECT p.pipeline_name, n.kind, n.result, n.runs
FROM sessionize.pipelines AS p
JOIN sessionize.pipeline AS c ON c.pipeline_name = p.pipeline_name
CROSS JOIN LATERAL sessionize.run_counts(c.pipeline_id) AS n;
COMMENT ON VIEW sessionize.run_totals IS 'how many transactions of refreshes, and how many rebuilds, of the pipelines you see in pipelines have ended how since the server''s start; only where the library is preloaded';
GRANT SELECT ON sessionize.run_totals TO PUBLIC;

CREATE VIEW sessionize.refresh_seconds WITH (security_barrier) AS
SELECT p.pipeline_name, n.phase, n.bounds, n.buckets, n.seconds, n.refreshes
FROM sessionize.pipelines AS p
JOIN sessionize.pipeline AS c ON c.pipeline_name = p.pipeline_name
CROSS JOIN LATERAL sessionize.refresh_phases(c.pipeline_id) AS n;
COMMENT ON VIEW sessionize.refresh_seconds IS 'how long the phases of refreshes'' transactions have taken, as histograms, of the pipelines you see in pipelines since the server''s start; only where the library is preloaded';
COMMENT ON COLUMN sessionize.refresh_seconds.bounds IS 'in seconds';
COMMENT ON COLUMN sessionize.refresh_seconds.buckets IS 'how many transactions have spent at most so many seconds in the phase';
COMMENT ON COLUMN sessionize.refresh_seconds.seconds IS 'the sum';
GRANT SELECT ON sessionize.refresh_seconds TO PUBLIC;

CREATE TABLE sessionize.metric_query (
	query_name text COLLATE "C" PRIMARY KEY CHECK (query_name ~ '^[a-z][a-z0-9_]*$'),
	labels     text[] NOT NULL,
	query      text NOT NULL
);
COMMENT ON TABLE sessionize.metric_query IS 'the queries that the metrics are read by, each as the user who asks; read through the view metrics';
COMMENT ON COLUMN sessionize.metric_query.query_name IS 'what the names of its metrics begin with';
COMMENT ON COLUMN sessionize.metric_query.labels IS 'the columns of the result that are labels; every other column is named like one of the query''s metrics without query_name and "_", and "_total" for a counter at its end';

CREATE TABLE sessionize.metric (
	number      int GENERATED ALWAYS AS IDENTITY,
	metric_name text COLLATE "C" PRIMARY KEY,
	query_name  text COLLATE "C" NOT NULL REFERENCES sessionize.metric_query,
	type        text NOT NULL CHECK (type IN ('gauge', 'counter', 'histogram')),
	unit        text,
	help        text NOT NULL,
	CHECK (pg_catalog.starts_with(metric_name, query_name || '_')),
	CHECK (metric_name ~ ('_' || unit || '$')),
	CHECK (metric_name !~ '_(total|created|count|sum|bucket)$')
);
COMMENT ON TABLE sessionize.metric IS 'one row for each metric that openmetrics() returns; read through the view metrics';
COMMENT ON COLUMN sessionize.metric.number IS 'metrics of a query are shown in this order';
COMMENT ON COLUMN sessionize.metric.type IS 'a histogram has an array of upper bounds in the column of its name, cumulative counts in the column NAME_bucket, and the columns NAME_sum and NAME_count';

REVOKE ALL ON sessionize.metric_query, sessionize.metric FROM PUBLIC;

CREATE VIEW sessionize.metrics WITH (security_barrier) AS
SELECT m.metric_name, m.type, m.unit, m.help, q.labels, m.query_name, q.query
FROM sessionize.metric AS m
JOIN sessionize.metric_query AS q USING (query_name)
ORDER BY q.query_name, m.number;
COMMENT ON VIEW sessionize.metrics IS 'the metrics that openmetrics() returns: their names, what they mean, and the queries that read them';
GRANT SELECT ON sessionize.metrics TO PUBLIC;

CREATE FUNCTION sessionize.openmetrics() RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_openmetrics'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s';
COMMENT ON FUNCTION sessionize.openmetrics() IS 'the metrics of the pipelines you see in pipelines, and of the events tables in ingest_status, in the text format of OpenMetrics 1.0';

INSERT INTO sessionize.metric_query (query_name, labels, query) VALUES
('sessionize', '{datname,version,postgres}', $$
SELECT current_database() AS datname, x.extversion AS version, current_setting('server_version') AS postgres, 1 AS build_info
FROM pg_catalog.pg_extension AS x WHERE x.extname = 'pg_sessionize'$$),
('sessionize_pipeline', '{datname,pipeline}', $$
SELECT current_database() AS datname, s.pipeline_name AS pipeline,
       CASE WHEN s.problem IS NULL THEN coalesce(extract(epoch FROM s.lag), 0) END AS lag_seconds,
       extract(epoch FROM s.watermark) AS watermark_timestamp_seconds,
       s.pending_rows, s.pending_keys, s.pending_large_keys, s.failed_keys,
       (s.problem IS NOT NULL)::int AS backlog_unknown,
       (s.needs_rebuild IS NOT NULL)::int AS needs_rebuild,
       CASE s.capture WHEN 'on' THEN 1 WHEN 'broken' THEN 0 END AS capture_intact,
       coalesce(extract(epoch FROM clock_timestamp() - s.oldest_writer_since), 0) AS oldest_writer_seconds,
       extract(epoch FROM s.last_success) AS last_success_timestamp_seconds,
       extract(epoch FROM s.last_error_at) AS last_error_timestamp_seconds,
       coalesce(s.failures, 0) AS failures,
       coalesce(greatest(extract(epoch FROM s.backoff_until - clock_timestamp()), 0), 0) AS backoff_seconds,
       extract(epoch FROM s.sealed_before) AS sealed_before_timestamp_seconds,
       coalesce(cardinality(s.full_dimensions), 0) AS full_dimensions
FROM sessionize.pipeline_status AS s ORDER BY 2$$),
('sessionize_worker', '{datname,pipeline,state}', $$
SELECT current_database() AS datname, w.pipeline_name AS pipeline, s.state, (w.state = s.state)::int AS active
FROM sessionize.pipeline_workers AS w
CROSS JOIN (VALUES ('detached'), ('held'), ('not scheduled'), ('paused'), ('scheduled'), ('worker not preloaded'), ('backing off'),
                   ('not read yet'), ('idle'), ('starting'), ('running'), ('waiting for a worker')) AS s (state)
ORDER BY 2, 3$$),
('sessionize_fuse', '{datname,pipeline}', $$
SELECT current_database() AS datname, f.pipeline_name AS pipeline, (f.state = 'held')::int AS held, (f.state <> 'off')::int AS enabled,
       f.rows AS changed_rows, f.limit_rows
FROM sessionize.fuses AS f ORDER BY 2$$),
('sessionize_schedule', '{datname,pipeline}', $$
SELECT current_database() AS datname, w.pipeline_name AS pipeline, w.passes AS passes_total, w.starts AS worker_starts_total,
       extract(epoch FROM w.every) AS interval_seconds
FROM sessionize.pipeline_workers AS w WHERE w.scheduled_by IS NOT NULL ORDER BY 2$$),
('sessionize_rows', '{datname,pipeline}', $$
SELECT current_database() AS datname, a.pipeline_name AS pipeline, a.kept_rows AS kept, a.quarantined_rows AS quarantined, a.late_rows AS late
FROM sessionize.pipeline_accounts AS a ORDER BY 2$$),
('sessionize_quarantine', '{datname,pipeline,reason}', $$
SELECT current_database() AS datname, a.pipeline_name AS pipeline, q.reason, q.rows
FROM sessionize.pipeline_accounts AS a, LATERAL sessionize.quarantine_counts(a.pipeline_name::text) AS q
WHERE a.quarantined_rows > 0 ORDER BY 2, 3$$),
('sessionize_runs', '{datname,pipeline,kind,result}', $$
SELECT current_database() AS datname, r.pipeline_name AS pipeline, r.kind, r.result, r.runs AS ended_total
FROM sessionize.run_totals AS r ORDER BY 2, 3, 4$$),
('sessionize_refresh', '{datname,pipeline}', $$
SELECT current_database() AS datname, n.pipeline_name AS pipeline, n.raw_rows AS raw_rows_total, n.keys AS keys_total,
       n.events AS events_total, n.duplicates AS duplicates_total, n.conflicts AS conflicts_total,
       n.corrected AS corrected_total, n.clamped AS clamped_total,
       n.rows_inserted AS inserted_rows_total, n.rows_updated AS updated_rows_total, n.rows_deleted AS deleted_rows_total
FROM sessionize.refresh_counters AS n ORDER BY 2$$),
('sessionize_refresh_phase', '{datname,pipeline,phase}', $$
SELECT current_database() AS datname, s.pipeline_name AS pipeline, s.phase, s.bounds AS seconds, s.buckets AS seconds_bucket,
       s.seconds AS seconds_sum, s.refreshes AS seconds_count
FROM sessionize.refresh_seconds AS s ORDER BY 2, 3$$),
('sessionize_capture', '{datname,pipeline}', $$
SELECT current_database() AS datname, n.pipeline_name AS pipeline, n.captured_transactions AS transactions_total,
       n.captured_entries AS entries_total, n.captured_seconds AS seconds_total
FROM sessionize.refresh_counters AS n ORDER BY 2$$),
('sessionize_table', '{datname,pipeline,table}', $$
SELECT current_database() AS datname, t.pipeline_name AS pipeline, t.table_name AS "table", t.bytes, t.live_rows, t.dead_rows
FROM sessionize.pipeline_tables AS t ORDER BY 2, 3$$),
('sessionize_rebuild', '{datname,pipeline}', $$
SELECT current_database() AS datname, r.pipeline_name AS pipeline, r.pieces_total AS pieces, r.pieces_done,
       r.rows_read, extract(epoch FROM r.started_at) AS started_timestamp_seconds
FROM sessionize.rebuild_progress AS r ORDER BY 2$$),
('sessionize_open', '{datname,pipeline,severity}', $$
SELECT current_database() AS datname, p.pipeline_name AS pipeline, s.severity, count(i.incident_id) AS incidents
FROM sessionize.pipelines AS p
CROSS JOIN (VALUES ('info'), ('warning'), ('error')) AS s (severity)
LEFT JOIN sessionize.incidents AS i ON i.pipeline_name = p.pipeline_name AND i.state = 'open' AND i.severity = s.severity
GROUP BY 2, 3 ORDER BY 2, 3$$),
('sessionize_incidents', '{datname,pipeline}', $$
SELECT current_database() AS datname, t.pipeline_name AS pipeline, t.opened AS opened_total,
       extract(epoch FROM t.open_since) AS open_since_timestamp_seconds
FROM sessionize.incident_totals AS t ORDER BY 2$$),
('sessionize_checks', '{datname,pipeline}', $$
SELECT current_database() AS datname, p.pipeline_name AS pipeline, count(l.check_name) AS configured,
       count(*) FILTER (WHERE l.overdue) AS overdue
FROM sessionize.pipelines AS p
LEFT JOIN sessionize.check_latest AS l ON l.pipeline_name = p.pipeline_name
GROUP BY 2 ORDER BY 2$$),
('sessionize_check_state', '{datname,pipeline,check,severity,state}', $$
SELECT current_database() AS datname, l.pipeline_name AS pipeline, l.check_name AS "check", l.severity, s.state,
       (l.state = s.state)::int AS active
FROM sessionize.check_latest AS l
CROSS JOIN (VALUES ('ok'), ('failed'), ('learning'), ('error'), ('muted'), ('not run')) AS s (state)
ORDER BY 2, 3, 5$$),
('sessionize_check', '{datname,pipeline,check,kind}', $$
SELECT current_database() AS datname, l.pipeline_name AS pipeline, l.check_name AS "check", l.kind,
       l.value, l.lower, l.upper, l.affected AS affected_rows, l.failures,
       extract(epoch FROM l.took) AS run_seconds, extract(epoch FROM l.at) AS last_run_timestamp_seconds,
       extract(epoch FROM l.due_for) AS due_seconds
FROM sessionize.check_latest AS l ORDER BY 2, 3$$),
('sessionize_webhook', '{datname,webhook}', $$
SELECT current_database() AS datname, w.webhook_name AS webhook, w.pending, extract(epoch FROM w.pending_since) AS pending_since_timestamp_seconds,
       w.deliveries AS deliveries_total, w.failures AS failures_total,
       extract(epoch FROM w.delivered_at) AS delivered_timestamp_seconds
FROM sessionize.webhooks AS w ORDER BY 2$$),
('sessionize_export', '{datname,pipeline,export}', $$
SELECT current_database() AS datname, e.pipeline_name AS pipeline, e.export_name AS "export", e.pending_days, e.pending_rows,
       extract(epoch FROM e.pending_since) AS pending_since_timestamp_seconds, extract(epoch FROM e.snapshot_at) AS snapshot_timestamp_seconds,
       e.failures AS failures_total
FROM sessionize.export_status AS e ORDER BY 2, 3$$),
('sessionize_ingest', '{datname,events,source,partition}', $$
SELECT current_database() AS datname, i.events::text AS events, i.source, i.partition,
       i.requests AS requests_total, i.decoded AS decoded_requests_total, i.discarded AS discarded_requests_total,
       i.rows_decoded AS decoded_rows_total, i.rows_inserted AS inserted_rows_total,
       i.rejected AS rejected_requests, i.gaps,
       extract(epoch FROM i.received_at) AS received_timestamp_seconds,
       extract(epoch FROM i.moved_at) AS moved_timestamp_seconds
FROM sessionize.ingest_status AS i ORDER BY 2, 3, 4$$);

INSERT INTO sessionize.metric (metric_name, query_name, type, unit, help) VALUES
('sessionize_build_info', 'sessionize', 'gauge', NULL, 'Always 1; the labels say which version of pg_sessionize and of the server it is.'),
('sessionize_pipeline_lag_seconds', 'sessionize_pipeline', 'gauge', 'seconds', 'The age of the oldest change that the star does not have yet, or how long it has needed a rebuild; 0: it has all.'),
('sessionize_pipeline_watermark_timestamp_seconds', 'sessionize_pipeline', 'gauge', 'seconds', 'What was written to the raw table before then, and committed, is in the star.'),
('sessionize_pipeline_pending_rows', 'sessionize_pipeline', 'gauge', NULL, 'Entries of the dirty log.'),
('sessionize_pipeline_pending_keys', 'sessionize_pipeline', 'gauge', NULL, 'Session keys in the dirty log.'),
('sessionize_pipeline_pending_large_keys', 'sessionize_pipeline', 'gauge', NULL, 'Large session keys in the dirty log, which are refreshed apart from the others.'),
('sessionize_pipeline_failed_keys', 'sessionize_pipeline', 'gauge', NULL, 'Session keys that could not be refreshed because of their data.'),
('sessionize_pipeline_backlog_unknown', 'sessionize_pipeline', 'gauge', NULL, '1: it is not known what is pending; the column problem of sessionize.pipeline_status says why.'),
('sessionize_pipeline_needs_rebuild', 'sessionize_pipeline', 'gauge', NULL, '1: only a rebuild makes the star right.'),
('sessionize_pipeline_capture_intact', 'sessionize_pipeline', 'gauge', NULL, '1: every change of the raw rows is logged; 0: it should be, and is not.'),
('sessionize_pipeline_oldest_writer_seconds', 'sessionize_pipeline', 'gauge', 'seconds', 'The age of the oldest open transaction that has written to the raw table; the watermark waits for it.'),
('sessionize_pipeline_last_success_timestamp_seconds', 'sessionize_pipeline', 'gauge', 'seconds', 'When the last successful pass, refresh or rebuild ended.'),
('sessionize_pipeline_last_error_timestamp_seconds', 'sessionize_pipeline', 'gauge', 'seconds', 'When the last pass, refresh or rebuild failed.'),
('sessionize_pipeline_failures', 'sessionize_pipeline', 'gauge', NULL, 'Scheduled passes in a row that have failed.'),
('sessionize_pipeline_backoff_seconds', 'sessionize_pipeline', 'gauge', 'seconds', 'How long the pipeline still rests after failures.'),
('sessionize_pipeline_sealed_before_timestamp_seconds', 'sessionize_pipeline', 'gauge', 'seconds', 'The horizon of the seal: earlier events count as they were sealed.'),
('sessionize_pipeline_full_dimensions', 'sessionize_pipeline', 'gauge', NULL, 'Dimensions that have as many members as they may have.'),
('sessionize_worker_active', 'sessionize_worker', 'gauge', NULL, '1: the schedule is in this state, as in sessionize.pipeline_status.'),
('sessionize_fuse_held', 'sessionize_fuse', 'gauge', NULL, '1: the fuse holds the pipeline until somebody decides about a burst of changed raw rows.'),
('sessionize_fuse_enabled', 'sessionize_fuse', 'gauge', NULL, '0: the fuse is off.'),
('sessionize_fuse_changed_rows', 'sessionize_fuse', 'gauge', NULL, 'Existing raw rows that were updated or deleted within an hour.'),
('sessionize_fuse_limit_rows', 'sessionize_fuse', 'gauge', NULL, 'How many may be before the fuse holds the pipeline.'),
('sessionize_schedule_passes', 'sessionize_schedule', 'counter', NULL, 'Passes by the worker since the start of the server.'),
('sessionize_schedule_worker_starts', 'sessionize_schedule', 'counter', NULL, 'Worker processes that were started since the start of the server.'),
('sessionize_schedule_interval_seconds', 'sessionize_schedule', 'gauge', 'seconds', 'How often the schedule says that the pipeline is refreshed.'),
('sessionize_rows_kept', 'sessionize_rows', 'gauge', NULL, 'Raw rows that the star accounts for, as events and their duplicates.'),
('sessionize_rows_quarantined', 'sessionize_rows', 'gauge', NULL, 'Raw rows in the quarantine.'),
('sessionize_rows_late', 'sessionize_rows', 'gauge', NULL, 'Raw rows that came too late for the seal: they do not count.'),
('sessionize_quarantine_rows', 'sessionize_quarantine', 'gauge', NULL, 'Raw rows in the quarantine by reason; an estimate if they are more than 100,000.'),
('sessionize_runs_ended', 'sessionize_runs', 'counter', NULL, 'Transactions of refreshes, and rebuilds, that have ended, by result.'),
('sessionize_refresh_raw_rows', 'sessionize_refresh', 'counter', NULL, 'Raw rows that refreshes have read; a row that is read again counts again, as in all counters of refreshes.'),
('sessionize_refresh_keys', 'sessionize_refresh', 'counter', NULL, 'Session keys that refreshes have derived.'),
('sessionize_refresh_events', 'sessionize_refresh', 'counter', NULL, 'Events that refreshes have derived.'),
('sessionize_refresh_duplicates', 'sessionize_refresh', 'counter', NULL, 'Duplicates of events that refreshes have found.'),
('sessionize_refresh_conflicts', 'sessionize_refresh', 'counter', NULL, 'Duplicates that are not the same as their event.'),
('sessionize_refresh_corrected', 'sessionize_refresh', 'counter', NULL, 'Events whose time refreshes have corrected.'),
('sessionize_refresh_clamped', 'sessionize_refresh', 'counter', NULL, 'Events whose time refreshes have clamped.'),
('sessionize_refresh_inserted_rows', 'sessionize_refresh', 'counter', NULL, 'Rows that refreshes have inserted into the star.'),
('sessionize_refresh_updated_rows', 'sessionize_refresh', 'counter', NULL, 'Rows of the star that refreshes have updated.'),
('sessionize_refresh_deleted_rows', 'sessionize_refresh', 'counter', NULL, 'Rows of the star that refreshes have deleted.'),
('sessionize_refresh_phase_seconds', 'sessionize_refresh_phase', 'histogram', 'seconds', 'How long each phase of the transactions of refreshes took.'),
('sessionize_capture_transactions', 'sessionize_capture', 'counter', NULL, 'Transactions that have changed raw rows.'),
('sessionize_capture_entries', 'sessionize_capture', 'counter', NULL, 'Entries that they have written to the dirty log: the session keys that each has changed.'),
('sessionize_capture_seconds', 'sessionize_capture', 'counter', 'seconds', 'How long their commits took to write the dirty log.'),
('sessionize_table_bytes', 'sessionize_table', 'gauge', 'bytes', 'The size of a table in the schema of the pipeline, with its indexes.'),
('sessionize_table_live_rows', 'sessionize_table', 'gauge', NULL, 'Rows of the table; an estimate.'),
('sessionize_table_dead_rows', 'sessionize_table', 'gauge', NULL, 'Dead rows of the table, which vacuum has not removed; an estimate.'),
('sessionize_rebuild_pieces', 'sessionize_rebuild', 'gauge', NULL, 'Pieces of the rebuild that runs now.'),
('sessionize_rebuild_pieces_done', 'sessionize_rebuild', 'gauge', NULL, 'Pieces of it that are done.'),
('sessionize_rebuild_rows_read', 'sessionize_rebuild', 'gauge', NULL, 'Raw rows that it has read.'),
('sessionize_rebuild_started_timestamp_seconds', 'sessionize_rebuild', 'gauge', 'seconds', 'When it began.'),
('sessionize_open_incidents', 'sessionize_open', 'gauge', NULL, 'Incidents that are open, by the severity that they have now.'),
('sessionize_incidents_opened', 'sessionize_incidents', 'counter', NULL, 'Incidents that were opened.'),
('sessionize_incidents_open_since_timestamp_seconds', 'sessionize_incidents', 'gauge', 'seconds', 'When the oldest incident that is open was opened.'),
('sessionize_checks_configured', 'sessionize_checks', 'gauge', NULL, 'Checks that the pipeline has.'),
('sessionize_checks_overdue', 'sessionize_checks', 'gauge', NULL, 'Checks that have been due for longer than their interval, and than five minutes.'),
('sessionize_check_state_active', 'sessionize_check_state', 'gauge', NULL, '1: the last run of the check ended so, or the check is muted; as in sessionize.check_latest.'),
('sessionize_check_value', 'sessionize_check', 'gauge', NULL, 'What the last run of the check has found, in the unit of its kind, of the subject that is worst.'),
('sessionize_check_lower', 'sessionize_check', 'gauge', NULL, 'The least value that was expected.'),
('sessionize_check_upper', 'sessionize_check', 'gauge', NULL, 'The greatest value that was expected.'),
('sessionize_check_affected_rows', 'sessionize_check', 'gauge', NULL, 'Rows that the last run of the check has found affected.'),
('sessionize_check_failures', 'sessionize_check', 'gauge', NULL, 'How often in a row the check has failed.'),
('sessionize_check_run_seconds', 'sessionize_check', 'gauge', 'seconds', 'How long the last run of the check took.'),
('sessionize_check_last_run_timestamp_seconds', 'sessionize_check', 'gauge', 'seconds', 'When the check last ran.'),
('sessionize_check_due_seconds', 'sessionize_check', 'gauge', 'seconds', 'How long the next run of the check has been due; 0: it is not.'),
('sessionize_webhook_pending', 'sessionize_webhook', 'gauge', NULL, 'Notices of incidents that the webhook has still to deliver.'),
('sessionize_webhook_pending_since_timestamp_seconds', 'sessionize_webhook', 'gauge', 'seconds', 'When the oldest of them was noted.'),
('sessionize_webhook_deliveries', 'sessionize_webhook', 'counter', NULL, 'Notices that were delivered.'),
('sessionize_webhook_failures', 'sessionize_webhook', 'counter', NULL, 'Attempts to deliver that have failed.'),
('sessionize_webhook_delivered_timestamp_seconds', 'sessionize_webhook', 'gauge', 'seconds', 'When a notice was last delivered.'),
('sessionize_export_pending_days', 'sessionize_export', 'gauge', NULL, 'Days that have changed since the last export.'),
('sessionize_export_pending_rows', 'sessionize_export', 'gauge', NULL, 'Sessions that have changed since, or whose events have.'),
('sessionize_export_pending_since_timestamp_seconds', 'sessionize_export', 'gauge', 'seconds', 'When the first of these changes was made.'),
('sessionize_export_snapshot_timestamp_seconds', 'sessionize_export', 'gauge', 'seconds', 'The export has what was committed before then.'),
('sessionize_export_failures', 'sessionize_export', 'counter', NULL, 'Exports that have failed.'),
('sessionize_ingest_requests', 'sessionize_ingest', 'counter', NULL, 'Requests that were read from the source.'),
('sessionize_ingest_decoded_requests', 'sessionize_ingest', 'counter', NULL, 'Requests whose events were inserted.'),
('sessionize_ingest_discarded_requests', 'sessionize_ingest', 'counter', NULL, 'Rejected requests that were removed for good.'),
('sessionize_ingest_decoded_rows', 'sessionize_ingest', 'counter', NULL, 'Events of the decoded requests.'),
('sessionize_ingest_inserted_rows', 'sessionize_ingest', 'counter', NULL, 'Rows that were inserted into the events table.'),
('sessionize_ingest_rejected_requests', 'sessionize_ingest', 'gauge', NULL, 'Requests that could not be decoded or inserted, and wait for a retry.'),
('sessionize_ingest_gaps', 'sessionize_ingest', 'gauge', NULL, 'Parts of the source that were gone before they were read.'),
('sessionize_ingest_received_timestamp_seconds', 'sessionize_ingest', 'gauge', 'seconds', 'When the latest of the requests that were read was received.'),
('sessionize_ingest_moved_timestamp_seconds', 'sessionize_ingest', 'gauge', 'seconds', 'When requests were last read.');
