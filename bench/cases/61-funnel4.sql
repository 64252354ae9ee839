--# case How far each user gets, 4 steps within a day: user, time and name of the event
--# setup
CREATE TABLE named AS SELECT user_id, ts, event_name FROM wide ORDER BY raw_id;
VACUUM (FREEZE, ANALYZE) named;
--# teardown
DROP TABLE named;
--# run
SELECT count(*) FILTER (WHERE depth >= 1), count(*) FILTER (WHERE depth >= 2), count(*) FILTER (WHERE depth >= 3), count(*) FILTER (WHERE depth >= 4) FROM ({}) AS s
--# check
SELECT count(*), sum(depth), sum(depth * (user_id % 1009)), sum(depth * depth) FROM ({}) AS s WHERE depth > 0

--# side plain SQL: self-joins
--# workers 2
SELECT a.user_id, max(CASE WHEN d.ts IS NOT NULL THEN 4 WHEN c.ts IS NOT NULL THEN 3 WHEN b.ts IS NOT NULL THEN 2 ELSE 1 END) AS depth
FROM named AS a
LEFT JOIN named AS b ON b.user_id = a.user_id AND b.event_name = 'click'
                       AND b.ts BETWEEN a.ts AND a.ts + interval '1 day'
LEFT JOIN named AS c ON c.user_id = b.user_id AND c.event_name = 'add_to_cart'
                       AND c.ts BETWEEN b.ts AND a.ts + interval '1 day'
LEFT JOIN named AS d ON d.user_id = c.user_id AND d.event_name = 'purchase'
                       AND d.ts BETWEEN c.ts AND a.ts + interval '1 day'
WHERE a.event_name = 'page_view'
GROUP BY a.user_id
--# side plain SQL: chained window functions
--# workers 2
SELECT user_id, max(CASE WHEN start4 IS NOT NULL THEN 4 WHEN start3 IS NOT NULL THEN 3 WHEN start2 IS NOT NULL THEN 2 WHEN start1 IS NOT NULL THEN 1 ELSE 0 END) AS depth
FROM (SELECT user_id, ts, event_name, start1, start2, start3,
             max(start3) FILTER (WHERE event_name = 'purchase' AND ts <= start3 + interval '1 day') OVER (PARTITION BY user_id ORDER BY ts) AS start4
      FROM (SELECT user_id, ts, event_name, start1, start2,
                   max(start2) FILTER (WHERE event_name = 'add_to_cart' AND ts <= start2 + interval '1 day') OVER (PARTITION BY user_id ORDER BY ts) AS start3
            FROM (SELECT user_id, ts, event_name, start1,
                         max(start1) FILTER (WHERE event_name = 'click' AND ts <= start1 + interval '1 day') OVER (PARTITION BY user_id ORDER BY ts) AS start2
                  FROM (SELECT user_id, ts, event_name,
                               max(ts) FILTER (WHERE event_name = 'page_view') OVER (PARTITION BY user_id ORDER BY ts) AS start1
                        FROM named
                        WHERE event_name IN ('page_view', 'click', 'add_to_cart', 'purchase')) AS x1) AS x2) AS x3) AS x4
GROUP BY user_id
--# side DuckDB: chained window functions
--# engine duckdb
SELECT user_id, max(CASE WHEN start4 IS NOT NULL THEN 4 WHEN start3 IS NOT NULL THEN 3 WHEN start2 IS NOT NULL THEN 2 WHEN start1 IS NOT NULL THEN 1 ELSE 0 END) AS depth
FROM (SELECT user_id, ts, event_name, start1, start2, start3,
             max(start3) FILTER (WHERE event_name = 'purchase' AND ts <= start3 + 86400000000) OVER (PARTITION BY user_id ORDER BY ts) AS start4
      FROM (SELECT user_id, ts, event_name, start1, start2,
                   max(start2) FILTER (WHERE event_name = 'add_to_cart' AND ts <= start2 + 86400000000) OVER (PARTITION BY user_id ORDER BY ts) AS start3
            FROM (SELECT user_id, ts, event_name, start1,
                         max(start1) FILTER (WHERE event_name = 'click' AND ts <= start1 + 86400000000) OVER (PARTITION BY user_id ORDER BY ts) AS start2
                  FROM (SELECT user_id, ts, event_name,
                               max(ts) FILTER (WHERE event_name = 'page_view') OVER (PARTITION BY user_id ORDER BY ts) AS start1
                        FROM (SELECT user_id, epoch_us(ts) AS ts, event_name FROM wide)
                        WHERE event_name IN ('page_view', 'click', 'add_to_cart', 'purchase')) AS x1) AS x2) AS x3) AS x4
GROUP BY user_id
--# side DuckDB: ASOF joins
--# engine duckdb
WITH e AS (SELECT user_id, epoch_us(ts) AS ts, event_name FROM wide),
     s1 AS (SELECT user_id, ts, ts AS start FROM e WHERE event_name = 'page_view'),
     s2 AS (SELECT e.user_id, e.ts, p.start FROM e ASOF JOIN s1 AS p ON p.user_id = e.user_id AND e.ts >= p.ts
            WHERE e.event_name = 'click' AND e.ts <= p.start + 86400000000),
     s3 AS (SELECT e.user_id, e.ts, p.start FROM e ASOF JOIN s2 AS p ON p.user_id = e.user_id AND e.ts >= p.ts
            WHERE e.event_name = 'add_to_cart' AND e.ts <= p.start + 86400000000),
     s4 AS (SELECT e.user_id, e.ts, p.start FROM e ASOF JOIN s3 AS p ON p.user_id = e.user_id AND e.ts >= p.ts
            WHERE e.event_name = 'purchase' AND e.ts <= p.start + 86400000000)
SELECT user_id, max(depth) AS depth
FROM (SELECT user_id, 1 AS depth FROM s1
      UNION ALL SELECT user_id, 2 AS depth FROM s2
      UNION ALL SELECT user_id, 3 AS depth FROM s3
      UNION ALL SELECT user_id, 4 AS depth FROM s4) AS x
GROUP BY user_id

--# side funnel_table()
--# role ours
--# needs sessionize.funnel_table
SELECT key AS user_id, depth
FROM sessionize.funnel_table('named', 'user_id', 'ts', '1 day',
                             ARRAY['event_name = ''page_view''', 'event_name = ''click''', 'event_name = ''add_to_cart''', 'event_name = ''purchase'''], NULL::bigint)
--# side funnel() under GROUP BY
--# role ours
--# needs sessionize.funnel
--# workers 2
SELECT user_id, sessionize.funnel(ts, '1 day', event_name = 'page_view', event_name = 'click', event_name = 'add_to_cart', event_name = 'purchase') AS depth
FROM named GROUP BY user_id

--# side floor: max(user_id), max(ts), max(event_name)
--# role floor
--# run
SELECT max(user_id), max(ts), max(event_name) FROM named
--# check
