-- funnel and funnel_times against all chains, which a recursive query looks at one by one.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = 0;
CREATE SCHEMA funnel_test;
SET search_path = funnel_test;

-- What ClickHouse's documentation shows, and what analysts ask: from the reference.
CREATE TABLE visits (visitor int, ts timestamptz, event text);
INSERT INTO visits VALUES
  (1, '2026-01-05 10:00', 'view'), (1, '2026-01-05 10:04', 'cart'), (1, '2026-01-05 10:09', 'pay'),
  (2, '2026-01-05 10:00', 'view'), (2, '2026-01-05 10:05', 'cart'), (2, '2026-01-05 11:30', 'pay'),
  (3, '2026-01-05 10:00', 'cart'), (3, '2026-01-05 10:01', 'view'), (3, '2026-01-05 10:02', 'help'), (3, '2026-01-05 10:03', 'cart'),
  (4, '2026-01-05 10:00', 'help');

SELECT visitor, sessionize.funnel(ts, '1 hour', event = 'view', event = 'cart', event = 'pay') AS depth,
       sessionize.funnel_times(ts, '1 hour', event = 'view', event = 'cart', event = 'pay') AS times
FROM visits GROUP BY visitor ORDER BY visitor;

-- drop-off and conversion times from one pass
SELECT step, count(*) FILTER (WHERE cardinality(times) >= step) AS reached,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY times[step] - times[step - 1]) AS median_since_previous
FROM (SELECT visitor, sessionize.funnel_times(ts, '2 hours', event = 'view', event = 'cart', event = 'pay') AS times
      FROM visits GROUP BY visitor) AS f,
     generate_series(1, 3) AS step
GROUP BY step ORDER BY step;

-- the modes
CREATE FUNCTION depth(mode text, events text, within interval DEFAULT '1 hour') RETURNS int LANGUAGE sql AS
$$SELECT sessionize.funnel('2026-01-05'::timestamptz + n * interval '1 minute', within, mode, e = 'A', e = 'B', e = 'C')
  FROM regexp_split_to_table(events, '') WITH ORDINALITY AS s (e, n)$$;
SELECT events, depth('', events) AS "default", depth('strict_order', events) AS strict_order,
       depth('strict_order, allow_reentry', events) AS allow_reentry, depth('strict_deduplication', events) AS strict_deduplication
FROM unnest('{ABC,AABC,ABBC,ABXC,ABAC,ACBC,XABC,ABXABC,CBA}'::text[]) AS events;

-- steps at one time are in no order; one event for one step with strict_once, a later one with strict_increase
SELECT mode, sessionize.funnel('2026-01-05', '0', mode, VARIADIC steps) AS depth
FROM (VALUES ('{f,f,t}'::boolean[]), ('{t,t,f}'), ('{t,f,f}')) AS v (steps), unnest('{"",strict_once,strict_increase}'::text[]) AS mode
GROUP BY mode ORDER BY mode;
SELECT sessionize.funnel('2026-01-05', '0', true, true, true) AS one_event_for_all,
       sessionize.funnel('2026-01-05', '0', 'strict_once', true, true, true) AS once;

-- exactly within counts, a microsecond more does not
SELECT sessionize.funnel(ts, '10 minutes', n = 1, n = 2) AS exactly, sessionize.funnel(ts, '9 minutes 59.999999 seconds', n = 1, n = 2) AS less
FROM (VALUES (1, '2026-01-05 10:00'::timestamptz), (2, '2026-01-05 10:10')) AS v (n, ts);

-- 150 histories of up to 7 events, most of them at a few times
CREATE TABLE events AS
SELECT u, n, '2026-01-05'::timestamptz + (hashint4(u * 100 + n) & 7) * interval '1 minute' AS ts,
       CASE WHEN u % 3 = 0 THEN (hashint4(u * 100 + n + 7777) & 7) ELSE (ARRAY[0, 1, 2, 4, 1, 2, 4, 4])[1 + (hashint4(u * 100 + n + 7777) & 7)] END AS mask
