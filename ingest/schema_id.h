/*
 * schema_id.h
 *		Which schema a message says it was written with, as Confluent's serializers put it in front
 *		of the message, or in one of its headers.
 *
 *		0, u32 id								big-endian
 *		1, 16 bytes of a GUID					in the order of its text
 *
 * For Protobuf, the place of the message's type in the schema follows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_SCHEMA_ID_H
#define INGEST_SCHEMA_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEMA_ID_TEXT     40
#define SCHEMA_MAX_INDEXES 64 /* types nested in types */

typedef struct SchemaId
{
	bool is_guid;
	uint32_t id;
	unsigned char guid[16];
} SchemaId;

/* How many bytes an id at the beginning has; 0 if there is none. */
extern size_t schema_id_read(const unsigned char *bytes, size_t length, SchemaId *id);

/* The id as it is written in an address, in SCHEMA_ID_TEXT bytes. */
extern void schema_id_text(const SchemaId *id, char *text);
extern bool schema_id_equal(const SchemaId *a, const SchemaId *b);

/*
 * The place of a type of Protobuf in a schema: the number of the type in the file, then those of
 * types nested in it.  Returns how many bytes it has; 0 if there is none.
 */
extern size_t
message_indexes_read(const unsigned char *bytes, size_t length, int *indexes, size_t *count);

#endif /* INGEST_SCHEMA_ID_H */
