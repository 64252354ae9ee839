-- Rollups: counts and sums that refreshes keep, against GROUP BY over the views and the raw rows.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA raw;
CREATE TABLE raw.events (
	raw_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id text,
	visitor  text NOT NULL,
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
SELECT 'e' || n, 'v' || n % 37, '2026-01-01Z'::timestamptz + (hashint4(n) & 65535) * interval '1 minute',
       (ARRAY['view', 'buy', 'search', NULL])[(hashint4(n * 3) & 3) + 1],
       CASE WHEN hashint4(n * 5) & 7 > 0 THEN '/p' || (hashint4(n * 7) & 7) END,
       CASE WHEN hashint4(n * 5) & 3 > 0 THEN round((hashint4(n * 7) & 1023) / 8.0, (n % 3) + 1) END,
       (ARRAY['ads', 'mail', NULL])[n % 3 + 1], (ARRAY['cpc', 'organic'])[hashint4(n) & 1 + 1]
FROM generate_series(first, last) AS n
$$;
SELECT raw.add(1, 3000);
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'visitor', event_time => 'at', event_name => 'name', page => 'page',
	page_view => 'name = ''view''', max_duration => NULL, time_zone => 'Europe/Berlin');
SELECT sessionize.add_measure('web', 'revenue', 'sum', 'price', 'name = ''buy''');
SELECT sessionize.add_measure('web', 'converted', 'any', filter => 'name = ''buy''');
SELECT sessionize.add_measure('web', 'amount', 'sum', 'price', grain => 'event');
SELECT sessionize.add_measure('web', 'points', 'sum', 'points');
SELECT sessionize.add_measure('web', 'kinds', 'max', 'name');
SELECT sessionize.add_dimension('web', 'campaign', '{"source": "source", "medium": "medium"}', pick => 'first');
SELECT sessionize.add_dimension('web', 'channel', '{"name": "source"}', grain => 'event');

-- one before the star is built, which each kind of refresh keeps
SELECT sessionize.create_rollup('web', 'days', by => '{day, entry_page, is_bounce}',
	measures => '{events, page_views, revenue, count(revenue), converted, duration}');
\d web.days
CALL sessionize.rebuild('web');

-- and others of a star that is built, at all grains of time
SELECT sessionize.create_rollup('web', 'by campaign', '{week, campaign_source, started_by}', '{events}');
SELECT sessionize.create_rollup('web', 'campaigns', '{month, campaign}');
SELECT sessionize.create_rollup('web', 'hours', '{hour, event_name, page, channel}', '{amount, page_view, count(amount)}', grain => 'event');
SELECT rollup, grain, by, measures, filled_at IS NOT NULL AS filled FROM sessionize.rollups;
SELECT relation, obj_description(('web.' || quote_ident(relation))::regclass) FROM unnest('{days,rollup_days,rollup_days_changes,by campaign}'::text[]) AS relation;
SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'web.days'::regclass ORDER BY attnum;

-- what a query of the facts gives; a rollup has 0 where a sum of no value is NULL
CREATE VIEW raw.wrong AS
WITH days AS (
	SELECT date AS day, entry_page, is_bounce, count(*) AS sessions, sum(events) AS events, sum(page_views) AS page_views,
	       coalesce(sum(revenue), 0) AS revenue, count(revenue) AS revenue_count, count(*) FILTER (WHERE converted) AS converted, sum(duration) AS duration
	FROM web.sessions GROUP BY date, entry_page, is_bounce
), weeks AS (
	SELECT date_trunc('week', date)::date AS week, campaign_source, started_by, count(*) AS sessions, sum(events) AS events FROM web.sessions GROUP BY 1, 2, 3
), months AS (
	SELECT date_trunc('month', date)::date AS month, campaign_medium, campaign_source, count(*) AS sessions FROM web.sessions GROUP BY 1, 2, 3
), hours AS (
	SELECT date_trunc('hour', event_time) AS hour, event_name, page, channel_name, count(*) AS events, coalesce(sum(amount), 0) AS amount,
	       count(*) FILTER (WHERE page_view) AS page_view, count(amount) AS amount_count
	FROM web.events GROUP BY 1, 2, 3, 4
), raw_days AS (
	SELECT (at AT TIME ZONE 'Europe/Berlin')::date AS day, name, count(DISTINCT (visitor, event_id)) AS events FROM raw.events GROUP BY 1, 2
), rolled_days AS (
	SELECT (hour AT TIME ZONE 'Europe/Berlin')::date AS day, event_name, sum(events)::bigint AS events FROM web.hours GROUP BY 1, 2
)
(SELECT 'days' AS rollup, to_jsonb(w) AS is_wrong FROM (TABLE web.days EXCEPT ALL TABLE days) AS w) UNION ALL
(SELECT 'days', to_jsonb(w) FROM (TABLE days EXCEPT ALL TABLE web.days) AS w) UNION ALL
(SELECT 'weeks', to_jsonb(w) FROM (TABLE web."by campaign" EXCEPT ALL TABLE weeks) AS w) UNION ALL
(SELECT 'weeks', to_jsonb(w) FROM (TABLE weeks EXCEPT ALL TABLE web."by campaign") AS w) UNION ALL
(SELECT 'months', to_jsonb(w) FROM (TABLE web.campaigns EXCEPT ALL TABLE months) AS w) UNION ALL
(SELECT 'months', to_jsonb(w) FROM (TABLE months EXCEPT ALL TABLE web.campaigns) AS w) UNION ALL
(SELECT 'hours', to_jsonb(w) FROM (TABLE web.hours EXCEPT ALL TABLE hours) AS w) UNION ALL
(SELECT 'hours', to_jsonb(w) FROM (TABLE hours EXCEPT ALL TABLE web.hours) AS w) UNION ALL
(SELECT 'raw', to_jsonb(w) FROM (TABLE raw_days EXCEPT ALL TABLE rolled_days) AS w) UNION ALL
(SELECT 'raw', to_jsonb(w) FROM (TABLE rolled_days EXCEPT ALL TABLE raw_days) AS w);
CREATE FUNCTION raw.check(OUT rows_of_days boolean, OUT wrong bigint, OUT verify bigint) LANGUAGE sql AS $$
SELECT (SELECT count(*) > 100 FROM web.days), (SELECT count(*) FROM raw.wrong), (SELECT count(*) FROM sessionize.verify('web'))
$$;
SELECT * FROM raw.check();

