-- The live views of rollups: what the rollup would be if refreshed now, against the rollup after the refresh, against GROUP BY over
-- the live views of sessions and events, and against the raw rows.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA raw;
CREATE TABLE raw.events (
	raw_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id text,
	visitor  numeric NOT NULL,
	at       timestamptz NOT NULL,
	name     text,
	page     text,
	price    numeric,
	source   text,
	medium   text,
	points   bigint
);
CREATE INDEX ON raw.events (visitor, at);
CREATE FUNCTION raw.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO raw.events (event_id, visitor, at, name, page, price, source, medium)
SELECT 'e' || n, round(n % 37 / 2.0, n % 3 + 1), '2026-01-01Z'::timestamptz + (hashint4(n) & 65535) * interval '1 minute',
       (ARRAY['view', 'buy', 'search', NULL])[(hashint4(n * 3) & 3) + 1],
       CASE WHEN hashint4(n * 5) & 7 > 0 THEN '/p' || (hashint4(n * 7) & 7) END,
       CASE WHEN hashint4(n * 5) & 3 > 0 THEN round((hashint4(n * 7) & 1023) / 8.0, (n % 3) + 1) END,
       (ARRAY['ads', 'mail', NULL, 'x' || n])[(hashint4(n) & 3) + 1], (ARRAY['cpc', 'organic'])[hashint4(n) & 1 + 1]
FROM generate_series(first, last) AS n
$$;
SELECT raw.add(1, 2000);
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'visitor', event_time => 'at', event_name => 'name', page => 'page',
	page_view => 'name = ''view''', max_duration => NULL, time_zone => 'Europe/Berlin');
SELECT sessionize.add_measure('web', 'revenue', 'sum', 'price', 'name = ''buy''');
SELECT sessionize.add_measure('web', 'converted', 'any', filter => 'name = ''buy''');
SELECT sessionize.add_measure('web', 'amount', 'sum', 'price', grain => 'event');
SELECT sessionize.add_measure('web', 'points', 'sum', 'points');
-- it has more members than it may have, so that some are "(other)"
SELECT sessionize.add_dimension('web', 'campaign', '{"source": "source", "medium": "medium"}', pick => 'first', max_members => 4);
SELECT sessionize.add_dimension('web', 'channel', '{"name": "source"}', grain => 'event');
SELECT sessionize.create_rollup('web', 'days', '{day, entry_page, is_bounce}', '{events, page_views, revenue, count(revenue), converted, duration}');
SELECT sessionize.create_rollup('web', 'by campaign', '{week, campaign_source, started_by}', '{events}');
SELECT sessionize.create_rollup('web', 'campaigns', '{month, campaign}');
SELECT sessionize.create_rollup('web', 'hours', '{hour, event_name, page, channel}', '{amount, page_view, count(amount)}', grain => 'event');

-- a star that is not built, and of which nothing is logged yet, has no live rows
SELECT count(*) FROM web.days_live;
CALL sessionize.rebuild('web');
SELECT count(*) > 0 AS has_others FROM web."by campaign_live" WHERE campaign_source = '(other)';
\d web.days_live
SELECT relation, obj_description(('web.' || quote_ident(relation))::regclass) FROM unnest('{days_live,by campaign_live}'::text[]) AS relation;
SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'web.days_live'::regclass ORDER BY attnum;

