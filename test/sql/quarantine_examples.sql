-- The examples of docs/reference/quarantine.md.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA quarantine_examples;
SET search_path = quarantine_examples;

CREATE TABLE hits (id text, visitor text, at timestamptz, sent timestamptz, received timestamptz, doc text);
CREATE INDEX ON hits (visitor, at);
INSERT INTO hits VALUES
  ('1', 'ann', '2026-01-05 10:00Z', NULL, '2026-01-05 10:00Z', '{"page": "/"}'),
  ('2', NULL,  '2026-01-05 10:01Z', NULL, '2026-01-05 10:01Z', '{"page": "/"}'),
  ('3', 'ann', NULL,                NULL, NULL,                '{"page": "/"}'),
  ('4', 'ann', 'infinity',          NULL, '2026-01-05 10:03Z', '{"page": "/"}'),
  ('5', 'ann', '2026-01-05 10:04Z', NULL, '2026-01-05 10:04Z', 'no JSON');
SELECT sessionize.create_pipeline('site', 'hits', key => 'visitor', event_time => 'at', raw_id => 'id',
    sent_at => 'sent', received_at => 'received', page => 'doc::json ->> ''page''');
CALL sessionize.rebuild('site');

SELECT reason, count(*) FROM site.quarantine GROUP BY reason ORDER BY reason;
SELECT raw_id, session_key, reason, detail, raw_row ->> 'doc' AS doc FROM site.quarantine ORDER BY raw_id;
CREATE TEMP TABLE before AS SELECT quarantine_id, raw_id, first_seen FROM site.quarantine;

UPDATE hits SET doc = '{"page": "/pricing"}' WHERE id IN (SELECT raw_id FROM site.quarantine WHERE reason = 'bad_expression');
UPDATE hits SET received = '2026-01-05 10:02Z' WHERE id = '3';
CALL sessionize.rebuild('site');
SELECT raw_id, reason FROM site.quarantine ORDER BY raw_id;
SELECT raw_id, event_time, page FROM site.events ORDER BY raw_id;
-- what stays is not touched
SELECT count(*) AS as_before FROM site.quarantine JOIN before USING (quarantine_id, raw_id, first_seen);

SELECT sessionize.create_pipeline('digest', 'hits', key => 'visitor', event_time => 'at', raw_id => '', received_at => 'received');
CALL sessionize.rebuild('digest');
UPDATE hits AS h SET visitor = 'bob'
FROM digest.source AS s JOIN digest.quarantine AS q USING (raw_id)
WHERE q.reason = 'null_key' AND h.tableoid = s.raw_table AND h.ctid = s.raw_ctid;
CALL sessionize.rebuild('digest');
SELECT reason, count(*) FROM digest.quarantine GROUP BY reason;
SELECT producer, reason, hour, rows, sample_raw_id FROM sessionize.quarantine_summary('site', '$.visitor') ORDER BY reason;
SELECT sessionize.replay_quarantine('site', 'reason = ''infinite_time''');
CALL sessionize.refresh('site');

CREATE FUNCTION page_of(doc text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN doc::json ->> 'page';
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $$;
UPDATE hits SET doc = 'no JSON again' WHERE id = '5';
SELECT sessionize.create_pipeline('careful', 'hits', key => 'visitor', event_time => 'at', raw_id => 'id', received_at => 'received', page => 'page_of(doc)');
CALL sessionize.rebuild('careful');
SELECT reason, count(*) FROM careful.quarantine GROUP BY reason;
SELECT raw_id, page FROM careful.events WHERE raw_id = '5';

-- a deleted row is missing until the next rebuild
DELETE FROM careful.quarantine;
SELECT difference FROM sessionize.reconcile('careful');
SELECT relation, difference FROM sessionize.verify('careful');
CALL sessionize.rebuild('careful');
SELECT difference FROM sessionize.reconcile('careful');

-- the other reasons, and which of two comes first
TRUNCATE hits;
INSERT INTO hits VALUES
  (NULL, 'ann', '2026-01-05 10:00Z', NULL, NULL, '{}'),
  ('key', repeat('k', 1025), '2026-01-05 10:00Z', NULL, NULL, '{}'),
  (repeat('r', 513), 'ann', '2026-01-05 10:00Z', NULL, NULL, '{}'),
  ('range', 'ann', '0001-01-01 00:00Z', NULL, NULL, '{}'),
  ('range 2', 'ann', '10000-01-01 00:00Z', NULL, NULL, '{}'),
  ('large', 'ann', '2026-01-05 10:00Z', NULL, NULL, '{"page": "' || repeat('p', 16 * 1024 * 1024) || '"}'),
  ('bad and nobody''s', NULL, '2026-01-05 10:00Z', NULL, NULL, '{'),
  ('nobody''s and timeless', NULL, NULL, NULL, NULL, '{}'),
  ('infinite and no time', 'ann', NULL, 'infinity', NULL, '{}');
CALL sessionize.rebuild('site');
SELECT left(raw_id, 20) AS raw_id, length(raw_id) AS length, left(session_key, 3) AS session_key, reason, raw_row = to_jsonb(h) AS whole
FROM site.quarantine AS q JOIN hits AS h ON h.id IS NOT DISTINCT FROM q.raw_id ORDER BY 1;
CREATE INDEX ON hits (id);
SELECT sessionize.create_pipeline('by_event', 'hits', key => 'id', event_time => 'at', event_id => 'repeat(''e'', 1020 + length(id))', raw_id => '');
CALL sessionize.rebuild('by_event');
SELECT left(session_key, 5) AS session_key, detail FROM by_event.quarantine WHERE reason = 'event_id_too_long' ORDER BY 1;
SELECT session_key FROM by_event.fact_session ORDER BY 1;
SELECT count(*) AS wrong FROM unnest('{site,digest,careful,by_event}'::text[]) AS p, sessionize.verify(p) WHERE p IN ('site', 'by_event');

-- what is kept of raw rows
TRUNCATE hits;
INSERT INTO hits VALUES
  ('1', 'ann', '2026-01-05 10:00Z', NULL, '2026-01-05 10:00Z', '{"page": "/"}'),
  ('2', NULL,  '2026-01-05 10:01Z', NULL, '2026-01-05 10:01Z', '{"page": "/"}'),
  ('3', 'ann', NULL,                NULL, NULL,                '{"page": "/"}'),
  ('4', 'ann', 'infinity',          NULL, '2026-01-05 10:03Z', '{"page": "/"}'),
  ('5', 'ann', '2026-01-05 10:04Z', NULL, '2026-01-05 10:04Z', 'no JSON');
CALL sessionize.rebuild('site');
SELECT sessionize.set_quarantine_rules('site', producer => '$.visitor', copies => 0.5, copies_kept => '3650 days');
CALL sessionize.refresh('site');
SELECT raw_id, reason, producer, raw_row IS NOT NULL AS has_copy FROM site.quarantine ORDER BY raw_id;
SELECT producer, reason, rows FROM sessionize.quarantine_summary('site') ORDER BY reason;
SELECT count(*) FROM sessionize.verify('site');

SELECT sessionize.drop_pipeline(p) FROM unnest('{site,digest,careful,by_event}'::text[]) AS p;
DROP SCHEMA quarantine_examples CASCADE;
