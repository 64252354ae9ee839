/*
 * faulty_row.h
 *		A raw row that no event can be made of, as a tuple that says why.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FAULTY_ROW_H
#define SESSIONIZE_FAULTY_ROW_H

#include "access/htup.h"
#include "access/tupdesc.h"

#include "source/record.h"
#include "source/row_validate.h"
#include "source/source_mapping.h"

/* The columns of a faulty row. */
typedef enum FaultyColumn
{
	FAULTY_RAW_ID,      /* text, cut if it is long */
	FAULTY_SESSION_KEY, /* NULL: not known */
	FAULTY_REASON,
	FAULTY_DETAIL,
	FAULTY_RECEIVED_AT,
	FAULTY_EVENT_NAME, /* this one and the next four are NULL unless a contract is violated */
	FAULTY_VERSION,
	FAULTY_RULE,
	FAULTY_PATH,
	FAULTY_MESSAGE,
	/* of a contract's violation: where a query for a range of the row's own time finds it */
	FAULTY_EVENT_TIME,
	FAULTY_PRODUCER, /* who has sent the row, as the quarantine's rules say */
	FAULTY_RAW_ROW,  /* the whole raw row, as jsonb; NULL: it is not known, or not kept */
	FAULTY_KEPT,     /* the columns up to here are stored */
	FAULTY_RAW_TABLE = FAULTY_KEPT,
	/* NULL, as is raw_table, if the raw row need not be fetched, or has no place */
	FAULTY_RAW_CTID,
	FAULTY_COLUMNS
} FaultyColumn;

/* Add the stored columns to a descriptor, which has room for them, as its first ones. */
extern void faulty_row_describe(TupleDesc desc, Oid key_type);

/* The descriptor of faulty rows, in CurrentMemoryContext. */
extern TupleDesc faulty_row_desc(const KeyType *key);

/*
 * Take from the raw row, which is set, what the rules (quarantine_rules.h) say: the producer, and
 * the raw row itself or nothing of it.  In CurrentMemoryContext.
 */
extern void faulty_row_reduce(const struct QuarantineRules *rules, Datum *values, bool *isnull);

/* A faulty row, in CurrentMemoryContext. */
extern HeapTuple faulty_row_form(TupleDesc desc, const RecordFormat *format, const SourceRow *row,
								 const RowFault *fault);

#endif /* SESSIONIZE_FAULTY_ROW_H */
