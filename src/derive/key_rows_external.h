/*
 * key_rows_external.h
 *		The events of a piece of any size, sorted externally.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_ROWS_EXTERNAL_H
#define SESSIONIZE_KEY_ROWS_EXTERNAL_H

#include "derive/key_rows.h"

/* The rows of a piece, in CurrentMemoryContext.  budget is in bytes; the piece is freed. */
extern KeyRows *key_rows_external(Spool *spool, int piece, const DedupRules *rules, Size budget);

#endif /* SESSIONIZE_KEY_ROWS_EXTERNAL_H */
