-- Aggregates whose state is a value that Citus can combine: the results of the others in every plan, states that
-- somebody has made up, and the choice between both. 134_citus_aggregates runs them on Citus.
SET timezone = 'UTC';
CREATE SCHEMA by_shard_test;
SET search_path = by_shard_test;
\set SHOW_CONTEXT never

CREATE TABLE events AS
SELECT 'u' || abs(hashint8extended(i, 1) % 40) AS key,
	CASE WHEN i % 97 <> 0 THEN timestamptz '2026-01-01 00:00+00'
		+ (hashint8extended(i, 2) % 9000) * interval '10 minutes' END AS ts,
	'e' || abs(hashint8extended(i, 3) % 4) AS name, 'c' || abs(hashint8extended(i, 4) % 5) AS country,
	CASE WHEN i % 5 <> 0 THEN jsonb_build_object('price', i % 50, 'n', 'x' || i % 7) END AS properties
FROM generate_series(1, 6000) AS i;
ANALYZE events;

-- Oracle: lag() marks the starts.
SELECT (SELECT count(*) FILTER (WHERE starts)
	FROM (SELECT coalesce(ts - lag(ts) OVER (ORDER BY ts) > interval '10 minutes', true) AS starts
		FROM events WHERE ts IS NOT NULL) AS marked)
	= sessionize.session_count_by_shard(ts, '10 minutes') AS as_by_lag FROM events;

-- Each aggregate in pairs with its arguments. The comparison has a row for each that is not equal, in any group.
CREATE TABLE pairs (name text, arguments text);
INSERT INTO pairs VALUES
	('session_count', $$ts, '10 minutes'$$),
	('session_agg', $$ts, '10 minutes'$$),
	('session_concurrency', $$ts, ts + interval '25 minutes', '1 day'$$),
	('session_concurrency', $$ts, ts + interval '25 minutes', '1 week', '2026-01-01 07:00+00'$$),
	('session_concurrency', $$ts, ts + interval '25 minutes'$$),
	('funnel', $$ts, '1 hour', name = 'e1', name = 'e2', name = 'e3'$$),
	('funnel', $$ts, '1 hour', 'strict_order', name = 'e1', name = 'e2'$$),
	('funnel', $$ts, '1 hour', 'exclude 3 between 1 and 2', name = 'e1', name = 'e2', name = 'e3'$$),
	('funnel_times', $$ts, '1 hour', name = 'e1', name = 'e2'$$),
	('funnel_times', $$ts, '1 hour', 'strict_increase', name = 'e1', name = 'e2'$$),
	('session_pace', $$ts$$),
	('infer_schema', $$properties$$),
	('property_statistics', $$properties$$);
-- every aggregate with a state of type internal that is not polymorphic and has a counterpart is among them
SELECT DISTINCT p.proname FROM pg_proc AS p
WHERE p.pronamespace = 'sessionize'::regnamespace AND p.prokind = 'a' AND p.proname LIKE '%\_by\_shard'
	AND replace(p.proname, '_by_shard', '') NOT IN (SELECT name FROM pairs);
SELECT p.oid::regprocedure AS without_counterpart FROM pg_proc AS p
WHERE p.pronamespace = 'sessionize'::regnamespace AND p.prokind = 'a' AND p.proname LIKE '%\_by\_shard'
	AND NOT EXISTS (SELECT FROM pg_proc AS o WHERE o.pronamespace = p.pronamespace AND o.prokind = 'a'
		AND o.proname || '_by_shard' = p.proname AND o.proargtypes = p.proargtypes
		AND o.prorettype = p.prorettype AND o.provariadic = p.provariadic);

CREATE FUNCTION differences(by_what text) RETURNS TABLE (aggregate text, groups bigint, wrong bigint)
LANGUAGE plpgsql AS $$
DECLARE
	pair by_shard_test.pairs;
