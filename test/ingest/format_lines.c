/*
 * format_lines.c
 *		Messages on standard input, one in each line, as what format_decode() makes of them.
 *
 *		format_lines [--NAME VALUE] ...
 *
 * A line has the message in hexadecimal digits, then headers, each as a blank, the name, "=", and the
 * value in hexadecimal digits.  The output has a line for each: the outcome (done, bad or wait), the
 * kind, and the JSON, in hexadecimal digits, or the reason.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format.h"

#define MAX_HEADERS 16

static FormatSettings settings = {.schemas = {.registry = {.timeout_ms = 2000}}};
static unsigned repeats = 1;

/*
 * set_option sets a setting.
 */
static void
set_option(const char *name, const char *value)
{
	RegistrySettings *registry = &settings.schemas.registry;
	struct
	{
		const char *name;
		const char **place;
	} options[] = {{"format", &settings.format},
				   {"schema-file", &settings.schema_file},
				   {"message-type", &settings.message_type},
				   {"directory", &settings.schemas.directory},
				   {"cache", &settings.schemas.cache_directory},
				   {"registry", &registry->urls},
				   {"user", &registry->user},
				   {"password", &registry->password},
				   {"ca-file", &registry->ca_file}};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (strcmp(options[i].name, name) == 0)
		{
			*options[i].place = value;
			return;
		}
	if (strcmp(name, "max-body") == 0)
		settings.max_body = strtoul(value, NULL, 10);
	else if (strcmp(name, "repeats") == 0)
		repeats = (unsigned) strtoul(value, NULL, 10);
	else
		abort();
}

/*
 * unhex decodes hexadecimal digits in place, and returns how many bytes there are.
 */
static size_t
unhex(char *text)
{
	size_t length = strlen(text) / 2;

	for (size_t i = 0; i < length; i++)
	{
		char pair[3] = {text[2 * i], text[2 * i + 1]};

		text[i] = (char) strtoul(pair, NULL, 16);
	}
	return length;
}

/*
 * decode_line decodes a message and writes what comes out.
 */
static void
decode_line(Format *format, char *line)
{
	static const char *const outcomes[] = {"done", "bad", "wait"};
	FormatHeader headers[MAX_HEADERS];
	FormatMessage message = {.headers = headers};
	FormatResult result;
	FormatOutcome outcome = FORMAT_DONE;
	char *saved;
	char *word = *line == ' ' ? "" : strtok_r(line, " \n", &saved);

	if (*line == ' ')
		word = strtok_r(line + 1, " \n", &saved);
	else
	{
		message.bytes = (unsigned char *) (word != NULL ? word : "");
		message.length = word != NULL ? unhex(word) : 0;
		word = word != NULL ? strtok_r(NULL, " \n", &saved) : NULL;
	}
	for (; word != NULL; word = strtok_r(NULL, " \n", &saved))
	{
		char *value = strchr(word, '=');

		*value++ = '\0';
		headers[message.header_count++] =
			(FormatHeader){.name = word, .value = value, .length = unhex(value)};
	}
	for (unsigned i = 0; i < repeats; i++)
		outcome = format_decode(format, &message, &result);
	printf("%s %s ", outcomes[outcome], result.kind);
	if (outcome != FORMAT_DONE)
		printf("%s", result.reason);
	else
		for (size_t i = 0; i < result.length; i++)
			printf("%02x", (unsigned char) result.body[i]);
	printf("\n");
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	char error[FORMAT_ERROR_SIZE];
	char *line = NULL;
	size_t capacity = 0;
	Format *format;

	for (int i = 1; i + 1 < argc; i += 2)
		set_option(argv[i] + 2, argv[i + 1]);
	format = format_open(&settings, error);
	if (format == NULL)
	{
		printf("invalid %s\n", error);
		return 1;
	}
	while (getline(&line, &capacity, stdin) > 0)
		decode_line(format, line);
	free(line);
	format_close(format);
	return 0;
}
