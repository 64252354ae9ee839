/*
 * redis_source.c
 *		The requests in a Redis stream, for a loader.
 *
 * Without a group the stream is read from the position that the database has, and Redis keeps
 * nothing for the loader.  With a group, several loaders share the stream: Redis gives each entry to
 * one of them, and keeps it in that consumer's list of pending entries until it is acknowledged.  A
 * consumer gets entries in the order of their ids, so its position in the database tells which of
 * its pending entries are loaded: after a crash in between these are acknowledged, and the others
 * are loaded.  For that a consumer's name has to be its own, and must come back after a crash.
 *
 * What the stream says of itself, and its entries, are read in one transaction of Redis: so an entry
 * that was deleted before it was read is told of, and none that was deleted afterwards.  Redis does
 * not say which entries were trimmed, but how many were ever added.  So a position has this number
 * as well, "ID NUMBER": as of the entry with the id.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "redis_source.h"

#include "log.h"

#ifndef WITH_HIREDIS

/*
 * redis_source_create says that the program can't.
 */
LoadSource *
redis_source_create(const Options *options, const char *stream)
{
	(void) options;
	log_error("redis-stream %s: this program was built without hiredis; install libhiredis-dev and "
			  "build it again",
			  stream);
	return NULL;
}

#else

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "redis_connection.h"
#include "redis_entry.h"

/* At most so many entries are read at once. */
#define MAX_ENTRIES       5000

/* How large an entry is taken to be before any was read. */
#define FIRST_ENTRY_BYTES 1024

typedef struct RedisSource
{
	LoadSource source;
	const char *server; /* HOST:PORT or the path of a socket */
	char *stream;
	const char *group;    /* NULL: the stream is read by its positions */
	const char *consumer; /* in the group */
	bool trim;
	redisContext *redis;
	char position[LOAD_POSITION_SIZE]; /* the id of the last entry that was read */
	uint64_t added;                    /* how many entries were ever added up to there */
	bool knows_added;
	bool at_end;                        /* the last batch had all that there was */
	char wait_from[LOAD_POSITION_SIZE]; /* where nothing new comes after */
	bool pending;       /* entries that were given to the consumer before are read */
	StreamId told;      /* up to which deleted entries were told of */
	uint64_t told_gone; /* so many entries were gone when that was told of a group */
	bool told_behind;   /* the stream ends before the position, and that was told */
	size_t entry_bytes; /* the mean of the last batch */
	ByteBuffer buffer;
} RedisSource;

/* What a stream says of itself. */
typedef struct StreamInfo
{
	bool exists;
	StreamId first;     /* the first entry that is there, if there is any */
	StreamId last;      /* the last entry that was added */
	StreamId deleted;   /* the last entry that was deleted, not trimmed */
	StreamId delivered; /* the last entry that was given to the group */
	uint64_t length;
	uint64_t added; /* entries that were ever added */
	uint64_t given; /* entries up to the last one that was given to the group */
	bool knows_given;
	int64_t lag; /* entries that were not given to the group yet; -1: not known */
} StreamInfo;

/*
 * fail sets the source's error.
 */
static bool
fail(RedisSource *source, const char *what, const char *why)
{
	snprintf(source->source.error, sizeof(source->source.error),
			 "Redis at %s, stream \"%s\": %s%s%s", source->server, source->stream, what,
			 why[0] == '\0' ? "" : ": ", why);
	return false;
}

/*
 * disconnect closes the connection.
 */
static void
disconnect(RedisSource *source)
{
	if (source->redis != NULL)
		redisFree(source->redis);
	source->redis = NULL;
}

/*
 * check takes a reply that may be an error or none at all; NULL then, and the source's error is set.
 */
