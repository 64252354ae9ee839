-- session_number and session_start against plain SQL and against a loop over the rules.
SET timezone = 'UTC';
CREATE SCHEMA session_window_test;
SET search_path = session_window_test;
\set SHOW_CONTEXT never

CREATE TABLE events AS
SELECT i, abs(hashint4(i) % 60) AS key,
       CASE WHEN i % 41 = 0 THEN NULL
            ELSE timestamptz '2024-03-30 12:00+00' + abs(hashint4(i + 3) % 600) * interval '5 minutes' END AS ts,
       CASE WHEN i % 43 = 0 THEN NULL ELSE hashint4(i + 9) % 9 = 0 END AS restart
FROM generate_series(1, 4000) AS i;
ANALYZE events;

-- By gap alone, lag() and sum() OVER are the oracle.
CREATE VIEW gaps AS SELECT unnest(ARRAY['0', '4 minutes 59.999999 seconds', '5 minutes', '30 minutes', '1 day', '1000 days']::interval[]) AS gap;
SELECT gap, count(*) AS rows,
       count(*) FILTER (WHERE number IS DISTINCT FROM expected_number) AS wrong_numbers,
       count(*) FILTER (WHERE start IS DISTINCT FROM expected_start) AS wrong_starts
FROM (SELECT *, CASE WHEN ts IS NOT NULL THEN min(ts) OVER (PARTITION BY gap, key, expected_number) END AS expected_start
      FROM (SELECT *, CASE WHEN ts IS NOT NULL THEN sum(starts::int) OVER (PARTITION BY gap, key ORDER BY ts, i ROWS UNBOUNDED PRECEDING) END AS expected_number
            FROM (SELECT *, coalesce(ts - lag(ts) OVER w > gap, true) AND ts IS NOT NULL AS starts,
                         sessionize.session_number(ts, gap) OVER w AS number,
                         sessionize.session_start(ts, gap) OVER w AS start
                  FROM events, gaps WINDOW w AS (PARTITION BY gap, key ORDER BY ts, i)) AS marked) AS numbered) AS x
GROUP BY gap ORDER BY gap;

