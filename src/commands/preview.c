/*
 * preview.c
 *		sessionize.preview_pipeline(): what a pipeline's rules would derive if they were changed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_row.h"
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
	COL_COUNT
};

typedef struct Preview
{
	DeriveCounts counts;
	int64 bounces;
	int64 longest; /* duration of the longest session, in microseconds */
} Preview;

PG_FUNCTION_INFO_V1(sessionize_preview_pipeline);

/*
 * count_session counts a session.
 */
static void
count_session(void *arg, const DerivedSession *session)
{
	Preview *preview = arg;

	preview->bounces += session->is_bounce ? 1 : 0;
	preview->longest = Max(preview->longest, session->ended_at - session->started_at);
}

/*
 * derive_all derives and counts everything.
 */
static void
derive_all(const Pipeline *pipeline, MemoryContext context, Preview *preview)
{
	DeriveSink sink = {.session = count_session, .arg = preview};
	Derivation *derivation = derive_begin(pipeline, context, 0, (Size) maintenance_work_mem * 1024);

	derive_read(derivation, GetActiveSnapshot(), NULL, NULL, NULL);
	derive_quarantine_end(derivation);
	preview->counts.quarantined = derive_read_counts(derivation)->quarantined;
	preview->counts.filtered = derive_read_counts(derivation)->filtered;
	for (int piece = 0; piece < derive_pieces(derivation); piece++)
	{
		DeriveCounts counts;

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
 * put_row adds a row to the result, with what the rules of a pipeline derive from the raw rows.
 */
static void
put_row(ReturnSetInfo *result, const Pipeline *pipeline, const char *rules)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize preview", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Preview preview = {0};
	Interval *longest = palloc0(sizeof(Interval));
	Datum values[COL_COUNT];
	bool isnull[COL_COUNT] = {false};
	OwnerScope scope;

	owner_scope_enter(&scope, pipeline);
	derive_all(pipeline, context, &preview);
	owner_scope_leave(&scope);
	longest->time = preview.longest;
	values[COL_RULES] = CStringGetTextDatum(rules);
	values[COL_KEYS] = Int64GetDatum(preview.counts.keys);
	values[COL_EVENTS] = Int64GetDatum(preview.counts.events);
	values[COL_DUPLICATES] = Int64GetDatum(preview.counts.duplicates);
	values[COL_QUARANTINED] = Int64GetDatum(preview.counts.quarantined);
	values[COL_FILTERED] = Int64GetDatum(preview.counts.filtered);
	values[COL_SESSIONS] = Int64GetDatum(preview.counts.sessions);
	values[COL_BOUNCES] = Int64GetDatum(preview.bounces);
	values[COL_LONGEST] = IntervalPGetDatum(longest);
	isnull[COL_LONGEST] = preview.counts.sessions == 0;
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/*
 * sessionize_preview_pipeline returns one row for the pipeline's rules and one for the changed
 * rules.
 */
Datum
sessionize_preview_pipeline(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Pipeline *pipeline = pipeline_load(argument_pipeline(fcinfo));
	Pipeline *changed;
	PipelineRow row;

	pipeline_check_owner(pipeline);
	catalog_read_seal(pipeline);
	changed = changed_rules(fcinfo, pipeline, &row);
	InitMaterializedSRF(fcinfo, 0);
	put_row(result, pipeline, "now");
	put_row(result, changed, "changed");
	PG_RETURN_NULL();
}
