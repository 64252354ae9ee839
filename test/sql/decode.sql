-- decode(): every form of every protocol, with requests as small as they can be.
SET timezone = 'Asia/Kolkata';
SET datestyle = 'German';
CREATE SCHEMA szdec;
SET search_path = szdec;
\pset null '∅'

-- The examples of the reference.
SELECT event_name, user_id, anonymous_id, occurred_at AT TIME ZONE 'UTC' AS occurred_at, properties
FROM sessionize.decode('segment', '{"type": "track", "event": "Order Completed", "userId": "ann", "anonymousId": "a-17", "timestamp": "2026-12-01T04:42:05.377Z", "properties": {"total": 9.5}}');
SELECT event_name, occurred_at AT TIME ZONE 'UTC' AS occurred_at, properties, context -> 'decode_notes' AS notes
FROM sessionize.decode('generic', convert_to('[{"event": "a", "price": 1e5000, "occurred_at": "soon"}, {"event": "b", "title": "x\u0000y", "occurred_at": "2026-12-01T04:42:05Z"}]', 'UTF8'));

-- What comes back: a row of a type with the columns of an events table, without its number.
SELECT sessionize.create_events_table('szdec.events', partition_by => 'none');
SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) AS columns FROM pg_attribute WHERE attrelid = 'sessionize.raw_event'::regclass
EXCEPT SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'szdec.events'::regclass AND attnum > 0 AND attname <> 'raw_id';

