/*
 * subset_equal.c
 *		Whether two schemas say the same.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "contract/subset_budget.h"
#include "contract/subset_equal.h"

/* A pair of schemas that references lead to: equal if nothing tells them apart. */
typedef struct ReferredPair
{
	const SubsetSchema *a;
	const SubsetSchema *b;
} ReferredPair;

static bool equal_schemas(List **pairs, const SubsetSchema *a, const SubsetSchema *b);

/*
 * same_other_document tells whether references of both versions lead to one document.
 */
static bool
same_other_document(const SubsetDocument *a, const SubsetDocument *b)
{
	return a->is_other && b->is_other && a->is_draft_7 == b->is_draft_7 &&
		   strcmp(a->id, b->id) == 0;
}

/*
 * equal_references compares two schemas' references: their texts, and where they lead.
 */
static bool
equal_references(List **pairs, const SubsetSchema *a, const SubsetSchema *b)
{
	SubsetSchema *a_target = subset_resolve(a);
	SubsetSchema *b_target = subset_resolve(b);
	ReferredPair *pair;
	ListCell *cell;

	if (a_target == NULL || b_target == NULL)
	{
		/* to the same place outside of both documents */
		JsonbValue *uri = subset_get(a, SUBSET_REF);

		return a_target == b_target && uri->type == jbvString && uri->val.string.len > 0 &&
			   memchr(uri->val.string.val, ':', uri->val.string.len) != NULL &&
			   !a->document->has_inner_ids && !b->document->has_inner_ids;
	}
	if (same_other_document(a_target->document, b_target->document))
		return true;
	subset_spend((uint64) list_length(*pairs));
	foreach (cell, *pairs)
	{
		pair = lfirst(cell);
		if (subset_same(pair->a, a_target) && subset_same(pair->b, b_target))
			return true;
	}
	pair = palloc(sizeof(ReferredPair));
	pair->a = a_target;
	pair->b = b_target;
	*pairs = lappend(*pairs, pair);
	return equal_schemas(pairs, a_target, b_target);
}

/*
 * equal_lists compares the schemas of two lists one by one.
 */
static bool
equal_lists(List **pairs, List *a, List *b)
{
	ListCell *a_cell;
	ListCell *b_cell;

	if (list_length(a) != list_length(b))
		return false;
	forboth (a_cell, a, b_cell, b)
		if (!equal_schemas(pairs, lfirst(a_cell), lfirst(b_cell)))
			return false;
	return true;
}

/*
 * equal_lists_of_names compares what "dependencies" has in place of schemas.
 */
static bool
equal_lists_of_names(const JsonbValue *a, const JsonbValue *b)
{
	return a != NULL && b != NULL && subset_is_array(a) && subset_value_equal(a, b);
}

/*
 * equal_maps compares the schemas of two schemas' keyword by their names.
 */
static bool
equal_maps(List **pairs, const SubsetSchema *a, const SubsetSchema *b, SubsetKeyword keyword)
{
	List *names = subset_names(a, keyword);
	ListCell *cell;

	if (list_length(names) != list_length(subset_names(b, keyword)))
		return false;
	foreach (cell, names)
	{
		SubsetSchema *a_schema = subset_named(a, keyword, lfirst(cell));
		SubsetSchema *b_schema = subset_named(b, keyword, lfirst(cell));

		if (a_schema != NULL && b_schema != NULL)
		{
			if (!equal_schemas(pairs, a_schema, b_schema))
				return false;
		}
		else if (!equal_lists_of_names(subset_of_name(a, keyword, lfirst(cell)),
									   subset_of_name(b, keyword, lfirst(cell))))
			return false;
	}
	return true;
}

/*
 * equal_keyword compares two schemas by a keyword.
 */
static bool
equal_keyword(List **pairs, const SubsetSchema *a, const SubsetSchema *b, SubsetKeyword keyword)
{
	JsonbValue *a_value = subset_get(a, keyword);
	JsonbValue *b_value = subset_get(b, keyword);
	SubsetKind kind = subset_keyword_kind(keyword);

	if (a_value == NULL || b_value == NULL)
		return a_value == b_value;
	if (kind != SUBSET_REFERENCE && kind != SUBSET_VALUE && a_value->type != b_value->type)
		return false;
	switch (kind)
	{
		case SUBSET_REFERENCE:
			/* where a dynamic one leads, the outermost schema decides */
			return keyword == SUBSET_REF && subset_value_equal(a_value, b_value) &&
				   equal_references(pairs, a, b);
		case SUBSET_SCHEMA:
		case SUBSET_SCHEMAS:
			return subset_list(a, keyword) != NIL &&
				   (subset_member(a, keyword) == NULL) == (subset_member(b, keyword) == NULL) &&
				   equal_lists(pairs, subset_list(a, keyword), subset_list(b, keyword));
		case SUBSET_SCHEMA_MAP:
			return equal_maps(pairs, a, b, keyword);
		default:
			return subset_value_equal(a_value, b_value);
	}
}

/*
 * equal_schemas compares two schemas.
 */
static bool
equal_schemas(List **pairs, const SubsetSchema *a, const SubsetSchema *b)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (subset_same(a, b))
		return true;
	if (a->value.type == jbvBool || b->value.type == jbvBool)
		return subset_value_equal(&a->value, &b->value);
	if (a->document->is_draft_7 != b->document->is_draft_7)
		return false;
	for (int i = 0; i < SUBSET_KEYWORDS; i++)
		if (!equal_keyword(pairs, a, b, i))
			return false;
	return true;
}

/*
 * subset_equal compares two schemas, and leaves no memory behind.
 */
bool
subset_equal(const SubsetSchema *a, const SubsetSchema *b)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext memory =
		AllocSetContextCreate(caller, "sessionize equal schemas", ALLOCSET_SMALL_SIZES);
	List *pairs = NIL;
	bool equal;

	MemoryContextSwitchTo(memory);
	equal = equal_schemas(&pairs, a, b);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(memory);
	return equal;
}

/*
 * subset_equal_unevaluated compares two schemas by unevaluatedProperties or unevaluatedItems, and
 * by all keywords that may evaluate properties or items.
 */
bool
subset_equal_unevaluated(const SubsetSchema *a, const SubsetSchema *b, SubsetKeyword keyword)
{
	static const SubsetKeyword evaluating[] = {SUBSET_REF,
											   SUBSET_DYNAMIC_REF,
											   SUBSET_RECURSIVE_REF,
											   SUBSET_PROPERTIES,
											   SUBSET_PATTERN_PROPERTIES,
											   SUBSET_ADDITIONAL_PROPERTIES,
											   SUBSET_PREFIX_ITEMS,
											   SUBSET_ITEMS,
											   SUBSET_CONTAINS,
											   SUBSET_ALL_OF,
											   SUBSET_ANY_OF,
											   SUBSET_ONE_OF,
											   SUBSET_IF,
											   SUBSET_THEN,
											   SUBSET_ELSE,
											   SUBSET_NOT,
											   SUBSET_DEPENDENT_SCHEMAS};
	List *pairs = NIL;

	if (subset_get(a, keyword) == NULL || !equal_keyword(&pairs, a, b, keyword))
		return false;
	for (int i = 0; i < (int) lengthof(evaluating); i++)
		if (!equal_keyword(&pairs, a, b, evaluating[i]))
			return false;
	return true;
}
