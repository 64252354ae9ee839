/*
 * spool_read.c
 *		Reading a spool while it is written, past damaged frames, and deleting what was loaded.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frame.h"
#include "log.h"
#include "spool_read.h"
#include "spool_write.h"

#define WAIT_BLINDLY 20 /* milliseconds, where the system can't tell of changes */

struct SpoolReader
{
	char *directory;
	int durable_file;
	int watch; /* inotify of durable_file, or -1 */
	uint64_t position;
	int segment; /* the one that has position, or -1 */
	uint64_t begin;
	uint64_t end; /* where the next segment begins, or SPOOL_UNKNOWN_END */
	unsigned char *buffer;
	size_t capacity;
	char error[SPOOL_ERROR_SIZE];
};

/*
 * watch_durable asks the system to tell when the collector has written.
 */
static int
watch_durable(const char *directory)
{
	char path[SPOOL_PATH_SIZE];
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/durable", directory);
	if (inotify_add_watch(fd, path, IN_MODIFY) >= 0)
		return fd;
	close(fd);
	return -1;
}

/*
 * open_files opens what a reader needs all the time.
 */
static bool
open_files(SpoolReader *reader)
{
	uint64_t durable;

	if (!spool_settle(reader->directory, reader->error))
		return false;
	reader->durable_file = durable_open(reader->directory, false, reader->error);
	if (reader->durable_file < 0)
		return false;
	reader->watch = watch_durable(reader->directory);
	durable = durable_read(reader->durable_file);
	if (reader->position <= durable)
		return true;
	snprintf(reader->error, sizeof(reader->error),
			 "the spool \"%s\" ends at position %" PRIu64 ", before %" PRIu64
			 ", up to which it was loaded: is it another collector's, or a "
			 "copy from before?",
			 reader->directory, durable, reader->position);
	return false;
}

/*
 * spool_reader_open begins to read.
 */
SpoolReader *
spool_reader_open(const char *directory, uint64_t position, char *error)
{
	SpoolReader *reader = calloc(1, sizeof(SpoolReader));

	if (reader == NULL || (reader->directory = strdup(directory)) == NULL)
	{
		free(reader);
		snprintf(error, SPOOL_ERROR_SIZE, "out of memory");
		return NULL;
	}
	reader->position = position;
	reader->durable_file = reader->watch = reader->segment = -1;
	if (open_files(reader))
		return reader;
	snprintf(error, SPOOL_ERROR_SIZE, "%s", reader->error);
	spool_reader_close(reader);
	return NULL;
}

/*
 * close_segment forgets the segment that is open.
 */
static void
close_segment(SpoolReader *reader)
{
	if (reader->segment >= 0)
		close(reader->segment);
	reader->segment = -1;
}

/*
 * choose_segment finds the segment that has the reader's position, in a list of all.
 */
static bool
choose_segment(SpoolReader *reader, const SegmentList *list)
{
	char path[SPOOL_PATH_SIZE];
	ssize_t i = segment_list_find(list, reader->position);

	if (i < 0)
	{
		snprintf(reader->error, sizeof(reader->error),
				 "the spool \"%s\" has no segment with position %" PRIu64
				 ": it was removed before it was loaded",
				 reader->directory, reader->position);
		return false;
	}
	reader->end = (size_t) i + 1 < list->count ? list->positions[i + 1] : SPOOL_UNKNOWN_END;
	if (reader->segment >= 0 && reader->begin == list->positions[i])
		return true;
	close_segment(reader);
	reader->begin = list->positions[i];
	segment_path(reader->directory, reader->begin, path);
	reader->segment = open(path, O_RDONLY | O_CLOEXEC);
	if (reader->segment < 0)
		snprintf(reader->error, sizeof(reader->error), "could not open \"%s\": %s", path,
				 strerror(errno));
	return reader->segment >= 0;
}