FROM generate_series(1, 150) AS u, generate_series(1, 1 + u % 7) AS n;
INSERT INTO events SELECT u, 100, NULL, 7 FROM generate_series(1, 150, 5) AS u;
ANALYZE events;

-- The best chain of each history: the deepest; of those the first complete; of those the earliest step by step.
CREATE FUNCTION best_chains(within interval, mode text) RETURNS TABLE (u int, depth int, times timestamptz[]) LANGUAGE plpgsql AS $$
DECLARE
  increase boolean := mode ~ 'strict_increase';
  once boolean := mode ~ 'strict_once';
  ordered boolean := mode ~ 'strict_order';
  reentry boolean := mode ~ 'allow_reentry';
  dedup boolean := mode ~ 'strict_deduplication';
  by_position boolean := dedup OR (ordered AND NOT reentry);
BEGIN
  CREATE TEMP TABLE e AS
  SELECT v.u, v.ts, v.mask, row_number() OVER (PARTITION BY v.u ORDER BY v.ts, v.mask) AS pos
  FROM funnel_test.events AS v WHERE v.ts IS NOT NULL AND (v.mask <> 0 OR ordered);
  CREATE INDEX ON e (u, pos);
  ANALYZE e;
  RETURN QUERY
  WITH RECURSIVE chain AS (
    SELECT e.u, 1 AS depth, ARRAY[e.ts] AS times, ARRAY[e.pos] AS path FROM e WHERE e.mask & 1 = 1
    UNION ALL
    SELECT c.u, c.depth + 1, c.times || e.ts, c.path || e.pos
    FROM chain AS c JOIN e ON e.u = c.u AND e.mask >> c.depth & 1 = 1
    WHERE e.ts >= c.times[c.depth] AND NOT (increase AND e.ts = c.times[c.depth])
      AND e.ts - c.times[1] <= within
      AND NOT (once AND e.pos = ANY (c.path))
      AND NOT (by_position AND e.pos < c.path[c.depth])
      AND NOT EXISTS (
        SELECT FROM e AS b
        WHERE b.u = c.u AND b.pos > c.path[c.depth] AND b.pos < e.pos AND (by_position OR b.mask = 0)
          AND ((ordered AND NOT reentry) OR (ordered AND b.mask = 0) OR (dedup AND b.mask & (1 << (c.depth + 1)) - 1 <> 0)))
  )
  SELECT DISTINCT ON (c.u) c.u, c.depth, c.times FROM chain AS c ORDER BY c.u, c.depth DESC, c.times[c.depth], c.times;
  DROP TABLE e;
END $$;

-- funnel and funnel_times, of these rows and steps, against it; without a mode where that is NULL.
CREATE FUNCTION differences(within interval, mode text, rows text DEFAULT 'funnel_test.events',
                            steps text DEFAULT 'mask & 1 = 1, mask & 2 = 2, mask & 4 = 4')
RETURNS TABLE (histories bigint, deepest int, missing bigint, surplus bigint) LANGUAGE plpgsql AS $$
DECLARE
  args text := concat_ws(', ', 'ts', quote_literal(within), quote_literal(mode), steps);
BEGIN
  CREATE TEMP TABLE expected AS SELECT * FROM best_chains(within, coalesce(mode, ''));
  EXECUTE format('CREATE TEMP TABLE actual AS
    SELECT * FROM (SELECT u, sessionize.funnel(%1$s) AS depth, sessionize.funnel_times(%1$s) AS times FROM %2$s GROUP BY u) AS q
    WHERE depth > 0', args, rows);
  RETURN QUERY SELECT (SELECT count(*) FROM actual), (SELECT max(depth) FROM actual),
    (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE actual) AS x),
    (SELECT count(*) FROM (TABLE actual EXCEPT ALL TABLE expected) AS x);
  DROP TABLE expected, actual;
