/*
 * lake_s3.c
 *		A lake in a bucket of S3, or of a store that answers as S3 does.
 *
 * A PUT makes an object whole or not at all, and "If-None-Match: *" makes it only if there is none of
 * its name.  A store that does not know this condition would let one export overwrite another's
 * version; so the first time that it matters, the store is tried with an object that has no other
 * purpose.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "lake_storage.h"
#include "s3_list.h"
#include "s3_request.h"

#define SCHEME   "s3://"
#define KEY_SIZE 1024

/* The object that the condition is tried with; readers take no name with "_" for a table. */
#define CONDITION "_only_if_absent"

#define STATUS_NOT_FOUND           404
#define STATUS_CONFLICT            409
#define STATUS_PRECONDITION_FAILED 412

typedef struct LakeS3
{
	LakeStorage storage;
	S3Client *client;
	char *prefix; /* of all keys; empty, or with "/" at its end */
	bool tried;   /* the store knows the condition */
} LakeS3;

/*
 * find_key makes the key of an object.
 */
static bool
find_key(const LakeStorage *storage, const char *name, char key[KEY_SIZE + 1])
{
	const char *prefix = ((const LakeS3 *) storage)->prefix;
	size_t length = strlen(prefix);

	if (length + strlen(name) > KEY_SIZE)
		return fail_with(storage->failure,
						 "the key \"%s%s\" is longer than the %d bytes that S3 allows", prefix,
						 name, KEY_SIZE);
	memcpy(key, prefix, length);
	strcpy(key + length, name);
	return s3_is_plain(key) ||
		   fail_with(storage->failure, "the key \"%s\" has a part that is empty, \".\" or \"..\"",
					 key);
}

/*
 * client_of returns a storage's client.
 */
static S3Client *
client_of(const LakeStorage *storage)
{
	return ((const LakeS3 *) storage)->client;
}

/*
 * try_condition tries whether the store makes an object only if there is none: of two attempts the
 * second one must be refused.
 */
static bool
try_condition(LakeStorage *storage)
{
	char key[KEY_SIZE + 1];
	S3Request request = {.method = "PUT", .key = key, .bytes = "", .only_if_absent = true};
	LakeS3 *lake = (LakeS3 *) storage;
	S3Answer answer;

	if (lake->tried)
		return true;
	if (!find_key(storage, CONDITION, key))
		return false;
	for (int i = 0; i < 2 && !lake->tried; i++)
	{
		if (!s3_send(lake->client, &request, &answer) &&
			answer.status != STATUS_PRECONDITION_FAILED)
			return s3_fail(lake->client, &request, &answer, "put");
		lake->tried = answer.status == STATUS_PRECONDITION_FAILED;
	}
	return lake->tried ||
		   fail_with(storage->failure,
					 "the store of the object \"%s\" does not heed \"If-None-Match: *\": it has "
					 "made the object twice, so two exports could overwrite each other's versions; "
					 "upgrade the store, or export to a directory",
					 key);
}

/*
 * compare finds out what became of an object that was to be put: it is there, another one is, or
 * that can't be known.
 */
static LakeResult
compare(LakeStorage *storage, const S3Request *put)
{
	Text there = {0};
	S3Request request = {.method = "GET", .key = put->key, .contents = &there};
	LakeResult result = LAKE_UNSURE;
	S3Answer answer;

	if (s3_send(client_of(storage), &request, &answer) && !there.failed)
		result = there.length == put->length &&
						 (put->length == 0 || memcmp(there.data, put->bytes, put->length) == 0)
					 ? LAKE_OK
					 : LAKE_EXISTS;
	text_free(&there);
	return result;
}

/*
 * put_new puts an object that is not there.  Refused, it may be there since an attempt whose answer
 * was lost.  Where no answer came, one that is on its way may still arrive after we have looked.
 */
static LakeResult
put_new(LakeStorage *storage, const char *name, const char *bytes, size_t length)
{
	char key[KEY_SIZE + 1];
	S3Request request = {
		.method = "PUT", .key = key, .bytes = bytes, .length = length, .only_if_absent = true};
	LakeResult result;
	S3Answer answer;

	if (!try_condition(storage) || !find_key(storage, name, key))
		return LAKE_FAILED;
	if (s3_send(client_of(storage), &request, &answer))
		return LAKE_OK;
	if (answer.status == STATUS_PRECONDITION_FAILED || answer.unsure)
	{
		result = compare(storage, &request);
		if (result == LAKE_UNSURE)
			s3_fail(client_of(storage), &request, &answer, "put");
		return result;
	}
	s3_fail(client_of(storage), &request, &answer, "put");
	return LAKE_FAILED;
}

/*
 * send_put puts what a request has.
 */
