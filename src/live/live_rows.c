/*
 * live_rows.c
 *		From what a derivation hands out to rows as the views "sessions" and "events" have them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "catalog/pipeline.h"
#include "compat.h"
#include "dirty/backfill.h"
#include "live/live_rows.h"
#include "spi/sql.h"
#include "utils/array_reserve.h"
#include "utils/local_day.h"

typedef struct LiveColumn
{
	const char *name;
	Oid type;            /* InvalidOid: that of a column of the source */
	SourceColumn source; /* which one */
} LiveColumn;

enum
{
	LIVE_SESSION_ID,
	LIVE_SESSION_USER_ID,
	LIVE_SESSION_STARTED_AT,
	LIVE_SESSION_ENDED_AT,
	LIVE_SESSION_DATE,
	LIVE_SESSION_EVENTS,
	LIVE_SESSION_PAGE_VIEWS,
	LIVE_SESSION_DISTINCT_PAGES,
	LIVE_SESSION_ENTRY_PAGE,
	LIVE_SESSION_EXIT_PAGE,
	LIVE_SESSION_IS_BOUNCE,
	LIVE_SESSION_DUPLICATES,
	LIVE_SESSION_CONFLICTS,
	LIVE_SESSION_KEY,
	LIVE_SESSION_COUNT
};

enum
{
	LIVE_EVENT_TIME,
	LIVE_EVENT_USER_ID,
	LIVE_EVENT_NAME,
	LIVE_EVENT_PAGE,
	LIVE_EVENT_PAGE_VIEW,
	LIVE_EVENT_DATE,
	LIVE_EVENT_SESSION_ID,
	LIVE_EVENT_SESSION_STARTED_AT,
	LIVE_EVENT_ID,
	LIVE_EVENT_RAW_ID,
	LIVE_EVENT_KEY,
	LIVE_EVENT_COUNT
};

static const LiveColumn session_columns[LIVE_SESSION_COUNT] = {
	[LIVE_SESSION_ID] = {"session_id", UUIDOID, SRC_NCOLUMNS},
	[LIVE_SESSION_USER_ID] = {"user_id", TEXTOID, SRC_NCOLUMNS},
	[LIVE_SESSION_STARTED_AT] = {"started_at", TIMESTAMPTZOID, SRC_NCOLUMNS},
	[LIVE_SESSION_ENDED_AT] = {"ended_at", TIMESTAMPTZOID, SRC_NCOLUMNS},
	[LIVE_SESSION_DATE] = {"date", DATEOID, SRC_NCOLUMNS},
	[LIVE_SESSION_EVENTS] = {"events", INT8OID, SRC_NCOLUMNS},
	[LIVE_SESSION_PAGE_VIEWS] = {"page_views", INT8OID, SRC_NCOLUMNS},
	[LIVE_SESSION_DISTINCT_PAGES] = {"distinct_pages", INT8OID, SRC_NCOLUMNS},
	[LIVE_SESSION_ENTRY_PAGE] = {"entry_page", TEXTOID, SRC_NCOLUMNS},
	[LIVE_SESSION_EXIT_PAGE] = {"exit_page", TEXTOID, SRC_NCOLUMNS},
	[LIVE_SESSION_IS_BOUNCE] = {"is_bounce", BOOLOID, SRC_NCOLUMNS},
	[LIVE_SESSION_DUPLICATES] = {"duplicates", INT8OID, SRC_NCOLUMNS},
	[LIVE_SESSION_CONFLICTS] = {"conflicts", INT8OID, SRC_NCOLUMNS},
	[LIVE_SESSION_KEY] = {"session_key", InvalidOid, SRC_SESSION_KEY},
};

static const LiveColumn event_columns[LIVE_EVENT_COUNT] = {
	[LIVE_EVENT_TIME] = {"event_time", TIMESTAMPTZOID, SRC_NCOLUMNS},
	[LIVE_EVENT_USER_ID] = {"user_id", TEXTOID, SRC_NCOLUMNS},
	[LIVE_EVENT_NAME] = {"event_name", TEXTOID, SRC_NCOLUMNS},
	[LIVE_EVENT_PAGE] = {"page", TEXTOID, SRC_NCOLUMNS},
	[LIVE_EVENT_PAGE_VIEW] = {"page_view", BOOLOID, SRC_NCOLUMNS},
	[LIVE_EVENT_DATE] = {"date", DATEOID, SRC_NCOLUMNS},
	[LIVE_EVENT_SESSION_ID] = {"session_id", UUIDOID, SRC_NCOLUMNS},
	[LIVE_EVENT_SESSION_STARTED_AT] = {"session_started_at", TIMESTAMPTZOID, SRC_NCOLUMNS},
	[LIVE_EVENT_ID] = {"event_id", InvalidOid, SRC_EVENT_ID},
	[LIVE_EVENT_RAW_ID] = {"raw_id", InvalidOid, SRC_RAW_ID},
	[LIVE_EVENT_KEY] = {"session_key", InvalidOid, SRC_SESSION_KEY},
};