-- Each row in two: columns, then what is particular and what surrounds it.
CREATE FUNCTION shown(protocol text, body text, headers jsonb DEFAULT '{}') RETURNS TABLE (columns text, properties jsonb, context jsonb) LANGUAGE sql AS $$
	SELECT concat_ws(' ', CASE WHEN occurred_at = received_at THEN 'on arrival' ELSE coalesce(to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS'), 'no time') END,
		'sent ' || to_char(sent_at AT TIME ZONE 'UTC', 'HH24:MI:SS.MS'), 'id=' || event_id, 'name=' || event_name, 'user=' || user_id, 'anonymous=' || anonymous_id,
		'device=' || device_id, 'source=' || source), d.properties, d.context
	FROM sessionize.decode(protocol, convert_to(body, 'UTF8'), headers, '2026-12-01 05:00:00Z') AS d $$;

-- Segment: one event, by its type and by where it goes to
SELECT * FROM shown('segment', '{"type": "track", "event": "Sign Up", "messageId": "m1", "anonymousId": "a", "userId": "", "timestamp": "2026-12-01T04:42:05.377Z", "sentAt": "2026-12-01T04:42:05.421Z", "writeKey": "WK", "integrations": {"All": true}, "context": {"page": {"path": "/p", "url": "https://x.example/p?q"}, "library": {"name": "analytics.js", "version": "1"}, "device": {"id": "d"}}}');
SELECT * FROM shown('segment', '{"event": "x", "userId": 17, "writeKey": "WK"}', '{":path": "/v1/t", ":source": "shop", ":address": "192.0.2.7", "user-agent": "U"}');
SELECT columns FROM shown('segment', '{"userId": "u"}', '{":path": "/v1/i/"}');
SELECT columns FROM shown('segment', '{"userId": "u", "event": "x"}');
SELECT columns FROM shown('segment', '{"userId": "u"}');
-- the other types: what is on their outside goes into the properties
SELECT columns, properties FROM shown('segment', '{"type": "page", "name": "Home", "category": "Docs", "properties": {"path": "/virtual", "category": "Docs"}, "context": {"page": {"path": "/p"}}}');
SELECT columns, properties FROM shown('segment', '{"type": "page", "properties": {"url": "https://x.example/a/b?c"}}');
SELECT columns, properties FROM shown('segment', '{"type": "page", "properties": {"url": "https://x.example/a", "page": "mine"}}');
SELECT columns, properties FROM shown('segment', '{"type": "screen", "name": "Cart", "context": {"page": {"path": "/p"}}}');
SELECT columns, properties FROM shown('segment', '{"type": "identify", "userId": "u", "traits": {"email": "u@x.example"}}');
SELECT columns, properties FROM shown('segment', '{"type": "group", "groupId": "g", "traits": {"name": "Acme"}}');
SELECT columns, properties FROM shown('segment', '{"type": "alias", "userId": "u", "previousId": "a"}');
-- what is there twice stays there twice
SELECT * FROM shown('segment', '{"type": "page", "name": "Home", "properties": {"name": "Start"}, "channel": "web", "context": {"channel": "app", "protocol": "mine"}}');
-- batches: the time of sending and the context of the envelope are for all events
SELECT * FROM shown('segment', '{"batch": [{"type": "track", "event": "a", "context": {"ip": "::1"}}, {"type": "track", "event": "b", "sentAt": "2026-12-01T04:00:00Z"}], "context": {"ip": "::2", "app": "x"}, "integrations": {}, "sentAt": "2026-12-01T04:42:09.293Z", "writeKey": "WK"}');
SELECT * FROM shown('segment', '{"batch": []}');
SELECT columns FROM shown('segment', '[{"type": "track", "event": "a"}, {"type": "track", "event": "b"}]');
-- RudderStack: its time, its headers, traits in the context, pixels
SELECT * FROM shown('rudderstack', '{"type": "identify", "userId": "ann", "originalTimestamp": "2026-12-01T04:42:21.722Z", "timestamp": "2026-12-01T04:50:00Z", "context": {"traits": {"email": "ann@x.example"}, "sessionId": 1796100141695}}',
	'{"sentat": "2026-12-01T04:42:21.723Z", "anonymousid": "NmI5MDU2ZWMtNzdhMS00MjM2LTkzMDctZmZmNmU1NDBiYTFj"}');
SELECT columns FROM shown('rudderstack', '{"type": "track", "event": "x", "anonymousId": "a", "sentAt": "2026-12-01T04:42:22Z"}', '{"sentat": "2026-12-01T04:42:21.723Z", "anonymousid": "bm8="}');
SELECT columns FROM shown('rudderstack', '{"type": "track", "event": "x"}', '{"anonymousid": "6b9056ec-77a1-4236-9307-fff6e540ba1c"}');
SELECT * FROM shown('rudderstack', '', '{":path": "/pixel/v1/track?writeKey=WK&anonymousId=a&event=Caf%C3%A9+x&properties.total=9.5&context.page.url=https%3A%2F%2Fx.example%2Fp"}');
SELECT * FROM shown('segment', '', '{":path": "/v1/pixel/page?data=eyJhbm9ueW1vdXNJZCI6ImEifQ"}');
SELECT * FROM shown('jitsu', '{"type": "page", "anonymousId": "a"}', '{":path": "/api/s/page"}');
-- no events
SELECT * FROM shown('segment', '{"series": []}', '{":path": "/v1/m"}');
SELECT * FROM shown('segment', '', '{":path": "/v1/projects/WK/settings"}');
SELECT * FROM shown('segment', '', '{":path": "/v1/t?writeKey=WK"}');

-- Snowplow: a POST
SELECT * FROM shown('snowplow', '{"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": [
	{"e": "pv", "url": "https://x.example/p?q", "page": "Home", "refr": "https://y.example/", "eid": "e1", "aid": "shop", "p": "web", "dtm": "1796100135007", "stm": "1796100135019", "duid": "d", "uid": "ann", "sid": "s", "vid": "1", "ua": "U"},
	{"e": "pp", "pp_mix": "0", "pp_may": "9", "nuid": "n", "dtm": "5"},
	{"e": "se", "se_ca": "c", "se_ac": "a", "se_va": "3.5", "tnuid": "t"}, {"e": "se", "se_ca": "c"},
	{"e": "tr", "tr_id": "o1", "tr_tt": "9.5"}, {"e": "ti", "ti_id": "o1"}, {"e": "ad"}, {}]}', '{":source": "collector", "user-agent": "V"}');
-- a true time must not be corrected by the time of sending
SELECT columns, context FROM shown('snowplow', '{"data": [{"e": "pv", "ttm": "1700000000000", "dtm": "1796100135007", "stm": "1796100135019"}, {"e": "pv", "ttm": "?", "dtm": "1796100135007", "stm": "1796100135019"}]}');
-- self-describing events and contexts: base64 without padding, base64 with the other alphabet, JSON, objects
SELECT translate(rtrim(encode(convert_to('{"schema":"iglu:s/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:com.acme/order/jsonschema/1-0-0","data":{"total":9.5,"note":"ü>>>???"}}}', 'UTF8'), 'base64'), '='), E'+/\n', '-_') AS ue,
	translate(encode(convert_to('{"schema":"iglu:s/contexts/jsonschema/1-0-0","data":[{"schema":"iglu:s/client_session/jsonschema/1-0-2","data":{"userId":"c","sessionId":"s"}},{"schema":"iglu:a/item/jsonschema/1-0-0","data":{"n":1}},{"schema":"iglu:b/item/jsonschema/1-0-0","data":{"n":2}},{"schema":"other","data":3}]}', 'UTF8'), 'base64'), E'\n', '') AS cx \gset
