/*
 * backfill.c
 *		The session keys that a rebuild with the newest events first has left to do.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/snapmgr.h"

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "dirty/backfill.h"
#include "dirty/dirty_key.h"
#include "spi/key_index.h"
#include "spi/key_relation.h"
#include "spi/row_query.h"
#include "spi/rows_kept.h"
#include "spi/sql.h"
#include "utils/array_reserve.h"

/* The keys of a piece, while they are being read. */
typedef struct PieceKeys
{
	MemoryContext context;
	KeyType type;
	DirtyKey *keys;
	int64 count;
	int64 room;
	TimestampTz oldest;
} PieceKeys;

/*
 * table_name returns the table's name as SQL text.
 */
static char *
table_name(const Pipeline *pipeline)
{
	return star_relation(pipeline, STAR_BACKFILL);
}

/*
 * take_key adds the key in a row of the table.
 */
static void
take_key(void *arg, TupleTableSlot *slot)
{
	PieceKeys *keys = arg;
	MemoryContext caller = MemoryContextSwitchTo(keys->context);
	bool isnull;
	bool no_time;
	Datum key = slot_getattr(slot, 1, &isnull);
	Datum last_at = slot_getattr(slot, 2, &no_time);

	array_reserve(keys->keys, keys->count, keys->room, 1024);
	keys->keys[keys->count++] = (DirtyKey){
		isnull ? (Datum) 0
			   : datumCopy(key_type_pack(&keys->type, key), keys->type.typbyval, keys->type.typlen),
		isnull, DT_NOBEGIN, DT_NOEND};
	if (!no_time)
		keys->oldest = Min(keys->oldest, DatumGetTimestampTz(last_at));
	MemoryContextSwitchTo(caller);
}

/*
 * backfill_take removes a piece from the table and returns its keys.
 */
DirtyKey *
backfill_take(const Pipeline *pipeline, int piece, int64 *nkeys, TimestampTz *oldest)
{
	PieceKeys keys = {.context = CurrentMemoryContext, .oldest = DT_NOEND};

	key_type_init_id(&keys.type, pipeline->types[SRC_SESSION_KEY]);
	PushActiveSnapshot(GetTransactionSnapshot());
	row_query(psprintf("SELECT b.session_key, b.last_at FROM ONLY %s AS b WHERE b.piece = %d",
					   table_name(pipeline), piece),
			  take_key, &keys);
	PopActiveSnapshot();
	if (sql_executef("DELETE FROM ONLY %s AS b WHERE b.piece = %d", table_name(pipeline), piece) !=
		(uint64) keys.count)
		report_rows_not_deleted(table_name(pipeline));
	*nkeys = keys.count;
	*oldest = keys.oldest;
	return keys.keys;
}

/*
 * backfill_next returns the first piece in the table.
 */
int
backfill_next(const Pipeline *pipeline)
{
	int64 piece = -1;

	PushActiveSnapshot(GetTransactionSnapshot());
	(void) sql_query_bigints(
		psprintf("SELECT b.piece::bigint FROM ONLY %s AS b ORDER BY b.piece LIMIT 1",
				 table_name(pipeline)),
		&piece, 1);
	PopActiveSnapshot();
	return (int) piece;
}

/*
 * backfill_forget removes keys from the table.
 */
void
backfill_forget(const Pipeline *pipeline, const DirtyKey *keys, int64 nkeys)
{
	KeyRelation *table = key_relation_create(pipeline->types[SRC_SESSION_KEY]);
	int level = key_index_enter();

	for (int64 i = 0; i < nkeys; i++)
		key_relation_add(table, keys[i].key, keys[i].isnull);
	(void) key_relation_execute(table, psprintf("DELETE FROM ONLY %s AS b USING " KEY_ROWS
												" AS k WHERE b.session_key %s k.session_key",
												table_name(pipeline),
												key_equals_sql(pipeline->types[SRC_SESSION_KEY])));
	key_relation_free(table);
	key_index_leave(level);
}

/*
 * backfill_clear removes all keys from the table.
 */
void
backfill_clear(const Pipeline *pipeline)
{
	(void) sql_executef("DELETE FROM ONLY %s", table_name(pipeline));
	if (backfill_next(pipeline) >= 0)
		report_rows_not_deleted(table_name(pipeline));
}

/*
 * backfill_clear_former removes the keys that an earlier transaction or subtransaction has added.
 */
void
backfill_clear_former(const Pipeline *pipeline)
{
	char *former =
		psprintf("FROM ONLY %s AS b WHERE b.xmin OPERATOR(pg_catalog.<>) '%u'::pg_catalog.xid",
				 table_name(pipeline), GetCurrentTransactionId());
	int64 one;

	(void) sql_executef("DELETE %s", former);
	PushActiveSnapshot(GetTransactionSnapshot());
	if (sql_query_bigints(psprintf("SELECT 1::bigint %s LIMIT 1", former), &one, 1))
		report_rows_not_deleted(table_name(pipeline));
	PopActiveSnapshot();
}

/*
 * backfill_is_stale tells whether the keys in the table are all that the star is wrong about.
 */
bool
backfill_is_stale(const Pipeline *pipeline)
{
	int64 one;

	return sql_query_bigints(psprintf("SELECT 1::bigint FROM (SELECT b.stale FROM ONLY %s AS b "
									  "ORDER BY b.piece LIMIT 1) AS b WHERE b.stale",
									  table_name(pipeline)),
							 &one, 1);
}
