/*
 * ingest_errors.h
 *		The SQLSTATEs that loaders tell apart.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_INGEST_ERRORS_H
#define SESSIONIZE_INGEST_ERRORS_H

#include "postgres.h"

/* Another loader has begun to load the partition: this one has to stop. */
#define ERRCODE_INGEST_FENCED MAKE_SQLSTATE('S', 'Z', '0', '0', '1')

/* The position is another one than the loader believes: it has to read the position again. */
#define ERRCODE_INGEST_MOVED MAKE_SQLSTATE('S', 'Z', '0', '0', '2')

/* There is no position: the loader has to call ingest_begin first. */
#define ERRCODE_INGEST_NOT_BEGUN MAKE_SQLSTATE('S', 'Z', '0', '0', '3')

#endif /* SESSIONIZE_INGEST_ERRORS_H */
