-- The fuse: a burst of changes of existing raw rows holds the pipeline before its numbers move.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_fuse_owner;
CREATE ROLE regress_fuse_nobody;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_fuse_owner', current_database()); END$$;
SET ROLE regress_fuse_owner;
CREATE SCHEMA fuse_raw;
CREATE TABLE fuse_raw.raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, name text, page text);
CREATE INDEX ON fuse_raw.raw (visitor, at);
SELECT sessionize.create_pipeline('fuse_one', 'fuse_raw.raw', key => 'visitor', event_time => 'at', event_name => 'name', page => 'page');
SET client_min_messages = warning;
PREPARE fuse AS SELECT state, limit_rows, rows, transactions, decision, released_by
FROM sessionize.fuses WHERE pipeline_name = 'fuse_one';
PREPARE names AS SELECT event_name, count(*) FROM fuse_one.events GROUP BY 1 ORDER BY 1;
PREPARE story AS SELECT e.event, e.check_name, e.detail #- '{found}' FROM sessionize.incident_events AS e WHERE e.pipeline_name = 'fuse_one' ORDER BY e.incident_id, e.at;
-- nothing differs, or else these rows
PREPARE wrong AS SELECT relation, difference, count(*) FROM sessionize.verify('fuse_one') GROUP BY 1, 2 ORDER BY 1, 2;

-- A first build, and a backlog of inserted rows, are no burst, however many they are.
SELECT changed_rows, share, limit_rows, state FROM sessionize.fuses WHERE pipeline_name = 'fuse_one';
SELECT sessionize.set_fuse('fuse_one', changed_rows => 100, share => 0.05);
INSERT INTO fuse_raw.raw (visitor, at, name, page)
SELECT 'v' || n % 50, '2026-01-01Z'::timestamptz + n * interval '1 minute', 'view', '/' || n % 7 FROM generate_series(1, 2000) AS n;
CALL sessionize.refresh('fuse_one');
INSERT INTO fuse_raw.raw (visitor, at, name, page)
SELECT 'v' || n % 50, '2026-02-01Z'::timestamptz + n * interval '1 minute', 'view', '/' || n % 7 FROM generate_series(1, 2000) AS n;
CALL sessionize.refresh('fuse_one');
EXECUTE fuse;
EXECUTE names;

-- What does not count: rows that stay as they are, transactions of few rows, fresh rows, what was rolled back, what was announced.
UPDATE fuse_raw.raw SET name = name;
DO $$BEGIN
	FOR i IN 1..9 LOOP
		UPDATE fuse_raw.raw SET name = 'few' WHERE raw_id = i;
	END LOOP;
END$$;
INSERT INTO fuse_raw.raw (visitor, at, name, page) SELECT 'fresh' || n, now(), 'view', '/' FROM generate_series(1, 300) AS n;
UPDATE fuse_raw.raw SET name = 'fresh' WHERE visitor LIKE 'fresh%';
BEGIN;
UPDATE fuse_raw.raw SET name = 'wrong';
ROLLBACK;
BEGIN;
SAVEPOINT a;
UPDATE fuse_raw.raw SET name = 'wrong' WHERE raw_id <= 1000;
SAVEPOINT b;
UPDATE fuse_raw.raw SET name = 'wrong' WHERE raw_id > 1000;
RELEASE b;
ROLLBACK TO a;
COMMIT;
DO $$BEGIN
	UPDATE fuse_raw.raw SET name = 'wrong';
	RAISE 'no';
EXCEPTION WHEN raise_exception THEN NULL;
END$$;
BEGIN;
SET LOCAL sessionize.fuse = off;
UPDATE fuse_raw.raw SET name = 'meant' WHERE raw_id BETWEEN 10 AND 1009;
COMMIT;
EXECUTE fuse;
CALL sessionize.refresh('fuse_one');
EXECUTE names;
EXECUTE wrong;