static LakeResult
send_put(LakeStorage *storage, const char *name, S3Request request)
{
	char key[KEY_SIZE + 1];
	S3Answer answer;

	if (!find_key(storage, name, key))
		return LAKE_FAILED;
	request.method = "PUT";
	request.key = key;
	if (s3_send(client_of(storage), &request, &answer))
		return LAKE_OK;
	s3_fail(client_of(storage), &request, &answer, "put");
	return LAKE_FAILED;
}

/*
 * put puts an object.
 */
static LakeResult
put(LakeStorage *storage, const char *name, const char *bytes, size_t length)
{
	return send_put(storage, name, (S3Request){.bytes = bytes, .length = length});
}

/*
 * put_file puts a local file.
 */
static LakeResult
put_file(LakeStorage *storage, const char *name, const char *path)
{
	return send_put(storage, name, (S3Request){.path = path});
}

/*
 * get reads an object.
 */
static LakeResult
get(LakeStorage *storage, const char *name, Text *contents)
{
	char key[KEY_SIZE + 1];
	S3Request request = {.method = "GET", .key = key, .contents = contents};
	S3Answer answer;

	if (!find_key(storage, name, key))
		return LAKE_FAILED;
	if (s3_send(client_of(storage), &request, &answer))
		return LAKE_OK;
	if (answer.status == STATUS_NOT_FOUND && strcmp(answer.code, "NoSuchKey") == 0)
		return LAKE_ABSENT;
	s3_fail(client_of(storage), &request, &answer, "get");
	return LAKE_FAILED;
}

/*
 * list lists objects.
 */
static LakeResult
list(LakeStorage *storage, const char *folder, LakeList *list)
{
	char key[KEY_SIZE + 1];

	if (!find_key(storage, folder, key) ||
		!s3_list(client_of(storage), key, strlen(((LakeS3 *) storage)->prefix), list,
				 storage->failure))
		return LAKE_FAILED;
	lake_list_sort(list);
	return LAKE_OK;
}

/*
 * remove_object removes an object.
 */
static LakeResult
remove_object(LakeStorage *storage, const char *name)
{
	char key[KEY_SIZE + 1];
	S3Request request = {.method = "DELETE", .key = key};
	S3Answer answer;

	if (!find_key(storage, name, key))
		return LAKE_FAILED;
	if (s3_send(client_of(storage), &request, &answer) ||
		(answer.status == STATUS_NOT_FOUND && strcmp(answer.code, "NoSuchKey") == 0))
		return LAKE_OK;
	s3_fail(client_of(storage), &request, &answer, "remove");
	return LAKE_FAILED;
}

/*
 * close_s3 frees the storage.
 */
static void
close_s3(LakeStorage *storage)
{
	LakeS3 *lake = (LakeS3 *) storage;

	if (lake->client != NULL)
		s3_client_close(lake->client);
	free(lake->prefix);
	free(lake);
}

/*
 * has_controls returns whether a text has control characters.
 */
static bool
has_controls(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char) *text < ' ' || *text == '\x7F')
			return true;
	return false;
}

/*
 * read_location makes the bucket and the prefix of a location.
 */
static bool
read_location(LakeS3 *lake, const char *location, char bucket[64])
{
	const char *name = location + strlen(SCHEME);
	size_t length = strcspn(name, "/");
	const char *prefix = name + length + (name[length] == '/' ? 1 : 0);
	size_t end = strlen(prefix);
	Text text = {0};

	if (length < 3 || length > 63 ||
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != length)
		return fail_with(
			lake->storage.failure,
			"the lake's location \"%s\" does not name a bucket: it must be "
			"s3://BUCKET/PREFIX, and a bucket's name has 3 to 63 small letters, digits, "
			"dots and hyphens",
			location);
	memcpy(bucket, name, length);
	bucket[length] = '\0';
	while (end > 0 && prefix[end - 1] == '/')
		end--;
	text_add(&text, prefix, end);
	if (!text.failed && (!s3_is_plain(text.data) || has_controls(text.data)))
	{
		text_free(&text);
		return fail_with(
			lake->storage.failure,
			"the lake's location \"%s\" has a part that is empty, \".\" or \"..\", or a "
			"control character",
			location);
	}
	if (end > 0)
		text_put(&text, "/");
	lake->prefix = text.data;
	return !text.failed || fail_with(lake->storage.failure, "there is no memory for the lake");
}

/*
 * lake_s3_open makes the storage of a bucket.  Nothing is asked of it yet.
 */
LakeStorage *
lake_s3_open(const char *location, const LakeSettings *settings, Failure *failure)
{
	LakeS3 *lake = calloc(1, sizeof(LakeS3));
	char bucket[64];

	if (lake == NULL)
	{
		fail_with(failure, "there is no memory for the lake");
		return NULL;
	}
	lake->storage =
		(LakeStorage){failure, put_new, put, put_file, get, list, remove_object, close_s3};
	if (read_location(lake, location, bucket) &&
		(lake->client = s3_client_open(bucket, settings, failure)) != NULL)
		return &lake->storage;
	close_s3(&lake->storage);
	return NULL;
}
