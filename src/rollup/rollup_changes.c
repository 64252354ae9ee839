/*
 * rollup_changes.c
 *		The rows of a fact that come and go, for the rollups of the fact.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "catalog/rollup_definition.h"
#include "rollup/rollup.h"
#include "rollup/rollup_changes.h"
#include "rollup/rollup_tally.h"

struct RollupChanges
{
	int count;
	RollupTally *tallies[ROLLUPS_MAX];
};

/*
 * rollup_changes_create returns no rows.
 */
RollupChanges *
rollup_changes_create(MemoryContext parent, const Pipeline *pipeline, StarRelationId fact)
{
	MemoryContext context;
	MemoryContext oldcontext;
	RollupChanges *changes;

	if (pipeline->rollups == NULL)
		return NULL;
	context = AllocSetContextCreate(parent, "sessionize rollup changes", ALLOCSET_DEFAULT_SIZES);
	oldcontext = MemoryContextSwitchTo(context);
	changes = palloc0(sizeof(RollupChanges));
	for (int i = 0; i < pipeline->rollups->count; i++)
		if (pipeline->rollups->rollups[i].of_events == (fact == STAR_FACT_EVENT))
			changes->tallies[changes->count++] =
				rollup_tally_create(context, rollup_resolve(pipeline, i));
	MemoryContextSwitchTo(oldcontext);
	if (changes->count > 0)
		return changes;
	MemoryContextDelete(context);
	return NULL;
}

/*
 * rollup_changes_note notes a change of a row.
 */
void
rollup_changes_note(void *arg, const Datum *values, const bool *isnull,
					const TupleTableSlot *stored)
{
	const RollupChanges *changes = arg;

	for (int i = 0; i < changes->count; i++)
		rollup_tally_note(changes->tallies[i], values, isnull, stored);
}

/*
 * rollup_changes_write writes the differences.
 */
void
rollup_changes_write(RollupChanges *changes)
{
	for (int i = 0; changes != NULL && i < changes->count; i++)
		rollup_tally_write(changes->tallies[i]);
}
