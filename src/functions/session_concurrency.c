/*
 * session_concurrency.c
 *		The aggregate session_concurrency: how many sessions are open, by bucket or at each instant.
 *
 * The state is the core's log of sessions, so the order of the rows does not matter, and partial
 * states can be combined.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "core/concurrency.h"
#include "functions/row_array.h"
#include "functions/step_state.h"
#include "guc.h"
#include "utils/arguments.h"
#include "utils/memory.h"
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_concurrency_transition);
PG_FUNCTION_INFO_V1(sz_concurrency_combine);
PG_FUNCTION_INFO_V1(sz_concurrency_serialize);
PG_FUNCTION_INFO_V1(sz_concurrency_deserialize);
PG_FUNCTION_INFO_V1(sz_concurrency_final);
PG_FUNCTION_INFO_V1(sz_concurrency_changes_final);

typedef struct ConcurrencyState
{
	SzBuckets buckets;
	SzSpanLog log;
} ConcurrencyState;

/*
 * state_context returns the memory context of the states.
 */
static MemoryContext
state_context(FunctionCallInfo fcinfo)
{
	return sz_state_context(fcinfo, "session_concurrency");
}

/*
 * check_log_status reports a status other than SZ_OK as an error.  If there are too many sessions,
 * its message is more helpful than that of sz_check_status.
 */
static void
check_log_status(SzStatus status)
{
	if (status == SZ_TOO_LARGE)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("more than %d sessions in one group", sz_max_group_events),
						errhint("Take a shorter time, or raise sessionize.max_group_events.")));
	sz_check_status(status);
}

/* The buckets of a state without the argument bucket. */
static const SzBuckets instants = {1, 0};

/*
 * read_buckets returns the buckets that a row's arguments give.
 */
static SzBuckets
read_buckets(FunctionCallInfo fcinfo)
{
	SzBuckets buckets = {
		sz_interval_usecs(PG_ARGISNULL(3) ? NULL : PG_GETARG_INTERVAL_P(3), "bucket"), 0};

	if (buckets.length == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("bucket must be longer than nothing"),
						errhint("Give an interval such as '1 minute'.")));
	if (PG_NARGS() > 4)
	{
		if (PG_ARGISNULL(4))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("origin must not be null"),
					 errhint("Leave the argument out, or give a time at which a bucket begins.")));
		buckets.origin = PG_GETARG_TIMESTAMPTZ(4);
		if (TIMESTAMP_NOT_FINITE(buckets.origin))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("origin must be finite"),
					 errhint("Give a time at which a bucket begins.")));
	}
	return buckets;
}

/*
 * require_buckets reports an error unless the state has the same buckets.
 */
static inline void
require_buckets(const ConcurrencyState *state, SzBuckets buckets)
{
	if (unlikely(state->buckets.length != buckets.length ||
				 state->buckets.origin != buckets.origin))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("bucket and origin must be the same for all rows of a group"),
						errhint("Use constants, or add the columns to GROUP BY.")));
}

/*
 * new_state returns a state without sessions.
 */
static ConcurrencyState *
new_state(MemoryContext cxt, SzBuckets buckets)
{
	ConcurrencyState *state = MemoryContextAlloc(cxt, sizeof(*state));

	state->buckets = buckets;
	sz_span_log_init(&state->log);
	return state;
}

/*
 * sz_concurrency_transition adds a row's session.
 */
Datum
sz_concurrency_transition(PG_FUNCTION_ARGS)
{
	ConcurrencyState *state = PG_ARGISNULL(0) ? NULL : (ConcurrencyState *) PG_GETARG_POINTER(0);
	SzBuckets buckets = PG_NARGS() > 3 ? read_buckets(fcinfo) : instants;

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		MemoryContext cxt = state_context(fcinfo);
		SzAllocator alloc = sz_context_allocator(cxt);
		TimestampTz start = PG_GETARG_TIMESTAMPTZ(1);
		TimestampTz end = PG_GETARG_TIMESTAMPTZ(2);

		if (TIMESTAMP_NOT_FINITE(start) || TIMESTAMP_NOT_FINITE(end))
			ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
							errmsg("started_at and ended_at must be finite"),
							errhint("Leave such rows out, e.g. with WHERE isfinite(ended_at).")));
		if (end < start)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("ended_at must not be before started_at"),
							errhint("Write session_concurrency(started_at, ended_at).")));
		if (state == NULL)
			state = new_state(cxt, buckets);
		require_buckets(state, buckets);
		check_log_status(
			sz_span_log_add(&state->log, start, end, (uint32) sz_max_group_events, &alloc));
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_concurrency_combine adds the second state to the first.
 */
