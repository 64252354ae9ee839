-- funnel_table against the aggregates under GROUP BY, over kinds of sources, keys, conditions and limits of memory.
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA ft;
SET search_path = ft, sessionize, public;

-- The examples of the reference.
CREATE TABLE visits (visitor int, ts timestamptz, event text);
INSERT INTO visits VALUES
  (1, '2026-01-05 10:00', 'view'), (1, '2026-01-05 10:04', 'cart'), (1, '2026-01-05 10:09', 'pay'),
  (2, '2026-01-05 10:00', 'view'), (2, '2026-01-05 10:05', 'cart'), (2, '2026-01-05 11:30', 'pay'),
  (3, '2026-01-05 10:00', 'cart'), (3, '2026-01-05 10:01', 'view'), (3, '2026-01-05 10:02', 'help'), (3, '2026-01-05 10:03', 'cart'),
  (4, '2026-01-05 10:00', 'help');
SELECT * FROM sessionize.funnel_table('visits', 'visitor', 'ts', '1 hour', ARRAY['event = ''view''', 'event = ''cart''', 'event = ''pay'''])
ORDER BY key;
SELECT count(*) FILTER (WHERE depth >= 1) AS viewed, count(*) FILTER (WHERE depth >= 2) AS "into the cart", count(*) FILTER (WHERE depth >= 3) AS paid
FROM sessionize.funnel_table('visits', 'visitor', 'ts', '1 hour', ARRAY['event = ''view''', 'event = ''cart''', 'event = ''pay'''], NULL::int);

-- The same by funnel() and funnel_times(): with the key in its own type, and as text.
CREATE FUNCTION matches(source text, key text, ts text, within interval, steps text[], mode text DEFAULT '')
    RETURNS TABLE (deepest int, typed boolean, as_text boolean)
    LANGUAGE plpgsql
AS $$
DECLARE
    type text;
    expected text;
    args text := format('%L, %L, %L, %L, %L', source, key, ts, within, steps);
    difference text := '(SELECT count(*) = 0 FROM ((TABLE expected EXCEPT ALL TABLE actual) UNION ALL (TABLE actual EXCEPT ALL TABLE expected)) d)';
BEGIN
    EXECUTE format('SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = %L::regclass AND attname = %L', source, key) INTO type;
    expected := format(
        'SELECT * FROM (SELECT %1$I AS k, funnel(%2$I, %3$L, %4$L, %5$s) AS depth, funnel_times(%2$I, %3$L, %4$L, %5$s) AS times FROM %6$s GROUP BY %1$I) f WHERE depth > 0',
        key, ts, within, mode, array_to_string(steps, ', '), source);
    EXECUTE format('SELECT max(depth) FROM (%s) AS e', expected) INTO deepest;
    EXECUTE format('WITH expected AS (%s), actual AS (SELECT * FROM funnel_table(%s, NULL::%s, %L)) SELECT %s', expected, args, type, mode, difference) INTO typed;
    EXECUTE format('WITH expected AS (SELECT CASE WHEN k IS DISTINCT FROM NULL THEN format(''%%s'', k) END, depth, times FROM (%s) e), actual AS (SELECT * FROM funnel_table(%s, %L)) SELECT %s',
                   expected, args, mode, difference) INTO as_text;
    RETURN NEXT;
END
$$;

-- 6000 events of 150 keys in no order, some without a key, a time or a name, many at the same time.
CREATE TABLE events AS
SELECT i AS id,
       CASE WHEN i % 97 <> 0 THEN (hashint8extended(i, 1) & 1023) % 150 END AS user_id,
       CASE WHEN i % 89 <> 0 THEN timestamptz '2026-03-01' + ((hashint8extended(i, 2) & 65535) % 2000) * interval '230 seconds' END AS ts,
       CASE WHEN i % 53 <> 0 THEN ('{view,click,scroll,cart,pay}'::text[])[1 + (hashint8extended(i, 3) & 1023) % 5] END AS event,
       (hashint8extended(i, 4) & 1023) % 100 AS amount
FROM generate_series(1, 6000) i;

