-- What belongs to a pipeline is known by OID and has one owner: nobody takes it over by making something of its name.
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE ROLE regress_szo_owner;
CREATE ROLE regress_szo_stranger;
CREATE ROLE regress_szo_collector;
CREATE ROLE regress_szo_monitor;
CREATE ROLE regress_szo_heir;
GRANT pg_read_all_stats TO regress_szo_monitor;
SELECT current_database() AS "DBNAME" \gset
GRANT CREATE ON DATABASE :"DBNAME" TO regress_szo_owner, regress_szo_stranger, regress_szo_heir;
SET ROLE regress_szo_owner;
CREATE SCHEMA szo;
GRANT USAGE ON SCHEMA szo TO PUBLIC;
CREATE TABLE szo.raw (raw_id bigserial PRIMARY KEY, visitor text, at timestamptz, page text, secret text);
CREATE INDEX ON szo.raw (visitor, at);
GRANT INSERT ON szo.raw TO regress_szo_collector;
GRANT USAGE ON SEQUENCE szo.raw_raw_id_seq TO regress_szo_collector;
-- who ran what, for all the functions below
CREATE TABLE szo.loot (who name, what text);
GRANT INSERT, SELECT ON szo.loot TO PUBLIC;
CREATE FUNCTION szo.note(what text) RETURNS void LANGUAGE sql VOLATILE AS $$ INSERT INTO szo.loot VALUES (current_user, what) $$;
-- sessions against plain SQL, for the rows there are
CREATE FUNCTION szo.wrong(pipeline text) RETURNS TABLE (stored bigint, missing bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		WITH cut AS (SELECT visitor, at, coalesce(at - lag(at) OVER w > '30 minutes', true) AS first FROM szo.raw WINDOW w AS (PARTITION BY visitor ORDER BY at, raw_id)),
		numbered AS (SELECT visitor, at, count(*) FILTER (WHERE first) OVER (PARTITION BY visitor ORDER BY at) AS n FROM cut),
		oracle AS (SELECT visitor, min(at), max(at), count(*) FROM numbered GROUP BY visitor, n),
		star AS (SELECT session_key, started_at, ended_at, events FROM %I.sessions)
		SELECT (SELECT count(*) FROM (TABLE star EXCEPT ALL TABLE oracle) AS a), (SELECT count(*) FROM (TABLE oracle EXCEPT ALL TABLE star) AS b)
	$sql$, pipeline);
END $$;
INSERT INTO szo.raw (visitor, at) SELECT 'v' || n % 7, timestamptz '2026-01-01' + n * interval '11 minutes' FROM generate_series(1, 100) AS n;
SELECT sessionize.create_pipeline('szo_web', 'szo.raw', key => 'visitor', event_time => 'at');
CALL sessionize.rebuild('szo_web');
SELECT * FROM szo.wrong('szo_web');

