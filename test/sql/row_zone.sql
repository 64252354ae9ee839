-- midnight and time_zone as expressions of the row: each event has a time zone of its own. Sessions, events and the quarantine are
-- compared with those of queries in plain SQL, after each step of a history of late rows, updates, deletes, seals and other rules.
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE SCHEMA szz;
CREATE TABLE szz.raw (raw_id bigint PRIMARY KEY, event_id text, visitor text, occurred_at timestamptz, site_zone varchar(400), home text, "UTC" text, zone1 text, s3_zone text);
CREATE INDEX ON szz.raw (visitor, occurred_at, event_id);
-- the zones there are, in lower case; a row may write them in any case
CREATE TABLE szz.zones AS SELECT lower(name) AS name FROM pg_timezone_names;
CREATE FUNCTION szz.is_known(zone text) RETURNS boolean LANGUAGE sql AS $$ SELECT coalesce(zone, '') = '' OR lower(zone) IN (SELECT name FROM szz.zones) $$;
CREATE FUNCTION szz.day(t timestamptz, zone text) RETURNS date LANGUAGE sql IMMUTABLE AS $$ SELECT (t AT TIME ZONE coalesce(nullif(zone, ''), 'UTC'))::date $$;

-- what each pipeline has for midnight and time_zone, and the rows that its seal keeps, with the zones that they had when they were sealed
CREATE TABLE szz.config (pipeline text PRIMARY KEY, midnight text, time_zone text, has_ids boolean DEFAULT true, horizon timestamptz DEFAULT '-infinity');
CREATE TABLE szz.kept (pipeline text, raw_id bigint, event_id text, visitor text, occurred_at timestamptz, midnight text, time_zone text);
CREATE FUNCTION szz.sql_of(zone text) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN zone IS NULL THEN 'NULL' WHEN szz.is_known(zone) THEN quote_literal(zone) ELSE zone END $$;
-- the raw rows with their zones; with those that the seal keeps, and without late ones
CREATE FUNCTION szz.rows(c szz.config) RETURNS TABLE (raw_id bigint, event_id text, visitor text, occurred_at timestamptz, midnight text, time_zone text, is_late boolean) LANGUAGE plpgsql AS $$
DECLARE
	same_midnight boolean := szz.is_known(c.midnight);
	same_zone boolean := szz.is_known(c.time_zone);
BEGIN
	RETURN QUERY EXECUTE format('SELECT raw_id, event_id, visitor, occurred_at, (%s)::text, (%s)::text, occurred_at < $1 FROM szz.raw', szz.sql_of(c.midnight), szz.sql_of(c.time_zone)) USING c.horizon;
	RETURN QUERY SELECT k.raw_id, k.event_id, k.visitor, k.occurred_at, CASE WHEN same_midnight THEN c.midnight ELSE k.midnight END,
		CASE WHEN same_zone THEN c.time_zone ELSE k.time_zone END, false FROM szz.kept AS k WHERE k.pipeline = c.pipeline;
END $$;
-- those whose zones are known
CREATE FUNCTION szz.good(c szz.config) RETURNS TABLE (raw_id bigint, event_id text, visitor text, occurred_at timestamptz, midnight text, time_zone text, is_late boolean) LANGUAGE sql AS $$
	SELECT * FROM szz.rows(c) AS r WHERE (coalesce(midnight, '') = '' OR lower(midnight) IN (SELECT name FROM szz.zones)) AND (coalesce(time_zone, '') = '' OR lower(time_zone) IN (SELECT name FROM szz.zones)) $$;
