-- The same panels over continuous aggregates of TimescaleDB. It knows no sessions, so that those of the star are copied into a
-- hypertable; it is given what it can aggregate, and nothing has to be kept up to date while it is measured.
\set QUIET 1
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE EXTENSION timescaledb;
CREATE TABLE ts_sessions AS SELECT session_id, started_at, ended_at - started_at AS duration, page_views, entry_page, is_bounce, converted, revenue, place_country AS country, origin_channel AS channel
FROM web.sessions WITH NO DATA;
CREATE TABLE ts_events AS SELECT event_time, event_name FROM web.events WITH NO DATA;
SELECT create_hypertable('ts_sessions', 'started_at'), create_hypertable('ts_events', 'event_time') \g /dev/null
INSERT INTO ts_sessions SELECT session_id, started_at, ended_at - started_at, page_views, entry_page, is_bounce, converted, revenue, place_country, origin_channel FROM web.sessions;
INSERT INTO ts_events SELECT event_time, event_name FROM web.events;
CREATE MATERIALIZED VIEW ts_days WITH (timescaledb.continuous) AS
SELECT time_bucket('1 day', started_at) AS day, channel, country, count(*) AS sessions, sum(page_views) AS page_views, sum(duration) AS duration, coalesce(sum(revenue), 0) AS revenue,
       count(*) FILTER (WHERE converted) AS converted
FROM ts_sessions GROUP BY 1, 2, 3;
CREATE MATERIALIZED VIEW ts_landing WITH (timescaledb.continuous) AS
SELECT time_bucket('1 day', started_at) AS day, entry_page, count(*) AS sessions, count(*) FILTER (WHERE is_bounce) AS bounces FROM ts_sessions GROUP BY 1, 2;
CREATE MATERIALIZED VIEW ts_hours WITH (timescaledb.continuous) AS
SELECT time_bucket('1 hour', event_time) AS hour, event_name, count(*) AS events FROM ts_events GROUP BY 1, 2;
VACUUM ANALYZE;
SELECT 'TimescaleDB ' || extversion || ', rows of its aggregates ' || (SELECT count(*) FROM ts_days) || ', ' || (SELECT count(*) FROM ts_landing) || ', ' || (SELECT count(*) FROM ts_hours)
FROM pg_extension WHERE extname = 'timescaledb';
\echo panel, rows of the star that are not of the aggregates, rows
SELECT panel, (SELECT count(*) FROM (SELECT answer(star) EXCEPT ALL SELECT replace(replace(answer(timescale), ' 00:00:00+00', ''), '"', '')) AS d), (SELECT count(*) FROM answer(star)) FROM panels WHERE panel NOT IN (3, 4) ORDER BY panel;
CALL run_panels('timescale', :runs);
-- with what its policies have not materialized yet, which is nothing here
ALTER MATERIALIZED VIEW ts_days SET (timescaledb.materialized_only = false);
ALTER MATERIALIZED VIEW ts_landing SET (timescaledb.materialized_only = false);
ALTER MATERIALIZED VIEW ts_hours SET (timescaledb.materialized_only = false);
CALL run_panels('timescale, real time', :runs);
\echo
\echo panel in milliseconds: way, panel, runs, p50, p95, max
SELECT * FROM report WHERE way LIKE 'timescale%' ORDER BY panel, way;
-- a hypertable can't be dropped together with another table
DROP TABLE ts_sessions CASCADE;
DROP TABLE ts_events CASCADE;
DROP EXTENSION timescaledb;
