/*
 * key_fold.c
 *		From a key's events in order to its users, its sessions and its events.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pipeline.h"
#include "derive/key_fold.h"
#include "derive/page_set.h"
#include "derive/session_id.h"
#include "utils/canonical_value.h"
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

typedef struct KeyFold
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
	bool makes_canonical;      /* keys of the type may have one text form and different bytes */
	MemoryContext key_context; /* of a key that is made canonical; reset with each key */
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
} KeyFold;

/*
 * keep_text sets a kept text.
 */
static inline void
keep_text(KeyFold *folding, KeptText *kept, TextView text)
{
	kept->view = text;
	if (folding->rows->is_stable || text.data == NULL)
		return;
	if (kept->size < Max(text.len, 1))
	{
		if (kept->copy != NULL)
			pfree(kept->copy);
		kept->size = Max(text.len, 64) * 2;
		kept->copy = MemoryContextAllocHuge(folding->context, kept->size);
	}
	memcpy(kept->copy, text.data, text.len);
	kept->view.data = kept->copy;
}

/*
 * open_version begins a version of the user, that of instant_user.
 */
static void
open_version(KeyFold *folding, TimestampTz valid_from)
{
	keep_text(folding, &folding->version_user, folding->instant_user.view);
	folding->version.session_key = folding->key_value;
	folding->version.user_id = folding->version_user.view;
	folding->version.valid_from = valid_from;
	folding->version.is_first = false;
}

/*
 * take_up_version begins with the version of the user that is in effect when the window begins.
 */
static void
take_up_version(KeyFold *folding)
{
	const WindowUser *before = &folding->window->before;

	keep_text(folding, &folding->instant_user, before->user_id);
	open_version(folding, before->valid_from);
	folding->version.is_first = true;
	version_list_add(folding->versions, (UserVersion){before->valid_from, 0});
}

/*
 * close_version ends the version of the user that is open.
 */
static void
close_version(KeyFold *folding, TimestampTz valid_to)
{
	folding->version.valid_to = valid_to;
	if (folding->sink->user != NULL)
		folding->sink->user(folding->sink->arg, &folding->version);
}

/*
 * end_instant takes notice of the user at an instant, when all events of the instant are read.
 */
static void
end_instant(KeyFold *folding, TimestampTz instant, bool first)
{
	TextView user = folding->instant_user.view;

	if (first)
	{
		open_version(folding, DT_NOBEGIN);
		folding->version.is_first = true;
	}
	else if (user.data != NULL && !text_view_equal(user, folding->version_user.view))
	{
		close_version(folding, instant);
		open_version(folding, instant);
		version_list_add(folding->versions, (UserVersion){instant, 0});
	}
}

/*
 * next_in_window returns the key's next event that is in its window, if it has one.
 */
static bool
next_in_window(KeyFold *folding, KeyRow *row)
{
	while (folding->rows->next(folding->rows, row))
	{
		if (folding->window == NULL || row->record->event_time >= folding->window->since)
			return folding->window == NULL || row->record->event_time < folding->window->until;
	}
	return false;
}

/*
 * end_versions ends the last version, where the version that is stored after the window begins.
 */
static void
end_versions(KeyFold *folding)
{
	const Window *window = folding->window;

	if (window != NULL && !TIMESTAMP_IS_NOEND(window->until))
		folding->is_broken |= folding->version.valid_from != window->last.valid_from ||
							  !text_view_equal(folding->version_user.view, window->last.user_id);
	close_version(folding, window == NULL ? DT_NOEND : window->next_version);
}

/*
 * walk_users finds the versions of the key's user.
 */
static void
walk_users(KeyFold *folding)
{
	const TextView no_user = {NULL, 0};
	TimestampTz instant = 0;
	bool first = folding->window == NULL || TIMESTAMP_IS_NOBEGIN(folding->window->since);
	bool any = false;
	KeyRow row;

	version_list_reset(folding->versions);
	if (!first)
		take_up_version(folding);
	keep_text(folding, &folding->instant_user, no_user);
	while (folding->has_users && next_in_window(folding, &row))
	{
		TextView user = record_user(row.record);

		if (any && row.record->event_time != instant)
		{
			end_instant(folding, instant, first);
			first = false;
		}
		any = true;
		instant = row.record->event_time;
		if (user.data != NULL)
			keep_text(folding, &folding->instant_user, user);
	}
	end_instant(folding, instant, first);
	end_versions(folding);
	if (folding->has_users)
		folding->rows->rewind(folding->rows);
}

/*
 * end_session hands the session that is open to the sink.
 */
static void
end_session(KeyFold *folding)
{
	DerivedSession *session = &folding->session;

	folding->counts->sessions++;
	session->distinct_pages = page_set_count_and_reset(folding->pages);
	session->entry_page = folding->entry_page.view;
	session->exit_page = folding->exit_page.view;
	if (session->copies_until <= session->ended_at)
		session->copies_until = DT_NOBEGIN;
	if (folding->sink->session != NULL)
		folding->sink->session(folding->sink->arg, session);
}

