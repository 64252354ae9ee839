-- Exports: the days that are noted, against a copy of what was exported; the queries of the rows,
-- against the views.
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE SCHEMA raw;
CREATE TABLE raw.events (
	event_id text,
	visitor  text NOT NULL,
	at       timestamptz NOT NULL,
	login    text,
	name     text,
	page     text,
	price    numeric,
	source   text
);
CREATE INDEX ON raw.events (visitor, at, event_id);
CREATE FUNCTION raw.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO raw.events
SELECT 'e' || n, 'v' || n % 37, '2026-01-01Z'::timestamptz + (hashint4(n) & 65535) * interval '1 minute',
       CASE WHEN hashint4(n * 3) & 7 = 0 THEN 'u' || n % 11 END, (ARRAY['view', 'buy', NULL])[n % 3 + 1],
       CASE WHEN hashint4(n * 5) & 7 > 0 THEN '/p' || (hashint4(n * 7) & 7) END,
       CASE WHEN n % 5 = 0 THEN (hashint4(n * 7) & 1023) / 8.0 END, (ARRAY['ads', 'mail', NULL])[n % 3 + 1]
FROM generate_series(first, last) AS n
$$;
SELECT raw.add(1, 3000);
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'visitor', event_time => 'at', event_id => 'event_id', event_name => 'name',
	user_id => 'login', page => 'page', max_duration => NULL, time_zone => 'Europe/Berlin');
SELECT sessionize.add_measure('web', 'revenue', 'sum', 'price');
SELECT sessionize.add_dimension('web', 'channel', '{"name": "source"}', pick => 'first');

-- one before the star is built
SELECT sessionize.create_export('web', 'lake', '/srv/lake/web', '{sessions,events,dim_page}');
CALL sessionize.rebuild('web');
SELECT pipeline_name, export_name, location, tables, pending_days, pending_since IS NOT NULL AS pending, unfinished, summary, failures, error
FROM sessionize.export_status;

-- its tables: all columns of the views but those that other sessions or the persons change
SELECT t.table_name, t.partition_column, c.value ->> 'name' AS name, c.value ->> 'type' AS type
FROM sessionize.export_tables('web', 'lake') AS t, jsonb_array_elements(t.columns) WITH ORDINALITY AS c (value, place) ORDER BY t.table_name, c.place;
SELECT attrelid::regclass AS view, attname FROM pg_attribute
WHERE attrelid IN ('web.sessions'::regclass, 'web.events'::regclass) AND attname NOT IN (
	SELECT c.value ->> 'name' FROM sessionize.export_tables('web', 'lake') AS t, jsonb_array_elements(t.columns) AS c
	WHERE t.table_name = split_part(attrelid::regclass::text, '.', 2)) ORDER BY attrelid::regclass::text, attnum;

-- the rows of all days, of one day, and of days one by one, are those of the views
CREATE FUNCTION raw.rows(table_name text, days date[] DEFAULT NULL) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT to_jsonb(r) FROM (%s) AS r', sessionize.export_query('web', 'lake', table_name, days));
END
$$;
CREATE VIEW raw.sessions AS
SELECT to_jsonb(s) - '{ended_by,session_index,duration,person_id,revenue}'::text[]
       || jsonb_build_object('duration_microseconds', extract(epoch FROM s.duration) * 1000000, 'revenue', to_char(s.revenue, 'FM9999999990.000000000'), 'same_start', f.same_start) AS row, s.date AS day
FROM web.sessions AS s JOIN web.fact_session AS f USING (session_id);
CREATE VIEW raw.exported_events AS
SELECT to_jsonb(e) - 'person_id' || jsonb_build_object('session_date', s.date) AS row, s.date AS day
FROM web.events AS e JOIN web.sessions AS s USING (session_id);
CREATE VIEW raw.pages AS SELECT to_jsonb(p) AS row FROM web.dim_page AS p;
CREATE FUNCTION raw.differences(table_name text, expected text, days date[] DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	differences bigint;
BEGIN
	EXECUTE format('WITH e AS (SELECT row FROM raw.%I WHERE %s), r AS (SELECT raw.rows(%L, $1) AS row) SELECT count(*) FROM (
		(SELECT row FROM e EXCEPT ALL SELECT row FROM r) UNION ALL (SELECT row FROM r EXCEPT ALL SELECT row FROM e)) AS d',
		expected, CASE WHEN days IS NULL THEN 'true' ELSE 'day = ANY ($1)' END, table_name) INTO differences USING days;
	RETURN differences;
