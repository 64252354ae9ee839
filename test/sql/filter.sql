-- A pipeline's filter: rows for which it is not true are counted and nothing else, against plain SQL.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
CREATE SCHEMA szfl;
CREATE TABLE szfl.raw (
	raw_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	event_id text,
	visitor  text,
	at       timestamptz,
	agent    text,
	trust    int,  -- by which 100 is divided
	url      text,
	slash    int   -- 0: the page can't be computed
);
CREATE INDEX ON szfl.raw (visitor, at, event_id);
CREATE FUNCTION szfl.add(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO szfl.raw (event_id, visitor, at, agent, trust, url, slash)
SELECT CASE WHEN n % 19 <> 0 THEN 'e' || n - n % 3 % 2 END, CASE WHEN n % 97 <> 5 THEN 'v' || (hashint4(n) & 31) END,
       CASE WHEN n % 89 <> 7 THEN '2026-01-01Z'::timestamptz + (hashint4(n * 3) & 8191) * interval '1 minute' END,
       (ARRAY['firefox', 'chrome', 'a bot', 'monitor', NULL, 'safari', 'bots'])[(hashint4(n * 5) & 1023) % 7 + 1],
       CASE WHEN n % 7 = 0 THEN 100 WHEN n % 53 = 0 THEN 0 WHEN n % 11 = 0 THEN NULL ELSE 1 + n % 50 END,
       '/a/' || n % 9, CASE WHEN n % 61 = 0 THEN 0 ELSE 3 END
FROM generate_series(first, last) AS n
$$;
SELECT szfl.add(1, 4000);

-- The oracle: what each of the filters below makes of a row; a filter that fails on a row makes it neither pass nor filtered.
CREATE TABLE szfl.rule (version int);
INSERT INTO szfl.rule VALUES (1);
CREATE VIEW szfl.judged AS
SELECT r.*, version = 1 AND agent LIKE '%bot%' IS NOT TRUE AND trust = 0 IS TRUE AS fails,
       CASE version WHEN 0 THEN true
                    WHEN 1 THEN agent NOT LIKE '%bot%' AND trust > 0 AND trust <= 50 IS TRUE
                    WHEN 2 THEN agent <> 'monitor' END IS TRUE AS passes
FROM szfl.raw AS r, szfl.rule;
CREATE VIEW szfl.bad AS SELECT * FROM szfl.judged WHERE fails OR (passes AND (visitor IS NULL OR at IS NULL OR slash = 0));
CREATE TABLE szfl.kept (raw_id bigint, event_id text, visitor text, at timestamptz, before timestamptz);
CREATE VIEW szfl.good AS
SELECT raw_id, event_id, visitor, at FROM szfl.judged AS j WHERE passes AND visitor IS NOT NULL AND at IS NOT NULL AND slash <> 0
AND NOT EXISTS (SELECT FROM szfl.kept AS k WHERE k.raw_id = j.raw_id)
AND at >= coalesce((SELECT max(before) FROM szfl.kept), '-infinity')
UNION ALL SELECT raw_id, event_id, visitor, at FROM szfl.kept;
CREATE VIEW szfl.firsts AS
SELECT DISTINCT ON (visitor, event_id, CASE WHEN event_id IS NULL THEN raw_id END) *,
       count(*) OVER (PARTITION BY visitor, event_id, CASE WHEN event_id IS NULL THEN raw_id END) - 1 AS copies
FROM szfl.good ORDER BY visitor, event_id, CASE WHEN event_id IS NULL THEN raw_id END, at, raw_id;
CREATE VIEW szfl.oracle AS
WITH starts AS (SELECT *, at - lag(at) OVER w > '30 minutes' IS NOT FALSE AS starts FROM szfl.firsts WINDOW w AS (PARTITION BY visitor ORDER BY at, event_id COLLATE "C", raw_id)),
numbered AS (SELECT *, count(*) FILTER (WHERE starts) OVER (PARTITION BY visitor ORDER BY at, event_id COLLATE "C", raw_id) AS session FROM starts)
SELECT visitor, min(at) AS started_at, max(at) AS ended_at, count(*) AS events, sum(copies)::bigint AS duplicates FROM numbered GROUP BY visitor, session;

SELECT sessionize.create_pipeline('szfl_web', 'szfl.raw', key => 'visitor', event_time => 'at', page => 'split_part(url, ''/'', slash)',
	max_duration => NULL, dedup_window => NULL, filter => 'agent NOT LIKE ''%bot%'' AND 100 / trust > 1');
SELECT pipeline_name, filter FROM sessionize.pipelines WHERE pipeline_name = 'szfl_web';
SELECT regexp_replace(trim(line), '\mt\.', '', 'g') AS line FROM regexp_split_to_table(pg_get_viewdef('szfl_web.source'), '\n') AS line WHERE line ~ ' AS (filter|page)';
CREATE FUNCTION szfl.differences(relation regclass, OUT n bigint) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(*) FROM ((TABLE szfl.oracle EXCEPT ALL %1$s) UNION ALL (%1$s EXCEPT ALL TABLE szfl.oracle)) AS x',
		format('SELECT session_key, started_at, ended_at, events, duplicates FROM %s', relation)) INTO n;
