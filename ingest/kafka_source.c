/*
 * kafka_source.c
 *		Reading a partition of a Kafka topic.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kafka_message.h"
#include "kafka_source.h"
#include "log.h"

/* milliseconds */
#define BROKER_PATIENCE 5000
#define READ_PATIENCE   5000 /* for a message, or word that there is none */
#define COMMIT_INTERVAL 1000
#define WAIT_PART       200

#define NO_OFFSET (-1)

typedef struct KafkaSource
{
	LoadSource source;
	rd_kafka_t *kafka;
	rd_kafka_queue_t *queue;
	char *topic;
	int32_t partition;
	const char *protocol;
	Format *format;

	/* what the group and the loader's thread have to tell each other */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool answered; /* wanted is known, or can't be known now */
	int64_t wanted;
	bool assigned;
	int64_t assigned_at; /* NO_OFFSET: the source has to seek */
	atomic_bool cancelled;

	int64_t next_offset; /* of the next message to read */
	int64_t gap_from;
	int64_t gap_to;           /* NO_OFFSET: there is no gap */
	bool lost;                /* the broker has no message at next_offset */
	bool at_end;              /* the broker has said that there is no more for now */
	rd_kafka_message_t *held; /* read, and still to be given to the loader */
	Text frames;
	int64_t committed_at;
	int64_t loaded; /* up to which all is in the database */
	int64_t hinted; /* up to which the broker was told so */
} KafkaSource;

/*
 * clock_ms returns milliseconds of a clock that is never set.
 */
static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * fail sets the source's error.
 */
static bool
fail(KafkaSource *self, const char *what, const char *error)
{
	snprintf(self->source.error, LOAD_ERROR_SIZE, "%s: %s", what, error);
	return false;
}

/*
 * drop_held forgets the message that is held.
 */
static void
drop_held(KafkaSource *self)
{
	if (self->held != NULL)
		rd_kafka_message_destroy(self->held);
	self->held = NULL;
}

/*
 * parse_position reads a position; empty is the beginning.
 */
static bool
parse_position(KafkaSource *self, const char *position, int64_t *offset)
{
	char *end;

	*offset = *position == '\0' ? 0 : strtoll(position, &end, 10);
	if (*position == '\0' || (*end == '\0' && end != position && *offset >= 0))
		return true;
	return fail(self, "the position in the database is no offset", position);
}

/*
 * find_begin sets where to read from: at the offset, or where the log begins if that is later,
 * which is a gap unless nothing was ever read.
 */
static bool
find_begin(KafkaSource *self, int64_t offset, bool never_read)
{
	int64_t low;
	int64_t high;
	char text[160];
	rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
		self->kafka, self->topic, self->partition, &low, &high, BROKER_PATIENCE);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return fail(self, "could not ask the broker where the partition begins and ends",
					rd_kafka_err2str(code));
	if (!never_read && offset > high)
	{
		snprintf(text, sizeof(text),
				 "it ends at offset %" PRId64 ", before %" PRId64
				 ", up to which it was loaded; load a new topic under another kafka-name",
				 high, offset);
		return fail(self, "the partition was made anew, or has lost its end", text);
	}
	self->next_offset = offset < low ? low : offset;
	self->gap_from = offset;
	self->gap_to = offset < low && !never_read ? low : NO_OFFSET;
	self->lost = false;
	self->at_end = false;
	return true;
}

/*
 * answer tells the group where to assign the partition.
 */
static void
answer(KafkaSource *self, int64_t offset)
{
	pthread_mutex_lock(&self->lock);
	self->answered = true;
	self->wanted = offset;
	pthread_cond_broadcast(&self->changed);
	pthread_mutex_unlock(&self->lock);
}

/*
 * await_assignment waits until the partition is assigned; false if it is not going to be.
 */
static bool
await_assignment(KafkaSource *self)
{
	bool assigned;

	pthread_mutex_lock(&self->lock);
	while (!self->assigned && !atomic_load(&self->cancelled))
		pthread_cond_wait(&self->changed, &self->lock);
	assigned = !atomic_load(&self->cancelled);
	pthread_mutex_unlock(&self->lock);
	return assigned ||
		   fail(self, "the partition is not read any more", "it goes to another loader");
}

/*
 * seek has the broker send messages from the next offset on.
 */
static bool
seek(KafkaSource *self)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_t *one =
		rd_kafka_topic_partition_list_add(list, self->topic, self->partition);
	rd_kafka_error_t *error;
	bool done;

	drop_held(self);
	one->offset = self->next_offset;
	error = rd_kafka_seek_partitions(self->kafka, list, BROKER_PATIENCE);
	done = error == NULL && one->err == RD_KAFKA_RESP_ERR_NO_ERROR;
	if (!done)
		fail(self, "could not seek",
			 error != NULL ? rd_kafka_error_string(error) : rd_kafka_err2str(one->err));
	else
		rd_kafka_resume_partitions(self->kafka, list);
	if (error != NULL)
		rd_kafka_error_destroy(error);
	rd_kafka_topic_partition_list_destroy(list);
	return done;
}

