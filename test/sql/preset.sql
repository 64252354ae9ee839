-- Presets: each over a few events, with every column; what changes a preset's document; referring sites; mistakes.
SET timezone = 'UTC';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
SELECT preset, description FROM sessionize.presets ORDER BY preset;

-- The examples of the reference.
SELECT sessionize.create_events_table('szp.segment', 'none', preset => 'segment');
SELECT sessionize.create_pipeline('p_segment', 'szp.segment', preset => 'segment');
SELECT sessionize.preset('segment') ->> 'key' AS key, sessionize.preset('segment', payload => 'event') ->> 'event_time' AS event_time, sessionize.preset('segment', 'szp.segment') ->> 'sent_at' AS sent_at;
SELECT pg_get_indexdef('szp.segment_coalesce_parse_time_draw_idx'::regclass, n, false) FROM generate_series(1, 3) AS n;

SELECT format('SELECT sessionize.create_events_table(%L, %L, preset => %L)', 'szp.' || preset, 'none', preset),
       format('SELECT sessionize.create_pipeline(%L, %L, preset => %L)', 'p_' || preset, 'szp.' || preset, preset)
FROM sessionize.presets WHERE preset <> 'segment' ORDER BY preset \gexec

-- Segment: a visit from a campaign, an order, an event of a server, a screen, one sent twice, one of a phone whose clock is an hour behind, another visitor's click after a break
INSERT INTO szp.segment (received_at, user_agent, payload)
SELECT received_at, 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0', payload
FROM (VALUES
(timestamptz '2026-03-01 10:00:01Z', jsonb '{"type": "page", "messageId": "m1", "anonymousId": "a1", "userId": null, "timestamp": "2026-03-01T10:00:00.000Z", "sentAt": "2026-03-01T10:00:00.500Z", "name": "Home",
  "properties": {"url": "https://shop.example/?utm_source=Newsletter&utm_medium=email&utm_campaign=spring&utm_term=shoes&utm_content=top&gclid=G1", "title": "Home"},
  "context": {"page": {"url": "https://shop.example/?utm_source=Newsletter&utm_medium=email&utm_campaign=spring&utm_term=shoes&utm_content=top&gclid=G1", "path": "/", "referrer": "https://mail.google.com/mail/u/0", "title": "Home"},
  "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", "userAgentData": {"brands": [{"brand": "Microsoft Edge", "version": "126"}], "mobile": false, "platform": "Windows", "platformVersion": "15.0.0"},
  "locale": "de-DE", "timezone": "Europe/Berlin", "campaign": {"source": "Newsletter", "medium": "email", "name": "spring"}, "location": {"country": "Germany", "region": "Berlin", "city": "Berlin"}}}'),
('2026-03-01 10:01:01Z', '{"type": "track", "event": "Product Viewed", "messageId": "m2", "anonymousId": "a1", "timestamp": "2026-03-01T10:01:00Z", "properties": {"product_id": "p-1"}, "context": {"page": {"url": "https://shop.example/p/1", "referrer": "https://shop.example/", "title": "Shoes"}}}'),
('2026-03-01 10:01:11Z', '{"type": "track", "event": "Product Viewed", "messageId": "m3", "anonymousId": "a1", "timestamp": "2026-03-01T10:01:10Z", "properties": {"product_id": 7}, "context": {"page": {"url": "https://shop.example/p/7?color=red", "referrer": "https://shop.example/p/1", "title": "Boots"}}}'),
('2026-03-01 10:02:01Z', '{"type": "track", "event": "Order Completed", "messageId": "m4", "anonymousId": "a1", "userId": "ann", "timestamp": "2026-03-01T10:02:00Z", "properties": {"revenue": "19.90", "total": 23, "currency": "EUR"}, "context": {"page": {"url": "https://shop.example/thanks"}}}'),
('2026-03-01 10:02:05Z', '{"type": "track", "event": "Order Completed", "messageId": "m4", "anonymousId": "a1", "userId": "ann", "timestamp": "2026-03-01T10:02:00Z", "properties": {"revenue": "19.90", "total": 23, "currency": "EUR"}, "context": {"page": {"url": "https://shop.example/thanks"}}}'),
('2026-03-01 10:02:09Z', '{"type": "track", "event": "Order Completed", "messageId": "m5", "anonymousId": "a1", "userId": "ann", "timestamp": "2026-03-01T10:02:08Z", "properties": {"revenue": "lots", "total": 23}}'),
('2026-03-01 10:03:01Z', '{"type": "track", "event": "Signed Up", "messageId": "m6", "anonymousId": "", "userId": "ben", "originalTimestamp": "2026-03-01T09:03:00Z", "sentAt": "2026-03-01T09:03:01Z", "context": {"library": {"name": "analytics-node"}, "os": {"name": "iOS", "version": "17.5"}, "userAgent": null}}'),
('2026-03-01 10:04:01Z', '{"type": "screen", "name": "Start", "messageId": "m7", "userId": "ben", "timestamp": "not a time", "context": {"geo": {"country": "France"}}}'),
('2026-03-01 12:00:01Z', '{"type": "page", "messageId": "m8", "anonymousId": "a2", "timestamp": "2026-03-01T12:00:00Z", "context": {"page": {"url": "https://shop.example/cart", "referrer": "https://shop.example/p/1", "title": "Cart"}, "userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}}'),
('2026-03-01 12:00:02Z', '{"type": "page", "messageId": "m9"}')) AS v (received_at, payload);

