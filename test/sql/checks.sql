-- Checks of a pipeline's data, and the incidents that they open.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE ROLE regress_sz_check_owner;
CREATE ROLE regress_sz_check_other;
CREATE ROLE regress_sz_check_monitor;
GRANT pg_read_all_stats TO regress_sz_check_monitor;
GRANT CREATE ON DATABASE :DBNAME TO regress_sz_check_owner;
CREATE SCHEMA szk AUTHORIZATION regress_sz_check_owner;
SET ROLE regress_sz_check_owner;
CREATE TABLE szk.hits (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id text, visitor text, account text, name text, page text,
	at timestamptz, received timestamptz, source text, properties jsonb
);
CREATE INDEX ON szk.hits (visitor, at);
SELECT sessionize.create_pipeline('szk_web', 'szk.hits', key => 'visitor', event_time => 'at', event_name => 'name',
	user_id => 'account', page => 'page', raw_id => 'id', event_id => 'event_id', received_at => 'received');
-- six weeks with an event each two minutes by day, each six by night
INSERT INTO szk.hits (event_id, visitor, account, name, page, at, received, source, properties)
SELECT 'e' || n, 'v' || n / 10, CASE WHEN n % 3 <> 0 THEN 'a' || n / 10 END, (ARRAY['view', 'view', 'view', 'buy'])[1 + n % 4], '/p' || n % 5,
       t.at, t.at, (ARRAY['web', 'app'])[1 + n / 10 % 2], '{"price": 1}'
FROM generate_series(0, 42 * 24 * 30 - 1) AS n, LATERAL (SELECT '2026-01-01Z'::timestamptz + n * interval '2 minutes') AS t (at)
WHERE extract(hour FROM t.at) >= 8 OR n % 3 = 0;
CALL sessionize.rebuild('szk_web');

SELECT kind, unit, severity, every FROM sessionize.check_kinds ORDER BY kind;
-- each kind's parameters have types that there are and defaults of these types
SELECT k.kind, p.key FROM sessionize.check_kinds AS k, jsonb_each(k.parameters) AS p
WHERE p.value ->> 'about' IS NULL OR to_regtype(replace(p.value ->> 'type', 'attribute', 'text')) IS NULL;
SELECT * FROM sessionize.add_default_checks('szk_web') AS a (name) ORDER BY name;
SELECT count(*) FROM sessionize.add_default_checks('szk_web');
-- the counts that it has added come with a rebuild, before which the star is not judged
SELECT check_name, status FROM unnest('{accounting,exactness}'::text[]) AS c, sessionize.run_checks('szk_web', c, '2026-02-10 12:00Z');
CALL sessionize.rebuild('szk_web');

-- what memory takes (a third of the accounts is missing by a rule, which varies less than chance would), then all of them: nothing is wrong
SELECT sessionize.alter_check('szk_web', 'presence_of_user_id', '{"expression": "account", "by": "source", "least_rows": 5, "rows_as_one": 0.5}');
SELECT count(*) FROM generate_series(30, 1, -1) AS n, sessionize.run_checks('szk_web', 'presence_of_user_id', '2026-02-11 12:00Z'::timestamptz - n * interval '15 minutes');
SELECT count(*) FROM sessionize.run_checks('szk_web', 'lateness', '2026-02-11 11:00Z');
SELECT count(*) FROM sessionize.run_checks('szk_web', 'definition', '2026-02-11 11:00Z');
SELECT check_name, status FROM sessionize.run_checks('szk_web', at => '2026-02-11 12:00Z') ORDER BY 1;
-- none is due now, all can be run
SELECT check_name FROM sessionize.run_checks('szk_web', at => '2026-02-11 12:01Z') ORDER BY 1;
SELECT count(*) > 20 AS all_of_them FROM sessionize.run_checks('szk_web', at => '2026-02-11 12:01Z', only_due => false);
SELECT count(*) FROM sessionize.incidents;
SELECT status, count(*) > 0 AS some FROM sessionize.check_results WHERE error IS NOT NULL OR status = 'failed' GROUP BY 1;

-- a volume is compared with the median of the same hours of the weeks before
SELECT value, lower < 30 AND upper > 30 AS around FROM sessionize.run_checks('szk_web', 'volume', '2026-02-11 12:20Z');

