CREATE TABLE sessionize.check_kind (
	kind       text PRIMARY KEY,
	about      text NOT NULL,
	unit       text NOT NULL,
	concerns   text NOT NULL,
	severity   text NOT NULL,
	every      interval NOT NULL,
	parameters jsonb NOT NULL,
	defaults   jsonb NOT NULL,
	query      text NOT NULL,
	remember   text,
	uses_counts boolean NOT NULL GENERATED ALWAYS AS (query ~ 'sessionize\.(event_counts|check_share)\(') STORED
);
COMMENT ON TABLE sessionize.check_kind IS 'the kinds of checks; a kind is added here and nowhere else; read through the view check_kinds';
COMMENT ON COLUMN sessionize.check_kind.unit IS 'of the values that it compares';
COMMENT ON COLUMN sessionize.check_kind.concerns IS 'which of the pipeline''s columns is wrong if such a check fails, as in the view lineage; {NAME}: what the parameter NAME says; *: any';
COMMENT ON COLUMN sessionize.check_kind.severity IS 'of a check that is added without one; so is every';
COMMENT ON COLUMN sessionize.check_kind.parameters IS 'name, type, default and meaning of each parameter';
COMMENT ON COLUMN sessionize.check_kind.defaults IS 'the checks that add_default_checks adds: name, parameters, schedule if it is not the kind''s, and what the pipeline must have: a mapped column, facts of events, documents; {NAME}: one check for each attribute of a dimension of the user''s';
COMMENT ON COLUMN sessionize.check_kind.query IS 'a query over c (pipeline, at, reference) and p (the parameters) that returns a row for each subject: source, event_name, version, value (NULL: not enough is known yet), lower, upper (NULL: no bound), affected rows, since when, sample; "@events" is a relation of the pipeline, {document} what src/checks/check_query.c puts there';
COMMENT ON COLUMN sessionize.check_kind.remember IS 'a query that returns what the next run finds as c.reference; NULL: nothing';
COMMENT ON COLUMN sessionize.check_kind.uses_counts IS 'it judges the counts that enable_event_counts makes';
REVOKE ALL ON sessionize.check_kind FROM PUBLIC;

-- The columns by which subjects are told apart; NULL: not by this one.  No name is a part of another one.
CREATE FUNCTION sessionize.check_by("by" text, "column" text, value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN pg_catalog.strpos("by", "column") OPERATOR(pg_catalog.>) 0 THEN value END;
COMMENT ON FUNCTION sessionize.check_by IS 'Internal: a value if it is one of the columns that a check is told to judge one by one';

-- By Chernoff's bound: so many rows, each independent of the others, are so far off by chance at most in so many of the runs.
CREATE FUNCTION sessionize.check_cap(share float8, rows float8, chance float8 DEFAULT 1e-6) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN CASE
	WHEN share >= 1 OR rows <= 0 THEN NULL
	WHEN rows * ((1 - (1 - share) / 3) * ln((1 - (1 - share) / 3) / greatest(share, 0.01)) - (1 - share) / 3 * ln(3::float8)) >= -ln(chance)
		THEN 1 - (1 - share) / 3
	WHEN rows * -ln(greatest(share, 0.01)) >= -ln(chance) THEN 1 - 0.001
END;
COMMENT ON FUNCTION sessionize.check_cap IS 'Internal: which share of missing values is too much whatever is usual: two thirds, or all, of those that have a value lose it, where chance does not explain that; NULL: it may';

-- Pages of a fact that have rows of two spans of time: those that are judged, and those with which they are compared.
CREATE FUNCTION sessionize.check_pages(
	fact regclass, "column" name, at timestamptz, period interval, history interval, pages integer
) RETURNS TABLE (page bigint, weight float8)
LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 10000 ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	size bigint := pg_relation_size(fact) / current_setting('block_size')::bigint;
BEGIN
	IF size <= pages THEN
		RETURN QUERY SELECT n, 1::float8 FROM generate_series(0, size - 1) AS n;
		RETURN;
	END IF;
	RETURN QUERY EXECUTE format($sql$
WITH looked AS MATERIALIZED (
	-- pages at equal distances, the last one among them, with the time of their newest row and the pages since the one before
	SELECT s.page, s.first, (
		SELECT max(t.%1$I) FROM %2$s AS t
		WHERE t.ctid >= format('(%%s,0)', s.page)::tid AND t.ctid < format('(%%s,0)', s.page + 1)::tid AND t.%1$I < $3
	) AS newest
	FROM (SELECT n * $1 / $2 AS first, (n + 1) * $1 / $2 - 1 AS page FROM generate_series(0::bigint, $2 - 1) AS n) AS s
), span AS (
	-- rows that came at about the same time lie near each other, wherever there was space for them
	SELECT l.first, l.page - l.first + 1 AS pages, greatest(l.newest, lag(l.newest) OVER (ORDER BY l.page)) AS newest FROM looked AS l
), ranked AS (
	SELECT s.first, s.pages, s.newest >= $3 - $4 AS is_new,
	       (sum(s.pages) OVER (PARTITION BY s.newest >= $3 - $4 ORDER BY s.first))::bigint - s.pages AS before,
	       (sum(s.pages) OVER (PARTITION BY s.newest >= $3 - $4))::bigint AS total
	FROM span AS s WHERE s.newest >= $3 - $4 - $5
), wanted AS (
	SELECT r.*, least(r.total, greatest($2 / 2, 1)) AS wanted FROM ranked AS r
)
SELECT w.first + k * w.total / w.wanted - w.before, w.total::float8 / w.wanted
FROM wanted AS w, generate_series((w.before * w.wanted + w.total - 1) / w.total, ((w.before + w.pages) * w.wanted + w.total - 1) / w.total - 1) AS k
$sql$, "column", fact) USING size, pages::bigint, at, period, history;
END $$;
COMMENT ON FUNCTION sessionize.check_pages IS 'Internal: pages of a table to read for a check, with the number of pages that each stands for: half of so many pages with rows of the period, and half with rows of the history before it; all pages of a table that has no more';
REVOKE ALL ON FUNCTION sessionize.check_pages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sessionize.check_pages TO PUBLIC;

CREATE FUNCTION sessionize.check_share(
	pipeline text, at timestamptz, measures text, "by" text, period interval, history interval, max_share numeric,
	threshold numeric, least_change numeric, least_rows bigint, rows_as_one numeric
) RETURNS TABLE (
	source text, event_name text, version text, value numeric, lower numeric, upper numeric, affected bigint,
	since timestamptz, sample jsonb
)
LANGUAGE sql STABLE PARALLEL UNSAFE COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
WITH counted AS (
	SELECT k.source, k.event_name, k.version, k.hour, k.hour >= date_trunc('hour', $2) - $5 AS present,
	       sum(CASE WHEN strpos($3, 'duplicates') > 0 THEN k.duplicates ELSE 0 END + CASE WHEN strpos($3, 'conflicts') > 0 THEN k.conflicts ELSE 0 END
	           + CASE WHEN strpos($3, 'corrected') > 0 THEN k.corrected ELSE 0 END + CASE WHEN strpos($3, 'clamped') > 0 THEN k.clamped ELSE 0 END
	           + CASE WHEN strpos($3, 'late') > 0 THEN k.late ELSE 0 END
	           + CASE WHEN strpos($3, 'quarantined') > 0 THEN k.quarantined ELSE 0 END) AS part,
	       sum(k.events + k.duplicates + k.quarantined + k.late) AS whole
	FROM sessionize.event_counts($1::name, date_trunc('hour', $2) - $5 - $6, $2, $4) AS k
	GROUP BY 1, 2, 3, 4, 5
), days AS (
	-- how it was on each day before: for each subject, and for all of them
	SELECT c.source, c.event_name, c.version, grouping(c.source, c.event_name, c.version) <> 0 AS of_all,
	       sum(c.part) / sum(c.whole) AS share
	FROM counted AS c WHERE NOT c.present AND c.whole > 0
	GROUP BY GROUPING SETS ((date_trunc('day', c.hour), c.source, c.event_name, c.version), (date_trunc('day', c.hour)))
), medians AS (
	SELECT d.source, d.event_name, d.version, d.of_all, count(*) AS days,
	       percentile_cont(0.5) WITHIN GROUP (ORDER BY d.share) AS median
	FROM days AS d GROUP BY 1, 2, 3, 4
), usual AS (
	SELECT m.*, 1.4826 * (
	       SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(d.share - m.median)) FROM days AS d
	       WHERE (d.source, d.event_name, d.version, d.of_all) IS NOT DISTINCT FROM (m.source, m.event_name, m.version, m.of_all)
	       ) AS spread
	FROM medians AS m
), now AS (
	SELECT c.source, c.event_name, c.version, sum(c.part) AS part, sum(c.whole) AS whole,
	       min(c.hour) FILTER (WHERE c.part > 0) AS since
	FROM counted AS c WHERE c.present GROUP BY 1, 2, 3 HAVING sum(c.whole) > 0
)
SELECT n.source, n.event_name, n.version,
       CASE WHEN $7 IS NOT NULL OR u.days >= 3 THEN round(n.part / n.whole, 6) END,
       NULL::numeric,
       -- fewer rows than least_rows are never too many; a third term for few rows, as Bernstein's inequality has it, and what is
       -- too much whatever is usual
       greatest(coalesce($7, round(least((u.median + $8 * (u.spread
               + sqrt($11 * greatest(u.median * (1 - u.median), 0.0025) / n.whole)))::numeric + $9 + 14 * $11 / (3 * n.whole),
               sessionize.check_cap(u.median, (n.whole / $11)::float8)::numeric), 6)),
               ($10 - 0.5) / n.whole),
       n.part::bigint, n.since, NULL::jsonb
