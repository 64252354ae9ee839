-- The registry of contracts: what may be registered, activated, changed and dropped, and who may.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
CREATE TABLE events (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, event_name text,
                     properties jsonb, context jsonb, plain json, note text);
CREATE INDEX ON events (visitor, at);
SELECT sessionize.create_pipeline('web', 'events', key => 'visitor', event_time => 'at');
SELECT sessionize.create_pipeline('app', 'events', key => 'visitor', event_time => 'at');
CREATE VIEW shown AS
SELECT event_name, about, version, mode, is_active AS active, compatibility, deprecated, supersedes, superseded_by FROM sessionize.contracts WHERE pipeline_name = 'web';

-- versions of a contract: optional properties may come, and required ones go
SELECT sessionize.create_contract('web', 'order', '1-0-0', '{"type": "object", "required": ["sku", "price"], "properties": {"sku": {"type": "string"}, "price": {"type": "integer"}}}');
SELECT sessionize.create_contract('web', 'order', '1-0-9', '{"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "price": {"type": "number"}, "currency": {"enum": ["EUR"]}}}',
	supersedes => '1-0-0', contact => 'shop@example.com', description => 'What is ordered');
SELECT sessionize.create_contract('web', 'order', '1-0-10', '{"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "price": {"type": "number"}, "currency": {"enum": ["EUR", "USD"]}}}',
	mode => 'warn', activate => false, compatibility => 'backward_transitive', supersedes => '1-0-9', deprecated_at => '2020-01-01Z');
TABLE shown;
-- what breaks those who send by an earlier version is refused with the reason and the path
SELECT sessionize.create_contract('web', 'order', '1-0-11', '{"type": "object", "required": ["sku", "currency"], "properties": {"sku": {"type": "string"}, "price": {"type": "number"}, "currency": {"enum": ["EUR", "USD"]}}}');
-- unless it is on purpose
SELECT sessionize.create_contract('web', 'order', '2-0-0', '{"type": "object", "required": ["sku", "currency"], "properties": {"sku": {"type": "string"}, "currency": {"enum": ["EUR", "USD"]}}}',
	compatibility => 'NONE', activate => false);
-- a version is compared with the latest one before it, which is not the latest that was registered: 1-0-10
SELECT sessionize.create_contract('web', 'order', '1-1-0', '{"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "price": {"type": "number"}, "currency": {"type": "string"}}}', activate => false);
-- all earlier ones or the latest alone; forward
SELECT sessionize.create_contract('web', 'size', '1.0.0', '{"maxLength": 10}');
SELECT sessionize.create_contract('web', 'size', '1.1.0', '{"maxLength": 5}', compatibility => 'FORWARD');
SELECT sessionize.create_contract('web', 'size', '1.2.0', '{"maxLength": 7}', compatibility => 'FORWARD');
SELECT sessionize.create_contract('web', 'size', '1.2.0', '{"maxLength": 7}', compatibility => 'BACKWARD_TRANSITIVE');
SELECT sessionize.create_contract('web', 'size', '1.2.0', '{"maxLength": 7}', compatibility => 'FULL');
SELECT sessionize.create_contract('web', 'size', '1.2.0', '{"maxLength": 7}');
SELECT sessionize.create_contract('web', 'size', '1.3.0', '{"maxLength": 7}', compatibility => 'FULL_TRANSITIVE');
SELECT sessionize.create_contract('web', 'size', '1.3.0', '{"maxLength": 8}', compatibility => 'FORWARD_TRANSITIVE');
SELECT sessionize.create_contract('web', 'size', '1.3.0', '{"maxLength": 7, "title": "T"}', compatibility => 'FULL');
-- a pre-release is before its release
SELECT sessionize.create_contract('web', 'size', '1.3.0-rc.1', '{"maxLength": 6}');
SELECT sessionize.create_contract('web', 'size', '1.3.0-rc.1', '{"maxLength": 7}', activate => false);
SELECT version, is_active FROM sessionize.contracts WHERE event_name = 'size';