-- faults: doubled rows, lost user ids, an event that is no longer sent, a type that changes
INSERT INTO szk.hits (event_id, visitor, account, name, page, at, received, source, properties)
SELECT event_id, visitor, account, name, page, at, received, source, properties FROM szk.hits WHERE at >= '2026-02-11 11:00Z' AND at < '2026-02-11 12:00Z' AND source = 'web';
UPDATE szk.hits SET account = NULL WHERE at >= '2026-02-11 11:00Z' AND source = 'app';
CALL sessionize.refresh('szk_web');
SELECT check_name, status, value, affected FROM sessionize.run_checks('szk_web', 'duplicates', '2026-02-11 12:15Z');
-- the bound: nothing is usual, so it is what chance allows of 40 rows, each independent, or nine of them as one, which only a loss of all exceeds
SELECT sessionize.add_check('szk_web', 'as sessions', 'uniqueness', '{"by": "source", "rows_as_one": 9}');
SELECT r.check_name, r.status, r.value, r.upper = least(round(4 * sqrt(n.rows * 0.0025 / 40) + 0.05 + 14 * n.rows / 120, 6), round(sessionize.check_cap(0, (40 / n.rows)::float8)::numeric, 6)) AS as_computed, r.upper
FROM (VALUES ('duplicates', 1.0), ('as sessions', 9.0)) AS n (name, rows), sessionize.run_checks('szk_web', n.name, '2026-02-11 12:15Z') AS r;
SELECT sessionize.drop_check('szk_web', 'as sessions');
SELECT check_name, status, affected FROM sessionize.run_checks('szk_web', 'presence_of_user_id', '2026-02-11 12:00Z');
SELECT pipeline_name, state, severity, opened_at, since, affected, checks, subjects FROM sessionize.incidents ORDER BY incident_id;
SELECT jsonb_path_query_array(derived, '$[*].relation') AS relations FROM sessionize.incidents ORDER BY incident_id;
-- another failure joins
SELECT check_name, status FROM sessionize.run_checks('szk_web', 'conflicts', '2026-02-11 12:15Z');
SELECT sessionize.add_check('szk_web', 'mine', 'sql', '{"query": "SELECT source, id FROM szk.hits WHERE account IS NULL AND at >= ''2026-02-11 11:00Z'' AND source = ''web'' AND id % 3 = 0"}', severity => 'error', opens_after => 2);
SELECT check_name, status FROM sessionize.run_checks('szk_web', 'mine', '2026-02-11 12:16Z');
SELECT array_length(checks, 1) AS checks FROM sessionize.incidents ORDER BY incident_id;
SELECT check_name, status FROM sessionize.run_checks('szk_web', 'mine', '2026-02-11 12:17Z');
SELECT severity, checks FROM sessionize.incidents ORDER BY incident_id;
-- the repair: it leaves after two successes, not after one
DELETE FROM szk.hits AS h USING szk.hits AS f WHERE h.event_id = f.event_id AND h.id > f.id;
UPDATE szk.hits SET account = 'a' || (substr(event_id, 2)::int / 10) WHERE account IS NULL;
CALL sessionize.refresh('szk_web');
SELECT check_name, status FROM sessionize.run_checks('szk_web', 'duplicates', '2026-02-11 12:20Z');
SELECT state FROM sessionize.incidents ORDER BY incident_id;
SELECT c, r.status FROM unnest(ARRAY['duplicates', 'mine', 'mine', 'presence_of_user_id', 'presence_of_user_id']) WITH ORDINALITY AS u (c, n),
	sessionize.run_checks('szk_web', c, '2026-02-11 12:21Z') AS r;
SELECT state, closed_at IS NOT NULL AS closed FROM sessionize.incidents ORDER BY incident_id;
SELECT sessionize.note_incident(min(incident_id), 'a release') FROM sessionize.incidents;
SELECT event, check_name, detail - 'found' AS detail FROM sessionize.incident_events WHERE event <> 'note' ORDER BY incident_id, at, event, check_name;
SELECT detail FROM sessionize.incident_events WHERE event = 'note';

-- the bound that chance sets for a share of missing values: the greatest of thirds and of all that a binomial
-- distribution, added up term by term, has less than once in a million runs
SELECT l.share, n.rows, round(sessionize.check_cap(l.share, n.rows)::numeric, 4) AS cap, round(log(t.tail::numeric), 1) AS log_of_chance
FROM (VALUES (0.05::float8), (0.7), (0.98)) AS l (share), (VALUES (10), (60), (500)) AS n (rows),
LATERAL (
	SELECT sum(exp(greatest(g.n - g.k - g.m + h.hits * ln(1 - l.share) + (n.rows - h.hits) * ln(l.share), -500))) AS tail
	FROM generate_series(0, CASE WHEN sessionize.check_cap(l.share, n.rows) < 0.999 THEN floor(n.rows * (1 - l.share) / 3)::int ELSE 0 END) AS h (hits),
	LATERAL (SELECT (SELECT sum(ln(i::float8)) FROM generate_series(1, n.rows) AS i) AS n,
	                coalesce((SELECT sum(ln(i::float8)) FROM generate_series(1, h.hits) AS i), 0) AS k,
	                (SELECT sum(ln(i::float8)) FROM generate_series(1, n.rows - h.hits) AS i) AS m) AS g
) AS t ORDER BY 1, 2;
SELECT sessionize.check_cap(1, 1000) AS nothing_to_lose, sessionize.check_cap(0, 0) AS no_rows;

