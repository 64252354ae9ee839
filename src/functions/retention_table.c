/*
 * retention_table.c
 *		The set-returning function retention_table: how many of the keys that first occur in each
 *		period occur again later, in one pass over a table without sorting.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "core/activity.h"
#include "functions/calendar_period.h"
#include "functions/key_table.h"
#include "functions/session_source.h"

PG_FUNCTION_INFO_V1(sz_retention_table);

#define MAX_PERIODS 10000

/* The most cells, of 8 bytes each, of all cohorts. */
#define MAX_CELLS 16000000

/* The function's arguments. */
typedef enum RetentionTableArg
{
	ARG_SOURCE,
	ARG_KEY,
	ARG_TS,
	ARG_UNIT,
	ARG_PERIODS,
	ARG_KIND,
	ARG_BRACKETS,
	ARG_TIME_ZONE
} RetentionTableArg;

typedef enum RetentionTableColumn
{
	COLUMN_COHORT,
	COLUMN_COHORT_SIZE,
	COLUMN_PERIOD,
	COLUMN_RETAINED,
	NCOLUMNS
} RetentionTableColumn;

/* When a key counts as retained in a period. */
typedef enum RetentionKind
{
	RETENTION_N_DAY,     /* active in the period */
	RETENTION_UNBOUNDED, /* active in the period or later */
	RETENTION_BRACKET    /* active in any period of a bracket */
} RetentionKind;

/* The keys with the same first period. */
typedef struct Cohort
{
	int32 first; /* hash key */
	int64 size;
	int64 *retained; /* the number of retained keys for each column */
} Cohort;

typedef struct RetentionTable
{
	RetentionKind kind;
	int ncolumns; /* one for each period or bracket */
	int *from;    /* the first period of each column */
	int *to;      /* the last period of each column */
	int nwords;   /* the number of words of a key's activity */
	CalendarPeriods periods;
	SessionSource source;
	KeyType type;
	KeyTableMethods methods;
	KeyTable keys;
	HTAB *cohorts;
	MemoryContext cxt;
	int32 last; /* the last period in which any key was active */
} RetentionTable;

/*
 * take_rows replaces the times of a batch by the numbers of their periods, and adds the batch to
 * the table.
 */
static void
take_rows(void *arg, EventBatch *batch)
{
	RetentionTable *table = arg;

	for (int i = 0; i < batch->count; i++)
		batch->islands[i].start = calendar_period(&table->periods, batch->islands[i].start);
	key_table_take(&table->keys, batch);
}

/*
 * start does nothing: the table needs no preparation.
 */
static void
start(KeyTable *keys)
{
	(void) keys;
}

/*
 * take_periods adds the periods of a batch to the activity of their keys.
 */
static void
take_periods(KeyTable *keys, const EventBatch *batch)
{
	RetentionTable *table = keys->arg;

	for (int i = 0; i < batch->count; i++)
	{
		int32 period = (int32) batch->islands[i].start;
		bool found;
		KeyEntry *entry =
			key_hash_insert(&keys->hash, batch->keys[i], batch->nulls[i], batch->hashes[i], &found);

		if (found)
			sz_activity_add(key_hash_payload(entry), table->nwords, period);
		else
			sz_activity_init(key_hash_payload(entry), table->nwords, period);
	}
}

/*
 * spill_period writes one period of a key.
 */
static void
spill_period(KeyTable *keys, KeyEntry *entry, int64 period)
{
	SzInterval row = {period, period, 1};

	island_spill_write(keys->spill, entry, row);
}

/*
 * spill_periods writes the periods of a key.
 */
static void
spill_periods(KeyTable *keys, KeyEntry *entry)
{
	RetentionTable *table = keys->arg;
	const SzActivity *activity = key_hash_payload(entry);

	for (int word = 0; word < table->nwords; word++)
	{
		for (uint64 bits = activity->words[word]; bits != 0; bits &= bits - 1)
			spill_period(keys, entry, (int64) activity->first + word * 64 + __builtin_ctzll(bits));
	}
	spill_period(keys, entry, activity->last);
}

/*
 * check_cells reports an error if there are too many cells.
 */
