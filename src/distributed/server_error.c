/*
 * server_error.c
 *		Errors of other servers, reported here.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#define SQLSTATE_LENGTH 5

PG_FUNCTION_INFO_V1(sessionize_report_error);

/*
 * text_or_null returns an argument as a string; NULL for SQL's NULL and an empty text.
 */
static const char *
text_or_null(FunctionCallInfo fcinfo, int argno)
{
	const char *value = PG_ARGISNULL(argno) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(argno));

	return value[0] == '\0' ? NULL : value;
}

/*
 * sqlstate returns a code of five characters as ereport takes it; that of RAISE if it is none.
 */
static int
sqlstate(const char *code)
{
	if (code == NULL || strlen(code) != SQLSTATE_LENGTH ||
		strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != SQLSTATE_LENGTH)
		return ERRCODE_RAISE_EXCEPTION;
	return MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4]);
}

/*
 * sessionize_report_error reports an error.  RAISE of PL/pgSQL can't leave out a detail or a hint
 * that is not there.
 */
Datum
sessionize_report_error(PG_FUNCTION_ARGS)
{
	const char *message = text_or_null(fcinfo, 0);
	const char *detail = text_or_null(fcinfo, 1);
	const char *hint = text_or_null(fcinfo, 2);

	ereport(ERROR, (errcode(sqlstate(text_or_null(fcinfo, 3))),
					errmsg_internal("%s", message != NULL ? message : "unknown error"),
					detail != NULL ? errdetail_internal("%s", detail) : 0,
					hint != NULL ? errhint("%s", hint) : 0));
	PG_RETURN_VOID();
}
