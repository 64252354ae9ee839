/*
 * options.c
 *		The table of the program's settings, and reading them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options.h"

#define MAX_LINE 4096
#define KB       INT64_C(1024)
#define MB       (KB * 1024)
#define GB       (MB * 1024)

typedef enum OptionType
{
	OPTION_TEXT,
	OPTION_CHOICE, /* one of the words in choices */
	OPTION_LIST,
	OPTION_BYTES,
	OPTION_NUMBER,
	OPTION_SECONDS,
	OPTION_SWITCH
} OptionType;

typedef struct OptionSpec
{
	const char *name;
	OptionType type;
	size_t offset;
	const char *initial; /* as one would type it; lists have their items apart by spaces */
	int64_t min;
	int64_t max;
	const char *choices;
	const char *help;
} OptionSpec;

#define FIELD(field) offsetof(Options, field)

static const OptionSpec specs[] = {
	{"config", OPTION_TEXT, FIELD(config), "", 0, 0, NULL,
	 "a file of lines \"name = value\"; the command line overrules it"},
	{"log-level", OPTION_CHOICE, FIELD(log_level), "info", 0, 0, "error warning info debug",
	 "what is logged on stderr"},
	{"name", OPTION_TEXT, FIELD(name), "collector", 0, 0, NULL,
	 "the name of this collector, which its positions in the database go by; each has its own"},
	{"spool", OPTION_TEXT, FIELD(spool), "spool", 0, 0, NULL,
	 "the directory where requests are kept until they are loaded"},
	{"spool-segment-bytes", OPTION_BYTES, FIELD(spool_segment_bytes), "64MB", 64 * KB, 16 * GB,
	 NULL, "the size at which a file of the spool is followed by the next"},
	{"spool-max-bytes", OPTION_BYTES, FIELD(spool_max_bytes), "8GB", MB, INT64_MAX, NULL,
	 "how large the spool may grow; beyond it requests are answered 503"},
	{"spool-min-free", OPTION_BYTES, FIELD(spool_min_free), "256MB", 0, INT64_MAX, NULL,
	 "what must stay free in the spool's file system"},
	{"to-redis", OPTION_TEXT, FIELD(to_redis), "", 0, 0, NULL,
	 "collect: a Redis stream where requests are kept in place of a spool; a request is answered "
	 "200 once Redis has acknowledged it"},
	{"to-kafka", OPTION_TEXT, FIELD(to_kafka), "", 0, 0, NULL,
	 "collect: a Kafka topic where requests are kept in place of a spool; a request is answered "
	 "200 once all in-sync replicas have it; to load it, say --kafka-protocol collector"},
	{"database", OPTION_TEXT, FIELD(database), "", 0, 0, NULL,
	 "a connection string of PostgreSQL, such as \"host=db dbname=web user=collector\"; collect "
	 "loads what it has accepted if there is one"},
	{"events", OPTION_TEXT, FIELD(events), "raw.events", 0, 0, NULL, "the table to load into"},
	{"batch-bytes", OPTION_BYTES, FIELD(batch_bytes), "1MB", 4 * KB, 64 * MB, NULL,
	 "about how much is loaded in one transaction, where so much has come in; else what there is"},
	{"batches-ahead", OPTION_NUMBER, FIELD(batches_ahead), "2", 1, 16, NULL,
	 "transactions that are on their way to the database at a time, of each source"},
	{"until-end", OPTION_SWITCH, FIELD(until_end), "off", 0, 0, NULL,
	 "load: end when all is loaded that is there; notify: when all is delivered"},
	{"keep-loaded", OPTION_SWITCH, FIELD(keep_loaded), "off", 0, 0, NULL,
	 "keep files of the spool that are loaded, for replay or a restored database; removing them is "
	 "up to you"},
	{"load-spool", OPTION_LIST, FIELD(load_spools), "", 0, 0, NULL,
	 "load: NAME:DIRECTORY, a collector's name and its spool, in place of --name and --spool; may "
	 "be given several times"},
	{"replay", OPTION_TEXT, FIELD(replay), "", 0, 0, NULL,
	 "replay: a name for this replay; one that was interrupted goes on under the same name"},
	{"redis", OPTION_TEXT, FIELD(redis), "127.0.0.1:6379", 0, 0, NULL,
	 "HOST:PORT or the path of a socket; the environment may have REDIS_USER and REDIS_PASSWORD"},
	{"redis-stream", OPTION_LIST, FIELD(redis_streams), "", 0, 0, NULL,
	 "load: a stream to load from; may be given several times"},
	{"redis-group", OPTION_TEXT, FIELD(redis_group), "", 0, 0, NULL,
	 "load: share the streams with other loaders of this group; each has its own --name"},
	{"redis-trim", OPTION_SWITCH, FIELD(redis_trim), "off", 0, 0, NULL,
	 "load: remove entries from the stream that are loaded, where no group reads it"},
	{"listen", OPTION_LIST, FIELD(listen), "127.0.0.1:8088", 0, 0, NULL,
	 "ADDRESS:PORT to listen at, [ADDRESS]:PORT for IPv6; may be given several times"},
	{"open-to-all", OPTION_SWITCH, FIELD(open_to_all), "off", 0, 0, NULL,
	 "accept requests without a write key from other machines as well"},
	{"write-key", OPTION_LIST, FIELD(write_keys), "", 0, 0, NULL,
	 "SOURCE:KEY, a key that requests may have and the source they come from; may be given several "
	 "times; without any, every request is accepted"},
	{"threads", OPTION_NUMBER, FIELD(threads), "2", 1, 64, NULL, "threads that talk HTTP"},
	{"max-body", OPTION_BYTES, FIELD(max_body), "1MB", KB, 128 * MB, NULL,
	 "the largest body of a request, as it was sent"},
	{"max-inflated", OPTION_BYTES, FIELD(max_inflated), "8MB", KB, 128 * MB, NULL,
	 "the largest body after decompression"},
	{"max-ratio", OPTION_NUMBER, FIELD(max_ratio), "100", 2, 2000, NULL,
	 "how many times larger a body may get by decompression, once it is larger than 64 kB"},
	{"max-headers", OPTION_BYTES, FIELD(max_headers), "32kB", 8 * KB, MB, NULL,
	 "the largest request line with all headers"},
	{"max-in-flight", OPTION_BYTES, FIELD(max_in_flight), "32MB", MB, 16 * GB, NULL,
	 "memory for bodies of all requests that are not answered yet; beyond it they are answered "
	 "503"},
	{"idle-timeout", OPTION_SECONDS, FIELD(idle_timeout), "10", 1, 3600, NULL,
	 "seconds after which a connection that sends nothing is closed"},
	{"request-timeout", OPTION_SECONDS, FIELD(request_timeout), "30", 1, 3600, NULL,
	 "seconds within which a request must be there in full"},
	{"max-connections", OPTION_NUMBER, FIELD(max_connections), "1024", 8, 100000, NULL,
	 "connections at a time"},
	{"max-connections-per-address", OPTION_NUMBER, FIELD(max_connections_per_address), "128", 1,
	 100000, NULL,
	 "connections at a time from one IPv4 address or one /64 of IPv6; trusted proxies are exempt"},
	{"trusted-proxy", OPTION_LIST, FIELD(trusted_proxies), "", 0, 0, NULL,
	 "an address, or ADDRESS/BITS, of a proxy whose X-Forwarded-For is believed; may be given "
	 "several times"},
	{"keep-address", OPTION_CHOICE, FIELD(keep_address), "truncated", 0, 0, "full truncated none",
	 "whether the client's address is kept: full, truncated to /24 or /48, or none"},
	{"keep-user-agent", OPTION_SWITCH, FIELD(keep_user_agent), "on", 0, 0, NULL,
	 "whether the client's user agent and client hints are kept"},
	{"drop-header", OPTION_LIST, FIELD(drop_headers),
	 "authorization cookie proxy-authorization x-write-key", 0, 0, NULL,
	 "a header that is not kept; may be given several times"},
	{"public-url", OPTION_TEXT, FIELD(public_url), "", 0, 0, NULL,
	 "the URL by which browsers reach the collector, for trackers that ask; what they asked for, "
	 "without it"},
	{"snowplow-path", OPTION_LIST, FIELD(snowplow_paths), "", 0, 0, NULL,
	 "a path that a Snowplow tracker is told to post to, beyond .../tp2; may be given several "
	 "times"},
	{"metrics-for-all", OPTION_SWITCH, FIELD(metrics_for_all), "off", 0, 0, NULL,
	 "answer /metrics to other machines as well"},
	{"database-metrics", OPTION_SECONDS, FIELD(database_metrics), "0", 0, 3600, NULL,
	 "have /metrics show sessionize.openmetrics() as well, asked once in so many seconds; 0: not"},
	{"metrics-listen", OPTION_TEXT, FIELD(metrics_listen), "", 0, 0, NULL,
	 "load, replay: ADDRESS:PORT to answer /metrics and /health at"},
	{"site", OPTION_TEXT, FIELD(site), "", 0, 0, NULL,
	 "a directory whose files are served as well, for demonstrations"},
	{"site-query", OPTION_TEXT, FIELD(site_query), "", 0, 0, NULL,
	 "a query of one parameter and one value that GET /query?key=... answers, for demonstrations: "
	 "everybody who can reach the collector can ask it"},
	{"drain", OPTION_SECONDS, FIELD(drain), "2", 0, 3600, NULL,
	 "seconds after SIGTERM in which requests are still accepted, while /ready says no"},
	{"retry-after", OPTION_SECONDS, FIELD(retry_after), "5", 1, 3600, NULL,
	 "seconds after which a client that was answered 503 is asked to come again"},
	{"kafka-brokers", OPTION_TEXT, FIELD(kafka_brokers), "127.0.0.1:9092", 0, 0, NULL,
	 "HOST:PORT of one or more brokers, separated by commas"},
	{"kafka-topic", OPTION_LIST, FIELD(kafka_topics), "", 0, 0, NULL,
	 "load: a topic to load from, or ^ and a regular expression; may be given several times"},
	{"kafka-group", OPTION_TEXT, FIELD(kafka_group), "pg_sessionize", 0, 0, NULL,
	 "load: the consumer group, whose members share the topics' partitions"},
	{"kafka-name", OPTION_TEXT, FIELD(kafka_name), "kafka", 0, 0, NULL,
	 "load: the source's name in the database; each cluster, and a topic that is made anew, has "
	 "its own"},
	{"kafka-protocol", OPTION_CHOICE, FIELD(kafka_protocol), "auto", 0, 0,
	 "auto generic cloudevents segment rudderstack jitsu snowplow posthog collector",
	 "load: what the messages are; auto: CloudEvents if a header says so, generic otherwise; "
	 "collector: what collect --to-kafka has sent"},
	{"kafka-config", OPTION_LIST, FIELD(kafka_config), "", 0, 0, NULL,
	 "NAME=VALUE, a property of librdkafka, such as security.protocol=SASL_SSL; may be given "
	 "several times"},
	{"format", OPTION_CHOICE, FIELD(format), "auto", 0, 0, "auto json avro protobuf",
	 "load: what the bytes of messages are; auto: what a schema's id in front of them says, or "
	 "JSON"},
	{"schema-registry", OPTION_TEXT, FIELD(schema_registry), "", 0, 0, NULL,
	 "the URL of a schema registry with Confluent's API, or several, separated by commas; the "
	 "environment may have SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD"},
	{"schema-registry-ca", OPTION_TEXT, FIELD(schema_registry_ca), "", 0, 0, NULL,
	 "a file of certificates that the registry's is signed by, if the system does not know them"},
	{"schema-registry-cert", OPTION_TEXT, FIELD(schema_registry_cert), "", 0, 0, NULL,
	 "a file with the program's own certificate for the registry"},
	{"schema-registry-key", OPTION_TEXT, FIELD(schema_registry_key), "", 0, 0, NULL,
	 "a file with the key of this certificate"},
	{"schema-registry-timeout", OPTION_SECONDS, FIELD(schema_registry_timeout), "10", 1, 300, NULL,
	 "seconds after which a registry that does not answer counts as not reachable"},
	{"schema-cache", OPTION_TEXT, FIELD(schema_cache), "", 0, 0, NULL,
	 "a directory for copies of schemas, which are then there while the registry is not"},
	{"schema-directory", OPTION_TEXT, FIELD(schema_directory), "", 0, 0, NULL,
	 "a directory with schemas in place of a registry: ID.avsc, ID.desc (a descriptor set of "
	 "Protobuf) or ID.json"},
	{"schema-file", OPTION_TEXT, FIELD(schema_file), "", 0, 0, NULL,
	 "the schema of all messages, which have no ids: a .avsc file, or a descriptor set of "
	 "Protobuf"},
	{"message-type", OPTION_TEXT, FIELD(message_type), "", 0, 0, NULL,
	 "the full name of the messages' type in a descriptor set; without it the first one"},
	{"webhook", OPTION_TEXT, FIELD(webhook), "", 0, 0, NULL,
	 "collect, load, notify: a URL that notices of incidents are posted to; where it has a secret "
	 "in it, it belongs into a file that only the program can read (--config)"},
	{"webhook-name", OPTION_TEXT, FIELD(webhook_name), "incidents", 0, 0, NULL,
	 "the name of this webhook, which what was delivered goes by in the database; each has its "
	 "own"},
	{"webhook-format", OPTION_CHOICE, FIELD(webhook_format), "standard", 0, 0, "standard slack",
	 "what is posted: an object with type, timestamp and data, or one with a text for people, as "
	 "Slack and others want it"},
	{"webhook-secret-file", OPTION_TEXT, FIELD(webhook_secret_file), "", 0, 0, NULL,
	 "a file with the secret that deliveries are signed with, in base64; two lines while it "
	 "changes; without a file the environment may have WEBHOOK_SECRET"},
	{"webhook-header", OPTION_LIST, FIELD(webhook_headers), "", 0, 0, NULL,
	 "\"NAME: VALUE\", a header that deliveries have; may be given several times"},
	{"webhook-ca", OPTION_TEXT, FIELD(webhook_ca), "", 0, 0, NULL,
	 "a file of certificates that the receiver's is signed by, if the system does not know them"},
	{"webhook-timeout", OPTION_SECONDS, FIELD(webhook_timeout), "10", 1, 300, NULL,
	 "seconds after which a receiver that does not answer is tried again"},
	{"webhook-retry", OPTION_SECONDS, FIELD(webhook_retry), "2", 1, 3600, NULL,
	 "about how many seconds to wait after a failure, doubled with each that follows"},
	{"webhook-retry-most", OPTION_SECONDS, FIELD(webhook_retry_most), "300", 1, 3600, NULL,
	 "the most that is waited, unless the receiver asks for more"},
	{"webhook-poll", OPTION_SECONDS, FIELD(webhook_poll), "30", 1, 3600, NULL,
	 "seconds after which the database is asked what is to be delivered, if it has not said so"},
	{"pipeline", OPTION_TEXT, FIELD(pipeline), "web", 0, 0, NULL, "report, export: the pipeline"},
	{"output", OPTION_TEXT, FIELD(output), "-", 0, 0, NULL,
	 "report: the file to write, in whose place the report comes when it is complete; -: stdout"},
	{"since", OPTION_TEXT, FIELD(since), "", 0, 0, NULL,
	 "report: the first day, such as 2026-03-02; without it, 27 days before the last one"},
	{"until", OPTION_TEXT, FIELD(until), "", 0, 0, NULL,
	 "report: the last day, which counts as well; without it, the day of the newest session"},
	{"funnel", OPTION_LIST, FIELD(funnel), "", 0, 0, NULL,
	 "report: a step of the funnel, which is a condition on an event, such as "
	 "\"event_name = 'purchase'\"; given once for each step"},
	{"funnel-label", OPTION_LIST, FIELD(funnel_labels), "", 0, 0, NULL,
	 "report: what a step of the funnel is called; given once for each step, in the same order"},
	{"funnel-within", OPTION_TEXT, FIELD(funnel_within), "1 day", 0, 0, NULL,
	 "report: how long after the first step the last one may be, as an interval of PostgreSQL"},
	{"page-depth", OPTION_NUMBER, FIELD(page_depth), "1", 0, 100, NULL,
	 "report: how many segments of a page's path tell pages apart in the paths; 0: the whole page"},
	{"export", OPTION_TEXT, FIELD(export_name), "lake", 0, 0, NULL,
	 "export: the name that create_export() was given"},
	{"duckdb", OPTION_TEXT, FIELD(duckdb), "", 0, 0, NULL,
	 "export: the path of DuckDB's library, libduckdb.so; without it, what PG_SESSIONIZE_DUCKDB "
	 "says, or where the system looks for libraries"},
	{"export-memory", OPTION_BYTES, FIELD(export_memory), "256MB", 64 * MB, INT64_MAX, NULL,
	 "export: memory for rows on their way; what needs more goes through the temporary directory"},
	{"export-threads", OPTION_NUMBER, FIELD(export_threads), "2", 1, 256, NULL,
	 "export: threads that write Parquet files"},
	{"temporary", OPTION_TEXT, FIELD(temporary), "", 0, 0, NULL,
	 "export: a directory for files on their way, on the disk of the lake if that can be; without "
	 "it, what TMPDIR says, or /tmp"},
	{"file-bytes", OPTION_BYTES, FIELD(file_bytes), "256MB", MB, 16 * GB, NULL,
	 "export: the size at which a file of a day is followed by the next"},
	{"keep", OPTION_NUMBER, FIELD(keep), "7", 0, 36500, NULL,
	 "export: days for which files that a version has removed are kept, for readers of older "
	 "versions"},
	{"whole", OPTION_SWITCH, FIELD(whole), "off", 0, 0, NULL,
	 "export: write all days anew, also those that have not changed"},
	{"find-key", OPTION_TEXT, FIELD(find_key), "", 0, 0, NULL,
	 "export: look for a session key in all files of the lake, also in those that no longer count, "
	 "and write nothing; the exit status is 1 if a file has it"},
	{"take-over", OPTION_SWITCH, FIELD(take_over), "off", 0, 0, NULL,
	 "export: take over a lake that another database has written, or this one before it was "
	 "restored from a backup; all days are written anew"},
	{"s3-style", OPTION_CHOICE, FIELD(s3_style), "auto", 0, 0, "auto path virtual",
	 "export: how a bucket is asked for: in the URL's path, or as a part of its host; auto: what "
	 "addressing_style says in the profile, else path for a custom endpoint or a bucket with dots"},
	{"s3-timeout", OPTION_SECONDS, FIELD(s3_timeout), "30", 1, 3600, NULL,
	 "export: seconds without a byte in either direction after which a request to S3 has failed"},
	{"s3-retry", OPTION_SECONDS, FIELD(s3_retry), "120", 0, 86400, NULL,
	 "export: about how many seconds a request to S3 is made again after errors that may pass, and "
	 "three times at least; keys, region and endpoint are what the environment and ~/.aws say"},
};

