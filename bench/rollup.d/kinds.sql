-- The pipelines whose refreshes are compared, over one raw table, each built for the first time.
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
