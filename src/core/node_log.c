/*
 * node_log.c
 *		The log of one group's named events: growth, order, numbers for names, and the serialized
 *		form.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <string.h>

#include "core/bytes.h"
#include "core/hash.h"
#include "core/node_log.h"

#define FIRST_NODES 5
#define FIRST_BYTES 120

/* The bytes of an event's time, steps and size of the name. */
#define ENCODED_NODE 16

/*
 * sz_node_log_init prepares an empty log.
 */
void
sz_node_log_init(SzNodeLog *log)
{
	memset(log, 0, sizeof(*log));
	log->sorted = true;
}

/*
 * reserve makes room for a total of nodes events, and of bytes of names.
 */
static SzStatus
reserve(SzNodeLog *log, uint64_t nodes, uint64_t bytes, uint64_t limit, const SzAllocator *alloc)
{
	if (limit > alloc->max_size / sizeof(SzNode))
		limit = alloc->max_size / sizeof(SzNode);
	if (nodes > limit || bytes > alloc->max_size)
		return SZ_TOO_LARGE;
	if (nodes > log->capacity)
	{
		uint64_t capacity = sz_grown(log->capacity, nodes, FIRST_NODES, limit);
		void *place = alloc->realloc(alloc->arg, log->nodes, log->capacity * sizeof(SzNode),
									 (size_t) capacity * sizeof(SzNode));

		if (place == NULL)
			return SZ_NO_MEMORY;
		log->nodes = place;
		log->capacity = (uint32_t) capacity;
	}
	if (bytes > log->room)
	{
		uint64_t room = sz_grown(log->room, bytes, FIRST_BYTES, alloc->max_size);
		void *place = alloc->realloc(alloc->arg, log->bytes, (size_t) log->room, (size_t) room);

		if (place == NULL)
			return SZ_NO_MEMORY;
		log->bytes = place;
		log->room = room;
	}
	return SZ_OK;
}

/*
 * sz_node_compare_names compares the names of two events by their bytes.
 */
int
sz_node_compare_names(const char *bytes, const SzNode *a, const SzNode *b)
{
	uint32_t shared = a->size < b->size ? a->size : b->size;
	int result;

	if (a->size == SZ_NO_NAME || b->size == SZ_NO_NAME)
		return (a->size == SZ_NO_NAME) - (b->size == SZ_NO_NAME);
	result = shared == 0 ? 0 : memcmp(bytes + a->at, bytes + b->at, shared);
	return result != 0 ? result : (a->size > b->size) - (a->size < b->size);
}

/*
 * is_less tells whether a comes before b in the log's order.
 */
static bool
is_less(const char *bytes, const SzNode *a, const SzNode *b)
{
	if (a->ts != b->ts)
		return a->ts < b->ts;
	if (a->mask != b->mask)
		return a->mask < b->mask;
	return sz_node_compare_names(bytes, a, b) < 0;
}

/*
 * append adds an event; there must be room for it.
 */
static void
append(SzNodeLog *log, SzNode node, const char *name)
{
	node.at = log->used;
	if (node.size != SZ_NO_NAME && node.size > 0)
	{
		memcpy(log->bytes + log->used, name, node.size);
		log->used += node.size;
	}
	if (log->count > 0 && is_less(log->bytes, &node, &log->nodes[log->count - 1]))
		log->sorted = false;
	log->nodes[log->count++] = node;
}

/*
 * sz_node_log_add adds an event.
 */
SzStatus
sz_node_log_add(SzNodeLog *log, int64_t ts, uint32_t mask, const char *name, uint32_t size,
				uint32_t limit, const SzAllocator *alloc)
{
	SzNode node = {.ts = ts, .mask = mask, .size = size};
	SzStatus status = reserve(log, (uint64_t) log->count + 1,
							  log->used + (size == SZ_NO_NAME ? 0 : size), limit, alloc);

	if (status == SZ_OK)
		append(log, node, name);
	return status;
}

#define SORT_ITEM  SzNode
#define SORT_LESS  is_less
#define SORT_ARRAY sort_array
#include "core/merge_sort.h"

/*
 * sz_node_log_sort sorts the events.
 */
SzStatus
sz_node_log_sort(SzNodeLog *log, const SzAllocator *alloc)
{
	SzStatus status = log->sorted ? SZ_OK : sort_array(log->nodes, log->count, log->bytes, alloc);

	log->sorted = status == SZ_OK;
	return status;
}

/*
 * sz_node_log_merge adds all events of another log.
 */
