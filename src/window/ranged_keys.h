/*
 * ranged_keys.h
 *		Keys with a number and some times each, as rows that one query joins with.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RANGED_KEYS_H
#define SESSIONIZE_RANGED_KEYS_H

#include "utils/timestamp.h"

#include "spi/row_query.h"

typedef struct RangedKeys RangedKeys;

/* No rows (n int, session_key, and the times), under a name, in CurrentMemoryContext. */
extern RangedKeys *ranged_keys_create(Oid key_type, const char *name, const char *const *times, int ntimes);

extern void ranged_keys_add(RangedKeys *keys, int n, Datum key, const TimestampTz *times);

/* Run the query, in the active snapshot, and free the rows. */
extern void ranged_keys_query(RangedKeys *keys, const char *sql, RowVisitor visitor, void *arg);

#endif /* SESSIONIZE_RANGED_KEYS_H */
