/*
 * spool.h
 *		Records in pieces: in memory up to a budget, in temporary files beyond it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SPOOL_H
#define SESSIONIZE_SPOOL_H

#include "source/record.h"

typedef struct Spool Spool;

/*
 * spool_create makes an empty spool in a child of parent.  Its temporary files outlive transactions and go
 * when that context is reset or deleted, after an error too.
 */
extern Spool *spool_create(MemoryContext parent, int pieces, Size budget);

/* Add a record of so many bytes to a piece; the caller writes it there, before the next call. */
extern Record *spool_append(Spool *spool, int piece, Size size);

/* Forget all records, or those of one piece. */
extern void spool_clear(Spool *spool);
extern void spool_free_piece(Spool *spool, int piece);

extern int64 spool_rows(const Spool *spool, int piece);
extern Size spool_bytes(const Spool *spool, int piece);

/* Whether part of the piece lies in a file. */
extern bool spool_is_spilled(const Spool *spool, int piece);

/* Bring all of a piece into memory, whatever the budget. */
extern void spool_load(Spool *spool, int piece);

/* A pass over a piece's records, in no particular order. */
typedef struct SpoolScan
{
	Spool *spool;
	struct SpoolPiece *piece;
	struct SpoolChunk *chunk; /* in memory */
	Size offset;
	Size file_offset; /* of what is not in the buffer yet */
	char *buffer;     /* part of the file */
	Size buffer_size;
	Size filled;
	Size consumed; /* of the buffer */
} SpoolScan;

extern void spool_scan_begin(SpoolScan *scan, Spool *spool, int piece);

/* The next record or NULL.  One in memory stays where it is, one from the file until the next call. */
extern const Record *spool_scan_next(SpoolScan *scan);
extern void spool_scan_end(SpoolScan *scan);

#endif /* SESSIONIZE_SPOOL_H */
