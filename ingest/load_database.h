/*
 * load_database.h
 *		A loader's connection to the database: it sends batches, and learns what became of them.
 *
 * Each batch is one transaction, in which sessionize.ingest() inserts the rows and moves the
 * position.  Several may be on their way at once: the database takes one only where the one before
 * it has ended.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_LOAD_DATABASE_H
#define INGEST_LOAD_DATABASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load_source.h"

typedef struct LoadDatabase LoadDatabase;

typedef enum DatabaseResult
{
	DATABASE_OK,
	DATABASE_LOST,   /* no connection: what was on its way is committed or not */
	DATABASE_FENCED, /* another loader has taken over */
	DATABASE_MOVED,  /* the position is another one than the batch's */
	DATABASE_BUSY,   /* a lock, a deadlock, a restart and the like: the same may succeed later */
	DATABASE_FAILED  /* any other error */
} DatabaseResult;

/* What became of a batch. */
typedef struct DatabaseCounts
{
	int64_t requests;
	int64_t rows;
	int64_t rejected;
} DatabaseCounts;

/*
 * A connection that is not open yet.  The texts have to stay.  When *stop becomes true, waiting ends
 * within some seconds.
 */
extern LoadDatabase *load_database_create(const char *conninfo, const char *events,
										  const LoadSource *source, const atomic_bool *stop);
extern void load_database_free(LoadDatabase *database);

/*
 * Open the connection, if it is not open, and find out where to go on: begin the first time, in
 * place of any other loader, and resume afterwards.
 */
extern DatabaseResult load_database_open(LoadDatabase *database, char *position);
extern void load_database_close(LoadDatabase *database);

/* Send a batch that begins at a position; false if the connection is lost. */
extern bool
load_database_send(LoadDatabase *database, const char *position, const LoadBatch *batch);

/* Wait for what became of the oldest batch that is on its way. */
extern DatabaseResult load_database_receive(LoadDatabase *database, DatabaseCounts *counts);

/* How many batches are on their way. */
extern int load_database_pending(const LoadDatabase *database);

/*
 * Note that what lies between a position and the next one is lost.  No batch may be on its way.
 */
extern DatabaseResult load_database_gap(LoadDatabase *database, const char *position,
										const char *next, const char *reason);

/* What went wrong last. */
extern const char *load_database_error(const LoadDatabase *database);

#endif /* INGEST_LOAD_DATABASE_H */
