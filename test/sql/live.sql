-- sessions_live and events_live: what is committed is seen at once, exactly as if refreshed now
SET client_min_messages = warning;
CREATE SCHEMA szl;
CREATE TABLE szl.raw (raw_id bigint PRIMARY KEY, event_id text, event_name text, visitor text, user_id text, page text, occurred_at timestamptz, received_at timestamptz);
CREATE INDEX ON szl.raw (visitor, occurred_at, event_id);
CREATE FUNCTION szl.more(first bigint, last bigint, seed bigint) RETURNS void LANGUAGE sql AS $$
	INSERT INTO szl.raw SELECT n, 'e' || (n * seed) % 700, CASE WHEN n % 3 > 0 THEN 'page_view' ELSE 'click' END, CASE WHEN n % 61 = 0 THEN NULL ELSE 'v' || (n * seed) % 29 END,
		CASE WHEN n % 11 = 0 THEN 'u' || n % 4 END, CASE WHEN n % 4 > 0 THEN '/' || n % 6 END,
		CASE WHEN n % 67 = 0 THEN 'infinity' ELSE '2026-01-01 00:00Z'::timestamptz + ((n * seed * 7919) % 40000) * interval '1 minute' END,
		'2026-02-01 00:00Z'::timestamptz FROM generate_series(first, last) AS n
$$;
SELECT szl.more(1, 2000, 17);
SELECT sessionize.create_pipeline('szl_web', 'szl.raw', key => 'visitor', time_zone => 'Asia/Tokyo');
SELECT sessionize.create_pipeline('szl_again', 'szl.raw', key => 'visitor', time_zone => 'Asia/Tokyo', capture => false);
-- the same columns as the views they extend
SELECT count(*) AS different FROM (
	SELECT replace(a.attrelid::regclass::text, '_live', ''), a.attnum, a.attname, a.atttypid, a.attcollation FROM pg_attribute AS a
	WHERE a.attrelid IN ('szl_web.sessions_live'::regclass, 'szl_web.events_live') EXCEPT ALL
	SELECT a.attrelid::regclass::text, a.attnum, a.attname, a.atttypid, a.attcollation FROM pg_attribute AS a
	WHERE a.attrelid IN ('szl_web.sessions'::regclass, 'szl_web.events')) AS d;
-- rows that only one of two views has; session ids differ from pipeline to pipeline
CREATE FUNCTION szl.compare(one text, other text) RETURNS TABLE (view text, here bigint, difference bigint) LANGUAGE plpgsql AS $$
DECLARE
	v text;
	c text;
BEGIN
	FOREACH v IN ARRAY ARRAY['sessions', 'events'] LOOP
		view := v;
		c := CASE v WHEN 'sessions' THEN 'session_key, user_id, started_at, ended_at, expires_at, duration, date, events, page_views, distinct_pages, entry_page, exit_page, is_bounce, duplicates, conflicts'
		     ELSE 'event_time, session_key, user_id, event_name, page, page_view, date, session_started_at, event_id, raw_id' END;
		EXECUTE format('SELECT (SELECT count(*) FROM %2$s), (SELECT count(*) FROM (SELECT %1$s FROM %2$s EXCEPT ALL SELECT %1$s FROM %3$s) AS x) + (SELECT count(*) FROM (SELECT %1$s FROM %3$s EXCEPT ALL SELECT %1$s FROM %2$s) AS x)',
			c, format(one, v), format(other, v)) INTO here, difference;
		RETURN NEXT;
	END LOOP;
END $$;
-- equal to another pipeline that is rebuilt, and ids to those that a refresh gives; says how many keys are dirty
CREATE PROCEDURE szl.check() LANGUAGE plpgsql AS $$
DECLARE
	dirty bigint;
	wrong bigint;
BEGIN
	CALL sessionize.rebuild('szl_again');
	SELECT count(DISTINCT session_key) INTO dirty FROM szl_web.dirty;
	SELECT sum(difference) INTO wrong FROM szl.compare('szl_web.%s_live', 'szl_again.%s');
	RAISE WARNING 'keys dirty: %, differences: %', dirty, wrong;
	CREATE TEMP TABLE seen_sessions AS TABLE szl_web.sessions_live;
	CREATE TEMP TABLE seen_events AS TABLE szl_web.events_live;
	CALL sessionize.refresh('szl_web');
	SELECT count(*) INTO wrong FROM ((TABLE szl_web.sessions EXCEPT ALL TABLE seen_sessions) UNION ALL (TABLE seen_sessions EXCEPT ALL TABLE szl_web.sessions)) AS d;
	RAISE WARNING 'sessions that a refresh changes: %', wrong;
	SELECT count(*) INTO wrong FROM ((TABLE szl_web.events EXCEPT ALL TABLE seen_events) UNION ALL (TABLE seen_events EXCEPT ALL TABLE szl_web.events)) AS d;
	RAISE WARNING 'events that a refresh changes: %', wrong;
	DROP TABLE seen_sessions, seen_events;
