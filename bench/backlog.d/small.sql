-- Many small batches, and as many events in one go: new events of one user each, some in a visit that goes on, some not.
SET client_min_messages = warning;
CREATE TABLE fresh AS
SELECT md5('e' || i)::uuid AS event_id, 'u' || (hashint8(i) & 2147483647) % :users AS user_id,
       '2026-01-01Z'::timestamptz + i * interval '500 milliseconds' AS occurred_at,
       'page_view' AS event_name, '/p/' || (i * 7919) % 997 AS page, repeat(md5(i::text), 10) AS payload, i
FROM generate_series(1, :history + :batches * :batch::bigint) AS i;

-- in one go
CALL new_tables(:history);
VACUUM ANALYZE raw;
SELECT sessionize.create_pipeline('web', 'raw', key => 'user_id', received_at => 'received_at');
CALL sessionize.rebuild('web');
VACUUM web.fact_session, web.fact_event, web.dim_user;
INSERT INTO raw (event_id, user_id, occurred_at, event_name, page, payload)
SELECT event_id, user_id, occurred_at, event_name, page, payload FROM fresh WHERE i > :history ORDER BY i;
CHECKPOINT;
SELECT pg_stat_force_next_flush();
SELECT note_moment();
CALL sessionize.refresh('web');
SELECT pg_stat_force_next_flush();
SELECT note_moment();
SELECT take_sample('small batches'' events in one go', :batches * :batch, true);

-- batch by batch: the sample is of the refreshes alone
CALL new_tables(:history);
VACUUM ANALYZE raw;
SELECT sessionize.create_pipeline('web', 'raw', key => 'user_id', received_at => 'received_at');
CALL sessionize.rebuild('web');
VACUUM web.fact_session, web.fact_event, web.dim_user;
CREATE TEMP TABLE part (n serial, seconds numeric, wal numeric);
CHECKPOINT;
SELECT pg_stat_force_next_flush();
SELECT note_moment();
SELECT format('INSERT INTO raw (event_id, user_id, occurred_at, event_name, page, payload)
               SELECT event_id, user_id, occurred_at, event_name, page, payload FROM fresh WHERE i > %s AND i <= %s ORDER BY i', low, low + :batch),
       'CREATE TEMP TABLE b AS SELECT clock_timestamp() AS at, pg_current_wal_insert_lsn() AS lsn',
       'CALL sessionize.refresh(''web'')',
       'INSERT INTO part (seconds, wal) SELECT extract(epoch FROM clock_timestamp() - at), pg_current_wal_insert_lsn() - lsn FROM b',
       'DROP TABLE b'
FROM (SELECT :history + b * :batch AS low FROM generate_series(0, :batches - 1) AS b) AS x ORDER BY low \gexec
SELECT pg_stat_force_next_flush();
SELECT note_moment();
SELECT take_sample('small batches', :batches * :batch, true);
UPDATE sample AS s SET seconds = p.seconds, wal = p.wal FROM (SELECT sum(seconds) AS seconds, sum(wal) AS wal FROM part) AS p
WHERE s.ctid = (SELECT max(ctid) FROM sample);
DROP TABLE fresh;
