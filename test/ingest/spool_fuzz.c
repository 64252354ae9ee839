/*
 * spool_fuzz.c
 *		A spool that is appended to, damaged, opened again and read, as the bytes of an input say.
 *
 * What was appended is remembered, with the frames whose bytes were damaged since.  Whatever is done
 * to the files, a reader's positions grow without gaps; it returns each frame that is not damaged,
 * and no other but what lies in damaged ones; what it leaves out is set aside; and what is appended
 * after a recovery is read.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "frame.h"
#include "fuzz.h"
#include "log.h"
#include "spool_read.h"
#include "spool_write.h"
#include "unit.h"

#define MAX_FRAMES 512

/* A frame that was appended. */
typedef struct Known
{
	uint64_t position;
	unsigned char *bytes;
	size_t size;
	bool is_damaged;
	bool length_damaged; /* of the frame, so that its end is not known */
	bool is_seen;
} Known;

static char *directory;
static SpoolSettings settings = {.name = "fuzz", .max_bytes = 1 << 30};
static SpoolWriter *writer; /* NULL: the spool is closed */
static char error[SPOOL_ERROR_SIZE];
static Known known[MAX_FRAMES];
static size_t nknown;
static bool end_is_lost; /* the file "durable" does not say where the spool ends */

/*
 * inotify_init1 fails, in place of the system's own: to close what it makes takes milliseconds.
 */
int
inotify_init1(int flags)
{
	(void) flags;
	errno = ENOSYS;
	return -1;
}

/*
 * drop_known forgets a frame.
 */
static void
drop_known(size_t i)
{
	free(known[i].bytes);
	nknown--;
	memmove(&known[i], &known[i + 1], (nknown - i) * sizeof(Known));
}

/*
 * any_damage returns whether a frame up to this position is damaged.
 */
static bool
any_damage(uint64_t position)
{
	for (size_t i = 0; i < nknown; i++)
		if (known[i].is_damaged && known[i].position <= position)
			return true;
	return false;
}

/*
 * settle compares where the spool ends after it was opened with what is known of it.  Only where
 * "durable" is lost may the end be before frames, of which one is damaged.
 */
static void
settle(uint64_t end)
{
	uint64_t last = nknown > 0 ? known[nknown - 1].position + known[nknown - 1].size : 0;

	expect(end >= last || end_is_lost, "the end went back from %" PRIu64 " to %" PRIu64, last, end);
	while (nknown > 0 && known[nknown - 1].position + known[nknown - 1].size > end)
	{
		expect(any_damage(known[nknown - 1].position), "a whole frame at %" PRIu64 " is cut",
			   known[nknown - 1].position);
		drop_known(nknown - 1);
	}
	end_is_lost = false;
}

/*
 * open_writer opens the spool, which has to succeed.
 */
static void
open_writer(void)
{
	if (writer != NULL)
		return;
	writer = spool_writer_open(&settings, error);
	expect(writer != NULL, "the spool can't be opened: %s", error);
	settle(spool_durable(writer));
}

/*
 * close_writer closes it.
 */
static void
close_writer(void)
{
	if (writer != NULL)
		spool_writer_close(writer);
	writer = NULL;
}

/*
 * make_frame makes a frame whose body is bytes of the input, or a frame in a frame.
 */
static unsigned char *
make_frame(Input *input, size_t *size)
{
	unsigned char body[300];
	size_t length = take_byte(input);
	Frame frame = {.received_at = 1700000000000000 + (int64_t) nknown,
				   .protocol = "generic",
				   .protocol_length = 7,
				   .headers = "{}",
				   .headers_length = 2,
				   .body = body};
	unsigned char *bytes;

	memset(body, (int) length, sizeof(body));
	if (length % 4 == 0)
	{
		Frame inner = {.protocol = "x", .protocol_length = 1, .headers = "{}", .headers_length = 2};

		frame_encode(&inner, body + length % 16);
	}
	else
		take_bytes(input, body, length % 16);
	frame.body_length = length;
	*size = frame_size(&frame);
	bytes = malloc(*size);
	frame_encode(&frame, bytes);
	return bytes;
}

/*
 * append appends a group of frames.
 */
static void
append(Input *input)
{
	struct iovec buffers[4];
	size_t count = 1 + take_byte(input) % 4;
	size_t total = 0;
	uint64_t end;

	open_writer();
	if (nknown + count > MAX_FRAMES)
		return;
	end = spool_durable(writer);
	for (size_t i = 0; i < count; i++)
	{
		size_t size;
		unsigned char *bytes = make_frame(input, &size);

		known[nknown++] = (Known){.position = end + total, .bytes = bytes, .size = size};
		buffers[i] = (struct iovec){bytes, size};
		total += size;
	}
	expect(spool_append(writer, buffers, count, total) == SPOOL_OK, "no append: %s",
		   spool_writer_error(writer));
	expect(spool_durable(writer) == end + total, "the end is not after what was appended");
}

/*
 * note_damage notes that bytes of a segment were changed, at offsets of its file.
 */
