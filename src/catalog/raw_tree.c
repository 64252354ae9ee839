/*
 * raw_tree.c
 *		The tables that have a raw table's rows: itself, its partitions and the tables that
 *		inherit from it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "catalog/raw_tree.h"
#include "functions/distributed.h"
#include "spi/sql.h"

/* The catalogs to read, and the snapshot to read them in. */
typedef struct Catalogs
{
	Relation class;
	Relation inherits;
	Snapshot snapshot;
} Catalogs;

/*
 * open_catalogs opens pg_class and pg_inherits.
 */
static Catalogs
open_catalogs(Snapshot snapshot)
{
	return (Catalogs){table_open(RelationRelationId, AccessShareLock),
					  table_open(InheritsRelationId, AccessShareLock), snapshot};
}

/*
 * close_catalogs closes pg_class and pg_inherits.
 */
static void
close_catalogs(const Catalogs *catalogs)
{
	table_close(catalogs->inherits, AccessShareLock);
	table_close(catalogs->class, AccessShareLock);
}

/*
 * begin_scan begins a scan of the rows of a catalog that have an OID in a column, by an index whose
 * first column this is.
 */
static SysScanDesc
begin_scan(const Catalogs *catalogs, Relation catalog, AttrNumber column, Oid value, Oid index)
{
	ScanKeyData key;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
	return systable_beginscan(catalog, index, true, catalogs->snapshot, 1, &key);
}

/*
 * find_member returns the member with this OID; NULL if there is none.
 */
static RawMember *
find_member(const List *members, Oid relid)
{
	ListCell *cell;

	foreach (cell, members)
		if (((RawMember *) lfirst(cell))->relid == relid)
			return lfirst(cell);
	return NULL;
}

/*
 * read_member adds a table to the members; false if there is no such table.
 */
static bool
read_member(const Catalogs *catalogs, RawMember found, List **members)
{
	SysScanDesc scan =
		begin_scan(catalogs, catalogs->class, Anum_pg_class_oid, found.relid, ClassOidIndexId);
	HeapTuple tuple = systable_getnext(scan);

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
		RawMember *member = palloc(sizeof(RawMember));

		*member = found;
		member->kind = form->relkind;
		member->persistence = form->relpersistence;
		member->is_child |= !form->relispartition && *members != NIL;
		*members = lappend(*members, member);
	}
	systable_endscan(scan);
	return HeapTupleIsValid(tuple);
}

/*
 * compare_members compares members by their OIDs: the server locks the parts of a table in this
 * order.
 */
static int
compare_members(const ListCell *a, const ListCell *b)
{
	Oid one = ((const RawMember *) lfirst(a))->relid;
	Oid other = ((const RawMember *) lfirst(b))->relid;

	return one < other ? -1 : one > other ? 1 : 0;
}

/*
 * find_children returns the partitions and inheritance children of a member, in the order of their
 * OIDs.
 */
static List *
find_children(const Catalogs *catalogs, const RawMember *parent)
{
	SysScanDesc scan = begin_scan(catalogs, catalogs->inherits, Anum_pg_inherits_inhparent,
								  parent->relid, InheritsParentIndexId);
	List *children = NIL;
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_inherits form = (Form_pg_inherits) GETSTRUCT(tuple);
		RawMember *child = palloc0(sizeof(RawMember));

		child->relid = form->inhrelid;
		child->is_child = parent->is_child;
		child->is_detaching = parent->is_detaching || form->inhdetachpending;
		children = lappend(children, child);
	}
	systable_endscan(scan);
	list_sort(children, compare_members);
	return children;
}

/*
 * read_children adds the partitions and inheritance children of a member that are not members yet.
 */
static void
read_children(const Catalogs *catalogs, const RawMember *parent, List **members)
{
	ListCell *cell;

	foreach (cell, find_children(catalogs, parent))
	{
		const RawMember *child = lfirst(cell);

		/* a table may have several inheritance parents, but only one partitioned parent */
		if (parent->kind == RELKIND_PARTITIONED_TABLE ||
			find_member(*members, child->relid) == NULL)
			(void) read_member(catalogs, *child, members);
	}
}

/*
 * raw_tree_members returns a table with its partitions and inheritance children, at any depth.
 */
List *
raw_tree_members(Oid table, Snapshot snapshot)
{
	Catalogs catalogs = open_catalogs(snapshot);
	List *members = NIL;
	int done = 0;

	if (read_member(&catalogs, (RawMember){.relid = table}, &members))
		while (done < list_length(members))
			read_children(&catalogs, list_nth(members, done++), &members);
	close_catalogs(&catalogs);
	return members;
}

/*
 * raw_tree_oids returns the OIDs of members.
 */
