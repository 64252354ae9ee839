/*
 * subset_shape.c
 *		What the facts about documents say together of types, numbers and sizes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "contract/subset_shape.h"

typedef struct TypeName
{
	const char *name;
	SubsetTypes types;
} TypeName;

static const TypeName type_names[] = {
	{"null", TYPE_NULL},       {"boolean", TYPE_BOOLEAN}, {"number", TYPE_NUMBER},
	{"integer", TYPE_INTEGER}, {"string", TYPE_STRING},   {"array", TYPE_ARRAY},
	{"object", TYPE_OBJECT},
};

/*
 * types_of_name returns the types of one name; 0 if there is no such name.
 */
static SubsetTypes
types_of_name(const JsonbValue *name)
{
	if (name->type != jbvString)
		return 0;
	for (int i = 0; i < (int) lengthof(type_names); i++)
		if ((int) strlen(type_names[i].name) == name->val.string.len &&
			memcmp(type_names[i].name, name->val.string.val, name->val.string.len) == 0)
			return type_names[i].types;
	return 0;
}

SubsetTypes
subset_named_types(const JsonbValue *value)
{
	SubsetTypes types = 0;
	ListCell *cell;

	if (value->type == jbvString)
		return types_of_name(value);
	foreach (cell, subset_values(value))
	{
		SubsetTypes one = types_of_name(lfirst(cell));

		if (one == 0)
			return 0;
		types |= one;
	}
	return types;
}

/*
 * is_integer tells whether a number has no fraction.
 */
static bool
is_integer(Numeric number)
{
	Numeric whole = DatumGetNumeric(DirectFunctionCall1(numeric_floor, NumericGetDatum(number)));

	return subset_compare_numbers(whole, number) == 0;
}

/*
 * types_of_value returns the type of a value.
 */
static SubsetTypes
types_of_value(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return TYPE_NULL;
		case jbvBool:
			return TYPE_BOOLEAN;
		case jbvNumeric:
			return is_integer(value->val.numeric) ? TYPE_INTEGER : TYPE_FRACTION;
		case jbvString:
			return TYPE_STRING;
		default:
			return (value->val.binary.data->header & JB_FOBJECT) != 0 ? TYPE_OBJECT : TYPE_ARRAY;
	}
}

/*
 * types_of_schema returns the types that a schema allows.
 */
static SubsetTypes
types_of_schema(const SubsetSchema *schema)
{
	SubsetTypes types = TYPE_ANY;
	JsonbValue *value = subset_get(schema, SUBSET_TYPE);
	ListCell *cell;

	if (value != NULL && subset_named_types(value) != 0)
		types = subset_named_types(value);
	value = subset_get(schema, SUBSET_CONST);
	if (value != NULL)
		types &= types_of_value(value);
	value = subset_get(schema, SUBSET_ENUM);
	if (value != NULL && subset_values(value) != NIL)
	{
		SubsetTypes listed = 0;

		foreach (cell, subset_values(value))
			listed |= types_of_value(lfirst(cell));
		types &= listed;
	}
	return types;
}

/*
 * find_types returns the types that the facts of a premise allow.
 */
static SubsetTypes
find_types(const SubsetPremise *premise)
{
	SubsetTypes types = premise->split_types;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		SubsetKeyword keyword;

		if (!fact->negated)
			types &= types_of_schema(fact->schema);
		else if (subset_count_keywords(fact->schema, &keyword) == 1 && keyword == SUBSET_TYPE)
			types &= ~subset_named_types(subset_get(fact->schema, SUBSET_TYPE));
	}
	return types;
}

SubsetTypes
subset_types(const SubsetPremise *premise)
{
	SubsetPremise *kept = unconstify(SubsetPremise *, premise);

	if (!premise->has_types)
	{
		kept->types = find_types(premise);
		kept->has_types = true;
	}
	return premise->types;
}

/*
 * subset_types_text returns a set of types in words.
 */
