/*
 * format.c
 *		The formats of the keyword "format".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/ascii.h"
#include "contract/ecma_regex.h"
#include "contract/format.h"
#include "contract/format_host.h"
#include "contract/format_time.h"
#include "contract/format_uri.h"

/*
 * format_uuid tells whether a text is a UUID, by RFC 4122.
 */
static bool
format_uuid(TextView text)
{
	if (text.len != 36)
		return false;
	for (uint32 i = 0; i < text.len; i++)
	{
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? text.data[i] != '-' : ascii_hex(text.data[i]) < 0)
			return false;
	}
	return true;
}

/*
 * format_json_pointer tells whether a text is a JSON pointer, by RFC 6901.
 */
static bool
format_json_pointer(TextView text)
{
	if (text.len > 0 && text.data[0] != '/')
		return false;
	for (uint32 i = 0; i < text.len; i++)
	{
		if (text.data[i] == '~' &&
			(i + 1 == text.len || (text.data[i + 1] != '0' && text.data[i + 1] != '1')))
			return false;
	}
	return true;
}

/*
 * format_relative_json_pointer tells whether a text is a relative JSON pointer, such as 1/name.
 */
static bool
format_relative_json_pointer(TextView text)
{
	bool zero = text.len > 0 && text.data[0] == '0';
	const char *start = text.data;
	int32 number;

	if (!ascii_take_digits(&text, 1, PG_UINT32_MAX, &number) || (zero && text.data - start > 1))
		return false;
	return text_view_is(text, "#") || format_json_pointer(text);
}

/*
 * format_regex tells whether a text is a regular expression of ECMA-262.
 */
static bool
format_regex(TextView text)
{
	return ecma_regex_is_valid(text);
}

static const Format formats[] = {
	{"date-time", format_date_time},
	{"date", format_date},
	{"time", format_time},
	{"duration", format_duration},
	{"email", format_email},
	{"idn-email", format_idn_email},
	{"hostname", format_hostname},
	{"ipv4", format_ipv4},
	{"ipv6", format_ipv6},
	{"uri", format_uri},
	{"uri-reference", format_uri_reference},
	{"iri", format_iri},
	{"iri-reference", format_iri_reference},
	{"uri-template", format_uri_template},
	{"uuid", format_uuid},
	{"json-pointer", format_json_pointer},
	{"relative-json-pointer", format_relative_json_pointer},
	{"regex", format_regex},
};

/*
 * format_find returns the format of a name.
 */
const Format *
format_find(TextView name)
{
	for (Size i = 0; i < lengthof(formats); i++)
	{
		if (text_view_is(name, formats[i].name))
			return &formats[i];
	}
	return NULL;
}
