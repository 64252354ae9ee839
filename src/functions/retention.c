/*
 * retention.c
 *		The aggregate retention.
 *
 * The state is a number: the lowest 32 bits say which conditions were met by any row, the others
 * how many conditions there are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"

#include "functions/retention.h"
#include "functions/step_state.h"
#include "utils/memory.h"

PG_FUNCTION_INFO_V1(sz_retention_transition);
PG_FUNCTION_INFO_V1(sz_retention_combine);
PG_FUNCTION_INFO_V1(sz_retention_final);

/*
 * pack makes a state.
 */
static inline uint64
pack(StepRow row)
{
	return (uint64) row.nsteps << 32 | row.mask;
}

/*
 * unpack unpacks a state, which may be any number, because users can call the support functions.
 */
static inline StepRow
unpack(uint64 state)
{
	StepRow row = {(int) (state >> 32), (uint32) state};

	if (unlikely(state >> 32 < 1 || state >> 32 > SZ_MAX_STEPS ||
				 (uint64) row.mask >> row.nsteps != 0))
		sz_check_status(SZ_BAD_STATE);
	return row;
}

/*
 * sz_retention_transition adds the conditions that a row meets.
 */
Datum
sz_retention_transition(PG_FUNCTION_ARGS)
{
	StepRow row = step_row_argument(fcinfo, 1);

	if (!PG_ARGISNULL(0))
	{
		StepRow state = unpack((uint64) PG_GETARG_INT64(0));

		if (unlikely(state.nsteps != row.nsteps))
			step_report_nsteps();
		row.mask |= state.mask;
	}
	PG_RETURN_INT64((int64) pack(row));
}

/*
 * sz_retention_combine adds the conditions that another state has met.
 */
Datum
sz_retention_combine(PG_FUNCTION_ARGS)
{
	StepRow state = unpack((uint64) PG_GETARG_INT64(0));
	StepRow other = unpack((uint64) PG_GETARG_INT64(1));

	if (state.nsteps != other.nsteps)
		step_report_nsteps();
	state.mask |= other.mask;
	PG_RETURN_INT64((int64) pack(state));
}

/*
 * retention_array returns the conditions that were met as an array.
 */
Datum
retention_array(int nsteps, uint32 mask)
{
	Datum elements[SZ_MAX_STEPS];

	for (int i = 0; i < nsteps; i++)
		elements[i] = BoolGetDatum((mask & 1) != 0 && (mask >> i & 1) != 0);
	return PointerGetDatum(
		construct_array(elements, nsteps, BOOLOID, sizeof(bool), true, TYPALIGN_CHAR));
}

/*
 * sz_retention_final returns which conditions were met; none if the first was not.
 */
Datum
sz_retention_final(PG_FUNCTION_ARGS)
{
	StepRow state = unpack((uint64) PG_GETARG_INT64(0));

	PG_RETURN_DATUM(retention_array(state.nsteps, state.mask));
}
