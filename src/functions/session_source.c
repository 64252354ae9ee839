/*
 * session_source.c
 *		Reads the key and time columns of a relation, once, in any order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "functions/distributed.h"
#include "functions/session_source.h"
#include "functions/slot_value.h"

/* Where the rows go. */
typedef struct EventReader
{
	DestReceiver dest; /* receives the query's rows; must be first */
	const SessionSource *source;
	const KeyType *type;
	EventBatch *batch;
	EventBatchConsumer consume;
	void *arg;
	int64 rows;
} EventReader;

/*
 * check_kind reports a relation that SELECT could not read.
 */
static void
check_kind(Relation rel)
{
	switch (rel->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_MATVIEW:
		case RELKIND_VIEW:
		case RELKIND_FOREIGN_TABLE:
			break;
		default:
			ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
							errmsg("\"%s\" has no rows to read", RelationGetRelationName(rel)),
							errhint("The source is a table, partitioned table, view, materialized "
									"view or foreign table.")));
	}
	if (!RelationIsScannable(rel))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("materialized view \"%s\" has not been populated",
							   RelationGetRelationName(rel)),
						errhint("Use the REFRESH MATERIALIZED VIEW command.")));
	if (RELATION_IS_OTHER_TEMP(rel))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cannot access temporary tables of other sessions"),
						errhint("Only the session that created \"%s\" can read it.",
								RelationGetRelationName(rel))));
}

/*
 * find_column returns the number of the column with a name that the user gave.
 */
static AttrNumber
find_column(Relation rel, const char *name)
{
	AttrNumber attno = get_attnum(RelationGetRelid(rel), name);

	if (attno == InvalidAttrNumber)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("column \"%s\" of \"%s\" does not exist", name,
							   RelationGetRelationName(rel)),
						errhint("Write the column's name as the catalog has it: without quotes, in "
								"its own case.")));
	if (attno < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
						errmsg("\"%s\" is a system column", name),
						errhint("Give a view as the source that has it under another name.")));
	return attno;
}

/*
 * check_ts_type accepts timestamptz and domains over it.
 */
static void
check_ts_type(Relation rel, AttrNumber attno)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), attno - 1);
	Oid type = getBaseType(att->atttypid);
	const char *conversion = "to_timestamp(%s)";

	if (type == TIMESTAMPTZOID)
		return;
	if (type == TIMESTAMPOID)
		conversion = "%s AT TIME ZONE 'UTC'";
	else if (type == DATEOID)
		conversion = "%s::timestamp AT TIME ZONE 'UTC'";
	ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
					errmsg("column \"%s\" of \"%s\" is of type %s, not timestamp with time zone",
						   NameStr(att->attname), RelationGetRelationName(rel),
						   format_type_be(att->atttypid)),
					errhint("Give a view as the source that converts it, for example with %s.",
							psprintf(conversion, quote_identifier(NameStr(att->attname))))));
}

/*
 * can_read_directly tells whether the access method returns the columns of a table in the tree:
 * generated columns that are virtual are not stored.
 */
static bool
can_read_directly(Relation rel, const SessionSource *source)
{
	AttrNumber key = get_attnum(RelationGetRelid(rel), source->key);
	AttrNumber ts = get_attnum(RelationGetRelid(rel), source->ts);
	TupleDesc desc = RelationGetDescr(rel);

	return RELKIND_HAS_TABLE_AM(rel->rd_rel->relkind) &&
		   !sz_is_virtual(TupleDescAttr(desc, key - 1)) &&
		   !sz_is_virtual(TupleDescAttr(desc, ts - 1));
}

/*
 * find_tables lists and locks the tables with the relation's rows, or finds that a query is needed.
 */
static void
find_tables(SessionSource *source)
{
	List *oids = find_all_inheritors(source->relid, AccessShareLock, NULL);
	ListCell *lc;

	source->tables = NIL;
	source->by_query = check_enable_rls(source->relid, InvalidOid, false) == RLS_ENABLED ||
					   OidIsValid(distributed_first(oids));
	foreach (lc, oids)
	{
		Relation rel = relation_open(lfirst_oid(lc), NoLock);

		/* like SELECT, skip children that are temporary tables of other sessions */
		if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE && !RELATION_IS_OTHER_TEMP(rel))
		{
			if (can_read_directly(rel, source))
				source->tables = lappend_oid(source->tables, lfirst_oid(lc));
			else
				source->by_query = true;
		}
		relation_close(rel, NoLock);
	}
}

/*
 * session_source_open locks the relation, finds the columns and checks the privileges.
 */
