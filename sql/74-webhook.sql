CREATE TABLE sessionize.webhook (
	webhook_name text COLLATE "C" PRIMARY KEY CHECK (webhook_name <> ''),
	owner        regrole NOT NULL,
	fence        bigint NOT NULL DEFAULT 1,
	begun_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
	deliveries   bigint NOT NULL DEFAULT 0,
	delivered_at timestamptz,
	failures     bigint NOT NULL DEFAULT 0,
	failed_at    timestamptz,
	error        text
);
COMMENT ON TABLE sessionize.webhook IS 'programs that deliver notices of incidents to a URL; the URL and its secret are theirs alone; written by webhook_begin, webhook_delivered, webhook_failed and drop_webhook, read through the view webhooks';
COMMENT ON COLUMN sessionize.webhook.fence IS 'raised by each webhook_begin: a program with a lower one was replaced';
COMMENT ON COLUMN sessionize.webhook.begun_at IS 'incidents that were closed before then are not delivered';

CREATE TABLE sessionize.webhook_position (
	webhook_name text COLLATE "C" NOT NULL,
	incident_id  bigint NOT NULL REFERENCES sessionize.incident ON DELETE CASCADE,
	notice_id    bigint NOT NULL,
	PRIMARY KEY (webhook_name, incident_id)
);
COMMENT ON TABLE sessionize.webhook_position IS 'the last notice of each incident that a webhook has delivered; as notices are not dumped, neither is this';

REVOKE ALL ON sessionize.webhook, sessionize.webhook_position FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.webhook', '');

-- Slack and those who read the same format take these three characters for markup: a source that
-- calls itself <!channel> wakes nobody.
CREATE FUNCTION sessionize.webhook_text(notice jsonb, state text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(pg_catalog.concat(
	'[', pg_catalog.upper(notice ->> 'severity'), '] ', notice ->> 'pipeline', ': incident ', notice ->> 'incident_id',
	CASE state WHEN 'opened' THEN ' was opened' WHEN 'worse' THEN ' became worse' ELSE ' is over' END,
	', check ' || (notice ->> 'check'),
	' (' || (SELECT pg_catalog.string_agg(u.subject, '; ')
	         FROM (SELECT (SELECT pg_catalog.string_agg(e.key || ' ' || e.value, ', ' ORDER BY e.key) FROM pg_catalog.jsonb_each_text(s.value) AS e) AS subject
	               FROM pg_catalog.jsonb_array_elements(notice -> 'subjects') WITH ORDINALITY AS s (value, place) ORDER BY s.place LIMIT 5) AS u) || ')',
	', since ' || (notice ->> 'since'), ', ' || (notice ->> 'affected') || ' rows'),
	'&', '&amp;'), '<', '&lt;'), '>', '&gt;');
COMMENT ON FUNCTION sessionize.webhook_text IS 'Internal: a notice of an incident as a line for people, as Slack wants it';

CREATE VIEW sessionize.webhook_notices WITH (security_barrier) AS
SELECT w.webhook_name, n.notice_id, n.incident_id, p.pipeline_name, n.state, n.noted_at, n.delivery,
       pg_catalog.jsonb_build_object(
           'type', 'incident.' || n.state, 'timestamp', n.payload -> 'at',
           'data', n.payload || pg_catalog.jsonb_build_object(
               'state', n.state, 'runbook', 'docs/incidents.md#triage',
               'statement', pg_catalog.format('SELECT at, event, check_name, detail FROM sessionize.incident_events WHERE incident_id = %s', n.incident_id))) AS body,
       sessionize.webhook_text(n.payload, n.state) AS text
FROM sessionize.webhook AS w
CROSS JOIN sessionize.incident AS i
JOIN sessionize.pipeline AS c USING (pipeline_id)
JOIN sessionize.pipelines AS p ON p.pipeline_name = c.pipeline_name
JOIN sessionize.incident_notice AS n ON n.incident_id = i.incident_id
LEFT JOIN sessionize.webhook_position AS d ON d.webhook_name = w.webhook_name AND d.incident_id = i.incident_id
WHERE (pg_catalog.pg_has_role(w.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'))
  AND (pg_catalog.pg_has_role(w.owner, p.owner, 'USAGE') OR pg_catalog.pg_has_role(w.owner, 'pg_read_all_stats', 'USAGE'))
  AND n.notice_id > coalesce(d.notice_id, 0)
  AND (i.closed_at IS NULL OR EXISTS (
      SELECT FROM sessionize.incident_notice AS l WHERE l.incident_id = i.incident_id AND l.noted_at >= w.begun_at));
COMMENT ON VIEW sessionize.webhook_notices IS 'what the webhooks that you see in webhooks have still to deliver; those of one incident in the order of notice_id';
COMMENT ON COLUMN sessionize.webhook_notices.delivery IS 'the same whenever the notice is delivered again';
COMMENT ON COLUMN sessionize.webhook_notices.body IS 'in the form of Standard Webhooks: type, timestamp and data';
COMMENT ON COLUMN sessionize.webhook_notices.text IS 'the same as a line for people, with the characters escaped that Slack takes for markup';
GRANT SELECT ON sessionize.webhook_notices TO PUBLIC;

CREATE VIEW sessionize.webhooks WITH (security_barrier) AS
SELECT w.webhook_name, w.owner, w.begun_at, w.deliveries, w.delivered_at, w.failures, w.failed_at, w.error,
       n.pending, n.pending_since
FROM sessionize.webhook AS w
CROSS JOIN LATERAL (SELECT count(*) AS pending, min(o.noted_at) AS pending_since
                    FROM sessionize.webhook_notices AS o WHERE o.webhook_name = w.webhook_name) AS n
WHERE pg_catalog.pg_has_role(w.owner, 'USAGE') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE');
COMMENT ON VIEW sessionize.webhooks IS 'the webhooks whose owner''s role you have; all of them for members of pg_read_all_stats';
COMMENT ON COLUMN sessionize.webhooks.owner IS 'who has begun it: incidents of the pipelines that this role sees are delivered';
COMMENT ON COLUMN sessionize.webhooks.failures IS 'attempts that have failed';
COMMENT ON COLUMN sessionize.webhooks.error IS 'of the attempt that failed last';
COMMENT ON COLUMN sessionize.webhooks.pending IS 'notices that are not delivered yet';
COMMENT ON COLUMN sessionize.webhooks.pending_since IS 'when the oldest of them was noted';
GRANT SELECT ON sessionize.webhooks TO PUBLIC;

CREATE FUNCTION sessionize.webhook_begin(webhook text, OUT fence bigint, OUT pipelines bigint)
AS 'MODULE_PATHNAME', 'sessionize_webhook_begin'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.webhook_begin IS 'begin to deliver the notices of a webhook, or take over; and how many pipelines it sees';

CREATE FUNCTION sessionize.webhook_delivered(webhook text, fence bigint, notice_id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_webhook_delivered'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.webhook_delivered IS 'note that a notice, and so those of the same incident before it, was delivered';

CREATE FUNCTION sessionize.webhook_failed(webhook text, fence bigint, error text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_webhook_failed'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.webhook_failed IS 'note that an attempt to deliver has failed';

CREATE FUNCTION sessionize.drop_webhook(webhook text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_webhook'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.drop_webhook IS 'forget a webhook that nobody delivers any more';
