/*
 * subset_show.c
 *		The comparison of two schemas, keyword by keyword.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/subset_applied.h"
#include "contract/subset_array.h"
#include "contract/subset_cases.h"
#include "contract/subset_equal.h"
#include "contract/subset_impossible.h"
#include "contract/subset_object.h"
#include "contract/subset_shape.h"
#include "contract/subset_show.h"
#include "contract/subset_value.h"

typedef struct KeywordRow
{
	SubsetTypes types; /* documents of other types are valid by the keyword */
	SubsetComparison compare;
} KeywordRow;

static const KeywordRow keywords[SUBSET_KEYWORDS] = {
#define SUBSET_KEYWORD(symbol, keyword, drafts, kind, types, function) {types, function},
#include "contract/subset_keyword_list.h"
#undef SUBSET_KEYWORD
};

static bool show_keyword(SubsetProof *proof, const SubsetPremise *premise,
						 const SubsetSchema *schema, SubsetKeyword keyword);

/*
 * is_delegated tells whether a keyword holds if other schemas do, whose keywords are shown case by
 * case anyway.
 */
static bool
is_delegated(SubsetKeyword keyword)
{
	return keyword == SUBSET_REF || keyword == SUBSET_ALL_OF || keyword == SUBSET_IF;
}

/*
 * show_cases shows that documents are valid by a keyword in each of the cases that they fall into.
 */
static bool
show_cases(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
		   SubsetKeyword keyword)
{
	char *path = proof->path;
	char *reason = proof->reason;
	/* the others speak of one type each */
	bool by_type = keywords[keyword].types == TYPE_ANY && keyword != SUBSET_TYPE;
	bool by_value;
	List *cases = subset_cases(premise, by_type, &by_value);
	ListCell *cell;

	foreach (cell, cases)
	{
		const SubsetPremise *one = lfirst(cell);

		if (show_keyword(proof, one, schema, keyword))
			continue;
		if (by_value && one->value != NULL)
			return subset_refuse(proof, schema, keyword,
								 "{to} refuses the value %s, which {from} allows",
								 subset_value_text(one->value));
		/* what refuses all documents says more than what refuses those of one case */
		proof->path = path;
		proof->reason = reason;
		return false;
	}
	return cases != NIL;
}

/*
 * show_keyword shows that documents are valid by a keyword of a schema: at once, or because there
 * are no such documents, or case by case.
 */
static bool
show_keyword(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
			 SubsetKeyword keyword)
{
	subset_step(proof);
	return (subset_types(premise) & keywords[keyword].types) == 0 ||
		   keywords[keyword].compare(proof, premise, schema, keyword) ||
		   subset_impossible(proof, premise) ||
		   (!is_delegated(keyword) && show_cases(proof, premise, schema, keyword));
}

/*
 * show_nothing shows that there are no documents, as a schema wants that is false.
 */
static bool
show_nothing(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema)
{
	if (subset_impossible(proof, premise))
		return true;
	subset_refuse(proof, schema, SUBSET_NOT, "{to} allows nothing here, and {from} does");
	proof->path = subset_path(schema, NULL);
	return false;
}

/*
 * is_fact tells whether documents are known to be valid by a schema that is equal to another one.
 */
static bool
is_fact(const SubsetPremise *premise, const SubsetSchema *schema)
{
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);

		if (!fact->negated && subset_equal(fact->schema, schema))
			return true;
	}
	return false;
}

bool
subset_show(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema)
{
	subset_step(proof);
	if (premise->impossible || subset_is_open(schema))
		return true;
	if (subset_is_bool(schema, false))
		return show_nothing(proof, premise, schema);
	if (is_fact(premise, schema))
		return true;
	for (int i = 0; i < SUBSET_KEYWORDS; i++)
		if (keywords[i].compare != NULL && subset_get(schema, i) != NULL &&
			!show_keyword(proof, premise, schema, i))
			return false;
	return true;
}
