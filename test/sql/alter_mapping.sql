-- alter_pipeline of the mapping: afterwards a pipeline is what a new one with this mapping is, and keeps what it had.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szm;
CREATE TABLE szm.raw (
	id       bigint GENERATED ALWAYS AS IDENTITY,
	event_id text,
	visitor  int,
	account  text,
	device   text,
	at       timestamptz,
	seen_at  timestamptz,
	sent     timestamptz,
	name     text,
	kind     text,
	url      text,
	title    text,
	fresh    boolean,
	who      text
) PARTITION BY RANGE (id);
CREATE TABLE szm.raw_1 PARTITION OF szm.raw FOR VALUES FROM (1) TO (700);
CREATE TABLE szm.raw_2 PARTITION OF szm.raw DEFAULT;
CREATE INDEX ON szm.raw (visitor, at, event_id);
CREATE INDEX ON szm.raw (account, at, event_id);
CREATE INDEX ON szm.raw ((visitor::bigint), at);
CREATE INDEX ON szm.raw ((visitor::text), at);
CREATE FUNCTION szm.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO szm.raw (event_id, visitor, account, device, at, seen_at, sent, name, kind, url, title, fresh, who)
SELECT CASE WHEN n % 13 > 0 THEN (n % 900)::text END, CASE WHEN n % 71 > 0 THEN n * 17 % 23 END, 'a' || n * 17 % 31, 'd' || n % 5, t, t + (n % 7) * interval '3 minutes',
       t + (n % 7) * interval '3 minutes' - (n % 3) * interval '7 minutes', CASE WHEN n % 3 > 0 THEN 'page_view' ELSE 'click' END, CASE WHEN n % 4 > 0 THEN 'page_view' ELSE 'tap' END,
       CASE WHEN n % 9 > 0 THEN '/' || n % 6 END, 'T' || n % 4, n % 29 = 0, CASE WHEN n % 17 = 0 THEN 'u' || n % 3 END
FROM (SELECT n, '2026-01-01 00:00Z'::timestamptz + (n * 7919 % 3989) * interval '1 minute' AS t FROM generate_series(first, last) AS n) AS r
$$;
SELECT szm.add(1, 1200);
SELECT sessionize.create_pipeline('szm_web', 'szm.raw', key => 'visitor', event_time => 'at', raw_id => 'id', event_name => 'name', page => 'url');
CALL sessionize.refresh('szm_web');
-- what is to be kept
CREATE ROLE regress_szm_reader;
GRANT USAGE ON SCHEMA szm_web TO regress_szm_reader;
GRANT SELECT ON szm_web.source, szm_web.sessions TO regress_szm_reader;
GRANT SELECT (page) ON szm_web.events TO regress_szm_reader WITH GRANT OPTION;
GRANT SELECT ON szm_web.sessions_live TO PUBLIC;
COMMENT ON TABLE szm_web.fact_session IS 'ours';
SELECT sessionize.add_measure('szm_web', 'titles', 'count_distinct', 'title', 'fresh IS NOT TRUE');
CALL sessionize.refresh('szm_web');
CREATE FUNCTION szm.kept() RETURNS TABLE (object text, acl text, comment text) LANGUAGE sql AS $$
SELECT c.relname || coalesce('.' || t.attname, ''), replace(replace(array_to_string(CASE WHEN t.attname IS NULL THEN c.relacl ELSE t.attacl END, ' '), current_user, 'owner'), 'xtm', 'xt'),
       CASE WHEN t.attname IS NULL THEN obj_description(c.oid) END
FROM pg_class AS c LEFT JOIN LATERAL (SELECT NULL::name AS attname, NULL::aclitem[] AS attacl UNION ALL SELECT a.attname, a.attacl FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL) AS t ON true
WHERE c.relnamespace = 'szm_web'::regnamespace AND c.relkind IN ('r', 'v')
$$;
CREATE TABLE szm.kept_before AS SELECT * FROM szm.kept();

-- the two stars, but for ids, which depend on the name
CREATE FUNCTION szm.differences() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	q text;
	n bigint;
	total bigint := 0;
