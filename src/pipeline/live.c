/*
 * live.c
 *		What a key's sessions and events would be, were it refreshed now: for the views sessions_live and events_live.
 *
 * The views call these functions for the keys that are dirty in the statement's snapshot, and take the rows of all
 * other keys from the star.  So a condition on the key reaches both, and the cost is that of the dirty keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pipeline/derive.h"
#include "pipeline/live.h"
#include "pipeline/pipeline.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* The columns of live_sessions. */
enum
{
	LIVE_SESSION_ID,
	LIVE_SESSION_USER,
	LIVE_SESSION_STARTED_AT,
	LIVE_SESSION_ENDED_AT,
	LIVE_SESSION_EVENTS,
	LIVE_SESSION_PAGE_VIEWS,
	LIVE_SESSION_DISTINCT_PAGES,
	LIVE_SESSION_ENTRY_PAGE,
	LIVE_SESSION_EXIT_PAGE,
	LIVE_SESSION_DUPLICATES,
	LIVE_SESSION_CONFLICTS,
	LIVE_SESSION_COLUMNS
};

static const Oid session_types[LIVE_SESSION_COLUMNS] = {UUIDOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
														INT8OID, INT8OID, INT8OID,        TEXTOID,
														TEXTOID, INT8OID, INT8OID};

/* The columns of live_events. */
enum
{
	LIVE_EVENT_TIME,
	LIVE_EVENT_USER,
	LIVE_EVENT_NAME,
	LIVE_EVENT_PAGE,
	LIVE_EVENT_PAGE_VIEW,
	LIVE_EVENT_SESSION_ID,
	LIVE_EVENT_SESSION_STARTED_AT,
	LIVE_EVENT_ID,
	LIVE_EVENT_RAW_ID,
	LIVE_EVENT_COLUMNS
};

/* A version of the key's user. */
typedef struct LiveUser
{
	TimestampTz valid_from;
	Datum user_id;
	bool isnull;
} LiveUser;

/* What the derivation's rows go through on their way to the result. */
typedef struct LiveRows
{
	ReturnSetInfo *result;
	MemoryContext context; /* of the users */
	MemoryContext row_context;
	LiveUser *users; /* in ascending order */
	int nusers;
	int capacity;
	pg_uuid_t session_id; /* of the last event */
	TimestampTz session_started_at;
	bool any_session;
} LiveRows;

PG_FUNCTION_INFO_V1(sessionize_live_sessions);
PG_FUNCTION_INFO_V1(sessionize_live_events);

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
 * keep_user keeps a version of the key's user.
 */
static void
keep_user(void *arg, const DerivedUser *user)
{
	LiveRows *rows = arg;
	MemoryContext caller = MemoryContextSwitchTo(rows->context);
	LiveUser *kept;

	if (rows->nusers == rows->capacity)
	{
		rows->capacity *= 2;
		rows->users = repalloc_huge(rows->users, rows->capacity * sizeof(LiveUser));
	}
	kept = &rows->users[rows->nusers++];
	kept->valid_from = user->valid_from;
	set_text(&kept->user_id, &kept->isnull, 0, user->user_id);
	MemoryContextSwitchTo(caller);
}

/*
 * set_user sets a column to the user whose version begins then.
 */
static void
set_user(const LiveRows *rows, Datum *values, bool *isnull, int column, TimestampTz valid_from)
{
	int low = 0;
	int high = rows->nusers;

	while (high - low > 1)
	{
		int middle = low + (high - low) / 2;

		if (rows->users[middle].valid_from <= valid_from)
			low = middle;
		else
			high = middle;
	}
	values[column] = rows->users[low].user_id;
	isnull[column] = rows->users[low].isnull;
}

/*
 * put_row adds a row to the result.
 */
static void
put_row(LiveRows *rows, Datum *values, bool *isnull)
{
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc, values, isnull);
	MemoryContextReset(rows->row_context);
}

/*
 * put_session adds a session to the result.
 */
