-- health_check(): each topic with something wrong, and right again after the statement that it says.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_health_owner;
CREATE ROLE regress_health_nobody;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_health_owner', current_database()); END$$;
SET ROLE regress_health_owner;
CREATE SCHEMA health_raw;
CREATE TABLE health_raw.raw (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz) PARTITION BY RANGE (at);
CREATE TABLE health_raw.raw_1 PARTITION OF health_raw.raw FOR VALUES FROM ('2026-01-01Z') TO ('2026-02-01Z');
CREATE TABLE health_raw.raw_x PARTITION OF health_raw.raw DEFAULT;
CREATE INDEX ON health_raw.raw (visitor, at);
SELECT sessionize.create_pipeline('health_one', 'health_raw.raw', key => 'visitor', event_time => 'at');
RESET ROLE;
PREPARE wrong AS SELECT topic, status, found, statement FROM sessionize.health_check('health_one')
WHERE status <> 'ok' AND topic NOT IN ('schedule', 'partitions', 'checks');
PREPARE topic AS SELECT pipeline, status, found, statement FROM sessionize.health_check('health_one') WHERE topic = $1;

-- It is not built, and nobody refreshes it.
EXECUTE wrong;
EXECUTE topic('schedule');
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'rebuild' \gexec
EXECUTE wrong;
SELECT topic FROM sessionize.health_check('health_one') WHERE status = 'ok' ORDER BY topic;
INSERT INTO health_raw.raw (visitor, at) SELECT 'v' || n, '2026-01-01Z' FROM generate_series(1, 9) AS n;
EXECUTE topic('lag') \g /dev/null
UPDATE health_one.dirty SET logged_at = clock_timestamp() - interval '10 minutes';
SELECT pipeline, status, found ~ '^the oldest change that the star lacks is .*10.* old; 9 keys are pending$', statement FROM sessionize.health_check('health_one') WHERE topic = 'lag';
UPDATE health_one.dirty SET logged_at = clock_timestamp() - interval '2 days';
SELECT status, statement FROM sessionize.health_check('health_one') WHERE topic = 'lag';
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'lag' \gexec
EXECUTE wrong;
EXECUTE topic('accounts');

-- Changes are not logged.
ALTER TABLE health_raw.raw_1 DISABLE TRIGGER ALL;
EXECUTE topic('capture');
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'capture' \gexec
EXECUTE wrong;
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'rebuild' \gexec
EXECUTE wrong;

-- The rules were changed.
SELECT sessionize.alter_pipeline('health_one', gap => '10 minutes') \g /dev/null
EXECUTE topic('rebuild');
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'rebuild' \gexec
EXECUTE wrong;

-- Rows without a time.
INSERT INTO health_raw.raw (visitor, at) VALUES ('v1', NULL);
CALL sessionize.refresh('health_one');
EXECUTE wrong;
INSERT INTO health_raw.raw (visitor, at) SELECT 'v' || n, '2026-01-01Z' FROM generate_series(10, 20) AS n;
CALL sessionize.refresh('health_one');
SELECT status, found FROM sessionize.health_check('health_one') WHERE topic = 'quarantine';
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'quarantine' \gset
SELECT reason, rows FROM (:statement) AS s;
DELETE FROM health_raw.raw WHERE at IS NULL;
CALL sessionize.refresh('health_one');

-- What only the tables of the extension can be made to say in a test.
BEGIN;
INSERT INTO sessionize.run_error (pipeline_id, session_key, error) SELECT pipeline_id, 'v7', 'bad' FROM sessionize.pipeline WHERE pipeline_name = 'health_one';
UPDATE sessionize.ledger SET late_rows = 5 WHERE pipeline_id = (SELECT pipeline_id FROM sessionize.pipeline WHERE pipeline_name = 'health_one');
UPDATE sessionize.pipeline SET source_name = 'health_raw.other' WHERE pipeline_name = 'health_one';
EXECUTE wrong;
ROLLBACK;
BEGIN;
INSERT INTO sessionize.schedule (pipeline_id, every, via) SELECT pipeline_id, '1 s', 'worker' FROM sessionize.pipeline WHERE pipeline_name = 'health_one';
EXECUTE topic('schedule');
UPDATE sessionize.schedule SET via = 'pg_cron';
EXECUTE topic('schedule');
UPDATE sessionize.schedule SET paused = true;
EXECUTE topic('schedule');
ROLLBACK;

-- Partitions: the last one has ended, and a default partition takes what comes.
EXECUTE topic('partitions');
ALTER TABLE health_raw.raw DETACH PARTITION health_raw.raw_x;
CREATE TABLE health_raw.raw_2 PARTITION OF health_raw.raw FOR VALUES FROM ('2200-01-01Z') TO (MAXVALUE);
SELECT found FROM sessionize.health_check('health_one') WHERE topic = 'partitions';

-- Requests: one source stands still, with rejected requests and a gap.
BEGIN;
CREATE TABLE health_events (id int);
INSERT INTO sessionize.ingest_position (events, source, partition, requests, decoded, moved_at) VALUES
('health_events', 's', '0', 100, 98, clock_timestamp() - interval '2 days'), ('health_events', 's', '1', 100, 100, clock_timestamp());
INSERT INTO sessionize.ingest_rejected (events, source, partition, place, body, sqlstate, reason)
SELECT 'health_events', 's', '0', n, '', '22000', 'no JSON' FROM generate_series(1, 2) AS n;
INSERT INTO sessionize.ingest_gap (events, source, partition, next_position, reason) VALUES ('health_events', 's', '0', '7', 'gone');
SELECT pipeline, topic, status, regexp_replace(found, 'read .* ago', 'read a while ago') AS found, statement FROM sessionize.health_check() WHERE found LIKE '%health_events%';
SELECT statement FROM sessionize.health_check() WHERE topic = 'rejected requests' AND status = 'warning' \gexec
ROLLBACK;