SzStatus
sz_node_log_merge(SzNodeLog *log, const SzNodeLog *other, uint32_t limit, const SzAllocator *alloc)
{
	SzStatus status =
		reserve(log, (uint64_t) log->count + other->count, log->used + other->used, limit, alloc);

	if (status != SZ_OK)
		return status;
	for (uint32_t i = 0; i < other->count; i++)
		append(log, other->nodes[i], other->bytes + other->nodes[i].at);
	return SZ_OK;
}

/*
 * name_slot returns the slot of an event's name in an open hash table, whose slots have an event's
 * number plus 1, or 0 if they are free.
 */
static uint32_t *
name_slot(const SzNodeLog *log, const SzNode *node, uint32_t *slots, uint32_t last_slot)
{
	uint64_t hash =
		node->size == SZ_NO_NAME ? 0 : sz_hash_bytes(log->bytes + node->at, node->size, 0);
	uint32_t slot = (uint32_t) hash & last_slot;

	while (slots[slot] != 0 &&
		   sz_node_compare_names(log->bytes, &log->nodes[slots[slot] - 1], node) != 0)
		slot = (slot + 1) & last_slot;
	return &slots[slot];
}

/*
 * sz_node_log_number numbers the names in the order in which they first occur.
 */
SzStatus
sz_node_log_number(const SzNodeLog *log, uint32_t *ids, uint32_t *distinct,
				   const SzAllocator *alloc)
{
	uint64_t nslots = 16;
	uint32_t *slots;

	while (nslots < (uint64_t) log->count * 2)
		nslots *= 2;
	if (nslots > UINT32_MAX || nslots > alloc->max_size / sizeof(uint32_t))
		return SZ_TOO_LARGE;
	slots = alloc->realloc(alloc->arg, NULL, 0, (size_t) nslots * sizeof(uint32_t));
	if (slots == NULL)
		return SZ_NO_MEMORY;
	memset(slots, 0, (size_t) nslots * sizeof(uint32_t));

	*distinct = 0;
	for (uint32_t i = 0; i < log->count; i++)
	{
		uint32_t *slot = name_slot(log, &log->nodes[i], slots, (uint32_t) (nslots - 1));

		if (*slot == 0)
		{
			*slot = i + 1;
			ids[i] = (*distinct)++;
		}
		else
			ids[i] = ids[*slot - 1];
	}
	if (alloc->free != NULL)
		alloc->free(alloc->arg, slots);
	return SZ_OK;
}

/*
 * sz_node_log_encoded_size returns the number of bytes that a sorted log takes when encoded.
 */
size_t
sz_node_log_encoded_size(const SzNodeLog *log)
{
	return (size_t) log->count * ENCODED_NODE + (size_t) log->used;
}

/*
 * sz_node_log_encode writes a sorted log.
 */
void
sz_node_log_encode(const SzNodeLog *log, unsigned char *out)
{
	for (uint32_t i = 0; i < log->count; i++)
	{
		const SzNode *node = &log->nodes[i];

		out = sz_put_bytes(out, (uint64_t) node->ts, 8);
		out = sz_put_bytes(out, node->mask, 4);
		out = sz_put_bytes(out, node->size, 4);
		if (node->size == SZ_NO_NAME || node->size == 0)
			continue;
		memcpy(out, log->bytes + node->at, node->size);
		out += node->size;
	}
}

/*
 * sz_node_log_decode fills an empty log from encoded bytes.
 */
SzStatus
sz_node_log_decode(SzNodeLog *log, const unsigned char *in, size_t len, const SzAllocator *alloc)
{
	const unsigned char *end = in + len;

	while (in < end)
	{
		SzNode node;
		uint32_t size;
		SzStatus status;

		if (end - in < ENCODED_NODE)
			return SZ_BAD_STATE;
		node.ts = (int64_t) sz_get_bytes(in, 8);
		node.mask = (uint32_t) sz_get_bytes(in + 8, 4);
		node.size = (uint32_t) sz_get_bytes(in + 12, 4);
		in += ENCODED_NODE;
		size = node.size == SZ_NO_NAME ? 0 : node.size;
		if (size > (size_t) (end - in))
			return SZ_BAD_STATE;
		status = reserve(log, (uint64_t) log->count + 1, log->used + size, UINT32_MAX, alloc);
		if (status != SZ_OK)
			return status;
		append(log, node, (const char *) in);
		if (!log->sorted)
			return SZ_BAD_STATE;
		in += size;
	}
	return SZ_OK;
}

/*
 * sz_node_log_free frees the log's memory and makes it empty.
 */
void
sz_node_log_free(SzNodeLog *log, const SzAllocator *alloc)
{
	if (alloc->free != NULL && log->nodes != NULL)
		alloc->free(alloc->arg, log->nodes);
	if (alloc->free != NULL && log->bytes != NULL)
		alloc->free(alloc->arg, log->bytes);
	sz_node_log_init(log);
}
