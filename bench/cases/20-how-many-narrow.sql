--# case How many sessions: narrow table
--# run
SELECT sum(sessions) FROM ({}) AS s
--# check
SELECT sum(sessions) FROM ({}) AS s

--# side plain SQL: lag(), count() FILTER
--# workers 2
SELECT count(*) FILTER (WHERE prev IS NULL OR ts > prev + interval '30 minutes') AS sessions
FROM (SELECT ts, lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS prev FROM narrow) AS x
--# side plain SQL: array_agg(), neighbours unnested
--# workers 2
SELECT 1 + (SELECT count(*) FILTER (WHERE ts > prev + interval '30 minutes')
            FROM unnest(times[2:], times[:array_upper(times, 1) - 1]) AS n (ts, prev)) AS sessions
FROM (SELECT array_agg(ts ORDER BY ts) AS times FROM narrow GROUP BY user_id) AS x
--# side DuckDB: lag() on integer microseconds
--# engine duckdb
SELECT count(*) FILTER (WHERE prev IS NULL OR ts - prev > 1800000000) AS sessions
FROM (SELECT ts, lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS prev
      FROM (SELECT user_id, epoch_us(ts) AS ts FROM narrow)) AS x
--# side DuckDB: sorted list, lambda
--# engine duckdb
SELECT 1 + len(list_filter(list_zip(times[2:], times[:-2]), lambda n: n[1] - n[2] > 1800000000)) AS sessions
FROM (SELECT list_sort(list(epoch_us(ts))) AS times FROM narrow GROUP BY user_id) AS x

--# side session_table()
--# role ours
--# needs sessionize.session_table
--# run
SELECT count(*) FROM sessionize.session_table('narrow', 'user_id', 'ts', '30 minutes', key_type => NULL::bigint)
--# check
SELECT count(*) FROM sessionize.session_table('narrow', 'user_id', 'ts', '30 minutes', key_type => NULL::bigint)
--# side session_count() GROUP BY
--# needs sessionize.session_count
SELECT sessionize.session_count(ts, '30 minutes') AS sessions FROM narrow GROUP BY user_id

--# side floor: max(user_id), max(ts)
--# role floor
--# workers 2
--# run
SELECT max(user_id), max(ts) FROM narrow
--# check
