/*
 * window.h
 *		The part of a session key's history that a refresh reads and derives, instead of all of it.
 *
 * A window begins and ends at starts of stored sessions (the cuts), one before and one after all
 * changes.  What is stored outside the window stays as it is.  This is right if, after the
 * derivation,
 *
 *		the sessions that are stored at the window's begin and end still start there,
 *		no duplicate on one side of a cut belongs to an event on the other side,
 *		the stored version of the user is in effect at the window's end, and
 *		the last value of restart_on_change before the window's end is the stored one.
 *
 * Then fold, duplicates and users on one side of a cut do not depend on the other side.
 *
 * With a seal, a window and all rows that are read for it lie after the seal's horizon, and so far
 * after it that no row in the window can be a copy of a sealed row.  So in a window every raw row
 * counts, none is late, and no sealed row has to be read.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WINDOW_H
#define SESSIONIZE_WINDOW_H

#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "catalog/pipeline.h"
#include "dirty/dirty_key.h"
#include "source/source_mapping.h"
#include "window/window_bounds.h"

/* The windows of some keys. */
typedef struct Windows Windows;

/*
 * How large windows are: WINDOWS_NEAR end at a session start after the change.  WINDOWS_FAR, for
 * keys whose first window has proved too small, end after the next stored version of the user
 * begins, or not at all if there is none or if one event may change all later sessions.
 */
typedef enum WindowEffort
{
	WINDOWS_NEAR,
	WINDOWS_FAR,
	WINDOWS_NONE
} WindowEffort;

/*
 * Choose windows for those keys that can have one, from the star as the active snapshot sees it.
 * The result is in CurrentMemoryContext, and NULL if no key can have a window.  The caller has
 * claimed the keys.
 */
extern Windows *windows_choose(const Pipeline *pipeline, const SourceMapping *mapping,
							   const DirtyKey *keys, int64 nkeys, WindowEffort effort);

/* The window of a session key, NULL if it has none.  The key need not be packed (key_type.h). */
extern Window *window_find(const Windows *windows, Datum key);

/*
 * Note that a raw row in a key's window belongs to the quarantine; false if the key has no window.
 */
extern bool window_spoil(Windows *windows, Datum key);

#endif /* SESSIONIZE_WINDOW_H */