-- Checks and incidents: none; one that fails and opens an incident, one that can't be evaluated, one that is muted; overdue.
EXECUTE topic('checks');
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'checks' \gset
BEGIN;
SELECT count(*) > 0 FROM (:statement) AS s;
SELECT status FROM sessionize.health_check('health_one') WHERE topic = 'checks';
ROLLBACK;
CREATE TABLE health_raw.wrong (n int);
INSERT INTO health_raw.wrong VALUES (1);
GRANT SELECT ON health_raw.wrong TO regress_health_owner;
SELECT sessionize.add_check('health_one', 'a', 'sql', '{"query": "SELECT * FROM health_raw.wrong"}', every => '1 hour');
SELECT sessionize.add_check('health_one', 'b', 'sql', '{"query": "SELECT 1 FROM health_raw.wrong WHERE 1 / (n - 1) > 0"}', every => '1 hour');
SELECT sessionize.add_check('health_one', 'c', 'sql', '{"query": "SELECT 1 WHERE false"}', every => '1 hour');
SELECT topic, status, found FROM sessionize.health_check('health_one') WHERE topic ~ 'check|incident' ORDER BY topic;
SELECT check_name, state, overdue, due_for < '1 minute' FROM sessionize.check_latest WHERE pipeline_name = 'health_one' ORDER BY 1;
SELECT check_name, status, incident_id IS NOT NULL FROM sessionize.run_checks('health_one');
SELECT topic, status, regexp_replace(found, 'incident \d+ (.*) is open since .*: ', 'incident N \1 is open since T: ') AS found,
       regexp_replace(statement, '\d+$', 'N') AS statement
FROM sessionize.health_check('health_one') WHERE topic ~ 'check|incident' ORDER BY topic, found;
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'incidents' AND status <> 'ok' ORDER BY found LIMIT 1 \gset
SELECT event, check_name FROM (:statement) AS s;
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'failed checks' \gset
SELECT check_name, value, upper, unit FROM (:statement) AS s;
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'check errors' \gset
SELECT check_name, error FROM (:statement) AS s;
SELECT sessionize.alter_check('health_one', 'a', severity => 'error');
SELECT sessionize.alter_check('health_one', 'b', muted_until => 'infinity');
SELECT topic, status, found FROM sessionize.health_check('health_one') WHERE topic ~ 'checks$|check errors' ORDER BY topic;
BEGIN;
UPDATE sessionize.check_state SET next_at = now() - interval '59 minutes' WHERE check_name = 'a';
SELECT status FROM sessionize.health_check('health_one') WHERE topic = 'overdue checks';
UPDATE sessionize.check_state SET next_at = now() - interval '61 minutes' WHERE check_name = 'a';
SELECT status, regexp_replace(found, '1 hour 1 min( . secs?)?', '1 hour 1 min') AS found, statement FROM sessionize.health_check('health_one') WHERE topic = 'overdue checks';
SELECT statement FROM sessionize.health_check('health_one') WHERE topic = 'overdue checks' \gset
SELECT check_name FROM (:statement) AS s;
SELECT status FROM sessionize.health_check('health_one') WHERE topic = 'overdue checks';
ROLLBACK;
DELETE FROM health_raw.wrong;
SELECT count(*) FROM generate_series(1, 2) AS n, sessionize.run_checks('health_one', at => now() + n * interval '1 second', only_due => false);
EXECUTE topic('incidents');
EXECUTE topic('failed checks');
SELECT sessionize.drop_check('health_one', name) FROM unnest('{a,b,c}'::text[]) AS name;

-- A query that fails, or returns something else, says so; the other topics are there. Errors come first.
BEGIN;
INSERT INTO sessionize.health_query VALUES ('test error', 'SELECT 1 / 0'), ('test shape', 'SELECT 1'),
('test status', $$SELECT NULL, 'test status', 'fine', 'x', NULL$$), ('test own', $$SELECT $1, 'test own', 'warning', 'x', 'y'$$);
SELECT pipeline, topic, status, found, statement FROM sessionize.health_check('health_one') WHERE topic LIKE 'test%';
SELECT array_agg(DISTINCT n ORDER BY n) = ARRAY[1, 2, 3], bool_and(n >= before)
FROM (SELECT n, lag(n, 1, 0) OVER (ORDER BY ordinality) AS before
      FROM (SELECT array_position(ARRAY['error', 'warning', 'ok'], h.status) AS n, h.ordinality FROM sessionize.health_check() WITH ORDINALITY AS h) AS h) AS h;
ROLLBACK;

-- Topics of the server, for all who ask; each topic has a row, and what is not right has a statement.
SELECT topic FROM sessionize.health_check() WHERE pipeline IS NULL AND topic NOT LIKE 'ingest%' AND topic NOT LIKE 'rejected%' ORDER BY topic;
SELECT count(*) FROM sessionize.health_check() WHERE status <> 'ok' AND statement IS NULL OR found IS NULL;

-- Who sees what.
SET ROLE regress_health_owner;
SELECT count(*) > 10 FROM sessionize.health_check('health_one');
RESET ROLE;
SET ROLE regress_health_nobody;
SELECT count(*) FROM sessionize.health_check() WHERE pipeline IS NOT NULL;
SELECT count(*) FROM sessionize.health_check('health_one');
SELECT count(*) FROM sessionize.health_check('no such pipeline');
RESET ROLE;

SELECT sessionize.drop_pipeline('health_one');
DROP SCHEMA health_raw CASCADE;
DO $$BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_health_owner', current_database()); END$$;
DROP ROLE regress_health_owner, regress_health_nobody;
