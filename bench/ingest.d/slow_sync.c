/*
 * slow_sync.c
 *		Preloaded into the collector: fdatasync takes at least SYNC_US microseconds, as it does on a
 *		disk that is slower than this machine's.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/*
 * fdatasync syncs, and waits for the rest of the time.
 */
int
fdatasync(int fd)
{
	int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
	const char *text = getenv("SYNC_US");
	long least = text != NULL ? atol(text) * 1000 : 0;
	struct timespec until;
	int result;

	clock_gettime(CLOCK_MONOTONIC, &until);
	result = real(fd);
	until.tv_nsec += least;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	return result;
}
