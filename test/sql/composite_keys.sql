-- Keys of composite types, with fields that are NULL, all of them or some: they are values. IS NULL
-- is true of ROW(NULL, NULL), and IS NOT NULL false of ROW(2, NULL), but neither is "no key".
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szck;
CREATE TYPE szck.who AS (shop int, name text);
CREATE TABLE szck.raw (raw_id int PRIMARY KEY, key szck.who, event_id szck.who, page text,
	at timestamptz);
CREATE INDEX ON szck.raw (key, at, event_id);
-- sessions and events as plain SQL has them, keys as text: NULL where there is none, so those are
-- left out
CREATE VIEW szck.oracle AS
WITH event AS (SELECT DISTINCT ON (key::text, coalesce(event_id::text, 'none' || raw_id))
                      key::text AS key, event_id::text AS event_id, raw_id, at
               FROM szck.raw WHERE num_nulls(key) = 0 AND isfinite(at)
               ORDER BY key::text, coalesce(event_id::text, 'none' || raw_id), at, raw_id),
marked AS (SELECT f.*, f.at - lag(f.at) OVER (PARTITION BY f.key ORDER BY f.at, f.raw_id)
                  <= '30 minutes' IS NOT TRUE AS starts
           FROM event AS f),
numbered AS (SELECT e.*, count(*) FILTER (WHERE e.starts)
                    OVER (PARTITION BY e.key ORDER BY e.at, e.raw_id) AS number
             FROM marked AS e)
