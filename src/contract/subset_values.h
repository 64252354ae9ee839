/*
 * subset_values.h
 *		Sets of values of JSON.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_VALUES_H
#define SESSIONIZE_SUBSET_VALUES_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef struct SubsetValueSet SubsetValueSet;

/* The set of the values in a list of JsonbValue. */
extern SubsetValueSet *subset_value_set(const List *values);

/* Whether a value is in a set. */
extern bool subset_value_set_has(const SubsetValueSet *set, const JsonbValue *value);

/* How many different values are in a set. */
extern int subset_value_set_size(const SubsetValueSet *set);

#endif /* SESSIONIZE_SUBSET_VALUES_H */
