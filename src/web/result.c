/*
 * result.c
 *		Arguments that are texts, and composite results, of the functions of this folder.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "web/result.h"

/*
 * text_argument returns an argument as a text view.
 */
TextView
text_argument(FunctionCallInfo fcinfo, int argno)
{
	text *argument;

	if (PG_ARGISNULL(argno))
		return (TextView){NULL, 0};
	argument = PG_GETARG_TEXT_PP(argno);
	return (TextView){VARDATA_ANY(argument), (uint32) VARSIZE_ANY_EXHDR(argument)};
}

/*
 * text_result returns a text from a call.
 */
Datum
text_result(FunctionCallInfo fcinfo, TextView text)
{
	if (text.data == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text.data, (int) text.len));
}

/*
 * put_text sets a column of a composite result.
 */
void
put_text(TextView text, Datum *value, bool *isnull)
{
	*isnull = text.data == NULL;
	*value =
		*isnull ? (Datum) 0 : PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.len));
}

/*
 * result_columns returns the columns of a composite result.
 */
TupleDesc
result_columns(FunctionCallInfo fcinfo, TupleDesc *known)
{
	if (*known == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc columns;

		if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "the function was called where its result has no place");
		*known = BlessTupleDesc(columns);
		MemoryContextSwitchTo(caller);
	}
	return *known;
}
