-- Checks of raw rows that change, that arrive late, that have no session key, or a value that none had before.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szg;
CREATE TABLE szg.hits (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, account text, at timestamptz, received timestamptz, source text,
	context jsonb, price numeric
);
CREATE INDEX ON szg.hits (coalesce(visitor, account), at);
CREATE INDEX ON szg.hits (visitor, at);
-- three weeks with an event each two minutes, from two sources, which arrives a second later; each tenth has a price
INSERT INTO szg.hits (visitor, account, at, received, source, context, price)
SELECT 'v' || n / 20, 'a' || n / 20, t.at, t.at + interval '1 second', s.source, jsonb_build_object('version', s.source || '-1'), CASE WHEN n % 10 = 0 THEN 10 + n % 90 END
FROM generate_series(0, 21 * 720 - 1) AS n, LATERAL (SELECT '2024-01-01Z'::timestamptz + n * interval '2 minutes') AS t (at),
     LATERAL (SELECT (ARRAY['web', 'app'])[1 + n / 20 % 2]) AS s (source);
SELECT sessionize.create_pipeline('szg_web', 'szg.hits', key => 'coalesce(visitor, account)', event_time => 'at', user_id => 'account', raw_id => 'id', received_at => 'received');
SELECT sessionize.add_measure('szg_web', 'revenue', 'sum', 'price', grain => 'event');
SELECT name FROM sessionize.add_default_checks('szg_web') AS a (name) WHERE name ~ '^(changed_rows|delay|novelty|presence_of_session_key)' ORDER BY 1;
SELECT check_name, parameters ->> 'expression' AS expression FROM sessionize.checks WHERE check_name = 'presence_of_session_key';
CALL sessionize.rebuild('szg_web');

-- how many existing rows have changed ever is what a trigger counts, whatever becomes of the notes: transactions of ten rows and more
CREATE TABLE szg.truth (rows bigint);
CREATE FUNCTION szg.count_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO szg.truth SELECT count(*) FROM changed HAVING count(*) >= 10 AND current_setting('sessionize.fuse')::boolean; RETURN NULL; END $$;
CREATE TRIGGER count_updated AFTER UPDATE ON szg.hits REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION szg.count_changed();
CREATE TRIGGER count_deleted AFTER DELETE ON szg.hits REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION szg.count_changed();
CREATE VIEW szg.compared AS
SELECT f.changed_ever, f.changed_ever = (SELECT sum(t.rows) FROM szg.truth AS t) AS as_counted FROM sessionize.fuses AS f WHERE f.pipeline_name = 'szg_web';
SELECT sessionize.set_fuse('szg_web', changed_rows => 1000000);
UPDATE szg.hits SET account = account || 'x' WHERE id <= 200;
DELETE FROM szg.hits WHERE id BETWEEN 300 AND 349;
UPDATE szg.hits SET account = account || 'x' WHERE id <= 9;
BEGIN;
SET LOCAL sessionize.fuse = off;
UPDATE szg.hits SET account = account || 'x' WHERE id <= 1000;
COMMIT;
SELECT * FROM szg.compared;
-- notes of two hours ago, which a refresh forgets
UPDATE sessionize.changed_rows SET noted_at = noted_at - interval '2 hours';
UPDATE szg.hits SET account = account || 'y' WHERE id <= 30;
CALL sessionize.refresh('szg_web');
SELECT (SELECT count(*) FROM sessionize.changed_rows) AS notes, c.* FROM szg.compared AS c;
-- so many notes that those of a minute become one
DO $$ BEGIN
	FOR n IN 1 .. 25 LOOP INSERT INTO szg.truth VALUES (50); END LOOP;
	INSERT INTO sessionize.changed_rows (pipeline_id, noted_at, updated, deleted, newest)
	SELECT p.pipeline_id, clock_timestamp() - n % 20 * interval '1 minute' - CASE WHEN n % 5 = 0 THEN interval '2 hours' ELSE '0' END, 1, 0, '2024-01-02Z'
	FROM sessionize.pipeline AS p, generate_series(1, 1250) AS n WHERE p.pipeline_name = 'szg_web';
