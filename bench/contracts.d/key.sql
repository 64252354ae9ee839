-- Refreshes of one new event each: of a key with many rows in the quarantine, of one with none, and of the former without the indexes by time.
SET client_min_messages = warning;
CREATE TABLE bot AS SELECT id, 'bot' AS who, at, event_name, properties || '{"in_stock": "yes"}' AS properties FROM events;
ALTER TABLE bot ADD PRIMARY KEY (id);
CREATE INDEX ON bot (who, at, id);
SELECT sessionize.create_pipeline('web', 'bot', key => 'who', event_time => 'at', event_id => 'id', raw_id => 'id');
SELECT sessionize.create_contract('web', 'event_' || n, '1-0-0', schema) FROM schema, generate_series(0, 9) AS n WHERE contracts = 'every second event invalid';
CALL sessionize.rebuild('web');
VACUUM ANALYZE bot;
CREATE PROCEDURE refreshes(visitor text, label text) LANGUAGE plpgsql AS $$
DECLARE
	before numeric;
BEGIN
	FOR i IN 0..20 LOOP
		-- the first one is not counted
		IF i = 1 THEN before := cpu(); END IF;
		INSERT INTO bot SELECT max(id) + 1, visitor, '2026-02-01Z'::timestamptz + i * interval '1 minute', 'event_1', '{"title": "x", "price": 1}' FROM bot;
		COMMIT;
		CALL sessionize.refresh('web');
	END LOOP;
	INSERT INTO sample SELECT label, '20 refreshes', cpu() - before, (SELECT count(*) FROM web.quarantine WHERE session_key = visitor);
END $$;
CALL refreshes('ann', 'a key with none');
CALL refreshes('bot', 'a key with many');
DROP INDEX web.quarantine_time, web.quarantine_without_time;
CALL refreshes('bot', 'a key with many, without the indexes by time');
SELECT sessionize.drop_pipeline('web');
DROP PROCEDURE refreshes;
DROP TABLE bot;