/*
 * kafka_open begins to read at a position.
 */
static bool
kafka_open(LoadSource *source, const char *position)
{
	KafkaSource *self = (KafkaSource *) source;
	int64_t offset;
	int64_t assigned_at;
	bool begun =
		parse_position(self, position, &offset) && find_begin(self, offset, *position == '\0');

	answer(self, begun ? self->next_offset : NO_OFFSET);
	if (!begun || !await_assignment(self))
		return false;
	drop_held(self);
	pthread_mutex_lock(&self->lock);
	assigned_at = self->assigned_at;
	self->assigned_at = NO_OFFSET;
	pthread_mutex_unlock(&self->lock);
	return assigned_at == self->next_offset || seek(self);
}

/*
 * kafka_source_wanted tells where to assign the partition.
 */
bool
kafka_source_wanted(LoadSource *source, int64_t *offset)
{
	KafkaSource *self = (KafkaSource *) source;
	bool answered;

	pthread_mutex_lock(&self->lock);
	answered = self->answered;
	*offset = answered ? self->wanted : NO_OFFSET;
	pthread_mutex_unlock(&self->lock);
	return answered;
}

/*
 * kafka_source_assigned lets the loader's thread go on.
 */
void
kafka_source_assigned(LoadSource *source, int64_t offset)
{
	KafkaSource *self = (KafkaSource *) source;

	pthread_mutex_lock(&self->lock);
	self->assigned = true;
	self->assigned_at = offset;
	pthread_cond_broadcast(&self->changed);
	pthread_mutex_unlock(&self->lock);
}

/*
 * kafka_source_cancel ends all waiting.
 */
void
kafka_source_cancel(LoadSource *source)
{
	KafkaSource *self = (KafkaSource *) source;

	pthread_mutex_lock(&self->lock);
	atomic_store(&self->cancelled, true);
	pthread_cond_broadcast(&self->changed);
	pthread_mutex_unlock(&self->lock);
}

/*
 * is_error handles what comes in place of a message; false if it is a message.
 */
static bool
is_error(KafkaSource *self, const rd_kafka_message_t *message)
{
	switch (message->err)
	{
		case RD_KAFKA_RESP_ERR_NO_ERROR:
			return false;
		case RD_KAFKA_RESP_ERR__PARTITION_EOF:
			self->at_end = true;
			break;
		case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
			self->lost = true;
			break;
		default:
			fail(self, "the broker reports", rd_kafka_message_errstr(message));
	}
	return true;
}

/*
 * read_message has a message held, if one comes in time.
 */
static bool
read_message(KafkaSource *self, int milliseconds)
{
	rd_kafka_message_t *message;

	if (self->held != NULL)
		return true;
	message = rd_kafka_consume_queue(self->queue, milliseconds);
	/* what was on its way when the source sought is no part of what comes now */
	if (message == NULL || is_error(self, message) || message->offset < self->next_offset)
	{
		if (message != NULL)
			rd_kafka_message_destroy(message);
		return false;
	}
	self->held = message;
	self->at_end = false;
	return true;
}

/*
 * read_patiently has a message held unless there is none, which is known only when the broker has
 * said so.
 */
static bool
read_patiently(KafkaSource *self)
{
	int64_t until = clock_ms() + READ_PATIENCE;

	while (!read_message(self, self->at_end ? 0 : WAIT_PART))
	{
		if (self->at_end || self->lost || self->source.error[0] != '\0' ||
			atomic_load(&self->cancelled))
			return false;
		if (clock_ms() >= until)
			return fail(self, "the broker sends nothing",
						"neither messages nor that there are none");
	}
	return true;
}

/*
 * give_gap tells the loader what is lost.
 */
static SourceState
give_gap(KafkaSource *self, LoadBatch *batch)
{
	snprintf(batch->gap, sizeof(batch->gap),
			 "the offsets from %" PRId64 " to %" PRId64
			 " were removed from the topic before they were loaded",
			 self->gap_from, self->gap_to - 1);
	snprintf(batch->gap_to, sizeof(batch->gap_to), "%" PRId64, self->gap_to);
	snprintf(batch->next, sizeof(batch->next), "%" PRId64, self->gap_to);
	self->gap_to = NO_OFFSET;
	return SOURCE_BATCH;
}

/*
 * add_messages makes frames of messages.  It returns false, and why, if the first one has to wait.
 */
static bool
add_messages(KafkaSource *self, LoadBatch *batch, size_t max_bytes)
{
	char reason[FORMAT_ERROR_SIZE] = "";

	while (self->frames.length < max_bytes && read_message(self, 0))
	{
		if (kafka_message_frame(self->held, self->protocol, self->format, &self->frames, reason) ==
			FORMAT_WAIT)
			return batch->frames > 0 || fail(self, "a message has to wait", reason);
		self->next_offset = self->held->offset + 1;
		batch->frames++;
		drop_held(self);
	}
	return true;
}

