CREATE FUNCTION sessionize.url_host(url text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_url_host';

COMMENT ON FUNCTION sessionize.url_host(text) IS
'The host of a URL in lower case, without user and port; NULL where there is none';

CREATE FUNCTION sessionize.url_path(url text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_url_path';

COMMENT ON FUNCTION sessionize.url_path(text) IS
'The path of a URL, without query and fragment; / where it is empty after a host';

CREATE FUNCTION sessionize.url_query(url text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_url_query';

COMMENT ON FUNCTION sessionize.url_query(text) IS
'The query of a URL, still encoded, without its question mark; NULL where there is none';

CREATE FUNCTION sessionize.url_page(url text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_url_page';

COMMENT ON FUNCTION sessionize.url_page(text) IS
'What identifies the page of a URL: its host and path';

CREATE FUNCTION sessionize.url_parameter(url text, name text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_url_parameter';

COMMENT ON FUNCTION sessionize.url_parameter(text, text) IS
'The decoded value of the first parameter of this name in a URL''s query; NULL where there is none';

CREATE FUNCTION sessionize.jsonb_draw(doc jsonb, paths text[]) RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_jsonb_draw';

COMMENT ON FUNCTION sessionize.jsonb_draw(jsonb, text[]) IS
'The values at many dotted paths of a JSON document as texts, NULL where there is none';

CREATE TYPE sessionize.traffic_source AS (
	source text,
	medium text,
	campaign text,
	term text,
	content text,
	click_id text,
	channel text
);

COMMENT ON TYPE sessionize.traffic_source IS 'Where a visit came from, and its channel group';

CREATE FUNCTION sessionize.traffic(page_url text, referrer text, sites jsonb DEFAULT NULL,
	utm_source text DEFAULT NULL, utm_medium text DEFAULT NULL, utm_campaign text DEFAULT NULL)
RETURNS sessionize.traffic_source
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_traffic';

COMMENT ON FUNCTION sessionize.traffic(text, text, jsonb, text, text, text) IS
'Where a visit came from, by the URL of its page and the referrer; all NULL after an internal click';

CREATE FUNCTION sessionize.channel_group(source text, medium text, campaign text, sites jsonb DEFAULT NULL)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_channel_group';

COMMENT ON FUNCTION sessionize.channel_group(text, text, text, jsonb) IS
'The channel group of a source, a medium and a campaign, by the rules of Google Analytics 4';

CREATE FUNCTION sessionize.referring_sites() RETURNS TABLE (domain text, source text, kind text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 200
AS 'MODULE_PATHNAME', 'sz_referring_sites';

COMMENT ON FUNCTION sessionize.referring_sites() IS
'The built-in sites that send visitors: search engines, social networks, and others';

CREATE TYPE sessionize.device_info AS (
	class text,
	os text,
	os_version text,
	browser text,
	browser_version text,
	is_bot boolean
);

COMMENT ON TYPE sessionize.device_info IS 'The device, the system and the browser behind a user agent';

CREATE FUNCTION sessionize.device(user_agent text, client_hints jsonb DEFAULT NULL) RETURNS sessionize.device_info
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_device';

COMMENT ON FUNCTION sessionize.device(text, jsonb) IS
'The device, the system and the browser behind a user agent and client hints';

CREATE FUNCTION sessionize.draw(doc jsonb, path text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_draw';

COMMENT ON FUNCTION sessionize.draw(jsonb, text) IS
'The value at a dotted path of a JSON document as a text; calls for one document share one walk';

CREATE FUNCTION sessionize.draw_json(doc jsonb, path text) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_draw_json';

COMMENT ON FUNCTION sessionize.draw_json(jsonb, text) IS
'The value at a dotted path of a JSON document as JSON; calls for one document share one walk';

CREATE FUNCTION sessionize.parse_time(value text) RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_parse_time';

COMMENT ON FUNCTION sessionize.parse_time(text) IS
'The time that a text is, by ISO 8601 or as a number since 1970; NULL if it is none';

CREATE FUNCTION sessionize.parse_number(value text) RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_parse_number';

COMMENT ON FUNCTION sessionize.parse_number(text) IS
'The decimal number that a text is; NULL if it is none';

CREATE FUNCTION sessionize.parse_json(value text) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_parse_json';

COMMENT ON FUNCTION sessionize.parse_json(text) IS
'The JSON object or array that a text is, as it is or in base64; NULL if it is none';

CREATE FUNCTION sessionize.self_described(document jsonb, name text) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'sz_self_described';

COMMENT ON FUNCTION sessionize.self_described(jsonb, text) IS
'The data that a schema of this name describes in a self-describing document of Snowplow; NULL if there are none';
