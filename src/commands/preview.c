/*
 * preview.c
 *		sessionize.preview_pipeline(): what a pipeline would derive if its definition were changed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

#include "catalog/definition.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "commands/changed_definition.h"
#include "commands/changed_rules.h"
#include "derive/derive.h"
#include "spi/scope.h"
#include "utils/arguments.h"

/* The columns of the result. */
enum
{
	COL_RULES,
	COL_KEYS,
	COL_EVENTS,
	COL_DUPLICATES,
	COL_QUARANTINED,
	COL_FILTERED,
	COL_SESSIONS,
	COL_BOUNCES,
	COL_LONGEST,
	COL_BOUNCE_RATE,
	COL_MEAN_DURATION,
	COL_MEASURES,
	COL_COUNT
};

/* What the sessions have of a measure. */
typedef struct MeasureTotal
{
	const char *name;
	bool of_events; /* it is a measure of events */
	int index;      /* among the measures of sessions, or among those of events */
	Oid type;
	int64 count; /* sessions, or events, that have a value; of a boolean, a true one */
	int64 time;  /* of intervals the sum, in microseconds */
	Datum sum;   /* of numbers the sum, a numeric; 0 if there is none yet */
} MeasureTotal;

typedef struct Preview
{
	const bool *wanted; /* the pieces that are derived; NULL: all */
	DeriveCounts counts;
	int64 bounces;
	int64 longest;  /* duration of the longest session, in microseconds */
	int64 duration; /* of all sessions together */
	int nmeasures;
	MeasureTotal *measures;
	MemoryContext session_context; /* of what counting a session needs */
	MemoryContext context;         /* of the sums */
} Preview;

/*
 * add_number adds a number to a measure's sum.
 */
static void
add_number(Preview *preview, MeasureTotal *total, Datum value)
{
	MemoryContext caller = MemoryContextSwitchTo(preview->session_context);
	Datum number = total->type == INT8OID ? DirectFunctionCall1(int8_numeric, value) : value;
	Datum sum =
		total->sum == (Datum) 0 ? number : DirectFunctionCall2(numeric_add, total->sum, number);

	MemoryContextSwitchTo(preview->context);
	if (total->sum != (Datum) 0)
		pfree(DatumGetPointer(total->sum));
	total->sum = PointerGetDatum(PG_DETOAST_DATUM_COPY(sum));
	MemoryContextSwitchTo(caller);
}

/*
 * count_measure counts a session's value of a measure.
 */
static void
count_measure(Preview *preview, MeasureTotal *total, Datum value)
{
	switch (total->type)
	{
		case BOOLOID:
			total->count += DatumGetBool(value) ? 1 : 0;
			return;
		case INTERVALOID:
			total->time += DatumGetIntervalP(value)->time;
			break;
		case INT8OID:
		case NUMERICOID:
			add_number(preview, total, value);
			break;
		default:
			break;
	}
	total->count++;
}

/*
 * count_measures counts the measures of a session, or of an event.
 */
static void
count_measures(Preview *preview, bool of_events, const NullableDatum *values)
{
	for (int i = 0; i < preview->nmeasures; i++)
	{
		MeasureTotal *total = &preview->measures[i];

		if (total->of_events == of_events && !values[total->index].isnull)
			count_measure(preview, total, values[total->index].value);
	}
	MemoryContextReset(preview->session_context);
}

/*
 * count_session counts a session.
 */
static void
count_session(void *arg, const DerivedSession *session)
{
	Preview *preview = arg;
	int64 duration = session->ended_at - session->started_at;

	preview->bounces += session->is_bounce ? 1 : 0;
	preview->longest = Max(preview->longest, duration);
	preview->duration += duration;
	count_measures(preview, false, session->measures);
}

/*
 * count_event counts an event.
 */
static void
count_event(void *arg, const DerivedEvent *event)
{
	count_measures(arg, true, event->measures);
}

/*
 * derive_all derives and counts everything, or the sample.
 */
static void
derive_all(const Pipeline *pipeline, MemoryContext context, Preview *preview)
{
	DeriveSink sink = {.session = count_session, .arg = preview};
	int pieces = preview->wanted == NULL ? 0 : DERIVE_SAMPLE_PIECES;
	Derivation *derivation =
		derive_begin(pipeline, context, pieces, (Size) maintenance_work_mem * 1024);

	if (definition_measures(pipeline, true) > 0)
		sink.event = count_event;
	derive_read(derivation, GetActiveSnapshot(), preview->wanted, NULL, NULL);
	derive_quarantine_end(derivation);
	preview->counts.quarantined = derive_read_counts(derivation)->quarantined;
	preview->counts.filtered = derive_read_counts(derivation)->filtered;
	for (int piece = 0; piece < derive_pieces(derivation); piece++)
	{
		DeriveCounts counts;

		if (preview->wanted != NULL && !preview->wanted[piece])
			continue;
		CHECK_FOR_INTERRUPTS();
		derive_piece(derivation, piece, &sink, &counts);
		preview->counts.keys += counts.keys;
		preview->counts.events += counts.events;
		preview->counts.duplicates += counts.duplicates;
		preview->counts.sessions += counts.sessions;
	}
	derive_end(derivation);
}

/*
 * begin_measures prepares to count a pipeline's measures.
 */
