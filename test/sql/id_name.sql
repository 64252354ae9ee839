-- id_name: a pipeline whose session ids and hashes of user ids are those of another one, as the parts of one
-- star that lie in different places need.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA szi;
CREATE TABLE szi.hits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, visitor text, at timestamptz, user_id text);
CREATE INDEX ON szi.hits (visitor, at);
INSERT INTO szi.hits (visitor, at, user_id)
SELECT 'v' || n % 10, '2026-03-01Z'::timestamptz + n * interval '7 minutes', 'u' || n % 7 FROM generate_series(1, 1000) AS n;
SELECT sessionize.create_pipeline('szi_one', 'szi.hits', key => 'visitor', event_time => 'at', raw_id => 'id');
SELECT sessionize.create_pipeline('szi_two', 'szi.hits', key => 'visitor', event_time => 'at', raw_id => 'id', id_name => 'szi_one');
SELECT sessionize.create_pipeline('szi_other', 'szi.hits', key => 'visitor', event_time => 'at', raw_id => 'id');
SELECT sessionize.enable_identity(p) FROM unnest('{szi_one,szi_two,szi_other}'::text[]) AS p;
CALL sessionize.rebuild('szi_one');
CALL sessionize.rebuild('szi_two');
CALL sessionize.rebuild('szi_other');
SELECT count(*) AS sessions, count(*) FILTER (WHERE two.session_id = one.session_id) AS same, count(*) FILTER (WHERE other.session_id = one.session_id) AS same_elsewhere
FROM szi_one.sessions AS one JOIN szi_two.sessions AS two USING (session_key, started_at) JOIN szi_other.sessions AS other USING (session_key, started_at);
(TABLE szi_one.sessions EXCEPT ALL TABLE szi_two.sessions) UNION ALL (TABLE szi_two.sessions EXCEPT ALL TABLE szi_one.sessions);
(TABLE szi_one.person_user EXCEPT ALL TABLE szi_two.person_user) UNION ALL (TABLE szi_two.person_user EXCEPT ALL TABLE szi_one.person_user);
SELECT count(*) = count(*) FILTER (WHERE user_hash = sessionize.user_hash('szi_one', user_id)) AS hashed_by_id_name FROM szi_two.person_user;
SELECT * FROM sessionize.verify('szi_two');

-- it is a part of the definition, which a copy takes over, and stays
SELECT p, sessionize.definition(p) -> 'id_name' AS id_name FROM unnest('{szi_one,szi_two}'::text[]) AS p;
SELECT sessionize.create_pipeline('szi_three', 'szi.hits', sessionize.definition('szi_two'));
SELECT pipeline_name, id_name FROM sessionize.pipelines WHERE pipeline_name LIKE 'szi%' ORDER BY 1;
SELECT sessionize.alter_pipeline('szi_two', definition => sessionize.definition('szi_one'));
SELECT sessionize.alter_pipeline('szi_two', definition => sessionize.definition('szi_one') || '{"id_name": "szi_two"}');
SELECT sessionize.create_pipeline('szi_four', 'szi.hits', key => 'visitor', event_time => 'at', id_name => '');
SELECT sessionize.create_pipeline('szi_four', 'szi.hits', key => 'visitor', event_time => 'at', id_name => repeat('n', 64));
-- what erases a person finds the person by the same hash
SELECT * FROM sessionize.erase_person('szi_two', 'u3');
SELECT count(*) FROM szi_two.person_user WHERE user_id = 'u3';
SELECT sessionize.drop_pipeline(p) FROM unnest('{szi_one,szi_two,szi_three,szi_other}'::text[]) AS p;
DROP SCHEMA szi CASCADE;
