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
#include "utils/snapmgr.h"

#include "functions/key_table.h"
#include "functions/retention_cohorts.h"
#include "functions/retention_events.h"
#include "functions/session_source.h"

PG_FUNCTION_INFO_V1(sz_retention_table);

#define MAX_PERIODS 10000

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
	ARG_TIME_ZONE,
	ARG_COHORT_EVENT,
	ARG_RETURN_EVENT,
	ARG_FROM_FIRST_EVENT
} RetentionTableArg;

typedef struct RetentionTable
{
	RetentionCohorts cohorts;
	int nwords; /* the number of words of a key's activity */
	SessionSource source;
	KeyType type;
	KeyTableMethods methods;
	KeyTable keys;
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
		batch->islands[i].start = calendar_period(&table->cohorts.periods, batch->islands[i].start);
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
 * count_key adds a key to its cohort.
 */
static void
count_key(RetentionTable *table, const SzActivity *activity)
{
	table->cohorts.last = Max(table->cohorts.last, activity->last);
	retention_cohorts_add(&table->cohorts, activity, 0, true);
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
 * read_source reads the source and counts its keys, if only the periods of events matter.
 */
static void
read_source(RetentionTable *table)
{
	table->nwords = retention_cohorts_nwords(&table->cohorts);
	table->methods.payload_size = sz_activity_size(table->nwords);
	table->methods.start = start;
	table->methods.take = take_periods;
	table->methods.spill = spill_periods;
	key_table_init(&table->keys, &table->type, &table->methods, table, CurrentMemoryContext);
	session_source_read(&table->source, &table->type, GetActiveSnapshot(), &table->keys.batch,
						take_rows, table);
	while (key_table_next_part(&table->keys))
		count_part(table);
	key_table_end(&table->keys);
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
 * set_columns allocates the columns.
 */
static void
set_columns(RetentionCohorts *cohorts, int ncolumns)
{
	cohorts->ncolumns = ncolumns;
	cohorts->from = palloc(ncolumns * sizeof(int));
	cohorts->to = palloc(ncolumns * sizeof(int));
}

/*
 * read_periods makes a column for each period from 0 to the argument.
 */
static void
read_periods(RetentionCohorts *cohorts, FunctionCallInfo fcinfo)
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
	set_columns(cohorts, periods + 1);
	for (int i = 0; i <= periods; i++)
		cohorts->from[i] = cohorts->to[i] = i;
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
read_brackets(RetentionCohorts *cohorts, FunctionCallInfo fcinfo)
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
	set_columns(cohorts, n - 1);
	for (int i = 0; i < n - 1; i++)
	{
		if (bounds[i + 1] <= bounds[i] || bounds[i + 1] > MAX_PERIODS + 1)
			report_brackets();
		cohorts->from[i] = bounds[i];
		cohorts->to[i] = bounds[i + 1] - 1;
	}
}

/*
 * read_length reads whether periods begin with a key's first event, and how long they are then.
 */
static void
read_length(RetentionCohorts *cohorts, FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(ARG_FROM_FIRST_EVENT))
		(void) text_argument(fcinfo, ARG_FROM_FIRST_EVENT, "from_first_event");
	if (!PG_GETARG_BOOL(ARG_FROM_FIRST_EVENT))
		return;
	cohorts->length = calendar_period_length(&cohorts->periods);
	if (cohorts->length == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("months cannot be counted from the first event"),
						errhint("Use unit day or week, or leave from_first_event out.")));
}

/*
 * read_cohorts reads the arguments that say what is counted.
 */
static void
read_cohorts(RetentionCohorts *cohorts, FunctionCallInfo fcinfo)
{
	const char *unit = text_argument(fcinfo, ARG_UNIT, "unit");
	const char *zone =
		PG_ARGISNULL(ARG_TIME_ZONE) ? NULL : text_argument(fcinfo, ARG_TIME_ZONE, "time_zone");

	if (PG_ARGISNULL(ARG_SOURCE))
		text_argument(fcinfo, ARG_SOURCE, "source");
	cohorts->kind = find_kind(text_argument(fcinfo, ARG_KIND, "kind"));
	if (cohorts->kind == RETENTION_BRACKET)
		read_brackets(cohorts, fcinfo);
	else
		read_periods(cohorts, fcinfo);
	calendar_periods_init(&cohorts->periods, unit, zone);
	read_length(cohorts, fcinfo);
	retention_cohorts_init(cohorts);
}

/*
 * condition_argument returns a condition on a row; NULL: there is none.
 */
static text *
condition_argument(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : PG_GETARG_TEXT_PP(arg);
}

/*
 * sz_retention_table returns, for each cohort and period, how many keys were retained.
 */
Datum
sz_retention_table(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	RetentionTable *table;
	text *cohort_event = condition_argument(fcinfo, ARG_COHORT_EVENT);
	text *return_event = condition_argument(fcinfo, ARG_RETURN_EVENT);

	InitMaterializedSRF(fcinfo, 0);
	table = palloc0(sizeof(*table));
	read_cohorts(&table->cohorts, fcinfo);
	session_source_open(&table->source, PG_GETARG_OID(ARG_SOURCE),
						text_argument(fcinfo, ARG_KEY, "key"), text_argument(fcinfo, ARG_TS, "ts"));
	key_type_init(&table->type, table->source.key_type, table->source.key_collation,
				  table->source.key, CurrentMemoryContext);
	if (cohort_event != NULL || return_event != NULL || table->cohorts.length != 0)
		retention_events_read(&table->cohorts, &table->source, &table->type, cohort_event,
							  return_event);
	else
		read_source(table);
	retention_cohorts_put(&table->cohorts, result);
	return (Datum) 0;
}
