/*
 * kafka_group.c
 *		A member of a Kafka consumer group.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "kafka_group.h"
#include "log.h"

#ifndef WITH_KAFKA

KafkaGroup *
kafka_group_start(const Options *options, const LoaderSettings *settings)
{
	(void) options;
	(void) settings;
	log_error("kafka-topic: this program was built without librdkafka; install librdkafka-dev and "
			  "build it again");
	return NULL;
}

void
kafka_group_stop(KafkaGroup *group)
{
	(void) group;
}

bool
kafka_group_has_ended(KafkaGroup *group)
{
	(void) group;
	return true;
}

LoaderEnd
kafka_group_finish(KafkaGroup *group)
{
	(void) group;
	return LOADER_NO_START;
}

#else

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format_options.h"
#include "kafka_client.h"
#include "kafka_source.h"

#define MAX_PARTITIONS   512

/* milliseconds */
#define POLL_INTERVAL    100
#define OFFSETS_PATIENCE 10000

/* A partition that is assigned to this member. */
typedef struct Member
{
	char *topic;
	int32_t partition;
	LoadSource *source; /* the loader's */
	Loader *loader;     /* NULL: it has ended by itself */
} Member;

struct KafkaGroup
{
	LoaderSettings settings;
	KafkaSettings kafka_settings;
	rd_kafka_t *kafka;
	pthread_t thread;
	atomic_bool stop;
	atomic_bool ended;
	Member members[MAX_PARTITIONS];
	size_t count;
	size_t fenced;
	bool was_assigned;
	LoaderEnd end;
};

/*
 * on_commit takes note of a commit to the group, which is only a hint.
 */
static void
on_commit(rd_kafka_t *kafka, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *offsets,
		  void *arg)
{
	(void) kafka;
	(void) offsets;
	(void) arg;
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__NO_OFFSET)
		log_debug("Kafka: the group's offsets were not committed: %s", rd_kafka_err2str(code));
}

/*
 * add_member starts a loader of a partition.
 */
static void
add_member(KafkaGroup *group, const rd_kafka_topic_partition_t *partition)
{
	char error[FORMAT_ERROR_SIZE] = "this program loads no more partitions";
	Member *member = &group->members[group->count];
	LoadSource *source = NULL;

	if (group->count < MAX_PARTITIONS)
		source = kafka_source_create(group->kafka, partition->topic, partition->partition,
									 &group->kafka_settings, error);
	if (source == NULL)
	{
		log_error("can't load %s/%d: %s", partition->topic, (int) partition->partition, error);
		return;
	}
	*member = (Member){.topic = strdup(partition->topic),
					   .partition = partition->partition,
					   .source = source,
					   .loader = loader_start(&group->settings, source)};
	if (member->topic != NULL && member->loader != NULL)
	{
		group->count++;
		return;
	}
	free(member->topic);
	log_error("can't load %s/%d: there is no memory or no thread", partition->topic,
			  (int) partition->partition);
}

/*
 * find_member finds a partition; NULL if no loader was started for it.
 */
static Member *
find_member(KafkaGroup *group, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->members[i].partition == partition && strcmp(group->members[i].topic, topic) == 0)
			return &group->members[i];
	return NULL;
}

/*
 * await_offsets waits until the database has told where to read each partition from, but not for
 * ever: one that is in trouble must not hold up the others.
 */
static void
await_offsets(KafkaGroup *group, rd_kafka_topic_partition_list_t *partitions)
{
	const struct timespec moment = {.tv_nsec = 10000000};
	int left = OFFSETS_PATIENCE / 10;

	for (int i = 0; i < partitions->cnt; i++)
	{
		rd_kafka_topic_partition_t *one = &partitions->elems[i];
		Member *member = find_member(group, one->topic, one->partition);

		one->offset = -1;
		while (member != NULL && !kafka_source_wanted(member->source, &one->offset) &&
			   !atomic_load(&group->stop) && left-- > 0)
			nanosleep(&moment, NULL);
	}
}

/*
 * pause_unknown pauses partitions for which no offset is known.
 */
static void
pause_unknown(KafkaGroup *group, const rd_kafka_topic_partition_list_t *partitions)
{
	rd_kafka_topic_partition_list_t *unknown = rd_kafka_topic_partition_list_new(1);

	for (int i = 0; i < partitions->cnt; i++)
		if (partitions->elems[i].offset == RD_KAFKA_OFFSET_END)
			rd_kafka_topic_partition_list_add(unknown, partitions->elems[i].topic,
											  partitions->elems[i].partition);
	if (unknown->cnt > 0)
		rd_kafka_pause_partitions(group->kafka, unknown);
	rd_kafka_topic_partition_list_destroy(unknown);
}

/*
 * change_assignment tells librdkafka which partitions are there now.
 */
