/*
 * window.c
 *		Choosing the part of a key's history that a refresh reads and derives.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "core/core.h"
#include "executor/spi.h"
#include "functions/key_hash.h"
#include "miscadmin.h"
#include "pipeline/claimed_keys.h"
#include "pipeline/row_query.h"
#include "pipeline/sql_rows.h"
#include "pipeline/unique_id.h"
#include "pipeline/window.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* Sessions looked at before a change, and after it, for one that a cut can be made at. */
#define LOOK_AT 4

/* The names of the keys' ranges and of their windows in the queries here. */
#define RANGES  "changed_ranges"
#define CHOICES "chosen_windows"

struct Windows
{
	KeyType type;
	KeyHash windows;
};

/* A stored session. */
typedef struct Stored
{
	TimestampTz started_at;
	TimestampTz ended_at;
	pg_uuid_t id;
} Stored;

/* A key that may have a window. */
typedef struct Candidate
{
	const DirtyKey *dirty;
	Window window;
	int nbefore;
	int nafter;
	Stored before[LOOK_AT]; /* the last that start before the change, the latest first */
	Stored after[LOOK_AT];  /* the first that start after it */
	bool fits;
} Candidate;

typedef struct Chooser
{
	const Pipeline *pipeline;
	MemoryContext context;
	uint64 reach;        /* how far a duplicate may be from the copy before it */
	uint64 sealed_reach; /* and where that is a sealed row, of which no index of the raw table knows */
	bool ids_are_new;    /* there may be duplicates of when nothing kept ids unique */
	Candidate *candidates;
	int count;
} Chooser;

/*
 * minus and plus move a time, to infinity where that is out of range.
 */
static TimestampTz
minus(TimestampTz time, uint64 usecs)
{
	return TIMESTAMP_NOT_FINITE(time) || usecs > sz_elapsed(MIN_TIMESTAMP, time) ? DT_NOBEGIN
																				 : time - (int64) usecs;
}

static TimestampTz
plus(TimestampTz time, uint64 usecs)
{
	return TIMESTAMP_NOT_FINITE(time) || usecs >= sz_elapsed(time, END_TIMESTAMP) ? DT_NOEND
																				  : time + (int64) usecs;
}

/*
 * windows_are_possible decides whether keys of the pipeline can have windows at all.
 */
static bool
windows_are_possible(const Pipeline *pipeline, const SourceMapping *mapping, uint64 reach)
{
	/* a range of time must be what the raw table has in a column, or reading by it finds other rows, or fails */
	return !pipeline->sealed_beyond && mapping->varno != 0 &&
		   source_plain_column(mapping, source_time_column(mapping)) != 0 && reach != SZ_NO_LIMIT;
}

/*
 * begin finds out how far duplicates reach.
 */
static void
begin(Chooser *chooser, const Pipeline *pipeline, const SourceMapping *mapping)
{
	chooser->pipeline = pipeline;
	chooser->context = CurrentMemoryContext;
	chooser->reach = mapping->is_mapped[SRC_EVENT_ID] ? pipeline->dedup_window : 0;
	chooser->sealed_reach = chooser->reach;
	if (chooser->reach > 0 && mapping->varno != 0 && event_id_is_unique(pipeline, mapping))
	{
		chooser->ids_are_new = true;
		chooser->reach = 0;
	}
}

/*
 * is_clear_of_seal tells whether a window may begin at a time: where no row that is read with it is before the seal's horizon, nor
 * any that one in it may be a copy of.
 */
static bool
is_clear_of_seal(const Chooser *chooser, TimestampTz since)
{
	return !chooser->pipeline->has_seal ||
		   minus(since, chooser->sealed_reach) >= chooser->pipeline->sealed_before;
}

/*
 * list_candidates lists the keys of which is known when they have changed, if a window can begin before that.
 */
static void
list_candidates(Chooser *chooser, const DirtyKey *keys, int64 nkeys)
{
	chooser->candidates = palloc_extended(Max(nkeys, 1) * sizeof(Candidate), MCXT_ALLOC_HUGE);
	for (int64 i = 0; i < nkeys; i++)
	{
		if (keys[i].isnull || TIMESTAMP_NOT_FINITE(keys[i].lo) || TIMESTAMP_NOT_FINITE(keys[i].hi) ||
			!is_clear_of_seal(chooser, keys[i].lo))
			continue;
		memset(&chooser->candidates[chooser->count], 0, sizeof(Candidate));
		chooser->candidates[chooser->count++].dirty = &keys[i];
	}
}

/*
 * describe returns the row type (n, session_key, and times of these names).
 */