#define NSPECS (sizeof(specs) / sizeof(specs[0]))

/*
 * copy_text is strdup() that does not fail.
 */
static char *
copy_text(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		abort();
	return copy;
}

/*
 * parse_number reads a whole number with a unit of bytes, if they are bytes.
 */
static bool
parse_number(const char *text, bool bytes, int64_t *value)
{
	static const struct
	{
		const char *name;
		int64_t factor;
	} units[] = {{"", 1}, {"B", 1}, {"kB", KB}, {"MB", MB}, {"GB", GB}, {"TB", GB * KB}};
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	if (end == text || errno != 0)
		return false;
	while (*end == ' ')
		end++;
	for (size_t i = 0; i < (bytes ? sizeof(units) / sizeof(units[0]) : 1); i++)
		if (strcasecmp(end, units[i].name) == 0)
			return !__builtin_mul_overflow(*value, units[i].factor, value);
	return false;
}

/*
 * parse_switch reads on or off.
 */
static bool
parse_switch(const char *text, bool *value)
{
	static const char *const words[] = {"off", "on", "no", "yes", "false", "true", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
		{
			*value = i % 2 == 1;
			return true;
		}
	return false;
}

/*
 * has_word returns whether a text is one of the words of a list that are apart by spaces.
 */
static bool
has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; length > 0 && (at = strstr(at, word)) != NULL; at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

/*
 * list_append adds a value to a list.
 */
static void
list_append(OptionList *list, const char *value, size_t length)
{
	list->values = realloc(list->values, (list->count + 1) * sizeof(char *));
	if (list->values == NULL || (list->values[list->count] = strndup(value, length)) == NULL)
		abort();
	list->count++;
}

/*
 * list_clear empties a list.
 */
static void
list_clear(OptionList *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->values[i]);
	free(list->values);
	*list = (OptionList){NULL, 0};
}

