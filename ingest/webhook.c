/*
 * webhook.c
 *		Delivering notices of incidents to a URL.
 *
 * The database knows what was delivered: a notice is noted as delivered once the receiver has
 * answered, so that whatever is killed between the two, it is sent again, with the same id.  Those
 * of one incident are sent in their order; an incident that the receiver refuses does not hold up
 * the others.  Nothing is ever given up: what is pending is seen in sessionize.webhooks, and
 * health_check tells of what has been pending for long.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "log.h"
#include "metrics.h"
#include "query.h"
#include "webhook.h"
#include "webhook_database.h"
#include "webhook_rests.h"
#include "webhook_send.h"

/* How long to wait after the database could not be asked: the first time, and at most. */
#define RECONNECT_FIRST 0.5
#define RECONNECT_MOST  30

static struct
{
	pthread_t thread;
	bool running;
	const Options *options;
	WebhookSender *sender;
	WebhookDatabase *database;
	WebhookRests rests;
	atomic_bool stop;
	atomic_int end; /* a WebhookEnd */

	/* what the page of metrics shows */
	_Atomic uint64_t deliveries;
	_Atomic uint64_t failures;
	_Atomic uint64_t resting;
	_Atomic int64_t delivered_at; /* since 1970; 0: not yet */
	atomic_bool connected;
} hook;

/*
 * note_failure tells of a delivery that has failed, and lets the incident, or the receiver, rest.
 */
static WebhookState
note_failure(const WebhookNotice *notice, WebhookOutcome outcome, const char *error,
			 double retry_after)
{
	double seconds = webhook_rests_add(&hook.rests, notice->incident, outcome != WEBHOOK_REFUSED);

	if (outcome != WEBHOOK_REFUSED || retry_after > 0)
		seconds = webhook_rests_pause(&hook.rests, retry_after);
	atomic_fetch_add(&hook.failures, 1);
	log_warning(
		"webhook: a notice of incident %lld was not delivered: %s; it is tried again in %.0f "
		"s",
		(long long) notice->incident, error, seconds);
	return webhook_database_failed(hook.database, error);
}

/*
 * deliver sends a notice.
 */
static WebhookState
deliver(const WebhookNotice *notice)
{
	char error[WEBHOOK_ERROR_SIZE];
	double retry_after;
	WebhookOutcome outcome =
		webhook_send(hook.sender, notice->delivery, notice->body, error, &retry_after);

	if (outcome == WEBHOOK_DELIVERED)
	{
		webhook_rests_clear(&hook.rests, notice->incident);
		atomic_fetch_add(&hook.deliveries, 1);
		atomic_store(&hook.delivered_at, (int64_t) time(NULL));
		log_debug("webhook: a notice of incident %lld was delivered", (long long) notice->incident);
		return webhook_database_delivered(hook.database, notice->notice);
	}
	/* what the end of the program has cut short is no failure */
	return atomic_load(&hook.stop) ? WEBHOOK_OK : note_failure(notice, outcome, error, retry_after);
}

/*
 * deliver_some sends what is to be sent now, the first notice of each incident, and says how many
 * they were.
 */
static WebhookState
deliver_some(size_t *count, double *next)
{
	WebhookNotice notices[WEBHOOK_NOTICES];
	int64_t *resting = calloc(hook.rests.count + 1, sizeof(int64_t));
	size_t nresting = resting == NULL ? 0 : webhook_rests_list(&hook.rests, resting, next);
	WebhookState state = webhook_database_next(hook.database, resting, nresting, notices, count);

	free(resting);
	atomic_store(&hook.resting, nresting);
	for (size_t i = 0; i < *count; i++)
	{
		if (state == WEBHOOK_OK && !atomic_load(&hook.stop) && webhook_rests_left(&hook.rests) == 0)
			state = deliver(&notices[i]);
		free(notices[i].body);
	}
	if (*count == 0 && nresting == 0 && state == WEBHOOK_OK && hook.options->until_end)
		atomic_store(&hook.end, WEBHOOK_DONE);
	return state;
}

/*
 * step does what is to be done now, and waits for more.
 */
static WebhookState
step(void)
{
	double left = webhook_rests_left(&hook.rests);
	double next = (double) hook.options->webhook_poll;
	size_t count = 0;
	WebhookState state = webhook_database_open(hook.database);

	atomic_store(&hook.connected, state == WEBHOOK_OK);
	if (state != WEBHOOK_OK)
		return state;
	if (left > 0)
	{
		/* NOTIFY is read meanwhile, and changes nothing */
		webhook_database_wait(hook.database, left);
		return WEBHOOK_OK;
	}
	state = deliver_some(&count, &next);
	if (state == WEBHOOK_OK && count == 0 && atomic_load(&hook.end) == WEBHOOK_RUNS)
		webhook_database_wait(hook.database, next < (double) hook.options->webhook_poll
												 ? next
												 : (double) hook.options->webhook_poll);
	return state;
}

