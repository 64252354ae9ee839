-- A raw table without an id: a row is known by a digest of its text, which must be the same whatever a session has set. So is the quarantined row.
CREATE TABLE szds_raw (visitor text, at timestamptz, day date, span interval, amount double precision, bytes bytea, price numeric, about regclass, doc jsonb);
CREATE INDEX ON szds_raw (visitor, at);
SELECT sessionize.create_pipeline('szds', 'szds_raw', key => 'visitor', event_time => 'at');
CREATE FUNCTION szds_add(n int) RETURNS void LANGUAGE sql AS
$$ INSERT INTO szds_raw SELECT CASE WHEN i % 7 > 0 THEN 'v' || i % 3 END, '2026-01-01Z'::timestamptz + (n + i) * interval '7 minutes', '2026-01-01'::date + i, i * interval '25 hours 1 minute', i / 3.0::float8,
   decode(lpad(to_hex(i * 37), 8, '0'), 'hex'), i, 'szds_raw', to_jsonb('2026-01-01Z'::timestamptz) FROM generate_series(1, 20) AS i $$;
SELECT szds_add(0);
CALL sessionize.rebuild('szds');
CREATE TABLE szds_before AS SELECT session_key, raw_id FROM szds.events;
CREATE TABLE szds_quarantine AS SELECT raw_id, raw_row FROM szds.quarantine;
-- the digests that the view gives a session with fixed settings are those of the star
SELECT count(*) AS events, count(DISTINCT raw_id) AS digests FROM szds.events;

CREATE PROCEDURE szds_set() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('TimeZone', 'Asia/Tokyo', false), set_config('DateStyle', 'SQL, DMY', false), set_config('IntervalStyle', 'iso_8601', false),
		set_config('extra_float_digits', '-10', false), set_config('bytea_output', 'escape', false), set_config('quote_all_identifiers', 'on', false), set_config('xmlbinary', 'hex', false);
END $$;
CALL szds_set();
-- this session's text of the rows is another
SELECT count(*) AS other_text FROM szds.source AS s WHERE raw_id NOT IN (SELECT raw_id FROM szds_before) AND session_key IS NOT NULL;
SELECT count(*) AS wrong FROM sessionize.verify('szds');
-- a rebuild finds nothing to write
CALL sessionize.rebuild('szds');
SELECT rows_inserted, rows_updated, rows_deleted FROM sessionize.runs WHERE pipeline_name = 'szds' AND kind = 'rebuild' ORDER BY run_id DESC LIMIT 1;
-- nor does a refresh, but what is new
SELECT sessionize.mark_dirty('szds');
CALL sessionize.refresh('szds');
SELECT sum(rows_inserted) AS inserted, sum(rows_updated) AS updated, sum(rows_deleted) AS deleted FROM sessionize.runs WHERE pipeline_name = 'szds' AND kind = 'refresh';
-- what the live view says now is what a refresh with other settings writes then
SELECT szds_add(100);
CREATE TABLE szds_live AS SELECT session_key, event_time, raw_id FROM szds.events_live;
RESET ALL;
CREATE TABLE szds_live_reset AS SELECT session_key, event_time, raw_id FROM szds.events_live;
CALL sessionize.refresh('szds');
SELECT count(*) AS live, (SELECT count(*) FROM (TABLE szds_live EXCEPT ALL SELECT session_key, event_time, raw_id FROM szds.events) AS x) AS not_stored,
       (SELECT count(*) FROM (SELECT session_key, event_time, raw_id FROM szds.events EXCEPT ALL TABLE szds_live) AS x) AS not_live,
       (SELECT count(*) FROM (TABLE szds_live_reset EXCEPT ALL TABLE szds_live) AS x) AS by_settings FROM szds_live;
CALL szds_set();
SELECT count(*) AS wrong FROM sessionize.verify('szds');
SELECT pending, difference, event_difference FROM sessionize.reconcile('szds');
SELECT raw_rows, events, quarantined FROM sessionize.erase_user('szds', 'v1');
RESET ALL;
SELECT count(*) AS wrong FROM sessionize.verify('szds');
-- the quarantined rows' ids and rows are as they were
SELECT count(*) AS lost FROM (TABLE szds_quarantine EXCEPT ALL SELECT raw_id, raw_row FROM szds.quarantine) AS x;
SELECT sessionize.drop_pipeline('szds');
DROP TABLE szds_raw, szds_before, szds_quarantine, szds_live, szds_live_reset;
DROP FUNCTION szds_add;
DROP PROCEDURE szds_set;

-- What is wrong with a row is quarantined in the words of lc_messages C, which only a superuser may set, whoever reads the row in whatever language.
CREATE ROLE szds_owner;
GRANT CREATE ON DATABASE :DBNAME TO szds_owner;
CREATE SCHEMA szds_own AUTHORIZATION szds_owner;
SET ROLE szds_owner;
CREATE TABLE szds_own.raw (visitor text, at timestamptz, doc text);
CREATE INDEX ON szds_own.raw (visitor, at);
CREATE FUNCTION szds_own.page(doc text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN IF doc = 'bad' THEN RAISE EXCEPTION 'no page under lc_messages %', current_setting('lc_messages'); END IF; RETURN doc; END $$;
SELECT sessionize.create_pipeline('szds', 'szds_own.raw', key => 'visitor', event_time => 'at', page => 'szds_own.page(doc)');
INSERT INTO szds_own.raw VALUES ('v1', '2026-01-01Z', 'good'), ('v1', '2026-01-02Z', 'bad'), ('v2', '2026-01-01Z', 'bad');
RESET ROLE;
SET lc_messages = 'POSIX';
SET ROLE szds_owner;
CALL sessionize.refresh('szds');
SELECT detail, count(*) FROM szds.quarantine GROUP BY detail;
RESET ROLE;
SELECT current_setting('lc_messages') AS of_the_session;
SELECT count(*) AS wrong FROM sessionize.verify('szds');
SELECT sessionize.drop_pipeline('szds');
RESET lc_messages;
DROP OWNED BY szds_owner;
DROP ROLE szds_owner;
