-- decode(): what no JSON is, and what is odd inside of it.
SET timezone = 'UTC';
CREATE SCHEMA szbad;
SET search_path = szbad;
\pset null '∅'
CREATE FUNCTION attempt(protocol text, body bytea, headers jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state text; message text; detail text; hint text; n bigint;
BEGIN
  SELECT count(*) INTO n FROM sessionize.decode(protocol, body, headers, '2026-12-01 05:00Z');
  RETURN n || ' rows';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE FUNCTION utf8(t text) RETURNS bytea LANGUAGE sql IMMUTABLE RETURN convert_to(t, 'UTF8');

-- A body that is no JSON is an error of the request, which says where.
SELECT body, attempt('generic', utf8(body)) FROM unnest(ARRAY['{', '[', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '[1,]', '[1 2]', '{"a" 1}', '{a:1}', '{''a'':1}', '{"a":1}}', '[}', '{]', '"a', '"a\', '"\x"', '"\u12"', '"\u12g4"', E'"a\nb"', 'nul', 'nulll',
	'NaN', '-', '01', '1.', '.5', '1e', '1e+', '+1', '{"a":tru}', 'x', '{"a":[1,{"b":[2,}]}', E'{"a":1}\n{"b"', '<html>', 'a=b', '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 18,19,20,21,22,23,24,25,26,27,28]']) AS body;
SELECT attempt('generic', '\x7b2261223a2200227d') AS zero_byte, attempt('generic', '\x7b0022') AS zero_byte_outside, attempt('segment', '\x1f8b0800') AS gzip, attempt('generic', '\xfeff007b007d') AS utf16;
SELECT attempt('posthog', 'data=!!!') AS no_base64, attempt('posthog', 'data=QQ') AS no_json, attempt('posthog', 'x', '{":path": "/e/?compression=lz64"}') AS lz64, attempt('posthog', '!', '{":path": "/e/?compression=base64"}') AS body_no_base64,
	attempt('posthog', 'data=QUFBQQ=') AS odd_padding, attempt('posthog', 'data=QUFBQ') AS one_digit_too_many, attempt('snowplow', '[') AS snowplow, attempt('cloudevents', '{"a"') AS cloudevents, attempt('auto', '{"a"') AS auto;
-- The first fault is found before the first event is given away.
CREATE TABLE taken AS SELECT * FROM sessionize.decode('generic', '{}') LIMIT 0;
INSERT INTO taken SELECT * FROM sessionize.decode('generic', '[{"event": "a"}, {"event": "b"}, {"event": }]');
SELECT count(*) FROM taken;

-- What is odd inside of an event loses neither it nor its neighbours.
CREATE FUNCTION shown(protocol text, body bytea, headers jsonb DEFAULT '{}') RETURNS TABLE (name text, occurred_at text, ids text, properties jsonb, notes jsonb) LANGUAGE sql AS $$
	SELECT event_name, to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), concat_ws(' ', 'e=' || event_id, 'u=' || user_id, 'a=' || anonymous_id, 'd=' || device_id, 's=' || source), properties, context -> 'decode_notes'
	FROM sessionize.decode(protocol, body, headers, '2026-12-01 05:00Z') $$;
