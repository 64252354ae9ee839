/*
 * protocol.c
 *		The protocols that requests are decoded by, and which of them a request is of.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "decode/protocol.h"

/* The names of protocols.  Several names may have one meaning. */
static const struct
{
	const char *name;
	const Protocol *protocol;
} protocols[] = {
	{"segment", &segment_protocol}, {"rudderstack", &segment_protocol},
	{"jitsu", &segment_protocol},   {"snowplow", &snowplow_protocol},
	{"posthog", &posthog_protocol}, {"cloudevents", &cloudevents_protocol},
	{"generic", &generic_protocol},
};

/* The last parts of paths that lead to a protocol, if a part of the path is "under" (if any). */
static const struct
{
	const char *last;
	const char *under;
	const Protocol *protocol;
} paths[] = {
	{"tp2", NULL, &snowplow_protocol},
	{"ice.png", NULL, &snowplow_protocol},
	{"import", "v1", &segment_protocol},
	{"batch", "v1", &segment_protocol},
	{"b", "v1", &segment_protocol},
	{"track", "v1", &segment_protocol},
	{"t", "v1", &segment_protocol},
	{"identify", "v1", &segment_protocol},
	{"i", "v1", &segment_protocol},
	{"page", "v1", &segment_protocol},
	{"p", "v1", &segment_protocol},
	{"screen", "v1", &segment_protocol},
	{"s", "v1", &segment_protocol},
	{"group", "v1", &segment_protocol},
	{"g", "v1", &segment_protocol},
	{"alias", "v1", &segment_protocol},
	{"a", "v1", &segment_protocol},
	{"metrics", "v1", &segment_protocol},
	{"m", "v1", &segment_protocol},
	{"settings", "v1", &segment_protocol},
	{"sourceConfig", NULL, &segment_protocol},
	{"e", NULL, &posthog_protocol},
	{"capture", NULL, &posthog_protocol},
	{"batch", NULL, &posthog_protocol},
	{"track", NULL, &posthog_protocol},
	{"engage", NULL, &posthog_protocol},
	{"flags", NULL, &posthog_protocol},
	{"decide", NULL, &posthog_protocol},
	{"s", NULL, &posthog_protocol},
	{"i", NULL, &snowplow_protocol},
};

/* The members of an object that tell of which protocol it is; the first one that is there counts. */
static const struct
{
	const char *member;
	const Protocol *protocol;
} signs[] = {
	{"specversion", &cloudevents_protocol}, {"api_key", &posthog_protocol},
	{"distinct_id", &posthog_protocol},     {"$distinct_id", &posthog_protocol},
	{"writeKey", &segment_protocol},        {"messageId", &segment_protocol},
	{"anonymousId", &segment_protocol},     {"userId", &segment_protocol},
	{"sentAt", &segment_protocol},
};

/*
 * protocol_find returns the protocol of a name.
 */
const Protocol *
protocol_find(TextView name)
{
	for (size_t i = 0; i < lengthof(protocols); i++)
		if (text_view_is(name, protocols[i].name))
			return protocols[i].protocol;
	return NULL;
}

/*
 * protocol_of_path returns the protocol that a path leads to.
 */
static const Protocol *
protocol_of_path(const Request *request)
{
	TextView last = request_last_part(request);

	if (request_has_part(request, "com.snowplowanalytics.snowplow"))
		return &snowplow_protocol;
	/* Jitsu's paths end like those of Segment below /api/s, RudderStack's pixels below /pixel */
	for (size_t i = 0; i < lengthof(paths); i++)
		if (text_view_is(last, paths[i].last) &&
			(paths[i].under == NULL || request_has_part(request, paths[i].under) ||
			 (paths[i].protocol == &segment_protocol && request_has_part(request, "api") &&
			  request_has_part(request, "s"))))
			return paths[i].protocol;
	return NULL;
}

/*
 * protocol_of_request returns the protocol of a request by what is said about its body.
 */
const Protocol *
protocol_of_request(const Request *request)
{
	if (cloudevents_protocol.is_one_event(request) ||
		request_has_type(request, "application/cloudevents+json") ||
		request_has_type(request, "application/cloudevents-batch+json"))
		return &cloudevents_protocol;
	return protocol_of_path(request);
}

/*
 * contains tells whether a text has a word in it.
 */
static bool
contains(TextView text, const char *word)
{
	Size length = strlen(word);
	const char *end = text.data + text.len;

	for (const char *at = text.data; (Size) (end - at) >= length; at++)
	{
		at = memchr(at, word[0], (Size) (end - at) - length + 1);
		if (at == NULL)
			return false;
		if (memcmp(at, word, length) == 0)
			return true;
	}
	return false;
}

/*
 * protocol_of_object returns the protocol of an object by its members; NULL if they don't tell.
 */
static const Protocol *
protocol_of_object(const Body *object)
{
	TextView schema = body_member(object, "schema");
	TextView properties = body_member(object, "properties");

	if (schema.data != NULL && contains(schema, "/payload_data/"))
		return &snowplow_protocol;
	for (size_t i = 0; i < lengthof(signs); i++)
		if (body_member(object, signs[i].member).data != NULL)
			return signs[i].protocol;
	if (properties.data != NULL && contains(properties, "\"distinct_id\""))
		return &posthog_protocol;
	return NULL;
}

/*
 * protocol_of_body returns the protocol of a body: by its own members, or by those of the first
 * event in it.
 */
const Protocol *
protocol_of_body(const Body *body)
{
	const Protocol *protocol = NULL;
	Body first;

	if (body->kind == BODY_OBJECT)
		protocol = protocol_of_object(body);
	else if (body->kind == BODY_PARAMETERS && query_parameter(body->text, "e").data != NULL)
		protocol = &snowplow_protocol;
	if (protocol == NULL && body_first(body, "batch", &first))
		protocol = protocol_of_object(&first);
	return protocol == NULL ? &generic_protocol : protocol;
}
