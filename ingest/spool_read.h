/*
 * spool_read.h
 *		The reading end of a spool: whole frames in order, from a position on.
 *
 * A reader goes no further than what is on disk, so a position that it returns is never taken back.
 * It may run in the collector's process or in another one, while the collector appends or not.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_SPOOL_READ_H
#define INGEST_SPOOL_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spool_file.h"

typedef struct SpoolReader SpoolReader;

/*
 * first is always the next of the batch before.  bytes are valid until the next call.  Between two
 * frames, or before or after them, damaged bytes may have been left out, which the reader has
 * logged as an error and set aside in a file; there may then be no frame at all, but a position to
 * move to.
 */
typedef struct SpoolBatch
{
	uint64_t first;
	uint64_t next;
	const unsigned char *bytes; /* whole frames, one after the other */
	size_t length;
	size_t frames;
	uint64_t damaged; /* bytes that were left out */
} SpoolBatch;

/*
 * Begin to read at a position where a frame begins: 0, or the next of a batch.  If no collector has
 * the spool open, what an interrupted append left is cut off first.  NULL, with the reason in
 * SPOOL_ERROR_SIZE bytes of error, also if the spool ends before the position.
 */
extern SpoolReader *spool_reader_open(const char *directory, uint64_t position, char *error);

/*
 * Read whole frames of max_bytes in all at most, but at least one.  1: there is a batch; 0: there is
 * nothing yet; -1: spool_reader_error() says why not, and another call tries again.
 */
extern int spool_reader_next(SpoolReader *reader, SpoolBatch *batch, size_t max_bytes);
extern const char *spool_reader_error(const SpoolReader *reader);

/* Wait until there may be something new, or the time is over. */
extern void spool_reader_wait(SpoolReader *reader, int milliseconds);

extern void spool_reader_close(SpoolReader *reader);

/*
 * The position of the first request that was not removed; SPOOL_UNKNOWN_END, with
 * the reason in error, if the directory can't be read or has no spool.
 */
extern uint64_t spool_oldest(const char *directory, char *error);

/* Remove the segments that end at the position or before it; the last segment always stays. */
extern void spool_delete_below(const char *directory, uint64_t position);

#endif /* INGEST_SPOOL_READ_H */
