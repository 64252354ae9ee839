/*
 * key_fold.c
 *		From a key's events in order to its users, its sessions and its events.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "catalog/pipeline.h"
#include "derive/bounce.h"
#include "derive/key_fold.h"
#include "derive/last_value.h"
#include "derive/measure_fold.h"
#include "derive/member_fold.h"
#include "derive/page_set.h"
#include "derive/session_id.h"
#include "utils/canonical_value.h"
#include "utils/session_cause.h"
#include "utils/version_list.h"
#include "window/window.h"

/* Texts that must outlive the record they come from. */
typedef enum KeptText
{
	KEPT_KEY, /* the bytes of a key */
	KEPT_ENTRY_PAGE,
	KEPT_EXIT_PAGE,
	KEPT_VERSION_USER,
	KEPT_INSTANT_USER,
	KEPT_TEXTS
} KeptText;

typedef struct TextBuffer
{
	char *data;
	Size size;
} TextBuffer;

/* Made once for all keys. */
typedef struct FoldTools
{
	MemoryContext context;
	TextBuffer kept[KEPT_TEXTS]; /* not used if the records are stable */
	SessionIds *ids;
	PageSet *pages;
	MeasureFold *measures; /* of sessions; NULL: there are none */
	MeasureFold *event_measures;
	Bounce *bounce;      /* NULL: a session of one event is a bounce */
	MemberFold *members; /* NULL: there are no dimensions but those that are built in */
	VersionList *versions;
	NullableDatum causes[SZ_CAUSES]; /* as texts; NULL: no session is before, or follows */
	bool makes_canonical;            /* values of one text form may differ in their bytes */
	MemoryContext key_context;       /* for the canonical form of the key; reset with each key */
} FoldTools;

/* The key being folded. */
typedef struct FoldedKey
{
	Datum value;
	Window *window; /* NULL: the whole key is folded */
	bool is_broken; /* the window does not hold */
} FoldedKey;

/* The version of the key's user being read. */
typedef struct OpenVersion
{
	DerivedUser version;
	TextView instant_user; /* the last user id at the instant being read */
} OpenVersion;

/* The session being read, if is_open. */
typedef struct OpenSession
{
	DerivedSession session;
	ValueDigestBytea seen_before;
	bool is_open;
} OpenSession;

typedef struct KeyFold
{
	const FoldInput *input;
	const Windows *windows; /* NULL: whole keys are folded */
	bool checking;          /* only check whether the windows hold */
	bool trying;            /* only find out whether the key can be derived */
	const DeriveSink *sink;
	DeriveCounts *counts;
	FoldTools tools;
	FoldedKey key;
	OpenVersion user;
	OpenSession open;
	LastValue last_value; /* of restart_on_change */
} KeyFold;

/*
 * hands_over tells whether the sink gets what is folded.
 */
static inline bool
hands_over(const KeyFold *folding)
{
	return !folding->checking && !folding->trying;
}

/*
 * keep_text returns a text that lives until another text of its kind is kept: a copy, unless the
 * records are stable.
 */
static inline TextView
keep_text(KeyFold *folding, KeptText kind, TextView text)
{
	TextBuffer *kept = &folding->tools.kept[kind];

	if (folding->input->rows->is_stable || text.data == NULL)
		return text;
	if (kept->size < Max(text.len, 1))
	{
		if (kept->data != NULL)
			pfree(kept->data);
		kept->size = Max(text.len, 64) * 2;
		kept->data = MemoryContextAllocHuge(folding->tools.context, kept->size);
	}
	memcpy(kept->data, text.data, text.len);
	text.data = kept->data;
	return text;
}

/*
 * open_version begins the version of the user instant_user.
 */
static void
open_version(KeyFold *folding, TimestampTz valid_from)
{
	folding->user.version =
		(DerivedUser){.session_key = folding->key.value,
					  .user_id = keep_text(folding, KEPT_VERSION_USER, folding->user.instant_user),
					  .valid_from = valid_from};
}

/*
 * take_up_version begins with the stored version of the user that is in effect when the window
 * begins.
 */
