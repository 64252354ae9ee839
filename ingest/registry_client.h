/*
 * registry_client.h
 *		Asking a schema registry that has the API of Confluent's, over HTTP.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REGISTRY_CLIENT_H
#define INGEST_REGISTRY_CLIENT_H

#include <stddef.h>

#define REGISTRY_ERROR_SIZE 512

typedef struct RegistryClient RegistryClient;

typedef struct RegistrySettings
{
	const char *urls; /* one or more, separated by commas; each is tried */
	const char *user; /* NULL: without a password */
	const char *password;
	const char *ca_file;   /* certificates of authorities, in PEM; NULL: the system's */
	const char *cert_file; /* of the client, in PEM; may be NULL */
	const char *key_file;
	long timeout_ms; /* for each request */
} RegistrySettings;

typedef enum RegistryOutcome
{
	REGISTRY_OK,
	REGISTRY_UNKNOWN, /* the registry says that it has no such thing */
	REGISTRY_FAILED   /* it can't be reached, or can't tell now, or lets no one in */
} RegistryOutcome;

extern RegistryClient *registry_client_open(const RegistrySettings *settings, char *error);

/*
 * GET a path.  *body is the answer with a zero byte after it, valid until the next call.  Unless
 * the result is REGISTRY_OK, REGISTRY_ERROR_SIZE bytes of error say why.
 */
extern RegistryOutcome
registry_client_get(RegistryClient *client, const char *path, const char **body, char *error);

/* A part of a path with all special characters escaped; the caller frees it. */
extern char *registry_client_escape(const char *part);

extern void registry_client_close(RegistryClient *client);

#endif /* INGEST_REGISTRY_CLIENT_H */
