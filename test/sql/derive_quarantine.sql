-- Rows that no event can be made of: each is kept with its reason, and none of them stops a rebuild.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
CREATE SCHEMA derive_quarantine;
SET search_path = derive_quarantine, public;

-- partitions whose columns lie in another order, and a dropped column before the others
CREATE TABLE raw (gone int, k text, doc text, eid text, at timestamptz, sent timestamptz, recv timestamptz, id text) PARTITION BY RANGE (at);
CREATE TABLE raw_odd (id text, recv timestamptz, at timestamptz, doc text, sent timestamptz, gone int, k text, eid text);
ALTER TABLE raw ATTACH PARTITION raw_odd FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE raw_rest PARTITION OF raw DEFAULT;
ALTER TABLE raw DROP COLUMN gone;
CREATE INDEX ON raw (k, at);
CREATE FUNCTION page_of(doc text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	IF doc = 'refused' THEN
		RAISE EXCEPTION 'this document is refused';
	END IF;
	RETURN doc::json ->> 'page';
END $$;

INSERT INTO raw (k, doc, at, id)
SELECT 'user ' || i % 7, '{"page": "/' || i % 3 || '"}', timestamptz '2026-01-25 00:00+00' + i * interval '1 hour', i FROM generate_series(1, 500) AS i;
INSERT INTO raw (id, k, doc, eid, at, sent, recv) VALUES
	('no key', NULL, '{}', NULL, '2026-01-20', NULL, NULL),
	('no key, refused', NULL, 'refused', NULL, '2026-01-20', NULL, NULL),
	(NULL, 'no id', '{}', NULL, '2026-01-20', NULL, NULL),
	('long key', repeat('k', 1025), '{}', NULL, '2026-01-20', NULL, NULL),
	('key just short enough', repeat('k', 1024), '{}', NULL, '2026-01-20', NULL, NULL),
	('long event id', 'user', '{}', repeat('e', 1025), '2026-01-20', NULL, NULL),
	('event id just short enough', 'user', '{}', repeat('e', 1024), '2026-01-20', NULL, NULL),
	(repeat('r', 513), 'user', '{}', NULL, '2026-01-20', NULL, NULL),
	(repeat('r', 512), 'user', '{}', NULL, '2026-01-20', NULL, NULL),
	('no time', 'user', '{}', NULL, NULL, '2026-01-20', NULL),
	('infinity', 'user', '{}', NULL, 'infinity', NULL, NULL),
	('-infinity in sent', 'user', '{}', NULL, '2026-01-20', '-infinity', '2026-01-20'),
	('out of range', 'user', '{}', NULL, '4000-01-01 BC', '2026-01-20', '4000-01-01 BC'),
	('not JSON', 'user', 'this is not JSON', NULL, '2026-01-20', NULL, NULL),
	('not JSON either', 'user', '{', NULL, '2026-07-20', NULL, NULL),
	('refused', 'user', 'refused', NULL, '2026-01-20', NULL, NULL),
	('too deep', 'user', repeat('[', 100000), NULL, '2026-01-20', NULL, NULL),
	('too large', 'user', '{"page": "' || repeat('p', 17 * 1024 * 1024) || '"}', NULL, '2026-01-20', NULL, NULL);

SELECT sessionize.create_pipeline('quarantined', 'raw', key => 'k', event_time => 'at', sent_at => 'sent', received_at => 'recv', event_id => 'eid',
	raw_id => 'id', page => 'page_of(doc)');
CALL sessionize.rebuild('quarantined');
SELECT count(*) AS differences FROM sessionize.verify('quarantined');
SELECT left(q.raw_id, 30) AS raw_id, length(q.raw_id) AS length, left(q.session_key, 10) AS session_key, reason,
	left(regexp_replace(detail, 'Token.*', ''), 80) AS detail, raw_row = to_jsonb(r) AS raw_row
FROM quarantined.quarantine AS q JOIN raw AS r ON r.id IS NOT DISTINCT FROM q.raw_id ORDER BY 1, 2;
SELECT count(*) AS events, count(DISTINCT raw_id) FILTER (WHERE raw_id ~ '^\d+$' OR length(raw_id) = 512 OR raw_id LIKE '%just short enough') AS as_expected
FROM quarantined.fact_event;
-- the rows that are left are read the same way with bad rows beside them and without
CREATE TABLE with_bad AS SELECT * FROM quarantined.fact_event;
DELETE FROM raw WHERE id IN (SELECT raw_id FROM quarantined.quarantine) OR id IS NULL;
CALL sessionize.rebuild('quarantined');
SELECT count(*) AS quarantined FROM quarantined.quarantine;
SELECT count(*) AS differences FROM (
	(SELECT session_id, event_time, raw_id, page_key FROM with_bad EXCEPT ALL SELECT session_id, event_time, raw_id, page_key FROM quarantined.fact_event)
	UNION ALL
	(SELECT session_id, event_time, raw_id, page_key FROM quarantined.fact_event EXCEPT ALL SELECT session_id, event_time, raw_id, page_key FROM with_bad)) AS d;
SELECT sessionize.drop_pipeline('quarantined');

-- without a raw id the digest of the row takes its place, the same from each partition and from a careful reading
INSERT INTO raw (id, k, doc, at) VALUES ('bad again', 'user', '{', '2026-01-21');
SELECT sessionize.create_pipeline('quarantined', 'raw', key => 'k', event_time => 'at', raw_id => '', page => 'page_of(doc)');
CALL sessionize.rebuild('quarantined');
SELECT count(*) AS events, count(*) FILTER (WHERE EXISTS (
	SELECT FROM raw WHERE f.session_key = raw.k AND f.event_time = raw.at AND md5((raw.*)::text) = raw_id)) AS with_digest
FROM quarantined.fact_event AS f;
SELECT count(*) AS bad FROM raw JOIN quarantined.quarantine AS q ON q.raw_id = md5((raw.*)::text) WHERE reason = 'bad_expression';
SELECT sessionize.drop_pipeline('quarantined');

-- an error that says nothing about the row stops the rebuild as it is
CREATE FUNCTION broken(doc text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT page FROM pages_that_are_not_there WHERE pages_that_are_not_there.doc = broken.doc);
END $$;
SELECT sessionize.create_pipeline('quarantined', 'raw', key => 'k', event_time => 'at', raw_id => 'id', page => 'broken(doc)');
\set VERBOSITY terse
CALL sessionize.rebuild('quarantined');
SELECT sessionize.drop_pipeline('quarantined');
DROP SCHEMA derive_quarantine CASCADE;
