-- Raw events tables and their partitions.
SET client_min_messages = warning;
SET timezone = 'Asia/Kathmandu'; -- partitions are days of UTC all the same
CREATE ROLE regress_sz_events_owner;
CREATE ROLE regress_sz_events_collector;
CREATE ROLE regress_sz_events_other;
GRANT CREATE ON DATABASE :DBNAME TO regress_sz_events_owner;

-- what a partitioned table's partitions are by rights: of a day or month, from now on
CREATE FUNCTION expected_partitions(tab text, unit text, ahead int)
RETURNS TABLE (relname text, lower timestamptz, upper timestamptz) LANGUAGE sql AS $$
  SELECT tab || to_char(p, CASE unit WHEN 'day' THEN '"_p"YYYYMMDD' ELSE '"_p"YYYYMM' END),
         p AT TIME ZONE 'UTC', (p + ('1 ' || unit)::interval) AT TIME ZONE 'UTC'
  FROM generate_series(date_trunc(unit, now() AT TIME ZONE 'UTC'),
                       date_trunc(unit, now() AT TIME ZONE 'UTC') + ahead * ('1 ' || unit)::interval,
                       ('1 ' || unit)::interval) AS p
$$;
CREATE FUNCTION actual_partitions(tab regclass)
RETURNS TABLE (relname text, lower timestamptz, upper timestamptz) LANGUAGE sql SET timezone = 'UTC' AS $$
  SELECT c.relname, b[1]::timestamptz, b[2]::timestamptz
  FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid,
       regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(.*)''\) TO \(''(.*)''\)') AS b
  WHERE inhparent = tab AND b IS NOT NULL
$$;
CREATE FUNCTION partitions_are_right(tab regclass, unit text, ahead int) RETURNS boolean LANGUAGE sql AS $$
  SELECT NOT EXISTS ((SELECT * FROM expected_partitions(c.relname, unit, ahead) EXCEPT ALL SELECT * FROM actual_partitions(tab))
                     UNION ALL
                     (SELECT * FROM actual_partitions(tab) EXCEPT ALL SELECT * FROM expected_partitions(c.relname, unit, ahead)))
  FROM pg_class AS c WHERE c.oid = tab
$$;

-- by day, as somebody who is no superuser; the schema is made, and says so
SET ROLE regress_sz_events_owner;
BEGIN;
SET LOCAL client_min_messages = notice;
SELECT sessionize.create_events_table('szraw.events');
SET LOCAL client_min_messages = warning;
RESET ROLE;
SELECT partitions_are_right('szraw.events', 'day', 7);
COMMIT;
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull, collname,
       col_description(attrelid, attnum) IS NOT NULL AS commented
FROM pg_attribute LEFT JOIN pg_collation AS c ON c.oid = attcollation
WHERE attrelid = 'szraw.events'::regclass AND attnum > 0 ORDER BY attnum;
SELECT pg_get_partkeydef('szraw.events'::regclass), pg_get_indexdef(indexrelid, 1, true) AS c1,
       pg_get_indexdef(indexrelid, 2, true) AS c2, pg_get_indexdef(indexrelid, 3, true) AS c3
FROM pg_index WHERE indrelid = 'szraw.events'::regclass;
SELECT count(*) FILTER (WHERE pg_get_expr(relpartbound, oid) = 'DEFAULT') AS default_partitions
FROM pg_class WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'szraw.events'::regclass);

-- by month, and not at all
BEGIN;
SELECT sessionize.create_events_table('szraw.monthly', 'month');
SELECT partitions_are_right('szraw.monthly', 'month', 2);
SELECT sessionize.create_events_partitions('szraw.monthly', 40) AS made;
SELECT partitions_are_right('szraw.monthly', 'month', 40);
COMMIT;
SELECT sessionize.create_events_table('szraw."Flat ""one"""', 'none');
SELECT sessionize.create_events_table('szraw.flat2', NULL);
SELECT relkind FROM pg_class WHERE oid = 'szraw.flat2'::regclass;