SELECT within, m.* FROM unnest('{0,1 hour,12 hours,1000 days}'::interval[]) AS within,
    matches('events', 'user_id', 'ts', within, ARRAY['event = ''view''', 'event = ''click''', 'event = ''cart''', 'event = ''pay''']) AS m;
SELECT mode, m.* FROM unnest('{strict_increase,strict_once,strict_order,"strict_order, allow_reentry",strict_deduplication}'::text[]) AS mode,
    matches('events', 'user_id', 'ts', '2 days', ARRAY['event IN (''view'', ''click'')', 'event IN (''click'', ''cart'')', 'event = ''pay'''], mode) AS m;

-- Conditions on other columns, on several, on none; NULL is false; stable functions; what changes from row to row.
CREATE FUNCTION touch(int) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT $1 > 90';
SELECT m.* FROM (VALUES (ARRAY['amount > 90', 'amount < 5', 'amount BETWEEN 40 AND 50']),
                        (ARRAY['event = ''view'' AND amount > 20', 'event = ''pay'' OR amount = 7', 'event || amount > ''view5''']),
                        (ARRAY['event IS NULL', 'event <> ''pay''', 'event = ''pay''']),
                        (ARRAY['true', 'false', 'true']), (ARRAY['NULL', 'true']), (ARRAY['true', 'NULL::boolean']),
                        (ARRAY['ts < now()', 'ts > ''2026-03-03''']), (ARRAY['ft.touch(amount::int)', 'event = ''pay''']), (ARRAY['random() < 2', 'event = ''pay'''])) AS v (steps),
    matches('events', 'user_id', 'ts', '6 hours', steps) AS m;
-- 32 steps
SELECT m.* FROM matches('events', 'user_id', 'ts', '1000 days', (SELECT array_agg(format('amount %% 32 = %s', i * 7 % 32)) FROM generate_series(1, 32) AS i)) AS m;

-- Values by whose bytes results are remembered: of several lengths, more than are remembered, long, compressed, out of line, fixed, by value.
CREATE TABLE values AS
SELECT user_id, ts, id % 2 = 0 AS flag, amount::int2 AS small, amount AS large, amount / 8.0::float8 AS float, amount::numeric / 7 AS numeric,
       md5((id % 300)::text)::uuid AS uuid, repeat('x', (id % 60)::int) AS sized, 'value ' || id % 700 AS many,
       repeat('long ' || event, 20) AS long, repeat(event, 3000) AS compressed, (event || '    ')::char(9) AS blank, decode(md5((id % 30)::text), 'hex') AS bytes,
       ARRAY[event, NULL] AS list, jsonb_build_object('event', event) AS document
FROM events;
ALTER TABLE values ADD COLUMN outside text;
ALTER TABLE values ALTER outside SET STORAGE EXTERNAL;
UPDATE values SET outside = compressed || '';
ALTER TABLE values ADD COLUMN later int DEFAULT 5;
SELECT bool_or(pg_column_size(compressed) < 2000) AS compressed, bool_or(pg_column_size(outside) > 8000) AS outside FROM values;
SELECT steps[1] AS first, m.* FROM (VALUES
    (ARRAY['flag', 'NOT flag']), (ARRAY['small > 50', 'small < 10']), (ARRAY['large > 50', 'large < 10']), (ARRAY['float > 5.5', 'float < 1']), (ARRAY['numeric > 5.5', 'numeric < 1']),
    (ARRAY['uuid > ''7fffffff-ffff-ffff-ffff-ffffffffffff''', 'uuid::text LIKE ''%7%''']), (ARRAY['length(sized) IN (0, 47, 48, 49)', 'length(sized) = 59']), (ARRAY['many < ''value 3''', 'many = ''value 699''']),
    (ARRAY['long LIKE ''%view''', 'long LIKE ''%pay''']), (ARRAY['compressed LIKE ''view%''', 'compressed LIKE ''pay%''']), (ARRAY['outside LIKE ''view%''', 'outside LIKE ''pay%''']),
    (ARRAY['blank = ''view''', 'blank = ''pay''']), (ARRAY['get_byte(bytes, 0) > 100', 'get_byte(bytes, 1) > 200']), (ARRAY['''view'' = ANY (list)', 'list[2] IS NULL']),
    (ARRAY['document ->> ''event'' = ''view''', 'document @> ''{"event": "pay"}''']), (ARRAY['later = 5', 'later <> 5'])) AS v (steps),
    matches('values', 'user_id', 'ts', '6 hours', steps) AS m;