END $$;

CREATE TABLE modes AS
SELECT concat_ws(', ', increase, once, strict_order, dedup) AS mode
FROM unnest('{NULL,strict_increase}'::text[]) AS increase, unnest('{NULL,strict_once}'::text[]) AS once,
     unnest('{NULL,strict_order,"strict_order, allow_reentry"}'::text[]) AS strict_order, unnest('{NULL,strict_deduplication}'::text[]) AS dedup;
SELECT m.mode, d.histories > 100 AS many, d.deepest, d.missing, d.surplus
FROM modes AS m, LATERAL differences('4 minutes', m.mode) AS d
ORDER BY m.mode COLLATE "C";

-- the form without a mode; any order of the rows; steps that are NULL; a running aggregate, whose state is used on after a result
SELECT missing, surplus FROM differences('3 minutes', NULL);
SELECT missing, surplus FROM differences('3 minutes', NULL, '(SELECT * FROM funnel_test.events ORDER BY ts DESC, n OFFSET 0) AS x');
SELECT missing, surplus FROM differences('3 minutes', NULL, '(SELECT * FROM funnel_test.events ORDER BY hashtext(n::text || u) OFFSET 0) AS x');
SELECT missing, surplus FROM differences('3 minutes', NULL, steps => 'nullif(mask & 1 = 1, false), mask & 2 = 2, nullif(mask & 4 = 4, false)');
SELECT missing, surplus FROM differences('3 minutes', NULL, steps => 'VARIADIC ARRAY[mask & 1 = 1, nullif(mask & 2 = 2, false), mask & 4 = 4]');
SELECT count(*) AS rows, count(*) FILTER (WHERE running <> again) AS wrong
FROM (SELECT sessionize.funnel(ts, '5 minutes', mask & 1 = 1, mask & 2 = 2, mask & 4 = 4) OVER (PARTITION BY u ORDER BY n) AS running,
             (SELECT sessionize.funnel(f.ts, '5 minutes', f.mask & 1 = 1, f.mask & 2 = 2, f.mask & 4 = 4) FROM events AS f WHERE f.u = e.u AND f.n <= e.n) AS again
      FROM events AS e WHERE n < 100) AS x;

-- Exclusions.  The example of the reference, and each place in which a cancel may stand.
CREATE TABLE orders (buyer int, ts timestamptz, event text);
INSERT INTO orders VALUES
  (1, '2026-01-05 10:00', 'view'), (1, '2026-01-05 10:04', 'cart'), (1, '2026-01-05 10:09', 'pay'),
  (2, '2026-01-05 10:00', 'view'), (2, '2026-01-05 10:04', 'cart'), (2, '2026-01-05 10:06', 'empty'), (2, '2026-01-05 10:09', 'pay'),
  (3, '2026-01-05 10:00', 'view'), (3, '2026-01-05 10:02', 'empty'), (3, '2026-01-05 10:04', 'cart'), (3, '2026-01-05 10:09', 'pay'),
  (4, '2026-01-05 10:00', 'view'), (4, '2026-01-05 10:04', 'cart'), (4, '2026-01-05 10:06', 'empty'), (4, '2026-01-05 10:07', 'cart'), (4, '2026-01-05 10:09', 'pay');
SELECT buyer, sessionize.funnel(ts, '1 hour', event = 'view', event = 'cart', event = 'pay') AS all_ways,
       sessionize.funnel(ts, '1 hour', 'exclude 4 between 2 and 3', event = 'view', event = 'cart', event = 'pay', event = 'empty') AS not_emptied,
       sessionize.funnel(ts, '1 hour', 'exclude 4', event = 'view', event = 'cart', event = 'pay', event = 'empty') AS never_empty