-- a name without a schema is made where CREATE TABLE would make it
CREATE SCHEMA szpath;
SET search_path = szpath, public;
SELECT sessionize.create_events_table('unqualified', 'none');
SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 'unqualified';
RESET search_path;

-- a collector needs INSERT, and numbers come also for rows put straight into a partition
GRANT USAGE ON SCHEMA szraw TO regress_sz_events_collector;
GRANT INSERT ON szraw.events TO regress_sz_events_collector;
GRANT INSERT ON szraw.events_default TO regress_sz_events_collector;
SET ROLE regress_sz_events_collector;
INSERT INTO szraw.events (event_id, anonymous_id, occurred_at) VALUES ('a', 'x', '2020-01-01Z');
INSERT INTO szraw.events_default (event_id, anonymous_id, received_at) VALUES ('b', 'x', '2020-01-01Z');
SELECT * FROM szraw.events;
RESET ROLE;
SELECT event_id, raw_id, tableoid <> 'szraw.events_default'::regclass AS today,
       received_at BETWEEN now() - interval '1 hour' AND clock_timestamp() AS now FROM szraw.events ORDER BY raw_id;

-- the next partitions: idempotent, and rows that wait in the default partition move, all of them
BEGIN;
SELECT sessionize.create_events_partitions('szraw.events') AS made;
INSERT INTO szraw.events (event_id, received_at, properties)
SELECT 'e' || i, now() + i * interval '3 hours', jsonb_build_object('i', i) FROM generate_series(1, 200) AS i;
CREATE TEMP TABLE before AS SELECT * FROM szraw.events;
SELECT count(*) > 100 AS some_in_default FROM szraw.events_default;
SELECT sessionize.create_events_partitions('szraw.events', 20) AS made;
SELECT sessionize.create_events_partitions('szraw.events', 20) AS made;
SELECT partitions_are_right('szraw.events', 'day', 20);
(TABLE before EXCEPT ALL TABLE szraw.events) UNION ALL (TABLE szraw.events EXCEPT ALL TABLE before);
SELECT count(*) AS left_behind FROM szraw.events_default, actual_partitions('szraw.events')
WHERE received_at >= lower AND received_at < upper;
COMMIT;

-- a hole is filled, dropped and generated columns are no trouble, and all belongs to the table's owner
BEGIN;
SELECT relname AS hole FROM actual_partitions('szraw.events') ORDER BY lower OFFSET 3 LIMIT 1 \gset
DROP TABLE szraw.:"hole";
ALTER TABLE szraw.events DROP COLUMN device_id;
ALTER TABLE szraw.events ADD COLUMN shout text GENERATED ALWAYS AS (upper(event_id)) STORED;
INSERT INTO szraw.events (event_id, received_at)
SELECT 'h' || i, (date_trunc('day', now() AT TIME ZONE 'UTC') + interval '3 days 23:59:59.999999') AT TIME ZONE 'UTC'
FROM generate_series(1, 10) AS i;
SELECT sessionize.create_events_partitions('szraw.events', 20) AS made;
SELECT count(*), bool_and(shout = upper(event_id)) FROM szraw.:"hole" WHERE event_id LIKE 'h%';
SELECT partitions_are_right('szraw.events', 'day', 20);
SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class
WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'szraw.events'::regclass);
SELECT count(*) AS without_index FROM pg_inherits AS h WHERE inhparent = 'szraw.events'::regclass
AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = inhrelid AND indnatts = 3);
COMMIT;

-- a row that will not move stops the whole, and none is lost
BEGIN;
CREATE FUNCTION szraw.stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER stay BEFORE DELETE ON szraw.events_default FOR EACH ROW EXECUTE FUNCTION szraw.stay();
INSERT INTO szraw.events (event_id, received_at) VALUES ('stays', now() + interval '30 days');
SAVEPOINT a;
\set VERBOSITY sqlstate
SELECT sessionize.create_events_partitions('szraw.events', 40);
\set VERBOSITY default
ROLLBACK TO a;
SELECT count(*) FROM szraw.events WHERE event_id = 'stays';
ROLLBACK;

