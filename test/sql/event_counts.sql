-- Counts of events by hour, name, source and version, against SQL over the raw rows.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA raw;
CREATE TABLE raw.events (
	raw_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id    text,
	visitor     text,
	at          timestamptz,
	sent_at     timestamptz,
	received_at timestamptz,
	name        text,
	source      text,
	app_version text
);
CREATE INDEX ON raw.events (visitor, at);
CREATE FUNCTION raw.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO raw.events (event_id, visitor, at, sent_at, received_at, name, source, app_version)
SELECT 'e' || n, 'v' || n % 23, r.at + r.wrong, r.at + r.wrong, r.at, (ARRAY['view', 'buy', NULL])[n % 3 + 1],
       (ARRAY['web', 'ios', NULL])[hashint4(n) & 1 + 1], '1.' || n % 2
FROM generate_series(first, last) AS n,
     LATERAL (SELECT '2026-01-01Z'::timestamptz + (hashint4(n) & 4095) * interval '1 minute' AS at,
                     CASE WHEN n % 10 = 0 THEN interval '3 hours' ELSE '0' END AS wrong) AS r
$$;
SELECT raw.add(1, 1000);
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'visitor', event_time => 'at', sent_at => 'sent_at', received_at => 'received_at', event_name => 'name', skew_threshold => '5 minutes', max_lead => '10 minutes');
SELECT * FROM sessionize.event_counts('web', '2026-01-01Z', '2026-02-01Z');
SELECT sessionize.enable_event_counts('web', source => 'source', version => 'app_version');
CALL sessionize.refresh('web');

-- the first copy of an event counts, at its corrected time
CREATE VIEW raw.oracle AS
WITH e AS (
	SELECT *, CASE WHEN at > received_at + interval '5 minutes' THEN coalesce(received_at - (sent_at - at), received_at + interval '10 minutes') ELSE at END AS event_time
	FROM raw.events WHERE visitor IS NOT NULL
), copies AS (
	SELECT *, row_number() OVER w AS copy,
	       count(*) OVER (PARTITION BY visitor, event_id) - 1 AS duplicates
	FROM e WINDOW w AS (PARTITION BY visitor, event_id ORDER BY event_time, raw_id)
)
SELECT date_trunc('hour', event_time) AS hour, source, name AS event_name, app_version AS version, count(*) AS events, sum(duplicates)::bigint AS duplicates,
       count(*) FILTER (WHERE at > received_at + interval '5 minutes' AND sent_at IS NOT NULL) AS corrected
FROM copies WHERE copy = 1 GROUP BY 1, 2, 3, 4;
CREATE FUNCTION raw.check(OUT rows bigint, OUT wrong bigint, OUT verify bigint) LANGUAGE sql AS $$
WITH counts AS (SELECT hour, source, event_name, version, events, duplicates, corrected FROM sessionize.event_counts('web', NULL, NULL) WHERE events > 0)
SELECT (SELECT count(*) FROM counts),
       (SELECT count(*) FROM (TABLE counts EXCEPT ALL TABLE raw.oracle) AS a) + (SELECT count(*) FROM (TABLE raw.oracle EXCEPT ALL TABLE counts) AS b),
       (SELECT count(*) FROM sessionize.verify('web'))
$$;
SELECT rows > 100 AS has_rows, wrong, verify FROM raw.check();
SELECT sum(events) AS events, sum(duplicates) AS duplicates, sum(conflicts) AS conflicts, sum(corrected) AS corrected, sum(clamped) AS clamped, sum(late) AS late, sum(quarantined) AS quarantined
FROM sessionize.event_counts('web', NULL, NULL);

