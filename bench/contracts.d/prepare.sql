-- What the parts share: the events, the schemas, and how the processor's time is taken.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION pg_sessionize;
CREATE TABLE sample (contracts text, work text, seconds numeric, quarantined bigint, verified bigint, difference bigint);

-- The processor's time of this backend in seconds, of the user and of the system.
CREATE FUNCTION cpu() RETURNS numeric LANGUAGE sql AS $$
	SELECT (s[14]::numeric + s[15]::numeric) / 100 FROM string_to_array(pg_read_file('/proc/self/stat'), ' ') AS s
$$;
CREATE TABLE events AS
SELECT i AS id, 'u' || (hashint4(i::int) & 8191) AS who, '2026-01-01Z'::timestamptz + (i % 40000) * interval '1 minute' AS at, 'event_' || i % 10 AS event_name,
       jsonb_build_object('title', 'Page ' || i % 100, 'price', i % 1000, 'currency', 'EUR', 'quantity', i % 5, 'sku', 'AB-' || i % 1000, 'category', 'shoes',
                          'in_stock', CASE WHEN (i / 10) % 2 = 0 THEN to_jsonb(true) ELSE '"yes"' END, 'coupon', NULL, 'tags', jsonb_build_array('a', 'b'),
                          'dims', jsonb_build_object('w', i % 50, 'h', 3)) AS properties
FROM generate_series(1, :rows) AS i;
ALTER TABLE events ADD PRIMARY KEY (id);
CREATE INDEX ON events (who, at, id);
VACUUM ANALYZE events;

-- A schema that every event fulfils, and one that every second event violates.
CREATE TABLE schema AS
SELECT 'ten contracts' AS contracts, '{"type": "object", "required": ["title", "price"], "properties": {"title": {"type": "string", "minLength": 1}, "price": {"type": "number", "minimum": 0},
  "currency": {"enum": ["EUR", "USD"]}, "quantity": {"type": "integer"}, "sku": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"}, "category": {"type": "string"},
  "coupon": {"type": ["string", "null"]}, "tags": {"type": "array", "items": {"type": "string"}},
  "dims": {"type": "object", "properties": {"w": {"type": "integer"}, "h": {"type": "integer"}}}}}'::jsonb AS schema;
INSERT INTO schema SELECT 'every second event invalid', jsonb_set(schema, '{properties,in_stock}', '{"type": "boolean"}') FROM schema;