static redisReply *
check(RedisSource *source, void *answer)
{
	redisReply *reply = answer;

	if (reply == NULL)
	{
		fail(source, "no answer", source->redis->errstr);
		disconnect(source);
		return NULL;
	}
	if (reply->type != REDIS_REPLY_ERROR)
		return reply;
	fail(source, "an error", reply->str);
	freeReplyObject(reply);
	return NULL;
}

/*
 * run runs a command whose answer does not matter.
 */
static bool
run(RedisSource *source, void *answer)
{
	redisReply *reply = check(source, answer);

	if (reply == NULL)
		return false;
	freeReplyObject(reply);
	return true;
}

/*
 * make_group makes the group, from the beginning of the stream, unless it is there.
 */
static bool
make_group(RedisSource *source)
{
	redisReply *reply = redisCommand(source->redis, "XGROUP CREATE %s %s 0 MKSTREAM",
									 source->stream, source->group);

	if (reply != NULL && reply->type == REDIS_REPLY_ERROR &&
		strncmp(reply->str, "BUSYGROUP", 9) == 0)
	{
		freeReplyObject(reply);
		return true;
	}
	return run(source, reply);
}

/*
 * have_connection opens the connection, unless it is open.
 */
static bool
have_connection(RedisSource *source)
{
	char error[REDIS_ERROR_SIZE];

	if (source->redis != NULL && source->redis->err == 0)
		return true;
	disconnect(source);
	source->redis = redis_connect(source->server, error);
	if (source->redis == NULL)
		return fail(source, error, "");
	if (source->group == NULL || make_group(source))
		return true;
	disconnect(source);
	return false;
}

/*
 * acknowledge acknowledges the consumer's entries up to an id, which are loaded.
 */
static bool
acknowledge(RedisSource *source, const char *to)
{
	size_t acknowledged;

	do
	{
		redisReply *pending =
			check(source, redisCommand(source->redis, "XPENDING %s %s - %s 1000 %s", source->stream,
									   source->group, to, source->consumer));
		bool done = true;

		if (pending == NULL)
			return false;
		acknowledged = pending->elements;
		for (size_t i = 0; i < pending->elements; i++)
			redisAppendCommand(source->redis, "XACK %s %s %s", source->stream, source->group,
							   pending->element[i]->element[0]->str);
		for (size_t i = 0; i < pending->elements && done; i++)
		{
			redisReply *reply = NULL;

			if (redisGetReply(source->redis, (void **) &reply) != REDIS_OK)
				reply = NULL;
			done = run(source, reply);
		}
		freeReplyObject(pending);
		if (!done)
			return false;
	} while (acknowledged > 0);
	return true;
}

/*
 * read_position reads a position, ID or ID NUMBER; empty: the beginning.
 */
static bool
read_position(RedisSource *source, const char *position)
{
	const char *space = strchr(position, ' ');
	StreamId id;

	snprintf(source->position, sizeof(source->position), "%.*s",
			 space == NULL ? (int) strlen(position) : (int) (space - position), position);
	if (!stream_id_read(source->position, &id))
		return fail(source, "no id of an entry, which the position should be", position);
	if (source->position[0] == '\0')
		snprintf(source->position, sizeof(source->position), "0-0");
	source->knows_added = space != NULL;
	source->added = space == NULL ? 0 : strtoull(space + 1, NULL, 10);
	return true;
}

/*
 * write_position writes a position.
 */
static void
write_position(const RedisSource *source, const char *id, uint64_t added, char *position)
{
	if (source->group == NULL && source->knows_added)
		snprintf(position, LOAD_POSITION_SIZE, "%.40s %llu", id, (unsigned long long) added);
	else
		snprintf(position, LOAD_POSITION_SIZE, "%.40s", id);
}

/*
 * open_stream begins to read at a position.
 */
static bool
open_stream(LoadSource *base, const char *position)
{
	RedisSource *source = (RedisSource *) base;

	if (!read_position(source, position))
		return false;
	snprintf(source->wait_from, sizeof(source->wait_from), "%s", source->position);
	source->pending = source->group != NULL;
	if (!have_connection(source))
		return false;
	return source->group == NULL || acknowledge(source, source->position);
}