static void
check_cells(const RetentionTable *table)
{
	if ((int64) hash_get_num_entries(table->cohorts) * table->ncolumns > MAX_CELLS)
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
find_cohort(RetentionTable *table, int32 first)
{
	bool found;
	Cohort *cohort = hash_search(table->cohorts, &first, HASH_ENTER, &found);

	if (!found)
	{
		check_cells(table);
		cohort->size = 0;
		cohort->retained = MemoryContextAllocZero(table->cxt, table->ncolumns * sizeof(int64));
	}
	return cohort;
}

/*
 * count_key adds a key to its cohort.
 */
static void
count_key(RetentionTable *table, const SzActivity *activity)
{
	Cohort *cohort = find_cohort(table, activity->first);
	int64 lasts = (int64) activity->last - activity->first;

	cohort->size++;
	table->last = Max(table->last, activity->last);
	for (int i = 0; i < table->ncolumns && table->from[i] <= lasts; i++)
	{
		if (table->kind == RETENTION_UNBOUNDED ||
			sz_activity_within(activity, (uint32) table->from[i], (uint32) table->to[i]))
			cohort->retained[i]++;
	}
}

/*
 * count_part adds all keys of the current part to their cohorts.
 */
static void
count_part(RetentionTable *table)
{
	KeyHash *keys = &table->keys.hash;

	for (uint32 i = 0; i < keys->count; i++)
	{
		if (i % EVENT_BATCH_SIZE == 0)
			CHECK_FOR_INTERRUPTS();
		count_key(table, key_hash_payload(key_hash_entry(keys, i)));
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
 * put_cohort adds a cohort's rows to the result, except for periods after the last event.
 */
static void
put_cohort(RetentionTable *table, const Cohort *cohort, ReturnSetInfo *result)
{
	Datum values[NCOLUMNS];
	bool nulls[NCOLUMNS] = {false};

	values[COLUMN_COHORT] = DateADTGetDatum(calendar_period_start(&table->periods, cohort->first));
	values[COLUMN_COHORT_SIZE] = Int64GetDatum(cohort->size);
	for (int i = 0; i < table->ncolumns; i++)
	{
		if ((int64) cohort->first + table->from[i] > table->last)
			break;
		values[COLUMN_PERIOD] = Int32GetDatum(table->from[i]);
		values[COLUMN_RETAINED] = Int64GetDatum(cohort->retained[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * put_cohorts adds all cohorts to the result, in order.
 */
static void
put_cohorts(RetentionTable *table, ReturnSetInfo *result)
{
	long n = hash_get_num_entries(table->cohorts);
	Cohort **sorted = MemoryContextAllocHuge(table->cxt, Max(n, 1) * sizeof(Cohort *));
	HASH_SEQ_STATUS status;
	Cohort *cohort;
	long i = 0;

	hash_seq_init(&status, table->cohorts);
	while ((cohort = hash_seq_search(&status)) != NULL)
		sorted[i++] = cohort;
	qsort(sorted, n, sizeof(Cohort *), compare_cohorts);
	for (i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_cohort(table, sorted[i], result);
	}
}

/*
 * text_argument returns a text argument that must not be NULL.
 */
static char *
text_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(
			ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name),
			 errhint("Write, for example, retention_table('events', 'user_id', 'ts', 'week').")));
	return text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/*
 * find_kind returns the kind with a name.
 */
static RetentionKind
find_kind(const char *name)
{
	if (strcmp(name, "n_day") == 0)
		return RETENTION_N_DAY;
	if (strcmp(name, "unbounded") == 0)
		return RETENTION_UNBOUNDED;
	if (strcmp(name, "bracket") == 0)
		return RETENTION_BRACKET;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown kind \"%s\"", name),
					errhint("The kind is n_day, unbounded or bracket.")));
	pg_unreachable();
}

/*
 * set_columns allocates the table's columns.
 */
static void
set_columns(RetentionTable *table, int ncolumns)
{
	table->ncolumns = ncolumns;
	table->from = palloc(ncolumns * sizeof(int));
	table->to = palloc(ncolumns * sizeof(int));
}

/*
 * read_periods makes a column for each period from 0 to the argument.
 */
static void
read_periods(RetentionTable *table, FunctionCallInfo fcinfo)
{
	int periods = PG_ARGISNULL(ARG_PERIODS) ? -1 : PG_GETARG_INT32(ARG_PERIODS);

	if (!PG_ARGISNULL(ARG_BRACKETS))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("brackets are for kind \"bracket\""),
						errhint("Write kind => 'bracket', or leave brackets out.")));
	if (periods < 0 || periods > MAX_PERIODS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("periods must be between 0 and %d", MAX_PERIODS),
						errhint("Give how many periods after the first are wanted, such as 30.")));
	set_columns(table, periods + 1);
	for (int i = 0; i <= periods; i++)
		table->from[i] = table->to[i] = i;
}

