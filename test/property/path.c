/*
 * path.c
 *		Property: paths are walks with their loops crossed out.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "core/path.h"
#include "property.h"

enum
{
	P_LOOPS,
	P_MOST
};

/*
 * make_path makes a walk through a few nodes.
 */
static void
make_path(Random *random, History *history)
{
	uint64_t nodes = 1 + random_below(random, 8);

	history->params[P_LOOPS] = random_below(random, 3);
	history->params[P_MOST] = random_one_in(random, 2) ? UINT32_MAX : random_below(random, 8);
	history->nsteps = (int) random_below(random, 30);
	for (int i = 0; i < history->nsteps; i++)
		history->steps[i].extra = random_below(random, nodes);
}

/*
 * is_left_out returns whether a walk's step is not on the path: for repeats where the step before is at the
 * same node, for cycles where the way to it is later cut, which is where a node it has walked over comes
 * again.
 */
static bool
is_left_out(const History *history, const bool *on_path, int i)
{
	const Step *steps = history->steps;

	if (history->params[P_LOOPS] == SZ_LOOPS_KEEP)
		return false;
	if (history->params[P_LOOPS] == SZ_LOOPS_REPEATS)
		return i > 0 && steps[i].extra == steps[i - 1].extra;
	for (int j = 0; j < i; j++)
	{
		if (on_path[j] && steps[j].extra == steps[i].extra)
			return true;
	}
	return false;
}

/*
 * check_path compares a path with the walk's steps crossed out one by one.
 */
static const char *
check_path(const History *history)
{
	uint32_t nodes[64];
	uint32_t path[64];
	uint32_t at[8];
	bool on_path[64] = {false};
	uint32_t length;
	uint32_t n = 0;

	for (int i = 0; i < history->nsteps; i++)
	{
		nodes[i] = (uint32_t) history->steps[i].extra;
		on_path[i] = !is_left_out(history, on_path, i);
		/* Back at a node: all that came after it is crossed out. */
		for (int j = i - 1; history->params[P_LOOPS] == SZ_LOOPS_CYCLES && !on_path[i] && j >= 0;
			 j--)
		{
			if (on_path[j] && nodes[j] == nodes[i])
				break;
			on_path[j] = false;
		}
	}
	length =
		sz_path_collapse(nodes, (uint32_t) history->nsteps, (SzPathLoops) history->params[P_LOOPS],
						 (uint32_t) history->params[P_MOST], path, at, 8);
	for (int i = 0; i < history->nsteps && n < history->params[P_MOST]; i++)
	{
		if (!on_path[i])
			continue;
		if (n >= length || path[n] != (uint32_t) i)
			return "the path has other steps";
		n++;
	}
	return n == length ? NULL : "the path has another length";
}

const Property path_property = {
	"path", {"loops", "most", NULL}, 40000, make_path, check_path,
};
