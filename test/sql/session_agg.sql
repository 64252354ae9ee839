-- session_agg and session_count against plain SQL, in any order, plan and memory.
SET timezone = 'UTC';
CREATE SCHEMA session_agg_test;
SET search_path = session_agg_test;
-- the aggregates as the server runs them; session_group has the node that takes their place
SET sessionize.enable_group_scan = off;
\set SHOW_CONTEXT never

-- 10000 events of 300 keys: dense and sparse keys, equal times, times that are exactly a gap apart, NULLs.
CREATE TABLE events AS
SELECT abs(hashint8extended(i, 1) % 300) AS key,
       CASE WHEN i % 97 = 0 THEN NULL
            ELSE timestamptz '2024-03-30 12:00+00'
                 + (abs(hashint8extended(i, 2) % (1 + abs(hashint8extended(i, 1) % 300) * 20))) * interval '10 minutes' END AS ts
FROM generate_series(1, 10000) AS i;
ANALYZE events;

-- Oracle: lag() marks the starts, sum() OVER numbers the sessions.
CREATE TABLE gaps AS
SELECT unnest(ARRAY['0', '9 minutes 59.999999 seconds', '10 minutes', '30 minutes', '3 hours', '2 days', '300 days']::interval[]) AS gap;
CREATE TABLE expected AS
SELECT gap, key, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS events
FROM (SELECT gap, key, ts, sum(starts::int) OVER (PARTITION BY gap, key ORDER BY ts ROWS UNBOUNDED PRECEDING) AS session
      FROM (SELECT gap, key, ts, coalesce(ts - lag(ts) OVER (PARTITION BY gap, key ORDER BY ts) > gap, true) AS starts
            FROM events, gaps WHERE ts IS NOT NULL) AS marked) AS numbered
GROUP BY gap, key, session;

