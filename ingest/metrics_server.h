/*
 * metrics_server.h
 *		The page of metrics of a program that is no collector, such as that of load.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_METRICS_SERVER_H
#define INGEST_METRICS_SERVER_H

#include <stdbool.h>

#include "options.h"

/*
 * Answer /metrics and /health where the setting metrics-listen says, if it says so.  False, with a
 * log line that says what to mend, if that can't be done.
 */
extern bool metrics_server_start(const Options *options);
extern void metrics_server_stop(void);

#endif /* INGEST_METRICS_SERVER_H */
