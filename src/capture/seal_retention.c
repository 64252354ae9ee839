/*
 * seal_retention.c
 *		Removed tables of raw rows that a pipeline's seal covers.
 *
 * A raw row with an event time before the horizon is either sealed, and counts without the raw row,
 * or late, and does not count. So if all event times in a partition lie before the horizon, its
 * rows need not be read. The bounds of a partition by the time of receipt can tell this, since an
 * event time is at most max_lead later than the receipt.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "capture/pending_keys.h"
#include "capture/seal_retention.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/raw_tree.h"
#include "catalog/star_relation.h"
#include "dirty/dirty.h"
#include "dirty/dirty_key.h"
#include "dirty/rebuild_need.h"
#include "source/sealed_rows.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"
#include "spi/row_query.h"
#include "spi/scope.h"
#include "utils/subtransaction.h"

/* A partition's range of receipt times, without upper. */
typedef struct Receipt
{
	TimestampTz lower;
	TimestampTz upper;
} Receipt;

/*
 * push_snapshot_before pushes a snapshot that sees what is committed, and what this transaction has
 * done before the current command: tables that the command has dropped or detached are still there.
 * False if no such snapshot can be made.
 */
static bool
push_snapshot_before(void)
{
	CommandId command;

	if (!ActiveSnapshotSet())
		return false;
	command = GetActiveSnapshot()->curcid;
	PushCopiedSnapshot(GetLatestSnapshot());
	GetActiveSnapshot()->curcid = command;
	return true;
}

/*
 * catalog_row returns a copy of the first row of a system catalog that has an OID in a column, in
 * the active snapshot; NULL if there is none. The column is the first one of the index.
 */
static HeapTuple
catalog_row(Relation catalog, AttrNumber column, Oid value, Oid index)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(value));
	scan = systable_beginscan(catalog, index, true, GetActiveSnapshot(), 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	return tuple;
}

/*
 * bounds_of returns a partition's bounds; NULL if it has none.
 */
static PartitionBoundSpec *
bounds_of(Oid table)
{
	Relation catalog = table_open(RelationRelationId, AccessShareLock);
	HeapTuple tuple = catalog_row(catalog, Anum_pg_class_oid, table, ClassOidIndexId);
	PartitionBoundSpec *bounds = NULL;
	bool isnull = true;
	Datum value = (Datum) 0;

	if (HeapTupleIsValid(tuple))
		value = heap_getattr(tuple, Anum_pg_class_relpartbound, RelationGetDescr(catalog), &isnull);
	if (!isnull)
		bounds = castNode(PartitionBoundSpec, stringToNode(TextDatumGetCString(value)));
	table_close(catalog, AccessShareLock);
	return bounds;
}

/*
 * bound_time returns a bound that is a single timestamptz.
 */
static TimestampTz
bound_time(List *datums)
{
	const PartitionRangeDatum *datum = linitial_node(PartitionRangeDatum, datums);

	if (datum->kind == PARTITION_RANGE_DATUM_MINVALUE)
		return DT_NOBEGIN;
	if (datum->kind == PARTITION_RANGE_DATUM_MAXVALUE)
		return DT_NOEND;
	return DatumGetTimestampTz(castNode(Const, datum->value)->constvalue);
}

/*
 * is_by_receipt tells whether the raw table is partitioned by range of the column that is the time
 * of receipt.
 */
static bool
is_by_receipt(const Pipeline *pipeline)
{
	const SourceMapping *mapping = source_mapping(pipeline);
	Node *received = (Node *) list_nth_node(TargetEntry, mapping->targets, SRC_RECEIVED_AT)->expr;
	Relation raw;
	PartitionKey key;
	bool is_so;

	if (!IsA(received, Var) || ((Var *) received)->varno != (int) mapping->varno)
		return false;
	raw = table_open(pipeline->source, AccessShareLock);
	key = RelationGetPartitionKey(raw);
	is_so =
		key != NULL && key->strategy == PARTITION_STRATEGY_RANGE && key->partnatts == 1 &&
		key->partattrs[0] == ((Var *) received)->varattno && key->parttypid[0] == TIMESTAMPTZOID &&
		key->partopfamily[0] == get_opclass_family(GetDefaultOpClass(TIMESTAMPTZOID, BTREE_AM_OID));
	table_close(raw, NoLock);
	return is_so;
}

/*
 * find_receipt finds the range of receipt times of a table that is part of the raw table, as the
 * active snapshot sees it; false if the range is not known.
 */
static bool
find_receipt(const Pipeline *pipeline, Oid table, Receipt *receipt)
{
	PartitionBoundSpec *bounds;
	Oid parent;

	if (!is_by_receipt(pipeline))
		return false;
	while ((parent = raw_tree_parent(table, GetActiveSnapshot())) != pipeline->source)
	{
		if (!OidIsValid(parent))
			return false;
		table = parent;
	}
	bounds = bounds_of(table);
	if (bounds == NULL || bounds->is_default || bounds->strategy != PARTITION_STRATEGY_RANGE)
		return false;
	receipt->lower = bound_time(bounds->lowerdatums);
	receipt->upper = bound_time(bounds->upperdatums);
	return true;
}

/*
 * is_covered tells whether every event received in this range lies before the horizon.
 */
