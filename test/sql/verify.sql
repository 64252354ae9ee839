-- verify: every stored column of every table, changed by hand, is found, and rebuild puts it right.
SET client_min_messages = warning;
SET timezone = 'Asia/Tokyo';
CREATE SCHEMA szv;
CREATE TABLE szv.raw (raw_id bigint, event_id text, event_name text, user_id text, visitor text, page text, occurred_at timestamptz, received_at timestamptz);
CREATE INDEX ON szv.raw (visitor, occurred_at, event_id);
INSERT INTO szv.raw VALUES
	(1, 'e1', 'page_view', NULL, 'ann', '/', '2026-01-05 10:00Z', '2026-01-05 10:00Z'),
	(2, 'e2', 'page_view', NULL, 'ann', '/shop', '2026-01-05 10:10Z', '2026-01-05 10:10Z'),
	(3, 'e2', 'page_view', NULL, 'ann', '/other', '2026-01-05 10:10Z', '2026-01-05 10:10Z'),
	(4, 'e4', 'login', 'u1', 'ann', NULL, '2026-01-05 10:20Z', '2026-01-05 10:20Z'),
	(5, 'e5', 'page_view', NULL, 'ann', '/shop', '2026-01-06 10:20Z', '2026-01-06 10:20Z'),
	(6, NULL, 'page_view', 'u2', 'bob', '/', '2026-01-06 11:00Z', '2026-01-06 11:00Z'),
	(7, 'e7', 'page_view', NULL, NULL, '/', '2026-01-06 11:00Z', '2026-01-06 11:00Z'),
	(8, 'e8', 'page_view', NULL, 'bob', '/', 'infinity', '2026-01-06 11:00Z');
SELECT sessionize.create_pipeline('szv_web', 'szv.raw', key => 'visitor');
-- before the first rebuild all of it is missing
SELECT relation, difference, count(*) FROM sessionize.verify('szv_web') GROUP BY 1, 2 ORDER BY 1, 2;
CALL sessionize.rebuild('szv_web');
SELECT * FROM sessionize.verify('szv_web');
-- a LIMIT is fine
SELECT count(*) FROM (SELECT FROM sessionize.verify('szv_web') LIMIT 1) AS v;

-- what it says of one wrong session
UPDATE szv_web.fact_session SET events = events + 1, entry_page_key = 0 WHERE session_key = 'bob';
SELECT relation, difference, session_key, k AS column, stored -> k AS stored, expected -> k AS expected
FROM sessionize.verify('szv_web'), jsonb_object_keys(expected) AS k WHERE stored -> k IS DISTINCT FROM expected -> k ORDER BY k;
CALL sessionize.rebuild('szv_web');
SELECT * FROM sessionize.verify('szv_web');

-- in a select list it gives all of its rows before the next one begins, and leaves what calls it in
-- place
UPDATE szv_web.fact_session SET events = events + 1 WHERE session_key IN ('ann', 'bob');
SELECT array_agg((a).relation || ' ' || (a).session_key ORDER BY a) AS once,
	array_agg((b).difference) AS twice, count(*)
FROM (SELECT sessionize.verify('szv_web') AS a,
	sessionize.verify('szv_web', sample => 1) AS b) AS v;
SELECT count(*) FROM generate_series(1, 3) AS n,
	LATERAL (SELECT n, sessionize.verify('szv_web')) AS v;
DO $$
DECLARE
	found text[] := '{}';
	r record;
BEGIN
	FOR r IN SELECT * FROM sessionize.verify('szv_web')
		ORDER BY session_key, stored ->> 'started_at' LOOP
		found := found || (r.session_key || (SELECT count(*) FROM sessionize.verify('szv_web')));
	END LOOP;
	RAISE WARNING '%', found;
END $$;
CALL sessionize.rebuild('szv_web');

-- each column in its turn: the number of differences found, and left after a rebuild
CREATE TABLE szv.tampered (relation text, change text, found bigint, closes boolean, remains bigint);
CREATE PROCEDURE szv.tamper(relation text, change text, condition text) LANGUAGE plpgsql AS $$
DECLARE
	rows bigint; found bigint; closes boolean; remains bigint;
