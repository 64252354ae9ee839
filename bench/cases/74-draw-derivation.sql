--# case Six values two levels down in a derivation: a rebuild whose filter draws them from each document of 1 kB, and lets none pass
--# setup
CREATE TABLE documents AS
SELECT jsonb_build_object('timestamp', '2026-12-01T04:42:05.322Z', 'type', 'page', 'messageId', 'ajs-next-' || md5(n::text), 'anonymousId', md5((n / 20)::text),
    'userId', 'u' || n / 20, 'sentAt', '2026-12-01T04:42:05.399Z', 'writeKey', 'WK', 'category', 'Docs', 'name', 'Home', 'integrations', jsonb '{"Segment.io": true}',
    'properties', jsonb_build_object('path', '/p/' || n % 1000, 'referrer', '', 'search', '?t=' || n, 'title', 'Home T', 'url', 'https://shop.example/p/' || n % 1000 || '?t=' || n, 'plan', 'x'),
    'context', jsonb_build_object('page', jsonb_build_object('path', '/p/' || n % 1000, 'referrer', '', 'search', '?t=' || n, 'title', 'Home T', 'url', 'https://shop.example/p/' || n % 1000 || '?t=' || n),
        'userAgent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
        'userAgentData', jsonb '{"brands": [{"brand": "Chromium", "version": "156"}], "mobile": false, "platform": "Linux"}', 'locale', 'en-US',
        'library', jsonb '{"name": "analytics.js", "version": "npm:next-1.84.3"}', 'campaign', jsonb '{}', 'timezone', 'UTC'),
    '_metadata', jsonb '{"bundled": ["Segment.io"], "unbundled": [], "bundledIds": []}') AS doc
FROM generate_series(1, (SELECT count(*) / 5 FROM narrow)) AS n;
CREATE INDEX ON documents ((doc ->> 'anonymousId'));
VACUUM (FREEZE, ANALYZE) documents;
--# teardown
DROP TABLE documents;
--# run
CALL sessionize.rebuild('bench')
--# check
SELECT filtered FROM sessionize.reconcile('bench')
--# after
SELECT sessionize.drop_pipeline('bench')

--# side chains of -> and ->>
--# before
SET max_parallel_maintenance_workers = 0;
SELECT sessionize.create_pipeline('bench', 'documents', key => $$doc ->> 'anonymousId'$$, event_time => $$timestamptz 'epoch'$$, raw_id => $$doc ->> 'messageId'$$, capture => false, store_events => false,
    filter => $$num_nonnulls(doc -> 'context' -> 'page' ->> 'url', doc -> 'context' -> 'page' ->> 'referrer', doc -> 'context' -> 'page' ->> 'title', doc -> 'context' -> 'page' ->> 'path', doc -> 'context' -> 'page' ->> 'search', doc -> 'context' -> 'library' ->> 'name') = 7$$)
--# side draw()
--# role ours
--# before
SET max_parallel_maintenance_workers = 0;
SELECT sessionize.create_pipeline('bench', 'documents', key => $$doc ->> 'anonymousId'$$, event_time => $$timestamptz 'epoch'$$, raw_id => $$doc ->> 'messageId'$$, capture => false, store_events => false,
    filter => $$num_nonnulls(sessionize.draw(doc, 'context.page.url'), sessionize.draw(doc, 'context.page.referrer'), sessionize.draw(doc, 'context.page.title'), sessionize.draw(doc, 'context.page.path'), sessionize.draw(doc, 'context.page.search'), sessionize.draw(doc, 'context.library.name')) = 7$$)
--# side floor: the documents
--# role floor
--# before
SET max_parallel_maintenance_workers = 0;
SELECT sessionize.create_pipeline('bench', 'documents', key => $$doc ->> 'anonymousId'$$, event_time => $$timestamptz 'epoch'$$, raw_id => $$doc ->> 'messageId'$$, capture => false, store_events => false,
    filter => $$num_nonnulls(doc, doc, doc, doc, doc, doc) = 7$$)
