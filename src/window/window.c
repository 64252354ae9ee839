/*
 * window.c
 *		Choosing the part of a session key's history that a refresh reads and derives.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/definition.h"
#include "catalog/pipeline.h"
#include "dirty/dirty_key.h"
#include "source/source_mapping.h"
#include "utils/key_hash.h"
#include "window/duplicate_probe.h"
#include "window/raw_index.h"
#include "window/unique_id.h"
#include "window/window.h"
#include "window/window_check.h"
#include "window/window_choice.h"
#include "window/window_cut.h"

/*
 * How many stored sessions before a change, and after it, are searched for a cut.  With max_events
 * more are searched, since full sessions may follow each other without a gap.
 */
#define LOOK_AT      4
#define LOOK_FARTHER 16

struct Windows
{
	KeyType type;
	KeyHash windows;
};

/*
 * can_read_by_time tells whether raw rows can be read by a range of time: the time is a column of
 * the raw table, or an index proves that its expression fails on no row.
 */
static bool
can_read_by_time(const Chooser *chooser)
{
	SourceColumn time = source_time_column(chooser->mapping);

	return source_plain_column(chooser->mapping, time) != 0 ||
		   raw_index_has_time(chooser->pipeline, chooser->mapping);
}

/*
 * begin_choosing finds out how far apart duplicates may be, and tells whether keys of the pipeline
 * can have windows at all.
 */
static bool
begin_choosing(Chooser *chooser, const Pipeline *pipeline, const SourceMapping *mapping)
{
	chooser->pipeline = pipeline;
	chooser->mapping = mapping;
	chooser->context = CurrentMemoryContext;
	if (pipeline->sealed_beyond || definition_looks_back(pipeline->definition) ||
		!can_read_by_time(chooser))
		return false;
	chooser->reach = mapping->is_mapped[SRC_EVENT_ID] ? pipeline->dedup_window : 0;
	if (chooser->reach > 0)
	{
		chooser->ids_are_unique = event_id_is_unique(pipeline, mapping);
		chooser->may_be_near =
			chooser->ids_are_unique || duplicate_probe_is_possible(pipeline, mapping);
	}
	chooser->look_at = pipeline->rules.max_events == SZ_NO_LIMIT ? LOOK_AT : LOOK_FARTHER;
	return chooser->reach != SZ_NO_LIMIT || chooser->may_be_near;
}

/*
 * list_candidates lists the keys with a finite range of changes that begins late enough after the
 * seal's horizon.
 */
static void
list_candidates(Chooser *chooser, const DirtyKey *keys, int64 nkeys)
{
	Stored *lists =
		palloc_extended(Max(nkeys, 1) * 2 * chooser->look_at * sizeof(Stored), MCXT_ALLOC_HUGE);

	chooser->candidates = palloc_extended(Max(nkeys, 1) * sizeof(Candidate), MCXT_ALLOC_HUGE);
	for (int64 i = 0; i < nkeys; i++)
	{
		Candidate *candidate = &chooser->candidates[chooser->count];

		if (keys[i].isnull || TIMESTAMP_NOT_FINITE(keys[i].lo) ||
			TIMESTAMP_NOT_FINITE(keys[i].hi) || !is_clear_of_seal(chooser, keys[i].lo))
			continue;
		memset(candidate, 0, sizeof(Candidate));
		candidate->dirty = &keys[i];
		candidate->until = keys[i].hi;
		candidate->is_open = true;
		candidate->before = &lists[(Size) chooser->count * 2 * chooser->look_at];
		candidate->after = candidate->before + chooser->look_at;
		chooser->count++;
	}
}

/*
 * choose_windows chooses windows: next to the changes where possible, else as far away as
 * duplicates reach.
 */
static void
choose_windows(Chooser *chooser)
{
	if (chooser->reach == 0 || chooser->may_be_near)
	{
		window_cut_near(chooser);
		window_check(chooser);
		if (!window_settle(chooser))
			return;
	}
	window_cut_far(chooser);
	window_check(chooser);
}

/*
 * collect_windows returns the windows of the candidates that fit, NULL if none does.
 */
static Windows *
collect_windows(const Chooser *chooser)
{
	Windows *windows = palloc0(sizeof(Windows));

	key_type_init_id(&windows->type, chooser->pipeline->types[SRC_SESSION_KEY]);
	key_hash_init(&windows->windows, &windows->type, sizeof(Window), CurrentMemoryContext);
	for (int i = 0; i < chooser->count; i++)
	{
		const Candidate *candidate = &chooser->candidates[i];
		Window *window;
		bool found;

		if (!candidate->fits)
			continue;
		window = key_hash_add(&windows->windows, candidate->dirty->key, false, &found);
		*window = candidate->window;
	}
	return windows->windows.count > 0 ? windows : NULL;
}

/*
 * windows_choose chooses windows for those keys that can have one.
 */
Windows *
windows_choose(const Pipeline *pipeline, const SourceMapping *mapping, const DirtyKey *keys,
			   int64 nkeys, WindowEffort effort)
{
	Chooser chooser = {0};

	if (effort == WINDOWS_NONE || !begin_choosing(&chooser, pipeline, mapping))
		return NULL;
	list_candidates(&chooser, keys, nkeys);
	if (chooser.count == 0)
		return NULL;
	if (effort == WINDOWS_FAR)
		window_put_off(&chooser);
	choose_windows(&chooser);
	return collect_windows(&chooser);
}

/*
 * window_find returns the window of a key.
 */
Window *
window_find(const Windows *windows, Datum key)
{
	return key_hash_lookup(&windows->windows, key_type_pack(&windows->type, key));
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