Datum
sz_concurrency_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = state_context(fcinfo);
	SzAllocator alloc = sz_context_allocator(cxt);
	ConcurrencyState *state = PG_ARGISNULL(0) ? NULL : (ConcurrencyState *) PG_GETARG_POINTER(0);
	ConcurrencyState *other = PG_ARGISNULL(1) ? NULL : (ConcurrencyState *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (state == NULL)
			state = new_state(cxt, other->buckets);
		require_buckets(state, other->buckets);
		check_log_status(
			sz_span_log_merge(&state->log, &other->log, (uint32) sz_max_group_events, &alloc));
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * sz_concurrency_serialize writes a state: the buckets, then the sessions.
 */
Datum
sz_concurrency_serialize(PG_FUNCTION_ARGS)
{
	SzAllocator alloc = sz_context_allocator(state_context(fcinfo));
	ConcurrencyState *state = (ConcurrencyState *) PG_GETARG_POINTER(0);
	StringInfoData buf;
	Size size;

	sz_check_status(sz_span_log_sort(&state->log, &alloc));
	size = sz_span_log_encoded_size(&state->log);
	if (size > MaxAllocSize / 2)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("%u sessions in one group are too many for a parallel plan",
							   state->log.count),
						errhint("SET max_parallel_workers_per_gather = 0.")));
	pq_begintypsend(&buf);
	pq_sendint64(&buf, (int64) state->buckets.length);
	pq_sendint64(&buf, state->buckets.origin);
	enlargeStringInfo(&buf, (int) size);
	sz_span_log_encode(&state->log, (unsigned char *) buf.data + buf.len);
	buf.len += (int) size;
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * sz_concurrency_deserialize reads what sz_concurrency_serialize wrote, and rejects all else.
 */
Datum
sz_concurrency_deserialize(PG_FUNCTION_ARGS)
{
	SzAllocator alloc;
	bytea *bytes;
	StringInfoData buf;
	ConcurrencyState *state;
	const SzSpanLog *log;
	SzBuckets buckets;
	int size;

	state_context(fcinfo);
	alloc = sz_context_allocator(CurrentMemoryContext);
	bytes = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	buckets.length = (uint64) pq_getmsgint64(&buf);
	buckets.origin = pq_getmsgint64(&buf);
	if (buckets.length < 1 || buckets.length > PG_INT64_MAX || !IS_VALID_TIMESTAMP(buckets.origin))
		sz_check_status(SZ_BAD_STATE);
	state = new_state(CurrentMemoryContext, buckets);
	log = &state->log;
	size = buf.len - buf.cursor;
	sz_check_status(sz_span_log_decode(
		&state->log, (const unsigned char *) pq_getmsgbytes(&buf, size), size, &alloc));
	if (log->count == 0 || !IS_VALID_TIMESTAMP(log->starts[0]) ||
		!IS_VALID_TIMESTAMP(log->ends[log->count - 1]))
		sz_check_status(SZ_BAD_STATE);
	PG_RETURN_POINTER(state);
}

/*
 * get_template returns the template of the result's rows: a time and whole numbers, ncolumns in
 * all.
 */
static RowTemplate *
get_template(FunctionCallInfo fcinfo, int ncolumns)
{
	static const Oid columns[] = {TIMESTAMPTZOID, INT8OID, INT8OID, INT8OID};

	Assert(ncolumns <= (int) lengthof(columns));
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = row_template_create(get_element_type(sz_result_type(fcinfo)),
													   columns, ncolumns, fcinfo->flinfo->fn_mcxt);
	return fcinfo->flinfo->fn_extra;
}

/*
 * report_buckets reports that there would be too many buckets, and the times that cause it: often a
 * session has a wrong time.
 */
