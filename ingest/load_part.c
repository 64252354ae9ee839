/*
 * load_part.c
 *		The loader inside of collect: what was accepted is in the database moments later.
 *
 * The collector accepts requests whatever becomes of the loader: while the database is down they are
 * kept in the spool, or with the broker.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stddef.h>

#include "kafka_group.h"
#include "load.h"
#include "load_metrics.h"
#include "load_part.h"
#include "log.h"
#include "redis_source.h"

static Loader *loader;

/* What loads requests that are kept in a topic of Kafka, in place of the loader; its settings. */
static KafkaGroup *group;
static Options group_options;

/*
 * kept_requests is where the collector keeps requests.
 */
static LoadSource *
kept_requests(const Options *options)
{
	if (*options->to_redis != '\0')
		return redis_source_create(options, options->to_redis);
	return spool_source_create(options->spool, "spool", options->name, options->keep_loaded);
}

/*
 * join_group loads the topic where the collector keeps requests, together with other collectors
 * that keep theirs in the same topic.
 */
static bool
join_group(const Options *options, const LoaderSettings *settings)
{
	group_options = *options;
	group_options.kafka_topics = (OptionList){.values = &group_options.to_kafka, .count = 1};
	group_options.kafka_protocol = "collector";
	group = kafka_group_start(&group_options, settings);
	return group != NULL;
}

/*
 * start_loading starts the loader, if there is a database.
 */
static bool
start_loading(const Options *options)
{
	LoaderSettings settings;

	if (*options->database == '\0')
	{
		log_info("no database is given: requests are kept, to be loaded by another program");
		return true;
	}
	if (!load_settings(options, &settings))
		return false;
	settings.until_end = false;
	if (*options->to_kafka != '\0')
		return join_group(options, &settings);
	loader = loader_start(&settings, kept_requests(options));
	if (loader == NULL)
		log_error("the loader could not be started: there is no memory or no thread");
	return loader != NULL;
}

/*
 * stop_loading ends the loader.  What it has not loaded stays where it is kept.
 */
static void
stop_loading(void)
{
	if (loader != NULL)
	{
		loader_stop(loader);
		(void) loader_finish(loader);
		loader = NULL;
	}
	if (group != NULL)
	{
		kafka_group_stop(group);
		(void) kafka_group_finish(group);
		group = NULL;
	}
}

const CollectPart load_part = {
	.start = start_loading,
	.stop = stop_loading,
	.metrics = load_metrics_write,
};
