/*
 * format_host.c
 *		The formats of hosts, addresses and e-mail.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/ascii.h"
#include "contract/format_host.h"

/* Limits of RFC 1034 and RFC 5321, in bytes. */
#define MAX_LABEL      63
#define MAX_HOST       253
#define MAX_LOCAL_PART 64

/* The groups of four digits of an IPv6 address. */
#define IPV6_GROUPS 8

/*
 * format_ipv4 tells whether a text is an IPv4 address, with four decimal numbers.
 */
bool
format_ipv4(TextView text)
{
	for (int part = 0; part < 4; part++)
	{
		bool zero = text.len > 0 && text.data[0] == '0';
		const char *start = text.data;
		int32 number;

		if (!ascii_take_digits(&text, 1, 3, &number) || number > 255 ||
			(zero && text.data - start > 1) || (part < 3 && !ascii_take(&text, '.')))
			return false;
	}
	return text.len == 0;
}

/*
 * take_group takes a group of up to four hexadecimal digits.
 */
static bool
take_group(TextView *text)
{
	uint32 len = 0;

	while (len < text->len && len < 4 && ascii_hex(text->data[len]) >= 0)
		len++;
	text->data += len;
	text->len -= len;
	return len > 0;
}

/*
 * take_double takes the double colon of an IPv6 address, which may come once.
 */
static bool
take_double(TextView *text, bool *has_double)
{
	if (*has_double || text->len < 2 || text->data[0] != ':' || text->data[1] != ':')
		return false;
	text->data += 2;
	text->len -= 2;
	*has_double = true;
	return true;
}

/*
 * format_ipv6 tells whether a text is an IPv6 address, without a zone.
 */
bool
format_ipv6(TextView text)
{
	bool has_double = false;
	int groups = 0;

	(void) take_double(&text, &has_double);
	while (text.len > 0)
	{
		if (groups <= IPV6_GROUPS - 2 && format_ipv4(text))
		{
			groups += 2;
			break;
		}
		if (groups == IPV6_GROUPS || !take_group(&text))
			return false;
		groups++;
		if (text.len == 0 || take_double(&text, &has_double))
			continue;
		if (!ascii_take(&text, ':') || text.len == 0)
			return false;
	}
	return has_double ? groups < IPV6_GROUPS : groups == IPV6_GROUPS;
}

/*
 * is_label tells whether a text is a label of a host's name.
 */
static bool
is_label(TextView label)
{
	if (label.len == 0 || label.len > MAX_LABEL || label.data[0] == '-' ||
		label.data[label.len - 1] == '-')
		return false;
	for (uint32 i = 0; i < label.len; i++)
	{
		if (!ascii_is_alnum(label.data[i]) && label.data[i] != '-')
			return false;
	}
	/* two hyphens here are kept for names with a meaning, of which xn-- alone is known */
	return label.len < 4 || memcmp(label.data + 2, "--", 2) != 0 ||
		   (label.len > 4 && pg_strncasecmp(label.data, "xn", 2) == 0);
}

/*
 * format_hostname tells whether a text is the name of a host.
 */
bool
format_hostname(TextView text)
{
	if (text.len == 0 || text.len > MAX_HOST || text.data[text.len - 1] == '.')
		return false;
	while (text.len > 0)
	{
		if (!is_label(ascii_take_until(&text, '.')))
			return false;
	}
	return true;
}

/*
 * is_quoted tells whether a text is in double quotes.
 */
static bool
is_quoted(TextView text)
{
	if (text.len < 2 || text.data[0] != '"' || text.data[text.len - 1] != '"')
		return false;
	for (uint32 i = 1; i < text.len - 1; i++)
	{
		if (text.data[i] == '\\' && ++i == text.len - 1)
			return false;
		if ((text.data[i] == '"' && text.data[i - 1] != '\\') || (uint8) text.data[i] < ' ')
			return false;
	}
	return true;
}

/*
 * is_local_part tells whether a text can stand before the @ of an address.
 */
static bool
is_local_part(TextView text, bool beyond_ascii)
{
	bool dot = true;

	if (text.len == 0 || text.len > MAX_LOCAL_PART)
		return false;
	if (is_quoted(text))
		return true;
	for (uint32 i = 0; i < text.len; i++)
	{
		char c = text.data[i];

		if (c == '.' ? dot
					 : !ascii_is_alnum(c) && !(IS_HIGHBIT_SET(c) && beyond_ascii) &&
						   (c == '\0' || strchr("!#$%&'*+/=?^_`{|}~-", c) == NULL))
			return false;
		dot = c == '.';
	}
	return !dot;
}

/*
 * is_mail_host tells whether a text can stand behind the @ of an address.
 */
static bool
is_mail_host(TextView text, bool beyond_ascii)
{
	static const TextView ipv6 = TEXT_VIEW("IPv6:");

	if (text.len > 2 && text.data[0] == '[' && text.data[text.len - 1] == ']')
	{
		text.data++;
		text.len -= 2;
		if (text.len > ipv6.len && memcmp(text.data, ipv6.data, ipv6.len) == 0)
			return format_ipv6((TextView){text.data + ipv6.len, text.len - ipv6.len});
		return format_ipv4(text);
	}
	for (uint32 i = 0; beyond_ascii && i < text.len; i++)
	{
		if (IS_HIGHBIT_SET(text.data[i]))
			return true;
	}
	return format_hostname(text);
}

/*
 * is_address tells whether a text is an e-mail address.
 */
static bool
is_address(TextView text, bool beyond_ascii)
{
	uint32 at = text.len;

	while (at > 0 && text.data[at - 1] != '@')
		at--;
	return at > 0 && is_local_part((TextView){text.data, at - 1}, beyond_ascii) &&
		   is_mail_host((TextView){text.data + at, text.len - at}, beyond_ascii);
}

/*
 * format_email tells whether a text is an e-mail address, by RFC 5321.
 */
bool
format_email(TextView text)
{
	return is_address(text, false);
}

/*
 * format_idn_email tells whether a text is an e-mail address that may have characters beyond ASCII.
 */
bool
format_idn_email(TextView text)
{
	return is_address(text, true);
}
