/*
 * ingest.c
 *		What a loader calls: ingest_begin, ingest_resume, ingest and ingest_gap.
 *
 * The rows, the requests that failed and the position are written in one transaction, the caller's.
 * So whatever is killed, the position says which requests are in the table.  The position is locked
 * first: of two loaders the older one fails before it has inserted anything.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "compat.h"
#include "ingest/events_target.h"
#include "ingest/ingest_position.h"
#include "ingest/insert_requests.h"
#include "ingest/rejected.h"
#include "ingest/request_batch.h"
#include "spi/privileges.h"
#include "spi/sql.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_ingest_begin);
PG_FUNCTION_INFO_V1(sessionize_ingest_resume);
PG_FUNCTION_INFO_V1(sessionize_ingest);
PG_FUNCTION_INFO_V1(sessionize_ingest_gap);

/*
 * text_argument returns an argument; NULL for NULL.
 */
static char *
text_argument(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argno));
}

/*
 * check_given reports an argument that is NULL.
 */
static void
check_given(FunctionCallInfo fcinfo, int argno, const char *name)
{
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
}

/*
 * key_argument returns the first three arguments, of a table that the user may insert into.
 */
static IngestKey
key_argument(FunctionCallInfo fcinfo, const char *call)
{
	IngestKey key;

	PreventCommandIfReadOnly(call);
	check_given(fcinfo, 0, "events");
	check_given(fcinfo, 1, "source");
	check_given(fcinfo, 2, "partition");
	key = (IngestKey){.events = PG_GETARG_OID(0),
					  .source = text_argument(fcinfo, 1),
					  .partition = text_argument(fcinfo, 2)};
	if (sql_relation_owner(key.events) == InvalidOid)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", key.events)));
	check_may_insert(key.events);
	return key;
}

/*
 * tell_missing tells which columns of decoded events the table does not keep.
 */
static void
tell_missing(const IngestKey *key)
{
	RequestBatch *batch = batch_create();
	EventsTarget *target = events_target_open(key->events, batch->desc);

	if (target->missing != NULL)
		ereport(NOTICE, (errmsg("table %s does not keep all of a decoded event",
								sql_qualified_name(key->events)),
						 errdetail("It has no column for: %s.", target->missing),
						 errhint("ALTER TABLE ... ADD COLUMN adds what you want to keep.")));
	batch_free(batch);
}

/*
 * sessionize_ingest_begin begins to load a partition of a source.
 */
Datum
sessionize_ingest_begin(PG_FUNCTION_ARGS)
{
	IngestKey key = key_argument(fcinfo, "sessionize.ingest_begin()");
	int64 fence;
	char *position;
	Datum values[2] = {0};
	bool isnull[2] = {false};

	tell_missing(&key);
	position = position_begin(&key, &fence);
	isnull[0] = position == NULL;
	values[0] = isnull[0] ? (Datum) 0 : CStringGetTextDatum(position);
	values[1] = Int64GetDatum(fence);
	return result_row(fcinfo, values, isnull);
}

/*
 * sessionize_ingest_resume returns the position to a loader that goes on.
 */
Datum
sessionize_ingest_resume(PG_FUNCTION_ARGS)
{
	IngestKey key = key_argument(fcinfo, "sessionize.ingest_resume()");
	char *position;

	check_given(fcinfo, 3, "fence");
	position = position_lock(&key, PG_GETARG_INT64(3));
	if (position == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(position));
}

/*
 * load_requests decodes requests, inserts their events, and keeps those that fail.
 */
static IngestCounts
load_requests(const IngestKey *key, const char *position, const bytea *requests)
{
	RequestBatch *batch = batch_create();
	EventsTarget *target = events_target_open(key->events, batch->desc);
	IngestCounts counts;

	batch_add_frames(batch, (TextView){VARDATA_ANY(requests), VARSIZE_ANY_EXHDR(requests)});
	counts = batch_counts(batch, insert_requests(batch, target));
	rejected_keep(key, position, batch);
	batch_free(batch);
	return counts;
}

/*
 * sessionize_ingest loads requests.
 */
Datum
sessionize_ingest(PG_FUNCTION_ARGS)
{
	IngestKey key = key_argument(fcinfo, "sessionize.ingest()");
	char *position = text_argument(fcinfo, 3);
	IngestCounts counts;
	Datum values[3];
	bool isnull[3] = {false};

	check_given(fcinfo, 4, "next_position");
	check_given(fcinfo, 5, "fence");
	check_given(fcinfo, 6, "requests");
	position_lock_at(&key, PG_GETARG_INT64(5), position);
	counts = load_requests(&key, position, PG_GETARG_BYTEA_PP(6));
	position_move(&key, text_argument(fcinfo, 4), &counts);
	values[0] = Int64GetDatum(counts.requests);
	values[1] = Int64GetDatum(counts.rows_inserted);
	values[2] = Int64GetDatum(counts.rejected);
	return result_row(fcinfo, values, isnull);
}

/*
 * sessionize_ingest_gap notes a part of a source that can't be read, and goes on behind it.
 */
Datum
sessionize_ingest_gap(PG_FUNCTION_ARGS)
{
	IngestKey key = key_argument(fcinfo, "sessionize.ingest_gap()");
	char *position = text_argument(fcinfo, 3);
	IngestCounts none = {.received_at = DT_NOBEGIN};

	check_given(fcinfo, 4, "next_position");
	check_given(fcinfo, 5, "fence");
	check_given(fcinfo, 6, "reason");
	position_lock_at(&key, PG_GETARG_INT64(5), position);
	position_note_gap(&key, position, text_argument(fcinfo, 4), text_argument(fcinfo, 6));
	position_move(&key, text_argument(fcinfo, 4), &none);
	PG_RETURN_VOID();
}
