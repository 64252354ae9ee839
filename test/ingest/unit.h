/*
 * unit.h
 *		What the unit tests of the program share: tests that report as TAP, random numbers, files.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Report a test; the process ends with 1 if one has failed. */
extern bool ok(bool passed, const char *format, ...) __attribute__((format(printf, 2, 3)));
extern void diag(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern int done_testing(void);

extern uint64_t random_bits(void);
extern uint64_t random_below(uint64_t n);

/* A new directory, removed at the end, and a copy or removal of one. */
extern char *new_directory(void);
extern void copy_directory(const char *from, const char *to);
extern void empty_directory(const char *path);
extern void remove_directory(const char *path);

/* All of a file; the caller frees it. */
extern unsigned char *read_file(const char *path, size_t *length);
extern void write_file(const char *path, const void *bytes, size_t length);

#endif /* UNIT_H */