FROM now AS n
LEFT JOIN LATERAL (
	SELECT * FROM usual AS u
	WHERE u.of_all OR (u.source, u.event_name, u.version) IS NOT DISTINCT FROM (n.source, n.event_name, n.version) AND u.days >= 3
	ORDER BY u.of_all LIMIT 1
) AS u ON true
$$;
COMMENT ON FUNCTION sessionize.check_share IS 'Internal: what part of a pipeline''s rows the counters call duplicates, corrected and so on, and how large a part is usual: median and median absolute deviation of the days before; for the kinds of checks that compare shares';
REVOKE ALL ON FUNCTION sessionize.check_share FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sessionize.check_share TO PUBLIC;

CREATE FUNCTION sessionize.check_changed(pipeline text, at timestamptz, reference jsonb)
RETURNS TABLE (total bigint, rows bigint, hours numeric, day date)
LANGUAGE sql STABLE PARALLEL UNSAFE COST 10000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
SELECT f.changed_ever, coalesce(greatest(f.changed_ever - ($3 ->> 'total')::bigint, 0), 0),
       coalesce(greatest(extract(epoch FROM $2 - ($3 ->> 'at')::timestamptz) / 3600, 1), 1), ($2 AT TIME ZONE 'UTC')::date
FROM sessionize.fuses AS f WHERE f.pipeline_name = $1::name
$$;
COMMENT ON FUNCTION sessionize.check_changed IS 'Internal: how many existing raw rows have changed ever, how many of them since the last run of a check, which remembers the number of then, how many hours ago, at least one, that was, and which day it is';
REVOKE ALL ON FUNCTION sessionize.check_changed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sessionize.check_changed TO PUBLIC;

INSERT INTO sessionize.check_kind (kind, unit, concerns, severity, every, about, parameters, defaults, query, remember) VALUES
('freshness', 'seconds', 'event_time', 'error', '15 minutes',
'no event for longer than usual, or than is allowed',
'{"max_age":      {"type": "interval", "about": "how long there may be no event; NULL: factor times the longest pause but one of the history"},
  "by":           {"type": "text", "default": "", "about": "judge each source, event_name or version by itself: one or more of them, separated by commas"},
  "source":       {"type": "text", "about": "only events of this source"},
  "event_name":   {"type": "text", "about": "only events of this name"},
  "history":      {"type": "interval", "default": "28 days", "about": "how far to look back"},
  "forget":       {"type": "interval", "default": "7 days", "about": "what has had no event for so long is no longer expected, unless there is a max_age"},
  "factor":       {"type": "numeric", "default": "2", "about": "see max_age"},
  "least_age":    {"type": "interval", "default": "90 minutes", "about": "a shorter pause is never too long, unless there is a max_age"},
  "least_events": {"type": "bigint", "default": "100", "about": "judge only what has had so many events in the history, unless there is a max_age"},
  "least_days":   {"type": "integer", "default": "3", "about": "and has had events in so many spans of 24 hours"}}',
'[{"name": "freshness"}, {"name": "freshness_of_source", "parameters": {"by": "source"}, "needs": "source"},
  {"name": "freshness_of_event", "parameters": {"by": "event_name"}, "needs": "event_name"}]',
$$
SELECT g.source, g.event_name, g.version,
       -- the counters know the hour: the last event came at its end at the latest
       extract(epoch FROM greatest(c.at - max(g.hour) - interval '1 hour', interval '0')),
       NULL, extract(epoch FROM coalesce(p.max_age, greatest(p.least_age,
           p.factor * coalesce((array_agg(g.pause ORDER BY g.pause DESC) FILTER (WHERE g.pause IS NOT NULL))[2], interval '0')))),
       NULL, max(g.hour) + interval '1 hour', NULL
FROM c, p, LATERAL (
	SELECT k.*, k.hour - lag(k.hour) OVER (PARTITION BY k.source, k.event_name, k.version ORDER BY k.hour) AS pause
	FROM (
		SELECT sessionize.check_by(p.by, 'source', e.source) AS source,
		       sessionize.check_by(p.by, 'event_name', e.event_name) AS event_name,
		       sessionize.check_by(p.by, 'version', e.version) AS version,
		       e.hour, sum(e.events) AS events
		FROM sessionize.event_counts(c.pipeline::name, c.at - p.history, c.at,
		         concat_ws(',', p.by, 'source' || left(p.source, 0), 'event_name' || left(p.event_name, 0))) AS e
		WHERE (p.source IS NULL OR e.source = p.source) AND (p.event_name IS NULL OR e.event_name = p.event_name)
		  AND e.events > 0
		GROUP BY 1, 2, 3, 4
	) AS k
) AS g
GROUP BY g.source, g.event_name, g.version, c.at, p.max_age, p.least_age, p.factor, p.forget, p.least_events, p.least_days
HAVING p.max_age IS NOT NULL OR sum(g.events) >= p.least_events AND max(g.hour) > c.at - p.forget
	AND count(DISTINCT floor(extract(epoch FROM g.hour) / 86400)) >= p.least_days
UNION ALL
SELECT p.source, p.event_name, NULL, extract(epoch FROM p.history), NULL, extract(epoch FROM p.max_age), NULL, c.at - p.history, NULL
FROM c, p
WHERE p.max_age IS NOT NULL AND NOT EXISTS (
	SELECT FROM sessionize.event_counts(c.pipeline::name, c.at - p.history, c.at,
		         concat_ws(',', p.by, 'source' || left(p.source, 0), 'event_name' || left(p.event_name, 0))) AS e
	WHERE (p.source IS NULL OR e.source = p.source) AND (p.event_name IS NULL OR e.event_name = p.event_name) AND e.events > 0)
