/*
 * documents.c
 *		Settings of trackers, /health, /ready and /metrics.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "body.h"
#include "collect_parts.h"
#include "documents.h"
#include "keys.h"
#include "metrics.h"
#include "reply.h"
#include "request_headers.h"
#include "site.h"

#define JSON "application/json"

static const char posthog_config[] =
	"{\"supportedCompression\":[\"gzip\",\"gzip-js\",\"base64\"],\"featureFlags\":{},\"flags\":{},"
	"\"featureFlagPayloads\":{},\"errorsWhileComputingFlags\":false,\"sessionRecording\":false,"
	"\"surveys\":false,\"heatmaps\":false,\"capturePerformance\":false,\"autocaptureExceptions\":"
	"false,\"hasFeatureFlags\":false,\"isAuthenticated\":false,\"toolbarParams\":{},\"siteApps\":[]"
	",\"elementsChainAsString\":true,\"config\":{\"enable_collect_everything\":true}}";

/*
 * is_host returns whether a Host header is a host's name with or without a port.
 */
static bool
is_host(const char *host)
{
	return host != NULL && *host != '\0' &&
		   host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
							 "-._:[]")] == '\0';
}

/*
 * put_url adds the URL that the collector is reached by: its scheme, and the rest without it.
 */
static bool
find_url(Request *request, const char **scheme, const char **rest)
{
	const char *url = request->collector->options->public_url;
	const char *forwarded = request_header(request, "x-forwarded-proto");
	const char *slashes = strstr(url, "://");

	if (slashes != NULL)
	{
		*scheme = strncasecmp(url, "https", 5) == 0 ? "https" : "http";
		*rest = slashes + 3;
		return true;
	}
	*scheme = forwarded != NULL && strcasecmp(forwarded, "https") == 0 ? "https" : "http";
	*rest = request_header(request, "host");
	return is_host(*rest);
}

/*
 * segment_settings answers analytics.js, which asks where its events go.
 */
static enum MHD_Result
segment_settings(Request *request)
{
	static const char before[] = "/v1/projects/";
	const char *key = request->path + sizeof(before) - 1;
	const char *scheme;
	const char *rest;
	size_t length;
	Text json = {0};

	if (!find_url(request, &scheme, &rest))
		return reply_error(request, MHD_HTTP_BAD_REQUEST, "the request has no Host");
	length = strlen(rest);
	while (length > 0 && rest[length - 1] == '/')
		length--;
	text_put(&json, "{\"integrations\":{\"Segment.io\":{\"apiKey\":");
	text_put_json(&json, key, strcspn(key, "/"));
	text_printf(&json, ",\"apiHost\":\"%.*s/v1\",\"protocol\":\"%s\"}},", (int) length, rest,
				scheme);
	text_put(&json, "\"plan\":{\"track\":{\"__default\":{\"enabled\":true,\"integrations\":{}}}},"
					"\"edgeFunction\":{},\"analyticsNextEnabled\":true}");
	return reply_text(request, MHD_HTTP_OK, JSON, &json);
}

/*
 * rudder_config answers RudderStack's tracker, which asks for its source.
 */
static enum MHD_Result
rudder_config(Request *request)
{
	KeyPlaces places = {.authorization = request_header(request, "authorization"),
						.query = request->query};
	const char *source;
	size_t source_length;
	size_t length = 0;
	char *key;
	Text json = {0};

	if (!keys_find(request->collector->options, &places, &source, &source_length))
		return reply_error(request, MHD_HTTP_UNAUTHORIZED, "the write key is not known");
	key = form_value(request->query, strlen(request->query), "writeKey", &length);
	text_put(&json, "{\"source\":{\"id\":");
	text_put_json(&json, source != NULL ? source : "source", source != NULL ? source_length : 6);
	text_put(&json, ",\"name\":");
	text_put_json(&json, source != NULL ? source : "source", source != NULL ? source_length : 6);
	text_put(&json, ",\"writeKey\":");
	text_put_json(&json, key != NULL ? key : "", length);
	free(key);
	text_put(&json,
			 ",\"enabled\":true,\"workspaceId\":\"pg_sessionize\",\"config\":{\"statsCollection\":"
			 "{\"errors\":{\"enabled\":false},\"metrics\":{\"enabled\":false}}},\"connections\":[],"
			 "\"destinations\":[],\"dataplanes\":{}},\"updatedAt\":\"2026-01-01T00:00:00.000Z\"}");
	return reply_text(request, MHD_HTTP_OK, JSON, &json);
}

