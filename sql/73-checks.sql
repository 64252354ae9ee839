CREATE TABLE sessionize.data_check (
	pipeline_id  int NOT NULL,
	check_name   name NOT NULL,
	kind         text NOT NULL,
	parameters   jsonb NOT NULL DEFAULT '{}',
	severity     text NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
	every        interval NOT NULL,
	timeout      interval NOT NULL,
	opens_after  int NOT NULL CHECK (opens_after > 0),
	closes_after int NOT NULL CHECK (closes_after > 0),
	keep         interval NOT NULL,
	quiet_from   time,
	quiet_until  time,
	quiet_zone   text,
	muted_until  timestamptz,
	created_at   timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (pipeline_id, check_name)
);
COMMENT ON TABLE sessionize.data_check IS 'the checks of each pipeline; written by add_check, alter_check, drop_check and add_default_checks, read through the view checks';
COMMENT ON COLUMN sessionize.data_check.pipeline_id IS 'no foreign key: pg_restore fills the tables of an extension in any order';
COMMENT ON COLUMN sessionize.data_check.parameters IS 'those that were given; the others have the defaults of their kind';

CREATE TABLE sessionize.check_state (
	pipeline_id  int NOT NULL,
	check_name   name NOT NULL,
	next_at      timestamptz,
	last_at      timestamptz,
	failures     int NOT NULL DEFAULT 0,
	successes    int NOT NULL DEFAULT 0,
	failed_since timestamptz,
	reference    jsonb,
	PRIMARY KEY (pipeline_id, check_name)
);
COMMENT ON TABLE sessionize.check_state IS 'when each check ran, how often in a row it failed or succeeded, and what it remembers; history of this database, not dumped';

CREATE TABLE sessionize.check_result (
	result_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline_id int NOT NULL,
	check_name  name NOT NULL,
	at          timestamptz NOT NULL,
	status      text NOT NULL CHECK (status IN ('ok', 'failed', 'learning', 'error')),
	quiet       boolean NOT NULL,
	subjects    int NOT NULL,
	failing     int NOT NULL,
	value       numeric,
	lower       numeric,
	upper       numeric,
	affected    bigint,
	sample      jsonb,
	error       text,
	took        interval NOT NULL
);
CREATE INDEX check_result_at ON sessionize.check_result (pipeline_id, check_name, at);
COMMENT ON TABLE sessionize.check_result IS 'what each run of a check has found, for as long as the check''s keep says; history of this database, not dumped; read through the view check_results';

CREATE TABLE sessionize.incident (
	incident_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	pipeline_id int NOT NULL,
	severity    text NOT NULL,
	opened_at   timestamptz NOT NULL,
	closed_at   timestamptz,
	since       timestamptz,
	affected    bigint,
	subjects    jsonb NOT NULL DEFAULT '[]',
	derived     jsonb NOT NULL DEFAULT '[]',
	notified_at timestamptz
);
CREATE INDEX incident_open ON sessionize.incident (pipeline_id) WHERE closed_at IS NULL;
CREATE INDEX incident_closed ON sessionize.incident (pipeline_id, closed_at);
COMMENT ON TABLE sessionize.incident IS 'what went wrong with a pipeline''s data, from the first failed check to the last that has recovered; read through the view incidents';

CREATE TABLE sessionize.incident_forgotten (
	pipeline_id int PRIMARY KEY,
	incidents   bigint NOT NULL
);
COMMENT ON TABLE sessionize.incident_forgotten IS 'how many incidents of each pipeline were deleted because they are long closed; history of this database, not dumped';

