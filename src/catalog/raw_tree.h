/*
 * raw_tree.h
 *		The tables that have a raw table's rows: itself, its partitions and the tables that
 *		inherit from it.
 *
 * They are read from the system catalogs as of a snapshot, without a lock on any of the tables. A
 * partition counts until its DETACH CONCURRENTLY is finished: before then, queries of the raw table
 * already leave it out, but transactions that began earlier still change its rows.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_TREE_H
#define SESSIONIZE_RAW_TREE_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

#include "compat.h"

typedef struct RawMember
{
	Oid relid;
	char kind;         /* relkind */
	char persistence;  /* relpersistence */
	bool is_child;     /* the table, or an ancestor of it, inherits without being a partition */
	bool is_detaching; /* DETACH CONCURRENTLY of the table, or of an ancestor, is not finished */
} RawMember;

/* Why capture would miss changes of a table's rows. */
typedef enum RawProblem
{
	RAW_FINE,
	RAW_UNLOGGED, /* a crash empties it */
	RAW_FOREIGN,  /* its rows change on another server */
	RAW_CHILD     /* the raw table's triggers are not on it */
} RawProblem;

/*
 * A table and its descendants (RawMember *), in CurrentMemoryContext: the table itself first, and
 * each parent before its children. NIL if the snapshot sees no such table. A NULL snapshot means
 * the catalogs as of now.
 */
extern List *raw_tree_members(Oid table, Snapshot snapshot);

/* The OIDs of the members. */
extern List *raw_tree_oids(const List *members);

/* The table's partitioned parent, or its first inheritance parent; InvalidOid if it has none. */
extern Oid raw_tree_parent(Oid table, Snapshot snapshot);

/* The table and all its ancestors as of now, by partitioning or by inheritance. */
extern List *raw_tree_ancestors(Oid table);

/*
 * Whether a relation is the table or a partition of it, at any depth. A partition counts while it
 * is being detached, since transactions that began earlier still change its rows.
 */
extern bool raw_tree_has(Oid table, Relation relation);

/* Whether a table stores rows itself. */
extern bool raw_member_has_rows(const RawMember *member);

/* Why changes of this member can't be captured; RAW_FINE if they can. */
extern RawProblem raw_member_problem(const RawMember *member);

/*
 * Raise the error for a problem, with a hint. pipeline is a name; NULL for one that is being
 * created.
 */
pg_noreturn extern void
raw_member_report(const RawMember *member, RawProblem problem, const char *pipeline);

/* Raise the error for the first member that has a problem. */
extern void raw_members_check(const List *members, const char *pipeline);

/* Error if Citus distributes the table or a part of it: then its rows are on other servers. */
extern void raw_tree_check_distributed(Oid table);

#endif /* SESSIONIZE_RAW_TREE_H */
