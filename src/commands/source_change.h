/*
 * source_change.h
 *		A change of the attributes of a pipeline, which are further columns of the view "source" and
 *		of the table "sealed", or of its mapping.
 *
 * A view can't lose a column by CREATE OR REPLACE VIEW.  So an attribute that is no longer used
 * stays as a column that is always NULL, and is used again by the next attribute of its name and
 * type.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_CHANGE_H
#define SESSIONIZE_SOURCE_CHANGE_H

#include "nodes/pg_list.h"
#include "utils/rel.h"

#include "catalog/definition.h"
#include "commands/mapping.h"

/* An attribute with another expression. */
typedef struct ChangedAttribute
{
	int number;
	AttributeDefinition definition;
	Oid type;
	const char *sql; /* the new expression of the view */
} ChangedAttribute;

#define SOURCE_CHANGE_MAX (ATTRIBUTES_MAX - ATTRIBUTE_COUNT)

typedef struct SourceChange
{
	const Pipeline *pipeline;
	Relation raw; /* NULL: the pipeline is detached from it, so the view stays as it is */
	int count;
	int added;              /* number of attributes that are new */
	const Mapping *mapping; /* the new one; NULL: it stays as it is */
	ChangedAttribute attributes[SOURCE_CHANGE_MAX];
} SourceChange;

/*
 * Add an attribute to the change, and return its number.  name is the name that it gets unless the
 * view has such a column; given is the user's expression, and sql its text for the view.
 */
extern int source_change_add(SourceChange *change, const char *name, const char *given, Oid type,
							 const char *sql);

/* Add to the change that an attribute is no longer used; nothing for -1. */
extern void source_change_remove(SourceChange *change, int number);

/* Add to the change that an attribute has another expression. */
extern void source_change_replace(SourceChange *change, int number, const char *given, Oid type,
								  const char *sql);

/* The query of the view with the change; to be made under pinned settings. */
extern char *source_change_query(const SourceChange *change);

/* The targets of a view with this query. */
extern List *source_targets(const char *query);

/* Whether a column of the view is taken from this expression, as a column's sql in a change. */
extern bool
source_column_is(const Pipeline *pipeline, Relation raw, SourceColumn column, const char *sql);

/*
 * Change the view and the table, as the pipeline's owner with pinned settings, and the catalog's
 * attributes.  If columns get other types, the view is dropped and made anew, with its
 * privileges, and the table's columns are left as they are.  A view that is gone is made anew.
 */
extern void source_change_apply(const SourceChange *change);

#endif /* SESSIONIZE_SOURCE_CHANGE_H */