FROM orders GROUP BY buyer ORDER BY buyer;
CREATE FUNCTION depth_without(mode text, events text) RETURNS int LANGUAGE sql AS
$$SELECT sessionize.funnel('2026-01-05'::timestamptz + n * interval '1 minute', '1 hour', mode, e = 'A', e = 'B', e = 'C', e = 'X', e = 'Y')
  FROM regexp_split_to_table(events, '') WITH ORDINALITY AS s (e, n)$$;
SELECT events, depth_without('exclude 4 between 1 and 2, exclude 5 between 2 and 3', events) AS "X in AB, Y in BC", depth_without('exclude 4, exclude 5', events) AS "X, Y anywhere"
FROM unnest('{ABC,XABC,AXBC,ABXC,ABYC,ABCX,AXBAC,AXBABC,ABYBC,AYBXC}'::text[]) AS events;
-- at the time of a step: after it
SELECT sessionize.funnel('2026-01-05'::timestamptz + minute * interval '1 minute', '1 hour', 'exclude 3', e = 'A', e = 'B', e = 'X') AS depth, what
FROM (VALUES ('with A', 1, 'A'), ('with A', 1, 'X'), ('with A', 2, 'B'), ('with B', 1, 'A'), ('with B', 2, 'X'), ('with B', 2, 'B'), ('A itself', 1, 'A'), ('A itself', 2, 'B')) AS v (what, minute, e) GROUP BY what ORDER BY what;

-- Against all chains, in all ways to compute them.
CREATE TABLE mixed AS
SELECT u, n, '2026-01-05'::timestamptz + (hashint4(u * 100 + n + 55) & 15) * interval '1 minute' AS ts,
       CASE WHEN u % 3 = 0 THEN hashint4(u * 100 + n + 777) & 31 ELSE 1 << abs(hashint4(u * 100 + n + 333) % 5) END AS mask
FROM generate_series(1, 300) AS u, generate_series(1, 1 + u % 10) AS n;
INSERT INTO mixed SELECT u, 100, NULL, 31 FROM generate_series(1, 300, 5) AS u;
INSERT INTO mixed SELECT u, 101, '2026-01-05 00:03', 0 FROM generate_series(1, 300, 3) AS u;
ANALYZE mixed;
CREATE TABLE exclusions (name int, condition int, low int, high int);
INSERT INTO exclusions VALUES (1, 4, 1, 3), (1, 5, 1, 3), (2, 4, 1, 2), (2, 5, 2, 3), (3, 4, 2, 3), (3, 5, 1, 3), (4, 5, 1, 2), (4, 4, 2, 3), (4, 4, 1, 2);
CREATE FUNCTION best_without(which int, within interval, mode text) RETURNS TABLE (u int, depth int, times timestamptz[]) LANGUAGE sql AS $$
  WITH RECURSIVE e AS MATERIALIZED (
    SELECT v.u, v.ts, v.mask, row_number() OVER (PARTITION BY v.u ORDER BY v.ts, v.mask) AS pos
    FROM funnel_test.mixed AS v WHERE v.ts IS NOT NULL AND (v.mask <> 0 OR mode ~ 'strict_order')
  ), chain AS (
    SELECT e.u, 1 AS depth, ARRAY[e.ts] AS times, ARRAY[e.pos] AS path FROM e WHERE e.mask & 1 = 1
    UNION ALL
    SELECT c.u, c.depth + 1, c.times || e.ts, c.path || e.pos
    FROM chain AS c JOIN e ON e.u = c.u AND e.mask >> c.depth & 1 = 1
    WHERE c.depth < 3 AND e.ts - c.times[1] <= within AND e.pos >= c.path[c.depth]
      AND NOT (mode ~ 'strict_increase' AND e.ts = c.times[c.depth]) AND NOT (mode ~ 'strict_once' AND e.pos = ANY (c.path))
      AND NOT EXISTS (
        SELECT FROM e AS b LEFT JOIN funnel_test.exclusions AS x
               ON x.name = which AND c.depth >= x.low AND c.depth < x.high AND b.mask >> (x.condition - 1) & 1 = 1
        WHERE b.u = c.u AND b.pos > c.path[c.depth] AND b.pos < e.pos
          AND (x.name IS NOT NULL OR (mode ~ 'allow_reentry' AND b.mask & 7 = 0) OR (mode ~ 'strict_deduplication' AND b.mask & (1 << (c.depth + 1)) - 1 <> 0)))
  )
  SELECT DISTINCT ON (c.u) c.u, c.depth, c.times FROM chain AS c ORDER BY c.u, c.depth DESC, c.times[c.depth], c.times
