/*
 * schema_store.h
 *		Schemas by their ids: from a registry, or from the files of a directory.
 *
 * A schema that was found stays for ever.  A registry that can't be reached is asked again after a
 * while, which grows up to half a minute; an id that it does not know, once more after two seconds,
 * since a copy of a registry may lag behind, and then not for a minute.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_SCHEMA_STORE_H
#define INGEST_SCHEMA_STORE_H

#include "avro_schema.h"
#include "protobuf_decode.h"
#include "registry_client.h"
#include "schema_fetch.h"
#include "schema_id.h"

#define SCHEMA_ERROR_SIZE 1024

typedef struct Schema
{
	SchemaKind kind;
	AvroSchema *avro;
	ProtobufSchema *protobuf;
	char *fault; /* why it can't be used; NULL: it can */
} Schema;

typedef struct SchemaSettings
{
	RegistrySettings registry;   /* urls is NULL: there is none */
	const char *cache_directory; /* copies of what the registry says; may be NULL */
	const char *directory;       /* in place of a registry: ID.avsc, ID.desc, ID.json */
} SchemaSettings;

typedef enum SchemaOutcome
{
	SCHEMA_FOUND,
	SCHEMA_UNKNOWN,    /* there is no schema of this id */
	SCHEMA_UNREACHABLE /* it can't be told now */
} SchemaOutcome;

typedef struct SchemaStore SchemaStore;

/* Errors go to SCHEMA_ERROR_SIZE bytes of error. */
extern SchemaStore *schema_store_open(const SchemaSettings *settings, char *error);
extern SchemaOutcome
schema_store_find(SchemaStore *store, const SchemaId *id, const Schema **schema, char *error);
extern void schema_store_close(SchemaStore *store);

/*
 * A schema in a file: of Avro if its name ends in .avsc, a FileDescriptorSet of Protobuf otherwise.
 * NULL if the file can't be read; a schema with a fault if it is no schema.
 */
extern Schema *schema_read_file(const char *path, char *error);
extern void schema_free(Schema *schema);

#endif /* INGEST_SCHEMA_STORE_H */