-- Snowplow: a page view with client hints in contexts, a ping, a structured event, an order of each kind, an event with a schema, one with its true time; an enriched event
INSERT INTO szp.snowplow (received_at, user_agent, payload)
SELECT received_at, 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1', payload
FROM (VALUES
(timestamptz '2026-03-01 10:00:01Z', jsonb_build_object('e', 'pv', 'eid', 's1', 'duid', 'd1', 'uid', 'ann', 'dtm', '1772359200000', 'stm', '1772359200500', 'url', 'https://shop.example/a?utm_source=x&utm_medium=cpc', 'page', 'A', 'refr', 'https://www.google.com/', 'lang', 'en-GB', 'tz', 'Europe/London',
  'cx', translate(encode('{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0","data":[{"schema":"iglu:com.acme/u/jsonschema/1-0-0","data":{"k":1}},{"schema":"iglu:org.ietf/http_client_hints/jsonschema/1-0-0","data":{"isMobile":true,"brands":[{"brand":"Google Chrome","version":"126"}],"platform":"Android","platformVersion":"14.0"}}]}', 'base64'), E'+/=\n', '-_'))),
('2026-03-01 10:00:11Z', '{"e": "pp", "eid": "s2", "duid": "d1", "dtm": "1772359210000", "url": "https://shop.example/a", "page": "A"}'),
('2026-03-01 10:00:21Z', '{"e": "se", "eid": "s3", "duid": "d1", "dtm": "1772359220000", "se_ca": "video", "se_ac": "play", "url": "https://shop.example/a"}'),
('2026-03-01 10:00:31Z', '{"e": "tr", "eid": "s4", "duid": "d1", "dtm": "1772359230000", "tr_id": "o1", "tr_tt": "12.50"}'),
('2026-03-01 10:00:32Z', '{"e": "ti", "eid": "s5", "duid": "d1", "dtm": "1772359231000", "ti_id": "o1", "ti_sk": "sku-1", "ti_pr": "12.50"}'),
('2026-03-01 10:00:41Z', '{"e": "ue", "eid": "s6", "duid": "d1", "dtm": "1772359240000", "ue_pr": "{\"schema\":\"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0\",\"data\":{\"schema\":\"iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2\",\"data\":{\"type\":\"transaction\"}}}",
  "co": "{\"schema\":\"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0\",\"data\":[{\"schema\":\"iglu:com.snowplowanalytics.snowplow.ecommerce/transaction/jsonschema/1-0-0\",\"data\":{\"transaction_id\":\"o2\",\"revenue\":7.25,\"currency\":\"EUR\"}}]}"}'),
('2026-03-01 10:00:51Z', '{"e": "ue", "eid": "s7", "duid": "d1", "ttm": "1772359250000", "stm": "1772373650000", "ue_px": "eyJzY2hlbWEiOiJpZ2x1OmNvbS5zbm93cGxvd2FuYWx5dGljcy5zbm93cGxvdy91bnN0cnVjdF9ldmVudC9qc29uc2NoZW1hLzEtMC0wIiwiZGF0YSI6eyJzY2hlbWEiOiJpZ2x1OmNvbS5zbm93cGxvd2FuYWx5dGljcy5zbm93cGxvdy9hZF9jb252ZXJzaW9uL2pzb25zY2hlbWEvMS0wLTAiLCJkYXRhIjp7fX19", "cx": "broken"}'),
('2026-03-01 11:00:01Z', '{"event": "page_view", "event_name": "page_view", "event_id": "n1", "domain_userid": "d2", "user_id": "ben", "collector_tstamp": "2026-03-01T11:00:00.900Z", "dvce_created_tstamp": "2026-03-01T11:00:00Z", "dvce_sent_tstamp": "2026-03-01T11:00:00.100Z", "page_url": "https://shop.example/b", "page_title": "B",
  "page_referrer": "https://duckduckgo.com/", "mkt_source": "m", "mkt_campaign": "c", "useragent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15", "br_lang": "fr", "os_timezone": "Europe/Paris", "geo_country": "FR", "geo_region_name": "Bretagne", "geo_city": "Brest"}'),
('2026-03-01 11:00:11Z', '{"event": "struct", "event_name": "event", "event_id": "n2", "domain_userid": "d2", "dvce_created_tstamp": "2026-03-01T11:00:10Z", "se_category": "video", "se_action": "stop"}'),
('2026-03-01 11:00:21Z', '{"unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1": {"type": "transaction"}, "event": "unstruct", "event_name": "snowplow_ecommerce_action", "event_id": "n3", "domain_userid": "d2", "dvce_created_tstamp": "2026-03-01T11:00:20Z", "contexts_com_snowplowanalytics_snowplow_ecommerce_transaction_1": [{"revenue": 3, "transaction_id": "o3"}]}'),
('2026-03-01 11:00:31Z', '{"unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1": {"type": "product_view"}, "event": "unstruct", "event_name": "snowplow_ecommerce_action", "event_id": "n4", "domain_userid": "d2", "dvce_created_tstamp": "2026-03-01T11:00:30Z", "contexts_com_snowplowanalytics_snowplow_ecommerce_product_1": [{"id": "p1"}], "contexts_com_snowplowanalytics_snowplow_ecommerce_transaction_1": [{"revenue": 1000}]}'),
('2026-03-01 10:00:42Z', '{"e": "ue", "eid": "s9", "duid": "d1", "dtm": "1772359241000", "ue_pr": "{\"schema\":\"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0\",\"data\":{\"schema\":\"iglu:com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2\",\"data\":{\"type\":\"product_view\"}}}",
  "co": "{\"schema\":\"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0\",\"data\":[{\"schema\":\"iglu:com.snowplowanalytics.snowplow.ecommerce/product/jsonschema/1-0-0\",\"data\":{\"id\":\"p2\"}}]}"}'),
('2026-03-01 12:00:01Z', '{"e": "pv", "eid": "s8", "dtm": "1772366400000", "uid": "mobile", "cx": "eyJzY2hlbWEiOiJ4IiwiZGF0YSI6W3sic2NoZW1hIjoiaWdsdTpjb20uc25vd3Bsb3dhbmFseXRpY3Muc25vd3Bsb3cvY2xpZW50X3Nlc3Npb24vanNvbnNjaGVtYS8xLTAtMiIsImRhdGEiOnsidXNlcklkIjoiYzEifX1dfQ"}')) AS v (received_at, payload);

