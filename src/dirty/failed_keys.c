/*
 * failed_keys.c
 *		Session keys that could not be refreshed because of their data.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "dirty/dirty_key.h"
#include "dirty/failed_keys.h"
#include "dirty/key_texts.h"
#include "spi/scope.h"
#include "utils/key_type.h"
#include "wakeup/notify.h"

PG_FUNCTION_INFO_V1(sessionize_retry_errors);

/*
 * query runs a statement over run_error with the parameters pipeline id, key (NULL: the rows without one) and message; the connection
 * to SPI is left open for the caller to look at the result.
 */
static void
query(const char *sql, bool read_only, int nargs, const Pipeline *pipeline, const DirtyKey *key,
	  const char *message)
{
	Oid types[3] = {INT4OID, TEXTOID, TEXTOID};
	bool keyless = key == NULL || key->isnull;
	Datum values[3] = {Int32GetDatum(pipeline->id),
					   keyless ? 0 : key_text_in(pipeline, "run_error", key->key), 0};
	char nulls[] = {' ', keyless ? 'n' : ' ', ' '};
	OwnerScope scope;
	int result;

	if (message != NULL)
		values[2] = CStringGetTextDatum(message);
	extension_scope_enter(&scope);
	SPI_connect();
	result = SPI_execute_with_args(sql, nargs, types, values, nulls, read_only, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	owner_scope_leave(&scope);
}

/*
 * failed_keys_load returns the pipeline's failed keys.
 */
DirtyKey *
failed_keys_load(const Pipeline *pipeline, int64 *count)
{
	MemoryContext context = CurrentMemoryContext;

	query("SELECT e.session_key FROM sessionize.run_error AS e WHERE e.pipeline_id = $1", true, 1, pipeline,
		  NULL, NULL);
	return keys_of_result(pipeline, context, count);
}

/*
 * failed_keys_note notes that a key has failed once more.
 */
bool
failed_keys_note(const Pipeline *pipeline, const DirtyKey *key, const char *message)
{
	bool isnull;
	int32 tries;

	query("INSERT INTO sessionize.run_error AS e (pipeline_id, session_key, error) VALUES ($1, $2, $3) "
		  "ON CONFLICT (pipeline_id, md5(session_key)) DO UPDATE SET tries = e.tries + 1, "
		  "last_failed_at = clock_timestamp(), error = excluded.error RETURNING e.tries",
		  false, 3, pipeline, key, message);
	tries = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return tries < FAILED_KEY_TRIES;
}

/*
 * failed_keys_forget forgets a key that did not fail any more.
 */
void
failed_keys_forget(const Pipeline *pipeline, const DirtyKey *key)
{
	query("DELETE FROM sessionize.run_error WHERE pipeline_id = $1 AND (md5(session_key) = md5($2) OR $2 IS "
		  "NULL AND session_key IS NULL)",
		  false, 2, pipeline, key, NULL);
	SPI_finish();
}

/*
 * sessionize_retry_errors puts the pipeline's failed keys back into its dirty log, and returns how many.
 */
Datum
sessionize_retry_errors(PG_FUNCTION_ARGS)
{
	Pipeline *pipeline = pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	DirtyAppend *append;
	OwnerScope scope;
	DirtyKey *keys;
	int64 count;

	PreventCommandIfReadOnly("sessionize.retry_errors()");
	pipeline_check_owner(pipeline);
	owner_scope_enter(&scope, pipeline);
	keys = failed_keys_load(pipeline, &count);
	append = dirty_append_begin(dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY]);
	if (append == NULL)
		dirty_report_lost(pipeline);
	for (int64 i = 0; i < count; i++)
		dirty_append(append, &keys[i]);
	dirty_append_end(append);
	query("UPDATE sessionize.run_error SET tries = 0 WHERE pipeline_id = $1", false, 1, pipeline, NULL, NULL);
	SPI_finish();
	owner_scope_leave(&scope);
	worker_notify_at_commit(pipeline->id);
	PG_RETURN_INT64(count);
}
