-- What checks compare with what: counts of rare events, versions that are new, rows that came last, the same hours.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szb;
CREATE TABLE szb.hits (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, name text, page text, account text, source text, version text, at timestamptz
);
CREATE INDEX ON szb.hits (visitor, at);
-- five weeks with four rare events an hour; in the last five days forty others as well, on one page before noon, on another after it,
-- half of them by the application, which knows no accounts
INSERT INTO szb.hits (visitor, name, source, account, at)
SELECT 'r' || n, 'rare', 'web', 'a' || n, '2026-01-01Z'::timestamptz + n * interval '15 minutes' FROM generate_series(0, 35 * 96 - 1) AS n;
INSERT INTO szb.hits (visitor, name, page, source, version, account, at)
SELECT 'd' || n, 'dense', CASE WHEN extract(hour FROM t.at) < 12 THEN '/morning' ELSE '/evening' END, s.source, s.source || '-1',
       CASE s.source WHEN 'web' THEN 'a' || n END, t.at
FROM generate_series(0, 5 * 24 * 40 - 1) AS n, LATERAL (SELECT '2026-01-31Z'::timestamptz + n * interval '90 seconds') AS t (at),
     LATERAL (SELECT (ARRAY['web', 'app'])[1 + n % 2]) AS s (source);
SELECT sessionize.create_pipeline('szb_web', 'szb.hits', key => 'visitor', event_time => 'at', event_name => 'name', user_id => 'account',
	page => 'page', raw_id => 'id');
SELECT sessionize.enable_event_counts('szb_web', source => 'source');
CALL sessionize.rebuild('szb_web');

-- an event that comes four times an hour: six hours with one of it are too few, though six roots of its median are more than the median
SELECT sessionize.add_check('szb_web', 'rare', 'volume', '{"by": "event_name", "hours": 6}');
SELECT status, value, lower FROM sessionize.run_checks('szb_web', 'rare', '2026-02-04 18:20Z');
DELETE FROM szb.hits WHERE name = 'rare' AND at >= '2026-02-04 12:10Z' AND at < '2026-02-04 18:00Z';
CALL sessionize.refresh('szb_web');
SELECT status, value, lower > 1 AS bounded FROM sessionize.run_checks('szb_web', 'rare', '2026-02-04 18:20Z');
SELECT subjects FROM sessionize.incidents WHERE state = 'open';
SELECT sessionize.drop_check('szb_web', 'rare');

-- a version that is new is compared with its source, a source that is new with all
SELECT sessionize.add_check('szb_web', 'accounts', 'presence', '{"expression": "account", "period": "3 hours", "rows_as_one": 1}');
SELECT count(*) FROM generate_series(30, 1, -1) AS n, sessionize.run_checks('szb_web', 'accounts', '2026-02-04 18:00Z'::timestamptz - n * interval '30 minutes');
UPDATE szb.hits SET version = 'app-2' WHERE source = 'app' AND at >= '2026-02-04 15:00Z';
SELECT status FROM sessionize.run_checks('szb_web', 'accounts', '2026-02-04 18:00Z');
UPDATE szb.hits SET source = 'tv' WHERE version = 'app-2';
SELECT status FROM sessionize.run_checks('szb_web', 'accounts', '2026-02-04 18:00Z');

-- of more rows than it may read, the last ones are judged
UPDATE szb.hits SET account = 'known';
UPDATE szb.hits SET account = NULL WHERE at >= '2026-02-04 17:30Z';
SELECT sessionize.add_check('szb_web', 'last accounts', 'presence', '{"expression": "account", "by": "", "period": "3 hours", "rows": 20, "max_share": 0.5}');
SELECT status, value FROM sessionize.run_checks('szb_web', 'last accounts', '2026-02-04 18:00Z');

-- a morning is compared with mornings
SELECT sessionize.add_check('szb_web', 'pages', 'distribution', '{"attribute": "page", "period": "12 hours", "history": "4 days", "rows_as_one": 1}');
SELECT status, value < 0.2 AS alike FROM sessionize.run_checks('szb_web', 'pages', '2026-02-04 12:00Z');
UPDATE szb.hits SET page = '/evening' WHERE page = '/morning' AND at >= '2026-02-04Z';
CALL sessionize.refresh('szb_web');
SELECT status, value < 0.2 AS alike FROM sessionize.run_checks('szb_web', 'pages', '2026-02-04 12:00Z');

-- the checks of an attribute with a long name have names of their own
SELECT sessionize.add_dimension('szb_web', 'long', format('{"%s": "version"}', repeat('a', 55))::jsonb, grain => 'event');
SELECT length(name) AS length, left(name, 17) || '...' || right(name, 11) AS name FROM sessionize.add_default_checks('szb_web') AS d (name) WHERE name LIKE '%aaa%' ORDER BY 2;

SELECT sessionize.drop_pipeline('szb_web');
DROP SCHEMA szb CASCADE;
