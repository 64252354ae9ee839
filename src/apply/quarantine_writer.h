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

/*
 * Replace the stored rows, which are taken, by the derivation's, which are freed; add to the counts.  Rows of the keys
 * in left_out, NULL for none, are left as they are: the caller has left them out of what is stored.  Returns how
 * many rows there are without them.  As the pipeline's owner.
 */
extern int64
quarantine_write(MemoryContext parent, const Pipeline *pipeline, Derivation *derivation, StoredRows *stored,
				 const StaleKeys *left_out, Size budget, WriteCounts *counts);

#endif /* SESSIONIZE_QUARANTINE_WRITER_H */
