/*
 * s3_list.h
 *		Lists of a bucket's objects.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_S3_LIST_H
#define INGEST_S3_LIST_H

#include "s3_request.h"

/*
 * Add all objects whose keys begin with a prefix to a list, by their keys without so many bytes at
 * the beginning.
 */
extern bool
s3_list(S3Client *client, const char *prefix, size_t skip, LakeList *list, Failure *failure);

#endif /* INGEST_S3_LIST_H */