END $$;
-- a star that was never built can't be brought up to date key by key
SELECT count(*) FROM szl_web.sessions_live;
INSERT INTO szl.raw VALUES (0, 'x', 'click', 'v1', NULL, '/', '2026-01-01', '2026-02-01');
SELECT count(*) FROM szl_web.sessions_live;
CALL sessionize.refresh('szl_web');
-- nothing is dirty; then rows come late, twice, at a time that does not exist, change and go
CALL szl.check();
SELECT szl.more(2001, 2010, 23);
CALL szl.check();
SELECT szl.more(2011, 2300, 31);
CALL szl.check();
UPDATE szl.raw SET occurred_at = occurred_at - interval '20 minutes', page = '/new' WHERE raw_id % 200 = 3;
UPDATE szl.raw SET visitor = 'w' || raw_id % 3 WHERE raw_id % 150 = 4;
DELETE FROM szl.raw WHERE visitor = 'v3' OR raw_id % 97 = 0;
CALL szl.check();
INSERT INTO szl.raw SELECT raw_id + 10000, event_id, event_name, visitor, user_id, page, occurred_at + interval '1 minute', received_at FROM szl.raw WHERE visitor IN ('v5', 'v6');
CALL szl.check();
-- many keys at a time, in little memory
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
INSERT INTO szl.raw SELECT 20000 + n, 'm' || n, 'page_view', 'many' || n % 150, NULL, '/' || n % 50, '2026-01-05'::timestamptz + n * interval '1 minute', '2026-02-01' FROM generate_series(1, 5000) AS n;
CALL szl.check();
RESET hash_mem_multiplier;
RESET work_mem;
SELECT szl.more(3000, 3100, 37);

CALL szl.check();

-- the stored rows of other keys are found by an index, and of the keys only those asked for are derived
INSERT INTO szl.raw SELECT 60000 + n, 'p' || n, 'page_view', 'p' || n, NULL, '/', '2026-01-05', '2026-02-01' FROM generate_series(1, 100) AS n;
CREATE FUNCTION szl.calls(query text) RETURNS TABLE (calls bigint, stored text) LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, TIMING off, SUMMARY off, FORMAT json) ' || query INTO plan;
	SELECT sum((n ->> 'Actual Loops')::bigint) FILTER (WHERE n ->> 'Node Type' = 'Function Scan'),
	       string_agg(n ->> 'Node Type', ', ' ORDER BY n ->> 'Node Type') FILTER (WHERE n ->> 'Relation Name' IN ('fact_session', 'fact_event'))
	INTO calls, stored
	FROM jsonb_path_query(plan::jsonb, 'strict $.** ? (exists(@."Node Type"))') AS n;
	RETURN NEXT;
END $$;
ANALYZE szl_web.fact_session, szl_web.fact_event, szl_web.dirty;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT * FROM szl.calls('SELECT started_at, events, entry_page FROM szl_web.sessions_live WHERE session_key = ''p7''');
SELECT * FROM szl.calls('SELECT * FROM szl_web.events_live WHERE session_key = ''p7''');
SELECT * FROM szl.calls('SELECT started_at, events, entry_page FROM szl_web.sessions_live WHERE session_key = ''not there''');
SELECT calls FROM szl.calls('SELECT * FROM szl_web.sessions_live WHERE session_key IN (''p7'', ''p8'', ''v1'')');
SELECT calls FROM szl.calls('TABLE szl_web.sessions_live');
RESET enable_seqscan;
RESET enable_bitmapscan;
SELECT session_key, events, entry_page FROM szl_web.sessions_live WHERE session_key IN ('p7', 'p9') ORDER BY 1;
-- asked for again and again, in another order
SELECT count(*) AS wrong FROM (SELECT 'p' || 101 - n AS k FROM generate_series(1, 100) AS n) AS k
LEFT JOIN LATERAL (SELECT sum(s.events) AS events FROM szl_web.sessions_live AS s WHERE s.session_key = k.k) AS s ON true WHERE s.events IS DISTINCT FROM 1;
SELECT count(*) AS twice FROM szl_web.sessions_live AS a JOIN szl_web.sessions_live AS b USING (session_id) WHERE a.session_key LIKE 'p%';

