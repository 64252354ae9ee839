/*
 * contract_columns.h
 *		The columns of the view "source" that contracts judge: documents, and the version that an
 *		event names (pipeline_contracts.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CONTRACT_COLUMNS_H
#define SESSIONIZE_CONTRACT_COLUMNS_H

#include "utils/rel.h"

#include "catalog/pipeline.h"
#include "commands/source_change.h"

/*
 * Add a column to the view, or have it no longer used.  name is CONTRACT_VERSION, or begins with
 * CONTRACT_DOCUMENT; given is the user's expression.  Afterwards the pipeline has to be loaded
 * again.
 */
extern void contract_column_add(const Pipeline *pipeline, const char *name, const char *given);
extern void contract_column_remove(const Pipeline *pipeline, const char *name, const char *given);

/* The expression of the view for such a column. */
extern char *contract_column_sql(Relation raw, const char *name, const char *given);

/* Add to a change that all these columns are taken from what the user gave, read anew. */
extern void contract_columns_map(SourceChange *change);

#endif /* SESSIONIZE_CONTRACT_COLUMNS_H */
