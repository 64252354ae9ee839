/*
 * subtransaction.c
 *		Running work in a subtransaction, in which it may fail because of the data.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/resowner.h"

#include "guc.h"
#include "utils/pass_limit.h"
#include "utils/subtransaction.h"

/*
 * is_data_error tells whether an error is due to the data and not to the server.
 */
static bool
is_data_error(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
		case ERRCODE_CARDINALITY_VIOLATION:
		case ERRCODE_EXTERNAL_ROUTINE_EXCEPTION:
		case ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION:
		case ERRCODE_SQL_ROUTINE_EXCEPTION:
		case ERRCODE_PLPGSQL_ERROR:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
			return true;
		default:
			return false;
	}
}

/*
 * is_unwanted_error tells whether an error is not an operator's intervention, such as a cancel.
 */
static bool
is_unwanted_error(int sqlstate)
{
	return ERRCODE_TO_CATEGORY(sqlstate) != ERRCODE_OPERATOR_INTERVENTION;
}

/*
 * is_own_error tells whether an error is due to the work itself, and not to the server's resources.
 */
static bool
is_own_error(int sqlstate)
{
	return is_unwanted_error(sqlstate) &&
		   ERRCODE_TO_CATEGORY(sqlstate) != ERRCODE_INSUFFICIENT_RESOURCES &&
		   ERRCODE_TO_CATEGORY(sqlstate) != ERRCODE_SYSTEM_ERROR;
}

/*
 * try_work runs work(arg) in a subtransaction. It returns false if the work raised an error for
 * which may_be() is true; then *message and *sqlstate are set, unless they are NULL. Other errors
 * are raised again.
 */
static bool
try_work(void (*work)(void *arg), void *arg, bool (*may_be)(int sqlstate), char **message,
		 int *sqlstate)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool done = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		work(arg);
		ReleaseCurrentSubTransaction();
		done = true;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		/* not before the rollback: the error would leave the session in the subtransaction */
		if (!may_be(error->sqlerrcode))
			ReThrowError(error);
		if (sqlstate != NULL)
			*sqlstate = error->sqlerrcode;
		if (message != NULL)
			*message = error->message != NULL ? pstrdup(error->message) : pstrdup("unknown error");
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return done;
}

/*
 * try_in_subtransaction runs work(arg), and tells whether the data allowed it.
 */
bool
try_in_subtransaction(void (*work)(void *arg), void *arg, char **message)
{
	return try_work(work, arg, is_data_error, message, NULL);
}

/*
 * is_data_error_or_limit tells whether an error is due to the data, or to the time that they took.
 */
static bool
is_data_error_or_limit(int sqlstate)
{
	return is_data_error(sqlstate) || (sqlstate == ERRCODE_QUERY_CANCELED && pass_limit_is_over());
}

/*
 * try_within_limit runs work(arg), and tells whether the data and the time limit allowed it.
 */
bool
try_within_limit(void (*work)(void *arg), void *arg, char **message, bool *too_slow)
{
	bool done = try_work(work, arg, is_data_error_or_limit, message, NULL);

	*too_slow = !done && pass_limit_is_over();
	if (*too_slow)
	{
		*message = pass_limit_message(sessionize_pass_timeout);
		pass_limit_again();
	}
	return done;
}

/*
 * try_whatever_fails runs work(arg), and tells whether it succeeded.
 */
bool
try_whatever_fails(void (*work)(void *arg), void *arg, char **message)
{
	return try_work(work, arg, is_unwanted_error, message, NULL);
}

/*
 * try_for_others runs work(arg), and returns how it ended.
 */
TryResult
try_for_others(void (*work)(void *arg), void *arg)
{
	int sqlstate;

	if (try_work(work, arg, is_own_error, NULL, &sqlstate))
		return TRY_DONE;
	return is_data_error(sqlstate) ? TRY_DATA_ERROR : TRY_OTHER_ERROR;
}

/*
 * run_and_undo runs work(arg) and undoes it.
 */
void
run_and_undo(void (*work)(void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		work(arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	if (error != NULL)
		ReThrowError(error);
}
