/*
 * raw_tree.h
 *		The tables that hold a raw table's rows: itself, its partitions and what inherits from it.
 *
 * They are read from the system catalogs as a snapshot sees these, without a lock on any of the
 * tables.  A partition counts until its DETACH CONCURRENTLY is finished: queries of the raw table leave
 * it out before that, but transactions that have begun earlier still change its rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_TREE_H
#define SESSIONIZE_RAW_TREE_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/snapshot.h"

#include "compat.h"

typedef struct RawMember
{
	Oid relid;
	char kind;         /* relkind */
	char persistence;  /* relpersistence */
	bool is_child;     /* it, or what it is part of, inherits without being a partition */
	bool is_detaching; /* a DETACH CONCURRENTLY of it, or of what it is part of, is not finished */
} RawMember;

/* Why capture can't know of all changes of a table's rows. */
typedef enum RawProblem
{
	RAW_FINE,
	RAW_UNLOGGED, /* a crash empties it */
	RAW_FOREIGN,  /* its rows change on another server */
	RAW_CHILD     /* the raw table's triggers are not on it */
} RawProblem;

/*
 * The members (RawMember *), the table itself first, each before what is part of it, in
 * CurrentMemoryContext; NIL where the snapshot sees no such table.  snapshot NULL: as the catalogs are now.
 */
extern List *raw_tree_members(Oid table, Snapshot snapshot);

/* The OIDs of members. */
extern List *raw_tree_oids(const List *members);

/* What a table is a partition of, or inherits from first; InvalidOid for nothing. */
extern Oid raw_tree_parent(Oid table, Snapshot snapshot);

/* The table, and all tables that it is part of now, by partition or by inheritance. */
extern List *raw_tree_ancestors(Oid table);

/* Whether a table has rows of its own. */
extern bool raw_member_has_rows(const RawMember *member);

/* What is wrong with a member of a raw table whose changes are to be captured. */
extern RawProblem raw_member_problem(const RawMember *member);

/* The error that says so and what to do; pipeline is its name, NULL for one that is being made. */
pg_noreturn extern void raw_member_report(const RawMember *member, RawProblem problem, const char *pipeline);

/* Report the first member that has a problem. */
extern void raw_members_check(const List *members, const char *pipeline);

/* Error for a table whose rows, or those of a part of it, are on other servers: here it is empty. */
extern void raw_tree_check_distributed(Oid table);

#endif /* SESSIONIZE_RAW_TREE_H */
