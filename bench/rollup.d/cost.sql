-- What rollups and event counts cost a first build and a refresh: pipelines over one raw table are refreshed one after the other,
-- in an order that changes with each round. The new events are of one day, the last.
\set QUIET 1
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE TABLE measured (round int, what text, ms numeric, UNIQUE (round, what));
SELECT make_raw('cost') \g /dev/null
INSERT INTO cost (event_id, event_name, visitor, page, country, channel, price, version, occurred_at) SELECT * FROM make_events(1, :cost, :cost / 25) ORDER BY occurred_at;
CREATE INDEX ON cost (visitor, occurred_at, event_id);
-- the same measures and dimensions; and none, one or all of the rollups, the counts of events, and what these count without the counts
CREATE TABLE kinds (name text PRIMARY KEY, rollups int[], counts boolean);
INSERT INTO kinds VALUES ('without', '{}', false), ('again', '{}', false), ('days', '{1}', false), ('hours', '{3}', false), ('rollups', '{1,2,3}', false), ('counts', '{}', true), ('counted', '{}', true), ('all', '{1,2,3}', true);
SELECT make_pipeline(name, 'cost'), make_rollups(name, rollups) FROM kinds \g /dev/null
SELECT sessionize.enable_event_counts(name, version => 'version') FROM kinds WHERE counts \g /dev/null
SELECT sessionize.drop_rollup('counted', 'event_counts_by_hour') \g /dev/null
VACUUM ANALYZE cost;
SELECT string_agg(format('SELECT cpu() AS before \gset' || E'\n' || 'CALL sessionize.rebuild(%L);' || E'\n' || 'INSERT INTO measured VALUES (-1, %L, cpu() - :before);' || E'\n', name, name), '') FROM kinds
\g (format=unaligned tuples_only=on) :statements
\i :statements
-- as a server with autovacuum would have done by now
VACUUM ANALYZE;

-- refresh() commits, so it is called from the top. Who reads the new rows first, here the count, writes into them that they are committed.
SELECT format('INSERT INTO cost (event_id, event_name, visitor, page, country, channel, price, version, occurred_at) SELECT * FROM make_events(%s, %s, %s, 1, 90);' || E'\nSELECT count(*) FROM cost \\g /dev/null\n', :cost + n * 20000 + 1, :cost + n * 20000 + 20000, :cost / 25)
       || string_agg(format('SELECT cpu() AS before \gset' || E'\n' || 'CALL sessionize.refresh(%L);' || E'\n' || 'INSERT INTO measured VALUES (%s, %L, cpu() - :before);', name, n, name), E'\n' ORDER BY md5(n || name))
FROM generate_series(0, :rounds - 1) AS n, kinds GROUP BY n ORDER BY n
\g (format=unaligned tuples_only=on) :statements
\i :statements

\echo
\echo processor time, by that without: first build; refresh of 20,000 events, median and quartiles of the rounds; milliseconds of a refresh, median
SELECT k.name, round(max(m.ms / o.ms) FILTER (WHERE m.round < 0), 3), round(percentile_cont(0.5) WITHIN GROUP (ORDER BY m.ms / o.ms) FILTER (WHERE m.round >= 0)::numeric, 3) AS median,
       round(percentile_cont(0.25) WITHIN GROUP (ORDER BY m.ms / o.ms) FILTER (WHERE m.round >= 0)::numeric, 3) AS q1,
       round(percentile_cont(0.75) WITHIN GROUP (ORDER BY m.ms / o.ms) FILTER (WHERE m.round >= 0)::numeric, 3) AS q3,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY m.ms) FILTER (WHERE m.round >= 0)::numeric, 1) AS ms
FROM kinds AS k JOIN measured AS m ON m.what = k.name JOIN measured AS o ON o.round = m.round AND o.what = 'without' GROUP BY k.name ORDER BY median;
\echo rows that verify() finds wrong
SELECT count(*) FROM kinds, sessionize.verify(kinds.name);
SELECT sessionize.drop_pipeline(name) FROM kinds \g /dev/null
DROP TABLE cost;
