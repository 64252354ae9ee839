/*
 * subset_equal.h
 *		Whether two schemas say the same, annotations left out.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_EQUAL_H
#define SESSIONIZE_SUBSET_EQUAL_H

#include "postgres.h"

#include "contract/subset_schema.h"

/*
 * Whether two schemas, perhaps of two documents, have the same keywords with the same values.
 * References are equal if they lead to equal schemas.
 */
extern bool subset_equal(const SubsetSchema *a, const SubsetSchema *b);

/* Whether two schemas are equal in all by which it is decided what is unevaluated, and in that. */
extern bool
subset_equal_unevaluated(const SubsetSchema *a, const SubsetSchema *b, SubsetKeyword keyword);

#endif /* SESSIONIZE_SUBSET_EQUAL_H */
