--# case Sessions with twelve attributes in six dimensions and five measures, one of them distinct, from events as a tracker sends them
--# setup
CREATE TABLE tracked AS
SELECT raw_id, ts + interval '1 second' AS received_at,
    ('{"type": "' || CASE event_name WHEN 'page_view' THEN 'page' ELSE 'track' END
    || '", "event": ' || CASE event_name WHEN 'page_view' THEN 'null' WHEN 'purchase' THEN '"Order Completed"' WHEN 'add_to_cart' THEN '"Product Viewed"' ELSE '"' || event_name || '"' END
    || ', "messageId": "' || event_id || '", "anonymousId": "visitor-' || user_id || '", "timestamp": "' || to_char(ts AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || '", "writeKey": "WK", "integrations": {"Segment.io": true}, "properties": {"revenue": "' || raw_id % 100 || '.' || 10 + raw_id % 90 || '", "product_id": "p' || page || '", "currency": "EUR", "plan": "x"}, "context": {"page": {"url": "https://shop.example' || page
    || CASE raw_id % 5 WHEN 0 THEN '?utm_source=google&utm_medium=cpc&utm_campaign=c' || user_id % 50 WHEN 1 THEN '?ref=' || raw_id % 1000 ELSE '' END
    || '", "path": "' || page || '", "search": "", "title": "Page ' || page || '", "referrer": "'
    || CASE raw_id % 4 WHEN 0 THEN 'https://www.google.com/' WHEN 1 THEN 'https://shop.example/search' WHEN 2 THEN 'https://www.facebook.com/' ELSE '' END
    || '"}, "userAgent": "' || CASE user_id % 4 WHEN 0 THEN 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
         WHEN 1 THEN 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'
         WHEN 2 THEN 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36'
         ELSE 'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1' END
    || '", "locale": "' || CASE user_id % 3 WHEN 0 THEN 'de-DE' WHEN 1 THEN 'en-US' ELSE 'fr-FR' END || '", "timezone": "Europe/Berlin", "library": {"name": "analytics.js", "version": "npm:next-1.84.3"}, "campaign": {}, "location": {"country": "'
    || CASE user_id % 5 WHEN 0 THEN 'Germany' WHEN 1 THEN 'France' ELSE 'Italy' END || '", "city": "X"}}, "_metadata": {"bundled": ["Segment.io"], "unbundled": [], "bundledIds": []}}')::jsonb AS payload
FROM wide;
CREATE INDEX ON tracked ((coalesce(nullif(sessionize.draw(payload, 'anonymousId'), ''), nullif(sessionize.draw(payload, 'userId'), ''))));
VACUUM (FREEZE, ANALYZE) tracked;
--# teardown
DROP TABLE tracked;
--# run
CREATE TABLE result AS {}
--# check
SELECT count(*), sum(events), sum(page_views), sum(revenue * 100)::bigint, sum(orders), sum(conversions), sum(products_viewed), sum(engaged), sum(digest(coalesce(landing_host, '')) * (1 + events % 7)), sum(digest(coalesce(landing_path, '')) * (1 + events % 7)), sum(digest(coalesce(landing_query, '')) * (1 + events % 7)), sum(digest(coalesce(landing_title, '')) * (1 + events % 7)), sum(digest(coalesce(campaign_source, '')) * (1 + events % 7)), sum(digest(coalesce(campaign_medium, '')) * (1 + events % 7)), sum(digest(coalesce(channel_source, '')) * (1 + events % 7)), sum(digest(coalesce(channel_group, '')) * (1 + events % 7)), sum(digest(coalesce(device_class, '')) * (1 + events % 7)), sum(digest(coalesce(device_os, '')) * (1 + events % 7)), sum(digest(coalesce(locale_language, '')) * (1 + events % 7)), sum(digest(coalesce(geo_country, '')) * (1 + events % 7))
FROM result
--# after
DROP TABLE result

--# side plain SQL: chains of -> and ->>
--# workers 2
WITH event AS (
    SELECT raw_id, payload ->> 'anonymousId' AS key, payload ->> 'messageId' AS event_id, us((payload ->> 'timestamp')::timestamptz) AS tm, payload ->> 'type' AS type, payload ->> 'event' AS event,
           payload -> 'context' -> 'page' ->> 'url' AS url, payload -> 'context' -> 'page' ->> 'referrer' AS referrer, payload -> 'context' -> 'page' ->> 'title' AS title,
           payload -> 'context' ->> 'userAgent' AS agent, payload -> 'context' ->> 'locale' AS language, payload -> 'context' -> 'location' ->> 'country' AS country,
           payload -> 'properties' ->> 'revenue' AS revenue, payload -> 'properties' ->> 'product_id' AS product
    FROM tracked
),
kept AS (
    SELECT * FROM (SELECT *, tm - lag(tm) OVER (PARTITION BY key, event_id ORDER BY tm, raw_id) AS since FROM event) AS x WHERE since IS NULL OR since > 604800000000
),
drawn AS (
    SELECT *, substring(url FROM '^https?://([^/?#]*)') AS host, coalesce(substring(url FROM '^https?://[^/?#]*([^?#]*)'), '/') AS path, substring(url FROM '[?]([^#]*)') AS query,
           substring(url FROM '[?&]utm_source=([^&#]*)') AS utm_source, substring(url FROM '[?&]utm_medium=([^&#]*)') AS utm_medium, substring(referrer FROM '^https?://([^/?#]*)') AS from_host
    FROM kept
),
known AS (
    SELECT *, row_number() OVER w AS n, tm - lag(tm) OVER w AS pause,
           CASE WHEN utm_source IS NOT NULL THEN utm_source WHEN from_host = host THEN NULL WHEN from_host = 'www.google.com' THEN 'google' WHEN from_host = 'www.facebook.com' THEN 'facebook'
                WHEN from_host IS NULL THEN '(direct)' ELSE from_host END AS channel_source,
           CASE WHEN utm_medium = 'cpc' AND utm_source = 'google' THEN 'Paid Search' WHEN utm_source IS NOT NULL THEN 'Unassigned' WHEN from_host = host THEN NULL
                WHEN from_host = 'www.google.com' THEN 'Organic Search' WHEN from_host = 'www.facebook.com' THEN 'Organic Social' WHEN from_host IS NULL THEN 'Direct' ELSE 'Referral' END AS channel_group,
           CASE WHEN agent LIKE '%iPad%' THEN 'tablet' WHEN agent LIKE '%Mobile%' THEN 'mobile' ELSE 'desktop' END AS class,
           CASE WHEN agent LIKE '%Windows%' THEN 'Windows' WHEN agent LIKE '%iPad%' THEN 'iPadOS' WHEN agent LIKE '%iPhone%' THEN 'iOS' WHEN agent LIKE '%Android%' THEN 'Android' END AS os
    FROM drawn WINDOW w AS (PARTITION BY key ORDER BY tm, event_id, raw_id)
),
numbered AS (
    SELECT *, sum(CASE WHEN pause <= 1800000000 THEN 0 ELSE 1 END) OVER (PARTITION BY key ORDER BY n ROWS UNBOUNDED PRECEDING) AS session FROM known
)
SELECT key, session, min(tm) AS started_at, count(*) AS events, count(*) FILTER (WHERE type = 'page') AS page_views,
       coalesce(sum(revenue::numeric) FILTER (WHERE event = 'Order Completed'), 0) AS revenue, count(*) FILTER (WHERE event = 'Order Completed') AS orders,
       count(*) FILTER (WHERE event IN ('Order Completed', 'Signed Up', 'Trial Started')) AS conversions, count(DISTINCT product) FILTER (WHERE event = 'Product Viewed') AS products_viewed,
       coalesce(sum(least(pause, 60000000)) FILTER (WHERE pause <= 1800000000), 0)::bigint AS engaged,
       (array_agg(host ORDER BY n) FILTER (WHERE type = 'page'))[1] AS landing_host, (array_agg(path ORDER BY n) FILTER (WHERE type = 'page'))[1] AS landing_path, (array_agg(query ORDER BY n) FILTER (WHERE type = 'page'))[1] AS landing_query, (array_agg(title ORDER BY n) FILTER (WHERE type = 'page'))[1] AS landing_title,
       (array_agg(utm_source ORDER BY n) FILTER (WHERE utm_source IS NOT NULL OR utm_medium IS NOT NULL))[1] AS campaign_source, (array_agg(utm_medium ORDER BY n) FILTER (WHERE utm_source IS NOT NULL OR utm_medium IS NOT NULL))[1] AS campaign_medium,
       (array_agg(channel_source ORDER BY n) FILTER (WHERE channel_source IS NOT NULL))[1] AS channel_source, (array_agg(channel_group ORDER BY n) FILTER (WHERE channel_source IS NOT NULL))[1] AS channel_group,
       (array_agg(class ORDER BY n))[1] AS device_class, (array_agg(os ORDER BY n))[1] AS device_os, (array_agg(language ORDER BY n))[1] AS locale_language, (array_agg(country ORDER BY n))[1] AS geo_country
FROM numbered GROUP BY key, session

--# side DuckDB: its JSON, all values of a document at once
--# engine duckdb
--# before
CREATE TABLE IF NOT EXISTS tracked AS
SELECT raw_id, ('{"type": "' || CASE event_name WHEN 'page_view' THEN 'page' ELSE 'track' END
    || '", "event": ' || CASE event_name WHEN 'page_view' THEN 'null' WHEN 'purchase' THEN '"Order Completed"' WHEN 'add_to_cart' THEN '"Product Viewed"' ELSE '"' || event_name || '"' END
    || ', "messageId": "' || event_id || '", "anonymousId": "visitor-' || user_id || '", "timestamp": "' || strftime(ts, '%Y-%m-%dT%H:%M:%S.%fZ')
    || '", "writeKey": "WK", "integrations": {"Segment.io": true}, "properties": {"revenue": "' || raw_id % 100 || '.' || 10 + raw_id % 90 || '", "product_id": "p' || page || '", "currency": "EUR", "plan": "x"}, "context": {"page": {"url": "https://shop.example' || page
    || CASE raw_id % 5 WHEN 0 THEN '?utm_source=google&utm_medium=cpc&utm_campaign=c' || user_id % 50 WHEN 1 THEN '?ref=' || raw_id % 1000 ELSE '' END
    || '", "path": "' || page || '", "search": "", "title": "Page ' || page || '", "referrer": "'
    || CASE raw_id % 4 WHEN 0 THEN 'https://www.google.com/' WHEN 1 THEN 'https://shop.example/search' WHEN 2 THEN 'https://www.facebook.com/' ELSE '' END
    || '"}, "userAgent": "' || CASE user_id % 4 WHEN 0 THEN 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
         WHEN 1 THEN 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1'
         WHEN 2 THEN 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36'
         ELSE 'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1' END
    || '", "locale": "' || CASE user_id % 3 WHEN 0 THEN 'de-DE' WHEN 1 THEN 'en-US' ELSE 'fr-FR' END || '", "timezone": "Europe/Berlin", "library": {"name": "analytics.js", "version": "npm:next-1.84.3"}, "campaign": {}, "location": {"country": "'
    || CASE user_id % 5 WHEN 0 THEN 'Germany' WHEN 1 THEN 'France' ELSE 'Italy' END || '", "city": "X"}}, "_metadata": {"bundled": ["Segment.io"], "unbundled": [], "bundledIds": []}}')::JSON AS payload
FROM wide
--# sql
WITH event AS (
    SELECT raw_id, v[1] AS key, v[2] AS event_id, epoch_us(v[3]::TIMESTAMPTZ) AS tm, v[4] AS type, v[5] AS event, v[6] AS url, v[7] AS referrer, v[8] AS title,
           v[9] AS agent, v[10] AS language, v[11] AS country, v[12] AS revenue, v[13] AS product
    FROM (SELECT raw_id, json_extract_string(payload, ['$.anonymousId', '$.messageId', '$.timestamp', '$.type', '$.event', '$.context.page.url', '$.context.page.referrer', '$.context.page.title',
              '$.context.userAgent', '$.context.locale', '$.context.location.country', '$.properties.revenue', '$.properties.product_id']) AS v FROM tracked)
),
kept AS (
    SELECT * FROM event QUALIFY coalesce(tm - lag(tm) OVER (PARTITION BY key, event_id ORDER BY tm, raw_id) > 604800000000, true)
),
drawn AS (
    SELECT *, nullif(regexp_extract(url, '^https?://([^/?#]*)', 1), '') AS host, coalesce(nullif(regexp_extract(url, '^https?://[^/?#]*([^?#]*)', 1), ''), '/') AS path, nullif(regexp_extract(url, '[?]([^#]*)', 1), '') AS query,
           nullif(regexp_extract(url, '[?&]utm_source=([^&#]*)', 1), '') AS utm_source, nullif(regexp_extract(url, '[?&]utm_medium=([^&#]*)', 1), '') AS utm_medium, nullif(regexp_extract(referrer, '^https?://([^/?#]*)', 1), '') AS from_host
    FROM kept
),
known AS (
    SELECT *, row_number() OVER w AS n, tm - lag(tm) OVER w AS pause,
           CASE WHEN utm_source IS NOT NULL THEN utm_source WHEN from_host = host THEN NULL WHEN from_host = 'www.google.com' THEN 'google' WHEN from_host = 'www.facebook.com' THEN 'facebook'
                WHEN from_host IS NULL THEN '(direct)' ELSE from_host END AS channel_source,
           CASE WHEN utm_medium = 'cpc' AND utm_source = 'google' THEN 'Paid Search' WHEN utm_source IS NOT NULL THEN 'Unassigned' WHEN from_host = host THEN NULL
                WHEN from_host = 'www.google.com' THEN 'Organic Search' WHEN from_host = 'www.facebook.com' THEN 'Organic Social' WHEN from_host IS NULL THEN 'Direct' ELSE 'Referral' END AS channel_group,
           CASE WHEN agent LIKE '%iPad%' THEN 'tablet' WHEN agent LIKE '%Mobile%' THEN 'mobile' ELSE 'desktop' END AS class,
           CASE WHEN agent LIKE '%Windows%' THEN 'Windows' WHEN agent LIKE '%iPad%' THEN 'iPadOS' WHEN agent LIKE '%iPhone%' THEN 'iOS' WHEN agent LIKE '%Android%' THEN 'Android' END AS os
    FROM drawn WINDOW w AS (PARTITION BY key ORDER BY tm, event_id, raw_id)
),
numbered AS (
    SELECT *, sum(CASE WHEN pause <= 1800000000 THEN 0 ELSE 1 END) OVER (PARTITION BY key ORDER BY n ROWS UNBOUNDED PRECEDING) AS session FROM known
)
SELECT key, session, min(tm) AS started_at, count(*) AS events, count(*) FILTER (WHERE type = 'page') AS page_views,
       coalesce(sum(revenue::DECIMAL(18, 2)) FILTER (WHERE event = 'Order Completed'), 0) AS revenue, count(*) FILTER (WHERE event = 'Order Completed') AS orders,
       count(*) FILTER (WHERE event IN ('Order Completed', 'Signed Up', 'Trial Started')) AS conversions, count(DISTINCT product) FILTER (WHERE event = 'Product Viewed') AS products_viewed,
       coalesce(sum(least(pause, 60000000)) FILTER (WHERE pause <= 1800000000), 0)::BIGINT AS engaged,
       arg_min(host, n) FILTER (WHERE type = 'page') AS landing_host, arg_min(path, n) FILTER (WHERE type = 'page') AS landing_path, arg_min_null(query, n) FILTER (WHERE type = 'page') AS landing_query, arg_min(title, n) FILTER (WHERE type = 'page') AS landing_title,
       arg_min(utm_source, n) FILTER (WHERE utm_source IS NOT NULL OR utm_medium IS NOT NULL) AS campaign_source, arg_min(utm_medium, n) FILTER (WHERE utm_source IS NOT NULL OR utm_medium IS NOT NULL) AS campaign_medium,
       arg_min(channel_source, n) FILTER (WHERE channel_source IS NOT NULL) AS channel_source, arg_min(channel_group, n) FILTER (WHERE channel_source IS NOT NULL) AS channel_group,
       arg_min(class, n) AS device_class, arg_min(os, n) AS device_os, arg_min(language, n) AS locale_language, arg_min(country, n) AS geo_country
FROM numbered GROUP BY key, session

--# side rebuild() of a pipeline by the preset
--# role ours
--# needs sessionize.preset
--# before
SELECT sessionize.create_pipeline('bench', 'tracked', preset.definition || jsonb_build_object('max_duration', NULL, 'store_events', false, 'dimensions', dimension.list))
FROM (SELECT sessionize.preset('segment', 'tracked') AS definition) AS preset,
     LATERAL (SELECT jsonb_agg(jsonb_build_object('name', w.name, 'pick', w.pick, 'attributes', (SELECT jsonb_object_agg(a, d -> 'attributes' -> a) FROM unnest(w.attributes) AS a))) AS list
              FROM (VALUES ('landing', 'location', 'entry', '{host,path,query,title}'::text[]), ('campaign', 'campaign', 'first_not_null', '{source,medium}'), ('channel', 'channel', 'first_not_null', '{source,group}'),
                           ('device', 'device', 'first_not_null', '{class,os}'), ('locale', 'locale', 'first_not_null', '{language}'), ('geo', 'geo', 'first_not_null', '{country}')) AS w (name, like_, pick, attributes)
              JOIN jsonb_array_elements(preset.definition -> 'dimensions') AS d ON d ->> 'name' = w.like_) AS dimension
--# run
CALL sessionize.rebuild('bench')
--# check
SELECT count(*), sum(events), sum(page_views), sum(coalesce(revenue, 0) * 100)::bigint, sum(orders), sum(conversions), sum(products_viewed), sum(us('epoch'::timestamptz + engaged_time)), sum(digest(coalesce(landing_host, '')) * (1 + events % 7)), sum(digest(coalesce(landing_path, '')) * (1 + events % 7)), sum(digest(coalesce(landing_query, '')) * (1 + events % 7)), sum(digest(coalesce(landing_title, '')) * (1 + events % 7)), sum(digest(coalesce(campaign_source, '')) * (1 + events % 7)), sum(digest(coalesce(campaign_medium, '')) * (1 + events % 7)), sum(digest(coalesce(channel_source, '')) * (1 + events % 7)), sum(digest(coalesce(channel_group, '')) * (1 + events % 7)), sum(digest(coalesce(device_class, '')) * (1 + events % 7)), sum(digest(coalesce(device_os, '')) * (1 + events % 7)), sum(digest(coalesce(locale_language, '')) * (1 + events % 7)), sum(digest(coalesce(geo_country, '')) * (1 + events % 7))
FROM bench.sessions
--# after
SELECT sessionize.drop_pipeline('bench')
--# side rebuild() by the whole preset: 26 attributes, with events
--# needs sessionize.preset
--# before
SELECT sessionize.create_pipeline('bench', 'tracked', preset => 'segment', definition => '{"max_duration": null}')
--# run
CALL sessionize.rebuild('bench')
--# check
--# after
SELECT sessionize.drop_pipeline('bench')

--# side floor: the documents
--# role floor
--# run
SELECT sum(num_nonnulls(payload)) FROM tracked
--# check
--# after
