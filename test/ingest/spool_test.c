/*
 * spool_test.c
 *		The spool against what was appended to it: torn at every byte, with a bit changed at every
 *		byte, with errors of the file system (faults.c), read while it is written.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "crc32c.h"
#include "frame.h"
#include "log.h"
#include "spool_read.h"
#include "spool_write.h"
#include "unit.h"

#define MAX_FRAMES 4096
#define GROUP      3 /* requests of each of three groups, in a segment that is damaged */
#define NDAMAGED   (3 * GROUP)

static SpoolSettings settings = {
	.name = "unit", .segment_bytes = 1 << 20, .max_bytes = 1 << 30, .min_free = 0};
static char error[SPOOL_ERROR_SIZE];

/* What was read from a spool: which requests, by the number in their body. */
typedef struct Seen
{
	uint32_t count[MAX_FRAMES];
	size_t frames;
	size_t disordered;
	uint64_t damaged;
	int outcome;
} Seen;

/*
 * encode makes the frame of a request with a number and a body of some length.
 */
static unsigned char *
encode(uint32_t number, size_t length, size_t *size)
{
	unsigned char *body = malloc(length + 4);
	unsigned char *bytes;
	Frame frame = {.received_at = 1700000000000000 + number,
				   .protocol = "segment",
				   .protocol_length = 7,
				   .headers = "{\":path\": \"/v1/t\"}",
				   .headers_length = 18,
				   .body = body,
				   .body_length = length + 4};

	store_u32(body, number);
	for (size_t i = 0; i < length; i++)
		body[4 + i] = (unsigned char) (number * 31 + i * 7);
	*size = frame_size(&frame);
	bytes = malloc(*size);
	frame_encode(&frame, bytes);
	free(body);
	return bytes;
}

/*
 * append appends a group of requests with these numbers.
 */
static SpoolStatus
append(SpoolWriter *writer, uint32_t from, uint32_t to, size_t length)
{
	struct iovec buffers[MAX_FRAMES];
	void *bytes[MAX_FRAMES];
	size_t total = 0;
	SpoolStatus status;

	for (uint32_t i = from; i < to; i++)
	{
		size_t size;

		bytes[i - from] = encode(i, length, &size);
		buffers[i - from] = (struct iovec){bytes[i - from], size};
		total += size;
	}
	status = spool_append(writer, buffers, to - from, total);
	for (uint32_t i = from; i < to; i++)
		free(bytes[i - from]);
	return status;
}

/*
 * take counts the frames of a batch, each of which must be as encode() made it.
 */
static void
take(const SpoolBatch *batch, Seen *seen, uint32_t *last)
{
	size_t size;
	Frame frame;

	for (size_t at = 0; at < batch->length; at += size)
	{
		uint32_t number;
		unsigned char *expected;
		size_t expected_size;

		if (frame_decode(batch->bytes + at, batch->length - at, &frame, &size) != FRAME_WHOLE)
			abort();
		number = load_u32(frame.body);
		expected = encode(number, frame.body_length - 4, &expected_size);
		if (number >= MAX_FRAMES || expected_size != size ||
			memcmp(expected, batch->bytes + at, size) != 0)
			abort();
		free(expected);
		seen->count[number]++;
		seen->frames++;
		seen->disordered += seen->frames > 1 && number <= *last;
		*last = number;
	}
}

/*
 * read_all reads a spool from a position up to its end.
 */
static Seen
read_all(const char *directory, uint64_t position, size_t max_bytes)
{
	static Seen seen;
	SpoolReader *reader = spool_reader_open(directory, position, error);
	SpoolBatch batch;
	uint32_t last = 0;

	memset(&seen, 0, sizeof(seen));
	seen.outcome = -1;
	if (reader == NULL)
		return seen;
	while ((seen.outcome = spool_reader_next(reader, &batch, max_bytes)) == 1)
	{
		if (batch.first != position || batch.next <= position)
			abort();
		position = batch.next;
		seen.damaged += batch.damaged;
		take(&batch, &seen, &last);
	}
	if (seen.outcome < 0)
		snprintf(error, sizeof(error), "%s", spool_reader_error(reader));
	spool_reader_close(reader);
	return seen;
}