SELECT * FROM shown('snowplow', jsonb_build_object('data', jsonb_build_array(jsonb_build_object('e', 'ue', 'url', 'https://x.example/p', 'ue_px', :'ue', 'cx', :'cx')))::text);
SELECT * FROM shown('snowplow', '{"data": [{"e": "ue", "ue_pr": "{\"data\": {\"schema\": \"iglu:com.acme/order/jsonschema/1-0-0\", \"data\": {\"note\": \"ü\"}}}", "co": {"data": [{"schema": "iglu:s/mobile_context/jsonschema/1-0-2", "data": {"androidIdfa": "g", "appleIdfv": ""}}]}}]}');
SELECT * FROM shown('snowplow', '{"data": [{"e": "ue", "ue_pr": "{\"data\": {\"schema\": \"x\", \"data\": 5}}"}]}');
-- a pixel
SELECT * FROM shown('snowplow', '', jsonb_build_object(':path', '/i?e=pv&page=H%C3%A4+%2B&url=https%3A%2F%2Fx.example%2Fp&duid=d&dtm=1796100138321&stm=1796100138339&aid=shop&cx=' || replace(replace(replace(:'cx', '+', '-'), '/', '_'), '=', '')));
SELECT * FROM shown('snowplow', '', '{":path": "/i"}');

-- PostHog: what its libraries send today
SELECT * FROM shown('posthog', '{"api_key": "phc", "batch": [
	{"uuid": "u1", "event": "$pageview", "properties": {"distinct_id": "ann", "$device_id": "d", "$user_id": "ann", "$is_identified": true, "$current_url": "https://x.example/p?q", "$session_id": "s", "$lib": "web", "$ip": "::1", "token": "phc", "title": "T"}, "timestamp": "2026-12-01T04:42:41.140Z", "$set": {"a": 1}},
	{"event": "$identify", "properties": {"distinct_id": "ann", "$device_id": "d", "$anon_distinct_id": "b", "$insert_id": "i"}}], "sent_at": "2026-12-01T04:42:41.142Z"}');
-- whose an id is
SELECT columns FROM shown('posthog', '[{"event": "known", "properties": {"distinct_id": "ann", "$device_id": "d"}}, {"event": "unknown", "properties": {"distinct_id": "d", "$device_id": "d"}},
	{"event": "not identified", "properties": {"distinct_id": "e", "$device_id": "d", "$is_identified": false}}, {"event": "without a device", "properties": {"distinct_id": "f", "$is_identified": false}},
	{"event": "from a server", "distinct_id": "ann"}, {"event": "nobody"}]');
-- a bare event, an array, old libraries with an offset in milliseconds, whose time of sending is in the query
SELECT * FROM shown('posthog', '{"api_key": "phc", "event": "x", "distinct_id": "ann", "properties": {"$pathname": "/p"}, "timestamp": "2026-12-01T04:42:41.140Z"}', '{":source": "app"}');
SELECT columns FROM shown('posthog', '[{"event": "a", "offset": 1500}, {"event": "b", "offset": "250"}, {"event": "c", "offset": "x"}, {"event": "d", "timestamp": "2026-12-01T04:42:41.140Z", "offset": 5}]', '{":path": "/e/?ip=1&_=1796100161142"}');
SELECT columns FROM shown('posthog', '{"event": "a", "offset": 1500}');
SELECT columns, properties FROM shown('posthog', '{"event": "$screen", "properties": {"$screen_name": "Cart"}}');
SELECT columns FROM shown('posthog', '{"$set": {"a": 1}, "$distinct_id": "ann"}', '{":path": "/engage/"}');
-- base64 in a form, in a body, in a query; JSON in a form
SELECT columns FROM shown('posthog', 'data=eyJldmVudCI6IngiLCJkaXN0aW5jdF9pZCI6In4%2Ffj8+PiJ9', '{":path": "/e/?compression=base64"}');
SELECT columns FROM shown('posthog', 'data=eyJldmVudCI6InjDpCIsImRpc3RpbmN0X2lkIjoi8J%2BYgCJ9&ip=1', '{"content-type": "application/x-www-form-urlencoded"}');
SELECT columns FROM shown('posthog', 'eyJldmVudCI6IngifQ==', '{":path": "/e/?compression=base64"}');
SELECT columns FROM shown('posthog', '', '{":path": "/e/?data=eyJldmVudCI6IngifQ&_=1796100161142"}');
SELECT columns FROM shown('posthog', 'data=%7B%22event%22%3A+%22x%2By%22%7D');
SELECT columns FROM shown('posthog', E'\uFEFF {"event": "x"} ', '{"content-type": "application/x-www-form-urlencoded"}');
-- no events
SELECT p, (SELECT count(*) FROM shown('posthog', '{"token": "phc", "distinct_id": "a"}', jsonb_build_object(':path', p)))
FROM unnest('{/flags/?v=2,/decide/,/s/,/array/phc/config.js,/array/phc/config,/static/recorder.js}'::text[]) AS p;

