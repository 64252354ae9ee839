-- Checks that mean harm, and incidents that are played with: what a check may do, and what is kept.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE ROLE regress_sz_attack_owner;
CREATE ROLE regress_sz_attack_friend;
CREATE ROLE regress_sz_attack_monitor;
GRANT regress_sz_attack_friend TO regress_sz_attack_owner;
GRANT pg_read_all_stats TO regress_sz_attack_monitor;
GRANT CREATE ON DATABASE :DBNAME TO regress_sz_attack_owner;
CREATE SCHEMA sza AUTHORIZATION regress_sz_attack_owner;
CREATE TABLE public.sza_secret (secret text);
SET ROLE regress_sz_attack_owner;
CREATE TABLE sza.hits (id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz, source text, properties jsonb);
CREATE INDEX ON sza.hits (visitor, at);
INSERT INTO sza.hits (visitor, at, source, properties) SELECT 'v' || n % 7, '2026-03-01Z'::timestamptz + n * interval '1 minute', 'web', '{"a": 1}' FROM generate_series(1, 200) AS n;
SELECT sessionize.create_pipeline('sza_web', 'sza.hits', key => 'visitor', event_time => 'at', raw_id => 'id');
CALL sessionize.rebuild('sza_web');
CREATE FUNCTION sza.writes() RETURNS int LANGUAGE sql AS 'INSERT INTO sza.hits (visitor, at) VALUES (''x'', now()) RETURNING 1';
CREATE FUNCTION sza.writes_when_allowed() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('transaction_read_only', 'off', true);
	RETURN sza.writes();
END $$;
CREATE FUNCTION sza.makes() RETURNS int LANGUAGE plpgsql AS 'BEGIN CREATE TEMP TABLE pg_temp_trap (a int); RETURN 1; END';

-- A query runs as the owner, whoever has it run, and can't become another, write, or make a temporary object.
SELECT sessionize.add_check('sza_web', 'who', 'sql', '{"query": "SELECT current_user AS source, session_user = current_user AS event_name"}');
SELECT sessionize.add_check('sza_web', 'peeks', 'sql', '{"query": "SELECT current_user AS source WHERE NOT has_table_privilege(''public.sza_secret'', ''SELECT'')"}');
SELECT sessionize.add_check('sza_web', 'becomes', 'sql', '{"query": "SELECT set_config(''role'', ''regress_sz_attack_friend'', false)"}');
SELECT sessionize.add_check('sza_web', 'resets', 'sql', '{"query": "SELECT set_config(''role'', ''none'', false)"}');
SELECT sessionize.add_check('sza_web', 'writes', 'sql', '{"query": "SELECT sza.writes()"}');
SELECT sessionize.add_check('sza_web', 'writes when allowed', 'sql', '{"query": "SELECT sza.writes_when_allowed()"}');
SELECT sessionize.add_check('sza_web', 'makes', 'sql', '{"query": "SELECT sza.makes()"}');
SELECT sessionize.add_check('sza_web', 'sleeps', 'sql', '{"query": "SELECT pg_sleep(100)"}', timeout => '20 milliseconds');
SELECT sessionize.add_check('sza_web', 'closes', 'sql', '{"query": "SELECT 1) AS q) AS r (row, place) GROUP BY 1, 2, 3) AS w) SELECT 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL; DROP TABLE sza.hits; --"}');
SELECT sessionize.add_check('sza_web', 'two', 'sql', '{"query": "SELECT 1; SELECT 2"}');
RESET ROLE;
SELECT count(*) FROM sessionize.run_checks('sza_web', at => '2026-03-02Z');
SET statement_timeout = '10min';
SELECT check_name, status, sample -> 0 ->> 'source' AS source, sample -> 0 ->> 'event_name' AS event_name, error FROM sessionize.check_results ORDER BY check_name;
SHOW role;
SHOW statement_timeout;
RESET statement_timeout;
SELECT count(*) FROM sza.hits;
SET ROLE regress_sz_attack_monitor;
SELECT count(*) > 0 AS some, count(sample) AS samples, count(error) AS errors FROM sessionize.check_results;
SELECT count(*) FROM sessionize.check_result;
SELECT count(*) FROM sessionize.incident_event;
RESET ROLE;
SET ROLE regress_sz_attack_owner;
SELECT count(sessionize.drop_check('sza_web', check_name)) FROM sessionize.checks;
SELECT state, checks FROM sessionize.incidents;

