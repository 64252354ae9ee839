/*
 * feed_kafka.c
 *		Sends numbered events to a topic of Kafka, for tests of the loader.
 *
 *		feed_kafka BROKERS TOPIC FIRST COUNT BAD [commit | abort | open | framed]
 *
 * Sends COUNT messages, with the numbers from FIRST on, one after the other to each partition; every
 * BAD-th message can't be decoded.  With a last word they are one transaction, which is committed,
 * aborted, or left open when the process ends; "framed" puts the id 7 of a schema in front of each.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#define PATIENCE 60000

static long failed;

/*
 * on_delivery counts messages that did not arrive.
 */
static void
on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *arg)
{
	(void) kafka;
	(void) arg;
	failed += message->err != RD_KAFKA_RESP_ERR_NO_ERROR;
}

/*
 * check ends the process if something is not as it should be.
 */
static void
check(int passed, const char *what)
{
	if (passed)
		return;
	fprintf(stderr, "feed_kafka: %s\n", what);
	exit(1);
}

/*
 * check_error ends the process for an error.
 */
static void
check_error(rd_kafka_error_t *error)
{
	if (error != NULL)
		check(0, rd_kafka_error_string(error));
}

/*
 * partitions_of counts a topic's partitions.
 */
static int
partitions_of(rd_kafka_t *kafka, const char *topic)
{
	rd_kafka_topic_t *one = rd_kafka_topic_new(kafka, topic, NULL);
	const rd_kafka_metadata_t *metadata;
	int count = 0;

	for (int i = 0; i < 100 && count == 0; i++)
		if (rd_kafka_metadata(kafka, 0, one, &metadata, PATIENCE) == RD_KAFKA_RESP_ERR_NO_ERROR)
		{
			count = metadata->topics[0].partition_cnt;
			rd_kafka_metadata_destroy(metadata);
		}
	rd_kafka_topic_destroy(one);
	check(count > 0, "the topic has no partitions");
	return count;
}

/*
 * send_event sends the event with a number.
 */
static void
send_event(rd_kafka_t *kafka, const char *topic, int partition, long number, long bad, size_t frame)
{
	static const char framing[5] = {0, 0, 0, 0, 7};
	char body[256];
	int length;
	rd_kafka_resp_err_t code;

	memcpy(body, framing, frame);
	length = (int) frame + snprintf(body + frame, sizeof(body) - frame,
									number % bad == 0
										? "{\"event_id\":\"e%ld\",broken"
										: "{\"event_id\":\"e%ld\",\"event_name\":\"click\","
										  "\"occurred_at\":\"2026-03-29T13:05:00Z\",\"user_id\":"
										  "\"u1\"}",
									number);
	for (;;)
	{
		code = rd_kafka_producev(
			kafka, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
			RD_KAFKA_V_VALUE(body, (size_t) length), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
			RD_KAFKA_V_HEADER("X-Number", body + frame + 13, 1), RD_KAFKA_V_END);
		if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			break;
		rd_kafka_poll(kafka, 100);
	}
	check(code == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(code));
}

int
main(int argc, char **argv)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	const char *word = argc > 6 ? argv[6] : NULL;
	size_t frame = word != NULL && strcmp(word, "framed") == 0 ? 5 : 0;
	const char *transaction = frame == 0 ? word : NULL;
	long first = atol(argv[3]);
	long count = atol(argv[4]);
	char error[512];
	char id[64];
	rd_kafka_t *kafka;
	int partitions;

	rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], error, sizeof(error));
	rd_kafka_conf_set(conf, "enable.idempotence", "true", error, sizeof(error));
	rd_kafka_conf_set(conf, "linger.ms", "5", error, sizeof(error));
	snprintf(id, sizeof(id), "feeder-%ld", first);
	if (transaction != NULL)
		rd_kafka_conf_set(conf, "transactional.id", id, error, sizeof(error));
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	check(kafka != NULL, error);
	partitions = partitions_of(kafka, argv[2]);
	if (transaction != NULL)
	{
		check_error(rd_kafka_init_transactions(kafka, PATIENCE));
		check_error(rd_kafka_begin_transaction(kafka));
	}
	for (long i = 0; i < count; i++)
		send_event(kafka, argv[2], (int) ((first + i) % partitions), first + i, atol(argv[5]),
				   frame);
	check(rd_kafka_flush(kafka, PATIENCE) == RD_KAFKA_RESP_ERR_NO_ERROR && failed == 0,
		  "not all messages have arrived");
	if (transaction != NULL && strcmp(transaction, "commit") == 0)
		check_error(rd_kafka_commit_transaction(kafka, PATIENCE));
	else if (transaction != NULL && strcmp(transaction, "abort") == 0)
		check_error(rd_kafka_abort_transaction(kafka, PATIENCE));
	else if (transaction != NULL)
		_Exit(0);
	rd_kafka_destroy(kafka);
	return 0;
}
