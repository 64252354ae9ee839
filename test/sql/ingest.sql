-- Requests into an events table: each once, those that fail set aside; who may, and what stays as it was.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA sz_ingest;
CREATE ROLE regress_sz_ingest_owner;
CREATE ROLE regress_sz_ingest_collector;
CREATE ROLE regress_sz_ingest_other;
GRANT CREATE, USAGE ON SCHEMA sz_ingest TO regress_sz_ingest_owner;
GRANT USAGE ON SCHEMA sz_ingest TO PUBLIC;

-- frames as a loader makes them
CREATE FUNCTION sz_ingest.little_endian(n bigint, bytes int) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg(set_byte('\x00', 0, ((n >> (8 * i)) & 255)::int), ''::bytea ORDER BY i) FROM generate_series(0, bytes - 1) AS i
$$;
CREATE FUNCTION sz_ingest.crc32c(b bytea) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  crc bigint := 4294967295;
BEGIN
  FOR i IN 0 .. length(b) - 1 LOOP
    crc := crc # get_byte(b, i);
    FOR k IN 1 .. 8 LOOP
      crc := (crc >> 1) # (CASE WHEN crc & 1 = 1 THEN 2197175160 ELSE 0 END);
    END LOOP;
  END LOOP;
  RETURN crc # 4294967295;
END
$$;
SELECT to_hex(sz_ingest.crc32c('123456789')) AS known_answer;
CREATE FUNCTION sz_ingest.framed(payload bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sz_ingest.little_endian(length(payload), 4) || sz_ingest.little_endian(sz_ingest.crc32c(payload), 4) || payload
$$;
CREATE FUNCTION sz_ingest.payload(body bytea, protocol text DEFAULT 'generic', headers text DEFAULT '{}', at timestamptz DEFAULT '2026-12-01 10:00Z')
RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT '\x01'::bytea || sz_ingest.little_endian((extract(epoch FROM at) * 1000000)::bigint, 8)
         || sz_ingest.little_endian(length(protocol), 1) || convert_to(protocol, 'UTF8')
         || sz_ingest.little_endian(octet_length(headers), 4) || convert_to(headers, 'UTF8') || body
$$;
CREATE FUNCTION sz_ingest.frame(body text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sz_ingest.framed(sz_ingest.payload(convert_to(body, 'UTF8')))
$$;
-- events $1 to $2 in a request each
CREATE FUNCTION sz_ingest.frames(first int, last int) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg(sz_ingest.frame(format('{"event_id": "e%s", "anonymous_id": "a%s", "event_name": "page_view", "properties": {"page": "/%s"}}', n, n % 3, n)), '' ORDER BY n)
  FROM generate_series(first, last) AS n
$$;

-- a partitioned table with a pipeline, loaded by a role that has INSERT and nothing else
GRANT CREATE ON DATABASE :DBNAME TO regress_sz_ingest_owner;
SET ROLE regress_sz_ingest_owner;
SELECT sessionize.create_events_table('sz_ingest.events');
SELECT sessionize.create_pipeline('sz_ingest_web', 'sz_ingest.events') \g /dev/null
CALL sessionize.rebuild('sz_ingest_web');
GRANT INSERT ON sz_ingest.events TO regress_sz_ingest_collector;
SET ROLE regress_sz_ingest_collector;
SELECT * FROM sessionize.ingest_begin('sz_ingest.events', 'spool', 'one');
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', NULL, '100', 1, sz_ingest.frames(1, 20));
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '100', '200', 1,
  sz_ingest.frame('[{"event_id": "m1"}, {"event_id": "m2"}]') || sz_ingest.frame('[]') || sz_ingest.frame('{"event_id": ') || sz_ingest.frames(21, 22));
-- the position is compared and set; an older fence fails, before and after the position has moved
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '100', '200', 1, sz_ingest.frames(23, 23));
\echo :SQLSTATE
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', NULL, '200', 1, sz_ingest.frames(23, 23));
SELECT sessionize.ingest_resume('sz_ingest.events', 'spool', 'one', 1);
SELECT * FROM sessionize.ingest_begin('sz_ingest.events', 'spool', 'one');
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '200', '300', 1, sz_ingest.frames(23, 23));
\echo :SQLSTATE
SELECT sessionize.ingest_resume('sz_ingest.events', 'spool', 'one', 1);
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'two', NULL, '300', 1, sz_ingest.frames(23, 23));
\echo :SQLSTATE
-- what is rolled back is not there, nor is the position moved
BEGIN;
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '200', '300', 2, sz_ingest.frames(23, 30) || sz_ingest.frame('?'));
ROLLBACK;
SELECT sessionize.ingest_resume('sz_ingest.events', 'spool', 'one', 2);
SELECT * FROM sessionize.ingest_reconcile() AS r, LATERAL (SELECT r.moved_at > now() - interval '1 hour' AS moved) AS m \gset r_
SELECT :'r_requests' AS requests, :'r_decoded' AS decoded, :'r_rejected' AS rejected, :'r_difference' AS difference, :'r_rows_inserted' AS rows, :'r_moved' AS moved, :'r_received_at' AS received_at;
-- the collector neither reads events nor what was rejected
SELECT count(*) FROM sz_ingest.events;
SELECT count(*) FROM sessionize.rejected_requests;
SELECT count(*) FROM sessionize.ingest_rejected;
SELECT sessionize.ingest_discard('sz_ingest.events');
SELECT * FROM sessionize.ingest_retry('sz_ingest.events');
SET ROLE regress_sz_ingest_other;
SELECT * FROM sessionize.ingest_begin('sz_ingest.events', 'spool', 'one');
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '200', '300', 2, '');
SELECT sessionize.ingest_gap('sz_ingest.events', 'spool', 'one', '200', '300', 2, 'x');
SELECT count(*) FROM sessionize.ingest_reconcile();
SET ROLE regress_sz_ingest_owner;
SELECT count(*), count(DISTINCT event_id), min(received_at), count(DISTINCT properties ->> 'page') FROM sz_ingest.events;
SELECT position, place, received_at, protocol, headers, convert_from(body, 'UTF8') AS body, sqlstate, reason, attempts FROM sessionize.rejected_requests;
-- the triggers of the capture have fired
CALL sessionize.refresh('sz_ingest_web');
SELECT raw_rows, pending, difference FROM sessionize.reconcile('sz_ingest_web');
SELECT count(*) FROM sessionize.verify('sz_ingest_web');

