/*
 * duplicate_probe.h
 *		Whether the event ids of some raw rows are there once more, near them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DUPLICATE_PROBE_H
#define SESSIONIZE_DUPLICATE_PROBE_H

#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "source/source_mapping.h"

/*
 * The rows of a key from lo to hi, and where copies of them are looked for: in [reach_since, since) and [until, reach_until), of which
 * since and until may be infinite.
 */
typedef struct DuplicateProbe
{
	Datum key;
	TimestampTz lo;
	TimestampTz hi;
	TimestampTz since;
	TimestampTz until;
	TimestampTz reach_since;
	TimestampTz reach_until;
	bool found;    /* there may be one */
	int64 entries; /* of the index that were looked at */
} DuplicateProbe;

/* Whether an index of the raw table knows key, time and event id. */
extern bool duplicate_probe_is_possible(const Pipeline *pipeline, const SourceMapping *mapping);

/* Look for copies, in the active snapshot; rows are found by the time they give. */
extern void duplicate_probe_run(const Pipeline *pipeline, const SourceMapping *mapping,
								DuplicateProbe *probes, int count);

#endif /* SESSIONIZE_DUPLICATE_PROBE_H */
