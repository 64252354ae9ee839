-- The raw rows of many keys are read in the order in which they lie in the table, where the keys' windows are alike; else key by key.
-- The sessions of many keys get their entries in the index of ids in the order of the ids, at the end.
-- Each step says how much was read, and how many rows of the star verify finds wrong.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szm;
CREATE FUNCTION szm.at(n numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2026-01-01Z'::timestamptz + n * interval '12 hours' $$;
-- 1500 keys with twenty sessions of two events each; no index keeps ids unique
CREATE TABLE szm.raw (raw_id bigint, event_id text, event_name text, visitor text, user_id text, page text, occurred_at timestamptz);
INSERT INTO szm.raw SELECT n * 2 + e, 'e' || n * 2 + e, 'page_view', 'v' || n % 1500, CASE WHEN n % 7 = 0 THEN 'u' || n % 3 END, '/' || n % 5,
  szm.at(n / 1500) + n % 1500 * interval '1 second' + e * interval '1 minute' FROM generate_series(0, 29999) AS n, generate_series(0, 1) AS e;
CREATE INDEX raw_key ON szm.raw (visitor, occurred_at);
-- the same with another type of key, in partitions
CREATE TABLE szm.parts (raw_id bigint, event_id text, event_name text, visitor bigint, user_id text, page text, occurred_at timestamptz) PARTITION BY RANGE (occurred_at);
CREATE TABLE szm.parts_old PARTITION OF szm.parts FOR VALUES FROM (MINVALUE) TO ('2026-01-08Z');
CREATE TABLE szm.parts_new PARTITION OF szm.parts FOR VALUES FROM ('2026-01-08Z') TO (MAXVALUE);
INSERT INTO szm.parts SELECT raw_id, event_id, event_name, substr(visitor, 2)::bigint, user_id, page, occurred_at FROM szm.raw;
CREATE INDEX ON szm.parts (visitor, occurred_at);
ANALYZE szm.raw, szm.parts;
SELECT sessionize.create_pipeline('szm_web', 'szm.raw', 'visitor', event_time => 'occurred_at', dedup_window => '1 hour');
SELECT sessionize.create_pipeline('szm_parts', 'szm.parts', 'visitor', event_time => 'occurred_at', dedup_window => '1 hour');
CALL sessionize.refresh('szm_web');
CALL sessionize.refresh('szm_parts');

CREATE TABLE szm.steps (step int GENERATED ALWAYS AS IDENTITY, what text, pipeline text, read text, wrong bigint, difference bigint);
-- rows that were looked up one by one
CREATE FUNCTION szm.fetched() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_stat_clear_snapshot();
  RETURN (SELECT sum(idx_tup_fetch) FROM pg_stat_user_indexes WHERE schemaname = 'szm');
END $$;
-- the statement finds the raw table as "raw"
CREATE PROCEDURE szm.step(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
  name text;
  run bigint;
BEGIN
  FOREACH name IN ARRAY ARRAY['szm_web', 'szm_parts'] LOOP
    run := (SELECT max(run_id) FROM sessionize.runs);
    EXECUTE CASE name WHEN 'szm_web' THEN statement ELSE replace(replace(statement, 'szm.raw', 'szm.parts'), '''v'' ||', '') END;
    COMMIT;
    CALL sessionize.refresh(name);
    INSERT INTO szm.steps (what, pipeline, read, wrong, difference)
    SELECT what, name, CASE WHEN sum(raw_rows) < 25000 THEN 'few' WHEN sum(raw_rows) > 55000 THEN 'all' ELSE 'some' END,
           (SELECT count(*) FROM sessionize.verify(name)),
           (SELECT abs(pending) + abs(r.difference) + abs(event_difference) FROM sessionize.reconcile(name) AS r)
    FROM sessionize.runs WHERE pipeline_name = name AND run_id > run;
  END LOOP;
END $$;

CALL szm.step('each key goes on', $$INSERT INTO szm.raw SELECT 100000 + n, 'a' || n, 'page_view', 'v' || n, 'u', '/new', szm.at(20) + n * interval '1 second' FROM generate_series(0, 1499) AS n$$);
SELECT pg_stat_force_next_flush() \gset
SELECT szm.fetched() AS before \gset
CALL szm.step('in the middle, late', $$INSERT INTO szm.raw SELECT 110000 + n, 'b' || n, 'page_view', 'v' || n, NULL, '/late', szm.at(10) + n * interval '1 second' + interval '90 s' FROM generate_series(0, 1499) AS n$$);
SELECT pg_stat_force_next_flush() \gset
SELECT szm.fetched() > :before AS key_by_key;
CALL szm.step('copies over the cuts', $$INSERT INTO szm.raw SELECT 120000 + n, 'e' || (9 * 1500 + n) * 2, 'page_view', 'v' || n, NULL, '/copy', szm.at(9) + n * interval '1 second' + interval '50 minutes' FROM generate_series(0, 1499) AS n$$);
CALL szm.step('and others in a chain', $$INSERT INTO szm.raw SELECT 130000 + n, 'e' || (9 * 1500 + n) * 2, 'page_view', 'v' || n, NULL, '/copy', szm.at(9) + n * interval '1 second' + interval '105 minutes' FROM generate_series(0, 1499) AS n$$);
CALL szm.step('later, or much later', $$UPDATE szm.raw SET occurred_at = CASE WHEN raw_id % 3 = 0 THEN szm.at(30) ELSE occurred_at + interval '1 s' END WHERE raw_id >= 100000 AND raw_id < 101500$$);
SELECT pg_stat_force_next_flush() \gset
SELECT szm.fetched() AS before \gset
CALL szm.step('far apart', $$UPDATE szm.raw SET page = '/far' WHERE raw_id IN (SELECT (n % 18 * 1500 + n) * 2 FROM generate_series(0, 1499) AS n)$$);
SELECT pg_stat_force_next_flush() \gset
SELECT szm.fetched() > :before AS key_by_key;
CALL szm.step('users', $$UPDATE szm.raw SET user_id = 'w' || raw_id % 5 WHERE occurred_at BETWEEN szm.at(12) AND szm.at(13)$$);
CALL szm.step('the ends', $$DELETE FROM szm.raw WHERE occurred_at < szm.at(1) AND raw_id % 2 = 0 OR occurred_at > szm.at(19)$$);
CALL szm.step('a few keys', $$DELETE FROM szm.raw WHERE raw_id BETWEEN 15000 AND 15099$$);
-- most windows are alike, and read together; a few begin long before
CALL szm.step('alike but for a few', $$INSERT INTO szm.raw SELECT 140000 + n, 'c' || n, 'page_view', 'v' || n % 1500, NULL, '/few',
  CASE WHEN n < 1500 THEN szm.at(40) ELSE szm.at(2) + interval '2 hours' END + n % 1500 * interval '1 second' FROM generate_series(0, 1539) AS n$$);
CALL szm.step('alike, of two lengths', $$INSERT INTO szm.raw SELECT 150000 + n, 'd' || n, 'page_view', 'v' || n / 2, NULL, '/two',
  szm.at(CASE WHEN n % 4 = 3 THEN 14 ELSE 10 END) + interval '2 hours' + n / 2 * interval '1 second' FROM generate_series(0, 2999) AS n$$);
-- somebody has given sessions to other keys: one that is refreshed as well, and one that is not
UPDATE szm_web.fact_session SET session_key = 'v1' WHERE session_key IN ('v700', 'v1400') AND started_at < szm.at(2);
UPDATE szm_web.fact_session SET session_key = 'nobody' WHERE session_key IN ('v701', 'v1401') AND started_at < szm.at(3);
SELECT count(sessionize.mark_dirty('szm_web', 'v' || n)) FROM generate_series(0, 1499) AS n;
CALL szm.step('session ids in the way', $$UPDATE szm.raw SET page = '/way' WHERE raw_id = 6003$$);
SELECT count(*) FROM szm_web.fact_session WHERE session_key = 'nobody';
-- the index of ids has all sessions
SELECT count(*) AS sessions FROM szm_web.fact_session \gset
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT count(*) - :sessions AS missing FROM (SELECT session_id FROM szm_web.fact_session ORDER BY session_id) AS s;
RESET enable_seqscan;
RESET enable_bitmapscan;
SELECT what, pipeline, read FROM szm.steps ORDER BY step;
SELECT what, pipeline, wrong, difference FROM szm.steps WHERE wrong > 0 OR difference > 0;
-- what a rebuild makes of the same rows
CREATE TABLE szm.sessions AS SELECT session_id, session_key, started_at, ended_at, events, duplicates, conflicts FROM szm_web.fact_session;
CREATE TABLE szm.events AS SELECT session_key, event_time, event_id, session_id FROM szm_web.fact_event;
CALL sessionize.rebuild('szm_web');
(TABLE szm.sessions EXCEPT ALL SELECT session_id, session_key, started_at, ended_at, events, duplicates, conflicts FROM szm_web.fact_session)
UNION ALL (SELECT session_id, session_key, started_at, ended_at, events, duplicates, conflicts FROM szm_web.fact_session EXCEPT ALL TABLE szm.sessions);
(TABLE szm.events EXCEPT ALL SELECT session_key, event_time, event_id, session_id FROM szm_web.fact_event)
UNION ALL (SELECT session_key, event_time, event_id, session_id FROM szm_web.fact_event EXCEPT ALL TABLE szm.events);

SELECT sessionize.drop_pipeline(p) FROM unnest(ARRAY['szm_web', 'szm_parts']) AS p;
DROP SCHEMA szm CASCADE;
