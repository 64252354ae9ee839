-- attribution against plain SQL over numeric.
SET timezone = 'UTC';
CREATE SCHEMA attribution_test;
SET search_path = attribution_test;
\set SHOW_CONTEXT never

-- The examples of the reference.
CREATE TABLE touch (ts timestamptz, channel text);
INSERT INTO touch VALUES
  ('2026-03-01', 'email'), ('2026-03-08', 'search'), ('2026-03-15', 'social'), ('2026-03-22', 'email');
SELECT model, s.channel, s.share, s.touches
FROM unnest(ARRAY['first', 'last', 'linear', 'position', 'time_decay']) WITH ORDINALITY AS m(model, n)
CROSS JOIN LATERAL (SELECT sessionize.attribution(channel, ts, model) AS shares FROM touch) AS a
CROSS JOIN LATERAL unnest(a.shares) WITH ORDINALITY AS s(channel, share, touches, i)
ORDER BY n, i;
SELECT sessionize.attribution(channel, ts, 'time_decay', '1 day') FROM touch;

-- 5000 touches of 600 keys: one to many a key, equal times, NULL times, NULL channels.
CREATE TABLE touches AS
SELECT key, ts, channel
FROM (SELECT floor(600 * power(abs(hashint8extended(i, 1) % 100000) / 100000.0, 2))::int AS key,
             CASE WHEN i % 97 = 0 THEN NULL
                  ELSE timestamptz '2026-03-02' + abs(hashint8extended(i, 2) % 1000) * interval '3 hours 7 seconds' END AS ts,
             (ARRAY['email', 'search', 'social', '', 'ä', 'direct', NULL])[1 + abs(hashint8extended(i, 3) % 7)] AS channel
      FROM generate_series(1, 5000) AS i) AS x;
ANALYZE touches;

-- Oracle: each touch's weight as a ratio of whole numbers, its share by the rule of the reference: what the running total, cut after 18 decimals, grows by.
CREATE TABLE weights AS
SELECT key, channel, model, i,
       CASE model WHEN 'first' THEN (i = 1)::int::numeric WHEN 'last' THEN (i = n)::int WHEN 'linear' THEN 1
                  WHEN 'position' THEN CASE WHEN n <= 2 OR i NOT IN (1, n) THEN 1 ELSE 2 * (n - 2) END END AS weight
FROM (SELECT key, channel, row_number() OVER w AS i, count(*) OVER (PARTITION BY key) AS n
      FROM touches WHERE ts IS NOT NULL AND channel IS NOT NULL
      WINDOW w AS (PARTITION BY key ORDER BY ts, channel COLLATE "C")) AS x,
     unnest(ARRAY['first', 'last', 'linear', 'position']) AS model;
CREATE TABLE expected AS
SELECT key, model, channel, sum(total - before) AS share, count(*) AS touches,
       rank() OVER (PARTITION BY key, model ORDER BY min(i)) AS place
FROM (SELECT key, model, channel, i, div(running * 1e18, whole) / 1e18 AS total, div((running - weight) * 1e18, whole) / 1e18 AS before
      FROM (SELECT *, sum(weight) OVER (PARTITION BY key, model ORDER BY i) AS running, sum(weight) OVER (PARTITION BY key, model) AS whole FROM weights) AS x) AS y
GROUP BY key, model, channel;
SELECT count(DISTINCT key) AS keys, max(touches) AS most_touches FROM expected;

CREATE VIEW actual AS
SELECT key, model, s.channel, s.share, s.touches, s.place
FROM (SELECT key, model, sessionize.attribution(channel, ts, model) AS shares
      FROM touches, unnest(ARRAY['first', 'last', 'linear', 'position']) AS model GROUP BY key, model) AS a
CROSS JOIN LATERAL unnest(shares) WITH ORDINALITY AS s(channel, share, touches, place);
SELECT model, count(*) AS channels FROM actual GROUP BY model ORDER BY model;
SELECT (SELECT count(*) FROM (TABLE actual EXCEPT ALL TABLE expected) AS x) AS surplus,
       (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE actual) AS x) AS missing;

-- Time decay: shares add up to exactly 1, and each is what power() says to 15 decimals.
CREATE TABLE decay AS
SELECT key, half_life, s.channel, s.share, s.touches
FROM (SELECT key, half_life, sessionize.attribution(channel, ts, 'time_decay', half_life) AS shares
      FROM touches, unnest(ARRAY['1 day', '7 days', '5 hours 1 second', '367 days']::interval[]) AS half_life GROUP BY key, half_life) AS a
