-- retention_table against plain SQL: kinds of retention, units, time zones, sources, keys and limits of memory.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA rt;
SET search_path = rt, sessionize, public;

-- The examples of the reference.
CREATE TABLE visits (visitor text, ts timestamptz);
INSERT INTO visits VALUES
  ('ann', '2026-03-02 10:00'), ('ann', '2026-03-03 10:00'), ('ann', '2026-03-05 10:00'),
  ('ben', '2026-03-02 11:00'), ('ben', '2026-03-05 09:00'), ('cho', '2026-03-03 12:00'), ('cho', '2026-03-04 12:00');
SELECT * FROM sessionize.retention_table('visits', 'visitor', 'ts', 'day', 3);
SELECT * FROM sessionize.retention_table('visits', 'visitor', 'ts', periods => 3, kind => 'unbounded') WHERE cohort = '2026-03-02';
SELECT * FROM sessionize.retention_table('visits', 'visitor', 'ts', kind => 'bracket', brackets => '{0,1,3,8}') WHERE cohort = '2026-03-02';
SELECT cohort, cohort_size, max(percent) FILTER (WHERE period = 1) AS "day 1", max(percent) FILTER (WHERE period = 2) AS "day 2", max(percent) FILTER (WHERE period = 3) AS "day 3"
FROM (SELECT *, round(100.0 * retained / cohort_size) AS percent FROM sessionize.retention_table('visits', 'visitor', 'ts', 'day', 3)) AS t
GROUP BY cohort, cohort_size ORDER BY cohort;
CREATE TABLE actions (visitor text, ts timestamptz, event text);
INSERT INTO actions VALUES
  ('ann', '2026-03-02 22:00', 'sign up'), ('ann', '2026-03-03 09:00', 'buy'), ('ann', '2026-03-04 23:00', 'buy'),
  ('ben', '2026-03-02 08:00', 'buy'), ('ben', '2026-03-02 11:00', 'sign up'), ('ben', '2026-03-03 12:00', 'visit'),
  ('cho', '2026-03-03 12:00', 'visit'), ('cho', '2026-03-04 12:00', 'buy');
SELECT * FROM sessionize.retention_table('actions', 'visitor', 'ts', 'day', 3, cohort_event => $$event = 'sign up'$$, return_event => $$event = 'buy'$$);
SELECT * FROM sessionize.retention_table('actions', 'visitor', 'ts', 'day', 3, cohort_event => $$event = 'sign up'$$, return_event => $$event = 'buy'$$, from_first_event => true);

-- The same by joins.  Periods are numbered by the calendar; a cohort's column is there if it had begun when the last event was.
CREATE FUNCTION number(unit text, local timestamp) RETURNS int LANGUAGE sql AS $$
  SELECT CASE unit WHEN 'day' THEN local::date - '2000-01-03' WHEN 'week' THEN (date_trunc('week', local)::date - '2000-01-03') / 7
                   WHEN 'sunday_week' THEN (date_trunc('week', local + interval '1 day')::date - '2000-01-03') / 7
                   ELSE (extract(year FROM local) * 12 + extract(month FROM local))::int END
$$;
CREATE FUNCTION starts(unit text, local timestamp) RETURNS date LANGUAGE sql AS $$
  SELECT CASE unit WHEN 'sunday_week' THEN date_trunc('week', local + interval '1 day')::date - 1 ELSE date_trunc(unit, local)::date END
