/*
 * duplicate_probe.c
 *		Whether event ids of a range of raw rows occur once more, in rows near the range.
 *
 * The probe is no query, because the executor would fetch each row to see whether it is visible to
 * its snapshot.  Here the index entries are enough: the entry of a dead row may lead to a copy that
 * does not exist, which does no harm.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "partitioning/partdesc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "catalog/pipeline.h"
#include "compat.h"
#include "source/source_mapping.h"
#include "utils/array_reserve.h"
#include "utils/key_type.h"
#include "utils/pass_limit.h"
#include "window/duplicate_probe.h"
#include "window/raw_index.h"
#include "window/unique_id.h"

/* With more ids than these, whose hashes are kept in memory, copies are taken to exist. */
#define MOST_IDS 100000

/* Up to this many ids outside the range are kept, so that one scan of a key is enough. */
#define MOST_OTHERS 1000

/* Up to this many ids are searched one by one, without sorting them. */
#define FEW_IDS 32

#define FILTER_WORDS 16

/* The scan keys of each index scan: the session key is one value, the time lies between two. */
enum
{
	SCAN_KEY,
	SCAN_SINCE,
	SCAN_UNTIL,
	SCAN_CONDITIONS
};

/* An index of the raw table or of one of its partitions. */
typedef struct ProbedIndex
{
	Relation index;
	IndexScanDesc scan;
	RegProcedure procedures[SCAN_CONDITIONS];
} ProbedIndex;

typedef struct Prober
{
	MemoryContext entry_context; /* reset after each index entry */
	AttrNumber id_column;        /* of the event id, in the indexes */
	KeyType id;
	List *indexes; /* ProbedIndex */
	uint64 *ids;   /* hashes of the ids in [lo, hi] */
	int nids;
	int size;
	bool is_sorted;
	uint64 filter[FILTER_WORDS]; /* each id in ids sets one bit */
	uint64 others[MOST_OTHERS];  /* hashes of ids outside the range, to be looked up in ids */
	int nothers;
	int64 entries; /* number of index entries looked at for the current key */
	bool found;
} Prober;

/* Takes an index entry's time and the hash of its id; returns false to end the scan. */
typedef bool (*EntryVisitor)(Prober *prober, const DuplicateProbe *probe, TimestampTz time,
							 uint64 id);

/*
 * duplicate_probe_is_possible tells whether an index allows to look for copies.
 */
bool
duplicate_probe_is_possible(const Pipeline *pipeline, const SourceMapping *mapping)
{
	AttrNumber id_column;

	return source_plain_column(mapping, SRC_EVENT_ID) != 0 &&
		   OidIsValid(raw_index_with(pipeline, mapping, SRC_EVENT_ID, &id_column));
}

/*
 * condition_procedure returns the function of the operator that a strategy has for an index column.
 */
static RegProcedure
condition_procedure(Relation index, int column, StrategyNumber strategy)
{
	Oid type = index->rd_opcintype[column];
	Oid operator= get_opfamily_member(index->rd_opfamily[column], type, type, strategy);

	if (!OidIsValid(operator))
		elog(ERROR, "index \"%s\" has no operator %d", RelationGetRelationName(index), strategy);
	return get_opcode(operator);
}

/*
 * open_index opens an index of a table that is not partitioned, and begins a scan.  It returns
 * false if rows may lack an entry in the index.
 */
static bool
open_index(Prober *prober, Relation table, Oid oid)
{
	ProbedIndex *probed = palloc0(sizeof(ProbedIndex));
	Relation index = index_open(oid, AccessShareLock);

	if (!raw_index_is_complete(index))
	{
		index_close(index, NoLock);
		return false;
	}
	probed->index = index;
	probed->procedures[SCAN_KEY] = condition_procedure(index, 0, BTEqualStrategyNumber);
	probed->procedures[SCAN_SINCE] = condition_procedure(index, 1, BTGreaterEqualStrategyNumber);
	probed->procedures[SCAN_UNTIL] = condition_procedure(index, 1, BTLessStrategyNumber);
	probed->scan = sz_index_beginscan(table, index, GetActiveSnapshot(), SCAN_CONDITIONS);
	probed->scan->xs_want_itup = true;
	prober->indexes = lappend(prober->indexes, probed);
	return true;
}

static bool open_indexes(Prober *prober, Oid table_oid, Oid index);

/*
 * open_partitions opens the partitions of an index; false if rows may lack an entry in one.
 */