$$, NULL),

('volume', 'events', '*', 'warning', '15 minutes',
'more or fewer events than in the same hours of the weeks before',
'{"by":           {"type": "text", "default": "", "about": "judge each source, event_name or version by itself: one or more of them, separated by commas"},
  "hours":        {"type": "integer", "default": "1", "about": "how many hours to add up"},
  "delay":        {"type": "interval", "default": "15 minutes", "about": "how long to wait for late events before an hour is judged"},
  "weeks":        {"type": "integer", "default": "6", "about": "how many weeks to compare with; judge when three of them are known"},
  "threshold":    {"type": "numeric", "default": "6", "about": "how many deviations from the median are too many"},
  "least_change": {"type": "numeric", "default": "0.3", "about": "a smaller part of the median is never too much"},
  "least_events": {"type": "numeric", "default": "20", "about": "judge only where so many events are expected, or have come"},
  "least_part":   {"type": "numeric", "default": "0.1", "about": "less than this part of a median that is at least four times least_events is too little, however much the numbers vary"},
  "direction":    {"type": "text", "default": "both", "about": "both, drop or rise"}}',
'[{"name": "volume"}, {"name": "volume_in_6_hours", "parameters": {"hours": 6, "threshold": 4}, "every": "1 hour"},
  {"name": "volume_of_day", "parameters": {"hours": 24, "least_change": 0.2, "threshold": 5}},
  {"name": "volume_of_source", "parameters": {"by": "source"}, "needs": "source"},
  {"name": "volume_of_source_in_6_hours", "parameters": {"by": "source", "hours": 6}, "every": "1 hour", "needs": "source"},
  {"name": "volume_of_event", "parameters": {"by": "event_name"}, "needs": "event_name"},
  {"name": "volume_of_event_in_6_hours", "parameters": {"by": "event_name", "hours": 6, "threshold": 5}, "every": "1 hour", "needs": "event_name"}]',
$$
WITH span AS (
	SELECT z.zone, date_trunc('hour', c.at - p.delay) AT TIME ZONE z.zone AS until
	FROM c, p, (SELECT {zone}::text) AS z (zone)
), counted AS MATERIALIZED (
	SELECT dense_rank() OVER (ORDER BY k.source, k.event_name, k.version) AS id, k.* FROM (
		SELECT e.source, e.event_name, e.version,
		       date_trunc('hour', e.hour AT TIME ZONE s.zone) AS hour, sum(e.events)::bigint AS events
		FROM c, p, span AS s, sessionize.event_counts(c.pipeline::name,
		         (s.until - p.weeks * 7 * interval '1 day' - p.hours * interval '1 hour') AT TIME ZONE s.zone,
		         s.until AT TIME ZONE s.zone, p.by) AS e
		GROUP BY 1, 2, 3, 4) AS k
), subject AS (
	SELECT k.id, k.source, k.event_name, k.version, min(k.hour) AS first FROM counted AS k GROUP BY 1, 2, 3, 4
), grid AS MATERIALIZED (
	-- windows of so many hours, by their last hour
	SELECT h.id, h.hour, sum(coalesce(k.events, 0)) OVER (PARTITION BY h.id ORDER BY h.hour ROWS (SELECT hours - 1 FROM p) PRECEDING)::bigint AS events
	FROM (SELECT b.id, generate_series(b.first, s.until - interval '1 hour', interval '1 hour') AS hour FROM span AS s, subject AS b) AS h
	LEFT JOIN counted AS k USING (id, hour)
), series AS MATERIALIZED (
	SELECT g.id, array_agg(g.events ORDER BY g.hour) AS events, count(*)::int AS hours FROM grid AS g GROUP BY g.id
), judged AS MATERIALIZED (
	-- the last window, and those of the same hours of the weeks before
	SELECT r.id, r.events[r.hours] AS events, array_agg(o.events ORDER BY w.week) AS before,
	       percentile_cont(0.5) WITHIN GROUP (ORDER BY o.events) AS median
	FROM series AS r, p, generate_series(1, p.weeks) AS w (week), LATERAL (SELECT r.events[r.hours - w.week * 168]) AS o (events)
	WHERE r.hours - w.week * 168 >= 1 GROUP BY r.id, r.events[r.hours]
), others AS MATERIALIZED (
	-- windows of all these weeks, each with the median of the same hours of the other weeks: every eleventh, so of each hour of the day
	SELECT r.id, r.events[n.place] AS events, o.median
	FROM series AS r, p, generate_series(r.hours - 11, greatest(p.hours, 1), -11) AS n (place), LATERAL (
		SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY r.events[w.place]) AS median
		FROM generate_series((n.place - 1) % 168 + 1, r.hours - p.hours, 168) AS w (place)
		WHERE w.place <> n.place AND w.place >= p.hours
	) AS o
	WHERE n.place <= r.hours - p.hours
), spread AS (
	-- how far they usually are from these medians, in units of the median's root; a night says little about a day
	SELECT k.id, 1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(o.events - o.median) / sqrt(greatest(o.median, 1))) AS spread
	FROM judged AS k JOIN others AS o ON o.id = k.id AND o.median >= k.median / 4 GROUP BY k.id
)
SELECT b.source, b.event_name, b.version,
       CASE WHEN cardinality(k.before) >= least(p.weeks, 3) AND greatest(k.median, k.events) >= p.least_events THEN k.events END,
       CASE WHEN p.direction <> 'rise' AND k.median >= p.least_events THEN round(greatest(d.least, CASE WHEN k.median >= 4 * p.least_events THEN p.least_part * k.median END)::numeric, 1) END,
       CASE WHEN p.direction <> 'drop' THEN round(d.most::numeric, 1) END,
       abs(k.events - k.median)::bigint, (s.until - p.hours * interval '1 hour') AT TIME ZONE s.zone,
       jsonb_build_object('median', k.median, 'weeks_before', k.before)
FROM p, span AS s, subject AS b
JOIN judged AS k ON k.id = b.id
LEFT JOIN spread AS v ON v.id = b.id
CROSS JOIN LATERAL (
	SELECT 1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(x - k.median)) / sqrt(greatest(k.median, 1)) AS spread FROM unnest(k.before) AS x
) AS w
-- the weeks of these hours are few, so that their own spread counts a quarter; roots of counts vary by one half, however large
-- the counts are, so that the bounds are as far from the median's root
CROSS JOIN LATERAL (
	SELECT sqrt(k.median), p.threshold / 2 * greatest(sqrt(0.75 * coalesce(v.spread, w.spread) ^ 2 + 0.25 * w.spread ^ 2), 1)
) AS h (root, width)
CROSS JOIN LATERAL (
	SELECT least(greatest(h.root - h.width, 0) ^ 2, (1 - p.least_change) * k.median), greatest((h.root + h.width) ^ 2, (1 + p.least_change) * k.median)
) AS d (least, most)
$$, NULL),