/*
 * each_once returns whether the requests from .. to - 1 were seen once, and no other.
 */
static bool
each_once(const Seen *seen, uint32_t from, uint32_t to)
{
	for (uint32_t i = 0; i < MAX_FRAMES; i++)
		if (seen->count[i] != (i >= from && i < to))
			return false;
	return seen->outcome == 0 && seen->disordered == 0;
}

/*
 * open_writer opens a spool.
 */
static SpoolWriter *
open_writer(const char *directory)
{
	settings.directory = directory;
	return spool_writer_open(&settings, error);
}

/*
 * the_only_segment returns the path of the first segment.
 */
static const char *
the_only_segment(const char *directory)
{
	static char path[SPOOL_PATH_SIZE];

	segment_path(directory, 0, path);
	return path;
}

/*
 * test_checksum compares checksums with known ones and both ways to compute them.
 */
static void
test_checksum(void)
{
	unsigned char bytes[300];
	bool same = true;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char) random_bits();
	for (size_t from = 0; from < 16; from++)
		for (size_t length = 0; length < 256; length++)
		{
			uint32_t whole = crc32c(bytes + from, length);

			same = same && whole == crc32c_extend_by_tables(0, bytes + from, length) &&
				   whole == crc32c_extend(crc32c(bytes + from, length / 3),
										  bytes + from + length / 3, length - length / 3);
		}
	ok(crc32c("123456789", 9) == 0xE3069283, "the checksum is CRC-32C");
	ok(same, "by instruction, by tables and in parts it is the same");
}

/*
 * test_frames cuts a frame and changes its bytes.
 */
static void
test_frames(void)
{
	size_t size;
	size_t n;
	Frame frame;
	unsigned char *bytes = encode(7, 50, &size);
	bool partial = true;
	bool damaged = true;
	Frame large = {.body_length = FRAME_MAX_PAYLOAD};

	for (size_t length = 0; length < size; length++)
		partial = partial && frame_decode(bytes, length, &frame, &n) == FRAME_PARTIAL;
	for (size_t i = 0; i < size * 8; i++)
	{
		bytes[i / 8] ^= (unsigned char) (1 << i % 8);
		damaged = damaged && frame_decode(bytes, size, &frame, &n) != FRAME_WHOLE;
		bytes[i / 8] ^= (unsigned char) (1 << i % 8);
	}
	ok(partial, "a frame that is cut is partial");
	ok(damaged, "a frame with a bit changed is not whole");
	ok(frame_decode(bytes, size, &frame, &n) == FRAME_WHOLE && n == size &&
		   frame.received_at == 1700000000000007 && frame.body_length == 54,
	   "a frame is what was encoded");
	ok(frame_size(&large) == 0, "a request that is too large has no frame");
	free(bytes);
}

/*
 * test_round_trip appends groups of several sizes over many segments and reads them in batches of
 * several sizes and from every position.
 */
static void
test_round_trip(void)
{
	char *directory = new_directory();
	SpoolWriter *writer;
	Seen seen;
	uint32_t number = 0;
	bool all = true;
	static const size_t batches[] = {1, 100, 4096, 1 << 20};

	settings.segment_bytes = 3000;
	writer = open_writer(directory);
	while (number < 1000)
	{
		uint32_t next = number + 1 + (uint32_t) random_below(40);

		all = all && append(writer, number, next, random_below(3) ? 20 : 700) == SPOOL_OK;
		number = next;
		if (random_below(5) == 0)
		{
			spool_writer_close(writer);
			writer = open_writer(directory);
		}
	}
	ok(all, "groups are appended");
	for (size_t i = 0; i < 4; i++)
	{
		seen = read_all(directory, 0, batches[i]);
		ok(each_once(&seen, 0, number) && seen.damaged == 0, "read in batches of %zu bytes",
		   batches[i]);
	}
	ok(spool_bytes(writer) == spool_durable(writer), "nothing was deleted");
	spool_writer_close(writer);
	settings.segment_bytes = 1 << 20;
	remove_directory(directory);
	free(directory);
}

