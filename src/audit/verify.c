/*
 * verify.c
 *		sessionize.verify(name): derive the star anew, compare it with the one there is.
 *
 * What is compared are natural keys: facts are joined back with their dimensions, so that a wrong
 * member is a wrong fact, whatever surrogate keys the star has.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

#include "apply/comparison.h"
#include "apply/memory_plan.h"
#include "audit/difference_report.h"
#include "capture/behind_keys.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/raw_layout.h"
#include "derive/derive.h"
#include "dirty/stale_keys.h"
#include "spi/scope.h"
#include "star/calendar.h"
#include "star/star.h"
#include "star/star_read.h"
#include "star/stored_rows.h"

enum
{
	SEEN_SESSION_ID,
	SEEN_SESSION_KEY,
	SEEN_SESSION_USER_KEY,
	SEEN_SESSION_USER_FROM,
	SEEN_SESSION_DATE_KEY,
	SEEN_SESSION_STARTED_AT,
	SEEN_SESSION_ENDED_AT,
	SEEN_SESSION_EVENTS,
	SEEN_SESSION_PAGE_VIEWS,
	SEEN_SESSION_DISTINCT_PAGES,
	SEEN_SESSION_ENTRY_PAGE,
	SEEN_SESSION_EXIT_PAGE,
	SEEN_SESSION_IS_BOUNCE,
	SEEN_SESSION_DUPLICATES,
	SEEN_SESSION_CONFLICTS,
	SEEN_SESSION_SHIFTED,
	SEEN_SESSION_COPIES_UNTIL,
	SEEN_SESSION_MISSING
};

enum
{
	SEEN_EVENT_KEY,
	SEEN_EVENT_TIME,
	SEEN_EVENT_ID,
	SEEN_EVENT_RAW_ID,
	SEEN_EVENT_SESSION_ID,
	SEEN_EVENT_USER_KEY,
	SEEN_EVENT_USER_FROM,
	SEEN_EVENT_NAME,
	SEEN_EVENT_PAGE,
	SEEN_EVENT_DATE_KEY,
	SEEN_EVENT_PAGE_VIEW,
	SEEN_EVENT_MISSING
};

#define MISSING(alias, key) "(" alias "." key " IS NULL)::int"

/* A session with its dimensions; missing_members counts those of its surrogate keys that lead nowhere. */
static const StarColumn session_columns[] = {
	[SEEN_SESSION_ID] = STAR_FIXED("session_id", UUIDOID),
	[SEEN_SESSION_KEY] = STAR_TYPED("session_key", SRC_SESSION_KEY),
	[SEEN_SESSION_USER_KEY] = {"user_session_key", InvalidOid, SRC_SESSION_KEY, "u.session_key"},
	[SEEN_SESSION_USER_FROM] = {"user_valid_from", TIMESTAMPTZOID, SRC_NCOLUMNS, "u.valid_from"},
	[SEEN_SESSION_DATE_KEY] = STAR_FIXED("date_key", INT4OID),
	[SEEN_SESSION_STARTED_AT] = STAR_FIXED("started_at", TIMESTAMPTZOID),
	[SEEN_SESSION_ENDED_AT] = STAR_FIXED("ended_at", TIMESTAMPTZOID),
	[SEEN_SESSION_EVENTS] = STAR_FIXED("events", INT8OID),
	[SEEN_SESSION_PAGE_VIEWS] = STAR_FIXED("page_views", INT8OID),
	[SEEN_SESSION_DISTINCT_PAGES] = STAR_FIXED("distinct_pages", INT8OID),
	[SEEN_SESSION_ENTRY_PAGE] = {"entry_page", TEXTOID, SRC_NCOLUMNS, "p.page"},
	[SEEN_SESSION_EXIT_PAGE] = {"exit_page", TEXTOID, SRC_NCOLUMNS, "q.page"},
	[SEEN_SESSION_IS_BOUNCE] = STAR_FIXED("is_bounce", BOOLOID),
	[SEEN_SESSION_DUPLICATES] = STAR_FIXED("duplicates", INT8OID),
	[SEEN_SESSION_CONFLICTS] = STAR_FIXED("conflicts", INT8OID),
	[SEEN_SESSION_SHIFTED] = STAR_FIXED("shifted", INT8OID),
	[SEEN_SESSION_COPIES_UNTIL] = STAR_FIXED("copies_until", TIMESTAMPTZOID),
	[SEEN_SESSION_MISSING] = {"missing_members", INT4OID, SRC_NCOLUMNS,
							  MISSING("u", "user_key") " + " MISSING("p", "page_key") " + " MISSING(
								  "q", "page_key") " + " MISSING("d", "date_key")},
};

