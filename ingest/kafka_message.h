/*
 * kafka_message.h
 *		A message of Kafka as the frame of a request.
 *
 * The headers are the message's, in lower case, and these of the program's own, which no message
 * can set: ":source", the topic; ":offset", the topic, partition and offset, apart by slashes;
 * ":format", what the body was, if it was not JSON; ":error", why the message can't be read, whose
 * body then is as it was.  It was received when the broker's record says, or now if the record has
 * no time or one that is still to come.
 *
 * A message of a collector (the setting to-kafka) has a request's body, and in headers of its own
 * the request's protocol, its headers as JSON and its time.  They are believed where the user says
 * that a topic's messages are a collector's (KAFKA_COLLECTOR as the protocol): whoever may write to
 * the topic could have set them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_KAFKA_MESSAGE_H
#define INGEST_KAFKA_MESSAGE_H

#include <librdkafka/rdkafka.h>

#include "format.h"
#include "text.h"

#define KAFKA_COLLECTOR "collector"

#define KAFKA_HEADER_PROTOCOL    "pg_sessionize.protocol"
#define KAFKA_HEADER_HEADERS     "pg_sessionize.headers"
#define KAFKA_HEADER_RECEIVED_AT "pg_sessionize.received_at"

/* Add a message's frame to others.  FORMAT_WAIT: it has to be tried again; *reason says why. */
extern FormatOutcome kafka_message_frame(const rd_kafka_message_t *message, const char *protocol,
										 Format *format, Text *frames, char *reason);

#endif /* INGEST_KAFKA_MESSAGE_H */
