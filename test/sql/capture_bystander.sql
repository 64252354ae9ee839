-- Whoever writes raw rows has nothing to do with a pipeline: whatever its owner does to its view, its log, its functions and his own
-- rights, rows get in; that changes were not logged is noted, once, and a refresh says what to do.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE ROLE regress_szy_owner;
CREATE ROLE regress_szy_collector;
CREATE SCHEMA szy;
CREATE SCHEMA szy_lib AUTHORIZATION regress_szy_owner;
GRANT USAGE ON SCHEMA szy TO regress_szy_owner, regress_szy_collector;
GRANT CREATE ON DATABASE :DBNAME TO regress_szy_owner;
CREATE TABLE szy.raw (id bigint GENERATED ALWAYS AS IDENTITY, visitor text, login text, at timestamptz);
CREATE INDEX ON szy.raw (visitor, at);
GRANT SELECT, TRIGGER ON szy.raw TO regress_szy_owner;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON szy.raw TO regress_szy_collector;
SET ROLE regress_szy_owner;
SELECT sessionize.create_pipeline('szy_web', 'szy.raw', 'visitor', 'at', raw_id => 'id');
RESET ROLE;
CALL sessionize.rebuild('szy_web');
SET ROLE regress_szy_collector;
INSERT INTO szy.raw (visitor, at) SELECT 'v' || n % 3, '2026-01-01Z'::timestamptz + n * interval '1 minute' FROM generate_series(1, 30) AS n;
RESET ROLE;
CALL sessionize.refresh('szy_web');

-- collect writes raw rows as a collector, in each way. try does something to the pipeline before, and tells what was noted. mend
-- undoes it and rebuilds; then the star has to be what plain SQL says.
CREATE PROCEDURE szy.collect() LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE regress_szy_collector;
	INSERT INTO szy.raw (visitor, at) SELECT 'w' || n % 2, '2026-01-02Z'::timestamptz + n * interval '1 minute' FROM generate_series(1, 4) AS n;
	UPDATE szy.raw SET visitor = 'u' WHERE id = (SELECT min(id) FROM szy.raw);
	DELETE FROM szy.raw WHERE id = (SELECT max(id) FROM szy.raw);
	COMMIT;
	SET LOCAL ROLE regress_szy_collector;
	INSERT INTO szy.raw (visitor, at) VALUES ('w', '2026-01-02Z');
	COMMIT;
END $$;
CREATE PROCEDURE szy.try(what text) LANGUAGE plpgsql AS $$
DECLARE before bigint := (SELECT count(*) FROM szy.raw);
BEGIN
	EXECUTE what;
	COMMIT;
	CALL szy.collect();
	RAISE WARNING '% rows got in; noted: %; capture %', (SELECT count(*) FROM szy.raw) - before,
		(SELECT string_agg(need || ': ' || detail, ' | ') FROM sessionize.rebuild_need),
		(SELECT sessionize.capture_state(pipeline_id) FROM sessionize.pipeline WHERE pipeline_name = 'szy_web');
END $$;
CREATE PROCEDURE szy.mend(undo text) LANGUAGE plpgsql AS $$
DECLARE wrong bigint; difference bigint; unproven bigint;
BEGIN
	EXECUTE undo;
	COMMIT;
	CALL sessionize.rebuild('szy_web');
	COMMIT;
	WITH raw AS (SELECT visitor COLLATE "C" AS k, count(*) AS n FROM szy.raw GROUP BY 1),
	star AS (SELECT session_key AS k, sum(events)::bigint AS n FROM szy_web.sessions GROUP BY 1)
	SELECT (SELECT count(*) FROM (TABLE raw EXCEPT ALL TABLE star) AS a) + (SELECT count(*) FROM (TABLE star EXCEPT ALL TABLE raw) AS b),
	       r.difference, (SELECT count(*) FROM sessionize.verify('szy_web')) INTO wrong, difference, unproven FROM sessionize.reconcile('szy_web') AS r;
	IF wrong > 0 OR difference <> 0 OR unproven > 0 OR EXISTS (SELECT FROM sessionize.rebuild_need) THEN
		RAISE WARNING 'after a rebuild: % keys are wrong, difference %, % rows unproven, needs %', wrong, difference, unproven, (SELECT string_agg(detail, ' ') FROM sessionize.rebuild_need);
	END IF;
END $$;

-- the view: a column renamed, its query replaced, its rows fewer, dropped
CALL szy.try('ALTER VIEW szy_web.source RENAME COLUMN session_key TO who');
CALL sessionize.refresh('szy_web');
CALL szy.mend('ALTER VIEW szy_web.source RENAME COLUMN who TO session_key');
SELECT pg_get_viewdef('szy_web.source') AS source, regexp_replace(pg_get_viewdef('szy_web.source'), ';$', ' WHERE t.visitor > ''v''') AS fewer,
       regexp_replace(pg_get_viewdef('szy_web.source'), ';$', ' OFFSET 0') AS part \gset
