/*
 * window_group.c
 *		Which windows' raw rows are read together.
 *
 * A row costs less where many are read in the order of the table, but with the group more rows are read than are needed: its range
 * reaches from the first begin to the last end.  So a few windows that begin long before the others are better read by themselves.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "source/window_group.h"

/* How much more a row costs that is looked up by itself. */
#define ALONE_COST 2.0

/*
 * compare_begins orders windows, those that begin last first.
 */
static int
compare_begins(const void *a, const void *b)
{
	TimestampTz left = ((const ListedWindow *) a)->read_since;
	TimestampTz right = ((const ListedWindow *) b)->read_since;

	return (left < right) - (left > right);
}

/*
 * end_of returns where the rows of a window end: one that is read to the end is taken to end with the last change.
 */
static double
end_of(const ListedWindow *window)
{
	return (double) (TIMESTAMP_IS_NOEND(window->read_until) ? window->changed_until : window->read_until);
}

/*
 * alone_cost returns what it costs to read a window by itself, in microseconds of a key's time.
 */
static double
alone_cost(const ListedWindow *window)
{
	return ALONE_COST * Max(end_of(window) - (double) window->read_since, 0);
}

/*
 * choose_count returns how many of the ordered windows make the group.
 */
static int64
choose_count(const ListedWindow *windows, int64 count)
{
	double alone = 0;
	double end = 0;
	double least;
	int64 best = 0;

	for (int64 i = 0; i < count; i++)
		alone += alone_cost(&windows[i]);
	least = alone;
	for (int64 i = 0; i < count; i++)
	{
		double together;

		alone -= alone_cost(&windows[i]);
		end = i == 0 ? end_of(&windows[i]) : Max(end, end_of(&windows[i]));
		together = (double) (i + 1) * (end - (double) windows[i].read_since);
		/* windows that begin at one time belong together */
		if (alone + together <= least &&
			(i + 1 == count || compare_begins(&windows[i], &windows[i + 1]) != 0))
		{
			least = alone + together;
			best = i + 1;
		}
	}
	return best;
}

/*
 * window_group_choose chooses the group.
 */
WindowGroup
window_group_choose(const WindowList *list)
{
	WindowGroup group = {.first = DT_NOEND, .last = DT_NOBEGIN};
	ListedWindow *windows;
	int64 count;

	if (list->count == 0)
		return group;
	windows = palloc_extended(list->count * sizeof(ListedWindow), MCXT_ALLOC_HUGE);
	memcpy(windows, list->windows, list->count * sizeof(ListedWindow));
	qsort(windows, (size_t) list->count, sizeof(ListedWindow), compare_begins);
	count = choose_count(windows, list->count);
	for (int64 i = 0; i < count; i++)
	{
		key_list_append(&group.keys, windows[i].key);
		group.first = windows[i].read_since;
		group.last = Max(group.last, windows[i].read_until);
	}
	pfree(windows);
	return group;
}
