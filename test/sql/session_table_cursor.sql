-- A cursor on session_table shows what a cursor on the table would that was declared at the same moment, whichever way the
-- source is read and whatever the transaction does before it fetches.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA sztc;
SET search_path = sztc;
CREATE TABLE events (k int, ts timestamptz);
INSERT INTO events SELECT i % 5, timestamptz '2026-01-01' + i * 37 % 200 * interval '90 seconds' FROM generate_series(1, 60) AS i;
CREATE VIEW seen AS SELECT k, ts FROM events WHERE ts IS NOT NULL;
CREATE FUNCTION expected() RETURNS text LANGUAGE sql STABLE AS $$
	SELECT string_agg(s::text, ' ' ORDER BY s)
	FROM (SELECT k, n, min(ts), max(ts), count(*)
	      FROM (SELECT k, ts, sum(starts) OVER (PARTITION BY k ORDER BY ts) AS n
	            FROM (SELECT k, ts, CASE WHEN ts - lag(ts) OVER (PARTITION BY k ORDER BY ts) <= '30 minutes' THEN 0 ELSE 1 END AS starts FROM events) AS a) AS b
	      GROUP BY k, n) AS s
$$;
CREATE TABLE result (what text, found text);
CREATE PROCEDURE declare_change_fetch(isolation text, source text, call text) LANGUAGE plpgsql AS $$
DECLARE
	before text;
	c refcursor;
	found text;
BEGIN
	PERFORM set_config('default_transaction_isolation', isolation, false);
	COMMIT;
	before := expected();
	OPEN c FOR EXECUTE format('SELECT string_agg(s::text, '' '' ORDER BY s) FROM ' || call || ' AS s', source);
	INSERT INTO events SELECT i % 6, timestamptz '2026-02-01' + i * interval '20 minutes' FROM generate_series(1, 20) AS i;
	UPDATE events SET k = k + 1 WHERE ts < '2026-01-01 02:00';
	DELETE FROM events WHERE k = 3;
	FETCH c INTO found;
	CLOSE c;
	INSERT INTO result SELECT format('%s, %s, %s', isolation, source, left(call, 9)),
		CASE WHEN found = before THEN 'as declared' WHEN found = expected() THEN 'as now' ELSE found END;
	ASSERT before <> expected();
END $$;
DO $$
DECLARE
	isolation text;
	source text;
	call text;
BEGIN
	FOREACH isolation IN ARRAY ARRAY['read committed', 'repeatable read'] LOOP
		FOREACH source IN ARRAY ARRAY['events', 'seen'] LOOP
			FOREACH call IN ARRAY ARRAY['sessionize.session_table(%L, ''k'', ''ts'', ''30 minutes'', NULL::int)',
				'(SELECT f.k, f.n, f.a, f.b, f.e FROM ROWS FROM (sessionize.session_table(%L, ''k'', ''ts'', ''30 minutes'', NULL::int), generate_series(1, 0)) AS f (k, n, a, b, e, g))'] LOOP
				CALL sztc.declare_change_fetch(isolation, source, call);
			END LOOP;
		END LOOP;
	END LOOP;
END $$;
RESET default_transaction_isolation;
SELECT * FROM result ORDER BY what COLLATE "C";

-- it reads its source at the first FETCH, as who fetches, and in the form the table has by then
CREATE ROLE regress_sz_cursor;
GRANT USAGE ON SCHEMA sztc TO regress_sz_cursor;
BEGIN;
DECLARE c CURSOR FOR SELECT count(*) FROM sessionize.session_table('events', 'k', 'ts');
SET LOCAL ROLE regress_sz_cursor;
FETCH c;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT count(*) FROM sessionize.session_table('events', 'k', 'ts');
ALTER TABLE events RENAME ts TO at;
FETCH c;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT count(*) FROM sessionize.session_table('events', 'k', 'ts');
TRUNCATE events;
FETCH c;
ROLLBACK;
-- one that outlives its transaction has read all of it by then
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT count(*) > 0 AS some FROM sessionize.session_table('events', 'k', 'ts');
COMMIT;
TRUNCATE events;
FETCH c;
CLOSE c;

DROP SCHEMA sztc CASCADE;
DROP ROLE regress_sz_cursor;
