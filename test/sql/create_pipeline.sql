-- Defining pipelines.
SET client_min_messages = warning;
CREATE ROLE regress_sz_pipeline_owner;
CREATE ROLE regress_sz_pipeline_other;
CREATE ROLE regress_sz_pipeline_monitor;
GRANT pg_read_all_stats TO regress_sz_pipeline_monitor;
GRANT CREATE ON DATABASE :DBNAME TO regress_sz_pipeline_owner;

-- everything by default, by one who is no superuser
SET ROLE regress_sz_pipeline_owner;
SELECT sessionize.create_events_table('szc_raw.events');
SELECT sessionize.create_pipeline('szc', 'szc_raw.events');
RESET ROLE;
SELECT attname, format_type(atttypid, atttypmod) AS type, collname
FROM pg_attribute LEFT JOIN pg_collation AS c ON c.oid = attcollation
WHERE attrelid = 'szc.source'::regclass ORDER BY attnum;
SELECT relname, relkind, pg_get_userbyid(relowner) AS owner, reloptions, obj_description(oid) IS NOT NULL AS commented
FROM pg_class WHERE relnamespace = 'szc'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1;
SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) AS type, attnotnull, attidentity, collname
FROM pg_attribute LEFT JOIN pg_collation AS c ON c.oid = attcollation JOIN pg_class AS r ON r.oid = attrelid
WHERE relnamespace = 'szc'::regnamespace AND (relkind = 'r' OR relname IN ('sessions', 'events')) AND attnum > 0
ORDER BY relname, attnum;
SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class AS c ON c.oid = indrelid
WHERE relnamespace = 'szc'::regnamespace ORDER BY 1;
SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'szc'::regnamespace AND contype IN ('p', 'u', 'x', 'f') ORDER BY 1, 2;
-- member 0 of each dimension is unknown
TABLE szc.dim_date;
TABLE szc.dim_user;
TABLE szc.dim_page;
TABLE szc.dim_event;
\x
SELECT pipeline_name, source, owner, key, event_time, event_id, event_name, user_id, page, sent_at, received_at, raw_id,
       page_view, restart, restart_on_change, gap, max_duration, max_events, midnight, time_zone, dedup_window, skew_threshold, max_lead,
       store_events, created_at <= now() AS created FROM sessionize.pipelines;
\x

-- the view says of each raw row what plain SQL says
INSERT INTO szc_raw.events (event_id, event_name, user_id, anonymous_id, occurred_at, sent_at, received_at, properties)
SELECT 'e' || i, (ARRAY['page_view', 'click', NULL])[1 + i % 3], nullif('u' || i % 5, 'u3'), nullif('a' || i % 7, 'a2'),
       '2026-01-01Z'::timestamptz + i * interval '1 minute', now(), now() + i * interval '1 day',
       CASE WHEN i % 4 > 0 THEN jsonb_build_object('page', '/' || i % 6) END
FROM generate_series(1, 50) AS i;
CREATE TEMP VIEW expected (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q) AS
SELECT coalesce(anonymous_id, user_id), event_id, raw_id, event_name, user_id, properties ->> 'page', occurred_at, sent_at,
       received_at, NULL::boolean, event_name = 'page_view', true, NULL::text, NULL::text, NULL::text, tableoid, ctid FROM szc_raw.events;
(TABLE expected EXCEPT ALL TABLE szc.source) UNION ALL (TABLE szc.source EXCEPT ALL TABLE expected);
-- and still does when a raw column gets another name
ALTER TABLE szc_raw.events RENAME COLUMN anonymous_id TO "visitor Id";
(TABLE expected EXCEPT ALL TABLE szc.source) UNION ALL (TABLE szc.source EXCEPT ALL TABLE expected);
DROP VIEW expected;

-- the wide views join the dimensions
INSERT INTO szc.dim_user VALUES (1, 'a1', 'u1', '-infinity', 'infinity', true);
INSERT INTO szc.dim_page VALUES (1, '/a'), (2, repeat('/long', 5000));
INSERT INTO szc.dim_event VALUES (1, 'page_view');
INSERT INTO szc.dim_date (date_key, date) VALUES (20260101, '2026-01-01');
INSERT INTO szc.fact_session (session_id, session_key, user_key, date_key, started_at, ended_at, events, page_views,
  distinct_pages, entry_page_key, exit_page_key, is_bounce, same_start, duplicates, conflicts, shifted, copies_until, seen_before)
