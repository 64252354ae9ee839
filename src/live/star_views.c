/*
 * star_views.c
 *		The wide views of a pipeline's schema.
 *
 * They join the dimensions by outer joins on unique keys, which the planner removes if a query does
 * not use the dimension's columns.
 *
 * A live view is a UNION ALL of two queries. The second calls a function for each key that has to
 * be derived: the keys in the dirty log and, if a backfill builds the star, the keys that it has
 * left to do. The first returns the stored rows of all other keys. A condition on the key is pushed
 * down to the list of keys to derive, so that only keys that fulfil it are derived.
 *
 * Some types have equal values that look different (1.0 and 1.00). Of such a key the dirty log may
 * have any form, while the star has the form of the key's first event. For these types the function
 * returns the key's form, and only equality conditions are pushed down.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"

#include "capture/behind_keys.h"
#include "catalog/definition_table.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "dirty/dirty.h"
#include "live/live_rows.h"
#include "live/star_views.h"
#include "live/version_views.h"
#include "rollup/rollup_ddl.h"
#include "spi/grants.h"
#include "spi/key_relation.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "star/star.h"
#include "star/star_ddl.h"
#include "utils/subtransaction.h"

/*
 * append_value appends the SQL of a column, with the alias and the gap in place of "@" and "#".
 */
static void
append_value(StringInfo sql, const StarViewColumn *column, const char *alias, const char *gap)
{
	for (const char *p = column->sql; *p != '\0'; p++)
	{
		if (*p == '@')
			appendStringInfoString(sql, alias);
		else if (*p == '#')
			appendStringInfoString(sql, gap);
		else
			appendStringInfoChar(sql, *p);
	}
}

/*
 * star_view_append_value appends the value of a column of the stored view.
 */
void
star_view_append_value(StringInfo sql, const Pipeline *pipeline, const StarView *view,
					   const StarViewColumn *column)
{
	const StarColumn *stored =
		column->column < 0 ? NULL : &star_table(pipeline, view->fact)->columns[column->column];

	if (column->keyed != 0)
		appendStringInfo(sql, "%s.%s", star_relation_name(pipeline, column->keyed), column->name);
	else if (column->is_computed)
		append_value(
			sql, column, "f",
			psprintf("'%llu microseconds'::interval", (unsigned long long) pipeline->rules.gap));
	else if (stored == NULL)
		appendStringInfoString(
			sql, star_sql(pipeline, column->sql, key_equals_sql(pipeline->types[SRC_SESSION_KEY])));
	else if (stored->dimension == DIMENSION_NONE)
		appendStringInfo(sql, "f.%s", quote_identifier(stored->name));
	else
		appendStringInfo(sql, "d%d.%s", column->column,
						 column->part != NULL
							 ? quote_identifier(column->part)
							 : star_dimension(pipeline, stored->dimension)->member);
}

/*
 * append_dimensions appends the joins with the dimensions that the view's columns show.
 */
static void
append_dimensions(StringInfo sql, const Pipeline *pipeline, const StarView *view)
{
	for (int i = 0; i < view->ncolumns; i++)
	{
		int number = view->columns[i].column;
		const StarColumn *column =
			number < 0 ? NULL : &star_table(pipeline, view->fact)->columns[number];
		const StarDimension *dimension;

		if (column == NULL || column->dimension == DIMENSION_NONE)
			continue;
		/* the attributes of one dimension follow each other */
		if (i > 0 && view->columns[i - 1].column == number)
			continue;
		dimension = star_dimension(pipeline, column->dimension);
		appendStringInfo(sql, " LEFT JOIN %s AS d%d ON d%d.%s = f.%s",
						 star_relation(pipeline, dimension->relation), number, number,
						 quote_identifier(dimension->key), quote_identifier(column->name));
	}
}

/*
 * append_keyed appends the joins with the tables of which a row belongs to a session key.
 */
static void
append_keyed(StringInfo sql, const Pipeline *pipeline, const StarView *view)
{
	for (int i = 0; i < view->ncolumns; i++)
	{
		StarRelationId keyed = view->columns[i].keyed;

		if (keyed != 0)
			appendStringInfo(sql, " LEFT JOIN %s AS %s ON %s.session_key %s f.session_key",
							 star_relation(pipeline, keyed), star_relations[keyed].name,
							 star_relations[keyed].name,
							 key_equals_sql(pipeline->types[SRC_SESSION_KEY]));
	}
}

/*
 * star_view_append_from appends what the stored view reads.
 */
