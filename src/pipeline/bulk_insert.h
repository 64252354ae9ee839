/*
 * bulk_insert.h
 *		Many rows into a plain table at once, past the executor: what COPY does, without the parsing.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BULK_INSERT_H
#define SESSIONIZE_BULK_INSERT_H

#include "pipeline/star.h"

typedef struct BulkInsert BulkInsert;

/*
 * Can rows of the star table go past the executor?  Only if nothing wants to see them there: no index,
 * trigger, check, rule, policy, partition, and no column but ours.
 */
extern bool bulk_insert_possible(const StarTable *table, Relation relation);

/* Insert into the relation, which stays open until the end. */
extern BulkInsert *bulk_insert_begin(MemoryContext parent, const StarTable *table, Relation relation);

/* Insert a row; surrogate is the value of the table's surrogate key, if it has one. */
extern void bulk_insert_put(BulkInsert *bulk, const Datum *values, const bool *isnull, int32 surrogate);

extern void bulk_insert_end(BulkInsert *bulk);

#endif /* SESSIONIZE_BULK_INSERT_H */
