-- report.sql: what an analyst would look at first in the star of pipeline "web".
\set ON_ERROR_STOP on
\pset footer off
SET TimeZone = 'UTC';

\echo
\echo 'Accounting: every raw row is accounted for (difference = 0)'
SELECT raw_rows, events, duplicates, quarantined, late, pending, difference FROM sessionize.reconcile('web');

\echo 'Sessions per day'
SELECT to_char(d.date, 'YYYY-MM-DD Dy') AS day, count(*) AS sessions,
       repeat('#', (60 * count(*) / max(count(*)) OVER ())::int) AS " "
FROM web.fact_session JOIN web.dim_date AS d USING (date_key)
GROUP BY d.date ORDER BY d.date;

\echo 'Top entry pages'
SELECT coalesce(entry_page, '(none)') AS entry_page, count(*) AS sessions,
       round(100.0 * count(*) FILTER (WHERE is_bounce) / count(*), 1) AS "bounce %",
       round(avg(page_views), 1) AS "pages a session"
FROM web.sessions
GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 10;

\echo 'All sessions'
SELECT count(*) AS sessions, count(DISTINCT session_key) AS users,
       round(avg(events), 1) AS "events a session", max(events) AS "longest",
       round(100.0 * count(*) FILTER (WHERE is_bounce) / count(*), 1) AS "bounce %",
       justify_hours(date_trunc('second', avg(duration) FILTER (WHERE NOT is_bounce))) AS "average duration"
FROM web.sessions;

\echo 'Funnel: sessions that went so far, in this order'
WITH product AS (
    SELECT session_id, min(event_time) AS at FROM web.events WHERE page LIKE '/product/%' GROUP BY 1
), cart AS (
    SELECT session_id, min(e.event_time) AS at FROM web.events AS e JOIN product USING (session_id)
    WHERE e.event_name = 'add_to_cart' AND e.event_time >= product.at GROUP BY 1
), checkout AS (
    SELECT session_id, min(e.event_time) AS at FROM web.events AS e JOIN cart USING (session_id)
    WHERE e.page = '/checkout' AND e.event_time >= cart.at GROUP BY 1
), purchase AS (
    SELECT session_id, min(e.event_time) AS at FROM web.events AS e JOIN checkout USING (session_id)
    WHERE e.event_name = 'purchase' AND e.event_time >= checkout.at GROUP BY 1
), step (step, what, sessions) AS (
    VALUES (1, 'viewed a product', (SELECT count(*) FROM product)), (2, 'added to cart', (SELECT count(*) FROM cart)),
           (3, 'began checkout', (SELECT count(*) FROM checkout)), (4, 'purchased', (SELECT count(*) FROM purchase))
)
SELECT step, what, sessions, round(100.0 * sessions / nullif(lag(sessions) OVER w, 0), 1) AS "% of the step before",
       round(100.0 * sessions / nullif(first_value(sessions) OVER w, 0), 1) AS "% of the first"
FROM step WINDOW w AS (ORDER BY step) ORDER BY step;
