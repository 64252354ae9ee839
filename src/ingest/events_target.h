/*
 * events_target.h
 *		The table that events are inserted into, and the INSERT statement.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EVENTS_TARGET_H
#define SESSIONIZE_EVENTS_TARGET_H

#include "postgres.h"

#include "access/tupdesc.h"

/* The relation of decoded rows in the INSERT statement. */
#define DECODED_ROWS "decoded_rows"

typedef struct EventsTarget
{
	Oid table;
	char *insert;      /* an INSERT of the rows of DECODED_ROWS */
	bool has_deferred; /* constraints of the table are checked at the commit */
	char *missing;     /* the names of columns that the table has not; NULL: it has all */
} EventsTarget;

/*
 * Open a table for decoded rows, and lock it until the transaction's end.  An error if the current
 * user may not insert into it, or if it has a column that needs a value and gets none.
 */
extern EventsTarget *events_target_open(Oid table, TupleDesc rows);

#endif /* SESSIONIZE_EVENTS_TARGET_H */
