/*
 * spool_write.h
 *		The writing end of a spool: requests that are on disk when an append returns.
 *
 * One thread of one process appends.  After an error nothing is assumed about what is on disk: the
 * segment is given up, and the next append begins a new one where the last durable frame ended.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_SPOOL_WRITE_H
#define INGEST_SPOOL_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "spool_file.h"

typedef struct SpoolWriter SpoolWriter;

typedef struct SpoolSettings
{
	const char *directory;
	const char *name;       /* of the collector */
	uint64_t segment_bytes; /* a segment that has so many is followed by a new one */
	uint64_t max_bytes;     /* of all segments */
	uint64_t min_free;      /* bytes that must stay free in the file system */
	uint64_t origin;        /* of a spool that is made anew; 0: as if there were no others */
} SpoolSettings;

typedef enum SpoolStatus
{
	SPOOL_OK,     /* all of the frames are on disk */
	SPOOL_FULL,   /* none is: there is no room */
	SPOOL_FAILED, /* nothing is known of any of them: an error of the file system */
} SpoolStatus;

/*
 * Open the spool, or make one in an empty or missing directory.  What an interrupted append left at
 * the end is cut off.  NULL if that fails, if another process has the spool open, or if it is
 * another collector's.
 */
extern SpoolWriter *spool_writer_open(const SpoolSettings *settings, char *error);

/*
 * Append whole frames, of length bytes together, and wait until they are on disk.  Unless the result
 * is SPOOL_OK, spool_writer_error() says why.
 */
extern SpoolStatus
spool_append(SpoolWriter *writer, struct iovec *frames, size_t count, size_t length);
extern const char *spool_writer_error(const SpoolWriter *writer);

/*
 * Do for a spool that no collector has open what a collector does when it opens it: cut off what an
 * interrupted append left, and say in the file "durable" where the rest ends.  Nothing is done, and
 * the result is true, if a collector has it open.
 */
extern bool spool_settle(const char *directory, char *error);

/* These may be called by any thread. */

/* Whether an append of a small request would have room; looks at the disk. */
extern bool spool_has_room(SpoolWriter *writer);
/* Bytes of frames in all segments. */
extern uint64_t spool_bytes(SpoolWriter *writer);
/* Seconds since the oldest segment was begun, 0 if the spool has no frame. */
extern double spool_age(SpoolWriter *writer);

/* The position up to which all is on disk. */
extern uint64_t spool_durable(SpoolWriter *writer);

extern void spool_writer_close(SpoolWriter *writer);

#endif /* INGEST_SPOOL_WRITE_H */
