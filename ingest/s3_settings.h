/*
 * s3_settings.h
 *		Credentials, region and endpoint of S3, from the environment and the files that other programs
 *		for S3 read as well.  They are nowhere else: no table, no command line and no log has them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_S3_SETTINGS_H
#define INGEST_S3_SETTINGS_H

#include "failure.h"

/* What was not found is NULL, except the keys and the region, which there must be. */
typedef struct S3Settings
{
	char *access_key;
	char *secret_key;
	char *session_token;
	char *region;
	char *endpoint; /* a URL without a "/" at its end */
	char *style;    /* how a bucket is addressed: path, virtual or auto */
	char *ca;       /* a file of certificates */
} S3Settings;

extern bool s3_settings_read(S3Settings *settings, Failure *failure);
extern void s3_settings_free(S3Settings *settings);

#endif /* INGEST_S3_SETTINGS_H */
