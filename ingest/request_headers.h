/*
 * request_headers.h
 *		The headers of a request as the spool keeps them, and whose request it is.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REQUEST_HEADERS_H
#define INGEST_REQUEST_HEADERS_H

#include "address.h"
#include "request.h"
#include "text.h"

/*
 * Write a JSON object with :method, :path, :address and :source, and all headers that the settings
 * do not drop.  Several of one name are joined by commas.
 */
extern void
request_headers_json(Request *request, const char *source, size_t source_length, Text *json);

/* The address of the client, before proxies that are trusted. */
extern Address request_client(const Request *request);

#endif /* INGEST_REQUEST_HEADERS_H */
