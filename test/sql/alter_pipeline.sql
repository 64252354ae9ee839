-- alter_pipeline and preview_pipeline: after other rules a pipeline is what a new one with these rules is
SET client_min_messages = warning;
CREATE SCHEMA sza;
CREATE TABLE sza.raw (raw_id bigint PRIMARY KEY, event_id text, event_name text, visitor text, page text, occurred_at timestamptz, sent_at timestamptz, received_at timestamptz);
CREATE INDEX ON sza.raw (visitor, occurred_at, event_id);
INSERT INTO sza.raw SELECT n, 'e' || n % 900, CASE WHEN n % 3 > 0 THEN 'page_view' END, CASE WHEN n % 71 > 0 THEN 'v' || n * 17 % 23 END, '/' || n % 6, t, t + (n % 7) * interval '2 minutes', t + (n % 5) * interval '3 minutes'
FROM (SELECT n, '2026-01-01 00:00Z'::timestamptz + (n * 7919 % 3989) * interval '1 minute' AS t FROM generate_series(1, 3000) AS n) AS r;
SELECT sessionize.create_pipeline('sza_web', 'sza.raw', key => 'visitor');
CALL sessionize.refresh('sza_web');
GRANT SELECT ON sza_web.sessions TO PUBLIC;
-- the two stars, but for ids, which depend on the name
CREATE FUNCTION sza.differences() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	q text;
	n bigint;
	total bigint := 0;
BEGIN
	FOREACH q IN ARRAY ARRAY[
		'SELECT session_key, user_id, started_at, ended_at, expires_at, duration, date, events, page_views, distinct_pages, entry_page, exit_page, is_bounce, duplicates, conflicts FROM %I.sessions',
		'SELECT session_key, user_id, started_at, ended_at, expires_at, duration, date, events, page_views, distinct_pages, entry_page, exit_page, is_bounce, duplicates, conflicts FROM %I.sessions_live',
		'SELECT event_time, session_key, user_id, event_name, page, page_view, date, session_started_at, event_id, raw_id FROM %I.events',
		'SELECT session_key, user_id, valid_from, valid_to FROM %I.dim_user WHERE user_key <> 0',
		'SELECT raw_id, session_key, reason FROM %I.quarantine'] LOOP
		EXECUTE format('SELECT (SELECT count(*) FROM (%1$s EXCEPT ALL %2$s) AS x) + (SELECT count(*) FROM (%2$s EXCEPT ALL %1$s) AS x)', format(q, 'sza_web'), format(q, 'sza_new')) INTO n;
		total := total + n;
	END LOOP;
	RETURN total;
END $$;
-- what preview_pipeline says of the rules now and then, against the stars
CREATE FUNCTION sza.counts(name text) RETURNS TABLE (keys bigint, events bigint, duplicates bigint, quarantined bigint, filtered bigint, sessions bigint, bounces bigint, longest interval, bounce_rate numeric, mean_duration interval, measures jsonb) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT count(DISTINCT session_key), sum(events)::bigint, sum(duplicates)::bigint, (SELECT count(*) FROM %1$I.quarantine), 0::bigint, count(*), count(*) FILTER (WHERE is_bounce), max(duration), round(avg(is_bounce::int), 4), sum(extract(epoch FROM duration) * 1000000)::bigint / count(*) * interval ''1 microsecond'', ''{}''::jsonb FROM %1$I.sessions', name);
END $$;
-- alters with some arguments, creates anew with others; prints whether that changes anything, previews that are wrong, what waits, differences before and after a refresh
CREATE PROCEDURE sza.try(altered text, created text) LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	changed boolean;
BEGIN
	EXECUTE format('SELECT sessionize.create_pipeline(''sza_new'', ''sza.raw'', key => ''visitor'', capture => false, %s)', created);
	CALL sessionize.rebuild('sza_new');
	EXECUTE format('CREATE TEMP TABLE preview AS SELECT * FROM sessionize.preview_pipeline(''sza_web'', %s)', altered);
	SELECT count(*) INTO n FROM ((SELECT 'now', c.* FROM sza.counts('sza_web') AS c UNION ALL SELECT 'changed', c.* FROM sza.counts('sza_new') AS c) EXCEPT ALL TABLE preview) AS p;
	DROP TABLE preview;
	RAISE WARNING 'previews that are wrong: %', n;
	EXECUTE format('SELECT sessionize.alter_pipeline(''sza_web'', %s)', altered) INTO changed;
	RAISE WARNING 'changes something: %; the stored sessions differ: %', changed, sza.differences() > 0;
	COMMIT;
	CALL sessionize.refresh('sza_web');
	RAISE WARNING 'differences after a refresh: %, wrong: %', sza.differences(), (SELECT count(*) FROM sessionize.verify('sza_web'));
	PERFORM sessionize.drop_pipeline('sza_new');
