/*
 * by_shard.h
 *		Aggregates over distributed tables are combined on the workers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BY_SHARD_H
#define SESSIONIZE_BY_SHARD_H

/* Install the hook that chooses between an aggregate and the one of its name with _by_shard. */
extern void by_shard_install(void);

#endif /* SESSIONIZE_BY_SHARD_H */
