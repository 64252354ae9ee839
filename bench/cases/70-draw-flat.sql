--# case Six of the 48 properties of a tracker's event, from a flat document of 1.8 kB
--# setup
CREATE TABLE documents AS
SELECT jsonb_build_object('$os', 'Linux', '$browser', 'Chrome', '$device_type', 'Desktop', '$timezone', 'UTC', '$timezone_offset', 0,
    '$current_url', 'https://shop.example/p/' || n % 1000 || '?t=' || n, '$host', 'shop.example', '$pathname', '/p/' || n % 1000,
    '$raw_user_agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    '$browser_version', 156, '$browser_language', 'en-US', '$browser_language_prefix', 'en', '$screen_height', 720, '$screen_width', 1280)
 || jsonb_build_object('$viewport_height', 720, '$viewport_width', 1280, '$lib', 'web', '$lib_version', '1.449.2', '$insert_id', left(md5(n::text), 16),
    '$time', 1796100167.141 + n, '$sdk_dist_channel', 'npm', '$initialization_time', '2026-12-01T04:42:47.090Z', '$configured_session_timeout_ms', 1800000,
    'distinct_id', md5((n / 20)::text), '$device_id', md5((n / 20)::text), '$user_id', 'u' || n / 20, '$groups', jsonb_build_object('company', 'acme'),
    '$sdk_debug_extensions_init_method', 'synchronous', '$sdk_debug_extensions_init_time_ms', 3, '$referrer', '$direct')
 || jsonb_build_object('$referring_domain', '$direct', 'title', 'Home T', 'token', 'phc_KEY', '$config_defaults', 'unset', '$session_id', md5((n / 5)::text),
    '$window_id', md5((n / 7)::text), '$session_entry_referrer', '$direct', '$session_entry_referring_domain', '$direct',
    '$session_entry_url', 'https://shop.example/', '$session_entry_host', 'shop.example', '$session_entry_pathname', '/', '$recording_status', 'disabled',
    '$sdk_debug_retry_queue_size', 0, '$pageview_id', md5((n / 3)::text), '$is_identified', true, '$process_person_profile', true, '$browser_type', 'bot',
    '$lib_rate_limit_remaining_tokens', 96.4) AS doc
FROM generate_series(1, (SELECT count(*) / 5 FROM narrow)) AS n;
VACUUM (FREEZE, ANALYZE) documents;
--# teardown
DROP TABLE documents;
--# run
SELECT sum(num_nonnulls(a, b, c, d, e, f)) FROM ({}) AS s
--# check
SELECT count(a), count(b), count(c), count(d), count(e), count(f), sum(digest(a)), sum(digest(b)), sum(digest(c)), sum(digest(d)), sum(digest(e)), sum(digest(f)) FROM ({} OFFSET 0) AS s

--# side plain SQL: six ->>
--# workers 2
SELECT doc ->> '$insert_id' AS a, doc ->> '$current_url' AS b, doc ->> '$user_id' AS c, doc ->> 'distinct_id' AS d, doc ->> '$session_id' AS e, doc ->> '$raw_user_agent' AS f
FROM documents
--# side draw()
--# role ours
--# needs sessionize.draw
--# workers 2
SELECT sessionize.draw(doc, '$insert_id') AS a, sessionize.draw(doc, '$current_url') AS b, sessionize.draw(doc, '$user_id') AS c, sessionize.draw(doc, 'distinct_id') AS d, sessionize.draw(doc, '$session_id') AS e, sessionize.draw(doc, '$raw_user_agent') AS f
FROM documents
--# side jsonb_draw()
--# needs sessionize.jsonb_draw
--# workers 2
SELECT v[1] AS a, v[2] AS b, v[3] AS c, v[4] AS d, v[5] AS e, v[6] AS f
FROM (SELECT sessionize.jsonb_draw(doc, '{$insert_id,$current_url,$user_id,distinct_id,$session_id,$raw_user_agent}') AS v FROM documents OFFSET 0) AS d
--# side floor: the documents
--# role floor
--# run
SELECT sum(num_nonnulls(doc)) FROM documents
--# check
