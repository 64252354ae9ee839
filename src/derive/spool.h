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
 * Make an empty spool in a child of parent.  Its temporary files outlive transactions and are
 * removed when parent is reset or deleted, after an error too.
 */
extern Spool *spool_create(MemoryContext parent, int pieces, Size budget);

/*
 * Add a record of this size to a piece.  The caller writes the record to the memory that is
 * returned, before the next call.
 */
extern Record *spool_append(Spool *spool, int piece, Size size);

/* Forget all records, or those of one piece. */
extern void spool_clear(Spool *spool);
extern void spool_free_piece(Spool *spool, int piece);

extern int64 spool_rows(const Spool *spool, int piece);
extern Size spool_bytes(const Spool *spool, int piece);

/* Whether part of the piece is in a file. */
extern bool spool_is_spilled(const Spool *spool, int piece);

/* Load the whole piece into memory, whatever the budget. */
extern void spool_load(Spool *spool, int piece);

/* A scan of a piece's records, in no particular order. */
typedef struct SpoolScan
{
	Spool *spool;
	struct SpoolPiece *piece;
	struct SpoolChunk *chunk; /* being read; NULL: the file is next */
	Size offset;
	Size file_offset; /* of the part that is not yet in the buffer */
	char *buffer;     /* a part of the file */
	Size buffer_size;
	Size filled;
	Size consumed; /* bytes of the buffer that were returned */
} SpoolScan;

extern void spool_scan_begin(SpoolScan *scan, Spool *spool, int piece);

/*
 * The next record, or NULL.  A record in memory stays where it is; one from the file lives until
 * the next call.
 */
extern const Record *spool_scan_next(SpoolScan *scan);
extern void spool_scan_end(SpoolScan *scan);

#endif /* SESSIONIZE_SPOOL_H */
