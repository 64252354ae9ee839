/*
 * request.h
 *		The parts of a request that tell what its body is.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REQUEST_H
#define SESSIONIZE_REQUEST_H

#include "postgres.h"

#include "decode/raw_event.h"

typedef struct Request
{
	const RawRequest *raw;
	TextView path;  /* of :path, without the query and a slash at its end; may be empty */
	TextView query; /* may be empty */
} Request;

extern void request_open(Request *request, const RawRequest *raw);

/* A header that is a string; its data are NULL if there is none. */
extern TextView request_header(const Request *request, const char *name);

/* Whether the content type is this one, without its parameters and in any case. */
extern bool request_has_type(const Request *request, const char *type);

/* A parameter of the query, as it is written; its data are NULL if there is none. */
extern TextView query_parameter(TextView query, const char *name);

/* The last part of the path; empty if there is none. */
extern TextView request_last_part(const Request *request);

/* Whether a part of the path, between slashes, is this word. */
extern bool request_has_part(const Request *request, const char *word);

#endif /* SESSIONIZE_REQUEST_H */
