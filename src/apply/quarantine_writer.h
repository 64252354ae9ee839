/*
 * quarantine_writer.h
 *		Brings the table quarantine up to date.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_QUARANTINE_WRITER_H
#define SESSIONIZE_QUARANTINE_WRITER_H

#include "apply/table_writer.h"
#include "catalog/pipeline.h"
#include "derive/derive.h"
#include "star/stored_rows.h"

/* What to write. */
typedef struct QuarantineRequest
{
	const Pipeline *pipeline;
	Derivation *derivation;    /* its quarantined rows are written and freed */
	StoredRows *stored;        /* the rows to be replaced; taken */
	const StaleKeys *left_out; /* keys whose rows stay, and are not in "stored"; NULL: none */
	Size budget;
} QuarantineRequest;

/*
 * Replace the stored rows by those of the derivation, and add to the counts.  Returns how many rows
 * there are now, without those of left_out.  The caller works as the pipeline's owner.
 */
extern int64
quarantine_write(MemoryContext parent, const QuarantineRequest *request, WriteCounts *counts);

#endif /* SESSIONIZE_QUARANTINE_WRITER_H */
