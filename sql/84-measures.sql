CREATE FUNCTION sessionize.add_measure(
	pipeline   text,
	name       text,
	kind       text,
	expression text DEFAULT NULL,
	filter     text DEFAULT NULL,
	cap        interval DEFAULT NULL,
	grain      text DEFAULT 'session'
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_add_measure'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.add_measure IS 'add a measure to the sessions, or the events, of a pipeline, as a column of fact_session or fact_event and of the views over it; the next refresh or rebuild fills it';

CREATE FUNCTION sessionize.drop_measure(pipeline text, name text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_measure'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.drop_measure IS 'drop a measure of a pipeline with its column';

CREATE FUNCTION sessionize.definition(pipeline text) RETURNS jsonb
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET intervalstyle = 'postgres'
BEGIN ATOMIC
	SELECT pg_catalog.jsonb_object_agg(d.key, CASE
	           -- an argument that is NULL takes the column of the standard name
	           WHEN d.value = 'null' AND d.key IN ('event_id', 'event_name', 'user_id', 'page', 'sent_at', 'received_at', 'raw_id', 'page_view')
	           THEN '""' ELSE d.value END)
	       || pg_catalog.jsonb_build_object('measures', (
	           SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('name', m.measure, 'kind', m.kind,
	                  'expression', m.expression, 'filter', m.filter, 'cap', m.cap, 'grain', m.grain))), '[]')
	           FROM sessionize.measures AS m WHERE m.pipeline_name = definition.pipeline),
	           'dimensions', (
	           SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('name', d.dimension,
	                  'attributes', d.attributes, 'grain', d.grain, 'pick', d.pick, 'max_members', d.max_members))), '[]')
	           FROM sessionize.dimensions AS d WHERE d.pipeline_name = definition.pipeline))
	       || coalesce((SELECT pg_catalog.jsonb_build_object('rollups', pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
	                  'name', r.rollup, 'by', r.by, 'measures', r.measures, 'grain', r.grain)))
	           FROM sessionize.rollups AS r WHERE r.pipeline_name = definition.pipeline
	           GROUP BY r.pipeline_name), '{}')
	       || coalesce((SELECT pg_catalog.jsonb_build_object('identity', pg_catalog.jsonb_build_object(
	                  'max_users_per_key', i.max_users_per_key, 'max_keys_per_user', i.max_keys_per_user))
	           FROM sessionize.identities AS i WHERE i.pipeline_name = definition.pipeline), '{}')
	FROM sessionize.pipelines AS p, pg_catalog.jsonb_each(pg_catalog.to_jsonb(p)
	       OPERATOR(pg_catalog.-) '{pipeline_name,source,owner,sealed_before,created_at}'::text[]) AS d
	WHERE p.pipeline_name = definition.pipeline
	  -- page views are told by the event name, or by the page, unless create_pipeline is told otherwise
	  AND NOT (d.key = 'page_view' AND d.value IN ('"event_name = ''page_view''"', '"page IS NOT NULL"'))
	  AND NOT (d.key = 'id_name' AND d.value = 'null')
	GROUP BY p.pipeline_name
	UNION ALL
	SELECT d.definition FROM sessionize.distributed_pipelines AS d WHERE d.pipeline_name = definition.pipeline;
END;
COMMENT ON FUNCTION sessionize.definition(text) IS 'the definition of a pipeline as a document that create_pipeline takes: mapping, rules, measures, dimensions, rollups and the limits of persons';

CREATE FUNCTION sessionize.create_pipeline(name text, source text, definition jsonb) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_create_pipeline_defined'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.create_pipeline(text, text, jsonb) IS 'define a pipeline by a document, as definition() returns it';
