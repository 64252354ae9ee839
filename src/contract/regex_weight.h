/*
 * regex_weight.h
 *		How much a compiled regular expression of PostgreSQL's engine takes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REGEX_WEIGHT_H
#define SESSIONIZE_REGEX_WEIGHT_H

#include "postgres.h"

#include "regex/regex.h"

/* So many bytes or fewer are allocated for each state, and for each way between states. */
#define REGEX_WEIGHT_BYTES 32

/* The states of a compiled regular expression, and the ways between them. */
extern uint32 regex_weight(const regex_t *regex);

#endif /* SESSIONIZE_REGEX_WEIGHT_H */
