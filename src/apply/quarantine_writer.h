/*
 * quarantine_writer.h
 *		The table quarantine comes to hold the rows that no event can be made of.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_QUARANTINE_WRITER_H
#define SESSIONIZE_QUARANTINE_WRITER_H

#include "apply/table_writer.h"
#include "catalog/pipeline.h"
#include "derive/derive.h"
#include "star/stored_rows.h"

/* What is written. */
typedef struct QuarantineRequest
{
	const Pipeline *pipeline;
	Derivation *derivation;    /* of which the quarantined rows are freed */
	StoredRows *stored;        /* the rows that they replace; taken */
	const StaleKeys *left_out; /* rows of these keys stay, and are not in "stored"; NULL: none */
	Size budget;
} QuarantineRequest;

/*
 * Replace the stored rows by the derivation's; add to the counts.  Returns how many rows there are but for
 * those of keys that are left out.  As the pipeline's owner.
 */
extern int64 quarantine_write(MemoryContext parent, const QuarantineRequest *request, WriteCounts *counts);

#endif /* SESSIONIZE_QUARANTINE_WRITER_H */
