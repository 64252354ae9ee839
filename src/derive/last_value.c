/*
 * last_value.c
 *		The value of restart_on_change that a key's events had last and that was not NULL.
 *
 * The digest is computed only where it is asked for: values are compared by their bytes as long as
 * these are known.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "derive/last_value.h"

/*
 * last_value_begin begins with a digest.
 */
void
last_value_begin(LastValue *last, const ValueDigest *digest)
{
	last->value = (TextView){NULL, 0};
	last->digest = *digest;
	last->has_digest = true;
}

/*
 * last_value_digest returns the digest of the last value.
 */
const ValueDigest *
last_value_digest(LastValue *last)
{
	if (!last->has_digest)
		last->digest = value_digest(last->value);
	last->has_digest = true;
	return &last->digest;
}

/*
 * last_value_differs tells whether a value differs from the last one.
 */
bool
last_value_differs(LastValue *last, TextView value)
{
	ValueDigest digest;

	if (last->value.data != NULL)
		return !text_view_equal(last->value, value);
	if (!last->digest.is_set)
		return false;
	digest = value_digest(value);
	return !value_digest_equal(&last->digest, &digest);
}

/*
 * keep returns a value that lives until the next one is kept.
 */
static TextView
keep(LastValue *last, TextView value)
{
	if (last->context == NULL)
		return value;
	if (last->room < Max(value.len, 1))
	{
		if (last->copy != NULL)
			pfree(last->copy);
		last->room = Max((Size) value.len, 64) * 2;
		last->copy = MemoryContextAllocHuge(last->context, last->room);
	}
	memcpy(last->copy, value.data, value.len);
	return (TextView){last->copy, value.len};
}

/*
 * last_value_take makes a value the last one.
 */
void
last_value_take(LastValue *last, TextView value)
{
	if (last->value.data != NULL && text_view_equal(last->value, value))
		return;
	last->value = keep(last, value);
	last->has_digest = false;
}
