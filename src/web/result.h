/*
 * result.h
 *		Arguments that are texts, and composite results, of the functions of this folder.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RESULT_H
#define SESSIONIZE_RESULT_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "fmgr.h"

#include "utils/text_view.h"

/* An argument as a text view; its data is NULL for NULL. */
extern TextView text_argument(FunctionCallInfo fcinfo, int argno);

/* The text as the result of a call; NULL where the text has no data. */
extern Datum text_result(FunctionCallInfo fcinfo, TextView text);

/* Sets a column, to NULL where the text has no data. */
extern void put_text(TextView text, Datum *value, bool *isnull);

/*
 * The columns of the composite type that a call returns.  *known, which the call site keeps in its
 * fn_mcxt, has them from the second call on.
 */
extern TupleDesc result_columns(FunctionCallInfo fcinfo, TupleDesc *known);

#endif /* SESSIONIZE_RESULT_H */
