-- traffic() and channel_group() against the rules of Google Analytics 4 as its documentation has them, in SQL with regular expressions.
SET timezone = 'UTC';
CREATE SCHEMA traffic_test;
SET search_path = traffic_test;
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset null (null)

-- The examples of the reference.
SELECT t.source, t.medium, t.campaign, t.click_id, t.channel
FROM (VALUES (1, 'https://shop.example/?utm_source=newsletter&utm_medium=email&utm_campaign=spring', 'https://mail.google.com/'),
             (2, 'https://shop.example/?gclid=EAIaIQ', 'https://www.google.com/'),
             (3, 'https://shop.example/', 'https://www.google.co.uk/'),
             (4, 'https://shop.example/', 'https://l.facebook.com/l.php?u=x'),
             (5, 'https://shop.example/', 'https://blog.partner.example/post'),
             (6, 'https://shop.example/', ''),
             (7, 'https://shop.example/cart', 'https://www.shop.example/')) AS v (n, page_url, referrer),
     sessionize.traffic(page_url, referrer) AS t ORDER BY n;
SELECT sessionize.channel_group('facebook', 'paid_social', NULL), sessionize.channel_group('spring-mail', 'e-mail', NULL), sessionize.channel_group('(direct)', '(none)', NULL);
SELECT t.source, t.medium, t.channel
FROM sessionize.traffic('https://shop.example/', 'https://forum.partner.example/42',
    '{"partner.example": {"source": "partner", "kind": "social"}, "pay.example": {"kind": "internal"}}') AS t;
SELECT domain, source, kind FROM sessionize.referring_sites() WHERE source = 'gmail' ORDER BY domain;

-- The list: lower case, each domain once, a source of one kind, and no site below another of the same source.
SELECT count(*) > 150 AS many, count(*) = count(DISTINCT domain) AS once, bool_and(domain = lower(domain) AND source = lower(source)) AS lower_case,
       array_agg(DISTINCT kind ORDER BY kind) FROM sessionize.referring_sites();
SELECT source FROM sessionize.referring_sites() GROUP BY source HAVING count(DISTINCT kind) > 1;
SELECT a.domain, b.domain FROM sessionize.referring_sites() AS a JOIN sessionize.referring_sites() AS b ON a.source = b.source AND a.domain LIKE '%.' || b.domain;
SELECT domain FROM sessionize.referring_sites() WHERE domain !~ '^[a-z0-9-]+(\.[a-z0-9-]+)*(\.\*)?$';

-- The site of a host, once more in SQL: the domain that begins earliest in the host.
CREATE FUNCTION expected_site(host text, own jsonb) RETURNS TABLE (source text, kind text) LANGUAGE sql IMMUTABLE BEGIN ATOMIC
  SELECT s.source, s.kind
  FROM (SELECT regexp_replace(regexp_replace(host, '(.)\.$', '\1'), '^www\.(?=.*\.)', '')) AS h (host),
       LATERAL (SELECT domain, source, kind, 1 AS builtin FROM sessionize.referring_sites()
                UNION ALL SELECT key, coalesce(nullif(value ->> 'source', ''), key), value ->> 'kind', 0 FROM jsonb_each(coalesce(own, '{}'))) AS s,
       LATERAL (SELECT length(h.host) - length(CASE WHEN s.domain LIKE '%.*' THEN
                    (regexp_match(h.host, '(?:^|\.)(' || replace(left(s.domain, -2), '.', '\.') ||
                     CASE WHEN h.host ~ '[^.]\.(ac|co|com|edu|gob|go|gov|ne|net|nom|or|org)\.[^.][^.]$' THEN '\.[^.]+\.[^.]+' WHEN h.host ~ '\.[0-9][^.]*$' THEN '\.\.' ELSE '\.[^.]+' END || ')$'))[1]
                  WHEN h.host = s.domain OR h.host LIKE '%.' || s.domain THEN s.domain END) AS start) AS m
  WHERE strpos(s.domain, '.') > 0 AND start IS NOT NULL AND length(h.host) <= 253
  ORDER BY start, s.domain LIKE '%.*', builtin LIMIT 1;
