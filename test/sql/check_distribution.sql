-- The default checks of the distribution of session keys, of pages and of a measure's numbers, on the faults that they are for.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szd;
CREATE TABLE szd.hits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, price numeric, page text);
CREATE INDEX ON szd.hits (visitor, at);
SELECT sessionize.create_pipeline('szd_web', 'szd.hits', key => 'visitor', event_time => 'at', raw_id => 'id', page => 'page');
SELECT sessionize.add_measure('szd_web', 'revenue', 'sum', 'price', grain => 'event');
-- two weeks with an event each minute, sessions of five, a price of 10 to 99 and one of 40 pages each
INSERT INTO szd.hits (visitor, at, price, page)
SELECT 'v' || n / 5, '2026-01-01Z'::timestamptz + n * interval '1 minute', 10 + n * 7 % 90, '/p' || n % 40 FROM generate_series(0, 14 * 1440 - 1) AS n;
SELECT name FROM sessionize.add_default_checks('szd_web') AS a (name) WHERE name IN ('distribution_of_session_key', 'distribution_of_revenue') ORDER BY 1;
CALL sessionize.rebuild('szd_web');
SELECT c, r.status FROM unnest('{distribution_of_session_key,distribution_of_revenue}'::text[]) AS c, sessionize.run_checks('szd_web', c, '2026-01-15Z') AS r;

-- all visitors of the last six hours have one key; prices are in cents
UPDATE szd.hits SET visitor = 'undefined' WHERE at >= '2026-01-14 18:00Z';
UPDATE szd.hits SET price = price * 100 WHERE at >= '2026-01-14Z';
CALL sessionize.refresh('szd_web');
SELECT c, r.status, r.value > r.upper AS shifted FROM unnest('{distribution_of_session_key,distribution_of_revenue}'::text[]) AS c, sessionize.run_checks('szd_web', c, '2026-01-15Z') AS r;
-- the shares that it tells of are those of the raw rows
WITH found AS (
	SELECT r.check_name, m ->> 'member' AS member, (m ->> 'share')::numeric AS share
	FROM sessionize.check_results AS r, jsonb_array_elements(r.sample -> 0 -> 'sample') AS m WHERE r.status = 'failed'
), raw AS (
	SELECT count(*) FILTER (WHERE at >= '2026-01-14 18:00Z' AND visitor = 'undefined')::numeric / count(*) FILTER (WHERE at >= '2026-01-14 18:00Z') AS one_key,
	       count(*) FILTER (WHERE at >= '2026-01-14Z' AND price >= 1000 AND price < 10000)::numeric / count(*) FILTER (WHERE at >= '2026-01-14Z') AS cents
	FROM szd.hits
)
SELECT f.check_name, f.member, f.share > 0.9 AS nearly_all, abs(f.share - CASE f.check_name WHEN 'distribution_of_session_key' THEN r.one_key ELSE r.cents END) < 0.02 AS as_the_raw_rows
FROM found AS f, raw AS r WHERE f.share > 0.5 ORDER BY 1;
SELECT count(*) AS incidents FROM sessionize.incidents;
-- all prices have left one order of magnitude for another: the index of two members, each with half an independent row more
SELECT sessionize.add_check('szd_web', 'as sessions', 'distribution', '{"attribute": "revenue", "rows_as_one": 9}');
SELECT n.name, r.value = round((2 * (p.rest - p.half) * ln(p.rest / p.half))::numeric, 4) AS as_computed, r.value
FROM (VALUES ('distribution_of_revenue', 1.0::float8), ('as sessions', 9)) AS n (name, rows), sessionize.run_checks('szd_web', n.name, '2026-01-15Z') AS r,
     LATERAL (SELECT (SELECT count(*) FROM szd.hits AS h WHERE h.at > '2026-01-14Z' AND h.at < '2026-01-15Z') / n.rows) AS i (independent),
     LATERAL (SELECT (i.independent + 0.5) / (i.independent + 1), 0.5 / (i.independent + 1)) AS p (rest, half);
SELECT sessionize.drop_check('szd_web', 'as sessions');

-- set right again, both are well
UPDATE szd.hits SET visitor = 'v' || id / 5, price = 10 + id * 7 % 90 WHERE at >= '2026-01-14Z';
CALL sessionize.refresh('szd_web');
SELECT c, r.status FROM unnest('{distribution_of_session_key,distribution_of_revenue}'::text[]) AS c, sessionize.run_checks('szd_web', c, '2026-01-15Z') AS r;

