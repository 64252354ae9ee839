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
 * sz_device returns the device behind a user agent and client hints.
 */
Datum
sz_device(PG_FUNCTION_ARGS)
{
	ClientHints hints = {.has_mobile = false};
	TupleDesc columns = fcinfo->flinfo->fn_extra;
	Device device;
	Datum values[6];
	bool nulls[6];

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
		hints = client_hints_read(PG_GETARG_JSONB_P(1));
	device = device_of(text_argument(fcinfo, 0), &hints);
	put_text(view_of(device.class), &values[0], &nulls[0]);
	put_text(view_of(device.os), &values[1], &nulls[1]);
	put_text(device.os_version, &values[2], &nulls[2]);
	put_text(device.browser, &values[3], &nulls[3]);
	put_text(device.browser_version, &values[4], &nulls[4]);
	values[5] = BoolGetDatum(device.is_bot);
	nulls[5] = false;
	fcinfo->flinfo->fn_extra = result_columns(fcinfo, &columns);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}
