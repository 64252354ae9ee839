/*
 * text.h
 *		A text that grows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_TEXT_H
#define INGEST_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed, it is empty.  After memory ran out nothing more is added, and failed is set. */
typedef struct Text
{
	char *data;
	size_t length;
	size_t capacity;
	bool failed;
} Text;

extern void text_add(Text *text, const char *bytes, size_t length);
extern void text_put(Text *text, const char *string);
extern void text_printf(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Add bytes as a JSON string, with its quotes.  Bytes that are no UTF-8 are taken for Latin-1, so
 * that nothing is lost and the text is always JSON.
 */
extern void text_put_json(Text *text, const char *bytes, size_t length);

extern void text_free(Text *text);

/*
 * The length of the UTF-8 character at the beginning of the bytes, 0 if there is none.
 */
extern size_t utf8_length(const unsigned char *bytes, size_t length);

#endif /* INGEST_TEXT_H */
