-- What a report says of a pipeline.  Its parts are queries over the views of the star, whose schema is
-- in "star"; report() runs them in one snapshot, with the rights of whoever calls it.

CREATE FUNCTION sessionize.report_page(page text, depth int) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN p.path LIKE '/%' THEN regexp_replace(p.path, '^((?:/[^/]+){' || greatest(least(depth, 100), 1) || '})/[^/].*$', '\1/...')
	            ELSE p.path END
	FROM (SELECT sessionize.url_path(page) AS path) AS p;
END;
COMMENT ON FUNCTION sessionize.report_page(text, int) IS 'Internal: the first segments of a page''s path, with ... for the others';

CREATE FUNCTION sessionize.report_period(star text, INOUT since date, INOUT until date)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
	IF until IS NULL THEN
		-- a device whose clock is ahead says nothing about today
		EXECUTE format('SELECT max(s.date) FROM %1$I.sessions AS s WHERE s.started_at <= now()', star) INTO until;
		until := greatest(since, coalesce(until, current_date));
	END IF;
	since := coalesce(since, until - 27);
	IF since > until THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('the report begins on %s, after its last day, %s', to_char(since, 'YYYY-MM-DD'), to_char(until, 'YYYY-MM-DD')),
			HINT = 'Both days count: a report of one day has the same day twice.';
	ELSIF NOT isfinite(since) OR NOT isfinite(until) OR until - since >= 3660 THEN
		RAISE invalid_parameter_value USING
			MESSAGE = 'a report may cover 3660 days at most',
			HINT = 'Give a later first day, or an earlier last day.';
	END IF;
END
$function$;
COMMENT ON FUNCTION sessionize.report_period(text, date, date) IS 'Internal: the first and the last day of a report; without them, the four weeks up to the newest session';

CREATE FUNCTION sessionize.report_totals(star text, since date, until date) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	totals jsonb;
BEGIN
	EXECUTE format($sql$
		SELECT jsonb_build_object(
		           'days', count(DISTINCT s.date), 'sessions', count(*), 'visitors', count(DISTINCT s.session_key),
		           'events', coalesce(sum(s.events), 0), 'bounces', count(*) FILTER (WHERE s.is_bounce),
		           'median_seconds', round(extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY s.duration)
		                                                      FILTER (WHERE s.is_bounce IS NOT TRUE)), 3))
		FROM %1$I.sessions AS s WHERE s.date BETWEEN $1 AND $2
	$sql$, star) INTO totals USING since, until;
	RETURN totals;
END
$function$;
COMMENT ON FUNCTION sessionize.report_totals(text, date, date) IS 'Internal: how many of some days have sessions, their sessions, visitors, events and bounces, and the median duration of sessions that are no bounces';

CREATE FUNCTION sessionize.report_trend(star text, since date, until date) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	unit text := CASE WHEN until - since < 92 THEN 'day' WHEN until - since < 732 THEN 'week' ELSE 'month' END;
	points jsonb;
BEGIN
	EXECUTE format($sql$
		SELECT jsonb_agg(jsonb_build_object('from', p.first::date, 'sessions', coalesce(c.sessions, 0),
		                 'visitors', coalesce(c.visitors, 0), 'bounces', coalesce(c.bounces, 0)) ORDER BY p.first)
		FROM generate_series(date_trunc($3, $1::timestamp), $2::timestamp, ('1 ' || $3)::interval) AS p (first)
		LEFT JOIN (
			SELECT date_trunc($3, s.date::timestamp) AS first, count(*) AS sessions,
			       count(DISTINCT s.session_key) AS visitors, count(*) FILTER (WHERE s.is_bounce) AS bounces
			FROM %1$I.sessions AS s WHERE s.date BETWEEN $1 AND $2 GROUP BY 1
		) AS c USING (first)
	$sql$, star) INTO points USING since, until, unit;
	RETURN jsonb_build_object('unit', unit, 'points', points);
END
$function$;
COMMENT ON FUNCTION sessionize.report_trend(text, date, date) IS 'Internal: sessions, visitors and bounces by day, or by week or month where there are many days';

CREATE FUNCTION sessionize.report_pages(star text, since date, until date) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	pages jsonb;
	stores_events boolean := to_regclass(format('%I.events', star)) IS NOT NULL;
