-- What dry_run_contract and preview_contract say is what becomes of the events once the contract is there, and what
-- infer_contract proposes keeps nothing out.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szca;
SET search_path = szca, public;
CREATE TABLE raw (id bigint PRIMARY KEY, visitor text, at timestamptz, event_name text, properties jsonb);
CREATE INDEX ON raw (visitor, at, id);
INSERT INTO raw
SELECT n, 'v' || n % 23, '2026-01-01Z'::timestamptz + n * interval '3 minutes', CASE WHEN n % 3 = 0 THEN 'order' ELSE 'view' END,
       CASE WHEN n % 41 = 0 THEN NULL
            ELSE jsonb_build_object('price', CASE WHEN n % 7 = 0 THEN to_jsonb('x' || n) ELSE to_jsonb(n % 50) END, 'sku', 'A-' || n % 9) END
FROM generate_series(1, 3000) AS n;
SELECT sessionize.create_pipeline('szca_shop', 'szca.raw', key => 'visitor', event_time => 'at', event_id => 'id', raw_id => 'id', gap => '1 hour');
SELECT sessionize.add_measure('szca_shop', 'revenue', 'sum', $$CASE WHEN jsonb_typeof(properties -> 'price') = 'number' THEN (properties ->> 'price')::numeric END$$);
CALL sessionize.rebuild('szca_shop');
CREATE TABLE wanted AS SELECT '{"type": "object", "required": ["price"], "properties": {"price": {"type": "number", "maximum": 40}}}'::jsonb AS schema;

-- before
CREATE TABLE dry AS SELECT d.* FROM wanted, sessionize.dry_run_contract('szca_shop', 'order', schema) AS d;
CREATE TABLE preview AS SELECT p.* FROM wanted, sessionize.preview_contract('szca_shop', 'order', schema) AS p;
SELECT events, passed, failed, kept_out FROM dry;

-- after
SELECT sessionize.create_contract('szca_shop', 'order', '1-0-0', schema) FROM wanted;
CALL sessionize.refresh('szca_shop');
SELECT count(*) = (SELECT kept_out FROM dry) AS as_in_the_dry_run FROM szca_shop.quarantine;
SELECT count(*) FROM (
	(SELECT raw_id FROM szca_shop.quarantine EXCEPT ALL SELECT id::text FROM raw, wanted WHERE event_name = 'order' AND NOT sessionize.validate(schema, coalesce(properties, 'null')))
	UNION ALL
	(SELECT id::text FROM raw, wanted WHERE event_name = 'order' AND NOT sessionize.validate(schema, coalesce(properties, 'null')) EXCEPT ALL SELECT raw_id FROM szca_shop.quarantine)) AS d;
SELECT part, changed = became AS as_previewed
FROM preview JOIN (
	SELECT 'sessions' AS part, count(*)::text AS became FROM szca_shop.sessions
	UNION ALL SELECT 'events', count(*)::text FROM szca_shop.fact_event
	UNION ALL SELECT 'quarantined', count(*)::text FROM szca_shop.quarantine
	UNION ALL SELECT 'measure revenue', sum(revenue)::text FROM szca_shop.sessions) AS a USING (part) ORDER BY part;
SELECT count(*) FROM sessionize.verify('szca_shop');
SELECT pending, difference, event_difference FROM sessionize.reconcile('szca_shop');

-- the proposal
SELECT sessionize.create_contract('szca_shop', 'order', '2-0-0', schema, compatibility => 'NONE') FROM sessionize.infer_contract('szca_shop', 'order');
CALL sessionize.refresh('szca_shop');
SELECT count(*) FROM szca_shop.quarantine;
SELECT count(*) FROM sessionize.verify('szca_shop');
SELECT pending, difference, event_difference FROM sessionize.reconcile('szca_shop');

-- a schema that refers to a contract, and documents beyond a limit of the validator: the dry run says what becomes of them
SELECT sessionize.create_contract('szca_shop', 'money', '1-0-0', '{"$id": "https://shop.example/money", "type": "number", "maximum": 30}', activate => false);
UPDATE raw SET properties = ('{"price": 5, "deep": ' || repeat('[', 6000) || repeat(']', 6000) || '}')::jsonb WHERE event_name = 'order' AND id % 50 = 0;
TRUNCATE wanted, dry, preview;
INSERT INTO wanted VALUES ('{"properties": {"price": {"$ref": "https://shop.example/money"}, "deep": {"$ref": "#/$defs/list"}}, "$defs": {"list": {"type": "array", "items": {"$ref": "#/$defs/list"}}}}');
INSERT INTO dry SELECT d.* FROM wanted, sessionize.dry_run_contract('szca_shop', 'order', schema) AS d;
INSERT INTO preview SELECT p.* FROM wanted, sessionize.preview_contract('szca_shop', 'order', schema) AS p;
SELECT events, passed, failed, kept_out, (SELECT jsonb_agg(v - 'raw_ids' ORDER BY v ->> 'keyword') FROM jsonb_array_elements(violations) AS v) FROM dry;
SELECT sessionize.create_contract('szca_shop', 'order', '3-0-0', schema, compatibility => 'NONE') FROM wanted;
CALL sessionize.refresh('szca_shop');
SELECT rule, count(*), sum(count(*)) OVER () = (SELECT kept_out FROM dry) AS as_in_the_dry_run FROM szca_shop.quarantine GROUP BY 1 ORDER BY 1;
SELECT part, changed = became AS as_previewed
FROM preview JOIN (SELECT 'events' AS part, count(*)::text AS became FROM szca_shop.fact_event
	UNION ALL SELECT 'quarantined', count(*)::text FROM szca_shop.quarantine) AS a USING (part) ORDER BY part;
-- of a schema that is registered already, and has an "$id" that others refer to; and one that refers to nothing there is
SELECT events, failed FROM sessionize.dry_run_contract('szca_shop', 'order', '{"$id": "https://shop.example/money", "type": "object"}');
SELECT * FROM sessionize.dry_run_contract('szca_shop', 'order', '{"$ref": "https://shop.example/nothing"}');
SELECT * FROM sessionize.preview_contract('szca_shop', 'order', '{"$ref": "https://shop.example/nothing"}');
SELECT count(*) FROM sessionize.verify('szca_shop');

SELECT sessionize.drop_pipeline('szca_shop');
DROP SCHEMA szca CASCADE;
