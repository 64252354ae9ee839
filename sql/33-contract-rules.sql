CREATE TABLE sessionize.contract_rule (
	pipeline_id     int PRIMARY KEY,
	version_rule    text,
	unplanned       text NOT NULL
);
COMMENT ON TABLE sessionize.contract_rule IS 'how the events of a pipeline find their contracts, where it is not the default; written by set_contract_rules';
COMMENT ON COLUMN sessionize.contract_rule.version_rule IS 'the expression that gives the version which an event names, as the user gave it; NULL: none';
COMMENT ON COLUMN sessionize.contract_rule.unplanned IS 'count, warn or quarantine: what becomes of events without a contract';
REVOKE ALL ON sessionize.contract_rule FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.contract_rule', '');
