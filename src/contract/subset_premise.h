/*
 * subset_premise.h
 *		What is known of the documents that are looked at while two versions of a schema are
 *		compared: the schemas that they are valid by, and those that they are not valid by.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_PREMISE_H
#define SESSIONIZE_SUBSET_PREMISE_H

#include "postgres.h"

#include "contract/subset_schema.h"

/* The documents are valid by a schema; or not valid, if negated. */
typedef struct SubsetFact
{
	const SubsetSchema *schema;
	bool negated;
} SubsetFact;

/* A keyword of a schema whose cases have been told apart. */
typedef struct SubsetSplit
{
	const SubsetSchema *schema;
	SubsetKeyword keyword;
} SubsetSplit;

typedef struct SubsetPremise
{
	List *declared;          /* the schemas by which one version describes these documents */
	List *given;             /* the facts that it began with */
	List *facts;             /* those, and what follows from them */
	List *splits;            /* whose cases have been told apart already */
	SubsetTypes split_types; /* the types that are left of such a case */
	SubsetTypes types;       /* the types that the facts allow, where has_types */
	bool has_types;
	const JsonbValue *value; /* the only document that there can be; NULL if there may be others */
	bool impossible;         /* no document fulfils the facts */
	int level;               /* how deep below the root of the documents */
} SubsetPremise;

/* What a schema says of documents.  It is what the version says, and all that is known. */
extern SubsetPremise *subset_premise(const SubsetSchema *schema);

/* What is known of a part of documents, from facts and from what the version says of it. */
extern SubsetPremise *
subset_premise_below(const SubsetPremise *around, List *declared, List *schemas);

/* The same documents, of which one thing more is known. */
extern SubsetPremise *
subset_premise_with(const SubsetPremise *premise, const SubsetSchema *schema, bool negated);

/* The same documents, of which one thing is not known. */
extern SubsetPremise *subset_premise_without(const SubsetPremise *premise, const SubsetFact *fact);

/* The cases of a keyword's schema are being told apart. */
extern void
subset_mark_split(SubsetPremise *premise, const SubsetSchema *schema, SubsetKeyword keyword);
extern bool
subset_is_split(const SubsetPremise *premise, const SubsetSchema *schema, SubsetKeyword keyword);

/* Whether documents that are objects must have a property. */
extern bool subset_requires(const SubsetPremise *premise, const JsonbValue *name);

/* Whether documents are known to have nothing unevaluated that a schema does not allow. */
extern bool subset_knows_unevaluated(const SubsetPremise *premise, const SubsetSchema *schema,
									 SubsetKeyword keyword);

/* Whether two premises know the same. */
extern bool subset_same_premise(const SubsetPremise *a, const SubsetPremise *b);

/* The schema {"required": [name]}. */
extern SubsetSchema *subset_having(const SubsetSchema *origin, const JsonbValue *name);

/* A schema that only one value is valid by, with keywords for all that the value is. */
extern SubsetSchema *subset_value_schema(const SubsetSchema *origin, const JsonbValue *value);

#endif /* SESSIONIZE_SUBSET_PREMISE_H */
