-- Versions of session keys, by dimensions of events with pick => 'last_known', against SQL alone.
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE SCHEMA szdv;
CREATE TABLE szdv.events (
	raw_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id text,
	visitor  text NOT NULL,
	at       timestamptz NOT NULL,
	name     text,
	plan     text,
	seats    numeric,
	account  bigint
);
CREATE INDEX ON szdv.events (visitor, at, event_id);
-- many events of one instant, with and without event ids, copies, traits that come, go back and stay unknown
CREATE FUNCTION szdv.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO szdv.events (event_id, visitor, at, name, plan, seats, account)
SELECT CASE WHEN h[1] % 3 > 0 THEN 'e' || h[2] % 400 END, 'v' || h[3] % 11,
       '2026-01-01Z'::timestamptz + h[4] % 60 * interval '1 hour', (ARRAY['page_view', 'buy'])[h[5] % 2 + 1],
       CASE WHEN h[6] % 5 = 0 AND h[3] % 11 > 0 THEN (ARRAY['free', 'pro', 'Ünï', ''])[h[7] % 4 + 1] END,
       CASE WHEN h[8] % 7 = 0 AND h[3] % 11 > 0 THEN (ARRAY['1', '1.0', '2.50', 'NaN'])[h[9] % 4 + 1]::numeric END, h[3] % 11
FROM generate_series(first, last) AS n,
     LATERAL (SELECT array_agg(abs(hashint8extended(n, i) % 1000000)::int ORDER BY i) AS h FROM generate_series(1, 9) AS i) AS x
$$;
SELECT szdv.add(1, 1000);

-- the same by SQL alone: for each instant of a key the last values up to it, as subqueries
CREATE VIEW szdv.kept AS
SELECT DISTINCT ON (visitor, coalesce(event_id, 'row ' || raw_id)) * FROM szdv.events
ORDER BY visitor, coalesce(event_id, 'row ' || raw_id), at, raw_id;
CREATE VIEW szdv.instants AS
SELECT i.visitor, i.at,
       (SELECT k.plan FROM szdv.kept AS k WHERE k.visitor = i.visitor AND k.at <= i.at AND k.plan IS NOT NULL
        ORDER BY k.at DESC, k.event_id COLLATE "C" DESC NULLS FIRST, k.raw_id DESC LIMIT 1) AS plan,
       (SELECT k.seats FROM szdv.kept AS k WHERE k.visitor = i.visitor AND k.at <= i.at AND k.seats IS NOT NULL
        ORDER BY k.at DESC, k.event_id COLLATE "C" DESC NULLS FIRST, k.raw_id DESC LIMIT 1) AS seats
FROM (SELECT DISTINCT visitor, at FROM szdv.kept) AS i;
CREATE VIEW szdv.versions AS
WITH i AS MATERIALIZED (TABLE szdv.instants),
begins AS (
	SELECT i.*, b.at IS NULL AS is_first
	FROM i LEFT JOIN i AS b ON b.visitor = i.visitor AND b.at = (SELECT max(o.at) FROM i AS o WHERE o.visitor = i.visitor AND o.at < i.at)
	WHERE b.at IS NULL OR (b.plan, b.seats) IS DISTINCT FROM (i.plan, i.seats)
)
SELECT b.visitor AS session_key, CASE WHEN is_first THEN '-infinity' ELSE b.at END AS valid_from, coalesce(n.at, 'infinity') AS valid_to,
       n.at IS NULL AS is_current, b.plan AS traits_plan, b.seats AS traits_seats
