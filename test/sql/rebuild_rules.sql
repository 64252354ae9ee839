-- Each rule alone and all of them together, through rebuilds that apply differences: after every round of late, changed
-- and deleted rows the sessions are those of a recursive query that folds a key's events one by one.
SET client_min_messages = warning;
SET timezone = 'Asia/Kolkata';
CREATE SCHEMA szrr;
SET search_path = szrr, public;
CREATE TABLE raw (id int PRIMARY KEY, visitor int, at timestamptz, cut boolean);
CREATE INDEX ON raw (visitor, at);

-- how the pipelines differ
CREATE TABLE rule (pipeline text PRIMARY KEY, gap interval, max_duration interval, max_events bigint, midnight text, restart boolean);
INSERT INTO rule VALUES
	('szrr_gap', '10 minutes', NULL, NULL, NULL, false),
	('szrr_duration', '3 hours', '47 minutes', NULL, NULL, false),
	('szrr_zero', '3 hours', '0', NULL, NULL, false),
	('szrr_events', '3 hours', NULL, 4, NULL, false),
	('szrr_single', '3 hours', NULL, 1, NULL, false),
	('szrr_midnight', '5 hours', NULL, NULL, 'America/New_York', false),
	('szrr_restart', '5 hours', NULL, NULL, NULL, true),
	('szrr_all', '20 minutes', '1 hour', 6, 'America/New_York', true);

-- The number of the session of each event. Two rules that would cut at one event cut once.
CREATE FUNCTION expected(r rule) RETURNS TABLE (id int, session_number bigint) LANGUAGE sql AS $$
	WITH RECURSIVE ordered AS MATERIALIZED (
		SELECT raw.id, visitor, at, coalesce(cut, false) AS cut, (at AT TIME ZONE coalesce(r.midnight, 'UTC'))::date AS day,
		       row_number() OVER (PARTITION BY visitor ORDER BY at, raw.id) AS n
		FROM raw WHERE visitor IS NOT NULL AND isfinite(at)
	), fold AS (
		SELECT id, visitor, at, day, n, at AS started, 1::bigint AS events, 1::bigint AS session
		FROM ordered WHERE n = 1
		UNION ALL
		SELECT o.id, o.visitor, o.at, o.day, o.n, CASE WHEN c.new THEN o.at ELSE f.started END,
		       CASE WHEN c.new THEN 1 ELSE f.events + 1 END, f.session + c.new::int
		FROM fold AS f JOIN ordered AS o ON o.visitor = f.visitor AND o.n = f.n + 1,
		     LATERAL (SELECT o.at - f.at > r.gap OR coalesce(o.at - f.started > r.max_duration, false)
		                     OR coalesce(f.events >= r.max_events, false) OR (r.midnight IS NOT NULL AND o.day <> f.day)
		                     OR (r.restart AND o.cut) AS new) AS c
	)
	SELECT id, session FROM fold
$$;

CREATE PROCEDURE make_pipelines() LANGUAGE plpgsql AS $$
DECLARE
	r rule;
BEGIN
	FOR r IN TABLE rule LOOP
		PERFORM sessionize.create_pipeline(r.pipeline, 'szrr.raw', key => 'visitor', event_time => 'at', raw_id => 'id',
			restart => CASE WHEN r.restart THEN 'cut' END, gap => r.gap, max_duration => r.max_duration, max_events => r.max_events,
			midnight => r.midnight);
	END LOOP;
END $$;

-- Every event in the session it belongs to, and every session with its bounds and count.
CREATE TABLE result (round int, pipeline text, sessions bigint, differences bigint, wrong bigint);
CREATE PROCEDURE rebuild_and_compare(round int) LANGUAGE plpgsql AS $$
DECLARE
	r rule;
