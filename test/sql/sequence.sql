-- sequence_match, sequence_count, sequence_next, sequence_previous, sequence_match_events and sequence_match_rows against regular expressions and self-joins.
SET timezone = 'UTC';
CREATE SCHEMA sequence_test;
SET search_path = sequence_test;
\set SHOW_CONTEXT never

-- The examples of the reference.
CREATE TABLE visit (ts timestamptz, page text);
INSERT INTO visit VALUES
  ('2026-03-02 10:00', 'product'), ('2026-03-02 10:05', 'cart'), ('2026-03-02 10:50', 'checkout'),
  ('2026-03-02 11:00', 'product'), ('2026-03-02 11:01', 'help'), ('2026-03-02 11:02', 'cart'), ('2026-03-02 11:03', 'checkout');
SELECT sessionize.sequence_match('(?1)(?2)', ts, page = 'product', page = 'checkout') AS direct,
       sessionize.sequence_match('(?1).*(?2)', ts, page = 'product', page = 'cart', page = 'checkout') AS later
FROM visit;
SELECT sessionize.sequence_match('(?1)(?2)', ts, page = 'product', page = 'help') AS only_these,
       sessionize.sequence_match('(?1)(?2)', ts, page = 'product', page = 'cart', page = 'help') AS help_between,
       sessionize.sequence_count('(?1)(?2)(?3)', ts, page = 'product', page = 'cart', page = 'checkout') AS chains,
       sessionize.sequence_count('(?1)(?2)(?3)', ts, page = 'product', page = 'cart', page = 'checkout', true) AS without_help,
       sessionize.sequence_count('(?1)(?2)(?t<=1800)(?3)', ts, page = 'product', page = 'cart', page = 'checkout') AS within_half_an_hour
FROM visit;
SELECT sessionize.sequence_next('(?1)(?2)', page, ts, page = 'product', page = 'cart') AS next,
       sessionize.sequence_next('(?1)', page, ts, page = 'help') AS after_help,
       sessionize.sequence_previous('(?1)', page, ts, page = 'help') AS before_help,
       sessionize.sequence_previous('(?1)', page, ts, page = 'product') AS before_the_first
FROM visit;
SELECT sessionize.sequence_match_events('(?1)(?2)(?3)', ts, page = 'product', page = 'cart', page = 'checkout') AS first,
       sessionize.sequence_match_events('(?1)(?t<=1800)(?2).(?3)', ts, page = 'product', page = 'cart', page = 'checkout') AS none
FROM visit;
SELECT r.* FROM (SELECT sessionize.sequence_match_rows('(?1).*(?2)(?3)', page, ts, NULL, page = 'product', page = 'cart', page = 'checkout') AS rows FROM visit) AS v,
       unnest(rows) AS r;
SELECT (ROW(1, 2, NULL, '2026-03-02 10:00', 'cart')::sessionize.sequence_event).value;

-- 6000 events of 400 keys: several steps at once, none, equal times, NULL times, NULL conditions.
CREATE TABLE events AS
SELECT abs(hashint8extended(i, 1) % 400) AS key,
       CASE WHEN i % 97 = 0 THEN NULL
            ELSE timestamptz '2026-03-02' + abs(hashint8extended(i, 2) % 60) * interval '10 seconds' END AS ts,
       (hashint8extended(i, 3) & 7)::int AS steps,
       CASE WHEN i % 11 = 0 THEN NULL ELSE 'page' || abs(hashint8extended(i, 4) % 9) END AS page
FROM generate_series(1, 6000) AS i;
UPDATE events SET steps = 0 WHERE steps = 7;
ANALYZE events;
-- The order: time, then the steps as a number; events of no step are not in it.
CREATE TABLE sequence AS
SELECT key, ts, steps, row_number() OVER (PARTITION BY key ORDER BY ts, steps) AS n
FROM events WHERE ts IS NOT NULL AND steps <> 0;

-- Oracle without times: a letter for each event, a regular expression for the pattern.
CREATE TABLE patterns (pattern text, expression text);
INSERT INTO patterns
SELECT replace(pattern, 'x', ''), replace(replace(replace(replace(pattern, '.*', '.*?'), '(?1)', '[ACE]'), '(?2)', '[BCF]'), '(?3)', '[DEF]')
FROM unnest(ARRAY['(?1)', '(?1)(?2)', '(?1)(?1)', '(?1).*(?2)', '.*(?2)(?3)', '(?1).(?3)', '(?1).*(?2).*(?3)', '(?1)(?2).*(?2)(?1)', '(?3)..*(?3)', '..(?1)',
                  '(?1).*(?1).*(?1).*(?1)']) AS pattern;