-- Kinds of keys.
CREATE TYPE place AS (country text, city int);
CREATE TABLE kinds AS
SELECT ts, event, user_id::int2 AS "int2", user_id % 2 = 0 AS "bool", md5(user_id::text)::uuid AS "uuid", 'user ' || user_id AS "text", ('user ' || user_id)::varchar(20) AS "varchar",
       user_id::numeric AS "numeric", CASE WHEN user_id IS NOT NULL THEN ROW('c' || user_id % 5, user_id)::place END AS "composite", ARRAY[user_id] AS "array", date '2026-01-01' + user_id::int AS "date"
FROM events;
SELECT attname AS kind, m.* FROM pg_attribute, matches('kinds', attname, 'ts', '6 hours', ARRAY['event = ''view''', 'event = ''cart''', 'event = ''pay''']) AS m
WHERE attrelid = 'kinds'::regclass AND attnum > 2 ORDER BY attnum;

-- Partitions whose columns lie elsewhere, children, views, names that need quotes, rows of this transaction.
CREATE TABLE parted (id int, user_id bigint, ts timestamptz, event text) PARTITION BY RANGE (ts);
CREATE TABLE part_a PARTITION OF parted FOR VALUES FROM (MINVALUE) TO ('2026-03-02');
CREATE TABLE part_b (event text, gone int, ts timestamptz, id int, user_id bigint);
ALTER TABLE part_b DROP gone;
ALTER TABLE parted ATTACH PARTITION part_b FOR VALUES FROM ('2026-03-02') TO ('2026-03-04');
CREATE TABLE part_c PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT id, user_id, ts, event FROM events WHERE ts IS NOT NULL;
CREATE TABLE parent (user_id bigint, ts timestamptz, event text);
CREATE TABLE child (event text, ts timestamptz, more int, user_id bigint);
ALTER TABLE child INHERIT parent;
INSERT INTO parent SELECT user_id, ts, event FROM events WHERE id < 3000;
INSERT INTO child SELECT event, ts, 1, user_id FROM events WHERE id >= 3000;
CREATE VIEW viewed AS SELECT user_id, ts, upper(event) AS event FROM events;
CREATE MATERIALIZED VIEW materialized AS TABLE events;
CREATE TABLE "Odd ""table""; --" ("The key's" text, "ts; --" timestamptz, "an ""event""" text);
INSERT INTO "Odd ""table""; --" SELECT 'user ' || user_id, ts, event FROM events;
CREATE VIEW "Odd ""view""" AS TABLE "Odd ""table""; --";
SELECT source, m.* FROM unnest('{parted,part_b,parent,child,viewed,materialized}'::text[]) AS source,
    matches(source, 'user_id', 'ts', '6 hours', ARRAY['lower(event) = ''view''', 'event ~* ''cart''', 'event ~* ''pay''']) AS m;
SELECT source, m.* FROM unnest(ARRAY['"Odd ""table""; --"', '"Odd ""view"""']) AS source,
    matches(source, 'The key''s', 'ts; --', '6 hours', ARRAY['"an ""event""" = ''view''', '"an ""event""" = ''pay''']) AS m;
