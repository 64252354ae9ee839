/*
 * kafka_mock.c
 *		A cluster of Kafka brokers in memory, of librdkafka, for other processes, until standard input
 *		ends.
 *
 *		kafka_mock BROKERS TOPIC:PARTITIONS ...
 *
 * It writes the brokers' addresses.  Lines on standard input change what the cluster does, and each
 * is answered by "ok":
 *
 *		down ID, up ID					a broker
 *		delay ID MILLISECONDS			of each answer of a broker
 *		error API CODE COUNT			the next answers to a kind of question, by their numbers
 *		move TOPIC PARTITION ID			the leader of a partition
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/*
 * obey does what a line says.
 */
static void
obey(rd_kafka_mock_cluster_t *cluster, char *line)
{
	char word[32];
	char topic[256];
	int a = 0;
	int b = 0;
	int c = 0;

	if (sscanf(line, "move %255s %d %d", topic, &a, &b) == 3)
		rd_kafka_mock_partition_set_leader(cluster, topic, a, b);
	else if (sscanf(line, "%31s %d %d %d", word, &a, &b, &c) < 2)
		abort();
	else if (strcmp(word, "down") == 0)
		rd_kafka_mock_broker_set_down(cluster, a);
	else if (strcmp(word, "up") == 0)
		rd_kafka_mock_broker_set_up(cluster, a);
	else if (strcmp(word, "delay") == 0)
		rd_kafka_mock_broker_set_rtt(cluster, a, b);
	else if (strcmp(word, "error") == 0)
		for (int i = 0; i < c; i++)
			rd_kafka_mock_push_request_errors(cluster, (int16_t) a, 1, (rd_kafka_resp_err_t) b);
	else
		abort();
	printf("ok\n");
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[512];
	char line[512];
	rd_kafka_mock_cluster_t *cluster;
	rd_kafka_t *kafka;

	rd_kafka_conf_set(conf, "client.id", "mock", error, sizeof(error));
	kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	cluster = kafka != NULL ? rd_kafka_mock_cluster_new(kafka, argc > 1 ? atoi(argv[1]) : 1) : NULL;
	if (cluster == NULL)
		return 1;
	for (int i = 2; i < argc; i++)
	{
		char *colon = strchr(argv[i], ':');

		*colon = '\0';
		rd_kafka_mock_topic_create(cluster, argv[i], atoi(colon + 1), 1);
	}
	printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL)
		obey(cluster, line);
	rd_kafka_mock_cluster_destroy(cluster);
	rd_kafka_destroy(kafka);
	return 0;
}