-- Does the plan aggregate in parts that are sent and combined?
CREATE FUNCTION in_parts(query text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF line ~ 'Partial .*Aggregate' THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$;

-- The query has $1 for a gap and gives key and sessions.
CREATE FUNCTION differences(query text) RETURNS TABLE (sessions bigint, missing bigint, surplus bigint)
LANGUAGE plpgsql AS $$
DECLARE
  one_gap interval;
BEGIN
  CREATE TEMP TABLE actual AS TABLE session_agg_test.expected WITH NO DATA;
  FOR one_gap IN SELECT gap FROM session_agg_test.gaps LOOP
    EXECUTE 'CREATE TEMP TABLE one AS ' || replace(query, '$1', quote_literal(one_gap));
    INSERT INTO actual SELECT one_gap, one.key, s.* FROM one, unnest(one.sessions) AS s;
    DROP TABLE one;
  END LOOP;
  sessions := (SELECT count(*) FROM actual);
  missing := (SELECT count(*) FROM (TABLE session_agg_test.expected EXCEPT ALL TABLE actual) AS x);
  surplus := (SELECT count(*) FROM (TABLE actual EXCEPT ALL TABLE session_agg_test.expected) AS x);
  DROP TABLE actual;
  RETURN NEXT;
END $$;

-- in the table's order
SELECT * FROM differences('SELECT key, sessionize.session_agg(ts, $1) AS sessions FROM session_agg_test.events GROUP BY key');
-- ordered, backwards, shuffled
SELECT * FROM differences('SELECT key, sessionize.session_agg(ts, $1 ORDER BY ts) AS sessions FROM session_agg_test.events GROUP BY key');
SELECT * FROM differences('SELECT key, sessionize.session_agg(ts, $1 ORDER BY ts DESC) AS sessions FROM session_agg_test.events GROUP BY key');
SELECT * FROM differences('SELECT key, sessionize.session_agg(ts, $1 ORDER BY hashtext(ctid::text)) AS sessions FROM session_agg_test.events GROUP BY key');
-- by a hash that spills
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SET enable_sort = off;
CREATE FUNCTION spilled(query text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  plan json;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT json) ' || query INTO plan;
  RETURN (plan -> 0 -> 'Plan' ->> 'HashAgg Batches')::int > 1;
END $$;
SELECT spilled('SELECT key, sessionize.session_agg(ts, ''10 minutes'') FROM events GROUP BY key');
SELECT * FROM differences('SELECT key, sessionize.session_agg(ts, $1) AS sessions FROM session_agg_test.events GROUP BY key');
RESET enable_sort;
RESET work_mem;
RESET hash_mem_multiplier;

-- in parallel: states are sent, received and combined
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
ALTER TABLE events SET (parallel_workers = 3);
CREATE TABLE costs AS SELECT oid, procost FROM pg_proc WHERE pronamespace = 'sessionize'::regnamespace AND proname ~ '^session_(combine|serialize|deserialize)$';
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
SELECT in_parts($q$SELECT key, sessionize.session_agg(ts, '30 minutes') FROM events GROUP BY key$q$);
SELECT * FROM differences('SELECT key, sessionize.session_agg(ts, $1) AS sessions FROM session_agg_test.events GROUP BY key');
SELECT sessionize.session_count(ts, '10 minutes') = (SELECT cardinality(sessionize.session_agg(ts, '10 minutes' ORDER BY ts)) FROM events) AS same_count
FROM events;
-- gaps that differ between partial states, each of which has but one
CREATE TABLE parted (part int, ts timestamptz) PARTITION BY LIST (part);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
INSERT INTO parted SELECT 1 + i % 2, '2024-01-01' FROM generate_series(1, 2000) AS i;
ANALYZE parted;
SET enable_partitionwise_aggregate = on;
SELECT in_parts($q$SELECT sessionize.session_count(ts, part * interval '1 hour') FROM parted$q$);
SELECT sessionize.session_count(ts, part * interval '1 hour') FROM parted;
SELECT sessionize.session_count(ts, interval '1 hour') FROM parted;
RESET enable_partitionwise_aggregate;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- Left to the planner: in parallel where groups are large, not where they have forty rows each, for then
-- sending and merging the states costs more than it spares.
CREATE TABLE many AS SELECT i % 2500 AS small, i % 5 AS large, now() AS ts FROM generate_series(1, 100000) AS i;
ALTER TABLE many SET (parallel_workers = 2);
ANALYZE many;
SET parallel_setup_cost = 0;
SET work_mem = '64MB';
SELECT in_parts($q$SELECT large, sessionize.session_count(ts, '1 hour') FROM many GROUP BY large$q$);
SELECT in_parts($q$SELECT small, sessionize.session_count(ts, '1 hour') FROM many GROUP BY small$q$);
RESET work_mem;
RESET parallel_setup_cost;

-- session_count counts, the result is ascending, and the aggregates share their state
SELECT count(*) AS keys,
       bool_and(n = cardinality(s)) AS same_count,
       bool_and(s = (SELECT array_agg(e ORDER BY e) FROM unnest(s) AS e)) AS ascending,
       sum(events) = (SELECT count(ts) FROM events) AS all_events
FROM (SELECT sessionize.session_count(ts, '30 minutes') AS n, sessionize.session_agg(ts, '30 minutes') AS s FROM events GROUP BY key) AS x,
     LATERAL (SELECT sum((e).events) AS events FROM unnest(s) AS e) AS y;

-- as a window aggregate, the state is used on after a result
SELECT count(*) AS rows, count(*) FILTER (WHERE running <> expected) AS wrong
FROM (SELECT cardinality(sessionize.session_agg(ts, '30 minutes') OVER w) AS running,
             sum(starts::int) OVER w AS expected
      FROM (SELECT key, ts, coalesce(ts - lag(ts) OVER (PARTITION BY key ORDER BY ts) > '30 minutes', true) AS starts
            FROM events WHERE ts IS NOT NULL AND key < 100) AS marked
      WINDOW w AS (PARTITION BY key ORDER BY ts ROWS UNBOUNDED PRECEDING)) AS x;

-- a day is 24 hours, whatever the time zone's clocks do: here the 31st has 23
SET timezone = 'Europe/Berlin';
SELECT sessionize.session_count(ts, '1 day') FROM (VALUES ('2024-03-30 12:00'::timestamptz), ('2024-03-31 12:00')) AS v(ts);
SELECT sessionize.session_count(ts, '1 day -1 hour') FROM (VALUES ('2024-03-30 12:00'::timestamptz), ('2024-03-31 12:00')) AS v(ts);
SELECT sessionize.session_count(ts, '23 hours') FROM (VALUES ('2024-03-30 12:00'::timestamptz), ('2024-03-31 12:00')) AS v(ts);
SELECT sessionize.session_count(ts, '22 hours 59 minutes 59.999999 seconds') FROM (VALUES ('2024-03-30 12:00'::timestamptz), ('2024-03-31 12:00')) AS v(ts);
SET timezone = 'UTC';

-- nothing, and nothing but NULL
SELECT sessionize.session_agg(ts, '1 hour'), sessionize.session_count(ts, '1 hour') FROM events WHERE false;
SELECT sessionize.session_agg(ts, '1 hour'), sessionize.session_count(ts, '1 hour') FROM (VALUES (NULL::timestamptz), (NULL)) AS v(ts);
SELECT key, sessionize.session_count(ts, '1 hour') FROM (VALUES (1, NULL::timestamptz)) AS v(key, ts) GROUP BY key;
SELECT sessionize.session_agg(ts, '1 hour') FROM (VALUES (NULL::timestamptz), ('2024-01-01 12:00')) AS v(ts);

-- both ends of time are further apart than 63 bits of microseconds
SELECT sessionize.session_agg(ts, interval '106751990 days 14:24')
FROM (VALUES ('4713-01-01 00:00:00 BC'::timestamptz), ('294276-12-31 23:59:59.999999')) AS v(ts);
SELECT sessionize.session_agg(ts, '1 hour')
FROM (VALUES ('294276-12-31 23:59:59.999999'::timestamptz), ('4713-01-01 00:00:00 BC'), ('294276-12-31 23:00')) AS v(ts);

-- errors, and what they say to do
SELECT sessionize.session_agg(ts, NULL) FROM events;
SELECT sessionize.session_agg(ts, '1 month') FROM events;
SELECT sessionize.session_count(ts, '-1 second') FROM events;
SELECT sessionize.session_count(ts, interval '2147483647 days') FROM events;
SELECT sessionize.session_count(ts, interval '-2147483648 days') FROM events;
SELECT sessionize.session_count(ts, interval '106751991 days 04:00:54.775808') FROM events;
SELECT sessionize.session_count(ts, (1 + key % 2) * interval '1 hour') FROM events;
SELECT sessionize.session_count(ts, gap) FROM (VALUES ('2024-01-01'::timestamptz, '1 hour'::interval), ('2024-01-01', NULL)) AS v(ts, gap);
SELECT sessionize.session_count(ts, gap) FROM (VALUES ('2024-01-01'::timestamptz, '1 hour'::interval), ('2024-01-01', '1 day 1 hour')) AS v(ts, gap);
SELECT sessionize.session_count(ts, gap) FROM (VALUES ('2024-01-01'::timestamptz, '1 hour'::interval), ('2024-01-01', '1 month 1 hour')) AS v(ts, gap);
SELECT sessionize.session_count(ts, gap) FROM (VALUES ('2024-01-01'::timestamptz, '25 hours'::interval), ('2024-01-01', '1 day 1 hour')) AS v(ts, gap);
-- 2^64 microseconds more than an hour
SELECT sessionize.session_count(ts, gap) FROM (VALUES ('2024-01-01'::timestamptz, '1 hour'::interval), ('2024-01-01', interval '213503982 days 09:01:49.551616')) AS v(ts, gap);
SELECT sessionize.session_count(ts, '1 hour') FROM (VALUES ('infinity'::timestamptz)) AS v(ts);
SELECT sessionize.session_count(ts, '1000 hours') FROM (VALUES ('294276-12-31'::timestamptz), ('infinity')) AS v(ts);
SELECT sessionize.session_agg(ts, '106751991 days') FROM (VALUES ('294276-12-31'::timestamptz), ('infinity')) AS v(ts);
SELECT sessionize.session_agg(ts, '1 hour') FROM (VALUES ('2024-01-01'::timestamptz), ('-infinity')) AS v(ts);

-- called directly, the support functions refuse, or the server does, in its version's words
CREATE FUNCTION refused(query text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  RETURN false;
EXCEPTION WHEN others THEN
  RETURN true;
END $$;
SELECT query FROM (VALUES
  ($q$SELECT sessionize.session_transition(NULL, now(), '1 hour')$q$),
  ($q$SELECT sessionize.session_combine(NULL, NULL)$q$),
  ($q$SELECT sessionize.session_serialize(NULL)$q$),
  ($q$SELECT sessionize.session_deserialize('\x00', NULL)$q$),
  ($q$SELECT sessionize.session_agg_final(NULL)$q$),
  ($q$SELECT sessionize.session_count_final(NULL)$q$)) AS v(query) WHERE NOT refused(query);

-- A state that no worker of ours wrote: an aggregate that passes any bytes off as one.
CREATE FUNCTION forge(internal, bytea) RETURNS internal LANGUAGE internal AS 'xmlconcat2';
CREATE FUNCTION pass_off(internal) RETURNS bytea LANGUAGE internal STRICT AS 'byteasend';
CREATE AGGREGATE forged_count(bytea) (
  SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.session_deserialize, COMBINEFUNC = sessionize.session_combine, FINALFUNC = sessionize.session_count_final);
CREATE TABLE one_row AS SELECT 1 AS one;
ALTER TABLE one_row SET (parallel_workers = 1);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
SELECT in_parts($q$SELECT forged_count('\x'::bytea) FROM one_row$q$);
-- genuine: gap 1; islands 1 to 1 and 3 to 5
SELECT forged_count('\x0000000000000001000000000000000100000000000000010000000000000001000000000000000300000000000000050000000000000002'::bytea) FROM one_row;
-- nothing; half a gap; a gap alone; a negative gap; a byte too few
SELECT forged_count('\x'::bytea) FROM one_row;
SELECT forged_count('\x00000000'::bytea) FROM one_row;
SELECT forged_count('\x0000000000000001'::bytea) FROM one_row;
SELECT forged_count('\x8000000000000001000000000000000100000000000000010000000000000001'::bytea) FROM one_row;
SELECT forged_count('\x00000000000000010000000000000001000000000000000100000000000000'::bytea) FROM one_row;
-- islands within gap of each other; no events; an end before its start; minus infinity
SELECT forged_count('\x0000000000000001000000000000000100000000000000010000000000000001000000000000000100000000000000050000000000000002'::bytea) FROM one_row;
SELECT forged_count('\x0000000000000001000000000000000100000000000000010000000000000000'::bytea) FROM one_row;
SELECT forged_count('\x0000000000000001000000000000000100000000000000010000000000000002'::bytea) FROM one_row;
SELECT forged_count('\x0000000000000001800000000000000080000000000000000000000000000001'::bytea) FROM one_row;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;

SET client_min_messages = warning;
DROP SCHEMA session_agg_test CASCADE;
