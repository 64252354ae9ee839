/*
 * rebuild_range.c
 *		CALL sessionize.rebuild(name, since, until): the keys that have events in a range of time are derived anew.
 *
 * They are put into the dirty log, and refreshed.  What an interruption leaves undone is still in the log.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "nodes/params.h"
#include "pipeline/rebuild_range.h"

/*
 * call runs a statement with the caller's arguments; may_commit: one that commits.
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
 * rebuild_range does it, with the arguments of CALL sessionize.rebuild(name, since, until).
 */
void
rebuild_range(FunctionCallInfo fcinfo)
{
	call(fcinfo, "SELECT sessionize.mark_dirty($1, NULL, $2, $3)", 3, false);
	SPI_commit();
	call(fcinfo, "CALL sessionize.refresh($1)", 1, true);
}