static const StarColumn event_columns[] = {
	[SEEN_EVENT_KEY] = STAR_TYPED("session_key", SRC_SESSION_KEY),
	[SEEN_EVENT_TIME] = STAR_FIXED("event_time", TIMESTAMPTZOID),
	[SEEN_EVENT_ID] = STAR_TYPED("event_id", SRC_EVENT_ID),
	[SEEN_EVENT_RAW_ID] = STAR_TYPED("raw_id", SRC_RAW_ID),
	[SEEN_EVENT_SESSION_ID] = STAR_FIXED("session_id", UUIDOID),
	[SEEN_EVENT_USER_KEY] = {"user_session_key", InvalidOid, SRC_SESSION_KEY, "u.session_key"},
	[SEEN_EVENT_USER_FROM] = {"user_valid_from", TIMESTAMPTZOID, SRC_NCOLUMNS, "u.valid_from"},
	[SEEN_EVENT_NAME] = {"event_name", TEXTOID, SRC_NCOLUMNS, "n.event_name"},
	[SEEN_EVENT_PAGE] = {"page", TEXTOID, SRC_NCOLUMNS, "p.page"},
	[SEEN_EVENT_DATE_KEY] = STAR_FIXED("date_key", INT4OID),
	[SEEN_EVENT_PAGE_VIEW] = STAR_FIXED("page_view", BOOLOID),
	[SEEN_EVENT_MISSING] = {"missing_members", INT4OID, SRC_NCOLUMNS,
							MISSING("u", "user_key") " + " MISSING("n", "event_key") " + " MISSING(
								"p", "page_key") " + " MISSING("d", "date_key")},
};

static const StarTable seen_session = {
	.name = "fact_session",
	.columns = session_columns,
	.ncolumns = lengthof(session_columns),
	.identity = 1,
	.key_column = SEEN_SESSION_KEY,
	.extra = "0::bigint",
	.joins = " LEFT JOIN %s.dim_user AS u ON u.user_key = f.user_key"
			 " LEFT JOIN %s.dim_page AS p ON p.page_key = f.entry_page_key"
			 " LEFT JOIN %s.dim_page AS q ON q.page_key = f.exit_page_key"
			 " LEFT JOIN %s.dim_date AS d ON d.date_key = f.date_key",
	.where = "true",
};

static const StarTable seen_event = {
	.name = "fact_event",
	.columns = event_columns,
	.ncolumns = lengthof(event_columns),
	.identity = 4,
	.key_column = SEEN_EVENT_KEY,
	.extra = "0::bigint",
	.joins = " LEFT JOIN %s.dim_user AS u ON u.user_key = f.user_key"
			 " LEFT JOIN %s.dim_event AS n ON n.event_key = f.event_key"
			 " LEFT JOIN %s.dim_page AS p ON p.page_key = f.page_key"
			 " LEFT JOIN %s.dim_date AS d ON d.date_key = f.date_key",
	.where = "true",
};

/* One of the tables that are compared piece by piece. */
typedef struct VerifiedTable
{
	const StarTable *table;
	DifferenceReport *report;
	RowShape *shape;
	StoredRows *stored;
	Comparison *comparison; /* of the piece at hand */
} VerifiedTable;

typedef struct Verification
{
	MemoryContext context;
	MemoryContext row_context;
	const Pipeline *pipeline;
	ReturnSetInfo *result;
	VerifyPlan plan;
	Calendar *calendar;
	Derivation *derivation;
	bool whole;             /* all times are compared, and with them users and the quarantine */
	const bool *wanted;     /* pieces to compare; NULL: all */
	TimestampTz since;      /* the times to compare: from */
	TimestampTz until;      /* up to but not */
	const StaleKeys *stale; /* keys not to be compared; NULL: none */
	bool skip_key;          /* the key at hand is one of them */
	VerifiedTable users;
	VerifiedTable sessions;
	VerifiedTable events;
	VerifiedTable quarantine;
	VerifiedTable late;
} Verification;

/* A sample is so many of these pieces of the keys. */
#define SAMPLE_PIECES 256

PG_FUNCTION_INFO_V1(sessionize_verify);

/*
 * open_table reads what is stored of a table.
 */
static void
open_table(Verification *verification, VerifiedTable *verified, const StarTable *table, int pieces)
{
	verified->table = table;
	verified->shape = star_row_shape(table, verification->pipeline);
	verified->report = difference_report_create(verification->result, table, verified->shape);
	verified->stored = star_read_settled(verification->context, verification->pipeline, table, pieces,
										 pieces > 1 ? verification->wanted : NULL, verification->stale,
										 verification->plan.stored);
}