$$;
CREATE FUNCTION matches(source text, key text, ts text, unit text, periods int, kind text DEFAULT 'n_day', brackets int[] DEFAULT NULL, zone text DEFAULT NULL)
    RETURNS TABLE (rows bigint, "all" boolean, same boolean)
    LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('CREATE TEMP TABLE activity AS SELECT DISTINCT coalesce(%1$I::text, ''null'') AS k, rt.number(%3$L, %2$I AT TIME ZONE %4$L) AS n, rt.starts(%3$L, %2$I AT TIME ZONE %4$L) AS day FROM %5$s WHERE %2$I IS NOT NULL',
                   key, ts, unit, coalesce(zone, current_setting('TimeZone')), source);
    CREATE TEMP TABLE expected AS
    WITH firsts AS (SELECT k, min(n) AS first, min(day) AS day FROM activity GROUP BY k),
         cohorts AS (SELECT first, day, count(*) AS size FROM firsts GROUP BY first, day),
         columns AS (SELECT i AS low, CASE kind WHEN 'unbounded' THEN 1000000000 ELSE i END AS high FROM generate_series(0, periods) AS i WHERE kind <> 'bracket'
                     UNION ALL
                     SELECT brackets[i], brackets[i + 1] - 1 FROM generate_series(1, cardinality(brackets) - 1) AS i WHERE kind = 'bracket')
    SELECT c.day AS cohort, c.size AS cohort_size, p.low AS period, coalesce(r.keys, 0) AS retained
    FROM cohorts AS c CROSS JOIN columns AS p
    LEFT JOIN (SELECT f.first, q.low, count(DISTINCT f.k) AS keys
               FROM firsts AS f JOIN activity AS a USING (k) JOIN columns AS q ON a.n - f.first BETWEEN q.low AND q.high GROUP BY 1, 2) AS r
        ON r.first = c.first AND r.low = p.low
    WHERE c.first + p.low <= (SELECT max(n) FROM activity);
    CREATE TEMP TABLE actual AS SELECT * FROM retention_table(source::regclass, key, ts, unit, periods, kind, brackets, zone);
    RETURN QUERY SELECT (SELECT count(*) FROM actual),
        (SELECT bool_and(retained = cohort_size) FROM actual WHERE period = 0 AND kind <> 'bracket'),
        NOT EXISTS ((TABLE expected EXCEPT ALL TABLE actual) UNION ALL (TABLE actual EXCEPT ALL TABLE expected));
    DROP TABLE activity, expected, actual;
END
$$;

-- 6000 events of 700 keys in no order, over five months, some without a key or a time, many at midnight of some zone.
CREATE TABLE events AS
SELECT i AS id, CASE WHEN i % 97 <> 0 THEN (hashint8extended(i, 1) & 65535) % 700 END AS user_id,
       CASE WHEN i % 89 = 0 THEN NULL
            WHEN i % 4 = 0 THEN timestamptz '2025-11-20 00:00 America/New_York' + (hashint8extended(i, 2) & 127) * interval '1 day' - (i % 3) * interval '1 microsecond'
            ELSE timestamptz '2025-11-20' + (hashint8extended(i, 2) & 16777215) * interval '0.7 seconds' + (i % 700) * interval '1 hour' END AS ts
FROM generate_series(1, 6000) AS i;
SELECT unit, periods, m.* FROM (VALUES ('day', 0), ('day', 1), ('day', 63), ('day', 64), ('day', 300), ('week', 8), ('week', 30), ('sunday_week', 8), ('month', 12)) AS v (unit, periods),
    matches('events', 'user_id', 'ts', unit, periods) AS m;
SELECT unit, kind, m.* FROM unnest('{day,week,sunday_week,month}'::text[]) AS unit, unnest('{n_day,unbounded,bracket}'::text[]) AS kind,
    matches('events', 'user_id', 'ts', unit, 10, kind, CASE kind WHEN 'bracket' THEN '{0,1,3,4,70}'::int[] END) AS m;
SELECT brackets, m.* FROM unnest(ARRAY['{0,1}', '{5,6}', '{1,64,65,128,129}', '{0,10001}']) AS brackets, matches('events', 'user_id', 'ts', 'day', 10, 'bracket', brackets::int[]) AS m;
-- the session's time zone, or another
SELECT zone, m.* FROM unnest('{UTC,America/New_York,Asia/Kathmandu,Pacific/Kiritimati,+05:30}'::text[]) AS zone, matches('events', 'user_id', 'ts', 'day', 40, zone => zone) AS m;
SET timezone = 'America/New_York';
SELECT unit, m.* FROM unnest('{day,week,sunday_week,month}'::text[]) AS unit, matches('events', 'user_id', 'ts', unit, 40) AS m;
SET timezone = 'UTC';
-- in order of time, and in the reverse of it: then each event is the first so far
CREATE TABLE ascending AS SELECT * FROM events ORDER BY ts;
CREATE TABLE descending AS SELECT * FROM events ORDER BY ts DESC NULLS LAST;
SELECT source, m.* FROM unnest('{ascending,descending}'::text[]) AS source, matches(source, 'user_id', 'ts', 'day', 130) AS m;
-- The first event is one of its own, so is the return, and periods may begin with the first event.  Oracle: joins
-- over times.
CREATE FUNCTION event_matches(unit text, periods int, kind text DEFAULT 'n_day', brackets int[] DEFAULT NULL, cohort_event text DEFAULT NULL, return_event text DEFAULT NULL,
                              from_first boolean DEFAULT false, source text DEFAULT 'rt.events', zone text DEFAULT NULL)
    RETURNS TABLE (rows bigint, retained numeric, same boolean)
    LANGUAGE plpgsql
