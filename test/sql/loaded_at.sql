-- loaded_at: when a refresh or rebuild last changed a row of a fact.
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE SCHEMA szla;
CREATE TABLE szla.raw (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, who text, at timestamptz, url text, plan text);
CREATE INDEX ON szla.raw (who, at, event_id);
INSERT INTO szla.raw (event_id, who, at, url, plan)
SELECT 'e' || n, 'v' || n / 5 % 50, '2026-01-01Z'::timestamptz + n * interval '7 minutes', '/' || n % 5, CASE WHEN n % 9 = 0 THEN 'p' || n % 4 END
FROM generate_series(1, 2000) AS n;
SELECT sessionize.create_pipeline('web', 'szla.raw', key => 'who', event_time => 'at', page => 'url', user_id => '', loaded_at => true);
SELECT sessionize.create_pipeline('less', 'szla.raw', key => 'who', event_time => 'at', page => 'url', user_id => '', store_events => false);
SELECT pipeline_name, loaded_at FROM sessionize.pipelines ORDER BY pipeline_name;
SELECT attrelid::regclass::text COLLATE "C" AS relation, format_type(atttypid, atttypmod), attnotnull, atthasdef, col_description(attrelid, attnum) FROM pg_attribute
WHERE attname = 'loaded_at' AND attrelid::regclass::text ~ '^(web|less)\.' ORDER BY 1;
SELECT count(*) AS indexes FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) WHERE a.attname = 'loaded_at';

-- what a step has changed: rows that are new or have other values have a new time, all others the one that they had
CREATE TABLE szla.seen (kind text, content jsonb, loaded_at timestamptz);
CREATE FUNCTION szla.rows() RETURNS SETOF szla.seen LANGUAGE sql AS $$
	SELECT 's', to_jsonb(f) - 'loaded_at', f.loaded_at FROM web.fact_session AS f
	UNION ALL SELECT 'e', to_jsonb(f) - 'loaded_at', f.loaded_at FROM web.fact_event AS f
$$;
CREATE PROCEDURE szla.step(statement text) LANGUAGE plpgsql AS $$
DECLARE begun timestamptz := clock_timestamp(); changed bigint[]; kept bigint; wrong bigint;
BEGIN
	TRUNCATE szla.seen;
	INSERT INTO szla.seen SELECT * FROM szla.rows();
	COMMIT;
	EXECUTE statement;
	COMMIT;
	CALL sessionize.refresh('web');
	SELECT ARRAY[count(*) FILTER (WHERE s.kind IS NULL AND r.kind = 's'), count(*) FILTER (WHERE s.kind IS NULL AND r.kind = 'e')], count(*) FILTER (WHERE s.kind IS NOT NULL),
	       count(*) FILTER (WHERE CASE WHEN s.kind IS NULL THEN r.loaded_at IS NULL OR r.loaded_at < begun OR r.loaded_at > clock_timestamp()
	                                   ELSE r.loaded_at IS DISTINCT FROM s.loaded_at END)
	INTO changed, kept, wrong FROM szla.rows() AS r LEFT JOIN szla.seen AS s ON s.kind = r.kind AND s.content = r.content;
	RAISE WARNING '%: % sessions and % events changed, % rows kept, % wrong', left(statement, 40), changed[1], changed[2], kept, wrong;
