CREATE FUNCTION sessionize.detach_source(pipeline text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_detach_source'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.detach_source IS 'take the raw table away from a pipeline, which keeps all it has derived, so that the table can be altered or replaced; it is not refreshed until attach_source';

CREATE FUNCTION sessionize.attach_source(pipeline text, source text, definition jsonb DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_attach_source'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.attach_source IS 'have a pipeline read a table: the one that detach_source has taken away, with whatever types its columns have now, or another one; the next refresh rebuilds the star';
