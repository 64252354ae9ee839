-- What the quarantine keeps of raw rows: who has sent them, a part of the copies, and those that are not too old; the counts stay exact.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szqr;
SET search_path = szqr, public;
CREATE TABLE raw (id bigint PRIMARY KEY, visitor text, at timestamptz, received timestamptz, event_name text, properties jsonb, app jsonb);
CREATE INDEX ON raw (visitor, at, id);
CREATE FUNCTION add(first int, last int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO szqr.raw
	SELECT n, CASE WHEN n % 50 > 0 THEN 'v' || n % 7 END, t - interval '1 second', t, CASE n % 3 WHEN 0 THEN 'order' ELSE 'view' END,
	       CASE WHEN n % 2 = 0 THEN '{"price": "x"}' ELSE '{"price": 1}' END::jsonb,
	       CASE n % 4 WHEN 0 THEN '{"name": "shop", "version": "1.0"}' WHEN 1 THEN '{"name": "shop", "version": 2}' WHEN 2 THEN '{"name": null}' END::jsonb
	-- the younger half was received within the last day, the older one five days ago
	FROM generate_series(first, last) AS n, LATERAL (SELECT date_trunc('hour', now()) - CASE WHEN n % 600 <= 300 THEN interval '5 days' ELSE interval '3 hours' END - n * interval '1 second') AS u (t);
$$;
SELECT add(1, 6000);
SELECT sessionize.create_pipeline('szqr_shop', 'szqr.raw', key => 'visitor', event_time => 'at', event_id => 'id', raw_id => 'id', received_at => 'received');
SELECT sessionize.create_contract('szqr_shop', 'order', '1-0-0', '{"properties": {"price": {"type": "number"}}}');
CALL sessionize.rebuild('szqr_shop');

-- an oracle: which rows are quarantined, who has sent them, and whether they may have a copy
CREATE VIEW expected AS
SELECT id::text AS raw_id, CASE WHEN visitor IS NULL THEN 'null_key' ELSE 'contract' END AS reason, app #>> '{version}' AS producer, received < now() - interval '2 days' AS is_old, to_jsonb(r.*) AS raw_row
FROM raw AS r WHERE visitor IS NULL OR event_name = 'order' AND properties -> 'price' = '"x"';
-- what differs: rows, producers, copies that are no copies; copies that are too old; wrong totals; and the part of the young rows that have copies
CREATE FUNCTION differences(producers boolean, aged boolean, OUT rows bigint, OUT copies bigint, OUT old bigint, OUT account bigint, OUT verified bigint, OUT part numeric) LANGUAGE plpgsql AS $$
BEGIN
	SELECT count(*) INTO rows FROM (SELECT raw_id, reason, CASE WHEN producers THEN producer END FROM expected) AS e
		FULL JOIN (SELECT raw_id, reason, producer FROM szqr_shop.quarantine) AS q USING (raw_id, reason) WHERE e IS NULL OR q IS NULL OR q.producer IS DISTINCT FROM e."case";
	SELECT count(*) INTO copies FROM szqr_shop.quarantine AS q JOIN expected AS e USING (raw_id) WHERE q.raw_row <> e.raw_row;
	SELECT count(*) INTO old FROM szqr_shop.quarantine AS q JOIN expected AS e USING (raw_id) WHERE aged AND e.is_old AND q.raw_row IS NOT NULL;
	SELECT abs(pending) + abs(difference) + abs(quarantined - (SELECT count(*) FROM expected)) INTO account FROM sessionize.reconcile('szqr_shop');
	SELECT count(*) INTO verified FROM sessionize.verify('szqr_shop');
	SELECT round(avg((q.raw_row IS NOT NULL)::int), 1) INTO part FROM szqr_shop.quarantine AS q JOIN expected AS e USING (raw_id) WHERE NOT e.is_old;
END $$;
SELECT * FROM differences(false, false);

-- Who has sent the rows; nothing else changes, so the rows stay the same ones.
CREATE TABLE before AS SELECT quarantine_id, first_seen, raw_id FROM szqr_shop.quarantine;
SELECT sessionize.set_quarantine_rules('szqr_shop', producer => '$.app.version');
SELECT sessionize.set_quarantine_rules('szqr_shop', producer => '$.app.version');
CALL sessionize.refresh('szqr_shop');
SELECT * FROM differences(true, false);
SELECT count(*) FROM ((TABLE before) EXCEPT ALL SELECT quarantine_id, first_seen, raw_id FROM szqr_shop.quarantine) AS d;

-- A part of the copies: always the same ones, by a refresh or by a rebuild, with and without parallel workers.
SELECT sessionize.set_quarantine_rules('szqr_shop', producer => '$.app.version', copies => 0.3);
CALL sessionize.refresh('szqr_shop');
SELECT * FROM differences(true, false);
SELECT count(*) FROM ((TABLE before) EXCEPT ALL SELECT quarantine_id, first_seen, raw_id FROM szqr_shop.quarantine) AS d;
CREATE TABLE kept AS SELECT raw_id, producer, raw_row FROM szqr_shop.quarantine;
SET min_parallel_table_scan_size = 0;
SET max_parallel_maintenance_workers = 2;
CALL sessionize.rebuild('szqr_shop');
SELECT * FROM differences(true, false);
TRUNCATE szqr_shop.fact_session, szqr_shop.fact_event, szqr_shop.dim_user, szqr_shop.quarantine;
CALL sessionize.rebuild('szqr_shop');
SELECT count(*) FROM ((TABLE kept EXCEPT ALL SELECT raw_id, producer, raw_row FROM szqr_shop.quarantine) UNION ALL (SELECT raw_id, producer, raw_row FROM szqr_shop.quarantine EXCEPT ALL TABLE kept)) AS d;
SET max_parallel_maintenance_workers = 0;
TRUNCATE szqr_shop.fact_session, szqr_shop.fact_event, szqr_shop.dim_user, szqr_shop.quarantine;
CALL sessionize.rebuild('szqr_shop');
SELECT count(*) FROM ((TABLE kept EXCEPT ALL SELECT raw_id, producer, raw_row FROM szqr_shop.quarantine) UNION ALL (SELECT raw_id, producer, raw_row FROM szqr_shop.quarantine EXCEPT ALL TABLE kept)) AS d;
SELECT * FROM differences(true, false);

-- The summary counts rows with and without copies; by another path it knows the producers of copies alone.
WITH seen AS (SELECT producer, reason, hour, rows, first_seen, last_seen FROM sessionize.quarantine_summary('szqr_shop')),
wanted AS (SELECT e.producer, e.reason, date_trunc('hour', r.received, 'UTC'), count(*), min(r.received), max(r.received) FROM expected AS e JOIN raw AS r ON r.id::text = e.raw_id GROUP BY 1, 2, 3)
SELECT count(*) FROM ((TABLE seen EXCEPT ALL TABLE wanted) UNION ALL (TABLE wanted EXCEPT ALL TABLE seen)) AS d;
SELECT sum(rows) = (SELECT count(*) FROM expected) AS all_rows, sum(rows) FILTER (WHERE producer = 'shop') < (SELECT count(*) FROM expected WHERE raw_row -> 'app' ->> 'name' = 'shop') AS of_copies
FROM sessionize.quarantine_summary('szqr_shop', '$.app.name');

-- Copies that are too old are dropped by the next refresh, also of keys of which nothing else has changed, and never come back.
SELECT sessionize.set_quarantine_rules('szqr_shop', producer => '$.app.version', copies_kept => '2 days');
CALL sessionize.refresh('szqr_shop');
SELECT * FROM differences(true, true);
SELECT add(6001, 6600);
CALL sessionize.refresh('szqr_shop');
SELECT * FROM differences(true, true);
-- time passes: what was received within the last hours becomes too old
UPDATE sessionize.quarantine_rule SET copies_kept = '1 hour';
SELECT count(*) > 0 AS overdue FROM szqr_shop.quarantine WHERE raw_row IS NOT NULL AND received_at < now() - interval '1 hour';
SELECT count(*) AS verified FROM sessionize.verify('szqr_shop');
CALL sessionize.refresh('szqr_shop');
SELECT count(*) AS overdue FROM szqr_shop.quarantine WHERE raw_row IS NOT NULL AND received_at < now() - interval '1 hour';
SELECT * FROM differences(true, true);
-- a short while later nothing is looked for
SELECT dropped_until AS before FROM sessionize.quarantine_rule \gset
CALL sessionize.refresh('szqr_shop');
SELECT dropped_until = :'before' AS as_before FROM sessionize.quarantine_rule;
-- what is there in place of a copy that is too old does not matter; a copy that must be there and is not, does
UPDATE szqr_shop.quarantine SET raw_row = '{}' WHERE raw_row IS NULL;
SELECT count(*) AS verified FROM sessionize.verify('szqr_shop');
SELECT sessionize.set_quarantine_rules('szqr_shop', copies_kept => '10 days');
CALL sessionize.refresh('szqr_shop');
SELECT * FROM differences(false, false);
UPDATE szqr_shop.quarantine SET raw_row = NULL WHERE raw_id = '6';
SELECT count(*) FROM sessionize.verify('szqr_shop');
CALL sessionize.rebuild('szqr_shop');
SELECT count(*) AS verified FROM sessionize.verify('szqr_shop');

-- No copies at all; erased users leave nothing; rows that fail the mapping have a producer, too.
SELECT sessionize.set_quarantine_rules('szqr_shop', '$.app.version', copies => 0);
CALL sessionize.refresh('szqr_shop');
SELECT count(raw_row) AS copies, count(*) > 0 AS rows FROM szqr_shop.quarantine;
SELECT * FROM differences(true, false);
SELECT quarantined > 0 AS erased FROM sessionize.erase_user('szqr_shop', 'v6');
SELECT count(*) FROM szqr_shop.quarantine WHERE session_key = 'v6';
SELECT sessionize.add_measure('szqr_shop', 'worth', 'sum', '(properties ->> ''price'')::bigint');
CALL sessionize.rebuild('szqr_shop');
SELECT reason, producer, count(*) > 0 AS any, count(raw_row) AS copies FROM szqr_shop.quarantine GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) AS verified FROM sessionize.verify('szqr_shop');

-- What is wrong.
SELECT sessionize.set_quarantine_rules('szqr_shop', copies => 1.5);
SELECT sessionize.set_quarantine_rules('szqr_shop', copies => NULL);
SELECT sessionize.set_quarantine_rules('szqr_shop', copies => 'NaN');
SELECT sessionize.set_quarantine_rules('szqr_shop', copies_kept => '1 month');
SELECT sessionize.set_quarantine_rules('szqr_shop', copies_kept => '-1 day');
SELECT sessionize.set_quarantine_rules('szqr_nothing');
SELECT sessionize.set_quarantine_rules('szqr_shop');
SELECT sessionize.drop_pipeline('szqr_shop');
SELECT count(*) FROM sessionize.quarantine_rule;
DROP SCHEMA szqr CASCADE;