AS $$
DECLARE
    length numeric := CASE unit WHEN 'day' THEN 86400 ELSE 604800 END;
BEGIN
    EXECUTE format('CREATE TEMP TABLE activity AS SELECT coalesce(user_id::text, ''null'') AS k, ts, coalesce(%1$s, false) AS begins, coalesce(%2$s, false) AS returns FROM %3$s WHERE ts IS NOT NULL',
                   coalesce(cohort_event, 'true'), coalesce(return_event, 'true'), source);
    CREATE TEMP TABLE expected AS
    WITH zoned AS (SELECT k, ts, begins, returns, ts AT TIME ZONE coalesce(zone, current_setting('TimeZone')) AS local FROM activity),
         firsts AS (SELECT k, min(ts) AS began, rt.number(unit, min(local)) AS first, rt.starts(unit, min(local)) AS day FROM zoned WHERE begins GROUP BY k),
         cohorts AS (SELECT first, day, count(*) AS size, min(began) AS began FROM firsts GROUP BY first, day),
         columns AS (SELECT i AS low, CASE kind WHEN 'unbounded' THEN 1000000000 ELSE i END AS high FROM generate_series(0, periods) AS i WHERE kind <> 'bracket'
                     UNION ALL
                     SELECT brackets[i], brackets[i + 1] - 1 FROM generate_series(1, cardinality(brackets) - 1) AS i WHERE kind = 'bracket'),
         back AS (SELECT f.k, f.first, CASE WHEN from_first THEN floor(extract(epoch FROM z.ts - f.began) / length)::int ELSE rt.number(unit, z.local) - f.first END AS n
                  FROM firsts AS f JOIN zoned AS z USING (k) WHERE z.returns AND z.ts >= f.began)
    SELECT c.day AS cohort, c.size AS cohort_size, p.low AS period, coalesce(r.keys, 0) AS retained
    FROM cohorts AS c CROSS JOIN columns AS p
    LEFT JOIN (SELECT b.first, q.low, count(DISTINCT b.k) AS keys FROM back AS b JOIN columns AS q ON b.n BETWEEN q.low AND q.high GROUP BY 1, 2) AS r
        ON r.first = c.first AND r.low = p.low
    WHERE CASE WHEN from_first THEN extract(epoch FROM (SELECT max(ts) FROM zoned) - c.began) >= p.low * length
               ELSE c.first + p.low <= (SELECT rt.number(unit, max(local)) FROM zoned) END;
    CREATE TEMP TABLE actual AS SELECT * FROM retention_table(source::regclass, 'user_id', 'ts', unit, periods, kind, brackets, zone, cohort_event, return_event, from_first);
    RETURN QUERY SELECT (SELECT count(*) FROM actual), (SELECT sum(a.retained) FROM actual AS a),
        NOT EXISTS ((TABLE expected EXCEPT ALL TABLE actual) UNION ALL (TABLE actual EXCEPT ALL TABLE expected));
    DROP TABLE activity, expected, actual;
END
$$;
SELECT unit, kind, m.* FROM unnest('{day,week,sunday_week,month}'::text[]) AS unit, unnest('{n_day,unbounded,bracket}'::text[]) AS kind,
    event_matches(unit, 10, kind, CASE kind WHEN 'bracket' THEN '{0,1,3,4,70}'::int[] END, 'id % 7 = 0', 'id % 3 = 1') AS m;
SELECT unit, kind, m.* FROM unnest('{day,week,sunday_week}'::text[]) AS unit, unnest('{n_day,unbounded,bracket}'::text[]) AS kind,
    event_matches(unit, 10, kind, CASE kind WHEN 'bracket' THEN '{1,3,4,70}'::int[] END, from_first => true) AS m;