END;
CREATE FUNCTION expected_kind(source text, own jsonb) RETURNS text LANGUAGE sql IMMUTABLE BEGIN ATOMIC
  SELECT kind FROM (SELECT 1 AS o, value ->> 'kind' AS kind FROM jsonb_each(coalesce(own, '{}')) WHERE coalesce(nullif(value ->> 'source', ''), key) = lower(source)
                    UNION ALL SELECT 2, kind FROM sessionize.referring_sites() AS s WHERE s.source = lower(expected_kind.source)
                    UNION ALL SELECT 3, kind FROM sessionize.referring_sites() AS s WHERE s.domain = lower(expected_kind.source) AND strpos(s.domain, '.') = 0
                    UNION ALL SELECT 4, kind FROM expected_site(lower(source), own)) AS x
  ORDER BY o LIMIT 1;
END;
-- The rules of the page "Default channel group" for manual traffic, in its order.
CREATE FUNCTION expected_channel(source text, medium text, campaign text, kind text) RETURNS text LANGUAGE sql IMMUTABLE RETURN CASE
  WHEN lower(source) = '(direct)' AND coalesce(lower(medium), '') IN ('', '(none)', '(not set)') THEN 'Direct'
  WHEN campaign ~* 'cross-network' THEN 'Cross-network'
  WHEN (kind = 'shopping' OR campaign ~* '^(.*(([^a-df-z]|^)shop|shopping).*)$') AND medium ~* '^(.*cp.*|ppc|retargeting|paid.*)$' THEN 'Paid Shopping'
  WHEN kind = 'search' AND medium ~* '^(.*cp.*|ppc|retargeting|paid.*)$' THEN 'Paid Search'
  WHEN kind = 'social' AND medium ~* '^(.*cp.*|ppc|retargeting|paid.*)$' THEN 'Paid Social'
  WHEN kind = 'video' AND medium ~* '^(.*cp.*|ppc|retargeting|paid.*)$' THEN 'Paid Video'
  WHEN lower(medium) IN ('display', 'banner', 'expandable', 'interstitial', 'cpm') THEN 'Display'
  WHEN medium ~* '^(.*cp.*|ppc|retargeting|paid.*)$' THEN 'Paid Other'
  WHEN kind = 'shopping' OR campaign ~* '^(.*(([^a-df-z]|^)shop|shopping).*)$' THEN 'Organic Shopping'
  WHEN kind = 'social' OR lower(medium) IN ('social', 'social-network', 'social-media', 'sm', 'social network', 'social media') THEN 'Organic Social'
  WHEN kind = 'video' OR medium ~* '^(.*video.*)$' THEN 'Organic Video'
  WHEN kind = 'search' OR lower(medium) = 'organic' THEN 'Organic Search'
  WHEN lower(medium) IN ('referral', 'app', 'link') THEN 'Referral'
  WHEN source ~* '^(email|e-mail|e_mail|e mail)$' OR medium ~* '^(email|e-mail|e_mail|e mail)$' THEN 'Email'
  WHEN lower(medium) = 'affiliate' THEN 'Affiliates'
  WHEN lower(medium) = 'audio' THEN 'Audio'
  WHEN lower(source) = 'sms' OR lower(medium) = 'sms' THEN 'SMS'
  WHEN medium ~* 'push$' OR medium ~* 'mobile|notification' OR lower(source) = 'firebase' THEN 'Mobile Push Notifications'
  ELSE 'Unassigned' END;
CREATE TABLE own AS SELECT NULL::jsonb AS own UNION ALL SELECT '{"news.example": {"source": "News", "kind": "social"}, "google.com": {"source": "mine", "kind": "ai"}, "tube.*": {"source": "tube", "kind": "video"}, "pay.example": {"kind": "internal"}, "bing": {"source": "b", "kind": "shopping"}}';
UPDATE own SET own = jsonb_set(own, '{news.example,source}', '"news"') WHERE own IS NOT NULL;
CREATE TABLE cases AS
SELECT source, medium, campaign, own
FROM unnest(ARRAY[NULL, '', '(direct)', '(DIRECT)', 'google', 'Google', 'google.com', 'www.google.com.br', 'mail.google.com', 'gmail', 'facebook', 'm.facebook.com', 'fb', 'ig', 'youtube', 'vimeo.com', 'amazon', 'amazon.co.uk',
                  'google shopping', 'chatgpt', 'newsletter', 'email', 'E-Mail', 'e_mail', 'e mail', 'emails', 'sms', 'firebase', 'news', 'news.example', 'tube.it', 'bing', 'b', 'é']) AS source,
     unnest(ARRAY[NULL, '', '(none)', '(not set)', 'cpc', 'CPC', 'cpm', 'ppc', 'xppc', 'paid', 'PaidSocial', 'unpaid', 'retargeting', 'display', 'banner', 'expandable', 'interstitial', 'social', 'Social Media', 'sm', 'social-network', 'video', 'instream-video',
                  'organic', 'referral', 'app', 'link', 'email', 'affiliate', 'affiliates', 'audio', 'sms', 'push', 'web-push', 'pushed', 'mobile', 'mobile-x', 'notification', 'x-notifications', 'é']) AS medium,
     unnest(ARRAY[NULL, '', 'spring', 'Cross-Network', 'my cross-network x', 'shop', 'bishop', 'eshop', 'the shop', 'workshop', 'Shopping', 'workshopping', 'SHO', 'é']) AS campaign, own;