VALUES ('00000000-0000-0000-0000-000000000001', 'a1', 1, 20260101, '2026-01-01 10:00Z', '2026-01-01 10:20Z', 2, 1, 1, 1, 0, false, 0, 0, 0, 0, '-infinity', '');
INSERT INTO szc.fact_event (session_key, event_time, event_id, raw_id, session_id, user_key, event_key, page_key, date_key, page_view)
VALUES ('a1', '2026-01-01 10:00Z', 'e1', 1, '00000000-0000-0000-0000-000000000001', 1, 1, 1, 20260101, true);
SET timezone = 'UTC';
SET intervalstyle = 'postgres';
\x
TABLE szc.sessions;
TABLE szc.events;
\x
RESET timezone;
RESET intervalstyle;
-- a query that uses no dimension reads none
EXPLAIN (COSTS OFF) SELECT count(*), sum(events) FROM szc.sessions;
EXPLAIN (COSTS OFF) SELECT count(*) FROM szc.events;
-- a page is there once, however long
INSERT INTO szc.dim_page (page) VALUES (repeat('/long', 5000)) ON CONFLICT DO NOTHING;
SELECT page_key, length(page) FROM szc.dim_page ORDER BY 1;
-- padding: what a row of fact_event takes
SELECT pg_column_size(e.*) FROM szc.fact_event AS e;

-- who sees a pipeline
SET ROLE regress_sz_pipeline_owner;
SELECT pipeline_name FROM sessionize.pipelines;
SET ROLE regress_sz_pipeline_monitor;
SELECT pipeline_name FROM sessionize.pipelines;
SET ROLE regress_sz_pipeline_other;
SELECT pipeline_name FROM sessionize.pipelines;
TABLE sessionize.pipeline;
DELETE FROM sessionize.pipeline;
TABLE szc.sessions;
RESET ROLE;
-- not even the owner writes the catalog
SET ROLE regress_sz_pipeline_owner;
DELETE FROM sessionize.pipeline;
UPDATE sessionize.pipelines SET gap = '1 day';
RESET ROLE;
-- who owns the view owns the pipeline
BEGIN;
REASSIGN OWNED BY regress_sz_pipeline_owner TO regress_sz_pipeline_other;
SELECT pipeline_name, owner FROM sessionize.pipelines;
ROLLBACK;

-- a table of another shape: any names, types and expressions
CREATE TYPE szc_plan AS ENUM ('free', 'paid');
CREATE DOMAIN szc_login AS varchar(80) CHECK (VALUE <> '');
CREATE FUNCTION szc_parse(text) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT AS $$SELECT $1::timestamptz$$;
CREATE TABLE szc_hits (
  "Visit or" szc_login, num int, id uuid PRIMARY KEY, code char(10), nam name, plan szc_plan, pair int[],
  ts timestamptz, local timestamp, day date, epoch bigint, textual text, url varchar(200), kind int, ok boolean, j json, x xml,
  nondeterministic text, "select" text, "t" text, properties json);
CREATE INDEX ON szc_hits ("Visit or");
CREATE INDEX ON szc_hits (num);
CREATE INDEX ON szc_hits (code);
CREATE INDEX ON szc_hits (nam);
CREATE INDEX ON szc_hits (plan);
CREATE INDEX ON szc_hits (pair);
CREATE INDEX ON szc_hits (lower("select"), ts);
CREATE INDEX ON szc_hits ((num % 10));
CREATE INDEX ON szc_hits ("t");
INSERT INTO szc_hits VALUES ('Ann', 12, '00000000-0000-0000-0000-00000000000a', 'abc', 'nam', 'paid', '{1,2}', '2026-01-02Z',
  '2026-01-03', '2026-01-04', 1700000000123, '2026-01-05 00:00Z', '/u?utm=1', 7, true, '{}', '<a/>', 'nd', 'SEL', 'tee', '{"page": "/pp"}');
