/*
 * routes.c
 *		The table of paths.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "body.h"
#include "routes.h"

typedef struct PathRule
{
	const char
		*path;     /* * is one part of it; a slash at the end of the request's is no difference */
	RouteKind get; /* ROUTE_WRONG_METHOD if there is no GET */
	RouteKind post;
	Protocol protocol;
} PathRule;

#define NO ROUTE_WRONG_METHOD

static const PathRule rules[] = {
	{"/health", ROUTE_HEALTH, NO, PROTOCOL_NONE},
	{"/ready", ROUTE_READY, NO, PROTOCOL_NONE},
	{"/metrics", ROUTE_METRICS, NO, PROTOCOL_NONE},
	{"/robots.txt", ROUTE_ROBOTS, NO, PROTOCOL_NONE},

	/* trackers of Segment, RudderStack and Jitsu; the first ones shorten the type to a letter */
	{"/v1/projects/*/settings", ROUTE_SEGMENT_SETTINGS, NO, PROTOCOL_SEGMENT},
	{"/v1/t", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/i", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/p", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/s", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/g", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/a", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/b", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/m", NO, ROUTE_IGNORED, PROTOCOL_SEGMENT},
	{"/v1/metrics", NO, ROUTE_IGNORED, PROTOCOL_SEGMENT},
	{"/v1/track", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/identify", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/page", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/screen", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/group", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/alias", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/batch", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/import", NO, ROUTE_EVENTS, PROTOCOL_SEGMENT},
	{"/v1/merge", NO, ROUTE_EVENTS, PROTOCOL_RUDDERSTACK},
	{"/beacon/v1/batch", NO, ROUTE_EVENTS, PROTOCOL_RUDDERSTACK},
	{"/pixel/v1/track", ROUTE_PIXEL, NO, PROTOCOL_RUDDERSTACK},
	{"/pixel/v1/page", ROUTE_PIXEL, NO, PROTOCOL_RUDDERSTACK},
	{"/sourceConfig", ROUTE_RUDDER_CONFIG, NO, PROTOCOL_RUDDERSTACK},
	{"/api/s/*", NO, ROUTE_EVENTS, PROTOCOL_JITSU},
	{"/api/s/s2s/*", NO, ROUTE_EVENTS, PROTOCOL_JITSU},

	{"/i", ROUTE_PIXEL, NO, PROTOCOL_SNOWPLOW},
	{"/ice.png", ROUTE_PIXEL, NO, PROTOCOL_SNOWPLOW},
	{"/*/tp2", ROUTE_PIXEL, ROUTE_EVENTS, PROTOCOL_SNOWPLOW},

	{"/e", ROUTE_QUERY, ROUTE_EVENTS, PROTOCOL_POSTHOG},
	{"/i/v0/e", ROUTE_QUERY, ROUTE_EVENTS, PROTOCOL_POSTHOG},
	{"/capture", ROUTE_QUERY, ROUTE_EVENTS, PROTOCOL_POSTHOG},
	{"/batch", ROUTE_QUERY, ROUTE_EVENTS, PROTOCOL_POSTHOG},
	{"/track", ROUTE_QUERY, ROUTE_EVENTS, PROTOCOL_POSTHOG},
	{"/engage", ROUTE_QUERY, ROUTE_EVENTS, PROTOCOL_POSTHOG},
	{"/s", ROUTE_IGNORED, ROUTE_IGNORED, PROTOCOL_POSTHOG},
	{"/flags", ROUTE_POSTHOG_FLAGS, ROUTE_POSTHOG_FLAGS, PROTOCOL_POSTHOG},
	{"/decide", ROUTE_POSTHOG_FLAGS, ROUTE_POSTHOG_FLAGS, PROTOCOL_POSTHOG},
	{"/array/*/config.js", ROUTE_POSTHOG_SCRIPT, NO, PROTOCOL_POSTHOG},
	{"/array/*/config", ROUTE_POSTHOG_CONFIG, NO, PROTOCOL_POSTHOG},

	{"/cloudevents", NO, ROUTE_EVENTS, PROTOCOL_CLOUDEVENTS},
	{"/", NO, ROUTE_EVENTS, PROTOCOL_GENERIC},
	{"/events", NO, ROUTE_EVENTS, PROTOCOL_GENERIC},
};

static const char *const names[PROTOCOL_COUNT] = {"segment", "rudderstack", "jitsu",   "snowplow",
												  "posthog", "cloudevents", "generic", "none"};

/*
 * protocol_name returns a protocol's name.
 */
const char *
protocol_name(Protocol protocol)
{
	return names[protocol];
}

/*
 * path_matches compares a path with that of a rule.
 */
static bool
path_matches(const char *rule, const char *path)
{
	while (*rule != '\0')
	{
		if (*rule == '*')
		{
			size_t length = strcspn(path, "/");

			if (length == 0)
				return false;
			rule++;
			path += length;
		}
		else if (*rule++ != *path++)
			return false;
	}
	return *path == '\0' || (path[0] == '/' && path[1] == '\0' && rule[-1] != '/');
}

/*
 * is_cloud_event returns whether a request says that it is one, in any of the three modes.
 */
static bool
is_cloud_event(const RouteHints *hints)
{
	return hints->ce_specversion != NULL ||
		   (hints->content_type != NULL &&
			strncasecmp(hints->content_type, "application/cloudevents", 23) == 0);
}

/*
 * is_rudder returns whether a request at a path that several trackers use is RudderStack's.
 */
static bool
is_rudder(const RouteHints *hints)
{
	return hints->anonymous_id != NULL ||
		   (hints->user_agent != NULL && strcasestr(hints->user_agent, "rudder") != NULL);
}

/*
 * is_snowplow_path returns whether a path is among those of the settings.
 */
static bool
is_snowplow_path(const char *path, const Options *options)
{
	for (size_t i = 0; i < options->snowplow_paths.count; i++)
		if (path_matches(options->snowplow_paths.values[i], path))
			return true;
	return false;
}

/*
 * find_rule finds the rule of a path, or NULL.
 */
static const PathRule *
find_rule(const char *path, const Options *options)
{
	static const PathRule snowplow = {"", ROUTE_PIXEL, ROUTE_EVENTS, PROTOCOL_SNOWPLOW};

	if (is_snowplow_path(path, options))
		return &snowplow;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (path_matches(rules[i].path, path))
			return &rules[i];
	return NULL;
}

/*
 * site_route returns what a path without another meaning is to a website for demonstrations.
 */
static RouteKind
site_route(RouteKind otherwise, const char *method, const char *path, const Options *options)
{
	if (strcmp(method, "GET") != 0)
		return otherwise;
	if (*options->site_query != '\0' && strcmp(path, "/query") == 0)
		return ROUTE_SITE_QUERY;
	return *options->site != '\0' ? ROUTE_SITE_FILE : otherwise;
}

/*
 * route_find finds out what a request is.
 */
Route
route_find(const char *method, const char *path, const RouteHints *hints, const Options *options)
{
	bool post = strcmp(method, "POST") == 0;
	const PathRule *rule = find_rule(path, options);
	Route route = {ROUTE_NONE, PROTOCOL_NONE};

	if (strcmp(method, "OPTIONS") == 0)
		return (Route){ROUTE_PREFLIGHT, PROTOCOL_NONE};
	if (post && is_cloud_event(hints))
		return (Route){ROUTE_EVENTS, PROTOCOL_CLOUDEVENTS};
	if (rule == NULL)
	{
		route.kind = site_route(ROUTE_NONE, method, path, options);
		return route;
	}
	route.protocol = rule->protocol;
	if (post)
		route.kind = rule->post;
	else if (strcmp(method, "GET") == 0)
		route.kind = rule->get != NO ? rule->get : site_route(NO, method, path, options);
	else if (strcmp(method, "HEAD") == 0 && rule->protocol == PROTOCOL_NONE)
		route.kind = rule->get;
	else
		route.kind = ROUTE_WRONG_METHOD;
	if (route.protocol == PROTOCOL_SEGMENT && is_rudder(hints))
		route.protocol = PROTOCOL_RUDDERSTACK;
	return route;
}