static const struct
{
	const LiveColumn *columns;
	int count;
} kinds[] = {
	[LIVE_SESSIONS] = {session_columns, LIVE_SESSION_COUNT},
	[LIVE_EVENTS] = {event_columns, LIVE_EVENT_COUNT},
};

/* A version of the key's user. */
typedef struct LiveUser
{
	TimestampTz valid_from;
	Datum user_id;
	bool isnull;
} LiveUser;

struct LiveRows
{
	LiveKind kind;
	LiveRowTaker taker;
	void *arg;
	LocalDays *days;
	MemoryContext row_context;  /* reset after each row */
	MemoryContext user_context; /* reset with each key */
	LiveUser *users;            /* the key's versions in order */
	int64 nusers;
	int64 room;
	int64 user;           /* the one that the row before this belongs to */
	pg_uuid_t session_id; /* of the event before this */
	TimestampTz session_started_at;
	bool any_event; /* of the key yet */
};

/*
 * column_type returns the type of a column.
 */
static Oid
column_type(const LiveColumn *column, const Pipeline *pipeline)
{
	return OidIsValid(column->type) ? column->type : pipeline->types[column->source];
}

/*
 * live_rows_desc describes a row.
 */
TupleDesc
live_rows_desc(const Pipeline *pipeline, LiveKind kind)
{
	TupleDesc desc = CreateTemplateTupleDesc(kinds[kind].count);

	for (int i = 0; i < kinds[kind].count; i++)
	{
		const LiveColumn *column = &kinds[kind].columns[i];
		Oid type = column_type(column, pipeline);

		TupleDescInitEntry(desc, (AttrNumber) (i + 1), column->name, type, -1, 0);
		if (OidIsValid(get_typcollation(type)))
			TupleDescInitEntryCollation(desc, (AttrNumber) (i + 1), C_COLLATION_OID);
	}
	sz_finish_tuple_desc(desc);
	return desc;
}

/*
 * live_rows_sql describes a row in SQL.
 */
char *
live_rows_sql(const Pipeline *pipeline, LiveKind kind)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < kinds[kind].count; i++)
	{
		const LiveColumn *column = &kinds[kind].columns[i];

		appendStringInfo(&sql, "%s%s %s", i > 0 ? ", " : "", column->name,
						 sql_column_type(column_type(column, pipeline)));
	}
	return sql.data;
}

/*
 * live_rows_create makes ready for any number of derivations.
 */
