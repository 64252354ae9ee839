-- Who sends what no event can be made of; such rows judged again after a repair that the database can't see.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szqs;
SET search_path = szqs, public;
CREATE TABLE raw (id bigint PRIMARY KEY, visitor text, at timestamptz, received timestamptz, event_name text, properties jsonb, app jsonb);
CREATE INDEX ON raw (visitor, at, id);
INSERT INTO raw
SELECT n, CASE WHEN n % 50 > 0 THEN 'v' || n % 7 END, '2026-01-01Z'::timestamptz + n * interval '1 minute', '2026-01-01Z'::timestamptz + n * interval '1 minute 1 second',
       CASE n % 3 WHEN 0 THEN 'order' ELSE 'view' END,
       CASE WHEN n % 5 = 0 THEN jsonb_build_object('lines', jsonb_build_array('{"price": 1}'::jsonb, jsonb_build_object('price', 'x'))) ELSE '{"lines": []}' END,
       jsonb_build_object('name', 'app' || n % 2)
FROM generate_series(1, 300) AS n;
SELECT sessionize.create_pipeline('szqs_shop', 'szqs.raw', key => 'visitor', event_time => 'at', event_id => 'id', raw_id => 'id', received_at => 'received');
SELECT sessionize.create_contract('szqs_shop', 'order', '1-0-0', '{"properties": {"lines": {"items": {"properties": {"price": {"type": "number"}}}}}}');
CALL sessionize.rebuild('szqs_shop');

SELECT event_name, reason, contract_version, rule, place, sum(rows) AS rows, min(first_seen), max(last_seen), count(*) AS hours, min(sample_message)
FROM sessionize.quarantine_summary('szqs_shop') WHERE producer IS NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2;
SELECT producer, reason, hour, rows, sample_raw_id FROM sessionize.quarantine_summary('szqs_shop', '$.app.name') WHERE reason = 'contract' ORDER BY hour, producer LIMIT 4;
-- against the raw rows
WITH expected AS (
	SELECT app ->> 'name', CASE WHEN visitor IS NULL THEN 'null_key' ELSE 'contract' END, date_trunc('hour', received, 'UTC'), count(*), min(received), max(received)
	FROM raw WHERE visitor IS NULL OR event_name = 'order' AND id % 5 = 0 GROUP BY 1, 2, 3),
seen AS (SELECT producer, reason, hour, rows, first_seen, last_seen FROM sessionize.quarantine_summary('szqs_shop', '$.app.name'))
SELECT count(*) FROM ((TABLE expected EXCEPT ALL TABLE seen) UNION ALL (TABLE seen EXCEPT ALL TABLE expected)) AS d;
-- a path that leads nowhere, or to what is no text
SELECT DISTINCT producer FROM sessionize.quarantine_summary('szqs_shop', 'strict $.nobody.there');
SELECT DISTINCT producer FROM sessionize.quarantine_summary('szqs_shop', '$.app') ORDER BY 1;

-- A function that says immutable, but looks into a table: nothing tells that its results are others.
CREATE TABLE rates (currency text PRIMARY KEY, rate numeric NOT NULL CHECK (rate > 0));
INSERT INTO rates VALUES ('EUR', 1);
CREATE FUNCTION rate_of(currency text) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS $$
DECLARE
	result numeric;
BEGIN
	SELECT rate INTO STRICT result FROM szqs.rates AS r WHERE r.currency = rate_of.currency;
	RETURN result;
EXCEPTION WHEN no_data_found THEN
	RAISE 'no rate for %', currency;
END $$;
UPDATE raw SET properties = jsonb_build_object('currency', CASE WHEN id % 4 = 0 THEN 'USD' WHEN id % 4 = 1 THEN 'GBP' ELSE 'EUR' END) WHERE visitor IS NOT NULL;
SELECT sessionize.add_measure('szqs_shop', 'worth', 'sum', $$szqs.rate_of(properties ->> 'currency')$$);
CALL sessionize.rebuild('szqs_shop');
SELECT reason, count(*), min(detail) FROM szqs_shop.quarantine GROUP BY 1 ORDER BY 1;
INSERT INTO rates VALUES ('USD', 0.9), ('GBP', 1.2);
CALL sessionize.refresh('szqs_shop');
SELECT count(*) FROM szqs_shop.quarantine WHERE reason = 'bad_expression';
SELECT sessionize.replay_quarantine('szqs_shop', $$raw_row -> 'properties' ->> 'currency' = 'USD' AND session_key = 'v1'$$)
     = (SELECT count(*) FROM raw WHERE properties ->> 'currency' = 'USD' AND visitor = 'v1') AS as_many;
CALL sessionize.refresh('szqs_shop');
SELECT count(*) FILTER (WHERE session_key = 'v1') AS repaired, count(*) > 0 AS others FROM szqs_shop.quarantine WHERE reason = 'bad_expression';
BEGIN;
SELECT sessionize.replay_quarantine('szqs_shop') > 0 AS some;
ROLLBACK;
CALL sessionize.refresh('szqs_shop');
SELECT count(*) > 0 AS rolled_back FROM szqs_shop.quarantine WHERE reason = 'bad_expression';
SELECT sessionize.replay_quarantine('szqs_shop') - (SELECT count(*) FROM szqs_shop.quarantine) AS all_rows;
SELECT sessionize.replay_quarantine('szqs_shop') - (SELECT count(*) FROM szqs_shop.quarantine) AS again;
CALL sessionize.refresh('szqs_shop');
SELECT reason, count(*) FROM szqs_shop.quarantine GROUP BY 1 ORDER BY 1;
SELECT sessionize.replay_quarantine('szqs_shop', 'false');
SELECT count(*) FROM sessionize.verify('szqs_shop');
SELECT pending, difference FROM sessionize.reconcile('szqs_shop');

-- mistakes, and whose it is
SELECT sessionize.replay_quarantine('szqs_shop', 'event_name');
SELECT sessionize.replay_quarantine('szqs_shop', 'nosuch = 1');
SELECT sessionize.replay_quarantine('szqs_shop', '(SELECT true)');
SELECT sessionize.replay_quarantine('nobody');
SELECT * FROM sessionize.quarantine_summary('nobody');
SELECT * FROM sessionize.quarantine_summary(NULL);
CREATE ROLE szqs_stranger;
SET ROLE szqs_stranger;
SELECT * FROM sessionize.quarantine_summary('szqs_shop');
SELECT sessionize.replay_quarantine('szqs_shop');
RESET ROLE;
DROP ROLE szqs_stranger;
SELECT sessionize.drop_pipeline('szqs_shop');
DROP SCHEMA szqs CASCADE;
