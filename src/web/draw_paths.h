/*
 * draw_paths.h
 *		Paths into JSON documents, compiled into a tree of keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DRAW_PATHS_H
#define SESSIONIZE_DRAW_PATHS_H

#include "postgres.h"

#include "utils/text_view.h"

/* One part of a path: a key of an object, and an element of an array where it is a number. */
typedef struct DrawKey
{
	TextView text;
	int element; /* counts from the end where it is negative */
	bool is_element;
} DrawKey;

/* The keys of an object that was walked over, and at which of them the children of a node are. */
typedef struct ObjectShape
{
	uint32 count;    /* of keys */
	uint32 key_size; /* of all keys together */
	char *entries;   /* the keys' entries, as the object has them */
	char *keys;
	int *found; /* the number of each child's key; -1: the object has none */
} ObjectShape;

#define NODE_SHAPES 4

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

	/* kept by draw_walk */
	ObjectShape *shapes;
	uint32 nshapes;
	uint32 unknown; /* so many objects had none of these shapes */
} DrawNode;

typedef struct DrawPaths
{
	DrawNode root;
	MemoryContext memory; /* the tree lies here */
	int npaths;
	int nshapes; /* of all nodes */
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
 * Compile paths, which are texts, into a memory context of their own below parent.  Errors for
 * paths with a wrong escape and for too many paths.  Without nulls no path is NULL.
 */
extern DrawPaths *
draw_paths_compile(const Datum *paths, const bool *nulls, int npaths, MemoryContext parent);

#endif /* SESSIONIZE_DRAW_PATHS_H */
