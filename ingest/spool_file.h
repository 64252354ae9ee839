/*
 * spool_file.h
 *		The files of a spool directory, as the writer and readers share them.
 *
 *		NNNNNNNNNNNNNNNNNNNN.spool	a segment: a header, then frames; the name is the position of the
 *									first frame, in 20 decimal digits
 *		durable						the position up to which all is on disk, and the spool's origin
 *		lock						locked by the collector whose spool this is
 *		damaged-POSITION.bytes		bytes that are no frame, set aside
 *
 * Positions count the bytes of frames from the spool's beginning, without headers, and grow without
 * gaps: a segment ends where the next one begins, whatever follows in its file.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_SPOOL_FILE_H
#define INGEST_SPOOL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SEGMENT_HEADER      64
#define SPOOL_ERROR_SIZE    2048
#define SPOOL_PATH_SIZE     1024
#define SPOOL_UNKNOWN_END   UINT64_MAX
#define SEGMENT_NAME_DIGITS 20

/* The positions of a spool's segments, in order. */
typedef struct SegmentList
{
	uint64_t *positions;
	size_t count;
} SegmentList;

typedef struct SegmentHeader
{
	uint64_t position;
	uint64_t collector;  /* spool_name_hash() of the collector's name */
	uint64_t created_at; /* microseconds since 1970-01-01 UTC */
	uint64_t origin;     /* the spool's, as in the file "durable" */
} SegmentHeader;

/*
 * Errors go to error, which has SPOOL_ERROR_SIZE bytes, as a sentence with the file and the
 * system's reason.
 */

/* Read the names of a directory's segments. */
extern bool segment_list_read(const char *directory, SegmentList *list, char *error);
extern void segment_list_free(SegmentList *list);

/* The index of the segment that has this position, or -1 if all begin after it. */
extern ssize_t segment_list_find(const SegmentList *list, uint64_t position);

/* The path of a segment, in SPOOL_PATH_SIZE bytes. */
extern void segment_path(const char *directory, uint64_t position, char *path);

extern void segment_header_encode(const SegmentHeader *header, unsigned char *bytes);
extern bool segment_header_decode(const unsigned char *bytes, SegmentHeader *header);

/* Read the header of the segment at a position; false if it can't be read. */
extern bool segment_header_read(const char *directory, uint64_t position, SegmentHeader *header);

extern uint64_t spool_name_hash(const char *name);

/* Microseconds since 1970-01-01 UTC. */
extern int64_t spool_clock(void);

/* Read all of length bytes at offset, or fewer at the file's end; -1 for an error. */
extern ssize_t read_fully(int fd, void *bytes, size_t length, off_t offset);

/* Make the names in a directory durable. */
extern bool sync_directory(const char *directory);

/*
 * The file "durable".  The writer says no position there that is not on disk; after a crash of the
 * machine it may say an earlier one.  Readers go no further than it says.
 */
extern int durable_open(const char *directory, bool for_writing, char *error);
extern bool durable_write(int fd, uint64_t position);

/* 0 if the file has no valid position in it. */
extern uint64_t durable_read(int fd);

/*
 * The origin, also in the file "durable", tells a spool from one that was there before it, and from
 * those of other collectors: their positions mean something else.  A spool that was made later has a
 * higher one.  0 is that of a spool without one.
 */
extern bool origin_write(int fd, uint64_t origin);
extern uint64_t origin_read(int fd);
extern uint64_t spool_new_origin(void);

/*
 * The first whole frame after a damaged one that begins at from; length if there is none.  It is
 * looked for where the damaged one says it ends, and then at every byte.
 */
extern size_t find_whole_frame(const unsigned char *bytes, size_t length, size_t from);

/* The number of bytes at the beginning that are whole frames, and their count. */
extern size_t whole_frames(const unsigned char *bytes, size_t length, size_t *count);

/* Keep damaged bytes in a file of their own. */
extern bool
set_aside(const char *directory, uint64_t position, const void *bytes, size_t length, char *error);

#endif /* INGEST_SPOOL_FILE_H */
