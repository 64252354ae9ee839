/*
 * star_writer.c
 *		The sink of a rebuild or refresh: what is derived, in natural keys, becomes rows of the star.
 *
 * A session or an event whose page or event name is met for the first time waits until there is a batch of
 * them, so that the surrogate keys of all their texts are found by one query.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "apply/star_writer.h"
#include "catalog/pipeline.h"
#include "derive/derive.h"
#include "star/calendar.h"
#include "star/dimension.h"
#include "star/stored_star.h"
#include "utils/pass_limit.h"
#include "utils/version_list.h"

#define BATCH_ROWS 1024

/* The surrogate keys of a session, and of an event; those of texts may not be known yet. */
typedef struct SessionKeys
{
	int32 user_key;
	const DimensionMember *entry_page;
	const DimensionMember *exit_page;
} SessionKeys;

typedef struct EventKeys
{
	int32 user_key;
	const DimensionMember *name;
	const DimensionMember *page;
} EventKeys;

/* One that waits for them.  Its texts are not valid any more. */
typedef struct WaitingSession
{
	SessionKeys keys;
	DerivedSession session;
} WaitingSession;

typedef struct WaitingEvent
{
	EventKeys keys;
	DerivedEvent event;
} WaitingEvent;

struct StarWriter
{
	MemoryContext context;
	MemoryContext piece_context;
	MemoryContext batch_context; /* the keys and ids of what waits */
	const Pipeline *pipeline;
	WriterMemory memory;
	Oid user_sequence;
	int16 typlen[SRC_NCOLUMNS];
	bool typbyval[SRC_NCOLUMNS];
	Dimension *pages;
	Dimension *names;
	Calendar *calendar;
	VersionList *versions; /* of the key at hand */
	KeyMeter *meter;       /* NULL: nobody wants to know */
	TableWriter *users;
	TableWriter *sessions;
	TableWriter *events;
	TableWriter *late;
	IndexQueue *queue; /* of session ids; NULL: none */
	LeftOut *left_out; /* of the piece; NULL: nothing */
	bool skip_key;     /* the key at hand is to be left out */
	int nsessions;
	int nevents;
	WaitingSession waiting_sessions[BATCH_ROWS];
	WaitingEvent waiting_events[BATCH_ROWS];
};

/*
 * sequence_of finds the sequence of an identity column.
 */
static Oid
sequence_of(const Pipeline *pipeline, const StarTable *table)
{
	Datum sequence = DirectFunctionCall2Coll(pg_get_serial_sequence, InvalidOid,
											 CStringGetTextDatum(star_table_name(table, pipeline)),
											 CStringGetTextDatum(table->surrogate));

	return DatumGetObjectId(DirectFunctionCall1(regclassin, DirectFunctionCall1(textout, sequence)));
}

/*
 * star_writer_create makes a writer for many pieces.
 */
