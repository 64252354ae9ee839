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
 * pipeline_outdate notes that the star has to be rebuilt.
 */
void
pipeline_outdate(const Pipeline *pipeline)
{
	OwnerScope scope;

	run_unbuild(pipeline, true);
	/* keys that an interrupted rebuild has done are no longer right */
	run_forget_newest(pipeline);
	owner_scope_enter(&scope, pipeline);
	backfill_clear(pipeline);
	owner_scope_leave(&scope);
	/* no dirty row tells that the star has to be rebuilt */
	worker_notify_at_commit(pipeline->id);
}