static void
take_up_version(KeyFold *folding)
{
	const WindowUser *before = &folding->key.window->before;

	folding->user.instant_user = keep_text(folding, KEPT_INSTANT_USER, before->user_id);
	open_version(folding, before->valid_from);
	folding->user.version.is_first = true;
	version_list_add(folding->tools.versions, (UserVersion){before->valid_from, 0});
}

/*
 * close_version ends the open version and hands it to the sink.
 */
static void
close_version(KeyFold *folding, TimestampTz valid_to)
{
	folding->user.version.valid_to = valid_to;
	folding->user.version.is_current = TIMESTAMP_IS_NOEND(valid_to);
	if (folding->sink->user != NULL)
		folding->sink->user(folding->sink->arg, &folding->user.version);
}

/*
 * end_instant begins another version if the user has changed at an instant whose events are all
 * read.
 */
static void
end_instant(KeyFold *folding, TimestampTz instant, bool first)
{
	TextView user = folding->user.instant_user;

	if (first)
	{
		open_version(folding, DT_NOBEGIN);
		folding->user.version.is_first = true;
	}
	else if (user.data != NULL && !text_view_equal(user, folding->user.version.user_id))
	{
		close_version(folding, instant);
		open_version(folding, instant);
		version_list_add(folding->tools.versions, (UserVersion){instant, 0});
	}
}

/*
 * next_in_window returns the key's next event, or the next one in its window if it has one.
 */
static bool
next_in_window(KeyFold *folding, KeyRow *row)
{
	while (folding->input->rows->next(folding->input->rows, row))
	{
		if (folding->key.window == NULL || row->record->event_time >= folding->key.window->since)
			return folding->key.window == NULL ||
				   row->record->event_time < folding->key.window->until;
	}
	return false;
}

/*
 * end_versions closes the last version.  The version at the end of a window must be the stored one.
 */
static void
end_versions(KeyFold *folding)
{
	const Window *window = folding->key.window;

	if (window != NULL && !TIMESTAMP_IS_NOEND(window->until))
		folding->key.is_broken |=
			folding->user.version.valid_from != window->last.valid_from ||
			!text_view_equal(folding->user.version.user_id, window->last.user_id);
	close_version(folding, window == NULL ? DT_NOEND : window->next_version);
}

/*
 * fold_users finds the versions of the key's user.
 */
static void
fold_users(KeyFold *folding)
{
	TimestampTz instant = 0;
	bool first = folding->key.window == NULL || TIMESTAMP_IS_NOBEGIN(folding->key.window->since);
	bool any = false;
	KeyRow row;

	version_list_reset(folding->tools.versions);
	if (!first)
		take_up_version(folding);
	folding->user.instant_user = (TextView){NULL, 0};
	while (folding->input->has_users && next_in_window(folding, &row))
	{
		TextView user = record_attribute(row.record, ATTRIBUTE_USER_ID);

		if (any && row.record->event_time != instant)
		{
			end_instant(folding, instant, first);
			first = false;
		}
		any = true;
		instant = row.record->event_time;
		if (user.data != NULL)
			folding->user.instant_user = keep_text(folding, KEPT_INSTANT_USER, user);
	}
	end_instant(folding, instant, first);
	end_versions(folding);
	if (folding->input->has_users)
		folding->input->rows->rewind(folding->input->rows);
}

/*
 * end_session hands the open session to the sink.  cause is why the next session starts;
 * SZ_NO_START if none follows.
 */
static void
end_session(KeyFold *folding, SzCause cause)
{
	DerivedSession *session = &folding->open.session;

	folding->counts->sessions++;
	session->ended_by = folding->tools.causes[cause];
	session->distinct_pages = page_set_count_and_reset(folding->tools.pages);
	session->is_bounce = session->events == 1;
	if (folding->tools.measures != NULL)
		session->measures = measure_fold_end(folding->tools.measures);
	if (folding->tools.members != NULL)
		session->members = member_fold_session(folding->tools.members);
	if (folding->tools.bounce != NULL && hands_over(folding))
		session->is_bounce = bounce_is(folding->tools.bounce, session);
	if (session->copies_until <= session->ended_at)
		session->copies_until = DT_NOBEGIN;
	if (folding->sink->session != NULL)
		folding->sink->session(folding->sink->arg, session);
}