-- a version between others, and one that goes, leave what later ones promise true
SELECT sessionize.create_contract('web', 'step', '1.0.0', '{"maxLength": 5}');
SELECT sessionize.create_contract('web', 'step', '2.0.0', '{"maxLength": 3}', compatibility => 'NONE');
SELECT sessionize.create_contract('web', 'step', '2.1.0', '{"maxLength": 4}');
SELECT sessionize.create_contract('web', 'step', '2.0.1', '{"maxLength": 7}');
SELECT sessionize.drop_contract('web', 'step', '2.0.0');
SELECT sessionize.alter_contract('web', 'step', '2.1.0', compatibility => 'FORWARD_TRANSITIVE');
SELECT sessionize.alter_contract('web', 'step', '2.1.0', compatibility => 'NONE');
SELECT sessionize.create_contract('web', 'step', '2.0.1', '{"maxLength": 7}', activate => false);
SELECT sessionize.drop_contract('web', 'step', '2.0.0');
SELECT sessionize.create_contract('web', 'step', '3.0.0', '{"maxLength": 9}', compatibility => 'BACKWARD_TRANSITIVE');
SELECT sessionize.create_contract('web', 'step', '0.9.0', '{"maxLength": 10}', activate => false);
SELECT sessionize.create_contract('web', 'step', '0.9.0', '{"maxLength": 5}', activate => false);
SELECT sessionize.drop_contract('web', 'step', '1.0.0');
SELECT version, schema FROM sessionize.contracts WHERE event_name = 'step';

-- all events, other documents, the whole row
SELECT sessionize.create_contract('web', NULL, '1.0.0', '{"type": "object"}', about => 'context');
SELECT sessionize.create_contract('web', NULL, '1.0.0', '{"required": ["visitor"]}', about => '*');
SELECT sessionize.create_contract('web', 'order', '1.0.0', 'true', about => 'properties -> ''items''');
SELECT sessionize.create_contract('app', 'order', '1.0.0', 'false', about => 'coalesce(properties, ''{}'')', mode => 'warn');
SELECT pipeline_name, event_name, about, version, schema, mode, is_active FROM sessionize.contracts WHERE about <> 'properties';
SELECT p.pipeline_name, d.number, d.expression, count(c) FROM sessionize.contract_document AS d JOIN sessionize.pipeline AS p USING (pipeline_id)
LEFT JOIN sessionize.contract AS c ON (c.pipeline_id, c.document) = (d.pipeline_id, d.number) GROUP BY 1, 2, 3 ORDER BY 1, 2;

-- a deployment script runs again: the same schema is taken, another one is not, and nothing else is touched
SET client_min_messages = notice;
SELECT sessionize.create_contract('web', 'order', '1-0-0', '{"required": ["sku", "price"], "type": "object", "properties": {"price": {"type": "integer"}, "sku": {"type": "string"}}}');
SELECT sessionize.create_contract('web', 'order', '1-0-10', '{"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "price": {"type": "number"}, "currency": {"enum": ["EUR", "USD"]}}}');
SELECT sessionize.create_contract('web', 'order', '1-0-0', '{"type": "object"}');
SET client_min_messages = warning;
SELECT version, mode FROM shown WHERE event_name = 'order' AND active;

-- active versions
SELECT sessionize.activate_contract('web', 'order', '2-0-0'), sessionize.activate_contract('web', 'order', '2-0-0');
SELECT version FROM shown WHERE event_name = 'order' AND active;
SELECT sessionize.drop_contract('web', 'order', '2-0-0');
SELECT sessionize.deactivate_contract('web', 'order'), sessionize.deactivate_contract('web', 'order');
SELECT sessionize.drop_contract('web', 'order', '2-0-0');
SELECT sessionize.deactivate_contract('web', 'order', 'properties -> ''items''');
SELECT version, about, active FROM shown WHERE event_name = 'order';
SELECT sessionize.drop_contract('web', 'order', '1.0.0', about => 'properties -> ''items''');
SELECT count(*) FROM sessionize.contract_document WHERE expression LIKE '%items%';
SELECT sessionize.activate_contract('web', 'order', '1-0-9');