static void
change_assignment(KafkaGroup *group, const rd_kafka_topic_partition_list_t *partitions, bool added)
{
	const char *protocol = rd_kafka_rebalance_protocol(group->kafka);
	rd_kafka_error_t *error = NULL;
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

	if (protocol == NULL || strcmp(protocol, "COOPERATIVE") != 0)
		code = rd_kafka_assign(group->kafka, added ? partitions : NULL);
	else if (added)
		error = rd_kafka_incremental_assign(group->kafka, partitions);
	else
		error = rd_kafka_incremental_unassign(group->kafka, partitions);
	if (error != NULL || code != RD_KAFKA_RESP_ERR_NO_ERROR)
		log_error("Kafka: partitions could not be %s: %s", added ? "assigned" : "given back",
				  error != NULL ? rd_kafka_error_string(error) : rd_kafka_err2str(code));
	if (error != NULL)
		rd_kafka_error_destroy(error);
}

/*
 * take_partitions begins to load partitions that were assigned.
 */
static void
take_partitions(KafkaGroup *group, rd_kafka_topic_partition_list_t *partitions)
{
	size_t before = group->count;

	for (int i = 0; i < partitions->cnt; i++)
		if (!atomic_load(&group->stop))
			add_member(group, &partitions->elems[i]);
	await_offsets(group, partitions);
	for (int i = 0; i < partitions->cnt; i++)
		if (partitions->elems[i].offset < 0)
			partitions->elems[i].offset = RD_KAFKA_OFFSET_END;
	change_assignment(group, partitions, true);
	pause_unknown(group, partitions);
	for (int i = 0; i < partitions->cnt; i++)
	{
		const rd_kafka_topic_partition_t *one = &partitions->elems[i];
		Member *member = find_member(group, one->topic, one->partition);

		if (member != NULL && member >= group->members + before)
			kafka_source_assigned(member->source, one->offset < 0 ? -1 : one->offset);
	}
	group->was_assigned = group->was_assigned || partitions->cnt > 0;
	log_info("%d partitions were assigned to this loader", partitions->cnt);
}

/*
 * finish_loader waits for a partition's loader, and frees it.
 */
static void
finish_loader(KafkaGroup *group, Member *member)
{
	if (member->loader != NULL && loader_finish(member->loader) == LOADER_FENCED)
		group->fenced++;
	member->loader = NULL;
	member->source = NULL;
}

/*
 * give_back ends the loaders of partitions that are taken away; NULL: of all.
 */
static void
give_back(KafkaGroup *group, const rd_kafka_topic_partition_list_t *partitions)
{
	size_t kept = 0;
	bool goes[MAX_PARTITIONS];

	for (size_t i = 0; i < group->count; i++)
	{
		Member *member = &group->members[i];

		goes[i] = partitions == NULL || rd_kafka_topic_partition_list_find(
											partitions, member->topic, member->partition) != NULL;
		if (!goes[i] || member->loader == NULL)
			continue;
		loader_stop(member->loader);
		kafka_source_cancel(member->source);
	}
	for (size_t i = 0; i < group->count; i++)
		if (goes[i])
		{
			finish_loader(group, &group->members[i]);
			free(group->members[i].topic);
		}
		else
			group->members[kept++] = group->members[i];
	group->count = kept;
}

/*
 * on_rebalance changes which partitions are loaded.
 */
static void
on_rebalance(rd_kafka_t *kafka, rd_kafka_resp_err_t code,
			 rd_kafka_topic_partition_list_t *partitions, void *arg)
{
	KafkaGroup *group = arg;

	(void) kafka;
	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
	{
		take_partitions(group, partitions);
		return;
	}
	if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
		log_error("Kafka: the group has an error: %s", rd_kafka_err2str(code));
	log_info("%d partitions are taken from this loader", partitions->cnt);
	give_back(group, partitions);
	change_assignment(group, partitions, false);
}

/*
 * look_after_loaders frees loaders that have ended by themselves, and returns whether any is left.
 * The partition of one that another loader has replaced stays assigned, and paused, until the group
 * gives it to another member.
 */
static bool
look_after_loaders(KafkaGroup *group)
{
	bool left = false;

	for (size_t i = 0; i < group->count; i++)
	{
		Member *member = &group->members[i];
		rd_kafka_topic_partition_list_t *one;

		left = left || member->loader != NULL;
		if (member->loader == NULL || !loader_has_ended(member->loader))
			continue;
		one = rd_kafka_topic_partition_list_new(1);
		rd_kafka_topic_partition_list_add(one, member->topic, member->partition);
		rd_kafka_pause_partitions(group->kafka, one);
		rd_kafka_topic_partition_list_destroy(one);
		finish_loader(group, member);
	}
	return left;
}

/*
 * thread_main is the group's thread.
 */
