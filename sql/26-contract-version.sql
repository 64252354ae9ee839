CREATE FUNCTION sessionize.contract_version_key(version text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_contract_version_key';

COMMENT ON FUNCTION sessionize.contract_version_key(text) IS
'A text by whose bytes the versions of a contract are ordered: SchemaVer, or semantic versions';
