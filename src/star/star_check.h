/*
 * star_check.h
 *		Whether the star's tables are as they were made.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_CHECK_H
#define SESSIONIZE_STAR_CHECK_H

#include "storage/lockdefs.h"

#include "catalog/pipeline.h"

/* An error with a hint unless all of the pipeline's tables are there with their columns and types. */
extern void star_check(const Pipeline *pipeline);

/* The same, and they stay so until the transaction's end: to be called before their values are read or made. */
extern void star_lock(const Pipeline *pipeline);

/* The same for the table of sealed rows alone. */
extern void star_check_sealed(const Pipeline *pipeline, LOCKMODE lockmode);

#endif /* SESSIONIZE_STAR_CHECK_H */
