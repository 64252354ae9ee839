-- Operators and functions of the caller's, before those of pg_catalog in its search_path: each raises
-- an error, so a statement of ours that met one would fail.
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE SCHEMA szpl;
CREATE SCHEMA szpl_evil;
-- every operator of pg_catalog with two operands, and every function that takes and gives one value
DO $$
DECLARE
	o record;
	n int := 0;
BEGIN
	FOR o IN SELECT p.oprleft::regtype AS l, p.oprright::regtype AS r, p.oprresult::regtype AS gives,
	                array_agg(p.oprname) AS names
	         FROM pg_operator AS p
	         WHERE p.oprnamespace = 'pg_catalog'::regnamespace AND p.oprleft <> 0 GROUP BY 1, 2, 3 LOOP
		n := n + 1;
		BEGIN
			EXECUTE format('CREATE FUNCTION szpl_evil.met_%s(%s, %s) RETURNS %s IMMUTABLE
				LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION ''''operator met: %s %s''''; END''',
				n, o.l, o.r, o.gives, o.l, o.r);
			FOR i IN 1 .. array_length(o.names, 1) LOOP
				EXECUTE format('CREATE OPERATOR szpl_evil.%s (FUNCTION = szpl_evil.met_%s,
					LEFTARG = %s, RIGHTARG = %s)', o.names[i], n, o.l, o.r);
			END LOOP;
		EXCEPTION WHEN invalid_function_definition OR feature_not_supported THEN
			NULL;
		END;
	END LOOP;
	FOR o IN SELECT p.oid::regprocedure AS is, p.proname, p.prorettype::regtype AS gives,
	                pg_get_function_identity_arguments(p.oid) AS takes
	         FROM pg_proc AS p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f'
	         AND NOT p.proretset AND p.provariadic = 0 AND p.pronargdefaults = 0 AND p.pronargs < 3
	         AND p.prorettype::regtype::text !~ '_handler|trigger|internal|cstring' LOOP
		BEGIN
			EXECUTE format('CREATE FUNCTION szpl_evil.%I(%s) RETURNS %s IMMUTABLE
				LANGUAGE plpgsql AS ''BEGIN RAISE EXCEPTION ''''function met: %s''''; END''',
				o.proname, o.takes, o.gives, o.is);
		EXCEPTION WHEN invalid_function_definition OR feature_not_supported THEN
			NULL;
		END;
	END LOOP;
END $$;
SELECT (SELECT count(*) > 700 FROM pg_operator
        WHERE oprnamespace = 'szpl_evil'::regnamespace) AS operators,
       (SELECT count(*) > 1500 FROM pg_proc
        WHERE pronamespace = 'szpl_evil'::regnamespace) AS functions;

-- a raw table that is mapped by its columns' names, and one by expressions
CREATE TABLE szpl.raw (raw_id bigint PRIMARY KEY, event_id text, event_name text, anonymous_id text,
	user_id text, page text, occurred_at timestamptz, received_at timestamptz, sent_at timestamptz);
CREATE INDEX ON szpl.raw (anonymous_id, occurred_at);
CREATE TABLE szpl.other (id int, who numeric, at timestamptz, url text) PARTITION BY RANGE (id);
CREATE TABLE szpl.other_1 PARTITION OF szpl.other FOR VALUES FROM (0) TO (1000);
CREATE TABLE szpl.other_2 (id int, who numeric, at timestamptz, url text);
CREATE INDEX ON szpl.other (who, at);
-- a table that is not touched by the rest, to be compared with
CREATE TABLE szpl.rows AS
SELECT n AS raw_id, 'e' || n % 400 AS event_id,
       CASE WHEN n % 3 = 0 THEN 'page_view' ELSE 'click' END AS event_name,
       CASE WHEN n % 50 > 0 THEN 'v' || n % 9 END AS anonymous_id,
       CASE WHEN n % 40 = 0 THEN 'u' || n % 3 END AS user_id,
       '/' || n % 6 AS page, timestamptz '2026-01-01' + n * interval '11 minutes' AS occurred_at,
       timestamptz '2026-01-01' + n * interval '11 minutes' AS received_at, NULL::timestamptz AS sent_at
FROM generate_series(1::bigint, 500) AS n;
INSERT INTO szpl.rows SELECT 1000, 'bad', 'click', 'v1', NULL, '/', 'infinity', NULL, NULL;

SET search_path = szpl_evil, pg_catalog;
-- they would be met
SELECT raw_id = raw_id FROM szpl.rows LIMIT 1;
SELECT lower(page) FROM szpl.rows LIMIT 1;
SELECT sessionize.create_pipeline('szpl_web', 'szpl.raw', key => 'anonymous_id');
SELECT sessionize.create_pipeline('szpl_other', 'szpl.other', key => 'who', event_time => 'at',
	event_id => 'id', page => 'url');
