CREATE FUNCTION sessionize.set_contract_rules(pipeline text, contract_version text DEFAULT NULL, unplanned text DEFAULT 'count') RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_set_contract_rules'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.set_contract_rules IS 'say by which expression an event names the version of its contract (NULL: by none), and what becomes of events without a contract: count, warn or quarantine; false if the rules are so already';
