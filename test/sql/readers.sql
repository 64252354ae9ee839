-- Readers of a pipeline: what grant_reader() gives, and what it does not.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE ROLE regress_szg_owner;
CREATE ROLE regress_szg_next;
CREATE ROLE regress_szg_reader;
CREATE ROLE "regress szg ""quoted""";
CREATE ROLE regress_szg_other;
GRANT CREATE ON DATABASE :DBNAME TO regress_szg_owner, regress_szg_next;
GRANT regress_szg_next TO regress_szg_owner;
SET ROLE regress_szg_owner;
SELECT sessionize.create_events_table('szg_raw.events', 'none');
INSERT INTO szg_raw.events (event_id, event_name, anonymous_id, user_id, occurred_at, received_at, properties)
SELECT 'e' || n, (ARRAY['page_view', 'buy'])[1 + n % 2], 'a' || n % 7, CASE WHEN n % 3 = 0 THEN 'u' || n % 7 END,
       '2026-01-01Z'::timestamptz + n * interval '11 minutes', '2026-01-01Z'::timestamptz + n * interval '11 minutes',
       jsonb_build_object('page', '/' || n % 5, 'price', n)
FROM generate_series(1, 300) AS n;
SELECT sessionize.create_pipeline('szg', 'szg_raw.events');
CALL sessionize.rebuild('szg');
INSERT INTO szg_raw.events (event_id, event_name, anonymous_id, occurred_at, received_at, properties)
VALUES ('new', 'buy', 'a1', '2026-02-01Z', '2026-02-01Z', '{"price": 1}');
RESET ROLE;

-- what a role can read in a schema, by trying
CREATE FUNCTION pg_temp.can_read(reader regrole, target text) RETURNS TABLE (readable text[], refused text[]) LANGUAGE plpgsql AS $$
DECLARE
	relation record;
	ignored bigint;
BEGIN
	FOR relation IN SELECT c.oid::regclass::text AS name, c.relname FROM pg_class AS c
	                WHERE c.relnamespace = target::regnamespace AND c.relkind IN ('r', 'v') ORDER BY c.relname COLLATE "C" LOOP
		BEGIN
			EXECUTE format('SET LOCAL ROLE %s', reader);
			EXECUTE format('SELECT count(*) FROM (SELECT DISTINCT t::text FROM %s AS t) AS r', relation.name) INTO ignored;
			readable := readable || relation.relname::text;
		EXCEPTION WHEN insufficient_privilege THEN
			refused := refused || relation.relname::text;
		END;
		RESET ROLE;
	END LOOP;
	RETURN NEXT;
END $$;
-- privileges that roles other than the owner have in it
CREATE VIEW pg_temp.given AS
SELECT c.relname, a.grantee::regrole, a.grantor::regrole, a.privilege_type
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS a
WHERE n.nspname = 'szg' AND a.grantee <> c.relowner
UNION ALL
SELECT n.nspname, a.grantee::regrole, a.grantor::regrole, a.privilege_type FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
WHERE n.nspname IN ('szg', 'szg_raw') AND a.grantee <> n.nspowner
ORDER BY 1, 2;

SELECT * FROM pg_temp.can_read('regress_szg_reader', 'szg');
SELECT sessionize.grant_reader('szg', 'regress_szg_reader');
SELECT sessionize.grant_reader('szg', 'regress_szg_reader');
\x
SELECT * FROM pg_temp.can_read('regress_szg_reader', 'szg');
SELECT * FROM pg_temp.can_read('regress_szg_reader', 'szg_raw');
\x
SELECT * FROM pg_temp.given;

-- the live views derive the key whose row is new
SET ROLE regress_szg_reader;
SELECT events, started_at FROM szg.sessions_live WHERE session_key = 'a1' AND started_at > '2026-01-20Z';
SELECT event_id, event_name FROM szg.events_live WHERE session_key = 'a1' AND event_time > '2026-01-20Z';
SELECT count(*) FROM szg_raw.events;
INSERT INTO szg.session_alias (old_session_id, session_key, reason) SELECT gen_random_uuid(), 'a1', 'gone';
SELECT sessionize.grant_reader('szg', 'regress_szg_other');
SELECT sessionize.revoke_reader('szg', 'regress_szg_reader');
RESET ROLE;

