/*
 * walker.c
 *		From a key's events in order to its users, its sessions and its events.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pipeline.h"
#include "derive/page_set.h"
#include "derive/session_id.h"
#include "derive/walker.h"
#include "utils/local_day.h"
#include "utils/version_list.h"
#include "window/window.h"

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
	const Windows *windows; /* NULL: none */
	bool checking;          /* whether the windows hold */

	/* the key */
	KeptText key;
	MemoryContext key_context; /* of a key that is made anew; reset with each key */
	Datum key_value;
	Window *window; /* NULL: all of it */
	bool is_broken; /* the window does not hold */

	/* the session */
	DerivedSession session;
	bool is_open; /* there is one */
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
	walker->version.is_first = false;
}

/*
 * take_up_version begins with the version of the user that is in effect when the window begins.
 */
static void
take_up_version(Walker *walker)
{
	const WindowUser *before = &walker->window->before;

	keep_text(walker, &walker->instant_user, before->user_id);
	open_version(walker, before->valid_from);
	walker->version.is_first = true;
	version_list_add(walker->versions, (UserVersion){before->valid_from, 0});
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
	{
		open_version(walker, DT_NOBEGIN);
		walker->version.is_first = true;
	}
	else if (user.data != NULL && !text_view_equal(user, walker->version_user.view))
	{
		close_version(walker, instant);
		open_version(walker, instant);
		version_list_add(walker->versions, (UserVersion){instant, 0});
	}
}

/*
 * next_in_window returns the key's next event that is in its window, if it has one.
 */
static bool
next_in_window(Walker *walker, KeyRow *row)
{
	while (walker->rows->next(walker->rows, row))
	{
		if (walker->window == NULL || row->record->event_time >= walker->window->since)
			return walker->window == NULL || row->record->event_time < walker->window->until;
	}
	return false;
}

/*
 * end_versions ends the last version, where the version that is stored after the window begins.
 */
static void
end_versions(Walker *walker)
{
	const Window *window = walker->window;

	if (window != NULL && !TIMESTAMP_IS_NOEND(window->until))
		walker->is_broken |= walker->version.valid_from != window->last.valid_from ||
							 !text_view_equal(walker->version_user.view, window->last.user_id);
	close_version(walker, window == NULL ? DT_NOEND : window->next_version);
}

/*
 * walk_users finds the versions of the key's user.
 */
static void
walk_users(Walker *walker)
{
	const TextView no_user = {NULL, 0};
	TimestampTz instant = 0;
	bool first = walker->window == NULL || TIMESTAMP_IS_NOBEGIN(walker->window->since);
	bool any = false;
	KeyRow row;

	version_list_reset(walker->versions);
	if (!first)
		take_up_version(walker);
	keep_text(walker, &walker->instant_user, no_user);
	while (walker->has_users && next_in_window(walker, &row))
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
	end_versions(walker);
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
	if (session->copies_until <= session->ended_at)
		session->copies_until = DT_NOBEGIN;
	if (walker->sink->session != NULL)
		walker->sink->session(walker->sink->arg, session);
}

/*
 * begin_session begins the session that starts with an event.  with_id: somebody wants to know its id.
 */
