/*
 * star_views.c
 *		The wide views of a pipeline's schema.
 *
 * Their joins are outer ones to unique keys, which the planner leaves out where a query does not use them.
 *
 * The live ones are two branches.  The first has the stored rows of the keys that are not in the dirty log.  The
 * second calls a function for each key in it, which derives that key: so a condition on the key goes down to the
 * log, and only the keys that fulfil it are derived.
 *
 * Where equal keys may look different (1.0 and 1.00), the log has any of them, but the star that of the key's first event.  So there
 * the function says what the key looks like; of all conditions on it, only those of equality go down to the log.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "pipeline/backfill.h"
#include "pipeline/dirty.h"
#include "pipeline/claimed_keys.h"
#include "pipeline/live_rows.h"
#include "pipeline/sql.h"
#include "pipeline/star_views.h"
#include "utils/builtins.h"

/*
 * create_sessions makes the view "sessions".
 */
static void
create_sessions(const char *schema, const char *gap)
{
	sql_executef(
		"CREATE OR REPLACE VIEW %s.sessions AS SELECT s.session_id, s.session_key, u.user_id, s.started_at, "
		"s.ended_at, s.ended_at + %s AS expires_at, "
		"s.ended_at - s.started_at AS duration, d.date, s.events, s.page_views, s.distinct_pages, "
		"entry.page AS entry_page, leave.page AS exit_page, s.is_bounce, s.duplicates, s.conflicts "
		"FROM %s.fact_session AS s LEFT JOIN %s.dim_user AS u ON u.user_key = s.user_key "
		"LEFT JOIN %s.dim_date AS d ON d.date_key = s.date_key "
		"LEFT JOIN %s.dim_page AS entry ON entry.page_key = s.entry_page_key "
		"LEFT JOIN %s.dim_page AS leave ON leave.page_key = s.exit_page_key",
		schema, gap, schema, schema, schema, schema, schema);
}

/*
 * create_events makes the view "events".
 */
static void
create_events(const char *schema)
{
	sql_executef(
		"CREATE OR REPLACE VIEW %s.events AS SELECT e.event_time, e.session_key, u.user_id, "
		"n.event_name, p.page, e.page_view, d.date, e.session_id, s.started_at AS session_started_at, "
		"e.event_id, e.raw_id FROM %s.fact_event AS e "
		"LEFT JOIN %s.dim_user AS u ON u.user_key = e.user_key "
		"LEFT JOIN %s.dim_event AS n ON n.event_key = e.event_key "
		"LEFT JOIN %s.dim_page AS p ON p.page_key = e.page_key "
		"LEFT JOIN %s.dim_date AS d ON d.date_key = e.date_key "
		"LEFT JOIN %s.fact_session AS s ON s.session_id = e.session_id",
		schema, schema, schema, schema, schema, schema, schema);
}

/*
 * create_live makes the live form of a view.
 */
static void
create_live(const Pipeline *pipeline, LiveKind kind, const char *view, const char *before,
			const char *after)
{
	const char *schema = quote_identifier(pipeline->name);
	const char *dirty = dirty_rows_sql(pipeline);
	const char *equals = key_equals_sql(pipeline->types[SRC_SESSION_KEY]);
	bool looks_one_way = value_type_looks_one_way(pipeline->types[SRC_SESSION_KEY]);

	sql_executef("CREATE OR REPLACE VIEW %s.%s_live AS SELECT s.* FROM %s.%s AS s "
				 "WHERE NOT EXISTS (SELECT FROM %s AND d.session_key %s s.session_key) "
				 "AND NOT EXISTS (SELECT FROM %s." BACKFILL_TABLE
				 " AS b WHERE b.session_key %s s.session_key AND b.stale) "
				 "UNION ALL SELECT %s, %s.session_key, %s FROM (SELECT DISTINCT d.session_key FROM (%s) AS d "
				 "WHERE d.session_key" SQL_IS_NOT_NULL " ORDER BY d.session_key) AS d, "
				 "LATERAL sessionize.live_%s(%d, d.session_key) AS l (%s)%s",
				 schema, view, schema, view, dirty, equals, schema, equals, before, looks_one_way ? "d" : "l",
				 after, live_keys_sql(pipeline), view, pipeline->id, live_rows_sql(pipeline, kind),
				 looks_one_way ? "" : psprintf(" WHERE l.session_key %s d.session_key", equals));
}

/*
 * star_create_views makes the views.
 */
void
star_create_views(const Pipeline *pipeline)
{
	const char *schema = quote_identifier(pipeline->name);
	const char *gap = psprintf("'%llu microseconds'::interval", (unsigned long long) pipeline->rules.gap);

	create_sessions(schema, gap);
	create_live(pipeline, LIVE_SESSIONS, "sessions", "l.session_id",
				psprintf("l.user_id, l.started_at, l.ended_at, l.ended_at + %s, "
						 "l.ended_at - l.started_at, l.date, l.events, l.page_views, l.distinct_pages, "
						 "l.entry_page, l.exit_page, l.is_bounce, l.duplicates, l.conflicts",
						 gap));
	if (!pipeline->store_events)
		return;
	create_events(schema);
	create_live(pipeline, LIVE_EVENTS, "events", "l.event_time",
				"l.user_id, l.event_name, l.page, l.page_view, l.date, "
				"l.session_id, l.session_started_at, l.event_id, l.raw_id");
}
