/*
 * star_views.c
 *		The wide views of a pipeline's schema.
 *
 * Their joins are outer ones to unique keys, which the planner leaves out where a query does not
 * use them.
 *
 * The live ones are two branches. The first has the stored rows of the keys that are not in the
 * dirty log. The second calls a function for each key in it, which derives that key: so a condition
 * on the key goes down to the log, and only the keys that fulfil it are derived.
 *
 * Where equal keys may look different (1.0 and 1.00), the log has any of them, but the star that of
 * the key's first event. So there the function says what the key looks like; of all conditions on
 * it, only those of equality go down to the log.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "capture/behind_keys.h"
#include "catalog/pipeline.h"
#include "dirty/backfill.h"
#include "dirty/dirty.h"
#include "live/live_rows.h"
#include "spi/key_relation.h"
#include "spi/sql.h"
#include "star/star_views.h"

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
 * columns_of returns a list of columns with the name of the table they are of in place of each @.
 */
static char *
columns_of(const char *table, const char *columns)
{
	StringInfoData list;

	initStringInfo(&list);
	for (const char *p = columns; *p != '\0'; p++)
	{
		if (*p == '@')
			appendStringInfoString(&list, table);
		else
			appendStringInfoChar(&list, *p);
	}
	return list.data;
}

/*
 * create_live makes the live form of a view: the columns of stored rows, s, and of derived ones, l,
 * and the key that comes second.
 */
static void
create_live(const Pipeline *pipeline, LiveKind kind, const char *view, const char *first, const char *rest)
{
	const char *schema = quote_identifier(pipeline->name);
	const char *dirty = dirty_rows_sql(pipeline);
	const char *equals = key_equals_sql(pipeline->types[SRC_SESSION_KEY]);
	bool looks_one_way = key_type_is_image(pipeline->types[SRC_SESSION_KEY]);

	sql_executef(
		"CREATE OR REPLACE VIEW %s.%s_live AS SELECT s.%s, s.session_key, %s FROM %s.%s AS s "
		"WHERE NOT EXISTS (SELECT FROM %s AND d.session_key %s s.session_key) "
		"AND NOT EXISTS (SELECT FROM %s." BACKFILL_TABLE
		" AS b WHERE b.session_key %s s.session_key AND b.stale) "
		"UNION ALL SELECT l.%s, %s.session_key, %s FROM (SELECT DISTINCT d.session_key FROM (%s) AS d "
		"WHERE d.session_key" SQL_IS_NOT_NULL " ORDER BY d.session_key) AS d, "
		"LATERAL sessionize.live_%s(%d, d.session_key) AS l (%s)%s",
		schema, view, first, columns_of("s", rest), schema, view, dirty, equals, schema, equals, first,
		looks_one_way ? "d" : "l", columns_of("l", rest), behind_keys_sql(pipeline), view, pipeline->id,
		live_rows_sql(pipeline, kind),
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
	/*
	 * the gap is that of the rules by which the snapshot at hand has the sessions derived, which an
	 * old one sees after others do not
	 */
	create_live(
		pipeline, LIVE_SESSIONS, "sessions", "session_id",
		psprintf("@.user_id, @.started_at, @.ended_at, "
				 "@.ended_at + (SELECT sessionize.pipeline_gap(%d)) AS expires_at, "
				 "@.ended_at - @.started_at AS duration, @.date, @.events, @.page_views, "
				 "@.distinct_pages, @.entry_page, @.exit_page, @.is_bounce, @.duplicates, @.conflicts",
				 pipeline->id));
	if (!pipeline->store_events)
		return;
	create_events(schema);
	create_live(pipeline, LIVE_EVENTS, "events", "event_time",
				"@.user_id, @.event_name, @.page, @.page_view, @.date, @.session_id, "
				"@.session_started_at, @.event_id, @.raw_id");
}