CREATE TABLE words AS
SELECT key, string_agg(chr(64 + steps), '' ORDER BY n) AS word FROM sequence GROUP BY key;
CREATE VIEW differences AS
SELECT p.pattern, count(*) AS keys, count(*) FILTER (WHERE a.matches) AS matching, sum(a.chains) AS chains,
       count(*) FILTER (WHERE a.matches <> coalesce(word ~ p.expression, false)) AS wrong_matches,
       count(*) FILTER (WHERE a.chains <> (SELECT count(*) FROM regexp_matches(word, p.expression, 'g'))) AS wrong_counts
FROM patterns AS p
CROSS JOIN LATERAL (
  SELECT key,
         sessionize.sequence_match(p.pattern, ts, steps & 1 <> 0, nullif(steps & 2 <> 0, false), steps & 4 <> 0) AS matches,
         sessionize.sequence_count(p.pattern, ts, steps & 1 <> 0, nullif(steps & 2 <> 0, false), steps & 4 <> 0) AS chains
  FROM events GROUP BY key OFFSET 0) AS a
LEFT JOIN words USING (key)
GROUP BY p.pattern;
SELECT * FROM differences ORDER BY pattern COLLATE "C";

-- Oracle with times: all chains by self-joins; of those that begin after the last one, the one that ends first is next.
CREATE FUNCTION chains(condition text) RETURNS TABLE (key bigint, first bigint, last bigint)
LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE 'SELECT a.key::bigint, a.n, c.n FROM sequence AS a JOIN sequence AS b USING (key) JOIN sequence AS c USING (key)
    WHERE a.steps & 1 <> 0 AND b.steps & 2 <> 0 AND c.steps & 4 <> 0 AND a.n < b.n AND b.n < c.n AND ' || condition;
END $$;
CREATE FUNCTION timed(pattern text, condition text) RETURNS TABLE (matching bigint, chains bigint, wrong_matches bigint, wrong_counts bigint)
LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE found AS SELECT * FROM chains(condition);
  RETURN QUERY
  WITH RECURSIVE greedy AS (
      SELECT f.key, min(f.last) AS last, 1::bigint AS n FROM found AS f GROUP BY f.key
      UNION ALL
      SELECT g.key, next.last, g.n + 1
      FROM greedy AS g CROSS JOIN LATERAL (SELECT min(f.last) AS last FROM found AS f WHERE f.key = g.key AND f.first > g.last) AS next
      WHERE next.last IS NOT NULL
  ), expected AS (
      SELECT g.key, max(n) AS n FROM greedy AS g GROUP BY g.key
  ), actual AS (
      SELECT e.key, sessionize.sequence_match(pattern, ts, steps & 1 <> 0, steps & 2 <> 0, steps & 4 <> 0) AS m,
             sessionize.sequence_count(pattern, ts, steps & 1 <> 0, steps & 2 <> 0, steps & 4 <> 0) AS n
      FROM events AS e GROUP BY e.key
  )
  SELECT count(*) FILTER (WHERE a.m), sum(a.n)::bigint,
         count(*) FILTER (WHERE a.m <> (x.n IS NOT NULL)), count(*) FILTER (WHERE a.n <> coalesce(x.n, 0))
  FROM actual AS a LEFT JOIN expected AS x USING (key);
  DROP TABLE found;
END $$;
SELECT * FROM timed('(?1)(?t<=20)(?2).*(?3)', $$b.ts - a.ts <= '20 seconds'$$);
SELECT * FROM timed('(?1)(?t<20)(?2)(?t>30)(?3)', $$b.ts - a.ts < '20 seconds' AND c.ts - b.ts > '30 seconds'$$);
SELECT * FROM timed('(?1)(?t>=20)(?t<=40.5)(?2)(?3)', $$b.ts - a.ts BETWEEN '20 seconds' AND '40.5 seconds' AND c.n = b.n + 1$$);
SELECT * FROM timed('(?1)(?t==50)(?2) .* (?t > 0) (?3)', $$b.ts - a.ts = '50 seconds' AND c.ts > b.ts$$);
SELECT * FROM timed('(?1)(?t<0)(?2).*(?3)', $$false$$);

