/*
 * natural_table.h
 *		The star's tables with natural keys in place of surrogate keys: what verify() compares.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NATURAL_TABLE_H
#define SESSIONIZE_NATURAL_TABLE_H

#include "star/calendar.h"
#include "star/member_guard.h"
#include "star/star.h"

/*
 * A table joined with its dimensions, in CurrentMemoryContext: in place of the surrogate key of a
 * user it has the session key and valid_from of the version, and in place of other surrogate keys
 * the text of the member.  The last column counts surrogate keys without a member.
 */
extern StarTable *natural_table(const Pipeline *pipeline, StarRelationId relation);

/*
 * Fill a row of such a table from a derived row.  The arrays have ROW_MAX_WIDTH elements; texts are
 * made in CurrentMemoryContext.
 */
extern void natural_row(const StarTable *table, Calendar *calendar, MemberGuard *guard,
						const void *derived, Datum *values, bool *isnull);

#endif /* SESSIONIZE_NATURAL_TABLE_H */
