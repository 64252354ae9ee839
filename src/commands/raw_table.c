/*
 * raw_table.c
 *		Finds and checks the raw events table of a new pipeline.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog/raw_tree.h"
#include "commands/raw_table.h"
#include "functions/distributed.h"
#include "spi/privileges.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "utils/expression.h"

/*
 * check_kind reports a relation that can't be a raw table.
 */
static void
check_kind(Relation raw)
{
	Oid relid = RelationGetRelid(raw);
	const char *problem = NULL;
	const char *hint = NULL;

	if (IsCatalogRelation(raw))
		problem = "is a system catalog";
	else if (raw->rd_rel->relkind == RELKIND_VIEW || raw->rd_rel->relkind == RELKIND_MATVIEW)
	{
		problem = "is a view";
		hint = "Name the table below the view, and give the view's expressions as arguments, such "
			   "as key => 'lower(login)'.";
	}
	else if (raw->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
	{
		problem = "is a foreign table";
		hint =
			"Make the pipeline where the table is, or copy its rows into a table of this database.";
	}
	else if (raw->rd_rel->relkind != RELKIND_RELATION &&
			 raw->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		problem = "is not a table";
	else if (raw->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
	{
		problem = "is a temporary table";
		hint = "A pipeline outlives the session: make the table with CREATE TABLE or "
			   "create_events_table.";
	}
	else if (raw->rd_rel->relkind == RELKIND_RELATION &&
			 find_inheritance_children(relid, NoLock) != NIL)
	{
		problem = "has tables that inherit from it";
		hint = "Use declarative partitioning: PARTITION BY RANGE, and ATTACH PARTITION.";
	}
	if (problem != NULL)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("source %s %s", sql_qualified_name(relid), problem),
						errdetail("A pipeline's source is an ordinary or partitioned table."),
						hint != NULL ? errhint("%s", hint) : 0));
}

/*
 * raw_table_open finds, opens and checks the table.
 */
Relation
raw_table_open(const char *name)
{
	RangeVar *range = sql_parse_table_name(name, "source");
	Oid relid = RangeVarGetRelid(range, AccessShareLock, true);
	Relation raw;

	if (!OidIsValid(relid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table %s does not exist", name),
						errhint("SELECT sessionize.create_events_table(%s); makes one.",
								quote_literal_cstr(name))));
	raw = relation_open(relid, NoLock);
	check_kind(raw);
	raw_tree_check_distributed(relid);
	check_may_read(relid);
	return raw;
}

/*
 * index_begins_with tells whether an index has all rows and can find those of a key.
 */
static bool
index_begins_with(Relation index, Node *key)
{
	Form_pg_index form = index->rd_index;
	AttrNumber attnum = form->indkey.values[0];

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid ||
		RelationGetIndexPredicate(index) != NIL)
		return false;
	if (attnum != 0)
		return IsA(key, Var) && ((Var *) key)->varattno == attnum;
	return equal(linitial(RelationGetIndexExpressions(index)), key);
}

/*
 * has_key_index tells whether the table has an index that begins with the key.
 */
static bool
has_key_index(Relation raw, Node *key)
{
	ListCell *cell;

	foreach (cell, RelationGetIndexList(raw))
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);
		bool found = index_begins_with(index, key);

		index_close(index, AccessShareLock);
		if (found)
			return true;
	}
	return false;
}

/*
 * index_column returns SQL text of an expression for CREATE INDEX.
 */
static char *
index_column(Relation raw, Node *expression)
{
	char *text = expression_text(raw, expression, NULL);

	return IsA(expression, Var) ? text : psprintf("(%s)", text);
}

/*
 * raw_table_check_index reports a table without an index that begins with the key.
 */
void
raw_table_check_index(Relation raw, Node *key, Node *event_time, Node *event_id)
{
	char *table = sql_qualified_name(RelationGetRelid(raw));
	StringInfoData columns;
	int guc_level;

	if (has_key_index(raw, expression_simplify(key)))
		return;
	guc_level = pinned_settings_enter();
	initStringInfo(&columns);
	appendStringInfo(&columns, "%s, %s", index_column(raw, key), index_column(raw, event_time));
	if (event_id != NULL)
		appendStringInfo(&columns, ", %s", index_column(raw, event_id));
	pinned_settings_leave(guc_level);
	ereport(
		ERROR,
		(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		 errmsg("table %s has no btree index that begins with the key", table),
		 errdetail("Without one, the events of one key can only be found by reading the table."),
		 errhint("CREATE INDEX ON %s (%s);", table, columns.data)));
}