END
$$;
SELECT raw.differences('sessions', 'sessions') AS sessions, raw.differences('events', 'exported_events') AS events, raw.differences('dim_page', 'pages') AS pages;
SELECT raw.differences('sessions', 'sessions', '{2026-01-05}') AS sessions, raw.differences('events', 'exported_events', '{2026-01-05,2026-02-01}') AS events;
SELECT count(*) AS days, sum(raw.differences('sessions', 'sessions', ARRAY[day])) AS sessions, sum(raw.differences('events', 'exported_events', ARRAY[day])) AS events
FROM (SELECT DISTINCT date FROM web.sessions) AS d (day);

-- the first export has all days, with their rows
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT table_name, count(DISTINCT day) AS days, sum(row_count) AS rows, count(fingerprint) AS fingerprints
FROM sessionize.export_changes('web', 'lake', true) GROUP BY table_name ORDER BY table_name;
SELECT count(*) AS wrong FROM (
	SELECT table_name, day, row_count FROM sessionize.export_changes('web', 'lake', true) WHERE day IS NOT NULL
	EXCEPT (SELECT 'sessions', day, count(*) FROM raw.sessions GROUP BY day UNION ALL SELECT 'events', day, count(*) FROM raw.exported_events GROUP BY day)) AS w;
COMMIT;

-- The program: it exports into tables. What differs of what it has exported must be among the
-- changes; what is among the changes is exported.
CREATE TABLE raw.lake (table_name text, day date, row jsonb);
CREATE TABLE raw.said (step text, missed bigint, needless bigint, days bigint);
CREATE FUNCTION raw.export(step text, whole boolean DEFAULT false) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	token uuid := md5(step)::uuid;
BEGIN
	CREATE TEMP TABLE changes ON COMMIT DROP AS SELECT * FROM sessionize.export_changes('web', 'lake', whole);
	CREATE TEMP TABLE now ON COMMIT DROP AS
		SELECT 'sessions' AS table_name, (row ->> 'date')::date AS day, row FROM raw.rows('sessions') AS row
		UNION ALL SELECT 'events', (row ->> 'session_date')::date, row FROM raw.rows('events') AS row
		UNION ALL SELECT 'dim_page', NULL, row FROM raw.rows('dim_page') AS row;
	CREATE TEMP TABLE differ ON COMMIT DROP AS
		SELECT DISTINCT table_name, day FROM ((TABLE raw.lake EXCEPT ALL TABLE now) UNION ALL (TABLE now EXCEPT ALL TABLE raw.lake)) AS d;
	INSERT INTO raw.said SELECT step, (SELECT count(*) FROM (SELECT * FROM differ EXCEPT SELECT table_name, day FROM changes) AS m),
		(SELECT count(*) FROM (SELECT table_name, day FROM changes EXCEPT SELECT * FROM differ) AS n), count(DISTINCT (table_name, day)) FROM changes;
	PERFORM sessionize.export_intend('web', 'lake', token, (SELECT note_ids FROM sessionize.export_notes('web', 'lake')), (SELECT snapshot_at FROM sessionize.export_notes('web', 'lake')));
	DELETE FROM raw.lake AS l USING changes AS c WHERE (l.table_name, l.day) IS NOT DISTINCT FROM (c.table_name, c.day);
	INSERT INTO raw.lake SELECT n.* FROM now AS n JOIN changes AS c ON (n.table_name, n.day) IS NOT DISTINCT FROM (c.table_name, c.day);
	PERFORM sessionize.export_finish('web', 'lake', token, coalesce((SELECT jsonb_object_agg(table_name, jsonb_build_object('fingerprint', fingerprint)) FROM changes WHERE day IS NULL), '{}'));
	DROP TABLE changes, now, differ;
