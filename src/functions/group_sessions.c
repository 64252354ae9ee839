/*
 * group_sessions.c
 *		Computes session_count and session_agg for each key of the node SessionGroup.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "functions/group_aggregate.h"
#include "functions/island_table.h"
#include "functions/session_aggregate.h"
#include "functions/session_array.h"
#include "utils/arguments.h"
#include "utils/memory.h"

enum
{
	RESULT_COUNT,
	RESULT_AGG
};

typedef struct GroupSessions
{
	const KeyType *type;
	RowValue ts;
	RowValue gap;
	bool gap_known;        /* the gap is set, which the first event does, as in the aggregate */
	RowTemplate *template; /* NULL if session_agg is not wanted */
	IslandTable table;
} GroupSessions;

/*
 * create prepares the arguments.
 */
static void *
create(const GroupInput *input)
{
	GroupSessions *sessions = palloc0(sizeof(*sessions));

	sessions->type = input->type;
	row_value_init(&sessions->ts, linitial(input->arguments), input->econtext, input->node);
	row_value_init(&sessions->gap, lsecond(input->arguments), input->econtext, input->node);
	if (OidIsValid(input->result_types[RESULT_AGG]))
		sessions->template = session_template_create(
			get_element_type(input->result_types[RESULT_AGG]), CurrentMemoryContext);
	return sessions;
}

/*
 * start begins with an empty table.
 */
static KeyTable *
start(void *agg, MemoryContext cxt)
{
	GroupSessions *sessions = agg;

	sessions->gap_known = false;
	island_table_init(&sessions->table, sessions->type, 0, sessions->template != NULL, cxt);
	return &sessions->table.keys;
}

/*
 * set_slot says in which slot the next rows come.
 */
static void
set_slot(void *agg, TupleTableSlot *slot)
{
	GroupSessions *sessions = agg;

	row_value_set_slot(&sessions->ts, slot);
}

/*
 * read_gap evaluates the gap.
 */
static void
read_gap(GroupSessions *sessions)
{
	bool isnull;
	Datum gap = row_value_get(&sessions->gap, &isnull);

	island_table_set_gap(&sessions->table,
						 sz_interval_usecs(isnull ? NULL : DatumGetIntervalP(gap), "gap"));
	sessions->gap_known = true;
}

/*
 * row returns a row's event as an island.
 */
static SzInterval
row(void *agg)
{
	GroupSessions *sessions = agg;
	bool isnull;
	TimestampTz ts = DatumGetTimestampTz(row_value_get(&sessions->ts, &isnull));
	SzInterval event = {ts, ts, 1};

	if (isnull)
		return ISLAND_OF_NO_EVENT;
	if (unlikely(!sessions->gap_known))
		read_gap(sessions);
	sz_require_finite(ts);
	return event;
}

/*
 * next gets the next key.
 */
static const KeyEntry *
next(void *agg)
{
	GroupSessions *sessions = agg;

	return island_table_next(&sessions->table);
}

/*
 * result returns the number of the key's sessions, or the sessions as an array.
 */
static Datum
result(void *agg, int number, bool *isnull)
{
	GroupSessions *sessions = agg;
	IslandTable *table = &sessions->table;

	*isnull = false;
	if (number == RESULT_COUNT)
		return Int64GetDatum(table->count);
	*isnull = table->count == 0;
	if (*isnull)
		return (Datum) 0;
	if (table->count > PG_UINT32_MAX)
		sz_check_status(SZ_TOO_LARGE);
	return PointerGetDatum(session_array(sessions->template, table->items, (uint32) table->count));
}

/*
 * rewind_table starts over with the first key.
 */
static void
rewind_table(void *agg)
{
	GroupSessions *sessions = agg;

	island_table_rewind(&sessions->table);
}

const GroupAggregate group_sessions = {
	.transition = sz_session_transition,
	.finals = {sz_session_count_final, sz_session_agg_final},
	.narguments = 2,
	.arguments = {{ARGUMENT_ROW, "Event Time"}, {ARGUMENT_CONSTANT, "Gap"}},
	.key_bytes = 80,
	.row_bytes = 32,
	.create = create,
	.start = start,
	.set_slot = set_slot,
	.row = row,
	.no_row = {PG_INT64_MAX, PG_INT64_MIN, 0}, /* ISLAND_OF_NO_EVENT */
	.next = next,
	.result = result,
	.rewind = rewind_table,
};