static TupleDesc
describe(const Pipeline *pipeline, const char *const *times, int ntimes)
{
	Oid key_type = pipeline->types[SRC_SESSION_KEY];
	TupleDesc desc = CreateTemplateTupleDesc(2 + ntimes);

	TupleDescInitEntry(desc, 1, "n", INT4OID, -1, 0);
	TupleDescInitEntry(desc, 2, "session_key", key_type, -1, 0);
	if (OidIsValid(get_typcollation(key_type)))
		TupleDescInitEntryCollation(desc, 2, C_COLLATION_OID);
	for (int i = 0; i < ntimes; i++)
		TupleDescInitEntry(desc, (AttrNumber) (i + 3), times[i], TIMESTAMPTZOID, -1, 0);
	return desc;
}

/*
 * put_row adds a candidate with some times to rows that a query finds.
 */
static void
put_row(const Chooser *chooser, const NamedRows *rows, int n, const TimestampTz *times)
{
	Datum values[8];
	bool isnull[8] = {false};

	Assert(rows->desc->natts <= (int) lengthof(values));
	values[0] = Int32GetDatum(n);
	values[1] = chooser->candidates[n].dirty->key;
	for (int i = 2; i < rows->desc->natts; i++)
		values[i] = TimestampTzGetDatum(times[i - 2]);
	tuplestore_putvalues(rows->rows, rows->desc, values, isnull);
}

/*
 * run runs a query over such rows.
 */
static void
run(const NamedRows *rows, const char *sql, RowVisitor visitor, Chooser *chooser)
{
	SPI_connect();
	sql_register_rows(rows);
	row_query(sql, visitor, chooser);
	SPI_finish();
	tuplestore_end(rows->rows);
}

/*
 * candidate_of returns the candidate that a row belongs to.
 */
static Candidate *
candidate_of(Chooser *chooser, TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	return &chooser->candidates[DatumGetInt32(slot->tts_values[0])];
}

/*
 * take_session takes a stored session near a candidate's change, in the order in which they are to be looked at.
 */
static void
take_session(void *arg, TupleTableSlot *slot)
{
	Candidate *candidate = candidate_of(arg, slot);
	bool is_after = DatumGetBool(slot->tts_values[1]);
	Stored *list = is_after ? candidate->after : candidate->before;
	int *count = is_after ? &candidate->nafter : &candidate->nbefore;
	Stored session;
	int i;

	Assert(*count < LOOK_AT);
	session.started_at = DatumGetTimestampTz(slot->tts_values[2]);
	session.ended_at = DatumGetTimestampTz(slot->tts_values[3]);
	session.id = *DatumGetUUIDP(slot->tts_values[4]);
	for (i = (*count)++; i > 0; i--)
	{
		if (is_after ? list[i - 1].started_at <= session.started_at
					 : list[i - 1].started_at >= session.started_at)
			break;
		list[i] = list[i - 1];
	}
	list[i] = session;
}

/*
 * look_around finds the sessions that are stored before and after each change.
 */
static void
look_around(Chooser *chooser)
{
	static const char *const times[] = {"lo", "hi"};
	NamedRows rows = {RANGES, describe(chooser->pipeline, times, lengthof(times)),
					  tuplestore_begin_heap(true, false, work_mem)};
	const char *schema = quote_identifier(chooser->pipeline->name);
	const char *equals = key_equals_sql(chooser->pipeline->types[SRC_SESSION_KEY]);
	StringInfoData sql;

	for (int i = 0; i < chooser->count; i++)
	{
		const DirtyKey *dirty = chooser->candidates[i].dirty;
		const TimestampTz range[] = {minus(dirty->lo, chooser->reach), plus(dirty->hi, chooser->reach)};

		put_row(chooser, &rows, i, range);
	}
	initStringInfo(&sql);
	for (int after = 0; after < 2; after++)
		appendStringInfo(&sql,
						 "%sSELECT k.n, %s, s.* FROM " RANGES " AS k, LATERAL "
						 "(SELECT f.started_at, f.ended_at, f.session_id FROM ONLY %s.fact_session AS f "
						 "WHERE f.session_key %s k.session_key AND f.started_at %s "
						 "ORDER BY f.started_at %s LIMIT %d) AS s",
						 after ? " UNION ALL " : "", after ? "true" : "false", schema, equals,
						 after ? "> k.hi" : "< k.lo", after ? "" : "DESC", LOOK_AT);
	run(&rows, sql.data, take_session, chooser);
}

/*
 * starts_alone tells whether no other session of a list starts with session number i, as far as the list goes.
 */