-- PostHog: anonymous, then known; a server's event; a phone's; the document in a column of another name, and no other columns
INSERT INTO szp.posthog (received_at, sent_at, user_agent, payload)
SELECT received_at, received_at - interval '100 ms', 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0', payload
FROM (VALUES
(timestamptz '2026-03-01 10:00:01Z', jsonb '{"uuid": "u1", "event": "$pageview", "timestamp": "2026-03-01T10:00:00Z", "properties": {"distinct_id": "d1", "$device_id": "d1", "$current_url": "https://shop.example/?gclid=G2", "$pathname": "/", "title": "Home", "$referrer": "https://www.google.com/", "$raw_user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "$browser_language": "nl-NL", "$timezone": "Europe/Amsterdam", "gclid": "G2", "$is_identified": false, "$geoip_country_code": "NL", "$geoip_subdivision_1_name": "Noord-Holland", "$geoip_city_name": "Amsterdam"}}'),
('2026-03-01 10:00:11Z', '{"uuid": "u2", "event": "$identify", "timestamp": "2026-03-01T10:00:10Z", "properties": {"distinct_id": "ann", "$anon_distinct_id": "d1", "$device_id": "d1", "$user_id": "ann", "$current_url": "https://shop.example/login", "$is_identified": true}}'),
('2026-03-01 10:00:21Z', '{"uuid": "u3", "event": "product viewed", "timestamp": "2026-03-01T10:00:20Z", "properties": {"distinct_id": "ann", "$device_id": "d1", "$current_url": "https://shop.example/p", "product_id": "x"}}'),
('2026-03-01 10:00:31Z', '{"uuid": "u4", "event": "Order Completed", "timestamp": "2026-03-01T10:00:30Z", "properties": {"distinct_id": "ann", "$device_id": "d1", "total": 9.5}}'),
('2026-03-01 10:00:41Z', '{"event": "user signed up", "distinct_id": "ben", "timestamp": "2026-03-01T10:00:40+01:00", "properties": {"$lib": "posthog-node", "$insert_id": "i1"}}'),
('2026-03-01 11:00:01Z', '{"uuid": "u6", "event": "$screen", "properties": {"distinct_id": "d2", "$device_id": "d2", "$screen_name": "Start", "$time": 1772362800.25, "$os": "Android", "$os_version": "14", "$device_type": "Mobile", "$locale": "es"}}')) AS v (received_at, payload);
UPDATE szp.posthog SET user_agent = NULL WHERE payload ->> 'uuid' = 'u6';

