-- Dimensions: the user's own, of sessions and of events, against SQL alone.
SET client_min_messages = warning;
CREATE SCHEMA raw;
CREATE TABLE raw.events (
	raw_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id   text,
	visitor    text NOT NULL,
	at         timestamptz NOT NULL,
	name       text,
	page       text,
	source     text,
	medium     varchar(20),
	price      numeric,
	quantity   int,
	ok         boolean,
	seen       timestamptz
);
CREATE INDEX ON raw.events (visitor, at);
CREATE FUNCTION raw.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO raw.events (event_id, visitor, at, name, page, source, medium, price, quantity, ok, seen)
SELECT 'e' || n, 'v' || n % 13, '2026-01-01Z'::timestamptz + (hashint4(n) & 4095) * interval '1 minute',
       (ARRAY['page_view', 'buy', 'search', NULL])[(hashint4(n * 3) & 3) + 1], '/' || n % 7,
       CASE WHEN hashint4(n * 5) & 3 = 0 THEN (ARRAY['', 'google', 'a "quoted" \ one', 'null', 'Ünï', '["x", null]'])[n % 6 + 1] END,
       CASE WHEN hashint4(n * 7) & 1 = 0 THEN (ARRAY['cpc', 'mail', E'two\nlines'])[n % 3 + 1] END,
       CASE WHEN n % 5 > 0 THEN (ARRAY['1', '1.0', '1.00', '0.5', 'NaN', '-12345678901234567890.5'])[n % 6 + 1]::numeric END,
       CASE WHEN n % 4 > 0 THEN hashint4(n * 11) & 3 END, (ARRAY[true, false, NULL])[n % 3 + 1],
       (ARRAY['2026-02-01 12:00:00.123456+05', 'infinity', '0044-03-15 00:00Z BC', NULL])[n % 4 + 1]::timestamptz
FROM generate_series(first, last) AS n
$$;
SELECT raw.add(1, 1500);
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'visitor', event_time => 'at', event_name => 'name', page => 'page', max_duration => NULL);
CALL sessionize.rebuild('web');

-- one dimension of each pick, and one of events; every type
SELECT sessionize.add_dimension('web', 'campaign', '{"source": "source", "medium": "medium"}');
SELECT sessionize.add_dimension('web', 'latest', '{"source": "source", "medium": "medium"}', pick => 'last');
SELECT sessionize.add_dimension('web', 'touch', '{"source": "source", "medium": "medium"}', pick => 'first_not_null');
SELECT sessionize.add_measure('web', 'between', 'count');
SELECT sessionize.add_dimension('web', 'last touch', '{"a \"name": "source", "medium": "medium"}', pick => 'last_not_null');
SELECT sessionize.add_dimension('web', 'landing', '{"landing": "page"}', pick => 'entry');
SELECT sessionize.add_dimension('web', 'leaving', '{"price": "price", "quantity": "quantity", "ok": "ok", "seen": "seen", "m": "NULL::text", "k": "quantity"}', pick => 'exit');
SELECT sessionize.add_dimension('web', 'deal', '{"price": "price", "quantity": "quantity + 1", "ok": "ok", "seen": "seen", "name": "upper(name)"}', 'event');
SELECT dimension, grain, pick, attributes, max_members FROM sessionize.dimensions;

-- the same by SQL alone: duplicates, sessions, picks
CREATE VIEW raw.numbered AS
WITH e AS (SELECT DISTINCT ON (visitor, event_id) * FROM raw.events ORDER BY visitor, event_id, at, raw_id),
starts AS (
	SELECT e.*, at - lag(at) OVER w > interval '30 minutes' IS NOT FALSE AS starts, row_number() OVER w AS n
	FROM e WINDOW w AS (PARTITION BY visitor ORDER BY at, event_id, raw_id)
)
SELECT *, count(*) FILTER (WHERE starts) OVER (PARTITION BY visitor ORDER BY n) AS session FROM starts;
CREATE VIEW raw.oracle AS
SELECT s.visitor, s.started_at, f.source AS campaign_source, f.medium AS campaign_medium, l.source AS latest_source, l.medium AS latest_medium,
       t.source AS touch_source, t.medium AS touch_medium, s.events AS between, k.source AS "last touch_a ""name", k.medium AS "last touch_medium",
       g.page AS landing, x.price AS leaving_price, x.quantity AS leaving_quantity, x.ok AS leaving_ok, x.seen AS leaving_seen
