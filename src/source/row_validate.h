/*
 * row_validate.h
 *		Whether a source row is a valid event, and which record it becomes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROW_VALIDATE_H
#define SESSIONIZE_ROW_VALIDATE_H

#include "source/contract_judge.h"
#include "source/record.h"
#include "source/source_mapping.h"

/* Why a row is no valid event: a stable word and a sentence. */
typedef struct RowFault
{
	const char *reason;
	const char *detail;
	ContractVerdict verdict; /* rule is NULL unless the row violates a contract */
	TimestampTz event_time;  /* of a row that violates a contract, as is is_shifted */
	bool is_shifted;         /* see row_is_shifted */
} RowFault;

/* Whether a fault is that of a row which could be an event, but violates a contract. */
static inline bool
row_fault_is_contract(const RowFault *fault)
{
	return fault->verdict.rule != NULL;
}

/*
 * row_to_parts returns true and sets the parts and the size of a row's record, or returns false and
 * sets *fault. What is set points into the row or into CurrentMemoryContext.
 */
extern bool
row_to_parts(const SourceRow *row, const SzClockRules *clock, const RecordFormat *format,
			 RecordParts *parts, Size *size, RowFault *fault);

/*
 * Whether an event time differs from the row's own time, which is received_at if by_receipt is set,
 * else occurred_at. Then a query for a range of this column does not find the row.
 */
extern bool row_is_shifted(const SourceRow *row, TimestampTz event_time, bool by_receipt);

/* The event time by the row's clocks; *time is set only if the verdict is valid. */
extern SzTimeVerdict
row_event_time(const SourceRow *row, const SzClockRules *rules, TimestampTz *time);

#endif /* SESSIONIZE_ROW_VALIDATE_H */
