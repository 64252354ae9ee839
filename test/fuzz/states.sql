-- For scripts/fuzz-states: states of each aggregate that has them as values, and a function that changes them.
CREATE EXTENSION pg_sessionize;
SET timezone = 'UTC';

CREATE TABLE events AS
SELECT CASE WHEN i % 97 <> 0 THEN timestamptz '2026-01-01 00:00+00' + (hashint8extended(i, 2) % 9000) * interval '10 minutes' END AS ts,
	'e' || abs(hashint8extended(i, 3) % 4) AS name, CASE WHEN i % 5 <> 0 THEN jsonb_build_object('price', i % 50, 'n', 'x' || i % 7) END AS properties
FROM generate_series(1, 1000) AS i;

CREATE TABLE kinds (id int GENERATED ALWAYS AS IDENTITY, kind text, types text, final text, arguments text);
INSERT INTO kinds (kind, types, final, arguments) VALUES
	('session', 'timestamptz, interval', 'session_agg', $$ts, '10 minutes'$$),
	('session', 'timestamptz, interval', 'session_count', $$ts, '10 minutes'$$),
	('concurrency', 'timestamptz, timestamptz', 'concurrency_changes', $$ts, ts + interval '25 minutes'$$),
	('concurrency', 'timestamptz, timestamptz, interval', 'concurrency', $$ts, ts + interval '25 minutes', '1 day'$$),
	('funnel', 'timestamptz, interval, VARIADIC boolean[]', 'funnel_times', $$ts, '1 hour', name = 'e1', name = 'e2'$$),
	('funnel', 'timestamptz, interval, text, VARIADIC boolean[]', 'funnel', $$ts, '1 hour', 'exclude 3 between 1 and 2', name = 'e1', name = 'e2', name = 'e3'$$),
	('pace', 'timestamptz', 'pace', $$ts$$),
	('profile', 'jsonb', 'infer_schema', $$properties$$),
	('profile', 'jsonb', 'property_statistics', $$properties$$);

CREATE TABLE states (id int, state bytea);
DO $$
DECLARE
	k kinds;
	rows int;
BEGIN
	FOR k IN TABLE kinds LOOP
		EXECUTE format('CREATE AGGREGATE made(%s) (sfunc = sessionize.%s_value_transition, stype = bytea)', k.types, k.kind);
		EXECUTE format('CREATE AGGREGATE combined%s(bytea) (sfunc = sessionize.%s_value_combine, stype = bytea)', k.id, k.kind);
		EXECUTE format('CREATE AGGREGATE finished%s(bytea) (sfunc = sessionize.%s_value_combine, stype = bytea, finalfunc = sessionize.%s_value_final)', k.id, k.kind, k.final);
		FOREACH rows IN ARRAY '{1,2,5,40,300}'::int[] LOOP
			EXECUTE format('INSERT INTO states SELECT %s, made(%s) FROM (SELECT * FROM events WHERE ts IS NOT NULL LIMIT %s) AS e', k.id, k.arguments, rows);
		END LOOP;
		EXECUTE format('DROP AGGREGATE made(%s)', k.types);
	END LOOP;
END $$;

CREATE FUNCTION below(n bigint) RETURNS int LANGUAGE sql AS 'SELECT floor(random() * n)::int';

-- bytes that lengths, counts and flags are likely to be wrong by
CREATE FUNCTION some_bytes(n int) RETURNS bytea LANGUAGE sql AS $$
	SELECT coalesce(string_agg(decode(lpad(to_hex(CASE below(4) WHEN 0 THEN 0 WHEN 1 THEN 255 WHEN 2 THEN below(256) ELSE 1 << below(8) END), 2, '0'), 'hex'), ''), '')
	FROM generate_series(1, n)
$$;

-- A state with up to two changes. The first two bytes, its kind and version, stay.
CREATE FUNCTION changed(state bytea) RETURNS bytea
LANGUAGE plpgsql AS $$
DECLARE
	at int;
BEGIN
	FOR i IN 1 .. below(3) LOOP
		at := below(greatest(length(state) - 2, 1)) + 3;
		state := CASE below(8)
			WHEN 0 THEN substr(state, 1, at - 1)
			WHEN 1 THEN state || some_bytes(below(20))
			WHEN 2 THEN substr(state, 1, at - 1) || some_bytes(below(9)) || substr(state, at)
			WHEN 3 THEN substr(state, 1, at - 1) || substr(state, at + below(9))
			WHEN 4 THEN substr(state, 1, at - 1) || some_bytes(8) || substr(state, at + 8)
			WHEN 5 THEN substr(state, 1, at - 1) || some_bytes(4) || substr(state, at + 4)
			WHEN 6 THEN substr(state, 1, 2) || some_bytes(below(80))
			ELSE substr(state, 1, at - 1) || some_bytes(1) || substr(state, at + 1) END;
	END LOOP;
	RETURN state;
END $$;

-- How many of a batch of changed states were taken for states; the others are errors of a user.
CREATE FUNCTION fuzz_states(seed bigint, batch int) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	one record;
	state bytea;
	taken bigint := 0;
BEGIN
	PERFORM setseed(seed % 1000000 / 1000000.0);
	FOR i IN 1 .. batch LOOP
		SELECT s.id, changed(s.state) AS state, o.state AS other INTO one
		FROM (SELECT * FROM states ORDER BY random() LIMIT 1) AS s JOIN states AS o USING (id) ORDER BY random() LIMIT 1;
		BEGIN
			-- alone, or with a state that is right; not as text, which PostgreSQL needs far more memory for than for the result
			EXECUTE format('SELECT combined%1$s(v), finished%1$s(v) IS NULL FROM (SELECT $1 UNION ALL SELECT $2 WHERE $3) AS x (v)', one.id)
			INTO state USING one.state, one.other, below(2) = 0;
			EXECUTE format('SELECT finished%s($1) IS NULL', one.id) USING state;
			taken := taken + 1;
		EXCEPTION WHEN invalid_binary_representation OR protocol_violation OR program_limit_exceeded OR invalid_parameter_value
			OR character_not_in_repertoire OR datetime_field_overflow THEN
			NULL;
		END;
	END LOOP;
	RETURN taken;
END $$;
CREATE TABLE pool AS SELECT 1 AS one;