StarWriter *
star_writer_create(MemoryContext parent, const Pipeline *pipeline, WriterMemory memory)
{
	MemoryContext context = AllocSetContextCreate(parent, "sessionize star writer", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	StarWriter *writer = palloc0(sizeof(StarWriter));

	writer->context = context;
	writer->piece_context = AllocSetContextCreate(context, "sessionize piece", ALLOCSET_DEFAULT_SIZES);
	writer->batch_context = AllocSetContextCreate(context, "sessionize batch", ALLOCSET_DEFAULT_SIZES);
	writer->pipeline = pipeline;
	writer->memory = memory;
	writer->user_sequence = sequence_of(pipeline, &star_dim_user);
	for (int i = 0; i < SRC_NCOLUMNS; i++)
		get_typlenbyval(pipeline->types[i], &writer->typlen[i], &writer->typbyval[i]);
	writer->pages = dimension_create(context, pipeline, "dim_page", "page_key", "page", memory.dictionary);
	writer->names =
		dimension_create(context, pipeline, "dim_event", "event_key", "event_name", memory.dictionary);
	writer->calendar = calendar_create(context, pipeline);
	writer->versions = version_list_create();
	MemoryContextSwitchTo(oldcontext);
	return writer;
}

/*
 * set_column sets a column's value.
 */
static inline void
set_column(Datum *values, bool *isnull, int column, Datum value)
{
	values[column] = value;
	isnull[column] = false;
}

/*
 * is_left_out tells whether a key is not to be written.
 */
static inline bool
is_left_out(const StarWriter *writer, Datum key)
{
	return writer->left_out != NULL && stale_keys_has(writer->left_out->keys, key, false);
}

/*
 * write_user writes a version of the key at hand's user.
 */
static void
write_user(void *arg, const DerivedUser *user)
{
	StarWriter *writer = arg;
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->batch_context);
	Datum values[ROW_MAX_WIDTH];
	bool isnull[ROW_MAX_WIDTH];
	UserVersion version = {user->valid_from, 0};
	Datum user_id = (Datum) 0;

	/* a key's users come before its sessions and events */
	writer->skip_key = is_left_out(writer, user->session_key);
	if (writer->skip_key)
	{
		MemoryContextSwitchTo(oldcontext);
		return;
	}
	if (user->user_id.data != NULL)
		user_id = PointerGetDatum(cstring_to_text_with_len(user->user_id.data, (int) user->user_id.len));
	set_column(values, isnull, USER_SESSION_KEY, user->session_key);
	set_column(values, isnull, USER_VALID_FROM, TimestampTzGetDatum(user->valid_from));
	set_column(values, isnull, USER_USER_ID, user_id);
	isnull[USER_USER_ID] = user->user_id.data == NULL;
	set_column(values, isnull, USER_VALID_TO, TimestampTzGetDatum(user->valid_to));
	set_column(values, isnull, USER_IS_CURRENT, BoolGetDatum(TIMESTAMP_IS_NOEND(user->valid_to)));
	version.user_key = table_writer_put(writer->users, values, isnull);
	if (user->is_first)
	{
		version_list_reset(writer->versions);
		if (writer->meter != NULL)
			key_meter_next_key(writer->meter);
	}
	version_list_add(writer->versions, version);
	if (user_id != (Datum) 0)
		pfree(DatumGetPointer(user_id));
	MemoryContextSwitchTo(oldcontext);
}

/*
 * write_session_row writes a session whose texts have their keys.
 */
static void
write_session_row(StarWriter *writer, const DerivedSession *session, const SessionKeys *keys)
{
	Datum values[ROW_MAX_WIDTH];
	bool isnull[ROW_MAX_WIDTH];
	int32 date_key = calendar_date_key(writer->calendar, session->started_at);

	memset(isnull, false, sizeof(isnull));
	values[SESSION_ID] = UUIDPGetDatum(&session->session_id);
	values[SESSION_SESSION_KEY] = session->session_key;
	values[SESSION_USER] = Int32GetDatum(keys->user_key);
	values[SESSION_DATE_KEY] = Int32GetDatum(date_key);
	values[SESSION_STARTED_AT] = TimestampTzGetDatum(session->started_at);
	values[SESSION_ENDED_AT] = TimestampTzGetDatum(session->ended_at);
	values[SESSION_EVENTS] = Int64GetDatum(session->events);
	values[SESSION_PAGE_VIEWS] = Int64GetDatum(session->page_views);
	values[SESSION_DISTINCT_PAGES] = Int64GetDatum(session->distinct_pages);
	values[SESSION_ENTRY_PAGE] = Int32GetDatum(keys->entry_page->key);
	values[SESSION_EXIT_PAGE] = Int32GetDatum(keys->exit_page->key);
	values[SESSION_IS_BOUNCE] = BoolGetDatum(session->events == 1);
	values[SESSION_DUPLICATES] = Int64GetDatum(session->duplicates);
	values[SESSION_CONFLICTS] = Int64GetDatum(session->conflicts);
	values[SESSION_SHIFTED] = Int64GetDatum(session->shifted);
	values[SESSION_COPIES_UNTIL] = TimestampTzGetDatum(session->copies_until);
	(void) table_writer_put(writer->sessions, values, isnull);
}

/*
 * write_event_row writes an event whose texts have their keys.
 */