SET timezone = 'UTC';
\x
SELECT sessionize.create_pipeline('szc_a', 'szc_hits', 'Visit or', event_time => 'ts', event_id => 'id', event_name => 'kind',
  user_id => 'id', page => 'url', page_view => 'kind = 7', restart => 'url ~ ''utm'' AND ok', store_events => true);
SELECT session_key, event_id, raw_id, event_name, user_id, page, occurred_at, sent_at, received_at, restart, page_view FROM szc_a.source;
SELECT sessionize.create_pipeline('szc_b', 'szc_hits', 'num', 'local AT TIME ZONE ''Asia/Kathmandu''', event_id => '', raw_id => 'kind', page => '', page_view => '');
SELECT session_key, event_id, raw_id, event_name, user_id, page, occurred_at, sent_at, received_at, restart, page_view FROM szc_b.source;
SELECT sessionize.create_pipeline('szc_c', 'szc_hits', 'code', 'to_timestamp(epoch / 1000.0)', event_id => 'code', raw_id => '', store_events => false);
SELECT session_key, event_id, length(raw_id), page, occurred_at, page_view FROM szc_c.source;
SELECT sessionize.create_pipeline('szc_d', 'szc_hits', 'nam', 'szc_parse(textual)', event_id => 'plan', raw_id => 'pair', page => 'upper("select")', page_view => 'ok');
SELECT session_key, event_id, raw_id, page, occurred_at, page_view FROM szc_d.source;
SELECT sessionize.create_pipeline('szc_e', 'szc_hits', 'plan', 'day::timestamp AT TIME ZONE ''UTC''', gap => '1 day', max_duration => NULL, max_events => 100,
  midnight => 'Europe/Berlin', time_zone => 'America/New_York', dedup_window => NULL, skew_threshold => NULL, max_lead => '0');
SELECT session_key, occurred_at, page_view FROM szc_e.source;
SELECT gap, max_duration, max_events, midnight, time_zone, dedup_window, skew_threshold, max_lead, store_events, raw_id
FROM sessionize.pipelines WHERE pipeline_name = 'szc_e';
SELECT sessionize.create_pipeline('szc_f', 'szc_hits', 'pair', 'ts', page => 't', page_view => 'szc_hits.t = ''tee''');
SELECT sessionize.create_pipeline('szc_g', 'szc_hits', 'lower("select") -- the user', 'ts');
SELECT sessionize.create_pipeline('szc_h', 'szc_hits', 'num%10', 'szc_hits.ts');
SELECT sessionize.create_pipeline('szc_i', 'szc_hits', '"t"', 'ts', user_id => 'NULL', event_name => '''click''', restart => 'false');
SELECT session_key, event_name, user_id, page_view, restart FROM szc_i.source;
\x
RESET timezone;
SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) AS type, collname
FROM pg_attribute LEFT JOIN pg_collation AS c ON c.oid = attcollation
WHERE attrelid IN ('szc_a.fact_event'::regclass, 'szc_b.fact_event'::regclass, 'szc_d.fact_event'::regclass,
  'szc_a.fact_session'::regclass, 'szc_c.dim_user'::regclass, 'szc_f.fact_session'::regclass, 'szc_h.fact_session'::regclass)
  AND attname IN ('session_key', 'event_id', 'raw_id')
ORDER BY attrelid::regclass::text, attname;
SELECT to_regclass('szc_c.fact_event'), to_regclass('szc_c.events'), to_regclass('szc_c.fact_event_key');
-- two pipelines on one table are independent; the table can't go unnoticed
\set VERBOSITY terse
DROP TABLE szc_hits;
\set VERBOSITY default
SELECT count(*) FROM (SELECT sessionize.drop_pipeline('szc_' || p) FROM unnest('{a,b,c,d,e,f,g,h,i}'::text[]) AS p) AS dropped;

