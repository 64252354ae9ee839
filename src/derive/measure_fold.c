/*
 * measure_fold.c
 *		From a session's events to the measures that the user has added.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "catalog/definition.h"
#include "compat.h"
#include "derive/measure_fold.h"
#include "derive/page_set.h"
#include "utils/arguments.h"

/* A measure of the session being read. */
typedef struct MeasureState
{
	const MeasureDefinition *definition;
	Oid type;           /* of the value; InvalidOid: there is none */
	ValueLayout layout; /* of the value's type */
	FmgrInfo compare;   /* of MEASURE_MIN and MEASURE_MAX */
	Oid collation;
	uint64 cap;        /* of MEASURE_ACTIVE_TIME, in microseconds */
	PageSet *distinct; /* of MEASURE_COUNT_DISTINCT */
	NullableDatum value;
	int64 count;      /* of events; of MEASURE_ACTIVE_TIME: the active time in microseconds */
	TimestampTz last; /* the last event that counts; DT_NOBEGIN: none */
	uint64 magnitude; /* of MEASURE_SUM: sum of absolute values, of all events of the key */
} MeasureState;

struct MeasureFold
{
	const Pipeline *pipeline;
	const RecordFormat *format;
	Datum session_key;
	MemoryContext session_context; /* values of the session */
	MemoryContext event_context;   /* values of the event */
	bool tries;                    /* a sum that is out of range is only noted */
	const MeasureState *failure;   /* the first one noted; NULL: none */
	bool only_counts;              /* all measures are numbers of events */
	int nmeasures;
	MeasureState *states;
	NullableDatum *results;
	Interval *intervals; /* memory for results */
};

/*
 * init_state prepares a measure.
 */
static void
init_state(MeasureState *state, const MeasureFold *fold, const MeasureDefinition *definition,
		   Size budget)
{
	state->definition = definition;
	if (definition->cap != NULL)
		state->cap = sz_interval_usecs(definition->cap, "cap");
	if (definition->value < 0)
		return;
	state->type = fold->pipeline->types[attribute_column(definition->value)];
	state->layout = value_layout(state->type);
	if (definition->kind == MEASURE_COUNT_DISTINCT)
		state->distinct = page_set_create(budget, fold->format->seed);
	if (definition->kind == MEASURE_MIN || definition->kind == MEASURE_MAX)
	{
		fmgr_info_copy(&state->compare,
					   &lookup_type_cache(state->type, TYPECACHE_CMP_PROC_FINFO)->cmp_proc_finfo,
					   CurrentMemoryContext);
		state->collation = state->type == TEXTOID ? C_COLLATION_OID : InvalidOid;
	}
}

/*
 * is_count tells whether a measure is a number of events, or whether there are any.
 */
static bool
is_count(const MeasureDefinition *definition)
{
	return definition->value < 0 && definition->kind != MEASURE_ACTIVE_TIME;
}

/*
 * measure_fold_create prepares the fold.
 */
MeasureFold *
measure_fold_create(const Pipeline *pipeline, bool of_events, const RecordFormat *format,
					Size budget)
{
	const Definition *definition = pipeline->definition;
	int count = definition_measures(pipeline, of_events);
	MeasureFold *fold;

	if (count == 0)
		return NULL;
	fold = palloc0(sizeof(MeasureFold));
	fold->pipeline = pipeline;
	fold->format = format;
	fold->session_context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize measures", ALLOCSET_DEFAULT_SIZES);
	fold->event_context = AllocSetContextCreate(CurrentMemoryContext, "sessionize measured event",
												ALLOCSET_DEFAULT_SIZES);
	fold->only_counts = true;
	fold->nmeasures = count;
	fold->states = palloc0(count * sizeof(MeasureState));
	fold->results = palloc0(count * sizeof(NullableDatum));
	fold->intervals = palloc0(count * sizeof(Interval));
	for (int i = 0; i < definition->nmeasures; i++)
	{
		const MeasureDefinition *measure = &definition->measures[i];

		if (measure->of_events != of_events)
			continue;
		init_state(&fold->states[measure->index], fold, measure, budget / count);
		fold->only_counts = fold->only_counts && is_count(measure);
	}
	return fold;
}

/*
 * measure_fold_begin begins a session.
 */
void
measure_fold_begin(MeasureFold *fold, Datum session_key)
{
	MemoryContextReset(fold->session_context);
	fold->session_key = session_key;
	for (int i = 0; i < fold->nmeasures; i++)
	{
		MeasureState *state = &fold->states[i];

		state->value = (NullableDatum){.isnull = true};
		state->count = 0;
		state->last = DT_NOBEGIN;
	}
}

/*
 * replace_value makes a value of the event the measure's value.
 */
static void
replace_value(MeasureFold *fold, MeasureState *state, Datum value)
{
	MemoryContext caller = MemoryContextSwitchTo(fold->session_context);

	if (!state->value.isnull && !state->layout.typbyval)
		pfree(DatumGetPointer(state->value.value));
	state->value.value = datumCopy(value, state->layout.typbyval, state->layout.typlen);
	state->value.isnull = false;
	MemoryContextSwitchTo(caller);
}

