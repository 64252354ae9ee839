/*
 * subset_cases.h
 *		The cases that documents fall into.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_CASES_H
#define SESSIONIZE_SUBSET_CASES_H

#include "postgres.h"

#include "contract/subset_premise.h"

/*
 * Premises that have all documents of a premise between them, and know more of them: one for each
 * value of an enumeration, each alternative of anyOf or oneOf, each side of a condition, and,
 * if asked, each type.
 * NIL when no more cases are told apart.  *by_value says whether they are those of an enumeration.
 */
extern List *subset_cases(const SubsetPremise *premise, bool by_type, bool *by_value);

#endif /* SESSIONIZE_SUBSET_CASES_H */