void
star_view_append_from(StringInfo sql, const Pipeline *pipeline, const StarView *view)
{
	appendStringInfo(sql, " FROM %s AS f", star_relation(pipeline, view->fact));
	append_dimensions(sql, pipeline, view);
	append_keyed(sql, pipeline, view);
	if (view->join != NULL)
		appendStringInfoString(sql, star_sql_text(pipeline, view->join));
}

/*
 * create_stored makes a view over a fact and its dimensions.
 */
static void
create_stored(const Pipeline *pipeline, const StarView *view)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE OR REPLACE VIEW %s AS SELECT ",
					 star_relation(pipeline, view->relation));
	for (int i = 0; i < view->ncolumns; i++)
	{
		appendStringInfoString(&sql, i > 0 ? ", " : "");
		star_view_append_value(&sql, pipeline, view, &view->columns[i]);
		appendStringInfo(&sql, " AS %s", quote_identifier(view->columns[i].name));
	}
	star_view_append_from(&sql, pipeline, view);
	(void) sql_execute(sql.data);
}

/*
 * append_of_key appends a column of a table of which a row belongs to a session key.
 */
static void
append_of_key(StringInfo sql, const Pipeline *pipeline, const StarViewColumn *column,
			  const char *key_alias)
{
	appendStringInfo(sql, "(SELECT k.%s FROM %s AS k WHERE k.session_key %s %s.session_key)",
					 column->name, star_relation(pipeline, column->keyed),
					 key_equals_sql(pipeline->types[SRC_SESSION_KEY]), key_alias);
}

/*
 * append_live appends the view's columns; all but the session key come from a row with the first
 * alias, which is derived, or is one of the stored view.
 */
static void
append_live(StringInfo sql, const Pipeline *pipeline, const StarView *view, bool is_derived,
			const char *alias, const char *key_alias)
{
	/*
	 * The gap must be that of the rules by which the query's snapshot derives sessions: an old
	 * snapshot sees the old rules, even after alter_pipeline.
	 */
	const char *gap = psprintf("(SELECT sessionize.pipeline_gap(%d))", pipeline->id);

	for (int i = 0; i < view->ncolumns; i++)
	{
		const StarViewColumn *column = &view->columns[i];
		bool is_key = column->column == star_table(pipeline, view->fact)->session_key;

		appendStringInfoString(sql, i > 0 ? ", " : "");
		if (column->is_computed)
			append_value(sql, column, alias, gap);
		else if (column->keyed != 0 && is_derived)
			append_of_key(sql, pipeline, column, key_alias);
		else if (column->is_stamp && is_derived)
			appendStringInfo(sql, "NULL::%s", format_type_be_qualified(column->type));
		else
			appendStringInfo(sql, "%s.%s", is_key ? key_alias : alias,
							 quote_identifier(column->name));
		appendStringInfo(sql, " AS %s", quote_identifier(column->name));
	}
}

/*
 * append_settled appends the query of the stored rows of the keys that need not be derived.
 */
static void
append_settled(StringInfo sql, const Pipeline *pipeline, const StarView *view)
{
	const char *equals = key_equals_sql(pipeline->types[SRC_SESSION_KEY]);

	appendStringInfoString(sql, "SELECT ");
	append_live(sql, pipeline, view, false, "s", "s");
	appendStringInfoString(
		sql,
		star_sql(
			pipeline,
			" FROM %s AS s WHERE NOT EXISTS (SELECT FROM %s AND d.session_key %s s.session_key) "
			"AND NOT EXISTS (SELECT FROM @backfill AS b WHERE b.session_key %s s.session_key "
			"AND b.stale)",
			star_relation(pipeline, view->relation), dirty_rows_sql(pipeline), equals, equals));
}

/*
 * append_derived appends the query of the rows of the keys that have to be derived.
 */
static void
append_derived(StringInfo sql, const Pipeline *pipeline, StarViewId id)
{
	const StarView *view = star_view(pipeline, id);
	bool looks_one_way = key_type_is_image(pipeline->types[SRC_SESSION_KEY]);

	appendStringInfoString(sql, "SELECT ");
	append_live(sql, pipeline, view, true, "l", looks_one_way ? "d" : "l");
	appendStringInfo(sql,
					 " FROM (SELECT DISTINCT d.session_key FROM (%s) AS d "
					 "WHERE d.session_key" SQL_IS_NOT_NULL " ORDER BY d.session_key) AS d, "
					 "LATERAL sessionize.%s(%d, d.session_key) AS l (%s)",
					 behind_keys_sql(pipeline), view->function, pipeline->id,
					 live_rows_sql(pipeline, id));
	if (!looks_one_way)
		appendStringInfo(sql, " WHERE l.session_key %s d.session_key",
						 key_equals_sql(pipeline->types[SRC_SESSION_KEY]));
}

