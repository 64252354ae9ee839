/*
 * live_ddl.c
 *		The views of a pipeline that also show what is not refreshed yet, made.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "pipeline/live.h"
#include "pipeline/mapping.h"
#include "pipeline/sql.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/*
 * create_view makes one of the views: the rows of a view of the star whose keys are not dirty, and what a function
 * derives of those that are.
 */
static void
create_view(const Pipeline *pipeline, const char *name, const char *settled, const char *columns,
			const char *function, const char *returned)
{
	const char *schema = quote_identifier(pipeline->name);

	sql_executef(
		"CREATE OR REPLACE VIEW %s.%s AS SELECT s.* FROM %s.%s AS s "
		"WHERE NOT EXISTS (SELECT FROM %s.dirty AS d WHERE d.session_key = s.session_key) "
		"UNION ALL SELECT %s "
		"FROM (SELECT DISTINCT d.session_key FROM %s.dirty AS d WHERE d.session_key IS NOT NULL) AS k, "
		"LATERAL sessionize.%s(%s, k.session_key) AS l (%s)",
		schema, name, schema, settled, schema, columns, schema, function, quote_literal_cstr(pipeline->name),
		returned);
}

/*
 * live_create_views makes the views.
 */
void
live_create_views(const Pipeline *pipeline)
{
	char *zone = quote_literal_cstr(pg_get_timezone_name(pipeline->zone));

	create_view(pipeline, LIVE_SESSIONS_VIEW, "sessions",
				psprintf("l.session_id, k.session_key, l.user_id, l.started_at, l.ended_at, "
						 "l.ended_at + '%llu microseconds'::interval, l.ended_at - l.started_at, "
						 "(l.started_at AT TIME ZONE %s)::date, l.events, l.page_views, l.distinct_pages, "
						 "l.entry_page, l.exit_page, l.events = 1, l.duplicates, l.conflicts",
						 (unsigned long long) pipeline->rules.gap, zone),
				"live_sessions",
				"session_id uuid, user_id text COLLATE \"C\", started_at timestamptz, ended_at timestamptz, "
				"events bigint, page_views bigint, distinct_pages bigint, entry_page text COLLATE \"C\", "
				"exit_page text COLLATE \"C\", duplicates bigint, conflicts bigint");
	if (!pipeline->store_events)
		return;
	create_view(
		pipeline, LIVE_EVENTS_VIEW, "events",
		psprintf("l.event_time, k.session_key, l.user_id, l.event_name, l.page, l.page_view, "
				 "(l.event_time AT TIME ZONE %s)::date, l.session_id, l.session_started_at, l.event_id, "
				 "l.raw_id",
				 zone),
		"live_events",
		psprintf("event_time timestamptz, user_id text COLLATE \"C\", event_name text COLLATE \"C\", "
				 "page text COLLATE \"C\", page_view boolean, session_id uuid, "
				 "session_started_at timestamptz, event_id %s, raw_id %s",
				 mapping_type_sql(pipeline->types[SRC_EVENT_ID]),
				 mapping_type_sql(pipeline->types[SRC_RAW_ID])));
}
