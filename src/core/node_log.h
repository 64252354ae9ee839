/*
 * node_log.h
 *		The events of one group with a name each (a page, a channel): what paths and the like keep until
 *		the group is complete.
 *
 * Events come in any order, and an event costs amortised O(1).  Sorting brings them into the order (time,
 * steps as a number, name by its bytes, no name last), which leaves nothing to chance: events that are
 * equal in all of them are the same.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NODE_LOG_H
#define SESSIONIZE_NODE_LOG_H

#include "core/core.h"

/* The size of a name there isn't. */
#define SZ_NO_NAME UINT32_MAX

typedef struct SzNode
{
	int64_t ts;
	uint64_t at;   /* where the name begins in the log's bytes */
	uint32_t mask; /* bit i - 1 is set when the event satisfies step i */
	uint32_t size; /* of the name in bytes, or SZ_NO_NAME */
} SzNode;

typedef struct SzNodeLog
{
	SzNode *nodes;
	char *bytes; /* the names, in the order they came */
	uint64_t used;
	uint64_t room;
	uint32_t count;
	uint32_t capacity;
	bool sorted; /* nodes ascend */
} SzNodeLog;

extern void sz_node_log_init(SzNodeLog *log);

/*
 * Add an event; the log may hold limit events.  name may be NULL, then size is SZ_NO_NAME.  After an error
 * the log is as it was before.
 */
extern SzStatus sz_node_log_add(SzNodeLog *log, int64_t ts, uint32_t mask, const char *name, uint32_t size,
								uint32_t limit, const SzAllocator *alloc);

/* Sort, in up to as much memory again.  Idempotent. */
extern SzStatus sz_node_log_sort(SzNodeLog *log, const SzAllocator *alloc);

/* Add all events of another log.  After an error the log is as it was before. */
extern SzStatus
sz_node_log_merge(SzNodeLog *log, const SzNodeLog *other, uint32_t limit, const SzAllocator *alloc);

/*
 * Number the names from 0 in the order in which they first occur, into ids[0 .. count), and return how many
 * there are in *distinct.  Having no name is a name here.
 */
extern SzStatus
sz_node_log_number(const SzNodeLog *log, uint32_t *ids, uint32_t *distinct, const SzAllocator *alloc);

/* The bytes sz_node_log_encode writes for a sorted log. */
extern size_t sz_node_log_encoded_size(const SzNodeLog *log);
extern void sz_node_log_encode(const SzNodeLog *log, unsigned char *out);

/*
 * sz_node_log_decode fills an initialized, empty log from len bytes.  Whatever the bytes are, it reads none
 * outside them and accepts only what a sorted log encodes to (SZ_BAD_STATE otherwise).
 */
extern SzStatus
sz_node_log_decode(SzNodeLog *log, const unsigned char *in, size_t len, const SzAllocator *alloc);

extern void sz_node_log_free(SzNodeLog *log, const SzAllocator *alloc);

#endif /* SESSIONIZE_NODE_LOG_H */
