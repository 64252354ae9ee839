CREATE FUNCTION sessionize.set_naming_rule(pipeline text, what text, rule text) RETURNS boolean
AS 'MODULE_PATHNAME', 'sessionize_set_naming_rule'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.set_naming_rule IS 'say how the events or the properties of a pipeline are to be called; false if nothing changes';

CREATE FUNCTION sessionize.naming_violations(pipeline text)
RETURNS TABLE (what text, event_name text, version text, about text, path text, name text, rule text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	WITH RECURSIVE part (event_name, version, about, path, value, kind, name) AS (
		SELECT c.event_name, c.version, c.about, '', c.schema, 'schema', NULL
		FROM sessionize.contracts AS c
		WHERE c.pipeline_name = naming_violations.pipeline
		UNION ALL
		SELECT p.event_name, p.version, p.about,
		       p.path || '/' || pg_catalog.replace(pg_catalog.replace(m.key, '~', '~0'), '/', '~1'),
		       m.value, m.kind, CASE WHEN p.kind = 'properties' THEN m.key END
		FROM part AS p
		CROSS JOIN LATERAL (
			SELECT e.key, e.value,
			       CASE WHEN p.kind <> 'schema' THEN 'schema'
			            WHEN e.key = 'properties' THEN 'properties'
			            WHEN e.key IN ('patternProperties', '$defs', 'definitions', 'dependentSchemas') THEN 'schemas'
			            WHEN e.key IN ('allOf', 'anyOf', 'oneOf', 'prefixItems', 'items', 'additionalItems', 'contains', 'additionalProperties',
			                           'unevaluatedItems', 'unevaluatedProperties', 'not', 'if', 'then', 'else') THEN 'schema'
			       END AS kind
			FROM pg_catalog.jsonb_each(CASE pg_catalog.jsonb_typeof(p.value) WHEN 'object' THEN p.value ELSE '{}' END) AS e
			UNION ALL
			SELECT (a.n - 1)::text, a.value, 'schema'
			FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(p.value) WHEN 'array' THEN p.value ELSE '[]' END)
			     WITH ORDINALITY AS a (value, n)
		) AS m
		WHERE m.kind IS NOT NULL
	),
	named (what, event_name, version, about, path, name) AS (
		SELECT DISTINCT 'event', c.event_name, NULL, NULL, NULL, c.event_name
		FROM sessionize.contracts AS c
		WHERE c.pipeline_name = naming_violations.pipeline AND c.event_name IS NOT NULL
		UNION ALL
		SELECT 'property', p.event_name, p.version, p.about, p.path, p.name
		FROM part AS p
		WHERE p.name IS NOT NULL
	)
	SELECT n.what, n.event_name, n.version, n.about, n.path, n.name, r.rule
	FROM named AS n
	JOIN sessionize.naming_rules AS r ON r.what = n.what AND r.pipeline_name = naming_violations.pipeline
	WHERE n.name COLLATE "C" !~ r.pattern COLLATE "C"
	ORDER BY n.what, n.event_name COLLATE "C" NULLS FIRST, n.about COLLATE "C",
	         sessionize.contract_version_key(n.version) COLLATE "C", n.path COLLATE "C";
END;
COMMENT ON FUNCTION sessionize.naming_violations(text) IS 'the events and properties of a pipeline''s contracts that are called otherwise than its naming rules say';

CREATE FUNCTION sessionize.tracking_plan(pipeline text) RETURNS jsonb
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET timezone = 'UTC'
BEGIN ATOMIC
	SELECT pg_catalog.jsonb_build_object(
	           'contracts', (
	           SELECT coalesce(pg_catalog.jsonb_agg(
	                      pg_catalog.jsonb_build_object('event_name', c.event_name, 'version', c.version, 'about', c.about,
	                          'schema', c.schema, 'mode', c.mode, 'activate', c.is_active, 'compatibility', c.compatibility)
	                      || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('contact', c.contact, 'description', c.description,
	                          'supersedes', c.supersedes, 'deprecated_at', c.deprecated_at))
	                      -- what others refer to comes before them
	                      ORDER BY coalesce(pg_catalog.cardinality(c.refers_to), 0), c.event_name COLLATE "C" NULLS FIRST, c.about COLLATE "C",
	                               sessionize.contract_version_key(c.version) COLLATE "C"), '[]')
	           FROM sessionize.contracts AS c WHERE c.pipeline_name = p.pipeline_name),
	           'naming', (
	           SELECT coalesce(pg_catalog.jsonb_object_agg(r.what, r.rule), '{}')
	           FROM sessionize.naming_rules AS r WHERE r.pipeline_name = p.pipeline_name),
	           'rules', (
	           SELECT pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('contract_version', r.contract_version, 'unplanned', r.unplanned))
	           FROM sessionize.contract_rules AS r WHERE r.pipeline_name = p.pipeline_name))
	FROM sessionize.pipelines AS p
	WHERE p.pipeline_name = tracking_plan.pipeline
	UNION ALL
	SELECT d.plan FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = tracking_plan.pipeline;
END;
COMMENT ON FUNCTION sessionize.tracking_plan(text) IS 'the contracts, contract rules and naming rules of a pipeline as one document, which apply_tracking_plan takes';

CREATE FUNCTION sessionize.apply_tracking_plan(pipeline text, plan jsonb, dry_run boolean DEFAULT true)
RETURNS TABLE (action text, event_name text, version text, about text, detail text)
AS 'MODULE_PATHNAME', 'sessionize_apply_tracking_plan'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.apply_tracking_plan IS 'make the contracts, contract rules and naming rules of a pipeline those of a document, or only say what there is to do';
