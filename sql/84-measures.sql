CREATE FUNCTION sessionize.add_measure(
	pipeline   text,
	name       text,
	kind       text,
	expression text DEFAULT NULL,
	filter     text DEFAULT NULL,
	cap        interval DEFAULT NULL
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_add_measure'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.add_measure IS 'add a measure to the sessions of a pipeline, as a column of fact_session and of the views over it; the next refresh or rebuild fills it';

CREATE FUNCTION sessionize.drop_measure(pipeline text, name text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_measure'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.drop_measure IS 'drop a measure of a pipeline with its column';