BEGIN
	EXECUTE format('UPDATE szv_web.%I SET %s WHERE %s', relation, change, condition);
	GET DIAGNOSTICS rows = ROW_COUNT;
	ASSERT rows = 1, change;
	SELECT count(*) INTO found FROM sessionize.verify('szv_web');
	COMMIT;
	CALL sessionize.rebuild('szv_web');
	SELECT count(*) INTO remains FROM sessionize.verify('szv_web');
	SELECT r.difference = 0 AND r.event_difference = 0 AND r.pending = 0 INTO closes FROM sessionize.reconcile('szv_web') AS r;
	INSERT INTO szv.tampered VALUES (relation, change, found, closes, remains);
END $$;
CREATE PROCEDURE szv.tamper_all() LANGUAGE plpgsql AS $$
DECLARE
	t text[];
BEGIN
	FOREACH t SLICE 1 IN ARRAY ARRAY[
		['fact_session', 'session_id = gen_random_uuid()', 'session_key = ''bob'''],
		['fact_session', 'session_key = ''carl''', 'session_key = ''bob'''],
		['fact_session', 'user_key = 0', 'session_key = ''bob'''],
		['fact_session', 'user_key = 99', 'session_key = ''bob'''],
		['fact_session', 'user_key = (SELECT min(user_key) FROM szv_web.dim_user WHERE session_key = ''ann'')', 'session_key = ''bob'''],
		['fact_session', 'date_key = 0', 'session_key = ''bob'''],
		['fact_session', 'date_key = 20260105', 'session_key = ''bob'''],
		['fact_session', 'started_at = started_at - interval ''1 us''', 'session_key = ''bob'''],
		['fact_session', 'ended_at = ended_at + interval ''1 us''', 'session_key = ''bob'''],
		['fact_session', 'events = 2', 'session_key = ''bob'''],
		['fact_session', 'page_views = 0', 'session_key = ''bob'''],
		['fact_session', 'distinct_pages = 0', 'session_key = ''bob'''],
		['fact_session', 'entry_page_key = 0', 'session_key = ''bob'''],
		['fact_session', 'entry_page_key = 99', 'session_key = ''bob'''],
		['fact_session', 'exit_page_key = 0', 'session_key = ''bob'''],
		['fact_session', 'is_bounce = false', 'session_key = ''bob'''],
		['fact_session', 'duplicates = 1', 'session_key = ''bob'''],
		['fact_session', 'conflicts = 1', 'session_key = ''bob'''],
		['fact_session', 'shifted = shifted + 1', 'session_key = ''bob'''],
		['fact_session', 'copies_until = ended_at + interval ''1 day''', 'session_key = ''bob'''],
		['fact_session', 'same_start = 1', 'session_key = ''bob'''],
		['fact_session', 'started_by = ''restart''', 'session_key = ''bob'''],
		['fact_session', 'seen_before = repeat(''x'', 16)::bytea', 'session_key = ''bob'''],
		['fact_event', 'session_key = ''carl''', 'raw_id = 6'],
		['fact_event', 'event_time = event_time + interval ''1 us''', 'raw_id = 6'],
		['fact_event', 'event_id = ''''', 'raw_id = 6'],
		['fact_event', 'event_id = NULL', 'raw_id = 5'],
		['fact_event', 'raw_id = 66', 'raw_id = 6'],
		['fact_event', 'session_id = gen_random_uuid()', 'raw_id = 6'],
		['fact_event', 'user_key = 0', 'raw_id = 6'],
		['fact_event', 'event_key = 0', 'raw_id = 6'],
		['fact_event', 'event_key = 99', 'raw_id = 6'],
		['fact_event', 'page_key = 0', 'raw_id = 6'],
		['fact_event', 'page_key = 99', 'raw_id = 4'],
		['fact_event', 'date_key = 1', 'raw_id = 6'],
		['fact_event', 'page_view = false', 'raw_id = 6'],
		['dim_user', 'user_key = 98', 'session_key = ''bob'''],
		['dim_user', 'session_key = ''carl''', 'session_key = ''bob'''],
		['dim_user', 'user_id = ''u9''', 'session_key = ''bob'''],
		['dim_user', 'valid_from = ''2026-01-01Z''', 'session_key = ''bob'''],
		['dim_user', 'valid_to = ''2027-01-01Z''', 'session_key = ''bob'''],
		['dim_user', 'is_current = false', 'session_key = ''bob'''],
		['dim_user', 'user_id = ''u9''', 'user_key = 0'],
		['dim_user', 'user_key = 97', 'user_key = 0'],
		['dim_page', 'page = ''/x''', 'page = ''/'''],
		['dim_page', 'page_key = 98', 'page = ''/'''],
		['dim_page', 'page = ''/y''', 'page_key = 0'],
		['dim_page', 'page_key = 97', 'page_key = 0'],
		['dim_event', 'event_name = ''x''', 'event_name = ''login'''],
		['dim_event', 'event_key = 98', 'event_name = ''login'''],
		['dim_event', 'event_name = ''y''', 'event_key = 0'],
		['dim_event', 'event_key = 97', 'event_key = 0'],
		['dim_date', 'date_key = 20300101', 'date_key = 20260106'],
		['dim_date', 'date_key = 1', 'date_key = 0'],
		['dim_date', 'date = ''2031-01-01''', 'date_key = 20260106'],
		['dim_date', 'date = ''2032-01-01''', 'date_key = 0'],
		['dim_date', 'year = 1', 'date_key = 20260106'],
		['dim_date', 'quarter = 2', 'date_key = 20260106'],
		['dim_date', 'month = NULL', 'date_key = 20260106'],
		['dim_date', 'month_name = ''Januar''', 'date_key = 20260106'],
		['dim_date', 'week = 3', 'date_key = 20260106'],
		['dim_date', 'iso_year = 3', 'date_key = 20260106'],
		['dim_date', 'day = 3', 'date_key = 20260106'],
		['dim_date', 'day_of_week = 3', 'date_key = 20260106'],
		['dim_date', 'day_name = ''Dienstag''', 'date_key = 20260106'],
		['dim_date', 'is_weekend = true', 'date_key = 20260106'],
		['dim_date', 'is_weekend = false', 'date_key = 0'],
		['quarantine', 'raw_id = ''9''', 'raw_id = ''7'''],
		['quarantine', 'session_key = ''x''', 'raw_id = ''7'''],
		['quarantine', 'reason = ''bad''', 'raw_id = ''7'''],
		['quarantine', 'detail = ''bad''', 'raw_id = ''7'''],
		['quarantine', 'received_at = now()', 'raw_id = ''7'''],
		['quarantine', 'event_name = ''x''', 'raw_id = ''7'''],
		['quarantine', 'contract_version = ''1-0-0''', 'raw_id = ''7'''],
		['quarantine', 'rule = ''type''', 'raw_id = ''7'''],
		['quarantine', 'path = ''/x''', 'raw_id = ''7'''],
		['quarantine', 'message = ''bad''', 'raw_id = ''7'''],
		['quarantine', 'event_time = now()', 'raw_id = ''7'''],
		['quarantine', 'producer = ''x''', 'raw_id = ''7'''],
		['quarantine', 'raw_row = raw_row || ''{"page": "/x"}''', 'raw_id = ''7''']]
	LOOP
		CALL szv.tamper(t[1], t[2], t[3]);
	END LOOP;