-- texts: U+0000, surrogates that are alone, bytes that are no UTF-8, in values and in keys
SELECT name, properties, notes FROM shown('generic', utf8('[{"event": "a\u0000b", "v": "\u0000"}, {"event": "before"}, {"event": "\ud800"}, {"event": "\udc00x\ud83d"}, {"event": "\ud83d\ud83d\ude00"}, {"event": "\ud83dA"}, {"event": "\uD83D\uDE00"}, {"a\u0000": {"\ud800": [1, "\u0000"]}}, {"event": "\"\\\/\b\f\n\r\t\u00e4\u20ac"}]'));
SELECT name, properties, notes FROM shown('generic', '\x5b7b226576656e74223a2261ff62227d2c7b22ff223a22c080227d2c7b2276223a22eda080222c2277223a22f4908080227d2c7b226576656e74223a22c3a4f09f9880227d2c7b2276223a22e282227d5d'::bytea);
-- numbers: what a numeric can't hold, or would be absurdly long in, is a text
SELECT p.key, jsonb_typeof(p.value) AS type, length(p.value #>> '{}') AS digits, left(p.value #>> '{}', 40) AS value
FROM shown('generic', utf8('{"a": 1e400, "b": 1e999, "c": 1e1000, "d": 1e1001, "e": 1e131000, "f": -1e999999999999999999999, "g": 1e-1000, "h": 1e-1001, "i": 0e99999999999999999999, "j": -0, "k": -0.0, "l": 1.50, "m": 123456789012345678, "n": 1234567890123456789, "o": 12345678901234567890.5,
	"p": 0.000000000000000001, "q": 0.1234567890123456789, "r": 1E+2, "s": 15e-1, "t": -9223372036854775808, "u": ' || repeat('9', 1000) || ', "v": ' || repeat('9', 1001) || ', "w": 0.' || repeat('1', 1001) || ', "x": 100000000000000000000e-20}')) AS s, jsonb_each(properties) AS p;
-- the numbers are those of jsonb
SELECT count(*) AS different FROM (SELECT (CASE WHEN n % 2 = 0 THEN '-' ELSE '' END || substr('98765432109876543210', 1, 1 + n % 20) || CASE WHEN n % 3 > 0 THEN '.' || substr('00123456789012345678', 1, 1 + n % 17) ELSE '' END || CASE WHEN n % 5 = 0 THEN 'e' || n % 40 - 20 ELSE '' END) AS t FROM generate_series(1, 2000) AS n) AS s,
	LATERAL sessionize.decode('generic', utf8('{"v": ' || t || '}')) AS d WHERE (properties -> 'v')::text IS DISTINCT FROM (t::jsonb)::text;
-- depth: what is too deep is the text of its JSON
SELECT name, length(properties::text) AS length, notes -> 0 ->> 'reason' AS reason, jsonb_array_length(notes) AS notes FROM shown('generic', utf8('[{"event": "a", "v": ' || repeat('[', 100000) || repeat(']', 100000) || '}, {"event": "b", "v": ' || repeat('{"k":', 100000) || '1' || repeat('}', 100000) || '}, {"event": "c"}]'));
SELECT n, name, (properties -> 'v') #>> array_fill('0'::text, ARRAY[n - 1]) AS inmost, notes -> 0 ->> 'reason' AS reason FROM generate_series(126, 128) AS n, shown('generic', utf8('{"event": "a", "v": ' || repeat('[', n) || repeat(']', n) || '}'));
SELECT attempt('generic', utf8(repeat('[', 1000000))) AS not_closed, attempt('generic', utf8(repeat('[', 1000000) || repeat(']', 999999))) AS one_missing;
-- keys that are there twice: the last one counts, as for jsonb
SELECT name, properties, notes FROM shown('generic', utf8('{"event": "a", "v": 1, "event": "b", "v": {"w": 1, "w": 2}, "v": {"w": 3, "w": 4}}'));
SELECT name, jsonb_array_length(notes) AS notes, notes -> -1 AS last FROM shown('generic', utf8('{"event": "a"' || repeat(', "v": 1', 1000) || '}'));
-- times
SELECT name, occurred_at, notes FROM shown('generic', utf8('[{"event": "a", "occurred_at": "yesterday"}, {"event": "b", "occurred_at": "2026-02-30T00:00:00Z"}, {"event": "c", "occurred_at": 1e30}, {"event": "d", "occurred_at": -5}, {"event": "e", "occurred_at": true}, {"event": "f", "occurred_at": {"a": 1}},
	{"event": "g", "occurred_at": "infinity"}, {"event": "h", "occurred_at": ""}, {"event": "i", "occurred_at": null}, {"event": "j", "occurred_at": "9999-12-31T23:59:59.999999-15:59"}, {"event": "k", "occurred_at": "0001-01-01T00:00:00+15:59"}, {"event": "l", "occurred_at": "2026-12-01T00:00:00"},
	{"event": "m", "occurred_at": "now", "timestamp": 1796100161}, {"event": "n", "occurred_at": "2026-12-01T00:00:00Z", "sent_at": "now"}, {"event": "o", "occurred_at": 99999999999999999999}]'));
SELECT name, occurred_at, notes FROM shown('snowplow', utf8('{"data": [{"e": "a", "dtm": "999999999999999"}, {"e": "b", "dtm": "1000000000000000"}, {"e": "c", "dtm": "-1"}, {"e": "d", "dtm": ""}, {"e": "e", "dtm": "1.5"}, {"e": "f", "dtm": 1796100161000}, {"e": "g", "dtm": {}}, {"e": "h", "dtm": null}]}'));
SELECT name, occurred_at, notes FROM shown('posthog', utf8('[{"event": "a", "offset": 1e300}, {"event": "b", "offset": 1e14}, {"event": "c", "offset": -1e14}, {"event": "d", "offset": "1e5"}, {"event": "e", "offset": []}, {"event": "f", "offset": "0x10"}, {"event": "g", "offset": "nan"}]'));
-- the pipeline's quarantine names them
SELECT sessionize.create_events_table('szbad.events', partition_by => 'none');
SELECT sessionize.create_pipeline('szbad_web', 'szbad.events');
INSERT INTO events (occurred_at, sent_at, received_at, event_id, event_name, user_id, anonymous_id, device_id, source, properties, context)
SELECT d.* FROM sessionize.decode('generic', '[{"event": "a", "user_id": "u", "occurred_at": "soon"}, {"event": "b", "user_id": "u"}, 5, {"event": "c", "user_id": {}, "occurred_at": "2026-12-01T05:00:00Z"}]', '{}', '2026-12-01 05:00Z') AS d;
CALL sessionize.rebuild('szbad_web');
SELECT reason, count(*) FROM szbad_web.quarantine GROUP BY 1 ORDER BY 1;
SELECT session_key, events FROM szbad_web.sessions;
SELECT sessionize.drop_pipeline('szbad_web');
-- wrong types
SELECT * FROM shown('segment', utf8('[{"type": "track", "event": 5, "messageId": 1.0, "userId": true, "anonymousId": [], "properties": [], "context": "x", "timestamp": {}, "sentAt": [1], "traits": 5}, {"type": 5, "event": "x"}, {"type": "", "event": ""}, {"type": "track", "event": {"a": 1}}, {"type": "identify", "traits": "x"},
	{"type": "group", "groupId": {"a": 1}, "traits": null}, {"type": "page", "properties": {"path": 5, "url": []}, "context": {"page": "x", "library": "lib", "device": []}}, {"type": {}, "context": {"library": {"name": []}}}, null, 5, "x", [], true]'));
SELECT * FROM shown('segment', utf8('{"batch": {"type": "track"}, "type": "track", "event": "x"}'));
SELECT * FROM shown('snowplow', utf8('{"data": [{"e": 5, "eid": {}, "uid": [], "url": 5, "page": {}, "cx": "!", "ue_px": "QQ"}, {"e": "ue", "ue_px": 5, "cx": "e30"}, {"e": "ue", "ue_pr": "{}", "co": "{\"data\": [5, {\"schema\": 5, \"data\": 1}, {\"schema\": \"x\"}]}"}, {"e": "ue", "ue_pr": "[", "co": []}, {"e": "se", "se_ac": {}}, 5]}'));
SELECT * FROM shown('posthog', utf8('{"batch": [{"event": 5, "uuid": {}, "distinct_id": [], "properties": []}, {"event": null, "properties": {"$device_id": {}, "$user_id": [], "distinct_id": 5, "$is_identified": "x", "$pathname": 5, "$current_url": {}}}, 5], "sent_at": {}}'));
SELECT * FROM shown('cloudevents', utf8('[{"id": 5, "source": {}, "type": [], "time": "x", "data": {"user_id": {}}, "subject": 5}, {"id": "1", "source": "s", "data_base64": "!"}, {"data_base64": 5}, 5]'));
SELECT * FROM shown('generic', utf8('[{"event_id": {}, "event_name": [], "user_id": {}, "properties": 5, "context": [1]}]'));
-- ids that no index could hold
SELECT name, length(ids) AS length, notes #>> '{0,reason}' AS reason, length(notes #>> '{0,value}') AS kept FROM unnest('{1000,1001}'::int[]) AS n, shown('generic', utf8(jsonb_build_object('event', 'a', 'user_id', repeat('x', n))::text));
-- what an envelope says in many words is not said again with each event
SELECT count(*) AS events, count(context -> 'long') AS with_it, count(context -> 'short') AS with_the_short_one FROM sessionize.decode('segment', utf8('{"long": "' || repeat('x', 5000) || '", "batch": [{}, {}, {}]}')) WHERE true;
SELECT count(*) AS events, count(context -> 'short') AS with_it FROM sessionize.decode('segment', utf8('{"short": "' || repeat('x', 500) || '", "batch": [{}, {}, {}]}'));
SELECT count(*) AS events, count(context #> '{decode_notes,0,reason}') AS told, count(context #> '{decode_notes,0,value}') AS with_the_value FROM sessionize.decode('segment', utf8('{"sentAt": "' || repeat('x', 500) || '", "batch": [{}, {}, {}]}'));
SELECT length(context ->> 'userAgent') AS agent FROM sessionize.decode('generic', '{}', jsonb_build_object('user-agent', repeat('ä', 900)));
-- notes that somebody has sent are no notes
SELECT context FROM sessionize.decode('generic', '{"context": {"decode_notes": "x"}}');
SELECT context FROM sessionize.decode('generic', '{"context": {"decode_notes": "x"}, "user_id": []}');
-- sizes: an event has a limit, a batch has none
SELECT attempt('generic', utf8('{"v": "' || repeat('x', 16 * 1024 * 1024) || '"}')) AS large_event, attempt('generic', utf8('[{"v": "' || repeat('x', 15 * 1024 * 1024) || '"}, {"v": "' || repeat('x', 15 * 1024 * 1024) || '"}]')) AS large_batch,
	attempt('cloudevents', utf8(repeat('x', 16 * 1024 * 1024 + 1)), '{"ce-id": "1"}') AS large_data, attempt('snowplow', utf8('e=pv&page=' || repeat('x', 16 * 1024 * 1024)), '{"content-type": "application/x-www-form-urlencoded"}') AS large_form;
SELECT count(*), count(DISTINCT event_id) FROM sessionize.decode('generic', utf8((SELECT '[' || string_agg('{"event_id": "' || n || '"}', ',') || ']' FROM generate_series(1, 100000) AS n)));
SELECT count(*), sum(n) FROM sessionize.decode('generic', utf8('{"v": [' || repeat('1,', 1000000) || '1]}')), LATERAL (SELECT jsonb_array_length(properties -> 'v') AS n) AS s;
-- parameters: names with points, names that are there twice, escapes that are none
SELECT properties, context FROM sessionize.decode('segment', '', '{":path": "/pixel/v1/track?event=x&properties.a.b=1&properties.a.c=2&properties.a.b=3&properties=4&.=5&a..b=6&%zz=%&=7&&c&properties.%00=%ff"}');
SELECT length(properties::text) AS length FROM sessionize.decode('segment', '', jsonb_build_object(':path', '/pixel/v1/track?properties.' || repeat('a.', 5000) || '=1'));
SELECT (SELECT count(*) FROM jsonb_object_keys(context)) AS keys FROM sessionize.decode('segment', '', jsonb_build_object(':path', '/pixel/v1/track?' || (SELECT string_agg('a.' || n || '=1', '&') FROM generate_series(1, 1000) AS n)));
SELECT length(context::text) > 5000 AS finished FROM sessionize.decode('segment', '', jsonb_build_object(':path', '/pixel/v1/track?' || (SELECT string_agg('a.a.a.a.a.a.a.a.' || n || '=1', '&') FROM generate_series(1, 500) AS n)));
-- random documents are what jsonb makes of them
SELECT setseed(0.5);
CREATE FUNCTION a_value(depth int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  kind float := random();
BEGIN
  IF depth = 0 OR kind < 0.3 THEN
    RETURN (ARRAY['null', 'true', ' false', '0 ', '-1.50', '1e40', '""', '"a"', E'\n"é😀\\"\\\\\\u00e4"', '{}', '[ ]', '"\ud83d\ude00"'])[1 + floor(random() * 12)::int];
  ELSIF kind < 0.7 THEN
    RETURN (SELECT '{' || coalesce(string_agg(to_json((ARRAY['a', 'b', 'ab', 'abc', 'ba', '', 'é', 'aaaaaaaaaaaaaaaaaaaa', '"'])[1 + floor(random() * 9)::int])::text || ': ' || a_value(depth - 1), ' , '), ' ') || '}' FROM generate_series(1, floor(random() * 9)::int));
  END IF;
  RETURN (SELECT '[' || coalesce(string_agg(a_value(depth - 1), ','), '') || ']' FROM generate_series(1, floor(random() * 5)::int));
END $$;
CREATE TABLE documents AS SELECT n, a_value(5) AS doc FROM generate_series(1, 1000) AS n;
SELECT count(*) AS documents, count(*) FILTER (WHERE (properties -> 'v') IS DISTINCT FROM doc::jsonb) AS different FROM documents, sessionize.decode('generic', utf8('{"v":' || doc || '}'));
-- bytes at random never do more than raise an error
SELECT count(*) AS attempts, count(*) FILTER (WHERE result !~ '^(\d+ rows|22P02)') AS others
FROM (SELECT attempt((ARRAY['auto', 'segment', 'snowplow', 'posthog', 'cloudevents', 'generic'])[1 + n % 6], overlay(body PLACING set_byte('\x00', 0, floor(random() * 256)::int) FROM 1 + floor(random() * length(body))::int)) AS result
      FROM generate_series(1, 3000) AS n, LATERAL (SELECT utf8('{"batch": [{"type": "track", "event": "\u0041ä", "properties": {"distinct_id": 1.5e3, "a": [null, true]}}], "sentAt": "2026-12-01T04:42:05.377Z"}') AS body) AS b) AS s;
DROP SCHEMA szbad CASCADE;