BEGIN
	FOREACH q IN ARRAY ARRAY[
		'SELECT session_key, user_id, started_at, ended_at, expires_at, events, page_views, distinct_pages, entry_page, exit_page, is_bounce, duplicates, conflicts, titles FROM %I.sessions',
		'SELECT session_key, user_id, started_at, ended_at, expires_at, events, page_views, distinct_pages, entry_page, exit_page, is_bounce, duplicates, conflicts, titles FROM %I.sessions_live',
		'SELECT event_time, session_key, user_id, event_name, page, page_view, date, session_started_at, event_id, raw_id FROM %I.events',
		'SELECT event_time, session_key, user_id, event_name, page, page_view, date, session_started_at, event_id, raw_id FROM %I.events_live',
		'SELECT session_key, user_id, valid_from, valid_to FROM %I.dim_user WHERE user_key <> 0',
		'SELECT raw_id, session_key, reason, detail FROM %I.quarantine'] LOOP
		EXECUTE format('SELECT (SELECT count(*) FROM (%1$s EXCEPT ALL %2$s) AS x) + (SELECT count(*) FROM (%2$s EXCEPT ALL %1$s) AS x)', format(q, 'szm_web'), format(q, 'szm_new')) INTO n;
		total := total + n;
	END LOOP;
	RETURN total + (SELECT count(*) FROM (SELECT attname, atttypid, attcollation FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid WHERE relnamespace = 'szm_web'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped
	                EXCEPT ALL SELECT attname, atttypid, attcollation FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid WHERE relnamespace = 'szm_new'::regnamespace AND relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped) AS x);
END $$;
CREATE FUNCTION szm.counts(name text) RETURNS TABLE (keys bigint, events bigint, duplicates bigint, quarantined bigint, filtered bigint, sessions bigint, bounces bigint, longest interval, bounce_rate numeric, mean_duration interval, measures jsonb) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT count(DISTINCT session_key), sum(events)::bigint, sum(duplicates)::bigint, (SELECT count(*) FROM %1$I.quarantine), (SELECT filtered FROM sessionize.reconcile(%1$L)), count(*), count(*) FILTER (WHERE is_bounce), max(duration), round(avg(is_bounce::int), 4), sum(extract(epoch FROM duration) * 1000000)::bigint / count(*) * interval ''1 microsecond'', jsonb_build_object(''titles'', sum(titles)) FROM %1$I.sessions', name);
END $$;
-- alters, while rows wait that were logged by the old mapping; the oracle is a pipeline made anew with the definition
CREATE PROCEDURE szm.try(altered text) LANGUAGE plpgsql AS $$
DECLARE
	changed boolean;
	closes boolean;
	first int := (SELECT max(id) FROM szm.raw);
	aliases bigint := (SELECT count(*) FROM szm_web.session_alias);
BEGIN
	PERFORM szm.add(first + 1, first + 25);
	EXECUTE format('SELECT sessionize.alter_pipeline(''szm_web'', %s)', altered) INTO changed;
	PERFORM szm.add(first + 26, first + 30);
	COMMIT;
	SELECT raw_rows + sealed_only = r.events + duplicates + quarantined + filtered + late + pending AND difference = 0 INTO closes FROM sessionize.reconcile('szm_web') AS r;
	COMMIT;
	CALL sessionize.refresh('szm_web');
	DELETE FROM szm.raw WHERE id > first AND id % 3 = 0;
	UPDATE szm.raw SET account = 'a1', visitor = 1 WHERE id > first AND id % 5 = 0;
	PERFORM szm.add(first + 31, first + 40);
	COMMIT;
	CALL sessionize.refresh('szm_web');
	PERFORM sessionize.create_pipeline('szm_new', 'szm.raw', definition => sessionize.definition('szm_web'));
	CALL sessionize.rebuild('szm_new');
	RAISE WARNING 'changes something: %; account closes: %; differences: %; wrong: %; aliases kept: %', changed, closes, szm.differences(), (SELECT count(*) FROM sessionize.verify('szm_web')),
		(SELECT count(*) FROM szm_web.session_alias) >= aliases;
	PERFORM sessionize.drop_pipeline('szm_new');
	COMMIT;
