/*
 * fuse.h
 *		The fuse: a burst of changes of existing raw rows holds the pipeline, before the star
 *		changes, until somebody decides what is to become of it.
 *
 * docs/design/fuse.md says what a burst is, and why nothing of one is applied before it is seen.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUSE_H
#define SESSIONIZE_FUSE_H

#include "catalog/pipeline.h"
#include "utils/array.h"

typedef enum FuseState
{
	FUSE_WHOLE,
	FUSE_BLOWS, /* the notes are a burst, and the pipeline is to be held */
	FUSE_HELD
} FuseState;

/*
 * What the active snapshot says.  Whoever writes the star calls it in the snapshot in which it
 * takes changes out of the dirty log and again, in a new one, when it has read the raw rows.  Costs
 * a look into an index where nobody has changed existing rows.  *untidy: fuse_tidy has something to
 * do.
 */
extern FuseState fuse_look(const Pipeline *pipeline, bool *untidy);

/*
 * Hold the pipeline, if there still is a burst.  Returns whether it is held.  Waits for a session
 * that is releasing it, so the caller holds no lane and no lock that a refresh waits for.
 */
extern bool fuse_hold(const Pipeline *pipeline);

/* How the pipeline was released. */
typedef enum FuseDecision
{
	FUSE_APPLY,
	FUSE_SKIP,
	FUSE_REBUILD
} FuseDecision;

/*
 * Release the pipeline, if it is held, and forget the notes with these ids (bigint[]), NULL: all.
 * Returns how many rows had changed; -1 if it was not held.  The caller holds the fuse's lock
 * (lock.h).
 */
extern int64 fuse_release(const Pipeline *pipeline, FuseDecision decision, ArrayType *ids);

/*
 * Forget the notes with these ids (bigint[]), NULL: all, but not how many rows they had.  The caller
 * holds the fuse's lock.
 */
extern void fuse_forget(const Pipeline *pipeline, ArrayType *ids);

/* The ids of the pipeline's notes, as the active snapshot has them; NULL if there are none. */
extern ArrayType *fuse_notes(const Pipeline *pipeline);

/*
 * Forget, or merge, notes.  The active snapshot is the one in which fuse_look has found the fuse
 * whole, so that no note is forgotten that was not looked at.  The caller holds the fuse's lock.
 */
extern void fuse_tidy(const Pipeline *pipeline);

/* Report, as an error, that work can't be done while the pipeline is held or is to be. */
extern void fuse_check_whole(const Pipeline *pipeline, const char *what);

/* What has changed, and what to type: for messages. */
extern char *fuse_detail(const Pipeline *pipeline);
extern char *fuse_hint(const char *pipeline);

#endif /* SESSIONIZE_FUSE_H */