SELECT cohort_event, return_event, from_first, m.* FROM (VALUES ('id % 2 = 0', NULL), (NULL, 'id % 2 = 0'), ('id % 11 = 0', 'id % 2 = 0'), ('id % 2 = 0', 'id % 2 = 0'), ('nullif(id % 5 = 0, false)', 'user_id % 2 = 0'), ('false', NULL), (NULL, 'false'), ('true', 'true')) AS v (cohort_event, return_event),
    unnest('{f,t}'::boolean[]) AS from_first, event_matches('day', 70, cohort_event => cohort_event, return_event => return_event, from_first => from_first) AS m;
SELECT source, zone, m.* FROM unnest('{ascending,descending}'::text[]) AS source, unnest('{UTC,America/New_York}'::text[]) AS zone,
    event_matches('day', 40, 'n_day', NULL, 'id % 7 = 0', 'id % 3 = 1', true, source, zone) AS m;
-- a return at the time of the first event counts, one a microsecond before does not; 24 hours later is period 1, a
-- microsecond less is 0, also where the clock is moved
CREATE TABLE edges (k int, ts timestamptz, e text);
INSERT INTO edges VALUES (1, '2026-03-28 12:00+00', 'first'), (1, '2026-03-28 12:00+00', 'back'), (2, '2026-03-28 12:00+00', 'first'), (2, '2026-03-28 11:59:59.999999+00', 'back'),
  (3, '2026-03-28 12:00+00', 'first'), (3, '2026-03-29 12:00+00', 'back'), (4, '2026-03-28 12:00+00', 'first'), (4, '2026-03-29 11:59:59.999999+00', 'back'), (5, '2026-03-28 12:00+00', 'back');
SELECT * FROM retention_table('edges', 'k', 'ts', 'day', 1, time_zone => 'Europe/Berlin', cohort_event => $$e = 'first'$$, return_event => $$e = 'back'$$, from_first_event => true);
SELECT * FROM retention_table('edges', 'k', 'ts', 'day', 1, time_zone => 'Europe/Berlin', cohort_event => $$e = 'first'$$, return_event => $$e = 'back'$$);
-- a row that satisfies neither condition still says how far the source goes
INSERT INTO edges VALUES (6, '2026-04-02 12:00+00', 'neither'), (6, NULL, 'first');
SELECT * FROM retention_table('edges', 'k', 'ts', 'day', 9, cohort_event => $$e = 'first'$$, return_event => $$e = 'back'$$);
SELECT * FROM retention_table('edges', 'k', 'ts', 'day', 9, cohort_event => $$e = 'first'$$, return_event => $$e = 'back'$$, from_first_event => true);
SELECT * FROM retention_table('edges', 'k', 'ts', cohort_event => $$e = 'none'$$);
-- both ends of time
CREATE TABLE ends AS SELECT 1 AS k, ts FROM unnest('{4713-01-01 12:00 BC,294276-12-31 23:59:59}'::timestamptz[]) AS ts;
SELECT * FROM retention_table('ends', 'k', 'ts', 'day', 1, 'unbounded', from_first_event => true) ;
SELECT * FROM retention_table('ends', 'k', 'ts', 'sunday_week', 0);
-- a million events of one key
CREATE TABLE lone AS SELECT 1 AS k, timestamptz '2026-01-01' + i * interval '1 minute' AS ts, i FROM generate_series(0, 999999) AS i;
SELECT cohort, cohort_size, count(*) AS periods, sum(retained) AS retained FROM retention_table('lone', 'k', 'ts', 'day', 1000, cohort_event => 'i = 1440', return_event => 'i % 2880 = 0', from_first_event => true) GROUP BY 1, 2;
SET sessionize.max_group_events = 1000;
SELECT count(*) FROM retention_table('lone', 'k', 'ts', from_first_event => true);
RESET sessionize.max_group_events;

-- the result is in order of cohort and period
SELECT count(*) > 100 AS many, bool_and((cohort, period) > (before, period_before)) AS ordered
FROM (SELECT *, lag(cohort) OVER () AS before, lag(period) OVER () AS period_before FROM retention_table('events', 'user_id', 'ts')) AS x WHERE before IS NOT NULL;

