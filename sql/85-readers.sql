CREATE FUNCTION sessionize.grant_reader(pipeline text, reader regrole) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_grant_reader'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.grant_reader IS 'let a role read the star of a pipeline and the views over it, and nothing else of the pipeline';

CREATE FUNCTION sessionize.revoke_reader(pipeline text, reader regrole) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_revoke_reader'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.revoke_reader IS 'take from a role what grant_reader has given';