static bool
open_partitions(Prober *prober, Relation table, Oid index)
{
	PartitionDesc partitions = RelationGetPartitionDesc(table, true);

	check_stack_depth();
	for (int i = 0; i < partitions->nparts; i++)
	{
		Relation partition = table_open(partitions->oids[i], AccessShareLock);
		Oid part = index_get_partition(partition, index);

		table_close(partition, NoLock);
		/* a foreign table has no index */
		if (!OidIsValid(part) || !open_indexes(prober, partitions->oids[i], part))
			return false;
	}
	return true;
}

/*
 * open_indexes opens an index of a table or, if the table is partitioned, the index's partitions.
 * It returns false if rows may lack an entry in one.
 */
static bool
open_indexes(Prober *prober, Oid table_oid, Oid index)
{
	Relation table = table_open(table_oid, AccessShareLock);
	bool is_partitioned = table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
	bool opened =
		is_partitioned ? open_partitions(prober, table, index) : open_index(prober, table, index);

	/* a scan needs its table to stay open */
	if (is_partitioned || !opened)
		table_close(table, NoLock);
	return opened;
}

/*
 * close_indexes ends the scans, and closes the indexes and their tables.
 */
static void
close_indexes(Prober *prober)
{
	ListCell *cell;

	foreach (cell, prober->indexes)
	{
		ProbedIndex *probed = lfirst(cell);
		Relation table = probed->scan->heapRelation;

		index_endscan(probed->scan);
		index_close(probed->index, NoLock);
		table_close(table, NoLock);
	}
}

/*
 * entry_id returns the hash of an index entry's event id, and false if the id is NULL.
 */
static bool
entry_id(Prober *prober, IndexScanDesc scan, uint64 *id)
{
	MemoryContext caller;
	bool isnull;
	Datum value = index_getattr(scan->xs_itup, prober->id_column, scan->xs_itupdesc, &isnull);

	if (isnull)
		return false;
	caller = MemoryContextSwitchTo(prober->entry_context);
	*id = key_type_stable_hash(&prober->id, key_type_pack(&prober->id, value), 0);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(prober->entry_context);
	return true;
}

/*
 * visit_index calls the visitor for a key's index entries with times in [since, until).  It returns
 * false if the visitor has ended the scan.
 */
static bool
visit_index(Prober *prober, ProbedIndex *probed, const DuplicateProbe *probe, TimestampTz since,
			TimestampTz until, EntryVisitor visitor)
{
	const Datum values[] = {probe->key, TimestampTzGetDatum(since), TimestampTzGetDatum(until)};
	static const StrategyNumber strategies[] = {BTEqualStrategyNumber, BTGreaterEqualStrategyNumber,
												BTLessStrategyNumber};
	ScanKeyData conditions[SCAN_CONDITIONS];
	uint64 id;
	bool isnull;

	for (int i = 0; i < SCAN_CONDITIONS; i++)
	{
		int column = i == SCAN_KEY ? 0 : 1;

		ScanKeyEntryInitialize(&conditions[i], 0, (AttrNumber) (column + 1), strategies[i],
							   InvalidOid, probed->index->rd_indcollation[column],
							   probed->procedures[i], values[i]);
	}
	index_rescan(probed->scan, conditions, SCAN_CONDITIONS, NULL, 0);
	while (index_getnext_tid(probed->scan, ForwardScanDirection) != NULL)
	{
		Datum time = index_getattr(probed->scan->xs_itup, 2, probed->scan->xs_itupdesc, &isnull);

		pass_progress();
		prober->entries++;
		if (entry_id(prober, probed->scan, &id) &&
			!visitor(prober, probe, DatumGetTimestampTz(time), id))
			return false;
	}
	return true;
}

/*
 * visit_indexes calls the visitor for the entries of all indexes; it does nothing unless since <
 * until.
 */
static void
visit_indexes(Prober *prober, const DuplicateProbe *probe, TimestampTz since, TimestampTz until,
			  EntryVisitor visitor)
{
	ListCell *cell;

	if (since >= until)
		return;
	foreach (cell, prober->indexes)
		if (!visit_index(prober, lfirst(cell), probe, since, until, visitor))
			break;
}

/*
 * filter_word returns the word of the filter in which an id has its bit, and the bit.
 */
static uint64 *
filter_word(Prober *prober, uint64 id, uint64 *bit)
{
	uint64 place = id * UINT64CONST(0x9E3779B97F4A7C15) >> 54;

	*bit = UINT64CONST(1) << (place & 63);
	return &prober->filter[place / 64];
}

/*
 * look_for is the visitor that adds an id to ids.
 */
static bool
look_for(Prober *prober, const DuplicateProbe *probe pg_attribute_unused(),
		 TimestampTz time pg_attribute_unused(), uint64 id)
{
	uint64 bit;

	if (prober->nids == MOST_IDS)
	{
		prober->found = true;
		return false;
	}
	array_reserve(prober->ids, prober->nids, prober->size, 1024);
	prober->ids[prober->nids++] = id;
	*filter_word(prober, id, &bit) |= bit;
	return true;
}