-- what can be changed
SELECT sessionize.alter_contract('web', 'order', '1-0-9', mode => 'warn', compatibility => 'FULL', contact => '', deprecated_at => '2100-01-01Z');
SELECT sessionize.alter_contract('web', 'order', '1-0-9', mode => 'warn', compatibility => 'backward', contact => '', deprecated_at => '2100-01-01Z');
SELECT mode, compatibility, contact, description, supersedes, deprecated, deprecated_at FROM sessionize.contracts WHERE event_name = 'order' AND version = '1-0-9';
SELECT sessionize.alter_contract('web', 'order', '1-0-9', mode => 'warn'), sessionize.alter_contract('web', 'order', '1-0-9');
SELECT sessionize.alter_contract('web', 'order', '1-0-9', contact => 'orders@example.com', description => '', supersedes => '', deprecated_at => 'infinity');
SELECT sessionize.alter_contract('web', 'order', '1-0-9', supersedes => '1-0-9');
SELECT mode, compatibility, contact, description, supersedes, deprecated, deprecated_at FROM sessionize.contracts WHERE event_name = 'order' AND version = '1-0-9';
SELECT sessionize.alter_contract('web', 'order', '1-0-9', mode => 'refuse');
SELECT sessionize.alter_contract('web', 'order', '1-0-9', compatibility => 'FORWARDS');