-- What counts, up to the limit: updates and deletes, in savepoints that are kept, in several transactions within an hour.
BEGIN;
SAVEPOINT a;
UPDATE fuse_raw.raw SET name = 'some' WHERE raw_id BETWEEN 1010 AND 1069;
RELEASE a;
DELETE FROM fuse_raw.raw WHERE raw_id BETWEEN 1070 AND 1109;
COMMIT;
EXECUTE fuse;
UPDATE fuse_raw.raw SET visitor = 'other' WHERE raw_id BETWEEN 1110 AND 1208;
CALL sessionize.refresh('fuse_one');
EXECUTE fuse;
EXECUTE wrong;

-- The burst: nothing of the star changes, nothing of what is noted is lost, and everything says so.
UPDATE fuse_raw.raw SET name = 'wrong' WHERE raw_id > 1300 AND name <> 'fresh';
CALL sessionize.refresh('fuse_one');
CALL sessionize.refresh('fuse_one');
EXECUTE fuse;
EXECUTE names;
SELECT count(*) > 0 AS pending FROM fuse_one.dirty;
EXECUTE wrong;
EXECUTE story;
SELECT state, severity, affected, checks, subjects FROM sessionize.incidents WHERE pipeline_name = 'fuse_one';
SELECT state, pending_keys > 0 FROM sessionize.pipeline_status WHERE pipeline_name = 'fuse_one';
SELECT topic, status, found LIKE 'it is held since %: 2899 existing raw rows were updated or deleted within an hour, since %' AS says, statement
FROM sessionize.health_check('fuse_one') WHERE topic IN ('fuse', 'schedule');
SELECT count(*) FROM regexp_matches(sessionize.openmetrics(), 'sessionize_fuse_held\{[^}]*pipeline="fuse_one"\} 1', 'g');
-- the live views show what the raw rows are now
SELECT event_name, count(*) FROM fuse_one.events_live GROUP BY 1 ORDER BY 1;

-- New rows wait as well; what would fix the burst for ever, or apply it, is refused.
INSERT INTO fuse_raw.raw (visitor, at, name, page) VALUES ('new', '2026-03-01Z', 'view', '/');
CALL sessionize.refresh('fuse_one');
SELECT count(*) FROM fuse_one.sessions WHERE session_key = 'new';
SELECT * FROM sessionize.seal('fuse_one', '2026-01-15Z');
CALL sessionize.rebuild('fuse_one', since => '2026-01-01Z');
EXECUTE fuse;
-- an erasure is done
SELECT raw_rows FROM sessionize.erase_user('fuse_one', 'v49');

-- Skip: only what has been undone.
SELECT sessionize.release_fuse('fuse_one', 'skip');
UPDATE fuse_raw.raw SET name = 'view' WHERE name = 'wrong' AND raw_id <> 3000;
SELECT sessionize.release_fuse('fuse_one', 'skip');
UPDATE fuse_raw.raw SET name = 'view' WHERE name = 'wrong';
SELECT sessionize.release_fuse('fuse_one', 'skip') > 0;
EXECUTE fuse;
CALL sessionize.refresh('fuse_one');
EXECUTE names;
EXECUTE wrong;
EXECUTE story;
SELECT state FROM sessionize.incidents WHERE pipeline_name = 'fuse_one';
SELECT sessionize.release_fuse('fuse_one', 'skip');

-- An erasure does not count.
SELECT raw_rows FROM sessionize.erase_user('fuse_one', 'v48');
EXECUTE fuse;

-- Apply: also a burst that no refresh has come to yet.
DELETE FROM fuse_raw.raw WHERE raw_id > 3000;
SELECT sessionize.release_fuse('fuse_one');
CALL sessionize.refresh('fuse_one');
EXECUTE names;
EXECUTE fuse;
EXECUTE wrong;
SELECT event, detail FROM sessionize.incident_events WHERE pipeline_name = 'fuse_one' AND incident_id = (SELECT max(incident_id) FROM sessionize.incidents) ORDER BY at;

-- Rebuild releases, and so does TRUNCATE of few rows hold.
TRUNCATE fuse_raw.raw;
CALL sessionize.refresh('fuse_one');
EXECUTE fuse;
EXECUTE names;
CALL sessionize.rebuild('fuse_one');
EXECUTE fuse;
EXECUTE names;
EXECUTE wrong;

