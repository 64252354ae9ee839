/*
 * draw_paths.h
 *		Paths into JSON documents, compiled into a tree of keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DRAW_PATHS_H
#define SESSIONIZE_DRAW_PATHS_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"

#include "utils/text_view.h"

/* One part of a path: a key of an object, and an element of an array where it is a number. */
typedef struct DrawKey
{
	TextView text;
	int element; /* counts from the end where it is negative */
	bool is_element;
} DrawKey;

/*
 * What paths lead to.  Children are in the order in which jsonb keeps the keys of an object;
 * outputs are the positions of the paths that end here.
 */
typedef struct DrawNode
{
	DrawKey key;
	uint32 nchildren;
	uint32 noutputs;
	struct DrawNode *children;
	uint32 *outputs;
} DrawNode;

typedef struct DrawPaths
{
	DrawNode root;
	MemoryContext memory; /* the tree and the copy of the array lie here */
	int npaths;
	ArrayType *array;
} DrawPaths;

/* Compares two keys in the order in which jsonb keeps the keys of an object. */
static inline int
draw_key_compare(TextView a, const char *data, uint32 length)
{
	if (a.len != length)
		return a.len < length ? -1 : 1;
	if (length == 0)
		return 0;
	/* Most keys of one length differ in the first byte. */
	if (a.data[0] != data[0])
		return (unsigned char) a.data[0] < (unsigned char) data[0] ? -1 : 1;
	return memcmp(a.data, data, length);
}

/*
 * The compiled paths of an array: those of the call site's latest call if the array is the same.
 */
extern const DrawPaths *draw_paths_once(FmgrInfo *flinfo, ArrayType *array);

#endif /* SESSIONIZE_DRAW_PATHS_H */
