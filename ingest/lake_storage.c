/*
 * lake_storage.c
 *		Finding a lake's storage by its location, and lists of objects.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "lake_storage.h"

/*
 * open_s3 opens a storage in a bucket, if the program was built with what that needs.
 */
static LakeStorage *
open_s3(const char *location, const LakeSettings *settings, Failure *failure)
{
#ifdef WITH_S3
	return lake_s3_open(location, settings, failure);
#else
	(void) settings;
	fail_with(failure,
			  "the lake's location is \"%s\", and this program was built without libcurl 7.88 or "
			  "later; on Debian: sudo apt-get install libcurl4-openssl-dev, and build it again",
			  location);
	return NULL;
#endif
}

/*
 * lake_open opens a storage.
 */
LakeStorage *
lake_open(const char *location, const LakeSettings *settings, Failure *failure)
{
	static const char file[] = "file://";

	if (strncmp(location, "s3://", 5) == 0)
		return open_s3(location, settings, failure);
	if (strncmp(location, file, strlen(file)) == 0)
		location += strlen(file);
	if (*location == '/')
		return lake_directory_open(location, failure);
	fail_with(failure,
			  "the lake's location \"%s\" is none that this program can write to; it takes the "
			  "path of a directory, such as /srv/lake or file:///srv/lake, or s3://BUCKET/PREFIX",
			  location);
	return NULL;
}

/*
 * lake_list_add adds an object.
 */
bool
lake_list_add(LakeList *list, const char *name, int64_t size, int64_t modified)
{
	LakeObject *grown = realloc(list->objects, (list->count + 1) * sizeof(LakeObject));

	if (grown == NULL)
		return false;
	list->objects = grown;
	grown += list->count;
	*grown = (LakeObject){strdup(name), size, modified};
	if (grown->name == NULL)
		return false;
	list->count++;
	return true;
}

/*
 * compare_names compares objects by name, byte by byte.
 */
static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const LakeObject *) a)->name, ((const LakeObject *) b)->name);
}

/*
 * lake_list_sort sorts a list by name.
 */
void
lake_list_sort(LakeList *list)
{
	if (list->count > 1)
		qsort(list->objects, list->count, sizeof(LakeObject), compare_names);
}

/*
 * lake_list_free frees a list.
 */
void
lake_list_free(LakeList *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->objects[i].name);
	free(list->objects);
	*list = (LakeList){NULL, 0};
}
