/*
 * row_validate.h
 *		What of a source row makes an event, or why nothing does.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROW_VALIDATE_H
#define SESSIONIZE_ROW_VALIDATE_H

#include "source/record.h"
#include "source/source_mapping.h"

/* Why no event can be made of a row: a stable word and a sentence. */
typedef struct RowFault
{
	const char *reason;
	const char *detail;
} RowFault;

/*
 * row_to_parts returns true and sets what a record is made of, and its size; or returns false and says why.
 * What is pointed to lives in the row or in CurrentMemoryContext.
 */
extern bool row_to_parts(const SourceRow *row, const SzClockRules *clock, const RecordFormat *format,
						 RecordParts *parts, Size *size, RowFault *fault);

/*
 * Whether an event time is another than the row itself gives, which is occurred_at, or by_receipt received_at: then the
 * row is not found by a range of that column.
 */
extern bool row_is_shifted(const SourceRow *row, TimestampTz event_time, bool by_receipt);

/* The event time by the row's clocks; *time is set for a valid verdict only. */
extern SzTimeVerdict row_event_time(const SourceRow *row, const SzClockRules *rules, TimestampTz *time);

#endif /* SESSIONIZE_ROW_VALIDATE_H */
