-- The column that add_column has added is found wherever a column of fact_session has to be. Run by scripts/check, with
-- ON_ERROR_STOP; each DO block raises an error where the column is not there or not right.
SET client_min_messages = warning;
CREATE EXTENSION pg_sessionize;
CREATE TABLE raw (event_id text, visitor text, at timestamptz, page text);
CREATE INDEX ON raw (visitor, at);
INSERT INTO raw SELECT n::text, 'v' || n % 7, '2026-01-01Z'::timestamptz + n * interval '11 minutes', 'p' || n % 3
	FROM generate_series(1, 500) AS n;
SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at');
CALL sessionize.rebuild('web');

-- Sessions by plain SQL, each with twice the number of its events.
CREATE VIEW expected AS
	SELECT visitor, min(at) AS started_at, 2 * count(*) AS scratch
	FROM (SELECT *, sum(starts::int) OVER (PARTITION BY visitor ORDER BY at, event_id) AS n
		FROM (SELECT *, coalesce(at - lag(at) OVER (PARTITION BY visitor ORDER BY at, event_id) > interval '30 minutes',
			true) AS starts FROM raw) AS r) AS s
	GROUP BY visitor, n;

CREATE PROCEDURE compare(relation regclass, what text) LANGUAGE plpgsql AS $$
DECLARE
	differences bigint;
BEGIN
	EXECUTE format('SELECT (SELECT count(*) FROM (TABLE expected EXCEPT ALL SELECT session_key, started_at, scratch '
		'FROM %1$s) AS x) + (SELECT count(*) FROM (SELECT session_key, started_at, scratch FROM %1$s EXCEPT ALL '
		'TABLE expected) AS x)', relation) INTO differences;
	IF differences <> 0 THEN
		RAISE EXCEPTION '%: % rows of % differ', what, differences, relation;
	END IF;
END $$;

CALL compare('web.fact_session', 'after a rebuild');
CALL compare('web.sessions', 'after a rebuild');
CALL compare('web.sessions_live', 'after a rebuild');

DO $$
BEGIN
	IF (SELECT col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'web.fact_session'::regclass
		AND attname = 'scratch' AND attnotnull) IS DISTINCT FROM 'twice the events' THEN
		RAISE EXCEPTION 'fact_session.scratch is not as it was declared';
	END IF;
	IF EXISTS (SELECT FROM sessionize.verify('web')) THEN
		RAISE EXCEPTION 'verify() finds differences in what a rebuild has written';
	END IF;
	UPDATE web.fact_session SET scratch = 0 WHERE session_key = 'v1';
	IF NOT EXISTS (SELECT FROM sessionize.verify('web') WHERE relation = 'fact_session' AND session_key = 'v1'
		AND difference = 'different' AND stored ->> 'scratch' = '0' AND (expected ->> 'scratch')::bigint > 0) THEN
		RAISE EXCEPTION 'verify() does not compare the column';
	END IF;
END $$;
CALL sessionize.rebuild('web');
CALL compare('web.fact_session', 'after a rebuild of a changed table');

-- What is pending is in the live view; a refresh writes it.
INSERT INTO raw SELECT 'late' || n, 'v' || n % 7, '2026-01-01Z'::timestamptz + n * interval '11 minutes', 'late'
	FROM generate_series(1, 40) AS n;
CALL compare('web.sessions_live', 'before a refresh');
CALL sessionize.refresh('web');
CALL compare('web.fact_session', 'after a refresh');
DO $$
BEGIN
	IF EXISTS (SELECT FROM sessionize.verify('web')) THEN
		RAISE EXCEPTION 'verify() finds differences in what a refresh has written';
	END IF;
END $$;

-- A table that has lost the column is noticed.
ALTER TABLE web.fact_session DROP COLUMN scratch CASCADE;
DO $$
BEGIN
	PERFORM sessionize.reconcile('web');
	RAISE EXCEPTION 'the loss of the column is not noticed';
EXCEPTION WHEN undefined_column THEN
	NULL;
END $$;
