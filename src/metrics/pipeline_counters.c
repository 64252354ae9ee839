/*
 * pipeline_counters.c
 *		The functions by which views read the counters in shared memory.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "counters/shared_counters.h"
#include "run/run_counters.h"
#include "spi/privileges.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sessionize_pipeline_counters);
PG_FUNCTION_INFO_V1(sessionize_run_counts);
PG_FUNCTION_INFO_V1(sessionize_refresh_phases);

#define ONE(column, value) +1
#define RUN_COUNTERS_COUNT (0 RUN_COUNTERS(ONE, ONE, ONE))

StaticAssertDecl(RUN_COUNTERS_COUNT <= RUN_COUNTERS_MAX, "RUN_COUNTERS_MAX is too small");

static const char *const kind_names[RUN_KINDS] = {
	[RUN_REFRESH] = "refresh",
	[RUN_REBUILD] = "rebuild",
};

/* As in the column "state" of sessionize.run. */
static const char *const result_names[RUN_RESULTS] = {
	[RUN_DONE] = "done",
	[RUN_FAILED] = "failed",
	[RUN_INTERRUPTED] = "interrupted",
};

static const char *const phase_names[REFRESH_PHASES] = {
	[REFRESH_CLAIM] = "claim", [REFRESH_READ] = "read",     [REFRESH_DERIVE] = "derive",
	[REFRESH_APPLY] = "apply", [REFRESH_COMMIT] = "commit",
};

/*
 * read_visible copies the counters of a pipeline that the user may see; false if there are none.
 */
static bool
read_visible(FunctionCallInfo fcinfo, PipelineCounters *counters)
{
	int32 id = PG_GETARG_INT32(0);
	const Pipeline *pipeline = pipeline_find_by_id(id);

	return pipeline != NULL && may_see_state(pipeline->owner) && counters_read(id, counters);
}

/*
 * seconds turns microseconds into seconds.
 */
static Datum
seconds(uint64 usecs)
{
	return Float8GetDatum((double) usecs / USECS_PER_SEC);
}

/*
 * sessionize_pipeline_counters returns the counters of a pipeline in one row: since when they count,
 * those of captures, and those of refreshes.  All are NULL if there are none.
 */
Datum
sessionize_pipeline_counters(PG_FUNCTION_ARGS)
{
	PipelineCounters counters;
	Datum values[4 + RUN_COUNTERS_COUNT] = {0};
	bool isnull[4 + RUN_COUNTERS_COUNT];
	bool any = read_visible(fcinfo, &counters);

	memset(isnull, !any, sizeof(isnull));
	if (any)
	{
		values[0] = TimestampTzGetDatum(counters.since);
		values[1] = Int64GetDatum(pg_atomic_read_u64(&counters.captured_transactions));
		values[2] = Int64GetDatum(pg_atomic_read_u64(&counters.captured_entries));
		values[3] = seconds(pg_atomic_read_u64(&counters.captured_usecs));
		for (int i = 0; i < RUN_COUNTERS_COUNT; i++)
			values[4 + i] = Int64GetDatum(pg_atomic_read_u64(&counters.refreshed[i]));
	}
	PG_RETURN_DATUM(result_row(fcinfo, values, isnull));
}

/*
 * put_row adds a row to the result.
 */
static void
put_row(FunctionCallInfo fcinfo, Datum *values)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool isnull[5] = {false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

/*
 * sessionize_run_counts returns how many runs of each kind have ended how.
 */
Datum
sessionize_run_counts(PG_FUNCTION_ARGS)
{
	PipelineCounters counters;

	InitMaterializedSRF(fcinfo, 0);
	if (!read_visible(fcinfo, &counters))
		PG_RETURN_NULL();
	for (int kind = 0; kind < RUN_KINDS; kind++)
		for (int result = 0; result < RUN_RESULTS; result++)
			put_row(fcinfo,
					(Datum[]){CStringGetTextDatum(kind_names[kind]),
							  CStringGetTextDatum(result_names[result]),
							  Int64GetDatum(pg_atomic_read_u64(&counters.runs[kind][result]))});
	PG_RETURN_NULL();
}

/*
 * array_of returns an array of values of 8 bytes.
 */
static Datum
array_of(Datum *values, int count, Oid type)
{
	return PointerGetDatum(
		construct_array(values, count, type, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * put_phase returns the histogram of a phase.
 */
static void
put_phase(FunctionCallInfo fcinfo, const char *name, Histogram *histogram)
{
	Datum bounds[HISTOGRAM_NBOUNDS];
	Datum buckets[HISTOGRAM_NBOUNDS];
	int64 count = 0;

	for (int i = 0; i < HISTOGRAM_NBOUNDS; i++)
	{
		bounds[i] = seconds(histogram_bounds[i]);
		count += (int64) pg_atomic_read_u64(&histogram->buckets[i]);
		buckets[i] = Int64GetDatum(count);
	}
	count += (int64) pg_atomic_read_u64(&histogram->buckets[HISTOGRAM_NBOUNDS]);
	put_row(fcinfo,
			(Datum[]){CStringGetTextDatum(name), array_of(bounds, HISTOGRAM_NBOUNDS, FLOAT8OID),
					  array_of(buckets, HISTOGRAM_NBOUNDS, INT8OID),
					  seconds(pg_atomic_read_u64(&histogram->usecs)), Int64GetDatum(count)});
}

/*
 * sessionize_refresh_phases returns the histograms of the phases of refreshes.
 */
Datum
sessionize_refresh_phases(PG_FUNCTION_ARGS)
{
	PipelineCounters counters;

	InitMaterializedSRF(fcinfo, 0);
	if (!read_visible(fcinfo, &counters))
		PG_RETURN_NULL();
	for (int phase = REFRESH_CLAIM; phase < REFRESH_PHASES; phase++)
		put_phase(fcinfo, phase_names[phase], &counters.phases[phase]);
	PG_RETURN_NULL();
}