$$;
CREATE FUNCTION without(which int, more text DEFAULT '', within interval DEFAULT '6 minutes') RETURNS TABLE (histories bigint, depths bigint, by_aggregate boolean, by_table boolean) LANGUAGE plpgsql AS $$
DECLARE
  mode text := (SELECT string_agg(format('exclude %s between %s and %s', condition, low, high), ', ') FROM funnel_test.exclusions WHERE name = which) || more;
  args text := format('ts, %L, %L, mask & 1 <> 0, mask & 2 <> 0, nullif(mask & 4 <> 0, false), nullif(mask & 8 <> 0, false), mask & 16 <> 0', within, mode);
BEGIN
  CREATE TEMP TABLE expected AS SELECT * FROM best_without(which, within, mode);
  EXECUTE format('CREATE TEMP TABLE actual AS SELECT * FROM (SELECT u, sessionize.funnel(%1$s) AS depth, sessionize.funnel_times(%1$s) AS times FROM funnel_test.mixed GROUP BY u) AS q WHERE depth > 0', args);
  CREATE TEMP TABLE of_table AS SELECT * FROM sessionize.funnel_table('funnel_test.mixed', 'u', 'ts', within,
    ARRAY['mask & 1 <> 0', 'mask & 2 <> 0', 'mask & 4 <> 0', 'mask & 8 <> 0', 'mask & 16 <> 0'], NULL::int, mode);
  RETURN QUERY SELECT (SELECT count(*) FROM expected), (SELECT sum(e.depth) FROM expected AS e),
    NOT EXISTS ((TABLE expected EXCEPT ALL TABLE actual) UNION ALL (TABLE actual EXCEPT ALL TABLE expected)),
    NOT EXISTS ((TABLE expected EXCEPT ALL TABLE of_table) UNION ALL (TABLE of_table EXCEPT ALL TABLE expected));
  DROP TABLE expected, actual, of_table;
END $$;
EXPLAIN (COSTS OFF) SELECT u, sessionize.funnel(ts, '6 minutes', 'exclude 3 between 1 and 2', mask = 1, mask = 2, mask = 8) FROM mixed GROUP BY u;
SELECT which, more, w.* FROM generate_series(1, 4) AS which,
  unnest('{"",", strict_increase",", strict_once",", strict_increase, strict_deduplication",", strict_order, allow_reentry",", strict_once, strict_deduplication"}'::text[]) AS more,
  without(which, more) AS w;
SET sessionize.enable_group_scan = off;
SELECT which, w.by_aggregate FROM generate_series(1, 4) AS which, without(which) AS w;
RESET sessionize.enable_group_scan;