FROM (SELECT visitor, session, min(at) AS started_at, count(*) AS events, min(n) AS first, max(n) AS last,
             min(n) FILTER (WHERE (source, medium) IS DISTINCT FROM (NULL, NULL)) AS touch,
             max(n) FILTER (WHERE (source, medium) IS DISTINCT FROM (NULL, NULL)) AS last_touch,
             min(n) FILTER (WHERE name = 'page_view') AS entry, max(n) FILTER (WHERE name = 'page_view') AS exit
      FROM raw.numbered GROUP BY visitor, session) AS s
LEFT JOIN raw.numbered AS f ON f.visitor = s.visitor AND f.n = s.first
LEFT JOIN raw.numbered AS l ON l.visitor = s.visitor AND l.n = s.last
LEFT JOIN raw.numbered AS t ON t.visitor = s.visitor AND t.n = s.touch
LEFT JOIN raw.numbered AS k ON k.visitor = s.visitor AND k.n = s.last_touch
LEFT JOIN raw.numbered AS g ON g.visitor = s.visitor AND g.n = s.entry
LEFT JOIN raw.numbered AS x ON x.visitor = s.visitor AND x.n = s.exit;
CREATE VIEW raw.event_oracle AS
SELECT raw_id, price AS deal_price, quantity + 1 AS deal_quantity, ok AS deal_ok, seen AS deal_seen, upper(name) AS deal_name FROM raw.numbered;
CREATE FUNCTION raw.check(s regclass, e regclass) RETURNS TABLE (sessions bigint, events bigint, missing bigint, unexpected bigint) LANGUAGE plpgsql AS $$
DECLARE
	of_sessions text := format('SELECT session_key, started_at, campaign_source, campaign_medium, latest_source, latest_medium, touch_source, touch_medium, '
		'between, "last touch_a ""name", "last touch_medium", landing, leaving_price, leaving_quantity, leaving_ok, leaving_seen FROM %s', s);
	of_events text := format('SELECT raw_id, deal_price, deal_quantity, deal_ok, deal_seen, deal_name FROM %s', e);
BEGIN
	RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM (%1$s) AS s), (SELECT count(*) FROM (%2$s) AS s), '
		'(SELECT count(*) FROM (TABLE raw.oracle EXCEPT ALL %1$s) AS s) + (SELECT count(*) FROM (TABLE raw.event_oracle EXCEPT ALL %2$s) AS s), '
		'(SELECT count(*) FROM (%1$s EXCEPT ALL TABLE raw.oracle) AS s) + (SELECT count(*) FROM (%2$s EXCEPT ALL TABLE raw.event_oracle) AS s)', of_sessions, of_events);
END $$;

-- until the star is rebuilt the sessions have no members, and the views don't show the columns; their names are taken nevertheless
SELECT count(*) > 0 AS some, count(campaign_key) FROM web.fact_session;
SELECT count(*) FROM web.dim_campaign;
SELECT campaign_source FROM web.sessions;
SELECT sessionize.add_measure('web', 'campaign_source', 'count');
CALL sessionize.refresh('web');
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'web'::regnamespace AND (c.relname LIKE 'dim\_la%' AND c.relkind = 'r' OR c.relname = 'dim_deal' OR c.relname = 'sessions' AND a.attnum > 16
      OR c.relname = 'events' AND a.attnum > 11) AND a.attnum > 0 ORDER BY c.relname, a.attnum;
