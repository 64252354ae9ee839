-- What trackers send, in the words of a pipeline's definition.
--
-- "expressions" says where a tracker has what: expressions over one raw row, by name.  "definition"
-- is a document as create_pipeline takes it, in which $name stands for one of these expressions.
-- In both, $(path) is the text at a path of the tracker's event, $json(path) the JSON there,
-- $column(name) a column of the raw table or NULL where the table has none, and $sites the list of
-- the user's own referring sites.
CREATE TABLE sessionize.preset_document (
	preset      text PRIMARY KEY,
	description text NOT NULL,
	expressions jsonb NOT NULL,
	definition  jsonb NOT NULL
);
COMMENT ON TABLE sessionize.preset_document IS 'internal: the presets, as sessionize.preset() puts them together';

INSERT INTO sessionize.preset_document (preset, description, expressions, definition)
SELECT p.preset, p.description, p.expressions, d.definition
FROM (VALUES
('segment', 'events of Segment''s libraries, RudderStack and Jitsu', $preset${
	"key": "coalesce(nullif($(anonymousId), ''), nullif($(userId), ''))",
	"event_id": "$(messageId)",
	"event_name": "CASE $(type) WHEN 'track' THEN $(event) WHEN 'page' THEN 'page_view' WHEN 'screen' THEN 'screen_view' ELSE $(type) END",
	"event_time": "sessionize.parse_time(coalesce($(originalTimestamp), $(timestamp)))",
	"sent_at": "coalesce(sessionize.parse_time($(sentAt)), $column(sent_at))",
	"received_at": "coalesce($column(received_at), sessionize.parse_time($(receivedAt)))",
	"user_id": "nullif($(userId), '')",
	"page": "CASE $(type) WHEN 'screen' THEN $(name) ELSE sessionize.url_page($url) END",
	"page_view": "$(type) IN ('page', 'screen')",
	"url": "coalesce($(context.page.url), $(properties.url))",
	"title": "coalesce($(context.page.title), $(properties.title))",
	"referrer": "coalesce($(context.page.referrer), $(properties.referrer))",
	"agent": "$(context.userAgent)",
	"hints": "$json(context.userAgentData)",
	"class": "CASE WHEN lower($(context.device.type)) IN ('ios', 'android') THEN 'mobile' END",
	"os": "$(context.os.name)",
	"os_version": "$(context.os.version)",
	"utm_source": "$(context.campaign.source)",
	"utm_medium": "$(context.campaign.medium)",
	"utm_campaign": "$(context.campaign.name)",
	"utm_term": "$(context.campaign.term)",
	"utm_content": "$(context.campaign.content)",
	"language": "$(context.locale)",
	"timezone": "$(context.timezone)",
	"country": "coalesce($(context.location.country), $(context.geo.country))",
	"region": "coalesce($(context.location.region), $(context.geo.region))",
	"city": "coalesce($(context.location.city), $(context.geo.city))",
	"revenue": "CASE WHEN $is_order THEN coalesce(sessionize.parse_number($(properties.revenue)), sessionize.parse_number($(properties.total))) END",
	"is_order": "$(event) = 'Order Completed'",
	"is_conversion": "$(event) IN ('Order Completed', 'Signed Up', 'Trial Started')",
	"product": "CASE WHEN $(event) = 'Product Viewed' THEN $(properties.product_id) END"
}$preset$::jsonb),
('snowplow', 'events of Snowplow''s trackers (payload_data), and enriched events as JSON', $preset${
	"key": "coalesce($(duid), $(domain_userid), $(nuid), $(tnuid), $(network_userid), sessionize.draw(sessionize.self_described($contexts, 'client_session'), 'userId'), $(uid), $(user_id))",
	"event_id": "coalesce($(eid), $(event_id))",
	"event_name": "CASE coalesce($(e), $(event)) WHEN 'pv' THEN 'page_view' WHEN 'pp' THEN 'page_ping' WHEN 'tr' THEN 'transaction' WHEN 'ti' THEN 'transaction_item' WHEN 'se' THEN $(se_ac) WHEN 'struct' THEN $(se_action) WHEN 'ue' THEN split_part(sessionize.draw($described, 'data.schema'), '/', 2) ELSE coalesce($(event_name), $(event), $(e)) END",
	"event_time": "sessionize.parse_time(coalesce($(ttm), $(dtm), $(true_tstamp), $(dvce_created_tstamp), $(derived_tstamp)))",
	"sent_at": "CASE WHEN $(ttm) IS NULL AND $(true_tstamp) IS NULL THEN coalesce(sessionize.parse_time(coalesce($(stm), $(dvce_sent_tstamp))), $column(sent_at)) END",
	"received_at": "coalesce($column(received_at), sessionize.parse_time($(collector_tstamp)))",
	"user_id": "coalesce($(uid), $(user_id))",
	"page": "sessionize.url_page($url)",
	"page_view": "coalesce($(e), $(event)) IN ('pv', 'page_view')",
	"contexts": "sessionize.parse_json(coalesce($(cx), $(co)))",
	"url": "coalesce($(url), $(page_url))",
	"title": "coalesce($(page), $(page_title))",
	"referrer": "coalesce($(refr), $(page_referrer))",
	"agent": "coalesce($(ua), $(useragent), $column(user_agent))",
	"hints": "coalesce($json(contexts_org_ietf_http_client_hints_1.0), sessionize.self_described($contexts, 'http_client_hints'))",
	"utm_source": "$(mkt_source)",
	"utm_medium": "$(mkt_medium)",
	"utm_campaign": "$(mkt_campaign)",
	"utm_term": "$(mkt_term)",
	"utm_content": "$(mkt_content)",
	"language": "coalesce($(lang), $(br_lang))",
	"timezone": "coalesce($(tz), $(os_timezone))",
	"country": "$(geo_country)",
	"region": "coalesce($(geo_region_name), $(geo_region))",
	"city": "$(geo_city)",
	"order_data": "coalesce($json(contexts_com_snowplowanalytics_snowplow_ecommerce_transaction_1.0), sessionize.self_described($contexts, 'transaction'))",
	"revenue": "CASE WHEN $is_order THEN sessionize.parse_number(coalesce($(tr_tt), $(tr_total), sessionize.draw($order_data, 'revenue'))) END",
	"described": "sessionize.parse_json(coalesce($(ue_px), $(ue_pr)))",
	"action": "coalesce($(unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1.type), sessionize.draw(sessionize.self_described($described, 'snowplow_ecommerce_action'), 'type'))",
	"is_order": "coalesce($(e), $(event)) IN ('tr', 'transaction') OR coalesce($action = 'transaction', false)",
	"is_conversion": "$is_order OR $event_name = 'ad_conversion'",
	"product": "CASE WHEN $action = 'product_view' THEN coalesce($(contexts_com_snowplowanalytics_snowplow_ecommerce_product_1.0.id), sessionize.draw(sessionize.self_described($contexts, 'product'), 'id')) END"
}$preset$),
('posthog', 'events of PostHog''s libraries', $preset${
	"key": "coalesce($(properties.$device_id), $distinct_id)",
	"distinct_id": "coalesce($(properties.distinct_id), $(distinct_id))",
	"event_id": "coalesce($(uuid), $(properties.$insert_id))",
	"event_name": "CASE $(event) WHEN '$$pageview' THEN 'page_view' WHEN '$$screen' THEN 'screen_view' ELSE $(event) END",
	"event_time": "sessionize.parse_time(coalesce($(timestamp), $(properties.$time)))",
	"sent_at": "coalesce(sessionize.parse_time($(sent_at)), $column(sent_at))",
	"received_at": "$column(received_at)",
	"user_id": "coalesce($(properties.$user_id), CASE WHEN $(properties.$is_identified) = 'true' OR $distinct_id IS DISTINCT FROM $(properties.$device_id) THEN $distinct_id END)",
	"page": "CASE $(event) WHEN '$$screen' THEN $(properties.$screen_name) ELSE sessionize.url_page($url) END",
	"page_view": "$(event) IN ('$$pageview', '$$screen')",
	"url": "$(properties.$current_url)",
	"title": "coalesce($(properties.title), $(properties.$title))",
	"referrer": "$(properties.$referrer)",
	"agent": "$(properties.$raw_user_agent)",
	"known_class": "CASE WHEN $(properties.$browser_type) = 'bot' THEN 'bot' END",
	"class": "lower($(properties.$device_type))",
	"os": "$(properties.$os)",
	"os_version": "$(properties.$os_version)",
	"browser": "$(properties.$browser)",
	"browser_version": "$(properties.$browser_version)",
	"utm_source": "$(properties.utm_source)",
	"utm_medium": "$(properties.utm_medium)",
	"utm_campaign": "$(properties.utm_campaign)",
	"utm_term": "$(properties.utm_term)",
	"utm_content": "$(properties.utm_content)",
	"language": "coalesce($(properties.$browser_language), $(properties.$locale))",
	"timezone": "$(properties.$timezone)",
	"country": "$(properties.$geoip_country_code)",
	"region": "$(properties.$geoip_subdivision_1_name)",
	"city": "$(properties.$geoip_city_name)",
	"revenue": "CASE WHEN $is_order THEN coalesce(sessionize.parse_number($(properties.revenue)), sessionize.parse_number($(properties.total))) END",
	"is_order": "lower($(event)) IN ('order completed', 'order_completed', 'purchase')",
	"is_conversion": "lower($(event)) IN ('order completed', 'order_completed', 'purchase', 'signed up', 'signed_up', 'sign_up', 'user signed up', 'user_signed_up')",
	"product": "CASE WHEN lower($(event)) IN ('product viewed', 'product_viewed', 'view_item') THEN $(properties.product_id) END"
}$preset$),
('cloudevents', 'events in the format of CloudEvents 1.0 whose data have the keys of the preset "generic"', $preset${
	"key": "coalesce($(data.anonymous_id), $(data.user_id), $(subject))",
	"event_id": "$(source) || ' ' || $(id)",
	"event_name": "$(type)",
	"event_time": "sessionize.parse_time($(time))",
	"sent_at": "coalesce(sessionize.parse_time($(data.sent_at)), $column(sent_at))",
	"received_at": "$column(received_at)",
	"user_id": "$(data.user_id)",
	"page": "sessionize.url_page($url)",
	"page_view": "$(type) LIKE '%page_view'",
	"url": "$(data.url)",
	"title": "$(data.title)",
	"referrer": "$(data.referrer)",
	"agent": "coalesce($(data.user_agent), $column(user_agent))",
	"hints": "$json(data.client_hints)",
	"utm_source": "$(data.utm_source)",
	"utm_medium": "$(data.utm_medium)",
	"utm_campaign": "$(data.utm_campaign)",
	"utm_term": "$(data.utm_term)",
	"utm_content": "$(data.utm_content)",
	"language": "coalesce($(data.language), $(data.locale))",
	"timezone": "$(data.timezone)",
	"country": "$(data.country)",
	"region": "$(data.region)",
	"city": "$(data.city)",
	"revenue": "CASE WHEN $is_order THEN coalesce(sessionize.parse_number($(data.revenue)), sessionize.parse_number($(data.value))) END",
	"is_order": "$(type) LIKE '%purchase'",
	"is_conversion": "$(type) LIKE '%purchase' OR $(type) LIKE '%sign_up' OR $(type) LIKE '%generate_lead'",
	"product": "CASE WHEN $(type) LIKE '%view_item' THEN $(data.item_id) END"
}$preset$),
('generic', 'flat documents; the events have the names of Google Analytics 4', $preset${
	"key": "coalesce($(anonymous_id), $(user_id))",
	"event_id": "coalesce($(event_id), $(id))",
	"event_name": "coalesce($(event_name), $(event))",
	"event_time": "sessionize.parse_time(coalesce($(occurred_at), $(timestamp), $(time)))",
	"sent_at": "coalesce(sessionize.parse_time($(sent_at)), $column(sent_at))",
	"received_at": "$column(received_at)",
	"user_id": "$(user_id)",
	"page": "sessionize.url_page($url)",
	"page_view": "$event_name = 'page_view'",
	"url": "$(url)",
	"title": "$(title)",
	"referrer": "$(referrer)",
	"agent": "coalesce($(user_agent), $column(user_agent))",
	"hints": "$json(client_hints)",
	"utm_source": "$(utm_source)",
	"utm_medium": "$(utm_medium)",
	"utm_campaign": "$(utm_campaign)",
	"utm_term": "$(utm_term)",
	"utm_content": "$(utm_content)",
	"language": "coalesce($(language), $(locale))",
	"timezone": "$(timezone)",
	"country": "$(country)",
	"region": "$(region)",
	"city": "$(city)",
	"revenue": "CASE WHEN $is_order THEN coalesce(sessionize.parse_number($(revenue)), sessionize.parse_number($(value))) END",
	"is_order": "$event_name = 'purchase'",
	"is_conversion": "$event_name IN ('purchase', 'sign_up', 'generate_lead')",
	"product": "CASE WHEN $event_name = 'view_item' THEN $(item_id) END"
}$preset$)) AS p (preset, description, expressions),
(VALUES ($preset${
	"key": "$key",
	"event_id": "$event_id",
	"event_name": "$event_name",
	"event_time": "$event_time",
	"sent_at": "$sent_at",
	"received_at": "$received_at",
	"user_id": "$user_id",
	"page": "$page",
	"page_view": "$page_view",
	"dimensions": [
		{"name": "location", "grain": "event", "attributes": {
			"host": "sessionize.url_host($url)",
			"path": "sessionize.url_path($url)",
			"query": "sessionize.url_query($url)",
			"title": "nullif($title, '')"}},
		{"name": "referrer", "grain": "session", "pick": "entry", "attributes": {
			"host": "sessionize.url_host($referrer)",
			"path": "CASE WHEN sessionize.url_host($referrer) IS NOT NULL THEN sessionize.url_path($referrer) END"}},
		{"name": "campaign", "grain": "session", "pick": "first_not_null", "attributes": {
			"source": "nullif(coalesce(nullif($utm_source, ''), sessionize.url_parameter($url, 'utm_source')), '')",
			"medium": "nullif(coalesce(nullif($utm_medium, ''), sessionize.url_parameter($url, 'utm_medium')), '')",
			"name": "nullif(coalesce(nullif($utm_campaign, ''), sessionize.url_parameter($url, 'utm_campaign')), '')",
			"term": "nullif(coalesce(nullif($utm_term, ''), sessionize.url_parameter($url, 'utm_term')), '')",
			"content": "nullif(coalesce(nullif($utm_content, ''), sessionize.url_parameter($url, 'utm_content')), '')",
			"click_id": "(sessionize.traffic($url, $referrer, $sites, $utm_source, $utm_medium, $utm_campaign)).click_id"}},
		{"name": "channel", "grain": "session", "pick": "first_not_null", "attributes": {
			"source": "(sessionize.traffic($url, $referrer, $sites, $utm_source, $utm_medium, $utm_campaign)).source",
			"medium": "(sessionize.traffic($url, $referrer, $sites, $utm_source, $utm_medium, $utm_campaign)).medium",
			"campaign": "(sessionize.traffic($url, $referrer, $sites, $utm_source, $utm_medium, $utm_campaign)).campaign",
			"group": "(sessionize.traffic($url, $referrer, $sites, $utm_source, $utm_medium, $utm_campaign)).channel"}},
		{"name": "device", "grain": "session", "pick": "first_not_null", "attributes": {
			"class": "coalesce($known_class, (sessionize.device($agent, $hints)).class, $class)",
			"os": "coalesce((sessionize.device($agent, $hints)).os, nullif($os, ''))",
			"os_version": "coalesce((sessionize.device($agent, $hints)).os_version, nullif($os_version, ''))",
			"browser": "coalesce((sessionize.device($agent, $hints)).browser, nullif($browser, ''))",
			"browser_version": "coalesce((sessionize.device($agent, $hints)).browser_version, nullif($browser_version, ''))"}},
		{"name": "locale", "grain": "session", "pick": "first_not_null", "attributes": {
			"language": "nullif($language, '')",
			"timezone": "nullif($timezone, '')"}},
		{"name": "geo", "grain": "session", "pick": "first_not_null", "attributes": {
			"country": "nullif($country, '')",
			"region": "nullif($region, '')",
			"city": "nullif($city, '')"}}],
	"measures": [
		{"name": "revenue", "kind": "sum", "expression": "$revenue"},
		{"name": "orders", "kind": "count", "filter": "$is_order"},
		{"name": "conversions", "kind": "count", "filter": "$is_conversion"},
		{"name": "products_viewed", "kind": "count_distinct", "expression": "$product"},
		{"name": "engaged_time", "kind": "active_time"}]
}$preset$::jsonb)) AS d (definition);