static bool
starts_alone(const Stored *list, int count, int i)
{
	/* what follows the last of a full list is not known */
	if (i + 1 == LOOK_AT)
		return false;
	return (i == 0 || list[i - 1].started_at != list[i].started_at) &&
		   (i + 1 == count || list[i + 1].started_at != list[i].started_at);
}

/*
 * cut_before cuts the window where the last session starts that does not touch the one before it.  The key's first session is no
 * place for a cut: what comes before it is all there is.
 */
static void
cut_before(Candidate *candidate)
{
	const Stored *list = candidate->before;

	candidate->window.since = DT_NOBEGIN;
	for (int i = 0; i + 1 < candidate->nbefore; i++)
	{
		if (starts_alone(list, candidate->nbefore, i) && starts_alone(list, candidate->nbefore, i + 1) &&
			list[i + 1].ended_at < list[i].started_at)
		{
			candidate->window.since = list[i].started_at;
			candidate->window.first_session = list[i].id;
			break;
		}
	}
}

/*
 * cut_after cuts the window where a session starts that does not touch the one before it, but not at the first after the change:
 * that is often the one which a late event joins.
 */
static void
cut_after(Candidate *candidate)
{
	const Stored *list = candidate->after;

	candidate->window.until = DT_NOEND;
	for (int i = 1; i < candidate->nafter; i++)
	{
		if (starts_alone(list, candidate->nafter, i) && starts_alone(list, candidate->nafter, i - 1) &&
			list[i - 1].ended_at < list[i].started_at)
		{
			candidate->window.until = list[i].started_at;
			candidate->window.next_session = list[i].id;
			break;
		}
	}
}

/*
 * cut makes the cuts and tells whether there is one: else the key is read as a whole.
 */
static bool
cut(const Chooser *chooser, Candidate *candidate)
{
	Window *window = &candidate->window;

	cut_before(candidate);
	cut_after(candidate);
	if (!is_clear_of_seal(chooser, window->since))
	{
		window->since = DT_NOBEGIN;
		window->until = DT_NOEND;
	}
	window->read_since = minus(window->since, chooser->reach);
	window->read_until = plus(window->until, chooser->reach);
	return !TIMESTAMP_IS_NOBEGIN(window->since) || !TIMESTAMP_IS_NOEND(window->until);
}

/*
 * take_user returns a version of the user that lies in two columns of a row, and tells whether there is one.
 */
static bool
take_user(Chooser *chooser, TupleTableSlot *slot, int column, WindowUser *user)
{
	if (slot->tts_isnull[column])
		return false;
	user->valid_from = DatumGetTimestampTz(slot->tts_values[column]);
	if (!slot->tts_isnull[column + 1])
	{
		MemoryContext caller = MemoryContextSwitchTo(chooser->context);
		text *user_id = DatumGetTextPCopy(slot->tts_values[column + 1]);

		user->user_id = (TextView){VARDATA_ANY(user_id), VARSIZE_ANY_EXHDR(user_id)};
		MemoryContextSwitchTo(caller);
	}
	return true;
}

/*
 * take_choice takes what else has to be known of a candidate.
 */
static void
take_choice(void *arg, TupleTableSlot *slot)
{
	Candidate *candidate = candidate_of(arg, slot);
	Window *window = &candidate->window;

	candidate->fits = DatumGetBool(slot->tts_values[1]);
	if (!TIMESTAMP_IS_NOBEGIN(window->since) && !take_user(arg, slot, 2, &window->before))
		candidate->fits = false;
	if (!take_user(arg, slot, 4, &window->last))
		candidate->fits = false;
	else
		window->next_version =
			TIMESTAMP_IS_NOEND(window->until) ? DT_NOEND : DatumGetTimestampTz(slot->tts_values[6]);
}

/*
 * append_conditions appends the condition for a window to fit: all raw rows of its time are found by the time they give, no row
 * of the key is in the quarantine, and where ids are unique now, no duplicate is left of when they were not.
 */
static void
append_conditions(const Chooser *chooser, StringInfo sql, const char *schema, const char *equals)
{
	appendStringInfo(sql,
					 "NOT EXISTS (SELECT FROM ONLY %s.quarantine AS q WHERE q.session_key %s k.session_key) "
					 "AND NOT EXISTS (SELECT FROM ONLY %s.fact_session AS f WHERE f.session_key %s "
					 "k.session_key AND f.shifted > 0 "
					 "AND (%s(f.ended_at >= k.read_since AND f.started_at <= k.read_until)))",
					 schema, equals, schema, equals,
					 /* a duplicate may be far from its event */
					 chooser->reach > 0 ? "f.duplicates > 0 OR " : "");
	if (chooser->ids_are_new)
		appendStringInfo(sql,
						 " AND NOT EXISTS (SELECT FROM ONLY %s.fact_session AS f WHERE f.session_key %s "
						 "k.session_key AND f.started_at <= k.hi AND f.duplicates > 0 AND f.started_at >= "
						 "coalesce((SELECT max(b.started_at) FROM ONLY %s.fact_session AS b WHERE "
						 "b.session_key %s k.session_key AND b.started_at < k.reached), '-infinity'))",
						 schema, equals, schema, equals);
}

