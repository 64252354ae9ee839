CREATE VIEW sessionize.pipeline_locks WITH (security_barrier) AS
SELECT p.pipeline_name,
       -- the numbers of src/catalog/lock.c
       CASE WHEN n.number = 0 THEN 'pipeline' WHEN n.number BETWEEN 1 AND 16 THEN 'lane ' || n.number - 1 WHEN n.number = 17 THEN 'large keys'
            WHEN n.number = 65530 THEN 'incidents' WHEN n.number = 65531 THEN 'fuse' WHEN n.number = 65532 THEN 'persons' WHEN n.number = 65533 THEN 'write turn'
            WHEN n.number = 65534 THEN 'rebuild or seal' WHEN n.number = 65535 THEN 'dimensions' END AS lock,
       l.mode, l.granted, l.pid, l.waitstart AS waits_since,
       CASE WHEN NOT l.granted THEN pg_catalog.pg_blocking_pids(l.pid) END AS blocked_by
FROM pg_catalog.pg_locks AS l
JOIN sessionize.pipeline AS c ON c.pipeline_id::oid = l.classid
JOIN sessionize.pipelines AS p ON p.pipeline_name = c.pipeline_name
CROSS JOIN LATERAL (SELECT l.objid::bigint AS number) AS n
WHERE l.locktype = 'advisory' AND l.objsubid = 21338
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database());
COMMENT ON VIEW sessionize.pipeline_locks IS 'who has, and who waits for, the locks of the pipelines you see in pipelines';
COMMENT ON COLUMN sessionize.pipeline_locks.lock IS 'pipeline: refreshes share it with each other, and rebuilds, changes and drops exclude each other by it; lane N: a sixteenth of the session keys; write turn: held by a rebuild, or by the refreshes concurrent with it, while they write';
GRANT SELECT ON sessionize.pipeline_locks TO PUBLIC;