/*
 * report_brackets reports invalid brackets.
 */
static void
report_brackets(void)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		 errmsg("brackets must be two or more ascending numbers between 0 and %d", MAX_PERIODS + 1),
		 errhint("Write where each bracket begins, and where the last ends: '{0,1,8,15}' are the "
				 "periods 0, 1 to 7, and 8 to 14.")));
}

/*
 * read_brackets makes a column for each bracket.
 */
static void
read_brackets(RetentionTable *table, FunctionCallInfo fcinfo)
{
	ArrayType *brackets = PG_ARGISNULL(ARG_BRACKETS) ? NULL : PG_GETARG_ARRAYTYPE_P(ARG_BRACKETS);
	const int32 *bounds;
	int n;

	if (brackets == NULL || ARR_NDIM(brackets) != 1 || ARR_DIMS(brackets)[0] < 2 ||
		ARR_HASNULL(brackets))
		report_brackets();
	n = ARR_DIMS(brackets)[0];
	bounds = (const int32 *) ARR_DATA_PTR(brackets);
	if (bounds[0] < 0 || n > MAX_PERIODS + 2)
		report_brackets();
	set_columns(table, n - 1);
	for (int i = 0; i < n - 1; i++)
	{
		if (bounds[i + 1] <= bounds[i] || bounds[i + 1] > MAX_PERIODS + 1)
			report_brackets();
		table->from[i] = bounds[i];
		table->to[i] = bounds[i + 1] - 1;
	}
}

/*
 * open_table checks the arguments and opens the source.
 */
static RetentionTable *
open_table(FunctionCallInfo fcinfo)
{
	RetentionTable *table = palloc0(sizeof(*table));
	const char *unit = text_argument(fcinfo, ARG_UNIT, "unit");
	const char *zone =
		PG_ARGISNULL(ARG_TIME_ZONE) ? NULL : text_argument(fcinfo, ARG_TIME_ZONE, "time_zone");
	HASHCTL ctl = {
		.keysize = sizeof(int32), .entrysize = sizeof(Cohort), .hcxt = CurrentMemoryContext};

	if (PG_ARGISNULL(ARG_SOURCE))
		text_argument(fcinfo, ARG_SOURCE, "source");
	table->kind = find_kind(text_argument(fcinfo, ARG_KIND, "kind"));
	if (table->kind == RETENTION_BRACKET)
		read_brackets(table, fcinfo);
	else
		read_periods(table, fcinfo);
	table->nwords = table->to[table->ncolumns - 1] / 64 + 1;
	table->last = PG_INT32_MIN;
	calendar_periods_init(&table->periods, unit, zone);
	session_source_open(&table->source, PG_GETARG_OID(ARG_SOURCE),
						text_argument(fcinfo, ARG_KEY, "key"), text_argument(fcinfo, ARG_TS, "ts"));
	table->methods.payload_size = sz_activity_size(table->nwords);
	table->methods.start = start;
	table->methods.take = take_periods;
	table->methods.spill = spill_periods;
	table->cxt = CurrentMemoryContext;
	key_type_init(&table->type, table->source.key_type, table->source.key_collation,
				  table->source.key, CurrentMemoryContext);
	key_table_init(&table->keys, &table->type, &table->methods, table, CurrentMemoryContext);
	table->cohorts =
		hash_create("retention cohorts", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return table;
}

/*
 * sz_retention_table returns, for each cohort and period, how many keys were retained.
 */
Datum
sz_retention_table(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RetentionTable *table;

	InitMaterializedSRF(fcinfo, 0);
	table = open_table(fcinfo);
	session_source_read(&table->source, &table->type, GetActiveSnapshot(), &table->keys.batch,
						take_rows, table);
	while (key_table_next_part(&table->keys))
		count_part(table);
	key_table_end(&table->keys);
	put_cohorts(table, result);
	return (Datum) 0;
}