char *
subset_types_text(SubsetTypes types)
{
	StringInfoData out;
	const char *separator = "";

	if (types == TYPE_ANY)
		return "any type";
	initStringInfo(&out);
	for (int i = 0; i < (int) lengthof(type_names); i++)
	{
		if ((types & type_names[i].types) != type_names[i].types)
			continue;
		types &= ~type_names[i].types;
		appendStringInfo(&out, "%s%s", separator, type_names[i].name);
		separator = " or ";
	}
	if (types != 0)
		appendStringInfo(&out, "%snumber", separator);
	return out.data;
}

Numeric
subset_integer(int number)
{
	return DatumGetNumeric(DirectFunctionCall1(int4_numeric, Int32GetDatum(number)));
}

int
subset_compare_numbers(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a), NumericGetDatum(b)));
}

/*
 * narrow_bound narrows a bound by a keyword of a schema.
 */
static void
narrow_bound(SubsetBound *bound, const SubsetSchema *schema, SubsetKeyword keyword, bool upper)
{
	JsonbValue *value = subset_get(schema, keyword);
	bool exclusive = keyword == SUBSET_EXCLUSIVE_MINIMUM || keyword == SUBSET_EXCLUSIVE_MAXIMUM;
	int order;

	if (value == NULL || value->type != jbvNumeric)
		return;
	order = bound->value == NULL ? 1 : subset_compare_numbers(value->val.numeric, bound->value);
	if (upper && bound->value != NULL)
		order = -order;
	if (order < 0 || (order == 0 && !exclusive))
		return;
	bound->value = value->val.numeric;
	bound->exclusive = exclusive;
}

SubsetBound
subset_bound(const SubsetPremise *premise, bool upper)
{
	SubsetBound bound = {NULL, false};
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);

		if (fact->negated)
			continue;
		narrow_bound(&bound, fact->schema, upper ? SUBSET_MAXIMUM : SUBSET_MINIMUM, upper);
		narrow_bound(&bound, fact->schema,
					 upper ? SUBSET_EXCLUSIVE_MAXIMUM : SUBSET_EXCLUSIVE_MINIMUM, upper);
	}
	return bound;
}

/*
 * subset_size returns a number as a size.
 */
int
subset_size(const JsonbValue *number)
{
	Datum ceiling = DirectFunctionCall1(numeric_ceil, NumericGetDatum(number->val.numeric));

	if (subset_compare_numbers(DatumGetNumeric(ceiling), subset_integer(SUBSET_MAX_SIZE)) > 0)
		return SUBSET_MAX_SIZE;
	if (subset_compare_numbers(DatumGetNumeric(ceiling), subset_integer(0)) < 0)
		return 0;
	return DatumGetInt32(DirectFunctionCall1(numeric_int4, ceiling));
}

int
subset_least(const SubsetPremise *premise, SubsetKeyword keyword)
{
	int least = 0;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *value = fact->negated ? NULL : subset_get(fact->schema, keyword);

		if (value != NULL && value->type == jbvNumeric)
			least = Max(least, subset_size(value));
	}
	return least;
}

int
subset_greatest(const SubsetPremise *premise, SubsetKeyword keyword)
{
	int greatest = SUBSET_MAX_SIZE;
	ListCell *cell;

	foreach (cell, premise->facts)
	{
		const SubsetFact *fact = lfirst(cell);
		JsonbValue *value = fact->negated ? NULL : subset_get(fact->schema, keyword);

		if (value != NULL && value->type == jbvNumeric)
			greatest = Min(greatest, subset_size(value));
	}
	return greatest;
}

/*
 * subset_is_multiple tells whether a number is a multiple of another one.
 */
bool
subset_is_multiple(Numeric number, Numeric of)
{
	Datum rest;

	if (subset_compare_numbers(of, subset_integer(0)) <= 0)
		return false;
	rest = DirectFunctionCall2(numeric_mod, NumericGetDatum(number), NumericGetDatum(of));
	return subset_compare_numbers(DatumGetNumeric(rest), subset_integer(0)) == 0;
}