('uniqueness', 'share of rows', 'event_id', 'warning', '15 minutes',
'a larger part of the raw rows than usual are copies of other rows',
'{"measures":     {"type": "text", "default": "duplicates", "about": "what is too much: duplicates, conflicts or both"},
  "by":           {"type": "text", "default": "", "about": "judge each source, event_name or version by itself: one or more of them, separated by commas"},
  "period":       {"type": "interval", "default": "1 hour", "about": "which rows are judged: so long before the present hour"},
  "history":      {"type": "interval", "default": "28 days", "about": "with what they are compared: so long before that"},
  "max_share":    {"type": "numeric", "about": "a greater part is too much; NULL: what is unusual is too much"},
  "threshold":    {"type": "numeric", "default": "4", "about": "how many deviations from the median are unusual"},
  "least_change": {"type": "numeric", "default": "0.05", "about": "a part that is greater by less is not unusual"},
  "least_rows":   {"type": "bigint", "default": "5", "about": "fewer rows are never too many"},
  "rows_as_one":  {"type": "numeric", "default": "1", "about": "so many rows say as much as one that is independent of the others, since rows come in sessions"}}',
'[{"name": "duplicates", "parameters": {"by": "source"}, "needs": "event_id"},
  {"name": "conflicts", "parameters": {"measures": "conflicts", "by": "source"}, "needs": "event_id"}]',
$$
SELECT s.* FROM c, p, sessionize.check_share(c.pipeline, c.at, p.measures, p.by, p.period, p.history, p.max_share,
                                             p.threshold, p.least_change, p.least_rows, p.rows_as_one) AS s
$$, NULL),

('lateness', 'share of events', 'event_time', 'warning', '15 minutes',
'many events of hours long past have arrived, or have vanished, since the last time',
'{"grace":     {"type": "interval", "default": "3 hours", "about": "an event that arrives within so long is not late"},
  "period":    {"type": "interval", "default": "48 hours", "about": "the hours before that are watched"},
  "max_share": {"type": "numeric", "default": "0.02", "about": "which part of the events of these hours may come between two runs of the check"},
  "least_rows":{"type": "bigint", "default": "30", "about": "fewer events are never too many"}}',
'[{"name": "lateness"}]',
$$
SELECT k.source, NULL, NULL,
       CASE WHEN c.reference IS NOT NULL THEN round(k.more / t.events, 6) END,
       -greatest(p.max_share, (p.least_rows - 0.5) / t.events), greatest(p.max_share, (p.least_rows - 0.5) / t.events),
       abs(k.more)::bigint, k.first, NULL
FROM c, p, LATERAL (
	SELECT greatest(coalesce(sum(e.value::numeric), 0), 1) FROM jsonb_each_text(c.reference -> 'events') AS e
) AS t (events), LATERAL (
	SELECT nullif(h.source, '') AS source, min(h.hour) FILTER (WHERE h.more <> 0) AS first, sum(h.more) AS more
	FROM (
		SELECT coalesce(n.hour, split_part(o.key, ' ', 1)::timestamptz) AS hour,
		       coalesce(n.source, substr(o.key, strpos(o.key, ' ') + 1)) AS source,
		       coalesce(n.events, 0) - coalesce(o.value::numeric, 0) AS more
		FROM (
			SELECT e.hour, coalesce(e.source, '') AS source, sum(e.events + e.late) AS events
			FROM sessionize.event_counts(c.pipeline::name, (c.reference ->> 'since')::timestamptz,
			                             (c.reference ->> 'until')::timestamptz, 'source') AS e
			WHERE c.reference IS NOT NULL
			GROUP BY 1, 2
		) AS n
		FULL JOIN jsonb_each_text(c.reference -> 'events') AS o ON o.key = to_jsonb(n.hour) #>> '{}' || ' ' || n.source
	) AS h
	GROUP BY 1
) AS k
$$,
$$
SELECT jsonb_build_object('since', s.since, 'until', s.until, 'events', coalesce((
	SELECT jsonb_object_agg(to_jsonb(e.hour) #>> '{}' || ' ' || e.source, e.events)
	FROM (SELECT k.hour, coalesce(k.source, '') AS source, sum(k.events + k.late) AS events
	      FROM sessionize.event_counts(c.pipeline::name, s.since, s.until, 'source') AS k GROUP BY 1, 2) AS e), '{}'))
FROM c, p, LATERAL (SELECT date_trunc('hour', c.at - p.grace)) AS u (until),
     LATERAL (SELECT u.until - p.period, u.until) AS s (since, until)
$$),

('completeness', 'share of rows', '{attribute}', 'warning', '15 minutes',
'a larger part of the events, or sessions, than usual lacks a value',
'{"attribute":    {"type": "attribute", "required": true, "about": "user_id, page, event_name, entry_page, exit_page, or an attribute of a dimension of yours"},
  "period":       {"type": "interval", "default": "2 hours", "about": "which rows are judged: the newest"},
  "history":      {"type": "interval", "default": "7 days", "about": "with what they are compared: rows before that"},
  "max_share":    {"type": "numeric", "about": "a greater part is too much; NULL: what is unusual is too much"},
  "threshold":    {"type": "numeric", "default": "4", "about": "how many deviations from the median are unusual"},
  "least_change": {"type": "numeric", "default": "0.1", "about": "a part that is greater by less is not unusual"},
  "least_rows":   {"type": "bigint", "default": "30", "about": "judge only so many rows"},
  "rows_as_one":  {"type": "numeric", "about": "so many rows say as much as one that is independent of the others, since rows come in sessions; NULL: 9 for events, 1 for sessions"},
  "pages":        {"type": "integer", "default": "1000", "about": "look at so many pages (8 kB) of the table, and read as many: half of them with rows of the period, half with rows of the history"}}',
'[{"name": "completeness_of_page", "parameters": {"attribute": "page"}, "needs": "page"},
  {"name": "completeness_of_{attribute}", "parameters": {"attribute": "{attribute}"}, "needs": "dimensions"}]',
$$
WITH rows AS MATERIALIZED (
	SELECT {time} AS at, {value} IS NULL AS missing, {time} >= c.at - p.period AS present
	FROM c, p, {newest}
	WHERE {time} < c.at AND {time} >= c.at - p.period - p.history
), days AS (
	SELECT avg(r.missing::int) AS share, count(*) AS rows FROM rows AS r, p WHERE NOT r.present
	GROUP BY date_trunc('hour', r.at) HAVING count(*) >= 5
), median AS (
	SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY d.share) AS median, sum(d.rows) AS rows, count(*) AS hours FROM days AS d
), usual AS (
	SELECT m.*, (SELECT 1.4826 * percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(d.share - m.median)) FROM days AS d) AS spread FROM median AS m
)
SELECT NULL, NULL, NULL,
       CASE WHEN n.rows >= p.least_rows AND (p.max_share IS NOT NULL OR u.hours >= 24) THEN round(n.missing::numeric / n.rows, 6) END,
       NULL,
       -- whatever is usual: if two thirds of those that have a value lose it, and not by chance, that is too much
       coalesce(p.max_share, round(least((u.median + p.threshold * (u.spread / 2
           + sqrt(o.rows * greatest(u.median * (1 - u.median), 1.0 / n.rows) / n.rows)))::numeric + p.least_change
           + 14 * o.rows / (3 * n.rows), sessionize.check_cap(u.median, (n.rows / o.rows)::float8)::numeric), 6)),
       n.missing, n.since, NULL
FROM p, usual AS u, LATERAL (
	SELECT count(*) AS rows, count(*) FILTER (WHERE r.missing) AS missing, min(r.at) FILTER (WHERE r.missing) AS since
	FROM rows AS r WHERE r.present) AS n, LATERAL (
	SELECT coalesce(p.rows_as_one, CASE WHEN '{time}' = 'f.event_time' THEN 9 ELSE 1 END)) AS o (rows)
WHERE n.rows > 0
$$, NULL),

