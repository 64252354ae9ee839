/*
 * unique_id.h
 *		Whether the raw table itself sees to it that no two rows of a key have one event id.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_UNIQUE_ID_H
#define SESSIONIZE_UNIQUE_ID_H

#include "catalog/pipeline.h"
#include "source/source_mapping.h"

/* Whether an index does, on the column of the event id, alone or with that of the key. */
extern bool event_id_is_unique(const Pipeline *pipeline, const SourceMapping *mapping);

#endif /* SESSIONIZE_UNIQUE_ID_H */
