/*
 * uri.h
 *		URIs and references to them, by RFC 3986.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_URI_H
#define SESSIONIZE_URI_H

#include "postgres.h"

#include "utils/text_view.h"

/* The parts of a URI; data is NULL for a part that it does not have. */
typedef struct UriParts
{
	TextView scheme;
	TextView authority;
	TextView path;
	TextView query;
	TextView fragment;
} UriParts;

/* The parts of a URI or of a reference. */
extern UriParts uri_split(TextView uri);

/*
 * What a reference means where the base URI is base (it may be empty), without a fragment; the
 * fragment, still encoded, is given apart: data is NULL if there is none.
 */
extern char *uri_resolve(const char *base, TextView reference, TextView *fragment);

/* Decode the escapes (%41) of a part of a URI; NULL if what they are is no text. */
extern char *uri_decode(TextView part);

#endif /* SESSIONIZE_URI_H */
