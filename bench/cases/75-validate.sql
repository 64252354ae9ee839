--# case Documents of ten properties, with nested objects and arrays, checked by a JSON Schema
--# setup
CREATE TABLE documents AS
SELECT jsonb_build_object('event_id', md5(n::text)::uuid, 'name', (ARRAY['product_viewed', 'order_completed', 'page_viewed'])[1 + n % 3], 'ts', '2026-12-01T04:42:05.322Z',
    'user_id', n % 1000, 'price', CASE WHEN n % 100 = 0 THEN to_jsonb('free'::text) ELSE to_jsonb(round((n % 10000) / 100.0, 2)) END, 'currency', (ARRAY['EUR', 'USD'])[1 + n % 2],
    'tags', jsonb_build_array('a', 'b', 'c' || n % 10), 'is_test', false, 'items', jsonb_build_array(jsonb_build_object('sku', 's' || n % 100, 'qty', 1 + n % 5)),
    'context', jsonb_build_object('locale', 'en-US', 'page', jsonb_build_object('url', 'https://shop.example/p/' || n % 1000, 'title', 'Home'),
        'device', jsonb_build_object('type', 'mobile', 'width', 390, 'height', 844))) AS doc
FROM generate_series(1, (SELECT count(*) / 5 FROM narrow)) AS n;
VACUUM (FREEZE, ANALYZE) documents;
CREATE FUNCTION is_text(value jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$ BEGIN RETURN value IS NULL OR jsonb_typeof(value) = 'string'; END $$;
CREATE FUNCTION is_whole(value jsonb, lowest numeric) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN value IS NULL OR jsonb_typeof(value) = 'number' AND value::numeric = trunc(value::numeric) AND (lowest IS NULL OR value::numeric >= lowest);
END $$;
CREATE FUNCTION is_item(item jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN jsonb_typeof(item) = 'object' AND item ?& '{sku,qty}' AND is_text(item -> 'sku') AND is_whole(item -> 'qty', 1);
END $$;
CREATE FUNCTION is_context(c jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF c IS NULL THEN RETURN true; END IF;
    IF jsonb_typeof(c) <> 'object' OR NOT c ? 'locale' OR NOT is_text(c -> 'locale') THEN RETURN false; END IF;
    IF c ? 'page' AND (jsonb_typeof(c -> 'page') <> 'object' OR (c -> 'page') - '{url,title}'::text[] <> '{}' OR NOT is_text(c -> 'page' -> 'url') OR
       length(c -> 'page' ->> 'url') > 2000 OR NOT is_text(c -> 'page' -> 'title')) THEN RETURN false; END IF;
    IF c ? 'device' AND (jsonb_typeof(c -> 'device') <> 'object' OR NOT (c -> 'device') ? 'type' OR c -> 'device' ->> 'type' NOT IN ('mobile', 'desktop', 'tablet') OR
       NOT is_whole(c -> 'device' -> 'width', NULL) OR NOT is_whole(c -> 'device' -> 'height', NULL)) THEN RETURN false; END IF;
    RETURN true;
END $$;
CREATE FUNCTION is_valid(d jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    e jsonb;
BEGIN
    IF jsonb_typeof(d) <> 'object' OR NOT d ?& '{event_id,name,ts,user_id}' OR d - '{event_id,name,ts,user_id,price,currency,tags,is_test,items,context}'::text[] <> '{}' THEN RETURN false; END IF;
    IF NOT is_text(d -> 'event_id') OR length(d ->> 'event_id') <> 36 OR d ->> 'name' NOT IN ('product_viewed', 'order_completed', 'page_viewed', 'signed_up') OR NOT is_text(d -> 'ts') THEN RETURN false; END IF;
    IF NOT is_whole(d -> 'user_id', 0) THEN RETURN false; END IF;
    IF d ? 'price' AND (jsonb_typeof(d -> 'price') <> 'number' OR (d ->> 'price')::numeric NOT BETWEEN 0 AND 100000) THEN RETURN false; END IF;
    IF NOT is_text(d -> 'currency') OR length(d ->> 'currency') <> 3 OR jsonb_typeof(d -> 'is_test') <> 'boolean' THEN RETURN false; END IF;
    IF jsonb_typeof(d -> 'tags') <> 'array' OR jsonb_array_length(d -> 'tags') > 10 OR jsonb_typeof(d -> 'items') <> 'array' THEN RETURN false; END IF;
    FOR e IN SELECT * FROM jsonb_array_elements(d -> 'tags') LOOP
        IF NOT is_text(e) THEN RETURN false; END IF;
    END LOOP;
    FOR e IN SELECT * FROM jsonb_array_elements(d -> 'items') LOOP
        IF NOT is_item(e) THEN RETURN false; END IF;
    END LOOP;
    RETURN is_context(d -> 'context');
END $$;
--# teardown
DROP TABLE documents;
DROP FUNCTION is_valid(jsonb), is_context(jsonb), is_item(jsonb), is_whole(jsonb, numeric), is_text(jsonb);
--# run
SELECT count(*) FILTER (WHERE valid) FROM ({}) AS s
--# check
SELECT count(*), count(*) FILTER (WHERE valid), sum(digest(doc::text)) FILTER (WHERE valid) FROM ({} OFFSET 0) AS s

--# side PL/pgSQL: the same rules by hand
--# workers 2
SELECT doc, is_valid(doc) AS valid FROM documents
--# side plain SQL: five jsonb_typeof, which see less
--# workers 2
SELECT doc, jsonb_typeof(doc -> 'event_id') = 'string' AND jsonb_typeof(doc -> 'name') = 'string' AND jsonb_typeof(doc -> 'user_id') = 'number' AND jsonb_typeof(doc -> 'price') = 'number' AND
       jsonb_typeof(doc -> 'context' -> 'page' -> 'url') = 'string' AS valid
FROM documents
--# side validate()
--# role ours
--# needs sessionize.validate
--# workers 2
SELECT doc, sessionize.validate('{"type": "object", "required": ["event_id", "name", "ts", "user_id"], "additionalProperties": false, "properties": {
    "event_id": {"type": "string", "minLength": 36, "maxLength": 36}, "name": {"enum": ["product_viewed", "order_completed", "page_viewed", "signed_up"]}, "ts": {"type": "string"},
    "user_id": {"type": "integer", "minimum": 0}, "price": {"type": "number", "minimum": 0, "maximum": 100000}, "currency": {"type": "string", "minLength": 3, "maxLength": 3},
    "tags": {"type": "array", "maxItems": 10, "items": {"type": "string"}}, "is_test": {"type": "boolean"},
    "items": {"type": "array", "items": {"type": "object", "required": ["sku", "qty"], "properties": {"sku": {"type": "string"}, "qty": {"type": "integer", "minimum": 1}}}},
    "context": {"type": "object", "required": ["locale"], "properties": {"locale": {"type": "string"},
        "page": {"type": "object", "additionalProperties": false, "properties": {"url": {"type": "string", "maxLength": 2000}, "title": {"type": "string"}}},
        "device": {"type": "object", "required": ["type"], "properties": {"type": {"enum": ["mobile", "desktop", "tablet"]}, "width": {"type": "integer"}, "height": {"type": "integer"}}}}}}}', doc) AS valid
FROM documents
--# side floor: the documents
--# role floor
--# run
SELECT count(*) FILTER (WHERE doc IS NOT NULL) FROM documents
--# check
