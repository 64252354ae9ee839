/*
 * progress.c
 *		Live counters of the rebuild or seal of this session, for other sessions to read.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "port/atomics.h"
#include "storage/dsm.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "run/progress.h"
#include "utils/arguments.h"

#define PROGRESS_MAGIC UINT64CONST(0x5345535349504F47)

typedef struct SharedProgress
{
	uint64 magic;
	pg_atomic_uint64 run_id; /* 0 until the run is known */
	pg_atomic_uint32 phase;
	pg_atomic_uint32 state;
	pg_atomic_uint64 counters[PROGRESS_COUNTERS];
} SharedProgress;

/* This session's counters; NULL if it has none. */
static dsm_segment *my_segment = NULL;
static SharedProgress *my_progress = NULL;

static const char *const phase_names[] = {
	[PHASE_STARTING] = "starting",
	[PHASE_READING] = "reading raw events",
	[PHASE_WRITING] = "deriving and writing",
	[PHASE_INDEXES] = "creating indexes",
	[PHASE_ANALYZING] = "analyzing",
	[PHASE_SEALING] = "sealing",
};

static const char *const state_names[] = {
	[STATE_WORKING] = "working",
	[STATE_RESTING] = "resting",
	[STATE_WAITING] = "waiting",
};

PG_FUNCTION_INFO_V1(sessionize_rebuild_counters);

/*
 * progress_begin makes the counters.
 */
uint32
progress_begin(void)
{
	progress_end();
	my_segment = dsm_create(sizeof(SharedProgress), DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (my_segment == NULL)
		return 0;
	dsm_pin_mapping(my_segment);
	my_progress = dsm_segment_address(my_segment);
	pg_atomic_init_u64(&my_progress->run_id, 0);
	pg_atomic_init_u32(&my_progress->phase, PHASE_STARTING);
	pg_atomic_init_u32(&my_progress->state, STATE_WORKING);
	for (int i = 0; i < PROGRESS_COUNTERS; i++)
		pg_atomic_init_u64(&my_progress->counters[i],
						   i == PROGRESS_DONE_AFTER ? (uint64) DT_NOEND : 0);
	my_progress->magic = PROGRESS_MAGIC;
	return dsm_segment_handle(my_segment);
}

/*
 * progress_set_run says which run the counters belong to.
 */
void
progress_set_run(int64 run_id)
{
	if (my_progress != NULL)
		pg_atomic_write_u64(&my_progress->run_id, (uint64) run_id);
}

/*
 * progress_phase says what the rebuild or seal is doing.
 */
void
progress_phase(RebuildPhase phase)
{
	if (my_progress != NULL)
		pg_atomic_write_u32(&my_progress->phase, phase);
}

/*
 * progress_state says whether the rebuild works, rests or waits.
 */
void
progress_state(RebuildState state)
{
	if (my_progress != NULL)
		pg_atomic_write_u32(&my_progress->state, state);
}

/*
 * progress_set sets a counter.
 */
void
progress_set(ProgressCounter counter, int64 value)
{
	if (my_progress != NULL)
		pg_atomic_write_u64(&my_progress->counters[counter], (uint64) value);
}

/*
 * progress_add adds to a counter.
 */
void
progress_add(ProgressCounter counter, int64 value)
{
	if (my_progress != NULL)
		pg_atomic_fetch_add_u64(&my_progress->counters[counter], value);
}

/*
 * progress_end removes the counters.
 */
void
progress_end(void)
{
	if (my_segment != NULL)
		dsm_detach(my_segment);
	my_segment = NULL;
	my_progress = NULL;
}

/*
 * is_unknown tells whether a counter's value means that nothing is known.
 */
static bool
is_unknown(ProgressCounter counter, int64 value)
{
	switch (counter)
	{
		case PROGRESS_ROWS_ESTIMATED:
			return value < 0;
		case PROGRESS_PIECES_TOTAL:
			return value == 0;
		case PROGRESS_DONE_AFTER:
			return value == DT_NOEND;
		default:
			return false;
	}
}

/*
 * read_counters fills the function's columns from the counters, if these belong to the run.
 */
static void
read_counters(SharedProgress *progress, uint64 run_id, Datum *values, bool *isnull)
{
	uint32 phase;
	uint32 state;

	if (progress->magic != PROGRESS_MAGIC || pg_atomic_read_u64(&progress->run_id) != run_id)
		return;
	phase = pg_atomic_read_u32(&progress->phase);
	state = pg_atomic_read_u32(&progress->state);
	if (phase >= lengthof(phase_names) || state >= lengthof(state_names))
		return;
	values[0] = CStringGetTextDatum(phase_names[phase]);
	values[1] = CStringGetTextDatum(state_names[state]);
	isnull[0] = isnull[1] = false;
	for (int i = 0; i < PROGRESS_COUNTERS; i++)
	{
		int64 value = (int64) pg_atomic_read_u64(&progress->counters[i]);

		values[i + 2] = Int64GetDatum(value);
		isnull[i + 2] = is_unknown(i, value);
	}
}

/*
 * sessionize_rebuild_counters returns the counters of a run, by the handle of their segment.  The
 * handle may be any number, and the segment may belong to other software: so the function looks
 * only for the magic number and the run's id.
 */
Datum
sessionize_rebuild_counters(PG_FUNCTION_ARGS)
{
	uint64 run_id = (uint64) PG_GETARG_INT64(0);
	int64 handle = PG_GETARG_INT64(1);
	Datum values[PROGRESS_COUNTERS + 2] = {0};
	bool isnull[PROGRESS_COUNTERS + 2];
	dsm_segment *segment = NULL;
	dsm_segment *mapped = NULL;

	memset(isnull, true, sizeof(isnull));
	if (handle > 0 && handle <= PG_UINT32_MAX && run_id != 0)
	{
		segment = dsm_find_mapping((dsm_handle) handle);
		if (segment == NULL)
			segment = mapped = dsm_attach((dsm_handle) handle);
	}
	if (segment != NULL && dsm_segment_map_length(segment) >= sizeof(SharedProgress))
		read_counters(dsm_segment_address(segment), run_id, values, isnull);
	if (mapped != NULL)
		dsm_detach(mapped);
	PG_RETURN_DATUM(result_row(fcinfo, values, isnull));
}