static void
note_damage(const SegmentList *list, size_t segment, uint64_t from, uint64_t to)
{
	uint64_t begin = list->positions[segment];
	uint64_t end = segment + 1 < list->count ? list->positions[segment + 1] : UINT64_MAX;

	for (size_t i = 0; i < nknown; i++)
	{
		uint64_t at = known[i].position;
		uint64_t offset = at - begin + SEGMENT_HEADER;

		if (at < begin || at >= end || offset + known[i].size <= from || offset >= to)
			continue;
		known[i].is_damaged = true;
		known[i].length_damaged |= from < offset + 4;
	}
}

/*
 * change_file changes a file: a byte, several ones, its end, its length, or all of it.  It returns
 * from where and up to where.
 */
static void
change_file(const char *path, Input *input, uint64_t *from, uint64_t *to)
{
	unsigned kind = take_byte(input) % 6;
	uint64_t offset = take_number(input);
	unsigned char bytes[256];
	size_t length = 1 + take_byte(input) % 64;
	struct stat status;
	int fd = open(path, O_RDWR);

	expect(fd >= 0 && fstat(fd, &status) == 0, "no file %s", path);
	offset %= (uint64_t) status.st_size + 1;
	memset(bytes, 0, sizeof(bytes));
	*from = offset;
	*to = offset + length;
	if (kind == 0)
		*to = UINT64_MAX;
	if (kind == 1)
		length = *to = offset + 1;
	if (kind >= 3)
		take_bytes(input, bytes, length);
	if (kind == 0 && ftruncate(fd, (off_t) offset) != 0)
		abort();
	if (kind == 1 && pread(fd, bytes, 1, (off_t) offset) == 1)
		bytes[0] ^= (unsigned char) (1 << take_byte(input) % 8);
	if (kind == 1)
		length = 1;
	/* what a crash in the middle of an append leaves */
	if (kind == 5)
		*from = *to = offset = (uint64_t) status.st_size;
	if (kind != 0 && pwrite(fd, bytes, length, (off_t) offset) != (ssize_t) length)
		abort();
	close(fd);
}

/*
 * damage changes a segment, or removes it.
 */
static void
damage(Input *input)
{
	char path[SPOOL_PATH_SIZE];
	SegmentList list;
	size_t segment = take_byte(input);
	uint64_t from = 0;
	uint64_t to = UINT64_MAX;

	close_writer();
	expect(segment_list_read(directory, &list, error), "no list: %s", error);
	if (list.count > 0)
	{
		segment = list.count - 1 - segment % list.count;
		segment_path(directory, list.positions[segment], path);
		if (take_byte(input) % 8 == 0)
			unlink(path);
		else
			change_file(path, input, &from, &to);
		note_damage(&list, segment, from, to);
	}
	segment_list_free(&list);
}

/*
 * lose_end changes or removes the file "durable", or has it say an earlier position, as after a crash
 * of the machine.
 */
static void
lose_end(Input *input)
{
	char path[SPOOL_PATH_SIZE];
	unsigned kind = take_byte(input) % 3;
	uint64_t from;
	uint64_t to;
	int fd;

	close_writer();
	snprintf(path, sizeof(path), "%s/durable", directory);
	if (access(path, F_OK) != 0)
		return;
	end_is_lost = true;
	if (kind == 0)
		unlink(path);
	else if (kind == 1)
		change_file(path, input, &from, &to);
	else
	{
		fd = durable_open(directory, true, error);
		if (nknown > 0)
			durable_write(fd, known[take_byte(input) % nknown].position);
		close(fd);
	}
}

/*
 * check_left_out checks bytes that a reader left out: they are set aside, and no frame that is whole
 * is in them, unless the end of a damaged one before it was not to be found.
 */
static void
check_left_out(uint64_t from, uint64_t to)
{
	char path[SPOOL_PATH_SIZE];
	struct stat status;
	bool is_lost = false;

	snprintf(path, sizeof(path), "%s/damaged-%020" PRIu64 ".bytes", directory, from);
	expect(stat(path, &status) == 0, "bytes at %" PRIu64 " are not set aside", from);
	expect((uint64_t) status.st_size <= to - from, "more is set aside than left out at %" PRIu64,
		   from);
	for (size_t i = 0; i < nknown; i++)
	{
		Known *frame = &known[i];
		uint64_t end = frame->position + frame->size;

		if (end <= from || frame->position >= to)
			continue;
		is_lost |= frame->length_damaged || (frame->is_damaged && frame->position < from);
		expect(frame->is_damaged || is_lost, "a whole frame at %" PRIu64 " is left out",
			   frame->position);
		frame->is_seen = true;
	}
}

/*
 * check_frame checks a frame that a reader returned: it is what was appended there, or lies in what
 * is damaged, or behind all that is known.
 */
static void
check_frame(uint64_t position, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < nknown; i++)
	{
		Known *frame = &known[i];

		if (position + size <= frame->position || position >= frame->position + frame->size)
			continue;
		frame->is_seen = true;
		expect(frame->is_damaged || (frame->position == position && frame->size == size &&
									 memcmp(frame->bytes, bytes, size) == 0),
			   "the frame at %" PRIu64 " is not what was appended", position);
	}
}

