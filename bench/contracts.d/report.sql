-- The medians as a markdown table.
CREATE TEMP VIEW median AS
SELECT contracts, work, min(ctid) AS first, percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds, min(seconds) AS fastest, max(seconds) AS slowest,
       max(quarantined) AS quarantined, count(*) AS runs, max(verified) AS verified, max(difference) AS difference
FROM sample GROUP BY contracts, work;
SELECT 'Medians of ' || max(runs) || ' runs; ' || :'rows' || ' events of 8192 keys.' || E'\n' FROM median;
SELECT '| work | contracts | CPU seconds (min–max) | ÷ without | quarantined |';
SELECT '|---|---|--:|--:|--:|';
SELECT '| ' || m.work || ' | ' || m.contracts || ' | ' || round(m.seconds, 2) || ' (' || round(m.fastest, 2) || '–' || round(m.slowest, 2) || ') | ' ||
       round(m.seconds / w.seconds, 2) || ' | ' || m.quarantined || ' |'
FROM median AS m JOIN median AS w ON w.work = m.work AND w.contracts = 'no contract' ORDER BY m.work, m.first;
SELECT '';
SELECT '| refreshes of one event each | CPU seconds of 20 (min–max) | rows of the key in the quarantine |';
SELECT '|---|--:|--:|';
SELECT '| ' || contracts || ' | ' || round(seconds, 2) || ' (' || round(fastest, 2) || '–' || round(slowest, 2) || ') | ' || quarantined || ' |'
FROM median WHERE work = '20 refreshes' ORDER BY first;
SELECT '';
SELECT '- rows that `verify` finds wrong: ' || max(verified) || '; pending or unaccounted for: ' || max(difference) FROM median;
