-- infer_contract, dry_run_contract and preview_contract: what a contract would say about the raw rows
-- that a pipeline has.
CREATE SCHEMA infer_contract;
SET search_path = infer_contract;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset null '(null)'

CREATE TABLE raw (raw_id bigint PRIMARY KEY, event_id text, visitor text, at timestamptz, event_name text, properties jsonb, body text);
CREATE INDEX ON raw (visitor, at, event_id);
-- orders and views of 9 visitors; every 50th row has no document, every 100th is a copy
INSERT INTO raw
SELECT n, 'e' || CASE WHEN n % 100 = 0 THEN n - 9 ELSE n END, 'v' || n % 9, '2026-01-01Z'::timestamptz + n * interval '7 min', (ARRAY['view', 'view', 'order'])[1 + n % 3],
  CASE WHEN n % 50 > 0 THEN jsonb_build_object('sku', 'A-' || n, 'price', n % 200 * 0.5, 'currency', (ARRAY['EUR', 'USD', 'eur'])[1 + (n % 7 + 1) / 4])
    || CASE WHEN n % 5 = 0 THEN '{"coupon": null}' WHEN n % 5 = 1 THEN '{"coupon": {"code": "SPRING", "at": "2026-03-01"}}' ELSE '{}' END::jsonb END,
  format('{"n": %s}', n)
FROM generate_series(1, 3000) AS n;
INSERT INTO raw VALUES (3001, 'e', 'test', '2026-01-01Z', 'order', '"filtered"', '{}'), (3002, 'f', NULL, '2026-01-01Z', 'order', '{"sku": "no visitor"}', '{}'),
  (3003, 'g', 'v1', '2026-01-01Z', NULL, '[]', '{}');
SELECT sessionize.create_pipeline('planned', 'infer_contract.raw', key => 'visitor', event_time => 'at', gap => '70 min', filter => $$visitor IS DISTINCT FROM 'test'$$);
SELECT sessionize.add_measure('planned', 'revenue', 'sum', $$(properties ->> 'price')::numeric$$, $$event_name = 'order'$$);
CALL sessionize.rebuild('planned');

-- The example of the reference.
SELECT jsonb_pretty(schema - '$schema') AS schema, events, without_document, all_events, coverage
FROM sessionize.infer_contract('planned', 'order');
SELECT s.schema_path, s.count, s.of, s.types
FROM sessionize.infer_contract('planned', 'order', since => '2026-01-10Z') AS i, jsonb_to_recordset(i.properties) AS s (schema_path text, count bigint, of bigint, types jsonb);
CREATE TABLE wanted AS SELECT '{"type": "object", "required": ["sku", "price"], "properties": {
  "price": {"type": "number", "minimum": 1}, "currency": {"enum": ["EUR", "USD"]},
  "coupon": {"type": "object", "properties": {"at": {"type": "string", "format": "date"}}}}}'::jsonb AS schema;
SELECT d.events, d.without_document, d.passed, d.failed, d.kept_out, d.pass_rate
FROM wanted, sessionize.dry_run_contract('planned', 'order', schema) AS d;
SELECT v.rows, v.violations, v.schema_path, v.keyword, v.message
FROM wanted, sessionize.dry_run_contract('planned', 'order', schema) AS d,
     jsonb_to_recordset(d.violations) AS v (rows bigint, violations bigint, schema_path text, keyword text, message text, raw_ids text[]);
SELECT p.* FROM wanted, sessionize.preview_contract('planned', 'order', schema) AS p;

