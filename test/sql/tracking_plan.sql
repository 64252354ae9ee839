-- The tracking plan of a pipeline: out as one document, and in again; and how events and properties are called.
SET client_min_messages = warning;
\set SHOW_CONTEXT errors
SET timezone = 'Asia/Tokyo';
CREATE TABLE events (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, event_name text, properties jsonb, context jsonb);
CREATE INDEX ON events (visitor, at);
SELECT sessionize.create_pipeline('web', 'events', key => 'visitor', event_time => 'at');
SELECT sessionize.create_pipeline('copy', 'events', key => 'visitor', event_time => 'at');
SELECT sessionize.tracking_plan('web'), sessionize.tracking_plan('nosuch'), sessionize.tracking_plan(NULL);

SELECT sessionize.create_contract('web', 'z_money', '1.0.0', '{"$id": "https://shop.example/money", "type": "number", "enum": [1.50, null]}', activate => false);
SELECT sessionize.create_contract('web', 'order_completed', '1.0.0', '{"type": "object", "properties": {"total": {"$ref": "https://shop.example/money"}}}', description => 'One''s order', deprecated_at => '2030-01-01Z');
SELECT sessionize.create_contract('web', 'order_completed', '1.1.0', '{"type": "object", "properties": {"total": {"$ref": "https://shop.example/money"}, "currency": {"const": null}}}',
	mode => 'warn', supersedes => '1.0.0', contact => 'shop');
-- refers to nothing, so that it comes before those of its contract that it is compared with
SELECT sessionize.create_contract('web', 'order_completed', '2.0.0', '{"type": "array"}', compatibility => 'NONE', activate => false);
SELECT sessionize.create_contract('web', 'order_completed', '2.1.0', '{"type": ["array", "string"]}', activate => false);
SELECT sessionize.create_contract('web', NULL, '1-0-0', 'true', about => 'context');
SELECT sessionize.set_naming_rule('web', 'event', 'object_action'), sessionize.set_naming_rule('web', 'property', '^[a-z]+$');
SELECT jsonb_pretty(sessionize.tracking_plan('web'));

-- into another pipeline: what a dry run says is what is done; then there is nothing to do, and the plan is the same
SELECT * FROM sessionize.apply_tracking_plan('copy', sessionize.tracking_plan('web'));
SELECT sessionize.tracking_plan('copy');
CREATE TEMP TABLE said AS SELECT * FROM sessionize.apply_tracking_plan('copy', sessionize.tracking_plan('web'));
CREATE TEMP TABLE done AS SELECT * FROM sessionize.apply_tracking_plan('copy', sessionize.tracking_plan('web'), dry_run => false);
SELECT count(*), (SELECT count(*) FROM (TABLE said EXCEPT ALL TABLE done) AS x), (SELECT count(*) FROM (TABLE done EXCEPT ALL TABLE said) AS x) FROM done;
SELECT sessionize.tracking_plan('copy') = sessionize.tracking_plan('web') AS same, (SELECT count(*) FROM sessionize.apply_tracking_plan('copy', sessionize.tracking_plan('web'), false));
SET timezone = 'America/New_York';
SELECT sessionize.tracking_plan('copy')::text = sessionize.tracking_plan('web')::text AS same;

-- what has changed, comes and goes
CREATE FUNCTION changed(plan jsonb) RETURNS jsonb LANGUAGE sql RETURN jsonb_set(plan, '{contracts}', (
	SELECT jsonb_agg(CASE WHEN c ->> 'version' = '1.1.0' THEN c || '{"activate": false, "mode": "quarantine", "contact": null, "deprecated_at": "2027-01-01T00:00:00Z"}' ELSE c END ORDER BY n)
	FROM jsonb_array_elements(plan -> 'contracts') WITH ORDINALITY AS x (c, n) WHERE c ->> 'version' <> '2.1.0' AND c -> 'event_name' <> 'null')
	|| '[{"event_name": "cart_viewed", "version": "1-0-0", "schema": {"type": "object"}}]') || '{"naming": {"event": "Title Case"}}';
