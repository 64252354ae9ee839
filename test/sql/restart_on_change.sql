-- restart_on_change: a session starts at an event whose value is another one than the last value of the key that was not NULL.
-- Sessions are compared with those of a query in plain SQL, after each step of a history of late rows, updates and deletes.
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE SCHEMA szrc;
CREATE TABLE szrc.raw (raw_id bigint PRIMARY KEY, event_id text, visitor text, campaign text, occurred_at timestamptz);
CREATE INDEX ON szrc.raw (visitor, occurred_at, event_id);
CREATE FUNCTION szrc.at(n numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2026-01-01Z'::timestamptz + n * interval '1 minute' $$;

-- the first value of a key starts no session, the same value again none, nor does NULL; a value that comes back does
INSERT INTO szrc.raw SELECT n, 'e' || n, 'ann', c, szrc.at(n)
FROM unnest(ARRAY[NULL, 'spring', NULL, 'spring', 'mail', NULL, NULL, 'mail', 'spring', '', NULL, '']) WITH ORDINALITY AS u (c, n);
SELECT sessionize.create_pipeline('szrc_web', 'szrc.raw', 'visitor', restart_on_change => 'campaign');
CALL sessionize.rebuild('szrc_web');
SELECT started_at, events FROM szrc_web.sessions ORDER BY 1;
-- what was seen before a session is kept as a hash
SELECT started_at, CASE WHEN seen_before = '' THEN 'nothing' ELSE 'a value of ' || length(seen_before) || ' bytes' END AS seen,
       dense_rank() OVER (ORDER BY seen_before) FROM szrc_web.fact_session ORDER BY 1;

-- the oracle: the first copy of each event, the last value before it, the starts, the sessions
CREATE VIEW szrc.expected AS
WITH events AS (
	SELECT * FROM (SELECT r.*, row_number() OVER (PARTITION BY visitor, coalesce(event_id, 'none' || raw_id) ORDER BY occurred_at, raw_id) AS copy FROM szrc.raw AS r) AS c WHERE copy = 1),
seen AS (
	SELECT e.*, lag(occurred_at) OVER w AS previous,
	       (array_agg(campaign) FILTER (WHERE campaign IS NOT NULL) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS values
	FROM events AS e WINDOW w AS (PARTITION BY visitor ORDER BY occurred_at, event_id, raw_id)),
starts AS (
	SELECT s.*, (previous IS NULL OR occurred_at - previous > '30 minutes' OR coalesce(campaign <> values[cardinality(values)], false))::int AS starts FROM seen AS s),
numbered AS (
	SELECT s.*, sum(starts) OVER (PARTITION BY visitor ORDER BY occurred_at, event_id, raw_id) AS n FROM starts AS s)
SELECT visitor AS session_key, min(occurred_at) AS started_at, max(occurred_at) AS ended_at, count(*) AS events FROM numbered GROUP BY visitor, n;
CREATE FUNCTION szrc.wrong(pipeline text, condition text DEFAULT 'true') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	live text;
BEGIN
	FOREACH live IN ARRAY ARRAY['sessions', 'sessions_live'] LOOP
		EXECUTE format('WITH a AS MATERIALIZED (SELECT session_key, started_at, ended_at, events FROM %I.%I WHERE %s),
			b AS MATERIALIZED (SELECT * FROM szrc.expected WHERE %3$s)
			SELECT coalesce($1, 0) + count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x', pipeline, live, condition) INTO n USING n;
	END LOOP;
	RETURN n + (SELECT count(*) FROM sessionize.verify(pipeline))
	         + (SELECT abs(pending) + abs(difference) + abs(event_difference) FROM sessionize.reconcile(pipeline));
END $$;
SELECT szrc.wrong('szrc_web');

-- a key with a long history, sessions of five events six minutes apart and two hours between them; a campaign in each tenth session
INSERT INTO szrc.raw SELECT 1000 + n, 'b' || n, 'bot', CASE WHEN n % 50 = 0 THEN 'c' || n / 200 % 3 END, szrc.at(6 * n + 120 * (n / 5)) FROM generate_series(0, 4999) AS n;
SELECT sessionize.create_pipeline('szrc_small', 'szrc.raw', 'visitor', restart_on_change => 'campaign', store_events => false, dedup_window => NULL, max_duration => NULL);
SELECT sessionize.create_pipeline('szrc_far', 'szrc.raw', 'visitor', restart_on_change => 'campaign', user_id => 'campaign', max_duration => NULL);
CALL sessionize.refresh('szrc_web');
CALL sessionize.refresh('szrc_small');
CALL sessionize.refresh('szrc_far');
CREATE TABLE szrc.steps (step int GENERATED ALWAYS AS IDENTITY, what text, pipeline text, read bigint, wrong bigint);
CREATE PROCEDURE szrc.step(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
	name text;
	run bigint := (SELECT max(run_id) FROM sessionize.runs);
BEGIN
	EXECUTE statement;
	COMMIT;
	FOREACH name IN ARRAY ARRAY['szrc_web', 'szrc_small', 'szrc_far'] LOOP
		CALL sessionize.refresh(name);
		INSERT INTO szrc.steps (what, pipeline, read, wrong)
		SELECT what, name, (SELECT sum(raw_rows) FROM sessionize.runs WHERE pipeline_name = name AND run_id > run), szrc.wrong(name);
	END LOOP;
END $$;
CALL szrc.step('late, without a value', $$INSERT INTO szrc.raw VALUES (20001, 'x1', 'bot', NULL, szrc.at(6 * 2001 + 120 * 400 + 3))$$);
CALL szrc.step('late, with the value that counts there', $$INSERT INTO szrc.raw VALUES (20002, 'x2', 'bot', 'c1', szrc.at(6 * 2006 + 120 * 401 + 3))$$);
CALL szrc.step('late, with another value, which sessions without one go on with', $$INSERT INTO szrc.raw VALUES (20003, 'x3', 'bot', 'c9', szrc.at(6 * 2011 + 120 * 402 + 3))$$);
CALL szrc.step('and away again', $$DELETE FROM szrc.raw WHERE raw_id = 20003$$);
CALL szrc.step('a value changes', $$UPDATE szrc.raw SET campaign = 'c8' WHERE raw_id = 1000 + 2400$$);
CALL szrc.step('a value goes', $$UPDATE szrc.raw SET campaign = NULL WHERE raw_id = 1000 + 2400$$);
CALL szrc.step('the first value', $$UPDATE szrc.raw SET campaign = NULL WHERE raw_id = 1000$$);
CALL szrc.step('after the last', $$INSERT INTO szrc.raw VALUES (20004, 'x4', 'bot', 'c2', szrc.at(200000))$$);
CALL szrc.step('another value in the last session', $$INSERT INTO szrc.raw VALUES (20005, 'x5', 'bot', 'c1', szrc.at(200001))$$);
CALL szrc.step('and the same again', $$INSERT INTO szrc.raw VALUES (20006, 'x6', 'bot', 'c1', szrc.at(200002))$$);
CALL szrc.step('a copy with another value: that of the first copy counts', $$INSERT INTO szrc.raw VALUES (20007, 'x6', 'bot', 'c7', szrc.at(200003))$$);
CALL szrc.step('an earlier copy with another value', $$INSERT INTO szrc.raw VALUES (20008, 'x6', 'bot', 'c6', szrc.at(200001.5))$$);
-- half of the campaigns at once, in both keys
CALL szrc.step('many', $$UPDATE szrc.raw SET campaign = 'many' WHERE campaign IS NOT NULL AND raw_id % 2 = 0$$);
SELECT what, pipeline, CASE WHEN read < 100 THEN 'few' WHEN read > 4500 THEN 'all' ELSE 'some' END AS read, wrong FROM szrc.steps ORDER BY step;
-- a copy that differs in its value conflicts
SELECT sum(duplicates) AS duplicates, sum(conflicts) AS conflicts FROM szrc_web.sessions;

-- random late rows, updates and deletes
SELECT setseed(0.4);
DO $$
DECLARE
	i int;
	wrong bigint := 0;
BEGIN
	FOR i IN 1 .. 40 LOOP
		INSERT INTO szrc.raw SELECT 30000 + 10 * i + k, CASE WHEN random() < 0.8 THEN 'r' || (random() * 300)::int END, (ARRAY['ann', 'bot', 'cat'])[1 + (random() * 2)::int],
			CASE WHEN random() < 0.3 THEN 'c' || (random() * 3)::int END, szrc.at((random() * 3000)::int) FROM generate_series(1, 4) AS k;
		UPDATE szrc.raw SET campaign = CASE WHEN random() < 0.5 THEN 'c' || (random() * 3)::int END WHERE raw_id IN (SELECT raw_id FROM szrc.raw ORDER BY md5(raw_id || 's' || i) LIMIT 2);
		DELETE FROM szrc.raw WHERE raw_id IN (SELECT raw_id FROM szrc.raw ORDER BY md5(raw_id || 't' || i) LIMIT 2);
		COMMIT;
		CALL sessionize.refresh('szrc_far');
		CALL sessionize.refresh('szrc_small');
		COMMIT;
		wrong := wrong + szrc.wrong('szrc_small') + (SELECT count(*) FROM sessionize.verify('szrc_far'));
	END LOOP;
	CALL sessionize.refresh('szrc_web');
	RAISE WARNING '% wrong', wrong;
END $$;
-- nor does a rebuild find anything to change
CALL sessionize.rebuild('szrc_small');
CALL sessionize.rebuild('szrc_small', newest_first => true);
SELECT rows_inserted, rows_updated, rows_deleted FROM sessionize.runs WHERE pipeline_name = 'szrc_small' ORDER BY run_id DESC LIMIT 2;

-- sealed rows keep their value, also when their raw rows are gone
SELECT sealed > 1000 AS sealed FROM sessionize.seal('szrc_small', szrc.at(100000));
DELETE FROM szrc.raw WHERE visitor = 'bot' AND occurred_at < szrc.at(100000);
CREATE TABLE szrc.before AS SELECT session_key, started_at, ended_at, events FROM szrc_small.sessions;
CALL sessionize.refresh('szrc_small');
SELECT sessionize.mark_dirty('szrc_small', 'bot');
CALL sessionize.refresh('szrc_small');
SELECT count(*) FROM ((SELECT session_key, started_at, ended_at, events FROM szrc_small.sessions EXCEPT ALL TABLE szrc.before) UNION ALL (TABLE szrc.before EXCEPT ALL SELECT session_key, started_at, ended_at, events FROM szrc_small.sessions)) AS x;
SELECT count(*) FROM sessionize.verify('szrc_small');
INSERT INTO szrc.raw VALUES (40001, 'y1', 'bot', 'c9', szrc.at(120000)), (40002, 'y2', 'bot', NULL, szrc.at(200000.5));
CALL sessionize.refresh('szrc_small');
SELECT count(*) FROM sessionize.verify('szrc_small');

-- values of other types; equal numbers are one value
CREATE TYPE szrc.kind AS ENUM ('a', 'b');
CREATE TABLE szrc.types (id bigint PRIMARY KEY, who int, at timestamptz, n numeric, i int, u uuid, b boolean, t timestamptz, v varchar(9), k szrc.kind, f float8, j jsonb);
CREATE INDEX ON szrc.types (who);
INSERT INTO szrc.types SELECT g, 1, szrc.at(g), CASE g WHEN 1 THEN 1.0 WHEN 2 THEN 1.00 ELSE 2 END, g / 3, CASE WHEN g < 4 THEN '00000000-0000-0000-0000-000000000001' ELSE '00000000-0000-0000-0000-000000000002' END::uuid,
	g > 2, szrc.at(g / 2), 'v' || g / 5, 'a', g / 2, jsonb_build_object('g', g / 4) FROM generate_series(1, 6) AS g;
CREATE PROCEDURE szrc.try(expression text) LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	PERFORM sessionize.create_pipeline('szrc_type', 'szrc.types', 'who', event_time => 'at', restart_on_change => expression);
	COMMIT;
	CALL sessionize.rebuild('szrc_type');
	RAISE WARNING '%: % sessions by %, % wrong', expression, (SELECT count(*) FROM szrc_type.sessions),
		(SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 'szrc_type.source'::regclass AND attname = 'restart_on_change'), (SELECT count(*) FROM sessionize.verify('szrc_type'));
	PERFORM sessionize.drop_pipeline('szrc_type');
	COMMIT;
END $$;
CALL szrc.try('n');
CALL szrc.try('i');
CALL szrc.try('u');
CALL szrc.try('b');
CALL szrc.try('t');
CALL szrc.try('v');
CALL szrc.try('f');
CALL szrc.try('j');
CALL szrc.try($$j ->> 'g'$$);
CALL szrc.try('n / i');
SELECT sessionize.create_pipeline('szrc_type', 'szrc.types', 'who', event_time => 'at', restart_on_change => 'k');
SELECT sessionize.create_pipeline('szrc_type', 'szrc.types', 'who', event_time => 'at', restart_on_change => 'nothing');
-- it is a part of the definition
SELECT sessionize.definition('szrc_web') ->> 'restart_on_change' AS restart_on_change, (SELECT restart_on_change FROM sessionize.pipelines WHERE pipeline_name = 'szrc_web') AS shown;
SELECT sessionize.create_pipeline('szrc_again', 'szrc.raw', definition => sessionize.definition('szrc_web'));
CALL sessionize.rebuild('szrc_again');
CALL sessionize.refresh('szrc_web');
SELECT count(*) FROM ((SELECT started_at, events FROM szrc_web.sessions EXCEPT ALL SELECT started_at, events FROM szrc_again.sessions) UNION ALL (SELECT started_at, events FROM szrc_again.sessions EXCEPT ALL SELECT started_at, events FROM szrc_web.sessions)) AS x;

-- the same with a window function: among the rows of a user that have a campaign, lag() gives the last one
CREATE TABLE szrc.clicks (user_id bigint, ts timestamptz, campaign text);
INSERT INTO szrc.clicks VALUES (1, '2026-01-05 10:00', 'spring'), (1, '2026-01-05 10:01', 'spring'), (1, '2026-01-05 10:05', NULL), (1, '2026-01-05 10:10', 'mail');
SELECT user_id, ts, campaign,
       sessionize.session_number(ts, '30 minutes', NULL, campaign <> last_campaign) OVER (PARTITION BY user_id ORDER BY ts) AS number
FROM (SELECT *, lag(campaign) OVER (PARTITION BY user_id, campaign IS NULL ORDER BY ts) AS last_campaign FROM szrc.clicks) AS c
ORDER BY user_id, ts;
SELECT count(*) FROM szrc_web.sessions AS s FULL JOIN (
	SELECT visitor, min(occurred_at) AS started_at, count(*) AS events
	FROM (SELECT *, sessionize.session_number(occurred_at, '30 minutes', '24 hours', campaign <> last_campaign) OVER (PARTITION BY visitor ORDER BY occurred_at, event_id, raw_id) AS number
	      FROM (SELECT *, lag(campaign) OVER (PARTITION BY visitor, campaign IS NULL ORDER BY occurred_at, event_id, raw_id) AS last_campaign FROM szrc.raw
	            WHERE raw_id IN (SELECT raw_id FROM szrc_web.events)) AS c) AS n
	GROUP BY visitor, number) AS e ON (e.visitor, e.started_at, e.events) = (s.session_key, s.started_at, s.events)
WHERE e.visitor IS NULL OR s.session_key IS NULL;

SELECT sessionize.drop_pipeline(p) FROM unnest(ARRAY['szrc_web', 'szrc_small', 'szrc_far', 'szrc_again']) AS p;
DROP SCHEMA szrc CASCADE;
