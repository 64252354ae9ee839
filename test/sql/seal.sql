-- The seal: what came before counts as it is, whatever becomes of its raw rows; what comes later is listed, not folded.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET jit = off;
CREATE SCHEMA szs;
CREATE TABLE szs.raw (raw_id bigint, event_id text, event_name text, visitor text, user_id text, page text, occurred_at timestamptz,
	received_at timestamptz NOT NULL, PRIMARY KEY (raw_id, received_at)) PARTITION BY RANGE (received_at);
CREATE INDEX ON szs.raw (visitor, occurred_at, event_id);
CREATE TABLE szs.raw_1 PARTITION OF szs.raw FOR VALUES FROM (MINVALUE) TO ('2024-03-02');
CREATE TABLE szs.raw_2 PARTITION OF szs.raw FOR VALUES FROM ('2024-03-02') TO ('2024-03-03');
CREATE TABLE szs.raw_3 PARTITION OF szs.raw FOR VALUES FROM ('2024-03-03') TO ('2024-03-04') PARTITION BY RANGE (raw_id);
CREATE TABLE szs.raw_3a PARTITION OF szs.raw_3 FOR VALUES FROM (MINVALUE) TO (300);
CREATE TABLE szs.raw_3b PARTITION OF szs.raw_3 FOR VALUES FROM (300) TO (MAXVALUE);
CREATE TABLE szs.raw_4 PARTITION OF szs.raw FOR VALUES FROM ('2024-03-04') TO ('2024-03-05');
CREATE TABLE szs.raw_5 PARTITION OF szs.raw DEFAULT;
-- four days of 400 rows: retries, rows of the future, rows without a time, a key or an id
INSERT INTO szs.raw
SELECT n, CASE WHEN n % 23 = 0 THEN NULL WHEN n % 7 = 0 THEN 'e' || n - 3 ELSE 'e' || n END, 'view', CASE WHEN n % 50 <> 49 THEN 'v' || n % 4 + n % 9 END,
       CASE WHEN n % 13 = 0 THEN 'u' || n % 5 END, '/' || n % 6, CASE n % 31 WHEN 0 THEN NULL WHEN 1 THEN at + interval '10 minutes' ELSE at - interval '1 minute' * (n % 8) END, at
FROM (SELECT n, '2024-03-01 00:00:30'::timestamptz + n * interval '14 minutes' AS at FROM generate_series(1, 400) AS n) AS t;

-- What is expected, in plain SQL: the rows that the test itself has kept at each seal, and the raw rows that are none of them, unless they are too old.
CREATE TABLE szs.kept (LIKE szs.raw);
CREATE TABLE szs.rules (pipeline text, sealed_before timestamptz DEFAULT '-infinity', gap interval DEFAULT '30 minutes', max_lead interval DEFAULT '5 minutes');
INSERT INTO szs.rules VALUES ('szs_web');
CREATE FUNCTION szs.at(occurred_at timestamptz, received_at timestamptz) RETURNS timestamptz LANGUAGE sql AS $$ SELECT least(coalesce(occurred_at, received_at), received_at + max_lead) FROM szs.rules $$;
CREATE VIEW szs.fresh AS
WITH k AS MATERIALIZED (SELECT (raw_id, visitor, event_id, szs.at(occurred_at, received_at))::text AS same FROM szs.kept),
r AS MATERIALIZED (SELECT *, (raw_id, visitor, event_id, at)::text AS same FROM (SELECT *, szs.at(occurred_at, received_at) AS at FROM szs.raw OFFSET 0) AS r)
SELECT r.* FROM r LEFT JOIN k USING (same) WHERE visitor IS NOT NULL AND k.same IS NULL;
CREATE VIEW szs.expected_late AS SELECT visitor, f.at, event_id, raw_id, received_at FROM szs.fresh AS f, szs.rules WHERE f.at < sealed_before;
CREATE VIEW szs.expected AS
WITH counted AS MATERIALIZED (
	SELECT visitor, event_id, raw_id, szs.at(occurred_at, received_at) AS at FROM szs.kept
	UNION ALL SELECT visitor, event_id, raw_id, f.at FROM szs.fresh AS f, szs.rules WHERE f.at >= sealed_before),