FROM begins AS b CROSS JOIN LATERAL (SELECT min(o.at) AS at FROM begins AS o WHERE o.visitor = b.visitor AND o.at > b.at) AS n;
CREATE FUNCTION szdv.check() RETURNS TABLE (keys bigint, many boolean, missing bigint, unexpected bigint, holes bigint, wrong_events bigint) LANGUAGE plpgsql AS $$
BEGIN
	CREATE TEMPORARY TABLE expected ON COMMIT DROP AS TABLE szdv.versions;
	CREATE TEMPORARY TABLE found ON COMMIT DROP AS
	SELECT session_key, valid_from, valid_to, is_current, traits_plan, traits_seats, traits_key FROM web.dim_traits_versions;
	RETURN QUERY SELECT (SELECT count(DISTINCT session_key) FROM found), (SELECT count(*) > 100 FROM found),
		(SELECT count(*) FROM (TABLE expected EXCEPT ALL SELECT session_key, valid_from, valid_to, is_current, traits_plan, traits_seats FROM found) AS d),
		(SELECT count(*) FROM (SELECT session_key, valid_from, valid_to, is_current, traits_plan, traits_seats FROM found EXCEPT ALL TABLE expected) AS d),
		-- the versions of a key follow one another from -infinity to infinity; two neighbours are of two members
		(SELECT count(*) FROM (SELECT *, lag(valid_to) OVER w AS ended, lead(traits_key) OVER w AS next FROM found
			WINDOW w AS (PARTITION BY session_key ORDER BY valid_from)) AS v
		 WHERE ended IS DISTINCT FROM nullif(valid_from, '-infinity') OR valid_from >= valid_to OR next = traits_key OR (next IS NULL) <> is_current
		    OR is_current <> (valid_to = 'infinity')),
		-- an event that is alone at its instant has the member of the version by time
		(SELECT count(*) FROM (SELECT *, count(*) OVER (PARTITION BY session_key, event_time) AS n FROM web.fact_event) AS f
		 LEFT JOIN found AS v ON v.session_key = f.session_key AND f.event_time >= v.valid_from AND f.event_time < v.valid_to
		 WHERE f.n = 1 AND v.traits_key IS DISTINCT FROM f.traits_key);
	DROP TABLE expected, found;
END $$;

SELECT sessionize.create_pipeline('web', 'szdv.events', key => 'visitor', event_time => 'at', event_name => 'name', dedup_window => NULL);
CALL sessionize.rebuild('web');
CREATE ROLE versions_reader;
SELECT sessionize.grant_reader('web', 'versions_reader');
SELECT sessionize.add_dimension('web', 'traits', '{"plan": "plan", "seats": "seats"}', 'event', 'last_known');
-- only this pick, of events, has versions
SELECT sessionize.add_dimension('web', 'present', '{"plan": "plan"}', 'event');
SELECT sessionize.add_dimension('web', 'latest', '{"plan": "plan"}', pick => 'last_known');
SELECT c.relname, c.relkind, obj_description(c.oid, 'pg_class') FROM pg_class AS c WHERE relnamespace = 'web'::regnamespace AND relname LIKE 'dim%versions';
SELECT a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum)
FROM pg_attribute AS a WHERE a.attrelid = 'web.dim_traits_versions'::regclass AND a.attnum > 0 ORDER BY a.attnum;
SELECT has_table_privilege('versions_reader', 'web.dim_traits_versions', 'SELECT') AS reads;
-- no versions until the star is built with the dimension, even if a part of the events has members
SELECT count(*) FROM web.dim_traits_versions;
BEGIN;
UPDATE web.fact_event SET traits_key = 0 WHERE session_key < 'v5';
SELECT count(*) FROM web.dim_traits_versions;
ROLLBACK;
CALL sessionize.refresh('web');
SELECT * FROM szdv.check();
SELECT * FROM sessionize.verify('web');
SET ROLE versions_reader;
SELECT count(*) > 100 AS many FROM web.dim_traits_versions;
RESET ROLE;
SELECT * FROM web.dim_traits_versions WHERE session_key = 'v0';

-- late traits, events that are removed or change their time, traits that are taken back
SELECT szdv.add(1001, 1100);
INSERT INTO szdv.events (visitor, account, at, name, plan) SELECT 'v1', 1, '2025-12-31Z', 'page_view', 'before all';
INSERT INTO szdv.events (visitor, account, at, name, plan) SELECT 'v2', 2, min(at), 'page_view', 'with the first' FROM szdv.events WHERE visitor = 'v2';
CALL sessionize.refresh('web');
SELECT * FROM szdv.check();
UPDATE szdv.events SET plan = CASE WHEN raw_id % 2 = 0 THEN 'changed' END WHERE raw_id % 19 = 0;
UPDATE szdv.events SET at = at - interval '5 hours' WHERE raw_id % 31 = 0;
DELETE FROM szdv.events WHERE raw_id % 13 = 0;
DELETE FROM szdv.events WHERE visitor = 'v10';
CALL sessionize.refresh('web');
SELECT * FROM szdv.check();
SELECT * FROM sessionize.verify('web');
CREATE TABLE szdv.before AS SELECT session_key, valid_from, valid_to, is_current, traits_plan, traits_seats FROM web.dim_traits_versions;
CALL sessionize.rebuild('web');
SELECT count(*) FROM (TABLE szdv.before EXCEPT ALL SELECT session_key, valid_from, valid_to, is_current, traits_plan, traits_seats FROM web.dim_traits_versions) AS d;
SELECT * FROM szdv.check();

