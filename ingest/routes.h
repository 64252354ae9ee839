/*
 * routes.h
 *		What a request is, by its method, path and type: events of a protocol, or one of the documents
 *		that trackers ask for.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_ROUTES_H
#define INGEST_ROUTES_H

#include <stddef.h>

#include "options.h"

typedef enum Protocol
{
	PROTOCOL_SEGMENT,
	PROTOCOL_RUDDERSTACK,
	PROTOCOL_JITSU,
	PROTOCOL_SNOWPLOW,
	PROTOCOL_POSTHOG,
	PROTOCOL_CLOUDEVENTS,
	PROTOCOL_GENERIC,
	PROTOCOL_NONE /* what is no event */
} Protocol;

#define PROTOCOL_COUNT (PROTOCOL_NONE + 1)

typedef enum RouteKind
{
	ROUTE_EVENTS,  /* a body */
	ROUTE_QUERY,   /* a query string with a field data that is the body */
	ROUTE_PIXEL,   /* a query string that is the event; the answer is an image */
	ROUTE_IGNORED, /* a tracker sends something about itself: accepted and not kept */
	ROUTE_PREFLIGHT,
	ROUTE_SEGMENT_SETTINGS,
	ROUTE_RUDDER_CONFIG,
	ROUTE_POSTHOG_SCRIPT,
	ROUTE_POSTHOG_CONFIG,
	ROUTE_POSTHOG_FLAGS,
	ROUTE_HEALTH,
	ROUTE_READY,
	ROUTE_METRICS,
	ROUTE_ROBOTS,
	ROUTE_SITE_FILE,
	ROUTE_SITE_QUERY,
	ROUTE_WRONG_METHOD,
	ROUTE_NONE
} RouteKind;

typedef struct Route
{
	RouteKind kind;
	Protocol protocol;
} Route;

/* What decides besides method and path; any may be NULL. */
typedef struct RouteHints
{
	const char *content_type;
	const char *user_agent;
	const char *anonymous_id; /* a header that RudderStack's trackers send */
	const char *ce_specversion;
	const char *query;
} RouteHints;

/* The name of a protocol, as sessionize.decode() has it. */
extern const char *protocol_name(Protocol protocol);

/* Find out what a request is.  The path has no query string. */
extern Route
route_find(const char *method, const char *path, const RouteHints *hints, const Options *options);

#endif /* INGEST_ROUTES_H */
