-- Raw rows whose JSON is too deep or too large to be taken along: quarantined without it, and everything beside them is derived.
SET client_min_messages = warning;
CREATE SCHEMA szx;
CREATE TABLE szx.raw (raw_id int PRIMARY KEY, visitor text, at timestamptz, doc json);
CREATE INDEX ON szx.raw (visitor, at);
SELECT sessionize.create_pipeline('szx_web', 'szx.raw', key => 'visitor', event_time => 'at', page => 'doc ->> ''page''');
CALL sessionize.refresh('szx_web');
-- deep enough for a small stack, but not for the one it came in with; wide; and ordinary ones
INSERT INTO szx.raw VALUES (1, NULL, '2026-01-01Z', (repeat('[', 3000) || repeat(']', 3000))::json), (2, NULL, '2026-01-01Z', '{"page": "/shallow"}'),
	(3, 'ann', '2026-01-01Z', ('{"page": "/deep", "more": ' || repeat('[', 3000) || repeat(']', 3000) || '}')::json), (4, 'bob', '2026-01-01Z', '{"page": "/b"}'),
	(5, 'ann', 'infinity', (SELECT json_object_agg('key ' || n, repeat('x', 100)) FROM generate_series(1, 20000) AS n));
SET max_stack_depth = '200kB';
SELECT doc::jsonb IS NOT NULL FROM szx.raw WHERE raw_id = 1;
CALL sessionize.refresh('szx_web');
CREATE VIEW szx.result AS
SELECT (SELECT string_agg(concat_ws(' ', raw_id, reason, length(raw_row::text) > 1000000, raw_row IS NULL), ', ' ORDER BY raw_id) FROM szx_web.quarantine) AS quarantine,
       (SELECT string_agg(concat_ws(' ', session_key, events, entry_page), ', ' ORDER BY session_key) FROM szx_web.sessions) AS sessions;
SELECT * FROM szx.result;
SELECT (SELECT count(*) FROM sessionize.verify('szx_web')) AS wrong, (SELECT count(*) FROM sessionize.run_errors WHERE pipeline_name = 'szx_web') AS failed, pending, difference FROM sessionize.reconcile('szx_web');
-- a rebuild with more room on the stack takes along what there is no room for otherwise
RESET max_stack_depth;
CALL sessionize.rebuild('szx_web');
SELECT * FROM szx.result;
SELECT (SELECT count(*) FROM sessionize.verify('szx_web')) AS wrong, pending, difference FROM sessionize.reconcile('szx_web');
SELECT sessionize.drop_pipeline('szx_web', cascade => true);
DROP SCHEMA szx CASCADE;