-- CloudEvents and generic documents
INSERT INTO szp.cloudevents (received_at, payload) VALUES
('2026-03-01 10:00:01Z', '{"specversion": "1.0", "id": "1", "source": "/shop", "type": "com.example.page_view", "subject": "visitor-1", "time": "2026-03-01T10:00:00Z", "data": {"anonymous_id": "v1", "url": "https://shop.example/?utm_campaign=c", "title": "Home", "referrer": "https://chatgpt.com/", "user_agent": "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1", "language": "it", "timezone": "Europe/Rome", "country": "IT", "region": "Lazio", "city": "Roma"}}'),
('2026-03-01 10:01:01Z', '{"specversion": "1.0", "id": "2", "source": "/shop", "type": "com.example.purchase", "time": "2026-03-01T10:01:00Z", "data": {"anonymous_id": "v1", "user_id": "ann", "value": 5.5}}'),
('2026-03-01 10:01:02Z', '{"specversion": "1.0", "id": "2", "source": "/other", "type": "com.example.view_item", "time": "2026-03-01T10:01:01Z", "data": {"anonymous_id": "v1", "item_id": "i"}}'),
('2026-03-01 11:00:00Z', '{"specversion": "1.0", "id": "3", "source": "/machine", "type": "com.example.started", "subject": "machine-7"}');
INSERT INTO szp.generic (received_at, user_agent, payload) VALUES
('2026-03-01 10:00:01Z', 'Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/7.0 TV Safari/537.36', '{"id": "g1", "event": "page_view", "anonymous_id": "v1", "timestamp": 1772359200, "url": "https://shop.example/x#top", "referrer": "https://www.facebook.com/", "utm_source": "given", "locale": "pl"}'),
('2026-03-01 10:01:01Z', NULL, '{"event_id": "g2", "event_name": "purchase", "anonymous_id": "v1", "user_id": "ann", "occurred_at": "2026-03-01T10:01:00Z", "sent_at": "2026-03-01T10:01:00.5Z", "revenue": "1e2"}'),
('2026-03-01 10:01:03Z', NULL, '{"event_id": "g3", "event_name": "view_item", "anonymous_id": "v1", "time": "2026-03-01T10:01:02Z", "item_id": 5}');