-- operators and functions of others are not used, whatever the search_path
CREATE SCHEMA szevil;
CREATE TABLE szevil.canary (fired int);
CREATE FUNCTION szevil.cmp(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS
'BEGIN INSERT INTO szevil.canary VALUES (1); RETURN true; END';
CREATE OPERATOR szevil.>= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = szevil.cmp);
CREATE OPERATOR szevil.< (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = szevil.cmp);
CREATE FUNCTION szevil.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS
'BEGIN INSERT INTO szevil.canary VALUES (2); RETURN now(); END';
SET search_path = szevil, pg_catalog;
SELECT sessionize.create_events_table('szraw.hostile');
INSERT INTO szraw.hostile (received_at) VALUES (pg_catalog.now() + '9 days');
SELECT sessionize.create_events_partitions('szraw.hostile', 10) AS made;
INSERT INTO szraw.hostile (event_id) VALUES ('x');
RESET search_path;
SELECT count(*) AS fired FROM szevil.canary;
DROP SCHEMA szevil CASCADE;

-- errors
SELECT count(*) AS relations FROM pg_class \gset
SELECT sessionize.create_events_table(NULL);
SELECT sessionize.create_events_table('szraw.events');
SELECT sessionize.create_events_table('szraw.x', 'week');
SELECT sessionize.create_events_table('');
SELECT sessionize.create_events_table('a b');
SELECT sessionize.create_events_table('elsewhere.szraw.x');
SELECT sessionize.create_events_table('pg_temp.x');
SELECT sessionize.create_events_table('szraw.' || repeat('x', 54));
SELECT sessionize.create_events_table('szraw.' || repeat('ä', 27));
SELECT sessionize.create_events_table('"szraw.x; DROP TABLE szraw.events"."y''""z"');
SELECT sessionize.create_events_partitions('"szraw.x; DROP TABLE szraw.events"."y''""z"', 9) AS made;
DROP SCHEMA "szraw.x; DROP TABLE szraw.events" CASCADE;
SET ROLE regress_sz_events_other;
DO $$
DECLARE hint text; message text;
BEGIN
  PERFORM sessionize.create_events_table('szmine.events');
EXCEPTION WHEN insufficient_privilege THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, message = MESSAGE_TEXT;
  RAISE WARNING '% / %', replace(message, current_database(), 'DB'), replace(hint, current_database(), 'DB');
END $$;
SELECT sessionize.create_events_table('szraw.mine');
SELECT sessionize.create_events_partitions((SELECT oid FROM pg_class WHERE relname = 'events' AND relkind = 'p'));
RESET ROLE;
SELECT sessionize.create_events_partitions(NULL);
SELECT sessionize.create_events_partitions(0);
SELECT sessionize.create_events_partitions('szraw.events', -1);
SELECT sessionize.create_events_partitions('szraw.events', 1001);
SELECT sessionize.create_events_partitions('szraw.flat2');
SELECT sessionize.create_events_partitions('pg_class');
SELECT count(*) - :relations AS relations_made FROM pg_class;
BEGIN;
CREATE TABLE szraw.list (received_at timestamptz) PARTITION BY LIST (received_at);
CREATE TABLE szraw.two (received_at timestamptz, b int) PARTITION BY RANGE (received_at, b);
CREATE TABLE szraw.expr (received_at timestamptz) PARTITION BY RANGE ((coalesce(received_at, received_at)));
CREATE TABLE szraw.local (received_at timestamp) PARTITION BY RANGE (received_at);
CREATE TABLE szraw.weekly (received_at timestamptz) PARTITION BY RANGE (received_at);
CREATE TABLE szraw.weekly_1 PARTITION OF szraw.weekly FOR VALUES FROM ('2026-01-05Z') TO ('2026-01-12Z');
SAVEPOINT a;
SELECT sessionize.create_events_partitions('szraw.list');
ROLLBACK TO a;
SELECT sessionize.create_events_partitions('szraw.two');
ROLLBACK TO a;
SELECT sessionize.create_events_partitions('szraw.expr');
ROLLBACK TO a;
SELECT sessionize.create_events_partitions('szraw.local');
ROLLBACK TO a;
SELECT sessionize.create_events_partitions('szraw.weekly');
ROLLBACK TO a;
-- open ends tell nothing, and no partition at all means days
CREATE TABLE szraw.open (received_at timestamptz) PARTITION BY RANGE (received_at);
CREATE TABLE szraw.open_old PARTITION OF szraw.open FOR VALUES FROM (MINVALUE) TO ('2026-01-12Z');
SELECT sessionize.create_events_partitions('szraw.open', 2) AS made;
SELECT partitions_are_right('szraw.open', 'day', 2);
CREATE TABLE szraw.bare (received_at timestamptz) PARTITION BY RANGE (received_at);
CREATE TABLE szraw.bare_all PARTITION OF szraw.bare FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
SELECT sessionize.create_events_partitions('szraw.bare', 2) AS made;
ROLLBACK;
-- a table that has the name of a partition to make
BEGIN;
SELECT relname AS detached FROM actual_partitions('szraw.hostile') ORDER BY lower LIMIT 1 \gset
ALTER TABLE szraw.hostile DETACH PARTITION szraw.:"detached";
DO $$
DECLARE hint text; message text;
BEGIN
  PERFORM sessionize.create_events_partitions('szraw.hostile');
