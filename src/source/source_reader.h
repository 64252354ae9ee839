/*
 * source_reader.h
 *		Reading all rows of a pipeline's view "source", once.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SOURCE_READER_H
#define SESSIONIZE_SOURCE_READER_H

#include "source/source_mapping.h"
#include "spi/claimed_keys.h"

/*
 * Visit all rows, or with keys those of the keys and of the parts of keys, in the active snapshot.  source_read lets errors of the
 * view's expressions through; source_read_carefully, slower, reports each in its row.
 */
extern void source_read(const Pipeline *pipeline, const SourceMapping *mapping, const ClaimedKeys *keys,
						SourceRowVisitor visitor, void *arg);
extern void source_read_carefully(const Pipeline *pipeline, const SourceMapping *mapping,
								  const ClaimedKeys *keys, SourceRowVisitor visitor, void *arg);

#endif /* SESSIONIZE_SOURCE_READER_H */
