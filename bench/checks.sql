-- checks.sql: the processor time of each default check of a pipeline, and of all of them by their schedule.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION pg_sessionize;
-- The processor time in seconds that this backend has used, from the operating system.
CREATE FUNCTION cpu() RETURNS float8 LANGUAGE sql AS $$
SELECT (split_part(s.rest, ' ', 12)::float8 + split_part(s.rest, ' ', 13)::float8) / 100
FROM (SELECT substring(pg_read_file('/proc/' || pg_backend_pid() || '/stat') FROM '\) (.*)')) AS s (rest)
$$;

SELECT sessionize.create_events_table('raw.events');
CREATE TABLE at AS SELECT '2026-03-02 12:20Z'::timestamptz AS at;
-- Sixty days of three sources, with 40 event names, 5 versions, 1,000 pages; sessions of about 10 events, a hundredth with a price;
-- a fiftieth are copies.
INSERT INTO raw.events (event_id, event_name, user_id, anonymous_id, occurred_at, sent_at, received_at, source, properties, context)
SELECT md5((n - (n % 50 = 0)::int)::text), 'event_' || floor(40 * (abs(hashint8(n)) / 2147483648.0) ^ 2), CASE WHEN n % 3 = 0 THEN 'u' || n / 10 % 200000 END,
       'v' || n / 10 % 700000, t.at, t.at, t.at + interval '1 second', (ARRAY['web', 'ios', 'android'])[1 + n / 10 % 3],
       jsonb_build_object('page', '/p' || n % 1000, 'product_id', n % 400, 'price', CASE WHEN n % 100 = 0 THEN 10 + n % 7919 END), jsonb_build_object('version', n / 1000 % 5, 'locale', (ARRAY['de', 'en', 'pt'])[1 + n % 3])
FROM generate_series(1, :events) AS n, at AS a, LATERAL (SELECT a.at - (:events - n) * interval '60 days' / :events) AS t (at);
CREATE INDEX ON raw.events (received_at);
SELECT sessionize.create_pipeline('web', 'raw.events');
SELECT sessionize.add_dimension('web', 'client', '{"locale": "context ->> ''locale''"}', grain => 'event');
SELECT sessionize.add_measure('web', 'revenue', 'sum', '(properties ->> ''price'')::numeric', grain => 'event');
SELECT count(*) AS checks FROM sessionize.add_default_checks('web');
CALL sessionize.rebuild('web');
VACUUM ANALYZE;
SELECT count(*) AS rows_of_counts FROM sessionize.event_counts('web', '-infinity', 'infinity');

CREATE TABLE spent (check_name text, every interval, seconds float8);
SELECT set_config('bench.rounds', :'rounds', false);
DO $$
DECLARE
	c record;
	began float8;
BEGIN
	FOR round IN 0 .. current_setting('bench.rounds')::int LOOP
		FOR c IN SELECT k.* FROM sessionize.checks AS k ORDER BY k.check_name LOOP
			CONTINUE WHEN c.every >= '1 day' AND round > 1;
			began := cpu();
			PERFORM sessionize.run_checks('web', c.check_name, (SELECT at + round * interval '1 minute' FROM at));
			-- the first round fills caches and what the checks remember
			IF round > 0 THEN
				INSERT INTO spent VALUES (c.check_name, c.every, cpu() - began);
			END IF;
		END LOOP;
	END LOOP;
END $$;
SELECT check_name, every, round(avg(seconds)::numeric, 3) AS processor_seconds FROM spent GROUP BY 1, 2 ORDER BY 3 DESC;
SELECT check_name, status, error FROM sessionize.checks JOIN LATERAL (SELECT error FROM sessionize.check_results AS r WHERE r.check_name = checks.check_name AND error IS NOT NULL LIMIT 1) AS e ON true;
SELECT 'by the default schedule, percent of a processor',
       round((100 * sum(k.seconds / extract(epoch FROM k.every)))::numeric, 3)
FROM (SELECT check_name, every, avg(seconds) AS seconds FROM spent GROUP BY 1, 2) AS k;
SELECT 'all but the two daily ones each minute, percent of a processor', round((100 * sum(k.seconds) / 60)::numeric, 3)
FROM (SELECT check_name, every, avg(seconds) AS seconds FROM spent WHERE every < '1 day' GROUP BY 1, 2) AS k;