/*
 * torn_at opens a copy of a spool of three groups whose segment is cut, appends, and reads.
 */
static bool
torn_at(const char *original, const char *copy, size_t length, bool forget)
{
	char path[SPOOL_PATH_SIZE];
	SpoolWriter *writer;
	Seen seen;
	uint32_t whole = 0;
	size_t size;
	uint64_t durable;
	bool good;

	copy_directory(original, copy);
	if (truncate(the_only_segment(copy), (off_t) length) != 0)
		abort();
	free(encode(0, 30, &size));
	if (length >= SEGMENT_HEADER)
		whole = (uint32_t) ((length - SEGMENT_HEADER) / size);
	snprintf(path, sizeof(path), "%s/durable", copy);
	if (forget)
		unlink(path);
	writer = open_writer(copy);
	if (writer == NULL)
		return false;
	durable = spool_durable(writer);
	good = append(writer, 100, 110, 30) == SPOOL_OK;
	spool_writer_close(writer);
	seen = read_all(copy, 0, 1 << 20);
	for (uint32_t i = 0; i < 200; i++)
		good = good && seen.count[i] == (i < whole || (i >= 100 && i < 110));
	/* what was said to be durable is never cut in silence */
	if (forget)
		return good && durable == whole * size && seen.damaged == 0;
	return good && durable == NDAMAGED * size && seen.damaged == (NDAMAGED - whole) * size;
}

/*
 * test_torn cuts a segment at every byte.
 */
static void
test_torn(void)
{
	char *original = new_directory();
	char *copy = new_directory();
	SpoolWriter *writer = open_writer(original);
	size_t size;
	size_t bad[2] = {0, 0};

	log_set_level(LOG_LEVEL_NONE);
	for (uint32_t i = 0; i < 3; i++)
		append(writer, i * GROUP, i * GROUP + GROUP, 30);
	size = SEGMENT_HEADER + spool_durable(writer);
	spool_writer_close(writer);
	for (size_t length = 0; length <= size; length++)
		for (int forget = 0; forget < 2; forget++)
			if (!torn_at(original, copy, length, forget) && bad[forget]++ == 0)
				diag("cut at %zu: %s", length, error);
	ok(bad[1] == 0, "a tail torn at any of %zu bytes is cut, and the spool goes on", size);
	ok(bad[0] == 0, "what was durable and is missing is an alarm, and positions do not go back");
	remove_directory(original);
	remove_directory(copy);
	free(original);
	free(copy);
}

/*
 * flipped_at reads a copy of a spool in which a byte was changed.
 */
static bool
flipped_at(const char *original, const char *copy, size_t at)
{
	size_t length;
	size_t size;
	unsigned char *bytes;
	SpoolWriter *writer;
	Seen seen;
	uint32_t lost = UINT32_MAX;
	bool good;

	copy_directory(original, copy);
	bytes = read_file(the_only_segment(copy), &length);
	bytes[at] ^= (unsigned char) (1 << random_below(8));
	write_file(the_only_segment(copy), bytes, length);
	free(bytes);
	free(encode(0, 30, &size));
	if (at >= SEGMENT_HEADER)
		lost = (uint32_t) ((at - SEGMENT_HEADER) / size);
	writer = open_writer(copy);
	if (writer == NULL)
		return false;
	good = append(writer, NDAMAGED, NDAMAGED + 10, 30) == SPOOL_OK;
	spool_writer_close(writer);
	seen = read_all(copy, 0, 1 << 20);
	for (uint32_t i = 0; i < NDAMAGED + 10; i++)
		good = good && seen.count[i] == (i != lost);
	return good && seen.outcome == 0 && seen.damaged == (lost == UINT32_MAX ? 0 : size);
}

/*
 * test_flipped changes a bit of every byte.
 */