-- schemas that refer to those of other contracts
SELECT sessionize.create_contract('web', 'cart', '1.0.0', '{"$id": "https://shop.example/cart/1.0.0", "type": "object", "properties": {"total": {"$ref": "money/1.0.0"}}}');
SELECT sessionize.create_contract('web', 'money', '1.0.0', '{"$id": "https://shop.example/cart/money/1.0.0", "$defs": {"amount": {"type": "integer", "minimum": 0}}, "$ref": "#/$defs/amount"}', activate => false);
SELECT sessionize.create_contract('web', 'cart', '1.0.0', '{"$id": "https://shop.example/cart/1.0.0", "type": "object", "properties": {"total": {"$ref": "money/1.0.0"}}}');
SELECT sessionize.create_contract('web', 'checkout', '1.0.0', '{"properties": {"cart": {"$ref": "https://shop.example/cart/1.0.0"}, "tip": {"$ref": "https://shop.example/cart/money/1.0.0#/$defs/amount"}}}');
SELECT c.event_name, r.event_name AS refers_to FROM sessionize.contract_reference AS x
JOIN sessionize.contract AS c USING (pipeline_id, number) JOIN sessionize.contract AS r ON (r.pipeline_id, r.number) = (x.pipeline_id, x.refers_to) ORDER BY 1, 2;
SELECT event_name, refers_to FROM sessionize.contracts WHERE refers_to IS NOT NULL;
-- a document, by a version or by the active one; what is referred to is there, formats count, and a program is never out of date
SELECT * FROM sessionize.contract_violations('web', 'checkout', '{"cart": {"total": -1}, "tip": 1.5}');
SELECT keyword, message FROM sessionize.contract_violations('web', 'order', '{"sku": "A", "price": 1.5, "currency": "USD"}');
SELECT keyword, message FROM sessionize.contract_violations('web', 'order', '{"sku": "A", "price": 1.5, "currency": "USD"}', version => '1-0-0');
SELECT count(*) FROM sessionize.contract_violations('web', 'order', '{"sku": "A", "price": 1.5, "currency": "USD"}', '1-0-10');
SELECT count(*) FROM sessionize.contract_violations('web', 'order', '{}', '1-0-0', "limit" => 1);
SELECT count(*) FROM sessionize.contract_violations('web', 'order', NULL);
SELECT count(*) FROM sessionize.contract_violations('web', NULL, '{}', about => '*');
SELECT sessionize.create_contract('web', 'mail', '1.0.0', '{"$id": "https://shop.example/mail", "format": "email"}', activate => false);
SELECT sessionize.create_contract('web', 'mails', '1.0.0', '{"items": {"$ref": "https://shop.example/mail"}}');
SELECT count(*) FROM sessionize.contract_violations('web', 'mails', '["a@b.example", "c"]');
SELECT sessionize.deactivate_contract('web', 'mails');
SELECT sessionize.drop_contract('web', 'mails', '1.0.0');
SELECT sessionize.drop_contract('web', 'mail', '1.0.0');
SELECT sessionize.create_contract('web', 'mail', '1.0.0', '{"$id": "https://shop.example/mail", "format": "date"}', activate => false);
SELECT sessionize.create_contract('web', 'mails', '1.0.0', '{"items": {"$ref": "https://shop.example/mail"}}');
SELECT count(*) FROM sessionize.contract_violations('web', 'mails', '["a@b.example", "c"]');
SELECT sessionize.contract_violations('web', 'mail', '1');
SELECT sessionize.contract_violations('web', 'mail', '1', '7.0.0');
SELECT sessionize.contract_violations('web', 'mails', '1', "limit" => 0);
SELECT sessionize.contract_violations(NULL, 'mails', '1');
-- versions are compared with what they refer to, and what that refers to
SELECT sessionize.create_contract('web', 'unit', n || '.0.0', jsonb_build_object('$id', 'https://shop.example/unit/' || n, 'maxLength', n, 'minLength', 1), compatibility => 'NONE', activate => false) FROM generate_series(3, 5) AS n;
SELECT sessionize.create_contract('web', 'price', n || '.0.0', jsonb_build_object('$id', 'https://shop.example/price/' || n, 'properties', jsonb_build_object('unit', jsonb_build_object('$ref', '../unit/' || n))), compatibility => 'NONE', activate => false) FROM generate_series(3, 5) AS n;
SELECT sessionize.create_contract('web', 'basket', '1.0.0', '{"items": {"$ref": "https://shop.example/price/4"}}', activate => false);
SELECT sessionize.create_contract('web', 'basket', '1.1.0', '{"items": {"$ref": "https://shop.example/price/3"}}', activate => false);
SELECT sessionize.create_contract('web', 'basket', '1.1.0', '{"items": {"$ref": "https://shop.example/price/5"}}', activate => false);
SELECT sessionize.create_contract('web', 'basket', '1.2.0', '{"items": {"properties": {"unit": {"maxLength": 5}}}}', activate => false);
SELECT sessionize.create_contract('web', 'basket', '1.3.0', '{"items": {"$ref": "https://shop.example/price/5#/properties/unit"}}', activate => false);
SELECT sessionize.create_contract('web', 'basket', '1.3.0', '{"items": {"properties": {"unit": {"$ref": "https://shop.example/price/5#/properties/unit"}}}}', activate => false);
SELECT sessionize.create_contract('web', 'basket', '1.3.0', '{"items": {"properties": {"unit": {"$ref": "https://shop.example/price/5#/properties/unit"}}}}', activate => false, compatibility => 'FORWARD');
SELECT sessionize.create_contract('web', 'basket', '1.4.0', '{"title": "Basket", "items": {"properties": {"unit": {"$ref": "https://shop.example/price/5#/properties/unit"}}}}', activate => false, compatibility => 'FULL');
-- one that leads back to itself by way of the other
SELECT sessionize.create_contract('web', 'tree', '1.0.0', '{"$id": "https://shop.example/tree/1", "properties": {"left": {"$ref": "https://shop.example/tree/1"}, "unit": {"$ref": "unit/../../unit/4"}}}', activate => false);
SELECT sessionize.create_contract('web', 'tree', '2.0.0', '{"$id": "https://shop.example/tree/2", "properties": {"left": {"$ref": "2"}, "unit": {"$ref": "/unit/5"}}}', activate => false);
SELECT sessionize.create_contract('web', 'tree', '2.1.0', '{"$id": "https://shop.example/tree/3", "properties": {"left": {"$ref": "https://shop.example/tree/1"}, "unit": {"$ref": "/unit/5"}}}', activate => false);
SELECT sessionize.create_contract('web', 'tree', '2.1.0', '{"$id": "https://shop.example/tree/3", "properties": {"left": {"$ref": "https://shop.example/tree/2"}, "unit": {"$ref": "/unit/5"}}}', activate => false);
-- the other pipeline has no such contract
SELECT sessionize.create_contract('app', 'cart', '1.0.0', '{"$ref": "https://shop.example/cart/money/1.0.0"}');
-- what is referred to stays, and stays the only one of its name
SELECT sessionize.drop_contract('web', 'money', '1.0.0');
SELECT sessionize.create_contract('web', 'money', '1.0.1', '{"$id": "https://shop.example/cart/money/1.0.0", "type": "integer"}');
SELECT sessionize.create_contract('web', 'money', '1.0.1', '{"$id": "https://shop.example/cart/money/1.0.0#", "type": "integer", "$schema": "http://json-schema.org/draft-07/schema#"}');
SELECT sessionize.create_contract('web', 'money', '1.0.1', '{"$id": "https://shop.example/cart/money/1.0.1", "type": "integer"}', activate => false);
SELECT sessionize.create_contract('web', 'money', '1.0.2', '{"$id": "https://shop.example/cart/money/1.0.1", "type": "integer", "title": "2"}', activate => false);
SELECT sessionize.create_contract('web', 'pay', '1.0.0', '{"properties": {"sum": {"$ref": "https://shop.example/cart/money/1.0.1"}}}');
SELECT sessionize.create_contract('web', 'pay', '1.0.0', '{"$id": "http://json-schema.org/draft-07/schema#", "type": "object"}');
-- meta-schemas are known, and names that are not absolute are nobody's
SELECT sessionize.create_contract('web', 'schema', '1.0.0', '{"$ref": "https://json-schema.org/draft/2020-12/schema"}');
SELECT sessionize.create_contract('web', 'relative', '1.0.0', '{"$id": "pay.json", "type": "object"}');
SELECT sessionize.create_contract('web', 'pay', '1.0.0', '{"$ref": "pay.json"}');
SELECT sessionize.drop_contract('web', 'checkout', '1.0.0');
SELECT sessionize.deactivate_contract('web', 'checkout'), sessionize.deactivate_contract('web', 'cart');
SELECT sessionize.drop_contract('web', 'cart', '1.0.0');
SELECT sessionize.drop_contract('web', 'checkout', '1.0.0');
SELECT sessionize.drop_contract('web', 'cart', '1.0.0');
SELECT sessionize.drop_contract('web', 'money', '1.0.0');

