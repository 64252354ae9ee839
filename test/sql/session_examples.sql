-- The examples of docs/reference/sessions.md.
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE SCHEMA session_examples;
SET search_path = session_examples;

CREATE TABLE visits (id bigint PRIMARY KEY, visitor text, event_id text, at timestamptz, login text);
CREATE INDEX ON visits (visitor, at, event_id);
INSERT INTO visits VALUES
  (1, 'v1', 'a', '2026-01-05 10:00Z', NULL),
  (2, 'v1', 'b', '2026-01-05 10:05Z', 'ann'),
  (3, 'v1', 'c', '2026-01-05 10:05Z', NULL),
  (4, 'v1', 'd', '2026-01-05 12:00Z', NULL),
  (5, 'v1', 'e', '2026-01-05 12:10Z', 'bob'),
  (6, 'v1', NULL, '2026-01-06 09:00Z', NULL);
SELECT sessionize.create_pipeline('shop', 'visits', key => 'visitor', event_time => 'at', user_id => 'login', raw_id => 'id');
CALL sessionize.rebuild('shop');

-- the ids are those that the reference's Python function prints
SELECT session_id, started_at, events, user_id FROM shop.sessions ORDER BY started_at;
SELECT session_key, user_id, valid_from, valid_to, is_current FROM shop.dim_user WHERE user_key <> 0 ORDER BY valid_from;
SELECT v.id, u.user_id
FROM visits AS v JOIN shop.dim_user AS u ON u.session_key = v.visitor AND v.at >= u.valid_from AND v.at < u.valid_to
ORDER BY v.id;
-- and that is what the events have
SELECT count(*) AS differences
FROM (SELECT v.id, u.user_id FROM visits AS v JOIN shop.dim_user AS u ON u.session_key = v.visitor AND v.at >= u.valid_from AND v.at < u.valid_to
      EXCEPT SELECT raw_id, user_id FROM shop.events) AS d;

-- two at one instant: the last in the order of events counts for all of it; an empty text is a user
INSERT INTO visits VALUES
  (11, 'v2', 'x', '2026-01-05 10:00Z', 'first'),
  (12, 'v2', 'y', '2026-01-05 10:00Z', 'last'),
  (13, 'v2', 'z', '2026-01-05 10:00Z', NULL),
  (14, 'v2', 'w', '2026-01-05 10:10Z', ''),
  (15, 'v2', 'y', '2026-01-05 10:20Z', 'a copy says nothing');
CALL sessionize.rebuild('shop');
SELECT user_id, valid_from, valid_to FROM shop.dim_user WHERE session_key = 'v2' ORDER BY valid_from;
SELECT raw_id, user_id FROM shop.events WHERE session_key = 'v2' ORDER BY raw_id;

SELECT sessionize.drop_pipeline('shop');
DROP SCHEMA session_examples CASCADE;