/*
 * set_number sets a number within its bounds.
 */
static bool
set_number(const OptionSpec *spec, int64_t *field, const char *value, char *error)
{
	int64_t number;

	if (!parse_number(value, spec->type == OPTION_BYTES, &number))
		snprintf(error, OPTIONS_ERROR_SIZE, "%s: \"%s\" is no number%s", spec->name, value,
				 spec->type == OPTION_BYTES ? " of bytes, such as 64MB" : "");
	else if (number < spec->min || number > spec->max)
		snprintf(error, OPTIONS_ERROR_SIZE, "%s: %lld is not between %lld and %lld", spec->name,
				 (long long) number, (long long) spec->min, (long long) spec->max);
	else
	{
		*field = number;
		return true;
	}
	return false;
}

/*
 * set_option sets a setting's value.
 */
static bool
set_option(Options *options, const OptionSpec *spec, const char *value, char *error)
{
	void *field = (char *) options + spec->offset;

	switch (spec->type)
	{
		case OPTION_CHOICE:
			if (!has_word(spec->choices, value))
			{
				snprintf(error, OPTIONS_ERROR_SIZE, "%s: \"%s\" is none of: %s", spec->name, value,
						 spec->choices);
				return false;
			}
			/* fall through */
		case OPTION_TEXT:
			free(*(char **) field);
			*(char **) field = copy_text(value);
			return true;
		case OPTION_LIST:
			list_append(field, value, strlen(value));
			return true;
		case OPTION_SWITCH:
			if (parse_switch(value, field))
				return true;
			snprintf(error, OPTIONS_ERROR_SIZE, "%s: \"%s\" is neither on nor off", spec->name,
					 value);
			return false;
		case OPTION_BYTES:
		case OPTION_NUMBER:
		case OPTION_SECONDS:
			return set_number(spec, field, value, error);
	}
	return false;
}

