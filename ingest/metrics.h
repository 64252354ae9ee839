/*
 * metrics.h
 *		Counters of the collector, and the page that has them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_METRICS_H
#define INGEST_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "routes.h"
#include "text.h"

#define METRICS_PREFIX "pg_sessionize_ingest_"

/* What is read when the page is asked for. */
typedef struct MetricsGauges
{
	bool has_spool; /* else what is of a spool is not shown */
	uint64_t spool_bytes;
	uint64_t spool_max_bytes;
	double spool_age;
	uint64_t spool_position;
	uint64_t in_flight_bytes;
	uint64_t connections;
	bool ready;
} MetricsGauges;

extern void metrics_request(Protocol protocol, unsigned status);
extern void metrics_body(uint64_t bytes);
extern void metrics_refused_connection(void);
extern void metrics_timed_out(void);

/* A sync of a group of requests, and whether it failed. */
extern void metrics_group(double seconds, uint64_t requests, bool failed);

/* From the moment a request was there in full until its answer was due. */
extern void metrics_latency(double seconds);

/*
 * Write the page, as OpenMetrics 1.0 or in the older text format of Prometheus.  What ends the page
 * in OpenMetrics is added by metrics_end(), so that other parts can add theirs between the two.
 */
extern void metrics_write(Text *page, const MetricsGauges *gauges, bool openmetrics);
extern void metrics_end(Text *page, bool openmetrics);
extern const char *metrics_type(bool openmetrics);

/*
 * Begin a metric: its type (counter, gauge or histogram), unit or "", and explanation.  A counter's
 * name is without _total.  metrics_value() adds a value that needs no other labels.
 */
extern void metrics_family(Text *page, bool openmetrics, const char *name, const char *type,
						   const char *unit, const char *help);
extern void metrics_value(Text *page, const char *name, const char *type, double value);

/* Add the value of a label, which is between quotes, with what has to be escaped. */
extern void metrics_label(Text *page, const char *value);

#endif /* INGEST_METRICS_H */