-- names that need quotes
SELECT sessionize.create_pipeline('Web "shop"; DROP TABLE szc_hits; --', 'szc_hits', 'num', 'ts');
SELECT session_key FROM "Web ""shop""; DROP TABLE szc_hits; --".source;
SELECT sessionize.drop_pipeline('Web "shop"; DROP TABLE szc_hits; --');
SELECT sessionize.create_pipeline('$$''\%s%d', 'szc_hits', 'num', 'ts');
SELECT sessionize.drop_pipeline('$$''\%s%d');
SELECT sessionize.create_pipeline(repeat('ü', 31) || 'x', 'szc_hits', 'num', 'ts') = repeat('ü', 31) || 'x' AS longest;
SELECT sessionize.drop_pipeline(repeat('ü', 31) || 'x');

CREATE TEMP TABLE szc_temp (user_id int, ts timestamptz);

-- errors; none leaves anything behind
SELECT (SELECT count(*) FROM pg_namespace) + (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM sessionize.pipeline) AS objects \gset
-- the name
SELECT sessionize.create_pipeline(NULL, 'szc_hits', 'num', 'ts');
SELECT sessionize.create_pipeline('', 'szc_hits', 'num', 'ts');
SELECT sessionize.create_pipeline(repeat('x', 64), 'szc_hits', 'num', 'ts');
SELECT sessionize.create_pipeline('pg_web', 'szc_hits', 'num', 'ts');
SELECT sessionize.create_pipeline('sessionize', 'szc_hits', 'num', 'ts');
SELECT sessionize.create_pipeline('public', 'szc_hits', 'num', 'ts');
SELECT sessionize.create_pipeline('szc', 'szc_hits', 'num', 'ts');
-- the table
SELECT sessionize.create_pipeline('szc_x', NULL);
SELECT sessionize.create_pipeline('szc_x', 'szc_raw.missing');
SELECT sessionize.create_pipeline('szc_x', 'nowhere.missing');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits; DROP TABLE szc_hits');
SELECT sessionize.create_pipeline('szc_x', 'szc.sessions');
SELECT sessionize.create_pipeline('szc_x', 'pg_class');
SELECT sessionize.create_pipeline('szc_x', 'szc_raw.events_raw_id_seq');
SELECT sessionize.create_pipeline('szc_x', 'szc_temp', event_time => 'ts');
CREATE FOREIGN DATA WRAPPER szc_wrapper;
CREATE SERVER szc_server FOREIGN DATA WRAPPER szc_wrapper;
CREATE FOREIGN TABLE szc_foreign (user_id int, ts timestamptz) SERVER szc_server;
SELECT sessionize.create_pipeline('szc_x', 'szc_foreign', event_time => 'ts');
DROP FOREIGN DATA WRAPPER szc_wrapper CASCADE;
CREATE TABLE szc_parent (user_id int, occurred_at timestamptz);
CREATE TABLE szc_child () INHERITS (szc_parent);
SELECT sessionize.create_pipeline('szc_x', 'szc_parent');
DROP TABLE szc_parent, szc_child;
-- columns
SELECT sessionize.create_pipeline('szc_x', 'szc_hits');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', '', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'numb', 'ts');
-- PostgreSQL 19 has another hint
\set VERBOSITY terse
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'NUM || nonsense(ts)', 'ts');
\set VERBOSITY default
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num +', 'ts');
-- types
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'j', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'x', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', '(num, ts)', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'local');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'day');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'epoch');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'textual');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', restart => 'num');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', page_view => 'url');
-- what more than the row bears on
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'local::timestamptz');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'now()');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'CURRENT_TIMESTAMP');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'random()', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', page => 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', event_name => 'plan');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'nextval(''szc_raw.events_raw_id_seq'')', 'ts');
-- what is no expression over one row
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'count(*)', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'row_number() OVER ()', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', '(SELECT 1)', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num IN (SELECT num FROM szc_hits)', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'generate_series(1, 2)', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', '$1', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'ctid', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'szc_hits IS NULL', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'DEFAULT', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num AS key', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num, kind', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'DISTINCT num', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', '*', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'szc_hits.*', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'ROW(*)', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num FROM szc_raw.events', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num LIMIT 1', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', '   ', 'ts');
-- the rules
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', gap => NULL);
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', gap => '1 month');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', gap => '-1 second');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', gap => '106751000 days');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', gap => '2147483647 days');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', max_duration => '1 year');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', max_events => 0);
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', max_events => -9223372036854775808);
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', time_zone => 'Mars/Olympus');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', midnight => 'right/nowhere');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', dedup_window => '-1 day');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', skew_threshold => '1 mon');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts', max_lead => '-00:00:00.000001');
-- the index: the hint is what to type; one that is partial or of another kind does not do
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'kind', 'ts', event_id => 'id');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'upper("select")', 'ts');
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'coalesce("select", t)', 'to_timestamp(epoch)', event_id => '"Visit or" || id');
CREATE INDEX szc_partial ON szc_hits (kind) WHERE num > 0;
CREATE INDEX szc_hash ON szc_hits USING hash (kind);
CREATE INDEX szc_second ON szc_hits (num, kind);
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'kind', 'ts');
DROP INDEX szc_partial, szc_hash, szc_second;
SELECT (SELECT count(*) FROM pg_namespace) + (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM sessionize.pipeline)
       - :objects AS left_behind;