END $$;
CALL szm.try($$page => 'title'$$);
CALL szm.try($$page => 'upper(url)', event_name => 'kind'$$);
SELECT page, event_name, page_view FROM sessionize.pipelines WHERE pipeline_name = 'szm_web';
SELECT col_description('szm_web.source'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'szm_web.source'::regclass AND attname = 'page';
CALL szm.try($$unset => '{event_name}'$$);
SELECT event_name, page_view FROM sessionize.pipelines WHERE pipeline_name = 'szm_web';
CALL szm.try($$page_view => 'name = ''page_view'''$$);
CALL szm.try($$page => 'url', event_name => 'name'$$);
SELECT event_name, page_view FROM sessionize.pipelines WHERE pipeline_name = 'szm_web';
CALL szm.try($$unset => '{page_view}'$$);
SELECT page_view FROM sessionize.pipelines WHERE pipeline_name = 'szm_web';
CALL szm.try($$page_view => ''$$);
CALL szm.try($$unset => '{page_view}', user_id => 'who', restart => 'fresh'$$);
CALL szm.try($$received_at => 'seen_at', sent_at => 'sent'$$);
CALL szm.try($$unset => '{restart,user_id,sent_at}', gap => '20 minutes', filter => 'device <> ''d2'''$$);
CALL szm.try($$event_time => 'coalesce(seen_at, at)'$$);
CALL szm.try($$event_time => 'at', unset => '{filter,received_at}'$$);
-- the ids and the key, of other types
CALL szm.try($$event_id => 'event_id::int'$$);
CALL szm.try($$event_id => '(''00000000-0000-0000-0000-'' || lpad(event_id, 12, ''0''))::uuid'$$);
CALL szm.try($$raw_id => 'id::text'$$);
CALL szm.try($$raw_id => ''$$);
CALL szm.try($$raw_id => 'id', event_id => ''$$);
CALL szm.try($$event_id => 'event_id'$$);
SELECT regexp_replace(pg_get_triggerdef(oid), '(capture_|_insert_|captured\(|'')\d+', '\1N', 'g') AS def FROM pg_trigger WHERE tgrelid = 'szm.raw'::regclass AND NOT tgisinternal ORDER BY tgname;
CALL szm.try($$key => 'visitor::bigint'$$);
SELECT regexp_replace(pg_get_triggerdef(oid), '(capture_|_insert_|captured\(|'')\d+', '\1N', 'g') AS def FROM pg_trigger WHERE tgrelid = 'szm.raw'::regclass AND NOT tgisinternal ORDER BY tgname;
CALL szm.try($$key => 'visitor::text'$$);
CALL szm.try($$key => 'visitor'$$);
CALL szm.try($$key => 'visitor::text'$$);
CALL szm.try($$key => 'account'$$);
SELECT regexp_replace(pg_get_triggerdef(oid), '(capture_|_insert_|captured\(|'')\d+', '\1N', 'g') AS def FROM pg_trigger WHERE tgrelid = 'szm.raw'::regclass AND NOT tgisinternal ORDER BY tgname;
SELECT c.relname, count(*), bool_and(tgenabled = 'A') AS always FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = tgrelid WHERE c.relnamespace = 'szm'::regnamespace GROUP BY 1 ORDER BY 1;
SELECT capture, problem FROM sessionize.pipeline_status WHERE pipeline_name = 'szm_web';
-- nothing changes: the same expressions, in other words, and with columns that have been renamed
CALL szm.try($$key => 'account'$$);
CALL szm.try($$key => '(raw.account)', page => '(url)'$$);
SELECT key, page FROM sessionize.pipelines WHERE pipeline_name = 'szm_web';
ALTER TABLE szm.raw RENAME COLUMN account TO account2;
ALTER TABLE szm.raw ADD COLUMN account text;
SELECT sessionize.alter_pipeline('szm_web', key => 'account2');
SELECT sessionize.alter_pipeline('szm_web', gap => '30 minutes', page => 'title');
SELECT key, page FROM sessionize.pipelines WHERE pipeline_name = 'szm_web';
SELECT pg_get_viewdef('szm_web.source') ~ 'account2' AS still_the_same;
ALTER TABLE szm.raw DROP COLUMN account;
ALTER TABLE szm.raw RENAME COLUMN account2 TO account;
SELECT sessionize.alter_pipeline('szm_web', key => 'account');
CALL szm.try($$page => 'url'$$);
-- everything that was granted or said is still there
SELECT * FROM szm.kept() EXCEPT TABLE szm.kept_before;
TABLE szm.kept_before EXCEPT SELECT * FROM szm.kept();
SELECT object, acl FROM szm.kept() WHERE acl LIKE '%szm_reader%' ORDER BY object COLLATE "C";

-- previews
CREATE PROCEDURE szm.preview(altered text) LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('CREATE TEMP TABLE preview AS SELECT * FROM sessionize.preview_pipeline(''szm_web'', %s)', altered);
	SELECT count(*) INTO n FROM (SELECT 'now', c.* FROM szm.counts('szm_web') AS c EXCEPT ALL TABLE preview) AS p;
	EXECUTE format('SELECT sessionize.alter_pipeline(''szm_web'', %s)', altered);
	COMMIT;
	CALL sessionize.refresh('szm_web');
	SELECT n + count(*) INTO n FROM (SELECT 'changed', c.* FROM szm.counts('szm_web') AS c EXCEPT ALL TABLE preview) AS p;
	RAISE WARNING 'previews that are wrong: %', n;
	DROP TABLE preview;
END $$;
CALL szm.preview($$key => 'visitor::text', page => 'title'$$);
CALL szm.preview($$event_id => 'event_id::int', unset => '{event_name}'$$);
CALL szm.preview($$event_time => 'seen_at', raw_id => 'id::text'$$);
CALL szm.preview($$key => 'visitor::text', filter => 'device <> ''d1'''$$);
CALL szm.preview($$key => 'account', event_time => 'at', page => 'url', event_id => 'event_id', raw_id => 'id', unset => '{filter}'$$);

-- under a seal: what is sealed stays as it was
SELECT sealed > 100 AS sealed FROM sessionize.seal('szm_web', '2026-01-02');
CREATE TABLE szm.sealed AS TABLE szm_web.sealed;
SELECT sessionize.alter_pipeline('szm_web', page => 'title', event_name => 'kind', restart => 'fresh');
CALL sessionize.refresh('szm_web');
SELECT count(*) FROM (TABLE szm.sealed EXCEPT ALL TABLE szm_web.sealed) AS x;
SELECT event_time < '2026-01-02' AS sealed, bool_and(page LIKE '/%') AS by_url, bool_and(page LIKE 'T%') AS by_title FROM szm_web.events WHERE page IS NOT NULL GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM sessionize.verify('szm_web');
SELECT difference, pending, raw_rows + sealed_only = events + duplicates + quarantined + filtered + late AS closes, late FROM sessionize.reconcile('szm_web');
-- the key, the times and the ids only where that makes no difference to rows that are sealed
SELECT sessionize.alter_pipeline('szm_web', key => 'visitor');
SELECT sessionize.alter_pipeline('szm_web', event_time => 'seen_at');
SELECT sessionize.alter_pipeline('szm_web', event_id => '');
SELECT sessionize.alter_pipeline('szm_web', raw_id => '');
SELECT sessionize.alter_pipeline('szm_web', raw_id => 'id + 1');
SELECT sessionize.alter_pipeline('szm_web', received_at => 'seen_at');
UPDATE szm.raw SET device = 'new' WHERE at >= '2026-01-02';
SELECT sessionize.alter_pipeline('szm_web', event_time => 'CASE WHEN device = ''new'' THEN seen_at ELSE at END');
CALL sessionize.refresh('szm_web');
SELECT count(*) FROM sessionize.verify('szm_web');
SELECT difference, pending, late FROM sessionize.reconcile('szm_web');
SELECT sessionize.alter_pipeline('szm_web', raw_id => 'id::text', event_id => 'event_id::bigint');
CALL sessionize.refresh('szm_web');
SELECT count(*) FROM sessionize.verify('szm_web');
SELECT difference, pending, late FROM sessionize.reconcile('szm_web');
SELECT count(*) FROM (SELECT raw_id::bigint FROM szm_web.sealed EXCEPT SELECT raw_id FROM szm.sealed) AS x;
SELECT rules, keys, sessions = (SELECT count(*) FROM szm_web.sessions) AS same FROM sessionize.preview_pipeline('szm_web', raw_id => 'id');
DELETE FROM szm.raw WHERE at < '2026-01-02';
CALL sessionize.refresh('szm_web');
SELECT sessionize.alter_pipeline('szm_web', received_at => 'seen_at');
CALL sessionize.refresh('szm_web');
SELECT count(*) FROM sessionize.verify('szm_web');
SELECT difference, pending, late FROM sessionize.reconcile('szm_web');
SELECT count(*) FROM (SELECT session_key, occurred_at, event_id::bigint, raw_id::bigint FROM szm_web.sealed EXCEPT ALL SELECT session_key, occurred_at, event_id::bigint, raw_id FROM szm.sealed) AS x;
SELECT events > 0 AS kept FROM szm_web.sessions WHERE ended_at < '2026-01-01 12:00' ORDER BY 1 LIMIT 1;

-- mistakes
SELECT sessionize.alter_pipeline('szm_web', key => 'device');
SELECT sessionize.alter_pipeline('szm_web', key => '');
SELECT sessionize.alter_pipeline('szm_web', unset => '{key}');
SELECT sessionize.alter_pipeline('szm_web', event_time => '');
SELECT sessionize.alter_pipeline('szm_web', event_time => 'url');
SELECT sessionize.alter_pipeline('szm_web', page => 'nothing');
SELECT sessionize.alter_pipeline('szm_web', page => 'to_char(at, ''HH24'')');
SELECT sessionize.alter_pipeline('szm_web', restart => 'url');
SELECT sessionize.alter_pipeline('szm_web', page => 'url', unset => '{page}');
SELECT sessionize.seal('szm_web', '-infinity') IS NOT NULL AS taken_back;
SELECT sessionize.drop_pipeline('szm_web');
SELECT sessionize.create_pipeline('szm_web', 'szm.raw', key => 'account', event_time => 'at', raw_id => 'id', event_name => 'name', page => 'url');
CALL sessionize.refresh('szm_web');
-- keys that have no value of the other type; a view over what would be made anew
SELECT sessionize.alter_pipeline('szm_web', key => 'visitor');
CREATE VIEW szm.mine AS SELECT count(*) FROM szm_web.sessions;
SELECT sessionize.alter_pipeline('szm_web', event_id => 'event_id::int');
DROP VIEW szm.mine;
CREATE VIEW szm.mine AS SELECT count(*) FROM szm_web.source;
SELECT sessionize.alter_pipeline('szm_web', event_id => 'event_id::int');
SELECT sessionize.alter_pipeline('szm_web', page => 'title');
DROP VIEW szm.mine;
SELECT count(*) FROM sessionize.verify('szm_web') WHERE difference = 'nothing';
CREATE ROLE regress_szm_other;
SET ROLE regress_szm_other;
SELECT sessionize.alter_pipeline('szm_web', page => 'url');
RESET ROLE;
-- the owner, who may no longer make triggers
CREATE ROLE regress_szm_owner;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_szm_owner', current_database()); END $$;
GRANT USAGE ON SCHEMA szm TO regress_szm_owner;
GRANT SELECT ON szm.raw TO regress_szm_owner;
SELECT sessionize.alter_pipeline_owner('szm_web', 'regress_szm_owner');
SET ROLE regress_szm_owner;
SELECT sessionize.alter_pipeline('szm_web', key => 'visitor::text');
SELECT sessionize.alter_pipeline('szm_web', page => 'url');
RESET ROLE;
GRANT TRIGGER ON szm.raw TO regress_szm_owner;
SET ROLE regress_szm_owner;
SELECT sessionize.alter_pipeline('szm_web', key => 'visitor::text', event_id => 'event_id::int');
RESET ROLE;
CALL sessionize.refresh('szm_web');
SELECT count(*) FROM sessionize.verify('szm_web');
-- all is undone by a rollback
CREATE TABLE szm.catalog AS SELECT to_jsonb(p) AS p FROM sessionize.pipeline AS p WHERE pipeline_name = 'szm_web';
BEGIN;
SELECT sessionize.alter_pipeline('szm_web', key => 'account', event_id => 'event_id', page => 'title');
ROLLBACK;
SELECT to_jsonb(p) = (SELECT c.p FROM szm.catalog AS c) AS same FROM sessionize.pipeline AS p WHERE pipeline_name = 'szm_web';
SELECT count(*) FROM sessionize.verify('szm_web');
INSERT INTO szm.raw (visitor, at, event_id) VALUES (1, '2026-02-01', 99999);
CALL sessionize.refresh('szm_web');
SELECT count(*) FROM sessionize.verify('szm_web');
SELECT sessionize.drop_pipeline('szm_web');
-- persons, whose keys get the type too; and where a value of another type changes
SELECT sessionize.create_pipeline('szm_web', 'szm.raw', key => 'visitor', event_time => 'at', raw_id => 'id', user_id => 'who', restart_on_change => 'title');
CALL sessionize.refresh('szm_web');
SELECT sessionize.enable_identity('szm_web');
SELECT count(*) > 3 AS linked FROM szm_web.person_link;
SELECT sessionize.alter_pipeline('szm_web', key => 'visitor::text', restart_on_change => 'fresh');
SELECT DISTINCT format_type(atttypid, atttypmod), attname FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid WHERE relnamespace = 'szm_web'::regnamespace AND relkind IN ('r', 'v') AND attname IN ('session_key', 'restart_on_change');
CALL sessionize.refresh('szm_web');
SELECT count(*) FROM sessionize.verify('szm_web');
SELECT sessionize.alter_pipeline('szm_web', user_id => 'nullif(who, ''u1'')', unset => '{restart_on_change}');
CALL sessionize.refresh('szm_web');
SELECT count(*) FROM sessionize.verify('szm_web');
SELECT DISTINCT user_id FROM szm_web.person_user ORDER BY 1;
SELECT sessionize.alter_pipeline('szm_web', unset => '{user_id}');
CALL sessionize.refresh('szm_web');
SELECT count(*) FROM sessionize.verify('szm_web');
SELECT count(*) FROM szm_web.person_link;
SELECT sessionize.drop_pipeline('szm_web');
DO $$ BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_szm_owner', current_database()); END $$;
DROP SCHEMA szm CASCADE;
DROP ROLE regress_szm_reader, regress_szm_other, regress_szm_owner;