-- all kinds of bad requests among good ones: none stops the batch, and no event of a bad one is inserted
ALTER TABLE sz_ingest.events ADD CONSTRAINT no_bad CHECK (event_id <> 'bad');
CREATE FUNCTION sz_ingest.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.event_id = 'raise' THEN
    RAISE EXCEPTION 'not this one' USING DETAIL = 'because';
  ELSIF NEW.event_id = 'own' THEN
    RAISE EXCEPTION 'a class of its own' USING ERRCODE = 'U0001';
  ELSIF NEW.event_id = 'none' THEN
    RETURN NULL;
  ELSIF NEW.event_id = 'deadlock' THEN
    RAISE EXCEPTION 'no fault of the request' USING ERRCODE = 'deadlock_detected';
  ELSIF NEW.event_id = 'table' THEN
    PERFORM FROM there_is_none;
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER refuse BEFORE INSERT ON sz_ingest.events FOR EACH ROW EXECUTE FUNCTION sz_ingest.refuse();
SET ROLE regress_sz_ingest_collector;
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '200', '300', 2,
  sz_ingest.frames(31, 33) || sz_ingest.frame('[{"event_id": "g1"}, {"event_id": "bad"}, {"event_id": "g2"}]') || sz_ingest.frames(34, 35)
  || sz_ingest.frame('{"event_id": "raise"}') || sz_ingest.frame('{"event_id": "own"}') || sz_ingest.frame('{"event_id": "none"}')
  || sz_ingest.framed(sz_ingest.payload('\xff00', 'generic')) || sz_ingest.framed('\x0203') || sz_ingest.framed('\x01')
  || sz_ingest.framed(sz_ingest.payload('{}', 'nonsense')) || sz_ingest.framed(sz_ingest.payload('{}', 'generic', 'no JSON'))
  || sz_ingest.framed(sz_ingest.payload('{}', 'generic', '[]')) || sz_ingest.frames(36, 36));
