/*
 * text_view.h
 *		A text that lies in somebody else's memory.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_TEXT_VIEW_H
#define SESSIONIZE_TEXT_VIEW_H

#include "postgres.h"

/* A text that does not end with a zero byte; data == NULL is SQL's NULL. */
typedef struct TextView
{
	const char *data;
	uint32 len;
} TextView;

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