/*
 * set_initial sets a setting's default, a list's from its words.
 */
static void
set_initial(Options *options, const OptionSpec *spec)
{
	char error[OPTIONS_ERROR_SIZE];
	const char *word = spec->initial;

	if (spec->type != OPTION_LIST)
	{
		if (!set_option(options, spec, spec->initial, error))
			abort();
		return;
	}
	while (*word != '\0')
	{
		size_t length = strcspn(word, " ");

		list_append((OptionList *) ((char *) options + spec->offset), word, length);
		word += length + strspn(word + length, " ");
	}
}

/*
 * options_init sets all defaults.
 */
void
options_init(Options *options)
{
	memset(options, 0, sizeof(*options));
	for (size_t i = 0; i < NSPECS; i++)
		set_initial(options, &specs[i]);
}

/*
 * find_spec finds a setting by its name; a file may write _ for -.
 */
static const OptionSpec *
find_spec(const char *name, size_t length, char *error)
{
	for (size_t i = 0; i < NSPECS; i++)
	{
		const char *spec = specs[i].name;
		size_t n = 0;

		while (n < length && (spec[n] == name[n] || (spec[n] == '-' && name[n] == '_')))
			n++;
		if (n == length && spec[n] == '\0')
			return &specs[i];
	}
	snprintf(error, OPTIONS_ERROR_SIZE, "there is no setting \"%.*s\"; --help lists them all",
			 (int) length, name);
	return NULL;
}