-- Where visitors come from, in addition to the sites that sessionize.referring_sites() lists.
CREATE TABLE sessionize.referring_site (
	domain text COLLATE "C" PRIMARY KEY,
	source text,
	kind   text
);
COMMENT ON TABLE sessionize.referring_site IS 'internal: the user''s own referring sites';
SELECT pg_catalog.pg_extension_config_dump('sessionize.referring_site', '');

CREATE VIEW sessionize.own_referring_sites AS
SELECT s.domain, s.source, s.kind FROM sessionize.referring_site AS s;
GRANT SELECT ON sessionize.own_referring_sites TO PUBLIC;
COMMENT ON VIEW sessionize.own_referring_sites IS 'the referring sites that were added to those of sessionize.referring_sites()';

CREATE FUNCTION sessionize.add_referring_site(domain text, source text DEFAULT NULL, kind text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_add_referring_site'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE EXECUTE ON FUNCTION sessionize.add_referring_site(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sessionize.add_referring_site(text, text, text) TO pg_database_owner;
COMMENT ON FUNCTION sessionize.add_referring_site(text, text, text) IS 'add a referring site for the presets of pipelines, or change one';

CREATE FUNCTION sessionize.drop_referring_site(domain text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_referring_site'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE EXECUTE ON FUNCTION sessionize.drop_referring_site(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sessionize.drop_referring_site(text) TO pg_database_owner;
COMMENT ON FUNCTION sessionize.drop_referring_site(text) IS 'remove a referring site that was added';

CREATE VIEW sessionize.presets AS
SELECT d.preset, d.description FROM sessionize.preset_document AS d;
GRANT SELECT ON sessionize.presets TO PUBLIC;
COMMENT ON VIEW sessionize.presets IS 'the presets that create_pipeline knows';

CREATE FUNCTION sessionize.preset(
	name    text,
	source  regclass DEFAULT NULL,
	payload text DEFAULT NULL,
	sites   jsonb DEFAULT NULL
) RETURNS jsonb
AS 'MODULE_PATHNAME', 'sessionize_preset'
LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.preset(text, regclass, text, jsonb) IS 'the definition of a pipeline over the events of a tracker, as create_pipeline takes it';

CREATE FUNCTION sessionize.merge_definitions(base jsonb, changes jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT base OPERATOR(pg_catalog.||) coalesce(changes, '{}') OPERATOR(pg_catalog.||) coalesce(
		(SELECT pg_catalog.jsonb_object_agg(l.list, (
		     SELECT pg_catalog.jsonb_agg(coalesce(c.item, b.item) ORDER BY b.number, c.number)
		     FROM pg_catalog.jsonb_array_elements(base OPERATOR(pg_catalog.->) l.list) WITH ORDINALITY AS b (item, number)
		     FULL JOIN pg_catalog.jsonb_array_elements(changes OPERATOR(pg_catalog.->) l.list) WITH ORDINALITY AS c (item, number)
		       ON (c.item OPERATOR(pg_catalog.->>) 'name') OPERATOR(pg_catalog.=) (b.item OPERATOR(pg_catalog.->>) 'name')))
		 FROM (VALUES ('measures'), ('dimensions')) AS l (list)
		 WHERE pg_catalog.jsonb_typeof(base OPERATOR(pg_catalog.->) l.list) OPERATOR(pg_catalog.=) 'array'
		   AND pg_catalog.jsonb_typeof(changes OPERATOR(pg_catalog.->) l.list) OPERATOR(pg_catalog.=) 'array'
		   AND pg_catalog.jsonb_array_length(changes OPERATOR(pg_catalog.->) l.list) OPERATOR(pg_catalog.>) 0), '{}');
END;
COMMENT ON FUNCTION sessionize.merge_definitions(jsonb, jsonb) IS 'Internal: a definition whose keys, and whose measures and dimensions by name, replace those of another';

-- All arguments are as for the other create_pipeline, but NULL where the preset is to say.  The
-- preset's name has another type than "key", so that a third argument without a name stays the key.
CREATE FUNCTION sessionize.create_pipeline(
	name           text,
	source         text,
	preset         name,
	definition     jsonb DEFAULT NULL,
	payload        text DEFAULT NULL,
	sites          jsonb DEFAULT NULL,
	key            text DEFAULT NULL,
	event_time     text DEFAULT NULL,
	event_id       text DEFAULT NULL,
	event_name     text DEFAULT NULL,
	user_id        text DEFAULT NULL,
	page           text DEFAULT NULL,
	sent_at        text DEFAULT NULL,
	received_at    text DEFAULT NULL,
	raw_id         text DEFAULT NULL,
	page_view      text DEFAULT NULL,
	restart        text DEFAULT NULL,
	gap            interval DEFAULT NULL,
	max_duration   interval DEFAULT NULL,
	max_events     bigint DEFAULT NULL,
	midnight       text DEFAULT NULL,
	time_zone      text DEFAULT NULL,
	dedup_window   interval DEFAULT NULL,
	skew_threshold interval DEFAULT NULL,
	max_lead       interval DEFAULT NULL,
	store_events   boolean DEFAULT NULL,
	capture        boolean DEFAULT NULL,
	filter         text DEFAULT NULL,
	oldest         interval DEFAULT NULL,
	too_old        text DEFAULT NULL,
	restart_on_change text DEFAULT NULL,
	bounce         text DEFAULT NULL,
	loaded_at      boolean DEFAULT NULL,
	id_name        text DEFAULT NULL
) RETURNS text
AS 'MODULE_PATHNAME', 'sessionize_create_pipeline_preset'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.create_pipeline(text, text, name, jsonb, text, jsonb, text, text, text, text, text, text, text, text, text, text, text, interval, interval, bigint, text, text, interval, interval, interval, boolean, boolean, text, interval, text, text, text, boolean, text)
IS 'define a pipeline on the events of a tracker by a preset';
