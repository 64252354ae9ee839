-- CALL rebuild(name, since, until): the keys with events in a range, as a rebuild of everything would make them
SET client_min_messages = warning;
CREATE SCHEMA szg;
CREATE TABLE szg.raw (raw_id bigint PRIMARY KEY, event_id text, visitor text, page text, ts timestamptz);
CREATE INDEX ON szg.raw (visitor, ts, event_id);
INSERT INTO szg.raw SELECT n, 'e' || n % 800, 'v' || n / 100, '/' || n % 6, '2026-01-01 00:00Z'::timestamptz + n * interval '9 minutes' FROM generate_series(1, 1000) AS n;
SELECT sessionize.create_pipeline('szg_web', 'szg.raw', key => 'visitor', event_time => 'ts', received_at => '');
CALL sessionize.refresh('szg_web');
CREATE TEMP TABLE good AS TABLE szg_web.sessions;
-- sessions that are not as they should be: which keys have any
CREATE FUNCTION szg.wrong_keys() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT session_key, ' ' ORDER BY session_key)
	FROM ((TABLE szg_web.sessions EXCEPT ALL TABLE pg_temp.good) UNION ALL (TABLE pg_temp.good EXCEPT ALL TABLE szg_web.sessions)) AS d
$$;
UPDATE szg_web.fact_session SET events = events + 1;
SELECT szg.wrong_keys();
-- the range has events of v2, v3 and v4; then all up to an instant, from one on, and what is left
CALL sessionize.rebuild('szg_web', '2026-01-02 13:30Z', '2026-01-03 12:00Z');
SELECT szg.wrong_keys();
CALL sessionize.rebuild('szg_web', NULL, '2026-01-01 18:00Z');
SELECT szg.wrong_keys();
CALL sessionize.rebuild('szg_web', '2026-01-06 22:30Z', NULL);
SELECT szg.wrong_keys();
CALL sessionize.rebuild('szg_web', '2031-01-01', '2032-01-01');
SELECT szg.wrong_keys();
CALL sessionize.rebuild('szg_web', NULL, NULL);
SELECT szg.wrong_keys() IS NULL AS right, (SELECT count(*) FROM szg_web.dirty) AS left_in_log;
-- raw rows that went without a word: their key is found by what is stored
DELETE FROM szg.raw WHERE visitor = 'v5';
DELETE FROM szg_web.dirty;
CALL sessionize.rebuild('szg_web', '2026-01-04 03:00Z', '2026-01-04 17:51Z');
SELECT szg.wrong_keys();
-- interrupted after the keys are marked: the next refresh goes on
UPDATE szg_web.fact_session SET events = events + 1;
DO $$ BEGIN PERFORM sessionize.mark_dirty('szg_web', NULL, '2026-01-03', '2026-01-04'); END $$;
SELECT count(DISTINCT session_key) > 1 AS marked FROM szg_web.dirty;
CALL sessionize.refresh('szg_web');
SELECT count(DISTINCT session_key) BETWEEN 5 AND 8 AS still_wrong FROM (TABLE szg_web.sessions EXCEPT ALL TABLE good) AS d;
CALL sessionize.rebuild('szg_web', '-infinity', 'infinity');
SELECT szg.wrong_keys();

-- mistakes
CALL sessionize.rebuild(NULL, '2026-01-01', '2026-01-02');
CALL sessionize.rebuild('szg_none', '2026-01-01', '2026-01-02');
CALL sessionize.rebuild('szg_web', '2026-01-02', '2026-01-01');
BEGIN;
CALL sessionize.rebuild('szg_web', '2026-01-01', '2026-01-02');
ROLLBACK;

SELECT sessionize.drop_pipeline('szg_web');
DROP SCHEMA szg CASCADE;
