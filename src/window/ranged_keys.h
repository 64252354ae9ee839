/*
 * ranged_keys.h
 *		Session keys, each with a number and some times, as rows that a query can join with.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RANGED_KEYS_H
#define SESSIONIZE_RANGED_KEYS_H

#include "utils/timestamp.h"

#include "spi/row_query.h"

typedef struct RangedKeys RangedKeys;

/*
 * A relation (n int, session_key, and the times) without rows, which queries see under the name; in
 * CurrentMemoryContext.
 */
extern RangedKeys *
ranged_keys_create(Oid key_type, const char *name, const char *const *times, int ntimes);

extern void ranged_keys_add(RangedKeys *keys, int n, Datum key, const TimestampTz *times);

/* Run the query in the active snapshot, and free the relation. */
extern void ranged_keys_query(RangedKeys *keys, const char *sql, RowVisitor visitor, void *arg);

#endif /* SESSIONIZE_RANGED_KEYS_H */
