/*
 * distributed_catalog.c
 *		The table of distributed pipelines, which each server has a copy of.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "catalog/extension_sql.h"
#include "catalog/lock.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "distributed/distributed_catalog.h"
#include "functions/distributed.h"
#include "spi/privileges.h"
#include "spi/scope.h"
#include "spi/statement.h"
#include "utils/arguments.h"

/* The class of advisory locks whose second field is a hash of a distributed pipeline's name. */
#define DISTRIBUTED_LOCK_CLASS 0x535C

PG_FUNCTION_INFO_V1(sessionize_note_distributed);
PG_FUNCTION_INFO_V1(sessionize_note_shard_call);
PG_FUNCTION_INFO_V1(sessionize_forget_distributed);
PG_FUNCTION_INFO_V1(sessionize_adopt_seal);

/*
 * distributed_owner returns the owner of a distributed pipeline.
 */
Oid
distributed_owner(const char *name)
{
	bool isnull;
	Datum owner = extension_value(
		"SELECT owner::oid FROM sessionize.distributed_pipeline WHERE pipeline_name = $1",
		SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(name)), &isnull);

	return isnull ? InvalidOid : DatumGetObjectId(owner);
}

/*
 * check_owner reports a user who lacks the privileges of the distributed pipeline's owner.  It
 * returns the owner.
 */
static Oid
check_owner(const char *name)
{
	Oid owner = distributed_owner(name);

	if (OidIsValid(owner) && !has_privs_of_role(GetUserId(), owner))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("must be owner of distributed pipeline \"%s\"", name)));
	return owner;
}

/*
 * distributed_scope_enter switches to the distributed pipeline's owner.
 */
void
distributed_scope_enter(OwnerScope *scope, const char *name)
{
	Oid owner = check_owner(name);

	if (!OidIsValid(owner))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("distributed pipeline \"%s\" does not exist", name),
						errhint("SELECT * FROM sessionize.distributed_pipelines shows those there "
								"are.")));
	role_scope_enter(scope, owner);
}

/*
 * distributed_lock takes the lock of a change.
 */
void
distributed_lock(const char *name, bool wait)
{
	uint32 hash = DatumGetUInt32(hash_any((const unsigned char *) name, (int) strlen(name)));
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, hash, 0, DISTRIBUTED_LOCK_CLASS);
	if (LockAcquire(&tag, ExclusiveLock, false, !wait) == LOCKACQUIRE_NOT_AVAIL)
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("distributed pipeline \"%s\" is busy", name),
						errdetail("Another session is changing it or attaching its shards."),
						errhint("Try again when that has finished; pg_stat_activity shows what "
								"sessions do.")));
}

/*
 * check_new reports a record that calls would meet in place of what they are for, or of a table that
 * the user may have no pipeline on.
 */
static void
check_new(const char *name, Oid source)
{
	if (!OidIsValid(distributed_first(list_make1_oid(source))))
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("table %s is not distributed by Citus",
							   DatumGetCString(DirectFunctionCall1(regclassout, source))),
						errhint("SELECT sessionize.create_pipeline(...); creates a pipeline on any "
								"table.")));
	check_may_read(source);
	if (pipeline_find(name) != NULL)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("pipeline \"%s\" already exists on this server", name),
						errhint("Choose another name for the distributed pipeline.")));
}

/*
 * sessionize_note_distributed records a distributed pipeline, its definition and its tracking plan.
 */
Datum
sessionize_note_distributed(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (!OidIsValid(check_owner(name)))
		check_new(name, PG_GETARG_OID(1));
	extension_run(
		"INSERT INTO sessionize.distributed_pipeline AS d (pipeline_name, source, owner, "
		"definition, plan, calls) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (pipeline_name) DO "
		"UPDATE SET source = excluded.source, definition = excluded.definition, "
		"plan = excluded.plan, calls = excluded.calls",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_TEXT(name), SQL_DATUM(REGCLASSOID, PG_GETARG_DATUM(1), false),
				   SQL_DATUM(REGROLEOID, ObjectIdGetDatum(GetUserId()), false),
				   SQL_DATUM(JSONBOID, PG_GETARG_DATUM(2), false),
				   SQL_DATUM(JSONBOID, PG_GETARG_DATUM(3), false),
				   SQL_DATUM(JSONBOID, PG_GETARG_DATUM(4), false)));
	PG_RETURN_VOID();
}

/*
 * sessionize_note_shard_call records a call that is to be made again for shards that are new.
 */
Datum
sessionize_note_shard_call(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	(void) check_owner(name);
	extension_run("UPDATE sessionize.distributed_pipeline AS d SET calls = d.calls || "
				  "jsonb_build_object($2, $3) WHERE d.pipeline_name = $1",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_TEXT(name), SQL_DATUM(TEXTOID, PG_GETARG_DATUM(1), false),
							 SQL_DATUM(TEXTOID, PG_GETARG_DATUM(2), false)));
	PG_RETURN_VOID();
}

/*
 * sessionize_forget_distributed removes the record of a distributed pipeline.
 */
Datum
sessionize_forget_distributed(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

	(void) check_owner(name);
	extension_run("DELETE FROM sessionize.distributed_pipeline WHERE pipeline_name = $1",
				  SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(name)));
	PG_RETURN_VOID();
}

/*
 * sessionize_adopt_seal gives a pipeline that was never built the horizon of another one, whose
 * sealed rows were copied to it.
 */
Datum
sessionize_adopt_seal(PG_FUNCTION_ARGS)
{
	Pipeline *pipeline =
		pipeline_load_owned(text_to_cstring(PG_GETARG_TEXT_PP(0)), pipeline_lock_transaction);

	if (pipeline->built || pipeline->has_seal)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("pipeline \"%s\" has a star or a seal of its own", pipeline->name),
						errhint("SELECT sessionize.seal(%s, before); moves its seal.",
								quote_literal_cstr(pipeline->name))));
	catalog_write_seal(pipeline->id, PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_BOOL(2));
	PG_RETURN_VOID();
}
