/*
 * ingest_retry.c
 *		Rejected requests: ingest_retry tries them again, ingest_discard removes them.
 *
 * Both are for the owner of the events table.  The accounts are written last, since their rows are
 * locked until the commit, and loaders wait for that.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "catalog/extension_sql.h"
#include "compat.h"
#include "ingest/events_target.h"
#include "ingest/insert_requests.h"
#include "ingest/rejected.h"
#include "spi/statement.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_ingest_retry);
PG_FUNCTION_INFO_V1(sessionize_ingest_discard);

/* How many requests are tried at a time. */
#define BATCH_REQUESTS 100

/* A partition of a source that has rejected requests, and what became of them. */
typedef struct RetriedKey
{
	IngestKey key;
	IngestCounts counts;
} RetriedKey;

/* A call of ingest_retry. */
typedef struct Retry
{
	Oid events;
	int64 left; /* how many requests may still be tried */
	List *keys; /* RetriedKey * */
	MemoryContext batch_context;
} Retry;

/*
 * events_argument returns the first argument, a table whose owner's privileges the user must have.
 */
static Oid
events_argument(FunctionCallInfo fcinfo, const char *call)
{
	Oid events;

	PreventCommandIfReadOnly(call);
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("events must not be null")));
	events = PG_GETARG_OID(0);
	if (get_rel_relkind(events) == '\0')
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", events)));
	if (!sz_relation_ownercheck(events, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(events)),
					   get_rel_name(events));
	return events;
}

/*
 * add_key adds a partition that has rejected requests.
 */
static void
add_key(void *arg, const SqlRow *row)
{
	Retry *retry = arg;
	RetriedKey *key = palloc0(sizeof(RetriedKey));

	key->key = (IngestKey){retry->events, sql_row_text(row, 1), sql_row_text(row, 2)};
	retry->keys = lappend(retry->keys, key);
}

/*
 * add_counts adds what became of more requests.
 */
static void
add_counts(IngestCounts *sum, const IngestCounts *more)
{
	sum->requests += more->requests;
	sum->rejected += more->rejected;
	sum->rows_decoded += more->rows_decoded;
	sum->rows_inserted += more->rows_inserted;
}

/*
 * retry_batch tries a batch of requests after one; returns the last one's id, 0 if there were none.
 */
static int64
retry_batch(Retry *retry, RetriedKey *key, int64 after)
{
	RequestBatch *batch = batch_create();
	int64 last = rejected_take(&key->key, after, Min(retry->left, BATCH_REQUESTS), batch);

	if (last > 0)
	{
		EventsTarget *target = events_target_open(retry->events, batch->desc);
		IngestCounts counts = batch_counts(batch, insert_requests(batch, target));

		rejected_settle(batch);
		add_counts(&key->counts, &counts);
		retry->left -= batch->count;
	}
	batch_free(batch);
	return last;
}

/*
 * retry_key tries the rejected requests of one partition again.
 */
static void
retry_key(Retry *retry, RetriedKey *key)
{
	int64 last = 0;

	do
	{
		MemoryContext caller = MemoryContextSwitchTo(retry->batch_context);

		CHECK_FOR_INTERRUPTS();
		last = retry->left > 0 ? retry_batch(retry, key, last) : 0;
		MemoryContextSwitchTo(caller);
		MemoryContextReset(retry->batch_context);
	} while (last > 0);
}

/*
 * sessionize_ingest_retry tries rejected requests again.
 */
Datum
sessionize_ingest_retry(PG_FUNCTION_ARGS)
{
	Retry retry = {.events = events_argument(fcinfo, "sessionize.ingest_retry()"),
				   .left = PG_ARGISNULL(2) ? PG_INT64_MAX : PG_GETARG_INT64(2)};
	SqlValue source =
		SQL_DATUM(TEXTOID, PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1), PG_ARGISNULL(1));
	IngestCounts sum = {0};
	Datum values[3];
	bool isnull[3] = {false};
	ListCell *cell;

	extension_visit("SELECT DISTINCT r.source, r.partition FROM sessionize.ingest_rejected AS r "
					"WHERE r.events = $1 AND ($2 IS NULL OR r.source = $2) ORDER BY 1, 2",
					SQL_READ_WRITE, SQL_VALUES(SQL_OID(retry.events), source), add_key, &retry);
	retry.batch_context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize retry", ALLOCSET_DEFAULT_SIZES);
	foreach (cell, retry.keys)
		retry_key(&retry, lfirst(cell));
	foreach (cell, retry.keys)
	{
		const RetriedKey *key = lfirst(cell);

		position_note_retried(&key->key, &key->counts);
		add_counts(&sum, &key->counts);
	}
	values[0] = Int64GetDatum(sum.requests);
	values[1] = Int64GetDatum(sum.rows_inserted);
	values[2] = Int64GetDatum(sum.rejected);
	return result_row(fcinfo, values, isnull);
}

/*
 * sessionize_ingest_discard removes rejected requests.
 */
Datum
sessionize_ingest_discard(PG_FUNCTION_ARGS)
{
	Oid events = events_argument(fcinfo, "sessionize.ingest_discard()");
	SqlValue before = SQL_DATUM(TIMESTAMPTZOID, PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1),
								PG_ARGISNULL(1));
	SqlValue containing =
		SQL_DATUM(TEXTOID, PG_ARGISNULL(2) ? (Datum) 0 : PG_GETARG_DATUM(2), PG_ARGISNULL(2));
	int64 removed = 0;

	(void) extension_bigints(
		"WITH gone AS (DELETE FROM sessionize.ingest_rejected AS r WHERE r.events = $1 "
		"AND ($2 IS NULL OR r.rejected_at < $2) "
		"AND ($3 IS NULL OR position(convert_to($3, 'UTF8') IN r.body) > 0 "
		"OR strpos(r.headers::text, $3) > 0) RETURNING r.source, r.partition), "
		"counted AS (SELECT g.source, g.partition, count(*) AS n FROM gone AS g GROUP BY 1, 2), "
		"noted AS (UPDATE sessionize.ingest_position AS p SET discarded = p.discarded + c.n "
		"FROM counted AS c WHERE p.events = $1 AND p.source = c.source "
		"AND p.partition = c.partition) "
		"SELECT sum(c.n)::bigint FROM counted AS c",
		SQL_READ_WRITE, SQL_VALUES(SQL_OID(events), before, containing), &removed, 1);
	PG_RETURN_INT64(removed);
}