/*
 * assign sets a setting by name.  The first value that a list is given, in a file or on the command
 * line, takes the place of what counts less; given tells for each setting who gave it last.
 */
static bool
assign(Options *options, const char *name, size_t length, const char *value, int *given, int who,
	   char *error)
{
	const OptionSpec *spec = find_spec(name, length, error);
	int *giver;

	if (spec == NULL)
		return false;
	giver = &given[spec - specs];
	if (*giver > who)
		return true;
	if (spec->type == OPTION_LIST && *giver != who)
		list_clear((OptionList *) ((char *) options + spec->offset));
	*giver = who;
	return set_option(options, spec, value, error);
}

/*
 * trim cuts the white space around a text.
 */
static char *
trim(char *text)
{
	char *end;

	while (isspace((unsigned char) *text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char) end[-1]))
		end--;
	*end = '\0';
	return text;
}

/*
 * read_line reads a line of a file.
 */
static bool
read_line(Options *options, char *line, int *given, char *error)
{
	char *equals;
	char *value;
	size_t length;

	line = trim(line);
	if (*line == '\0' || *line == '#')
		return true;
	equals = strchr(line, '=');
	if (equals == NULL)
	{
		snprintf(error, OPTIONS_ERROR_SIZE, "\"%.200s\" is no line \"name = value\"", line);
		return false;
	}
	*equals = '\0';
	value = trim(equals + 1);
	length = strlen(value);
	if (length >= 2 && (*value == '"' || *value == '\'') && value[length - 1] == *value)
	{
		value[length - 1] = '\0';
		value++;
	}
	line = trim(line);
	return assign(options, line, strlen(line), value, given, 1, error);
}

