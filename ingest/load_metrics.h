/*
 * load_metrics.h
 *		What all loaders of the program have done, and how far they are, on the page of metrics.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_LOAD_METRICS_H
#define INGEST_LOAD_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "load_source.h"
#include "text.h"

/* Why a loader does not load. */
typedef enum LoadWait
{
	LOAD_WAITS_NOT,        /* it loads, or has loaded all that there is */
	LOAD_WAITS_CONNECTION, /* there is no connection to the database */
	LOAD_WAITS_BUSY,       /* the database could not take a batch: a lock, no room, a shutdown */
	LOAD_WAITS_REFUSED,    /* the database refuses batches: a table or a privilege is missing */
	LOAD_WAITS_MOVED,      /* somebody has moved the position */
	LOAD_WAITS_SOURCE,     /* the source can't be read */
	LOAD_WAITS_FENCED      /* another loader has taken over, and this one has ended */
} LoadWait;

#define LOAD_WAITS_COUNT (LOAD_WAITS_FENCED + 1)

/* What a loader has done; it writes them, and any thread may read them. */
typedef struct LoadCounters
{
	struct LoadCounters *next; /* in the list of all */
	const LoadSource *source;
	atomic_uint_fast64_t batches;
	atomic_uint_fast64_t requests;
	atomic_uint_fast64_t rows;
	atomic_uint_fast64_t rejected;
	atomic_uint_fast64_t gaps;
	atomic_uint_fast64_t errors;
	atomic_uint_fast64_t position; /* up to which all is committed, as far as a number tells */
	atomic_uint_fast64_t pending;  /* batches that the database has not answered */
	atomic_int_fast64_t backlog;   /* what the source has that is not loaded; -1: not known */
	atomic_int_fast64_t loaded_at; /* microseconds since 1970, of the last commit; 0: none yet */
	atomic_int wait;               /* a LoadWait */
	atomic_bool connected;
} LoadCounters;

/* Show a loader's counters on the page from now on, and no longer. */
extern void load_metrics_add(LoadCounters *counters, const LoadSource *source);
extern void load_metrics_remove(LoadCounters *counters);

/* Add the loaders to a page. */
extern void load_metrics_write(Text *page, bool openmetrics);

#endif /* INGEST_LOAD_METRICS_H */
