/*
 * load.h
 *		The commands load and replay.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_LOAD_H
#define INGEST_LOAD_H

#include "loader.h"
#include "options.h"

/* The settings of a loader; false, with a log line that says what to mend, without a database. */
extern bool load_settings(const Options *options, LoaderSettings *settings);

/* Commands; they return the program's exit status. */
extern int load_run(const Options *options);
extern int replay_run(const Options *options);

#endif /* INGEST_LOAD_H */