copies AS (SELECT *, event_id IS NOT NULL AND coalesce(at - lag(at) OVER w <= '7 days', false) AS is_copy FROM counted WINDOW w AS (PARTITION BY visitor, event_id ORDER BY at, raw_id)),
chained AS (SELECT *, CASE WHEN event_id IS NOT NULL THEN count(*) FILTER (WHERE NOT is_copy) OVER (PARTITION BY visitor, event_id ORDER BY at, raw_id) END AS chain FROM copies),
copied AS (SELECT *, CASE WHEN event_id IS NULL THEN 0 ELSE count(*) FILTER (WHERE is_copy) OVER (PARTITION BY visitor, event_id, chain) END AS copies FROM chained),
events AS (SELECT * FROM copied WHERE NOT is_copy),
starts AS (SELECT *, coalesce(at - lag(at) OVER w > (SELECT gap FROM szs.rules), true)::int AS is_start FROM events WINDOW w AS (PARTITION BY visitor ORDER BY at, event_id, raw_id)),
numbered AS (SELECT *, sum(is_start) OVER (PARTITION BY visitor ORDER BY at, event_id, raw_id) AS n FROM starts)
SELECT visitor, min(at) AS started_at, max(at) AS ended_at, count(*) AS events, sum(copies)::bigint AS duplicates FROM numbered GROUP BY visitor, n;
ANALYZE szs.raw;
ANALYZE szs.rules;
ANALYZE szs.kept;
SELECT sessionize.create_pipeline('szs_web', 'szs.raw', key => 'visitor', max_duration => NULL);
CREATE VIEW szs.found AS SELECT session_key, started_at, ended_at, events, duplicates FROM szs_web.sessions;
CREATE FUNCTION szs.check(OUT wrong bigint, OUT wrong_late bigint, OUT unproven bigint, OUT pending bigint, OUT difference bigint, OUT event_difference bigint, OUT closes boolean, OUT late bigint, OUT sealed_only bigint) LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM ((TABLE szs.expected EXCEPT ALL TABLE szs.found) UNION ALL (TABLE szs.found EXCEPT ALL TABLE szs.expected)) AS x),
	       (SELECT count(*) FROM ((TABLE szs.expected_late EXCEPT ALL SELECT session_key, event_time, event_id, raw_id, received_at FROM szs_web.late)
	                              UNION ALL (SELECT session_key, event_time, event_id, raw_id, received_at FROM szs_web.late EXCEPT ALL TABLE szs.expected_late)) AS x),
	       (SELECT count(*) FROM sessionize.verify('szs_web')), r.pending, r.difference, r.event_difference,
	       r.raw_rows + r.sealed_only = r.events + r.duplicates + r.quarantined + r.late + r.pending, r.late, r.sealed_only
	FROM sessionize.reconcile('szs_web') AS r $$;
-- moves the seal, and what the test keeps
CREATE FUNCTION szs.seal(before timestamptz, take_late boolean DEFAULT false, OUT sealed bigint, OUT unsealed bigint) LANGUAGE plpgsql AS $$
DECLARE
	added bigint; removed bigint;
BEGIN
	WITH gone AS (DELETE FROM szs.kept AS k USING szs.raw AS r WHERE k.raw_id = r.raw_id AND szs.at(k.occurred_at, k.received_at) >= before
		AND (k.visitor, k.event_id, szs.at(k.occurred_at, k.received_at)) IS NOT DISTINCT FROM (r.visitor, r.event_id, szs.at(r.occurred_at, r.received_at)) RETURNING k.raw_id)
	SELECT count(*) INTO removed FROM gone;
	WITH more AS (INSERT INTO szs.kept SELECT f.raw_id, event_id, event_name, visitor, user_id, page, occurred_at, received_at FROM szs.fresh AS f, szs.rules
		WHERE f.at < before AND (take_late OR f.at >= sealed_before) RETURNING 1)
	SELECT count(*) INTO added FROM more;
	UPDATE szs.rules SET sealed_before = before;
	ANALYZE szs.kept;
	SELECT s.* INTO sealed, unsealed FROM sessionize.seal('szs_web', before, take_late) AS s;
	ASSERT sealed = added AND unsealed = removed, format('%s and %s, not %s and %s', sealed, unsealed, added, removed);
