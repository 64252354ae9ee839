/*
 * subtransaction.c
 *		Work that may fail on the data it meets.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "guc.h"
#include "utils/pass_limit.h"
#include "utils/subtransaction.h"

/*
 * is_data_error tells whether an error says something about the data and nothing about the server.
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
 * is_unwanted_error tells whether an error is one that nobody wanted.
 */
static bool
is_unwanted_error(int sqlstate)
{
	return ERRCODE_TO_CATEGORY(sqlstate) != ERRCODE_OPERATOR_INTERVENTION;
}

/*
 * is_own_error tells whether an error is of the work alone, and not one of the server's resources.
 */
static bool
is_own_error(int sqlstate)
{
	return is_unwanted_error(sqlstate) && ERRCODE_TO_CATEGORY(sqlstate) != ERRCODE_INSUFFICIENT_RESOURCES &&
		   ERRCODE_TO_CATEGORY(sqlstate) != ERRCODE_SYSTEM_ERROR;
}

/*
 * try_work does work(arg) and returns whether it was done, false for an error that may be; then *message
 * and *sqlstate tell of it, if they are not NULL.
 */
static bool
try_work(void (*work)(void *arg), void *arg, bool (*may_be)(int sqlstate), char **message, int *sqlstate)
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
		/* only now: an error that leaves with the subtransaction open would leave the session in it */
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
 * try_in_subtransaction does work(arg) and returns whether the data allowed it.
 */
bool
try_in_subtransaction(void (*work)(void *arg), void *arg, char **message)
{
	return try_work(work, arg, is_data_error, message, NULL);
}

/*
 * is_data_error_or_limit tells whether an error says something about the data: that they, alone,
 * take too long as well.
 */
static bool
is_data_error_or_limit(int sqlstate)
{
	return is_data_error(sqlstate) || (sqlstate == ERRCODE_QUERY_CANCELED && pass_limit_is_over());
}

/*
 * try_within_limit does work(arg) and returns whether the data allowed it, and if not, whether it
 * was for the time.
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
 * try_whatever_fails does work(arg) and returns whether it was done.
 */
bool
try_whatever_fails(void (*work)(void *arg), void *arg, char **message)
{
	return try_work(work, arg, is_unwanted_error, message, NULL);
}

/*
 * try_for_others does work(arg) and returns how that ended.
 */
TryResult
try_for_others(void (*work)(void *arg), void *arg)
{
	int sqlstate;

	if (try_work(work, arg, is_own_error, NULL, &sqlstate))
		return TRY_DONE;
	return is_data_error(sqlstate) ? TRY_DATA_ERROR : TRY_OTHER_ERROR;
}
