--# case Deduplication and all session facts into a table: wide table with the fold's index
--# setup
CREATE INDEX wide_fold ON wide (user_id, ts, event_id);
ANALYZE wide
--# teardown
DROP INDEX wide_fold
--# run
CREATE TABLE result AS {}
--# check
SELECT count(*), sum(events), sum(page_views), sum(distinct_pages), count(*) FILTER (WHERE is_bounce),
       sum(us(ended_at) - us(started_at)), sum((us(started_at) % 1000003) * (user_id % 1009)),
       count(entry_page), sum(digest(entry_page) * (user_id % 1009)), sum(digest(exit_page) * (us(ended_at) % 1009))
FROM result
--# after
DROP TABLE result

--# side plain SQL: windows, GROUP BY with ordered aggregates
--# workers 2
WITH kept AS (
    SELECT user_id, ts, event_id, raw_id, event_name, page
    FROM (SELECT *, lag(ts) OVER (PARTITION BY user_id, event_id ORDER BY ts, raw_id) AS prev FROM wide) AS x
    WHERE prev IS NULL OR ts > prev + interval '7 days'
),
flagged AS (
    SELECT *, ts > lag(ts + interval '30 minutes', 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts, event_id, raw_id) AS starts
    FROM kept
),
numbered AS (
    SELECT *, count(*) FILTER (WHERE starts)
                  OVER (PARTITION BY user_id ORDER BY ts, event_id, raw_id ROWS UNBOUNDED PRECEDING) AS session_number
    FROM flagged
)
SELECT user_id, session_number, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS events,
       count(*) FILTER (WHERE event_name = 'page_view') AS page_views,
       count(DISTINCT page) FILTER (WHERE event_name = 'page_view') AS distinct_pages,
       (array_agg(page ORDER BY ts, event_id, raw_id) FILTER (WHERE event_name = 'page_view'))[1] AS entry_page,
       (array_agg(page ORDER BY ts DESC, event_id DESC, raw_id DESC) FILTER (WHERE event_name = 'page_view'))[1] AS exit_page,
       count(*) = 1 AS is_bounce
FROM numbered
GROUP BY user_id, session_number
--# side plain SQL: copies looked up by id, pages in arrays
--# workers 2
WITH copies AS (
    SELECT raw_id
    FROM (SELECT raw_id, ts, lag(ts) OVER (PARTITION BY user_id, event_id ORDER BY ts, raw_id) AS prev FROM wide) AS x
    WHERE ts <= prev + interval '7 days'
),
flagged AS (
    SELECT user_id, ts, event_id, raw_id, page, event_name = 'page_view' AS is_view,
           ts > lag(ts + interval '30 minutes', 1, '-infinity') OVER (PARTITION BY user_id ORDER BY ts, event_id, raw_id) AS starts
    FROM wide
    WHERE raw_id NOT IN (SELECT raw_id FROM copies)
),
numbered AS (
    SELECT *, count(*) FILTER (WHERE starts)
                  OVER (PARTITION BY user_id ORDER BY ts, event_id, raw_id ROWS UNBOUNDED PRECEDING) AS session_number
    FROM flagged
),
session AS (
    SELECT user_id, session_number, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS events,
           array_agg(page ORDER BY ts, event_id, raw_id) FILTER (WHERE is_view) AS pages
    FROM numbered
    GROUP BY user_id, session_number
)
SELECT user_id, session_number, started_at, ended_at, events, coalesce(cardinality(pages), 0) AS page_views,
       CASE WHEN cardinality(pages) > 1 THEN (SELECT count(DISTINCT page) FROM unnest(pages) AS page)
            ELSE coalesce(cardinality(pages), 0) END AS distinct_pages,
       pages[1] AS entry_page, pages[cardinality(pages)] AS exit_page, events = 1 AS is_bounce
FROM session

--# side DuckDB: windows, GROUP BY with arg_min(), arg_max()
--# engine duckdb
WITH kept AS (
    SELECT user_id, ts, event_id, raw_id, event_name, page
    FROM (SELECT user_id, epoch_us(ts) AS ts, event_id, raw_id, event_name, page FROM wide)
    QUALIFY coalesce(ts - lag(ts) OVER (PARTITION BY user_id, event_id ORDER BY ts, raw_id) > 604800000000, true)
),
flagged AS (
    SELECT user_id, ts, page, event_name = 'page_view' AS is_view, row_number() OVER w AS n,
           CASE WHEN ts - lag(ts) OVER w <= 1800000000 THEN 0 ELSE 1 END AS starts
    FROM kept WINDOW w AS (PARTITION BY user_id ORDER BY ts, event_id, raw_id)
),
numbered AS (
    SELECT *, sum(starts) OVER (PARTITION BY user_id ORDER BY n ROWS UNBOUNDED PRECEDING) AS session_number FROM flagged
)
SELECT user_id, session_number, make_timestamptz(min(ts)) AS started_at, make_timestamptz(max(ts)) AS ended_at,
       count(*) AS events, count(*) FILTER (WHERE is_view) AS page_views,
       count(DISTINCT page) FILTER (WHERE is_view) AS distinct_pages, arg_min(page, n) FILTER (WHERE is_view) AS entry_page,
       arg_max(page, n) FILTER (WHERE is_view) AS exit_page, count(*) = 1 AS is_bounce
