/*
 * protobuf_decode.h
 *		Messages of Protobuf as JSON, with libprotobuf.
 *
 * The JSON is the standard's, with the names of fields as the schema has them, and with fields that
 * have their default value and no presence of their own: zero is a value.  64-bit integers are
 * texts.
 *
 * Whatever the bytes are, memory and time are bounded: a message is weighed before it is read.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_PROTOBUF_DECODE_H
#define INGEST_PROTOBUF_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "json_writer.h"

#define PROTOBUF_ERROR_SIZE 512

typedef struct ProtobufSchema ProtobufSchema;

/* Errors go to PROTOBUF_ERROR_SIZE bytes of error. */
extern ProtobufSchema *protobuf_schema_new(char *error);

/* Add a file, a FileDescriptorProto in Protobuf's encoding, under the name that others import. */
extern bool protobuf_schema_add_file(ProtobufSchema *schema, const char *name, const void *bytes,
									 size_t length, char *error);

/* Add the files of a FileDescriptorSet, as protoc writes it with --include_imports. */
extern bool
protobuf_schema_add_set(ProtobufSchema *schema, const void *bytes, size_t length, char *error);

/* After all files are added: the last one is the schema, the others are what it imports. */
extern bool protobuf_schema_finish(ProtobufSchema *schema, char *error);

/*
 * Read a message, of the type with this full name, or, if that is NULL, of the type at a place in
 * the schema.  False if the bytes are no such message.
 */
extern bool
protobuf_decode(ProtobufSchema *schema, const char *type, const int *indexes, size_t index_count,
				const unsigned char *bytes, size_t length, JsonWriter *writer, char *error);

extern void protobuf_schema_free(ProtobufSchema *schema);

#endif /* INGEST_PROTOBUF_DECODE_H */
