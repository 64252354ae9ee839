-- detach_source and attach_source: the raw table is altered, swapped or made anew meanwhile, and nothing is lost.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szt;
CREATE FUNCTION szt.first_word(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT split_part($1, ' ', 1) $$;
CREATE SEQUENCE szt.numbers;
CREATE TABLE szt.raw (id int PRIMARY KEY DEFAULT nextval('szt.numbers'), event_id varchar(20), visitor int, at timestamptz, name text, page varchar(40), price int, title text);
CREATE INDEX raw_key ON szt.raw (visitor, at, event_id);
CREATE FUNCTION szt.add(first int, last int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'INSERT INTO szt.raw (event_id, visitor, at, name, page, price, title)
	SELECT (n % 700)::text, CASE WHEN n % 71 > 0 THEN n * 17 % 23 END, ''2026-01-01Z''::timestamptz + (n * 7919 % 3989) * interval ''1 minute'', CASE WHEN n % 3 > 0 THEN ''page_view'' ELSE ''buy'' END,
	       ''/'' || n % 6, n % 50, ''The '' || n % 4 FROM generate_series($1, $2) AS n' USING first, last;
END $$;
SELECT szt.add(1, 900);
SET search_path = szt, public;
SELECT sessionize.create_pipeline('szt_web', 'raw', key => 'visitor', event_time => 'at', raw_id => 'id', event_name => 'name', page => 'first_word(page)');
SELECT sessionize.add_measure('szt_web', 'revenue', 'sum', 'price', 'name = ''buy''');
SELECT sessionize.add_measure('szt_web', 'dearest', 'max', 'price');
SELECT sessionize.add_measure('szt_web', 'old', 'count', filter => 'price > 3');
SELECT sessionize.drop_measure('szt_web', 'old');
SELECT sessionize.add_measure('szt_web', 'words', 'count_distinct', 'first_word(title)');
SELECT sessionize.add_measure('szt_web', 'worth', 'sum', 'price', grain => 'event');
SELECT sessionize.add_dimension('szt_web', 'offer', '{"title": "title", "price": "price / 10", "word": "first_word(title)"}', pick => 'last');
RESET search_path;
CALL sessionize.refresh('szt_web');
CREATE ROLE regress_szt_reader;
SELECT sessionize.grant_reader('szt_web', 'regress_szt_reader');
GRANT SELECT ON szt_web.source TO regress_szt_reader;
CREATE FUNCTION szt.kept() RETURNS TABLE (object text, acl text, comment text) LANGUAGE sql AS $$
SELECT c.relname, replace(array_to_string(c.relacl, ' '), current_user, 'owner'), obj_description(c.oid) FROM pg_class AS c WHERE c.relnamespace = 'szt_web'::regnamespace AND c.relkind IN ('r', 'v') $$;
CREATE TABLE szt.kept_before AS SELECT * FROM szt.kept();
CREATE TABLE szt.ids AS SELECT session_id FROM szt_web.sessions;

-- the oracle: a pipeline that is made anew with the same definition
CREATE FUNCTION szt.rows(pipeline text) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT to_jsonb(s) - ''session_id'' FROM %1$I.sessions AS s UNION ALL SELECT to_jsonb(s) - ''session_id'' FROM %1$I.sessions_live AS s UNION ALL
		SELECT to_jsonb(e) - ''session_id'' FROM %1$I.events AS e UNION ALL SELECT to_jsonb(q) - ''quarantine_id'' - ''first_seen'' FROM %1$I.quarantine AS q', pipeline);
END $$;
CREATE FUNCTION szt.types(pipeline text) RETURNS SETOF text LANGUAGE sql AS $$
SELECT concat_ws(' ', relname, attname, format_type(atttypid, atttypmod), attcollation) FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid
WHERE relnamespace = pipeline::regnamespace AND relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped AND attname !~ '^(old|words|dearest|worth)' $$;
CREATE PROCEDURE szt.check(source text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM szt.add(1000 + nextval('szt.more')::int * 10, 1009 + currval('szt.more')::int * 10);
	COMMIT;
	CALL sessionize.refresh('szt_web');
	UPDATE szt.raw SET at = at + interval '10 minutes' WHERE visitor = 3;
	DELETE FROM szt.raw WHERE visitor = 5 AND price < 10;
	COMMIT;
	CALL sessionize.refresh('szt_web');
	PERFORM sessionize.create_pipeline('szt_new', source, definition => sessionize.definition('szt_web'));
	CALL sessionize.rebuild('szt_new');
	RAISE WARNING 'missing: %; too many: %; other types: %; wrong: %; pending: %; capture: %; problem: %', (SELECT count(*) FROM (SELECT szt.rows('szt_new') EXCEPT ALL SELECT szt.rows('szt_web')) AS x),
		(SELECT count(*) FROM (SELECT szt.rows('szt_web') EXCEPT ALL SELECT szt.rows('szt_new')) AS x), (SELECT count(*) FROM (SELECT szt.types('szt_web') EXCEPT ALL SELECT szt.types('szt_new')) AS x),
		(SELECT count(*) FROM sessionize.verify('szt_web')), (SELECT pending + abs(difference) FROM sessionize.reconcile('szt_web')),
		(SELECT capture FROM sessionize.pipeline_status WHERE pipeline_name = 'szt_web'), (SELECT problem FROM sessionize.pipeline_status WHERE pipeline_name = 'szt_web');
	PERFORM sessionize.drop_pipeline('szt_new');
END $$;
CREATE SEQUENCE szt.more START 1;

-- what the server refuses while the pipeline is attached
\set VERBOSITY terse
ALTER TABLE szt.raw ALTER COLUMN visitor TYPE bigint;
\set VERBOSITY default
SELECT sessionize.detach_source('szt_web');
SELECT source, source::oid, key, page, raw_id, event_name, page_view FROM sessionize.pipelines WHERE pipeline_name = 'szt_web';
SELECT measure, expression, filter FROM sessionize.measures WHERE pipeline_name = 'szt_web';
SELECT dimension, attributes FROM sessionize.dimensions WHERE pipeline_name = 'szt_web';
SELECT state, capture, problem, needs_rebuild, source_renamed, pending_rows FROM sessionize.pipeline_status WHERE pipeline_name = 'szt_web';
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'szt.raw'::regclass;
SELECT * FROM szt.kept() EXCEPT TABLE szt.kept_before;
SELECT count(*) FROM szt_web.source;
-- meanwhile everything says so, and the star can be read
CALL sessionize.refresh('szt_web');
CALL sessionize.rebuild('szt_web');
SELECT * FROM sessionize.verify('szt_web');
SELECT * FROM sessionize.reconcile('szt_web');
SELECT sessionize.seal('szt_web', '2026-01-02');
SELECT sessionize.alter_pipeline('szt_web', gap => '1 hour');
SELECT sessionize.add_measure('szt_web', 'm', 'count');
SELECT sessionize.mark_dirty('szt_web');
SELECT sessionize.enable_capture('szt_web');
SELECT sessionize.erase_user('szt_web', '1');
SELECT sessionize.detach_source('szt_web');
SELECT * FROM sessionize.preview_pipeline('szt_web', gap => '1 hour');
SELECT count(*) = (SELECT count(*) FROM szt.ids) AS all_there FROM szt_web.sessions;
SELECT count(*) = (SELECT count(*) FROM szt.ids) AS all_there FROM szt_web.sessions_live;
SELECT sessionize.revoke_reader('szt_web', 'regress_szt_reader'), sessionize.grant_reader('szt_web', 'regress_szt_reader');
-- a wider key and id, and prices that are no longer integers; rows come and go that nobody logs
ALTER TABLE szt.raw ALTER COLUMN visitor TYPE bigint, ALTER COLUMN id TYPE bigint, ALTER COLUMN price TYPE numeric, ALTER COLUMN page TYPE text;
SELECT szt.add(901, 950);
DELETE FROM szt.raw WHERE visitor = 7;
UPDATE szt.raw SET price = price + 0.25 WHERE visitor = 8;
SELECT sessionize.attach_source('szt_web', 'szt.raw');
SELECT state, capture, problem, needs_rebuild, source_renamed FROM sessionize.pipeline_status WHERE pipeline_name = 'szt_web';
SELECT pending = raw_rows AS all_pending, difference FROM sessionize.reconcile('szt_web');
SELECT format_type(atttypid, atttypmod), attrelid::regclass FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid WHERE relnamespace = 'szt_web'::regnamespace AND relkind = 'r' AND attname IN ('session_key', 'revenue', 'price') ORDER BY attrelid::regclass::text COLLATE "C", 1;
CALL sessionize.refresh('szt_web');
-- where nothing has changed, ids and aliases are what they were
SELECT count(*) AS gone, count(*) FILTER (WHERE a.old_session_id IS NULL) AS without_alias
FROM (SELECT session_id FROM szt.ids EXCEPT SELECT session_id FROM szt_web.sessions) AS g LEFT JOIN szt_web.session_alias AS a ON a.old_session_id = g.session_id;
SELECT count(*) > 300 AS kept FROM szt.ids JOIN szt_web.sessions USING (session_id);
CALL szt.check('szt.raw');
SELECT * FROM szt.kept() EXCEPT TABLE szt.kept_before;
TABLE szt.kept_before EXCEPT SELECT * FROM szt.kept();
SELECT pg_get_triggerdef(oid) ~ 'new.visitor, new.at' AS by_columns FROM pg_trigger WHERE tgrelid = 'szt.raw'::regclass AND tgname LIKE '%insert%' AND NOT tgisinternal;

-- the same again is no change
SET client_min_messages = notice;
SELECT sessionize.attach_source('szt_web', 'szt.raw');
SELECT needs_rebuild FROM sessionize.pipeline_status WHERE pipeline_name = 'szt_web';

-- a loader that swaps tables by rename: attach_source alone has the pipeline read the new one
CREATE TABLE szt.loaded (LIKE szt.raw INCLUDING ALL);
INSERT INTO szt.loaded SELECT * FROM szt.raw WHERE visitor <> 9;
ALTER TABLE szt.raw RENAME TO raw_old;
ALTER TABLE szt.loaded RENAME TO raw;
SELECT source, source_renamed FROM sessionize.pipelines JOIN sessionize.pipeline_status USING (pipeline_name) WHERE pipeline_name = 'szt_web';
SELECT sessionize.attach_source('szt_web', 'szt.raw');
SET client_min_messages = warning;
SELECT source, source_renamed FROM sessionize.pipelines JOIN sessionize.pipeline_status USING (pipeline_name) WHERE pipeline_name = 'szt_web';
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'szt.raw_old'::regclass;
DROP TABLE szt.raw_old;
CALL szt.check('szt.raw');
SELECT count(*) FROM szt_web.sessions WHERE session_key = 9;
-- as one transaction, with the old table dropped in it
CREATE TABLE szt.loaded (LIKE szt.raw INCLUDING ALL);
INSERT INTO szt.loaded SELECT * FROM szt.raw WHERE visitor <> 10;
BEGIN;
SELECT sessionize.detach_source('szt_web');
DROP TABLE szt.raw;
ALTER TABLE szt.loaded RENAME TO raw;
INSERT INTO szt.raw (id, event_id, visitor, at, name) VALUES (99999, 'x', 10, '2026-01-09', 'page_view');
SELECT sessionize.attach_source('szt_web', 'szt.raw');
COMMIT;
CALL szt.check('szt.raw');
-- a table that was dropped with all that depends on it: the view is made anew
CREATE TABLE szt.loaded (LIKE szt.raw INCLUDING ALL);
INSERT INTO szt.loaded SELECT * FROM szt.raw;
DROP TABLE szt.raw CASCADE;
ALTER TABLE szt.loaded RENAME TO raw;
CALL sessionize.refresh('szt_web');
SELECT sessionize.attach_source('szt_web', 'szt.raw');
CALL szt.check('szt.raw');
SELECT * FROM szt.kept() EXCEPT TABLE szt.kept_before;
GRANT SELECT ON szt_web.source TO regress_szt_reader;
-- columns that are renamed while it is attached are followed; while it is detached, a definition says what they are called
ALTER TABLE szt.raw RENAME COLUMN title TO headline;
SELECT sessionize.detach_source('szt_web');
SELECT page, (SELECT expression FROM sessionize.measures AS m WHERE m.pipeline_name = 'szt_web' AND measure = 'words') FROM sessionize.pipelines WHERE pipeline_name = 'szt_web';
ALTER TABLE szt.raw RENAME COLUMN headline TO title;
SELECT sessionize.attach_source('szt_web', 'szt.raw');
SELECT state FROM sessionize.pipeline_status WHERE pipeline_name = 'szt_web';
SET client_min_messages = notice;
SELECT sessionize.attach_source('szt_web', 'szt.raw', definition => '{"key": "visitor", "event_time": "at", "raw_id": "id", "event_name": "name", "page": "szt.first_word(page)", "gap": "20 minutes",
	"measures": [{"name": "revenue", "kind": "sum", "expression": "price * 2", "filter": "name = ''buy''"}, {"name": "words", "kind": "any", "filter": "title = ''The 1''"}, {"name": "more", "kind": "count"}],
	"dimensions": [{"name": "offer", "attributes": {"title": "title", "price": "price / 5", "word": "szt.first_word(title)"}, "pick": "last"}, {"name": "kind", "grain": "event", "attributes": {"name": "name"}}]}');
SET client_min_messages = warning;
CALL szt.check('szt.raw');
SELECT measure, kind, expression FROM sessionize.measures WHERE pipeline_name = 'szt_web';

-- another table: a partitioned one, with a key of another type and columns in another order
SELECT sessionize.detach_source('szt_web');
ALTER TABLE szt.raw RENAME TO raw_old;
CREATE TABLE szt.raw (title text, price numeric, page text, name text, at timestamptz, visitor text, event_id text, id bigint) PARTITION BY RANGE (at);
CREATE TABLE szt.raw_1 PARTITION OF szt.raw FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
CREATE TABLE szt.raw_2 PARTITION OF szt.raw DEFAULT;
INSERT INTO szt.raw SELECT title, price, page, name, at, visitor::text, event_id, id FROM szt.raw_old WHERE at IS NOT NULL;
ALTER TABLE szt.raw ALTER COLUMN id SET DEFAULT nextval('szt.numbers');
SELECT sessionize.attach_source('szt_web', 'szt.raw');
CREATE INDEX ON szt.raw (visitor, at);
SELECT sessionize.attach_source('szt_web', 'szt.raw');
SELECT count(*) AS triggers FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = tgrelid WHERE relnamespace = 'szt'::regnamespace;
SELECT attrelid::regclass, format_type(atttypid, atttypmod), attcollation::regcollation FROM pg_attribute WHERE attrelid IN ('szt_web.sessions'::regclass, 'szt_web.sealed'::regclass, 'szt_web.source'::regclass) AND attname = 'session_key';
CREATE OR REPLACE FUNCTION szt.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO szt.raw (event_id, visitor, at, name, page, price, title)
SELECT (n % 700)::text, CASE WHEN n % 71 > 0 THEN n * 17 % 23 END, '2026-01-01Z'::timestamptz + (n * 7919 % 3989) * interval '1 minute', 'buy', '/' || n % 6, n % 50, 'The ' || n % 4 FROM generate_series(first, last) AS n $$;
CREATE OR REPLACE PROCEDURE szt.check_text() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM szt.add(2000, 2050);
	UPDATE szt.raw SET at = at + interval '1 day' WHERE visitor = '4';
	COMMIT;
	CALL sessionize.refresh('szt_web');
	PERFORM sessionize.create_pipeline('szt_new', 'szt.raw', definition => sessionize.definition('szt_web'));
	CALL sessionize.rebuild('szt_new');
	RAISE WARNING 'missing: %; too many: %; other types: %; wrong: %', (SELECT count(*) FROM (SELECT szt.rows('szt_new') EXCEPT ALL SELECT szt.rows('szt_web')) AS x),
		(SELECT count(*) FROM (SELECT szt.rows('szt_web') EXCEPT ALL SELECT szt.rows('szt_new')) AS x), (SELECT count(*) FROM (SELECT szt.types('szt_web') EXCEPT ALL SELECT szt.types('szt_new')) AS x),
		(SELECT count(*) FROM sessionize.verify('szt_web'));
	PERFORM sessionize.drop_pipeline('szt_new');
END $$;
CALL szt.check_text();
DROP TABLE szt.raw_old;
-- keys that have no value of the type
SELECT sessionize.detach_source('szt_web');
CREATE TABLE szt.counted (visitor int, at timestamptz, event_id text, id bigint, name text, page text, price numeric, title text);
CREATE INDEX ON szt.counted (visitor, at);
INSERT INTO szt.raw (visitor, at) VALUES ('a visitor', '2026-01-05');
SELECT sessionize.attach_source('szt_web', 'szt.raw');
CALL sessionize.refresh('szt_web');
SELECT sessionize.attach_source('szt_web', 'szt.counted');
SELECT capture, problem FROM sessionize.pipeline_status WHERE pipeline_name = 'szt_web';
DELETE FROM szt.raw WHERE visitor = 'a visitor';
CALL sessionize.refresh('szt_web');
SELECT count(*) FROM szt_web.session_alias WHERE session_key = 'a visitor';

-- under a seal: what is sealed stays, with the type that the key has now
SELECT sealed > 100 AS sealed FROM sessionize.seal('szt_web', '2026-01-02');
CREATE TABLE szt.sealed AS TABLE szt_web.sealed;
SELECT sessionize.detach_source('szt_web');
DELETE FROM szt.raw WHERE at < '2026-01-01 12:00';
UPDATE szt.raw SET page = '/other' WHERE at < '2026-01-01 18:00';
UPDATE szt.raw SET at = at + interval '1 second' WHERE id IN (SELECT id FROM szt.raw WHERE at >= '2026-01-01 18:00' AND at < '2026-01-02' ORDER BY id LIMIT 3);
SELECT sessionize.attach_source('szt_web', 'szt.raw');
CALL sessionize.refresh('szt_web');
SELECT count(*) FROM (TABLE szt.sealed EXCEPT ALL TABLE szt_web.sealed) AS x;
SELECT late, pending, difference, raw_rows + sealed_only = events + duplicates + quarantined + filtered + late AS closes FROM sessionize.reconcile('szt_web');
SELECT count(*) FROM sessionize.verify('szt_web');
SELECT count(*) FROM szt_web.events WHERE page = '/other';

-- persons, and bounces that are told by a measure, which may not fit what it is of now
SELECT sessionize.seal('szt_web', '-infinity') IS NOT NULL AS taken_back;
ALTER TABLE szt.raw ADD COLUMN code text;
CREATE TABLE szt.other (LIKE szt.raw INCLUDING ALL);
ALTER TABLE szt.other ALTER COLUMN code TYPE int USING 1;
SELECT sessionize.add_measure('szt_web', 'best', 'last', 'code');
SELECT sessionize.alter_pipeline('szt_web', bounce => 'best = ''e1''', user_id => '''u'' || (price::int % 5)::text', restart_on_change => 'page');
SELECT sessionize.enable_identity('szt_web');
CALL sessionize.refresh('szt_web');
SELECT count(*) > 3 AS linked FROM szt_web.person_link;
SELECT sessionize.detach_source('szt_web');
SELECT sessionize.attach_source('szt_web', 'szt.other');
DELETE FROM szt.raw WHERE price::int % 5 = 2;
SELECT sessionize.attach_source('szt_web', 'szt.raw');
CALL sessionize.refresh('szt_web');
SELECT count(*) FROM sessionize.verify('szt_web');
SELECT DISTINCT user_id FROM szt_web.person_user ORDER BY 1;
SELECT sessionize.definition('szt_web') ->> 'bounce';

-- who may
CREATE ROLE regress_szt_owner;
CREATE ROLE regress_szt_other;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_szt_owner', current_database()); END $$;
GRANT USAGE ON SCHEMA szt TO regress_szt_owner, regress_szt_other;
GRANT SELECT ON szt.raw TO regress_szt_owner;
SELECT sessionize.alter_pipeline_owner('szt_web', 'regress_szt_owner');
SET ROLE regress_szt_other;
SELECT sessionize.detach_source('szt_web');
SELECT sessionize.attach_source('szt_web', 'szt.raw');
SET ROLE regress_szt_owner;
SELECT sessionize.detach_source('szt_web');
SELECT sessionize.attach_source('szt_web', 'szt.counted');
SELECT sessionize.attach_source('szt_web', 'szt.raw');
RESET ROLE;
GRANT TRIGGER ON szt.raw TO regress_szt_owner;
SET ROLE regress_szt_owner;
SELECT sessionize.attach_source('szt_web', 'szt.raw');
RESET ROLE;
CALL sessionize.refresh('szt_web');
SELECT count(*) FROM sessionize.verify('szt_web');
-- functions of the owner's expressions are called as the owner, whoever calls
CREATE FUNCTION szt.mine(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF current_user <> 'regress_szt_owner' THEN
		RAISE EXCEPTION 'called as somebody else';
	END IF;
	RETURN $1;
END $$;
ALTER FUNCTION szt.mine OWNER TO regress_szt_owner;
SET ROLE regress_szt_owner;
SELECT sessionize.alter_pipeline('szt_web', page => 'szt.mine(''/'') || page');
SELECT sessionize.add_measure('szt_web', 'mine', 'count', filter => 'szt.mine(''a'') = ''a''');
SELECT sessionize.add_dimension('szt_web', 'own', '{"title": "szt.mine(''b'') || title"}');
RESET ROLE;
SELECT sessionize.detach_source('szt_web');
SELECT sessionize.attach_source('szt_web', 'szt.raw');
SELECT sessionize.alter_pipeline('szt_web', gap => '25 minutes', event_name => 'upper(name)');
SELECT count(*) FROM sessionize.preview_pipeline('szt_web', gap => '1 hour', event_name => 'name');
CALL sessionize.refresh('szt_web');
SELECT count(*) FROM sessionize.verify('szt_web');
-- mistakes
SELECT sessionize.detach_source(NULL);
SELECT sessionize.detach_source('szt_none');
SELECT sessionize.attach_source(NULL, 'szt.raw');
SELECT sessionize.attach_source('szt_web', NULL);
SELECT sessionize.attach_source('szt_web', 'szt.none');
SELECT sessionize.attach_source('szt_web', 'szt_web.sessions');
SELECT sessionize.attach_source('szt_web', 'szt.kept_before');
SELECT capture FROM sessionize.pipeline_status WHERE pipeline_name = 'szt_web';
-- undone by a rollback
BEGIN;
SELECT sessionize.detach_source('szt_web');
ROLLBACK;
INSERT INTO szt.raw (visitor, at, event_id) VALUES ('1', '2026-02-01', 'last');
SELECT count(*) FROM szt_web.dirty;
CALL sessionize.refresh('szt_web');
SELECT count(*) FROM sessionize.verify('szt_web');
-- without capture
SELECT sessionize.create_pipeline('szt_plain', 'szt.raw', key => 'visitor', event_time => 'at', raw_id => 'id', capture => false);
CALL sessionize.rebuild('szt_plain');
SELECT sessionize.detach_source('szt_plain');
SELECT sessionize.attach_source('szt_plain', 'szt.raw');
CALL sessionize.rebuild('szt_plain');
SELECT count(*) FROM sessionize.verify('szt_plain');
SELECT capture FROM sessionize.pipeline_status WHERE pipeline_name = 'szt_plain';
-- a detached pipeline can be dropped
SELECT sessionize.detach_source('szt_web');
DROP TABLE szt.raw CASCADE;
SELECT sessionize.drop_pipeline('szt_web');
SELECT sessionize.drop_pipeline('szt_plain');
SELECT count(*) FROM sessionize.pipelines WHERE pipeline_name LIKE 'szt%';
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_szt_owner', current_database()); END $$;
DROP SCHEMA szt CASCADE;
DROP ROLE regress_szt_reader, regress_szt_owner, regress_szt_other;
