/*
 * alter.c
 *		sessionize.alter_pipeline(): other rules for a pipeline.
 *
 * Other rules make another star of the same raw rows, all of it: the next refresh builds it anew.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

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
#include "dirty/backfill.h"
#include "live/star_views.h"
#include "run/run.h"
#include "spi/scope.h"
#include "wakeup/notify.h"

PG_FUNCTION_INFO_V1(sessionize_alter_pipeline);

/*
 * same_clock tells whether two pipelines take the same event times from the same clocks.
 */
static bool
same_clock(const Pipeline *a, const Pipeline *b)
{
	return a->clock.skew_threshold == b->clock.skew_threshold && a->clock.max_lead == b->clock.max_lead;
}

/*
 * same_rules tells whether two pipelines make the same of the same rows.
 */
static bool
same_rules(const Pipeline *a, const Pipeline *b)
{
	return a->rules.gap == b->rules.gap && a->rules.max_duration == b->rules.max_duration &&
		   a->rules.max_events == b->rules.max_events && a->midnight == b->midnight && a->zone == b->zone &&
		   a->dedup_window == b->dedup_window && same_clock(a, b);
}

/*
 * wait_for_collectors waits for those who write raw rows: what they log has event times by the old rules.  It keeps
 * others from writing until the transaction ends.
 */
static void
wait_for_collectors(const Pipeline *pipeline)
{
	LockRelationOid(pipeline->source, ShareLock);
	(void) find_all_inheritors(pipeline->source, ShareLock, NULL);
	CacheInvalidateRelcacheByRelid(pipeline->source);
}

/*
 * change writes the rules down and what depends on them.
 */
static void
change(const Pipeline *before, const Pipeline *after, const PipelineRow *row)
{
	OwnerScope scope;

	if (!same_clock(before, after))
		wait_for_collectors(after);
	catalog_write_rules(after->id, row);
	run_unbuild(after, true);
	/* what was done is not right any more */
	run_forget_newest(after);
	owner_scope_enter(&scope, after);
	star_create_views(after);
	backfill_clear(after);
	owner_scope_leave(&scope);
	/* there is work to do, and no dirty row that says so */
	worker_notify_at_commit(after->id);
}

/*
 * sessionize_alter_pipeline changes a pipeline's rules, and returns whether they were others.
 */
Datum
sessionize_alter_pipeline(PG_FUNCTION_ARGS)
{
	char *name = changed_rules_name(fcinfo);
	Pipeline *before = pipeline_load(name);
	Pipeline *after;
	PipelineRow row;
	bool changes;

	PreventCommandIfReadOnly("sessionize.alter_pipeline()");
	pipeline_check_owner(before);
	pipeline_lock_transaction(before);
	/* it may have changed before we had the lock */
	before = pipeline_load(name);
	pipeline_check_owner(before);
	after = changed_rules(fcinfo, before, &row);
	changes = !same_rules(before, after);
	if (changes)
		change(before, after, &row);
	PG_RETURN_BOOL(changes);
}