-- new, late, corrected, doubled and deleted rows
SELECT raw.add(3001, 3500);
CALL sessionize.refresh('web');
SELECT * FROM raw.check();
UPDATE raw.events SET at = at - interval '40 days', price = price + 1.25, source = 'late' WHERE raw_id % 7 = 0;
CALL sessionize.refresh('web');
SELECT * FROM raw.check();
INSERT INTO raw.events (event_id, visitor, at, name, page) SELECT event_id, visitor, at, name, page FROM raw.events WHERE raw_id % 11 = 0;
DELETE FROM raw.events WHERE visitor IN ('v3', 'v4') OR raw_id % 13 = 0;
CALL sessionize.refresh('web');
SELECT * FROM raw.check();

-- NaN counts as no value, and goes again
UPDATE raw.events SET price = 'NaN' WHERE visitor = 'v5';
CALL sessionize.refresh('web');
SELECT count(*) FROM web.hours WHERE amount = 'NaN';
UPDATE raw.events SET price = 2 WHERE visitor = 'v5';
CALL sessionize.refresh('web');
SELECT * FROM raw.check();

-- a key that fails is undone together with its differences, and those of other keys are written
UPDATE raw.events SET price = 3, points = 9000000000000000000 WHERE visitor = 'v7';
UPDATE raw.events SET price = 4 WHERE visitor IN ('v8', 'v9');
CALL sessionize.refresh('web');
SELECT count(*) FROM sessionize.run_errors;
SELECT * FROM raw.check();
UPDATE raw.events SET points = 1 WHERE visitor = 'v7';
CALL sessionize.refresh('web');
SELECT * FROM raw.check();
SELECT sessionize.erase_user('web', 'v6') IS NOT NULL AS erased;
SELECT * FROM raw.check();

-- many changes are merged, and rows without a fact disappear
SELECT raw.add(4001, 9000);
CALL sessionize.refresh('web');
CALL sessionize.refresh('web');
SELECT count(*) < 1000 AS merged, (SELECT count(*) > 1000 FROM web.rollup_hours) AS has_rows FROM web.rollup_hours_changes;
SELECT * FROM raw.check();
DELETE FROM raw.events WHERE raw_id % 3 > 0;
CALL sessionize.refresh('web');
SELECT count(*) < 1000 AS merged, (SELECT count(*) FROM web.rollup_hours WHERE events = 0) AS empty FROM web.rollup_hours_changes;
SELECT * FROM raw.check();

-- the rules change, so that the past does
SELECT sessionize.alter_pipeline('web', gap => '5 hours', time_zone => 'Asia/Tokyo');
CALL sessionize.refresh('web');
SELECT count(*) FILTER (WHERE rollup <> 'raw') FROM raw.wrong;
SELECT count(*) FROM sessionize.verify('web');
SELECT sessionize.alter_pipeline('web', gap => '30 minutes', time_zone => 'Europe/Berlin');
CALL sessionize.rebuild('web', newest_first => true);
SELECT * FROM raw.check();

