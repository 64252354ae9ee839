/*
 * path.h
 *		Paths through numbered nodes, with or without their loops.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PATH_H
#define SESSIONIZE_PATH_H

#include "core/core.h"

typedef enum SzPathLoops
{
	SZ_LOOPS_KEEP,    /* the path as it is */
	SZ_LOOPS_REPEATS, /* a node that follows itself counts once: A A B becomes A B */
	SZ_LOOPS_CYCLES   /* a cycle back to a node is removed: A B C B D becomes A B D */
} SzPathLoops;

/*
 * Write the first most steps of the path, once its loops are removed as loops says, to path, and
 * return how many there are.  Steps are written as indexes into nodes[0 .. count).  Nodes are
 * numbers below distinct; SZ_LOOPS_KEEP does not look at them.  path must have room for count
 * elements, and at (only used for SZ_LOOPS_CYCLES) for distinct elements.
 */
extern uint32_t sz_path_collapse(const uint32_t *nodes, uint32_t count, SzPathLoops loops,
								 uint32_t most, uint32_t *path, uint32_t *at, uint32_t distinct);

#endif /* SESSIONIZE_PATH_H */