CREATE FUNCTION szz.events(c szz.config) RETURNS TABLE (visitor text, occurred_at timestamptz, raw_id bigint, day date, number bigint, cause text) LANGUAGE sql AS $$
	WITH copies AS (
		SELECT r.*, row_number() OVER (PARTITION BY visitor, CASE WHEN c.has_ids THEN coalesce(event_id, 'none' || raw_id) ELSE raw_id::text END ORDER BY occurred_at, raw_id) AS copy
		FROM szz.good(c) AS r WHERE NOT is_late),
	events AS (SELECT *, CASE WHEN c.has_ids THEN event_id END AS id FROM copies WHERE copy = 1),
	previous AS (SELECT e.*, lag(occurred_at) OVER w AS previous FROM events AS e WINDOW w AS (PARTITION BY visitor ORDER BY occurred_at, id COLLATE "C", raw_id)),
	causes AS (
		SELECT p.*, CASE WHEN previous IS NULL THEN 'first' WHEN occurred_at - previous > '8 hours' THEN 'gap'
		                 WHEN c.midnight IS NOT NULL AND szz.day(occurred_at, midnight) <> szz.day(previous, midnight) THEN 'midnight' END AS cause FROM previous AS p)
	SELECT visitor, occurred_at, raw_id, szz.day(occurred_at, time_zone), count(cause) OVER (PARTITION BY visitor ORDER BY occurred_at, id COLLATE "C", raw_id), cause FROM causes $$;
CREATE FUNCTION szz.sessions(c szz.config) RETURNS TABLE (session_key text, started_at timestamptz, ended_at timestamptz, events bigint, date date, ended_by text) LANGUAGE sql AS $$
	SELECT visitor, min(occurred_at), max(occurred_at), count(*), max(day) FILTER (WHERE cause IS NOT NULL), lead(max(cause)) OVER (PARTITION BY visitor ORDER BY number) FROM szz.events(c) GROUP BY visitor, number $$;
