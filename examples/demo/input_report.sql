-- input_report.sql: what came out of a file that load.sql loaded, one "name value" a line.
\set ON_ERROR_STOP on
\pset footer off
SET TimeZone = 'UTC';

SELECT count(*) AS problems FROM raw.events WHERE problem IS NOT NULL \gset
SELECT :problems > 0 AS has_problems \gset

\echo
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' '
SELECT rpad(name, 11), value
FROM sessionize.reconcile('web'),
     LATERAL (VALUES (1, 'raw rows', raw_rows), (2, 'events', events), (3, 'duplicates', duplicates),
                     (4, 'quarantined', quarantined),
                     (5, 'users', (SELECT count(DISTINCT session_key) FROM web.fact_session)),
                     (6, 'sessions', (SELECT count(*) FROM web.fact_session))) AS line (n, name, value)
ORDER BY n;
\pset tuples_only off
\pset format aligned

\echo
\if :has_problems
\echo 'Lines no event can be made of'
SELECT left(problem, 70) AS problem, count(*) AS lines, min(line_no) AS "first line"
FROM raw.events WHERE problem IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 3 LIMIT 10;
\endif

\echo 'Sessions per day'
SELECT * FROM (
    SELECT to_char(d.date, 'YYYY-MM-DD Dy') AS day, count(*) AS sessions,
           repeat('#', (60 * count(*) / max(count(*)) OVER ())::int) AS " "
    FROM web.fact_session JOIN web.dim_date AS d USING (date_key)
    GROUP BY d.date ORDER BY d.date DESC LIMIT 31) AS latest
ORDER BY day;

\echo 'Top entry pages'
SELECT left(coalesce(entry_page, '(none)'), 60) AS entry_page, count(*) AS sessions,
       round(100.0 * count(*) FILTER (WHERE is_bounce) / count(*), 1) AS "bounce %"
FROM web.sessions
GROUP BY entry_page ORDER BY count(*) DESC, entry_page LIMIT 10;
