/*
 * subset_premise.c
 *		What is known of the documents that are looked at.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/json.h"

#include "contract/subset_budget.h"
#include "contract/subset_equal.h"
#include "contract/subset_premise.h"

/* Values with more properties or items are not described by these. */
#define MAX_PARTS 100

/*
 * is_known tells whether a fact is among others: the same schema, or an equal one if asked.
 */
static bool
is_known(const List *facts, const SubsetSchema *schema, bool negated, bool or_equal)
{
	ListCell *cell;

	subset_spend(1 + (uint64) list_length(facts) / SUBSET_COMPARED);
	foreach (cell, facts)
	{
		const SubsetFact *fact = lfirst(cell);

		if (fact->negated == negated &&
			(subset_same(fact->schema, schema) || (or_equal && subset_equal(fact->schema, schema))))
			return true;
	}
	return false;
}

/*
 * add_fact adds a fact that is not known yet.
 */
static void
add_fact(SubsetPremise *premise, const SubsetSchema *schema, bool negated)
{
	SubsetFact *fact;

	if (schema == NULL)
		return;
	if (subset_is_bool(schema, negated))
		premise->impossible = true;
	if (schema->value.type == jbvBool || is_known(premise->facts, schema, negated, false))
		return;
	fact = palloc(sizeof(SubsetFact));
	fact->schema = schema;
	fact->negated = negated;
	premise->facts = lappend(premise->facts, fact);
}

/*
 * add_all adds the schemas of a list as facts.
 */
static void
add_all(SubsetPremise *premise, const List *schemas, bool negated)
{
	ListCell *cell;

	foreach (cell, schemas)
		add_fact(premise, lfirst(cell), negated);
}

SubsetSchema *
subset_having(const SubsetSchema *origin, const JsonbValue *name)
{
	return subset_made_schema(origin, psprintf("{\"required\": [%s]}", subset_value_json(name)));
}

/*
 * append_object_schema writes the keywords that fit an object alone.
 */
static void
append_object_schema(StringInfo out, const JsonbValue *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(object->val.binary.data);
	JsonbValue value;
	JsonbIteratorToken token;
	StringInfoData required;
	const char *separator = "";

	initStringInfo(&required);
	appendStringInfoString(out, ", \"type\": \"object\", \"additionalProperties\": false, "
								"\"properties\": {");
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_KEY)
		{
			char *key = subset_value_json(&value);

			appendStringInfo(out, "%s%s: ", separator, key);
			appendStringInfo(&required, "%s%s", separator, key);
			separator = ", ";
		}
		else if (token == WJB_VALUE)
			appendStringInfo(out, "{\"const\": %s}", subset_value_json(&value));
	}
	appendStringInfo(out, "}, \"required\": [%s]", required.data);
}

/*
 * append_array_schema writes the keywords that fit an array alone.
 */
static void
append_array_schema(StringInfo out, const JsonbValue *array)
{
	List *values = subset_values(array);
	const char *separator = "";
	ListCell *cell;

	appendStringInfo(out,
					 ", \"type\": \"array\", \"items\": false, \"minItems\": %d, "
					 "\"maxItems\": %d, \"prefixItems\": [",
					 list_length(values), list_length(values));
	foreach (cell, values)
	{
		appendStringInfo(out, "%s{\"const\": %s}", separator, subset_value_json(lfirst(cell)));
		separator = ", ";
	}
	appendStringInfoString(out, "]");
}

/*
 * subset_value_schema makes a schema that only one value is valid by.
 */
SubsetSchema *
subset_value_schema(const SubsetSchema *origin, const JsonbValue *value)
{
	StringInfoData out;
	char *json = subset_value_json(value);

	initStringInfo(&out);
	appendStringInfo(&out, "{\"const\": %s", json);
	if (value->type == jbvNumeric)
		appendStringInfo(&out, ", \"minimum\": %s, \"maximum\": %s", json, json);
	else if (value->type == jbvString)
	{
		int len = pg_mbstrlen_with_len(value->val.string.val, value->val.string.len);

		appendStringInfo(&out, ", \"minLength\": %d, \"maxLength\": %d", len, len);
	}
	else if (value->type == jbvBinary && JsonContainerSize(value->val.binary.data) <= MAX_PARTS)
	{
		if ((value->val.binary.data->header & JB_FOBJECT) != 0)
			append_object_schema(&out, value);
		else
			append_array_schema(&out, value);
	}
	appendStringInfoChar(&out, '}');
	return subset_made_schema(origin, out.data);
}

/*
 * only_value returns the value that a schema allows alone, by "const" or by "enum"; or NULL.
 */
