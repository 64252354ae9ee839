-- CALL rebuild(name, newest_first => true): what a rebuild in one go makes, but the keys with the latest events first, each once
SET client_min_messages = warning;
SET sessionize.rebuild_piece_rows = 60;
CREATE SCHEMA szw;
CREATE TABLE szw.raw (raw_id bigint PRIMARY KEY, event_id text, event_name text, visitor text, user_id text, page text, ts timestamptz, received_at timestamptz);
CREATE INDEX ON szw.raw (visitor, ts, event_id);
CREATE INDEX ON szw.raw ((length(visitor)));
-- keys whose last events lie anywhere, some at the same time; copies, rows without key, time or both, clocks from the future, keys too long
INSERT INTO szw.raw
SELECT n, 'e' || n % 900, CASE WHEN n % 4 = 0 THEN 'click' ELSE 'page_view' END,
       CASE WHEN n % 97 = 0 THEN NULL WHEN n = 500 THEN repeat('k', 5000) ELSE 'v' || n * 13 % 61 END, CASE WHEN n % 31 = 0 THEN 'u' || n % 5 END, '/' || n % 9,
       CASE WHEN n % 89 = 0 THEN 'infinity' WHEN n = 777 THEN '2099-01-01Z' ELSE '2026-01-01Z'::timestamptz + (n * 13 % 61 % 12) * interval '3 days' + n * interval '7 minutes' END,
       '2026-01-01Z'::timestamptz + (n * 13 % 61 % 12) * interval '3 days' + n * interval '7 minutes'
