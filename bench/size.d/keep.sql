-- What each event costs once it is in the star: its bytes, and what is done from time to time.
SET client_min_messages = warning;
VACUUM ANALYZE raw.events;
VACUUM ANALYZE web.fact_session, web.fact_event, web.dim_user;
SELECT count(*) AS rows FROM raw.events \gset
CHECKPOINT;
SELECT note_moment();
CALL sessionize.rebuild('web');
SELECT note_moment();
SELECT take_sample(:'wal', 'rebuild of a star that is right', :rows);

SELECT note_moment();
SELECT count(*) FROM sessionize.verify('web');
SELECT note_moment();
SELECT take_sample(:'wal', 'verify', :rows);

SELECT note_moment();
SELECT count(*) FROM raw.events, LATERAL sessionize.decode('generic', convert_to(jsonb_build_object('event_id', event_id, 'event_name', event_name,
	'anonymous_id', anonymous_id, 'user_id', user_id, 'occurred_at', occurred_at, 'properties', properties, 'context', context)::text, 'UTF8'));
SELECT note_moment();
SELECT take_sample(:'wal', 'decode, with the making of its JSON', :rows);
SELECT note_moment();
SELECT sum(length(convert_to(jsonb_build_object('event_id', event_id, 'event_name', event_name,
	'anonymous_id', anonymous_id, 'user_id', user_id, 'occurred_at', occurred_at, 'properties', properties, 'context', context)::text, 'UTF8')))
FROM raw.events;
SELECT note_moment();
SELECT take_sample(:'wal', 'the making of that JSON', :rows);

CHECKPOINT;
SELECT note_moment();
SELECT * FROM sessionize.seal('web', now());
SELECT note_moment();
SELECT take_sample(:'wal', 'seal', :rows);

SELECT note_moment();
SELECT sessionize.create_rollup('web', 'events_by_day', '{day, event_name}', grain => 'event');
SELECT note_moment();
SELECT take_sample(:'wal', 'a rollup of events by day and name, made', :rows);

VACUUM ANALYZE web.sealed;
SELECT :rows = (SELECT count(*) FROM web.sealed) AS all_sealed \gset
\if :all_sealed
\else
	\echo 'rows are missing in the seal'
	SELECT 1 / 0;
\endif
-- each partition of the raw table is a part of it; empty relations are not worth a line
INSERT INTO relation_size
SELECT regexp_replace(coalesce(i.relname, t.relname), '_p[0-9]{8}|_default', ''), CASE WHEN i.oid IS NOT NULL THEN regexp_replace(t.relname, '_p[0-9]{8}|_default', '') END,
	sum(CASE WHEN i.oid IS NOT NULL THEN pg_relation_size(i.oid)
		ELSE pg_table_size(t.oid) END), sum(CASE WHEN i.oid IS NULL THEN nullif(t.reltuples, -1) END), :rows
FROM pg_class AS t LEFT JOIN LATERAL (SELECT c.oid, c.relname FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid WHERE x.indrelid = t.oid
	UNION ALL SELECT NULL, NULL) AS i ON true
WHERE t.relkind = 'r' AND t.relnamespace IN ('web'::regnamespace, 'raw'::regnamespace) AND t.relname NOT LIKE 'plain%'
GROUP BY 1, 2 HAVING sum(CASE WHEN i.oid IS NOT NULL THEN pg_relation_size(i.oid) ELSE pg_table_size(t.oid) END) > 1000000;