CREATE TABLE sessionize.incident_notice (
	notice_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	incident_id bigint NOT NULL REFERENCES sessionize.incident ON DELETE CASCADE,
	delivery    uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
	state       text NOT NULL CHECK (state IN ('opened', 'worse', 'closed')),
	noted_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
	payload     jsonb NOT NULL
);
CREATE INDEX incident_notice_incident ON sessionize.incident_notice (incident_id, notice_id);
COMMENT ON TABLE sessionize.incident_notice IS 'what was said of each incident by NOTIFY, as it was then; history of this database, not dumped; read through the view webhook_notices';
COMMENT ON COLUMN sessionize.incident_notice.notice_id IS 'those of one incident are numbered in the order in which they are committed; others need not be';
COMMENT ON COLUMN sessionize.incident_notice.delivery IS 'by which a receiver knows what it has got before';

CREATE TABLE sessionize.incident_check (
	incident_id    bigint NOT NULL,
	check_name     name NOT NULL,
	joined_at      timestamptz NOT NULL,
	last_failed_at timestamptz NOT NULL,
	recovered_at   timestamptz,
	failures       bigint NOT NULL DEFAULT 1,
	affected       bigint,
	PRIMARY KEY (incident_id, check_name)
);
COMMENT ON TABLE sessionize.incident_check IS 'the checks that have failed in an incident';

CREATE TABLE sessionize.incident_event (
	event_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	incident_id bigint NOT NULL,
	at          timestamptz NOT NULL,
	event       text NOT NULL CHECK (event IN ('opened', 'joined', 'subject', 'recovered', 'failed again', 'note', 'closed')),
	check_name  name,
	detail      jsonb
);
CREATE INDEX incident_event_incident ON sessionize.incident_event (incident_id, event_id);
COMMENT ON TABLE sessionize.incident_event IS 'the story of each incident, step by step; read through the view incident_events';

REVOKE ALL ON sessionize.data_check, sessionize.check_state, sessionize.check_result, sessionize.incident,
	sessionize.incident_forgotten, sessionize.incident_notice,
	sessionize.incident_check, sessionize.incident_event FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('sessionize.data_check', '');
-- the story with its notes is people's work; no foreign keys, as above
SELECT pg_catalog.pg_extension_config_dump('sessionize.incident', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.incident_incident_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.incident_check', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.incident_event', '');
SELECT pg_catalog.pg_extension_config_dump('sessionize.incident_event_event_id_seq', '');

CREATE VIEW sessionize.checks WITH (security_barrier) AS
SELECT p.pipeline_name, d.check_name, d.kind, d.severity, d.every,
       (SELECT coalesce(pg_catalog.jsonb_object_agg(s.key, s.value -> 'default') FILTER (WHERE s.value ? 'default'), '{}')
        FROM sessionize.check_kind AS k, pg_catalog.jsonb_each(k.parameters) AS s WHERE k.kind = d.kind) || d.parameters AS parameters,
       d.opens_after, d.closes_after, d.timeout, d.keep, d.quiet_from, d.quiet_until, d.quiet_zone, d.muted_until,
       r.status, s.last_at, s.next_at, s.failures, s.failed_since,
       (SELECT i.incident_id FROM sessionize.incident AS i JOIN sessionize.incident_check AS c USING (incident_id)
        WHERE i.pipeline_id = d.pipeline_id AND i.closed_at IS NULL AND c.check_name = d.check_name
        ORDER BY i.incident_id DESC LIMIT 1) AS incident_id
FROM sessionize.data_check AS d
JOIN sessionize.pipeline AS c USING (pipeline_id)
JOIN sessionize.pipelines AS p ON p.pipeline_name = c.pipeline_name
LEFT JOIN sessionize.check_state AS s USING (pipeline_id, check_name)
LEFT JOIN LATERAL (SELECT t.status FROM sessionize.check_result AS t
                   WHERE t.pipeline_id = d.pipeline_id AND t.check_name = d.check_name
                   ORDER BY t.result_id DESC LIMIT 1) AS r ON true;