-- sequence_next: every event counts, with a value or without. Oracle: row numbers.
CREATE TABLE every AS
SELECT key, ts, steps, page, row_number() OVER (PARTITION BY key ORDER BY ts, steps & 3, page COLLATE "C" NULLS LAST) AS n
FROM events WHERE ts IS NOT NULL;
CREATE TABLE neighbours AS
SELECT DISTINCT ON (a.key) a.key, a.n AS first, b.n AS last
FROM every AS a JOIN every AS b ON b.key = a.key AND b.n > a.n AND b.ts - a.ts >= '60 seconds'
WHERE a.steps & 1 <> 0 AND b.steps & 2 <> 0 ORDER BY a.key, b.n, a.n;
SELECT count(*) AS keys, count(*) FILTER (WHERE a.next IS NOT NULL) AS with_next, count(*) FILTER (WHERE a.previous IS NOT NULL) AS with_previous,
       count(*) FILTER (WHERE a.next IS DISTINCT FROM (SELECT page FROM every AS e WHERE e.key = a.key AND e.n = x.last + 1)) AS wrong_next,
       count(*) FILTER (WHERE a.previous IS DISTINCT FROM (SELECT page FROM every AS e WHERE e.key = a.key AND e.n = x.first - 1)) AS wrong_previous
FROM (SELECT key, sessionize.sequence_next('(?1)(?t>=60)(?2)', page, ts, steps & 1 <> 0, steps & 2 <> 0) AS next,
             sessionize.sequence_previous('(?1)(?t>=60)(?2)', page, ts, steps & 1 <> 0, steps & 2 <> 0) AS previous
      FROM events GROUP BY key) AS a
LEFT JOIN neighbours AS x USING (key);

-- The events of each match.  Oracle: of all chains of three events that begin after the match before, the
-- one whose first event is earliest; of those the one whose second event is; then the third.
CREATE TABLE valued AS
SELECT key, ts, steps, page, row_number() OVER (PARTITION BY key ORDER BY ts, steps, page COLLATE "C" NULLS LAST) AS n
FROM events WHERE ts IS NOT NULL AND steps <> 0;
CREATE INDEX ON valued (key, n);
ANALYZE valued;
CREATE FUNCTION all_matches(condition text) RETURNS TABLE (key bigint, match int, element int, step int, ts timestamptz, value text)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'CREATE TEMP TABLE found AS
    SELECT a.key::bigint, ARRAY[a.n, b.n, c.n] AS chain FROM valued AS a JOIN valued AS b USING (key) JOIN valued AS c USING (key)
    WHERE a.n < b.n AND b.n < c.n AND ' || condition;
  CREATE INDEX ON found (key, chain);
  ANALYZE found;
  RETURN QUERY
  WITH RECURSIVE greedy AS (
      SELECT f.key, min(f.chain) AS chain, 1 AS match FROM found AS f GROUP BY f.key
      UNION ALL
      SELECT g.key, next.chain, g.match + 1
      FROM greedy AS g CROSS JOIN LATERAL (SELECT min(f.chain) AS chain FROM found AS f WHERE f.key = g.key AND f.chain > ARRAY[g.chain[3], 1e9::bigint]) AS next
      WHERE next.chain IS NOT NULL)
  SELECT g.key, g.match, i::int, NULL::int, v.ts, v.page
  FROM greedy AS g, unnest(g.chain) WITH ORDINALITY AS u(n, i) JOIN valued AS v ON v.n = u.n WHERE v.key = g.key;
  DROP TABLE found;