-- verify() finds what somebody has changed, and a rebuild repairs it
UPDATE web.rollup_days SET sessions = sessions + 1 WHERE day = (SELECT min(day) FROM web.rollup_days);
DELETE FROM web.rollup_hours WHERE hour = (SELECT min(hour) FROM web.rollup_hours);
INSERT INTO web.rollup_campaigns_changes (month, campaign_key, sessions) VALUES ('2031-01-01', 0, 2);
SELECT relation, difference, session_key, stored, expected IS NULL AS unexpected FROM sessionize.verify('web') WHERE relation = 'campaigns';
SELECT relation, difference, count(*) > 0 FROM sessionize.verify('web') GROUP BY 1, 2 ORDER BY 1, 2;
CALL sessionize.rebuild('web');
SELECT * FROM raw.check();

-- each column of each table: another value in one row is found
CREATE FUNCTION raw.is_found(relation regclass, attribute name) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	other text := (SELECT CASE format_type(atttypid, NULL) WHEN 'boolean' THEN 'NOT %1$I' WHEN 'text' THEN '%1$I || $t$x$t$'
	                      WHEN 'interval' THEN '%1$I + $t$1 microsecond$t$::interval' WHEN 'timestamp with time zone' THEN '%1$I + $t$1 hour$t$::interval' ELSE '%1$I + 1000' END
	               FROM pg_attribute WHERE attrelid = relation AND attname = attribute);
	found boolean;
BEGIN
	EXECUTE format('UPDATE %2$s SET %1$I = ' || other || ' WHERE ctid = (SELECT min(ctid) FROM %2$s)', attribute, relation);
	found := EXISTS (SELECT FROM sessionize.verify('web'));
	RAISE SQLSTATE 'UNDO0';
EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
	RETURN found;
END
$$;
SELECT relation, attname, raw.is_found(relation, attname) AS is_found FROM unnest('{web.rollup_days,web.rollup_hours,web.rollup_campaigns_changes}'::regclass[]) AS relation, pg_attribute
WHERE attrelid = relation AND attnum > 0 ORDER BY relation::text, attnum;
SELECT * FROM raw.check();

-- a seal
SELECT sessionize.seal('web', '2026-01-10Z') IS NOT NULL;
DELETE FROM raw.events WHERE at < '2026-01-05Z';
SELECT raw.add(9001, 9200);
CALL sessionize.refresh('web');
SELECT count(*) FILTER (WHERE rollup <> 'raw'), (SELECT count(*) FROM sessionize.verify('web')) FROM raw.wrong;

-- filled by the next refresh, which other refreshes need not wait for
SELECT sessionize.create_rollup('web', 'later', '{day}', concurrently => true);
SELECT count(*) FROM web.later;
SELECT filled_at FROM sessionize.rollups WHERE rollup = 'later';
SELECT raw.add(9201, 9300);
CALL sessionize.refresh('web');
SELECT count(*) > 10 AS filled FROM web.later;
SELECT count(*) FROM ((SELECT day, sum(sessions)::bigint FROM web.days GROUP BY 1) EXCEPT ALL TABLE web.later) AS wrong;

-- who reads the star reads its rollups
CREATE ROLE regress_rollup_reader;
SELECT sessionize.grant_reader('web', 'regress_rollup_reader');
SELECT sessionize.create_rollup('web', 'more', '{day}');
SET ROLE regress_rollup_reader;
SELECT count(*) > 0 FROM web.more;
SELECT count(*) > 0 FROM web.days;
RESET ROLE;

-- one refresh whose sum no bigint holds, and one with more combinations than fit into work_mem
SELECT sessionize.create_rollup('web', 'all points', '{month}', '{points}');
INSERT INTO raw.events (event_id, visitor, at, name, points) SELECT 'p' || n, 'big' || n, '2027-01-05Z', 'view', 9000000000000000000 FROM generate_series(1, 4) AS n;
CALL sessionize.refresh('web');
SELECT * FROM web."all points" WHERE month = '2027-01-01';
UPDATE raw.events SET points = -8999999999999999999 WHERE visitor IN ('big1', 'big2', 'big3');
CALL sessionize.refresh('web');
SELECT * FROM web."all points" WHERE month = '2027-01-01';
DELETE FROM raw.events WHERE visitor LIKE 'big%';
SET work_mem = '64kB';
SELECT raw.add(9301, 14000);
CALL sessionize.refresh('web');
RESET work_mem;
SELECT count(*) FROM web."all points" WHERE month = '2027-01-01';
SELECT count(*) FILTER (WHERE rollup <> 'raw'), (SELECT count(*) FROM sessionize.verify('web')) FROM raw.wrong;
SELECT sessionize.drop_rollup('web', 'all points');

