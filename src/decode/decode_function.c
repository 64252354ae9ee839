/*
 * decode_function.c
 *		The SQL function decode().
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "decode/decode.h"

PG_FUNCTION_INFO_V1(sz_decode);

/*
 * view_argument returns a text or a byte string as a view.
 */
static TextView
view_argument(FunctionCallInfo fcinfo, int argno)
{
	struct varlena *argument = PG_GETARG_VARLENA_PP(argno);

	return (TextView){VARDATA_ANY(argument), (uint32) VARSIZE_ANY_EXHDR(argument)};
}

/*
 * headers_argument returns the headers; NULL are none.
 */
static const Jsonb *
headers_argument(FunctionCallInfo fcinfo)
{
	const Jsonb *headers = PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2);

	if (headers != NULL && !JB_ROOT_IS_OBJECT(headers))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("headers must be a JSON object"),
				 errhint("Give names in lower case with their values, such as "
						 "'{\"content-type\": \"application/json\"}'.")));
	return headers;
}

/*
 * put_event appends an event to the result.
 */
static void
put_event(RawEvent *event, void *arg)
{
	ReturnSetInfo *result = arg;

	tuplestore_putvalues(result->setResult, result->setDesc, event->values, event->isnull);
}

/*
 * sz_decode returns the events of a request.
 */
Datum
sz_decode(PG_FUNCTION_ARGS)
{
	RawRequest request = {0};
	DecodeFault fault;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	request.protocol = view_argument(fcinfo, 0);
	request.body = view_argument(fcinfo, 1);
	request.headers = headers_argument(fcinfo);
	request.has_received_at = !PG_ARGISNULL(3);
	if (request.has_received_at)
		request.received_at = PG_GETARG_TIMESTAMPTZ(3);
	if (!decode_request(&request, put_event, fcinfo->resultinfo, &fault))
		decode_fault_raise(&fault);
	PG_RETURN_NULL();
}
