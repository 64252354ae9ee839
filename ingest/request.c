/*
 * request.c
 *		Reading, checking and keeping a request.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "body.h"
#include "documents.h"
#include "frame.h"
#include "json_check.h"
#include "keys.h"
#include "log.h"
#include "metrics.h"
#include "reply.h"
#include "request.h"
#include "request_headers.h"
#include "spool_file.h"
#include "steady_clock.h"

#define FIRST_BUFFER   4096
#define DISCARD_FACTOR 4 /* how many times the largest body is read to its end before the answer */
#define MAX_HEADERS    128

/* What decides whether headers are sound. */
typedef struct HeaderCount
{
	unsigned all;
	unsigned odd; /* whose name is none */
	unsigned lengths;
	unsigned encodings;
} HeaderCount;

/*
 * request_header finds a header.
 */
const char *
request_header(const Request *request, const char *name)
{
	return MHD_lookup_connection_value(request->http, MHD_HEADER_KIND, name);
}

/*
 * origin_form returns the path and query of a request target that may begin with a scheme and host.
 */
static const char *
origin_form(const char *target)
{
	const char *slashes = *target == '/' ? NULL : strstr(target, "://");
	const char *slash;

	if (slashes == NULL)
		return target;
	slash = strchr(slashes + 3, '/');
	return slash != NULL ? slash : "/";
}

/*
 * request_begin makes a request from its first line.
 */
Request *
request_begin(Collector *collector, struct MHD_Connection *http, const char *target)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	Request *request =
		info != NULL && info->socket_context != NULL ? calloc(1, sizeof(Request)) : NULL;
	size_t length;

	if (request == NULL)
		return NULL;
	request->connection = info->socket_context;
	connection_set_request(request->connection, request);
	atomic_fetch_add(&collector->open, 1);
	request->collector = collector;
	request->http = http;
	request->route.protocol = PROTOCOL_NONE;
	request->target = strdup(origin_form(target));
	if (request->target != NULL)
	{
		length = strcspn(request->target, "?");
		request->path = strndup(request->target, length);
		request->query = request->target + length + (request->target[length] == '?');
	}
	if (request->path != NULL)
		return request;
	request_end(request);
	return NULL;
}

/*
 * refuse decides what a request is answered whatever its body is.
 */
static void
refuse(Request *request, unsigned status, const char *why)
{
	if (request->refused != 0)
		return;
	request->refused = status;
	request->refusal = why;
}

/*
 * too_large_status returns the status for a body that is too large.  Snowplow's tracker would send
 * it again after 413.
 */
static unsigned
too_large_status(const Request *request)
{
	return request->route.protocol == PROTOCOL_SNOWPLOW ? MHD_HTTP_BAD_REQUEST
														: MHD_HTTP_CONTENT_TOO_LARGE;
}

/*
 * too_large refuses a body.
 */
static void
too_large(Request *request, const char *why)
{
	refuse(request, too_large_status(request), why);
}

/*
 * is_token returns whether a header's name is one (RFC 9110).  A space before the colon is what makes
 * one server see a Transfer-Encoding, and another none.
 */
static bool
is_token(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
								 "!#$%&'*+-.^_`|~");

	return length > 0 && name[length] == '\0';
}

/*
 * count_header counts a header.
 */
static enum MHD_Result
count_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	HeaderCount *count = arg;

	(void) kind;
	(void) value;
	count->all++;
	count->odd += !is_token(name);
	count->lengths += strcasecmp(name, "content-length") == 0;
	count->encodings += strcasecmp(name, "transfer-encoding") == 0;
	return MHD_YES;
}

/*
 * check_framing refuses requests of which a proxy before us may have seen another end than we do.
 */
static bool
check_framing(Request *request)
{
	HeaderCount count = {0};
	const char *encoding = request_header(request, "transfer-encoding");

	MHD_get_connection_values(request->http, MHD_HEADER_KIND, count_header, &count);
	if (count.all > MAX_HEADERS)
		refuse(request, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "there are too many headers");
	if (count.odd > 0)
		refuse(request, MHD_HTTP_BAD_REQUEST, "the name of a header is none");
	if (count.lengths + count.encodings > 1)
		refuse(request, MHD_HTTP_BAD_REQUEST,
			   "Content-Length and Transfer-Encoding are given more than once");
	if (encoding != NULL && strcasecmp(encoding, "chunked") != 0)
		refuse(request, MHD_HTTP_BAD_REQUEST, "the Transfer-Encoding is not chunked");
	return request->refused == 0;
}

/*
 * declared_length returns the Content-Length, or 0 if there is none.
 */