static void
test_flipped(void)
{
	char *original = new_directory();
	char *copy = new_directory();
	char path[SPOOL_PATH_SIZE];
	SpoolWriter *writer = open_writer(original);
	size_t size;
	size_t bad = 0;

	for (uint32_t i = 0; i < 3; i++)
		append(writer, i * GROUP, i * GROUP + GROUP, 30);
	size = SEGMENT_HEADER + spool_durable(writer);
	spool_writer_close(writer);
	for (size_t at = 0; at < size; at++)
		if (!flipped_at(original, copy, at) && bad++ == 0)
			diag("changed at %zu: %s", at, error);
	ok(bad == 0, "a bit changed at any of %zu bytes costs one request at most, never in silence",
	   size);
	snprintf(path, sizeof(path), "%s/damaged-%020d.bytes", copy,
			 (int) (size - SEGMENT_HEADER) - (int) ((size - SEGMENT_HEADER) / NDAMAGED));
	ok(access(path, R_OK) == 0, "the bytes are set aside");
	remove_directory(original);
	remove_directory(copy);
	free(original);
	free(copy);
}

/*
 * test_forged puts a whole frame into the body of a torn one.
 */
static void
test_forged(void)
{
	char *directory = new_directory();
	SpoolWriter *writer = open_writer(directory);
	size_t length;
	size_t inner_size;
	unsigned char *inner = encode(666, 30, &inner_size);
	Frame outer = {.protocol = "x",
				   .protocol_length = 1,
				   .headers = "{}",
				   .headers_length = 2,
				   .body = inner,
				   .body_length = inner_size};
	size_t size = frame_size(&outer);
	unsigned char *bytes = malloc(size);
	unsigned char *file;
	Seen seen;

	append(writer, 0, 10, 30);
	spool_writer_close(writer);
	frame_encode(&outer, bytes);
	bytes[8] ^= 2;
	file = read_file(the_only_segment(directory), &length);
	file = realloc(file, length + size);
	memcpy(file + length, bytes, size);
	write_file(the_only_segment(directory), file, length + size);
	seen = read_all(directory, 0, 1 << 20);
	ok(each_once(&seen, 0, 10), "a frame in the body of a torn one is not taken for a request");
	free(inner);
	free(bytes);
	free(file);
	remove_directory(directory);
	free(directory);
}

/*
 * test_refusals opens what must not be opened.
 */
static void
test_refusals(void)
{
	char *directory = new_directory();
	SpoolWriter *writer = open_writer(directory);

	append(writer, 0, 10, 30);
	ok(open_writer(directory) == NULL && strstr(error, "another collector writes") != NULL,
	   "two collectors on one directory: refused");
	spool_writer_close(writer);
	settings.name = "other";
	ok(open_writer(directory) == NULL && strstr(error, "another name") != NULL,
	   "a spool of another collector: refused");
	settings.name = "unit";
	ok(spool_reader_open(directory, 1000000, error) == NULL && strstr(error, "ends at") != NULL,
	   "a position after the spool's end: refused");
	remove_directory(directory);
	ok(spool_reader_open(directory, 0, error) == NULL, "no spool: refused");
	free(directory);
}

/*
 * hold_lock holds a spool's lock for a moment in another process, as a loader does that finds no
 * collector at work; returns the process when it has it.
 */
static pid_t
hold_lock(const char *directory)
{
	char path[SPOOL_PATH_SIZE];
	int told[2];
	char byte;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/lock", directory);
	if (pipe(told) != 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0)
	{
		if (flock(open(path, O_RDWR), LOCK_EX) != 0 || write(told[1], "", 1) != 1)
			_exit(1);
		usleep(300000);
		_exit(0);
	}
	close(told[1]);
	if (read(told[0], &byte, 1) != 1)
		pid = -1;
	close(told[0]);
	return pid;
}

/*
 * test_settling opens a spool while a loader settles it.
 */
static void
test_settling(void)
{
	char *directory = new_directory();
	SpoolWriter *writer = open_writer(directory);
	pid_t loader;

	append(writer, 0, 10, 30);
	spool_writer_close(writer);
	loader = hold_lock(directory);
	writer = open_writer(directory);
	ok(loader > 0 && writer != NULL, "a collector waits for a loader that settles the spool");
	if (writer != NULL)
		spool_writer_close(writer);
	waitpid(loader, NULL, 0);
	remove_directory(directory);
	free(directory);
}

/*
 * test_deleting deletes what was loaded, and reads what is gone.
 */