END $$;
CREATE FUNCTION szs.total() RETURNS text LANGUAGE sql AS $$ SELECT md5(string_agg(s::text, ' ' ORDER BY session_id)) FROM szs_web.sessions AS s $$;

CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT szs.total() AS total \gset

-- nothing changes when it is sealed
SELECT sealed > 100 AS sealed, unsealed FROM szs.seal('2024-03-03 00:10');
SELECT * FROM szs.check();
SELECT count(*) AS sealed, szs.total() = :'total' AS same FROM szs_web.sealed;
SELECT sealed_before FROM sessionize.pipelines WHERE pipeline_name = 'szs_web';
SELECT pending_rows, sealed_before, late_rows FROM sessionize.pipeline_status WHERE pipeline_name = 'szs_web';

-- too late: of a key with sealed rows, of a new one, a retry of a sealed event; and one that is not
INSERT INTO szs.raw VALUES (1001, 'late', 'view', 'v0', NULL, '/', '2024-03-02 10:00', '2024-03-04 10:00'), (1002, 'late', 'view', 'new', NULL, '/', '2024-03-03 00:09:59.999999', '2024-03-04 10:00'),
	(1003, 'e8', 'view', 'v0', NULL, '/', '2024-03-01 01:52', '2024-03-04 10:00'), (1004, 'now', 'view', 'v0', NULL, '/', '2024-03-03 00:10', '2024-03-04 10:00');
SELECT pending, difference, late FROM sessionize.reconcile('szs_web');
CREATE TABLE szs.live AS TABLE szs_web.sessions_live;
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT session_key, event_time, event_id, raw_id, received_at, raw_table, first_seen IS NOT NULL AS seen FROM szs_web.late ORDER BY raw_id;
SELECT (SELECT count(*) FROM (TABLE szs.live EXCEPT ALL TABLE szs_web.sessions) AS x) + (SELECT count(*) FROM (TABLE szs_web.sessions EXCEPT ALL TABLE szs.live) AS x) AS live_was_wrong;
SELECT late_rows FROM sessionize.pipeline_status WHERE pipeline_name = 'szs_web';
SELECT count(*) AS new FROM szs_web.sessions_live WHERE session_key = 'new';

-- a row that is sealed may be changed and deleted, which changes nothing; one that becomes another row is late, one that goes back in time as well
SELECT szs.total() AS total \gset
UPDATE szs.raw SET page = '/changed', event_name = 'x', user_id = 'somebody' WHERE raw_id BETWEEN 20 AND 60;
DELETE FROM szs.raw WHERE raw_id BETWEEN 61 AND 80 AND visitor IS NOT NULL;
UPDATE szs.raw SET event_id = 'other' WHERE raw_id = 90;
UPDATE szs.raw SET occurred_at = occurred_at - interval '1 second' WHERE raw_id = 91;
UPDATE szs.raw SET visitor = 'somebody' WHERE raw_id = 92;
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT szs.total() = :'total' AS same;
UPDATE szs.raw SET occurred_at = '2024-03-01' WHERE raw_id = 390;
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();