/*
 * begin_table begins to compare a piece of a table.
 */
static void
begin_table(Verification *verification, VerifiedTable *verified, int piece)
{
	ComparisonRequest request = {.stored = verified->stored,
								 .piece = piece,
								 .shape = verified->shape,
								 .budget = verification->plan.table,
								 .sink = {difference_report_missing, difference_report_different,
										  difference_report_unexpected, verified->report}};

	verified->comparison = comparison_begin(verification->context, &request);
}

/*
 * put_row compares a row that was derived, unless its key or time is not to be compared.
 */
static void
put_row(const Verification *verification, VerifiedTable *verified, TimestampTz time, Datum *values,
		bool *isnull)
{
	int extra = ROW_EXTRA(verified->table);

	if (verification->skip_key || time < verification->since || time >= verification->until)
		return;
	for (int i = extra; i < ROW_WIDTH(verified->table); i++)
		isnull[i] = true;
	(void) comparison_put(verified->comparison, values, isnull);
}

/*
 * set_text sets a column to a text.
 */
static void
set_text(Datum *values, bool *isnull, int column, TextView view)
{
	isnull[column] = view.data == NULL;
	if (view.data != NULL)
		values[column] = PointerGetDatum(cstring_to_text_with_len(view.data, (int) view.len));
}

/*
 * verify_user compares a version of a user.
 */
static void
verify_user(void *arg, const DerivedUser *user)
{
	Verification *verification = arg;
	MemoryContext oldcontext = MemoryContextSwitchTo(verification->row_context);
	Datum values[ROW_MAX_WIDTH];
	bool isnull[ROW_MAX_WIDTH] = {false};

	/* a key's users come before its sessions and events */
	verification->skip_key =
		verification->stale != NULL && stale_keys_has(verification->stale, user->session_key, false);
	values[USER_SESSION_KEY] = user->session_key;
	values[USER_VALID_FROM] = TimestampTzGetDatum(user->valid_from);
	set_text(values, isnull, USER_USER_ID, user->user_id);
	values[USER_VALID_TO] = TimestampTzGetDatum(user->valid_to);
	values[USER_IS_CURRENT] = BoolGetDatum(TIMESTAMP_IS_NOEND(user->valid_to));
	if (verification->whole)
		put_row(verification, &verification->users, verification->since, values, isnull);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(verification->row_context);
}

/*
 * verify_session compares a session.
 */
static void
verify_session(void *arg, const DerivedSession *session)
{
	Verification *verification = arg;
	MemoryContext oldcontext = MemoryContextSwitchTo(verification->row_context);
	Datum values[ROW_MAX_WIDTH];
	bool isnull[ROW_MAX_WIDTH] = {false};
	int32 date_key = calendar_date_key(verification->calendar, session->started_at);

	values[SEEN_SESSION_ID] = UUIDPGetDatum(&session->session_id);
	values[SEEN_SESSION_KEY] = session->session_key;
	values[SEEN_SESSION_USER_KEY] = session->session_key;
	values[SEEN_SESSION_USER_FROM] = TimestampTzGetDatum(session->user_valid_from);
	values[SEEN_SESSION_DATE_KEY] = Int32GetDatum(date_key);
	values[SEEN_SESSION_STARTED_AT] = TimestampTzGetDatum(session->started_at);
	values[SEEN_SESSION_ENDED_AT] = TimestampTzGetDatum(session->ended_at);
	values[SEEN_SESSION_EVENTS] = Int64GetDatum(session->events);
	values[SEEN_SESSION_PAGE_VIEWS] = Int64GetDatum(session->page_views);
	values[SEEN_SESSION_DISTINCT_PAGES] = Int64GetDatum(session->distinct_pages);
	set_text(values, isnull, SEEN_SESSION_ENTRY_PAGE, session->entry_page);
	set_text(values, isnull, SEEN_SESSION_EXIT_PAGE, session->exit_page);
	values[SEEN_SESSION_IS_BOUNCE] = BoolGetDatum(session->events == 1);
	values[SEEN_SESSION_DUPLICATES] = Int64GetDatum(session->duplicates);
	values[SEEN_SESSION_CONFLICTS] = Int64GetDatum(session->conflicts);
	values[SEEN_SESSION_SHIFTED] = Int64GetDatum(session->shifted);
	values[SEEN_SESSION_COPIES_UNTIL] = TimestampTzGetDatum(session->copies_until);
	values[SEEN_SESSION_MISSING] = Int32GetDatum(0);
	put_row(verification, &verification->sessions, session->started_at, values, isnull);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(verification->row_context);
}

