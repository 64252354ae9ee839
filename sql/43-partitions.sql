CREATE TABLE sessionize.events_table (
	events regclass PRIMARY KEY
);
COMMENT ON TABLE sessionize.events_table IS 'the events tables whose partitions are made ahead of time by refreshes; written by create_events_table and keep_events_partitions';

REVOKE ALL ON sessionize.events_table FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.events_table', '');

CREATE FUNCTION sessionize.keep_events_partitions(events_table regclass, keep boolean DEFAULT true) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_keep_events_partitions'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.keep_events_partitions IS 'have the next partitions of an events table made by the refreshes of its pipelines, or no longer';
