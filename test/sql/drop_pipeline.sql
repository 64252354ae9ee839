-- Dropping pipelines, and what is dropped around them.
SET client_min_messages = warning;
CREATE ROLE regress_sz_drop_owner;
CREATE ROLE regress_sz_drop_other;
GRANT CREATE ON DATABASE :DBNAME TO regress_sz_drop_owner, regress_sz_drop_other;
CREATE TABLE szd_hits (user_id text, occurred_at timestamptz);
CREATE INDEX ON szd_hits (user_id);
GRANT SELECT, TRIGGER ON szd_hits TO regress_sz_drop_owner, regress_sz_drop_other;
SELECT (SELECT count(*) FROM pg_namespace) + (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_type) AS objects \gset

-- all it made goes, and nothing else
SET ROLE regress_sz_drop_owner;
SELECT sessionize.create_pipeline('szd', 'szd_hits');
SELECT sessionize.drop_pipeline('szd');
SELECT sessionize.create_pipeline('szd', 'szd_hits', store_events => false);
SELECT sessionize.drop_pipeline('szd');
RESET ROLE;
SELECT (SELECT count(*) FROM pg_namespace) + (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_type) - :objects AS left_behind,
       (SELECT count(*) FROM sessionize.pipeline) AS pipelines;

-- not there; NULL; not the owner
SELECT sessionize.drop_pipeline('szd');
SELECT sessionize.drop_pipeline(repeat('x', 64));
SELECT sessionize.drop_pipeline(NULL) IS NULL AS nothing;
SET ROLE regress_sz_drop_owner;
SELECT sessionize.create_pipeline('szd', 'szd_hits');
SET ROLE regress_sz_drop_other;
SELECT sessionize.drop_pipeline('szd');
RESET ROLE;
-- a member of the owner's role may
GRANT regress_sz_drop_owner TO regress_sz_drop_other;
SET ROLE regress_sz_drop_other;
BEGIN;
SELECT sessionize.drop_pipeline('szd');
ROLLBACK;
RESET ROLE;
REVOKE regress_sz_drop_owner FROM regress_sz_drop_other;
SELECT count(*) AS still_there FROM sessionize.pipelines;

-- what others made on it or in it stays unless cascade says otherwise
CREATE VIEW public.szd_report AS SELECT count(*) FROM szd.sessions;
SELECT sessionize.drop_pipeline('szd');
DROP VIEW public.szd_report;
CREATE VIEW public.szd_report AS SELECT count(*) FROM szd.dim_page;
SELECT sessionize.drop_pipeline('szd');
DROP VIEW public.szd_report;
CREATE TABLE szd.mine (a int);
SELECT sessionize.drop_pipeline('szd');
SELECT to_regclass('szd.mine') AS mine, to_regclass('szd.source') AS source, (SELECT count(*) FROM sessionize.pipelines) AS pipelines;
CREATE VIEW public.szd_report AS SELECT count(*) FROM szd.sessions;
SET client_min_messages = notice;
SELECT sessionize.drop_pipeline('szd', cascade => true);
SET client_min_messages = warning;
SELECT to_regclass('szd.mine') AS mine, to_regclass('szd_report') AS report, to_regnamespace('szd') AS schema,
       (SELECT count(*) FROM sessionize.pipelines) AS pipelines;

-- parts that are gone already are no obstacle: the raw table
CREATE TABLE szd_gone (LIKE szd_hits INCLUDING INDEXES);
SELECT sessionize.create_pipeline('szd', 'szd_gone');
DROP TABLE szd_gone CASCADE;
SELECT pipeline_name, source::text ~ '^\d+$' AS gone FROM sessionize.pipelines;
SELECT sessionize.create_pipeline('szd', 'szd_hits');
SELECT sessionize.drop_pipeline('szd');
-- the schema
SET ROLE regress_sz_drop_owner;
SELECT sessionize.create_pipeline('szd', 'szd_hits');
DROP SCHEMA szd CASCADE;
SET ROLE regress_sz_drop_other;
SELECT pipeline_name FROM sessionize.pipelines;
SELECT sessionize.drop_pipeline('szd');
SET ROLE regress_sz_drop_owner;
SELECT pipeline_name FROM sessionize.pipelines;
SELECT sessionize.drop_pipeline('szd');
-- some tables
SELECT sessionize.create_pipeline('szd', 'szd_hits');
DROP VIEW szd.sessions_live, szd.events_live, szd.sessions, szd.events;
DROP TABLE szd.fact_event, szd.dim_user;
CREATE VIEW szd.dim_user AS SELECT 1;
SELECT sessionize.drop_pipeline('szd');
DROP VIEW szd.dim_user;
SELECT sessionize.drop_pipeline('szd');
SELECT to_regnamespace('szd');
-- the schema, and its name taken by somebody else: that one's things stay
SELECT sessionize.create_pipeline('szd', 'szd_hits');
DROP SCHEMA szd CASCADE;
SET ROLE regress_sz_drop_other;
CREATE SCHEMA szd;
CREATE TABLE szd.fact_session (precious int);
SET ROLE regress_sz_drop_owner;
SET client_min_messages = notice;
SELECT sessionize.drop_pipeline('szd', true);
SET client_min_messages = warning;
RESET ROLE;
SELECT to_regclass('szd.fact_session'), (SELECT count(*) FROM sessionize.pipelines) AS pipelines;
DROP SCHEMA szd CASCADE;