SELECT format('CALL sessionize.rebuild(%L)', 'p_' || preset) FROM sessionize.presets ORDER BY preset \gexec
-- every column that has a value, by session and by event
CREATE FUNCTION szp.shown(pipeline text) RETURNS TABLE (key text, session int, event text, columns text) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format($f$
    WITH s AS (SELECT *, row_number() OVER (PARTITION BY session_key ORDER BY started_at)::int AS n FROM %1$I.sessions)
    SELECT session_key, n, '', (SELECT string_agg(k || '=' || v, ' ' ORDER BY k) FROM jsonb_each_text(to_jsonb(s) - '{session_id,session_key,session_index,ended_by,n,expires_at,date,duration}'::text[]) AS c (k, v) WHERE v IS NOT NULL) FROM s
    UNION ALL
    SELECT e.session_key, s.n, e.event_id, (SELECT string_agg(k || '=' || v, ' ' ORDER BY k) FROM jsonb_each_text(to_jsonb(e) - '{session_id,session_key,event_id,raw_id,date}'::text[]) AS c (k, v) WHERE v IS NOT NULL)
    FROM %1$I.events AS e JOIN s USING (session_id, session_key) ORDER BY 1, 2, 3$f$, pipeline);
END $$;
\pset format unaligned
\pset tuples_only on
SELECT * FROM szp.shown('p_segment');
SELECT * FROM szp.shown('p_snowplow');
SELECT * FROM szp.shown('p_posthog');
SELECT * FROM szp.shown('p_cloudevents');
SELECT * FROM szp.shown('p_generic');
\pset format aligned
\pset tuples_only off
SELECT reason, detail, raw FROM (SELECT reason, detail, (SELECT payload ->> 'messageId' FROM szp.segment AS s WHERE s.raw_id = q.raw_id::bigint) AS raw FROM p_segment.quarantine AS q) AS x;
SELECT count(*) AS differ FROM sessionize.presets, LATERAL sessionize.verify('p_' || preset);
SELECT bool_and(difference = 0) AS closes FROM sessionize.presets, LATERAL sessionize.reconcile('p_' || preset);
-- late events, a correction and a deletion: refreshes end where a rebuild does
INSERT INTO szp.segment (received_at, payload) SELECT received_at + interval '1 day', payload || jsonb_build_object('messageId', (payload ->> 'messageId') || 'x') FROM szp.segment WHERE payload ->> 'anonymousId' = 'a1';
UPDATE szp.segment SET payload = jsonb_set(payload, '{context,page,url}', '"https://shop.example/?utm_source=other"') WHERE payload ->> 'messageId' = 'm1';
DELETE FROM szp.segment WHERE payload ->> 'messageId' = 'm4';
CALL sessionize.refresh('p_segment');
SELECT count(*) AS differ FROM sessionize.verify('p_segment');
SELECT session_key, campaign_source, channel_source, revenue, orders, conversions, products_viewed FROM p_segment.sessions ORDER BY started_at;

-- A definition and arguments replace what the preset says: keys, and measures and dimensions by name.
SELECT sessionize.create_pipeline('p_other', 'szp.segment', preset => 'segment', gap => '20 minutes', page => $$sessionize.draw(payload, 'context.page.title')$$, store_events => true, max_events => 50, filter => $$sessionize.draw(payload, 'type') <> 'screen'$$,
  definition => '{"gap": "1 minute", "time_zone": "Europe/Berlin", "max_duration": null, "measures": [{"name": "orders", "kind": "any", "filter": "true"}, {"name": "added", "kind": "count"}], "dimensions": [{"name": "geo", "attributes": {"country": "''DE''"}}]}');
