-- What the other files share: where samples go, and how one is taken.
CREATE EXTENSION pg_sessionize;
CREATE TABLE sample (work text, seconds numeric, events bigint, wal numeric, updates bigint, hot bigint, verified bigint, difference bigint);

-- The state of what is counted, before a sample and after it.
CREATE TABLE moment (at timestamptz, lsn pg_lsn, updates bigint, hot bigint);
CREATE FUNCTION note_moment() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	s regclass := to_regclass('web.fact_session');
BEGIN
	PERFORM pg_stat_clear_snapshot();
	INSERT INTO moment VALUES (clock_timestamp(), pg_current_wal_insert_lsn(), pg_stat_get_tuples_updated(s), pg_stat_get_tuples_hot_updated(s));
END $$;

-- The sample between the last two moments; star: whether it is one of the star, so that this is looked at.
CREATE FUNCTION take_sample(work text, events bigint, star boolean) RETURNS void LANGUAGE sql AS $$
INSERT INTO sample
SELECT work, extract(epoch FROM max(at) - min(at)), events, max(lsn) - min(lsn), max(updates) - min(updates), max(hot) - min(hot),
       CASE WHEN star THEN (SELECT count(*) FROM sessionize.verify('web')) END,
       CASE WHEN star THEN (SELECT abs(pending) + abs(difference) FROM sessionize.reconcile('web')) END
FROM (SELECT * FROM moment ORDER BY at DESC LIMIT 2) AS m;
$$;

-- New tables raw and plain of the same rows: raw has a pipeline, plain has the indexes only.
CREATE PROCEDURE new_tables(history bigint) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sessionize.drop_pipeline(pipeline_name) FROM sessionize.pipelines;
	DROP TABLE IF EXISTS raw, plain;
	CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid, user_id text, occurred_at timestamptz,
		received_at timestamptz DEFAULT now(), event_name text, page text, payload text);
	CREATE INDEX ON raw (user_id, occurred_at, event_id);
	CREATE TABLE plain (LIKE raw INCLUDING ALL);
	INSERT INTO raw (event_id, user_id, occurred_at, event_name, page, payload)
	SELECT event_id, user_id, occurred_at, event_name, page, payload FROM fresh WHERE i <= history ORDER BY i;
	INSERT INTO plain (event_id, user_id, occurred_at, event_name, page, payload)
	SELECT event_id, user_id, occurred_at, event_name, page, payload FROM fresh WHERE i <= history ORDER BY i;
END $$;