END $$;
CALL szv.tamper_all();
SELECT relation, change, found > 0 AS found, closes, remains FROM szv.tampered WHERE found = 0 OR NOT closes OR remains > 0;
SELECT relation, count(*) AS changes, count(DISTINCT split_part(change, ' ', 1)) AS columns FROM szv.tampered GROUP BY 1 ORDER BY 1;
-- every column that verify answers for was changed: all but these, and those of a seal, which there is none of
SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'szv_web'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND c.relname NOT IN ('sealed', 'late')
  AND NOT EXISTS (SELECT FROM szv.tampered AS t WHERE t.relation = c.relname AND split_part(t.change, ' ', 1) = a.attname)
ORDER BY 1, 2;

-- rows added and taken away, whole tables emptied
INSERT INTO szv_web.fact_session SELECT gen_random_uuid(), session_key, user_key, date_key, started_at, ended_at, events, page_views,
	distinct_pages, entry_page_key, exit_page_key, is_bounce, same_start, duplicates, conflicts, shifted, copies_until, seen_before, started_by FROM szv_web.fact_session;
INSERT INTO szv_web.fact_event SELECT * FROM szv_web.fact_event;
INSERT INTO szv_web.quarantine (raw_id, reason) VALUES ('1', 'null_key'), (NULL, 'none');
DELETE FROM szv_web.dim_page WHERE page = '/shop';
DELETE FROM szv_web.dim_date WHERE date_key = 20260106;
SELECT relation, difference, count(*) FROM sessionize.verify('szv_web') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT raw_rows, events, duplicates, quarantined, late, pending, difference, event_difference FROM sessionize.reconcile('szv_web');
CALL sessionize.rebuild('szv_web');
SELECT * FROM sessionize.verify('szv_web');
TRUNCATE szv_web.fact_event, szv_web.dim_user, szv_web.quarantine, szv_web.dim_page;
SELECT relation, difference, count(*) FROM sessionize.verify('szv_web') GROUP BY 1, 2 ORDER BY 1, 2;
CALL sessionize.rebuild('szv_web');
SELECT * FROM sessionize.verify('szv_web');
SELECT raw_rows, events, duplicates, quarantined, late, pending, difference, event_difference FROM sessionize.reconcile('szv_web');
TRUNCATE szv_web.fact_event, szv_web.fact_session, szv_web.dim_user, szv_web.dim_date;
CALL sessionize.rebuild('szv_web');
SELECT * FROM sessionize.verify('szv_web');

