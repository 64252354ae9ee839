--# case Sessions per user, counted: narrow table, GROUP BY
--# run
SELECT count(*), sum(sessions) FROM ({}) AS s
--# check
SELECT count(*), sum(sessions), sum(sessions * (user_id % 1009)) FROM ({}) AS s

--# side plain SQL: lag(), count() FILTER
--# workers 2
SELECT user_id, count(*) FILTER (WHERE prev IS NULL OR ts > prev + interval '30 minutes') AS sessions
FROM (SELECT user_id, ts, lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS prev FROM narrow) AS x
GROUP BY user_id
--# side plain SQL: array_agg(), neighbours unnested
--# workers 2
SELECT user_id, 1 + (SELECT count(*) FILTER (WHERE ts > prev + interval '30 minutes')
                     FROM unnest(times[2:], times[:array_upper(times, 1) - 1]) AS n (ts, prev)) AS sessions
FROM (SELECT user_id, array_agg(ts ORDER BY ts) AS times FROM narrow GROUP BY user_id) AS x
--# side plain SQL: range_agg(tstzrange)
--# workers 2
SELECT user_id, (SELECT count(*) FROM unnest(ranges)) AS sessions
FROM (SELECT user_id, range_agg(tstzrange(ts, ts + interval '30 minutes', '[]')) AS ranges
      FROM narrow GROUP BY user_id) AS x

--# side DuckDB: lag() on timestamps
--# engine duckdb
SELECT user_id, count(*) FILTER (WHERE prev IS NULL OR ts - prev > interval '30 minutes') AS sessions
FROM (SELECT user_id, ts, lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS prev FROM narrow) AS x
GROUP BY user_id
--# side DuckDB: lag() on integer microseconds
--# engine duckdb
SELECT user_id, count(*) FILTER (WHERE prev IS NULL OR ts - prev > 1800000000) AS sessions
FROM (SELECT user_id, ts, lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS prev
      FROM (SELECT user_id, epoch_us(ts) AS ts FROM narrow)) AS x
GROUP BY user_id
--# side DuckDB: sorted list, lambda
--# engine duckdb
SELECT user_id, 1 + len(list_filter(list_zip(times[2:], times[:-2]), lambda n: n[1] - n[2] > 1800000000)) AS sessions
FROM (SELECT user_id, list_sort(list(epoch_us(ts))) AS times FROM narrow GROUP BY user_id) AS x

--# side session_count()
--# role ours
--# needs sessionize.session_count
--# workers 2
SELECT user_id, sessionize.session_count(ts, '30 minutes') AS sessions FROM narrow GROUP BY user_id
--# side session_agg(), arrays built
--# needs sessionize.session_agg
--# workers 2
SELECT user_id, cardinality(sessionize.session_agg(ts, '30 minutes')) AS sessions FROM narrow GROUP BY user_id

--# side floor: max(user_id), max(ts)
--# role floor
--# run
SELECT max(user_id), max(ts) FROM narrow
--# check