END $$;
CREATE FUNCTION rows_of(pattern text, condition text, of text DEFAULT 'events') RETURNS TABLE (pattern_steps text, matches bigint, keys bigint, missing bigint, surplus bigint, wrong_first bigint, wrong_two bigint)
LANGUAGE plpgsql AS $$
BEGIN
  CREATE TEMP TABLE expected AS SELECT * FROM all_matches(condition);
  EXECUTE format('CREATE TEMP TABLE grouped AS
    SELECT key::bigint, sessionize.sequence_match_rows(%1$L, page, ts, NULL, steps & 1 <> 0, nullif(steps & 2 <> 0, false), steps & 4 <> 0) AS every,
           sessionize.sequence_match_rows(%1$L, page, ts, 2, steps & 1 <> 0, steps & 2 <> 0, steps & 4 <> 0) AS two,
           sessionize.sequence_match_events(%1$L, ts, steps & 1 <> 0, steps & 2 <> 0, steps & 4 <> 0) AS times
    FROM %2$s GROUP BY key', pattern, of);
  CREATE TEMP TABLE actual AS SELECT g.key, r.* FROM grouped AS g, unnest(g.every) AS r;
  SELECT string_agg(DISTINCT coalesce(a.step::text, '.'), ' ') FROM actual AS a INTO pattern_steps;
  UPDATE actual SET step = NULL;
  matches := (SELECT count(*) FROM actual AS a WHERE a.element = 1);
  keys := (SELECT count(*) FROM grouped AS g WHERE g.every <> '{}');
  missing := (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE actual) AS x);
  surplus := (SELECT count(*) FROM (TABLE actual EXCEPT ALL TABLE expected) AS x);
  wrong_first := (SELECT count(*) FROM grouped AS g WHERE g.times IS DISTINCT FROM
                  ARRAY(SELECT e.ts FROM expected AS e WHERE e.key = g.key AND e.match = 1 ORDER BY e.element));
  wrong_two := (SELECT count(*) FROM grouped AS g WHERE g.two IS DISTINCT FROM g.every[1:6]);
  DROP TABLE expected, grouped, actual;
  RETURN NEXT;
END $$;
CREATE TABLE row_patterns (pattern text, condition text);
INSERT INTO row_patterns VALUES
  ('(?1)(?2)(?3)', 'a.steps & 1 <> 0 AND b.steps & 2 <> 0 AND c.steps & 4 <> 0 AND b.n = a.n + 1 AND c.n = b.n + 1'),
  ('(?1).*(?2).*(?3)', 'a.steps & 1 <> 0 AND b.steps & 2 <> 0 AND c.steps & 4 <> 0'),
  ('(?1).(?2)', 'a.steps & 1 <> 0 AND c.steps & 2 <> 0 AND b.n = a.n + 1 AND c.n = b.n + 1'),
  ('(?2).*.*.(?2)', 'a.steps & 2 <> 0 AND c.steps & 2 <> 0 AND c.n = b.n + 1'),
  ('(?1)(?t<=20)(?2).*(?3)', $$a.steps & 1 <> 0 AND b.steps & 2 <> 0 AND c.steps & 4 <> 0 AND b.ts - a.ts <= '20 seconds'$$),
  ('(?1)(?t>=30)(?2)(?t>=30)(?t<=90)(?3)', $$a.steps & 1 <> 0 AND b.steps & 2 <> 0 AND c.steps & 4 <> 0 AND b.ts - a.ts >= '30 seconds' AND c.ts - b.ts BETWEEN '30 seconds' AND '90 seconds'$$),
  ('(?3)(?t>50).(?t==20)(?1)', $$a.steps & 4 <> 0 AND c.steps & 1 <> 0 AND b.ts - a.ts > '50 seconds' AND c.ts - b.ts = '20 seconds'$$);
SELECT p.pattern, r.* FROM row_patterns AS p, rows_of(p.pattern, p.condition) AS r;
-- in other orders
SELECT p.pattern, r.missing, r.surplus, r.wrong_first, r.wrong_two
FROM row_patterns AS p, unnest('{"(SELECT * FROM events ORDER BY ts DESC, page)","(SELECT * FROM events ORDER BY hashtext(ctid::text))"}'::text[]) AS o(rows),
     rows_of(p.pattern, p.condition, o.rows || ' AS e') AS r
WHERE p.pattern IN ('(?1).(?2)', '(?3)(?t>50).(?t==20)(?1)');

