/*
 * live_rows.h
 *		From what a derivation hands out to rows as the views "sessions" and "events" have them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LIVE_ROWS_H
#define SESSIONIZE_LIVE_ROWS_H

#include "access/tupdesc.h"

#include "catalog/pipeline.h"
#include "derive/derived.h"
#include "star/star.h"

/* Gets a row of a key; what it allocates in CurrentMemoryContext lives until it returns. */
typedef void (*LiveRowTaker)(void *arg, Datum session_key, Datum *values, bool *isnull);

typedef struct LiveRows LiveRows;

/*
 * The columns of a row, in CurrentMemoryContext: those of the view that are not computed of others;
 * the session key comes last.
 */
extern TupleDesc live_rows_desc(const Pipeline *pipeline, StarViewId view);

/* The same as a list of column definitions in SQL. */
extern char *live_rows_sql(const Pipeline *pipeline, StarViewId view);

/* In a child of parent. */
extern LiveRows *live_rows_create(MemoryContext parent, const Pipeline *pipeline, StarViewId view,
								  LiveRowTaker taker, void *arg);

/* The sink for derive_piece. */
extern DeriveSink live_rows_sink(LiveRows *rows);

#endif /* SESSIONIZE_LIVE_ROWS_H */
