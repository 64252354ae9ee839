-- session_pace against percentile_disc() over lag(), and bot_signs against its rules.
SET timezone = 'UTC';
CREATE SCHEMA pace_test;
SET search_path = pace_test;
\set SHOW_CONTEXT never

-- The examples of the reference: a person, and something that asks every 30 seconds or so.
CREATE TABLE visit (visitor text, ts timestamptz);
INSERT INTO visit
SELECT 'person', timestamptz '2026-03-02 10:00' + t * interval '1 second' FROM unnest(ARRAY[0, 12, 15, 100, 101, 260, 500, 520]) AS t
UNION ALL
SELECT 'crawler', timestamptz '2026-03-02 10:00' + (30 * i + i % 3) * interval '1 second' FROM generate_series(0, 119) AS i;
SELECT visitor, (sessionize.session_pace(ts)).* FROM visit GROUP BY visitor ORDER BY visitor;
SELECT visitor, sessionize.bot_signs(sessionize.session_pace(ts)) AS signs,
       sessionize.bot_signs(sessionize.session_pace(ts), max_per_minute => 0.5, min_events => 5) AS stricter
FROM visit GROUP BY visitor ORDER BY visitor;
SELECT visitor, (p).events, round(extract(epoch FROM (p).p90_gap - (p).p10_gap) / nullif(extract(epoch FROM (p).median_gap), 0), 2) AS spread
FROM (SELECT visitor, sessionize.session_pace(ts) AS p FROM visit GROUP BY visitor) AS x
ORDER BY (p).events DESC;
CREATE TABLE bot_agent (pattern text PRIMARY KEY);
INSERT INTO bot_agent VALUES ('%bot%'), ('%crawler%'), ('curl/%');
SELECT agent, EXISTS (SELECT FROM bot_agent WHERE agent ILIKE pattern) AS is_bot
FROM unnest(ARRAY['ExampleBot/2.1', 'curl/8.5.0', 'Mozilla/5.0 (X11; Linux x86_64)']) AS agent;

-- 6000 events of 700 keys: one to many a key, equal times, NULL times.
CREATE TABLE events AS
SELECT floor(700 * power(abs(hashint8extended(i, 1) % 100000) / 100000.0, 2))::int AS key,
       CASE WHEN i % 97 = 0 THEN NULL
            ELSE timestamptz '2026-03-02' + abs(hashint8extended(i, 2) % 100000) * interval '1 minute 0.000001 seconds' END AS ts
FROM generate_series(1, 6000) AS i;
ANALYZE events;
CREATE TABLE expected AS
SELECT key, count(*) AS events, max(ts) - min(ts) AS duration, min(gap) AS shortest_gap,
       percentile_disc(0.1) WITHIN GROUP (ORDER BY gap) AS p10_gap, percentile_disc(0.5) WITHIN GROUP (ORDER BY gap) AS median_gap,
       percentile_disc(0.9) WITHIN GROUP (ORDER BY gap) AS p90_gap, max(gap) AS longest_gap
FROM (SELECT key, ts, ts - lag(ts) OVER (PARTITION BY key ORDER BY ts) AS gap FROM events WHERE ts IS NOT NULL) AS x
GROUP BY key;
-- The query gives what expected has, as text too.
CREATE FUNCTION differences(query text) RETURNS TABLE (keys bigint, missing bigint, surplus bigint, written_differently bigint)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'CREATE TEMP TABLE actual AS ' || query;
  keys := (SELECT count(*) FROM actual);
  missing := (SELECT count(*) FROM (TABLE pace_test.expected EXCEPT ALL TABLE actual) AS x);
  surplus := (SELECT count(*) FROM (TABLE actual EXCEPT ALL TABLE pace_test.expected) AS x);
  written_differently := (SELECT count(*) FROM (SELECT x::text FROM actual AS x EXCEPT ALL SELECT x::text FROM pace_test.expected AS x) AS x);
  DROP TABLE actual;
  RETURN NEXT;
