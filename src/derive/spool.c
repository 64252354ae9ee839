/*
 * spool.c
 *		Records in pieces: in memory up to a budget, in temporary files beyond it.
 *
 * Each piece is a list of chunks.  When the chunks of all pieces exceed the budget, the chunks of
 * the largest piece are moved to its file.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "storage/fd.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "derive/spool.h"
#include "utils/pass_limit.h"

#define MIN_CHUNK ((Size) 8 * 1024)
#define MAX_CHUNK ((Size) 256 * 1024)

typedef struct SpoolChunk
{
	struct SpoolChunk *next;
	Size size; /* of data */
	Size used;
} SpoolChunk; /* its data follow, aligned */

#define CHUNK_HEADER MAXALIGN(sizeof(SpoolChunk))

typedef struct SpoolPiece
{
	SpoolChunk *chunks; /* the chunk being filled is the first */
	Size in_memory;     /* bytes of records in the chunks */
	Size in_file;
	File file; /* 0: no file */
	int64 rows;
} SpoolPiece;

struct Spool
{
	MemoryContext context;
	MemoryContextCallback on_reset;
	Size budget;
	Size used; /* by all chunks except the spare ones */
	Size chunk_size;
	SpoolChunk *spare; /* empty chunks of chunk_size for reuse */
	int npieces;
	SpoolPiece pieces[FLEXIBLE_ARRAY_MEMBER];
};

/*
 * chunk_data returns the address of a chunk's records.
 */
static inline char *
chunk_data(SpoolChunk *chunk)
{
	return (char *) chunk + CHUNK_HEADER;
}

/*
 * close_file closes a piece's temporary file, which removes it.
 */
static void
close_file(SpoolPiece *piece)
{
	File file = piece->file;

	piece->file = 0;
	piece->in_file = 0;
	if (file > 0)
		FileClose(file);
}

/*
 * close_files closes the temporary files of all pieces; the callback of a context's reset.
 */
static void
close_files(void *arg)
{
	Spool *spool = (Spool *) arg;
	int i;

	for (i = 0; i < spool->npieces; i++)
		close_file(&spool->pieces[i]);
}

/*
 * spool_create makes an empty spool.
 */
Spool *
spool_create(MemoryContext parent, int pieces, Size budget)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize spool", ALLOCSET_DEFAULT_SIZES);
	Spool *spool =
		MemoryContextAllocZero(context, offsetof(Spool, pieces) + pieces * sizeof(SpoolPiece));
	Size size = budget / pieces / 4;

	spool->context = context;
	spool->budget = budget;
	spool->npieces = pieces;
	spool->chunk_size = MIN_CHUNK;
	while (spool->chunk_size < size && spool->chunk_size < MAX_CHUNK)
		spool->chunk_size *= 2;
	spool->on_reset.func = close_files;
	spool->on_reset.arg = spool;
	MemoryContextRegisterResetCallback(context, &spool->on_reset);
	return spool;
}

/*
 * free_chunks frees a piece's chunks, or keeps them as spare ones as long as the budget allows.
 */
static void
free_chunks(Spool *spool, SpoolPiece *piece)
{
	SpoolChunk *chunk;

	while ((chunk = piece->chunks) != NULL)
	{
		piece->chunks = chunk->next;
		spool->used -= chunk->size;
		if (chunk->size == spool->chunk_size && spool->used < spool->budget)
		{
			chunk->next = spool->spare;
			spool->spare = chunk;
		}
		else
			pfree(chunk);
	}
	piece->in_memory = 0;
}

/*
 * append_to_file writes len bytes at the end of a piece's file.
 */
static void
append_to_file(SpoolPiece *piece, char *data, Size len)
{
	while (len > 0)
	{
		int step = (int) Min(len, MAX_CHUNK);
		int written;

		pass_progress();
		errno = 0;
		written = (int) FileWrite(piece->file, data, step, (off_t) piece->in_file,
								  WAIT_EVENT_BUFFILE_WRITE);
		if (written <= 0)
		{
			if (errno == 0)
				errno = ENOSPC;
			ereport(ERROR, (errcode_for_file_access(), errmsg("could not write to file \"%s\": %m",
															  FilePathName(piece->file))));
		}
		piece->in_file += written;
		data += written;
		len -= written;
	}
}

/*
 * read_file reads len bytes of a piece's file from offset on.
 */
static void
read_file(SpoolPiece *piece, char *to, Size len, Size offset)
{
	while (len > 0)
	{
		int step = (int) Min(len, MAX_CHUNK);
		int got;

		pass_progress();
		got = (int) FileRead(piece->file, to, step, (off_t) offset, WAIT_EVENT_BUFFILE_READ);
		if (got < 0)
			ereport(ERROR, (errcode_for_file_access(),
							errmsg("could not read file \"%s\": %m", FilePathName(piece->file))));
		if (got == 0)
			elog(ERROR, "file \"%s\" is shorter than what was written to it",
				 FilePathName(piece->file));
		to += got;
		len -= got;
		offset += got;
	}
}

/*
 * write_chunks moves a piece's chunks to its file.
 */
static void
write_chunks(Spool *spool, SpoolPiece *piece)
{
	SpoolChunk *chunk;

	if (piece->file == 0)
		piece->file = OpenTemporaryFile(true);
	for (chunk = piece->chunks; chunk != NULL; chunk = chunk->next)
		append_to_file(piece, chunk_data(chunk), chunk->used);
	free_chunks(spool, piece);
}

/*
 * make_room moves the largest pieces to their files until a chunk of size bytes fits into the
 * budget.
 */
