/*
 * draw.h
 *		The values that expressions draw from JSON documents, for those who evaluate them row by
 *		row.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DRAW_H
#define SESSIONIZE_DRAW_H

#include "postgres.h"

/*
 * A row is over whose expressions called draw().  query is the memory context in which the
 * expressions were initialized.  Whoever calls this once must call it for each row: until the next
 * call the document of a column is taken to be the same as long as it is at the same place, and
 * the texts that draw() returned live as long.
 */
extern void draw_next_row(MemoryContext query);

#endif /* SESSIONIZE_DRAW_H */
