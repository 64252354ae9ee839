-- Hints of create_pipeline over what can't be mapped as it is: each, typed as it is written, is
-- accepted, or gives the next one. What ends in "store it" is what nothing is known for.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szmh;
CREATE TYPE szmh.pair AS (a int, b json);
CREATE TYPE szmh.plain AS (a int, "B c" text);
CREATE TYPE szmh.mood AS ENUM ('good', 'bad');
CREATE TABLE szmh.raw (id bigint PRIMARY KEY, at timestamptz, v text, w text, c varchar(20),
	ch char(3),
	n int, u uuid, d date, ts timestamp, iv interval, en szmh.mood, ens szmh.mood[], j json,
		js json[],
	jb jsonb, x xml, pt point, bx box, pair szmh.pair, plain szmh.plain, flag boolean, num numeric,
	"W x" text, secs bigint, stamp text);
INSERT INTO szmh.raw (id, at, v, n, d) VALUES (1, '2026-01-01', 'v', 1, '2026-01-01');
-- one step: what the call says to do, NULL where it is accepted
CREATE FUNCTION szmh.next(argument text, expression text, OUT hint text, OUT message text)
	LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT sessionize.create_pipeline(''szmh_web'', ''szmh.raw'', %s %s => %L)',
		CASE argument WHEN 'key' THEN 'event_time => ''at'',' WHEN 'event_time' THEN 'key => ''v'','
		     ELSE 'key => ''v'', event_time => ''at'',' END, argument, expression);
	PERFORM sessionize.drop_pipeline('szmh_web');
	message := 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, message = MESSAGE_TEXT;
END $$;
-- all steps: what is typed in the end
CREATE FUNCTION szmh.follow(argument text, expression text) RETURNS TABLE (typed text, ends text)
LANGUAGE plpgsql AS $$
DECLARE
	step record;
	index text := '';
BEGIN
	typed := expression;
	FOR i IN 1 .. 4 LOOP
		step := szmh.next(argument, typed);
		ends := step.message;
		EXIT WHEN step.hint IS NULL;
		ends := split_part(step.hint, ',', 1);
		IF step.hint ~ '^CREATE INDEX' THEN
			EXECUTE step.hint;
			CONTINUE;
		END IF;
		EXIT WHEN step.hint !~ format('%s => ''', argument);
		-- what is between the quotes, as SQL reads it
		EXECUTE 'SELECT ' || (regexp_match(step.hint,
			format('%s => (''(?:[^'']|'''')*'')', argument)))[1] INTO typed;
	END LOOP;
	RETURN NEXT;
END $$;
CREATE INDEX ON szmh.raw (v, at);
SELECT k.expression, f.* FROM unnest(ARRAY['j', 'j -> ''a''', 'x', 'pt', 'bx', 'pair', 'plain',
	'js',
	'ROW(v, w)', '(v, w)', 'ROW(n, id)', 'ROW(n, n + 1)', 'ROW(v, n, u)', 'ROW(c, ch, flag, num)',
	'ROW(v, d)', 'ROW(d, d + 1)', 'ROW(v, at)', 'ROW(v, ts, iv)', 'ROW(v, en)', 'ROW("W x", v)',
	'ROW(j, v)', 'ROW(v, NULL)', 'json_build_array(v, n)', 'jsonb_build_array(v, n)',
	'row_to_json(ROW(v, n))', 'to_json(v)', 'ens::text', 'v || n', 'concat(v, w)',
		'concat(v, n, ''-'', d)',
	'concat_ws(''-'', v, w, n)', 'md5(concat(v, w))', 'lower(concat_ws('':'', v, n)) || w',
		'concat(v, en)',
	'format(''%s-%s'', v, w)', 'to_char(at, ''YYYY'')', 'd', 'ts', 'iv', 'en', 'ens', 'jb',
		'plain::text'])
	AS k(expression), szmh.follow('key', k.expression) AS f;
SELECT k.expression, f.* FROM unnest(ARRAY['ROW(v, w)', 'concat(v, w)', 'concat(id, ''-'', v)', 'j',
	'pt',
	'concat_ws(''-'', v, w)', 'concat(VARIADIC ARRAY[v, w])']) AS k(expression),
	szmh.follow('event_id', k.expression) AS f;
SELECT k.expression, f.* FROM unnest(ARRAY['d', 'ts', 'secs', 'num', 'stamp', 'n', 'iv',
	'stamp::timestamptz'])
	AS k(expression), szmh.follow('event_time', k.expression) AS f;
-- the values are told apart as they were: a key of two columns, whatever is NULL in it
SELECT count(DISTINCT ROW(a, b)) = count(DISTINCT ARRAY[a, b]) AS same
FROM (VALUES ('x', 'y'), ('xy', ''), ('xy', NULL), (NULL, 'xy'), (NULL, NULL), ('', 'xy')) AS v(a,
	b);
\set VERBOSITY default
SELECT sessionize.create_pipeline('szmh_web', 'szmh.raw', key => 'ROW(v, w)', event_time => 'at');
SELECT sessionize.create_pipeline('szmh_web', 'szmh.raw', key => 'v', event_time => 'at',
	event_id => 'concat(v, w)');
SELECT sessionize.create_pipeline('szmh_web', 'szmh.raw', key => 'ROW(v, en)', event_time => 'at');
DROP SCHEMA szmh CASCADE;