/*
 * create_live makes the live form of a view.
 */
static void
create_live(const Pipeline *pipeline, StarViewId id)
{
	const StarView *view = star_view(pipeline, id);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE OR REPLACE VIEW %s AS ", star_relation(pipeline, view->live));
	append_settled(&sql, pipeline, view);
	appendStringInfoString(&sql, " UNION ALL ");
	append_derived(&sql, pipeline, id);
	(void) sql_execute(sql.data);
}

/*
 * star_create_views makes or replaces the views.
 */
void
star_create_views(const Pipeline *pipeline)
{
	for (int i = 0; i < VIEW_COUNT; i++)
	{
		const StarView *view = star_view(pipeline, i);

		if (!pipeline->store_events && star_relation_is(view->relation, STAR_ONLY_EVENTS))
			continue;
		create_stored(pipeline, view);
		create_live(pipeline, i);
	}
	version_views_create(pipeline);
	rollup_create_views(pipeline);
}

/*
 * lock_views locks the views that star_create_views makes.
 */
static void
lock_views(const Pipeline *pipeline)
{
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (i != STAR_SOURCE && star_relation_is(i, STAR_IS_VIEW) &&
			OidIsValid(star_relation_oid(pipeline, i)))
			LockRelationOid(star_relation_oid(pipeline, i), AccessExclusiveLock);
}

/*
 * star_lock_views locks the views, and fact_session.
 */
void
star_lock_views(const Pipeline *pipeline)
{
	lock_views(pipeline);
	LockRelationOid(star_relation_oid(pipeline, STAR_FACT_SESSION), AccessExclusiveLock);
}

/*
 * star_drop_views drops the views.
 */
List *
star_drop_views(const Pipeline *pipeline)
{
	List *views = NIL;
	List *grants;
	StringInfoData drop;

	/* no privilege is granted between the look at the grants and the drop */
	star_lock_views(pipeline);
	initStringInfo(&drop);
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (i != STAR_SOURCE && star_relation_is(i, STAR_IS_VIEW) &&
			OidIsValid(star_relation_oid(pipeline, i)))
		{
			appendStringInfo(&drop, "%s%s", views == NIL ? "DROP VIEW " : ", ",
							 star_relation(pipeline, i));
			views = lappend_oid(views, star_relation_oid(pipeline, i));
		}
	grants = grants_read(views);
	if (views != NIL)
		star_drop_by(drop.data);
	return grants;
}

/*
 * star_restore_views makes the views that were dropped anew.
 */
void
star_restore_views(const Pipeline *pipeline, const List *grants)
{
	star_create_views(pipeline);
	grants_restore(grants);
	for (int i = 0; i < VIEW_COUNT; i++)
	{
		star_comment_relation(pipeline, star_view(pipeline, i)->relation);
		star_comment_relation(pipeline, star_view(pipeline, i)->live);
	}
	version_views_comment(pipeline);
	rollup_comment_views(pipeline);
}

/*
 * star_recreate_views drops the views and makes them anew.
 */
void
star_recreate_views(const Pipeline *pipeline)
{
	star_restore_views(pipeline, star_drop_views(pipeline));
}

/*
 * comment_shown comments on the columns that a view has and had not.
 */
static void
comment_shown(const Pipeline *pipeline, const StarView *before, const StarView *after)
{
	for (int i = before->ncolumns; i < after->ncolumns; i++)
	{
		star_comment_columns(pipeline, after->relation, after->columns[i].name);
		star_comment_columns(pipeline, after->live, after->columns[i].name);
	}
}

/*
 * show_hidden is the work of star_show_hidden.  Who reads a view waits no longer than this waits
 * for a lock.
 */
static void
show_hidden(void *arg)
{
	const Pipeline *before = arg;
	const Pipeline *pipeline;

	setting_pin("lock_timeout", "200ms");
	definition_set_visible(before->id);
	CommandCounterIncrement();
	pipeline = pipeline_load(before->name);
	lock_views(pipeline);
	star_create_views(pipeline);
	for (int i = 0; i < VIEW_COUNT; i++)
		comment_shown(pipeline, star_view(before, i), star_view(pipeline, i));
	setting_pin("lock_timeout", "0");
}

/*
 * star_show_hidden adds the columns that were hidden to the views.
 */
bool
star_show_hidden(const Pipeline *pipeline)
{
	char *message;

	return try_whatever_fails(show_hidden, unconstify(Pipeline *, pipeline), &message);
}
