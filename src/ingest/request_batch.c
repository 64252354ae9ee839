/*
 * request_batch.c
 *		The requests of a batch, the rows that they are decoded to, and those that fail.
 *
 * All requests are decoded in one subtransaction.  A request that can't be decoded is no error, but
 * a limit of the server that it hits is: that is noted, and the others go on in another
 * subtransaction.  Rows that were decoded are in a tuplestore, which is not undone.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "decode/decode.h"
#include "ingest/request_batch.h"
#include "ingest/request_fault.h"
#include "utils/array_reserve.h"
#include "utils/subtransaction.h"

/*
 * raw_event_desc returns the columns of the type sessionize.raw_event.
 */
static TupleDesc
raw_event_desc(void)
{
	Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("raw_event"),
							   ObjectIdGetDatum(get_namespace_oid("sessionize", false)));
	TupleDesc desc = OidIsValid(type) ? lookup_rowtype_tupdesc_copy(type, -1) : NULL;

	if (desc == NULL || desc->natts != RAW_EVENT_COLUMNS)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("type sessionize.raw_event is not as the library knows it"),
						errhint("ALTER EXTENSION pg_sessionize UPDATE;")));
	return desc;
}

/*
 * batch_create returns a batch without requests.
 */
RequestBatch *
batch_create(void)
{
	RequestBatch *batch = palloc0(sizeof(RequestBatch));

	batch->desc = raw_event_desc();
	batch->context = CurrentMemoryContext;
	batch->rows = tuplestore_begin_heap(false, false, work_mem);
	batch->decoding =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize request", ALLOCSET_DEFAULT_SIZES);
	return batch;
}

/*
 * add adds a request.
 */
static BatchRequest *
add(RequestBatch *batch, int64 id)
{
	BatchRequest *request;

	array_reserve(batch->requests, batch->count, batch->capacity, 64);
	request = &batch->requests[batch->count++];
	*request = (BatchRequest){.id = id};
	return request;
}

/*
 * batch_add_payload adds the payload of a frame.
 */
void
batch_add_payload(RequestBatch *batch, int64 id, TextView payload)
{
	add(batch, id)->payload = payload;
}

/*
 * batch_add_frames adds the requests of frames.
 */
void
batch_add_frames(RequestBatch *batch, TextView frames)
{
	TextView payload;

	while (frame_next(&frames, &payload))
		batch_add_payload(batch, batch->count, payload);
}

/*
 * batch_add adds a request whose parts are known.
 */
void
batch_add(RequestBatch *batch, int64 id, const RawRequest *raw)
{
	add(batch, id)->raw = *raw;
}

/*
 * note_error notes an error, in CurrentMemoryContext.
 */
static void
note_error(BatchRequest *request, int sqlstate, const char *message, const char *detail)
{
	RequestError *error = palloc(sizeof(RequestError));

	error->sqlstate = sqlstate;
	error->message = pstrdup(message != NULL ? message : "unknown error");
	error->detail = detail != NULL ? pstrdup(detail) : NULL;
	request->error = error;
}

/*
 * batch_note_error notes why a request failed.
 */
void
batch_note_error(BatchRequest *request, const ErrorData *error)
{
	note_error(request, error->sqlerrcode, error->message, error->detail);
}

/*
 * put_row keeps a row of the request that is being decoded.
 */
static void
put_row(RawEvent *event, void *arg)
{
	RequestBatch *batch = arg;

	tuplestore_putvalues(batch->rows, batch->desc, event->values, event->isnull);
	batch->row_count++;
}

/*
 * decode_one decodes a request.
 */
static void
decode_one(RequestBatch *batch, BatchRequest *request)
{
	RawRequest raw = request->raw;
	DecodeFault fault;
	bool decoded;

	decoded = request->payload.data == NULL || frame_parts(request->payload, &raw, &fault);
	request->raw.received_at = raw.received_at;
	if (decoded && decode_request(&raw, put_row, batch, &fault))
		return;
	MemoryContextSwitchTo(batch->context);
	note_error(request, fault.sqlstate, fault.message, fault.detail);
	MemoryContextSwitchTo(batch->decoding);
}

