/*
 * spool_source.c
 *		The requests in a spool, for a loader.
 *
 * The spool's segments are removed when they are loaded.  If segments are gone that were not, for
 * instance since the database was restored from a backup, that is a gap, which the loader records.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load_source.h"
#include "log.h"
#include "spool_file.h"
#include "spool_read.h"

typedef struct SpoolSource
{
	LoadSource source;
	char *directory;
	bool keep;
	SpoolReader *reader;
	uint64_t position;   /* up to which was read */
	uint64_t missing_to; /* segments before it are gone though they were not loaded; 0: none */
	uint64_t deleted_to; /* segments before it were removed */
} SpoolSource;

/*
 * position_number reads a position; false if it is none.
 */
static bool
position_number(const char *text, uint64_t *position)
{
	char *end;

	if (*text == '\0')
	{
		*position = 0;
		return true;
	}
	errno = 0;
	*position = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && text[0] >= '0' && text[0] <= '9';
}

/*
 * first_segment finds where the spool begins; 0 for an empty spool.
 */
static bool
first_segment(SpoolSource *spool, uint64_t *first)
{
	SegmentList list;

	if (!segment_list_read(spool->directory, &list, spool->source.error))
		return false;
	*first = list.count > 0 ? list.positions[0] : 0;
	segment_list_free(&list);
	return true;
}

/*
 * close_reader closes the reader.
 */
static void
close_reader(SpoolSource *spool)
{
	if (spool->reader != NULL)
		spool_reader_close(spool->reader);
	spool->reader = NULL;
}

/*
 * open_spool begins to read at a position.
 */
static bool
open_spool(LoadSource *source, const char *position)
{
	SpoolSource *spool = (SpoolSource *) source;
	uint64_t first;

	close_reader(spool);
	if (!position_number(position, &spool->position))
	{
		snprintf(source->error, sizeof(source->error), "\"%s\" is no position of a spool",
				 position);
		return false;
	}
	if (!first_segment(spool, &first))
		return false;
	spool->missing_to = first > spool->position ? first : 0;
	spool->reader = spool_reader_open(
		spool->directory, spool->missing_to > 0 ? first : spool->position, source->error);
	return spool->reader != NULL;
}

/*
 * missing_batch is a batch of nothing but a gap: what the missing segments had.
 */
static SourceState
missing_batch(SpoolSource *spool, LoadBatch *batch)
{
	snprintf(batch->gap_to, sizeof(batch->gap_to), "%" PRIu64, spool->missing_to);
	snprintf(batch->gap, sizeof(batch->gap),
			 "the spool begins at position %" PRIu64 ": the segments before it are gone",
			 spool->missing_to);
	spool->position = spool->missing_to;
	spool->missing_to = 0;
	return SOURCE_BATCH;
}

/*
 * tell_damaged tells of damaged bytes before, between or after the requests of a batch.
 */
static void
tell_damaged(const SpoolBatch *read, LoadBatch *batch)
{
	snprintf(batch->gap_to, sizeof(batch->gap_to), "%" PRIu64,
			 read->frames > 0 ? read->first : read->next);
	snprintf(batch->gap, sizeof(batch->gap),
			 "%" PRIu64 " damaged bytes between positions %" PRIu64 " and %" PRIu64
			 " were set aside in the spool's directory",
			 read->damaged, read->first, read->next);
}

/*
 * next_requests reads requests.
 */
static SourceState
next_requests(LoadSource *source, LoadBatch *batch, size_t max_bytes)
{
	SpoolSource *spool = (SpoolSource *) source;
	SpoolBatch read;
	int result;

	memset(batch, 0, sizeof(*batch));
	if (spool->missing_to > 0)
		return missing_batch(spool, batch);
	result = spool_reader_next(spool->reader, &read, max_bytes);
	if (result == 0)
		return SOURCE_NOTHING;
	if (result < 0)
	{
		snprintf(source->error, sizeof(source->error), "%s", spool_reader_error(spool->reader));
		return SOURCE_ERROR;
	}
	snprintf(batch->next, sizeof(batch->next), "%" PRIu64, read.next);
	batch->bytes = read.bytes;
	batch->length = read.length;
	batch->frames = read.frames;
	if (read.damaged > 0)
		tell_damaged(&read, batch);
	spool->position = read.next;
	return SOURCE_BATCH;
}

/*
 * wait_for_requests waits until there may be something new.
 */
static void
wait_for_requests(LoadSource *source, int milliseconds)
{
	spool_reader_wait(((SpoolSource *) source)->reader, milliseconds);
}

/*
 * remove_loaded removes the segments that are loaded, not more often than a megabyte is.
 */
static void
remove_loaded(LoadSource *source, const char *position)
{
	SpoolSource *spool = (SpoolSource *) source;
	uint64_t to;

	if (spool->keep || !position_number(position, &to) || to < spool->deleted_to + (1 << 20))
		return;
	spool_delete_below(spool->directory, to);
	spool->deleted_to = to;
}

/*
 * backlog_bytes returns how many bytes are not loaded.
 */
static int64_t
backlog_bytes(LoadSource *source, const char *position)
{
	SpoolSource *spool = (SpoolSource *) source;
	char error[SPOOL_ERROR_SIZE];
	uint64_t from;
	uint64_t durable;
	int fd = durable_open(spool->directory, false, error);

	if (fd < 0 || !position_number(position, &from))
		return -1;
	durable = durable_read(fd);
	(void) close(fd);
	return durable > from ? (int64_t) (durable - from) : 0;
}

/*
 * close_spool frees what the source has.
 */
static void
close_spool(LoadSource *source)
{
	SpoolSource *spool = (SpoolSource *) source;

	close_reader(spool);
	free(spool->directory);
}

static const LoadSourceKind spool_kind = {
	.open = open_spool,
	.next = next_requests,
	.wait = wait_for_requests,
	.loaded = remove_loaded,
	.backlog = backlog_bytes,
	.close = close_spool,
};

/*
 * spool_source_create makes a source of a spool's requests.
 */
LoadSource *
spool_source_create(const char *directory, const char *name, const char *partition, bool keep)
{
	SpoolSource *spool = calloc(1, sizeof(SpoolSource));

	if (spool == NULL)
		return NULL;
	spool->source.kind = &spool_kind;
	snprintf(spool->source.name, sizeof(spool->source.name), "%s", name);
	snprintf(spool->source.partition, sizeof(spool->source.partition), "%s", partition);
	spool->directory = strdup(directory);
	spool->keep = keep;
	return &spool->source;
}

/*
 * load_source_free frees a source.
 */
void
load_source_free(LoadSource *source)
{
	if (source == NULL)
		return;
	source->kind->close(source);
	free(source);
}
