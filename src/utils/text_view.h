/*
 * text_view.h
 *		A text in memory that belongs to something else.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_TEXT_VIEW_H
#define SESSIONIZE_TEXT_VIEW_H

#include "postgres.h"

/* A text that need not end with a zero byte; data is NULL for an SQL NULL. */
typedef struct TextView
{
	const char *data;
	uint32 len;
} TextView;

/* The text of a string literal, as an initializer. */
#define TEXT_VIEW(literal)                                                                         \
	{                                                                                              \
		(literal), sizeof(literal) - 1                                                             \
	}

/*
 * text_view_is tells whether a text is a word; NULL is none.
 */
static inline bool
text_view_is(TextView text, const char *word)
{
	return text.data != NULL && strlen(word) == text.len && memcmp(text.data, word, text.len) == 0;
}

/*
 * text_view_equal tells whether two texts are equal; NULL equals NULL.
 */
static inline bool
text_view_equal(TextView a, TextView b)
{
	if (a.data == NULL || b.data == NULL)
		return a.data == b.data;
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

#endif /* SESSIONIZE_TEXT_VIEW_H */
