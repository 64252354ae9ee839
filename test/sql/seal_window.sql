-- A refresh of a sealed pipeline reads little, too, where a change lies far enough beyond the horizon that nothing sealed or late can have to do with it.
-- Each step says how much was read ("few", "half" or "all" of 10,000 rows of a key) and how many rows of the star verify finds wrong.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szx;
CREATE FUNCTION szx.at(n numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$ SELECT '2024-01-01Z'::timestamptz + n * interval '7 minutes' + floor(n / 10) * interval '1 hour' $$;
CREATE TABLE szx.raw (raw_id bigint PRIMARY KEY, event_id text UNIQUE, event_name text, visitor text, user_id text, page text, occurred_at timestamptz, sent_at timestamptz,
  received_at timestamptz, flag boolean);
CREATE TABLE szx.copies (LIKE szx.raw);
CREATE INDEX ON szx.raw (visitor, occurred_at);
CREATE INDEX ON szx.copies (visitor, occurred_at);
-- sessions of ten events seven minutes apart, an hour between them
INSERT INTO szx.raw SELECT n, 'e' || n, 'page_view', 'bot', CASE n WHEN 3000 THEN 'u1' WHEN 7000 THEN 'u2' END, '/' || n % 3, szx.at(n), NULL, szx.at(n), n % 40 = 5 FROM generate_series(0, 9999) AS n;
INSERT INTO szx.raw SELECT 100000 + n, 'v' || n, 'page_view', 'visitor ' || n % 50, 'u' || n % 50, '/', szx.at(n * 50), NULL, szx.at(n * 50), false FROM generate_series(0, 199) AS n;
INSERT INTO szx.copies TABLE szx.raw;
ALTER TABLE szx.copies ADD PRIMARY KEY (raw_id);
-- two rows whose clocks are off: each gives a time long after the horizon, and is from before it
UPDATE szx.raw SET occurred_at = szx.at(8003.5), sent_at = szx.at(8003.5), received_at = szx.at(3003.5) WHERE raw_id IN (3003, 3004);
SELECT sessionize.create_pipeline('szx_web', 'szx.raw', 'visitor', restart => 'flag');
SELECT sessionize.create_pipeline('szx_forever', 'szx.raw', 'visitor', dedup_window => NULL);
SELECT sessionize.create_pipeline('szx_copies', 'szx.copies', 'visitor', raw_id => 'raw_id', dedup_window => '2 hours', restart => 'flag');
SELECT sessionize.create_pipeline('szx_wide', 'szx.copies', 'visitor', raw_id => 'raw_id', dedup_window => '15 days', store_events => false);
CALL sessionize.refresh('szx_web');
CALL sessionize.refresh('szx_forever');
CALL sessionize.refresh('szx_copies');
CALL sessionize.refresh('szx_wide');

CREATE TABLE szx.steps (step int GENERATED ALWAYS AS IDENTITY, what text, pipeline text, read text, wrong bigint, difference bigint);
CREATE PROCEDURE szx.step(what text, statement text, VARIADIC pipelines text[]) LANGUAGE plpgsql AS $$
DECLARE
  name text;
  run bigint;
BEGIN
  run := (SELECT max(run_id) FROM sessionize.runs);
  EXECUTE statement;
  COMMIT;
  FOREACH name IN ARRAY pipelines LOOP
    CALL sessionize.refresh(name);
    INSERT INTO szx.steps (what, pipeline, read, wrong, difference)
    SELECT what, name, CASE WHEN sum(raw_rows) IS NULL THEN 'nothing' WHEN sum(raw_rows) < 500 THEN 'few' WHEN sum(raw_rows) > 9000 THEN 'all' ELSE 'half' END,
           (SELECT count(*) FROM sessionize.verify(name)), (SELECT abs(pending) + abs(r.difference) + abs(event_difference) FROM sessionize.reconcile(name) AS r)
    FROM sessionize.runs WHERE pipeline_name = name AND run_id > run;
  END LOOP;
END $$;

SELECT sealed, unsealed FROM sessionize.seal('szx_web', szx.at(5000));
SELECT sealed FROM sessionize.seal('szx_forever', szx.at(5000));
SELECT sealed FROM sessionize.seal('szx_copies', szx.at(5000));
SELECT sealed FROM sessionize.seal('szx_wide', szx.at(5000));

-- nobody moves one now
SELECT * FROM sessionize.seal_progress;

-- far from the horizon
CALL szx.step('after the last', $$INSERT INTO szx.raw SELECT 20002, 'x2', 'page_view', 'bot', NULL, '/late', szx.at(10000), NULL, szx.at(10000)$$, 'szx_web', 'szx_forever');
CALL szx.step('late, beyond the horizon', $$INSERT INTO szx.raw SELECT 20001, 'x1', 'page_view', 'bot', NULL, '/late', szx.at(9002.5), NULL, szx.at(9999)$$, 'szx_web');
CALL szx.step('changed', $$UPDATE szx.raw SET page = '/other', flag = true WHERE raw_id = 7055$$, 'szx_web');
CALL szx.step('deleted', $$DELETE FROM szx.raw WHERE raw_id BETWEEN 7100 AND 7109$$, 'szx_web');
CALL szx.step('a user', $$UPDATE szx.raw SET user_id = 'w' WHERE raw_id = 7055$$, 'szx_web');
CALL szx.step('where the sealed rows whose clocks were off say they were', $$UPDATE szx.raw SET page = '/other' WHERE raw_id = 8003$$, 'szx_web');
CALL szx.step('one of those goes', $$DELETE FROM szx.raw WHERE raw_id = 3003$$, 'szx_web');
CALL szx.step('and beside them again', $$UPDATE szx.raw SET page = '/again' WHERE raw_id = 8004$$, 'szx_web');
CALL szx.step('many keys, with windows and without, some of whose rows are sealed', $$UPDATE szx.raw SET page = '/other' WHERE raw_id = 9000 OR raw_id BETWEEN 100000 AND 100199$$, 'szx_web');
CALL szx.step('after the last', $$INSERT INTO szx.copies SELECT 20002, 'x2', 'page_view', 'bot', NULL, '/late', szx.at(10000), NULL, szx.at(10000)$$, 'szx_copies', 'szx_wide');
CALL szx.step('copies', $$INSERT INTO szx.copies SELECT 30000 + n, 'e' || 9000 + n, 'page_view', 'bot', NULL, '/late', szx.at(9000.5 + n), NULL, szx.at(9999) FROM generate_series(0, 12) AS n$$, 'szx_copies', 'szx_wide');

-- what the counters say, of a single event
INSERT INTO szx.raw SELECT 20100, 'x100', 'page_view', 'bot', NULL, '/', szx.at(10001), NULL, szx.at(10001);
SELECT pg_stat_force_next_flush();
SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS sealed_read FROM pg_stat_user_tables WHERE schemaname = 'szx_web' AND relname = 'sealed' \gset
CALL sessionize.refresh('szx_web');
SELECT pg_stat_force_next_flush();
SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) - :sealed_read AS sealed_rows_read FROM pg_stat_user_tables WHERE schemaname = 'szx_web' AND relname = 'sealed';
SELECT raw_rows < 100 AS few, events < 30 AS few_events FROM sessionize.runs WHERE pipeline_name = 'szx_web' ORDER BY run_id DESC LIMIT 1;

