-- generator.sql: a made-up web shop's clickstream, the same every time from the same seed.
--
--     psql -v seed=1 -v scale=1 -v events=raw.events -f generator.sql
--
--     seed    any bigint; nothing here is random(), everything is a hash of the seed
--     scale   1 makes about 270,000 raw rows; 10 makes ten times as many of everything but time
--     events  the table to insert into, one that sessionize.create_events_table() made
--     start   the first day (four weeks follow)
--
-- What is in it: visitors whose activity has a heavy tail, in four regions with their own day and
-- night; sessions that walk through the site's graph until they leave; logins midway; campaigns;
-- collectors' retries (some hours later, some with a changed payload); phones that were offline;
-- device clocks that are hours off; bots; and rows no event can be made of.

\set ON_ERROR_STOP on
\if :{?seed}
\else
    \set seed 1
\endif
\if :{?scale}
\else
    \set scale 1
\endif
\if :{?events}
\else
    \set events raw.events
\endif
\if :{?start}
\else
    \set start 2026-03-02
\endif

SET TimeZone = 'UTC';
SET client_min_messages = warning;
SET work_mem = '64MB';
-- the walk below is a recursive query: the planner can't know that each step is cheap
SET jit = off;

-- A number in [0, 1) that depends on the seed, on what is asked (salt) and of whom (id).
CREATE FUNCTION pg_temp.u(id bigint, salt int) RETURNS float8
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((hashint8extended(id, hashint8extended(:'seed', salt)) >> 11) & 9007199254740991) / 9007199254740992.0::float8;

