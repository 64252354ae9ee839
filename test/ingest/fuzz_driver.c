/*
 * fuzz_driver.c
 *		What runs a fuzz target, and what targets share.
 *
 *		NAME_fuzz SECONDS SEED FILE...
 *
 * Without libFuzzer each file is an input, and for some seconds inputs are made of them by changes
 * at random.  The input that is tried is kept in the file "last-input" of the working directory, so
 * that a failure can be repeated.  With libFuzzer (WITH_LIBFUZZER) the command line is libFuzzer's.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "unit.h"

/*
 * take_byte takes a byte.
 */
unsigned
take_byte(Input *input)
{
	if (input->length == 0)
		return 0;
	input->length--;
	return *input->bytes++;
}

/*
 * take_number takes two bytes.
 */
uint64_t
take_number(Input *input)
{
	unsigned high = take_byte(input);

	return high << 8 | take_byte(input);
}

/*
 * take_bytes takes as many bytes as there are, at most those that are wanted.
 */
void
take_bytes(Input *input, unsigned char *to, size_t length)
{
	if (length > input->length)
		length = input->length;
	if (length > 0)
		memcpy(to, input->bytes, length);
	input->bytes += length;
	input->length -= length;
}

/*
 * expect aborts if something is not as it has to be.
 */
void
expect(bool is_so, const char *format, ...)
{
	va_list args;

	if (is_so)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

#ifdef WITH_LIBFUZZER

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void) argc;
	(void) argv;
	fuzz_prepare();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	fuzz_one(bytes, length);
	return 0;
}

#else

#define MAX_INPUT  8192
#define MAX_INPUTS 512

typedef struct Sample
{
	unsigned char bytes[MAX_INPUT];
	size_t length;
} Sample;

static Sample samples[MAX_INPUTS];
static size_t count;

/*
 * run tries an input, in memory of exactly its size.
 */
static void
run(const Sample *sample)
{
	unsigned char *bytes = malloc(sample->length);

	write_file("last-input", sample->bytes, sample->length);
	if (sample->length > 0)
		memcpy(bytes, sample->bytes, sample->length);
	fuzz_one(bytes, sample->length);
	free(bytes);
}

/*
 * change changes an input once: a bit, a byte, a part that is left out, doubled, or that of another.
 */
static void
change(Sample *sample)
{
	const Sample *other = &samples[random_below(count)];
	size_t at = random_below(sample->length + 1);
	size_t length = random_below(32);
	size_t rest = sample->length - at;

	if (length > rest)
		length = rest;
	switch (random_below(5))
	{
		case 0:
			if (rest > 0)
				sample->bytes[at] ^= (unsigned char) (1 << random_below(8));
			break;
		case 1:
			if (rest > 0)
				sample->bytes[at] = (unsigned char) random_bits();
			break;
		case 2:
			memmove(sample->bytes + at, sample->bytes + at + length, rest - length);
			sample->length -= length;
			break;
		case 3:
			if (sample->length + length > MAX_INPUT)
				break;
			memmove(sample->bytes + at + length, sample->bytes + at, rest);
			sample->length += length;
			break;
		default:
			if (other->length > at)
				memcpy(sample->bytes + at, other->bytes + at,
					   length < other->length - at ? length : other->length - at);
			break;
	}
}

/*
 * read_sample reads an input from a file.
 */
static void
read_sample(const char *path)
{
	size_t length;
	unsigned char *bytes = read_file(path, &length);

	if (count < MAX_INPUTS && length <= MAX_INPUT)
	{
		memcpy(samples[count].bytes, bytes, length);
		samples[count++].length = length;
	}
	free(bytes);
}

int
main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atol(argv[1]) : 0);
	unsigned long tried = 0;
	Sample sample;

	fuzz_prepare();
	for (uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) % 1000 : 0; seed > 0; seed--)
		random_bits();
	for (int i = 3; i < argc; i++)
		read_sample(argv[i]);
	for (size_t i = 0; i < count; i++, tried++)
		run(&samples[i]);
	for (; count > 0 && time(NULL) < end; tried++)
	{
		sample = samples[random_below(count)];
		for (uint64_t left = 1 + random_below(8); left > 0; left--)
			change(&sample);
		run(&sample);
	}
	printf("ok: %lu inputs\n", tried);
	return 0;
}

#endif
