/*
 * window_cut.c
 *		Where windows are cut: at starts of stored sessions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "catalog/star_relation.h"
#include "spi/key_relation.h"
#include "utils/session_cause.h"
#include "window/ranged_keys.h"
#include "window/window_choice.h"
#include "window/window_cut.h"

/* The name of the relation of ranges in the queries here. */
#define RANGES "changed_ranges"

/*
 * take_session inserts a stored session into its candidate's list, which is ordered by the distance
 * from the change.
 */
static void
take_session(void *arg, TupleTableSlot *slot)
{
	const Chooser *chooser = arg;
	Candidate *candidate = candidate_of(arg, slot);
	bool is_after = DatumGetBool(slot->tts_values[1]);
	Stored *list = is_after ? candidate->after : candidate->before;
	int *count = is_after ? &candidate->nafter : &candidate->nbefore;
	Stored session;
	int i;

	if (*count >= chooser->look_at)
		elog(ERROR, "more sessions than asked for");
	session.started_at = DatumGetTimestampTz(slot->tts_values[2]);
	session.ended_at = DatumGetTimestampTz(slot->tts_values[3]);
	session.id = *DatumGetUUIDP(slot->tts_values[4]);
	session.seen_before = value_digest_of_bytea(slot->tts_values[5]);
	session.cause =
		slot->tts_isnull[6] ? SZ_FIRST_EVENT : session_cause_of_text(slot->tts_values[6]);
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
 * look_around lists the stored sessions of the open candidates that start before, or after, the
 * change and are at least this far (in microseconds) from it.
 */
static void
look_around(Chooser *chooser, uint64 distance)
{
	static const char *const times[] = {"lo", "hi"};
	RangedKeys *rows = ranged_keys_create(chooser->pipeline->types[SRC_SESSION_KEY], RANGES, times,
										  lengthof(times));
	const char *sessions = star_relation(chooser->pipeline, STAR_FACT_SESSION);
	const char *equals = key_equals_sql(chooser->pipeline->types[SRC_SESSION_KEY]);
	StringInfoData sql;

	for (int i = 0; i < chooser->count; i++)
	{
		Candidate *candidate = &chooser->candidates[i];
		const TimestampTz range[] = {minus(candidate->dirty->lo, distance),
									 plus(candidate->until, distance)};

		if (!candidate->is_open)
			continue;
		candidate->nbefore = candidate->nafter = 0;
		ranged_keys_add(rows, i, candidate->dirty->key, range);
	}
	initStringInfo(&sql);
	for (int after = 0; after < 2; after++)
		appendStringInfo(
			&sql,
			"%sSELECT k.n, %s, s.* FROM " RANGES " AS k, LATERAL "
			"(SELECT f.started_at, f.ended_at, f.session_id, f.seen_before, f.started_by "
			"FROM ONLY %s AS f WHERE f.session_key %s k.session_key AND f.started_at %s "
			"ORDER BY f.started_at %s LIMIT %d) AS s",
			after ? " UNION ALL " : "", after ? "true" : "false", sessions, equals,
			after ? "> k.hi" : "< k.lo", after ? "" : "DESC", chooser->look_at);
	ranged_keys_query(rows, sql.data, take_session, chooser);
}

/*
 * starts_alone tells whether no other session in a list starts at the time of session number i, as
 * far as the list shows.
 */
static bool
starts_alone(const Chooser *chooser, const Stored *list, int count, int i)
{
	/* the list is full, so the session after its last is not known */
	if (i + 1 == chooser->look_at)
		return false;
	return (i == 0 || list[i - 1].started_at != list[i].started_at) &&
		   (i + 1 == count || list[i + 1].started_at != list[i].started_at);
}

/*
 * are_apart tells whether two neighbours in a list start alone and do not overlap.
 */
static bool
are_apart(const Chooser *chooser, const Stored *list, int count, int earlier, int later)
{
	return starts_alone(chooser, list, count, earlier) &&
		   starts_alone(chooser, list, count, later) &&
		   list[earlier].ended_at < list[later].started_at;
}

/*
 * is_known tells whether a session has the name of a rule, as each one but a key's first must have.
 */
static bool
is_known(SzCause cause)
{
	return cause != SZ_CAUSES && cause != SZ_FIRST_EVENT;
}

/*
 * cut_before begins the window at the latest session that starts more than this distance before the
 * change and that does not overlap the session before it.  A cut at the key's first session would
 * exclude nothing, so there the window has no begin.
 */
static void
cut_before(const Chooser *chooser, Candidate *candidate, uint64 distance)
{
	const Stored *list = candidate->before;
	TimestampTz limit = minus(candidate->dirty->lo, distance);

	candidate->window.since = DT_NOBEGIN;
	for (int i = 0; i + 1 < candidate->nbefore; i++)
	{
		if (list[i].started_at < limit && is_known(list[i].cause) &&
			are_apart(chooser, list, candidate->nbefore, i + 1, i))
		{
			candidate->window.since = list[i].started_at;
			candidate->window.first_session = list[i].id;
			candidate->window.seen_first = list[i].seen_before;
			candidate->window.first_cause = list[i].cause;
			break;
		}
	}
}

/*
 * is_good_end tells whether session number i is as good an end as any.  With max_events, one more
 * event may move the starts of all sessions up to the next gap, so only a start after a gap is.
 */
static bool
is_good_end(const Chooser *chooser, const Stored *list, int i)
{
	const SzRules *rules = &chooser->pipeline->rules;

	return rules->max_events == SZ_NO_LIMIT ||
		   sz_elapsed(list[i - 1].ended_at, list[i].started_at) > rules->gap;
}

/*
 * cut_after ends the window at a session that starts more than this distance after the change and
 * that does not overlap the session before it.  The first session after the change is passed over,
 * since a late event often becomes part of it.
 */
static void
cut_after(const Chooser *chooser, Candidate *candidate, uint64 distance)
{
	const Stored *list = candidate->after;
	TimestampTz limit = plus(candidate->until, distance);

	candidate->window.until = DT_NOEND;
	for (int i = 1; i < candidate->nafter && !TIMESTAMP_IS_NOEND(candidate->until); i++)
	{
		bool is_first = TIMESTAMP_IS_NOEND(candidate->window.until);

		if (list[i - 1].started_at <= limit ||
			!are_apart(chooser, list, candidate->nafter, i - 1, i) ||
			!(is_first || is_good_end(chooser, list, i)))
			continue;
		candidate->window.until = list[i].started_at;
		candidate->window.next_session = list[i].id;
		candidate->window.seen_next = list[i].seen_before;
		candidate->window.next_cause = list[i].cause;
		if (is_good_end(chooser, list, i))
			break;
	}
}

/*
 * cut_around makes both cuts, this far from the change; none if the first would be too near to the
 * seal's horizon.
 */
static void
cut_around(const Chooser *chooser, Candidate *candidate, uint64 distance)
{
	Window *window = &candidate->window;

	cut_before(chooser, candidate, distance);
	cut_after(chooser, candidate, distance);
	if (!is_clear_of_seal(chooser, window->since))
	{
		window->since = DT_NOBEGIN;
		window->until = DT_NOEND;
	}
	window->read_since = minus(window->since, distance);
	window->read_until = plus(window->until, distance);
}

/*
 * window_cut_near cuts the windows that are open next to the changes.
 */
void
window_cut_near(Chooser *chooser)
{
	look_around(chooser, 0);
	for (int i = 0; i < chooser->count; i++)
	{
		cut_around(chooser, &chooser->candidates[i], 0);
		chooser->candidates[i].is_near = chooser->reach > 0;
	}
}

/*
 * window_cut_far cuts the windows that are open as far from the changes as duplicates reach.
 */
void
window_cut_far(Chooser *chooser)
{
	look_around(chooser, chooser->reach);
	for (int i = 0; i < chooser->count; i++)
		if (chooser->candidates[i].is_open)
			cut_around(chooser, &chooser->candidates[i], chooser->reach);
}

/*
 * take_version notes the begin of the version after which a candidate's window must end.
 */
static void
take_version(void *arg, TupleTableSlot *slot)
{
	candidate_of(arg, slot)->until = DatumGetTimestampTz(slot->tts_values[1]);
}

/*
 * may_change_all tells whether one event may change all later sessions: with max_events it may move
 * all their starts, and the value of restart_on_change that it has may be the last one that later
 * events are compared with.
 */
static bool
may_change_all(const Chooser *chooser)
{
	return chooser->pipeline->rules.max_events != SZ_NO_LIMIT ||
		   chooser->mapping->is_mapped[SRC_CHANGE];
}

/*
 * window_put_off extends each window that would end near the change past the begin of the user's
 * next version.  If there is none, or if one event may change all later sessions, the window gets
 * no end.  A candidate whose window has no end already is closed.
 */
void
window_put_off(Chooser *chooser)
{
	static const char *const times[] = {"until"};
	RangedKeys *rows = ranged_keys_create(chooser->pipeline->types[SRC_SESSION_KEY], RANGES, times,
										  lengthof(times));
	const char *equals = key_equals_sql(chooser->pipeline->types[SRC_SESSION_KEY]);

	look_around(chooser, 0);
	for (int i = 0; i < chooser->count; i++)
	{
		Candidate *candidate = &chooser->candidates[i];

		cut_after(chooser, candidate, 0);
		candidate->is_open = !TIMESTAMP_IS_NOEND(candidate->window.until);
		candidate->until = DT_NOEND;
		if (candidate->is_open && !may_change_all(chooser))
			ranged_keys_add(rows, i, candidate->dirty->key, &candidate->window.until);
	}
	ranged_keys_query(rows,
					  star_sql(chooser->pipeline,
							   "SELECT k.n, u.valid_from FROM " RANGES
							   " AS k, LATERAL (SELECT u.valid_from "
							   "FROM ONLY @dim_user AS u WHERE u.session_key %s k.session_key AND "
							   "u.valid_from > k.until ORDER BY u.valid_from LIMIT 1) AS u",
							   equals),
					  take_version, chooser);
}