/*
 * start_cause returns why a session starts.  Of the first one in a window the star knows it, and
 * the fold does not, since it does not see what comes before.
 */
static SzCause
start_cause(const KeyFold *folding, SzCause cause)
{
	const Window *window = folding->key.window;

	return folding->open.is_open || window == NULL || TIMESTAMP_IS_NOBEGIN(window->since)
			   ? cause
			   : window->first_cause;
}

/*
 * day_of returns the local date of an instant, by a rule, in the time zone of an event.
 */
static inline int32
day_of(const KeyFold *folding, ZoneRule rule, const Record *event, TimestampTz instant)
{
	return local_day(event_days_of(folding->input->days, rule, event), instant);
}

/*
 * begin_session begins the session that starts with an event, for this cause.  with_id: compute its
 * id.
 */
static void
begin_session(KeyFold *folding, const Record *first, SzCause cause, bool with_id)
{
	DerivedSession *session = &folding->open.session;
	bool follows = folding->open.is_open;
	int32 same_start =
		follows && session->started_at == first->event_time ? session->same_start + 1 : 0;
	int64 index = follows ? session->session_index + 1 : 1;

	*session =
		(DerivedSession){.session_key = folding->key.value,
						 .started_at = first->event_time,
						 .same_start = same_start,
						 .session_index = index,
						 .started_by = folding->tools.causes[start_cause(folding, cause)],
						 .copies_until = DT_NOBEGIN,
						 .seen_before = value_digest_to_bytea(
							 last_value_digest(&folding->last_value), &folding->open.seen_before)};
	if (!folding->checking)
		session->day = day_of(folding, ZONE_OF_DAYS, first, first->event_time);
	if (with_id)
		session_id(folding->tools.ids, first, &session->session_id);
	if (folding->tools.measures != NULL)
		measure_fold_begin(folding->tools.measures, folding->key.value);
	if (folding->tools.event_measures != NULL)
		measure_fold_begin(folding->tools.event_measures, folding->key.value);
	if (folding->tools.members != NULL)
		member_fold_begin(folding->tools.members);
}

/*
 * add_page_view adds a page view to the open session.
 */
static void
add_page_view(KeyFold *folding, TextView page)
{
	DerivedSession *session = &folding->open.session;

	if (session->page_views++ == 0)
		session->entry_page = keep_text(folding, KEPT_ENTRY_PAGE, page);
	if (page.data != NULL && !text_view_equal(page, session->exit_page))
		page_set_add(folding->tools.pages, page, !folding->input->rows->is_stable);
	session->exit_page = keep_text(folding, KEPT_EXIT_PAGE, page);
}

/*
 * count_event adds an event to the counts and to the open session.
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
	folding->open.session.ended_at = row->record->event_time;
	folding->open.session.events++;
	folding->open.session.duplicates += row->duplicates;
	folding->open.session.conflicts += row->conflicts;
	folding->open.session.shifted += row->shifted;
	folding->open.session.copies_until = Max(folding->open.session.copies_until, row->last_copy);
	if ((flags & RECORD_PAGE_VIEW) && hands_over(folding))
		add_page_view(folding, record_attribute(row->record, ATTRIBUTE_PAGE));
	if (folding->tools.measures != NULL && !folding->checking)
		measure_fold_add(folding->tools.measures, row);
	if (folding->tools.members != NULL && hands_over(folding))
		member_fold_add(folding->tools.members, row->record);
}

/*
 * hand_over_event hands an event to the sink.
 */
