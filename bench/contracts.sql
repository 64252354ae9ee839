-- What contracts cost: CPU seconds of the backend for a rebuild of an empty star and for a refresh after a thirtieth of the events came again,
-- without contracts, with ten contracts that all events fulfil, and with ten that every second event violates, in turns.
\set QUIET 1
SET client_min_messages = warning;
SET timezone = 'UTC';
SET max_parallel_maintenance_workers = 0;
CREATE EXTENSION pg_sessionize;
CREATE SCHEMA szb;
CREATE FUNCTION szb.cpu() RETURNS numeric LANGUAGE sql AS $$
	SELECT (s[14]::numeric + s[15]::numeric) / 100 FROM string_to_array(pg_read_file('/proc/self/stat'), ' ') AS s
$$;
CREATE TABLE szb.events AS
SELECT i AS id, 'u' || (hashint4(i::int) & 8191) AS who, '2026-01-01Z'::timestamptz + (i % 40000) * interval '1 minute' AS at, 'event_' || i % 10 AS event_name,
       jsonb_build_object('title', 'Page ' || i % 100, 'price', i % 1000, 'currency', 'EUR', 'quantity', i % 5, 'sku', 'AB-' || i % 1000, 'category', 'shoes',
                          'in_stock', CASE WHEN (i / 10) % 2 = 0 THEN to_jsonb(true) ELSE '"yes"' END, 'coupon', NULL, 'tags', jsonb_build_array('a', 'b'),
                          'dims', jsonb_build_object('w', i % 50, 'h', 3)) AS properties
FROM generate_series(1, :rows) AS i;
ALTER TABLE szb.events ADD PRIMARY KEY (id);
CREATE INDEX ON szb.events (who, at, id);
VACUUM ANALYZE szb.events;
CREATE PROCEDURE szb.contracts(schema jsonb) LANGUAGE sql AS $$
	SELECT sessionize.create_contract('szbp', 'event_' || n, '1-0-0', schema) FROM generate_series(0, 9) AS n WHERE schema IS NOT NULL;
$$;
\set valid '''{"type":"object","required":["title","price"],"properties":{"title":{"type":"string","minLength":1},"price":{"type":"number","minimum":0},"currency":{"enum":["EUR","USD"]},"quantity":{"type":"integer"},"sku":{"type":"string","pattern":"^[A-Z]{2}-[0-9]+$"},"category":{"type":"string"},"coupon":{"type":["string","null"]},"tags":{"type":"array","items":{"type":"string"}},"dims":{"type":"object","properties":{"w":{"type":"integer"},"h":{"type":"integer"}}}}}'''
\set half '''{"type":"object","required":["title","price"],"properties":{"title":{"type":"string","minLength":1},"price":{"type":"number","minimum":0},"currency":{"enum":["EUR","USD"]},"quantity":{"type":"integer"},"sku":{"type":"string","pattern":"^[A-Z]{2}-[0-9]+$"},"category":{"type":"string"},"in_stock":{"type":"boolean"},"coupon":{"type":["string","null"]},"tags":{"type":"array","items":{"type":"string"}},"dims":{"type":"object","properties":{"w":{"type":"integer"},"h":{"type":"integer"}}}}}'''