BEGIN
	FOR pair IN TABLE by_shard_test.pairs LOOP
		-- two queries, since the plan of one need not be that of the other
		EXECUTE format('CREATE TEMP TABLE one AS SELECT %s::text AS g, sessionize.%s(%s) AS v
			FROM by_shard_test.events GROUP BY %1$s', by_what, pair.name, pair.arguments);
		EXECUTE format('CREATE TEMP TABLE other AS SELECT %s::text AS g, sessionize.%s_by_shard(%s) AS v
			FROM by_shard_test.events GROUP BY %1$s', by_what, pair.name, pair.arguments);
		aggregate := pair.name;
		groups := (SELECT count(*) FROM one);
		wrong := (SELECT count(*) FROM one FULL JOIN other USING (g) WHERE one.v IS DISTINCT FROM other.v);
		DROP TABLE one, other;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT aggregate, groups, wrong FROM differences('country');
SELECT aggregate, groups, wrong FROM differences('(ts IS NULL)');

-- in parallel: states are made flat, sent and combined
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
ALTER TABLE events SET (parallel_workers = 3);
EXPLAIN (COSTS OFF) SELECT sessionize.session_agg_by_shard(ts, '10 minutes') FROM events;
SELECT sessionize.session_agg_by_shard(ts, '10 minutes') = (SELECT sessionize.session_agg(ts, '10 minutes' ORDER BY ts) FROM events)
	AS equal FROM events;
SELECT aggregate, groups, wrong FROM differences('country') WHERE wrong > 0;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- What has no counterpart: grouped by the column of distribution first, and by the rest outside.
CREATE TABLE hits AS SELECT key AS user_id, country, name AS page, ts FROM events;
CREATE VIEW last_pages AS
SELECT country, sessionize.last_by(page, ts)
FROM (SELECT user_id, country, sessionize.last_by(page, ts) AS page, max(ts) AS ts FROM hits GROUP BY 1, 2) AS x
GROUP BY 1;
CREATE VIEW expected_pages AS SELECT country, sessionize.last_by(page, ts) FROM hits GROUP BY 1;
SELECT count(*) AS pages FROM last_pages;
(TABLE last_pages EXCEPT ALL TABLE expected_pages) UNION ALL (TABLE expected_pages EXCEPT ALL TABLE last_pages);

-- over a window, whose states go on after a result
SELECT count(*) AS rows, count(*) FILTER (WHERE a <> b) AS wrong
FROM (SELECT sessionize.session_count(ts, '10 minutes') OVER w AS a, sessionize.session_count_by_shard(ts, '10 minutes') OVER w AS b
	FROM events WHERE country = 'c1' WINDOW w AS (ORDER BY ts)) AS x;

-- The parts can be called, and others' aggregates made of them, so a state can be anything.
SELECT sessionize.session_value_combine('\x7301', '\x7301');
SELECT sessionize.session_value_transition(NULL, '2026-01-01', '1 hour');
SELECT sessionize.session_count_value_final('\x7301');
CREATE AGGREGATE combined(bytea) (sfunc = sessionize.session_value_combine, stype = bytea,
	finalfunc = sessionize.session_count_value_final);
CREATE AGGREGATE states(timestamptz, interval) (sfunc = sessionize.session_value_transition, stype = bytea);
SELECT combined(state) = (SELECT sessionize.session_count(ts, '10 minutes') FROM events) AS equal
FROM (SELECT states(ts, '10 minutes') AS state FROM events GROUP BY country) AS x;
SELECT combined(v) FROM (VALUES ('\x7301'::bytea), (NULL)) AS x(v);
SELECT combined(v) FROM (VALUES ('\x'::bytea)) AS x(v);
SELECT combined(v) FROM (VALUES ('\x73'::bytea)) AS x(v);
\set VERBOSITY default
SELECT combined(v) FROM (VALUES ('\x7302'::bytea)) AS x(v);
\set VERBOSITY terse
SELECT combined(v) FROM (VALUES ('\x6601'::bytea)) AS x(v);
SELECT combined(v) FROM (VALUES ('\x730100000000d693a400ff'::bytea)) AS x(v);
-- a state of one aggregate, not yet flat, given to another
CREATE AGGREGATE mixed(timestamptz) (sfunc = sessionize.pace_value_transition, stype = bytea,
	finalfunc = sessionize.session_count_value_final);
SELECT mixed(ts) FROM events;

-- Real states of each kind with bytes changed, cut off and added: an error or a result, and the server lives.
CREATE TABLE kinds (kind text, given text, types text, final text, arguments text);
INSERT INTO kinds VALUES
	('session', 'session_value_transition', 'timestamptz, interval', 'session_agg_value_final', $$ts, '10 minutes'$$),
	('concurrency', 'concurrency_value_transition', 'timestamptz, timestamptz', 'concurrency_changes_value_final',
		$$ts, ts + interval '25 minutes'$$),
	('funnel', 'funnel_value_transition', 'timestamptz, interval, VARIADIC boolean[]', 'funnel_times_value_final',
		$$ts, '1 hour', name = 'e1', name = 'e2'$$),
	('funnel', 'funnel_value_transition', 'timestamptz, interval, text, VARIADIC boolean[]', 'funnel_times_value_final',
		$$ts, '1 hour', 'exclude 3 between 1 and 2', name = 'e1', name = 'e2', name = 'e3'$$),
	('pace', 'pace_value_transition', 'timestamptz', 'pace_value_final', $$ts$$),
	('profile', 'profile_value_transition', 'jsonb', 'infer_schema_value_final', $$properties$$),
	('profile', 'profile_value_transition', 'jsonb', 'property_statistics_value_final', $$properties$$);

-- The real state with one to three other bytes; every seventh is cut off, every eleventh has more at its end.
CREATE FUNCTION changed_state(state bytea, i int) RETURNS bytea
LANGUAGE plpgsql AS $$
DECLARE
	changed bytea := state;
BEGIN
	FOR j IN 0 .. i % 3 LOOP
		changed := set_byte(changed, (2 + abs(hashint8extended(i, j)) % (length(state) - 2))::int,
			(abs(hashint8extended(i, 100 + j)) % 256)::int);
	END LOOP;
	RETURN CASE WHEN i % 7 = 0 THEN substr(changed, 1, (2 + abs(hashint8extended(i, 200)) % (length(state) - 2))::int)
		WHEN i % 11 = 0 THEN changed || decode(repeat('ff', i % 20), 'hex') ELSE changed END;
END $$;

CREATE FUNCTION try_states(k kinds, rounds int) RETURNS TABLE (kind text, results int, errors int, other_errors text)
LANGUAGE plpgsql AS $$
DECLARE
	state bytea;
BEGIN
	EXECUTE format('CREATE AGGREGATE made(%s) (sfunc = sessionize.%s, stype = bytea)', k.types, k.given);
	EXECUTE format('CREATE AGGREGATE given(bytea) (sfunc = sessionize.%s_value_combine, stype = bytea,
		finalfunc = sessionize.%s)', k.kind, k.final);
	EXECUTE format('SELECT made(%s) FROM (SELECT * FROM by_shard_test.events WHERE ts IS NOT NULL LIMIT 40) AS x',
		k.arguments) INTO state;
	kind := k.kind;
	results := 0;
	errors := 0;
	FOR i IN 1 .. rounds LOOP
		BEGIN
			EXECUTE 'SELECT given(v)::text FROM (VALUES ($1), ($2)) AS x(v)' USING changed_state(state, i), state;
			results := results + 1;
		EXCEPTION WHEN invalid_binary_representation OR protocol_violation OR program_limit_exceeded
			OR invalid_parameter_value OR character_not_in_repertoire OR datetime_field_overflow THEN
			errors := errors + 1;
		WHEN OTHERS THEN
			other_errors := SQLSTATE || ' ' || SQLERRM;
		END;
	END LOOP;
	EXECUTE format('DROP AGGREGATE made(%s)', k.types);
	DROP AGGREGATE given(bytea);
	RETURN NEXT;
END $$;
SELECT t.kind, t.results > 0 AS results, t.errors > 0 AS errors, t.other_errors
FROM kinds, LATERAL try_states(kinds, 700) AS t ORDER BY 1;

-- In a query of a distributed table the others are planned, and in any other query these: a stand-in for Citus' catalog.
CREATE FUNCTION planned(query text) RETURNS TABLE (calls text)
LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		RETURN QUERY SELECT m[1] FROM regexp_matches(line, 'sessionize\.(\w+)', 'g') AS m;
	END LOOP;
END $$;
CREATE TABLE far_away AS TABLE events;
CREATE VIEW busy AS SELECT country, sessionize.session_count(ts, '1 hour') AS sessions FROM far_away GROUP BY country;
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
RESET allow_system_table_mods;
SELECT * FROM planned('SELECT sessionize.session_count(ts, ''1 hour'') FROM far_away');
INSERT INTO pg_catalog.pg_dist_partition VALUES ('far_away');
SELECT * FROM planned('SELECT sessionize.session_count(ts, ''1 hour'') FROM far_away');
SELECT * FROM planned('SELECT sessionize.session_count(ts, ''1 hour'') FROM events');
SELECT DISTINCT calls FROM planned('SELECT sessions FROM busy');
SELECT DISTINCT calls FROM planned('WITH b AS MATERIALIZED (SELECT sessionize.session_agg(ts, ''1 hour'') AS s FROM events)
	SELECT s FROM b, far_away');
SELECT * FROM planned('SELECT sessionize.session_count(ts, ''1 hour'' ORDER BY ts) FROM far_away');
SELECT * FROM planned('SELECT sessionize.first_by(name, ts) FROM far_away');
-- a worker plans the part of a query that is over a shard
SELECT * FROM planned('SELECT sessionize.session_count_by_shard(ts, ''1 hour'') FROM events');
EXPLAIN (COSTS OFF) SELECT key, sessionize.session_count_by_shard(ts, '1 hour') FROM events GROUP BY key;
-- what is stored is what was written, and results do not depend on the choice
SELECT pg_get_viewdef('busy'::regclass) ~ 'sessionize.session_count\(' AS as_written;
SELECT sessionize.session_count(ts, '1 hour') = sessionize.session_count(ts, '1 hour' ORDER BY ts) AS equal FROM far_away;
PREPARE sessions(interval) AS SELECT sessionize.session_count(ts, $1) FROM far_away;
EXECUTE sessions('10 minutes');
DELETE FROM pg_catalog.pg_dist_partition;
EXECUTE sessions('10 minutes');
SET allow_system_table_mods = on;
DROP TABLE pg_catalog.pg_dist_partition;
RESET allow_system_table_mods;
SET client_min_messages = warning;
DROP SCHEMA by_shard_test CASCADE;
