-- What the other files share: the events, and how a sample is taken.
SET client_min_messages = warning;
CREATE EXTENSION pg_sessionize;
CREATE TABLE sample (wal_mode text, work text, events bigint, cpu numeric, wal numeric);
CREATE TABLE relation_size (relation name, index_of name, bytes bigint, live_rows bigint, per_events bigint);

-- Processor time and log before a sample and after it.
CREATE TABLE moment (cpu numeric, lsn pg_lsn, at timestamptz);
CREATE FUNCTION note_moment() RETURNS void LANGUAGE sql AS $$
	INSERT INTO moment
	SELECT (f[14]::numeric + f[15]::numeric) / 100, pg_current_wal_insert_lsn(), clock_timestamp()
	FROM regexp_split_to_array(regexp_replace(pg_read_file('/proc/' || pg_backend_pid() || '/stat'), '^.*\) ', 'x x '), ' ') AS f;
$$;
CREATE FUNCTION take_sample(wal_mode text, work text, events bigint) RETURNS void LANGUAGE sql AS $$
	INSERT INTO sample
	SELECT wal_mode, work, events, max(cpu) - min(cpu), max(lsn) - min(lsn)
	FROM (SELECT * FROM moment ORDER BY at DESC LIMIT 2) AS m;
$$;

-- The last events are of an hour ago, so that all of them can be sealed.
CREATE TABLE first_visit AS
SELECT now() - interval '1 hour' - (:history + :new + 4 * :batches * :batch::bigint) / 4 * interval '2 seconds' AS at;
-- A visit has four events, 50 seconds apart; every two seconds one begins. Every fifth visitor is logged in.
CREATE FUNCTION events(low bigint, high bigint, users bigint)
RETURNS TABLE (occurred_at timestamptz, sent_at timestamptz, received_at timestamptz, event_id text, event_name text, user_id text, anonymous_id text, source text,
	properties jsonb, context jsonb)
LANGUAGE sql AS $$
	SELECT at, at + interval '200 milliseconds', at + interval '300 milliseconds', md5('e' || i)::uuid::text, CASE WHEN i % 7 = 0 THEN 'add_to_cart' ELSE 'page_view' END,
		CASE WHEN u % 5 = 0 THEN 'user-' || u END, 'a' || u, 'shop',
		jsonb_build_object('page', '/p/' || (i * 7919) % 997, 'price', i % 90, 'position', i % 10),
		jsonb_build_object('locale', 'de-DE', 'referrer', 'https://www.example.org/', 'screen', '1920x1080')
	FROM (SELECT i, (hashint8(i / 4) & 2147483647) % users AS u,
			first_visit.at + (i / 4) * interval '2 seconds' + (i % 4) * interval '50 seconds' AS at
		FROM first_visit, generate_series(low, high) AS i) AS x;
$$;
-- What docs/scale.md calls "columns of an event".
CREATE FUNCTION event_columns() RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT 'occurred_at, sent_at, received_at, event_id, event_name, user_id, anonymous_id, source, properties, context';
$$;
COPY (SELECT * FROM events(:history + 1, :history + :new, :users)) TO :'csv' (FORMAT csv);
