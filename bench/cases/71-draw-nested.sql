--# case Six values two levels down, from a nested document of 1 kB
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
VACUUM (FREEZE, ANALYZE) documents;
--# teardown
DROP TABLE documents;
--# run
SELECT sum(num_nonnulls(a, b, c, d, e, f)) FROM ({}) AS s
--# check
SELECT count(a), count(b), count(c), count(d), count(e), count(f), sum(digest(a)), sum(digest(b)), sum(digest(c)), sum(digest(d)), sum(digest(e)), sum(digest(f)) FROM ({} OFFSET 0) AS s

--# side plain SQL: chains of -> and ->>
--# workers 2
SELECT doc -> 'context' -> 'page' ->> 'url' AS a, doc -> 'context' -> 'page' ->> 'referrer' AS b, doc -> 'context' -> 'page' ->> 'title' AS c,
       doc -> 'context' -> 'page' ->> 'path' AS d, doc -> 'context' -> 'page' ->> 'search' AS e, doc -> 'context' -> 'library' ->> 'name' AS f
FROM documents
--# side plain SQL: six #>>
--# workers 2
SELECT doc #>> '{context,page,url}' AS a, doc #>> '{context,page,referrer}' AS b, doc #>> '{context,page,title}' AS c,
       doc #>> '{context,page,path}' AS d, doc #>> '{context,page,search}' AS e, doc #>> '{context,library,name}' AS f
FROM documents
--# side draw()
--# role ours
--# needs sessionize.draw
--# workers 2
SELECT sessionize.draw(doc, 'context.page.url') AS a, sessionize.draw(doc, 'context.page.referrer') AS b, sessionize.draw(doc, 'context.page.title') AS c, sessionize.draw(doc, 'context.page.path') AS d, sessionize.draw(doc, 'context.page.search') AS e, sessionize.draw(doc, 'context.library.name') AS f
FROM documents
--# side jsonb_draw()
--# needs sessionize.jsonb_draw
--# workers 2
SELECT v[1] AS a, v[2] AS b, v[3] AS c, v[4] AS d, v[5] AS e, v[6] AS f
FROM (SELECT sessionize.jsonb_draw(doc, '{context.page.url,context.page.referrer,context.page.title,context.page.path,context.page.search,context.library.name}') AS v FROM documents OFFSET 0) AS d
--# side floor: the documents
--# role floor
--# run
SELECT sum(num_nonnulls(doc)) FROM documents
--# check
