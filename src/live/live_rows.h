/*
 * live_rows.h
 *		Turns derived sessions and events into rows with the columns of the views "sessions" and
 *		"events".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LIVE_ROWS_H
#define SESSIONIZE_LIVE_ROWS_H

#include "access/tupdesc.h"

#include "catalog/pipeline.h"
#include "derive/derived.h"
#include "star/star.h"

/* Takes a row of a session key.  Memory in CurrentMemoryContext lives until it returns. */
typedef void (*LiveRowTaker)(void *arg, Datum session_key, Datum *values, bool *isnull);

typedef struct LiveRows LiveRows;

/*
 * The columns of a row, in CurrentMemoryContext: those of the view that are not computed from other
 * columns; the session key comes last.
 */
extern TupleDesc live_rows_desc(const Pipeline *pipeline, StarViewId view);

/* The columns of a row as an SQL column definition list. */
extern char *live_rows_sql(const Pipeline *pipeline, StarViewId view);

/* Make the converter, in a child context of parent; taker gets the rows. */
extern LiveRows *live_rows_create(MemoryContext parent, const Pipeline *pipeline, StarViewId view,
								  LiveRowTaker taker, void *arg);

/* Have the keys that can't be derived, of which there are no rows, told; else they are ignored. */
extern void live_rows_tell_failed(LiveRows *rows, void (*failed)(void *arg, Datum session_key));

/* The sink to pass to derive_piece. */
extern DeriveSink live_rows_sink(LiveRows *rows);

#endif /* SESSIONIZE_LIVE_ROWS_H */