END $$;
-- wrong: in the star; wrong_live: in the live view; closes: the account, with the right number of filtered rows
CREATE FUNCTION szfl.check(OUT wrong bigint, OUT wrong_live bigint, OUT wrong_events bigint, OUT wrong_quarantine bigint, OUT unproven bigint,
	OUT closes boolean, OUT pending bigint) LANGUAGE sql AS $$
	SELECT szfl.differences('szfl_web.sessions'), szfl.differences('szfl_web.sessions_live'),
	       (SELECT count(*) FROM ((SELECT visitor, at, event_id, raw_id FROM szfl.firsts EXCEPT ALL SELECT session_key, event_time, event_id, raw_id FROM szfl_web.fact_event)
	                              UNION ALL (SELECT session_key, event_time, event_id, raw_id FROM szfl_web.fact_event EXCEPT ALL SELECT visitor, at, event_id, raw_id FROM szfl.firsts)) AS x),
	       (SELECT count(*) FROM ((SELECT raw_id::text FROM szfl.bad EXCEPT ALL SELECT raw_id FROM szfl_web.quarantine)
	                              UNION ALL (SELECT raw_id FROM szfl_web.quarantine EXCEPT ALL SELECT raw_id::text FROM szfl.bad)) AS x),
	       (SELECT count(*) FROM sessionize.verify('szfl_web')),
	       r.difference = 0 AND r.event_difference = 0 AND r.filtered = (SELECT count(*) FROM szfl.judged WHERE NOT passes AND NOT fails)
	       AND r.raw_rows + r.sealed_only = r.events + r.duplicates + r.quarantined + r.filtered + r.late + r.pending, r.pending
	FROM sessionize.reconcile('szfl_web') AS r
$$;
CALL sessionize.rebuild('szfl_web');
SELECT * FROM szfl.check();
SELECT reason, split_part(detail, ':', 1) AS detail, count(*) > 0 AS any FROM szfl_web.quarantine GROUP BY 1, 2 ORDER BY 1, 2;
SELECT r.raw_rows = (SELECT count(*) FROM szfl.raw) AS raw_rows, filtered = (SELECT count(*) FROM szfl.judged WHERE NOT passes AND NOT fails) AS filtered,
       r.raw_rows = r.events + r.duplicates + r.quarantined + r.filtered AS sums
FROM sessionize.runs AS r WHERE pipeline_name = 'szfl_web' ORDER BY run_id DESC LIMIT 1;

-- inserted, late, updated so that they pass or fail, and deleted rows; the live view shows them at once
SELECT szfl.add(4001, 4300);
SELECT wrong_live, closes FROM szfl.check();
CALL sessionize.refresh('szfl_web');
SELECT * FROM szfl.check();
SELECT filtered > 0 AS filtered FROM sessionize.runs WHERE pipeline_name = 'szfl_web' AND kind = 'refresh' ORDER BY run_id DESC LIMIT 1;
UPDATE szfl.raw SET agent = CASE WHEN agent = 'a bot' THEN 'firefox' ELSE 'a bot' END WHERE raw_id % 17 = 3;
UPDATE szfl.raw SET trust = CASE trust WHEN 100 THEN 10 ELSE 100 END WHERE raw_id % 23 = 5;
SELECT wrong_live, closes FROM szfl.check();
CALL sessionize.refresh('szfl_web');
SELECT * FROM szfl.check();
UPDATE szfl.raw SET trust = 0 WHERE raw_id % 41 = 3;
UPDATE szfl.raw SET at = NULL WHERE raw_id % 43 = 3;
DELETE FROM szfl.raw WHERE raw_id % 29 = 4;
CALL sessionize.refresh('szfl_web');
SELECT * FROM szfl.check();
-- a visitor of whom nothing passes any more, and one who comes back
UPDATE szfl.raw SET agent = 'a bot' WHERE visitor IN ('v1', 'v2');
CALL sessionize.refresh('szfl_web');
SELECT * FROM szfl.check();
SELECT count(*) FROM szfl_web.sessions WHERE session_key IN ('v1', 'v2');
UPDATE szfl.raw SET agent = 'chrome', trust = 2 WHERE visitor = 'v2';
CALL sessionize.refresh('szfl_web');
SELECT * FROM szfl.check();
SELECT count(*) > 0 FROM szfl_web.sessions WHERE session_key = 'v2';