END $$;
CALL sessionize.refresh('szg_web');
SELECT (SELECT count(*) < 30 FROM sessionize.changed_rows) AS merged, c.* FROM szg.compared AS c;
-- the fuse is turned off and on, and a rebuild releases it
SELECT sessionize.set_fuse('szg_web', enabled => false);
UPDATE szg.hits SET account = account || 'z' WHERE id <= 20;
SELECT sessionize.set_fuse('szg_web', enabled => true);
SELECT (SELECT count(*) FROM sessionize.changed_rows) AS notes, c.* FROM szg.compared AS c;
UPDATE szg.hits SET account = account || 'z' WHERE id <= 20;
CALL sessionize.rebuild('szg_web');
SELECT (SELECT count(*) FROM sessionize.changed_rows) AS notes, c.* FROM szg.compared AS c;

-- a job that changes 150 to 250 rows each night is usual after three days; more than twice the most but two is too much
PREPARE job (int) AS UPDATE szg.hits SET account = account || 'n' WHERE id <= $1;
PREPARE night (int, bigint) AS
SELECT r.status, r.value, r.upper, r.value = (SELECT sum(t.rows) FROM szg.truth AS t) - $2 AS as_counted
FROM sessionize.run_checks('szg_web', 'changed_rows', '2024-01-01 02:00Z'::timestamptz + $1 * interval '1 day') AS r;
SELECT status, sum(t.rows) AS before FROM szg.truth AS t, sessionize.run_checks('szg_web', 'changed_rows', '2024-01-02 01:45Z') GROUP BY 1 \gset
EXECUTE job (150);
EXECUTE night (1, :before);
SELECT status, sum(t.rows) AS before FROM szg.truth AS t, sessionize.run_checks('szg_web', 'changed_rows', '2024-01-03 01:45Z') GROUP BY 1 \gset
EXECUTE job (250);
EXECUTE night (2, :before);
SELECT status, sum(t.rows) AS before FROM szg.truth AS t, sessionize.run_checks('szg_web', 'changed_rows', '2024-01-04 01:45Z') GROUP BY 1 \gset
EXECUTE job (200);
EXECUTE night (3, :before);
SELECT status, sum(t.rows) AS before FROM szg.truth AS t, sessionize.run_checks('szg_web', 'changed_rows', '2024-01-05 01:45Z') GROUP BY 1 \gset
EXECUTE job (180);
EXECUTE night (4, :before);
SELECT status, sum(t.rows) AS before FROM szg.truth AS t, sessionize.run_checks('szg_web', 'changed_rows', '2024-01-06 01:45Z') GROUP BY 1 \gset
EXECUTE job (451);
EXECUTE night (5, :before);
SELECT status, sum(t.rows) AS before FROM szg.truth AS t, sessionize.run_checks('szg_web', 'changed_rows', '2024-01-07 01:45Z') GROUP BY 1 \gset
EXECUTE job (450);
EXECUTE night (6, :before);
SELECT status, sum(t.rows) AS before FROM szg.truth AS t, sessionize.run_checks('szg_web', 'changed_rows', '2024-01-08 01:45Z') GROUP BY 1 \gset
EXECUTE job (3000);
EXECUTE night (7, :before);
SELECT status, sum(t.rows) AS before FROM szg.truth AS t, sessionize.run_checks('szg_web', 'changed_rows', '2024-01-09 01:45Z') GROUP BY 1 \gset
EXECUTE job (0);
EXECUTE night (8, :before);
-- a run after a pause of ten hours compares with ten times as much; a limit is a limit
UPDATE szg.hits SET account = account || 'm' WHERE id <= 1500;
SELECT status, value, upper FROM sessionize.run_checks('szg_web', 'changed_rows', '2024-01-09 12:00Z');
SELECT sessionize.alter_check('szg_web', 'changed_rows', '{"max_rows": 20}');
SELECT count(*) FROM sessionize.run_checks('szg_web', 'changed_rows', '2024-01-09 14:00Z');
UPDATE szg.hits SET account = account || 'm' WHERE id <= 21;
SELECT status, value, upper FROM sessionize.run_checks('szg_web', 'changed_rows', '2024-01-09 14:15Z');
CALL sessionize.refresh('szg_web');

