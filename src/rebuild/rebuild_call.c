/*
 * rebuild_call.c
 *		CALL sessionize.rebuild(): derives everything anew, or the keys that have events in a range
 *		of time.
 *
 * The keys of a range are written to the dirty log and refreshed.  If the refresh is interrupted,
 * the remaining keys are still in the log.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "nodes/params.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "catalog/pipeline_function.h"
#include "rebuild/rebuild.h"
#include "run/steps.h"
#include "utils/arguments.h"

/*
 * call runs a statement with the first nargs arguments of sessionize_rebuild, inside its SPI
 * connection, which outlives the commits.  may_commit: the statement may commit.
 */
static void
call(FunctionCallInfo fcinfo, const char *sql, int nargs, bool may_commit)
{
	static const Oid types[] = {TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	ParamListInfo parameters = makeParamList(nargs);
	SPIExecuteOptions options = {.params = parameters, .allow_nonatomic = may_commit};
	int result;

	for (int i = 0; i < nargs; i++)
	{
		parameters->params[i].value = PG_GETARG_DATUM(i);
		parameters->params[i].isnull = PG_ARGISNULL(i);
		parameters->params[i].pflags = PARAM_FLAG_CONST;
		parameters->params[i].ptype = types[i];
	}
	result = SPI_execute_extended(sql, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
}

/*
 * rebuild_range derives anew the keys with events from since to until.
 */
static void
rebuild_range(FunctionCallInfo fcinfo)
{
	call(fcinfo, "SELECT sessionize.mark_dirty($1, NULL, $2, $3)", 3, false);
	SPI_commit();
	call(fcinfo, "CALL sessionize.refresh($1)", 1, true);
}

/*
 * check_arguments reports arguments that are NULL, or that a rebuild of a range does not take.
 */
static void
check_arguments(FunctionCallInfo fcinfo, bool whole)
{
	(void) argument_pipeline(fcinfo);
	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("throttle must not be NULL"),
				 errhint("1 is full speed, 0.25 works a quarter of the time.")));
	if (!whole && PG_GETARG_FLOAT8(3) != 1)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a rebuild from since to until can't be throttled"),
			 errhint(
				 "Rebuild a shorter time, or all of it: CALL sessionize.rebuild(%s, throttle => "
				 "0.5).",
				 quote_literal_cstr(text_to_cstring(PG_GETARG_TEXT_PP(0))))));
	if (!whole && !PG_ARGISNULL(4) && PG_GETARG_BOOL(4))
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a rebuild from since to until can't be one that does the newest keys first"),
			 errhint(
				 "Rebuild a shorter time, or all of it: CALL sessionize.rebuild(%s, newest_first "
				 "=> true).",
				 quote_literal_cstr(text_to_cstring(PG_GETARG_TEXT_PP(0))))));
}

/*
 * order_argument returns in which order the keys are to be done; NULL means as before.
 */
static RebuildOrder
order_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(4))
		return ORDER_AS_BEFORE;
	return PG_GETARG_BOOL(4) ? ORDER_NEWEST_FIRST : ORDER_BY_HASH;
}

/*
 * sessionize_rebuild is CALL sessionize.rebuild(name, since, until, throttle, newest_first).
 */
PIPELINE_FUNCTION(sessionize_rebuild)
{
	bool whole = PG_ARGISNULL(1) && PG_ARGISNULL(2);

	steps_check_call(fcinfo, "CALL sessionize.rebuild()");
	check_arguments(fcinfo, whole);
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	if (whole)
		(void) rebuild_pipeline(text_to_cstring(PG_GETARG_TEXT_PP(0)), PortalContext,
								(RebuildOptions){.throttle = PG_GETARG_FLOAT8(3),
												 .order = order_argument(fcinfo),
												 .releases_fuse = true});
	else
		rebuild_range(fcinfo);
	SPI_finish();
	PG_RETURN_VOID();
}