END $$;
CALL sza.try($$gap => '90 minutes'$$, $$gap => '90 minutes'$$);
SELECT gap, max_duration, dedup_window FROM sessionize.pipelines WHERE pipeline_name = 'sza_web';
SELECT DISTINCT expires_at - ended_at AS gap FROM sza_web.sessions;
CALL sza.try($$max_duration => '2 hours', max_events => 5$$, $$gap => '90 minutes', max_duration => '2 hours', max_events => 5$$);
CALL sza.try($$gap => '3 hours', unset => '{max_duration}'$$, $$gap => '3 hours', max_duration => NULL, max_events => 5$$);
CALL sza.try($$midnight => 'Asia/Tokyo', time_zone => 'Asia/Tokyo', unset => '{max_events}'$$, $$gap => '3 hours', max_duration => NULL, midnight => 'Asia/Tokyo', time_zone => 'Asia/Tokyo'$$);
CALL sza.try($$dedup_window => '1 day', unset => '{midnight}'$$, $$gap => '3 hours', max_duration => NULL, time_zone => 'Asia/Tokyo', dedup_window => '1 day'$$);
CALL sza.try($$skew_threshold => '3 minutes', max_lead => '0'$$, $$gap => '3 hours', max_duration => NULL, time_zone => 'Asia/Tokyo', dedup_window => '1 day', skew_threshold => '3 minutes', max_lead => '0'$$);
CALL sza.try($$unset => '{skew_threshold,max_lead,dedup_window}', time_zone => 'UTC'$$, $$gap => '3 hours', max_duration => NULL, dedup_window => NULL, skew_threshold => NULL, max_lead => NULL$$);
-- the same rules are no change
CALL sza.try($$gap => '180 minutes'$$, $$gap => '3 hours', max_duration => NULL, dedup_window => NULL, skew_threshold => NULL, max_lead => NULL$$);
-- until it is built anew, what waits says so, and so do the live views
SELECT sessionize.alter_pipeline('sza_web', gap => '20 minutes');
SELECT count(*) > 0 AS wrong FROM sessionize.verify('sza_web');
INSERT INTO sza.raw VALUES (5000, 'late', 'page_view', 'v1', '/', '2026-01-02', '2026-01-02', '2026-01-02');
SELECT count(*) FROM sza_web.sessions_live;
SELECT raw_rows = events + duplicates + quarantined + late + pending AS closes, difference FROM sessionize.reconcile('sza_web');
CALL sessionize.refresh('sza_web');
SELECT count(*) AS wrong FROM sessionize.verify('sza_web');
SELECT count(*) FROM sza_web.dirty;
-- rolled back, nothing has changed; grants on the views stay
BEGIN;
SELECT sessionize.alter_pipeline('sza_web', gap => '1 minute');
ROLLBACK;
SELECT gap FROM sessionize.pipelines WHERE pipeline_name = 'sza_web';
SELECT DISTINCT expires_at - ended_at AS gap FROM sza_web.sessions;
SELECT has_table_privilege('public', 'sza_web.sessions', 'SELECT') AS granted;
-- the example of docs/reference/alter_pipeline.md
SELECT rules, sessions, bounces FROM sessionize.preview_pipeline('sza_web', gap => '45 minutes', unset => '{max_duration}');

-- mistakes
SELECT sessionize.alter_pipeline(NULL, gap => '1 minute');
SELECT sessionize.alter_pipeline('sza_none', gap => '1 minute');
SELECT sessionize.alter_pipeline('sza_web', gap => '1 month');
SELECT sessionize.alter_pipeline('sza_web', gap => '-1 minute');
SELECT sessionize.alter_pipeline('sza_web', max_events => 0);
SELECT sessionize.alter_pipeline('sza_web', midnight => 'Nowhere/Town');
SELECT sessionize.alter_pipeline('sza_web', unset => '{gap}');
SELECT sessionize.alter_pipeline('sza_web', max_events => 3, unset => '{max_events}');
SELECT * FROM sessionize.preview_pipeline('sza_web', gap => '1 month');
SELECT * FROM sessionize.preview_pipeline(NULL);
CREATE ROLE regress_sza_other;
SET ROLE regress_sza_other;
SELECT sessionize.alter_pipeline('sza_web', gap => '1 minute');
SELECT * FROM sessionize.preview_pipeline('sza_web');
RESET ROLE;
SELECT count(*) AS wrong FROM sessionize.verify('sza_web');

SELECT sessionize.drop_pipeline('sza_web');
DROP SCHEMA sza CASCADE;
DROP ROLE regress_sza_other;