static void
report_buckets(const SzSpanLog *log, uint64 buckets)
{
	char *first = pstrdup(timestamptz_to_str(log->starts[0]));
	char *last = pstrdup(timestamptz_to_str(log->ends[log->count - 1]));

	ereport(
		ERROR,
		(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		 errmsg("an array of " UINT64_FORMAT " buckets is too large", buckets),
		 errdetail("The first session starts at %s, the last one ends at %s.", first, last),
		 errhint("If one of these times is wrong, leave such rows out, with WHERE started_at >= "
				 "'...' AND ended_at < '...'; else use a longer bucket, or a shorter time.")));
}

/*
 * sz_concurrency_final returns the buckets, ascending, from the bucket of the first start to the
 * bucket of the last end.
 */
Datum
sz_concurrency_final(PG_FUNCTION_ARGS)
{
	SzAllocator alloc = sz_context_allocator(state_context(fcinfo));
	RowTemplate *template;
	ConcurrencyState *state;
	SzSweep sweep;
	SzBucket bucket;
	ArrayType *array;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (ConcurrencyState *) PG_GETARG_POINTER(0);
	template = get_template(fcinfo, 4);
	sz_check_status(sz_span_log_sort(&state->log, &alloc));
	if (sz_sweep_begin(&sweep, &state->log, state->buckets) != SZ_OK ||
		!IS_VALID_TIMESTAMP(sweep.start))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
						errmsg("the first bucket begins earlier than a timestamp can be"),
						errhint("Use a shorter bucket, or another origin.")));
	if (sweep.buckets > row_array_limit(template))
		report_buckets(&state->log, sweep.buckets);
	array = row_array_create(template, sweep.buckets);
	for (uint64 i = 0; sz_sweep_next(&sweep, &bucket); i++)
	{
		int64 *columns = row_array_columns(template, array, i);

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		columns[0] = bucket.start;
		columns[1] = bucket.started;
		columns[2] = bucket.active;
		columns[3] = bucket.peak;
	}
	PG_RETURN_ARRAYTYPE_P(array);
}

/*
 * count_changes returns how often the number of open sessions changes, up to the last valid
 * timestamp.
 */
static uint64
count_changes(const SzSpanLog *log)
{
	SzChanges changes = {log, 0, 0};
	uint64 count = 0;
	uint32 open;
	int64 at;

	for (; sz_changes_next(&changes, &at, &open) && IS_VALID_TIMESTAMP(at); count++)
	{
		if (count % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return count;
}

/*
 * sz_concurrency_changes_final returns the instants at which the number of open sessions changes,
 * ascending, and the number from each instant on.
 */
Datum
sz_concurrency_changes_final(PG_FUNCTION_ARGS)
{
	SzAllocator alloc = sz_context_allocator(state_context(fcinfo));
	RowTemplate *template;
	ConcurrencyState *state;
	SzChanges changes = {0};
	ArrayType *array;
	uint64 count;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (ConcurrencyState *) PG_GETARG_POINTER(0);
	template = get_template(fcinfo, 2);
	sz_check_status(sz_span_log_sort(&state->log, &alloc));
	count = count_changes(&state->log);
	if (count > row_array_limit(template))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("an array of " UINT64_FORMAT " changes is too large", count),
						errhint("Give a bucket, or take a shorter time.")));
	array = row_array_create(template, count);
	changes.log = &state->log;
	for (uint64 i = 0; i < count; i++)
	{
		int64 *columns = row_array_columns(template, array, i);
		uint32 open;

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		sz_changes_next(&changes, &columns[0], &open);
		columns[1] = open;
	}
	PG_RETURN_ARRAYTYPE_P(array);
}

static const StateKind concurrency_kind = {
	.letter = 'c',
	.version = 1,
	.aggregates = "session_concurrency",
	.combine = sz_concurrency_combine,
	.serialize = sz_concurrency_serialize,
	.deserialize = sz_concurrency_deserialize,
};

STATE_VALUE_FUNCTION(sz_concurrency_value_transition, transition, concurrency_kind,
					 sz_concurrency_transition);
STATE_VALUE_FUNCTION(sz_concurrency_value_combine, combine, concurrency_kind,
					 sz_concurrency_combine);
STATE_VALUE_FUNCTION(sz_concurrency_value_final, final, concurrency_kind, sz_concurrency_final);
STATE_VALUE_FUNCTION(sz_concurrency_changes_value_final, final, concurrency_kind,
					 sz_concurrency_changes_final);
