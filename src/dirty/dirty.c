/*
 * dirty.c
 *		Appending to a pipeline's dirty log.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "compat.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "dirty/dirty_mark.h"
#include "dirty/dirty_table.h"
#include "spi/scope.h"
#include "utils/pass_limit.h"

/*
 * Rows written at a time: they fill a page or two. A larger batch is no cheaper, and needs more
 * slots.
 */
#define BATCH_ROWS 128

struct DirtyAppend
{
	MemoryContext context;
	MemoryContext batch_context; /* copies of the batch's keys */
	DirtyTable table;
	KeyType key;
	TimestampTz now;
	TupleDesc desc;       /* a copy, so that slots need not count references */
	BulkInsertState bulk; /* NULL before the first full batch */
	int options;          /* of insertions */
	EState *estate;       /* NULL if the table has no indexes */
	ResultRelInfo *result;
	int nslots;
	int rows; /* the number of rows in the batch */
	TupleTableSlot *slots[BATCH_ROWS];
};

/*
 * dirty_table returns the OID of the log's table.
 */
Oid
dirty_table(const Pipeline *pipeline)
{
	return pipeline->dirty_log;
}

/*
 * dirty_rows_sql returns the log as a table "d" in FROM, with the condition that skips dead rows at
 * the log's beginning.
 */
char *
dirty_rows_sql(const Pipeline *pipeline)
{
	return psprintf("ONLY %s AS d WHERE d.ctid OPERATOR(pg_catalog.>=) "
					"sessionize.dirty_begin('%u'::pg_catalog.regclass)",
					star_relation(pipeline, STAR_DIRTY), dirty_table(pipeline));
}

/*
 * dirty_report_lost reports that a pipeline has lost its log.
 */
void
dirty_report_lost(const Pipeline *pipeline)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		 errmsg("pipeline \"%s\" has lost its table %s", pipeline->name,
				star_relation(pipeline, STAR_DIRTY)),
		 errdetail("The table was dropped, renamed or changed, and with it what is known of raw "
				   "rows that have changed."),
		 errhint(
			 "Undo that, and CALL sessionize.rebuild(%s); or SELECT sessionize.drop_pipeline(%s, "
			 "cascade => true) and create the pipeline again.",
			 quote_literal_cstr(pipeline->name), quote_literal_cstr(pipeline->name))));
}

/*
 * open_indexes opens the indexes that somebody has created on the table.
 */
static void
open_indexes(DirtyAppend *append)
{
	append->estate = CreateExecutorState();
	append->result = makeNode(ResultRelInfo);
	InitResultRelInfo(append->result, append->table.relation, 1, NULL, 0);
	ExecOpenIndices(append->result, false);
}

/*
 * choose_place has rows put at the table's end if the log has a mark: rows in the free space before
 * the mark would set the mark back.
 */
static void
choose_place(DirtyAppend *append)
{
	if (!dirty_mark_is_set(append->table.relation))
		return;
	append->options = TABLE_INSERT_SKIP_FSM;
	RelationSetTargetBlock(append->table.relation, InvalidBlockNumber);
}

/*
 * dirty_append_begin opens the log for appending.
 */
DirtyAppend *
dirty_append_begin(Oid table, Oid key_type)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize dirty log", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	DirtyAppend *append = palloc0(sizeof(DirtyAppend));

	append->context = context;
	if (!dirty_table_open(&append->table, table, key_type, RowExclusiveLock))
	{
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(context);
		return NULL;
	}
	append->batch_context =
		AllocSetContextCreate(context, "sessionize dirty rows", ALLOCSET_DEFAULT_SIZES);
	key_type_init_id(&append->key, key_type);
	/* the watermark relies on this: no raw row of the transaction is older */
	append->now = GetCurrentTransactionStartTimestamp();
	append->desc = CreateTupleDescCopy(RelationGetDescr(append->table.relation));
	choose_place(append);
	if (append->table.relation->rd_rel->relhasindex)
		open_indexes(append);
	MemoryContextSwitchTo(caller);
	return append;
}

/*
 * dirty_append_may_fail tells whether the table may refuse a row.
 */
bool
dirty_append_may_fail(const DirtyAppend *append)
{
	return dirty_table_may_refuse(&append->table);
}

/*
 * next_slot returns an empty slot for the batch's next row.
 */
static TupleTableSlot *
next_slot(DirtyAppend *append)
{
	if (append->rows == append->nslots)
	{
		MemoryContext caller = MemoryContextSwitchTo(append->context);

		append->slots[append->nslots++] =
			MakeSingleTupleTableSlot(append->desc, table_slot_callbacks(append->table.relation));
		MemoryContextSwitchTo(caller);
	}
	return ExecClearTuple(append->slots[append->rows++]);
}

