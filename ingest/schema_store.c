/*
 * schema_store.c
 *		Keeping schemas, and when to ask again for those that are missing.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "schema_store.h"

#define BUCKETS         256
#define MAX_UNKNOWN     64
#define MAX_SCHEMA_FILE (64 * 1024 * 1024)

/* milliseconds */
#define FIRST_PAUSE     500
#define LONGEST_PAUSE   30000
#define SECOND_QUESTION 2000
#define UNKNOWN_TIME    60000

typedef struct Known
{
	SchemaId id;
	Schema *schema;
	struct Known *next;
} Known;

typedef struct Unknown
{
	SchemaId id;
	bool used;
	bool certain; /* it was asked for twice */
	int64_t asked_at;
	char error[SCHEMA_ERROR_SIZE];
} Unknown;

struct SchemaStore
{
	SchemaSettings settings;
	SchemaFetcher fetcher;
	Known *known[BUCKETS];
	Unknown unknown[MAX_UNKNOWN];
	size_t next_unknown;
	int64_t pause;
	int64_t ask_at;
	char error[SCHEMA_ERROR_SIZE]; /* why the last question failed */
};

/*
 * clock_ms returns milliseconds of a clock that is never set.
 */
static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * set_fault notes why a schema can't be used.
 */
static Schema *
set_fault(Schema *schema, const char *format, ...) __attribute__((format(printf, 2, 3)));
static Schema *
set_fault(Schema *schema, const char *format, ...)
{
	char text[SCHEMA_ERROR_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	free(schema->fault);
	schema->fault = strdup(text);
	return schema;
}

/*
 * build_avro makes a schema of Avro.
 */
static Schema *
build_avro(Schema *schema, const char *const *texts, size_t count)
{
#ifdef WITH_AVRO
	char error[AVRO_ERROR_SIZE];

	schema->avro = avro_schema_parse(texts, count - 1, texts[count - 1], error);
	return schema->avro != NULL ? schema
								: set_fault(schema, "the Avro schema is not valid: %s", error);
#else
	(void) texts;
	(void) count;
	return set_fault(schema, "this program was built without Avro");
#endif
}

#ifdef WITH_PROTOBUF
/*
 * digit returns the value of a digit of base64, or -1.
 */
static int
digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int) (found - digits) : -1;
}

/*
 * decode_base64 decodes a text in place and returns how many bytes there are; false if it is no
 * base64.
 */
static bool
decode_base64(char *text, size_t *length)
{
	unsigned bits = 0;
	int count = 0;
	char *end = text;

	for (const char *c = text; *c != '\0' && *c != '='; c++)
	{
		int value = digit(*c);

		if (value < 0)
			return false;
		bits = bits << 6 | (unsigned) value;
		count += 6;
		if (count >= 8)
			*end++ = (char) (bits >> (count -= 8));
	}
	*length = (size_t) (end - text);
	return true;
}

/*
 * build_protobuf makes a schema of Protobuf of the files that a registry has.
 */
static Schema *
build_protobuf(Schema *schema, SchemaTexts *texts)
{
	char error[PROTOBUF_ERROR_SIZE];

	schema->protobuf = protobuf_schema_new(error);
	if (schema->protobuf == NULL)
		return set_fault(schema, "%s", error);
	for (size_t i = 0; i < texts->count; i++)
	{
		size_t length;
		const char *name = i + 1 < texts->count ? texts->texts[i].name : "(the schema)";

		if (!decode_base64(texts->texts[i].text, &length))
			return set_fault(schema,
							 "the registry does not have Protobuf schemas in the format "
							 "\"serialized\"; give a directory with descriptor sets instead");
		if (!protobuf_schema_add_file(schema->protobuf, name, texts->texts[i].text, length, error))
			return set_fault(schema, "%s", error);
	}
	return protobuf_schema_finish(schema->protobuf, error) ? schema
														   : set_fault(schema, "%s", error);
}

/*
 * build_protobuf_set makes a schema of Protobuf of a descriptor set.
 */
static Schema *
build_protobuf_set(Schema *schema, const char *bytes, size_t length)
{
	char error[PROTOBUF_ERROR_SIZE];

	schema->protobuf = protobuf_schema_new(error);
	if (schema->protobuf == NULL ||
		!protobuf_schema_add_set(schema->protobuf, bytes, length, error) ||
		!protobuf_schema_finish(schema->protobuf, error))
		return set_fault(schema, "%s", error);
	return schema;
}
#else
static Schema *
build_protobuf(Schema *schema, SchemaTexts *texts)
{
	(void) texts;
	return set_fault(schema, "this program was built without Protobuf");
}

static Schema *
build_protobuf_set(Schema *schema, const char *bytes, size_t length)
{
	(void) bytes;
	(void) length;
	return set_fault(schema, "this program was built without Protobuf");
}
#endif

/*
 * build makes a schema of texts.
 */
