/*
 * failed_keys.c
 *		Session keys that could not be refreshed because of their data.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "dirty/dirty_key.h"
#include "dirty/failed_keys.h"
#include "dirty/key_texts.h"
#include "spi/scope.h"
#include "spi/statement.h"
#include "utils/key_type.h"
#include "wakeup/notify.h"

/*
 * key_value returns a key's text in run_error; NULL for the rows without a key.
 */
static SqlValue
key_value(const Pipeline *pipeline, const DirtyKey *key)
{
	return key->isnull ? SQL_NULL(TEXTOID)
					   : SQL_DATUM(TEXTOID, key_text_in(pipeline, "run_error", key->key), false);
}

/*
 * failed_keys_load returns the pipeline's failed keys.
 */
DirtyKey *
failed_keys_load(const Pipeline *pipeline, int64 *count)
{
	return keys_in(pipeline, "run_error", count);
}

/*
 * note_failure records another failure of a key, and tells whether it is to be tried again.
 */
static bool
note_failure(const Pipeline *pipeline, const DirtyKey *key, const char *message)
{
	int64 tries = 0;

	if (!extension_bigints(
			"INSERT INTO sessionize.run_error AS e (pipeline_id, session_key, error) VALUES ($1, "
			"$2, $3) ON CONFLICT (pipeline_id, md5(session_key)) DO UPDATE SET tries = e.tries + "
			"1, "
			"last_failed_at = clock_timestamp(), error = excluded.error RETURNING e.tries::bigint",
			SQL_READ_WRITE,
			SQL_VALUES(SQL_INT4(pipeline->id), key_value(pipeline, key), SQL_TEXT(message)), &tries,
			1))
		elog(ERROR, "could not write sessionize.run_error");
	return tries < FAILED_KEY_TRIES;
}

/*
 * failed_keys_retry records another failure of a key, and puts its rows back into the dirty log.
 */
void
failed_keys_retry(const Pipeline *pipeline, const DirtyKey *key, const char *message)
{
	DirtyAppend *append;

	if (!note_failure(pipeline, key, message))
		return;
	append = dirty_append_begin(dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY]);
	if (append == NULL)
		dirty_report_lost(pipeline);
	dirty_append(append, key);
	dirty_append_end(append);
}

/*
 * failed_keys_forget deletes a key that has been derived without an error.
 */
void
failed_keys_forget(const Pipeline *pipeline, const DirtyKey *key)
{
	extension_run("DELETE FROM sessionize.run_error WHERE pipeline_id = $1 AND (md5(session_key) = "
				  "md5($2) OR $2 IS "
				  "NULL AND session_key IS NULL)",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id), key_value(pipeline, key)));
}

/*
 * failed_keys_retry_all appends the pipeline's failed keys to its dirty log.
 */
int64
failed_keys_retry_all(const Pipeline *pipeline)
{
	DirtyAppend *append;
	DirtyKey *keys;
	int64 count;

	keys = failed_keys_load(pipeline, &count);
	append = dirty_append_begin(dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY]);
	if (append == NULL)
		dirty_report_lost(pipeline);
	for (int64 i = 0; i < count; i++)
		dirty_append(append, &keys[i]);
	dirty_append_end(append);
	extension_run("UPDATE sessionize.run_error SET tries = 0 WHERE pipeline_id = $1",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)));
	return count;
}

/*
 * sessionize_retry_errors has the pipeline's failed keys tried again, and returns their number.
 */
PIPELINE_FUNCTION(sessionize_retry_errors)
{
	Pipeline *pipeline = pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	OwnerScope scope;
	int64 count;

	PreventCommandIfReadOnly("sessionize.retry_errors()");
	pipeline_check_owner(pipeline);
	owner_scope_enter(&scope, pipeline);
	count = failed_keys_retry_all(pipeline);
	owner_scope_leave(&scope);
	worker_notify_at_commit(pipeline->id);
	PG_RETURN_INT64(count);
}
