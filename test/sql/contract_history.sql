-- Contracts that come, change and go at random: what the registry promises holds after every step, by plain SQL.
SET client_min_messages = error;
CREATE TABLE events (raw_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, event_name text, properties jsonb, context jsonb);
CREATE INDEX ON events (visitor, at);
SELECT sessionize.create_pipeline('web', 'events', key => 'visitor', event_time => 'at');
SELECT sessionize.create_pipeline('copy', 'events', key => 'visitor', event_time => 'at');
CREATE TABLE outcomes (step int, call text, outcome text);

-- one call, chosen by the step's number; all that it may raise is in order
CREATE FUNCTION act(step int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	dice int[] := (SELECT array_agg((hashint8extended(step, n) & 1023)::int ORDER BY n) FROM generate_series(1, 8) AS n);
	event text := (ARRAY['a', 'b', NULL])[dice[1] % 3 + 1];
	part text := (ARRAY['properties', 'context'])[dice[2] % 2 + 1];
	ver text := '1.' || dice[3] % 5 || '.0' || (ARRAY['', '-rc'])[dice[2] / 2 % 2 + 1];
	compat text := (ARRAY['NONE', 'BACKWARD', 'FORWARD', 'FULL', 'BACKWARD_TRANSITIVE', 'FORWARD_TRANSITIVE', 'FULL_TRANSITIVE'])[dice[4] % 7 + 1];
	schema jsonb := jsonb_build_object('maxLength', dice[5] % 4 + 1);
	call text := (ARRAY['create', 'create', 'create', 'activate', 'deactivate', 'alter', 'drop', 'drop'])[dice[6] % 8 + 1];
	done boolean;
BEGIN
	IF dice[7] % 3 = 0 THEN
		schema := schema || jsonb_build_object('$id', 'https://x.example/' || dice[8] % 4);
	ELSIF dice[7] % 3 = 1 THEN
		schema := schema || jsonb_build_object('$ref', 'https://x.example/' || dice[8] % 4);
	END IF;
	BEGIN
		IF call = 'create' THEN
			done := sessionize.create_contract('web', event, ver, schema, about => part, activate => dice[7] / 3 % 2 = 0, compatibility => compat);
		ELSIF call = 'activate' THEN
			done := sessionize.activate_contract('web', event, ver, part);
		ELSIF call = 'deactivate' THEN
			done := sessionize.deactivate_contract('web', event, part);
		ELSIF call = 'alter' THEN
			done := sessionize.alter_contract('web', event, ver, part, mode => (ARRAY['warn', 'quarantine'])[dice[7] % 2 + 1], compatibility => compat);
		ELSE
			PERFORM sessionize.drop_contract('web', event, ver, part);
			done := true;
		END IF;
		INSERT INTO outcomes VALUES (step, call, CASE WHEN done THEN 'done' ELSE 'nothing to do' END);
	EXCEPTION WHEN undefined_object OR duplicate_object OR invalid_object_definition OR object_in_use OR dependent_objects_still_exist OR ambiguous_alias THEN
		INSERT INTO outcomes VALUES (step, call, SQLSTATE);
	END;
END $$;
-- what is broken: nothing
CREATE VIEW broken AS
WITH c AS (
	-- "alone" says the same without a reference
	SELECT c.*, schema - '$id' - '$ref' || coalesce((SELECT jsonb_build_object('allOf', jsonb_build_array(r.schema - '$id')) FROM sessionize.contracts AS r
	           WHERE r.pipeline_name = c.pipeline_name AND r.schema ->> '$id' = c.schema ->> '$ref' LIMIT 1), '{}') AS alone, row_number() OVER (PARTITION BY event_name, about ORDER BY split_part(version, '.', 2)::int, version NOT LIKE '%-rc') AS place
	FROM sessionize.contracts AS c WHERE pipeline_name = 'web')
SELECT 'promise' AS what, c.event_name, c.version
FROM c JOIN c AS e ON e.event_name IS NOT DISTINCT FROM c.event_name AND e.about = c.about
	AND (e.place = c.place - 1 OR (e.place < c.place AND c.compatibility LIKE '%TRANSITIVE'))
WHERE NOT (sessionize.contract_compatible(e.alone, c.alone, lower(split_part(c.compatibility, '_', 1)))).compatible
UNION ALL
SELECT 'several are active', event_name, NULL FROM c WHERE is_active GROUP BY event_name, about HAVING count(*) > 1
UNION ALL
SELECT 'reference', c.event_name, c.version FROM c WHERE c.schema ? '$ref' AND (SELECT count(*) FROM c AS r WHERE r.schema ->> '$id' = c.schema ->> '$ref') <> 1
UNION ALL
SELECT 'noted reference', c.event_name, c.version FROM c WHERE c.refers_to IS DISTINCT FROM CASE WHEN c.schema ? '$ref' THEN ARRAY[c.schema ->> '$ref'] END
UNION ALL
SELECT 'document', NULL, d.number::text FROM sessionize.contract_document AS d WHERE NOT EXISTS (SELECT FROM sessionize.contract AS x WHERE (x.pipeline_id, x.document) = (d.pipeline_id, d.number))
UNION ALL
SELECT 'reference of none', NULL, r.number::text FROM sessionize.contract_reference AS r WHERE NOT EXISTS (SELECT FROM sessionize.contract AS x WHERE (x.pipeline_id, x.number) = (r.pipeline_id, r.number));
CREATE TABLE found (step int, what text);
DO $$
DECLARE
	plan jsonb;
BEGIN
	FOR step IN 1 .. 500 LOOP
		PERFORM act(step);
		INSERT INTO found SELECT step, what FROM broken;
		IF step % 20 = 0 THEN
			-- the plan of the moment, in place of that of 20 steps ago
			plan := sessionize.tracking_plan('web');
			BEGIN
				PERFORM sessionize.apply_tracking_plan('copy', plan, false);
			EXCEPTION WHEN duplicate_object THEN
				-- a version that has another schema since
				INSERT INTO outcomes VALUES (step, 'apply', SQLSTATE);
				PERFORM sessionize.apply_tracking_plan('copy', '{"contracts": []}', false);
				PERFORM sessionize.apply_tracking_plan('copy', plan, false);
			END;
			INSERT INTO found SELECT step, 'another plan' WHERE sessionize.tracking_plan('copy') <> plan;
			INSERT INTO found SELECT step, 'not idempotent' FROM sessionize.apply_tracking_plan('copy', plan, false);
		END IF;
	END LOOP;
END $$;
SELECT what, count(*), min(step) FROM found GROUP BY 1 ORDER BY 1;
-- every outcome has been met
SELECT call, string_agg(DISTINCT outcome, ', ' ORDER BY outcome) AS outcomes FROM outcomes GROUP BY 1 ORDER BY 1;
SELECT sessionize.drop_pipeline('web'), sessionize.drop_pipeline('copy');
DROP FUNCTION act;
DROP VIEW broken;
DROP TABLE events, outcomes, found;