SELECT * FROM raw.check('web.sessions', 'web.events');
SELECT * FROM sessionize.verify('web');
SELECT difference FROM sessionize.reconcile('web');
-- numbers that are equal are one member
SELECT landing_key <> 0 AS known, landing FROM web.dim_landing ORDER BY landing;
SELECT count(*), count(DISTINCT (price, quantity, ok, seen)) FROM web.dim_leaving WHERE leaving_key > 0;
SELECT DISTINCT member FROM web.dim_campaign WHERE source IS NOT NULL ORDER BY member;

-- new, late, repeated, changed and deleted rows; members keep their keys
CREATE TABLE raw.members AS TABLE web.dim_campaign;
SELECT raw.add(1501, 1600);
INSERT INTO raw.events (event_id, visitor, at, name, source, price, ok)
SELECT event_id, visitor, at + interval '1 minute', 'page_view', 'new', 1e6, true FROM raw.events WHERE raw_id % 29 = 0;
UPDATE raw.events SET source = 'changed ' || raw_id % 3, name = 'page_view' WHERE raw_id % 17 = 0;
DELETE FROM raw.events WHERE raw_id % 23 = 0;
SELECT * FROM raw.check('web.sessions_live', 'web.events_live');
CALL sessionize.refresh('web');
SELECT * FROM raw.check('web.sessions', 'web.events');
SELECT * FROM sessionize.verify('web');
SELECT count(*) FROM (TABLE raw.members EXCEPT TABLE web.dim_campaign) AS lost;
SELECT count(*) > 0 AS new FROM (TABLE web.dim_campaign EXCEPT TABLE raw.members) AS members;

-- what somebody spoils is found, and repaired by a rebuild
UPDATE web.dim_campaign SET source = 'spoilt' WHERE source = 'google';
DELETE FROM web.dim_landing WHERE landing = '/1';
UPDATE web.dim_leaving SET ok = true WHERE leaving_key = 0;
SELECT relation, difference, count(*) > 0 AS some FROM sessionize.verify('web') GROUP BY relation, difference ORDER BY relation, difference;
CALL sessionize.rebuild('web');
SELECT * FROM sessionize.verify('web');
SELECT * FROM raw.check('web.sessions', 'web.events');

-- what was last known of the key, each attribute by itself, in earlier sessions as well
SELECT sessionize.add_dimension('web', 'traits', '{"source": "source", "medium": "nullif(medium, ''cpc'')", "quantity": "quantity"}', pick => 'last_known');
SELECT sessionize.add_dimension('web', 'then', '{"source": "source", "ok": "ok"}', 'event', pick => 'last_known');
CREATE FUNCTION raw.known(source text, medium text, quantity int, ok boolean) RETURNS jsonb IMMUTABLE LANGUAGE sql
RETURN jsonb_strip_nulls(jsonb_build_object('source', source, 'medium', nullif(medium, 'cpc'), 'quantity', quantity, 'ok', ok));
CREATE AGGREGATE raw.known(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}');
CREATE VIEW raw.known AS
SELECT visitor, session, n, raw_id, raw.known(raw.known(source, medium, quantity, ok)) OVER (PARTITION BY visitor ORDER BY n) AS k,
       min(at) OVER s AS started_at, n = max(n) OVER s AS is_last
FROM raw.numbered WINDOW s AS (PARTITION BY visitor, session);
CREATE FUNCTION raw.check_known(s regclass, e regclass) RETURNS TABLE (sessions bigint, events bigint, missing bigint, unexpected bigint) LANGUAGE plpgsql AS $$
DECLARE
	of_sessions text := format('SELECT session_key, started_at, traits_source, traits_medium, traits_quantity FROM %s', s);
	of_events text := format('SELECT raw_id, then_source, then_ok FROM %s', e);
	known text := $q$SELECT visitor, started_at, k ->> 'source', k ->> 'medium', (k ->> 'quantity')::bigint FROM raw.known WHERE is_last$q$;
	known_then text := $q$SELECT raw_id, k ->> 'source', (k ->> 'ok')::boolean FROM raw.known$q$;