BEGIN;
DELETE FROM events WHERE id % 5 = 0;
UPDATE events SET event = 'view' WHERE id % 7 = 0;
SELECT m.* FROM matches('events', 'user_id', 'ts', '6 hours', ARRAY['event = ''view''', 'event = ''pay''']) AS m;
ROLLBACK;
-- nothing, or nothing that counts
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['event = ''nothing'''], 'strict_order');
CREATE TABLE empty (k int, ts timestamptz, event text);
SELECT * FROM funnel_table('empty', 'k', 'ts', '1 hour', ARRAY['true']);
INSERT INTO empty VALUES (1, NULL, 'a'), (NULL, NULL, 'a');
SELECT * FROM funnel_table('empty', 'k', 'ts', '1 hour', ARRAY['true']);
INSERT INTO empty VALUES (NULL, '2026-01-01', 'a'), (NULL, '2026-01-02', 'b');
SELECT * FROM funnel_table('empty', 'k', 'ts', '1 day', ARRAY['event = ''a''', 'event = ''b''']);

-- In FROM and elsewhere, with arguments of other tables.
SELECT w, f.depth, count(*) > 0 AS some FROM unnest('{0,12 hours}'::interval[]) AS w,
    funnel_table('events', 'user_id', 'ts', w, ARRAY['event = ''view''', 'event = ''pay''']) AS f GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) > 100 AS many FROM (SELECT funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['event = ''view''', 'event = ''pay'''])) AS q;
SELECT key, depth FROM funnel_table(source => 'visits', key => 'visitor', ts => 'ts', within => '1 hour', steps => '{event = ''view'',event = ''pay''}', mode => 'strict_order') ORDER BY key;

-- Where memory ends, everything goes through temporary files, with no difference in the result.
CREATE TABLE many AS SELECT (hashint8extended(id + r * 10000, 5) & 65535) % 5000 AS user_id, 'some user ' || id AS name, ts, event FROM events, generate_series(1, 3) AS r;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT m.* FROM matches('many', 'user_id', 'ts', '6 hours', ARRAY['event = ''view''', 'event = ''cart''', 'event = ''pay''']) AS m;
SELECT m.* FROM matches('many', 'name', 'ts', '6 hours', ARRAY['event = ''view''', 'event = ''cart''', 'event = ''pay''']) AS m;
SELECT m.* FROM matches('many', 'user_id', 'ts', '6 hours', ARRAY['event = ''view''', 'event = ''cart''', 'event = ''pay'''], 'strict_order') AS m;
-- it does come to files
SET temp_file_limit = '64kB';
\set VERBOSITY sqlstate
SELECT count(*) FROM funnel_table('many', 'user_id', 'ts', '6 hours', ARRAY['true']);
\set VERBOSITY default
RESET temp_file_limit;
RESET work_mem;
RESET hash_mem_multiplier;
-- a key may have so many events
SET sessionize.max_group_events = 100;
CREATE TABLE busy AS SELECT 1 AS k, timestamptz '2026-01-01' + i * interval '1 s' AS ts, i FROM generate_series(1, 101) AS i;
SELECT depth FROM funnel_table('busy', 'k', 'ts', '1 hour', ARRAY['i <= 50', 'i > 51']);
SELECT depth FROM funnel_table('busy', 'k', 'ts', '1 hour', ARRAY['i <= 50', 'i > 50']);
RESET sessionize.max_group_events;