-- what GROUP BY over the live views and the raw rows gives
CREATE VIEW raw.wrong AS
WITH days AS (
	SELECT date AS day, entry_page, is_bounce, count(*) AS sessions, sum(events) AS events, sum(page_views) AS page_views,
	       coalesce(sum(revenue), 0) AS revenue, count(revenue) AS revenue_count, count(*) FILTER (WHERE converted) AS converted, sum(duration) AS duration
	FROM web.sessions_live GROUP BY date, entry_page, is_bounce
), weeks AS (
	SELECT date_trunc('week', date)::date AS week, campaign_source, started_by, count(*) AS sessions, sum(events) AS events FROM web.sessions_live GROUP BY 1, 2, 3
), months AS (
	SELECT date_trunc('month', date)::date AS month, campaign_medium, campaign_source, count(*) AS sessions FROM web.sessions_live GROUP BY 1, 2, 3
), hours AS (
	SELECT date_trunc('hour', event_time) AS hour, event_name, page, channel_name, count(*) AS events, coalesce(sum(amount), 0) AS amount,
	       count(*) FILTER (WHERE page_view) AS page_view, count(amount) AS amount_count
	FROM web.events_live GROUP BY 1, 2, 3, 4
), raw_days AS (
	SELECT (at AT TIME ZONE 'Europe/Berlin')::date AS day, name, count(DISTINCT (visitor, event_id)) AS events FROM raw.events GROUP BY 1, 2
), rolled_days AS (
	SELECT (hour AT TIME ZONE 'Europe/Berlin')::date AS day, event_name, sum(events)::bigint AS events FROM web.hours_live GROUP BY 1, 2
)
(SELECT 'days' AS rollup, to_jsonb(w) AS is_wrong FROM (TABLE web.days_live EXCEPT ALL TABLE days) AS w) UNION ALL
(SELECT 'days', to_jsonb(w) FROM (TABLE days EXCEPT ALL TABLE web.days_live) AS w) UNION ALL
(SELECT 'weeks', to_jsonb(w) FROM (TABLE web."by campaign_live" EXCEPT ALL TABLE weeks) AS w) UNION ALL
(SELECT 'weeks', to_jsonb(w) FROM (TABLE weeks EXCEPT ALL TABLE web."by campaign_live") AS w) UNION ALL
(SELECT 'months', to_jsonb(w) FROM (TABLE web.campaigns_live EXCEPT ALL TABLE months) AS w) UNION ALL
(SELECT 'months', to_jsonb(w) FROM (TABLE months EXCEPT ALL TABLE web.campaigns_live) AS w) UNION ALL
(SELECT 'hours', to_jsonb(w) FROM (TABLE web.hours_live EXCEPT ALL TABLE hours) AS w) UNION ALL
(SELECT 'hours', to_jsonb(w) FROM (TABLE hours EXCEPT ALL TABLE web.hours_live) AS w) UNION ALL
(SELECT 'raw', to_jsonb(w) FROM (TABLE raw_days EXCEPT ALL TABLE rolled_days) AS w) UNION ALL
(SELECT 'raw', to_jsonb(w) FROM (TABLE rolled_days EXCEPT ALL TABLE raw_days) AS w);

-- how the rollups differ from their live views now; and from what these were when they were kept
CREATE TABLE raw.kept (rollup text, part jsonb);
CREATE VIEW raw.rolled AS
SELECT 'days' AS rollup, to_jsonb(r) AS part FROM web.days AS r UNION ALL SELECT 'weeks', to_jsonb(r) FROM web."by campaign" AS r
UNION ALL SELECT 'months', to_jsonb(r) FROM web.campaigns AS r UNION ALL SELECT 'hours', to_jsonb(r) FROM web.hours AS r;
CREATE FUNCTION raw.keep(OUT pending bigint, OUT rollups_that_differ bigint, OUT wrong bigint) LANGUAGE sql AS $$
TRUNCATE raw.kept;
INSERT INTO raw.kept SELECT 'days', to_jsonb(r) FROM web.days_live AS r UNION ALL SELECT 'weeks', to_jsonb(r) FROM web."by campaign_live" AS r
UNION ALL SELECT 'months', to_jsonb(r) FROM web.campaigns_live AS r UNION ALL SELECT 'hours', to_jsonb(r) FROM web.hours_live AS r;
SELECT (SELECT count(DISTINCT session_key) FROM web.dirty),
       (SELECT count(DISTINCT rollup) FROM ((TABLE raw.kept EXCEPT ALL TABLE raw.rolled) UNION ALL (TABLE raw.rolled EXCEPT ALL TABLE raw.kept)) AS d),
       (SELECT count(*) FROM raw.wrong)
$$;
CREATE FUNCTION raw.compare(OUT wrong bigint, OUT verify bigint) LANGUAGE sql AS $$
SELECT (SELECT count(*) FROM ((TABLE raw.kept EXCEPT ALL TABLE raw.rolled) UNION ALL (TABLE raw.rolled EXCEPT ALL TABLE raw.kept)) AS d),
       (SELECT count(*) FROM sessionize.verify('web'))
$$;
SELECT * FROM raw.keep();

-- new events: of new sessions, and of sessions that the star has
SELECT raw.add(2001, 2010);
INSERT INTO raw.events (event_id, visitor, at, name, page, price) SELECT 'more' || n, 1.0, max(ended_at) + n * interval '1 minute', 'buy', '/more', n
FROM web.sessions, generate_series(1, 3) AS n WHERE session_key = 1 GROUP BY n;
SELECT sum(events) FROM web.hours_live WHERE page = '/more' AND hour >= '2026-01-01Z';
SELECT * FROM raw.keep();
CALL sessionize.refresh('web');
SELECT * FROM raw.compare();

