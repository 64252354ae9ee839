/*
 * collect_parts.c
 *		The list of the parts of collect.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stddef.h>

#include "collect_parts.h"
#include "database_metrics.h"
#include "load_part.h"
#include "webhook.h"

/* In the order in which they start; they stop in the opposite one. */
static const CollectPart *const parts[] = {
	&load_part,
	&database_metrics_part,
	&webhook_part,
	NULL,
};

static int started;

/*
 * collect_parts_start starts all parts.
 */
bool
collect_parts_start(const Options *options)
{
	for (started = 0; parts[started] != NULL; started++)
		if (!parts[started]->start(options))
			return false;
	return true;
}

/*
 * collect_parts_stop stops those that were started.
 */
void
collect_parts_stop(void)
{
	while (started > 0)
		parts[--started]->stop();
}

/*
 * collect_parts_metrics adds what the parts count.
 */
void
collect_parts_metrics(Text *page, bool openmetrics)
{
	for (int i = 0; parts[i] != NULL; i++)
		if (parts[i]->metrics != NULL)
			parts[i]->metrics(page, openmetrics);
}
