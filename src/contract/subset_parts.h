/*
 * subset_parts.h
 *		What is known of the properties and items of documents.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_PARTS_H
#define SESSIONIZE_SUBSET_PARTS_H

#include "postgres.h"

#include "contract/subset_premise.h"

/* A schema of all properties but those that other schemas name, or that match their patterns. */
typedef struct SubsetRest
{
	List *beside;   /* the other schemas */
	List *patterns; /* of these */
	SubsetSchema *schema;
} SubsetRest;

/* The schemas of an array's first items and of all others; rest is NULL if there is none. */
typedef struct SubsetItems
{
	List *prefix;
	SubsetSchema *rest;
	SubsetKeyword rest_keyword;
} SubsetItems;

/*
 * What additionalProperties or unevaluatedProperties speaks of: of not less than that if at_most is
 * false, of not more if it is true.  False if it speaks of nothing, or that is not known.
 */
extern bool
subset_rest(const SubsetSchema *schema, SubsetKeyword keyword, bool at_most, SubsetRest *rest);

/* Whether a rest leaves a property out: by its name, or surely by a pattern. */
extern bool subset_rest_excepts(const SubsetRest *rest, const JsonbValue *name);

/* The value of a property. */
extern SubsetPremise *subset_property(const SubsetPremise *premise, const JsonbValue *name);

/*
 * The value of a property that no fact names and that matches no pattern of a list; one of names
 * that match a pattern, if there is one; valid by one schema more, if there is one.
 */
extern SubsetPremise *subset_other_property(const SubsetPremise *premise, const List *unmatched,
											const JsonbValue *pattern, SubsetSchema *more);

/* The names of all properties that the facts name. */
extern List *subset_property_names(const SubsetPremise *premise);

/* How the items of an array are described by a schema. */
extern SubsetItems subset_items(const SubsetSchema *schema);

/* How many first items the facts describe apart. */
extern int subset_prefix_length(const SubsetPremise *premise);

/* How many items an array can have at most. */
extern int subset_most_items(const SubsetPremise *premise);

/* An item of an array. */
extern SubsetPremise *subset_item(const SubsetPremise *premise, int index);

/* Any item of an array, valid by one schema more, if there is one. */
extern SubsetPremise *subset_any_item(const SubsetPremise *premise, SubsetSchema *more);

#endif /* SESSIONIZE_SUBSET_PARTS_H */