/*
 * read_config reads a file.
 */
static bool
read_config(Options *options, const char *path, int *given, char *error)
{
	FILE *file = fopen(path, "r");
	char line[MAX_LINE];
	char what[OPTIONS_ERROR_SIZE / 2];
	bool done = true;
	int number = 0;

	if (file == NULL)
	{
		snprintf(error, OPTIONS_ERROR_SIZE, "could not read the file \"%s\": %s", path,
				 strerror(errno));
		return false;
	}
	while (done && fgets(line, sizeof(line), file) != NULL)
	{
		number++;
		done = strlen(line) < sizeof(line) - 1 || line[sizeof(line) - 2] == '\n';
		if (!done)
			snprintf(error, OPTIONS_ERROR_SIZE, "the line is too long");
		done = done && read_line(options, line, given, error);
	}
	if (!done)
	{
		snprintf(what, sizeof(what), "%.*s", (int) sizeof(what) - 1, error);
		snprintf(error, OPTIONS_ERROR_SIZE, "%s, line %d: %s", path, number, what);
	}
	else if (ferror(file))
	{
		snprintf(error, OPTIONS_ERROR_SIZE, "could not read the file \"%s\": %s", path,
				 strerror(errno));
		done = false;
	}
	fclose(file);
	return done;
}

