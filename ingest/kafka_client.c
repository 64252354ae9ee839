/*
 * kafka_client.c
 *		Configuring librdkafka.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <string.h>

#include "kafka_client.h"
#include "log.h"

/*
 * log_kafka logs what librdkafka has to say; failures of connections come by on_error as well.
 */
static void
log_kafka(const rd_kafka_t *kafka, int level, const char *facility, const char *text)
{
	(void) kafka;
	log_line(strcmp(facility, "FAIL") == 0 || level > 4 ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING,
			 "Kafka: %s: %s", facility, text);
}

/*
 * on_error logs an error that is no partition's.
 */
static void
on_error(rd_kafka_t *kafka, int code, const char *reason, void *arg)
{
	(void) kafka;
	(void) arg;
	log_warning("Kafka: %s: %s", rd_kafka_err2name(code), reason);
}

/*
 * set sets a configuration property of librdkafka.
 */
static bool
set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char error[512];

	if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) == RD_KAFKA_CONF_OK)
		return true;
	log_error("kafka-config: %s", error);
	return false;
}

/*
 * set_given sets the properties that the user gives as NAME=VALUE.
 */
static bool
set_given(rd_kafka_conf_t *conf, const OptionList *given)
{
	for (size_t i = 0; i < given->count; i++)
	{
		const char *equals = strchr(given->values[i], '=');
		char name[256];

		if (equals == NULL || (size_t) (equals - given->values[i]) >= sizeof(name))
		{
			log_error("kafka-config: \"%s\" is not NAME=VALUE", given->values[i]);
			return false;
		}
		snprintf(name, sizeof(name), "%.*s", (int) (equals - given->values[i]), given->values[i]);
		if (!set(conf, name, equals + 1))
			return false;
	}
	return true;
}

/*
 * set_all sets the properties of a list.
 */
static bool
set_all(rd_kafka_conf_t *conf, const KafkaProperty *list)
{
	for (; list->name != NULL; list++)
		if (!set(conf, list->name, list->value))
			return false;
	return true;
}

/*
 * kafka_configure sets all properties.
 */
bool
kafka_configure(rd_kafka_conf_t *conf, const Options *options, const KafkaProperty *first,
				const KafkaProperty *last)
{
	const KafkaProperty common[] = {{"client.id", "pg_sessionize_ingest"},
									{"log.connection.close", "false"},
									{"bootstrap.servers", options->kafka_brokers},
									{NULL, NULL}};

	if (!set_all(conf, common) || !set_all(conf, first) ||
		!set_given(conf, &options->kafka_config) || !set_all(conf, last))
		return false;
	rd_kafka_conf_set_log_cb(conf, log_kafka);
	rd_kafka_conf_set_error_cb(conf, on_error);
	return true;
}
