/*
 * webhook.h
 *		Delivering notices of incidents to a URL, by a thread of its own.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_WEBHOOK_H
#define INGEST_WEBHOOK_H

#include <stdbool.h>

#include "collect_parts.h"
#include "options.h"
#include "text.h"

typedef enum WebhookEnd
{
	WEBHOOK_RUNS,
	WEBHOOK_DONE,    /* all is delivered, where the settings say to end then */
	WEBHOOK_REPLACED /* another program has taken over */
} WebhookEnd;

/*
 * Start the thread, if the settings have a URL.  False, with a log line that says what to mend, if
 * that can't be done.
 */
extern bool webhook_start(const Options *options);

/* Whether the thread has ended by itself. */
extern WebhookEnd webhook_ended(void);

extern void webhook_stop(void);

/* Add to a page of metrics. */
extern void webhook_metrics_write(Text *page, bool openmetrics);

extern const CollectPart webhook_part;

#endif /* INGEST_WEBHOOK_H */
