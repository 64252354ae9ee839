-- session_index: the number of a session among those of its key, counted when it is asked for.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szsi;
CREATE TABLE szsi.raw (raw_id bigint PRIMARY KEY, event_id text, visitor numeric, flag boolean, occurred_at timestamptz);
CREATE INDEX ON szsi.raw (visitor, occurred_at, event_id);
CREATE FUNCTION szsi.at(n numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2026-01-01Z'::timestamptz + n * interval '1 minute' $$;
SELECT sessionize.create_pipeline('szsi_web', 'szsi.raw', 'visitor', restart => 'flag');
-- sessions of which three start at one instant; equal keys that look different
INSERT INTO szsi.raw SELECT n, 'e' || n, v, f, szsi.at(m) FROM (VALUES (1, 1.0, false, 0), (2, 1.00, true, 0), (3, 1, true, 0), (4, 1, false, 5), (5, 1, true, 5), (6, 1, NULL, 100), (7, 2, NULL, 0), (8, 2, NULL, 50)) AS r (n, v, f, m);
CALL sessionize.rebuild('szsi_web');
SELECT session_key, started_at, ended_at, events, session_index FROM szsi_web.sessions ORDER BY session_key, session_index;
-- by the order of the sessions' first events; also the live view, before the refresh and after it
CREATE FUNCTION szsi.wrong(live text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('WITH first AS (SELECT DISTINCT ON (session_id) * FROM szsi_web.events%1$s ORDER BY session_id, event_time, event_id COLLATE "C", raw_id),
		expected AS MATERIALIZED (SELECT session_id, row_number() OVER (PARTITION BY session_key ORDER BY event_time, event_id COLLATE "C", raw_id) AS session_index FROM first),
		found AS MATERIALIZED (SELECT session_id, session_index FROM szsi_web.sessions%1$s)
		SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE expected)) AS x', live) INTO n;
	RETURN n;
END $$;
CREATE PROCEDURE szsi.step(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
	live bigint;
BEGIN
	EXECUTE statement;
	COMMIT;
	live := szsi.wrong('_live');
	CALL sessionize.refresh('szsi_web');
	RAISE WARNING '%: % and % wrong, % by verify; %', what, live, szsi.wrong('') + szsi.wrong('_live'), (SELECT count(*) FROM sessionize.verify('szsi_web')),
		(SELECT string_agg(format('%s.%s', trim_scale(session_key), session_index), ' ' ORDER BY session_key, session_index) FROM szsi_web.sessions);
END $$;
CALL szsi.step('nothing', 'SELECT');
CALL szsi.step('a late session in between', $$INSERT INTO szsi.raw VALUES (20, 'x', 1, NULL, szsi.at(50)), (21, 'y', 2, NULL, szsi.at(-50))$$);
CALL szsi.step('the first goes', $$DELETE FROM szsi.raw WHERE raw_id IN (1, 21)$$);
CALL szsi.step('one more at the same instant, in front', $$INSERT INTO szsi.raw VALUES (22, 'a', 1, true, szsi.at(0)), (23, NULL, 1, true, szsi.at(0))$$);
CALL szsi.step('two become one', $$INSERT INTO szsi.raw VALUES (24, 'z', 1, NULL, szsi.at(75))$$);
CALL szsi.step('a new visitor', $$INSERT INTO szsi.raw VALUES (25, 'n', 3, NULL, szsi.at(75))$$);
SELECT count(*) FROM szsi_web.session_alias;
SELECT sessionize.erase_user('szsi_web', '2');
CALL szsi.step('a visitor is erased', 'SELECT');
-- many sessions, of which refreshes read a window
INSERT INTO szsi.raw SELECT 1000 + n, 'm' || n, 4, n % 3 = 0, szsi.at(n / 4) FROM generate_series(1, 400) AS n;
CALL sessionize.refresh('szsi_web');
SELECT szsi.wrong(''), max(session_index), count(DISTINCT session_index) FROM szsi_web.sessions WHERE session_key = 4;
DELETE FROM szsi.raw WHERE raw_id % 7 = 0;
CALL sessionize.refresh('szsi_web');
SELECT szsi.wrong(''), szsi.wrong('_live'), max(session_index), count(DISTINCT session_index) FROM szsi_web.sessions WHERE session_key = 4;
SELECT count(*) FROM sessionize.verify('szsi_web');
-- a query that does not ask for it does not count
DO $$
DECLARE
	columns text;
	line text;
	counts boolean;
BEGIN
	FOREACH columns IN ARRAY ARRAY['started_at, events, entry_page', 'session_index', 'count(*)'] LOOP
		counts := false;
		FOR line IN EXECUTE format('EXPLAIN SELECT %s FROM szsi_web.sessions WHERE session_key = 1', columns) LOOP
			counts := counts OR line ~ 'SubPlan';
		END LOOP;
		RAISE WARNING '%: %', columns, CASE WHEN counts THEN 'counts' ELSE 'does not count' END;
	END LOOP;
END $$;
SELECT sessionize.drop_pipeline('szsi_web');
DROP SCHEMA szsi CASCADE;
