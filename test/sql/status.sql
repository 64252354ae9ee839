-- pipeline_status of pipelines whose owners do with their own tables what they like: it says what can't be told, runs nothing of
-- theirs, and is there for all others.  Of a star that is not built.  And who writes in a transaction that may not.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE ROLE regress_tenant;
CREATE ROLE regress_monitor;
GRANT pg_read_all_stats TO regress_monitor;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_tenant', current_database()); END$$;
CREATE TABLE status_raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz);
CREATE INDEX ON status_raw (visitor, at);
SELECT sessionize.create_pipeline('status_others', 'status_raw', key => 'visitor', event_time => 'at') \g /dev/null
CALL sessionize.rebuild('status_others');
INSERT INTO status_raw (visitor, at) SELECT 'v' || n % 3, '2026-01-01Z' FROM generate_series(1, 9) AS n;
SET ROLE regress_tenant;
CREATE SCHEMA status_tenant_raw;
CREATE TABLE status_tenant_raw.raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz);
CREATE INDEX ON status_tenant_raw.raw (visitor, at);
SELECT sessionize.create_pipeline('status_tenant', 'status_tenant_raw.raw', key => 'visitor', event_time => 'at') \g /dev/null
CALL sessionize.rebuild('status_tenant');
INSERT INTO status_tenant_raw.raw (visitor, at) SELECT 'v' || n % 7, '2026-01-01Z' FROM generate_series(1, 20) AS n;
INSERT INTO status_tenant_raw.raw (visitor, at) VALUES ('v1', '2026-01-01Z'), (NULL, '2026-01-01Z');
RESET ROLE;
GRANT regress_monitor TO CURRENT_USER;
CREATE VIEW status AS
SELECT pipeline_name AS pipeline, state, pending_rows AS rows, pending_keys AS keys, pending_large_keys AS large, lag IS NOT NULL AS lag,
       watermark IS NOT NULL AS watermark, capture, replace(problem, quote_ident(current_user), 'me') AS problem
FROM sessionize.pipeline_status WHERE pipeline_name LIKE 'status\_%' ORDER BY 1;
GRANT SELECT ON status TO regress_monitor, regress_tenant;

-- As it is, as a monitor sees it, beside plain SQL.
SET ROLE regress_monitor;
TABLE status;
RESET ROLE;
SELECT count(*), count(DISTINCT coalesce(session_key, '')) FROM status_tenant.dirty;

-- No right on his own table, policies, triggers, rules: no matter.
SET ROLE regress_tenant;
REVOKE ALL ON status_tenant.dirty FROM regress_tenant;
CREATE POLICY nobody ON status_tenant.dirty USING (1 / 0 > 0);
ALTER TABLE status_tenant.dirty ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
TABLE status;
RESET ROLE;
TABLE status;
DROP POLICY nobody ON status_tenant.dirty;
ALTER TABLE status_tenant.dirty NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
GRANT ALL ON status_tenant.dirty TO regress_tenant;

-- Another table than it was.
ALTER TABLE status_tenant.dirty RENAME COLUMN logged_at TO x;
TABLE status;
ALTER TABLE status_tenant.dirty RENAME COLUMN x TO logged_at;
ALTER TABLE status_tenant.dirty ALTER COLUMN lane TYPE int;
TABLE status;
ALTER TABLE status_tenant.dirty ALTER COLUMN lane TYPE smallint;
ALTER TABLE status_tenant.dirty OWNER TO CURRENT_USER;
TABLE status;
ALTER TABLE status_tenant.dirty OWNER TO regress_tenant;
ALTER TABLE status_tenant.dirty SET UNLOGGED;
TABLE status;
ALTER TABLE status_tenant.dirty SET LOGGED;
TABLE status;
ALTER TABLE status_tenant.dirty RENAME TO dirty_once;
TABLE status;

