/*
 * kafka_sink.c
 *		Requests are kept in a Kafka topic: a request's body is the message, and what else there is of
 *		it is in headers of the message (kafka_message.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "log.h"
#include "sink.h"

#ifndef WITH_KAFKA

/*
 * kafka_sink_open says that the program can't.
 */
Sink *
kafka_sink_open(const Options *options)
{
	log_error("to-kafka %s: this program was built without librdkafka; install librdkafka-dev and "
			  "build it again",
			  options->to_kafka);
	return NULL;
}

#else

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "kafka_client.h"
#include "kafka_message.h"

#define POLL_MILLISECONDS 100

typedef struct KafkaSink
{
	Sink sink;
	const Options *options;
	rd_kafka_t *kafka;  /* NULL: the last one has failed for good */
	size_t outstanding; /* messages of which it is not known yet what became of them */
} KafkaSink;

/*
 * outcome_of tells what an error means for a request, and sets the sink's error.
 */
static SinkStatus
outcome_of(KafkaSink *sink, rd_kafka_resp_err_t code)
{
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return SINK_KEPT;
	snprintf(sink->sink.error, sizeof(sink->sink.error), "Kafka at %.400s, topic \"%.250s\": %s",
			 sink->options->kafka_brokers, sink->options->to_kafka, rd_kafka_err2str(code));
	return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ? SINK_TOO_LARGE : SINK_FAILED;
}

/*
 * on_delivery is called, by rd_kafka_poll, for each message once it is known what became of it.
 */
static void
on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque)
{
	KafkaSink *sink = opaque;

	(void) kafka;
	sink->outstanding--;
	*(SinkStatus *) message->_private = outcome_of(sink, message->err);
}

/*
 * produce hands a request to librdkafka, which copies it.
 */
static rd_kafka_resp_err_t
produce(KafkaSink *sink, const struct iovec *bytes, SinkStatus *outcome)
{
	Frame frame;
	size_t size;
	char received[32];

	if (frame_decode(bytes->iov_base, bytes->iov_len, &frame, &size) != FRAME_WHOLE)
		return RD_KAFKA_RESP_ERR__INVALID_ARG;
	snprintf(received, sizeof(received), "%" PRId64, frame.received_at);
	return rd_kafka_producev(
		sink->kafka, RD_KAFKA_V_TOPIC(sink->options->to_kafka),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(outcome),
		RD_KAFKA_V_VALUE((void *) frame.body, frame.body_length),
		RD_KAFKA_V_HEADER(KAFKA_HEADER_PROTOCOL, frame.protocol, (ssize_t) frame.protocol_length),
		RD_KAFKA_V_HEADER(KAFKA_HEADER_HEADERS, frame.headers, (ssize_t) frame.headers_length),
		RD_KAFKA_V_HEADER(KAFKA_HEADER_RECEIVED_AT, received, (ssize_t) strlen(received)),
		RD_KAFKA_V_END);
}

/*
 * send_request sends a request, and makes room in librdkafka's queue for it.
 */
static void
send_request(KafkaSink *sink, const struct iovec *bytes, SinkStatus *outcome)
{
	rd_kafka_resp_err_t code;

	while ((code = produce(sink, bytes, outcome)) == RD_KAFKA_RESP_ERR__QUEUE_FULL &&
		   sink->outstanding > 0)
		rd_kafka_poll(sink->kafka, POLL_MILLISECONDS);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		sink->outstanding++;
	else
		*outcome = outcome_of(sink, code);
}

/*
 * has_timeout refuses messages that never time out: while no broker answers, their requests would
 * not be answered either, and the program would not end.
 */
static bool
has_timeout(rd_kafka_conf_t *conf)
{
	char value[32] = "";
	size_t size = sizeof(value);

	if (rd_kafka_conf_get(conf, "message.timeout.ms", value, &size) == RD_KAFKA_CONF_OK &&
		strcmp(value, "0") != 0)
		return true;
	log_error("kafka-config: message.timeout.ms can't be 0, since requests would wait forever for "
			  "a broker that does not answer");
	return false;
}

/*
 * make_producer makes librdkafka's producer.  How large a message may be is up to the brokers: a
 * request's body is limited before.
 */
static bool
make_producer(KafkaSink *sink)
{
	static const KafkaProperty first[] = {{"linger.ms", "0"},
										  {"message.timeout.ms", "10000"},
										  {"message.max.bytes", "1000000000"},
										  {NULL, NULL}};
	/* without a report of each message that is kept, a group would wait for it forever */
	static const KafkaProperty last[] = {{"acks", "all"},
										 {"enable.idempotence", "true"},
										 {"delivery.report.only.error", "false"},
										 {NULL, NULL}};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char error[512] = "the producer's properties are not valid";

	if (kafka_configure(conf, sink->options, first, last) && has_timeout(conf))
	{
		rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
		rd_kafka_conf_set_opaque(conf, sink);
		sink->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	}
	if (sink->kafka != NULL)
		return true;
	log_error("Kafka: %s", error);
	rd_kafka_conf_destroy(conf);
	return false;
}

/*
 * drop_failed ends a producer that has failed for good, such as one that brokers which have lost
 * their data no longer know; the next group has a new one.
 */
static void
drop_failed(KafkaSink *sink)
{
	char reason[512];

	if (rd_kafka_fatal_error(sink->kafka, reason, sizeof(reason)) == RD_KAFKA_RESP_ERR_NO_ERROR)
		return;
	log_warning("Kafka: the producer has failed, another one takes its place: %s", reason);
	rd_kafka_destroy(sink->kafka);
	sink->kafka = NULL;
}

/*
 * append sends requests, and waits until all in-sync replicas have them, or until librdkafka gives
 * up (message.timeout.ms).
 */
static void
append(Sink *base, struct iovec *frames, size_t count, size_t length, SinkStatus *outcomes)
{
	KafkaSink *sink = (KafkaSink *) base;

	(void) length;
	if (sink->kafka == NULL && !make_producer(sink))
		return;
	for (size_t i = 0; i < count; i++)
		send_request(sink, &frames[i], &outcomes[i]);
	while (sink->outstanding > 0)
		rd_kafka_poll(sink->kafka, POLL_MILLISECONDS);
	drop_failed(sink);
}

/*
 * close_kafka ends the producer; nothing is outstanding.
 */
static void
close_kafka(Sink *base)
{
	KafkaSink *sink = (KafkaSink *) base;

	if (sink->kafka != NULL)
		rd_kafka_destroy(sink->kafka);
	free(sink);
}

static const SinkKind kind = {
	.append = append,
	.close = close_kafka,
};

/*
 * kafka_sink_open begins to use a topic.
 */
Sink *
kafka_sink_open(const Options *options)
{
	KafkaSink *sink = calloc(1, sizeof(KafkaSink));

	if (sink == NULL)
		return NULL;
	sink->sink.kind = &kind;
	sink->options = options;
	if (!make_producer(sink))
	{
		free(sink);
		return NULL;
	}
	log_info("requests are kept in the topic \"%s\" of Kafka at %s", options->to_kafka,
			 options->kafka_brokers);
	return &sink->sink;
}

#endif
