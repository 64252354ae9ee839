/*
 * loader.h
 *		A loader: a thread that takes requests from one source into the events table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_LOADER_H
#define INGEST_LOADER_H

#include <stdbool.h>
#include <stddef.h>

#include "load_source.h"

typedef struct Loader Loader;

typedef struct LoaderSettings
{
	const char *database; /* a connection string */
	const char *events;   /* the table */
	size_t batch_bytes;
	int depth;      /* batches on their way at a time */
	bool until_end; /* end when all is loaded that is there */
} LoaderSettings;

typedef enum LoaderEnd
{
	LOADER_STOPPED, /* by loader_stop() */
	LOADER_AT_END,  /* all is loaded that was there */
	LOADER_FENCED,  /* another loader has taken over */
	LOADER_NO_START /* no thread or no memory */
} LoaderEnd;

/*
 * Start a loader of a source, which is the loader's from then on.  The settings' texts have to stay.
 * NULL if there is no memory or no thread.
 */
extern Loader *loader_start(const LoaderSettings *settings, LoadSource *source);

/* Ask the loader to end: batches that are on their way are waited for. */
extern void loader_stop(Loader *loader);

extern bool loader_has_ended(Loader *loader);

/* Wait until it has ended, and free it. */
extern LoaderEnd loader_finish(Loader *loader);

#endif /* INGEST_LOADER_H */
