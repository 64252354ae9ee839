-- One large batch: COPY into a table with the indexes, COPY into one with a pipeline as well, then one refresh.
SET client_min_messages = warning;
-- A visit has four events, 50 seconds apart; every two seconds one begins.
CREATE TABLE fresh AS
SELECT md5('e' || i)::uuid AS event_id, 'u' || (hashint8(i / 4) & 2147483647) % :users AS user_id,
       '2026-01-01Z'::timestamptz + (i / 4) * interval '2 seconds' + (i % 4) * interval '50 seconds' -
       CASE WHEN (hashint8(i + 7) & 2147483647) % 100 < :late THEN interval '1 day' * ((hashint8(i + 3) & 1023) / 200.0) ELSE interval '0' END AS occurred_at,
       'page_view' AS event_name, '/p/' || (i * 7919) % 997 AS page, repeat(md5(i::text), 10) AS payload, i
FROM generate_series(1, :history + :new::bigint) AS i;
COPY (SELECT event_id, user_id, occurred_at, event_name, page, payload FROM fresh WHERE i > :history ORDER BY i) TO :'csv' (FORMAT csv);
CALL new_tables(:history);
DROP TABLE fresh;
VACUUM ANALYZE raw, plain;
SELECT sessionize.create_pipeline('web', 'raw', key => 'user_id', received_at => 'received_at');
CALL sessionize.rebuild('web');

CHECKPOINT;
SELECT note_moment();
COPY plain (event_id, user_id, occurred_at, event_name, page, payload) FROM :'csv' (FORMAT csv);
SELECT note_moment();
SELECT take_sample(:'late' || ' % late: COPY, no pipeline', :new, false);

CHECKPOINT;
SELECT note_moment();
COPY raw (event_id, user_id, occurred_at, event_name, page, payload) FROM :'csv' (FORMAT csv);
SELECT note_moment();
SELECT take_sample(:'late' || ' % late: COPY, captured', :new, false);

CHECKPOINT;
SELECT pg_stat_force_next_flush();
SELECT note_moment();
CALL sessionize.refresh('web');
SELECT pg_stat_force_next_flush();
SELECT note_moment();
SELECT take_sample(:'late' || ' % late: refresh', :new, true);
