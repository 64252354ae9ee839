/*
 * worker.h
 *		The process that refreshes scheduled pipelines.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_WORKER_H
#define SESSIONIZE_WORKER_H

#include "postgres.h"

/* The main function of its process. */
extern PGDLLEXPORT void sessionize_worker_main(Datum argument);

#endif /* SESSIONIZE_WORKER_H */
