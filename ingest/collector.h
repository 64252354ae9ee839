/*
 * collector.h
 *		What the parts of a running collector share.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_COLLECTOR_H
#define INGEST_COLLECTOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "group_commit.h"
#include "options.h"
#include "sink.h"

typedef struct Collector
{
	const Options *options;
	AddressRange *proxies; /* one for each of the trusted proxies */
	Sink *sink;
	GroupCommit *group;
	_Atomic uint64_t in_flight; /* bytes held by requests that are not answered */
	_Atomic uint64_t open;      /* requests that are not answered */
	_Atomic double failed_at;   /* when a group last failed, by the steady clock, or 0 */
	_Atomic bool stopping;      /* SIGTERM came: no longer ready, but requests are accepted */
	_Atomic bool closing;       /* connections are closed after the request that they have */
} Collector;

/* Whether requests are accepted, as far as it is known. */
extern bool collector_is_ready(Collector *collector);

/* Take memory for a request; false beyond the limit for all of them. */
extern bool collector_hold(Collector *collector, uint64_t bytes);
extern void collector_release(Collector *collector, uint64_t bytes);

#endif /* INGEST_COLLECTOR_H */
