/*
 * verify.c
 *		sessionize.verify(name): derives the star again, and compares it with the stored one.
 *
 * Natural keys are compared: facts are joined with their dimensions.  So a wrong member shows up as
 * a wrong fact, and it does not matter which surrogate keys the star has.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <math.h>

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "apply/comparison.h"
#include "apply/memory_plan.h"
#include "audit/difference_report.h"
#include "capture/behind_keys.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/quarantine_rules.h"
#include "catalog/raw_layout.h"
#include "catalog/star_relation.h"
#include "derive/derive.h"
#include "dirty/stale_keys.h"
#include "spi/scope.h"
#include "star/calendar.h"
#include "star/natural_table.h"
#include "star/star.h"
#include "star/star_check.h"
#include "star/star_read.h"
#include "star/stored_rows.h"
#include "utils/arguments.h"

/* One of the tables that are compared piece by piece. */
typedef struct VerifiedTable
{
	const StarTable *table; /* with natural keys; NULL: the table is not compared */
	StarField moment;       /* the field with the time of a derived row */
	DifferenceReport *report;
	RowShape *shape;
	StoredRows *stored;
	Comparison *comparison; /* of the current piece */
} VerifiedTable;

typedef struct Verification
{
	MemoryContext context;
	MemoryContext row_context;
	const Pipeline *pipeline;
	ReturnSetInfo *result;
	VerifyPlan plan;
	Calendar *calendar;
	MemberGuard *guard;
	Derivation *derivation;
	/* all times are compared, and so are users and the quarantine, which have no time */
	bool whole;
	const bool *wanted;     /* pieces to compare; NULL: all */
	TimestampTz since;      /* the times to compare: from since, inclusive */
	TimestampTz until;      /* to until, exclusive */
	const StaleKeys *stale; /* keys not to be compared; NULL: none */
	bool skip_key;          /* the current key is one of the stale ones */
	VerifiedTable tables[STAR_RELATION_COUNT];
} Verification;

/*
 * restrict_time restricts the rows that are read to the times to compare; no rows of a table
 * without times.
 */
static void
restrict_time(const Verification *verification, StarTable *table)
{
	if (table->moment == NULL)
		table->where = "false";
	else
		table->where =
			psprintf("f.%s >= %s AND f.%s < %s", table->moment,
					 quote_literal_cstr(timestamptz_to_str(verification->since)), table->moment,
					 quote_literal_cstr(timestamptz_to_str(verification->until)));
}

/*
 * leave_out_copies has the copies of raw rows that are too old by now read as NULL, as they are
 * derived: whether a refresh or rebuild has dropped one already depends on when it ran.
 */
static void
leave_out_copies(const Verification *verification, StarTable *table)
{
	const QuarantineRules *rules = verification->pipeline->quarantine;
	StarColumn *columns;

	if (rules == NULL || rules->kept_since == DT_NOBEGIN)
		return;
	columns = palloc(table->ncolumns * sizeof(StarColumn));
	memcpy(columns, table->columns, table->ncolumns * sizeof(StarColumn));
	for (int i = 0; i < table->ncolumns; i++)
		if (strcmp(columns[i].name, "raw_row") == 0)
			columns[i].sql = psprintf("CASE WHEN coalesce(f.received_at, f.event_time) < %s THEN "
									  "NULL ELSE f.raw_row END",
									  quote_literal_cstr(timestamptz_to_str(rules->kept_since)));
	table->columns = columns;
}

/*
 * find_moment returns the field with the time of a derived row, FIELD_NONE if the table has no
 * time.
 */
static StarField
find_moment(const StarTable *table)
{
	for (int i = 0; i < table->ncolumns; i++)
		if (table->moment != NULL && strcmp(table->columns[i].name, table->moment) == 0)
			return table->columns[i].field;
	return (StarField){.kind = FIELD_NONE};
}

/*
 * open_table reads the stored rows of a table.
 */
static void
open_table(Verification *verification, StarRelationId relation, int pieces)
{
	VerifiedTable *verified = &verification->tables[relation];
	StarTable *table = natural_table(verification->pipeline, relation);

	if (!verification->whole)
		restrict_time(verification, table);
	if (relation == STAR_QUARANTINE)
		leave_out_copies(verification, table);
	verified->table = table;
	verified->moment = find_moment(table);
	verified->shape = star_row_shape(table, verification->pipeline);
	verified->report = difference_report_create(verification->result, table, verified->shape);
	verified->stored = star_read_settled(verification->context, verification->pipeline, table,
										 pieces, pieces > 1 ? verification->wanted : NULL,
										 verification->stale, verification->plan.stored);
}

/*
 * begin_table begins to compare a piece of a table.
 */