-- following the hint helps
DO $$
DECLARE hint text;
BEGIN
  PERFORM sessionize.create_pipeline('szc_x', 'szc_hits', 'coalesce("select", t)', 'to_timestamp(epoch)', event_id => '"Visit or" || code');
EXCEPTION WHEN object_not_in_prerequisite_state THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  EXECUTE hint;
END $$;
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'coalesce("select", t)', 'to_timestamp(epoch)', event_id => '"Visit or" || code');
SELECT sessionize.drop_pipeline('szc_x');

-- privileges
SET ROLE regress_sz_pipeline_owner;
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts');
RESET ROLE;
GRANT SELECT, TRIGGER ON szc_hits TO regress_sz_pipeline_owner, regress_sz_pipeline_other;
ALTER TABLE szc_hits ENABLE ROW LEVEL SECURITY;
SET ROLE regress_sz_pipeline_owner;
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts');
RESET ROLE;
ALTER TABLE szc_hits DISABLE ROW LEVEL SECURITY;
SET ROLE regress_sz_pipeline_other;
DO $$
DECLARE hint text; message text;
BEGIN
  PERFORM sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts');
EXCEPTION WHEN insufficient_privilege THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, message = MESSAGE_TEXT;
  RAISE WARNING '% / %', replace(message, current_database(), 'DB'), replace(hint, current_database(), 'DB');
END $$;
RESET ROLE;
SET ROLE regress_sz_pipeline_owner;
SELECT sessionize.create_pipeline('szc_x', 'szc_hits', 'num', 'ts');
SELECT session_key FROM szc_x.source;
SELECT sessionize.drop_pipeline('szc_x');
RESET ROLE;

-- hostile texts in every argument: each is an error, and the canary lives
CREATE TABLE szc_canary (fired int);
CREATE FUNCTION szc_fire() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN INSERT INTO szc_canary VALUES (1); RETURN 1; END';
DO $$
DECLARE
  arg text;
  evil text;
  passed int := 0;
