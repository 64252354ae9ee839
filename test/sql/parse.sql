-- parse_time, parse_number, parse_json and self_described against PostgreSQL's own conversions.
SET timezone = 'UTC';
CREATE SCHEMA parse_test;
SET search_path = parse_test;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
-- The examples of the reference.
SELECT value, sessionize.parse_time(value) FROM unnest(ARRAY['2026-12-01T04:42:05.322Z', '2026-12-01 05:42:05+01:00', '2026-12-01T04:42', '1796100125', '1796100125.322', '1796100125322', 'yesterday', '']) AS value;
SELECT value, sessionize.parse_number(value) FROM unnest(ARRAY['9.50', '-1', '1e3', '9,50', 'EUR 9', '']) AS value;
SELECT value, sessionize.parse_json(value) FROM unnest(ARRAY['{"total": 9.5}', 'eyJ0b3RhbCI6OS41LCJub3RlIjoiw7wifQ', 'e30=', 'no JSON', '9.5']) AS value;
SELECT sessionize.self_described(document, 'order') AS of_event, sessionize.self_described(contexts, 'web_page') AS of_context, sessionize.self_described(contexts, 'user') AS none
FROM (VALUES (jsonb '{"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0", "data": {"schema": "iglu:com.acme/order/jsonschema/1-0-0", "data": {"total": 9.5}}}',
              jsonb '{"schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0", "data": [{"schema": "iglu:com.acme/u/jsonschema/1-0-0", "data": {"k": 1}}, {"schema": "iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0", "data": {"id": "f571"}}]}')) AS v (document, contexts);
-- Times: 20,000 of all years, in several forms and zones.
CREATE TABLE times AS SELECT n, timestamptz '0001-01-01 00:00+00' + (n * 3989.123456) * interval '1 hour' * 4.39 AS t FROM generate_series(0, 4900) AS n;
SELECT min(t) < '0002-01-01' AS early, max(t) > '9000-01-01' AS late FROM times;
SELECT count(*) AS differ FROM times WHERE t < '9999-12-31' AND (
  sessionize.parse_time(to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) IS DISTINCT FROM t
  OR sessionize.parse_time(to_char(t, 'YYYY-MM-DD HH24:MI:SS.US')) IS DISTINCT FROM t
  OR sessionize.parse_time(to_char(t, 'YYYY-MM-DD HH24:MI:SS.MS') || '+00') IS DISTINCT FROM date_trunc('milliseconds', t)
  OR sessionize.parse_time(to_char(t, 'YYYY-MM-DD HH24:MI') || 'Z') IS DISTINCT FROM date_trunc('minute', t)
  OR (t > '0001-01-02' AND sessionize.parse_time(to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS.US') || '-09:30') IS DISTINCT FROM t + interval '9.5 hours')
  OR (t > '0001-01-02' AND sessionize.parse_time(to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+1245') IS DISTINCT FROM t - interval '12 hours 45 minutes'));
SELECT count(*) AS differ FROM times WHERE t >= '1970-01-01' AND t < '4000-01-01' AND (
  sessionize.parse_time(extract(epoch FROM t)::text) IS DISTINCT FROM t
  OR (t > '1980-01-01' AND sessionize.parse_time(trunc(extract(epoch FROM t) * 1000, 3)::text) IS DISTINCT FROM t)
  OR (t > '1980-01-01' AND sessionize.parse_time(trunc(extract(epoch FROM t) * 1000000)::text) IS DISTINCT FROM t));
-- what is no time; a leap second; settings make no difference
SELECT value, sessionize.parse_time(value) FROM unnest(ARRAY['2026-02-29T00:00:00Z', '2024-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-12-01', '2026-12-01T', '2026-12-01T24:00:00Z', '2026-12-31T23:59:60Z', '2026-12-01T04:42:05 Z',
  '2026-12-01T04:42:05+', '2026-12-01T04:42:05+1', '2026-12-01T04:42:05+99:00', '2026-12-01T04:42:05.Z', '2026-12-01T04:42:05.1234567Z', ' 2026-12-01T04:42:05Z', '0000-01-01T00:00:00Z', '-5', '0', '99999999999999999', '100000000000000000', '1796100125322.5x', 'now', 'infinity', '1e12', '2026-12-01T04:42:05EST', '20261201T044205Z']) AS value;
BEGIN;
SET LOCAL timezone = 'Asia/Tokyo';
SET LOCAL datestyle = 'German';
SELECT sessionize.parse_time('2026-12-01T04:42:05') = '2026-12-01T04:42:05Z' AS same;
COMMIT;
-- Numbers
SELECT count(*) AS differ FROM generate_series(-1000, 1000) AS n, unnest(ARRAY[n::text, (n / 7.0)::text, n || 'e' || n % 50, (n * 1.5)::text || 'E-3', '+' || abs(n)]) AS value
WHERE sessionize.parse_number(value) IS DISTINCT FROM value::numeric OR sessionize.parse_number(value || ' ') IS NOT NULL OR sessionize.parse_number(value || 'x') IS NOT NULL;
SELECT value, sessionize.parse_number(value) FROM unnest(ARRAY['.5', '5.', '.', '-', 'e5', '1e', '1e+', '1e61', '1e60', '1e-60', '1e0060', '1e00060', 'NaN', 'Infinity', '0x1F', '1_000', '--1', '1.2.3', repeat('9', 64), repeat('9', 65), '１']) AS value;
-- base64: padded or not, url or not, documents of all lengths; broken ones
SELECT count(*) AS differ FROM generate_series(0, 200) AS n, LATERAL (SELECT jsonb_build_object('k', repeat('ü>?~', n % 9) || left(md5(n::text), n % 33), 'n', n)) AS d (doc), LATERAL (SELECT translate(encode(convert_to(doc::text, 'UTF8'), 'base64'), E'\n', '')) AS b (b64)
WHERE sessionize.parse_json(doc::text) IS DISTINCT FROM doc OR sessionize.parse_json(doc::text || '}') IS NOT NULL OR sessionize.parse_json(b64) IS DISTINCT FROM doc OR sessionize.parse_json(translate(b64, '+/=', '-_')) IS DISTINCT FROM doc;
SELECT value, sessionize.parse_json(value) FROM unnest(ARRAY['', '=', 'A', 'e3', 'e30', 'e30===', 'bnVsbA==', 'MQ', 'IlwidTAwMDAi', encode('{"a": "\\u0000"}', 'base64'), encode('{"a": "\\ud800"}', 'base64'), encode('\x7b2261223a20ff7d', 'base64'), encode('\x00', 'base64'), encode('{"a": 1} x', 'base64'), '{"a": "\u0000"}', '{"a": "\ud800"}', '{"a"', '[1,]', ' {}', '[[]]', '"a"', 'e30 ', 'ü']) AS value;
-- self_described: other forms
SELECT doc, sessionize.self_described(doc, 'x') FROM unnest(ARRAY['1', '{}', '[]', '{"data": 1}', '{"data": []}', '{"data": [1, [], {"schema": 1, "data": 1}, {"schema": "x"}, {"schema": "iglu:v/x/j/1", "data": null}]}',
  '{"data": {"schema": "iglu:v/x/j/1", "data": [1, 2]}}', '{"data": {"schema": "v/x", "data": 1}}', '{"data": {"schema": "v/x/", "data": "s"}}', '{"data": [{"schema": "iglu:v/x/j/1"}, {"schema": "iglu:v/x/j/2", "data": {"a": 1}}, {"schema": "iglu:w/x/j/2", "data": 3}]}']::jsonb[]) AS doc;
DROP SCHEMA parse_test CASCADE;
