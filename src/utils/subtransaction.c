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
bool
is_data_error(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
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
is_unwanted_error(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_OPERATOR_INTERVENTION;
}

/*
 * is_own_error tells whether an error is due to the work itself, and not to the server's resources.
 */
static bool
is_own_error(const ErrorData *error)
{
	return is_unwanted_error(error) &&
		   ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_INSUFFICIENT_RESOURCES &&
		   ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_SYSTEM_ERROR;
}

/*
 * try_or_catch runs work(arg) in a subtransaction.
 */
ErrorData *
try_or_catch(void (*work)(void *arg), void *arg, ErrorFilter may_be)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		work(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		/* not before the rollback: the error would leave the session in the subtransaction */
		if (!may_be(error))
			ReThrowError(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

/*
 * try_work runs work(arg) in a subtransaction. It returns false if the work raised an error for
 * which may_be() is true; then *message is set, unless it is NULL. Other errors are raised again.
 */
static bool
try_work(void (*work)(void *arg), void *arg, ErrorFilter may_be, char **message)
{
	ErrorData *error = try_or_catch(work, arg, may_be);

	if (error == NULL)
		return true;
	if (message != NULL)
		*message = pstrdup(error->message != NULL ? error->message : "unknown error");
	FreeErrorData(error);
	return false;
}

/*
 * try_in_subtransaction runs work(arg), and tells whether the data allowed it.
 */
bool
try_in_subtransaction(void (*work)(void *arg), void *arg, char **message)
{
	return try_work(work, arg, is_data_error, message);
}

/*
 * is_data_error_or_limit tells whether an error is due to the data, or to the time that they took.
 */
static bool
is_data_error_or_limit(const ErrorData *error)
{
	return is_data_error(error) ||
		   (error->sqlerrcode == ERRCODE_QUERY_CANCELED && pass_limit_is_over());
}

/*
 * try_within_limit runs work(arg), and tells whether the data and the time limit allowed it.
 */
bool
try_within_limit(void (*work)(void *arg), void *arg, char **message, bool *too_slow)
{
	bool done = try_work(work, arg, is_data_error_or_limit, message);

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
	return try_work(work, arg, is_unwanted_error, message);
}

/*
 * try_for_others runs work(arg), and returns how it ended.
 */
TryResult
try_for_others(void (*work)(void *arg), void *arg)
{
	ErrorData *error = try_or_catch(work, arg, is_own_error);
	TryResult result;

	if (error == NULL)
		return TRY_DONE;
	result = is_data_error(error) ? TRY_DATA_ERROR : TRY_OTHER_ERROR;
	FreeErrorData(error);
	return result;
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