SELECT * FROM sessionize.apply_tracking_plan('copy', changed(sessionize.tracking_plan('copy')));
SELECT * FROM sessionize.apply_tracking_plan('copy', changed(sessionize.tracking_plan('copy')), false);
SELECT event_name, about, version, mode, is_active, contact, deprecated_at FROM sessionize.contracts WHERE pipeline_name = 'copy';
SELECT what, rule FROM sessionize.naming_rules WHERE pipeline_name = 'copy';
-- parts that are left out stay as they are
SELECT * FROM sessionize.apply_tracking_plan('copy', '{}', false);
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"naming": {}}');
-- all of it goes, what refers to others first
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [], "naming": {}}', false);
SELECT sessionize.tracking_plan('copy');
SELECT * FROM sessionize.apply_tracking_plan('copy', sessionize.tracking_plan('web'), false);
SELECT sessionize.tracking_plan('copy') = sessionize.tracking_plan('web') AS same;

-- contract rules come and go with it
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"rules": {"contract_version": "event_name", "unplanned": "warn"}}');
SELECT contract_version, unplanned FROM sessionize.contract_rules WHERE pipeline_name = 'copy';
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"rules": {"contract_version": "event_name", "unplanned": "warn"}}', false);
SELECT contract_version, unplanned FROM sessionize.contract_rules WHERE pipeline_name = 'copy';
SELECT sessionize.tracking_plan('copy') -> 'rules', (SELECT count(*) FROM sessionize.apply_tracking_plan('copy', sessionize.tracking_plan('copy'), false));
SELECT * FROM sessionize.apply_tracking_plan('copy', sessionize.tracking_plan('web'), false);
SELECT sessionize.tracking_plan('copy') = sessionize.tracking_plan('web') AS same;
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"rules": {"unplanned": "reject"}}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"rules": {"contract_version": "no_column"}}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"rules": {"version": "event_id"}}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"rules": {"unplanned": 1}}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"rules": "warn"}');

-- errors are those of the functions, in a dry run as well, with the contract's name; nothing is done then
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [{"event_name": "x", "version": "1.0.0", "schema": {"typ": "object"}}]}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [{"event_name": "x", "version": "1.0.0", "schema": {"maxLength": 5}}, {"event_name": "x", "version": "1.1.0", "schema": {"maxLength": 4}, "activate": false}]}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [{"event_name": "x", "version": "1.0.0", "schema": {"maxLength": 5}}, {"event_name": "x", "version": "1.1.0", "schema": {"maxLength": 4}, "activate": false}]}', false);
SELECT * FROM sessionize.apply_tracking_plan('copy', jsonb_set(sessionize.tracking_plan('copy'), '{contracts,0,schema}', '{"type": "null"}'));
SELECT * FROM sessionize.apply_tracking_plan('copy', sessionize.tracking_plan('copy') #- '{contracts,2}');
SELECT sessionize.tracking_plan('copy') = sessionize.tracking_plan('web') AS same;
SELECT * FROM sessionize.apply_tracking_plan('copy', '[]');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contract": []}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": {}}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [1]}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [{"version": "1.0.0", "schema": true}]}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [{"event_name": "x", "schema": true}]}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [{"event_name": "x", "version": "1.0.0"}]}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [{"event_name": "x", "version": "1.0.0", "schema": true, "owner": "me"}]}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [{"event_name": "x", "version": "1.0.0", "schema": true}, {"event_name": "x", "version": "1.1.0", "schema": true}]}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"contracts": [{"event_name": "x", "version": "1.0.0", "schema": true}, {"event_name": "x", "version": "1.0.0", "schema": true, "activate": false}]}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"naming": []}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"naming": {"events": "snake_case"}}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"naming": {"event": 1}}');
SELECT * FROM sessionize.apply_tracking_plan('copy', '{"naming": {"event": "snake"}}');
SELECT * FROM sessionize.apply_tracking_plan('copy', NULL);
SELECT * FROM sessionize.apply_tracking_plan('copy', '{}', NULL);