-- late, corrected, doubled and deleted rows, and a key that goes
UPDATE raw.events SET at = at - interval '40 days', price = price + 1.25, source = 'late' WHERE raw_id % 91 = 0;
INSERT INTO raw.events (event_id, visitor, at, name, page) SELECT event_id, visitor, at, name, page FROM raw.events WHERE raw_id % 97 = 0;
DELETE FROM raw.events WHERE visitor = 3 OR raw_id % 89 = 0;
SELECT * FROM raw.keep();
CALL sessionize.refresh('web');
SELECT * FROM raw.compare();

-- a filter of a measure no longer holds, values become NULL and NaN, and a session is split
UPDATE raw.events SET name = 'search' WHERE visitor = 1 AND name = 'buy';
UPDATE raw.events SET price = NULL, page = NULL WHERE visitor = 2;
UPDATE raw.events SET price = 'NaN' WHERE visitor = 4 AND raw_id % 2 = 0;
DELETE FROM raw.events WHERE visitor = 5 AND raw_id % 2 = 0;
SELECT count(*) FROM web.hours_live WHERE amount = 'NaN';
SELECT rollups_that_differ FROM raw.keep();
CALL sessionize.refresh('web');
SELECT * FROM raw.compare();
UPDATE raw.events SET price = 7 WHERE visitor = 4;
SELECT * FROM raw.keep();
CALL sessionize.refresh('web');
SELECT * FROM raw.compare();

-- the first and the last days that there are
INSERT INTO raw.events (event_id, visitor, at, name) VALUES ('first', 6, '0001-01-02 00:00Z', 'view'), ('last', 6, '9999-12-30 23:30Z', 'view');
SELECT day, sum(sessions) FROM web.days_live WHERE day < '1900-01-01' OR day > '2100-01-01' GROUP BY 1 ORDER BY 1;
SELECT pending, rollups_that_differ FROM raw.keep();
CALL sessionize.refresh('web');
SELECT * FROM raw.compare();
DELETE FROM raw.events WHERE event_id IN ('first', 'last');
SELECT * FROM raw.keep();
CALL sessionize.refresh('web');

-- an erasure is seen at once, with other changes pending
SELECT raw.add(2011, 2015);
SELECT sessionize.erase_user('web', '7') IS NOT NULL AS erased;
SELECT * FROM raw.keep();
CALL sessionize.refresh('web');
SELECT * FROM raw.compare();

-- a key that can't be derived counts as it is stored, which a refresh leaves as well
UPDATE raw.events SET points = 9000000000000000000 WHERE visitor = 8;
UPDATE raw.events SET price = 4 WHERE visitor IN (9, 10);
SELECT pending, rollups_that_differ FROM raw.keep();
CALL sessionize.refresh('web');
SELECT count(*) FROM sessionize.run_errors;
SELECT wrong FROM raw.compare();
UPDATE raw.events SET points = 1 WHERE visitor = 8;
SELECT * FROM raw.keep();
CALL sessionize.refresh('web');
SELECT * FROM raw.compare();

-- what the transaction has changed is not logged before it commits, and an old snapshot sees what was then
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM raw.keep();
COMMIT;

-- rules that have changed: what is stored is not what they say, and keys can't be derived one by one
SELECT sessionize.alter_pipeline('web', gap => '2 hours', time_zone => 'Asia/Tokyo');
SELECT count(*) > 0 FROM web.days_live;
SELECT raw.add(2016, 2016);
SELECT count(*) FROM web.days_live;
CALL sessionize.refresh('web');
SELECT raw.add(2017, 2018);
SELECT * FROM raw.wrong WHERE rollup <> 'raw';
CALL sessionize.refresh('web');
SELECT sessionize.alter_pipeline('web', gap => '30 minutes', time_zone => 'Europe/Berlin');
CALL sessionize.refresh('web');

-- a rollup that the next refresh fills: its live view reads the facts
SELECT sessionize.create_rollup('web', 'later', '{day, channel_name}', '{amount}', grain => 'event', concurrently => true);
SELECT raw.add(2019, 2022);
SELECT count(*) FROM web.later;
CREATE TABLE raw.later AS TABLE web.later_live;
SELECT count(*) FROM (SELECT date, channel_name, count(*), coalesce(sum(amount), 0) FROM web.events_live GROUP BY 1, 2 EXCEPT ALL TABLE web.later_live) AS wrong;
CALL sessionize.refresh('web');
SELECT count(*) > 10 FROM web.later;
SELECT count(*) FROM ((TABLE raw.later EXCEPT ALL TABLE web.later) UNION ALL (TABLE web.later EXCEPT ALL TABLE raw.later)) AS wrong;