/*
 * verify_event compares an event.
 */
static void
verify_event(void *arg, const DerivedEvent *event)
{
	Verification *verification = arg;
	MemoryContext oldcontext = MemoryContextSwitchTo(verification->row_context);
	Datum values[ROW_MAX_WIDTH];
	bool isnull[ROW_MAX_WIDTH] = {false};
	int32 date_key = calendar_date_key(verification->calendar, event->event_time);

	values[SEEN_EVENT_KEY] = event->session_key;
	values[SEEN_EVENT_TIME] = TimestampTzGetDatum(event->event_time);
	values[SEEN_EVENT_ID] = event->event_id;
	isnull[SEEN_EVENT_ID] = event->event_id_isnull;
	values[SEEN_EVENT_RAW_ID] = event->raw_id;
	values[SEEN_EVENT_SESSION_ID] = UUIDPGetDatum(&event->session_id);
	values[SEEN_EVENT_USER_KEY] = event->session_key;
	values[SEEN_EVENT_USER_FROM] = TimestampTzGetDatum(event->user_valid_from);
	set_text(values, isnull, SEEN_EVENT_NAME, event->event_name);
	set_text(values, isnull, SEEN_EVENT_PAGE, event->page);
	values[SEEN_EVENT_DATE_KEY] = Int32GetDatum(date_key);
	values[SEEN_EVENT_PAGE_VIEW] = BoolGetDatum(event->page_view);
	values[SEEN_EVENT_MISSING] = Int32GetDatum(0);
	put_row(verification, &verification->events, event->event_time, values, isnull);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(verification->row_context);
}

/*
 * verify_late compares a row that came too late.
 */
static void
verify_late(void *arg, const DerivedRow *row)
{
	Verification *verification = arg;
	MemoryContext oldcontext = MemoryContextSwitchTo(verification->row_context);
	Datum values[ROW_MAX_WIDTH];
	bool isnull[ROW_MAX_WIDTH];

	verification->skip_key =
		verification->stale != NULL && stale_keys_has(verification->stale, row->session_key, false);
	star_late_row(row, values, isnull);
	put_row(verification, &verification->late, row->event_time, values, isnull);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(verification->row_context);
}

/*
 * verify_quarantine compares the quarantine.
 */
static void
verify_quarantine(Verification *verification)
{
	VerifiedTable *verified = &verification->quarantine;
	TupleDesc desc;
	Tuplestorestate *rows = derive_quarantine(verification->derivation, &desc);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);

	open_table(verification, verified, &star_quarantine, 1);
	begin_table(verification, verified, 0);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		Datum values[ROW_MAX_WIDTH];
		bool isnull[ROW_MAX_WIDTH];

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		memcpy(values, slot->tts_values, verified->table->ncolumns * sizeof(Datum));
		memcpy(isnull, slot->tts_isnull, verified->table->ncolumns * sizeof(bool));
		verification->skip_key =
			verification->stale != NULL && stale_keys_has(verification->stale, values[QUARANTINE_SESSION_KEY],
														  isnull[QUARANTINE_SESSION_KEY]);
		put_row(verification, verified, verification->since, values, isnull);
	}
	comparison_end(verified->comparison);
	stored_rows_free(verified->stored);
	ExecDropSingleTupleTableSlot(slot);
	derive_quarantine_end(verification->derivation);
}

/*
 * verify_piece compares one piece of users, sessions and events.
 */
static void
verify_piece(Verification *verification, int piece)
{
	DeriveSink sink = {.session = verify_session, .user = verify_user, .arg = verification};
	DeriveCounts counts;

	begin_table(verification, &verification->users, piece);
	begin_table(verification, &verification->sessions, piece);
	if (verification->pipeline->store_events)
	{
		begin_table(verification, &verification->events, piece);
		sink.event = verify_event;
	}
	if (verification->pipeline->has_seal)
	{
		begin_table(verification, &verification->late, piece);
		sink.late = verify_late;
	}
	derive_piece(verification->derivation, piece, &sink, &counts);
	comparison_end(verification->users.comparison);
	comparison_end(verification->sessions.comparison);
	if (verification->pipeline->store_events)
		comparison_end(verification->events.comparison);
	if (verification->pipeline->has_seal)
		comparison_end(verification->late.comparison);
}

