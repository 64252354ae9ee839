/*
 * webhook.c
 *		What a program calls that delivers notices of incidents to a URL: webhook_begin,
 *		webhook_delivered and webhook_failed; and drop_webhook.
 *
 * As with loaders, a fence tells the program that delivers now from one that it has replaced.  The
 * position is one for each incident, since only the notices of one incident are numbered in the
 * order in which they are committed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "catalog/extension_sql.h"
#include "compat.h"
#include "ingest/ingest_errors.h"
#include "spi/statement.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_webhook_begin);
PG_FUNCTION_INFO_V1(sessionize_webhook_delivered);
PG_FUNCTION_INFO_V1(sessionize_webhook_failed);
PG_FUNCTION_INFO_V1(sessionize_drop_webhook);

/* What is kept of an error, in characters. */
#define ERROR_LENGTH "500"

#define NAME_LENGTH 200

/* What the table knows of a webhook. */
typedef struct Webhook
{
	Oid owner;
	int64 fence;
} Webhook;

/*
 * require_arguments reports an argument that is NULL.
 */
static void
require_arguments(FunctionCallInfo fcinfo, const char *call)
{
	PreventCommandIfReadOnly(call);
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("the arguments of %s must not be null", call),
							errhint("SELECT * FROM sessionize.webhook_begin('incidents');")));
}

/*
 * take_webhook takes what the table knows.
 */
static void
take_webhook(void *arg, const SqlRow *row)
{
	*(Webhook *) arg =
		(Webhook){.owner = (Oid) sql_row_int8(row, 1), .fence = sql_row_int8(row, 2)};
}

/*
 * lock_webhook locks a webhook's row, if there is one; the user must have the role of its owner.
 */
static bool
lock_webhook(const char *name, Webhook *webhook)
{
	if (extension_visit("SELECT w.owner::oid::bigint, w.fence FROM sessionize.webhook AS w "
						"WHERE w.webhook_name = $1 FOR UPDATE",
						SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(name)), take_webhook, webhook) == 0)
		return false;
	if (!has_privs_of_role(GetUserId(), webhook->owner))
		ereport(
			ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("webhook \"%s\" belongs to another role", name),
			 errdetail("It was begun by %s.", GetUserNameFromId(webhook->owner, true)
												  ? GetUserNameFromId(webhook->owner, true)
												  : "a role that was dropped"),
			 errhint("Give this one a name of its own, such as webhook => 'incidents of web'.")));
	return true;
}

/*
 * lock_own locks the webhook that the first argument names, whose fence is the second one.
 */
static const char *
lock_own(FunctionCallInfo fcinfo)
{
	const char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Webhook webhook;

	if (!lock_webhook(name, &webhook))
		ereport(ERROR,
				(errcode(ERRCODE_INGEST_NOT_BEGUN), errmsg("there is no webhook \"%s\"", name),
				 errhint("SELECT * FROM sessionize.webhook_begin(%s); begins one.",
						 quote_literal_cstr(name))));
	if (webhook.fence != PG_GETARG_INT64(1))
		ereport(ERROR,
				(errcode(ERRCODE_INGEST_FENCED),
				 errmsg("another program has taken over webhook \"%s\"", name),
				 errdetail("Its fence is " INT64_FORMAT ", and this program's is " INT64_FORMAT ".",
						   webhook.fence, PG_GETARG_INT64(1)),
				 errhint("Only one program may deliver the notices of a webhook: stop this one.")));
	return name;
}

/*
 * begin makes a webhook, or raises its fence.  Returns the fence.
 */
static int64
begin(const char *name)
{
	Webhook webhook;
	int64 fence = 0;

	if (*name == '\0' || strlen(name) > NAME_LENGTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_NAME),
						errmsg("webhook must have 1 to %d bytes", NAME_LENGTH),
						errhint("Such as webhook => 'incidents'.")));
	/* the owner of one that is there must be asked before it is changed */
	(void) lock_webhook(name, &webhook);
	(void) extension_bigints(
		"INSERT INTO sessionize.webhook AS w (webhook_name, owner) VALUES ($1, $2::oid) "
		"ON CONFLICT (webhook_name) DO UPDATE SET fence = w.fence + 1 "
		"WHERE pg_has_role($2, w.owner, 'USAGE') RETURNING w.fence",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_TEXT(name), SQL_DATUM(OIDOID, ObjectIdGetDatum(GetUserId()), false)), &fence,
		1);
	if (fence == 0)
		(void) lock_webhook(name, &webhook);
	return fence;
}

