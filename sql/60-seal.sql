CREATE FUNCTION sessionize.seal(
	name text, before timestamptz, take_late boolean DEFAULT false,
	OUT sealed bigint, OUT unsealed bigint
)
AS 'MODULE_PATHNAME', 'sessionize_seal'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION sessionize.seal(text, timestamptz, boolean) IS 'move the pipeline''s seal: events before it count from now on as they are, whatever becomes of their raw rows; returns how many rows are sealed and are no more';

CREATE VIEW sessionize.seal_progress WITH (security_barrier) AS
SELECT l.pid, p.pipeline_name, c.phase, c.rows_read, c.rows_estimated, c.events AS rows_to_seal
FROM pg_catalog.pg_locks AS l
JOIN sessionize.pipeline AS i ON l.classid = i.pipeline_id::oid
JOIN sessionize.pipelines AS p ON p.pipeline_name = i.pipeline_name,
LATERAL sessionize.rebuild_counters(-i.pipeline_id::bigint, l.objid::bigint) AS c
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 21339 AND l.mode = 'ExclusiveLock'
AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database());
COMMENT ON VIEW sessionize.seal_progress IS 'the seals that are being moved now, and how far that is';
GRANT SELECT ON sessionize.seal_progress TO PUBLIC;
