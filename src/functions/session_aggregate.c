/*
 * session_aggregate.c
 *		The aggregates session_agg and session_count.
 *
 * The state is the core's interval set, so the order of the rows does not matter, and partial
 * states can be combined.  A usual row, whose event comes soon after the previous event of the
 * group, needs no allocation, no context switch and no memory outside the state.  With many groups
 * the time goes into cache misses, and such a row causes only one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/int.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "core/interval_set.h"
#include "functions/session_aggregate.h"
#include "functions/session_array.h"
#include "functions/step_state.h"
#include "utils/arguments.h"
#include "utils/memory.h"
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_session_transition);
PG_FUNCTION_INFO_V1(sz_session_combine);
PG_FUNCTION_INFO_V1(sz_session_serialize);
PG_FUNCTION_INFO_V1(sz_session_deserialize);
PG_FUNCTION_INFO_V1(sz_session_agg_final);
PG_FUNCTION_INFO_V1(sz_session_count_final);

/*
 * aggregate_context returns the memory context of the states.
 */
static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	return sz_state_context(fcinfo, "session_agg");
}

/*
 * gap_is tells whether an interval has this many microseconds, if a day has 24 hours.  It returns
 * false if sz_interval_usecs would report an error.
 */
static inline bool
gap_is(const Interval *gap, uint64 usecs)
{
	int64 days;
	int64 time;

	return gap->month == 0 && !pg_mul_s64_overflow(gap->day, USECS_PER_DAY, &days) &&
		   !pg_add_s64_overflow(days, gap->time, &time) && time == (int64) usecs;
}

/*
 * require_gap reports an error if a row's gap differs from that of the rows before.
 */
static void
require_gap(uint64 actual, uint64 expected)
{
	if (actual != expected)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("gap must be the same for all rows of a group"),
						errhint("Use a constant, or add the gap's column to GROUP BY.")));
}

/*
 * new_set returns an empty set in cxt.
 */
static SzIntervalSet *
new_set(MemoryContext cxt, uint64 gap)
{
	SzIntervalSet *set = MemoryContextAlloc(cxt, sizeof(*set));

	sz_interval_set_init(set, gap);
	return set;
}

/*
 * add_event adds a row that the fast path of the transition function can't add.
 */
static SzIntervalSet *
add_event(FunctionCallInfo fcinfo, SzIntervalSet *set)
{
	TimestampTz ts = PG_GETARG_TIMESTAMPTZ(1);
	MemoryContext cxt = aggregate_context(fcinfo);
	SzAllocator alloc = sz_context_allocator(cxt);
	uint64 gap = sz_interval_usecs(PG_ARGISNULL(2) ? NULL : PG_GETARG_INTERVAL_P(2), "gap");

	sz_require_finite(ts);
	if (set == NULL)
		set = new_set(cxt, gap);
	require_gap(gap, set->gap);
	sz_check_status(sz_interval_set_add(set, ts, &alloc));
	return set;
}

/*
 * sz_session_transition adds a row's event.
 */
