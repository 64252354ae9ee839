-- The medians as a markdown table.
CREATE TEMP VIEW median AS
SELECT work, min(ctid) AS first, percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds, min(seconds) AS fastest, max(seconds) AS slowest,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY wal) AS wal, max(events) AS events, sum(updates) AS updates, sum(hot) AS hot, count(*) AS runs,
       max(verified) AS verified, max(difference) AS difference
FROM sample GROUP BY work;
SELECT 'Medians of ' || max(runs) || ' runs; ' || :'history' || ' events of ' || :'users' || ' keys in the star before.' || E'\n' FROM median;
SELECT '| work | events | seconds (min–max) | µs an event | events a second | WAL bytes an event | updates of fact_session, HOT |';
SELECT '|---|--:|--:|--:|--:|--:|--:|';
SELECT '| ' || work || ' | ' || events || ' | ' || round(seconds, 2) || ' (' || round(fastest, 2) || '–' || round(slowest, 2) || ') | ' ||
       round(seconds * 1e6 / events, 1) || ' | ' || round(events / seconds) || ' | ' || round(wal / events) || ' | ' ||
       CASE WHEN verified IS NULL THEN '' WHEN updates = 0 THEN 'none' ELSE updates || ', ' || round(100.0 * hot / updates, 1) || ' %' END || ' |'
FROM median ORDER BY first;
SELECT '';
SELECT '- ' || c.work || ': ' || round(c.seconds / r.seconds, 2) || ' × the speed of the COPY'
FROM median AS r JOIN median AS c ON r.work LIKE '%: refresh' AND split_part(c.work, ':', 1) = split_part(r.work, ':', 1) AND c.work <> r.work ORDER BY c.first;
SELECT '- small batches: ' || round(b.seconds / o.seconds, 2) || ' × the cost of an event in one go'
FROM median AS b, median AS o WHERE b.work = 'small batches' AND o.work LIKE 'small batches''%';
SELECT '- rows that `verify` finds wrong: ' || max(verified) || '; pending or unaccounted for: ' || max(difference) FROM median;