BEGIN
	FOR r IN TABLE rule LOOP
		CALL sessionize.rebuild(r.pipeline);
		EXECUTE format($q$
			WITH expected_event AS MATERIALIZED (
				SELECT raw.visitor, raw.at, e.id, e.session_number FROM szrr.expected($1) AS e JOIN szrr.raw USING (id)
			), actual_event AS (
				SELECT session_key, event_time, raw_id, dense_rank() OVER (PARTITION BY session_key ORDER BY session_started_at, first_id)
				FROM (SELECT *, min(raw_id) FILTER (WHERE event_time = session_started_at) OVER (PARTITION BY session_id) AS first_id
				      FROM %1$I.events) AS e
			), expected_session AS (
				SELECT visitor, min(at) AS started_at, max(at) AS ended_at, count(*) AS events FROM expected_event GROUP BY visitor, session_number
			), actual_session AS (
				SELECT session_key, started_at, ended_at, events FROM %1$I.sessions
			)
			INSERT INTO szrr.result SELECT %2$L, %1$L, (SELECT count(*) FROM expected_session),
				(SELECT count(*) FROM (TABLE expected_event EXCEPT ALL TABLE actual_event) AS x)
				+ (SELECT count(*) FROM (TABLE actual_event EXCEPT ALL TABLE expected_event) AS x)
				+ (SELECT count(*) FROM (TABLE expected_session EXCEPT ALL TABLE actual_session) AS x)
				+ (SELECT count(*) FROM (TABLE actual_session EXCEPT ALL TABLE expected_session) AS x),
				(SELECT count(*) FROM sessionize.verify(%1$L))$q$, r.pipeline, round) USING r;
		COMMIT;
	END LOOP;
END $$;

-- a time within four days, often on a grid, so that the rules' edges are met exactly, and often at the same instant
CREATE FUNCTION some_time() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
	SELECT '2026-03-07 03:00Z'::timestamptz + floor(random() * 4 * 288) * interval '5 minutes'
	       + CASE WHEN random() < 0.5 THEN '0' ELSE floor(random() * 3 - 1) * interval '1 microsecond' END
$$;

SELECT setseed(0.25);
INSERT INTO raw SELECT n, floor(random() * 12), some_time(), random() < 0.05 FROM generate_series(1, 1500) AS n;
INSERT INTO raw VALUES (-1, NULL, some_time(), false), (-2, 1, 'infinity', true);
CALL make_pipelines();
CALL rebuild_and_compare(1);
-- late rows, in the middle of sessions and between them
INSERT INTO raw SELECT n, floor(random() * 14), some_time(), random() < 0.05 FROM generate_series(1501, 1600) AS n;
CALL rebuild_and_compare(2);
-- rows that change their time, key, or whether they cut
UPDATE raw SET at = at + floor(random() * 9 - 4) * interval '5 minutes' WHERE id > 0 AND id % 23 = 0;
UPDATE raw SET visitor = floor(random() * 14) WHERE id > 0 AND id % 29 = 0;
UPDATE raw SET cut = NOT cut WHERE id > 0 AND id % 31 = 0;
CALL rebuild_and_compare(3);
-- rows that go; many pieces
DELETE FROM raw WHERE id % 7 = 0 OR visitor = 3;
SET maintenance_work_mem = '1MB';
INSERT INTO raw SELECT n, n, some_time(), false FROM generate_series(2001, 9000) AS n;
ANALYZE raw;
CALL rebuild_and_compare(4);
DELETE FROM raw WHERE id > 2000 AND id % 3 > 0;
CALL rebuild_and_compare(5);

SELECT round, count(*) AS pipelines, sum(differences) AS differences, sum(wrong) AS wrong FROM result GROUP BY round ORDER BY round;
-- the rules make a difference in every round
SELECT round, count(DISTINCT sessions) AS different_numbers_of_sessions FROM result GROUP BY round ORDER BY round;
SELECT pieces > 1 AS many_pieces FROM sessionize.runs WHERE pipeline_name = 'szrr_all' ORDER BY run_id DESC LIMIT 1;
SELECT sum(rows_updated) > 0 AS updated, sum(rows_deleted) > 0 AS deleted, count(*) AS runs FROM sessionize.runs WHERE pipeline_name LIKE 'szrr%';

SELECT count(*) FROM (SELECT sessionize.drop_pipeline(pipeline) FROM rule) AS d;
DROP SCHEMA szrr CASCADE;
