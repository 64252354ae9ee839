/*
 * s3_list.c
 *		Listing a bucket page by page (ListObjectsV2).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "s3_list.h"
#include "s3_xml.h"

#define OBJECT "/ListBucketResult/Contents"

/* A page that is being read. */
typedef struct Page
{
	const char *prefix;
	size_t skip;
	LakeList *list;
	bool complete; /* it was a list at all */
	bool truncated;
	Text token; /* of the next page */

	/* the object that is being read */
	Text key;
	int64_t size;
	int64_t modified;
} Page;

/*
 * read_time reads a time in ISO 8601 and UTC; -1: it is none.
 */
static int64_t
read_time(const char *text)
{
	struct tm time = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &time);

	return end != NULL && (*end == '.' || *end == 'Z') ? (int64_t) timegm(&time) : -1;
}

/*
 * read_size reads a number of bytes; -1: it is none.
 */
static int64_t
read_size(const char *text)
{
	char *end;
	long long size;

	errno = 0;
	size = strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0 && size >= 0 ? size : -1;
}

/*
 * begin_object forgets the last object.
 */
static void
begin_object(Page *page)
{
	page->key.length = 0;
	page->size = -1;
	page->modified = -1;
}

/*
 * take_object adds an object that is complete.  Keys that end with "/" stand for folders, which are
 * no objects of a lake; those that are too long or can't be asked for are none of ours either.
 */
static bool
take_object(Page *page)
{
	bool done = page->key.length > 0 && !page->key.failed && page->size >= 0 &&
				page->modified >= 0 &&
				strncmp(page->key.data, page->prefix, strlen(page->prefix)) == 0;

	if (done && page->key.data[page->key.length - 1] != '/' &&
		page->key.length - page->skip < LAKE_NAME_SIZE && s3_is_plain(page->key.data))
		done = lake_list_add(page->list, page->key.data + page->skip, page->size, page->modified);
	begin_object(page);
	return done;
}

/*
 * take_element takes what an element says.
 */
static bool
take_element(void *context, const char *path, const char *text)
{
	Page *page = context;

	if (strcmp(path, OBJECT "/Key") == 0)
		text_put(&page->key, text);
	else if (strcmp(path, OBJECT "/Size") == 0)
		page->size = read_size(text);
	else if (strcmp(path, OBJECT "/LastModified") == 0)
		page->modified = read_time(text);
	else if (strcmp(path, OBJECT) == 0)
		return take_object(page);
	else if (strcmp(path, "/ListBucketResult/IsTruncated") == 0)
		page->truncated = strcmp(text, "true") == 0;
	else if (strcmp(path, "/ListBucketResult/NextContinuationToken") == 0)
		text_put(&page->token, text);
	else if (strcmp(path, "/ListBucketResult") == 0)
		page->complete = true;
	return true;
}

/*
 * make_query makes the query of a page, with its names in the order that signatures have them in.
 */
static bool
make_query(const Page *page, Text *query)
{
	query->length = 0;
	if (page->token.length > 0)
	{
		text_put(query, "continuation-token=");
		s3_put_encoded(query, page->token.data, false);
		text_put(query, "&");
	}
	text_put(query, "list-type=2&prefix=");
	s3_put_encoded(query, page->prefix, false);
	return !query->failed;
}

/*
 * read_page asks for a page and reads it.
 */
static bool
read_page(S3Client *client, Page *page, Text *query, Failure *failure)
{
	Text contents = {0};
	S3Request request = {.method = "GET", .contents = &contents};
	S3Answer answer;
	bool done = make_query(page, query) ||
				fail_with(failure, "there is no memory to list \"%s\"", page->prefix);

	request.query = query->data;
	page->complete = page->truncated = false;
	page->token.length = 0;
	begin_object(page);
	if (done && !s3_send(client, &request, &answer))
		done = s3_fail(client, &request, &answer, "list");
	if (done &&
		(!s3_xml_read(contents.data, contents.length, take_element, page) || !page->complete ||
		 page->token.failed || (page->truncated && page->token.length == 0)))
		done =
			fail_with(failure,
					  "the list of the objects below \"%s\" that the store has answered can't be "
					  "read; check that the endpoint is one of S3's API",
					  page->prefix);
	text_free(&contents);
	return done;
}

/*
 * s3_list lists objects.
 */
bool
s3_list(S3Client *client, const char *prefix, size_t skip, LakeList *list, Failure *failure)
{
	Page page = {.prefix = prefix, .skip = skip, .list = list};
	Text query = {0};
	Text before = {0};
	bool done;

	do
	{
		before.length = 0;
		text_add(&before, page.token.data, page.token.length);
		done = read_page(client, &page, &query, failure);
		if (done && page.truncated && before.length > 0 &&
			strcmp(before.data, page.token.data) == 0)
			done = fail_with(failure, "the store lists the same page below \"%s\" over and over",
							 prefix);
	} while (done && page.truncated);
	text_free(&query);
	text_free(&before);
	text_free(&page.token);
	text_free(&page.key);
	return done;
}