-- what comes later can be read as well
SET ROLE regress_szg_owner;
SELECT sessionize.add_measure('szg', 'revenue', 'sum', '(properties ->> ''price'')::numeric', 'event_name = ''buy''');
SELECT sessionize.add_measure('szg', 'buys', 'count', filter => 'event_name = ''buy''');
SELECT sessionize.drop_measure('szg', 'buys');
CALL sessionize.refresh('szg');
RESET ROLE;
SET ROLE regress_szg_reader;
SELECT sum(revenue) FROM szg.sessions;
SELECT sum(revenue) FROM szg.sessions_live;
SELECT sum(revenue) FROM szg.fact_session;
RESET ROLE;
SELECT sum((properties ->> 'price')::numeric) FROM szg_raw.events WHERE event_name = 'buy';

-- another owner, and other rules
CREATE TABLE szg_raw.readable AS SELECT (pg_temp.can_read('regress_szg_reader', 'szg')).*;
GRANT ALL ON SCHEMA szg_raw TO regress_szg_next;
GRANT SELECT, TRIGGER ON szg_raw.events TO regress_szg_next;
SET ROLE regress_szg_owner;
SELECT sessionize.alter_pipeline_owner('szg', 'regress_szg_next');
SELECT sessionize.alter_pipeline('szg', gap => '5 minutes');
CALL sessionize.refresh('szg');
RESET ROLE;
SELECT count(*) FROM (SELECT * FROM pg_temp.can_read('regress_szg_reader', 'szg') EXCEPT ALL TABLE szg_raw.readable) AS changed;
SELECT DISTINCT grantee, grantor FROM pg_temp.given WHERE relname <> 'szg_raw';

-- a name that needs quotes; taken back by the new owner
SET ROLE regress_szg_next;
SELECT sessionize.grant_reader('szg', '"regress szg ""quoted"""');
SELECT sessionize.revoke_reader('szg', 'regress_szg_reader');
SELECT sessionize.revoke_reader('szg', 'regress_szg_reader');
RESET ROLE;
SELECT readable IS NULL AS nothing FROM pg_temp.can_read('regress_szg_reader', 'szg');
SELECT readable = (SELECT readable FROM szg_raw.readable) AS all FROM pg_temp.can_read('"regress szg ""quoted"""', 'szg');
SELECT sessionize.revoke_reader('szg', '"regress szg ""quoted"""');
SELECT * FROM pg_temp.given WHERE relname <> 'szg_raw';

-- without events
SELECT sessionize.create_pipeline('szg no events', 'szg_raw.events', store_events => false);
SELECT sessionize.grant_reader('szg no events', 'regress_szg_reader');
CALL sessionize.rebuild('szg no events');
\x
SELECT * FROM pg_temp.can_read('regress_szg_reader', '"szg no events"');
\x
SELECT sessionize.drop_pipeline('szg no events');

-- mistakes
SELECT sessionize.grant_reader('nothing', 'regress_szg_reader');
SELECT sessionize.grant_reader(NULL, 'regress_szg_reader');
SELECT sessionize.grant_reader('szg', NULL);
SELECT sessionize.grant_reader('szg', 'regress_szg_nobody');
SELECT sessionize.grant_reader('szg', '-');
SELECT sessionize.grant_reader('szg', 'regress_szg_next');
SELECT sessionize.revoke_reader('szg', 'regress_szg_next');
SELECT sessionize.revoke_reader('szg', NULL);
BEGIN READ ONLY;
SELECT sessionize.grant_reader('szg', 'regress_szg_reader');
ROLLBACK;
BEGIN READ ONLY;
SELECT sessionize.revoke_reader('szg', 'regress_szg_reader');
ROLLBACK;

SELECT sessionize.drop_pipeline('szg');
DROP SCHEMA szg_raw CASCADE;
DROP OWNED BY regress_szg_owner, regress_szg_next, regress_szg_reader;
DROP ROLE regress_szg_owner, regress_szg_next, regress_szg_reader, regress_szg_other, "regress szg ""quoted""";
