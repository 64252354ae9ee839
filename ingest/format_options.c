/*
 * format_options.c
 *		The settings of the messages' format, from those of the program.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>

#include "format_options.h"

/*
 * given returns a text, or NULL if it is empty.
 */
static const char *
given(const char *text)
{
	return *text != '\0' ? text : NULL;
}

/*
 * format_settings fills in the settings.
 */
void
format_settings(const Options *options, FormatSettings *settings)
{
	const char *password = getenv("SCHEMA_REGISTRY_PASSWORD");
	RegistrySettings registry = {.urls = given(options->schema_registry),
								 .user = getenv("SCHEMA_REGISTRY_USER"),
								 .password = password != NULL ? password : "",
								 .ca_file = given(options->schema_registry_ca),
								 .cert_file = given(options->schema_registry_cert),
								 .key_file = given(options->schema_registry_key),
								 .timeout_ms = (long) options->schema_registry_timeout * 1000};

	*settings = (FormatSettings){.format = options->format,
								 .schema_file = given(options->schema_file),
								 .message_type = given(options->message_type),
								 .schemas = {.registry = registry,
											 .cache_directory = given(options->schema_cache),
											 .directory = given(options->schema_directory)}};
}