-- when rows may be judged otherwise, and only then
SET client_min_messages = debug1;
SELECT sessionize.create_contract('app', 'view', '1.0.0', '{"type": "object"}', activate => false);
SELECT sessionize.create_contract('app', 'view', '1.1.0', '{"type": "object", "properties": {"x": {"type": "string"}}}');
SELECT sessionize.activate_contract('app', 'view', '1.0.0');
SELECT sessionize.activate_contract('app', 'view', '1.0.0');
SELECT sessionize.alter_contract('app', 'view', '1.0.0', mode => 'warn');
SELECT sessionize.alter_contract('app', 'view', '1.1.0', mode => 'warn');
SELECT sessionize.alter_contract('app', 'view', '1.0.0', contact => 'x', description => 'y', deprecated_at => '2026-01-01Z', compatibility => 'NONE');
SELECT sessionize.drop_contract('app', 'view', '1.1.0');
SELECT sessionize.deactivate_contract('app', 'view');
-- the last one that is active, and the first: whether there are contracts at all
SELECT sessionize.deactivate_contract('app', 'order', 'coalesce(properties, ''{}'')');
SELECT sessionize.activate_contract('app', 'view', '1.0.0');
SELECT sessionize.create_contract('app', NULL, '1.0.0', 'true');
SET client_min_messages = warning;

-- a pipeline whose events have no names
SELECT sessionize.create_pipeline('unnamed', 'events', key => 'visitor', event_time => 'at', event_name => '');
SELECT sessionize.create_contract('unnamed', 'view', '1.0.0', 'true');
SELECT sessionize.create_contract('unnamed', NULL, '1.0.0', 'true');
SELECT sessionize.drop_pipeline('unnamed');