EXCEPTION WHEN duplicate_table THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, message = MESSAGE_TEXT;
  RAISE WARNING '% / %', regexp_replace(message, '\d+', 'N'), hint;
END $$;
ROLLBACK;

-- The partitions of the next days are made by refreshes, as the table's owner, unless that is not wanted.
SELECT sessionize.create_events_table('szraw.ahead');
CREATE FUNCTION szraw.drop_last() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('DROP TABLE szraw.%I', 'ahead_p' || to_char((now() AT TIME ZONE 'UTC') + interval '7 days', 'YYYYMMDD'));
END $$;
SELECT sessionize.create_pipeline('szraw_ahead', 'szraw.ahead') AS made \g /dev/null
CALL sessionize.rebuild('szraw_ahead');
SELECT szraw.drop_last() \g /dev/null
SELECT partitions_are_right('szraw.ahead', 'day', 7);
CALL sessionize.refresh('szraw_ahead');
SELECT partitions_are_right('szraw.ahead', 'day', 7);
SELECT sessionize.keep_events_partitions('szraw.ahead', false);
SELECT szraw.drop_last() \g /dev/null
CALL sessionize.refresh('szraw_ahead');
SELECT partitions_are_right('szraw.ahead', 'day', 7);
SELECT sessionize.keep_events_partitions('szraw.ahead');
GRANT CREATE, USAGE ON SCHEMA szraw TO regress_sz_events_owner;
GRANT USAGE ON SCHEMA szraw TO regress_sz_events_other;
DO $$
DECLARE
  part regclass;
BEGIN
  FOR part IN SELECT relid FROM pg_partition_tree('szraw.ahead') LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO regress_sz_events_owner', part);
  END LOOP;
END $$;
CALL sessionize.refresh('szraw_ahead');
SELECT partitions_are_right('szraw.ahead', 'day', 7);
SELECT DISTINCT relowner::regrole FROM pg_class WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'szraw.ahead'::regclass) AND relname = 'ahead_p' || to_char((now() AT TIME ZONE 'UTC') + interval '7 days', 'YYYYMMDD');
SET ROLE regress_sz_events_other;
SELECT sessionize.keep_events_partitions('szraw.ahead', false);
RESET ROLE;
SELECT sessionize.keep_events_partitions(NULL);
SET client_min_messages = error;
SELECT sessionize.drop_pipeline('szraw_ahead') \g /dev/null
SET client_min_messages = warning;

DROP SCHEMA szraw, szpath CASCADE;
DROP FUNCTION expected_partitions, actual_partitions, partitions_are_right;
REVOKE CREATE ON DATABASE :DBNAME FROM regress_sz_events_owner;
DROP ROLE regress_sz_events_owner, regress_sz_events_collector, regress_sz_events_other;
