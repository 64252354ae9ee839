/*
 * url_query.h
 *		The parameters of a URL's query, encoded as application/x-www-form-urlencoded.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_URL_QUERY_H
#define SESSIONIZE_URL_QUERY_H

#include "postgres.h"

#include "utils/text_view.h"

/* One parameter, still encoded; without "=" its value is empty. */
typedef struct QueryParameter
{
	TextView name;
	TextView value;
} QueryParameter;

/*
 * Takes the next parameter off the front of a query, and returns false at the query's end.
 */
extern bool url_query_next(TextView *query, QueryParameter *parameter);

/*
 * The decoded text: encoded itself where there is nothing to decode or where the decoded bytes are
 * no valid text, otherwise in new memory.
 */
extern TextView url_query_decode(TextView encoded);

/*
 * Writes the decoded bytes, whatever they are, to out, which has room for the encoded ones; returns
 * whether there are escapes of other characters than ASCII's.
 */
extern bool url_query_decode_bytes(TextView encoded, char *out, uint32 *length);

/* The same, but a plus sign is one. */
extern bool url_query_decode_escapes(TextView encoded, char *out, uint32 *length);

/* Frees what url_query_decode has allocated. */
extern void url_query_forget(TextView encoded, TextView decoded);

#endif /* SESSIONIZE_URL_QUERY_H */