BEGIN
	EXECUTE format($sql$
		WITH visit AS MATERIALIZED (
			SELECT s.session_id, s.entry_page, s.exit_page, s.is_bounce FROM %1$I.sessions AS s WHERE s.date BETWEEN $1 AND $2
		), counted AS (
			SELECT v.entry_page AS page, count(*) AS entries, count(*) FILTER (WHERE v.is_bounce) AS bounces, 0 AS exits, 0 AS views, 0 AS sessions
			FROM visit AS v GROUP BY 1
			UNION ALL
			SELECT v.exit_page, 0, 0, count(*), 0, 0 FROM visit AS v GROUP BY 1
			UNION ALL
			%2$s
		), page AS (
			SELECT c.page, sum(c.views) AS views, sum(c.sessions) AS sessions, sum(c.entries) AS entries, sum(c.bounces) AS bounces, sum(c.exits) AS exits
			FROM counted AS c WHERE c.page IS NOT NULL GROUP BY c.page ORDER BY 2 DESC, 4 DESC, 1 LIMIT 10
		)
		SELECT coalesce(jsonb_agg(jsonb_build_object('page', p.page, 'views', CASE WHEN $3 THEN p.views END, 'sessions', CASE WHEN $3 THEN p.sessions END,
		                          'entries', p.entries, 'bounces', p.bounces, 'exits', p.exits) ORDER BY p.views DESC, p.entries DESC, p.page), '[]')
		FROM page AS p
	$sql$, star, CASE WHEN stores_events THEN format($sql$
			SELECT e.page, 0, 0, 0, count(*) FILTER (WHERE e.page_view), count(DISTINCT e.session_id)
			FROM %1$I.events AS e JOIN visit AS v ON v.session_id = e.session_id GROUP BY 1
	$sql$, star) ELSE 'SELECT NULL, 0, 0, 0, 0, 0' END) INTO pages USING since, until, stores_events;
	RETURN pages;
END
$function$;
COMMENT ON FUNCTION sessionize.report_pages(text, date, date) IS 'Internal: the ten pages with the most views, or entries where no events are stored';

-- Its search path is the caller's, as the steps are the caller's conditions.
CREATE FUNCTION sessionize.report_funnel(star text, since date, until date, steps text[], within interval) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $function$
DECLARE
	funnel jsonb;
BEGIN
	IF pg_catalog.cardinality(steps) OPERATOR(pg_catalog.>) 0 IS NOT TRUE OR pg_catalog.to_regclass(pg_catalog.format('%I.events', star)) IS NULL THEN
		RETURN NULL;
	END IF;
	EXECUTE pg_catalog.format($sql$
		WITH reached AS MATERIALIZED (
			SELECT f.depth FROM sessionize.funnel_table($3, 'session_id', 'event_time', $4, $5, NULL::pg_catalog.uuid) AS f
			JOIN %1$I.sessions AS s ON s.session_id OPERATOR(pg_catalog.=) f.key
			WHERE s.date OPERATOR(pg_catalog.>=) $1 AND s.date OPERATOR(pg_catalog.<=) $2
		)
		SELECT pg_catalog.jsonb_build_object('within_seconds', extract(epoch FROM $4), 'steps', pg_catalog.jsonb_agg(
		           pg_catalog.jsonb_build_object('condition', c.condition, 'sessions',
		               (SELECT pg_catalog.count(*) FROM reached AS r WHERE r.depth OPERATOR(pg_catalog.>=) c.number)) ORDER BY c.number))
		FROM pg_catalog.unnest($5) WITH ORDINALITY AS c (condition, number)
	$sql$, star) INTO funnel USING since, until, pg_catalog.format('%I.events', star)::pg_catalog.regclass, within, steps;
	RETURN funnel;
END
$function$;
COMMENT ON FUNCTION sessionize.report_funnel(text, date, date, text[], interval) IS 'Internal: how many sessions got as far as each step; NULL without steps, or where no events are stored';

CREATE FUNCTION sessionize.report_retention(star text, since date, until date) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	unit text := CASE WHEN until - since < 14 THEN 'day' WHEN until - since < 92 THEN 'week' ELSE 'month' END;
	retention jsonb;
