/*
 * node_state.c
 *		What the aggregates over (time, name) share.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "functions/node_state.h"
#include "functions/step_state.h"
#include "guc.h"
#include "utils/memory.h"

/*
 * check_log_status reports a status other than SZ_OK as an error.
 */
static void
check_log_status(SzStatus status)
{
	if (status == SZ_TOO_LARGE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d events in one group", sz_max_group_events),
				 errhint("Leave out events that don't matter, group by something finer, or raise "
						 "sessionize.max_group_events.")));
	sz_check_status(status);
}

/*
 * node_state_add adds an event.
 */
void
node_state_add(SzNodeLog *log, TimestampTz ts, uint32 mask, const text *name, MemoryContext cxt)
{
	SzAllocator alloc = sz_context_allocator(cxt);

	check_log_status(sz_node_log_add(log, ts, mask, name == NULL ? NULL : VARDATA_ANY(name),
									 name == NULL ? SZ_NO_NAME : VARSIZE_ANY_EXHDR(name),
									 (uint32) sz_max_group_events, &alloc));
}

/*
 * node_state_merge adds all events of another log.
 */
void
node_state_merge(SzNodeLog *log, const SzNodeLog *other, MemoryContext cxt)
{
	SzAllocator alloc = sz_context_allocator(cxt);

	check_log_status(sz_node_log_merge(log, other, (uint32) sz_max_group_events, &alloc));
}

/*
 * node_state_sort sorts the events.
 */
void
node_state_sort(SzNodeLog *log, MemoryContext cxt)
{
	SzAllocator alloc = sz_context_allocator(cxt);

	sz_check_status(sz_node_log_sort(log, &alloc));
}

/*
 * node_state_number numbers the names.
 */
uint32 *
node_state_number(const SzNodeLog *log, uint32 *distinct)
{
	SzAllocator alloc = sz_context_allocator(CurrentMemoryContext);
	uint32 *ids = MemoryContextAllocHuge(CurrentMemoryContext, Max(log->count, 1) * sizeof(uint32));

	check_log_status(sz_node_log_number(log, ids, distinct, &alloc));
	return ids;
}

/*
 * node_state_name returns the name of an event.
 */
text *
node_state_name(const SzNodeLog *log, uint32 i)
{
	return cstring_to_text_with_len(log->bytes + log->nodes[i].at, (int) log->nodes[i].size);
}

/*
 * node_state_put appends a log to a message.
 */
void
node_state_put(SzNodeLog *log, StringInfo out, MemoryContext cxt)
{
	Size size;

	node_state_sort(log, cxt);
	size = sz_node_log_encoded_size(log);
	if (size > MaxAllocSize / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%u events in one group are too many for a parallel plan", log->count),
				 errhint("SET max_parallel_workers_per_gather = 0.")));
	enlargeStringInfo(out, (int) size);
	sz_node_log_encode(log, (unsigned char *) out->data + out->len);
	out->len += (int) size;
}

/*
 * are_values tells whether times and names are valid values of timestamptz and text.
 */
static bool
are_values(const SzNodeLog *log)
{
	if (log->count > 0 && (!IS_VALID_TIMESTAMP(log->nodes[0].ts) ||
						   !IS_VALID_TIMESTAMP(log->nodes[log->count - 1].ts)))
		return false;
	for (uint32 i = 0; i < log->count; i++)
	{
		const SzNode *node = &log->nodes[i];

		if (node->size != SZ_NO_NAME &&
			!pg_verifymbstr(log->bytes + node->at, (int) node->size, true))
			return false;
	}
	return true;
}

/*
 * node_state_get reads what node_state_put appended, and rejects all else.
 */
void
node_state_get(SzNodeLog *log, StringInfo in, MemoryContext cxt)
{
	SzAllocator alloc = sz_context_allocator(cxt);
	int size = in->len - in->cursor;

	sz_node_log_init(log);
	sz_check_status(
		sz_node_log_decode(log, (const unsigned char *) pq_getmsgbytes(in, size), size, &alloc));
	if (!are_values(log))
		sz_check_status(SZ_BAD_STATE);
}

/*
 * node_state_is_named tells whether a log has events, and each has a name and no steps.
 */
bool
node_state_is_named(const SzNodeLog *log)
{
	for (uint32 i = 0; i < log->count; i++)
	{
		if (log->nodes[i].size == SZ_NO_NAME || log->nodes[i].mask != 0)
			return false;
	}
	return log->count > 0;
}