BEGIN
	RETURN QUERY EXECUTE format('SELECT (SELECT count(*) FROM (%1$s) AS s), (SELECT count(*) FROM (%2$s) AS s), '
		'(SELECT count(*) FROM (%3$s EXCEPT ALL %1$s) AS s) + (SELECT count(*) FROM (%4$s EXCEPT ALL %2$s) AS s), '
		'(SELECT count(*) FROM (%1$s EXCEPT ALL %3$s) AS s) + (SELECT count(*) FROM (%2$s EXCEPT ALL %4$s) AS s)', of_sessions, of_events, known, known_then);
END $$;
CALL sessionize.refresh('web');
SELECT * FROM raw.check_known('web.sessions', 'web.events');
SELECT * FROM sessionize.verify('web');
SELECT raw.add(1601, 1650);
UPDATE raw.events SET source = CASE WHEN raw_id % 2 = 0 THEN 'late' END, ok = NULL WHERE raw_id % 31 = 0;
DELETE FROM raw.events WHERE raw_id % 37 = 0;
SELECT * FROM raw.check_known('web.sessions_live', 'web.events_live');
CALL sessionize.refresh('web');
SELECT * FROM raw.check_known('web.sessions', 'web.events');
SELECT * FROM raw.check('web.sessions', 'web.events');
SELECT * FROM sessionize.verify('web');

-- a late event of a long history changes what is known from then on
INSERT INTO raw.events (event_id, visitor, at, name) SELECT 'long' || n, 'long', '2026-02-01Z'::timestamptz + n * interval '1 hour', 'page_view' FROM generate_series(1, 1000) AS n;
CALL sessionize.refresh('web');
INSERT INTO raw.events (event_id, visitor, at, name, source) VALUES ('late', 'long', '2026-02-05 10:10Z', 'page_view', 'late');
CALL sessionize.refresh('web');
SELECT * FROM raw.check_known('web.sessions', 'web.events');
SELECT * FROM sessionize.verify('web');
DELETE FROM raw.events WHERE visitor = 'long';
CALL sessionize.refresh('web');

-- sealed sessions and events keep their members when their raw rows are gone
CREATE TABLE raw.before AS SELECT * FROM web.sessions WHERE started_at < '2026-01-02Z';
CREATE TABLE raw.events_before AS SELECT * FROM web.events WHERE event_time < '2026-01-01 19:00Z';
SELECT sessionize.seal('web', '2026-01-02Z') IS NOT NULL AS sealed;
DELETE FROM raw.events WHERE at < '2026-01-01 20:00Z';
CALL sessionize.refresh('web');
CALL sessionize.rebuild('web');
SELECT count(*) > 0 AS some FROM raw.before;
SELECT count(*) FROM (SELECT b.* FROM raw.before AS b WHERE b.ended_at < '2026-01-01 19:00Z' EXCEPT ALL TABLE web.sessions) AS lost;
SELECT count(*) FROM (TABLE raw.events_before EXCEPT ALL TABLE web.events) AS lost;
SELECT * FROM sessionize.verify('web');