('presence', 'share of rows', '{expression}', 'warning', '15 minutes',
'a larger part of the raw rows that arrive than usual lacks a value',
'{"expression":   {"type": "text", "required": true, "about": "a column of the raw table, or an expression over it, that should have a value; an empty text is none"},
  "by":           {"type": "text", "default": "source,version", "about": "judge each source, event_name or version by itself: one or more of them, separated by commas"},
  "period":       {"type": "interval", "default": "1 hour", "about": "which rows are judged: those that arrived last"},
  "rows":         {"type": "integer", "default": "20000", "about": "at most so many"},
  "learn":        {"type": "integer", "default": "24", "about": "judge what was seen in so many runs; compare what was not with its source, and a new source with all rows"},
  "max_share":    {"type": "numeric", "about": "a greater part is too much; NULL: what is unusual is too much"},
  "threshold":    {"type": "numeric", "default": "4", "about": "how many deviations from the mean are unusual"},
  "least_change": {"type": "numeric", "default": "0.1", "about": "a part that is greater by less is not unusual"},
  "least_rows":   {"type": "bigint", "default": "20", "about": "judge only so many rows"},
  "rows_as_one":  {"type": "numeric", "default": "9", "about": "so many rows say as much as one that is independent of the others, since rows come in sessions"},
  "chance":       {"type": "numeric", "default": "0.000001", "about": "in which part of the runs chance alone may fail: the more runs and subjects, the smaller"}}',
'[{"name": "presence_of_user_id", "parameters": {"expression": "{user_id}", "period": "3 hours"}, "needs": "user_id"},
  {"name": "presence_of_user_id_in_24_hours", "parameters": {"expression": "{user_id}", "period": "24 hours", "chance": 0.00001}, "every": "1 hour", "needs": "user_id"},
  {"name": "presence_of_session_key", "parameters": {"expression": "{key}"}}]',
$$
SELECT n.source, n.event_name, n.version,
       CASE WHEN n.rows >= p.least_rows AND (p.max_share IS NOT NULL OR (u.value ->> 'runs')::int >= p.learn)
            THEN round(n.missing::numeric / n.rows, 6) END,
       NULL,
       -- whatever is usual: if two thirds of those that have a value lose it, and not by chance, that is too much
       coalesce(p.max_share, round(least(l.share + p.threshold * (1.25 * l.deviation
           + sqrt(p.rows_as_one * greatest(l.share * (1 - l.share), 0.0025) / n.rows)) + p.least_change
           - ln(p.chance) * p.rows_as_one / (3 * n.rows),
           sessionize.check_cap(l.share, n.rows / p.rows_as_one, p.chance)::numeric), 6)),
       n.missing, n.since, NULL
FROM c, p, ({arrived}) AS n
LEFT JOIN LATERAL (
	-- what is new is compared with its source, or with all
	SELECT k.value FROM c, p, jsonb_each(c.reference) AS k,
	     LATERAL (SELECT array_position(ARRAY[n.key, jsonb_build_array(n.source)::text, 'all'], k.key)) AS o (place)
	WHERE (k.value ->> 'runs')::int >= p.learn AND o.place IS NOT NULL OR k.key = 'all'
	ORDER BY o.place LIMIT 1
) AS u ON true
LEFT JOIN LATERAL (SELECT (u.value ->> 'share')::numeric, (u.value ->> 'deviation')::numeric) AS l (share, deviation) ON true
WHERE n.level = 0
$$,
$$
-- means over some hundreds of runs; one that is far off counts for a tenth
SELECT coalesce(jsonb_object_agg(k.key, k.value), '{}') FROM (
	SELECT coalesce(n.key, o.key) AS key, CASE WHEN n.key IS NULL THEN o.value ELSE jsonb_build_object(
	       'runs', least(coalesce((o.value ->> 'runs')::int, 0) + 1, 100000),
	       'share', round(coalesce(l.share + w.weight * (n.share - l.share), n.share), 5),
	       'deviation', round(coalesce(l.deviation + w.weight * (abs(n.share - l.share) - l.deviation), 0.15), 5)) END AS value
	FROM (SELECT a.key, a.rows, a.missing::numeric / a.rows AS share FROM p, ({arrived}) AS a WHERE a.rows >= p.least_rows) AS n
	FULL JOIN (SELECT r.key, r.value FROM c, jsonb_each(c.reference) AS r) AS o ON o.key = n.key
	LEFT JOIN LATERAL (SELECT (o.value ->> 'share')::numeric, (o.value ->> 'deviation')::numeric) AS l (share, deviation) ON true
	LEFT JOIN LATERAL (SELECT greatest(1.0 / (coalesce((o.value ->> 'runs')::int, 0) + 1), 0.005)
	    * CASE WHEN abs(n.share - l.share) > 0.1 + 5 * l.deviation AND (o.value ->> 'runs')::int > 20 THEN 0.1 ELSE 1 END) AS w (weight) ON true
	ORDER BY n.rows DESC NULLS LAST LIMIT 1000) AS k
$$),

('distribution', 'population stability index', '{attribute}', 'warning', '1 hour',
'the values of a dimension are distributed otherwise than before',
'{"attribute":  {"type": "attribute", "required": true, "about": "event_name, page, user_id, session_key, entry_page, exit_page, is_bounce, an attribute of a dimension of yours, or a measure of events of kind sum, min or max, whose values are compared by sign and order of magnitude"},
  "period":     {"type": "interval", "default": "24 hours", "about": "which rows are judged: the newest"},
  "history":    {"type": "interval", "default": "28 days", "about": "with what they are compared: rows before that; if days are a whole number of periods, those of the same hours"},
  "max_index":  {"type": "numeric", "default": "0.2", "about": "a greater index is too much: 0.1 is a slight change, 0.25 a great one"},
  "members":    {"type": "integer", "default": "20", "about": "so many values count by themselves, the most frequent; the others count together"},
  "least_rows": {"type": "bigint", "default": "200", "about": "judge only so many rows, and compare with so many"},
  "rows_as_one":{"type": "numeric", "about": "so many rows say as much as one that is independent of the others, since rows come in sessions; NULL: 9 for events, 1 for sessions"},
  "pages":      {"type": "integer", "default": "1000", "about": "look at so many pages (8 kB) of the table, and read as many: half of them with rows of the period, half with rows of the history"}}',
'[{"name": "distribution_of_event_name", "parameters": {"attribute": "event_name"}, "needs": "event_name"},
  {"name": "distribution_of_page_in_6_hours", "parameters": {"attribute": "page", "period": "6 hours", "least_rows": 100}, "needs": "page"},
  {"name": "distribution_of_is_bounce", "parameters": {"attribute": "is_bounce", "period": "6 hours", "max_index": 0.1, "least_rows": 50}},
  {"name": "distribution_of_session_key", "parameters": {"attribute": "session_key", "period": "6 hours", "members": 5, "max_index": 1}, "needs": "events"},
  {"name": "distribution_of_{attribute}", "parameters": {"attribute": "{attribute}"}, "needs": "dimensions"},
  {"name": "distribution_of_{attribute}_in_6_hours", "parameters": {"attribute": "{attribute}", "period": "6 hours", "least_rows": 100}, "needs": "dimensions"},
  {"name": "distribution_of_{attribute}", "parameters": {"attribute": "{attribute}", "least_rows": 30, "rows_as_one": 1}, "needs": "measures"}]',
