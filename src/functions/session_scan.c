/*
 * session_scan.c
 *		The sessions of a relation's keys, one by one, from a single unordered pass over it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "functions/island_table.h"
#include "functions/session_scan.h"
#include "functions/session_source.h"

struct SessionScan
{
	MemoryContext cxt;
	MemoryContext key_cxt; /* of the current key's text */
	SessionScanArgs args;
	SessionSource source;
	KeyType type;
	IslandTable table;
	int64 rows; /* read from the source */

	/* the result */
	bool key_as_text;
	FmgrInfo key_output;
	Datum key; /* the current one */
	bool key_isnull;
	int64 number; /* sessions of the current key that are out */
};

/*
 * check_key_type makes sure that the result can have keys of the wanted type.
 */
static void
check_key_type(SessionScan *scan)
{
	Oid column = scan->source.key_type;
	Oid base = getBaseType(column);
	Oid wanted = scan->args.key_type;
	bool is_varlena;
	Oid output;

	if (wanted == column || wanted == base || (wanted == TEXTOID && base == VARCHAROID))
		return;
	if (wanted != TEXTOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("column \"%s\" is of type %s, not %s", scan->args.key, format_type_be(column),
							   format_type_be(wanted)),
						errhint("Write NULL::%s, or leave the argument out to get the key as text.",
								format_type_be(column))));
	scan->key_as_text = true;
	getTypeOutputInfo(column, &output, &is_varlena);
	fmgr_info_cxt(output, &scan->key_output, scan->cxt);
}

/*
 * session_scan_begin reads the source.
 */
SessionScan *
session_scan_begin(const SessionScanArgs *args, Snapshot snapshot, MemoryContext parent)
{
	const int islands_columns = 1 << SESSION_STARTED_AT | 1 << SESSION_ENDED_AT | 1 << SESSION_EVENTS;
	MemoryContext cxt = AllocSetContextCreate(parent, "session scan", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	SessionScan *scan = palloc0(sizeof(SessionScan));

	scan->cxt = cxt;
	scan->key_cxt = AllocSetContextCreate(cxt, "session scan key text", ALLOCSET_SMALL_SIZES);
	scan->args = *args;
	scan->args.key = pstrdup(args->key);
	scan->args.ts = pstrdup(args->ts);
	session_source_open(&scan->source, args->relid, scan->args.key, scan->args.ts);
	check_key_type(scan);
	key_type_init(&scan->type, scan->source.key_type, scan->source.key_collation, args->key, cxt);
	island_table_init(&scan->table, &scan->type, args->gap, (args->columns & islands_columns) != 0, cxt);
	scan->rows = session_source_read(&scan->source, &scan->type, snapshot, &scan->table.keys.batch,
									 key_table_take, &scan->table.keys);
	MemoryContextSwitchTo(old);
	return scan;
}

/*
 * give_key makes the current key's value for the result.
 */
static void
give_key(SessionScan *scan, const KeyEntry *entry)
{
	MemoryContext old;

	scan->key = entry->key;
	scan->key_isnull = entry->isnull;
	if (!scan->key_as_text || entry->isnull)
		return;
	MemoryContextReset(scan->key_cxt);
	old = MemoryContextSwitchTo(scan->key_cxt);
	scan->key = PointerGetDatum(cstring_to_text(OutputFunctionCall(&scan->key_output, entry->key)));
	MemoryContextSwitchTo(old);
}

/*
 * session_scan_next gets the next session.
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
			give_key(scan, entry);
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
 * session_scan_rewind begins again, without reading the source.
 */
void
session_scan_rewind(SessionScan *scan)
{
	island_table_rewind(&scan->table);
	scan->number = scan->table.count;
}

/*
 * session_scan_stats returns what the scan has done so far.
 */
SessionScanStats
session_scan_stats(const SessionScan *scan)
{
	SessionScanStats stats = {scan->rows, scan->table.keys.stats, scan->source.by_query};

	return stats;
}

/*
 * session_scan_end frees everything.
 */
void
session_scan_end(SessionScan *scan)
{
	key_table_end(&scan->table.keys);
	MemoryContextDelete(scan->cxt);
}