static void
hand_over_event(KeyFold *folding, const KeyRow *row)
{
	const Record *record = row->record;
	DerivedEvent event;

	if (folding->sink->event == NULL)
		return;
	event.session_key = folding->key.value;
	event.event_time = record->event_time;
	event.event_id.isnull = (record->flags & RECORD_NO_EVENT_ID) != 0;
	event.event_id.value =
		event.event_id.isnull ? (Datum) 0 : record_event_id(folding->input->format, record);
	event.raw_id = record_raw_id(folding->input->format, record);
	event.session_id = folding->open.session.session_id;
	event.session_started_at = folding->open.session.started_at;
	for (int i = 0; i < pipeline_attributes(folding->input->pipeline); i++)
		event.attributes[i] = record_attribute(record, i);
	event.day = day_of(folding, ZONE_OF_DAYS, record, record->event_time);
	event.page_view = (record->flags & RECORD_PAGE_VIEW) != 0;
	event.user_valid_from = folding->open.session.user_valid_from;
	event.measures = folding->tools.event_measures == NULL
						 ? NULL
						 : measure_fold_event(folding->tools.event_measures, row);
	event.members =
		folding->tools.members == NULL ? NULL : member_fold_event(folding->tools.members, record);
	folding->sink->event(folding->sink->arg, &event);
}

/*
 * feed feeds an event, with its value of restart_on_change, to the fold and returns why the event
 * starts a session, if it does.
 */
static inline SzCause
feed(KeyFold *folding, SzFold *fold, const Record *record, TextView value)
{
	SzEvent event = {.ts = record->event_time, .restart = (record->flags & RECORD_RESTART) != 0};

	if (folding->input->pipeline->rules.midnight)
	{
		event.day = day_of(folding, ZONE_OF_MIDNIGHT, record, record->event_time);
		/* the event before it counts by the same zone, whatever its own is */
		if (folding->input->pipeline->zone_by_row[ZONE_OF_MIDNIGHT])
			fold->day = day_of(folding, ZONE_OF_MIDNIGHT, record, fold->ended_at);
	}
	if (value.data != NULL)
		event.change = last_value_differs(&folding->last_value, value);
	return sz_fold_step(fold, &folding->input->pipeline->rules, event);
}

/*
 * check_first checks that the session with which the window begins is the stored one.
 */
static void
check_first(KeyFold *folding)
{
	const Window *window = folding->key.window;

	if (!TIMESTAMP_IS_NOBEGIN(window->since))
		folding->key.is_broken |= folding->open.session.started_at != window->since ||
								  memcmp(&folding->open.session.session_id, &window->first_session,
										 sizeof(pg_uuid_t)) != 0;
}

/*
 * check_next checks that the first event after the window starts the session that is stored there,
 * for the same cause and after the same value of restart_on_change, so that all that follows is
 * unchanged.
 */
static void
check_next(KeyFold *folding, const Record *record, SzCause cause)
{
	const Window *window = folding->key.window;
	pg_uuid_t id;

	session_id(folding->tools.ids, record, &id);
	folding->key.is_broken |=
		cause != window->next_cause || record->event_time != window->until ||
		memcmp(&id, &window->next_session, sizeof(pg_uuid_t)) != 0 ||
		!value_digest_equal(last_value_digest(&folding->last_value), &window->seen_next);
}

/*
 * take_event adds an event to the open session, or to a new one that it starts.
 */
static void
take_event(KeyFold *folding, const KeyRow *row, SzCause cause)
{
	const Record *record = row->record;

	if (cause != SZ_NO_START)
	{
		if (folding->open.is_open)
			end_session(folding, cause);
		/* while checking, only the id of the window's first session is compared */
		begin_session(folding, record, cause, !folding->checking || !folding->open.is_open);
		if (folding->key.window != NULL && !folding->open.is_open)
			check_first(folding);
		folding->open.is_open = true;
	}
	folding->open.session.user_valid_from =
		version_list_at(folding->tools.versions, record->event_time)->valid_from;
	count_event(folding, row);
	hand_over_event(folding, row);
}

/*
 * begin_values begins with the last value of restart_on_change before the window, or before the
 * key's first event.
 */
static void
begin_values(KeyFold *folding)
{
	const Window *window = folding->key.window;
	ValueDigest none = {.is_set = false};

	last_value_begin(&folding->last_value, window != NULL && !TIMESTAMP_IS_NOBEGIN(window->since)
											   ? &window->seen_first
											   : &none);
}

