--# case Stretches without a pause over 2 seconds among all events: narrow table, one group
--# run
SELECT sum(sessions) FROM ({}) AS s
--# check
SELECT sum(sessions) FROM ({}) AS s

--# side plain SQL: lag(), count() FILTER
--# workers 2
SELECT count(*) FILTER (WHERE prev IS NULL OR ts > prev + interval '2 seconds') AS sessions
FROM (SELECT ts, lag(ts) OVER (ORDER BY ts) AS prev FROM narrow) AS x
--# side plain SQL: range_agg(tstzrange)
--# workers 2
SELECT (SELECT count(*) FROM unnest(ranges)) AS sessions
FROM (SELECT range_agg(tstzrange(ts, ts + interval '2 seconds', '[]')) AS ranges FROM narrow) AS x
--# side DuckDB: lag() on integer microseconds
--# engine duckdb
SELECT count(*) FILTER (WHERE prev IS NULL OR ts - prev > 2000000) AS sessions
FROM (SELECT ts, lag(ts) OVER (ORDER BY ts) AS prev FROM (SELECT epoch_us(ts) AS ts FROM narrow)) AS x

--# side session_count()
--# role ours
--# needs sessionize.session_count
--# workers 2
SELECT sessionize.session_count(ts, '2 seconds') AS sessions FROM narrow

--# side floor: max(user_id), max(ts)
--# role floor
--# workers 2
--# run
SELECT max(user_id), max(ts) FROM narrow
--# check