static void
test_deleting(void)
{
	char *directory = new_directory();
	SpoolWriter *writer;
	uint64_t middle;
	uint64_t end;
	Seen seen;

	settings.segment_bytes = 1000;
	writer = open_writer(directory);
	for (uint32_t i = 0; i < 30; i++)
		append(writer, i * 10, i * 10 + 10, 30);
	end = spool_durable(writer);
	middle = end / 2;
	spool_delete_below(directory, middle);
	seen = read_all(directory, middle, 1 << 20);
	ok(each_once(&seen, 150, 300), "what was not loaded stays");
	seen = read_all(directory, 0, 1 << 20);
	ok(seen.outcome < 0 && strstr(error, "removed before it was loaded") != NULL,
	   "what is gone is an error, not skipped");
	spool_delete_below(directory, end);
	usleep(1100000);
	ok(spool_has_room(writer) && spool_bytes(writer) < end / 4 && spool_bytes(writer) > 0,
	   "the last segment stays");
	spool_writer_close(writer);
	writer = open_writer(directory);
	ok(spool_durable(writer) == end, "the position is kept when all was deleted");
	spool_writer_close(writer);
	settings.segment_bytes = 1 << 20;
	remove_directory(directory);
	free(directory);
}

/*
 * test_full fills a spool up to its size.
 */
static void
test_full(void)
{
	char *directory = new_directory();
	SpoolWriter *writer;
	Seen seen;
	uint32_t number = 0;

	settings.max_bytes = 20000;
	settings.segment_bytes = 2000;
	writer = open_writer(directory);
	while (append(writer, number, number + 10, 30) == SPOOL_OK)
		number += 10;
	ok(strstr(spool_writer_error(writer), "spool is full") != NULL && spool_bytes(writer) <= 20000,
	   "a spool grows to its size and no further");
	seen = read_all(directory, 0, 1 << 20);
	ok(each_once(&seen, 0, number), "a group that was refused is not in it");
	spool_delete_below(directory, spool_durable(writer));
	ok(append(writer, number, number + 10, 30) == SPOOL_OK, "once it was loaded there is room");
	settings.min_free = UINT64_MAX / 2;
	spool_writer_close(writer);
	writer = open_writer(directory);
	ok(append(writer, 0, 1, 30) == SPOOL_FULL && !spool_has_room(writer) &&
		   strstr(spool_writer_error(writer), "must stay free") != NULL,
	   "the room that must stay free stays free");
	spool_writer_close(writer);
	settings.min_free = 0;
	settings.max_bytes = 1 << 30;
	settings.segment_bytes = 1 << 20;
	remove_directory(directory);
	free(directory);
}

/*
 * inject says which call of the system fails from now on; faults.c reads it.
 */
static void
inject(const char *fault)
{
	write_file(getenv("FAULT_FILE"), fault, strlen(fault));
}

/*
 * test_errors makes calls of the system fail at random.  A group that was not acknowledged is not
 * in the spool, or is there in full; one that was is there.
 */
static void
test_errors(void)
{
	static const char *const faults[] = {"fdatasync 5", "fdatasync 28", "pwritev 5",  "pwritev 28",
										 "short 28",    "open 28",      "ftruncate 5"};
	char *directory = new_directory();
	SpoolWriter *writer;
	Seen seen;
	static SpoolStatus statuses[400];
	uint32_t acknowledged = 0;
	bool good = true;

	settings.segment_bytes = 3000;
	writer = open_writer(directory);
	for (uint32_t group = 0; group < 400; group++)
	{
		if (random_below(4) == 0)
			inject(faults[random_below(7)]);
		statuses[group] = append(writer, group * 10, group * 10 + 10, 20 + random_below(60));
		acknowledged += statuses[group] == SPOOL_OK;
		inject("none");
		if (random_below(20) == 0)
		{
			spool_writer_close(writer);
			writer = open_writer(directory);
		}
	}
	seen = read_all(directory, 0, 2000);
	for (uint32_t i = 0; i < 4000; i++)
		good = good && seen.count[i] == (statuses[i / 10] == SPOOL_OK);
	ok(acknowledged > 250 && acknowledged < 345, "some calls failed: %u of 400 groups are there",
	   acknowledged);
	ok(good && seen.outcome == 0 && seen.damaged == 0 && seen.disordered == 0,
	   "after errors of the file system: what was acknowledged is there once, and nothing else");
	spool_writer_close(writer);
	settings.segment_bytes = 1 << 20;
	remove_directory(directory);
	free(directory);
}

