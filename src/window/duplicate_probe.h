/*
 * duplicate_probe.h
 *		Whether event ids of a range of raw rows occur once more, in rows near the range.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DUPLICATE_PROBE_H
#define SESSIONIZE_DUPLICATE_PROBE_H

#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "source/source_mapping.h"

/*
 * The range of event times [lo, hi] of a key whose rows' event ids are looked for, and the two
 * ranges in which copies of them are looked for: [reach_since, since) and [until, reach_until).
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
	bool found;    /* a copy was found, or can't be ruled out */
	int64 entries; /* number of index entries looked at */
} DuplicateProbe;

/* Whether an index of the raw table has the session key, the time and the event id. */
extern bool duplicate_probe_is_possible(const Pipeline *pipeline, const SourceMapping *mapping);

/*
 * Look for copies in the active snapshot, and fill in the results.  Rows are found by the time they
 * give, which need not be their event time.
 */
extern void duplicate_probe_run(const Pipeline *pipeline, const SourceMapping *mapping,
								DuplicateProbe *probes, int count);

#endif /* SESSIONIZE_DUPLICATE_PROBE_H */
