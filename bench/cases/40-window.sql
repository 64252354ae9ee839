--# case Each event's session number by a window function: pre-indexed table, read from the index alone
--# run
SELECT count(*), max(n) FROM ({}) AS s
--# check
SELECT count(*), sum(n), sum(n * (us(ts) % 1009)) FROM ({}) AS s

--# side plain SQL: lag(), sum() OVER
SELECT ts, sum(starts) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
FROM (SELECT user_id, ts,
             CASE WHEN ts - lag(ts) OVER (PARTITION BY user_id ORDER BY ts) <= interval '30 minutes' THEN 0 ELSE 1 END AS starts
      FROM indexed) AS x
--# side plain SQL: lag(), count() FILTER OVER
SELECT ts, count(*) FILTER (WHERE starts) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS n
FROM (SELECT user_id, ts,
             ts > lag(ts + interval '30 minutes', 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts) AS starts
      FROM indexed) AS x
--# side DuckDB (no index): lag(), sum() OVER
--# engine duckdb
SELECT make_timestamptz(ts) AS ts, sum(starts) OVER (PARTITION BY user_id ORDER BY ts) AS n
FROM (SELECT user_id, ts,
             CASE WHEN ts - lag(ts) OVER (PARTITION BY user_id ORDER BY ts) <= 1800000000 THEN 0 ELSE 1 END AS starts
      FROM (SELECT user_id, epoch_us(ts) AS ts FROM narrow)) AS x

--# side session_number() OVER
--# role ours
--# needs sessionize.session_number
SELECT ts, sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts) AS n FROM indexed

--# side lag() alone
--# role floor
--# run
SELECT count(*), max(n) FROM (SELECT lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS n FROM indexed) AS s
--# check
--# side floor: max(user_id), max(ts)
--# run
SELECT max(user_id), max(ts) FROM indexed
--# check
