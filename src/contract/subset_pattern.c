/*
 * subset_pattern.c
 *		Whether a text matches a regular expression of a schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "contract/pattern.h"
#include "contract/subset_budget.h"
#include "contract/subset_pattern.h"

/* Longer texts are not looked at. */
#define MAX_TEXT 10000

/* The work of compiling a regular expression, and for each state and way of it. */
#define COMPILE_WORK 1000
#define WEIGHT_WORK  50

/*
 * match_text matches a text with a regular expression, in memory that the caller drops.
 */
static SubsetMatch
match_text(TextView regex, TextView text)
{
	char *fault;
	Pattern *pattern = pattern_compile(regex, &fault);

	if (pattern == NULL)
		return SUBSET_MATCH_UNKNOWN;
	subset_spend((uint64) pattern_weight(pattern) * WEIGHT_WORK);
	return pattern_matches(pattern, text) ? SUBSET_MATCH : SUBSET_NO_MATCH;
}

SubsetMatch
subset_match(const JsonbValue *pattern, const JsonbValue *text)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext memory;
	SubsetMatch match;

	if (pattern->type != jbvString || text->type != jbvString || text->val.string.len > MAX_TEXT)
		return SUBSET_MATCH_UNKNOWN;
	subset_spend(COMPILE_WORK + (uint64) text->val.string.len);
	memory = AllocSetContextCreate(caller, "sessionize match", ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(memory);
	match = match_text((TextView){pattern->val.string.val, (uint32) pattern->val.string.len},
					   (TextView){text->val.string.val, (uint32) text->val.string.len});
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(memory);
	return match;
}
