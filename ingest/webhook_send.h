/*
 * webhook_send.h
 *		Sending a delivery to the URL of a webhook, with libcurl.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_WEBHOOK_SEND_H
#define INGEST_WEBHOOK_SEND_H

#include <stdatomic.h>

#include "options.h"
#include "webhook_sign.h"

#define WEBHOOK_ERROR_SIZE 256

typedef struct WebhookSender WebhookSender;

typedef enum WebhookOutcome
{
	WEBHOOK_DELIVERED,
	WEBHOOK_REFUSED,  /* the receiver has something against this one */
	WEBHOOK_BUSY,     /* the receiver takes none now */
	WEBHOOK_UNREACHED /* there was no answer */
} WebhookOutcome;

/*
 * NULL, with a log line that says what to mend, if the settings are wrong.  What is logged, and the
 * errors below, name the host only: an address may have a secret in it.
 */
extern WebhookSender *webhook_sender_open(const Options *options, const atomic_bool *stop);

/*
 * Send a body.  Unless it is delivered, WEBHOOK_ERROR_SIZE bytes of error say why, and *retry_after
 * is how many seconds the receiver wants to be left alone; 0: it does not say.
 */
extern WebhookOutcome webhook_send(WebhookSender *sender, const char *id, const char *body,
								   char *error, double *retry_after);

extern void webhook_sender_close(WebhookSender *sender);

#endif /* INGEST_WEBHOOK_SEND_H */