-- near it, or before it
CALL szx.step('late', $$INSERT INTO szx.raw SELECT 20003, 'x3', 'page_view', 'bot', NULL, '/late', szx.at(4000.5), NULL, szx.at(9999)$$, 'szx_web');
CALL szx.step('far from that', $$UPDATE szx.raw SET page = '/x' WHERE raw_id = 8804$$, 'szx_web');
CALL szx.step('sealed', $$UPDATE szx.raw SET page = '/never' WHERE raw_id BETWEEN 1000 AND 1010$$, 'szx_web');
CALL szx.step('at the horizon', $$UPDATE szx.raw SET page = '/x' WHERE raw_id = 5000$$, 'szx_web');
CALL szx.step('five days after it', $$UPDATE szx.raw SET page = '/x' WHERE raw_id = 5600$$, 'szx_web');
CALL szx.step('ten days after it', $$UPDATE szx.raw SET page = '/x' WHERE raw_id = 6200$$, 'szx_web');
CALL szx.step('five days after it', $$UPDATE szx.copies SET page = '/x' WHERE raw_id = 5600$$, 'szx_copies', 'szx_wide');
CALL szx.step('three hours after it', $$UPDATE szx.copies SET page = '/x' WHERE raw_id = 5015$$, 'szx_copies');
CALL szx.step('from before it to long after it', $$UPDATE szx.copies SET page = '/x' WHERE raw_id IN (4990, 9000)$$, 'szx_copies');
-- a copy of an event whose raw row is gone: of that no index of the raw table knows
CALL szx.step('raw rows go', $$DELETE FROM szx.raw WHERE occurred_at < szx.at(5000)$$, 'szx_web');
CALL szx.step('a copy of a sealed event', $$INSERT INTO szx.raw SELECT 20004, 'e4999', 'page_view', 'bot', NULL, '/copy', szx.at(5500), NULL, szx.at(9999)$$, 'szx_web');
SELECT duplicates FROM szx_web.sessions WHERE session_key = 'bot' AND ended_at BETWEEN szx.at(4990) AND szx.at(5000);
CALL szx.step('one that is too far from it', $$INSERT INTO szx.raw SELECT 20005, 'e4500', 'page_view', 'bot', NULL, '/copy', szx.at(6500), NULL, szx.at(9999)$$, 'szx_web');
SELECT events FROM szx_web.sessions WHERE session_key = 'bot' AND started_at BETWEEN szx.at(6490.5) AND szx.at(6501);
CALL szx.step('one at any distance', $$INSERT INTO szx.raw SELECT 20006, 'e4501', 'page_view', 'bot', NULL, '/copy', szx.at(9800), NULL, szx.at(9999)$$, 'szx_forever');
SELECT duplicates FROM szx_forever.sessions WHERE session_key = 'bot' AND started_at = szx.at(4500);
CALL szx.step('more than memory holds', $$SET maintenance_work_mem = '1MB'; UPDATE szx.raw SET page = '/y' WHERE raw_id IN (9100, 100100) OR raw_id BETWEEN 8000 AND 8600$$, 'szx_web');
RESET maintenance_work_mem;

