-- Raw rows judged by contracts when they are read.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szct;
SET search_path = szct, public;
CREATE FUNCTION put_contract(pipeline text, event_name text, version text, schema jsonb, mode text DEFAULT 'quarantine', about text DEFAULT 'properties')
RETURNS void LANGUAGE sql AS $$
	SELECT sessionize.create_contract($1, $2, $3, $4, mode => $5, about => $6, compatibility => 'NONE');
$$;
CREATE FUNCTION drop_contract(pipeline text, event_name text, about text DEFAULT 'properties') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sessionize.deactivate_contract($1, $2, $3)
	WHERE EXISTS (SELECT FROM sessionize.contracts AS c WHERE c.event_name IS NOT DISTINCT FROM $2 AND c.about = $3);
	PERFORM sessionize.drop_contract($1, $2, c.version, $3)
	FROM sessionize.contracts AS c WHERE c.event_name IS NOT DISTINCT FROM $2 AND c.about = $3;
END $$;
CREATE TABLE ev (id bigint PRIMARY KEY, who text, at timestamptz, received_at timestamptz, event_name text, properties jsonb, context jsonb);
CREATE INDEX ON ev (who, at);
INSERT INTO ev
SELECT i, 'u' || i % 7, at, at, CASE i % 3 WHEN 0 THEN 'buy' WHEN 1 THEN 'view' ELSE 'other' END,
       CASE WHEN i % 10 = 0 THEN NULL
            WHEN i % 4 = 0 THEN pg_catalog.jsonb_build_object('price', 'x' || i)
            ELSE pg_catalog.jsonb_build_object('price', i, 'page', '/' || i % 5) END,
       pg_catalog.jsonb_build_object('app', i % 6)
