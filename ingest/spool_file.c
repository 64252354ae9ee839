/*
 * spool_file.c
 *		Names, headers and other small files of a spool directory.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "crc32c.h"
#include "frame.h"
#include "spool_file.h"

#define SEGMENT_VERSION 1
#define DURABLE_SIZE    16
#define ORIGIN_OFFSET   16 /* in the file "durable", after the position */
#define ORIGIN_SIZE     16

static const char segment_magic[8] = "PGSZSPL\n";

/*
 * fail writes why something can't be done with a file, from errno.
 */
static bool
fail(char *error, const char *what, const char *path)
{
	snprintf(error, SPOOL_ERROR_SIZE, "could not %s \"%s\": %s", what, path, strerror(errno));
	return false;
}

/*
 * position_of_name returns whether a file's name is that of a segment, and its position.
 */
static bool
position_of_name(const char *name, uint64_t *position)
{
	if (strspn(name, "0123456789") != SEGMENT_NAME_DIGITS ||
		strcmp(name + SEGMENT_NAME_DIGITS, ".spool") != 0)
		return false;
	errno = 0;
	*position = strtoull(name, NULL, 10);
	return errno == 0;
}

/*
 * compare_positions orders positions.
 */
static int
compare_positions(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a;
	uint64_t y = *(const uint64_t *) b;

	return (x > y) - (x < y);
}

/*
 * append_position adds a position to a list.
 */
static bool
append_position(SegmentList *list, uint64_t position)
{
	uint64_t *grown = list->positions;

	if ((list->count & (list->count - 1)) == 0)
		grown = realloc(grown, (list->count == 0 ? 1 : list->count * 2) * sizeof(uint64_t));
	if (grown == NULL)
		return false;
	list->positions = grown;
	list->positions[list->count++] = position;
	return true;
}

/*
 * segment_list_read reads the names of all segments.
 */
bool
segment_list_read(const char *directory, SegmentList *list, char *error)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	uint64_t position;
	bool done = true;

	*list = (SegmentList){NULL, 0};
	if (dir == NULL)
		return fail(error, "read the directory", directory);
	for (errno = 0; done && (entry = readdir(dir)) != NULL; errno = 0)
		if (position_of_name(entry->d_name, &position))
			done = append_position(list, position);
	done = done && errno == 0;
	if (!done)
	{
		fail(error, "read the directory", directory);
		segment_list_free(list);
	}
	closedir(dir);
	if (list->count > 0)
		qsort(list->positions, list->count, sizeof(uint64_t), compare_positions);
	return done;
}

/*
 * segment_list_free forgets a list.
 */
void
segment_list_free(SegmentList *list)
{
	free(list->positions);
	*list = (SegmentList){NULL, 0};
}

/*
 * segment_list_find finds the last segment that begins at the position or before it.
 */
ssize_t
segment_list_find(const SegmentList *list, uint64_t position)
{
	size_t count = list->count;

	while (count > 0 && list->positions[count - 1] > position)
		count--;
	return (ssize_t) count - 1;
}

/*
 * segment_path writes a segment's path.
 */
void
segment_path(const char *directory, uint64_t position, char *path)
{
	snprintf(path, SPOOL_PATH_SIZE, "%s/%020" PRIu64 ".spool", directory, position);
}

/*
 * segment_header_encode writes a header of SEGMENT_HEADER bytes.
 */
void
segment_header_encode(const SegmentHeader *header, unsigned char *bytes)
{
	memset(bytes, 0, SEGMENT_HEADER);
	memcpy(bytes, segment_magic, sizeof(segment_magic));
	store_u32(bytes + 8, SEGMENT_VERSION);
	store_u32(bytes + 12, SEGMENT_HEADER);
	store_u64(bytes + 16, header->position);
	store_u64(bytes + 24, header->collector);
	store_u64(bytes + 32, header->created_at);
	store_u64(bytes + 40, header->origin);
	store_u32(bytes + SEGMENT_HEADER - 4, crc32c(bytes, SEGMENT_HEADER - 4));
}

/*
 * segment_header_decode reads a header; false if it is none.
 */
bool
segment_header_decode(const unsigned char *bytes, SegmentHeader *header)
{
	if (memcmp(bytes, segment_magic, sizeof(segment_magic)) != 0 ||
		load_u32(bytes + 8) != SEGMENT_VERSION ||
		load_u32(bytes + SEGMENT_HEADER - 4) != crc32c(bytes, SEGMENT_HEADER - 4))
		return false;
	header->position = load_u64(bytes + 16);
	header->collector = load_u64(bytes + 24);
	header->created_at = load_u64(bytes + 32);
	header->origin = load_u64(bytes + 40);
	return true;
}

/*
 * spool_name_hash hashes a collector's name (FNV-1a).
 */
uint64_t
spool_name_hash(const char *name)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325);

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char) *name) * UINT64_C(0x100000001B3);
	return hash;
}

/*
 * spool_clock returns the time.
 */
int64_t
spool_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/*
 * spool_new_origin makes the origin of a new spool: the time, and a bit of chance.
 */
uint64_t
spool_new_origin(void)
{
	uint16_t chance = 0;

	(void) getentropy(&chance, sizeof(chance));
	return (uint64_t) spool_clock() * 1000 + chance % 1000;
}

/*
 * read_fully reads up to the file's end.
 */
