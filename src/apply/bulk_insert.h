/*
 * bulk_insert.h
 *		Inserts many rows at once into a plain table (heap_table.h), past the executor, like COPY.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BULK_INSERT_H
#define SESSIONIZE_BULK_INSERT_H

#include "apply/heap_table.h"

typedef struct BulkInsert BulkInsert;

/*
 * Begin to insert.  relation must stay open until the end.  A violation of a unique index is an
 * error.
 */
extern BulkInsert *bulk_insert_begin(MemoryContext parent, HeapTable *plain, Relation relation);

/* Insert a row.  surrogate is the value of the table's surrogate key, if it has one. */
extern void
bulk_insert_put(BulkInsert *bulk, const Datum *values, const bool *isnull, int64 surrogate);

extern void bulk_insert_end(BulkInsert *bulk);

#endif /* SESSIONIZE_BULK_INSERT_H */
