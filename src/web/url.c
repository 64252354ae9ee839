/*
 * url.c
 *		The parts of a URL, by the generic syntax of RFC 3986.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "web/url.h"

/*
 * part returns the text between two pointers.
 */
static inline TextView
part(const char *from, const char *to)
{
	return (TextView){from, (uint32) (to - from)};
}

/*
 * is_letter tells whether a character is a letter of ASCII.
 */
static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * is_digit tells whether a character is a digit.
 */
static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * skip_scheme returns the position after a scheme and its colon, or at where there is no scheme.
 */
static const char *
skip_scheme(const char *at, const char *end)
{
	const char *c = at;

	if (c == end || !is_letter(*c))
		return at;
	while (c < end && (is_letter(*c) || is_digit(*c) || *c == '+' || *c == '-' || *c == '.'))
		c++;
	return c < end && *c == ':' ? c + 1 : at;
}

/*
 * find_any returns the position of the first of up to three characters, or end.
 */
static const char *
find_any(const char *at, const char *end, const char *characters)
{
	while (at < end && *at != characters[0] && *at != characters[1] && *at != characters[2])
		at++;
	return at;
}

/*
 * is_port_or_empty tells whether a text is empty or a colon with digits, which may be none.
 */
static bool
is_port_or_empty(const char *at, const char *end)
{
	if (at == end)
		return true;
	if (*at++ != ':')
		return false;
	while (at < end && is_digit(*at))
		at++;
	return at == end;
}

/*
 * authority_host returns the host of an authority; its data is NULL if the host is empty or the
 * authority is not valid.
 */
static TextView
authority_host(const char *at, const char *end)
{
	TextView none = {NULL, 0};
	const char *host_end;

	for (const char *c = end; c > at; c--)
	{
		if (c[-1] == '@')
		{
			at = c;
			break;
		}
	}
	if (at < end && *at == '[')
	{
		const char *bracket = memchr(at, ']', end - at);

		if (bracket == NULL)
			return none;
		host_end = bracket + 1;
	}
	else
		host_end = find_any(at, end, ":[]");
	if (host_end == at || !is_port_or_empty(host_end, end))
		return none;
	return part(at, host_end);
}

/*
 * url_split finds the parts of a URL.
 */
UrlParts
url_split(TextView url)
{
	UrlParts parts = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
	const char *end = url.data + url.len;
	const char *at = skip_scheme(url.data, end);
	const char *path_end;

	if (end - at >= 2 && at[0] == '/' && at[1] == '/')
	{
		const char *authority = at + 2;

		at = find_any(authority, end, "/?#");
		parts.host = authority_host(authority, at);
	}
	path_end = find_any(at, end, "?##");
	parts.path = part(at, path_end);
	if (path_end < end && *path_end == '?')
		parts.query = part(path_end + 1, find_any(path_end + 1, end, "###"));
	return parts;
}

/*
 * url_written_path returns the path of a URL's parts, "/" for an empty path after a host.
 */
TextView
url_written_path(const UrlParts *parts)
{
	if (parts->path.len == 0 && parts->host.data != NULL)
		return (TextView){"/", 1};
	return parts->path;
}

/*
 * url_lower_host writes a host in lower case.
 */
void
url_lower_host(TextView host, char *out)
{
	for (uint32 i = 0; i < host.len; i++)
		out[i] = host.data[i] >= 'A' && host.data[i] <= 'Z' ? host.data[i] + 32 : host.data[i];
}