/*
 * field finds a value in an answer of names and values in turns; NULL if it is not there.
 */
static const redisReply *
field(const redisReply *reply, const char *name)
{
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		if (reply->element[i]->str != NULL && strcmp(reply->element[i]->str, name) == 0)
			return reply->element[i + 1];
	return NULL;
}

/*
 * field_id reads an id.
 */
static void
field_id(const redisReply *reply, const char *name, StreamId *id)
{
	const redisReply *value = field(reply, name);

	if (value != NULL && value->str != NULL)
		(void) stream_id_read(value->str, id);
}

/*
 * field_number reads a number; false if there is none.
 */
static bool
field_number(const redisReply *reply, const char *name, uint64_t *number)
{
	const redisReply *value = field(reply, name);

	if (value == NULL || value->type != REDIS_REPLY_INTEGER || value->integer < 0)
		return false;
	*number = (uint64_t) value->integer;
	return true;
}

/*
 * read_info reads what the stream, and the group, say of themselves.
 */
static StreamInfo
read_info(const RedisSource *source, const redisReply *stream, const redisReply *groups)
{
	StreamInfo info = {.exists = stream->type == REDIS_REPLY_ARRAY, .lag = -1};
	const redisReply *first;
	uint64_t lag;

	if (!info.exists)
		return info;
	field_id(stream, "last-generated-id", &info.last);
	field_id(stream, "max-deleted-entry-id", &info.deleted);
	(void) field_number(stream, "length", &info.length);
	(void) field_number(stream, "entries-added", &info.added);
	first = field(stream, "first-entry");
	if (first != NULL && first->type == REDIS_REPLY_ARRAY && first->elements > 0)
		(void) stream_id_read(first->element[0]->str, &info.first);
	if (groups == NULL || groups->type != REDIS_REPLY_ARRAY)
		return info;
	for (size_t i = 0; i < groups->elements; i++)
	{
		const redisReply *name = field(groups->element[i], "name");

		if (name == NULL || name->str == NULL || strcmp(name->str, source->group) != 0)
			continue;
		field_id(groups->element[i], "last-delivered-id", &info.delivered);
		info.knows_given = field_number(groups->element[i], "entries-read", &info.given);
		if (field_number(groups->element[i], "lag", &lag))
			info.lag = (int64_t) lag;
	}
	return info;
}

/*
 * tell_behind tells once that the stream ends before the position.
 */
static void
tell_behind(RedisSource *source, const StreamInfo *info, LoadBatch *batch)
{
	if (!source->told_behind)
		snprintf(batch->gap, sizeof(batch->gap),
				 "the stream %s before the position %s: Redis has lost entries, or the stream was "
				 "made anew",
				 info->exists ? "ends" : "is gone, and would begin", source->position);
	source->told_behind = true;
	source->knows_added = false;
}

/*
 * unread_gone counts the entries after the last one that was read which are gone: if the stream
 * begins after it, all that was added and is not there, less what was read.
 */
static uint64_t
unread_gone(const RedisSource *source, const StreamInfo *info, StreamId read_to)
{
	bool known = source->group == NULL ? source->knows_added : info->knows_given;
	uint64_t read = source->group == NULL ? source->added : info->given;
	uint64_t gone = info->added - info->length;

	if (!known || gone <= read || gone <= source->told_gone)
		return 0;
	return info->length > 0 && stream_id_compare(info->first, read_to) <= 0 ? 0 : gone - read;
}

/*
 * find_gap finds out whether entries were deleted before they were read.
 */
