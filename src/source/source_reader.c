/*
 * source_reader.c
 *		Reading the rows of a pipeline's view "source" by queries.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "optimizer/clauses.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog/pipeline.h"
#include "source/keyed_source.h"
#include "source/source_mapping.h"
#include "source/source_reader.h"
#include "source/window_group.h"
#include "spi/key_index.h"
#include "spi/key_relation.h"
#include "spi/row_query.h"
#include "spi/statement.h"

/* From this number of keys on, rows are read in the order of the table. */
#define MANY_KEYS 1000

/* Maps the query's columns to the view's. */
typedef struct Reader
{
	const Pipeline *pipeline;
	SourceRowVisitor visitor;
	void *arg;
	bool has_filter;
	int ncolumns;
	SourceColumn columns[SRC_MAX_COLUMNS]; /* of the query, in order; raw_table, raw_ctid follow */
	SourceRow row;
} Reader;

/*
 * visit_slot turns a row of the query into a row of the view.
 */
static void
visit_slot(void *arg, TupleTableSlot *slot)
{
	Reader *reader = (Reader *) arg;
	SourceRow *row = &reader->row;
	int i;

	slot_getallattrs(slot);
	for (i = 0; i < reader->ncolumns; i++)
	{
		row->values[reader->columns[i]] = slot->tts_values[i];
		row->isnull[reader->columns[i]] = slot->tts_isnull[i];
	}
	source_row_place(row, slot, i);
	row->is_filtered = reader->has_filter && source_row_fails(row);
	reader->visitor(reader->arg, row);
}

/*
 * read_with visits the rows of a view or subquery that has parameters.
 */
static void
read_with(Reader *reader, const SourceMapping *mapping, const char *from, SqlValues values)
{
	StringInfoData query;
	int column;

	reader->ncolumns = 0;
	reader->has_filter = mapping->is_mapped[SRC_FILTER];
	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	for (column = 0; column < mapping->ncolumns; column++)
	{
		reader->row.isnull[column] = true;
		if (!mapping->is_mapped[column])
			continue;
		reader->columns[reader->ncolumns++] = column;
		appendStringInfo(&query, "%s, ",
						 quote_identifier(source_column_name(reader->pipeline, column)));
	}
	appendStringInfo(&query, "raw_table, raw_ctid FROM %s", from);
	row_query_connected(query.data, values, visit_slot, reader);
}

/*
 * read_from visits the rows of a view or subquery.
 */
static void
read_from(Reader *reader, const SourceMapping *mapping, const char *from)
{
	read_with(reader, mapping, from, SQL_NO_VALUES);
}

/*
 * has_key_index tells whether the raw table, or each of its partitions, has an index on the key.
 */
static bool
has_key_index(const Pipeline *pipeline, const SourceMapping *mapping)
{
	AttrNumber key = source_plain_column(mapping, SRC_SESSION_KEY);

	return key > 0 && get_rel_relkind(pipeline->source) != RELKIND_FOREIGN_TABLE &&
		   (get_rel_relkind(pipeline->source) == RELKIND_PARTITIONED_TABLE ||
			!has_subclass(pipeline->source)) &&
		   key_index_exists(pipeline->source, get_attname(pipeline->source, key, false));
}

/*
 * read_array visits the rows of many keys in the order of the table, so that a page with several of
 * the rows is read once. group gives the range of times to read; NULL: all rows.
 */
static void
read_array(Reader *reader, const Pipeline *pipeline, const SourceMapping *mapping,
		   const KeyRelation *keys, const KeyList *list, const WindowGroup *group)
{
	const SqlValue values[] = {
		SQL_DATUM(get_array_type(keys->type), key_relation_array(keys, list), false),
		SQL_TIMESTAMPTZ(group == NULL ? DT_NOBEGIN : group->first),
		SQL_TIMESTAMPTZ(group == NULL ? DT_NOEND : group->last)};
	char *from =
		keyed_source_sql(pipeline, mapping, group == NULL ? ROWS_OF_ARRAY : ROWS_OF_ARRAY_IN_TIME);
	int level = key_index_enter_bitmap(maintenance_work_mem / 8);

	read_with(reader, mapping, psprintf("%s AS s", from),
			  (SqlValues){group == NULL ? 1 : 3, values});
	key_index_leave(level);
}

/*
 * read_joined visits the rows of keys and windows by a join that looks up each key.
 */
static void
read_joined(Reader *reader, const Pipeline *pipeline, const SourceMapping *mapping,
			const KeyRelation *keys)
{
	if (keys->count > 0)
		read_from(reader, mapping,
				  psprintf("%s AS s", keyed_source_sql(pipeline, mapping, ROWS_OF_KEYS)));
	if (keys->nwindows > 0)
		read_from(reader, mapping,
				  psprintf("%s AS s", keyed_source_sql(pipeline, mapping, ROWS_OF_WINDOWS)));
}

/*
 * read_windows visits the rows of windows that have a begin: a group of many similar windows
 * together, the others one by one.
 */
static void
read_windows(Reader *reader, const Pipeline *pipeline, const SourceMapping *mapping,
			 const KeyRelation *keys)
{
	WindowGroup group = window_group_choose(&keys->window_list);
	TimestampTz first = DT_NOEND;

	if (group.keys.count >= MANY_KEYS)
	{
		read_array(reader, pipeline, mapping, keys, &group.keys, &group);
		first = group.first;
	}
	if (group.keys.count < MANY_KEYS || group.keys.count < keys->window_list.count)
		read_with(reader, mapping,
				  psprintf("%s AS s", keyed_source_sql(pipeline, mapping, ROWS_OF_EARLIER_WINDOWS)),
				  SQL_VALUES(SQL_TIMESTAMPTZ(first)));
}

/*
 * can_read_arrays tells whether there are enough keys to read them together, and an index to do so.
 */
static bool
can_read_arrays(const Pipeline *pipeline, const SourceMapping *mapping, const KeyRelation *keys)
{
	return keys->has_lists && keys->count + keys->nwindows >= MANY_KEYS &&
		   OidIsValid(get_array_type(keys->type)) && has_key_index(pipeline, mapping);
}

/*
 * read_keys visits the rows of the keys and windows.
 */
static void
read_keys(Reader *reader, const Pipeline *pipeline, const SourceMapping *mapping,
		  const KeyRelation *keys)
{
	key_relation_register(keys);
	if (!can_read_arrays(pipeline, mapping, keys))
		read_joined(reader, pipeline, mapping, keys);
	else
	{
		if (keys->all_list.count > 0)
			read_array(reader, pipeline, mapping, keys, &keys->all_list, NULL);
		if (keys->window_list.count > 0)
			read_windows(reader, pipeline, mapping, keys);
	}
	if (keys->has_null)
		read_from(reader, mapping,
				  psprintf("%s AS s", keyed_source_sql(pipeline, mapping, ROWS_WITHOUT_KEY)));
}

/*
 * source_read visits all rows of the view, or the rows of the keys.
 */
void
source_read(const Pipeline *pipeline, const SourceMapping *mapping, const KeyRelation *keys,
			SourceRowVisitor visitor, void *arg)
{
	Reader reader = {.pipeline = pipeline, .visitor = visitor, .arg = arg};

	SPI_connect();
	if (keys == NULL)
		read_from(&reader, mapping,
				  mapping->is_tried
					  ? psprintf("%s AS s", keyed_source_sql(pipeline, mapping, ROWS_OF_ALL))
					  : relation_name(pipeline->source_view));
	else
		read_keys(&reader, pipeline, mapping, keys);
	SPI_finish();
}