-- naming rules
\set SHOW_CONTEXT never
SELECT sessionize.set_naming_rule('web', 'event', 'object_action'), sessionize.set_naming_rule('web', 'event', 'snake_case'), sessionize.set_naming_rule('web', 'property', NULL),
	sessionize.set_naming_rule('web', 'property', NULL);
SELECT what, rule, pattern FROM sessionize.naming_rules WHERE pipeline_name = 'web';
SELECT sessionize.set_naming_rule('web', 'event', '^(');
SELECT sessionize.set_naming_rule('web', 'event', 'SCREAMING');
SELECT sessionize.set_naming_rule('web', 'user', 'snake_case');
SELECT sessionize.set_naming_rule('web', NULL, 'snake_case');
SELECT sessionize.set_naming_rule('nosuch', 'event', 'snake_case');
-- which names fit which style
CREATE FUNCTION fitting(style text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	fit text;
BEGIN
	PERFORM sessionize.set_naming_rule('web', 'event', style);
	SELECT string_agg(name, ' | ' ORDER BY n) INTO fit
	FROM unnest('{order,order_completed,Order Completed,order completed,orderCompleted,OrderCompleted,order__completed,_order,order_,Order,ORDER,order_2,2_order,Order 2,Order completed,commande_réglée,"order_completed
"}'::text[]) WITH ORDINALITY AS x (name, n), sessionize.naming_rules AS r
	WHERE r.pipeline_name = 'web' AND r.what = 'event' AND x.name COLLATE "C" ~ r.pattern COLLATE "C";
	RETURN fit;
END $$;
SELECT style, fitting(style) FROM unnest('{snake_case,object_action,Title Case,camelCase,^order}'::text[]) AS style;
-- every property of a schema is found, and nothing else
SELECT sessionize.create_contract('web', 'Bad Name', '1.0.0', '{
	"properties": {
		"Bad1": {"properties": {"properties": {"properties": {"Bad2": true}}, "a/b~c": {"enum": [{"properties": {"NotOne": 1}}]}}},
		"list": {"items": {"properties": {"Bad3": true}}, "prefixItems": [{"properties": {"Bad4": true}}]},
		"good": {"default": {"properties": {"NotOne": 1}}}},
	"patternProperties": {"NotOne": {"properties": {"Bad5": true}}},
	"$defs": {"NotOne": {"allOf": [{"not": {"properties": {"Bad6": true}}}]}},
	"additionalProperties": {"if": {"properties": {"Bad7": true}}},
	"required": ["NotOne"]}');
SELECT sessionize.create_contract('web', 'good_name', '1.0.0', '{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"properties": {"Bad8": true}}], "definitions": {"x": {"properties": {"Bad9": true}}}}', about => 'context');
SELECT sessionize.set_naming_rule('web', 'event', 'snake_case'), sessionize.set_naming_rule('web', 'property', 'snake_case');
SELECT * FROM sessionize.naming_violations('web');
SELECT count(*) FROM sessionize.naming_violations('copy');
SELECT count(*) FROM sessionize.naming_violations(NULL);

-- who may
CREATE ROLE regress_other;
SET ROLE regress_other;
SELECT count(*) FROM sessionize.naming_rules;
SELECT count(*) FROM sessionize.naming_violations('web');
SELECT sessionize.tracking_plan('web');
SELECT sessionize.set_naming_rule('web', 'event', 'snake_case');
SELECT * FROM sessionize.apply_tracking_plan('web', '{}');
TABLE sessionize.naming_rule;
RESET ROLE;
BEGIN READ ONLY;
SELECT * FROM sessionize.apply_tracking_plan('web', '{}');
ROLLBACK;
SELECT sessionize.drop_pipeline('web'), sessionize.drop_pipeline('copy');
SELECT count(*) FROM sessionize.naming_rule;
DROP FUNCTION changed, fitting;
DROP TABLE events;
DROP ROLE regress_other;
