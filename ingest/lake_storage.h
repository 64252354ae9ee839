/*
 * lake_storage.h
 *		Where a lake is kept: objects by their names, as a directory has them, or an object store.
 *
 * An object is there whole or not at all, and is durable when a call that puts it has returned.
 * Nothing is renamed or appended to.  Names are relative, have "/" between their parts, and are no
 * longer than LAKE_NAME_SIZE.  A call that fails says why in the storage's Failure.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_LAKE_STORAGE_H
#define INGEST_LAKE_STORAGE_H

#include <stdatomic.h>
#include <stdint.h>

#include "failure.h"
#include "text.h"

#define LAKE_NAME_SIZE 1024

typedef enum LakeResult
{
	LAKE_OK,
	LAKE_EXISTS, /* put_new: there is an object of this name already */
	LAKE_ABSENT, /* get: there is none */
	LAKE_UNSURE, /* put_new: the object may be there, or not be durable */
	LAKE_FAILED  /* put_new: it is not there */
} LakeResult;

/* An object in a list. */
typedef struct LakeObject
{
	char *name;
	int64_t size;
	int64_t modified; /* seconds since 1970 */
} LakeObject;

typedef struct LakeList
{
	LakeObject *objects; /* in the order of their names */
	size_t count;
} LakeList;

typedef struct LakeStorage LakeStorage;

struct LakeStorage
{
	Failure *failure;

	/* Put an object only if there is none of its name: of several who try, one succeeds. */
	LakeResult (*put_new)(LakeStorage *storage, const char *name, const char *bytes, size_t length);

	/* Put an object, in the place of what had its name. */
	LakeResult (*put)(LakeStorage *storage, const char *name, const char *bytes, size_t length);

	/* Put the contents of a local file, which may be gone afterwards. */
	LakeResult (*put_file)(LakeStorage *storage, const char *name, const char *path);

	/* Add an object's contents to a text. */
	LakeResult (*get)(LakeStorage *storage, const char *name, Text *contents);

	/* Add the objects whose names begin with a folder's name, which ends with "/", to a list. */
	LakeResult (*list)(LakeStorage *storage, const char *folder, LakeList *list);

	/* Remove an object, if it is there. */
	LakeResult (*remove)(LakeStorage *storage, const char *name);

	void (*close)(LakeStorage *storage);
};

/* What a storage must know besides its location. */
typedef struct LakeSettings
{
	const atomic_bool *stop; /* set when the program is to end */
	const char *s3_style;    /* path, virtual or auto */
	int64_t s3_timeout; /* seconds in which nothing comes or goes, until a request has failed */
	int64_t s3_retry;   /* seconds for which a request is made again */
} LakeSettings;

/*
 * Open the storage of a location, the path of a directory or s3://BUCKET/PREFIX; NULL, and failure
 * says why not.
 */
extern LakeStorage *lake_open(const char *location, const LakeSettings *settings, Failure *failure);

/* Add a copy of an object to a list; false if there is no memory. */
extern bool lake_list_add(LakeList *list, const char *name, int64_t size, int64_t modified);
extern void lake_list_sort(LakeList *list);
extern void lake_list_free(LakeList *list);

/* The storage in a directory: lake_directory.c. */
extern LakeStorage *lake_directory_open(const char *path, Failure *failure);

/* The storage in a bucket of S3: lake_s3.c. */
extern LakeStorage *
lake_s3_open(const char *location, const LakeSettings *settings, Failure *failure);

#endif /* INGEST_LAKE_STORAGE_H */
