/*
 * session_group.h
 *		What the planner and the executor of the node SessionGroup share.
 *
 * The node computes session_count and session_agg under GROUP BY one expression: it reads its input once,
 * keeps the islands of each key in an island table, and gives one row for each key.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_GROUP_H
#define SESSIONIZE_SESSION_GROUP_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/extensible.h"

/* What a column of the node's rows is. */
typedef enum SessionGroupColumn
{
	GROUP_KEY,
	GROUP_SESSION_COUNT,
	GROUP_SESSION_AGG
} SessionGroupColumn;

/*
 * The plan: custom_plans has the input; custom_exprs the gap; custom_scan_tlist the key and the aggregates,
 * in the order of the node's columns; custom_private these lists of integers.
 */
typedef enum SessionGroupPrivate
{
	PRIVATE_COLUMNS, /* SessionGroupColumn of each entry of custom_scan_tlist */
	PRIVATE_INPUT    /* the numbers of the input's columns: the key, the time */
} SessionGroupPrivate;

/* Have the planner use the node where it can. */
extern void session_group_install(void);

/* Make the node's state (session_group_node.c). */
extern Node *session_group_create_state(CustomScan *plan);

/* The functions that session_count and session_agg are made of (session_aggregate.c). */
extern Datum sz_session_transition(PG_FUNCTION_ARGS);
extern Datum sz_session_count_final(PG_FUNCTION_ARGS);
extern Datum sz_session_agg_final(PG_FUNCTION_ARGS);

#endif /* SESSIONIZE_SESSION_GROUP_H */
