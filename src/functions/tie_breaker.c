/*
 * tie_breaker.c
 *		Tie-breakers: values that order the events of the same time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "compat.h"
#include "functions/tie_breaker.h"

#define FIRST_VALUES 8

/* The context of compare_nodes. */
typedef struct Order
{
	const TieBreakers *ties;
	const SzNodeLog *log;
} Order;

/*
 * tie_type_create looks up a type.  Text is compared by its bytes, as elsewhere in the extension.
 */
TieType *
tie_type_create(Oid type, MemoryContext cxt)
{
	TieType *result = MemoryContextAllocZero(cxt, sizeof(TieType));
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_CMP_PROC);

	if (!OidIsValid(entry->cmp_proc))
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_FUNCTION),
			 errmsg("could not identify an ordering for type %s", format_type_be(type)),
			 errhint(
				 "Give a tie_breaker whose type has a btree operator class, such as the event's "
				 "id.")));
	datum_codec_init(&result->codec, type, cxt);
	fmgr_info_cxt(entry->cmp_proc, &result->compare, cxt);
	result->collation = OidIsValid(entry->typcollation) ? C_COLLATION_OID : InvalidOid;
	return result;
}

/*
 * reserve makes room for a total of count values.
 */
static void
reserve(TieBreakers *ties, uint32 count, MemoryContext cxt)
{
	uint32 room = Max(ties->room, FIRST_VALUES);

	if (count <= ties->room)
		return;
	while (room < count)
		room = room > PG_UINT32_MAX / 2 ? PG_UINT32_MAX : room * 2;
	if (ties->values == NULL)
	{
		ties->values = MemoryContextAllocHuge(cxt, room * sizeof(Datum));
		ties->nulls = MemoryContextAllocHuge(cxt, room * sizeof(bool));
	}
	else
	{
		ties->values = repalloc_huge(ties->values, room * sizeof(Datum));
		ties->nulls = repalloc_huge(ties->nulls, room * sizeof(bool));
	}
	ties->room = room;
}

/*
 * tie_breakers_add adds a value.
 */
uint32
tie_breakers_add(TieBreakers *ties, Datum value, bool isnull, MemoryContext cxt)
{
	const DatumCodec *codec = &ties->type->codec;

	reserve(ties, ties->count + 1, cxt);
	ties->nulls[ties->count] = isnull;
	if (!isnull)
	{
		MemoryContext caller;

		if (codec->length == -1)
			value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
		caller = MemoryContextSwitchTo(cxt);
		ties->values[ties->count] = datumCopy(value, codec->by_value, codec->length);
		MemoryContextSwitchTo(caller);
	}
	return ties->count++;
}

/*
 * tie_breakers_merge adds the values of another state.
 */
void
tie_breakers_merge(TieBreakers *ties, const TieBreakers *others, MemoryContext cxt)
{
	if (others->count > PG_UINT32_MAX - ties->count)
		elog(ERROR, "too many events in one group");
	reserve(ties, ties->count + others->count, cxt);
	for (uint32 i = 0; i < others->count; i++)
		(void) tie_breakers_add(ties, others->values[i], others->nulls[i], cxt);
}

/*
 * tie_breakers_put appends the values to a message.
 */
void
tie_breakers_put(const TieBreakers *ties, StringInfo out)
{
	for (uint32 i = 0; i < ties->count; i++)
	{
		pq_sendbyte(out, ties->nulls[i] ? 1 : 0);
		if (!ties->nulls[i])
			datum_codec_put(&ties->type->codec, ties->values[i], out);
	}
}

/*
 * tie_breakers_get keeps the bytes of the values, since their type is not known yet.
 */
void
tie_breakers_get(TieBreakers *ties, StringInfo in, int size)
{
	memset(ties, 0, sizeof(*ties));
	ties->received = palloc(VARHDRSZ + size);
	SET_VARSIZE(ties->received, VARHDRSZ + size);
	pq_copymsgbytes(in, VARDATA(ties->received), size);
}

/*
 * tie_breakers_read reads the values from the bytes.
 */
void
tie_breakers_read(TieBreakers *ties, TieType *type, MemoryContext cxt)
{
	StringInfoData bytes;

	ties->type = type;
	if (ties->received == NULL)
		return;
	sz_read_only_string_info(&bytes, VARDATA(ties->received),
							 (int) VARSIZE(ties->received) - VARHDRSZ);
	while (bytes.cursor < bytes.len)
	{
		bool isnull = pq_getmsgbyte(&bytes) != 0;

		(void) tie_breakers_add(ties, isnull ? (Datum) 0 : datum_codec_get(&type->codec, &bytes),
								isnull, cxt);
	}
	ties->received = NULL;
}

/*
 * compare_nodes compares two events of the same time.
 */
static int
compare_nodes(const void *a, const void *b, void *arg)
{
	const Order *order = arg;
	const TieBreakers *ties = order->ties;
	uint32 x = ((const SzNode *) a)->mask;
	uint32 y = ((const SzNode *) b)->mask;
	int result = ties->nulls[x] - ties->nulls[y];

	/* all of a group's events can be at the same time */
	CHECK_FOR_INTERRUPTS();
	if (result == 0 && !ties->nulls[x])
		result = DatumGetInt32(FunctionCall2Coll(&ties->type->compare, ties->type->collation,
												 ties->values[x], ties->values[y]));
	return result != 0 ? result : sz_node_compare_names(order->log->bytes, a, b);
}

/*
 * tie_breakers_sort sorts the events of each instant.
 */
void
tie_breakers_sort(TieBreakers *ties, SzNodeLog *log)
{
	Order order = {ties, log};
	uint32 end;

	for (uint32 i = 0; i < log->count; i = end)
	{
		for (end = i + 1; end < log->count && log->nodes[end].ts == log->nodes[i].ts; end++)
			;
		if (end > i + 1)
		{
			qsort_arg(log->nodes + i, end - i, sizeof(SzNode), compare_nodes, &order);
			ties->used = true;
		}
	}
}
