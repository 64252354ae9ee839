/*
 * spool_write.c
 *		Appending to a spool, and opening one after a crash.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bytes.h"
#include "frame.h"
#include "log.h"
#include "spool_write.h"
#include "steady_clock.h"

#define LOOK_SECONDS 1 /* how long it is remembered which segment is the oldest */
#define WINDOW_BYTES ((size_t) 1024 * 1024) /* how much of a segment is read at a time */
#define LOCK_SECONDS 5 /* how long a collector waits for a loader that settles the spool */

/* Some bytes of a segment. */
typedef struct Window
{
	unsigned char *bytes;
	size_t length;
} Window;

struct SpoolWriter
{
	char *directory;
	SpoolSettings settings;
	int lock;
	int durable_file;
	int segment;             /* -1: the next append begins one */
	uint64_t begin;          /* position of the segment */
	uint64_t origin;         /* which spool it is */
	_Atomic uint64_t end;    /* position up to which all is on disk */
	_Atomic uint64_t oldest; /* position of the oldest segment */
	_Atomic int64_t oldest_created_at;
	_Atomic int64_t looked_at; /* when oldest was read from the directory */
	int code;                  /* errno of the last error */
	char error[SPOOL_ERROR_SIZE];
};

/*
 * fail writes the error that a call of the system gave.
 */
static bool __attribute__((format(printf, 2, 3))) fail(SpoolWriter *writer, const char *format, ...)
{
	va_list args;
	size_t length;

	writer->code = errno;
	va_start(args, format);
	vsnprintf(writer->error, sizeof(writer->error), format, args);
	va_end(args);
	length = strlen(writer->error);
	snprintf(writer->error + length, sizeof(writer->error) - length, ": %s",
			 strerror(writer->code));
	return false;
}

/*
 * read_created_at reads when a segment was begun, or 0.
 */
static int64_t
read_created_at(const char *directory, uint64_t position)
{
	SegmentHeader header = {0};

	(void) segment_header_read(directory, position, &header);
	return (int64_t) header.created_at;
}

/*
 * look_at_oldest finds out which segment is the oldest, since a loader deletes them.
 */
static void
look_at_oldest(SpoolWriter *writer, bool now)
{
	char error[SPOOL_ERROR_SIZE];
	SegmentList list;
	int64_t time = spool_clock();
	int64_t since = time - atomic_load(&writer->looked_at);

	if (!now && since >= 0 && since < LOOK_SECONDS * INT64_C(1000000))
		return;
	atomic_store(&writer->looked_at, time);
	if (!segment_list_read(writer->directory, &list, error))
		return;
	if (list.count > 0)
	{
		if (list.positions[0] != atomic_load(&writer->oldest) || writer->oldest_created_at == 0)
			atomic_store(&writer->oldest_created_at,
						 read_created_at(writer->directory, list.positions[0]));
		atomic_store(&writer->oldest, list.positions[0]);
	}
	segment_list_free(&list);
}

/*
 * is_full returns whether an error says that there is no room.
 */
static bool
is_full(int code)
{
	return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

/*
 * make_directory makes the spool's directory where there is none.
 */
static bool
make_directory(SpoolWriter *writer)
{
	if (mkdir(writer->directory, 0700) != 0 && errno != EEXIST)
		return fail(writer, "could not make the directory \"%s\"", writer->directory);
	return true;
}

/*
 * take_lock takes the lock, for which it waits some seconds at most; EWOULDBLOCK then.
 */
static int
take_lock(int fd, double patience)
{
	const struct timespec moment = {.tv_nsec = 10000000};
	double until = steady_seconds() + patience;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0)
	{
		if (errno != EWOULDBLOCK || steady_seconds() >= until)
			return errno;
		nanosleep(&moment, NULL);
	}
	return 0;
}

/*
 * lock_directory makes sure that nobody else writes to the spool; *is_taken tells that somebody does.
 */
static bool
lock_directory(SpoolWriter *writer, double patience, bool *is_taken)
{
	char path[SPOOL_PATH_SIZE];
	int code;

	*is_taken = false;
	snprintf(path, sizeof(path), "%s/lock", writer->directory);
	writer->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (writer->lock < 0)
		return fail(writer, "could not open \"%s\"", path);
	code = take_lock(writer->lock, patience);
	if (code == 0)
		return true;
	errno = code;
	if (code != EWOULDBLOCK)
		return fail(writer, "could not lock \"%s\"", path);
	*is_taken = true;
	snprintf(writer->error, sizeof(writer->error),
			 "another collector writes to the spool \"%s\"; each needs a directory of its own",
			 writer->directory);
	return false;
}