CROSS JOIN LATERAL unnest(shares) AS s;
CREATE TABLE expected_decay AS
SELECT key, half_life, channel, sum(weight) / sum(sum(weight)) OVER (PARTITION BY key, half_life) AS share, count(*) AS touches
FROM (SELECT key, half_life, channel,
             power(2::numeric, round(extract(epoch FROM ts - max(ts) OVER (PARTITION BY key, half_life)) / extract(epoch FROM half_life), 40)) AS weight
      FROM touches, unnest(ARRAY['1 day', '7 days', '5 hours 1 second', '367 days']::interval[]) AS half_life
      WHERE ts IS NOT NULL AND channel IS NOT NULL) AS x
GROUP BY key, half_life, channel;
SELECT count(*) AS groups, count(*) FILTER (WHERE total <> 1) AS not_one
FROM (SELECT sum(share) AS total FROM decay GROUP BY key, half_life) AS x;
SELECT count(*) AS shares, count(*) FILTER (WHERE d.touches IS DISTINCT FROM e.touches) AS wrong_touches,
       count(*) FILTER (WHERE abs(d.share - e.share) < 1e-15) AS right_shares
FROM decay AS d FULL JOIN expected_decay AS e USING (key, half_life, channel);
-- half a life apart: 1/3 and 2/3; twice: 1/5 and 4/5; the 7 days that are the default
SELECT sessionize.attribution(c, ts, 'time_decay', '2 hours') FROM (VALUES ('a', timestamptz '2026-03-02 10:00'), ('b', '2026-03-02 12:00')) AS v(c, ts);
SELECT sessionize.attribution(c, ts, 'time_decay', '1 hour') FROM (VALUES ('a', timestamptz '2026-03-02 10:00'), ('b', '2026-03-02 12:00')) AS v(c, ts);
SELECT sessionize.attribution(c, ts, 'time_decay') = sessionize.attribution(c, ts, 'time_decay', '168 hours') AS default_is_a_week
FROM (VALUES ('a', timestamptz '2026-03-02 10:00'), ('b', '2026-03-05 12:00')) AS v(c, ts);
-- a touch 64 half-lives ago counts nothing; both ends of time
SELECT sessionize.attribution(c, ts, 'time_decay', '1 second') FROM (VALUES ('a', timestamptz '2026-03-02 10:00:00'), ('b', '2026-03-02 10:01:04')) AS v(c, ts);
SELECT sessionize.attribution(c, ts, 'time_decay', interval '106751991 days') AS far_apart, sessionize.attribution(c, ts, 'time_decay', '1 microsecond') AS close
FROM (VALUES ('a', '4713-01-01 00:00:00 BC'::timestamptz), ('b', '294276-12-31 23:59:59.999999')) AS v(c, ts);

-- in any order, and in parallel: states are sent, received and combined
CREATE VIEW every_model AS
SELECT key, model, sessionize.attribution(channel, ts, model, '3 days') AS shares
FROM touches, unnest(ARRAY['first', 'last', 'linear', 'position', 'time_decay']) AS model GROUP BY key, model;
CREATE TABLE serial_result AS TABLE every_model;
SELECT count(*) AS groups, bool_and(a = b) AS same
FROM (SELECT sessionize.attribution(channel, ts, 'time_decay' ORDER BY ts DESC) AS a, sessionize.attribution(channel, ts, 'time_decay' ORDER BY hashtext(ctid::text)) AS b
      FROM touches WHERE ts IS NOT NULL AND channel IS NOT NULL GROUP BY key) AS x;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
ALTER TABLE touches SET (parallel_workers = 3);
CREATE TABLE costs AS SELECT oid, procost FROM pg_proc WHERE pronamespace = 'sessionize'::regnamespace AND proname ~ '^attribution_(combine|serialize|deserialize)$';
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT key, sessionize.attribution(channel, ts, 'linear') FROM touches GROUP BY key;
SELECT model, count(*) FILTER (WHERE p.shares IS DISTINCT FROM s.shares) AS different
FROM (SELECT key, 'linear' AS model, sessionize.attribution(channel, ts, 'linear') AS shares FROM touches GROUP BY key
      UNION ALL
      SELECT key, 'time_decay', sessionize.attribution(channel, ts, 'time_decay', '3 days') FROM touches GROUP BY key) AS p