-- in parallel: states are sent, received and combined
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
SET sessionize.enable_group_scan = off;
ALTER TABLE events SET (parallel_workers = 3);
CREATE TABLE costs AS SELECT oid, procost FROM pg_proc WHERE pronamespace = 'sessionize'::regnamespace AND proname ~ '^funnel_(combine|serialize|deserialize)$';
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT u, sessionize.funnel(ts, '3 minutes', mask & 1 = 1, mask & 2 = 2) FROM events GROUP BY u;
SELECT missing, surplus FROM differences('3 minutes', NULL);
SELECT missing, surplus FROM differences('3 minutes', 'strict_order');
ALTER TABLE mixed SET (parallel_workers = 3);
EXPLAIN (COSTS OFF) SELECT u, sessionize.funnel(ts, '3 minutes', 'exclude 3', mask & 1 = 1, mask & 2 = 2, mask & 4 = 4) FROM mixed GROUP BY u;
SELECT which, w.by_aggregate FROM generate_series(1, 4) AS which, without(which) AS w;
SELECT sessionize.funnel(ts, '1 hour', CASE u % 2 WHEN 0 THEN 'exclude 3' ELSE 'exclude 3 between 2 and 3, exclude 4' END, VARIADIC array_fill(true, ARRAY[4])) FROM mixed WHERE u % 2 = 1;
SELECT sessionize.funnel(ts, '1 hour', CASE u % 2 WHEN 0 THEN 'exclude 4' ELSE 'exclude 4 between 1 and 2' END, VARIADIC array_fill(true, ARRAY[4])) FROM mixed;
SELECT sessionize.funnel(ts, (1 + u % 2) * interval '1 hour', mask & 1 = 1) FROM events;
SELECT sessionize.funnel(ts, '1 hour', VARIADIC array_fill(true, ARRAY[1 + u % 2])) FROM events;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
RESET sessionize.enable_group_scan;

-- nothing, and nothing but NULL
SELECT sessionize.funnel(ts, '1 hour', true), sessionize.funnel_times(ts, '1 hour', true) FROM events WHERE false;
SELECT sessionize.funnel(ts, '1 hour', true), sessionize.funnel_times(ts, '1 hour', true) FROM (VALUES (NULL::timestamptz)) AS v (ts);
SELECT sessionize.funnel(ts, '1 hour', NULL), sessionize.funnel(ts, '1 hour', '', NULL) FROM (VALUES ('2026-01-01'::timestamptz)) AS v (ts);

-- 32 steps; both ends of time
SELECT sessionize.funnel('2026-01-01'::timestamptz + n * interval '1 s', '31 s', VARIADIC (SELECT array_agg(i = n ORDER BY i) FROM generate_series(1, 32) AS i)) AS all_steps,
       cardinality(sessionize.funnel_times('2026-01-01'::timestamptz + n * interval '1 s', '30 s', VARIADIC (SELECT array_agg(i = n ORDER BY i) FROM generate_series(1, 32) AS i))) AS one_too_late
FROM generate_series(1, 32) AS n;
SELECT sessionize.funnel(ts, '106751990 days', n = 1, n = 2), sessionize.funnel(ts, '1 hour', n = 1, n = 2)
FROM (VALUES (1, '4713-01-01 00:00:00 BC'::timestamptz), (2, '294276-12-31 23:59:59.999999')) AS v (n, ts);

-- errors, and what they say to do
SELECT sessionize.funnel(ts, NULL, mask = 1) FROM events;
SELECT sessionize.funnel(ts, '1 month', mask = 1) FROM events;
SELECT sessionize.funnel(ts, '-1 second', mask = 1) FROM events;
SELECT sessionize.funnel(ts, '1 hour', 'strict', mask = 1) FROM events;
SELECT sessionize.funnel(ts, '1 hour', 'strict_order strict_once', mask = 1) FROM events;
SELECT sessionize.funnel(ts, '1 hour', 'strict_order,', mask = 1), sessionize.funnel(ts, '1 hour', ' strict_order , strict_once ', mask = 1) FROM events WHERE u = 1;
SELECT sessionize.funnel(ts, '1 hour', 'allow_reentry', mask = 1) FROM events;
SELECT sessionize.funnel(ts, '1 hour', NULL::text, mask = 1) FROM events;
CREATE FUNCTION refusal(mode text, conditions int DEFAULT 4) RETURNS TABLE (message text, detail text) LANGUAGE plpgsql AS $$
BEGIN
  message := 'depth ' || (SELECT sessionize.funnel(now(), '1 hour', mode, VARIADIC array_fill(true, ARRAY[conditions])));
  RETURN NEXT;