Datum
sz_session_transition(PG_FUNCTION_ARGS)
{
	SzIntervalSet *set = PG_ARGISNULL(0) ? NULL : (SzIntervalSet *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		TimestampTz ts = PG_GETARG_TIMESTAMPTZ(1);

		if (set == NULL || PG_ARGISNULL(2) || !gap_is(PG_GETARG_INTERVAL_P(2), set->gap) ||
			TIMESTAMP_NOT_FINITE(ts) || !sz_interval_set_touch(set, ts))
			set = add_event(fcinfo, set);
	}
	if (set == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(set);
}

/*
 * sz_session_combine adds the second state to the first.
 */
Datum
sz_session_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	SzAllocator alloc = sz_context_allocator(cxt);
	SzIntervalSet *set = PG_ARGISNULL(0) ? NULL : (SzIntervalSet *) PG_GETARG_POINTER(0);
	SzIntervalSet *other = PG_ARGISNULL(1) ? NULL : (SzIntervalSet *) PG_GETARG_POINTER(1);

	if (other != NULL)
	{
		if (set == NULL)
			set = new_set(cxt, other->gap);
		require_gap(other->gap, set->gap);
		sz_check_status(sz_interval_set_merge(set, other, &alloc));
	}
	if (set == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(set);
}

/*
 * sz_session_serialize writes a state: the gap, then the islands.
 */
Datum
sz_session_serialize(PG_FUNCTION_ARGS)
{
	SzAllocator alloc = sz_context_allocator(aggregate_context(fcinfo));
	SzIntervalSet *set = (SzIntervalSet *) PG_GETARG_POINTER(0);
	StringInfoData buf;
	Size size;

	sz_check_status(sz_interval_set_normalize(set, &alloc));
	size = sz_interval_set_encoded_size(set);
	if (size > MaxAllocSize / 2)
		sz_check_status(SZ_TOO_LARGE);
	pq_begintypsend(&buf);
	pq_sendint64(&buf, (int64) set->gap);
	enlargeStringInfo(&buf, (int) size);
	sz_interval_set_encode(set, (unsigned char *) buf.data + buf.len);
	buf.len += (int) size;
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * sz_session_deserialize reads what sz_session_serialize wrote, and rejects all else.
 */
Datum
sz_session_deserialize(PG_FUNCTION_ARGS)
{
	SzAllocator alloc;
	bytea *state;
	StringInfoData buf;
	SzIntervalSet *set;
	int64 gap;
	int size;

	aggregate_context(fcinfo);
	alloc = sz_context_allocator(CurrentMemoryContext);
	state = PG_GETARG_BYTEA_PP(0);
	sz_read_only_string_info(&buf, VARDATA_ANY(state), VARSIZE_ANY_EXHDR(state));
	gap = pq_getmsgint64(&buf);
	if (gap < 0)
		sz_check_status(SZ_BAD_STATE);
	set = new_set(CurrentMemoryContext, (uint64) gap);
	size = buf.len - buf.cursor;
	sz_check_status(sz_interval_set_decode(set, (const unsigned char *) pq_getmsgbytes(&buf, size),
										   size, &alloc));
	if (set->count == 0 || !IS_VALID_TIMESTAMP(set->items[0].start) ||
		!IS_VALID_TIMESTAMP(set->last.end))
		sz_check_status(SZ_BAD_STATE);
	PG_RETURN_POINTER(set);
}

/*
 * sz_session_agg_final returns the sessions, ascending.
 */
Datum
sz_session_agg_final(PG_FUNCTION_ARGS)
{
	SzAllocator alloc = sz_context_allocator(aggregate_context(fcinfo));
	RowTemplate *template = fcinfo->flinfo->fn_extra;
	SzIntervalSet *set;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	set = (SzIntervalSet *) PG_GETARG_POINTER(0);
	if (template == NULL)
	{
		Oid type = get_element_type(sz_result_type(fcinfo));

		template = session_template_create(type, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = template;
	}
	sz_check_status(sz_interval_set_normalize(set, &alloc));
	PG_RETURN_ARRAYTYPE_P(session_array(template, set->items, set->count));
}

/*
 * sz_session_count_final returns the number of sessions.
 */
Datum
sz_session_count_final(PG_FUNCTION_ARGS)
{
	SzAllocator alloc = sz_context_allocator(aggregate_context(fcinfo));
	SzIntervalSet *set;

	if (PG_ARGISNULL(0))
		PG_RETURN_INT64(0);
	set = (SzIntervalSet *) PG_GETARG_POINTER(0);
	sz_check_status(sz_interval_set_normalize(set, &alloc));
	PG_RETURN_INT64(set->count);
}

static const StateKind session_kind = {
	.letter = 's',
	.version = 1,
	.aggregates = "session_agg and session_count",
	.combine = sz_session_combine,
	.serialize = sz_session_serialize,
	.deserialize = sz_session_deserialize,
};

STATE_VALUE_FUNCTION(sz_session_value_transition, transition, session_kind, sz_session_transition);
STATE_VALUE_FUNCTION(sz_session_value_combine, combine, session_kind, sz_session_combine);
STATE_VALUE_FUNCTION(sz_session_agg_value_final, final, session_kind, sz_session_agg_final);
STATE_VALUE_FUNCTION(sz_session_count_value_final, final, session_kind, sz_session_count_final);
