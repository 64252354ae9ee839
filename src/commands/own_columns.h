/*
 * own_columns.h
 *		What is common to the commands that add columns of the user's own, and drop them: measures
 *		and dimensions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_OWN_COLUMNS_H
#define SESSIONIZE_OWN_COLUMNS_H

#include "fmgr.h"
#include "nodes/nodes.h"
#include "utils/rel.h"

#include "catalog/pipeline.h"
#include "commands/source_change.h"
#include "compat.h"
#include "star/star.h"

/* A text argument; NULL for SQL's NULL and for an empty text. */
extern char *own_text_argument(FunctionCallInfo fcinfo, int argno);

/* The pipeline of the first argument, locked against refreshes and other changes. */
extern Pipeline *own_lock_pipeline(FunctionCallInfo fcinfo);

/* Report an argument whose value is not one of a few. */
pg_noreturn extern void
own_report_choice(const char *argument, const char *given, const char *choices);

/* Whether an argument says that each event has a value, rather than each session. */
extern bool own_grain_argument(FunctionCallInfo fcinfo, int argno, const Pipeline *pipeline);

/* The view over the events, or over the sessions. */
static inline StarViewId
own_view(bool of_events)
{
	return of_events ? VIEW_EVENTS : VIEW_SESSIONS;
}

/* Whether the view, or the fact below it, has a column of a name; report such a name. */
extern bool own_column_is_taken(const Pipeline *pipeline, const StarView *view, const char *name);
extern void own_check_column(const Pipeline *pipeline, const StarView *view, const char *name,
							 const char *what);

/* Report that a pipeline has as many measures, or dimensions, as it can have. */
extern void own_check_count(const Pipeline *pipeline, const char *what, int count, int most);

/*
 * Parse an expression over the raw row, given in an argument, and convert it to the type in which
 * its values are kept.  It must be immutable.
 */
extern Node *own_value_parse(Relation raw, const char *argument, const char *text, Oid *type);

/*
 * The text of such an expression for the view "source".  one_form: numbers that are equal have the
 * same bytes.
 */
extern char *own_value_sql(Relation raw, Node *value, Oid type, bool one_form);

/* The pipeline, which may be detached from its raw table, with its changed definition. */
extern Pipeline *own_load_changed(const Pipeline *pipeline);

/* Whether an attribute, -1 for none, has this type and this text in the view; NULL for none. */
extern bool
own_attribute_is(const Pipeline *pipeline, Relation raw, int attribute, Oid type, const char *sql);

/*
 * Take the attribute "present", -1 for none, for another expression of the same type, or else have
 * it no longer used and add one, unless sql is NULL.  Returns the attribute's number.
 */
extern int own_attribute_change(SourceChange *change, int present, const char *name,
								const char *given, Oid type, const char *sql);

/* Store the user's expression of an attribute; nothing for -1. */
extern void own_attribute_note(const Pipeline *pipeline, int attribute, const char *given);

/* Whether two texts, NULL for none, are equal. */
extern bool own_same_text(const char *a, const char *b);

#endif /* SESSIONIZE_OWN_COLUMNS_H */