BEGIN
	EXECUTE format($sql$
		WITH visit AS (
			SELECT DISTINCT s.session_key AS key, date_trunc($3, s.date::timestamp) AS period FROM %1$I.sessions AS s WHERE s.date <= $2
		), visitor AS (
			SELECT v.key, v.period, min(v.period) OVER (PARTITION BY v.key) AS cohort FROM visit AS v
		), returned AS (
			SELECT v.cohort, v.period, count(*) AS visitors FROM visitor AS v
			WHERE v.cohort >= date_trunc($3, greatest($1::timestamp, $2::timestamp - 13 * ('1 ' || $3)::interval)) GROUP BY 1, 2
		), cohort AS (
			SELECT c.cohort, jsonb_agg(coalesce(r.visitors, 0) ORDER BY p.period) AS visitors
			FROM (SELECT DISTINCT r.cohort FROM returned AS r) AS c
			CROSS JOIN LATERAL generate_series(c.cohort, date_trunc($3, $2::timestamp), ('1 ' || $3)::interval) AS p (period)
			LEFT JOIN returned AS r ON r.cohort = c.cohort AND r.period = p.period
			GROUP BY c.cohort
		)
		SELECT jsonb_agg(jsonb_build_object('from', c.cohort::date, 'visitors', c.visitors) ORDER BY c.cohort) FROM cohort AS c
	$sql$, star) INTO retention USING since, until, unit;
	RETURN jsonb_build_object('unit', unit, 'cohorts', coalesce(retention, '[]'));
END
$function$;
COMMENT ON FUNCTION sessionize.report_retention(text, date, date) IS 'Internal: how many of the visitors who came first in each day, week or month came in it and in those after it';

CREATE FUNCTION sessionize.report_paths(star text, since date, until date, page_depth int) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	paths jsonb;
BEGIN
	IF to_regclass(format('%I.events', star)) IS NULL THEN
		RETURN NULL;
	END IF;
	EXECUTE format($sql$
		WITH way AS (
			SELECT sessionize.path_agg(CASE WHEN $3 IS NULL THEN e.page ELSE sessionize.report_page(e.page, $3) END, e.event_time, 4, 'repeats') AS pages
			FROM %1$I.events AS e JOIN %1$I.sessions AS s ON s.session_id = e.session_id
			WHERE s.date BETWEEN $1 AND $2 AND e.page IS NOT NULL GROUP BY e.session_id
		), path AS (
			SELECT row_number() OVER () AS path, w.pages, count(*) AS sessions FROM way AS w GROUP BY w.pages
		), stop AS (
			-- a session that leaves early has one stop more than pages, at no page
			SELECT p.path, g.step, g.step > cardinality(p.pages) AS ended, coalesce(p.pages[g.step], '') AS page, p.sessions
			FROM path AS p CROSS JOIN LATERAL generate_series(1, least(4, cardinality(p.pages) + 1)) AS g (step)
		), node AS (
			SELECT t.step, t.ended, t.page, row_number() OVER (PARTITION BY t.step, t.ended ORDER BY sum(t.sessions) DESC, t.page) AS number
			FROM stop AS t GROUP BY t.step, t.ended, t.page
		), placed AS (
			SELECT t.step, t.sessions, n.place, CASE WHEN n.place < 6 THEN t.page END AS page, lead(n.place) OVER (PARTITION BY t.path ORDER BY t.step) AS target
			FROM stop AS t
			JOIN (SELECT n.step, n.ended, n.page, CASE WHEN n.ended THEN 7 ELSE least(n.number, 6) END AS place FROM node AS n) AS n
			  ON n.step = t.step AND n.ended = t.ended AND n.page = t.page
		)
		SELECT jsonb_build_object(
		           'nodes', (SELECT coalesce(jsonb_agg(jsonb_build_object('step', n.step, 'place', n.place, 'page', n.page, 'sessions', n.sessions,
		                            'kind', CASE n.place WHEN 7 THEN 'end' WHEN 6 THEN 'other' ELSE 'page' END) ORDER BY n.step, n.place), '[]')
		                     FROM (SELECT p.step, p.place, p.page, sum(p.sessions) AS sessions FROM placed AS p GROUP BY 1, 2, 3) AS n),
		           'links', (SELECT coalesce(jsonb_agg(jsonb_build_object('step', l.step, 'source', l.source, 'target', l.target, 'sessions', l.sessions)
		                            ORDER BY l.step, l.source, l.target), '[]')
		                     FROM (SELECT p.step, p.place AS source, p.target, sum(p.sessions) AS sessions FROM placed AS p WHERE p.target IS NOT NULL GROUP BY 1, 2, 3) AS l))
	$sql$, star) INTO paths USING since, until, page_depth;
	RETURN paths;
