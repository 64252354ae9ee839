--# case Who came again, by week, up to 8 weeks after the first: narrow table
--# run
SELECT count(*), sum(cohort_size), sum(retained) FROM ({}) AS s
--# check
SELECT count(*), sum(cohort_size), sum(retained), sum(retained * (period + 1)), sum(retained * (us(cohort::timestamptz) % 1009)) FROM ({}) AS s WHERE retained > 0

--# side plain SQL: DISTINCT weeks, first week joined
--# workers 2
WITH activity AS MATERIALIZED (SELECT DISTINCT user_id, date_trunc('week', ts) AS week FROM narrow),
     first AS (SELECT user_id, min(week) AS cohort FROM activity GROUP BY user_id),
     sizes AS (SELECT cohort, count(*) AS cohort_size FROM first GROUP BY cohort)
SELECT cohort::date AS cohort, cohort_size, period, retained
FROM (SELECT cohort, extract(days FROM week - cohort)::int / 7 AS period, count(*) AS retained
      FROM activity JOIN first USING (user_id) GROUP BY 1, 2) AS x JOIN sizes USING (cohort)
WHERE period <= 8
--# side plain SQL: min() OVER of weeks
--# workers 2
WITH activity AS (SELECT cohort, extract(days FROM week - cohort)::int / 7 AS period, count(*) AS retained
                  FROM (SELECT user_id, week, min(week) OVER (PARTITION BY user_id) AS cohort
                        FROM (SELECT user_id, date_trunc('week', ts) AS week FROM narrow GROUP BY 1, 2) AS w) AS x
                  GROUP BY 1, 2)
SELECT cohort::date AS cohort, max(retained) FILTER (WHERE period = 0) OVER (PARTITION BY cohort) AS cohort_size, period, retained
FROM activity WHERE period <= 8
--# side plain SQL: one bit for each week
--# workers 2
SELECT timestamp '2000-01-03' + cohort * interval '7 days' AS cohort, sum(count(*)) FILTER (WHERE period = 0) OVER (PARTITION BY cohort) AS cohort_size, period, count(*) AS retained
FROM (SELECT min(week) AS cohort, bit_or(1::bigint << (week - 1355)) >> (min(week) - 1355) AS weeks
      FROM (SELECT user_id, floor((extract(epoch FROM ts)::float8 - 946857600) / 604800)::int AS week FROM narrow) AS w GROUP BY user_id) AS u,
     generate_series(0, 8) AS period
WHERE weeks >> period & 1 = 1
GROUP BY cohort, period
--# side DuckDB: DISTINCT weeks, min() OVER
--# engine duckdb
SELECT make_timestamptz(946857600000000 + cohort * 604800000000) AS cohort, max(retained) FILTER (WHERE period = 0) OVER (PARTITION BY cohort) AS cohort_size, period, retained
FROM (SELECT cohort, week - cohort AS period, count(*) AS retained
      FROM (SELECT user_id, week, min(week) OVER (PARTITION BY user_id) AS cohort
            FROM (SELECT DISTINCT user_id, (epoch_us(ts) - 946857600000000) // 604800000000 AS week FROM narrow)) AS x
      GROUP BY 1, 2) AS y
WHERE period <= 8
--# side DuckDB: one bit for each week
--# engine duckdb
SELECT make_timestamptz(946857600000000 + cohort * 604800000000) AS cohort, sum(count(*)) FILTER (WHERE period = 0) OVER (PARTITION BY cohort) AS cohort_size, period, count(*) AS retained
FROM (SELECT min(week) AS cohort, bit_or(1::BIGINT << (week - 1355)) >> (min(week) - 1355) AS weeks
      FROM (SELECT user_id, (epoch_us(ts) - 946857600000000) // 604800000000 AS week FROM narrow) GROUP BY user_id) AS u,
     (SELECT unnest(range(9)) AS period) AS p
WHERE (weeks >> period) & 1 = 1
GROUP BY cohort, period

--# side retention_table()
--# role ours
--# needs sessionize.retention_table
SELECT cohort, cohort_size, period, retained FROM sessionize.retention_table('narrow', 'user_id', 'ts', 'week', 8) WHERE retained > 0

--# side floor: max(user_id), max(ts)
--# role floor
--# run
SELECT max(user_id), max(ts) FROM narrow
--# check