-- It is what plain SQL says.
CREATE VIEW cases AS
SELECT * FROM unnest(ARRAY['order', 'view', NULL, 'nothing', '']) AS name, unnest(ARRAY[NULL, '2026-01-05Z', 'infinity', '-infinity']::timestamptz[]) AS since;
CREATE VIEW by_hand AS
SELECT c.name, c.since, s.* FROM cases AS c, LATERAL (
  SELECT sessionize.infer_schema(coalesce(properties, 'null')) FILTER (WHERE c.since IS NULL OR at >= c.since) AS schema, count(*) FILTER (WHERE c.since IS NULL OR at >= c.since) AS events,
    count(*) FILTER (WHERE properties IS NULL AND (c.since IS NULL OR at >= c.since)) AS without_document, count(*) AS all_events,
    sessionize.property_statistics(coalesce(properties, 'null')) FILTER (WHERE c.since IS NULL OR at >= c.since) AS list
  FROM raw WHERE visitor IS DISTINCT FROM 'test' AND (c.name IS NULL OR event_name = c.name)) AS s;
SELECT count(*) AS cases, count(*) FILTER (WHERE (b.schema, b.events, b.without_document, b.all_events, b.list)
  IS DISTINCT FROM (i.schema, i.events, i.without_document, i.all_events, i.properties)) AS differ
FROM by_hand AS b, sessionize.infer_contract('planned', b.name, b.since) AS i;
CREATE VIEW judged AS
SELECT c.name, c.since, raw_id, coalesce(properties, 'null') AS document, sessionize.validate(w.schema, coalesce(properties, 'null'), true) AS valid FROM cases AS c, raw, wanted AS w
WHERE visitor IS DISTINCT FROM 'test' AND (c.name IS NULL OR event_name = c.name) AND (c.since IS NULL OR at >= c.since);
SELECT count(*) AS cases, count(*) FILTER (WHERE (d.events, d.passed, d.failed) IS DISTINCT FROM (j.events, j.passed, j.failed)) AS differ
FROM wanted, cases AS c, sessionize.dry_run_contract('planned', c.name, schema, c.since) AS d,
  LATERAL (SELECT count(*) AS events, count(*) FILTER (WHERE valid) AS passed, count(*) FILTER (WHERE NOT valid) AS failed
    FROM judged WHERE name IS NOT DISTINCT FROM c.name AND since IS NOT DISTINCT FROM c.since) AS j;
CREATE VIEW listed AS
SELECT c.name, c.since, v.* FROM wanted, cases AS c, sessionize.dry_run_contract('planned', c.name, schema, c.since) AS d,
  jsonb_to_recordset(d.violations) AS v (rows bigint, violations bigint, schema_path text, keyword text, message text, raw_ids text[]);
CREATE VIEW listed_by_hand AS
SELECT name, since, count(DISTINCT raw_id) AS rows, count(*) AS violations, v.schema_path, v.keyword, min(v.message COLLATE "C") AS message
FROM judged, wanted AS w, sessionize.violations(w.schema, document, 1000, true) AS v GROUP BY name, since, v.schema_path, v.keyword;
SELECT count(*) > 10 AS some FROM listed;
SELECT 'only by hand' AS what, * FROM (TABLE listed_by_hand EXCEPT ALL SELECT name, since, rows, violations, schema_path, keyword, message FROM listed) AS x
UNION ALL
SELECT 'only in the dry run', * FROM (SELECT name, since, rows, violations, schema_path, keyword, message FROM listed EXCEPT ALL TABLE listed_by_hand) AS x;
-- the sample has rows with the violation, without repetition, the least and the greatest id among them
SELECT count(*) AS lists, count(*) FILTER (WHERE cardinality(raw_ids) BETWEEN least(rows, 2) AND 5) AS of_some, sum(cardinality(raw_ids)) - (
  SELECT count(DISTINCT (l.name, l.since, l.schema_path, r.raw_id)) FROM listed AS l, unnest(l.raw_ids) AS s (id), raw AS r, wanted AS w, sessionize.violations(w.schema, coalesce(r.properties, 'null'), 1000, true) AS v
  WHERE r.raw_id::text = s.id AND v.schema_path = l.schema_path AND v.keyword = l.keyword) AS wrong FROM listed;
