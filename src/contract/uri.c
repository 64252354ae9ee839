/*
 * uri.c
 *		URIs and references to them, by RFC 3986.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "contract/ascii.h"
#include "contract/uri.h"

/*
 * take_scheme splits a scheme off the front of a URI.
 */
static TextView
take_scheme(TextView *rest)
{
	for (uint32 i = 0; i < rest->len; i++)
	{
		char c = rest->data[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (c == ':' && i > 0)
		{
			TextView scheme = {rest->data, i};

			rest->data += i + 1;
			rest->len -= i + 1;
			return scheme;
		}
		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
			break;
	}
	return (TextView){NULL, 0};
}

/*
 * cut_at splits a text at the first of a character; what follows is NULL if there is none.
 */
static TextView
cut_at(TextView *text, char mark)
{
	const char *found = text->len == 0 ? NULL : memchr(text->data, mark, text->len);
	TextView rest = {NULL, 0};

	if (found != NULL)
	{
		rest.data = found + 1;
		rest.len = (uint32) (text->data + text->len - rest.data);
		text->len = (uint32) (found - text->data);
	}
	return rest;
}

/*
 * uri_split returns the parts of a URI.
 */
UriParts
uri_split(TextView uri)
{
	UriParts parts = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};

	parts.fragment = cut_at(&uri, '#');
	parts.query = cut_at(&uri, '?');
	parts.scheme = take_scheme(&uri);
	if (uri.len >= 2 && uri.data[0] == '/' && uri.data[1] == '/')
	{
		const char *slash = memchr(uri.data + 2, '/', uri.len - 2);
		uint32 end = slash == NULL ? uri.len : (uint32) (slash - uri.data);

		parts.authority = (TextView){uri.data + 2, end - 2};
		uri.data += end;
		uri.len -= end;
	}
	parts.path = uri;
	return parts;
}

/*
 * drop_last removes the last segment of a path, with the slash before it.
 */
static void
drop_last(StringInfo path, int start)
{
	while (path->len > start && path->data[path->len - 1] != '/')
		path->len--;
	if (path->len > start)
		path->len--;
	path->data[path->len] = '\0';
}

/*
 * append_without_dots appends a path without its segments "." and "..".
 */
static void
append_without_dots(StringInfo out, TextView path)
{
	int start = out->len;
	uint32 at = 0;

	while (at < path.len)
	{
		bool slash = path.data[at] == '/';
		uint32 begin = at + (slash ? 1 : 0);
		uint32 end = begin;
		bool one;
		bool two;

		while (end < path.len && path.data[end] != '/')
			end++;
		one = end - begin == 1 && path.data[begin] == '.';
		two = end - begin == 2 && path.data[begin] == '.' && path.data[begin + 1] == '.';
		if (two)
			drop_last(out, start);
		if (!one && !two)
			appendBinaryStringInfo(out, path.data + at, (int) (end - at));
		else if (end == path.len && slash)
			appendStringInfoChar(out, '/');
		at = end;
	}
}

/*
 * merge_paths appends the path of a relative reference, seen from a base.
 */
static void
merge_paths(StringInfo out, const UriParts *base, TextView path)
{
	StringInfoData merged;
	uint32 keep = base->path.len;

	initStringInfo(&merged);
	while (keep > 0 && base->path.data[keep - 1] != '/')
		keep--;
	if (base->authority.data != NULL && base->path.len == 0)
		appendStringInfoChar(&merged, '/');
	else
		appendBinaryStringInfo(&merged, base->path.data, (int) keep);
	appendBinaryStringInfo(&merged, path.data, (int) path.len);
	append_without_dots(out, (TextView){merged.data, (uint32) merged.len});
	pfree(merged.data);
}

/*
 * append_part appends a part of a URI, if it has it, after what introduces it.
 */
static void
append_part(StringInfo out, const char *before, TextView part, const char *after)
{
	if (part.data == NULL)
		return;
	appendStringInfoString(out, before);
	appendBinaryStringInfo(out, part.data, (int) part.len);
	appendStringInfoString(out, after);
}

/*
 * uri_resolve returns what a reference means where the base URI is base.
 */
char *
uri_resolve(const char *base, TextView reference, TextView *fragment)
{
	UriParts to = uri_split(reference);
	UriParts from = uri_split((TextView){base, (uint32) strlen(base)});
	bool absolute = to.scheme.data != NULL;
	bool authority = absolute || to.authority.data != NULL;
	StringInfoData out;

	*fragment = to.fragment;
	initStringInfo(&out);
	append_part(&out, "", absolute ? to.scheme : from.scheme, ":");
	append_part(&out, "//", authority ? to.authority : from.authority, "");
	if (authority || (to.path.len > 0 && to.path.data[0] == '/'))
		append_without_dots(&out, to.path);
	else if (to.path.len > 0)
		merge_paths(&out, &from, to.path);
	else
	{
		append_part(&out, "", from.path, "");
		append_part(&out, "?", to.query.data != NULL ? to.query : from.query, "");
		return out.data;
	}
	append_part(&out, "?", to.query, "");
	return out.data;
}

/*
 * uri_decode decodes the escapes of a part of a URI.
 */
char *
uri_decode(TextView part)
{
	char *out = palloc(part.len + 1);
	uint32 len = 0;

	for (uint32 i = 0; i < part.len; i++)
	{
		int high = -1;
		int low = -1;

		if (part.data[i] == '%' && i + 2 < part.len)
		{
			high = ascii_hex(part.data[i + 1]);
			low = ascii_hex(part.data[i + 2]);
		}
		if (high >= 0 && low >= 0)
		{
			out[len++] = (char) (high * 16 + low);
			i += 2;
		}
		else
			out[len++] = part.data[i];
	}
	out[len] = '\0';
	if (memchr(out, '\0', len) != NULL ||
		pg_encoding_verifymbstr(GetDatabaseEncoding(), out, (int) len) != (int) len)
		return NULL;
	return out;
}