static void
make_room(Spool *spool, Size size)
{
	while (spool->used > 0 && spool->used + size > spool->budget)
	{
		SpoolPiece *largest = &spool->pieces[0];
		int i;

		for (i = 1; i < spool->npieces; i++)
		{
			if (spool->pieces[i].in_memory > largest->in_memory)
				largest = &spool->pieces[i];
		}
		write_chunks(spool, largest);
	}
}

/*
 * new_chunk returns an empty chunk with room for size bytes of records.
 */
static SpoolChunk *
new_chunk(Spool *spool, Size size)
{
	SpoolChunk *chunk = spool->spare;

	if (size <= spool->chunk_size && chunk != NULL)
		spool->spare = chunk->next;
	else
	{
		size = Max(size, spool->chunk_size);
		chunk = MemoryContextAllocHuge(spool->context, CHUNK_HEADER + size);
		chunk->size = size;
	}
	chunk->used = 0;
	chunk->next = NULL;
	spool->used += chunk->size;
	return chunk;
}

/*
 * spool_append returns memory for a record in a piece.
 */
Record *
spool_append(Spool *spool, int number, Size size)
{
	SpoolPiece *piece = &spool->pieces[number];
	SpoolChunk *chunk = piece->chunks;
	Record *record;

	if (chunk == NULL || chunk->size - chunk->used < size)
	{
		make_room(spool, Max(size, spool->chunk_size));
		chunk = new_chunk(spool, size);
		chunk->next = piece->chunks;
		piece->chunks = chunk;
	}
	record = (Record *) (chunk_data(chunk) + chunk->used);
	chunk->used += size;
	piece->in_memory += size;
	piece->rows++;
	return record;
}

/*
 * spool_free_piece forgets the records of one piece.
 */
void
spool_free_piece(Spool *spool, int number)
{
	SpoolPiece *piece = &spool->pieces[number];

	free_chunks(spool, piece);
	close_file(piece);
	piece->rows = 0;
}

/*
 * spool_clear forgets all records.
 */
void
spool_clear(Spool *spool)
{
	int i;

	for (i = 0; i < spool->npieces; i++)
		spool_free_piece(spool, i);
}

/*
 * spool_rows returns how many records a piece has.
 */
int64
spool_rows(const Spool *spool, int piece)
{
	return spool->pieces[piece].rows;
}

/*
 * spool_bytes returns how many bytes the records of a piece take.
 */
Size
spool_bytes(const Spool *spool, int piece)
{
	return spool->pieces[piece].in_memory + spool->pieces[piece].in_file;
}

/*
 * spool_is_spilled tells whether part of the piece lies in a file.
 */
bool
spool_is_spilled(const Spool *spool, int piece)
{
	return spool->pieces[piece].file != 0;
}

/*
 * spool_load reads the file of a piece into one new chunk.
 */
void
spool_load(Spool *spool, int number)
{
	SpoolPiece *piece = &spool->pieces[number];
	Size size = piece->in_file;
	SpoolChunk *chunk;

	if (piece->file == 0)
		return;
	chunk = new_chunk(spool, size);
	chunk->next = piece->chunks;
	piece->chunks = chunk;
	read_file(piece, chunk_data(chunk), size, 0);
	chunk->used = size;
	piece->in_memory += size;
	close_file(piece);
}

/*
 * spool_scan_begin starts a pass over a piece's records.
 */
void
spool_scan_begin(SpoolScan *scan, Spool *spool, int piece)
{
	memset(scan, 0, sizeof(*scan));
	scan->spool = spool;
	scan->piece = &spool->pieces[piece];
	scan->chunk = scan->piece->chunks;
}

/*
 * fill_buffer moves the rest of the scan's buffer to its begin, and reads more of the file.  The
 * buffer has at least needed bytes of room.
 */
static void
fill_buffer(SpoolScan *scan, Size needed)
{
	Size left = scan->filled - scan->consumed;
	Size more;

	if (left > 0)
		memmove(scan->buffer, scan->buffer + scan->consumed, left);
	scan->consumed = 0;
	if (needed > scan->buffer_size)
	{
		scan->buffer_size = needed;
		scan->buffer = scan->buffer == NULL ? MemoryContextAllocHuge(scan->spool->context, needed)
											: repalloc_huge(scan->buffer, needed);
	}
	more = Min(scan->buffer_size - left, scan->piece->in_file - scan->file_offset);
	read_file(scan->piece, scan->buffer + left, more, scan->file_offset);
	scan->file_offset += more;
	scan->filled = left + more;
}

/*
 * next_in_file returns the next record of the file; NULL after the last.
 */
static const Record *
next_in_file(SpoolScan *scan)
{
	const Record *record;
	Size left = scan->filled - scan->consumed;

	if (left == 0 && scan->file_offset == scan->piece->in_file)
		return NULL;
	if (left < sizeof(Record))
		fill_buffer(scan, MAX_CHUNK);
	record = (const Record *) (scan->buffer + scan->consumed);
	if (scan->filled - scan->consumed < record->size)
	{
		fill_buffer(scan, record->size);
		record = (const Record *) (scan->buffer + scan->consumed);
	}
	scan->consumed += record->size;
	return record;
}

/*
 * spool_scan_next returns the next record of the pass.
 */
const Record *
spool_scan_next(SpoolScan *scan)
{
	const Record *record;

	while (scan->chunk != NULL && scan->offset == scan->chunk->used)
	{
		pass_progress();
		scan->chunk = scan->chunk->next;
		scan->offset = 0;
	}
	if (scan->chunk == NULL)
		return next_in_file(scan);
	record = (const Record *) (chunk_data(scan->chunk) + scan->offset);
	scan->offset += record->size;
	return record;
}

/*
 * spool_scan_end frees the scan's buffer.
 */
void
spool_scan_end(SpoolScan *scan)
{
	if (scan->buffer != NULL)
		pfree(scan->buffer);
	scan->buffer = NULL;
	scan->buffer_size = 0;
}
