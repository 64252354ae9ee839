/*
 * avro_decode.h
 *		A value in Avro's binary encoding as JSON.
 *
 * The JSON is what a program that never heard of Avro would write: a union is the value of its
 * branch, bytes are in base64, logical types are as avro_logical.h says.  The value is read by the
 * schema that it was written with, so no default and no alias of a schema is looked at.
 *
 * Whatever the bytes are, memory and time are bounded: by the length of the bytes, by the writer's
 * limit, and for items that take no bytes, such as nulls, by a number.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_AVRO_DECODE_H
#define INGEST_AVRO_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "avro_schema.h"
#include "json_writer.h"

/* NULL if all of the bytes were one value of the schema, or else why they are not. */
extern const char *avro_decode(const AvroSchema *schema, const unsigned char *bytes, size_t length,
							   JsonWriter *writer);

#endif /* INGEST_AVRO_DECODE_H */
