-- Webhooks: which notices a program has to deliver, in which order, and whose; takeover, failures, and who may do what.
\set VERBOSITY default
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
CREATE ROLE regress_webhook_owner;
CREATE ROLE regress_webhook_other;
CREATE ROLE regress_webhook_monitor;
GRANT pg_read_all_stats TO regress_webhook_monitor;
DO $$BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO regress_webhook_owner, regress_webhook_other', current_database()); END$$;
CREATE SCHEMA webhook_raw;
GRANT CREATE, USAGE ON SCHEMA webhook_raw TO regress_webhook_owner, regress_webhook_other;
CREATE TABLE webhook_raw.wrong (pipeline text, n int);
GRANT SELECT ON webhook_raw.wrong TO PUBLIC;

SET ROLE regress_webhook_other;
CREATE TABLE webhook_raw.two (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz);
CREATE INDEX ON webhook_raw.two (visitor, at);
SELECT sessionize.create_pipeline('webhook_two', 'webhook_raw.two', key => 'visitor', event_time => 'at');
SELECT sessionize.add_check('webhook_two', 'wrong', 'sql', '{"query": "SELECT 1 FROM webhook_raw.wrong WHERE pipeline = ''two''"}', closes_after => 1);
SET ROLE regress_webhook_owner;
CREATE TABLE webhook_raw.one (raw_id bigint GENERATED ALWAYS AS IDENTITY, visitor text, at timestamptz);
CREATE INDEX ON webhook_raw.one (visitor, at);
SELECT sessionize.create_pipeline('webhook_one', 'webhook_raw.one', key => 'visitor', event_time => 'at');
SELECT sessionize.add_check('webhook_one', 'a', 'sql', '{"query": "SELECT 1 FROM webhook_raw.wrong WHERE pipeline = ''one''"}', closes_after => 1);
SELECT sessionize.add_check('webhook_one', 'b', 'sql', '{"query": "SELECT 1 FROM webhook_raw.wrong WHERE pipeline = ''one'' AND n = 2"}', severity => 'error', closes_after => 1);
RESET ROLE;
CREATE FUNCTION run(pipeline text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(r.check_name || ' ' || r.status, ', ' ORDER BY r.check_name) FROM sessionize.run_checks(pipeline, only_due => false) AS r
$$;
CREATE FUNCTION pending(name text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', dense_rank() OVER (ORDER BY n.incident_id), n.pipeline_name, n.state, n.body ->> 'type', n.body -> 'data' ->> 'check', n.body -> 'data' ->> 'severity')
	FROM sessionize.webhook_notices AS n WHERE n.webhook_name = name ORDER BY n.notice_id
$$;

-- An incident that is over before the webhook begins is not delivered; one that is open is, from its beginning.
INSERT INTO webhook_raw.wrong VALUES ('one', 1);
SELECT run('webhook_one');
DELETE FROM webhook_raw.wrong;
SELECT run('webhook_one');
INSERT INTO webhook_raw.wrong VALUES ('one', 1), ('two', 1);
SELECT run('webhook_one');
SELECT run('webhook_two');
UPDATE webhook_raw.wrong SET n = 2;
SELECT run('webhook_one');
SET ROLE regress_webhook_owner;
SELECT * FROM sessionize.webhook_begin('hook');
SELECT pending('hook');
SELECT webhook_name, owner, deliveries, delivered_at, failures, failed_at, error, pending, pending_since <= now() FROM sessionize.webhooks;
-- the body, and the line for people; both are there, however the program wants it
SELECT jsonb_pretty(body #- '{timestamp}' #- '{data,incident_id}' #- '{data,at}' #- '{data,opened_at}' #- '{data,since}' #- '{data,statement}')
FROM sessionize.webhook_notices ORDER BY notice_id LIMIT 1;
SELECT body #> '{data,statement}' = to_jsonb(format('SELECT at, event, check_name, detail FROM sessionize.incident_events WHERE incident_id = %s', incident_id)),
       body ->> 'timestamp' = body #>> '{data,at}', (body #>> '{data,incident_id}')::bigint = incident_id,
       regexp_replace(text, 'incident \d+', 'incident N') FROM sessionize.webhook_notices ORDER BY notice_id;
SELECT sessionize.webhook_text('{"pipeline": "web", "severity": "error", "incident_id": 7, "check": "c", "affected": 3, "since": "2026-01-01T00:00:00+00:00",
	"subjects": [{"source": "<!channel> & co", "event_name": "view"}, {"version": "5"}]}', 'worse');
SELECT sessionize.webhook_text('{"pipeline": "web", "severity": "info", "incident_id": 7, "check": null, "subjects": [{}], "since": null}', 'closed');

-- Deliveries: each takes a notice away, and those of the same incident before it; again they change nothing.
SELECT notice_id AS first FROM sessionize.webhook_notices ORDER BY notice_id LIMIT 1 \gset
SELECT sessionize.webhook_delivered('hook', 1, :first);
SELECT pending('hook');
SELECT notice_id AS last FROM sessionize.webhook_notices ORDER BY notice_id DESC LIMIT 1 \gset
SELECT sessionize.webhook_delivered('hook', 1, :last);
SELECT sessionize.webhook_delivered('hook', 1, :first);
SELECT pending('hook');
SELECT sessionize.webhook_delivered('hook', 1, 0);
SELECT sessionize.webhook_failed('hook', 1, repeat('x', 1000));
SELECT deliveries, delivered_at <= clock_timestamp(), failures, failed_at <= clock_timestamp(), length(error), pending, pending_since FROM sessionize.webhooks;
RESET ROLE;
DELETE FROM webhook_raw.wrong;
SELECT run('webhook_one');
SELECT run('webhook_two');
SELECT pending('hook');

-- Who takes over gets what is pending, and the other is told.
SET ROLE regress_webhook_owner;
SELECT * FROM sessionize.webhook_begin('hook');
SELECT pending('hook');
SELECT notice_id AS last FROM sessionize.webhook_notices ORDER BY notice_id DESC LIMIT 1 \gset
\set VERBOSITY sqlstate
SELECT sessionize.webhook_delivered('hook', 1, :last);
SELECT sessionize.webhook_failed('hook', 1, 'x');
SELECT sessionize.webhook_failed('none', 1, 'x');
\set VERBOSITY default
SELECT sessionize.webhook_delivered('hook', 1, :last);
SELECT sessionize.webhook_failed('none', 1, 'x');
SELECT pending('hook');

-- Another role's.
SET ROLE regress_webhook_other;
SELECT count(*) FROM sessionize.webhooks;
SELECT count(*) FROM sessionize.webhook_notices;
SELECT * FROM sessionize.webhook_begin('hook');
SELECT sessionize.webhook_delivered('hook', 2, :last);
SELECT sessionize.webhook_failed('hook', 2, 'x');
SELECT sessionize.drop_webhook('hook');
SELECT * FROM sessionize.webhook_begin('other');
SELECT pending('other');
SELECT * FROM sessionize.webhook_begin('');
SELECT * FROM sessionize.webhook_begin(NULL);
SELECT sessionize.drop_webhook('none');
-- a monitor sees all, and its own webhook is about all pipelines
SET ROLE regress_webhook_monitor;
SELECT webhook_name, owner, pending FROM sessionize.webhooks ORDER BY 1;
BEGIN;
SELECT pipelines >= 2 FROM sessionize.webhook_begin('all');
ROLLBACK;
SELECT sessionize.webhook_delivered('hook', 2, :last);
RESET ROLE;

-- What metrics and health_check say of it; when the notice has waited for long.
CREATE FUNCTION samples(pattern text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT replace(line, current_database(), 'DB') FROM regexp_split_to_table(sessionize.openmetrics(), '\n') AS line
	WHERE line ~ pattern AND line !~ '^#' ORDER BY line COLLATE "C"
$$;
SELECT samples('^sessionize_webhook(?!.*timestamp)');
SELECT count(*) FROM samples('^sessionize_webhook.*timestamp.*webhook="hook"');
SELECT fence AS last_fence FROM sessionize.webhook WHERE webhook_name = 'hook' \gset
SELECT sessionize.webhook_failed('hook', :last_fence, 'the receiver answers 500');
PREPARE health AS SELECT status, regexp_replace(regexp_replace(found, 'for @ [^;]*', 'for T'), 'was at .*:(?= the)', 'was at T:') AS found, statement FROM sessionize.health_check() WHERE topic = 'webhooks' AND found ~ 'hook';
EXECUTE health;
BEGIN;
UPDATE sessionize.webhook SET begun_at = begun_at - interval '1 day';
UPDATE sessionize.incident_notice SET noted_at = clock_timestamp() - interval '6 minutes' WHERE notice_id = :last;
EXECUTE health;
UPDATE sessionize.incident_notice SET noted_at = clock_timestamp() - interval '61 minutes' WHERE notice_id = :last;
SELECT status FROM sessionize.health_check() WHERE topic = 'webhooks' AND found ~ 'hook';
ROLLBACK;
-- an owner who is dropped takes nothing else away
BEGIN;
CREATE ROLE regress_webhook_gone;
SET ROLE regress_webhook_gone;
SELECT * FROM sessionize.webhook_begin('gone');
RESET ROLE;
DROP ROLE regress_webhook_gone;
SELECT webhook_name, pending FROM sessionize.webhooks ORDER BY 1;
SELECT sessionize.drop_webhook('gone');
ROLLBACK;

SELECT sessionize.drop_webhook('hook');
SELECT sessionize.drop_webhook('other');
SELECT count(*) FROM sessionize.webhook_position;
SELECT sessionize.drop_pipeline('webhook_one');
SELECT sessionize.drop_pipeline('webhook_two');
SELECT count(*) FROM sessionize.incident_notice AS n WHERE NOT EXISTS (SELECT FROM sessionize.incident AS i WHERE i.incident_id = n.incident_id);
DROP FUNCTION run, pending, samples;
DROP SCHEMA webhook_raw CASCADE;
DO $$BEGIN EXECUTE format('REVOKE CREATE ON DATABASE %I FROM regress_webhook_owner, regress_webhook_other', current_database()); END$$;
DROP ROLE regress_webhook_owner, regress_webhook_other, regress_webhook_monitor;
