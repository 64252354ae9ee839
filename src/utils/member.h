/*
 * member.h
 *		A member of a dimension: the values of its attributes in one run of bytes.
 *
 * The bytes of each value follow their length, of four bytes, which is -1 for NULL.  Equal members
 * have equal bytes.  A member all of whose values are NULL is unknown, and has no bytes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MEMBER_H
#define SESSIONIZE_MEMBER_H

#include "lib/stringinfo.h"

#include "utils/text_view.h"
#include "utils/value_bytes.h"

/* Append a value of a member; one without data is NULL. */
extern void member_append(StringInfo member, TextView value);

/* The bytes of one of a member's values; no data for NULL. */
extern TextView member_part(TextView member, int part);

/* One of a member's values, in CurrentMemoryContext. */
extern Datum member_value(TextView member, int part, ValueLayout layout, bool *isnull);

/*
 * Append a member as a JSON array, in which its values have one form each.  The array has the types
 * of the values.
 */
extern void member_append_json(StringInfo json, TextView member, const Oid *types, int count);

#endif /* SESSIONIZE_MEMBER_H */
