-- schedule, unschedule, pause, resume and pipeline_status as far as they don't depend on who runs the schedule: what does is in
-- test/t/060_worker.pl and 061_pg_cron.pl.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE TABLE schedule_raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, event_id text, visitor text, occurred_at timestamptz, received_at timestamptz);
CREATE INDEX ON schedule_raw (visitor, occurred_at, event_id);
SELECT sessionize.create_pipeline('schedule_test', 'schedule_raw', key => 'visitor');

-- What can't be scheduled.
SELECT sessionize.schedule(NULL);
SELECT sessionize.schedule('schedule_nowhere');
SELECT sessionize.schedule('schedule_test', NULL);
SELECT sessionize.schedule('schedule_test', '1 month');
SELECT sessionize.schedule('schedule_test', '-1 second');
SELECT sessionize.schedule('schedule_test', '9 milliseconds');
SELECT sessionize.schedule('schedule_test', '8 days');
SELECT sessionize.unschedule('schedule_test');
SELECT sessionize.pause('schedule_test');
SELECT sessionize.resume('schedule_test');
SELECT * FROM sessionize.pipeline_backlog(-1);
SELECT count(*) FROM sessionize.schedule;

-- By others than the owner.
SELECT pipeline_id FROM sessionize.pipeline WHERE pipeline_name = 'schedule_test' \gset
CREATE ROLE regress_schedule;
SET ROLE regress_schedule;
SELECT sessionize.schedule('schedule_test');
SELECT sessionize.unschedule('schedule_test');
SELECT sessionize.pause('schedule_test');
SELECT sessionize.resume('schedule_test');
SELECT * FROM sessionize.pipeline_backlog(:pipeline_id);
SELECT count(*) FROM sessionize.pipeline_status;
SELECT count(*) FROM sessionize.schedule;
SELECT count(*) FROM sessionize.schedule_failure;
RESET ROLE;
GRANT pg_read_all_stats TO regress_schedule;
SET ROLE regress_schedule;
SELECT pipeline_name, state, pending_rows FROM sessionize.pipeline_status;
RESET ROLE;
DROP ROLE regress_schedule;

-- Called where they make no sense.
SELECT sessionize.schedule_changed();
SELECT has_function_privilege('public', 'sessionize.schedule_changed()', 'EXECUTE') AS by_anybody;
CREATE TABLE schedule_trigger ();
CREATE TRIGGER t AFTER INSERT ON schedule_trigger EXECUTE FUNCTION sessionize.schedule_changed();
INSERT INTO schedule_trigger DEFAULT VALUES;
SELECT state, pid, next_pass, last_success, passes, starts FROM sessionize.worker_state(-1);

-- The backlog: keys and rows of the log, and since when, against the log itself.
CREATE TEMP VIEW status AS SELECT * FROM sessionize.pipeline_status WHERE pipeline_name = 'schedule_test';
SELECT scheduled_by, every, state, needs_rebuild, watermark, pending_rows, pending_keys, lag > interval '0' AS lag FROM status;
INSERT INTO schedule_raw (event_id, visitor, occurred_at) SELECT n, 'v' || n % 3, '2026-01-01Z' FROM generate_series(1, 10) AS n;
INSERT INTO schedule_raw (event_id, visitor, occurred_at) VALUES ('11', 'v1', '2026-01-02Z'), ('12', NULL, '2026-01-02Z');
SELECT b.pending_rows, b.pending_keys, b.pending_since = d.since AS since, s.pending_rows AS known, s.lag > interval '0' AS lag, s.watermark
FROM status AS s, sessionize.pipeline_backlog(:pipeline_id) AS b, (SELECT min(logged_at) AS since FROM schedule_test.dirty) AS d;
SELECT count(*) AS rows, count(DISTINCT coalesce(session_key, '')) AS keys FROM schedule_test.dirty;
CALL sessionize.rebuild('schedule_test');
SELECT needs_rebuild, pending_rows, lag, last_success > now() - interval '1 minute' AS lately FROM status;
SELECT watermark > now() - interval '1 minute' AS known, capture FROM status;

-- An open writer holds the watermark: of the raw table, not of others.
BEGIN;
INSERT INTO schedule_trigger DEFAULT VALUES;
SELECT oldest_writer_pid, oldest_writer_since FROM status;
INSERT INTO schedule_raw (event_id, visitor, occurred_at) VALUES ('13', 'v1', '2026-01-02Z');
SELECT oldest_writer_pid = pg_backend_pid() AS me, oldest_writer_since = now() AS since, watermark = now() AS watermark FROM status;
ROLLBACK;

-- Who sees only what was there at the beginning can't know how far the star is now.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT watermark, pending_rows, capture FROM status;
COMMIT;

-- A trigger that does not always fire, and one that is not there: either of the two for rows.
SELECT max(tgname) FILTER (WHERE tgqual IS NOT NULL) AS inserted, max(tgname) FILTER (WHERE tgqual IS NULL) AS changed
FROM pg_trigger WHERE tgrelid = 'schedule_raw'::regclass AND tgfoid = 'sessionize.capture'::regproc \gset
ALTER TABLE schedule_raw ENABLE TRIGGER :inserted;
SELECT watermark, capture FROM status;
ALTER TABLE schedule_raw ENABLE ALWAYS TRIGGER :inserted;
SELECT capture FROM status;
ALTER TABLE schedule_raw ENABLE TRIGGER :changed;
SELECT watermark, capture FROM status;
ALTER TABLE schedule_raw ENABLE ALWAYS TRIGGER :changed;
BEGIN;
DROP TRIGGER :inserted ON schedule_raw;
SELECT capture FROM status;
ROLLBACK;
BEGIN;
DROP TRIGGER :changed ON schedule_raw;
SELECT capture FROM status;
ROLLBACK;
SELECT capture FROM status;
-- A pipeline that has lost a part is shown as well.
DROP VIEW schedule_test.source CASCADE;
SELECT state, pending_rows FROM status;
DROP VIEW status;
SELECT sessionize.drop_pipeline('schedule_test');
DROP TABLE schedule_raw, schedule_trigger;
