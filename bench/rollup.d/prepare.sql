-- What the parts of bench/rollup share: the events, the processor time, and the measurement of a panel.
\set QUIET 1
SET client_min_messages = error;
CREATE EXTENSION pg_sessionize;
CREATE TABLE origin AS SELECT date_trunc('day', now()) - interval '90 days' AS at;

-- Events of sessions of 8, 40 seconds apart, from so many days since a day: five page views, two clicks, and in every fourth session a purchase
-- as the last.
CREATE FUNCTION make_events(first bigint, last bigint, visitors bigint, days int DEFAULT 90, since int DEFAULT 0)
RETURNS TABLE (event_id text, event_name text, visitor bigint, page text, country text, channel text, price numeric, version text, occurred_at timestamptz)
LANGUAGE sql AS $$
SELECT 'e' || n, CASE WHEN n % 8 < 5 THEN 'page_view' WHEN n % 8 < 7 OR s % 4 > 0 THEN 'click' ELSE 'purchase' END, v, '/p' || (hashint8(n % 8 + s) & 63),
       'c' || v % 20, (ARRAY['direct', 'search', 'mail', 'social', 'ads', 'partner'])[(hashint8(s + 7) & 65535) % 6 + 1],
       CASE WHEN n % 8 = 7 AND s % 4 = 0 THEN ((hashint8(s) & 65535) + 100) / 100.0 END, '1.' || (s & 3), at + (n % 8) * interval '40 seconds'
FROM generate_series(first, last) AS n,
     LATERAL (SELECT n / 8) AS session(s),
     LATERAL (SELECT (hashint8extended(s, 1) & 1099511627775) % visitors, origin.at + (since + days * (hashint8extended(s, 2) & 1048575) / 1048576.0) * interval '1 day' FROM origin) AS o(v, at)
$$;
CREATE FUNCTION make_raw(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE %I (raw_id bigint GENERATED ALWAYS AS IDENTITY, event_id text, event_name text, visitor bigint, page text, country text, channel text,
		price numeric, version text, occurred_at timestamptz)', name);
END
$$;
-- a pipeline with what the panels show
CREATE FUNCTION make_pipeline(name text, raw text) RETURNS void LANGUAGE sql AS $$
SELECT sessionize.create_pipeline(name, raw, key => 'visitor', page_view => 'event_name = ''page_view''');
SELECT sessionize.add_measure(name, 'revenue', 'sum', 'price');
SELECT sessionize.add_measure(name, 'converted', 'any', filter => 'event_name = ''purchase''');
SELECT sessionize.add_dimension(name, 'place', '{"country": "country"}', pick => 'first');
SELECT sessionize.add_dimension(name, 'origin', '{"channel": "channel"}', pick => 'first');
$$;
CREATE FUNCTION make_rollups(name text, which int[]) RETURNS void LANGUAGE sql AS $$
SELECT sessionize.create_rollup(name, 'days', '{day,origin,place}', '{events,page_views,is_bounce,duration,revenue,converted}') WHERE 1 = ANY (which);
SELECT sessionize.create_rollup(name, 'landing', '{day,entry_page}', '{is_bounce,duration}') WHERE 2 = ANY (which);
SELECT sessionize.create_rollup(name, 'hours', '{hour,event_name}', '{page_view}', grain => 'event') WHERE 3 = ANY (which);
$$;

-- processor time of this backend in milliseconds
CREATE FUNCTION cpu() RETURNS numeric LANGUAGE sql AS $$
SELECT split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat'), ' ', 1)::numeric / 1000000
$$;

-- The panels: over rollups, over the views of the star, and of TimescaleDB. Each has a range of days and one country, which vary.
CREATE TABLE panels (panel int, what text, rolled text, star text, timescale text);
CREATE TABLE samples (way text, panel int, ms numeric);

-- Each panel so many times with other parameters, each in a transaction of its own; all rows are fetched.
CREATE PROCEDURE run_panels(way text, times int, seconds int DEFAULT 0) LANGUAGE plpgsql AS $$
DECLARE
	p panels;
	query text;
	began timestamptz;
	ended timestamptz := clock_timestamp() + make_interval(secs => seconds);
	i int := 0;
	since date;
	until date;
	r record;
BEGIN
	PERFORM setseed(0.5);
	COMMIT;
	WHILE i < times OR clock_timestamp() < ended LOOP
		i := i + 1;
		FOR p IN SELECT * FROM panels ORDER BY panel LOOP
			-- the last 90, 30 or 7 days, or any range
			SELECT o.at::date + CASE i % 4 WHEN 0 THEN 0 WHEN 1 THEN 60 WHEN 2 THEN 83 ELSE (random() * 60)::int END INTO since FROM origin AS o;
			until := since + CASE i % 4 WHEN 0 THEN 91 WHEN 1 THEN 31 WHEN 2 THEN 8 ELSE 30 END;
			query := CASE WHEN way = 'star' THEN p.star WHEN way LIKE 'timescale%' THEN p.timescale ELSE p.rolled END;
			query := replace(replace(replace(query, '@since', quote_literal(since)), '@until', quote_literal(until)), '@country', quote_literal('c' || (random() * 19)::int));
			IF way = 'live' THEN
				query := regexp_replace(query, 'web\.(\w+)', 'web.\1_live');
			END IF;
			began := clock_timestamp();
			FOR r IN EXECUTE query LOOP
			END LOOP;
			INSERT INTO samples VALUES (way, p.panel, extract(epoch FROM clock_timestamp() - began) * 1000);
			COMMIT;
		END LOOP;
	END LOOP;
END
$$;
CREATE VIEW report AS
SELECT way, panel, what, count(*) AS runs, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 1) AS p50,
       round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)::numeric, 1) AS p95, round(max(ms), 1) AS max
