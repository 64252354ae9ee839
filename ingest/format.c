/*
 * format.c
 *		Telling what a message is, and reading it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "avro_decode.h"
#include "format.h"

#define ID_HEADER "__value_schema_id"

typedef enum Choice
{
	CHOOSE_BY_MESSAGE,
	CHOOSE_JSON,
	CHOOSE_FRAMED /* a message without a schema's id is bad */
} Choice;

struct Format
{
	Choice choice;
	char *message_type;
	size_t max_body;
	Schema *file;       /* of all messages */
	SchemaStore *store; /* NULL: there are no ids */
	JsonWriter writer;
};

/* A message whose schema was found. */
typedef struct Payload
{
	const Schema *schema;
	const unsigned char *bytes;
	size_t length;
	const unsigned char *indexes; /* where the place of a Protobuf type begins */
	size_t indexes_length;
	bool indexes_in_bytes;
} Payload;

/*
 * bad notes why a message can't be read.
 */
static FormatOutcome
bad(FormatResult *result, const char *format, ...) __attribute__((format(printf, 2, 3)));
static FormatOutcome
bad(FormatResult *result, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(result->reason, sizeof(result->reason), format, args);
	va_end(args);
	return FORMAT_BAD;
}

/*
 * choose reads the setting of the format; false if there is no such format.
 */
static bool
choose(Format *format, const FormatSettings *settings, char *error)
{
	const char *name = settings->format != NULL ? settings->format : "auto";
	bool typed = strcmp(name, "avro") == 0 || strcmp(name, "protobuf") == 0;

	if (!typed && strcmp(name, "auto") != 0 && strcmp(name, "json") != 0)
		snprintf(error, FORMAT_ERROR_SIZE,
				 "unknown format \"%.100s\"; choose auto, json, avro or protobuf", name);
	else if (typed && settings->schema_file == NULL && format->store == NULL)
		snprintf(
			error, FORMAT_ERROR_SIZE,
			"the format %s needs a schema: give a schema registry, a directory of schemas, or a "
			"schema file",
			name);
	else
	{
		format->choice = strcmp(name, "json") == 0 ? CHOOSE_JSON
						 : typed                   ? CHOOSE_FRAMED
												   : CHOOSE_BY_MESSAGE;
		return true;
	}
	return false;
}

/*
 * open_schemas opens what schemas come from.
 */
static bool
open_schemas(Format *format, const FormatSettings *settings, char *error)
{
	if (settings->schema_file != NULL)
	{
		format->file = schema_read_file(settings->schema_file, error);
		if (format->file != NULL && format->file->fault != NULL)
			snprintf(error, FORMAT_ERROR_SIZE, "%.400s: %.500s", settings->schema_file,
					 format->file->fault);
		return format->file != NULL && format->file->fault == NULL;
	}
	if (settings->schemas.registry.urls == NULL && settings->schemas.directory == NULL)
		return true;
	format->store = schema_store_open(&settings->schemas, error);
	return format->store != NULL;
}

/*
 * format_open opens a format.
 */
Format *
format_open(const FormatSettings *settings, char *error)
{
	Format *format = calloc(1, sizeof(Format));

	snprintf(error, FORMAT_ERROR_SIZE, "out of memory");
	if (format == NULL)
		return NULL;
	format->max_body = settings->max_body > 0 ? settings->max_body : FORMAT_MAX_BODY;
	if (settings->message_type != NULL)
		format->message_type = strdup(settings->message_type);
	if (open_schemas(format, settings, error) && choose(format, settings, error))
		return format;
	format_close(format);
	return NULL;
}

/*
 * decode_avro reads a message of Avro.
 */
static FormatOutcome
decode_avro(Format *format, const Payload *payload, FormatResult *result)
{
#ifdef WITH_AVRO
	const char *error =
		avro_decode(payload->schema->avro, payload->bytes, payload->length, &format->writer);

	return error == NULL ? FORMAT_DONE : bad(result, "%s", error);
#else
	(void) format;
	(void) payload;
	return bad(result, "this program was built without Avro");
#endif
}

/*
 * decode_protobuf reads a message of Protobuf, after the place of its type in the schema.
 */