-- the seal moves between change and refresh: forward over it, and back
CALL szx.step('nothing', $$SELECT$$, 'szx_web', 'szx_copies');
UPDATE szx.raw SET page = '/sealed' WHERE raw_id = 7505;
SELECT sealed > 2000 AS sealed, unsealed FROM sessionize.seal('szx_web', szx.at(7600));
CALL szx.step('forward over a change', $$UPDATE szx.raw SET page = '/sealed' WHERE raw_id = 7504$$, 'szx_web');
SELECT count(*) AS sealed FROM szx_web.events WHERE page = '/sealed';
-- late rows whose clocks are off count, when the seal moves back behind them
CALL szx.step('late rows', $$INSERT INTO szx.raw SELECT 20010 + n, 'y' || n, 'page_view', 'bot', NULL, '/off', szx.at(9500 + n), szx.at(9500 + n), szx.at(7303.5 + n / 4.0) FROM generate_series(1, 3) AS n$$, 'szx_web');
SELECT count(*) AS late FROM szx_web.late WHERE raw_id > 20010;
SELECT sealed, unsealed > 1000 AS unsealed FROM sessionize.seal('szx_web', szx.at(6000));
CALL szx.step('back over late rows', $$SELECT$$, 'szx_web');
SELECT count(*) AS late FROM szx_web.late WHERE raw_id > 20010;
CALL szx.step('beside where they are', $$UPDATE szx.raw SET page = '/z' WHERE raw_id = 7305$$, 'szx_web');
CALL szx.step('far from it', $$UPDATE szx.raw SET page = '/z' WHERE raw_id = 8805$$, 'szx_web');
-- sealed rows beyond the horizon, whose raw rows are gone
SELECT sealed > 1000 AS sealed, unsealed FROM sessionize.seal('szx_copies', szx.at(6000));
DELETE FROM szx.copies WHERE raw_id BETWEEN 5502 AND 5507 OR raw_id BETWEEN 5550 AND 5599;
SELECT sealed, unsealed > 500 AS unsealed FROM sessionize.seal('szx_copies', szx.at(5000));
CALL szx.step('back where rows are gone', $$UPDATE szx.copies SET page = '/z' WHERE raw_id = 8805$$, 'szx_copies');
CALL szx.step('beside them', $$UPDATE szx.copies SET page = '/z' WHERE raw_id = 5501$$, 'szx_copies');
CALL szx.step('far from them', $$UPDATE szx.copies SET page = '/z2' WHERE raw_id = 8805$$, 'szx_copies');
SELECT sealed > 500 AS sealed, unsealed FROM sessionize.seal('szx_copies', szx.at(6100));
CALL szx.step('beyond those as well', $$UPDATE szx.copies SET page = '/z3' WHERE raw_id = 8805$$, 'szx_copies');
-- other rules of the clock: who knows where sealed rows lie then
SELECT sessionize.alter_pipeline('szx_copies', skew_threshold => '1 hour');
CALL szx.step('built anew', $$SELECT$$, 'szx_copies');
CALL szx.step('after another rule of the clock', $$UPDATE szx.copies SET page = '/z4' WHERE raw_id = 8805$$, 'szx_copies');
SELECT sealed > 100 AS sealed, unsealed FROM sessionize.seal('szx_copies', szx.at(6200));
CALL szx.step('and after a seal', $$UPDATE szx.copies SET page = '/z5' WHERE raw_id = 8805$$, 'szx_copies');

