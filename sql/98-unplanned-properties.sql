CREATE FUNCTION sessionize.unplanned_properties(pipeline text, since timestamptz DEFAULT NULL)
RETURNS TABLE (
	event_name text, about text, path text, events bigint, first_seen timestamptz, last_seen timestamptz, raw_id text, sample text
)
AS 'MODULE_PATHNAME', 'sessionize_unplanned_properties'
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 100;
COMMENT ON FUNCTION sessionize.unplanned_properties IS 'the properties in the events of a pipeline that the active contracts of these events do not name; nothing is written';