-- A star without rows can't lose any; after an hour a note is forgotten, if it was looked at.
INSERT INTO fuse_raw.raw (visitor, at, name, page)
SELECT 'v' || n % 50, '2026-01-01Z'::timestamptz + n * interval '1 minute', 'view', '/' || n % 7 FROM generate_series(1, 1000) AS n;
UPDATE fuse_raw.raw SET name = 'other';
CALL sessionize.refresh('fuse_one');
EXECUTE fuse;
RESET ROLE;
-- ninety rows, more than an hour ago, and ninety now; then a burst that was never looked at
DELETE FROM sessionize.changed_rows;
SET ROLE regress_fuse_owner;
UPDATE fuse_raw.raw SET name = 'once' WHERE page IN ('/1') AND raw_id % 2 = 0;
RESET ROLE;
UPDATE sessionize.changed_rows SET noted_at = noted_at - interval '61 minutes';
SET ROLE regress_fuse_owner;
UPDATE fuse_raw.raw SET name = 'twice' WHERE page IN ('/1') AND raw_id % 2 = 0;
EXECUTE fuse;
CALL sessionize.refresh('fuse_one');
RESET ROLE;
SELECT count(*) AS notes FROM sessionize.changed_rows;
SET ROLE regress_fuse_owner;
UPDATE fuse_raw.raw SET name = 'thrice';
RESET ROLE;
UPDATE sessionize.changed_rows SET noted_at = noted_at - interval '2 days';
SET ROLE regress_fuse_owner;
CALL sessionize.refresh('fuse_one');
EXECUTE fuse;

SELECT sessionize.release_fuse('fuse_one') > 0;
CALL sessionize.refresh('fuse_one');
-- many notes become one for each minute, and count as before
RESET ROLE;
INSERT INTO sessionize.changed_rows (pipeline_id, noted_at, updated, deleted, newest)
SELECT p.pipeline_id, date_trunc('minute', now()) - n * interval '1 second', 0, 0, '2026-01-01Z' FROM sessionize.pipeline AS p, generate_series(1, 1200) AS n WHERE p.pipeline_name = 'fuse_one';
SET ROLE regress_fuse_owner;
UPDATE fuse_raw.raw SET name = 'tidy' WHERE raw_id IN (SELECT raw_id FROM fuse_raw.raw ORDER BY raw_id LIMIT 90);
CALL sessionize.refresh('fuse_one');
RESET ROLE;
SELECT count(*) BETWEEN 20 AND 23 AS merged, sum(updated) FROM sessionize.changed_rows;
SET ROLE regress_fuse_owner;
UPDATE fuse_raw.raw SET name = 'four' WHERE raw_id IN (SELECT raw_id FROM fuse_raw.raw ORDER BY raw_id LIMIT 90);
CALL sessionize.refresh('fuse_one');
EXECUTE fuse;

-- A definition that was changed does not have the burst applied, except by a rebuild that somebody asks for.
SELECT sessionize.alter_pipeline('fuse_one', gap => '10 minutes') \g /dev/null
CALL sessionize.refresh('fuse_one');
EXECUTE names;
EXECUTE fuse;
CALL sessionize.rebuild('fuse_one');
EXECUTE names;
EXECUTE wrong;

-- What is sealed can be deleted; and the fuse can be off.
SELECT * FROM sessionize.seal('fuse_one', '2026-01-01 10:00Z');
DELETE FROM fuse_raw.raw WHERE at < '2026-01-01 09:00Z';
CALL sessionize.refresh('fuse_one');
EXECUTE fuse;
SELECT sessionize.set_fuse('fuse_one', enabled => false);
UPDATE fuse_raw.raw SET name = 'off';
CALL sessionize.refresh('fuse_one');
EXECUTE fuse;
SELECT changed_rows, share FROM sessionize.fuses WHERE pipeline_name = 'fuse_one';
SELECT status, statement FROM sessionize.health_check('fuse_one') WHERE topic = 'fuse';
EXECUTE wrong;