COMMENT ON VIEW sessionize.checks IS 'the checks of the pipelines that you see in pipelines, with what the last run of each has found';
COMMENT ON COLUMN sessionize.checks.parameters IS 'those that were given, and the defaults of the others';
COMMENT ON COLUMN sessionize.checks.status IS 'of the last run: ok, failed, learning (not enough is known yet to judge), or error (the check itself failed); NULL: it has not run';
COMMENT ON COLUMN sessionize.checks.failures IS 'how often in a row it has failed';
COMMENT ON COLUMN sessionize.checks.incident_id IS 'the open incident that it belongs to';
GRANT SELECT ON sessionize.checks TO PUBLIC;

CREATE VIEW sessionize.check_results WITH (security_barrier) AS
SELECT p.pipeline_name, r.check_name, r.at, r.status, r.quiet, r.value, r.lower, r.upper, k.unit, r.affected,
       r.subjects, r.failing,
       CASE WHEN pg_catalog.pg_has_role(p.owner, 'USAGE') THEN r.sample END AS sample,
       CASE WHEN pg_catalog.pg_has_role(p.owner, 'USAGE') THEN r.error END AS error, r.took
FROM sessionize.check_result AS r
JOIN sessionize.data_check AS d USING (pipeline_id, check_name)
JOIN sessionize.check_kind AS k USING (kind)
JOIN sessionize.pipeline AS c USING (pipeline_id)
JOIN sessionize.pipelines AS p ON p.pipeline_name = c.pipeline_name;
COMMENT ON VIEW sessionize.check_results IS 'what the checks of the pipelines that you see in pipelines have found, run by run';
COMMENT ON COLUMN sessionize.check_results.quiet IS 'it ran in quiet hours, or muted: a failure counts for nothing';
COMMENT ON COLUMN sessionize.check_results.value IS 'of the subject that is worst; lower and upper are what was expected of it';
COMMENT ON COLUMN sessionize.check_results.subjects IS 'how many sources, event names and so on were judged; failing: how many failed';
COMMENT ON COLUMN sessionize.check_results.error IS 'why the check itself failed; NULL for those who may not read the pipeline';
COMMENT ON COLUMN sessionize.check_results.sample IS 'up to ten subjects that failed; NULL for those who may not read the pipeline';
GRANT SELECT ON sessionize.check_results TO PUBLIC;

CREATE VIEW sessionize.incidents WITH (security_barrier) AS
SELECT i.incident_id, p.pipeline_name, CASE WHEN i.closed_at IS NULL THEN 'open' ELSE 'closed' END AS state,
       i.severity, i.opened_at, i.closed_at, i.since, i.affected,
       (SELECT pg_catalog.array_agg(k.check_name ORDER BY k.joined_at, k.check_name)
        FROM sessionize.incident_check AS k WHERE k.incident_id = i.incident_id) AS checks,
       i.subjects, i.derived
FROM sessionize.incident AS i
JOIN sessionize.pipeline AS c USING (pipeline_id)
JOIN sessionize.pipelines AS p ON p.pipeline_name = c.pipeline_name;
COMMENT ON VIEW sessionize.incidents IS 'what went wrong, and goes wrong, with the data of the pipelines that you see in pipelines';
COMMENT ON COLUMN sessionize.incidents.since IS 'the earliest time of which a check has said that something was wrong';
COMMENT ON COLUMN sessionize.incidents.affected IS 'the greatest number of rows that a run of a check has found affected';
COMMENT ON COLUMN sessionize.incidents.subjects IS 'the sources, event names and versions that are affected; {}: not told apart';
COMMENT ON COLUMN sessionize.incidents.derived IS 'the columns of the star that are derived from what is wrong';
GRANT SELECT ON sessionize.incidents TO PUBLIC;

CREATE VIEW sessionize.incident_events WITH (security_barrier) AS
SELECT e.incident_id, v.pipeline_name, e.at, e.event, e.check_name,
       CASE WHEN pg_catalog.pg_has_role(p.owner, 'USAGE') THEN e.detail END AS detail
