-- How many workers, disks and dollars for so many events a second, beside Kafka, Flink and a warehouse. Any PostgreSQL will do:
--
--   psql -f examples/scale/sizing.sql
--   UPDATE sizing.input SET value = 30 WHERE name = 'raw_days';      -- your own inputs
--   SELECT * FROM sizing.ours;                                       -- and what follows
--
-- docs/scale.md says what the columns mean. It has the results of the inputs below.
DROP SCHEMA IF EXISTS sizing CASCADE;
CREATE SCHEMA sizing;

-- kind: measured (by bench/size, see bench/README.md), price (a list price in US dollars) or assumption
CREATE TABLE sizing.input (name text PRIMARY KEY, value numeric NOT NULL, unit text NOT NULL, kind text NOT NULL, why text NOT NULL);
INSERT INTO sizing.input VALUES
	('raw_bytes', 393.4, 'bytes an event', 'measured', 'a raw row with its index'),
	('fact_event_bytes', 180.2, 'bytes an event', 'measured', 'a row of fact_event with its index; 0 with store_events => false'),
	('fact_session_bytes', 79.3, 'bytes an event', 'measured', 'a quarter of a row of fact_session with its indexes, and dimensions'),
	('sealed_bytes', 147.0, 'bytes an event', 'measured', 'a sealed row with its index'),
	('load_cpu', 10.1, 'CPU s a million', 'measured', 'a request is decoded, inserted and captured'),
	('refresh_cpu', 36.0, 'CPU s a million', 'measured', 'refreshes of small batches'),
	('seal_cpu', 3.2, 'CPU s a million', 'measured', 'a raw row is sealed'),
	('verify_cpu', 2.4, 'CPU s a million', 'measured', 'verify reads an event and compares it'),
	('load_wal', 493, 'bytes an event', 'measured', 'log of the load, lz4'),
	('refresh_wal', 841, 'bytes an event', 'measured', 'log of refreshes of small batches, lz4'),
	('seal_wal', 234, 'bytes an event', 'measured', 'log of a seal'),
	('rollup_factor', 1.10, 'times the refresh', 'measured', 'with three rollups and event counts (bench/rollup)'),

	('peak', 2.5, 'times the mean', 'assumption', 'the busiest minutes'),
	('busy', 0.6, 'of the processors', 'assumption', 'what writes and readers may take at the peak'),
	('reader_share', 0.5, 'of the writes'' CPU', 'assumption', 'dashboards on rollups, and single visitors'),
	('verify_per_year', 4, 'times', 'assumption', 'all that is kept, compared with the star'),
	('raw_days', 90, 'days', 'assumption', 'raw rows are kept; then their partitions are dropped'),
	('history_days', 395, 'days', 'assumption', 'sealed rows and facts are kept'),
	('seal_days', 30, 'days', 'assumption', 'behind which events are sealed'),
	('disk_fill', 0.75, 'of the disk', 'assumption', 'the rest is for vacuum, moves and growth'),
	('copies', 2, 'servers', 'assumption', 'each worker with a standby'),
	('wal_days', 7, 'days', 'assumption', 'the archived log is kept, beside one base backup'),
	('node_cores', 16, 'processors', 'assumption', 'of one worker'),
	('node_disk', 16, 'TB', 'assumption', 'of one worker'),
	('event_bytes', 600, 'bytes', 'assumption', 'a request of one event, as Kafka keeps it'),
	('kafka_days', 3, 'days', 'assumption', 'messages are kept'),
	('kafka_copies', 3, 'replicas', 'assumption', 'of each partition'),
	('broker_mb', 20, 'MB/s', 'assumption', 'that one broker takes in at the peak, before replication'),
	('flink_events', 5000, 'events/s', 'assumption', 'that one KPU takes through session windows with deduplication'),
	('warehouse_raw_bytes', 150, 'bytes an event', 'assumption', 'a raw row in compressed columns'),
	('warehouse_star_bytes', 60, 'bytes an event', 'assumption', 'its rows of facts in compressed columns'),
	('warehouse_load', 200, 'million events', 'assumption', 'that one credit loads and merges'),
	('warehouse_events', 20000, 'events/s', 'assumption', 'whose readers one credit an hour serves'),
	('warehouse_hours', 12, 'hours a day', 'assumption', 'in which somebody reads'),

	('node_hour', 0.8568, '$ an hour', 'price', 'AWS r7g.4xlarge, us-east-1, on demand: 16 processors, 128 GB'),
	('disk_month', 0.08, '$ a GB-month', 'price', 'AWS EBS gp3'),
	('object_month', 0.023, '$ a GB-month', 'price', 'AWS S3 Standard'),
	('zone_gb', 0.02, '$ a GB', 'price', 'AWS, from one zone to another, both ends'),
	('broker_hour', 0.408, '$ an hour', 'price', 'AWS MSK kafka.m7g.xlarge'),
	('broker_month', 0.10, '$ a GB-month', 'price', 'AWS MSK storage'),
	('kpu_hour', 0.11, '$ an hour', 'price', 'AWS Managed Service for Apache Flink'),
	('kpu_gb', 50, 'GB', 'price', 'running storage that goes with a KPU'),
	('kpu_month', 0.10, '$ a GB-month', 'price', 'its price'),
	('credit', 2.00, '$', 'price', 'Snowflake Standard, on demand, AWS US East'),
	('warehouse_month', 0.023, '$ a GB-month', 'price', 'Snowflake, with a capacity contract');

