/*
 * schema_fetch.c
 *		Getting a schema and those that it refers to.
 *
 * What a registry says of an id, and of a version of a subject, never changes: it may be kept on
 * disk for ever.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "log.h"
#include "schema_fetch.h"

#define MAX_REFERENCES 1000
#define MAX_DEPTH      50
#define PATH_SIZE      4096

typedef struct Fetch
{
	const SchemaFetcher *fetcher;
	SchemaTexts *texts;
	int depth;
	char *error;
} Fetch;

/*
 * cache_path is the file that has the copy of an answer; false if there is none.
 */
static bool
cache_path(const SchemaFetcher *fetcher, const char *path, char *file)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	char *escaped;
	int length;

	if (fetcher->cache_directory == NULL)
		return false;
	for (const char *c = fetcher->urls; *c != '\0'; c++)
		hash = (hash ^ (unsigned char) *c) * UINT64_C(1099511628211);
	escaped = registry_client_escape(path);
	if (escaped == NULL)
		return false;
	length =
		snprintf(file, PATH_SIZE, "%s/%016" PRIx64 "-%s", fetcher->cache_directory, hash, escaped);
	free(escaped);
	return length < PATH_SIZE - 32;
}

/*
 * keep_copy writes a copy of an answer.
 */
static void
keep_copy(const SchemaFetcher *fetcher, const char *path, const char *body)
{
	char file[PATH_SIZE];
	char temporary[PATH_SIZE + 32];
	FILE *stream;
	bool done;

	if (!cache_path(fetcher, path, file))
		return;
	snprintf(temporary, sizeof(temporary), "%s.%ld", file, (long) getpid());
	stream = fopen(temporary, "w");
	done = stream != NULL && fputs(body, stream) >= 0;
	if (stream != NULL && fclose(stream) != 0)
		done = false;
	if (done && rename(temporary, file) == 0)
		return;
	log_warning("could not write a copy of a schema to \"%s\": %m", file);
	unlink(temporary);
}

/*
 * read_copy reads the copy of an answer; NULL if there is none.
 */
static json_t *
read_copy(const SchemaFetcher *fetcher, const char *path)
{
	char file[PATH_SIZE];

	return cache_path(fetcher, path, file) ? json_load_file(file, 0, NULL) : NULL;
}

/*
 * get_json asks for an object.
 */
static RegistryOutcome
get_json(Fetch *fetch, const char *path, json_t **json)
{
	const char *body;
	RegistryOutcome outcome;

	*json = read_copy(fetch->fetcher, path);
	if (*json != NULL)
		return REGISTRY_OK;
	outcome = registry_client_get(fetch->fetcher->client, path, &body, fetch->error);
	if (outcome != REGISTRY_OK)
		return outcome;
	*json = json_loads(body, 0, NULL);
	if (*json != NULL && json_is_string(json_object_get(*json, "schema")))
	{
		keep_copy(fetch->fetcher, path, body);
		return REGISTRY_OK;
	}
	json_decref(*json);
	*json = NULL;
	snprintf(fetch->error, REGISTRY_ERROR_SIZE, "the answer to %.200s is no schema", path);
	return REGISTRY_FAILED;
}

/*
 * has_key tells whether a text is there already.
 */
static bool
has_key(const SchemaTexts *texts, const char *key)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->texts[i].key, key) == 0)
			return true;
	return false;
}

/*
 * add_text adds a text.
 */
static bool
add_text(Fetch *fetch, const char *key, const char *name, const char *text)
{
	SchemaTexts *texts = fetch->texts;
	SchemaText *added;

	if (texts->count == texts->capacity)
	{
		size_t capacity = texts->capacity * 2 + 8;
		SchemaText *grown = realloc(texts->texts, capacity * sizeof(SchemaText));

		if (grown == NULL)
			return false;
		texts->texts = grown;
		texts->capacity = capacity;
	}
	added = &texts->texts[texts->count++];
	*added = (SchemaText){strdup(key), strdup(name), strdup(text)};
	return added->key != NULL && added->name != NULL && added->text != NULL;
}

static RegistryOutcome fetch_references(Fetch *fetch, const json_t *json);

/*
 * add_answer adds the schema that an answer has, after those that it refers to.
 */
static RegistryOutcome
add_answer(Fetch *fetch, const json_t *json, const char *key, const char *name)
{
	RegistryOutcome outcome = fetch_references(fetch, json);

	if (outcome == REGISTRY_OK && !has_key(fetch->texts, key) &&
		!add_text(fetch, key, name, json_string_value(json_object_get(json, "schema"))))
	{
		snprintf(fetch->error, REGISTRY_ERROR_SIZE, "out of memory");
		outcome = REGISTRY_FAILED;
	}
	return outcome;
}

