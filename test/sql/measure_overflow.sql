-- A sum that is out of the range of its type sets its session key aside; all others are done.
SET client_min_messages = warning;
CREATE SCHEMA raw;
CREATE TABLE raw.events (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, visitor text, at timestamptz, points bigint, price numeric);
CREATE INDEX ON raw.events (visitor, at);
INSERT INTO raw.events (event_id, visitor, at, points, price)
SELECT 'e' || n, 'v' || n % 50, '2026-01-01Z'::timestamptz + n * interval '1 minute', n, n
FROM generate_series(1, 2000) AS n;
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'visitor', event_time => 'at');
CALL sessionize.rebuild('web');
CREATE VIEW raw.oracle AS
WITH s AS (
	SELECT *, at - lag(at) OVER w > interval '30 minutes' IS NOT FALSE AS starts
	FROM raw.events WINDOW w AS (PARTITION BY visitor ORDER BY at, event_id, raw_id)
), n AS (SELECT *, count(*) FILTER (WHERE starts) OVER (PARTITION BY visitor ORDER BY at, event_id, raw_id) AS session FROM s)
SELECT visitor, min(at) AS started_at, count(*) AS events, sum(points) AS points, sum(price) AS price
FROM n GROUP BY visitor, session;
CREATE FUNCTION raw.differences(failed text[]) RETURNS TABLE (side text, visitor text, started_at timestamptz, events bigint, points numeric, price numeric)
LANGUAGE plpgsql AS $$
BEGIN
RETURN QUERY WITH star AS (SELECT f.session_key, f.started_at, f.events, f.points::numeric, f.price FROM web.sessions AS f WHERE f.session_key <> ALL (failed)),
     oracle AS (SELECT * FROM raw.oracle AS o WHERE o.visitor <> ALL (failed))
(SELECT 'star', * FROM (TABLE star EXCEPT ALL TABLE oracle) AS a)
UNION ALL (SELECT 'oracle', * FROM (TABLE oracle EXCEPT ALL TABLE star) AS b);
END
$$;
-- v1 and v2 overflow: up, down, and in a type that has no hint; v3 has sums that are as large as a
-- bigint can be; the sums of v4 are out of range over all sessions, but not in any of them
INSERT INTO raw.events (event_id, visitor, at, points, price) VALUES
	('a1', 'v1', '2026-03-01Z', 9223372036854775807, NULL), ('a2', 'v1', '2026-03-01 00:01Z', 1, NULL),
	('b1', 'v2', '2026-03-01Z', -9223372036854775807, NULL), ('b2', 'v2', '2026-03-01 00:01Z', -2, NULL),
	('c1', 'v3', '2026-03-01Z', 9223372036854775806, 1), ('c2', 'v3', '2026-03-01 00:01Z', 1, NULL),
	('c3', 'v3', '2026-03-01 00:02Z', -1, NULL), ('c4', 'v3', '2026-03-02Z', -9223372036854775808, NULL),
	('d1', 'v4', '2026-03-01Z', 9223372036854775807, NULL), ('d2', 'v4', '2026-03-02Z', 9223372036854775807, NULL),
	('f1', 'v5', '2026-03-01Z', NULL, '9e131071'), ('f2', 'v5', '2026-03-01 00:01Z', NULL, '9e131071'),
	('g1', 'v6', '2026-03-01Z', NULL, '9e131071'), ('g2', 'v6', '2026-03-02Z', NULL, '9e131071'),
	('h1', 'v7', '2026-03-01Z', NULL, 'NaN'), ('h2', 'v7', '2026-03-01 00:01Z', NULL, 'infinity');
SELECT sessionize.add_measure('web', 'points', 'sum', 'points');
SELECT sessionize.add_measure('web', 'price', 'sum', 'price');
\set VERBOSITY terse
CALL sessionize.rebuild('web');
\set VERBOSITY default
SELECT session_key, tries, set_aside, error FROM sessionize.run_errors ORDER BY 1;
SELECT count(*) FROM raw.differences('{v1,v2,v5}');
-- what the star had of the keys that failed is still there, with nothing in the new columns
SELECT session_key, count(*), count(points), count(price) FROM web.sessions WHERE session_key IN ('v1', 'v2', 'v5') GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM sessionize.verify('web');
SELECT raw_rows, events, pending, difference FROM sessionize.reconcile('web');
SELECT session_key, points, round(price, -131071) FROM web.sessions_live WHERE started_at >= '2026-03-01Z' AND session_key IN ('v3', 'v4') ORDER BY 1, started_at;

-- refreshes try them again, twice, and then set them aside
CALL sessionize.refresh('web');
CALL sessionize.refresh('web');
CALL sessionize.refresh('web');
SELECT session_key, tries, set_aside, error FROM sessionize.run_errors ORDER BY 1;
SELECT count(*) FROM raw.differences('{v1,v2,v5}');
SELECT count(*) FROM sessionize.verify('web');
SELECT pending, difference FROM sessionize.reconcile('web');
-- rebuilds in any order count as failures, too, and leave the star as it is
\set VERBOSITY terse
CALL sessionize.rebuild('web', newest_first => true);
CALL sessionize.rebuild('web');
\set VERBOSITY default
SELECT session_key, error FROM sessionize.run_errors ORDER BY 1;
SELECT count(*) FROM raw.differences('{v1,v2,v5}');
SELECT count(*) FROM sessionize.verify('web');
SELECT pending, difference FROM sessionize.reconcile('web');

-- once the rows are put right, nothing is left of it
DELETE FROM raw.events WHERE event_id IN ('a2', 'b2');
UPDATE raw.events SET price = 1 WHERE event_id = 'f2';
CALL sessionize.refresh('web');
SELECT count(*) FROM sessionize.run_errors;
SELECT count(*) FROM raw.differences('{}');
SELECT count(*) FROM sessionize.verify('web');

-- a first build, and external sorts
INSERT INTO raw.events (event_id, visitor, at, points) VALUES ('a2', 'v1', '2026-03-01 00:01Z', 1);
SELECT sessionize.drop_pipeline('web');
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'visitor', event_time => 'at');
SELECT sessionize.add_measure('web', 'points', 'sum', 'points');
SELECT sessionize.add_measure('web', 'price', 'sum', 'price');
SET maintenance_work_mem = '1MB';
\set VERBOSITY terse
CALL sessionize.rebuild('web');
\set VERBOSITY default
SELECT session_key, error FROM sessionize.run_errors ORDER BY 1;
SELECT count(*) FROM raw.differences('{v1}');
SELECT count(*) FROM web.sessions WHERE session_key = 'v1';
SELECT count(*) FROM sessionize.verify('web');
SELECT pending, difference FROM sessionize.reconcile('web');
-- without capture nobody has noted the key, so verify says what to do
SELECT sessionize.create_pipeline('plain', 'raw.events', key => 'visitor', event_time => 'at', capture => false);
SELECT sessionize.add_measure('plain', 'points', 'sum', 'points');
DELETE FROM raw.events WHERE event_id = 'a2';
CALL sessionize.rebuild('plain');
SELECT count(*) FROM sessionize.verify('plain');
INSERT INTO raw.events (event_id, visitor, at, points) VALUES ('a2', 'v1', '2026-03-01 00:01Z', 1);
SELECT count(*) FROM sessionize.verify('plain');
\set VERBOSITY terse
CALL sessionize.rebuild('plain');
\set VERBOSITY default
SELECT count(*) FROM sessionize.verify('plain');
SELECT sessionize.drop_pipeline('plain');
SELECT sessionize.drop_pipeline('web');
DROP SCHEMA raw CASCADE;
