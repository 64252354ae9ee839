/*
 * reply.c
 *		Making and queueing answers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <string.h>

#include "metrics.h"
#include "reply.h"

#define PREFLIGHT_SECONDS "86400"

/* A transparent image of one pixel. */
static const char gif[] = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01"
						  "\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02"
						  "D\x01\x00;";

/*
 * is_for_pages returns whether pages of other origins may read an answer: what trackers ask for, and
 * not what is for this machine or for the pages that the collector itself serves.
 */
static bool
is_for_pages(const Request *request)
{
	switch (request->route.kind)
	{
		case ROUTE_METRICS:
		case ROUTE_SITE_FILE:
		case ROUTE_SITE_QUERY:
			return false;
		default:
			return true;
	}
}

/*
 * add_cors lets pages of any origin read the answer.  Trackers send cookies, which a browser allows
 * only if the origin is named.
 */
static void
add_cors(Request *request, struct MHD_Response *response)
{
	const char *origin = request_header(request, "origin");

	MHD_add_response_header(response, "Vary", "Origin");
	if (origin == NULL || !is_for_pages(request))
		return;
	MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
	MHD_add_response_header(response, "Access-Control-Allow-Credentials", "true");
}

/*
 * queue sends an answer with the headers that each one has.
 */
static enum MHD_Result
queue(Request *request, unsigned status, const char *type, struct MHD_Response *response)
{
	enum MHD_Result result;
	char seconds[24];

	if (response == NULL)
		return MHD_NO;
	if (type != NULL)
		MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-cache, no-store, must-revalidate");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	add_cors(request, response);
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
	{
		snprintf(seconds, sizeof(seconds), "%lld",
				 (long long) request->collector->options->retry_after);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, POST, OPTIONS");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, "WWW-Authenticate", "Basic realm=\"write key\"");
	if (atomic_load(&request->collector->closing))
		MHD_add_response_header(response, "Connection", "close");
	result = MHD_queue_response(request->http, status, response);
	MHD_destroy_response(response);
	if (result == MHD_YES)
		metrics_request(request->route.protocol, status);
	request->state = REQUEST_ANSWERED;
	return result;
}

/*
 * reply_static answers with bytes that stay.
 */
enum MHD_Result
reply_static(Request *request, unsigned status, const char *type, const char *body, size_t length)
{
	return queue(
		request, status, type,
		MHD_create_response_from_buffer(length, (void *) (uintptr_t) body, MHD_RESPMEM_PERSISTENT));
}

/*
 * reply_text answers with a text.
 */
enum MHD_Result
reply_text(Request *request, unsigned status, const char *type, Text *body)
{
	struct MHD_Response *response = NULL;

	if (!body->failed && body->data != NULL)
		response = MHD_create_response_from_buffer(body->length, body->data, MHD_RESPMEM_MUST_COPY);
	text_free(body);
	return queue(request, status, type, response);
}

/*
 * reply_error answers with an error.
 */
enum MHD_Result
reply_error(Request *request, unsigned status, const char *why)
{
	Text body = {0};

	text_put(&body, "{\"success\": false, \"error\": ");
	text_put_json(&body, why, strlen(why));
	text_put(&body, "}\n");
	return reply_text(request, status, "application/json", &body);
}

/*
 * reply_kept answers as the protocol has it.
 */
enum MHD_Result
reply_kept(Request *request)
{
	static const struct
	{
		const char *type;
		const char *body;
	} answers[PROTOCOL_COUNT] = {
		[PROTOCOL_SEGMENT] = {"application/json", "{\"success\":true}"},
		[PROTOCOL_RUDDERSTACK] = {"text/plain; charset=utf-8", "OK"},
		[PROTOCOL_JITSU] = {"application/json", "{\"ok\":true}"},
		[PROTOCOL_SNOWPLOW] = {"text/plain; charset=utf-8", "ok"},
		[PROTOCOL_POSTHOG] = {"application/json", "{\"status\":1}"},
		[PROTOCOL_CLOUDEVENTS] = {"application/json", "{\"success\":true}"},
		[PROTOCOL_GENERIC] = {"application/json", "{\"success\":true}"},
		[PROTOCOL_NONE] = {"text/plain; charset=utf-8", "ok"},
	};
	const char *body = answers[request->route.protocol].body;

	if (request->route.kind == ROUTE_PIXEL)
		return reply_static(request, MHD_HTTP_OK, "image/gif", gif, sizeof(gif) - 1);
	return reply_static(request, MHD_HTTP_OK, answers[request->route.protocol].type, body,
						strlen(body));
}

/*
 * reply_preflight answers a browser's question.
 */
enum MHD_Result
reply_preflight(Request *request)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, (void *) (uintptr_t) "", MHD_RESPMEM_PERSISTENT);
	const char *headers = request_header(request, "access-control-request-headers");

	if (response == NULL)
		return MHD_NO;
	MHD_add_response_header(response, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
	if (headers != NULL)
		MHD_add_response_header(response, "Access-Control-Allow-Headers", headers);
	MHD_add_response_header(response, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
	return queue(request, MHD_HTTP_OK, NULL, response);
}