static FormatOutcome
decode_protobuf(Format *format, Payload *payload, FormatResult *result)
{
#ifdef WITH_PROTOBUF
	int indexes[SCHEMA_MAX_INDEXES] = {0};
	size_t count = 1;
	char error[PROTOBUF_ERROR_SIZE];

	if (payload->indexes != NULL)
	{
		size_t read =
			message_indexes_read(payload->indexes, payload->indexes_length, indexes, &count);

		if (read == 0)
			return bad(result,
					   "the message does not say which type of the Protobuf schema it is of");
		if (payload->indexes_in_bytes)
		{
			payload->bytes += read;
			payload->length -= read;
		}
	}
	if (protobuf_decode(payload->schema->protobuf,
						payload->indexes == NULL ? format->message_type : NULL, indexes, count,
						payload->bytes, payload->length, &format->writer, error))
		return FORMAT_DONE;
	return bad(result, "%s", error);
#else
	(void) format;
	(void) payload;
	return bad(result, "this program was built without Protobuf");
#endif
}

/*
 * decode_payload reads a message whose schema was found.
 */
static FormatOutcome
decode_payload(Format *format, Payload *payload, FormatResult *result)
{
	FormatOutcome outcome;

	if (payload->schema->fault != NULL)
		return bad(result, "%s", payload->schema->fault);
	if (payload->schema->kind == SCHEMA_JSON)
	{
		result->body = (const char *) payload->bytes;
		result->length = payload->length;
		return FORMAT_DONE;
	}
	json_reset(&format->writer, format->max_body);
	result->kind = payload->schema->kind == SCHEMA_AVRO ? "avro" : "protobuf";
	outcome = payload->schema->kind == SCHEMA_AVRO ? decode_avro(format, payload, result)
												   : decode_protobuf(format, payload, result);
	result->body = format->writer.text;
	result->length = format->writer.length;
	return outcome;
}

/*
 * id_header finds the header that has a schema's id.
 */
static const FormatHeader *
id_header(const FormatMessage *message)
{
	for (size_t i = 0; i < message->header_count; i++)
		if (strcasecmp(message->headers[i].name, ID_HEADER) == 0 &&
			message->headers[i].value != NULL)
			return &message->headers[i];
	return NULL;
}

/*
 * read_id finds a message's id of a schema, and what remains of it; false if it has none.
 */
static bool
read_id(const FormatMessage *message, SchemaId *id, Payload *payload)
{
	const FormatHeader *header = id_header(message);
	const unsigned char *bytes = header != NULL ? header->value : message->bytes;
	size_t length = header != NULL ? header->length : message->length;
	size_t read = length > 0 ? schema_id_read(bytes, length, id) : 0;

	if (read == 0)
		return false;
	payload->indexes = bytes + read;
	payload->indexes_length = length - read;
	payload->indexes_in_bytes = header == NULL;
	payload->bytes = message->bytes + (header == NULL ? read : 0);
	payload->length = message->length - (header == NULL ? read : 0);
	return true;
}

/*
 * decode_framed reads a message that has a schema's id.
 */
static FormatOutcome
decode_framed(Format *format, const SchemaId *id, Payload *payload, FormatResult *result)
{
	if (format->store == NULL)
		return bad(result, "the message has the id of a schema, but no schema registry is set");
	switch (schema_store_find(format->store, id, &payload->schema, result->reason))
	{
		case SCHEMA_FOUND:
			return decode_payload(format, payload, result);
		case SCHEMA_UNREACHABLE:
			return FORMAT_WAIT;
		default:
			return FORMAT_BAD;
	}
}

/*
 * format_decode reads a message.
 */
FormatOutcome
format_decode(Format *format, const FormatMessage *message, FormatResult *result)
{
	Payload payload = {.bytes = message->bytes, .length = message->length};
	SchemaId id;

	result->kind = "json";
	result->reason[0] = '\0';
	result->body = (const char *) message->bytes;
	result->length = message->length;
	if (format->choice == CHOOSE_JSON)
	{
		/* no JSON begins like an id, whose schema need not be known */
		read_id(message, &id, &payload);
		result->body = (const char *) payload.bytes;
		result->length = payload.length;
		return FORMAT_DONE;
	}
	if (format->file != NULL)
	{
		payload.schema = format->file;
		return decode_payload(format, &payload, result);
	}
	if (read_id(message, &id, &payload))
		return decode_framed(format, &id, &payload, result);
	if (format->choice == CHOOSE_FRAMED)
		return bad(result, "the message has no id of a schema");
	return FORMAT_DONE;
}

/*
 * format_close frees a format.
 */
void
format_close(Format *format)
{
	if (format == NULL)
		return;
	schema_free(format->file);
	schema_store_close(format->store);
	json_free(&format->writer);
	free(format->message_type);
	free(format);
}

/*
 * format_parts says what the program was built with.
 */
const char *
format_parts(void)
{
	return ""
#ifdef WITH_AVRO
		   " avro"
#endif
#ifdef WITH_REGISTRY
		   " registry"
#endif
#ifdef WITH_PROTOBUF
		   " protobuf"
#endif
		;
}