List *
raw_tree_oids(const List *members)
{
	List *oids = NIL;
	ListCell *cell;

	foreach (cell, members)
		oids = lappend_oid(oids, ((const RawMember *) lfirst(cell))->relid);
	return oids;
}

/*
 * read_parents adds a table's parents to a list, unless they are in it already.
 */
static List *
read_parents(const Catalogs *catalogs, Oid table, List *tables)
{
	SysScanDesc scan = begin_scan(catalogs, catalogs->inherits, Anum_pg_inherits_inhrelid, table,
								  InheritsRelidSeqnoIndexId);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		tables = list_append_unique_oid(tables, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
	systable_endscan(scan);
	return tables;
}

/*
 * raw_tree_parent returns a table's parent.
 */
Oid
raw_tree_parent(Oid table, Snapshot snapshot)
{
	Catalogs catalogs = open_catalogs(snapshot);
	List *parents = read_parents(&catalogs, table, NIL);

	close_catalogs(&catalogs);
	return parents == NIL ? InvalidOid : linitial_oid(parents);
}

/*
 * raw_tree_ancestors returns a table with its parents, at any depth.
 */
List *
raw_tree_ancestors(Oid table)
{
	Catalogs catalogs = open_catalogs(NULL);
	List *tables = list_make1_oid(table);

	for (int i = 0; i < list_length(tables); i++)
		tables = read_parents(&catalogs, list_nth_oid(tables, i), tables);
	close_catalogs(&catalogs);
	return tables;
}

/*
 * raw_tree_has tells whether a relation is the table or a partition of it.
 */
bool
raw_tree_has(Oid table, Relation relation)
{
	if (RelationGetRelid(relation) == table)
		return true;
	return relation->rd_rel->relispartition &&
		   list_member_oid(raw_tree_ancestors(RelationGetRelid(relation)), table);
}

/*
 * raw_member_has_rows tells whether a table stores rows itself.
 */
bool
raw_member_has_rows(const RawMember *member)
{
	return RELKIND_HAS_TABLE_AM(member->kind);
}

/*
 * raw_member_problem tells why some changes of a table's rows can't be captured.
 */
RawProblem
raw_member_problem(const RawMember *member)
{
	if (member->is_child)
		return RAW_CHILD;
	if (member->kind == RELKIND_FOREIGN_TABLE)
		return RAW_FOREIGN;
	if (raw_member_has_rows(member) && member->persistence != RELPERSISTENCE_PERMANENT)
		return RAW_UNLOGGED;
	return RAW_FINE;
}

/*
 * raw_member_report reports the problem of a table.
 */
void
raw_member_report(const RawMember *member, RawProblem problem, const char *pipeline)
{
	static const struct
	{
		const char *detail;
		const char *hint;
	} texts[] = {
		[RAW_UNLOGGED] =
			{"It is unlogged: a crash empties it, and no trigger tells.",
			 "Use a logged table (ALTER TABLE %s SET LOGGED), or a pipeline that is only "
			 "rebuilt: create_pipeline(..., capture => false)."},
		[RAW_FOREIGN] =
			{"It is a foreign table: its rows change on another server, and no trigger tells.",
			 "Copy the rows of %s into a table of this database, or use a pipeline that is only "
			 "rebuilt: create_pipeline(..., capture => false)."},
		[RAW_CHILD] =
			{"It inherits from the raw table: its rows are read with that table's, but that "
			 "table's triggers don't see them change.",
			 "Make %s a partition of a partitioned table (PARTITION BY, ATTACH PARTITION), or "
			 "take it out: ALTER TABLE ... NO INHERIT."},
	};
	char *name = sql_qualified_name(member->relid);

	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 pipeline == NULL ? errmsg("changes of table %s can't be captured", name)
							  : errmsg("changes of table %s can't be captured for pipeline \"%s\"",
									   name, pipeline),
			 errdetail("%s", texts[problem].detail), errhint(texts[problem].hint, name)));
}

/*
 * raw_members_check reports the first member with a problem.
 */
void
raw_members_check(const List *members, const char *pipeline)
{
	ListCell *cell;

	foreach (cell, members)
	{
		RawProblem problem = raw_member_problem(lfirst(cell));

		if (problem != RAW_FINE)
			raw_member_report(lfirst(cell), problem, pipeline);
	}
}

/*
 * raw_tree_check_distributed reports a table of which a part is distributed by Citus.
 */
void
raw_tree_check_distributed(Oid table)
{
	Oid distributed = distributed_first(raw_tree_oids(raw_tree_members(table, NULL)));

	if (OidIsValid(distributed))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("source %s is distributed by Citus", sql_qualified_name(distributed)),
				 errdetail("Its rows are in tables on other servers; here it is empty."),
				 errhint("Make a pipeline on each of these tables, where it is.")));
}
