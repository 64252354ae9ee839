/*
 * options.h
 *		The settings of the program, from its command line and from a file.
 *
 * A setting is one line of the table in options.c: its name, where its value goes, its default and
 * its explanation.  --help, the file and the command line all come from there.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_OPTIONS_H
#define INGEST_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_ERROR_SIZE 1024

/* The values of a setting that can be given several times. */
typedef struct OptionList
{
	char **values;
	size_t count;
} OptionList;

typedef struct Options
{
	/* all commands */
	char *config;
	char *log_level;
	char *name; /* of this collector */

	/* the spool */
	char *spool;
	int64_t spool_segment_bytes;
	int64_t spool_max_bytes;
	int64_t spool_min_free;
	char *to_redis; /* a stream where requests are kept in place of the spool; empty: none */
	char *to_kafka; /* a topic */

	/* load */
	char *database;
	char *events;
	int64_t batch_bytes;
	int64_t batches_ahead;
	bool until_end;
	bool keep_loaded;
	OptionList load_spools; /* NAME:DIRECTORY */
	char *replay;
	char *redis;
	OptionList redis_streams;
	char *redis_group;
	bool redis_trim;

	/* collect */
	OptionList listen;
	bool open_to_all;
	OptionList write_keys; /* SOURCE:KEY */
	int64_t threads;
	int64_t max_body;
	int64_t max_inflated;
	int64_t max_ratio;
	int64_t max_headers;
	int64_t max_in_flight;
	int64_t idle_timeout;
	int64_t request_timeout;
	int64_t max_connections;
	int64_t max_connections_per_address;
	OptionList trusted_proxies;
	char *keep_address;
	bool keep_user_agent;
	OptionList drop_headers;
	char *public_url;
	OptionList snowplow_paths;
	bool metrics_for_all;
	int64_t database_metrics; /* seconds; 0: not shown */
	char *metrics_listen;
	char *site;
	char *site_query;
	int64_t drain;
	int64_t retry_after;

	/* Kafka */
	char *kafka_brokers;
	OptionList kafka_topics;
	char *kafka_group;
	char *kafka_name;
	char *kafka_protocol;
	OptionList kafka_config; /* NAME=VALUE */

	/* report */
	char *pipeline;
	char *output;
	char *since;
	char *until;
	OptionList funnel;        /* conditions */
	OptionList funnel_labels; /* what the first of them are called */
	char *funnel_within;
	int64_t page_depth; /* 0: the whole page */

	/* export */
	char *export_name;
	char *find_key;
	char *duckdb; /* the path of its library; empty: see duckdb_library.h */
	int64_t export_memory;
	int64_t export_threads;
	char *temporary; /* a directory; empty: as the system says */
	int64_t file_bytes;
	int64_t keep; /* days */
	bool whole;
	bool take_over;
	char *s3_style;
	int64_t s3_timeout; /* seconds */
	int64_t s3_retry;

	/* webhook */
	char *webhook; /* the URL; empty: none */
	char *webhook_name;
	char *webhook_format;
	char *webhook_secret_file;
	OptionList webhook_headers; /* NAME: VALUE */
	char *webhook_ca;
	int64_t webhook_timeout;
	int64_t webhook_retry;
	int64_t webhook_retry_most;
	int64_t webhook_poll;

	/* the format of messages */
	char *format;
	char *schema_registry;
	char *schema_registry_ca;
	char *schema_registry_cert;
	char *schema_registry_key;
	int64_t schema_registry_timeout;
	char *schema_cache;
	char *schema_directory;
	char *schema_file;
	char *message_type;
} Options;

/* Defaults alone. */
extern void options_init(Options *options);

/*
 * Read the arguments after the command, and the file that they name, whose values count less.  False,
 * with a sentence that says what to mend, if one is no setting or has no such value.
 */
extern bool options_read(Options *options, int argc, char **argv, char *error);

/* Write what --help shows of the settings. */
extern void options_help(void);

extern void options_free(Options *options);

#endif /* INGEST_OPTIONS_H */
