/*
 * json_check.h
 *		Whether bytes are JSON, without recursion and without memory of its own.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_JSON_CHECK_H
#define INGEST_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_MAX_DEPTH 1000

/*
 * A key whose value is asked for, if it is a string without escapes, at one of the three outermost
 * levels.  The outermost one counts, and the first of several there.
 */
typedef struct JsonWanted
{
	const char *key;
	const char *value; /* in the checked bytes; NULL if there is none */
	size_t length;
	size_t depth;
} JsonWanted;

/*
 * Check bytes.  NULL if they are one JSON value, or with many one or more, of which those that are no
 * object and no array have white space behind them; else what is wrong at the byte *at.
 */
extern const char *json_check(const char *bytes, size_t length, bool many, JsonWanted *wanted,
							  size_t nwanted, size_t *at);

#endif /* INGEST_JSON_CHECK_H */