-- a condition on the session key reaches the index, also from a query around the view; the table of members is joined only if it is needed
CREATE FUNCTION szdv.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; found text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
		IF line ~ '(Index|Seq).* on |Index Cond|Filter:.*session_key' THEN
			found := found || regexp_replace(trim(line), '^->  ', '') || E'\n';
		END IF;
	END LOOP;
	RETURN found;
END $$;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT szdv.plan($$SELECT valid_from, traits_key FROM web.dim_traits_versions WHERE session_key = 'v1'$$) \g (format=unaligned tuples_only)
SELECT szdv.plan($$SELECT traits_plan FROM (SELECT * FROM web.dim_traits_versions WHERE is_current) AS v WHERE session_key IN ('v1', 'v2')$$) ~ 'Index Cond: \(?\(?session_key = ANY' AS reaches_index;
RESET enable_seqscan;
RESET enable_bitmapscan;

-- sealed rows keep their traits
DELETE FROM szdv.before;
INSERT INTO szdv.before SELECT session_key, valid_from, valid_to, is_current, traits_plan, traits_seats FROM web.dim_traits_versions;
SELECT sessionize.seal('web', '2026-01-02Z') IS NOT NULL AS sealed;
DELETE FROM szdv.events WHERE at < '2026-01-01 18:00Z';
CALL sessionize.refresh('web');
CALL sessionize.rebuild('web');
SELECT count(*) FROM (TABLE szdv.before EXCEPT ALL SELECT session_key, valid_from, valid_to, is_current, traits_plan, traits_seats FROM web.dim_traits_versions) AS d;
SELECT count(*) FROM (SELECT session_key, valid_from, valid_to, is_current, traits_plan, traits_seats FROM web.dim_traits_versions EXCEPT ALL TABLE szdv.before) AS d;

-- the view is replaced with the others, and keeps privileges and comments
SELECT sessionize.add_measure('web', 'buys', 'count', filter => 'name = ''buy''');
CREATE TEMPORARY TABLE old AS SELECT 'web.dim_traits_versions'::regclass::oid AS oid;
SELECT sessionize.alter_pipeline('web', gap => '2 hours');
SELECT sessionize.drop_measure('web', 'buys');
SELECT 'web.dim_traits_versions'::regclass::oid <> old.oid AS is_new, has_table_privilege('versions_reader', 'web.dim_traits_versions', 'SELECT') AS reads,
       obj_description('web.dim_traits_versions'::regclass, 'pg_class') IS NOT NULL AS has_comment,
       (SELECT count(*) FROM pg_attribute AS a WHERE attrelid = 'web.dim_traits_versions'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NULL) AS without
FROM old;
CALL sessionize.refresh('web');
SELECT count(*) FROM (TABLE szdv.before EXCEPT ALL SELECT session_key, valid_from, valid_to, is_current, traits_plan, traits_seats FROM web.dim_traits_versions) AS d;