/* Where the decoding of a batch has come to. */
typedef struct Decoding
{
	RequestBatch *batch;
	int64 next;
} Decoding;

/*
 * decode_rest decodes the requests that are left.
 */
static void
decode_rest(void *arg)
{
	Decoding *decoding = arg;
	RequestBatch *batch = decoding->batch;
	MemoryContext caller = MemoryContextSwitchTo(batch->decoding);

	for (; decoding->next < batch->count; decoding->next++)
	{
		BatchRequest *request = &batch->requests[decoding->next];

		CHECK_FOR_INTERRUPTS();
		request->first_row = batch->row_count;
		decode_one(batch, request);
		request->rows = batch->row_count - request->first_row;
		MemoryContextReset(batch->decoding);
	}
	MemoryContextSwitchTo(caller);
}

/*
 * batch_decode decodes the requests.
 */
void
batch_decode(RequestBatch *batch)
{
	Decoding decoding = {.batch = batch};
	ErrorData *error;

	while ((error = try_or_catch(decode_rest, &decoding, is_request_fault)) != NULL)
	{
		batch_note_error(&batch->requests[decoding.next++], error);
		MemoryContextReset(batch->decoding);
	}
}

/*
 * batch_row_count counts the rows of requests that have no error.
 */
int64
batch_row_count(const RequestBatch *batch, int64 first, int64 end)
{
	int64 rows = 0;

	for (int64 i = first; i < end; i++)
		if (batch->requests[i].error == NULL)
			rows += batch->requests[i].rows;
	return rows;
}

/*
 * copy_rows copies rows from where a tuplestore is read to another one.
 */
static void
copy_rows(Tuplestorestate *from, Tuplestorestate *to, TupleTableSlot *slot, int64 count)
{
	for (int64 i = 0; i < count; i++)
	{
		if (!tuplestore_gettupleslot(from, true, false, slot))
			elog(ERROR, "a decoded row is missing");
		tuplestore_puttupleslot(to, slot);
	}
}

/*
 * batch_rows returns the rows of requests that have no error.
 */
Tuplestorestate *
batch_rows(RequestBatch *batch, int64 first, int64 end)
{
	Tuplestorestate *rows;
	TupleTableSlot *slot;
	int64 place = 0;

	tuplestore_rescan(batch->rows);
	if (batch_row_count(batch, first, end) == batch->row_count)
		return batch->rows;
	rows = tuplestore_begin_heap(false, false, work_mem);
	slot = MakeSingleTupleTableSlot(batch->desc, &TTSOpsMinimalTuple);
	for (int64 i = first; i < end; i++)
	{
		BatchRequest *request = &batch->requests[i];

		if (request->error != NULL || request->rows == 0)
			continue;
		if (request->first_row > place &&
			!tuplestore_skiptuples(batch->rows, request->first_row - place, true))
			elog(ERROR, "a decoded row is missing");
		copy_rows(batch->rows, rows, slot, request->rows);
		place = request->first_row + request->rows;
	}
	ExecDropSingleTupleTableSlot(slot);
	return rows;
}

/*
 * batch_counts returns what became of the requests.
 */
IngestCounts
batch_counts(const RequestBatch *batch, int64 rows_inserted)
{
	IngestCounts counts = {.requests = batch->count,
						   .rows_decoded = batch_row_count(batch, 0, batch->count),
						   .rows_inserted = rows_inserted,
						   .received_at = DT_NOBEGIN};

	for (int64 i = 0; i < batch->count; i++)
	{
		if (batch->requests[i].error != NULL)
			counts.rejected++;
		else
			counts.received_at = Max(counts.received_at, batch->requests[i].raw.received_at);
	}
	return counts;
}

/*
 * batch_free frees the rows.
 */
void
batch_free(RequestBatch *batch)
{
	tuplestore_end(batch->rows);
	MemoryContextDelete(batch->decoding);
	if (batch->requests != NULL)
		pfree(batch->requests);
	pfree(batch);
}