static void
find_gap(RedisSource *source, const StreamInfo *info, LoadBatch *batch)
{
	StreamId position;
	StreamId read_to;
	uint64_t gone;

	(void) stream_id_read(source->position, &position);
	read_to = source->group == NULL ? position : info->delivered;
	gone = unread_gone(source, info, read_to);
	if (source->group == NULL && stream_id_compare(info->last, position) < 0)
		tell_behind(source, info, batch);
	else if (gone > 0)
	{
		/* a group's count does not know of entries that it did not get: so it may be fewer */
		snprintf(batch->gap, sizeof(batch->gap),
				 "%s%llu entries of the stream were trimmed or deleted before they were read",
				 source->group == NULL ? "" : "up to ", (unsigned long long) gone);
		source->added += source->group == NULL ? gone : 0;
		source->told_gone = source->group == NULL ? 0 : info->added - info->length;
	}
	else if (stream_id_compare(info->deleted, read_to) > 0 &&
			 stream_id_compare(info->deleted, source->told) > 0)
		snprintf(batch->gap, sizeof(batch->gap),
				 "entries of the stream up to %llu-%llu were deleted before they were read",
				 (unsigned long long) info->deleted.milliseconds,
				 (unsigned long long) info->deleted.number);
	if (batch->gap[0] == '\0')
		return;
	source->told = info->deleted;
	write_position(source, source->position, source->added, batch->gap_to);
}

/*
 * add_entry adds an entry to the batch.  An entry that is pending and was deleted has no fields.
 */
static bool
add_entry(RedisSource *source, const redisReply *entry, LoadBatch *batch)
{
	const char *text = entry->element[0]->str;
	const redisReply *fields = entry->element[1];
	EntryText *texts;
	StreamId id;
	bool done;

	if (!stream_id_read(text, &id))
		return fail(source, "no id", text);
	snprintf(batch->next, sizeof(batch->next), "%.40s", text);
	if (fields->type != REDIS_REPLY_ARRAY)
	{
		if (batch->gap[0] == '\0')
			snprintf(batch->gap, sizeof(batch->gap),
					 "the entry %s was deleted before it was loaded, perhaps with others", text);
		snprintf(batch->gap_to, sizeof(batch->gap_to), "%s", source->position);
		return true;
	}
	texts = calloc(fields->elements + 1, sizeof(EntryText));
	if (texts == NULL)
		return fail(source, "no memory", "");
	for (size_t i = 0; i < fields->elements; i++)
		texts[i] = (EntryText){fields->element[i]->str, fields->element[i]->len};
	done = entry_append_frame(&source->buffer, source->stream, id, texts, fields->elements);
	free(texts);
	if (!done)
		return fail(source, "the entry is too large, or there is no memory", text);
	batch->frames++;
	return true;
}

/*
 * take_entries makes a batch of the entries of an answer to XREAD or XREADGROUP.
 */
static bool
take_entries(RedisSource *source, const redisReply *streams, LoadBatch *batch, size_t max_bytes,
			 int asked)
{
	const redisReply *entries;

	source->buffer.length = 0;
	source->at_end = true;
	if (streams->type != REDIS_REPLY_ARRAY || streams->elements == 0)
		return true;
	entries = streams->element[0]->element[1];
	source->at_end = entries->elements < (size_t) asked;
	for (size_t i = 0; i < entries->elements; i++)
	{
		/* what is left is read again, except for what Redis has given to this consumer */
		if (batch->frames > 0 && source->buffer.length >= max_bytes && source->group == NULL)
		{
			source->at_end = false;
			break;
		}
		if (!add_entry(source, entries->element[i], batch))
			return false;
	}
	batch->bytes = source->buffer.bytes;
	batch->length = source->buffer.length;
	if (batch->frames > 0)
		source->entry_bytes = batch->length / batch->frames + 1;
	else if (batch->next[0] != '\0')
		snprintf(batch->gap_to, sizeof(batch->gap_to), "%s", batch->next);
	return true;
}

/*
 * ask sends the transaction that reads, and returns the answer to EXEC.
 */