-- readers read a new dimension as well; the columns that are not used are not joined
CREATE ROLE dimensions_reader;
CREATE ROLE dimensions_other;
SELECT sessionize.grant_reader('web', 'dimensions_reader');
GRANT USAGE ON SCHEMA web TO dimensions_other;
GRANT SELECT ON web.sessions, web.fact_session TO dimensions_other;
SELECT sessionize.add_dimension('web', 'flag', '{"flag": "ok"}');
SELECT r AS role, has_table_privilege(r, 'web.dim_flag', 'SELECT') AS reads FROM unnest(ARRAY['dimensions_reader', 'dimensions_other']) AS r;
CALL sessionize.refresh('web');
SELECT DISTINCT flag FROM web.sessions ORDER BY flag;
CREATE FUNCTION raw.joins(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan; RETURN (SELECT count(*) FROM regexp_matches(plan::text, '"dim_\w+"', 'g')); END $$;
SELECT raw.joins('SELECT session_id, flag FROM web.sessions'), raw.joins('SELECT session_id, campaign_source, campaign_medium FROM web.sessions'),
       raw.joins('SELECT session_id, between FROM web.sessions'), raw.joins('SELECT deal_ok, deal_name FROM web.events');

-- dropped, and added again
SELECT sessionize.drop_dimension('web', 'flag');
SELECT sessionize.drop_dimension('web', 'campaign');
SELECT sessionize.drop_dimension('web', 'deal');
SELECT to_regclass('web.dim_deal') AS gone, count(*) AS columns FROM pg_attribute WHERE attrelid = 'web.fact_event'::regclass AND attname = 'deal_key';
SELECT count(*) AS columns FROM pg_attribute WHERE attrelid = 'web.source'::regclass;
CALL sessionize.refresh('web');
SELECT * FROM sessionize.verify('web');
SELECT sessionize.add_dimension('web', 'campaign', '{"source": "source", "medium": "medium"}', pick => 'last');
SELECT sessionize.add_dimension('web', 'deal', '{"price": "price", "quantity": "quantity + 1", "ok": "ok", "seen": "seen", "name": "upper(name)"}', 'event');
SELECT count(*) AS columns FROM pg_attribute WHERE attrelid = 'web.source'::regclass;
CALL sessionize.rebuild('web');
SELECT * FROM sessionize.verify('web');
SELECT count(*) FROM web.sessions WHERE (campaign_source, campaign_medium) IS DISTINCT FROM (latest_source, latest_medium);
CREATE VIEW raw.dependent AS SELECT landing FROM web.sessions;
SELECT sessionize.drop_dimension('web', 'landing');
DROP VIEW raw.dependent;
CREATE VIEW raw.dependent AS SELECT landing FROM web.dim_landing;
SELECT sessionize.drop_dimension('web', 'landing');
DROP VIEW raw.dependent;

-- no more members than max_members: the others are one, in the star, the live views and verify()
SELECT sessionize.add_dimension('web', 'few', '{"id": "event_id", "n": "raw_id"}', max_members => 20);
SELECT sessionize.add_dimension('web', 'rare', '{"id": "event_id"}', 'event', max_members => 7);
CALL sessionize.rebuild('web');
SELECT count(*) FILTER (WHERE few_key > 0) AS members, count(*) FILTER (WHERE few_key < 0) AS other, max(id) FILTER (WHERE few_key < 0) AS id FROM web.dim_few;
SELECT count(*) FILTER (WHERE rare_key > 0) AS members FROM web.dim_rare;
SELECT few_id = '(other)' AS other, few_n IS NULL AS without_number, count(*) > 1 AS some FROM web.sessions GROUP BY 1, 2 ORDER BY 1;
SELECT full_dimensions FROM sessionize.pipeline_status WHERE pipeline_name = 'web';
SELECT * FROM sessionize.verify('web');
SELECT raw.add(1701, 1750);
CREATE TABLE raw.live AS TABLE web.sessions_live;
CREATE TABLE raw.events_live AS TABLE web.events_live;
CALL sessionize.refresh('web');
SELECT count(*) FROM (TABLE raw.live EXCEPT ALL TABLE web.sessions) AS different;
SELECT count(*) FROM (TABLE raw.events_live EXCEPT ALL TABLE web.events) AS different;
SELECT * FROM sessionize.verify('web');
UPDATE web.dim_few SET id = 'spoilt' WHERE few_key = -1;
SELECT DISTINCT relation, difference FROM sessionize.verify('web');
CALL sessionize.rebuild('web');
SELECT * FROM sessionize.verify('web');
SELECT count(*) FILTER (WHERE few_key > 0) AS members FROM web.dim_few;

-- an expression that fails sets its row aside, with the attribute's name
SELECT sessionize.add_dimension('web', 'ratio', '{"of": "100 / quantity"}');
CALL sessionize.rebuild('web');
SELECT DISTINCT reason, detail FROM web.quarantine;
SELECT * FROM sessionize.verify('web');
SELECT sessionize.drop_dimension('web', 'ratio');

-- mistakes
SELECT sessionize.add_dimension('nothing', 'a', '{"b": "name"}');
SELECT sessionize.add_dimension('web', NULL, '{"b": "name"}');
SELECT sessionize.add_dimension('web', '', '{"b": "name"}');
SELECT sessionize.add_dimension('web', repeat('x', 60), '{"b": "name"}');
SELECT sessionize.add_dimension('web', 'user', '{"b": "name"}');
SELECT sessionize.add_dimension('web', 'touch', '{"b": "name"}');
SELECT sessionize.add_dimension('web', 'entry_page', '{"b": "name"}');
SELECT sessionize.add_dimension('web', 'events', '{"events": "name"}');
SELECT sessionize.add_dimension('web', 'leaving_price', '{"leaving_price": "name"}');
SELECT sessionize.add_dimension('web', 'a', NULL);
SELECT sessionize.add_dimension('web', 'a', '[]');
SELECT sessionize.add_dimension('web', 'a', '{}');
SELECT sessionize.add_dimension('web', 'a', '{"b": 1}');
SELECT sessionize.add_dimension('web', 'a', '{"b": ""}');
SELECT sessionize.add_dimension('web', 'a', '{"": "name"}');
SELECT sessionize.add_dimension('web', 'a', '{"a_key": "name"}');
SELECT sessionize.add_dimension('web', 'a', '{"member": "name"}');
SELECT sessionize.add_dimension('web', 'a', jsonb_build_object(repeat('x', 62), 'name'));
SELECT sessionize.add_dimension('web', 'a', (SELECT jsonb_object_agg('n' || n, 'name') FROM generate_series(1, 33) AS n));
SELECT sessionize.add_dimension('web', 'a', '{"b": "name"}', grain => 'user');
SELECT sessionize.add_dimension('web', 'a', '{"b": "name"}', grain => NULL);
SELECT sessionize.add_dimension('web', 'a', '{"b": "name"}', pick => 'any');
SELECT sessionize.add_dimension('web', 'a', '{"b": "name"}', grain => 'event', pick => 'last');
SELECT sessionize.add_dimension('web', 'a', '{"b": "name"}', max_members => 0);
SELECT sessionize.add_dimension('web', 'a', '{"b": "price::float8"}');
SELECT sessionize.add_dimension('web', 'a', '{"b": "now()"}');
SELECT sessionize.add_dimension('web', 'a', '{"b": "cost"}');
SELECT sessionize.add_dimension('web', 'a', '{"b": "(SELECT 1)"}');
SELECT sessionize.drop_dimension('web', 'nothing');
SELECT sessionize.drop_dimension('web', NULL);
SET ROLE dimensions_other;
SELECT sessionize.add_dimension('web', 'a', '{"b": "name"}');
SELECT sessionize.drop_dimension('web', 'touch');
SELECT * FROM sessionize.dimensions;
RESET ROLE;
SELECT sessionize.drop_pipeline('web');
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'visitor', event_time => 'at', store_events => false);
SELECT sessionize.add_dimension('web', 'a', '{"b": "name"}', 'event');
SELECT sessionize.drop_pipeline('web');
SELECT count(*) FROM sessionize.attribute;
SELECT count(*) FROM sessionize.dimension;
SELECT count(*) FROM sessionize.dimension_attribute;
DROP OWNED BY dimensions_reader, dimensions_other;
DROP ROLE dimensions_reader, dimensions_other;
DROP SCHEMA raw CASCADE;
