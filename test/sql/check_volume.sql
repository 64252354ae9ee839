-- What a volume is compared with where the weeks before had faults of their own.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szv;
CREATE TABLE szv.hits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, name text, at timestamptz);
CREATE INDEX ON szv.hits (visitor, at);
SELECT sessionize.create_pipeline('szv_web', 'szv.hits', key => 'visitor', event_time => 'at', event_name => 'name', raw_id => 'id');
SELECT sessionize.enable_event_counts('szv_web');
-- seven weeks with 35 to 55 events an hour, by a hash
INSERT INTO szv.hits (visitor, name, at)
SELECT 'v' || h || ' ' || n, 'view', '2026-01-01Z'::timestamptz + h * interval '1 hour' + n * interval '1 minute'
FROM generate_series(0, 7 * 168 - 1) AS h, generate_series(1, 35 + abs(hashint8(h) % 21)) AS n;
-- in the last three days, by day, all events twice, by others
INSERT INTO szv.hits (visitor, name, at)
SELECT 'b' || visitor, name, at FROM szv.hits WHERE at >= '2026-02-15 12:00Z' AND at < '2026-02-18 12:00Z' AND extract(hour FROM at) BETWEEN 4 AND 19;
-- a name that was sent for six hours, two weeks before
INSERT INTO szv.hits (visitor, name, at)
SELECT 'm' || n, 'mistake', '2026-02-04 12:00Z'::timestamptz + n * interval '1 minute' FROM generate_series(0, 359) AS n;
CALL sessionize.rebuild('szv_web');
SELECT sessionize.add_check('szv_web', 'all', 'volume', '{"hours": 6}');
SELECT sessionize.add_check('szv_web', 'names', 'volume', '{"hours": 6, "by": "event_name"}');
CREATE FUNCTION pg_temp.found(at timestamptz) RETURNS TABLE (check_name name, status text, value numeric, around boolean) LANGUAGE sql AS $$
SELECT r.check_name, r.status, r.value, r.value BETWEEN r.lower AND r.upper
FROM (VALUES ('all'), ('names')) AS c (name), sessionize.run_checks('szv_web', c.name, at) AS r ORDER BY 1
$$;

-- two weeks are not enough to say how often a name is sent: that it is not sent now is no failure; all events are as they should be
SELECT * FROM pg_temp.found('2026-02-18 18:20Z');
-- half of the events are lost; that most hours of the last three days were unusual does not make that usual
DELETE FROM szv.hits WHERE at >= '2026-02-18 12:00Z' AND at < '2026-02-18 18:00Z' AND id % 2 = 0;
CALL sessionize.refresh('szv_web');
SELECT * FROM pg_temp.found('2026-02-18 18:21Z');
-- nor do outages at the same hours of the last two weeks: two of six
DELETE FROM szv.hits WHERE name = 'view' AND at >= '2026-02-11 12:00Z' AND at < '2026-02-11 18:00Z' OR at >= '2026-02-04 12:00Z' AND at < '2026-02-04 18:00Z';
CALL sessionize.refresh('szv_web');
SELECT * FROM pg_temp.found('2026-02-18 18:22Z');
-- of four weeks they are half, and the median is half of what is usual
SELECT sessionize.alter_check('szv_web', 'all', '{"hours": 6, "weeks": 4}');
SELECT * FROM pg_temp.found('2026-02-18 18:23Z') WHERE check_name = 'all';
SELECT s.value -> 'sample' AS sample FROM sessionize.check_results AS k, jsonb_array_elements(k.sample) AS s WHERE k.check_name = 'all' AND k.at = '2026-02-18 18:22Z';

SELECT sessionize.drop_pipeline('szv_web');
DROP SCHEMA szv CASCADE;
