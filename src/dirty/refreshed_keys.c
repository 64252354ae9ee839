/*
 * refreshed_keys.c
 *		The session keys that refreshes have written during a rebuild.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "dirty/dirty_key.h"
#include "dirty/refreshed_keys.h"
#include "spi/key_relation.h"
#include "spi/row_query.h"
#include "spi/rows_kept.h"
#include "spi/sql.h"
#include "utils/piece.h"

/* Collects the keys of a piece. */
typedef struct Collector
{
	const Pipeline *pipeline;
	int piece;
	int pieces;
	StaleKeys *keys;
	bool any;
} Collector;

/*
 * table_name returns the table's name as SQL text.
 */
static char *
table_name(const Pipeline *pipeline)
{
	return star_relation(pipeline, STAR_REFRESHED);
}

/*
 * refreshed_keys_note records keys as written.
 */
void
refreshed_keys_note(const Pipeline *pipeline, const DirtyKey *keys, int64 nkeys)
{
	KeyRelation *table = key_relation_create(pipeline->types[SRC_SESSION_KEY]);
	int64 noted;

	for (int64 i = 0; i < nkeys; i++)
		key_relation_add(table, keys[i].key, keys[i].isnull);
	noted = key_relation_execute(
		table,
		psprintf("INSERT INTO %s (session_key) SELECT k.session_key FROM " KEY_ROWS " AS k%s",
				 table_name(pipeline), table->has_null ? " UNION ALL SELECT NULL" : ""));
	key_relation_free(table);
	if (noted != nkeys)
		report_rows_not_written(table_name(pipeline));
}

/*
 * refreshed_keys_snapshot returns the active snapshot in the text form of pg_snapshot.
 */
char *
refreshed_keys_snapshot(void)
{
	Datum snapshot = DirectFunctionCall1(pg_current_snapshot, (Datum) 0);

	return DatumGetCString(DirectFunctionCall1(pg_snapshot_out, snapshot));
}

/*
 * collect_key adds the key in a row, if it belongs to the piece.
 */
static void
collect_key(void *arg, TupleTableSlot *slot)
{
	Collector *collector = arg;
	bool isnull;
	Datum key = slot_getattr(slot, 1, &isnull);

	if (collector->pieces > 0 &&
		(isnull || piece_of_key(collector->pipeline->types[SRC_SESSION_KEY], key,
								collector->pieces) != collector->piece))
		return;
	stale_keys_add(collector->keys, key, isnull);
	collector->any = true;
}

/*
 * refreshed_keys_load returns the keys of a piece that were written after a snapshot.
 */
StaleKeys *
refreshed_keys_load(const Pipeline *pipeline, const char *snapshot, int piece, int pieces)
{
	Collector collector = {pipeline, piece, pieces, stale_keys_create(pipeline), false};

	row_query(psprintf("SELECT n.session_key FROM ONLY %s AS n "
					   "WHERE NOT pg_visible_in_snapshot(n.noted_by, %s::pg_snapshot)",
					   table_name(pipeline), quote_literal_cstr(snapshot)),
			  collect_key, &collector);
	return collector.any ? collector.keys : NULL;
}

/*
 * refreshed_keys_forget deletes all recorded keys.
 */
void
refreshed_keys_forget(const Pipeline *pipeline)
{
	sql_executef("DELETE FROM ONLY %s", table_name(pipeline));
}
