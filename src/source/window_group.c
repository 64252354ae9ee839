/*
 * window_group.c
 *		Choosing the windows whose raw rows are read together.
 *
 * A row costs less if many rows are read in the order of the table. But reading a group together
 * reads more rows than are needed, since the range of time is the same for all: from the first
 * begin to the last end. So a few windows that begin long before the others are better read one by
 * one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "source/window_group.h"

/*
 * The cost of a row that is looked up for one window, in relation to one that is read with the
 * group.
 */
#define ALONE_COST 2.0

/*
 * compare_begins orders windows by their begins, the last first.
 */
static int
compare_begins(const void *a, const void *b)
{
	TimestampTz left = ((const ListedWindow *) a)->read_since;
	TimestampTz right = ((const ListedWindow *) b)->read_since;

	return (left < right) - (left > right);
}

/*
 * end_of returns a window's end. An open-ended window is assumed to end with the last change.
 */
static double
end_of(const ListedWindow *window)
{
	return (double) (TIMESTAMP_IS_NOEND(window->read_until) ? window->changed_until
															: window->read_until);
}

/*
 * alone_cost returns the cost of reading a window alone, in microseconds of event time.
 */
static double
alone_cost(const ListedWindow *window)
{
	return ALONE_COST * Max(end_of(window) - (double) window->read_since, 0);
}

/*
 * choose_count returns how many of the sorted windows belong to the group.
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
		/* windows with the same begin are not separated */
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
