/*
 * load.c
 *		The commands load and replay: loaders of spools, Redis streams and Kafka topics, one thread for
 *		each partition.
 *
 * replay loads a spool's requests once more, under a source's name of their own, so that it can be
 * interrupted as well; segments stay.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kafka_group.h"
#include "load.h"
#include "log.h"
#include "metrics_server.h"
#include "redis_source.h"
#include "webhook.h"

/* Exit statuses beyond those of errors in the command line. */
#define EXIT_FENCED 3

#define MAX_LOADERS 64

static volatile sig_atomic_t asked_to_stop = 0;

/*
 * on_signal notes that the program is to end.
 */
static void
on_signal(int signal)
{
	(void) signal;
	asked_to_stop = 1;
}

/*
 * load_settings returns the settings of a loader.
 */
bool
load_settings(const Options *options, LoaderSettings *settings)
{
	*settings = (LoaderSettings){.database = options->database,
								 .events = options->events,
								 .batch_bytes = (size_t) options->batch_bytes,
								 .depth = (int) options->batches_ahead,
								 .until_end = options->until_end};
	if (*options->database == '\0')
	{
		log_error("there is no database to load into; give --database a connection string, such as "
				  "\"host=db dbname=web user=collector\"");
		return false;
	}
	return true;
}

/*
 * spool_of returns a source of the spool in a setting NAME:DIRECTORY.
 */
static LoadSource *
spool_of(const Options *options, const char *setting, const char *source_name)
{
	const char *colon = strchr(setting, ':');
	char name[256];

	if (colon == NULL || colon == setting || colon[1] == '\0' ||
		(size_t) (colon - setting) >= sizeof(name))
	{
		log_error("load-spool: \"%s\" is not NAME:DIRECTORY, the name of a collector and its spool",
				  setting);
		return NULL;
	}
	snprintf(name, sizeof(name), "%.*s", (int) (colon - setting), setting);
	return spool_source_create(colon + 1, source_name, name, options->keep_loaded);
}

/*
 * make_sources makes the sources that the settings name, and returns how many; -1 for an error.
 */
static int
make_sources(const Options *options, const char *spool_name, LoadSource **sources)
{
	int count = 0;
	const OptionList *spools = &options->load_spools;
	const OptionList *streams = &options->redis_streams;

	if (spools->count + streams->count > MAX_LOADERS)
	{
		log_error("one program loads at most %d sources", MAX_LOADERS);
		return -1;
	}
	for (size_t i = 0; i < spools->count; i++)
		if ((sources[count++] = spool_of(options, spools->values[i], spool_name)) == NULL)
			return -1;
	for (size_t i = 0; i < streams->count; i++)
		if ((sources[count++] = redis_source_create(options, streams->values[i])) == NULL)
			return -1;
	if (count == 0 && options->kafka_topics.count == 0)
		sources[count++] =
			spool_source_create(options->spool, spool_name, options->name, options->keep_loaded);
	return count;
}

/*
 * status_of returns the exit status after a loader has ended.
 */
static int
status_of(LoaderEnd end, int status)
{
	if (end == LOADER_NO_START)
		return EXIT_FAILURE;
	return end == LOADER_FENCED ? EXIT_FENCED : status;
}

/*
 * stop_all asks all loaders to end.
 */
static void
stop_all(Loader **loaders, int count, KafkaGroup *group)
{
	for (int i = 0; i < count; i++)
		if (loaders[i] != NULL)
			loader_stop(loaders[i]);
	if (group != NULL)
		kafka_group_stop(group);
}

/*
 * wait_for waits until loaders have ended, and has all end when the program is to end.  group may be
 * NULL.
 */
static int
wait_for(Loader **loaders, int count, KafkaGroup *group)
{
	const struct timespec moment = {.tv_sec = 0, .tv_nsec = 50000000};
	int status = EXIT_SUCCESS;
	int running = count;
	bool told = false;

	while (running > 0 || group != NULL)
	{
		if (asked_to_stop && !told)
		{
			stop_all(loaders, count, group);
			told = true;
		}
		for (int i = 0; i < count; i++)
			if (loaders[i] != NULL && loader_has_ended(loaders[i]))
			{
				status = status_of(loader_finish(loaders[i]), status);
				loaders[i] = NULL;
				running--;
			}
		if (group != NULL && kafka_group_has_ended(group))
		{
			status = status_of(kafka_group_finish(group), status);
			group = NULL;
		}
		nanosleep(&moment, NULL);
	}
	return status;
}

/*
 * load_sources loads sources until the program is to end.  group may be NULL.
 */
static int
load_sources(const LoaderSettings *settings, LoadSource **sources, int count, KafkaGroup *group)
{
	Loader *loaders[MAX_LOADERS];
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	for (int i = 0; i < count; i++)
	{
		loaders[i] = loader_start(settings, sources[i]);
		if (loaders[i] == NULL)
		{
			log_error("a loader could not be started: there is no memory or no thread");
			asked_to_stop = 1;
			return wait_for(loaders, i, group) == EXIT_SUCCESS ? EXIT_FAILURE : EXIT_FENCED;
		}
	}
	if (count > 0)
		log_info("loading %d source%s into %s", count, count == 1 ? "" : "s", settings->events);
	return wait_for(loaders, count, group);
}

/*
 * load_all loads what the settings name.
 */
static int
load_all(const Options *options, const LoaderSettings *settings)
{
	LoadSource *sources[MAX_LOADERS];
	KafkaGroup *group = NULL;
	int count = make_sources(options, "spool", sources);

	if (count < 0)
		return 2;
	if (options->kafka_topics.count > 0 && (group = kafka_group_start(options, settings)) == NULL)
		return 2;
	return load_sources(settings, sources, count, group);
}

/*
 * load_run is the command load.
 */
int
load_run(const Options *options)
{
	LoaderSettings settings;
	int status = 2;

	if (load_settings(options, &settings) && webhook_start(options) &&
		metrics_server_start(options))
		status = load_all(options, &settings);
	metrics_server_stop();
	webhook_stop();
	return status;
}

/*
 * replay_run is the command replay.
 */
int
replay_run(const Options *options)
{
	LoaderSettings settings;
	LoadSource *source;
	char name[128];
	int status;

	if (!load_settings(options, &settings))
		return 2;
	if (*options->replay == '\0')
	{
		log_error("give --replay a name of its own for this replay, such as \"2026-12\": under the "
				  "same name a replay that was interrupted goes on");
		return 2;
	}
	if (!metrics_server_start(options))
		return 2;
	settings.until_end = true;
	snprintf(name, sizeof(name), "replay %s", options->replay);
	source = spool_source_create(options->spool, name, options->name, true);
	status = load_sources(&settings, &source, 1, NULL);
	metrics_server_stop();
	return status;
}