static void
begin_table(Verification *verification, StarRelationId relation, int piece)
{
	VerifiedTable *verified = &verification->tables[relation];
	ComparisonRequest request = {.stored = verified->stored,
								 .piece = piece,
								 .shape = verified->shape,
								 .budget = verification->plan.table,
								 .sink = {difference_report_missing, difference_report_different,
										  difference_report_unexpected, verified->report}};

	verified->comparison = comparison_begin(verification->context, &request);
}

/*
 * is_compared tells whether a derived row is compared.  Rows of a table without times are only
 * compared if all times are.
 */
static bool
is_compared(const Verification *verification, const VerifiedTable *verified, const void *derived)
{
	TimestampTz time;

	if (verification->skip_key)
		return false;
	if (verified->moment.kind == FIELD_NONE)
		return verification->whole;
	time = star_field_time(verified->moment, derived);
	return time >= verification->since && time < verification->until;
}

/*
 * put_row compares a derived row with the stored rows of the piece.
 */
static void
put_row(const VerifiedTable *verified, Datum *values, bool *isnull)
{
	for (int i = ROW_EXTRA(verified->table); i < ROW_WIDTH(verified->table); i++)
		isnull[i] = true;
	(void) comparison_put(verified->comparison, values, isnull);
}

/*
 * verify_derived compares a derived row, if it is in the times to compare, with the stored rows of
 * a table.
 */
static void
verify_derived(Verification *verification, StarRelationId relation, const void *derived)
{
	const VerifiedTable *verified = &verification->tables[relation];
	MemoryContext oldcontext = MemoryContextSwitchTo(verification->row_context);
	Datum values[ROW_MAX_WIDTH];
	bool isnull[ROW_MAX_WIDTH];

	if (is_compared(verification, verified, derived))
	{
		natural_row(verified->table, verification->calendar, verification->guard, derived, values,
					isnull);
		put_row(verified, values, isnull);
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(verification->row_context);
}

/*
 * find_skipped notes whether the current key is stale, so that its rows are not compared.
 */
static void
find_skipped(Verification *verification, Datum session_key, bool isnull)
{
	verification->skip_key =
		verification->stale != NULL && stale_keys_has(verification->stale, session_key, isnull);
}

/*
 * verify_user compares a version of a user.  A derivation returns a key's users before its sessions
 * and events.
 */
static void
verify_user(void *arg, const DerivedUser *user)
{
	find_skipped(arg, user->session_key, false);
	verify_derived(arg, STAR_DIM_USER, user);
}

/*
 * verify_session compares a session.
 */
static void
verify_session(void *arg, const DerivedSession *session)
{
	verify_derived(arg, STAR_FACT_SESSION, session);
}

/*
 * verify_event compares an event.
 */
static void
verify_event(void *arg, const DerivedEvent *event)
{
	verify_derived(arg, STAR_FACT_EVENT, event);
}

/*
 * verify_failed reports a key that can't be derived, unless it is among the keys that are known to
 * have failed, which are not compared.
 */
static void
verify_failed(void *arg, Datum session_key, const char *message)
{
	Verification *verification = arg;

	find_skipped(verification, session_key, false);
	if (!verification->skip_key)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("%s", message),
						errhint("CALL sessionize.rebuild(%s); sets the session key aside.",
								quote_literal_cstr(verification->pipeline->name))));
}

/*
 * verify_late compares a late row.
 */
static void
verify_late(void *arg, const DerivedRow *row)
{
	find_skipped(arg, row->session_key, false);
	verify_derived(arg, STAR_LATE, row);
}

/*
 * verify_quarantine compares the quarantine.
 */
static void
verify_quarantine(Verification *verification)
{
	VerifiedTable *verified = &verification->tables[STAR_QUARANTINE];
	TupleDesc desc;
	Tuplestorestate *rows = derive_quarantine(verification->derivation, &desc);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);

	open_table(verification, STAR_QUARANTINE, 1);
	begin_table(verification, STAR_QUARANTINE, 0);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		Datum values[ROW_MAX_WIDTH];
		bool isnull[ROW_MAX_WIDTH];
		int key = verified->table->session_key;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		memcpy(values, slot->tts_values, verified->table->ncolumns * sizeof(Datum));
		memcpy(isnull, slot->tts_isnull, verified->table->ncolumns * sizeof(bool));
		find_skipped(verification, values[key], isnull[key]);
		if (!verification->skip_key)
			put_row(verified, values, isnull);
	}
	comparison_end(verified->comparison);
	stored_rows_free(verified->stored);
	ExecDropSingleTupleTableSlot(slot);
	derive_quarantine_end(verification->derivation);
}

/*
 * verify_piece compares one piece of all tables.
 */
