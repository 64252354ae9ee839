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
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_KAFKA_MESSAGE_H
#define INGEST_KAFKA_MESSAGE_H

#include <librdkafka/rdkafka.h>

#include "format.h"
#include "text.h"

/* Add a message's frame to others.  FORMAT_WAIT: it has to be tried again; *reason says why. */
extern FormatOutcome kafka_message_frame(const rd_kafka_message_t *message, const char *protocol,
										 Format *format, Text *frames, char *reason);

#endif /* INGEST_KAFKA_MESSAGE_H */
