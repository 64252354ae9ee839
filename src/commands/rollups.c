/*
 * rollups.c
 *		sessionize.create_rollup() and drop_rollup().
 *
 * A rollup is created under the lock that keeps refreshes away, so that each refresh which writes
 * facts afterwards knows of it, and each one before has committed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline_function.h"
#include "catalog/rollup_table.h"
#include "catalog/star_relation.h"
#include "commands/own_columns.h"
#include "commands/readers.h"
#include "commands/rollups.h"
#include "rollup/rollup.h"
#include "rollup/rollup_ddl.h"
#include "rollup/rollup_upkeep.h"
#include "star/star_upkeep.h"
#include "utils/arguments.h"
#include "wakeup/notify.h"

/* The positions of the arguments. */
enum
{
	ARG_PIPELINE,
	ARG_NAME,
	ARG_BY,
	ARG_MEASURES,
	ARG_GRAIN,
	ARG_CONCURRENTLY
};

/*
 * texts_argument returns an argument of type text[] as a list.
 */
static List *
texts_argument(FunctionCallInfo fcinfo, int argno, const char *argument)
{
	Datum *elements;
	bool *isnull;
	int count;
	List *texts = NIL;

	if (PG_ARGISNULL(argno))
		return NIL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argno), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  &isnull, &count);
	for (int i = 0; i < count; i++)
	{
		if (isnull[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("argument %s has an element that is null", argument),
							errhint("Give names of columns, as in %s => '{%s}'.", argument,
									argno == ARG_BY ? "day, entry_page" : "events, page_views")));
		texts = lappend(texts, TextDatumGetCString(elements[i]));
	}
	return texts;
}

/*
 * check_name reports a name that no rollup can have.
 */
static void
check_name(const char *name)
{
	if (name == NULL || !rollup_name_fits(name))
		ereport(ERROR, (errcode(ERRCODE_INVALID_NAME),
						name == NULL ? errmsg("a rollup must have a name")
									 : errmsg("\"%s\" can't be the name of a rollup", name),
						errdetail("The name is that of a view, and part of the names of tables: 1 "
								  "to 48 bytes."),
						errhint("Choose a short name, such as name => 'sessions_by_day'.")));
}

/*
 * check_free reports a name in the pipeline's schema that is taken.
 */
static void
check_free(const Pipeline *pipeline, const char *name)
{
	bool taken = OidIsValid(get_relname_relid(name, pipeline->schema));

	for (int i = 0; i < STAR_OWN_DIMENSION; i++)
		taken |= strcmp(star_relations[i].name, name) == 0;
	if (taken)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("pipeline \"%s\" has a table or view \"%s\" already", pipeline->name, name),
				 errhint("Choose another name for the rollup.  SELECT * FROM "
						 "sessionize.rollups shows the rollups there are.")));
}

/*
 * rollup_read returns the rollup that create_rollup's arguments describe.
 */
RollupDefinition
rollup_read(FunctionCallInfo fcinfo, const Pipeline *pipeline)
{
	RollupDefinition rollup = {.of_events = own_grain_argument(fcinfo, ARG_GRAIN, pipeline),
							   .by = texts_argument(fcinfo, ARG_BY, "by"),
							   .measures = texts_argument(fcinfo, ARG_MEASURES, "measures"),
							   .is_filled = PG_ARGISNULL(ARG_CONCURRENTLY) ||
											!PG_GETARG_BOOL(ARG_CONCURRENTLY)};
	const char *name = own_text_argument(fcinfo, ARG_NAME);

	check_name(name);
	rollup_set_name(&rollup, name);
	return rollup;
}

/*
 * check_isolation reports a transaction whose snapshot may miss facts.
 */
static void
check_isolation(void)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
						errmsg("a rollup is created at the isolation level READ COMMITTED"),
						errdetail("What was committed after this transaction's snapshot would be "
								  "missing in it."),
						errhint("BEGIN ISOLATION LEVEL READ COMMITTED;")));
}

/*
 * rollup_create creates a rollup.
 */