/*
 * find_segment opens the segment that has the reader's position.  Where the open one ends is known
 * once there is another: until then the directory is looked at each time, since after an error the
 * collector begins a new segment in the middle of what the last one's file has.
 */
static bool
find_segment(SpoolReader *reader)
{
	SegmentList list;
	bool done;

	if (reader->segment >= 0 && reader->end != SPOOL_UNKNOWN_END && reader->position < reader->end)
		return true;
	if (!segment_list_read(reader->directory, &list, reader->error))
		return false;
	done = choose_segment(reader, &list);
	segment_list_free(&list);
	return done;
}

/*
 * reserve makes the buffer large enough.
 */
static bool
reserve(SpoolReader *reader, size_t size)
{
	unsigned char *grown;

	if (size <= reader->capacity)
		return true;
	grown = realloc(reader->buffer, size);
	if (grown == NULL)
	{
		snprintf(reader->error, sizeof(reader->error), "out of memory for %zu bytes of the spool",
				 size);
		return false;
	}
	reader->buffer = grown;
	reader->capacity = size;
	return true;
}

/*
 * forget_buffer frees the buffer, which may be as large as a segment.
 */
static void
forget_buffer(SpoolReader *reader)
{
	free(reader->buffer);
	reader->buffer = NULL;
	reader->capacity = 0;
}

/*
 * fill reads so many bytes from the reader's position on.  It returns how many there are, or -1.
 */
static ssize_t
fill(SpoolReader *reader, size_t size)
{
	off_t offset = (off_t) (SEGMENT_HEADER + reader->position - reader->begin);
	ssize_t length;

	if (!reserve(reader, size))
		return -1;
	length = read_fully(reader->segment, reader->buffer, size, offset);
	if (length < 0)
		snprintf(reader->error, sizeof(reader->error),
				 "could not read %020" PRIu64 ".spool of \"%s\": %s", reader->begin,
				 reader->directory, strerror(errno));
	return length;
}

/*
 * bytes_there returns how many of so many bytes from the reader's position on the segment's file
 * has.  Where files are missing after it, that is far less than up to the next segment.
 */
static size_t
bytes_there(const SpoolReader *reader, size_t wanted)
{
	uint64_t offset = SEGMENT_HEADER + reader->position - reader->begin;
	struct stat status;

	/* what is wrong is said when it is read */
	if (fstat(reader->segment, &status) != 0)
		return wanted;
	if ((uint64_t) status.st_size <= offset)
		return 0;
	return (uint64_t) status.st_size - offset < wanted ? (size_t) status.st_size - offset : wanted;
}

/*
 * leave_out sets damaged bytes aside: those from the reader's position on up to the next whole frame
 * or the limit.  What is missing at the end of a file counts as damaged.
 */
static bool
leave_out(SpoolReader *reader, SpoolBatch *batch, uint64_t limit)
{
	size_t wanted = (size_t) (limit - reader->position);
	ssize_t length = fill(reader, bytes_there(reader, wanted));
	size_t damaged;

	if (length < 0)
		return false;
	damaged = length > 0 ? find_whole_frame(reader->buffer, (size_t) length, 0) : 0;
	if (!set_aside(reader->directory, reader->position, reader->buffer, damaged, reader->error))
		return false;
	if (damaged == (size_t) length)
		damaged = wanted;
	log_error("the spool \"%s\" is damaged: %zu bytes from position %" PRIu64
			  " on are no request; they are set aside in damaged-%020" PRIu64 ".bytes",
			  reader->directory, damaged, reader->position, reader->position);
	batch->damaged += damaged;
	reader->position += damaged;
	batch->next = reader->position;
	forget_buffer(reader);
	return true;
}

/*
 * read_frames reads whole frames up to the limit.  There may be none: then what is there is damaged.
 */
