/*
 * live_rows.c
 *		Turns derived sessions and events into rows with the columns of the views "sessions" and
 *		"events".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "lib/stringinfo.h"
#include "utils/date.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "compat.h"
#include "derive/derive.h"
#include "live/live_rows.h"
#include "spi/sql.h"
#include "star/member_guard.h"
#include "star/star.h"
#include "utils/array_reserve.h"

#define LIVE_MAX_COLUMNS ROW_MAX_WIDTH

/* The columns of a row. */
typedef struct LiveColumns
{
	const StarView *view;
	const StarTable *fact;
	int count;
	const StarViewColumn *column[LIVE_MAX_COLUMNS];
} LiveColumns;

/* A version of the key's user. */
typedef struct LiveUser
{
	TimestampTz valid_from;
	Datum user_id;
	bool isnull;
} LiveUser;

struct LiveRows
{
	LiveColumns columns;
	LiveRowTaker taker;
	void (*failed)(void *arg, Datum session_key); /* NULL: ignore them */
	void *arg;
	MemberGuard *guard;
	MemoryContext row_context;  /* reset after each row */
	MemoryContext user_context; /* reset with each key */
	LiveUser *users;            /* the key's versions in order */
	int64 nusers;
	int64 room;
	int64 user; /* the version of the previous row */
};

/*
 * column_of returns the fact's column that a column of the view shows, NULL if there is none.
 */
static const StarColumn *
column_of(const LiveColumns *columns, const StarViewColumn *column)
{
	return column->column < 0 ? NULL : &columns->fact->columns[column->column];
}

/*
 * find_columns lists the columns of a row: those of the view that are derived, the session key last.
 */
static LiveColumns
find_columns(const Pipeline *pipeline, StarViewId id)
{
	const StarView *view = star_view(pipeline, id);
	LiveColumns columns = {.view = view, .fact = star_table(pipeline, view->fact)};
	const StarViewColumn *key = NULL;

	for (int i = 0; i < view->ncolumns; i++)
	{
		const StarViewColumn *column = &view->columns[i];

		if (column->column == columns.fact->session_key)
			key = column;
		else if (!column->is_computed && !column->is_stamp && column->keyed == 0)
			columns.column[columns.count++] = column;
	}
	columns.column[columns.count++] = key;
	Assert(columns.count <= LIVE_MAX_COLUMNS);
	return columns;
}

/*
 * column_type returns the type of a column.
 */
static Oid
column_type(const LiveColumns *columns, int i, const Pipeline *pipeline)
{
	const StarColumn *column = column_of(columns, columns->column[i]);

	if (column == NULL || columns->column[i]->part != NULL)
		return columns->column[i]->type;
	return column->dimension == DIMENSION_NONE ? star_column_type(column, pipeline)
											   : star_dimension(pipeline, column->dimension)->type;
}

/*
 * live_rows_desc returns the tuple descriptor of a row.
 */
TupleDesc
live_rows_desc(const Pipeline *pipeline, StarViewId view)
{
	LiveColumns columns = find_columns(pipeline, view);
	TupleDesc desc = CreateTemplateTupleDesc(columns.count);

	for (int i = 0; i < columns.count; i++)
	{
		Oid type = column_type(&columns, i, pipeline);

		TupleDescInitEntry(desc, (AttrNumber) (i + 1), columns.column[i]->name, type, -1, 0);
		if (OidIsValid(get_typcollation(type)))
			TupleDescInitEntryCollation(desc, (AttrNumber) (i + 1), C_COLLATION_OID);
	}
	sz_finish_tuple_desc(desc);
	return desc;
}

/*
 * live_rows_sql returns the columns of a row as SQL.
 */
char *
live_rows_sql(const Pipeline *pipeline, StarViewId view)
{
	LiveColumns columns = find_columns(pipeline, view);
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < columns.count; i++)
		appendStringInfo(&sql, "%s%s %s", i > 0 ? ", " : "",
						 quote_identifier(columns.column[i]->name),
						 sql_column_type(column_type(&columns, i, pipeline)));
	return sql.data;
}

/*
 * live_rows_create makes a converter, which can be used for any number of derivations.
 */