static redisReply *
ask(RedisSource *source, int count)
{
	redisReply *reply = NULL;
	const int commands = source->group == NULL ? 4 : 5;

	redisAppendCommand(source->redis, "MULTI");
	redisAppendCommand(source->redis, "XINFO STREAM %s", source->stream);
	if (source->group != NULL)
	{
		redisAppendCommand(source->redis, "XINFO GROUPS %s", source->stream);
		redisAppendCommand(source->redis, "XREADGROUP GROUP %s %s COUNT %d STREAMS %s %s",
						   source->group, source->consumer, count, source->stream,
						   source->pending ? source->position : ">");
	}
	else
		redisAppendCommand(source->redis, "XREAD COUNT %d STREAMS %s %s", count, source->stream,
						   source->position);
	redisAppendCommand(source->redis, "EXEC");
	for (int i = 0; i < commands; i++)
	{
		if (reply != NULL)
			freeReplyObject(reply);
		reply = NULL;
		if (redisGetReply(source->redis, (void **) &reply) != REDIS_OK)
			return check(source, NULL);
	}
	return check(source, reply);
}

/*
 * move_on moves the source's position behind a batch.
 */
static void
move_on(RedisSource *source, const StreamInfo *info, LoadBatch *batch)
{
	snprintf(source->position, sizeof(source->position), "%s", batch->next);
	if (source->at_end)
	{
		source->added = info->added;
		source->knows_added = true;
	}
	else
		source->added += batch->frames;
	write_position(source, source->position, source->added, batch->next);
}

/*
 * take_answer makes a batch of the answer of the transaction.
 */
static SourceState
take_answer(RedisSource *source, const redisReply *answer, LoadBatch *batch, size_t max_bytes,
			int asked)
{
	const redisReply *read = answer->element[answer->elements - 1];
	StreamInfo info =
		read_info(source, answer->element[0], source->group == NULL ? NULL : answer->element[1]);

	if (read->type == REDIS_REPLY_ERROR)
	{
		fail(source, "an error", read->str);
		/* a group that is gone is made again with the connection */
		disconnect(source);
		return SOURCE_ERROR;
	}
	find_gap(source, &info, batch);
	if (!take_entries(source, read, batch, max_bytes, asked))
		return SOURCE_ERROR;
	if (source->group != NULL)
		snprintf(source->wait_from, sizeof(source->wait_from), "%llu-%llu",
				 (unsigned long long) info.delivered.milliseconds,
				 (unsigned long long) info.delivered.number);
	if (batch->next[0] != '\0')
		move_on(source, &info, batch);
	if (source->group == NULL)
		snprintf(source->wait_from, sizeof(source->wait_from), "%s", source->position);
	return batch->next[0] != '\0' || batch->gap[0] != '\0' ? SOURCE_BATCH : SOURCE_NOTHING;
}

/*
 * next_entries reads entries.
 */
static SourceState
next_entries(LoadSource *base, LoadBatch *batch, size_t max_bytes)
{
	RedisSource *source = (RedisSource *) base;
	size_t count = max_bytes / source->entry_bytes + 1;
	int asked = count < MAX_ENTRIES ? (int) count : MAX_ENTRIES;
	redisReply *answer;
	SourceState state;

	memset(batch, 0, sizeof(*batch));
	if (!have_connection(source))
		return SOURCE_ERROR;
	answer = ask(source, asked);
	if (answer == NULL)
		return SOURCE_ERROR;
	if (answer->type != REDIS_REPLY_ARRAY || answer->elements < 2)
	{
		fail(source, "an answer that is no transaction's", "");
		state = SOURCE_ERROR;
	}
	else
		state = take_answer(source, answer, batch, max_bytes, asked);
	freeReplyObject(answer);
	if (state == SOURCE_NOTHING && source->pending)
	{
		/* all that was pending is read: go on with what is new */
		source->pending = false;
		return next_entries(base, batch, max_bytes);
	}
	return state;
}

