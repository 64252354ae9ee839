/*
 * insert_requests.c
 *		Inserts the events of a batch, and finds the requests that can't be inserted.
 *
 * All rows are inserted by one statement in a subtransaction.  If it fails for the fault of a
 * request, each half is tried, and so on, until the requests at fault are alone.  So one request
 * costs a batch about as much again as the batch itself, and a batch without errors nothing.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"

#include "ingest/insert_requests.h"
#include "ingest/request_fault.h"
#include "spi/scope.h"
#include "spi/sql_rows.h"
#include "spi/statement.h"
#include "utils/subtransaction.h"

/* An INSERT of rows. */
typedef struct Insertion
{
	const EventsTarget *target;
	TupleDesc desc;
	Tuplestorestate *rows;
	int64 inserted;
} Insertion;

/*
 * insert_rows inserts rows, and has constraints checked that would be at the commit, when nobody
 * could tell any more which request has violated them.
 */
static void
insert_rows(void *arg)
{
	Insertion *insertion = arg;

	insertion->inserted = (int64) sql_execute_with_rows(insertion->target->insert, DECODED_ROWS,
														insertion->desc, insertion->rows);
	if (insertion->target->has_deferred)
		(void) sql_run("SET CONSTRAINTS ALL IMMEDIATE", SQL_READ_WRITE, SQL_NO_VALUES);
}

/*
 * only_request returns which of some requests is the only one that has rows; -1: it is not alone.
 */
static int64
only_request(const RequestBatch *batch, int64 first, int64 end)
{
	int64 only = -1;

	for (int64 i = first; i < end; i++)
	{
		if (batch->requests[i].error != NULL || batch->requests[i].rows == 0)
			continue;
		if (only >= 0)
			return -1;
		only = i;
	}
	return only;
}

/*
 * insert_range inserts the rows of the requests from first to before end, and returns how many were
 * inserted.
 */
static int64
insert_range(RequestBatch *batch, const EventsTarget *target, int64 first, int64 end)
{
	Insertion insertion = {.target = target, .desc = batch->desc};
	ErrorData *error;
	int64 only;
	int64 middle = first + (end - first) / 2;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (batch_row_count(batch, first, end) == 0)
		return 0;
	insertion.rows = batch_rows(batch, first, end);
	error = try_or_catch(insert_rows, &insertion, is_request_fault);
	if (insertion.rows != batch->rows)
		tuplestore_end(insertion.rows);
	if (error == NULL)
		return insertion.inserted;
	only = only_request(batch, first, end);
	if (only >= 0)
	{
		batch_note_error(&batch->requests[only], error);
		return 0;
	}
	FreeErrorData(error);
	return insert_range(batch, target, first, middle) + insert_range(batch, target, middle, end);
}

/*
 * insert_requests decodes requests and inserts their events.
 */
int64
insert_requests(RequestBatch *batch, const EventsTarget *target)
{
	int level = untranslated_messages_enter();
	int64 inserted;

	batch_decode(batch);
	inserted = insert_range(batch, target, 0, batch->count);
	pinned_settings_leave(level);
	return inserted;
}
