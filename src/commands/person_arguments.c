/*
 * person_arguments.c
 *		What the functions about persons ask of their call.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"

#include "catalog/lock.h"
#include "commands/person_arguments.h"

/*
 * person_text_argument returns a text argument.
 */
char *
person_text_argument(FunctionCallInfo fcinfo, int argno, const char *argname)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", argname),
				 errhint("Give a user id as text, such as 'u-4711'.")));
	return text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/*
 * person_check_isolation reports a transaction whose snapshot may miss pairs.
 */
void
person_check_isolation(const char *function)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s needs the isolation level READ COMMITTED", function),
				 errdetail("Users that were committed after this transaction's snapshot would be "
						   "missed."),
				 errhint("BEGIN ISOLATION LEVEL READ COMMITTED;")));
}

/*
 * person_check_enabled reports a pipeline without persons.
 */
void
person_check_enabled(const Pipeline *pipeline)
{
	if (!pipeline->has_identity)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("pipeline \"%s\" has no persons", pipeline->name),
						errhint("SELECT sessionize.enable_identity(%s);",
								quote_literal_cstr(pipeline->name))));
}

/*
 * person_lock_pipeline keeps drops, alterations and rebuilds without refreshes away.
 */
void
person_lock_pipeline(const Pipeline *pipeline)
{
	if (!pipeline_try_refresh_lock(pipeline))
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("pipeline \"%s\" is busy", pipeline->name),
						errdetail("Another session is rebuilding, changing or dropping it."),
						errhint("Try again when that has finished.")));
}