-- owners, dependents, drop
CREATE ROLE versions_owner;
GRANT CREATE ON DATABASE :"DBNAME" TO versions_owner;
GRANT USAGE ON SCHEMA szdv TO versions_owner;
GRANT SELECT, TRIGGER ON szdv.events TO versions_owner;
SELECT sessionize.alter_pipeline_owner('web', 'versions_owner');
SELECT relowner::regrole FROM pg_class WHERE oid = 'web.dim_traits_versions'::regclass;
CREATE VIEW szdv.dependent AS SELECT valid_from FROM web.dim_traits_versions;
SELECT sessionize.drop_dimension('web', 'traits');
DROP VIEW szdv.dependent;
-- another dimension goes
SELECT sessionize.drop_dimension('web', 'present');
SELECT count(*) FROM (TABLE szdv.before EXCEPT ALL SELECT session_key, valid_from, valid_to, is_current, traits_plan, traits_seats FROM web.dim_traits_versions) AS d;
SELECT definition -> 'dimensions' FROM sessionize.definition('web') AS definition;
SELECT sessionize.drop_dimension('web', 'traits');
SELECT to_regclass('web.dim_traits_versions'), to_regclass('web.dim_traits');
SELECT sessionize.drop_pipeline('web');

-- a document, over an empty star: there from the first refresh on; a key of another type
CREATE INDEX ON szdv.events (account, at, event_id);
UPDATE szdv.events SET visitor = account;
SELECT sessionize.create_pipeline('web', 'szdv.events', definition =>
	'{"key": "visitor", "event_time": "at", "event_name": "name", "dedup_window": null,
	  "dimensions": [{"name": "traits", "grain": "event", "pick": "last_known", "attributes": {"plan": "plan", "seats": "seats"}}]}');
CALL sessionize.refresh('web');
SELECT * FROM szdv.check();
SELECT sessionize.alter_pipeline('web', key => 'account');
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'web.dim_traits_versions'::regclass AND attname = 'session_key';
CALL sessionize.refresh('web');
SELECT count(*) FROM (TABLE szdv.versions EXCEPT ALL SELECT session_key::text, valid_from, valid_to, is_current, traits_plan, traits_seats FROM web.dim_traits_versions) AS d;
SELECT count(*) FROM (SELECT session_key::text, valid_from, valid_to, is_current, traits_plan, traits_seats FROM web.dim_traits_versions EXCEPT ALL TABLE szdv.versions) AS d;
-- its attributes become others: text of the plan in upper case
SELECT sessionize.alter_pipeline('web', definition => jsonb_set(sessionize.definition('web'), '{dimensions,0,attributes,plan}', '"upper(plan)"'));
SELECT col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'web.dim_traits_versions'::regclass AND attname = 'traits_plan';
CALL sessionize.refresh('web');
SELECT DISTINCT traits_plan FROM web.dim_traits_versions WHERE traits_plan ILIKE 'pro';

-- members beyond max_members are one, and so are versions of them that follow one another
SELECT sessionize.add_dimension('web', 'few', '{"few": "plan || seats"}', 'event', 'last_known', max_members => 2);
CALL sessionize.refresh('web');
SELECT count(*) FILTER (WHERE few_key = -1) > 0 AS other, count(*) FILTER (WHERE few = next) AS repeated, count(DISTINCT few) FROM
	(SELECT *, lead(few) OVER (PARTITION BY session_key ORDER BY valid_from) AS next FROM web.dim_few_versions) AS v;
SELECT * FROM sessionize.verify('web');

-- names
SELECT sessionize.add_dimension('web', 'traits_versions', '{"plan": "plan"}');
SELECT sessionize.add_dimension('web', 'x_versions', '{"plan": "plan"}');
SELECT sessionize.add_dimension('web', 'x', '{"plan": "plan"}', 'event', 'last_known');
CREATE VIEW web.dim_y_versions AS SELECT;
SELECT sessionize.add_dimension('web', 'y', '{"plan": "plan"}', 'event', 'last_known');
SELECT sessionize.add_dimension('web', 'y', '{"plan": "plan"}', 'event');
DROP VIEW web.dim_y_versions;
SELECT sessionize.add_dimension('web', repeat('z', 51), '{"plan": "plan"}', 'event', 'last_known');
SELECT sessionize.add_dimension('web', repeat('z', 50), '{"plan": "plan"}', 'event', 'last_known');
SELECT sessionize.add_dimension('web', 'valid', '{"from": "plan"}', 'event', 'last_known');
SELECT sessionize.add_dimension('web', 'is_current', '{"is_current": "plan"}', 'event', 'last_known');
SELECT sessionize.add_dimension('web', 'own', '{"key": "plan"}', 'event', 'last_known');
SELECT sessionize.add_dimension('web', 'valid', '{"from": "plan"}', 'event');
SELECT sessionize.drop_pipeline('web');

