/*
 * events_target.c
 *		The table that events are inserted into, and the INSERT statement.
 *
 * Columns are found by their names.  A value whose type is another one than the column's is cast,
 * without the column's length limit: a text that is too long is an error then, and not cut off.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

#include "ingest/events_target.h"
#include "spi/privileges.h"
#include "spi/sql.h"

/*
 * column_named returns a table's column of a name; NULL if there is none.
 */
static Form_pg_attribute
column_named(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0)
			return column;
	}
	return NULL;
}

/*
 * is_computed tells whether a column's value can't be given.
 */
static bool
is_computed(Form_pg_attribute column)
{
	return column->attgenerated != '\0' || column->attidentity == ATTRIBUTE_IDENTITY_ALWAYS;
}

/*
 * append_value appends the value for a column.
 */
static void
append_value(StringInfo values, Form_pg_attribute from, Form_pg_attribute to)
{
	appendStringInfo(values, "%sr.%s", values->len > 0 ? ", " : "",
					 quote_identifier(NameStr(from->attname)));
	if (from->atttypid != to->atttypid)
		appendStringInfo(
			values, "::%s",
			format_type_extended(to->atttypid, -1,
								 FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
}

/*
 * make_insert makes the INSERT statement, and finds which columns are missing.
 */
static void
make_insert(EventsTarget *target, Relation rel, TupleDesc rows)
{
	StringInfoData columns;
	StringInfoData values;
	StringInfoData missing;

	initStringInfo(&columns);
	initStringInfo(&values);
	initStringInfo(&missing);
	for (int i = 0; i < rows->natts; i++)
	{
		Form_pg_attribute from = TupleDescAttr(rows, i);
		const char *name = quote_identifier(NameStr(from->attname));
		Form_pg_attribute to = column_named(RelationGetDescr(rel), NameStr(from->attname));

		if (to == NULL)
			appendStringInfo(&missing, "%s%s", missing.len > 0 ? ", " : "", name);
		else if (!is_computed(to))
		{
			appendStringInfo(&columns, "%s%s", columns.len > 0 ? ", " : "", name);
			append_value(&values, from, to);
		}
	}
	if (columns.len == 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("table %s has no column of a decoded event", sql_qualified_name(target->table)),
			 errdetail("The columns are: %s.", missing.data),
			 errhint(
				 "SELECT sessionize.create_events_table(...) makes a table with all of them.")));
	target->insert = psprintf("INSERT INTO %s (%s) SELECT %s FROM " DECODED_ROWS " AS r",
							  sql_qualified_name(target->table), columns.data, values.data);
	target->missing = missing.len > 0 ? missing.data : NULL;
}

/*
 * check_filled reports a column that needs a value and gets none.
 */
static void
check_filled(Relation rel, TupleDesc rows)
{
	TupleDesc desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (column->attisdropped || !column->attnotnull || column->atthasdef ||
			column->attidentity != '\0' || column->attgenerated != '\0' ||
			get_typdefault(column->atttypid) != NULL ||
			column_named(rows, NameStr(column->attname)) != NULL)
			continue;
		ereport(
			ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg(
				 "column %s of table %s must not be null, and a decoded event has no such column",
				 quote_identifier(NameStr(column->attname)),
				 sql_qualified_name(RelationGetRelid(rel))),
			 errhint("Give the column a default, let it be null, or load into a table that "
					 "create_events_table has made without a preset.")));
	}
}

/*
 * has_deferred tells whether constraints of a table are checked at the commit.
 */
static bool
has_deferred(Relation rel)
{
	const TriggerDesc *triggers = rel->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (triggers->triggers[i].tginitdeferred)
			return true;
	return false;
}

/*
 * events_target_open opens a table for decoded rows.
 */
EventsTarget *
events_target_open(Oid table, TupleDesc rows)
{
	EventsTarget *target = palloc0(sizeof(EventsTarget));
	Relation rel;

	if (get_rel_relkind(table) == '\0')
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", table)));
	check_may_insert(table);
	rel = relation_open(table, RowExclusiveLock);
	target->table = table;
	target->has_deferred = has_deferred(rel);
	make_insert(target, rel, rows);
	check_filled(rel, rows);
	relation_close(rel, NoLock);
	return target;
}