-- CloudEvents: structured, a batch, binary
SELECT * FROM shown('cloudevents', '{"specversion": "1.0", "id": "1", "source": "/shop", "type": "com.example.page_view", "time": "2026-12-01T04:42:41Z", "subject": "s", "traceparent": "00", "data": {"user_id": "ann", "device_id": "d", "sent_at": "2026-12-01T04:42:42Z", "url": "https://x.example/p", "n": 1}}');
SELECT * FROM shown('cloudevents', '[{"specversion": "1.0", "id": "2", "source": "/shop", "type": "t", "subject": "s", "data_base64": "eyJhIjoxfQ=="}, {"specversion": "1.0", "id": "3", "type": "t", "datacontenttype": "image/png", "data_base64": "AAE="}, {"specversion": "1.0", "id": "4", "type": "t", "data": [1]}]', '{":source": "bus"}');
SELECT * FROM shown('cloudevents', '{"anonymous_id": "a", "n": 1}', '{"ce-specversion": "1.0", "ce-id": "5", "ce-source": "/caf%C3%A9%20x+y", "ce-type": "t", "ce-time": "2026-12-01T04:42:41Z", "ce-ext": "e", "content-type": "application/json; charset=utf-8"}');
SELECT * FROM shown('cloudevents', 'hello', '{"ce_id": "6", "ce_type": "t", "content-type": "text/plain"}');
SELECT * FROM shown('cloudevents', 'hello', '{"ce-id": "7", "ce-type": "t", "content-type": "application/octet-stream"}');
SELECT * FROM shown('cloudevents', '{', '{"ce-id": "8", "ce-type": "t"}');
SELECT * FROM shown('cloudevents', '', '{"ce-id": "9", "ce-type": "t", "content-type": "application/vnd.x+json"}');

-- generic: an object, an array, lines, parameters
SELECT * FROM shown('generic', '{"occurred_at": "2026-12-01T04:42:41Z", "sent_at": "2026-12-01T04:42:42Z", "event_id": "e", "event_name": "page_view", "user_id": "u", "anonymous_id": "a", "device_id": "d", "source": "s", "url": "https://x.example/p", "n": 1, "properties": {"m": 2, "n": 3}, "context": {"locale": "de"}}', '{":source": "collector"}');
SELECT * FROM shown('generic', '[{"event": "a", "time": 1796100161}, {"event": "b", "timestamp": "2026-12-01 06:42:41+02"}]', '{":source": "collector"}');
SELECT columns FROM shown('generic', E'{"event": "a"}\r\n\n{"event": "b"}\n');
SELECT columns FROM shown('generic', 'event=a&user_id=Caf%C3%A9', '{"content-type": "application/x-www-form-urlencoded"}');
SELECT columns FROM shown('generic', '', '{":path": "/?event_name=a&time=2026-12-01T04:42:41Z"}');
SELECT * FROM shown('generic', '', '{":path": "/?writeKey=x"}');
SELECT * FROM shown('generic', '');
SELECT * FROM shown('generic', ' [] ');