-- partitions below the seal are dropped, truncated and detached: nothing has to be derived
SELECT szs.total() AS total \gset
SET client_min_messages = notice;
DROP TABLE szs.raw_1;
SET client_min_messages = warning;
-- but that late rows of it are no more late
SELECT session_key FROM szs_web.dirty WHERE session_key IS NOT NULL ORDER BY 1;
SELECT session_key IS NULL AS quarantined, count(*) > 0 AS some FROM szs_web.dirty GROUP BY 1 ORDER BY 1;
SELECT need FROM sessionize.rebuild_need;
SELECT difference, pending < 0 AS fewer FROM sessionize.reconcile('szs_web');
SELECT count(*) AS unproven FROM sessionize.verify('szs_web');
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT szs.total() = :'total' AS same;
-- a late event for a session whose rows are gone
INSERT INTO szs.raw VALUES (1010, 'late 2', 'view', 'v0', NULL, '/', '2024-03-01 10:00', '2024-03-04 11:00');
CALL sessionize.refresh('szs_web');
CALL sessionize.rebuild('szs_web');
SELECT rows_inserted + rows_updated + rows_deleted AS written FROM sessionize.runs WHERE pipeline_name = 'szs_web' ORDER BY run_id DESC LIMIT 1;
SELECT * FROM szs.check();
SELECT szs.total() = :'total' AS same;
BEGIN;
TRUNCATE szs.raw_2;
SELECT count(*) AS logged FROM szs_web.dirty WHERE session_key IS NOT NULL;
COMMIT;
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT szs.total() = :'total' AS same;
-- rolled back
BEGIN;
ALTER TABLE szs.raw DETACH PARTITION szs.raw_2;
ROLLBACK;
SELECT * FROM szs.check();
ALTER TABLE szs.raw DETACH PARTITION szs.raw_2;
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
-- one that is partly below: those that are not, are derived without
TRUNCATE szs.raw_3a;
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT szs.total() = :'total' AS same;
-- one that need not be below is noted as always
DROP TABLE szs.raw_3b;
SELECT need, detail FROM sessionize.rebuild_need;
SELECT sessionize.seal('szs_web', '2024-03-04');
CALL sessionize.rebuild('szs_web');
SELECT * FROM szs.check();

-- further on, late rows left where they are; then taken in; a partition of a partition; and all that is there
SELECT sealed > 0 AS sealed, unsealed FROM szs.seal('2024-03-04 00:05');
SELECT * FROM szs.check();
SET client_min_messages = notice;
DROP TABLE szs.raw_3;
SET client_min_messages = warning;
SELECT count(*) AS needs FROM sessionize.rebuild_need;
SELECT * FROM szs.seal('2024-03-04 00:05', take_late => true);
SELECT count(*) > 0 AS logged FROM szs_web.dirty;
SELECT pending, difference, late FROM sessionize.reconcile('szs_web');
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT sealed > 0 AS sealed, unsealed FROM szs.seal('2024-03-07');
SELECT * FROM szs.check();
SELECT szs.total() AS total \gset
CALL sessionize.rebuild('szs_web');
SELECT szs.total() = :'total' AS same;

-- back: rows whose raw rows are there count themselves again, as they are now; the others stay
INSERT INTO szs.raw VALUES (1020, 'late 3', 'view', 'v0', NULL, '/', '2024-03-04 10:20', '2024-03-05 11:00'), (1021, 'late 4', 'view', 'v0', NULL, '/', '2024-03-04 10:40', '2024-03-05 11:00');
CALL sessionize.refresh('szs_web');
UPDATE szs.raw SET page = '/changed again' WHERE raw_id BETWEEN 355 AND 370;
CALL sessionize.refresh('szs_web');
SELECT late FROM szs.check();
SELECT count(*) AS changed FROM szs_web.events WHERE page = '/changed again';
SELECT sealed, unsealed > 0 AS unsealed FROM szs.seal('2024-03-04 10:30');
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT count(*) > 0 AS changed FROM szs_web.events WHERE page = '/changed again';
SELECT sealed, unsealed > 0 AS unsealed FROM szs.seal('-infinity');
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT count(*) > 0 AS still_sealed FROM szs_web.sealed;
SELECT sealed_before FROM sessionize.pipelines WHERE pipeline_name = 'szs_web';
-- and again, where rows are sealed beyond
SELECT sealed > 0 AS sealed, unsealed FROM szs.seal('2024-03-01 12:00');
SELECT sealed > 0 AS sealed, unsealed FROM szs.seal('2024-03-04 10:30');
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();

-- a partition that comes back: its rows are the sealed ones
CREATE TABLE szs.raw_back (LIKE szs.raw);
INSERT INTO szs.raw_back SELECT * FROM szs.kept WHERE received_at < '2024-03-03' AND raw_id < 1000;
SELECT szs.total() AS total \gset
SELECT sealed, unsealed > 0 AS unsealed FROM szs.seal('-infinity');
ALTER TABLE szs.raw ATTACH PARTITION szs.raw_back FOR VALUES FROM (MINVALUE) TO ('2024-03-03');
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT sealed > 0 AS sealed, unsealed FROM szs.seal('2024-03-01 06:00');
SELECT sealed > 0 AS sealed, unsealed > 0 AS unsealed FROM szs.seal('2024-03-04 10:30');
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT szs.total() = :'total' AS same;
ALTER TABLE szs.raw DETACH PARTITION szs.raw_back;
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();

