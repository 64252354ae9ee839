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

/* What has become of a regular expression: one of the three. */
typedef struct EcmaRegex
{
	char *translated;
	CharChain *chain; /* where it can be matched as a chain */
	char *fault;      /* why it is none, or why it can't be translated */
} EcmaRegex;

/* Translate a regular expression. */
extern EcmaRegex ecma_regex_translate(TextView regex);

/* Whether a text is a regular expression of ECMA-262, also where it can't be translated. */
extern bool ecma_regex_is_valid(TextView regex);

#endif /* SESSIONIZE_ECMA_REGEX_H */