-- Events a second, in the mean of a day.
CREATE TABLE sizing.rate (rate numeric PRIMARY KEY);
INSERT INTO sizing.rate VALUES (1e2), (1e3), (1e4), (1e5), (1e6);

CREATE FUNCTION sizing.i(name text) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
DECLARE
	found numeric := (SELECT input.value FROM sizing.input WHERE input.name = i.name);
BEGIN
	IF found IS NULL THEN
		RAISE 'no input is called %', name;
	END IF;
	RETURN found;
END $$;
-- Hours and seconds of a month.
CREATE FUNCTION sizing.month_hours() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 730;
CREATE FUNCTION sizing.month_seconds() RETURNS numeric LANGUAGE sql IMMUTABLE RETURN 730 * 3600;

-- What the events need, whoever provides it.
CREATE VIEW sizing.need AS
SELECT rate,
	rate * sizing.i('peak') * (sizing.i('load_cpu') + sizing.i('refresh_cpu') * sizing.i('rollup_factor')) / 1e6 AS write_cores,
	rate * (sizing.i('seal_cpu') + sizing.i('verify_cpu') * sizing.i('verify_per_year') * sizing.i('history_days') / 365) / 1e6 AS upkeep_cores,
	rate * sizing.i('peak') * sizing.i('refresh_cpu') * sizing.i('rollup_factor') / 1e6 AS refresh_cores,
	rate * 86400 * sizing.i('raw_days') * sizing.i('raw_bytes') / 1e12 AS raw_tb,
	rate * 86400 * sizing.i('history_days') * (sizing.i('fact_event_bytes') + sizing.i('fact_session_bytes')) / 1e12 AS star_tb,
	rate * 86400 * (sizing.i('history_days') - sizing.i('seal_days')) * sizing.i('sealed_bytes') / 1e12 AS sealed_tb,
	rate * (sizing.i('load_wal') + sizing.i('refresh_wal') + sizing.i('seal_wal')) / 1e6 AS wal_mb_s
FROM sizing.rate;

-- What it takes here: processors, workers, and the shards that it takes for refreshes, each of which is one process.
CREATE VIEW sizing.workers AS
SELECT n.*, cores,
	greatest(1, ceil(refresh_cores / sizing.i('busy'))) AS shards,
	greatest(1, ceil(cores / sizing.i('node_cores')), ceil(tb / sizing.i('disk_fill') / sizing.i('node_disk'))) AS workers,
	CASE WHEN cores / sizing.i('node_cores') > tb / sizing.i('disk_fill') / sizing.i('node_disk') THEN 'processors' ELSE 'disk' END AS bound_by, tb
FROM sizing.need AS n,
	LATERAL (SELECT (write_cores * (1 + sizing.i('reader_share'))) / sizing.i('busy') + upkeep_cores AS cores, raw_tb + star_tb + sealed_tb AS tb) AS x;

CREATE VIEW sizing.our_costs AS
SELECT w.*,
	(workers + CASE WHEN workers > 1 THEN 1 ELSE 0 END) * sizing.i('copies') * sizing.month_hours() * sizing.i('node_hour') AS servers,
	tb * 1e3 / sizing.i('disk_fill') * sizing.i('copies') * sizing.i('disk_month') AS disks,
	(tb * 1e3 + wal_mb_s * 86400 * sizing.i('wal_days') / 1e3) * sizing.i('object_month') AS backups,
	wal_mb_s / 1e3 * sizing.month_seconds() * sizing.i('zone_gb') * (sizing.i('copies') - 1) AS network
FROM sizing.workers AS w;

-- The same events through Kafka and Flink into a warehouse.
CREATE VIEW sizing.their_costs AS
SELECT rate, brokers, kpus,
	rate * 86400 * (sizing.i('raw_days') * sizing.i('warehouse_raw_bytes') + sizing.i('history_days') * sizing.i('warehouse_star_bytes')) / 1e12 AS tb,
	brokers * sizing.month_hours() * sizing.i('broker_hour') +
		rate * 86400 * sizing.i('kafka_days') * sizing.i('event_bytes') / 1e9 * sizing.i('kafka_copies') / sizing.i('disk_fill') * sizing.i('broker_month') +
		-- two of three producers and consumers are in another zone; replication within MSK is free
		rate * sizing.i('event_bytes') / 1e9 * sizing.month_seconds() * sizing.i('zone_gb') * 4 / 3 AS kafka,
	-- one more for each application
	(kpus + 1) * (sizing.month_hours() * sizing.i('kpu_hour') + sizing.i('kpu_gb') * sizing.i('kpu_month')) AS flink,
	rate * sizing.month_seconds() / 1e6 / sizing.i('warehouse_load') * sizing.i('credit') +
		ceil(rate / sizing.i('warehouse_events')) * sizing.i('warehouse_hours') * sizing.month_hours() / 24 * sizing.i('credit') +
		rate * 86400 * (sizing.i('raw_days') * sizing.i('warehouse_raw_bytes') + sizing.i('history_days') * sizing.i('warehouse_star_bytes')) / 1e9
			* sizing.i('warehouse_month') AS warehouse