-- the modes: warn keeps nothing out
SELECT mode, failed, kept_out FROM wanted, unnest(ARRAY['warn', 'quarantine', 'reject']) AS mode, sessionize.dry_run_contract('planned', 'order', schema, mode => mode);
-- What is proposed passes on the history that it was made from, whatever it is about.
SELECT about, name, d.events, d.failed, d.pass_rate, d.violations
FROM unnest(ARRAY['properties', '*', 'body::jsonb', 'properties -> ''coupon''', 'jsonb_strip_nulls(properties)']) AS about, unnest(ARRAY['order', NULL]) AS name,
  sessionize.infer_contract('planned', name, about => about) AS i, sessionize.dry_run_contract('planned', name, i.schema, about => about) AS d ORDER BY about, name;

-- The preview is what the pipeline derives when the rows are kept out: by its filter here.
CREATE TABLE previewed AS SELECT p.* FROM wanted, sessionize.preview_contract('planned', 'order', schema) AS p;
SELECT sessionize.alter_pipeline('planned', filter => format('visitor IS DISTINCT FROM ''test'' AND (event_name IS DISTINCT FROM ''order'' OR sessionize.validate(%L, coalesce(properties, ''null''), true))', schema)) FROM wanted;
CALL sessionize.rebuild('planned');
SELECT part, changed, derived, changed = derived AS is_equal FROM previewed JOIN (
  SELECT 'sessions' AS part, count(*)::text AS derived FROM planned.sessions UNION ALL SELECT 'measure revenue', sum(revenue)::text FROM planned.sessions
  UNION ALL SELECT 'bounces', (count(*) FILTER (WHERE is_bounce))::text FROM planned.sessions UNION ALL SELECT 'events', count(*)::text FROM planned.events) AS d USING (part) ORDER BY part;
SELECT sum((now <> changed)::int) AS changes, sum(changed::bigint) - sum(now::bigint) AS balance FROM previewed WHERE part IN ('events', 'duplicates', 'quarantined', 'filtered');
SELECT sum((p.changed <> q.changed)::int) AS with_the_filter_nothing_changes FROM wanted, sessionize.preview_contract('planned', 'order', schema, sample => 1) AS p
JOIN previewed AS q USING (part) WHERE part NOT IN ('filtered', 'quarantined');
-- a contract for all events; an expression
SELECT part, now, changed FROM sessionize.preview_contract('planned', NULL, '{"properties": {"coupon": {"required": ["code"]}}}', about => 'properties #- ''{coupon,code}''') WHERE now <> changed;

-- Names that need quotes, in a pipeline without a raw id.
CREATE TABLE "Odd ""table" ("a b" jsonb, "%s" text, "when" timestamptz, name text, ok boolean DEFAULT true);
CREATE INDEX ON "Odd ""table" ("%s", "when");
INSERT INTO "Odd ""table" VALUES ('{"x''": "it''s"}', 'v', '2026-01-01Z', 'it''s', true), ('{"x''": 2}', 'v', '2026-01-02Z', 'it''s', NULL), ('{"y": "\\"}', 'w', '2026-01-02Z', 'it''s', true);
SELECT sessionize.create_pipeline('Odd''s "one"', 'infer_contract."Odd ""table"', key => '"%s"', event_time => '"when"', event_name => 'name', filter => 'ok');
SELECT schema - '$schema' AS schema, events, all_events FROM sessionize.infer_contract('Odd''s "one"', 'it''s', about => '"a b"');
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SELECT d.events, d.failed, d.violations #>> '{0,schema_path}' AS schema_path, d.violations #> '{0,raw_ids}' = to_jsonb(ARRAY[md5(t::text)]) AS is_digest
FROM "Odd ""table" AS t, sessionize.dry_run_contract('Odd''s "one"', 'it''s', '{"properties": {"y": {"enum": ["it''s", "\""]}}}', about => '"a b"') AS d WHERE "a b" ? 'y';
SELECT * FROM sessionize.preview_contract('Odd''s "one"', 'it''s', '{"properties": {"y": {"enum": ["it''s", "\""]}}}', about => '"a b"') WHERE now <> changed;