/*
 * check_batch checks a batch.
 */
static void
check_batch(const SpoolBatch *batch)
{
	uint64_t at = batch->next - batch->length;
	size_t frames = 0;
	size_t size;
	Frame frame;

	expect(batch->next - batch->first == batch->length + batch->damaged,
		   "positions are not those of the bytes");
	if (batch->damaged > 0)
		check_left_out(batch->first, at);
	for (size_t i = 0; i < batch->length; i += size, frames++)
	{
		expect(frame_decode(batch->bytes + i, batch->length - i, &frame, &size) == FRAME_WHOLE,
			   "a batch has something that is no frame");
		check_frame(at + i, batch->bytes + i, size);
	}
	expect(frames == batch->frames, "%zu frames are said to be %zu", frames, batch->frames);
}

/*
 * read_from reads from a position up to the end, and checks all.  It returns the end.
 */
static uint64_t
read_from(uint64_t position, size_t max_bytes)
{
	SpoolReader *reader = spool_reader_open(directory, position, error);
	SpoolBatch batch;
	uint64_t from = position;
	int outcome;

	expect(reader != NULL, "the spool can't be read from %" PRIu64 ": %s", position, error);
	for (size_t i = 0; i < nknown; i++)
		known[i].is_seen = false;
	while ((outcome = spool_reader_next(reader, &batch, max_bytes)) == 1)
	{
		expect(batch.first == position && batch.next > position, "positions do not grow");
		check_batch(&batch);
		position = batch.next;
	}
	expect(outcome == 0, "the spool can't be read: %s", spool_reader_error(reader));
	spool_reader_close(reader);
	for (size_t i = 0; i < nknown; i++)
		expect(known[i].is_seen || known[i].position < from,
			   "nothing is told of the frame at %" PRIu64, known[i].position);
	return position;
}

/*
 * find_oldest finds where the spool begins, and forgets frames that were removed.  False if it has
 * no segment.
 */
static bool
find_oldest(uint64_t *position)
{
	bool is_there;
	SegmentList list;

	expect(segment_list_read(directory, &list, error), "no list: %s", error);
	is_there = list.count > 0;
	*position = is_there ? list.positions[0] : UINT64_MAX;
	while (nknown > 0 && known[0].position < *position)
		drop_known(0);
	segment_list_free(&list);
	return is_there;
}

/*
 * read_all reads all that there is.
 */
static void
read_all(size_t max_bytes)
{
	uint64_t position;
	uint64_t end;
	int fd;

	/* what a reader without a collector does first */
	expect(spool_settle(directory, error), "the spool can't be settled: %s", error);
	fd = durable_open(directory, false, error);
	settle(durable_read(fd));
	end = durable_read(fd);
	close(fd);
	if (find_oldest(&position))
		expect(read_from(position, max_bytes) == (end > position ? end : position),
			   "not all was read");
}

/*
 * remove_loaded removes segments, as a loader does.
 */
static void
remove_loaded(Input *input)
{
	uint64_t position;
	uint64_t before;

	if (!find_oldest(&position) || nknown == 0)
		return;
	before = known[take_byte(input) % nknown].position;
	spool_delete_below(directory, before);
	expect(find_oldest(&position) && position <= before, "more was removed than was loaded");
}

/*
 * one_step does what one byte of the input says.
 */
static void
one_step(Input *input)
{
	switch (take_byte(input) % 8)
	{
		case 0:
		case 1:
		case 2:
			append(input);
			break;
		case 3:
			close_writer();
			break;
		case 4:
			damage(input);
			break;
		case 5:
			lose_end(input);
			break;
		case 6:
			read_all(1 + take_byte(input) * 4u);
			break;
		default:
			remove_loaded(input);
			break;
	}
}

/*
 * clean_up removes the directory.
 */
static void
clean_up(void)
{
	remove_directory(directory);
	free(directory);
}

/*
 * fuzz_prepare makes the directory.
 */
void
fuzz_prepare(void)
{
	log_set_level(LOG_LEVEL_NONE);
	directory = new_directory();
	settings.directory = directory;
	atexit(clean_up);
}

/*
 * fuzz_one has a spool go through what the bytes say, and then appends and reads once more.
 */
void
fuzz_one(const unsigned char *bytes, size_t length)
{
	Input input = {bytes, length};
	Input last = {NULL, 0};
	uint64_t end;

	empty_directory(directory);
	settings.segment_bytes = 1 + take_byte(&input) * UINT64_C(8);
	end_is_lost = false;
	for (int i = 0; i < 64 && input.length > 0; i++)
		one_step(&input);
	open_writer();
	end = spool_durable(writer);
	append(&last);
	expect(read_from(end, 4096) == spool_durable(writer), "what was appended last is not read");
	expect(nknown == 0 || known[nknown - 1].is_seen, "what was appended last is not seen");
	read_all(4096);
	close_writer();
	while (nknown > 0)
		drop_known(nknown - 1);
}
