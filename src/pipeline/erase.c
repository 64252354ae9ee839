/*
 * erase.c
 *		sessionize.erase_user(name, key): nothing of a session key is left, neither raw nor derived.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pipeline/capture_source.h"
#include "pipeline/dirty.h"
#include "pipeline/failed_keys.h"
#include "pipeline/key_table.h"
#include "pipeline/keyed_source.h"
#include "pipeline/pipeline.h"
#include "pipeline/run.h"
#include "pipeline/sql.h"
#include "pipeline/star.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(sessionize_erase_user);

/*
 * check_call reports what keeps the raw rows from being deleted, or from being read exactly.
 */
static void
check_call(const Pipeline *pipeline)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
						errmsg("sessionize.erase_user() needs the isolation level READ COMMITTED"),
						errhint("SET default_transaction_isolation = 'read committed';")));
	if (pg_class_aclcheck(pipeline->source, pipeline->owner, ACL_DELETE) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("the owner of pipeline \"%s\" may not delete from %s", pipeline->name,
							   sql_qualified_name(pipeline->source)),
						errhint("GRANT DELETE ON %s TO %s;", sql_qualified_name(pipeline->source),
								quote_identifier(GetUserNameFromId(pipeline->owner, false)))));
	if (!pipeline_try_refresh_lock(pipeline))
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("pipeline \"%s\" is busy", pipeline->name),
				 errdetail("Another session is rebuilding or dropping it."),
				 errhint("Try again when that has finished.")));
}

/*
 * delete_rows deletes the rows of a table of the star that are the keys'.
 */
static int64
delete_rows(const Pipeline *pipeline, const char *table, const KeyTable *keys)
{
	return key_table_execute(
		keys, psprintf("DELETE FROM %s AS f USING " KEY_ROWS " AS k WHERE f.session_key %s "
					   "k.session_key",
					   quote_qualified_identifier(pipeline->name, table), key_equals_sql(keys->type)));
}

/*
 * delete_raw deletes the raw rows, without a word in the pipeline's own dirty log.
 */
static int64
delete_raw(const Pipeline *pipeline, const KeyTable *keys)
{
	char *sql = keyed_delete_sql(pipeline, source_mapping(pipeline));
	int64 rows = 0;

	capture_suspended = pipeline->id;
	PG_TRY();
	{
		rows = key_table_execute(keys, sql);
	}
	PG_FINALLY();
	{
		capture_suspended = 0;
	}
	PG_END_TRY();
	return rows;
}

/*
 * erase erases one key.  Each statement has its own snapshot.  Dirty rows go first: what is in them is in the
 * raw rows, too, when those go; what comes later stays in both.
 */
static int64
erase(const Pipeline *pipeline, Datum key)
{
	KeyTable *keys = key_table_create(pipeline->types[SRC_SESSION_KEY]);
	int64 kept = 0;
	int64 raw;

	key_table_add(keys, key, false);
	if (pipeline->capture)
		(void) delete_rows(pipeline, DIRTY_TABLE, keys);
	raw = delete_raw(pipeline, keys);
	PushActiveSnapshot(GetTransactionSnapshot());
	(void) key_table_query_bigints(
		keys,
		psprintf(
			"SELECT coalesce(sum(f.events + f.duplicates), 0)::bigint FROM %s.fact_session AS f, " KEY_ROWS
			" AS k WHERE f.session_key %s k.session_key",
			quote_identifier(pipeline->name), key_equals_sql(keys->type)),
		&kept, 1);
	PopActiveSnapshot();
	(void) delete_rows(pipeline, "fact_session", keys);
	if (pipeline->store_events)
		(void) delete_rows(pipeline, "fact_event", keys);
	(void) delete_rows(pipeline, "dim_user", keys);
	(void) delete_rows(pipeline, "session_alias", keys);
	run_erased(pipeline, kept, delete_rows(pipeline, "quarantine", keys));
	failed_keys_forget(pipeline, key);
	key_table_free(keys);
	return raw;
}

/*
 * sessionize_erase_user erases a key, given by its text form, and returns how many raw rows it had.
 */
Datum
sessionize_erase_user(PG_FUNCTION_ARGS)
{
	Pipeline *pipeline = pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	char *key_text = text_to_cstring(PG_GETARG_TEXT_PP(1));
	OwnerScope scope;
	Oid input;
	Oid parameter;
	Datum key;
	int64 rows;

	pipeline_check_owner(pipeline);
	star_check(pipeline);
	check_call(pipeline);
	getTypeInputInfo(pipeline->types[SRC_SESSION_KEY], &input, &parameter);
	owner_scope_enter(&scope, pipeline);
	key = OidInputFunctionCall(input, key_text, parameter, -1);
	pipeline_lock_lane(pipeline, dirty_lane(pipeline, key, false));
	rows = erase(pipeline, key);
	owner_scope_leave(&scope);
	PG_RETURN_INT64(rows);
}