LiveRows *
live_rows_create(MemoryContext parent, const Pipeline *pipeline, LiveKind kind, LiveRowTaker taker, void *arg)
{
	MemoryContext context = AllocSetContextCreate(parent, "sessionize live rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	LiveRows *rows = palloc0(sizeof(LiveRows));

	rows->kind = kind;
	rows->taker = taker;
	rows->arg = arg;
	rows->days = local_days_create(pipeline->zone);
	rows->row_context = AllocSetContextCreate(context, "sessionize live row", ALLOCSET_DEFAULT_SIZES);
	rows->user_context = AllocSetContextCreate(context, "sessionize live users", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(caller);
	return rows;
}

/*
 * take_user notes a version of the key's user.
 */
static void
take_user(void *arg, const DerivedUser *user)
{
	LiveRows *rows = arg;
	MemoryContext caller = MemoryContextSwitchTo(rows->user_context);
	LiveUser *version;

	if (TIMESTAMP_IS_NOBEGIN(user->valid_from))
	{
		MemoryContextReset(rows->user_context);
		rows->nusers = rows->user = rows->room = 0;
		rows->users = NULL;
		rows->any_event = false;
	}
	array_reserve(rows->users, rows->nusers, rows->room, 16);
	version = &rows->users[rows->nusers++];
	version->valid_from = user->valid_from;
	version->isnull = user->user_id.data == NULL;
	version->user_id =
		version->isnull
			? (Datum) 0
			: PointerGetDatum(cstring_to_text_with_len(user->user_id.data, (int) user->user_id.len));
	MemoryContextSwitchTo(caller);
}

/*
 * set_user sets a column to the user of the version that begins at an instant, which never goes back within a key.
 */
static void
set_user(LiveRows *rows, TimestampTz valid_from, Datum *value, bool *isnull)
{
	while (rows->user < rows->nusers && rows->users[rows->user].valid_from < valid_from)
		rows->user++;
	if (rows->user == rows->nusers)
		elog(ERROR, "no version of the user begins at the time an event says");
	*value = rows->users[rows->user].user_id;
	*isnull = rows->users[rows->user].isnull;
}

/*
 * set_text sets a column to a text.
 */
static void
set_text(TextView view, Datum *value, bool *isnull)
{
	*isnull = view.data == NULL;
	if (view.data != NULL)
		*value = PointerGetDatum(cstring_to_text_with_len(view.data, (int) view.len));
}

/*
 * local_date returns the day of an instant in the pipeline's time zone.
 */
static Datum
local_date(LiveRows *rows, TimestampTz instant)
{
	return DateADTGetDatum(local_day(rows->days, instant) - POSTGRES_EPOCH_JDATE);
}

/*
 * take_session makes a row of a session.
 */
static void
take_session(void *arg, const DerivedSession *session)
{
	LiveRows *rows = arg;
	MemoryContext caller = MemoryContextSwitchTo(rows->row_context);
	Datum values[LIVE_MAX_COLUMNS];
	bool isnull[LIVE_MAX_COLUMNS] = {false};

	values[LIVE_SESSION_ID] = UUIDPGetDatum(&session->session_id);
	set_user(rows, session->user_valid_from, &values[LIVE_SESSION_USER_ID], &isnull[LIVE_SESSION_USER_ID]);
	values[LIVE_SESSION_STARTED_AT] = TimestampTzGetDatum(session->started_at);
	values[LIVE_SESSION_ENDED_AT] = TimestampTzGetDatum(session->ended_at);
	values[LIVE_SESSION_DATE] = local_date(rows, session->started_at);
	values[LIVE_SESSION_EVENTS] = Int64GetDatum(session->events);
	values[LIVE_SESSION_PAGE_VIEWS] = Int64GetDatum(session->page_views);
	values[LIVE_SESSION_DISTINCT_PAGES] = Int64GetDatum(session->distinct_pages);
	set_text(session->entry_page, &values[LIVE_SESSION_ENTRY_PAGE], &isnull[LIVE_SESSION_ENTRY_PAGE]);
	set_text(session->exit_page, &values[LIVE_SESSION_EXIT_PAGE], &isnull[LIVE_SESSION_EXIT_PAGE]);
	values[LIVE_SESSION_IS_BOUNCE] = BoolGetDatum(session->events == 1);
	values[LIVE_SESSION_DUPLICATES] = Int64GetDatum(session->duplicates);
	values[LIVE_SESSION_CONFLICTS] = Int64GetDatum(session->conflicts);
	values[LIVE_SESSION_KEY] = session->session_key;
	rows->taker(rows->arg, session->session_key, values, isnull);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(rows->row_context);
}

/*
 * ignore_session is for those who want events.
 */
static void
ignore_session(void *arg pg_attribute_unused(), const DerivedSession *session pg_attribute_unused())
{
}

/*
 * take_event makes a row of an event.  A session begins at its first event.
 */
static void
take_event(void *arg, const DerivedEvent *event)
{
	LiveRows *rows = arg;
	MemoryContext caller = MemoryContextSwitchTo(rows->row_context);
	Datum values[LIVE_MAX_COLUMNS];
	bool isnull[LIVE_MAX_COLUMNS] = {false};

	if (!rows->any_event || memcmp(&rows->session_id, &event->session_id, sizeof(pg_uuid_t)) != 0)
		rows->session_started_at = event->event_time;
	rows->session_id = event->session_id;
	rows->any_event = true;
	values[LIVE_EVENT_TIME] = TimestampTzGetDatum(event->event_time);
	set_user(rows, event->user_valid_from, &values[LIVE_EVENT_USER_ID], &isnull[LIVE_EVENT_USER_ID]);
	set_text(event->event_name, &values[LIVE_EVENT_NAME], &isnull[LIVE_EVENT_NAME]);
	set_text(event->page, &values[LIVE_EVENT_PAGE], &isnull[LIVE_EVENT_PAGE]);
	values[LIVE_EVENT_PAGE_VIEW] = BoolGetDatum(event->page_view);
	values[LIVE_EVENT_DATE] = local_date(rows, event->event_time);
	values[LIVE_EVENT_SESSION_ID] = UUIDPGetDatum(&event->session_id);
	values[LIVE_EVENT_SESSION_STARTED_AT] = TimestampTzGetDatum(rows->session_started_at);
	values[LIVE_EVENT_ID] = event->event_id;
	isnull[LIVE_EVENT_ID] = event->event_id_isnull;
	values[LIVE_EVENT_RAW_ID] = event->raw_id;
	values[LIVE_EVENT_KEY] = event->session_key;
	rows->taker(rows->arg, event->session_key, values, isnull);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(rows->row_context);
}

/*
 * live_rows_sink returns the sink for derive_piece.
 */
DeriveSink
live_rows_sink(LiveRows *rows)
{
	bool events = rows->kind == LIVE_EVENTS;

	return (DeriveSink){
		.event = events ? take_event : NULL,
		.session = events ? ignore_session : take_session,
		.user = take_user,
		.arg = rows,
	};
}