/*
 * is_from_here returns whether a request comes from this machine, and not through a proxy here.
 */
static bool
is_from_here(Request *request)
{
	Address address = request_client(request);

	return address_is_loopback(&address) && (request_header(request, "x-forwarded-for") == NULL);
}

/*
 * metrics_page answers with all counters.
 */
static enum MHD_Result
metrics_page(Request *request)
{
	Collector *collector = request->collector;
	const char *accept = request_header(request, "accept");
	bool openmetrics = accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;
	MetricsGauges gauges = {
		.in_flight_bytes = atomic_load(&collector->in_flight),
		.connections = connections_count(),
		.ready = collector_is_ready(collector),
	};
	Text page = {0};

	if (!collector->options->metrics_for_all && !is_from_here(request))
		return reply_error(request, MHD_HTTP_FORBIDDEN,
						   "metrics are for this machine; see the setting metrics-for-all");
	if (collector->sink->kind->gauges != NULL)
		collector->sink->kind->gauges(collector->sink, &gauges);
	metrics_write(&page, &gauges, openmetrics);
	collect_parts_metrics(&page, openmetrics);
	metrics_end(&page, openmetrics);
	return reply_text(request, MHD_HTTP_OK, metrics_type(openmetrics), &page);
}

/*
 * constant answers with a text.
 */
static enum MHD_Result
constant(Request *request, const char *type, const char *text)
{
	return reply_static(request, MHD_HTTP_OK, type, text, strlen(text));
}

/*
 * document_answer answers by the route.
 */
enum MHD_Result
document_answer(Request *request)
{
	switch (request->route.kind)
	{
		case ROUTE_PREFLIGHT:
			return reply_preflight(request);
		case ROUTE_IGNORED:
			return reply_kept(request);
		case ROUTE_SEGMENT_SETTINGS:
			return segment_settings(request);
		case ROUTE_RUDDER_CONFIG:
			return rudder_config(request);
		case ROUTE_POSTHOG_SCRIPT:
			return constant(request, "application/javascript; charset=utf-8", "");
		case ROUTE_POSTHOG_CONFIG:
		case ROUTE_POSTHOG_FLAGS:
			return constant(request, JSON, posthog_config);
		case ROUTE_HEALTH:
			return constant(request, "text/plain; charset=utf-8", "ok\n");
		case ROUTE_READY:
			if (collector_is_ready(request->collector))
				return constant(request, "text/plain; charset=utf-8", "ready\n");
			return reply_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "not ready");
		case ROUTE_METRICS:
			return metrics_page(request);
		case ROUTE_ROBOTS:
			return constant(request, "text/plain; charset=utf-8", "User-agent: *\nDisallow: /\n");
		case ROUTE_SITE_FILE:
			return site_file(request);
		case ROUTE_SITE_QUERY:
			return site_query(request);
		case ROUTE_WRONG_METHOD:
			return reply_error(request, MHD_HTTP_METHOD_NOT_ALLOWED, "no such method here");
		case ROUTE_EVENTS:
		case ROUTE_QUERY:
		case ROUTE_PIXEL:
		case ROUTE_NONE:
			break;
	}
	return reply_error(request, MHD_HTTP_NOT_FOUND, "there is nothing at this path");
}
