/*
 * log.c
 *		Log lines on stderr.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "steady_clock.h"

#define LINE_SIZE      2048
#define REPEAT_SECONDS 10

static const char *const names[] = {"error", "warning", "info", "debug"};
static const int priorities[] = {3, 4, 6, 7};

static LogLevel limit = LOG_LEVEL_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last_line[LINE_SIZE];
static double last_time; /* of the steady clock */
static uint64_t left_out;

/*
 * log_set_level sets the last level that is logged.
 */
void
log_set_level(LogLevel level)
{
	limit = level;
}

/*
 * log_level_of finds a level by its name.
 */
bool
log_level_of(const char *name, LogLevel *level)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
		{
			*level = (LogLevel) i;
			return true;
		}
	return false;
}

/*
 * write_line writes a line in one go, so that lines of several processes do not mix.
 */
static void
write_line(LogLevel level, time_t now, const char *text)
{
	char line[LINE_SIZE + 64];
	char stamp[32] = "";
	struct tm tm;
	int length;

	if (getenv("JOURNAL_STREAM") != NULL)
		length = snprintf(line, sizeof(line), "<%d>%s\n", priorities[level], text);
	else
	{
		gmtime_r(&now, &tm);
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
		length = snprintf(line, sizeof(line), "%s %s: %s\n", stamp, names[level], text);
	}
	if (write(STDERR_FILENO, line, (size_t) length) < 0)
		return;
}

/*
 * is_repeated counts a line that was just logged; it returns whether the line is to be left out.
 */
static bool
is_repeated(LogLevel level, time_t now, const char *text)
{
	char note[64];
	double steady = steady_seconds();

	if (strcmp(text, last_line) == 0 && steady - last_time < REPEAT_SECONDS)
	{
		left_out++;
		return true;
	}
	if (left_out > 0)
	{
		snprintf(note, sizeof(note), "the last line was repeated %llu times",
				 (unsigned long long) left_out);
		write_line(level, now, note);
	}
	left_out = 0;
	last_time = steady;
	snprintf(last_line, sizeof(last_line), "%s", text);
	return false;
}

/*
 * log_line logs a line.
 */
void
log_line(LogLevel level, const char *format, ...)
{
	char text[LINE_SIZE];
	time_t now = time(NULL);
	va_list args;

	if (level > limit)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* what a client sent must not look like a line of its own */
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char) *c < ' ')
			*c = ' ';
	pthread_mutex_lock(&lock);
	if (!is_repeated(level, now, text))
		write_line(level, now, text);
	pthread_mutex_unlock(&lock);
}