FROM samples JOIN panels USING (panel) GROUP BY way, panel, what;
INSERT INTO panels VALUES
(1, 'sessions a day by channel', 'SELECT day, origin_channel, sum(sessions) FROM web.days WHERE day >= @since AND day < @until GROUP BY 1, 2 ORDER BY 1, 2',
 'SELECT date, origin_channel, count(*) FROM web.sessions WHERE date >= @since AND date < @until GROUP BY 1, 2 ORDER BY 1, 2',
 'SELECT day, channel, sum(sessions) FROM ts_days WHERE day >= @since AND day < @until GROUP BY 1, 2 ORDER BY 1, 2'),
(2, 'conversion rate a day of a country', 'SELECT day, sum(converted) / sum(sessions) FROM web.days WHERE day >= @since AND day < @until AND place_country = @country GROUP BY 1 ORDER BY 1',
 'SELECT date, avg(converted::int) FROM web.sessions WHERE date >= @since AND date < @until AND place_country = @country GROUP BY 1 ORDER BY 1',
 'SELECT day, sum(converted) / sum(sessions) FROM ts_days WHERE day >= @since AND day < @until AND country = @country GROUP BY 1 ORDER BY 1'),
(3, 'events an hour by name', 'SELECT hour, event_name, sum(events) FROM web.hours WHERE hour >= @since AND hour < @until GROUP BY 1, 2 ORDER BY 1, 2',
 'SELECT date_trunc(''hour'', event_time), event_name, count(*) FROM web.events WHERE event_time >= @since AND event_time < @until GROUP BY 1, 2 ORDER BY 1, 2',
 'SELECT hour, event_name, sum(events) FROM ts_hours WHERE hour >= @since AND hour < @until GROUP BY 1, 2 ORDER BY 1, 2'),
(4, 'revenue a week by country', 'SELECT date_trunc(''week'', day), place_country, sum(revenue) FROM web.days WHERE day >= @since AND day < @until GROUP BY 1, 2 ORDER BY 1, 2',
 'SELECT date_trunc(''week'', date), place_country, coalesce(sum(revenue), 0) FROM web.sessions WHERE date >= @since AND date < @until GROUP BY 1, 2 ORDER BY 1, 2',
 'SELECT date_trunc(''week'', day), country, sum(revenue) FROM ts_days WHERE day >= @since AND day < @until GROUP BY 1, 2 ORDER BY 1, 2'),
(5, 'bounce share by landing page, the first 20', 'SELECT entry_page, sum(sessions) AS n, sum(is_bounce) / sum(sessions) FROM web.landing WHERE day >= @since AND day < @until GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20',
 'SELECT entry_page, count(*) AS n, avg(is_bounce::int) FROM web.sessions WHERE date >= @since AND date < @until GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20',
 'SELECT entry_page, sum(sessions) AS n, sum(bounces) / sum(sessions) FROM ts_landing WHERE day >= @since AND day < @until GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20'),
(6, 'duration and pages of a session by channel', 'SELECT origin_channel, sum(duration) / sum(sessions)::float8, sum(page_views) / sum(sessions) FROM web.days WHERE day >= @since AND day < @until GROUP BY 1 ORDER BY 1',
 'SELECT origin_channel, avg(duration), avg(page_views) FROM web.sessions WHERE date >= @since AND date < @until GROUP BY 1 ORDER BY 1',
 'SELECT channel, sum(duration) / sum(sessions)::float8, sum(page_views) / sum(sessions) FROM ts_days WHERE day >= @since AND day < @until GROUP BY 1 ORDER BY 1');
