/*
 * group_commit.h
 *		The thread that has requests kept: all that wait go to the sink together, by one sync of a
 *		disk or one exchange with a broker.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_GROUP_COMMIT_H
#define INGEST_GROUP_COMMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "sink.h"

typedef struct GroupCommit GroupCommit;

/* A request that waits to be kept; part of whoever submits it. */
typedef struct Waiting
{
	struct Waiting *next;
	void *frame;
	size_t length;
	SinkStatus status;                  /* the outcome, when done is called */
	void (*done)(struct Waiting *this); /* called by the writing thread */
} Waiting;

/* Begin to write to a sink, which stays the caller's. */
extern GroupCommit *group_commit_start(Sink *sink);

/* Hand over a request.  False, and nothing is done with it, once group_commit_stop() was called. */
extern bool group_commit_submit(GroupCommit *group, Waiting *waiting);

/* Write what waits, and end the thread. */
extern void group_commit_stop(GroupCommit *group);

#endif /* INGEST_GROUP_COMMIT_H */
