/*
 * behind_keys.c
 *		The session keys whose rows in the star may be out of date.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "capture/behind_keys.h"
#include "capture/capture_table.h"
#include "catalog/pipeline.h"
#include "catalog/raw_tree.h"
#include "catalog/star_relation.h"
#include "dirty/backfill.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "dirty/failed_keys.h"
#include "dirty/rebuild_need.h"
#include "spi/row_query.h"

/*
 * add_row adds the key in a row of a query.
 */
static void
add_row(void *arg, TupleTableSlot *slot)
{
	bool isnull;
	Datum key = slot_getattr(slot, 1, &isnull);

	stale_keys_add((StaleKeys *) arg, key, isnull);
}

/*
 * add_key adds the key of a raw row.
 */
static void
add_key(void *arg, Datum key, bool isnull)
{
	stale_keys_add((StaleKeys *) arg, key, isnull);
}

/*
 * add_detaching adds the keys of partitions whose DETACH CONCURRENTLY is not finished. The active
 * snapshot no longer sees these rows in the raw table, but they are logged only at the end of the
 * DETACH.
 */
static void
add_detaching(StaleKeys *stale, const Pipeline *pipeline)
{
	ListCell *cell;

	foreach (cell, raw_tree_members(pipeline->source, GetActiveSnapshot()))
	{
		const RawMember *member = lfirst(cell);

		if (member->is_detaching && raw_member_has_rows(member))
			capture_visit_keys(member->relid, pipeline->id, add_key, stale);
	}
}

/*
 * load_failed returns the failed keys.
 */
static StaleKeys *
load_failed(const Pipeline *pipeline)
{
	StaleKeys *stale = stale_keys_create(pipeline);
	int64 count;
	DirtyKey *failed = failed_keys_load(pipeline, &count);

	for (int64 i = 0; i < count; i++)
		stale_keys_add(stale, failed[i].key, failed[i].isnull);
	return stale;
}

/*
 * load returns the failed keys, the keys that a query returns, and the keys of partitions that are
 * being detached.
 */
static StaleKeys *
load(const Pipeline *pipeline, const char *query)
{
	StaleKeys *stale = load_failed(pipeline);

	row_query(query, add_row, stale);
	add_detaching(stale, pipeline);
	return stale;
}

/*
 * behind_keys_sql returns SQL for the dirty keys and the keys of a backfill.
 */
char *
behind_keys_sql(const Pipeline *pipeline)
{
	return star_sql(pipeline,
					"SELECT d.session_key FROM %s "
					"UNION ALL SELECT b.session_key FROM ONLY @backfill AS b WHERE b.stale",
					dirty_rows_sql(pipeline));
}

/*
 * behind_keys_load finds the keys of a star that is built.
 */
StaleKeys *
behind_keys_load(const Pipeline *pipeline)
{
	if (!pipeline->capture || !pipeline->built || rebuild_need_any(pipeline))
		return NULL;
	return load(pipeline, psprintf("SELECT d.session_key FROM %s", dirty_rows_sql(pipeline)));
}

/*
 * behind_keys_load_unbuilt finds the keys of a star that is built, or is being built by a backfill.
 * Without capture, these are the keys that the rebuild could not derive.
 */
StaleKeys *
behind_keys_load_unbuilt(const Pipeline *pipeline)
{
	if (pipeline->built)
		return pipeline->capture ? behind_keys_load(pipeline) : load_failed(pipeline);
	if (!pipeline->capture || rebuild_need_any(pipeline) || !backfill_is_stale(pipeline))
		return NULL;
	return load(pipeline, behind_keys_sql(pipeline));
}