-- of a measure that the views don't show yet, since they were in use when the star was built
SELECT sessionize.add_measure('web', 'searches', 'count', filter => 'name = ''search''');
SELECT sessionize.create_rollup('web', 'searched', '{day}', '{searches}');
CALL sessionize.refresh('web');
SELECT raw.add(2023, 2040);
UPDATE sessionize.measure SET visible = false WHERE measure = 'searches';
CREATE TABLE raw.searched AS TABLE web.searched_live;
UPDATE sessionize.measure SET visible = true WHERE measure = 'searches';
CALL sessionize.refresh('web');
SELECT count(*) FROM ((TABLE raw.searched EXCEPT ALL TABLE web.searched) UNION ALL (TABLE web.searched EXCEPT ALL TABLE raw.searched)) AS wrong;
SELECT sessionize.drop_rollup('web', 'searched');
SELECT to_regclass('web.searched_live');

-- SELECT on the live view of a rollup is enough, and needed
CREATE ROLE regress_rollup_reader;
CREATE ROLE regress_rollup_other;
SELECT sessionize.grant_reader('web', 'regress_rollup_reader');
SELECT sessionize.create_rollup('web', 'more', '{day}');
GRANT USAGE ON SCHEMA web TO regress_rollup_other;
GRANT SELECT ON web.more_live TO regress_rollup_other;
SELECT raw.add(2041, 2044);
SELECT pipeline_id AS id FROM sessionize.pipeline WHERE pipeline_name = 'web' \gset
SET ROLE regress_rollup_reader;
SELECT sum(sessions) = (SELECT count(*) FROM web.sessions_live) FROM web.days_live;
SELECT sum(sessions) = (SELECT count(*) FROM web.sessions_live) FROM web.more_live;
SET ROLE regress_rollup_other;
SELECT sum(sessions) > 0 FROM web.more_live;
SELECT sum(sessions) FROM web.days_live;
SELECT sum(events) FROM web.sessions_live;
SELECT * FROM sessionize.live_rollup(:id, 1) AS l (day date, entry_page text, is_bounce boolean, sessions bigint);
RESET ROLE;

-- calls by hand
SELECT count(*) FROM sessionize.live_rollup(NULL, 1) AS l (day date);
SELECT * FROM sessionize.live_rollup(-1, 1) AS l (day date);
SELECT * FROM sessionize.live_rollup(:id, 99) AS l (day date);
SELECT number FROM sessionize.rollup WHERE pipeline_id = :id AND rollup = 'more' \gset
SELECT * FROM sessionize.live_rollup(:id, :number) AS l (day text, sessions bigint);
SELECT * FROM sessionize.live_rollup(:id, :number) AS l (day date);
SELECT sum(sessions) > 0 FROM sessionize.live_rollup(:id, :number) AS l (day date, sessions bigint) WHERE day IS NOT NULL;

-- names: one that is taken, and one with quotes
SELECT sessionize.create_rollup('web', 'days_live', '{day}');
CREATE VIEW web.taken_live AS SELECT 1;
SELECT sessionize.create_rollup('web', 'taken', '{day}');
DROP VIEW web.taken_live;
SELECT sessionize.create_rollup('web', 'a "b" %s''c', '{day}');
SELECT sum(sessions) = (SELECT sum(sessions) FROM web.days_live) FROM web."a ""b"" %s'c_live";
SELECT sessionize.drop_rollup('web', 'a "b" %s''c');

-- not dropped while another view uses it
CREATE VIEW raw.uses AS SELECT * FROM web.more_live;
SELECT sessionize.drop_rollup('web', 'more');
DROP VIEW raw.uses;
SELECT sessionize.drop_rollup('web', 'more');

-- a new owner
CREATE ROLE regress_rollup_owner;
GRANT USAGE ON SCHEMA raw TO regress_rollup_owner;
GRANT SELECT, TRIGGER, TRUNCATE ON raw.events TO regress_rollup_owner;
SELECT sessionize.alter_pipeline_owner('web', 'regress_rollup_owner');
SELECT * FROM raw.keep();
CALL sessionize.refresh('web');
SELECT * FROM raw.compare();

-- without capture nothing is known to be pending
SELECT sessionize.create_pipeline('still', 'raw.events', key => 'visitor', event_time => 'at', capture => false);
CALL sessionize.rebuild('still');
SELECT sessionize.create_rollup('still', 'days', '{day}');
SELECT raw.add(2045, 2050);
SELECT count(*) FROM (TABLE still.days_live EXCEPT ALL TABLE still.days) AS wrong;
DROP VIEW raw.wrong, raw.rolled CASCADE;
SELECT sessionize.drop_pipeline('web'), sessionize.drop_pipeline('still');
SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('web');
DROP SCHEMA raw CASCADE;
DROP ROLE regress_rollup_owner, regress_rollup_reader, regress_rollup_other;