END $$;
SELECT min(events) AS least_events, max(events) AS most_events FROM expected;
SELECT * FROM differences('SELECT key, (sessionize.session_pace(ts)).* FROM pace_test.events WHERE ts IS NOT NULL GROUP BY key');
SELECT * FROM differences('SELECT key, (pace).* FROM (SELECT key, sessionize.session_pace(ts ORDER BY ts DESC) AS pace FROM pace_test.events GROUP BY key OFFSET 0) AS x WHERE (pace).events IS NOT NULL');
-- in parallel: states are sent, received and combined
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
ALTER TABLE events SET (parallel_workers = 3);
CREATE TABLE costs AS SELECT oid, procost FROM pg_proc WHERE pronamespace = 'sessionize'::regnamespace AND proname ~ '^pace_(combine|serialize|deserialize)$';
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT key, sessionize.session_pace(ts) FROM events GROUP BY key;
SELECT * FROM differences('SELECT key, (pace).* FROM (SELECT key, sessionize.session_pace(ts) AS pace FROM pace_test.events GROUP BY key OFFSET 0) AS x WHERE (pace).events IS NOT NULL');
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- 100,000 random cases: up to 12 events, evenly or not, from microseconds to days apart; thresholds of all kinds.  The rules once more, from
-- whole microseconds.
CREATE TABLE random_events AS
SELECT c, n, timestamptz '2026-03-02' + (((n * step + (abs(hashint8extended(c * 16 + n, 9)) % (1 + step * (c % 5))))::text || ' us')::interval) AS ts
FROM (SELECT c, (10 ^ (abs(hashint8extended(c, 8)) % 11))::bigint * (1 + c % 7) AS step FROM generate_series(1, 100000) AS c) AS x,
     generate_series(1, 1 + abs(hashint8extended(c, 7)) % 12) AS n;
CREATE TABLE random_paces AS SELECT c, sessionize.session_pace(ts) AS pace FROM random_events GROUP BY c;
CREATE TABLE random_gaps AS
SELECT c, count(*) AS events, (extract(epoch FROM max(ts) - min(ts)) * 1000000)::bigint AS duration, array_agg(gap ORDER BY gap) FILTER (WHERE gap IS NOT NULL) AS gaps
FROM (SELECT c, ts, (extract(epoch FROM ts - lag(ts) OVER (PARTITION BY c ORDER BY ts)) * 1000000)::bigint AS gap FROM random_events) AS x GROUP BY c;
CREATE FUNCTION us(i interval) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN (extract(epoch FROM i) * 1000000)::bigint;
SELECT count(*) AS cases, count(*) FILTER (WHERE ROW((pace).events, us((pace).duration), us((pace).shortest_gap), us((pace).p10_gap), us((pace).median_gap), us((pace).p90_gap), us((pace).longest_gap))
    IS DISTINCT FROM ROW(events, duration, gaps[1], gaps[(n * 10 + 99) / 100], gaps[(n * 50 + 99) / 100], gaps[(n * 90 + 99) / 100], gaps[n])) AS wrong
FROM random_paces JOIN (SELECT *, cardinality(gaps) AS n FROM random_gaps) AS g USING (c);
CREATE TABLE random_signs AS
SELECT c, pace, per_minute, spread, longest, least, sessionize.bot_signs(pace, per_minute, spread, longest, least) AS signs
FROM (SELECT c, pace, CASE WHEN c % 11 > 0 THEN abs(hashint8extended(c, 1)) % 200 / 3.0 END AS per_minute, CASE WHEN c % 13 > 0 THEN abs(hashint8extended(c, 2)) % 30 / 10.0 END AS spread,
             CASE WHEN c % 17 > 0 THEN abs(hashint8extended(c, 3)) % 100000 * interval '1 second' END AS longest, CASE WHEN c % 19 > 0 THEN abs(hashint8extended(c, 4)) % 9 END AS least FROM random_paces) AS x;
SELECT count(*) AS cases, count(DISTINCT signs) AS kinds, count(*) FILTER (WHERE signs IS DISTINCT FROM CASE WHEN events < 2 OR events < least THEN '{}' ELSE
    CASE WHEN n * numeric '60000000' > per_minute * duration THEN '{fast}'::text[] ELSE '{}' END
    || CASE WHEN gaps[(n * 90 + 99) / 100] - gaps[(n * 10 + 99) / 100] <= spread * gaps[(n * 50 + 99) / 100] THEN '{regular}'::text[] ELSE '{}' END
    || CASE WHEN duration > us(longest) THEN '{long}'::text[] ELSE '{}' END END) AS wrong
FROM random_signs JOIN (SELECT *, cardinality(gaps) AS n FROM random_gaps) AS g USING (c);