FROM pg_catalog.generate_series(1, 400) AS i CROSS JOIN LATERAL (SELECT '2026-01-01'::timestamptz + i * interval '7 minutes' AS at) AS t;
SELECT sessionize.create_pipeline('szctp', 'szct.ev', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id');
CALL sessionize.rebuild('szctp');

-- what the star is to be: a pipeline over the rows that an oracle in SQL leaves
CREATE VIEW verdict AS
SELECT e.*, c.version, c.mode
FROM ev AS e LEFT JOIN LATERAL (
	SELECT c.version, c.mode FROM sessionize.contract AS c JOIN sessionize.pipeline AS p USING (pipeline_id)
	WHERE p.pipeline_name = 'szctp' AND (c.event_name IS NULL OR c.event_name = e.event_name) AND c.active AND c.mode = 'quarantine'
	  AND NOT sessionize.validate(c.schema, coalesce(CASE c.about WHEN 'properties' THEN e.properties WHEN 'context' THEN e.context
	                                                 WHEN '*' THEN to_jsonb(e) WHEN 'context -> ''app''' THEN e.context -> 'app' END, 'null'), assert_format => true)
	ORDER BY c.event_name COLLATE "C" NULLS FIRST, c.document LIMIT 1) AS c ON true;
CREATE FUNCTION differences() RETURNS TABLE (what text, n bigint) LANGUAGE sql AS $$
	SELECT 'verify', count(*) FROM sessionize.verify('szctp')
	UNION ALL SELECT 'quarantine', count(*) FROM (
		(SELECT id::text, version FROM verdict WHERE mode = 'quarantine' EXCEPT ALL SELECT raw_id, contract_version FROM szctp.quarantine)
		UNION ALL (SELECT raw_id, contract_version FROM szctp.quarantine EXCEPT ALL SELECT id::text, version FROM verdict WHERE mode = 'quarantine')) AS d
	UNION ALL SELECT 'events', count(*) FROM (
		(SELECT id FROM verdict WHERE mode IS NULL EXCEPT ALL SELECT event_id FROM szctp.fact_event)
		UNION ALL (SELECT event_id FROM szctp.fact_event EXCEPT ALL SELECT id FROM verdict WHERE mode IS NULL)) AS d
	UNION ALL SELECT 'unaccounted', r.difference FROM sessionize.reconcile('szctp') AS r
$$;

SELECT put_contract('szctp', 'buy', '1-0-0', '{"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]}');
SELECT count(DISTINCT session_key), min(lo), max(hi) FROM szctp.dirty;
SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'szctp' AND table_name IN ('source', 'sealed') AND column_name LIKE 'doc%';
CALL sessionize.refresh('szctp');
SELECT * FROM differences();
SELECT raw_id, session_key, reason, detail, event_name, contract_version, rule, path, message, raw_row ->> 'properties' AS properties
FROM szctp.quarantine ORDER BY raw_id::int LIMIT 4;
SELECT sum(events), (SELECT count(*) FROM szctp.quarantine) FROM szctp.sessions;

-- A row with a violation does not force its key to be read as a whole.
INSERT INTO ev SELECT 10000 + i, 'big', at, at, CASE WHEN i % 10 = 0 THEN 'buy' ELSE 'view' END, CASE WHEN i % 20 = 0 THEN '{"price": "no"}'::jsonb ELSE '{"price": 1}' END
FROM pg_catalog.generate_series(1, 3000) AS i CROSS JOIN LATERAL (SELECT '2026-02-01'::timestamptz + i * interval '40 minutes' AS at) AS t;
CALL sessionize.refresh('szctp');
SELECT sessionize.alter_pipeline('szctp', dedup_window => '1 hour');
CALL sessionize.rebuild('szctp');
INSERT INTO ev VALUES (20001, 'big', '2026-03-01 00:00:01Z', '2026-03-01 00:00:01Z', 'buy', '{"price": "no"}'), (20002, 'big', '2026-03-01 12:00:01Z', '2026-03-01 12:00:01Z', 'buy', '{"price": 2}');
UPDATE ev SET properties = '{"price": 5}' WHERE id = 11020;
CALL sessionize.refresh('szctp');
SELECT raw_rows < 1000 AS by_windows, quarantined FROM sessionize.runs WHERE pipeline_name = 'szctp' ORDER BY run_id DESC LIMIT 1;
SELECT * FROM differences();

-- A contract that only warns.
SELECT put_contract('szctp', 'buy', '1-0-1', '{"properties": {"price": {"type": "number"}}, "required": ["price"]}', mode => 'warn');
CALL sessionize.refresh('szctp');
SELECT quarantined, warned FROM sessionize.runs WHERE pipeline_name = 'szctp' ORDER BY run_id DESC LIMIT 1;
CALL sessionize.rebuild('szctp');
SELECT quarantined, warned, (SELECT count(*) FROM ev WHERE event_name = 'buy' AND NOT sessionize.validate('{"properties": {"price": {"type": "number"}}, "required": ["price"]}', properties)) AS expected
FROM sessionize.runs WHERE pipeline_name = 'szctp' ORDER BY run_id DESC LIMIT 1;
SELECT * FROM differences();

-- The version that an event names, and events without a contract.
SELECT sessionize.activate_contract('szctp', 'buy', '1-0-0');
SELECT sessionize.set_contract_rules('szctp', unplanned => 'quarantine');
SELECT sessionize.set_contract_rules('szctp', unplanned => 'quarantine');
SELECT sessionize.set_contract_rules('szctp', unplanned => 'reject');
SELECT sessionize.set_contract_rules('szctp', contract_version => 'random()::text');
SELECT sessionize.set_contract_rules('szctp', contract_version => 'id = 1 OR nosuch');
CALL sessionize.refresh('szctp');
SELECT reason, rule, event_name, count(*), min(detail) FROM szctp.quarantine GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT count(*) FROM sessionize.verify('szctp');
SELECT sessionize.set_contract_rules('szctp', contract_version => 'properties ->> ''v''');
SELECT put_contract('szctp', 'buy', '2-0-0', '{"type": "object", "required": ["amount"]}');
UPDATE ev SET properties = CASE id % 4 WHEN 0 THEN '{"v": "1-0-0", "price": 3}'::jsonb WHEN 1 THEN '{"v": "1-0-0", "price": "x"}' WHEN 2 THEN '{"v": "9-9-9", "amount": 1}' ELSE '{"price": 3}' END
WHERE who = 'u1' AND event_name = 'buy';
CALL sessionize.refresh('szctp');
SELECT contract_version, rule, count(*) FROM szctp.quarantine WHERE session_key = 'u1' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FILTER (WHERE id % 4 = 1) AS named, count(*) FILTER (WHERE id % 4 = 3) AS active FROM ev WHERE who = 'u1' AND event_name = 'buy';
SELECT count(*) FROM sessionize.verify('szctp');
SELECT sessionize.set_contract_rules('szctp');
CALL sessionize.refresh('szctp');
SELECT * FROM differences();

-- What the validator gives up on is quarantined, and the batch goes on.
SELECT put_contract('szctp', 'deep', '1-0-0', '{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/b"}]}, "b": {"type": "array", "items": {"$ref": "#/$defs/a"}, "minItems": 1}}, "$ref": "#/$defs/b"}');
INSERT INTO ev SELECT 30000 + i, 'u' || i, '2026-05-01', '2026-05-01', 'deep', (pg_catalog.repeat('[', n) || '1' || pg_catalog.repeat(']', n))::jsonb FROM (VALUES (1, 1), (2, 40), (3, 2)) AS d (i, n);
CALL sessionize.refresh('szctp');
SELECT raw_id, rule, path, message FROM szctp.quarantine WHERE event_name = 'deep' ORDER BY 1;
SELECT count(*) FROM sessionize.verify('szctp');

-- Documents that are expressions, and the whole raw row; columns that are no longer used are used again.
DELETE FROM ev WHERE id > 30000;
SELECT drop_contract('szctp', 'deep');
SELECT put_contract('szctp', NULL, '1-0-0', '{"type": "integer", "maximum": 4}', about => 'context -> ''app''');
SELECT put_contract('szctp', 'view', '1-0-0', '{"type": "object", "properties": {"id": {"multipleOf": 5}}}', about => '*');
CALL sessionize.refresh('szctp');
SELECT * FROM differences();
SELECT drop_contract('szctp', 'view', about => '*');
SELECT put_contract('szctp', 'view', '1-0-0', '{"properties": {"page": {"enum": ["/1", "/2", "/3"]}}}');
SELECT number, expression FROM sessionize.contract_document ORDER BY number;
SELECT put_contract('szctp', 'other', '1-0-0', '{"properties": {"id": {"not": {"multipleOf": 7}}}}', about => '*');
SELECT number, expression FROM sessionize.contract_document ORDER BY number;
SELECT put_contract('szctp', 'view', '1-0-0', '{}', about => 'id');
CALL sessionize.refresh('szctp');
SELECT * FROM differences();

-- Nothing but the events of a name is derived anew.
SELECT put_contract('szctp', 'rare', '1-0-0', '{"required": ["x"]}');
INSERT INTO ev VALUES (40001, 'u3', '2026-06-01', '2026-06-01', 'rare', '{"x": 1}'), (40002, 'u4', '2026-06-01', '2026-06-01', 'rare', '{}');
CALL sessionize.refresh('szctp');
SELECT drop_contract('szctp', 'rare');
SELECT session_key, lo, hi FROM szctp.dirty ORDER BY 1;
CALL sessionize.refresh('szctp');
SELECT * FROM differences();

-- Random histories: rows and contracts come, change and go; after each refresh the star is what the oracle says.
CREATE PROCEDURE change_at_random(step int) LANGUAGE plpgsql AS $$
DECLARE
	contracts CONSTANT jsonb[] := ARRAY['{"properties": {"price": {"type": "number"}}}', '{"type": "object"}', '{"required": ["page"]}', 'false', 'true',
	                                    '{"properties": {"page": {"pattern": "^/[0-3]$"}, "price": {"maximum": 250}}}']::jsonb[];
	what int;
	event text;
	place text;
BEGIN
	FOR i IN 0 .. (random() * 3)::int LOOP
			what := (random() * 7)::int;
			event := (ARRAY['buy', 'view', 'other', NULL])[1 + (random() * 3)::int];
			place := (ARRAY['properties', 'context', '*'])[1 + (random() * 2)::int];
			IF what = 0 THEN
				PERFORM put_contract('szctp', event, '2' || step || '-' || i || '-0', contracts[1 + (random() * 5)::int],
				                     CASE WHEN random() < 0.2 THEN 'warn' ELSE 'quarantine' END, place);
			ELSIF what = 1 THEN
				PERFORM drop_contract('szctp', event, place);
			ELSIF what = 2 THEN
				DELETE FROM ev WHERE ev.id % 97 = (random() * 96)::int;
			ELSIF what = 3 THEN
				UPDATE ev SET properties = jsonb_build_object('price', CASE WHEN random() < 0.5 THEN to_jsonb(ev.id) ELSE '"x"' END), event_name = coalesce(event, 'buy')
				WHERE ev.id % 89 = (random() * 88)::int;
			ELSE
				INSERT INTO ev SELECT (random() * 1e9)::bigint, 'u' || (random() * 6)::int, at, at, event,
				                      CASE WHEN random() < 0.3 THEN '{"price": "x"}'::jsonb WHEN random() < 0.3 THEN NULL ELSE '{"page": "/1", "price": 3}' END, '{"app": 1}'
				FROM generate_series(1, 5) AS n CROSS JOIN LATERAL (SELECT '2026-01-01'::timestamptz + random() * interval '3 days' AS at) AS t
				ON CONFLICT DO NOTHING;
			END IF;
		END LOOP;
END $$;
SELECT setseed(0.42);
SELECT format('CALL change_at_random(%s)', step), format('CALL sessionize.%s(''szctp'')', CASE WHEN step % 7 = 0 THEN 'rebuild' ELSE 'refresh' END),
       format('SELECT %s, * FROM differences() WHERE n <> 0', step)
FROM generate_series(1, 40) AS step \gexec
SELECT count(*) > 0 AS some_quarantined FROM szctp.quarantine;
SELECT count(*) > 0 AS some_dropped FROM (SELECT DISTINCT c.event_name, c.about FROM sessionize.contracts AS c WHERE c.version ~ '^2\d') AS c,
LATERAL drop_contract('szctp', c.event_name, c.about);
CALL sessionize.refresh('szctp');
SELECT * FROM differences();

-- Another mapping, the way off a raw table and back, and a preview.
CREATE INDEX ON ev ((who || 'x'), at, id);
SELECT sessionize.alter_pipeline('szctp', key => 'who || ''x''');
CALL sessionize.rebuild('szctp');
SELECT * FROM differences();
SELECT rules, quarantined = (SELECT count(*) FROM szctp.quarantine) AS same FROM sessionize.preview_pipeline('szctp', gap => '1 hour') WHERE rules <> 'difference' ORDER BY rules LIMIT 2;
SELECT sessionize.add_measure('szctp', 'names', 'count_distinct', 'event_name');
CALL sessionize.rebuild('szctp');
SELECT DISTINCT quarantined = (SELECT count(*) FROM szctp.quarantine) AS same FROM sessionize.preview_pipeline('szctp', definition => jsonb_set(sessionize.definition('szctp'), '{gap}', '"1 hour"')) WHERE rules <> 'difference';
SELECT sessionize.detach_source('szctp');
SELECT sessionize.attach_source('szctp', 'szct.ev');
CALL sessionize.rebuild('szctp');
SELECT * FROM differences();

-- Before the seal's horizon nothing is judged.
SELECT count(*) FROM sessionize.seal('szctp', '2026-01-02Z');
CALL sessionize.refresh('szctp');
SELECT count(*) FROM sessionize.verify('szctp');
SELECT count(*) FROM szctp.quarantine AS q JOIN ev ON id::text = raw_id WHERE at < '2026-01-02Z';
SELECT difference FROM sessionize.reconcile('szctp');
SELECT put_contract('szctp', 'buy', '3-0-0', 'false');
SELECT count(*) FROM szctp.dirty WHERE lo < '2026-01-02Z';
CALL sessionize.refresh('szctp');
SELECT (SELECT count(*) FROM sessionize.verify('szctp')) AS verify, (SELECT difference FROM sessionize.reconcile('szctp')) AS difference,
       (SELECT count(*) FROM szctp.quarantine WHERE contract_version = '3-0-0') = (SELECT count(*) FROM ev WHERE event_name = 'buy' AND at >= '2026-01-02Z' AND NOT (context IS NULL OR (context -> 'app')::int > 4)) AS judged;
SELECT count(*) FROM sessionize.seal('szctp', '-infinity');
CALL sessionize.refresh('szctp');
SELECT * FROM differences();
-- Parallel workers judge, too: every second event is invalid.
SELECT put_contract('szctp', 'half', '1-0-0', '{"properties": {"n": {"multipleOf": 2}}}');
INSERT INTO ev SELECT 100000000 + i, 'h' || i % 500, at, at, 'half', jsonb_build_object('n', i, 'pad', repeat('x', i % 50)), '{"app": 1}'
FROM generate_series(1, 40000) AS i CROSS JOIN LATERAL (SELECT '2026-01-05'::timestamptz + i * interval '1 second' AS at) AS t;
SET min_parallel_table_scan_size = 0;
SET max_parallel_maintenance_workers = 2;
CALL sessionize.rebuild('szctp');
SELECT event_name, rule, path, count(*) FROM szctp.quarantine WHERE event_name = 'half' GROUP BY 1, 2, 3;
SELECT * FROM differences();
RESET min_parallel_table_scan_size;
RESET max_parallel_maintenance_workers;
SELECT sessionize.drop_pipeline('szctp');
SELECT count(*) FROM sessionize.contract;
DROP SCHEMA szct CASCADE;
