-- Keys of types in which equal values look different: 1.0 and 1.00, 1 day and 24 hours, {"a": 1}
-- and {"a": 1.0}. They are one key. It is shown as its first event has it, in the star, in the live
-- views, and after every refresh of a part of its history.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET extra_float_digits = 1;
CREATE SCHEMA szkt;
CREATE TYPE szkt.pair AS (n numeric, name text);
-- each key in three forms, of which the first sorts as the others do
CREATE TABLE szkt.types (type text, first text, second text, third text, other text);
INSERT INTO szkt.types VALUES
	('numeric', '1', '1.0', '1.00', '2'),
	('float8', '0', '-0', '0', '1'),
	('interval', '1 day', '24:00:00', '1 day', '2 days'),
	('jsonb', '{"a": 1}', '{"a": 1.0}', '{"a": 1.00}', '{"a": 2}'),
	('numrange', '[1,2)', '[1.0,2)', '[1.00,2.0)', '[2,3)'),
	('numeric[]', '{1,NULL}', '{1.0,NULL}', '{1.00,NULL}', '{2,NULL}'),
	('szkt.pair', '(1,)', '(1.0,)', '(1.00,)', '(2,)'),
	('szkt.pair[]', '{"(1,)"}', '{"(1.0,)"}', '{"(1.00,)"}', '{"(2,)"}');