-- without rows on which an expression fails, rows are read another way: by this process alone, and in parallel
UPDATE szfl.raw SET trust = 1 WHERE trust = 0;
UPDATE szfl.raw SET slash = 3 WHERE slash = 0;
CALL sessionize.refresh('szfl_web');
SELECT * FROM szfl.check();
CALL sessionize.rebuild('szfl_web');
SELECT * FROM szfl.check();
SET min_parallel_table_scan_size = 0;
SET max_parallel_maintenance_workers = 2;
CALL sessionize.rebuild('szfl_web');
SELECT * FROM szfl.check();
SELECT r.raw_rows = (SELECT count(*) FROM szfl.raw) AS raw_rows, filtered = (SELECT count(*) FROM szfl.judged WHERE NOT passes AND NOT fails) AS filtered
FROM sessionize.runs AS r WHERE pipeline_name = 'szfl_web' ORDER BY run_id DESC LIMIT 1;
CALL sessionize.rebuild('szfl_web', newest_first => true);
SELECT * FROM szfl.check();
SELECT r.raw_rows = (SELECT count(*) FROM szfl.raw) AS raw_rows, filtered = (SELECT count(*) FROM szfl.judged WHERE NOT passes AND NOT fails) AS filtered
FROM sessionize.runs AS r WHERE pipeline_name = 'szfl_web' ORDER BY run_id DESC LIMIT 1;
RESET max_parallel_maintenance_workers;
RESET min_parallel_table_scan_size;

-- another filter, tried first
CREATE FUNCTION szfl.preview(filter text, unset text[] DEFAULT NULL, OUT rules text, OUT events bigint, OUT duplicates bigint, OUT filtered bigint, OUT sessions bigint)
RETURNS SETOF record LANGUAGE sql AS $$ SELECT rules, events, duplicates, filtered, sessions FROM sessionize.preview_pipeline('szfl_web', filter => $1, unset => $2) $$;
SELECT p.* FROM szfl.preview('agent <> ''monitor''') AS p WHERE rules = 'now' EXCEPT ALL
SELECT 'now', sum(o.events)::bigint, sum(o.duplicates)::bigint, (SELECT count(*) FROM szfl.judged WHERE NOT passes), count(*) FROM szfl.oracle AS o;
UPDATE szfl.rule SET version = 2;
SELECT p.* FROM szfl.preview('agent <> ''monitor''') AS p WHERE rules = 'changed' EXCEPT ALL
SELECT 'changed', sum(o.events)::bigint, sum(o.duplicates)::bigint, (SELECT count(*) FROM szfl.judged WHERE NOT passes), count(*) FROM szfl.oracle AS o;
SELECT sessionize.alter_pipeline('szfl_web', filter => 'agent <> ''monitor''');
SELECT filter FROM sessionize.pipelines WHERE pipeline_name = 'szfl_web';
-- nothing of the star counts until it is built anew
SELECT closes, pending = (SELECT count(*) FROM szfl.judged WHERE passes) AS all_pending FROM szfl.check();
CALL sessionize.refresh('szfl_web');
SELECT * FROM szfl.check();
-- the same one again is no change
SELECT sessionize.alter_pipeline('szfl_web', filter => '(agent <> ''monitor'')');
SELECT sessionize.alter_pipeline('szfl_web', gap => '30 minutes');
SELECT * FROM szfl.check();
UPDATE szfl.rule SET version = 0;
SELECT p.* FROM szfl.preview(NULL, '{filter}') AS p WHERE rules = 'changed' EXCEPT ALL
SELECT 'changed', sum(o.events)::bigint, sum(o.duplicates)::bigint, (SELECT count(*) FROM szfl.judged WHERE NOT passes), count(*) FROM szfl.oracle AS o;
SELECT sessionize.alter_pipeline('szfl_web', unset => '{filter}');
SELECT filter FROM sessionize.pipelines WHERE pipeline_name = 'szfl_web';
CALL sessionize.refresh('szfl_web');
SELECT * FROM szfl.check();
SELECT sessionize.alter_pipeline('szfl_web', unset => '{filter}');

