-- A source is read straight from its tables, by one process or by several, or by a query where the rows may lie elsewhere or be
-- somebody else's: the events are the same.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET min_parallel_table_scan_size = 0;
CREATE SCHEMA direct_read;
CREATE ROLE regress_sz_direct_owner;
GRANT CREATE ON DATABASE :DBNAME TO regress_sz_direct_owner;
GRANT ALL ON SCHEMA direct_read TO regress_sz_direct_owner;
SET search_path = direct_read, public;

-- partitions whose columns lie in another order, dropped columns, a generated one, keys and pages that are stored compressed
CREATE TABLE raw (gone int, k varchar(2000), at timestamptz, page text, n int GENERATED ALWAYS AS (length(page)) STORED, cut boolean)
	PARTITION BY RANGE (at);
CREATE TABLE raw_odd (cut boolean, page text, gone int, also_gone text, n int GENERATED ALWAYS AS (length(page)) STORED, k varchar(2000), at timestamptz);
ALTER TABLE raw_odd DROP COLUMN also_gone;
ALTER TABLE raw ATTACH PARTITION raw_odd FOR VALUES FROM ('2026-01-10') TO ('2026-01-20');
CREATE TABLE raw_rest PARTITION OF raw DEFAULT PARTITION BY HASH (k);
CREATE TABLE raw_rest_0 PARTITION OF raw_rest FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE raw_rest_1 PARTITION OF raw_rest FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE raw DROP COLUMN gone;
CREATE INDEX ON raw (k, at);
INSERT INTO raw (k, at, page, cut)
SELECT CASE WHEN i % 50 > 0 THEN repeat('user', 1 + i % 200) || i % 17 END, timestamptz '2026-01-01 00:00+00' + i * interval '10 min',
	CASE WHEN i % 3 > 0 THEN repeat('/page', 1 + i % 700) END, i % 11 = 0
FROM generate_series(1, 4000) AS i;
ALTER TABLE raw OWNER TO regress_sz_direct_owner;
ALTER TABLE raw_odd OWNER TO regress_sz_direct_owner;

-- what is to be found in the star: a row's digest stands for the row
CREATE VIEW expected AS
	SELECT md5((r.*)::text) AS raw_id, k AS session_key, at, page, k IS NULL AS quarantined FROM raw AS r;
GRANT ALL ON ALL TABLES IN SCHEMA direct_read TO regress_sz_direct_owner;
CREATE PROCEDURE rebuild_and_compare() LANGUAGE plpgsql AS $$
DECLARE
	workers int;
	differences bigint;
	events bigint;
BEGIN
	FOREACH workers IN ARRAY array[0, 2] LOOP
		PERFORM set_config('max_parallel_maintenance_workers', workers::text, false);
		DELETE FROM direct.fact_session;
		DELETE FROM direct.fact_event;
		DELETE FROM direct.dim_user WHERE user_key <> 0;
		DELETE FROM direct.quarantine;
		COMMIT;
		CALL sessionize.rebuild('direct');
		CREATE TEMP TABLE derived AS
			SELECT raw_id, session_key, event_time, page, false AS quarantined FROM direct.fact_event JOIN direct.dim_page USING (page_key)
			UNION ALL
			SELECT raw_id, session_key, (raw_row ->> 'at')::timestamptz, raw_row ->> 'page', true FROM direct.quarantine;
		SELECT count(*) INTO differences FROM (
			(SELECT * FROM expected EXCEPT ALL SELECT * FROM derived) UNION ALL (SELECT * FROM derived EXCEPT ALL SELECT * FROM expected)) AS d;
		SELECT count(*) INTO events FROM derived WHERE NOT quarantined;
		RAISE INFO '% workers: % events, % differences', workers, events, differences;
		DROP TABLE derived;
	END LOOP;
END $$;

