-- What rollups and event counts cost a first build and a refresh: the pipelines of kinds.sql are refreshed one after the other, in an
-- order that changes with each round. The new events are of one day, the last.
\set QUIET 1
SET client_min_messages = error;
SET timezone = 'UTC';
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