static void
write_event_row(StarWriter *writer, const DerivedEvent *event, const EventKeys *keys)
{
	Datum values[ROW_MAX_WIDTH];
	bool isnull[ROW_MAX_WIDTH];
	int32 date_key = calendar_date_key(writer->calendar, event->event_time);

	memset(isnull, false, sizeof(isnull));
	values[EVENT_SESSION_KEY] = event->session_key;
	values[EVENT_TIME] = TimestampTzGetDatum(event->event_time);
	values[EVENT_ID] = event->event_id;
	isnull[EVENT_ID] = event->event_id_isnull;
	values[EVENT_RAW_ID] = event->raw_id;
	values[EVENT_SESSION_ID] = UUIDPGetDatum(&event->session_id);
	values[EVENT_USER] = Int32GetDatum(keys->user_key);
	values[EVENT_EVENT] = Int32GetDatum(keys->name->key);
	values[EVENT_PAGE] = Int32GetDatum(keys->page->key);
	values[EVENT_DATE_KEY] = Int32GetDatum(date_key);
	values[EVENT_PAGE_VIEW] = BoolGetDatum(event->page_view);
	(void) table_writer_put(writer->events, values, isnull);
}

/*
 * write_waiting gives the texts of all that waits their keys, and writes it.
 */
static void
write_waiting(StarWriter *writer)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->batch_context);

	pass_progress();
	dimension_resolve(writer->pages);
	dimension_resolve(writer->names);
	for (int i = 0; i < writer->nsessions; i++)
		write_session_row(writer, &writer->waiting_sessions[i].session, &writer->waiting_sessions[i].keys);
	for (int i = 0; i < writer->nevents; i++)
		write_event_row(writer, &writer->waiting_events[i].event, &writer->waiting_events[i].keys);
	writer->nsessions = 0;
	writer->nevents = 0;
	dimension_trim(writer->pages);
	dimension_trim(writer->names);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(writer->batch_context);
}

/*
 * keep_datum copies a value of a source column into the batch.
 */
static inline Datum
keep_datum(StarWriter *writer, SourceColumn column, Datum value)
{
	return writer->typbyval[column] ? value : datumCopy(value, false, writer->typlen[column]);
}

/*
 * let_session_wait keeps a session whose texts have no keys yet.
 */
static void
let_session_wait(StarWriter *writer, const DerivedSession *session, const SessionKeys *keys)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->batch_context);
	WaitingSession *waiting = &writer->waiting_sessions[writer->nsessions++];

	waiting->keys = *keys;
	waiting->session = *session;
	waiting->session.session_key = keep_datum(writer, SRC_SESSION_KEY, session->session_key);
	MemoryContextSwitchTo(oldcontext);
	if (writer->nsessions == BATCH_ROWS)
		write_waiting(writer);
}

/*
 * let_event_wait keeps an event whose texts have no keys yet.
 */
static void
let_event_wait(StarWriter *writer, const DerivedEvent *event, const EventKeys *keys)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->batch_context);
	WaitingEvent *waiting = &writer->waiting_events[writer->nevents++];

	waiting->keys = *keys;
	waiting->event = *event;
	waiting->event.session_key = keep_datum(writer, SRC_SESSION_KEY, event->session_key);
	waiting->event.raw_id = keep_datum(writer, SRC_RAW_ID, event->raw_id);
	if (!event->event_id_isnull)
		waiting->event.event_id = keep_datum(writer, SRC_EVENT_ID, event->event_id);
	MemoryContextSwitchTo(oldcontext);
	if (writer->nevents == BATCH_ROWS)
		write_waiting(writer);
}

/*
 * same_text tells whether two texts have the same bytes.
 */
static inline bool
same_text(TextView a, TextView b)
{
	return a.len == b.len && a.data != NULL && b.data != NULL && memcmp(a.data, b.data, a.len) == 0;
}

/*
 * user_key_of returns the surrogate key of the version of the key at hand's user that begins then.
 */
static inline int32
user_key_of(StarWriter *writer, TimestampTz valid_from)
{
	const UserVersion *version = version_list_at(writer->versions, valid_from);

	if (version->valid_from != valid_from)
		elog(ERROR, "a derived row refers to a user version that was not derived");
	return version->user_key;
}

/*
 * write_session writes a session, at once if it can.
 */
static void
write_session(void *arg, const DerivedSession *session)
{
	StarWriter *writer = arg;
	SessionKeys keys;

	if (writer->skip_key)
	{
		writer->left_out->rows.kept += session->events + session->duplicates;
		return;
	}
	if (writer->meter != NULL)
		key_meter_add(writer->meter, session->session_key, session->events + session->duplicates);
	keys.user_key = user_key_of(writer, session->user_valid_from);
	keys.entry_page = dimension_member(writer->pages, session->entry_page);
	keys.exit_page = same_text(session->entry_page, session->exit_page)
						 ? keys.entry_page
						 : dimension_member(writer->pages, session->exit_page);
	if (keys.entry_page->resolved && keys.exit_page->resolved)
		write_session_row(writer, session, &keys);
	else
		let_session_wait(writer, session, &keys);
}