END
$$;
SELECT raw.export('first', true);
SELECT raw.export('nothing');
SELECT pending_days, pending_rows, pending_since, unfinished, snapshot_at <= exported_at AS exported, summary - 'dim_page' AS summary FROM sessionize.export_status;

-- one late event
INSERT INTO raw.events VALUES ('late', 'v1', '2026-01-20 10:00Z', NULL, 'view', '/late', NULL, 'ads');
CALL sessionize.refresh('web');
SELECT pending_days, pending_rows FROM sessionize.export_status;
SELECT table_name, day, row_count - (SELECT count(*) FROM raw.lake AS l WHERE (l.table_name, l.day) IS NOT DISTINCT FROM (c.table_name, c.day)) AS more_rows
FROM sessionize.export_changes('web', 'lake') AS c ORDER BY table_name;
SELECT raw.export('late');

-- a session that moves to another day, since an event before it comes; and back
INSERT INTO raw.events VALUES ('before', 'v40', '2026-01-10 23:10Z', NULL, 'view', '/a', NULL, 'ads');
CALL sessionize.refresh('web');
SELECT raw.export('new session');
INSERT INTO raw.events VALUES ('midnight', 'v40', '2026-01-10 22:50Z', NULL, 'view', '/a', NULL, 'ads');
CALL sessionize.refresh('web');
SELECT raw.export('earlier day');
DELETE FROM raw.events WHERE event_id = 'midnight';
CALL sessionize.refresh('web');
SELECT raw.export('later day');

-- an event of which nothing is in its session
INSERT INTO raw.events SELECT 'long' || n, 'v41', '2026-01-11 10:00Z'::timestamptz + n * interval '1 minute', NULL, 'view', '/a', NULL, 'ads' FROM generate_series(1, 5) AS n;
CALL sessionize.refresh('web');
SELECT raw.export('five events');
UPDATE raw.events SET name = 'buy' WHERE event_id = 'long3';
CALL sessionize.refresh('web');
SELECT raw.export('name of an event');

-- a user who becomes known later, and another at the same time as before: facts stay, dim_user changes
INSERT INTO raw.events VALUES ('login', 'v41', '2026-01-11 10:30Z', 'anna', 'view', '/a', NULL, 'ads');
CALL sessionize.refresh('web');
SELECT raw.export('login');
UPDATE raw.events SET login = 'berta' WHERE event_id = 'login';
CALL sessionize.refresh('web');
SELECT raw.export('other login');
SELECT count(*) AS of_users FROM raw.lake WHERE row ->> 'user_id' = 'berta';
SELECT row ->> 'user_id' AS user_id, row ->> 'date' AS date FROM raw.lake WHERE table_name = 'sessions' AND row ->> 'session_key' = 'v41';

-- many at once
SELECT raw.add(2900, 3300);
UPDATE raw.events SET page = '/moved', login = 'carl' WHERE hashtext(event_id) & 31 = 0;
UPDATE raw.events SET at = at + interval '3 days' WHERE hashtext(event_id) & 63 = 1;
DELETE FROM raw.events WHERE hashtext(event_id) & 63 = 2;
CALL sessionize.refresh('web');
SELECT raw.export('many');

-- erasure; other rules; a measure more; a rebuild of what is there, and after changes by hand
SELECT sessionize.erase_user('web', 'v3');
SELECT export_name, removed_at, token FROM sessionize.export_erasures;
SELECT erasures FROM sessionize.export_notes('web', 'lake');
SELECT raw.export('erasure');
SELECT export_name, removed_at >= erased_at AS removed, token = md5('erasure')::uuid AS token FROM sessionize.export_erasures;
SELECT erasures FROM sessionize.export_notes('web', 'lake');
SELECT count(*) AS erased FROM raw.lake WHERE row ->> 'session_key' = 'v3';
SELECT sessionize.alter_pipeline('web', gap => '2 hours');
CALL sessionize.rebuild('web');
SELECT raw.export('gap');
CALL sessionize.rebuild('web');
SELECT raw.export('rebuild');
SELECT sessionize.alter_pipeline('web', time_zone => 'America/New_York');
CALL sessionize.rebuild('web');
SELECT raw.export('time zone');
DELETE FROM web.fact_session WHERE session_key = 'v5';
UPDATE web.dim_user SET user_id = 'dora' WHERE session_key = 'v6' AND user_id IS NOT NULL;
CALL sessionize.rebuild('web');
SELECT raw.export('mended');

