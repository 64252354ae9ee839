/*
 * arguments.c
 *		Checks of arguments that several functions share.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/event_trigger.h"
#include "common/int.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "utils/arguments.h"

/*
 * sz_interval_usecs converts an interval to microseconds.
 */
uint64
sz_interval_usecs(const Interval *value, const char *argname)
{
	int64 days;
	int64 usecs;

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", argname),
				 errhint("Give an interval such as '30 minutes'.")));
	if (SZ_INTERVAL_NOT_FINITE(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be finite", argname),
				 errhint("Give an interval such as '30 minutes'.")));
	if (value->month != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not have months or years", argname),
						errdetail("A month has no fixed length."),
						errhint("Write days instead of months, e.g. '30 days'.")));
	if (pg_mul_s64_overflow(value->day, USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(days, value->time, &usecs))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s is too large", argname),
				 errhint("Give an interval such as '30 minutes'.")));
	if (usecs < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must not be negative", argname),
						errhint("Give an interval such as '30 minutes'.")));
	return (uint64) usecs;
}

/*
 * argument_pipeline returns a function's first argument, the name of a pipeline.
 */
char *
argument_pipeline(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the pipeline's name must not be NULL"),
				 errhint("SELECT * FROM sessionize.pipelines shows the pipelines there are.")));
	return text_to_cstring(PG_GETARG_TEXT_PP(0));
}

/*
 * argument_sample returns an argument that says how large a part of the session keys to look at.
 */
double
argument_sample(FunctionCallInfo fcinfo, int argno)
{
	double sample = PG_ARGISNULL(argno) ? 0 : PG_GETARG_FLOAT8(argno);

	if (!PG_ARGISNULL(argno) && !(sample > 0 && sample <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sample must be more than 0 and at most 1"),
				 errhint("It is the part of the session keys to compare, such as sample => 0.1.")));
	return sample;
}

/*
 * check_event_trigger reports a call that does not come from an event trigger.
 */
void
check_event_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this function can only be called by an event trigger of pg_sessionize")));
}

/*
 * result_row returns a value of a function's composite result type, from its columns.
 */
Datum
result_row(FunctionCallInfo fcinfo, Datum *values, bool *isnull)
{
	TupleDesc desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull));
}

/*
 * sz_report_infinite_ts reports a time that is infinite.
 */
void
sz_report_infinite_ts(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("ts must be finite"),
			 errhint("Leave such rows out, e.g. with WHERE isfinite(ts), or make them null.")));
	pg_unreachable();
}