FULL JOIN (SELECT * FROM serial_result WHERE model IN ('linear', 'time_decay')) AS s USING (key, model)
GROUP BY model ORDER BY model;
-- models that differ between partial states
SELECT sessionize.attribution(channel, ts, CASE WHEN key % 2 = 0 THEN 'first' ELSE 'last' END) FROM touches;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- as a window aggregate, the state is used on after a result
SELECT ts::date, sessionize.attribution(channel, ts, 'position') OVER (ORDER BY ts) FROM touch ORDER BY ts;

-- nothing, and nothing but NULL; the half-life of a model without one is not looked at
SELECT sessionize.attribution(channel, ts, 'first'), sessionize.attribution(channel, ts, 'time_decay', '1 day') FROM touch WHERE false;
SELECT sessionize.attribution(NULL, ts, 'first'), sessionize.attribution(channel, NULL, 'first') FROM touch;
SELECT sessionize.attribution(channel, ts, 'last', NULL) FROM touch;

-- errors, and what they say to do
SELECT sessionize.attribution(channel, ts, 'middle') FROM touch;
SELECT sessionize.attribution(channel, ts, NULL) FROM touch;
SELECT sessionize.attribution(channel, ts, 'time_decay', NULL) FROM touch;
SELECT sessionize.attribution(channel, ts, 'time_decay', '0') FROM touch;
SELECT sessionize.attribution(channel, ts, 'time_decay', '-1 day') FROM touch;
SELECT sessionize.attribution(channel, ts, 'time_decay', '1 month') FROM touch;
SELECT sessionize.attribution(channel, ts, CASE WHEN channel = 'email' THEN 'first' ELSE 'last' END) FROM touch;
SELECT sessionize.attribution(channel, ts, 'time_decay', CASE WHEN channel = 'email' THEN interval '1 day' ELSE '2 days' END) FROM touch;
SELECT sessionize.attribution('a', 'infinity', 'first');
BEGIN;
SET LOCAL sessionize.max_group_events = 100;
SELECT sessionize.attribution('a', ts, 'first') FROM generate_series(timestamptz '2026-01-01', '2026-01-01 01:40', '1 minute') AS ts;
ROLLBACK;

-- States that no worker of ours wrote: an aggregate that passes any bytes off as one.
CREATE FUNCTION forge(internal, bytea) RETURNS internal LANGUAGE internal AS 'xmlconcat2';
CREATE FUNCTION pass_off(internal) RETURNS bytea LANGUAGE internal STRICT AS 'byteasend';
CREATE AGGREGATE forged_shares(bytea) (
  SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.attribution_deserialize, COMBINEFUNC = sessionize.attribution_combine, FINALFUNC = sessionize.attribution_final);
CREATE TABLE one_row AS SELECT 1 AS one;
ALTER TABLE one_row SET (parallel_workers = 1);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT forged_shares('\x'::bytea) FROM one_row;
-- genuine: linear, (1, a) and (2, b); time_decay with a half-life of 1 microsecond, (1, a) and (2, b)
SELECT forged_shares('\x02000000000000000000000000000000010000000000000001610000000000000002000000000000000162'::bytea) FROM one_row;
SELECT forged_shares('\x04000000000000000100000000000000010000000000000001610000000000000002000000000000000162'::bytea) FROM one_row;
-- nothing; no touches; an unknown model; time_decay without a half-life; linear with one; a negative one; no name; not UTF-8
SELECT forged_shares('\x'::bytea) FROM one_row;
SELECT forged_shares('\x020000000000000000'::bytea) FROM one_row;
SELECT forged_shares('\x0500000000000000000000000000000001000000000000000161'::bytea) FROM one_row;
SELECT forged_shares('\x0400000000000000000000000000000001000000000000000161'::bytea) FROM one_row;
SELECT forged_shares('\x0200000000000000010000000000000001000000000000000161'::bytea) FROM one_row;
SELECT forged_shares('\x0480000000000000010000000000000001000000000000000161'::bytea) FROM one_row;
SELECT forged_shares('\x020000000000000000000000000000000100000000ffffffff'::bytea) FROM one_row;
SELECT forged_shares('\x02000000000000000000000000000000010000000000000001ff'::bytea) FROM one_row;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;

-- the result is an ordinary composite value
SELECT (ROW('mail', 0.5, 2)::sessionize.channel_share).*;

SET client_min_messages = warning;
DROP SCHEMA attribution_test CASCADE;
