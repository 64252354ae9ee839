/*
 * collect_parts.h
 *		Parts that run inside of the command collect, with threads of their own: the place where the
 *		loader is plugged in.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_COLLECT_PARTS_H
#define INGEST_COLLECT_PARTS_H

#include <stdbool.h>

#include "options.h"
#include "text.h"

/*
 * A part starts once the spool is open, and does nothing if the settings do not ask for it.  If it
 * can't start it logs why and returns false, which ends the program.  It is stopped after the last
 * request is on disk.  metrics adds to the page; it may be NULL.
 */
typedef struct CollectPart
{
	bool (*start)(const Options *options);
	void (*stop)(void);
	void (*metrics)(Text *page, bool openmetrics);
} CollectPart;

extern bool collect_parts_start(const Options *options);
extern void collect_parts_stop(void);
extern void collect_parts_metrics(Text *page, bool openmetrics);

#endif /* INGEST_COLLECT_PARTS_H */