-- copies, conflicts, rows without a key, and deletes
INSERT INTO raw.events (event_id, visitor, at, sent_at, received_at, name, source, app_version)
SELECT event_id, visitor, at, sent_at, received_at, name, source, app_version FROM raw.events WHERE raw_id % 7 = 0;
INSERT INTO raw.events (event_id, visitor, at, sent_at, received_at, name, source, app_version)
SELECT event_id, visitor, at, sent_at, received_at, 'other', source, app_version FROM raw.events WHERE raw_id % 50 = 1;
INSERT INTO raw.events (event_id, visitor, at, received_at, name) VALUES ('c', 'c', '2026-01-03 05:00Z', '2026-01-03 04:00Z', 'clamped');
INSERT INTO raw.events (event_id, at, received_at, name) VALUES ('n', '2026-01-01Z', '2026-01-01Z', 'view');
CALL sessionize.refresh('web');
SELECT rows > 100 AS has_rows, wrong, verify FROM raw.check();
SELECT sum(events) AS events, sum(duplicates) AS duplicates, sum(conflicts) AS conflicts, sum(corrected) AS corrected, sum(clamped) AS clamped, sum(late) AS late, sum(quarantined) AS quarantined
FROM sessionize.event_counts('web', NULL, NULL);
SELECT sum(e.duplicates), sum(e.conflicts) FROM web.events AS e;
SELECT sum(s.duplicates), sum(s.conflicts) FROM web.sessions AS s;
SELECT hour, source, event_name, version, events, clamped FROM sessionize.event_counts('web', NULL, NULL) WHERE clamped > 0;
DELETE FROM raw.events WHERE raw_id % 3 = 0 OR visitor = 'c';
CALL sessionize.refresh('web');
SELECT rows > 100 AS has_rows, wrong, verify FROM raw.check();

-- late rows, and a range of whole hours
SELECT sessionize.seal('web', '2026-01-02Z') IS NOT NULL;
SELECT raw.add(1001, 1100);
CALL sessionize.refresh('web');
SELECT DISTINCT hour >= '2026-01-02 03:00Z' AS late_hours FROM sessionize.event_counts('web', '2026-01-02 03:30Z', NULL);
-- told apart by some columns only: the same counts, added up
SELECT b AS by, compared.*
FROM unnest('{"",source,"version,event_name","source,event_name,version"}'::text[]) AS b, LATERAL (
	WITH n AS MATERIALIZED (SELECT * FROM sessionize.event_counts('web', NULL, NULL, b)),
	o AS MATERIALIZED (SELECT c.hour, CASE WHEN b ~ 'source' THEN c.source END, CASE WHEN b ~ 'event_name' THEN c.event_name END, CASE WHEN b ~ 'version' THEN c.version END,
	      sum(c.events)::bigint, sum(c.duplicates)::bigint, sum(c.conflicts)::bigint, sum(c.corrected)::bigint, sum(c.clamped)::bigint, sum(c.late)::bigint, sum(c.quarantined)::bigint
	      FROM sessionize.event_counts('web', NULL, NULL) AS c GROUP BY 1, 2, 3, 4)
	SELECT (SELECT count(*) FROM (SELECT * FROM n EXCEPT ALL SELECT * FROM o) AS x) AS more, (SELECT count(*) FROM (SELECT * FROM o EXCEPT ALL SELECT * FROM n) AS x) AS less,
	       (SELECT count(*) > 0 FROM n) AS some
) AS compared;
SELECT sum(late) = (SELECT count(*) FROM web.late) AND sum(late) > 0 AS late FROM sessionize.event_counts('web', NULL, NULL);
SELECT min(hour), max(hour), sum(events) = (SELECT count(*) FROM web.events WHERE event_time >= '2026-01-02Z' AND event_time < '2026-01-02 03:00Z') AS same
FROM sessionize.event_counts('web', '2026-01-02 00:30Z', '2026-01-02 03:00Z');
SELECT count(*) FROM sessionize.verify('web');
SELECT * FROM sessionize.event_counts(NULL, NULL, NULL);
SELECT * FROM sessionize.event_counts('none', NULL, NULL);
CREATE ROLE regress_counts;
SET ROLE regress_counts;
SELECT * FROM sessionize.event_counts('web', NULL, NULL);
RESET ROLE;
DROP ROLE regress_counts;

-- without source and version
SELECT sessionize.create_pipeline('plain', 'raw.events', key => 'visitor', event_time => 'at', event_name => 'name', max_duration => NULL);
SELECT sessionize.enable_event_counts('plain');
CALL sessionize.rebuild('plain');
SELECT count(*) > 0 AS has_rows, count(source), count(version), sum(events) = (SELECT count(*) FROM plain.events) AS same FROM sessionize.event_counts('plain', NULL, NULL);
SELECT * FROM sessionize.event_counts('plain', NULL, NULL, 'event_name,sorce');
SELECT count(*) FROM sessionize.verify('plain');
SELECT sessionize.drop_pipeline(pipeline_name) FROM sessionize.pipelines;
DROP SCHEMA raw CASCADE;