$$
WITH spans AS MATERIALIZED (
	-- float8, as date_part gives it, takes a third of the time of numeric
	SELECT date_part('epoch', p.period) AS seconds,
	       CASE WHEN 86400 % extract(epoch FROM p.period) = 0 THEN 86400 / extract(epoch FROM p.period) ELSE 1 END::int AS of_day,
	       coalesce(p.rows_as_one, CASE WHEN '{time}' = 'f.event_time' THEN 9 ELSE 1 END)::float8 AS rows_as_one
	FROM p
), counted AS MATERIALIZED (
	-- by age in periods, of which 0 is judged; each row counts for as many as the pages that were not read
	SELECT coalesce({value}::text, 'NULL') AS member, floor(date_part('epoch', c.at - {time}) / s.seconds)::int AS age,
	       sum(f.sz_weight) AS rows, sum(f.sz_weight * f.sz_weight) AS squares
	FROM c, p, spans AS s, {newest}
	WHERE {time} < c.at AND {time} >= c.at - p.period - p.history
	  AND floor(date_part('epoch', c.at - {time}) / s.seconds)::int % s.of_day = 0
	GROUP BY 1, 2
), ages AS (
	-- independent: how many rows of equal weight say as much
	SELECT k.age, sum(k.rows) AS rows, sum(k.rows) ^ 2 / sum(k.squares) AS independent FROM counted AS k GROUP BY k.age
), ranked AS (
	SELECT k.member, row_number() OVER (ORDER BY sum(k.rows) DESC, k.member) AS place FROM counted AS k GROUP BY k.member
), members AS MATERIALIZED (
	SELECT coalesce(r.member, 'other values') AS member, k.age, sum(k.rows) AS rows
	FROM counted AS k LEFT JOIN (SELECT o.member FROM ranked AS o, p WHERE o.place <= p.members) AS r USING (member) GROUP BY 1, 2
), medians AS (
	-- the median of the periods, so that one which was unusual does not count
	SELECT m.member, percentile_cont(0.5) WITHIN GROUP (ORDER BY coalesce(k.rows, 0) / a.rows) AS share
	FROM (SELECT DISTINCT member FROM members) AS m CROSS JOIN ages AS a
	LEFT JOIN members AS k ON k.member = m.member AND k.age = a.age
	WHERE a.age > 0 AND a.independent >= 20 GROUP BY m.member
), totals AS (
	SELECT max(a.rows) FILTER (WHERE a.age = 0) AS rows, max(a.independent) FILTER (WHERE a.age = 0) AS now,
	       coalesce(sum(a.independent) FILTER (WHERE a.age > 0), 0) AS before,
	       count(*) FILTER (WHERE a.age > 0 AND a.independent >= 20) AS periods
	FROM ages AS a
), shares AS (
	SELECT m.member, coalesce(k.rows, 0) / t.rows AS share, m.share / nullif(sum(m.share) OVER (), 0) AS share_before,
	       t.now / s.rows_as_one AS independent
	FROM spans AS s, totals AS t, medians AS m LEFT JOIN members AS k ON k.member = m.member AND k.age = 0
), parts AS (
	-- half a row more, of those that are independent, so that no part is 0
	SELECT s.*, (s.share * s.independent + 0.5) / (s.independent + 0.5 * count(*) OVER ()) AS part,
	       (s.share_before * s.independent + 0.5) / (s.independent + 0.5 * count(*) OVER ()) AS part_before
	FROM shares AS s
), indexed AS (
	SELECT sum((t.part - t.part_before) * ln(t.part / t.part_before)) AS index, count(*) AS members,
	       (array_agg(jsonb_build_object('member', t.member, 'share', round(t.share::numeric, 4), 'share_before', round(t.share_before::numeric, 4))
	           ORDER BY abs(t.share - t.share_before) DESC, t.member))[1:5] AS sample,
	       sum(greatest(t.share - t.share_before, 0)) AS moved
	FROM parts AS t
)
SELECT NULL, NULL, NULL,
       CASE WHEN t.now >= p.least_rows AND t.before >= p.least_rows AND t.periods >= 3 THEN round(i.index::numeric, 4) END,
       NULL,
       -- what chance alone makes of so few rows: the bound of Laurent and Massart of a chi-squared variable, at exp(-12)
       greatest(p.max_index, round(((i.members + 2 * sqrt(12.0 * i.members) + 24)
           * s.rows_as_one * (1 / greatest(t.now, 1) + 1 / greatest(t.before, 1)))::numeric, 4)),
       (i.moved * t.rows)::bigint, c.at - p.period, to_jsonb(i.sample)
FROM c, p, spans AS s, indexed AS i, totals AS t
WHERE t.rows > 0
$$, NULL),

('novelty', 'share of rows', '{attribute}', 'warning', '1 hour',
'many rows have a value that no row had before, or nearly none',
'{"attribute":  {"type": "attribute", "required": true, "about": "as for the kind distribution; best one of few values"},
  "period":     {"type": "interval", "default": "6 hours", "about": "which rows are judged: the newest"},
  "history":    {"type": "interval", "default": "28 days", "about": "with what they are compared: rows before that"},
  "max_before": {"type": "numeric", "default": "0.01", "about": "a value is new if its part of the rows before is at most this part of its part of the newest rows: a few may seem to have come before, by a clock that is wrong"},
  "least_rows": {"type": "bigint", "default": "5", "about": "fewer rows of one value are never too many"},
  "rows_as_one":{"type": "numeric", "default": "1", "about": "so many rows say as much as one that is independent of the others, since rows come in sessions"},
  "pages":      {"type": "integer", "default": "1000", "about": "look at so many pages (8 kB) of the table, and read as many: half of them with rows of the period, half with rows of the history"}}',
'[{"name": "novelty_of_{attribute}", "parameters": {"attribute": "{attribute}", "pages": 8000}, "needs": "measures"}]',
$$
WITH counted AS MATERIALIZED (
	SELECT {value}::text AS member, count(*) FILTER (WHERE {time} >= c.at - p.period) AS now,
	       count(*) FILTER (WHERE {time} < c.at - p.period) AS before,
	       min({time}) FILTER (WHERE {time} >= c.at - p.period) AS since
	FROM c, p, {newest}
	WHERE {time} < c.at AND {time} >= c.at - p.period - p.history
	GROUP BY 1
), totals AS (
	SELECT sum(k.now) AS now, sum(k.before) AS before FROM counted AS k
), new AS (
	SELECT k.member, k.now, k.before, k.since FROM p, counted AS k, totals AS t
	WHERE k.now > 0 AND k.before * t.now <= p.max_before * k.now * t.before
), worst AS (
	SELECT n.now, n.before, n.since FROM new AS n
	UNION ALL SELECT 0, 0, NULL
	ORDER BY 1 DESC, 2 LIMIT 1
)
SELECT NULL, NULL, NULL, CASE WHEN b.upper < 1 THEN round(w.now / t.now, 6) END, NULL, round(b.upper::numeric, 6), w.now, w.since, (
	SELECT jsonb_agg(jsonb_build_object('member', n.member, 'rows', n.now)) FROM (
		SELECT n.member, n.now FROM new AS n ORDER BY 2 DESC, 1 LIMIT 5) AS n)
FROM p, worst AS w, totals AS t, LATERAL (
	-- how many choices there are of those that are the newest, of all rows of the value: the logarithm is at most this
	SELECT CASE WHEN w.before > 0 THEN w.before * ln((w.now + w.before)::float8 / w.before) + w.now * ln((w.now + w.before)::float8 / w.now) ELSE 0 END
) AS h (choices), LATERAL (
	-- if nothing has changed, the newest rows are any of all rows: the chance that so many of one value
	-- are all among them is at most their part of all rows, to the power of so many, for each choice
	SELECT greatest((14 * p.rows_as_one + h.choices) / ln((t.now + t.before) / t.now), p.least_rows - 0.5) / t.now
) AS b (upper)
WHERE t.now > 0 AND t.before > 0
$$, NULL),