CALL sessionize.refresh('szpl_web');
-- triggers that capture, in every way
INSERT INTO szpl.raw TABLE szpl.rows;
INSERT INTO szpl.raw (raw_id, anonymous_id, occurred_at) VALUES (2000, 'v1', '2026-01-01');
UPDATE szpl.raw SET page = '/other' WHERE raw_id OPERATOR(pg_catalog.<) 5;
UPDATE szpl.raw SET anonymous_id = 'v2' WHERE raw_id OPERATOR(pg_catalog.<) 10;
DELETE FROM szpl.raw WHERE raw_id OPERATOR(pg_catalog.=) 17;
INSERT INTO szpl.other VALUES (1, 1.0, '2026-01-01', '/'), (2, 1.00, '2026-01-01 00:10', '/'),
	(3, NULL, '2026-01-02', '/'), (4, 2, '2026-01-02', '/');
ALTER TABLE szpl.other ATTACH PARTITION szpl.other_2 FOR VALUES FROM (1000) TO (2000);
INSERT INTO szpl.other VALUES (1001, 1, '2026-01-01 00:05', '/');
SELECT count(*) FROM szpl_web.sessions_live;
CALL sessionize.refresh('szpl_web');
CALL sessionize.refresh('szpl_other');
SELECT count(*) FROM sessionize.verify('szpl_web');
SELECT count(*) FROM sessionize.verify('szpl_other', since => '2026-01-01', until => '2026-01-02');
SELECT difference, pending FROM sessionize.reconcile('szpl_web');
SELECT difference, pending FROM sessionize.reconcile('szpl_other');
SELECT pipeline_name, capture, pending_rows FROM sessionize.pipeline_status;
SELECT count(*) FROM sessionize.pipelines;
SELECT count(*) FROM sessionize.runs WHERE state OPERATOR(pg_catalog.<>) 'done';
SELECT count(*) FROM sessionize.run_errors;
SELECT count(*) FROM sessionize.rebuild_progress;
SELECT count(*) FROM sessionize.seal_progress;
SELECT sessionize.mark_dirty('szpl_web', 'v1');
SELECT sessionize.mark_dirty('szpl_web', NULL, '2026-01-01', '2026-01-02');
SELECT sessionize.mark_dirty('szpl_other', '1.000');
SELECT count(*) FROM szpl_other.sessions_live WHERE session_key OPERATOR(pg_catalog.=) 1;
CALL sessionize.refresh('szpl_web', every => '1 second', max_runtime => '0.1 seconds');
CALL sessionize.rebuild('szpl_web');
CALL sessionize.rebuild('szpl_web', newest_first => true);
CALL sessionize.rebuild('szpl_web', since => '2026-01-01', until => '2026-01-02');
CALL sessionize.rebuild('szpl_other', newest_first => true);
CALL sessionize.refresh('szpl_web');
CALL sessionize.refresh('szpl_other');
SELECT rules, sessions FROM sessionize.preview_pipeline('szpl_web', gap => '1 hour');
SELECT sessionize.alter_pipeline('szpl_web', gap => '1 hour');
CALL sessionize.refresh('szpl_web');
SELECT sealed FROM sessionize.seal('szpl_web', '2026-01-02');
DELETE FROM szpl.raw WHERE occurred_at OPERATOR(pg_catalog.<) '2026-01-01 12:00';
INSERT INTO szpl.raw (raw_id, anonymous_id, occurred_at) VALUES (2001, 'v1', '2026-01-01');
CALL sessionize.refresh('szpl_web');
SELECT count(*) FROM szpl_web.late;
SELECT sealed FROM sessionize.seal('szpl_web', '2026-01-02 12:00', true);
SELECT raw_rows, sessions FROM sessionize.erase_user('szpl_web', 'v3');
SELECT sessionize.retry_errors('szpl_web');
SELECT sessionize.enable_capture('szpl_web');
ALTER TABLE szpl.raw DISABLE TRIGGER ALL;
ALTER TABLE szpl.raw ENABLE TRIGGER ALL;
ALTER TABLE szpl.raw ADD COLUMN more text;
ALTER TABLE szpl.other DETACH PARTITION szpl.other_2;
CALL sessionize.rebuild('szpl_other');
TRUNCATE szpl.other;
CALL sessionize.refresh('szpl_other');
SELECT sessionize.create_events_table('szpl.events');
SELECT sessionize.create_events_partitions('szpl.events', 20);
SELECT count(*) FROM sessionize.session_table('szpl.rows', 'anonymous_id', 'received_at');
SELECT sessionize.path_agg(page, received_at, 3, 'keep', raw_id) FROM szpl.rows;
SELECT count(*) FROM sessionize.retention_table('szpl.rows', 'anonymous_id', 'received_at');
ALTER SCHEMA szpl_other RENAME TO szpl_renamed;
ALTER SCHEMA szpl_renamed RENAME TO szpl_other;
CALL sessionize.rebuild('szpl_web');
SELECT count(*) FROM sessionize.verify('szpl_web');
SELECT difference, pending FROM sessionize.reconcile('szpl_web');
RESET search_path;
SELECT count(*) FROM sessionize.verify('szpl_web');
SET search_path = szpl_evil, pg_catalog;
DROP SCHEMA szpl_other CASCADE;
SELECT sessionize.drop_pipeline('szpl_other');
SELECT sessionize.drop_pipeline('szpl_web');
RESET search_path;

DROP SCHEMA szpl, szpl_evil CASCADE;