FROM sessionize.incident_event AS e
JOIN sessionize.incidents AS v USING (incident_id)
JOIN sessionize.pipelines AS p ON p.pipeline_name = v.pipeline_name
ORDER BY e.event_id;
COMMENT ON VIEW sessionize.incident_events IS 'the story of the incidents that you see in incidents';
GRANT SELECT ON sessionize.incident_events TO PUBLIC;

CREATE VIEW sessionize.lineage WITH (security_barrier) AS
WITH mapped AS (
	SELECT p.pipeline_name, p.source, p.owner, m.attribute, m.expression, NULL::name AS own_name, NULL::text AS own_table
	FROM sessionize.pipelines AS p
	CROSS JOIN LATERAL (VALUES
		('session_key', p.key), ('event_time', p.event_time), ('event_id', p.event_id), ('event_name', p.event_name),
		('user_id', p.user_id), ('page', p.page), ('event_time', p.sent_at), ('event_time', p.received_at),
		('raw_id', p.raw_id), ('page_view', p.page_view), ('restart', p.restart),
		('restart_on_change', p.restart_on_change), ('filter', p.filter), ('time_zone', p.time_zone)
	) AS m (attribute, expression)
	WHERE nullif(m.expression, '') IS NOT NULL
	UNION ALL
	SELECT p.pipeline_name, p.source, p.owner, v.measure::text, x.expression, v.measure,
	       CASE v.grain WHEN 'event' THEN 'events' ELSE 'sessions' END
	FROM sessionize.measures AS v
	JOIN sessionize.pipelines AS p USING (pipeline_name)
	CROSS JOIN LATERAL (VALUES (v.expression), (v.filter)) AS x (expression)
	WHERE x.expression IS NOT NULL
	UNION ALL
	SELECT p.pipeline_name, p.source, p.owner, a.key, a.value, d.dimension, 'dim_' || d.dimension
	FROM sessionize.dimensions AS d
	JOIN sessionize.pipelines AS p USING (pipeline_name)
	CROSS JOIN LATERAL pg_catalog.jsonb_each_text(d.attributes) AS a
), derived (attribute, relation, columns) AS (
	VALUES
	('session_key', 'sessions', '{session_key,session_id,session_index}'::text[]), ('session_key', 'events', '{session_key,session_id}'),
	('session_key', 'dim_user', '{session_key}'),
	('event_time', 'events', '{event_time,date,session_id,session_started_at}'),
	('event_time', 'sessions', '{session_id,started_at,ended_at,expires_at,duration,date,started_by,ended_by,session_index}'),
	('event_time', 'dim_user', '{valid_from,valid_to}'),
	('event_id', 'events', '{event_id}'), ('event_id', 'sessions', '{events,page_views,duplicates,conflicts}'),
	('event_name', 'events', '{event_name,page_view}'), ('event_name', 'sessions', '{page_views}'), ('event_name', 'dim_event', '{event_name}'),
	('user_id', 'dim_user', '{user_id}'), ('user_id', 'events', '{user_id}'), ('user_id', 'sessions', '{user_id}'),
	('page', 'dim_page', '{page}'), ('page', 'events', '{page,page_view}'), ('page', 'sessions', '{page_views,distinct_pages,entry_page,exit_page}'),
	('raw_id', 'events', '{raw_id}'), ('page_view', 'events', '{page_view}'), ('page_view', 'sessions', '{page_views}'),
	('restart', 'sessions', '{session_id,started_at,ended_at,started_by,ended_by}'), ('restart', 'events', '{session_id}'),
	('restart_on_change', 'sessions', '{session_id,started_at,ended_at,started_by,ended_by}'), ('restart_on_change', 'events', '{session_id}'),
	('time_zone', 'sessions', '{date}'), ('time_zone', 'events', '{date}')
)
SELECT m.pipeline_name, c.column_name AS raw_column, m.attribute, m.expression,
       coalesce(m.own_table, d.relation) AS relation, coalesce(d.columns, ARRAY[m.attribute]) AS columns