static const JsonbValue *
only_value(const SubsetSchema *schema)
{
	const JsonbValue *value = subset_get(schema, SUBSET_CONST);
	const JsonbValue *list = subset_get(schema, SUBSET_ENUM);
	List *values;

	if (value != NULL || list == NULL)
		return value;
	values = subset_values(list);
	return list_length(values) == 1 ? linitial(values) : NULL;
}

/*
 * add_value notes that a schema allows one value alone.
 */
static void
add_value(SubsetPremise *premise, const SubsetSchema *schema)
{
	const JsonbValue *value = only_value(schema);

	if (value == NULL)
		return;
	if (premise->value != NULL)
	{
		if (!subset_value_equal(premise->value, value))
			premise->impossible = true;
		return;
	}
	premise->value = value;
	add_fact(premise, subset_value_schema(schema, value), false);
}

/*
 * add_consequences adds what follows from a schema by itself.
 */
static void
add_consequences(SubsetPremise *premise, const SubsetSchema *schema)
{
	List *any_of = subset_list(schema, SUBSET_ANY_OF);
	List *one_of = subset_list(schema, SUBSET_ONE_OF);

	if (subset_get(schema, SUBSET_REF) != NULL)
		add_fact(premise, subset_resolve(schema), false);
	add_all(premise, subset_list(schema, SUBSET_ALL_OF), false);
	if (list_length(any_of) == 1)
		add_all(premise, any_of, false);
	if (list_length(one_of) == 1)
		add_all(premise, one_of, false);
	add_fact(premise, subset_member(schema, SUBSET_NOT), true);
	add_value(premise, schema);
}

/*
 * add_negated_consequences adds what follows from a schema that documents are not valid by.
 */
static void
add_negated_consequences(SubsetPremise *premise, const SubsetSchema *schema)
{
	SubsetKeyword keyword;
	int count = subset_count_keywords(schema, &keyword);

	if (count == 0)
		premise->impossible = true;
	if (count != 1)
		return;
	if (keyword == SUBSET_NOT)
		add_fact(premise, subset_member(schema, keyword), false);
	else if (keyword == SUBSET_ANY_OF)
		add_all(premise, subset_list(schema, keyword), true);
	else if (keyword == SUBSET_REF)
		add_fact(premise, subset_resolve(schema), true);
}

/*
 * add_conditional adds "then" or "else" where it is known which of them holds.
 */
static void
add_conditional(SubsetPremise *premise, const SubsetSchema *schema)
{
	SubsetSchema *condition = subset_member(schema, SUBSET_IF);

	if (condition == NULL)
		return;
	if (subset_is_open(condition) || is_known(premise->facts, condition, false, true))
		add_fact(premise, subset_member(schema, SUBSET_THEN), false);
	else if (subset_is_bool(condition, false) || is_known(premise->facts, condition, true, true))
		add_fact(premise, subset_member(schema, SUBSET_ELSE), false);
}

/*
 * is_object tells whether all documents surely are objects.
 */
static bool
is_object(const SubsetPremise *premise)
{
	ListCell *cell;

	if ((premise->split_types & ~TYPE_OBJECT) == 0)
		return true;
	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *type = fact->negated ? NULL : subset_get(fact->schema, SUBSET_TYPE);

		if (type != NULL && type->type == jbvString && type->val.string.len == 6 &&
			memcmp(type->val.string.val, "object", 6) == 0)
			return true;
	}
	return false;
}

/*
 * add_dependent adds what must hold of documents with a property that they must have: other
 * properties, and, for documents that are objects, schemas.
 */
static void
add_dependent(SubsetPremise *premise, const SubsetSchema *schema, SubsetKeyword keyword)
{
	ListCell *cell;

	foreach (cell, subset_names(schema, keyword))
	{
		const JsonbValue *name = lfirst(cell);
		ListCell *other;

		if (!subset_requires(premise, name))
			continue;
		if (is_object(premise))
			add_fact(premise, subset_named(schema, keyword, name), false);
		foreach (other, subset_values(subset_of_name(schema, keyword, name)))
		{
			const JsonbValue *required = lfirst(other);

			if (required->type == jbvString && !subset_requires(premise, required))
				add_fact(premise, subset_having(schema, required), false);
		}
	}
}

/*
 * conclude adds what follows from the facts, until nothing more does.
 */
static void
conclude(SubsetPremise *premise)
{
	int done = 0;
	int known;

	check_stack_depth();
	do
	{
		CHECK_FOR_INTERRUPTS();
		for (; done < list_length(premise->facts) && !premise->impossible; done++)
		{
			const SubsetFact *fact = list_nth(premise->facts, done);

			if (fact->negated)
				add_negated_consequences(premise, fact->schema);
			else
				add_consequences(premise, fact->schema);
		}
		known = list_length(premise->facts);
		for (int i = 0; i < known && !premise->impossible; i++)
		{
			const SubsetFact *fact = list_nth(premise->facts, i);

			if (fact->negated)
				continue;
			add_conditional(premise, fact->schema);
			add_dependent(premise, fact->schema, SUBSET_DEPENDENT_REQUIRED);
			add_dependent(premise, fact->schema, SUBSET_DEPENDENT_SCHEMAS);
			add_dependent(premise, fact->schema, SUBSET_DEPENDENCIES);
		}
	} while (!premise->impossible && list_length(premise->facts) > known);
}

