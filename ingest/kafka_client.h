/*
 * kafka_client.h
 *		What all clients of Kafka in this program have in common: the user's properties, and the log.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_KAFKA_CLIENT_H
#define INGEST_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

#include "options.h"

/* A property of librdkafka and its value. */
typedef struct KafkaProperty
{
	const char *name;
	const char *value;
} KafkaProperty;

/*
 * Set the brokers and properties: first those that the user may change, then the user's, last those
 * that must be so.  Both lists end with a name that is NULL.  False, and the reason is logged, if
 * one is not valid.
 */
extern bool kafka_configure(rd_kafka_conf_t *conf, const Options *options,
							const KafkaProperty *first, const KafkaProperty *last);

#endif /* INGEST_KAFKA_CLIENT_H */