static bool
is_covered(const Pipeline *pipeline, const Receipt *receipt)
{
	return !TIMESTAMP_NOT_FINITE(receipt->upper) && receipt->upper <= pipeline->sealed_before &&
		   pipeline->clock.max_lead <= (uint64) (pipeline->sealed_before - receipt->upper);
}

/*
 * mark_key logs the key in a row's only column.
 */
static void
mark_key(void *arg, TupleTableSlot *slot)
{
	const DirtyLog *log = arg;
	DirtyKey dirty = {.lo = DT_NOBEGIN, .hi = DT_NOEND};

	dirty.key = slot_getattr(slot, 1, &dirty.isnull);
	pending_keys_add(log, &dirty);
}

/*
 * mark_keys logs the keys that a query returns.
 */
static void
mark_keys(const Pipeline *pipeline, const char *query)
{
	DirtyLog log = {pipeline->id, dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY]};

	row_query(query, mark_key, &log);
}

/*
 * mark_late logs the keys of late rows in the removed tables, and of late rows that may now be the
 * only raw rows of sealed rows.
 */
static void
mark_late(const Pipeline *pipeline, const List *members)
{
	StringInfoData oids;
	ListCell *cell;

	initStringInfo(&oids);
	foreach (cell, members)
		appendStringInfo(&oids, "%s%u", oids.len > 0 ? "," : "", lfirst_oid(cell));
	mark_keys(pipeline, star_sql(pipeline,
								 "SELECT l.session_key FROM ONLY @late AS l "
								 "WHERE l.raw_table::oid = ANY ('{%s}'::oid[]) "
								 "OR EXISTS (SELECT FROM ONLY @sealed AS s "
								 "WHERE s.session_key %s l.session_key AND s.raw_id %s l.raw_id)",
								 oids.data, key_equals_sql(pipeline->types[SRC_SESSION_KEY]),
								 key_equals_sql(pipeline->types[SRC_RAW_ID])));
}

/*
 * mark_quarantined logs the keys of quarantined rows that were received in a range. receipt NULL:
 * of all quarantined rows. Then the table's rows are read one by one, and those before the horizon
 * are left out, whether or not they were quarantined.
 */
static void
mark_quarantined(const Pipeline *pipeline, const Receipt *receipt)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT DISTINCT q.session_key FROM ONLY %s AS q",
					 star_relation(pipeline, STAR_QUARANTINE));
	if (receipt != NULL)
		appendStringInfo(&query, " WHERE q.received_at >= %s AND q.received_at < %s",
						 quote_literal_cstr(pstrdup(timestamptz_to_str(receipt->lower))),
						 quote_literal_cstr(pstrdup(timestamptz_to_str(receipt->upper))));
	mark_keys(pipeline, query.data);
}

/*
 * has_tables tells whether the pipeline has no fault and all tables that are read here.
 */
static bool
has_tables(const Pipeline *pipeline)
{
	static const StarRelationId tables[] = {STAR_SEALED, STAR_LATE, STAR_QUARANTINE};

	if (pipeline->fault != PIPELINE_WHOLE)
		return false;
	for (size_t i = 0; i < lengthof(tables); i++)
		if (!OidIsValid(star_relation_oid(pipeline, tables[i])))
			return false;
	return true;
}

/* The arguments and the result of look_at_part. */
typedef struct Looking
{
	const Pipeline *pipeline;
	Oid table;
	const List *members;
	SealedPart *part;
} Looking;

/*
 * look_at_part does the work of seal_retention for a pipeline with a seal, as its owner.
 */
static void
look_at_part(void *arg)
{
	const Looking *looking = arg;
	const Pipeline *pipeline = looking->pipeline;
	SealedPart part = {pipeline->sealed_before, false};
	OwnerScope scope;
	Receipt receipt;

	owner_scope_enter(&scope, pipeline);
	if (push_snapshot_before())
	{
		part.is_all =
			find_receipt(pipeline, looking->table, &receipt) && is_covered(pipeline, &receipt);
		PopActiveSnapshot();
	}
	PushActiveSnapshot(GetLatestSnapshot());
	mark_late(pipeline, looking->members);
	mark_quarantined(pipeline, part.is_all ? &receipt : NULL);
	PopActiveSnapshot();
	owner_scope_leave(&scope);
	*looking->part = part;
}

/*
 * seal_retention tells which removed rows of a table the seal covers.
 */
SealedPart
seal_retention(const PipelineRef *ref, Oid table, const List *members)
{
	SealedPart part = {DT_NOBEGIN, false};
	Pipeline *pipeline;

	pipeline = pipeline_find_now(ref->id);
	if (pipeline == NULL || TIMESTAMP_IS_NOBEGIN(pipeline->sealed_before) ||
		!has_tables(pipeline) || !pipeline_load_types(pipeline))
		return part;
	/* a rebuild or a seal may have read late rows that it has not written yet */
	if (!pipeline_try_refresh_lock(pipeline) || !pipeline_try_hold_rebuild(pipeline))
		return part;
	/* the role that removes the table must not see errors that the pipeline's owner has caused */
	if (try_for_others(look_at_part, &(Looking){pipeline, table, members, &part}) != TRY_DONE)
		rebuild_need_note(ref, NEED_ROWS_REMOVED,
						  "Whether sealed or late rows went with a table could not be found out.");
	return part;
}
