/*
 * subset_in_place.h
 *		The schemas that are applied to the same place of a document, and what they speak of.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_IN_PLACE_H
#define SESSIONIZE_SUBSET_IN_PLACE_H

#include "postgres.h"

#include "contract/subset_schema.h"

/* Schemas that are applied to one place. */
typedef struct SubsetInPlace
{
	List *schemas;
	bool complete; /* no reference leads to others that can't be found */
} SubsetInPlace;

/*
 * The schemas and all that they refer to or consist of; only those that documents are always valid
 * by, if certain.
 */
extern SubsetInPlace subset_in_place(const List *schemas, bool certain);

/* Whether schemas, or what is applied in place with them, may speak of a property. */
extern bool subset_declares(const List *schemas, const JsonbValue *name);

/* What they say of the value of a property; of one that they don't name, if name is NULL. */
extern List *subset_declared_property(const List *schemas, const JsonbValue *name);

/* What they say of the items of an array. */
extern List *subset_declared_items(const List *schemas);

#endif /* SESSIONIZE_SUBSET_IN_PLACE_H */