SELECT key, value FROM jsonb_each(sessionize.definition('p_other')) WHERE key IN ('gap', 'page', 'max_events', 'max_duration', 'time_zone', 'filter', 'event_id');
SELECT m ->> 'name' AS measure, m ->> 'kind' AS kind FROM jsonb_array_elements(sessionize.definition('p_other') -> 'measures') AS m;
SELECT d ->> 'name' AS dimension, d ->> 'pick' AS pick, (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(d -> 'attributes') AS k) AS attributes FROM jsonb_array_elements(sessionize.definition('p_other') -> 'dimensions') AS d;
-- the definition of such a pipeline makes an equal one
SELECT sessionize.create_pipeline('p_copy', 'szp.segment', sessionize.definition('p_other'));
SELECT sessionize.definition('p_copy') = sessionize.definition('p_other') AS same;
CALL sessionize.rebuild('p_other');
CALL sessionize.rebuild('p_copy');
SELECT count(*) AS differ FROM (SELECT to_jsonb(s) - 'session_id' FROM p_other.sessions AS s EXCEPT ALL SELECT to_jsonb(s) - 'session_id' FROM p_copy.sessions AS s) AS x;
SELECT count(*), bool_and(orders) AS orders, sum(added) AS added, min(geo_country) AS country FROM p_other.sessions;
-- a third argument without a name stays the key
SELECT sessionize.create_pipeline('p_key', 'szp.segment', $$coalesce(nullif(sessionize.draw(payload, 'anonymousId'), ''), nullif(sessionize.draw(payload, 'userId'), ''))$$, $$received_at$$);
SELECT sessionize.drop_pipeline(name) FROM unnest('{p_other,p_copy,p_key}'::text[]) AS name;
-- create_pipeline has the same arguments with a preset as without
SELECT a FROM (SELECT unnest(proargnames[4:]) AS a FROM pg_proc WHERE pronamespace = 'sessionize'::regnamespace AND proname = 'create_pipeline' AND pronargs > 3 AND NOT 'preset' = ANY (proargnames)
  EXCEPT SELECT unnest(proargnames) FROM pg_proc WHERE pronamespace = 'sessionize'::regnamespace AND proname = 'create_pipeline' AND 'preset' = ANY (proargnames)) AS x;

-- A table with a column of another name and no other columns; two columns of type jsonb; none.
CREATE TABLE szp.own (n int PRIMARY KEY, event jsonb);
INSERT INTO szp.own VALUES (1, '{"id": "g1", "event": "page_view", "anonymous_id": "v1", "timestamp": 1772359200, "url": "https://shop.example/x"}');
\set VERBOSITY default
SELECT sessionize.create_pipeline('p_own', 'szp.own', preset => 'generic');
CREATE INDEX ON szp.own ((COALESCE(sessionize.draw(event, 'anonymous_id'), sessionize.draw(event, 'user_id'))));
SELECT sessionize.create_pipeline('p_own', 'szp.own', preset => 'generic');
CALL sessionize.rebuild('p_own');
SELECT events, entry_page, channel_group, device_class FROM p_own.sessions;
SELECT sessionize.drop_pipeline('p_own');
ALTER TABLE szp.own ADD other jsonb, ADD user_agent int;
SELECT sessionize.create_pipeline('p_own', 'szp.own', preset => 'generic');
SELECT sessionize.create_pipeline('p_own', 'szp.own', preset => 'generic', payload => 'event', definition => '{"dimensions": []}');
SELECT sessionize.preset('generic', 'szp.own', payload => 'event -> 0') #>> '{dimensions,1,attributes,host}' AS drawn;
CREATE TABLE szp.none (n int);
SELECT sessionize.create_pipeline('p_none', 'szp.none', preset => 'generic');
SELECT sessionize.create_pipeline('p_none', 'szp.missing', preset => 'generic');
SELECT sessionize.create_pipeline('p_none', 'szp.own', preset => 'unheard of');
SELECT sessionize.create_pipeline('p_none', 'szp.own', preset => NULL, gap => '1 minute');
SELECT sessionize.create_pipeline(NULL, 'szp.own', preset => 'generic');
\set VERBOSITY terse
SELECT sessionize.create_pipeline('p_none', 'szp.own', preset => 'generic', payload => 'event', definition => '{"gaps": "1 minute"}');
\set VERBOSITY default
SELECT sessionize.create_pipeline('p_none', 'szp.own', preset => 'generic', payload => 'event', definition => '[]');
SELECT sessionize.preset('unheard of'), sessionize.preset(NULL);
SELECT sessionize.create_events_table('szp.x', preset => 'unheard of');
\set VERBOSITY terse