-- as a window aggregate, the state is used on after a result
SELECT ts, (sessionize.session_pace(ts) OVER (ORDER BY ts)).longest_gap FROM visit WHERE visitor = 'person' ORDER BY ts;

-- nothing, nothing but NULL, one event, all at once
SELECT sessionize.session_pace(ts) FROM visit WHERE false;
SELECT sessionize.session_pace(NULL), sessionize.bot_signs(sessionize.session_pace(NULL)) FROM visit;
SELECT sessionize.session_pace(ts), sessionize.bot_signs(sessionize.session_pace(ts), min_events => 1) FROM (VALUES (timestamptz '2026-03-02 10:00')) AS v(ts);
SELECT (sessionize.session_pace('2026-03-02 10:00')).*, sessionize.bot_signs(sessionize.session_pace('2026-03-02 10:00')) FROM generate_series(1, 20);

-- bot_signs, at the edges of its rules: 61 events a second apart over a minute, 60 intervals
SELECT sessionize.bot_signs(p) AS sixty_a_minute, sessionize.bot_signs(p, 59.999) AS above, sessionize.bot_signs(p, NULL) AS any_speed,
       sessionize.bot_signs(p, NULL, NULL) AS any_spread, sessionize.bot_signs(p, NULL, NULL, '59 seconds') AS long, sessionize.bot_signs(p, NULL, NULL, '1 minute') AS not_long,
       sessionize.bot_signs(p, 1, 0, '1 second', 62) AS too_few_events, sessionize.bot_signs(p, 1, 0, '1 second', 61) AS all_signs, sessionize.bot_signs(p, 1, 0, '1 second', NULL) AS no_least
FROM (SELECT sessionize.session_pace(ts) AS p FROM generate_series(timestamptz '2026-03-02 10:00', '2026-03-02 10:01', '1 second') AS ts) AS x;
-- gaps of 10, 20 and 30 seconds in turns: p90 - p10 is 20, the median is 20
SELECT sessionize.bot_signs(p, max_spread => 1) AS just, sessionize.bot_signs(p, max_spread => 0.999) AS not_quite
FROM (SELECT sessionize.session_pace(timestamptz '2026-03-02' + (60 * (i / 3) + (ARRAY[0, 10, 30])[1 + i % 3]) * interval '1 second') AS p FROM generate_series(0, 59) AS i) AS x;

-- errors
SELECT sessionize.session_pace('infinity');
SELECT sessionize.session_pace(ts) FROM (VALUES ('4713-01-01 00:00:00 BC'::timestamptz), ('294276-12-31')) AS v(ts);
BEGIN;
SET LOCAL sessionize.max_group_events = 100;
SELECT sessionize.session_pace(ts) FROM generate_series(timestamptz '2026-01-01', '2026-01-01 01:40', '1 minute') AS ts;
ROLLBACK;

-- A state that no worker of ours wrote: an aggregate that passes any bytes off as one.
CREATE FUNCTION forge(internal, bytea) RETURNS internal LANGUAGE internal AS 'xmlconcat2';
CREATE FUNCTION pass_off(internal) RETURNS bytea LANGUAGE internal STRICT AS 'byteasend';
CREATE AGGREGATE forged_pace(bytea) (
  SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.pace_deserialize, COMBINEFUNC = sessionize.pace_combine, FINALFUNC = sessionize.pace_final);
CREATE TABLE one_row AS SELECT 1 AS one;
ALTER TABLE one_row SET (parallel_workers = 1);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT forged_pace('\x'::bytea) FROM one_row;
-- genuine: 1 and 3; no events; nothing; other steps; not in order
SELECT forged_pace('\x00000001000000000000000100000000000000000000000300000000'::bytea) FROM one_row;
SELECT forged_pace('\x00000001'::bytea) FROM one_row;
SELECT forged_pace('\x'::bytea) FROM one_row;
SELECT forged_pace('\x00000002000000000000000100000000'::bytea) FROM one_row;
SELECT forged_pace('\x00000001000000000000000300000000000000000000000100000000'::bytea) FROM one_row;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;

-- a pace may come from elsewhere
SELECT sessionize.bot_signs(ROW(100, '13 hours', '7 min', '7 min', '8 min', '9 min', '9 min')::sessionize.pace);

SET client_min_messages = warning;
DROP SCHEMA pace_test CASCADE;
