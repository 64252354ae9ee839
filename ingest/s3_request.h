/*
 * s3_request.h
 *		Requests to a bucket of S3, signed, and made again as long as that may help.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_S3_REQUEST_H
#define INGEST_S3_REQUEST_H

#include "failure.h"
#include "lake_storage.h"
#include "text.h"

#define S3_CODE_SIZE    64
#define S3_MESSAGE_SIZE 512

typedef struct S3Client S3Client;

typedef struct S3Request
{
	const char *method; /* GET, PUT or DELETE */
	const char *key;    /* NULL: the bucket itself */
	const char *query;  /* its names in the order of their bytes, values encoded; or NULL */
	const char *bytes;  /* what is put */
	size_t length;
	const char *path; /* the local file that is put in place of bytes, or NULL */
	bool only_if_absent;
	Text *contents; /* what is got is added to it */
} S3Request;

typedef struct S3Answer
{
	long status;             /* 0: there was none */
	bool unsure;             /* there was an attempt of which nobody knows whether it was done */
	char code[S3_CODE_SIZE]; /* S3's own word for an error; empty: it has said none */
	char message[S3_MESSAGE_SIZE];
} S3Answer;

/* Open a client for a bucket; NULL, and failure says why not. */
extern S3Client *s3_client_open(const char *bucket, const LakeSettings *settings, Failure *failure);
extern void s3_client_close(S3Client *client);

/* Make a request; true if it was done, which statuses from 200 to 299 say. */
extern bool s3_send(S3Client *client, const S3Request *request, S3Answer *answer);

/* Say what a request was for, why it failed and what to check.  Returns false. */
extern bool
s3_fail(S3Client *client, const S3Request *request, const S3Answer *answer, const char *what);

/* Whether a key can be asked for: it has no parts that are empty, "." or "..". */
extern bool s3_is_plain(const char *key);

/* Add a text as a part of a URL; "/" stays what it is if it may. */
extern void s3_put_encoded(Text *url, const char *text, bool slashes);

#endif /* INGEST_S3_REQUEST_H */