/*
 * write_event writes an event, at once if it can.
 */
static void
write_event(void *arg, const DerivedEvent *event)
{
	StarWriter *writer = arg;
	EventKeys keys;

	if (writer->skip_key)
		return;
	keys.user_key = user_key_of(writer, event->user_valid_from);
	keys.name = dimension_member(writer->names, event->event_name);
	keys.page = dimension_member(writer->pages, event->page);
	if (keys.name->resolved && keys.page->resolved)
		write_event_row(writer, event, &keys);
	else
		let_event_wait(writer, event, &keys);
}

/*
 * star_writer_set_meter has a meter told of each key's raw rows.
 */
void
star_writer_set_meter(StarWriter *writer, KeyMeter *meter)
{
	writer->meter = meter;
}

/*
 * star_writer_set_queue has the entries of the index of session ids put into a queue.
 */
void
star_writer_set_queue(StarWriter *writer, IndexQueue *queue)
{
	writer->queue = queue;
}

/*
 * write_late writes a row that came too late.
 */
static void
write_late(void *arg, const DerivedRow *row)
{
	StarWriter *writer = arg;
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->batch_context);
	Datum values[ROW_MAX_WIDTH];
	bool isnull[ROW_MAX_WIDTH];

	/* late rows come before their key */
	if (is_left_out(writer, row->session_key))
		writer->left_out->rows.late++;
	else
	{
		star_late_row(row, values, isnull);
		(void) table_writer_put(writer->late, values, isnull);
	}
	MemoryContextSwitchTo(oldcontext);
}

/*
 * begin_piece opens the tables.
 */
static void
begin_piece(StarWriter *writer, int piece, StoredStar *stored)
{
	const Pipeline *pipeline = writer->pipeline;
	MemoryContext context = writer->piece_context;
	Size budget = writer->memory.table;

	writer->users = table_writer_begin(context, pipeline, &star_dim_user, stored->users, piece,
									   writer->user_sequence, NULL, budget);
	writer->sessions = table_writer_begin(context, pipeline, &star_fact_session, stored->sessions, piece,
										  InvalidOid, writer->queue, budget);
	writer->events = stored->events == NULL
						 ? NULL
						 : table_writer_begin(context, pipeline, &star_fact_event, stored->events, piece,
											  InvalidOid, NULL, budget);
	writer->late = stored->late == NULL ? NULL
										: table_writer_begin(context, pipeline, &star_late, stored->late,
															 piece, InvalidOid, NULL, budget);
}

/*
 * end_piece writes what is left.  Members come before the facts that refer to them and go after them.
 */
static void
end_piece(StarWriter *writer, WriteCounts *written)
{
	version_list_reset(writer->versions);
	write_waiting(writer);
	calendar_save(writer->calendar);
	table_writer_flush(writer->users);
	table_writer_flush(writer->sessions);
	table_writer_end(writer->sessions, written);
	if (writer->events != NULL)
	{
		table_writer_flush(writer->events);
		table_writer_end(writer->events, written);
	}
	table_writer_end(writer->users, written);
	if (writer->late != NULL)
	{
		table_writer_flush(writer->late);
		table_writer_end(writer->late, written);
	}
	MemoryContextReset(writer->piece_context);
}

/*
 * star_writer_piece writes one piece of the derivation.
 */
void
star_writer_piece(StarWriter *writer, Derivation *derivation, int piece, StoredStar *stored,
				  LeftOut *left_out, DeriveCounts *derived, WriteCounts *written)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->piece_context);
	DeriveSink sink = {.session = write_session, .user = write_user, .arg = writer};

	memset(written, 0, sizeof(WriteCounts));
	writer->left_out = left_out;
	if (left_out != NULL)
		left_out->rows = (StarRows){0};
	begin_piece(writer, piece, stored);
	if (writer->events != NULL)
		sink.event = write_event;
	if (writer->late != NULL)
		sink.late = write_late;
	derive_piece(derivation, piece, &sink, derived);
	end_piece(writer, written);
	MemoryContextSwitchTo(oldcontext);
}
