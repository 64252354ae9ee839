/*
 * rebuild_need.h
 *		What has happened to a pipeline that the dirty log does not tell, so that only a rebuild makes the star
 *		right.
 *
 * Every note is a row of sessionize.rebuild_need, written as the extension.  A rebuild deletes the notes that its
 * snapshot has seen; those that came later stay.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_NEED_H
#define SESSIONIZE_REBUILD_NEED_H

#include "postgres.h"

typedef enum RebuildNeed
{
	NEED_ROWS_ADDED,   /* rows came without a row trigger: a partition was attached */
	NEED_ROWS_REMOVED, /* rows went without one: a partition was detached, dropped or truncated */
	NEED_NOT_CAPTURED  /* changes may have been missed */
} RebuildNeed;

/* Note that a pipeline needs a rebuild, and what for. */
extern void rebuild_need_note(int32 pipeline, RebuildNeed need, const char *detail);

/* Note that changes could not be logged; not more than once until a rebuild. */
extern void rebuild_need_note_lost_log(int32 pipeline);

#endif /* SESSIONIZE_REBUILD_NEED_H */
