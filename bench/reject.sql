-- What contracts cost a COPY, by mode: the CPU time of the backend, medians of RUNS runs in turns. Of the sides only the last three have
-- the trigger of mode reject; "disabled" had such a contract before.
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION pg_sessionize;
CREATE FUNCTION cpu() RETURNS bigint LANGUAGE sql RETURN
	(SELECT (f[14]::bigint + f[15]::bigint) * 10 FROM regexp_split_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', 'x x '), ' ') AS f);
-- the resolution is that of clock ticks, 10 ms
CREATE TABLE events AS SELECT n AS id, 'v' || n % 50000 AS visitor, '2026-01-01Z'::timestamptz + n * interval '1 second' AS at, 'e' || n % 10 AS event_name,
	jsonb_build_object('sku', 'A-' || n % 1000, 'price', n % 500 * 0.25, 'currency', (ARRAY['EUR', 'USD'])[1 + n % 2], 'quantity', n % 5, 'coupon', NULL, 'list', 'home', 'position', n % 20,
		'cart', jsonb_build_object('id', md5(n::text), 'size', n % 9, 'lines', jsonb_build_array(1, 2, 3)), 'url', 'https://shop.example/p/' || n % 1000, 'is_new', n % 2 = 0) AS properties
	FROM generate_series(1, :rows) AS n;
COPY events TO :'file';
CREATE TABLE sides (n int, side text, contracts int, mode text);
INSERT INTO sides VALUES (1, 'no contracts', 0, 'quarantine'), (2, 'ten contracts, quarantine', 10, 'quarantine'), (3, 'reject, disabled', 10, 'reject'),
	(4, 'reject, one event of ten', 1, 'reject'), (5, 'reject, all ten', 10, 'reject');
SELECT format('CREATE TABLE raw_%s (LIKE events); CREATE INDEX ON raw_%1$s (visitor, at, id); SELECT sessionize.create_pipeline(''p%1$s'', ''raw_%1$s'', key => ''visitor'', event_time => ''at'', raw_id => ''id'');', n) FROM sides \gexec
SELECT format('SELECT sessionize.create_contract(''p%s'', ''e%s'', ''1-0-0'', %L, mode => %L)', s.n, e, '{"type": "object", "required": ["sku", "price", "currency", "cart"], "properties": {
	"sku": {"type": "string", "pattern": "^[A-Z]-[0-9]+$"}, "price": {"type": "number", "minimum": 0}, "currency": {"enum": ["EUR", "USD"]}, "quantity": {"type": "integer"}, "coupon": {"type": ["string", "null"]},
	"list": {"type": "string"}, "position": {"type": "integer", "minimum": 0}, "url": {"type": "string", "maxLength": 2000}, "is_new": {"type": "boolean"},
	"cart": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "minLength": 32}, "size": {"type": "integer"}, "lines": {"type": "array", "items": {"type": "integer"}}}}}}', s.mode)
FROM sides AS s, generate_series(0, s.contracts - 1) AS e \gexec
SELECT format('SELECT sessionize.alter_contract(''p3'', ''e%s'', ''1-0-0'', mode => ''quarantine'')', e) FROM generate_series(0, 9) AS e \gexec
CREATE TABLE samples (n int, ms bigint);
CREATE PROCEDURE run(file text, runs int) LANGUAGE plpgsql AS $$
DECLARE
	before bigint; s record;
BEGIN
	FOR i IN 0 .. runs LOOP
		FOR s IN SELECT * FROM sides ORDER BY (n + i) % 5 LOOP
			EXECUTE format('TRUNCATE raw_%s', s.n);
			COMMIT;
			before := cpu();
			EXECUTE format('COPY raw_%s FROM %L', s.n, file);
			COMMIT;
			IF i > 0 THEN INSERT INTO samples VALUES (s.n, cpu() - before); END IF;
			COMMIT;
		END LOOP;
	END LOOP;
END $$;
CALL run(:'file', :runs);
SELECT s.side, m.median, round((m.median / first_value(m.median) OVER (ORDER BY s.n))::numeric, 3) AS ratio
FROM sides AS s JOIN (SELECT n, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS median FROM samples GROUP BY n) AS m USING (n) ORDER BY s.n;