SELECT key, min(at) AS started_at, max(at) AS ended_at, count(*) AS events
FROM numbered GROUP BY key, number;
CREATE FUNCTION szck.wrong(suffix text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('
		CREATE TEMP TABLE s AS SELECT session_key::text, started_at, ended_at, events
		                       FROM szck_web.sessions%1$s;
		CREATE TEMP TABLE e AS SELECT event_id FROM szck_web.events%1$s', suffix);
	n := (SELECT count(*) FROM (TABLE s EXCEPT ALL TABLE szck.oracle) AS x)
		+ (SELECT count(*) FROM (TABLE szck.oracle EXCEPT ALL TABLE s) AS x)
		+ abs((SELECT count(*) FROM e) - (SELECT coalesce(sum(events), 0) FROM szck.oracle));
	DROP TABLE s, e;
	RETURN n;
END $$;
CREATE PROCEDURE szck.check(what text) LANGUAGE plpgsql AS $$
DECLARE
	live bigint;
	accounts text;
BEGIN
	COMMIT;
	live := szck.wrong('_live') + (SELECT abs(difference) FROM sessionize.reconcile('szck_web'));
	CALL sessionize.refresh('szck_web');
	SELECT format('%s raw rows: %s events, %s duplicates, %s quarantined, %s pending, difference %s',
		raw_rows, events, duplicates, quarantined, pending, difference)
	INTO accounts FROM sessionize.reconcile('szck_web');
	RAISE WARNING '%: % wrong live, % refreshed, % verified, %', what, live, szck.wrong(''),
		(SELECT count(*) FROM sessionize.verify('szck_web')), accounts;
END $$;
\set SHOW_CONTEXT never
SELECT sessionize.create_pipeline('szck_web', 'szck.raw', key => 'key', event_time => 'at',
	page => 'page');
CALL sessionize.refresh('szck_web');
INSERT INTO szck.raw VALUES (1, '(1,a)', '(1,)', '/', '2026-01-01 10:00'),
	(2, '(2,)', '(2,)', '/', '2026-01-01 10:00'), (3, '(,b)', '(,)', '/', '2026-01-01 10:00'),
	(4, '(,)', '(1,)', '/', '2026-01-01 10:00'), (5, NULL, '(5,)', '/', '2026-01-01 10:00'),
	(6, '(1,a)', NULL, '/', '2026-01-01 10:00');
CALL szck.check('first rows');
SELECT session_key, events, count(*) FROM szck_web.sessions GROUP BY 1, 2 ORDER BY 1;
INSERT INTO szck.raw VALUES (11, '(1,a)', '(1,)', '/', '2026-01-01 10:01'),
	(12, '(2,)', '(2,2)', '/', '2026-01-01 10:01'), (13, '(,b)', '(,)', '/', '2026-01-01 10:01'),
	(14, '(,)', '(,)', '/', '2026-01-01 10:01'), (15, NULL, NULL, '/', '2026-01-01 10:01'),
	(16, '(,)', '(,)', '/', '2026-01-01 12:01'), (17, '(,)', NULL, '/', '2026-01-01 12:01');
CALL szck.check('more, and copies of events whose ids have NULL fields');
-- the start of a session moves: an alias is due
DELETE FROM szck.raw WHERE raw_id IN (2, 3, 4);
CALL szck.check('starts moved');
SELECT session_key, reason, count(*) FROM szck_web.session_alias GROUP BY 1, 2 ORDER BY 1;
-- rows of such keys in the quarantine; the rows without a key are others
INSERT INTO szck.raw VALUES (21, '(2,)', NULL, '/', 'infinity'), (22, '(,)', NULL, '/', 'infinity'),
	(23, NULL, NULL, '/', 'infinity');
CALL szck.check('quarantined');
SELECT raw_id, session_key, reason FROM szck_web.quarantine ORDER BY raw_id::int;
SELECT count(*) AS without_key FROM szck_web.quarantine WHERE session_key IS NOT DISTINCT FROM NULL;
UPDATE szck.raw SET at = '2026-01-02' WHERE raw_id IN (22, 23);
CALL szck.check('out of the quarantine');
SELECT raw_id, session_key, reason FROM szck_web.quarantine ORDER BY raw_id::int;
-- one by one, and all
SELECT sessionize.mark_dirty('szck_web', '(2,)');
SELECT sessionize.mark_dirty('szck_web', '(,)');
SELECT session_key, count(*) FROM szck_web.dirty GROUP BY 1 ORDER BY 1;
CALL szck.check('marked');
SELECT sessionize.mark_dirty('szck_web');
SELECT session_key, count(*) FROM szck_web.dirty GROUP BY 1 ORDER BY 1;
CALL szck.check('all marked');
-- rebuilds
CALL sessionize.rebuild('szck_web');
CALL szck.check('rebuilt');
CALL sessionize.rebuild('szck_web', newest_first => true);
CALL szck.check('rebuilt, newest first');
SELECT sessionize.alter_pipeline('szck_web', gap => '20 minutes');
SELECT sessionize.alter_pipeline('szck_web', gap => '30 minutes');
CALL sessionize.rebuild('szck_web', newest_first => true);
CALL szck.check('built, newest first');
SELECT sessions, events FROM sessionize.preview_pipeline('szck_web') WHERE rules = 'now';
-- a seal, a late row, what goes beneath it
SELECT sessionize.seal('szck_web', '2026-01-01 11:00');
DELETE FROM szck.raw WHERE raw_id IN (12, 14);
INSERT INTO szck.raw VALUES (31, '(,)', NULL, '/', '2026-01-01 09:00'),
	(32, '(2,)', NULL, '/', '2026-01-01 09:00');
CALL sessionize.refresh('szck_web');
SELECT session_key, raw_id FROM szck_web.late ORDER BY raw_id;
SELECT count(*) AS wrong FROM sessionize.verify('szck_web');
SELECT sealed_only, late, pending, difference FROM sessionize.reconcile('szck_web');
SELECT sealed, unsealed FROM sessionize.seal('szck_web', '-infinity');
DELETE FROM szck.raw WHERE raw_id IN (31, 32);
SELECT count(*) AS still_sealed FROM szck_web.sealed;
SELECT raw_rows, events, sessions FROM sessionize.erase_user('szck_web', '(,)');
SELECT raw_rows, events, sessions FROM sessionize.erase_user('szck_web', '(2,)');
CALL szck.check('erased');
SELECT session_key, events FROM szck_web.sessions ORDER BY 1;
-- every raw row goes: so do the keys, by a refresh, by a rebuild, newest first, and by the refresh
-- after it
INSERT INTO szck.raw VALUES (41, '(2,)', NULL, '/', '2026-01-05'),
	(42, '(,)', NULL, '/', '2026-01-05'), (43, NULL, NULL, '/', '2026-01-05');
CALL szck.check('more rows');
DELETE FROM szck.raw;
CALL sessionize.rebuild('szck_web', newest_first => true);
CALL szck.check('all gone, newest first');
SELECT (SELECT count(*) FROM szck_web.sessions) AS sessions,
	(SELECT count(*) FROM szck_web.dim_user WHERE user_key <> 0) AS users,
	(SELECT count(*) FROM szck_web.quarantine) AS quarantined,
	(SELECT count(*) FROM szck_web.dirty) AS dirty,
	(SELECT count(*) FROM szck_web.backfill) AS backfill;
INSERT INTO szck.raw VALUES (51, '(2,)', NULL, '/', '2026-01-05'),
	(52, '(,)', NULL, '/', '2026-01-05');
CALL szck.check('rows again');
TRUNCATE szck.raw;
CALL szck.check('truncated');
-- keys that fail are noted by what they are, and tried again
INSERT INTO szck.raw VALUES (61, '(2,)', NULL, '/', '2026-01-05'),
	(62, '(,)', NULL, '/', '2026-01-05'), (63, NULL, NULL, '/', '2026-01-05');
CREATE FUNCTION szck.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'not this one';
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON szck_web.fact_session FOR EACH ROW
	EXECUTE FUNCTION szck.refuse();
CALL sessionize.refresh('szck_web');
CALL sessionize.refresh('szck_web');
SELECT session_key, set_aside FROM sessionize.run_errors WHERE pipeline_name = 'szck_web'
	ORDER BY 1;
DROP TRIGGER refuse ON szck_web.fact_session;
SELECT sessionize.retry_errors('szck_web');
CALL szck.check('tried again');
SELECT count(*) AS errors FROM sessionize.run_errors WHERE pipeline_name = 'szck_web';
SELECT sessionize.drop_pipeline('szck_web');
-- the index for the rows without a key is one for no others
SELECT sessionize.create_pipeline('szck_web', 'szck.raw', key => 'key', event_time => 'at');
SELECT pg_get_expr(indpred, indrelid) AS without_key FROM pg_index
	WHERE indexrelid = 'szck_web.quarantine_without_key'::regclass;
SELECT sessionize.drop_pipeline('szck_web');
DROP SCHEMA szck CASCADE;

-- mark_dirty notes quarantined rows' keys of any type
CREATE SCHEMA szck;
CREATE FUNCTION szck.keys(type text, key text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
BEGIN
	EXECUTE format('CREATE TABLE szck.raw (raw_id int PRIMARY KEY, key %s, at timestamptz)', type);
	CREATE INDEX ON szck.raw (key, at);
	PERFORM sessionize.create_pipeline('szck_web', 'szck.raw', key => 'key', event_time => 'at');
	EXECUTE format('INSERT INTO szck_web.quarantine (raw_id, session_key, reason)
		VALUES (1, %L, ''infinite_time''), (2, NULL, ''null_key'')', key);
	PERFORM sessionize.mark_dirty('szck_web');
	RETURN 'marked';
END $$;
CREATE PROCEDURE szck.try(type text, key text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM szck.keys(type, key);
	COMMIT;
	RAISE WARNING '%: %', type, (SELECT string_agg(coalesce(session_key::text, 'none'), ' '
		ORDER BY session_key) FROM szck_web.dirty);
	PERFORM sessionize.drop_pipeline('szck_web');
	DROP TABLE szck.raw;
END $$;
CALL szck.try('smallint', '7');
CALL szck.try('int', '7');
CALL szck.try('bigint', '7');
CALL szck.try('uuid', '00000000-0000-0000-0000-000000000007');
CALL szck.try('text', 'seven');
CALL szck.try('bytea', '\x07');
CALL szck.try('boolean', 'true');
CALL szck.try('float8', '7.5');
CALL szck.try('inet', '7.0.0.7');
CALL szck.try('name', 'seven');
CALL szck.try('interval', '7 days');
CALL szck.try('text[]', '{seven,NULL}');
DROP SCHEMA szck CASCADE;
