/*
 * dirty_look.c
 *		Reading a pipeline's dirty log as a role that is not its owner.
 *
 * Keys are counted by sorting their 64-bit hashes in work_mem, or on disk beyond that. Among a
 * hundred million keys, the probability that two have the same hash is one in four thousand.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "compat.h"
#include "core/hash.h"
#include "dirty/dirty.h"
#include "dirty/dirty_look.h"
#include "dirty/dirty_mark.h"
#include "dirty/dirty_table.h"
#include "spi/scope.h"

/* An open log, and the relations that are locked for it. */
typedef struct DirtyLook
{
	Pipeline *pipeline;
	DirtyTable table;
	List *locked;
} DirtyLook;

/* How keys are told apart, and which of them are large. */
typedef struct KeyCounter
{
	Oid type;
	bool by_type; /* hash by the type's hash function; false: hash the bytes */
	int16 length;
	bool by_value;
	FmgrInfo output;
	char **large; /* sorted by strcmp() */
	bool *found;  /* for each text in "large": whether the log has the key */
	int nlarge;
	Tuplesortstate *hashes;
	bool any_null;
	MemoryContext row_context;
} KeyCounter;

/*
 * try_lock locks a relation for reading; false if the lock is not free.
 */
static bool
try_lock(DirtyLook *look, Oid relation)
{
	if (!ConditionalLockRelationOid(relation, AccessShareLock))
		return false;
	look->locked = lappend_oid(look->locked, relation);
	return true;
}

/*
 * unlock releases the locks, so that a long transaction that has queried the status blocks nobody.
 */
static void
unlock(DirtyLook *look)
{
	ListCell *cell;

	foreach (cell, look->locked)
		UnlockRelationOid(lfirst_oid(cell), AccessShareLock);
	look->locked = NIL;
}

/*
 * try_lock_toast locks the TOAST table and its indexes, which are opened to read a long key.
 */
static bool
try_lock_toast(DirtyLook *look)
{
	Oid toast = look->table.relation->rd_rel->reltoastrelid;
	Relation relation;
	ListCell *cell;
	bool locked = true;

	if (!OidIsValid(toast))
		return true;
	if (!try_lock(look, toast))
		return false;
	relation = relation_open(toast, NoLock);
	foreach (cell, RelationGetIndexList(relation))
		locked = locked && try_lock(look, lfirst_oid(cell));
	relation_close(relation, NoLock);
	return locked;
}

/*
 * is_as_made tells whether the table is the pipeline's own. It must be permanent: an unlogged table
 * is empty after a crash, and unreadable on a standby.
 */
static bool
is_as_made(const DirtyLook *look)
{
	Form_pg_class form = look->table.relation->rd_rel;

	return form->relowner == look->pipeline->owner &&
		   form->relnamespace == look->pipeline->schema &&
		   form->relpersistence == RELPERSISTENCE_PERMANENT;
}

/*
 * open_locked opens the table, which the caller has locked.
 */
static DirtyState
open_locked(DirtyLook *look, Oid table)
{
	Oid key_type = InvalidOid;

	if (OidIsValid(look->pipeline->source_view) && pipeline_load_types(look->pipeline))
		key_type = look->pipeline->types[SRC_SESSION_KEY];
	if (!dirty_table_open(&look->table, table, key_type, NoLock))
		return DIRTY_LOST;
	if (is_as_made(look) && try_lock_toast(look))
		return DIRTY_READABLE;
	table_close(look->table.relation, NoLock);
	return is_as_made(look) ? DIRTY_LOCKED : DIRTY_LOST;
}

/*
 * open_log locks and opens the log for reading.
 */
static DirtyState
open_log(DirtyLook *look, Pipeline *pipeline)
{
	Oid table = dirty_table(pipeline);
	DirtyState state;

	*look = (DirtyLook){.pipeline = pipeline};
	if (!OidIsValid(table) || get_rel_relkind(table) != RELKIND_RELATION)
		return DIRTY_LOST;
	if (!try_lock(look, table))
		return DIRTY_LOCKED;
	state = open_locked(look, table);
	if (state != DIRTY_READABLE)
		unlock(look);
	return state;
}

/*
 * close_log closes the log and releases its locks.
 */
static void
close_log(DirtyLook *look)
{
	table_close(look->table.relation, NoLock);
	unlock(look);
}

/*
 * is_built_in tells whether all functions that tell the values of a type apart came with the
 * server. Arrays are hashed by the functions of their elements' type.
 */
static bool
is_built_in(Oid type)
{
	Oid base = getBaseType(type);
	Oid element = get_element_type(base);
	Oid hash;

	if (base >= FirstNormalObjectId && !type_is_enum(base))
		return false;
	hash = lookup_type_cache(base, TYPECACHE_HASH_EXTENDED_PROC)->hash_extended_proc;
	return OidIsValid(hash) && hash < FirstNormalObjectId &&
		   (!OidIsValid(element) || is_built_in(element));
}

/*
 * hash_bytes_of hashes a value by its bytes.
 */
static uint64
hash_bytes_of(const KeyCounter *counter, Datum value)
{
	const char *bytes = DatumGetPointer(value);

	if (counter->by_value)
		return sz_hash_int((int64) value, 0);
	if (counter->length > 0)
		return sz_hash_bytes(bytes, counter->length, 0);
	if (counter->length == -2)
		return sz_hash_bytes(bytes, strlen(bytes), 0);
	value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	return sz_hash_bytes(VARDATA_ANY(DatumGetPointer(value)),
						 VARSIZE_ANY_EXHDR(DatumGetPointer(value)), 0);
}

