CREATE FUNCTION sessionize.contract_compatible(old jsonb, new jsonb, mode text, documents jsonb DEFAULT '{}',
	OUT compatible boolean, OUT path text, OUT reason text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_contract_compatible';

COMMENT ON FUNCTION sessionize.contract_compatible(jsonb, jsonb, text, jsonb) IS
'Whether a version of a JSON Schema accepts what another version accepts, or the other way round, and if not, where and why not';
