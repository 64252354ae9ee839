-- ended_by: the rule by which the next session starts. Sessions are compared with those of a loop over the rows in plain
-- PL/pgSQL, after each step of a history of late rows, updates and deletes.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szeb;
CREATE TABLE szeb.raw (raw_id bigint PRIMARY KEY, event_id text UNIQUE, visitor text, campaign text, flag boolean, occurred_at timestamptz);
CREATE INDEX ON szeb.raw (visitor, occurred_at, event_id);
CREATE FUNCTION szeb.at(n numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2026-01-01Z'::timestamptz + n * interval '1 minute' $$;
CREATE TABLE szeb.rules (pipeline text PRIMARY KEY, gap interval, max_duration interval, max_events bigint, ahead interval);
-- a zone without daylight saving time, so far ahead of UTC
INSERT INTO szeb.rules VALUES ('szeb_all', '30 minutes', '100 minutes', 5, '5:45'), ('szeb_gap', '30 minutes', NULL, NULL, NULL), ('szeb_small', '1 hour', '2 hours', NULL, NULL);
CREATE FUNCTION szeb.expected(r szeb.rules) RETURNS TABLE (session_key text, started_at timestamptz, ended_at timestamptz, events bigint, ended_by text) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
	e szeb.raw;
	seen text;
	reason text;
BEGIN
	FOR e IN SELECT * FROM szeb.raw AS w ORDER BY w.visitor COLLATE "C", w.occurred_at, w.event_id COLLATE "C" LOOP
		reason := CASE WHEN session_key IS DISTINCT FROM e.visitor THEN 'none'
			WHEN e.occurred_at - ended_at > r.gap THEN 'gap'
			WHEN e.occurred_at - started_at > r.max_duration THEN 'max_duration'
			WHEN events = r.max_events THEN 'max_events'
			WHEN e.flag THEN 'restart'
			WHEN e.campaign <> seen THEN 'change'
			WHEN ((e.occurred_at + r.ahead) AT TIME ZONE 'UTC')::date <> ((ended_at + r.ahead) AT TIME ZONE 'UTC')::date THEN 'midnight' END;
		IF reason IS NOT NULL THEN
			ended_by := nullif(reason, 'none');
			IF session_key IS NOT NULL THEN RETURN NEXT; END IF;
			IF reason = 'none' THEN seen := NULL; END IF;
			session_key := e.visitor; started_at := e.occurred_at; events := 0;
		END IF;
		ended_at := e.occurred_at; events := events + 1; seen := coalesce(e.campaign, seen);
	END LOOP;
	ended_by := NULL;
	IF session_key IS NOT NULL THEN RETURN NEXT; END IF;
END $$;
CREATE FUNCTION szeb.wrong(name text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	live text;
	n bigint;
	total bigint := 0;
BEGIN
	FOREACH live IN ARRAY ARRAY['sessions', 'sessions_live'] LOOP
		EXECUTE format('WITH a AS MATERIALIZED (SELECT session_key, started_at, ended_at, events, ended_by FROM %I.%I),
			b AS MATERIALIZED (SELECT x.* FROM szeb.rules AS r, LATERAL szeb.expected(r) AS x WHERE r.pipeline = %1$L)
			SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x', name, live) INTO n;
		total := total + n;
	END LOOP;
	-- what is stored is why a session started
	FOREACH live IN ARRAY ARRAY['sessions', 'sessions_live', 'fact_session'] LOOP
		EXECUTE format('WITH a AS MATERIALIZED (SELECT session_key, started_at, started_by, ended_at, events FROM %I.%I),
			b AS MATERIALIZED (SELECT x.session_key, x.started_at, lag(x.ended_by) OVER (PARTITION BY x.session_key ORDER BY x.started_at, x.ended_at, x.number), x.ended_at, x.events
				FROM szeb.rules AS r, LATERAL szeb.expected(r) WITH ORDINALITY AS x (session_key, started_at, ended_at, events, ended_by, number) WHERE r.pipeline = %1$L)
			SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x', name, live) INTO n;
		total := total + n;
	END LOOP;
	RETURN total + (SELECT count(*) FROM sessionize.verify(name));
END $$;

-- each rule, and each pair of neighbours in the order in which they are asked
INSERT INTO szeb.raw SELECT n, 'e' || n, 'ann', c, f, szeb.at(m) FROM (VALUES
	(1, 'a', NULL, 600), (2, NULL, false, 610), (3, 'b', true, 700), (4, 'b', false, 701), (5, 'b', true, 702), (6, 'c', NULL, 703), (7, 'd', true, 704),
	(8, NULL, NULL, 720), (9, NULL, NULL, 745), (10, NULL, NULL, 770), (11, NULL, true, 805), (12, NULL, NULL, 806), (13, NULL, NULL, 807), (14, NULL, NULL, 808), (15, NULL, NULL, 809), (16, NULL, true, 810),
	(17, NULL, NULL, 835), (18, NULL, NULL, 860), (19, NULL, NULL, 885), (20, NULL, NULL, 911),
	(21, NULL, NULL, 1090), (22, NULL, NULL, 1096), (23, 'e', NULL, 2530), (24, 'f', NULL, 2536)) AS v (n, c, f, m);
SELECT sessionize.create_pipeline('szeb_all', 'szeb.raw', 'visitor', restart => 'flag', restart_on_change => 'campaign', gap => '30 minutes', max_duration => '100 minutes', max_events => 5, midnight => 'Asia/Kathmandu');
SELECT sessionize.create_pipeline('szeb_gap', 'szeb.raw', 'visitor', restart => 'flag', restart_on_change => 'campaign', gap => '30 minutes', max_duration => NULL);
SELECT sessionize.create_pipeline('szeb_small', 'szeb.raw', 'visitor', restart => 'flag', restart_on_change => 'campaign', gap => '1 hour', max_duration => '2 hours', store_events => false);
CALL sessionize.rebuild('szeb_all');
SELECT started_at, ended_at, events, ended_by FROM szeb_all.sessions ORDER BY 1;
CALL sessionize.rebuild('szeb_gap');
CALL sessionize.rebuild('szeb_small');
SELECT szeb.wrong('szeb_all'), szeb.wrong('szeb_gap'), szeb.wrong('szeb_small');

-- a long history, of which refreshes read a window
INSERT INTO szeb.raw SELECT 1000 + n, 'b' || n, 'bot', CASE WHEN n % 7 = 0 THEN 'c' || n / 21 % 2 END, n % 31 = 0, szeb.at(7 * n + 45 * (n / 9)) FROM generate_series(0, 1999) AS n;
CREATE TABLE szeb.steps (step int GENERATED ALWAYS AS IDENTITY, what text, pipeline text, read bigint, wrong bigint);
CREATE PROCEDURE szeb.step(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
	name text;
	run bigint := (SELECT max(run_id) FROM sessionize.runs);
BEGIN
	EXECUTE statement;
	COMMIT;
	FOR name IN SELECT pipeline FROM szeb.rules ORDER BY 1 LOOP
		CALL sessionize.refresh(name);
		INSERT INTO szeb.steps (what, pipeline, read, wrong)
		SELECT what, name, (SELECT sum(raw_rows) FROM sessionize.runs WHERE pipeline_name = name AND run_id > run), szeb.wrong(name);
	END LOOP;
END $$;
CALL szeb.step('a long history', 'SELECT');
CALL szeb.step('the last session gets a successor', $$INSERT INTO szeb.raw VALUES (9001, 'x1', 'bot', NULL, NULL, szeb.at(30000))$$);
CALL szeb.step('which goes', $$DELETE FROM szeb.raw WHERE raw_id = 9001$$);
CALL szeb.step('and comes by another rule', $$INSERT INTO szeb.raw VALUES (9002, 'x2', 'bot', NULL, true, (SELECT max(occurred_at) FROM szeb.raw WHERE visitor = 'bot'))$$);
CALL szeb.step('which no longer holds', $$UPDATE szeb.raw SET flag = false WHERE raw_id = 9002$$);
CALL szeb.step('a session of its own, late', $$INSERT INTO szeb.raw VALUES (9003, 'x3', 'bot', NULL, NULL, szeb.at(7 * 900 + 45 * 100 - 22))$$);
CALL szeb.step('a session is gone', $$DELETE FROM szeb.raw WHERE raw_id BETWEEN 1000 + 1008 AND 1000 + 1016$$);
CALL szeb.step('one that was ended by a gap is ended by a flag', $$UPDATE szeb.raw SET flag = true, occurred_at = occurred_at - interval '30 minutes' WHERE raw_id = 1000 + 1035$$);
CALL szeb.step('the first of all goes', $$DELETE FROM szeb.raw WHERE raw_id IN (1, 1000)$$);
CALL szeb.step('a visitor goes', $$DELETE FROM szeb.raw WHERE visitor = 'ann'$$);
SELECT what, pipeline, CASE WHEN read < 150 THEN 'few' ELSE 'many' END AS read, wrong FROM szeb.steps ORDER BY step;
SELECT setseed(0.7);
DO $$
DECLARE
	i int;
	wrong bigint := 0;
	few bigint := 0;
BEGIN
	FOR i IN 1 .. 30 LOOP
		INSERT INTO szeb.raw SELECT 20000 + 10 * i + k, 'r' || i || k, (ARRAY['bot', 'cat'])[1 + (random() * 1)::int], CASE WHEN random() < 0.2 THEN 'c' || (random() * 2)::int END, random() < 0.1,
			szeb.at(500 * i + (random() * 200)::int) FROM generate_series(1, 3) AS k;
		UPDATE szeb.raw SET flag = NOT coalesce(flag, false), occurred_at = occurred_at + (random() * 40)::int * interval '1 minute' WHERE raw_id = (SELECT raw_id FROM szeb.raw ORDER BY md5(raw_id || 's' || i) LIMIT 1);
		DELETE FROM szeb.raw WHERE raw_id = (SELECT raw_id FROM szeb.raw ORDER BY md5(raw_id || 't' || i) LIMIT 1);
		COMMIT;
		CALL sessionize.refresh('szeb_all');
		CALL sessionize.refresh('szeb_gap');
		CALL sessionize.refresh('szeb_small');
		COMMIT;
		wrong := wrong + szeb.wrong('szeb_all') + szeb.wrong('szeb_gap') + szeb.wrong('szeb_small');
	END LOOP;
	RAISE WARNING '% wrong', wrong;
END $$;
CALL sessionize.rebuild('szeb_all', newest_first => true);
SELECT rows_inserted, rows_updated, rows_deleted FROM sessionize.runs WHERE pipeline_name = 'szeb_all' ORDER BY run_id DESC LIMIT 1;
SELECT ended_by, count(*) > 0 AS some FROM szeb_all.sessions GROUP BY 1 ORDER BY 1;

-- verify sees it when it is wrong; a rule that goes away changes it
UPDATE szeb_all.fact_session SET started_by = 'midnight' WHERE started_at = (SELECT min(started_at) FROM szeb_all.fact_session);
SELECT relation, difference FROM sessionize.verify('szeb_all');
SELECT sessionize.alter_pipeline('szeb_all', unset => '{max_events, midnight}');
UPDATE szeb.rules SET max_events = NULL, ahead = NULL WHERE pipeline = 'szeb_all';
CALL sessionize.refresh('szeb_all');
SELECT szeb.wrong('szeb_all');

SELECT sessionize.drop_pipeline(pipeline) FROM szeb.rules;
DROP SCHEMA szeb CASCADE;