-- Before the epoch, before Christ, and at the ends of dates.
CREATE TABLE old AS
SELECT k, ts::timestamptz FROM (VALUES (1, '1999-12-31'), (1, '2000-01-02'), (1, '2000-01-03'), (2, '1969-12-30'), (2, '1970-02-01'), (3, '0001-01-05 BC'), (3, '0001-01-12 BC'), (3, '0001-02-09 BC')) AS v (k, ts);
SELECT unit, t.* FROM unnest('{day,week,sunday_week,month}'::text[]) AS unit, retention_table('old', 'k', 'ts', unit, 40) AS t WHERE retained > 0 ORDER BY unit, cohort, period;
CREATE TABLE far AS SELECT 1 AS k, timestamptz '294276-12-30 12:00' AS ts;
SELECT unit, t.cohort = date_trunc(unit, timestamp '294276-12-30')::date AS right, cohort_size FROM unnest('{day,week,month}'::text[]) AS unit, retention_table('far', 'k', 'ts', unit) AS t;
CREATE TABLE very_old AS SELECT 1 AS k, timestamptz '4713-01-01 12:00 BC' AS ts;
SELECT unit, t.cohort = date_trunc(unit, timestamp '4713-01-01 BC')::date AS right, cohort_size FROM unnest('{day,week,month}'::text[]) AS unit, retention_table('very_old', 'k', 'ts', unit) AS t;
CREATE TABLE oldest AS SELECT 1 AS k, timestamptz '4714-11-24 00:00 BC' AS ts;
SELECT unit, t.cohort, cohort_size FROM unnest('{day,week}'::text[]) AS unit, retention_table('oldest', 'k', 'ts', unit) AS t;
SELECT * FROM retention_table('oldest', 'k', 'ts', 'month');
INSERT INTO oldest SELECT 1, '294276-12-31 23:59:59';
SELECT cohort, cohort_size, period, retained FROM retention_table('oldest', 'k', 'ts', 'day', 1, 'unbounded');

-- Kinds of keys and sources.
CREATE TABLE kinds AS SELECT ts, user_id, 'user ' || user_id AS name, md5(user_id::text)::uuid AS uuid, user_id::numeric AS numeric, ARRAY[user_id] AS list FROM events;
CREATE TABLE parted (user_id bigint, ts timestamptz) PARTITION BY RANGE (ts);
CREATE TABLE part_a PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2026-01-02');
CREATE TABLE part_b (ts timestamptz, gone int, user_id bigint);
ALTER TABLE part_b DROP gone;
ALTER TABLE parted ATTACH PARTITION part_b DEFAULT;
INSERT INTO parted SELECT user_id, ts FROM events WHERE ts IS NOT NULL;
CREATE VIEW viewed AS SELECT user_id % 100 AS user_id, ts + interval '1 hour' AS ts FROM events;
SELECT key, m.* FROM unnest('{user_id,name,uuid,numeric,list}'::text[]) AS key, matches('kinds', key, 'ts', 'week', 8) AS m;
SELECT source, m.* FROM unnest('{parted,part_b,viewed}'::text[]) AS source, matches(source, 'user_id', 'ts', 'week', 8) AS m;
CREATE TABLE empty (k int, ts timestamptz);
SELECT * FROM retention_table('empty', 'k', 'ts');
INSERT INTO empty VALUES (1, NULL);
SELECT * FROM retention_table('empty', 'k', 'ts');

-- Where memory ends, everything goes through temporary files, with no difference in the result.
CREATE TABLE many AS SELECT (hashint8extended(id + r * 10000, 5) & 65535) % 9000 AS user_id, 'some user ' || id AS name, ts FROM events, generate_series(1, 3) AS r;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT m.* FROM matches('many', 'user_id', 'ts', 'day', 150) AS m;
SELECT m.* FROM matches('many', 'name', 'ts', 'week', 8) AS m;
-- an event later than all periods asked for still counts for unbounded retention, and says how late it is
SELECT m.* FROM matches('many', 'user_id', 'ts', 'day', 2, 'unbounded') AS m;
SELECT m.* FROM event_matches('week', 8, 'n_day', NULL, 'length(name) % 2 = 0', NULL, true, 'many') AS m;
SELECT m.* FROM event_matches('day', 2, 'unbounded', NULL, NULL, 'length(name) % 2 = 0', false, 'many') AS m;
SET temp_file_limit = '64kB';
\set VERBOSITY sqlstate
SELECT count(*) FROM retention_table('many', 'user_id', 'ts', 'day', 150);
\set VERBOSITY default
RESET temp_file_limit;
RESET work_mem;
RESET hash_mem_multiplier;
-- a table may have so many cells
CREATE TABLE scattered AS SELECT i AS k, timestamptz '2026-01-01' - i * interval '1 day' AS ts FROM generate_series(1, 1700) AS i;
SELECT count(*) FROM retention_table('scattered', 'k', 'ts', 'day', 10000);
SELECT count(*) FROM retention_table('scattered', 'k', 'ts', 'day', 30);