static void
put_session(void *arg, const DerivedSession *session)
{
	LiveRows *rows = arg;
	MemoryContext caller = MemoryContextSwitchTo(rows->row_context);
	Datum values[LIVE_SESSION_COLUMNS];
	bool isnull[LIVE_SESSION_COLUMNS] = {false};

	values[LIVE_SESSION_ID] = UUIDPGetDatum(&session->session_id);
	set_user(rows, values, isnull, LIVE_SESSION_USER, session->user_valid_from);
	values[LIVE_SESSION_STARTED_AT] = TimestampTzGetDatum(session->started_at);
	values[LIVE_SESSION_ENDED_AT] = TimestampTzGetDatum(session->ended_at);
	values[LIVE_SESSION_EVENTS] = Int64GetDatum(session->events);
	values[LIVE_SESSION_PAGE_VIEWS] = Int64GetDatum(session->page_views);
	values[LIVE_SESSION_DISTINCT_PAGES] = Int64GetDatum(session->distinct_pages);
	set_text(values, isnull, LIVE_SESSION_ENTRY_PAGE, session->entry_page);
	set_text(values, isnull, LIVE_SESSION_EXIT_PAGE, session->exit_page);
	values[LIVE_SESSION_DUPLICATES] = Int64GetDatum(session->duplicates);
	values[LIVE_SESSION_CONFLICTS] = Int64GetDatum(session->conflicts);
	put_row(rows, values, isnull);
	MemoryContextSwitchTo(caller);
}

/*
 * put_event adds an event to the result.
 */
static void
put_event(void *arg, const DerivedEvent *event)
{
	LiveRows *rows = arg;
	MemoryContext caller = MemoryContextSwitchTo(rows->row_context);
	Datum values[LIVE_EVENT_COLUMNS];
	bool isnull[LIVE_EVENT_COLUMNS] = {false};

	if (!rows->any_session || memcmp(&rows->session_id, &event->session_id, sizeof(pg_uuid_t)) != 0)
	{
		rows->any_session = true;
		rows->session_id = event->session_id;
		rows->session_started_at = event->event_time;
	}
	values[LIVE_EVENT_TIME] = TimestampTzGetDatum(event->event_time);
	set_user(rows, values, isnull, LIVE_EVENT_USER, event->user_valid_from);
	set_text(values, isnull, LIVE_EVENT_NAME, event->event_name);
	set_text(values, isnull, LIVE_EVENT_PAGE, event->page);
	values[LIVE_EVENT_PAGE_VIEW] = BoolGetDatum(event->page_view);
	values[LIVE_EVENT_SESSION_ID] = UUIDPGetDatum(&event->session_id);
	values[LIVE_EVENT_SESSION_STARTED_AT] = TimestampTzGetDatum(rows->session_started_at);
	values[LIVE_EVENT_ID] = event->event_id;
	isnull[LIVE_EVENT_ID] = event->event_id_isnull;
	values[LIVE_EVENT_RAW_ID] = event->raw_id;
	put_row(rows, values, isnull);
	MemoryContextSwitchTo(caller);
}

/*
 * check_columns reports a column definition list that is not the one the views have.
 */
static void
check_columns(TupleDesc desc, const Oid *types, int ntypes)
{
	bool right = desc->natts == ntypes;

	for (int i = 0; right && i < ntypes; i++)
		right = TupleDescAttr(desc, i)->atttypid == types[i];
	if (!right)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("wrong list of columns"),
						errhint("This function is for the views sessions_live and events_live of a pipeline: "
								"query them.")));
}

/*
 * load_readable loads the pipeline for somebody who may read its view: what the views show, and no more, is for
 * whoever may read them.
 */
static Pipeline *
load_readable(const char *name, const char *view, Oid key_type)
{
	Pipeline *pipeline = pipeline_load(name);
	Oid relation = get_relname_relid(view, pipeline->schema);

	if (!OidIsValid(relation) || pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for view %s", quote_qualified_identifier(name, view)),
						errhint("GRANT SELECT ON %s TO %s;", quote_qualified_identifier(name, view),
								quote_identifier(GetUserNameFromId(GetUserId(), false)))));
	if (key_type != pipeline->types[SRC_SESSION_KEY])
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("the session keys of pipeline \"%s\" are of type %s, not %s", name,
							   format_type_be(pipeline->types[SRC_SESSION_KEY]), format_type_be(key_type)),
						errhint("This function is for the views sessions_live and events_live of a pipeline: "
								"query them.")));
	return pipeline;
}

