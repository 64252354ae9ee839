-- What a pipeline derives, compared with plain SQL and a loop in PL/pgSQL over random data: duplicates on both sides of
-- the window's edge, NULL ids, ties, clocks that are off, every rule, several types of keys; in memory,
-- in temporary files, and through external sorts.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
CREATE SCHEMA derive;
SET search_path = derive, public;

-- the raw events, made anew for each case
CREATE TABLE raw (
	id bigint GENERATED ALWAYS AS IDENTITY,
	k int,
	eid uuid,
	name text,
	usr text,
	page text,
	at timestamptz,
	sent timestamptz,
	recv timestamptz,
	cut boolean
);
CREATE INDEX ON raw (k, at);
CREATE INDEX ON raw ((k::text), at);
CREATE INDEX ON raw ((k::bigint), at);
CREATE INDEX ON raw ((k::numeric / 10), at);
CREATE INDEX ON raw ((md5(k::text)::uuid), at);

-- how a case differs from the defaults
CREATE TYPE rules AS (
	title text,
	key text,             -- an expression over raw
	gap interval,
	max_duration interval,
	max_events bigint,
	midnight text,
	restart boolean,
	dedup_window interval,
	skew interval,
	lead interval,
	starts timestamptz,   -- of the data
	step interval,        -- between two instants events may have
	keys int
);

CREATE PROCEDURE make_raw(r rules, n int) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE raw RESTART IDENTITY;
	INSERT INTO raw (k, eid, name, usr, page, at, sent, recv, cut)
	SELECT k,
		CASE WHEN random() < 0.9 THEN md5((random() * CASE WHEN random() < 0.3 THEN 60 ELSE n END)::int::text || k)::uuid END,
		(array['page_view', 'click', NULL])[1 + (random() * 2)::int],
		CASE WHEN random() < 0.2 THEN 'user ' || (random() * 3)::int END,
		CASE WHEN random() < 0.9 THEN '/page/' || (random() * 30)::int END,
		at,
		CASE WHEN random() < 0.5 THEN at + (random() * 600 - 300) * interval '1 s' END,
		CASE WHEN random() < 0.9 THEN at + (random() * 700 - 300) * interval '1 s' END,
		random() < 0.02
	FROM (
		SELECT CASE WHEN random() < 0.98 THEN (random() * r.keys)::int END AS k,
			CASE WHEN random() < 0.01 THEN 'infinity'
				WHEN random() < 0.99 THEN r.starts + (random() * 8640)::int * r.step + (random() * 3)::int * interval '1 us'
			END AS at
		FROM generate_series(1, n)
	) AS e;
	-- copies, at the same time and around the edges of a window of an hour
	INSERT INTO raw (k, eid, name, usr, page, at, cut)
	SELECT k, eid, name, CASE WHEN random() < 0.9 THEN usr END, page,
		at + (array['0', '1 h', '1 h 1 us', '59 min 59.999999 s', '7 d', '7 d 1 us'])[1 + (random() * 5)::int]::interval, cut
	FROM raw WHERE random() < 0.3 AND k IS NOT NULL AND isfinite(at);
	-- so that the number of pieces is as many as the memory wants
	ANALYZE raw;
END $$;

-- the rows an event can be made of, with the event's time
CREATE FUNCTION valid_rows(r rules) RETURNS TABLE (
	k text, t timestamptz, eid text, rid bigint, name text, usr text, page text, cut boolean, page_view boolean)
LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		SELECT (%s)::text, t, raw.eid::text, raw.id, raw.name, raw.usr, raw.page, %s, coalesce(raw.name = 'page_view', false)
		FROM raw, LATERAL (SELECT least(
			CASE WHEN at IS NULL THEN recv
				WHEN sent - recv > %3$L OR recv - sent > %3$L THEN recv - (sent - at)
				ELSE at END,
			CASE WHEN at IS NOT NULL THEN recv + %4$L END)) AS c (t)
		WHERE k IS NOT NULL AND at IS DISTINCT FROM 'infinity' AND t IS NOT NULL
		$q$, r.key, CASE WHEN r.restart THEN 'coalesce(raw.cut, false)' ELSE 'false' END, r.skew, r.lead);