/*
 * fold_events folds the key's events into sessions.
 */
static void
fold_events(KeyFold *folding)
{
	const Window *window = folding->key.window;
	SzFold fold = SZ_FOLD_INIT;
	bool is_past = false; /* the event at the window's end was read */
	SzCause cause = SZ_NO_START;
	KeyRow row;

	folding->open.is_open = false;
	begin_values(folding);
	while (!is_past && folding->input->rows->next(folding->input->rows, &row))
	{
		const Record *record = row.record;
		TextView value = record_attribute(record, ATTRIBUTE_CHANGE);

		if (window != NULL && window_is_crossed(window, record->event_time, row.last_copy))
			folding->key.is_broken = true;
		if (window != NULL && record->event_time < window->since)
			continue;
		cause = feed(folding, &fold, record, value);
		is_past = window != NULL && record->event_time >= window->until;
		if (is_past)
			check_next(folding, record, cause);
		else
			take_event(folding, &row, cause);
		if (value.data != NULL)
			last_value_take(&folding->last_value, value);
	}
	if (folding->open.is_open)
		end_session(folding, is_past ? cause : SZ_NO_START);
	if (window != NULL &&
		(!folding->open.is_open || (!is_past && !TIMESTAMP_IS_NOEND(window->until))))
		folding->key.is_broken = true;
}

/*
 * take_key makes the key of a record the one being folded.  Equal keys may look different: the key
 * of the first event is the one that is shown and that session ids are made of.
 */
static void
take_key(KeyFold *folding, const Record *first)
{
	const KeyType *type = &folding->input->format->key;
	Datum key = record_key(folding->input->format, first);

	folding->key.value = key;
	if (folding->tools.makes_canonical)
	{
		MemoryContext caller;

		MemoryContextReset(folding->tools.key_context);
		caller = MemoryContextSwitchTo(folding->tools.key_context);
		folding->key.value = canonical_value(type->oid, key);
		MemoryContextSwitchTo(caller);
	}
	else if (!folding->input->rows->is_stable && !type->typbyval)
	{
		TextView bytes = {DatumGetPointer(key), key_type_size(type, key)};

		folding->key.value = PointerGetDatum(keep_text(folding, KEPT_KEY, bytes).data);
	}
	session_ids_set_key(folding->tools.ids, folding->key.value);
	if (folding->tools.members != NULL)
		member_fold_begin_key(folding->tools.members);
}

/*
 * wants_key tells whether the key of a record is to be folded, and looks up its window.
 */
static bool
wants_key(KeyFold *folding, const Record *first)
{
	folding->key = (FoldedKey){.window = NULL};
	if (folding->windows != NULL)
		folding->key.window =
			window_find(folding->windows, record_key(folding->input->format, first));
	if (folding->checking)
		return folding->key.window != NULL && !folding->key.window->is_spoiled;
	return folding->key.window == NULL || folding->key.window->holds;
}

/*
 * may_fail tells whether a sum of the key may be out of range.  It reads the key's events only if
 * the sink wants to know of keys that fail.
 */
static bool
may_fail(KeyFold *folding)
{
	MeasureFold *measures = folding->tools.measures;
	bool may = false;
	KeyRow row;

	if (folding->sink->failed == NULL || measures == NULL || !measure_fold_has_sums(measures))
		return false;
	measure_fold_magnitudes_begin(measures);
	while (!may && folding->input->rows->next(folding->input->rows, &row))
		may = measure_fold_magnitudes_add(measures, row.record);
	folding->input->rows->rewind(folding->input->rows);
	return may;
}

/*
 * try_key folds the key without a sink, and returns the message about a sum that is out of range;
 * NULL if there is none.
 */
