/*
 * ecma_regex.h
 *		Regular expressions of ECMA-262 as regular expressions of PostgreSQL.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ECMA_REGEX_H
#define SESSIONIZE_ECMA_REGEX_H

#include "postgres.h"

#include "contract/char_chain.h"
#include "utils/text_view.h"

/* A regular expression of more bytes is refused. */
#define REGEX_MAX_BYTES 8192

typedef struct EcmaRegex
{
	char *translated;
	CharChain *chain; /* the same, if it can be matched as a chain; else NULL */
	char *fault;      /* why it is none, or why it can't be translated; else NULL */
	bool is_valid;    /* it is a regular expression of ECMA-262, whether or not it was translated */
} EcmaRegex;

/* Translate a regular expression. */
extern EcmaRegex ecma_regex_translate(TextView regex);

#endif /* SESSIONIZE_ECMA_REGEX_H */
