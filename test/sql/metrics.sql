-- openmetrics(): what a monitoring system reads, and that each user gets the metrics of what he may see.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_metrics_owner;
CREATE ROLE regress_metrics_monitor;
CREATE ROLE regress_metrics_nobody;
GRANT pg_read_all_stats TO regress_metrics_monitor;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_metrics_owner', current_database()); END$$;

-- A function over the text: the samples whose values a test can know.
CREATE FUNCTION samples(pattern text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT replace(line, current_database(), 'DB') FROM regexp_split_to_table(sessionize.openmetrics(), '\n') AS line
	WHERE line ~ pattern AND line !~ '^#' ORDER BY line COLLATE "C"
$$;

SET ROLE regress_metrics_owner;
CREATE SCHEMA metrics_raw;
CREATE TABLE metrics_raw.raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz, page text);
CREATE INDEX ON metrics_raw.raw (visitor, at);
SELECT sessionize.create_pipeline('metrics_one', 'metrics_raw.raw', key => 'visitor', event_time => 'at', page => 'page');
RESET ROLE;
SELECT samples('needs_rebuild|lag_seconds.* 0$');
SET ROLE regress_metrics_owner;
INSERT INTO metrics_raw.raw (visitor, at, page) SELECT 'v' || n % 3, '2026-01-01Z', '/' || n FROM generate_series(1, 9) AS n;
CALL sessionize.rebuild('metrics_one');
INSERT INTO metrics_raw.raw (visitor, at) VALUES ('v1', '2026-01-02Z'), ('v2', '2026-01-02Z'), ('v2', '2026-01-03Z'), (NULL, '2026-01-01Z'), ('w', NULL);
RESET ROLE;
SELECT samples('^sessionize_(pipeline_(pending|needs|failed|capture)|rows|quarantine)');
CALL sessionize.refresh('metrics_one');
SELECT samples('^sessionize_(pipeline_(pending|needs|failed|capture|lag)|rows|quarantine|worker_active.* 1$)');
-- against plain SQL
SELECT kept_rows = (SELECT sum(events + duplicates) FROM metrics_one.fact_session) AND kept_rows = 12,
       quarantined_rows = (SELECT count(*) FROM metrics_one.quarantine), late_rows, built, outdated, filling, updated_at <= now()
FROM sessionize.pipeline_accounts WHERE pipeline_name = 'metrics_one';
SELECT reason, rows, estimated FROM sessionize.quarantine_counts('metrics_one');
SELECT reason, count(*) FROM metrics_one.quarantine GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM sessionize.quarantine_counts('metrics_none');
SELECT count(*) FROM sessionize.quarantine_counts(NULL);

-- Of a large quarantine the reasons are estimated, and the estimates add up to what the ledger has.
BEGIN;
UPDATE sessionize.ledger SET quarantined_rows = 1000000
WHERE pipeline_id = (SELECT pipeline_id FROM sessionize.pipeline WHERE pipeline_name = 'metrics_one');
INSERT INTO metrics_one.quarantine OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(q, jsonb_build_object('quarantine_id', q.quarantine_id + n * 1000))).*
FROM metrics_one.quarantine AS q, generate_series(1, 20000) AS n;
SELECT bool_and(estimated), count(*) BETWEEN 1 AND 2, sum(rows) BETWEEN 999990 AND 1000010 FROM sessionize.quarantine_counts('metrics_one');
ROLLBACK;

-- The tables of the pipeline, with their sizes; no size of one that somebody has for himself.
SELECT table_name, bytes = pg_total_relation_size(format('metrics_one.%I', table_name)::regclass), live_rows >= 0, dead_rows >= 0,
       last_vacuum IS NULL, last_analyze IS NULL OR last_analyze <= now()
FROM sessionize.pipeline_tables WHERE pipeline_name = 'metrics_one' AND table_name IN ('dirty', 'fact_session') ORDER BY 1;
SELECT count(*) = (SELECT count(*) FROM pg_class WHERE relnamespace = 'metrics_one'::regnamespace AND relkind = 'r')
FROM sessionize.pipeline_tables WHERE pipeline_name = 'metrics_one';
BEGIN;
LOCK TABLE metrics_one.dim_page IN ACCESS EXCLUSIVE MODE;
SELECT table_name FROM sessionize.pipeline_tables WHERE pipeline_name = 'metrics_one' AND bytes IS NULL;
COMMIT;