-- random: raw rows come, change and go in several transactions between two exports
CREATE PROCEDURE raw.random(steps int) LANGUAGE plpgsql AS $$
BEGIN
	FOR step IN 1 .. steps LOOP
		FOR change IN 1 .. 3 LOOP
			CASE (hashint4(step * 8 + change) & 3)
				WHEN 0 THEN PERFORM raw.add(4000 + step * 20, 4010 + step * 20);
				WHEN 1 THEN UPDATE raw.events SET login = 'u' || step WHERE hashtext(event_id || step) & 511 = 0;
				WHEN 2 THEN UPDATE raw.events SET at = at + interval '5 hours', page = '/' || step WHERE hashtext(event_id || step) & 511 = 1;
				ELSE DELETE FROM raw.events WHERE hashtext(event_id || step) & 511 = 2;
			END CASE;
			COMMIT;
			CALL sessionize.refresh('web');
			COMMIT;
		END LOOP;
		PERFORM raw.export('random ' || step);
		COMMIT;
	END LOOP;
END
$$;
CALL raw.random(20);
SELECT regexp_replace(step, 'random .*', 'random') AS step, sum(missed) AS missed, max(days) > 0 AS any FROM raw.said GROUP BY 1 ORDER BY min(ctid);
SELECT step, missed, needless, days FROM raw.said WHERE step IN ('first', 'nothing', 'late', 'new session', 'earlier day', 'name of an event', 'login', 'other login', 'erasure', 'rebuild');
SELECT count(*) AS wrong FROM (
	(SELECT 'sessions', day, row FROM raw.sessions UNION ALL SELECT 'events', day, row FROM raw.exported_events UNION ALL SELECT 'dim_page', NULL, row FROM raw.pages
	 EXCEPT ALL TABLE raw.lake)
	UNION ALL (TABLE raw.lake EXCEPT ALL
	 (SELECT 'sessions', day, row FROM raw.sessions UNION ALL SELECT 'events', day, row FROM raw.exported_events UNION ALL SELECT 'dim_page', NULL, row FROM raw.pages))) AS w;

-- the readers' own columns: what the views count when they are asked follows from the exported rows
SELECT count(*) AS wrong FROM (
	SELECT row ->> 'session_id' AS id, lead(row ->> 'started_by') OVER k AS ended_by, row_number() OVER k AS session_index FROM raw.lake WHERE table_name = 'sessions'
	WINDOW k AS (PARTITION BY row ->> 'session_key' ORDER BY (row ->> 'started_at')::timestamptz, (row ->> 'same_start')::int)
	EXCEPT SELECT session_id::text, ended_by, session_index FROM web.sessions) AS w;

-- a refresh that is rolled back notes nothing; a note that an export has not seen stays
INSERT INTO raw.events VALUES ('r1', 'v1', '2026-01-21 10:00Z', NULL, 'view', '/late', NULL, 'ads');
CALL sessionize.refresh('web');
SELECT sessionize.export_intend('web', 'lake', '00000000-0000-0000-0000-00000000000a', note_ids, snapshot_at) FROM sessionize.export_notes('web', 'lake');
INSERT INTO raw.events VALUES ('r2', 'v1', '2026-01-22 10:00Z', NULL, 'view', '/late', NULL, 'ads');
CALL sessionize.refresh('web');
SELECT unfinished, pending_days FROM sessionize.export_status;
SELECT sessionize.export_finish('web', 'lake', '00000000-0000-0000-0000-00000000000b', '{}');
SELECT sessionize.export_finish('web', 'lake', '00000000-0000-0000-0000-00000000000a', '{"sessions": {"version": 7}}');
SELECT DISTINCT day FROM sessionize.export_changes('web', 'lake') WHERE day IS NOT NULL;
SELECT unfinished, pending_days, summary -> 'sessions' AS sessions FROM sessionize.export_status;
SELECT sessionize.export_fail('web', 'lake', 'the disk is full');
SELECT failures, failed_at IS NOT NULL AS failed, error FROM sessionize.export_status;
SELECT status, regexp_replace(found, '(since|at) [^;]* UTC', '\1 then', 'g') AS found, statement FROM sessionize.health_check('web') WHERE topic = 'exports';
SELECT regexp_replace(line, '^(.*)datname="[^"]*",(.*) [0-9.e+]+$', '\1\2') AS line FROM regexp_split_to_table(sessionize.openmetrics(), '\n') AS line
WHERE line ~ '^sessionize_export_' ORDER BY 1;