/*
 * begin_session begins the session that starts with an event.  with_id: somebody wants to know its id.
 */
static void
begin_session(KeyFold *folding, const Record *first, bool with_id)
{
	const TextView no_page = {NULL, 0};

	memset(&folding->session, 0, sizeof(folding->session));
	if (with_id)
		session_id(folding->ids, first, &folding->session.session_id);
	folding->session.session_key = folding->key_value;
	folding->session.started_at = first->event_time;
	folding->session.copies_until = DT_NOBEGIN;
	folding->entry_page.view = no_page;
	folding->exit_page.view = no_page;
}

/*
 * add_page_view counts a page view of the session.
 */
static void
add_page_view(KeyFold *folding, TextView page)
{
	if (folding->session.page_views++ == 0)
		keep_text(folding, &folding->entry_page, page);
	if (page.data != NULL && !text_view_equal(page, folding->exit_page.view))
		page_set_add(folding->pages, page, !folding->rows->is_stable);
	keep_text(folding, &folding->exit_page, page);
}

/*
 * count_event adds an event to the counts and to the session's.
 */
static void
count_event(KeyFold *folding, const KeyRow *row)
{
	DeriveCounts *counts = folding->counts;
	uint16 flags = row->record->flags;

	counts->events++;
	counts->duplicates += row->duplicates;
	counts->conflicts += row->conflicts;
	counts->corrected += (flags & RECORD_CORRECTED) != 0;
	counts->clamped += (flags & RECORD_CLAMPED) != 0;
	folding->session.ended_at = row->record->event_time;
	folding->session.events++;
	folding->session.duplicates += row->duplicates;
	folding->session.conflicts += row->conflicts;
	folding->session.shifted += row->shifted;
	folding->session.copies_until = Max(folding->session.copies_until, row->last_copy);
	if ((flags & RECORD_PAGE_VIEW) && !folding->checking)
		add_page_view(folding, record_page(row->record));
}

/*
 * hand_over_event hands an event to the sink.
 */
static void
hand_over_event(KeyFold *folding, const Record *record)
{
	DerivedEvent event;

	if (folding->sink->event == NULL)
		return;
	event.session_key = folding->key_value;
	event.event_time = record->event_time;
	event.event_id_isnull = (record->flags & RECORD_NO_EVENT_ID) != 0;
	event.event_id = event.event_id_isnull ? (Datum) 0 : record_event_id(folding->format, record);
	event.raw_id = record_raw_id(folding->format, record);
	event.session_id = folding->session.session_id;
	event.event_name = record_name(record);
	event.page = record_page(record);
	event.page_view = (record->flags & RECORD_PAGE_VIEW) != 0;
	event.user_valid_from = folding->session.user_valid_from;
	folding->sink->event(folding->sink->arg, &event);
}

/*
 * starts_session takes an event into the fold and tells whether it starts a session.
 */
static inline bool
starts_session(KeyFold *folding, SzFold *fold, const Record *record)
{
	int32 day = folding->days != NULL ? local_day(folding->days, record->event_time) : 0;

	return sz_fold_step(fold, &folding->pipeline->rules, record->event_time, day,
						(record->flags & RECORD_RESTART) != 0);
}

/*
 * check_first checks that the window begins with the session that is stored there.
 */
static void
check_first(KeyFold *folding)
{
	const Window *window = folding->window;

	if (!TIMESTAMP_IS_NOBEGIN(window->since))
		folding->is_broken |=
			folding->session.started_at != window->since ||
			memcmp(&folding->session.session_id, &window->first_session, sizeof(pg_uuid_t)) != 0;
}

/*
 * check_next checks that the first event after the window starts the session that is stored there: then all that follows is as
 * it was.
 */
static void
check_next(KeyFold *folding, const Record *record, bool starts)
{
	const Window *window = folding->window;
	pg_uuid_t id;

	session_id(folding->ids, record, &id);
	folding->is_broken |= !starts || record->event_time != window->until ||
						  memcmp(&id, &window->next_session, sizeof(pg_uuid_t)) != 0;
}

/*
 * take_event takes an event into the session that is open, or into one that it starts.
 */
static void
take_event(KeyFold *folding, const KeyRow *row, bool starts)
{
	const Record *record = row->record;

	if (starts)
	{
		if (folding->is_open)
			end_session(folding);
		/* of the sessions of a window, only the first one's is checked */
		begin_session(folding, record, !folding->checking || !folding->is_open);
		if (folding->window != NULL && !folding->is_open)
			check_first(folding);
		folding->is_open = true;
	}
	folding->session.user_valid_from = version_list_at(folding->versions, record->event_time)->valid_from;
	count_event(folding, row);
	hand_over_event(folding, record);
}