-- What the worker does, without the cost of looking into the dirty log.
SELECT pipeline_name, scheduled_by, every, on_commit, state, worker_pid, next_pass, last_success, passes, starts,
       failures, last_error, last_error_at, backoff_until
FROM sessionize.pipeline_workers WHERE pipeline_name = 'metrics_one';

-- Counters are in shared memory, which is there if the library is preloaded.
SELECT count(*) <= 1 FROM sessionize.refresh_counters WHERE pipeline_name = 'metrics_one';
SELECT count(*) IN (0, 6) FROM sessionize.run_totals WHERE pipeline_name = 'metrics_one';
SELECT count(*) IN (0, 5) FROM sessionize.refresh_seconds WHERE pipeline_name = 'metrics_one';

-- Checks and incidents, against what their own views say.
SELECT samples('^sessionize_(check|open|incident)');
CREATE TABLE metrics_raw.wrong (n int);
INSERT INTO metrics_raw.wrong VALUES (1), (2);
GRANT SELECT ON metrics_raw.wrong TO regress_metrics_owner;
SELECT sessionize.add_check('metrics_one', 'a "b"', 'sql', '{"query": "SELECT * FROM metrics_raw.wrong", "max_rows": 1}', every => '1 hour');
SELECT sessionize.add_check('metrics_one', 'other', 'sql', '{"query": "SELECT 1 WHERE false"}', severity => 'info');
SELECT samples('^sessionize_(check|open|incident)(?!.* 0$)(?!.*due_seconds)');
SELECT check_name, status FROM sessionize.run_checks('metrics_one');
SELECT samples('^sessionize_(check|open|incident)(?!.*active.* 0$)(?!.*run_seconds)(?!.*timestamp)');
SELECT count(*) FROM samples('sessionize_check_run_seconds{.*} \d|open_since_timestamp');
SELECT l.value = r.value AND l.at = r.at AND l.took = r.took AND l.upper IS NOT DISTINCT FROM r.upper AND l.affected IS NOT DISTINCT FROM r.affected AND l.state = r.status
FROM sessionize.check_latest AS l JOIN sessionize.check_results AS r USING (pipeline_name, check_name);
SELECT opened, open, open_since = (SELECT opened_at FROM sessionize.incidents WHERE pipeline_name = 'metrics_one' AND state = 'open')
FROM sessionize.incident_totals WHERE pipeline_name = 'metrics_one';
SELECT sessionize.alter_check('metrics_one', 'a "b"', muted_until => now() + interval '1 hour');
SELECT samples('check_state_active.* 1$');
-- the total does not become less when incidents are forgotten
DELETE FROM metrics_raw.wrong;
SELECT count(*) FROM generate_series(1, 2) AS n, sessionize.run_checks('metrics_one', 'a "b"', now() + n * interval '1 second', only_due => false);
SELECT samples('^sessionize_(open|incident)');
SELECT sessionize.alter_check('metrics_one', 'a "b"', muted_until => '-infinity');
INSERT INTO metrics_raw.wrong VALUES (1), (2);
SELECT status FROM sessionize.run_checks('metrics_one', 'a "b"', now() + interval '401 days', only_due => false);
DELETE FROM metrics_raw.wrong;
SELECT status FROM sessionize.run_checks('metrics_one', 'a "b"', now() + interval '402 days', only_due => false);
SELECT status FROM sessionize.run_checks('metrics_one', 'a "b"', now() + interval '403 days', only_due => false);
SELECT count(*) FROM sessionize.incidents WHERE pipeline_name = 'metrics_one';
SELECT samples('^sessionize_(open|incident)');
-- what was said of each, for those who deliver it
SELECT n.state, n.payload ->> 'event', n.payload ->> 'check', n.payload ->> 'severity' FROM sessionize.incident_notice AS n
JOIN sessionize.incident AS i USING (incident_id) JOIN sessionize.pipeline AS p USING (pipeline_id) WHERE p.pipeline_name = 'metrics_one' ORDER BY n.notice_id;