-- Many and wide rows: all are counted, few are kept, and of these the beginning.
SELECT sessionize.add_check('sza_web', 'floods', 'sql', '{"query": "SELECT n % 3 AS source, repeat(''x'', 5000) AS wide FROM generate_series(1, 3000) AS n"}');
SELECT status, value, affected FROM sessionize.run_checks('sza_web', 'floods', '2026-03-02Z');
SELECT jsonb_array_length(sample) AS subjects, jsonb_array_length(sample -> 0 -> 'sample') AS rows, length(sample::text) < 40000 AS short FROM sessionize.check_results WHERE check_name = 'floods';
SELECT affected, subjects FROM sessionize.incidents ORDER BY incident_id DESC LIMIT 1;
SELECT sessionize.drop_check('sza_web', 'floods');

-- Names of all kinds.
CREATE TABLE sza.name (number int, name text);
INSERT INTO sza.name VALUES (1, 'it''s "quoted"; -- {query} @events %s $1'), (2, E'two\nlines'), (3, repeat('é', 31));
SELECT count(sessionize.add_check('sza_web', name, 'sql', '{"query": "SELECT 1"}')) FROM sza.name;
SELECT n.number, r.check_name = n.name AS same, r.status FROM sza.name AS n, sessionize.run_checks('sza_web', n.name, '2026-03-02Z') AS r ORDER BY 1;
SELECT checks <@ (SELECT array_agg(name::name) FROM sza.name) AS these FROM sessionize.incidents WHERE state = 'open';
SELECT count(sessionize.alter_check('sza_web', name, severity => 'error')) FROM sza.name;
SELECT count(sessionize.drop_check('sza_web', name)) FROM sza.name;
SELECT sessionize.add_check('sza_web', repeat('é', 32), 'sql', '{"query": "SELECT 1"}');

-- Results that alternate neither open an incident nor close it.
CREATE TABLE sza.switch (bad boolean);
INSERT INTO sza.switch VALUES (false);
CREATE FUNCTION sza.play("check" text, results text) RETURNS TABLE (result text, status text, incident boolean) LANGUAGE plpgsql AS $$
BEGIN
	FOR n IN 1 .. length(results) LOOP
		result := substr(results, n, 1);
		UPDATE sza.switch SET bad = (result = 'F');
		SELECT r.status, r.incident_id IS NOT NULL INTO status, incident
		FROM sessionize.run_checks('sza_web', "check", '2026-03-02Z'::timestamptz + n * interval '1 minute') AS r;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT sessionize.add_check('sza_web', 'flaps', 'sql', '{"query": "SELECT FROM sza.switch WHERE bad"}', opens_after => 2, closes_after => 2);
SELECT count(*) AS incidents FROM sessionize.incidents \gset before_
SELECT string_agg(result || incident::int, ' ') AS alternating FROM sza.play('flaps', 'FOFOFO');
SELECT count(*) - :before_incidents AS opened FROM sessionize.incidents;
SELECT string_agg(result || incident::int, ' ') AS opening FROM sza.play('flaps', 'FFOFOFOF');
SELECT state FROM sessionize.incidents ORDER BY incident_id DESC LIMIT 1;
SELECT string_agg(result || incident::int, ' ') AS closing FROM sza.play('flaps', 'OO');
SELECT string_agg(event, ', ') AS story FROM sessionize.incident_events WHERE incident_id = (SELECT max(incident_id) FROM sessionize.incidents);
SELECT failures FROM sessionize.checks WHERE check_name = 'flaps';
-- a failure in quiet hours opens nothing, and lets nothing close
SELECT string_agg(result || incident::int, ' ') AS opening FROM sza.play('flaps', 'FF');
SELECT sessionize.alter_check('sza_web', 'flaps', muted_until => '2026-03-03Z');
SELECT string_agg(result || incident::int, ' ') AS muted FROM sza.play('flaps', 'OFOFF');
SELECT state FROM sessionize.incidents ORDER BY incident_id DESC LIMIT 1;
SELECT string_agg(result || incident::int, ' ') AS muted FROM sza.play('flaps', 'OO');
SELECT state FROM sessionize.incidents ORDER BY incident_id DESC LIMIT 1;