/*
 * walk_events folds the key's events into sessions.
 */
static void
walk_events(KeyFold *folding)
{
	const Window *window = folding->window;
	SzFold fold = SZ_FOLD_INIT;
	bool is_past = false; /* the window's end was reached */
	KeyRow row;

	folding->is_open = false;
	while (!is_past && folding->rows->next(folding->rows, &row))
	{
		const Record *record = row.record;
		bool starts;

		if (window != NULL && window_is_crossed(window, record->event_time, row.last_copy))
			folding->is_broken = true;
		if (window != NULL && record->event_time < window->since)
			continue;
		starts = starts_session(folding, &fold, record);
		is_past = window != NULL && record->event_time >= window->until;
		if (is_past)
			check_next(folding, record, starts);
		else
			take_event(folding, &row, starts);
	}
	if (folding->is_open)
		end_session(folding);
	if (window != NULL && (!folding->is_open || (!is_past && !TIMESTAMP_IS_NOEND(window->until))))
		folding->is_broken = true;
}

/*
 * take_key makes the key of a record the one being walked. Of several that are equal and look
 * different, that of the key's first event is the one that is shown, and that session ids are made
 * of.
 */
static void
take_key(KeyFold *folding, const Record *first)
{
	const KeyType *type = &folding->format->key;
	Datum key = record_key(folding->format, first);

	folding->key_value = key;
	if (folding->makes_canonical)
	{
		MemoryContext caller;

		MemoryContextReset(folding->key_context);
		caller = MemoryContextSwitchTo(folding->key_context);
		folding->key_value = canonical_value(type->oid, key);
		MemoryContextSwitchTo(caller);
	}
	else if (!folding->rows->is_stable && !type->typbyval)
	{
		TextView bytes = {DatumGetPointer(key), key_type_size(type, key)};

		keep_text(folding, &folding->key, bytes);
		folding->key_value = PointerGetDatum(folding->key.view.data);
	}
	session_ids_set_key(folding->ids, folding->key_value);
	folding->counts->keys++;
}

/*
 * wants_key tells whether the key of a record is to be walked, and finds its window.
 */
static bool
wants_key(KeyFold *folding, const Record *first)
{
	folding->window = NULL;
	folding->is_broken = false;
	if (folding->windows != NULL)
		folding->window = window_find(folding->windows, record_key(folding->format, first));
	if (folding->checking)
		return folding->window != NULL && !folding->window->is_spoiled;
	return folding->window == NULL || folding->window->holds;
}

/*
 * walk_keys walks the keys one by one.
 */
static void
walk_keys(KeyFold *folding)
{
	KeyRows *rows = folding->rows;
	KeyRow first;

	while (rows->next_key(rows))
	{
		rows->next(rows, &first);
		if (!wants_key(folding, first.record))
			continue;
		take_key(folding, first.record);
		rows->rewind(rows);
		walk_users(folding);
		walk_events(folding);
		if (folding->checking)
			folding->window->holds = !folding->is_broken;
		else if (folding->is_broken)
			elog(ERROR, "a window that was found to hold does not");
	}
}

/*
 * walk makes ready and walks all keys.
 */
static void
walk(KeyFold *folding, Size budget)
{
	const Pipeline *pipeline = folding->pipeline;
	MemoryContext caller = CurrentMemoryContext;

	folding->context = AllocSetContextCreate(caller, "sessionize folding", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(folding->context);
	folding->key_context =
		AllocSetContextCreate(folding->context, "sessionize walked key", ALLOCSET_SMALL_SIZES);
	folding->makes_canonical = has_canonical_values(folding->format->key.oid);
	folding->ids = session_ids_create(pipeline->name, folding->format);
	folding->days = pipeline->rules.midnight ? local_days_create(pipeline->midnight) : NULL;
	folding->pages = page_set_create(budget, folding->format->seed);
	folding->versions = version_list_create();
	walk_keys(folding);
	version_list_reset(folding->versions);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(folding->context);
}

/*
 * walk_rows hands what the rows amount to to the sink.
 */
void
walk_rows(KeyRows *rows, const Pipeline *pipeline, const RecordFormat *format, bool has_users,
		  const Windows *windows, const DeriveSink *sink, Size budget, DeriveCounts *counts)
{
	KeyFold folding = {.rows = rows,
					   .pipeline = pipeline,
					   .format = format,
					   .sink = sink,
					   .counts = counts,
					   .has_users = has_users,
					   .windows = windows};

	walk(&folding, budget);
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
	KeyFold folding = {.rows = rows,
					   .pipeline = pipeline,
					   .format = format,
					   .sink = &nobody,
					   .counts = &counts,
					   .has_users = has_users,
					   .windows = windows,
					   .checking = true};

	walk(&folding, 64 * 1024);
}
