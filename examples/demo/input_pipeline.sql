-- input_pipeline.sql: the pipeline "web" over the table that load.sql made.
--
--     psql -v gap='30 minutes' -v max_duration='24 hours' -v event= -f input_pipeline.sql
--
-- event is not empty when the documents have an event name; max_duration may be empty for none.
\set ON_ERROR_STOP on
SELECT sessionize.create_pipeline('web', 'raw.events', key => 'key', event_time => 'occurred_at', event_id => 'event_id',
    raw_id => 'line_no', page => 'page', page_view => 'page IS NOT NULL',
    event_name => CASE WHEN :'event' = '' THEN '' ELSE 'event_name' END,
    gap => :'gap', max_duration => nullif(:'max_duration', '')::interval);