SELECT count(*) FROM cases;
SELECT source, medium, campaign, k.own, sessionize.channel_group(source, medium, campaign, k.own), expected_channel(source, medium, campaign, kind)
FROM (SELECT source, own, expected_kind(source, own) AS kind FROM (SELECT DISTINCT source, own FROM cases) AS d OFFSET 0) AS k JOIN cases USING (source) WHERE k.own IS NOT DISTINCT FROM cases.own
  AND sessionize.channel_group(source, medium, campaign, cases.own) IS DISTINCT FROM expected_channel(source, medium, campaign, kind) LIMIT 5;
SELECT count(*) AS wrong FROM cases WHERE source IS NULL AND sessionize.channel_group(source, medium, campaign, own) IS DISTINCT FROM
  CASE WHEN medium IS NULL AND campaign IS NULL THEN NULL ELSE expected_channel(source, medium, campaign, NULL) END;
SELECT count(DISTINCT sessionize.channel_group(source, medium, campaign)) FROM cases;

-- Referrers, 400 of them by the day's seed: a site's domain by itself, below www, below another label, below two-part domains, with a dot, as a part of another's name.
CREATE TABLE hosts AS
SELECT DISTINCT replace(pattern, '%', name) AS host
FROM (SELECT CASE WHEN domain LIKE '%.*' THEN replace(domain, '*', tld) ELSE domain END AS name
      FROM sessionize.referring_sites(), unnest(ARRAY['com', 'de', 'co.uk', 'com.br', 'github.io', 'co.com', '7']) AS tld) AS s,
     unnest(ARRAY['%', 'www.%', 'x.y.%', '%.', 'not%', '%.example', 'x-%', '%x']) AS pattern;
INSERT INTO hosts VALUES ('news.example'), ('a.news.example'), ('tube.it'), ('a.tube.co.jp'), ('tube.example.it'), ('localhost'), ('[::1]'), ('127.0.0.1'), ('co.uk'), ('www.co.uk'), ('google'), ('fb'), ('.google.com'), ('a..google.com'), ('google..com'), ('..'), ('é.google.de');
SELECT extract(epoch FROM current_date)::int AS seed \gset
DELETE FROM hosts WHERE strpos(host, '.') > 0 AND host NOT IN (SELECT host FROM hosts ORDER BY hashtextextended(host, :seed) LIMIT 400);
SELECT count(*) >= 400 AS many FROM hosts;
CREATE TABLE expected AS
SELECT host, own, coalesce(source, regexp_replace(regexp_replace(host, '(.)\.$', '\1'), '^www\.(?=.*\.)', '')) AS source,
       CASE kind WHEN 'search' THEN 'organic' WHEN 'mail' THEN 'email' ELSE 'referral' END AS medium,
       expected_channel(source, CASE kind WHEN 'search' THEN 'organic' WHEN 'mail' THEN 'email' ELSE 'referral' END, NULL, kind) AS channel
FROM hosts CROSS JOIN own LEFT JOIN LATERAL expected_site(host, own) ON true;
CREATE TABLE actual AS
SELECT host, own, (t).source, (t).medium, (t).channel FROM (SELECT host, own, sessionize.traffic('https://a.example.test/', 'https://' || upper(host) || '/x', own) AS t FROM hosts, own OFFSET 0) AS x;
SELECT :seed AS seed_of_failure, x.* FROM (TABLE expected EXCEPT ALL TABLE actual) AS x LIMIT 5;
SELECT :seed AS seed_of_failure, x.* FROM (TABLE actual EXCEPT ALL TABLE expected) AS x LIMIT 5;

