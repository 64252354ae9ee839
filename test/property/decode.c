/*
 * decode.c
 *		Property: the serialized form of an interval set takes nothing that it did not write.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "core/interval_set.h"
#include "property.h"

enum
{
	P_GAP,
	P_CUT,
	P_FLIP,
	P_FORGE
};

/*
 * make_bytes makes a history whose encoded form is then cut, changed in one bit, or forged: its islands
 * take the steps' times and extras unsorted.
 */
static void
make_bytes(Random *random, History *history)
{
	interval_set_property.make(random, history);
	if (history->nsteps > 60)
		history->nsteps = 60;
	history->params[P_CUT] = random_one_in(random, 3) ? random_below(random, 100) : 0;
	history->params[P_FLIP] = random_one_in(random, 2) ? 1 + random_below(random, 60 * 24 * 8) : 0;
	history->params[P_FORGE] = random_one_in(random, 4);
	for (int i = 0; i < history->nsteps; i++)
		history->steps[i].extra =
			random_one_in(random, 2) ? random_below(random, 4) : random_bits(random);
}

/*
 * forge makes islands that an encoder would not write, most of the time.
 */
static void
forge(const History *history, SzIntervalSet *set, const SzAllocator *alloc)
{
	for (int i = 0; i < history->nsteps; i++)
		sz_interval_set_add(set, INT64_MIN + i, alloc);
	sz_interval_set_normalize(set, alloc);
	for (uint32_t i = 0; i < set->count; i++)
	{
		const Step *step = &history->steps[i];
		int64_t end = (int64_t) ((uint64_t) step->ts + (step->extra & 3));

		set->items[i] = (SzInterval){step->ts, end, (int64_t) step->extra};
	}
}

/*
 * are_islands returns whether a normalized set of the gap could hold the items.
 */
static bool
are_islands(const SzInterval *items, uint32_t count, uint64_t gap)
{
	for (uint32_t i = 0; i < count; i++)
	{
		if (items[i].end < items[i].start || items[i].events < 1 ||
			(items[i].end != items[i].start && items[i].events == 1))
			return false;
		if (i > 0 && (__int128) items[i].start <= (__int128) items[i - 1].end + (__int128) gap)
			return false;
	}
	return true;
}

/*
 * check_bytes decodes the bytes: taken or refused, nothing outside them is read, and what is taken
 * encodes to the same bytes.  Bytes as they were written are taken.
 */
static const char *
check_bytes(const History *history)
{
	SzIntervalSet set;
	TestHeap heap;
	size_t len;
	size_t again_len = 0;
	unsigned char *bytes;
	unsigned char *exact;
	unsigned char *again = NULL;
	bool flipped;
	SzStatus status;
	const char *wrong = NULL;

	test_heap_init(&heap);
	sz_interval_set_init(&set, history->params[P_FORGE] ? 0 : history->params[P_GAP]);
	if (history->params[P_FORGE])
		forge(history, &set, &heap.alloc);
	for (int i = 0; i < history->nsteps && !history->params[P_FORGE]; i++)
		sz_interval_set_add(&set, history->steps[i].ts, &heap.alloc);
	sz_interval_set_normalize(&set, &heap.alloc);
	bytes = encode_to_the_byte(&set, &len);
	sz_interval_set_free(&set, &heap.alloc);

	flipped = history->params[P_FLIP] > 0 && history->params[P_FLIP] <= len * 8;
	if (flipped)
		bytes[(history->params[P_FLIP] - 1) / 8] ^=
			(unsigned char) (1 << (history->params[P_FLIP] - 1) % 8);
	len -= len < history->params[P_CUT] ? len : history->params[P_CUT];
	exact = must_malloc(len);
	memcpy(exact, bytes, len);

	sz_interval_set_init(&set, history->params[P_GAP]);
	status = sz_interval_set_decode(&set, exact, len, &heap.alloc);
	if (status == SZ_OK)
	{
		if (!are_islands(set.items, set.count, set.gap))
			wrong = "bytes were taken that no set encodes to";
		sz_interval_set_normalize(&set, &heap.alloc);
		again = encode_to_the_byte(&set, &again_len);
		if (again_len != len || memcmp(again, exact, len) != 0)
			wrong = "bytes were taken that encode to others";
	}
	else if (status != SZ_BAD_STATE)
		wrong = "decoding failed in an unexpected way";
	else if (!flipped && !history->params[P_FORGE] && history->params[P_CUT] == 0)
		wrong = "bytes were refused that an encoder wrote";
	free(again);
	free(exact);
	free(bytes);
	sz_interval_set_free(&set, &heap.alloc);
	return wrong;
}

const Property decode_property = {
	"decode",    {"gap", "bytes cut off", "bit flipped", "forged", NULL}, 20000, make_bytes,
	check_bytes,
};
