/*
 * session_group.h
 *		What the planner's and the executor's part of the node SessionGroup share.
 *
 * The node computes session_count and session_agg, funnel and funnel_times, or retention under
 * GROUP BY one expression.  It reads its input once, keeps the aggregate's state of each key in a
 * table of keys, and returns one row for each key.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_GROUP_H
#define SESSIONIZE_SESSION_GROUP_H

#include "postgres.h"

#include "functions/group_aggregate.h"

/*
 * What a column of the node's rows is: the number of one of the aggregate's results, or one of
 * these.
 */
#define GROUP_KEY   (-1)
/* a column of the input, which is NULL, and only exists because expressions refer to it */
#define GROUP_INPUT (-2)

/*
 * The plan's fields:
 *
 * - custom_plans has the input.
 * - custom_exprs has two lists: the aggregate's arguments (for ARGUMENT_STEPS a list of conditions)
 *   and its FILTER, which may be empty.
 * - custom_scan_tlist has the columns: the key and the aggregates, then the columns of the input.
 * - custom_private has the following lists of integers.
 */
typedef enum SessionGroupPrivate
{
	PRIVATE_COLUMNS, /* what each entry of custom_scan_tlist is */
	/* the number of the input's column for each entry of custom_scan_tlist; 0 for aggregates */
	PRIVATE_INPUTS,
	PRIVATE_AGGREGATE /* the number of the aggregate in session_group_aggregates */
} SessionGroupPrivate;

/* The aggregates that the node can compute. */
extern const GroupAggregate *const session_group_aggregates[];

#endif /* SESSIONIZE_SESSION_GROUP_H */
