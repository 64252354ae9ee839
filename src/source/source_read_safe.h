/*
 * source_read_safe.h
 *		Reading a source whose expressions fail on some of its rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_READ_SAFE_H
#define SESSIONIZE_SOURCE_READ_SAFE_H

#include "catalog/pipeline.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"

/*
 * Like source_read (source_reader.h), but slower: an error of one of the view's expressions is
 * returned in its row and not raised.
 */
extern void source_read_safe(const Pipeline *pipeline, const SourceMapping *mapping,
							 const KeyRelation *keys, SourceRowVisitor visitor, void *arg);

#endif /* SESSIONIZE_SOURCE_READ_SAFE_H */