/*
 * wait_for_entries waits until there is an entry, which is not taken, or the time is over.
 */
static void
wait_for_entries(LoadSource *base, int milliseconds)
{
	RedisSource *source = (RedisSource *) base;

	if (have_connection(source))
		(void) run(source, redisCommand(source->redis, "XREAD COUNT 1 BLOCK %d STREAMS %s %s",
										milliseconds, source->stream, source->wait_from));
}

/*
 * forget_loaded acknowledges, and trims if that is wanted, what is loaded.  If that fails it is done
 * the next time.
 */
static void
forget_loaded(LoadSource *base, const char *position)
{
	RedisSource *source = (RedisSource *) base;

	if (!have_connection(source))
		return;
	if (source->group != NULL)
		(void) acknowledge(source, position);
	else if (source->trim)
		(void) run(source, redisCommand(source->redis, "XTRIM %s MINID ~ %b", source->stream,
										position, strcspn(position, " ")));
}

/*
 * ask_info asks what the stream, and the group, say of themselves; false without an answer.
 */
static bool
ask_info(RedisSource *source, StreamInfo *info)
{
	redisReply *stream = NULL;
	redisReply *groups = NULL;

	if (source->redis == NULL || source->redis->err != 0)
		return false;
	stream = check(source, redisCommand(source->redis, "XINFO STREAM %s", source->stream));
	if (stream != NULL && source->group != NULL)
		groups = check(source, redisCommand(source->redis, "XINFO GROUPS %s", source->stream));
	if (stream != NULL)
		*info = read_info(source, stream, groups);
	freeReplyObject(groups);
	freeReplyObject(stream);
	return stream != NULL;
}

/*
 * backlog_entries returns how many entries were added after the position; in a group, how many no
 * member was given yet.
 */
static int64_t
backlog_entries(LoadSource *base, const char *position)
{
	RedisSource *source = (RedisSource *) base;
	const char *space = strchr(position, ' ');
	StreamInfo info;
	uint64_t read;

	if (!ask_info(source, &info))
		return -1;
	if (source->group != NULL)
		return info.lag;
	if (*position == '\0')
		return (int64_t) info.length;
	if (space == NULL)
		return -1;
	read = strtoull(space + 1, NULL, 10);
	return info.added > read ? (int64_t) (info.added - read) : 0;
}

/*
 * close_stream frees what the source has.
 */
static void
close_stream(LoadSource *base)
{
	RedisSource *source = (RedisSource *) base;

	disconnect(source);
	free(source->stream);
	free(source->buffer.bytes);
}

static const LoadSourceKind redis_kind = {
	.open = open_stream,
	.next = next_entries,
	.wait = wait_for_entries,
	.loaded = forget_loaded,
	.backlog = backlog_entries,
	.close = close_stream,
};

/*
 * redis_source_create makes a source of a stream's requests.
 */
LoadSource *
redis_source_create(const Options *options, const char *stream)
{
	RedisSource *source = calloc(1, sizeof(RedisSource));

	if (source == NULL || (source->stream = strdup(stream)) == NULL)
	{
		free(source);
		return NULL;
	}
	source->source.kind = &redis_kind;
	source->server = options->redis;
	source->group = *options->redis_group == '\0' ? NULL : options->redis_group;
	source->consumer = options->name;
	source->trim = options->redis_trim;
	source->entry_bytes = FIRST_ENTRY_BYTES;
	if (source->group == NULL)
	{
		snprintf(source->source.name, sizeof(source->source.name), "redis");
		snprintf(source->source.partition, sizeof(source->source.partition), "%s", stream);
	}
	else
	{
		snprintf(source->source.name, sizeof(source->source.name), "redis group %s", source->group);
		snprintf(source->source.partition, sizeof(source->source.partition), "%s %s", stream,
				 options->name);
	}
	return &source->source;
}

#endif /* WITH_HIREDIS */