-- numbers that are new, though one of them seems to be of the week before, by a clock that was wrong
UPDATE szd.hits SET price = price * 100 WHERE at >= '2026-01-14 18:00Z' AND id % 10 = 0 OR id = 7 * 1440;
CALL sessionize.refresh('szd_web');
SELECT status, round(value, 2) AS value, value > upper AS too_many, affected FROM sessionize.run_checks('szd_web', 'novelty_of_revenue', '2026-01-15Z');
-- rare numbers, which came before as well, are not new
UPDATE szd.hits SET price = price * 100 WHERE at < '2026-01-14 18:00Z' AND id % 500 = 1;
CALL sessionize.refresh('szd_web');
SELECT status, value FROM sessionize.run_checks('szd_web', 'novelty_of_revenue', '2026-01-15Z');
UPDATE szd.hits SET price = price / 100 WHERE price >= 1000;
CALL sessionize.refresh('szd_web');
-- few events have a measure, so that its numbers are looked for on more pages than other values are
SELECT check_name, parameters ->> 'pages' AS pages FROM sessionize.checks WHERE check_name IN ('novelty_of_revenue', 'distribution_of_page_in_6_hours') ORDER BY 1;

-- all pages are the same for six hours
SELECT status, value > upper AS shifted FROM sessionize.run_checks('szd_web', 'distribution_of_page_in_6_hours', '2026-01-15Z');
UPDATE szd.hits SET page = '/p0' WHERE at >= '2026-01-14 18:00Z';
CALL sessionize.refresh('szd_web');
SELECT status, value > upper AS shifted FROM sessionize.run_checks('szd_web', 'distribution_of_page_in_6_hours', '2026-01-15Z');

-- too few rows to judge by say nothing, whatever they are
DELETE FROM szd.hits WHERE at >= '2026-01-14 18:00Z' AND id % 10 <> 0;
UPDATE szd.hits SET visitor = 'undefined' WHERE at >= '2026-01-14 18:00Z';
CALL sessionize.refresh('szd_web');
SELECT status FROM sessionize.run_checks('szd_web', 'distribution_of_session_key', '2026-01-15Z');
SELECT sessionize.drop_pipeline('szd_web');

-- where the newest rows lie among older ones, as in space that older versions of rows have left, all their pages are read;
-- of those with older rows so many that sums of weights are about the numbers of rows
CREATE TABLE szd.facts (at timestamptz NOT NULL, filler text) WITH (autovacuum_enabled = off);
INSERT INTO szd.facts
SELECT t.at, repeat('x', 400)
FROM (
	SELECT 1 AS part, n, '2026-01-14Z'::timestamptz - n * interval '1 minute' AS at FROM generate_series(1, 20000) AS n
	UNION ALL SELECT 2, n, '2026-01-14Z'::timestamptz + n * interval '1 minute' FROM generate_series(0, 359) AS n
	UNION ALL SELECT 3, n, '2025-12-01Z'::timestamptz - n * interval '1 minute' FROM generate_series(1, 10000) AS n
) AS t ORDER BY t.part, t.n;
CREATE FUNCTION pg_temp.looked(pages int) RETURNS TABLE (page bigint, weight float8) LANGUAGE sql AS
$$ SELECT * FROM sessionize.check_pages('szd.facts', 'at', '2026-01-14 06:00Z', '6 hours', '10 days', pages) $$;
WITH pages AS (
	SELECT (ctid::text::point)[0]::bigint AS page, count(*) FILTER (WHERE at >= '2026-01-14Z') AS new,
	       count(*) FILTER (WHERE at < '2026-01-14Z' AND at >= '2026-01-04Z') AS before
	FROM szd.facts GROUP BY 1
), read AS (
	SELECT p.*, g.weight FROM pages AS p JOIN pg_temp.looked(200) AS g USING (page)
)
SELECT (SELECT count(*) FROM pages) > 1000 AS large, (SELECT count(*) - count(DISTINCT page) FROM pg_temp.looked(200)) AS twice,
       (SELECT count(*) <= 200 FROM read) AS bounded,
       (SELECT sum(new * weight) FROM read) AS new, (SELECT sum(new) FROM pages) AS new_rows,
       (SELECT abs(sum(before * weight) / (SELECT sum(before) FROM pages) - 1) < 0.05 FROM read) AS about_all_before;
SELECT count(*) = pg_relation_size('szd.facts') / current_setting('block_size')::int AS all_pages, min(weight), max(weight) FROM pg_temp.looked(1000000);
SELECT count(*) FROM sessionize.check_pages('szd.facts', 'at', '2025-12-01Z', '30 days', '10 days', 1);
TRUNCATE szd.facts;
SELECT count(*) FROM pg_temp.looked(10);
DROP SCHEMA szd CASCADE;
