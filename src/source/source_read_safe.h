/*
 * source_read_safe.h
 *		Reading the rows of a pipeline's view "source" of which an expression may fail.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_READ_SAFE_H
#define SESSIONIZE_SOURCE_READ_SAFE_H

#include "catalog/pipeline.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"

/* As source_read (source_reader.h), slower: an error of one of the view's expressions is reported in its row. */
extern void source_read_safe(const Pipeline *pipeline, const SourceMapping *mapping, const KeyRelation *keys,
							 SourceRowVisitor visitor, void *arg);

#endif /* SESSIONIZE_SOURCE_READ_SAFE_H */
