/*
 * source_change.h
 *		A change of the attributes of a pipeline, which are further columns of the view "source" and
 *		of the table "sealed", or of its filter.
 *
 * A view can't lose a column by CREATE OR REPLACE VIEW.  So an attribute that is no longer used
 * stays as a column that is always NULL, and is used again by the next attribute of its name and
 * type.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_CHANGE_H
#define SESSIONIZE_SOURCE_CHANGE_H

#include "utils/rel.h"

#include "catalog/definition.h"

/* The alias of the raw table in the expressions of the view. */
#define SOURCE_CHANGE_ALIAS "t"

/* An attribute with another expression. */
typedef struct ChangedAttribute
{
	int number;
	AttributeDefinition definition;
	Oid type;
	const char *sql; /* the new expression of the view */
} ChangedAttribute;

#define SOURCE_CHANGE_MAX 32

typedef struct SourceChange
{
	const Pipeline *pipeline;
	Relation raw;
	int count;
	int added;    /* number of attributes that are new */
	Node *filter; /* the new filter, over range table index 1; NULL: it stays */
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

/* Change the view and the table, as the pipeline's owner with pinned settings, and the catalog. */
extern void source_change_apply(const SourceChange *change);

#endif /* SESSIONIZE_SOURCE_CHANGE_H */
