/*
 * unit.c
 *		What the unit tests of the program share.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static int tests;
static int failed;
static uint64_t state = UINT64_C(88172645463325252);

/*
 * ok reports a test.
 */
bool
ok(bool passed, const char *format, ...)
{
	va_list args;

	printf("%s %d - ", passed ? "ok" : "not ok", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	failed += !passed;
	return passed;
}

/*
 * diag says something about a test.
 */
void
diag(const char *format, ...)
{
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

/*
 * done_testing ends the report.
 */
int
done_testing(void)
{
	printf("1..%d\n", tests);
	return failed > 0;
}

/*
 * random_bits returns the next number (xorshift64).
 */
uint64_t
random_bits(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/*
 * random_below returns a number below n.
 */
uint64_t
random_below(uint64_t n)
{
	return random_bits() % n;
}

/*
 * new_directory makes a directory.
 */
char *
new_directory(void)
{
	/* in memory, where there is one: thousands of syncs take minutes on a disk */
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");
	char path[512];

	snprintf(path, sizeof(path), "%s/sessionize-unit.XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(path) == NULL)
		abort();
	return strdup(path);
}

/*
 * each_file calls a function for each file of a directory.
 */
static void
each_file(const char *path, void (*call)(const char *path, const char *name, const char *to),
		  const char *to)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			call(path, entry->d_name, to);
	closedir(dir);
}

/*
 * copy_one copies a file.
 */
static void
copy_one(const char *path, const char *name, const char *to)
{
	char file[1024];
	size_t length;
	unsigned char *bytes;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	bytes = read_file(file, &length);
	snprintf(file, sizeof(file), "%s/%s", to, name);
	write_file(file, bytes, length);
	free(bytes);
}

/*
 * remove_one removes a file.
 */
static void
remove_one(const char *path, const char *name, const char *to)
{
	char file[1024];

	(void) to;
	snprintf(file, sizeof(file), "%s/%s", path, name);
	unlink(file);
}

/*
 * empty_directory removes the files of a directory.
 */
void
empty_directory(const char *path)
{
	each_file(path, remove_one, NULL);
}

/*
 * copy_directory makes a directory the same as another.
 */
void
copy_directory(const char *from, const char *to)
{
	empty_directory(to);
	mkdir(to, 0700);
	each_file(from, copy_one, to);
}

/*
 * remove_directory removes a directory of files.
 */
void
remove_directory(const char *path)
{
	empty_directory(path);
	rmdir(path);
}

/*
 * read_file reads a file.
 */
unsigned char *
read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	struct stat status;
	unsigned char *bytes;

	if (file == NULL || fstat(fileno(file), &status) != 0)
		abort();
	bytes = malloc((size_t) status.st_size + 1);
	*length = fread(bytes, 1, (size_t) status.st_size, file);
	fclose(file);
	return bytes;
}

/*
 * write_file writes a file.
 */
void
write_file(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL || fwrite(bytes, 1, length, file) != length)
		abort();
	fclose(file);
}