-- keys that are equal and look different, and keys that are rows
CREATE TYPE szdv.pair AS (a text, b int);
CREATE TABLE szdv.odd AS SELECT raw_id AS id, at, plan, (visitor || CASE WHEN raw_id % 2 = 0 THEN '.0' ELSE '' END)::numeric AS n,
	CASE WHEN account = 3 THEN ROW(NULL, NULL)::szdv.pair WHEN account % 2 = 0 THEN ROW(visitor, NULL)::szdv.pair ELSE ROW(NULL, account)::szdv.pair END AS p FROM szdv.events;
CREATE INDEX ON szdv.odd (n, at);
CREATE INDEX ON szdv.odd (p, at);
CREATE FUNCTION szdv.odd(key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sessionize.create_pipeline('odd', 'szdv.odd', key => key, event_time => 'at', raw_id => 'id');
	PERFORM sessionize.add_dimension('odd', 'plan', '{"plan": "plan"}', 'event', 'last_known');
END $$;
SELECT szdv.odd('n');
CALL sessionize.refresh('odd');
CREATE FUNCTION szdv.differences(key text) RETURNS TABLE (keys bigint, missing bigint, unexpected bigint) LANGUAGE plpgsql AS $$
DECLARE
	expected text := format('WITH i AS (SELECT DISTINCT ON (o.%1$I, o.at) o.%1$I AS k, o.at, (SELECT x.plan FROM szdv.odd AS x WHERE x.%1$I = o.%1$I AND x.at <= o.at '
		'AND x.plan IS NOT NULL ORDER BY x.at DESC, x.id DESC LIMIT 1) AS plan FROM szdv.odd AS o ORDER BY 1, 2) '
		'SELECT k, at, plan FROM (SELECT *, lag(at) OVER w IS NULL OR lag(plan) OVER w IS DISTINCT FROM plan AS begins FROM i WINDOW w AS (PARTITION BY k ORDER BY at)) AS v WHERE begins', key);
	-- the first version of a key begins with its first event there
	found text := 'SELECT session_key, CASE WHEN valid_from > ''-infinity'' THEN valid_from ELSE (SELECT min(f.event_time) FROM odd.fact_event AS f '
		'WHERE f.session_key = v.session_key) END, plan FROM odd.dim_plan_versions AS v';
BEGIN
	RETURN QUERY EXECUTE format('SELECT (SELECT count(DISTINCT session_key) FROM odd.dim_plan_versions), (SELECT count(*) FROM (%1$s EXCEPT ALL %2$s) AS d), '
		'(SELECT count(*) FROM (%2$s EXCEPT ALL (%1$s)) AS d)', expected, found);
END $$;
SELECT * FROM szdv.differences('n');
SELECT sessionize.drop_pipeline('odd');
SELECT szdv.odd('p');
CALL sessionize.refresh('odd');
SELECT * FROM szdv.differences('p');
SELECT sessionize.drop_pipeline('odd');

-- a dimension of the user id alone has the versions of dim_user
SELECT sessionize.create_pipeline('user', 'szdv.events', key => 'visitor', event_time => 'at', user_id => 'plan');
SELECT sessionize.add_dimension('user', 'login', '{"login": "plan"}', 'event', 'last_known');
CALL sessionize.refresh('user');
SELECT count(*) > 50 AS many FROM "user".dim_login_versions;
SELECT count(*) FROM (SELECT session_key, valid_from, valid_to, is_current, login FROM "user".dim_login_versions
	EXCEPT ALL SELECT session_key, valid_from, valid_to, is_current, user_id FROM "user".dim_user WHERE user_key <> 0) AS d;
SELECT count(*) FROM (SELECT session_key, valid_from, valid_to, is_current, user_id FROM "user".dim_user WHERE user_key <> 0
	EXCEPT ALL SELECT session_key, valid_from, valid_to, is_current, login FROM "user".dim_login_versions) AS d;
SELECT sessionize.drop_pipeline('user');

DROP OWNED BY versions_reader, versions_owner;
DROP ROLE versions_reader, versions_owner;
DROP SCHEMA szdv CASCADE;
