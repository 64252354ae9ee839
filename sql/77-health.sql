CREATE TABLE sessionize.health_query (
	query_name text COLLATE "C" PRIMARY KEY,
	query      text NOT NULL
);
COMMENT ON TABLE sessionize.health_query IS 'what health_check() looks at: queries, each run as the user who asks';
COMMENT ON COLUMN sessionize.health_query.query IS 'returns the columns pipeline, topic, status, found and statement; $1 is the name of the pipeline to look at, NULL for all';
REVOKE ALL ON sessionize.health_query FROM PUBLIC;

CREATE FUNCTION sessionize.health_check(pipeline text DEFAULT NULL)
RETURNS TABLE (pipeline text, topic text, status text, found text, statement text)
AS 'MODULE_PATHNAME', 'sessionize_health_check'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000 ROWS 30
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s';
COMMENT ON FUNCTION sessionize.health_check IS 'what is right and wrong with a pipeline, or all you see in pipelines, and with the server for them: each topic ok, warning or error, with what was found and the statement to type; errors first';

INSERT INTO sessionize.health_query (query_name, query) VALUES
('shards', $$
SELECT s.distributed_pipeline::text, 'shards', CASE WHEN s.problem IS NOT NULL OR s.state IN ('worker not preloaded', 'backing off') OR s.lag > interval '15 minutes' THEN 'error'
            WHEN s.failed_keys > 0 OR s.needs_rebuild IS NOT NULL OR s.capture <> 'on' OR s.state IN ('not scheduled', 'paused') OR s.lag > interval '1 minute' THEN 'warning' ELSE 'ok' END,
       concat_ws(': ', s.shard_pipeline || ' on ' || s.node, coalesce(s.problem, concat_ws(', ', s.state, 'the oldest change that waits is ' || date_trunc('second', s.lag) || ' old',
            'needs a rebuild: ' || s.needs_rebuild, nullif(s.failed_keys, 0) || ' failed keys', 'capture ' || nullif(s.capture, 'on'), 'last error: ' || CASE WHEN s.state = 'backing off' THEN s.last_error END))),
       CASE WHEN s.shard_id IS NULL THEN format('SELECT sessionize.drop_pipeline(%L)', s.distributed_pipeline)
            WHEN s.problem IS NOT NULL THEN format('SELECT * FROM sessionize.attach_shards(%L)', s.distributed_pipeline)
            WHEN s.state IN ('backing off', 'paused') THEN format('SELECT sessionize.resume(%L)', s.distributed_pipeline)
            WHEN s.needs_rebuild IS NOT NULL THEN format('CALL sessionize.rebuild(%L)', s.distributed_pipeline)
            WHEN s.state = 'not scheduled' THEN format('SELECT sessionize.schedule(%L)', s.distributed_pipeline)
            WHEN s.failed_keys > 0 THEN format('SELECT sessionize.retry_errors(%L)', s.distributed_pipeline)
            WHEN s.capture <> 'on' THEN format('SELECT sessionize.enable_capture(%L)', s.distributed_pipeline) END
FROM sessionize.shard_status AS s WHERE $1 IS NULL OR s.distributed_pipeline = $1
UNION ALL
SELECT p.pipeline::text, 'shards', CASE WHEN p.misleads THEN 'error' ELSE 'warning' END, p.problem,
       format('SELECT * FROM sessionize.attach_shards(%L)', p.pipeline)
FROM sessionize.shard_problems($1::name) AS p$$),
('pipeline', $$
SELECT s.pipeline_name::text, t.topic, t.status, t.found, CASE WHEN t.status <> 'ok' THEN t.statement END
FROM sessionize.pipeline_status AS s
JOIN sessionize.pipelines AS p ON p.pipeline_name = s.pipeline_name
CROSS JOIN LATERAL (SELECT greatest(coalesce(s.every, interval '0'), interval '1 minute') AS warning,
                           greatest(coalesce(10 * s.every, interval '0'), interval '15 minutes') AS error) AS due
CROSS JOIN LATERAL (VALUES
	('schedule',
	 CASE WHEN s.state IN ('worker not preloaded', 'backing off') THEN 'error'
	      WHEN s.state IN ('detached', 'not scheduled', 'paused', 'waiting for a worker') THEN 'warning'
	      WHEN s.state = 'not read yet' THEN 'warning' ELSE 'ok' END,
	 CASE s.state
	      WHEN 'backing off' THEN format('%s passes in a row have failed, the last with: %s; the next begins at %s', s.failures, s.last_error, s.backoff_until)
	      WHEN 'worker not preloaded' THEN 'the worker is to refresh it, and the library is not in shared_preload_libraries'
	      WHEN 'not scheduled' THEN 'nothing refreshes it'
	      WHEN 'held' THEN 'nothing is refreshed while the fuse holds it'
	      WHEN 'detached' THEN 'it has no raw table'
	      WHEN 'waiting for a worker' THEN 'it is due, and all workers have something else to do'
	      WHEN 'not read yet' THEN 'the launcher has not read its schedule'
	      ELSE format('%s, by %s', s.state, s.scheduled_by) END,
	 CASE s.state
	      WHEN 'backing off' THEN format('SELECT sessionize.resume(%L)', s.pipeline_name)
	      WHEN 'paused' THEN format('SELECT sessionize.resume(%L)', s.pipeline_name)
	      WHEN 'worker not preloaded' THEN 'ALTER SYSTEM SET shared_preload_libraries = ''pg_sessionize'''
	      WHEN 'not scheduled' THEN format('SELECT sessionize.schedule(%L)', s.pipeline_name)
	      WHEN 'detached' THEN format('SELECT sessionize.attach_source(%L, ''schema.table'')', s.pipeline_name)
	      ELSE 'ALTER SYSTEM SET sessionize.max_workers = ' || 2 * current_setting('sessionize.max_workers')::int END),
	('lag',
	 CASE WHEN s.lag > due.error THEN 'error' WHEN s.lag > due.warning THEN 'warning' ELSE 'ok' END,
	 CASE WHEN s.problem IS NOT NULL THEN 'it is not known what is pending'
	      WHEN s.lag IS NULL THEN 'the star has every change'
	      ELSE format('the oldest change that the star lacks is %s old; %s keys are pending', date_trunc('second', s.lag), coalesce(s.pending_keys::text, 'all')) END,
	 CASE WHEN s.state = 'held' THEN format('SELECT sessionize.release_fuse(%L)', s.pipeline_name)
	      WHEN s.needs_rebuild IS NULL THEN format('CALL sessionize.refresh(%L)', s.pipeline_name)
	      ELSE format('CALL sessionize.rebuild(%L)', s.pipeline_name) END),
	('backlog',
	 CASE WHEN s.problem IS NULL THEN 'ok' WHEN s.problem = 'dirty log locked' THEN 'warning' ELSE 'error' END,
	 coalesce(s.problem, 'the dirty log can be read'),
	 CASE WHEN s.problem = 'dirty log locked'
	      THEN format('SELECT l.pid, a.query FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) WHERE l.relation = to_regclass(%L) AND l.granted', format('%I.dirty', s.pipeline_name))
	      ELSE format('SELECT problem, source_renamed FROM sessionize.pipeline_status WHERE pipeline_name = %L', s.pipeline_name) END),
	('capture',
	 CASE s.capture WHEN 'on' THEN 'ok' WHEN 'broken' THEN 'error' ELSE 'warning' END,
	 CASE s.capture WHEN 'on' THEN 'every change of the raw rows is logged'
	      WHEN 'broken' THEN 'triggers of the raw table are missing or do not fire: changes are not logged'
	      WHEN 'off' THEN 'the pipeline does not capture changes: only a rebuild sees them'
	      ELSE coalesce(s.capture, 'not known') END,
	 CASE s.capture WHEN 'broken' THEN format('SELECT sessionize.enable_capture(%L)', s.pipeline_name)
	      WHEN 'off' THEN format('CALL sessionize.rebuild(%L)', s.pipeline_name)
	      ELSE format('SELECT sessionize.attach_source(%L, ''schema.table'')', s.pipeline_name) END),
	('rebuild',
	 CASE WHEN s.needs_rebuild IS NULL THEN 'ok' ELSE 'error' END,
	 coalesce('the star needs a rebuild: ' || s.needs_rebuild, 'the star is built, by the rules that the pipeline has'),
	 format('CALL sessionize.rebuild(%L)', s.pipeline_name)),
	('failed keys',
	 CASE WHEN s.failed_keys = 0 THEN 'ok' ELSE 'warning' END,
	 format('%s session keys could not be refreshed because of their data', s.failed_keys),
	 format('SELECT session_key, error FROM sessionize.run_errors WHERE pipeline_name = %L', s.pipeline_name)),
	('large keys',
	 CASE WHEN s.pending_large_keys > 0 AND s.lag > due.error THEN 'warning' ELSE 'ok' END,
	 format('%s large session keys are pending', coalesce(s.pending_large_keys, 0)),
	 format('CALL sessionize.refresh(%L)', s.pipeline_name)),
	('open writers',
	 CASE WHEN s.oldest_writer_since < clock_timestamp() - interval '1 hour' THEN 'error'
	      WHEN s.oldest_writer_since < clock_timestamp() - interval '5 minutes' THEN 'warning' ELSE 'ok' END,
	 CASE WHEN s.oldest_writer_since IS NULL THEN 'no open transaction has written to the raw table'
	      WHEN s.oldest_writer_pid IS NULL THEN format('a prepared transaction has written to the raw table since %s', s.oldest_writer_since)
	      ELSE format('process %s has written to the raw table since %s and has not committed', s.oldest_writer_pid, s.oldest_writer_since) END,
	 CASE WHEN s.oldest_writer_pid IS NULL THEN 'SELECT gid, owner, prepared FROM pg_prepared_xacts ORDER BY prepared'
	      ELSE format('SELECT pg_terminate_backend(%s)', s.oldest_writer_pid) END),
	('raw table',
	 CASE WHEN s.source_renamed IS NULL THEN 'ok' ELSE 'warning' END,
	 coalesce(s.source_renamed, 'it has the name that it had when the pipeline was made'),
	 format('SELECT sessionize.enable_capture(%L)', s.pipeline_name)),
	('dimensions',
	 CASE WHEN s.full_dimensions IS NULL THEN 'ok' ELSE 'warning' END,
	 CASE WHEN s.full_dimensions IS NULL THEN 'no dimension has reached its max_members'
	      ELSE format('further members become "other" in: %s', array_to_string(s.full_dimensions, ', ')) END,
	 format('SELECT * FROM sessionize.dimensions WHERE pipeline_name = %L', s.pipeline_name))
) AS t (topic, status, found, statement)
WHERE $1 IS NULL OR s.pipeline_name = $1::name$$),
('fuse', $$
SELECT f.pipeline_name::text, 'fuse',
       CASE f.state WHEN 'held' THEN 'error' WHEN 'off' THEN 'warning' ELSE 'ok' END,
       CASE f.state WHEN 'held' THEN format('it is held since %s: %s existing raw rows were updated or deleted within an hour, since %s', f.held_at, f.rows, f.since)
            WHEN 'off' THEN 'it is off: any number of existing raw rows may change'
            ELSE format('%s of %s existing raw rows that may have changed within an hour', f.rows, f.limit_rows) END,
       CASE f.state WHEN 'held' THEN format('SELECT sessionize.release_fuse(%L)', f.pipeline_name)
            WHEN 'off' THEN format('SELECT sessionize.set_fuse(%L, enabled => true)', f.pipeline_name) END
FROM sessionize.fuses AS f
WHERE $1 IS NULL OR f.pipeline_name = $1::name$$),
('rows', $$
SELECT a.pipeline_name::text, t.topic, t.status, t.found, CASE WHEN t.status <> 'ok' THEN t.statement END
FROM sessionize.pipeline_accounts AS a
CROSS JOIN LATERAL (SELECT a.kept_rows + a.quarantined_rows + a.late_rows AS all_rows) AS n
CROSS JOIN LATERAL (VALUES
	('quarantine',
	 CASE WHEN a.quarantined_rows > n.all_rows / 10.0 THEN 'error' WHEN a.quarantined_rows > n.all_rows / 100.0 THEN 'warning' ELSE 'ok' END,
	 format('%s of %s raw rows are in the quarantine', a.quarantined_rows, n.all_rows),
	 format('SELECT * FROM sessionize.quarantine_summary(%L)', a.pipeline_name)),
	('late rows',
	 CASE WHEN a.late_rows > n.all_rows / 100.0 THEN 'warning' ELSE 'ok' END,
	 format('%s raw rows came too late for the seal', a.late_rows),
	 format('SELECT count(*), min(event_time), max(event_time) FROM %I.late', a.pipeline_name))
) AS t (topic, status, found, statement)
WHERE $1 IS NULL OR a.pipeline_name = $1::name$$),
('tables', $$
SELECT t.pipeline_name::text, 'dead rows',
       CASE WHEN t.dead_rows > 10000000 THEN 'error' WHEN t.dead_rows > 100000 + 10 * t.live_rows THEN 'warning' ELSE 'ok' END,
       format('about %s dead rows in %I.%I, which each refresh reads', t.dead_rows, t.pipeline_name, t.table_name),
       CASE WHEN t.dead_rows > least(10000000, 100000 + 10 * t.live_rows) THEN format('VACUUM %I.%I', t.pipeline_name, t.table_name) END
FROM sessionize.pipeline_tables AS t
WHERE t.table_name = 'dirty' AND ($1 IS NULL OR t.pipeline_name = $1::name)$$),
('accounts', $$
SELECT a.pipeline_name::text, 'accounts',
       CASE WHEN e.events > 1.1 * a.kept_rows + 10000 THEN 'warning' ELSE 'ok' END,
       format('the ledger has %s kept rows, fact_event about %s', a.kept_rows, e.events::bigint),
       CASE WHEN e.events > 1.1 * a.kept_rows + 10000 THEN format('SELECT * FROM sessionize.reconcile(%L)', a.pipeline_name) END
FROM sessionize.pipeline_accounts AS a
JOIN sessionize.pipeline_tables AS t ON t.pipeline_name = a.pipeline_name AND t.table_name = 'fact_event'
CROSS JOIN LATERAL (SELECT t.live_rows::float8 AS events) AS e
WHERE a.built AND ($1 IS NULL OR a.pipeline_name = $1::name)$$),
('checks', $$
SELECT p.pipeline_name::text, t.topic, t.status, t.found, CASE WHEN t.status <> 'ok' THEN t.statement END
FROM sessionize.pipelines AS p
CROSS JOIN LATERAL (
	SELECT count(*) AS checks, count(*) FILTER (WHERE l.state = 'failed') AS failed, count(*) FILTER (WHERE l.state = 'error') AS errors,
	       count(*) FILTER (WHERE l.overdue) AS overdue, bool_or(l.state = 'failed' AND l.severity = 'error') AS failed_severely,
	       string_agg(l.check_name, ', ' ORDER BY l.check_name) FILTER (WHERE l.state = 'failed') AS failed_names,
	       string_agg(format('%s (%s)', l.check_name, l.error), ', ' ORDER BY l.check_name) FILTER (WHERE l.state = 'error') AS error_names,
	       string_agg(l.check_name, ', ' ORDER BY l.check_name) FILTER (WHERE l.overdue) AS overdue_names,
	       date_trunc('second', max(l.due_for)) AS due_for
	FROM sessionize.check_latest AS l WHERE l.pipeline_name = p.pipeline_name
) AS c
CROSS JOIN LATERAL (VALUES
	('checks',
	 CASE WHEN c.checks = 0 THEN 'warning' ELSE 'ok' END,
	 CASE WHEN c.checks = 0 THEN 'no check looks at its data' ELSE format('%s checks look at its data', c.checks) END,
	 format('SELECT sessionize.add_default_checks(%L)', p.pipeline_name)),
	('failed checks',
	 CASE WHEN c.failed = 0 THEN 'ok' WHEN c.failed_severely THEN 'error' ELSE 'warning' END,
	 format('%s of %s checks have failed', c.failed, c.checks) || coalesce(': ' || c.failed_names, ''),
	 format('SELECT check_name, at, value, lower, upper, unit, affected FROM sessionize.check_latest WHERE pipeline_name = %L AND state = ''failed''', p.pipeline_name)),
	('check errors',
	 CASE WHEN c.errors = 0 THEN 'ok' ELSE 'warning' END,
	 format('%s of %s checks could not be evaluated', c.errors, c.checks) || coalesce(': ' || c.error_names, ''),
	 format('SELECT check_name, at, error FROM sessionize.check_latest WHERE pipeline_name = %L AND state = ''error''', p.pipeline_name)),
	('overdue checks',
	 CASE WHEN c.overdue = 0 THEN 'ok' ELSE 'warning' END,
	 CASE WHEN c.overdue = 0 THEN 'no check is overdue' ELSE format('%s checks are overdue, for up to %s: %s', c.overdue, c.due_for, c.overdue_names) END,
	 format('SELECT * FROM sessionize.run_checks(%L)', p.pipeline_name))
) AS t (topic, status, found, statement)
WHERE $1 IS NULL OR p.pipeline_name = $1::name$$),
('incidents', $$
SELECT p.pipeline_name::text, 'incidents', CASE WHEN i.severity IS NULL THEN 'ok' WHEN i.severity = 'error' THEN 'error' ELSE 'warning' END,
       CASE WHEN i.incident_id IS NULL THEN 'no incident is open'
            ELSE format('incident %s of severity %s is open since %s: %s', i.incident_id, i.severity, i.opened_at, array_to_string(i.checks, ', ')) END,
       CASE WHEN i.incident_id IS NOT NULL THEN format('SELECT at, event, check_name, detail FROM sessionize.incident_events WHERE incident_id = %s', i.incident_id) END
FROM sessionize.pipelines AS p
LEFT JOIN sessionize.incidents AS i ON i.pipeline_name = p.pipeline_name AND i.state = 'open'
WHERE $1 IS NULL OR p.pipeline_name = $1::name$$),
('partitions', $$
SELECT p.pipeline_name::text, 'partitions',
       CASE WHEN b.until IS NULL OR b.until > clock_timestamp() + interval '1 day' THEN 'ok'
            WHEN b.until > clock_timestamp() THEN 'warning' ELSE 'error' END,
       CASE WHEN b.until IS NULL THEN 'the raw table has a partition for every time to come'
            ELSE format('the last partition of the raw table ends at %s', b.until) END,
       CASE WHEN b.until <= clock_timestamp() + interval '1 day' THEN format('SELECT sessionize.keep_events_partitions(%L)', p.source::text) END
FROM sessionize.pipelines AS p
JOIN pg_catalog.pg_partitioned_table AS k ON k.partrelid = p.source::oid AND k.partstrat = 'r' AND k.partnatts = 1
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.partrelid AND a.attnum = k.partattrs[0]
	AND a.atttypid = ANY ('{timestamptz,timestamp,date}'::regtype[])
CROSS JOIN LATERAL (
	SELECT CASE WHEN bool_or(x.until IS NULL) THEN NULL ELSE max(x.until) END AS until
	FROM pg_catalog.pg_inherits AS i
	JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
	CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bound) AS f
	CROSS JOIN LATERAL (SELECT substring(f.bound FROM 'TO \(''([^'']+)''\)$')::timestamptz AS until) AS x
	WHERE i.inhparent = p.source::oid AND f.bound <> 'DEFAULT'
) AS b
WHERE $1 IS NULL OR p.pipeline_name = $1::name$$),
('ingest', $$
SELECT NULL, t.topic, t.status, t.found, CASE WHEN t.status <> 'ok' THEN t.statement END
FROM sessionize.ingest_status AS i
CROSS JOIN LATERAL (SELECT format('%s, %s, %s', i.events, i.source, i.partition) AS name) AS n
CROSS JOIN LATERAL (VALUES
	('ingest',
	 CASE WHEN coalesce(i.moved_at, i.begun_at) < clock_timestamp() - interval '1 hour' THEN 'warning' ELSE 'ok' END,
	 format('%s: requests were last read %s ago', n.name, date_trunc('second', clock_timestamp() - coalesce(i.moved_at, i.begun_at))),
	 format('SELECT * FROM sessionize.ingest_status WHERE events = %L::regclass', i.events::text)),
	('rejected requests',
	 CASE WHEN i.rejected = 0 THEN 'ok' WHEN i.rejected > i.requests / 10.0 THEN 'error' ELSE 'warning' END,
	 format('%s: %s of %s requests are rejected', n.name, i.rejected, i.requests),
	 format('SELECT reason, count(*) FROM sessionize.rejected_requests WHERE events = %L::regclass GROUP BY 1 ORDER BY 2 DESC', i.events::text)),
	('ingest gaps',
	 CASE WHEN i.gaps = 0 THEN 'ok' ELSE 'error' END,
	 format('%s: %s parts of the source were gone before they were read', n.name, i.gaps),
	 format('SELECT * FROM sessionize.ingest_gaps WHERE events = %L::regclass', i.events::text))
) AS t (topic, status, found, statement)
WHERE $1 IS NULL OR i.events = (SELECT p.source FROM sessionize.pipelines AS p WHERE p.pipeline_name = $1::name)$$),
('webhooks', $$
SELECT NULL, 'webhooks',
       CASE WHEN w.pending_since < clock_timestamp() - interval '1 hour' THEN 'error'
            WHEN w.pending_since < clock_timestamp() - interval '5 minutes' THEN 'warning' ELSE 'ok' END,
       format('%s: %s notices are not delivered', w.webhook_name, w.pending)
       || coalesce(format(', the oldest for %s', date_trunc('second', clock_timestamp() - w.pending_since)), '')
       || coalesce(format('; the last attempt that failed was at %s: %s', w.failed_at, w.error), ''),
       CASE WHEN w.pending_since < clock_timestamp() - interval '5 minutes' THEN format('SELECT * FROM sessionize.webhooks WHERE webhook_name = %L', w.webhook_name) END
FROM sessionize.webhooks AS w
WHERE $1 IS NULL$$),
('exports', $$
SELECT e.pipeline_name::text, 'exports',
       CASE WHEN e.failed_at > coalesce(e.exported_at, '-infinity') OR e.pending_since < clock_timestamp() - interval '1 day' THEN 'warning' ELSE 'ok' END,
       format('%s: ', e.export_name) || coalesce(format('%s days have changed since %s', e.pending_days, date_trunc('second', e.snapshot_at)), 'nothing was exported yet')
       || CASE WHEN e.error IS NOT NULL THEN format('; failed at %s: %s', date_trunc('second', e.failed_at), e.error) ELSE '' END,
       CASE WHEN e.failed_at > coalesce(e.exported_at, '-infinity') OR e.pending_since < clock_timestamp() - interval '1 day'
            THEN format('SELECT * FROM sessionize.export_status WHERE pipeline_name = %L AND export_name = %L', e.pipeline_name, e.export_name) END
FROM sessionize.export_status AS e
WHERE $1 IS NULL OR e.pipeline_name = $1::name$$),
('server', $$
SELECT NULL, t.topic, t.status, t.found, CASE WHEN t.status <> 'ok' THEN t.statement END
FROM (SELECT w.preloaded FROM sessionize.worker_state(0) AS w) AS w
CROSS JOIN (SELECT current_setting('max_worker_processes')::int AS most, current_setting('sessionize.max_workers')::int AS workers) AS s
CROSS JOIN (SELECT pg_is_in_recovery() AS standby) AS r
CROSS JOIN LATERAL (VALUES
	('preloaded',
	 CASE WHEN w.preloaded OR r.standby OR EXISTS (SELECT FROM pg_catalog.pg_extension AS x WHERE x.extname = 'pg_cron') THEN 'ok' ELSE 'warning' END,
	 CASE WHEN w.preloaded THEN 'the library is in shared_preload_libraries' ELSE 'the library is not in shared_preload_libraries: there is no worker' END,
	 'ALTER SYSTEM SET shared_preload_libraries = ' || quote_literal(concat_ws(', ', nullif(current_setting('shared_preload_libraries'), ''), 'pg_sessionize'))),
	('worker processes',
	 CASE WHEN NOT w.preloaded OR s.most >= s.workers + 2 THEN 'ok' ELSE 'warning' END,
	 format('max_worker_processes is %s, for a launcher, a survey and up to %s workers', s.most, s.workers),
	 format('ALTER SYSTEM SET max_worker_processes = %s', s.workers + 8)),
	('autovacuum',
	 CASE WHEN current_setting('autovacuum')::bool AND current_setting('track_counts')::bool OR r.standby THEN 'ok' ELSE 'warning' END,
	 format('autovacuum is %s, track_counts is %s', current_setting('autovacuum'), current_setting('track_counts')),
	 'ALTER SYSTEM RESET ' || CASE WHEN current_setting('autovacuum')::bool THEN 'track_counts' ELSE 'autovacuum' END)
) AS t (topic, status, found, statement)
WHERE $1 IS NULL$$),
('vacuum horizon', $$
SELECT NULL, 'vacuum horizon', CASE WHEN h.age > 10000000 OR h.since < clock_timestamp() - interval '1 day' THEN 'error'
                                    WHEN h.age > 1000000 OR h.since < clock_timestamp() - interval '1 hour' THEN 'warning' ELSE 'ok' END,
       coalesce(h.what, 'nothing keeps vacuum from removing dead rows'),
       CASE WHEN h.age > 1000000 OR h.since < clock_timestamp() - interval '1 hour' THEN h.statement END
FROM (VALUES (1)) AS one
LEFT JOIN LATERAL (
	SELECT x.* FROM (
		SELECT format('process %s has a snapshot since %s, %s transactions ago', a.pid, a.xact_start, age(a.backend_xmin)) AS what,
		       age(a.backend_xmin) AS age, a.xact_start AS since, format('SELECT pg_terminate_backend(%s)', a.pid) AS statement
		FROM pg_catalog.pg_stat_activity AS a
		WHERE a.backend_xmin IS NOT NULL AND a.pid <> pg_backend_pid() AND a.backend_type <> 'autovacuum worker'
		  AND (a.datname = current_database() OR a.backend_type = 'walsender')
		UNION ALL
		SELECT format('the prepared transaction %L is open since %s, %s transactions ago', p.gid, p.prepared, age(p.transaction)),
		       age(p.transaction), p.prepared, format('ROLLBACK PREPARED %L', p.gid)
		FROM pg_catalog.pg_prepared_xacts AS p WHERE p.database = current_database()
		UNION ALL
		SELECT format('the replication slot %I holds back rows of %s transactions', r.slot_name, greatest(age(r.xmin), age(r.catalog_xmin))),
		       greatest(age(r.xmin), age(r.catalog_xmin)), NULL,
		       CASE WHEN r.active THEN 'SELECT * FROM pg_replication_slots' ELSE format('SELECT pg_drop_replication_slot(%L)', r.slot_name) END
		FROM pg_catalog.pg_replication_slots AS r WHERE greatest(age(r.xmin), age(r.catalog_xmin)) > 1000
	) AS x ORDER BY x.age DESC NULLS LAST LIMIT 1
) AS h ON true
WHERE $1 IS NULL$$);
