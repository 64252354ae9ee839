CREATE FUNCTION sessionize.create_contract(
	pipeline      text,
	event_name    text,
	version       text,
	schema        jsonb,
	mode          text DEFAULT 'quarantine',
	about         text DEFAULT 'properties',
	activate      boolean DEFAULT true,
	compatibility text DEFAULT 'BACKWARD',
	contact       text DEFAULT NULL,
	description   text DEFAULT NULL,
	supersedes    text DEFAULT NULL,
	deprecated_at timestamptz DEFAULT NULL
) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_create_contract'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.create_contract IS 'register a version of a contract: a JSON Schema that the events of a name, or all events, must fulfil; false if it is registered already';

CREATE FUNCTION sessionize.activate_contract(pipeline text, event_name text, version text, about text DEFAULT 'properties') RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_activate_contract'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.activate_contract IS 'have events checked by a version of a contract, in place of the version that was active; false if it is active already';

CREATE FUNCTION sessionize.deactivate_contract(pipeline text, event_name text, about text DEFAULT 'properties') RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_deactivate_contract'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.deactivate_contract IS 'have no version of a contract be active; false if none is';

CREATE FUNCTION sessionize.alter_contract(
	pipeline      text,
	event_name    text,
	version       text,
	about         text DEFAULT 'properties',
	mode          text DEFAULT NULL,
	compatibility text DEFAULT NULL,
	contact       text DEFAULT NULL,
	description   text DEFAULT NULL,
	supersedes    text DEFAULT NULL,
	deprecated_at timestamptz DEFAULT NULL
) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_alter_contract'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.alter_contract IS 'change what is said of a version of a contract beside its schema; false if nothing changes';

CREATE FUNCTION sessionize.drop_contract(pipeline text, event_name text, version text, about text DEFAULT 'properties') RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_contract'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.drop_contract IS 'remove a version of a contract that is not active and that no other contract refers to';

CREATE FUNCTION sessionize.contract_violations(
	pipeline   text,
	event_name text,
	document   jsonb,
	version    text DEFAULT NULL,
	about      text DEFAULT 'properties',
	"limit"    integer DEFAULT 100
) RETURNS TABLE (instance_path text, schema_path text, keyword text, message text)
AS 'MODULE_PATHNAME', 'sessionize_contract_violations'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 5;
COMMENT ON FUNCTION sessionize.contract_violations IS 'what is wrong with a document by a contract: by a version of it, or by the one that is active';