-- an error that is no fault of the request fails the batch, and nothing is written
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '300', '400', 2, sz_ingest.frames(37, 38) || sz_ingest.frame('{"event_id": "deadlock"}'));
\echo :SQLSTATE
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '300', '400', 2, sz_ingest.frames(37, 38) || sz_ingest.frame('{"event_id": "table"}'));
\echo :SQLSTATE
-- bytes that are no frames, or not whole
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '300', '400', 2, sz_ingest.frames(37, 37) || '\x00');
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '300', '400', 2, substr(sz_ingest.frames(37, 37), 1, 60));
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '300', '400', 2, set_byte(sz_ingest.frames(37, 37), 50, 0));
\echo :SQLSTATE
SELECT * FROM sessionize.ingest('sz_ingest.events', 'spool', 'one', '300', NULL, 2, '');
SELECT * FROM sessionize.ingest('sz_ingest.events', NULL, 'one', '300', '400', 2, '');
SELECT * FROM sessionize.ingest(NULL, 'spool', 'one', '300', '400', 2, '');
SET ROLE regress_sz_ingest_owner;
SELECT event_id FROM sz_ingest.events WHERE event_id !~ '^e\d+$' OR substr(event_id, 2)::int > 30 ORDER BY raw_id;
SELECT place, protocol, body, sqlstate, reason FROM sessionize.rejected_requests WHERE position = '200' ORDER BY place;
SELECT requests, decoded, rejected, difference, rows_decoded, rows_inserted FROM sessionize.ingest_reconcile();

-- tried again after the reason has gone: what succeeds is an event, once; what fails is counted
ALTER TABLE sz_ingest.events DROP CONSTRAINT no_bad;
SELECT * FROM sessionize.ingest_retry('sz_ingest.events', max_requests => 2);
SELECT * FROM sessionize.ingest_retry('sz_ingest.events', source => 'another');
SELECT * FROM sessionize.ingest_retry('sz_ingest.events', 'spool');
SELECT event_id, count(*) FROM sz_ingest.events WHERE event_id IN ('g1', 'bad', 'g2') GROUP BY 1 ORDER BY 1;
SELECT place, sqlstate, attempts FROM sessionize.rejected_requests ORDER BY rejected_id;
SELECT requests, decoded, rejected, discarded, difference FROM sessionize.ingest_reconcile();
-- removed for good: by age, by a text in body or headers, all
SELECT sessionize.ingest_discard('sz_ingest.events', before => now() - interval '1 day');
SELECT sessionize.ingest_discard('sz_ingest.events', containing => 'raise');
SELECT sessionize.ingest_discard('sz_ingest.events');
SELECT requests, decoded, rejected, discarded, difference FROM sessionize.ingest_reconcile();

-- a gap is told, and the position moves over it
SET ROLE regress_sz_ingest_collector;
SELECT sessionize.ingest_gap('sz_ingest.events', 'spool', 'one', '300', '500', 2, 'segments are gone');
SELECT sessionize.ingest_gap('sz_ingest.events', 'spool', 'one', '300', '500', 2, 'again');
SELECT sessionize.ingest_gap('sz_ingest.events', 'spool', 'one', '500', '600', 1, 'by another');
SELECT position, next_position, reason FROM sessionize.ingest_gaps;
SELECT gaps, difference FROM sessionize.ingest_reconcile();
SELECT sessionize.ingest_resume('sz_ingest.events', 'spool', 'one', 2);
RESET ROLE;

-- Row-level security: a row that a policy refuses is rejected; the table's owner is not asked.
CREATE TABLE sz_ingest.secured (event_id text, source text);
ALTER TABLE sz_ingest.secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY odd ON sz_ingest.secured FOR INSERT WITH CHECK (event_id <> 'secret');
GRANT INSERT ON sz_ingest.secured TO regress_sz_ingest_collector;
SET ROLE regress_sz_ingest_collector;
SELECT * FROM sessionize.ingest_begin('sz_ingest.secured', 's', 'p') \g /dev/null
SELECT * FROM sessionize.ingest('sz_ingest.secured', 's', 'p', NULL, '1', 1, sz_ingest.frames(1, 2) || sz_ingest.frame('{"event_id": "secret"}'));
RESET ROLE;
SELECT sqlstate, reason FROM sessionize.rejected_requests WHERE events = 'sz_ingest.secured'::regclass;

-- A user's own table: columns by name, of other types, generated, with defaults, too short, unique; deferred constraints.
CREATE TABLE sz_ingest.own (
  event_id uuid PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, event_name varchar(10), properties json, received_at timestamp,
  upper_name text GENERATED ALWAYS AS (upper(event_name)) STORED, loaded boolean NOT NULL DEFAULT true, dropped int, user_id text GENERATED ALWAYS AS ('u') STORED);