-- what is refused
SELECT sessionize.create_contract('nosuch', 'x', '1.0.0', 'true');
SELECT sessionize.create_contract(NULL, 'x', '1.0.0', 'true');
SELECT sessionize.create_contract('web', '', '1.0.0', 'true');
SELECT sessionize.create_contract('web', repeat('x', 1001), '1.0.0', 'true');
SELECT sessionize.create_contract('web', 'x', NULL, 'true');
SELECT sessionize.create_contract('web', 'x', '1.0', 'true');
SELECT sessionize.create_contract('web', 'x', '1.0.0', NULL);
SELECT sessionize.create_contract('web', 'x', '1.0.0', '[]');
SELECT sessionize.create_contract('web', 'x', '1.0.0', '{"properties": {"name": {"type": "string", "minLenght": 1}}}');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', mode => 'refuse');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', mode => NULL);
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', compatibility => NULL);
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', compatibility => 'BACKWARDS');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', about => NULL);
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', about => 'nothing');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', about => 'note');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', about => 'plain');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', about => 'jsonb_build_object(''now'', now())');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', about => '(SELECT ''{}''::jsonb)');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', about => repeat('x', 1001));
SELECT sessionize.create_contract('web', 'size', '1-0-0', '{"maxLength": 7}');
SELECT sessionize.create_contract('web', 'size', '1.3.0+x', '{"maxLength": 7}');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', supersedes => '1.0.0');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true', supersedes => '1-0-0');
SELECT sessionize.activate_contract('web', 'size', '7.0.0');
SELECT sessionize.activate_contract('web', 'nosuch', '1.0.0');
SELECT sessionize.activate_contract('web', 'size', NULL);
SELECT sessionize.deactivate_contract('web', 'nosuch');
SELECT sessionize.alter_contract('web', NULL, '2.0.0');
SELECT sessionize.drop_contract('web', 'size', '7.0.0');
SELECT count(*) FROM shown WHERE event_name = 'x';
BEGIN READ ONLY;
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT sessionize.drop_contract('web', 'size', '1.0.0');
ROLLBACK;

-- who may, and who sees it
CREATE ROLE regress_owner;
CREATE ROLE regress_other;
GRANT SELECT ON events TO regress_owner;
SELECT sessionize.alter_pipeline_owner('app', 'regress_owner');
SET ROLE regress_owner;
SELECT pipeline_name, count(*) FROM sessionize.contracts GROUP BY 1;
SELECT sessionize.create_contract('app', 'x', '1.0.0', 'true'), sessionize.alter_contract('app', 'x', '1.0.0', mode => 'warn'), sessionize.activate_contract('app', 'x', '1.0.0'),
	sessionize.deactivate_contract('app', 'x');
SELECT sessionize.drop_contract('app', 'x', '1.0.0');
SELECT sessionize.create_contract('web', 'x', '1.0.0', 'true');
TABLE sessionize.contract;
SET ROLE regress_other;
SELECT count(*) FROM sessionize.contracts;
SELECT sessionize.create_contract('app', 'x', '1.0.0', 'true');
SELECT sessionize.activate_contract('app', 'view', '1.0.0');
SELECT sessionize.deactivate_contract('app', 'view');
SELECT sessionize.alter_contract('app', 'view', '1.0.0', mode => 'warn');
SELECT sessionize.drop_contract('app', 'view', '1.0.0');
SELECT sessionize.contract_violations('app', 'view', '1');
RESET ROLE;
SELECT sessionize.alter_pipeline_owner('app', current_user::text);

-- they go with the pipeline
SELECT sessionize.drop_pipeline('web'), sessionize.drop_pipeline('app');
SELECT (SELECT count(*) FROM sessionize.contract), (SELECT count(*) FROM sessionize.contract_document), (SELECT count(*) FROM sessionize.contract_reference);
DROP VIEW shown;
DROP TABLE events;
DROP ROLE regress_owner, regress_other;