static void
verify_piece(Verification *verification, int piece)
{
	DeriveSink sink = {.session = verify_session,
					   .user = verify_user,
					   .failed = verify_failed,
					   .arg = verification};
	DeriveCounts counts;

	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (verification->tables[i].table != NULL)
			begin_table(verification, i, piece);
	if (verification->tables[STAR_FACT_EVENT].table != NULL)
		sink.event = verify_event;
	if (verification->tables[STAR_LATE].table != NULL)
		sink.late = verify_late;
	derive_piece(verification->derivation, piece, &sink, &counts);
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (verification->tables[i].table != NULL)
			comparison_end(verification->tables[i].comparison);
}

/*
 * verify_star compares all tables.
 */
static void
verify_star(Verification *verification)
{
	const Pipeline *pipeline = verification->pipeline;
	const bool *wanted = verification->wanted;
	int pieces;

	verification->stale = behind_keys_load_unbuilt(pipeline);
	verification->derivation =
		derive_begin(pipeline, verification->context, wanted ? DERIVE_SAMPLE_PIECES : 0,
					 verification->plan.derivation);
	derive_read(verification->derivation, GetActiveSnapshot(), wanted, NULL, NULL);
	pieces = derive_pieces(verification->derivation);
	star_lock(pipeline);
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
	{
		verification->tables[i].table = NULL;
		if (star_table(pipeline, i) != NULL && star_table(pipeline, i)->in_pieces &&
			star_relation_is_used(pipeline, i))
			open_table(verification, i, pieces);
	}
	for (int piece = 0; piece < pieces; piece++)
		if (wanted == NULL || wanted[piece])
			verify_piece(verification, piece);
	if (verification->whole && wanted == NULL)
		verify_quarantine(verification);
	else
		derive_quarantine_end(verification->derivation);
	difference_report_members(verification->result, pipeline);
	/* a first build leaves the persons to its end */
	if (verification->whole && wanted == NULL && pipeline->has_identity && pipeline->built)
		difference_report_persons(verification->result, pipeline);
	/* a star that is not built has its rollups as well */
	if (verification->whole && wanted == NULL)
		difference_report_rollups(verification->result, pipeline);
}

/*
 * let_go frees the derivation, which has resources that outlive the transaction.
 */
static void
let_go(Verification *verification)
{
	if (verification->derivation != NULL)
		derive_end(verification->derivation);
	verification->derivation = NULL;
}

/*
 * verify_now compares all tables in the active snapshot.  It is the work that raw_layout_settled
 * repeats, so it forgets the differences found before.
 */
static void
verify_now(Pipeline *pipeline, void *arg)
{
	Verification *verification = arg;
	MemoryContext outer = verification->context;
	MemoryContext caller;

	verification->context =
		AllocSetContextCreate(outer, "sessionize verify snapshot", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(verification->context);
	verification->pipeline = pipeline;
	/* any copy that the snapshot has no more was dropped before now */
	if (pipeline->quarantine != NULL)
		quarantine_rules_set_time(pipeline->quarantine);
	tuplestore_clear(verification->result->setResult);
	verify_star(verification);
	let_go(verification);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(verification->context);
	verification->context = outer;
}

/*
 * read_range reads the function's arguments: which times to compare, and the sample.
 */
static void
read_range(FunctionCallInfo fcinfo, Verification *verification)
{
	(void) argument_pipeline(fcinfo);
	verification->since = PG_ARGISNULL(1) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(1);
	verification->until = PG_ARGISNULL(2) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(2);
	verification->whole = PG_ARGISNULL(1) && PG_ARGISNULL(2);
	(void) argument_sample(fcinfo, 3);
}

/*
 * sessionize_verify returns the rows in which the stored star differs from the derived one.
 */
PIPELINE_FUNCTION(sessionize_verify)
{
	Verification verification = {0};
	MemoryContext caller;
	Pipeline *pipeline;
	OwnerScope scope;

	read_range(fcinfo, &verification);
	InitMaterializedSRF(fcinfo, 0);
	verification.context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize verify", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(verification.context);
	verification.row_context = AllocSetContextCreate(verification.context, "sessionize verify row",
													 ALLOCSET_DEFAULT_SIZES);
	if (!PG_ARGISNULL(3))
		verification.wanted = derive_sample(argument_sample(fcinfo, 3));
	verification.result = (ReturnSetInfo *) fcinfo->resultinfo;
	verification.plan = memory_plan_of_verify((Size) maintenance_work_mem * 1024);
	verification.pipeline = pipeline =
		pipeline_as_seen(pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0))));
	pipeline_check_owner(pipeline);
	catalog_read_seal(pipeline);
	star_check(pipeline);
	verification.calendar = calendar_create(verification.context, pipeline);
	verification.guard = member_guard_create(verification.context, pipeline);
	owner_scope_enter(&scope, pipeline);
	PG_TRY();
	{
		raw_layout_settled(pipeline, verify_now, &verification);
	}
	PG_FINALLY();
	{
		let_go(&verification);
	}
	PG_END_TRY();
	owner_scope_leave(&scope);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(verification.context);
	PG_RETURN_NULL();
}