-- rows that arrive late: 30 runs learn that none does, then every other one of the web comes four hours after its event
SELECT count(*) FROM generate_series(30, 1, -1) AS n, sessionize.run_checks('szg_web', 'delay', '2024-01-21 12:00Z'::timestamptz - n * interval '30 minutes') AS r WHERE r.status <> 'failed';
SELECT status, value FROM sessionize.run_checks('szg_web', 'delay', '2024-01-21 12:00Z');
INSERT INTO szg.hits (visitor, at, received, source, context)
SELECT 'l' || n / 20, t.at, t.at + CASE n % 2 WHEN 0 THEN interval '4 hours' ELSE interval '1 second' END, 'web', '{"version": "web-1"}'
FROM generate_series(0, 999) AS n, LATERAL (SELECT '2024-01-21 05:00Z'::timestamptz + n * interval '25 seconds') AS t (at);
-- times that are infinite are no error, and not late
INSERT INTO szg.hits (visitor, at, received, source) SELECT 'i', 'infinity', '2024-01-21 11:00Z', 'web' FROM generate_series(1, 3);
SELECT r.status, r.value = o.share AS as_the_raw_rows, r.affected = o.late AS all_of_them
FROM sessionize.run_checks('szg_web', 'delay', '2024-01-21 12:00Z') AS r, (
	SELECT round(count(*) FILTER (WHERE h.at < h.received - interval '3 hours')::numeric / count(*), 6) AS share,
	       count(*) FILTER (WHERE h.at < h.received - interval '3 hours') AS late
	FROM szg.hits AS h WHERE h.received >= '2024-01-21 09:00Z' AND h.received < '2024-01-21 12:00Z' AND h.source = 'web' AND h.context ->> 'version' = 'web-1') AS o;
SELECT subjects FROM sessionize.incidents WHERE 'delay' = ANY (checks);
DELETE FROM szg.hits WHERE visitor ~ '^(l|i)';
SELECT status FROM sessionize.run_checks('szg_web', 'delay', '2024-01-21 12:00Z');

-- session keys that are empty texts, of one source
SELECT sessionize.alter_check('szg_web', 'presence_of_session_key', parameters || '{"rows_as_one": 1}') FROM sessionize.checks WHERE check_name = 'presence_of_session_key';
SELECT count(*) FROM generate_series(30, 1, -1) AS n, sessionize.run_checks('szg_web', 'presence_of_session_key', '2024-01-21 12:00Z'::timestamptz - n * interval '30 minutes');
UPDATE szg.hits SET visitor = '' WHERE source = 'app' AND received >= '2024-01-21 10:00Z';
SELECT r.status, r.value = o.share AS as_the_raw_rows
FROM sessionize.run_checks('szg_web', 'presence_of_session_key', '2024-01-21 12:00Z') AS r, (
	SELECT round(count(*) FILTER (WHERE h.visitor = '')::numeric / count(*), 6) AS share
	FROM szg.hits AS h WHERE h.received >= '2024-01-21 11:00Z' AND h.received < '2024-01-21 12:00Z' AND h.source = 'app') AS o;
SELECT subjects, jsonb_path_query_array(derived, '$[*].relation') AS relations FROM sessionize.incidents WHERE 'presence_of_session_key' = ANY (checks);
UPDATE szg.hits SET visitor = 'v' || (id - 1) / 20 WHERE visitor = '';

