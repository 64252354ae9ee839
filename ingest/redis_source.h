/*
 * redis_source.h
 *		The requests in a Redis stream, for a loader.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REDIS_SOURCE_H
#define INGEST_REDIS_SOURCE_H

#include "load_source.h"
#include "options.h"

/*
 * A source of a stream's requests.  NULL, with a line in the log, if the program was built without
 * hiredis.
 */
extern LoadSource *redis_source_create(const Options *options, const char *stream);

#endif /* INGEST_REDIS_SOURCE_H */