-- a seal that is taken back, with nothing left of it, is none
INSERT INTO szx.copies SELECT 20030 + n, 'q' || n, 'page_view', 'visitor ' || n, NULL, '/late', szx.at(n), NULL, szx.at(9999) FROM generate_series(1, 3) AS n;
CALL szx.step('late rows', $$SELECT$$, 'szx_wide');
SELECT sealed_before = szx.at(5000) AS sealed, late_rows FROM sessionize.pipeline_status WHERE pipeline_name = 'szx_wide';
INSERT INTO szx.copies SELECT 20040, 'q', 'page_view', 'visitor 9', NULL, '/late', szx.at(9), NULL, szx.at(9999);
DELETE FROM szx.copies WHERE raw_id = 20031;
SELECT pending, difference, late FROM sessionize.reconcile('szx_wide');
SELECT sealed, unsealed > 4000 AS unsealed FROM sessionize.seal('szx_wide', '-infinity');
SELECT sealed_before, late_rows FROM sessionize.pipeline_status WHERE pipeline_name = 'szx_wide';
SELECT (SELECT count(*) FROM szx_wide.sealed) AS sealed, (SELECT count(*) FROM szx_wide.late) AS late, (SELECT count(*) FROM sessionize.verify('szx_wide')) AS unproven, difference FROM sessionize.reconcile('szx_wide');
CALL szx.step('taken back', $$SELECT$$, 'szx_wide');
SELECT raw_rows - events - duplicates AS missing, late, sealed_only FROM sessionize.reconcile('szx_wide');
CALL szx.step('no seal any more', $$UPDATE szx.copies SET page = '/w' WHERE raw_id = 1003$$, 'szx_wide');
SELECT sealed, unsealed FROM sessionize.seal('szx_wide', '-infinity');
SELECT sealed_before IS NULL AS no_seal FROM sessionize.pipelines WHERE pipeline_name = 'szx_wide';
-- with something left, it is one still
SELECT sealed, unsealed > 4000 AS unsealed FROM sessionize.seal('szx_copies', '-infinity');
SELECT sealed_before, (SELECT count(*) FROM szx_copies.sealed) AS sealed FROM sessionize.pipelines WHERE pipeline_name = 'szx_copies';
CALL szx.step('taken back, but for what is gone', $$SELECT$$, 'szx_copies');

SELECT what, pipeline, read FROM szx.steps ORDER BY step;
SELECT what, pipeline, wrong, difference FROM szx.steps WHERE wrong > 0 OR difference > 0;
-- and a rebuild has nothing to write
CALL sessionize.refresh('szx_web');
CALL sessionize.refresh('szx_forever');
CALL sessionize.rebuild('szx_web');
CALL sessionize.rebuild('szx_forever');
CALL sessionize.rebuild('szx_copies');
CALL sessionize.rebuild('szx_wide');
SELECT pipeline_name, rows_inserted + rows_updated + rows_deleted AS written FROM sessionize.runs WHERE run_id IN (SELECT max(run_id) FROM sessionize.runs GROUP BY pipeline_name) AND pipeline_name LIKE 'szx%' ORDER BY 1;

SELECT sessionize.drop_pipeline(p) FROM unnest(ARRAY['szx_web', 'szx_forever', 'szx_copies', 'szx_wide']) AS p;
DROP SCHEMA szx CASCADE;