-- many refreshes of one day leave few notes, with the sum of the rows and the first time
CREATE PROCEDURE raw.refresh_often(times int) LANGUAGE plpgsql AS $$
BEGIN
	FOR n IN 1 .. times LOOP
		INSERT INTO raw.events VALUES ('often' || n, 'v1', '2026-01-23 10:00Z'::timestamptz + n * interval '1 second', NULL, 'view', '/often', NULL, 'ads');
		COMMIT;
		CALL sessionize.refresh('web');
		COMMIT;
	END LOOP;
END
$$;
SELECT raw.export('before many', true);
SELECT clock_timestamp() AS begun \gset
CALL raw.refresh_often(1);
SELECT clock_timestamp() AS first \gset
CALL raw.refresh_often(199);
SELECT count(*) < 100 AS few, sum(changed_rows) AS rows, min(noted_at) BETWEEN :'begun' AND :'first' AS since FROM sessionize.export_note;
SELECT raw.export('after many');
SELECT status, regexp_replace(found, '(since|at) [^;]* UTC', '\1 then', 'g') AS found, statement FROM sessionize.health_check('web') WHERE topic = 'exports';
SELECT step, missed, needless, days FROM raw.said WHERE step = 'after many';

-- types: what has no type in a lake, and numbers that don't fit
SELECT sessionize.export_decimal(v::numeric, 3, 'price') FROM unnest('{1,-0.5,12345678901234567890123456789012345.678}'::text[]) AS v;
SELECT sessionize.export_decimal(1.2345, 3, 'price');
SELECT sessionize.export_decimal(123456789012345678901234567890123456, 3, 'price');
SELECT sessionize.export_decimal('NaN', 3, 'price');
CREATE TABLE web.mine (a int2, o timestamptz, p date, b numeric(10, 2), c interval, d bytea, e json, f inet, g float4, h timestamp, i int[], "J k" text, l numeric(5, -2), m numeric(50, 10), n varchar(3));
SELECT sessionize.create_export('web', 'mine', '/srv/lake/mine', '{mine}', decimals => 2);
SELECT c.value ->> 'name' AS name, c.value ->> 'type' AS type FROM sessionize.export_tables('web', 'mine') AS t, jsonb_array_elements(t.columns) WITH ORDINALITY AS c (value, place) ORDER BY c.place;
INSERT INTO web.mine VALUES (1, 'infinity', '-infinity', 2.5, '1 day 00:00:01.5', '\x00ff', '{"a": 1}', '10.0.0.1', 1.5, '2026-01-01 12:00', '{1,2}', 'x', 1200, 3.25, 'abc');
SELECT sessionize.export_query('web', 'mine', 'mine') AS query \gset
:query;
SELECT table_name, day, row_count FROM sessionize.export_changes('web', 'mine');
-- without days it has no notes but those of erasures, which its export begins with if it was cut off
INSERT INTO raw.events VALUES ('r5', 'v50', '2026-01-22 10:00Z', NULL, 'view', '/late', NULL, 'ads');
CALL sessionize.refresh('web');
SELECT note_ids, erasures FROM sessionize.export_notes('web', 'mine');
DELETE FROM raw.events WHERE visitor = 'v50';
CALL sessionize.refresh('web');
INSERT INTO raw.events VALUES ('r6', 'v50', '2026-01-22 10:00Z', NULL, 'view', '/late', NULL, 'ads');
SELECT sessionize.erase_user('web', 'v50');
SELECT isempty(note_ids) AS none, erasures FROM sessionize.export_notes('web', 'mine');
SELECT erasures FROM sessionize.export_begin('web', 'mine');
SELECT sessionize.export_intend('web', 'mine', '00000000-0000-0000-0000-00000000000c', note_ids, snapshot_at) FROM sessionize.export_notes('web', 'mine');
SELECT token, intended, erasures FROM sessionize.export_begin('web', 'mine');
ALTER TABLE web.mine ADD a_microseconds int, ADD c_microseconds int;
SELECT * FROM sessionize.export_tables('web', 'mine');
SELECT sessionize.drop_export('web', 'mine');