/*
 * derive_key derives one key in the active snapshot.
 */
static void
derive_key(const Pipeline *pipeline, Datum key, const DeriveSink *sink)
{
	KeyTable *keys = key_table_create(pipeline->types[SRC_SESSION_KEY]);
	Derivation *derivation = derive_begin(pipeline, CurrentMemoryContext, 1, (Size) work_mem * 1024);
	DeriveCounts counts;

	key_table_add(keys, key, false);
	derive_read_keys(derivation, GetActiveSnapshot(), keys);
	derive_quarantine_end(derivation);
	if (derive_read_counts(derivation)->raw_rows > derive_read_counts(derivation)->quarantined)
		derive_piece(derivation, 0, sink, &counts);
	derive_end(derivation);
	key_table_free(keys);
}

/*
 * live_rows is what both functions do.
 */
static void
live_rows(FunctionCallInfo fcinfo, const Pipeline *pipeline, DeriveSink *sink)
{
	LiveRows rows = {.result = (ReturnSetInfo *) fcinfo->resultinfo, .capacity = 16};
	MemoryContext caller = CurrentMemoryContext;
	OwnerScope scope;

	rows.context = AllocSetContextCreate(caller, "sessionize live", ALLOCSET_DEFAULT_SIZES);
	rows.row_context = AllocSetContextCreate(rows.context, "sessionize live row", ALLOCSET_SMALL_SIZES);
	rows.users = MemoryContextAlloc(rows.context, rows.capacity * sizeof(LiveUser));
	sink->user = keep_user;
	sink->arg = &rows;
	MemoryContextSwitchTo(rows.context);
	owner_scope_enter(&scope, pipeline);
	derive_key(pipeline, PG_GETARG_DATUM(1), sink);
	owner_scope_leave(&scope);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(rows.context);
}

/*
 * sessionize_live_sessions returns the sessions of one key as they would be, were it refreshed now.
 */
Datum
sessionize_live_sessions(PG_FUNCTION_ARGS)
{
	DeriveSink sink = {.session = put_session};
	Pipeline *pipeline = load_readable(text_to_cstring(PG_GETARG_TEXT_PP(0)), LIVE_SESSIONS_VIEW,
									   get_fn_expr_argtype(fcinfo->flinfo, 1));

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	check_columns(((ReturnSetInfo *) fcinfo->resultinfo)->setDesc, session_types, LIVE_SESSION_COLUMNS);
	live_rows(fcinfo, pipeline, &sink);
	PG_RETURN_NULL();
}

/*
 * sessionize_live_events returns the events of one key as they would be, were it refreshed now.
 */
Datum
sessionize_live_events(PG_FUNCTION_ARGS)
{
	DeriveSink sink = {.event = put_event};
	Pipeline *pipeline = load_readable(text_to_cstring(PG_GETARG_TEXT_PP(0)), LIVE_EVENTS_VIEW,
									   get_fn_expr_argtype(fcinfo->flinfo, 1));
	Oid types[LIVE_EVENT_COLUMNS] = {TIMESTAMPTZOID, TEXTOID, TEXTOID,       TEXTOID,
									 BOOLOID,        UUIDOID, TIMESTAMPTZOID};

	types[LIVE_EVENT_ID] = pipeline->types[SRC_EVENT_ID];
	types[LIVE_EVENT_RAW_ID] = pipeline->types[SRC_RAW_ID];
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	check_columns(((ReturnSetInfo *) fcinfo->resultinfo)->setDesc, types, LIVE_EVENT_COLUMNS);
	live_rows(fcinfo, pipeline, &sink);
	PG_RETURN_NULL();
}