ssize_t
read_fully(int fd, void *bytes, size_t length, off_t offset)
{
	size_t done = 0;

	while (done < length)
	{
		ssize_t n = pread(fd, (char *) bytes + done, length - done, offset + (off_t) done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t) n;
	}
	return (ssize_t) done;
}

/*
 * sync_directory makes names durable.
 */
bool
sync_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = fsync(fd) == 0;
	close(fd);
	return done;
}

/*
 * durable_open opens the file "durable", for writing also makes it.
 */
int
durable_open(const char *directory, bool for_writing, char *error)
{
	char path[SPOOL_PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "%s/durable", directory);
	fd = open(path, (for_writing ? O_RDWR | O_CREAT | O_NOFOLLOW : O_RDONLY) | O_CLOEXEC, 0600);
	if (fd < 0)
		fail(error, "open", path);
	return fd;
}

/*
 * durable_write says up to where all is on disk.  The sixteen bytes go in one call, and a reader
 * who meets half of them notices by the checksum.
 */
bool
durable_write(int fd, uint64_t position)
{
	unsigned char bytes[DURABLE_SIZE] = {0};

	store_u64(bytes, position);
	store_u32(bytes + 8, crc32c(bytes, 8));
	return pwrite(fd, bytes, sizeof(bytes), 0) == (ssize_t) sizeof(bytes);
}

/*
 * durable_read reads what durable_write wrote.
 */
uint64_t
durable_read(int fd)
{
	unsigned char bytes[DURABLE_SIZE];

	for (int attempt = 0; attempt < 3; attempt++)
		if (read_fully(fd, bytes, sizeof(bytes), 0) == (ssize_t) sizeof(bytes) &&
			load_u32(bytes + 8) == crc32c(bytes, 8))
			return load_u64(bytes);
	return 0;
}

/*
 * origin_write says which spool this is.
 */
bool
origin_write(int fd, uint64_t origin)
{
	unsigned char bytes[ORIGIN_SIZE] = {0};

	store_u64(bytes, origin);
	store_u32(bytes + 8, crc32c(bytes, 8));
	return pwrite(fd, bytes, sizeof(bytes), ORIGIN_OFFSET) == (ssize_t) sizeof(bytes) &&
		   fdatasync(fd) == 0;
}

/*
 * origin_read reads what origin_write wrote.
 */
uint64_t
origin_read(int fd)
{
	unsigned char bytes[ORIGIN_SIZE];

	if (read_fully(fd, bytes, sizeof(bytes), ORIGIN_OFFSET) == (ssize_t) sizeof(bytes) &&
		load_u32(bytes + 8) == crc32c(bytes, 8))
		return load_u64(bytes);
	return 0;
}

/*
 * segment_header_read reads the header of a segment.
 */
bool
segment_header_read(const char *directory, uint64_t position, SegmentHeader *header)
{
	char path[SPOOL_PATH_SIZE];
	unsigned char bytes[SEGMENT_HEADER];
	bool done;
	int fd;

	segment_path(directory, position, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = read_fully(fd, bytes, sizeof(bytes), 0) == SEGMENT_HEADER &&
		   segment_header_decode(bytes, header);
	close(fd);
	return done;
}

/*
 * is_whole returns whether there is a whole frame at these bytes.  What can be seen of a frame
 * without reading all of it is looked at first.
 */
static bool
is_whole(const unsigned char *bytes, size_t length)
{
	Frame frame;
	size_t size;

	return length >= FRAME_PREFIX + FRAME_FIXED && bytes[FRAME_PREFIX] == 1 &&
		   frame_decode(bytes, length, &frame, &size) == FRAME_WHOLE;
}

/*
 * following_frame looks where a damaged frame says it ends.
 */
static size_t
following_frame(const unsigned char *bytes, size_t length, size_t from)
{
	uint64_t end;

	if (length - from < FRAME_PREFIX)
		return length;
	end = (uint64_t) from + FRAME_PREFIX + load_u32(bytes + from);
	return end < length && is_whole(bytes + end, length - end) ? (size_t) end : length;
}

/*
 * find_whole_frame searches for a whole frame.
 */
size_t
find_whole_frame(const unsigned char *bytes, size_t length, size_t from)
{
	size_t following = following_frame(bytes, length, from);

	if (following < length)
		return following;
	for (; from < length; from++)
		if (is_whole(bytes + from, length - from))
			return from;
	return length;
}

/*
 * whole_frames measures the frames at the beginning.
 */
size_t
whole_frames(const unsigned char *bytes, size_t length, size_t *count)
{
	size_t end = 0;
	size_t size;
	Frame frame;

	for (*count = 0; end < length; ++*count, end += size)
		if (frame_decode(bytes + end, length - end, &frame, &size) != FRAME_WHOLE)
			break;
	return end;
}

/*
 * write_all writes bytes to a new file and makes them durable.
 */
static bool
write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0)
	{
		ssize_t n = write(fd, bytes, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		length -= (size_t) n;
	}
	return fsync(fd) == 0;
}

/*
 * set_aside keeps damaged bytes.
 */
bool
set_aside(const char *directory, uint64_t position, const void *bytes, size_t length, char *error)
{
	char path[SPOOL_PATH_SIZE];
	int fd;
	bool done;

	snprintf(path, sizeof(path), "%s/damaged-%020" PRIu64 ".bytes", directory, position);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(error, "write", path);
	done = write_all(fd, bytes, length);
	if (!done)
		fail(error, "write", path);
	close(fd);
	return done && (sync_directory(directory) || fail(error, "sync", directory));
}
