-- Six panels over rollups and over the star.
\set QUIET 1
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT make_raw('raw') \g /dev/null
INSERT INTO raw (event_id, event_name, visitor, page, country, channel, price, version, occurred_at) SELECT * FROM make_events(1, :events, :visitors) ORDER BY occurred_at;
CREATE INDEX ON raw (visitor, occurred_at, event_id);
SELECT make_pipeline('web', 'raw'), make_rollups('web', '{1,2,3}') \g /dev/null
CALL sessionize.rebuild('web');
VACUUM ANALYZE;
SELECT 'events ' || (SELECT count(*) FROM web.fact_event) || ', sessions ' || (SELECT count(*) FROM web.fact_session) || ', rows of rollups '
       || (SELECT count(*) FROM web.days) || ', ' || (SELECT count(*) FROM web.landing) || ', ' || (SELECT count(*) FROM web.hours);
CALL run_panels('star', :star_runs);
CALL run_panels('rolled', :runs);

-- quotients have more digits over the rollups
CREATE FUNCTION answer(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT regexp_replace(r::text, %L, %L, %L) FROM (%s) AS r', '(\.\d{6})\d+|(\.\d*[1-9])0+|\.0+(?=[,)])', '\1\2', 'g',
		replace(replace(replace(query, '@since', '''2000-01-01'''), '@until', '''2100-01-01'''), '@country', '''c3'''));
END
$$;
\echo panel, rows of the star that are not of the rollup, rows
SELECT panel, (SELECT count(*) FROM (SELECT answer(star) EXCEPT ALL SELECT answer(rolled)) AS d), (SELECT count(*) FROM answer(star)) FROM panels ORDER BY panel;
\echo
\echo panel in milliseconds: way, panel, runs, p50, p95, max
SELECT * FROM report ORDER BY panel, way;
