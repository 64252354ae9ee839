/*
 * failure.c
 *		What is kept of failed passes over a restart.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "spi/scope.h"
#include "worker/failure.h"

/*
 * has_table tells whether there is still a table to write to.
 */
static bool
has_table(void)
{
	Oid schema = get_namespace_oid("sessionize", true);

	return OidIsValid(schema) && OidIsValid(get_relname_relid("schedule_failure", schema)) &&
		   OidIsValid(get_relname_relid("pipeline", schema));
}

/*
 * execute runs a statement as the extension's owner in a transaction and returns how many rows it has touched.
 */
static uint64
execute(const char *sql, int count, Oid *types, Datum *values)
{
	uint64 processed = 0;
	OwnerScope scope;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (has_table())
	{
		extension_scope_enter(&scope);
		SPI_connect();
		if (SPI_execute_with_args(sql, count, types, values, NULL, false, 0) < 0)
			elog(ERROR, "could not write sessionize.schedule_failure");
		processed = SPI_processed;
		SPI_finish();
		owner_scope_leave(&scope);
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	return processed;
}

/*
 * failure_record notes the failed pass.
 */
bool
failure_record(int32 pipeline_id, int failures, TimestampTz retry_at, const ErrorData *error)
{
	Oid types[] = {INT4OID, INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID};
	Datum values[] = {Int32GetDatum(pipeline_id), Int32GetDatum(failures), TimestampTzGetDatum(retry_at),
					  CStringGetTextDatum(unpack_sql_state(error->sqlerrcode)),
					  CStringGetTextDatum(error->message != NULL ? error->message : "unknown error")};

	return execute(
			   "INSERT INTO sessionize.schedule_failure AS f (pipeline_id, failures, retry_at, sqlstate, "
			   "error) "
			   "SELECT s.pipeline_id, $2, $3, $4, $5 FROM sessionize.schedule AS s WHERE s.pipeline_id = $1 "
			   "ON CONFLICT (pipeline_id) DO UPDATE SET failures = excluded.failures, "
			   "retry_at = excluded.retry_at, sqlstate = excluded.sqlstate, error = excluded.error, "
			   "failed_at = excluded.failed_at",
			   lengthof(types), types, values) == 1;
}

/*
 * failure_forget notes that a pass has succeeded.
 */
void
failure_forget(int32 pipeline_id)
{
	Oid type = INT4OID;
	Datum value = Int32GetDatum(pipeline_id);

	(void) execute("DELETE FROM sessionize.schedule_failure WHERE pipeline_id = $1", 1, &type, &value);
}