-- a key whose rows have changed since is not compared: nobody has said yet that its star is right
INSERT INTO szv.raw VALUES (9, 'e9', 'page_view', NULL, 'bob', '/', '2026-01-06 11:30Z', '2026-01-06 11:30Z');
SELECT relation, difference, session_key, stored -> 'ended_at' AS stored, expected -> 'ended_at' AS expected FROM sessionize.verify('szv_web') ORDER BY 1;
DELETE FROM szv_web.dirty;
-- without a word of it, it is a difference
SELECT relation, difference, session_key, stored -> 'ended_at' AS stored, expected -> 'ended_at' AS expected FROM sessionize.verify('szv_web') ORDER BY 1;
-- it sees what its statement sees
BEGIN ISOLATION LEVEL REPEATABLE READ;
DELETE FROM szv.raw WHERE raw_id = 9;
SELECT * FROM sessionize.verify('szv_web');
ROLLBACK;
CALL sessionize.rebuild('szv_web');
SELECT * FROM sessionize.verify('szv_web');
-- and it writes nothing
BEGIN READ ONLY;
SELECT * FROM sessionize.verify('szv_web');
SELECT difference FROM sessionize.reconcile('szv_web');
COMMIT;

-- when what is stored is larger than memory it is compared in parts
INSERT INTO szv.raw SELECT 100 + n, 'f' || n, 'page_view', NULL, 'bot', '/' || n % 9, '2026-02-01Z'::timestamptz + n * interval '1 s', NULL
FROM generate_series(1, 20000) AS n;
CALL sessionize.rebuild('szv_web');
SET maintenance_work_mem = '1MB';
SELECT * FROM sessionize.verify('szv_web');
UPDATE szv_web.fact_event SET page_view = false WHERE raw_id % 1000 = 0;
DELETE FROM szv_web.fact_event WHERE raw_id % 2000 = 1;
SELECT relation, difference, count(*) FROM sessionize.verify('szv_web') GROUP BY 1, 2 ORDER BY 1, 2;
CALL sessionize.rebuild('szv_web');
SELECT rows_inserted, rows_updated, rows_deleted FROM sessionize.runs ORDER BY run_id DESC LIMIT 1;
SELECT * FROM sessionize.verify('szv_web');
-- sessions that were given other keys lie in other pieces than the rebuild looks for them in
UPDATE szv_web.fact_session SET session_key = 'x' || session_key;
SELECT relation, difference, session_key FROM sessionize.verify('szv_web') ORDER BY 2, 3;
CALL sessionize.rebuild('szv_web');
SELECT pieces > 1 AS many_pieces FROM sessionize.runs ORDER BY run_id DESC LIMIT 1;
SELECT * FROM sessionize.verify('szv_web');
SELECT pending, difference, event_difference FROM sessionize.reconcile('szv_web');
RESET maintenance_work_mem;

SELECT sessionize.drop_pipeline('szv_web');
DROP SCHEMA szv CASCADE;
