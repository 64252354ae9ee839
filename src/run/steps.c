/*
 * steps.c
 *		Work that is cut into steps, each done as the pipeline's owner and committed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "catalog/owner_scope.h"
#include "run/steps.h"
#include "spi/scope.h"
#include "utils/pass_limit.h"

/*
 * steps_check_call reports a call from a place where there can be no commit, or with a snapshot
 * that lasts.
 */
void
steps_check_call(FunctionCallInfo fcinfo, const char *call)
{
	CallContext *context = (CallContext *) fcinfo->context;

	PreventCommandIfReadOnly(call);
	if (context == NULL || !IsA(context, CallContext) || context->atomic || IsSubTransaction())
		ereport(
			ERROR,
			(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
			 errmsg("%s cannot run inside a transaction block", call),
			 errdetail("It commits after each piece."),
			 errhint("CALL it outside BEGIN ... COMMIT, and not from a function or a block with an "
					 "EXCEPTION clause.")));
	if (XactIsoLevel != XACT_READ_COMMITTED)
		ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
						errmsg("%s needs the isolation level READ COMMITTED", call),
						errhint("SET default_transaction_isolation = 'read committed';")));
}

/*
 * roll_back_to rolls back the subtransactions deeper than a level: the code that raised the error
 * may have left some of its own open.
 */
static void
roll_back_to(int level)
{
	while (GetCurrentTransactionNestLevel() > level)
		RollbackAndReleaseCurrentSubTransaction();
}

/*
 * write_failure has steps->failed note an error, and commits the note.
 */
static void
write_failure(const Steps *steps, const ErrorData *error)
{
	ResourceOwner owner = CurrentResourceOwner;
	int level = GetCurrentTransactionNestLevel();

	BeginInternalSubTransaction(NULL);
	PG_TRY();
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		steps->failed(steps->arg, error);
		PopActiveSnapshot();
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		/*
		 * The run log then says that the run is still running, which is resumed like an interrupted
		 * run.  The error to report is the first one.
		 */
		FlushErrorState();
		roll_back_to(level);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(steps->context);
	CurrentResourceOwner = owner;
	SPI_commit();
	MemoryContextSwitchTo(steps->context);
}

/*
 * steps_run does a step as the pipeline's owner and commits it.
 */
void
steps_run(Steps *steps, void (*work)(void *arg))
{
	ResourceOwner owner = CurrentResourceOwner;
	int level = GetCurrentTransactionNestLevel();
	ErrorData *volatile error = NULL;

	pass_progress();
	steps->undo = false;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(steps->context);
	PG_TRY();
	{
		OwnerScope scope;

		PushActiveSnapshot(GetTransactionSnapshot());
		owner_scope_enter(&scope, steps->pipeline);
		work(steps->arg);
		owner_scope_leave(&scope);
		PopActiveSnapshot();
		if (steps->undo)
			RollbackAndReleaseCurrentSubTransaction();
		else
			ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(steps->context);
		error = CopyErrorData();
		FlushErrorState();
		roll_back_to(level);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(steps->context);
	CurrentResourceOwner = owner;
	if (error != NULL)
	{
		pass_limit_explain(error);
		if (steps->failed != NULL)
			write_failure(steps, error);
		ReThrowError(error);
	}
	SPI_commit();
	MemoryContextSwitchTo(steps->context);
}
