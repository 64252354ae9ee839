/*
 * format_uri.c
 *		The formats of URIs, of references to them and of templates for them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/ascii.h"
#include "contract/format_host.h"
#include "contract/format_uri.h"
#include "contract/uri.h"

/*
 * has_only tells whether a part of a URI has only characters that are unreserved, escaped, or among
 * others that are allowed.
 */
static bool
has_only(TextView part, const char *others, bool beyond_ascii)
{
	for (uint32 i = 0; i < part.len; i++)
	{
		char c = part.data[i];

		if (c == '%')
		{
			if (i + 2 >= part.len || ascii_hex(part.data[i + 1]) < 0 ||
				ascii_hex(part.data[i + 2]) < 0)
				return false;
		}
		else if (!ascii_is_alnum(c) && !(IS_HIGHBIT_SET(c) && beyond_ascii) &&
				 (c == '\0' || (strchr("-._~", c) == NULL && strchr(others, c) == NULL)))
			return false;
	}
	return true;
}

/*
 * is_future_address tells whether a text is an address of a kind yet to come, such as v1.x.
 */
static bool
is_future_address(TextView text)
{
	uint32 at = 1;

	if (text.len == 0 || (text.data[0] | 0x20) != 'v')
		return false;
	while (at < text.len && ascii_hex(text.data[at]) >= 0)
		at++;
	return at > 1 && at + 1 < text.len && text.data[at] == '.' &&
		   has_only((TextView){text.data + at + 1, text.len - at - 1}, "!$&'()*+,;=:", false) &&
		   memchr(text.data, '%', text.len) == NULL;
}

/*
 * is_port tells whether a text is what may follow a host: nothing, or a colon and digits.
 */
static bool
is_port(TextView text)
{
	int32 number;

	if (text.len == 0)
		return true;
	return ascii_take(&text, ':') && ascii_take_digits(&text, 0, PG_UINT32_MAX, &number) &&
		   text.len == 0;
}

/*
 * is_authority tells whether a text is the authority of a URI: user, host and port.
 */
static bool
is_authority(TextView text, bool beyond_ascii)
{
	const char *at = text.len == 0 ? NULL : memchr(text.data, '@', text.len);
	uint32 host = 0;

	if (at != NULL)
	{
		if (!has_only(ascii_take_until(&text, '@'), "!$&'()*+,;=:", beyond_ascii))
			return false;
	}
	if (text.len > 0 && text.data[0] == '[')
	{
		TextView address;

		text.data++;
		text.len--;
		if (memchr(text.data, ']', text.len) == NULL)
			return false;
		address = ascii_take_until(&text, ']');
		return (format_ipv6(address) || is_future_address(address)) && is_port(text);
	}
	while (host < text.len && text.data[host] != ':')
		host++;
	return has_only((TextView){text.data, host}, "!$&'()*+,;=", beyond_ascii) &&
		   is_port((TextView){text.data + host, text.len - host});
}

/*
 * is_relative_path tells whether the path of a reference without a scheme can't be taken for one.
 */
static bool
is_relative_path(TextView path)
{
	TextView first = ascii_take_until(&path, '/');

	return first.len == 0 || memchr(first.data, ':', first.len) == NULL;
}

/*
 * is_reference tells whether a text is a URI, or a reference to one.
 */
static bool
is_reference(TextView text, bool absolute, bool beyond_ascii)
{
	UriParts parts = uri_split(text);

	if (parts.scheme.data == NULL &&
		(absolute || (parts.authority.data == NULL && !is_relative_path(parts.path))))
		return false;
	return (parts.authority.data == NULL || is_authority(parts.authority, beyond_ascii)) &&
		   has_only(parts.path, "!$&'()*+,;=:@/", beyond_ascii) &&
		   has_only(parts.query, "!$&'()*+,;=:@/?", beyond_ascii) &&
		   has_only(parts.fragment, "!$&'()*+,;=:@/?", beyond_ascii);
}

/*
 * format_uri tells whether a text is a URI, by RFC 3986.
 */
bool
format_uri(TextView text)
{
	return is_reference(text, true, false);
}

/*
 * format_uri_reference tells whether a text is a URI or a relative reference.
 */
bool
format_uri_reference(TextView text)
{
	return is_reference(text, false, false);
}

/*
 * format_iri tells whether a text is a URI that may have characters beyond ASCII, by RFC 3987.
 */
bool
format_iri(TextView text)
{
	return is_reference(text, true, true);
}

/*
 * format_iri_reference tells whether a text is an IRI or a relative reference.
 */
bool
format_iri_reference(TextView text)
{
	return is_reference(text, false, true);
}

/*
 * is_variable tells whether a text is a variable of a template, with its modifier.
 */
static bool
is_variable(TextView text)
{
	TextView name = text;
	int32 length;

	if (text.len > 0 && text.data[text.len - 1] == '*')
		name.len--;
	else if (memchr(text.data, ':', text.len) != NULL)
	{
		name = ascii_take_until(&text, ':');
		if (text.len == 0 || text.data[0] == '0' || !ascii_take_digits(&text, 1, 4, &length) ||
			text.len > 0)
			return false;
	}
	for (uint32 i = 0; i < name.len; i++)
	{
		bool dot = name.data[i] == '.';

		if (strchr("-~", name.data[i]) != NULL || (dot && (i == 0 || name.data[i - 1] == '.')))
			return false;
	}
	return name.len > 0 && name.data[name.len - 1] != '.' && has_only(name, "", false);
}

/*
 * is_expression tells whether a text is what a template has between braces.
 */
static bool
is_expression(TextView text)
{
	if (text.len > 0 && strchr("+#./;?&=,!@|", text.data[0]) != NULL)
	{
		text.data++;
		text.len--;
	}
	if (text.len == 0 || text.data[text.len - 1] == ',')
		return false;
	while (text.len > 0)
	{
		if (!is_variable(ascii_take_until(&text, ',')))
			return false;
	}
	return true;
}

/*
 * format_uri_template tells whether a text is a template for URIs, by RFC 6570.
 */
bool
format_uri_template(TextView text)
{
	while (text.len > 0)
	{
		char c = text.data[0];

		if (ascii_take(&text, '{'))
		{
			if (text.len == 0 || memchr(text.data, '}', text.len) == NULL ||
				!is_expression(ascii_take_until(&text, '}')))
				return false;
			continue;
		}
		if ((uint8) c <= ' ' || c == 0x7F || strchr("\"<>\\^`|}", c) != NULL ||
			(c == '%' &&
			 (text.len < 3 || ascii_hex(text.data[1]) < 0 || ascii_hex(text.data[2]) < 0)))
			return false;
		text.data++;
		text.len--;
	}
	return true;
}
