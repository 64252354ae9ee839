/*
 * copy_probe.c
 *		Whether the event ids of some raw rows are there once more, near them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "pipeline/copy_probe.h"
#include "pipeline/keyed_source.h"
#include "pipeline/ranged_keys.h"
#include "pipeline/raw_index.h"
#include "pipeline/unique_id.h"
#include "utils/lsyscache.h"

/*
 * So many ids are looked for, each by a scan of the index entries of the time in question.  For more of them it would cost as much
 * to read the rows.
 */
#define MOST_IDS 32

/* The probes' name in the query. */
#define PROBES "copy_probes"

/*
 * copy_probe_is_possible tells whether copies can be looked for.
 */
bool
copy_probe_is_possible(const Pipeline *pipeline, const SourceMapping *mapping)
{
	Oid type = pipeline->types[SRC_EVENT_ID];

	/* what has the same bytes is equal under any collation of a text; of other types that is not known */
	return mapping->varno != 0 && source_plain_column(mapping, SRC_EVENT_ID) != 0 &&
		   (type == TEXTOID || !OidIsValid(get_typcollation(type))) &&
		   raw_index_has(pipeline, mapping, SRC_EVENT_ID);
}

/*
 * take_row takes what was found of an id.
 */
static void
take_row(void *arg, TupleTableSlot *slot)
{
	CopyProbe *probe;

	slot_getallattrs(slot);
	probe = &((CopyProbe *) arg)[DatumGetInt32(slot->tts_values[0])];
	probe->found |= ++probe->ids > MOST_IDS || DatumGetBool(slot->tts_values[1]);
}

/*
 * copy_probe_run looks for copies.
 */
void
copy_probe_run(const Pipeline *pipeline, const SourceMapping *mapping, CopyProbe *probes, int count)
{
	static const char *const times[] = {"lo", "hi", "since", "until", "reach_since", "reach_until"};
	RangedKeys *rows = ranged_keys_create(pipeline->types[SRC_SESSION_KEY], PROBES, times, lengthof(times));

	for (int i = 0; i < count; i++)
	{
		const CopyProbe *probe = &probes[i];
		const TimestampTz values[] = {probe->lo,    probe->hi,          probe->since,
									  probe->until, probe->reach_since, probe->reach_until};

		ranged_keys_add(rows, i, probe->key, values);
	}
	ranged_keys_query(rows, keyed_copies_sql(pipeline, mapping, PROBES, MOST_IDS + 1), take_row, probes);
}
