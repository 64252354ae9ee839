/*
 * load_part.c
 *		The loader inside of collect: what was accepted is in the database moments later.
 *
 * The collector accepts requests whatever becomes of the loader: while the database is down they are
 * kept in the spool.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stddef.h>

#include "load.h"
#include "load_part.h"
#include "log.h"
#include "metrics.h"

static Loader *loader;

/*
 * start_loading starts the loader, if there is a database.
 */
static bool
start_loading(const Options *options)
{
	LoaderSettings settings;

	if (*options->database == '\0')
	{
		log_info("no database is given: requests are kept in the spool, to be loaded by another "
				 "program");
		return true;
	}
	if (!load_settings(options, &settings))
		return false;
	settings.until_end = false;
	loader = loader_start(&settings, spool_source_create(options->spool, "spool", options->name,
														 options->keep_loaded));
	if (loader == NULL)
		log_error("the loader could not be started: there is no memory or no thread");
	return loader != NULL;
}

/*
 * stop_loading ends the loader.  What it has not loaded stays in the spool.
 */
static void
stop_loading(void)
{
	if (loader == NULL)
		return;
	loader_stop(loader);
	(void) loader_finish(loader);
	loader = NULL;
}

/*
 * write_counter writes one counter.
 */
static void
write_counter(Text *page, bool openmetrics, const char *name, const char *help, uint64_t value)
{
	metrics_family(page, openmetrics, name, "counter", "", help);
	metrics_value(page, name, "counter", (double) value);
}

/*
 * write_metrics writes what the loader has done.
 */
static void
write_metrics(Text *page, bool openmetrics)
{
	const LoaderCounters *counters;

	if (loader == NULL)
		return;
	counters = loader_counters(loader);
	write_counter(page, openmetrics, "sessionize_load_batches",
				  "Transactions that loaded requests.", atomic_load(&counters->batches));
	write_counter(page, openmetrics, "sessionize_load_requests", "Requests that were loaded.",
				  atomic_load(&counters->requests));
	write_counter(page, openmetrics, "sessionize_load_rows", "Events that were inserted.",
				  atomic_load(&counters->rows));
	write_counter(page, openmetrics, "sessionize_load_rejected",
				  "Requests that went to ingest_rejected.", atomic_load(&counters->rejected));
	write_counter(page, openmetrics, "sessionize_load_gaps",
				  "Parts of the spool that could not be read.", atomic_load(&counters->gaps));
	write_counter(page, openmetrics, "sessionize_load_errors",
				  "Failed attempts to load or to connect.", atomic_load(&counters->errors));
	metrics_family(page, openmetrics, "sessionize_load_connected", "gauge", "",
				   "Whether the loader has a connection to the database.");
	metrics_value(page, "sessionize_load_connected", "gauge",
				  atomic_load(&counters->connected) ? 1 : 0);
	metrics_family(page, openmetrics, "sessionize_load_running", "gauge", "",
				   "Whether there is a loader: 0 after another one has taken over.");
	metrics_value(page, "sessionize_load_running", "gauge", loader_has_ended(loader) ? 0 : 1);
	metrics_family(page, openmetrics, "sessionize_load_backlog_bytes", "gauge", "bytes",
				   "Bytes in the spool that are not loaded.");
	metrics_value(page, "sessionize_load_backlog_bytes", "gauge",
				  (double) atomic_load(&counters->backlog));
}

const CollectPart load_part = {
	.start = start_loading,
	.stop = stop_loading,
	.metrics = write_metrics,
};
