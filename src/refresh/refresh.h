/*
 * refresh.h
 *		Brings the star up to date: the keys in the dirty log are derived anew.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REFRESH_H
#define SESSIONIZE_REFRESH_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef struct RefreshResult
{
	bool busy;                  /* being rebuilt, altered or dropped: the pass ended early */
	bool rebuilt;               /* the star was not built, and a rebuild, or a piece, was done */
	int64 batches;              /* transactions that wrote something */
	int64 keys;                 /* session keys derived anew */
	int64 failed_keys;          /* those of the keys that failed */
	bool unfinished;            /* the deadline came, or leave() was true, before all was done */
	bool large_left;            /* large keys (large_keys.h) are dirty and were left alone */
	bool rebuild_left;          /* the star needs a rebuild, which limits.leave_rebuild has left */
	bool held;                  /* by the fuse: the pass ended early (run/fuse.h) */
	bool unbuilt;               /* the star is being rebuilt, or needs to be */
	TimestampTz refreshed_from; /* when the oldest claimed row was logged; DT_NOEND: none */
} RefreshResult;

/* How long a pass goes on, and how much it does at a time. */
typedef struct RefreshLimits
{
	TimestampTz deadline; /* no new transaction begins after it; DT_NOEND: no deadline */
	bool (*leave)(void);  /* tells whether to begin no new transaction; NULL: never */
	int stuck;            /* passes in a row cancelled for lack of progress (pass_limit.h) */
	bool leave_rebuild;   /* leave a rebuild to the caller if refreshes could go on during it */
} RefreshLimits;

/*
 * Refresh the keys that are dirty now, except large keys.  For a background worker that is
 * connected to its database and in no transaction: the function starts and commits as many
 * transactions as it needs.  The current user must have the privileges of the pipeline's owner.
 * After an error the caller must abort the open transaction.
 */
extern RefreshResult refresh_pass(const char *name, RefreshLimits limits);

/*
 * Refresh each large key that is dirty now, once, in a transaction of its own.  Called like
 * refresh_pass.
 */
extern RefreshResult refresh_large_keys(const char *name);

/*
 * Make the partitions of the raw table for the next days or months that are missing, if it is a
 * table of create_events_table.  Called like refresh_pass.  No error if that can't be done now.
 */
extern void refresh_make_partitions(const char *name);

/*
 * Rebuild the star if it needs that and no other session does it.  Called like refresh_pass.  begun
 * is called when refreshes can go on.
 */
extern void rebuild_outdated(const char *name, void (*begun)(void));

#endif /* SESSIONIZE_REFRESH_H */
