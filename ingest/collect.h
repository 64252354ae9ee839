/*
 * collect.h
 *		The command collect: events come in by HTTP and are answered 200 once they are on disk.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_COLLECT_H
#define INGEST_COLLECT_H

#include "options.h"

/* Run until SIGTERM or SIGINT; the program's exit status. */
extern int collect_run(const Options *options);

#endif /* INGEST_COLLECT_H */