END $$;

-- the events: of each chain of copies the first, with what is known of the others
CREATE FUNCTION distinct_events(r rules) RETURNS TABLE (
	k text, t timestamptz, eid text, rid bigint, name text, usr text, page text, cut boolean, page_view boolean,
	duplicates bigint, conflicts bigint)
LANGUAGE sql AS $$
	WITH copy AS (
		SELECT v.*, eid IS NOT NULL
				AND coalesce(v.t - lag(v.t) OVER (PARTITION BY k, eid ORDER BY v.t, rid) <= r.dedup_window, false) AS is_copy
		FROM valid_rows(r) AS v
	), chain AS (
		SELECT *, sum((NOT is_copy)::int) OVER (PARTITION BY k, eid ORDER BY t, rid) AS number FROM copy
	), told AS (
		SELECT *, CASE WHEN eid IS NULL THEN rid ELSE first_value(rid) OVER (PARTITION BY k, eid, number ORDER BY t, rid) END AS head
		FROM chain
	), copies AS (
		SELECT c.head, count(*) AS n, count(*) FILTER (WHERE
			(c.name, c.usr, c.page, c.cut, c.page_view) IS DISTINCT FROM (h.name, h.usr, h.page, h.cut, h.page_view)) AS other
		FROM told AS c JOIN told AS h ON h.rid = c.head WHERE c.is_copy GROUP BY c.head
	)
	SELECT e.k, e.t, e.eid, e.rid, e.name, e.usr, e.page, e.cut, e.page_view, coalesce(c.n, 0), coalesce(c.other, 0)
	FROM told AS e LEFT JOIN copies AS c ON c.head = e.rid WHERE NOT e.is_copy
$$;

CREATE TABLE expected (
	k text, t timestamptz, eid text, rid bigint, name text, usr text, page text, page_view boolean,
	duplicates bigint, conflicts bigint, session int, valid_from timestamptz);

-- the sessions and the versions of users, by a loop over the events in order
CREATE PROCEDURE expect(r rules) LANGUAGE plpgsql AS $$
DECLARE
	e record;
	key text;
	last timestamptz;
	day date;
	started timestamptz;
	events bigint;
	session int := 0;
	who text;
	since timestamptz;
BEGIN
	TRUNCATE expected;
	DROP TABLE IF EXISTS pg_temp.ordered;
	CREATE TEMP TABLE ordered AS SELECT * FROM distinct_events(r);
	CREATE INDEX ON pg_temp.ordered (k, t);
	ANALYZE pg_temp.ordered;
	FOR e IN
		SELECT o.*, (SELECT p.usr FROM pg_temp.ordered AS p WHERE p.k = o.k AND p.t <= o.t AND p.usr IS NOT NULL
			ORDER BY p.t DESC, p.eid COLLATE "C" DESC NULLS FIRST, p.rid DESC LIMIT 1) AS user_now
		FROM pg_temp.ordered AS o ORDER BY o.k, o.t, o.eid COLLATE "C" NULLS LAST, o.rid
	LOOP
		IF key IS DISTINCT FROM e.k OR e.cut OR e.t - last > r.gap OR e.t - started > r.max_duration
			OR events >= r.max_events OR (e.t AT TIME ZONE r.midnight)::date <> day
		THEN
			started := e.t;
			events := 0;
			session := session + 1;
		END IF;
		IF key IS DISTINCT FROM e.k THEN
			since := '-infinity';
		ELSIF e.user_now IS DISTINCT FROM who THEN
			since := e.t;
		END IF;
		key := e.k;
		last := e.t;
		day := (e.t AT TIME ZONE r.midnight)::date;
		events := events + 1;
		who := e.user_now;
		INSERT INTO expected VALUES (e.k, e.t, e.eid, e.rid, e.name, who, e.page, e.page_view, e.duplicates, e.conflicts, session, since);
	END LOOP;