END
$function$;
COMMENT ON FUNCTION sessionize.report_paths(text, date, date, int) IS 'Internal: the first four pages of sessions as nodes and links: at each step the five pages with the most sessions, all others, and the end';

CREATE FUNCTION sessionize.report_quarantine(star text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	reasons jsonb;
BEGIN
	IF NOT has_table_privilege(format('%I.quarantine', star), 'SELECT') THEN
		RETURN NULL;
	END IF;
	EXECUTE format($sql$
		SELECT coalesce(jsonb_agg(jsonb_build_array(q.reason, q.rows, q.since, q.until) ORDER BY q.rows DESC, q.reason), '[]')
		FROM (SELECT q.reason, count(*) AS rows, min(q.first_seen) AS since, max(q.first_seen) AS until FROM %1$I.quarantine AS q GROUP BY 1) AS q
	$sql$, star) INTO reasons;
	RETURN jsonb_build_object('name', 'quarantine', 'columns', '["reason", "rows", "first seen", "last seen"]'::jsonb, 'rows', reasons);
END
$function$;
COMMENT ON FUNCTION sessionize.report_quarantine(text) IS 'Internal: the rows of the quarantine by reason; NULL for a role that may not read it';

CREATE FUNCTION sessionize.report_runs(pipeline text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT jsonb_build_object('name', 'runs', 'columns', '["run", "kind", "state", "started", "seconds", "events", "rows written", "error"]'::jsonb,
	           'rows', coalesce(jsonb_agg(jsonb_build_array(r.run_id, r.kind, r.state, r.started_at, round(extract(epoch FROM r.ended_at - r.started_at), 3),
	               r.events, coalesce(r.rows_inserted, 0) + coalesce(r.rows_updated, 0) + coalesce(r.rows_deleted, 0), r.error) ORDER BY r.run_id DESC), '[]'))
	FROM (SELECT * FROM sessionize.runs AS r WHERE r.pipeline_name = report_runs.pipeline ORDER BY r.run_id DESC LIMIT 8) AS r;
END;
COMMENT ON FUNCTION sessionize.report_runs(text) IS 'Internal: the last rebuilds and refreshes of a pipeline';

CREATE FUNCTION sessionize.report_incidents(pipeline text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT jsonb_build_object('name', 'incidents', 'columns', '["incident", "state", "severity", "checks", "opened", "closed", "rows"]'::jsonb,
	           'rows', coalesce(jsonb_agg(jsonb_build_array(i.incident_id, i.state, i.severity, array_to_string(i.checks, ', '), i.opened_at, i.closed_at, i.affected)
	               ORDER BY i.state DESC, i.incident_id DESC), '[]'))
	FROM (SELECT * FROM sessionize.incidents AS i WHERE i.pipeline_name = report_incidents.pipeline
	      ORDER BY i.state DESC, i.incident_id DESC LIMIT 20) AS i;
END;
COMMENT ON FUNCTION sessionize.report_incidents(text) IS 'Internal: the incidents of a pipeline, those that are open before those that were closed last';

CREATE FUNCTION sessionize.report_checks(pipeline text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT jsonb_build_object('name', 'checks', 'columns', '["check", "kind", "severity", "state", "last run", "value", "lower", "upper", "unit"]'::jsonb,
	           'rows', coalesce(jsonb_agg(jsonb_build_array(l.check_name, l.kind, l.severity, l.state, l.at, l.value, l.lower, l.upper, l.unit) ORDER BY l.check_name), '[]'))
	FROM sessionize.check_latest AS l WHERE l.pipeline_name = report_checks.pipeline;
END;
COMMENT ON FUNCTION sessionize.report_checks(text) IS 'Internal: the checks of a pipeline, with what the last run of each has found';

-- Each finding is a topic, ok, warning or error, and what was found in a sentence; then the statement to type.
CREATE FUNCTION sessionize.report_findings(pipeline text, account jsonb) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT jsonb_agg(jsonb_build_object('topic', f.topic, 'status', f.status, 'found', f.found,
	                                    'statement', CASE WHEN f.status <> 'ok' THEN f.statement END) ORDER BY f.number)
	FROM sessionize.pipeline_status AS s
	CROSS JOIN (SELECT count(*) AS open, count(*) FILTER (WHERE i.severity = 'error') AS severe
	            FROM sessionize.incidents AS i WHERE i.pipeline_name = report_findings.pipeline AND i.state = 'open') AS n
	CROSS JOIN (SELECT count(*) AS checks, count(*) FILTER (WHERE l.state IN ('failed', 'error')) AS wrong, count(*) FILTER (WHERE l.overdue) AS overdue
	            FROM sessionize.check_latest AS l WHERE l.pipeline_name = report_findings.pipeline) AS c
	CROSS JOIN LATERAL (VALUES
		(1, 'star', CASE WHEN s.needs_rebuild IS NULL THEN 'ok' ELSE 'warning' END,
		 coalesce('The star needs a rebuild: ' || s.needs_rebuild || '.', 'The star is built.'), format('CALL sessionize.rebuild(%L);', s.pipeline_name)),
		(2, 'accounting', CASE WHEN (account->>'difference')::bigint <> 0 OR (account->>'event_difference')::bigint <> 0 THEN 'error' ELSE 'ok' END,
		 CASE WHEN account IS NULL THEN 'The raw rows are counted for the pipeline''s owner only.'
		      WHEN (account->>'difference')::bigint <> 0 OR (account->>'event_difference')::bigint <> 0
		      THEN 'The accounts do not close: the difference is ' || (account->>'difference') || ' raw rows and ' || (account->>'event_difference') || ' events.'
		      ELSE 'Every raw row is accounted for.' END, format('SELECT * FROM sessionize.verify(%L);', s.pipeline_name)),
		(3, 'freshness', CASE WHEN s.problem IS NOT NULL THEN 'error' WHEN s.lag > '1 hour' THEN 'warning' ELSE 'ok' END,
		 CASE WHEN s.problem IS NOT NULL THEN 'What is pending is not known: ' || s.problem || '.'
		      WHEN s.lag IS NULL THEN 'Nothing waits for a refresh.'
		      ELSE 'The oldest change that the star does not have is ' || date_trunc('second', s.lag) || ' old.' END, format('CALL sessionize.refresh(%L);', s.pipeline_name)),
		(4, 'schedule', CASE WHEN s.failures > 0 OR s.state IN ('detached', 'worker not preloaded') THEN 'error'
		                     WHEN s.state = 'paused' THEN 'warning' ELSE 'ok' END,
		 'State: ' || s.state || coalesce(', by ' || s.scheduled_by, '') || '.' || CASE WHEN s.failures > 0 THEN ' The last ' || s.failures || ' passes failed: ' || s.last_error ELSE '' END,
		 format('SELECT sessionize.resume(%L);', s.pipeline_name)),
		(5, 'failed keys', CASE WHEN s.failed_keys > 0 THEN 'error' ELSE 'ok' END,
		 CASE WHEN s.failed_keys > 0 THEN s.failed_keys || ' session keys could not be derived.' ELSE 'No session key failed.' END,
		 format('SELECT * FROM sessionize.run_errors WHERE pipeline_name = %L;', s.pipeline_name)),
		(6, 'late rows', CASE WHEN s.late_rows > 0 THEN 'warning' ELSE 'ok' END,
		 CASE WHEN s.late_rows > 0 THEN s.late_rows || ' raw rows came too late for the seal, and do not count.' ELSE 'No raw row came too late for a seal.' END,
		 format('SELECT * FROM %I.late;', s.pipeline_name)),
		(7, 'incidents', CASE WHEN n.severe > 0 THEN 'error' WHEN n.open > 0 THEN 'warning' ELSE 'ok' END,
		 CASE n.open WHEN 0 THEN 'No incident is open.' WHEN 1 THEN 'One incident is open.' ELSE n.open || ' incidents are open.' END,
		 format('SELECT * FROM sessionize.incidents WHERE pipeline_name = %L AND state = ''open'';', s.pipeline_name)),
		(8, 'checks', CASE WHEN c.checks = 0 OR c.wrong > 0 OR c.overdue > 0 THEN 'warning' ELSE 'ok' END,
		 CASE WHEN c.checks = 0 THEN 'No check looks at the data.'
		      ELSE 'Of ' || c.checks || ' checks, ' || c.wrong || ' have failed or could not be evaluated, and ' || c.overdue || ' are overdue.' END,
		 format(CASE WHEN c.checks = 0 THEN 'SELECT sessionize.add_default_checks(%L);'
		             ELSE 'SELECT * FROM sessionize.check_latest WHERE pipeline_name = %L;' END, s.pipeline_name))
	) AS f (number, topic, status, found, statement)
	WHERE s.pipeline_name = report_findings.pipeline;
END;
COMMENT ON FUNCTION sessionize.report_findings(text, jsonb) IS 'Internal: what is right and wrong with a pipeline, of which account is what reconcile() returned';

-- A further check is one more finding; a further list is one more table, which has a name, columns and rows.
CREATE FUNCTION sessionize.report_health(pipeline text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	account jsonb;
BEGIN
	IF EXISTS (SELECT FROM sessionize.pipelines AS p WHERE p.pipeline_name = report_health.pipeline AND pg_has_role(p.owner::oid, 'USAGE')) THEN
		account := (SELECT to_jsonb(r) FROM sessionize.reconcile(pipeline) AS r);
	END IF;
	RETURN jsonb_build_object(
		'account', account,
		'findings', coalesce(sessionize.report_findings(pipeline, account), '[]'),
		'tables', jsonb_path_query_array(jsonb_build_array(sessionize.report_incidents(pipeline), sessionize.report_checks(pipeline),
			sessionize.report_quarantine(pipeline), sessionize.report_runs(pipeline)), '$[*] ? (@ != null)'));
END
$function$;
COMMENT ON FUNCTION sessionize.report_health(text) IS 'Internal: the accounts of a pipeline, findings, and tables of details';

-- All parts have a search path of their own but the funnel, so names are qualified here.
CREATE FUNCTION sessionize.report(
	pipeline   text,
	since      date DEFAULT NULL,
	until      date DEFAULT NULL,
	steps      text[] DEFAULT NULL,
	within     interval DEFAULT '1 day',
	page_depth int DEFAULT 1
) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL UNSAFE
AS $function$
DECLARE
	days int;
	definition record;
BEGIN
	IF pipeline IS NULL OR within IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'the pipeline''s name and within must not be NULL';
	ELSIF pg_catalog.to_regclass(pg_catalog.format('%I.sessions', pipeline)) IS NULL THEN
		RAISE undefined_object USING MESSAGE = pg_catalog.format('pipeline "%s" does not exist', pipeline),
			HINT = 'SELECT pipeline_name FROM sessionize.pipelines lists the pipelines that you see.';
	END IF;
	SELECT p.since, p.until INTO since, until FROM sessionize.report_period(pipeline, since, until) AS p;
	days := until OPERATOR(pg_catalog.-) since;
	SELECT p.source, p.time_zone, p.gap INTO definition FROM sessionize.pipelines AS p
	WHERE p.pipeline_name OPERATOR(pg_catalog.=) report.pipeline;
	RETURN pg_catalog.jsonb_build_object(
		'pipeline', pipeline, 'source', definition.source, 'time_zone', definition.time_zone, 'gap_seconds', extract(epoch FROM definition.gap),
		'since', since, 'until', until, 'made_at', pg_catalog.now(),
		'totals', sessionize.report_totals(pipeline, since, until),
		'totals_before', sessionize.report_totals(pipeline, since OPERATOR(pg_catalog.-) days OPERATOR(pg_catalog.-) 1, since OPERATOR(pg_catalog.-) 1),
		'trend', sessionize.report_trend(pipeline, since, until),
		'pages', sessionize.report_pages(pipeline, since, until),
		'funnel', sessionize.report_funnel(pipeline, since, until, steps, within),
		'retention', sessionize.report_retention(pipeline, since, until),
		'paths', sessionize.report_paths(pipeline, since, until, page_depth),
		'health', sessionize.report_health(pipeline));
END
$function$;
COMMENT ON FUNCTION sessionize.report(text, date, date, text[], interval, int) IS 'what a report says of a pipeline and some days: totals, trend, pages, funnel, retention, paths and the health of its data, in one snapshot';
