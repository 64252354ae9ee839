/*
 * version_views.c
 *		The views of the versions of session keys, by the dimensions that the user has added.
 *
 * Each event has the member that was known then.  A version is a stretch of a session key's events
 * with one member, so the versions follow from fact_event, and are computed when they are asked
 * for.  All windows are partitioned by session_key, so that a condition on it reaches the index
 * fact_event_key, and sorted by the event's time first, so that a read of the index in order leaves
 * little to sort.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "catalog/definition.h"
#include "catalog/star_relation.h"
#include "live/version_views.h"
#include "spi/sql.h"
#include "star/star_ddl.h"
#include "star/star_versions.h"

/*
 * append_versions appends the query of the versions, from the inside out: each event with the time
 * of the next one, the last event of each instant with the member before, those of another member.
 *
 * Raw ids are expected to be unique.  Where they are not, the events of one instant, event id and
 * raw id have no order that fact_event could know, so the greatest surrogate key decides.
 */
static void
append_versions(StringInfo sql, const Pipeline *pipeline, const DimensionDefinition *dimension)
{
	const char *key = quote_identifier(dimension->key);
	const char *events = star_relation(pipeline, STAR_FACT_EVENT);

	appendStringInfo(sql,
					 "(SELECT i.session_key, i.event_time, i.%1$s, i.before FROM "
					 "(SELECT e.session_key, e.event_time, e.%1$s, lag(e.%1$s) OVER "
					 "(PARTITION BY e.session_key ORDER BY e.event_time) AS before FROM "
					 "(SELECT f.session_key, f.event_time, f.%1$s, lead(f.event_time) OVER "
					 "(PARTITION BY f.session_key "
					 "ORDER BY f.event_time, f.event_id, f.raw_id, f.%1$s) AS next_at "
					 "FROM %2$s AS f%3$s) AS e "
					 "WHERE e.next_at IS DISTINCT FROM e.event_time) AS i "
					 "WHERE i.before IS DISTINCT FROM i.%1$s) AS v",
					 key, events, dimension->is_visible ? "" : " WHERE false");
}

/*
 * create_versions makes the view of a dimension's versions.
 */
static void
create_versions(const Pipeline *pipeline, StarRelationId relation,
				const DimensionDefinition *dimension)
{
	int count;
	const StarVersionColumn *columns = star_version_columns(dimension, &count);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE OR REPLACE VIEW %s AS SELECT ",
					 star_relation(pipeline, relation));
	for (int i = 0; i < count; i++)
		appendStringInfo(&sql, "%s%s AS %s", i > 0 ? ", " : "", columns[i].sql,
						 quote_identifier(columns[i].name));
	appendStringInfoString(&sql, " FROM ");
	append_versions(&sql, pipeline, dimension);
	appendStringInfo(&sql,
					 " LEFT JOIN %s AS d ON d.%s = v.%s "
					 "WINDOW w AS (PARTITION BY v.session_key ORDER BY v.event_time)",
					 quote_qualified_identifier(pipeline->name, dimension->table),
					 quote_identifier(dimension->key), quote_identifier(dimension->key));
	(void) sql_execute(sql.data);
}

/*
 * version_views_create makes or replaces the views.
 */
void
version_views_create(const Pipeline *pipeline)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->ndimensions; i++)
		if (definition->dimensions[i].versions != NULL)
			create_versions(pipeline, STAR_OWN_VERSIONS + i, &definition->dimensions[i]);
}

/*
 * version_views_comment comments on the views and their columns.
 */
void
version_views_comment(const Pipeline *pipeline)
{
	for (int i = STAR_OWN_VERSIONS; i < STAR_ROLLUP_VIEW; i++)
		star_comment_relation(pipeline, i);
}
