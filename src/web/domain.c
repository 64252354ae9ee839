/*
 * domain.c
 *		The public suffix of a host, as far as one can tell without the public suffix list.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "web/domain.h"

/* Labels below a country's domain that belong to everybody, as co in co.uk. */
static const char *const second_levels[] = {"ac",  "co", "com", "edu", "gob", "go",
											"gov", "ne", "net", "nom", "or",  "org"};

/* Platforms below whose domains each customer has a label of his own. */
static const char *const platforms[] = {
	"appspot.com", "azurewebsites.net", "blogspot.com", "cloudfront.net", "firebaseapp.com",
	"fly.dev",     "github.io",         "gitlab.io",    "herokuapp.com",  "myshopify.com",
	"netlify.app", "onrender.com",      "pages.dev",    "substack.com",   "translate.goog",
	"tumblr.com",  "vercel.app",        "web.app",      "webflow.io",     "weebly.com",
	"wixsite.com", "wordpress.com",     "workers.dev"};

/*
 * is_one_of tells whether a text is in a list.
 */
static bool
is_one_of(const char *data, uint32 length, const char *const *list, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (strlen(list[i]) == length && memcmp(list[i], data, length) == 0)
			return true;
	}
	return false;
}

/*
 * label_before returns the beginning of the label that ends before end.
 */
static uint32
label_before(TextView host, uint32 end)
{
	uint32 at = end;

	while (at > 0 && host.data[at - 1] != '.')
		at--;
	return at;
}

/*
 * is_address tells whether a host is an IP address: in brackets, or with a last label of digits.
 */
static bool
is_address(TextView host, uint32 last)
{
	return host.len == 0 || host.data[0] == '[' ||
		   (last < host.len && host.data[last] >= '0' && host.data[last] <= '9');
}

/*
 * domain_suffix returns where the suffix of a host begins.
 */
uint32
domain_suffix(TextView host)
{
	uint32 last = label_before(host, host.len);
	uint32 second;

	if (last < 2 || is_address(host, last))
		return 0;
	second = label_before(host, last - 1);
	if (second > 0 && host.len - last == 2 &&
		is_one_of(host.data + second, last - 1 - second, second_levels, lengthof(second_levels)))
		return second;
	return last;
}

/*
 * domain_registrable returns the registrable part of a host.
 */
TextView
domain_registrable(TextView host)
{
	uint32 suffix = domain_suffix(host);
	uint32 start;

	if (suffix < 2)
		return (TextView){NULL, 0};
	start = label_before(host, suffix - 1);
	if (is_one_of(host.data + start, host.len - start, platforms, lengthof(platforms)))
	{
		if (start < 2)
			return (TextView){NULL, 0};
		start = label_before(host, start - 1);
	}
	return (TextView){host.data + start, host.len - start};
}

/*
 * domain_plain returns a host without a last dot and, where two labels are left, without "www.".
 */
TextView
domain_plain(TextView host)
{
	if (host.len > 1 && host.data[host.len - 1] == '.')
		host.len--;
	if (host.len > 4 && memcmp(host.data, "www.", 4) == 0 &&
		memchr(host.data + 4, '.', host.len - 4) != NULL)
	{
		host.data += 4;
		host.len -= 4;
	}
	return host;
}
