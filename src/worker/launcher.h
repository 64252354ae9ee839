/*
 * launcher.h
 *		The process that starts the others: short-lived surveys of a database's schedule, and workers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LAUNCHER_H
#define SESSIONIZE_LAUNCHER_H

#include "postgres.h"

/* Register the launcher; at load, in the postmaster. */
extern void launcher_install(void);

/* The entry point of its process. */
extern PGDLLEXPORT void sessionize_launcher_main(Datum argument);

#endif /* SESSIONIZE_LAUNCHER_H */