-- Referring sites: built in, added by the user, given.
SELECT sessionize.add_referring_site('partner.example', 'partner', 'social'), sessionize.add_referring_site('pay.example', kind => 'internal'), sessionize.add_referring_site('old.example', 'old', 'search');
SELECT sessionize.add_referring_site('old.example', 'new', 'video');
TABLE sessionize.own_referring_sites ORDER BY 1;
SELECT sessionize.drop_referring_site('old.example');
INSERT INTO szp.own (n, event) SELECT n + 10, jsonb_build_object('id', n, 'event', 'page_view', 'anonymous_id', 's' || n, 'timestamp', 1772359200, 'url', 'https://shop.example/', 'referrer', r)
FROM unnest(ARRAY['https://www.partner.example/42', 'https://secure.pay.example/', 'https://old.example/', 'https://www.google.de/']) WITH ORDINALITY AS u (r, n);
SELECT sessionize.create_pipeline('p_sites', 'szp.own', preset => 'generic', payload => 'event');
SELECT sessionize.create_pipeline('p_given', 'szp.own', preset => 'generic', payload => 'event', sites => '{"old.example": {"source": "it''s \"old\"", "kind": "search"}}');
CALL sessionize.rebuild('p_sites');
CALL sessionize.rebuild('p_given');
SELECT session_key, s.channel_source, s.channel_medium, s.channel_group, g.channel_source AS given_source, g.channel_group AS given_group FROM p_sites.sessions AS s JOIN p_given.sessions AS g USING (session_key) WHERE session_key LIKE 's%' ORDER BY 1;
-- a pipeline takes the sites that there are now when its dimension is made anew
SELECT sessionize.drop_dimension('p_given', 'channel');
SELECT sessionize.add_dimension('p_given', d ->> 'name', d -> 'attributes', d ->> 'grain', d ->> 'pick')
FROM jsonb_array_elements(sessionize.preset('generic', 'szp.own', payload => 'event') -> 'dimensions') AS d WHERE d ->> 'name' = 'channel';
CALL sessionize.refresh('p_given');
SELECT session_key, channel_source, channel_group FROM p_given.sessions WHERE session_key LIKE 's%' ORDER BY 1;
SELECT sessionize.add_referring_site('x.example', 'x', 'nonsense');
SELECT sessionize.add_referring_site('x.example', NULL, 'search');
SELECT sessionize.add_referring_site(NULL);
SELECT sessionize.drop_referring_site('x.example');
SELECT sessionize.drop_referring_site(NULL);
CREATE ROLE regress_sz_preset;
SET ROLE regress_sz_preset;
SELECT sessionize.add_referring_site('x.example', 'x', 'search');
SELECT count(*) FROM sessionize.own_referring_sites;
SELECT sessionize.preset('generic') ->> 'page' AS page;
RESET ROLE;
DROP ROLE regress_sz_preset;
SELECT count(sessionize.drop_referring_site(domain)) AS dropped FROM (SELECT domain FROM sessionize.own_referring_sites OFFSET 0) AS s;
SELECT count(sessionize.drop_pipeline(pipeline_name::text)) AS dropped FROM (SELECT pipeline_name FROM sessionize.pipelines WHERE pipeline_name LIKE 'p\_%' OFFSET 0) AS p;
DROP SCHEMA szp CASCADE;