SET ROLE regress_sz_direct_owner;
SELECT sessionize.create_pipeline('direct', 'raw', key => 'k', event_time => 'at', page => 'page', raw_id => '', event_id => '', max_duration => NULL);
CALL rebuild_and_compare();
-- an expression that workers must not evaluate, and one that fails on a row that a worker or this process reads
SELECT set_config('direct_read.leader', pg_backend_pid()::text, false) = '' AS nobody;
CREATE FUNCTION unsafe(page text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('direct_read.leader')::int <> pg_backend_pid() THEN
		RAISE EXCEPTION 'evaluated by a worker' USING ERRCODE = 'object_not_in_prerequisite_state';
	END IF;
	RETURN page;
END $$;
CREATE FUNCTION picky(page text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql AS $$
BEGIN
	IF length(page) = 3500 THEN
		RAISE EXCEPTION 'this page is refused';
	END IF;
	RETURN page;
END $$;
SELECT sessionize.drop_pipeline('direct');
SELECT sessionize.create_pipeline('direct', 'raw', key => 'k', event_time => 'at', page => 'unsafe(page)', raw_id => '', event_id => '', max_duration => NULL);
CALL rebuild_and_compare();
SELECT sessionize.drop_pipeline('direct');
SELECT sessionize.create_pipeline('direct', 'raw', key => 'k', event_time => 'at', page => 'picky(page)', raw_id => '', event_id => '', max_duration => NULL);
RESET ROLE;
CREATE OR REPLACE VIEW expected AS
	SELECT md5((r.*)::text) AS raw_id, k AS session_key, at, page, k IS NULL OR length(page) IS NOT DISTINCT FROM 3500 AS quarantined FROM raw AS r;
SET ROLE regress_sz_direct_owner;
CALL rebuild_and_compare();
SELECT reason, count(*) FROM direct.quarantine GROUP BY reason ORDER BY reason;
SELECT sessionize.drop_pipeline('direct');
SELECT sessionize.create_pipeline('direct', 'raw', key => 'k', event_time => 'at', page => 'page', raw_id => '', event_id => '', max_duration => NULL);
RESET ROLE;

-- a table that was made a child later, its columns in another order; a view that leaves rows out is refused
CREATE TABLE plain (k varchar(2000), at timestamptz, page text);
CREATE INDEX ON plain (k, at);
INSERT INTO plain SELECT k, at, page FROM raw WHERE k IS NOT NULL;
CREATE TABLE child (page text, at timestamptz, k varchar(2000));
INSERT INTO child SELECT '/child', at, k FROM raw_odd WHERE k IS NOT NULL;
CREATE OR REPLACE VIEW expected AS SELECT md5((r.*)::text) AS raw_id, k AS session_key, at, page, false AS quarantined FROM plain AS r;
SELECT sessionize.drop_pipeline('direct');
SELECT sessionize.create_pipeline('direct', 'plain', key => 'k', event_time => 'at', page => 'page', raw_id => '', event_id => '', max_duration => NULL, capture => false);
CALL rebuild_and_compare();
ALTER TABLE child INHERIT plain;
CALL rebuild_and_compare();
SELECT regexp_replace(pg_get_viewdef('direct.source'), ';$', ' WHERE t.page IS NOT NULL') AS fewer \gset
CREATE OR REPLACE VIEW direct.source AS :fewer;
\set VERBOSITY terse
CALL sessionize.rebuild('direct');

-- a policy on the source is not passed by
SELECT sessionize.drop_pipeline('direct');
ALTER TABLE child NO INHERIT plain;
ALTER TABLE plain OWNER TO regress_sz_direct_owner;
SET ROLE regress_sz_direct_owner;
SELECT sessionize.create_pipeline('direct', 'plain', key => 'k', event_time => 'at', page => 'page', raw_id => '', event_id => '', max_duration => NULL);
ALTER TABLE plain ENABLE ROW LEVEL SECURITY;
ALTER TABLE plain FORCE ROW LEVEL SECURITY;
CALL sessionize.rebuild('direct');
ALTER TABLE plain DISABLE ROW LEVEL SECURITY;
-- nor is a privilege that the owner gave away, on the table or on the view
REVOKE SELECT ON plain FROM regress_sz_direct_owner;
CALL sessionize.rebuild('direct');
GRANT SELECT ON plain TO regress_sz_direct_owner;
REVOKE SELECT ON direct.source FROM regress_sz_direct_owner;
CALL sessionize.rebuild('direct');
GRANT SELECT ON direct.source TO regress_sz_direct_owner;
CALL sessionize.rebuild('direct');
SELECT count(*) AS differences FROM sessionize.verify('direct');
SELECT sessionize.drop_pipeline('direct');
RESET ROLE;
DROP SCHEMA direct_read CASCADE;
REVOKE CREATE ON DATABASE :DBNAME FROM regress_sz_direct_owner;
DROP ROLE regress_sz_direct_owner;
