/*
 * alter.c
 *		sessionize.alter_pipeline(): changes a pipeline's rules.
 *
 * By other rules, the same raw rows make another star.  The next refresh rebuilds all of it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_inherits.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"

#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_row.h"
#include "commands/changed_rules.h"
#include "commands/source_change.h"
#include "dirty/backfill.h"
#include "live/star_views.h"
#include "run/run.h"
#include "spi/scope.h"
#include "utils/arguments.h"
#include "wakeup/notify.h"

PG_FUNCTION_INFO_V1(sessionize_alter_pipeline);

/*
 * same_clock tells whether two pipelines derive the same event times from the same clocks.
 */
static bool
same_clock(const Pipeline *a, const Pipeline *b)
{
	return a->clock.skew_threshold == b->clock.skew_threshold &&
		   a->clock.max_lead == b->clock.max_lead && a->clock.oldest == b->clock.oldest &&
		   a->clock.rejects_old == b->clock.rejects_old;
}

/*
 * same_bounce tells whether two pipelines have the same expression for bounces.
 */
static bool
same_bounce(const Pipeline *a, const Pipeline *b)
{
	if (a->bounce == NULL || b->bounce == NULL)
		return a->bounce == b->bounce;
	return strcmp(a->bounce, b->bounce) == 0;
}

/*
 * same_rules tells whether a pipeline derives the same star from the same rows as one before it.
 */
static bool
same_rules(const Pipeline *a, const Pipeline *b)
{
	return a->rules.gap == b->rules.gap && a->rules.max_duration == b->rules.max_duration &&
		   a->rules.max_events == b->rules.max_events && a->midnight == b->midnight &&
		   a->zone == b->zone && a->dedup_window == b->dedup_window && same_clock(a, b) &&
		   same_bounce(a, b) && b->tried_filter == NULL;
}

/*
 * wait_for_collectors waits for transactions that write raw rows, since their rows in the dirty log
 * have event times by the old rules.  It locks other writers out until the transaction ends.
 */
static void
wait_for_collectors(const Pipeline *pipeline)
{
	LockRelationOid(pipeline->source, ShareLock);
	(void) find_all_inheritors(pipeline->source, ShareLock, NULL);
	CacheInvalidateRelcacheByRelid(pipeline->source);
}

/*
 * change_filter replaces the filter in the view "source", if it is another one.
 */
static void
change_filter(const Pipeline *before, const Pipeline *after)
{
	SourceChange change = {.pipeline = before, .filter = after->tried_filter};

	if (change.filter == NULL)
		return;
	change.raw = table_open(before->source, AccessShareLock);
	source_change_apply(&change);
	table_close(change.raw, NoLock);
}

/*
 * change stores the rules, and adapts what depends on them.
 */
static void
change(const Pipeline *before, const Pipeline *after, const PipelineRow *row)
{
	OwnerScope scope;

	if (!same_clock(before, after))
		wait_for_collectors(after);
	catalog_write_rules(after->id, row);
	run_unbuild(after, true);
	/* keys that an interrupted rebuild has done are no longer right */
	run_forget_newest(after);
	owner_scope_enter(&scope, after);
	change_filter(before, after);
	star_create_views(after);
	backfill_clear(after);
	owner_scope_leave(&scope);
	/* the star has to be rebuilt, which no dirty row tells */
	worker_notify_at_commit(after->id);
}

/*
 * sessionize_alter_pipeline changes a pipeline's rules, and returns whether any is different now.
 */
Datum
sessionize_alter_pipeline(PG_FUNCTION_ARGS)
{
	Pipeline *before;
	Pipeline *after;
	PipelineRow row;
	bool changes;

	PreventCommandIfReadOnly("sessionize.alter_pipeline()");
	before = pipeline_load_owned(argument_pipeline(fcinfo), pipeline_lock_transaction);
	after = changed_rules(fcinfo, before, &row);
	changes = !same_rules(before, after);
	if (changes)
		change(before, after, &row);
	PG_RETURN_BOOL(changes);
}