END $$;
CALL szla.step('SELECT');
SELECT count(*) > 300 AS some, count(loaded_at) = count(*) AS all_have FROM web.sessions;
SELECT count(*) FROM sessionize.verify('web');
SELECT difference, event_difference FROM sessionize.reconcile('web');
CALL szla.step($$INSERT INTO szla.raw (event_id, who, at, url) SELECT 'new', 'v1', max(at) + interval '1 minute', '/new' FROM szla.raw WHERE who = 'v1'$$);
CALL szla.step($$INSERT INTO szla.raw (event_id, who, at, url) SELECT 'between', 'v2', min(at) + interval '1 second', '/new' FROM szla.raw WHERE who = 'v2'$$);
-- no other values
CALL szla.step($$UPDATE szla.raw SET url = url || '' WHERE who = 'v3'$$);
CALL szla.step($$DELETE FROM szla.raw WHERE who = 'v4' AND id % 3 = 0$$);
CALL szla.step($$SELECT sessionize.mark_dirty('web')$$);
CALL szla.step($$UPDATE szla.raw SET at = at + interval '1 second' WHERE who = 'v5'$$);
-- a rebuild of what is unchanged writes nothing
CREATE TABLE szla.places AS SELECT ctid AS place, xmin::text AS version, loaded_at FROM web.fact_session UNION ALL SELECT ctid, xmin::text, loaded_at FROM web.fact_event;
CALL sessionize.rebuild('web');
CALL sessionize.rebuild('web', newest_first => true);
SELECT count(*) FROM (TABLE szla.places EXCEPT ALL (SELECT ctid, xmin::text, loaded_at FROM web.fact_session UNION ALL SELECT ctid, xmin::text, loaded_at FROM web.fact_event)) AS d;
-- nor does anybody compare the times
UPDATE web.fact_session SET loaded_at = '2001-01-01Z' WHERE session_key = 'v7';
SELECT count(*) FROM sessionize.verify('web');
CALL sessionize.rebuild('web');
SELECT count(*) > 0 AS left_alone FROM web.fact_session WHERE loaded_at = '2001-01-01Z';
-- tables that are written by statements
CREATE FUNCTION szla.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER nothing BEFORE INSERT OR UPDATE ON web.fact_session FOR EACH ROW EXECUTE FUNCTION szla.nothing();
CREATE TRIGGER nothing BEFORE INSERT OR UPDATE ON web.fact_event FOR EACH ROW EXECUTE FUNCTION szla.nothing();
CALL szla.step($$INSERT INTO szla.raw (event_id, who, at, url) SELECT 'more', 'v1', max(at) + interval '1 minute', '/more' FROM szla.raw WHERE who = 'v1'$$);
CALL szla.step($$DELETE FROM szla.raw WHERE event_id IN ('more', 'between')$$);
CALL szla.step($$UPDATE szla.raw SET url = '/other' WHERE who = 'v9' AND id % 2 = 0$$);
DROP TRIGGER nothing ON web.fact_session;
DROP TRIGGER nothing ON web.fact_event;
-- updates of growing sessions are HOT
VACUUM FULL web.fact_session;
SELECT pg_stat_force_next_flush();
SELECT pg_stat_reset_single_table_counters('web.fact_session'::regclass);
CALL szla.step($$INSERT INTO szla.raw (event_id, who, at, url) SELECT 'grown ' || who, who, max(at) + interval '2 minutes', '/hot' FROM szla.raw GROUP BY who$$);
SELECT pg_stat_force_next_flush();
SELECT n_tup_upd, n_tup_hot_upd = n_tup_upd AS all_hot FROM pg_stat_user_tables WHERE relid = 'web.fact_session'::regclass;
-- live views: what is derived has no time
INSERT INTO szla.raw (event_id, who, at, url) SELECT 'live', 'v6', max(at) + interval '1 minute', '/live' FROM szla.raw WHERE who = 'v6';
SELECT session_key = 'v6' AS derived, count(*) > 0 AS some, count(loaded_at) = count(*) AS all_have, count(loaded_at) AS have FROM web.sessions_live WHERE session_key IN ('v6', 'v7') GROUP BY 1 ORDER BY 1;
SELECT session_key = 'v6' AS derived, count(*) > 0 AS some, count(loaded_at) AS have FROM web.events_live WHERE session_key IN ('v6', 'v8') GROUP BY 1 ORDER BY 1;
CALL sessionize.refresh('web');

-- added to a star, and dropped: the star is not outdated, and rows that were written before have none
CALL sessionize.refresh('less');
CREATE TABLE szla.less AS TABLE less.sessions;
SELECT sessionize.alter_pipeline('less', loaded_at => true);
SELECT needs_rebuild FROM sessionize.pipeline_status WHERE pipeline_name = 'less';
SELECT count(*) > 0 AS some, count(loaded_at) FROM less.sessions;
INSERT INTO szla.raw (event_id, who, at, url) SELECT 'late', 'v8', max(at) + interval '3 days', '/late' FROM szla.raw;
CALL sessionize.refresh('less');
SELECT session_key, count(loaded_at) FROM less.sessions GROUP BY 1 HAVING count(loaded_at) > 0;
SELECT sessionize.alter_pipeline('less', loaded_at => true), sessionize.alter_pipeline('less', gap => '31 minutes');
SELECT count(loaded_at) > 0 AS kept FROM less.fact_session;
SELECT sessionize.alter_pipeline('less', gap => '30 minutes', loaded_at => false);
CALL sessionize.refresh('less');
SELECT count(*) FROM (SELECT * FROM szla.less WHERE session_key <> 'v8' EXCEPT ALL TABLE less.sessions) AS d;
SELECT count(*) FROM pg_attribute WHERE attname = 'loaded_at' AND attrelid::regclass::text ~ '^less\.';
SELECT count(*) FROM sessionize.verify('less');

