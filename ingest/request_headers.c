/*
 * request_headers.c
 *		Headers as JSON, and the client's address.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "request_headers.h"

#define MAX_HEADERS 256
#define KEEP_BITS4  24
#define KEEP_BITS6  48

typedef struct Header
{
	const char *name;
	const char *value;
} Header;

typedef struct HeaderList
{
	Header headers[MAX_HEADERS];
	size_t count;
} HeaderList;

/* What tells of the client's address; only :address does that. */
static const char *const address_headers[] = {"x-forwarded-for",
											  "x-real-ip",
											  "forwarded",
											  "true-client-ip",
											  "cf-connecting-ip",
											  "x-client-ip",
											  "x-cluster-client-ip",
											  "fastly-client-ip",
											  "via",
											  NULL};

static const char *const user_agent_headers[] = {"user-agent", "sec-ch-ua", NULL};

/*
 * collect_header adds a header to a list.
 */
static enum MHD_Result
collect_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	HeaderList *list = arg;

	(void) kind;
	if (list->count == MAX_HEADERS)
		return MHD_NO;
	list->headers[list->count++] = (Header){name, value != NULL ? value : ""};
	return MHD_YES;
}

/*
 * begins_with_any returns whether a name is one of a list, or begins with it and a hyphen.
 */
static bool
begins_with_any(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
	{
		size_t length = strlen(*list);

		if (strncasecmp(name, *list, length) == 0 && (name[length] == '\0' || name[length] == '-'))
			return true;
	}
	return false;
}

/*
 * is_kept returns whether the settings let a header be kept.
 */
static bool
is_kept(const Options *options, const char *name)
{
	if (begins_with_any(name, address_headers) ||
		(!options->keep_user_agent && begins_with_any(name, user_agent_headers)))
		return false;
	for (size_t i = 0; i < options->drop_headers.count; i++)
		if (strcasecmp(name, options->drop_headers.values[i]) == 0)
			return false;
	return *name != ':';
}

/*
 * put_member begins a member of the object.
 */
static void
put_member(Text *json, const char *name)
{
	char lower[128];
	size_t length = 0;

	for (; name[length] != '\0' && length < sizeof(lower); length++)
		lower[length] = (char) tolower((unsigned char) name[length]);
	text_put(json, json->length > 1 ? ", " : "");
	text_put_json(json, lower, length);
	text_put(json, ": ");
}

/*
 * put_header adds a header, with the others of its name that follow.
 */
static void
put_header(Text *json, const HeaderList *list, size_t i)
{
	Text value = {0};

	for (size_t j = 0; j < i; j++)
		if (strcasecmp(list->headers[j].name, list->headers[i].name) == 0)
			return;
	for (size_t j = i; j < list->count; j++)
		if (strcasecmp(list->headers[j].name, list->headers[i].name) == 0)
		{
			text_put(&value, j > i ? ", " : "");
			text_put(&value, list->headers[j].value);
		}
	put_member(json, list->headers[i].name);
	text_put_json(json, value.data != NULL ? value.data : "", value.length);
	json->failed = json->failed || value.failed;
	text_free(&value);
}

/*
 * put_address adds the client's address, as far as it may be kept.
 */
static void
put_address(Request *request, Text *json)
{
	const char *keep = request->collector->options->keep_address;
	Address address = request_client(request);
	char text[ADDRESS_TEXT_SIZE];

	if (strcmp(keep, "none") == 0 || address.family == 0)
		return;
	if (strcmp(keep, "truncated") == 0)
		address = address_truncate(&address, KEEP_BITS4, KEEP_BITS6);
	address_text(&address, text);
	put_member(json, ":address");
	text_put_json(json, text, strlen(text));
}

/*
 * request_headers_json writes the headers.
 */
void
request_headers_json(Request *request, const char *source, size_t source_length, Text *json)
{
	HeaderList list = {.count = 0};
	const char *method = request->route.kind == ROUTE_EVENTS ? "POST" : "GET";

	text_put(json, "{");
	put_member(json, ":method");
	text_put_json(json, method, strlen(method));
	put_member(json, ":path");
	text_put_json(json, request->target, strlen(request->target));
	put_address(request, json);
	if (source != NULL)
	{
		put_member(json, ":source");
		text_put_json(json, source, source_length);
	}
	MHD_get_connection_values(request->http, MHD_HEADER_KIND, collect_header, &list);
	for (size_t i = 0; i < list.count; i++)
		if (is_kept(request->collector->options, list.headers[i].name))
			put_header(json, &list, i);
	text_put(json, "}");
}

/*
 * request_client finds the client's address.  Each proxy adds at the end whom it was asked by, so
 * the list is read from there for as long as the one who added an entry is trusted.
 */
Address
request_client(const Request *request)
{
	const Collector *collector = request->collector;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->http, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	Address address = address_of_socket(info != NULL ? info->client_addr : NULL);
	const char *list = request_header(request, "x-forwarded-for");
	const char *end = list != NULL ? list + strlen(list) : NULL;

	while (end != NULL && end > list &&
		   address_in(&address, collector->proxies, collector->options->trusted_proxies.count))
	{
		const char *start = end;
		Address next;

		while (start > list && start[-1] != ',')
			start--;
		while (start < end && *start == ' ')
			start++;
		while (end > start && end[-1] == ' ')
			end--;
		if (!address_parse(start, (size_t) (end - start), &next))
			break;
		address = next;
		while (start > list && start[-1] != ',')
			start--;
		end = start > list ? start - 1 : list;
	}
	return address;
}
