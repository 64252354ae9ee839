/*
 * keys.c
 *		Finding a request's write key.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "body.h"
#include "keys.h"

/*
 * keys_check looks at the settings.
 */
bool
keys_check(const Options *options, char *error, size_t size)
{
	for (size_t i = 0; i < options->write_keys.count; i++)
	{
		const char *value = options->write_keys.values[i];
		const char *colon = strchr(value, ':');

		if (colon == NULL || colon == value || colon[1] == '\0')
		{
			snprintf(error, size, "write-key: \"%s\" is not SOURCE:KEY", value);
			return false;
		}
	}
	return true;
}

/*
 * find finds the source of a key.
 */
static bool
find(const Options *options, const char *key, size_t length, const char **source,
	 size_t *source_length)
{
	for (size_t i = 0; i < options->write_keys.count; i++)
	{
		const char *value = options->write_keys.values[i];
		const char *colon = strchr(value, ':');

		if (strlen(colon + 1) == length && memcmp(colon + 1, key, length) == 0)
		{
			*source = value;
			*source_length = (size_t) (colon - value);
			return true;
		}
	}
	return false;
}

/*
 * basic_user returns the user of an Authorization header, or NULL; the caller frees it.
 */
static char *
basic_user(const char *header, size_t *length)
{
	char *user;

	if (header == NULL || strncasecmp(header, "Basic ", 6) != 0)
		return NULL;
	user = strdup(header + 6);
	if (user == NULL)
		return NULL;
	*length = strlen(user);
	if (base64_decode(user, length))
	{
		const char *colon = memchr(user, ':', *length);

		if (colon != NULL)
			*length = (size_t) (colon - user);
		return user;
	}
	free(user);
	return NULL;
}

/*
 * query_key returns the key in a query string, or NULL; the caller frees it.
 */
static char *
query_key(const char *query, size_t *length)
{
	static const char *const fields[] = {"writeKey", "api_key", "token", "aid"};
	char *value = NULL;

	for (size_t i = 0; query != NULL && value == NULL && i < sizeof(fields) / sizeof(fields[0]);
		 i++)
		value = form_value(query, strlen(query), fields[i], length);
	return value;
}

/*
 * keys_find finds the source of a request.
 */
bool
keys_find(const Options *options, const KeyPlaces *places, const char **source,
		  size_t *source_length)
{
	size_t length = 0;
	char *key;
	bool found;

	*source = NULL;
	*source_length = 0;
	if (options->write_keys.count == 0)
		return true;
	key = basic_user(places->authorization, &length);
	if (key == NULL && places->header != NULL)
	{
		key = strdup(places->header);
		length = strlen(places->header);
	}
	if (key == NULL)
		key = query_key(places->query, &length);
	if (key == NULL)
		return places->body != NULL &&
			   find(options, places->body, places->body_length, source, source_length);
	found = find(options, key, length, source, source_length);
	free(key);
	return found;
}
