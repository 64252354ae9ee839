/*
 * device_function.c
 *		The SQL function device().
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "web/client_hints.h"
#include "web/device.h"
#include "web/memo.h"
#include "web/result.h"

PG_FUNCTION_INFO_V1(sz_device);

/*
 * view_of returns a string as a text view; NULL gives one without data.
 */
static TextView
view_of(const char *text)
{
	return (TextView){text, text == NULL ? 0 : (uint32) strlen(text)};
}

/*
 * make_device returns the device as a row of these columns.
 */
static HeapTupleHeader
make_device(TextView user_agent, Jsonb *client_hints, TupleDesc columns)
{
	ClientHints hints = {.has_mobile = false};
	Device device;
	Datum values[6];
	bool nulls[6];

	if (client_hints != NULL)
		hints = client_hints_read(client_hints);
	device = device_of(user_agent, &hints);
	put_text(view_of(device.class), &values[0], &nulls[0]);
	put_text(view_of(device.os), &values[1], &nulls[1]);
	put_text(device.os_version, &values[2], &nulls[2]);
	put_text(device.browser, &values[3], &nulls[3]);
	put_text(device.browser_version, &values[4], &nulls[4]);
	values[5] = BoolGetDatum(device.is_bot);
	nulls[5] = false;
	return DatumGetHeapTupleHeader(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}

/*
 * sz_device returns the device behind a user agent and client hints.
 */
Datum
sz_device(PG_FUNCTION_ARGS)
{
	static Memo memo;
	TupleDesc columns = fcinfo->flinfo->fn_extra;
	Jsonb *hints = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	MemoInputs inputs = {.text = {text_argument(fcinfo, 0)}};
	struct varlena *row;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	fcinfo->flinfo->fn_extra = result_columns(fcinfo, &columns);
	if (hints != NULL)
		inputs.text[1] = (TextView){VARDATA(hints), VARSIZE(hints) - VARHDRSZ};
	inputs.text[2] = (TextView){(const char *) &columns->tdtypeid, sizeof(Oid)};
	row = memo_find(&memo, &inputs);
	if (row == NULL)
	{
		row = (struct varlena *) make_device(inputs.text[0], hints, columns);
		memo_keep(&memo, &inputs, row);
	}
	PG_RETURN_POINTER(row);
}