-- in any order
SELECT count(*) AS keys, bool_and(a = b) AS same_count, bool_and(c IS NOT DISTINCT FROM d) AS same_next
FROM (SELECT sessionize.sequence_count('(?1)(?t<=50)(?2)', ts, steps & 1 <> 0, steps & 2 <> 0 ORDER BY ts DESC) AS a,
             sessionize.sequence_count('(?1)(?t<=50)(?2)', ts, steps & 1 <> 0, steps & 2 <> 0 ORDER BY hashtext(ctid::text)) AS b,
             sessionize.sequence_next('(?1)(?2)', page, ts, steps & 1 <> 0, steps & 2 <> 0 ORDER BY ts DESC) AS c,
             sessionize.sequence_next('(?1)(?2)', page, ts, steps & 1 <> 0, steps & 2 <> 0 ORDER BY hashtext(ctid::text)) AS d
      FROM events GROUP BY key) AS x;

-- in parallel: states are sent, received and combined
CREATE TABLE serial_result AS
SELECT key, sessionize.sequence_count('(?1)(?t<=50)(?2)', ts, steps & 1 <> 0, steps & 2 <> 0) AS chains,
       sessionize.sequence_next('(?1)(?2)', page, ts, steps & 1 <> 0, steps & 2 <> 0) AS next
FROM events GROUP BY key;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
ALTER TABLE events SET (parallel_workers = 3);
CREATE TABLE costs AS SELECT oid, procost FROM pg_proc WHERE pronamespace = 'sessionize'::regnamespace AND proname ~ '^sequence_(next_)?(combine|serialize|deserialize)$';
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT key, sessionize.sequence_match('(?1)', ts, steps = 1) FROM events GROUP BY key;
CREATE TABLE parallel_result AS SELECT key, sessionize.sequence_count('(?1)(?t<=50)(?2)', ts, steps & 1 <> 0, steps & 2 <> 0) AS chains,
       sessionize.sequence_next('(?1)(?2)', page, ts, steps & 1 <> 0, steps & 2 <> 0) AS next
FROM events GROUP BY key;
SELECT (SELECT count(*) FROM serial_result) AS keys,
       (SELECT count(*) FROM (TABLE serial_result EXCEPT ALL TABLE parallel_result) AS x) AS missing,
       (SELECT count(*) FROM (TABLE parallel_result EXCEPT ALL TABLE serial_result) AS x) AS surplus;
EXPLAIN (COSTS OFF) SELECT key, sessionize.sequence_match_rows('(?1)', page, ts, NULL, steps = 1) FROM events GROUP BY key;
SELECT p.pattern, r.missing, r.surplus, r.wrong_first, r.wrong_two FROM row_patterns AS p, rows_of(p.pattern, p.condition) AS r;
CREATE TABLE parts (most int, ts timestamptz, page text) PARTITION BY LIST (most);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2);
INSERT INTO parts VALUES (1, '2026-03-02 10:00', 'a'), (2, '2026-03-02 10:01', 'b');
SET enable_partitionwise_aggregate = on;
SELECT sessionize.sequence_match_rows('(?1)', page, ts, 2, true) FROM parts;
SELECT sessionize.sequence_match_rows('(?1)', page, ts, most, true) FROM parts;
RESET enable_partitionwise_aggregate;
-- patterns and numbers of steps that differ between partial states
SELECT sessionize.sequence_match('(?1)' || repeat('.', key::int % 2), ts, steps = 1) FROM events;
SELECT sessionize.sequence_match('(?1)', ts, VARIADIC array_fill(steps = 1, ARRAY[1 + key::int % 2])) FROM events;
SELECT sessionize.sequence_next('(?1)' || repeat('.', key::int % 2), page, ts, steps = 1) FROM events;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- as a window aggregate, the state is used on after a result
SELECT ts, page, sessionize.sequence_count('(?1)(?2)', ts, page = 'product', page = 'cart') OVER w AS chains,
       sessionize.sequence_next('(?1)', page, ts, page = 'help') OVER w AS next,
       sessionize.sequence_match_events('(?1).*(?2)', ts, page = 'product', page = 'cart') OVER w AS times,
       sessionize.sequence_match_rows('(?1)', page, ts, NULL, page = 'cart') OVER w AS rows
FROM visit WINDOW w AS (ORDER BY ts) ORDER BY ts;

-- nothing, and nothing but NULL
SELECT sessionize.sequence_match('(?1)', ts, true), sessionize.sequence_count('(?1)', ts, true), sessionize.sequence_next('(?1)', page, ts, true),
       sessionize.sequence_previous('(?1)', page, ts, true)
