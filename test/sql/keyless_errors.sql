-- Rows without a session key that can't be refreshed: noted, tried again, set aside, as any key's.
CREATE TABLE szke_poison (raw_id int PRIMARY KEY, event_id text, visitor text, amount text, at timestamptz);
CREATE INDEX ON szke_poison (visitor, at, event_id);
SELECT sessionize.create_pipeline('szke_poison', 'szke_poison', key => 'visitor', event_time => 'at');
CALL sessionize.rebuild('szke_poison');
CREATE INDEX szke_by_amount ON szke_poison.quarantine (((raw_row ->> 'amount')::numeric));
INSERT INTO szke_poison VALUES (1, 'a', 'ann', '1', '2026-01-01Z'), (2, 'b', NULL, '2', '2026-01-01Z');
CALL sessionize.refresh('szke_poison');
SELECT (SELECT count(*) FROM szke_poison.quarantine) AS quarantined, (SELECT count(*) FROM sessionize.run_errors WHERE pipeline_name = 'szke_poison') AS failed;
INSERT INTO szke_poison VALUES (3, 'c', NULL, 'much', '2026-01-01Z'), (4, 'd', 'bob', '4', '2026-01-01Z'), (5, 'e', NULL, '5', '2026-01-01Z');
CALL sessionize.refresh('szke_poison');
SELECT session_key, tries, set_aside, error FROM sessionize.run_errors WHERE pipeline_name = 'szke_poison';
SELECT session_key, events FROM szke_poison.sessions ORDER BY 1;
SELECT session_key IS NULL AS keyless, count(*) FROM szke_poison.dirty GROUP BY 1;
-- what waits is pending, not wrong
SELECT * FROM sessionize.reconcile('szke_poison');
SELECT * FROM sessionize.verify('szke_poison');
-- until it is set aside; then others go on, and nobody tries it
CALL sessionize.refresh('szke_poison');
CALL sessionize.refresh('szke_poison');
INSERT INTO szke_poison VALUES (6, 'f', 'ann', '6', '2026-01-02Z');
CALL sessionize.refresh('szke_poison');
SELECT session_key, tries, set_aside FROM sessionize.run_errors WHERE pipeline_name = 'szke_poison';
SELECT failed_keys, pending_rows FROM sessionize.pipeline_status WHERE pipeline_name = 'szke_poison';
SELECT session_key, events FROM szke_poison.sessions ORDER BY 1, 2;
SELECT * FROM sessionize.reconcile('szke_poison');
SELECT * FROM sessionize.verify('szke_poison');
-- tried again on demand, in vain, and once the index is gone with success
SELECT sessionize.retry_errors('szke_poison');
CALL sessionize.refresh('szke_poison');
SELECT session_key, tries, set_aside FROM sessionize.run_errors WHERE pipeline_name = 'szke_poison';
DROP INDEX szke_poison.szke_by_amount;
CALL sessionize.refresh('szke_poison');
SELECT count(*) AS failed FROM sessionize.run_errors WHERE pipeline_name = 'szke_poison';
SELECT raw_row ->> 'raw_id' AS raw_id, reason FROM szke_poison.quarantine ORDER BY 1;
SELECT * FROM sessionize.reconcile('szke_poison');
SELECT * FROM sessionize.verify('szke_poison');
SELECT sessionize.drop_pipeline('szke_poison');
DROP TABLE szke_poison;