/*
 * pipelines_seen counts the pipelines whose incidents a role's webhook delivers.
 */
static int64
pipelines_seen(const char *name)
{
	int64 count = 0;

	(void) extension_bigints(
		"SELECT count(*) FROM sessionize.webhook AS w CROSS JOIN sessionize.pipeline AS p "
		"LEFT JOIN pg_class AS v ON v.oid = p.source_view::oid AND v.relkind = 'v' "
		"WHERE w.webhook_name = $1 AND (pg_has_role(w.owner, coalesce(v.relowner, p.owner::oid), "
		"'USAGE') OR pg_has_role(w.owner, 'pg_read_all_stats', 'USAGE'))",
		SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(name)), &count, 1);
	return count;
}

/*
 * sessionize_webhook_begin begins to deliver.
 */
Datum
sessionize_webhook_begin(PG_FUNCTION_ARGS)
{
	const char *name;
	Datum values[2];
	bool isnull[2] = {false, false};

	require_arguments(fcinfo, "sessionize.webhook_begin()");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	values[0] = Int64GetDatum(begin(name));
	values[1] = Int64GetDatum(pipelines_seen(name));
	PG_RETURN_DATUM(result_row(fcinfo, values, isnull));
}

/*
 * sessionize_webhook_delivered notes a delivery.  Where the incident is gone there is nothing to
 * note.
 */
Datum
sessionize_webhook_delivered(PG_FUNCTION_ARGS)
{
	const char *name;

	require_arguments(fcinfo, "sessionize.webhook_delivered()");
	name = lock_own(fcinfo);
	extension_run("UPDATE sessionize.webhook SET deliveries = deliveries + 1, "
				  "delivered_at = clock_timestamp() WHERE webhook_name = $1",
				  SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(name)));
	extension_run("INSERT INTO sessionize.webhook_position AS p (webhook_name, incident_id, "
				  "notice_id) SELECT $1, n.incident_id, n.notice_id "
				  "FROM sessionize.incident_notice AS n WHERE n.notice_id = $2 "
				  "ON CONFLICT (webhook_name, incident_id) DO UPDATE "
				  "SET notice_id = greatest(p.notice_id, excluded.notice_id)",
				  SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(name), SQL_INT8(PG_GETARG_INT64(2))));
	PG_RETURN_VOID();
}

/*
 * sessionize_webhook_failed notes a failure.
 */
Datum
sessionize_webhook_failed(PG_FUNCTION_ARGS)
{
	const char *name;

	require_arguments(fcinfo, "sessionize.webhook_failed()");
	name = lock_own(fcinfo);
	extension_run("UPDATE sessionize.webhook SET failures = failures + 1, "
				  "failed_at = clock_timestamp(), error = left($2, " ERROR_LENGTH ") "
				  "WHERE webhook_name = $1",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_TEXT(name), SQL_DATUM(TEXTOID, PG_GETARG_DATUM(2), false)));
	PG_RETURN_VOID();
}

/*
 * sessionize_drop_webhook forgets a webhook.
 */
Datum
sessionize_drop_webhook(PG_FUNCTION_ARGS)
{
	const char *name;
	Webhook webhook;

	require_arguments(fcinfo, "sessionize.drop_webhook()");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (!lock_webhook(name, &webhook))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no webhook \"%s\"", name),
				 errhint("SELECT webhook_name FROM sessionize.webhooks; lists them.")));
	extension_run("WITH positions AS (DELETE FROM sessionize.webhook_position "
				  "WHERE webhook_name = $1) DELETE FROM sessionize.webhook WHERE webhook_name = $1",
				  SQL_READ_WRITE, SQL_VALUES(SQL_TEXT(name)));
	PG_RETURN_VOID();
}
