-- session_alias: which session has the time of one that is no more.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA sza;
CREATE TABLE sza.raw (raw_id bigint PRIMARY KEY, event_id text, visitor text, occurred_at timestamptz);
CREATE INDEX ON sza.raw (visitor, occurred_at, event_id);
SELECT sessionize.create_pipeline('sza_web', 'sza.raw', key => 'visitor');
INSERT INTO sza.raw VALUES (1, 'a', 'ann', '2026-01-01 10:00'), (2, 'b', 'ann', '2026-01-01 10:10'), (3, 'c', 'ann', '2026-01-01 11:00'), (4, 'd', 'ann', '2026-01-01 11:10'),
	(5, 'e', 'bob', '2026-01-01 10:00'), (6, 'f', 'bob', '2026-01-01 10:20');
CALL sessionize.refresh('sza_web');
-- the sessions that ever were, by key and start
CREATE TABLE sza.known (session_id uuid PRIMARY KEY, was text);
CREATE PROCEDURE sza.refresh() LANGUAGE plpgsql AS $$
BEGIN
	COMMIT;
	CALL sessionize.refresh('sza_web');
	INSERT INTO sza.known SELECT session_id, session_key || to_char(started_at, ' HH24:MI') FROM sza_web.sessions ON CONFLICT DO NOTHING;
END $$;
CREATE VIEW sza.aliases AS
SELECT a.session_key, o.was, n.was AS is_now, a.reason
FROM sza_web.session_alias AS a JOIN sza.known AS o ON o.session_id = a.old_session_id LEFT JOIN sza.known AS n ON n.session_id = a.new_session_id
ORDER BY 1, 2;
CALL sza.refresh();
SELECT * FROM sza.aliases;
-- it ends later: the same session
INSERT INTO sza.raw VALUES (10, 'x', 'bob', '2026-01-01 10:40');
CALL sza.refresh();
SELECT * FROM sza.aliases;
-- it begins earlier: another id
INSERT INTO sza.raw VALUES (11, 'y', 'bob', '2026-01-01 09:45');
CALL sza.refresh();
SELECT * FROM sza.aliases;
-- a late event bridges two: the second is merged into the first
INSERT INTO sza.raw VALUES (12, 'z', 'ann', '2026-01-01 10:35');
CALL sza.refresh();
SELECT * FROM sza.aliases;
-- and without it they are two again: the first keeps its id, the second has the one it had
DELETE FROM sza.raw WHERE raw_id = 12;
CALL sza.refresh();
SELECT * FROM sza.aliases;
-- a session's first event goes, then all of them
DELETE FROM sza.raw WHERE raw_id = 3;
CALL sza.refresh();
SELECT * FROM sza.aliases;
DELETE FROM sza.raw WHERE visitor = 'bob';
CALL sza.refresh();
SELECT * FROM sza.aliases;
-- a rebuild notes them as well
DELETE FROM sza.raw WHERE raw_id = 1;
CALL sessionize.rebuild('sza_web');
INSERT INTO sza.known SELECT session_id, session_key || to_char(started_at, ' HH24:MI') FROM sza_web.sessions ON CONFLICT DO NOTHING;
SELECT * FROM sza.aliases WHERE session_key = 'ann' AND was = 'ann 10:00';
DROP VIEW sza.aliases;
SELECT sessionize.drop_pipeline('sza_web');
DROP SCHEMA sza CASCADE;