-- the same row twice in two partitions: one of them is late, until the other goes
CREATE TABLE szs.raw_twice (LIKE szs.raw);
INSERT INTO szs.raw_twice SELECT raw_id, event_id, event_name, visitor, user_id, page, occurred_at, received_at - interval '9 days' FROM szs.raw WHERE raw_id IN (326, 327, 328);
ALTER TABLE szs.raw_twice ADD PRIMARY KEY (raw_id, received_at);
SELECT sessionize.create_pipeline('szs_two', 'szs.raw', key => 'visitor', received_at => '');
CALL sessionize.refresh('szs_two');
SELECT sealed > 0 AS sealed FROM sessionize.seal('szs_two', '2024-03-04 10:30');
ALTER TABLE szs.raw ATTACH PARTITION szs.raw_twice FOR VALUES FROM ('2024-02-01') TO ('2024-03-03');
CALL sessionize.refresh('szs_two');
SELECT count(*) AS late, (SELECT count(*) FROM sessionize.verify('szs_two')) AS unproven, (SELECT difference FROM sessionize.reconcile('szs_two')) FROM szs_two.late;
ALTER TABLE szs.raw DETACH PARTITION szs.raw_twice;
CALL sessionize.refresh('szs_two');
SELECT count(*) AS late, (SELECT count(*) FROM sessionize.verify('szs_two')) AS unproven, (SELECT difference FROM sessionize.reconcile('szs_two')) FROM szs_two.late;
SELECT sessionize.drop_pipeline('szs_two');
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();

-- other rules: of sealed rows as of raw ones, those of the clock too
UPDATE szs.rules SET gap = '10 minutes';
SELECT sessionize.alter_pipeline('szs_web', gap => '10 minutes');
SELECT rules, sessions = (SELECT count(*) FROM szs.expected) AS as_expected FROM sessionize.preview_pipeline('szs_web') ORDER BY rules;
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
UPDATE szs.rules SET max_lead = '0';
SELECT sessionize.alter_pipeline('szs_web', max_lead => '0');
CALL sessionize.refresh('szs_web');
SELECT * FROM szs.check();
SELECT sealed > 0 AS sealed, unsealed FROM szs.seal('2024-03-04 12:00');
SELECT * FROM szs.check();

-- a range of time, and a sample; sessions that somebody has deleted, of keys without raw rows
SELECT count(*) AS unproven FROM sessionize.verify('szs_web', '2024-03-01', '2024-03-04 06:00');
SELECT count(*) AS unproven FROM sessionize.verify('szs_web', sample => 0.5);
INSERT INTO szs.raw VALUES (1030, 'late 5', 'view', 'v0', NULL, '/', '2024-03-04 10:20', '2024-03-05 11:00');
CALL sessionize.refresh('szs_web');
CREATE TABLE szs.tampered (change text, found text);
CREATE PROCEDURE szs.tamper() LANGUAGE plpgsql AS $$
DECLARE
	change text; found text;
BEGIN
	FOREACH change IN ARRAY ARRAY['session_key = ''x''', 'event_time = event_time + interval ''1 us''', 'event_id = NULL', 'raw_id = 0', 'received_at = NULL', 'raw_table = ''pg_class''::regclass', 'first_seen = now()'] LOOP
		EXECUTE 'UPDATE szs_web.late SET ' || change;
		SELECT string_agg(relation || ' ' || difference, ', ' ORDER BY difference) INTO found FROM sessionize.verify('szs_web');
		ROLLBACK;
		INSERT INTO szs.tampered VALUES (change, found);
		COMMIT;
	END LOOP;
