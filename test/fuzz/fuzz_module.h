/*
 * fuzz_module.h
 *		What the fuzz targets that are modules of the server share.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef FUZZ_MODULE_H
#define FUZZ_MODULE_H

#include "postgres.h"

#include "executor/spi.h"

/* The next number below another one, at random (splitmix64). */
extern uint32 fuzz_draw(uint64 *state, uint32 below);

/*
 * Run a statement that returns true; false is the message, and ends the server.  Returns whether
 * there was no error.  An error is thrown again unless it may happen.
 */
extern bool fuzz_judge(SPIPlanPtr plan, Datum *arguments, const char *message,
					   bool (*may_happen)(int sqlerrcode));

#endif /* FUZZ_MODULE_H */
