/*
 * body.h
 *		The body of a request as events: decompressed, and taken out of a form.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_BODY_H
#define INGEST_BODY_H

#include <stdbool.h>
#include <stddef.h>

typedef enum BodyStatus
{
	BODY_OK,
	BODY_BAD,         /* it can never be read */
	BODY_TOO_LARGE,   /* decompressed it is larger than allowed */
	BODY_UNSUPPORTED, /* a compression that we do not know */
	BODY_NO_MEMORY
} BodyStatus;

typedef struct BodyLimits
{
	size_t max_bytes; /* of a decompressed body */
	size_t max_ratio; /* to the compressed one, for bodies larger than 64 kB */
} BodyLimits;

/* bytes is a new one if owned is set, else that of the request. */
typedef struct Body
{
	char *bytes;
	size_t length;
	bool owned;
	const char *error; /* what is wrong */
} Body;

/*
 * Unwrap a body, which has the bytes and length of the request at first.  It is decompressed (gzip
 * or zlib) if its first bytes or the header Content-Encoding say so; encoding may be NULL.  If it is
 * a form with a field data, which may be base64 of JSON or of gzip, the content of that field is the
 * body.
 */
extern BodyStatus
body_unwrap(Body *body, const char *encoding, const char *content_type, const BodyLimits *limits);

/* The same for the field data in a query string; without one the body is empty. */
extern BodyStatus body_from_query(Body *body, const char *query, const BodyLimits *limits);

/*
 * The value of a field in a query string or form, without its percent signs, or NULL; the caller
 * frees it.
 */
extern char *form_value(const char *form, size_t length, const char *name, size_t *value_length);

/* Decode base64 of either alphabet, with or without padding, in place; false if it is none. */
extern bool base64_decode(char *bytes, size_t *length);

#endif /* INGEST_BODY_H */
