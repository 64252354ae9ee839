/*
 * request.c
 *		The parts of a request that tell what its body is.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "decode/request.h"
#include "web/url_query.h"

/*
 * request_open takes the path apart.
 */
void
request_open(Request *request, const RawRequest *raw)
{
	TextView path;
	const char *question;

	*request = (Request){raw, TEXT_VIEW(""), TEXT_VIEW("")};
	path = request_header(request, ":path");
	if (path.data == NULL)
		return;
	question = memchr(path.data, '?', path.len);
	if (question != NULL)
	{
		uint32 length = (uint32) (question - path.data);

		request->query = (TextView){question + 1, path.len - length - 1};
		path.len = length;
	}
	while (path.len > 0 && path.data[path.len - 1] == '/')
		path.len--;
	request->path = path;
}

/*
 * request_header returns a header.
 */
TextView
request_header(const Request *request, const char *name)
{
	const Jsonb *headers = request->raw->headers;
	JsonbValue value;

	if (headers == NULL || !JB_ROOT_IS_OBJECT(headers) ||
		getKeyJsonValueFromContainer((JsonbContainer *) &headers->root, name, (int) strlen(name),
									 &value) == NULL ||
		value.type != jbvString)
		return (TextView){NULL, 0};
	return (TextView){value.val.string.val, (uint32) value.val.string.len};
}

/*
 * request_has_type tells whether the content type is this one.
 */
bool
request_has_type(const Request *request, const char *type)
{
	TextView header = request_header(request, "content-type");
	uint32 length = (uint32) strlen(type);

	return header.len >= length && pg_strncasecmp(header.data, type, length) == 0 &&
		   (header.len == length || header.data[length] == ';' || header.data[length] == ' ');
}

/*
 * query_parameter returns a parameter of a query.
 */
TextView
query_parameter(TextView query, const char *name)
{
	QueryParameter parameter;

	while (url_query_next(&query, &parameter))
		if (text_view_is(parameter.name, name))
			return parameter.value;
	return (TextView){NULL, 0};
}

/*
 * request_last_part returns the last part of the path.
 */
TextView
request_last_part(const Request *request)
{
	uint32 from = request->path.len;

	while (from > 0 && request->path.data[from - 1] != '/')
		from--;
	return (TextView){request->path.data + from, request->path.len - from};
}

/*
 * request_has_part tells whether a part of the path is a word.
 */
bool
request_has_part(const Request *request, const char *word)
{
	const char *end = request->path.data + request->path.len;
	const char *from = request->path.data;

	while (from < end)
	{
		const char *slash = memchr(from, '/', (Size) (end - from));
		const char *to = slash == NULL ? end : slash;

		if (text_view_is((TextView){from, (uint32) (to - from)}, word))
			return true;
		from = to + 1;
	}
	return false;
}