END $$;
CALL szs.tamper();
TABLE szs.tampered;
UPDATE szs_web.late SET received_at = received_at + interval '1 second';
SELECT relation, difference FROM sessionize.verify('szs_web', '2024-03-01', '2024-03-07');
SELECT difference FROM sessionize.reconcile('szs_web');
DELETE FROM szs_web.late WHERE raw_id = (SELECT min(raw_id) FROM szs_web.late);
SELECT difference FROM sessionize.reconcile('szs_web');
CALL sessionize.rebuild('szs_web');
SELECT * FROM szs.check();
DELETE FROM szs.raw WHERE visitor = 'v3';
CALL sessionize.refresh('szs_web');
SELECT count(*) > 0 AS still_there FROM szs_web.sessions WHERE session_key = 'v3';
DELETE FROM szs_web.fact_session WHERE session_key = 'v3';
CALL sessionize.rebuild('szs_web', '2024-03-01 06:00', '2024-03-01 18:00');
SELECT wrong, unproven FROM szs.check();
DELETE FROM szs_web.fact_session WHERE session_key = 'v3';
SELECT sessionize.mark_dirty('szs_web');
CALL sessionize.refresh('szs_web');
SELECT wrong, unproven FROM szs.check();

-- a key that does not fit into memory
SET maintenance_work_mem = '1MB';
SET work_mem = '64kB';
INSERT INTO szs.raw SELECT 10000 + n, CASE WHEN n % 9 = 0 THEN NULL ELSE 'b' || n - CASE WHEN n % 5 = 0 THEN 2 ELSE 0 END END, 'view', 'bot', NULL, '/' || n % 10, '2024-03-04 13:00'::timestamptz + n * interval '2 s', '2024-03-04 13:00'::timestamptz + n * interval '2 s' FROM generate_series(1, 20000) AS n;
CALL sessionize.refresh('szs_web');
SELECT sealed > 10000 AS sealed FROM sessionize.seal('szs_web', '2024-03-04 20:00');
UPDATE szs.rules SET sealed_before = '2024-03-04 20:00';
CREATE TABLE szs.before AS SELECT s.* FROM szs_web.sessions AS s;
DELETE FROM szs.raw WHERE raw_id BETWEEN 12000 AND 14000;
INSERT INTO szs.raw SELECT 40000 + n, 'late' || n, 'view', 'bot', NULL, '/', '2024-03-04 13:00'::timestamptz + n * interval '2 s', '2024-03-04 13:00'::timestamptz + n * interval '2 s' FROM generate_series(1, 100) AS n;
CALL sessionize.refresh('szs_web');
SELECT (SELECT count(*) FROM (TABLE szs.before EXCEPT ALL TABLE szs_web.sessions) AS x) + (SELECT count(*) FROM (TABLE szs_web.sessions EXCEPT ALL TABLE szs.before) AS x) AS changed;
SELECT count(*) AS late, (SELECT count(*) FROM sessionize.verify('szs_web')) AS unproven FROM szs_web.late WHERE session_key = 'bot';
SELECT pending, difference, event_difference, sealed_only > 2000 AS sealed_only FROM sessionize.reconcile('szs_web');
SET min_parallel_table_scan_size = 0;
SET max_parallel_maintenance_workers = 2;
SELECT pending, difference, sealed_only > 2000 AS sealed_only, (SELECT count(*) FROM sessionize.verify('szs_web')) AS unproven FROM sessionize.reconcile('szs_web');
RESET min_parallel_table_scan_size;
RESET max_parallel_maintenance_workers;
SELECT sealed, unsealed > 10000 AS unsealed FROM sessionize.seal('szs_web', '2024-03-04 12:00');
CALL sessionize.refresh('szs_web');
SELECT pending, difference, event_difference, (SELECT count(*) FROM sessionize.verify('szs_web')) AS unproven FROM sessionize.reconcile('szs_web');
SELECT events, duplicates, late, (SELECT count(*) FROM szs.raw WHERE visitor = 'bot') + 2001 AS rows FROM (SELECT sum(events) AS events, sum(duplicates) AS duplicates, (SELECT count(*) FROM szs_web.late WHERE session_key = 'bot') AS late FROM szs_web.sessions WHERE session_key = 'bot') AS s;
RESET maintenance_work_mem;
RESET work_mem;

