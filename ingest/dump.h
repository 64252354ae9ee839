/*
 * dump.h
 *		The command dump: what is in a spool, for people.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_DUMP_H
#define INGEST_DUMP_H

#include "options.h"

/* Write each request of the spool as a line of JSON; the program's exit status. */
extern int dump_run(const Options *options);

#endif /* INGEST_DUMP_H */