-- Or none at all, under its name: in its owner's hands anything may lie behind it.
SET ROLE regress_tenant;
CREATE FUNCTION status_tenant.trap() RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE VIEW status_tenant.dirty AS SELECT d.lane, status_tenant.trap() AS session_key, d.lo, d.hi, d.logged_at FROM status_tenant.dirty_once AS d;
RESET ROLE;
TABLE status;
CREATE FOREIGN DATA WRAPPER status_wrapper;
CREATE SERVER status_server FOREIGN DATA WRAPPER status_wrapper;
GRANT USAGE ON FOREIGN SERVER status_server TO regress_tenant;
SET ROLE regress_tenant;
DROP VIEW status_tenant.dirty;
CREATE MATERIALIZED VIEW status_tenant.dirty AS SELECT * FROM status_tenant.dirty_once;
TABLE status;
DROP MATERIALIZED VIEW status_tenant.dirty;
CREATE TABLE status_tenant.dirty (LIKE status_tenant.dirty_once) PARTITION BY LIST (lane);
TABLE status;
DROP TABLE status_tenant.dirty;
CREATE TABLE status_tenant.dirty (lane smallint, session_key varchar, lo timestamptz, hi timestamptz, logged_at timestamptz);
TABLE status;
DROP TABLE status_tenant.dirty;
CREATE FOREIGN TABLE status_tenant.dirty (lane smallint, session_key text, lo timestamptz, hi timestamptz, logged_at timestamptz) SERVER status_server;
TABLE status;
DROP FOREIGN TABLE status_tenant.dirty;
RESET ROLE;
DROP FOREIGN DATA WRAPPER status_wrapper CASCADE;
CREATE INDEX dirty ON status_tenant.dirty_once (lane);
TABLE status;
DROP INDEX status_tenant.dirty;
-- with a cast that is taken without being asked for
SET ROLE regress_tenant;
CREATE TYPE status_tenant.moment AS (t timestamptz);
CREATE FUNCTION status_tenant.moment(status_tenant.moment) RETURNS timestamptz LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE CAST (status_tenant.moment AS timestamptz) WITH FUNCTION status_tenant.moment(status_tenant.moment) AS IMPLICIT;
CREATE TABLE status_tenant.dirty (lane smallint, session_key text, lo timestamptz, hi timestamptz, logged_at status_tenant.moment);
INSERT INTO status_tenant.dirty VALUES (0, 'v1', now(), now(), ROW(now()));
RESET ROLE;
TABLE status;
DROP TABLE status_tenant.dirty;
ALTER TABLE status_tenant.dirty_once RENAME TO dirty;
TABLE status;
-- the same log in another place, and a pipeline that has lost its view
ALTER TABLE status_tenant.dirty SET SCHEMA status_tenant_raw;
TABLE status;
ALTER TABLE status_tenant_raw.dirty SET SCHEMA status_tenant;
DROP VIEW status_tenant.source CASCADE;
SELECT pipeline, rows, keys, problem FROM status;
-- rules that can't be read any more: a time zone that was taken out of the world
UPDATE sessionize.pipeline SET time_zone = 'Atlantis/Poseidon' WHERE pipeline_name = 'status_tenant';
TABLE status;
UPDATE sessionize.pipeline SET time_zone = 'UTC' WHERE pipeline_name = 'status_tenant';
SELECT sessionize.drop_pipeline('status_tenant', cascade => true);

-- Only for who may know.
SET ROLE regress_tenant;
TABLE status;
SELECT b.* FROM sessionize.pipeline_backlog((SELECT min(i) FROM generate_series(1, 100) AS i
	WHERE (sessionize.pipeline_backlog(i)).pending_rows IS NOT NULL)) AS b;
RESET ROLE;
SELECT count(*) FROM sessionize.pipeline AS p, sessionize.pipeline_backlog(p.pipeline_id) AS b WHERE b.pending_rows IS NOT NULL;