/*
 * fetch_path gets the schema at a path, after those that it refers to.
 */
static RegistryOutcome
fetch_path(Fetch *fetch, const char *path, const char *key, const char *name)
{
	json_t *json;
	RegistryOutcome outcome = get_json(fetch, path, &json);

	if (outcome == REGISTRY_OK)
		outcome = add_answer(fetch, json, key, name);
	json_decref(json);
	return outcome;
}

/*
 * fetch_reference gets a version of a subject, unless it is there already.
 */
static RegistryOutcome
fetch_reference(Fetch *fetch, const json_t *reference)
{
	const char *name = json_string_value(json_object_get(reference, "name"));
	const char *subject = json_string_value(json_object_get(reference, "subject"));
	json_int_t version = json_integer_value(json_object_get(reference, "version"));
	char path[PATH_SIZE];
	char *escaped;

	if (name == NULL || subject == NULL || fetch->texts->count >= MAX_REFERENCES ||
		fetch->depth >= MAX_DEPTH)
	{
		snprintf(fetch->error, REGISTRY_ERROR_SIZE,
				 "a reference of the schema is not valid, or there are too many");
		return REGISTRY_UNKNOWN;
	}
	escaped = registry_client_escape(subject);
	snprintf(path, sizeof(path), "/subjects/%.3000s/versions/%" JSON_INTEGER_FORMAT "%s",
			 escaped != NULL ? escaped : "", version,
			 fetch->texts->kind == SCHEMA_PROTOBUF ? "?format=serialized" : "");
	free(escaped);
	return has_key(fetch->texts, path) ? REGISTRY_OK : fetch_path(fetch, path, path, name);
}

/*
 * fetch_references gets what a schema refers to.
 */
static RegistryOutcome
fetch_references(Fetch *fetch, const json_t *json)
{
	const json_t *references = json_object_get(json, "references");
	RegistryOutcome outcome = REGISTRY_OK;

	fetch->depth++;
	for (size_t i = 0; outcome == REGISTRY_OK && i < json_array_size(references); i++)
		outcome = fetch_reference(fetch, json_array_get(references, i));
	fetch->depth--;
	return outcome;
}

/*
 * kind_of tells what kind of schema an answer has: none is said of Avro.
 */
static bool
kind_of(const json_t *json, SchemaKind *kind)
{
	const char *type = json_string_value(json_object_get(json, "schemaType"));

	if (type == NULL || strcmp(type, "AVRO") == 0)
		*kind = SCHEMA_AVRO;
	else if (strcmp(type, "PROTOBUF") == 0)
		*kind = SCHEMA_PROTOBUF;
	else if (strcmp(type, "JSON") == 0)
		*kind = SCHEMA_JSON;
	else
		return false;
	return true;
}

/*
 * schema_fetch gets a schema.
 */
RegistryOutcome
schema_fetch(const SchemaFetcher *fetcher, const SchemaId *id, SchemaTexts *texts, char *error)
{
	Fetch fetch = {.fetcher = fetcher, .texts = texts, .error = error};
	RegistryOutcome outcome;
	char text[SCHEMA_ID_TEXT];
	char path[128];
	json_t *json;

	*texts = (SchemaTexts){0};
	schema_id_text(id, text);
	snprintf(path, sizeof(path), "/schemas/%s/%s", id->is_guid ? "guids" : "ids", text);
	outcome = get_json(&fetch, path, &json);
	if (outcome != REGISTRY_OK)
		return outcome;
	if (!kind_of(json, &texts->kind))
	{
		snprintf(error, REGISTRY_ERROR_SIZE, "schema %s is of an unknown type", text);
		outcome = REGISTRY_UNKNOWN;
	}
	else if (texts->kind == SCHEMA_AVRO)
		outcome = add_answer(&fetch, json, "", "");
	else if (texts->kind == SCHEMA_PROTOBUF)
		outcome = fetch_path(&fetch, strcat(path, "?format=serialized"), "", "");
	json_decref(json);
	return outcome;
}

/*
 * schema_texts_free frees texts.
 */
void
schema_texts_free(SchemaTexts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
	{
		free(texts->texts[i].key);
		free(texts->texts[i].name);
		free(texts->texts[i].text);
	}
	free(texts->texts);
	*texts = (SchemaTexts){0};
}
