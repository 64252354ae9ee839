-- The examples of docs/reference/functions.md.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
CREATE SCHEMA function_examples;
SET search_path = function_examples;

CREATE TABLE events (user_id bigint, ts timestamptz, page text, campaign text);
INSERT INTO events VALUES
  (1, '2026-01-05 10:00', '/', 'spring'),
  (1, '2026-01-05 10:20', '/pricing', NULL),
  (1, '2026-01-05 10:50', '/signup', NULL),
  (1, '2026-01-05 11:20:00.000001', '/', 'spring'),
  (2, '2026-01-05 09:00', '/blog', NULL),
  (2, '2026-01-05 09:10', '/', 'mail');

SELECT user_id, s.*
FROM (SELECT user_id, sessionize.session_agg(ts, '30 minutes') AS sessions FROM events GROUP BY user_id) AS u,
     unnest(sessions) AS s
ORDER BY user_id, started_at;

SELECT user_id, sessionize.session_count(ts, '30 minutes') FROM events GROUP BY user_id ORDER BY user_id;

CREATE TABLE visits AS SELECT i % 500 AS user_id, timestamptz '2026-01-05' + i * interval '7 seconds' AS ts FROM generate_series(1, 10000) AS i;
ANALYZE visits;
EXPLAIN (COSTS OFF) SELECT user_id, sessionize.session_count(ts, '30 minutes') FROM visits GROUP BY user_id;

SELECT (ROW('2026-01-05 10:00', '2026-01-05 10:50', 3)::sessionize.session).events;

SELECT user_id, ts, page,
       sessionize.session_number(ts, '30 minutes') OVER w AS number,
       sessionize.session_start(ts, '30 minutes') OVER w AS start
FROM events
WINDOW w AS (PARTITION BY user_id ORDER BY ts)
ORDER BY user_id, ts;

SELECT user_id, ts, page,
       sessionize.session_number(ts, '30 minutes', '45 minutes', campaign IS NOT NULL) OVER w AS number
FROM events
WINDOW w AS (PARTITION BY user_id ORDER BY ts)
ORDER BY user_id, ts;

SELECT user_id,
       sessionize.first_by(page, ts) AS entry_page,
       sessionize.last_by(page, ts) AS exit_page
FROM events GROUP BY user_id ORDER BY user_id;

SELECT user_id, sessionize.last_by(campaign, ts) FILTER (WHERE campaign IS NOT NULL) AS last_campaign
FROM events GROUP BY user_id ORDER BY user_id;

SELECT user_id, number,
       min(ts) AS started_at, max(ts) AS ended_at, count(*) AS events,
       sessionize.first_by(page, ts) AS entry_page,
       sessionize.last_by(page, ts) AS exit_page
FROM (SELECT *, sessionize.session_number(ts, '30 minutes') OVER (PARTITION BY user_id ORDER BY ts) AS number FROM events) AS e
GROUP BY user_id, number
ORDER BY user_id, number;

SELECT user_id, sessionize.session_count(ts, '30 minutes' - interval '1 microsecond') FROM events GROUP BY user_id ORDER BY user_id;

SET client_min_messages = warning;
DROP SCHEMA function_examples CASCADE;
