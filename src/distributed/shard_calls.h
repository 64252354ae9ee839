/*
 * shard_calls.h
 *		Which calls a distributed pipeline takes, and how the results of its shards become one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SHARD_CALLS_H
#define SESSIONIZE_SHARD_CALLS_H

#include "postgres.h"

typedef enum ShardResult
{
	SHARD_RESULT_NONE,   /* there is none */
	SHARD_RESULT_SAME,   /* it is the same on each shard: that of one of them */
	SHARD_RESULT_SUM,    /* one row: numbers are added up, a boolean is true if one is */
	SHARD_RESULT_GROUPS, /* the same, of the rows whose other columns are equal */
	SHARD_RESULT_ALL,    /* the rows of all shards */
} ShardResult;

/* The call changes the definition, or which columns the star has: the whole star follows. */
#define SHARD_CALL_CHANGES     1
/* The second argument, unless it is NULL, is a session key: only its shard is called. */
#define SHARD_CALL_HAS_KEY     2
/* The call sets what no definition has: it is kept, and made again for shards that are new. */
#define SHARD_CALL_IS_KEPT     4
/* The call must reach all rows there are: it is an error if a server has an orphan. */
#define SHARD_CALL_REACHES_ALL 8

typedef struct ShardCall
{
	const char *function; /* of the schema sessionize */
	ShardResult result;
	int flags;
	/*
	 * An own function does it, which takes the same arguments in place of a call for each shard;
	 * NULL: none.
	 */
	const char *own;
} ShardCall;

/* The call of a function; NULL: it can't be made for a distributed pipeline. */
extern const ShardCall *shard_call_find(const char *function);

#endif /* SESSIONIZE_SHARD_CALLS_H */
