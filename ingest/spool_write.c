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

#include "log.h"
#include "spool_write.h"

#define LOOK_SECONDS 1 /* how long it is remembered which segment is the oldest */

struct SpoolWriter
{
	char *directory;
	SpoolSettings settings;
	int lock;
	int durable_file;
	int segment;             /* -1: the next append begins one */
	uint64_t begin;          /* position of the segment */
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
	char path[SPOOL_PATH_SIZE];
	unsigned char bytes[SEGMENT_HEADER];
	SegmentHeader header = {0};
	int fd;

	segment_path(directory, position, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read_fully(fd, bytes, sizeof(bytes), 0) == SEGMENT_HEADER)
		segment_header_decode(bytes, &header);
	close(fd);
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
	if (mkdir(writer->directory, 0750) != 0 && errno != EEXIST)
		return fail(writer, "could not make the directory \"%s\"", writer->directory);
	return true;
}

/*
 * lock_directory makes sure that nobody else writes to the spool; *is_taken tells that somebody does.
 */
static bool
lock_directory(SpoolWriter *writer, bool *is_taken)
{
	char path[SPOOL_PATH_SIZE];

	*is_taken = false;
	snprintf(path, sizeof(path), "%s/lock", writer->directory);
	writer->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (writer->lock < 0)
		return fail(writer, "could not open \"%s\"", path);
	if (flock(writer->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno != EWOULDBLOCK)
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
	};
	int fd;

	segment_path(writer->directory, header.position, path);
	if (unlink(path) != 0 && errno != ENOENT)
		return fail(writer, "could not remove the segment \"%s\"", path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
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
 * load_segment reads all frames of the segment that was opened last.
 */
static unsigned char *
load_segment(SpoolWriter *writer, size_t *length)
{
	struct stat status;
	unsigned char *bytes;

	if (fstat(writer->segment, &status) != 0)
	{
		fail(writer, "could not look at the last segment of \"%s\"", writer->directory);
		return NULL;
	}
	*length = status.st_size > SEGMENT_HEADER ? (size_t) status.st_size - SEGMENT_HEADER : 0;
	bytes = malloc(*length + 1);
	if (bytes == NULL ||
		read_fully(writer->segment, bytes, *length, SEGMENT_HEADER) != (ssize_t) *length)
	{
		fail(writer, "could not read the last segment of \"%s\"", writer->directory);
		free(bytes);
		return NULL;
	}
	return bytes;
}

/*
 * end_of_frames returns where the last whole frame ends.  A damaged one before it stays where it is:
 * the reader reports it and sets it aside.  Up to the durable length a whole frame is searched for
 * after a damaged one at every byte.  Further on nobody was told that a frame is there, so what a
 * torn one has in its body is not taken for a frame; only one that follows it is.
 */
static size_t
end_of_frames(const unsigned char *bytes, size_t length, size_t durable)
{
	size_t end = 0;
	size_t at = 0;
	size_t count;

	while (at < length)
	{
		size_t whole = whole_frames(bytes + at, length - at, &count);

		at += whole;
		if (whole > 0)
			end = at;
		if (at < length)
			at = at < durable ? find_whole_frame(bytes, length, at)
							  : following_frame(bytes, length, at);
	}
	return end;
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
 * settle_end decides where the spool ends: after the last whole frame, unless more than that was
 * once on disk.  Positions never go back, because a loader may be that far already.
 */
static bool
settle_end(SpoolWriter *writer, uint64_t durable)
{
	size_t length;
	size_t end;
	unsigned char *bytes = load_segment(writer, &length);

	if (bytes == NULL)
		return false;
	end = end_of_frames(bytes, length, durable > writer->begin ? durable - writer->begin : 0);
	free(bytes);
	if (writer->begin + end < durable)
	{
		log_error("the spool is damaged: requests up to position %" PRIu64 " were on disk, and "
				  "after %" PRIu64 " none is whole; a loader sets the bytes aside",
				  durable, writer->begin + end);
		atomic_store(&writer->end, durable);
		give_up_segment(writer);
		return true;
	}
	atomic_store(&writer->end, writer->begin + end);
	return cut_tail(writer, length, end);
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
	if (!make_directory(writer) || !lock_directory(writer, &is_taken) || !recover(writer) ||
		!next_segment(writer))
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
	done = lock_directory(writer, &is_taken) && recover(writer);
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
 * take_back handles an error of an append.  What was written and never synced may be cut off and
 * written again; after an error of a sync the segment is given up.
 */
static SpoolStatus
take_back(SpoolWriter *writer, bool synced, off_t offset)
{
	fail(writer, "could not %s the spool \"%s\"", synced ? "sync" : "write to", writer->directory);
	if (synced || ftruncate(writer->segment, offset) != 0)
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

	look_at_oldest(writer, false);
	created_at = atomic_load(&writer->oldest_created_at);
	if (created_at == 0 || spool_bytes(writer) == 0)
		return 0;
	return (double) (spool_clock() - created_at) / 1e6;
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
