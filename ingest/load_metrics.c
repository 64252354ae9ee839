/*
 * load_metrics.c
 *		The loaders of the program on the page of metrics: one sample for each source and partition.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "load_metrics.h"
#include "metrics.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static LoadCounters *all;

static const char *const waits[LOAD_WAITS_COUNT] = {
	[LOAD_WAITS_CONNECTION] = "connection", [LOAD_WAITS_BUSY] = "busy",
	[LOAD_WAITS_REFUSED] = "refused",       [LOAD_WAITS_MOVED] = "moved",
	[LOAD_WAITS_SOURCE] = "source",         [LOAD_WAITS_FENCED] = "fenced"};

/* A metric that each loader has.  value is false if there is no value now. */
typedef struct LoadMetric
{
	const char *name;
	const char *type;
	const char *unit;
	const char *help;
	bool (*value)(const LoadCounters *counters, double *value);
} LoadMetric;

/*
 * load_metrics_add adds a loader.
 */
void
load_metrics_add(LoadCounters *counters, const LoadSource *source)
{
	counters->source = source;
	pthread_mutex_lock(&lock);
	counters->next = all;
	all = counters;
	pthread_mutex_unlock(&lock);
}

/*
 * load_metrics_remove removes one, if it was added.
 */
void
load_metrics_remove(LoadCounters *counters)
{
	pthread_mutex_lock(&lock);
	for (LoadCounters **at = &all; *at != NULL; at = &(*at)->next)
		if (*at == counters)
		{
			*at = counters->next;
			break;
		}
	pthread_mutex_unlock(&lock);
}

/*
 * Values of metrics.
 */
#define COUNTER(field)                                                                             \
	static bool value_of_##field(const LoadCounters *counters, double *value)                      \
	{                                                                                              \
		*value = (double) atomic_load(&counters->field);                                           \
		return true;                                                                               \
	}

COUNTER(batches)
COUNTER(requests)
COUNTER(rows)
COUNTER(rejected)
COUNTER(gaps)
COUNTER(errors)
COUNTER(position)
COUNTER(pending)
COUNTER(connected)

/*
 * backlog_bytes returns what waits in a source that counts bytes.
 */
static bool
backlog_bytes(const LoadCounters *counters, double *value)
{
	*value = (double) atomic_load(&counters->backlog);
	return counters->source->kind->counts_bytes && *value >= 0;
}

/*
 * backlog_requests returns what waits in one that counts requests.
 */
static bool
backlog_requests(const LoadCounters *counters, double *value)
{
	*value = (double) atomic_load(&counters->backlog);
	return !counters->source->kind->counts_bytes && *value >= 0;
}

/*
 * loaded_at returns when the last batch was committed.
 */
static bool
loaded_at(const LoadCounters *counters, double *value)
{
	*value = (double) atomic_load(&counters->loaded_at) / 1e6;
	return *value > 0;
}

/*
 * running returns whether the loader has not been replaced.
 */
static bool
running(const LoadCounters *counters, double *value)
{
	*value = atomic_load(&counters->wait) != LOAD_WAITS_FENCED;
	return true;
}

static const LoadMetric metrics[] = {
	{"load_batches", "counter", "", "Transactions that loaded requests.", value_of_batches},
	{"load_requests", "counter", "", "Requests that were loaded or rejected.", value_of_requests},
	{"load_rows", "counter", "", "Events that were inserted.", value_of_rows},
	{"load_rejected", "counter", "", "Requests that went to ingest_rejected.", value_of_rejected},
	{"load_gaps", "counter", "", "Parts of the source that could not be read.", value_of_gaps},
	{"load_errors", "counter", "", "Failed attempts to load, to read or to connect.",
	 value_of_errors},
	{"load_position", "gauge", "",
	 "Up to where all is committed: a byte of the spool, an offset of Kafka, the milliseconds in "
	 "an id of Redis.",
	 value_of_position},
	{"load_backlog_bytes", "gauge", "bytes", "Bytes of the spool that are not loaded.",
	 backlog_bytes},
	{"load_backlog_requests", "gauge", "", "Requests of the source that are not loaded.",
	 backlog_requests},
	{"load_pending_batches", "gauge", "", "Batches that the database has not answered yet.",
	 value_of_pending},
	{"load_last_success_timestamp_seconds", "gauge", "seconds",
	 "When the last batch was committed, since 1970.", loaded_at},
	{"load_connected", "gauge", "", "Whether there is a connection to the database.",
	 value_of_connected},
	{"load_running", "gauge", "", "Whether there is a loader: 0 after another one has taken over.",
	 running},
};

/*
 * put_labels adds the labels that tell the loader; the caller ends them.
 */
static void
put_labels(Text *page, const char *name, const char *suffix, const LoadCounters *counters)
{
	text_printf(page, METRICS_PREFIX "%s%s{source=\"", name, suffix);
	metrics_label(page, counters->source->name);
	text_put(page, "\",partition=\"");
	metrics_label(page, counters->source->partition);
	text_put(page, "\"");
}

/*
 * write_metric adds a metric of all loaders.
 */
static void
write_metric(Text *page, bool openmetrics, const LoadMetric *metric)
{
	const char *suffix = strcmp(metric->type, "counter") == 0 ? "_total" : "";

	metrics_family(page, openmetrics, metric->name, metric->type, metric->unit, metric->help);
	for (const LoadCounters *counters = all; counters != NULL; counters = counters->next)
	{
		double value;

		if (!metric->value(counters, &value))
			continue;
		put_labels(page, metric->name, suffix, counters);
		text_printf(page, "} %.17g\n", value);
	}
}

/*
 * write_waits adds whether each loader waits, for each reason.
 */
static void
write_waits(Text *page, bool openmetrics)
{
	metrics_family(page, openmetrics, "load_waiting", "gauge", "",
				   "Whether the loader waits before it tries again, by the reason.");
	for (LoadCounters *counters = all; counters != NULL; counters = counters->next)
		for (int wait = LOAD_WAITS_NOT + 1; wait < LOAD_WAITS_COUNT; wait++)
		{
			put_labels(page, "load_waiting", "", counters);
			text_printf(page, ",reason=\"%s\"} %d\n", waits[wait],
						atomic_load(&counters->wait) == wait);
		}
}

/*
 * load_metrics_write adds all.
 */
void
load_metrics_write(Text *page, bool openmetrics)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		write_metric(page, openmetrics, &metrics[i]);
	write_waits(page, openmetrics);
	pthread_mutex_unlock(&lock);
}