FROM visit WHERE false;
SELECT sessionize.sequence_match('(?1)', NULL, true), sessionize.sequence_match('(?1)', ts, NULL), sessionize.sequence_next('(?1)', NULL, ts, page = 'cart') FROM visit;
SELECT sessionize.sequence_match_events('(?1)', ts, true), sessionize.sequence_match_rows('(?1)', page, ts, NULL, true) FROM visit WHERE false;
SELECT sessionize.sequence_match_events('(?1)', NULL, true), sessionize.sequence_match_rows('(?1)', page, ts, NULL, NULL),
       sessionize.sequence_match_rows('(?1)(?1)', NULL, ts, 1, page = 'cart') AS null_values FROM visit;

-- 32 steps and 64 events are the most
SELECT cardinality(sessionize.sequence_match_events(repeat('(?1)', 64), ts, true)) AS times,
       cardinality(sessionize.sequence_match_rows(repeat('(?1)', 64), NULL, ts, NULL, true)) AS rows
FROM generate_series(timestamptz '2026-01-01', '2026-01-01 02:10', '1 minute') AS ts;
SELECT sessionize.sequence_match_rows('(?32)', page, ts, 1, VARIADIC array_fill(true, ARRAY[32])) FROM visit;
SELECT sessionize.sequence_match_rows('(?1)', page, ts, 1, VARIADIC array_fill(true, ARRAY[33])) FROM visit;
SELECT sessionize.sequence_match_events(repeat('.', 65), ts, true) FROM visit;
-- a million events in one group: one match that takes them all in, and half a million
SELECT sessionize.sequence_match_events('(?1).*(?2)', '2026-01-01'::timestamptz + i * interval '1 s', i = 1, i = 1000000, true) AS ends,
       (SELECT count(*) = 1000000 AND count(DISTINCT match) = 500000 AND bool_and(value::int = match * 2 - 2 + element) FROM unnest(sessionize.sequence_match_rows(
           '(?1)(?t<=60)(?2)', i::text, '2026-01-01'::timestamptz + i * interval '1 s', NULL, i % 2 = 1, i % 2 = 0))) AS half_a_million
FROM generate_series(1, 1000000) AS i;
SELECT sessionize.sequence_match('(?32)', ts, VARIADIC array_fill(true, ARRAY[32])) FROM visit;
SELECT sessionize.sequence_match('(?1)', ts, VARIADIC array_fill(true, ARRAY[33])) FROM visit;
SELECT sessionize.sequence_count(repeat('(?1)', 64), ts, true) FROM generate_series(timestamptz '2026-01-01', '2026-01-01 02:10', '1 minute') AS ts;
SELECT sessionize.sequence_match(repeat('.', 65), ts, true) FROM visit;

-- both ends of time are further apart than 63 bits of microseconds
SELECT sessionize.sequence_match('(?1)(?t>=9223372036854)(?1)', ts, true) AS far, sessionize.sequence_match('(?1)(?t>=9999999999999.999999)(?1)', ts, true) AS too_far
FROM (VALUES ('4713-01-01 00:00:00 BC'::timestamptz), ('294276-12-31 23:59:59.999999')) AS v(ts);

-- errors in patterns, and where
CREATE FUNCTION refusal(pattern text) RETURNS TABLE (message text, hint text) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sessionize.sequence_match(pattern, now(), true, false, true);
  message := 'taken';
  RETURN NEXT;
EXCEPTION WHEN invalid_parameter_value THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  RETURN NEXT;
END $$;
SELECT pattern, r.* FROM unnest(ARRAY['', '  ', '.*', '(?1)x(?2)', 'x', '(1)', '(?1', '(?)', '(?x)', '(?0)', '(?1)(?4)', '(?99999999999999999999)', '(?1)(?t)(?2)',
  '(?1)(?t=5)(?2)', '(?1)(?t<=)(?2)', '(?1)(?t<=5.)(?2)', '(?1)(?t<=-5)(?2)', '(?1)(?t<=5s)(?2)', '(?1)(?t<=0.1234567)(?2)', '(?1)(?t<=10000000000000)(?2)',
  '(?t<=5)(?1)', '.*(?t<=5)(?1)', '(?1)(?t<=5)', '(?1)(?t<=5).*', 'ä', '(?1) . * (?2)']) AS pattern, refusal(pattern) AS r;
