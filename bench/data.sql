-- data.sql: the benchmark's raw tables; the same rows for the same :rows on every run.
--
--   wide      what a collector leaves: events in about the order of their arrival, each with 300 bytes of payload
--             that do not compress.  About 2 % of the rows are copies of an earlier event: most with its time, one
--             in seven some minutes later, one in a hundred eight days later (past the deduplication window of
--             seven days, so an event again).
--   narrow    user and time of the same rows, in the same order.
--   indexed   narrow again, with an index on (user_id, ts), vacuumed: readable from the index alone.
--
-- All chance comes from hashes, none from random().
SET max_parallel_workers_per_gather = 0;

-- A fraction in [0, 1) made of two numbers.
CREATE FUNCTION pg_temp.chance(what bigint, seed bigint) RETURNS float8 LANGUAGE sql IMMUTABLE
RETURN (hashint8extended(what, seed) & 9007199254740991)::float8 / 9007199254740992;

\echo 'making events'

-- Visits begin evenly over 60 days.  How active users are follows a power law (the busiest tenth makes a third of
-- all visits), and so does the length of a visit: half are one event, a few a hundred.  A few more events are made
-- than needed; the last to arrive are cut off.
CREATE TABLE wide AS
WITH visit AS MATERIALIZED (
    SELECT i AS visit,
           1 + floor(:rows / 20.0 * pg_temp.chance(i, 1) ^ 2)::bigint AS user_id,
           1 + least(200, floor(1.85 * (-ln(1 - pg_temp.chance(i, 2))) ^ 1.6))::int AS events,
           timestamptz '2026-01-01 00:00:00+00'
               + (i + 300 * pg_temp.chance(i, 3)) / (:rows * 0.31) * interval '60 days' AS begins,
           3 + 57 * pg_temp.chance(i, 4) AS pace
    FROM generate_series(1, (:rows * 0.31)::bigint) AS i
),
event AS (
    SELECT visit * 256 + n AS event, user_id, n = 1 AS first,
           begins + (n - 1 + pg_temp.chance(visit * 256 + n, 5)) * pace * interval '1 second' AS ts
    FROM visit, generate_series(1, events) AS n
),
-- The copies of an event beside it: none for most.
row AS (
    SELECT event, user_id, first, copy,
           CASE WHEN copy = 0 OR fate >= 0.0030 THEN ts
                WHEN fate >= 0.0002 THEN ts + (1 + 600 * pg_temp.chance(event, 7)) * interval '1 second'
                ELSE ts + interval '8 days' END AS ts
    FROM (SELECT *, pg_temp.chance(event, 6) AS fate FROM event) e,
         generate_series(0, CASE WHEN fate < 0.0205 THEN 1 ELSE 0 END) AS copy
),
arrival AS (
    SELECT row_number() OVER (ORDER BY ts + delay * interval '1 second', event, copy) AS raw_id, event, user_id, first, ts
    FROM (SELECT *, 5 * pg_temp.chance(event, 8 + copy)
                    + CASE WHEN pg_temp.chance(event, 10) < 0.03 THEN 3600 * pg_temp.chance(event, 11) ELSE 0 END AS delay
          FROM row) r
)
SELECT raw_id,
       user_id,
       ts,
       md5(event::text)::uuid AS event_id,
       CASE WHEN first OR kind < 0.6 THEN 'page_view' WHEN kind < 0.8 THEN 'click' WHEN kind < 0.95 THEN 'scroll'
            WHEN kind < 0.99 THEN 'add_to_cart' ELSE 'purchase' END AS event_name,
       CASE WHEN where_ < 0.2 THEN '/' WHEN where_ < 0.4 THEN '/search' WHEN where_ < 0.5 THEN '/cart'
            ELSE '/product/' || floor(20000 * pg_temp.chance(event, 14) ^ 3)::int END AS page,
       encode(sha512(int8send(event)), 'hex') || encode(sha512(int8send(-event)), 'hex') || md5(event::text || 'p')
           || 'twelve bytes' AS payload
FROM (SELECT *, pg_temp.chance(event, 12) AS kind, pg_temp.chance(event, 13) AS where_
      FROM arrival WHERE raw_id <= :rows) a;