-- lists are bounded: results are kept as long as the check says
SELECT sessionize.alter_check('szk_web', 'mine', keep => '1 minute', opens_after => 1);
SELECT count(*) FROM sessionize.run_checks('szk_web', 'mine', '2026-02-11 13:00Z');
SELECT count(*) FROM sessionize.check_results WHERE check_name = 'mine';
-- quiet hours, over midnight, and muted: a failure is kept, and counts for nothing
SELECT sessionize.alter_check('szk_web', 'mine', '{"query": "SELECT 1"}', keep => '365 days', quiet_from => '22:00', quiet_until => '06:00', quiet_zone => 'Europe/Berlin');
SELECT status, incident_id IS NOT NULL AS incident FROM unnest('{2026-02-11 20:59Z,2026-02-11 21:00Z,2026-02-12 04:59Z}'::timestamptz[]) AS at, sessionize.run_checks('szk_web', 'mine', at);
SELECT at, status, quiet FROM sessionize.check_results WHERE check_name = 'mine' AND at > '2026-02-11 20:00Z' ORDER BY at;
SELECT sessionize.alter_check('szk_web', 'mine', muted_until => '2026-02-12 12:00Z');
SELECT status, incident_id IS NOT NULL AS incident FROM unnest('{2026-02-12 11:59Z,2026-02-12 12:00Z}'::timestamptz[]) AS at, sessionize.run_checks('szk_web', 'mine', at);
SELECT check_name, kind, severity, parameters, failures, muted_until, quiet_zone FROM sessionize.checks WHERE check_name = 'mine';
-- a check that fails with an error, is too slow, or would write
SELECT sessionize.add_check('szk_web', 'broken', 'sql', '{"query": "SELECT 1 / (id - id) FROM szk.hits"}');
SELECT sessionize.add_check('szk_web', 'slow', 'sql', '{"query": "SELECT pg_catalog.pg_sleep(100)"}', timeout => '50 milliseconds');
CREATE FUNCTION szk.writes() RETURNS int LANGUAGE sql AS 'INSERT INTO szk.hits (visitor, at) VALUES (''x'', now()) RETURNING 1';
SELECT sessionize.add_check('szk_web', 'writes', 'sql', '{"query": "SELECT szk.writes()"}');
SELECT r.* FROM unnest('{broken,slow,writes}'::text[]) AS c, sessionize.run_checks('szk_web', c, '2026-02-12 13:00Z') AS r (name, status, value, lower, upper, affected, incident_id), LATERAL (SELECT 1) AS x WHERE r.incident_id IS NULL;
SELECT check_name, status, error FROM sessionize.check_results WHERE status = 'error' ORDER BY 1;
SELECT sessionize.drop_check('szk_web', c) FROM unnest('{broken,slow,writes,mine}'::text[]) AS c;
SELECT state, count(*) FROM sessionize.incidents GROUP BY 1;
-- keys of documents that appear, vanish, and change their type
SELECT sessionize.alter_check('szk_web', 'schema_drift', '{"learn": "3 hours"}');
SELECT count(*) FROM generate_series(12, 1, -1) AS n, sessionize.run_checks('szk_web', 'schema_drift', '2026-02-11 12:00Z'::timestamptz - n * interval '1 hour') AS r WHERE r.status <> 'failed';
UPDATE szk.hits SET properties = CASE name WHEN 'view' THEN '{"price": "1", "coupon": true}' ELSE '{}' END::jsonb WHERE received >= '2026-02-11 11:00Z';
SELECT status, value, upper FROM sessionize.run_checks('szk_web', 'schema_drift', '2026-02-11 12:00Z');
SELECT d FROM sessionize.check_results AS r, jsonb_array_elements(sample -> 0 -> 'sample') AS d WHERE r.check_name = 'schema_drift' AND r.status = 'failed' ORDER BY d::text;
-- the distribution of a dimension, and a rule that is changed
UPDATE szk.hits SET name = 'view' WHERE at >= '2026-02-10 12:00Z';
CALL sessionize.refresh('szk_web');
SELECT status, value > 0.2 AS shifted FROM sessionize.run_checks('szk_web', 'distribution_of_event_name', '2026-02-11 12:00Z');
SELECT sample -> 0 -> 'sample' -> 0 AS most FROM sessionize.check_results WHERE check_name = 'distribution_of_event_name' AND status = 'failed';
SELECT sessionize.alter_pipeline('szk_web', gap => '5 minutes');
SELECT status, value FROM sessionize.run_checks('szk_web', 'definition', '2026-02-11 12:10Z');
SELECT sample -> 0 -> 'sample' AS changed FROM sessionize.check_results WHERE check_name = 'definition' AND status = 'failed';
CALL sessionize.rebuild('szk_web');
-- what is damaged in the star
SELECT sessionize.alter_check('szk_web', 'exactness', '{"sample": 1}');
DELETE FROM szk_web.fact_event WHERE event_time >= '2026-02-11 11:30Z';
SELECT check_name, status, value > 0 AS found FROM unnest('{accounting,exactness}'::text[]) AS c, sessionize.run_checks('szk_web', c, '2026-02-11 12:10Z') AS r;
CALL sessionize.rebuild('szk_web');
-- late events: of hours that had been counted
SELECT count(*) FROM sessionize.run_checks('szk_web', 'lateness', '2026-02-11 12:10Z');
DELETE FROM szk.hits WHERE at >= '2026-02-10 08:00Z' AND at < '2026-02-10 16:00Z';
CALL sessionize.refresh('szk_web');
SELECT status, value < lower AS too_few, affected FROM sessionize.run_checks('szk_web', 'lateness', '2026-02-11 12:20Z');
SELECT status FROM sessionize.run_checks('szk_web', 'freshness', '2026-02-12 06:00Z');
SELECT checks FROM sessionize.incidents WHERE state = 'open';
-- lineage
SELECT DISTINCT raw_column, attribute, relation, columns FROM sessionize.lineage WHERE raw_column IN ('account', 'page') ORDER BY 1, 2, 3;