LiveRows *
live_rows_create(MemoryContext parent, const Pipeline *pipeline, StarViewId view,
				 LiveRowTaker taker, void *arg)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize live rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	LiveRows *rows = palloc0(sizeof(LiveRows));

	rows->columns = find_columns(pipeline, view);
	rows->taker = taker;
	rows->arg = arg;
	rows->guard = member_guard_create(context, pipeline);
	rows->row_context =
		AllocSetContextCreate(context, "sessionize live row", ALLOCSET_DEFAULT_SIZES);
	rows->user_context =
		AllocSetContextCreate(context, "sessionize live users", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(caller);
	return rows;
}

/*
 * take_user notes a version of the key's user; the first version of a key begins at -infinity.
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
	}
	array_reserve(rows->users, rows->nusers, rows->room, 16);
	version = &rows->users[rows->nusers++];
	version->valid_from = user->valid_from;
	version->user_id = star_text(user->user_id, &version->isnull);
	MemoryContextSwitchTo(caller);
}

/*
 * user_of returns the user_id of the version that begins at an instant.  From call to call, the
 * instants of a key must not decrease.
 */
static Datum
user_of(LiveRows *rows, TimestampTz valid_from, bool *isnull)
{
	while (rows->user < rows->nusers && rows->users[rows->user].valid_from < valid_from)
		rows->user++;
	if (rows->user == rows->nusers)
		elog(ERROR, "no version of the user begins at the time an event says");
	*isnull = rows->users[rows->user].isnull;
	return rows->users[rows->user].user_id;
}

/*
 * value_of returns the value of a column of a derived row.
 */
static Datum
value_of(LiveRows *rows, const StarViewColumn *shown, const void *derived, bool *isnull)
{
	const StarColumn *column = column_of(&rows->columns, shown);

	if (column == NULL)
		return star_field_value(shown->field, derived, isnull);
	if (shown->part != NULL)
		return member_guard_value(rows->guard, column->dimension, shown->field, shown->type,
								  derived, isnull);
	*isnull = false;
	switch (column->dimension)
	{
		case DIMENSION_USER:
			return user_of(rows, star_field_time(column->field, derived), isnull);
		case DIMENSION_DATE:
			return DateADTGetDatum(star_field_day(column->field, derived) - POSTGRES_EPOCH_JDATE);
		default:
			return star_field_value(column->field, derived, isnull);
	}
}

/*
 * take_row hands out a derived session or event as a row.
 */
static void
take_row(LiveRows *rows, Datum session_key, const void *derived)
{
	MemoryContext caller = MemoryContextSwitchTo(rows->row_context);
	Datum values[LIVE_MAX_COLUMNS];
	bool isnull[LIVE_MAX_COLUMNS];

	for (int i = 0; i < rows->columns.count; i++)
		values[i] = value_of(rows, rows->columns.column[i], derived, &isnull[i]);
	rows->taker(rows->arg, session_key, values, isnull);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(rows->row_context);
}

/*
 * take_session hands out a session as a row.
 */
static void
take_session(void *arg, const DerivedSession *session)
{
	take_row(arg, session->session_key, session);
}

/*
 * take_event hands out an event as a row.
 */
static void
take_event(void *arg, const DerivedEvent *event)
{
	take_row(arg, event->session_key, event);
}

/*
 * ignore_session takes sessions if only events are wanted.
 */
static void
ignore_session(void *arg pg_attribute_unused(), const DerivedSession *session pg_attribute_unused())
{
}

/*
 * take_failed tells of a key that can't be derived.
 */
static void
take_failed(void *arg, Datum session_key, const char *message pg_attribute_unused())
{
	LiveRows *rows = arg;

	if (rows->failed != NULL)
		rows->failed(rows->arg, session_key);
}

/*
 * live_rows_tell_failed has the keys told that can't be derived.
 */
void
live_rows_tell_failed(LiveRows *rows, void (*failed)(void *arg, Datum session_key))
{
	rows->failed = failed;
}

/*
 * live_rows_sink returns the sink for derive_piece.
 */
DeriveSink
live_rows_sink(LiveRows *rows)
{
	bool events = rows->columns.view->fact == STAR_FACT_EVENT;

	return (DeriveSink){
		.event = events ? take_event : NULL,
		.session = events ? ignore_session : take_session,
		.user = take_user,
		.failed = take_failed,
		.arg = rows,
	};
}