-- the same by a superuser, who may drop anything but does not
SELECT sessionize.create_pipeline('szd', 'szd_hits');
DROP SCHEMA szd CASCADE;
SET ROLE regress_sz_drop_other;
CREATE SCHEMA szd;
CREATE TABLE szd.fact_session (precious int);
RESET ROLE;
SELECT sessionize.drop_pipeline('szd', true);
SELECT to_regclass('szd.fact_session'), (SELECT count(*) FROM sessionize.pipelines) AS pipelines;
DROP SCHEMA szd CASCADE;

-- one whose schema a stranger took over is the stranger's, who gains nothing by it
SET ROLE regress_sz_drop_owner;
SELECT sessionize.create_pipeline('szd', 'szd_hits');
DROP SCHEMA szd CASCADE;
SET ROLE regress_sz_drop_other;
CREATE SCHEMA szd;
CREATE VIEW szd.source AS SELECT 1;
SELECT owner FROM sessionize.pipelines;
SELECT sessionize.drop_pipeline('szd', true);
SET ROLE regress_sz_drop_owner;
SELECT owner FROM sessionize.pipelines;
SELECT sessionize.drop_pipeline('szd', true);
RESET ROLE;
DROP SCHEMA szd CASCADE;
SELECT to_regnamespace('szd'), (SELECT count(*) FROM sessionize.pipelines) AS pipelines;

-- the owner itself dropped
CREATE ROLE regress_sz_drop_gone;
GRANT CREATE ON DATABASE :DBNAME TO regress_sz_drop_gone;
GRANT SELECT, TRIGGER ON szd_hits TO regress_sz_drop_gone;
SET ROLE regress_sz_drop_gone;
SELECT sessionize.create_pipeline('szd', 'szd_hits');
RESET ROLE;
DROP OWNED BY regress_sz_drop_gone;
DROP ROLE regress_sz_drop_gone;
SELECT pipeline_name, owner::text ~ '^[0-9]+$' AS gone FROM sessionize.pipelines;
SET ROLE regress_sz_drop_other;
SELECT count(*) FROM sessionize.pipelines;
SELECT sessionize.drop_pipeline('szd');
RESET ROLE;
SELECT sessionize.drop_pipeline('szd');

-- a transaction that rolls back leaves all as it was
SELECT sessionize.create_pipeline('szd', 'szd_hits');
BEGIN;
SELECT sessionize.drop_pipeline('szd');
SELECT sessionize.create_pipeline('szd', 'szd_hits', gap => '1 hour');
SELECT gap FROM sessionize.pipelines;
SAVEPOINT a;
SELECT sessionize.drop_pipeline('szd');
ROLLBACK TO a;
SELECT gap FROM sessionize.pipelines;
ROLLBACK;
SELECT gap FROM sessionize.pipelines;
SELECT count(*) FROM szd.sessions;

-- without the extension the tables and views are plain ones that stay; the triggers on the raw tables go with it, and
-- it does not go unless told to take them
BEGIN;
INSERT INTO szd.dim_page (page) VALUES ('/kept');
SAVEPOINT there;
\set VERBOSITY terse
DROP EXTENSION pg_sessionize;
\set VERBOSITY default
ROLLBACK TO there;
DROP EXTENSION pg_sessionize CASCADE;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'szd_hits'::regclass;
INSERT INTO szd_hits (user_id) VALUES ('later');
SELECT page FROM szd.dim_page ORDER BY page_key;
SELECT count(*) FROM szd.sessions;
SELECT count(*) FROM szd.source;
SELECT count(*) AS members FROM pg_depend WHERE deptype = 'e' AND objid = 'szd.sessions'::regclass;
DROP SCHEMA szd CASCADE;
ROLLBACK;
SELECT sessionize.drop_pipeline('szd');

DROP TABLE szd_hits;
REVOKE CREATE ON DATABASE :DBNAME FROM regress_sz_drop_owner, regress_sz_drop_other;
DROP ROLE regress_sz_drop_owner, regress_sz_drop_other;