-- keys of other types; one whose equal values look different; sessions only
CREATE INDEX ON szl.raw ((raw_id % 7));
SELECT sessionize.create_pipeline('szl_int', 'szl.raw', key => 'raw_id % 7', event_id => '', store_events => false);
ALTER TABLE szl.raw ADD amount numeric;
UPDATE szl.raw SET amount = CASE raw_id % 2 WHEN 0 THEN 1.0 ELSE 1.00 END + raw_id % 5;
CREATE INDEX ON szl.raw (amount);
SELECT sessionize.create_pipeline('szl_num', 'szl.raw', key => 'amount', event_id => 'raw_id', raw_id => 'raw_id');
CALL sessionize.refresh('szl_int');
CALL sessionize.refresh('szl_num');
INSERT INTO szl.raw SELECT 70000 + n, 'q' || n, 'page_view', 'q', NULL, '/', '2026-01-05'::timestamptz + n * interval '1 hour', '2026-02-01', 1.000 + n % 4 FROM generate_series(1, 100) AS n;
CREATE TEMP TABLE seen_int AS TABLE szl_int.sessions_live;
CREATE TEMP TABLE seen_num AS TABLE szl_num.sessions_live;
SELECT (SELECT count(*) FROM szl_int.dirty) > 0 AS dirty, (SELECT count(*) FROM szl_num.dirty) > 0 AS dirty;
CALL sessionize.refresh('szl_int');
CALL sessionize.refresh('szl_num');
SELECT count(*) AS wrong FROM ((TABLE szl_int.sessions EXCEPT ALL TABLE seen_int) UNION ALL (TABLE seen_int EXCEPT ALL TABLE szl_int.sessions)) AS d;
SELECT count(*) AS wrong FROM ((TABLE szl_num.sessions EXCEPT ALL TABLE seen_num) UNION ALL (TABLE seen_num EXCEPT ALL TABLE szl_num.sessions)) AS d;
SELECT to_regclass('szl_int.events_live') IS NULL AS without_events;

-- who may see the view may see it, and needs nothing else; the function gives no more than the view
CREATE ROLE regress_szl_reader;
CREATE ROLE regress_szl_nobody;
GRANT USAGE ON SCHEMA szl_web TO regress_szl_reader, regress_szl_nobody;
GRANT SELECT ON szl_web.sessions_live TO regress_szl_reader;
SELECT pipeline_id AS id FROM sessionize.pipeline WHERE pipeline_name = 'szl_web' \gset
SET ROLE regress_szl_reader;
SELECT count(*), sum(events) FROM szl_web.sessions_live WHERE session_key LIKE 'p%';
SELECT count(*) FROM szl_web.events_live;
SELECT count(*) FROM sessionize.live_events(:id, 'p7'::text) AS l(event_time timestamptz, user_id text, event_name text, page text, page_view boolean, date date, session_id uuid, session_started_at timestamptz, event_id text, raw_id bigint);
SET ROLE regress_szl_nobody;
SELECT count(*) FROM szl_web.sessions_live;
SELECT count(*) FROM sessionize.live_sessions(:id, 'p7'::text) AS l(session_id uuid);
RESET ROLE;
-- the example of docs/reference/live.md
SELECT started_at, ended_at, events, expires_at > '2026-01-05 00:10Z' AS open FROM szl_web.sessions_live WHERE session_key = 'p7' ORDER BY started_at;
-- called by hand, the wrong way
SELECT count(*) FROM sessionize.live_sessions(:id, 'p7'::text) AS l(session_id uuid);
SELECT count(*) FROM sessionize.live_sessions(:id, 7) AS l(session_id uuid);
SELECT count(*) FROM sessionize.live_sessions(0, 'p7'::text) AS l(session_id uuid);
SELECT count(*) FROM sessionize.live_sessions(NULL, 'p7'::text) AS l(session_id uuid);
SELECT sessionize.live_sessions(:id, 'p7'::text);
-- where the log begins: no mark without the library in shared_preload_libraries (test/t/054_dead_log.pl has it), none of what is no log
SELECT sessionize.dirty_begin('szl_web.dirty'), sessionize.dirty_begin('szl_web.sessions') AS view, sessionize.dirty_begin(0) AS nothing, sessionize.dirty_begin(NULL) IS NULL AS none;

-- the gap that expires_at is made with
SELECT sessionize.pipeline_gap(p.pipeline_id) = p.gap AS same, sessionize.pipeline_gap(-1) AS nothing, sessionize.pipeline_gap(NULL) IS NULL AS none
FROM sessionize.pipeline AS p WHERE p.pipeline_name = 'szl_web';

SELECT sessionize.drop_pipeline(p) FROM unnest(ARRAY['szl_web', 'szl_again', 'szl_int', 'szl_num']) AS p;
DROP SCHEMA szl CASCADE;
DROP ROLE regress_szl_reader, regress_szl_nobody;