/*
 * read_argument reads an argument, --name=value, --name value, or --switch alone.  It returns how
 * many arguments that were, 0 for an error.
 */
static int
read_argument(Options *options, int argc, char **argv, int *given, char *error)
{
	const char *name = argv[0] + 2;
	size_t length = strcspn(name, "=");
	const OptionSpec *spec;
	const char *value;
	int used = 1;

	if (strncmp(argv[0], "--", 2) != 0)
	{
		snprintf(error, OPTIONS_ERROR_SIZE, "\"%s\" is no setting; they begin with --", argv[0]);
		return 0;
	}
	if ((spec = find_spec(name, length, error)) == NULL)
		return 0;
	if (name[length] == '=')
		value = name + length + 1;
	else if (spec->type == OPTION_SWITCH && (argc < 2 || strncmp(argv[1], "--", 2) == 0))
		value = "on";
	else if (argc >= 2)
	{
		value = argv[1];
		used = 2;
	}
	else
	{
		snprintf(error, OPTIONS_ERROR_SIZE, "--%s needs a value", spec->name);
		return 0;
	}
	return assign(options, name, length, value, given, 2, error) ? used : 0;
}

/*
 * options_read reads the command line and the file.
 */
bool
options_read(Options *options, int argc, char **argv, char *error)
{
	int given[NSPECS] = {0};

	for (int i = 0; i < argc;)
	{
		int used = read_argument(options, argc - i, argv + i, given, error);

		if (used == 0)
			return false;
		i += used;
	}
	return *options->config == '\0' || read_config(options, options->config, given, error);
}

/*
 * write_wrapped writes a text in lines that begin after some spaces.
 */
static void
write_wrapped(const char *text, int indent, int width)
{
	int column = indent;

	printf("%*s", indent, "");
	while (*text != '\0')
	{
		int length = (int) strcspn(text, " ");

		if (column > indent && column + 1 + length > width)
		{
			printf("\n%*s", indent, "");
			column = indent;
		}
		column += printf("%s%.*s", column > indent ? " " : "", length, text);
		text += length + (text[length] == ' ');
	}
	printf("\n");
}

/*
 * options_help writes all settings.
 */
void
options_help(void)
{
	for (size_t i = 0; i < NSPECS; i++)
	{
		const OptionSpec *spec = &specs[i];

		printf("  --%s%s\n", spec->name, *spec->initial == '\0' ? "" : " ");
		write_wrapped(spec->help, 6, 90);
		if (*spec->initial != '\0')
		{
			printf("      default: ");
			write_wrapped(spec->initial, 0, 75);
		}
	}
}

/*
 * options_free frees all values.
 */
void
options_free(Options *options)
{
	for (size_t i = 0; i < NSPECS; i++)
	{
		void *field = (char *) options + specs[i].offset;

		if (specs[i].type == OPTION_LIST)
			list_clear(field);
		else if (specs[i].type == OPTION_TEXT || specs[i].type == OPTION_CHOICE)
			free(*(char **) field);
	}
}
