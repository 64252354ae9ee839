/*
 * avro_schema.h
 *		A schema of Avro, as the tree that values are read along.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_AVRO_SCHEMA_H
#define INGEST_AVRO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum AvroType
{
	AVRO_NULL,
	AVRO_BOOLEAN,
	AVRO_INT,
	AVRO_LONG,
	AVRO_FLOAT,
	AVRO_DOUBLE,
	AVRO_BYTES,
	AVRO_STRING,
	AVRO_RECORD,
	AVRO_ENUM,
	AVRO_ARRAY,
	AVRO_MAP,
	AVRO_UNION,
	AVRO_FIXED
} AvroType;

/* What a value means beyond its type.  One that does not suit the type is none. */
typedef enum AvroLogical
{
	LOGICAL_NONE,
	LOGICAL_DECIMAL,
	LOGICAL_UUID,
	LOGICAL_DATE,
	LOGICAL_TIME_MILLIS,
	LOGICAL_TIME_MICROS,
	LOGICAL_TIMESTAMP_MILLIS,
	LOGICAL_TIMESTAMP_MICROS,
	LOGICAL_TIMESTAMP_NANOS,
	LOGICAL_LOCAL_TIMESTAMP_MILLIS,
	LOGICAL_LOCAL_TIMESTAMP_MICROS,
	LOGICAL_LOCAL_TIMESTAMP_NANOS,
	LOGICAL_DURATION
} AvroLogical;

typedef struct AvroNode AvroNode;

struct AvroNode
{
	AvroType type;
	AvroLogical logical;
	int scale;              /* of a decimal */
	size_t size;            /* of a fixed */
	size_t count;           /* fields of a record, symbols of an enum, branches of a union */
	char **names;           /* of fields or symbols, as JSON: with quotation marks and escapes */
	const AvroNode **types; /* of fields or branches; one for an array or a map */
	char *name;             /* of a named type, with its namespace */
	AvroNode *next;         /* all nodes of a schema */
};

typedef struct AvroSchema
{
	const AvroNode *root;
	AvroNode *nodes;
} AvroSchema;

#define AVRO_ERROR_SIZE 512

/*
 * Read a schema, after others whose types it names; these are texts too, in an order in which each
 * comes after those it needs itself.  NULL, with the reason in AVRO_ERROR_SIZE bytes of error, if
 * one is no schema.
 */
extern AvroSchema *avro_schema_parse(const char *const *referenced, size_t referenced_count,
									 const char *text, char *error);
extern void avro_schema_free(AvroSchema *schema);

#endif /* INGEST_AVRO_SCHEMA_H */
