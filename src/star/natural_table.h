/*
 * natural_table.h
 *		The tables of the star with natural keys in place of surrogate keys: what verify() compares.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NATURAL_TABLE_H
#define SESSIONIZE_NATURAL_TABLE_H

#include "star/calendar.h"
#include "star/star.h"

/*
 * A table as it is read with its dimensions joined, in CurrentMemoryContext: in place of a surrogate key it has the key
 * and the begin of a version of the user, or the text of a member.  The last column counts surrogate keys that lead
 * nowhere.
 */
extern StarTable *natural_table(StarRelationId relation);

/* Set a row of it to a derived one, in arrays of ROW_MAX_WIDTH; texts are made in CurrentMemoryContext. */
extern void
natural_row(const StarTable *table, Calendar *calendar, const void *derived, Datum *values, bool *isnull);

#endif /* SESSIONIZE_NATURAL_TABLE_H */