EXCEPTION WHEN invalid_parameter_value THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  RETURN NEXT;
END $$;
SELECT mode, r.* FROM unnest(ARRAY['exclude', 'exclude x', 'exclude 0', 'exclude 33', 'exclude 99999999999999999999', 'exclude -1', 'exclude 4 between', 'exclude 4 between 1', 'exclude 4 between 1 and',
  'exclude 4 between 2 and 1', 'exclude 4 between 1 and 1', 'exclude 4 between 0 and 1', 'exclude 4 between 1 and 2 and 3', 'exclude 4between 1 and 2', 'exclude4', 'excluded 4', 'exclude 4 after 1',
  'exclude 3', 'exclude 1', 'exclude 5', 'exclude 4 between 1 and 4', 'exclude 4 between 1 and 3', ' exclude  4  between  1  and  2 , exclude 3 , ', 'exclude 1, exclude 2, exclude 3, exclude 4',
  'exclude 2, exclude 3, exclude 4', 'exclude 4, allow_reentry', 'exclude 4, strict_order, allow_reentry', '', ',']) AS mode, refusal(mode) AS r;
SELECT r.* FROM refusal('exclude 32', 32) AS r;
SELECT r.* FROM refusal('exclude 32 between 30 and 31', 32) AS r;
SELECT r.* FROM refusal('exclude 32 between 31 and 32', 32) AS r;
SELECT sessionize.funnel(ts, '1 hour', 'exclude 4 between', mask = 1) FROM events;
SELECT sessionize.funnel(ts, '1 hour', 'exclude 1', mask = 1, mask = 2) FROM events;
SELECT u, sessionize.funnel(ts, '1 hour', 'exclude 1', mask = 1, mask = 2) FROM events GROUP BY u;
SELECT * FROM sessionize.funnel_table('events', 'u', 'ts', '1 hour', ARRAY['mask = 1', 'mask = 2'], 'exclude 2 between 1 and 2');
SELECT sessionize.funnel(ts, '1 hour', VARIADIC NULL) FROM events;
SELECT sessionize.funnel(ts, '1 hour', VARIADIC '{}') FROM events;
SELECT sessionize.funnel(ts, '1 hour', VARIADIC '{{t},{f}}') FROM events;
SELECT sessionize.funnel(ts, '1 hour', VARIADIC array_fill(true, ARRAY[33])) FROM events;
SELECT sessionize.funnel(ts, '1 hour', VARIADIC array_fill(true, ARRAY[n])) FROM events WHERE u = 3;
SELECT sessionize.funnel(ts, n * interval '1 hour', true) FROM events WHERE u = 3;
SELECT sessionize.funnel(ts, '1 hour', CASE n WHEN 1 THEN '' ELSE 'strict_once' END, true) FROM events WHERE u = 3;
SELECT sessionize.funnel('infinity', '1 hour', true);
SELECT sessionize.funnel('-infinity', '1 hour', false);

-- a million events in one group, each of which the exclusion is to be looked up for
SELECT sessionize.funnel('2026-01-01'::timestamptz + i * interval '1 s', '1 day', 'exclude 3 between 1 and 2', i % 10 = 1, i % 10 = 3, i % 10 = 2) AS always_between,
       sessionize.funnel_times('2026-01-01'::timestamptz + i * interval '1 s', '400000 seconds', 'exclude 3 between 1 and 2', i % 500000 = 1, i = 800001, i % 500000 = 400000) AS once_not
