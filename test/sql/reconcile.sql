-- The examples of docs/reference/rebuild.md, and reconcile: every raw row is accounted for at every moment.
SET client_min_messages = warning;
SELECT sessionize.create_events_table('szx.events');
INSERT INTO szx.events (event_id, event_name, user_id, anonymous_id, occurred_at, received_at, properties) VALUES
	('1', 'page_view', NULL, 'ann', '2026-01-05 10:00Z', '2026-01-05 10:00Z', '{"page": "/"}'),
	('1', 'page_view', NULL, 'ann', '2026-01-05 10:00Z', '2026-01-05 10:01Z', '{"page": "/"}'),
	('2', 'page_view', NULL, 'ann', '2026-01-05 10:05Z', '2026-01-05 10:05Z', '{"page": "/shop"}'),
	('3', 'login', 'u1', 'ann', '2026-01-05 11:05Z', '2026-01-05 11:05Z', NULL),
	('4', 'page_view', NULL, 'bob', 'infinity', '2026-01-05 11:05Z', NULL),
	('5', 'page_view', NULL, NULL, '2026-01-05 11:05Z', '2026-01-05 11:05Z', NULL);
SELECT sessionize.create_pipeline('web', 'szx.events');

-- before the first rebuild everything is pending
SELECT * FROM sessionize.reconcile('web');

CALL sessionize.rebuild('web');
SELECT * FROM sessionize.verify('web');              -- no row: every row of the star is proven right
SELECT raw_rows, events, duplicates, quarantined, late, pending, difference FROM sessionize.reconcile('web');
SELECT state, pieces_done = pieces AS complete, raw_rows, events, sessions FROM sessionize.runs WHERE pipeline_name = 'web';
SELECT pipeline_name, phase, rows_read, rows_estimated, pieces_done, pieces_total FROM sessionize.rebuild_progress;

UPDATE web.fact_session SET events = events + 1 WHERE session_key = 'ann';
SELECT relation, session_key, k AS column, stored -> k AS stored, expected -> k AS expected
FROM sessionize.verify('web'), jsonb_object_keys(expected) AS k WHERE stored -> k IS DISTINCT FROM expected -> k;
CALL sessionize.rebuild('web');

CALL sessionize.rebuild('web', throttle => 0.5);
CALL sessionize.rebuild('web', now() - interval '1 day', NULL);
CALL sessionize.rebuild('web', '2026-01-05', '2026-01-06');

INSERT INTO web.dim_date SELECT c.* FROM generate_series('2027-01-01'::date, '2027-12-31', '1 day') AS d, sessionize.calendar_day(d::date) AS c
ON CONFLICT DO NOTHING;
SELECT sessionize.calendar_date(20270229) IS NULL AS no_such_day;
SELECT * FROM sessionize.verify('web');

-- each number is counted on its own: a change on either side shows in the right one
CREATE FUNCTION szx.state() RETURNS TABLE (raw bigint, ev bigint, dup bigint, quar bigint, late bigint, pend bigint, diff bigint, ev_diff bigint, adds_up boolean)
LANGUAGE sql AS $$ SELECT raw_rows, events, duplicates, quarantined, r.late, pending, difference, event_difference, raw_rows + sealed_only = events + duplicates + quarantined + r.late + pending + difference FROM sessionize.reconcile('web') AS r $$;
INSERT INTO szx.events (event_id, event_name, anonymous_id, occurred_at, received_at) VALUES
	('6', 'page_view', 'ann', '2026-01-05 12:00Z', '2026-01-05 12:00Z'), ('7', 'page_view', 'cid', '2026-01-05 12:00Z', '2026-01-05 12:00Z');
SELECT * FROM szx.state();
DELETE FROM szx.events WHERE event_id IN ('1', '6', '7');
SELECT * FROM szx.state();
CALL sessionize.rebuild('web');
SELECT * FROM szx.state();
DELETE FROM web.fact_event WHERE event_id = '2';
SELECT * FROM szx.state();
DELETE FROM web.fact_session WHERE started_at = '2026-01-05 10:05Z';
SELECT * FROM szx.state();
DELETE FROM web.quarantine WHERE reason = 'null_key';
SELECT * FROM szx.state();
UPDATE web.fact_session SET duplicates = 5;
SELECT * FROM szx.state();
CALL sessionize.rebuild('web');
SELECT * FROM szx.state();
SELECT count(*) AS wrong FROM sessionize.verify('web');
-- everything is gone
DELETE FROM szx.events;
SELECT * FROM szx.state();
CALL sessionize.rebuild('web');
SELECT * FROM szx.state();
SELECT (SELECT count(*) FROM web.fact_session) AS sessions, (SELECT count(*) FROM web.fact_event) AS events,
       (SELECT count(*) FROM web.dim_user) AS users, (SELECT count(*) FROM web.quarantine) AS quarantined;
SELECT count(*) AS wrong FROM sessionize.verify('web');
-- partitions that go are rows that go
INSERT INTO szx.events (event_id, anonymous_id, occurred_at) VALUES ('8', 'ann', now()), ('9', 'ann', now() - interval '1 hour');
CALL sessionize.rebuild('web');
SELECT ev, pend, diff, ev_diff, adds_up FROM szx.state();
TRUNCATE szx.events;
SELECT ev, pend, diff, ev_diff, adds_up FROM szx.state();

-- the log keeps the last 1000 runs
INSERT INTO sessionize.run (pipeline_id, pid, progress_handle, definition, state, started_at)
SELECT pipeline_id, 0, 0, '', 'done', now() FROM sessionize.pipeline, generate_series(1, 1500) WHERE pipeline_name = 'web';
CALL sessionize.rebuild('web');
SELECT count(*) FROM sessionize.runs WHERE pipeline_name = 'web' AND kind = 'rebuild';

SELECT sessionize.drop_pipeline('web');
DROP SCHEMA szx CASCADE;
