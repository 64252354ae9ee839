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