/*
 * check_choices finds out which windows fit, and the users at their ends.
 */
static void
check_choices(Chooser *chooser)
{
	static const char *const times[] = {"since", "until", "read_since", "read_until", "hi", "reached"};
	NamedRows rows = {CHOICES, describe(chooser->pipeline, times, lengthof(times)),
					  tuplestore_begin_heap(true, false, work_mem)};
	const char *schema = quote_identifier(chooser->pipeline->name);
	const char *equals = key_equals_sql(chooser->pipeline->types[SRC_SESSION_KEY]);
	StringInfoData sql;

	for (int i = 0; i < chooser->count; i++)
	{
		const Candidate *candidate = &chooser->candidates[i];
		const Window *window = &candidate->window;
		const TimestampTz chosen[] = {
			window->since,        window->until,
			window->read_since,   window->read_until,
			candidate->dirty->hi, minus(candidate->dirty->lo, chooser->pipeline->dedup_window)};

		if (!TIMESTAMP_IS_NOBEGIN(window->since) || !TIMESTAMP_IS_NOEND(window->until))
			put_row(chooser, &rows, i, chosen);
	}
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT k.n, ");
	append_conditions(chooser, &sql, schema, equals);
	appendStringInfoString(
		&sql, ", b.valid_from, b.user_id, l.valid_from, l.user_id, l.valid_to FROM " CHOICES " AS k");
	for (int last = 0; last < 2; last++)
		appendStringInfo(&sql,
						 " LEFT JOIN LATERAL (SELECT u.valid_from, u.user_id, u.valid_to FROM ONLY "
						 "%s.dim_user AS u WHERE u.session_key %s k.session_key AND u.valid_from < k.%s "
						 "ORDER BY u.valid_from DESC LIMIT 1) AS %s ON true",
						 schema, equals, last ? "until" : "since", last ? "l" : "b");
	run(&rows, sql.data, take_choice, chooser);
}

/*
 * collect makes the windows of those candidates that fit.
 */
static Windows *
collect(const Chooser *chooser)
{
	Windows *windows = palloc0(sizeof(Windows));

	dirty_key_type_init(&windows->type, chooser->pipeline->types[SRC_SESSION_KEY]);
	key_hash_init(&windows->windows, &windows->type, sizeof(Window), CurrentMemoryContext);
	for (int i = 0; i < chooser->count; i++)
	{
		const Candidate *candidate = &chooser->candidates[i];
		Datum key = candidate->dirty->key;
		bool found;

		if (!candidate->fits)
			continue;
		key_hash_reserve(&windows->windows, 1);
		*(Window *) key_hash_payload(key_hash_insert(&windows->windows, key, false,
													 key_hash_of(&windows->windows, key, false), &found)) =
			candidate->window;
	}
	return windows->windows.count > 0 ? windows : NULL;
}

/*
 * windows_choose chooses windows for those of the keys that can have one.
 */
Windows *
windows_choose(const Pipeline *pipeline, const SourceMapping *mapping, const DirtyKey *keys, int64 nkeys)
{
	Chooser chooser = {0};
	bool any = false;

	begin(&chooser, pipeline, mapping);
	if (!windows_are_possible(pipeline, mapping, chooser.reach))
		return NULL;
	list_candidates(&chooser, keys, nkeys);
	if (chooser.count == 0)
		return NULL;
	look_around(&chooser);
	for (int i = 0; i < chooser.count; i++)
		any |= cut(&chooser, &chooser.candidates[i]);
	if (!any)
		return NULL;
	check_choices(&chooser);
	return collect(&chooser);
}

/*
 * window_find returns the window of a key.
 */
Window *
window_find(const Windows *windows, Datum key)
{
	Datum packed = key_type_pack(&windows->type, key);
	KeyEntry *entry =
		key_hash_find(&windows->windows, packed, false, key_hash_of(&windows->windows, packed, false));

	return entry == NULL ? NULL : key_hash_payload(entry);
}

/*
 * window_spoil notes that a raw row of a key belongs to the quarantine.
 */
bool
window_spoil(Windows *windows, Datum key)
{
	Window *window = window_find(windows, key);

	if (window != NULL)
		window->is_spoiled = true;
	return window != NULL;
}
