/*
 * subset_applied.c
 *		How keywords that apply other schemas to the same place are compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/subset_applied.h"
#include "contract/subset_impossible.h"

/* A premise, and what a reference leads to. */
typedef struct ReferredPair
{
	const SubsetPremise *premise;
	const SubsetSchema *target;
	bool shown; /* not only being shown */
} ReferredPair;

/*
 * find_pair returns the pair of a premise and a schema if it is being shown, or has been.  What has
 * been shown for parts of documents at some depth is used at that depth and below, so that it never
 * rests on itself.
 */
static ReferredPair *
find_pair(const SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *target)
{
	ListCell *cell;

	foreach (cell, proof->pairs)
	{
		ReferredPair *pair = lfirst(cell);

		if (subset_same(pair->target, target) && premise->level >= pair->premise->level &&
			subset_same_premise(pair->premise, premise))
			return pair;
	}
	return NULL;
}

/*
 * compare_target shows that documents are valid by the schema that a reference leads to.
 */
static bool
compare_target(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *target)
{
	ReferredPair *pair = palloc(sizeof(ReferredPair));
	int before = list_length(proof->pairs);

	pair->premise = premise;
	pair->target = target;
	pair->shown = false;
	proof->pairs = lappend(proof->pairs, pair);
	if (proof->show(proof, premise, target))
		pair->shown = true;
	else
		proof->pairs = list_truncate(proof->pairs, before);
	return pair->shown;
}

/*
 * compare_ref shows that documents are valid by what $ref leads to.
 */
bool
compare_ref(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			SubsetKeyword keyword)
{
	SubsetSchema *target = subset_resolve(schema);
	ReferredPair *pair;

	if (target == NULL)
		return subset_unproven(proof, schema, keyword,
							   "the reference %s of {to} does not lead to a schema inside it",
							   subset_value_text(subset_get(schema, keyword)));
	pair = find_pair(proof, premise, target);
	if (pair == NULL)
		return compare_target(proof, premise, target);
	if (pair->shown || premise->level > pair->premise->level)
		return true;
	return subset_unproven(proof, schema, keyword,
						   "the reference %s of {to} leads back to itself without end",
						   subset_value_text(subset_get(schema, keyword)));
}

/*
 * compare_dynamic_ref refuses: where such a reference leads is not followed.
 */
bool
compare_dynamic_ref(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
					SubsetKeyword keyword)
{
	(void) premise;
	return subset_unproven(proof, schema, keyword,
						   "dynamic references such as %s of {to} are not followed",
						   subset_value_text(subset_get(schema, keyword)));
}

bool
compare_all_of(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			   SubsetKeyword keyword)
{
	List *schemas = subset_list(schema, keyword);
	ListCell *cell;

	if (schemas == NIL)
		return subset_malformed(proof, schema, keyword);
	foreach (cell, schemas)
		if (!proof->show(proof, premise, lfirst(cell)))
			return false;
	return true;
}

/*
 * compare_any_of shows that documents are valid by one of several schemas, the same for all.
 */
bool
compare_any_of(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			   SubsetKeyword keyword)
{
	List *schemas = subset_list(schema, keyword);
	ListCell *cell;

	if (schemas == NIL)
		return subset_malformed(proof, schema, keyword);
	foreach (cell, schemas)
		if (proof->show(proof, premise, lfirst(cell)))
			return true;
	return subset_unproven(proof, schema, keyword,
						   "no schema of anyOf in {to} accepts all that {from} accepts");
}

/*
 * is_only shows that documents are valid by no other schema of a list.
 */
static bool
is_only(SubsetProof *proof, const SubsetPremise *premise, const List *schemas, int index)
{
	for (int i = 0; i < list_length(schemas); i++)
		if (i != index &&
			!subset_impossible(proof, subset_premise_with(premise, list_nth(schemas, i), false)))
			return false;
	return true;
}

/*
 * compare_one_of shows that documents are valid by one of several schemas, and by no other.
 */
bool
compare_one_of(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			   SubsetKeyword keyword)
{
	List *schemas = subset_list(schema, keyword);

	if (schemas == NIL)
		return subset_malformed(proof, schema, keyword);
	for (int i = 0; i < list_length(schemas); i++)
		if (proof->show(proof, premise, list_nth(schemas, i)))
		{
			if (is_only(proof, premise, schemas, i))
				return true;
			return subset_unproven(proof, schema, keyword,
								   "more than one schema of oneOf in {to} may accept what {from} "
								   "accepts");
		}
	return subset_unproven(proof, schema, keyword,
						   "no schema of oneOf in {to} accepts all that {from} accepts");
}

/*
 * compare_not shows that no documents are valid by a schema.
 */
bool
compare_not(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			SubsetKeyword keyword)
{
	SubsetSchema *refused = subset_member(schema, keyword);

	if (refused == NULL)
		return subset_malformed(proof, schema, keyword);
	return subset_impossible(proof, subset_premise_with(premise, refused, false)) ||
		   subset_unproven(proof, schema, keyword,
						   "{to} refuses %s by not, and {from} may accept some of it",
						   subset_value_text(&refused->value));
}

/*
 * compare_if shows that documents are valid by "then" where they are valid by "if", and by "else"
 * where they are not.
 */
bool
compare_if(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
		   SubsetKeyword keyword)
{
	SubsetSchema *condition = subset_member(schema, keyword);
	SubsetSchema *then = subset_member(schema, SUBSET_THEN);
	SubsetSchema *otherwise = subset_member(schema, SUBSET_ELSE);

	if (condition == NULL)
		return subset_malformed(proof, schema, keyword);
	if (then != NULL && !proof->show(proof, subset_premise_with(premise, condition, false), then))
		return false;
	return otherwise == NULL ||
		   proof->show(proof, subset_premise_with(premise, condition, true), otherwise);
}
