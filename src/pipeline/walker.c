/*
 * walker.c
 *		From a key's events in order to its users, its sessions and its events.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "pipeline/walker.h"

#include "pipeline/local_day.h"
#include "pipeline/page_set.h"
#include "pipeline/session_id.h"
#include "pipeline/version_list.h"

/* A text that outlives the record it comes from. */
typedef struct KeptText
{
	TextView view;
	char *copy; /* unless the records are stable */
	Size size;
} KeptText;

typedef struct Walker
{
	KeyRows *rows;
	const Pipeline *pipeline;
	const RecordFormat *format;
	const DeriveSink *sink;
	DeriveCounts *counts;
	MemoryContext context;
	SessionIds *ids;
	LocalDays *days; /* NULL: no midnight rule */
	PageSet *pages;
	VersionList *versions;
	bool has_users;

	/* the key */
	KeptText key;
	Datum key_value;

	/* the session */
	DerivedSession session;
	KeptText entry_page;
	KeptText exit_page;

	/* the version of the user that is open, and the last user id at the instant being read */
	DerivedUser version;
	KeptText version_user;
	KeptText instant_user;
} Walker;

/*
 * keep_text sets a kept text.
 */
static inline void
keep_text(Walker *walker, KeptText *kept, TextView text)
{
	kept->view = text;
	if (walker->rows->is_stable || text.data == NULL)
		return;
	if (kept->size < Max(text.len, 1))
	{
		if (kept->copy != NULL)
			pfree(kept->copy);
		kept->size = Max(text.len, 64) * 2;
		kept->copy = MemoryContextAllocHuge(walker->context, kept->size);
	}
	memcpy(kept->copy, text.data, text.len);
	kept->view.data = kept->copy;
}

/*
 * open_version begins a version of the user, that of instant_user.
 */
static void
open_version(Walker *walker, TimestampTz valid_from)
{
	keep_text(walker, &walker->version_user, walker->instant_user.view);
	walker->version.session_key = walker->key_value;
	walker->version.user_id = walker->version_user.view;
	walker->version.valid_from = valid_from;
}

/*
 * close_version ends the version of the user that is open.
 */
static void
close_version(Walker *walker, TimestampTz valid_to)
{
	walker->version.valid_to = valid_to;
	if (walker->sink->user != NULL)
		walker->sink->user(walker->sink->arg, &walker->version);
}

/*
 * end_instant takes notice of the user at an instant, when all events of the instant are read.
 */
static void
end_instant(Walker *walker, TimestampTz instant, bool first)
{
	TextView user = walker->instant_user.view;

	if (first)
		open_version(walker, DT_NOBEGIN);
	else if (user.data != NULL && !text_view_equal(user, walker->version_user.view))
	{
		close_version(walker, instant);
		open_version(walker, instant);
		version_list_add(walker->versions, (UserVersion){instant, 0});
	}
}

/*
 * walk_users finds the versions of the key's user.
 */
static void
walk_users(Walker *walker)
{
	const TextView no_user = {NULL, 0};
	TimestampTz instant = 0;
	bool first = true;
	bool any = false;
	KeyRow row;

	version_list_reset(walker->versions);
	keep_text(walker, &walker->instant_user, no_user);
	while (walker->has_users && walker->rows->next(walker->rows, &row))
	{
		TextView user = record_user(row.record);

		if (any && row.record->event_time != instant)
		{
			end_instant(walker, instant, first);
			first = false;
		}
		any = true;
		instant = row.record->event_time;
		if (user.data != NULL)
			keep_text(walker, &walker->instant_user, user);
	}
	end_instant(walker, instant, first);
	close_version(walker, DT_NOEND);
	if (walker->has_users)
		walker->rows->rewind(walker->rows);
}

/*
 * end_session hands the session that is open to the sink.
 */
static void
end_session(Walker *walker)
{
	DerivedSession *session = &walker->session;

	walker->counts->sessions++;
	session->distinct_pages = page_set_count_and_reset(walker->pages);
	session->entry_page = walker->entry_page.view;
	session->exit_page = walker->exit_page.view;
	if (walker->sink->session != NULL)
		walker->sink->session(walker->sink->arg, session);
}

/*
 * begin_session begins the session that starts with an event.
 */
static void
begin_session(Walker *walker, const Record *first)
{
	const TextView no_page = {NULL, 0};

	memset(&walker->session, 0, sizeof(walker->session));
	session_id(walker->ids, first, &walker->session.session_id);
	walker->session.session_key = walker->key_value;
	walker->session.started_at = first->event_time;
	walker->entry_page.view = no_page;
	walker->exit_page.view = no_page;
}