CREATE FUNCTION szz.wrong(name text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	c szz.config := (SELECT c FROM szz.config AS c WHERE pipeline = name);
	n bigint;
	total bigint := 0;
	shown text;
BEGIN
	FOREACH shown IN ARRAY ARRAY['sessions', 'sessions_live'] LOOP
		EXECUTE format('WITH a AS MATERIALIZED (SELECT session_key, started_at, ended_at, events, date, ended_by FROM %I.%I), b AS MATERIALIZED (SELECT * FROM szz.sessions($1))
			SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x', name, shown) INTO n USING c;
		total := total + n;
	END LOOP;
	EXECUTE format('WITH a AS MATERIALIZED (SELECT session_key, event_time, raw_id, date FROM %1$I.events), b AS MATERIALIZED (SELECT visitor, occurred_at, raw_id, day FROM szz.events($1))
		SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x', name) INTO n USING c;
	total := total + n;
	EXECUTE format('WITH a AS MATERIALIZED (SELECT raw_id, reason FROM %1$I.quarantine), b AS MATERIALIZED (SELECT raw_id::text, ''unknown_zone'' FROM (SELECT raw_id FROM szz.rows($1) EXCEPT ALL SELECT raw_id FROM szz.good($1)) AS g)
		SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x', name) INTO n USING c;
	RETURN total + n + (SELECT count(*) FROM sessionize.verify(name)) + (SELECT abs(pending) + abs(difference) + abs(event_difference) FROM sessionize.reconcile(name));
END $$;

-- by hand: the zone of the later event decides whether midnight lies between two events, and each event has its own day
INSERT INTO szz.raw (raw_id, visitor, occurred_at, site_zone, home) VALUES
	(1, 'ann', '2026-01-01 20:00Z', 'Europe/Berlin', 'Asia/Kolkata'), (2, 'ann', '2026-01-01 22:30Z', 'UTC', NULL), (3, 'ann', '2026-01-01 23:30Z', 'Europe/Berlin', ''),
	(4, 'ann', '2026-01-02 00:30Z', 'america/new_york', NULL), (5, 'ann', '2026-01-02 01:00Z', NULL, 'Pacific/Apia'), (6, 'ann', '2026-01-02 02:00Z', '', NULL),
	(7, 'ann', '2026-01-02 03:00Z', 'Mars/Base', 'UTC'), (8, 'ann', '2026-01-02 04:00Z', 'Europe/Berlin', repeat('ä', 300)), (9, 'ann', '2026-01-02 05:30Z', 'America/New_York', 'UTC');
INSERT INTO szz.config VALUES ('szz_two', 'site_zone', 'home', true), ('szz_one', 'site_zone', 'site_zone', true), ('szz_mid', 'coalesce(site_zone, ''Asia/Tokyo'')', 'Asia/Tokyo', false), ('szz_day', 'America/New_York', 'home', true);
SELECT pipeline, sessionize.create_pipeline(pipeline, 'szz.raw', 'visitor', gap => '8 hours', max_duration => NULL, dedup_window => NULL, event_id => CASE WHEN has_ids THEN 'event_id' ELSE '' END,
	midnight => midnight, time_zone => time_zone) = pipeline AS made FROM szz.config ORDER BY 1;
CALL sessionize.rebuild('szz_two');
SELECT started_at, ended_at, events, date, ended_by FROM szz_two.sessions ORDER BY 1;
SELECT raw_id, event_time, date FROM szz_two.events ORDER BY 1;
SELECT raw_id, reason, detail FROM szz_two.quarantine ORDER BY 1;
SELECT midnight, time_zone FROM sessionize.pipelines WHERE pipeline_name LIKE 'szz%' ORDER BY pipeline_name;
-- which of both it is, is stored
SELECT pipeline_name, midnight, midnight_expression, time_zone, time_zone_expression FROM sessionize.pipeline WHERE pipeline_name LIKE 'szz%' ORDER BY 1;
SELECT attrelid::regclass, attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid IN ('szz_two.source'::regclass, 'szz_mid.source'::regclass) AND attname IN ('midnight', 'time_zone') ORDER BY attrelid::regclass::text COLLATE "C", 2;

-- random rows about changes of the clocks, in zones that a key's sessions mix
CREATE FUNCTION szz.zone() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT (ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Etc/GMT+5', 'europe/BERLIN', 'UTC', '', NULL, NULL,
		'Mars/Base', 'GMT+5', 'foo2', 'UTC-3', 'Etc/GMT+13'])[1 + floor(CASE WHEN random() < 0.95 THEN 12 ELSE 17 END * random())::int] $$;
CREATE FUNCTION szz.moment() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
	SELECT (ARRAY['2026-03-07', '2026-03-28', '2026-10-24', '2011-12-28', '2018-11-03', '2026-10-31'])[1 + floor(6 * random())::int]::timestamptz + floor(random() * 72 * 4) * interval '15 minutes' $$;
CREATE FUNCTION szz.add(first bigint, last bigint) RETURNS void LANGUAGE sql VOLATILE AS $$
	INSERT INTO szz.raw SELECT n, CASE WHEN random() < 0.8 THEN 'e' || floor(random() * 600) END, 'v' || floor(random() * 6), szz.moment(), szz.zone(), szz.zone() FROM generate_series(first, last) AS n $$;
SELECT setseed(0.3);
SELECT szz.add(100, 1500);
CREATE PROCEDURE szz.refresh() LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT pipeline FROM szz.config LOOP
		CALL sessionize.refresh(name);
	END LOOP;
END $$;
CALL szz.refresh();
SELECT pipeline, szz.wrong(pipeline) FROM szz.config ORDER BY 1;
-- each kind of end, and each zone that is not known, was there
SELECT ended_by, count(*) > 20 AS many FROM szz_one.sessions GROUP BY 1 ORDER BY 1;
SELECT DISTINCT split_part(detail, '"', 2) COLLATE "C" AS zone FROM szz_one.quarantine ORDER BY 1;
-- the live views see the zone of a row at once
UPDATE szz.raw SET site_zone = szz.zone() WHERE raw_id % 10 = 0;
SELECT count(*) > 50 AS many FROM ((SELECT * FROM szz_one.sessions_live EXCEPT ALL SELECT * FROM szz_one.sessions)) AS x;
WITH a AS MATERIALIZED (SELECT session_key, started_at, ended_at, events, date, ended_by FROM szz_one.sessions_live), b AS MATERIALIZED (SELECT s.* FROM szz.config AS c, szz.sessions(c) AS s WHERE pipeline = 'szz_one')
SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x;
WITH a AS MATERIALIZED (SELECT session_key, event_time, raw_id, date FROM szz_two.events_live), b AS MATERIALIZED (SELECT visitor, occurred_at, e.raw_id, day FROM szz.config AS c, szz.events(c) AS e WHERE pipeline = 'szz_two')
SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x;
CALL szz.refresh();
SELECT pipeline, szz.wrong(pipeline) FROM szz.config ORDER BY 1;

-- a long history: a late row, or another zone of a row, has only a part of it read
INSERT INTO szz.raw SELECT 100000 + n, NULL, 'bot', '2025-04-01Z'::timestamptz + n * interval '97 minutes', (ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', NULL])[1 + n * 7 % 11 % 4], 'Asia/Tokyo' FROM generate_series(0, 2999) AS n;
CALL szz.refresh();
CREATE TABLE szz.steps (step int GENERATED ALWAYS AS IDENTITY, what text, pipeline text, read bigint, wrong bigint);
CREATE PROCEDURE szz.step(what text, statement text) LANGUAGE plpgsql AS $$
DECLARE
	name text;
	run bigint := (SELECT max(run_id) FROM sessionize.runs);
BEGIN
	EXECUTE statement;
	COMMIT;
	FOREACH name IN ARRAY ARRAY['szz_one', 'szz_mid'] LOOP
		CALL sessionize.refresh(name);
		INSERT INTO szz.steps (what, pipeline, read, wrong) SELECT what, name, (SELECT sum(raw_rows) FROM sessionize.runs WHERE pipeline_name = name AND run_id > run), szz.wrong(name);
	END LOOP;
END $$;
CALL szz.step('late, between two', $$INSERT INTO szz.raw VALUES (200001, NULL, 'bot', '2025-06-01 10:13Z', 'Pacific/Apia', 'UTC')$$);
CALL szz.step('another zone of the row', $$UPDATE szz.raw SET site_zone = 'Asia/Kolkata' WHERE raw_id = 200001$$);
CALL szz.step('the zone at a start', $$UPDATE szz.raw SET site_zone = 'America/Adak' WHERE raw_id IN (SELECT e.raw_id FROM szz_one.events AS e JOIN szz_one.sessions AS s USING (session_id) WHERE s.session_key = 'bot' AND s.session_index = 100 AND e.event_time = s.started_at)$$);
CALL szz.step('a zone that is not known', $$UPDATE szz.raw SET site_zone = 'nowhere' WHERE raw_id = 101500$$);
CALL szz.step('and one that is', $$UPDATE szz.raw SET site_zone = 'Europe/Lisbon' WHERE raw_id = 101500$$);
CALL szz.step('the first row', $$UPDATE szz.raw SET site_zone = 'Asia/Kolkata' WHERE raw_id = 100000$$);
CALL szz.step('the last row', $$DELETE FROM szz.raw WHERE raw_id = 102999$$);
SELECT what, pipeline, CASE WHEN read < 200 THEN 'few' WHEN read > 2500 THEN 'all' ELSE 'some' END AS read, wrong FROM szz.steps ORDER BY step;

-- random late rows, updates and deletes
DO $$
DECLARE
	wrong bigint := 0;
BEGIN
	FOR i IN 1 .. 6 LOOP
		PERFORM szz.add(300000 + 10 * i, 300004 + 10 * i);
		UPDATE szz.raw SET site_zone = szz.zone(), home = szz.zone() WHERE raw_id IN (SELECT raw_id FROM szz.raw ORDER BY md5(raw_id || 's' || i) LIMIT 3);
		UPDATE szz.raw SET occurred_at = szz.moment() WHERE raw_id IN (SELECT raw_id FROM szz.raw WHERE visitor <> 'bot' ORDER BY md5(raw_id || 'm' || i) LIMIT 2);
		DELETE FROM szz.raw WHERE raw_id IN (SELECT raw_id FROM szz.raw ORDER BY md5(raw_id || 't' || i) LIMIT 2);
		COMMIT;
		CALL szz.refresh();
		COMMIT;
		wrong := wrong + (SELECT sum(szz.wrong(pipeline)) FROM szz.config);
	END LOOP;
	RAISE WARNING '% wrong', wrong;
END $$;

-- little memory, workers that read along: a rebuild finds nothing to change
SET maintenance_work_mem = '1MB';
SET min_parallel_table_scan_size = 0;
SET max_parallel_maintenance_workers = 2;
CALL sessionize.rebuild('szz_two');
CALL sessionize.rebuild('szz_one', newest_first => true);
RESET maintenance_work_mem;
SELECT rows_inserted, rows_updated, rows_deleted FROM sessionize.runs ORDER BY run_id DESC LIMIT 2;
-- one key with more rows than memory
SET maintenance_work_mem = '1MB';
INSERT INTO szz.raw SELECT 500000 + n, 'h' || n * 7 % 30011, 'huge', '2026-01-01Z'::timestamptz + (n * 7919 % 60013) * interval '11 minutes', (ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', NULL, 'elsewhere'])[1 + n % 5], 'UTC' FROM generate_series(1, 20000) AS n;
CALL szz.refresh();
SELECT pipeline, szz.wrong(pipeline) FROM szz.config WHERE pipeline IN ('szz_one', 'szz_mid') ORDER BY 1;
RESET maintenance_work_mem;
DELETE FROM szz.raw WHERE visitor IN ('huge', 'bot');
CALL szz.refresh();

-- every zone of the server, in two ways to write it, and none that only looks like one
CREATE TABLE szz.all_zones (id bigint PRIMARY KEY, who text, at timestamptz, zone text);
CREATE INDEX ON szz.all_zones (who);
INSERT INTO szz.all_zones SELECT row_number() OVER (), 'key ' || n % 3, '2026-01-31 11:30Z', CASE n WHEN 0 THEN name ELSE upper(name) END FROM pg_timezone_names, generate_series(0, 1) AS n WHERE name !~ '^posix/.*[0-9]';
SELECT sessionize.create_pipeline('szz_zones', 'szz.all_zones', 'who', event_time => 'at', raw_id => 'id', time_zone => 'zone');
CALL sessionize.rebuild('szz_zones');
SELECT count(*) FROM szz_zones.quarantine;
SELECT count(*) > 500 AS many, count(*) FILTER (WHERE e.date IS DISTINCT FROM (z.at AT TIME ZONE z.zone)::date) AS wrong FROM szz.all_zones AS z LEFT JOIN szz_zones.events AS e ON e.raw_id = z.id;
INSERT INTO szz.all_zones SELECT 10000 + n, 'key', '2026-01-31Z', zone FROM unnest(ARRAY['Etc/GMT+13', 'Etc/GMT-15', 'Etc/GMT 5', 'Etc/GMT+05', 'Etc/GMT5', 'Etc/GMT+', 'GMT+1', 'UTC0', 'EST6EDT', '+05:00', '<a>1', ' UTC', 'UTC ', E'UTC\n', '../UTC',
	'right/UTC', 'zone.tab', 'Europe', '/etc/passwd', repeat('x', 255), repeat('x', 256), repeat('x', 100000)]) WITH ORDINALITY AS u (zone, n);
CALL sessionize.refresh('szz_zones');
SELECT count(*) AS quarantined, max(octet_length(detail)) < 200 AS is_short FROM szz_zones.quarantine;
SELECT sessionize.drop_pipeline('szz_zones');

-- a seal keeps the zones of its rows, whatever becomes of them
CREATE PROCEDURE szz.seal(name text, at timestamptz) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO szz.kept SELECT name, r.raw_id, r.event_id, r.visitor, r.occurred_at, r.midnight, r.time_zone
		FROM szz.config AS c, szz.good(c) AS r WHERE c.pipeline = name AND NOT is_late AND r.occurred_at < at AND r.raw_id NOT IN (SELECT k.raw_id FROM szz.kept AS k WHERE k.pipeline = name);
	PERFORM sessionize.seal(name, at);
	UPDATE szz.config SET horizon = at WHERE pipeline = name;
END $$;
CALL szz.seal('szz_one', '2026-03-08 12:00Z');
CALL szz.seal('szz_day', '2026-03-08 12:00Z');
SELECT count(*) > 200 AS sealed, count(time_zone) > 200 AS zones, count(*) FILTER (WHERE midnight <> time_zone OR midnight IS NULL) AS differ FROM szz_one.sealed;
UPDATE szz.raw SET site_zone = 'Asia/Tokyo' WHERE occurred_at < '2026-03-08 12:00Z' AND raw_id % 3 = 0;
UPDATE szz.raw SET site_zone = 'nowhere' WHERE occurred_at < '2026-03-08 12:00Z' AND raw_id % 31 = 2;
DELETE FROM szz.raw WHERE occurred_at < '2026-03-08 12:00Z' AND raw_id % 3 = 1;
CALL szz.refresh();
SELECT count(sessionize.mark_dirty(pipeline, 'v1')) FROM szz.config;
SELECT szz.add(400000, 400100);
CALL szz.refresh();
SELECT pipeline, szz.wrong(pipeline) FROM szz.config ORDER BY 1;

-- other rules, as alter_pipeline makes them and preview_pipeline foresees them
CREATE PROCEDURE szz.alter(name text, arguments text, new_midnight text, new_zone text) LANGUAGE plpgsql AS $$
DECLARE
	foreseen bigint;
	changes boolean;
BEGIN
	EXECUTE format('SELECT sessions FROM sessionize.preview_pipeline(%L, %s) WHERE rules = ''changed''', name, arguments) INTO foreseen;
	EXECUTE format('SELECT sessionize.alter_pipeline(%L, %s)', name, arguments) INTO changes;
	UPDATE szz.config SET midnight = new_midnight, time_zone = new_zone WHERE pipeline = name;
	COMMIT;
	CALL sessionize.refresh(name);
	EXECUTE format('SELECT $1 - count(*) FROM %I.sessions', name) INTO foreseen USING foreseen;
	RAISE WARNING '% %: %, % wrong, % foreseen too many', name, arguments, CASE WHEN changes THEN 'changed' ELSE 'the same' END, szz.wrong(name), foreseen;
END $$;
CALL szz.alter('szz_one', $$time_zone => 'Asia/Tokyo'$$, 'site_zone', 'Asia/Tokyo');
CALL szz.alter('szz_one', $$midnight => 'America/New_York'$$, 'America/New_York', 'Asia/Tokyo');
CALL szz.alter('szz_one', $$midnight => 'site_zone', time_zone => 'site_zone'$$, 'site_zone', 'site_zone');
CALL szz.alter('szz_one', $$midnight => 'site_zone'$$, 'site_zone', 'site_zone');
CALL szz.alter('szz_one', $$midnight => '(site_zone)', time_zone => 'SITE_ZONE'$$, '(site_zone)', 'SITE_ZONE');
CALL szz.alter('szz_one', $$unset => '{midnight}'$$, NULL, 'site_zone');
CALL szz.alter('szz_one', $$midnight => 'nullif(home, ''UTC'')'$$, 'nullif(home, ''UTC'')', 'site_zone');
CALL szz.alter('szz_one', $$midnight => '', time_zone => ''$$, NULL, 'UTC');
-- rows that were sealed when there was one zone for all keep that one
CALL szz.alter('szz_day', $$midnight => 'home'$$, 'home', 'home');
CALL szz.alter('szz_day', $$time_zone => 'Asia/Tokyo'$$, 'home', 'Asia/Tokyo');
CALL szz.alter('szz_day', $$definition => sessionize.definition('szz_day') || '{"time_zone": "home"}'$$, 'home', 'home');
CALL szz.alter('szz_two', $$midnight => 'Europe/Berlin', time_zone => 'site_zone', gap => '8 hours'$$, 'Europe/Berlin', 'site_zone');
SELECT pipeline_name, midnight, midnight_expression, time_zone, time_zone_expression FROM sessionize.pipeline WHERE pipeline_name LIKE 'szz%' ORDER BY 1;

-- a column with the name of a zone is written in parentheses
UPDATE szz.raw SET "UTC" = 'Pacific/Apia', zone1 = 'Asia/Tokyo';
-- an expression with a digit is none, nor is a name with an underscore
CALL szz.alter('szz_two', $$midnight => 'zone1 || ''''', time_zone => 'coalesce(zone1, site_zone)'$$, 'zone1 || ''''', 'coalesce(zone1, site_zone)');
CALL szz.alter('szz_two', $$midnight => 's3_zone', time_zone => '<+0330>-3:30'$$, 's3_zone', 'Asia/Tehran');
CALL szz.alter('szz_two', $$midnight => 'MSK-3', time_zone => 'site_zone'$$, 'Etc/GMT-3', 'site_zone');
CALL szz.alter('szz_two', $$midnight => '"UTC"'$$, '"UTC"', 'site_zone');
CALL szz.alter('szz_two', $$midnight => 'UTC'$$, 'UTC', 'site_zone');
CALL szz.alter('szz_two', $$midnight => '("UTC")'$$, '("UTC")', 'site_zone');

-- and the user is told if the name of a column is a zone by accident
SET client_min_messages = notice;
SELECT sessionize.alter_pipeline('szz_two', midnight => 'Zone1');
SELECT sessionize.create_pipeline('szz_told', 'szz.raw', 'visitor', time_zone => 'zone1', midnight => 'EST5EDT');
SELECT sessionize.drop_pipeline('szz_told');
SELECT sessionize.alter_pipeline('szz_two', midnight => '(zone1)');
SELECT sessionize.alter_pipeline('szz_two', midnight => '("UTC")');
SET client_min_messages = warning;

-- definitions: round trips, changes by a document, and a preview of one
CREATE TABLE szz.document AS SELECT sessionize.definition('szz_two') AS d;
SELECT d ->> 'midnight' AS midnight, d ->> 'time_zone' AS time_zone FROM szz.document;
SELECT sessionize.alter_pipeline('szz_two', definition => d) FROM szz.document;
SELECT sessionize.create_pipeline('szz_again', 'szz.raw', definition => d) FROM szz.document;
CALL sessionize.rebuild('szz_again');
SELECT count(*) FROM ((SELECT session_key, started_at, ended_at, events, date, ended_by FROM szz_two.sessions EXCEPT ALL SELECT session_key, started_at, ended_at, events, date, ended_by FROM szz_again.sessions)
	UNION ALL (SELECT session_key, started_at, ended_at, events, date, ended_by FROM szz_again.sessions EXCEPT ALL SELECT session_key, started_at, ended_at, events, date, ended_by FROM szz_two.sessions)) AS x;
SELECT sessionize.drop_pipeline('szz_again');
CALL szz.alter('szz_two', $$definition => (SELECT d || '{"midnight": "home", "time_zone": "Asia/Tokyo"}' FROM szz.document)$$, 'home', 'Asia/Tokyo');
CALL szz.alter('szz_two', $$definition => (SELECT d || '{"midnight": null, "measures": [{"name": "zones", "kind": "count_distinct", "expression": "home"}]}' FROM szz.document)$$, NULL, 'site_zone');
CALL szz.alter('szz_two', $$definition => (SELECT d || '{"midnight": "site_zone", "time_zone": "home"}' FROM szz.document)$$, 'site_zone', 'home');

-- measures and dimensions beside: their values and the zones don't mix
SELECT sessionize.add_measure('szz_two', 'homes', 'count_distinct', 'home');
SELECT sessionize.add_dimension('szz_two', 'site', '{"zone": "site_zone"}');
CALL sessionize.refresh('szz_two');
SELECT szz.wrong('szz_two');
WITH a AS MATERIALIZED (SELECT session_key, started_at, site, homes FROM szz_two.sessions AS s, LATERAL (SELECT site_zone AS site) AS x),
	b AS MATERIALIZED (SELECT e.visitor, min(e.occurred_at), max(r.site_zone) FILTER (WHERE cause IS NOT NULL), count(DISTINCT r.home) FROM szz.config AS c, szz.events(c) AS e JOIN szz.raw AS r USING (raw_id) WHERE pipeline = 'szz_two' GROUP BY e.visitor, number)
SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS x;

-- detached and attached again, as it was, and with other zones
SELECT sessionize.detach_source('szz_two');
SELECT sessionize.attach_source('szz_two', 'szz.raw');
UPDATE szz.raw SET site_zone = 'Africa/Cairo' WHERE raw_id % 7 = 0;
CALL sessionize.refresh('szz_two');
SELECT szz.wrong('szz_two');
SELECT sessionize.detach_source('szz_two');
SELECT sessionize.attach_source('szz_two', 'szz.raw', definition => sessionize.definition('szz_two') || '{"midnight": "Asia/Kolkata", "time_zone": "site_zone"}');
UPDATE szz.config SET (midnight, time_zone) = ('Asia/Kolkata', 'site_zone') WHERE pipeline = 'szz_two';
CALL sessionize.refresh('szz_two');
SELECT szz.wrong('szz_two');
SELECT sessionize.detach_source('szz_two');
SELECT sessionize.attach_source('szz_two', 'szz.raw', definition => sessionize.definition('szz_two') || '{"midnight": "site_zone", "time_zone": "Asia/Kolkata"}');
UPDATE szz.config SET (midnight, time_zone) = ('site_zone', 'Asia/Kolkata') WHERE pipeline = 'szz_two';
CALL sessionize.refresh('szz_two');
SELECT szz.wrong('szz_two');

-- a column gets the name of a zone: its text is in parentheses then
SELECT sessionize.alter_pipeline('szz_two', midnight => 'home', time_zone => 'zone1 || ''''');
ALTER TABLE szz.raw RENAME home TO gmt;
ALTER TABLE szz.raw RENAME zone1 TO zone2;
SELECT sessionize.detach_source('szz_two');
SELECT d ->> 'midnight' AS midnight, d ->> 'time_zone' AS time_zone FROM sessionize.definition('szz_two') AS d;
SELECT sessionize.attach_source('szz_two', 'szz.raw', definition => sessionize.definition('szz_two'));
SELECT midnight, midnight_expression, time_zone, time_zone_expression FROM sessionize.pipeline WHERE pipeline_name = 'szz_two';
ALTER TABLE szz.raw RENAME gmt TO home;
ALTER TABLE szz.raw RENAME zone2 TO zone1;
SELECT sessionize.alter_pipeline('szz_two', midnight => 'site_zone', time_zone => 'Asia/Kolkata');
CALL sessionize.refresh('szz_two');
SELECT szz.wrong('szz_two');

-- whether a text is a zone was decided when it was given: an expression is no zone that the server has forgotten
SELECT problem FROM sessionize.pipeline_status WHERE pipeline_name = 'szz_two';
UPDATE sessionize.pipeline SET time_zone = 'Atlantis/Poseidon' WHERE pipeline_name = 'szz_two';
SELECT problem FROM sessionize.pipeline_status WHERE pipeline_name = 'szz_two';
UPDATE sessionize.pipeline SET time_zone = 'Asia/Kolkata' WHERE pipeline_name = 'szz_two';
UPDATE sessionize.pipeline SET midnight = 'Atlantis/Poseidon' WHERE pipeline_name = 'szz_two';
SELECT problem FROM sessionize.pipeline_status WHERE pipeline_name = 'szz_two';
UPDATE sessionize.pipeline SET midnight = NULL WHERE pipeline_name = 'szz_two';

-- an expression that fails on a row has the row quarantined, as any other does
SELECT sessionize.alter_pipeline('szz_mid', time_zone => 'CASE WHEN 1 / (raw_id % 50) > 0 THEN site_zone ELSE home END');
CALL sessionize.refresh('szz_mid');
SELECT reason, count(*) > 5 AS some FROM szz_mid.quarantine GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM sessionize.verify('szz_mid');

-- refused
\set VERBOSITY default
SELECT sessionize.alter_pipeline('szz_two', midnight => 'Atlantis/Poseidon');
SELECT sessionize.alter_pipeline('szz_two', time_zone => 'site zone');
SELECT sessionize.alter_pipeline('szz_two', time_zone => 'raw_id');
SELECT sessionize.alter_pipeline('szz_two', time_zone => 'current_setting(''timezone'')');
SELECT sessionize.alter_pipeline('szz_two', time_zone => 'no_such_function(home)');
SELECT sessionize.preview_pipeline('szz_two', midnight => 'site_zone ||');
SELECT sessionize.alter_pipeline('szz_two', midnight => 'home', unset => '{midnight}');
SELECT sessionize.alter_pipeline('szz_two', definition => d || '{"midnight": "homes"}') FROM szz.document;
-- the example of the reference
SELECT sessionize.create_events_table('szz.events');
SELECT sessionize.create_pipeline('szz_sites', 'szz.events', midnight => $$properties ->> 'zone'$$, time_zone => $$properties ->> 'zone'$$);
SELECT sessionize.alter_pipeline('szz_sites', midnight => 'Europe/Berlin');
SELECT sessionize.drop_pipeline('szz_sites');
SELECT count(sessionize.drop_pipeline(pipeline)) FROM szz.config;
DROP SCHEMA szz CASCADE;