-- the star, and each view, as plain SQL has it: sessions by the gap, each with the key of the key's
-- first event
CREATE FUNCTION szkt.oracle() RETURNS TABLE (session_key text, started_at timestamptz,
	ended_at timestamptz, events bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE $q$
	WITH event AS (SELECT DISTINCT ON (r.key, r.event_id) r.key, r.at, r.event_id, r.raw_id
	               FROM szkt.raw AS r ORDER BY r.key, r.event_id, r.at, r.raw_id),
	marked AS (SELECT e.*, e.at - lag(e.at) OVER w <= '30 minutes' AS goes_on,
	                  first_value(e.key::text) OVER w AS shown
	           FROM event AS e
	           WINDOW w AS (PARTITION BY e.key ORDER BY e.at, e.event_id COLLATE "C", e.raw_id)),
	numbered AS (SELECT m.*, count(*) FILTER (WHERE goes_on IS NOT TRUE) OVER w AS number
	             FROM marked AS m
	             WINDOW w AS (PARTITION BY m.key ORDER BY m.at, m.event_id COLLATE "C", m.raw_id))
	SELECT n.shown, min(n.at), max(n.at), count(*)
	FROM numbered AS n GROUP BY n.key, n.shown, n.number $q$;
END $$;
CREATE FUNCTION szkt.oracle_events() RETURNS TABLE (session_key text, event_time timestamptz,
	event_id text, raw_id bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE $q$
	SELECT first_value(e.key::text) OVER w, e.at, e.event_id, e.raw_id
	FROM (SELECT DISTINCT ON (r.key, r.event_id) r.* FROM szkt.raw AS r
	      ORDER BY r.key, r.event_id, r.at, r.raw_id) AS e
	WINDOW w AS (PARTITION BY e.key ORDER BY e.at, e.event_id COLLATE "C", e.raw_id) $q$;
END $$;
CREATE FUNCTION szkt.differences(suffix text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('
		CREATE TEMP TABLE s AS SELECT session_key::text, started_at, ended_at, events
		                       FROM szkt_web.sessions%1$s;
		CREATE TEMP TABLE e AS SELECT session_key::text, event_time, event_id, raw_id
		                       FROM szkt_web.events%1$s', suffix);
	CREATE TEMP TABLE due AS SELECT * FROM szkt.oracle();
	CREATE TEMP TABLE due_events AS SELECT * FROM szkt.oracle_events();
	n := (SELECT count(*) FROM (TABLE s EXCEPT ALL TABLE due) AS x)
		+ (SELECT count(*) FROM (TABLE due EXCEPT ALL TABLE s) AS x)
		+ (SELECT count(*) FROM (TABLE e EXCEPT ALL TABLE due_events) AS x)
		+ (SELECT count(*) FROM (TABLE due_events EXCEPT ALL TABLE e) AS x);
	DROP TABLE s, e, due, due_events;
	RETURN n;
END $$;
-- sessions and events that the live views show otherwise than they are once refreshed, ids included
CREATE PROCEDURE szkt.check(type text, what text) LANGUAGE plpgsql AS $$
DECLARE
	wrong bigint;
BEGIN
	-- what a transaction has changed is in the log once it has committed
	COMMIT;
	wrong := szkt.differences('_live');
	CREATE TEMP TABLE shown AS SELECT s::text AS row FROM szkt_web.sessions_live AS s
		UNION ALL SELECT e::text FROM szkt_web.events_live AS e;
	COMMIT;
	CALL sessionize.refresh('szkt_web');
	wrong := wrong + szkt.differences('') + szkt.differences('_live')
		+ (SELECT count(*) FROM sessionize.verify('szkt_web'))
		+ (SELECT abs(pending) + abs(difference) FROM sessionize.reconcile('szkt_web'))
		+ (SELECT count(*) FROM (SELECT row FROM shown EXCEPT ALL
			(SELECT s::text FROM szkt_web.sessions AS s
			 UNION ALL SELECT e::text FROM szkt_web.events AS e)) AS x);
	DROP TABLE shown;
	IF wrong <> 0 THEN
		RAISE WARNING '%, %: % rows are wrong', type, what, wrong;
	END IF;
END $$;
CREATE PROCEDURE szkt.try(t szkt.types) LANGUAGE plpgsql AS $$
DECLARE
	forms text[] := ARRAY[t.first, t.second, t.third];
	n int;
BEGIN
	EXECUTE format('CREATE TABLE szkt.raw (raw_id bigint PRIMARY KEY, key %1$s, event_id text,
		at timestamptz)', t.type);
	CREATE INDEX ON szkt.raw (key, at, event_id);
	PERFORM sessionize.create_pipeline('szkt_web', 'szkt.raw', key => 'key', event_time => 'at',
		dedup_window => '400 days');
	COMMIT;
	CALL sessionize.refresh('szkt_web');
	-- ten sessions of three events, each in another form than the one before
	EXECUTE format('INSERT INTO szkt.raw SELECT n, ($1::text[])[1 + n %% 3]::%1$s, ''e'' || n,
		timestamptz ''2026-01-01'' + n / 3 * interval ''2 days'' + n %% 3 * interval ''1 minute''
		FROM generate_series(3, 32) AS n', t.type) USING forms;
	EXECUTE format('INSERT INTO szkt.raw VALUES (1000, %L, ''o'', ''2026-01-01'')', t.other);
	CALL szkt.check(t.type, 'first build');
	-- late and early rows in every form, before, in the middle, behind; copies of events in another
	-- form
	FOR n IN 1 .. 6 LOOP
		EXECUTE format('INSERT INTO szkt.raw VALUES ($1, ($2::text[])[1 + $1 %% 3]::%s, $3, $4)',
			t.type)
			USING 100 + n, forms, CASE WHEN n % 3 = 0 THEN 'e' || n ELSE 'l' || n END,
				timestamptz '2026-01-01 00:00:30' + (n * 5 % 12) * interval '2 days';
		CALL szkt.check(t.type, 'row ' || n);
	END LOOP;
	-- the first event goes, then changes its form and nothing else; another becomes the first
	DELETE FROM szkt.raw AS r WHERE r.raw_id = (SELECT f.raw_id FROM szkt.raw AS f
		ORDER BY f.at, f.event_id LIMIT 1);
	CALL szkt.check(t.type, 'first row deleted');
	FOR n IN 2 .. 3 LOOP
		EXECUTE format('UPDATE szkt.raw AS r SET key = %L::%s
			WHERE r.raw_id = (SELECT f.raw_id FROM szkt.raw AS f WHERE f.raw_id < 1000
			ORDER BY f.at, f.event_id LIMIT 1)', forms[n], t.type);
		CALL szkt.check(t.type, 'first row in another form');
		EXECUTE format('UPDATE szkt.raw AS r SET key = %L::%s
			WHERE r.raw_id = (SELECT f.raw_id FROM szkt.raw AS f WHERE f.raw_id < 1000
			ORDER BY f.at DESC, f.event_id LIMIT 1)', forms[n], t.type);
		CALL szkt.check(t.type, 'last row in another form');
	END LOOP;
	EXECUTE format('INSERT INTO szkt.raw VALUES (50, %L, ''first'', ''2025-12-01'')', t.third);
	CALL szkt.check(t.type, 'another first row');
	-- a key is found by another of its forms
	PERFORM sessionize.mark_dirty('szkt_web', t.second);
	CALL szkt.check(t.type, 'marked in another form');
	COMMIT;
	CALL sessionize.rebuild('szkt_web');
	CALL szkt.check(t.type, 'rebuilt');
	COMMIT;
	CALL sessionize.rebuild('szkt_web', newest_first => true);
	CALL szkt.check(t.type, 'rebuilt, newest first');
	-- and under a seal
	PERFORM sessionize.seal('szkt_web', '2026-01-06');
	CALL szkt.check(t.type, 'sealed');
	EXECUTE format('INSERT INTO szkt.raw VALUES (60, %L, ''new'', ''2026-02-01'')', t.second);
	CALL szkt.check(t.type, 'a row behind the seal');
	-- a key is erased in whatever form it is given
	PERFORM sessionize.seal('szkt_web', '-infinity');
	PERFORM sessionize.erase_user('szkt_web', t.third);
	CALL szkt.check(t.type, 'erased');
	PERFORM sessionize.drop_pipeline('szkt_web');
	DROP TABLE szkt.raw;
END $$;
DO $$
DECLARE
	t szkt.types;
BEGIN
	FOR t IN SELECT * FROM szkt.types LOOP
		CALL szkt.try(t);
	END LOOP;
END $$;
SELECT count(*) AS types FROM szkt.types;

-- One text form, stored in two ways: an array that once had a NULL in it, a composite value of
-- when its type had one more field. What the star has is the same whichever row came first.
CREATE TABLE szkt.raw (raw_id bigint PRIMARY KEY, key int[], event_id text, at timestamptz);
CREATE INDEX ON szkt.raw (key, at, event_id);
SELECT sessionize.create_pipeline('szkt_web', 'szkt.raw', key => 'key', event_time => 'at');
-- sessions so far apart that a refresh reads a part of the history, which begins with another row
INSERT INTO szkt.raw VALUES (1, '{NULL,2}', 'a', '2026-01-01');
INSERT INTO szkt.raw SELECT n, '{1,2}', 'b' || n, timestamptz '2026-01-01' + n * interval '20 days'
FROM generate_series(2, 9) AS n;
UPDATE szkt.raw SET key[1] = 1 WHERE raw_id = 1;
SELECT count(DISTINCT key) AS keys, count(DISTINCT pg_column_size(key)) AS sizes FROM szkt.raw;
CALL sessionize.refresh('szkt_web');
INSERT INTO szkt.raw VALUES (10, '{1,2}', 'd', timestamptz '2026-01-01 00:01' + interval '160 days');
CALL sessionize.refresh('szkt_web');
SELECT raw_rows < 9 AS a_part FROM sessionize.runs WHERE pipeline_name = 'szkt_web'
ORDER BY run_id DESC LIMIT 1;
SELECT count(*) AS wrong FROM sessionize.verify('szkt_web');
SELECT session_key, count(*) AS sessions FROM szkt_web.sessions GROUP BY 1;
SELECT sessionize.drop_pipeline('szkt_web');
DROP TABLE szkt.raw;
CREATE TYPE szkt.packed AS (n numeric, pad text, name text);
CREATE TABLE szkt.raw (raw_id bigint PRIMARY KEY, key szkt.packed, event_id text, at timestamptz);
INSERT INTO szkt.raw VALUES (1, '(1,pad,x)', 'a', '2026-01-01');
ALTER TYPE szkt.packed DROP ATTRIBUTE pad;
CREATE INDEX ON szkt.raw (key, at, event_id);
SELECT sessionize.create_pipeline('szkt_web', 'szkt.raw', key => 'key', event_time => 'at');
INSERT INTO szkt.raw SELECT n, '(1,x)', 'b' || n, timestamptz '2026-01-01' + n * interval '20 days'
FROM generate_series(2, 9) AS n;
SELECT count(DISTINCT key) AS keys, count(DISTINCT pg_column_size(key)) AS sizes FROM szkt.raw;
CALL sessionize.refresh('szkt_web');
INSERT INTO szkt.raw VALUES (10, '(1,x)', 'd', timestamptz '2026-01-01 00:01' + interval '160 days');
CALL sessionize.refresh('szkt_web');
SELECT raw_rows < 9 AS a_part FROM sessionize.runs WHERE pipeline_name = 'szkt_web'
ORDER BY run_id DESC LIMIT 1;
SELECT count(*) AS wrong FROM sessionize.verify('szkt_web');
SELECT sessionize.drop_pipeline('szkt_web');
DROP TABLE szkt.raw;

-- A key that fails, and one that is large, are noted once, and forgotten, whichever text they come
-- with.
CREATE TABLE szkt.raw (raw_id bigint PRIMARY KEY, key numeric, page text, at timestamptz);
CREATE INDEX ON szkt.raw (key, at);
SELECT sessionize.create_pipeline('szkt_web', 'szkt.raw', key => 'key', event_time => 'at',
	page => 'page');
CALL sessionize.refresh('szkt_web');
CREATE FUNCTION szkt.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'not this one';
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON szkt_web.fact_session FOR EACH ROW WHEN (NEW.session_key = 1)
	EXECUTE FUNCTION szkt.refuse();
INSERT INTO szkt.raw VALUES (1, 1.0, '/', '2026-01-01');
CALL sessionize.refresh('szkt_web');
DELETE FROM szkt_web.dirty;
INSERT INTO szkt.raw VALUES (2, 1.000, '/', '2026-01-02');
CALL sessionize.refresh('szkt_web');
SELECT session_key, tries > 1 AS again FROM sessionize.run_errors WHERE pipeline_name = 'szkt_web';
DROP TRIGGER refuse ON szkt_web.fact_session;
DELETE FROM szkt_web.dirty;
INSERT INTO szkt.raw VALUES (3, 1.00, '/', '2026-01-03');
CALL sessionize.refresh('szkt_web');
SELECT count(*) AS errors FROM sessionize.run_errors WHERE pipeline_name = 'szkt_web';
SET sessionize.large_key_rows = 2;
INSERT INTO szkt.raw VALUES (4, 1.00, '/', '2026-01-03 00:01');
SELECT sessionize.mark_dirty('szkt_web', '1');
CALL sessionize.refresh('szkt_web');
SELECT session_key FROM sessionize.large_key;
SELECT sessionize.mark_dirty('szkt_web', '1.0000');
CALL sessionize.refresh('szkt_web');
SELECT session_key FROM sessionize.large_key;
SELECT raw_rows, sessions FROM sessionize.erase_user('szkt_web', '1.00000');
SELECT count(*) AS large FROM sessionize.large_key;
RESET sessionize.large_key_rows;
SELECT sessionize.drop_pipeline('szkt_web');

-- A condition of equality goes down to the log: one key is derived, not all.
TRUNCATE szkt.raw;
SELECT sessionize.create_pipeline('szkt_web', 'szkt.raw', key => 'key', event_time => 'at');
CALL sessionize.refresh('szkt_web');
INSERT INTO szkt.raw SELECT n, n % 50, '/', timestamptz '2026-01-01' + n * interval '1 minute'
	FROM generate_series(1, 1000) AS n;
CREATE FUNCTION szkt.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF) '
		|| query LOOP
		IF line ~ 'live_sessions' THEN
			RETURN NEXT regexp_replace(trim(line), 'rows=[0-9.]+', 'rows=N');
		END IF;
	END LOOP;
END $$;
SELECT szkt.plan('SELECT * FROM szkt_web.sessions_live WHERE session_key = 7.0');
SELECT count(*), min(session_key), min(events) FROM szkt_web.sessions_live
	WHERE session_key IN (7.0, 8.00) AND session_key::text = '7';
SELECT sessionize.drop_pipeline('szkt_web');
DROP SCHEMA szkt CASCADE;