-- beside measures, dimensions and persons, in any order; privileges stay
CREATE ROLE loaded_at_reader;
SELECT sessionize.grant_reader('web', 'loaded_at_reader');
SELECT sessionize.add_measure('web', 'pages', 'count_distinct', 'url'), sessionize.add_dimension('web', 'plan', '{"plan": "plan"}', 'event', 'last_known');
SELECT sessionize.enable_identity('web');
CALL sessionize.refresh('web');
SELECT count(*) FROM sessionize.verify('web');
CALL szla.step($$UPDATE szla.raw SET plan = 'late' WHERE who = 'v11' AND id % 7 = 0$$);
SELECT sessionize.alter_pipeline('web', loaded_at => false);
SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'web.sessions'::regclass AND attnum > 15;
CREATE VIEW szla.dependent AS SELECT pages FROM web.sessions;
SELECT sessionize.alter_pipeline('web', loaded_at => true);
DROP VIEW szla.dependent;
SELECT sessionize.alter_pipeline('web', loaded_at => true);
SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'web.sessions'::regclass AND attnum > 15;
SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'web.events_live'::regclass AND attnum > 9;
SELECT has_table_privilege('loaded_at_reader', 'web.sessions', 'SELECT') AS reads;
SELECT count(*) FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid IN ('web.sessions'::regclass, 'web.events'::regclass, 'web.sessions_live'::regclass, 'web.events_live'::regclass,
	'web.fact_session'::regclass, 'web.fact_event'::regclass) AND col_description(attrelid, attnum) IS NULL;
CALL szla.step($$UPDATE szla.raw SET url = '/again' WHERE who = 'v12'$$);
SELECT sessionize.drop_measure('web', 'pages'), sessionize.drop_dimension('web', 'plan');
CALL sessionize.refresh('web');
SELECT sessionize.disable_identity('web');
CALL szla.step($$UPDATE szla.raw SET url = '/twice' WHERE who = 'v12'$$);
SELECT sessionize.seal('web', '2026-01-03Z') IS NOT NULL AS sealed;
CALL szla.step($$DELETE FROM szla.raw WHERE at < '2026-01-02Z'$$);
SELECT count(*) FROM sessionize.verify('web');

-- documents and presets
SELECT sessionize.definition('web') -> 'loaded_at' AS web, sessionize.definition('less') -> 'loaded_at' AS less;
SELECT sessionize.create_pipeline('copy', 'szla.raw', definition => sessionize.definition('web'));
SELECT loaded_at FROM sessionize.pipelines WHERE pipeline_name = 'copy';
SELECT sessionize.alter_pipeline('copy', definition => sessionize.definition('copy') || '{"loaded_at": false}');
SELECT count(*) FROM pg_attribute WHERE attname = 'loaded_at' AND attrelid::regclass::text ~ '^copy\.';
SELECT sessionize.alter_pipeline('copy', definition => sessionize.definition('copy') || '{"loaded_at": true}');
SELECT count(*) FROM pg_attribute WHERE attname = 'loaded_at' AND attrelid::regclass::text ~ '^copy\.';
CALL sessionize.refresh('copy');
SELECT count(loaded_at) = count(*) AS all_have FROM copy.events;
SELECT sessionize.alter_pipeline('copy', definition => '{}', loaded_at => true);
SELECT sessionize.create_events_table('szla.tracked', preset => 'generic');
SELECT sessionize.create_pipeline('tracked', 'szla.tracked', preset => 'generic', loaded_at => true);
SELECT loaded_at FROM sessionize.pipelines WHERE pipeline_name = 'tracked';
-- the name is taken, either way
SELECT sessionize.add_measure('web', 'loaded_at', 'count');
SELECT sessionize.add_dimension('web', 'loaded_at', '{"loaded_at": "plan"}');
SELECT sessionize.add_measure('less', 'loaded_at', 'count');
SELECT sessionize.alter_pipeline('less', loaded_at => true);
SELECT sessionize.drop_measure('less', 'loaded_at');
ALTER TABLE web.fact_session DROP COLUMN loaded_at CASCADE;
CALL sessionize.refresh('web');
SELECT sessionize.drop_pipeline(p) FROM unnest('{web,less,copy,tracked}'::text[]) AS p;
DROP OWNED BY loaded_at_reader;
DROP ROLE loaded_at_reader;
DROP SCHEMA szla CASCADE;