/*
 * compare_ids orders hashes.
 */
static int
compare_ids(const void *a, const void *b)
{
	uint64 left = *(const uint64 *) a;
	uint64 right = *(const uint64 *) b;

	return (left > right) - (left < right);
}

/*
 * is_looked_for tells whether an id is in ids, to which nothing is added any more.
 */
static bool
is_looked_for(Prober *prober, uint64 id)
{
	uint64 bit;

	if (!(*filter_word(prober, id, &bit) & bit))
		return false;
	if (prober->nids > FEW_IDS)
	{
		if (!prober->is_sorted)
			qsort(prober->ids, prober->nids, sizeof(uint64), compare_ids);
		prober->is_sorted = true;
		return bsearch(&id, prober->ids, prober->nids, sizeof(uint64), compare_ids) != NULL;
	}
	for (int i = 0; i < prober->nids; i++)
		if (prober->ids[i] == id)
			return true;
	return false;
}

/*
 * look_at is the visitor that stops at the first id that is in ids.
 */
static bool
look_at(Prober *prober, const DuplicateProbe *probe pg_attribute_unused(),
		TimestampTz time pg_attribute_unused(), uint64 id)
{
	prober->found = is_looked_for(prober, id);
	return !prober->found;
}

/*
 * sort_out is the visitor of a scan over a key's whole range: it adds ids in [lo, hi] to ids, and
 * ids outside the window to others until these are full.
 */
static bool
sort_out(Prober *prober, const DuplicateProbe *probe, TimestampTz time, uint64 id)
{
	if (time >= probe->lo && time <= probe->hi)
		return look_for(prober, probe, time, id);
	if (time >= probe->since && time < probe->until)
		return true;
	prober->others[prober->nothers++] = id;
	return prober->nothers < MOST_OTHERS;
}

/*
 * begin_probe forgets the ids of the previous key.
 */
static void
begin_probe(Prober *prober)
{
	prober->nids = 0;
	prober->nothers = 0;
	prober->is_sorted = false;
	prober->found = false;
	memset(prober->filter, 0, sizeof(prober->filter));
}

/*
 * look_at_all looks for a key's copies in one scan; false if others was too small for the ids.
 */
static bool
look_at_all(Prober *prober, const DuplicateProbe *probe)
{
	begin_probe(prober);
	visit_indexes(prober, probe, Min(probe->reach_since, probe->lo),
				  Max(probe->reach_until, probe->hi + 1), sort_out);
	if (prober->nothers == MOST_OTHERS)
		return false;
	for (int i = 0; i < prober->nothers && !prober->found; i++)
		prober->found = is_looked_for(prober, prober->others[i]);
	return true;
}

/*
 * look_at_parts looks for a key's copies in three scans, without a limit on the number of entries.
 */
static void
look_at_parts(Prober *prober, const DuplicateProbe *probe)
{
	begin_probe(prober);
	visit_indexes(prober, probe, probe->lo, probe->hi + 1, look_for);
	if (!prober->found && prober->nids > 0)
		visit_indexes(prober, probe, probe->reach_since, probe->since, look_at);
	if (!prober->found && prober->nids > 0)
		visit_indexes(prober, probe, probe->until, probe->reach_until, look_at);
}

/*
 * run_probe looks for copies of one key's rows.
 */
static void
run_probe(Prober *prober, DuplicateProbe *probe)
{
	prober->entries = 0;
	if (!look_at_all(prober, probe))
		look_at_parts(prober, probe);
	probe->found = prober->found;
	probe->entries = prober->entries;
}

/*
 * duplicate_probe_run looks for copies of the rows of all probes' keys.
 */
void
duplicate_probe_run(const Pipeline *pipeline, const SourceMapping *mapping, DuplicateProbe *probes,
					int count)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sessionize copy probe",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Prober prober = {.size = 1024};
	bool complete;

	prober.entry_context =
		AllocSetContextCreate(context, "sessionize copy probe entry", ALLOCSET_SMALL_SIZES);
	prober.ids = palloc(prober.size * sizeof(uint64));
	key_type_init_id(&prober.id, pipeline->types[SRC_EVENT_ID]);
	complete = open_indexes(&prober, pipeline->source,
							raw_index_with(pipeline, mapping, SRC_EVENT_ID, &prober.id_column));
	for (int i = 0; i < count; i++)
	{
		if (complete)
			run_probe(&prober, &probes[i]);
		else
			probes[i].found = true;
	}
	close_indexes(&prober);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
