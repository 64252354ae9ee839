/*
 * url.h
 *		The parts of a URL, by the generic syntax of RFC 3986.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_URL_H
#define SESSIONIZE_URL_H

#include "postgres.h"

#include "utils/text_view.h"

/*
 * The parts lie in the URL's own memory, as they are written there.  The data of a part that is not
 * there is NULL: the host of a URL without a valid one, the query of a URL without "?".
 */
typedef struct UrlParts
{
	TextView host;
	TextView path;
	TextView query;
} UrlParts;

extern UrlParts url_split(TextView url);

/* The path, or "/" where it is empty and there is a host. */
extern TextView url_written_path(const UrlParts *parts);

/* Writes a host in lower case (ASCII only) to out, which has room for its bytes. */
extern void url_lower_host(TextView host, char *out);

#endif /* SESSIONIZE_URL_H */
