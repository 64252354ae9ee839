--# case How many sessions are open in each minute of a year: a table of sessions, spread over it
--# setup
CREATE TABLE spans AS
SELECT started_at, started_at + lasts AS ended_at
FROM (SELECT timestamptz '2026-01-01' + (started_at - timestamptz '2026-01-01') * 6 AS started_at, ended_at - started_at AS lasts
      FROM sessionize.session_table('narrow', 'user_id', 'ts', '30 minutes')) AS s;
CREATE TABLE indexed_spans AS SELECT tstzrange(started_at, ended_at, '[]') AS span FROM spans ORDER BY started_at;
CREATE INDEX ON indexed_spans USING gist (span);
VACUUM (FREEZE, ANALYZE) spans;
VACUUM (FREEZE, ANALYZE) indexed_spans;
--# teardown
DROP TABLE spans, indexed_spans;
--# run
SELECT count(*), sum(active), max(active) FROM ({}) AS s
--# check
SELECT count(*), sum(active), max(active), sum(active * (us(minute) % 1009)) FROM ({}) AS s WHERE active > 0

--# side plain SQL: range join, by an index that is there
--# workers 2
SELECT minute, count(span) AS active
FROM generate_series(timestamptz '2026-01-01', '2027-01-01', '1 minute') AS minute
LEFT JOIN indexed_spans ON span && tstzrange(minute, minute + interval '1 minute')
GROUP BY minute
--# side plain SQL: the minutes of each session, counted
--# workers 2
SELECT minute, count(*) AS active
FROM spans, generate_series(date_trunc('minute', started_at), ended_at, '1 minute') AS minute
GROUP BY minute
--# side plain SQL: starts and ends, sum() OVER
--# workers 2
SELECT to_timestamp(minute * 60) AS minute, active
FROM (SELECT minute AS first, lead(minute) OVER w - 1 AS last, sum(change) OVER w AS active
      FROM (SELECT minute, sum(change) AS change
            FROM (SELECT floor(extract(epoch FROM started_at)::float8 / 60)::bigint AS minute, 1 AS change FROM spans
                  UNION ALL SELECT floor(extract(epoch FROM ended_at)::float8 / 60)::bigint + 1, -1 FROM spans) AS x
            GROUP BY minute) AS y
      WINDOW w AS (ORDER BY minute)) AS z, generate_series(first, last) AS minute
WHERE active > 0
--# side DuckDB: the minutes of each session, counted
--# engine duckdb
SELECT make_timestamptz(minute * 60000000) AS minute, count(*) AS active
FROM (SELECT unnest(range(started_at // 60000000, ended_at // 60000000 + 1)) AS minute FROM spans)
GROUP BY minute
--# before
CREATE TABLE IF NOT EXISTS spans AS
SELECT 1767225600000000 + (min(ts) - 1767225600000000) * 6 AS started_at,
       1767225600000000 + (min(ts) - 1767225600000000) * 6 + max(ts) - min(ts) AS ended_at
FROM (SELECT user_id, ts, count(*) FILTER (WHERE prev IS NULL OR ts - prev > 1800000000) OVER (PARTITION BY user_id ORDER BY ts) AS n
      FROM (SELECT user_id, ts, lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS prev
            FROM (SELECT user_id, epoch_us(ts) AS ts FROM narrow)))
GROUP BY user_id, n
--# side DuckDB: starts and ends, sum() OVER
--# engine duckdb
SELECT make_timestamptz(minute * 60000000) AS minute, active
FROM (SELECT unnest(range(first, next)) AS minute, active
      FROM (SELECT minute AS first, lead(minute) OVER (ORDER BY minute) AS next, sum(change) OVER (ORDER BY minute) AS active
            FROM (SELECT minute, sum(change) AS change
                  FROM (SELECT started_at // 60000000 AS minute, 1 AS change FROM spans
                        UNION ALL SELECT ended_at // 60000000 + 1, -1 FROM spans)
                  GROUP BY minute)))
WHERE active > 0
--# before
CREATE TABLE IF NOT EXISTS spans AS
SELECT 1767225600000000 + (min(ts) - 1767225600000000) * 6 AS started_at,
       1767225600000000 + (min(ts) - 1767225600000000) * 6 + max(ts) - min(ts) AS ended_at
FROM (SELECT user_id, ts, count(*) FILTER (WHERE prev IS NULL OR ts - prev > 1800000000) OVER (PARTITION BY user_id ORDER BY ts) AS n
      FROM (SELECT user_id, ts, lag(ts) OVER (PARTITION BY user_id ORDER BY ts) AS prev
            FROM (SELECT user_id, epoch_us(ts) AS ts FROM narrow)))
GROUP BY user_id, n

--# side session_concurrency()
--# role ours
--# needs sessionize.session_concurrency
--# workers 2
SELECT bucket AS minute, active
FROM (SELECT sessionize.session_concurrency(started_at, ended_at, '1 minute') AS minutes FROM spans) AS s, unnest(minutes) AS m
--# side floor: max(started_at), max(ended_at)
--# role floor
--# run
SELECT max(started_at), max(ended_at) FROM spans
--# check
