COMMENT ON TABLE sessionize.contract IS 'the versions of each pipeline''s contracts; written by create_contract, alter_contract, activate_contract and drop_contract, read through the view contracts';
COMMENT ON COLUMN sessionize.contract.number IS 'in the order of registration';
COMMENT ON COLUMN sessionize.contract.event_name IS 'NULL: the contract is for all events';
COMMENT ON COLUMN sessionize.contract.document IS 'the number of "about" in sessionize.contract_document';
COMMENT ON TABLE sessionize.contract_document IS 'the documents of each pipeline''s events that contracts are about; each is a column of the view "source"';
COMMENT ON COLUMN sessionize.contract_document.expression IS 'as the user gave it; NULL: the column is no longer used';

CREATE TABLE sessionize.contract_reference (
	pipeline_id int NOT NULL,
	number      int NOT NULL,
	refers_to   int NOT NULL,
	PRIMARY KEY (pipeline_id, number, refers_to)
);
COMMENT ON TABLE sessionize.contract_reference IS 'the contracts whose schemas the schema of a contract refers to, itself or by way of others';

REVOKE ALL ON sessionize.contract, sessionize.contract_document, sessionize.contract_reference FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.contract', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.contract_document', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.contract_reference', '');

CREATE VIEW sessionize.contracts WITH (security_barrier) AS
SELECT p.pipeline_name, c.event_name, c.about, c.version, c.schema, c.mode,
       c.active AS is_active, c.compatibility, c.contact, c.description,
       c.deprecated_at IS NOT NULL AND c.deprecated_at <= pg_catalog.now() AS deprecated,
       c.deprecated_at, c.supersedes,
       (SELECT pg_catalog.array_agg(s.version ORDER BY sessionize.contract_version_key(s.version) COLLATE "C")
        FROM sessionize.contract AS s
        WHERE s.pipeline_id = c.pipeline_id AND s.event_name IS NOT DISTINCT FROM c.event_name
          AND s.about = c.about AND s.supersedes = c.version) AS superseded_by,
       (SELECT pg_catalog.array_agg(s.schema ->> '$id' ORDER BY s.number)
        FROM sessionize.contract_reference AS r
        JOIN sessionize.contract AS s ON s.pipeline_id = r.pipeline_id AND s.number = r.refers_to
        WHERE r.pipeline_id = c.pipeline_id AND r.number = c.number) AS refers_to,
       c.created_at
FROM sessionize.contract AS c
JOIN sessionize.pipeline AS p USING (pipeline_id)
JOIN sessionize.pipelines AS visible ON visible.pipeline_name = p.pipeline_name
ORDER BY p.pipeline_name, c.event_name NULLS FIRST, c.about, sessionize.contract_version_key(c.version) COLLATE "C";
COMMENT ON VIEW sessionize.contracts IS 'the contracts of the pipelines that the view pipelines shows, version by version';
GRANT SELECT ON sessionize.contracts TO PUBLIC;

CREATE TABLE sessionize.naming_rule (
	pipeline_id int NOT NULL,
	what        text NOT NULL,
	rule        text NOT NULL,
	PRIMARY KEY (pipeline_id, what)
);
COMMENT ON TABLE sessionize.naming_rule IS 'how events and properties of a pipeline are to be called; written by set_naming_rule, read through the view naming_rules';
COMMENT ON COLUMN sessionize.naming_rule.what IS 'event or property';
COMMENT ON COLUMN sessionize.naming_rule.rule IS 'the name of a style, or a regular expression, which begins with ^';
REVOKE ALL ON sessionize.naming_rule FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.naming_rule', '');

CREATE VIEW sessionize.naming_rules WITH (security_barrier) AS
SELECT p.pipeline_name, n.what, n.rule,
       CASE n.rule
           WHEN 'snake_case' THEN '^[a-z][a-z0-9]*(_[a-z0-9]+)*$'
           WHEN 'object_action' THEN '^[a-z][a-z0-9]*(_[a-z0-9]+)+$'
           WHEN 'Title Case' THEN '^[A-Z][A-Za-z0-9]*( [A-Z0-9][A-Za-z0-9]*)*$'
           WHEN 'camelCase' THEN '^[a-z][A-Za-z0-9]*$'
           ELSE n.rule
       END AS pattern
FROM sessionize.naming_rule AS n
JOIN sessionize.pipeline AS p USING (pipeline_id)
JOIN sessionize.pipelines AS visible ON visible.pipeline_name = p.pipeline_name
ORDER BY p.pipeline_name, n.what;
COMMENT ON VIEW sessionize.naming_rules IS 'how events and properties of the pipelines that the view pipelines shows are to be called';
GRANT SELECT ON sessionize.naming_rules TO PUBLIC;