SELECT sessionize.sequence_match('(?1)(?2', ts, true, true) FROM visit;
SELECT sessionize.sequence_count('(?1)' || repeat('é', 300), ts, true, true) FROM visit;

-- other errors
SELECT sessionize.sequence_match(NULL, ts, true) FROM visit;
SELECT sessionize.sequence_match('(?1)', ts, VARIADIC NULL::boolean[]) FROM visit;
SELECT sessionize.sequence_match('(?1)', ts, VARIADIC '{}'::boolean[]) FROM visit;
SELECT sessionize.sequence_match('(?1)', ts, VARIADIC '{{t},{f}}'::boolean[]) FROM visit;
SELECT sessionize.sequence_match(CASE WHEN page = 'cart' THEN '(?1)' ELSE '(?1).' END, ts, true) FROM visit;
SELECT sessionize.sequence_next(CASE WHEN page = 'cart' THEN '(?1)' ELSE '(?1).' END, page, ts, true) FROM visit;
SELECT sessionize.sequence_match('(?1)', ts, VARIADIC array_fill(true, ARRAY[length(page)])) FROM visit;
SELECT sessionize.sequence_next('(?1)', page, ts, VARIADIC array_fill(true, ARRAY[length(page)])) FROM visit;
SELECT sessionize.sequence_match('(?1)', 'infinity', true);
SELECT sessionize.sequence_next('(?1)', 'a', '-infinity', true);
BEGIN;
SET LOCAL sessionize.max_group_events = 100;
SELECT sessionize.sequence_match('(?1)', ts, true) FROM generate_series(timestamptz '2026-01-01', '2026-01-01 01:40', '1 minute') AS ts;
ROLLBACK;
SELECT sessionize.sequence_match_events('', ts, true) FROM visit;
SELECT sessionize.sequence_match_rows('.*', page, ts, NULL, true) FROM visit;
SELECT sessionize.sequence_match_rows(NULL, page, ts, NULL, true) FROM visit;
SELECT sessionize.sequence_match_rows('(?1)', page, ts, 0, true) FROM visit;
SELECT sessionize.sequence_match_rows('(?1)', page, ts, length(page), true) FROM visit;
SELECT sessionize.sequence_match_rows('(?1)', page, ts, NULL, VARIADIC array_fill(true, ARRAY[length(page)])) FROM visit;
SELECT sessionize.sequence_match_rows(CASE WHEN page = 'cart' THEN '(?1)' ELSE '(?1).' END, page, ts, NULL, true) FROM visit;
SELECT sessionize.sequence_match_rows('(?1)', 'a', 'infinity', NULL, true);
BEGIN;
SET LOCAL sessionize.max_group_events = 100;
SELECT sessionize.sequence_match_rows('(?1)', 'a', ts, 1, true) FROM generate_series(timestamptz '2026-01-01', '2026-01-01 01:40', '1 minute') AS ts;
ROLLBACK;
BEGIN;
SET LOCAL sessionize.max_group_events = 100;
SELECT sessionize.sequence_next('(?1)', 'a', ts, true) FROM generate_series(timestamptz '2026-01-01', '2026-01-01 01:40', '1 minute') AS ts;
ROLLBACK;