('changed_rows', 'rows', '*', 'warning', '15 minutes',
'more existing raw rows than usual were updated or deleted',
'{"max_rows":   {"type": "bigint", "about": "how many may be between two runs of the check; NULL: factor times the most of a day, but two days, of the history"},
  "history":    {"type": "interval", "default": "28 days", "about": "how far to look back"},
  "factor":     {"type": "numeric", "default": "2", "about": "see max_rows"},
  "least_rows": {"type": "bigint", "default": "100", "about": "fewer are never too many, unless there is a max_rows"},
  "least_days": {"type": "integer", "default": "3", "about": "judge when so many days before are known, unless there is a max_rows"}}',
'[{"name": "changed_rows"}]',
$$
SELECT NULL, NULL, NULL,
       CASE WHEN p.max_rows IS NOT NULL OR u.days >= p.least_days THEN n.rows END, NULL,
       coalesce(p.max_rows, greatest(p.least_rows, round(p.factor * u.most * n.hours))), n.rows, (c.reference ->> 'at')::timestamptz, NULL
FROM c, p, LATERAL sessionize.check_changed(c.pipeline, c.at, c.reference) AS n, LATERAL (
	SELECT count(*) AS days, coalesce((array_agg(d.value::numeric ORDER BY d.value::numeric DESC))[3], 0) AS most
	FROM jsonb_each_text(c.reference -> 'days') AS d WHERE d.key::date >= n.day - p.history AND d.key::date < n.day
) AS u
WHERE c.reference IS NOT NULL
$$,
$$
-- the most of a run of each day
SELECT jsonb_build_object('at', c.at, 'total', n.total, 'days', coalesce((
	SELECT jsonb_object_agg(d.key, d.value) FROM jsonb_each(c.reference -> 'days') AS d
	WHERE d.key::date >= n.day - p.history), '{}') || jsonb_build_object(to_jsonb(n.day) #>> '{}',
	greatest((c.reference #>> ARRAY['days', to_jsonb(n.day) #>> '{}'])::numeric, ceil(n.rows / n.hours))))
FROM c, p, LATERAL sessionize.check_changed(c.pipeline, c.at, c.reference) AS n
$$),

('schema_drift', 'changes', '*', 'warning', '1 hour',
'keys of the events'' documents appear or vanish, or their values have another type',
'{"document":   {"type": "text", "default": "properties", "about": "the column of the raw table, or the expression over it, that has the document"},
  "period":     {"type": "interval", "default": "1 hour", "about": "which raw rows are looked at: those that arrived last"},
  "rows":       {"type": "integer", "default": "20000", "about": "at most so many"},
  "least_rows": {"type": "bigint", "default": "5", "about": "a key that is new must be in so many rows; one that has vanished must have been expected in four times as many"},
  "learn":      {"type": "interval", "default": "2 days", "about": "for so long at first, everything is taken as it is"},
  "accept":     {"type": "interval", "default": "1 day", "about": "what is new is no longer so after this time; what has vanished is forgotten after it"}}',
'[{"name": "schema_drift", "needs": "properties"}]',
$$
WITH seen AS (
	SELECT k.key, k.value FROM c, jsonb_each(c.reference -> 'keys') AS k
), now AS (
	SELECT o.key, o.rows, o.share, o.sample FROM ({observed}) AS o
), drift AS (
	SELECT n.key, 'appeared' AS change, n.rows AS rows, n.sample
	FROM c, p, now AS n LEFT JOIN seen AS s USING (key)
	WHERE (s.key IS NULL OR (s.value ->> 'first')::timestamptz > c.at - p.accept
	                        AND (s.value ->> 'first')::timestamptz > (c.reference ->> 'since')::timestamptz + p.learn)
	  AND n.rows >= p.least_rows
	  -- all keys of an event that is new are new: that is one change
	  AND (n.key ~ '^[^ ]* $' OR EXISTS (SELECT FROM seen AS e WHERE e.key = split_part(n.key, ' ', 1) || ' '))
	UNION ALL
	SELECT s.key, 'vanished', (t.rows * (s.value ->> 'share')::numeric)::bigint, NULL
	FROM c, p, seen AS s JOIN now AS t ON t.key = split_part(s.key, ' ', 1) || ' '
	WHERE NOT EXISTS (SELECT FROM now AS n WHERE n.key = s.key) AND (s.value ->> 'last')::timestamptz > c.at - p.accept
	  AND (s.value ->> 'runs')::int >= 5 AND t.rows * (s.value ->> 'share')::numeric >= 4 * p.least_rows
)
SELECT NULL, NULL, NULL,
       CASE WHEN (c.reference ->> 'since')::timestamptz <= c.at - p.learn THEN count(d.key) END,
       NULL, 0, sum(d.rows)::bigint, c.at - p.period,
       jsonb_agg(jsonb_build_object('event_name', split_part(d.key, ' ', 1), 'key', split_part(d.key, ' ', 2),
           'type', split_part(d.key, ' ', 3), 'change', d.change, 'rows', d.rows, 'value', d.sample) ORDER BY d.rows DESC, d.key)
       FILTER (WHERE d.key IS NOT NULL)
FROM c CROSS JOIN p LEFT JOIN drift AS d ON true
GROUP BY c.at, c.reference, p.learn, p.period
$$,
$$
SELECT jsonb_build_object('since', coalesce(c.reference ->> 'since', c.at::text), 'keys', coalesce((
	SELECT jsonb_object_agg(k.key, k.value) FROM (
		SELECT coalesce(o.key, s.key) AS key, CASE WHEN o.key IS NULL THEN s.value ELSE jsonb_build_object(
		       'first', coalesce(s.value ->> 'first', c.at::text), 'last', c.at,
		       'runs', coalesce((s.value ->> 'runs')::int, 0) + 1,
		       'share', round(coalesce(0.9 * (s.value ->> 'share')::numeric + 0.1 * o.share, o.share), 4)) END AS value
		FROM ({observed}) AS o
		FULL JOIN jsonb_each(c.reference -> 'keys') AS s (key, value) USING (key)
		ORDER BY o.rows DESC NULLS LAST LIMIT 5000) AS k
	WHERE (k.value ->> 'last')::timestamptz > c.at - interval '28 days'), '{}'))
FROM c, p
$$),

('definition', 'changes', '*', 'warning', '5 minutes',
'the pipeline''s definition has changed: its mapping, rules, measures or dimensions',
'{"accept": {"type": "interval", "default": "6 hours", "about": "a change is no longer new after this time"}}',
'[{"name": "definition"}]',
$$
SELECT NULL, NULL, NULL, CASE WHEN c.reference IS NOT NULL THEN count(d.key) END, NULL, 0, NULL,
       coalesce((c.reference ->> 'since')::timestamptz, c.at),
       jsonb_agg(jsonb_build_object('rule', d.key, 'was', d.was, 'is', d.now)) FILTER (WHERE d.key IS NOT NULL)
FROM c LEFT JOIN LATERAL (
	SELECT coalesce(n.key, o.key) AS key, o.value AS was, n.value AS now
	FROM jsonb_each(sessionize.definition(c.pipeline)) AS n
	FULL JOIN jsonb_each(c.reference -> 'definition') AS o USING (key)
	WHERE n.value IS DISTINCT FROM o.value
) AS d ON c.reference IS NOT NULL
GROUP BY c.reference, c.at
$$,
$$
-- what was accepted last, until what has changed is accepted
SELECT CASE WHEN c.reference IS NULL OR n.definition = c.reference -> 'definition'
            OR (c.reference ->> 'since')::timestamptz <= c.at - p.accept
       THEN jsonb_build_object('definition', n.definition)
       ELSE c.reference || jsonb_build_object('since', coalesce(c.reference ->> 'since', c.at::text)) END
FROM c, p, LATERAL (SELECT sessionize.definition(c.pipeline)) AS n (definition)
$$),

('accounting', 'rows', '*', 'error', '1 day',
'the star does not account for every raw row',
'{"max_rows": {"type": "bigint", "default": "0", "about": "how many rows may be missing"}}',
'[{"name": "accounting"}]',
$$
-- a star that waits for a rebuild is not judged: pipeline_status and the check "lag" tell of it
SELECT NULL, NULL, NULL, CASE WHEN s.needs_rebuild IS NULL THEN abs(r.difference) + abs(r.event_difference) END, NULL, p.max_rows,
       abs(r.difference) + abs(r.event_difference), NULL, to_jsonb(r)
FROM c CROSS JOIN p
JOIN sessionize.pipeline_status AS s ON s.pipeline_name = c.pipeline
CROSS JOIN LATERAL sessionize.reconcile(c.pipeline) AS r
$$, NULL),

('exactness', 'rows', '*', 'error', '1 day',
'the star has rows that its raw rows do not give',
'{"sample":   {"type": "double precision", "default": "0.01", "about": "which part of the session keys to derive again"},
  "max_rows": {"type": "bigint", "default": "0", "about": "how many rows may differ"}}',
'[{"name": "exactness"}]',
$$
SELECT NULL, NULL, NULL, CASE WHEN s.needs_rebuild IS NULL THEN count(v.relation) END, NULL, p.max_rows, count(v.relation), NULL,
       to_jsonb((array_agg(jsonb_build_object('relation', v.relation, 'difference', v.difference, 'session_key', v.session_key))
                 FILTER (WHERE v.relation IS NOT NULL))[1:5])
FROM c CROSS JOIN p
JOIN sessionize.pipeline_status AS s ON s.pipeline_name = c.pipeline
LEFT JOIN LATERAL sessionize.verify(c.pipeline, sample => p.sample) AS v ON s.needs_rebuild IS NULL
GROUP BY p.max_rows, s.needs_rebuild
$$, NULL),

('lag', 'seconds', '*', 'error', '5 minutes',
'the star lacks changes that were committed long ago, or can''t be refreshed',
'{"max_lag": {"type": "interval", "default": "15 minutes", "about": "how old the oldest change may be that the star does not have"}}',
'[{"name": "lag"}]',
$$
SELECT NULL, NULL, NULL, coalesce(extract(epoch FROM s.lag), 0), NULL, extract(epoch FROM p.max_lag), s.pending_rows, s.pending_since,
       jsonb_build_object('state', s.state, 'problem', s.problem, 'last_error', s.last_error)
FROM c, p, sessionize.pipeline_status AS s WHERE s.pipeline_name = c.pipeline
$$, NULL),

('sql', 'rows', '*', 'warning', '1 hour',
'a query of yours returns rows: those that are wrong',
'{"query":    {"type": "text", "required": true, "about": "a SELECT that returns the rows that are wrong, with the names of relations qualified by their schemas; columns source, event_name and version tell who is to blame"},
  "max_rows": {"type": "bigint", "default": "0", "about": "how many rows it may return"}}',
'[]',
$$
SELECT w.source, w.event_name, w.version, w.rows, NULL, p.max_rows, w.rows, NULL, to_jsonb(w.sample)
FROM p, LATERAL (
	SELECT r.row ->> 'source' AS source, r.row ->> 'event_name' AS event_name, r.row ->> 'version' AS version,
	       count(*) AS rows,
	       -- of the first thousand rows, up to five for each subject, and of these so many characters
	       (array_agg(CASE WHEN length(r.row::text) > 2000 THEN to_jsonb(left(r.row::text, 2000)) ELSE r.row END)
	        FILTER (WHERE r.place <= 1000))[1:5] AS sample
	FROM (SELECT to_jsonb(q), row_number() OVER () FROM (
{query}
	) AS q) AS r (row, place)
	GROUP BY 1, 2, 3
	UNION ALL SELECT NULL, NULL, NULL, 0, NULL
) AS w
$$, NULL);

