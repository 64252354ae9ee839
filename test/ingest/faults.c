/*
 * faults.c
 *		A library to preload, which makes calls of the system fail as the file $FAULT_FILE says:
 *		"none", or the name of a call and the error's number.
 *
 * "short" writes half of the bytes of a pwritev(), and then fails.  open() fails for new files only
 * whose path has ".spool" in it.  "clock" does not fail, but sets the time of day forward by so many
 * seconds, or back.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/*
 * fault returns the error that a call is to fail with, or 0.
 */
static int
fault(const char *call)
{
	static int (*real_open)(const char *, int, ...);
	const char *path = getenv("FAULT_FILE");
	char line[64];
	char name[32];
	int code;
	int fd;
	ssize_t n;

	if (real_open == NULL)
		real_open = dlsym(RTLD_NEXT, "open");
	if (path == NULL || (fd = real_open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return 0;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	line[n] = '\0';
	return sscanf(line, "%31s %d", name, &code) == 2 && strcmp(name, call) == 0 ? code : 0;
}

int
fdatasync(int fd)
{
	int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
	int code = fault("fdatasync");

	if (code == 0)
		return real(fd);
	errno = code;
	return -1;
}

int
ftruncate(int fd, off_t length)
{
	int (*real)(int, off_t) = dlsym(RTLD_NEXT, "ftruncate");
	int code = fault("ftruncate");

	if (code == 0)
		return real(fd, length);
	errno = code;
	return -1;
}

ssize_t
pwritev(int fd, const struct iovec *buffers, int count, off_t offset)
{
	ssize_t (*real)(int, const struct iovec *, int, off_t) = dlsym(RTLD_NEXT, "pwritev");
	int code = fault("pwritev");

	if (code == 0 && (code = fault("short")) != 0 && buffers[0].iov_len > 40)
	{
		struct iovec half = {buffers[0].iov_base, 37};

		return real(fd, &half, 1, offset);
	}
	if (code == 0)
		return real(fd, buffers, count, offset);
	errno = code;
	return -1;
}

int
open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
	va_list args;
	int mode;
	int code;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, int) : 0;
	va_end(args);
	code = flags & O_CREAT && strstr(path, ".spool") != NULL ? fault("open") : 0;
	if (code == 0)
		return real(path, flags, mode);
	errno = code;
	return -1;
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
	int result = real(clock, time);

	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		time->tv_sec += fault("clock");
	return result;
}

time_t
time(time_t *result)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (result != NULL)
		*result = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *restrict result, void *restrict zone)
{
	struct timespec now;

	(void) zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*result = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
	return 0;
}
