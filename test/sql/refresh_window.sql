-- A refresh reads the part of a key's history that a change can have changed, and all of it only where that can't be told.
-- Each step says how much was read ("few" or "all" of 10,000 rows) and how many rows of the star verify finds wrong.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szw;
CREATE FUNCTION szw.at(n numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2026-01-01Z'::timestamptz + n * interval '7 minutes' + floor(n / 10) * interval '1 hour' $$;
CREATE TABLE szw.raw (raw_id bigint PRIMARY KEY, event_id text UNIQUE, event_name text, visitor text, user_id text, page text, occurred_at timestamptz, sent_at timestamptz,
  received_at timestamptz, flag boolean);
CREATE TABLE szw.copies (LIKE szw.raw);
CREATE INDEX ON szw.raw (visitor, occurred_at);
CREATE INDEX ON szw.copies (visitor, occurred_at, event_id);
-- none of these says that an id is there only once
CREATE UNIQUE INDEX ON szw.copies (event_id, occurred_at);
CREATE UNIQUE INDEX ON szw.copies (event_id) WHERE raw_id < 0;
CREATE UNIQUE INDEX ON szw.copies (md5(event_id || raw_id));
-- sessions of ten events seven minutes apart, an hour between them; each fourth is ended in the middle by a flag
INSERT INTO szw.raw SELECT n, 'e' || n, 'page_view', 'bot', CASE n WHEN 3000 THEN 'u1' WHEN 7000 THEN 'u2' END, '/' || n % 3, szw.at(n), NULL, szw.at(n), n % 40 = 5 FROM generate_series(0, 9999) AS n;
INSERT INTO szw.raw SELECT 100000 + n, 'v' || n, 'page_view', 'visitor ' || n % 50, 'u' || n % 50, '/', szw.at(n), NULL, szw.at(n), false FROM generate_series(0, 199) AS n;
INSERT INTO szw.copies TABLE szw.raw;
SELECT sessionize.create_pipeline('szw_web', 'szw.raw', 'visitor', restart => 'flag');
SELECT sessionize.create_pipeline('szw_full', 'szw.raw', 'visitor', max_events => 3, store_events => false);
SELECT sessionize.create_pipeline('szw_endless', 'szw.raw', 'visitor', max_events => 3, gap => '2 hours');
SELECT sessionize.create_pipeline('szw_copies', 'szw.copies', 'visitor', dedup_window => '2 hours', restart => 'flag');
SELECT sessionize.create_pipeline('szw_wide', 'szw.copies', 'visitor', dedup_window => '15 days');
SELECT sessionize.create_pipeline('szw_forever', 'szw.copies', 'visitor', dedup_window => NULL);
CALL sessionize.refresh('szw_web');
CALL sessionize.refresh('szw_full');
CALL sessionize.refresh('szw_endless');
CALL sessionize.refresh('szw_copies');
CALL sessionize.refresh('szw_forever');
CALL sessionize.refresh('szw_wide');

CREATE TABLE szw.steps (step int GENERATED ALWAYS AS IDENTITY, what text, pipeline text, read text, wrong bigint, difference bigint);
CREATE PROCEDURE szw.step(what text, statement text, VARIADIC pipelines text[]) LANGUAGE plpgsql AS $$
DECLARE
  name text;
  run bigint;
BEGIN
  run := (SELECT max(run_id) FROM sessionize.runs);
  EXECUTE statement;
  COMMIT;
  FOREACH name IN ARRAY pipelines LOOP
    CALL sessionize.refresh(name);
    INSERT INTO szw.steps (what, pipeline, read, wrong, difference)
    SELECT what, name, CASE WHEN sum(raw_rows) < 400 THEN 'few' WHEN sum(raw_rows) > 9000 THEN 'all' ELSE 'some' END,
           (SELECT count(*) FROM sessionize.verify(name)), (SELECT abs(pending) + abs(r.difference) + abs(event_difference) FROM sessionize.reconcile(name) AS r)
    FROM sessionize.runs WHERE pipeline_name = name AND run_id > run;
  END LOOP;
END $$;

-- where the raw table keeps ids unique
CALL szw.step('late, in a session', $$INSERT INTO szw.raw SELECT 20001, 'x1', 'page_view', 'bot', NULL, '/late', szw.at(5002.5), NULL, szw.at(9999)$$, 'szw_web', 'szw_full');
CALL szw.step('after the last', $$INSERT INTO szw.raw SELECT 20002, 'x2', 'page_view', 'bot', NULL, '/late', szw.at(10000), NULL, szw.at(10000)$$, 'szw_web', 'szw_full');
CALL szw.step('before the first', $$INSERT INTO szw.raw SELECT 20003, 'x3', 'page_view', 'bot', NULL, '/late', szw.at(-20), NULL, szw.at(10000)$$, 'szw_web');
CALL szw.step('a session of its own', $$INSERT INTO szw.raw SELECT 20004, 'x4', 'page_view', 'bot', NULL, '/late', szw.at(6010) - interval '35 minutes', NULL, szw.at(10000)$$, 'szw_web');
CALL szw.step('it joins two', $$INSERT INTO szw.raw SELECT 20005, 'x5', 'page_view', 'bot', NULL, '/late', szw.at(6010) - interval '20 minutes', NULL, szw.at(10000)$$, 'szw_web');
CALL szw.step('deleted again', $$DELETE FROM szw.raw WHERE event_id IN ('x4', 'x5')$$, 'szw_web');
CALL szw.step('the first of a session', $$DELETE FROM szw.raw WHERE raw_id = 6010$$, 'szw_web');
CALL szw.step('a session', $$DELETE FROM szw.raw WHERE raw_id BETWEEN 6100 AND 6109$$, 'szw_web');
CALL szw.step('a flag goes', $$UPDATE szw.raw SET flag = false WHERE raw_id = 6405$$, 'szw_web');
CALL szw.step('a flag comes', $$UPDATE szw.raw SET flag = true WHERE raw_id = 6402$$, 'szw_web');
CALL szw.step('two at one time', $$UPDATE szw.raw SET flag = true, occurred_at = szw.at(6409), received_at = szw.at(6409) WHERE raw_id = 6408$$, 'szw_web');
CALL szw.step('another session after them', $$UPDATE szw.raw SET page = '/other' WHERE raw_id = 6411$$, 'szw_web');
CALL szw.step('all of the last session', $$DELETE FROM szw.raw WHERE occurred_at >= szw.at(9990) AND visitor = 'bot'$$, 'szw_web');
CALL szw.step('small keys as well', $$UPDATE szw.raw SET page = '/other' WHERE raw_id IN (4000, 4001) OR raw_id > 100000$$, 'szw_web');
-- users: one that is left again before the end of the window, and one that is not
CALL szw.step('a user', $$UPDATE szw.raw SET user_id = 'w' WHERE raw_id = 5055$$, 'szw_web');
CALL szw.step('and back', $$UPDATE szw.raw SET user_id = 'u1' WHERE raw_id = 5057$$, 'szw_web');
CALL szw.step('in between', $$UPDATE szw.raw SET user_id = 'z' WHERE raw_id = 5056$$, 'szw_web');
CALL szw.step('after a version', $$UPDATE szw.raw SET page = '/other' WHERE raw_id IN (5058, 5059)$$, 'szw_web');
SELECT user_id, valid_from, valid_to, is_current FROM szw_web.dim_user WHERE session_key = 'bot' ORDER BY valid_from;
-- what a refresh by time would not find: the key as a whole, as long as that is so
CALL szw.step('a clock that is off', $$UPDATE szw.raw SET sent_at = szw.at(3000), received_at = szw.at(3504), occurred_at = szw.at(3000) WHERE raw_id = 3504$$, 'szw_web');
CALL szw.step('beside it', $$UPDATE szw.raw SET page = '/other' WHERE raw_id = 3503$$, 'szw_web');
CALL szw.step('far from it', $$UPDATE szw.raw SET page = '/other' WHERE raw_id = 3703$$, 'szw_web');
CALL szw.step('where it says it was', $$UPDATE szw.raw SET page = '/other' WHERE raw_id = 3001$$, 'szw_web');
CALL szw.step('no time', $$UPDATE szw.raw SET occurred_at = NULL WHERE raw_id = 3505$$, 'szw_web');
SELECT started_at, events, shifted FROM szw_web.fact_session WHERE session_key = 'bot' AND shifted > 0;
CALL szw.step('an id that is too long', $$UPDATE szw.raw SET event_id = repeat('long', 300) WHERE raw_id = 2003$$, 'szw_web');
CALL szw.step('far from that', $$UPDATE szw.raw SET page = '/other' WHERE raw_id = 8003$$, 'szw_web');
CALL szw.step('it is none again', $$UPDATE szw.raw SET event_id = 'short' WHERE raw_id = 2003$$, 'szw_web');
CALL szw.step('now it is few again', $$UPDATE szw.raw SET page = '/again' WHERE raw_id = 8003$$, 'szw_web');
CALL szw.step('marked', $$SELECT sessionize.mark_dirty('szw_web', 'bot', szw.at(1), szw.at(2))$$, 'szw_web');
-- what a change does not end: sessions of three events
CALL szw.step('full sessions', $$SELECT$$, 'szw_full');
CALL szw.step('an event less', $$DELETE FROM szw.raw WHERE raw_id = 4444$$, 'szw_full');

-- and where there is no gap in which it would end: what comes before is not read
CALL szw.step('full sessions without a gap', $$SELECT$$, 'szw_endless');
CALL szw.step('late, in one of those', $$INSERT INTO szw.raw SELECT 20008, 'x8', 'page_view', 'bot', NULL, '/late', szw.at(7002.5), NULL, szw.at(9999)$$, 'szw_endless', 'szw_full');
CALL szw.step('another page in one', $$UPDATE szw.raw SET page = '/another' WHERE raw_id = 4005$$, 'szw_endless');

-- where it does not: copies within two hours, and at any distance
CALL szw.step('late', $$INSERT INTO szw.copies SELECT 20001, 'x1', 'page_view', 'bot', NULL, '/late', szw.at(5002.5), NULL, szw.at(9999)$$, 'szw_copies', 'szw_forever');
SET maintenance_work_mem = '1MB';
CALL szw.step('a copy that is days away', $$UPDATE szw.copies SET event_id = 'e5023' WHERE raw_id = 5021 + 1400$$, 'szw_wide');
CALL szw.step('more than memory holds', $$INSERT INTO szw.copies SELECT 20020, 'e5003', 'click', 'bot', NULL, '/late', szw.at(5013.5), NULL, szw.at(9999)$$, 'szw_wide');
CALL szw.step('a change between them', $$UPDATE szw.copies SET page = '/other' WHERE raw_id = 5021 + 2500$$, 'szw_wide');
RESET maintenance_work_mem;
CALL szw.step('back', $$UPDATE szw.copies SET event_id = 'e' || raw_id WHERE raw_id = 5021 + 1400$$, 'szw_copies', 'szw_wide');
CALL szw.step('a copy', $$INSERT INTO szw.copies SELECT 20002, 'x1', 'page_view', 'bot', NULL, '/late', szw.at(5004.5), NULL, szw.at(9999)$$, 'szw_copies', 'szw_forever');
CALL szw.step('of the copy, in the next session', $$INSERT INTO szw.copies SELECT 20003, 'x1', 'page_view', 'bot', NULL, '/late', szw.at(5010), NULL, szw.at(9999)$$, 'szw_copies');
CALL szw.step('and of that one', $$INSERT INTO szw.copies SELECT 20004, 'x1', 'click', 'bot', NULL, '/late', szw.at(5014), NULL, szw.at(9999)$$, 'szw_copies');
CALL szw.step('beside them', $$UPDATE szw.copies SET page = '/other' WHERE raw_id = 5016$$, 'szw_copies');
CALL szw.step('before them', $$UPDATE szw.copies SET page = '/other' WHERE raw_id = 4985$$, 'szw_copies');
CALL szw.step('far from them', $$UPDATE szw.copies SET page = '/other' WHERE raw_id = 5056$$, 'szw_copies');
CALL szw.step('the event goes', $$DELETE FROM szw.copies WHERE raw_id = 20001$$, 'szw_copies', 'szw_forever');
CALL szw.step('a copy in the middle goes', $$DELETE FROM szw.copies WHERE raw_id = 20003$$, 'szw_copies');
CALL szw.step('an earlier copy of an event', $$INSERT INTO szw.copies SELECT 20005, 'e7010', 'page_view', 'bot', NULL, '/early', szw.at(7010) - interval '110 minutes', NULL, szw.at(9999)$$, 'szw_copies');
CALL szw.step('a later copy of an event', $$INSERT INTO szw.copies SELECT 20006, 'e7079', 'page_view', 'bot', NULL, '/late', szw.at(7079) + interval '110 minutes', NULL, szw.at(9999)$$, 'szw_copies');
CALL szw.step('copies whose clock is off', $$INSERT INTO szw.copies SELECT 20010 + n, 'e7200', 'page_view', 'bot', NULL, '/off', szw.at(n), szw.at(n), szw.at(7200) + n * interval '115 minutes'
  FROM generate_series(1, 2) AS n$$, 'szw_copies');
CALL szw.step('a copy of those', $$INSERT INTO szw.copies SELECT 20009, 'e7200', 'page_view', 'bot', NULL, '/off', szw.at(7200) + interval '340 minutes', NULL, szw.at(9999)$$, 'szw_copies');
CALL szw.step('long after the event', $$UPDATE szw.copies SET page = '/other' WHERE raw_id = 7231$$, 'szw_copies');
CALL szw.step('those copies go', $$DELETE FROM szw.copies WHERE raw_id IN (20011, 20012)$$, 'szw_copies');
CALL szw.step('after the last', $$INSERT INTO szw.copies SELECT 20007, 'x7', 'page_view', 'bot', NULL, '/late', szw.at(10000), NULL, szw.at(10000)$$, 'szw_copies');
-- an index that keeps ids unique from now on: copies there were before count still
CALL szw.step('no copies but one', $$DELETE FROM szw.copies WHERE raw_id <> 7079 AND
  raw_id IN (SELECT raw_id FROM (SELECT raw_id, row_number() OVER (PARTITION BY event_id ORDER BY raw_id DESC) AS n FROM szw.copies) AS c WHERE n > 1)$$, 'szw_copies');
DELETE FROM szw.copies WHERE raw_id = 20006;
CREATE UNIQUE INDEX ON szw.copies (visitor, event_id);
CALL szw.step('unique now', $$SELECT$$, 'szw_copies', 'szw_forever', 'szw_wide');
CALL szw.step('and from now on', $$UPDATE szw.copies SET page = '/unique' WHERE raw_id = 7100$$, 'szw_copies', 'szw_forever');
-- sessions that touch: of two rows that are equal in everything one ends a session and one begins the next
CREATE TABLE szw.equal (visitor text, page text, occurred_at timestamptz);
CREATE INDEX ON szw.equal (visitor, occurred_at);
INSERT INTO szw.equal SELECT 'bot', '/', szw.at(n) FROM generate_series(0, 9999) AS n WHERE n % 10 < 6;
INSERT INTO szw.equal SELECT visitor, page, occurred_at FROM szw.equal WHERE occurred_at = szw.at(5002);
SELECT sessionize.create_pipeline('szw_equal', 'szw.equal', 'visitor', event_time => 'occurred_at', page => 'page', max_events => 3);
CALL sessionize.refresh('szw_equal');
CALL szw.step('after two equal rows', $$UPDATE szw.equal SET page = '/other' WHERE occurred_at = szw.at(5003)$$, 'szw_equal');
SELECT what, pipeline, read FROM szw.steps ORDER BY step;
SELECT what, pipeline, wrong, difference FROM szw.steps WHERE wrong > 0 OR difference > 0;

SELECT sessionize.drop_pipeline(p) FROM unnest(ARRAY['szw_web', 'szw_full', 'szw_endless', 'szw_copies', 'szw_forever', 'szw_wide', 'szw_equal']) AS p;
DROP SCHEMA szw CASCADE;