/*
 * index_batch inserts the index entries of the batch's rows. It does so as the table's owner,
 * because an index may have expressions.
 */
static void
index_batch(DirtyAppend *append)
{
	OwnerScope scope;

	role_scope_enter(&scope, append->table.relation->rd_rel->relowner);
	for (int i = 0; i < append->rows; i++)
	{
		append->slots[i]->tts_tableOid = RelationGetRelid(append->table.relation);
		list_free(sz_insert_index_tuples(append->result, append->slots[i], append->estate));
	}
	ResetPerTupleExprContext(append->estate);
	owner_scope_leave(&scope);
}

/*
 * report_place reports the batch's lowest block to the log's mark.
 */
static void
report_place(const DirtyAppend *append)
{
	BlockNumber lowest = MaxBlockNumber;

	for (int i = 0; i < append->rows; i++)
		lowest = Min(lowest, ItemPointerGetBlockNumberNoCheck(&append->slots[i]->tts_tid));
	dirty_mark_appended(append->table.relation, lowest);
}

/*
 * insert_batch inserts the batch's rows. The bulk insert state, which keeps a page pinned and
 * spares shared buffers, is there from the first full batch on.
 */
static void
insert_batch(DirtyAppend *append)
{
	Relation relation = append->table.relation;
	CommandId command = GetCurrentCommandId(true);

	if (append->rows == 1)
		table_tuple_insert(relation, append->slots[0], command, append->options, NULL);
	else
		table_multi_insert(relation, append->slots, append->rows, command, append->options,
						   append->bulk);
}

/*
 * write_batch writes the rows collected so far.
 */
static void
write_batch(DirtyAppend *append)
{
	MemoryContext caller = MemoryContextSwitchTo(append->batch_context);

	pass_progress();
	insert_batch(append);
	report_place(append);
	if (append->estate != NULL)
		index_batch(append);
	for (int i = 0; i < append->rows; i++)
		ExecClearTuple(append->slots[i]);
	append->rows = 0;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(append->batch_context);
}

/*
 * write_full_batch writes a full batch, which others may follow.
 */
static void
write_full_batch(DirtyAppend *append)
{
	if (append->bulk == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(append->context);

		append->bulk = GetBulkInsertState();
		MemoryContextSwitchTo(caller);
	}
	write_batch(append);
}

/*
 * dirty_append appends an entry.
 */
void
dirty_append(DirtyAppend *append, const DirtyKey *dirty)
{
	const DirtyTable *table = &append->table;
	TupleTableSlot *slot = next_slot(append);
	MemoryContext caller = MemoryContextSwitchTo(append->batch_context);
	int lane = 0;

	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < DIRTY_NCOLUMNS; i++)
		slot->tts_isnull[table->attributes[i]] = i == DIRTY_SESSION_KEY && dirty->isnull;
	if (!dirty->isnull)
	{
		lane = dirty_lane_of_hash(key_type_stable_hash(&append->key, dirty->key, 0));
		slot->tts_values[table->attributes[DIRTY_SESSION_KEY]] =
			datumCopy(dirty->key, append->key.typbyval, append->key.typlen);
	}
	slot->tts_values[table->attributes[DIRTY_LANE]] = Int16GetDatum((int16) lane);
	slot->tts_values[table->attributes[DIRTY_LO]] = TimestampTzGetDatum(dirty->lo);
	slot->tts_values[table->attributes[DIRTY_HI]] = TimestampTzGetDatum(dirty->hi);
	slot->tts_values[table->attributes[DIRTY_LOGGED_AT]] = TimestampTzGetDatum(append->now);
	ExecStoreVirtualTuple(slot);
	MemoryContextSwitchTo(caller);
	if (append->rows == BATCH_ROWS)
		write_full_batch(append);
}

/*
 * dirty_append_end writes the remaining rows and frees everything.
 */
void
dirty_append_end(DirtyAppend *append)
{
	if (append->rows > 0)
		write_batch(append);
	if (append->bulk != NULL)
		FreeBulkInsertState(append->bulk);
	for (int i = 0; i < append->nslots; i++)
		ExecDropSingleTupleTableSlot(append->slots[i]);
	if (append->estate != NULL)
	{
		ExecCloseIndices(append->result);
		FreeExecutorState(append->estate);
	}
	table_close(append->table.relation, NoLock);
	MemoryContextDelete(append->context);
}
