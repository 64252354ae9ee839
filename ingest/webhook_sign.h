/*
 * webhook_sign.h
 *		Signatures of deliveries, as Standard Webhooks has them: v1, HMAC with SHA-256 of
 *		"id.timestamp.body".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_WEBHOOK_SIGN_H
#define INGEST_WEBHOOK_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define WEBHOOK_SECRETS      4
#define WEBHOOK_SECRET_SIZE  64 /* the standard allows 24 to 64 bytes */
#define WEBHOOK_SECRET_LEAST 24

typedef struct WebhookSecrets
{
	uint8_t bytes[WEBHOOK_SECRETS][WEBHOOK_SECRET_SIZE];
	size_t lengths[WEBHOOK_SECRETS];
	int count; /* 0: deliveries are not signed */
} WebhookSecrets;

/*
 * Read the secrets, one a line in base64 with or without "whsec_" before it, from a file or, where
 * its name is empty, from the environment variable WEBHOOK_SECRET, which may be absent.  False, with
 * a log line, for anything else.  More than one: the receiver may have either, while they change.
 */
extern bool webhook_secrets_read(WebhookSecrets *secrets, const char *file);

/* Add the signatures, with spaces between them. */
extern void webhook_sign(Text *signatures, const WebhookSecrets *secrets, const char *id,
						 const char *timestamp, const char *body);

#endif /* INGEST_WEBHOOK_SIGN_H */
