/*
 * redis_sink.c
 *		Requests are kept in a Redis stream, each as an entry that the command load reads
 *		(redis_entry.h).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "log.h"
#include "sink.h"

#ifndef WITH_HIREDIS

/*
 * redis_sink_open says that the program can't.
 */
Sink *
redis_sink_open(const Options *options)
{
	log_error("to-redis %s: this program was built without hiredis; install libhiredis-dev and "
			  "build it again",
			  options->to_redis);
	return NULL;
}

#else

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "redis_connection.h"

typedef struct RedisSink
{
	Sink sink;
	const char *server;
	const char *stream;
	redisContext *redis; /* NULL: not connected */
} RedisSink;

/*
 * fail sets the sink's error.
 */
static void
fail(RedisSink *sink, const char *why)
{
	snprintf(sink->sink.error, sizeof(sink->sink.error), "Redis at %s, stream \"%s\": %.800s",
			 sink->server, sink->stream, why);
}

/*
 * disconnect closes the connection.
 */
static void
disconnect(RedisSink *sink)
{
	if (sink->redis != NULL)
		redisFree(sink->redis);
	sink->redis = NULL;
}

/*
 * connect_server opens the connection, unless it is open.
 */
static bool
connect_server(RedisSink *sink)
{
	char error[REDIS_ERROR_SIZE];

	if (sink->redis == NULL && (sink->redis = redis_connect(sink->server, error)) == NULL)
		fail(sink, error);
	return sink->redis != NULL;
}

/*
 * send_request adds the command that keeps a request to those that are on their way.
 */
static bool
send_request(RedisSink *sink, const struct iovec *bytes)
{
	Frame frame;
	size_t size;
	char received[32];

	if (frame_decode(bytes->iov_base, bytes->iov_len, &frame, &size) != FRAME_WHOLE)
		return false;
	snprintf(received, sizeof(received), "%" PRId64, frame.received_at);
	return redisAppendCommand(
			   sink->redis, "XADD %s * protocol %b headers %b received_at %s body %b", sink->stream,
			   frame.protocol, (size_t) frame.protocol_length, frame.headers,
			   (size_t) frame.headers_length, received, frame.body, frame.body_length) == REDIS_OK;
}

/*
 * read_answer reads the answer to one of the commands.
 */
static SinkStatus
read_answer(RedisSink *sink)
{
	redisReply *reply = NULL;
	SinkStatus status = SINK_KEPT;

	if (redisGetReply(sink->redis, (void **) &reply) != REDIS_OK || reply == NULL)
	{
		fail(sink, sink->redis->errstr);
		return SINK_FAILED;
	}
	if (reply->type == REDIS_REPLY_ERROR)
	{
		status = strncmp(reply->str, "OOM ", 4) == 0 ? SINK_FULL : SINK_FAILED;
		fail(sink, reply->str);
	}
	freeReplyObject(reply);
	return status;
}

/*
 * exchange sends requests and reads all answers, also after one that is an error.
 */
static bool
exchange(RedisSink *sink, const struct iovec *frames, size_t count, SinkStatus *outcomes)
{
	bool good = true;

	for (size_t i = 0; i < count; i++)
		if (!send_request(sink, &frames[i]))
		{
			fail(sink, "a request can't be sent");
			return false;
		}
	for (size_t i = 0; i < count && sink->redis->err == 0; i++)
	{
		outcomes[i] = read_answer(sink);
		good = good && outcomes[i] == SINK_KEPT;
	}
	return good;
}

/*
 * append adds requests to the stream.  After an error the next group looks anew at what the server
 * is: it may be another one by now.
 */
static void
append(Sink *base, struct iovec *frames, size_t count, size_t length, SinkStatus *outcomes)
{
	RedisSink *sink = (RedisSink *) base;

	(void) length;
	if (connect_server(sink) && !exchange(sink, frames, count, outcomes))
		disconnect(sink);
}

/*
 * close_redis closes the connection.
 */
static void
close_redis(Sink *base)
{
	disconnect((RedisSink *) base);
	free(base);
}

static const SinkKind kind = {
	.append = append,
	.close = close_redis,
};

/*
 * redis_sink_open begins to use a stream.
 */
Sink *
redis_sink_open(const Options *options)
{
	RedisSink *sink = calloc(1, sizeof(RedisSink));

	if (sink == NULL)
		return NULL;
	sink->sink.kind = &kind;
	sink->server = options->redis;
	sink->stream = options->to_redis;
	if (connect_server(sink))
		log_info("requests are kept in the stream \"%s\" of Redis at %s", sink->stream,
				 sink->server);
	else
		log_warning("%s; until it answers, requests are answered 503", sink->sink.error);
	return &sink->sink;
}

#endif