SELECT sessionize.create_pipeline('szbp', 'szb.events', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id') \g /dev/null
CALL szb.contracts(NULL);
SELECT szb.cpu() AS c0 \gset
CALL sessionize.rebuild('szbp');
SELECT szb.cpu() AS c1 \gset
INSERT INTO szb.events SELECT id + 100000000, who, at, event_name, properties FROM szb.events WHERE id % 30 = 0;
SELECT szb.cpu() AS c2 \gset
CALL sessionize.refresh('szbp');
SELECT szb.cpu() AS c3 \gset
SELECT 'no contract', 'rebuild ' || round(:c1 - :c0, 2), 'refresh ' || round(:c3 - :c2, 2), 'quarantined ' || (SELECT count(*) FROM szbp.quarantine);
SELECT sessionize.drop_pipeline('szbp') \g /dev/null
DELETE FROM szb.events WHERE id > 100000000;
VACUUM szb.events;

SELECT sessionize.create_pipeline('szbp', 'szb.events', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id') \g /dev/null
CALL szb.contracts(:valid);
SELECT szb.cpu() AS c0 \gset
CALL sessionize.rebuild('szbp');
SELECT szb.cpu() AS c1 \gset
INSERT INTO szb.events SELECT id + 100000000, who, at, event_name, properties FROM szb.events WHERE id % 30 = 0;
SELECT szb.cpu() AS c2 \gset
CALL sessionize.refresh('szbp');
SELECT szb.cpu() AS c3 \gset
SELECT 'ten contracts', 'rebuild ' || round(:c1 - :c0, 2), 'refresh ' || round(:c3 - :c2, 2), 'quarantined ' || (SELECT count(*) FROM szbp.quarantine);
SELECT sessionize.drop_pipeline('szbp') \g /dev/null
DELETE FROM szb.events WHERE id > 100000000;
VACUUM szb.events;

SELECT sessionize.create_pipeline('szbp', 'szb.events', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id') \g /dev/null
CALL szb.contracts(:half);
SELECT szb.cpu() AS c0 \gset
CALL sessionize.rebuild('szbp');
SELECT szb.cpu() AS c1 \gset
INSERT INTO szb.events SELECT id + 100000000, who, at, event_name, properties FROM szb.events WHERE id % 30 = 0;
SELECT szb.cpu() AS c2 \gset
CALL sessionize.refresh('szbp');
SELECT szb.cpu() AS c3 \gset
SELECT 'every second event invalid', 'rebuild ' || round(:c1 - :c0, 2), 'refresh ' || round(:c3 - :c2, 2), 'quarantined ' || (SELECT count(*) FROM szbp.quarantine);
SELECT sessionize.drop_pipeline('szbp') \g /dev/null
DELETE FROM szb.events WHERE id > 100000000;
VACUUM szb.events;

SELECT sessionize.create_pipeline('szbp', 'szb.events', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id') \g /dev/null
CALL szb.contracts(NULL);
SELECT szb.cpu() AS c0 \gset
CALL sessionize.rebuild('szbp');
SELECT szb.cpu() AS c1 \gset
INSERT INTO szb.events SELECT id + 100000000, who, at, event_name, properties FROM szb.events WHERE id % 30 = 0;
SELECT szb.cpu() AS c2 \gset
CALL sessionize.refresh('szbp');
SELECT szb.cpu() AS c3 \gset
SELECT 'no contract', 'rebuild ' || round(:c1 - :c0, 2), 'refresh ' || round(:c3 - :c2, 2), 'quarantined ' || (SELECT count(*) FROM szbp.quarantine);
SELECT sessionize.drop_pipeline('szbp') \g /dev/null
DELETE FROM szb.events WHERE id > 100000000;
VACUUM szb.events;

SELECT sessionize.create_pipeline('szbp', 'szb.events', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id') \g /dev/null
CALL szb.contracts(:valid);
SELECT szb.cpu() AS c0 \gset
CALL sessionize.rebuild('szbp');
SELECT szb.cpu() AS c1 \gset
INSERT INTO szb.events SELECT id + 100000000, who, at, event_name, properties FROM szb.events WHERE id % 30 = 0;
SELECT szb.cpu() AS c2 \gset
CALL sessionize.refresh('szbp');
SELECT szb.cpu() AS c3 \gset
SELECT 'ten contracts', 'rebuild ' || round(:c1 - :c0, 2), 'refresh ' || round(:c3 - :c2, 2), 'quarantined ' || (SELECT count(*) FROM szbp.quarantine);
SELECT sessionize.drop_pipeline('szbp') \g /dev/null
DELETE FROM szb.events WHERE id > 100000000;
VACUUM szb.events;

SELECT sessionize.create_pipeline('szbp', 'szb.events', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id') \g /dev/null
CALL szb.contracts(:half);
SELECT szb.cpu() AS c0 \gset
CALL sessionize.rebuild('szbp');
SELECT szb.cpu() AS c1 \gset
INSERT INTO szb.events SELECT id + 100000000, who, at, event_name, properties FROM szb.events WHERE id % 30 = 0;
SELECT szb.cpu() AS c2 \gset
CALL sessionize.refresh('szbp');
SELECT szb.cpu() AS c3 \gset
SELECT 'every second event invalid', 'rebuild ' || round(:c1 - :c0, 2), 'refresh ' || round(:c3 - :c2, 2), 'quarantined ' || (SELECT count(*) FROM szbp.quarantine);
SELECT sessionize.drop_pipeline('szbp') \g /dev/null
DELETE FROM szb.events WHERE id > 100000000;
VACUUM szb.events;

SELECT sessionize.create_pipeline('szbp', 'szb.events', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id') \g /dev/null
CALL szb.contracts(NULL);
SELECT szb.cpu() AS c0 \gset
CALL sessionize.rebuild('szbp');
SELECT szb.cpu() AS c1 \gset
INSERT INTO szb.events SELECT id + 100000000, who, at, event_name, properties FROM szb.events WHERE id % 30 = 0;
SELECT szb.cpu() AS c2 \gset
CALL sessionize.refresh('szbp');
SELECT szb.cpu() AS c3 \gset
SELECT 'no contract', 'rebuild ' || round(:c1 - :c0, 2), 'refresh ' || round(:c3 - :c2, 2), 'quarantined ' || (SELECT count(*) FROM szbp.quarantine);
SELECT sessionize.drop_pipeline('szbp') \g /dev/null
DELETE FROM szb.events WHERE id > 100000000;
VACUUM szb.events;

SELECT sessionize.create_pipeline('szbp', 'szb.events', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id') \g /dev/null
CALL szb.contracts(:valid);
SELECT szb.cpu() AS c0 \gset
CALL sessionize.rebuild('szbp');
SELECT szb.cpu() AS c1 \gset
INSERT INTO szb.events SELECT id + 100000000, who, at, event_name, properties FROM szb.events WHERE id % 30 = 0;
SELECT szb.cpu() AS c2 \gset
CALL sessionize.refresh('szbp');
SELECT szb.cpu() AS c3 \gset
SELECT 'ten contracts', 'rebuild ' || round(:c1 - :c0, 2), 'refresh ' || round(:c3 - :c2, 2), 'quarantined ' || (SELECT count(*) FROM szbp.quarantine);
SELECT sessionize.drop_pipeline('szbp') \g /dev/null
DELETE FROM szb.events WHERE id > 100000000;
VACUUM szb.events;

SELECT sessionize.create_pipeline('szbp', 'szb.events', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id') \g /dev/null
CALL szb.contracts(:half);
SELECT szb.cpu() AS c0 \gset
CALL sessionize.rebuild('szbp');
SELECT szb.cpu() AS c1 \gset
INSERT INTO szb.events SELECT id + 100000000, who, at, event_name, properties FROM szb.events WHERE id % 30 = 0;
SELECT szb.cpu() AS c2 \gset
CALL sessionize.refresh('szbp');
SELECT szb.cpu() AS c3 \gset
SELECT 'every second event invalid', 'rebuild ' || round(:c1 - :c0, 2), 'refresh ' || round(:c3 - :c2, 2), 'quarantined ' || (SELECT count(*) FROM szbp.quarantine);
SELECT sessionize.drop_pipeline('szbp') \g /dev/null
DELETE FROM szb.events WHERE id > 100000000;
VACUUM szb.events;
