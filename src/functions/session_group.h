/*
 * session_group.h
 *		What the planner and the executor of the node SessionGroup share.
 *
 * The node computes session_count and session_agg, funnel and funnel_times, or retention under GROUP BY one
 * expression: it reads its input once, keeps what the aggregate needs of each key in a table of keys, and
 * gives one row for each key.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_GROUP_H
#define SESSIONIZE_SESSION_GROUP_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/extensible.h"

#include "functions/group_aggregate.h"

/* What a column of the node's rows is, where it is not a result of the aggregate: that has its number. */
#define GROUP_KEY   (-1)
#define GROUP_INPUT (-2) /* a column of the input, which is there for expressions alone, and NULL */

/*
 * The plan: custom_plans has the input; custom_exprs two lists, the aggregate's arguments (of ARGUMENT_STEPS
 * a list of conditions) and its FILTER, empty where there is none; custom_scan_tlist the columns: the key and
 * the aggregates, then those of the input; custom_private these lists of integers.
 */
typedef enum SessionGroupPrivate
{
	PRIVATE_COLUMNS,  /* what each entry of custom_scan_tlist is */
	PRIVATE_INPUTS,   /* the number of the input's column that it is, 0 for aggregates */
	PRIVATE_AGGREGATE /* the number of the aggregate */
} SessionGroupPrivate;

/* The aggregates that the node computes, by number. */
extern const GroupAggregate *const session_group_aggregates[];

#endif /* SESSIONIZE_SESSION_GROUP_H */
