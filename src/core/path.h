/*
 * path.h
 *		Paths through numbered nodes, and what becomes of their loops.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PATH_H
#define SESSIONIZE_PATH_H

#include "core/core.h"

typedef enum SzPathLoops
{
	SZ_LOOPS_KEEP,    /* the path as it was walked */
	SZ_LOOPS_REPEATS, /* a node that follows itself counts once: A A B becomes A B */
	SZ_LOOPS_CYCLES   /* the way back to a node is cut out: A B C B D becomes A B D */
} SzPathLoops;

/*
 * Write the first most steps of the path, once its loops are treated so, to path[0 ..), as places in
 * nodes[0 .. count), and return how many there are.  Nodes (not looked at for SZ_LOOPS_KEEP) are numbers
 * below distinct; path has room for count places, and at (only used for SZ_LOOPS_CYCLES) for distinct
 * numbers.
 */
extern uint32_t sz_path_collapse(const uint32_t *nodes, uint32_t count, SzPathLoops loops, uint32_t most,
								 uint32_t *path, uint32_t *at, uint32_t distinct);

#endif /* SESSIONIZE_PATH_H */