-- nothing is left of a key that is erased
SELECT sealed > 0 AS sealed FROM sessionize.seal('szs_web', '2024-03-04 20:00');
INSERT INTO szs.raw VALUES (50001, 'x', 'view', 'bot', NULL, '/', '2024-03-01', '2024-03-05');
CALL sessionize.refresh('szs_web');
SELECT sessions > 0 AS sessions FROM sessionize.erase_user('szs_web', 'bot');
SELECT (SELECT count(*) FROM szs_web.sealed WHERE session_key = 'bot') + (SELECT count(*) FROM szs_web.late WHERE session_key = 'bot') AS left;
SELECT pending, difference, event_difference, (SELECT count(*) FROM sessionize.verify('szs_web')) AS unproven FROM sessionize.reconcile('szs_web');

-- a pipeline without capture; one with bigint ids and uuid keys, and rows that are written while it is sealed
SELECT sessionize.create_pipeline('szs_by_hand', 'szs.raw', key => 'visitor', capture => false);
CALL sessionize.rebuild('szs_by_hand');
SELECT sealed > 0 AS sealed FROM sessionize.seal('szs_by_hand', '2024-03-04 20:00');
INSERT INTO szs.raw VALUES (50002, 'y', 'view', 'v0', NULL, '/', '2024-03-01', '2024-03-05');
SELECT pending, difference, late FROM sessionize.reconcile('szs_by_hand');
CALL sessionize.rebuild('szs_by_hand');
SELECT pending, difference, late, (SELECT count(*) FROM sessionize.verify('szs_by_hand')) AS unproven FROM sessionize.reconcile('szs_by_hand');
CREATE TABLE szs.typed (id int PRIMARY KEY, event_id uuid, device uuid, flag boolean, ts timestamptz);
CREATE INDEX ON szs.typed (device, ts, event_id);
INSERT INTO szs.typed SELECT n, md5(n::text)::uuid, md5((n % 5)::text)::uuid, n % 4 = 0, '2024-03-01'::timestamptz + n * interval '5 minutes' FROM generate_series(1, 200) AS n;
SELECT sessionize.create_pipeline('szs_typed', 'szs.typed', key => 'device', event_time => 'ts', restart => 'flag', page_view => 'NOT flag');
CALL sessionize.refresh('szs_typed');
CREATE TABLE szs.typed_before AS TABLE szs_typed.sessions;
BEGIN;
DELETE FROM szs.typed WHERE id = 200;
SELECT sealed FROM sessionize.seal('szs_typed', '2024-03-01 12:00');
INSERT INTO szs.typed VALUES (201, NULL, md5('1')::uuid, false, '2024-03-01 11:00'), (202, NULL, md5('1')::uuid, NULL, '2024-03-01 12:00');
COMMIT;
DELETE FROM szs.typed WHERE ts < '2024-03-01 12:00' AND id < 201;
CALL sessionize.refresh('szs_typed');
SELECT raw_id FROM szs_typed.late;
SELECT pending, difference, sealed_only, (SELECT count(*) FROM sessionize.verify('szs_typed')) AS unproven FROM sessionize.reconcile('szs_typed');
SELECT count(*) AS changed FROM ((SELECT * FROM szs.typed_before WHERE ended_at < '2024-03-01 11:00' EXCEPT ALL TABLE szs_typed.sessions)) AS x;

-- a partition's last event may be max_lead after its upper bound, and no later
CREATE TABLE szs.edge (id int, visitor text, occurred_at timestamptz, received_at timestamptz) PARTITION BY RANGE (received_at);
CREATE INDEX ON szs.edge (visitor, occurred_at);
CREATE TABLE szs.edge_1 PARTITION OF szs.edge FOR VALUES FROM (MINVALUE) TO ('2024-03-02');
CREATE TABLE szs.edge_2 PARTITION OF szs.edge FOR VALUES FROM ('2024-03-02') TO (MAXVALUE);
INSERT INTO szs.edge VALUES (1, 'v', '2025-01-01', '2024-03-01 23:59:59.999999'), (2, 'v', '2024-03-01', '2024-03-01');
SELECT sessionize.create_pipeline('szs_edge', 'szs.edge', key => 'visitor', raw_id => 'id');
CALL sessionize.refresh('szs_edge');
SELECT sealed FROM sessionize.seal('szs_edge', '2024-03-02 00:04:59.999999');
BEGIN;
DROP TABLE szs.edge_1;
SELECT detail FROM sessionize.rebuild_need;
ROLLBACK;
SELECT sealed FROM sessionize.seal('szs_edge', '2024-03-02 00:05');
DROP TABLE szs.edge_1, szs.edge_2;
SELECT detail FROM sessionize.rebuild_need;
CALL sessionize.rebuild('szs_edge');
SELECT session_key, started_at, events FROM szs_edge.sessions ORDER BY 2;
SELECT raw_rows, sealed_only, events, pending, difference FROM sessionize.reconcile('szs_edge');
SELECT sessionize.drop_pipeline('szs_edge');

