/*
 * clean_text.h
 *		Bytes that should be UTF-8 as a text that the database can hold.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CLEAN_TEXT_H
#define SESSIONIZE_CLEAN_TEXT_H

#include "postgres.h"

#include "utils/text_view.h"

/* What was replaced in a text. */
typedef enum TextProblem
{
	TEXT_ZERO_CHARACTER = 1 << 0,
	TEXT_LONE_SURROGATE = 1 << 1,
	TEXT_INVALID_UTF8 = 1 << 2,
	TEXT_UNTRANSLATABLE = 1 << 3
} TextProblem;

/* U+FFFD in UTF-8. */
#define REPLACEMENT_CHARACTER "\xEF\xBF\xBD"

/*
 * The text in the database's encoding: the bytes themselves where nothing is to be changed,
 * otherwise new memory.  What is no character becomes U+FFFD, a character that the database's
 * encoding doesn't have becomes a question mark; *problems gets the bits of what was replaced.
 */
extern TextView clean_text(TextView bytes, unsigned *problems);

#endif /* SESSIONIZE_CLEAN_TEXT_H */