-- Kinds that compare shares of the counted rows as the kind "uniqueness" does, with its parameters.
INSERT INTO sessionize.check_kind (kind, unit, concerns, severity, every, about, parameters, defaults, query)
SELECT 'clock', k.unit, 'event_time', k.severity, k.every,
       'a larger part of the events than usual come from devices whose clock is wrong',
       k.parameters || '{"measures": {"type": "text", "default": "corrected,clamped", "about": "what is too much: corrected, clamped or both"}}'
                    || jsonb_build_object('rows_as_one', k.parameters -> 'rows_as_one' || '{"default": "9"}'),
       '[{"name": "clock", "parameters": {"by": "source"}}]', k.query
FROM sessionize.check_kind AS k WHERE k.kind = 'uniqueness';

INSERT INTO sessionize.check_kind (kind, unit, concerns, severity, every, about, parameters, defaults, query)
SELECT 'validity', k.unit, '*', 'error', k.every,
'a larger part of the raw rows than usual is quarantined: it violates a contract, or no event can be made of it',
k.parameters - 'measures' || jsonb_build_object('least_change', k.parameters -> 'least_change' || '{"default": "0.02"}'),
'[{"name": "validity"}, {"name": "validity_of_event", "parameters": {"by": "event_name"}, "needs": "event_name"},
  {"name": "validity_of_source", "parameters": {"by": "source"}, "needs": "source"}]',
$$
SELECT s.source, s.event_name, s.version, s.value, s.lower, s.upper, s.affected, s.since, (
	SELECT jsonb_agg(to_jsonb(t)) FROM (
		SELECT q.reason, q.rule, q.path, count(*) AS rows, min(coalesce(q.message, q.detail)) AS message,
		       min(q.raw_id::text) AS raw_id
		FROM @quarantine AS q
		WHERE s.value > s.upper AND coalesce(q.received_at, q.event_time) >= s.since
		  AND (s.event_name IS NULL OR q.event_name = s.event_name)
		GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 5) AS t)
FROM c, p, sessionize.check_share(c.pipeline, c.at, 'quarantined', p.by, p.period, p.history, p.max_share,
                                  p.threshold, p.least_change, p.least_rows, p.rows_as_one) AS s
$$
FROM sessionize.check_kind AS k WHERE k.kind = 'uniqueness';

-- What arrives late is judged as what lacks a value is.
INSERT INTO sessionize.check_kind (kind, unit, concerns, severity, every, about, parameters, defaults, query, remember)
SELECT 'delay', k.unit, 'event_time', k.severity, k.every,
       'a larger part of the raw rows that arrive than usual is of events long past',
       k.parameters - 'expression' || '{"grace": {"type": "interval", "default": "3 hours", "about": "a row that arrives, or is sent, so long after its event is not late"},
  "period": {"type": "interval", "default": "3 hours", "about": "which rows are judged: those that arrived last"}}',
       '[{"name": "delay", "needs": "received_at"}]', replace(k.query, '{arrived}', '{delayed}'), replace(k.remember, '{arrived}', '{delayed}')
FROM sessionize.check_kind AS k WHERE k.kind = 'presence';

CREATE VIEW sessionize.check_kinds AS
SELECT k.kind, k.about, k.unit, k.severity, k.every, k.parameters FROM sessionize.check_kind AS k ORDER BY k.kind;
COMMENT ON VIEW sessionize.check_kinds IS 'the kinds of checks that add_check knows, with their parameters';
GRANT SELECT ON sessionize.check_kinds TO PUBLIC;
