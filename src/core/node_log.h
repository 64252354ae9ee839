/*
 * node_log.h
 *		The events of one group, each with a name (a page, a channel), as paths and attribution
 *		collect them until the group is complete.
 *
 * Events come in any order, and an event costs amortised O(1).  Sorting brings them into the order
 * (time, steps as a number, name by its bytes, no name last).  The order is total: events that are
 * equal in all of these are interchangeable.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NODE_LOG_H
#define SESSIONIZE_NODE_LOG_H

#include "core/core.h"

/* The size of the name of an event that has none. */
#define SZ_NO_NAME UINT32_MAX

typedef struct SzNode
{
	int64_t ts;
	uint64_t at;   /* where the name begins in the log's bytes */
	uint32_t mask; /* bit i - 1 is set if the event satisfies step i */
	uint32_t size; /* of the name in bytes, or SZ_NO_NAME */
} SzNode;

typedef struct SzNodeLog
{
	SzNode *nodes;
	char *bytes; /* the names, in the order in which they came */
	uint64_t used;
	uint64_t room;
	uint32_t count;
	uint32_t capacity;
	bool sorted; /* nodes ascend */
} SzNodeLog;

extern void sz_node_log_init(SzNodeLog *log);

/* Compare the names of two events of a log with these bytes; no name comes last. */
extern int sz_node_compare_names(const char *bytes, const SzNode *a, const SzNode *b);

/*
 * Add an event; SZ_TOO_LARGE if the log has limit events already.  name may be NULL, then size is
 * SZ_NO_NAME.  After an error the log is as it was before.
 */
extern SzStatus sz_node_log_add(SzNodeLog *log, int64_t ts, uint32_t mask, const char *name,
								uint32_t size, uint32_t limit, const SzAllocator *alloc);

/* Sort, with up to as much memory in addition.  Idempotent. */
extern SzStatus sz_node_log_sort(SzNodeLog *log, const SzAllocator *alloc);

/* Add all events of another log.  After an error the log is as it was before. */
extern SzStatus
sz_node_log_merge(SzNodeLog *log, const SzNodeLog *other, uint32_t limit, const SzAllocator *alloc);

/*
 * Number the names from 0 in the order in which they first occur, into ids[0 .. count), and set
 * *distinct to how many there are.  Events without a name share a number, too.
 */
extern SzStatus sz_node_log_number(const SzNodeLog *log, uint32_t *ids, uint32_t *distinct,
								   const SzAllocator *alloc);

/* The number of bytes that sz_node_log_encode writes for a sorted log. */
extern size_t sz_node_log_encoded_size(const SzNodeLog *log);
extern void sz_node_log_encode(const SzNodeLog *log, unsigned char *out);

/*
 * sz_node_log_decode fills an initialized, empty log from len bytes.  Whatever the bytes are, it
 * does not read beyond them, and accepts only what sz_node_log_encode writes for a sorted log
 * (SZ_BAD_STATE otherwise).
 */
extern SzStatus
sz_node_log_decode(SzNodeLog *log, const unsigned char *in, size_t len, const SzAllocator *alloc);

extern void sz_node_log_free(SzNodeLog *log, const SzAllocator *alloc);

#endif /* SESSIONIZE_NODE_LOG_H */