ALTER TABLE sz_ingest.own DROP COLUMN dropped;
SET client_min_messages = notice;
\set VERBOSITY default
SELECT * FROM sessionize.ingest_begin('sz_ingest.own', 's', 'p');
\set VERBOSITY terse
SET client_min_messages = warning;
SELECT * FROM sessionize.ingest('sz_ingest.own', 's', 'p', NULL, '1', 1,
  sz_ingest.frame('{"event_id": "00000000-0000-0000-0000-000000000001", "event_name": "a", "user_id": "x", "properties": {"p": 1}}')
  || sz_ingest.frame('{"event_id": "no uuid", "event_name": "b"}')
  || sz_ingest.frame('{"event_id": "00000000-0000-0000-0000-000000000002", "event_name": "longer than ten"}')
  || sz_ingest.frame('{"event_id": "00000000-0000-0000-0000-000000000001", "event_name": "again"}')
  || sz_ingest.frame('{"event_name": "none"}'));
SELECT event_id, event_name, properties, received_at, upper_name, loaded, user_id FROM sz_ingest.own;
SELECT place, sqlstate, reason FROM sessionize.rejected_requests WHERE events = 'sz_ingest.own'::regclass ORDER BY place;
-- tables that can't take events
CREATE TABLE sz_ingest.alien (x int);
SELECT * FROM sessionize.ingest_begin('sz_ingest.alien', 's', 'p');
SELECT sessionize.create_events_table('sz_ingest.tracked', 'none', preset => 'segment');
SELECT * FROM sessionize.ingest_begin('sz_ingest.tracked', 's', 'p');
SELECT * FROM sessionize.ingest_begin(1, 's', 'p');
-- a partition that is missing
CREATE TABLE sz_ingest.parts (event_id text, event_name text) PARTITION BY LIST (event_name);
CREATE TABLE sz_ingest.parts_a PARTITION OF sz_ingest.parts FOR VALUES IN ('a');
SELECT * FROM sessionize.ingest_begin('sz_ingest.parts', 's', 'p') \g /dev/null
SELECT * FROM sessionize.ingest('sz_ingest.parts', 's', 'p', NULL, '1', 1,
  sz_ingest.frame('{"event_id": "1", "event_name": "a"}') || sz_ingest.frame('{"event_id": "2", "event_name": "b"}'));
SELECT sqlstate, reason FROM sessionize.rejected_requests WHERE events = 'sz_ingest.parts'::regclass;
-- many bad ones in a large batch: none of the good ones is missing
SELECT * FROM sessionize.ingest('sz_ingest.parts', 's', 'p', '1', '2', 1,
  (SELECT string_agg(sz_ingest.frame(format('{"event_id": "%s", "event_name": "%s"}', n, CASE WHEN n % 7 = 0 THEN 'b' ELSE 'a' END)), '' ORDER BY n) FROM generate_series(1, 1000) AS n));
SELECT count(*), count(*) FILTER (WHERE event_id::int % 7 = 0) AS bad FROM sz_ingest.parts WHERE event_id <> '1' OR event_name = 'a';
SELECT count(*), count(DISTINCT place) FILTER (WHERE (place + 1) % 7 = 0) AS right_ones FROM sessionize.rejected_requests WHERE events = 'sz_ingest.parts'::regclass AND position = '1';

-- the status counts what the view of the rejected requests has
SELECT s.events, s.rejected, s.requests = s.decoded + s.rejected + s.discarded AS closes
FROM sessionize.ingest_status AS s
WHERE s.rejected IS DISTINCT FROM (SELECT count(*) FROM sessionize.rejected_requests AS r WHERE (r.events, r.source, r.partition) = (s.events, s.source, s.partition))
   OR s.events IN ('sz_ingest.own'::regclass, 'sz_ingest.parts'::regclass)
ORDER BY s.events::text;

-- What was kept of a table goes with it.
DROP TABLE sz_ingest.own, sz_ingest.parts, sz_ingest.secured;
SELECT DISTINCT events FROM (SELECT events FROM sessionize.ingest_position UNION ALL SELECT events FROM sessionize.ingest_rejected) AS e;
SET client_min_messages = error;
SELECT sessionize.drop_pipeline('sz_ingest_web') \g /dev/null
DROP SCHEMA sz_ingest CASCADE;
SELECT count(*) FROM sessionize.ingest_position;
SELECT count(*) FROM sessionize.ingest_gap;
REVOKE CREATE ON DATABASE :DBNAME FROM regress_sz_ingest_owner;
DROP ROLE regress_sz_ingest_owner, regress_sz_ingest_collector, regress_sz_ingest_other;
