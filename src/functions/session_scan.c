/*
 * session_scan.c
 *		The sessions of a relation's keys, one by one, from one pass over the relation without
 *		sorting.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "functions/island_table.h"
#include "functions/key_output.h"
#include "functions/session_scan.h"
#include "functions/session_source.h"

struct SessionScan
{
	MemoryContext cxt;
	SessionScanArgs args;
	SessionSource source;
	KeyType type;
	IslandTable table;
	int64 rows; /* number of rows read from the source */

	/* the result */
	KeyOutput key_output;
	Datum key; /* the current key */
	bool key_isnull;
	int64 number; /* number of the current key's sessions that were returned */
};

/*
 * session_scan_begin reads the source.
 */
SessionScan *
session_scan_begin(const SessionScanArgs *args, Snapshot snapshot, MemoryContext parent)
{
	const int islands_columns =
		1 << SESSION_STARTED_AT | 1 << SESSION_ENDED_AT | 1 << SESSION_EVENTS;
	MemoryContext cxt = AllocSetContextCreate(parent, "session scan", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	SessionScan *scan = palloc0(sizeof(SessionScan));

	scan->cxt = cxt;
	scan->args = *args;
	scan->args.key = pstrdup(args->key);
	scan->args.ts = pstrdup(args->ts);
	session_source_open(&scan->source, args->relid, scan->args.key, scan->args.ts);
	key_output_init(&scan->key_output, &scan->source, args->key_type, cxt);
	key_type_init(&scan->type, scan->source.key_type, scan->source.key_collation, args->key, cxt);
	island_table_init(&scan->table, &scan->type, args->gap, (args->columns & islands_columns) != 0,
					  cxt);
	scan->rows = session_source_read(&scan->source, &scan->type, snapshot, &scan->table.keys.batch,
									 key_table_take, &scan->table.keys);
	MemoryContextSwitchTo(old);
	return scan;
}

/*
 * session_scan_next returns the next session.
 */
bool
session_scan_next(SessionScan *scan, SessionRow *row)
{
	while (scan->number == scan->table.count)
	{
		const KeyEntry *entry = island_table_next(&scan->table);

		if (entry == NULL)
			return false;
		if (scan->args.columns & 1 << SESSION_KEY)
		{
			scan->key_isnull = entry->isnull;
			scan->key = entry->isnull ? (Datum) 0 : key_output_value(&scan->key_output, entry);
		}
		scan->number = 0;
	}
	row->key = scan->key;
	row->key_isnull = scan->key_isnull;
	if (scan->table.with_list)
	{
		const SzInterval *island = &scan->table.items[scan->number];

		row->started_at = island->start;
		row->ended_at = island->end;
		row->events = island->events;
	}
	row->number = ++scan->number;
	return true;
}

/*
 * session_scan_rewind starts over, without reading the source again.
 */
void
session_scan_rewind(SessionScan *scan)
{
	island_table_rewind(&scan->table);
	scan->number = scan->table.count;
}

/*
 * session_scan_stats returns the statistics of the scan so far.
 */
SessionScanStats
session_scan_stats(const SessionScan *scan)
{
	SessionScanStats stats = {scan->rows, scan->table.keys.stats, scan->source.by_query};

	return stats;
}

/*
 * session_scan_end closes the files and frees the memory.
 */
void
session_scan_end(SessionScan *scan)
{
	key_table_end(&scan->table.keys);
	MemoryContextDelete(scan->cxt);
}