-- auto: by the headers, by the path, by the body
SELECT n, context ->> 'protocol' AS protocol, columns
FROM (VALUES
	(1, '{"data": 1}', '{"ce-id": "1", "ce-type": "t", ":path": "/v1/t"}'), (2, '{"type": "t"}', '{"content-type": "application/cloudevents+json"}'), (3, '[{"type": "t"}]', '{"content-type": "application/cloudevents-batch+json; charset=utf-8"}'),
	(4, '{"event": "x"}', '{":path": "/v1/t"}'), (5, '{"event": "x"}', '{":path": "/v1/batch"}'), (6, '{"type": "page"}', '{":path": "/api/s/s2s/page"}'), (7, '{"batch": [{"type": "page"}]}', '{":path": "/beacon/v1/batch?writeKey=x"}'),
	(8, '', '{":path": "/pixel/v1/track?event=x"}'), (9, '', '{":path": "/i?e=pv"}'), (10, '{"e": "pv"}', '{":path": "/com.snowplowanalytics.snowplow/tp2"}'), (11, '{"event": "x"}', '{":path": "/e/?ip=1"}'),
	(12, '{"event": "x"}', '{":path": "/i/v0/e/"}'), (13, '{"event": "x"}', '{":path": "/capture"}'), (14, '{"event": "x"}', '{":path": "/batch/"}'), (15, '', '{":path": "/array/k/config.js"}'),
	(20, '{"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": [{"e": "pv"}]}', '{":path": "/com.acme/track2"}'), (21, '', '{":path": "/com.acme/x?e=pv"}'),
	(22, '{"specversion": "1.0", "type": "t"}', '{}'), (23, '[{"specversion": "1.0", "type": "t"}]', '{}'), (24, '{"api_key": "k", "batch": [{"event": "x"}]}', '{}'), (25, '[{"event": "x", "properties": {"distinct_id": 1}}]', '{}'),
	(26, '{"batch": [{"messageId": "m", "type": "page"}]}', '{}'), (27, '{"userId": "u", "type": "page"}', '{}'), (28, '{"event": "x", "user_id": "u"}', '{}'), (29, E'{"event": "x"}\n{"event": "y"}', '{}'), (30, '5', '{}')) AS r (n, body, headers)
LEFT JOIN LATERAL shown('auto', body, headers::jsonb) AS s ON true ORDER BY n;

-- a key is kept only where the collector has not said whose it is
SELECT p, h, context FROM (VALUES ('segment', '{"type": "track", "writeKey": "WK"}'), ('segment', '{"batch": [{"type": "track", "writeKey": "WK"}], "writeKey": "WK"}'), ('posthog', '{"api_key": "k", "batch": [{"event": "x", "properties": {"token": "k"}}]}'),
	('posthog', '{"event": "x", "properties": {"token": "k"}}'), ('posthog', '{"event": "x", "api_key": "k"}')) AS r (p, body), unnest(ARRAY['{}', '{":source": "s"}']::jsonb[]) AS h, LATERAL shown(p, body, h) ORDER BY p, body, h::text;

-- NULLs, and names that are none
SELECT count(*) FROM sessionize.decode(NULL, '{}');
SELECT count(*) FROM sessionize.decode('generic', NULL);
SELECT event_name, received_at, occurred_at FROM sessionize.decode('generic', '{"event": "a"}', NULL, NULL);
SELECT event_name FROM sessionize.decode('generic', '{"event": "a"}', '{":source": 5, ":path": null, "user-agent": {}}');
SELECT * FROM sessionize.decode('mixpanel', '{}');
SELECT * FROM sessionize.decode('generic', '{}', '[]');

-- decode() is immutable: an index may have it, a plan folds it
SELECT provolatile, proparallel FROM pg_proc WHERE oid = 'sessionize.decode'::regproc;

-- Requests that were kept are decoded again, once they can be: what is missing in the table is inserted.
CREATE TABLE kept (received_at timestamptz, protocol text, headers jsonb, body bytea, problem text);
INSERT INTO kept VALUES ('2026-12-01 05:00Z', 'auto', '{":path": "/v1/t"}', '{"event": "a", "messageId": "k1", "anonymousId": "v"}'), ('2026-12-01 05:01Z', 'auto', '{":path": "/v1/t"}', '{"event": "b", "messageId": "k2", ');
INSERT INTO events (occurred_at, sent_at, received_at, event_id, event_name, user_id, anonymous_id, device_id, source, properties, context)
SELECT e.* FROM kept AS k, sessionize.decode(k.protocol, k.body, k.headers, k.received_at) AS e WHERE k.received_at < '2026-12-01 05:01Z';
UPDATE kept SET body = body || '"anonymousId": "v"}' WHERE received_at = '2026-12-01 05:01Z';
INSERT INTO events (occurred_at, sent_at, received_at, event_id, event_name, user_id, anonymous_id, device_id, source, properties, context)
SELECT e.* FROM kept AS k, sessionize.decode(k.protocol, k.body, k.headers, k.received_at) AS e WHERE NOT EXISTS (SELECT FROM events AS there WHERE there.event_id = e.event_id);
SELECT event_id, event_name, anonymous_id, received_at AT TIME ZONE 'UTC' AS received_at FROM events ORDER BY event_id;
DROP SCHEMA szdec CASCADE;
