/*
 * draw_paths.c
 *		Paths into JSON documents, compiled into a tree of keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/string.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "web/draw_paths.h"

/* The most parts that the paths of one array may have in all. */
#define MAX_PARTS 1000000

/* Longer paths are truncated in messages. */
#define SHOWN_LENGTH 200

typedef struct ParsedPath
{
	DrawKey *keys;
	uint32 nkeys;
	uint32 output;
} ParsedPath;

/*
 * report_escape reports a backslash that escapes nothing.
 */
static void
report_escape(TextView path)
{
	int shown = pg_mbcliplen(path.data, (int) path.len, SHOWN_LENGTH);

	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("invalid path: a backslash escapes neither a dot nor a backslash"),
					errdetail("The path is \"%.*s\".", shown, path.data),
					errhint("Write \\. for a dot and \\\\ for a backslash that belong to a key.")));
}

/*
 * count_parts returns the number of a path's parts, and checks its escapes.
 */
static uint32
count_parts(TextView path)
{
	uint32 parts = 1;

	for (uint32 i = 0; i < path.len; i++)
	{
		if (path.data[i] == '.')
			parts++;
		else if (path.data[i] == '\\')
		{
			i++;
			if (i == path.len || (path.data[i] != '.' && path.data[i] != '\\'))
				report_escape(path);
		}
	}
	return parts;
}

/*
 * finish_key notes whether a key is the number of an array's element, as the operator #> reads it.
 * The key's text ends with a zero byte.
 */
static void
finish_key(DrawKey *key)
{
	char *end;

	errno = 0;
	key->element = strtoint(key->text.data, &end, 10);
	key->is_element = end != key->text.data && *end == '\0' && errno == 0;
}

/*
 * parse splits a path into keys, without their escapes.
 */
static void
parse(TextView path, ParsedPath *parsed)
{
	char *out;
	DrawKey *key = parsed->keys = palloc(count_parts(path) * sizeof(DrawKey));

	/* Each key ends with a zero byte; the dots make room for all but the last of them. */
	out = palloc((Size) path.len + 1);
	key->text = (TextView){out, 0};
	for (uint32 i = 0; i < path.len; i++)
	{
		if (path.data[i] == '.')
		{
			*out++ = '\0';
			finish_key(key++);
			key->text = (TextView){out, 0};
			continue;
		}
		if (path.data[i] == '\\')
			i++;
		*out++ = path.data[i];
		key->text.len++;
	}
	*out = '\0';
	finish_key(key++);
	parsed->nkeys = (uint32) (key - parsed->keys);
}

/*
 * compare_paths compares two paths, key by key; a path comes before those that go on from it.
 */
static int
compare_paths(const void *a, const void *b)
{
	const ParsedPath *x = a;
	const ParsedPath *y = b;

	for (uint32 i = 0; i < x->nkeys && i < y->nkeys; i++)
	{
		int order = draw_key_compare(x->keys[i].text, y->keys[i].text.data, y->keys[i].text.len);

		if (order != 0)
			return order;
	}
	return (x->nkeys > y->nkeys) - (x->nkeys < y->nkeys);
}

/*
 * group_end returns the end of the paths that have the same key as the first at a depth.
 */
static const ParsedPath *
group_end(const ParsedPath *path, const ParsedPath *end, uint32 depth)
{
	TextView key = path->keys[depth].text;

	while (path < end && text_view_equal(path->keys[depth].text, key))
		path++;
	return path;
}

/*
 * build_node makes the node of sorted paths that have the same first depth keys, and all below it.
 */
static void
build_node(DrawNode *node, const ParsedPath *path, const ParsedPath *end, uint32 depth)
{
	const ParsedPath *first = path;
	const ParsedPath *group;
	DrawNode *child;

	check_stack_depth();
	while (path < end && path->nkeys == depth)
		path++;
	node->noutputs = (uint32) (path - first);
	node->outputs = palloc(node->noutputs * sizeof(uint32));
	for (uint32 i = 0; i < node->noutputs; i++)
		node->outputs[i] = first[i].output;
	node->nchildren = 0;
	node->shapes = NULL;
	node->nshapes = node->unknown = 0;
	for (group = path; group < end; group = group_end(group, end, depth))
		node->nchildren++;
	child = node->children = palloc(node->nchildren * sizeof(DrawNode));
	for (; path < end; path = group)
	{
		group = group_end(path, end, depth);
		child->key = path->keys[depth];
		build_node(child++, path, group, depth + 1);
	}
}

/*
 * add_parts adds the number of a path's parts to the number of all, which has a limit.
 */
static uint32
add_parts(uint32 all, uint32 parts)
{
	if (parts > MAX_PARTS - all)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("the paths have too many parts"),
				 errdetail("They may have up to %d parts in all.", MAX_PARTS),
				 errhint("Draw the values with several calls.")));
	return all + parts;
}

/*
 * parse_paths parses the paths of an array that are not NULL, and returns their number.
 */
static uint32
parse_paths(const Datum *paths, const bool *nulls, int npaths, ParsedPath *parsed)
{
	uint32 count = 0;
	uint32 parts = 0;

	for (int i = 0; i < npaths; i++)
	{
		TextView path;

		CHECK_FOR_INTERRUPTS();
		if (nulls != NULL && nulls[i])
			continue;
		path.data = VARDATA_ANY(DatumGetPointer(paths[i]));
		path.len = (uint32) VARSIZE_ANY_EXHDR(DatumGetPointer(paths[i]));
		parts = add_parts(parts, count_parts(path));
		parse(path, &parsed[count]);
		parsed[count++].output = (uint32) i;
	}
	return count;
}

/*
 * compile makes the tree of paths in the current memory context.
 */
static DrawPaths *
compile(const Datum *paths, const bool *nulls, int npaths)
{
	DrawPaths *result = palloc0(sizeof(DrawPaths));
	ParsedPath *parsed;
	uint32 count;

	(void) add_parts(0, (uint32) npaths);
	result->npaths = npaths;
	parsed = palloc(npaths * sizeof(ParsedPath));
	count = parse_paths(paths, nulls, npaths, parsed);
	qsort(parsed, count, sizeof(ParsedPath), compare_paths);
	build_node(&result->root, parsed, parsed + count, 0);
	return result;
}

/*
 * draw_paths_compile compiles paths in a memory context of their own.
 */
DrawPaths *
draw_paths_compile(const Datum *paths, const bool *nulls, int npaths, MemoryContext parent)
{
	MemoryContext memory =
		AllocSetContextCreate(CurrentMemoryContext, "paths of draw", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	DrawPaths *result = compile(paths, nulls, npaths);

	result->memory = memory;
	MemoryContextSwitchTo(caller);
	MemoryContextSetParent(memory, parent);
	return result;
}