static void *
thread_main(void *arg)
{
	KafkaGroup *group = arg;
	char reason[512];

	while (!atomic_load(&group->stop))
	{
		rd_kafka_message_t *message = rd_kafka_consumer_poll(group->kafka, POLL_INTERVAL);

		if (message != NULL)
		{
			log_warning("Kafka: %s", rd_kafka_message_errstr(message));
			rd_kafka_message_destroy(message);
		}
		if (rd_kafka_fatal_error(group->kafka, reason, sizeof(reason)) !=
			RD_KAFKA_RESP_ERR_NO_ERROR)
		{
			log_error("Kafka: %s", reason);
			group->end = LOADER_NO_START;
			break;
		}
		if (!look_after_loaders(group) && group->settings.until_end && group->was_assigned)
		{
			group->end = group->fenced > 0 ? LOADER_FENCED : LOADER_AT_END;
			break;
		}
	}
	/* the commits of the loaders' last offsets come before the group is left */
	give_back(group, NULL);
	rd_kafka_consumer_close(group->kafka);
	atomic_store(&group->ended, true);
	return NULL;
}

/*
 * configure sets librdkafka's properties, of which it depends that no request is lost or loaded
 * twice.
 */
static bool
configure(rd_kafka_conf_t *conf, const Options *options)
{
	const KafkaProperty first[] = {{"group.id", options->kafka_group},
								   {"partition.assignment.strategy", "cooperative-sticky"},
								   {"session.timeout.ms", "15000"},
								   {"queued.max.messages.kbytes", "4096"},
								   {"fetch.message.max.bytes", "1048576"},
								   {NULL, NULL}};
	static const KafkaProperty last[] = {
		{"enable.auto.commit", "false"},  {"enable.auto.offset.store", "false"},
		{"auto.offset.reset", "error"},   {"isolation.level", "read_committed"},
		{"enable.partition.eof", "true"}, {NULL, NULL}};

	if (!kafka_configure(conf, options, first, last))
		return false;
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
	return true;
}

/*
 * subscribe joins the group.
 */
static bool
subscribe(KafkaGroup *group, const OptionList *topics)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int) topics->count);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < topics->count; i++)
		rd_kafka_topic_partition_list_add(list, topics->values[i], RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(group->kafka, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		log_error("Kafka: could not subscribe: %s", rd_kafka_err2str(code));
	return code == RD_KAFKA_RESP_ERR_NO_ERROR;
}

/*
 * make_consumer makes librdkafka's consumer.
 */
static bool
make_consumer(KafkaGroup *group, const Options *options)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[512];

	if (!configure(conf, options))
	{
		rd_kafka_conf_destroy(conf);
		return false;
	}
	rd_kafka_conf_set_opaque(conf, group);
	group->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof(error));
	if (group->kafka == NULL)
	{
		log_error("Kafka: %s", error);
		rd_kafka_conf_destroy(conf);
		return false;
	}
	rd_kafka_poll_set_consumer(group->kafka);
	return subscribe(group, &options->kafka_topics);
}

/*
 * check_format tells whether the settings of the messages' format are valid, before any message is
 * read.
 */
static bool
check_format(const FormatSettings *settings)
{
	char error[FORMAT_ERROR_SIZE];
	Format *format = format_open(settings, error);

	if (format == NULL)
		log_error("%s", error);
	format_close(format);
	return format != NULL;
}

/*
 * start_thread starts the thread, which leaves signals to others.
 */
static bool
start_thread(KafkaGroup *group)
{
	sigset_t all;
	sigset_t before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&group->thread, NULL, thread_main, group);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result == 0;
}

/*
 * kafka_group_start joins the group.
 */
KafkaGroup *
kafka_group_start(const Options *options, const LoaderSettings *settings)
{
	KafkaGroup *group = calloc(1, sizeof(KafkaGroup));

	if (group == NULL)
		return NULL;
	group->settings = *settings;
	group->end = LOADER_STOPPED;
	group->kafka_settings.name = options->kafka_name;
	group->kafka_settings.protocol = options->kafka_protocol;
	format_settings(options, &group->kafka_settings.format);
	if (check_format(&group->kafka_settings.format) && make_consumer(group, options) &&
		start_thread(group))
		return group;
	if (group->kafka != NULL)
		rd_kafka_destroy(group->kafka);
	free(group);
	return NULL;
}

/*
 * kafka_group_stop asks it to end.
 */
void
kafka_group_stop(KafkaGroup *group)
{
	atomic_store(&group->stop, true);
}

/*
 * kafka_group_has_ended tells whether it has ended.
 */
bool
kafka_group_has_ended(KafkaGroup *group)
{
	return atomic_load(&group->ended);
}

/*
 * kafka_group_finish waits for the end.
 */
LoaderEnd
kafka_group_finish(KafkaGroup *group)
{
	LoaderEnd end;

	pthread_join(group->thread, NULL);
	end = group->end;
	rd_kafka_destroy(group->kafka);
	free(group);
	return end;
}

#endif