FROM mapped AS m
LEFT JOIN derived AS d ON m.own_name IS NULL AND d.attribute = m.attribute
LEFT JOIN LATERAL (
	-- a column is meant where its name stands by itself, and not in a literal
	SELECT a.attname AS column_name FROM pg_catalog.pg_attribute AS a
	WHERE a.attrelid = m.source AND a.attnum > 0 AND NOT a.attisdropped
	  AND (m.expression = a.attname OR pg_catalog.regexp_replace(m.expression, '''[^'']*''', '''''', 'g') ~
	       ('(^|[^[:alnum:]_$])' || pg_catalog.regexp_replace(a.attname, '([^[:alnum:]_])', '\\\1', 'g') || '($|[^[:alnum:]_$])'))
) AS c ON true
WHERE coalesce(m.own_table, d.relation) IS NOT NULL;
COMMENT ON VIEW sessionize.lineage IS 'from which columns of the raw table the columns of the star, its dimensions and measures, are derived, for the pipelines that you see in pipelines';
COMMENT ON COLUMN sessionize.lineage.raw_column IS 'NULL: the expression names no column';
COMMENT ON COLUMN sessionize.lineage.attribute IS 'what the expression gives: an argument of create_pipeline, a measure, or a dimension''s attribute';
GRANT SELECT ON sessionize.lineage TO PUBLIC;

CREATE FUNCTION sessionize.add_check(
	pipeline     text,
	name         text,
	kind         text,
	parameters   jsonb DEFAULT '{}',
	severity     text DEFAULT NULL,
	every        interval DEFAULT NULL,
	opens_after  int DEFAULT 1,
	closes_after int DEFAULT 2,
	quiet_from   time DEFAULT NULL,
	quiet_until  time DEFAULT NULL,
	quiet_zone   text DEFAULT NULL,
	timeout      interval DEFAULT '1 minute',
	keep         interval DEFAULT '30 days'
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_add_check'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.add_check IS 'have a pipeline''s data checked on a schedule';

CREATE FUNCTION sessionize.alter_check(
	pipeline     text,
	name         text,
	parameters   jsonb DEFAULT NULL,
	severity     text DEFAULT NULL,
	every        interval DEFAULT NULL,
	opens_after  int DEFAULT NULL,
	closes_after int DEFAULT NULL,
	quiet_from   time DEFAULT NULL,
	quiet_until  time DEFAULT NULL,
	quiet_zone   text DEFAULT NULL,
	timeout      interval DEFAULT NULL,
	keep         interval DEFAULT NULL,
	muted_until  timestamptz DEFAULT NULL
) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_alter_check'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.alter_check IS 'change what is given of a check, and leave the rest; muted_until mutes it';

CREATE FUNCTION sessionize.drop_check(pipeline text, name text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_drop_check'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.drop_check IS 'remove a check with its results; incidents keep their story';

CREATE FUNCTION sessionize.add_default_checks(pipeline text) RETURNS SETOF name
AS 'MODULE_PATHNAME', 'sessionize_add_default_checks'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 15;
COMMENT ON FUNCTION sessionize.add_default_checks IS 'add the checks that are sensible for most pipelines, and return their names; checks of these names that exist are left as they are';

CREATE FUNCTION sessionize.run_checks(pipeline text, name text DEFAULT NULL, at timestamptz DEFAULT now(), only_due boolean DEFAULT true)
RETURNS TABLE (check_name name, status text, value numeric, lower numeric, upper numeric, affected bigint, incident_id bigint)
AS 'MODULE_PATHNAME', 'sessionize_run_checks'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 15;
COMMENT ON FUNCTION sessionize.run_checks IS 'run the checks of a pipeline that are due, or the one that is named; record what they find, and open and close incidents';

CREATE FUNCTION sessionize.note_incident(incident_id bigint, note text) RETURNS void
AS 'MODULE_PATHNAME', 'sessionize_note_incident'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION sessionize.note_incident IS 'add a note to the story of an incident: what was found, what was done';