FROM generate_series(1, 1200) AS n;
-- two stars of everything of the same rows, one built in one go
CREATE FUNCTION szw.differences(a text, b text) RETURNS TABLE (relation text, differences bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR relation IN SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = a::regnamespace AND c.relname IN ('sessions', 'events') ORDER BY 1 LOOP
		EXECUTE format('SELECT count(*) FROM ((SELECT %s FROM %I.%I EXCEPT ALL SELECT %1$s FROM %4$I.%3$I) UNION ALL (SELECT %1$s FROM %4$I.%3$I EXCEPT ALL SELECT %1$s FROM %2$I.%3$I)) AS d',
			CASE relation WHEN 'sessions' THEN 'session_key, user_id, started_at, ended_at, events, page_views, distinct_pages, entry_page, exit_page, duplicates, conflicts'
			ELSE 'session_key, user_id, event_time, event_name, page, event_id, raw_id, session_started_at' END, a, relation, b) INTO differences;
		RETURN NEXT;
	END LOOP;
	relation := 'dim_user';
	EXECUTE format('SELECT count(*) FROM ((SELECT %s FROM %I.dim_user EXCEPT ALL SELECT %1$s FROM %3$I.dim_user) UNION ALL (SELECT %1$s FROM %3$I.dim_user EXCEPT ALL SELECT %1$s FROM %2$I.dim_user)) AS d',
		'session_key, user_id, valid_from, valid_to', a, b) INTO differences;
	RETURN NEXT;
	relation := 'quarantine';
	EXECUTE format('SELECT count(*) FROM ((SELECT %s FROM %I.quarantine EXCEPT ALL SELECT %1$s FROM %3$I.quarantine) UNION ALL (SELECT %1$s FROM %3$I.quarantine EXCEPT ALL SELECT %1$s FROM %2$I.quarantine)) AS d',
		'raw_id, session_key, reason', a, b) INTO differences;
	RETURN NEXT;
END $$;
SELECT sessionize.create_pipeline('szw_one', 'szw.raw', key => 'visitor', event_time => 'ts');
SELECT sessionize.create_pipeline('szw_web', 'szw.raw', key => 'visitor', event_time => 'ts');
-- which key was written in which transaction
CREATE TABLE szw.written (at bigint GENERATED ALWAYS AS IDENTITY, transaction xid8 DEFAULT pg_current_xact_id(), session_key text, ended_at timestamptz);
CREATE FUNCTION szw.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO szw.written (session_key, ended_at) VALUES (NEW.session_key, NEW.ended_at); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT ON szw_web.fact_session FOR EACH ROW EXECUTE FUNCTION szw.note();

CALL sessionize.rebuild('szw_one');
CALL sessionize.rebuild('szw_web', newest_first => true);
SELECT * FROM szw.differences('szw_web', 'szw_one');
SELECT count(*) FROM sessionize.verify('szw_web');
SELECT raw_rows, events, duplicates, quarantined, pending, difference, event_difference FROM sessionize.reconcile('szw_web');
SELECT state, pieces > 10 AS pieces, pieces_done = pieces AS complete, keys FROM sessionize.runs WHERE pipeline_name = 'szw_web' ORDER BY run_id;
SELECT a.raw_rows = b.raw_rows AND a.events = b.events AND a.duplicates = b.duplicates AND a.conflicts = b.conflicts AND a.quarantined = b.quarantined AND a.clamped = b.clamped
       AND a.sessions = b.sessions AND a.keys = b.keys AND a.rows_inserted = b.rows_inserted AS same
FROM sessionize.runs AS a, sessionize.runs AS b WHERE a.pipeline_name = 'szw_web' AND b.pipeline_name = 'szw_one' AND a.kind = 'rebuild' AND b.kind = 'rebuild';
-- each key in one transaction, and no key of a later one has a later last event
SELECT count(DISTINCT session_key) = count(DISTINCT (session_key, transaction)) AS once, count(DISTINCT transaction) > 10 AS several FROM szw.written;
SELECT bool_and(last <= lag OR lag IS NULL) AS newest_first
FROM (SELECT last, lag(first) OVER (ORDER BY transaction) AS lag
      FROM (SELECT transaction, max(ended_at) AS last, min(ended_at) AS first FROM (SELECT transaction, session_key, max(ended_at) AS ended_at FROM szw.written GROUP BY 1, 2) AS k GROUP BY 1) AS t) AS t;
-- as if it had never been: nothing left, nothing to do, and what is right is not touched
SELECT (SELECT count(*) FROM szw_web.backfill) AS backfill, (SELECT count(*) FROM szw_web.dirty) AS dirty, (SELECT count(*) FROM szw_web.refreshed) AS refreshed, (SELECT count(*) FROM sessionize.rebuild_progress) AS progress;
CALL sessionize.rebuild('szw_web', newest_first => true);
SELECT rows_inserted, rows_updated, rows_deleted FROM sessionize.runs WHERE pipeline_name = 'szw_web' AND kind = 'rebuild' ORDER BY run_id DESC LIMIT 1;

-- whatever is wrong in the star, also of keys that have no raw rows
UPDATE szw_web.fact_session SET events = events + 1, session_key = CASE WHEN session_key = 'v7' THEN 'nobody' ELSE session_key END WHERE session_key < 'v3' OR session_key = 'v7';
INSERT INTO szw_web.dim_user (session_key, user_id, valid_from, valid_to, is_current) VALUES ('orphan', 'o', '-infinity', 'infinity', true);
UPDATE szw_web.fact_event SET session_key = 'lost' WHERE session_key = 'v9';
INSERT INTO szw_web.quarantine (raw_id, session_key, reason) VALUES ('0', 'gone', 'no_event_time'), ('1', NULL, 'no_session_key');
UPDATE szw_web.dim_page SET page = 'none' WHERE page_key = 0;
DELETE FROM szw_web.dim_date;
SELECT difference <> 0 AS differs, event_difference <> 0 AS events_differ FROM sessionize.reconcile('szw_web');
CALL sessionize.rebuild('szw_web', throttle => 0.9, newest_first => true);
SELECT * FROM szw.differences('szw_web', 'szw_one');
SELECT count(*) FROM sessionize.verify('szw_web');
SELECT pending, difference, event_difference FROM sessionize.reconcile('szw_web');

-- stopped before the fourth piece: the newest are right, the rest is known to be pending, and shown as it should be by the live views
SELECT sessionize.alter_pipeline(p, gap => '10 hours') FROM (VALUES ('szw_web'), ('szw_one')) AS v (p);
CALL sessionize.rebuild('szw_one');
CREATE FUNCTION szw.stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'stopped'; END $$;
CREATE TRIGGER stop BEFORE DELETE ON szw_web.backfill FOR EACH ROW WHEN (OLD.piece = 3) EXECUTE FUNCTION szw.stop();
TRUNCATE szw.written;
CALL sessionize.rebuild('szw_web', newest_first => true);
SELECT state, pieces_done, error FROM sessionize.runs WHERE pipeline_name = 'szw_web' ORDER BY run_id DESC LIMIT 1;
SELECT needs_rebuild, watermark FROM sessionize.pipeline_status WHERE pipeline_name = 'szw_web';
SELECT count(*) FROM sessionize.verify('szw_web');
SELECT difference, event_difference FROM sessionize.reconcile('szw_web');
SELECT count(*) AS live_differences FROM ((SELECT session_key, started_at, events FROM szw_web.sessions_live EXCEPT ALL SELECT session_key, started_at, events FROM szw_one.sessions)
	UNION ALL (SELECT session_key, started_at, events FROM szw_one.sessions EXCEPT ALL SELECT session_key, started_at, events FROM szw_web.sessions_live)) AS d;
SELECT count(*) > 100 AS many_differences FROM (SELECT session_key, started_at, events FROM szw_web.sessions EXCEPT ALL SELECT session_key, started_at, events FROM szw_one.sessions) AS d;
SELECT count(*) = (SELECT count(*) FROM szw_one.events WHERE session_key = 'v3') AS all_events FROM szw_web.events_live WHERE session_key = 'v3';
-- a key that is refreshed in between is not pending any more; then a refresh goes on with the rest, each of them once
DELETE FROM szw.raw WHERE visitor = (SELECT session_key FROM szw_web.backfill ORDER BY last_at, session_key LIMIT 1) AND raw_id % 2 = 0;
DROP TRIGGER stop ON szw_web.backfill;
CALL sessionize.refresh('szw_one');
CALL sessionize.refresh('szw_web');
SELECT * FROM szw.differences('szw_web', 'szw_one');
SELECT count(*) FROM sessionize.verify('szw_web');
SELECT state, pieces_done = pieces AS complete, resumed_at IS NOT NULL AS resumed FROM sessionize.runs WHERE pipeline_name = 'szw_web' AND kind = 'rebuild' ORDER BY run_id DESC LIMIT 1;
SELECT count(DISTINCT session_key) = count(DISTINCT (session_key, transaction)) AS once FROM szw.written;
SELECT needs_rebuild, watermark IS NOT NULL AS watermark FROM sessionize.pipeline_status WHERE pipeline_name = 'szw_web';

-- stopped, then other rules and back: what was left is not known any more, so it begins anew
CREATE TRIGGER stop BEFORE DELETE ON szw_web.backfill FOR EACH ROW WHEN (OLD.piece = 3) EXECUTE FUNCTION szw.stop();
INSERT INTO sessionize.rebuild_need (pipeline_id, need, detail) SELECT pipeline_id, 'rows changed', 'by hand' FROM sessionize.pipeline WHERE pipeline_name = 'szw_web';
UPDATE szw_web.fact_session SET page_views = page_views + 1;
CALL sessionize.rebuild('szw_web', newest_first => true);
DROP TRIGGER stop ON szw_web.backfill;
SELECT sessionize.alter_pipeline('szw_web', gap => '9 hours'), sessionize.alter_pipeline('szw_web', gap => '10 hours');
CALL sessionize.rebuild('szw_web');
SELECT * FROM szw.differences('szw_web', 'szw_one');
SELECT pending, difference, event_difference FROM sessionize.reconcile('szw_web');

-- stopped, then rows of a key that is done change, and nobody logs it: so it does, by a call, and by a refresh where the star was not built
CREATE FUNCTION szw.go_blind(who text) RETURNS void LANGUAGE sql AS $$
	ALTER TABLE szw.raw DISABLE TRIGGER ALL;
	UPDATE szw.raw SET page = page || '/unseen' WHERE visitor = who;
	ALTER TABLE szw.raw ENABLE TRIGGER ALL;
	SELECT sessionize.enable_capture('szw_web'), sessionize.enable_capture('szw_one');
$$;
CREATE TRIGGER stop BEFORE DELETE ON szw_web.backfill FOR EACH ROW WHEN (OLD.piece = 3) EXECUTE FUNCTION szw.stop();
CALL sessionize.rebuild('szw_web', newest_first => true);
DROP TRIGGER stop ON szw_web.backfill;
SELECT szw.go_blind(min(session_key)) FROM szw_web.fact_session WHERE session_key NOT IN (SELECT session_key FROM szw_web.backfill WHERE session_key IS NOT NULL);
CALL sessionize.rebuild('szw_web');
CALL sessionize.rebuild('szw_one');
SELECT * FROM szw.differences('szw_web', 'szw_one');
SELECT needs_rebuild FROM sessionize.pipeline_status WHERE pipeline_name = 'szw_web';
INSERT INTO sessionize.rebuild_need (pipeline_id, need, detail) SELECT pipeline_id, 'rows changed', 'by hand' FROM sessionize.pipeline WHERE pipeline_name = 'szw_web';
CREATE TRIGGER stop BEFORE DELETE ON szw_web.backfill FOR EACH ROW WHEN (OLD.piece = 3) EXECUTE FUNCTION szw.stop();
CALL sessionize.rebuild('szw_web', newest_first => true);
DROP TRIGGER stop ON szw_web.backfill;
SELECT szw.go_blind(min(session_key)) FROM szw_web.fact_session WHERE session_key NOT IN (SELECT session_key FROM szw_web.backfill WHERE session_key IS NOT NULL);
SELECT count(*) > 0 AS some_left FROM szw_web.backfill;
CALL sessionize.refresh('szw_web');
CALL sessionize.rebuild('szw_one');
SELECT * FROM szw.differences('szw_web', 'szw_one');
SELECT needs_rebuild FROM sessionize.pipeline_status WHERE pipeline_name = 'szw_web';

-- keys of other types, expressions that fail on rows, sessions only, event times by arrival
CREATE FUNCTION szw.two(key text, event_time text, page text, events boolean) RETURNS void LANGUAGE sql AS $$
	SELECT sessionize.create_pipeline(p, 'szw.raw', key => key, event_time => event_time, page => page, store_events => events) FROM (VALUES ('szw_a'), ('szw_b')) AS v (p)
$$;
CREATE INDEX ON szw.raw ((raw_id % 70));
SELECT szw.two('raw_id % 70', 'to_timestamp(1767225600 + raw_id * 400 + 1000 / (raw_id % 50))', $$'/' || 100 / (raw_id % 30)$$, true);
CALL sessionize.rebuild('szw_a');
CALL sessionize.rebuild('szw_b', newest_first => true);
SELECT * FROM szw.differences('szw_b', 'szw_a');
SELECT count(*) > 50 AS failed FROM szw_b.quarantine WHERE reason = 'bad_expression';
SELECT raw_rows, pieces > 5 AS several FROM sessionize.runs WHERE pipeline_name = 'szw_b';
SELECT count(sessionize.drop_pipeline(p)) FROM (VALUES ('szw_a'), ('szw_b')) AS v (p);
CREATE INDEX ON szw.raw ((md5(visitor)::uuid));
SELECT szw.two('md5(visitor)::uuid', 'received_at', 'page', false);
CALL sessionize.rebuild('szw_a');
CALL sessionize.rebuild('szw_b', newest_first => true);
SELECT * FROM szw.differences('szw_b', 'szw_a');
SELECT count(sessionize.drop_pipeline(p)) FROM (VALUES ('szw_a'), ('szw_b')) AS v (p);
CREATE INDEX ON szw.raw (((raw_id % 20)::numeric / 2));
SELECT szw.two('(raw_id % 20)::numeric / 2', 'ts', 'page', true);
CALL sessionize.rebuild('szw_a');
CALL sessionize.rebuild('szw_b', newest_first => true);
SELECT * FROM szw.differences('szw_b', 'szw_a');
SELECT count(sessionize.drop_pipeline(p)) FROM (VALUES ('szw_a'), ('szw_b')) AS v (p);

-- with a seal: sealed rows whose raw rows are gone, and late ones
SELECT sealed FROM sessionize.seal('szw_web', '2026-01-15Z');
DELETE FROM szw.raw WHERE ts < '2026-01-10Z' AND visitor < 'v2';
INSERT INTO szw.raw (raw_id, event_id, visitor, ts, received_at) SELECT 2000 + n, 'late' || n, 'v' || n % 61, '2026-01-12Z', '2026-01-12Z' FROM generate_series(1, 20) AS n;
CALL sessionize.refresh('szw_web');
CREATE TEMP TABLE sealed AS TABLE szw_web.sessions;
CREATE TEMP TABLE late AS SELECT raw_id FROM szw_web.late;
UPDATE szw_web.fact_session SET events = events + 1;
DELETE FROM szw_web.late WHERE raw_id % 2 = 0;
CALL sessionize.rebuild('szw_web', newest_first => true);
SELECT count(*) FROM ((TABLE sealed EXCEPT ALL TABLE szw_web.sessions) UNION ALL (TABLE szw_web.sessions EXCEPT ALL TABLE sealed)) AS d;
SELECT count(*) FROM late FULL JOIN szw_web.late AS l USING (raw_id) WHERE late.raw_id IS NULL OR l.raw_id IS NULL;
SELECT count(*) FROM sessionize.verify('szw_web');
SELECT late > 0 AS late, sealed_only > 0 AS sealed_only, pending, difference, event_difference FROM sessionize.reconcile('szw_web');

-- an index that can't be analyzed is worth a warning: the star is right by then
CREATE FUNCTION szw.fragile(text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF current_setting('szw.broken', true) = 'yes' THEN RAISE 'broken'; END IF; RETURN length($1); END $$;
GRANT USAGE ON SCHEMA szw TO PUBLIC;
CREATE INDEX ON szw_web.dim_page (szw.fragile(page));
UPDATE szw_web.fact_session SET events = events + 1 WHERE session_key = 'v5';
SET szw.broken = 'yes';
CALL sessionize.rebuild('szw_web', newest_first => true);
UPDATE szw_web.fact_session SET events = events + 1 WHERE session_key = 'v5';
CALL sessionize.rebuild('szw_web', newest_first => false);
RESET szw.broken;
SELECT state, error FROM sessionize.runs WHERE pipeline_name = 'szw_web' AND kind = 'rebuild' ORDER BY run_id DESC LIMIT 2;

-- a table of the extension's that somebody keeps from being written
CREATE FUNCTION szw.keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER keep BEFORE INSERT ON szw_web.backfill FOR EACH ROW EXECUTE FUNCTION szw.keep();
CALL sessionize.rebuild('szw_web', newest_first => true);
DROP TRIGGER keep ON szw_web.backfill;
CREATE TRIGGER keep BEFORE DELETE ON szw_web.backfill FOR EACH ROW EXECUTE FUNCTION szw.keep();
CALL sessionize.rebuild('szw_web', newest_first => true);
DROP TRIGGER keep ON szw_web.backfill;
CALL sessionize.rebuild('szw_web');
SELECT count(*) FROM sessionize.verify('szw_web');

-- mistakes
SELECT sessionize.create_pipeline('szw_blind', 'szw.raw', key => 'visitor', event_time => 'ts', capture => false);
CALL sessionize.rebuild('szw_blind', newest_first => true);
CALL sessionize.rebuild('szw_web', '2026-01-01', '2026-01-02', newest_first => true);
SET sessionize.rebuild_piece_rows = 0;
SELECT sessionize.drop_pipeline(p) FROM (VALUES ('szw_web'), ('szw_one'), ('szw_blind')) AS v (p);
DROP SCHEMA szw CASCADE;
