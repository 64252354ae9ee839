-- oldest and too_old: events that claim to be too old for their arrival, against plain SQL.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
CREATE SCHEMA szol;
CREATE TABLE szol.raw (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text NOT NULL, occurred_at timestamptz, sent_at timestamptz, received_at timestamptz);
CREATE INDEX ON szol.raw (visitor, occurred_at);
CREATE FUNCTION szol.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO szol.raw (visitor, occurred_at, sent_at, received_at)
SELECT 'v' || n % 17, CASE WHEN n % 37 <> 4 THEN at - CASE n % 9 WHEN 0 THEN interval '3 days' WHEN 1 THEN interval '1 day' WHEN 2 THEN interval '1 day 1 microsecond'
       WHEN 3 THEN interval '-1 hour' ELSE n % 60 * interval '1 minute' END END,
       CASE WHEN n % 11 = 0 THEN at - interval '2 days' WHEN n % 11 = 1 THEN at + interval '2 days' WHEN n % 11 < 7 THEN at END,
       CASE WHEN n % 41 <> 9 THEN at END
FROM (SELECT n, '2026-01-01Z'::timestamptz + (hashint4(n) & 16383) * interval '1 minute' AS at FROM generate_series(first, last) AS n) AS r
$$;
SELECT szol.add(1, 2000);

-- the oracle
CREATE TABLE szol.rule (oldest interval, rejects boolean);
INSERT INTO szol.rule VALUES ('1 day', false);
CREATE VIEW szol.corrected AS
SELECT raw_id, visitor, received_at, occurred_at,
       least(CASE WHEN abs(extract(epoch FROM received_at - sent_at)) > 300 THEN received_at - (sent_at - occurred_at) ELSE occurred_at END,
             received_at + interval '5 minutes') AS given
FROM szol.raw;
CREATE VIEW szol.timed AS
SELECT raw_id, visitor, oldest IS NOT NULL AND occurred_at < 'infinity' AND given < received_at - oldest IS TRUE AS is_old, rejects,
       CASE WHEN occurred_at IS NULL THEN received_at WHEN received_at IS NULL THEN occurred_at
            WHEN oldest IS NOT NULL AND given < received_at - oldest THEN received_at ELSE given END AS at
FROM szol.corrected, szol.rule;
CREATE VIEW szol.good AS SELECT raw_id, visitor, at FROM szol.timed WHERE at IS NOT NULL AND NOT (is_old AND rejects);
CREATE VIEW szol.oracle AS
WITH starts AS (SELECT *, at - lag(at) OVER w > '30 minutes' IS NOT FALSE AS starts FROM szol.good WINDOW w AS (PARTITION BY visitor ORDER BY at, raw_id)),
numbered AS (SELECT *, count(*) FILTER (WHERE starts) OVER (PARTITION BY visitor ORDER BY at, raw_id) AS session FROM starts)
SELECT visitor, min(at) AS started_at, max(at) AS ended_at, count(*) AS events FROM numbered GROUP BY visitor, session;

SELECT sessionize.create_pipeline('szol_web', 'szol.raw', key => 'visitor', max_duration => NULL, oldest => '1 day');
SELECT oldest, too_old FROM sessionize.pipelines WHERE pipeline_name = 'szol_web';
CREATE FUNCTION szol.check(OUT wrong bigint, OUT wrong_live bigint, OUT wrong_events bigint, OUT wrong_quarantine bigint, OUT unproven bigint, OUT difference bigint, OUT pending bigint) LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM ((TABLE szol.oracle EXCEPT ALL SELECT session_key, started_at, ended_at, events FROM szol_web.sessions)
	                              UNION ALL (SELECT session_key, started_at, ended_at, events FROM szol_web.sessions EXCEPT ALL TABLE szol.oracle)) AS x),
	       (SELECT count(*) FROM ((TABLE szol.oracle EXCEPT ALL SELECT session_key, started_at, ended_at, events FROM szol_web.sessions_live)
	                              UNION ALL (SELECT session_key, started_at, ended_at, events FROM szol_web.sessions_live EXCEPT ALL TABLE szol.oracle)) AS x),
	       (SELECT count(*) FROM ((TABLE szol.good EXCEPT ALL SELECT raw_id, session_key, event_time FROM szol_web.fact_event)
	                              UNION ALL (SELECT raw_id, session_key, event_time FROM szol_web.fact_event EXCEPT ALL TABLE szol.good)) AS x),
	       (SELECT count(*) FROM (SELECT raw_id::text, CASE WHEN at IS NULL THEN 'no_time' ELSE 'too_old' END FROM szol.timed WHERE at IS NULL OR (is_old AND rejects)
	                              EXCEPT ALL SELECT raw_id, reason FROM szol_web.quarantine) AS x)
	       + (SELECT count(*) FROM szol_web.quarantine) - (SELECT count(*) FROM szol.timed WHERE at IS NULL OR (is_old AND rejects)),
	       (SELECT count(*) FROM sessionize.verify('szol_web')), r.difference, r.pending
	FROM sessionize.reconcile('szol_web') AS r