-- What counts before what, by hand.
CREATE TABLE visits (n int GENERATED ALWAYS AS IDENTITY, page_url text, referrer text, source text, medium text, campaign text, term text, content text, click_id text, channel text);
INSERT INTO visits (page_url, referrer, source, medium, campaign, term, content, click_id, channel) VALUES
('https://s.example/', NULL, '(direct)', '(none)', NULL, NULL, NULL, NULL, 'Direct'),
(NULL, 'https://www.bing.com/', 'bing', 'organic', NULL, NULL, NULL, NULL, 'Organic Search'),
(NULL, '', '(direct)', '(none)', NULL, NULL, NULL, NULL, 'Direct'),
('', '$direct', '(direct)', '(none)', NULL, NULL, NULL, NULL, 'Direct'),
('https://s.example/', 'about:blank', '(direct)', '(none)', NULL, NULL, NULL, NULL, 'Direct'),
('/relative', 'https://x.test/', 'x.test', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
-- internal clicks
('https://s.example/a', 'https://s.example/b', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('https://s.example/a', 'http://WWW.s.example:8080/b', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('https://a.s.example/', 'https://b.c.s.example./', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('https://a.s.co.uk/', 'https://s.co.uk/', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('https://a.co.uk/', 'https://b.co.uk/', 'b.co.uk', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
('https://a.github.io/', 'https://b.github.io/', 'b.github.io', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
('https://a.github.io/', 'https://x.a.github.io/', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('http://localhost:9001/p', 'http://localhost:9001/', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('http://localhost/', 'http://otherhost/', 'otherhost', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
('http://10.0.0.1/', 'http://11.0.0.1/', '11.0.0.1', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
('http://10.0.0.1/', 'http://10.0.0.1:81/', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('http://[::1]/', 'http://[::2]/', '[::2]', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
('https://mail.google.com/', 'https://www.google.com/', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('https://s.example/?fbclid=1', 'https://s.example/', NULL, NULL, NULL, NULL, NULL, '1', NULL),
('https://s.example/?fbclid=1&utm_medium=m', 'https://s.example/', NULL, 'm', NULL, NULL, NULL, '1', 'Unassigned'),
('https://s.example/?utm_term=x', 'https://s.example/', NULL, NULL, NULL, 'x', NULL, NULL, NULL),
-- campaigns count before the referrer, whatever it is
('https://s.example/?utm_source=n&utm_medium=email&utm_campaign=c&utm_term=t&utm_content=d', 'https://s.example/', 'n', 'email', 'c', 't', 'd', NULL, 'Email'),
('https://s.example/?utm_source=Google&utm_medium=CPC', 'https://x.test/', 'Google', 'CPC', NULL, NULL, NULL, NULL, 'Paid Search'),
('https://s.example/?utm_source=google', 'https://x.test/', 'google', NULL, NULL, NULL, NULL, NULL, 'Organic Search'),
('https://s.example/?utm_source=leaflet', NULL, 'leaflet', NULL, NULL, NULL, NULL, NULL, 'Unassigned'),
('https://s.example/?utm_medium=email', 'https://mail.google.com/', 'gmail', 'email', NULL, NULL, NULL, NULL, 'Email'),
('https://s.example/?utm_medium=email', NULL, NULL, 'email', NULL, NULL, NULL, NULL, 'Email'),
('https://s.example/?utm_campaign=spring', NULL, NULL, NULL, 'spring', NULL, NULL, NULL, 'Unassigned'),
('https://s.example/?utm_campaign=spring', 'https://x.test/', 'x.test', 'referral', 'spring', NULL, NULL, NULL, 'Referral'),
('https://s.example/?utm_campaign=spring', 'https://s.example/', NULL, NULL, 'spring', NULL, NULL, NULL, 'Unassigned'),
('https://s.example/?utm_source=&utm_source=n&utm_medium=', 'https://x.test/', 'x.test', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
('https://s.example/?utm_source=a&utm_source=b', NULL, 'a', NULL, NULL, NULL, NULL, NULL, 'Unassigned'),
('https://s.example/?utm_source=a%20b+%C3%A9&utm_medium=%ff', NULL, 'a b é', '%ff', NULL, NULL, NULL, NULL, 'Unassigned'),
('https://s.example/?%75tm_source=a', NULL, 'a', NULL, NULL, NULL, NULL, NULL, 'Unassigned'),
('https://s.example/#utm_source=a', NULL, '(direct)', '(none)', NULL, NULL, NULL, NULL, 'Direct'),
('https://s.example/?UTM_SOURCE=a', NULL, '(direct)', '(none)', NULL, NULL, NULL, NULL, 'Direct'),
('https://s.example/?utm_source=x&utm_medium=cpc&utm_campaign=cross-network', NULL, 'x', 'cpc', 'cross-network', NULL, NULL, NULL, 'Cross-network'),
-- identifiers of clicks
('https://s.example/?gclid=a', 'https://s.example/', 'google', 'cpc', NULL, NULL, NULL, 'a', 'Paid Search'),
('https://s.example/?gbraid=a', NULL, 'google', 'cpc', NULL, NULL, NULL, 'a', 'Paid Search'),
('https://s.example/?wbraid=a', NULL, 'google', 'cpc', NULL, NULL, NULL, 'a', 'Paid Search'),
('https://s.example/?dclid=a', NULL, 'google', 'display', NULL, NULL, NULL, 'a', 'Display'),
('https://s.example/?msclkid=a', NULL, 'bing', 'cpc', NULL, NULL, NULL, 'a', 'Paid Search'),
('https://s.example/?ttclid=a', NULL, 'tiktok', 'cpc', NULL, NULL, NULL, 'a', 'Paid Social'),
('https://s.example/?li_fat_id=a', NULL, 'linkedin', 'cpc', NULL, NULL, NULL, 'a', 'Paid Social'),
('https://s.example/?twclid=a', NULL, 'twitter', 'cpc', NULL, NULL, NULL, 'a', 'Paid Social'),
('https://s.example/?fbclid=a', NULL, 'facebook', 'social', NULL, NULL, NULL, 'a', 'Organic Social'),
('https://s.example/?fbclid=a', 'https://l.instagram.com/', 'instagram', 'referral', NULL, NULL, NULL, 'a', 'Organic Social'),
('https://s.example/?fbclid=a', 'https://x.test/', 'x.test', 'referral', NULL, NULL, NULL, 'a', 'Referral'),
('https://s.example/?fbclid=b&gclid=a', NULL, 'google', 'cpc', NULL, NULL, NULL, 'a', 'Paid Search'),
('https://s.example/?gclid=a&utm_source=n&utm_medium=email', NULL, 'n', 'email', NULL, NULL, NULL, 'a', 'Email'),
('https://s.example/?gclid=a&utm_source=n', NULL, 'n', 'cpc', NULL, NULL, NULL, 'a', 'Paid Other'),
('https://s.example/?gclid=a&utm_campaign=c', NULL, 'google', 'cpc', 'c', NULL, NULL, 'a', 'Paid Search'),
('https://s.example/?gclid=a&utm_campaign=Shop+x', NULL, 'google', 'cpc', 'Shop x', NULL, NULL, 'a', 'Paid Shopping'),
('https://s.example/?gclid=', NULL, '(direct)', '(none)', NULL, NULL, NULL, NULL, 'Direct'),
('https://s.example/?gclid', 'https://x.test/', 'x.test', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
-- kinds of sites
('https://s.example/', 'https://mail.google.com/', 'gmail', 'email', NULL, NULL, NULL, NULL, 'Email'),
('https://s.example/', 'android-app://com.google.android.gm/', 'gmail', 'email', NULL, NULL, NULL, NULL, 'Email'),
('https://s.example/', 'https://chatgpt.com/', 'chatgpt', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
('https://s.example/', 'https://gemini.google.com/app', 'gemini', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
('https://s.example/', 'https://www.youtube.com/watch', 'youtube', 'referral', NULL, NULL, NULL, NULL, 'Organic Video'),
('https://s.example/', 'https://www.amazon.co.jp/', 'amazon', 'referral', NULL, NULL, NULL, NULL, 'Organic Shopping'),
('https://s.example/', 'https://m.facebook.com/', 'facebook', 'referral', NULL, NULL, NULL, NULL, 'Organic Social'),
('https://s.example/', 'https://google.evil.example/', 'google.evil.example', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
('https://s.example/', 'https://notfacebook.com/', 'notfacebook.com', 'referral', NULL, NULL, NULL, NULL, 'Referral'),
('https://s.example/', 'https://facebook.com@evil.test/', 'evil.test', 'referral', NULL, NULL, NULL, NULL, 'Referral');
SELECT n, source, medium, campaign, term, content, click_id, channel FROM visits EXCEPT ALL SELECT n, (sessionize.traffic(page_url, referrer)).* FROM visits ORDER BY n;
SELECT n, (sessionize.traffic(page_url, referrer)).* FROM visits EXCEPT ALL SELECT n, source, medium, campaign, term, content, click_id, channel FROM visits ORDER BY n;
SELECT sessionize.traffic(NULL, NULL), sessionize.traffic(NULL, NULL, '{}'), sessionize.channel_group(NULL, NULL, NULL);
-- the channel of what traffic() gives is that of channel_group()
SELECT count(*) AS differ FROM visits, sessionize.traffic(page_url, referrer) AS t WHERE t.channel IS DISTINCT FROM sessionize.channel_group(t.source, t.medium, t.campaign);

-- Sites of one's own: another set for each row, a payment provider, mistakes.
SELECT own ->> 'x.test' AS site, t.source, t.medium, t.channel
FROM unnest(ARRAY['{}', '{"x.test": {"source": "x", "kind": "search"}}', '{"x.test": {"source": "x", "kind": "video"}}', '{"x.test": {"kind": "internal"}}']::jsonb[]) WITH ORDINALITY AS u (own, n),
     sessionize.traffic('https://s.example/', 'https://pay.x.test/', own) AS t ORDER BY n;
\set VERBOSITY default
SELECT sessionize.traffic('', '', '[]');
SELECT sessionize.traffic('', '', '{"a.b": "search"}');
SELECT sessionize.traffic('', '', '{"a.b": {"source": "x", "kind": "searches"}}');
SELECT sessionize.traffic('', '', '{"a.b": {"kind": "search"}}');
SELECT sessionize.channel_group('', '', '', '{"A.b": {"source": "x", "kind": "search"}}');
SELECT sessionize.channel_group('', '', '', jsonb_build_object(repeat('a', 300), '{}'::jsonb));
\set VERBOSITY terse

-- Megabytes.
SET statement_timeout = '60s';
SELECT length(t.source), t.medium, t.channel FROM sessionize.traffic('https://s.example/', 'https://' || repeat('a.', 1000000) || 'google.com/') AS t;
SELECT t.source, length(t.campaign), t.channel FROM sessionize.traffic('https://s.example/?utm_campaign=' || repeat('sho', 1000000) || repeat('&x%41=1', 200000) || '&utm_source=q', NULL) AS t;
SELECT sessionize.channel_group(repeat('google.', 300000), repeat('c', 1000000) || 'p', repeat('cross-networ', 300000));
SELECT (sessionize.traffic('', 'https://k77777.example', (SELECT jsonb_object_agg('k' || i || '.example', '{"source": "s", "kind": "ai"}'::jsonb) FROM generate_series(1, 100000) AS i))).source;

-- Values that a tracker has taken from the URL count in place of its parameters; empty ones don't.
SELECT t.source, t.medium, t.campaign, t.channel FROM sessionize.traffic('https://shop.example/app', 'https://www.google.com/', NULL, 'newsletter', 'email', 'spring') AS t;
SELECT count(*) AS visits, count(*) FILTER (WHERE sessionize.traffic('https://shop.example/?gclid=1&utm_medium=m&utm_source=x', referrer, NULL, s, m, c) IS DISTINCT FROM
  sessionize.traffic('https://shop.example/?gclid=1' || coalesce('&utm_source=' || nullif(s, ''), '&utm_source=x') || coalesce('&utm_medium=' || nullif(m, ''), '&utm_medium=m') || coalesce('&utm_campaign=' || nullif(c, ''), ''), referrer)) AS differ,
  count(*) FILTER (WHERE sessionize.traffic(NULL, referrer, NULL, s, m, c) IS DISTINCT FROM sessionize.traffic('?' || coalesce('&utm_source=' || s, '') || coalesce('&utm_medium=' || m, '') || coalesce('&utm_campaign=' || c, ''), referrer)) AS differ_alone
FROM unnest(ARRAY['', 'https://www.bing.com/', 'https://shop.example/', 'https://a.example/']) AS referrer, unnest(ARRAY[NULL, '', 'google', 's']) AS s, unnest(ARRAY[NULL, '', 'cpc', 'm']) AS m, unnest(ARRAY[NULL, '', 'c']) AS c;
SELECT sessionize.traffic(NULL, NULL, NULL, NULL, NULL, NULL) IS NULL AS nothing, (sessionize.traffic(NULL, NULL, NULL, NULL, NULL, 'c')).channel;

-- A value of the type, and an expression of an index.
SELECT (ROW('google', 'organic', NULL, NULL, NULL, NULL, 'Organic Search')::sessionize.traffic_source).channel;
CREATE INDEX ON visits (((sessionize.traffic(page_url, referrer)).channel));
DROP SCHEMA traffic_test CASCADE;