END $$;

CREATE VIEW expected_event AS
	SELECT k, t, eid, rid, name, page, page_view, usr, valid_from FROM expected;
CREATE VIEW expected_session AS
	SELECT k, min(t) AS started_at, max(t) AS ended_at, count(*) AS events,
		count(*) FILTER (WHERE page_view) AS page_views,
		count(DISTINCT page) FILTER (WHERE page_view) AS distinct_pages,
		(array_agg(page ORDER BY t, eid COLLATE "C", rid) FILTER (WHERE page_view))[1] AS entry_page,
		(array_agg(page ORDER BY t DESC, eid COLLATE "C" DESC, rid DESC) FILTER (WHERE page_view))[1] AS exit_page,
		sum(duplicates)::bigint AS duplicates, sum(conflicts)::bigint AS conflicts,
		(array_agg(valid_from ORDER BY t DESC))[1] AS valid_from
	FROM expected GROUP BY session, k;
CREATE VIEW expected_user AS
	SELECT k, usr, valid_from, coalesce(lead(valid_from) OVER (PARTITION BY k ORDER BY valid_from), 'infinity') AS valid_to
	FROM (SELECT DISTINCT k, usr, valid_from FROM expected) AS v;
CREATE VIEW expected_quarantine AS
	SELECT id::text AS raw_id, to_jsonb(raw) AS raw_row,
		CASE WHEN k IS NULL THEN 'null_key' WHEN at = 'infinity' THEN 'infinite_time' ELSE 'no_time' END AS reason
	FROM raw WHERE k IS NULL OR at = 'infinity' OR at IS NULL AND recv IS NULL;

