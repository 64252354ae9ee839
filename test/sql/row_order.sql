-- The order in which rows come decides nothing: the same rows, loaded in other orders and refreshed in other portions, give the
-- same star to the last bit, and no column of it is of a type whose sums depend on an order. The times have fractions that binary ones are not.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szo;
-- few times and ids, so that rows are often equal in both; the last 300 are copies in all but page and raw id
CREATE TABLE szo.given AS
SELECT n AS raw_id, CASE WHEN n % 17 <> 0 THEN 'e' || d2 % 60 END AS event_id, (ARRAY['page_view', 'click', NULL])[1 + d1 % 3] AS event_name,
       CASE WHEN d1 % 61 <> 0 THEN (ARRAY['a', 'A', 'é', 'b'])[1 + d1 % 4] || d1 % 5 END AS visitor, CASE WHEN d2 % 7 = 0 THEN 'u' || n % 3 END AS user_id,
       '/' || n % 11 AS page, CASE d1 % 97 WHEN 0 THEN 'infinity' ELSE '2026-01-01Z'::timestamptz + d3 % 400 * interval '10 minutes 0.1 seconds' END AS occurred_at
FROM (SELECT n, abs(hashint4(n % 1700)::bigint) AS d1, abs(hashint4(n % 1700 + 10000)::bigint) AS d2, abs(hashint4(n % 1700 + 20000)::bigint) AS d3 FROM generate_series(1, 2000) AS n) AS d;
CREATE TABLE szo.raw (LIKE szo.given, PRIMARY KEY (raw_id));
CREATE INDEX ON szo.raw (visitor, occurred_at, event_id);
SELECT sessionize.create_pipeline('szo_web', 'szo.raw', key => 'visitor', restart => 'event_name = ''click'' AND page = ''/3''', max_duration => '3 hours');
CREATE TABLE szo.seen (how text, sessions text, facts text, events text, users text, quarantine text, differences bigint);
CREATE PROCEDURE szo.look(how text) LANGUAGE sql AS $$
	INSERT INTO szo.seen SELECT how,
		(SELECT md5(string_agg(s::text, E'\n' ORDER BY session_id)) FROM szo_web.sessions AS s),
		-- every column but the surrogate keys, which depend on what came first
		(SELECT md5(string_agg((to_jsonb(f) - '{user_key,entry_page_key,exit_page_key}'::text[])::text, E'\n' ORDER BY session_id)) FROM szo_web.fact_session AS f),
		(SELECT md5(string_agg((event_time, session_key, user_id, event_name, page, page_view, session_id, event_id, raw_id)::text, E'\n' ORDER BY raw_id)) FROM szo_web.events),
		(SELECT md5(string_agg((session_key, user_id, valid_from, valid_to, is_current)::text, E'\n' ORDER BY session_key, valid_from)) FROM szo_web.dim_user WHERE user_key <> 0),
		(SELECT md5(string_agg((raw_id, session_key, reason, detail, raw_row)::text, E'\n' ORDER BY raw_id)) FROM szo_web.quarantine),
		(SELECT count(*) FROM sessionize.verify('szo_web'))
$$;
DO $$
BEGIN
	FOR salt IN 1 .. 6 LOOP
		TRUNCATE szo.raw;
		CALL sessionize.refresh('szo_web');
		-- one, two, ... portions; the last round in the order given
		FOR portion IN 1 .. salt LOOP
			INSERT INTO szo.raw SELECT * FROM szo.given WHERE abs(hashint8extended(raw_id, salt * 100)) % salt = portion - 1
			ORDER BY CASE WHEN salt < 6 THEN hashint8extended(raw_id, salt) ELSE raw_id END;
			CALL sessionize.refresh('szo_web');
		END LOOP;
		CALL szo.look('refreshed ' || salt);
		DELETE FROM szo_web.fact_event WHERE raw_id % 5 = salt % 5;
		CALL sessionize.rebuild('szo_web');
		CALL szo.look('rebuilt ' || salt);
	END LOOP;
END $$;
SELECT count(*) AS looks, count(DISTINCT sessions) AS sessions, count(DISTINCT facts) AS facts, count(DISTINCT events) AS events, count(DISTINCT users) AS users, count(DISTINCT quarantine) AS quarantine, sum(differences) AS differences FROM szo.seen;
SELECT count(*) > 100 AS sessions, sum(duplicates) > 100 AS duplicates, (SELECT count(*) > 50 FROM szo_web.quarantine) AS quarantined FROM szo_web.fact_session;
SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute
WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'szo_web'::regnamespace) AND atttypid IN ('float4'::regtype, 'float8'::regtype);
SELECT sessionize.drop_pipeline('szo_web');
DROP SCHEMA szo CASCADE;
