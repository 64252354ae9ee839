/*
 * fuzz.h
 *		What fuzz targets of the program share.
 *
 * A target is a program of its own, which runs under libFuzzer or, where that is not at hand, under
 * fuzz_driver.c, which changes inputs at random.  Both run inputs from files as well.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a target has: a function that is called once, and one that is called with each input. */
extern void fuzz_prepare(void);
extern void fuzz_one(const unsigned char *bytes, size_t length);

/* The rest of an input.  What is taken from an empty one is zero. */
typedef struct Input
{
	const unsigned char *bytes;
	size_t length;
} Input;

extern unsigned take_byte(Input *input);
extern uint64_t take_number(Input *input);
extern void take_bytes(Input *input, unsigned char *to, size_t length);

/* Abort, after a message, unless something is as it has to be. */
extern void expect(bool is_so, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif /* FUZZ_H */