$$;
CALL sessionize.rebuild('szol_web');
SELECT * FROM szol.check();
SELECT clamped = (SELECT count(*) FROM szol.timed AS t JOIN szol.raw USING (raw_id) WHERE t.is_old) +
                 (SELECT count(*) FROM szol.corrected WHERE given = received_at + interval '5 minutes' AND occurred_at IS NOT NULL) AS clamped
FROM sessionize.runs WHERE pipeline_name = 'szol_web' ORDER BY run_id DESC LIMIT 1;
-- late rows, and rows that become too old or are no longer
SELECT szol.add(2001, 2200);
UPDATE szol.raw SET received_at = received_at + interval '5 days', sent_at = NULL WHERE raw_id % 19 = 2;
UPDATE szol.raw SET received_at = occurred_at, sent_at = NULL WHERE raw_id % 23 = 2;
DELETE FROM szol.raw WHERE raw_id % 29 = 3;
SELECT wrong_live, difference FROM szol.check();
CALL sessionize.refresh('szol_web');
SELECT * FROM szol.check();

-- to the quarantine
UPDATE szol.rule SET rejects = true;
SELECT rules, events, quarantined FROM sessionize.preview_pipeline('szol_web', too_old => 'quarantine') AS p
EXCEPT ALL (SELECT 'changed', sum(events)::bigint, (SELECT count(*) FROM szol.timed WHERE at IS NULL OR is_old) FROM szol.oracle
            UNION ALL SELECT 'now', (SELECT sum(events)::bigint FROM szol_web.sessions), (SELECT count(*) FROM szol_web.quarantine));
SELECT sessionize.alter_pipeline('szol_web', too_old => 'quarantine');
CALL sessionize.refresh('szol_web');
SELECT * FROM szol.check();
SELECT DISTINCT reason, detail FROM szol_web.quarantine ORDER BY 1;
UPDATE szol.raw SET received_at = received_at + interval '5 days', sent_at = NULL WHERE raw_id % 31 = 2;
UPDATE szol.raw SET received_at = occurred_at, sent_at = NULL WHERE raw_id % 37 = 2;
SELECT szol.add(2201, 2300);
SELECT wrong_live, difference FROM szol.check();
CALL sessionize.refresh('szol_web');
SELECT * FROM szol.check();
-- sealed rows keep their clocks, and are judged by the rules there are
UPDATE szol.rule SET (oldest, rejects) = ('2 days', false);
SELECT sessionize.alter_pipeline('szol_web', oldest => '2 days', too_old => 'clamp');
CALL sessionize.rebuild('szol_web');
SELECT * FROM szol.check();
SELECT sealed > 0 AS sealed FROM sessionize.seal('szol_web', '2026-01-04Z');
SELECT * FROM szol.check();
UPDATE szol.rule SET oldest = NULL;
SELECT sessionize.alter_pipeline('szol_web', unset => '{oldest}');
CALL sessionize.rebuild('szol_web');
SELECT unproven, difference, pending FROM szol.check();
SELECT oldest, too_old FROM sessionize.pipelines WHERE pipeline_name = 'szol_web';
SELECT sessionize.alter_pipeline('szol_web', too_old => 'clamp');

-- mistakes
SELECT sessionize.create_pipeline('szol_bad', 'szol.raw', key => 'visitor', oldest => '-1 day');
SELECT sessionize.create_pipeline('szol_bad', 'szol.raw', key => 'visitor', oldest => '1 day', too_old => 'drop');
SELECT sessionize.alter_pipeline('szol_web', too_old => '');
SELECT sessionize.alter_pipeline('szol_web', unset => '{too_old}');

SELECT sessionize.drop_pipeline('szol_web');
DROP SCHEMA szol CASCADE;