FROM numbered
GROUP BY user_id, session_number
--# side DuckDB: copies looked up by id, pages numbered
--# engine duckdb
WITH copies AS (
    SELECT raw_id
    FROM (SELECT raw_id, user_id, event_id, epoch_us(ts) AS ts
          FROM wide SEMI JOIN (SELECT user_id, event_id FROM wide GROUP BY user_id, event_id HAVING count(*) > 1)
                    USING (user_id, event_id))
    QUALIFY ts - lag(ts) OVER (PARTITION BY user_id, event_id ORDER BY ts, raw_id) <= 604800000000
),
pages AS MATERIALIZED (
    SELECT page, row_number() OVER () AS page_key FROM (SELECT DISTINCT page FROM wide)
),
kept AS (
    SELECT user_id, epoch_us(ts) AS ts, event_id, raw_id, CASE WHEN event_name = 'page_view' THEN page_key END AS page_key
    FROM wide ANTI JOIN copies USING (raw_id) JOIN pages USING (page)
),
flagged AS (
    SELECT user_id, ts, page_key, row_number() OVER w AS n,
           CASE WHEN ts - lag(ts) OVER w <= 1800000000 THEN 0 ELSE 1 END AS starts
    FROM kept WINDOW w AS (PARTITION BY user_id ORDER BY ts, event_id, raw_id)
),
numbered AS (
    SELECT *, sum(starts) OVER (PARTITION BY user_id ORDER BY n ROWS UNBOUNDED PRECEDING) AS session_number FROM flagged
),
session AS (
    SELECT user_id, session_number, min(ts) AS started_at, max(ts) AS ended_at, count(*) AS events,
           count(page_key) AS page_views, list(page_key) FILTER (WHERE page_key IS NOT NULL) AS keys,
           arg_min(page_key, n) AS entry_key, arg_max(page_key, n) AS exit_key
    FROM numbered
    GROUP BY user_id, session_number
)
SELECT user_id, session_number, make_timestamptz(started_at) AS started_at, make_timestamptz(ended_at) AS ended_at, events,
       page_views, coalesce(list_unique(keys), 0) AS distinct_pages, entry.page AS entry_page, exit.page AS exit_page,
       events = 1 AS is_bounce
FROM session LEFT JOIN pages AS entry ON entry.page_key = entry_key LEFT JOIN pages AS exit ON exit.page_key = exit_key

--# side rebuild() of a pipeline, sessions only
--# role ours
--# needs sessionize.rebuild
--# before
SELECT sessionize.create_pipeline('bench', 'wide', key => 'user_id', event_time => 'ts', event_id => 'event_id',
    event_name => 'event_name', page => 'page', raw_id => 'raw_id', user_id => '', max_duration => NULL, store_events => false)
--# run
CALL sessionize.rebuild('bench')
--# check
SELECT count(*), sum(events), sum(page_views), sum(distinct_pages), count(*) FILTER (WHERE is_bounce),
       sum(us(ended_at) - us(started_at)), sum((us(started_at) % 1000003) * (session_key % 1009)),
       count(entry_page), sum(digest(entry_page) * (session_key % 1009)), sum(digest(exit_page) * (us(ended_at) % 1009))
FROM bench.sessions
--# after
SELECT sessionize.drop_pipeline('bench')
--# side rebuild() of a pipeline, sessions and events
--# needs sessionize.rebuild
--# before
SELECT sessionize.create_pipeline('bench', 'wide', key => 'user_id', event_time => 'ts', event_id => 'event_id',
    event_name => 'event_name', page => 'page', raw_id => 'raw_id', user_id => '', max_duration => NULL)
--# run
CALL sessionize.rebuild('bench')
--# check
SELECT count(*), sum(events), sum(page_views), sum(distinct_pages), count(*) FILTER (WHERE is_bounce),
       sum(us(ended_at) - us(started_at)), sum((us(started_at) % 1000003) * (session_key % 1009)),
       count(entry_page), sum(digest(entry_page) * (session_key % 1009)), sum(digest(exit_page) * (us(ended_at) % 1009))
FROM bench.sessions
--# after
SELECT sessionize.drop_pipeline('bench')

--# side floor: max(user_id), max(ts)
--# role floor
--# run
SELECT max(user_id), max(ts) FROM wide
--# check
--# after