/*
 * find_again sets where to go on after the broker has said that it has no message at the next
 * offset.
 * If it fails, it is tried again, from where the loader is: a gap that was found must not be
 * forgotten.
 */
static bool
find_again(KafkaSource *self)
{
	int64_t offset = self->gap_to != NO_OFFSET ? self->gap_from : self->next_offset;

	if (find_begin(self, offset, false) && seek(self))
		return true;
	self->lost = true;
	return false;
}

/*
 * kafka_next makes a batch of messages.
 */
static SourceState
kafka_next(LoadSource *source, LoadBatch *batch, size_t max_bytes)
{
	KafkaSource *self = (KafkaSource *) source;

	*batch = (LoadBatch){.frames = 0};
	source->error[0] = '\0';
	self->frames.length = 0;
	if (self->lost && !find_again(self))
		return SOURCE_ERROR;
	if (self->gap_to != NO_OFFSET)
		return give_gap(self, batch);
	if (!read_patiently(self) || !add_messages(self, batch, max_bytes))
		return source->error[0] != '\0' ? SOURCE_ERROR : SOURCE_NOTHING;
	batch->bytes = (const unsigned char *) self->frames.data;
	batch->length = self->frames.length;
	snprintf(batch->next, sizeof(batch->next), "%" PRId64, self->next_offset);
	return SOURCE_BATCH;
}

/*
 * kafka_wait waits for a message.
 */
static void
kafka_wait(LoadSource *source, int milliseconds)
{
	KafkaSource *self = (KafkaSource *) source;

	read_message(self, milliseconds);
}

/*
 * commit tells the broker up to where all is loaded.
 */
static void
commit(KafkaSource *self)
{
	rd_kafka_topic_partition_list_t *list;

	if (self->loaded <= self->hinted)
		return;
	list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, self->topic, self->partition)->offset = self->loaded;
	rd_kafka_commit(self->kafka, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
	self->hinted = self->loaded;
	self->committed_at = clock_ms();
}

/*
 * kafka_loaded notes up to where all is loaded, and tells the broker now and then.
 */
static void
kafka_loaded(LoadSource *source, const char *position)
{
	KafkaSource *self = (KafkaSource *) source;

	self->loaded = strtoll(position, NULL, 10);
	if (clock_ms() - self->committed_at >= COMMIT_INTERVAL)
		commit(self);
}

/*
 * kafka_backlog returns how many offsets are not loaded yet.
 */
static int64_t
kafka_backlog(LoadSource *source, const char *position)
{
	KafkaSource *self = (KafkaSource *) source;
	int64_t low;
	int64_t high;

	if (rd_kafka_get_watermark_offsets(self->kafka, self->topic, self->partition, &low, &high) !=
			RD_KAFKA_RESP_ERR_NO_ERROR ||
		high < 0)
		return -1;
	return high - (*position == '\0' ? low : strtoll(position, NULL, 10));
}

/*
 * kafka_close frees what the source has.
 */
static void
kafka_close(LoadSource *source)
{
	KafkaSource *self = (KafkaSource *) source;

	commit(self);
	drop_held(self);
	rd_kafka_queue_destroy(self->queue);
	format_close(self->format);
	text_free(&self->frames);
	pthread_mutex_destroy(&self->lock);
	pthread_cond_destroy(&self->changed);
	free(self->topic);
}

static const LoadSourceKind kafka_kind = {
	.open = kafka_open,
	.next = kafka_next,
	.wait = kafka_wait,
	.loaded = kafka_loaded,
	.backlog = kafka_backlog,
	.close = kafka_close,
};

/*
 * kafka_source_create makes a source.  Its messages come by a queue of its own, which only the
 * loader's thread reads.
 */
LoadSource *
kafka_source_create(rd_kafka_t *kafka, const char *topic, int32_t partition,
					const KafkaSettings *settings, char *error)
{
	KafkaSource *self = calloc(1, sizeof(KafkaSource));

	snprintf(error, FORMAT_ERROR_SIZE, "out of memory");
	if (self == NULL || (self->topic = strdup(topic)) == NULL ||
		(self->format = format_open(&settings->format, error)) == NULL)
	{
		if (self != NULL)
			free(self->topic);
		free(self);
		return NULL;
	}
	self->source.kind = &kafka_kind;
	snprintf(self->source.name, sizeof(self->source.name), "%s", settings->name);
	snprintf(self->source.partition, sizeof(self->source.partition), "%.240s/%" PRId32, topic,
			 partition);
	self->kafka = kafka;
	self->partition = partition;
	self->protocol = settings->protocol;
	self->wanted = self->assigned_at = self->gap_to = NO_OFFSET;
	pthread_mutex_init(&self->lock, NULL);
	pthread_cond_init(&self->changed, NULL);
	self->queue = rd_kafka_queue_get_partition(kafka, topic, partition);
	rd_kafka_queue_forward(self->queue, NULL);
	return &self->source;
}
