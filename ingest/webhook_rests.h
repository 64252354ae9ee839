/*
 * webhook_rests.h
 *		Which incidents, and whether the receiver as a whole, are left alone for a while after a
 *		delivery has failed.
 *
 * The time doubles with each failure in a row, up to a limit, and is less by chance by up to a half,
 * so that many programs do not come back at the same moment.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_WEBHOOK_RESTS_H
#define INGEST_WEBHOOK_RESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct WebhookRest
{
	int64_t incident;
	unsigned failures; /* in a row */
	bool unreached;    /* it was not the receiver who had something against it */
	double until;
} WebhookRest;

typedef struct WebhookRests
{
	double first; /* seconds after the first failure */
	double most;
	unsigned short chance[3];
	WebhookRest *incidents;
	size_t count;
	size_t capacity;
	unsigned failures; /* in a row, to reach the receiver */
	double until;      /* the receiver as a whole */
} WebhookRests;

extern void webhook_rests_init(WebhookRests *rests, double first, double most);
extern void webhook_rests_free(WebhookRests *rests);

/* A delivery of an incident has failed; returns for how many seconds it rests. */
extern double webhook_rests_add(WebhookRests *rests, int64_t incident, bool unreached);

/* The receiver was not reached, or wants to be left alone for some seconds; 0: it does not say. */
extern double webhook_rests_pause(WebhookRests *rests, double seconds);

/* A delivery of an incident has arrived. */
extern void webhook_rests_clear(WebhookRests *rests, int64_t incident);

/* The incidents that rest now, in ids, which has room for all; and for how long the first one does. */
extern size_t webhook_rests_list(WebhookRests *rests, int64_t *ids, double *seconds);

/* For how long the receiver is left alone; 0: it is not. */
extern double webhook_rests_left(const WebhookRests *rests);

#endif /* INGEST_WEBHOOK_RESTS_H */