-- All rules together: a loop that looks at each event and the list of what went before.
CREATE FUNCTION expected(gap interval, max_duration interval, use_restart boolean)
RETURNS TABLE (i int, number bigint, start timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  e record;
  last_key int;
  last_ts timestamptz;
BEGIN
  FOR e IN SELECT * FROM session_window_test.events AS x ORDER BY x.key, x.ts, x.i LOOP
    IF last_key IS DISTINCT FROM e.key THEN
      last_key := e.key;
      last_ts := NULL;
      number := 0;
    END IF;
    i := e.i;
    IF e.ts IS NULL THEN
      CONTINUE;
    END IF;
    IF last_ts IS NULL OR e.ts > last_ts + gap OR e.ts > start + max_duration OR (use_restart AND e.restart) THEN
      number := number + 1;
      start := e.ts;
    END IF;
    last_ts := e.ts;
    RETURN NEXT;
  END LOOP;
END $$;
CREATE TABLE cases AS
SELECT gap, max_duration, use_restart
FROM unnest(ARRAY['5 minutes', '30 minutes', '3 hours']::interval[]) AS gap,
     unnest(ARRAY[NULL, '0', '10 minutes', '1 hour', '1 day']::interval[]) AS max_duration,
     unnest(ARRAY[false, true]) AS use_restart;
SELECT gap, max_duration, use_restart, x.*
FROM cases, LATERAL (
  SELECT count(*) AS rows, count(*) FILTER (WHERE (a.number, a.start) IS DISTINCT FROM (e.number, e.start)) AS wrong
  FROM (SELECT i, sessionize.session_number(ts, gap, max_duration, CASE WHEN use_restart THEN restart END) OVER w AS number,
               sessionize.session_start(ts, gap, max_duration, CASE WHEN use_restart THEN restart END) OVER w AS start
        FROM events WINDOW w AS (PARTITION BY key ORDER BY ts, i)) AS a
       LEFT JOIN expected(gap, max_duration, use_restart) AS e USING (i)) AS x
ORDER BY gap, max_duration, use_restart;

-- the short forms: without max_duration and restart, by name, and a constant restart
SELECT count(*) AS rows,
       count(*) FILTER (WHERE short <> long OR named <> long OR constant <> long) AS wrong,
       count(*) FILTER (WHERE always <> row_number) AS wrong_always,
       count(*) FILTER (WHERE only_restart <> restart_named) AS wrong_named
FROM (SELECT sessionize.session_number(ts, '1 hour') OVER w AS short,
             sessionize.session_number(ts, '1 hour', NULL, i < 0) OVER w AS long,
             sessionize.session_number(ts, gap => '1 hour') OVER w AS named,
             sessionize.session_number(ts, '1 hour', NULL, false) OVER w AS constant,
             sessionize.session_number(ts, '1 hour', NULL, true) OVER w AS always,
             row_number() OVER w AS row_number,
             sessionize.session_number(ts, '1 hour', NULL, restart) OVER w AS only_restart,
             sessionize.session_number(ts, '1 hour', restart => restart) OVER w AS restart_named
      FROM events WHERE ts IS NOT NULL WINDOW w AS (PARTITION BY key ORDER BY ts, i)) AS x;

-- NULL ts gives NULL and changes nothing, first, in between and last
SELECT ts, restart, sessionize.session_number(ts, '1 hour', NULL, restart) OVER (ORDER BY i), sessionize.session_start(ts, '1 hour', NULL, restart) OVER (ORDER BY i)
FROM (VALUES (1, NULL::timestamptz, true), (2, '2024-01-01 00:00', false), (3, NULL, true), (4, '2024-01-01 01:00', NULL),
             (5, '2024-01-01 01:00', true), (6, NULL, true)) AS t(i, ts, restart)
ORDER BY i;

-- each partition has rules of its own; a row without a time has none
SELECT key, ts, gap, sessionize.session_number(ts, gap, longest) OVER (PARTITION BY key ORDER BY ts)
FROM (VALUES (1, '2024-01-01 00:00'::timestamptz, '1 hour'::interval, NULL::interval), (1, '2024-01-01 02:00', '60 minutes', NULL),
             (2, '2024-01-01 00:00', '1 day 1 hour', '1 day'), (2, '2024-01-01 02:00', '25 hours', '24 hours'),
             (3, NULL, NULL, '-1 hour'), (3, '2024-01-01 02:00', '1 hour', '1 hour')) AS t(key, ts, gap, longest)
ORDER BY key, ts NULLS LAST;

-- exactly the gap and exactly max_duration stay
SELECT ts, sessionize.session_number(ts, '30 minutes', '1 hour') OVER (ORDER BY ts)
FROM (VALUES ('2024-01-01 00:00'::timestamptz), ('2024-01-01 00:30'), ('2024-01-01 01:00'), ('2024-01-01 01:00:00.000001'),
             ('2024-01-01 01:30:00.000002')) AS t(ts)
ORDER BY ts;

-- both ends of time are further apart than 63 bits of microseconds
SELECT ts, sessionize.session_number(ts, '106751991 days', '106751991 days') OVER (ORDER BY ts)
FROM (VALUES ('4713-01-01 00:00:00 BC'::timestamptz), ('294276-12-31 23:59:59.999999'), ('294276-12-31 23:59:59.999999')) AS v(ts)
ORDER BY ts;

-- the function keeps no rows: over rows that would not fit, nothing is written to disk
SET work_mem = '64kB';
CREATE FUNCTION temporary_blocks(query text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, FORMAT json) ' || query INTO plan;
  RETURN (plan -> 0 -> 'Plan' ->> 'Temp Written Blocks')::int > 0;
END $$;
CREATE TABLE ordered AS SELECT timestamptz '2024-01-01' + i * interval '1 minute' AS ts, repeat('x', 100) AS filler FROM generate_series(1, 20000) AS i;
CREATE INDEX ON ordered (ts);
ANALYZE ordered;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT temporary_blocks('SELECT filler, sessionize.session_number(ts, ''1 hour'') OVER (ORDER BY ts) FROM ordered') AS session_number,
       temporary_blocks('SELECT filler, nth_value(ts, 2) OVER (ORDER BY ts) FROM ordered') AS nth_value;
RESET enable_seqscan;
RESET enable_bitmapscan;
RESET work_mem;

-- errors, and what they say to do
SELECT sessionize.session_number(ts, '1 hour') OVER (PARTITION BY key ORDER BY ts DESC) FROM events WHERE ts IS NOT NULL;
SELECT sessionize.session_start(ts, '1 hour') OVER () FROM (VALUES (2, '2024-01-02'::timestamptz), (1, '2024-01-01')) AS t(i, ts);
SELECT sessionize.session_number(ts, NULL) OVER (ORDER BY ts) FROM events;
SELECT sessionize.session_number(ts, '1 month') OVER (ORDER BY ts) FROM events;
SELECT sessionize.session_start(ts, '-1 hour') OVER (ORDER BY ts) FROM events;
SELECT sessionize.session_start(ts, '1 hour', '-1 day') OVER (ORDER BY ts) FROM events;
SELECT sessionize.session_start(ts, '1 hour', '1 year') OVER (ORDER BY ts) FROM events;
SELECT sessionize.session_number(ts, '1 hour') OVER (ORDER BY ts) FROM (VALUES ('infinity'::timestamptz)) AS t(ts);
SELECT sessionize.session_number(ts, '1 hour') OVER (ORDER BY ts) FROM (VALUES ('-infinity'::timestamptz)) AS t(ts);
SELECT sessionize.session_number(now(), '1 hour');
-- rules that vary within a partition
SELECT sessionize.session_number(ts, i * interval '1 hour') OVER (ORDER BY i) FROM (VALUES (1, '2024-01-01 00:00'::timestamptz), (2, NULL), (2, '2024-01-01 02:00')) AS t(i, ts);
SELECT sessionize.session_start(ts, '1 hour', i * interval '1 hour') OVER (ORDER BY i) FROM (VALUES (1, '2024-01-01 00:00'::timestamptz), (2, '2024-01-01 02:00')) AS t(i, ts);
SELECT sessionize.session_start(ts, '1 hour', CASE WHEN i > 1 THEN interval '1 hour' END) OVER (ORDER BY i) FROM (VALUES (1, '2024-01-01 00:00'::timestamptz), (2, '2024-01-01 02:00')) AS t(i, ts);
SELECT sessionize.session_number(ts, CASE WHEN i = 1 THEN interval '1 hour' END) OVER (ORDER BY i) FROM (VALUES (1, '2024-01-01 00:00'::timestamptz), (2, '2024-01-01 02:00')) AS t(i, ts);
SELECT sessionize.session_number(ts, CASE WHEN i = 1 THEN interval '1 hour' ELSE '1 month' END) OVER (ORDER BY i) FROM (VALUES (1, '2024-01-01 00:00'::timestamptz), (2, '2024-01-01 02:00')) AS t(i, ts);
SELECT sessionize.session_start(now(), '1 hour', NULL, false);

SET client_min_messages = warning;
DROP SCHEMA session_window_test CASCADE;