-- what is refused
SELECT sessionize.create_export('web', 'lake', '/srv/lake/other');
SELECT sessionize.create_export('web', 'other', '/srv/lake/web');
SELECT sessionize.create_export('web', NULL, '/srv/lake/other');
SELECT sessionize.create_export('web', 'other', '');
SELECT sessionize.create_export('web', 'other', '/srv/lake/other', '{}');
SELECT sessionize.create_export('web', 'other', '/srv/lake/other', '{sessions,sessions}');
SELECT sessionize.create_export('web', 'other', '/srv/lake/other', '{sessions,NULL}');
SELECT sessionize.create_export('web', 'other', '/srv/lake/other', '{nothing}');
SELECT sessionize.create_export('web', 'other', '/srv/lake/other', decimals => 39);
SELECT sessionize.create_export('nobody', 'other', '/srv/lake/other');
SELECT sessionize.export_query('web', 'lake', 'nothing');
SELECT sessionize.export_query('web', 'lake', 'sessions', '{}');
SELECT sessionize.export_query('web', 'lake', 'sessions', '{infinity}');
SELECT sessionize.export_begin('web', 'other');
SELECT sessionize.drop_export('web', 'other');
BEGIN READ ONLY;
SELECT sessionize.export_intend('web', 'lake', '00000000-0000-0000-0000-00000000000a', '{}', now());
ROLLBACK;

-- other roles
CREATE ROLE szex_stranger;
GRANT USAGE ON SCHEMA raw, web TO szex_stranger;
GRANT SELECT ON ALL TABLES IN SCHEMA web TO szex_stranger;
SET ROLE szex_stranger;
SELECT count(*) FROM sessionize.export_status;
SELECT sessionize.create_export('web', 'other', '/srv/lake/other');
SELECT sessionize.export_begin('web', 'lake');
SELECT * FROM sessionize.export_tables('web', 'lake');
SELECT * FROM sessionize.export_changes('web', 'lake');
SELECT * FROM sessionize.export_notes('web', 'lake');
SELECT count(*) FROM sessionize.export_erasures;
SELECT sessionize.export_query('web', 'lake', 'sessions');
SELECT sessionize.export_fail('web', 'lake', 'x');
SELECT sessionize.drop_export('web', 'lake');
SELECT count(*) FROM sessionize.export_note;
RESET ROLE;

-- without an export nothing is noted; a pipeline's exports go with it
SELECT sessionize.drop_export('web', 'lake');
INSERT INTO raw.events VALUES ('r3', 'v1', '2026-01-23 10:00Z', NULL, 'view', '/late', NULL, 'ads');
CALL sessionize.refresh('web');
SELECT count(*) AS notes FROM sessionize.export_note;
SELECT sessionize.create_export('web', 'lake', '/srv/lake/web', '{sessions}');
INSERT INTO raw.events VALUES ('r4', 'v1', '2026-01-24 10:00Z', NULL, 'view', '/late', NULL, 'ads');
CALL sessionize.refresh('web');
SELECT count(*) AS notes FROM sessionize.export_note;
SELECT sessionize.drop_pipeline('web', cascade => true);
SELECT (SELECT count(*) FROM sessionize.export) AS exports, (SELECT count(*) FROM sessionize.export_note) AS notes;
DROP OWNED BY szex_stranger;
DROP ROLE szex_stranger;
DROP SCHEMA raw CASCADE;