-- signs and orders of magnitude that no row had: so many that chance can't put them all among the newest
CALL sessionize.refresh('szg_web');
PREPARE negative (int) AS
UPDATE szg.hits SET price = abs(price) * CASE WHEN id IN (SELECT h.id FROM szg.hits AS h WHERE h.price IS NOT NULL AND h.at < '2024-01-21 12:00Z' ORDER BY h.at DESC LIMIT $1) THEN -1 ELSE 1 END
WHERE price IS NOT NULL AND at >= '2024-01-21 06:00Z' AND at < '2024-01-21 12:00Z';
PREPARE novelty (int) AS
SELECT r.status, r.value = round($1 / o.now, 6) AS share_of_raw_rows, r.upper = round(greatest(14 / ln((o.now + o.before) / o.now), 4.5) / o.now, 6) AS bound_by_raw_rows, o.*
FROM sessionize.run_checks('szg_web', 'novelty_of_revenue', '2024-01-21 12:00Z') AS r, (
	SELECT count(*) FILTER (WHERE h.at >= '2024-01-21 06:00Z')::numeric AS now, count(*) FILTER (WHERE h.at < '2024-01-21 06:00Z')::numeric AS before
	FROM szg.hits AS h WHERE h.price IS NOT NULL AND h.at < '2024-01-21 12:00Z') AS o;
-- 14 / ln((now + before) / now) is less than 5; less than 5 are never too many
EXECUTE negative (0);
CALL sessionize.refresh('szg_web');
EXECUTE novelty (0);
EXECUTE negative (4);
CALL sessionize.refresh('szg_web');
EXECUTE novelty (4);
EXECUTE negative (5);
CALL sessionize.refresh('szg_web');
EXECUTE novelty (5);
EXECUTE negative (18);
CALL sessionize.refresh('szg_web');
EXECUTE novelty (18);
SELECT sample -> 0 -> 'sample' AS sample FROM sessionize.check_results WHERE check_name = 'novelty_of_revenue' AND status = 'failed';
SELECT sessionize.alter_check('szg_web', 'novelty_of_revenue', '{"attribute": "revenue", "rows_as_one": 3}');
EXECUTE negative (9);
CALL sessionize.refresh('szg_web');
SELECT status FROM sessionize.run_checks('szg_web', 'novelty_of_revenue', '2024-01-21 12:00Z');
EXECUTE negative (10);
CALL sessionize.refresh('szg_web');
SELECT status FROM sessionize.run_checks('szg_web', 'novelty_of_revenue', '2024-01-21 12:00Z');
-- with little history nothing is known
SELECT sessionize.alter_check('szg_web', 'novelty_of_revenue', '{"attribute": "revenue", "history": "3 hours"}');
SELECT status, value FROM sessionize.run_checks('szg_web', 'novelty_of_revenue', '2024-01-21 12:00Z');

-- rows that are sealed change nothing, and don't count
SELECT changed_ever AS before FROM sessionize.fuses WHERE pipeline_name = 'szg_web' \gset
SELECT sessionize.seal('szg_web', '2024-01-03Z') IS NOT NULL AS sealed;
DELETE FROM szg.hits WHERE at < '2024-01-02Z';
SELECT changed_ever - :before AS sealed FROM sessionize.fuses WHERE pipeline_name = 'szg_web';
DELETE FROM szg.hits WHERE at >= '2024-01-03Z' AND at < '2024-01-03 01:00Z';
SELECT changed_ever - :before AS not_sealed FROM sessionize.fuses WHERE pipeline_name = 'szg_web';
SELECT sessionize.drop_pipeline('szg_web');
-- who does not know when rows were received can't know what is late
SELECT sessionize.create_pipeline('szg_two', 'szg.hits', key => 'visitor', event_time => 'at', raw_id => 'id');
SELECT sessionize.add_check('szg_two', 'late', 'delay');
SELECT name FROM sessionize.add_default_checks('szg_two') AS a (name) WHERE name = 'delay';
SELECT sessionize.drop_pipeline('szg_two');
DROP SCHEMA szg CASCADE;