-- mistakes
SELECT sessionize.add_check('szk_web', 'x', 'nonsense');
SELECT sessionize.add_check('szk_web', 'x', NULL);
SELECT sessionize.add_check('szk_web', '', 'volume');
SELECT sessionize.add_check('szk_web', 'x', 'volume', '{"hour": 1}');
SELECT sessionize.add_check('szk_web', 'x', 'volume', '{"hours": "many"}');
SELECT sessionize.add_check('szk_web', 'x', 'volume', '[]');
SELECT sessionize.add_check('szk_web', 'x', 'completeness');
SELECT sessionize.add_check('szk_web', 'x', 'completeness', '{"attribute": "nothing"}');
SELECT sessionize.add_check('szk_web', 'x', 'sql', '{"query": "SELECT nothing"}');
SELECT sessionize.add_check('szk_web', 'x', 'volume', severity => 'fatal');
SELECT sessionize.add_check('szk_web', 'x', 'volume', every => '1 millisecond');
SELECT sessionize.add_check('szk_web', 'x', 'volume', timeout => '0');
SELECT sessionize.add_check('szk_web', 'x', 'volume', opens_after => 0);
SELECT sessionize.add_check('szk_web', 'x', 'volume', quiet_from => '22:00');
SELECT sessionize.add_check('szk_web', 'x', 'volume', quiet_zone => 'Nowhere');
SELECT sessionize.add_check('szk_web', 'volume', 'volume');
SELECT sessionize.alter_check('szk_web', 'nothing');
SELECT sessionize.drop_check('szk_web', 'nothing');
SELECT * FROM sessionize.run_checks('szk_web', 'nothing');
SELECT * FROM sessionize.run_checks('szk_web', at => 'infinity');
SELECT sessionize.note_incident(0, 'x');
SELECT sessionize.note_incident(NULL, 'x');
-- others see nothing and do nothing; who may read statistics sees no samples
SET ROLE regress_sz_check_other;
SELECT count(*) FROM sessionize.checks;
SELECT count(*) FROM sessionize.incident_events;
SELECT count(*) FROM sessionize.run_checks('szk_web');
SET ROLE regress_sz_check_monitor;
SELECT count(*) > 0 AS some, count(sample) AS samples FROM sessionize.check_results;
SELECT count(*) > 0 AS some, count(detail) AS details FROM sessionize.incident_events;
RESET ROLE;
SET ROLE regress_sz_check_owner;
SELECT sessionize.drop_pipeline('szk_web');
RESET ROLE;
SELECT (SELECT count(*) FROM sessionize.data_check) + (SELECT count(*) FROM sessionize.check_state) + (SELECT count(*) FROM sessionize.check_result)
	+ (SELECT count(*) FROM sessionize.incident) + (SELECT count(*) FROM sessionize.incident_check) + (SELECT count(*) FROM sessionize.incident_event) AS left_over;
DROP SCHEMA szk CASCADE;
REVOKE CREATE ON DATABASE :DBNAME FROM regress_sz_check_owner;
DROP ROLE regress_sz_check_owner, regress_sz_check_other, regress_sz_check_monitor;