-- Privileges.
CREATE ROLE regress_retention_reader;
GRANT USAGE ON SCHEMA rt TO regress_retention_reader;
GRANT SELECT (user_id, ts) ON events TO regress_retention_reader;
SET ROLE regress_retention_reader;
SELECT count(*) > 100 AS readable FROM retention_table('events', 'user_id', 'ts');
SELECT count(*) FROM retention_table('events', 'id', 'ts');
SELECT count(*) FROM retention_table('events', 'user_id', 'ts', cohort_event => 'id = 1');
SELECT count(*) > 0 AS readable FROM retention_table('events', 'user_id', 'ts', return_event => 'user_id = 1');
RESET ROLE;

-- Mistakes, and what to do about them.
SELECT * FROM retention_table(NULL, 'user_id', 'ts');
SELECT * FROM retention_table('events', NULL, 'ts');
SELECT * FROM retention_table('events', 'user_id', NULL);
SELECT * FROM retention_table('events', 'user_id', 'ts', NULL);
SELECT * FROM retention_table('events', 'user_id', 'ts', 'fortnight');
SELECT * FROM retention_table('events', 'user_id', 'ts', 'day', NULL);
SELECT * FROM retention_table('events', 'user_id', 'ts', 'day', -1);
SELECT * FROM retention_table('events', 'user_id', 'ts', 'day', 10001);
SELECT * FROM retention_table('events', 'user_id', 'ts', kind => NULL);
SELECT * FROM retention_table('events', 'user_id', 'ts', kind => 'rolling');
SELECT * FROM retention_table('events', 'user_id', 'ts', 'month', from_first_event => true);
SELECT * FROM retention_table('events', 'user_id', 'ts', from_first_event => NULL);
SELECT * FROM retention_table('events', 'user_id', 'ts', cohort_event => '');
SELECT * FROM retention_table('events', 'user_id', 'ts', return_event => 'id');
SELECT * FROM retention_table('events', 'user_id', 'ts', return_event => 'id = ');
SELECT * FROM retention_table('events', 'user_id', 'ts', cohort_event => 'none = 1');
SELECT * FROM retention_table('events', 'user_id', 'ts', cohort_event => 'EXISTS (SELECT 1)');
SELECT * FROM retention_table('events', 'user_id', 'ts', cohort_event => '1 / (id - id) = 1');
SELECT * FROM retention_table('events', 'user_id', 'ts', kind => 'bracket');
SELECT * FROM retention_table('events', 'user_id', 'ts', brackets => '{0,1}');
SELECT * FROM retention_table('events', 'user_id', 'ts', kind => 'bracket', brackets => '{0}');
SELECT * FROM retention_table('events', 'user_id', 'ts', kind => 'bracket', brackets => '{0,1,NULL}');
SELECT * FROM retention_table('events', 'user_id', 'ts', kind => 'bracket', brackets => '{0,2,2}');
SELECT * FROM retention_table('events', 'user_id', 'ts', kind => 'bracket', brackets => '{-1,2}');
SELECT * FROM retention_table('events', 'user_id', 'ts', kind => 'bracket', brackets => '{0,10002}');
SELECT * FROM retention_table('events', 'user_id', 'ts', kind => 'bracket', brackets => '{{0,1},{2,3}}');
SELECT * FROM retention_table('events', 'user_id', 'ts', time_zone => 'Mars/Olympus');
SELECT * FROM retention_table('events', 'user_id', 'ts', time_zone => repeat('x', 260));
SELECT * FROM retention_table('events', 'user', 'ts');
SELECT * FROM retention_table('events', 'user_id', 'id');
CREATE TABLE infinite AS SELECT 1 AS k, timestamptz 'infinity' AS ts;
SELECT * FROM retention_table('infinite', 'k', 'ts');

SET client_min_messages = warning;
DROP SCHEMA rt CASCADE;
DROP ROLE regress_retention_reader;