/*
 * in_range returns the table without the rows of other times.
 */
static const StarTable *
in_range(const Verification *verification, const StarTable *table, const char *column)
{
	StarTable *part;
	char *since;
	char *until;

	if (verification->whole)
		return table;
	part = palloc(sizeof(StarTable));
	*part = *table;
	since = quote_literal_cstr(timestamptz_to_str(verification->since));
	until = quote_literal_cstr(timestamptz_to_str(verification->until));
	part->where =
		column == NULL ? "false" : psprintf("f.%s >= %s AND f.%s < %s", column, since, column, until);
	return part;
}

/*
 * choose_sample chooses the pieces to compare.
 */
static void
choose_sample(Verification *verification, double sample)
{
	bool *wanted = palloc(SAMPLE_PIECES * sizeof(bool));

	for (int i = 0; i < SAMPLE_PIECES; i++)
		wanted[i] = i < ceil(sample * SAMPLE_PIECES);
	verification->wanted = wanted;
}

/*
 * verify_star compares everything.
 */
static void
verify_star(Verification *verification)
{
	const Pipeline *pipeline = verification->pipeline;
	const bool *wanted = verification->wanted;
	int pieces;

	verification->stale = behind_keys_load_unbuilt(pipeline);
	verification->derivation = derive_begin(pipeline, verification->context, wanted ? SAMPLE_PIECES : 0,
											verification->plan.derivation);
	derive_read(verification->derivation, GetActiveSnapshot(), wanted, NULL, NULL);
	pieces = derive_pieces(verification->derivation);
	star_lock(pipeline);
	open_table(verification, &verification->users, in_range(verification, &star_dim_user, NULL), pieces);
	open_table(verification, &verification->sessions, in_range(verification, &seen_session, "started_at"),
			   pieces);
	if (pipeline->store_events)
		open_table(verification, &verification->events, in_range(verification, &seen_event, "event_time"),
				   pieces);
	if (pipeline->has_seal)
		open_table(verification, &verification->late, in_range(verification, &star_late, "event_time"),
				   pieces);
	for (int piece = 0; piece < pieces; piece++)
		if (wanted == NULL || wanted[piece])
			verify_piece(verification, piece);
	if (verification->whole && wanted == NULL)
		verify_quarantine(verification);
	else
		derive_quarantine_end(verification->derivation);
	difference_report_members(verification->result, pipeline);
}

/*
 * let_go frees what the end of the transaction does not.
 */
static void
let_go(Verification *verification)
{
	if (verification->derivation != NULL)
		derive_end(verification->derivation);
	verification->derivation = NULL;
}

/*
 * verify_now compares everything in the active snapshot, as a work of raw_layout_settled: what was found
 * before is forgotten.
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
	tuplestore_clear(verification->result->setResult);
	verify_star(verification);
	let_go(verification);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(verification->context);
	verification->context = outer;
}

/*
 * read_range reads what is to be compared from the call's arguments.
 */
static void
read_range(FunctionCallInfo fcinfo, Verification *verification)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the pipeline's name must not be NULL"),
				 errhint("SELECT * FROM sessionize.pipelines shows the pipelines there are.")));
	verification->since = PG_ARGISNULL(1) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(1);
	verification->until = PG_ARGISNULL(2) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(2);
	verification->whole = PG_ARGISNULL(1) && PG_ARGISNULL(2);
	if (!PG_ARGISNULL(3) && !(PG_GETARG_FLOAT8(3) > 0 && PG_GETARG_FLOAT8(3) <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("sample must be more than 0 and at most 1"),
				 errhint("It is the part of the session keys to compare, such as sample => 0.1.")));
}

/*
 * sessionize_verify returns the rows in which the star differs from what is derived of the raw rows.
 */
Datum
sessionize_verify(PG_FUNCTION_ARGS)
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
	verification.row_context =
		AllocSetContextCreate(verification.context, "sessionize verify row", ALLOCSET_DEFAULT_SIZES);
	if (!PG_ARGISNULL(3))
		choose_sample(&verification, PG_GETARG_FLOAT8(3));
	verification.result = (ReturnSetInfo *) fcinfo->resultinfo;
	verification.plan = memory_plan_of_verify((Size) maintenance_work_mem * 1024);
	verification.pipeline = pipeline = pipeline_as_seen(pipeline_load(text_to_cstring(PG_GETARG_TEXT_PP(0))));
	pipeline_check_owner(pipeline);
	catalog_read_seal(pipeline);
	star_check(pipeline);
	verification.calendar = calendar_create(verification.context, pipeline);
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
