/*
 * bounce.c
 *		Whether a session is a bounce, by the user's expression over the session's measures.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/definition.h"
#include "compat.h"
#include "derive/bounce.h"
#include "spi/scope.h"
#include "utils/expression.h"

/* The columns that an expression may use; the measures of sessions follow. */
enum
{
	BOUNCE_EVENTS,
	BOUNCE_PAGE_VIEWS,
	BOUNCE_DISTINCT_PAGES,
	BOUNCE_DURATION,
	BOUNCE_COLUMNS
};

static const struct
{
	const char *name;
	Oid type;
} columns[BOUNCE_COLUMNS] = {
	[BOUNCE_EVENTS] = {"events", INT8OID},
	[BOUNCE_PAGE_VIEWS] = {"page_views", INT8OID},
	[BOUNCE_DISTINCT_PAGES] = {"distinct_pages", INT8OID},
	[BOUNCE_DURATION] = {"duration", INTERVALOID},
};

struct Bounce
{
	int nmeasures;
	ExprContext *econtext;
	ExprState *state;
	TupleTableSlot *slot;
	Interval duration;
};

/*
 * add_column adds a column.
 */
static void
add_column(TupleDesc desc, int column, const char *name, Oid type)
{
	TupleDescInitEntry(desc, (AttrNumber) (column + 1), name, type, -1, 0);
	if (OidIsValid(get_typcollation(type)))
		TupleDescInitEntryCollation(desc, (AttrNumber) (column + 1), C_COLLATION_OID);
}

/*
 * session_desc describes the columns that an expression may use.
 */
static TupleDesc
session_desc(const Pipeline *pipeline)
{
	const Definition *definition = pipeline->definition;
	TupleDesc desc = CreateTemplateTupleDesc(BOUNCE_COLUMNS + definition_measures(pipeline, false));

	for (int i = 0; i < BOUNCE_COLUMNS; i++)
		add_column(desc, i, columns[i].name, columns[i].type);
	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
	{
		const MeasureDefinition *measure = &definition->measures[i];

		if (!measure->of_events)
			add_column(desc, BOUNCE_COLUMNS + measure->index, measure->name,
					   measure_type(pipeline, measure));
	}
	sz_finish_tuple_desc(desc);
	return desc;
}

/*
 * report_may_fail reports an expression that might raise an error on a session.
 */
static void
report_may_fail(const char *text)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		 errmsg("argument bounce may contain nothing that could fail on a session: %s", text),
		 errdetail("It compares events, page_views, distinct_pages, duration and the measures of "
				   "sessions with constants or with each other (=, <>, <, <=, >, >=, IN, "
				   "BETWEEN, IS NULL), by AND, OR, NOT, CASE and coalesce.  Arithmetic and other "
				   "functions are not allowed."),
		 errhint("For instance: bounce => 'events = 1 AND duration < ''10 seconds'''.  What has "
				 "to be computed can be a measure: sessionize.add_measure.")));
}

/*
 * parse returns the expression, simplified.
 */
static Node *
parse(const Pipeline *pipeline, TupleDesc desc)
{
	int level = pinned_settings_enter();
	Node *given = expression_parse_over(desc, "bounce", pipeline->bounce);
	Node *value = expression_convert(given, BOOLOID, false);

	if (value == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("argument bounce must be of type boolean, not %s",
							   format_type_be(exprType(given))),
						errhint("For instance: bounce => 'events = 1'.")));
	/* before it is simplified, which would call functions, or replace them by their bodies */
	if (expression_calls_users(value))
		report_may_fail(pipeline->bounce);
	value = expression_simplify(value);
	if (!expression_cannot_fail(value))
		report_may_fail(pipeline->bounce);
	pinned_settings_leave(level);
	return value;
}

/*
 * bounce_create prepares to evaluate the expression.
 */
Bounce *
bounce_create(const Pipeline *pipeline)
{
	TupleDesc desc;
	Bounce *bounce;

	if (pipeline->bounce == NULL)
		return NULL;
	bounce = palloc0(sizeof(Bounce));
	desc = session_desc(pipeline);
	bounce->nmeasures = desc->natts - BOUNCE_COLUMNS;
	bounce->slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	bounce->econtext = CreateStandaloneExprContext();
	bounce->state = ExecInitExpr((Expr *) parse(pipeline, desc), NULL);
	return bounce;
}

/*
 * bounce_is tells whether the expression is true of a session.
 */
bool
bounce_is(Bounce *bounce, const DerivedSession *session)
{
	TupleTableSlot *slot = ExecClearTuple(bounce->slot);
	bool isnull;
	Datum result;

	bounce->duration.time = session->ended_at - session->started_at;
	memset(slot->tts_isnull, 0, BOUNCE_COLUMNS * sizeof(bool));
	slot->tts_values[BOUNCE_EVENTS] = Int64GetDatum(session->events);
	slot->tts_values[BOUNCE_PAGE_VIEWS] = Int64GetDatum(session->page_views);
	slot->tts_values[BOUNCE_DISTINCT_PAGES] = Int64GetDatum(session->distinct_pages);
	slot->tts_values[BOUNCE_DURATION] = IntervalPGetDatum(&bounce->duration);
	for (int i = 0; i < bounce->nmeasures; i++)
	{
		slot->tts_values[BOUNCE_COLUMNS + i] = session->measures[i].value;
		slot->tts_isnull[BOUNCE_COLUMNS + i] = session->measures[i].isnull;
	}
	ExecStoreVirtualTuple(slot);
	ResetExprContext(bounce->econtext);
	bounce->econtext->ecxt_scantuple = slot;
	result = ExecEvalExprSwitchContext(bounce->state, bounce->econtext, &isnull);
	return !isnull && DatumGetBool(result);
}

/*
 * bounce_check reports an expression that is not valid.
 */
void
bounce_check(const Pipeline *pipeline)
{
	if (pipeline->bounce != NULL)
		(void) parse(pipeline, session_desc(pipeline));
}

/*
 * bounce_uses tells whether a measure occurs in the expression.
 */
bool
bounce_uses(const Pipeline *pipeline, const char *measure)
{
	TupleDesc desc;
	ListCell *cell;

	if (pipeline->bounce == NULL)
		return false;
	desc = session_desc(pipeline);
	foreach (cell, pull_var_clause(parse(pipeline, desc), 0))
		if (strcmp(NameStr(TupleDescAttr(desc, lfirst_node(Var, cell)->varattno - 1)->attname),
				   measure) == 0)
			return true;
	return false;
}