static char *
try_key(KeyFold *folding)
{
	const DeriveSink nobody = {.session = NULL};
	const DeriveSink *sink = folding->sink;
	DeriveCounts *counts = folding->counts;
	DeriveCounts uncounted = {0};

	folding->sink = &nobody;
	folding->counts = &uncounted;
	folding->trying = true;
	measure_fold_tries_begin(folding->tools.measures);
	fold_users(folding);
	fold_events(folding);
	folding->input->rows->rewind(folding->input->rows);
	folding->sink = sink;
	folding->counts = counts;
	folding->trying = false;
	return measure_fold_tries_end(folding->tools.measures);
}

/*
 * fold_key folds the key, unless it fails and the sink takes note of that.
 */
static void
fold_key(KeyFold *folding)
{
	char *failure = may_fail(folding) ? try_key(folding) : NULL;

	if (failure != NULL)
	{
		folding->sink->failed(folding->sink->arg, folding->key.value, failure);
		pfree(failure);
		return;
	}
	folding->counts->keys++;
	fold_users(folding);
	fold_events(folding);
}

/*
 * fold_keys folds the keys one by one.
 */
static void
fold_keys(KeyFold *folding)
{
	KeyRows *rows = folding->input->rows;
	KeyRow first;

	while (rows->next_key(rows))
	{
		rows->next(rows, &first);
		if (!wants_key(folding, first.record))
			continue;
		take_key(folding, first.record);
		rows->rewind(rows);
		fold_key(folding);
		if (folding->checking)
			folding->key.window->holds = !folding->key.is_broken;
		else if (folding->key.is_broken)
			elog(ERROR, "a window that was found to hold does not");
	}
}

/*
 * name_causes makes the texts of the causes.
 */
static void
name_causes(FoldTools *tools)
{
	for (SzCause cause = 0; cause < SZ_CAUSES; cause++)
	{
		const char *name = session_cause_name(cause);

		tools->causes[cause].isnull = name == NULL;
		if (name != NULL)
			tools->causes[cause].value = CStringGetTextDatum(name);
	}
}

/*
 * fold_all makes the tools and folds all keys.  budget is for the pages of a session, in bytes.
 */
static void
fold_all(KeyFold *folding, Size budget)
{
	const FoldInput *input = folding->input;
	FoldTools *tools = &folding->tools;
	MemoryContext caller = CurrentMemoryContext;

	tools->context = AllocSetContextCreate(caller, "sessionize folding", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(tools->context);
	tools->key_context =
		AllocSetContextCreate(tools->context, "sessionize folded key", ALLOCSET_SMALL_SIZES);
	tools->makes_canonical = has_canonical_values(input->format->key.oid);
	tools->ids = session_ids_create(input->pipeline->id_name, input->format);
	tools->measures = measure_fold_create(input->pipeline, false, input->format, budget / 2);
	/* an event has one value at most, so nothing that needs memory */
	if (folding->sink->event != NULL)
		tools->event_measures =
			measure_fold_create(input->pipeline, true, input->format, 64 * 1024);
	tools->members = member_fold_create(input->pipeline);
	tools->bounce = bounce_create(input->pipeline);
	tools->pages =
		page_set_create(tools->measures == NULL ? budget : budget / 2, input->format->seed);
	tools->versions = version_list_create();
	name_causes(tools);
	if (!input->rows->is_stable)
		folding->last_value.context = tools->context;
	fold_keys(folding);
	version_list_reset(tools->versions);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(tools->context);
}

/*
 * key_fold_hand_over folds the keys for the sink.
 */
void
key_fold_hand_over(const FoldInput *input, const Windows *windows, const DeriveSink *sink,
				   Size budget, DeriveCounts *counts)
{
	KeyFold folding = {.input = input, .windows = windows, .sink = sink, .counts = counts};

	fold_all(&folding, budget);
}

/*
 * key_fold_check_windows folds the keys that have windows, without a sink.
 */
void
key_fold_check_windows(const FoldInput *input, Windows *windows)
{
	const DeriveSink nobody = {.session = NULL};
	DeriveCounts counts = {0};
	KeyFold folding = {
		.input = input, .windows = windows, .checking = true, .sink = &nobody, .counts = &counts};

	fold_all(&folding, 64 * 1024);
}
