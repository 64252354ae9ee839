/*
 * mark_dirty.c
 *		mark_dirty(): having keys derived again, whatever the triggers have logged.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "capture/capture_intact.h"
#include "capture/capture_table.h"
#include "capture/pending_keys.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/star_relation.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "source/row_validate.h"
#include "source/sealed_rows.h"
#include "source/source_mapping.h"
#include "spi/privileges.h"
#include "spi/row_query.h"
#include "spi/scope.h"
#include "utils/arguments.h"

enum
{
	ARG_NAME,
	ARG_KEY,
	ARG_SINCE,
	ARG_UNTIL
};

/* The arguments, and what is needed to log keys. */
typedef struct Marking
{
	Pipeline *pipeline;
	PipelineRef ref;
	DirtyLog log;
	TimestampTz from;
	TimestampTz until;
	FmgrInfo input; /* the input function of the key's type */
	Oid input_param;
} Marking;

/*
 * time_argument returns a time argument, or a default for NULL.
 */
static TimestampTz
time_argument(FunctionCallInfo fcinfo, int argno, TimestampTz if_null)
{
	return PG_ARGISNULL(argno) ? if_null : PG_GETARG_TIMESTAMPTZ(argno);
}

/*
 * mark logs a key, or for NULL the rows without a key, with an infinite range: it is not known
 * which rows have changed.
 */
static void
mark(Marking *marking, Datum key, bool isnull)
{
	DirtyKey dirty = {key, isnull, DT_NOBEGIN, DT_NOEND};

	pending_keys_add(&marking->log, &dirty);
}

/*
 * mark_session_key logs the key in a row's only column.
 */
static void
mark_session_key(void *arg, TupleTableSlot *slot)
{
	bool isnull;
	Datum key = slot_getattr(slot, 1, &isnull);

	mark((Marking *) arg, key, isnull);
}

/*
 * mark_sealed logs the key of a sealed row, if its event time is in the range or can't be computed
 * any more.
 */
static void
mark_sealed(void *arg, const SourceRow *row)
{
	Marking *marking = arg;
	TimestampTz time;

	if (SZ_TIME_IS_VALID(row_event_time(row, &marking->pipeline->clock, &time)) &&
		(time < marking->from || time > marking->until))
		return;
	mark(marking, row->values[SRC_SESSION_KEY], row->isnull[SRC_SESSION_KEY]);
}

/*
 * mark_kept logs the keys of sealed and late rows, whose raw rows may be gone.
 */
static void
mark_kept(Marking *marking)
{
	sealed_rows_read(marking->pipeline, NULL, mark_sealed, marking);
	row_query(psprintf("SELECT l.session_key FROM %s AS l WHERE l.event_time BETWEEN %s AND %s",
					   star_relation(marking->pipeline, STAR_LATE),
					   quote_literal_cstr(timestamptz_to_str(marking->from)),
					   quote_literal_cstr(timestamptz_to_str(marking->until))),
			  mark_session_key, marking);
}

/*
 * mark_stored logs the keys that have rows in the star, since their raw rows may all be gone.
 */
static void
mark_stored(Marking *marking)
{
	row_query(star_sql(marking->pipeline,
					   "SELECT f.session_key FROM @fact_session AS f WHERE f.started_at <= %s "
					   "AND f.ended_at >= %s",
					   quote_literal_cstr(timestamptz_to_str(marking->until)),
					   quote_literal_cstr(timestamptz_to_str(marking->from))),
			  mark_session_key, marking);
	row_query(star_sql(marking->pipeline, "SELECT q.session_key FROM @quarantine AS q"),
			  mark_session_key, marking);
}

/*
 * mark_all logs every key with rows in the range. If the range is infinite, notes that a rebuild is
 * needed are deleted.
 */
static void
mark_all(Marking *marking)
{
	bool everything = marking->from == DT_NOBEGIN && marking->until == DT_NOEND;
	ArrayType *needs = NULL;
	OwnerScope scope;

	PushActiveSnapshot(GetLatestSnapshot());
	if (everything)
		needs = capture_settled_needs(marking->pipeline);
	owner_scope_enter(&scope, marking->pipeline);
	check_may_read(marking->pipeline->source);
	mark_stored(marking);
	if (marking->pipeline->has_seal)
		mark_kept(marking);
	owner_scope_leave(&scope);
	PopActiveSnapshot();
	capture_range(marking->pipeline->source, &marking->ref, marking->from, marking->until);
	rebuild_need_forget(needs);
}

/*
 * begin_marking checks the arguments.
 */
static void
begin_marking(FunctionCallInfo fcinfo, Marking *marking)
{
	Pipeline *pipeline = pipeline_load(argument_pipeline(fcinfo));
	Oid key_type = pipeline->types[SRC_SESSION_KEY];
	Oid input;

	pipeline_check_owner(pipeline);
	marking->pipeline = pipeline;
	marking->ref.id = pipeline->id;
	marking->ref.name = pipeline->name;
	marking->log.pipeline = pipeline->id;
	marking->log.table = dirty_table(pipeline);
	if (!OidIsValid(marking->log.table))
		dirty_report_lost(pipeline);
	marking->log.key_type = key_type;
	marking->from = time_argument(fcinfo, ARG_SINCE, DT_NOBEGIN);
	marking->until = time_argument(fcinfo, ARG_UNTIL, DT_NOEND);
	if (marking->from > marking->until)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("since must not be later than until"),
						errhint("Leave both out for all events of the key.")));
	getTypeInputInfo(key_type, &input, &marking->input_param);
	fmgr_info(input, &marking->input);
}

/*
 * sessionize_mark_dirty has a key, or all keys, derived again by the next refresh.
 */
PIPELINE_FUNCTION(sessionize_mark_dirty)
{
	Marking marking = {0};

	PreventCommandIfReadOnly("sessionize.mark_dirty()");
	begin_marking(fcinfo, &marking);
	if (PG_ARGISNULL(ARG_KEY))
		mark_all(&marking);
	else
		mark(&marking,
			 InputFunctionCall(&marking.input, text_to_cstring(PG_GETARG_TEXT_PP(ARG_KEY)),
							   marking.input_param, -1),
			 false);
	PG_RETURN_VOID();
}
