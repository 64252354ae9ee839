--# case A profile of documents of ten properties: which types each property has, and how often
--# setup
CREATE TABLE documents AS
SELECT jsonb_build_object('event_id', md5(n::text)::uuid, 'name', (ARRAY['product_viewed', 'order_completed', 'page_viewed'])[1 + n % 3], 'ts', '2026-12-01T04:42:05.322Z',
    'user_id', n % 1000, 'price', CASE WHEN n % 100 = 0 THEN to_jsonb('free'::text) ELSE to_jsonb(round((n % 10000) / 100.0, 2)) END, 'currency', (ARRAY['EUR', 'USD'])[1 + n % 2],
    'tags', jsonb_build_array('a', 'b', 'c' || n % 10), 'is_test', false, 'items', jsonb_build_array(jsonb_build_object('sku', 's' || n % 100, 'qty', 1 + n % 5)),
    'context', jsonb_build_object('locale', 'en-US', 'page', jsonb_build_object('url', 'https://shop.example/p/' || n % 1000, 'title', 'Home'),
        'device', jsonb_build_object('type', 'mobile', 'width', 390, 'height', 844))) AS doc
FROM generate_series(1, (SELECT count(*) / 5 FROM narrow)) AS n;
VACUUM (FREEZE, ANALYZE) documents;
--# teardown
DROP TABLE documents;
--# run
SELECT count(*) FROM ({}) AS s
--# check
SELECT count(*), sum(n), sum(digest(key || type || n)) FROM ({}) AS s

--# side plain SQL: jsonb_each and GROUP BY, the outermost properties only
--# workers 2
SELECT key, jsonb_typeof(value) AS type, count(*) AS n FROM documents, jsonb_each(doc) GROUP BY 1, 2
--# side plain SQL, with the least and greatest number and length
--# workers 2
SELECT key, jsonb_typeof(value) AS type, count(*) AS n, min(CASE jsonb_typeof(value) WHEN 'number' THEN value::numeric END), max(CASE jsonb_typeof(value) WHEN 'number' THEN value::numeric END),
    min(CASE jsonb_typeof(value) WHEN 'string' THEN length(value #>> '{}') END), max(CASE jsonb_typeof(value) WHEN 'string' THEN length(value #>> '{}') END)
FROM documents, jsonb_each(doc) GROUP BY 1, 2
--# side infer_schema() and property_statistics(), at all levels, with ranges, formats and enumerations
--# role ours
--# needs sessionize.infer_schema
--# workers 2
SELECT split_part(s.schema_path, '/', 3) AS key, CASE t.key WHEN 'integer' THEN 'number' ELSE t.key END AS type, sum(t.value::bigint) AS n
FROM (SELECT sessionize.infer_schema(doc) AS schema, sessionize.property_statistics(doc) AS list FROM documents) AS d, jsonb_to_recordset(d.list) AS s (schema_path text, types jsonb), jsonb_each_text(s.types) AS t
WHERE d.schema IS NOT NULL AND s.schema_path ~ '^#/properties/[^/]*$' GROUP BY 1, 2
--# side floor: the documents
--# role floor
--# run
SELECT count(*) FILTER (WHERE doc IS NOT NULL) FROM documents
--# check
