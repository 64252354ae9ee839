-- Distributed pipelines where Citus is not: there are none, and what asks for them says so.
-- 130_citus has those on servers with Citus.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT * FROM sessionize.distributed_pipelines;
SELECT * FROM sessionize.shards('szd_web');
SELECT * FROM sessionize.shard_status;
SELECT * FROM sessionize.shard_problems();
SELECT * FROM sessionize.attach_shards('szd_web');
SELECT * FROM sessionize.attach_shards(NULL);
-- what is on this server is all there is
CREATE SCHEMA szd;
CREATE TABLE szd.hits (visitor text, at timestamptz);
CREATE INDEX ON szd.hits (visitor, at);
INSERT INTO szd.hits VALUES ('ann', '2026-03-01Z');
SELECT sessionize.create_pipeline('szd_web', 'szd.hits', key => 'visitor', event_time => 'at');
CALL sessionize.rebuild('szd_web');
SELECT pipeline_name, state, capture, needs_rebuild FROM sessionize.pipeline_status_here WHERE pipeline_name = 'szd_web';
(SELECT pipeline_name, state FROM sessionize.pipeline_status EXCEPT ALL SELECT pipeline_name, state FROM sessionize.pipeline_status_here)
UNION ALL (SELECT pipeline_name, state FROM sessionize.pipeline_status_here EXCEPT ALL SELECT pipeline_name, state FROM sessionize.pipeline_status);
SELECT kind, state, sessions FROM sessionize.runs_here WHERE pipeline_name = 'szd_web';
(TABLE sessionize.runs EXCEPT ALL TABLE sessionize.runs_here) UNION ALL (TABLE sessionize.runs_here EXCEPT ALL TABLE sessionize.runs);
SELECT * FROM sessionize.health_check('szd_nobody');
-- nobody writes the table of distributed pipelines for another role, or in the way of somebody's pipeline
CREATE ROLE szd_ann;
SET ROLE szd_ann;
SELECT count(*) FROM sessionize.distributed_pipeline;
SELECT sessionize.note_distributed('szd_far', 'szd.hits'::regclass, '{}', '{}', '{}');
RESET ROLE;
SELECT sessionize.note_distributed('szd_far', 'szd.hits'::regclass, '{}', '{}', '{}');
-- a stand-in for Citus' catalog
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
RESET allow_system_table_mods;
INSERT INTO pg_catalog.pg_dist_partition VALUES ('szd.hits');
SELECT sessionize.note_distributed('szd_web', 'szd.hits'::regclass, '{}', '{}', '{}');
GRANT USAGE ON SCHEMA szd TO szd_ann;
SET ROLE szd_ann;
SELECT sessionize.note_distributed('szd_far', 'szd.hits'::regclass, '{}', '{}', '{}');
RESET ROLE;
SELECT sessionize.note_distributed('szd_far', 'szd.hits'::regclass, '{}', '{}', '{}');
SELECT pipeline_name, source, definition FROM sessionize.distributed_pipelines;
GRANT SELECT ON szd.hits TO szd_ann;
SET ROLE szd_ann;
SELECT count(*) FROM sessionize.distributed_pipelines;
SELECT sessionize.note_distributed('szd_far', 'szd.hits'::regclass, '{"key": "mine"}', '{}', '{}');
SELECT sessionize.note_shard_call('szd_far', 'set_fuse', 'SELECT 1');
SELECT sessionize.forget_distributed('szd_far');
SELECT * FROM sessionize.attach_shards('szd_far');
SELECT sessionize.adopt_seal('szd_web', '2026-03-01Z', false);
RESET ROLE;
SET allow_system_table_mods = on;
DROP TABLE pg_catalog.pg_dist_partition;
RESET allow_system_table_mods;
SELECT sessionize.forget_distributed('szd_far');
SELECT sessionize.adopt_seal('szd_web', '2026-03-01Z', false);
SELECT sessionize.drop_pipeline('szd_web');
DROP SCHEMA szd CASCADE;
DROP ROLE szd_ann;