-- The schema is dropped, and a stranger makes one of its name, with all that a pipeline is looked up by.
SELECT pg_get_viewdef('szo_web.source') AS definition \gset
RESET ROLE;
SELECT pipeline_id FROM sessionize.pipeline WHERE pipeline_name = 'szo_web' \gset
SET ROLE regress_szo_owner;
BEGIN;
DROP SCHEMA szo_web CASCADE;
SET ROLE regress_szo_stranger;
CREATE SCHEMA szo_web;
CREATE TYPE szo_web.trap AS (x int);
CREATE FUNCTION szo_web.spring(szo_web.trap) RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN PERFORM szo.note('cast'); RETURN now(); END $$;
CREATE CAST (szo_web.trap AS timestamptz) WITH FUNCTION szo_web.spring(szo_web.trap) AS IMPLICIT;
CREATE TABLE szo_web.dirty (lane int2, session_key text, lo timestamptz, hi timestamptz, logged_at szo_web.trap);
INSERT INTO szo_web.dirty VALUES (0, 'x', now(), now(), ROW(1)::szo_web.trap);
CREATE FUNCTION szo_web.spy(k text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM szo.note(k); RETURN k; END $$;
SELECT 'CREATE VIEW szo_web.source AS ' || regexp_replace(:'definition', 't\.visitor', 'szo_web.spy(t.visitor)') AS create_view \gset
:create_view;
GRANT USAGE ON SCHEMA szo_web TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA szo_web TO PUBLIC;
SELECT count(*) AS seen_by_the_stranger FROM sessionize.pipelines;
SAVEPOINT before;
SELECT sessionize.drop_pipeline('szo_web', cascade => true);
ROLLBACK TO before;
SELECT sessionize.alter_pipeline_owner('szo_web', 'regress_szo_stranger');
ROLLBACK TO before;
CALL sessionize.rebuild('szo_web');
ROLLBACK TO before;
-- collectors go on, the monitor sees the pipeline, and nothing of the stranger's is run
SET ROLE regress_szo_collector;
INSERT INTO szo.raw (visitor, at, secret) VALUES ('v1', '2026-02-01', 'secret');
SET ROLE regress_szo_monitor;
SELECT pipeline_name, owner FROM sessionize.pipelines;
SELECT pipeline_name, pending_rows FROM sessionize.pipeline_status;
RESET ROLE;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT sessionize.mark_dirty('szo_web', 'v1');
ROLLBACK TO before;
SELECT count(*) AS loot FROM szo.loot;
SELECT count(*) AS rows_of_the_stranger FROM szo_web.dirty;
-- its owner removes what is left: the stranger's schema is not it
SET ROLE regress_szo_owner;
SELECT sessionize.drop_pipeline('szo_web', cascade => true);
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'szo.raw'::regclass AND tgname ~ '^sessionize';
SELECT count(*) AS tables_of_the_stranger FROM pg_class WHERE relnamespace = 'szo_web'::regnamespace AND relkind IN ('r', 'v');
ROLLBACK;

-- The same without a transaction around it: what collectors insert is logged, or it is noted that it can't be.
SET ROLE regress_szo_owner;
ALTER SCHEMA szo_web RENAME TO szo_old;
SET ROLE regress_szo_stranger;
CREATE SCHEMA szo_web;
CREATE TABLE szo_web.dirty (lane int2, session_key text, lo timestamptz, hi timestamptz, logged_at timestamptz);
CREATE TABLE szo_web.fact_session (precious int);
SET ROLE regress_szo_collector;
INSERT INTO szo.raw (visitor, at) VALUES ('v1', '2026-02-02');
SET ROLE regress_szo_owner;
CALL sessionize.refresh('szo_web');
CALL sessionize.rebuild('szo_web');
SELECT count(*) FROM sessionize.verify('szo_web');
SELECT * FROM sessionize.reconcile('szo_web');
SELECT count(*) FROM szo_old.sessions_live;
SELECT sessionize.mark_dirty('szo_web', 'v1');
SELECT sessionize.seal('szo_web', now());
SELECT sessionize.erase_user('szo_web', 'v1');
SELECT sessionize.alter_pipeline('szo_web', gap => '1 hour');
SELECT sessionize.alter_pipeline_owner('szo_web', 'regress_szo_heir');
SELECT pipeline_name, owner FROM sessionize.pipelines;
SELECT session_key FROM szo_old.dirty;
-- dropped now, it is the renamed schema that goes
BEGIN;
SELECT sessionize.drop_pipeline('szo_web');
RESET ROLE;
SELECT to_regnamespace('szo_old') AS ours, (SELECT count(*) FROM pg_class WHERE relnamespace = 'szo_web'::regnamespace) AS theirs;
ROLLBACK;
RESET ROLE;
DROP SCHEMA szo_web CASCADE;
SET ROLE regress_szo_owner;
ALTER SCHEMA szo_old RENAME TO szo_web;
CALL sessionize.refresh('szo_web');
SELECT * FROM szo.wrong('szo_web');
SELECT count(*) AS wrong FROM sessionize.verify('szo_web');
SELECT pending, difference FROM sessionize.reconcile('szo_web');

-- A view that was moved or renamed, and moved back.
CREATE SCHEMA szo_aside;
ALTER VIEW szo_web.source SET SCHEMA szo_aside;
CALL sessionize.refresh('szo_web');
ALTER VIEW szo_aside.source SET SCHEMA szo_web;
ALTER VIEW szo_web.source RENAME TO spring;
CALL sessionize.refresh('szo_web');
ALTER VIEW szo_web.spring RENAME TO source;
CALL sessionize.refresh('szo_web');
-- one that was made anew as it was goes on; it is the pipeline's by its schema and its owner
DROP VIEW szo_web.source;
CALL sessionize.refresh('szo_web');
SELECT 'CREATE VIEW szo_web.source AS ' || :'definition' AS create_view \gset
:create_view
INSERT INTO szo.raw (visitor, at) VALUES ('v2', '2026-02-03');
CALL sessionize.rebuild('szo_web');
RESET ROLE;
SELECT source_view FROM sessionize.pipeline WHERE pipeline_name = 'szo_web';
SET ROLE regress_szo_owner;
SELECT * FROM szo.wrong('szo_web');
-- not so a stranger's, who may make things in the schema
DROP VIEW szo_web.source;
GRANT USAGE, CREATE ON SCHEMA szo_web TO regress_szo_stranger;
SET ROLE regress_szo_stranger;
CREATE VIEW szo_web.source AS SELECT 1 AS session_key;
SET ROLE regress_szo_owner;
CALL sessionize.refresh('szo_web');
DROP VIEW szo_web.source;
:create_view
-- nor any of the other tables
DROP TABLE szo_web.refreshed;
SET ROLE regress_szo_stranger;
CREATE TABLE szo_web.refreshed (session_key text, noted_by xid8);
SET ROLE regress_szo_owner;
CALL sessionize.refresh('szo_web');
DROP TABLE szo_web.refreshed;
CREATE UNLOGGED TABLE szo_web.refreshed (session_key text COLLATE "C", noted_by xid8 NOT NULL DEFAULT pg_current_xact_id());
CALL sessionize.refresh('szo_web');
-- nor the view that says who may read live sessions
DROP VIEW szo_web.sessions_live;
SET ROLE regress_szo_stranger;
CREATE VIEW szo_web.sessions_live AS SELECT l.* FROM sessionize.live_sessions(:pipeline_id, 'v1'::text) AS l (a uuid, b text, c timestamptz, d timestamptz, e date, f bigint, g bigint, h bigint, i text, j text, k boolean, l bigint, m bigint);
SELECT count(*) FROM szo_web.sessions_live;
DROP VIEW szo_web.sessions_live;
RESET ROLE;
REVOKE CREATE ON SCHEMA szo_web FROM regress_szo_stranger;
SET ROLE regress_szo_owner;
SELECT sessionize.alter_pipeline('szo_web', max_events => 1000000);
CALL sessionize.refresh('szo_web');
SELECT count(*) AS wrong FROM sessionize.verify('szo_web');

-- A superuser takes the view alone: the old owner's triggers and expressions don't run as the superuser.
CREATE FUNCTION szo.trip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM szo.note('trigger'); RETURN NEW; END $$;
CREATE FUNCTION szo.watch(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM szo.note('expression'); RETURN $1; END $$;
CREATE INDEX ON szo.raw (szo.watch(visitor));
TRUNCATE szo.loot;
SELECT sessionize.create_pipeline('szo_watched', 'szo.raw', key => 'szo.watch(visitor)', event_time => 'at');
CREATE TRIGGER trip BEFORE INSERT ON szo_web.fact_session FOR EACH ROW EXECUTE FUNCTION szo.trip();
SELECT count(*) AS before FROM szo.loot;
RESET ROLE;
ALTER VIEW szo_web.source OWNER TO CURRENT_USER;
ALTER VIEW szo_watched.source OWNER TO CURRENT_USER;
\set VERBOSITY terse
TRUNCATE szo.loot;
SET ROLE regress_szo_collector;
INSERT INTO szo.raw (visitor, at) VALUES ('new', '2026-02-04');
RESET ROLE;
CALL sessionize.refresh('szo_web');
CALL sessionize.rebuild('szo_web');
CALL sessionize.rebuild('szo_watched');
SELECT count(*) FROM sessionize.verify('szo_watched');
SELECT * FROM sessionize.preview_pipeline('szo_watched');
SELECT count(*) FROM szo_watched.sessions_live;
SELECT DISTINCT who, what FROM szo.loot WHERE who <> 'regress_szo_collector';
\set VERBOSITY default
-- neither of the two owners alone may have it
SET ROLE regress_szo_owner;
SELECT sessionize.alter_pipeline_owner('szo_web', 'regress_szo_owner');
SELECT sessionize.drop_pipeline('szo_web');
RESET ROLE;

-- Handing over: all of it, to one who can do the work, and no code of others with it.
SELECT sessionize.alter_pipeline_owner(NULL, 'regress_szo_heir');
SELECT sessionize.alter_pipeline_owner('szo_web', NULL);
SELECT sessionize.alter_pipeline_owner('szo_web', 'regress_szo_nobody');
SELECT sessionize.alter_pipeline_owner('szo_nothing', 'regress_szo_heir');
SELECT sessionize.alter_pipeline_owner('szo_web', 'regress_szo_heir');
GRANT SELECT ON szo.raw TO regress_szo_heir;
SELECT sessionize.alter_pipeline_owner('szo_web', 'regress_szo_heir');
SELECT sessionize.alter_pipeline_owner('szo_watched', 'regress_szo_heir');
DROP TRIGGER trip ON szo_web.fact_session;
-- each other place from which code of the old owner could run
CREATE FUNCTION szo.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER FUNCTION szo.one() OWNER TO regress_szo_owner;
CREATE FUNCTION szo.same(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1';
ALTER FUNCTION szo.same(text) OWNER TO regress_szo_owner;
CREATE FUNCTION szo.about(text, text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT $1 = $2';
CREATE OPERATOR szo.~~~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = szo.about);
ALTER FUNCTION szo.about(text, text) OWNER TO regress_szo_owner;
CREATE DOMAIN szo.small AS int CHECK (VALUE < 10);
ALTER DOMAIN szo.small OWNER TO regress_szo_owner;
CREATE FUNCTION pg_temp.hands_over_with(change text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text;
BEGIN
	EXECUTE change;
	PERFORM sessionize.alter_pipeline_owner('szo_web', 'regress_szo_heir');
	RETURN 'handed over';
EXCEPTION WHEN insufficient_privilege THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN detail;
END $$;
SELECT pg_temp.hands_over_with('ALTER TABLE szo_web.dim_page ADD extra int DEFAULT szo.one()') AS "default";
SELECT pg_temp.hands_over_with('ALTER TABLE szo_web.dim_page ADD extra szo.small') AS "type";
SELECT pg_temp.hands_over_with('ALTER TABLE szo_web.dim_page ADD CHECK (szo.same(page) <> '''')') AS "check";
SELECT pg_temp.hands_over_with('ALTER TABLE szo_web.dim_page ADD CHECK (page OPERATOR(szo.~~~~) page)') AS "operator";
SELECT pg_temp.hands_over_with('CREATE INDEX ON szo_web.fact_session (szo.same(session_key))') AS "index";
SELECT pg_temp.hands_over_with('CREATE STATISTICS szo_web.about ON szo.same(session_key), events FROM szo_web.fact_session') AS "statistics";
SELECT pg_temp.hands_over_with('CREATE RULE about AS ON INSERT TO szo_web.dirty DO ALSO SELECT szo.one()') AS "rule";
SELECT pg_temp.hands_over_with('CREATE POLICY about ON szo_web.dirty USING (szo.one() = 1)') AS "policy";
SELECT pg_temp.hands_over_with('GRANT TRIGGER ON szo_web.dim_page, szo_web.late TO regress_szo_stranger') AS "privilege";
SELECT pg_temp.hands_over_with('GRANT ALL ON szo_web.dirty TO PUBLIC') AS "privilege";
-- a superuser's function may stay, and the new owner's own
CREATE FUNCTION szo.superusers() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION szo.heirs() RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER FUNCTION szo.heirs() OWNER TO regress_szo_heir;
ALTER TABLE szo_web.dim_page ADD of_superuser int DEFAULT szo.superusers(), ADD of_heir int DEFAULT szo.heirs();
SELECT sessionize.alter_pipeline_owner('szo_web', 'regress_szo_heir');
SELECT owner FROM sessionize.pipelines WHERE pipeline_name = 'szo_web';
SELECT DISTINCT c.relowner::regrole FROM pg_class AS c WHERE c.relnamespace = 'szo_web'::regnamespace;
SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'szo_web';
SET ROLE regress_szo_heir;
CALL sessionize.refresh('szo_web');
CALL sessionize.rebuild('szo_web');
SELECT count(*) AS wrong FROM sessionize.verify('szo_web');
SET ROLE regress_szo_collector;
INSERT INTO szo.raw (visitor, at) VALUES ('v3', '2026-02-05');
SET ROLE regress_szo_heir;
SELECT pending, difference FROM sessionize.reconcile('szo_web');
CALL sessionize.refresh('szo_web');
SELECT count(*) AS wrong FROM sessionize.verify('szo_web');
SET ROLE regress_szo_owner;
CALL sessionize.refresh('szo_web');
RESET ROLE;
SELECT * FROM szo.wrong('szo_web');
-- an ordinary role can give away what it owns, to a role that it is a member of
SET ROLE regress_szo_heir;
SELECT sessionize.alter_pipeline_owner('szo_web', 'regress_szo_owner');
RESET ROLE;
ALTER FUNCTION szo.heirs() OWNER TO regress_szo_owner;
SET ROLE regress_szo_heir;
DO $$
BEGIN
	PERFORM sessionize.alter_pipeline_owner('szo_web', 'regress_szo_owner');
	RAISE NOTICE 'handed over';
EXCEPTION WHEN insufficient_privilege THEN
	RAISE WARNING 'not a member';
END $$;
RESET ROLE;
GRANT regress_szo_owner TO regress_szo_heir;
SET ROLE regress_szo_heir;
SELECT sessionize.alter_pipeline_owner('szo_web', 'regress_szo_owner');
SELECT owner FROM sessionize.pipelines WHERE pipeline_name = 'szo_web';
RESET ROLE;
REVOKE regress_szo_owner FROM regress_szo_heir;

-- REASSIGN OWNED moves all of it at once; the next refresh notes the owner for the day when nothing else tells it
SELECT sessionize.alter_pipeline_owner('szo_watched', 'regress_szo_owner');
REASSIGN OWNED BY regress_szo_owner TO regress_szo_heir;
CALL sessionize.refresh('szo_web');
SELECT p.owner AS noted, q.owner FROM sessionize.pipeline AS p JOIN sessionize.pipelines AS q USING (pipeline_name) WHERE pipeline_name = 'szo_web';
SET ROLE regress_szo_heir;
SELECT count(*) AS wrong FROM sessionize.verify('szo_web');
DROP SCHEMA szo_web CASCADE;
SET ROLE regress_szo_owner;
SELECT sessionize.drop_pipeline('szo_web');
SET ROLE regress_szo_heir;
SELECT sessionize.drop_pipeline('szo_web');
SELECT sessionize.drop_pipeline('szo_watched');
RESET ROLE;
-- events triggers are only warnings: without them nothing else changes
CREATE TABLE szo.t (k text, at timestamptz);
CREATE INDEX ON szo.t (k, at);
SELECT sessionize.create_pipeline('szo_t', 'szo.t', key => 'k', event_time => 'at');
ALTER EVENT TRIGGER sessionize_pipeline_drop DISABLE;
ALTER EVENT TRIGGER sessionize_pipeline_ddl DISABLE;
DROP SCHEMA szo_t CASCADE;
CREATE SCHEMA szo_t;
CREATE VIEW szo_t.source AS SELECT 1;
CALL sessionize.refresh('szo_t');
INSERT INTO szo.t VALUES ('a', now());
ALTER EVENT TRIGGER sessionize_pipeline_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER sessionize_pipeline_ddl ENABLE ALWAYS;
SELECT sessionize.drop_pipeline('szo_t');
SELECT sessionize.pipeline_ddl();
SELECT sessionize.pipeline_drop();

SET client_min_messages = error;
DROP SCHEMA szo, szo_t, szo_aside CASCADE;
REVOKE CREATE ON DATABASE :"DBNAME" FROM regress_szo_owner, regress_szo_stranger, regress_szo_heir;
DROP ROLE regress_szo_owner, regress_szo_stranger, regress_szo_collector, regress_szo_monitor, regress_szo_heir;
