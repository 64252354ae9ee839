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

CREATE VIEW sessionize.contract_rules WITH (security_barrier) AS
SELECT p.pipeline_name, r.version_rule AS contract_version, coalesce(r.unplanned, 'count') AS unplanned
FROM sessionize.pipeline AS p
JOIN sessionize.pipelines AS visible ON visible.pipeline_name = p.pipeline_name
LEFT JOIN sessionize.contract_rule AS r ON r.pipeline_id = p.pipeline_id
ORDER BY p.pipeline_name;
COMMENT ON VIEW sessionize.contract_rules IS 'how the events of the pipelines that the view pipelines shows find their contracts, and what becomes of those without one';
GRANT SELECT ON sessionize.contract_rules TO PUBLIC;