static bool
read_frames(SpoolReader *reader, SpoolBatch *batch, uint64_t limit, size_t max_bytes)
{
	uint64_t rest = limit - reader->position;
	size_t wanted = rest < max_bytes ? (size_t) rest : max_bytes;
	ssize_t length = fill(reader, wanted);
	Frame frame;
	size_t size;

	/* one that is larger than a batch may be is a batch of its own */
	if (length == (ssize_t) wanted && wanted < rest &&
		frame_decode(reader->buffer, wanted, &frame, &size) == FRAME_PARTIAL && size <= rest)
		length = fill(reader, size);
	if (length < 0)
		return false;
	batch->bytes = reader->buffer;
	batch->length = whole_frames(reader->buffer, (size_t) length, &batch->frames);
	reader->position += batch->length;
	batch->next = reader->position;
	return true;
}

/*
 * spool_reader_next reads the next batch.
 */
int
spool_reader_next(SpoolReader *reader, SpoolBatch *batch, size_t max_bytes)
{
	uint64_t durable = durable_read(reader->durable_file);
	uint64_t limit;

	*batch = (SpoolBatch){.first = reader->position, .next = reader->position};
	if (durable <= reader->position)
		return 0;
	if (max_bytes < FRAME_PREFIX)
		max_bytes = FRAME_PREFIX;
	while (batch->frames == 0)
	{
		if (!find_segment(reader))
			return -1;
		limit = reader->end < durable ? reader->end : durable;
		if (!read_frames(reader, batch, limit, max_bytes))
			return -1;
		if (batch->frames > 0)
			break;
		if (!leave_out(reader, batch, limit))
			return -1;
		if (reader->position >= durable)
			break;
	}
	return 1;
}

/*
 * spool_reader_error returns why the last call failed.
 */
const char *
spool_reader_error(const SpoolReader *reader)
{
	return reader->error;
}

/*
 * spool_reader_wait waits until the file "durable" changes.
 */
void
spool_reader_wait(SpoolReader *reader, int milliseconds)
{
	struct pollfd watch = {.fd = reader->watch, .events = POLLIN};
	char events[1024];

	if (durable_read(reader->durable_file) > reader->position)
		return;
	if (reader->watch < 0 && milliseconds > WAIT_BLINDLY)
		milliseconds = WAIT_BLINDLY;
	poll(&watch, reader->watch < 0 ? 0 : 1, milliseconds);
	while (reader->watch >= 0 && read(reader->watch, events, sizeof(events)) > 0)
		;
}

/*
 * spool_reader_close ends reading.
 */
void
spool_reader_close(SpoolReader *reader)
{
	close_segment(reader);
	if (reader->durable_file >= 0)
		close(reader->durable_file);
	if (reader->watch >= 0)
		close(reader->watch);
	forget_buffer(reader);
	free(reader->directory);
	free(reader);
}

/*
 * spool_oldest returns where the spool begins.
 */
uint64_t
spool_oldest(const char *directory, char *error)
{
	SegmentList list;
	uint64_t oldest = SPOOL_UNKNOWN_END;

	if (!segment_list_read(directory, &list, error))
		return oldest;
	if (list.count > 0)
		oldest = list.positions[0];
	else
		snprintf(error, SPOOL_ERROR_SIZE, "there is no spool in \"%s\"", directory);
	segment_list_free(&list);
	return oldest;
}

/*
 * spool_delete_below removes segments that are not needed any more.
 */
void
spool_delete_below(const char *directory, uint64_t position)
{
	char path[SPOOL_PATH_SIZE];
	char error[SPOOL_ERROR_SIZE];
	SegmentList list;

	if (!segment_list_read(directory, &list, error))
	{
		log_warning("%s", error);
		return;
	}
	for (size_t i = 0; i + 1 < list.count && list.positions[i + 1] <= position; i++)
	{
		segment_path(directory, list.positions[i], path);
		if (unlink(path) != 0 && errno != ENOENT)
			log_warning("could not remove \"%s\": %s", path, strerror(errno));
	}
	segment_list_free(&list);
}