-- A member of an array whose weights are the steps of a cumulative distribution.
CREATE FUNCTION pg_temp.pick(x float8, steps float8[], members text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN members[1 + width_bucket(x, steps)];

-- The site: how likely a visitor is to leave from a state, and where the others go.
CREATE TEMP TABLE site_state (state text PRIMARY KEY, event_name text, leaves float8);
INSERT INTO site_state VALUES
    ('home', 'page_view', 0.26), ('category', 'page_view', 0.28), ('search', 'page_view', 0.26),
    ('product', 'page_view', 0.38), ('add_to_cart', 'add_to_cart', 0.06), ('cart', 'page_view', 0.28),
    ('checkout', 'page_view', 0.30), ('purchase', 'purchase', 0), ('thank_you', 'page_view', 0.65),
    ('blog', 'page_view', 0.55), ('pricing', 'page_view', 0.55), ('login', 'login', 0.02),
    ('account', 'page_view', 0.50);

CREATE TEMP TABLE site_link AS
SELECT state, target,
       (sum(weight) OVER w - weight) / sum(weight) OVER (PARTITION BY state) AS lo,
       sum(weight) OVER w / sum(weight) OVER (PARTITION BY state) AS hi
FROM (VALUES
    ('home', 'category', 36.0::float8), ('home', 'product', 24), ('home', 'search', 16), ('home', 'blog', 8),
    ('home', 'pricing', 7), ('home', 'login', 9),
    ('category', 'product', 68), ('category', 'category', 20), ('category', 'home', 8), ('category', 'search', 4),
    ('search', 'product', 75), ('search', 'search', 18), ('search', 'category', 7),
    ('product', 'product', 40), ('product', 'category', 26), ('product', 'add_to_cart', 23), ('product', 'search', 8),
    ('product', 'home', 3),
    ('add_to_cart', 'cart', 52), ('add_to_cart', 'product', 34), ('add_to_cart', 'category', 14),
    ('cart', 'checkout', 62), ('cart', 'product', 28), ('cart', 'category', 10),
    ('checkout', 'purchase', 74), ('checkout', 'login', 14), ('checkout', 'cart', 12),
    ('purchase', 'thank_you', 1),
    ('thank_you', 'home', 40), ('thank_you', 'account', 45), ('thank_you', 'product', 15),
    ('blog', 'blog', 50), ('blog', 'home', 28), ('blog', 'product', 15), ('blog', 'pricing', 7),
    ('pricing', 'home', 30), ('pricing', 'category', 35), ('pricing', 'product', 35),
    ('login', 'account', 40), ('login', 'home', 25), ('login', 'checkout', 35),
    ('account', 'home', 40), ('account', 'product', 45), ('account', 'search', 15)) AS link (state, target, weight)
WINDOW w AS (PARTITION BY state ORDER BY target);

-- Visitors: most come once or twice, some all the time.
CREATE TEMP TABLE visitor AS
SELECT v AS visitor,
       substr(md5('anonymous ' || :'seed' || ' ' || v), 1, 16) AS anonymous_id,
       'u' || (100000 + v) AS user_id,
       least(150, floor((1 - pg_temp.u(v, 1)) ^ (-1 / 1.15)))::int AS sessions,
       pg_temp.pick(pg_temp.u(v, 2), '{0.46,0.78,0.91}', '{de-DE,en-US,pt-BR,ja-JP}') AS locale,
       pg_temp.pick(pg_temp.u(v, 3), '{0.44,0.68,0.91}', '{desktop,iphone,android,tablet}') AS device,
       -- one device in 60 has a clock that is off, by up to a day
       CASE WHEN pg_temp.u(v, 4) < 1 / 60.0
            THEN (pg_temp.u(v, 5) - 0.5) * interval '48 hours'
            ELSE (pg_temp.u(v, 5) - 0.5) * interval '4 seconds' END AS clock_off
FROM generate_series(1, (18000 * :scale)::int) AS v;

-- Their sessions: a day (fewer on weekends), an hour of the visitor's own day, a way to the site.
CREATE TEMP TABLE visit AS
SELECT row_number() OVER (ORDER BY visitor, n) AS visit, v.*,
       :'start'::date + day
         + (width_bucket(pg_temp.u(id, 13),
                         '{0.010,0.016,0.021,0.026,0.033,0.045,0.066,0.101,0.147,0.200,0.253,0.305,0.361,0.412,0.460,0.508,0.558,0.613,0.676,0.747,0.822,0.895,0.953}')
            + pg_temp.u(id, 14)) * interval '1 hour'
         - CASE locale WHEN 'de-DE' THEN 1 WHEN 'en-US' THEN -6 WHEN 'pt-BR' THEN -3 ELSE 9 END * interval '1 hour' AS began,
       pg_temp.pick(pg_temp.u(id, 15), '{0.36,0.64,0.75,0.84,0.95}',
                    '{direct,organic,social,email,paid,referral}') AS channel,
       pg_temp.pick(pg_temp.u(id, 16), '{0.36,0.62,0.76,0.91,0.96}',
                    '{home,product,category,blog,pricing,search}') AS entry,
       -- how easily this visitor leaves: for one in 30 hardly at all, which makes the tail of long sessions
       CASE WHEN pg_temp.u(id, 17) < 1 / 30.0 THEN 0.15 ELSE 0.7 + pg_temp.u(id, 18) END AS haste
FROM (SELECT v.*, n, v.visitor * 1000 + n AS id FROM visitor v, generate_series(1, v.sessions) AS n) AS v
CROSS JOIN LATERAL (
    SELECT CASE WHEN extract(isodow FROM :'start'::date + d) > 5 AND pg_temp.u(id, 12) < 0.35
                THEN (d + 8 - extract(isodow FROM :'start'::date + d)::int + floor(5 * pg_temp.u(id, 19))::int) % 28 ELSE d END AS day
    FROM (SELECT floor(28 * pg_temp.u(id, 11))::int AS d) AS any_day) AS one_day;

CREATE TEMP TABLE hit AS
WITH RECURSIVE walk AS (
    SELECT visit, haste, 1 AS step, entry AS state, 1 + floor(400 * pg_temp.u(visit * 1024 + 1, 21) ^ 2.5) AS item
    FROM visit
    UNION ALL
    SELECT w.visit, w.haste, w.step + 1, l.target,
           CASE WHEN l.target IN ('add_to_cart', 'cart', 'checkout', 'purchase') THEN w.item
                ELSE 1 + floor(400 * pg_temp.u(w.visit * 1024 + w.step + 1, 21) ^ 2.5) END
    FROM walk w
    JOIN site_state s USING (state)
    JOIN site_link l ON l.state = w.state
                    AND pg_temp.u(w.visit * 1024 + w.step, 22) >= l.lo
                    AND pg_temp.u(w.visit * 1024 + w.step, 22) < l.hi
    WHERE w.step < 500 AND pg_temp.u(w.visit * 1024 + w.step, 23) >= s.leaves * w.haste
)
SELECT visit, step, visit * 1024 + step AS id, state, item::int,
       -- seconds on a page: a heavy tail, but rarely so long that it ends the session
       sum(least(2400, 6 * (1 - pg_temp.u(visit * 1024 + step, 24)) ^ (-1 / 1.1)))
           OVER (PARTITION BY visit ORDER BY step) * interval '1 second' AS elapsed
FROM walk;

-- What the visitors' devices report, and when it truly happened.
CREATE TEMP TABLE report AS
SELECT h.id, md5('event ' || :'seed' || ' ' || h.id)::uuid::text AS event_id, s.event_name,
       CASE WHEN bool_or(h.state = 'login') OVER (PARTITION BY v.visitor ORDER BY v.began + h.elapsed, h.id
                                                 ROWS UNBOUNDED PRECEDING) THEN v.user_id END AS user_id,
       v.anonymous_id,
       v.device || '-' || v.anonymous_id AS device_id,
       date_trunc('milliseconds', v.began + h.elapsed) AT TIME ZONE 'UTC' AS happened_at,
       v.clock_off,
       -- one phone in 40 visits is offline: its events arrive hours later
       CASE WHEN v.device IN ('iphone', 'android') AND pg_temp.u(h.visit, 31) < 1 / 40.0
            THEN pg_temp.u(h.visit, 32) * interval '30 hours'
            ELSE pg_temp.u(h.id, 33) * interval '900 milliseconds' END AS kept_back,
       (40 + 400 * pg_temp.u(h.id, 34) ^ 3) * interval '1 millisecond' AS travel,
       CASE v.device WHEN 'iphone' THEN 'ios' WHEN 'android' THEN 'android' ELSE 'web' END AS source,
       jsonb_strip_nulls(jsonb_build_object(
           'page', CASE h.state
                       WHEN 'home' THEN '/'
                       WHEN 'product' THEN '/product/' || h.item
                       WHEN 'category' THEN '/category/' || (ARRAY['audio','bags','bikes','books','camping','games','garden','kitchen'])[1 + h.item % 8]
                       WHEN 'blog' THEN '/blog/' || (ARRAY['how-to-choose-a-tent','ten-quiet-headphones','our-year','repair-or-replace','spring-rides'])[1 + h.item % 5]
                       WHEN 'thank_you' THEN '/checkout/thank-you'
                       WHEN 'add_to_cart' THEN NULL WHEN 'purchase' THEN NULL WHEN 'login' THEN NULL
                       ELSE '/' || h.state END,
           'query', CASE WHEN h.state = 'search' THEN (ARRAY['tent','lamp','bike light','grill','headphones','bag'])[1 + h.item % 6] END,
           'product_id', CASE WHEN h.state IN ('product', 'add_to_cart', 'purchase') THEN h.item END,
           'revenue_cents', CASE WHEN h.state = 'purchase' THEN 500 + 37 * h.item END)) AS properties,
       jsonb_strip_nulls(jsonb_build_object(
           'locale', v.locale,
           'device', v.device,
           'referrer', CASE WHEN h.step = 1 THEN CASE v.channel WHEN 'organic' THEN 'https://search.example/' WHEN 'social' THEN 'https://social.example/'
                                                                WHEN 'referral' THEN 'https://reviews.example/' END END,
           'campaign', CASE WHEN h.step = 1 AND v.channel IN ('email', 'paid') THEN jsonb_build_object(
               'source', CASE v.channel WHEN 'email' THEN 'newsletter' ELSE 'search-ads' END, 'medium', v.channel,
               'name', CASE WHEN v.began < :'start'::date + 14 THEN 'spring' ELSE 'clearance' END) END)) AS context
FROM hit h JOIN visit v USING (visit) JOIN site_state s USING (state);

-- Three crawlers, which never pause: one rule of sessions alone would make each a single session.
INSERT INTO report
SELECT -(bot * 1000000 + n), md5('bot ' || :'seed' || ' ' || bot || ' ' || n)::uuid::text, 'page_view', NULL,
       'crawler' || bot, 'crawler' || bot,
       (:'start'::date + 4 * bot + n * interval '35 seconds' + pg_temp.u(bot * 1000000 + n, 41) * interval '9 seconds') AT TIME ZONE 'UTC',
       interval '0', interval '0', interval '50 milliseconds', 'web',
       jsonb_build_object('page', '/product/' || 1 + (n * 7 + bot) % 400), '{"locale": "en-US", "device": "bot"}'
FROM generate_series(1, 3) AS bot, generate_series(1, (3000 * :scale)::int) AS n;

-- What the collectors wrote down: each report once, and the retries.
CREATE TEMP TABLE written AS
SELECT event_id, event_name, user_id, anonymous_id, device_id, happened_at + clock_off AS occurred_at,
       happened_at + kept_back + clock_off AS sent_at, happened_at + kept_back + travel AS received_at,
       source, properties, context
FROM report
UNION ALL
SELECT event_id, event_name, user_id, anonymous_id, device_id, happened_at + clock_off,
       happened_at + kept_back + clock_off, happened_at + kept_back + travel + again,
       source, CASE WHEN pg_temp.u(id, 53) < 0.2 THEN jsonb_set(properties, '{page}', '"/"') ELSE properties END, context
FROM (SELECT *, CASE WHEN pg_temp.u(id, 52) < 0.15 THEN pg_temp.u(id, 54) * interval '20 hours'
                     ELSE (2 + 60 * pg_temp.u(id, 54)) * interval '1 second' END AS again
      FROM report WHERE clock_off BETWEEN '-1 minute' AND '1 minute' AND pg_temp.u(id, 51) < 0.02) AS retry
UNION ALL
-- rows no event can be made of: nobody's, and at no time
SELECT event_id, event_name, NULL, NULL, device_id, happened_at, happened_at, happened_at + travel, source, properties, context
FROM report WHERE id > 0 AND pg_temp.u(id, 61) < 0.0004
UNION ALL
SELECT md5('broken ' || event_id)::uuid::text, event_name, user_id, anonymous_id, device_id, 'infinity', happened_at, happened_at + travel, source, properties, context
FROM report WHERE id > 0 AND pg_temp.u(id, 62) < 0.0002;

INSERT INTO :events (event_id, event_name, user_id, anonymous_id, device_id, occurred_at, sent_at, received_at, source, properties, context)
SELECT * FROM written ORDER BY received_at, event_id, occurred_at;

DROP TABLE written, report, hit, visit, visitor, site_link, site_state;
