-- New tables with the history: raw.events has a pipeline and a star, raw.plain has the index only.
SET client_min_messages = warning;
SELECT sessionize.drop_pipeline(pipeline_name) FROM sessionize.pipelines;
DROP SCHEMA IF EXISTS raw CASCADE;
SELECT sessionize.create_events_table('raw.events'), sessionize.create_events_table('raw.plain');
SELECT sessionize.create_pipeline('web', 'raw.events');
