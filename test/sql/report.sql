-- report(): its numbers are those of plain SQL over the raw rows and the star's views.
SET timezone = 'UTC';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE SCHEMA szrp;
CREATE TABLE szrp.hits (hit bigint PRIMARY KEY, visitor text, at timestamptz, name text, page text);
CREATE INDEX ON szrp.hits (visitor, at, hit);
-- four weeks and some days of 60 visitors, each with a habit of its own; nothing is random
INSERT INTO szrp.hits
SELECT row_number() OVER (), 'v' || v, '2026-03-02 08:00+00'::timestamptz + d * interval '1 day' + v * interval '11 minutes' + k * interval '3 minutes',
       CASE WHEN (v + d + k) % 7 = 0 THEN 'buy' ELSE 'look' END,
       (ARRAY['/', '/product/' || v % 9, '/product/' || d % 4, '/cart', 'https://shop.example/help/' || k || '?q=1', NULL])[1 + (v * 7 + d * 3 + k * 5) % 6]
FROM generate_series(1, 60) AS v, generate_series(v % 10, 33) AS d, generate_series(1, 6) AS k
WHERE hashint4(v * 1000 + d) % 3 = 0 AND k <= 1 + v % 6;
INSERT INTO szrp.hits VALUES (-1, NULL, '2026-03-05', 'look', '/'), (-2, 'v1', 'infinity', 'look', '/');
SELECT sessionize.create_pipeline('szrp_web', 'szrp.hits', key => 'visitor', event_time => 'at', event_id => 'hit', event_name => 'name', page => 'page',
    page_view => 'page IS NOT NULL', user_id => '', sent_at => '', received_at => '', raw_id => 'hit');
CALL sessionize.rebuild('szrp_web');

CREATE TABLE szrp.report AS
SELECT sessionize.report('szrp_web', '2026-03-09', '2026-04-02', ARRAY['page = ''/''', 'page LIKE ''/product/%''', 'event_name = ''buy'''], '1 hour', 1) AS r;
SELECT r ->> 'pipeline' AS pipeline, r ->> 'source' AS source, r ->> 'time_zone' AS zone, r -> 'gap_seconds' AS gap, r ->> 'since' AS since, r ->> 'until' AS until FROM szrp.report;

-- sessions of the raw rows, by lag() alone
CREATE VIEW szrp.event AS
SELECT h.*, count(*) FILTER (WHERE is_first) OVER (PARTITION BY visitor ORDER BY at, hit) AS session FROM (
    SELECT *, coalesce(at - lag(at) OVER (PARTITION BY visitor ORDER BY at, hit) > '30 minutes', true) AS is_first
    FROM szrp.hits WHERE visitor IS NOT NULL AND isfinite(at)) AS h;
CREATE VIEW szrp.session AS
SELECT visitor, session, min(at)::date AS day, max(at) - min(at) AS duration, count(*) AS events, count(*) = 1 AS bounce,
       (array_agg(page ORDER BY at, hit) FILTER (WHERE page IS NOT NULL))[1] AS entry,
       (array_agg(page ORDER BY at DESC, hit DESC) FILTER (WHERE page IS NOT NULL))[1] AS exit
FROM szrp.event GROUP BY 1, 2;

CREATE FUNCTION szrp.totals(since date, until date) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('days', count(DISTINCT day), 'sessions', count(*), 'visitors', count(DISTINCT visitor), 'events', sum(events),
           'bounces', (SELECT count(*) FROM szrp_web.sessions WHERE is_bounce AND date BETWEEN since AND until),
           'median_seconds', (SELECT round(extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY s.duration)), 3)
                              FROM szrp_web.sessions AS s WHERE NOT is_bounce AND date BETWEEN since AND until))
    FROM szrp.session WHERE day BETWEEN since AND until $$;
SELECT r -> 'totals' = szrp.totals('2026-03-09', '2026-04-02') AS totals, r -> 'totals_before' = szrp.totals('2026-02-12', '2026-03-08') AS before,
       (r -> 'totals' ->> 'sessions')::int > 100 AS enough FROM szrp.report;

