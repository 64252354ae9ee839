-- The panels over the live views while events arrive and the worker refreshes.
\set QUIET 1
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT pg_sleep(5) \g /dev/null
SELECT count(*) AS before FROM raw \gset
SELECT clock_timestamp() AS began \gset
CALL run_panels('live', :runs, :duration);
SELECT 'events that have arrived a second ' || round((SELECT count(*) - :before FROM raw) / extract(epoch FROM clock_timestamp() - :'began')) || ', refreshes ' || count(*) || ', of which the longest took '
       || round(extract(epoch FROM max(ended_at - started_at)) * 1000) || ' ms' FROM sessionize.runs WHERE started_at > :'began' AND kind = 'refresh';
\echo
\echo panel over the live views in milliseconds: way, panel, runs, p50, p95, max
SELECT * FROM report WHERE way = 'live' ORDER BY panel;
\echo all panels: p50, p95, p99, max; so long after its commit an event is seen at the latest
SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 1), round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)::numeric, 1), round(percentile_cont(0.99) WITHIN GROUP (ORDER BY ms)::numeric, 1), round(max(ms), 1) FROM samples WHERE way = 'live';
\echo in one snapshot each: events of the raw table, of the live view, of the rollup, keys that wait
CREATE PROCEDURE compare() LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR i IN 1 .. 5 LOOP
		SELECT (SELECT count(*) FROM raw) AS raw, (SELECT sum(events) FROM web.hours_live) AS live, (SELECT sum(events) FROM web.hours) AS rolled,
		       (SELECT count(DISTINCT session_key) FROM web.dirty) AS waiting INTO r;
		INSERT INTO compared VALUES (r.raw, r.live, r.rolled, r.waiting);
		COMMIT;
		PERFORM pg_sleep(0.3);
	END LOOP;
END
$$;
CREATE TABLE compared (raw bigint, live bigint, rolled bigint, waiting bigint);
CALL compare();
SELECT *, CASE WHEN raw = live THEN 'right' ELSE 'WRONG' END FROM compared;
SELECT sessionize.unschedule('web') \g /dev/null
