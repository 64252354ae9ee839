/*
 * window_check.c
 *		Whether windows can be right, as far as the star and the raw table's index tell.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "catalog/star_relation.h"
#include "compat.h"
#include "dirty/dirty_key.h"
#include "spi/key_relation.h"
#include "window/duplicate_probe.h"
#include "window/ranged_keys.h"
#include "window/window_check.h"
#include "window/window_choice.h"

/* The name of the relation of windows in the queries here. */
#define CHOICES "chosen_windows"

/*
 * take_user reads a version of the user from two columns of a row; false if there is none.
 */
static bool
take_user(Chooser *chooser, TupleTableSlot *slot, int column, WindowUser *user)
{
	if (slot->tts_isnull[column])
		return false;
	user->valid_from = DatumGetTimestampTz(slot->tts_values[column]);
	user->user_id = (TextView){NULL, 0};
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
 * take_choice takes a row of window_check's query into its candidate.
 */
static void
take_choice(void *arg, TupleTableSlot *slot)
{
	Candidate *candidate = candidate_of(arg, slot);
	Window *window = &candidate->window;

	candidate->fits = DatumGetBool(slot->tts_values[1]);
	candidate->is_crossed = candidate->is_near && DatumGetBool(slot->tts_values[2]);
	if (!TIMESTAMP_IS_NOBEGIN(window->since) && !take_user(arg, slot, 3, &window->before))
		candidate->fits = false;
	if (!take_user(arg, slot, 5, &window->last))
		candidate->fits = false;
	else
		window->next_version =
			TIMESTAMP_IS_NOEND(window->until) ? DT_NOEND : DatumGetTimestampTz(slot->tts_values[7]);
}

/*
 * append_conditions appends two columns to a query's select list.  The first is true if the key has
 * no row in the quarantine but such as violate a contract and are found by their time, and no
 * session with shifted rows in the range in which raw rows must be found by the time they give.  The
 * second is true if stored duplicates lie on both sides of a cut.
 */
static void
append_conditions(StringInfo sql, const Pipeline *pipeline, const char *equals)
{
	appendStringInfoString(
		sql,
		star_sql(
			pipeline,
			"NOT EXISTS (SELECT FROM ONLY @quarantine AS q WHERE q.session_key %s k.session_key "
			"AND q.event_time IS NULL) "
			"AND NOT EXISTS (SELECT FROM ONLY @fact_session AS f WHERE f.session_key %s "
			"k.session_key AND f.shifted > 0 AND greatest(f.ended_at, f.copies_until) >= "
			"k.found_since "
			"AND f.started_at <= k.found_until)",
			equals, equals));
	appendStringInfoString(
		sql,
		star_sql(
			pipeline,
			", EXISTS (SELECT FROM ONLY @fact_session AS f WHERE f.session_key %s k.session_key "
			"AND f.copies_until > '-infinity' "
			"AND ((f.started_at < k.since AND f.copies_until >= k.since) "
			"OR (f.started_at < k.until AND f.copies_until >= k.until)))",
			equals));
}

/*
 * add_choice adds a candidate's window, if it is open and has a cut, to the rows (since, until,
 * found_since, found_until).  In the range of the last two, raw rows must be found by the time they
 * give.
 */
static void
add_choice(const Chooser *chooser, RangedKeys *rows, int n)
{
	const Candidate *candidate = &chooser->candidates[n];
	const Window *window = &candidate->window;
	uint64 probed = candidate->is_near && !chooser->ids_are_unique ? chooser->reach : 0;
	const TimestampTz times[] = {window->since, window->until,
								 Min(window->read_since, minus(candidate->dirty->lo, probed)),
								 Max(window->read_until, plus(candidate->dirty->hi, probed))};

	if (candidate->is_open &&
		(!TIMESTAMP_IS_NOBEGIN(window->since) || !TIMESTAMP_IS_NOEND(window->until)))
		ranged_keys_add(rows, n, candidate->dirty->key, times);
}

/*
 * window_check finds out which windows fit, and which versions of the user are in effect at their
 * cuts.
 */
void
window_check(Chooser *chooser)
{
	static const char *const times[] = {"since", "until", "found_since", "found_until"};
	RangedKeys *rows = ranged_keys_create(chooser->pipeline->types[SRC_SESSION_KEY], CHOICES, times,
										  lengthof(times));
	const char *equals = key_equals_sql(chooser->pipeline->types[SRC_SESSION_KEY]);
	StringInfoData sql;

	for (int i = 0; i < chooser->count; i++)
		add_choice(chooser, rows, i);
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT k.n, ");
	append_conditions(&sql, chooser->pipeline, equals);
	appendStringInfoString(
		&sql,
		", b.valid_from, b.user_id, l.valid_from, l.user_id, l.valid_to FROM " CHOICES " AS k");
	for (int last = 0; last < 2; last++)
		appendStringInfoString(
			&sql,
			star_sql(chooser->pipeline,
					 " LEFT JOIN LATERAL (SELECT u.valid_from, u.user_id, u.valid_to FROM ONLY "
					 "@dim_user AS u WHERE u.session_key %s k.session_key AND u.valid_from < k.%s "
					 "ORDER BY u.valid_from DESC LIMIT 1) AS %s ON true",
					 equals, last ? "until" : "since", last ? "l" : "b"));
	ranged_keys_query(rows, sql.data, take_choice, chooser);
}

/*
 * probe looks in the raw table's index for copies that cross the cuts of near windows.
 */
static void
probe(Chooser *chooser)
{
	DuplicateProbe *probes = palloc0_array(DuplicateProbe, chooser->count);
	int *owners = palloc_array(int, chooser->count);
	int count = 0;

	for (int i = 0; i < chooser->count; i++)
	{
		const Candidate *candidate = &chooser->candidates[i];
		const DirtyKey *dirty = candidate->dirty;

		if (!candidate->is_open || !candidate->is_near || candidate->is_crossed || !candidate->fits)
			continue;
		probes[count] = (DuplicateProbe){.key = dirty->key,
										 .lo = dirty->lo,
										 .hi = dirty->hi,
										 .since = candidate->window.since,
										 .until = candidate->window.until,
										 .reach_since = minus(dirty->lo, chooser->reach),
										 .reach_until = plus(plus(dirty->hi, chooser->reach), 1)};
		owners[count++] = i;
	}
	if (count > 0)
		duplicate_probe_run(chooser->pipeline, chooser->mapping, probes, count);
	for (int i = 0; i < count; i++)
	{
		chooser->candidates[owners[i]].is_crossed = probes[i].found;
		chooser->candidates[owners[i]].window.entries += probes[i].entries;
	}
}

/*
 * window_settle keeps the near windows that no duplicates cross, and tells whether others are left
 * open.
 */
bool
window_settle(Chooser *chooser)
{
	bool any = false;

	if (chooser->may_be_near && !chooser->ids_are_unique)
		probe(chooser);
	for (int i = 0; i < chooser->count; i++)
	{
		Candidate *candidate = &chooser->candidates[i];

		candidate->is_open =
			candidate->fits && candidate->is_crossed && chooser->reach != SZ_NO_LIMIT;
		candidate->fits &= !candidate->is_crossed;
		candidate->is_near = candidate->is_crossed = false;
		any |= candidate->is_open;
	}
	return any;
}
