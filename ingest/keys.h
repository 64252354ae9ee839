/*
 * keys.h
 *		Write keys, and the sources whose they are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_KEYS_H
#define INGEST_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"

/* Where a request may have its key, in the order in which they count; each may be NULL. */
typedef struct KeyPlaces
{
	const char *authorization; /* Basic, the key as the user */
	const char *header;        /* X-Write-Key */
	const char *query;         /* writeKey, api_key, token or aid */
	const char *body;          /* the same in the body, body_length bytes */
	size_t body_length;
} KeyPlaces;

/* Whether each value of the settings is SOURCE:KEY; if not, error says which one is not. */
extern bool keys_check(const Options *options, char *error, size_t size);

/*
 * Find the source of a request.  False if it has no key or one that is not known.  Where no keys are
 * set every request is right, and *source is NULL.
 */
extern bool keys_find(const Options *options, const KeyPlaces *places, const char **source,
					  size_t *source_length);

#endif /* INGEST_KEYS_H */
