/*
 * rollup_ddl.c
 *		Makes and drops the tables and views of rollups.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "catalog/definition.h"
#include "catalog/star_relation.h"
#include "rollup/rollup_ddl.h"
#include "rollup/rollup_sql.h"
#include "spi/sql.h"
#include "star/star_ddl.h"

static const char *const period_comments[PERIODS] = {
	[PERIOD_HOUR] = "the hour's begin, a full hour of UTC",
	[PERIOD_DAY] = "the day: the column date of the facts",
	[PERIOD_WEEK] = "the week's first day, a Monday",
	[PERIOD_MONTH] = "the month's first day",
};

/*
 * rollup_create_tables makes the tables.
 *
 * Rows of the table of changes come and go all the time, so how many there are says nothing:
 * vacuum by dead rows alone.
 */
void
rollup_create_tables(const Rollup *rollup)
{
	const Pipeline *pipeline = rollup->pipeline;
	char *columns = rollup_columns_sql(rollup);
	char *changes = star_relation(pipeline, STAR_ROLLUP_CHANGES + rollup->place);

	(void) sql_executef("CREATE TABLE %s (%s, PRIMARY KEY (%s)) WITH (fillfactor = 70)",
						star_relation(pipeline, STAR_ROLLUP_TABLE + rollup->place), columns,
						rollup_key_list(rollup));
	(void) sql_executef("CREATE TABLE %s (%s) WITH (autovacuum_vacuum_scale_factor = 0, "
						"autovacuum_vacuum_threshold = 5000)",
						changes, columns);
	/* without it, a publication for all tables would make UPDATE and DELETE fail */
	(void) sql_executef("ALTER TABLE %s REPLICA IDENTITY FULL", changes);
	star_comment_relation(pipeline, STAR_ROLLUP_TABLE + rollup->place);
	star_comment_relation(pipeline, STAR_ROLLUP_CHANGES + rollup->place);
}

/*
 * drop_relation drops a relation of a rollup, if it exists.
 */
static void
drop_relation(const Pipeline *pipeline, StarRelationId relation)
{
	if (OidIsValid(star_relation_oid(pipeline, relation)))
		star_drop_by(psprintf("DROP %s %s",
							  star_relation_is(relation, STAR_IS_VIEW) ? "VIEW" : "TABLE",
							  star_relation(pipeline, relation)));
}

/*
 * rollup_drop_relations drops the views and the tables.
 */
void
rollup_drop_relations(const Pipeline *pipeline, int place)
{
	drop_relation(pipeline, STAR_ROLLUP_LIVE + place);
	drop_relation(pipeline, STAR_ROLLUP_VIEW + place);
	drop_relation(pipeline, STAR_ROLLUP_CHANGES + place);
	drop_relation(pipeline, STAR_ROLLUP_TABLE + place);
}

/*
 * view_name returns the name of the view, or of its live form.
 */
static char *
view_name(const Rollup *rollup, bool live)
{
	return star_relation(rollup->pipeline,
						 (live ? STAR_ROLLUP_LIVE : STAR_ROLLUP_VIEW) + rollup->place);
}

/*
 * rollup_create_view makes or replaces a rollup's view and its live form.
 */
void
rollup_create_view(const Rollup *rollup)
{
	for (int live = 0; live <= 1; live++)
		(void) sql_executef("CREATE OR REPLACE VIEW %s AS %s", view_name(rollup, live),
							rollup_view_sql(rollup, live));
}

/*
 * rollup_create_views makes or replaces the views of all rollups.
 */
void
rollup_create_views(const Pipeline *pipeline)
{
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count; i++)
		rollup_create_view(rollup_resolve(pipeline, i));
}

/*
 * comment_column comments on a column of both views.
 */
static void
comment_column(const Rollup *rollup, const char *column, const char *comment)
{
	for (int live = 0; comment != NULL && live <= 1; live++)
		(void) sql_executef("COMMENT ON COLUMN %s.%s IS %s", view_name(rollup, live),
							quote_identifier(column), quote_literal_cstr(comment));
}

/*
 * shown_comment returns the comment on a column with the members of a dimension, or with a value.
 */
static const char *
shown_comment(const Rollup *rollup, const RollupShown *shown)
{
	const StarColumn *column = rollup->keys[shown->key].column;

	return shown->part == NULL
			   ? column->comment
			   : psprintf("%s of %s", shown->part,
						  star_relation_name(
							  rollup->pipeline,
							  star_dimension(rollup->pipeline, column->dimension)->relation));
}

/*
 * rollup_comment_view comments on the two views of a rollup and their columns.
 */
void
rollup_comment_view(const Rollup *rollup)
{
	static const char *const made[] = {[ROLLUP_EVERY] = "number of",
									   [ROLLUP_SUM] = "sum of",
									   [ROLLUP_COUNT] = "number of rows with a value of",
									   [ROLLUP_TRUE] = "number of rows with a true value of"};

	if (!OidIsValid(star_relation_oid(rollup->pipeline, STAR_ROLLUP_VIEW + rollup->place)))
		return;
	star_comment_relation(rollup->pipeline, STAR_ROLLUP_VIEW + rollup->place);
	star_comment_relation(rollup->pipeline, STAR_ROLLUP_LIVE + rollup->place);
	comment_column(rollup, rollup_period_name(rollup->period), period_comments[rollup->period]);
	for (int i = 0; i < rollup->nshown; i++)
		comment_column(rollup, rollup->shown[i].name, shown_comment(rollup, &rollup->shown[i]));
	for (int i = 0; i < rollup->nnumbers; i++)
	{
		const RollupNumber *number = &rollup->numbers[i];

		comment_column(rollup, number->name,
					   psprintf("%s %s", made[number->kind],
								number->is_duration      ? "duration"
								: number->column == NULL ? number->name
														 : number->column->name));
	}
}

/*
 * rollup_comment_views comments on all views.
 */
void
rollup_comment_views(const Pipeline *pipeline)
{
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count; i++)
		rollup_comment_view(rollup_resolve(pipeline, i));
}
