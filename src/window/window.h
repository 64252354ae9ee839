/*
 * window.h
 *		The part of a key's history that a refresh reads and derives, instead of all of it.
 *
 * A window is cut out where sessions start that are stored, before and after everything that has changed.  What is stored
 * outside of it stays as it is, which is right if the window holds:
 *
 *		the sessions that are stored at its begin and at its end start there still,
 *		no duplicate on one side of a cut belongs to an event on the other, and
 *		at its end the same version of the user is in effect as is stored.
 *
 * Then fold, duplicates and user of what comes after do not depend on what is in it, nor the other way round.
 *
 * Where there is a seal, a window and what is read for it lie beyond its horizon, and so far beyond that nothing in it can be a copy
 * of a sealed row.  So in a window every raw row counts, none is late, and no sealed row is wanted.
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
 * How far windows reach: to a session after the change, or, where such a window has turned out not to hold, beyond the next stored
 * version of the user, to the end where there is none.
 */
typedef enum WindowEffort
{
	WINDOWS_NEAR,
	WINDOWS_FAR,
	WINDOWS_NONE
} WindowEffort;

/*
 * Choose windows for those of the keys that can have one, by what is stored in the active snapshot; in CurrentMemoryContext,
 * NULL where none can.  The caller has claimed the keys.
 */
extern Windows *windows_choose(const Pipeline *pipeline, const SourceMapping *mapping, const DirtyKey *keys,
							   int64 nkeys, WindowEffort effort);

/* The window of a key in any form, NULL where it has none. */
extern Window *window_find(const Windows *windows, Datum key);

/* Note that a raw row of a key belongs to the quarantine; false where the key has no window. */
extern bool window_spoil(Windows *windows, Datum key);

#endif /* SESSIONIZE_WINDOW_H */