-- a seal: what passed before it stays an event, whatever filter comes later, and what was filtered before it is late where it would pass now
UPDATE szfl.rule SET version = 1;
SELECT sessionize.alter_pipeline('szfl_web', filter => 'agent NOT LIKE ''%bot%'' AND 100 / trust > 1');
CALL sessionize.rebuild('szfl_web');
INSERT INTO szfl.kept SELECT g.*, '2026-01-03Z' FROM szfl.good AS g WHERE at < '2026-01-03Z';
SELECT sealed = (SELECT count(*) FROM szfl.kept) AS all_sealed FROM sessionize.seal('szfl_web', '2026-01-03Z');
SELECT * FROM szfl.check();
SELECT DISTINCT filter FROM szfl_web.sealed;
UPDATE szfl.rule SET version = 2;
SELECT sessionize.alter_pipeline('szfl_web', filter => 'agent <> ''monitor''');
CALL sessionize.rebuild('szfl_web');
SELECT * FROM szfl.check();
SELECT count(*) > 0 AS any, count(*) = (SELECT count(*) FROM szfl.judged AS j WHERE passes AND at < '2026-01-03Z' AND visitor IS NOT NULL AND NOT EXISTS (SELECT FROM szfl.kept AS k WHERE k.raw_id = j.raw_id)) AS all
FROM szfl_web.late;
-- a sealed row whose raw row does not pass any more, and rows that are gone
UPDATE szfl.raw SET agent = 'monitor' WHERE raw_id % 31 = 2;
DELETE FROM szfl.raw WHERE at < '2026-01-02Z';
CALL sessionize.refresh('szfl_web');
SELECT * FROM szfl.check();

-- all that a visitor has is erased, filtered rows as well
SELECT count(*) > 0 AS any FROM szfl.judged WHERE visitor = 'v3' AND NOT passes;
SELECT sessionize.erase_user('szfl_web', 'v3') IS NOT NULL AS erased;
DELETE FROM szfl.kept WHERE visitor = 'v3';
SELECT count(*) FROM szfl.raw WHERE visitor = 'v3';
SELECT * FROM szfl.check();

-- a key that can't be computed does not keep a row from being filtered
CREATE TABLE szfl.hard (raw_id int PRIMARY KEY, visitor text, length int, at timestamptz, is_human boolean);
CREATE INDEX hard_key ON szfl.hard (substr(visitor, 1, length), at);
SELECT sessionize.create_pipeline('szfl_hard', 'szfl.hard', key => 'substr(visitor, 1, length)', event_time => 'at', filter => 'is_human');
DROP INDEX szfl.hard_key;
INSERT INTO szfl.hard VALUES (1, 'ann', 1, '2026-01-01Z', true), (2, 'ann', -1, '2026-01-01Z', true), (3, 'ann', -1, '2026-01-01Z', false),
	(4, 'ann', 1, '2026-01-01Z', NULL), (5, NULL, 1, NULL, false), (6, NULL, 1, '2026-01-01Z', true);
CALL sessionize.rebuild('szfl_hard');
SELECT raw_rows, events, quarantined, filtered, difference FROM sessionize.reconcile('szfl_hard');
SELECT raw_id, reason, detail FROM szfl_hard.quarantine ORDER BY raw_id;
SELECT count(*) FROM sessionize.verify('szfl_hard');
-- nothing passes
SELECT sessionize.alter_pipeline('szfl_hard', filter => 'NULL');
CALL sessionize.refresh('szfl_hard');
SELECT raw_rows, events, quarantined, filtered, difference FROM sessionize.reconcile('szfl_hard');
SELECT sessionize.alter_pipeline('szfl_hard', filter => '');
CALL sessionize.refresh('szfl_hard');
SELECT raw_rows, events, quarantined, filtered, difference FROM sessionize.reconcile('szfl_hard');

-- mistakes
SELECT sessionize.create_pipeline('szfl_bad', 'szfl.raw', key => 'visitor', event_time => 'at', filter => 'agent');
SELECT sessionize.create_pipeline('szfl_bad', 'szfl.raw', key => 'visitor', event_time => 'at', filter => 'at < now()');
SELECT sessionize.create_pipeline('szfl_bad', 'szfl.raw', key => 'visitor', event_time => 'at', filter => 'agnt = ''bot''');
SELECT sessionize.alter_pipeline('szfl_web', filter => 'trust + 1');
SELECT sessionize.alter_pipeline('szfl_web', filter => 'exists (SELECT FROM szfl.raw)');
SELECT sessionize.alter_pipeline('szfl_web', filter => 'trust > 1', unset => '{filter}');
SELECT * FROM sessionize.preview_pipeline('szfl_web', filter => 'trust');
SELECT filter FROM sessionize.pipelines WHERE pipeline_name = 'szfl_web';

-- the example of the reference
SELECT sessionize.create_events_table('szfl.events');
SELECT sessionize.create_pipeline('szfl_people', 'szfl.events', filter => $$coalesce(event_name, '') <> 'health_check'$$);
INSERT INTO szfl.events (event_name, user_id, occurred_at) VALUES ('page_view', 'ann', now()), ('health_check', 'probe', now()), (NULL, 'bob', now());
CALL sessionize.rebuild('szfl_people');
SELECT events, filtered FROM sessionize.reconcile('szfl_people');
SELECT sessionize.drop_pipeline('szfl_people');

SELECT sessionize.drop_pipeline('szfl_web');
SELECT sessionize.drop_pipeline('szfl_hard');
DROP SCHEMA szfl CASCADE;
