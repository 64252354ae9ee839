/*
 * schema_fetch.h
 *		A schema and those that it refers to, from a registry or from the copies on disk of what the
 *		registry has said before.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_SCHEMA_FETCH_H
#define INGEST_SCHEMA_FETCH_H

#include <stddef.h>

#include "registry_client.h"
#include "schema_id.h"

typedef enum SchemaKind
{
	SCHEMA_JSON,
	SCHEMA_AVRO,
	SCHEMA_PROTOBUF
} SchemaKind;

typedef struct SchemaText
{
	char *key;  /* subject and version; empty for the schema itself */
	char *name; /* by which others refer to it */
	char *text; /* of Protobuf: a FileDescriptorProto in base64 */
} SchemaText;

/* Each text comes after those it refers to; the last one is the schema itself. */
typedef struct SchemaTexts
{
	SchemaKind kind;
	SchemaText *texts;
	size_t count;
	size_t capacity;
} SchemaTexts;

typedef struct SchemaFetcher
{
	RegistryClient *client;
	const char *cache_directory; /* NULL: nothing is kept on disk */
	const char *urls;            /* of the registry: another one's copies are others */
} SchemaFetcher;

/*
 * REGISTRY_UNKNOWN, too, if the answers are no schema.  The caller calls schema_texts_free()
 * whatever the outcome.
 */
extern RegistryOutcome
schema_fetch(const SchemaFetcher *fetcher, const SchemaId *id, SchemaTexts *texts, char *error);
extern void schema_texts_free(SchemaTexts *texts);

#endif /* INGEST_SCHEMA_FETCH_H */
