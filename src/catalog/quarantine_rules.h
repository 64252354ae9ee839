/*
 * quarantine_rules.h
 *		How much a pipeline's quarantine keeps of a raw row besides what is wrong with it.
 *
 * The quarantine has a row for each raw row that no event can be made of.  What the rules bound are
 * the copies of the raw rows.  Whether a copy is kept depends on the row and the rules alone, apart
 * from its age, so that a rebuild and any history of refreshes keep the same copies.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_QUARANTINE_RULES_H
#define SESSIONIZE_QUARANTINE_RULES_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "utils/jsonpath.h"
#include "utils/text_view.h"

typedef struct QuarantineRules
{
	const JsonPath *producer; /* where a raw row, as jsonb, says who sent it; NULL: nowhere */
	double copies;            /* the part of the rows of which a copy is kept: from 0 to 1 */
	uint64 kept_for;          /* how long copies are kept, in microseconds; SZ_NO_LIMIT: always */
	TimestampTz kept_since;   /* so rows before it have no copy; DT_NOBEGIN: all may have one */
} QuarantineRules;

/* Rules from values that were checked, in CurrentMemoryContext. */
extern QuarantineRules *
quarantine_rules_make(const JsonPath *producer, double copies, const Interval *kept_for);

/* Find kept_since by the clock. */
extern void quarantine_rules_set_time(QuarantineRules *rules);

/* Whether a copy is kept of a row with this raw id, as text, and this time; DT_NOEND: no time. */
extern bool quarantine_rules_keep(const QuarantineRules *rules, TextView raw_id, TimestampTz time);

/*
 * Write rules as bytes that another process can read; NULL is written as no bytes.  The result of
 * reading points into the bytes, which must be aligned to 8 bytes.
 */
extern void quarantine_rules_write(const QuarantineRules *rules, StringInfo to);
extern const QuarantineRules *quarantine_rules_read(const char *from, Size len);

#endif /* SESSIONIZE_QUARANTINE_RULES_H */