/*
 * overflow_message says that a sum is out of the range of its type.
 */
static char *
overflow_message(const MeasureFold *fold, const MeasureState *state)
{
	return psprintf("measure \"%s\" of pipeline \"%s\" is out of the range of %s",
					state->definition->name, fold->pipeline->name, format_type_be(state->type));
}

/*
 * note_overflow reports a sum that is out of the range of its type, or only notes it.
 */
static void
note_overflow(MeasureFold *fold, const MeasureState *state)
{
	StringInfoData key;

	if (fold->tries)
	{
		if (fold->failure == NULL)
			fold->failure = state;
		return;
	}
	initStringInfo(&key);
	key_type_append_text(&fold->format->key, fold->session_key, &key);
	ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					errmsg_internal("%s", overflow_message(fold, state)),
					errdetail("The session key is \"%s\".", key.data),
					state->type == NUMERICOID ? 0
											  : errhint("Drop the measure, and add it with an "
														"expression of type numeric.")));
}

/*
 * add_to_sum adds a value to a sum.
 */
static void
add_to_sum(MeasureFold *fold, MeasureState *state, Datum value)
{
	int64 sum = 0;
	bool overflows = false;

	if (state->value.isnull)
	{
		replace_value(fold, state, value);
		return;
	}
	if (state->type == NUMERICOID)
		value = NumericGetDatum(numeric_add_opt_error(DatumGetNumeric(state->value.value),
													  DatumGetNumeric(value), &overflows));
	else
	{
		overflows =
			pg_add_s64_overflow(DatumGetInt64(state->value.value), DatumGetInt64(value), &sum);
		value = Int64GetDatum(sum);
	}
	if (overflows)
		note_overflow(fold, state);
	else
		replace_value(fold, state, value);
}

/*
 * add_value adds a value that is not NULL.
 */
static void
add_value(MeasureFold *fold, MeasureState *state, TextView bytes)
{
	MeasureKind kind = state->definition->kind;
	int order = 0;
	Datum value;
	bool isnull;

	if (kind == MEASURE_COUNT_DISTINCT)
	{
		page_set_add(state->distinct, bytes, true);
		return;
	}
	if (kind == MEASURE_FIRST && !state->value.isnull)
		return;
	value = value_of_bytes(state->layout, bytes, &isnull);
	if ((kind == MEASURE_MIN || kind == MEASURE_MAX) && !state->value.isnull)
		order = DatumGetInt32(
			FunctionCall2Coll(&state->compare, state->collation, value, state->value.value));
	if (kind == MEASURE_SUM)
		add_to_sum(fold, state, value);
	else if (state->value.isnull || kind == MEASURE_LAST || (kind == MEASURE_MIN && order < 0) ||
			 (kind == MEASURE_MAX && order > 0))
		replace_value(fold, state, value);
}

/*
 * add_pause adds the pause before an event to the active time.
 */
static void
add_pause(MeasureState *state, TimestampTz time)
{
	if (!TIMESTAMP_IS_NOBEGIN(state->last))
		state->count += (int64) Min((uint64) (time - state->last), state->cap);
	state->last = time;
}

/*
 * counts tells whether an event fulfils a measure's condition.
 */
static inline bool
counts(const MeasureState *state, const Record *record)
{
	TextView condition;

	if (state->definition->filter < 0)
		return true;
	condition = record_attribute(record, state->definition->filter);
	return condition.data != NULL && condition.data[0] != 0;
}

/*
 * number_of returns how much an event adds to a measure that counts.
 */
static inline int64
number_of(MeasureKind kind, const KeyRow *row)
{
	switch (kind)
	{
		case MEASURE_DUPLICATES:
			return row->duplicates;
		case MEASURE_CONFLICTS:
			return row->conflicts;
		case MEASURE_CORRECTED:
			return (row->record->flags & RECORD_CORRECTED) != 0;
		case MEASURE_CLAMPED:
			return (row->record->flags & RECORD_CLAMPED) != 0;
		default:
			return 1;
	}
}

/*
 * measure_fold_add adds an event.
 */
