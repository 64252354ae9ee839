/*
 * json_writer.h
 *		JSON text in a buffer that grows up to a limit.
 *
 * A writer that has reached its limit, or found no memory, keeps that in mind and writes nothing
 * more: its user looks once, at the end or in a loop that could be long.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_JSON_WRITER_H
#define INGEST_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct JsonWriter
{
	char *text;
	size_t length;
	size_t capacity;
	size_t limit;
	bool overflowed;
} JsonWriter;

/* Forget what was written, and keep the memory unless it is much. */
extern void json_reset(JsonWriter *writer, size_t limit);
extern void json_free(JsonWriter *writer);

extern void json_put(JsonWriter *writer, const void *text, size_t length);
extern void json_put_text(JsonWriter *writer, const char *text);

/* A string of bytes that should be UTF-8, which is left to the reader to check. */
extern void json_put_string(JsonWriter *writer, const void *bytes, size_t length);

/* A string with the bytes in base64. */
extern void json_put_base64(JsonWriter *writer, const unsigned char *bytes, size_t length);

extern void json_put_integer(JsonWriter *writer, int64_t value);

/*
 * The shortest number that is read as the same value of so many bits (32 or 64); one that is not
 * finite is the string "NaN", "Infinity" or "-Infinity".
 */
extern void json_put_float(JsonWriter *writer, double value, int bits);

#endif /* INGEST_JSON_WRITER_H */
