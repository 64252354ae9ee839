/*
 * request_fault.c
 *		Which errors are the fault of a request, and not of the server, the table or the loader.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "ingest/request_fault.h"
#include "utils/subtransaction.h"

/*
 * is_policy_violation tells whether a row violates a policy of row-level security.  A missing
 * privilege has the same SQLSTATE, but is no fault of the row.
 */
static bool
is_policy_violation(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE && error->funcname != NULL &&
		   strcmp(error->funcname, "ExecWithCheckOptions") == 0;
}

/*
 * is_users_own tells whether an SQLSTATE is one that a user's trigger made up: of class 45, or of a
 * class that the SQL standard leaves free and that PostgreSQL and this extension don't use.
 */
static bool
is_users_own(int sqlstate)
{
	static const char taken[][3] = {"53", "54", "55", "57", "58", "72", "P0", "XX", "SZ"};
	const char *code = unpack_sql_state(sqlstate);

	if (strncmp(code, "45", 2) == 0)
		return true;
	if (!(code[0] >= '5' && code[0] <= '9') && !(code[0] >= 'I' && code[0] <= 'Z'))
		return false;
	for (size_t i = 0; i < lengthof(taken); i++)
		if (strncmp(code, taken[i], 2) == 0)
			return false;
	return true;
}

/*
 * is_request_fault tells whether an error is the fault of a request.
 */
bool
is_request_fault(const ErrorData *error)
{
	return is_data_error(error) ||
		   ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_WITH_CHECK_OPTION_VIOLATION ||
		   is_policy_violation(error) || is_users_own(error->sqlerrcode);
}
