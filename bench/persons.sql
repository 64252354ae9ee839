-- What bench/persons measures: CALL sessionize.refresh() for one new event, of a pipeline with persons and one without in turns.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION pg_sessionize;
CREATE TABLE without (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, account text, at timestamptz);
-- a third of the visitors' events come before they log in
INSERT INTO without (visitor, account, at)
SELECT 'k' || k, CASE WHEN e > 1 THEN 'u' || k % :users END, '2026-01-01Z'::timestamptz + e * interval '1 hour'
FROM generate_series(0, :keys - 1) AS k, generate_series(1, 3) AS e;
CREATE INDEX ON without (visitor, at);
CREATE TABLE persons (LIKE without INCLUDING ALL);
INSERT INTO persons OVERRIDING SYSTEM VALUE TABLE without;
SELECT setval('persons_raw_id_seq', max(raw_id)) FROM persons \g /dev/null
ANALYZE without;
ANALYZE persons;
SELECT sessionize.create_pipeline('web_' || t, t, key => 'visitor', event_time => 'at', user_id => 'account') FROM unnest('{without,persons}'::text[]) AS t \g /dev/null
CALL sessionize.rebuild('web_without');
CALL sessionize.rebuild('web_persons');
SELECT clock_timestamp() AS begun \gset
SELECT sessionize.enable_identity('web_persons') \g /dev/null
SELECT 'enable_identity, seconds', round(extract(epoch FROM clock_timestamp() - :'begun'), 1);
ANALYZE web_persons.person_key;
ANALYZE web_persons.person_user;
ANALYZE web_persons.person_link;

CREATE TABLE times (kind text, side text, ms numeric);
-- a refresh after a change, timed on both sides
CREATE PROCEDURE measure(what text, change text) LANGUAGE plpgsql AS $$
DECLARE
	side text;
	begun timestamptz;
BEGIN
	FOREACH side IN ARRAY '{without,persons}'::text[] LOOP
		EXECUTE format(change, side);
		COMMIT;
		begun := clock_timestamp();
		CALL sessionize.refresh('web_' || side);
		INSERT INTO times VALUES (what, side, extract(epoch FROM clock_timestamp() - begun) * 1000);
		COMMIT;
	END LOOP;
END $$;
CREATE FUNCTION event(visitor text, account text, hour int) RETURNS text LANGUAGE sql AS $$
SELECT format('INSERT INTO %%I (visitor, account, at) VALUES (%L, %L, ''2026-01-02Z''::timestamptz + interval ''%s hours'')', visitor, account, hour)
$$;
CREATE PROCEDURE measure_all(logins int, keys int, users int) LANGUAGE plpgsql AS $$
DECLARE
	k int;
BEGIN
	FOR i IN 1 .. logins LOOP
		k := (i * 7919::bigint * 101) % keys;
		CALL measure('1. an event of a user who is known', event('k' || k, 'u' || k % users, 0));
		CALL measure('2. a new visitor', event('n' || i, NULL, 0));
		CALL measure('3. who logs in as a known user', event('n' || i, 'u' || i, 1));
		CALL measure('4. a login that joins two persons', event('k' || k, 'u' || (k + 12345) % users, 1));
		CALL measure('5. its deletion, which splits them', format('DELETE FROM %%I WHERE visitor = %L AND account = %L', 'k' || k, 'u' || (k + 12345) % users));
	END LOOP;
END $$;
CALL measure_all(:logins, :keys, :users);
SELECT 'milliseconds', 'without: median', 'p99', 'with persons: median', 'p99', 'difference of the medians';
SELECT kind, round(percentile_disc(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE side = 'without'), 2),
       round(percentile_disc(0.99) WITHIN GROUP (ORDER BY ms) FILTER (WHERE side = 'without'), 2),
       round(percentile_disc(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE side = 'persons'), 2),
       round(percentile_disc(0.99) WITHIN GROUP (ORDER BY ms) FILTER (WHERE side = 'persons'), 2),
       round(percentile_disc(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE side = 'persons')
           - percentile_disc(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE side = 'without'), 2)
FROM times GROUP BY kind ORDER BY kind;
SELECT 'differences by verify', count(*) FROM sessionize.verify('web_persons');
SELECT clock_timestamp() AS begun \gset
CALL sessionize.rebuild('web_without');
SELECT 'rebuild without persons, seconds', round(extract(epoch FROM clock_timestamp() - :'begun'), 1);
SELECT clock_timestamp() AS begun \gset
CALL sessionize.rebuild('web_persons');
SELECT 'rebuild with persons, seconds', round(extract(epoch FROM clock_timestamp() - :'begun'), 1);
