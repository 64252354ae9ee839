/*
 * outdate.c
 *		Notes that a pipeline's definition has changed, so that its star has to be rebuilt.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/owner_scope.h"
#include "commands/outdate.h"
#include "dirty/backfill.h"
#include "run/run.h"
#include "wakeup/notify.h"

/*
 * outdate notes that the star has to be rebuilt.
 */
static void
outdate(const Pipeline *pipeline, UnbuildReason reason)
{
	OwnerScope scope;

	run_unbuild(pipeline, reason);
	/* keys that an interrupted rebuild has done are no longer right */
	run_forget_newest(pipeline);
	owner_scope_enter(&scope, pipeline);
	backfill_clear(pipeline);
	owner_scope_leave(&scope);
	/* no dirty row tells that the star has to be rebuilt */
	worker_notify_at_commit(pipeline->id);
}

/*
 * pipeline_outdate notes that all of the star has to be rebuilt.
 */
void
pipeline_outdate(const Pipeline *pipeline)
{
	outdate(pipeline, UNBUILD_RULES);
}

/*
 * pipeline_outdate_columns notes that columns of the star have to be filled.
 */
void
pipeline_outdate_columns(const Pipeline *pipeline)
{
	outdate(pipeline, pipeline->capture ? UNBUILD_COLUMNS : UNBUILD_RULES);
}
