-- The samples as markdown tables.
SELECT '| work | ' || string_agg(wal_mode, ' | ' ORDER BY n) || ' | ' || string_agg('WAL ' || wal_mode, ' | ' ORDER BY n) || ' |'
FROM (SELECT wal_mode, min(ctid) AS n FROM sample GROUP BY 1) AS m;
SELECT '|---|' || repeat('--:|', 2 * count(DISTINCT wal_mode)::int) FROM sample;
SELECT '| ' || work || ' | ' || string_agg(coalesce(round(cpu * 1e6 / events, 1)::text, ''), ' | ' ORDER BY n) || ' | ' ||
	string_agg(coalesce(round(wal / events)::text, ''), ' | ' ORDER BY n) || ' |'
FROM (SELECT w.work, m.wal_mode, m.n, w.first, s.cpu, s.wal, s.events
	FROM (SELECT work, min(ctid) AS first FROM sample GROUP BY 1) AS w
	CROSS JOIN (SELECT wal_mode, min(ctid) AS n FROM sample GROUP BY 1) AS m
	LEFT JOIN sample AS s ON s.work = w.work AND s.wal_mode = m.wal_mode) AS x
GROUP BY work, first ORDER BY first;
SELECT E'\nCPU seconds for a million events (of the backend that does it), bytes of log for an event.\n';
SELECT '| relation | bytes a raw row | rows a raw row | bytes a row of its own |';
SELECT '|---|--:|--:|--:|';
SELECT '| ' || CASE WHEN index_of IS NULL THEN relation ELSE 'index ' || relation END || ' | ' || round(bytes::numeric / per_events, 1) || ' | ' ||
	coalesce(round(live_rows::numeric / per_events, 3)::text, '') || ' | ' || coalesce(round(bytes::numeric / nullif(live_rows, 0), 1)::text, '') || ' |'
FROM relation_size ORDER BY coalesce(index_of, relation), index_of NULLS FIRST, relation;