CREATE VIEW szrp.trend AS
SELECT d::date AS day, count(s.visitor) AS sessions, count(DISTINCT s.visitor) AS visitors
FROM generate_series('2026-03-09'::timestamp, '2026-04-02', '1 day') AS d LEFT JOIN szrp.session AS s ON s.day = d::date GROUP BY 1;
CREATE VIEW szrp.said_trend AS
SELECT p."from" AS day, p.sessions, p.visitors FROM szrp.report, jsonb_to_recordset(r -> 'trend' -> 'points') AS p ("from" date, sessions bigint, visitors bigint);
TABLE szrp.trend EXCEPT ALL TABLE szrp.said_trend;
TABLE szrp.said_trend EXCEPT ALL TABLE szrp.trend;
-- many days are weeks, still more are months, and each adds up to the days
SELECT t -> 'unit' AS unit, jsonb_array_length(t -> 'points') AS points, (SELECT sum((p -> 'sessions')::int) FROM jsonb_array_elements(t -> 'points') AS p) = (SELECT count(*) FROM szrp.session) AS same
FROM (VALUES (sessionize.report_trend('szrp_web', '2026-01-01', '2026-04-30')), (sessionize.report_trend('szrp_web', '2024-01-01', '2026-04-30'))) AS v (t);

CREATE VIEW szrp.page AS
SELECT page, sum(views)::bigint AS views, sum(sessions)::bigint AS sessions, sum(entries)::bigint AS entries, sum(exits)::bigint AS exits FROM (
    SELECT e.page, count(*) AS views, count(DISTINCT (e.visitor, e.session)) AS sessions, 0 AS entries, 0 AS exits
    FROM szrp.event AS e JOIN szrp.session AS s USING (visitor, session) WHERE s.day BETWEEN '2026-03-09' AND '2026-04-02' GROUP BY 1
    UNION ALL SELECT entry, 0, 0, count(*), 0 FROM szrp.session WHERE day BETWEEN '2026-03-09' AND '2026-04-02' GROUP BY 1
    UNION ALL SELECT exit, 0, 0, 0, count(*) FROM szrp.session WHERE day BETWEEN '2026-03-09' AND '2026-04-02' GROUP BY 1) AS c
WHERE page IS NOT NULL GROUP BY page ORDER BY 2 DESC, 4 DESC, page COLLATE "C" LIMIT 10;
CREATE VIEW szrp.said_page AS
SELECT p.page, p.views, p.sessions, p.entries, p.exits
FROM szrp.report, jsonb_to_recordset(r -> 'pages') AS p (page text, views bigint, sessions bigint, entries bigint, exits bigint);
TABLE szrp.page EXCEPT ALL TABLE szrp.said_page;
TABLE szrp.said_page EXCEPT ALL TABLE szrp.page;

-- the funnel: an event may stand for several steps, and all of them lie within an hour of some first step
WITH RECURSIVE reached AS (
    SELECT e.visitor, e.session, 1 AS step, e.at AS began, e.at FROM szrp.event AS e JOIN szrp.session AS s USING (visitor, session)
    WHERE s.day BETWEEN '2026-03-09' AND '2026-04-02' AND e.page = '/'
    UNION
    SELECT e.visitor, e.session, r.step + 1, r.began, e.at FROM reached AS r JOIN szrp.event AS e USING (visitor, session)
    WHERE e.at >= r.at AND e.at <= r.began + interval '1 hour'
      AND CASE r.step WHEN 1 THEN e.page LIKE '/product/%' WHEN 2 THEN e.name = 'buy' ELSE false END)
