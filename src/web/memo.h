/*
 * memo.h
 *		The latest results of a function, for calls with the same arguments.
 *
 * Each attribute of a composite result is drawn by a call of its own, and visitors send the same
 * user agent with every event.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MEMO_H
#define SESSIONIZE_MEMO_H

#include "postgres.h"

#include "utils/text_view.h"

#define MEMO_INPUTS 7
#define MEMO_SLOTS  256

/* All that the result of a call depends on; texts that are not there are NULL. */
typedef struct MemoInputs
{
	TextView text[MEMO_INPUTS];
	uint64 hash; /* set by memo_find */
} MemoInputs;

typedef struct MemoEntry
{
	uint64 hash;
	char *bytes; /* the result, which is a varlena, and the inputs after it; NULL: none */
} MemoEntry;

/* The results of one function, in a static variable that is all zero at first. */
typedef struct Memo
{
	MemoEntry entries[MEMO_SLOTS];
} Memo;

/* A copy of the result of an earlier call with these inputs; NULL if it is not known any more. */
extern struct varlena *memo_find(const Memo *memo, MemoInputs *inputs);

/* Keep a result, unless it is large. */
extern void memo_keep(Memo *memo, const MemoInputs *inputs, const struct varlena *result);

#endif /* SESSIONIZE_MEMO_H */