SELECT format('CREATE OR REPLACE VIEW szy_web.source AS %s', :'fewer') AS fewer, format('CREATE OR REPLACE VIEW szy_web.source AS %s', :'part') AS part, format('CREATE OR REPLACE VIEW szy_web.source AS %s', :'source') AS source \gset
CALL szy.try(:'fewer');
CALL sessionize.refresh('szy_web');
CALL szy.mend(:'source');
CALL szy.try(:'part');
CALL szy.mend(:'source');
BEGIN;
DROP VIEW szy_web.source CASCADE;
SET ROLE regress_szy_collector;
INSERT INTO szy.raw (visitor, at) VALUES ('lost', '2026-01-02Z');
RESET ROLE;
COMMIT;
CALL sessionize.refresh('szy_web');
SELECT need, detail FROM sessionize.rebuild_need;
SELECT replace(:'source', 'OR REPLACE ', '') || ' ALTER VIEW szy_web.source OWNER TO regress_szy_owner' AS again \gset
CALL szy.mend(:'again');

-- the log: dropped, renamed, altered, given what no row of the log fulfils, unlogged
CALL szy.try('ALTER TABLE szy_web.dirty RENAME TO clean');
CALL sessionize.refresh('szy_web');
CALL szy.mend('ALTER TABLE szy_web.clean RENAME TO dirty');
CALL szy.try('ALTER TABLE szy_web.dirty ALTER COLUMN lane TYPE int');
CALL szy.mend('ALTER TABLE szy_web.dirty ALTER COLUMN lane TYPE smallint');
CALL szy.try('ALTER TABLE szy_web.dirty ADD COLUMN note text NOT NULL');
CALL sessionize.refresh('szy_web');
CALL szy.mend('ALTER TABLE szy_web.dirty DROP COLUMN note');
CALL szy.try('ALTER TABLE szy_web.dirty ADD COLUMN n int GENERATED ALWAYS AS IDENTITY');
CALL szy.mend('ALTER TABLE szy_web.dirty DROP COLUMN n');
CALL szy.try('ALTER TABLE szy_web.dirty ALTER COLUMN session_key SET NOT NULL');
CALL szy.mend('ALTER TABLE szy_web.dirty ALTER COLUMN session_key DROP NOT NULL');
CALL szy.try('ALTER TABLE szy_web.dirty SET UNLOGGED');
CALL szy.mend('ALTER TABLE szy_web.dirty SET LOGGED');
CALL szy.try('CREATE UNIQUE INDEX dirty_unique ON szy_web.dirty ((true))');
CALL szy.mend('DROP INDEX szy_web.dirty_unique');
CALL szy.try('CREATE INDEX dirty_division ON szy_web.dirty ((1 / (lane - lane)))');
CALL szy.mend('DROP INDEX szy_web.dirty_division');
-- and what is no obstacle: the log is written, nothing is noted
CALL szy.try('ALTER TABLE szy_web.dirty ADD CHECK (lane < 0) NOT VALID');
CALL szy.mend('ALTER TABLE szy_web.dirty DROP CONSTRAINT dirty_lane_check');
CALL szy.try('ALTER TABLE szy_web.dirty ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY');
CALL szy.mend('ALTER TABLE szy_web.dirty NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY');
CREATE FUNCTION szy.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
CALL szy.try('CREATE TRIGGER refuse BEFORE INSERT ON szy_web.dirty FOR EACH ROW EXECUTE FUNCTION szy.refuse()');
CALL szy.mend('DROP TRIGGER refuse ON szy_web.dirty');
CALL szy.try('CREATE RULE refuse AS ON INSERT TO szy_web.dirty DO INSTEAD NOTHING');
CALL szy.mend('DROP RULE refuse ON szy_web.dirty');
-- a key that is too long for how its column is stored
ALTER TABLE szy_web.dirty ALTER COLUMN session_key SET STORAGE PLAIN;
DROP INDEX szy.raw_visitor_at_idx;
INSERT INTO szy.raw (visitor, at) SELECT string_agg(md5(n::text), ''), '2026-01-01Z' FROM generate_series(1, 1000) AS n;
SELECT need, detail FROM sessionize.rebuild_need;
DELETE FROM szy.raw WHERE length(visitor) > 1000;
CREATE INDEX ON szy.raw (visitor, at);
CALL szy.mend('ALTER TABLE szy_web.dirty ALTER COLUMN session_key SET STORAGE EXTENDED');

-- the owner's rights
CALL szy.try('REVOKE ALL ON SCHEMA szy FROM regress_szy_owner');
CALL szy.mend('GRANT USAGE ON SCHEMA szy TO regress_szy_owner');
CALL szy.try('REVOKE SELECT, TRIGGER ON szy.raw FROM regress_szy_owner');
CALL szy.mend('GRANT SELECT, TRIGGER ON szy.raw TO regress_szy_owner');

