/*
 * main.c
 *		pg_sessionize_ingest: the program's commands.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "collect.h"
#include "dump.h"
#include "export.h"
#include "format.h"
#include "load.h"
#include "log.h"
#include "notify.h"
#include "options.h"
#include "report.h"

#ifndef INGEST_VERSION
#define INGEST_VERSION "unknown"
#endif

/* A command returns the program's exit status. */
typedef struct Command
{
	const char *name;
	int (*run)(const Options *options);
	const char *help;
} Command;

static const Command commands[] = {
	{"collect", collect_run, "accept events by HTTP and keep them in a spool"},
	{"load", load_run, "load spools, Redis streams or Kafka topics into the events table"},
	{"replay", replay_run, "load once more what a spool has kept"},
	{"dump", dump_run, "write the requests of a spool as lines of JSON"},
	{"notify", notify_run, "deliver notices of incidents to a URL"},
	{"report", report_run, "write what happened on some days as a page of HTML"},
	{"export", export_run, "write what has changed to a lake, as Parquet files"},
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

/*
 * parts says which of the optional parts the program was built with.
 */
static const char *
parts(void)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s%s%s%s%s%s%s",
#ifdef WITH_HIREDIS
			 " redis",
#else
			 "",
#endif
#ifdef WITH_KAFKA
			 " kafka",
#else
			 "",
#endif
#ifdef WITH_EXPORT
			 " export",
#else
			 "",
#endif
#ifdef WITH_S3
			 " s3",
#else
			 "",
#endif
#ifdef WITH_REPORT
			 " report",
#else
			 "",
#endif
#ifdef WITH_WEBHOOK
			 " webhook",
#else
			 "",
#endif
			 format_parts());
	return text;
}

/*
 * help explains the program.
 */
static int
help(void)
{
	printf("pg_sessionize_ingest: from trackers to the raw events table of pg_sessionize.\n\n"
		   "Usage: pg_sessionize_ingest COMMAND [--SETTING VALUE]...\n\nCommands:\n");
	for (size_t i = 0; i < NCOMMANDS; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	printf("\nSettings:\n");
	options_help();
	return 0;
}

/*
 * fail says what is wrong with the command line.
 */
static int
fail(const char *what)
{
	fprintf(stderr, "pg_sessionize_ingest: %s\n", what);
	return 2;
}

/*
 * run reads the settings and runs a command.
 */
static int
run(const Command *command, int argc, char **argv)
{
	Options options;
	char error[OPTIONS_ERROR_SIZE];
	LogLevel level;
	int status;

	options_init(&options);
	if (!options_read(&options, argc, argv, error))
		status = fail(error);
	else
	{
		if (log_level_of(options.log_level, &level))
			log_set_level(level);
		status = command->run(&options);
	}
	options_free(&options);
	return status;
}

/*
 * main finds the command.
 */
int
main(int argc, char **argv)
{
	/* a client that closes its connection is no reason to end */
	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return help();
	if (argc >= 2 && strcmp(argv[1], "--version") == 0)
	{
		printf("pg_sessionize_ingest %s\nbuilt with:%s\n", INGEST_VERSION, parts());
		return 0;
	}
	if (argc < 2)
		return fail("no command was given; --help lists them");
	for (size_t i = 0; i < NCOMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return run(&commands[i], argc - 2, argv + 2);
	return fail("there is no such command; --help lists them");
}
