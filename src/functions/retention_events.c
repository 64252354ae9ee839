/*
 * retention_events.c
 *		The keys of retention_table where the times of events matter.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "functions/retention_events.h"

/* The steps that an event satisfies. */
#define COHORT_EVENT 0x01
#define RETURN_EVENT 0x02

/* How many events are looked at between two checks for interrupts. */
#define EVENTS_AT_A_TIME 65536

static const char *const step_names[] = {"cohort_event", "return_event"};

typedef struct RetentionEvents
{
	RetentionCohorts *cohorts;
	bool all_count; /* without conditions, each row has both steps */
	StepTable keys;
	SzActivity *activity; /* of the current key */
	int nwords;
} RetentionEvents;

/*
 * set_steps has the two conditions computed for each row.
 */
static void
set_steps(SessionSource *source, text *cohort_event, text *return_event)
{
	Datum texts[2];

	texts[0] = cohort_event != NULL ? PointerGetDatum(cohort_event) : CStringGetTextDatum("true");
	texts[1] = return_event != NULL ? PointerGetDatum(return_event) : CStringGetTextDatum("true");
	session_source_set_steps(source, construct_array(texts, 2, TEXTOID, -1, false, TYPALIGN_INT),
							 step_names, true);
}

/*
 * take_rows notes the time of the last row, and adds those rows of a batch to the table that
 * satisfy a condition.
 */
static void
take_rows(void *arg, EventBatch *batch)
{
	RetentionEvents *events = arg;
	RetentionCohorts *cohorts = events->cohorts;
	int kept = 0;

	for (int i = 0; i < batch->count; i++)
	{
		SzInterval row = batch->islands[i];

		cohorts->last_time = Max(cohorts->last_time, row.start);
		if (events->all_count)
			row.events = COHORT_EVENT | RETURN_EVENT;
		if (row.events == 0)
			continue;
		batch->keys[kept] = batch->keys[i];
		batch->nulls[kept] = batch->nulls[i];
		batch->islands[kept] = row;
		kept++;
	}
	batch->count = kept;
	key_table_take(&events->keys.keys, batch);
}

/*
 * period_after returns how many periods after its first event an event of a key is.
 */
static int32
period_after(RetentionCohorts *cohorts, int32 first, TimestampTz first_time, TimestampTz ts)
{
	if (cohorts->length != 0)
		return (int32) (sz_elapsed(first_time, ts) / (uint64) cohorts->length);
	return calendar_period(&cohorts->periods, ts) - first;
}

/*
 * count_key adds a key to its cohort.  An event that is not earlier than the first one of the
 * cohort is a return, also if it is the same event.  If returns at the same time come before it,
 * it is one itself, by the order of the events.
 */
static void
count_key(RetentionEvents *events, const StepList *list)
{
	RetentionCohorts *cohorts = events->cohorts;
	TimestampTz first_time;
	int32 first;
	bool is_active = false;
	uint32 i = 0;

	while (i < list->count && (list->items[i].mask & COHORT_EVENT) == 0)
		i++;
	if (i == list->count)
		return;
	first_time = list->items[i].ts;
	first = calendar_period(&cohorts->periods, first_time);
	sz_activity_init(events->activity, events->nwords, first);
	events->activity->words[0] = 0;
	for (; i < list->count; i++)
	{
		if (i % EVENTS_AT_A_TIME == 0)
			CHECK_FOR_INTERRUPTS();
		if ((list->items[i].mask & RETURN_EVENT) == 0)
			continue;
		sz_activity_add(events->activity, events->nwords,
						first + period_after(cohorts, first, first_time, list->items[i].ts));
		is_active = true;
	}
	retention_cohorts_add(cohorts, events->activity, first_time, is_active);
}

/*
 * retention_events_read reads the source and counts its keys.
 */
void
retention_events_read(RetentionCohorts *cohorts, SessionSource *source, const KeyType *type,
					  text *cohort_event, text *return_event)
{
	RetentionEvents events = {.cohorts = cohorts,
							  .all_count = cohort_event == NULL && return_event == NULL,
							  .nwords = retention_cohorts_nwords(cohorts)};

	if (!events.all_count)
		set_steps(source, cohort_event, return_event);
	events.activity = palloc(sz_activity_size(events.nwords));
	step_table_init(&events.keys, type, CurrentMemoryContext);
	session_source_read(source, type, GetActiveSnapshot(), &events.keys.keys.batch, take_rows,
						&events);
	while (step_table_next(&events.keys) != NULL)
		count_key(&events, events.keys.events);
	key_table_end(&events.keys.keys);
	if (!TIMESTAMP_IS_NOBEGIN(cohorts->last_time))
		cohorts->last = calendar_period(&cohorts->periods, cohorts->last_time);
}
