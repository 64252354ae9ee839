/*
 * log.h
 *		What the program says while it runs: lines on stderr, for a terminal or for the journal.
 *
 * Under systemd, which sets JOURNAL_STREAM, a line begins with the priority in the journal's form
 * and has no time of its own; elsewhere with the time and the level.  A line that is over and over
 * the same is left out and counted.  Any thread may log.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_LOG_H
#define INGEST_LOG_H

#include <stdbool.h>

typedef enum LogLevel
{
	LOG_LEVEL_NONE = -1,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
} LogLevel;

/* Levels above this one are not logged. */
extern void log_set_level(LogLevel level);

/* The level of a name: error, warning, info or debug; false for another name. */
extern bool log_level_of(const char *name, LogLevel *level);

extern void log_line(LogLevel level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif /* INGEST_LOG_H */
