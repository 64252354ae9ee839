/*
 * retention_cohorts.c
 *		The cohorts of retention_table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "functions/retention_cohorts.h"

/* The most cells, of 8 bytes each, of all cohorts. */
#define MAX_CELLS 16000000

typedef enum RetentionTableColumn
{
	COLUMN_COHORT,
	COLUMN_COHORT_SIZE,
	COLUMN_PERIOD,
	COLUMN_RETAINED,
	NCOLUMNS
} RetentionTableColumn;

/* The keys with the same first period. */
typedef struct Cohort
{
	int32 first; /* hash key */
	int64 size;
	TimestampTz earliest; /* the first event of all its keys */
	int64 *retained;      /* the number of retained keys for each column */
} Cohort;

/*
 * retention_cohorts_init initializes a set without cohorts.
 */
void
retention_cohorts_init(RetentionCohorts *cohorts)
{
	HASHCTL ctl = {
		.keysize = sizeof(int32), .entrysize = sizeof(Cohort), .hcxt = CurrentMemoryContext};

	cohorts->cohorts =
		hash_create("retention cohorts", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	cohorts->cxt = CurrentMemoryContext;
	cohorts->last = PG_INT32_MIN;
	cohorts->last_time = DT_NOBEGIN;
}

/*
 * retention_cohorts_nwords returns the number of words that a key's activity needs.
 */
int
retention_cohorts_nwords(const RetentionCohorts *cohorts)
{
	return cohorts->to[cohorts->ncolumns - 1] / 64 + 1;
}

/*
 * check_cells reports an error if there are too many cells.
 */
static void
check_cells(const RetentionCohorts *cohorts)
{
	if ((int64) hash_get_num_entries(cohorts->cohorts) * cohorts->ncolumns > MAX_CELLS)
		ereport(
			ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("cohorts times periods are more than %d", MAX_CELLS),
			 errhint("Ask for fewer periods or a longer unit, or give a view as the source that "
					 "has a shorter time.")));
}

/*
 * find_cohort returns the cohort with a first period.
 */
static Cohort *
find_cohort(RetentionCohorts *cohorts, int32 first)
{
	bool found;
	Cohort *cohort = hash_search(cohorts->cohorts, &first, HASH_ENTER, &found);

	if (!found)
	{
		check_cells(cohorts);
		cohort->size = 0;
		cohort->earliest = DT_NOEND;
		cohort->retained = MemoryContextAllocZero(cohorts->cxt, cohorts->ncolumns * sizeof(int64));
	}
	return cohort;
}

/*
 * retention_cohorts_add adds a key to its cohort.
 */
void
retention_cohorts_add(RetentionCohorts *cohorts, const SzActivity *activity, TimestampTz first_time,
					  bool is_active)
{
	Cohort *cohort = find_cohort(cohorts, activity->first);
	int64 lasts = is_active ? (int64) activity->last - activity->first : -1;

	cohort->size++;
	cohort->earliest = Min(cohort->earliest, first_time);
	for (int i = 0; i < cohorts->ncolumns && cohorts->from[i] <= lasts; i++)
	{
		if (cohorts->kind == RETENTION_UNBOUNDED ||
			sz_activity_within(activity, (uint32) cohorts->from[i], (uint32) cohorts->to[i]))
			cohort->retained[i]++;
	}
}

/*
 * compare_cohorts orders cohorts by their first period.
 */
static int
compare_cohorts(const void *a, const void *b)
{
	int32 x = (*(Cohort *const *) a)->first;
	int32 y = (*(Cohort *const *) b)->first;

	return (x > y) - (x < y);
}

/*
 * has_begun tells whether a period of a cohort had begun for any of its keys when the last event
 * was.
 */
static bool
has_begun(const RetentionCohorts *cohorts, const Cohort *cohort, int period)
{
	if (cohorts->length == 0)
		return (int64) cohort->first + period <= cohorts->last;
	return sz_elapsed(cohort->earliest, cohorts->last_time) >= (uint64) period * cohorts->length;
}

/*
 * put_cohort adds a cohort's rows to the result, except for periods after the last event.
 */
static void
put_cohort(RetentionCohorts *cohorts, const Cohort *cohort, ReturnSetInfo *result)
{
	Datum values[NCOLUMNS];
	bool nulls[NCOLUMNS] = {false};

	values[COLUMN_COHORT] =
		DateADTGetDatum(calendar_period_start(&cohorts->periods, cohort->first));
	values[COLUMN_COHORT_SIZE] = Int64GetDatum(cohort->size);
	for (int i = 0; i < cohorts->ncolumns; i++)
	{
		if (!has_begun(cohorts, cohort, cohorts->from[i]))
			break;
		values[COLUMN_PERIOD] = Int32GetDatum(cohorts->from[i]);
		values[COLUMN_RETAINED] = Int64GetDatum(cohort->retained[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * retention_cohorts_put adds all cohorts to the result, in order.
 */
void
retention_cohorts_put(RetentionCohorts *cohorts, ReturnSetInfo *result)
{
	long n = hash_get_num_entries(cohorts->cohorts);
	Cohort **sorted = MemoryContextAllocHuge(cohorts->cxt, Max(n, 1) * sizeof(Cohort *));
	HASH_SEQ_STATUS status;
	Cohort *cohort;
	long i = 0;

	hash_seq_init(&status, cohorts->cohorts);
	while ((cohort = hash_seq_search(&status)) != NULL)
		sorted[i++] = cohort;
	qsort(sorted, n, sizeof(Cohort *), compare_cohorts);
	for (i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_cohort(cohorts, sorted[i], result);
	}
}