Pipeline *
rollup_create(Pipeline *pipeline, RollupDefinition rollup)
{
	int place = pipeline->rollups == NULL ? 0 : pipeline->rollups->count;
	OwnerScope scope;

	check_isolation();
	own_check_count(pipeline, "rollups", place, ROLLUPS_MAX);
	check_free(pipeline, rollup.name);
	check_free(pipeline, rollup.live);
	check_free(pipeline, rollup.table);
	check_free(pipeline, rollup.changes);
	rollup.number = place == 0 ? 1 : pipeline->rollups->rollups[place - 1].number + 1;
	owner_scope_enter(&scope, pipeline);
	if (!rollup.is_filled && star_is_empty(pipeline))
		rollup.is_filled = true;
	rollup_add(pipeline->id, &rollup);
	pipeline = own_load_changed(pipeline);
	rollup_create_tables(rollup_resolve(pipeline, place));
	if (rollup.is_filled)
		rollup_repair(pipeline, place);
	rollup_create_view(rollup_resolve(pipeline, place));
	rollup_comment_view(rollup_resolve(pipeline, place));
	readers_add_relations(pipeline,
						  list_make2_int(STAR_ROLLUP_VIEW + place, STAR_ROLLUP_LIVE + place));
	owner_scope_leave(&scope);
	if (!rollup.is_filled)
		worker_notify_at_commit(pipeline->id);
	return pipeline;
}

/*
 * sessionize_create_rollup creates a rollup.
 */
PIPELINE_FUNCTION(sessionize_create_rollup)
{
	Pipeline *pipeline;

	PreventCommandIfReadOnly("sessionize.create_rollup()");
	pipeline = own_lock_pipeline(fcinfo);
	(void) rollup_create(pipeline, rollup_read(fcinfo, pipeline));
	PG_RETURN_VOID();
}

/*
 * rollup_drop drops a rollup.
 */
Pipeline *
rollup_drop(Pipeline *pipeline, const RollupDefinition *rollup)
{
	OwnerScope scope;

	owner_scope_enter(&scope, pipeline);
	rollup_drop_relations(pipeline, (int) (rollup - pipeline->rollups->rollups));
	rollup_remove(pipeline->id, rollup->number);
	pipeline = own_load_changed(pipeline);
	owner_scope_leave(&scope);
	return pipeline;
}

/*
 * sessionize_drop_rollup drops a rollup.
 */
PIPELINE_FUNCTION(sessionize_drop_rollup)
{
	const char *name = own_text_argument(fcinfo, ARG_NAME);
	const RollupDefinition *rollup;
	Pipeline *pipeline;

	PreventCommandIfReadOnly("sessionize.drop_rollup()");
	pipeline = own_lock_pipeline(fcinfo);
	rollup = rollup_find(pipeline, name);
	if (rollup == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						name == NULL
							? errmsg("the name of a rollup must not be null")
							: errmsg("pipeline \"%s\" has no rollup \"%s\"", pipeline->name, name),
						errhint("SELECT * FROM sessionize.rollups shows the rollups there are.")));
	(void) rollup_drop(pipeline, rollup);
	PG_RETURN_VOID();
}

/*
 * same_texts tells whether two lists have the same texts.
 */
static bool
same_texts(const List *a, const List *b)
{
	if (list_length(a) != list_length(b))
		return false;
	for (int i = 0; i < list_length(a); i++)
		if (strcmp(list_nth(a, i), list_nth(b, i)) != 0)
			return false;
	return true;
}

/*
 * rollup_is_same tells whether two rollups are of the same, by the same.
 */
bool
rollup_is_same(const RollupDefinition *a, const RollupDefinition *b)
{
	return a->of_events == b->of_events && same_texts(a->by, b->by) &&
		   same_texts(a->measures, b->measures);
}

/*
 * rollup_of_column returns a rollup that is made of a column.
 */
const RollupDefinition *
rollup_of_column(const Pipeline *pipeline, bool of_events, const char *column)
{
	for (int i = 0; pipeline->rollups != NULL && i < pipeline->rollups->count; i++)
		if (pipeline->rollups->rollups[i].of_events == of_events &&
			rollup_uses(rollup_resolve(pipeline, i), column))
			return &pipeline->rollups->rollups[i];
	return NULL;
}

/*
 * rollup_check_unused reports a measure or dimension that a rollup is made of.
 */
void
rollup_check_unused(const Pipeline *pipeline, bool of_events, const char *column, const char *what,
					const char *name)
{
	const RollupDefinition *rollup = rollup_of_column(pipeline, of_events, column);

	if (rollup != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("%s \"%s\" can't be dropped: rollup \"%s\" is made of it", what, name,
						rollup->name),
				 errhint("SELECT sessionize.drop_rollup(%s, %s); first.",
						 quote_literal_cstr(pipeline->name), quote_literal_cstr(rollup->name))));
}