static Schema *
build(SchemaTexts *texts)
{
	Schema *schema = calloc(1, sizeof(Schema));
	const char **parts = calloc(texts->count + 1, sizeof(char *));

	if (schema != NULL && parts != NULL)
	{
		schema->kind = texts->kind;
		for (size_t i = 0; i < texts->count; i++)
			parts[i] = texts->texts[i].text;
		if (texts->kind == SCHEMA_AVRO)
			build_avro(schema, parts, texts->count);
		else if (texts->kind == SCHEMA_PROTOBUF)
			build_protobuf(schema, texts);
	}
	free((void *) parts);
	return schema;
}

/*
 * read_text reads a whole file, with a zero byte after it.
 */
static char *
read_text(const char *path, size_t *length, char *error)
{
	FILE *file = fopen(path, "rb");
	long size = -1;
	char *text = NULL;

	if (file != NULL && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (size >= 0 && size <= MAX_SCHEMA_FILE && fseek(file, 0, SEEK_SET) == 0)
		text = calloc(1, (size_t) size + 1);
	*length = text != NULL ? fread(text, 1, (size_t) size, file) : 0;
	if (text == NULL || *length != (size_t) size)
	{
		snprintf(error, SCHEMA_ERROR_SIZE, "could not read the schema \"%.500s\": %s", path,
				 strerror(errno));
		free(text);
		text = NULL;
	}
	if (file != NULL)
		fclose(file);
	return text;
}

/*
 * schema_read_file reads a schema.
 */
Schema *
schema_read_file(const char *path, char *error)
{
	const char *ending = strrchr(path, '.');
	size_t length;
	char *text = read_text(path, &length, error);
	Schema *schema = text != NULL ? calloc(1, sizeof(Schema)) : NULL;

	if (schema != NULL)
	{
		if (ending != NULL && strcmp(ending, ".json") == 0)
			schema->kind = SCHEMA_JSON;
		else if (ending != NULL && strcmp(ending, ".avsc") == 0)
		{
			schema->kind = SCHEMA_AVRO;
			build_avro(schema, (const char *const *) &text, 1);
		}
		else
		{
			schema->kind = SCHEMA_PROTOBUF;
			build_protobuf_set(schema, text, length);
		}
	}
	free(text);
	return schema;
}

/*
 * schema_free frees a schema.
 */
void
schema_free(Schema *schema)
{
	if (schema == NULL)
		return;
#ifdef WITH_AVRO
	avro_schema_free(schema->avro);
#endif
#ifdef WITH_PROTOBUF
	protobuf_schema_free(schema->protobuf);
#endif
	free(schema->fault);
	free(schema);
}

/*
 * schema_store_open opens a store.
 */
SchemaStore *
schema_store_open(const SchemaSettings *settings, char *error)
{
	SchemaStore *store = calloc(1, sizeof(SchemaStore));

	snprintf(error, SCHEMA_ERROR_SIZE, "out of memory");
	if (store == NULL)
		return NULL;
	store->settings = *settings;
	store->pause = FIRST_PAUSE;
	store->fetcher.cache_directory = settings->cache_directory;
	store->fetcher.urls = settings->registry.urls;
	if (settings->registry.urls == NULL)
		return store;
#ifdef WITH_REGISTRY
	store->fetcher.client = registry_client_open(&settings->registry, error);
	if (store->fetcher.client != NULL)
		return store;
#else
	snprintf(
		error, SCHEMA_ERROR_SIZE,
		"this program was built without the client of schema registries, which needs libcurl and "
		"jansson");
#endif
	free(store);
	return NULL;
}

/*
 * bucket_of returns the list that has an id.
 */
static Known **
bucket_of(SchemaStore *store, const SchemaId *id)
{
	unsigned hash = id->id;

	for (int i = 0; i < 16; i++)
		hash = hash * 31 + id->guid[i];
	return &store->known[hash % BUCKETS];
}

/*
 * keep keeps a schema.
 */
static void
keep(SchemaStore *store, const SchemaId *id, Schema *schema)
{
	Known **bucket = bucket_of(store, id);
	Known *known = calloc(1, sizeof(Known));

	if (known == NULL)
		abort();
	*known = (Known){.id = *id, .schema = schema, .next = *bucket};
	*bucket = known;
}

/*
 * find_unknown finds what is known of an id that is not.
 */
static Unknown *
find_unknown(SchemaStore *store, const SchemaId *id)
{
	for (size_t i = 0; i < MAX_UNKNOWN; i++)
		if (store->unknown[i].used && schema_id_equal(&store->unknown[i].id, id))
			return &store->unknown[i];
	return NULL;
}

/*
 * note_unknown keeps in mind that an id is not known.
 */
static SchemaOutcome
note_unknown(SchemaStore *store, const SchemaId *id, int64_t now, const char *error)
{
	Unknown *unknown = find_unknown(store, id);
	bool certain = unknown != NULL;

	if (unknown == NULL)
		unknown = &store->unknown[store->next_unknown++ % MAX_UNKNOWN];
	*unknown = (Unknown){.id = *id, .used = true, .certain = certain, .asked_at = now};
	snprintf(unknown->error, sizeof(unknown->error), "%s", error);
	return certain ? SCHEMA_UNKNOWN : SCHEMA_UNREACHABLE;
}

/*
 * note_failure keeps in mind that the registry can't tell.
 */
static SchemaOutcome
note_failure(SchemaStore *store, int64_t now, const char *error)
{
	snprintf(store->error, sizeof(store->error), "%s", error);
	store->ask_at = now + store->pause;
	store->pause = store->pause * 2 < LONGEST_PAUSE ? store->pause * 2 : LONGEST_PAUSE;
	return SCHEMA_UNREACHABLE;
}

/*
 * look_in_directory looks for the file of an id.
 */
static RegistryOutcome
look_in_directory(SchemaStore *store, const SchemaId *id, Schema **schema, char *error)
{
	static const char *const endings[] = {"avsc", "desc", "json"};
	char text[SCHEMA_ID_TEXT];
	char path[4096];

	schema_id_text(id, text);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
	{
		snprintf(path, sizeof(path), "%.4000s/%s.%s", store->settings.directory, text, endings[i]);
		errno = 0;
		*schema = schema_read_file(path, error);
		if (*schema != NULL)
			return REGISTRY_OK;
		if (errno != ENOENT)
			return REGISTRY_FAILED;
	}
	snprintf(error, SCHEMA_ERROR_SIZE, "\"%.500s\" has no schema %s", store->settings.directory,
			 text);
	return REGISTRY_UNKNOWN;
}

/*
 * ask asks the registry.
 */
static RegistryOutcome
ask(SchemaStore *store, const SchemaId *id, Schema **schema, char *error)
{
#ifdef WITH_REGISTRY
	SchemaTexts texts;
	RegistryOutcome outcome = schema_fetch(&store->fetcher, id, &texts, error);

	*schema = outcome == REGISTRY_OK ? build(&texts) : NULL;
	schema_texts_free(&texts);
	if (outcome != REGISTRY_OK || *schema != NULL)
		return outcome;
	snprintf(error, SCHEMA_ERROR_SIZE, "out of memory");
#else
	(void) store;
	(void) id;
	(void) schema;
	(void) build;
	(void) error;
#endif
	return REGISTRY_FAILED;
}

/*
 * find_anew asks for a schema that is not there yet.
 */
static SchemaOutcome
find_anew(SchemaStore *store, const SchemaId *id, const Schema **schema, char *error)
{
	int64_t now = clock_ms();
	Schema *found;
	RegistryOutcome outcome = store->settings.directory != NULL
								  ? look_in_directory(store, id, &found, error)
								  : ask(store, id, &found, error);
	Unknown *unknown = find_unknown(store, id);

	if (outcome == REGISTRY_FAILED)
		return note_failure(store, now, error);
	store->pause = FIRST_PAUSE;
	if (outcome == REGISTRY_UNKNOWN)
		return note_unknown(store, id, now, error);
	if (unknown != NULL)
		unknown->used = false;
	if (found->fault != NULL)
		log_warning("%s", found->fault);
	keep(store, id, found);
	*schema = found;
	return SCHEMA_FOUND;
}

/*
 * schema_store_find finds a schema.
 */
SchemaOutcome
schema_store_find(SchemaStore *store, const SchemaId *id, const Schema **schema, char *error)
{
	int64_t now = clock_ms();
	Unknown *unknown;

	for (const Known *known = *bucket_of(store, id); known != NULL; known = known->next)
		if (schema_id_equal(&known->id, id))
		{
			*schema = known->schema;
			return SCHEMA_FOUND;
		}
	unknown = find_unknown(store, id);
	if (unknown != NULL &&
		now < unknown->asked_at + (unknown->certain ? UNKNOWN_TIME : SECOND_QUESTION))
	{
		snprintf(error, SCHEMA_ERROR_SIZE, "%s", unknown->error);
		return unknown->certain ? SCHEMA_UNKNOWN : SCHEMA_UNREACHABLE;
	}
	if (now < store->ask_at)
	{
		snprintf(error, SCHEMA_ERROR_SIZE, "%s", store->error);
		return SCHEMA_UNREACHABLE;
	}
	return find_anew(store, id, schema, error);
}

/*
 * schema_store_close closes a store, with its schemas.
 */
void
schema_store_close(SchemaStore *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (store->known[i] != NULL)
		{
			Known *known = store->known[i];

			store->known[i] = known->next;
			schema_free(known->schema);
			free(known);
		}
#ifdef WITH_REGISTRY
	registry_client_close(store->fetcher.client);
#endif
	free(store);
}
