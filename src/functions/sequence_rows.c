/*
 * sequence_rows.c
 *		The aggregate sequence_match_rows: the events of each chain that a pattern matches, with the
 *		number of the chain and the element of the pattern.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "functions/named_sequence.h"
#include "functions/node_state.h"
#include "utils/arguments.h"
#include "utils/state_value.h"

PG_FUNCTION_INFO_V1(sz_sequence_rows_transition);
PG_FUNCTION_INFO_V1(sz_sequence_rows_final);

/* The columns of the type sequence_event. */
typedef enum RowColumn
{
	COLUMN_MATCH,
	COLUMN_ELEMENT,
	COLUMN_STEP,
	COLUMN_TS,
	COLUMN_VALUE,
	NCOLUMNS
} RowColumn;

/* The rows of the result so far. */
typedef struct MatchRows
{
	NamedSequence *state;
	TupleDesc columns;
	int steps[SZ_SEQUENCE_ELEMENTS]; /* what each element of the pattern asks for; 0: any event */
	Datum *rows;
	Size count;
	Size capacity;
	Size bytes; /* of all rows in an array */
} MatchRows;

/*
 * most_argument returns how many chains are wanted.
 */
static int32
most_argument(FunctionCallInfo fcinfo, int argno)
{
	int32 most = PG_ARGISNULL(argno) ? ALL_CHAINS : PG_GETARG_INT32(argno);

	if (most < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_matches must be at least 1"),
				 errhint("Give a number of matches, or NULL for all.")));
	return most;
}

/*
 * sz_sequence_rows_transition adds a row's event, if it satisfies a step.
 */
Datum
sz_sequence_rows_transition(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = named_sequence_context(fcinfo);
	NamedSequence *state = PG_ARGISNULL(0) ? NULL : (NamedSequence *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(3))
	{
		TimestampTz ts = PG_GETARG_TIMESTAMPTZ(3);
		int32 most = most_argument(fcinfo, 4);
		StepRow row = step_row_argument(fcinfo, 5);
		const SequencePattern *pattern =
			sequence_pattern_argument(fcinfo, 1, row.nsteps, state == NULL ? NULL : state->pattern);

		sz_require_finite(ts);
		if (state == NULL && row.mask != 0)
			state = named_sequence_create(pattern, most, cxt);
		if (row.mask != 0)
		{
			named_sequence_require_most(state, most);
			named_sequence_add(state, ts, row, PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2), cxt);
		}
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

/*
 * step_of returns the number of the step that an element of a pattern asks for; 0: any event.
 */
static int
step_of(const SzSequence *sequence, int element)
{
	for (int i = 0; i < SZ_MAX_STEPS; i++)
	{
		if (sequence->step[i] >> element & 1)
			return i + 1;
	}
	return 0;
}

/*
 * add_row adds a row to the result.
 */
static void
add_row(MatchRows *rows, HeapTuple row)
{
	if (rows->count == rows->capacity)
	{
		rows->capacity *= 2;
		rows->rows = repalloc_huge(rows->rows, rows->capacity * sizeof(Datum));
	}
	rows->bytes += MAXALIGN(row->t_len);
	if (rows->bytes > MaxAllocSize - ARR_OVERHEAD_NONULLS(1))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the matches of one group have more than %zu bytes", MaxAllocSize),
						errhint("Give max_matches, shorter values, or a finer GROUP BY.")));
	rows->rows[rows->count++] = HeapTupleGetDatum(row);
}

/*
 * add_match adds the rows of a chain.
 */
static void
add_match(MatchRows *rows, int32 match, const Size *numbers)
{
	const SzNodeLog *log = &rows->state->log;

	for (int i = 0; i < rows->state->pattern->sequence.nelements; i++)
	{
		const SzNode *node = &log->nodes[numbers[i]];
		Datum values[NCOLUMNS] = {0};
		bool nulls[NCOLUMNS] = {false};

		values[COLUMN_MATCH] = Int32GetDatum(match);
		values[COLUMN_ELEMENT] = Int32GetDatum(i + 1);
		values[COLUMN_STEP] = Int32GetDatum(rows->steps[i]);
		nulls[COLUMN_STEP] = rows->steps[i] == 0;
		values[COLUMN_TS] = TimestampTzGetDatum(node->ts);
		nulls[COLUMN_VALUE] = node->size == SZ_NO_NAME;
		if (!nulls[COLUMN_VALUE])
			values[COLUMN_VALUE] = PointerGetDatum(node_state_name(log, (uint32) numbers[i]));
		add_row(rows, heap_form_tuple(rows->columns, values, nulls));
		if (!nulls[COLUMN_VALUE])
			pfree(DatumGetPointer(values[COLUMN_VALUE]));
	}
}

/*
 * add_matches adds the rows of all chains that are wanted.
 */
static void
add_matches(MatchRows *rows, const SzStepEvent *events)
{
	const NamedSequence *state = rows->state;
	SequenceChains chains;
	Size numbers[SZ_SEQUENCE_ELEMENTS];

	for (int i = 0; i < state->pattern->sequence.nelements; i++)
		rows->steps[i] = step_of(&state->pattern->sequence, i);
	sequence_chains_begin(&chains, state->pattern, events, state->log.count);
	for (int32 match = 1; match <= state->most && sequence_chains_next(&chains); match++)
	{
		sequence_chains_events(&chains, numbers);
		add_match(rows, match, numbers);
	}
	sequence_chains_end(&chains);
}

/*
 * sz_sequence_rows_final returns the events of each chain.
 */
Datum
sz_sequence_rows_final(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = named_sequence_context(fcinfo);
	MatchRows rows = {.capacity = 8};
	Oid type = get_element_type(sz_result_type(fcinfo));
	SzStepEvent *events;

	if (PG_ARGISNULL(0))
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(type));
	rows.state = (NamedSequence *) PG_GETARG_POINTER(0);
	rows.columns = lookup_rowtype_tupdesc(type, -1);
	rows.rows = palloc(rows.capacity * sizeof(Datum));
	events = named_sequence_events(rows.state, cxt);
	add_matches(&rows, events);
	pfree(events);
	ReleaseTupleDesc(rows.columns);
	PG_RETURN_ARRAYTYPE_P(
		construct_array(rows.rows, (int) rows.count, type, -1, false, TYPALIGN_DOUBLE));
}