void
session_source_open(SessionSource *source, Oid relid, const char *key, const char *ts)
{
	Relation rel = try_relation_open(relid, AccessShareLock);
	AttrNumber key_attno;
	AttrNumber ts_attno;

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid),
				 errhint("Write the source as a name in quotes, for example 'public.events'.")));
	check_kind(rel);
	key_attno = find_column(rel, key);
	ts_attno = find_column(rel, ts);
	sz_check_select(
		rel, bms_add_member(bms_make_singleton(key_attno - FirstLowInvalidHeapAttributeNumber),
							ts_attno - FirstLowInvalidHeapAttributeNumber));
	check_ts_type(rel, ts_attno);

	source->relid = relid;
	source->key = key;
	source->ts = ts;
	source->key_type = TupleDescAttr(RelationGetDescr(rel), key_attno - 1)->atttypid;
	source->key_collation = TupleDescAttr(RelationGetDescr(rel), key_attno - 1)->attcollation;
	source->steps = NULL;
	source->every_row = true;
	find_tables(source);
	relation_close(rel, NoLock);
}

/*
 * session_source_set_steps has the steps that each row satisfies returned.
 */
void
session_source_set_steps(SessionSource *source, ArrayType *texts, const char *const *names,
						 bool every_row)
{
	Relation rel = relation_open(source->relid, NoLock);
	int column = -1;

	source->steps = row_steps_create(rel, texts, names);
	source->every_row = every_row;
	if (!bms_is_empty(source->steps->columns))
		sz_check_select(rel, source->steps->columns);
	while ((column = bms_next_member(source->steps->columns, column)) >= 0)
	{
		AttrNumber attno = column + FirstLowInvalidHeapAttributeNumber;

		if (sz_is_virtual(TupleDescAttr(RelationGetDescr(rel), attno - 1)))
			source->by_query = true;
	}
	relation_close(rel, NoLock);
}

/*
 * flush gives the batch to the consumer.
 */
static void
flush(EventReader *reader)
{
	CHECK_FOR_INTERRUPTS();
	reader->rows += reader->batch->count;
	reader->consume(reader->arg, reader->batch);
}

/*
 * infinite_time reports an infinite time.
 */
static void
infinite_time(const EventReader *reader)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
		 errmsg("column \"%s\" has an infinite time", reader->source->ts),
		 errhint("Give a view as the source that leaves such rows out, with WHERE isfinite(%s).",
				 quote_identifier(reader->source->ts))));
}

/*
 * add_event adds a row to the batch; events is 1, or the steps that the row satisfies.
 */
static inline void
add_event(EventReader *reader, Datum key, bool key_isnull, TimestampTz ts, int64 events)
{
	SzInterval event = {ts, ts, events};

	if (unlikely(TIMESTAMP_NOT_FINITE(ts)))
		infinite_time(reader);
	event_batch_add(reader->batch, reader->type, key, key_isnull, event);
	if (event_batch_is_full(reader->batch))
		flush(reader);
}

/*
 * add_slot adds the row in a slot to the batch.
 */
static inline void
add_slot(EventReader *reader, TupleTableSlot *slot, AttrNumber key, AttrNumber ts)
{
	slot_getsomeattrs(slot, Max(key, ts));
	if (!slot->tts_isnull[ts - 1])
		add_event(reader, slot->tts_values[key - 1], slot->tts_isnull[key - 1],
				  DatumGetTimestampTz(slot->tts_values[ts - 1]), 1);
}

/*
 * add_heap_tuple adds a heap tuple to the batch whose columns are at fixed offsets, without
 * deforming the tuple.
 */
static inline void
add_heap_tuple(EventReader *reader, HeapTuple tuple, TupleDesc desc, AttrNumber key, AttrNumber ts)
{
	bool ts_isnull;
	bool key_isnull;
	Datum ts_value = heap_getattr(tuple, ts, desc, &ts_isnull);
	Datum key_value = heap_getattr(tuple, key, desc, &key_isnull);

	if (!ts_isnull)
		add_event(reader, key_value, key_isnull, DatumGetTimestampTz(ts_value), 1);
}

/*
 * read_steps gives those rows of one table that satisfy a step to the consumer, with their steps.
 */