-- Quiet hours are hours of the wall clock: of the shorter night, of the longer one, and not an hour that there is not.
SELECT sessionize.add_check('sza_web', 'night', 'sql', '{"query": "SELECT 1"}', quiet_from => '22:00', quiet_until => '06:00', quiet_zone => 'Europe/Berlin', opens_after => 1000, keep => '1 year');
SELECT count(*) FROM unnest('{2026-03-28 20:59Z,2026-03-28 21:00Z,2026-03-29 03:59Z,2026-03-29 04:00Z,2026-10-24 19:59Z,2026-10-24 20:00Z,2026-10-25 04:59Z,2026-10-25 05:00Z}'::timestamptz[]) AS at,
	sessionize.run_checks('sza_web', 'night', at);
SELECT at AT TIME ZONE 'Europe/Berlin' AS local, quiet FROM sessionize.check_results WHERE check_name = 'night' ORDER BY at;
SELECT sessionize.add_check('sza_web', 'no hour', 'sql', '{"query": "SELECT 1"}', quiet_from => '02:00', quiet_until => '03:00', quiet_zone => 'Europe/Berlin', opens_after => 1000, keep => '1 year');
SELECT count(*) FROM unnest('{2026-03-29 00:59Z,2026-03-29 01:00Z,2026-10-25 00:00Z,2026-10-25 01:00Z,2026-10-25 02:00Z}'::timestamptz[]) AS at, sessionize.run_checks('sza_web', 'no hour', at);
SELECT at AT TIME ZONE 'Europe/Berlin' AS local, quiet FROM sessionize.check_results WHERE check_name = 'no hour' ORDER BY at;
SELECT count(sessionize.drop_check('sza_web', check_name)) FROM sessionize.checks;

-- A story has an end even if an incident has none.
SELECT sessionize.add_check('sza_web', 'stays', 'sql', '{"query": "SELECT 1"}');
SELECT sessionize.add_check('sza_web', 'flaps', 'sql', '{"query": "SELECT FROM sza.switch WHERE bad"}', closes_after => 1, keep => '10 minutes');
SELECT status FROM sessionize.run_checks('sza_web', 'stays', '2026-03-02Z');
SELECT sessionize.note_incident(max(incident_id), 'we know') FROM sessionize.incidents;
SELECT count(*) FROM sza.play('flaps', repeat('FO', 520));
SELECT count(*) AS steps, count(*) FILTER (WHERE event = 'opened') AS opened, count(*) FILTER (WHERE event = 'note') AS notes,
       count(*) FILTER (WHERE event = 'joined') AS joined
FROM sessionize.incident_events WHERE incident_id = (SELECT max(incident_id) FROM sessionize.incidents);
SELECT count(*) AS results FROM sessionize.check_results WHERE check_name = 'flaps';
SELECT count(sessionize.drop_check('sza_web', check_name)) FROM sessionize.checks;

-- What a check looks at is gone: that is an error of this check, and no other one's.
CREATE TABLE sza.gone AS SELECT 1 AS a WHERE false;
SELECT sessionize.add_check('sza_web', 'gone', 'sql', '{"query": "SELECT a FROM sza.gone"}');
SELECT sessionize.add_dimension('sza_web', 'origin', '{"origin": "source"}');
SELECT sessionize.add_check('sza_web', 'origin', 'completeness', '{"attribute": "origin"}');
SELECT sessionize.add_check('sza_web', 'sources', 'presence', '{"expression": "source"}');
SELECT sessionize.add_check('sza_web', 'lag', 'lag');
CALL sessionize.rebuild('sza_web');
SELECT check_name, status FROM sessionize.run_checks('sza_web', at => '2026-03-02Z') ORDER BY 1;
DROP TABLE sza.gone;
SELECT sessionize.drop_dimension('sza_web', 'origin');
SELECT check_name, status FROM sessionize.run_checks('sza_web', at => '2026-03-02 02:00Z') ORDER BY 1;
SELECT check_name, error FROM sessionize.check_results WHERE status = 'error' ORDER BY check_name, at;
SELECT checks, subjects FROM sessionize.incidents WHERE state = 'open';
SELECT sessionize.alter_check('sza_web', 'gone', every => '2 hours');
SELECT count(sessionize.drop_check('sza_web', check_name)) FROM sessionize.checks;
SELECT state, count(*) FROM sessionize.incidents GROUP BY 1;

SELECT sessionize.drop_pipeline('sza_web');
RESET ROLE;
DROP TABLE public.sza_secret;
DROP SCHEMA sza CASCADE;
REVOKE CREATE ON DATABASE :DBNAME FROM regress_sz_attack_owner;
DROP ROLE regress_sz_attack_owner, regress_sz_attack_friend, regress_sz_attack_monitor;