/*
 * test_failed_sync opens a spool again after an error of a sync.
 */
static void
test_failed_sync(void)
{
	char *directory = new_directory();
	SpoolWriter *writer = open_writer(directory);
	SpoolStatus status;
	Seen seen;

	append(writer, 0, 10, 30);
	inject("fdatasync 5");
	status = append(writer, 10, 20, 30);
	inject("none");
	spool_writer_close(writer);
	spool_writer_close(open_writer(directory));
	seen = read_all(directory, 0, 1 << 20);
	ok(status == SPOOL_FAILED && each_once(&seen, 0, 10),
	   "what could not be synced is not there after the collector has begun again");
	remove_directory(directory);
	free(directory);
}

/*
 * follow reads what another thread appends, deletes what it has, and counts.
 */
static void *
follow(void *arg)
{
	char *directory = arg;
	SpoolReader *reader = spool_reader_open(directory, 0, error);
	SpoolBatch batch;
	static Seen seen;
	uint32_t last = 0;

	memset(&seen, 0, sizeof(seen));
	for (int idle = 0; reader != NULL && idle < 3;)
	{
		seen.outcome = spool_reader_next(reader, &batch, 1 + random_below(5000));
		if (seen.outcome < 0)
			break;
		if (seen.outcome == 1)
		{
			take(&batch, &seen, &last);
			spool_delete_below(directory, batch.next);
			idle = 0;
		}
		else
		{
			spool_reader_wait(reader, 300);
			idle++;
		}
	}
	if (reader != NULL)
		spool_reader_close(reader);
	return &seen;
}

/*
 * test_missing has far more missing than there is memory for: a terabyte of segments is gone.
 */
static void
test_missing(void)
{
	const uint64_t far = UINT64_C(1) << 40;
	const uint64_t max_bytes = settings.max_bytes;
	char *directory = new_directory();
	SpoolWriter *writer;
	uint64_t end;
	Seen seen;
	int fd;

	settings.max_bytes = 2 * far;
	writer = open_writer(directory);
	append(writer, 0, 3, 50);
	end = spool_durable(writer);
	spool_writer_close(writer);
	fd = durable_open(directory, true, error);
	durable_write(fd, far);
	close(fd);
	writer = open_writer(directory);
	append(writer, 3, 5, 50);
	spool_writer_close(writer);
	seen = read_all(directory, 0, 1 << 20);
	ok(each_once(&seen, 0, 5) && seen.damaged == far - end,
	   "a terabyte that is missing is told of, and what follows is read");
	settings.max_bytes = max_bytes;
	remove_directory(directory);
	free(directory);
}

/*
 * test_following reads and deletes while groups are appended.
 */
static void
test_following(void)
{
	char *directory = new_directory();
	SpoolWriter *writer;
	pthread_t thread;
	void *seen;

	settings.segment_bytes = 2000;
	writer = open_writer(directory);
	pthread_create(&thread, NULL, follow, directory);
	for (uint32_t i = 0; i < 400; i++)
		append(writer, i * 10, i * 10 + 10, 30);
	pthread_join(thread, &seen);
	ok(each_once(seen, 0, 4000), "a reader that follows the writer sees each request once");
	spool_writer_close(writer);
	settings.segment_bytes = 1 << 20;
	remove_directory(directory);
	free(directory);
}

/*
 * main runs the tests.
 */
int
main(void)
{
	test_checksum();
	test_frames();
	test_round_trip();
	test_torn();
	test_flipped();
	test_forged();
	test_refusals();
	test_settling();
	test_deleting();
	test_full();
	test_missing();
	test_following();
	if (getenv("FAULT_FILE") != NULL)
	{
		test_errors();
		test_failed_sync();
	}
	return done_testing();
}
