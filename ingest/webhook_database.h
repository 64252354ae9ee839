/*
 * webhook_database.h
 *		A webhook's connection to the database, which knows what is to be delivered and what was.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_WEBHOOK_DATABASE_H
#define INGEST_WEBHOOK_DATABASE_H

#include <stdatomic.h>
#include <stdint.h>

#include "options.h"

#define WEBHOOK_NOTICES 32

typedef struct WebhookDatabase WebhookDatabase;

typedef enum WebhookState
{
	WEBHOOK_OK,
	WEBHOOK_LOST,  /* there is no connection, or the database could not do it: try again later */
	WEBHOOK_FENCED /* another program has taken over, or the webhook belongs to another role */
} WebhookState;

/* What is to be delivered: the first notice of an incident. */
typedef struct WebhookNotice
{
	int64_t incident;
	char notice[24];
	char delivery[48];
	char *body;
} WebhookNotice;

extern WebhookDatabase *webhook_database_create(const Options *options, const atomic_bool *stop);
extern void webhook_database_free(WebhookDatabase *database);

/* Connect, listen and begin, if there is no connection. */
extern WebhookState webhook_database_open(WebhookDatabase *database);

/*
 * The first notice that is not delivered of each incident but some, up to WEBHOOK_NOTICES of them.
 * The caller frees their bodies.
 */
extern WebhookState webhook_database_next(WebhookDatabase *database, const int64_t *but,
										  size_t but_count, WebhookNotice *notices, size_t *count);

extern WebhookState webhook_database_delivered(WebhookDatabase *database, const char *notice);
extern WebhookState webhook_database_failed(WebhookDatabase *database, const char *error);

/* Wait until the database tells of an incident, for some seconds. */
extern void webhook_database_wait(WebhookDatabase *database, double seconds);

/* What went wrong last. */
extern const char *webhook_database_error(const WebhookDatabase *database);

#endif /* INGEST_WEBHOOK_DATABASE_H */
