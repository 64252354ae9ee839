--# case All sessions with start, end and events, counted: narrow table
--# run
SELECT count(*), sum(events), max(session_number), max(started_at), max(ended_at) FROM ({}) AS s
--# check
SELECT count(*), sum(events), sum(session_number), sum(us(ended_at) - us(started_at)),
       sum((us(started_at) % 1000003) * (user_id % 1009)), sum((us(ended_at) % 1000003) * (events + session_number))
FROM ({}) AS s

--# side plain SQL: lag(), count() OVER, GROUP BY
--# workers 2
SELECT user_id, session_number, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS events
FROM (SELECT user_id, ts,
             count(*) FILTER (WHERE starts) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS session_number
      FROM (SELECT user_id, ts,
                   ts > lag(ts + interval '30 minutes', 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts) AS starts
            FROM narrow) AS x) AS y
GROUP BY user_id, session_number
--# side plain SQL: first and last events kept, then lead()
--# workers 2
SELECT user_id, session_number, started_at, ended_at, events
FROM (SELECT user_id, starts, count(*) FILTER (WHERE starts) OVER w AS session_number, ts AS started_at,
             CASE WHEN ends THEN ts ELSE lead(ts) OVER w END AS ended_at,
             CASE WHEN ends THEN 1 ELSE lead(n) OVER w - n + 1 END AS events
      FROM (SELECT user_id, ts, n, ts > prev AS starts, next > ts + interval '30 minutes' AS ends
            FROM (SELECT user_id, ts, row_number() OVER w AS n,
                         lag(ts + interval '30 minutes', 1, '-infinity') OVER w AS prev, lead(ts, 1, 'infinity') OVER w AS next
                  FROM narrow WINDOW w AS (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING)) AS x) AS y
      WHERE starts OR ends
      WINDOW w AS (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING)) AS z
WHERE starts
--# side DuckDB: lag(), sum() OVER, GROUP BY
--# engine duckdb
SELECT user_id, session_number, make_timestamptz(min(ts)) AS started_at, make_timestamptz(max(ts)) AS ended_at, count(*) AS events
FROM (SELECT user_id, ts, sum(starts) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS session_number
      FROM (SELECT user_id, ts,
                   CASE WHEN ts - lag(ts) OVER (PARTITION BY user_id ORDER BY ts) <= 1800000000 THEN 0 ELSE 1 END AS starts
            FROM (SELECT user_id, epoch_us(ts) AS ts FROM narrow)) AS x) AS y
GROUP BY user_id, session_number
--# side DuckDB: first events kept, then lead()
--# engine duckdb
SELECT user_id, row_number() OVER w AS session_number, make_timestamptz(ts) AS started_at,
       make_timestamptz(coalesce(lead(prev) OVER w, last)) AS ended_at, coalesce(lead(n) OVER w, total + 1) - n AS events
FROM (SELECT user_id, ts, lag(ts) OVER w AS prev, row_number() OVER w AS n, count(*) OVER p AS total, max(ts) OVER p AS last
      FROM (SELECT user_id, epoch_us(ts) AS ts FROM narrow)
      WINDOW p AS (PARTITION BY user_id), w AS (PARTITION BY user_id ORDER BY ts)
      QUALIFY prev IS NULL OR ts - prev > 1800000000) AS x
WINDOW w AS (PARTITION BY user_id ORDER BY ts)
--# side DuckDB: sorted list, lambdas, unnest()
--# engine duckdb
SELECT user_id, generate_subscripts(firsts, 1) AS session_number,
       make_timestamptz(unnest(list_transform(firsts, lambda i: times[i]))) AS started_at,
       make_timestamptz(unnest(list_transform(firsts, lambda i, k: times[coalesce(firsts[k + 1] - 1, len(times))]))) AS ended_at,
       unnest(list_transform(firsts, lambda i, k: coalesce(firsts[k + 1], len(times) + 1) - i)) AS events
FROM (SELECT user_id, times,
             list_filter(range(1, len(times) + 1), lambda i: i = 1 OR times[i] - times[i - 1] > 1800000000) AS firsts
      FROM (SELECT user_id, list_sort(list(epoch_us(ts))) AS times FROM narrow GROUP BY user_id) AS x) AS y

--# side session_table()
--# role ours
--# needs sessionize.session_table
SELECT key AS user_id, session_number, started_at, ended_at, events
FROM sessionize.session_table('narrow', 'user_id', 'ts', '30 minutes', key_type => NULL::bigint)
--# side session_agg(), unnested
--# needs sessionize.session_agg
--# workers 2
SELECT user_id, session_number, started_at, ended_at, events
FROM (SELECT user_id, sessionize.session_agg(ts, '30 minutes') AS sessions FROM narrow GROUP BY user_id) AS x,
     unnest(sessions) WITH ORDINALITY AS s (started_at, ended_at, events, session_number)
--# side floor: max(user_id), max(ts)
--# role floor
--# run
SELECT max(user_id), max(ts) FROM narrow
--# check
--# after
