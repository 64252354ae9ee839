/*
 * source_reader.h
 *		Reading all rows of a pipeline's view "source", once.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_READER_H
#define SESSIONIZE_SOURCE_READER_H

#include "catalog/pipeline.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"

/*
 * Visit all rows, or with keys those of the keys and of the parts of keys, in the active snapshot.  Errors of the view's
 * expressions are let through; source_read_safe.h reports them row by row.
 */
extern void source_read(const Pipeline *pipeline, const SourceMapping *mapping, const KeyRelation *keys,
						SourceRowVisitor visitor, void *arg);

#endif /* SESSIONIZE_SOURCE_READER_H */