FROM generate_series(1, 1000000) AS i;
-- a group may have so many events
SET sessionize.max_group_events = 1000;
SELECT sessionize.funnel('2026-01-01'::timestamptz - n * interval '1 s', '1 hour', n % 2 = 0, n % 2 = 1) FROM generate_series(1, 1000) AS n;
SELECT sessionize.funnel('2026-01-01'::timestamptz - n * interval '1 s', '1 hour', n % 2 = 0, n % 2 = 1) FROM generate_series(1, 1001) AS n;
SELECT sessionize.funnel('2026-01-01'::timestamptz - n * interval '1 s', '1 hour', n = 1000000) FROM generate_series(1, 1001) AS n;
SELECT sessionize.funnel('2026-01-01'::timestamptz - n * interval '1 s', '1 hour', 'strict_order', n = 1000000) FROM generate_series(1, 1001) AS n;
RESET sessionize.max_group_events;

-- A state that no worker of ours wrote: an aggregate that passes any bytes off as one.
CREATE FUNCTION forge(internal, bytea) RETURNS internal LANGUAGE internal AS 'xmlconcat2';
CREATE FUNCTION pass_off(internal) RETURNS bytea LANGUAGE internal STRICT AS 'byteasend';
CREATE AGGREGATE forged_funnel(bytea) (
  SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.funnel_deserialize, COMBINEFUNC = sessionize.funnel_combine, FINALFUNC = sessionize.funnel_final);
CREATE TABLE one_row AS SELECT 1 AS one;
ALTER TABLE one_row SET (parallel_workers = 1);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 1;
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT forged_funnel('\x'::bytea) FROM one_row;
-- genuine: within 5, no mode, 2 steps; events at 1 (step 1) and 3 (step 2); and one without events
SELECT forged_funnel('\x00000000000000050000000000000002000000000000000100000001000000000000000300000002'::bytea) FROM one_row;
SELECT forged_funnel('\x00000000000000050000000000000002'::bytea) FROM one_row;
-- nothing; half a within; a negative within; an unknown mode; allow_reentry alone; exclusions: genuine, no steps, too many, one that is a step, more steps than conditions
SELECT forged_funnel('\x'::bytea) FROM one_row;
SELECT forged_funnel('\x00000000'::bytea) FROM one_row;
SELECT forged_funnel('\x80000000000000050000000000000002000000000000000100000001'::bytea) FROM one_row;
SELECT forged_funnel('\x00000000000000050000004000000002000000000000000100000001'::bytea) FROM one_row;
SELECT forged_funnel('\x00000000000000050000000800000002000000000000000100000001'::bytea) FROM one_row;
SELECT forged_funnel('\x000000000000000500000020000000020000000400000003000000000000000100000001000000000000000200000004000000000000000300000002'::bytea) FROM one_row;
SELECT forged_funnel('\x00000000000000050000002000000000000000020000000000000001'::bytea) FROM one_row;
SELECT forged_funnel('\x0000000000000005000000200000002000000002'::bytea) FROM one_row;
SELECT forged_funnel('\x00000000000000050000002000000002000000020000000300000000000000010000000100000000'::bytea) FROM one_row;
SELECT forged_funnel('\x000000000000000500000020000000020000000400000001000000000000000100000001'::bytea) FROM one_row;
-- no steps; 33; a step that there isn't; events out of order; a byte too few; minus infinity; infinity
SELECT forged_funnel('\x00000000000000050000000000000000000000000000000100000001'::bytea) FROM one_row;
SELECT forged_funnel('\x00000000000000050000000000000021000000000000000100000001'::bytea) FROM one_row;
SELECT forged_funnel('\x00000000000000050000000000000002000000000000000100000004'::bytea) FROM one_row;
SELECT forged_funnel('\x00000000000000050000000000000002000000000000000300000001000000000000000100000002'::bytea) FROM one_row;
SELECT forged_funnel('\x000000000000000500000000000000020000000000000001000000'::bytea) FROM one_row;
SELECT forged_funnel('\x00000000000000050000000000000002800000000000000000000001'::bytea) FROM one_row;
SELECT forged_funnel('\x000000000000000500000000000000027fffffffffffffff00000001'::bytea) FROM one_row;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;

SET client_min_messages = warning;
DROP SCHEMA funnel_test CASCADE;
