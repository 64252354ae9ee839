/*
 * json_compare.h
 *		Values inside a jsonb, compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_JSON_COMPARE_H
#define SESSIONIZE_JSON_COMPARE_H

#include "postgres.h"

#include "contract/json_view.h"

/* Whether two values are equal as jsonb has it: numbers by value, keys in any order. */
extern bool json_equal(JsonView a, JsonView b);

/* Less than, equal to or greater than zero in some order of values, in which equal ones are equal. */
extern int json_order(JsonView a, JsonView b);

/*
 * Whether all elements of an array are different.  If not, pair (unless it is NULL) gets the
 * numbers of two that are equal.
 */
extern bool json_is_unique(JsonView array, uint32 *pair);

/* A hash that equal values share. */
extern uint64 json_hash(JsonView value);

#endif /* SESSIONIZE_JSON_COMPARE_H */