-- Privileges: those of SELECT on the columns that are used, for whoever runs the query.
CREATE ROLE regress_funnel_reader;
GRANT USAGE ON SCHEMA ft TO regress_funnel_reader;
GRANT SELECT (user_id, ts) ON events TO regress_funnel_reader;
SET ROLE regress_funnel_reader;
SELECT count(*) > 50 AS readable FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['user_id % 2 = 0', 'ts > ''2026-03-02''']);
SELECT count(*) FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['user_id % 2 = 0', 'event = ''pay''']);
SELECT count(*) FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['events.amount > 0']);
SELECT count(*) FROM funnel_table('visits', 'visitor', 'ts', '1 hour', ARRAY['true']);
RESET ROLE;
-- Row-level security: a condition sees the rows that the user may see, and no others.
CREATE TABLE secured AS SELECT * FROM events;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY half ON secured USING (user_id % 2 = 0);
GRANT SELECT ON secured TO regress_funnel_reader;
CREATE FUNCTION tell(bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$BEGIN IF $1 % 2 = 1 THEN RAISE EXCEPTION 'seen: %', $1; END IF; RETURN true; END$$;
CREATE TABLE seen AS SELECT * FROM funnel_table('secured', 'user_id', 'ts', '6 hours', ARRAY['event = ''view''', 'event = ''pay''']) LIMIT 0;
GRANT INSERT ON seen TO regress_funnel_reader;
SET ROLE regress_funnel_reader;
INSERT INTO seen SELECT * FROM funnel_table('secured', 'user_id', 'ts', '6 hours', ARRAY['event = ''view''', 'event = ''pay''']);
SELECT count(*) > 50 AS told FROM funnel_table('secured', 'user_id', 'ts', '6 hours', ARRAY['ft.tell(user_id)']);
RESET ROLE;
CREATE VIEW half AS SELECT * FROM events WHERE user_id % 2 = 0;
SELECT count(*) > 50 AS some, (SELECT count(*) FROM ((TABLE seen EXCEPT ALL SELECT * FROM funnel_table('half', 'user_id', 'ts', '6 hours', ARRAY['event = ''view''', 'event = ''pay''']))
                               UNION ALL (SELECT * FROM funnel_table('half', 'user_id', 'ts', '6 hours', ARRAY['event = ''view''', 'event = ''pay''']) EXCEPT ALL TABLE seen)) d) AS differences FROM seen;

-- A search_path that means ill does not matter but for what the conditions themselves say.
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.equal(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'canary'; END$$;
CREATE OPERATOR hostile.= (FUNCTION = hostile.equal, LEFTARG = bigint, RIGHTARG = bigint);
CREATE TABLE hostile.viewed (user_id bigint);
SELECT count(*) AS expected FROM funnel_table('ft.viewed', 'user_id', 'ts', '6 hours', ARRAY['event = ''VIEW''', 'event = ''PAY''']) \gset
SET search_path = hostile, pg_catalog;
SELECT count(*) = :expected AS same FROM sessionize.funnel_table('ft.viewed', 'user_id', 'ts', '6 hours', ARRAY['event = ''VIEW''', 'event = ''PAY''']);
SELECT count(*) FROM sessionize.funnel_table('ft.viewed', 'user_id', 'ts', '6 hours', ARRAY['user_id = 5::bigint']);
SET search_path = ft, sessionize, public;

-- Mistakes, and what to do about them.
SELECT * FROM funnel_table(NULL, 'k', 'ts', '1 hour', ARRAY['true']);
SELECT * FROM funnel_table('events', NULL, 'ts', '1 hour', ARRAY['true']);
SELECT * FROM funnel_table('events', 'user_id', NULL, '1 hour', ARRAY['true']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', NULL, ARRAY['true']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', NULL);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['true'], mode => NULL);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['true'], 'strict');
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 month', ARRAY['true']);
SELECT * FROM funnel_table('events', 'user', 'ts', '1 hour', ARRAY['true']);
SELECT * FROM funnel_table('events', 'user_id', 'amount', '1 hour', ARRAY['true']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['true'], NULL::int);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', '{}');
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', array_fill('true'::text, ARRAY[33]));
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['true', NULL]);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['true', ' ']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['event = ''view''', 'amount']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['event = view']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['event = ''view']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['event = ''view''; DROP TABLE events']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['true, true']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['EXISTS (SELECT FROM visits)']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['count(*) > 1']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['row_number() OVER () = 1']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['generate_series(1, 3) = 1']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['ctid IS NULL']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['events IS NULL']);
SELECT * FROM funnel_table('events', 'user_id', 'ts', '1 hour', ARRAY['1 / (amount - amount) = 1']);
CREATE TABLE infinite AS SELECT 1 AS k, timestamptz 'infinity' AS ts, 'a' AS event;
SELECT * FROM funnel_table('infinite', 'k', 'ts', '1 hour', ARRAY['true']);
-- a row that satisfies no step is not looked at further
SELECT * FROM funnel_table('infinite', 'k', 'ts', '1 hour', ARRAY['event = ''b''']);

SET client_min_messages = warning;
DROP SCHEMA ft, hostile CASCADE;
DROP ROLE regress_funnel_reader;