/*
 * compare_texts compares two texts for qsort and bsearch.
 */
static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * note_large notes that the log has a large key. To call a type's output function is safe: it is
 * always a C function, which only a superuser can create.
 */
static void
note_large(KeyCounter *counter, Datum key)
{
	char *text = OutputFunctionCall(&counter->output, key);
	char **large = bsearch(&text, counter->large, counter->nlarge, sizeof(char *), compare_texts);

	if (large != NULL)
		counter->found[large - counter->large] = true;
}

/*
 * count_key adds the key of a row to the counter.
 */
static void
count_key(KeyCounter *counter, Datum key, bool isnull)
{
	MemoryContext caller;
	uint64 hash;

	if (isnull)
	{
		counter->any_null = true;
		return;
	}
	caller = MemoryContextSwitchTo(counter->row_context);
	hash = counter->by_type ? key_stable_hash(counter->type, key) : hash_bytes_of(counter, key);
	if (counter->nlarge > 0)
		note_large(counter, key);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(counter->row_context);
	tuplesort_putdatum(counter->hashes, Int64GetDatum((int64) hash), false);
}

/*
 * begin_counter prepares to count keys of a type.
 */
static void
begin_counter(KeyCounter *counter, Oid type, List *large)
{
	Oid output;
	bool is_varlena;
	ListCell *cell;

	*counter = (KeyCounter){.type = type, .by_type = is_built_in(type)};
	get_typlenbyval(type, &counter->length, &counter->by_value);
	getTypeOutputInfo(type, &output, &is_varlena);
	fmgr_info(output, &counter->output);
	counter->large = palloc(Max(list_length(large), 1) * sizeof(char *));
	counter->found = palloc0(Max(list_length(large), 1) * sizeof(bool));
	foreach (cell, large)
		counter->large[counter->nlarge++] = lfirst(cell);
	qsort(counter->large, counter->nlarge, sizeof(char *), compare_texts);
	counter->hashes = tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false, work_mem,
											NULL, TUPLESORT_NONE);
	counter->row_context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize dirty row", ALLOCSET_DEFAULT_SIZES);
}

/*
 * end_counter sets the number of distinct keys and of large keys.
 */
static void
end_counter(KeyCounter *counter, DirtyCounts *counts)
{
	Datum hash;
	Datum previous = 0;
	bool isnull;

	counts->keys = counter->any_null ? 1 : 0;
	tuplesort_performsort(counter->hashes);
	for (bool first = true; sz_tuplesort_getdatum(counter->hashes, &hash, &isnull); first = false)
	{
		CHECK_FOR_INTERRUPTS();
		if (first || DatumGetInt64(hash) != DatumGetInt64(previous))
			counts->keys++;
		previous = hash;
	}
	tuplesort_end(counter->hashes);
	for (int i = 0; i < counter->nlarge; i++)
		counts->large_keys += counter->found[i];
	MemoryContextDelete(counter->row_context);
}

/*
 * count_rows counts the rows of an open log and their keys.
 */
static void
count_rows(const DirtyLook *look, KeyCounter *counter, DirtyCounts *counts)
{
	const DirtyTable *table = &look->table;
	Snapshot snapshot = GetActiveSnapshot();
	TableScanDesc scan =
		dirty_table_scan(table, snapshot, dirty_mark_for(table->relation, snapshot));
	TupleTableSlot *slot;

	if (scan == NULL)
		return;
	slot = table_slot_create(table->relation, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool isnull;
		Datum logged_at = slot_getattr(slot, table->attributes[DIRTY_LOGGED_AT] + 1, &isnull);
		Datum key;

		CHECK_FOR_INTERRUPTS();
		counts->rows++;
		if (!isnull)
			counts->since = Min(counts->since, DatumGetTimestampTz(logged_at));
		key = slot_getattr(slot, table->attributes[DIRTY_SESSION_KEY] + 1, &isnull);
		count_key(counter, key, isnull);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

/*
 * dirty_look_count counts what is in the log.
 */
DirtyState
dirty_look_count(Pipeline *pipeline, List *large, DirtyCounts *counts)
{
	DirtyLook look;
	DirtyState state = open_log(&look, pipeline);
	int key = look.table.attributes[DIRTY_SESSION_KEY];
	KeyCounter counter;
	int level;

	*counts = (DirtyCounts){.since = DT_NOEND};
	if (state != DIRTY_READABLE)
		return state;
	/* the text form of a key depends on settings */
	level = pinned_settings_enter();
	begin_counter(&counter, TupleDescAttr(RelationGetDescr(look.table.relation), key)->atttypid,
				  large);
	count_rows(&look, &counter, counts);
	end_counter(&counter, counts);
	pinned_settings_leave(level);
	close_log(&look);
	return state;
}

/*
 * dirty_look_any tells whether the log has a row.
 */
DirtyState
dirty_look_any(Pipeline *pipeline, bool *any)
{
	DirtyLook look;
	DirtyState state = open_log(&look, pipeline);
	TableScanDesc scan;
	TupleTableSlot *slot;

	*any = false;
	if (state != DIRTY_READABLE)
		return state;
	scan = dirty_table_scan(&look.table, GetActiveSnapshot(), 0);
	slot = table_slot_create(look.table.relation, NULL);
	*any = table_scan_getnextslot(scan, ForwardScanDirection, slot);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	close_log(&look);
	return state;
}
