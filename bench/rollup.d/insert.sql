\set v random(0, :visitors - 1)
\set p random(0, 63)
\set c :v % 20
INSERT INTO raw (event_id, event_name, visitor, page, country, channel, version, occurred_at) VALUES (gen_random_uuid(), 'page_view', :v, '/p' || :p, 'c' || :c, 'search', '1.0', clock_timestamp());