-- expressions: functions that are broken, may not be called, do what is not allowed, raise what is not in the data
CREATE FUNCTION szy_lib.moved(timestamptz, interval) RETURNS timestamptz IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1 + $2; END $$;
CREATE FUNCTION szy_lib.zone() RETURNS interval IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN '0'; END $$;
ALTER FUNCTION szy_lib.moved OWNER TO regress_szy_owner;
ALTER FUNCTION szy_lib.zone OWNER TO regress_szy_owner;
SELECT sessionize.drop_pipeline('szy_web');
SET ROLE regress_szy_owner;
SELECT sessionize.create_pipeline('szy_web', 'szy.raw', 'visitor', 'szy_lib.moved(at, szy_lib.zone())', raw_id => 'id');
RESET ROLE;
CALL sessionize.rebuild('szy_web');
CREATE FUNCTION szy.moved(body text) RETURNS text LANGUAGE sql AS $$
	SELECT format('CREATE OR REPLACE FUNCTION szy_lib.moved(timestamptz, interval) RETURNS timestamptz IMMUTABLE LANGUAGE plpgsql AS %L', 'BEGIN ' || body || '; RETURN $1 + $2; END') $$;
CALL szy.try(szy.moved('RAISE feature_not_supported'));
SET client_min_messages = notice;
CALL sessionize.refresh('szy_web');
SET client_min_messages = warning;
CALL szy.mend(szy.moved('NULL'));
CALL szy.try(szy.moved('PERFORM szy_lib.nobody()'));
CALL szy.mend(szy.moved('NULL'));
CALL szy.try(szy.moved('CREATE TEMP TABLE t (a int)'));
CALL szy.mend(szy.moved('NULL'));
CALL szy.try('REVOKE EXECUTE ON FUNCTION szy_lib.moved FROM PUBLIC, regress_szy_owner');
CALL szy.mend('GRANT EXECUTE ON FUNCTION szy_lib.moved TO regress_szy_owner, CURRENT_USER');
-- one that fails when the expression is simplified, as soon as a session looks at it
CREATE OR REPLACE FUNCTION szy_lib.zone() RETURNS interval IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE internal_error; END $$;
\c -
SET client_min_messages = warning;
SET timezone = 'UTC';
CALL szy.try('SELECT 1');
CALL szy.mend($$CREATE OR REPLACE FUNCTION szy_lib.zone() RETURNS interval IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN ''0''; END'$$);
-- what is in the data is logged, and quarantined as ever
CREATE FUNCTION szy.moved_but(what text) RETURNS text LANGUAGE sql AS $$ SELECT szy.moved('IF $1 = ''2026-01-05Z'' THEN RAISE ' || what || '; END IF') $$;
SELECT szy.moved_but('division_by_zero') AS sql \gset
:sql;
INSERT INTO szy.raw (visitor, at) VALUES ('good', '2026-01-02Z'), ('bad', '2026-01-05Z'), ('good', '2026-01-02 00:01Z');
CALL sessionize.refresh('szy_web');
SELECT session_key, reason FROM szy_web.quarantine;
SELECT count(*) FROM sessionize.rebuild_need;
-- what is not, is noted for the transaction as a whole, and not for the next
SELECT szy.moved_but('feature_not_supported') AS sql \gset
:sql;
INSERT INTO szy.raw (visitor, at) VALUES ('good', '2026-01-03Z'), ('worse', '2026-01-05Z'), ('better', '2026-01-03Z');
INSERT INTO szy.raw (visitor, at) VALUES ('best', '2026-01-02Z');
SELECT session_key FROM szy_web.dirty ORDER BY 1;
SELECT need, count(*) FROM sessionize.rebuild_need GROUP BY 1;
-- a cancel is not ours to swallow
SELECT szy.moved('RAISE query_canceled') AS sql \gset
:sql;
INSERT INTO szy.raw (visitor, at) VALUES ('cancelled', '2026-01-02Z');
CALL szy.mend(szy.moved('NULL'));

-- the same for who takes rows away as a whole: nothing of the pipeline's keeps him from it
ALTER VIEW szy_web.source RENAME COLUMN session_key TO who;
SET ROLE regress_szy_collector;
TRUNCATE szy.raw;
RESET ROLE;
SELECT need, detail FROM sessionize.rebuild_need;
CALL szy.mend('ALTER VIEW szy_web.source RENAME COLUMN who TO session_key');

SELECT sessionize.drop_pipeline('szy_web');
DROP SCHEMA szy, szy_lib CASCADE;
DROP OWNED BY regress_szy_owner, regress_szy_collector;
DROP ROLE regress_szy_owner, regress_szy_collector;
