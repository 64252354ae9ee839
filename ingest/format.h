/*
 * format.h
 *		The bytes of a message as the body of a request, which is JSON.
 *
 * A message says by a schema's id in front of it, or in the header "__value_schema_id", that it is
 * of Avro, of Protobuf, or JSON with a schema; or a setting says what all messages are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_FORMAT_H
#define INGEST_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "schema_store.h"

#define FORMAT_ERROR_SIZE SCHEMA_ERROR_SIZE

typedef struct Format Format;

typedef struct FormatSettings
{
	const char *format;      /* auto, json, avro or protobuf; NULL: auto */
	const char *schema_file; /* of all messages, which then have no id; may be NULL */
	const char
		*message_type;      /* the full name of a type of a Protobuf schema file; NULL: the first */
	size_t max_body;        /* bytes of JSON; 0: FORMAT_MAX_BODY */
	SchemaSettings schemas; /* of messages that have an id */
} FormatSettings;

#define FORMAT_MAX_BODY ((size_t) 64 * 1024 * 1024)

typedef struct FormatHeader
{
	const char *name;
	const void *value; /* may be NULL */
	size_t length;
} FormatHeader;

typedef struct FormatMessage
{
	const unsigned char *bytes;
	size_t length;
	const FormatHeader *headers;
	size_t header_count;
} FormatMessage;

typedef enum FormatOutcome
{
	FORMAT_DONE,
	FORMAT_BAD, /* the message can't be read: it is to be rejected, with its bytes */
	FORMAT_WAIT /* its schema can't be had now: it is to be tried again */
} FormatOutcome;

typedef struct FormatResult
{
	const char *body; /* when it is done; valid until the next call */
	size_t length;
	const char *kind;               /* json, avro or protobuf */
	char reason[FORMAT_ERROR_SIZE]; /* otherwise */
} FormatResult;

/* NULL, with the reason in FORMAT_ERROR_SIZE bytes of error, if the settings are not valid. */
extern Format *format_open(const FormatSettings *settings, char *error);

/* Read a message. */
extern FormatOutcome
format_decode(Format *format, const FormatMessage *message, FormatResult *result);
extern void format_close(Format *format);

/* What the program was built with, as text: "avro registry protobuf". */
extern const char *format_parts(void);

#endif /* INGEST_FORMAT_H */