-- what can't be kept, or is not there
SELECT sessionize.create_rollup('web', 'x', '{entry_page}');
SELECT sessionize.create_rollup('web', 'x', '{day, hour}');
SELECT sessionize.create_rollup('web', 'x', '{day, user_id}');
SELECT sessionize.create_rollup('web', 'x', '{day, session_id}');
SELECT sessionize.create_rollup('web', 'x', '{day, entry_page, entry_page}');
SELECT sessionize.create_rollup('web', 'x', '{day, NULL}');
SELECT sessionize.create_rollup('web', 'x', NULL);
SELECT sessionize.create_rollup('web', 'x', '{day}', '{min(revenue)}');
SELECT sessionize.create_rollup('web', 'x', '{day}', '{avg(revenue)}');
SELECT sessionize.create_rollup('web', 'x', '{day}', '{count(distinct user_id)}');
SELECT sessionize.create_rollup('web', 'x', '{day}', '{kinds}');
SELECT sessionize.create_rollup('web', 'x', '{day}', '{price}');
SELECT sessionize.create_rollup('web', 'x', '{day}', '{events,events}');
SELECT sessionize.create_rollup('web', 'x', '{day}', grain => 'visit');
SELECT sessionize.create_rollup('web', 'days', '{day}');
SELECT sessionize.create_rollup('web', 'sessions', '{day}');
SELECT sessionize.create_rollup('web', repeat('x', 50), '{day}');
SELECT sessionize.create_rollup('web', NULL, '{day}');
SELECT sessionize.create_rollup('none', 'x', '{day}');
SELECT sessionize.drop_rollup('web', 'x');
SELECT sessionize.drop_rollup('web', NULL);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sessionize.create_rollup('web', 'x', '{day}');
ROLLBACK;
SELECT sessionize.drop_measure('web', 'revenue');
SELECT sessionize.drop_dimension('web', 'campaign');

-- the document has them, and makes them
SELECT sessionize.definition('web') -> 'rollups' AS rollups \gset
SELECT jsonb_array_elements(:'rollups');
SELECT sessionize.definition('web') AS definition \gset
SELECT sessionize.create_pipeline('copy', 'raw.events', :'definition'::jsonb);
SELECT sessionize.definition('copy') = :'definition'::jsonb AS is_same;
CALL sessionize.rebuild('copy');
SELECT count(*) FROM sessionize.verify('copy');
-- a measure of another type, a rollup less, and one that is made of something else
SELECT sessionize.alter_pipeline('copy', definition => jsonb_set(jsonb_set(:'definition'::jsonb, '{rollups}', '[{"name": "days", "by": ["day"], "measures": ["revenue"]}, {"name": "new", "by": ["day", "campaign"], "measures": ["revenue"]}]'),
	'{measures,0}', '{"name": "revenue", "kind": "count", "filter": "name = ''buy''"}'));
CALL sessionize.refresh('copy');
SELECT rollup, by, measures FROM sessionize.rollups WHERE pipeline_name = 'copy';
SELECT count(*) FROM sessionize.verify('copy');
SELECT count(*) FROM ((SELECT day, sum(sessions), sum(revenue) FROM copy.new GROUP BY 1) EXCEPT ALL (SELECT date, count(*), coalesce(sum(revenue), 0) FROM copy.sessions GROUP BY 1)) AS wrong;
SELECT sessionize.drop_pipeline('copy');
SELECT count(*) FROM sessionize.rollups WHERE pipeline_name = 'copy';

-- they go to a new owner, and with the pipeline
CREATE ROLE regress_rollup_owner;
GRANT USAGE ON SCHEMA raw TO regress_rollup_owner;
GRANT SELECT, TRIGGER, TRUNCATE ON raw.events TO regress_rollup_owner;
SELECT sessionize.alter_pipeline_owner('web', 'regress_rollup_owner');
SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'web'::regnamespace AND relkind IN ('r', 'v');
CALL sessionize.refresh('web');
SELECT count(*) FROM sessionize.verify('web');
SELECT sessionize.drop_rollup('web', 'later');
CREATE VIEW raw.uses AS SELECT * FROM web.more;
SELECT sessionize.drop_rollup('web', 'more');
DROP VIEW raw.uses;
SELECT sessionize.drop_rollup('web', 'more');
DROP VIEW raw.wrong;
SELECT sessionize.drop_rollup('web', 'days');
SELECT sessionize.drop_measure('web', 'revenue');
SELECT sessionize.drop_pipeline('web');
SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('web');
DROP SCHEMA raw CASCADE;
DROP ROLE regress_rollup_owner, regress_rollup_reader;
