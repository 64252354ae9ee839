/*
 * launcher.h
 *		The process that starts the others: workers, and surveys of the databases' schedules.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LAUNCHER_H
#define SESSIONIZE_LAUNCHER_H

#include "postgres.h"

/* Register the launcher; to be called in the postmaster when the library is preloaded. */
extern void launcher_install(void);

/* The main function of its process. */
extern PGDLLEXPORT void sessionize_launcher_main(Datum argument);

#endif /* SESSIONIZE_LAUNCHER_H */
