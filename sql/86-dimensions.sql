CREATE FUNCTION sessionize.add_dimension(
	pipeline    text,
	name        text,
	attributes  jsonb,
	grain       text DEFAULT 'session',
	pick        text DEFAULT 'first',
	max_members bigint DEFAULT NULL
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_add_dimension'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.add_dimension IS 'add a dimension to the sessions or events of a pipeline, as a table and as columns of the facts and of the views over them; the next refresh or rebuild fills it';

CREATE FUNCTION sessionize.drop_dimension(pipeline text, name text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_dimension'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.drop_dimension IS 'drop a dimension of a pipeline with its table and columns';
