-- the examples of docs/reference/refresh.md
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szd;
CREATE TABLE szd.raw (raw_id bigint PRIMARY KEY, visitor text, occurred_at timestamptz);
CREATE INDEX ON szd.raw (visitor, occurred_at);
INSERT INTO szd.raw SELECT n, CASE WHEN n % 2 = 0 THEN 'ann' ELSE 'bob' END, '2026-01-01'::timestamptz + n * interval '12 minutes' FROM generate_series(1, 40) AS n;
SELECT sessionize.create_pipeline('web', 'szd.raw', key => 'visitor');
CALL sessionize.refresh('web');
INSERT INTO szd.raw VALUES (0, 'ann', '2025-12-31 23:59'), (50, 'ann', '2026-01-03');
SELECT session_key, started_at, events FROM web.sessions_live WHERE session_key = 'ann' ORDER BY started_at;
CALL sessionize.refresh('web');
SELECT session_key, started_at, events FROM web.sessions WHERE session_key = 'ann' ORDER BY started_at;
SELECT pending, difference FROM sessionize.reconcile('web');
SELECT kind, state, keys, raw_rows, rows_inserted, rows_updated, rows_deleted FROM sessionize.runs WHERE pipeline_name = 'web' AND kind = 'refresh';
SELECT session_key, tries, set_aside, error FROM sessionize.run_errors WHERE pipeline_name = 'web';
SELECT old_session_id IS NOT NULL AS old, new_session_id IN (SELECT session_id FROM web.sessions) AS new, reason FROM web.session_alias WHERE session_key = 'ann';
SELECT count(*) FROM sessionize.verify('web', since => '2026-01-01', until => '2026-02-01');
SELECT count(*) FROM sessionize.verify('web', sample => 0.1);
-- a range and a sample leave out what lies outside, and nothing else
UPDATE web.fact_session SET events = events + 1;
DELETE FROM web.fact_event WHERE event_time >= '2026-01-03';
INSERT INTO web.dim_user (session_key, valid_from, valid_to, is_current) VALUES ('nobody', '-infinity', 'infinity', true);
SELECT relation, difference, session_key, expected ->> 'started_at' AS started_at FROM sessionize.verify('web', since => '2026-01-02') ORDER BY 1, 2, 3;
SELECT relation, difference, count(*) FROM sessionize.verify('web', until => '2026-01-02') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT (SELECT count(*) FROM sessionize.verify('web', sample => 1)) = (SELECT count(*) FROM sessionize.verify('web')) AS all_of_it,
       (SELECT count(DISTINCT session_key) FROM sessionize.verify('web', sample => 0.0000001)) <= 1 AS few;
SELECT * FROM sessionize.verify('web', sample => 0);
SELECT * FROM sessionize.verify('web', sample => 'NaN');
CALL sessionize.rebuild('web');
SELECT count(*) FROM sessionize.verify('web');
SELECT sessionize.erase_user('web', 'ann');
SELECT count(*) FROM web.sessions_live WHERE session_key = 'ann';
SELECT sessionize.drop_pipeline('web');
DROP SCHEMA szd CASCADE;