static void
read_steps(EventReader *reader, Relation rel, TableScanDesc scan, TupleTableSlot *slot,
		   AttrNumber key, AttrNumber ts)
{
	bool direct = slot_value_is_direct(slot, Max(key, ts));
	StepReader *steps = row_step_reader_create(reader->source->steps, rel, slot);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		uint32 mask = step_reader_mask(steps);
		bool key_isnull;
		bool ts_isnull;
		Datum key_value;
		Datum ts_value;

		if (mask == 0 && !reader->source->every_row)
			continue;
		key_value = slot_value(slot, key, direct, &key_isnull);
		ts_value = slot_value(slot, ts, direct, &ts_isnull);
		if (!ts_isnull)
			add_event(reader, key_value, key_isnull, DatumGetTimestampTz(ts_value), mask);
	}
	row_step_reader_free(steps);
}

/*
 * read_table gives the rows of one table to the consumer.
 */
static void
read_table(EventReader *reader, Oid relid, Snapshot snapshot)
{
	Relation rel = table_open(relid, NoLock);
	TupleDesc desc = RelationGetDescr(rel);
	AttrNumber key = get_attnum(relid, reader->source->key);
	AttrNumber ts = get_attnum(relid, reader->source->ts);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = sz_table_beginscan(rel, snapshot);

	if (reader->source->steps != NULL)
		read_steps(reader, rel, scan, slot, key, ts);
	else if (slot_value_is_direct(slot, Max(key, ts)))
		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
			add_heap_tuple(reader, ((BufferHeapTupleTableSlot *) slot)->base.tuple, desc, key, ts);
	else
		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
			add_slot(reader, slot, key, ts);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, NoLock);
}

/*
 * steps_of returns the steps that a row of the query satisfies: the columns after key and time.
 */
static int64
steps_of(TupleTableSlot *slot)
{
	int64 mask = 0;

	for (int i = 2; i < slot->tts_tupleDescriptor->natts; i++)
	{
		if (!slot->tts_isnull[i] && DatumGetBool(slot->tts_values[i]))
			mask |= INT64CONST(1) << (i - 2);
	}
	return mask;
}

/*
 * receive_slot takes a row of the query.
 */
static bool
receive_slot(TupleTableSlot *slot, DestReceiver *self)
{
	EventReader *reader = (EventReader *) self;
	int64 events = 1;
	Datum key;

	slot_getallattrs(slot);
	key = slot->tts_values[0];
	if (reader->type->typbyval && !slot->tts_isnull[0])
		key = key_type_as_stored(reader->type, key);
	if (reader->source->steps != NULL)
		events = steps_of(slot);
	if (!slot->tts_isnull[1] && (events != 0 || reader->source->every_row))
		add_event(reader, key, slot->tts_isnull[0], DatumGetTimestampTz(slot->tts_values[1]),
				  events);
	return true;
}

/*
 * query_steps returns the steps as columns of the query.
 */
static char *
query_steps(const SessionSource *source)
{
	Relation rel;
	char *sql;

	if (source->steps == NULL)
		return "";
	rel = relation_open(source->relid, NoLock);
	sql = row_steps_sql(source->steps, rel, "s");
	relation_close(rel, NoLock);
	return sql;
}

/*
 * read_query gives the rows of a query to the consumer while the query is running, which only SPI
 * itself can do.
 */
static void
read_query(EventReader *reader, Snapshot snapshot)
{
	const SessionSource *source = reader->source;
	SPIExecuteOptions options = {.read_only = true, .dest = &reader->dest};
	char *relation = quote_qualified_identifier(
		get_namespace_name_or_temp(get_rel_namespace(source->relid)), get_rel_name(source->relid));
	char *query;

	query = psprintf("SELECT s.%s, s.%s%s FROM %s AS s", quote_identifier(source->key),
					 quote_identifier(source->ts), query_steps(source), relation);
	reader->dest = *None_Receiver;
	reader->dest.receiveSlot = receive_slot;
	PushActiveSnapshot(snapshot);
	SPI_connect();
	if (SPI_execute_extended(query, &options) < 0)
		elog(ERROR, "session_table could not read its source by a query");
	SPI_finish();
	PopActiveSnapshot();
}

/*
 * session_source_read gives all rows with a time to the consumer.
 */
int64
session_source_read(const SessionSource *source, const KeyType *type, Snapshot snapshot,
					EventBatch *batch, EventBatchConsumer consume, void *arg)
{
	EventReader reader = {
		.source = source, .type = type, .batch = batch, .consume = consume, .arg = arg};
	ListCell *lc;

	if (source->by_query)
		read_query(&reader, snapshot);
	else
		foreach (lc, source->tables)
			read_table(&reader, lfirst_oid(lc), snapshot);
	if (batch->count > 0)
		flush(&reader);
	return reader.rows;
}