void
measure_fold_add(MeasureFold *fold, const KeyRow *row)
{
	const Record *record = row->record;
	MemoryContext caller = MemoryContextSwitchTo(fold->event_context);

	for (int i = 0; i < fold->nmeasures; i++)
	{
		MeasureState *state = &fold->states[i];

		if (!counts(state, record))
			continue;
		if (state->definition->kind == MEASURE_ACTIVE_TIME)
			add_pause(state, record->event_time);
		else if (state->definition->value < 0)
			state->count += number_of(state->definition->kind, row);
		else
		{
			TextView bytes = record_attribute(record, state->definition->value);

			if (bytes.data != NULL)
				add_value(fold, state, bytes);
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(fold->event_context);
}

/*
 * count_result returns the value of a measure that is_count.
 */
static inline NullableDatum
count_result(MeasureKind kind, int64 count)
{
	return (NullableDatum){.value = kind == MEASURE_ANY ? BoolGetDatum(count > 0)
														: Int64GetDatum(count)};
}

/*
 * result_of returns the value of a measure.
 */
static NullableDatum
result_of(MeasureState *state, Interval *interval)
{
	if (is_count(state->definition))
		return count_result(state->definition->kind, state->count);
	switch (state->definition->kind)
	{
		case MEASURE_COUNT_DISTINCT:
			return (NullableDatum){.value =
									   Int64GetDatum(page_set_count_and_reset(state->distinct))};
		case MEASURE_ACTIVE_TIME:
			*interval = (Interval){.time = state->count};
			return (NullableDatum){.value = IntervalPGetDatum(interval)};
		default:
			return state->value;
	}
}

/*
 * measure_fold_end returns the measures of the session.
 */
const NullableDatum *
measure_fold_end(MeasureFold *fold)
{
	for (int i = 0; i < fold->nmeasures; i++)
		fold->results[i] = result_of(&fold->states[i], &fold->intervals[i]);
	return fold->results;
}

/*
 * count_event returns the measures of an event, which are all numbers of events, without the steps
 * that other kinds need.  Each event costs this if the pipeline has event counts.
 */
static const NullableDatum *
count_event(MeasureFold *fold, const KeyRow *row)
{
	for (int i = 0; i < fold->nmeasures; i++)
	{
		const MeasureState *state = &fold->states[i];
		MeasureKind kind = state->definition->kind;

		fold->results[i] =
			count_result(kind, counts(state, row->record) ? number_of(kind, row) : 0);
	}
	return fold->results;
}

/*
 * measure_fold_event returns the measures of an event.
 */
const NullableDatum *
measure_fold_event(MeasureFold *fold, const KeyRow *row)
{
	if (fold->only_counts)
		return count_event(fold, row);
	MemoryContextReset(fold->session_context);
	for (int i = 0; i < fold->nmeasures; i++)
	{
		fold->states[i].value = (NullableDatum){.isnull = true};
		fold->states[i].count = 0;
	}
	measure_fold_add(fold, row);
	return measure_fold_end(fold);
}

/*
 * measure_fold_has_sums tells whether there are sums.
 */
bool
measure_fold_has_sums(const MeasureFold *fold)
{
	for (int i = 0; i < fold->nmeasures; i++)
		if (fold->states[i].definition->kind == MEASURE_SUM)
			return true;
	return false;
}

/*
 * measure_fold_magnitudes_begin begins a key.
 */
void
measure_fold_magnitudes_begin(MeasureFold *fold)
{
	for (int i = 0; i < fold->nmeasures; i++)
		fold->states[i].magnitude = 0;
}

/*
 * The first two bits of a numeric tell its form, as PostgreSQL writes it: short numbers, special
 * values (NaN and the infinities), and long numbers for all else.
 */
#define NUMERIC_FORM_BITS    0xC000
#define NUMERIC_SHORT_FORM   0x8000
#define NUMERIC_SPECIAL_FORM 0xC000

/*
 * is_huge_numeric tells whether a numeric may be as large as 10000 to the power of 64.  Smaller
 * ones are of the short form, and fewer than 2 to the power of 63 of them have a sum in range.
 */
static bool
is_huge_numeric(TextView bytes)
{
	uint16 form;

	memcpy(&form, bytes.data, sizeof(form));
	form &= NUMERIC_FORM_BITS;
	return form != NUMERIC_SHORT_FORM && form != NUMERIC_SPECIAL_FORM;
}

/*
 * magnitude returns the absolute value of a value of a sum, or a value beyond the range of bigint.
 */
static uint64
magnitude(const MeasureState *state, TextView bytes)
{
	int64 value;

	if (state->type == NUMERICOID)
		return is_huge_numeric(bytes) ? PG_UINT64_MAX : 0;
	memcpy(&value, bytes.data, sizeof(value));
	return value < 0 ? 0 - (uint64) value : (uint64) value;
}

/*
 * measure_fold_magnitudes_add adds an event to the sums of absolute values.
 */
bool
measure_fold_magnitudes_add(MeasureFold *fold, const Record *record)
{
	bool too_large = false;

	for (int i = 0; i < fold->nmeasures; i++)
	{
		MeasureState *state = &fold->states[i];
		TextView bytes;

		if (state->definition->kind != MEASURE_SUM || !counts(state, record))
			continue;
		bytes = record_attribute(record, state->definition->value);
		if (bytes.data == NULL)
			continue;
		if (pg_add_u64_overflow(state->magnitude, magnitude(state, bytes), &state->magnitude))
			state->magnitude = PG_UINT64_MAX;
		too_large |= state->magnitude > (uint64) PG_INT64_MAX;
	}
	return too_large;
}

/*
 * measure_fold_tries_begin has sums that are out of range noted.
 */
void
measure_fold_tries_begin(MeasureFold *fold)
{
	fold->tries = true;
	fold->failure = NULL;
}

/*
 * measure_fold_tries_end has them reported again.
 */
char *
measure_fold_tries_end(MeasureFold *fold)
{
	fold->tries = false;
	return fold->failure == NULL ? NULL : overflow_message(fold, fold->failure);
}