FROM sizing.rate,
	LATERAL (SELECT greatest(3, ceil(rate * sizing.i('peak') * sizing.i('event_bytes') / 1e6 / sizing.i('broker_mb'))) AS brokers,
		ceil(rate * sizing.i('peak') / sizing.i('flink_events')) AS kpus) AS x;

-- The results, as docs/scale.md has them.
CREATE VIEW sizing.ours AS
SELECT rate::bigint AS "events/s", round(cores, 1) AS processors, shards::int AS shards, workers::int AS workers, bound_by AS "because of",
	round(raw_tb, 1) AS "raw TB", round(star_tb, 1) AS "star TB", round(sealed_tb, 1) AS "sealed TB", round(wal_mb_s, 1) AS "log MB/s",
	ceil(1000 / (rate * 86400 * (sizing.i('fact_event_bytes') + sizing.i('fact_session_bytes') + sizing.i('sealed_bytes')) / 1e12))::int AS "days to 1 PB of history"
FROM sizing.workers;
CREATE VIEW sizing.dollars AS
SELECT rate::bigint AS "events/s", round(servers)::int AS servers, round(disks)::int AS disks, round(backups)::int AS backups, round(network)::int AS network,
	round(servers + disks + backups + network)::int AS "a month",
	round((servers + disks + backups + network) / (rate * sizing.month_seconds() / 1e6), 3) AS "a million events",
	round((servers + disks + backups + network) / tb)::int AS "a TB-month"
FROM sizing.our_costs;
CREATE VIEW sizing.beside AS
SELECT o.rate::bigint AS "events/s", round(servers + disks + backups + network)::int AS ours, round(kafka)::int AS "Kafka", round(flink)::int AS "Flink",
	round(warehouse)::int AS warehouse, round(kafka + flink + warehouse)::int AS "theirs in all",
	round((kafka + flink + warehouse) / (o.rate * sizing.month_seconds() / 1e6), 3) AS "theirs, a million events",
	round((servers + disks + backups + network) / (kafka + flink + warehouse), 2) AS "ours / theirs"
FROM sizing.our_costs AS o JOIN sizing.their_costs AS t USING (rate);

-- The costs with other inputs, such as '{"raw_days": 30}', which stay as they were.
CREATE FUNCTION sizing.what_if(changes jsonb) RETURNS SETOF sizing.beside LANGUAGE plpgsql AS $$
DECLARE
	before jsonb := (SELECT jsonb_object_agg(name, value) FROM sizing.input WHERE changes ? name);
	unknown text := (SELECT string_agg(key, ', ') FROM jsonb_object_keys(changes) AS key WHERE key NOT IN (SELECT name FROM sizing.input));
BEGIN
	IF unknown IS NOT NULL THEN
		RAISE 'no input is called %', unknown;
	END IF;
	UPDATE sizing.input SET value = (changes ->> name)::numeric WHERE changes ? name;
	RETURN QUERY TABLE sizing.beside;
	UPDATE sizing.input SET value = (before ->> name)::numeric WHERE before ? name;
END $$;
-- At 10,000 events a second, with one change each.
CREATE TABLE sizing.change (n int PRIMARY KEY, change text, inputs jsonb);
INSERT INTO sizing.change VALUES
	(1, 'as above', '{}'),
	(2, 'no facts of events', '{"fact_event_bytes": 0}'),
	(3, 'history as long as the raw rows, no seal', '{"history_days": 90, "seal_days": 90}'),
	(4, 'raw rows for 30 days', '{"raw_days": 30}'),
	(5, 'the last three together', '{"fact_event_bytes": 0, "history_days": 30, "seal_days": 30, "raw_days": 30}'),
	(6, 'no standbys', '{"copies": 1}'),
	(7, 'workers with 64 TB', '{"node_disk": 64}'),
	(8, 'servers with disks of their own (AWS i4i.4xlarge)', '{"node_hour": 1.373, "node_disk": 3.75, "disk_month": 0}');
CREATE VIEW sizing.changes AS
SELECT n, change, b.ours, b."theirs in all", b."ours / theirs"
FROM sizing.change, LATERAL (SELECT * FROM sizing.what_if(inputs)) AS b WHERE b."events/s" = 10000;
TABLE sizing.ours ORDER BY 1;
TABLE sizing.dollars ORDER BY 1;
TABLE sizing.beside ORDER BY 1;
TABLE sizing.changes ORDER BY 1;
