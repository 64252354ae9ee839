/*
 * notify.h
 *		The command notify.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_NOTIFY_H
#define INGEST_NOTIFY_H

#include "options.h"

/* Deliver notices of incidents until the program is to end; returns its exit status. */
extern int notify_run(const Options *options);

#endif /* INGEST_NOTIFY_H */