static void
begin_measures(Preview *preview, const Pipeline *pipeline)
{
	const Definition *definition = pipeline->definition;

	preview->nmeasures = definition == NULL ? 0 : definition->nmeasures;
	preview->measures = palloc0(preview->nmeasures * sizeof(MeasureTotal));
	for (int i = 0; i < preview->nmeasures; i++)
		preview->measures[i] =
			(MeasureTotal){.name = definition->measures[i].name,
						   .of_events = definition->measures[i].of_events,
						   .index = definition->measures[i].index,
						   .type = measure_type(pipeline, &definition->measures[i])};
}

/*
 * interval_datum returns a number of microseconds as an interval.
 */
static Datum
interval_datum(int64 usecs)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = usecs;
	return IntervalPGetDatum(interval);
}

/*
 * append_total appends a measure's total as a JSON value.
 */
static void
append_total(StringInfo json, const MeasureTotal *total)
{
	bool is_number = total->type == INT8OID || total->type == NUMERICOID;

	if (is_number && total->sum == (Datum) 0)
		appendStringInfoString(json, "null");
	else if (is_number)
		appendStringInfoString(json, DatumGetCString(DirectFunctionCall1(numeric_out, total->sum)));
	else if (total->type == INTERVALOID)
		escape_json(
			json, DatumGetCString(DirectFunctionCall1(interval_out, interval_datum(total->time))));
	else
		appendStringInfo(json, INT64_FORMAT, total->count);
}

/*
 * measures_jsonb returns the totals of the measures as an object.
 */
static Datum
measures_jsonb(const Preview *preview)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < preview->nmeasures; i++)
	{
		if (i > 0)
			appendStringInfoChar(&json, ',');
		escape_json(&json, preview->measures[i].name);
		appendStringInfoChar(&json, ':');
		append_total(&json, &preview->measures[i]);
	}
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/*
 * bounce_rate returns the part of the sessions that are bounces, to four digits.
 */
static Datum
bounce_rate(const Preview *preview)
{
	Datum rate = DirectFunctionCall2(
		numeric_div, DirectFunctionCall1(int8_numeric, Int64GetDatum(preview->bounces)),
		DirectFunctionCall1(int8_numeric, Int64GetDatum(Max(preview->counts.sessions, 1))));

	return DirectFunctionCall2(numeric_round, rate, Int32GetDatum(4));
}

/*
 * put_counts adds a row to the result.
 */
static void
put_counts(ReturnSetInfo *result, const Preview *preview, const char *rules)
{
	int64 sessions = preview->counts.sessions;
	Datum values[COL_COUNT];
	bool isnull[COL_COUNT] = {false};

	values[COL_RULES] = CStringGetTextDatum(rules);
	values[COL_KEYS] = Int64GetDatum(preview->counts.keys);
	values[COL_EVENTS] = Int64GetDatum(preview->counts.events);
	values[COL_DUPLICATES] = Int64GetDatum(preview->counts.duplicates);
	values[COL_QUARANTINED] = Int64GetDatum(preview->counts.quarantined);
	values[COL_FILTERED] = Int64GetDatum(preview->counts.filtered);
	values[COL_SESSIONS] = Int64GetDatum(sessions);
	values[COL_BOUNCES] = Int64GetDatum(preview->bounces);
	values[COL_LONGEST] = interval_datum(preview->longest);
	values[COL_BOUNCE_RATE] = bounce_rate(preview);
	values[COL_MEAN_DURATION] = interval_datum(preview->duration / Max(sessions, 1));
	values[COL_MEASURES] = measures_jsonb(preview);
	isnull[COL_LONGEST] = isnull[COL_BOUNCE_RATE] = isnull[COL_MEAN_DURATION] = sessions == 0;
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

/*
 * put_row adds a row to the result, with what a pipeline derives from the raw rows.
 */
static void
put_row(ReturnSetInfo *result, const Pipeline *pipeline, const char *rules, const bool *wanted)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize preview", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Preview preview = {.wanted = wanted, .context = context};
	OwnerScope scope;

	preview.session_context =
		AllocSetContextCreate(context, "sessionize previewed session", ALLOCSET_DEFAULT_SIZES);
	begin_measures(&preview, pipeline);
	owner_scope_enter(&scope, pipeline);
	derive_all(pipeline, context, &preview);
	owner_scope_leave(&scope);
	put_counts(result, &preview, rules);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/*
 * changed_by_document returns the pipeline with the definition of a document.
 */
static const Pipeline *
changed_by_document(const Pipeline *pipeline, Jsonb *jsonb)
{
	Document *document = document_read(jsonb);
	ChangedPipeline *changed = changed_definition(pipeline, document);

	changed_definition_try_measures(changed, pipeline, document);
	return changed->pipeline;
}

/*
 * sessionize_preview_pipeline returns one row for the pipeline as it is and one for the pipeline as
 * it would be.
 */
PIPELINE_FUNCTION(sessionize_preview_pipeline)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Jsonb *document = changed_rules_document(fcinfo, changed_rules_arguments());
	double sample = argument_sample(fcinfo, changed_rules_arguments());
	Pipeline *pipeline = pipeline_load(argument_pipeline(fcinfo));
	const bool *wanted = sample > 0 ? derive_sample(sample) : NULL;
	const Pipeline *changed;

	pipeline_check_owner(pipeline);
	catalog_read_seal(pipeline);
	changed = document != NULL ? changed_by_document(pipeline, document)
							   : changed_rules(fcinfo, pipeline)->pipeline;
	InitMaterializedSRF(fcinfo, 0);
	put_row(result, pipeline, "now", wanted);
	put_row(result, changed, "changed", wanted);
	PG_RETURN_NULL();
}