/*
 * start sets what a premise begins with, and what follows.
 */
static void
start(SubsetPremise *premise)
{
	subset_spend((uint64) list_length(premise->facts));
	premise->given = list_copy(premise->facts);
	premise->has_types = false;
	conclude(premise);
}

SubsetPremise *
subset_premise(const SubsetSchema *schema)
{
	SubsetPremise *premise = palloc0(sizeof(SubsetPremise));

	premise->split_types = TYPE_ANY;
	premise->declared = list_make1(unconstify(SubsetSchema *, schema));
	add_fact(premise, schema, false);
	start(premise);
	return premise;
}

SubsetPremise *
subset_premise_below(const SubsetPremise *around, List *declared, List *schemas)
{
	SubsetPremise *premise = palloc0(sizeof(SubsetPremise));

	premise->split_types = TYPE_ANY;
	premise->level = around->level + 1;
	premise->declared = declared;
	add_all(premise, schemas, false);
	start(premise);
	return premise;
}

/*
 * subset_premise_with returns what is known of the same documents, and one thing more.
 */
SubsetPremise *
subset_premise_with(const SubsetPremise *premise, const SubsetSchema *schema, bool negated)
{
	SubsetPremise *more = palloc(sizeof(SubsetPremise));

	*more = *premise;
	more->facts = list_copy(premise->facts);
	more->splits = list_copy(premise->splits);
	add_fact(more, schema, negated);
	start(more);
	return more;
}

/*
 * subset_premise_without returns what is known of the same documents but for one fact.
 */
SubsetPremise *
subset_premise_without(const SubsetPremise *premise, const SubsetFact *fact)
{
	SubsetPremise *less = palloc(sizeof(SubsetPremise));

	*less = *premise;
	subset_spend((uint64) list_length(premise->facts));
	less->facts = list_delete_ptr(list_copy(premise->facts), unconstify(SubsetFact *, fact));
	less->splits = list_copy(premise->splits);
	less->given = list_copy(less->facts);
	less->has_types = false;
	return less;
}

void
subset_mark_split(SubsetPremise *premise, const SubsetSchema *schema, SubsetKeyword keyword)
{
	SubsetSplit *split = palloc(sizeof(SubsetSplit));

	split->schema = schema;
	split->keyword = keyword;
	premise->splits = lappend(premise->splits, split);
}

bool
subset_is_split(const SubsetPremise *premise, const SubsetSchema *schema, SubsetKeyword keyword)
{
	ListCell *cell;

	foreach (cell, premise->splits)
	{
		const SubsetSplit *split = lfirst(cell);

		if (split->keyword == keyword && subset_same(split->schema, schema))
			return true;
	}
	return false;
}

/*
 * subset_requires tells whether documents that are objects must have a property.
 */
bool
subset_requires(const SubsetPremise *premise, const JsonbValue *name)
{
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);

		if (!fact->negated && subset_lists(fact->schema, SUBSET_REQUIRED, name))
			return true;
	}
	return false;
}

/*
 * subset_knows_unevaluated tells whether a schema's unevaluatedProperties or unevaluatedItems is
 * known to hold, since some fact has the same one beside the same schemas.
 */
bool
subset_knows_unevaluated(const SubsetPremise *premise, const SubsetSchema *schema,
						 SubsetKeyword keyword)
{
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);

		if (!fact->negated && fact->schema->value.type != jbvBool &&
			subset_equal_unevaluated(fact->schema, schema, keyword))
			return true;
	}
	return false;
}

/*
 * same_facts tells whether all facts of one list are in another one of the same length.
 */
static bool
same_facts(const List *a, const List *b)
{
	ListCell *cell;

	if (list_length(a) != list_length(b))
		return false;
	foreach (cell, a)
	{
		const SubsetFact *fact = lfirst(cell);

		if (!is_known(b, fact->schema, fact->negated, false))
			return false;
	}
	return true;
}

bool
subset_same_premise(const SubsetPremise *a, const SubsetPremise *b)
{
	ListCell *a_cell;
	ListCell *b_cell;

	if (a->impossible != b->impossible || a->split_types != b->split_types ||
		list_length(a->declared) != list_length(b->declared) || !same_facts(a->given, b->given))
		return false;
	forboth (a_cell, a->declared, b_cell, b->declared)
		if (!subset_same(lfirst(a_cell), lfirst(b_cell)))
			return false;
	return true;
}
