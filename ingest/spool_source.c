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
#include "spool_write.h"

typedef struct SpoolSource
{
	LoadSource source;
	char *directory;
	bool keep;
	SpoolReader *reader;
	uint64_t origin;            /* the spool's; 0: it has none yet */
	uint64_t position;          /* up to which was read */
	char gap[LOAD_REASON_SIZE]; /* why what is before position is gone; empty: it is not */
	uint64_t deleted_to;        /* segments before it were removed */
} SpoolSource;

/*
 * position_read reads a position: a byte, and after an @ the origin of the spool that it is of; false
 * if it is none.
 */
static bool
position_read(const char *text, uint64_t *position, uint64_t *origin)
{
	char *end = (char *) "";

	*position = *origin = 0;
	if (*text == '\0')
		return true;
	errno = 0;
	if (*text >= '0' && *text <= '9')
		*position = strtoull(text, &end, 10);
	if (*end == '@' && end[1] >= '0' && end[1] <= '9')
		*origin = strtoull(end + 1, &end, 10);
	return errno == 0 && *end == '\0' && *text >= '0' && *text <= '9';
}

/*
 * position_write writes a position.
 */
static void
position_write(const SpoolSource *spool, uint64_t position, char *text)
{
	if (spool->origin == 0)
		snprintf(text, LOAD_POSITION_SIZE, "%" PRIu64, position);
	else
		snprintf(text, LOAD_POSITION_SIZE, "%" PRIu64 "@%" PRIu64, position, spool->origin);
}

/*
 * look_at_origin reads the spool's origin, which a collector may only now have given to it.
 */
static void
look_at_origin(SpoolSource *spool)
{
	char error[SPOOL_ERROR_SIZE];
	int fd;

	if (spool->origin != 0 || (fd = durable_open(spool->directory, false, error)) < 0)
		return;
	spool->origin = origin_read(fd);
	(void) close(fd);
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
 * check_name checks that a spool's segments are those of the collector whose name the partition has:
 * under another name they would be loaded once more.
 */
static bool
check_name(SpoolSource *spool, uint64_t first)
{
	SegmentHeader header;

	if (!segment_header_read(spool->directory, first, &header) ||
		header.collector == spool_name_hash(spool->source.partition))
		return true;
	snprintf(spool->source.error, sizeof(spool->source.error),
			 "the spool \"%s\" belongs to a collector of another name than \"%s\"; give the "
			 "collector's name",
			 spool->directory, spool->source.partition);
	return false;
}

/*
 * find_gap finds out what is between the position in the database and the first segment.  The
 * position may be of a spool that was there before this one.
 */
static bool
find_gap(SpoolSource *spool, uint64_t first, bool is_begun, uint64_t origin)
{
	spool->gap[0] = '\0';
	if (is_begun && origin > spool->origin)
	{
		snprintf(spool->source.error, sizeof(spool->source.error),
				 "a newer spool than \"%s\" was loaded under the name \"%s\": each collector "
				 "needs a name of its own",
				 spool->directory, spool->source.partition);
		return false;
	}
	if (is_begun && origin < spool->origin)
		snprintf(spool->gap, sizeof(spool->gap),
				 "the spool was made anew: what the one before it had after position %" PRIu64
				 " is not known",
				 spool->position);
	else if (first > spool->position)
		snprintf(spool->gap, sizeof(spool->gap),
				 "the spool begins at position %" PRIu64 ": the segments before it are gone",
				 first);
	if (spool->gap[0] != '\0')
		spool->position = first;
	return true;
}

/*
 * open_spool begins to read at a position.
 */
static bool
open_spool(LoadSource *source, const char *position)
{
	SpoolSource *spool = (SpoolSource *) source;
	uint64_t origin;
	uint64_t first;

	close_reader(spool);
	if (!position_read(position, &spool->position, &origin))
	{
		snprintf(source->error, sizeof(source->error), "\"%s\" is no position of a spool",
				 position);
		return false;
	}
	if (!spool_settle(spool->directory, source->error) || !first_segment(spool, &first))
		return false;
	spool->origin = 0;
	look_at_origin(spool);
	if (!check_name(spool, first) || !find_gap(spool, first, *position != '\0', origin))
		return false;
	spool->reader = spool_reader_open(spool->directory, spool->position, source->error);
	return spool->reader != NULL;
}

/*
 * missing_batch is a batch of nothing but a gap: what is gone.
 */
static SourceState
missing_batch(SpoolSource *spool, LoadBatch *batch)
{
	position_write(spool, spool->position, batch->gap_to);
	snprintf(batch->gap, sizeof(batch->gap), "%s", spool->gap);
	spool->gap[0] = '\0';
	return SOURCE_BATCH;
}

/*
 * tell_damaged tells of damaged bytes before, between or after the requests of a batch.
 */
static void
tell_damaged(const SpoolSource *spool, const SpoolBatch *read, LoadBatch *batch)
{
	position_write(spool, read->frames > 0 ? read->first : read->next, batch->gap_to);
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
	if (spool->gap[0] != '\0')
		return missing_batch(spool, batch);
	result = spool_reader_next(spool->reader, &read, max_bytes);
	if (result == 0)
		return SOURCE_NOTHING;
	if (result < 0)
	{
		snprintf(source->error, sizeof(source->error), "%s", spool_reader_error(spool->reader));
		return SOURCE_ERROR;
	}
	look_at_origin(spool);
	position_write(spool, read.next, batch->next);
	batch->bytes = read.bytes;
	batch->length = read.length;
	batch->frames = read.frames;
	if (read.damaged > 0)
		tell_damaged(spool, &read, batch);
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
	uint64_t origin;
	uint64_t to;

	if (spool->keep || !position_read(position, &to, &origin) || to < spool->deleted_to + (1 << 20))
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
	uint64_t origin;
	uint64_t from;
	uint64_t durable;
	int fd;

	if (!position_read(position, &from, &origin))
		return -1;
	fd = durable_open(spool->directory, false, error);
	if (fd < 0)
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
	.counts_bytes = true,
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