static uint64_t
declared_length(const Request *request)
{
	const char *text = request_header(request, "content-length");

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

/*
 * find_route finds out what the request is.
 */
static void
find_route(Request *request, const char *method)
{
	RouteHints hints = {
		.content_type = request_header(request, "content-type"),
		.user_agent = request_header(request, "user-agent"),
		.anonymous_id = request_header(request, "anonymousid"),
		.ce_specversion = request_header(request, "ce-specversion"),
	};

	request->route = route_find(method, request->path, &hints, request->collector->options);
}

/*
 * request_headers looks at the headers.  What is far too large is answered before it is read, which
 * closes the connection.
 */
enum MHD_Result
request_headers(Request *request, const char *method)
{
	uint64_t max = (uint64_t) request->collector->options->max_body;
	uint64_t length = declared_length(request);

	request->received_at = spool_clock();
	request->state = REQUEST_READING;
	find_route(request, method);
	if (!check_framing(request))
		return reply_error(request, request->refused, request->refusal);
	if (length > max)
		too_large(request, "the body is too large");
	if (length > max * DISCARD_FACTOR)
		return reply_error(request, request->refused, request->refusal);
	return MHD_YES;
}

/*
 * reserve makes room in the buffer for the body.
 */
static bool
reserve(Request *request, size_t size)
{
	size_t capacity = request->capacity == 0 ? FIRST_BUFFER : request->capacity;
	char *grown;

	while (capacity < size)
		capacity *= 2;
	if (capacity == request->capacity)
		return true;
	if (!collector_hold(request->collector, capacity - request->capacity))
		return false;
	request->held += capacity - request->capacity;
	grown = realloc(request->body, capacity);
	if (grown == NULL)
		return false;
	request->body = grown;
	request->capacity = capacity;
	return true;
}

/*
 * is_kept returns whether a request's body is of interest.
 */
static bool
is_kept(const Request *request)
{
	return request->route.kind == ROUTE_EVENTS && request->refused == 0;
}

/*
 * request_take takes a part of the body.
 */
enum MHD_Result
request_take(Request *request, const char *bytes, size_t length)
{
	size_t max = (size_t) request->collector->options->max_body;

	metrics_body(length);
	if (is_kept(request) && request->length + length > max)
		too_large(request, "the body is too large");
	if (is_kept(request) && !reserve(request, request->length + length))
		refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests at a time");
	if (is_kept(request))
	{
		memcpy(request->body + request->length, bytes, length);
		request->length += length;
		return MHD_YES;
	}
	request->discarded += length;
	return request->discarded <= max * DISCARD_FACTOR ? MHD_YES : MHD_NO;
}

/*
 * unwrap decompresses the body and takes it out of its form.
 */
static bool
unwrap(Request *request, Body *body)
{
	const Options *options = request->collector->options;
	BodyLimits limits = {(size_t) options->max_inflated, (size_t) options->max_ratio};
	BodyStatus status;

	if (request->route.kind == ROUTE_EVENTS)
		status = body_unwrap(body, request_header(request, "content-encoding"),
							 request_header(request, "content-type"), &limits);
	else
		status = body_from_query(body, request->query, &limits);
	if (status == BODY_BAD)
		refuse(request, MHD_HTTP_BAD_REQUEST, body->error);
	if (status == BODY_TOO_LARGE)
		too_large(request, body->error);
	if (status == BODY_UNSUPPORTED)
		refuse(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, body->error);
	if (status == BODY_NO_MEMORY)
		refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
	return status == BODY_OK;
}

/*
 * check_json refuses a body that is not JSON, and finds the write key in one that is.
 */
static bool
check_json(Request *request, const Body *body, KeyPlaces *places)
{
	JsonWanted wanted[] = {
		{.key = "writeKey"}, {.key = "api_key"}, {.key = "token"}, {.key = "aid"}};
	bool many = request->route.protocol == PROTOCOL_GENERIC;
	const char *error;
	size_t at;

	error = json_check(body->bytes, body->length, many, wanted, 4, &at);
	if (error != NULL)
	{
		log_debug("%s: the body has %s at byte %zu", request->path, error, at);
		refuse(request, MHD_HTTP_BAD_REQUEST, "the body is not JSON");
		return false;
	}
	for (int i = 3; i >= 0; i--)
		if (wanted[i].value != NULL)
		{
			places->body = wanted[i].value;
			places->body_length = wanted[i].length;
		}
	return true;
}

/*
 * check_pixel refuses a query string without an event.
 */
static bool
check_pixel(Request *request)
{
	size_t length;
	char *event = NULL;

	if (request->route.protocol != PROTOCOL_SNOWPLOW)
		return true;
	event = form_value(request->query, strlen(request->query), "e", &length);
	if (event == NULL)
		refuse(request, MHD_HTTP_BAD_REQUEST, "the query string has no field e");
	free(event);
	return event != NULL;
}

/*
 * is_binary_event returns whether a body is the data of a CloudEvent whose attributes are headers:
 * it need not be JSON.
 */
static bool
is_binary_event(const Request *request)
{
	const char *type = request_header(request, "content-type");

	return request->route.protocol == PROTOCOL_CLOUDEVENTS &&
		   request_header(request, "ce-specversion") != NULL &&
		   (type == NULL || strncasecmp(type, "application/cloudevents", 23) != 0);
}

/*
 * make_frame encodes the request to be kept.
 */
static bool
make_frame(Request *request, const Body *body, const char *source, size_t source_length)
{
	const char *protocol = protocol_name(request->route.protocol);
	Text headers = {0};
	Frame frame = {.received_at = request->received_at,
				   .protocol = protocol,
				   .protocol_length = (uint8_t) strlen(protocol),
				   .body = (const unsigned char *) body->bytes,
				   .body_length = body->length};
	size_t size = 0;

	request_headers_json(request, source, source_length, &headers);
	frame.headers = headers.data;
	frame.headers_length = (uint32_t) headers.length;
	if (!headers.failed)
		size = frame_size(&frame);
	if (size > 0 && collector_hold(request->collector, size))
	{
		request->held += size;
		request->waiting.frame = malloc(size);
		request->waiting.length = size;
	}
	if (request->waiting.frame != NULL)
		frame_encode(&frame, request->waiting.frame);
	else
		refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests at a time");
	text_free(&headers);
	return request->waiting.frame != NULL;
}

/*
 * check finds out whether a request can be kept, and encodes it.
 */
static bool
check(Request *request, Body *body)
{
	KeyPlaces places = {.authorization = request_header(request, "authorization"),
						.header = request_header(request, "x-write-key"),
						.query = request->query};
	const char *source;
	size_t source_length;

	if (request->route.kind == ROUTE_PIXEL)
	{
		if (!check_pixel(request))
			return false;
	}
	else if (!unwrap(request, body) ||
			 (!is_binary_event(request) && !check_json(request, body, &places)))
		return false;
	if (!keys_find(request->collector->options, &places, &source, &source_length))
	{
		refuse(request, MHD_HTTP_UNAUTHORIZED, "the write key is missing or not known");
		return false;
	}
	return make_frame(request, body, source, source_length);
}

/*
 * forget_body frees the body, whose bytes are in the frame.
 */
static void
forget_body(Request *request)
{
	free(request->body);
	request->body = NULL;
	request->held -= request->capacity;
	collector_release(request->collector, request->capacity);
	request->capacity = request->length = 0;
}

/*
 * written is called by the thread that has requests kept: the request goes on.
 */
static void
written(Waiting *waiting)
{
	Request *request = (Request *) waiting;

	if (waiting->status == SINK_FULL || waiting->status == SINK_FAILED)
		atomic_store(&request->collector->failed_at, steady_seconds());
	MHD_resume_connection(request->http);
}

/*
 * submit hands the request over to be kept.  The connection is suspended before, since the answer
 * may be due at once.
 */
static enum MHD_Result
submit(Request *request)
{
	request->state = REQUEST_WAITING;
	request->complete_at = steady_seconds();
	request->waiting.done = written;
	MHD_suspend_connection(request->http);
	if (group_commit_submit(request->collector->group, &request->waiting))
		return MHD_YES;
	request->waiting.status = SINK_FAILED;
	MHD_resume_connection(request->http);
	return MHD_YES;
}

/*
 * keep checks a request with events, and hands it over.
 */
static enum MHD_Result
keep(Request *request)
{
	Body body = {.bytes = request->body != NULL ? request->body : "", .length = request->length};
	bool good = request->refused == 0 && check(request, &body);

	if (body.owned)
		free(body.bytes);
	forget_body(request);
	if (!good)
		return reply_error(request, request->refused, request->refusal);
	return submit(request);
}

/*
 * request_received goes on with a request that is there in full.
 */
enum MHD_Result
request_received(Request *request)
{
	connection_received(request->connection);
	switch (request->route.kind)
	{
		case ROUTE_EVENTS:
		case ROUTE_QUERY:
		case ROUTE_PIXEL:
			return keep(request);
		default:
			return document_answer(request);
	}
}

/*
 * request_answer answers a request that waited to be kept.
 */
enum MHD_Result
request_answer(Request *request)
{
	metrics_latency(steady_seconds() - request->complete_at);
	switch (request->waiting.status)
	{
		case SINK_KEPT:
			return reply_kept(request);
		case SINK_FULL:
			return reply_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
							   "there is no room for more; try again later");
		case SINK_TOO_LARGE:
			return reply_error(
				request, too_large_status(request),
				"the broker takes no message of this size; send fewer events together");
		case SINK_FAILED:
			break;
	}
	return reply_error(request, MHD_HTTP_SERVICE_UNAVAILABLE,
					   "the request could not be kept; try again later");
}

/*
 * request_end frees a request.
 */
void
request_end(Request *request)
{
	connection_answered(request->connection);
	connection_set_request(request->connection, NULL);
	collector_release(request->collector, request->held);
	atomic_fetch_sub(&request->collector->open, 1);
	free(request->waiting.frame);
	free(request->body);
	free(request->path);
	free(request->target);
	free(request);
}
