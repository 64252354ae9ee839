/*
 * source_reader.h
 *		Reading the rows of a pipeline's view "source" by queries.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_READER_H
#define SESSIONIZE_SOURCE_READER_H

#include "catalog/pipeline.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"

/*
 * Visit all rows, or the rows of the keys and windows in "keys", in the active snapshot. Errors of
 * the view's expressions are raised; source_read_safe.h returns them row by row.
 */
extern void source_read(const Pipeline *pipeline, const SourceMapping *mapping,
						const KeyRelation *keys, SourceRowVisitor visitor, void *arg);

#endif /* SESSIONIZE_SOURCE_READER_H */