-- called directly, the support functions refuse, or the server does, in its version's words
CREATE FUNCTION refused(query text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE query;
  RETURN false;
EXCEPTION WHEN others THEN
  RETURN true;
END $$;
SELECT query FROM (VALUES
  ($q$SELECT sessionize.sequence_transition(NULL, '(?1)', now(), '{t}')$q$),
  ($q$SELECT sessionize.sequence_combine(NULL, NULL)$q$),
  ($q$SELECT sessionize.sequence_serialize(NULL)$q$),
  ($q$SELECT sessionize.sequence_deserialize('\x00', NULL)$q$),
  ($q$SELECT sessionize.sequence_match_final(NULL)$q$),
  ($q$SELECT sessionize.sequence_count_final(NULL)$q$),
  ($q$SELECT sessionize.sequence_next_transition(NULL, '(?1)', 'a', now(), '{t}')$q$),
  ($q$SELECT sessionize.sequence_next_combine(NULL, NULL)$q$),
  ($q$SELECT sessionize.sequence_next_deserialize('\x00', NULL)$q$),
  ($q$SELECT sessionize.sequence_next_final(NULL)$q$),
  ($q$SELECT sessionize.sequence_events_final(NULL)$q$),
  ($q$SELECT sessionize.sequence_rows_transition(NULL, '(?1)', 'a', now(), 1, '{t}')$q$),
  ($q$SELECT sessionize.sequence_rows_final(NULL)$q$),
  ($q$SELECT sessionize.sequence_previous_final(NULL)$q$)) AS v(query) WHERE NOT refused(query);

-- States that no worker of ours wrote: aggregates that pass any bytes off as one.
CREATE FUNCTION forge(internal, bytea) RETURNS internal LANGUAGE internal AS 'xmlconcat2';
CREATE FUNCTION pass_off(internal) RETURNS bytea LANGUAGE internal STRICT AS 'byteasend';
CREATE AGGREGATE forged_count(bytea) (
  SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.sequence_deserialize, COMBINEFUNC = sessionize.sequence_combine, FINALFUNC = sessionize.sequence_count_final);
CREATE AGGREGATE forged_next(bytea) (
  SFUNC = forge, STYPE = internal, SERIALFUNC = pass_off, PARALLEL = SAFE,
  DESERIALFUNC = sessionize.sequence_next_deserialize, COMBINEFUNC = sessionize.sequence_next_combine, FINALFUNC = sessionize.sequence_next_final);
CREATE TABLE one_row AS SELECT 1 AS one;
ALTER TABLE one_row SET (parallel_workers = 1);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
UPDATE pg_proc SET procost = 0.0001 FROM costs WHERE costs.oid = pg_proc.oid;
EXPLAIN (COSTS OFF) SELECT forged_count('\x'::bytea) FROM one_row;
-- 2 steps, pattern (?1), 2 steps, events (1, 1) and (2, 1)
SELECT forged_count('\x0000000200000004283f312900000002000000000000000100000001000000000000000200000001'::bytea) FROM one_row;
-- nothing; no steps; too many; a pattern longer than the state; a broken pattern; a zero in it; not UTF-8; other numbers of steps; half an event; not ascending; step 3
SELECT forged_count('\x'::bytea) FROM one_row;
SELECT forged_count('\x0000000000000004283f312900000000'::bytea) FROM one_row;
SELECT forged_count('\x0000002100000004283f312900000021'::bytea) FROM one_row;
SELECT forged_count('\x00000002000000ff283f312900000002'::bytea) FROM one_row;
SELECT forged_count('\x00000002000000042e3f312900000002'::bytea) FROM one_row;
SELECT forged_count('\x00000002000000042e002a2900000002'::bytea) FROM one_row;
SELECT forged_count('\x0000000200000004ff2e2e2e00000002'::bytea) FROM one_row;
SELECT forged_count('\x00000002000000042e2e2e2e00000001'::bytea) FROM one_row;
SELECT forged_count('\x00000002000000042e2e2e2e00000002000000000000'::bytea) FROM one_row;
SELECT forged_count('\x00000002000000042e2e2e2e00000002000000000000000200000001000000000000000100000001'::bytea) FROM one_row;
SELECT forged_count('\x00000002000000042e2e2e2e00000002000000000000000100000004'::bytea) FROM one_row;
-- pattern ., one match wanted, events (1, 1, a) and (2, 0, b); then a name longer than the state, a zero in it, minus infinity, a step that there is none of, no match wanted
SELECT forged_next('\x00000001000000012e0000000100000000000000010000000100000001610000000000000002000000000000000162'::bytea) FROM one_row;
SELECT forged_next('\x00000001000000012e00000001000000000000000100000001000000ff61'::bytea) FROM one_row;
SELECT forged_next('\x00000001000000012e000000010000000000000001000000010000000100'::bytea) FROM one_row;
SELECT forged_next('\x00000001000000012e00000001800000000000000000000001ffffffff'::bytea) FROM one_row;
SELECT forged_next('\x00000001000000012e00000001000000000000000100000002ffffffff'::bytea) FROM one_row;
SELECT forged_next('\x00000001000000012e00000000000000000000000100000001ffffffff'::bytea) FROM one_row;
UPDATE pg_proc SET procost = costs.procost FROM costs WHERE costs.oid = pg_proc.oid;

SET client_min_messages = warning;
DROP SCHEMA sequence_test CASCADE;
