/*
 * metrics.c
 *		Counting, and OpenMetrics.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdatomic.h>
#include <string.h>

#include "metrics.h"

#define NSTATUSES 600
#define NBUCKETS  14
#define PREFIX    METRICS_PREFIX

typedef struct Histogram
{
	_Atomic uint64_t buckets[NBUCKETS + 1]; /* the last one has what is larger than all bounds */
	_Atomic uint64_t nanoseconds;
} Histogram;

static const double bounds[NBUCKETS] = {0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
										0.05,    0.1,    0.25,  0.5,    1,     2.5,  5};

static _Atomic uint64_t requests[PROTOCOL_COUNT][NSTATUSES];
static _Atomic uint64_t body_bytes;
static _Atomic uint64_t refused_connections;
static _Atomic uint64_t timed_out;
static _Atomic uint64_t groups;
static _Atomic uint64_t group_requests;
static _Atomic uint64_t failed_groups;
static Histogram sync_seconds;
static Histogram latency_seconds;

/*
 * observe counts a duration.
 */
static void
observe(Histogram *histogram, double seconds)
{
	int i = 0;

	while (i < NBUCKETS && seconds > bounds[i])
		i++;
	atomic_fetch_add_explicit(&histogram->buckets[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->nanoseconds, (uint64_t) (seconds * 1e9),
							  memory_order_relaxed);
}

/*
 * metrics_request counts an answer.
 */
void
metrics_request(Protocol protocol, unsigned status)
{
	if (status < NSTATUSES)
		atomic_fetch_add_explicit(&requests[protocol][status], 1, memory_order_relaxed);
}

/*
 * metrics_body counts bytes of a body as it was sent.
 */
void
metrics_body(uint64_t bytes)
{
	atomic_fetch_add_explicit(&body_bytes, bytes, memory_order_relaxed);
}

/*
 * metrics_refused_connection counts a connection beyond a limit.
 */
void
metrics_refused_connection(void)
{
	atomic_fetch_add_explicit(&refused_connections, 1, memory_order_relaxed);
}

/*
 * metrics_timed_out counts a connection that was too slow.
 */
void
metrics_timed_out(void)
{
	atomic_fetch_add_explicit(&timed_out, 1, memory_order_relaxed);
}

/*
 * metrics_group counts a group of requests that were synced together.
 */
void
metrics_group(double seconds, uint64_t count, bool failed)
{
	observe(&sync_seconds, seconds);
	atomic_fetch_add_explicit(&groups, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&group_requests, count, memory_order_relaxed);
	if (failed)
		atomic_fetch_add_explicit(&failed_groups, 1, memory_order_relaxed);
}

/*
 * metrics_latency counts how long a request waited.
 */
void
metrics_latency(double seconds)
{
	observe(&latency_seconds, seconds);
}

/*
 * metrics_family begins a metric.
 */
void
metrics_family(Text *page, bool openmetrics, const char *name, const char *type, const char *unit,
			   const char *help)
{
	/* the older format calls the samples' own name that of the metric */
	const char *suffix = !openmetrics && strcmp(type, "counter") == 0 ? "_total" : "";

	text_printf(page, "# TYPE " PREFIX "%s%s %s\n", name, suffix, type);
	if (openmetrics && *unit != '\0')
		text_printf(page, "# UNIT " PREFIX "%s %s\n", name, unit);
	text_printf(page, "# HELP " PREFIX "%s%s %s\n", name, suffix, help);
}

/*
 * metrics_label adds the value of a label.
 */
void
metrics_label(Text *page, const char *value)
{
	for (; *value != '\0'; value++)
		if (*value == '\n')
			text_put(page, "\\n");
		else
		{
			if (*value == '"' || *value == '\\')
				text_put(page, "\\");
			text_add(page, value, 1);
		}
}

/*
 * metrics_value adds a value.
 */
void
metrics_value(Text *page, const char *name, const char *type, double value)
{
	text_printf(page, PREFIX "%s%s %.17g\n", name, strcmp(type, "counter") == 0 ? "_total" : "",
				value);
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
 * write_requests adds the answers by protocol and status.
 */
static void
write_requests(Text *page, bool openmetrics)
{
	metrics_family(page, openmetrics, "requests", "counter", "",
				   "Answers, by protocol and status code.");
	for (int p = 0; p < PROTOCOL_COUNT; p++)
		for (int s = 0; s < NSTATUSES; s++)
		{
			uint64_t count = atomic_load(&requests[p][s]);

			if (count > 0)
				text_printf(page, PREFIX "requests_total{protocol=\"%s\",code=\"%d\"} %llu\n",
							protocol_name((Protocol) p), s, (unsigned long long) count);
		}
}

/*
 * write_histogram adds a histogram of seconds.
 */
static void
write_histogram(Text *page, bool openmetrics, const char *name, const char *help,
				Histogram *histogram)
{
	uint64_t count = 0;

	metrics_family(page, openmetrics, name, "histogram", "seconds", help);
	for (int i = 0; i <= NBUCKETS; i++)
	{
		count += atomic_load(&histogram->buckets[i]);
		text_printf(page, PREFIX "%s_bucket{le=\"", name);
		if (i < NBUCKETS)
			text_printf(page, "%g%s", bounds[i], bounds[i] == 1 || bounds[i] == 5 ? ".0" : "");
		else
			text_put(page, "+Inf");
		text_printf(page, "\"} %llu\n", (unsigned long long) count);
	}
	text_printf(page, PREFIX "%s_count %llu\n" PREFIX "%s_sum %.9f\n", name,
				(unsigned long long) count, name,
				(double) atomic_load(&histogram->nanoseconds) / 1e9);
}

/*
 * write_counters adds counters.
 */
static void
write_counters(Text *page, bool openmetrics)
{
	write_one(page, openmetrics, "body_bytes", "counter", "bytes", "Bytes of bodies, as sent.",
			  (double) atomic_load(&body_bytes));
	write_one(page, openmetrics, "refused_connections", "counter", "",
			  "Connections beyond the limit of their address.",
			  (double) atomic_load(&refused_connections));
	write_one(page, openmetrics, "timed_out_requests", "counter", "",
			  "Connections closed because a request took too long to arrive.",
			  (double) atomic_load(&timed_out));
	write_one(page, openmetrics, "groups", "counter", "", "Groups of requests synced together.",
			  (double) atomic_load(&groups));
	write_one(page, openmetrics, "group_requests", "counter", "", "Requests in these groups.",
			  (double) atomic_load(&group_requests));
	write_one(page, openmetrics, "failed_groups", "counter", "",
			  "Groups of which not all was kept.", (double) atomic_load(&failed_groups));
}

/*
 * write_spool writes how large the spool is.
 */
static void
write_spool(Text *page, const MetricsGauges *gauges, bool openmetrics)
{
	write_one(page, openmetrics, "spool_bytes", "gauge", "bytes",
			  "Bytes in the spool that are not deleted yet.", (double) gauges->spool_bytes);
	write_one(page, openmetrics, "spool_max_bytes", "gauge", "bytes",
			  "Bytes that the spool may have.", (double) gauges->spool_max_bytes);
	write_one(page, openmetrics, "spool_age_seconds", "gauge", "seconds",
			  "Age of the oldest segment of the spool.", gauges->spool_age);
	write_one(page, openmetrics, "spool_position_bytes", "gauge", "bytes",
			  "Position up to which the spool is on disk.", (double) gauges->spool_position);
}

/*
 * metrics_write writes the page.
 */
void
metrics_write(Text *page, const MetricsGauges *gauges, bool openmetrics)
{
	write_requests(page, openmetrics);
	write_counters(page, openmetrics);
	write_histogram(page, openmetrics, "sync_seconds", "Time until a group of requests is kept.",
					&sync_seconds);
	write_histogram(page, openmetrics, "request_seconds",
					"Time from a request that is there in full to its answer.", &latency_seconds);
	if (gauges->has_spool)
		write_spool(page, gauges, openmetrics);
	write_one(page, openmetrics, "in_flight_bytes", "gauge", "bytes",
			  "Memory for bodies of requests that are not answered yet.",
			  (double) gauges->in_flight_bytes);
	write_one(page, openmetrics, "connections", "gauge", "", "Connections.",
			  (double) gauges->connections);
	write_one(page, openmetrics, "ready", "gauge", "", "Whether requests are accepted.",
			  gauges->ready ? 1 : 0);
}

/*
 * metrics_type returns the content type of the page.
 */
const char *
metrics_type(bool openmetrics)
{
	return openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
					   : "text/plain; version=0.0.4; charset=utf-8";
}

/*
 * metrics_end ends the page.
 */
void
metrics_end(Text *page, bool openmetrics)
{
	if (openmetrics)
		text_put(page, "# EOF\n");
}
