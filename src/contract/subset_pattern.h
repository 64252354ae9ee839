/*
 * subset_pattern.h
 *		Whether a text matches a regular expression of a schema, where that can be told simply.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_PATTERN_H
#define SESSIONIZE_SUBSET_PATTERN_H

#include "postgres.h"

#include "utils/jsonb.h"

typedef enum SubsetMatch
{
	SUBSET_NO_MATCH,
	SUBSET_MATCH,
	SUBSET_MATCH_UNKNOWN
} SubsetMatch;

/*
 * Match a text with a regular expression, both strings of JSON.  It is not known of an expression
 * that can't be used, nor of a long text.
 */
extern SubsetMatch subset_match(const JsonbValue *pattern, const JsonbValue *text);

#endif /* SESSIONIZE_SUBSET_PATTERN_H */