static void
begin_session(Walker *walker, const Record *first, bool with_id)
{
	const TextView no_page = {NULL, 0};

	memset(&walker->session, 0, sizeof(walker->session));
	if (with_id)
		session_id(walker->ids, first, &walker->session.session_id);
	walker->session.session_key = walker->key_value;
	walker->session.started_at = first->event_time;
	walker->session.copies_until = DT_NOBEGIN;
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
	walker->session.shifted += row->shifted;
	walker->session.copies_until = Max(walker->session.copies_until, row->last_copy);
	if ((flags & RECORD_PAGE_VIEW) && !walker->checking)
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
 * starts_session takes an event into the fold and tells whether it starts a session.
 */
static inline bool
starts_session(Walker *walker, SzFold *fold, const Record *record)
{
	int32 day = walker->days != NULL ? local_day(walker->days, record->event_time) : 0;

	return sz_fold_step(fold, &walker->pipeline->rules, record->event_time, day,
						(record->flags & RECORD_RESTART) != 0);
}

/*
 * check_first checks that the window begins with the session that is stored there.
 */
static void
check_first(Walker *walker)
{
	const Window *window = walker->window;

	if (!TIMESTAMP_IS_NOBEGIN(window->since))
		walker->is_broken |=
			walker->session.started_at != window->since ||
			memcmp(&walker->session.session_id, &window->first_session, sizeof(pg_uuid_t)) != 0;
}

/*
 * check_next checks that the first event after the window starts the session that is stored there: then all that follows is as
 * it was.
 */
static void
check_next(Walker *walker, const Record *record, bool starts)
{
	const Window *window = walker->window;
	pg_uuid_t id;

	session_id(walker->ids, record, &id);
	walker->is_broken |= !starts || record->event_time != window->until ||
						 memcmp(&id, &window->next_session, sizeof(pg_uuid_t)) != 0;
}

/*
 * take_event takes an event into the session that is open, or into one that it starts.
 */
static void
take_event(Walker *walker, const KeyRow *row, bool starts)
{
	const Record *record = row->record;

	if (starts)
	{
		if (walker->is_open)
			end_session(walker);
		/* of the sessions of a window, only the first one's is checked */
		begin_session(walker, record, !walker->checking || !walker->is_open);
		if (walker->window != NULL && !walker->is_open)
			check_first(walker);
		walker->is_open = true;
	}
	walker->session.user_valid_from = version_list_at(walker->versions, record->event_time)->valid_from;
	count_event(walker, row);
	hand_over_event(walker, record);
}

/*
 * walk_events folds the key's events into sessions.
 */
static void
walk_events(Walker *walker)
{
	const Window *window = walker->window;
	SzFold fold = SZ_FOLD_INIT;
	bool is_past = false; /* the window's end was reached */
	KeyRow row;

	walker->is_open = false;
	while (!is_past && walker->rows->next(walker->rows, &row))
	{
		const Record *record = row.record;
		bool starts;

		if (window != NULL && window_is_crossed(window, record->event_time, row.last_copy))
			walker->is_broken = true;
		if (window != NULL && record->event_time < window->since)
			continue;
		starts = starts_session(walker, &fold, record);
		is_past = window != NULL && record->event_time >= window->until;
		if (is_past)
			check_next(walker, record, starts);
		else
			take_event(walker, &row, starts);
	}
	if (walker->is_open)
		end_session(walker);
	if (window != NULL && (!walker->is_open || (!is_past && !TIMESTAMP_IS_NOEND(window->until))))
		walker->is_broken = true;
}

/*
 * take_key makes the key of a record the one being walked. Of several that are equal and look
 * different, that of the key's first event is the one that is shown, and that session ids are made
 * of.
 */
static void
take_key(Walker *walker, const Record *first)
{
	const ValueType *type = &walker->format->key;
	Datum key = record_key(walker->format, first);

	walker->key_value = key;
	if (type->has_parts)
	{
		MemoryContext caller;

		MemoryContextReset(walker->key_context);
		caller = MemoryContextSwitchTo(walker->key_context);
		walker->key_value = value_made_anew(type, key);
		MemoryContextSwitchTo(caller);
	}
	else if (!walker->rows->is_stable && !type->byval)
	{
		TextView bytes = {DatumGetPointer(key), value_stored_size(type, key)};

		keep_text(walker, &walker->key, bytes);
		walker->key_value = PointerGetDatum(walker->key.view.data);
	}
	session_ids_set_key(walker->ids, walker->key_value);
	walker->counts->keys++;
}

/*
 * wants_key tells whether the key of a record is to be walked, and finds its window.
 */
static bool
wants_key(Walker *walker, const Record *first)
{
	walker->window = NULL;
	walker->is_broken = false;
	if (walker->windows != NULL)
		walker->window = window_find(walker->windows, record_key(walker->format, first));
	if (walker->checking)
		return walker->window != NULL && !walker->window->is_spoiled;
	return walker->window == NULL || walker->window->holds;
}

/*
 * walk_keys walks the keys one by one.
 */
static void
walk_keys(Walker *walker)
{
	KeyRows *rows = walker->rows;
	KeyRow first;

	while (rows->next_key(rows))
	{
		rows->next(rows, &first);
		if (!wants_key(walker, first.record))
			continue;
		take_key(walker, first.record);
		rows->rewind(rows);
		walk_users(walker);
		walk_events(walker);
		if (walker->checking)
			walker->window->holds = !walker->is_broken;
		else if (walker->is_broken)
			elog(ERROR, "a window that was found to hold does not");
	}
}

/*
 * walk makes ready and walks all keys.
 */
static void
walk(Walker *walker, Size budget)
{
	const Pipeline *pipeline = walker->pipeline;
	MemoryContext caller = CurrentMemoryContext;

	walker->context = AllocSetContextCreate(caller, "sessionize walker", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(walker->context);
	walker->key_context =
		AllocSetContextCreate(walker->context, "sessionize walked key", ALLOCSET_SMALL_SIZES);
	walker->ids = session_ids_create(pipeline->name, walker->format);
	walker->days = pipeline->rules.midnight ? local_days_create(pipeline->midnight) : NULL;
	walker->pages = page_set_create(budget, walker->format->seed);
	walker->versions = version_list_create();
	walk_keys(walker);
	version_list_reset(walker->versions);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(walker->context);
}

/*
 * walk_rows hands what the rows amount to to the sink.
 */
void
walk_rows(KeyRows *rows, const Pipeline *pipeline, const RecordFormat *format, bool has_users,
		  const Windows *windows, const DeriveSink *sink, Size budget, DeriveCounts *counts)
{
	Walker walker = {.rows = rows,
					 .pipeline = pipeline,
					 .format = format,
					 .sink = sink,
					 .counts = counts,
					 .has_users = has_users,
					 .windows = windows};

	walk(&walker, budget);
}

/*
 * walk_windows finds out which of the windows hold.
 */
void
walk_windows(KeyRows *rows, const Pipeline *pipeline, const RecordFormat *format, bool has_users,
			 Windows *windows)
{
	const DeriveSink nobody = {.session = NULL};
	DeriveCounts counts = {0};
	Walker walker = {.rows = rows,
					 .pipeline = pipeline,
					 .format = format,
					 .sink = &nobody,
					 .counts = &counts,
					 .has_users = has_users,
					 .windows = windows,
					 .checking = true};

	walk(&walker, 64 * 1024);
}