-- the number of rows in which two queries differ
CREATE FUNCTION differences(a text, b text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('SELECT (SELECT count(*) FROM (%1$s EXCEPT ALL %2$s) AS x) + (SELECT count(*) FROM (%2$s EXCEPT ALL %1$s) AS x)', a, b)
		INTO n;
	RETURN n;
END $$;

CREATE TABLE result (title text, memory text, what text, differences bigint, rows bigint);

-- everything that was derived against everything that is expected
CREATE PROCEDURE compare(title text) LANGUAGE plpgsql AS $$
DECLARE
	memory text := current_setting('maintenance_work_mem') || ', ' || current_setting('max_parallel_maintenance_workers') || ' workers';
BEGIN
	INSERT INTO result SELECT title, memory, 'events', differences(
		'SELECT f.session_key::text, f.event_time, f.event_id::text, f.raw_id, e.event_name, p.page, f.page_view, u.user_id, u.valid_from
		FROM derived.fact_event AS f JOIN derived.dim_event AS e USING (event_key) JOIN derived.dim_page AS p USING (page_key)
			JOIN derived.dim_user AS u USING (user_key)',
		'SELECT * FROM expected_event'), count(*) FROM expected_event;
	INSERT INTO result SELECT title, memory, 'sessions', differences(
		'SELECT f.session_key::text, f.started_at, f.ended_at, f.events, f.page_views, f.distinct_pages, a.page, z.page,
			f.duplicates, f.conflicts, u.valid_from
		FROM derived.fact_session AS f JOIN derived.dim_page AS a ON a.page_key = f.entry_page_key
			JOIN derived.dim_page AS z ON z.page_key = f.exit_page_key JOIN derived.dim_user AS u USING (user_key)',
		'SELECT * FROM expected_session'), count(*) FROM expected_session;
	-- the ids: one for each session, and the same in events and sessions
	INSERT INTO result SELECT title, memory, 'ids', differences(
		'SELECT min(f.event_time), f.session_id FROM derived.fact_event AS f JOIN expected AS e ON e.rid = f.raw_id GROUP BY e.session, f.session_id',
		'SELECT started_at, session_id FROM derived.fact_session'), count(DISTINCT session) FROM expected;
	INSERT INTO result SELECT title, memory, 'users', differences(
		'SELECT session_key::text, user_id, valid_from, valid_to FROM derived.dim_user WHERE user_key <> 0',
		'SELECT * FROM expected_user'), count(*) FROM expected_user;
	INSERT INTO result SELECT title, memory, 'quarantine', differences(
		'SELECT raw_id, raw_row, reason FROM derived.quarantine',
		'SELECT * FROM expected_quarantine'), count(*) FROM expected_quarantine;
END $$;

-- one case, with much memory and with parallel workers that read along, and with little memory and without
CREATE PROCEDURE try(r rules, n int) LANGUAGE plpgsql AS $$
DECLARE
	memory text;
	workers text;
BEGIN
	CALL make_raw(r, n);
	CALL expect(r);
	FOR memory, workers IN VALUES ('64MB', '2'), ('1MB', '0') LOOP
		PERFORM set_config('maintenance_work_mem', memory, false);
		PERFORM set_config('max_parallel_maintenance_workers', workers, false);
		PERFORM sessionize.create_pipeline('derived', 'derive.raw', key => r.key, event_time => 'at', event_id => 'eid', event_name => 'name',
			user_id => 'usr', page => 'page', sent_at => 'sent', received_at => 'recv', raw_id => 'id',
			restart => CASE WHEN r.restart THEN 'cut' ELSE '' END, gap => r.gap, max_duration => r.max_duration, max_events => r.max_events,
			midnight => r.midnight, dedup_window => r.dedup_window, skew_threshold => r.skew, max_lead => r.lead);
		COMMIT;
		CALL sessionize.rebuild('derived');
		CALL compare(r.title);
		PERFORM sessionize.drop_pipeline('derived');
		COMMIT;
	END LOOP;
END $$;
SET min_parallel_table_scan_size = 0;

SELECT setseed(0.5);
CALL try(('gap alone', 'k', '30 min', NULL, NULL, NULL, false, '1 h', '5 min', '5 min', '2026-03-01', '1 min', 60), 1500);
CALL try(('no gap, far copies', 'k::bigint', '0', '24 h', NULL, NULL, false, '7 d', '5 min', '5 min', '2026-03-01', '1 min', 20), 1500);
CALL try(('max_duration and max_events', 'k::text', '3 h', '1 h', 3, NULL, false, '1 h', '0', '0', '2026-03-01', '1 s', 20), 1500);
CALL try(('restart', 'md5(k::text)::uuid', '3 h', NULL, NULL, NULL, true, '0', '5 min', '1 h', '2026-03-01', '1 s', 3), 1500);
CALL try(('ties', 'k', '1 us', NULL, 100, NULL, true, '1 h', '5 min', '5 min', '2026-03-01', '1 us', 10), 1500);
CALL try(('a numeric key', 'k::numeric / 10', '30 min', '24 h', NULL, NULL, false, '1 h', '5 min', '5 min', '2026-03-01', '1 min', 500), 1500);
CALL try(('midnight in UTC', 'k', '3 h', NULL, NULL, 'UTC', false, '1 h', '5 min', '5 min', '2026-03-01', '1 min', 60), 1500);
CALL try(('midnight in Berlin, spring', 'k', '3 h', NULL, NULL, 'Europe/Berlin', false, '1 h', '5 min', '5 min', '2026-03-27', '1 min', 60), 1500);
CALL try(('midnight in Berlin, autumn', 'k', '3 h', NULL, NULL, 'Europe/Berlin', false, '1 h', '5 min', '5 min', '2026-10-22', '1 min', 60), 1500);
CALL try(('no midnight in Sao Paulo', 'k', '3 h', NULL, NULL, 'America/Sao_Paulo', false, '1 h', '5 min', '5 min', '2018-11-01', '1 min', 60), 1500);
CALL try(('midnight twice in Sao Paulo', 'k', '3 h', NULL, NULL, 'America/Sao_Paulo', false, '1 h', '5 min', '5 min', '2018-02-15', '1 min', 60), 1500);
CALL try(('a day and back in St. John''s', 'k', '3 h', NULL, NULL, 'America/St_Johns', false, '1 h', '5 min', '5 min', '2006-10-28', '10 s', 10), 1500);
CALL try(('no day in Apia', 'k', '3 h', NULL, NULL, 'Pacific/Apia', false, '1 h', '5 min', '5 min', '2011-12-28', '1 min', 60), 1500);
CALL try(('one key, larger than the memory', 'k', '10 s', '24 h', NULL, NULL, true, '1 h', '5 min', '5 min', '2026-03-01', '1 s', 0), 10000);
CALL try(('many keys, spilled', 'k', '30 min', '24 h', NULL, NULL, true, '1 h', '5 min', '5 min', '2026-03-01', '1 min', 2000), 7000);
CALL try(('few keys, each larger than the memory', 'k', '1 s', '24 h', NULL, NULL, true, '1 h', '5 min', '5 min', '2026-03-01', '10 s', 4), 7000);
CALL try(('several users at an instant', 'k', '10 us', NULL, NULL, NULL, false, '0', '5 min', '5 min', '2026-03-01', '1 us', 0), 3000);
SELECT title, memory, sum(differences) AS differences, bool_and(rows > 0) AS something FROM result GROUP BY title, memory
ORDER BY min(ctid);
-- no room for temporary files: an error that leaves none behind
CALL make_raw(('no room', 'k', '10 s', '24 h', NULL, NULL, true, '1 h', '5 min', '5 min', '2026-03-01', '1 s', 3), 20000);
SELECT sessionize.create_pipeline('derived', 'raw', key => 'k', event_time => 'at', event_id => 'eid', raw_id => 'id');
SET maintenance_work_mem = '1MB';
SET temp_file_limit = '256kB';
-- versions word it differently: temp_file_limit is exceeded
\set VERBOSITY sqlstate
CALL sessionize.rebuild('derived');
\set VERBOSITY default
SELECT count(*) AS files FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql_tmp' || pg_backend_pid() || '.%';
RESET temp_file_limit;
CALL sessionize.rebuild('derived');
SELECT count(*) AS files FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql_tmp' || pg_backend_pid() || '.%';
SELECT count(*) AS differences FROM sessionize.verify('derived');
SELECT sessionize.drop_pipeline('derived');

-- session ids, as Python's hashlib computes them from the documentation of session_id; eve's rows are all the same
CREATE TABLE known (k text, eid text, id int, session_id uuid);
INSERT INTO known VALUES
	('ann', 'one', 1, '991c4aa0-d19b-8b51-97aa-294cf7473028'),
	('ann', 'two', 2, '9866502b-8e13-873a-a814-402f57449df9'),
	('Älva', '', 3, '25a491c2-c954-827a-9751-8a9ab2849e85'),
	('ben', NULL, 4, 'e4509f4f-f362-808f-a452-c6a1884c0390'),
	('eve', NULL, 5, '0aac4abc-7814-861c-bd8c-fa6724543349'),
	('eve', NULL, 5, '53a45e4e-be04-825d-b0cd-8587202d4f51'),
	('eve', NULL, 5, '52e42086-aad6-8d79-baf9-d8ed4424dba0');
CREATE VIEW known_raw AS SELECT k, eid, id, timestamptz '2000-01-01 00:00:00+00' + (9000 + id) * interval '24 hours' AS at FROM known;
CREATE TABLE few AS SELECT * FROM known_raw;
CREATE INDEX ON few (k, at);
SELECT sessionize.create_pipeline('known ids', 'few', key => 'k', event_time => 'at', event_id => 'eid', raw_id => 'id', max_events => 1);
CALL sessionize.rebuild('known ids');
SELECT count(*) AS sessions, count(*) FILTER (WHERE k = session_key) AS as_known
FROM "known ids".fact_session LEFT JOIN known USING (session_id);
SELECT sessionize.drop_pipeline('known ids');
DROP SCHEMA derive CASCADE;
