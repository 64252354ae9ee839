/*
 * unique_id.c
 *		Whether the raw table enforces that no two rows of a session key have the same event id.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "nodes/primnodes.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "catalog/pipeline.h"
#include "source/source_mapping.h"
#include "window/unique_id.h"

/*
 * has_usual_equality tells whether an index column has the default operator family of its type.
 */
static bool
has_usual_equality(Relation index, int column)
{
	TypeCacheEntry *type = lookup_type_cache(index->rd_opcintype[column], TYPECACHE_BTREE_OPFAMILY);

	return index->rd_opfamily[column] == type->btree_opf;
}

/*
 * is_as tells whether an index column takes the same values for equal as a type does.  A column of
 * another type that the view casts without a function may take more values for equal, as citext
 * does.
 */
static bool
is_as(Relation index, int column, Oid type)
{
	const FormData_pg_index *form = index->rd_index;

	return has_usual_equality(index, column) &&
		   (index->rd_opcintype[column] == type ||
			getBaseType(get_atttype(form->indrelid, form->indkey.values[column])) == type);
}

/*
 * is_unique tells whether an index keeps the event ids of a key unique at every moment: a
 * deferrable constraint does not.
 */
static bool
is_unique(Relation index, const Pipeline *pipeline, AttrNumber event_id, AttrNumber key)
{
	const FormData_pg_index *form = index->rd_index;
	bool has_event_id = false;

	if (!form->indisunique || !form->indisvalid || !form->indimmediate ||
		RelationGetIndexPredicate(index) != NIL)
		return false;
	for (int i = 0; i < form->indnkeyatts; i++)
	{
		AttrNumber column = form->indkey.values[i];

		if (column == 0 ||
			!((column == event_id && is_as(index, i, pipeline->types[SRC_EVENT_ID])) ||
			  (column == key && is_as(index, i, pipeline->types[SRC_SESSION_KEY]))))
			return false;
		has_event_id |= column == event_id;
	}
	return has_event_id;
}

/*
 * find_unique tells whether an index of the table keeps the event ids of a key unique.
 */
static bool
find_unique(Relation table, const Pipeline *pipeline, AttrNumber event_id, AttrNumber key)
{
	List *indexes = RelationGetIndexList(table);
	bool found = false;
	ListCell *cell;

	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		found |= is_unique(index, pipeline, event_id, key);
		/* keep the lock, so that nobody drops the index before the transaction ends */
		index_close(index, NoLock);
	}
	list_free(indexes);
	return found;
}

/*
 * event_id_is_unique tells whether an index of the raw table keeps event ids unique.
 */
bool
event_id_is_unique(const Pipeline *pipeline, const SourceMapping *mapping)
{
	AttrNumber event_id = source_plain_column(mapping, SRC_EVENT_ID);
	AttrNumber key = source_plain_column(mapping, SRC_SESSION_KEY);
	Relation table;
	bool result;

	if (event_id == 0)
		return false;
	table = table_open(pipeline->source, AccessShareLock);
	/* inheritance children that are no partitions have indexes of their own */
	result =
		(table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE || !table->rd_rel->relhassubclass) &&
		find_unique(table, pipeline, event_id, key);
	table_close(table, NoLock);
	return result;
}
