/*
 * unique_id.h
 *		Whether the raw table enforces that no two rows of a session key have the same event id.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_UNIQUE_ID_H
#define SESSIONIZE_UNIQUE_ID_H

#include "catalog/pipeline.h"
#include "source/source_mapping.h"

/*
 * Whether a unique index on the column of the event id, alone or with the session key's, does so.
 */
extern bool event_id_is_unique(const Pipeline *pipeline, const SourceMapping *mapping);

#endif /* SESSIONIZE_UNIQUE_ID_H */
