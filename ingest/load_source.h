/*
 * load_source.h
 *		Where a loader takes requests from: a spool, or a Redis stream.
 *
 * A position is a text, and the loader knows nothing of it but whether two are equal.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_LOAD_SOURCE_H
#define INGEST_LOAD_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_POSITION_SIZE 64
#define LOAD_REASON_SIZE   512
#define LOAD_ERROR_SIZE    2048

/* Requests that come one after the other. */
typedef struct LoadBatch
{
	char next[LOAD_POSITION_SIZE]; /* where the requests after them begin */
	const unsigned char *bytes;    /* whole frames; valid until the source's next call */
	size_t length;
	size_t frames;
	/* what was lost, empty if nothing was; and where the requests after it begin, if there are any */
	char gap[LOAD_REASON_SIZE];
	char gap_to[LOAD_POSITION_SIZE];
} LoadBatch;

typedef enum SourceState
{
	SOURCE_BATCH,   /* there is a batch */
	SOURCE_NOTHING, /* there is nothing yet */
	SOURCE_ERROR    /* the source's error says why; another call tries again */
} SourceState;

typedef struct LoadSource LoadSource;

/* What a kind of source does. */
typedef struct LoadSourceKind
{
	/* Begin to read at a position, again or for the first time; empty: at the beginning. */
	bool (*open)(LoadSource *source, const char *position);

	/* Read requests of about max_bytes at most, but at least one. */
	SourceState (*next)(LoadSource *source, LoadBatch *batch, size_t max_bytes);

	/* Wait until there may be something new, or the time is over. */
	void (*wait)(LoadSource *source, int milliseconds);

	/* All before the position is in the database, durably. */
	void (*loaded)(LoadSource *source, const char *position);

	/* Bytes or requests that are there and not loaded, as far as that is known; -1 if not. */
	bool counts_bytes;
	int64_t (*backlog)(LoadSource *source, const char *position);

	void (*close)(LoadSource *source);
} LoadSourceKind;

/* What all sources have. */
struct LoadSource
{
	const LoadSourceKind *kind;
	char name[128];      /* the source's name in the database */
	char partition[256]; /* and that of the partition */
	char error[LOAD_ERROR_SIZE];
};

/* A spool's requests.  keep: segments that were loaded are not removed. */
extern LoadSource *
spool_source_create(const char *directory, const char *name, const char *partition, bool keep);

extern void load_source_free(LoadSource *source);

#endif /* INGEST_LOAD_SOURCE_H */