/*
 * add_page_view counts a page view of the session.
 */
static void
add_page_view(Walker *walker, TextView page)
{
	if (walker->session.page_views++ == 0)
		keep_text(walker, &walker->entry_page, page);
	if (page.data != NULL && !text_view_equal(page, walker->exit_page.view))
		page_set_add(walker->pages, page, !walker->rows->is_stable);
	keep_text(walker, &walker->exit_page, page);
}

/*
 * count_event adds an event to the counts and to the session's.
 */
static void
count_event(Walker *walker, const KeyRow *row)
{
	DeriveCounts *counts = walker->counts;
	uint16 flags = row->record->flags;

	counts->events++;
	counts->duplicates += row->duplicates;
	counts->conflicts += row->conflicts;
	counts->corrected += (flags & RECORD_CORRECTED) != 0;
	counts->clamped += (flags & RECORD_CLAMPED) != 0;
	walker->session.ended_at = row->record->event_time;
	walker->session.events++;
	walker->session.duplicates += row->duplicates;
	walker->session.conflicts += row->conflicts;
	if (flags & RECORD_PAGE_VIEW)
		add_page_view(walker, record_page(row->record));
}

/*
 * hand_over_event hands an event to the sink.
 */
static void
hand_over_event(Walker *walker, const Record *record)
{
	DerivedEvent event;

	if (walker->sink->event == NULL)
		return;
	event.session_key = walker->key_value;
	event.event_time = record->event_time;
	event.event_id_isnull = (record->flags & RECORD_NO_EVENT_ID) != 0;
	event.event_id = event.event_id_isnull ? (Datum) 0 : record_event_id(walker->format, record);
	event.raw_id = record_raw_id(walker->format, record);
	event.session_id = walker->session.session_id;
	event.event_name = record_name(record);
	event.page = record_page(record);
	event.page_view = (record->flags & RECORD_PAGE_VIEW) != 0;
	event.user_valid_from = walker->session.user_valid_from;
	walker->sink->event(walker->sink->arg, &event);
}

/*
 * walk_events folds the key's events into sessions.
 */
static void
walk_events(Walker *walker)
{
	SzFold fold = SZ_FOLD_INIT;
	KeyRow row;

	while (walker->rows->next(walker->rows, &row))
	{
		const Record *record = row.record;
		int32 day = walker->days != NULL ? local_day(walker->days, record->event_time) : 0;

		if (sz_fold_step(&fold, &walker->pipeline->rules, record->event_time, day,
						 (record->flags & RECORD_RESTART) != 0))
		{
			if (fold.number > 1)
				end_session(walker);
			begin_session(walker, record);
		}
		walker->session.user_valid_from = version_list_at(walker->versions, record->event_time)->valid_from;
		count_event(walker, &row);
		hand_over_event(walker, record);
	}
	end_session(walker);
}

/*
 * take_key makes the key of a record the one being walked.
 */
static void
take_key(Walker *walker, const Record *first)
{
	const ValueType *type = &walker->format->key;
	Datum key = record_key(walker->format, first);

	walker->key_value = key;
	if (!walker->rows->is_stable && !type->byval)
	{
		TextView bytes = {DatumGetPointer(key), value_stored_size(type, key)};

		keep_text(walker, &walker->key, bytes);
		walker->key_value = PointerGetDatum(walker->key.view.data);
	}
	session_ids_set_key(walker->ids, walker->key_value);
	walker->counts->keys++;
}

/*
 * walk_rows hands what the rows amount to to the sink.
 */
void
walk_rows(KeyRows *rows, const Pipeline *pipeline, const RecordFormat *format, bool has_users,
		  const DeriveSink *sink, Size budget, DeriveCounts *counts)
{
	Walker walker = {.rows = rows, .pipeline = pipeline, .format = format, .sink = sink, .counts = counts};
	MemoryContext caller = CurrentMemoryContext;
	KeyRow first;

	walker.context = AllocSetContextCreate(caller, "sessionize walker", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(walker.context);
	walker.has_users = has_users;
	walker.ids = session_ids_create(pipeline->name, format);
	walker.days = pipeline->rules.midnight ? local_days_create(pipeline->midnight) : NULL;
	walker.pages = page_set_create(budget, format->seed);
	walker.versions = version_list_create();
	while (rows->next_key(rows))
	{
		rows->next(rows, &first);
		take_key(&walker, first.record);
		rows->rewind(rows);
		walk_users(&walker);
		walk_events(&walker);
	}
	version_list_reset(walker.versions);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(walker.context);
}
