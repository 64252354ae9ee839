-- What bench/persons measures. Times are of CALL sessionize.refresh('web') for one new event.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION pg_sessionize;
CREATE TABLE raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, account text, at timestamptz);
-- a third of the visitors' events come before they log in
INSERT INTO raw (visitor, account, at)
SELECT 'k' || k, CASE WHEN e > 1 THEN 'u' || k % :users END, '2026-01-01Z'::timestamptz + e * interval '1 hour'
FROM generate_series(0, :keys - 1) AS k, generate_series(1, 3) AS e;
CREATE INDEX ON raw (visitor, at);
ANALYZE raw;
SELECT sessionize.create_pipeline('web', 'raw', key => 'visitor', event_time => 'at', user_id => 'account') \g /dev/null
SELECT clock_timestamp() AS begun \gset
CALL sessionize.rebuild('web');
SELECT 'rebuild without persons, seconds', round(extract(epoch FROM clock_timestamp() - :'begun'), 1);

CREATE TABLE times (kind text, ms numeric);
-- one refresh after a change, timed
CREATE PROCEDURE measure(what text, change text) LANGUAGE plpgsql AS $$
DECLARE
	begun timestamptz;
BEGIN
	EXECUTE change;
	COMMIT;
	begun := clock_timestamp();
	CALL sessionize.refresh('web');
	INSERT INTO times VALUES (what, extract(epoch FROM clock_timestamp() - begun) * 1000);
	COMMIT;
END $$;
CREATE PROCEDURE measure_all(prefix text, logins int, keys int, users int) LANGUAGE plpgsql AS $$
DECLARE
	k int;
	late text = '''2026-01-02Z''::timestamptz';
BEGIN
	FOR i IN 1 .. logins LOOP
		k := (i * 7919::bigint * 101) % keys;
		CALL measure(prefix || '1. an event of a user who is known', format('INSERT INTO raw (visitor, account, at) VALUES (%L, %L, %s)', 'k' || k, 'u' || k % users, late));
		CALL measure(prefix || '2. a new visitor', format('INSERT INTO raw (visitor, at) VALUES (%L, %s)', prefix || 'n' || i, late));
		CALL measure(prefix || '3. the visitor logs in as a known user', format('INSERT INTO raw (visitor, account, at) VALUES (%L, %L, %s)', prefix || 'n' || i, 'u' || i, late));
		CALL measure(prefix || '4. a login that joins two persons', format('INSERT INTO raw (visitor, account, at) VALUES (%L, %L, %s)', 'k' || k, 'u' || (k + 12345) % users, late || ' + interval ''1 hour'''));
		CALL measure(prefix || '5. its deletion, which splits them', format('DELETE FROM raw WHERE visitor = %L AND account = %L', 'k' || k, 'u' || (k + 12345) % users));
	END LOOP;
END $$;
CALL measure_all('without persons: ', :logins, :keys, :users);
SELECT clock_timestamp() AS begun \gset
SELECT sessionize.enable_identity('web') \g /dev/null
SELECT 'enable_identity, seconds', round(extract(epoch FROM clock_timestamp() - :'begun'), 1);
ANALYZE web.person_key;
ANALYZE web.person_user;
ANALYZE web.person_link;
CALL measure_all('with persons: ', :logins, :keys, :users);
SELECT 'kind', 'median ms', 'p99 ms';
SELECT kind, round(percentile_disc(0.5) WITHIN GROUP (ORDER BY ms), 2), round(percentile_disc(0.99) WITHIN GROUP (ORDER BY ms), 2)
FROM times GROUP BY kind ORDER BY kind DESC;
SELECT clock_timestamp() AS begun \gset
SELECT 'differences by verify', count(*) FROM sessionize.verify('web');
SELECT 'verify, seconds', round(extract(epoch FROM clock_timestamp() - :'begun'), 1);
SELECT clock_timestamp() AS begun \gset
CALL sessionize.rebuild('web');
SELECT 'rebuild with persons, seconds', round(extract(epoch FROM clock_timestamp() - :'begun'), 1);
