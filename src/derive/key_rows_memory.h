/*
 * key_rows_memory.h
 *		The events of a piece that fits into memory, sorted there.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_ROWS_MEMORY_H
#define SESSIONIZE_KEY_ROWS_MEMORY_H

#include "derive/key_rows.h"

/* The rows of a piece, in CurrentMemoryContext.  Loads the piece if it lies in a file. */
extern KeyRows *key_rows_in_memory(Spool *spool, int piece, const DedupRules *rules);

/*
 * The memory in bytes that key_rows_in_memory needs at most for each row, apart from the record;
 * and the most rows that a piece may have.
 */
#define KEY_ROWS_COST_PER_ROW  ((Size) 104)
#define KEY_ROWS_MAX_IN_MEMORY ((int64) 1 << 30)

#endif /* SESSIONIZE_KEY_ROWS_MEMORY_H */
