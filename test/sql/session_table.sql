-- session_table against lag() and sum() OVER, over kinds of keys, sources, orders of rows and limits of memory.
SET TimeZone = 'UTC';

CREATE SCHEMA st;
SET search_path = st, sessionize, public;

-- The same sessions by plain SQL, compared three ways: as the plan node gives them, as the function itself
-- gives them (WITH ORDINALITY needs it), and with the key as text.
CREATE FUNCTION matches(source text, key text, ts text, gap interval DEFAULT '30 minutes')
    RETURNS TABLE (node boolean, function boolean, as_text boolean)
    LANGUAGE plpgsql
AS $$
DECLARE
    type text;
    expected text;
    typed text;
    difference text := '(SELECT count(*) = 0 FROM ((TABLE expected EXCEPT ALL TABLE %1$s) UNION ALL (TABLE %1$s EXCEPT ALL TABLE expected)) d)';
BEGIN
    EXECUTE format('SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %L::regclass AND attname = %L',
                   source, key) INTO type;
    expected := format(
        'SELECT k, n, min(t), max(t), count(*)
         FROM (SELECT k, t, sum(starts) OVER (PARTITION BY k ORDER BY t) AS n
               FROM (SELECT %1$I AS k, %2$I AS t,
                            CASE WHEN %2$I - lag(%2$I) OVER (PARTITION BY %1$I ORDER BY %2$I) <= %3$L THEN 0 ELSE 1 END AS starts
                     FROM %4$s WHERE %2$I IS NOT NULL) a) b
         GROUP BY k, n', key, ts, gap, source);
    typed := format('session_table(%L, %L, %L, %L, NULL::%s)', source, key, ts, gap, type);
    EXECUTE format('WITH expected AS (%s), actual AS (SELECT * FROM %s) SELECT ', expected, typed)
        || format(difference, 'actual') INTO node;
    EXECUTE format('WITH expected AS (%s), actual AS (SELECT key, session_number, started_at, ended_at, events FROM %s WITH ORDINALITY) SELECT ',
                   expected, typed) || format(difference, 'actual') INTO function;
    EXECUTE format('WITH expected AS (SELECT CASE WHEN k IS DISTINCT FROM NULL THEN format(''%%s'', k) END, n, min, max, count FROM (%s) e), actual AS (SELECT * FROM session_table(%L, %L, %L, %L)) SELECT ',
                   expected, source, key, ts, gap) || format(difference, 'actual') INTO as_text;
    RETURN NEXT;
END
$$;

-- 6000 events of 150 keys in no order, some without a key or a time, many at the same time.
CREATE TABLE events AS
SELECT i AS id,
       CASE WHEN i % 97 <> 0 THEN (hashint8extended(i, 1) & 1023) % 150 END AS user_id,
       CASE WHEN i % 89 <> 0 THEN timestamptz '2026-03-01' + ((hashint8extended(i, 2) & 65535) % 20000) * interval '23 seconds' END AS ts
FROM generate_series(1, 6000) i;

SELECT * FROM matches('events', 'user_id', 'ts');
SELECT gap, m.* FROM unnest('{0,1 second,23 seconds,5 minutes,1 hour,1000 days}'::interval[]) gap, matches('events', 'user_id', 'ts', gap) m;
SELECT count(*) > 1000 AS many, count(*) = (SELECT count(*) FROM session_table('events', 'user_id', 'ts') WITH ORDINALITY) AS same,
       count(DISTINCT key) FROM session_table('events', 'user_id', 'ts');

-- In order of time, in the reverse of it, and the bounds of a timestamp.
CREATE TABLE ascending AS SELECT * FROM events ORDER BY ts;
CREATE TABLE descending AS SELECT * FROM events ORDER BY ts DESC;
SELECT o, m.* FROM unnest('{ascending,descending}'::text[]) o, matches(o, 'user_id', 'ts') m;
CREATE TABLE extremes AS
SELECT k, ts::timestamptz FROM generate_series(1, 3) k,
    unnest('{4714-11-24 00:00:00+00 BC,294276-12-31 23:59:59.999999+00,2026-01-01,294276-12-31 23:59:59+00,4714-11-24 00:00:00.000001+00 BC}'::text[]) ts;
SELECT DISTINCT session_number, started_at, ended_at, events, count(*) OVER (PARTITION BY session_number) AS keys
FROM session_table('extremes', 'k', 'ts') ORDER BY 1;

-- A late event that joins the last session to one before it.
CREATE TABLE bridged AS SELECT 1 AS k, timestamptz '2026-01-01 10:00' + m * interval '1 minute' AS ts FROM unnest('{0,100,160,130}'::int[]) m;
SELECT session_number, started_at, ended_at, events FROM session_table('bridged', 'k', 'ts') ORDER BY 1;

-- The default gap is 30 minutes, and exactly the gap stays together.
CREATE TABLE edge (k int, ts timestamptz);
INSERT INTO edge VALUES (1, '2026-01-01 10:00'), (1, '2026-01-01 10:30'), (1, '2026-01-01 11:00:00.000001'), (2, '2026-01-01 09:00');
SELECT * FROM session_table('edge', 'k', 'ts') ORDER BY key, session_number;
SELECT * FROM session_table(source => 'edge', key => 'k', ts => 'ts', gap => '30 minutes 0.000001 seconds') ORDER BY key, session_number;

-- The other examples of docs/reference/session_table.md.
SELECT count(*), sum(sessions) > 1000 AS many FROM (
    SELECT key, count(*) AS sessions FROM sessionize.session_table('events', 'user_id', 'ts', '1 hour', NULL::bigint) GROUP BY key) s;
EXPLAIN (COSTS OFF) SELECT count(*) FROM sessionize.session_table('events', 'user_id', 'ts');
CREATE TABLE events_local AS SELECT user_id, ts AT TIME ZONE 'UTC' AS ts FROM events;
CREATE VIEW events_utc AS SELECT user_id, ts AT TIME ZONE 'UTC' AS ts FROM events_local;
SELECT count(*) = (SELECT count(*) FROM session_table('events', 'user_id', 'ts')) AS same
FROM sessionize.session_table('events_utc', 'user_id', 'ts');

-- Kinds of keys.
CREATE TYPE st.colour AS ENUM ('red', 'green', 'blue');
CREATE TYPE st.place AS (country text, city int);
CREATE DOMAIN st.user_id AS bigint CHECK (value >= 0);
CREATE DOMAIN st.user_name AS text;
CREATE DOMAIN st.home AS st.place;
CREATE TABLE kinds AS
SELECT ts,
       user_id::int2 AS "int2", user_id::int4 AS "int4", user_id::oid AS "oid", user_id % 2 = 0 AS "bool", ('a' || user_id % 9)::"char" AS "char",
       date '2026-01-01' + user_id::int AS "date", timestamptz '2026-01-01' + user_id * interval '1 day' AS "timestamptz",
       user_id::money AS "money", (user_id % 128)::int::bit(8) AS "bit", ('{red,green,blue}'::st.colour[])[1 + user_id % 3] AS "enum",
       user_id::st.user_id AS "domain of bigint",
       md5(user_id::text)::uuid AS "uuid", ('user-' || user_id)::name AS "name", '10:00+01'::timetz + user_id * interval '1 minute' AS "timetz",
       ('08:00:2b:01:02:' || lpad(to_hex(user_id % 100), 2, '0'))::macaddr AS "macaddr",
       'user ' || user_id AS "text", ('user ' || user_id)::varchar(20) AS "varchar", ('user ' || user_id)::st.user_name AS "domain of text",
       decode(md5(user_id::text), 'hex') AS "bytea", ('10.0.0.' || user_id)::inet AS "inet", ('user ' || user_id)::char(12) AS "char(n)",
       CASE id % 3 WHEN 0 THEN user_id::numeric WHEN 1 THEN user_id::numeric(10, 2) ELSE user_id::numeric(20, 10) END AS "numeric",
       CASE WHEN user_id < 20 THEN CASE WHEN id % 2 = 0 THEN -0.0 ELSE 0.0 END WHEN user_id < 40 THEN 'NaN' ELSE user_id / 7.0 END::float8 AS "float8",
       CASE WHEN user_id < 20 THEN CASE WHEN id % 2 = 0 THEN -0.0 ELSE 0.0 END WHEN user_id < 40 THEN 'NaN' ELSE user_id END::float4 AS "float4",
       CASE id % 2 WHEN 0 THEN user_id * interval '1 day' ELSE user_id * interval '24 hours' END AS "interval",
       jsonb_build_object('user', user_id) AS "jsonb", ARRAY[user_id, user_id % 7] AS "array", ARRAY[('u' || user_id)::text, NULL] AS "array of text",
       CASE WHEN user_id IS NOT NULL THEN ROW(CASE WHEN user_id % 5 > 0 THEN 'c' || user_id % 5 END, user_id)::st.place END AS "composite",
       CASE WHEN user_id IS NOT NULL THEN ROW('c' || user_id % 5, user_id)::st.home END AS "domain of composite",
       int8range(user_id, user_id + 5) AS "range", int8multirange(int8range(user_id, user_id + 5)) AS "multirange"
FROM events WHERE id <= 1500;
SELECT attname AS kind, node, function,
       CASE WHEN attname IN ('numeric', 'float8', 'float4', 'interval') THEN 'several texts' ELSE as_text::text END AS as_text
FROM pg_attribute, matches('kinds', attname, 'ts') WHERE attrelid = 'kinds'::regclass AND attnum > 1 ORDER BY attnum;
SELECT count(*) = 0 AS same FROM (
    (SELECT key::numeric, session_number, events FROM session_table('kinds', 'numeric', 'ts')
     EXCEPT ALL SELECT key, session_number, events FROM session_table('kinds', 'int4', 'ts', '30 minutes', NULL::int))) d;
-- -0 is 0, NaN is NaN
SELECT count(DISTINCT key) = count(DISTINCT key::float8) AS one_text_each FROM session_table('kinds', 'float8', 'ts');

-- character without a length: trailing blanks don't count, whatever the operator class says of its bytes
CREATE TABLE blanks (k bpchar, ts timestamptz);
INSERT INTO blanks VALUES ('a', '2026-01-01 10:00'), ('a  ', '2026-01-01 10:01'), ('b ', '2026-01-01 10:02');
SELECT rtrim(key) AS key, events FROM session_table('blanks', 'k', 'ts') ORDER BY 1;

-- A computed value may fill the bits of a Datum otherwise than a stored one.
CREATE TABLE big_oids AS SELECT 4000000000::oid AS k, timestamptz '2026-01-01 10:00' AS ts;
CREATE VIEW mixed_oids AS TABLE big_oids UNION ALL SELECT oidin('4000000000'), timestamptz '2026-01-01 10:01';
SELECT * FROM matches('mixed_oids', 'k', 'ts');

-- Collations: a deterministic one compares bytes, another doesn't.
SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') AS has_icu \gset
\if :has_icu
CREATE COLLATION st.ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE names AS
SELECT (CASE WHEN id % 3 = 0 THEN upper('user ' || user_id) WHEN id % 3 = 1 THEN 'user ' || user_id ELSE 'User ' || user_id END) COLLATE st.ignore_case AS k, ts
FROM events;
SELECT count(DISTINCT k COLLATE "C") AS spellings, count(DISTINCT k) AS names FROM names;
SELECT node, function FROM matches('names', 'k', 'ts');
CREATE TABLE exact_names AS SELECT k COLLATE "und-x-icu" AS k, ts FROM names;
SELECT * FROM matches('exact_names', 'k', 'ts');
SELECT count(*) > 0 AS comparable FROM session_table('exact_names', 'k', 'ts') s JOIN exact_names e ON s.key = e.k;
\else
\echo 'skipped: this server has no ICU'
\endif
-- the key as text has the database's collation, so that it can be compared with columns
SELECT count(*) > 0 AS joined FROM session_table('kinds', 'text', 'ts') s JOIN kinds k ON s.key = k.text;

-- Keys of kilobytes, stored out of line, compressed or neither.
CREATE TABLE long_keys (k text, c text, ts timestamptz);
ALTER TABLE long_keys ALTER k SET STORAGE EXTERNAL;
INSERT INTO long_keys
SELECT repeat(md5((user_id % 30)::text), 100), repeat('x' || user_id % 30, 5000), ts FROM events WHERE user_id IS NOT NULL AND id <= 600;
SELECT count(*) > 500 AS big, bool_and(pg_column_size(k) = 3200 AND pg_column_size(c) < 1000) AS as_meant FROM long_keys;
SELECT * FROM matches('long_keys', 'k', 'ts');
SELECT * FROM matches('long_keys', 'c', 'ts');

-- Columns that were dropped or added.
CREATE TABLE changed (a text, gone_first int, k text, gone_second text, ts timestamptz, last int);
INSERT INTO changed SELECT 'a', 1, 'user ' || user_id, 'x', ts, 1 FROM events WHERE id <= 3000;
ALTER TABLE changed DROP gone_first, DROP gone_second;
INSERT INTO changed SELECT 'a', 'user ' || user_id, ts, 1 FROM events WHERE id > 3000;
SELECT * FROM matches('changed', 'k', 'ts');
ALTER TABLE changed ADD k2 int DEFAULT 7, ADD ts2 timestamptz DEFAULT '2026-05-05 05:05';
INSERT INTO changed SELECT 'a', 'late', '2026-06-01', 1, 8, '2026-05-06';
SELECT * FROM matches('changed', 'k2', 'ts');
SELECT * FROM session_table('changed', 'k2', 'ts2') ORDER BY key, session_number;
CREATE TABLE fixed_changed (gone int, id int, ts timestamptz, user_id bigint);
INSERT INTO fixed_changed SELECT 1, id, ts, user_id FROM events;
ALTER TABLE fixed_changed DROP gone;
INSERT INTO fixed_changed SELECT NULL, ts + interval '1 hour', user_id FROM events;
SELECT * FROM matches('fixed_changed', 'user_id', 'ts');

-- Updated and deleted rows, and those of this transaction.
CREATE TABLE worked AS SELECT * FROM events;
DELETE FROM worked WHERE id % 5 = 0;
UPDATE worked SET ts = ts + interval '11 minutes', user_id = user_id + 1 WHERE id % 7 = 0;
SELECT * FROM matches('worked', 'user_id', 'ts');
BEGIN;
INSERT INTO worked SELECT id, 1000, ts FROM events;
DELETE FROM worked WHERE id % 11 = 0;
SELECT * FROM matches('worked', 'user_id', 'ts');
SAVEPOINT s;
DELETE FROM worked;
SELECT count(*) FROM session_table('worked', 'user_id', 'ts');
ROLLBACK TO s;
SELECT * FROM matches('worked', 'user_id', 'ts');
-- a command does not see what it does itself
WITH added AS (INSERT INTO worked SELECT id, 5000, ts FROM events RETURNING 1)
SELECT count(*) FILTER (WHERE key = '5000') AS seen FROM session_table('worked', 'user_id', 'ts');
INSERT INTO worked SELECT 0, key + 7000, started_at FROM session_table('worked', 'user_id', 'ts', '30 minutes', NULL::bigint);
SELECT * FROM matches('worked', 'user_id', 'ts');
ROLLBACK;

-- Nothing at all.
CREATE TABLE empty (k int, ts timestamptz);
SELECT * FROM session_table('empty', 'k', 'ts');
SELECT node, function FROM matches('empty', 'k', 'ts');
INSERT INTO empty VALUES (1, NULL), (NULL, NULL);
SELECT * FROM session_table('empty', 'k', 'ts');
INSERT INTO empty VALUES (NULL, '2026-01-01'), (NULL, '2026-01-02');
SELECT * FROM session_table('empty', 'k', 'ts') ORDER BY 2;

-- Partitioned tables, whose partitions have their columns in other places; subpartitions; what is a table with children.
CREATE TABLE parted (id int, user_id bigint, ts timestamptz) PARTITION BY RANGE (ts);
CREATE TABLE part_a PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2026-03-02');
CREATE TABLE part_b (extra text, ts timestamptz, gone int, id int, user_id bigint);
ALTER TABLE part_b DROP gone, DROP extra;
ALTER TABLE parted ATTACH PARTITION part_b FOR VALUES FROM ('2026-03-02') TO ('2026-03-04');
CREATE TABLE part_c (user_id bigint, ts timestamptz, id int) PARTITION BY HASH (user_id);
CREATE TABLE part_c0 PARTITION OF part_c FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_c1 (ts timestamptz, id int, user_id bigint);
ALTER TABLE part_c ATTACH PARTITION part_c1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
ALTER TABLE parted ATTACH PARTITION part_c DEFAULT;
INSERT INTO parted SELECT id, user_id, ts FROM events WHERE ts IS NOT NULL;
SELECT count(*) > 100 AS filled FROM parted GROUP BY tableoid;
SELECT * FROM matches('parted', 'user_id', 'ts');
SELECT p, m.* FROM unnest('{part_a,part_b,part_c,part_c1}'::text[]) p, matches(p, 'user_id', 'ts') m;

CREATE TABLE parent (user_id bigint, ts timestamptz);
CREATE TABLE child (more text) INHERITS (parent);
CREATE TABLE other (ts timestamptz, x int, user_id bigint);
ALTER TABLE other INHERIT parent;
CREATE TEMP TABLE temporary_child () INHERITS (parent);
INSERT INTO parent SELECT user_id, ts FROM events WHERE id < 2000;
INSERT INTO child SELECT user_id, ts FROM events WHERE id BETWEEN 2000 AND 3999;
INSERT INTO other SELECT ts, id, user_id FROM events WHERE id >= 4000;
INSERT INTO temporary_child SELECT 555, ts FROM events;
SELECT * FROM matches('parent', 'user_id', 'ts');
SELECT * FROM matches('child', 'user_id', 'ts');

-- Temporary and unlogged tables, materialized views, views; a name with quotes in it.
CREATE TEMP TABLE temporary AS SELECT * FROM events;
SELECT * FROM matches('temporary', 'user_id', 'ts');
CREATE MATERIALIZED VIEW materialized AS SELECT * FROM events WHERE id % 2 = 0;
SELECT * FROM matches('materialized', 'user_id', 'ts');
CREATE VIEW viewed AS SELECT user_id * 3 AS who, ts - interval '1 day' AS "when" FROM events WHERE id % 3 = 0;
SELECT * FROM matches('viewed', 'who', 'when');
CREATE VIEW wide_view AS SELECT ROW(lower(text), 1)::st.place AS place, ARRAY[text] AS list, ts FROM kinds;
SELECT * FROM matches('wide_view', 'place', 'ts');
SELECT * FROM matches('wide_view', 'list', 'ts');
CREATE TABLE "Odd ""table""; --" ("The key's" text, "ts; --" timestamptz);
INSERT INTO "Odd ""table""; --" SELECT 'user ' || user_id, ts FROM events;
SELECT * FROM matches('"Odd ""table""; --"', 'The key''s', 'ts; --');
CREATE VIEW "Odd ""view""" AS TABLE "Odd ""table""; --";
SELECT * FROM matches('"Odd ""view"""', 'The key''s', 'ts; --');

-- Foreign tables, alone and as children, are left to a query (which finds that this wrapper can't read).
CREATE FOREIGN DATA WRAPPER regress_unreadable;
CREATE SERVER regress_nowhere FOREIGN DATA WRAPPER regress_unreadable;
CREATE FOREIGN TABLE far (user_id bigint, ts timestamptz) SERVER regress_nowhere;
SELECT count(*) FROM session_table('far', 'user_id', 'ts');
CREATE TABLE near (user_id bigint, ts timestamptz);
INSERT INTO near VALUES (1, '2026-01-01');
SELECT count(*) FROM session_table('near', 'user_id', 'ts');
ALTER FOREIGN TABLE far INHERIT near;
SELECT count(*) FROM session_table('near', 'user_id', 'ts');
DROP FOREIGN DATA WRAPPER regress_unreadable CASCADE;

-- Where memory ends: everything goes through temporary files, with no difference in the result.
CREATE FUNCTION scan_property(query text, property text) RETURNS numeric LANGUAGE plpgsql
AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
    RETURN jsonb_path_query_first(plan, format('$.**.%I', property)::jsonpath);
END
$$;
CREATE TABLE many AS
SELECT id, (hashint8extended(id, 3) & 65535) % 9000 AS user_id, ts FROM generate_series(1, 3) r, LATERAL (SELECT id + r * 10000 AS id, ts FROM events) e;
CREATE TABLE many_texts AS SELECT 'some user with a name ' || user_id AS user_name, ts FROM many;
CREATE TABLE one_key AS SELECT 1 AS k, timestamptz '2026-01-01' + (hashint8(i) & 1048575) * interval '1 minute' AS ts FROM generate_series(1, 20000) i;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT scan_property($$SELECT * FROM session_table('many', 'user_id', 'ts')$$, 'Batches') > 30 AS batches,
       scan_property($$SELECT * FROM session_table('many', 'user_id', 'ts')$$, 'Disk Usage') > 300 AS disk,
       scan_property($$SELECT * FROM session_table('many', 'user_id', 'ts')$$, 'Memory Usage') <= 64 AS memory,
       scan_property($$SELECT * FROM session_table('many', 'user_id', 'ts')$$, 'Keys') = (SELECT count(DISTINCT user_id) FROM many WHERE ts IS NOT NULL) AS keys,
       scan_property($$SELECT * FROM session_table('many', 'user_id', 'ts')$$, 'Rows Read') = (SELECT count(ts) FROM many) AS rows;
SELECT * FROM matches('many', 'user_id', 'ts');
SELECT * FROM matches('many_texts', 'user_name', 'ts');
SELECT * FROM matches('events', 'user_id', 'ts');
SELECT * FROM matches('long_keys', 'k', 'ts');
SELECT node, function FROM matches('kinds', 'numeric', 'ts');
SELECT * FROM matches('kinds', 'composite', 'ts');
SELECT * FROM matches('wide_view', 'list', 'ts');
-- one key is never divided
SELECT * FROM matches('one_key', 'k', 'ts', '1 second');
-- again from the beginning, from files: other conditions don't read the source again, whether or not all was read
BEGIN;
CREATE TABLE read_once AS TABLE many;
SELECT count(*), count(*) FILTER (WHERE a IS DISTINCT FROM b) AS wrong
FROM (SELECT (SELECT sum(events) FROM session_table('read_once', 'user_id', 'ts', '30 minutes', NULL::bigint) WHERE key % 4 = n) AS a,
             (SELECT count(ts) FROM many WHERE user_id % 4 = n) AS b,
             EXISTS (SELECT FROM session_table('read_once', 'user_id', 'ts', '30 minutes', NULL::bigint) WHERE key = n) AS c
      FROM generate_series(0, 3) n) q WHERE c IS NOT NULL;
SELECT pg_stat_get_xact_numscans('read_once'::regclass) AS scans;
ROLLBACK;
SELECT count(*), count(DISTINCT n) FROM (SELECT r, (SELECT count(*) + r - r FROM session_table('many', 'user_id', 'ts')) n FROM generate_series(1, 2) r) q;
SET temp_file_limit = '64kB';
-- the message has changed with PostgreSQL 18, its code hasn't
\set VERBOSITY sqlstate
SELECT count(*) FROM session_table('many', 'user_id', 'ts');
\set VERBOSITY default
RESET temp_file_limit;
-- a cursor that is not read to its end
BEGIN;
DECLARE c CURSOR FOR SELECT events > 0 AS some FROM session_table('many', 'user_id', 'ts');
FETCH 3 FROM c;
CLOSE c;
COMMIT;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT scan_property($$SELECT * FROM session_table('many', 'user_id', 'ts')$$, 'Batches') AS batches;

-- The plan node, and the function where it can't be.
EXPLAIN (COSTS OFF) SELECT * FROM session_table('events', 'user_id', 'ts', '1 hour') WHERE events > 3 ORDER BY started_at LIMIT 5;
EXPLAIN (COSTS OFF) SELECT count(*) FROM session_table('events', 'user_id', 'ts') WITH ORDINALITY;
EXPLAIN (COSTS OFF, VERBOSE) SELECT events, key FROM session_table('events', 'user_id', 'ts') WHERE session_number = 1;
EXPLAIN (COSTS OFF) SELECT s FROM session_table('events', 'user_id', 'ts') s;
CREATE FUNCTION node(query text) RETURNS text LANGUAGE plpgsql
AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN jsonb_path_query_first(plan, '$.**."Node Type" ? (@ == "Custom Scan" || @ == "Function Scan")') #>> '{}';
END
$$;
SELECT node($$SELECT e.* FROM events e, session_table('events', 'user_id', 'ts') s WHERE s.events = e.id$$) AS joined,
       node($$SELECT e.* FROM events e, session_table('events', 'user_id', 'ts') s WHERE s.events = e.id FOR UPDATE OF e$$) AS for_update,
       node($$DELETE FROM events USING session_table('events', 'user_id', 'ts') s WHERE s.events = id$$) AS delete,
       node($$SELECT s.* FROM events e, session_table(e.id::oid::regclass, 'user_id', 'ts') s$$) AS lateral;
EXPLAIN (COSTS OFF) SELECT session_table('events', 'user_id', 'ts');
-- columns in any order, some, none; conditions on others
SELECT count(*) = 0 AS same FROM (
    (SELECT events, ended_at, key, started_at FROM session_table('events', 'user_id', 'ts') WHERE session_number % 2 = 0
     EXCEPT ALL SELECT events, ended_at, key, started_at FROM session_table('events', 'user_id', 'ts') WITH ORDINALITY WHERE session_number % 2 = 0)
    UNION ALL
    (SELECT events, ended_at, key, started_at FROM session_table('events', 'user_id', 'ts') WITH ORDINALITY WHERE session_number % 2 = 0
     EXCEPT ALL SELECT events, ended_at, key, started_at FROM session_table('events', 'user_id', 'ts') WHERE session_number % 2 = 0)) d;
SELECT sum(session_number) = (SELECT sum(session_number) FROM session_table('events', 'user_id', 'ts') WITH ORDINALITY) AS same
FROM session_table('events', 'user_id', 'ts');
SELECT count(*) = (SELECT count(*) FROM session_table('events', 'user_id', 'ts')) AS same FROM (SELECT (session_table('events', 'user_id', 'ts')).*) q;
SELECT (s).key, (s).events FROM (SELECT s FROM session_table('edge', 'k', 'ts') s) q ORDER BY 1, 2;
-- sessions of a key come together, in order
SELECT count(*) FROM (
    SELECT session_number, lag(session_number) OVER (ROWS UNBOUNDED PRECEDING) AS previous,
           key IS NOT DISTINCT FROM lag(key) OVER (ROWS UNBOUNDED PRECEDING) AS same_key
    FROM session_table('events', 'user_id', 'ts')) s
WHERE session_number IS DISTINCT FROM CASE WHEN same_key AND previous IS NOT NULL THEN previous + 1 ELSE 1 END;

-- Other tables' columns as arguments, correlated subqueries, rescans.
SELECT t, count(*) = (SELECT count(*) FROM session_table('events', 'user_id', 'ts')) AS same
FROM unnest('{events,ascending,descending}'::regclass[]) t, session_table(t, 'user_id', 'ts') GROUP BY t ORDER BY t::text;
SELECT g, (SELECT count(*) FROM session_table('edge', 'k', 'ts', g)) FROM unnest('{0,30 minutes,1 day}'::interval[]) g;
-- PostgreSQL 19 has another name for a subplan
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    RETURN NEXT replace(line, 'SubPlan expr_1', 'SubPlan 1');
  END LOOP;
END $$;
SELECT plan($q$SELECT g, (SELECT count(*) FROM session_table('edge', 'k', 'ts', g)) FROM unnest('{0,30 minutes,1 day}'::interval[]) g$q$);
SELECT count(*) FROM session_table((SELECT 'edge'::regclass), lower('K'), 'ts', (SELECT max(x) FROM unnest('{1 day,1 hour}'::interval[]) x));
SET enable_material = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT count(*) FROM edge e LEFT JOIN session_table('edge', 'k', 'ts', '1 day', NULL::int) s ON s.key < e.k + 1;
RESET enable_material;
RESET enable_hashjoin;
RESET enable_mergejoin;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT key, session_number FROM session_table('edge', 'k', 'ts') ORDER BY 1, 2;
FETCH ALL FROM c;
FETCH BACKWARD 2 FROM c;
CLOSE c;
DECLARE c SCROLL CURSOR FOR SELECT events FROM session_table('edge', 'k', 'ts');
MOVE 2 FROM c;
FETCH BACKWARD ALL FROM c;
COMMIT;
UPDATE edge SET k = k + 0 FROM session_table('edge', 'k', 'ts', '1 day', NULL::int) s WHERE s.key = edge.k;

-- Prepared statements: other arguments, and other columns behind the same names.
PREPARE p (regclass, text, interval) AS SELECT key, session_number, events FROM session_table($1, $2, 'ts', $3) ORDER BY 1, 2;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE p ('edge', 'k', '1 hour');
EXECUTE p ('edge', 'k', '1 hour');
EXECUTE p ('edge', 'k', '1 second');
EXECUTE p ('empty', 'k', '1 hour');
PREPARE q AS SELECT key, session_number, events FROM session_table('edge', 'k', 'ts') ORDER BY 1, 2;
EXECUTE q;
ALTER TABLE edge ALTER k TYPE text USING 'number ' || k;
ALTER TABLE edge ADD before int DEFAULT 1;
EXECUTE q;
ALTER TABLE edge RENAME k TO other;
EXECUTE q;
ALTER TABLE edge RENAME other TO k;
ALTER TABLE edge RENAME TO renamed;
EXECUTE q;
DROP TABLE renamed;
EXECUTE q;
RESET plan_cache_mode;
DEALLOCATE ALL;

-- Estimates: between the number of keys and the number of events, whatever is known.
CREATE FUNCTION estimate(query text) RETURNS numeric LANGUAGE plpgsql
AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN plan -> 0 -> 'Plan' -> 'Plan Rows';
END
$$;
ANALYZE events;
ANALYZE parted;
SELECT t, estimate(format('SELECT * FROM session_table(%L, ''user_id'', ''ts'')', t)) BETWEEN 150 AND 6500 AS sensible
FROM unnest('{events,parted,worked}'::text[]) t;
SELECT estimate('SELECT * FROM session_table(''viewed'', ''who'', ''when'')') > 1 AS known,
       estimate('SELECT * FROM session_table(''events'', ''no such column'', ''ts'')') > 1 AS unknown_column,
       estimate('SELECT * FROM session_table(0::regclass, ''k'', ''ts'')') > 0 AS no_relation;

-- Started again for other conditions, the node doesn't read its source again; for another argument, it does.
CREATE TABLE counted AS SELECT user_id % 10 AS k, ts FROM events WHERE user_id IS NOT NULL AND id <= 500;
BEGIN;
SELECT count(*), count(*) FILTER (WHERE a IS DISTINCT FROM b) AS wrong
FROM (SELECT (SELECT count(*) FROM session_table('counted', 'k', 'ts', '30 minutes', NULL::bigint) WHERE key = n) AS a,
             (SELECT count(*) FROM session_table('counted', 'k', 'ts', '30 minutes', NULL::bigint) WITH ORDINALITY WHERE key + 0 = n) AS b
      FROM generate_series(0, 9) n) q;
-- by the node, and by the function
SELECT pg_stat_get_xact_numscans('counted'::regclass) AS scans;
SELECT count(DISTINCT n), count(DISTINCT d), count(DISTINCT s)
FROM (SELECT (SELECT count(*) FROM session_table('counted', 'k', 'ts', g)) AS d,
             (SELECT count(*) FROM session_table('counted', 'k', 'ts', (SELECT g))) AS s,
             (SELECT count(*) FROM session_table('counted', 'k', 'ts', (SELECT max(v) FROM (VALUES (g), (interval '0')) v(v)))) AS n
      FROM unnest('{1 minute,1 hour,10 days}'::interval[]) g) q;
SELECT pg_stat_get_xact_numscans('counted'::regclass) AS scans;
COMMIT;

-- Privileges: those of SELECT on the two columns, for whoever runs the query.
CREATE ROLE regress_session_reader;
GRANT USAGE ON SCHEMA st TO regress_session_reader;
CREATE FUNCTION count_sessions() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = st, sessionize
    AS $$SELECT count(*) FROM session_table('events', 'user_id', 'ts')$$;
SET ROLE regress_session_reader;
SELECT count(*) FROM session_table('events', 'user_id', 'ts');
SELECT count(*) FROM session_table('events', 'user_id', 'ts') WITH ORDINALITY;
SELECT count(*) FROM session_table('viewed', 'who', 'when');
-- nor does an estimate tell how many keys there are
SELECT estimate($$SELECT * FROM session_table('events', 'user_id', 'ts')$$) = estimate($$SELECT * FROM session_table('events', 'id', 'ts')$$) AS same;
SELECT count_sessions() > 1000 AS as_the_owner;
RESET ROLE;
GRANT SELECT (user_id) ON events TO regress_session_reader;
SET ROLE regress_session_reader;
SELECT count(*) FROM session_table('events', 'user_id', 'ts');
RESET ROLE;
GRANT SELECT (ts) ON events TO regress_session_reader;
SET ROLE regress_session_reader;
SELECT count(*) > 1000 AS readable FROM session_table('events', 'user_id', 'ts');
SELECT count(*) FROM session_table('events', 'id', 'ts');
RESET ROLE;
GRANT SELECT ON parted TO regress_session_reader;
GRANT SELECT ON viewed TO regress_session_reader;
SET ROLE regress_session_reader;
-- of a partitioned table the parent's privileges count, of a view the view's
SELECT count(*) > 1000 AS readable FROM session_table('parted', 'user_id', 'ts');
SELECT count(*) FROM session_table('part_a', 'user_id', 'ts');
SELECT count(*) > 500 AS readable FROM session_table('viewed', 'who', 'when');
-- a prepared statement's privileges are checked each time
PREPARE p AS SELECT count(*) > 1000 AS readable FROM session_table('events', 'user_id', 'ts');
EXECUTE p;
RESET ROLE;
REVOKE SELECT (ts) ON events FROM regress_session_reader;
SET ROLE regress_session_reader;
EXECUTE p;
DEALLOCATE p;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION session_table(regclass, text, text, interval) FROM PUBLIC;
SET ROLE regress_session_reader;
SELECT count(*) FROM session_table('parted', 'user_id', 'ts');
EXPLAIN SELECT count(*) FROM session_table('parted', 'user_id', 'ts');
RESET ROLE;
GRANT EXECUTE ON FUNCTION session_table(regclass, text, text, interval) TO PUBLIC;

-- Row-level security: what the user may see, and the policies of the table that was asked for.
CREATE TABLE secured AS SELECT * FROM events;
GRANT SELECT ON secured TO regress_session_reader;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON secured USING (user_id % 2 = 0);
ALTER TABLE part_a ENABLE ROW LEVEL SECURITY;
CREATE VIEW secured_half AS SELECT * FROM secured WHERE user_id % 2 = 0;
SELECT count(*) > 500 AS owner_sees_all FROM session_table('secured', 'user_id', 'ts', '30 minutes', NULL::bigint) WHERE key % 2 = 1;
CREATE TABLE seen AS SELECT * FROM session_table('events', 'user_id', 'ts') LIMIT 0;
GRANT INSERT ON seen TO regress_session_reader;
SET ROLE regress_session_reader;
INSERT INTO seen SELECT * FROM session_table('secured', 'user_id', 'ts');
SELECT scan_property($$SELECT * FROM session_table('secured', 'user_id', 'ts')$$, 'Rows Read') < 3500 AS fewer;
SELECT count(*) > 1000 AS all_partitions FROM session_table('parted', 'user_id', 'ts');
SET row_security = off;
SELECT count(*) FROM session_table('secured', 'user_id', 'ts');
RESET row_security;
RESET ROLE;
SELECT count(*) > 500 AS some, (SELECT count(*) FROM ((TABLE seen EXCEPT ALL SELECT * FROM session_table('secured_half', 'user_id', 'ts'))
                                UNION ALL (SELECT * FROM session_table('secured_half', 'user_id', 'ts') EXCEPT ALL TABLE seen)) d) AS differences FROM seen;

-- A search_path that means ill does not matter.
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.equal(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'canary'; END$$;
CREATE OPERATOR hostile.= (FUNCTION = hostile.equal, LEFTARG = bigint, RIGHTARG = bigint);
CREATE TABLE hostile.viewed (who text);
SELECT count(*) AS expected FROM session_table('st.viewed', 'who', 'when') \gset
SET search_path = hostile, pg_catalog;
SELECT count(*) = :expected AS same FROM sessionize.session_table('st.viewed', 'who', 'when');
SET search_path = st, sessionize, public;

-- Mistakes.
\set VERBOSITY default
SELECT * FROM session_table('nowhere', 'k', 'ts');
SELECT * FROM session_table(4000000000::oid, 'k', 'ts');
SELECT * FROM session_table(NULL, 'k', 'ts');
SELECT * FROM session_table('events', NULL, 'ts');
SELECT * FROM session_table('events', 'user_id', NULL);
SELECT * FROM session_table('events', 'user_id', 'ts', NULL);
SELECT * FROM session_table('events', 'user', 'ts');
SELECT * FROM session_table('events', 'user_id', 'time');
SELECT * FROM session_table('events', 'ctid', 'ts');
SELECT * FROM session_table('events', '', 'ts');
SELECT * FROM session_table('changed', '........pg.dropped.2........', 'ts');
SELECT * FROM session_table('events', repeat('k', 70), 'ts');
SELECT * FROM session_table('events', 'user_id', 'id');
CREATE TABLE local_times AS SELECT 1 AS k, timestamp '2026-01-01' AS ts, date '2026-01-01' AS "Day", point '(1,2)' AS p;
SELECT * FROM session_table('local_times', 'k', 'ts');
SELECT * FROM session_table('local_times', 'k', 'Day');
SELECT * FROM session_table('events', 'user_id', 'ts', '1 month');
SELECT * FROM session_table('events', 'user_id', 'ts', '-1 second');
SELECT * FROM session_table('events', 'user_id', 'ts', '30 minutes', NULL::int);
SELECT * FROM session_table('events', 'user_id', 'ts', '30 minutes', NULL::varchar);
SELECT * FROM session_table('kinds', 'domain of bigint', 'ts', '30 minutes', NULL::int);
CREATE INDEX edge_index ON worked (user_id);
SELECT * FROM session_table('edge_index', 'user_id', 'ts');
SELECT * FROM session_table('place', 'city', 'country');
CREATE MATERIALIZED VIEW unpopulated AS TABLE events WITH NO DATA;
SELECT * FROM session_table('unpopulated', 'user_id', 'ts');
CREATE VIEW without_hash AS SELECT p AS k, ts AT TIME ZONE 'UTC' AS ts FROM local_times;
SELECT * FROM session_table('without_hash', 'k', 'ts');
CREATE TABLE infinite AS SELECT 1 AS k, timestamptz 'infinity' AS ts;
SELECT * FROM session_table('infinite', 'k', 'ts');
UPDATE infinite SET ts = '-infinity';
SELECT * FROM session_table('infinite', 'k', 'ts') WITH ORDINALITY;
-- a domain may give its values as its base type's
SELECT pg_typeof(key), count(*) > 1000 AS many FROM session_table('kinds', 'domain of bigint', 'ts', '30 minutes', NULL::bigint) GROUP BY 1;
SELECT pg_typeof(key), count(*) > 1000 AS many FROM session_table('kinds', 'domain of bigint', 'ts', '30 minutes', NULL::st.user_id) GROUP BY 1;

SET client_min_messages = warning;
DROP SCHEMA st, hostile CASCADE;
DROP ROLE regress_session_reader;