SELECT (SELECT jsonb_agg(n ORDER BY step) FROM (SELECT step, count(DISTINCT (visitor, session)) AS n FROM reached GROUP BY 1) AS c)
     = jsonb_path_query_array(r, '$.funnel.steps[*].sessions') AS funnel,
       jsonb_path_query_array(r, '$.funnel.steps[*].condition') AS conditions, r -> 'funnel' -> 'within_seconds' AS within,
       (r #> '{funnel,steps,2,sessions}')::int > 0 AS enough
FROM szrp.report;

-- retention, as retention_table has it; the last week is a whole one
CREATE VIEW szrp.retention AS
SELECT cohort, period::bigint AS period, retained FROM sessionize.retention_table('szrp_web.sessions', 'session_key', 'started_at', 'week', 20, time_zone => 'UTC')
WHERE cohort >= '2026-03-09' AND cohort + 7 * period <= '2026-04-05';
CREATE VIEW szrp.said_retention AS
SELECT (c ->> 'from')::date AS cohort, v.n - 1 AS period, v.visitors::bigint AS retained
FROM sessionize.report_retention('szrp_web', '2026-03-09', '2026-04-05') AS r, jsonb_array_elements(r -> 'cohorts') AS c, jsonb_array_elements_text(c -> 'visitors') WITH ORDINALITY AS v (visitors, n);
SELECT r -> 'retention' -> 'unit' AS unit, r #> '{retention,cohorts,0,visitors,0}' = to_jsonb((SELECT retained FROM szrp.retention WHERE cohort = '2026-03-09' AND period = 0)) AS first, (SELECT count(*) > 3 FROM szrp.said_retention) AS enough FROM szrp.report;
TABLE szrp.retention EXCEPT ALL TABLE szrp.said_retention;
TABLE szrp.said_retention EXCEPT ALL TABLE szrp.retention;

-- paths: what the nodes and links add up to, and each link, of the raw rows
CREATE TABLE szrp.stop AS
WITH hop AS (
    SELECT e.visitor, e.session, e.at, e.hit, p.page, p.page IS DISTINCT FROM lag(p.page) OVER (PARTITION BY e.visitor, e.session ORDER BY e.at, e.hit) AS is_new
    FROM szrp.event AS e JOIN szrp.session AS s USING (visitor, session),
         LATERAL (SELECT CASE WHEN e.page LIKE '/product/%' THEN '/product/...' WHEN e.page LIKE 'https%' THEN '/help/...' ELSE e.page END) AS p (page)
    WHERE s.day BETWEEN '2026-03-09' AND '2026-04-02' AND e.page IS NOT NULL),
numbered AS (SELECT *, row_number() OVER (PARTITION BY visitor, session ORDER BY at, hit) AS step FROM hop WHERE is_new)
SELECT visitor, session, step, page FROM numbered WHERE step <= 4
UNION ALL SELECT visitor, session, max(step) + 1, '(end)' FROM numbered GROUP BY 1, 2 HAVING max(step) < 4;
CREATE VIEW szrp.link AS
SELECT a.step, a.page AS source, b.page AS target, count(*) AS sessions FROM szrp.stop AS a JOIN szrp.stop AS b ON b.visitor = a.visitor AND b.session = a.session AND b.step = a.step + 1
GROUP BY 1, 2, 3;
-- there are four pages, so none is among the others
CREATE VIEW szrp.said_link AS
SELECT l.step::bigint, coalesce(s.page, '(' || s.kind || ')') AS source, coalesce(t.page, '(' || t.kind || ')') AS target, l.sessions
FROM szrp.report, jsonb_to_recordset(r -> 'paths' -> 'links') AS l (step int, source int, target int, sessions bigint),
     jsonb_to_recordset(r -> 'paths' -> 'nodes') AS s (step int, place int, kind text, page text),
     jsonb_to_recordset(r -> 'paths' -> 'nodes') AS t (step int, place int, kind text, page text)
WHERE s.step = l.step AND s.place = l.source AND t.step = l.step + 1 AND t.place = l.target;
SELECT count(*) > 8 AS enough FROM szrp.link;
TABLE szrp.link EXCEPT ALL TABLE szrp.said_link;
TABLE szrp.said_link EXCEPT ALL TABLE szrp.link;
-- with whole pages there are more than five at a step: what the others take is what is missing
SELECT bool_or(n ->> 'kind' = 'other') AS others,
       (SELECT count(*) FROM szrp.stop WHERE step = 1) = sum((n ->> 'sessions')::int) FILTER (WHERE n ->> 'step' = '1') AS same,
       max((n ->> 'place')::int) AS places
FROM jsonb_array_elements(sessionize.report_paths('szrp_web', '2026-03-09', '2026-04-02', NULL) -> 'nodes') AS n;

-- health
SELECT r #> '{health,account}' = to_jsonb(a) AS account, jsonb_path_query_array(r, '$.health.findings[*].status') AS findings,
       jsonb_path_query_array(r, '$.health.tables[*].name') AS tables, jsonb_path_query_array(r, '$.health.tables[2].rows[*][0 to 1]') AS quarantined
FROM szrp.report, sessionize.reconcile('szrp_web') AS a;
SELECT sessionize.add_check('szrp_web', 'fails', 'sql', '{"query": "SELECT 1"}', severity => 'error'), sessionize.add_check('szrp_web', 'succeeds', 'sql', '{"query": "SELECT 1 WHERE false"}');
SELECT check_name, status FROM sessionize.run_checks('szrp_web');
SELECT f ->> 'topic' AS topic, f ->> 'status' AS status, f ->> 'found' AS found, f ->> 'statement' AS statement
FROM jsonb_array_elements(sessionize.report('szrp_web') -> 'health' -> 'findings') AS f WHERE f ->> 'topic' IN ('incidents', 'checks');
SELECT t ->> 'name' AS name, jsonb_array_length(t -> 'columns') = jsonb_array_length(w) AS complete, w -> 1 AS second, w -> 2 AS third, w -> 3 AS fourth
FROM jsonb_array_elements(sessionize.report('szrp_web') -> 'health' -> 'tables') AS t, jsonb_array_elements(t -> 'rows') AS w WHERE t ->> 'name' IN ('incidents', 'checks');
DELETE FROM szrp_web.fact_session WHERE session_key = 'v1';
SELECT f ->> 'topic' AS topic, f ->> 'status' AS status, f ->> 'statement' AS statement
FROM jsonb_array_elements(sessionize.report('szrp_web') -> 'health' -> 'findings') AS f WHERE f ->> 'status' <> 'ok';
CALL sessionize.rebuild('szrp_web');

-- the days: four weeks up to the newest session that is not in the future; both ends count
SELECT r ->> 'since' AS since, r ->> 'until' AS until, r -> 'funnel' AS funnel, jsonb_array_length(r -> 'trend' -> 'points') AS points FROM sessionize.report('szrp_web') AS r;
SELECT r ->> 'since' AS since, r ->> 'until' AS until, r #> '{trend,points,0,sessions}' = to_jsonb((SELECT count(*) FROM szrp.session WHERE day = '2026-03-10')) AS same
FROM sessionize.report('szrp_web', '2026-03-10', '2026-03-10') AS r;
SELECT sessionize.report('szrp_web', '2026-03-10', '2026-03-09');
SELECT sessionize.report('szrp_web', '1900-01-01', '2026-03-09');
SELECT sessionize.report('szrp_web', '-infinity', '2026-03-09');
SELECT sessionize.report('szrp_nobody');
SELECT sessionize.report(NULL);
SELECT sessionize.report('szrp_web', steps => '{}') -> 'funnel' AS funnel;
SELECT sessionize.report('szrp_web', steps => '{no_such_column}');

-- the page of a path
SELECT p AS page, sessionize.report_page(p, 1) AS one, sessionize.report_page(p, 2) AS two
FROM unnest(ARRAY['/', '/a', '/a/', '/a/b', '/a/b/c', 'https://x.example', 'https://x.example/y/z?q=/1', 'Home screen', '']) AS p;

-- a pipeline that has nothing, and one that stores no events
CREATE TABLE szrp.none (LIKE szrp.hits INCLUDING ALL);
SELECT sessionize.create_pipeline('szrp_none', 'szrp.none', key => 'visitor', event_time => 'at', event_id => 'hit', event_name => 'name', page => 'page',
    user_id => '', sent_at => '', received_at => '', raw_id => 'hit', store_events => false);
CALL sessionize.rebuild('szrp_none');
SELECT r -> 'totals' AS totals, r -> 'pages' AS pages, r -> 'funnel' AS funnel, r -> 'paths' AS paths, r -> 'retention' AS retention, (r ->> 'until')::date = current_date AS today
FROM sessionize.report('szrp_none', steps => '{true}') AS r;

-- a reader of the star sees what the star has, and nothing of the pipeline's state
CREATE ROLE szrp_reader;
SELECT sessionize.grant_reader('szrp_web', 'szrp_reader');
SET ROLE szrp_reader;
SELECT r -> 'totals' AS totals, r -> 'source' AS source, r -> 'health' -> 'account' AS account, r -> 'health' -> 'findings' AS findings,
       jsonb_path_query_array(r, '$.health.tables[*].rows') AS tables FROM sessionize.report('szrp_web', '2026-03-09', '2026-04-02') AS r;
RESET ROLE;
SELECT sessionize.revoke_reader('szrp_web', 'szrp_reader');
DROP ROLE szrp_reader;

-- what lies in the caller's search path is met by no part of the report but the conditions of the funnel
CREATE SCHEMA szrp_trap;
CREATE FUNCTION szrp_trap.count() RETURNS bigint LANGUAGE sql AS 'SELECT -1::bigint';
CREATE FUNCTION szrp_trap.trap(date, date) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR szrp_trap.>= (LEFTARG = date, RIGHTARG = date, FUNCTION = szrp_trap.trap);
CREATE OPERATOR szrp_trap.- (LEFTARG = date, RIGHTARG = date, FUNCTION = szrp_trap.trap);
CREATE FUNCTION szrp_trap.is_home(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = '/' $$;
SET search_path = szrp_trap, pg_catalog;
SELECT sessionize.report('szrp_web', '2026-03-09', '2026-04-02', ARRAY['is_home(page)']) #> '{funnel,steps,0,sessions}' = r.r #> '{funnel,steps,0,sessions}' AS same FROM szrp.report AS r;
RESET search_path;

DROP VIEW szrp.retention CASCADE;
SELECT sessionize.drop_pipeline('szrp_web'), sessionize.drop_pipeline('szrp_none');
DROP SCHEMA szrp, szrp_trap CASCADE;
