/*
 * refresh.h
 *		The star follows the raw rows: what the dirty log says has changed is derived anew.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REFRESH_H
#define SESSIONIZE_REFRESH_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef struct RefreshResult
{
	bool busy;                  /* the pipeline is being rebuilt, altered or dropped: nothing more was done */
	bool rebuilt;               /* it had never been built, and is now */
	int64 batches;              /* transactions that wrote something */
	int64 keys;                 /* session keys derived anew */
	int64 failed_keys;          /* those of them that failed */
	bool unfinished;            /* its time was over before everything was done */
	bool large_left;            /* large keys (large_keys.h) are dirty: nothing was done for them */
	TimestampTz refreshed_from; /* when the oldest dirty row that was taken was logged; DT_NOEND: none */
} RefreshResult;

/* How long a pass goes on, and how much it does at a time. */
typedef struct RefreshLimits
{
	TimestampTz deadline; /* begin no new batch after it; DT_NOEND: none */
	bool (*leave)(void);  /* whether to begin none now; NULL: no matter */
	int stuck; /* so many passes before, in a row, were cancelled for lack of progress (pass_limit.h) */
} RefreshLimits;

/*
 * Do what is dirty now.  For a background worker, which has a connection to its database and is in no
 * transaction: it starts and commits as many as it needs.  The current user must have the privileges of the
 * pipeline's owner.  After an error the caller aborts the transaction that is open, as its recovery point does
 * anyway.
 */
extern RefreshResult refresh_pass(const char *name, RefreshLimits limits);

/* The same for the large keys, which refresh_pass leaves alone: each of them that is dirty once, in a transaction of its own. */
extern RefreshResult refresh_large_keys(const char *name);

#endif /* SESSIONIZE_REFRESH_H */