-- Partitions: what is dropped below the seal does not count, what is detached above it does.
CREATE TABLE fuse_raw.parts (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE fuse_raw.parts_1 PARTITION OF fuse_raw.parts FOR VALUES FROM ('2026-01-01Z') TO ('2026-01-02Z');
CREATE TABLE fuse_raw.parts_2 PARTITION OF fuse_raw.parts FOR VALUES FROM ('2026-01-02Z') TO ('2026-01-03Z');
CREATE TABLE fuse_raw.parts_3 PARTITION OF fuse_raw.parts FOR VALUES FROM ('2026-01-03Z') TO ('2026-01-09Z');
CREATE INDEX ON fuse_raw.parts (visitor, at);
INSERT INTO fuse_raw.parts (visitor, at) SELECT 'v' || n % 9, '2026-01-01Z'::timestamptz + n * interval '5 minutes' FROM generate_series(1, 800) AS n;
SELECT sessionize.create_pipeline('fuse_two', 'fuse_raw.parts', key => 'visitor', event_time => 'at', raw_id => 'raw_id');
SELECT sessionize.set_fuse('fuse_two', changed_rows => 100, share => 0);
CALL sessionize.refresh('fuse_two');
SELECT * FROM sessionize.seal('fuse_two', '2026-01-02 06:00Z');
DROP TABLE fuse_raw.parts_1;
CALL sessionize.refresh('fuse_two');
SELECT state, rows FROM sessionize.fuses WHERE pipeline_name = 'fuse_two';
ALTER TABLE fuse_raw.parts DETACH PARTITION fuse_raw.parts_2;
CALL sessionize.refresh('fuse_two');
SELECT state, rows FROM sessionize.fuses WHERE pipeline_name = 'fuse_two';
-- attached again: undone
ALTER TABLE fuse_raw.parts ATTACH PARTITION fuse_raw.parts_2 FOR VALUES FROM ('2026-01-02Z') TO ('2026-01-03Z');
SELECT sessionize.release_fuse('fuse_two', 'skip');
CALL sessionize.refresh('fuse_two');
SELECT relation, difference, count(*) FROM sessionize.verify('fuse_two') GROUP BY 1, 2;

-- Who has which lock.
BEGIN;
SELECT sessionize.set_fuse('fuse_two', share => 0.5);
SELECT pipeline_name, lock, mode, granted, waits_since, blocked_by FROM sessionize.pipeline_locks;
COMMIT;

-- Errors.
SELECT sessionize.release_fuse('fuse_one', 'other');
SELECT sessionize.release_fuse('fuse_one', NULL);
SELECT sessionize.release_fuse(NULL);
SELECT sessionize.release_fuse('fuse_none');
SELECT sessionize.release_fuse('fuse_one');
SELECT sessionize.set_fuse('fuse_one', changed_rows => 9);
SELECT sessionize.set_fuse('fuse_one', share => 1.1);
SELECT sessionize.set_fuse('fuse_one', share => 'NaN');
SELECT sessionize.set_fuse('fuse_none', enabled => true);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sessionize.release_fuse('fuse_one');
ROLLBACK;
BEGIN READ ONLY;
SELECT sessionize.set_fuse('fuse_one', enabled => true);
ROLLBACK;
SET ROLE regress_fuse_nobody;
SELECT sessionize.set_fuse('fuse_one', enabled => true);
SELECT sessionize.release_fuse('fuse_one');
SELECT count(*) FROM sessionize.fuses;
SELECT sessionize.fuse_changed();
RESET ROLE;

-- Nothing is left of a pipeline that is dropped while it is held.
SET ROLE regress_fuse_owner;
SELECT sessionize.set_fuse('fuse_one', enabled => true);
-- what has changed while it was off does not count
EXECUTE fuse;
UPDATE fuse_raw.raw SET name = 'last';
SET client_min_messages = error;
CALL sessionize.refresh('fuse_one');
EXECUTE fuse;
RESET ROLE;
SELECT sessionize.drop_pipeline('fuse_one');
SELECT sessionize.drop_pipeline('fuse_two');
SELECT (SELECT count(*) FROM sessionize.fuse), (SELECT count(*) FROM sessionize.fuse_hold), (SELECT count(*) FROM sessionize.changed_rows);
DROP SCHEMA fuse_raw CASCADE;
DO $$BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_fuse_owner', current_database()); END$$;
DROP ROLE regress_fuse_owner, regress_fuse_nobody;