-- Errors.
SELECT sessionize.infer_contract(NULL, 'order');
SELECT sessionize.infer_contract('none', 'order');
SELECT sessionize.infer_contract('planned', 'order', about => NULL);
SELECT sessionize.infer_contract('planned', 'order', about => 'body');
SELECT sessionize.infer_contract('planned', 'order', about => 'nothing');
SELECT sessionize.infer_contract('planned', 'order', about => 'to_jsonb(at)');
SELECT sessionize.infer_contract('planned', 'order', about => 'properties FROM pg_authid; --');
SELECT sessionize.dry_run_contract('planned', 'order', NULL);
SELECT sessionize.dry_run_contract('planned', 'order', '{"minLenght": 1}');
SELECT sessionize.dry_run_contract('planned', 'order', '{}', mode => 'refuse');
SELECT sessionize.dry_run_contract('planned', 'order', '{}', mode => NULL);
SELECT sessionize.preview_contract('planned', 'order', NULL);
SELECT sessionize.preview_contract('planned', 'order', '{}', about => '*');
SELECT sessionize.preview_contract('planned', 'order', '{}', sample => 2);
-- a row whose document can't be made
INSERT INTO raw VALUES (4000, 'z', 'v1', '2026-01-01Z', 'order', '{"sku": "A", "price": 2}', 'not JSON');
SELECT sessionize.infer_contract('planned', 'order', about => 'body::jsonb');

-- Only who has the owner's rights may ask; the queries run with the owner's rights, and no others.
CREATE ROLE infer_contract_owner;
CREATE ROLE infer_contract_reader;
GRANT USAGE ON SCHEMA infer_contract TO infer_contract_owner, infer_contract_reader;
GRANT CREATE ON SCHEMA infer_contract TO infer_contract_owner, infer_contract_reader;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO infer_contract_owner', current_database()); END$$;
SET ROLE infer_contract_owner;
CREATE TABLE own_raw (visitor text, at timestamptz, event_name text, properties jsonb);
CREATE INDEX ON own_raw (visitor, at);
INSERT INTO own_raw VALUES ('v', '2026-01-01Z', 'view', '{"page": "/"}');
GRANT SELECT ON own_raw TO infer_contract_reader;
SELECT sessionize.create_pipeline('own', 'infer_contract.own_raw', key => 'visitor', event_time => 'at');
SELECT events FROM sessionize.infer_contract('own', 'view');
RESET ROLE;
SET ROLE infer_contract_reader;
SELECT sessionize.infer_contract('own', 'view');
SELECT sessionize.dry_run_contract('own', 'view', '{}');
SELECT sessionize.preview_contract('own', 'view', '{}');
-- operators of somebody else's schema are not taken
CREATE FUNCTION fires(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE 'canary'; END$$;
CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = fires);
CREATE FUNCTION validate(jsonb, jsonb, boolean) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE 'canary'; END$$;
CREATE FUNCTION whoami(jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$SELECT to_jsonb(current_user)$$;
RESET ROLE;
SET search_path = infer_contract, pg_catalog;
SELECT events FROM sessionize.infer_contract('own', 'view');
SELECT passed FROM sessionize.dry_run_contract('own', 'view', '{}');
SELECT count(*) FROM sessionize.preview_contract('own', 'view', '{"type": "string"}');
-- a function of the expression runs as the owner
SELECT d.violations #>> '{0,keyword}' AS keyword, passed, failed FROM sessionize.dry_run_contract('own', 'view', '{"const": "infer_contract_owner"}', about => 'whoami(properties)') AS d;
SET search_path = infer_contract;
-- a policy does not hide rows silently
ALTER TABLE own_raw ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT events FROM sessionize.infer_contract('own', 'view');

SELECT sessionize.drop_pipeline(name) FROM unnest(ARRAY['own', 'Odd''s "one"', 'planned']) AS name;
DROP SCHEMA infer_contract CASCADE;
DO $$BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM infer_contract_owner', current_database()); END$$;
DROP ROLE infer_contract_owner, infer_contract_reader;
