/*
 * webhook_rests.c
 *		Which incidents are left alone for a while.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <sys/random.h>

#include "steady_clock.h"
#include "webhook_rests.h"

/* What a receiver may ask for, in seconds. */
#define LONGEST 3600

/* Incidents that nobody has asked about for so long are forgotten: they are gone. */
#define FORGET_SECONDS 3600

/*
 * webhook_rests_init begins without any.
 */
void
webhook_rests_init(WebhookRests *rests, double first, double most)
{
	*rests = (WebhookRests){.first = first, .most = most};
	/* without chance the times are merely the same for all programs */
	(void) !getrandom(rests->chance, sizeof(rests->chance), GRND_NONBLOCK);
}

/*
 * webhook_rests_free frees them.
 */
void
webhook_rests_free(WebhookRests *rests)
{
	free(rests->incidents);
	rests->incidents = NULL;
	rests->count = rests->capacity = 0;
}

/*
 * time_of returns for how long to rest after some failures in a row.
 */
static double
time_of(WebhookRests *rests, unsigned failures)
{
	double seconds = rests->first;

	for (unsigned i = 1; i < failures && seconds < rests->most; i++)
		seconds *= 2;
	if (seconds > rests->most)
		seconds = rests->most;
	return seconds * (1 - erand48(rests->chance) / 2);
}

/*
 * find returns an incident's place; the end if it has none.
 */
static size_t
find(const WebhookRests *rests, int64_t incident)
{
	size_t i = 0;

	while (i < rests->count && rests->incidents[i].incident != incident)
		i++;
	return i;
}

/*
 * webhook_rests_add lets an incident rest.
 */
double
webhook_rests_add(WebhookRests *rests, int64_t incident, bool unreached)
{
	size_t i = find(rests, incident);
	double seconds;

	if (i == rests->capacity)
	{
		size_t more = rests->capacity * 2 + 16;
		WebhookRest *longer = realloc(rests->incidents, more * sizeof(WebhookRest));

		/* without memory it is tried again with all others */
		if (longer == NULL)
			return webhook_rests_pause(rests, 0);
		rests->incidents = longer;
		rests->capacity = more;
	}
	if (i == rests->count)
		rests->incidents[rests->count++] = (WebhookRest){.incident = incident};
	rests->incidents[i].unreached = unreached;
	seconds = time_of(rests, ++rests->incidents[i].failures);
	rests->incidents[i].until = steady_seconds() + seconds;
	return seconds;
}

/*
 * webhook_rests_pause lets the receiver rest.
 */
double
webhook_rests_pause(WebhookRests *rests, double seconds)
{
	rests->failures++;
	if (seconds <= 0)
		seconds = time_of(rests, rests->failures);
	if (seconds > LONGEST)
		seconds = LONGEST;
	rests->until = steady_seconds() + seconds;
	return seconds;
}

/*
 * webhook_rests_clear ends the rest of an incident, and of those that the receiver was not reached
 * with: it is there again.
 */
void
webhook_rests_clear(WebhookRests *rests, int64_t incident)
{
	size_t i = find(rests, incident);

	if (i < rests->count)
		rests->incidents[i] = rests->incidents[--rests->count];
	for (i = 0; i < rests->count; i++)
		if (rests->incidents[i].unreached)
			rests->incidents[i].until = 0;
	rests->failures = 0;
	rests->until = 0;
}

/*
 * webhook_rests_list lists those that rest.
 */
size_t
webhook_rests_list(WebhookRests *rests, int64_t *ids, double *seconds)
{
	double now = steady_seconds();
	size_t resting = 0;

	for (size_t i = 0; i < rests->count; i++)
	{
		double left = rests->incidents[i].until - now;

		if (rests->incidents[i].until != 0 && left < -FORGET_SECONDS)
			rests->incidents[i--] = rests->incidents[--rests->count];
		if (left <= 0)
			continue;
		if (resting == 0 || left < *seconds)
			*seconds = left;
		ids[resting++] = rests->incidents[i].incident;
	}
	return resting;
}

/*
 * webhook_rests_left returns for how long the receiver rests.
 */
double
webhook_rests_left(const WebhookRests *rests)
{
	double left = rests->until - steady_seconds();

	return left > 0 ? left : 0;
}