-- the example of docs/reference/seal.md
SELECT sealed > 0 AS sealed, unsealed FROM sessionize.seal('szs_typed', now() - interval '30 days');
SELECT count(*) AS late FROM szs_typed.late;

-- mistakes
SELECT sessionize.seal(NULL, now());
SELECT sessionize.seal('szs_web', NULL);
SELECT sessionize.seal('szs_none', now());
SELECT sessionize.seal('szs_web', 'infinity');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sessionize.seal('szs_web', '2024-03-04');
ROLLBACK;
CREATE TABLE szs.anonymous (visitor text, occurred_at timestamptz);
CREATE INDEX ON szs.anonymous (visitor, occurred_at);
SELECT sessionize.create_pipeline('szs_anonymous', 'szs.anonymous', key => 'visitor');
SELECT sessionize.seal('szs_anonymous', '2024-03-04');
CREATE ROLE regress_szs_other;
SET ROLE regress_szs_other;
SELECT sessionize.seal('szs_web', '2024-03-04');
RESET ROLE;
ALTER TABLE szs_typed.sealed DROP COLUMN page;
SELECT sessionize.seal('szs_typed', '2024-03-04');
SELECT count(*) FROM sessionize.verify('szs_typed');
-- of a partition that the horizon parts, rows that no event was made of go as well, whatever their time
CREATE TABLE szs.odd (raw_id bigint, event_id text, visitor text, occurred_at timestamptz, received_at timestamptz NOT NULL) PARTITION BY RANGE (received_at);
CREATE TABLE szs.odd_1 PARTITION OF szs.odd FOR VALUES FROM ('2024-03-01') TO ('2024-03-02');
CREATE TABLE szs.odd_2 PARTITION OF szs.odd FOR VALUES FROM ('2024-03-02') TO ('2024-03-03');
CREATE INDEX ON szs.odd (visitor, occurred_at, event_id);
INSERT INTO szs.odd SELECT n, CASE WHEN n % 10 = 3 THEN repeat('e', 3000) ELSE 'e' || n END, CASE WHEN n % 10 <> 7 THEN 'v' || n % 3 END, at, at
FROM (SELECT n, '2024-03-01 01:00'::timestamptz + n * interval '1 hour' AS at FROM generate_series(1, 40) AS n) AS t;
SELECT sessionize.create_pipeline('szs_odd', 'szs.odd', key => 'visitor', raw_id => 'raw_id');
CALL sessionize.refresh('szs_odd');
SELECT sealed > 0 AS sealed FROM sessionize.seal('szs_odd', '2024-03-01 22:30');
SELECT reason, count(*) FROM szs_odd.quarantine GROUP BY 1 ORDER BY 1;
ALTER TABLE szs.odd DETACH PARTITION szs.odd_1;
CALL sessionize.refresh('szs_odd');
SELECT reason, count(*), (SELECT count(*) FROM sessionize.verify('szs_odd')) AS unproven FROM szs_odd.quarantine GROUP BY 1 ORDER BY 1;
SELECT pending, difference, event_difference FROM sessionize.reconcile('szs_odd');
SELECT sessionize.drop_pipeline('szs_odd');
-- a pipeline that has lost its tables does not stand in the way of retention
DROP TABLE szs_web.late;
DROP TABLE szs.raw_4;
SELECT need FROM sessionize.rebuild_need;

SELECT sessionize.drop_pipeline(p) FROM unnest(ARRAY['szs_by_hand', 'szs_typed', 'szs_anonymous']) AS p;
SELECT sessionize.drop_pipeline('szs_web', cascade => true);
DROP SCHEMA szs CASCADE;
DROP ROLE regress_szs_other;
