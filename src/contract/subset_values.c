/*
 * subset_values.c
 *		Sets of values of JSON.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/json_compare.h"
#include "contract/subset_budget.h"
#include "contract/subset_values.h"

/* The different values, in order. */
struct SubsetValueSet
{
	JsonView *values;
	int size;
};

/*
 * view_of returns a value as it is read where it lies.
 */
static JsonView
view_of(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNull:
			return (JsonView){NULL, 0, JSON_NULL, false};
		case jbvBool:
			return (JsonView){NULL, 0, JSON_BOOL, value->val.boolean};
		case jbvNumeric:
			return (JsonView){(const char *) value->val.numeric, 0, JSON_NUMBER, false};
		case jbvString:
			return (JsonView){value->val.string.val, (uint32) value->val.string.len, JSON_STRING,
							  false};
		default:
			return json_of_container(value->val.binary.data);
	}
}

static int
compare_views(const void *a, const void *b)
{
	subset_spend(1);
	return json_order(*(const JsonView *) a, *(const JsonView *) b);
}

SubsetValueSet *
subset_value_set(const List *values)
{
	SubsetValueSet *set = palloc(sizeof(SubsetValueSet));
	int count = list_length(values);
	ListCell *cell;

	set->values = palloc((count + 1) * sizeof(JsonView));
	foreach (cell, values)
		set->values[foreach_current_index(cell)] = view_of(lfirst(cell));
	qsort(set->values, count, sizeof(JsonView), compare_views);
	set->size = 0;
	for (int i = 0; i < count; i++)
	{
		if (set->size == 0 || json_order(set->values[set->size - 1], set->values[i]) != 0)
			set->values[set->size++] = set->values[i];
	}
	return set;
}

bool
subset_value_set_has(const SubsetValueSet *set, const JsonbValue *value)
{
	JsonView wanted = view_of(value);

	return bsearch(&wanted, set->values, set->size, sizeof(JsonView), compare_views) != NULL;
}

int
subset_value_set_size(const SubsetValueSet *set)
{
	return set->size;
}
