/*
 * sealed_rows.h
 *		The rows of a pipeline's table "sealed": raw rows as they were sealed, with the columns of
 *		the view "source".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SEALED_ROWS_H
#define SESSIONIZE_SEALED_ROWS_H

#include "catalog/pipeline.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"

/*
 * Visit all sealed rows, or the rows of the keys, in the active snapshot. is_sealed is set in each
 * row.
 */
extern void sealed_rows_read(const Pipeline *pipeline, const KeyRelation *keys,
							 SourceRowVisitor visitor, void *arg);

#endif /* SESSIONIZE_SEALED_ROWS_H */
