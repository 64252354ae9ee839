/*
 * last_value.h
 *		The value of restart_on_change that a key's events had last and that was not NULL.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LAST_VALUE_H
#define SESSIONIZE_LAST_VALUE_H

#include "utils/palloc.h"

#include "utils/text_view.h"
#include "utils/value_digest.h"

typedef struct LastValue
{
	MemoryContext context; /* of the copy; NULL: values live as long as they are used here */
	TextView value;        /* no data: there was none, or its digest alone is known */
	ValueDigest digest;    /* valid if has_digest */
	bool has_digest;
	char *copy;
	Size room;
} LastValue;

/* Begin with a digest, or without a value. */
extern void last_value_begin(LastValue *last, const ValueDigest *digest);

/* Whether a value, which is not NULL, differs from the last one; false if there was none. */
extern bool last_value_differs(LastValue *last, TextView value);

/* Make a value that is not NULL the last one. */
extern void last_value_take(LastValue *last, TextView value);

/* The digest of the last value. */
extern const ValueDigest *last_value_digest(LastValue *last);

#endif /* SESSIONIZE_LAST_VALUE_H */