-- Keys of all kinds: their own equality where it came with the server, else their bytes.  Rows of a log by hand, as many as the
-- texts that two keys of one value may have.
CREATE TYPE status_mood AS ENUM ('sad', 'glad');
CREATE TYPE status_pair AS (a int, b text);
-- a type whose operator class somebody else's functions are in
CREATE TYPE status_own;
CREATE FUNCTION status_own_in(cstring) RETURNS status_own AS 'textin' LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION status_own_out(status_own) RETURNS cstring AS 'textout' LANGUAGE internal IMMUTABLE STRICT;
CREATE TYPE status_own (INPUT = status_own_in, OUTPUT = status_own_out, LIKE = text);
CREATE FUNCTION status_own_is(status_own, status_own) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN lower($1::text) = lower($2::text); END$$;
CREATE FUNCTION status_own_lt(status_own, status_own) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN lower($1::text) COLLATE "C" < lower($2::text); END$$;
CREATE FUNCTION status_own_cmp(status_own, status_own) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN bttextcmp(lower($1::text) COLLATE "C", lower($2::text)); END$$;
CREATE FUNCTION status_own_hash(status_own) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN hashtext(lower($1::text) COLLATE "C"); END$$;
CREATE FUNCTION status_own_hash(status_own, bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN hashtextextended(lower($1::text) COLLATE "C", $2); END$$;
CREATE CAST (status_own AS text) WITHOUT FUNCTION;
CREATE OPERATOR === (LEFTARG = status_own, RIGHTARG = status_own, FUNCTION = status_own_is, HASHES, MERGES);
CREATE OPERATOR <<< (LEFTARG = status_own, RIGHTARG = status_own, FUNCTION = status_own_lt);
CREATE OPERATOR <<=> (LEFTARG = status_own, RIGHTARG = status_own, FUNCTION = status_own_lt);
CREATE OPERATOR >>> (LEFTARG = status_own, RIGHTARG = status_own, FUNCTION = status_own_lt);
CREATE OPERATOR >>=> (LEFTARG = status_own, RIGHTARG = status_own, FUNCTION = status_own_lt);
CREATE OPERATOR CLASS status_own_ops DEFAULT FOR TYPE status_own USING btree AS OPERATOR 1 <<<, OPERATOR 2 <<=>, OPERATOR 3 ===, OPERATOR 4 >>=>,
	OPERATOR 5 >>>, FUNCTION 1 status_own_cmp(status_own, status_own);
CREATE OPERATOR CLASS status_own_hash_ops DEFAULT FOR TYPE status_own USING hash AS OPERATOR 1 ===, FUNCTION 1 status_own_hash(status_own),
	FUNCTION 2 status_own_hash(status_own, bigint);
CREATE FUNCTION status_count(of_type text, VARIADIC texts text[]) RETURNS TABLE (rows bigint, keys bigint, large bigint, distinct_keys bigint)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TABLE status_keys_raw (raw_id int PRIMARY KEY, k %s, at timestamptz)', of_type);
	CREATE INDEX ON status_keys_raw (k, at);
	PERFORM sessionize.create_pipeline('status_keys', 'status_keys_raw', key => 'k', event_time => 'at');
	INSERT INTO sessionize.ledger (pipeline_id, built) SELECT p.pipeline_id, true FROM sessionize.pipeline AS p WHERE p.pipeline_name = 'status_keys';
	EXECUTE format('INSERT INTO status_keys.dirty (lane, session_key, lo, hi, logged_at) SELECT 0, k::%s, now(), now(), now() FROM unnest($1) AS k', of_type) USING $2;
	INSERT INTO sessionize.large_key (pipeline_id, session_key, raw_rows) SELECT p.pipeline_id, l.t, 1
	FROM sessionize.pipeline AS p, unnest(ARRAY[$2[1], 'none']) AS l (t) WHERE p.pipeline_name = 'status_keys' AND l.t IS NOT NULL;
	RETURN QUERY EXECUTE 'SELECT s.rows, s.keys, s.large, (SELECT count(*) FROM (SELECT FROM status_keys.dirty AS d GROUP BY d.session_key) AS d) FROM status AS s WHERE s.pipeline = ''status_keys''';
	PERFORM sessionize.drop_pipeline('status_keys');
	DROP TABLE status_keys_raw;
END$$;
SELECT * FROM status_count('text', 'a', 'b', 'a', NULL, NULL, repeat('long', 600), repeat('long', 600), repeat('long', 601));
SELECT * FROM status_count('bigint', '1', '-1', '1', '9223372036854775807');
SELECT * FROM status_count('smallint', '1', '-1', NULL, '1');
SELECT * FROM status_count('uuid', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002');
SELECT * FROM status_count('numeric', '1.0', '1.00', '2');
SELECT * FROM status_count('interval', '1 day', '24 hours', '1 hour');
SELECT * FROM status_count('float8', '0', '-0', 'NaN', 'NaN');
SELECT * FROM status_count('timestamptz', '2026-01-01 00:00:00+00', '2026-01-01 01:00:00+01', '2026-01-02Z');
SELECT * FROM status_count('name', 'a', 'a', 'b');
SELECT * FROM status_count('numeric[]', '{1.0,2}', '{1.00,2}', '{2}');
SELECT * FROM status_count('status_mood', 'sad', 'glad', 'sad');
-- by their bytes
SELECT * FROM status_count('status_pair', '(1,x)', '(1,x)', '(1,)');
SELECT * FROM status_count('status_own', 'a', 'A', 'a');

-- What its owner has put into such a type is not run: here it would raise an error.
CREATE DOMAIN status_checked AS text CHECK (length(value) < 10);
CREATE TABLE status_own_raw (raw_id int PRIMARY KEY, k status_own, c status_checked, at timestamptz);
CREATE INDEX ON status_own_raw (k, at);
CREATE INDEX ON status_own_raw (c, at);
SELECT sessionize.create_pipeline('status_own_type', 'status_own_raw', key => 'k', event_time => 'at') \g /dev/null
SELECT sessionize.create_pipeline('status_own_domain', 'status_own_raw', key => 'c', event_time => 'at') \g /dev/null
CALL sessionize.rebuild('status_own_type');
CALL sessionize.rebuild('status_own_domain');
INSERT INTO status_own_raw VALUES (1, 'a', 'a', '2026-01-01Z'), (2, 'b', 'b', '2026-01-01Z');
INSERT INTO sessionize.large_key (pipeline_id, session_key, raw_rows) SELECT p.pipeline_id, 'a', 1 FROM sessionize.pipeline AS p WHERE p.pipeline_name LIKE 'status_own%';
CREATE FUNCTION status_trap(text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
ALTER DOMAIN status_checked ADD CONSTRAINT trap CHECK (status_trap(value)) NOT VALID;
CREATE OR REPLACE FUNCTION status_own_is(status_own, status_own) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE OR REPLACE FUNCTION status_own_cmp(status_own, status_own) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE OR REPLACE FUNCTION status_own_hash(status_own) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
CREATE OR REPLACE FUNCTION status_own_hash(status_own, bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE 'trapped'; END$$;
SELECT pipeline, rows, keys, large, problem FROM status WHERE pipeline LIKE 'status_own%';
SELECT 'x'::status_own === 'x'::status_own;
SELECT sessionize.drop_pipeline('status_own_type'), sessionize.drop_pipeline('status_own_domain') \g /dev/null
DROP TABLE status_own_raw;

-- Not built: all rows are pending, since the pipeline was made, or altered, or something has happened that only a rebuild can follow.
CREATE VIEW built AS
SELECT needs_rebuild, pending_rows, pending_keys, pending_since FROM sessionize.pipeline_status WHERE pipeline_name = 'status_unbuilt';
CREATE VIEW account AS SELECT raw_rows, events, duplicates, quarantined, pending, difference, event_difference FROM sessionize.reconcile('status_unbuilt');
SELECT sessionize.create_pipeline('status_unbuilt', 'status_raw', key => 'visitor', event_time => 'at') \g /dev/null
SELECT b.needs_rebuild, b.pending_rows, b.pending_keys, b.pending_since = p.created_at AS since FROM built AS b, sessionize.pipelines AS p WHERE p.pipeline_name = 'status_unbuilt';
CALL sessionize.refresh('status_unbuilt');
TABLE built;
TABLE account;
SELECT now() AS before \gset
SELECT sessionize.alter_pipeline('status_unbuilt', gap => '1 minute');
SELECT needs_rebuild, pending_rows, pending_keys, pending_since BETWEEN :'before' AND now() AS since FROM built;
TABLE account;
SELECT (SELECT count(*) FROM status_raw) AS raw_rows;
-- other rules again: it is the first that counts; and a row that goes is one pending less
SELECT pending_since AS since FROM built \gset
SELECT sessionize.alter_pipeline('status_unbuilt', gap => '2 minutes');
SELECT pending_since = :'since' AS since FROM built;
DELETE FROM status_raw WHERE raw_id = 1;
TABLE account;
-- a row of the star by hand is a difference still
INSERT INTO status_unbuilt.fact_session SELECT (jsonb_populate_record(f, '{"session_id": "00000000-0000-0000-0000-000000000001"}')).* FROM status_unbuilt.fact_session AS f LIMIT 1;
SELECT raw_rows = pending + difference AS closes, difference <> 0 AS differs FROM account;
CALL sessionize.refresh('status_unbuilt');
TABLE built;
TABLE account;
SELECT count(*) FROM sessionize.verify('status_unbuilt');
-- what only a rebuild can follow
SELECT sessionize.alter_pipeline('status_unbuilt', gap => '2 minutes');
INSERT INTO sessionize.rebuild_need (pipeline_id, need, detail, noted_at) SELECT p.pipeline_id, 'rows removed', 'by hand', '2026-01-01Z' FROM sessionize.pipeline AS p WHERE p.pipeline_name = 'status_unbuilt';
SELECT needs_rebuild, pending_rows, pending_since = '2026-01-01Z' AS since FROM built;
CALL sessionize.rebuild('status_unbuilt', newest_first => true);
TABLE built;
SELECT sessionize.drop_pipeline('status_unbuilt') \g /dev/null

-- Whoever writes says that this is no transaction for it, and has not written.
CREATE FUNCTION status_refusal(call text) RETURNS TABLE (code text, message text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE call;
	RETURN QUERY SELECT 'done', NULL::text;
EXCEPTION WHEN OTHERS THEN
	RETURN QUERY SELECT SQLSTATE, SQLERRM;
END$$;
CALL sessionize.refresh('status_others');
BEGIN READ ONLY;
SELECT r.* FROM unnest(ARRAY[
	$$SELECT sessionize.create_events_table('status_events')$$, $$SELECT sessionize.create_events_partitions('status_raw')$$,
	$$SELECT sessionize.keep_events_partitions('status_raw')$$, $$SELECT sessionize.ingest_begin('status_raw', 's', 'p')$$,
	$$SELECT sessionize.ingest_resume('status_raw', 's', 'p', 1)$$, $$SELECT sessionize.ingest('status_raw', 's', 'p', NULL, '1', 1, '')$$,
	$$SELECT sessionize.ingest_gap('status_raw', 's', 'p', NULL, '1', 1, 'r')$$, $$SELECT sessionize.ingest_retry('status_raw')$$,
	$$SELECT sessionize.ingest_discard('status_raw')$$,
	$$SELECT sessionize.create_pipeline('status_new', 'status_raw', key => 'visitor', event_time => 'at')$$,
	$$SELECT sessionize.alter_pipeline('status_others', gap => '1 hour')$$, $$SELECT sessionize.alter_pipeline('status_others')$$,
	$$SELECT sessionize.alter_pipeline_owner('status_others', 'regress_tenant')$$,
	$$SELECT sessionize.drop_pipeline('status_others')$$, $$SELECT sessionize.seal('status_others', '2026-01-01Z')$$,
	$$SELECT sessionize.erase_user('status_others', 'v1')$$, $$SELECT sessionize.erase_person('status_others', 'v1')$$, $$SELECT sessionize.mark_dirty('status_others', 'v1')$$,
	$$SELECT sessionize.mark_dirty('status_others')$$, $$SELECT sessionize.enable_capture('status_others')$$,
	$$SELECT sessionize.retry_errors('status_others')$$, $$SELECT sessionize.schedule('status_others')$$,
	$$SELECT sessionize.unschedule('status_others')$$, $$SELECT sessionize.pause('status_others')$$, $$SELECT sessionize.resume('status_others')$$,
	$$CALL sessionize.refresh('status_others')$$, $$CALL sessionize.rebuild('status_others')$$]) AS c (call), status_refusal(c.call) AS r;
-- the condition of the trigger, called by hand, logs nothing
SELECT sessionize.not_captured((SELECT pipeline_id FROM sessionize.pipeline WHERE pipeline_name = 'status_others'), 'v1'::text, now()) AS left_to_the_trigger;
-- who only reads, reads
SELECT count(*) FROM sessionize.verify('status_others');
SELECT pending FROM sessionize.reconcile('status_others');
SELECT pipeline, rows FROM status;
COMMIT;
SELECT count(*) AS logged FROM status_others.dirty;
-- no function that may write was left out: what is VOLATILE and takes a pipeline's or a table's name
SELECT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'sessionize'::regnamespace AND p.provolatile = 'v' AND p.prokind IN ('f', 'p')
AND p.proargnames[1] IN ('name', 'events_table') AND p.proname NOT IN ('create_events_table', 'create_events_partitions', 'keep_events_partitions', 'create_pipeline', 'alter_pipeline',
	'alter_pipeline_owner', 'drop_pipeline', 'seal', 'erase_user', 'erase_person', 'mark_dirty', 'enable_capture', 'retry_errors', 'schedule', 'unschedule', 'pause', 'resume', 'refresh', 'rebuild');

-- What pg_dump reads, the owner of the database may read, and no more than that.
SELECT c.oid::regclass AS dumped, array_agg(a.privilege_type::text) FILTER (WHERE a.grantee = 'pg_database_owner'::regrole) AS by_database_owner,
       count(*) FILTER (WHERE a.grantee NOT IN ('pg_database_owner'::regrole, c.relowner)) AS by_others
FROM pg_extension AS e, unnest(e.extconfig) AS o JOIN pg_class AS c ON c.oid = o, aclexplode(c.relacl) AS a
WHERE e.extname = 'pg_sessionize' GROUP BY c.oid ORDER BY c.oid::regclass::text COLLATE "C";

SELECT sessionize.drop_pipeline('status_others') \g /dev/null
DROP VIEW status, built CASCADE;
DROP VIEW account;
DROP FUNCTION status_count, status_refusal;
DROP TYPE status_own CASCADE;
DROP TABLE status_raw;
DROP TYPE status_mood, status_pair;
DROP DOMAIN status_checked;
DROP FUNCTION status_trap;
DROP SCHEMA status_tenant_raw CASCADE;
DROP SCHEMA IF EXISTS status_tenant CASCADE;
DO $$BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM regress_tenant', current_database()); END$$;
DROP ROLE regress_tenant, regress_monitor;