/*
 * begin_segment begins a segment at the position where the last durable frame ended.  A file that
 * has its name already has no durable frame in it.
 */
static bool
begin_segment(SpoolWriter *writer)
{
	char path[SPOOL_PATH_SIZE];
	unsigned char bytes[SEGMENT_HEADER];
	SegmentHeader header = {
		.position = atomic_load(&writer->end),
		.collector = spool_name_hash(writer->settings.name),
		.created_at = (uint64_t) spool_clock(),
		.origin = writer->origin,
	};
	int fd;

	segment_path(writer->directory, header.position, path);
	if (unlink(path) != 0 && errno != ENOENT)
		return fail(writer, "could not remove the segment \"%s\"", path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(writer, "could not make the segment \"%s\"", path);
	segment_header_encode(&header, bytes);
	errno = ENOSPC;
	if (pwrite(fd, bytes, sizeof(bytes), 0) != (ssize_t) sizeof(bytes) || fsync(fd) != 0 ||
		!sync_directory(writer->directory))
	{
		fail(writer, "could not write the segment \"%s\"", path);
		close(fd);
		unlink(path);
		return false;
	}
	writer->segment = fd;
	writer->begin = header.position;
	return true;
}

/*
 * give_up_segment closes a segment of which nobody knows what is on disk after the last durable
 * frame.  The next one begins there, so that readers do not look at the rest.
 */
static void
give_up_segment(SpoolWriter *writer)
{
	if (writer->segment >= 0)
		close(writer->segment);
	writer->segment = -1;
}

/*
 * segment_length returns how many bytes the segment has after its header, or -1.
 */
static off_t
segment_length(SpoolWriter *writer)
{
	struct stat status;

	if (fstat(writer->segment, &status) != 0)
	{
		fail(writer, "could not look at the last segment of \"%s\"", writer->directory);
		return -1;
	}
	return status.st_size > SEGMENT_HEADER ? status.st_size - SEGMENT_HEADER : 0;
}

/*
 * read_window reads so many bytes of the segment at an offset, fewer at its end.
 */
static bool
read_window(SpoolWriter *writer, Window *window, size_t at, size_t wanted)
{
	unsigned char *bytes = realloc(window->bytes, wanted);
	ssize_t length = -1;

	if (bytes != NULL)
	{
		window->bytes = bytes;
		length = read_fully(writer->segment, bytes, wanted, (off_t) (SEGMENT_HEADER + at));
	}
	if (length < 0)
		return fail(writer, "could not read the last segment of \"%s\"", writer->directory);
	window->length = (size_t) length;
	return true;
}

/*
 * exceeds_window returns whether a frame goes on after the window; *size is its size.
 */
static bool
exceeds_window(const Window *window, size_t *size)
{
	Frame frame;

	return frame_decode(window->bytes, window->length, &frame, size) == FRAME_PARTIAL &&
		   *size > window->length;
}

/*
 * find_end finds where the last whole frame after an offset ends, *end.  A damaged one before it
 * stays where it is: the reader reports it and sets it aside.  Nobody was told that a frame is there,
 * so what a torn one has in its body is not taken for a frame; only one that follows it is.
 */
static bool
find_end(SpoolWriter *writer, Window *window, size_t at, size_t *end)
{
	size_t wanted = WINDOW_BYTES;
	bool is_following = false;

	*end = at;
	while (read_window(writer, window, at, wanted))
	{
		size_t count;
		size_t size;
		size_t whole = whole_frames(window->bytes, window->length, &count);

		if (whole > 0)
		{
			at += whole;
			*end = at;
			wanted = WINDOW_BYTES;
			is_following = false;
		}
		else if (window->length == wanted && exceeds_window(window, &size))
			wanted = size;
		else if (is_following || window->length < FRAME_PREFIX)
			return true;
		else
		{
			at += FRAME_PREFIX + (size_t) load_u32(window->bytes);
			wanted = WINDOW_BYTES;
			is_following = true;
		}
	}
	return false;
}

/*
 * cut_tail cuts what follows the last whole frame, and makes the rest durable.
 */
static bool
cut_tail(SpoolWriter *writer, size_t length, size_t end)
{
	if (end < length)
	{
		log_info("the last request in the spool was not written in full, and nobody was told that "
				 "it is there: %zu bytes are cut at position %" PRIu64,
				 length - end, writer->begin + end);
		if (ftruncate(writer->segment, (off_t) (SEGMENT_HEADER + end)) != 0)
			return fail(writer, "could not cut the last segment of \"%s\"", writer->directory);
	}
	if (fsync(writer->segment) != 0 || !sync_directory(writer->directory))
		return fail(writer, "could not sync the last segment of \"%s\"", writer->directory);
	return true;
}

/*
 * settle_end decides where the spool ends: after the last whole frame, but not before what was once
 * on disk.  Positions never go back, because a loader may be that far already.
 */
static bool
settle_end(SpoolWriter *writer, uint64_t durable)
{
	uint64_t from = durable > writer->begin ? durable - writer->begin : 0;
	off_t length = segment_length(writer);
	Window window = {0};
	size_t end;
	bool done;

	if (length < 0)
		return false;
	if ((uint64_t) length < from)
	{
		log_error("the spool is damaged: requests up to position %" PRIu64 " were on disk, and "
				  "the last file ends at %" PRIu64 "; a loader sets aside what is damaged",
				  durable, writer->begin + (uint64_t) length);
		atomic_store(&writer->end, durable);
		give_up_segment(writer);
		return true;
	}
	done = find_end(writer, &window, (size_t) from, &end);
	free(window.bytes);
	if (!done)
		return false;
	atomic_store(&writer->end, writer->begin + end);
	return cut_tail(writer, (size_t) length, end);
}

/*
 * check_header looks at the header of the last segment.  One without frames may be damaged, since a
 * crash may have interrupted its beginning; it is begun again.
 */
static bool
check_header(SpoolWriter *writer)
{
	unsigned char bytes[SEGMENT_HEADER];
	SegmentHeader header;

	if (read_fully(writer->segment, bytes, sizeof(bytes), 0) != SEGMENT_HEADER ||
		!segment_header_decode(bytes, &header) || header.position != writer->begin)
	{
		log_warning("the header of the spool's last segment, %020" PRIu64 ".spool, is damaged",
					writer->begin);
		return true;
	}
	if (writer->settings.name == NULL || header.collector == spool_name_hash(writer->settings.name))
		return true;
	snprintf(writer->error, sizeof(writer->error),
			 "the spool \"%s\" belongs to a collector of another name than \"%s\"",
			 writer->directory, writer->settings.name);
	return false;
}

/*
 * open_last opens the last segment and finds the spool's end.
 */
static bool
open_last(SpoolWriter *writer, uint64_t position, uint64_t durable)
{
	char path[SPOOL_PATH_SIZE];

	segment_path(writer->directory, position, path);
	writer->begin = position;
	writer->segment = open(path, O_RDWR | O_CLOEXEC);
	if (writer->segment < 0)
		return fail(writer, "could not open the segment \"%s\"", path);
	if (!check_header(writer) || !settle_end(writer, durable))
		return false;
	/* one without a frame is begun again, whatever is in it */
	if (atomic_load(&writer->end) == writer->begin)
		give_up_segment(writer);
	return true;
}

/*
 * find_origin finds out which spool this is: from the file "durable", or from the segments if that
 * file was lost.  A new one is told from all others.
 */
static bool
find_origin(SpoolWriter *writer, const SegmentList *list, uint64_t durable)
{
	uint64_t noted = origin_read(writer->durable_file);
	SegmentHeader header;

	writer->origin = noted;
	for (size_t i = list->count; i > 0 && writer->origin == 0; i--)
		if (segment_header_read(writer->directory, list->positions[i - 1], &header))
			writer->origin = header.origin;
	if (writer->origin == 0 && list->count == 0 && durable == 0)
		writer->origin = writer->settings.origin;
	if (writer->origin == noted || origin_write(writer->durable_file, writer->origin))
		return true;
	return fail(writer, "could not write \"%s/durable\"", writer->directory);
}

/*
 * recover finds the spool's end.
 */
static bool
recover(SpoolWriter *writer)
{
	SegmentList list;
	uint64_t durable;
	bool done = true;

	writer->durable_file = durable_open(writer->directory, true, writer->error);
	if (writer->durable_file < 0 || !segment_list_read(writer->directory, &list, writer->error))
		return false;
	durable = durable_read(writer->durable_file);
	atomic_store(&writer->end, durable);
	if (list.count > 0)
		done = open_last(writer, list.positions[list.count - 1], durable);
	else if (durable > 0)
		log_warning("the spool \"%s\" has no segment any more; it goes on at position %" PRIu64,
					writer->directory, durable);
	done = done && find_origin(writer, &list, durable);
	segment_list_free(&list);
	if (done && !durable_write(writer->durable_file, atomic_load(&writer->end)))
		done = fail(writer, "could not write \"%s/durable\"", writer->directory);
	return done;
}

/*
 * next_segment begins a new segment where the last one has its size, or there is none.
 */
static bool
next_segment(SpoolWriter *writer)
{
	if (writer->segment >= 0 &&
		atomic_load(&writer->end) - writer->begin >= writer->settings.segment_bytes)
		give_up_segment(writer);
	return writer->segment >= 0 || begin_segment(writer);
}

/*
 * new_writer makes a writer with nothing opened.
 */
static SpoolWriter *
new_writer(const SpoolSettings *settings, char *error)
{
	SpoolWriter *writer = calloc(1, sizeof(SpoolWriter));

	if (writer == NULL || (writer->directory = strdup(settings->directory)) == NULL)
	{
		free(writer);
		snprintf(error, SPOOL_ERROR_SIZE, "out of memory");
		return NULL;
	}
	writer->settings = *settings;
	writer->lock = writer->durable_file = writer->segment = -1;
	return writer;
}

/*
 * spool_writer_open opens a spool for appending.
 */
SpoolWriter *
spool_writer_open(const SpoolSettings *settings, char *error)
{
	SpoolWriter *writer = new_writer(settings, error);
	bool is_taken;

	if (writer == NULL)
		return NULL;
	if (!make_directory(writer) || !lock_directory(writer, LOCK_SECONDS, &is_taken) ||
		!recover(writer) || !next_segment(writer))
	{
		snprintf(error, SPOOL_ERROR_SIZE, "%s", writer->error);
		spool_writer_close(writer);
		return NULL;
	}
	look_at_oldest(writer, true);
	return writer;
}

/*
 * spool_settle does for a spool without a collector what a collector does when it opens it.
 */
bool
spool_settle(const char *directory, char *error)
{
	SpoolSettings settings = {.directory = directory};
	SpoolWriter *writer = new_writer(&settings, error);
	bool is_taken;
	bool done;

	if (writer == NULL)
		return false;
	done = lock_directory(writer, 0, &is_taken) && recover(writer);
	if (!done)
		snprintf(error, SPOOL_ERROR_SIZE, "%s", writer->error);
	spool_writer_close(writer);
	return done || is_taken;
}

/*
 * free_bytes returns how much room the file system has for us.
 */
static uint64_t
free_bytes(SpoolWriter *writer)
{
	struct statvfs status;

	if (statvfs(writer->directory, &status) != 0)
		return UINT64_MAX;
	return (uint64_t) status.f_bavail * status.f_frsize;
}

/*
 * room_for returns whether so many bytes may be appended.
 */
static bool
room_for(SpoolWriter *writer, uint64_t length, char *error)
{
	uint64_t bytes;
	uint64_t room;

	look_at_oldest(writer, false);
	bytes = spool_bytes(writer);
	if (bytes + length > writer->settings.max_bytes)
	{
		look_at_oldest(writer, true);
		bytes = spool_bytes(writer);
	}
	if (bytes + length > writer->settings.max_bytes)
	{
		snprintf(error, SPOOL_ERROR_SIZE,
				 "the spool is full: %" PRIu64 " of %" PRIu64 " bytes wait for a loader", bytes,
				 writer->settings.max_bytes);
		return false;
	}
	room = free_bytes(writer);
	if (room >= writer->settings.min_free && room - writer->settings.min_free >= length)
		return true;
	snprintf(error, SPOOL_ERROR_SIZE,
			 "the file system of the spool has %" PRIu64 " bytes left, and %" PRIu64
			 " must stay free",
			 room, writer->settings.min_free);
	return false;
}

/*
 * advance leaves out of a list of buffers what was written.
 */
static void
advance(struct iovec **buffers, size_t *count, size_t written)
{
	while (*count > 0 && written >= (*buffers)->iov_len)
	{
		written -= (*buffers)->iov_len;
		++*buffers;
		--*count;
	}
	if (*count > 0)
	{
		(*buffers)->iov_base = (char *) (*buffers)->iov_base + written;
		(*buffers)->iov_len -= written;
	}
}

/*
 * write_frames writes all buffers at an offset of the segment.
 */
static bool
write_frames(int fd, struct iovec *buffers, size_t count, off_t offset)
{
	while (count > 0)
	{
		int some = count < IOV_MAX ? (int) count : IOV_MAX;
		ssize_t n = pwritev(fd, buffers, some, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
		{
			errno = n == 0 ? ENOSPC : errno;
			return false;
		}
		offset += n;
		advance(&buffers, &count, (size_t) n);
	}
	return true;
}

/*
 * take_back handles an error of an append.  What was written is cut off, so that nobody takes it for
 * requests that were accepted.  It may be written again if it was never synced; after an error of a
 * sync the segment is given up.
 */
static SpoolStatus
take_back(SpoolWriter *writer, bool synced, off_t offset)
{
	fail(writer, "could not %s the spool \"%s\"", synced ? "sync" : "write to", writer->directory);
	if (ftruncate(writer->segment, offset) != 0 || synced)
		give_up_segment(writer);
	return !synced && is_full(writer->code) ? SPOOL_FULL : SPOOL_FAILED;
}

/*
 * spool_append appends frames and waits for the disk.
 */
SpoolStatus
spool_append(SpoolWriter *writer, struct iovec *frames, size_t count, size_t length)
{
	off_t offset;

	if (!room_for(writer, length, writer->error))
		return SPOOL_FULL;
	if (!next_segment(writer))
		return is_full(writer->code) ? SPOOL_FULL : SPOOL_FAILED;
	offset = (off_t) (SEGMENT_HEADER + atomic_load(&writer->end) - writer->begin);
	if (!write_frames(writer->segment, frames, count, offset))
		return take_back(writer, false, offset);
	if (fdatasync(writer->segment) != 0)
		return take_back(writer, true, offset);
	atomic_fetch_add(&writer->end, length);
	if (!durable_write(writer->durable_file, atomic_load(&writer->end)))
		log_error("could not write \"%s/durable\": %s; loaders do not see the last requests yet",
				  writer->directory, strerror(errno));
	return SPOOL_OK;
}

/*
 * spool_writer_error returns why the last append failed.
 */
const char *
spool_writer_error(const SpoolWriter *writer)
{
	return writer->error;
}

/*
 * spool_has_room returns whether there is room for at least a kilobyte.
 */
bool
spool_has_room(SpoolWriter *writer)
{
	char error[SPOOL_ERROR_SIZE];

	return room_for(writer, 1024, error);
}

/*
 * spool_bytes returns how many bytes of frames the segments have.
 */
uint64_t
spool_bytes(SpoolWriter *writer)
{
	uint64_t end = atomic_load(&writer->end);
	uint64_t oldest = atomic_load(&writer->oldest);

	return end > oldest ? end - oldest : 0;
}

/*
 * spool_age returns the age of the oldest segment.
 */
double
spool_age(SpoolWriter *writer)
{
	int64_t created_at;
	int64_t now = spool_clock();

	look_at_oldest(writer, false);
	created_at = atomic_load(&writer->oldest_created_at);
	/* the clock may have been set back */
	if (created_at == 0 || created_at > now || spool_bytes(writer) == 0)
		return 0;
	return (double) (now - created_at) / 1e6;
}

/*
 * spool_durable returns the position up to which all is on disk.
 */
uint64_t
spool_durable(SpoolWriter *writer)
{
	return atomic_load(&writer->end);
}

/*
 * spool_writer_close closes the spool, so that another process can open it.
 */
void
spool_writer_close(SpoolWriter *writer)
{
	if (writer->segment >= 0)
		close(writer->segment);
	if (writer->durable_file >= 0)
	{
		fdatasync(writer->durable_file);
		close(writer->durable_file);
	}
	if (writer->lock >= 0)
		close(writer->lock);
	free(writer->directory);
	free(writer);
}
