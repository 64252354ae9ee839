/*
 * failure.h
 *		Why something failed, for those who pass it on: to the log, and to the database.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_FAILURE_H
#define INGEST_FAILURE_H

#include <stdbool.h>

/* Zeroed, nothing has failed. */
typedef struct Failure
{
	char text[2048];
} Failure;

/* Keep a sentence, unless there is one already: what failed first is the cause.  Returns false. */
extern bool
fail_with(Failure *failure, const char *format, ...) __attribute__((format(printf, 2, 3)));

extern bool has_failed(const Failure *failure);

#endif /* INGEST_FAILURE_H */