/*
 * tell_lost logs that the database could not be asked, and waits.
 */
static void
tell_lost(unsigned failures)
{
	double seconds = RECONNECT_FIRST;

	atomic_store(&hook.connected, false);
	if (atomic_load(&hook.stop))
		return;
	for (unsigned i = 1; i < failures && seconds < RECONNECT_MOST; i++)
		seconds *= 2;
	log_warning("webhook: the database could not be asked: %s",
				webhook_database_error(hook.database));
	query_wait(NULL, seconds < RECONNECT_MOST ? seconds : RECONNECT_MOST, &hook.stop);
}

/*
 * thread_main delivers until it is told to stop.
 */
static void *
thread_main(void *arg)
{
	unsigned failures = 0;

	while (!atomic_load(&hook.stop) && atomic_load(&hook.end) == WEBHOOK_RUNS)
		switch (step())
		{
			case WEBHOOK_OK:
				failures = 0;
				break;
			case WEBHOOK_LOST:
				tell_lost(++failures);
				break;
			case WEBHOOK_FENCED:
				log_error("webhook: %s", webhook_database_error(hook.database));
				atomic_store(&hook.connected, false);
				atomic_store(&hook.end, WEBHOOK_REPLACED);
				break;
		}
	return arg;
}

/*
 * start_thread starts the thread, which leaves signals to others.
 */
static bool
start_thread(void)
{
	sigset_t all;
	sigset_t before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	hook.running = pthread_create(&hook.thread, NULL, thread_main, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!hook.running)
		log_error("webhook: there is no thread");
	return hook.running;
}

/*
 * release frees what the thread works with.
 */
static void
release(void)
{
	webhook_sender_close(hook.sender);
	webhook_database_free(hook.database);
	webhook_rests_free(&hook.rests);
	hook.sender = NULL;
	hook.database = NULL;
}

/*
 * webhook_start starts the thread.
 */
bool
webhook_start(const Options *options)
{
	hook.options = options;
	if (*options->webhook == '\0')
		return true;
	if (*options->database == '\0')
	{
		log_error("webhook needs the setting database, a connection string such as \"host=db "
				  "dbname=web user=monitor\"");
		return false;
	}
	webhook_rests_init(&hook.rests, (double) options->webhook_retry,
					   (double) options->webhook_retry_most);
	hook.sender = webhook_sender_open(options, &hook.stop);
	hook.database = hook.sender == NULL ? NULL : webhook_database_create(options, &hook.stop);
	if (hook.database != NULL && start_thread())
		return true;
	release();
	return false;
}

/*
 * webhook_ended tells whether the thread has ended by itself.
 */
WebhookEnd
webhook_ended(void)
{
	return (WebhookEnd) atomic_load(&hook.end);
}

/*
 * webhook_stop ends the thread.
 */
void
webhook_stop(void)
{
	if (!hook.running)
		return;
	atomic_store(&hook.stop, true);
	pthread_join(hook.thread, NULL);
	hook.running = false;
	release();
}

/*
 * write_one adds a metric with one value.
 */
static void
write_one(Text *page, bool openmetrics, const char *name, const char *type, const char *unit,
		  const char *help, double value)
{
	metrics_family(page, openmetrics, name, type, unit, help);
	metrics_value(page, name, type, value);
}

/*
 * webhook_metrics_write adds what the thread counts.
 */
void
webhook_metrics_write(Text *page, bool openmetrics)
{
	int64_t delivered_at = atomic_load(&hook.delivered_at);

	if (!hook.running)
		return;
	write_one(page, openmetrics, "webhook_deliveries", "counter", "",
			  "Notices of incidents that were delivered.", (double) atomic_load(&hook.deliveries));
	write_one(page, openmetrics, "webhook_failures", "counter", "",
			  "Attempts to deliver that have failed.", (double) atomic_load(&hook.failures));
	write_one(page, openmetrics, "webhook_resting_incidents", "gauge", "",
			  "Incidents whose next notice waits to be tried again.",
			  (double) atomic_load(&hook.resting));
	write_one(page, openmetrics, "webhook_connected", "gauge", "",
			  "Whether there is a connection to the database.", atomic_load(&hook.connected));
	write_one(page, openmetrics, "webhook_running", "gauge", "",
			  "Whether notices are delivered: 0 after another program has taken over.",
			  webhook_ended() == WEBHOOK_RUNS);
	if (delivered_at > 0)
		write_one(page, openmetrics, "webhook_last_success_timestamp_seconds", "gauge", "seconds",
				  "When a notice was last delivered, since 1970.", (double) delivered_at);
}

const CollectPart webhook_part = {
	.start = webhook_start,
	.stop = webhook_stop,
	.metrics = webhook_metrics_write,
};
