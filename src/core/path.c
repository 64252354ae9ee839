/*
 * path.c
 *		Paths through numbered nodes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/path.h"

/*
 * cut_cycles writes the path without cycles: when a node that is on the path comes again, the path
 * is cut back to it.  at[node] is the node's place on the path plus 1, or 0.
 */
static uint32_t
cut_cycles(const uint32_t *nodes, uint32_t count, uint32_t *path, uint32_t *at, uint32_t distinct)
{
	uint32_t length = 0;

	memset(at, 0, (size_t) distinct * sizeof(uint32_t));
	for (uint32_t i = 0; i < count; i++)
	{
		if (at[nodes[i]] == 0)
		{
			path[length++] = i;
			at[nodes[i]] = length;
			continue;
		}
		while (length > at[nodes[i]])
			at[nodes[path[--length]]] = 0;
	}
	return length;
}

/*
 * sz_path_collapse writes the first steps of a path without its loops.
 */
uint32_t
sz_path_collapse(const uint32_t *nodes, uint32_t count, SzPathLoops loops, uint32_t most,
				 uint32_t *path, uint32_t *at, uint32_t distinct)
{
	uint32_t length = 0;

	if (loops == SZ_LOOPS_CYCLES)
	{
		length = cut_cycles(nodes, count, path, at, distinct);
		return length < most ? length : most;
	}
	for (uint32_t i = 0; i < count && length < most; i++)
	{
		if (loops == SZ_LOOPS_KEEP || i == 0 || nodes[i] != nodes[i - 1])
			path[length++] = i;
	}
	return length;
}