BEGIN
  FOREACH arg IN ARRAY '{key,event_time,event_id,event_name,user_id,page,sent_at,received_at,raw_id,page_view,restart}'::text[] LOOP
    FOREACH evil IN ARRAY ARRAY[
      'num) AS a FROM szc_hits; DROP TABLE szc_canary; --', '1; DROP TABLE szc_canary', '''; DROP TABLE szc_canary; --',
      'szc_fire()', '(SELECT szc_fire())', 'num FROM (SELECT szc_fire()) AS s', 'num UNION SELECT szc_fire()', 'num::text /* ', '"',
      'num OFFSET szc_fire()', E'num\nFROM szc_canary', 'CAST(szc_fire() AS text)', 'num INTO szc_stolen', '''' || repeat('(', 1000),
      repeat('(', 100000), repeat('-', 3) || repeat('1+', 5000)] LOOP
      BEGIN
        EXECUTE format('SELECT sessionize.create_pipeline(''szc_x'', ''szc_hits'', %s)',
          (SELECT string_agg(format('%I => %L', a, v), ', ')
           FROM (SELECT a, CASE a WHEN arg THEN evil WHEN 'key' THEN 'num' ELSE 'ts' END AS v
                 FROM unnest(ARRAY['key', 'event_time', arg]) AS a GROUP BY a) AS args));
        RAISE WARNING 'accepted: % => %', arg, left(evil, 60);
      EXCEPTION WHEN OTHERS THEN
        passed := passed + 1;
      END;
    END LOOP;
  END LOOP;
  RAISE WARNING '% refused', passed;
END $$;
SELECT count(*) AS fired FROM szc_canary;

-- every kind of expression the grammar has is taken or refused, with no worse consequence
DO $$
DECLARE
  odd text;
  outcomes text := '';
BEGIN
  FOREACH odd IN ARRAY ARRAY['GROUPING(num)', 'COLLATION FOR (url)', 'url COLLATE "nope"', 'pair[1:2]', 'pair[1]', 'pair[*]', '(szc_hits).num',
    '(szc_hits).*', 'szc_hits', 'public.szc_hits.num', 'nowhere.szc_hits.num', 'a.b.c.d.e', 'num::nosuchtype', 'num IS DISTINCT FROM kind',
    'EXISTS (SELECT 1)', 'ARRAY(SELECT 1)', 'ARRAY[num, kind]', 'ROW(num)', 'ROW()', 'NOT ok', 'num BETWEEN 1 AND 2', 'CASE num WHEN 1 THEN 2 END',
    'CASE WHEN ok THEN 1 ELSE DEFAULT END', 'nullif(num, 1)', 'greatest(num, kind)', 'XMLELEMENT(NAME a)', 'XMLPARSE(CONTENT url)', 'x IS DOCUMENT',
    'current_user', 'current_schema', 'ok IS UNKNOWN', 'num = ANY (pair)', 'num = ALL (SELECT 1)', '(local, local) OVERLAPS (local, local)',
    'num OPERATOR(pg_catalog.+) 1', 'num !!!', '@ num', 'CAST(num AS text)', 'interval ''1 day''', 'num::text COLLATE "C"', 'tableoid',
    'xmin', 'version()', 'pg_sleep(0)', 'f(VARIADIC pair)', 'concat(num, VARIADIC pair)', 'sum(num) FILTER (WHERE ok)',
    'percentile_cont(0.5) WITHIN GROUP (ORDER BY num)', 'lag(num) OVER w', 'num => 1', 'substring(url FROM 2)', 'extract(day FROM local)',
    'extract(day FROM ts)', 'position(''a'' IN url)', 'treat(num AS int)', 'NULL', '1', '''x''', 'B''101''', '''{}''::json', 'TRUE', '::', ';', ')', '--', '/**/',
    E'\t', U&'\00e9', '?', ':num', '@@', ':=', 'num :=', '$0'] LOOP
    BEGIN
      PERFORM sessionize.create_pipeline('szc_x', 'szc_hits', odd, 'ts');
      outcomes := outcomes || E'\n' || odd || ': taken';
      PERFORM sessionize.drop_pipeline('szc_x');
    EXCEPTION WHEN OTHERS THEN
      outcomes := outcomes || E'\n' || odd || ': ' || SQLSTATE;
    END;
  END LOOP;
  RAISE WARNING '%', outcomes;
END $$;

-- a hostile search_path: what the user's own expressions name is the user's business, what ours name is ours
CREATE SCHEMA szc_evil;
CREATE FUNCTION szc_evil.eq(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
'BEGIN INSERT INTO public.szc_canary VALUES (2); RETURN true; END';
CREATE FUNCTION szc_evil.eq(name, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
'BEGIN INSERT INTO public.szc_canary VALUES (3); RETURN true; END';
CREATE FUNCTION szc_evil.get(jsonb, text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
'BEGIN INSERT INTO public.szc_canary VALUES (4); RETURN ''evil''; END';
CREATE FUNCTION szc_evil.plus(timestamptz, interval) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE AS
'BEGIN INSERT INTO public.szc_canary VALUES (5); RETURN $1; END';
CREATE FUNCTION szc_evil.md5(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
'BEGIN INSERT INTO public.szc_canary VALUES (6); RETURN ''evil''; END';
CREATE OPERATOR szc_evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = szc_evil.eq);
CREATE OPERATOR szc_evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = szc_evil.eq);
CREATE OPERATOR szc_evil.->> (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = szc_evil.get);
CREATE OPERATOR szc_evil.+ (LEFTARG = timestamptz, RIGHTARG = interval, FUNCTION = szc_evil.plus);
CREATE TABLE szc_evil.pipeline (pipeline_name name);
CREATE DOMAIN szc_evil.text AS pg_catalog.text;
CREATE DOMAIN szc_evil.timestamptz AS pg_catalog.timestamptz;
CREATE COLLATION szc_evil."C" FROM pg_catalog."POSIX";
CREATE TABLE szc_events (user_id text, occurred_at timestamptz, event_name text, event_id text, properties jsonb);
CREATE INDEX ON szc_events (user_id);
INSERT INTO szc_events VALUES ('u', '2026-01-01Z', 'page_view', 'e', '{"page": "/"}');
SET search_path = szc_evil, pg_catalog, public;
SELECT sessionize.create_pipeline('szc_x', 'szc_events');
SELECT session_key, event_id, length(raw_id) AS raw_id, page, page_view FROM szc_x.source;
SELECT count(*) FROM szc_x.sessions;
RESET search_path;
SELECT count(*) AS fired FROM szc_canary;
SELECT count(*) AS not_ours FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = atttypid JOIN pg_class AS c ON c.oid = attrelid
WHERE c.relnamespace = 'szc_x'::regnamespace AND c.relkind IN ('r', 'v') AND attnum > 0
AND (t.typnamespace <> 'pg_catalog'::regnamespace OR attcollation NOT IN (0, 'pg_catalog."C"'::regcollation, 'pg_catalog."default"'::regcollation));
SELECT relname, attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = attrelid
WHERE c.relnamespace = 'szc_x'::regnamespace AND c.relkind IN ('r', 'v') AND attnum > 0
AND attcollation = 'pg_catalog."default"'::regcollation ORDER BY 1, 2;
SELECT sessionize.drop_pipeline('szc_x');
DROP SCHEMA szc_evil CASCADE;

-- the examples of the reference
SELECT sessionize.create_events_table('szc_doc.events');
SELECT sessionize.create_pipeline('szc_web', 'szc_doc.events');
SELECT session_key, event_id, raw_id, page FROM szc_web.source;
SELECT * FROM szc_web.sessions;
SELECT sessionize.create_events_partitions('szc_doc.events');
SELECT sessionize.drop_pipeline('szc_web');
CREATE TABLE szc_doc.hits (visitor int, at timestamp, url text, id uuid PRIMARY KEY);
CREATE INDEX ON szc_doc.hits (visitor, (at AT TIME ZONE 'UTC'), id);
SELECT sessionize.create_pipeline('szc_site', 'szc_doc.hits',
    key => 'visitor', event_time => 'at AT TIME ZONE ''UTC''', event_id => 'id',
    page => 'split_part(url, ''?'', 1)', restart => 'url LIKE ''%utm_campaign=%''', gap => '20 minutes');
INSERT INTO szc_doc.hits VALUES (1, '2026-01-01 10:00', '/a?utm_campaign=x', '00000000-0000-0000-0000-000000000001');
SELECT session_key, raw_id, occurred_at = '2026-01-01 10:00Z' AS occurred, page, page_view, restart FROM szc_site.source;
SELECT sessionize.drop_pipeline('szc_site');
DROP SCHEMA szc_doc CASCADE;

SELECT sessionize.drop_pipeline('szc');
DROP SCHEMA szc_raw CASCADE;
DROP TABLE szc_hits, szc_events, szc_canary, szc_temp;
DROP FUNCTION szc_parse, szc_fire;
DROP TYPE szc_plan, szc_login;
SELECT count(*) FROM sessionize.pipeline;
REVOKE CREATE ON DATABASE :DBNAME FROM regress_sz_pipeline_owner;
DROP ROLE regress_sz_pipeline_owner, regress_sz_pipeline_other, regress_sz_pipeline_monitor;
