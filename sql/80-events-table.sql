CREATE FUNCTION sessionize.create_events_table(name text, partition_by text DEFAULT 'day', preset text DEFAULT NULL) RETURNS regclass
AS 'MODULE_PATHNAME', 'sessionize_create_events_table'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.create_events_table IS 'make a raw events table, partitioned by the day or month of arrival';

CREATE FUNCTION sessionize.create_events_partitions(events_table regclass, ahead int DEFAULT NULL) RETURNS int
AS 'MODULE_PATHNAME', 'sessionize_create_events_partitions'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.create_events_partitions IS 'make the partitions of an events table for now and the next periods that are missing; returns how many';