-- Who sees what.
SET ROLE regress_metrics_monitor;
SELECT samples('^sessionize_(rows_kept|quarantine)');
RESET ROLE;
SET ROLE regress_metrics_nobody;
SELECT samples('pipeline=');
SELECT sessionize.openmetrics() ~ '# EOF\n$';
SELECT count(*) FROM sessionize.quarantine_counts('metrics_one');
RESET ROLE;

-- A metric is a row; what a label has in it is escaped; what is no number, and a query that fails, takes no other metric away.
BEGIN;
INSERT INTO sessionize.metric_query VALUES
('test_shape', '{name}', $$SELECT * FROM (VALUES ('a"b\c' || chr(10) || 'd', 1.5, 7, ARRAY[0.5, 1, 2.5]::float8[], ARRAY[1, 2, 2]::bigint[], 7.25, 4),
	(NULL, 'Infinity', NULL, NULL, NULL, NULL, NULL), ('', '-Infinity', 1, ARRAY[1e-5]::float8[], ARRAY[0]::bigint[], 'NaN', 0))
	AS v (name, size_bytes, hits_total, wait_seconds, wait_seconds_bucket, wait_seconds_sum, wait_seconds_count)$$),
('test_text', '{}', $$SELECT 'one' AS value$$),
('test_column', '{}', $$SELECT 1 AS other$$),
('test_array', '{}', $$SELECT ARRAY[1::float8] AS h, ARRAY[1]::int[] AS h_bucket, 1 AS h_sum, 1 AS h_count$$),
('test_bounds', '{}', $$SELECT ARRAY[1::float8] AS h, ARRAY[1, 2]::bigint[] AS h_bucket, 1 AS h_sum, 1 AS h_count$$),
('test_error', '{}', $$SELECT 1 / 0 AS value$$);
INSERT INTO sessionize.metric (metric_name, query_name, type, unit, help) VALUES
('test_shape_size_bytes', 'test_shape', 'gauge', 'bytes', E'A "size" \\ in\nbytes.'),
('test_shape_hits', 'test_shape', 'counter', NULL, 'Hits.'),
('test_shape_wait_seconds', 'test_shape', 'histogram', 'seconds', 'Waits.'),
('test_text_value', 'test_text', 'gauge', NULL, 'No number.'),
('test_column_value', 'test_column', 'gauge', NULL, 'No column.'),
('test_array_h', 'test_array', 'histogram', NULL, 'No bigint.'),
('test_bounds_h', 'test_bounds', 'histogram', NULL, 'More buckets than bounds.'),
('test_error_value', 'test_error', 'gauge', NULL, 'An error.');
SELECT line FROM regexp_split_to_table(sessionize.openmetrics(), '\n') AS line WHERE line ~ '^(# .... )?test_shape';
SELECT samples('query_failed');
SELECT samples('^test_(text|column|array|bounds|error)');
SELECT count(*) FROM sessionize.metrics WHERE metric_name LIKE 'test%' AND query_name IS NOT NULL;
SAVEPOINT s;
INSERT INTO sessionize.metric (metric_name, query_name, type, unit, help) VALUES ('test_shape_other', 'test_shape', 'gauge', 'bytes', '');
ROLLBACK TO s;
INSERT INTO sessionize.metric (metric_name, query_name, type, unit, help) VALUES ('test_other', 'test_shape', 'gauge', NULL, '');
ROLLBACK TO s;
INSERT INTO sessionize.metric (metric_name, query_name, type, unit, help) VALUES ('test_shape_x_total', 'test_shape', 'counter', NULL, '');
ROLLBACK;

-- No query fails, here or for whom it has nothing to show, and each metric has its query.
SELECT samples('query_failed.* 1$');
SELECT metric_name, type, unit, labels FROM sessionize.metrics ORDER BY metric_name COLLATE "C";
SELECT query IS NOT NULL, help ~ '\.$', count(*) > 20 FROM sessionize.metrics GROUP BY 1, 2;

SELECT sessionize.drop_pipeline('metrics_one');
DROP FUNCTION samples;
DROP SCHEMA metrics_raw CASCADE;
DO $$BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_metrics_owner', current_database()); END$$;
DROP ROLE regress_metrics_owner, regress_metrics_monitor, regress_metrics_nobody;
